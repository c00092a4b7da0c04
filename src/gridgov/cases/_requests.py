"""Hold (挂账) and extension (延期): asked for by the lead, decided by somebody else."""

from __future__ import annotations

import datetime as dt

from gridgov.access import kind_of_actor
from gridgov.cases import _commands as c
from gridgov.cases import _events as e
from gridgov.cases._given import (
    CaseGiven,
    acts_for,
    aware,
    clock_only,
    desk_or_lead,
    going_on,
    lead_only,
    reason_of,
    refuse,
    same_house,
    waiting,
)
from gridgov.cases._state import Dispatched, Held
from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.escalation import extended_deadline, pause_deadline
from gridgov.worktime import Limit, LimitKind, parse_limit

__all__ = ["ask_extension", "ask_hold", "decide_request", "end_hold", "resume"]


def _nothing_asked_yet(state: Dispatched) -> None:
    if state.file.request is not None:
        refuse("case.request-open", f"a request about the case {state.id} is not decided yet", case=state.id)


def ask_hold(command: c.AskHold, state: Dispatched, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    lead_only(state, given, "put on hold")
    _nothing_asked_yet(state)
    policy = given.policy
    if state.file.holds >= policy.holds_max:
        refuse("case.held-enough", f"the case {state.id} was on hold {state.file.holds} time(s) already", case=state.id)
    aware(command.until, "end of the hold", given)
    if command.until <= given.at:
        refuse("case.bad-hold", "a hold ends in the future", case=state.id)
    if command.until > given.at + dt.timedelta(days=policy.hold_days_max):
        refuse("case.hold-too-long", f"a hold lasts {policy.hold_days_max} days at most", case=state.id)
    return [e.HoldAsked(case=state.id, at=given.at, by=given.by, until=command.until, reason=reason_of(given))]


def ask_extension(
    command: c.AskExtension, state: Dispatched, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    lead_only(state, given, "ask for more time for")
    _nothing_asked_yet(state)
    deadline = state.deadline
    count = state.file.granted
    if count >= given.policy.extensions_max:
        refuse("case.extended-enough", f"the case {state.id} was extended {count} time(s) already", case=state.id)
    if deadline.is_late(given.at):
        refuse("case.too-late-to-extend", "more time is asked for before the deadline, not after it", case=state.id)
    limit = _extension(command.by, state, given)
    return [e.ExtensionAsked(case=state.id, at=given.at, by=given.by, limit=limit, reason=reason_of(given))]


def _extension(written: str, state: Dispatched, given: CaseGiven) -> Limit:
    deadline = state.deadline
    try:
        limit = parse_limit(written)
        # Only a try: whether it fits is known before anybody decides about it.
        extended_deadline(deadline, given.ladder_of(deadline), given.calendar_named(deadline.calendar), limit, given.at)
    except ValueError:
        own = deadline.limit.in_("en") if deadline.limit is not None else "an agreed date"
        refuse(
            "case.bad-extension",
            f"{as_code(written)} is no extension of {own}; write a limit that runs in the same hours, as in 2工作日",
            case=state.id,
        )
    if limit.seconds > given.policy.extension_days_max * limit_of_a_day(limit):
        refuse("case.bad-extension", f"an extension is {given.policy.extension_days_max} days at most", case=state.id)
    return limit


def limit_of_a_day(limit: Limit) -> int:
    """Give the seconds of one day, of the kind in which a limit runs."""
    kind = LimitKind.WORKING_DAYS if limit.kind.in_sessions else LimitKind.CALENDAR_DAYS
    return kind.unit


def decide_request(
    command: c.DecideRequest, state: Dispatched, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    request = state.file.request
    if request is None:
        refuse("case.no-request", f"nobody has asked for a hold or an extension of {state.id}", case=state.id)
    own = same_house(given, given.by, request.asked_by) or acts_for(given, state.lead)
    if own or kind_of_actor(given.by, given.roster) != "worker":
        refuse(
            "case.request-decided-by-another",
            f"somebody else than the lead decides about the request of {request.asked_by}",
            case=state.id,
        )
    what = "hold" if request.until is not None else "extension"
    if not command.granted:
        return [
            e.RequestDenied(
                case=state.id, at=given.at, by=given.by, what=what, asked_by=request.asked_by, reason=reason_of(given)
            )
        ]
    reason = given.sealed.get("reason")
    deadline = state.deadline
    if request.until is not None:
        if request.until <= given.at:
            refuse("case.bad-hold", "the time of this hold is over already; deny it", case=state.id)
        return [
            e.CaseHeld(
                case=state.id,
                at=given.at,
                by=given.by,
                asked_by=request.asked_by,
                until=request.until,
                deadline=pause_deadline(deadline, given.at, cause="hold"),
                reason=reason,
            )
        ]
    if request.limit is None:
        raise AssertionError("a request is for a hold or for an extension")
    ladder, calendar = given.ladder_of(deadline), given.calendar_named(deadline.calendar)
    return [
        e.DeadlineExtended(
            case=state.id,
            at=given.at,
            by=given.by,
            asked_by=request.asked_by,
            limit=request.limit,
            deadline=extended_deadline(deadline, ladder, calendar, request.limit, given.at),
            reason=reason,
        )
    ]


def resume(_command: c.Resume, state: Held, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    desk_or_lead(state, given, "resume")
    return _ended(state, subjects, given)


def end_hold(command: c.EndHold, state: Held, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    clock_only(given)
    if command.due_at != state.until:
        refuse("case.nothing-due", f"nothing of that kind is due for the case {state.id}", case=state.id)
    return _ended(state, subjects, given)


def _ended(state: Held, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    deadline = going_on(state.deadline, given)
    ended = e.HoldEnded(case=state.id, at=given.at, by=given.by, deadline=deadline)
    return [ended, *waiting(state.id, deadline, state.route.band, subjects, given)]
