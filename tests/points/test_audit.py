"""The audit: a valid story gives no finding; one bent event, and its number and its code come first."""

import datetime as dt
import gzip
import json
from functools import cache
from pathlib import Path

import attrs
import pytest

from gridgov.documents import Codec
from gridgov.points import POINTS, Deed, Good, League, PanelMember, PointsEvent, PointsPolicy, audit
from gridgov.points import _commands as c
from gridgov.points import _events as e
from gridgov.policy import Timeline
from gridgov.proofs import canonical, digest
from gridgov.testing import Scenario, small_setup
from gridgov.worktime import Limit, LimitKind

BUILDER, ANNA, BORIS, CHEN = "builder-81", "resident:2", "resident:3", "resident:4"
PANEL = ("head-8", "lead-81", "resident:00001", "police-1")
CLOCK, OFFICE = "system:clock", "system:office"
TODAY = dt.date(2026, 9, 1)
DAY = dt.timedelta(days=1)
ALL = ("resident", "worker", "household")
POLICY = PointsPolicy(
    book="small",
    deeds={
        "help": Deed(id="help", category="kindness", zh="帮助", en="help", points=5, members=ALL),
        "bring": Deed(id="bring", category="goods", zh="捐物", en="bring", points=4, members=ALL, only=("soap",)),
    },
    goods={
        "soap": Good(id="soap", outlet="shop", zh="皂", en="soap", price=3),
        "rice": Good(id="rice", outlet="shop", zh="米", en="rice", price=2),
    },
    panel=tuple(
        PanelMember(person, side)
        for person, side in zip(
            PANEL, ("community-worker", "grid-worker", "resident", "supervision-committee"), strict=True
        )
    ),
    quorum=2,
    sides_min=2,
    window=Limit(1, LimitKind.WORKING_DAYS),
    ladder="street",
    lasts_days=40,
    voucher_days=2,
    grace_days=3,
    leagues=(League(id="all", zh="全部", en="all", members=ALL, titles=("star",)),),
)


# --- a story --------------------------------------------------------------------------------------


def start(**policy):
    return Scenario(attrs.evolve(small_setup(), points_policy=Timeline.always(attrs.evolve(POLICY, **policy))))


def wait(s, **duration):
    """Let time pass, and do what falls due in between."""
    until = s.at + dt.timedelta(**duration)
    while True:
        due = [each for tag, subject in s.subjects.items() for each in POINTS.falls_due(tag, subject)]
        found = min((each for each in due if each.at <= until), key=lambda each: (each.at, each.key), default=None)
        if found is None:
            break
        s.at = max(s.at, found.at)
        s.given(found.command, by=CLOCK)
    s.at = until


def claim(s, award, account, deed="help", occasion="o1"):
    s.given(c.ProposeAward(account=account, deed=deed, on=TODAY, occasion=occasion), by="lead-81", id=award)


def sit(s, points, sitting="", id_="sitting"):
    judgments = tuple(
        c.Judgment(award=award, points=given, in_favor=("head-8", "lead-81") if given else (), against=())
        for award, given in points.items()
    )
    s.given(c.HoldSitting(present=("head-8", "lead-81"), judgments=judgments, sitting=sitting), by="head-8", id=id_)


def hang(s, *awards, id_):
    s.given(c.PublishAwards(awards=awards, full_names=True), by="head-8", id=id_)
    s.given(c.ConfirmPublication(id_, channel="board", receipt="photo"), by="head-8")


def decide(s, award, objection, by, outcome, points=0):
    command = c.DecideAwardObjection(award, outcome=outcome, points=points, objection=objection, reason="x")
    s.given(command, by=by)


def close_month(s, month, previous, root):
    s.given(c.ClosePeriod(period=month), by="desk-1")
    accounts = tuple(sorted(tag.removeprefix("account:") for tag in s.subjects if tag.startswith("account:")))
    for page in (accounts[:3], accounts[3:]):
        s.given(c.CloseStatements(period=month, accounts=page), by=OFFICE)
    s.given(c.SealPeriod(period=month), by=OFFICE)
    size = s.subjects[f"period:{month}"].lines
    board = {"channel": "board", "receipt": "photo", "head": "f" * 64, "position": 1}
    s.given(c.PublishPeriod(period=month, root=root * 64, size=size, previous=previous, **board), by="desk-1")


