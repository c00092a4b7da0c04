"""The life of a case, told as given – when – then."""

import datetime as dt

import pytest

from gridgov.cases import (
    Acknowledge,
    Answer,
    Answered,
    AppraiseWhistle,
    BlowWhistle,
    CaseAcknowledged,
    CaseAnswered,
    CaseChecked,
    CaseClosed,
    CaseDispatched,
    CaseEscalated,
    CaseOpened,
    CaseRated,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    CaseRouted,
    CaseTransferred,
    CaseWithdrawn,
    Check,
    Checked,
    Close,
    Closed,
    DecideObjection,
    Dispatch,
    Dispatched,
    Escalate,
    MissReportIn,
    ObjectionDecided,
    OpenCase,
    RaiseObjection,
    Rate,
    Registered,
    Reopen,
    ReportedIn,
    ReportIn,
    ReportInMissed,
    Resolve,
    Resolved,
    Return,
    Transfer,
    WarnOfDeadline,
    WhistleAppraised,
    WhistleBlown,
    Withdraw,
    holder_of,
    stage_of,
)
from gridgov.testing import NOON, Scenario

HOUSE = "150203005008-B001"
RESIDENT = "resident:00001"


def report(kind="noise", **more):
    return OpenCase(kind=kind, place=HOUSE, source="resident", reporter=RESIDENT, **more)


def opened(kind="noise", **more):
    return Scenario().given(report(kind, **more), by=RESIDENT, id="a")


def resolved(kind="noise", by="lead-81"):
    return opened(kind).after(hours=1).given(Resolve("a"), by=by)


def answered():
    return resolved().given(Check("a", passed=True), by="desk-1").given(Answer("a", text="好了"), by="desk-1")


def test_a_report_is_opened_and_routed_in_one_step():
    Scenario().when(report(), by=RESIDENT, id="a").then(CaseOpened, CaseRouted)


def test_a_routed_case_knows_lead_deadline_rule_and_the_way_to_the_lead():
    route = opened().case("a").route
    assert (route.lead.holder, route.lead.path) == ("lead-81", (HOUSE, "150203005008001"))
    assert (route.rule, route.deadline.limit.in_("zh")) == ("noise", "1工作日")
    # Tuesday noon: four hours in the afternoon, four on Wednesday morning.
    assert route.deadline.due_at == dt.datetime(2026, 9, 2, 4, tzinfo=dt.UTC)


def test_an_organization_is_called_by_its_name_and_a_person_by_the_role():
    gas, lead = opened("gas.smell").case("a").route.lead, opened().case("a").route.lead
    assert (gas.zh, gas.en, lead.zh, lead.en) == ("燃气公司", "gas company", "片长", "area lead")


def test_the_explanation_says_who_by_when_which_rule_and_why_not_the_others():
    route = opened().case("a").route
    zh, en = route.explain("zh"), route.explain("en")
    for text in (zh, en):
        for part in ("lead-81", "2026-09-02 12:00", "noise"):
            assert part in text
    assert "之前的 1 条规则不适用" in zh
    assert "The 1 rules before it do not apply" in en
    assert "异议" in zh
    assert "object" in en


def test_a_matter_that_no_rule_takes_waits_at_the_desk_with_a_deadline():
    case = opened("odd").case("a")
    assert isinstance(case, Registered)
    assert holder_of(case) == "desk"
    assert "没有规则适用" in case.route.explain("zh")


def test_an_agreed_date_replaces_the_limit():
    agreed = NOON + dt.timedelta(days=9)
    assert opened(agreed_due_at=agreed).case("a").deadline.due_at == agreed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "nois"}, "case.unknown-kind"),
        ({"kind": "tax"}, "case.not-admitted"),
        ({"place": "150203005008-B009"}, "case.unknown-place"),
        ({"source": "dream"}, "case.unknown-source"),
        ({"departments": -1}, "case.negative-count"),
        ({"agreed_due_at": dt.datetime(2026, 9, 9)}, "case.naive-instant"),  # noqa: DTZ001
    ],
)
def test_a_wrong_report_is_refused_with_its_own_code(change, code):
    words = {"kind": "noise", "place": HOUSE, "source": "resident", **change}
    Scenario().when(OpenCase(**words), by=RESIDENT).refused(code)


