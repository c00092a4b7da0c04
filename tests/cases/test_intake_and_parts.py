"""How a case begins, is corrected, linked, divided, handed over: told as given – when – then."""

import datetime as dt

import attrs
import pytest

from gridgov.cases import (
    Accept,
    Acknowledge,
    Answer,
    AskExtension,
    AskHold,
    BlowWhistle,
    CaseCorrected,
    CaseDispatched,
    CaseEscalated,
    CaseLinked,
    CaseOpened,
    CaseReturned,
    CaseRouted,
    Check,
    Close,
    Closed,
    ConfirmReceipt,
    Correct,
    DecideObjection,
    DecideRequest,
    Decline,
    Declined,
    Dispatch,
    Dispatched,
    DuplicateFound,
    Escalate,
    Follow,
    HandOver,
    ImportCase,
    InParts,
    JoinPart,
    LinkDuplicate,
    Linked,
    OpenCase,
    RaiseObjection,
    RecordOutcome,
    Registered,
    Resolve,
    Resolved,
    Return,
    SplitCase,
    Supervise,
    Transfer,
    Unfollow,
    UnlinkDuplicate,
    Urge,
    Withdraw,
)
from gridgov.policy import Timeline
from gridgov.testing import NOON, Scenario, small_setup
from gridgov.worktime import Calendar, Pause, Session, weekly

HOUSE, OTHER_HOUSE = "150203005008-B001", "150203005009-B001"
RESIDENT, NEIGHBOR = "resident:00001", "resident:00002"
HOUR = dt.timedelta(hours=1)


def report(kind="noise", place=HOUSE, **more):
    return OpenCase(kind=kind, place=place, source="resident", **{"reporter": RESIDENT, **more})


def opened(kind="noise", scenario=None, **more):
    return (scenario or Scenario()).given(report(kind, **more), by=RESIDENT, id="a")


def policy(**changes):
    setup = small_setup()
    return attrs.evolve(setup, case_policy=Timeline.always(attrs.evolve(setup.case_policy.entries[0].value, **changes)))


# --- intake -------------------------------------------------------------------------------------


def test_the_desk_accepts_what_no_rule_took_once_and_that_is_the_first_answer():
    case = opened("odd").after(hours=1).given(Accept("a"), by="desk-1")
    file = case.case("a").file
    assert (file.accepted_at, file.responded_at) == (NOON + HOUR, NOON + HOUR)
    case.when(Accept("a"), by="desk-1").refused("case.accepted-already")
    opened("odd").when(Accept("a"), by="head-8").refused("case.not-the-desk")


def test_what_a_rule_decided_is_accepted_by_it():
    assert opened().case("a").file.accepted_at == NOON
    assert opened("odd").given(Dispatch("a", lead="org:gas"), by="desk-1").case("a").file.accepted_at == NOON


def test_a_declined_report_may_be_objected_to_and_then_begins_with_a_whole_limit():
    declined = opened().after(hours=30).given(Decline("a", reason="不属于本街道"), by="desk-1")
    assert isinstance(declined.case("a"), Declined)
    declined.given(RaiseObjection("a", against="refusal", reason="就在门口"), by=RESIDENT).after(hours=48)
    again = DecideObjection("a", upheld=True, lead="role:area-lead", reason="应当受理")
    declined.when(again, by="desk-1").refused("objection.decided-by-a-person")
    declined.setup = policy(separate="organization")
    declined.when(again, by="desk-2").refused("objection.decided-by-a-person")
    case = declined.given(again, by="head-9").case("a")
    assert (case.lead.holder, case.deadline.start_at) == ("lead-81", NOON + 78 * HOUR)
    assert case.deadline.due_at > NOON + 78 * HOUR


