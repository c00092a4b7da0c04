"""Points through the office: months that close by themselves, awards that leave memory, two spenders, retries."""

import datetime as dt
import secrets
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from gridgov.errors import CommandConflictError, RefusalError, StoreBusyError
from gridgov.office import open_office
from gridgov.points import (
    AppealAward,
    AwardList,
    AwardView,
    CancelRedemption,
    ClosePeriod,
    Confirmed,
    ConfirmPublication,
    DecideAwardObjection,
    Deed,
    Good,
    Holdings,
    HoldSitting,
    Honors,
    HouseholdBalance,
    JoinHousehold,
    Judgment,
    League,
    Liabilities,
    MonthLines,
    MonthLog,
    MonthsPublished,
    ObjectToAward,
    PeriodSealed,
    ProposeAward,
    ProposeAwards,
    PublishAwards,
    Published,
    PublishRoll,
    Redeem,
    ReverseAward,
    Statement,
    StockGoods,
    audit,
    publish_month,
)
from gridgov.policy import Timeline
from gridgov.store import MemoryStore
from gridgov.testing import NOON, SimulatedClock, small_setup
from gridgov.worktime import PublishedDays
from gridgov_sql import open_sqlite

PANEL = ("head-8", "lead-81", "resident:00001")
ONE, OTHER = "resident:00007", "resident:00009"


def setup_with(**changes):
    setup = small_setup()
    policy = attrs.evolve(setup.points_policy.on(NOON.date()), **changes)
    return attrs.evolve(setup, points_policy=Timeline.always(policy))


def opened(store=None, clock=None, **changes):
    return open_office(
        setup_with(**changes), store=store or MemoryStore(), clock=clock or SimulatedClock(NOON), discover=False
    )


def give(office, clock, *awards, accounts=(ONE,), list_id="l1"):
    """Let awards be proposed, judged, published and confirmed."""
    for award, account in zip(awards, accounts, strict=True):
        deed = ProposeAward(account=account, deed="help", on=clock.now.date(), occasion=award)
        office.handle(deed, by="lead-81", id=award)
    votes = tuple(Judgment(award=award, points=5, in_favor=PANEL) for award in awards)
    office.handle(HoldSitting(present=PANEL, judgments=votes), by="head-8")
    office.handle(PublishAwards(awards=awards), by="head-8", id=list_id)
    office.handle(ConfirmPublication(list_id, channel="board", receipt="photo"), by="head-8")
    clock.now += dt.timedelta(days=7)
    office.tick()


def test_an_award_that_is_done_leaves_memory_and_is_found_again():
    clock = SimulatedClock(NOON)
    with opened(clock=clock) as office:
        give(office, clock, "a1")
        assert office.ask(AwardList(state="published"), by="desk-1") == ()
        assert not [tag for tag in office._memory.live if tag.startswith(("award:", "claim:", "list:"))]
        found = office.ask(AwardView("a1"), by="desk-1")
        assert (type(found), found.file.given) == (Confirmed, 5)
        with pytest.raises(RefusalError) as refused:
            office.handle(
                ProposeAward(account=ONE, deed="help", on=NOON.date(), occasion="a1"), by="lead-81", id="again"
            )
        assert refused.value.code == "points.claimed-already"


def test_an_award_that_left_memory_is_reversed_in_a_batch_after_its_lot_was_spent():
    clock = SimulatedClock(NOON)
    with opened(clock=clock) as office:
        give(office, clock, "a1")
        with office.batch():
            office.handle(StockGoods("soap", quantity=2), by="shop")
            office.handle(Redeem(account=ONE, good="soap"), by=ONE, id="v1")
            office.handle(ReverseAward("a1", points=5, ground="wrong-member", reason="认错人"), by="desk-1")
            state = office.handle(CancelRedemption("v1"), by=ONE).state
        assert state.state == "canceled"
        balance = office.ask(Statement(ONE), by=ONE).balance
        assert (balance.available, balance.debt) == (3, 3)
        assert list(audit(office.events("points"))) == []


def test_reopening_gives_the_same_accounts_as_never_closing():
    clock, store = SimulatedClock(NOON), MemoryStore()
    with opened(store, clock) as office:
        give(office, clock, "a1", "a2", accounts=(ONE, OTHER))
        told = [office.ask(Holdings(who), by="desk-1") for who in (ONE, OTHER)]
    with opened(store, clock) as again:
        assert [again.ask(Holdings(who), by="desk-1") for who in (ONE, OTHER)] == told


