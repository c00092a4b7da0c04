"""What changes when something has happened to a case, to the mode, or to a list of what was published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs

from gridgov.cases import _events as e
from gridgov.cases._given import MODE
from gridgov.cases._state import (
    Answered,
    CaseFile,
    Checked,
    Closed,
    Declined,
    Dispatched,
    Done,
    Duplicate,
    HandedOver,
    Held,
    Imported,
    InParts,
    Linked,
    Mode,
    Objection,
    Published,
    Registered,
    ReportInDue,
    Request,
    Resolved,
    State,
    Withdrawn,
    amended,
)
from gridgov.escalation import Deadline, Step
from gridgov.staffing import Party

__all__ = ["evolve"]


def evolve(tag: str, before: Any, event: Any) -> Any:
    """Give the subject after *event*.

    :raises ValueError: for an event that cannot follow *before*: the journal is not one of ours.
    """
    if tag == MODE:
        return _mode(before, event)
    if tag.startswith("published:"):
        return _published_list(before, event)
    if tag.startswith("import:"):
        return Imported(event.case)
    if isinstance(event, e.CaseOpened):
        return _opened(event)
    if before is None:
        raise ValueError(f"the case {event.case} has {type(event).__name__} before it was opened")
    step = _STEPS.get(type(event))
    if step is None:
        raise ValueError(f"{type(event).__name__} is no event of a case")
    return step(before, event)


def _mode(before: Mode | None, event: Any) -> Mode:
    if isinstance(event, e.ModeSwitched):
        since = before.since if before is not None and before.since is not None else event.at
        return Mode(since=since, until=event.until, ordinary=event.ordinary, by=event.by)
    return Mode()


def _published_list(before: Published | None, event: e.ResultPublished) -> Published:
    # Published again after it was handled again: the newer line takes the place of the older one.
    kept = [line for line in (before.lines if before is not None else ()) if line.case != event.case]
    return Published((*kept, event))


def _opened(event: e.CaseOpened) -> State:
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
        departments=event.departments,
        repeats=event.repeats,
        severity=event.severity,
        tags=event.tags,
        facts=event.facts,
        evidence=event.evidence,
        hotline_kind=event.hotline_kind,
        confidential=event.confidential,
        parent=event.parent,
        found_by=event.found_by or event.by,
        imported_from=event.imported_from,
        foreign_id=event.foreign_id,
    )
    # CaseRouted follows in the same commit; until then the reporter's finder answers for it.
    return Registered(file, Party(holder=event.by, target=event.by))


def _file(before: State, event: e.CaseEvent, **changes: Any) -> CaseFile:
    return amended(before.file, changed_at=max(event.at, before.file.changed_at), **changes)


def _same(before: State, event: e.CaseEvent, **changes: Any) -> State:
    """Give the same state with another file."""
    return attrs.evolve(before, file=_file(before, event, **changes))


def _with_step(before: State, step: Step | None) -> Deadline | None:
    deadline = before.file.deadline
    return None if deadline is None else attrs.evolve(deadline, step=step)


# --- intake -------------------------------------------------------------------------------------


def _routed(before: State, event: e.CaseRouted) -> State:
    route = event.route
    file = _file(
        before,
        event,
        route=route,
        deadline=route.deadline,
        supporting=route.supporting,
        informed=route.informed,
        accepted_at=event.at if route.rule else None,
    )
    return Dispatched(file, route.lead) if route.rule else Registered(file, route.lead)


def _shadowed(before: State, _event: e.CaseShadowed) -> State:
    return before


def _accepted(before: State, event: e.CaseAccepted) -> State:
    return _same(before, event, accepted_at=event.at, responded_at=before.file.responded_at or event.at)


def _declined(before: State, event: e.CaseDeclined) -> State:
    return Declined(_file(before, event), event.by, event.at)


def _corrected(before: State, event: e.CaseCorrected) -> State:
    route = event.route
    file = _file(
        before,
        event,
        kind=event.kind,
        kind_zh=event.kind_zh,
        kind_en=event.kind_en,
        place=event.place,
        grid=event.grid,
        affair=event.affair,
        co_governor=event.co_governor,
        size=event.size,
        urgency=event.urgency,
        checked=event.checked,
        route=route,
        deadline=route.deadline,
        supporting=route.supporting,
        informed=route.informed,
        rung=0,
        supervisor=None,
        warned=False,
        request=None,
        turn=before.file.turn + 1,
        accepted_at=before.file.accepted_at or (event.at if route.rule else None),
        no_spot=before.file.no_spot or (event.by == before.file.found_by and event.kind != event.was_kind),
    )
    return Dispatched(file, route.lead) if route.rule else Registered(file, route.lead)


def _linked(before: State, event: e.CaseLinked) -> State:
    if not isinstance(before, Registered | Dispatched):
        raise ValueError(f"the case {before.id} was linked while it was {type(before).__name__}")
    if event.deadline is not None:
        before = attrs.evolve(before, file=amended(before.file, deadline=event.deadline))
    return Linked(_file(before, event), event.of, before)


def _unlinked(before: State, event: e.CaseUnlinked) -> State:
    if not isinstance(before, Linked):
        raise ValueError(f"the case {before.id} was unlinked and was not linked")
    deadline = event.deadline or before.before.file.deadline
    return attrs.evolve(before.before, file=_file(before, event, deadline=deadline, turn=before.file.turn + 1))


def _duplicate_found(before: State, event: e.DuplicateFound) -> State:
    found = Duplicate(event.duplicate, event.reporter, event.confidential, event.followers)
    unnamed = before.file.unnamed
    if event.confidential and event.reporter and event.reporter not in unnamed:
        unnamed = (*unnamed, event.reporter)
    return _same(before, event, duplicates=(*before.file.duplicates, found), unnamed=unnamed)


def _duplicate_lost(before: State, event: e.DuplicateLost) -> State:
    kept = tuple(each for each in before.file.duplicates if each.case != event.duplicate)
    return _same(before, event, duplicates=kept)


def _followed(before: State, event: e.CaseFollowed) -> State:
    return _same(before, event, followers=(*before.file.followers, event.by))


def _unfollowed(before: State, event: e.CaseUnfollowed) -> State:
    return _same(before, event, followers=tuple(each for each in before.file.followers if each != event.by))


# --- handling -----------------------------------------------------------------------------------


def _dispatched(before: State, event: e.CaseDispatched) -> State:
    file = _file(
        before,
        event,
        supporting=event.supporting,
        informed=event.informed,
        accepted_at=before.file.accepted_at or event.at,
        request=None,
    )
    return Dispatched(file, event.lead)


def _acknowledged(before: State, event: e.CaseAcknowledged) -> State:
    return Dispatched(_file(before, event, responded_at=before.file.responded_at or event.at), _lead(before), event.at)


def _returned(before: State, event: e.CaseReturned) -> State:
    file = before.file
    by = _lead(before).holder
    changed = _file(before, event, returns=file.returns + 1, returned_by=(*file.returned_by, by), request=None)
    return Registered(changed, event.desk)


def _transferred(before: State, event: e.CaseTransferred) -> State:
    file = _file(before, event, transfers=before.file.transfers + 1, request=None)
    if isinstance(before, InParts):
        return attrs.evolve(before, file=file, lead=event.lead)
    return Dispatched(file, event.lead)


def _warned(before: State, event: e.CaseWarned) -> State:
    return _same(before, event, warned=True, deadline=_with_step(before, event.next_step))


def _escalated(before: State, event: e.CaseEscalated) -> State:
    file = _file(
        before,
        event,
        rung=event.rung + 1,
        supervisor=event.supervisor,
        deadline=_with_step(before, event.next_step),
        **({} if event.lead is None else {"request": None}),
    )
    if event.lead is None:
        return attrs.evolve(before, file=file)
    if isinstance(before, InParts | HandedOver):
        return attrs.evolve(before, file=file, lead=event.lead)
    return Dispatched(file, event.lead)


def _urged(before: State, event: e.CaseUrged) -> State:
    return _same(before, event, urges=before.file.urges + 1)


def _supervised(before: State, event: e.CaseSupervised) -> State:
    return _same(before, event, supervisor=event.supervisor)


def _split(before: State, event: e.CaseSplit) -> State:
    return InParts(_file(before, event, parts=event.parts), _lead(before))


def _part_joined(before: State, event: e.PartJoined) -> State:
    left = tuple(each for each in before.file.parts if each != event.part)
    file = _file(before, event, parts=left)
    # With the last one taken back nothing is divided any more, and the lead goes on.
    return attrs.evolve(before, file=file) if left else Dispatched(file, _lead(before), event.at)


def _part_handled(before: State, event: e.PartHandled) -> State:
    left = tuple(each for each in before.file.parts if each != event.part)
    return _same(before, event, parts=left, part_handlers=(*before.file.part_handlers, event.handled_by))


def _resolved(before: State, event: e.CaseResolved) -> State:
    file = _file(
        before,
        event,
        handled_by=event.by,
        resolved_at=event.at,
        responded_at=before.file.responded_at or event.at,
        request=None,
    )
    return Resolved(file, _lead(before), event.by, event.at, event.in_time)


def _handed_over(before: State, event: e.CaseHandedOver) -> State:
    return HandedOver(_file(before, event, request=None), _lead(before), event.authority)


def _received(before: State, event: e.ReceiptConfirmed) -> State:
    if not isinstance(before, HandedOver):
        raise ValueError(f"the case {before.id} was received and not handed over")
    return attrs.evolve(
        before, file=_file(before, event, deadline=event.deadline), receipt=event.receipt, in_time=event.in_time
    )


def _outcome(before: State, event: e.OutcomeRecorded) -> State:
    if not event.taken_up:
        return Dispatched(_file(before, event, deadline=event.deadline, turn=before.file.turn + 1), _lead(before))
    file = _file(
        before, event, handled_by=event.by, resolved_at=event.at, authority=event.authority, deadline=event.deadline
    )
    return Resolved(file, _lead(before), event.by, event.at, event.in_time)


# --- hold and extension -------------------------------------------------------------------------


def _hold_asked(before: State, event: e.HoldAsked) -> State:
    return _same(before, event, request=Request(asked_by=event.by, until=event.until))


def _extension_asked(before: State, event: e.ExtensionAsked) -> State:
    return _same(before, event, request=Request(asked_by=event.by, limit=event.limit))


def _held(before: State, event: e.CaseHeld) -> State:
    file = _file(before, event, request=None, holds=before.file.holds + 1, deadline=event.deadline)
    return Held(file, _lead(before), event.until)


def _extended(before: State, event: e.DeadlineExtended) -> State:
    file = before.file
    return _same(before, event, request=None, deadline=event.deadline, granted=file.granted + 1, turn=file.turn + 1)


def _denied(before: State, event: e.RequestDenied) -> State:
    return _same(before, event, request=None)


def _hold_ended(before: State, event: e.HoldEnded) -> State:
    file = _file(before, event, deadline=event.deadline, turn=before.file.turn + 1)
    return Dispatched(file, _lead(before), event.at)


def _with_deadline(before: State, event: e.ClockPaused | e.ClockResumed | e.DeadlineReviewed) -> State:
    return _same(before, event, deadline=event.deadline, turn=before.file.turn + 1)


# --- closing ------------------------------------------------------------------------------------


def _checked(before: State, event: e.CaseChecked) -> State:
    if not event.passed:
        deadline = event.deadline or before.file.deadline
        file = _file(before, event, resolved_at=None, excused=False, deadline=deadline, turn=before.file.turn + 1)
        return Dispatched(file, _lead(before))
    done = _done(before)
    return Checked(_file(before, event), done.lead, done.resolved_by, done.resolved_at, done.in_time, event.by)


def _answered(before: State, event: e.CaseAnswered) -> State:
    done = _done(before)
    return Answered(_file(before, event), done.lead, done.resolved_by, done.resolved_at, done.in_time, event.at)


def _rated(before: State, event: e.CaseRated) -> State:
    return _same(before, event, rating=event.score)


def _called_back(before: State, event: e.ReporterCalled) -> State:
    return _same(before, event, called=event.reached, solved=event.solved, satisfied=event.satisfied)


def _reopened(before: State, event: e.CaseReopened) -> State:
    file = _file(
        before,
        event,
        deadline=event.deadline,
        rung=0,
        supervisor=None,
        warned=False,
        rating=0,
        resolved_at=None,
        called=False,
        solved=None,
        satisfied=None,
        excused=False,
        published=False,
        reopenings=before.file.reopenings + 1,
        turn=before.file.turn + 1,
    )
    return Dispatched(file, _lead(before))


def _closed(before: State, event: e.CaseClosed) -> State:
    done = _done(before)
    answered_at = before.answered_at if isinstance(before, Answered) else event.at
    file = _file(before, event)
    return Closed(file, done.lead, done.resolved_by, done.resolved_at, done.in_time, answered_at, event.at)


def _withdrawn(before: State, event: e.CaseWithdrawn) -> State:
    return Withdrawn(_file(before, event, request=None, objection=None), event.at)


def _published(before: State, event: e.ResultPublished) -> State:
    return _same(before, event, published=True)


# --- whistles and objections --------------------------------------------------------------------


def _blown(before: State, event: e.WhistleBlown) -> State:
    called = tuple(
        ReportInDue(whistle=event.whistle, organization=organization, blown_by=event.by, report_by=event.report_by)
        for organization in event.organizations
    )
    return _same(before, event, report_ins=(*before.file.report_ins, *called))


def _change_report_in(
    before: State,
    event: e.ReportedIn | e.ReportInMissed | e.WhistleAppraised,
    **changes: dt.datetime | bool | int,
) -> State:
    called = (event.whistle, event.organization)
    report_ins = tuple(
        attrs.evolve(each, **changes) if (each.whistle, each.organization) == called else each  # type: ignore[arg-type]
        for each in before.file.report_ins
    )
    return _same(before, event, report_ins=report_ins)


def _reported_in(before: State, event: e.ReportedIn) -> State:
    return _change_report_in(before, event, reported_at=event.at)


def _missed(before: State, event: e.ReportInMissed) -> State:
    return _change_report_in(before, event, missed=True)


def _appraised(before: State, event: e.WhistleAppraised) -> State:
    return _change_report_in(before, event, mark=event.mark)


def _objection_raised(before: State, event: e.ObjectionRaised) -> State:
    return _same(before, event, objection=Objection(event.against, event.by))


def _objection_decided(before: State, event: e.ObjectionDecided) -> State:
    changes: dict[str, Any] = {"objection": None}
    if event.upheld and event.against == "lateness":
        changes["excused"] = True
    if event.deadline is not None:
        # The deadline was wrong, so whatever followed from it did not happen to this lead.
        changes |= {"deadline": event.deadline, "rung": 0, "supervisor": None, "warned": False}
        changes["turn"] = before.file.turn + 1
    if event.lead is not None:
        return Dispatched(_file(before, event, request=None, **changes), event.lead)
    after = _same(before, event, **changes)
    if event.deadline is None:
        return after
    if isinstance(after, Resolved | Checked | Answered):
        return attrs.evolve(after, in_time=after.resolved_at <= event.deadline.due_at)
    return after


def _lead(state: State) -> Party:
    match state:
        case Registered(desk=desk):
            return desk
        case Withdrawn() | Declined() | Linked():
            raise ValueError(f"the case {state.id} is {type(state).__name__} and has no lead")
        case _:
            return state.lead


def _done(state: State) -> Done:
    if not isinstance(state, Resolved | Checked | Answered | Closed):
        raise ValueError(f"the case {state.id} is not resolved")
    return state


_STEPS: dict[type, Callable[[State, Any], State]] = {
    e.CaseRouted: _routed,
    e.CaseShadowed: _shadowed,
    e.CaseAccepted: _accepted,
    e.CaseDeclined: _declined,
    e.CaseCorrected: _corrected,
    e.CaseLinked: _linked,
    e.CaseUnlinked: _unlinked,
    e.DuplicateFound: _duplicate_found,
    e.DuplicateLost: _duplicate_lost,
    e.CaseFollowed: _followed,
    e.CaseUnfollowed: _unfollowed,
    e.CaseDispatched: _dispatched,
    e.CaseAcknowledged: _acknowledged,
    e.CaseReturned: _returned,
    e.CaseTransferred: _transferred,
    e.CaseWarned: _warned,
    e.CaseEscalated: _escalated,
    e.CaseUrged: _urged,
    e.CaseSupervised: _supervised,
    e.CaseSplit: _split,
    e.PartJoined: _part_joined,
    e.PartHandled: _part_handled,
    e.CaseResolved: _resolved,
    e.CaseHandedOver: _handed_over,
    e.ReceiptConfirmed: _received,
    e.OutcomeRecorded: _outcome,
    e.HoldAsked: _hold_asked,
    e.ExtensionAsked: _extension_asked,
    e.CaseHeld: _held,
    e.DeadlineExtended: _extended,
    e.RequestDenied: _denied,
    e.HoldEnded: _hold_ended,
    e.ClockPaused: _with_deadline,
    e.ClockResumed: _with_deadline,
    e.DeadlineReviewed: _with_deadline,
    e.CaseChecked: _checked,
    e.CaseAnswered: _answered,
    e.CaseRated: _rated,
    e.ReporterCalled: _called_back,
    e.CaseReopened: _reopened,
    e.CaseClosed: _closed,
    e.CaseWithdrawn: _withdrawn,
    e.ResultPublished: _published,
    e.WhistleBlown: _blown,
    e.ReportedIn: _reported_in,
    e.ReportInMissed: _missed,
    e.WhistleAppraised: _appraised,
    e.ObjectionRaised: _objection_raised,
    e.ObjectionDecided: _objection_decided,
}