def test_a_case_that_somebody_is_at_or_waits_for_is_not_declined():
    opened().given(Acknowledge("a"), by="lead-81").when(Decline("a", reason="x"), by="desk-1").refused(
        "case.acknowledged-already"
    )
    whistle = BlowWhistle(("a",), organizations=("police",), report_by=NOON + HOUR)
    opened().given(whistle, by="desk-1").when(Decline("a", reason="x"), by="desk-1").refused("case.unsettled")
    opened().when(Decline("a"), by="desk-1").refused("case.no-reason")
    opened().when(Decline("a", reason="x"), by="lead-81").refused("case.not-the-desk")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"hotline_kind": "poem"}, "case.unknown-hotline-kind"),
        ({"departments": -1}, "case.negative-count"),
    ],
)
def test_a_report_that_says_something_impossible_is_refused(change, code):
    Scenario().when(report(**change), by=RESIDENT, id="a").refused(code)


def test_a_tip_off_is_confidential_whatever_was_asked_for():
    assert opened(hotline_kind="tip-off").case("a").file.confidential
    assert not opened(hotline_kind="complaint").case("a").file.confidential
    assert opened(hotline_kind="help", confidential=True).case("a").file.confidential


def imported(**changes):
    values = {
        "system": "12345",
        "foreign_id": "2026-778",
        "kind": "noise",
        "place": HOUSE,
        "opened_at": NOON - 20 * HOUR,
        "reporter": RESIDENT,
    }
    return ImportCase(**{**values, **changes})


def test_an_imported_case_keeps_its_opening_and_what_was_promised_and_is_pressed_from_now_on():
    case = Scenario().given(imported(lead="org:gas", due_at=NOON + HOUR), by="desk-1", id="a").case("a")
    assert (case.file.opened_at, case.deadline.start_at) == (NOON - 20 * HOUR, NOON - 20 * HOUR)
    assert (case.lead.holder, case.deadline.due_at) == ("gas", NOON + HOUR)
    assert (case.file.imported_from, case.file.foreign_id) == ("12345", "2026-778")
    assert case.deadline.step.at >= NOON
    assert "另一" not in case.route.explain("zh")
    assert "从其他系统转入" in case.route.explain("zh")


def test_an_imported_case_without_a_lead_is_routed_and_one_that_is_late_already_is_pressed_now():
    case = Scenario().given(imported(opened_at=NOON - 400 * HOUR), by="desk-1", id="a").case("a")
    assert (case.lead.holder, case.deadline.due_at < NOON, case.deadline.step.at) == ("lead-81", True, NOON)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"opened_at": NOON + HOUR}, "case.opened-later"),
        ({"system": ""}, "case.no-origin"),
        ({"kind": "ghost"}, "case.unknown-kind"),
        ({"place": "ghost"}, "case.unknown-place"),
        ({"source": "ghost"}, "case.unknown-source"),
        ({"lead": "org:ghost"}, "case.unknown-party"),
        ({"due_at": NOON.replace(tzinfo=None)}, "case.naive-instant"),
    ],
)
def test_an_import_that_contradicts_itself_is_refused(changes, code):
    Scenario().when(imported(**changes), by="desk-1", id="a").refused(code)


# --- correction ---------------------------------------------------------------------------------


def test_a_corrected_kind_is_routed_again_and_the_clock_keeps_its_start():
    case = opened().after(hours=3).when(Correct("a", kind="question", reason="是咨询"), by="desk-1")
    case.then(CaseCorrected)
    after = case.case("a")
    assert (after.file.kind, after.route.rule, after.file.checked) == ("question", "question", False)
    assert (after.deadline.start_at, after.deadline.limit.in_("zh")) == (NOON, "4工作时")
    # Tuesday noon: the afternoon has four working hours.
    assert after.deadline.due_at == NOON + 6 * HOUR


def test_a_corrected_place_goes_to_its_own_lead_and_a_correction_of_nothing_is_refused():
    case = opened().given(Correct("a", place=OTHER_HOUSE, reason="门牌写错"), by="lead-81").case("a")
    assert (case.lead.holder, case.file.place, case.file.grid) == ("lead-91", OTHER_HOUSE, "150203005009001")
    opened().when(Correct("a", kind="noise", reason="x"), by="desk-1").refused("case.nothing-corrected")
    opened().when(Correct("a", kind="tax", reason="x"), by="desk-1").refused("case.not-admitted")
    opened().when(Correct("a", kind="question"), by="desk-1").refused("case.no-reason")
    opened().when(Correct("a", kind="question", reason="x"), by="gas-1").refused("case.not-the-lead")