def in_october(clock):
    clock.now = dt.datetime(2026, 10, 9, 2, tzinfo=dt.UTC)


def test_a_closed_month_writes_every_line_and_seals_itself():
    """关账后逐户出账并封存."""
    clock = SimulatedClock(NOON)
    with opened(clock=clock) as office:
        give(office, clock, "a1", "a2", accounts=(ONE, OTHER))
        in_october(clock)
        office.handle(ClosePeriod(period="2026-09"), by="desk-1")
        lines = office.ask(MonthLines(month="2026-09"), by="desk-1")
        assert [(line.account, line.opening, line.earned, line.closing) for line in lines] == [
            (ONE, 0, {"kindness": 5}, 5),
            (OTHER, 0, {"kindness": 5}, 5),
        ]
        assert isinstance(list(office.events("points"))[-1], PeriodSealed)
        with pytest.raises(RefusalError) as refused:
            office.handle(StockGoods("soap", quantity=1), by="shop", at=dt.datetime(2026, 9, 30, 2, tzinfo=dt.UTC))
        assert refused.value.code == "points.period-closed"


def test_closing_a_month_first_does_what_was_due_in_it():
    clock = SimulatedClock(NOON)
    with opened(clock=clock, lasts_months=0) as office:
        give(office, clock, "a1")
        deed = ProposeAward(account=ONE, deed="help", on=clock.now.date(), occasion="late")
        office.handle(deed, by="lead-81", id="late")
        vote = Judgment(award="late", points=5, in_favor=PANEL)
        office.handle(HoldSitting(present=PANEL, judgments=(vote,)), by="head-8")
        office.handle(PublishAwards(awards=("late",)), by="head-8", id="l2")
        office.handle(ConfirmPublication("l2", channel="board", receipt="photo"), by="head-8")
        in_october(clock)
        office.handle(ClosePeriod(period="2026-09"), by="desk-1")  # nobody has called tick for weeks
        office.tick()
        confirmed = [event for event in office.events("points") if getattr(event, "award", "") == "late"][-1]
        assert (f"{confirmed.at:%Y-%m}", confirmed.period) == ("2026-09", "2026-09")
        assert list(audit(office.events("points"))) == []


class Busy(MemoryStore):
    """Is busy once for the lines of a month."""

    def __init__(self):
        super().__init__()
        self.name = ""

    def append(self, commit, /):
        if any(draft.name == self.name for draft in commit.drafts):
            self.name = ""
            raise StoreBusyError("somebody else holds it")
        return super().append(commit)


def test_lines_that_a_crash_cut_off_are_written_when_the_office_opens_again_with_more_accounts():
    clock, store = SimulatedClock(NOON), Busy()
    office = opened(store, clock)
    give(office, clock, "a1")
    in_october(clock)
    store.name = "period-sealed"
    office.handle(ClosePeriod(period="2026-09"), by="desk-1")
    # No close(): the process is gone. Meanwhile somebody else has a first award in October.
    with opened(store, clock) as again:
        deed = ProposeAward(account="resident:00001", deed="help", on=clock.now.date(), occasion="o")
        again.handle(deed, by="lead-81", id="new")
        again.tick()
        lines = again.ask(MonthLines(month="2026-09"), by="desk-1")
        assert [line.account for line in lines] == [ONE]
        assert list(audit(again.events("points"))) == []


LEAGUES = (League(id="residents", zh="居民榜", en="residents", members=("resident",), titles=("一等",)),)


def quarter(office, clock):
    give(office, clock, "a1", "a2", accounts=(ONE, OTHER))
    clock.now = NOON + dt.timedelta(days=8)
    give(office, clock, "a3", accounts=(OTHER,), list_id="l2")
    in_october(clock)
    office.handle(ClosePeriod(period="2026-09"), by="desk-1")


