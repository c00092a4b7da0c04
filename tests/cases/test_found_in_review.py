"""What a hostile reader found, each with the story that showed it."""

import datetime as dt

import attrs
import pytest

from gridgov import RefusalError, hookimpl, open_office
from gridgov.cases import (
    Acknowledge,
    Answer,
    AppraiseWhistle,
    AskExtension,
    AskHold,
    BlowWhistle,
    Board,
    CaseView,
    Check,
    Close,
    Closed,
    ConfirmReceipt,
    Correct,
    DecideObjection,
    DecideRequest,
    Decline,
    Dispatched,
    EndMode,
    Escalate,
    Follow,
    HandOver,
    ImportCase,
    JoinPart,
    LinkDuplicate,
    OpenCase,
    PublishedResults,
    PublishResult,
    RaiseObjection,
    Rate,
    Rates,
    RecordOutcome,
    Reopen,
    ReportIn,
    Resolve,
    Resolved,
    Return,
    Search,
    SplitCase,
    SwitchMode,
    Timeline,
    Transfer,
    UnlinkDuplicate,
    Urge,
    Withdraw,
    WorkList,
)
from gridgov.errors import NotFoundError
from gridgov.escalation import Ladder, Rung
from gridgov.store import MemoryStore, every_record
from gridgov.testing import NOON, SimulatedClock, small_setup
from gridgov.worktime import Calendar, Counting, PublishedDays, due, parse_limit

HOUSE, OTHER = "150203005008-B001", "150203005009-B001"
RESIDENT, NEIGHBOR = "resident:00001", "resident:00002"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def report(kind="noise", place=HOUSE, **more):
    return OpenCase(kind=kind, place=place, source="resident", **{"reporter": RESIDENT, **more})


class Street:
    def __init__(self, setup=None, store=None):
        self.clock = SimulatedClock(NOON)
        self.store = store or MemoryStore()
        self.office = open_office(setup or small_setup(), self.store, discover=False, clock=self.clock)
        self.count = 0

    def do(self, command, by="desk-1", id=None):  # noqa: A002
        self.count += 1
        return self.office.handle(command, by=by, id=id or f"step-{self.count}")

    def refused(self, command, by="desk-1"):
        with pytest.raises(RefusalError) as refused:
            self.do(command, by)
        return refused.value.code

    def later(self, span):
        self.clock.now += span
        return self.office.tick(self.clock.now).done

    def case(self, id="a"):  # noqa: A002
        return self.office.ask(CaseView(id), by="desk-1")

    def close(self, id="a", by="lead-81"):  # noqa: A002
        self.do(Resolve(id, result="x"), by)
        self.do(Check(id, passed=True), "head-9")
        self.do(Answer(id), "desk-2")
        self.do(Close(id), "desk-2")


@pytest.fixture
def street():
    made = Street()
    made.do(report(), RESIDENT, id="a")
    return made


def emergency(street, **span):
    return SwitchMode(until=street.clock.now + dt.timedelta(**(span or {"days": 2})), ordinary="pause", reason="x")


# --- lost cases and wrong deadlines -------------------------------------------------------------


def test_a_date_beyond_reason_is_refused_before_it_can_stand_in_the_store():
    far = dt.datetime(9999, 12, 31, 20, tzinfo=dt.UTC)
    street = Street()
    assert street.refused(report(agreed_due_at=far), RESIDENT) == "case.bad-instant"
    with pytest.raises(ValueError, match="the years 1970 to 2999"):
        street.office.handle(report(), by=RESIDENT, at=far)
    street.do(report(), RESIDENT, id="a")
    street.do(RaiseObjection("a", against="deadline", reason="x"), RESIDENT)
    assert street.refused(DecideObjection("a", upheld=True, due_at=far, reason="x"), "head-9") == "case.bad-instant"


def test_an_emergency_does_not_move_the_date_of_a_case_that_was_opened_after_it():
    """Also where its reactions come late, because a process had died."""
    store = MemoryStore()
    street = Street(store=store)
    street.office._react = street.office._settle = lambda: None
    street.do(emergency(street, days=10))
    street.clock.now += 5 * DAY
    street.do(EndMode(reason="x"))
    street.clock.now += DAY
    agreed = NOON + 10 * DAY
    street.do(report(agreed_due_at=agreed), RESIDENT, id="a")
    again = Street(store=store)
    again.clock.now = street.clock.now
    assert again.case().deadline.due_at == agreed
    assert again.case().deadline.pauses == ()


def test_a_check_that_fails_after_an_emergency_leaves_a_clock_that_runs(street):
    street.do(emergency(street))
    street.later(HOUR)
    street.do(Resolve("a"), "lead-81")
    street.later(3 * DAY)
    street.do(Check("a", passed=False, reason="x"), "head-9")
    deadline = street.case().deadline
    assert deadline.stands_since is None
    street.later(30 * DAY)
    assert street.case().file.rung == 2


def test_an_emergency_that_a_person_ends_early_also_ends_for_what_was_resolved(street):
    street.do(emergency(street, days=20))
    street.do(Resolve("a"), "lead-81")
    street.later(HOUR)
    street.do(EndMode(reason="x"))
    assert street.case().deadline.stands_since is None


def test_a_case_that_was_linked_in_an_emergency_is_pressed_for_when_it_is_on_its_own_again(street):
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="b")
    street.do(emergency(street))
    street.do(LinkDuplicate("b", of="a"))
    street.later(5 * DAY)
    street.do(UnlinkDuplicate("b", reason="x"))
    assert street.case("b").deadline.stands_since is None
    street.later(30 * DAY)
    assert street.case("b").file.rung == 2


def test_a_case_that_is_unlinked_in_an_emergency_waits_like_the_others(street):
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="b")
    street.do(LinkDuplicate("b", of="a"))
    street.do(emergency(street))
    street.do(UnlinkDuplicate("b", reason="x"))
    assert street.case("b").deadline.stands_since == street.case("a").deadline.stands_since == NOON


def test_a_corrected_case_that_is_overdue_climbs_its_ladder_again(street):
    street.later(DAY + HOUR)  # red, and the first rung
    assert street.case().file.rung == 1
    street.do(Correct("a", kind="clutter", reason="x"))
    assert street.case().file.rung == 0
    street.later(30 * DAY)
    assert (street.case().file.rung, street.case().lead.holder) == (2, "desk")


def test_one_tick_over_an_emergency_does_what_comes_after_it_too(street):
    street.do(emergency(street))
    assert street.later(20 * DAY) > 4
    assert street.case().file.rung == 2
    assert street.office.tick(street.clock.now).done == 0


def test_what_was_due_before_an_emergency_has_happened_before_it(street):
    street.clock.now += 2 * DAY + 6 * HOUR  # nobody has asked the clock
    street.do(emergency(street))
    assert street.case().file.rung == 2
    assert [line.name for line in street.office.ask(Timeline("a"), by="desk-1")][-1] == "case-clock-paused"


