"""Objections and appeals: what was decided is decided anew by a person."""

from __future__ import annotations

import datetime as dt

from gridgov.access import kind_of_actor
from gridgov.cases import _commands as c
from gridgov.cases import _events as e
from gridgov.cases._given import (
    CaseGiven,
    acts_for,
    aware,
    lead_of,
    limit_anew,
    reason_of,
    refuse,
    same_house,
    waiting,
    wrong_state,
)
from gridgov.cases._state import (
    Answered,
    Checked,
    Closed,
    Declined,
    Dispatched,
    HandedOver,
    Held,
    InParts,
    Objection,
    OpenState,
    Registered,
    Resolved,
    State,
)
from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.escalation import Deadline, pause_deadline, start_deadline
from gridgov.staffing import Party

__all__ = ["decide_objection", "raise_objection"]

AGAINST: dict[str, tuple[type[State], ...]] = {
    "route": (Registered, Dispatched),
    "deadline": (Registered, Dispatched, Held, InParts, HandedOver),
    "refusal": (Declined,),
    "lateness": (Resolved, Checked, Answered, Closed),
}
"""What an objection is against → the states in which it may be raised."""


def raise_objection(
    command: c.RaiseObjection, state: OpenState | Closed | Declined, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    allowed = AGAINST.get(command.against)
    if allowed is None:
        refuse(
            "objection.bad-subject",
            f"an objection is against {', '.join(AGAINST)}, not {as_code(command.against)}",
        )
    if not isinstance(state, allowed):
        wrong_state(state, "objected to")
    if state.file.objection is not None:
        refuse("objection.open-already", f"an objection to the case {state.id} is being decided", case=state.id)
    match state:
        case Declined():
            concerned = given.by in (state.file.reporter, state.file.opened_by)
            _within(state.declined_at, given.policy.reopening_days, state, given)
        case Resolved() | Checked() | Answered() | Closed():
            concerned = given.by == state.resolved_by or acts_for(given, state.lead)
            _late_only(state)
            _within(state.resolved_at, given.policy.appeal_days, state, given)
        case _:
            reporters = (state.file.reporter, state.file.opened_by)
            concerned = given.by in reporters or acts_for(given, lead_of(state))
    if not concerned:
        refuse("objection.not-concerned", f"{given.by} is not concerned by the case {state.id}", case=state.id)
    return [
        e.ObjectionRaised(case=state.id, at=given.at, by=given.by, against=command.against, reason=reason_of(given))
    ]


def _within(since: dt.datetime, days: int, state: State, given: CaseGiven) -> None:
    if given.at > since + dt.timedelta(days=days):
        refuse("case.too-late", f"the case {state.id} can be objected to for {days} days", case=state.id)


def _late_only(state: Resolved | Checked | Answered | Closed) -> None:
    if state.in_time or state.file.excused:
        found = "was excused already" if state.file.excused else "was resolved in time"
        refuse("objection.not-late", f"the case {state.id} {found}; there is no lateness to appeal against")


def decide_objection(
    command: c.DecideObjection, state: OpenState | Closed | Declined, subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    objection = state.file.objection
    if objection is None:
        refuse("objection.none", f"nobody objected to the case {state.id}", case=state.id)
    if kind_of_actor(given.by, given.roster) != "worker" or _concerns(given.by, objection, state, given):
        refuse(
            "objection.decided-by-a-person",
            "a person decides it who did not raise it, does not have the case, and did not decide it before",
            by=given.by,
        )
    lead, deadline = _anew(command, objection.against, state, given) if command.upheld else (None, None)
    again = isinstance(state, Declined)
    return [
        e.ObjectionDecided(
            case=state.id,
            at=given.at,
            by=given.by,
            against=objection.against,
            raised_by=objection.raised_by,
            upheld=command.upheld,
            lead=lead,
            deadline=deadline,
            reason=reason_of(given),
            was_closed=isinstance(state, Closed),
        ),
        *(waiting(state.id, deadline, state.route.band, subjects, given) if again and deadline else []),
    ]


def _concerns(by: str, objection: Objection, state: OpenState | Closed | Declined, given: CaseGiven) -> bool:
    """Say whether somebody would decide about their own affair."""
    if by == objection.raised_by:
        return True
    if isinstance(state, Declined):
        return same_house(given, by, state.declined_by)
    colleagues = same_house(given, by, objection.raised_by)
    match state:
        case HandedOver():
            return colleagues or acts_for(given, state.lead) or acts_for(given, state.authority)
        case Registered():
            # The desk has it because nobody else has, and says where it goes; about its own time others decide.
            return objection.against != "route" and (acts_for(given, state.desk) or colleagues)
        case Resolved() | Checked() | Answered() | Closed():
            return colleagues or acts_for(given, state.lead) or same_house(given, by, state.resolved_by)
        case _:
            return colleagues or acts_for(given, state.lead)


def _anew(
    command: c.DecideObjection,
    against: str,
    state: OpenState | Closed | Declined,
    given: CaseGiven,
) -> tuple[Party | None, Deadline | None]:
    """Give the new lead and deadline of an objection that is upheld."""
    if against == "lateness":
        return None, None
    before = state.deadline
    calendar, ladder = given.calendar_named(before.calendar), given.ladder_of(before)
    if against == "deadline":
        aware(command.due_at, "new deadline", given)
        if command.due_at is None or command.due_at <= given.at:
            refuse("objection.no-deadline", "an upheld objection to the deadline names a new one, in the future")
        fresh = start_deadline(given.at, calendar, ladder, agreed_at=command.due_at)
        # Whatever makes the clock stand still makes the new one stand still, too.
        stands = before.stands_since is not None
        return None, pause_deadline(fresh, given.at, before.resumes_at, cause=before.stands_for) if stands else fresh
    if not command.lead:
        refuse("objection.no-lead", "an upheld objection to the route or a refusal names who has the case now")
    lead = given.named(command.lead, state.file.place)
    if isinstance(state, Declined):
        # It begins now: nobody had it while it was declined.
        fresh = start_deadline(given.at, calendar, ladder, limit=limit_anew(before, given))
        return lead, fresh
    if not isinstance(state, Registered | Dispatched):
        wrong_state(state, "given to somebody else")
    return lead, None