def test_a_roll_follows_from_the_sealed_months_and_no_other_one_is_published():
    clock = SimulatedClock(NOON)
    with opened(clock=clock, leagues=LEAGUES) as office:
        quarter(office, clock)
        rows = office.ask(Honors(quarter="2026-Q3", league="residents", top=0), by="desk-1")
        assert [(row.rank, row.account, row.points, row.title) for row in rows] == [
            (1, OTHER, 10, "一等"),
            (2, ONE, 5, ""),
        ]
        hung = {"quarter": "2026-Q3", "league": "residents", "channel": "board", "receipt": "photo"}
        forged = (
            (),
            rows[1:],
            (attrs.evolve(rows[1], rank=1, title="一等"),),
            (rows[1], rows[0]),
            (rows[0], attrs.evolve(rows[1], points=6)),
            (rows[0], rows[0]),
        )
        for bad in forged:
            with pytest.raises(RefusalError) as refused:
                office.handle(PublishRoll(**hung, rows=bad), by="desk-1")
            assert refused.value.code == "points.bad-roll"
        office.handle(PublishRoll(**hung, rows=rows[:1]), by="desk-1")
        assert list(audit(office.events("points"))) == []


def test_equal_points_share_a_rank_or_are_drawn_so_that_anybody_can_repeat_it():
    answers = []
    for ties in ("share", "draw", "draw"):
        clock = SimulatedClock(NOON)
        with opened(clock=clock, leagues=LEAGUES, ties=ties) as office:
            give(office, clock, "a1", "a2", accounts=(ONE, OTHER))
            in_october(clock)
            office.handle(ClosePeriod(period="2026-09"), by="desk-1")
            rows = office.ask(Honors(quarter="2026-Q3", league="residents"), by="desk-1")
            answers.append([row.rank for row in rows])
            hung = PublishRoll(quarter="2026-Q3", league="residents", rows=rows, channel="board", receipt="photo")
            if ties == "draw":
                chosen = (attrs.evolve(rows[1], rank=1, title="一等"),)
                with pytest.raises(RefusalError, match="2 of residents"):
                    office.handle(attrs.evolve(hung, rows=chosen), by="desk-1")
            office.handle(hung, by="desk-1")
            if ties == "draw":
                answers[-1].append(rows[0].account)
                first = office.ask(Honors("2026-Q3", league="residents", top=1), by="desk-1")
                assert first == rows  # whole groups of equals: nobody chooses who of them is left out
    assert answers[0] == [1, 1]
    assert answers[1][:2] == [1, 2]
    assert answers[1] == answers[2]


def test_a_reversed_award_is_not_thanked_for():
    clock = SimulatedClock(NOON)
    with opened(clock=clock, leagues=LEAGUES) as office:
        give(office, clock, "a1", "a2", accounts=(ONE, OTHER))
        office.handle(ReverseAward("a1", points=5, ground="not-done", reason="没有做"), by="desk-1")
        in_october(clock)
        office.handle(ClosePeriod(period="2026-09"), by="desk-1")
        rows = office.ask(Honors(quarter="2026-Q3", league="residents"), by="desk-1")
        assert [row.account for row in rows] == [OTHER]


def test_months_are_published_in_order_under_roots_that_follow_each_other():
    clock, salts = SimulatedClock(NOON), {}
    with opened(clock=clock) as office:
        give(office, clock, "a1")
        for month, day in (("2026-09", 9), ("2026-10", 9)):
            clock.now = dt.datetime(2026, int(month[5:]) + 1, day, 2, tzinfo=dt.UTC)
            office.tick()
            office.handle(ClosePeriod(period=month), by="desk-1")
            told = office.checkpoint()
            done = publish_month(
                month,
                office.ask(MonthLines(month=month), by="desk-1"),
                salts,
                secrets.token_bytes,
                log=MonthLog.of(office.ask(MonthsPublished(), by="desk-1")),
                head=told.digest,
                position=told.position,
            )
            command = done.note.command(channel="board", receipt="photo")
            for forged in ({"previous": "0" * 64}, {"position": -1}, {"size": 9}, {"root": "word"}):
                with pytest.raises(RefusalError) as refused:
                    office.handle(attrs.evolve(command, **forged), by="desk-1")
                assert refused.value.code == "points.bad-root"
            office.handle(command, by="desk-1")
            assert office.checkpoint(through=told.position) == told
        published = office.ask(MonthsPublished(), by=ONE)
        assert [each.month for each in published] == ["2026-09", "2026-10"]
        assert published[1].previous == published[0].root