def test_an_emergency_begins_now_and_is_not_told_of_afterwards(street):
    street.later(3 * DAY)
    with pytest.raises(RefusalError) as refused:
        street.office.handle(
            SwitchMode(until=NOON + 5 * DAY, ordinary="pause", reason="x"), by="desk-1", at=NOON + HOUR
        )
    assert refused.value.code == "office.backdated"


def test_an_imported_case_that_is_long_overdue_climbs_one_rung_after_the_other():
    street = Street()
    old = ImportCase(system="s", foreign_id="1", kind="noise", place=HOUSE, opened_at=NOON - 60 * DAY)
    street.do(old, "desk-1", id="a")
    street.later(dt.timedelta(minutes=1))
    # Red and the first rung at once; the second one when the first has had its four working hours.
    assert street.case().file.rung == 1
    assert street.case().deadline.step.at == NOON + 6 * HOUR
    assert not any(line.text.startswith("黄牌") for line in street.office.ask(Timeline("a"), by="desk-1"))


def test_a_date_that_passed_while_a_result_was_checked_is_pressed_for_from_then_on(street):
    street.do(report(agreed_due_at=NOON + DAY), RESIDENT, id="b")
    street.do(Resolve("b"), "lead-81")
    street.later(19 * DAY)
    street.do(Check("b", passed=False, reason="x"), "head-9")
    street.later(dt.timedelta(minutes=1))
    rungs = [r for r in every_record(street.store) if r.name == "case-escalated" and r.stream.endswith(":b")]
    assert [record.occurred_at for record in rungs] == [NOON + 19 * DAY]


def test_an_extension_never_makes_a_rung_come_earlier(street):
    street.do(AskExtension("a", by="1工作时", reason="x"), "lead-81")
    street.later(DAY + 2 * HOUR + HOUR / 2)  # overdue since noon of Wednesday: red and the first rung
    without = street.case().deadline.step.at
    street.do(DecideRequest("a", granted=True), "head-8")
    step = street.case().deadline.step
    assert (step.kind, step.rung) == ("red", 1)
    street.later(HOUR)
    assert street.case().deadline.step.at >= without


def test_more_time_at_the_top_of_the_ladder_brings_another_red_warning(street):
    street.do(AskExtension("a", by="3工作日", reason="x"), "lead-81")
    street.later(3 * DAY)
    assert (street.case().file.rung, street.case().deadline.step) == (2, None)
    # The desk has it now and the request is gone with the lead; asked for and granted in time it looks like this.
    other = Street()
    other.do(report("gas.smell"), RESIDENT, id="a")
    other.do(AskExtension("a", by="20紧急工作时", reason="x"), "gas-1")
    other.later(3 * HOUR)
    assert (other.case().file.rung, other.case().deadline.step) == (1, None)
    other.do(DecideRequest("a", granted=True), "head-8")
    assert (other.case().deadline.step.kind, other.case().deadline.step.at) == ("red", NOON + 22 * HOUR)
    other.later(DAY)
    assert other.case().deadline.step is None


def test_a_pause_of_no_length_moves_no_rung_that_was_asked_for_early():
    setup = small_setup()
    rungs = tuple(
        Rung(id=f"r{n}", target=target, after=None if limit is None else parse_limit(limit))
        for n, (target, limit) in enumerate(
            [("role:general-grid-head", "2紧急工作时"), ("org:police", "30紧急工作时"), ("desk", None)]
        )
    )
    street = Street(attrs.evolve(setup, ladders={**setup.ladders, "grid": Ladder(id="grid", rungs=rungs)}))
    street.do(report(), RESIDENT, id="a")
    street.later(DAY)  # due: the first rung, two hours to the second
    before = street.case().deadline.step
    street.do(Escalate("a", reason="x"), "lead-81")
    early = street.case().deadline.step
    assert (early.rung, early.at) == (2, before.at)
    street.do(AskHold("a", until=street.clock.now + DAY, reason="x"), "police-1")
    street.do(DecideRequest("a", granted=True), "head-9")
    from gridgov.cases import Resume

    street.do(Resume("a"), "police-1")
    assert street.case().deadline.step.at == early.at


def test_a_new_deadline_stands_still_where_the_old_one_did(street):
    street.do(AskHold("a", until=NOON + 100 * DAY, reason="x"), "lead-81")
    street.do(DecideRequest("a", granted=True), "head-8")
    street.do(RaiseObjection("a", against="deadline", reason="x"), RESIDENT)
    street.do(DecideObjection("a", upheld=True, due_at=NOON + 5 * DAY, reason="x"), "head-9")
    assert street.case().deadline.stands_since == NOON
    street.later(101 * DAY)
    assert street.case().deadline.due_at == NOON + 105 * DAY
    assert street.case().file.rung == 0


def test_what_an_emergency_makes_wait_follows_what_the_case_is_now():
    street = Street()
    for name, kind in (("a", "noise"), ("b", "gas.smell")):
        street.do(report(kind), RESIDENT, id=name)
    street.do(SplitCase("b", leads=("org:gas", "org:police"), reason="x"), id="s")
    imported = ImportCase(system="s", foreign_id="1", kind="gas.smell", place=HOUSE, opened_at=NOON, lead="org:gas")
    street.do(imported, id="i")
    street.do(emergency(street))
    stands = {name: street.case(name).deadline.stands_since is not None for name in ("a", "b", "s.1", "i")}
    assert stands == {"a": True, "b": False, "s.1": False, "i": False}
    street.do(Correct("a", kind="gas.smell", reason="x"))
    street.do(Correct("i", kind="noise", reason="x"))
    assert (street.case("a").deadline.stands_since, street.case("i").deadline.stands_since) == (None, NOON)


def test_a_part_has_the_clock_of_the_whole_pauses_included(street):
    street.do(emergency(street))
    street.do(SplitCase("a", leads=("org:gas", "org:police"), reason="x"), id="s")
    street.later(2 * DAY)
    whole, part = street.case().deadline, street.case("s.1").deadline
    assert (part.due_at, part.stands_since) == (whole.due_at, None)


def test_a_setup_that_takes_away_a_ladder_in_use_is_refused(street):
    setup = small_setup()
    cut = attrs.evolve(setup, ladders={"street": setup.ladders["street"]})
    with pytest.raises(RefusalError) as refused:
        street.office.amend(cut, by="desk-1", reason="x")
    assert refused.value.code == "setup.ladder-in-use"
    street.later(DAY)
    short = Ladder(id="grid", rungs=setup.ladders["grid"].rungs[1:])
    with pytest.raises(RefusalError) as shortened:
        street.office.amend(attrs.evolve(setup, ladders={**setup.ladders, "grid": short}), by="desk-1", reason="x")
    assert shortened.value.code == "setup.ladder-in-use"


