"""Objections: what was decided automatically is decided anew by a person."""

from __future__ import annotations

from gridgov.access import kind_of_actor
from gridgov.cases import _messages as m
from gridgov.cases._given import CaseGiven, acts_for, known, reason_of, refuse, wrong_state
from gridgov.cases._state import Dispatched, Registered, Withdrawn
from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.escalation import Deadline, start_deadline
from gridgov.staffing import Party

__all__ = ["decide_objection", "raise_objection"]


def raise_objection(command: m.RaiseObjection, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Registered | Dispatched):
        wrong_state(state, "objected to")
    if command.against not in ("route", "deadline"):
        refuse(
            "objection.bad-subject",
            f"an objection is against the route or the deadline, not {as_code(command.against)}",
        )
    holder = state.desk if isinstance(state, Registered) else state.lead
    if given.by not in (state.file.reporter, state.file.opened_by) and not acts_for(given, holder):
        refuse("objection.not-concerned", f"{given.by} is not concerned by the case {state.id}", case=state.id)
    if state.file.objection is not None:
        refuse("objection.open-already", f"an objection to the case {state.id} is being decided", case=state.id)
    return [
        m.ObjectionRaised(case=state.id, at=given.at, by=given.by, against=command.against, reason=reason_of(given))
    ]


def decide_objection(command: m.DecideObjection, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    objection = state.file.objection
    if isinstance(state, Withdrawn):
        wrong_state(state, "decided anew")
    if objection is None:
        refuse("objection.none", f"nobody objected to the case {state.id}", case=state.id)
    if given.by == objection.raised_by or kind_of_actor(given.by, given.roster) != "worker":
        refuse("objection.decided-by-a-person", "a person who did not raise the objection decides it", by=given.by)
    lead: Party | None = None
    deadline: Deadline | None = None
    if command.upheld and objection.against == "route":
        if not command.lead:
            refuse("objection.no-lead", "an upheld objection to the route names who has the case now")
        if not isinstance(state, Registered | Dispatched):
            wrong_state(state, "given to somebody else")
        lead = given.named(command.lead, state.file.place)
    if command.upheld and objection.against == "deadline":
        if command.due_at is None or command.due_at.tzinfo is None or command.due_at <= given.at:
            refuse("objection.no-deadline", "an upheld objection to the deadline names a new one, in the future")
        ladder = given.ladders.get(state.deadline.ladder)
        deadline = start_deadline(given.at, given.calendar, ladder, agreed_at=command.due_at)
    return [
        m.ObjectionDecided(
            case=state.id,
            at=given.at,
            by=given.by,
            against=objection.against,
            raised_by=objection.raised_by,
            upheld=command.upheld,
            lead=lead,
            deadline=deadline,
            reason=reason_of(given),
        )
    ]