def test_what_was_typed_into_a_code_field_is_not_repeated_if_it_may_be_about_somebody():
    words = OpenCase(kind="张三家漏水 13912345678", place=HOUSE, source="resident")
    scenario = Scenario().when(words, by=RESIDENT)
    assert "13912345678" not in str(scenario._refusal)
    assert "13912345678" not in str(scenario._refusal.facts)


def test_a_plain_life_from_report_to_closed_loop():
    (
        Scenario()
        .when(report(), by=RESIDENT, id="a").then(CaseOpened, CaseRouted)
        .after(minutes=5).when(Acknowledge("a"), by="lead-81").then(CaseAcknowledged)
        .after(hours=1).when(Resolve("a", result="已劝阻"), by="lead-81").then(CaseResolved)
        .after(hours=1).when(Check("a", passed=True), by="desk-1").then(CaseChecked)
        .when(Answer("a", text="已处理"), by="desk-1").then(CaseAnswered)
        .when(Rate("a", score=5), by=RESIDENT).then(CaseRated)
        .when(Close("a"), by="desk-1").then(CaseClosed)
    )  # fmt: skip


def test_every_state_stands_at_its_place_among_the_seven_stages():
    assert stage_of(opened("odd").case("a")) == 1
    assert stage_of(opened().case("a")) == 2
    assert stage_of(opened().given(Acknowledge("a"), by="lead-81").case("a")) == 3
    assert stage_of(resolved().case("a")) == 4
    assert stage_of(answered().case("a")) == 5
    rated = answered().given(Close("a"), by="desk-1").given(Rate("a", score=4), by=RESIDENT)
    assert stage_of(rated.case("a")) == 6


def test_only_who_has_the_case_acknowledges_and_resolves_it():
    opened().when(Acknowledge("a"), by="lead-82").refused("case.not-the-lead")
    opened().when(Resolve("a"), by="gas-1").refused("case.not-the-lead")
    opened("gas.smell").when(Resolve("a"), by="gas-1").then(CaseResolved)


def test_a_case_is_acknowledged_once():
    opened().given(Acknowledge("a"), by="lead-81").when(Acknowledge("a"), by="lead-81").refused(
        "case.acknowledged-already"
    )


def test_whoever_handled_it_does_not_check_it_and_neither_does_their_organization():
    """处置与核查分离: finder and handler check each other."""
    resolved().when(Check("a", passed=True), by="lead-81").refused("case.handler-checks-own-work")
    resolved("gas.smell", "gas-1").when(Check("a", passed=True), by="gas").refused("case.handler-checks-own-work")


def test_a_checked_kind_is_not_answered_before_the_check_and_an_unchecked_one_is():
    resolved().when(Answer("a"), by="desk-1").refused("case.not-checked")
    resolved("question").when(Answer("a"), by="desk-1").then(CaseAnswered)
    resolved("question").when(Check("a", passed=True), by="desk-1").refused("case.no-check-asked")


def test_the_finder_handles_on_the_spot_only_where_the_rule_says_so():
    """当场答复、在本级解决."""
    found = Scenario().given(OpenCase(kind="clutter", place=HOUSE, source="patrol"), by="builder-81", id="a")
    found.when(Resolve("a"), by="builder-81").then(CaseResolved)
    loud = Scenario().given(OpenCase(kind="noise", place=HOUSE, source="patrol"), by="builder-81", id="a")
    loud.when(Resolve("a"), by="builder-81").refused("case.not-the-lead")