def test_a_rung_that_rests_on_unknown_days_is_worked_out_again_when_the_notice_comes():
    setup = attrs.evolve(small_setup(), calendar=Calendar(known_through=dt.date(2026, 9, 2)))
    ladders = {
        **setup.ladders,
        "grid": Ladder(
            id="grid",
            rungs=(
                Rung(id="one", target="role:general-grid-head", after=parse_limit("2工作日")),
                Rung(id="two", target="desk"),
            ),
        ),
    }
    setup = attrs.evolve(setup, ladders=ladders)
    street = Street(setup)
    street.do(report(), RESIDENT, id="a")
    street.later(DAY)
    step = street.case().deadline.step
    assert (street.case().deadline.provisional, step.provisional) == (False, True)
    rest = frozenset({dt.date(2026, 9, 3), dt.date(2026, 9, 4)})
    noticed = Calendar(known_through=dt.date(2026, 12, 24), holidays=rest)
    street.office.amend(attrs.evolve(setup, calendar=noticed), by="desk-1", reason="x")
    # Wednesday noon and two working days, with Thursday and Friday at rest: Tuesday noon.
    assert street.case().deadline.step.at == NOON + 7 * DAY


# --- dead ends ----------------------------------------------------------------------------------


def split(street, kind_id="s"):
    street.do(SplitCase("a", leads=("org:gas", "org:police"), reason="x"), id=kind_id)


def test_a_part_is_not_declined_and_one_that_was_handed_over_ends_for_the_whole():
    street = Street()
    street.do(report("question"), RESIDENT, id="a")
    split(street)
    assert street.refused(Decline("s.1", reason="x")) == "case.is-a-part"
    street.do(HandOver("s.1", authority="police", reason="x"), "gas-1")
    street.do(ConfirmReceipt("s.1", receipt="17"), "police-1")
    street.do(RecordOutcome("s.1", taken_up=True, result="x"), "police-1")
    assert isinstance(street.case("s.1"), Closed)
    assert street.case().file.parts == ("s.2",)


def test_a_part_is_closed_when_nobody_waits_for_it_any_more(street):
    split(street)
    whistle = BlowWhistle(("s.1",), organizations=("police",), report_by=NOON + DAY)
    street.do(whistle, "desk-1", id="w")
    street.do(Resolve("s.1"), "gas-1")
    street.do(Check("s.1", passed=True), "head-9")
    assert type(street.case("s.1")).__name__ == "Checked"
    assert street.refused(JoinPart("s.1", reason="x")) == "case.wrong-state"
    street.do(Answer("s.1"), "desk-1")
    assert street.refused(Close("s.1")) == "case.report-in-open"
    street.do(ReportIn("s.1", whistle="w", organization="police"), "police-1")
    street.do(Close("s.1"), "desk-1")
    assert street.case().file.parts == ("s.2",)


def test_a_part_with_duplicates_is_not_joined_and_a_withdrawn_case_waits_for_nothing(street):
    split(street)
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="d")
    street.do(LinkDuplicate("d", of="s.1"))
    assert street.refused(JoinPart("s.1", reason="x")) == "case.unsettled"
    street.do(report(), RESIDENT, id="b")
    street.do(RaiseObjection("b", against="route", reason="x"), RESIDENT)
    street.do(Withdraw("b"), RESIDENT)
    assert street.case("b").file.objection is None
    assert "case:b" not in street.office._memory.live


def test_an_authority_that_does_not_report_back_is_asked_again(street):
    street.do(HandOver("a", authority="police", reason="x"), "lead-81")
    assert street.refused(ConfirmReceipt("a", receipt="17"), "lead-81") == "handover.not-the-authority"
    street.do(ConfirmReceipt("a", receipt="17"), "police-1")
    assert [row.case for row in street.office.ask(WorkList(of="police"), by="police")] == ["a"]
    street.later(61 * DAY)
    assert street.case().deadline.stands_since is None
    lines = [line.text for line in street.office.ask(Timeline("a", "en"), by="desk-1")]
    assert any("No word from the authority" in line for line in lines)
    street.later(9 * DAY)
    assert street.case().file.rung > 0


def test_what_is_resolved_stands_on_the_list_of_the_desk_until_it_is_closed(street):
    street.do(Resolve("a"), "lead-81")
    for command, by in ((Check("a", passed=True), "head-9"), (Answer("a"), "desk-2"), (Close("a"), "desk-2")):
        assert [row.case for row in street.office.ask(WorkList(of="desk-1"), by="desk-1")] == ["a"]
        street.do(command, by)
    assert street.office.ask(WorkList(of="desk-1"), by="desk-1") == ()


# --- the wrong person ---------------------------------------------------------------------------


def test_nobody_decides_an_objection_to_what_they_have_or_their_colleague_raised(street):
    street.do(RaiseObjection("a", against="deadline", reason="x"), RESIDENT)
    own = DecideObjection("a", upheld=True, due_at=NOON + 365 * DAY, reason="x")
    assert street.refused(own, "lead-81") == "objection.decided-by-a-person"
    street.do(report("odd"), RESIDENT, id="b")
    street.do(RaiseObjection("b", against="deadline", reason="x"), "desk-1")
    assert street.refused(attrs.evolve(own, case="b"), "desk-2") == "objection.decided-by-a-person"
    street.do(attrs.evolve(own, case="b"), "head-9")


def test_an_authority_does_not_check_its_own_outcome(street):
    street.do(HandOver("a", authority="police", reason="x"), "lead-81")
    street.do(ConfirmReceipt("a", receipt="17"), "police-1")
    street.do(RecordOutcome("a", taken_up=True, result="x"), "police-1")
    assert street.refused(Check("a", passed=True), "police") == "case.handler-checks-own-work"


def test_who_found_a_matter_does_not_get_round_it_by_parts_or_by_an_organization():
    street = Street()
    street.do(OpenCase(kind="noise", place=HOUSE, source="patrol"), "lead-81", id="a")
    street.do(SplitCase("a", leads=("role:area-lead", "org:police"), reason="x"), "lead-81", id="s")
    assert street.refused(Resolve("s.1"), "lead-81") == "case.finder-handles"
    street.do(OpenCase(kind="gas.smell", place=HOUSE, source="patrol"), "gas", id="b")
    assert street.refused(Resolve("b"), "gas-1") == "case.finder-handles"


def test_a_case_is_not_passed_to_and_fro_for_ever(street):
    for number in range(5):
        lead, by = ("org:gas", "lead-81") if number % 2 == 0 else ("role:area-lead", "gas-1")
        street.do(Transfer("a", lead=lead, reason="x"), by)
    assert street.refused(Transfer("a", lead="role:area-lead", reason="x"), "gas-1") == "case.transferred-enough"


def test_who_hands_a_case_up_does_not_get_it_back_as_the_rung_above(street):
    street.do(Escalate("a", reason="x"), "lead-81")
    assert street.case().lead.holder == "head-8"
    street.do(Escalate("a", reason="x"), "head-8")
    assert street.case().lead.holder == "desk"


def test_an_extension_is_a_matter_of_days_and_of_the_same_case(street):
    long = AskExtension("a", by="31工作日", reason="x")
    assert street.refused(long, "lead-81") == "case.bad-extension"
    with pytest.raises(RefusalError) as refused:
        street.do(AskExtension("a", by="等王某回来", reason="x"), "lead-81")
    assert "王某" not in str(refused.value)


def test_a_case_of_another_system_is_taken_over_once():
    street = Street()
    command = ImportCase(system="12345", foreign_id="2026-1", kind="noise", place=HOUSE, opened_at=NOON)
    street.do(command, id="a")
    assert street.refused(command) == "case.imported-already"
    assert street.refused(attrs.evolve(command, foreign_id="王小二 13800138000")) == "case.no-origin"