def test_a_correction_that_makes_it_late_presses_from_now_on_and_not_in_the_past():
    case = opened().after(hours=20).given(Correct("a", kind="gas.smell", reason="有燃气味"), by="desk-1").case("a")
    assert case.deadline.due_at == NOON + 2 * HOUR
    assert case.deadline.step.at == NOON + 20 * HOUR


def test_a_correction_keeps_the_pauses_and_the_extensions_that_still_fit():
    held = opened().given(AskExtension("a", by="2工作时", reason="x"), by="lead-81")
    held.given(DecideRequest("a", granted=True), by="head-8")
    held.given(AskHold("a", until=NOON + 24 * HOUR, reason="x"), by="lead-81")
    held.given(DecideRequest("a", granted=True), by="head-8")
    held.at = held.case("a").until
    from gridgov.cases import EndHold

    held.given(EndHold("a", due_at=held.at), by="system:clock")
    before = held.case("a").deadline
    after = held.given(Correct("a", kind="question", reason="x"), by="desk-1").case("a").deadline
    assert after.pauses == before.pauses == (Pause(NOON, NOON + 24 * HOUR),)
    assert after.extensions == before.extensions
    urgent = held.given(Correct("a", kind="gas.smell", reason="x"), by="desk-1").case("a").deadline
    # Two working hours do not run around the clock: they wait for a kind whose limit does.
    assert urgent.due_at == NOON + 26 * HOUR
    back = held.given(Correct("a", kind="noise", reason="x"), by="desk-1").case("a").deadline
    assert back.due_at == before.due_at
    held.given(AskExtension("a", by="1工作时", reason="x"), by="lead-81")
    assert held.given(DecideRequest("a", granted=True), by="head-8").case("a").file.granted == 2
    held.when(AskExtension("a", by="1工作时", reason="x"), by="lead-81").refused("case.extended-enough")


# --- duplicates ---------------------------------------------------------------------------------


def two():
    return opened().given(report(reporter=NEIGHBOR), by=NEIGHBOR, id="b")


def test_two_reports_of_one_matter_know_of_each_other_and_can_be_taken_apart_again():
    both = two().when(LinkDuplicate("b", of="a"), by="desk-1").then(CaseLinked, DuplicateFound)
    assert (both.case("b").of, both.case("a").file.duplicates[0].case) == ("a", "b")
    due_at = both.case("b").before.deadline.due_at
    both.after(hours=2).given(UnlinkDuplicate("b", reason="两处"), by="desk-1")
    assert both.case("a").file.duplicates == ()
    # Whoever linked them was wrong; the neighbor's deadline is the one that they had.
    assert (type(both.case("b")), both.case("b").deadline.due_at) == (Dispatched, due_at)


def test_a_duplicate_is_linked_to_one_that_is_open_once_and_never_to_itself():
    two().when(LinkDuplicate("a", of="a"), by="desk-1").refused("case.linked-to-itself")
    two().when(LinkDuplicate("a", of="ghost"), by="desk-1").refused("case.unknown")
    linked = two().given(LinkDuplicate("b", of="a"), by="desk-1")
    linked.when(LinkDuplicate("b", of="a"), by="desk-1").refused("case.wrong-state")
    linked.when(LinkDuplicate("a", of="b"), by="desk-1").refused("case.unsettled")
    gone = two().given(Withdraw("a"), by=RESIDENT)
    gone.when(LinkDuplicate("b", of="a"), by="desk-1").refused("case.wrong-state")


def test_who_reported_a_matter_cannot_take_it_back_for_the_others():
    linked = two().given(LinkDuplicate("b", of="a"), by="desk-1")
    linked.when(Withdraw("a"), by=RESIDENT).refused("case.others-reported-it")


def test_a_case_is_followed_once_and_left_again():
    case = opened().given(Follow("a"), by=NEIGHBOR)
    assert case.case("a").file.followers == (NEIGHBOR,)
    case.when(Follow("a"), by=NEIGHBOR).refused("case.followed-already")
    case.when(Follow("a"), by=RESIDENT).refused("case.followed-already")
    assert case.given(Unfollow("a"), by=NEIGHBOR).case("a").file.followers == ()
    case.when(Unfollow("a"), by=NEIGHBOR).refused("case.not-followed")