def awards_of_september(s):
    for person in (ANNA, CHEN):
        s.given(c.JoinHousehold(account=person, household="household:1", from_on=TODAY - DAY), by="desk-1")
    s.given(c.JoinHousehold(account="resident:5", household="household:2", from_on=TODAY - DAY), by="desk-1")
    s.given(c.ConsentToName(account=ANNA, agrees=True), by=ANNA)
    claim(s, "p1", BUILDER)
    claim(s, "p2", ANNA)
    claim(s, "p3", ANNA, "bring")
    claim(s, "p4", BUILDER, occasion="o2")
    claim(s, "p5", BORIS)
    claim(s, "p7", "household:1")
    s.given(c.CallSitting(awards=("p1", "p2", "p3", "p4", "p5")), by="head-8", id="called")
    sit(s, {"p1": 5, "p2": 3, "p3": 4, "p4": 0, "p5": 5}, sitting="called", id_="held")
    sit(s, {"p7": 5}, id_="another")
    hang(s, "p1", "p2", "p3", "p5", "p7", id_="l1")
    s.given(c.ObjectToAward("p1", reason="x"), by=BORIS, id="ob1")
    s.given(c.ObjectToAward("p1", reason="x"), by=CHEN, id="ob2")
    s.given(c.ObjectToAward("p5", reason="x"), by=CHEN, id="ob3")
    step = s.subjects["award:p1"].objections[0].deadline.step
    s.at = step.at
    s.given(c.PressAward("p1", matter="ob1", due_at=step.at), by=CLOCK)
    decide(s, "p1", "ob1", "police-1", "dismissed")
    decide(s, "p1", "ob2", "resident:00001", "amended", 4)
    decide(s, "p5", "ob3", "police-1", "voided")
    wait(s, hours=1)
    s.given(c.AppealAward("p4", reason="x"), by=BUILDER, id="ap1")
    s.given(c.DecideAppeal("p4", outcome="upheld", points=2, reason="x"), by="police-1", id="p6")
    hang(s, "p6", id_="l2")
    s.given(c.AppealAward("p5", reason="x"), by=BORIS, id="ap2")
    s.given(c.DecideAppeal("p5", outcome="dismissed", reason="x"), by="resident:00001")
    wait(s, days=2)


def spending_of_september(s):
    s.given(c.StockGoods("soap", quantity=9), by="shop").given(c.StockGoods("rice", quantity=9), by="shop")
    s.given(c.Redeem(account=ANNA, good="soap"), by=ANNA, id="v1").given(c.CollectVoucher("v1"), by="shop")
    s.given(c.Redeem(account=ANNA, good="soap"), by=ANNA, id="v2").given(c.CancelRedemption("v2"), by="shop")
    s.given(c.Redeem(account=ANNA, good="rice"), by=ANNA, id="v3")
    freeze = {"authority": "court", "until_on": s.at.date() + 4 * DAY, "reason": "x"}
    s.given(c.Freeze(account=ANNA, voucher="v3", **freeze), by="desk-1", id="f1")
    s.given(
        c.ReportOfflineUses(outlet="shop", uses=(c.OfflineUse(voucher="v3", used_at=s.at),)), by="shop", id="offline"
    )
    s.given(c.Release(account=ANNA, freeze="f1"), by="desk-1")
    wait(s, days=4)
    s.given(c.Redeem(account=ANNA, good="rice"), by=ANNA, id="v4").given(c.CollectVoucher("v4"), by="shop")
    s.given(c.SettleOutlet(outlet="shop"), by="desk-1")
    s.given(c.DonatePoints(account=BUILDER, points=1, cause="x"), by=BUILDER)
    freeze = {"authority": "court", "until_on": s.at.date() + 2 * DAY, "reason": "x"}
    s.given(c.Freeze(account=BUILDER, lot="p1", **freeze), by="desk-1", id="f2")
    s.given(c.Freeze(account=BUILDER, **freeze), by="desk-1", id="f3")
    s.given(c.Release(account=BUILDER, freeze="f3"), by="desk-1")
    wait(s, days=4)
    s.given(c.ReverseAward("p2", points=2, ground="not-done", reason="x"), by="head-8")
    s.given(c.ReverseAward("p2", points=1, ground="not-done", reason="x"), by="head-8")
    claim(s, "p8", ANNA, occasion="o3")
    sit(s, {"p8": 5}, id_="third")
    hang(s, "p8", id_="l3")
    wait(s, days=4)
    s.given(c.MergeHouseholds(household="household:1", into="household:2"), by="desk-1")
    s.given(c.LeaveHousehold(account=CHEN, household="household:2", until_on=s.at.date()), by="desk-1")
    s.given(c.CloseAccount(account=BUILDER, cause="moved-away", to=BORIS), by="desk-1")


@cache
def story():
    """Play two months in which nearly everything happens that can."""
    s = start()
    awards_of_september(s)
    spending_of_september(s)
    wait(s, days=(dt.datetime(2026, 10, 2, 4, tzinfo=dt.UTC) - s.at).days)
    close_month(s, "2026-09", "", "a")
    honored = {tag: found.thanked.get("2026-09", 0) for tag, found in s.subjects.items() if tag.startswith("account:")}
    best = sorted(((points, tag) for tag, points in honored.items() if points), key=lambda each: (-each[0], each[1]))
    rows = tuple(
        c.RollRow(
            rank=next(place for place, other in enumerate(best, start=1) if other[0] == points),
            account=tag.removeprefix("account:"),
            points=points,
            title="star" if points == best[0][0] else "",
        )
        for points, tag in best
    )
    s.given(c.PublishRoll(quarter="2026-Q3", league="all", rows=rows, channel="board", receipt="photo"), by="desk-1")
    wait(s, days=31)
    close_month(s, "2026-10", "a" * 64, "b")
    return tuple(s.happened)