def test_evidence_is_named_by_its_digest_and_nothing_else():
    street = Street()
    assert street.refused(report(evidence=("photo of 王某.jpg",)), RESIDENT) == "case.bad-evidence"
    street.do(report(evidence=("ab" * 32,)), RESIDENT)


# --- privacy ------------------------------------------------------------------------------------


def test_a_confidential_reporter_is_hidden_wherever_they_stand():
    street = Street()
    street.do(report(hotline_kind="tip-off", contact="13800138000"), RESIDENT, id="a")
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="b")
    street.do(RaiseObjection("a", against="route", reason="x"), RESIDENT)
    street.do(DecideObjection("a", upheld=False, reason="x"), "head-9")
    street.do(RaiseObjection("a", against="route", reason="x"), RESIDENT)
    assert street.refused(Follow("a"), "resident:00003") == "case.confidential"
    told = street.do(Acknowledge("a"), "lead-81")
    assert RESIDENT not in str(told.state)
    ask = street.office.ask
    assert RESIDENT not in str(ask(CaseView("a"), by="lead-81"))
    with pytest.raises(RefusalError) as refused:
        street.office.read_private("150203005/a/contact", by="lead-81", purpose="feedback")
    assert refused.value.code == "private.withheld"
    assert street.office.read_private("150203005/a/contact", by="desk-1", purpose="feedback") == "13800138000"
    street.do(DecideObjection("a", upheld=False, reason="x"), "head-9")
    street.do(LinkDuplicate("a", of="b"))
    street.do(Urge("b"), RESIDENT)
    for view in (CaseView("a"), CaseView("b"), Timeline("a"), Timeline("b"), Search(), WorkList(of="lead-81")):
        assert RESIDENT not in str(ask(view, by="lead-81")), view
    assert ask(Search(holder=RESIDENT), by="lead-81").found == ()


def test_a_tip_off_without_a_reporter_hides_who_opened_it():
    street = Street()
    street.do(report(hotline_kind="tip-off", reporter=""), RESIDENT, id="a")
    assert RESIDENT not in str(street.office.ask(CaseView("a"), by="lead-81"))
    assert RESIDENT not in str(street.office.ask(Timeline("a"), by="lead-81"))


def test_a_department_that_asks_for_its_own_board_learns_nothing_of_the_others(street):
    board = street.office.ask(Board(department="resident:00007"), by="resident:00007")
    assert (board.counts, board.withdrawn, board.opened) == ({}, 0, 0)


# --- figures ------------------------------------------------------------------------------------


def rates(street):
    return street.office.ask(Rates(months=("2026-09",)), by="desk-1")


def test_parts_are_in_no_rate_and_nobody_rates_or_calls_about_them(street):
    split(street)
    for part, by in (("s.1", "gas-1"), ("s.2", "police-1")):
        street.do(Acknowledge(part), by)
    street.later(4 * DAY)
    for part in ("s.1", "s.2"):
        by = street.case(part).lead.holder
        street.do(Resolve(part), "desk-1" if by == "desk" else by)
        street.do(Check(part, passed=True), "head-9")
    street.do(RaiseObjection("s.1", against="lateness", reason="x"), "desk-1")
    street.do(DecideObjection("s.1", upheld=True, reason="x"), "head-9")
    found = rates(street)
    assert (found.closing.part, found.closing.whole, found.response.part) == (0, 1, 0)
    assert street.refused(Rate("s.1", score=5)) == "case.is-a-part"


def test_a_reporter_who_was_called_and_rated_counts_once_and_handlers_do_not_rate_themselves(street):
    from gridgov.cases import FollowUp

    street.close()
    street.do(FollowUp("a", reached=True, solved=True, satisfied=True))
    street.do(Rate("a", score=1), RESIDENT)
    assert (rates(street).satisfaction.part, rates(street).satisfaction.whole) == (1, 1)
    street.do(OpenCase(kind="clutter", place=HOUSE, source="patrol"), "builder-81", id="b")
    street.close("b", by="builder-81")
    assert street.refused(Rate("b", score=5), "builder-81") == "case.rates-own-work"


def test_lateness_that_was_excused_before_closing_is_told_and_a_second_one_counts_again(street):
    street.later(4 * DAY)
    street.do(Resolve("a"), "desk-1")
    street.do(RaiseObjection("a", against="lateness", reason="x"), "desk-1")
    street.do(DecideObjection("a", upheld=True, reason="x"), "head-9")
    assert rates(street).excused == 1
    street.do(Check("a", passed=False, reason="x"), "head-9")
    assert not street.case().file.excused
    street.close(by="desk-1")
    assert (rates(street).closing.part, rates(street).punctual.part) == (1, 0)


def test_a_case_that_is_published_again_stands_on_the_list_once(street):
    street.close()
    street.do(PublishResult("a"))
    street.do(Reopen("a", reason="x"), RESIDENT)
    street.close()
    street.do(PublishResult("a"))
    assert len(street.office.ask(PublishedResults("2026-09"), by=RESIDENT)) == 1


def test_a_corrected_place_is_counted_where_it_is(street):
    street.do(Correct("a", place=OTHER, reason="x"))
    boards = [street.office.ask(Board(on=place), by="desk-1") for place in ("150203005008", "150203005009")]
    assert [(board.opened, board.open) for board in boards] == [(0, 0), (1, 1)]


# --- words, questions ---------------------------------------------------------------------------


def test_the_yellow_warning_names_the_deadline_and_the_story_says_where_the_reasons_are(street):
    street.later(DAY - HOUR)
    street.do(Return("a", reason="不是我们的"), "lead-81")
    lines = street.office.ask(Timeline("a", "en"), by="desk-1")
    assert "(2026-09-02 12:00)" in next(line.text for line in lines if line.name == "case-warned")
    why = lines[-1].why
    assert street.office.read_private(why.ref, by="desk-1", purpose="case-handling") == "不是我们的"


def test_a_question_that_makes_no_sense_is_told_so(street):
    ask = street.office.ask
    with pytest.raises(ValueError, match="aware"):
        ask(Search(opened_from=dt.datetime(2026, 9, 1)), by="desk-1")  # noqa: DTZ001
    with pytest.raises(NotFoundError, match="ghost"):
        ask(Search(within="ghost"), by="desk-1")
    with pytest.raises(ValueError, match="2026-09"):
        ask(Rates(months=("September",)), by="desk-1")
    with pytest.raises(TypeError, match="limit"):
        ask(Search(limit="5"), by="desk-1")


def test_a_lead_who_left_is_replaced_also_in_a_divided_case(street):
    split(street)
    street.do(Transfer("a", lead="org:gas", reason="x"), "desk-1")
    assert (type(street.case()).__name__, street.case().lead.holder) == ("InParts", "gas")