# --- handing on ---------------------------------------------------------------------------------


def test_the_third_return_goes_up_a_rung_instead_of_to_the_desk_again():
    """防止推诿: the third return goes up."""
    case = opened()
    for _ in range(2):
        case.when(Return("a", reason="x"), by="lead-81").then(CaseReturned)
        case.given(Dispatch("a", lead="role:area-lead"), by="desk-1")
    case.when(Return("a", reason="x"), by="lead-81").then(CaseReturned, CaseEscalated)
    state = case.case("a")
    assert (type(state), state.lead.holder, state.file.rung, state.file.returns) == (Dispatched, "head-8", 1, 3)


def test_a_case_is_not_passed_back_to_who_has_returned_it_but_the_desk_may_insist():
    case = opened().given(Return("a", reason="x"), by="lead-81").given(Dispatch("a", lead="org:gas"), by="desk-1")
    back = Transfer("a", lead="role:area-lead", reason="x")
    case.when(back, by="gas-1").refused("case.returned-by-them")
    assert case.given(back, by="desk-1").case("a").lead.holder == "lead-81"


def test_who_found_a_matter_on_patrol_does_not_handle_it_unless_its_rule_says_so():
    """发现与处置分离; 当场处置."""
    found = OpenCase(kind="noise", place=HOUSE, source="patrol")
    case = Scenario().given(found, by="lead-81", id="a")
    case.when(Resolve("a"), by="lead-81").refused("case.finder-handles")
    spot = Scenario().given(attrs.evolve(found, kind="clutter"), by="builder-81", id="a")
    assert isinstance(spot.given(Resolve("a"), by="builder-81").case("a"), Resolved)
    lenient = Scenario(policy(finder_differs=False)).given(found, by="lead-81", id="a")
    assert isinstance(lenient.given(Resolve("a"), by="lead-81").case("a"), Resolved)


def test_on_the_spot_ends_where_the_case_has_climbed():
    found = OpenCase(kind="clutter", place=HOUSE, source="patrol")
    case = Scenario().given(found, by="builder-81", id="a").given(Escalate("a", reason="x"), by="lead-81")
    case.when(Resolve("a"), by="builder-81").refused("case.not-the-lead")
    higher = Scenario(policy(spot_rung_max=1)).given(found, by="builder-81", id="a")
    higher.given(Escalate("a", reason="x"), by="lead-81").given(Resolve("a"), by="builder-81")


def test_a_case_is_urged_by_who_waits_for_it_and_supervised_by_a_person_by_name():
    case = opened().given(Urge("a"), by=RESIDENT).given(Follow("a"), by=NEIGHBOR).given(Urge("a"), by=NEIGHBOR)
    assert case.case("a").file.urges == 2
    case.when(Urge("a"), by="resident:00009").refused("case.not-concerned")
    case.when(Supervise("a", supervisor="police", reason="x"), by="desk-1").refused("case.supervisor-is-a-person")
    case.when(Supervise("a", supervisor="lead-81", reason="x"), by="desk-1").refused("case.supervises-itself")
    case.when(Supervise("a", supervisor="head-8", reason="x"), by="lead-81").refused("case.not-the-desk")
    case.given(Supervise("a", supervisor="head-8", reason="x"), by="desk-1").given(Urge("a"), by="head-8")
    assert case.case("a").file.supervisor.holder == "head-8"


# --- parts --------------------------------------------------------------------------------------


def split(**more):
    command = SplitCase("a", leads=("org:gas", "org:police"), reason="两家各管一段", **more)
    return opened().given(command, by="desk-1", id="s")