def test_a_notice_about_holidays_moves_windows_and_deadlines_of_awards():
    """调休通知发布后，公示期和异议期限重新计算."""
    clock = SimulatedClock(dt.datetime(2026, 12, 29, 2, tzinfo=dt.UTC))
    setup = setup_with(decide_within=small_setup().points_policy.on(NOON.date()).window)
    with open_office(setup, store=MemoryStore(), clock=clock, discover=False) as office:
        for award in ("a1", "a2"):
            deed = ProposeAward(account=ONE, deed="help", on=clock.now.date(), occasion=award)
            office.handle(deed, by="lead-81", id=award)
        votes = tuple(Judgment(award=award, points=5, in_favor=PANEL) for award in ("a1", "a2"))
        office.handle(HoldSitting(present=PANEL, judgments=votes), by="head-8")
        office.handle(PublishAwards(awards=("a1", "a2")), by="head-8", id="l1")
        office.handle(ConfirmPublication("l1", channel="board", receipt="photo"), by="head-8")
        office.handle(ObjectToAward("a2", reason="没见到"), by=OTHER)
        before = office.ask(AwardView("a1"), by="desk-1")
        objected = office.ask(AwardView("a2"), by="desk-1").objections[0].deadline
        assert (before.provisional, objected.provisional) == (True, True)
        notice = PublishedDays(
            source="2027",
            holidays=frozenset({dt.date(2027, 1, 1)}),
            moved=frozenset(),
            known_from=dt.date(2026, 1, 1),
            known_through=dt.date(2027, 12, 31),
        )
        fresh = attrs.evolve(office.setup, calendar=office.setup.calendar.with_days(notice))
        office.amend(fresh, by="desk-1", reason="通知")
        after = office.ask(AwardView("a1"), by="desk-1")
        assert isinstance(after, Published)
        # Friday the first is a holiday now: the window ends on Monday at the same hour.
        assert after.confirm_at - before.confirm_at == dt.timedelta(days=3)
        assert after.provisional is False
        moved = office.ask(AwardView("a2"), by="desk-1").objections[0].deadline
        assert moved.due_at - objected.due_at == dt.timedelta(days=3)
        clock.now = after.confirm_at
        office.tick()
        assert isinstance(office.ask(AwardView("a1"), by="desk-1"), Confirmed)
        assert list(audit(office.events("points"))) == []


def test_a_retry_gives_the_stored_outcome_refusals_included_and_another_body_is_a_conflict():
    """三次崩溃中有两次调用者不知道已写入: 重试是常态."""
    clock = SimulatedClock(NOON)
    with opened(clock=clock) as office:
        give(office, clock, "a1")
        office.handle(StockGoods("soap", quantity=1), by="shop", id="d1")
        first = office.handle(Redeem(account=ONE, good="soap"), by=ONE, id="v1")
        with pytest.raises(RefusalError) as refused:
            office.handle(Redeem(account=ONE, good="soap"), by=ONE, id="v2")
        office.handle(StockGoods("soap", quantity=5), by="shop")
        again = office.handle(Redeem(account=ONE, good="soap"), by=ONE, id="v1")
        assert again.events == first.events
        with pytest.raises(RefusalError) as told:
            office.handle(Redeem(account=ONE, good="soap"), by=ONE, id="v2")  # it would be possible by now
        assert told.value.code == refused.value.code == "points.not-enough"
        with pytest.raises(CommandConflictError):
            office.handle(Redeem(account=ONE, good="soap", quantity=2), by=ONE, id="v1")


def test_a_list_is_proposed_whole_or_not_at_all_and_shares_its_caps():
    from gridgov.points import Cap

    caps = (Cap(points=9, per="week", of="household"),)
    deeds = {"help": Deed(id="help", category="k", zh="帮", en="help", points=5, caps=caps)}
    clock = SimulatedClock(NOON)
    with opened(clock=clock, deeds=deeds) as office:
        for who in (ONE, OTHER):
            home = JoinHousehold(account=who, household="household:1", from_on=NOON.date())
            office.handle(home, by="desk-1")
        wish = ProposeAwards(accounts=(ONE, OTHER), deed="help", on=NOON.date(), occasion="meeting")
        with pytest.raises(RefusalError) as refused:
            office.handle(wish, by="lead-81", id="list")
        assert (refused.value.code, refused.value.facts["account"]) == ("points.cap-reached", OTHER)
        assert office.ask(AwardList(state="claimed"), by="desk-1") == ()