def test_a_limit_of_a_day_begins_anew_with_a_day_and_one_of_a_date_that_is_over_does_not():
    from gridgov.policy import Timeline as Dates
    from gridgov.routing import Rulebook, Table

    def with_limit(text):
        setup = small_setup()
        rules = [
            attrs.evolve(rule, then=attrs.evolve(rule.then, limit=parse_limit(text)))
            for rule in setup.rulebooks.entries[0].value.rules.rules
        ]
        street = Street(attrs.evolve(setup, rulebooks=Dates.always(Rulebook(Table.build(rules)))))
        street.do(report(), RESIDENT, id="a")
        street.close()
        street.later(5 * DAY)
        street.do(Reopen("a", reason="x"), RESIDENT)
        return street.case().deadline

    assert with_limit("当日").due_at == dt.datetime(2026, 9, 6, 16, tzinfo=dt.UTC)
    assert with_limit("2026-09-03前").limit.in_("zh") == "1工作日"


def test_who_resolved_and_who_has_a_case_may_both_appeal_and_others_may_not():
    from gridgov.policy import Timeline as Dates

    setup = small_setup()
    lenient = attrs.evolve(setup.case_policy.entries[0].value, spot_rung_max=9)
    street = Street(attrs.evolve(setup, case_policy=Dates.always(lenient)))
    found = OpenCase(kind="clutter", place=HOUSE, source="patrol", agreed_due_at=NOON + HOUR)
    for name in ("a", "b"):
        street.do(found, "builder-81", id=name)
    street.later(2 * HOUR)
    for name in ("a", "b"):
        street.do(Resolve(name), "builder-81")  # late, on the spot, and not the lead
    appeal = RaiseObjection("a", against="lateness", reason="x")
    assert street.refused(appeal, "gas-1") == "objection.not-concerned"
    street.do(appeal, "builder-81")
    street.do(attrs.evolve(appeal, case="b"), "lead-81")


def test_a_ladder_whose_top_has_a_time_ends_at_the_top_all_the_same():
    setup = small_setup()
    top = Ladder(id="grid", rungs=(Rung(id="top", target="desk", after=parse_limit("1紧急工作时")),))
    street = Street(attrs.evolve(setup, ladders={**setup.ladders, "grid": top}))
    street.do(report(), RESIDENT, id="a")
    street.later(9 * DAY)
    assert (street.case().file.rung, street.case().deadline.step) == (1, None)
    assert street.office.faults == ()


def test_a_request_that_is_not_granted_says_what_it_was(street):
    for ask, what in (
        (AskHold("a", until=NOON + DAY, reason="x"), "挂账"),
        (AskExtension("a", by="1工作时", reason="x"), "延期"),
    ):
        street.do(ask, "lead-81")
        street.do(DecideRequest("a", granted=False, reason="x"), "head-8")
        assert street.office.ask(Timeline("a"), by="desk-1")[-1].text == f"head-8 未批准{what}"


def test_a_report_is_suggested_up_to_the_last_hour_and_in_the_same_grid_where_no_position_is_known(street):
    from gridgov.cases import Duplicates

    street.clock.now += 7 * DAY
    street.do(report(place="150203005008001", reporter=NEIGHBOR), NEIGHBOR, id="b")  # the grid, without a position
    found = street.office.ask(Duplicates("a"), by="desk-1")
    assert [(each.case, each.hours, each.meters) for each in found] == [("b", 168, None)]
    street.clock.now += HOUR
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="c")
    assert [each.case for each in street.office.ask(Duplicates("c"), by="desk-1")] == ["b"]


def test_a_department_may_see_its_own_rates_and_board_without_a_grant():
    from gridgov.access import AccessPolicy, Grant

    grants = (Grant(role="resident", names=frozenset({"OpenCase"})),)
    street = Street(attrs.evolve(small_setup(), access=AccessPolicy(grants)))
    street.do(report(), RESIDENT, id="a")
    for view in (Rates(months=("2026-09",), holder="gas"), Board(department="gas")):
        street.office.ask(view, by="gas")
        with pytest.raises(RefusalError):
            street.office.ask(view, by="police")
    # Who reported a case may see it and read its story, and nobody else without a grant.
    for view in (CaseView("a"), Timeline("a"), Search(reporter=RESIDENT)):
        street.office.ask(view, by=RESIDENT)
        with pytest.raises(RefusalError):
            street.office.ask(view, by=NEIGHBOR)


def test_an_emergency_is_prolonged_without_a_moment_of_peace(street):
    street.do(emergency(street, days=1))
    street.later(20 * HOUR)
    assert street.refused(SwitchMode(until=NOON + HOUR * 22, ordinary="pause", reason="x")) == "mode.emergency-already"
    assert street.refused(SwitchMode(until=NOON + 9 * DAY, ordinary="run", reason="x")) == "mode.emergency-already"
    street.do(SwitchMode(until=NOON + 3 * DAY, ordinary="pause", reason="red alert"))
    street.do(report(), RESIDENT, id="b")
    street.later(10 * HOUR)
    for name in ("a", "b"):
        assert street.case(name).deadline.stands_since is not None
        assert street.case(name).deadline.resumes_at == NOON + 3 * DAY
    street.later(3 * DAY)
    assert (street.case("a").deadline.stands_since, len(street.case("a").deadline.pauses)) == (None, 1)


def test_a_case_that_is_opened_in_an_emergency_says_that_its_clock_stands(street):
    street.do(emergency(street))
    street.do(report(), RESIDENT, id="b")
    names = [line.name for line in street.office.ask(Timeline("b"), by="desk-1")]
    assert names == ["case-opened", "case-routed", "case-clock-paused"]


def test_what_was_written_can_be_read_back_and_what_was_published_by_everybody(street):
    street.close()
    result = next(line for line in street.office.ask(Timeline("a"), by="desk-1") if line.name == "case-resolved")
    assert street.office.read_private(result.why.ref, by="desk-1", purpose="case-handling") == "x"
    street.do(PublishResult("a", text="已恢复安静"))
    (line,) = street.office.ask(PublishedResults("2026-09"), by="resident:00009")
    assert (line.text, line.place) == ("已恢复安静", "150203005008001")
    street.office.erase("case:a", by="desk-1")
    (line,) = street.office.ask(PublishedResults("2026-09"), by="resident:00009")
    assert line.text == ""


def test_an_imported_tip_off_is_as_confidential_as_one_that_was_reported_here():
    street = Street()
    tip_off = ImportCase(
        system="12345",
        foreign_id="1",
        kind="noise",
        place=HOUSE,
        opened_at=NOON,
        reporter=RESIDENT,
        hotline_kind="tip-off",
    )
    street.do(tip_off, id="a")
    assert RESIDENT not in str(street.office.ask(CaseView("a"), by="lead-81"))
    assert [row.case for row in street.office.ask(Search(foreign_id="1"), by="desk-1").found] == ["a"]


@pytest.mark.parametrize("reporter", ["13800138000", "张三", "resident 1"])
def test_a_reporter_is_an_opaque_id(reporter):
    assert Street().refused(report(reporter=reporter), RESIDENT) == "case.bad-reporter"


def test_a_call_that_says_nothing_about_the_matter_counts_in_no_rate(street):
    from gridgov.cases import FollowUp

    street.close()
    street.do(FollowUp("a", reached=True, note="忙，稍后再说"))
    assert (rates(street).solution.whole, rates(street).satisfaction.whole) == (0, 0)
    assert street.office.ask(Timeline("a"), by="desk-1")[-1].text == "desk-1 回访：已接通"