@cache
def of_budgets():
    """Play an award out of a community's budget to the household's pool."""
    s = start(budgets=True, pool=True)
    community = "150203005008"
    s.given(c.AllotBudget(community=community, points=9), by="desk-1")
    s.given(
        c.JoinHousehold(account=ANNA, household="household:1", from_on=TODAY - DAY, community=community), by="desk-1"
    )
    claim(s, "p1", ANNA)
    sit(s, {"p1": 5})
    hang(s, "p1", id_="l1")
    s.given(c.ObjectToAward("p1", reason="x"), by=BORIS, id="ob1")
    decide(s, "p1", "ob1", "police-1", "amended", 3)
    wait(s, days=3)
    return tuple(s.happened)


# --- bending --------------------------------------------------------------------------------------


def place(kind, nth=0, told=None, **fields):
    """Give where the nth event of a kind stands, of those that say what is asked for."""
    found = [
        index
        for index, event in enumerate(told or story())
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())
    ]
    return found[nth]


def finds(code, events, number):
    """Expect the first finding to have a code, and to name an event by its number."""
    found = next(audit(events))
    assert (found.code, found.message.partition(" (")[0]) == (f"points.{code}", f"event {number}"), found


def bent(code, at, told=None, /, **changes):
    """Change one event, and expect that it is the first to be found."""
    events = list(told or story())
    events[at] = attrs.evolve(events[at], **changes)
    finds(code, events, at + 1)


def again(code, at):
    """Let an event happen twice."""
    events = list(story())
    events.insert(at + 1, events[at])
    finds(code, events, at + 2)


def without(code, at, *, found_at):
    """Leave out an event, and expect what comes too soon then to be found."""
    events = list(story())
    del events[at]
    finds(code, events, found_at)


def only(at, told=None, *, lot=None, bucket=None, account=None, by=1):
    """Give the entries of an event with one more or less in some of them."""
    return tuple(
        attrs.evolve(each, delta=each.delta + (by if each.delta > 0 else -by))
        if (lot in (None, each.lot) and bucket in (None, each.bucket) and account in (None, each.account))
        else each
        for each in (told or story())[at].entries
    )


def inserted(code, at, event):
    """Let something happen that should not have."""
    events = list(story())
    events.insert(at, event)
    finds(code, events, at + 1)


def said(at, kind, **fields):
    """Write an event of the same instant as another one."""
    near = story()[at]
    return kind(at=near.at, by=fields.pop("by", "desk-1"), period=near.period, **fields)


# --- a valid story --------------------------------------------------------------------------------


def test_a_valid_story_gives_no_finding():
    kinds = {type(event) for event in story()}
    every = {kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, PointsEvent)}
    told_elsewhere = {e.BudgetAllotted, e.AwardDeadlinesReviewed}
    assert every - kinds == {PointsEvent, e.AwardEvent, e.RedemptionEvent} | told_elsewhere
    assert list(audit(story())) == []


def test_points_out_of_a_budget_to_a_pool_give_no_finding():
    assert list(audit(of_budgets())) == []