def test_a_case_is_returned_with_a_reason_and_dispatched_anew_by_the_desk():
    """退单要有理由."""
    opened().when(Return("a"), by="lead-81").refused("case.no-reason")
    returned = opened().when(Return("a", reason="不归我管"), by="lead-81").then(CaseReturned)
    assert holder_of(returned.case("a")) == "desk"
    returned.when(Dispatch("a", lead="org:police"), by="lead-81").refused("case.not-the-desk")
    returned.when(Dispatch("a", lead="org:police"), by="desk-1").then(CaseDispatched)
    assert holder_of(returned.case("a")) == "police"


def test_the_desk_cannot_return_to_itself():
    at_desk = opened("odd").given(Dispatch("a", lead="desk"), by="desk-1")
    at_desk.when(Return("a", reason="x"), by="desk-1").refused("case.desk-returns-to-itself")


def test_a_transfer_names_somebody_else_who_exists_and_the_clock_runs_on():
    before = opened().case("a").deadline.due_at
    moved = opened().after(hours=2).when(Transfer("a", lead="org:police", reason="治安"), by="lead-81")
    moved.then(CaseTransferred)
    assert moved.case("a").deadline.due_at == before
    opened().when(Transfer("a", lead="lead-81", reason="x"), by="lead-81").refused("case.transfer-to-itself")
    for nobody in ("org:polize", "role:police", "police-9", "polizei:1"):
        opened().when(Transfer("a", lead=nobody, reason="x"), by="lead-81").refused("case.unknown-party")


def test_asking_for_help_hands_the_case_up_and_keeps_its_deadline():
    """上报: what a level cannot solve it hands up; nobody loses time by asking."""
    before = opened().case("a").deadline
    up = opened().when(Escalate("a", reason="需要协调"), by="lead-81").then(CaseEscalated)
    after = up.case("a")
    assert holder_of(after) == "head-8"
    assert (after.deadline.due_at, after.deadline.step) == (before.due_at, before.step)
    up.when(Escalate("a", reason="还是不行"), by="head-8").then(CaseEscalated)
    up.when(Escalate("a", reason="再上"), by="desk-1").refused("case.top-of-the-ladder")


def test_a_failed_check_gives_the_case_back_and_the_time_of_the_check_does_not_count():
    checked = resolved().after(hours=30).given(Check("a", passed=False, reason="没清干净"), by="desk-1")
    case = checked.case("a")
    assert isinstance(case, Dispatched)
    assert (case.acknowledged_at, case.file.resolved_at) == (None, None)
    # Resolved at 13:00 with all eight hours left, checked on Wednesday at 19:00: due Thursday at 18:00.
    assert case.deadline.due_at == dt.datetime(2026, 9, 3, 10, tzinfo=dt.UTC)
    resolved().when(Check("a", passed=False), by="desk-1").refused("case.no-reason")


def test_a_check_within_the_skew_of_two_clocks_is_no_error():
    resolved().after(minutes=-1).when(Check("a", passed=False, reason="x"), by="desk-1").then(CaseChecked)


def test_only_the_reporter_rates_once_from_one_to_five_and_in_time():
    answered().when(Rate("a", score=5), by="resident:00002").refused("case.not-the-reporter")
    answered().when(Rate("a", score=6), by=RESIDENT).refused("case.bad-score")
    answered().when(Rate("a", score=0), by=RESIDENT).refused("case.bad-score")
    answered().given(Rate("a", score=1), by=RESIDENT).when(Rate("a", score=5), by=RESIDENT).refused(
        "case.rated-already"
    )
    answered().after(days=15).when(Rate("a", score=5), by=RESIDENT).then(CaseRated)
    answered().after(days=15, seconds=1).when(Rate("a", score=5), by=RESIDENT).refused("case.too-late")