def test_the_story_says_who_decided_a_route_and_never_calls_a_part_a_duplicate(street):
    split(street)
    street.do(JoinPart("s.1", reason="x"))
    lines = [line.text for line in street.office.ask(Timeline("s.1"), by="desk-1")]
    assert "desk-1 指定由 燃气公司 gas 办理" in lines[1]
    assert lines[-1] == "desk-1 收回，由 a 继续办理"
    street.do(report("odd"), RESIDENT, id="b")
    assert "没有规则适用" in street.office.ask(Timeline("b"), by="desk-1")[1].text


def test_a_deadline_at_midnight_is_read_as_the_end_of_its_day():
    from gridgov.escalation import start_deadline

    deadline = start_deadline(NOON, Calendar(), None, limit=parse_limit("当日"))
    whole = attrs.evolve(deadline, zone="Asia/Shanghai")
    assert whole.local(whole.due_at) == "2026-09-01 24:00"


def test_a_role_that_nobody_holds_is_named_in_the_explanation():
    street = Street()
    street.do(report(place="150203005"), RESIDENT, id="a")  # the street itself: no area lead stands above
    route = street.case().route
    assert "nobody is on duty as area-lead there or above" in route.explain("en")


def test_changing_the_whole_setup_or_erasing_needs_a_grant_for_the_whole_place(street):
    from gridgov.access import AccessPolicy, Grant

    grants = (
        Grant(role="area-lead", names=frozenset({"*"}), scope="own"),
        Grant(role="desk-officer", names=frozenset({"*"}), scope="all"),
        Grant(role="resident", names=frozenset({"*"})),
    )
    strict = Street(attrs.evolve(small_setup(), access=AccessPolicy(grants)))
    strict.do(report(text="x"), RESIDENT, id="a")
    for act in (
        lambda by: strict.office.amend(small_setup(), by=by, reason="x"),
        lambda by: strict.office.erase("case:a", by=by),
    ):
        with pytest.raises(RefusalError) as refused:
            act("lead-91")
        assert refused.value.code == "access.denied"
    assert strict.office.erase("case:a", by="desk-1") == 1


# --- a second hostile reader ---------------------------------------------------------------------


def days_plugin(known_through, holidays=()):
    class Days:
        @hookimpl
        def gridgov_days(self):
            published = PublishedDays(
                source="days 1",
                holidays=frozenset(holidays),
                moved=frozenset(),
                known_from=dt.date(2026, 1, 1),
                known_through=known_through,
            )
            return {"cn": published}

    return Days()


def test_the_next_notice_is_taken_by_upgrading_the_plugin_opening_and_amending():
    """The whole way: an office stays on the days that it adopted until somebody says otherwise."""
    store, setup = MemoryStore(), attrs.evolve(small_setup(), calendar=Calendar(days="cn"))
    clock = SimulatedClock(NOON)

    def opened(plugin):
        return open_office(setup, store, plugins=[("days", plugin)], discover=False, clock=clock)

    with opened(days_plugin(dt.date(2026, 9, 1))) as office:
        before = office.handle(report(), by=RESIDENT, id="a").state.deadline
        assert (before.provisional, office.newer_days) == (True, False)
    newer = days_plugin(dt.date(2026, 12, 24), [dt.date(2026, 9, 2)])
    with opened(newer) as office:
        assert office.newer_days
        assert office.ask(CaseView("a"), by="desk-1").deadline == before
        office.amend(office.setup, by="desk-1", reason="the notice is out")
        after = office.ask(CaseView("a"), by="desk-1").deadline
        assert (after.due_at, after.provisional, office.newer_days) == (before.due_at + DAY, False, False)
    with opened(newer) as office:
        assert not office.newer_days


def test_an_office_that_hears_of_an_emergency_late_asks_no_case_that_the_first_one_did_not():
    store = MemoryStore()
    first, second = Street(store=store), Street(store=store)
    first.do(report(), RESIDENT, id="a")
    first.do(emergency(first, days=5))
    first.later(6 * DAY)
    agreed = first.clock.now + 20 * DAY
    old = ImportCase(system="s", foreign_id="1", kind="noise", place=HOUSE, opened_at=NOON - DAY, due_at=agreed)
    first.do(old, id="b")
    second.clock.now = first.clock.now
    for street in (second, Street(store=store), first):
        assert street.case("b").deadline.due_at == agreed


@pytest.mark.parametrize("often", [True, False])
def test_a_hold_that_ends_in_an_emergency_waits_whether_or_not_anybody_asked_the_clock(often, street):
    street.do(AskHold("a", until=NOON + 2 * DAY, reason="x"), "lead-81")
    street.do(DecideRequest("a", granted=True), "head-8")
    street.do(emergency(street, days=10))
    for _ in range(12):
        if often:
            street.later(DAY)
        else:
            street.clock.now += DAY
    street.do(report(), RESIDENT, id="b")  # another case, which asks for the mode
    street.office.tick(street.clock.now)
    deadline = street.case().deadline
    assert [(pause.start, pause.end) for pause in deadline.pauses] == [
        (NOON, NOON + 2 * DAY),
        (NOON + 2 * DAY, NOON + 10 * DAY),
    ]
    assert street.case().file.rung == 0


def test_a_hold_that_ended_before_an_emergency_is_not_part_of_it(street):
    street.do(AskHold("a", until=NOON + 2 * DAY, reason="x"), "lead-81")
    street.do(DecideRequest("a", granted=True), "head-8")
    street.clock.now += 2 * DAY + 2 * HOUR
    street.do(emergency(street, days=3))
    assert street.case().deadline.stands_since == NOON + 2 * DAY + 2 * HOUR


def test_what_was_due_before_an_amendment_is_worked_out_by_the_setup_of_then(street):
    street.clock.now += 2 * DAY
    rests = Calendar(known_through=dt.date(2026, 12, 31), holidays=frozenset({dt.date(2026, 9, 2)}), notice="new")
    street.office.amend(attrs.evolve(small_setup(), calendar=rests), by="desk-1", reason="x")
    assert street.case().file.rung == 2


def test_a_check_that_fails_after_an_authority_leaves_a_clock_that_runs(street):
    street.do(HandOver("a", authority="police", reason="x"), "lead-81")
    street.do(ConfirmReceipt("a", receipt="17"), "police-1")
    street.do(RecordOutcome("a", taken_up=True, result="x"), "police-1")
    street.do(Check("a", passed=False, reason="x"), "head-9")
    assert street.case().deadline.stands_since is None
    street.later(40 * DAY)
    assert street.case().file.rung == 2


def test_an_authority_and_an_emergency_that_overlap_each_have_their_own_end(street):
    street.do(HandOver("a", authority="police", reason="x"), "lead-81")
    street.do(ConfirmReceipt("a", receipt="17"), "police-1")
    street.later(59 * DAY)
    street.do(emergency(street, days=30))
    street.later(5 * DAY)  # the authority's sixty days are over, the emergency is not
    assert street.case().deadline.stands_for == "mode"
    street.do(EndMode(reason="x"), "desk-2")
    assert street.case().deadline.stands_since is None