def test_what_a_household_has_together_is_a_view_of_its_members():
    clock = SimulatedClock(NOON)
    with opened(clock=clock) as office:
        for who in (ONE, OTHER):
            home = JoinHousehold(account=who, household="household:1", from_on=NOON.date())
            office.handle(home, by="desk-1")
        give(office, clock, "a1", "a2", accounts=(ONE, OTHER))
        home = office.ask(HouseholdBalance(household="household:1", on=clock.now.date()), by="desk-1")
        assert (home.balance.available, home.members[ONE].available) == (10, 5)


def test_liabilities_add_up_what_outlets_may_still_have_to_give():
    clock = SimulatedClock(NOON)
    with opened(clock=clock) as office:
        give(office, clock, "a1", "a2", accounts=(ONE, OTHER))
        office.handle(StockGoods("soap", quantity=5), by="shop")
        office.handle(Redeem(account=ONE, good="soap"), by=ONE, id="v1")
        told = office.ask(Liabilities(), by="desk-1")
        assert (told.posted, told.held, told.open_vouchers) == (10, 3, {"soap": 1})
        assert told.ending == {"2026-10": 7}
        assert told.months_left is None


def test_only_the_member_asks_for_their_account_without_a_grant():
    clock = SimulatedClock(NOON)
    from gridgov.access import AccessPolicy

    setup = attrs.evolve(small_setup(), access=AccessPolicy())
    with open_office(setup, store=MemoryStore(), clock=clock, discover=False) as office:
        assert office.ask(Holdings(ONE), by=ONE).available == 0
        for view in (Holdings(ONE), Statement(ONE), AwardView("a1"), MonthLines(month="2026-09")):
            with pytest.raises(RefusalError):
                office.ask(view, by=OTHER)


def test_a_word_that_is_no_state_is_refused_and_not_answered_with_nothing():
    with opened() as office, pytest.raises(ValueError, match="under-review"):
        office.ask(AwardList(state="underreview"), by="desk-1")


def test_an_appeal_that_is_open_is_listed_until_it_is_decided():
    clock = SimulatedClock(NOON)
    with opened(clock=clock) as office:
        deed = ProposeAward(account=ONE, deed="help", on=NOON.date(), occasion="o")
        office.handle(deed, by="lead-81", id="a1")
        vote = Judgment(award="a1", points=0, in_favor=(), against=PANEL)
        office.handle(HoldSitting(present=PANEL, judgments=(vote,)), by="head-8")
        office.handle(AppealAward("a1", reason="我确实做了"), by=ONE)
        (found,) = office.ask(AwardList(state="appealed"), by="desk-1")
        assert found.file.id == "a1"
        clock.now += dt.timedelta(days=60)
        assert office.tick().done == 0  # nobody is pressed where the policy names no ladder


# --- several processes ----------------------------------------------------------------------------

SPENDER = Path(__file__).with_name("spender.py")
UNLIMITED = {"goods": {"soap": Good(id="soap", outlet="shop", zh="肥皂", en="soap", price=3)}}


@pytest.mark.slow
def test_two_processes_that_spend_at_once_never_overdraw(tmp_path):
    """同一账户并发兑换不得透支."""
    path = tmp_path / "street.db"
    clock = SimulatedClock(NOON)
    with opened(open_sqlite(f"sqlite:///{path}"), clock, **UNLIMITED) as office:
        give(office, clock, "a1", "a2", accounts=(ONE, ONE))
        office.handle(StockGoods("soap", quantity=9), by="shop")
    processes = [
        subprocess.Popen([sys.executable, str(SPENDER), f"sqlite:///{path}", str(number)], stdout=subprocess.PIPE)
        for number in range(3)
    ]
    taken = sum(int(process.communicate(timeout=120)[0]) for process in processes)
    later = SimulatedClock(NOON + dt.timedelta(days=8))
    with opened(open_sqlite(f"sqlite:///{path}"), later, **UNLIMITED) as office:
        holdings = office.ask(Holdings(ONE), by=ONE)
        # Ten points, three apiece; nine on the shelf, and no limit of the good's own.
        assert (taken, holdings.held, holdings.available) == (3, 9, 1)
        assert list(audit(office.events("points"))) == []