def test_a_dissatisfied_reporter_has_it_reopened_with_a_new_clock():
    again = answered().given(Close("a"), by="desk-1").after(days=1).when(Reopen("a", reason="又来了"), by=RESIDENT)
    again.then(CaseReopened)
    case = again.case("a")
    assert isinstance(case, Dispatched)
    assert case.deadline.start_at == again.at
    assert (case.file.rating, case.file.resolved_at, case.file.reopenings) == (0, None, 1)
    answered().when(Reopen("a", reason="x"), by="resident:00002").refused("case.not-the-reporter")
    answered().after(days=16).when(Reopen("a", reason="x"), by=RESIDENT).refused("case.too-late")


def test_in_time_is_judged_when_it_is_resolved_and_not_when_it_is_closed():
    on_time = opened().after(hours=24).given(Resolve("a"), by="lead-81").case("a")
    late = opened().after(hours=24, seconds=1).given(Resolve("a"), by="lead-81").case("a")
    assert (on_time.in_time, late.in_time) == (True, False)


def test_a_reporter_withdraws_before_it_is_resolved_and_not_after():
    opened().when(Withdraw("a"), by=RESIDENT).then(CaseWithdrawn)
    opened().when(Withdraw("a"), by="lead-81").refused("case.not-the-reporter")
    resolved().when(Withdraw("a"), by=RESIDENT).refused("case.wrong-state")


# --- whistles -----------------------------------------------------------------------------------

IN_TWO_HOURS = NOON + dt.timedelta(hours=2)


def whistle(*organizations, report_by=IN_TWO_HOURS):
    return BlowWhistle(("a",), organizations=organizations or ("police", "gas"), report_by=report_by)


def whistled():
    return opened().given(whistle(), by="desk-1", id="w")


def test_a_whistle_calls_each_organization_to_each_case():
    """吹哨: departments are called to one or more problems."""
    two = opened().given(report("odd"), by=RESIDENT, id="b")
    both = BlowWhistle(("a", "b"), organizations=("police",), report_by=IN_TWO_HOURS)
    two.when(both, by="desk-1", id="w").then(WhistleBlown, WhistleBlown)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (BlowWhistle((), organizations=("police",), report_by=IN_TWO_HOURS), "whistle.calls-nobody"),
        (BlowWhistle(("a",), organizations=(), report_by=IN_TWO_HOURS), "whistle.calls-nobody"),
        (whistle("police", "police"), "whistle.named-twice"),
        (whistle("polize"), "whistle.unknown-organization"),
        (whistle(report_by=NOON), "whistle.no-time"),
        (whistle(report_by=NOON + dt.timedelta(days=31)), "whistle.too-long"),
        (BlowWhistle(("z",), organizations=("police",), report_by=IN_TWO_HOURS), "case.unknown"),
    ],
)
def test_a_wrong_whistle_is_refused_with_its_own_code(command, code):
    opened().when(command, by="desk-1").refused(code)


def test_who_was_called_reports_in_once_and_late_is_recorded():
    """报到."""
    on_time = whistled().after(hours=2).when(ReportIn("a", whistle="w", organization="police"), by="police-1")
    on_time.then(ReportedIn)
    late = whistled().after(hours=2, seconds=1).when(ReportIn("a", whistle="w", organization="police"), by="police-1")
    assert (on_time.happened[-1].late, late.happened[-1].late) == (False, True)
    on_time.when(ReportIn("a", whistle="w", organization="police"), by="police-1").refused("whistle.reported-already")
    whistled().when(ReportIn("a", whistle="w", organization="police"), by="gas-1").refused("whistle.not-called")
    whistled().when(ReportIn("a", whistle="w", organization="desk"), by="desk-1").refused("whistle.unknown")


def test_a_case_is_not_closed_before_every_report_in_is_settled():
    waiting = (
        answered().given(BlowWhistle(("a",), organizations=("police",), report_by=NOON + dt.timedelta(days=1)),
                         by="desk-1", id="w")
    )  # fmt: skip
    waiting.when(Close("a"), by="desk-1").refused("case.report-in-open")
    waiting.given(ReportIn("a", whistle="w", organization="police"), by="police-1")
    waiting.when(Close("a"), by="desk-1").then(CaseClosed)