def test_a_correction_in_an_emergency_keeps_the_time_that_an_agreed_date_stood_still():
    street = Street()
    for name in ("a", "b"):
        street.do(report(agreed_due_at=NOON + 5 * DAY), RESIDENT, id=name)
    street.do(emergency(street, days=10))
    street.later(4 * DAY)
    street.do(Correct("a", kind="clutter", reason="x"))
    street.later(7 * DAY)
    assert street.case("a").deadline.due_at == street.case("b").deadline.due_at == NOON + 15 * DAY


def test_a_rung_that_was_asked_for_does_not_come_again_with_more_time():
    setup = small_setup()
    rungs = tuple(
        Rung(id=f"r{n}", target=target, after=parse_limit("2紧急工作时") if n < 2 else None)
        for n, target in enumerate(["role:general-grid-head", "org:police", "desk"])
    )
    street = Street(attrs.evolve(setup, ladders={**setup.ladders, "grid": Ladder(id="grid", rungs=rungs)}))
    street.do(report(), RESIDENT, id="a")
    street.do(AskExtension("a", by="3工作日", reason="x"), "lead-81")
    street.later(DAY)  # the first rung
    street.do(DecideRequest("a", granted=True), "head-9")
    street.do(Escalate("a", reason="x"), "lead-81")  # the second one
    street.later(30 * DAY)
    events = [r for r in every_record(street.store) if r.name == "case-escalated"]
    assert [b'"rung":' + str(n).encode() in record.body for n, record in enumerate(events)] == [True] * 3


def test_a_hold_after_an_agreed_date_leaves_the_rung_the_time_that_it_had():
    def left(**more):
        street = Street()
        street.do(report(**more), RESIDENT, id="a")
        street.do(AskHold("a", until=NOON + 20 * DAY, reason="x"), "lead-81")
        street.later(DAY + HOUR)
        street.do(DecideRequest("a", granted=True), "head-9")
        street.later(19 * DAY)
        return street.case().deadline.step

    by_limit, agreed = left(), left(agreed_due_at=NOON + DAY)
    assert by_limit.at == agreed.at


def test_more_time_that_is_over_when_it_is_granted_is_warned_of_then(street):
    street.do(report("gas.smell"), RESIDENT, id="b")
    street.do(AskExtension("b", by="1紧急工作时", reason="x"), "gas-1")
    street.later(10 * DAY)
    street.do(DecideRequest("b", granted=True), "head-9")
    street.later(HOUR)
    reds = [line for line in street.office.ask(Timeline("b"), by="desk-1") if line.text.startswith("红牌")]
    assert reds[-1].at >= NOON + 10 * DAY


def test_a_date_that_was_over_at_the_opening_is_pressed_for_from_the_opening_on():
    street = Street()
    street.do(report(agreed_due_at=NOON - 5 * DAY), RESIDENT, id="a")
    street.later(HOUR)
    rungs = [r.occurred_at for r in every_record(street.store) if r.name in ("case-warned", "case-escalated")]
    assert rungs == [NOON, NOON]


def test_no_yellow_warning_comes_after_the_deadline(street):
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="b")
    street.do(LinkDuplicate("b", of="a"))
    street.later(20 * DAY)
    street.do(UnlinkDuplicate("b", reason="x"))
    street.later(HOUR)
    assert not any(line.text.startswith("黄牌") for line in street.office.ask(Timeline("b"), by="desk-1"))


def test_a_part_that_was_split_off_in_an_emergency_is_warned_of_like_the_whole(street):
    street.do(emergency(street, days=1))
    split(street)
    street.later(30 * DAY)
    for name in ("a", "s.1"):
        texts = [line.text[:2] for line in street.office.ask(Timeline(name), by="desk-1")]
        assert texts.count("黄牌") == texts.count("红牌") == 1, name


def test_a_correction_counts_from_the_report_and_not_from_where_the_other_kind_counted():
    counting = Counting(cutoff=16 * 60 + 30, resumes=8 * 60 + 30)
    calendar = Calendar(known_through=dt.date(2026, 12, 31), counting=counting)
    street = Street(attrs.evolve(small_setup(), calendar=calendar))
    street.clock.now = NOON + 6 * HOUR  # six in the evening
    street.do(report(), RESIDENT, id="a")
    street.do(Correct("a", kind="gas.smell", reason="x"))
    assert street.case().deadline.due_at == NOON + 8 * HOUR
    with pytest.raises(ValueError, match="an earlier time"):
        Counting(cutoff=480, resumes=540)


def test_a_start_that_waits_for_a_notice_is_worked_out_again_with_it():
    counting = Counting(cutoff=16 * 60 + 30, resumes=8 * 60 + 30)
    unknown = Calendar(known_through=dt.date(2026, 9, 4), counting=counting)
    setup = attrs.evolve(small_setup(), calendar=unknown)
    street = Street(setup)
    street.clock.now = NOON + 4 * DAY - 2 * HOUR  # Saturday, ten in the morning
    street.do(report(), RESIDENT, id="a")
    assert street.case().deadline.provisional
    noticed = attrs.evolve(unknown, known_through=dt.date(2026, 12, 24), moved=frozenset({dt.date(2026, 9, 5)}))
    street.office.amend(attrs.evolve(setup, calendar=noticed), by="desk-1", reason="x")
    street.do(report(), RESIDENT, id="b")
    assert street.case("a").deadline.due_at == street.case("b").deadline.due_at


def test_a_case_whose_parts_were_all_taken_back_goes_on(street):
    split(street)
    for part in ("s.1", "s.2"):
        street.do(JoinPart(part, reason="x"))
    assert isinstance(street.case(), Dispatched)
    split(street, "again")


def test_a_tip_off_without_an_id_keeps_its_contact_to_itself_and_earns_no_points():
    street = Street()
    street.do(report(hotline_kind="tip-off", reporter="", contact="13800138000"), "wechat:o6_bm", id="a")
    assert street.office.ask(CaseView("a"), by="lead-81").file.contact is None
    assert "o6_bm" not in str(street.office.ask(CaseView("a"), by="lead-81"))
    with pytest.raises(RefusalError) as refused:
        street.office.read_private("150203005/a/contact", by="lead-81", purpose="feedback")
    assert refused.value.code == "private.withheld"
    street.do(report(hotline_kind="tip-off"), RESIDENT, id="b")
    street.close("b")
    assert not any(record.name == "award-proposed" for record in every_record(street.store))


def test_a_tip_off_is_hidden_in_outcomes_parts_and_after_it_was_unlinked():
    street = Street()
    street.do(report(hotline_kind="tip-off"), RESIDENT, id="a")
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="b")
    outcome = street.do(LinkDuplicate("a", of="b"), "lead-81")
    assert RESIDENT not in str(outcome.events) + str(outcome.state)
    street.do(Urge("b"), RESIDENT)
    street.do(UnlinkDuplicate("a", reason="x"))
    assert RESIDENT not in str(street.office.ask(Timeline("b"), by="lead-81"))
    split(street)
    assert RESIDENT not in str(street.office.ask(CaseView("s.1"), by="gas-1"))