def test_a_divided_case_is_handled_when_every_part_is():
    """联合处置: each part has a lead, a place and a clock; the whole waits for all of them."""
    case = split(places=(HOUSE, OTHER_HOUSE))
    whole, part = case.case("a"), case.case("s.2")
    assert (type(whole), whole.file.parts, whole.lead.holder) == (InParts, ("s.1", "s.2"), "lead-81")
    assert (part.lead.holder, part.file.place, part.file.parent) == ("police", OTHER_HOUSE, "a")
    assert part.deadline.due_at == whole.deadline.due_at
    case.when(Resolve("a"), by="lead-81").refused("case.parts-open")
    for name, by in (("s.1", "gas-1"), ("s.2", "police-1")):
        case.given(Resolve(name), by=by).given(Check(name, passed=True), by="desk-1")
        assert isinstance(case.case(name), Closed)
    assert case.case("a").file.parts == ()
    assert isinstance(case.given(Resolve("a"), by="lead-81").case("a"), Resolved)


def test_a_part_of_a_kind_without_a_check_is_closed_when_it_is_resolved():
    case = opened("question").given(SplitCase("a", leads=("org:gas", "org:police"), reason="x"), by="desk-1", id="s")
    assert isinstance(case.given(Resolve("s.1"), by="gas-1").case("s.1"), Closed)
    assert case.case("a").file.parts == ("s.2",)


def test_a_part_may_be_taken_back_and_a_whole_without_parts_goes_on():
    case = split().given(JoinPart("s.1", reason="x"), by="lead-81").given(JoinPart("s.2", reason="x"), by="desk-1")
    assert (type(case.case("s.1")), case.case("s.1").of, case.case("a").file.parts) == (Linked, "a", ())
    case.when(UnlinkDuplicate("s.1", reason="x"), by="desk-1").refused("case.is-a-part")
    case.given(Resolve("a"), by="lead-81")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (SplitCase("a", leads=("org:gas",), reason="x"), "case.bad-parts"),
        (SplitCase("a", leads=("org:gas", "org:police"), places=(HOUSE,), reason="x"), "case.bad-parts"),
        (SplitCase("a", leads=("org:gas", "org:ghost"), reason="x"), "case.unknown-party"),
        (SplitCase("a", leads=("org:gas", "org:police"), places=(HOUSE, "ghost"), reason="x"), "case.unknown-place"),
        (SplitCase("a", leads=("org:gas", "org:police")), "case.no-reason"),
        (JoinPart("a", reason="x"), "case.not-a-part"),
    ],
)
def test_a_division_that_makes_no_sense_is_refused_whole(command, code):
    case = opened()
    case.when(command, by="desk-1", id="s").refused(code)
    assert set(case.subjects) == {"case:a"}


def test_a_part_is_not_split_linked_withdrawn_or_reopened_by_itself():
    case = split()
    again = SplitCase("s.1", leads=("org:gas", "org:police"), reason="x")
    case.when(again, by="desk-1").refused("case.is-a-part")
    case.when(LinkDuplicate("s.1", of="a"), by="desk-1").refused("case.is-a-part")
    case.when(Withdraw("s.1"), by="desk-1").refused("case.is-a-part")


def test_an_overdue_whole_climbs_while_it_waits_and_stays_in_parts():
    case = split()
    from gridgov.cases import ClimbLadder, WarnOfDeadline

    for _ in range(4):
        step = case.case("a").deadline.step
        case.at = step.at
        colors = {"warn": "yellow", "red": "red"}
        if step.kind == "climb":
            case.given(ClimbLadder("a", rung=step.rung, due_at=step.at), by="system:clock")
        else:
            case.given(WarnOfDeadline("a", due_at=step.at, color=colors[step.kind]), by="system:clock")
    whole = case.case("a")
    assert (type(whole), whole.lead.holder, whole.file.rung) == (InParts, "desk", 2)


# --- hand-over ----------------------------------------------------------------------------------


def handed():
    return opened().given(HandOver("a", authority="police", reason="涉嫌违法"), by="lead-81")


def test_a_lead_that_was_handed_over_waits_with_a_receipt_while_the_clock_stands_still():
    """线索移送: receipt and outcome."""
    case = handed().after(hours=1).given(ConfirmReceipt("a", receipt="公移2026-17"[2:]), by="police-1")
    assert case.case("a").deadline.stands_since == NOON + HOUR
    case.when(ConfirmReceipt("a", receipt="x"), by="police-1").refused("handover.received-already")
    done = case.after(days=40).given(RecordOutcome("a", taken_up=True, result="已立案"), by="police-1").case("a")
    assert (type(done), done.in_time, done.resolved_by) == (Resolved, True, "police-1")


