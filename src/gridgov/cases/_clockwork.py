"""What nobody asks for: warnings, rungs, the end of a hold, the switch of the mode, and settled deadlines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NoReturn

from gridgov.access import kind_of_actor
from gridgov.cases import _commands as c
from gridgov.cases import _events as e
from gridgov.cases._given import (
    EXTRAORDINARY,
    CaseGiven,
    aware,
    clock_only,
    going_on,
    may,
    mode_of,
    reason_of,
    refuse,
    waiting,
)
from gridgov.cases._handling import climbed
from gridgov.cases._state import (
    Answered,
    Checked,
    Dispatched,
    HandedOver,
    Held,
    InParts,
    Mode,
    OpenState,
    Registered,
    Resolved,
    State,
)
from gridgov.decider import FallsDue, Subjects
from gridgov.escalation import Step, next_step, pause_deadline, worked_out

__all__ = [
    "climb",
    "end_mode",
    "falls_due",
    "pause_for_mode",
    "resume_after_mode",
    "review",
    "switch_mode",
    "warn",
]

Running = Registered | Dispatched | InParts | HandedOver
"""States in which a deadline presses."""


def _nothing(state: State) -> NoReturn:
    refuse("case.nothing-due", f"nothing of that kind is due for the case {state.id}", case=state.id)


def _due_step(state: Running, kinds: Sequence[str], rung: int | None, due_at: dt.datetime, given: CaseGiven) -> Step:
    clock_only(given)
    deadline = state.deadline
    step = deadline.step
    other = step is None or step.kind not in kinds or step.at != due_at or (rung is not None and step.rung != rung)
    if step is None or other or deadline.stands_since is not None:
        _nothing(state)
    return step


def warn(command: c.WarnOfDeadline, state: Running, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    kind = "red" if command.color == "red" else "warn"
    step = _due_step(state, (kind,), None, command.due_at, given)
    deadline = state.deadline
    ladder, calendar = given.ladder_of(deadline), given.calendar_named(deadline.calendar)
    after = next_step(ladder, step, deadline, calendar, rung=state.file.rung) if ladder else None
    return [
        e.CaseWarned(
            case=state.id,
            at=given.at,
            by=given.by,
            step_at=step.at,
            next_step=after,
            color=command.color,
            due_at=deadline.due_at,
        )
    ]


def climb(command: c.ClimbLadder, state: Running, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    step = _due_step(state, ("climb",), command.rung, command.due_at, given)
    ladder = given.ladder_of(state.deadline)
    if ladder is None or step.rung >= len(ladder.rungs):
        refuse("case.no-ladder", f"the ladder of the case {state.id} has no such rung", case=state.id)
    return [climbed(state, ladder, step.rung, step.at, given, overdue=True)]


def review(_command: c.ReviewDeadline, state: Running, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    clock_only(given)
    before = state.deadline
    if not before.unsettled or before.stands_since is not None:
        _nothing(state)
    deadline = worked_out(before, given.ladder_of(before), given.calendar_named(before.calendar), floor=given.at)
    if (deadline.due_at, deadline.provisional, deadline.step) == (before.due_at, before.provisional, before.step):
        _nothing(state)
    return [e.DeadlineReviewed(case=state.id, at=given.at, by=given.by, was_due_at=before.due_at, deadline=deadline)]


# --- peacetime and emergency --------------------------------------------------------------------


def switch_mode(command: c.SwitchMode, _state: None, subjects: Subjects, given: CaseGiven) -> list[e.ModeSwitched]:
    may("SwitchMode", given.territory.root, given)
    if kind_of_actor(given.by, given.roster) != "worker":
        refuse("mode.switched-by-a-person", "a person of the roster switches the mode, and answers for it", by=given.by)
    mode = mode_of(subjects)
    aware(command.until, "end of the emergency", given)
    if command.until <= given.at:
        refuse("mode.no-end", "an emergency ends by itself in the future, at an instant with a time zone")
    if command.ordinary not in c.ORDINARY_CLOCKS:
        refuse("mode.bad-clocks", f"ordinary clocks {' or '.join(c.ORDINARY_CLOCKS)} meanwhile")
    if mode.until is not None and (command.until <= mode.until or command.ordinary != mode.ordinary):
        refuse("mode.emergency-already", "it is emergency already; prolong it with the same clocks, or end it first")
    reason = reason_of(given)
    return [e.ModeSwitched(at=given.at, by=given.by, until=command.until, ordinary=command.ordinary, reason=reason)]


def end_mode(_command: c.EndMode, _state: None, subjects: Subjects, given: CaseGiven) -> list[e.ModeEnded]:
    mode = mode_of(subjects)
    may("EndMode", given.territory.root, given)
    if mode.since is None or mode.until is None:
        refuse("mode.peacetime-already", "it is peacetime already")
    if given.by.startswith("system:"):
        if given.at < mode.until:
            refuse("case.nothing-due", "the emergency is not over yet")
        return [e.ModeEnded(at=given.at, by=given.by, since=mode.since)]
    if kind_of_actor(given.by, given.roster) != "worker":
        refuse("mode.switched-by-a-person", "a person of the roster switches the mode, and answers for it", by=given.by)
    return [e.ModeEnded(at=given.at, by=given.by, since=mode.since, reason=reason_of(given))]


def pause_for_mode(command: c.PauseForMode, state: Running, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    clock_only(given)
    before = state.deadline
    # Asked once for each case and emergency, in order: so also where it was over before anybody could ask.
    # What began later was decided when it began; it waits already, or need not.
    later = state.file.opened_at > given.at or (before.limit is None and before.start_at > given.at)
    # One that stands for the emergency already is asked again where that was prolonged.
    longer = before.resumes_at is not None and before.resumes_at < command.until and before.stands_for == "mode"
    if later or state.route.band in EXTRAORDINARY or (before.stands_since is not None and not longer):
        _nothing(state)
    deadline = pause_deadline(before, given.at, command.until, cause="mode")
    return [e.ClockPaused(case=state.id, at=given.at, by=given.by, cause="mode", deadline=deadline)]


def resume_after_mode(
    _command: c.ResumeAfterMode, state: Running | Resolved, subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    clock_only(given)
    before = state.deadline
    # A person who ends an emergency wakes what waits for that; the end of its time wakes whatever waits.
    waits = before.stands_for != "mode" and before.resumes_at is not None and given.at < before.resumes_at
    if before.resumes_at is None or before.stands_since is None or given.at < before.stands_since or waits:
        _nothing(state)
    deadline = going_on(before, given)
    resumed = e.ClockResumed(
        case=state.id, at=given.at, by=given.by, cause=before.stands_for or "mode", deadline=deadline
    )
    again = before.stands_for == "hand-over"  # which may end in the middle of an emergency
    return [resumed, *(waiting(state.id, deadline, state.route.band, subjects, given) if again else [])]


# --- what falls due -----------------------------------------------------------------------------


def falls_due(_tag: str, subject: object) -> list[FallsDue]:
    """Say what will have to happen to a case, or to the mode, if nothing else happens before."""
    match subject:
        case Mode(until=until) if until is not None:
            return [FallsDue(at=until, key="end-mode", command=c.EndMode())]
        case Held(file=file, until=until):
            return [*_report_ins(subject), FallsDue(at=until, key="end-hold", command=c.EndHold(file.id, due_at=until))]
        case Registered() | Dispatched() | InParts() | HandedOver():
            return [*_report_ins(subject), *_steps(subject)]
        case Resolved():
            # Its clock waits with it; should the check fail, it must have gone on when the emergency ended.
            return [*_report_ins(subject), *_resuming(subject)]
        case Checked() | Answered():
            return _report_ins(subject)
        case _:
            return []


def _report_ins(state: OpenState) -> list[FallsDue]:
    file = state.file
    if not file.report_ins:
        return []
    return [
        FallsDue(
            at=each.report_by,
            key=f"report-in:{each.whistle}:{each.organization}",
            command=c.MissReportIn(
                file.id, whistle=each.whistle, organization=each.organization, due_at=each.report_by
            ),
        )
        for each in file.report_ins
        if not each.settled
    ]


def _resuming(state: Running | Resolved) -> list[FallsDue]:
    deadline = state.file.deadline
    if deadline is None or deadline.resumes_at is None:
        return []
    key = f"resume:{state.file.turn}"
    return [FallsDue(at=deadline.resumes_at, key=key, command=c.ResumeAfterMode(state.file.id))]


def _steps(state: Running) -> list[FallsDue]:
    deadline = state.file.deadline
    step = deadline.step if deadline is not None else None
    case = state.file.id
    if deadline is None or step is None or deadline.resumes_at is not None:
        return _resuming(state)
    if deadline.pauses and deadline.stands_since is not None:
        return []
    # Set anew, a clock may ask for the same at the same instant again.
    again = f":{state.file.turn}" if state.file.turn else ""
    match step.kind:
        case "warn":
            return [FallsDue(at=step.at, key=f"warn{again}", command=c.WarnOfDeadline(case, due_at=step.at))]
        case "red":
            command = c.WarnOfDeadline(case, due_at=step.at, color="red")
            return [FallsDue(at=step.at, key=f"red{again}", command=command)]
        case _:
            climbing = c.ClimbLadder(case, rung=step.rung, due_at=step.at)
            return [FallsDue(at=step.at, key=f"climb:{step.rung}{again}", command=climbing)]