def test_a_household_sees_what_it_spends_from_and_a_member_their_own_award():
    from gridgov.access import AccessPolicy, Grant

    clock = SimulatedClock(NOON)
    setup = setup_with(pool=True)
    names = frozenset({"JoinHousehold", "ProposeAward", "HoldSitting", "PublishAwards", "ConfirmPublication"})
    setup = attrs.evolve(setup, access=AccessPolicy((Grant(role="anyone", names=names, scope="all"),)))
    with open_office(setup, store=MemoryStore(), clock=clock, discover=False) as office:
        for who in (ONE, OTHER):
            home = JoinHousehold(account=who, household="household:1", from_on=NOON.date())
            office.handle(home, by="desk-1")
        give(office, clock, "a1")
        for by in (ONE, OTHER):
            assert office.ask(Holdings("household:1"), by=by).available == 5
            assert office.ask(Statement("household:1"), by=by).balance.available == 5
            assert office.ask(AwardView("a1"), by=by).file.given == 5
        for view in (Holdings("household:1"), AwardView("a1"), HouseholdBalance("household:1", on=NOON.date())):
            with pytest.raises(RefusalError, match="access"):
                office.ask(view, by="resident:00001")


def test_what_is_due_for_many_accounts_is_done_before_a_month_is_closed_without_deciding_each_time_anew():
    clock = SimulatedClock(NOON)
    with opened(clock=clock, lasts_months=0, lasts_days=5) as office:
        awards = tuple(f"a{number}" for number in range(40))
        give(office, clock, *awards, accounts=tuple(f"resident:{number:05}" for number in range(10, 50)))
        decided = []
        decide = office._decide
        office._decide = lambda asked: decided.append(type(asked.command).__name__) or decide(asked)
        in_october(clock)
        office.handle(ClosePeriod(period="2026-09"), by="desk-1")
        assert decided.count("ExpireLot") == 40
        assert decided.count("ClosePeriod") + decided.count("CloseStatements") <= 3
        lines = office.ask(MonthLines("2026-09"), by="desk-1")
        assert [(line.expired, line.closing) for line in lines] == [(5, 0)] * 40


# --- notices --------------------------------------------------------------------------------------


def test_people_are_told_what_became_of_an_award_and_who_has_to_decide_is_pressed_rung_by_rung():
    """异议逾期逐级催办; 结果告知本人."""
    from gridgov.delivery import ConsoleChannel
    from gridgov.setup import Subscription

    told_of = (
        ("award-reviewed", "member", "zh"),
        ("award-objected", "panel", "en"),
        ("award-pressed", "supervisor", "zh"),
        ("award-voided", "proposer", "en"),
        ("award-voided", "member", "zh"),
    )
    clock, channel = SimulatedClock(NOON), ConsoleChannel("file", show=0)
    sent = []
    channel.send = lambda notice: sent.append((notice.to, notice.text))
    setup = attrs.evolve(
        setup_with(ladder="grid"),
        subscriptions=tuple(
            Subscription(event=event, audience=who, channel="file", language=language)
            for event, who, language in told_of
        ),
    )
    with open_office(setup, store=MemoryStore(), clock=clock, discover=False, channels=[channel]) as office:
        deed = ProposeAward(
            account=ONE, deed="help", on=NOON.date(), occasion="o", place="150203005008", note="王某某家的事"
        )
        office.handle(deed, by="lead-81", id="a1")
        vote = Judgment(award="a1", points=5, in_favor=PANEL)
        office.handle(HoldSitting(present=PANEL, judgments=(vote,)), by="head-8")
        office.handle(PublishAwards(awards=("a1",)), by="head-8", id="l1")
        office.handle(ConfirmPublication("l1", channel="board", receipt="photo"), by="head-8")
        office.handle(ObjectToAward("a1", reason="没见到"), by=OTHER)
        clock.now += dt.timedelta(days=30)
        office.tick()
        office.handle(DecideAwardObjection("a1", outcome="voided", reason="属实"), by="police-1")
        office.deliver(clock.now)
    assert sent == [
        (ONE, "“帮助他人”评议通过 5 分（申报 5 分）"),
        ("police-1", "Somebody objected to the points for help; it is looked into"),
        ("head-8", "“帮助他人”的异议或申诉须在 2026-09-15 12:00 前答复"),
        ("desk", "“帮助他人”的异议或申诉须在 2026-09-15 12:00 前答复"),
        ("lead-81", "The objection was upheld; help earns nothing; this can be appealed"),
        (ONE, "对“帮助他人”的异议成立，积分不予生效；可以申诉"),
    ]
    assert "王某某" not in str(sent)
