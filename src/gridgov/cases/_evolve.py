"""What changes when something has happened to a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs

from gridgov.cases import _messages as m
from gridgov.cases._state import (
    Answered,
    CaseFile,
    Checked,
    Closed,
    Dispatched,
    Objection,
    Registered,
    ReportInDue,
    Resolved,
    State,
    Withdrawn,
)
from gridgov.escalation import Deadline, Step
from gridgov.staffing import Party

__all__ = ["evolve"]


def evolve(_tag: str, before: State | None, event: m.CaseEvent) -> State:
    """Give the state after *event*.

    :raises ValueError: for an event that cannot follow *before*: the journal is not one of ours.
    """
    if isinstance(event, m.CaseOpened):
        return _opened(event)
    if before is None:
        raise ValueError(f"the case {event.case} has {type(event).__name__} before it was opened")
    step = _STEPS.get(type(event))
    if step is None:
        raise ValueError(f"{type(event).__name__} is no event of a case")
    after = step(before, event)
    return attrs.evolve(after, file=attrs.evolve(after.file, changed_at=max(event.at, after.file.changed_at)))


def _opened(event: m.CaseOpened) -> State:
    file = CaseFile(
        id=event.case,
        kind=event.kind,
        kind_zh=event.kind_zh,
        kind_en=event.kind_en,
        place=event.place,
        grid=event.grid,
        source=event.source,
        reporter=event.reporter,
        opened_by=event.by,
        opened_at=event.at,
        changed_at=event.at,
        affair=event.affair,
        co_governor=event.co_governor,
        size=event.size,
        urgency=event.urgency,
        checked=event.checked,
        text=event.text,
        contact=event.contact,
    )
    # CaseRouted follows in the same commit; until then the reporter's finder answers for it.
    return Registered(file, Party(holder=event.by, target=event.by))


def _routed(before: State, event: m.CaseRouted) -> State:
    route = event.route
    file = attrs.evolve(before.file, route=route, deadline=route.deadline, supporting=route.supporting)
    return Dispatched(file, route.lead) if route.rule else Registered(file, route.lead)


def _dispatched(before: State, event: m.CaseDispatched) -> State:
    return Dispatched(attrs.evolve(before.file, supporting=event.supporting), event.lead)


def _acknowledged(before: State, event: m.CaseAcknowledged) -> State:
    return Dispatched(before.file, _lead(before), event.at)


def _returned(before: State, event: m.CaseReturned) -> State:
    return Registered(attrs.evolve(before.file, returns=before.file.returns + 1), event.desk)


def _transferred(before: State, event: m.CaseTransferred) -> State:
    return Dispatched(attrs.evolve(before.file, transfers=before.file.transfers + 1), event.lead)


def _with_step(deadline: Deadline | None, step: Step | None) -> Deadline | None:
    return None if deadline is None else attrs.evolve(deadline, step=step)


def _warned(before: State, event: m.CaseWarned) -> State:
    file = attrs.evolve(before.file, warned=True, deadline=_with_step(before.file.deadline, event.next_step))
    return attrs.evolve(before, file=file)


def _escalated(before: State, event: m.CaseEscalated) -> State:
    file = attrs.evolve(
        before.file,
        rung=event.rung + 1,
        supervisor=event.supervisor,
        deadline=_with_step(before.file.deadline, event.next_step),
    )
    if event.lead is not None:
        return Dispatched(file, event.lead)
    return attrs.evolve(before, file=file)


def _resolved(before: State, event: m.CaseResolved) -> State:
    file = attrs.evolve(before.file, handled_by=event.by, resolved_at=event.at)
    return Resolved(file, _lead(before), event.by, event.at, event.in_time)


def _checked(before: State, event: m.CaseChecked) -> State:
    if not event.passed:
        file = attrs.evolve(before.file, resolved_at=None, deadline=event.deadline or before.file.deadline)
        return Dispatched(file, _lead(before))
    done = _done(before)
    return Checked(before.file, done.lead, done.resolved_by, done.resolved_at, done.in_time, event.by)


def _answered(before: State, event: m.CaseAnswered) -> State:
    done = _done(before)
    return Answered(before.file, done.lead, done.resolved_by, done.resolved_at, done.in_time, event.at)


def _rated(before: State, event: m.CaseRated) -> State:
    return attrs.evolve(before, file=attrs.evolve(before.file, rating=event.score))


def _reopened(before: State, event: m.CaseReopened) -> State:
    file = attrs.evolve(
        before.file,
        deadline=event.deadline,
        rung=0,
        supervisor=None,
        warned=False,
        rating=0,
        resolved_at=None,
        reopenings=before.file.reopenings + 1,
    )
    return Dispatched(file, _lead(before))


def _closed(before: State, event: m.CaseClosed) -> State:
    if not isinstance(before, Answered):
        raise ValueError(f"the case {before.id} was closed before it was answered")
    return Closed(
        before.file,
        before.lead,
        before.resolved_by,
        before.resolved_at,
        before.in_time,
        before.answered_at,
        event.at,
    )


def _withdrawn(before: State, event: m.CaseWithdrawn) -> State:
    return Withdrawn(before.file, event.at)


def _blown(before: State, event: m.WhistleBlown) -> State:
    called = tuple(
        ReportInDue(whistle=event.whistle, organization=organization, blown_by=event.by, report_by=event.report_by)
        for organization in event.organizations
    )
    return _with_report_ins(before, (*before.file.report_ins, *called))


def _with_report_ins(before: State, report_ins: tuple[ReportInDue, ...]) -> State:
    return attrs.evolve(before, file=attrs.evolve(before.file, report_ins=report_ins))


def _change_report_in(before: State, whistle: str, organization: str, **changes: dt.datetime | bool | int) -> State:
    return _with_report_ins(
        before,
        tuple(
            attrs.evolve(each, **changes) if (each.whistle, each.organization) == (whistle, organization) else each  # type: ignore[arg-type]
            for each in before.file.report_ins
        ),
    )


def _reported_in(before: State, event: m.ReportedIn) -> State:
    return _change_report_in(before, event.whistle, event.organization, reported_at=event.at)


def _missed(before: State, event: m.ReportInMissed) -> State:
    return _change_report_in(before, event.whistle, event.organization, missed=True)


def _appraised(before: State, event: m.WhistleAppraised) -> State:
    return _change_report_in(before, event.whistle, event.organization, mark=event.mark)


def _objection_raised(before: State, event: m.ObjectionRaised) -> State:
    return attrs.evolve(before, file=attrs.evolve(before.file, objection=Objection(event.against, event.by)))


def _objection_decided(before: State, event: m.ObjectionDecided) -> State:
    file = attrs.evolve(before.file, objection=None)
    if event.lead is not None:
        return Dispatched(file, event.lead)
    if event.deadline is None:
        return attrs.evolve(before, file=file)
    # The deadline was wrong, so whatever followed from it did not happen to this lead.
    file = attrs.evolve(file, deadline=event.deadline, rung=0, supervisor=None, warned=False)
    if isinstance(before, Resolved | Checked | Answered):
        return attrs.evolve(before, file=file, in_time=before.resolved_at <= event.deadline.due_at)
    return attrs.evolve(before, file=file)


def _lead(state: State) -> Party:
    match state:
        case Registered(desk=desk):
            return desk
        case Withdrawn():
            raise ValueError(f"the case {state.id} was withdrawn and has no lead")
        case _:
            return state.lead


def _done(state: State) -> Resolved | Checked | Answered | Closed:
    if not isinstance(state, Resolved | Checked | Answered | Closed):
        raise ValueError(f"the case {state.id} is not resolved")
    return state


_STEPS: dict[type, Callable[[State, Any], State]] = {
    m.CaseRouted: _routed,
    m.CaseDispatched: _dispatched,
    m.CaseAcknowledged: _acknowledged,
    m.CaseReturned: _returned,
    m.CaseTransferred: _transferred,
    m.CaseWarned: _warned,
    m.CaseEscalated: _escalated,
    m.CaseResolved: _resolved,
    m.CaseChecked: _checked,
    m.CaseAnswered: _answered,
    m.CaseRated: _rated,
    m.CaseReopened: _reopened,
    m.CaseClosed: _closed,
    m.CaseWithdrawn: _withdrawn,
    m.WhistleBlown: _blown,
    m.ReportedIn: _reported_in,
    m.ReportInMissed: _missed,
    m.WhistleAppraised: _appraised,
    m.ObjectionRaised: _objection_raised,
    m.ObjectionDecided: _objection_decided,
}
