"""How the loop is closed: checked, answered, called back, rated, reopened, closed, published, withdrawn."""

from __future__ import annotations

import datetime as dt

from gridgov.cases import _commands as c
from gridgov.cases import _events as e
from gridgov.cases._given import (
    MARKS,
    CaseGiven,
    acts_for,
    desk_only,
    is_desk,
    limit_anew,
    reason_of,
    refuse,
    same_house,
    waiting,
)
from gridgov.cases._handling import closed, closed_part, part_closed_by
from gridgov.cases._state import (
    Answered,
    Checked,
    Closed,
    Dispatched,
    Held,
    Registered,
    Resolved,
    State,
)
from gridgov.decider import Subjects
from gridgov.escalation import paused_deadline, start_deadline

__all__ = ["answer", "check", "close", "follow_up", "publish", "rate", "reopen", "withdraw"]


def check(command: c.Check, state: Resolved, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    if not state.file.checked:
        refuse("case.no-check-asked", f"cases of the kind {state.file.kind} are answered without a check")
    handlers = [state.resolved_by, *state.file.part_handlers, *([state.file.authority] if state.file.authority else [])]
    if acts_for(given, state.lead) or any(same_house(given, given.by, each) for each in handlers):
        refuse(
            "case.handler-checks-own-work",
            f"{given.by} handled the case {state.id}; somebody else has to check it",
            case=state.id,
        )
    if command.passed:
        reason = given.sealed.get("reason")
        events: list[e.CaseEvent] = [e.CaseChecked(case=state.id, at=given.at, by=given.by, passed=True, reason=reason)]
        return [*events, *part_closed_by(state, subjects, given)] if state.file.parent else events
    before = state.deadline
    calendar = given.calendar_named(before.calendar)
    end = max(given.at, state.resolved_at)
    deadline = paused_deadline(before, given.ladder_of(before), calendar, start=state.resolved_at, end=end)
    reason = reason_of(given)
    return [
        e.CaseChecked(case=state.id, at=given.at, by=given.by, passed=False, deadline=deadline, reason=reason),
        *waiting(state.id, deadline, state.route.band, subjects, given),
    ]


def answer(_command: c.Answer, state: Resolved | Checked, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    if isinstance(state, Resolved) and state.file.checked:
        refuse("case.not-checked", f"the case {state.id} must be checked before it is answered", case=state.id)
    return [e.CaseAnswered(case=state.id, at=given.at, by=given.by, text=given.sealed.get("text"))]


def close(_command: c.Close, state: Answered, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    waiting = [each.organization for each in state.file.report_ins if not each.settled]
    if waiting:
        refuse(
            "case.report-in-open",
            f"the case {state.id} waits for {', '.join(waiting)} to report in",
            case=state.id,
            organizations=",".join(waiting),
        )
    if state.file.objection is not None:
        refuse("case.objection-open", f"an objection to the case {state.id} is not decided yet", case=state.id)
    return closed_part(state, subjects, given) if state.file.parent else [closed(state, given)]


def follow_up(
    command: c.FollowUp, state: Answered | Closed, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    _no_part(state, "followed up")
    if same_house(given, given.by, state.resolved_by) or acts_for(given, state.lead):
        refuse("case.handler-calls", f"{given.by} handled the case {state.id}; somebody else calls", case=state.id)
    if state.file.called:
        refuse("case.called-already", f"the reporter of the case {state.id} was called already", case=state.id)
    if not command.reached and (command.solved is not None or command.satisfied is not None):
        refuse("case.not-reached", "who was not reached has not said that it is solved", case=state.id)
    _within(state, given.policy.rating_days, given, "followed up")
    return [
        e.ReporterCalled(
            case=state.id,
            at=given.at,
            by=given.by,
            reached=command.reached,
            solved=command.solved,
            satisfied=command.satisfied,
            note=given.sealed.get("note"),
        )
    ]


def _reporter_only(state: State, given: CaseGiven, what: str) -> None:
    if given.by not in (state.file.reporter, state.file.opened_by):
        refuse("case.not-the-reporter", f"only who reported the case {state.id} can {what} it", case=state.id)


def _no_part(state: State, what: str) -> None:
    if state.file.parent:
        refuse(
            "case.is-a-part",
            f"{state.id} is a part of {state.file.parent}; it is {what} with that one, or joined",
            case=state.id,
        )


def rate(command: c.Rate, state: Answered | Closed, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    _no_part(state, "rated")
    # Who typed it in for somebody is not the one who is satisfied or not.
    if given.by != (state.file.reporter or state.file.opened_by):
        refuse("case.not-the-reporter", f"only who reported the case {state.id} can rate it", case=state.id)
    if same_house(given, given.by, state.resolved_by):
        refuse("case.rates-own-work", f"{given.by} handled the case {state.id} and does not rate it", case=state.id)
    if command.score not in MARKS:
        refuse("case.bad-score", f"a score is 1 to 5, not {command.score}", score=command.score)
    if state.file.rating:
        refuse("case.rated-already", f"the case {state.id} was rated already", case=state.id)
    _within(state, given.policy.rating_days, given, "rated")
    comment = given.sealed.get("comment")
    return [e.CaseRated(case=state.id, at=given.at, by=given.by, score=command.score, comment=comment)]


def _within(state: Answered | Closed, days: int, given: CaseGiven, what: str) -> None:
    if given.at > state.answered_at + dt.timedelta(days=days):
        refuse("case.too-late", f"the case {state.id} can be {what} for {days} days after the answer", case=state.id)


def reopen(_command: c.Reopen, state: Answered | Closed, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    _no_part(state, "reopened")
    if not is_desk(given):
        _reporter_only(state, given, "reopen")
    _within(state, given.policy.reopening_days, given, "reopened")
    if state.file.objection is not None:
        refuse("case.objection-open", f"an objection to the case {state.id} is not decided yet", case=state.id)
    before = state.deadline
    limit = limit_anew(before, given)
    calendar = given.calendar_named(before.calendar)
    deadline = start_deadline(given.at, calendar, given.ladder_of(before), limit=limit)
    closed = isinstance(state, Closed)
    return [
        e.CaseReopened(
            case=state.id,
            at=given.at,
            by=given.by,
            deadline=deadline,
            was_closed=closed,
            was_in_time=closed and state.in_time,
            was_excused=closed and state.file.excused,
            was_due_at=before.due_at,
            reason=reason_of(given),
        ),
        *waiting(state.id, deadline, state.route.band, subjects, given),
    ]


def withdraw(
    _command: c.Withdraw, state: Registered | Dispatched | Held, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    _no_part(state, "withdrawn")
    if not is_desk(given):
        _reporter_only(state, given, "withdraw")
    # Who takes it back for somebody else says why: the caller has asked for it.
    own = given.by == (state.file.reporter or state.file.opened_by)
    reason = given.sealed.get("reason") if own else reason_of(given)
    if state.file.duplicates:
        refuse(
            "case.others-reported-it",
            f"others reported the matter of the case {state.id}, too; unlink their reports first",
            case=state.id,
        )
    return [e.CaseWithdrawn(case=state.id, at=given.at, by=given.by, reason=reason)]


def publish(_command: c.PublishResult, state: Closed, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    file = state.file
    _no_part(state, "published")
    desk_only(state, given, "publishes results")
    if file.published:
        refuse("case.published-already", f"the result of the case {state.id} was published already", case=state.id)
    return [
        e.ResultPublished(
            case=state.id,
            at=given.at,
            by=given.by,
            month=f"{given.day:%Y-%m}",
            kind=file.kind,
            kind_zh=file.kind_zh,
            kind_en=file.kind_en,
            # A building may be one family's; the grid says enough.
            place=file.grid or given.territory.root,
            opened_at=file.opened_at,
            resolved_at=state.resolved_at,
            in_time=state.in_time,
            text=given.sealed.get("text"),
        )
    ]