def test_who_does_not_report_in_is_recorded_as_absent_when_the_time_is_over():
    missed = MissReportIn("a", whistle="w", organization="gas", due_at=IN_TWO_HOURS)
    whistled().after(hours=1).when(missed, by="system:clock").refused("case.nothing-due")
    whistled().after(hours=2).when(missed, by="system:clock").then(ReportInMissed)
    whistled().after(hours=2).when(missed, by="desk-1").refused("case.clock-only")


def test_each_whistle_is_appraised_on_its_own_by_who_blew_it():
    """一事一考."""
    settled = whistled().given(ReportIn("a", whistle="w", organization="police"), by="police-1")
    mark = AppraiseWhistle("a", whistle="w", organization="police", mark=4)
    settled.when(mark, by="head-9").refused("whistle.not-the-caller")
    settled.when(AppraiseWhistle("a", whistle="w", organization="gas", mark=4), by="desk-1").refused(
        "whistle.not-settled"
    )
    settled.when(AppraiseWhistle("a", whistle="w", organization="police", mark=9), by="desk-1").refused(
        "whistle.bad-mark"
    )
    settled.when(mark, by="desk-1").then(WhistleAppraised)
    settled.when(mark, by="desk-1").refused("whistle.appraised-already")


# --- objections ---------------------------------------------------------------------------------


def objected(against="route"):
    return opened().given(RaiseObjection("a", against=against, reason="不该归他"), by=RESIDENT)


def test_an_automatic_route_can_be_objected_to_and_a_person_decides_anew():
    """每个自动决定都可以提出异议，由人重新决定."""
    decided = objected().when(DecideObjection("a", upheld=True, lead="org:police", reason="有理"), by="desk-1")
    decided.then(ObjectionDecided)
    assert holder_of(decided.case("a")) == "police"


def test_an_upheld_objection_to_the_deadline_sets_a_new_one():
    new = NOON + dt.timedelta(days=3)
    decided = objected("deadline").given(DecideObjection("a", upheld=True, due_at=new, reason="有理"), by="desk-1")
    assert decided.case("a").deadline.due_at == new


def test_a_dismissed_objection_changes_nothing_but_is_recorded():
    before = objected().case("a")
    after = objected().given(DecideObjection("a", upheld=False, reason="无理"), by="desk-1").case("a")
    assert (holder_of(after), after.deadline) == (holder_of(before), before.deadline)
    assert after.file.objection is None


@pytest.mark.parametrize(
    ("command", "by", "code"),
    [
        (DecideObjection("a", upheld=True, reason="x"), "desk-1", "objection.no-lead"),
        (DecideObjection("a", upheld=True, lead="org:police", reason="x"), RESIDENT, "objection.decided-by-a-person"),
        (DecideObjection("a", upheld=True, lead="org:police", reason="x"), "police", "objection.decided-by-a-person"),
        (DecideObjection("a", upheld=False), "desk-1", "case.no-reason"),
        (RaiseObjection("a", against="route", reason="x"), RESIDENT, "objection.open-already"),
    ],
)
def test_a_wrong_decision_of_an_objection_is_refused_with_its_own_code(command, by, code):
    objected().when(command, by=by).refused(code)


def test_an_objection_has_a_subject_a_reason_and_somebody_who_is_concerned():
    opened().when(RaiseObjection("a", against="weather", reason="x"), by=RESIDENT).refused("objection.bad-subject")
    opened().when(RaiseObjection("a", against="route"), by=RESIDENT).refused("case.no-reason")
    opened().when(RaiseObjection("a", against="route", reason="x"), by="gas-1").refused("objection.not-concerned")
    opened().when(DecideObjection("a", upheld=False, reason="x"), by="desk-1").refused("objection.none")