def test_a_lead_that_was_refused_comes_back_with_the_time_that_was_left():
    before = handed().case("a").deadline
    case = handed().given(ConfirmReceipt("a", receipt="17"), by="police-1").after(hours=24)
    back = case.given(RecordOutcome("a", taken_up=False, result="不属于管辖"), by="police-1").case("a")
    assert (type(back), back.lead.holder) == (Dispatched, "lead-81")
    # The receipt came at Tuesday noon, the refusal a day later: one working day was not counted.
    assert back.deadline.due_at == before.due_at + 24 * HOUR
    assert back.deadline.stands_since is None


@pytest.mark.parametrize(
    ("command", "by", "code"),
    [
        (RecordOutcome("a", taken_up=True, result="x"), "police-1", "handover.no-receipt"),
        (RecordOutcome("a", taken_up=True), "police-1", "case.no-reason"),
        (ConfirmReceipt("a", receipt="给王某的回执"), "police-1", "handover.bad-receipt"),
        (ConfirmReceipt("a", receipt="17"), "gas-1", "handover.not-the-authority"),
        (ConfirmReceipt("a", receipt="17"), "lead-81", "handover.not-the-authority"),
    ],
)
def test_a_hand_over_is_ended_properly_or_not_at_all(command, by, code):
    handed().when(command, by=by).refused(code)


def test_a_lead_is_handed_to_an_organization_that_exists_and_is_another_one():
    opened().when(HandOver("a", authority="ghost", reason="x"), by="lead-81").refused("handover.unknown-authority")
    gas = opened("gas.smell")
    gas.when(HandOver("a", authority="gas", reason="x"), by="gas-1").refused("handover.to-itself")


# --- hold and extension -------------------------------------------------------------------------


def asked(hours=24):
    return opened().given(AskHold("a", until=NOON + hours * HOUR, reason="等待配件"), by="lead-81")


def test_a_hold_is_asked_for_by_the_lead_decided_by_somebody_else_and_ends_by_itself():
    """挂账: approved, once, the clock stands still."""
    from gridgov.cases import CASES, EndHold, Held

    case = asked()
    for by in ("lead-81", RESIDENT, "system:reactions"):
        case.when(DecideRequest("a", granted=True), by=by).refused("case.request-decided-by-another")
    due_at = case.case("a").deadline.due_at
    held = case.given(DecideRequest("a", granted=True), by="head-8").case("a")
    assert (type(held), held.until, held.file.request) == (Held, NOON + 24 * HOUR, None)
    assert [each.key for each in CASES.falls_due("case:a", held)] == ["end-hold"]
    case.at = held.until
    case.given(EndHold("a", due_at=held.until), by="system:clock")
    assert case.case("a").deadline.due_at == due_at + 24 * HOUR
    case.when(AskHold("a", until=case.at + HOUR, reason="x"), by="lead-81").refused("case.held-enough")


def test_a_hold_has_an_end_within_a_year_and_one_request_waits_at_a_time():
    opened().when(AskHold("a", until=NOON, reason="x"), by="lead-81").refused("case.bad-hold")
    far = AskHold("a", until=NOON + dt.timedelta(days=366), reason="x")
    opened().when(far, by="lead-81").refused("case.hold-too-long")
    opened().when(AskHold("a", until=NOON + HOUR, reason="x"), by="gas-1").refused("case.not-the-lead")
    asked().when(AskExtension("a", by="1工作时", reason="x"), by="lead-81").refused("case.request-open")
    late = asked(hours=1).after(hours=2)
    late.when(DecideRequest("a", granted=True), by="head-8").refused("case.bad-hold")
    late.given(DecideRequest("a", granted=False, reason="已过期"), by="head-8")
    opened().when(DecideRequest("a", granted=True), by="head-8").refused("case.no-request")
    asked().when(DecideRequest("a", granted=False), by="head-8").refused("case.no-reason")


