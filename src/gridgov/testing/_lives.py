"""One sample of every state of a case, and of every command that may happen in it.

The table of :data:`gridgov.cases.LIFE` says what may happen where. This is the other half: for each
cell of it a case that really got there, and a command that really happens. Tests walk all cells with
it, the documentation draws its diagram from it, and a plugin can try its validator on all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from gridgov.cases import (
    LIFE,
    Accept,
    Acknowledge,
    Answer,
    Answered,
    AppraiseWhistle,
    AskExtension,
    AskHold,
    BlowWhistle,
    Check,
    Checked,
    ClimbLadder,
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
    EndHold,
    EndMode,
    Escalate,
    Follow,
    FollowUp,
    HandedOver,
    HandOver,
    Held,
    ImportCase,
    InParts,
    JoinPart,
    LinkDuplicate,
    Linked,
    MissReportIn,
    OpenCase,
    PauseForMode,
    PublishResult,
    RaiseObjection,
    Rate,
    RecordOutcome,
    Registered,
    Reopen,
    ReportIn,
    Resolve,
    Resolved,
    Resume,
    ResumeAfterMode,
    Return,
    ReviewDeadline,
    SplitCase,
    State,
    Supervise,
    SwitchMode,
    Transfer,
    Unfollow,
    UnlinkDuplicate,
    Urge,
    WarnOfDeadline,
    Withdraw,
    Withdrawn,
)
from gridgov.testing._scenario import Scenario
from gridgov.testing._street import NOON, small_setup
from gridgov.worktime import Calendar

__all__ = ["Sample", "life_sample"]

HOUSE, RESIDENT, LEAD, DESK, CLOCK = "150203005008-B001", "resident:00001", "lead-81", "desk-1", "system:clock"
LATE = dt.timedelta(days=9)
Way = Callable[[Scenario], Scenario]


@attrs.frozen
class Sample:
    """A case in a state, and a command that happens to it there.

    :param scenario: with the case *case*; play it with ``scenario.when(command, by=by)``.
    """

    scenario: Scenario
    case: str
    command: Any
    by: str

    @property
    def state(self) -> Any:
        """The case as it is now."""
        return self.scenario.subjects.get(f"case:{self.case}")


def _opened(kind: str, at: dt.datetime = NOON) -> Scenario:
    # Some days are not settled by any notice yet, so that there is something to review.
    calendar = Calendar(known_through=dt.date(2026, 8, 31))
    setup = attrs.evolve(small_setup(), calendar=calendar)
    report = OpenCase(kind=kind, place=HOUSE, source="resident", reporter=RESIDENT, text="x")
    return Scenario(setup, at=at).given(report, by=RESIDENT, id="a").after(minutes=5)


def _other(scenario: Scenario) -> Scenario:
    return scenario.given(OpenCase(kind="noise", place=HOUSE, source="resident"), by=DESK, id="b")


def _resolved(scenario: Scenario) -> Scenario:
    state = scenario.case("a")
    if isinstance(state, Registered | Dispatched):
        by = DESK if isinstance(state, Registered) else LEAD
        scenario.given(Resolve("a", result="x"), by=by)
    return scenario


def _checked(scenario: Scenario) -> Scenario:
    _resolved(scenario)
    return scenario.given(Check("a", passed=True), by="head-9") if scenario.case("a").file.checked else scenario


def _answered(scenario: Scenario) -> Scenario:
    return _checked(scenario).given(Answer("a", text="x"), by="desk-2")


def _closed(scenario: Scenario) -> Scenario:
    return _answered(scenario).given(Close("a"), by="desk-2")


_TO: Mapping[type[State], Way] = {
    Registered: lambda s: s,
    Dispatched: lambda s: s,
    Held: lambda s: s.given(AskHold("a", until=s.at + dt.timedelta(days=30), reason="x"), by=LEAD).given(
        DecideRequest("a", granted=True), by="head-8"
    ),
    InParts: lambda s: s.given(SplitCase("a", leads=("org:gas", "org:police"), reason="x"), by=DESK, id="s"),
    HandedOver: lambda s: s.given(HandOver("a", authority="police", reason="x"), by=LEAD),
    Resolved: _resolved,
    Checked: _checked,
    Answered: _answered,
    Closed: _closed,
    Withdrawn: lambda s: s.given(Withdraw("a"), by=RESIDENT),
    Declined: lambda s: s.given(Decline("a", reason="x"), by=DESK),
    Linked: lambda s: _other(s).given(LinkDuplicate("a", of="b"), by=DESK),
}


def _whistled(scenario: Scenario) -> Scenario:
    report_by = scenario.at + dt.timedelta(days=2)
    return scenario.given(
        BlowWhistle(("a",), organizations=("police",), report_by=report_by, reason="x"), by=DESK, id="w"
    )


def _absent(scenario: Scenario) -> Scenario:
    return _whistled(scenario).given(_missed(scenario), by=CLOCK)


def _reported_in(scenario: Scenario) -> Scenario:
    return _whistled(scenario).given(ReportIn("a", whistle="w", organization="police"), by="police-1")


def _late(scenario: Scenario) -> Scenario:
    return scenario.after(days=LATE.days)


def _objected(scenario: Scenario) -> Scenario:
    state = scenario.case("a")
    match state:
        case Registered() | Dispatched():
            against, by = "route", RESIDENT
        case Held() | InParts() | HandedOver():
            against, by = "deadline", RESIDENT
        case Declined():
            against, by = "refusal", RESIDENT
        case _:
            against, by = "lateness", state.resolved_by
    return scenario.given(RaiseObjection("a", against=against, reason="x"), by=by)


def _parts_done(scenario: Scenario) -> Scenario:
    for part, by in (("s.1", "gas-1"), ("s.2", "police-1")):
        scenario.given(Resolve(part), by=by).given(Check(part, passed=True), by=DESK)
    return scenario


def _known_days(scenario: Scenario) -> Scenario:
    """Let the notice come: the day after tomorrow rests."""
    holidays = frozenset(dt.date(2026, 9, day) for day in (2, 3, 4))
    calendar = Calendar(known_through=dt.date(2026, 12, 31), holidays=holidays)
    scenario.setup = attrs.evolve(scenario.setup, calendar=calendar)
    return scenario


def _to_step(kind: str) -> Way:
    """Let the clock come to a step of that kind, doing those before it."""

    def go(scenario: Scenario) -> Scenario:
        while (step := scenario.case("a").deadline.step).kind != kind:
            scenario.at = step.at
            color = "red" if step.kind == "red" else "yellow"
            scenario.given(WarnOfDeadline("a", due_at=step.at, color=color), by=CLOCK)
        scenario.at = step.at
        return scenario

    return go


def _step(scenario: Scenario) -> Any:
    step = scenario.case("a").deadline.step
    if step.kind == "climb":
        return ClimbLadder("a", rung=step.rung, due_at=step.at)
    return WarnOfDeadline("a", due_at=step.at, color="red" if step.kind == "red" else "yellow")


def _end_of_hold(scenario: Scenario) -> Any:
    scenario.at = scenario.case("a").until
    return EndHold("a", due_at=scenario.at)


def _missed(scenario: Scenario) -> Any:
    called = scenario.case("a").file.report_ins[0]
    scenario.at = called.report_by
    return MissReportIn("a", whistle="w", organization="police", due_at=called.report_by)


def _lead_now(scenario: Scenario) -> str:
    return DESK if isinstance(scenario.case("a"), Registered) else LEAD


Maker = Callable[[Scenario], Any]
_PLAIN: Way = lambda scenario: scenario  # noqa: E731 - a table of functions reads best in one shape

_COMMANDS: Mapping[type, tuple[Way, Way, Maker, Callable[[Scenario], str] | str]] = {
    # command: (what happens early on, what happens in the state, the command, who asks)
    Accept: (_PLAIN, _PLAIN, lambda _s: Accept("a"), DESK),
    Decline: (_PLAIN, _PLAIN, lambda _s: Decline("a", reason="x"), DESK),
    Correct: (_PLAIN, _PLAIN, lambda _s: Correct("a", kind="clutter", reason="x"), DESK),
    LinkDuplicate: (_other, _PLAIN, lambda _s: LinkDuplicate("a", of="b"), DESK),
    UnlinkDuplicate: (_PLAIN, _PLAIN, lambda _s: UnlinkDuplicate("a", reason="x"), DESK),
    Follow: (_PLAIN, _PLAIN, lambda _s: Follow("a"), "resident:00002"),
    Unfollow: (
        lambda s: s.given(Follow("a"), by="resident:00002"),
        _PLAIN,
        lambda _s: Unfollow("a"),
        "resident:00002",
    ),
    Dispatch: (_PLAIN, _PLAIN, lambda _s: Dispatch("a", lead="org:gas"), DESK),
    Acknowledge: (_PLAIN, _PLAIN, lambda _s: Acknowledge("a"), LEAD),
    Return: (_PLAIN, _PLAIN, lambda _s: Return("a", reason="x"), LEAD),
    Transfer: (_PLAIN, _PLAIN, lambda _s: Transfer("a", lead="org:gas", reason="x"), LEAD),
    Escalate: (_PLAIN, _PLAIN, lambda _s: Escalate("a", reason="x"), LEAD),
    SplitCase: (_PLAIN, _PLAIN, lambda _s: SplitCase("a", leads=("org:gas", "org:police"), reason="x"), DESK),
    AskHold: (_PLAIN, _PLAIN, lambda s: AskHold("a", until=s.at + LATE, reason="x"), LEAD),
    AskExtension: (_PLAIN, _PLAIN, lambda _s: AskExtension("a", by="2工作时", reason="x"), LEAD),
    DecideRequest: (
        _PLAIN,
        lambda s: s.given(AskExtension("a", by="2工作时", reason="x"), by=LEAD),
        lambda _s: DecideRequest("a", granted=True),
        "head-8",
    ),
    Resume: (_PLAIN, _PLAIN, lambda _s: Resume("a"), LEAD),
    HandOver: (_PLAIN, _PLAIN, lambda _s: HandOver("a", authority="police", reason="x"), LEAD),
    ConfirmReceipt: (_PLAIN, _PLAIN, lambda _s: ConfirmReceipt("a", receipt="2026-17"), "police-1"),
    RecordOutcome: (
        _PLAIN,
        lambda s: s.given(ConfirmReceipt("a", receipt="2026-17"), by="police-1"),
        lambda _s: RecordOutcome("a", taken_up=True, result="x"),
        "police-1",
    ),
    Urge: (_PLAIN, _PLAIN, lambda _s: Urge("a"), RESIDENT),
    Supervise: (_PLAIN, _PLAIN, lambda _s: Supervise("a", supervisor="head-9", reason="x"), DESK),
    Resolve: (
        _PLAIN,
        lambda s: _parts_done(s) if isinstance(s.case("a"), InParts) else s,
        lambda _s: Resolve("a", result="x"),
        _lead_now,
    ),
    Check: (_PLAIN, _PLAIN, lambda _s: Check("a", passed=True), "head-9"),
    Answer: (_PLAIN, _PLAIN, lambda _s: Answer("a", text="x"), DESK),
    FollowUp: (_PLAIN, _PLAIN, lambda _s: FollowUp("a", reached=True, solved=True), DESK),
    Rate: (_PLAIN, _PLAIN, lambda _s: Rate("a", score=5), RESIDENT),
    Reopen: (_PLAIN, _PLAIN, lambda _s: Reopen("a", reason="x"), RESIDENT),
    Close: (_PLAIN, _PLAIN, lambda _s: Close("a"), DESK),
    PublishResult: (_PLAIN, _PLAIN, lambda _s: PublishResult("a", text="x"), DESK),
    Withdraw: (_PLAIN, _PLAIN, lambda _s: Withdraw("a"), RESIDENT),
    ReportIn: (_whistled, _PLAIN, lambda _s: ReportIn("a", whistle="w", organization="police"), "police-1"),
    AppraiseWhistle: (
        _reported_in,
        _PLAIN,
        lambda _s: AppraiseWhistle("a", whistle="w", organization="police", mark=5),
        DESK,
    ),
    DecideObjection: (
        _PLAIN,
        _objected,
        lambda s: DecideObjection("a", upheld=True, lead="org:gas", due_at=s.at + LATE, reason="x"),
        "head-9",
    ),
    WarnOfDeadline: (_PLAIN, _PLAIN, lambda s: _step(_to_step("warn")(s)), CLOCK),
    ClimbLadder: (_PLAIN, _to_step("climb"), _step, CLOCK),
    MissReportIn: (_whistled, _PLAIN, _missed, CLOCK),
    EndHold: (_PLAIN, _PLAIN, _end_of_hold, CLOCK),
    PauseForMode: (_PLAIN, _PLAIN, lambda s: PauseForMode("a", until=s.at + LATE), "system:reactions"),
    ResumeAfterMode: (
        lambda s: s.given(PauseForMode("a", until=s.at + LATE), by="system:reactions"),
        _PLAIN,
        lambda _s: ResumeAfterMode("a"),
        "system:reactions",
    ),
    ReviewDeadline: (_PLAIN, _known_days, lambda _s: ReviewDeadline("a"), "system:reactions"),
}


def _objection(state: type[State]) -> tuple[Way, Way, Maker, str]:
    against, by = "deadline", RESIDENT
    if state in (Registered, Dispatched):
        against = "route"
    elif state is Declined:
        against = "refusal"
    elif state in (Resolved, Checked, Answered, Closed):
        against, by = "lateness", LEAD
    return _PLAIN, _PLAIN, lambda _s: RaiseObjection("a", against=against, reason="x"), by


_OTHERWISE: Mapping[type, tuple[Way, Way, Maker, Callable[[Scenario], str] | str]] = {
    Check: (_PLAIN, _PLAIN, lambda _s: Check("a", passed=False, reason="x"), "head-9"),
    RecordOutcome: (_PLAIN, _PLAIN, lambda _s: RecordOutcome("a", taken_up=False, result="x"), "police-1"),
    DecideRequest: (
        _PLAIN,
        lambda s: s.given(AskHold("a", until=s.at + LATE, reason="x"), by=LEAD),
        lambda _s: DecideRequest("a", granted=True),
        "head-8",
    ),
}
"""The other way in which a decision may go."""


def life_sample(command: type, state: type[State], *, otherwise: bool = False) -> Sample:
    """Give a case in *state*, and a sample of *command* that happens to it there.

    :param otherwise: the other way that a decision may go: a check that fails, a lead that is refused,
        a hold in place of an extension.
    :raises KeyError: where the table of :data:`gridgov.cases.LIFE` does not allow it, the command
        is about no single case, or it has no other way.
    """
    if state not in LIFE[command]:
        raise KeyError(f"{command.__name__} does not happen to a case that is {state.__name__}")
    if otherwise:
        early, later, make, by = _OTHERWISE[command]
        scenario = later(_TO[state](early(_opened("noise"))))
        return Sample(scenario, "a", make(scenario), by if isinstance(by, str) else by(scenario))
    if command is JoinPart:
        return _part_sample(state)
    early, later, make, by = _objection(state) if command is RaiseObjection else _COMMANDS[command]
    if command is ReportIn and state in (Closed, Declined, Linked):
        early = _absent  # what has ended has nobody to wait for; who was absent may still come
    kind = "odd" if state is Registered else "question" if command is Answer and state is Resolved else "noise"
    scenario = early(_opened(kind))
    if command in (RaiseObjection, DecideObjection) and state in (Resolved, Checked, Answered, Closed):
        _late(scenario)
    scenario = later(_TO[state](scenario))
    asked = make(scenario)
    return Sample(scenario, "a", asked, by if isinstance(by, str) else by(scenario))


def _part_sample(state: type[State]) -> Sample:
    scenario = _TO[InParts](_opened("noise"))
    if state is Registered:
        scenario.given(Return("s.1", reason="x"), by="gas-1")
    return Sample(scenario, "s.1", JoinPart("s.1", reason="x"), DESK)


ABOUT_NO_CASE = (OpenCase, ImportCase, BlowWhistle, SwitchMode, EndMode)
"""Commands that begin a case, are about several, or about the mode."""