def test_an_open_objection_keeps_the_case_open():
    waiting = objected().given(Resolve("a"), by="lead-81").given(Check("a", passed=True), by="desk-1")
    waiting.given(Answer("a"), by="desk-1").when(Close("a"), by="desk-1").refused("case.objection-open")


def test_the_clocks_own_commands_are_nobody_elses():
    due_at = opened().case("a").deadline.step.at
    opened().when(WarnOfDeadline("a", due_at=due_at), by="desk-1").refused("case.clock-only")
    opened().when(WarnOfDeadline("a", due_at=NOON), by="system:clock").refused("case.nothing-due")


def test_nothing_happens_to_a_case_before_what_has_happened_already():
    scenario = opened().after(hours=3).given(Acknowledge("a"), by="lead-81")
    scenario.after(hours=-2).when(Resolve("a"), by="lead-81").refused("case.before-its-past")


def test_no_free_text_stands_in_any_event():
    """个人信息不入事件: events hold references and commitments only."""
    scenario = Scenario()
    scenario.given(report(text="张三 13912345678", contact="13912345678"), by=RESIDENT, id="a")
    scenario.given(Return("a", reason="李四说不归他管"), by="lead-81")
    scenario.given(Dispatch("a", lead="desk", reason="王五"), by="desk-1")
    stored = str(scenario.stored())
    for private in ("张三", "李四", "王五", "13912345678"):
        assert private not in stored