def test_an_extension_is_asked_for_before_the_deadline_and_granted_twice_at_most():
    """延期: asked before the deadline, approved by someone else, at most two."""
    case = opened()
    first = case.case("a").deadline.due_at
    for _ in range(2):
        case.given(AskExtension("a", by="1工作日", reason="x"), by="lead-81")
        case.given(DecideRequest("a", granted=True), by="head-8")
    # Wednesday noon and two working days are Friday noon.
    assert case.case("a").deadline.due_at == first + dt.timedelta(days=2)
    case.when(AskExtension("a", by="1工作日", reason="x"), by="lead-81").refused("case.extended-enough")
    late = opened().after(days=3)
    late.when(AskExtension("a", by="1工作日", reason="x"), by="lead-81").refused("case.too-late-to-extend")


@pytest.mark.parametrize("by", ["1自然日", "soon", "当日", "0工作日"])
def test_an_extension_runs_in_the_hours_of_the_limit(by):
    opened().when(AskExtension("a", by=by, reason="x"), by="lead-81").refused("case.bad-extension")


def test_an_agreed_date_is_not_extended_but_agreed_on_anew():
    agreed = opened(agreed_due_at=NOON + 9 * HOUR)
    agreed.when(AskExtension("a", by="1工作日", reason="x"), by="lead-81").refused("case.bad-extension")


def test_an_extension_and_a_hold_add_up_whichever_comes_first():
    """延期不因挂账丢失: an extension is not lost after a hold."""
    from gridgov.cases import Resume

    def played(*steps):
        case = opened()
        for step in steps:
            if step == "hold":
                case.given(AskHold("a", until=case.at + 48 * HOUR, reason="x"), by="lead-81")
                case.given(DecideRequest("a", granted=True), by="head-8").after(hours=24)
                case.given(Resume("a"), by="lead-81")
            else:
                case.given(AskExtension("a", by="1工作日", reason="x"), by="lead-81")
                case.given(DecideRequest("a", granted=True), by="head-8")
        return case.case("a").deadline.due_at

    assert played("hold", "extend") == played("extend", "hold") == played() + dt.timedelta(days=2)


def test_a_request_of_a_lead_that_has_the_case_no_more_is_gone():
    for command, by in ((Return("a", reason="x"), "lead-81"), (Transfer("a", lead="org:gas", reason="x"), "lead-81")):
        assert asked().given(command, by=by).case("a").file.request is None


# --- several calendars --------------------------------------------------------------------------


def test_a_rule_may_run_in_the_hours_of_another_calendar():
    setup = small_setup()
    nights = Calendar(id="nights", week=weekly((Session(1200, 1440),), tuple(range(7))))
    rules = setup.rulebooks.entries[0].value.rules.rules
    other = [attrs.evolve(rule, then=attrs.evolve(rule.then, calendar="nights")) for rule in rules]
    from gridgov.routing import Rulebook, Table

    setup = attrs.evolve(setup, calendars={"nights": nights}, rulebooks=Timeline.always(Rulebook(Table.build(other))))
    deadline = opened(scenario=Scenario(setup)).case("a").deadline
    assert deadline.calendar == "nights"
    # Eight hours, four a night: midnight of the second night.
    assert deadline.due_at == dt.datetime(2026, 9, 2, 16, tzinfo=dt.UTC)
    assert isinstance(opened("odd", Scenario(setup)).case("a"), Registered)


def test_the_events_of_an_opening_are_the_two_that_they_were_and_an_import_has_three():
    Scenario().when(report(), by=RESIDENT, id="a").then(CaseOpened, CaseRouted)
    Scenario().when(imported(lead="org:gas"), by="desk-1", id="a").then(CaseOpened, CaseRouted, CaseDispatched)
    Scenario().when(imported(kind="tax"), by="desk-1", id="a").refused("case.not-admitted")


def test_a_closed_loop_of_a_followed_case_ends_as_ever():
    case = opened().given(Follow("a"), by=NEIGHBOR).given(Resolve("a"), by="lead-81")
    case.given(Check("a", passed=True), by="desk-1").given(Answer("a", text="好了"), by="desk-1")
    assert case.given(Close("a"), by="desk-1").case("a").file.followers == (NEIGHBOR,)