def test_a_tag_is_a_word():
    assert Street().refused(report(tags=("王某 13800138000",)), RESIDENT) == "case.bad-tag"
    Street().do(report(tags=("噪音", "night-2")), RESIDENT)


def test_nobody_gets_round_a_guard_through_their_organization(street):
    street.do(report("gas.smell"), RESIDENT, id="g")
    assert street.refused(HandOver("g", authority="gas", reason="x"), "gas-1") == "handover.to-itself"
    street.do(report("odd"), RESIDENT, id="o")
    street.do(Transfer("a", lead="org:gas", reason="x"), "lead-81")
    street.do(Return("a", reason="x"), "gas-1")
    from gridgov.cases import Dispatch

    street.do(Dispatch("a", lead="role:area-lead"))
    assert street.refused(Transfer("a", lead="gas-1", reason="x"), "lead-81") == "case.returned-by-them"
    street.do(OpenCase(kind="gas.smell", place=HOUSE, source="patrol"), "gas-1", id="p")
    assert street.refused(Resolve("p"), "gas") == "case.finder-handles"
    whistle = BlowWhistle(("g",), organizations=("police",), report_by=NOON + DAY, reason="x")
    street.do(whistle, "police-1", id="w")
    street.do(ReportIn("g", whistle="w", organization="police"), "police-1")
    mark = AppraiseWhistle("g", whistle="w", organization="police", mark=5)
    assert street.refused(mark, "police-1") == "whistle.appraises-itself"


def test_who_typed_a_report_in_does_not_rate_or_withdraw_it_for_the_reporter(street):
    street.do(report(), "desk-1", id="b")
    assert street.refused(Withdraw("b"), "desk-1") == "case.no-reason"
    street.close("b")
    assert street.refused(Rate("b", score=5), "desk-1") == "case.not-the-reporter"


def test_a_finder_who_corrects_a_matter_does_not_handle_it_on_the_spot():
    street = Street()
    street.do(OpenCase(kind="noise", place=HOUSE, source="patrol"), "lead-81", id="a")
    street.do(Correct("a", kind="clutter", reason="x"), "lead-81")
    assert street.refused(Resolve("a"), "lead-81") == "case.finder-handles"


def test_who_handled_a_part_does_not_check_the_whole(street):
    split(street)
    for part, by in (("s.1", "gas-1"), ("s.2", "police-1")):
        street.do(Resolve(part), by)
        street.do(Check(part, passed=True), "head-9")
    street.do(Resolve("a"), "lead-81")
    assert street.refused(Check("a", passed=True), "gas-1") == "case.handler-checks-own-work"


def test_a_late_lead_does_not_link_their_case_away(street):
    street.do(report("gas.smell", place=OTHER), NEIGHBOR, id="g")
    assert street.refused(LinkDuplicate("a", of="g"), "lead-81") == "case.not-the-desk"
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="b")
    street.later(DAY + HOUR)
    assert street.refused(LinkDuplicate("a", of="b"), "lead-81") == "case.not-the-desk"


def test_a_late_first_answer_counts_in_the_month_of_the_report(street):
    street.clock.now += 40 * DAY
    street.do(report(), RESIDENT, id="b")
    assert (rates(street).response.part, rates(street).response.whole) == (0, 1)
    street.later(HOUR)
    assert street.case("a").lead.holder == "desk"  # the ladder took it over long ago
    street.do(Acknowledge("a"), "desk-1")
    assert (rates(street).response.part, rates(street).response.whole) == (0, 1)


def test_the_state_after_a_failed_check_is_dispatched_again(street):
    street.do(Resolve("a"), "lead-81")
    assert isinstance(street.case(), Resolved)
    street.do(Check("a", passed=False, reason="x"), "head-9")
    assert isinstance(street.case(), Dispatched)


def test_how_far_reactions_have_come_never_goes_back():
    store = MemoryStore()
    first = Street(store=store)
    first.do(report(), RESIDENT, id="a")
    second = Street(store=store)
    second.clock.now = first.clock.now
    second.do(emergency(second))
    second.do(EndMode(reason="x"))
    came = second.office._pending, store.cursor("reactions")
    second.office.tick(second.clock.now)
    reached = store.cursor("reactions").position
    first.office._reacted = 0
    first.office._save_reactions()
    assert store.cursor("reactions").position == reached, came


def test_the_end_of_one_emergency_does_not_wake_what_stands_still_for_the_next():
    store = MemoryStore()
    street = Street(store=store)
    street.do(report(), RESIDENT, id="a")
    street.do(emergency(street))
    street.later(HOUR)
    street.do(EndMode(reason="x"))
    street.later(HOUR)
    street.do(emergency(street))
    stands = street.case().deadline
    assert stands.stands_for == "mode"
    # The end of the first is read once more, by an office that had been killed before it wrote how far it had come.
    store.save_cursor(attrs.evolve(store.cursor("reactions"), position=0))
    again = Street(store=store)
    again.clock.now = street.clock.now
    again.office.tick(again.clock.now)
    assert again.case().deadline == stands


def test_a_colleague_of_who_found_a_matter_may_handle_it(street):
    street.do(OpenCase(kind="odd", place=HOUSE, source="patrol"), "desk-1", id="p")
    assert street.refused(Resolve("p"), "desk-1") == "case.finder-handles"
    street.do(Resolve("p"), "desk-2")


def test_the_desk_takes_a_report_back_for_a_caller_who_asks_for_it(street):
    street.do(report(), "desk-1", id="b")
    assert street.refused(Withdraw("b"), "desk-2") == "case.no-reason"
    outcome = street.do(Withdraw("b", reason="来电要求撤回"), "desk-2")
    assert outcome.events[0].reason is not None
    street.do(Withdraw("a"), RESIDENT)


def test_a_finder_who_corrects_the_place_alone_handles_it_on_the_spot_all_the_same():
    for command, code in ((Correct("a", place=OTHER, reason="x"), None), (Correct("a", kind="clutter", reason="x"), 1)):
        street = Street()
        street.do(OpenCase(kind="noise", place=HOUSE, source="patrol"), "lead-81", id="a")
        street.do(command, "lead-81")
        assert street.case().file.no_spot is (code is not None)


def test_who_made_a_tip_off_is_not_named_as_a_follower_of_what_is_linked_to_it():
    street = Street()
    street.do(report(confidential=True), RESIDENT, id="a")
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="b")
    street.do(Follow("b"), RESIDENT)
    street.do(LinkDuplicate("b", of="a"))
    assert RESIDENT in str(street.office.ask(CaseView("a"), by="desk-1"))
    assert RESIDENT not in str(street.office.ask(CaseView("a"), by="lead-81"))


def test_the_clock_says_that_it_knows_no_instants_of_the_first_year():
    calendar = small_setup().calendar
    with pytest.raises(ValueError, match="the year 2"):
        due(parse_limit("4 working hours"), dt.datetime(1, 1, 1, 12, tzinfo=dt.UTC), calendar)