STATES = {
    "registered": lambda: opened("odd"),
    "dispatched": opened,
    "acknowledged": lambda: opened().given(Acknowledge("a"), by="lead-81"),
    "resolved": resolved,
    "checked": lambda: resolved().given(Check("a", passed=True), by="desk-1"),
    "answered": answered,
    "closed": lambda: answered().given(Close("a"), by="desk-1"),
    "withdrawn": lambda: opened().given(Withdraw("a"), by=RESIDENT),
}
COMMANDS = {
    "dispatch": (Dispatch("a", lead="org:police"), "desk-1"),
    "acknowledge": (Acknowledge("a"), "lead-81"),
    "return": (Return("a", reason="x"), "lead-81"),
    "transfer": (Transfer("a", lead="org:police", reason="x"), "desk-1"),
    "escalate": (Escalate("a", reason="x"), "lead-81"),
    "resolve": (Resolve("a"), "lead-81"),
    "check": (Check("a", passed=True), "desk-1"),
    "answer": (Answer("a"), "desk-1"),
    "rate": (Rate("a", score=3), RESIDENT),
    "reopen": (Reopen("a", reason="x"), RESIDENT),
    "close": (Close("a"), "desk-1"),
    "withdraw": (Withdraw("a"), RESIDENT),
    "whistle": (BlowWhistle(("a",), organizations=("police",), report_by=NOON + dt.timedelta(days=2)), "desk-1"),
    "objection": (RaiseObjection("a", against="route", reason="x"), RESIDENT),
}
# What each state lets happen; everything else is refused with case.wrong-state.
ALLOWED = {
    "registered": {"dispatch", "withdraw", "whistle", "objection"},
    "dispatched": {"dispatch", "acknowledge", "return", "transfer", "escalate", "resolve", "withdraw", "whistle",
                   "objection"},
    "acknowledged": {"dispatch", "return", "transfer", "escalate", "resolve", "withdraw", "whistle", "objection"},
    "resolved": {"check", "whistle"},
    "checked": {"answer", "whistle"},
    "answered": {"rate", "reopen", "close", "whistle"},
    "closed": {"rate", "reopen"},
    "withdrawn": set(),
}  # fmt: skip
OTHER_CODES = {
    ("registered", "resolve"): "case.not-the-lead",
    ("acknowledged", "acknowledge"): "case.acknowledged-already",
    ("resolved", "answer"): "case.not-checked",
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_every_state_is_decided_on_purpose(state, command):
    scenario = STATES[state]()
    asked, by = COMMANDS[command]
    scenario.when(asked, by=by)
    if command in ALLOWED[state]:
        assert scenario._refusal is None, scenario._refusal
    else:
        scenario.refused(OTHER_CODES.get((state, command), "case.wrong-state"))


def test_the_table_walks_over_every_state_there_is():
    reached = {type(make().case("a")) for make in STATES.values()}
    assert reached == {Registered, Dispatched, Resolved, Checked, Answered, Closed} | {
        type(STATES["withdrawn"]().case("a"))
    }


# --- what a run of mutations has asked for --------------------------------------------------------


def test_two_minutes_of_skew_pass_and_a_second_more_does_not():
    base = opened().after(hours=3).given(Acknowledge("a"), by="lead-81")
    base.after(minutes=-2).when(Resolve("a"), by="lead-81").then(CaseResolved)
    later = opened().after(hours=3).given(Acknowledge("a"), by="lead-81")
    later.after(minutes=-2, seconds=-1).when(Resolve("a"), by="lead-81").refused("case.before-its-past")


def test_a_skewed_event_does_not_move_the_newest_instant_back():
    scenario = opened().after(hours=3).given(Acknowledge("a"), by="lead-81")
    newest = scenario.at
    scenario.after(minutes=-1).given(Transfer("a", lead="org:police", reason="x"), by="lead-81")
    assert scenario.case("a").file.changed_at == newest


def test_negative_repeats_are_refused_and_a_stranger_cannot_transfer():
    Scenario().when(report(repeats=-1), by=RESIDENT).refused("case.negative-count")
    opened().when(Transfer("a", lead="org:gas", reason="x"), by="police-1").refused("case.not-the-lead")


def test_the_finder_who_resolved_on_the_spot_cannot_check_and_nobody_else_resolves_on_the_spot():
    found = Scenario().given(OpenCase(kind="clutter", place=HOUSE, source="patrol"), by="builder-81", id="a")
    found.when(Resolve("a"), by="builder-82").refused("case.not-the-lead")
    found.given(Resolve("a"), by="builder-81").when(Check("a", passed=True), by="builder-81").refused(
        "case.handler-checks-own-work"
    )


def test_a_reopened_case_has_its_own_limit_and_ladder_again_and_nothing_of_the_first_round():
    late = opened().after(days=3).given(Escalate("a", reason="x"), by="lead-81").given(Resolve("a"), by="head-8")
    late.given(Check("a", passed=True), by="desk-1").given(Answer("a"), by="desk-1").given(
        Rate("a", score=1), by=RESIDENT
    )
    late.given(Close("a"), by="desk-1").given(Reopen("a", reason="x"), by=RESIDENT)
    file = late.case("a").file
    assert (file.rung, file.supervisor, file.warned, file.rating) == (0, None, False, 0)
    assert (file.deadline.limit.in_("zh"), file.deadline.ladder) == ("1工作日", "grid")
    assert (late.happened[-1].was_closed, late.happened[-1].was_in_time) == (True, False)
    answered_only = answered().given(Reopen("a", reason="x"), by=RESIDENT)
    assert answered_only.happened[-1].was_closed is False


def test_a_whistle_names_each_case_once_and_may_give_exactly_thirty_days():
    opened().when(BlowWhistle(("a", "a"), organizations=("police",), report_by=IN_TWO_HOURS), by="desk-1").refused(
        "whistle.named-twice"
    )
    opened().when(whistle(report_by=NOON + dt.timedelta(days=30)), by="desk-1").then(WhistleBlown)


def test_reporting_in_to_one_whistle_leaves_the_other_one_open():
    two = whistled().given(BlowWhistle(("a",), organizations=("police",), report_by=IN_TWO_HOURS), by="desk-1", id="w2")
    two.given(ReportIn("a", whistle="w2", organization="police"), by="police-1")
    settled = {(r.whistle, r.organization): r.settled for r in two.case("a").file.report_ins}
    assert settled == {("w", "police"): False, ("w", "gas"): False, ("w2", "police"): True}


def test_a_new_deadline_of_now_is_none_and_a_withdrawn_case_is_not_decided_anew():
    objected("deadline").when(DecideObjection("a", upheld=True, due_at=NOON, reason="x"), by="desk-1").refused(
        "objection.no-deadline"
    )
    withdrawn = objected().given(Withdraw("a"), by=RESIDENT)
    withdrawn.when(DecideObjection("a", upheld=False, reason="x"), by="desk-1").refused("case.wrong-state")


@pytest.mark.parametrize("move", [(), (Check("a", passed=True),), (Check("a", passed=True), Answer("a"))])
def test_in_time_is_judged_anew_when_an_objection_to_the_deadline_is_upheld(move):
    late = objected("deadline").after(days=3)
    resolved_at = late.at
    late.given(Resolve("a"), by="lead-81")
    assert late.case("a").in_time is False
    for command in move:
        late.given(command, by="desk-1")
    late.after(days=-1)
    decided = DecideObjection("a", upheld=True, due_at=resolved_at, reason="x")
    late.at = resolved_at - dt.timedelta(minutes=1)
    late.given(decided, by="desk-1")
    file = late.case("a").file
    assert (late.case("a").in_time, file.rung, file.supervisor) == (True, 0, None)


def test_a_dispatch_by_hand_sets_who_supports_and_two_returns_count_two():
    back = opened().given(Return("a", reason="x"), by="lead-81")
    back.given(Dispatch("a", lead="org:gas", supporting=("org:police",)), by="desk-1")
    assert [party.holder for party in back.case("a").file.supporting] == ["police"]
    assert back.given(Return("a", reason="x"), by="gas-1").case("a").file.returns == 2


def test_helped_early_and_then_warned_the_next_rung_is_the_one_above():
    up = opened().given(Escalate("a", reason="x"), by="lead-81")
    step = up.case("a").deadline.step
    up.at = step.at
    up.given(WarnOfDeadline("a", due_at=step.at), by="system:clock")
    red = up.case("a").deadline.step
    up.at = red.at
    up.given(WarnOfDeadline("a", due_at=red.at, color="red"), by="system:clock")
    assert (up.case("a").deadline.step.kind, up.case("a").deadline.step.rung) == ("climb", 1)


def test_what_a_rule_may_ask_of_a_case_is_what_the_case_is():
    import attrs

    from gridgov.policy import Timeline as Dates
    from gridgov.routing import FACTS, Rulebook, Table, parse_cell
    from gridgov.testing import small_setup

    def routed(at=NOON, **cells):
        setup = small_setup()
        first = setup.rulebooks.entries[0].value.rules.rules[0]
        parsed = tuple(parse_cell(FACTS[name], text) for name, text in cells.items())
        rule = attrs.evolve(first, id="mine", cells=parsed, then=attrs.evolve(first.then, informed=("org:police",)))
        setup = attrs.evolve(setup, rulebooks=Dates.always(Rulebook(Table.build([rule]))))
        anonymous = OpenCase(kind="noise", place=HOUSE, source="resident")
        return Scenario(setup, at=at).given(anonymous, by="desk-1", id="a").case("a").route

    sunday = dt.datetime(2026, 9, 6, 4, tzinfo=dt.UTC)
    assert routed(reporter="anonymous").rule == "mine"
    assert routed(reporter="resident").rule == ""
    assert (routed(day="rest", at=sunday).rule, routed(day="rest").rule) == ("mine", "")
    assert (routed(mode="peacetime").rule, routed(mode="emergency").rule) == ("mine", "")
    assert [party.holder for party in routed(reporter="anonymous").informed] == ["police"]
    assert routed(reporter="resident").passed_over == 1