@pytest.mark.parametrize("name", ["street-0.1.0", "cases-0.1.0"])
def test_journals_of_earlier_versions_give_no_finding(name):
    codec = Codec()
    with gzip.open(Path(__file__).parents[1] / "journals" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    events = [codec.read(row["name"], row["shape"], row["body"].encode()) for row in rows]
    points = [event for event in events if isinstance(event, PointsEvent)]
    assert len(points) > 3000
    assert list(audit(points)) == []


def test_the_audit_stops_reading_at_the_first_finding():
    events = [attrs.evolve(story()[0], account="x", household="nowhere"), *story()]
    rest = iter(events)
    assert next(audit(rest)).code == "points.no-household"
    assert len(list(rest)) == len(events) - 1


# --- entries --------------------------------------------------------------------------------------


def test_entries_sum_to_zero_in_each_unit():
    for kind in (e.AwardReviewed, e.AwardConfirmed, e.RedemptionReserved, e.RedemptionCollected, e.GoodsStocked):
        bent("not-zero", at := place(kind), entries=story()[at].entries[:-1])


def test_nothing_goes_below_zero():
    at = place(e.AwardReviewed, told=of_budgets())
    small = [
        attrs.evolve(each, points=1, entries=only(0, of_budgets(), by=-8)) if not n else each
        for n, each in enumerate(of_budgets())
    ]
    finds("below-zero", small, at + 1)


def test_a_shelf_does_not_go_below_zero():
    events = list(story())
    at = place(e.GoodsStocked, good="rice")
    events[at] = attrs.evolve(events[at], quantity=1, entries=only(at, by=-8))
    del events[place(e.RedemptionLapsed)]
    finds("below-zero", events, place(e.RedemptionReserved, voucher="v4"))


def test_debt_arises_by_reversal_only():
    at = place(e.PointsDonated)
    entries = tuple(
        attrs.evolve(each, bucket="debt", lot="") if each.bucket == "posted" else each for each in story()[at].entries
    )
    events = [*story()[:at], attrs.evolve(story()[at], entries=entries)]
    assert "points.wrong-debt" in [each.code for each in audit(events)]


def test_an_event_without_points_moves_none():
    entries = (
        e.Entry(account="book:issued", unit="small", bucket="issued", delta=-1),
        e.Entry(account=ANNA, unit="small", bucket="pending", delta=1),
    )
    silent = (
        e.AwardProposed, e.SittingCalled, e.SittingHeld, e.AwardsPublished, e.PublicationConfirmed, e.AwardObjected,
        e.AwardPressed, e.AwardObjectionDismissed, e.AwardAppealed, e.AppealDismissed, e.HouseholdJoined,
        e.HouseholdLeft, e.NameConsented, e.OfflineUseRefused, e.PeriodClosed, e.StatementsClosed, e.PeriodSealed,
        e.PeriodPublished, e.RollPublished,
    )  # fmt: skip
    for kind in silent:
        bent("wrong-entries", place(kind), entries=entries)


def test_every_amount_is_the_one_that_the_event_says():
    kinds = (
        e.AwardReviewed, e.AwardAmended, e.AwardVoided, e.AwardConfirmed, e.AwardReversed, e.AppealUpheld, e.LotExpired,
        e.HouseholdsMerged, e.AccountClosed, e.RedemptionCollected, e.RedemptionCanceled, e.RedemptionLapsed,
        e.OutletSettled, e.GoodsStocked,
    )  # fmt: skip
    for kind in kinds:
        at = place(kind)
        assert story()[at].entries
        unit = f"good:{story()[at].good}" if kind is e.GoodsStocked else "small"
        pair = (
            e.Entry(account="book:issued", unit=unit, bucket="issued", delta=-1),
            e.Entry(account=ANNA, unit=unit, bucket="pending", delta=1),
        )
        bent("wrong-entries", at, entries=(*story()[at].entries, *pair))
    bent("wrong-entries", at := place(e.Frozen, freeze="f2"), entries=only(at))
    bent("wrong-entries", at := place(e.Released, freeze="f2"), entries=only(at))
    bent("wrong-entries", 0, of_budgets(), entries=only(0, of_budgets()))
    bent("wrong-entries", at := place(e.AwardAmended, told=of_budgets()), of_budgets(), entries=only(at, of_budgets()))


# --- the life of an award -------------------------------------------------------------------------


def test_a_claim_stands_once_for_account_deed_and_occasion():
    bent("claimed-already", place(e.AwardProposed, award="p4"), occasion="o1")
    bent("award-exists", place(e.AwardProposed, award="p4"), award="p1")


def test_a_claim_is_for_a_deed_of_the_past_and_its_month():
    bent("deed-in-the-future", place(e.AwardProposed), on=TODAY + 5 * DAY)
    bent("deed-in-the-future", place(e.AwardProposed), month="2026-08")
    bent("bad-count", place(e.AwardProposed), count=0)
    bent("bad-count", place(e.AwardProposed), asked=0)


def test_nothing_is_claimed_for_a_closed_account():
    at = place(e.AccountClosed) + 1
    claimed = attrs.evolve(story()[place(e.AwardProposed)], award="x", occasion="x", at=story()[at - 1].at)
    inserted("account-closed", at, claimed)


def test_a_claim_names_the_household_of_its_day():
    bent("wrong-payee", place(e.AwardProposed, told=of_budgets()), of_budgets(), payee="household:2")
    bent("wrong-payee", place(e.AwardProposed), household="household:1")


def test_every_event_says_the_same_of_its_award():
    for kind in (e.AwardReviewed, e.AwardObjected, e.AwardConfirmed, e.AwardAppealed, e.AwardReversed):
        bent("wrong-award", place(kind), month="2026-08")
        bent("unknown-award", place(kind), award="nobody's")


def test_an_agenda_names_claims_once():
    bent("empty-list", place(e.SittingCalled), awards=())
    bent("empty-list", place(e.SittingCalled), awards=("p1", "p1"))
    again("sitting-exists", place(e.SittingCalled))
    at = place(e.SittingHeld) + 1
    inserted("wrong-state", at, said(at, e.SittingCalled, sitting="next", awards=("p1",)))


def test_a_sitting_judges_what_is_on_its_agenda_and_no_other_claim_that_is():
    bent("wrong-state", place(e.AwardReviewed, award="p1"), sitting="another")
    bent("wrong-state", place(e.AwardReviewed, award="p7"), sitting="called")
    again("wrong-state", place(e.AwardReviewed))


def test_a_sitting_gives_no_more_than_was_asked_for():
    bent("bad-points", place(e.AwardReviewed, award="p1"), given=6)
    bent("bad-points", place(e.AwardReviewed, award="p1"), given=-1)
    bent("bad-points", place(e.AwardReviewed, award="p1"), asked=9)


def test_nobody_is_present_twice_or_votes_twice_or_without_being_there():
    at = place(e.AwardReviewed)
    bent("member-twice", at, present=("head-8", "head-8", "lead-81"))
    bent("bad-vote", at, in_favor=("head-8", "head-8"))
    bent("bad-vote", at, against=("head-8",))
    bent("bad-vote", at, in_favor=("head-8", "police-1"))


def test_points_want_more_for_them_than_against():
    bent("no-majority", place(e.AwardReviewed), in_favor=("head-8",), against=("lead-81",))
    bent("no-majority", place(e.AwardReviewed), in_favor=())


def test_nobody_votes_on_themselves_or_their_household():
    for award, voter in (("p1", BUILDER), ("p2", ANNA), ("p2", CHEN), ("p7", CHEN)):
        at = place(e.AwardReviewed, award=award)
        bent("votes-on-themselves", at, present=("head-8", voter), in_favor=("head-8", voter))


def test_the_minutes_say_what_was_judged():
    at = place(e.SittingHeld)
    bent("wrong-minutes", at, minutes_digest="0" * 64)
    bent("wrong-minutes", at, present=("head-8", "police-1"))
    bent("wrong-minutes", at, awards=("p1", "p2"))
    bent("wrong-minutes", at, sitting="another")
    without("wrong-minutes", at, found_at=at + 1)


def test_a_list_names_approved_awards_once():
    at = place(e.AwardsPublished)
    bent("empty-list", at, awards=())
    bent("wrong-state", at, awards=("p1", "p4"))
    again("list-exists", at)


def test_full_names_are_of_those_who_have_agreed():
    bent("name-without-consent", place(e.AwardsPublished), full_names=(ANNA, BORIS))
    at = place(e.AwardsPublished)
    withdrawn = said(at, e.NameConsented, by=ANNA, account=ANNA, agrees=False)
    events = [*story()[:at], withdrawn, *story()[at:]]
    finds("name-without-consent", events, at + 2)
    bent("not-the-member", place(e.NameConsented), by=BORIS)


def test_a_publication_is_confirmed_once_as_it_was_with_a_receipt():
    at = place(e.PublicationConfirmed)
    bent("no-receipt", at, receipt="")
    bent("no-receipt", at, channel="")
    bent("wrong-list", at, awards=("p1",))
    bent("unknown-list", at, list="l9")
    bent("bad-end", at, window_ends_at=story()[at].at - DAY)
    again("confirmed-already", at)


def test_an_objection_comes_inside_the_window_with_a_reason_and_once():
    at = place(e.AwardObjected)
    window = story()[place(e.PublicationConfirmed)].window_ends_at
    bent("window-over", at, at=window + dt.timedelta(seconds=1))
    bent("no-reason", at, reason=None)
    again("objection-exists", at)
    without("wrong-state", place(e.PublicationConfirmed), found_at=at)


def test_somebody_is_pressed_only_about_what_is_open_and_when_it_is_time():
    at = place(e.AwardPressed)
    bent("wrong-state", at, matter="ob9")
    bent("too-early", at, at=story()[at].at - DAY)


def test_whoever_decides_an_objection_has_not_judged_decided_or_raised_it():
    dismissed, amended = place(e.AwardObjectionDismissed), place(e.AwardAmended)
    for by in ("head-8", BORIS, BUILDER):
        bent("not-impartial", dismissed, by=by)
    bent("not-impartial", amended, by="police-1")
    events = list(story())
    events[dismissed] = attrs.evolve(events[dismissed], by="system:import")
    assert list(audit(events)) == []


def test_an_objection_is_decided_once():
    bent("unknown-objection", place(e.AwardObjectionDismissed), objection="ob9")
    again("unknown-objection", place(e.AwardObjectionDismissed))
    again("wrong-state", place(e.AwardVoided))


def test_an_objection_takes_points_and_gives_none():
    at = place(e.AwardAmended)
    for changes in ({"given": 5}, {"given": 0}, {"before": 4}):
        bent("bad-points", at, **changes)
    bent("bad-points", place(e.AwardVoided), before=3)


def test_after_the_last_objection_an_award_counts_at_the_later_of_window_and_decision():
    at = place(e.AwardAmended)
    bent("wrong-time", at, confirm_at=story()[at].confirm_at + DAY)


def test_nothing_counts_before_its_window_is_over():
    at = place(e.AwardConfirmed, award="p8")
    bent("too-early", at, at=story()[at].at - DAY)
    bent("too-early", at, step_at=story()[at].step_at - DAY)
    bent("wrong-time", at, step_at=story()[at].step_at + DAY)
    bent("clock-only", at, by="head-8")
    bent("bad-points", at, given=9)


def test_nothing_counts_with_an_open_objection_or_without_a_publication():
    confirmed = place(e.AwardConfirmed, award="p1")
    objected = attrs.evolve(story()[place(e.AwardObjected)], objection="ob9")
    finds("too-early", [*story()[:confirmed], objected, *story()[confirmed:]], confirmed + 2)
    at = place(e.AwardAmended)
    early = attrs.evolve(story()[confirmed], at=story()[at].at, period=story()[at].period)
    inserted("too-early", at, early)
    inserted("too-early", place(e.PublicationConfirmed), attrs.evolve(early, award="p1"))


def test_an_award_is_confirmed_once():
    again("wrong-state", place(e.AwardConfirmed))


def test_debt_is_paid_before_a_lot_is_opened():
    at = place(e.AwardConfirmed, award="p8")
    assert any(entry.bucket == "debt" for entry in story()[at].entries)
    entries = tuple(
        attrs.evolve(each, delta=5) if each.bucket == "posted" else each
        for each in story()[at].entries
        if each.bucket != "debt"
    )
    bent("wrong-entries", at, entries=entries)


def test_a_lot_ends_at_midnight_after_its_last_day():
    at = place(e.AwardConfirmed)
    bent("bad-end", at, expires_at=story()[at].expires_at + 2 * DAY)
    bent("bad-end", at, expires_at=None)


def test_what_is_reversed_was_given_by_mistake_and_by_somebody_else():
    at = place(e.AwardReversed)
    bent("bad-points", at, points=4)
    bent("bad-points", at, points=0)
    bent("bad-ground", at, ground="rude")
    bent("not-impartial", at, by=ANNA)
    again("bad-points", at)
    inserted("wrong-state", place(e.AwardConfirmed, award="p2"), attrs.evolve(story()[at], period="2026-09"))


def test_a_reversal_takes_the_own_lot_first_and_makes_debt_last():
    at = place(e.AwardReversed, 1)
    kinds = {entry.bucket for entry in story()[at].entries}
    assert "posted" in kinds or "debt" in kinds
    at = place(e.AwardReversed)
    debt = tuple(
        attrs.evolve(each, bucket="debt", lot="") if each.bucket == "posted" else each for each in story()[at].entries
    )
    events = list(story())
    events[at] = attrs.evolve(events[at], entries=debt)
    found = next(audit(events))
    assert found.code in {"points.wrong-entries", "points.wrong-debt"}
    assert found.message.startswith(f"event {at + 1} ")


def test_an_appeal_comes_once_for_each_decision_from_the_member_with_something_to_get():
    at = place(e.AwardAppealed)
    bent("not-the-member", place(e.AwardAppealed, award="p5"), by=CHEN)
    bent("no-reason", at, reason=None)
    again("appealed-already", at)
    whole = attrs.evolve(story()[at], award="p7", account="household:1", by=ANNA)
    inserted("nothing-to-appeal", place(e.AwardConfirmed, award="p7") + 1, whole)
    inserted("wrong-state", place(e.AwardConfirmed, award="p7"), whole)


def test_whoever_decides_an_appeal_has_not_judged_decided_or_raised_it():
    bent("not-impartial", place(e.AppealUpheld), by=BUILDER)
    bent("not-impartial", place(e.AppealDismissed), by="police-1")
    bent("not-impartial", place(e.AppealDismissed), by="head-8")
    bent("no-appeal", place(e.AppealUpheld), appeal="ap9")
    again("no-appeal", place(e.AppealDismissed))


def test_a_compensation_is_an_award_of_its_own_with_what_could_be_got():
    at = place(e.AppealUpheld)
    bent("bad-points", at, points=6)
    bent("award-exists", at, compensation="p1")
    bent("wrong-award", at, category="other")
    without("no-appeal", place(e.AwardAppealed), found_at=at)


# --- lots and spending ----------------------------------------------------------------------------


def test_a_lot_expires_at_its_end_and_what_was_posted():
    at = place(e.LotExpired)
    bent("too-early", at, at=story()[at].at - DAY)
    bent("too-early", at, step_at=story()[at].step_at - DAY)
    bent("bad-points", at, expired=9)
    bent("unknown-lot", at, lot="p9")
    again("unknown-lot", at)


def test_what_is_held_or_frozen_does_not_expire():
    at = place(e.LotExpired)
    entries = tuple(
        attrs.evolve(each, bucket="held") if each.bucket == "posted" else each for each in story()[at].entries
    )
    bent("wrong-entries", at, entries=entries)


def taking(at, parts):
    """Give the entries of a redemption that takes from other lots: lot → points."""
    (first, *_) = story()[at].entries
    goods = tuple(each for each in story()[at].entries if each.bucket not in ("posted", "held"))
    return (
        tuple(
            attrs.evolve(first, bucket=bucket, lot=lot, delta=sign * points)
            for lot, points in parts.items()
            for bucket, sign in (("posted", -1), ("held", 1))
        )
        + goods
    )


def test_restricted_lots_are_spent_first_and_only_on_what_they_are_for():
    at = place(e.RedemptionReserved, voucher="v1")
    bent("spending-order", at, entries=taking(at, {"p2": 3}))
    bent("spending-order", at, entries=taking(at, {"p3": 2, "p2": 1}))
    at = place(e.RedemptionReserved, voucher="v3")
    bent("restricted", at, entries=taking(at, {"p3": 1, "p2": 1}))
    events = list(story())
    earned = place(e.AwardConfirmed, award="p3")
    events[earned] = attrs.evolve(events[earned], only=("rice",))
    finds("restricted", events, place(e.RedemptionReserved, voucher="v1") + 1)


def test_the_lot_that_ends_first_is_spent_first():
    at = place(e.PointsDonated)
    assert {entry.lot for entry in story()[at].entries} == {"p1", ""}
    entries = tuple(attrs.evolve(each, lot="p6") if each.bucket == "posted" else each for each in story()[at].entries)
    bent("spending-order", at, entries=entries)


def test_no_lot_is_spent_past_its_end():
    at = place(e.RedemptionReserved, voucher="v1")
    lot = story()[place(e.AwardConfirmed, award="p3")]
    bent("lot-over", at, at=lot.expires_at, period="", valid_through=None, lapses_at=None)


def test_only_the_member_spends():
    bent("not-the-member", place(e.RedemptionReserved), by=BORIS)


def test_a_redemption_takes_what_it_says_and_its_voucher_is_new():
    at = place(e.RedemptionReserved, voucher="v1")
    bent("bad-points", at, points=4)
    bent("bad-quantity", at, quantity=0)
    bent("wrong-entries", at, entries=tuple(each for each in story()[at].entries if each.unit != "good:soap"))
    bent("voucher-exists", place(e.RedemptionReserved, voucher="v2"), voucher="v1")


def test_nothing_of_a_frozen_account_is_spent():
    at = place(e.Frozen, freeze="f3") + 1
    spent = attrs.evolve(story()[place(e.PointsDonated)], at=story()[at].at)
    inserted("frozen", at, spent)


def test_a_voucher_is_collected_once_and_not_after_it_came_back():
    collected = place(e.RedemptionCollected)
    again("voucher-used", collected)
    back = place(e.RedemptionCanceled)
    again("voucher-used", back)
    after = attrs.evolve(story()[back], voucher="v1")
    inserted("voucher-used", back, after)
    bent("unknown-voucher", collected, voucher="v9")
    bent("wrong-voucher", collected, quantity=2)


def test_a_voucher_is_used_up_to_its_last_day_and_not_while_it_is_frozen():
    at = place(e.RedemptionCollected)
    bent("voucher-lapsed", at, used_at=story()[at].at + 9 * DAY)
    frozen = place(e.Frozen, freeze="f1") + 1
    inserted(
        "frozen", frozen, attrs.evolve(story()[place(e.RedemptionLapsed)], at=story()[frozen].at, period="2026-09")
    )


def test_a_voucher_lapses_at_its_time_by_the_clock():
    at = place(e.RedemptionLapsed)
    bent("too-early", at, at=story()[at].at - DAY)
    bent("clock-only", at, by="shop")


def test_a_voucher_says_how_long_it_holds_and_whose_limit_it_counts_against():
    at = place(e.RedemptionReserved)
    bent("bad-end", at, lapses_at=None)
    bent("bad-end", at, lapses_at=story()[at].at)
    bent("bad-end", at, valid_through=TODAY - 9 * DAY)
    bent("wrong-voucher", at, household="household:9")
    bent("wrong-voucher", place(e.RedemptionCollected), window="2026")


def test_what_only_the_clock_does_nobody_else_does():
    for kind in (e.AwardPressed, e.LotExpired, e.StatementsClosed, e.PeriodSealed):
        bent("clock-only", place(kind), by="head-8")


def test_what_comes_back_goes_to_its_own_lot():
    at = place(e.RedemptionCanceled)
    entries = tuple(
        attrs.evolve(each, lot="p3" if each.lot == "p2" else "p2") if each.bucket == "posted" else each
        for each in story()[at].entries
    )
    bent("wrong-entries", at, entries=entries)
    end = e.LotEnd(lot="p2", expires_on=TODAY, expires_at=dt.datetime(2026, 9, 1, 16, tzinfo=dt.UTC))
    bent("bad-end", at, ends=(end,))


def test_a_refusal_of_an_offline_use_says_what_is_so():
    for why in ("unknown", "used-already", "canceled", "too-late", "another-outlet"):
        bent("bad-refusal", place(e.OfflineUseRefused), why=why)


def test_exactly_what_was_collected_is_settled():
    at = place(e.OutletSettled)
    bent("wrong-settlement", at, goods={"soap": 2, "rice": 1})
    bent("wrong-settlement", at, points=9)
    again("nothing-to-settle", at)


def test_a_delivery_has_goods():
    bent("bad-quantity", place(e.GoodsStocked), quantity=0)


# --- accounts and freezes -------------------------------------------------------------------------


def test_a_person_is_in_one_household_at_a_time():
    again("in-a-household", place(e.HouseholdJoined))
    bent("in-the-future", place(e.HouseholdJoined), from_on=TODAY + 9 * DAY)
    bent("not-in-household", place(e.HouseholdLeft), household="household:1")
    bent("dates-out-of-order", place(e.HouseholdLeft), until_on=TODAY)
    again("not-in-household", place(e.HouseholdLeft))


def test_a_merged_household_moves_everybody_and_everything_as_it_was():
    at = place(e.HouseholdsMerged)
    bent("wrong-members", at, members=(ANNA,))
    bent("wrong-lots", at, lots=())
    (lot,) = story()[at].lots
    bent("wrong-lots", at, lots=(attrs.evolve(lot, expires_at=lot.expires_at + DAY),))
    bent("no-household", at, into="household:9")
    again("wrong-members", at)


def test_an_account_is_closed_once_for_a_cause_to_an_heir_who_can_take_it():
    at = place(e.AccountClosed)
    bent("bad-cause", at, cause="rude")
    bent("bad-heir", at, to=BUILDER)
    again("account-closed", at)
    frozen = place(e.Released, freeze="f3")
    inserted("frozen", frozen, attrs.evolve(story()[at], at=story()[frozen].at))


def test_a_freeze_says_by_whom_why_and_until_when():
    at = place(e.Frozen)
    bent("no-authority", at, authority="")
    bent("no-reason", at, reason=None)
    bent("bad-end", at, until_at=story()[at].at)
    bent("unknown-voucher", at, voucher="v1")
    bent("unknown-lot", place(e.Frozen, freeze="f2"), lot="p9")
    again("freeze-exists", at)


def test_a_freeze_is_released_once_and_by_the_clock_not_too_early():
    at = place(e.Released, freeze="f2")
    again("unknown-freeze", at)
    bent("unknown-freeze", at, account=ANNA)
    bent("unknown-freeze", place(e.Released, freeze="f1"), account=BORIS)
    bent("too-early", at, at=story()[at].at - DAY)


def test_what_another_freeze_holds_stays_frozen():
    at = place(e.Released, freeze="f3")
    assert "p1" not in {entry.lot for entry in story()[at].entries}
    more = tuple(
        e.Entry(account=BUILDER, unit="small", bucket=bucket, delta=delta, lot="p1")
        for bucket, delta in (("frozen", -3), ("posted", 3))
    )
    bent("wrong-entries", at, entries=(*story()[at].entries, *more))


# --- months ---------------------------------------------------------------------------------------


def test_nothing_is_booked_into_a_closed_month():
    at = place(e.LotExpired, period="2026-10")
    bent("period-closed", at, period="2026-09")
    bent("wrong-period", at, period="2026-12")


def test_an_event_without_a_month_is_booked_in_that_of_its_instant():
    assert list(audit([attrs.evolve(event, period="") for event in story()[: place(e.PeriodClosed)]])) == []
    claimed = attrs.evolve(story()[place(e.AwardProposed)], award="x", occasion="x", account=BORIS, period="")
    inserted("period-closed", place(e.PeriodClosed) + 1, claimed)


def test_months_are_closed_in_order_when_they_are_over():
    bent("period-not-over", place(e.PeriodClosed), month="2026-10")
    bent("period-out-of-order", place(e.PeriodClosed, 1), month="2026-09")


def line_bent(nth, **changes):
    """Give a page with one line changed, and its right digest."""
    at = place(e.StatementsClosed)
    lines = tuple(attrs.evolve(line, **changes) if n == nth else line for n, line in enumerate(story()[at].lines))
    return {"lines": lines, "digest": digest(canonical(lines))}


@pytest.mark.parametrize("figure", ["opening", "moved", "spent", "expired", "reversed", "donated", "debt", "closing"])
def test_each_figure_of_a_line_is_what_the_events_say(figure):
    at = place(e.StatementsClosed)
    bent("wrong-line", at, **line_bent(0, **{figure: getattr(story()[at].lines[0], figure) + 1}))


def test_what_was_earned_in_a_line_is_what_the_events_say():
    bent("wrong-line", place(e.StatementsClosed), **line_bent(0, earned={"kindness": 99}))


def test_a_line_opens_with_what_the_one_before_closed_with():
    at = place(e.StatementsClosed, month="2026-10")
    nth = next(n for n, line in enumerate(story()[at].lines) if line.opening)
    line = story()[at].lines[nth]
    lines = tuple(
        attrs.evolve(each, opening=0, closing=line.closing - line.opening) if n == nth else each
        for n, each in enumerate(story()[at].lines)
    )
    bent("wrong-line", at, lines=lines, digest=digest(canonical(lines)))


def test_an_account_has_one_line_in_a_month():
    at = place(e.StatementsClosed)
    again("line-twice", at)
    bent("line-twice", at, accounts=())
    bent("not-closed", at, month="2026-08")


def test_every_account_that_moved_has_a_line_when_the_month_is_sealed():
    page, sealed = place(e.StatementsClosed), place(e.PeriodSealed)
    events = list(story())
    lines = events[page].lines[1:]
    events[page] = attrs.evolve(events[page], lines=lines, digest=digest(canonical(lines)))
    finds("line-missing", events, sealed + 1)


def test_pages_and_seal_carry_their_digests_and_sums():
    bent("wrong-digest", place(e.StatementsClosed), digest="0" * 64)
    at = place(e.PeriodSealed)
    bent("wrong-digest", at, digest="0" * 64)
    bent("wrong-sum", at, lines=1)
    bent("wrong-sum", at, closing={"small": 1})
    again("not-closed", at)


def test_a_sealed_month_is_published_in_order_with_the_root_before():
    at = place(e.PeriodPublished, 1)
    bent("not-sealed", at, month="2026-11")
    bent("bad-root", at, size=99)
    bent("bad-root", at, previous="")
    bent("bad-root", at, root="a")
    bent("no-receipt", at, receipt="")
    again("period-out-of-order", at)


def test_a_roll_says_what_the_sealed_lines_say_in_order():
    at = place(e.RollPublished)
    first, *rest = story()[at].rows
    assert rest
    bent("bad-roll", at, rows=(attrs.evolve(first, points=99), *rest))
    bent("bad-roll", at, rows=(*rest, first))
    bent("bad-roll", at, rows=(attrs.evolve(first, rank=2), *rest))
    bent("bad-roll", at, rows=(attrs.evolve(first, title=""), *(attrs.evolve(each, title="star") for each in rest)))
    bent("not-sealed", at, quarter="2026-Q4")
    bent("no-receipt", at, receipt="")
    again("roll-exists", at)
    assert list(audit(_drawn(at))) == []


def _drawn(at):
    """Give the story with a roll on which lots were drawn between equals."""
    rows = tuple(attrs.evolve(row, rank=place_) for place_, row in enumerate(story()[at].rows, start=1))
    return [*story()[:at], attrs.evolve(story()[at], rows=rows), *story()[at + 1 :]]
