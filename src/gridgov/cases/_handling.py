"""What is done with a case until it is resolved: handed on and back, divided, handed over, pressed for."""

from __future__ import annotations

import datetime as dt

import attrs

from gridgov.cases import _commands as c
from gridgov.cases import _events as e
from gridgov.cases._given import (
    CaseGiven,
    acts_for,
    clear_of,
    desk_only,
    desk_or_lead,
    going_on,
    is_desk,
    lead_of,
    lead_only,
    named_place,
    not_taken,
    reason_of,
    refuse,
    responded,
    same,
    subject_of,
    waiting,
    wrong_state,
)
from gridgov.cases._route import PART, Route
from gridgov.cases._state import (
    Answered,
    Checked,
    Dispatched,
    HandedOver,
    Handled,
    InParts,
    OpenState,
    Registered,
    Resolved,
)
from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.escalation import Ladder, Step, climbed_early, next_step, pause_deadline, pressed_from
from gridgov.staffing import Party

__all__ = [
    "acknowledge",
    "climbed",
    "closed",
    "closed_part",
    "confirm_receipt",
    "dispatch",
    "escalate",
    "give_back",
    "hand_over",
    "join",
    "part_closed_by",
    "record_outcome",
    "resolve",
    "split",
    "supervise",
    "transfer",
    "urge",
]

FOUND = ("patrol", "home-visit")
"""Sources in which somebody found the matter: 巡查, 走访."""


def dispatch(
    command: c.Dispatch, state: Registered | Dispatched, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    desk_only(state, given, "dispatches by hand")
    place = state.file.place
    return [
        e.CaseDispatched(
            case=state.id,
            at=given.at,
            by=given.by,
            lead=given.named(command.lead, place),
            supporting=tuple(given.named(target, place) for target in command.supporting),
            informed=tuple(given.named(target, place) for target in command.informed),
            reason=given.sealed.get("reason"),
        )
    ]


def acknowledge(_command: c.Acknowledge, state: Dispatched, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    lead_only(state, given, "acknowledge")
    if state.acknowledged_at is not None:
        refuse("case.acknowledged-already", f"the case {state.id} was acknowledged already", case=state.id)
    in_time = responded(state.file, given)
    return [e.CaseAcknowledged(case=state.id, at=given.at, by=given.by, responded_in_time=in_time)]


def give_back(_command: c.Return, state: Dispatched, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    lead_only(state, given, "return")
    if state.lead.holder == given.policy.desk:
        refuse("case.desk-returns-to-itself", "the desk has nobody to return a case to; dispatch it", case=state.id)
    desk = given.party("desk", state.file.place)
    events: list[e.CaseEvent] = [
        e.CaseReturned(case=state.id, at=given.at, by=given.by, desk=desk, reason=reason_of(given))
    ]
    above = _above(state, given)
    if state.file.returns >= given.policy.returns_max and above is not None:
        # Sent to and fro often enough: somebody above decides whose it is.
        events.append(climbed(state, *above, given.at, given, overdue=False))
    return events


def _above(state: Dispatched | InParts, given: CaseGiven) -> tuple[Ladder, int] | None:
    """Give the next rung that is somebody else than the one who has it."""
    ladder = given.ladder_of(state.deadline)
    if ladder is None:
        return None
    for rung in range(state.file.rung, len(ladder.rungs)):
        if given.party(ladder.rungs[rung].target, state.file.place).holder != state.lead.holder:
            return ladder, rung
    return None


def transfer(
    command: c.Transfer, state: Dispatched | InParts, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    desk_or_lead(state, given, "transfer")
    if state.file.transfers >= given.policy.transfers_max and not is_desk(given):
        refuse(
            "case.transferred-enough",
            f"the case {state.id} was passed on {state.file.transfers} times; return it, and the desk decides",
            case=state.id,
        )
    lead = given.named(command.lead, state.file.place)
    if lead.holder == state.lead.holder:
        refuse("case.transfer-to-itself", f"{lead.holder} has the case {state.id} already", case=state.id)
    if not is_desk(given) and any(same(given, lead.holder, each) for each in state.file.returned_by):
        refuse(
            "case.returned-by-them",
            f"{lead.holder} has handed the case {state.id} back before; return it, and the desk decides",
            case=state.id,
            lead=lead.holder,
        )
    return [e.CaseTransferred(case=state.id, at=given.at, by=given.by, lead=lead, reason=reason_of(given))]


def escalate(
    _command: c.Escalate, state: Dispatched | InParts, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    lead_only(state, given, "escalate")
    above = _above(state, given)
    if above is None:
        refuse("case.top-of-the-ladder", f"nobody stands above for the case {state.id}", case=state.id)
    return [climbed(state, *above, given.at, given, overdue=False)]


def climbed(
    state: Handled, ladder: Ladder, rung: int, step_at: dt.datetime, given: CaseGiven, *, overdue: bool
) -> e.CaseEscalated:
    """Give the event of one rung, asked for or overdue."""
    target = ladder.rungs[rung]
    supervisor = given.party(target.target, state.file.place)
    deadline = state.deadline
    if overdue:
        done = Step(kind="climb", at=step_at, rung=rung)
        after = next_step(ladder, done, deadline, given.calendar_named(deadline.calendar))
    else:
        after = climbed_early(ladder, deadline, rung)
    return e.CaseEscalated(
        case=state.id,
        at=given.at,
        by=given.by,
        rung=rung,
        rung_id=target.id,
        supervisor=supervisor,
        lead=supervisor if target.takes_over or not overdue else None,
        step_at=step_at,
        overdue=overdue,
        next_step=after,
        reason=None if overdue else reason_of(given),
    )


def resolve(
    _command: c.Resolve, state: Registered | Dispatched | InParts, subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    holder = lead_of(state)
    file = state.file
    finder = same(given, given.by, file.found_by)
    spot = state.route.on_the_spot and file.rung <= given.policy.spot_rung_max and not file.no_spot
    on_the_spot = spot and given.by == file.opened_by
    if not on_the_spot:
        lead_only(state, given, "resolve")
    if finder and not spot and given.policy.finder_differs and file.source in FOUND:
        refuse(
            "case.finder-handles",
            f"{given.by} found the matter of the case {state.id}; somebody else handles it, or its rule allows it on "
            "the spot",
            case=state.id,
        )
    if file.parts:
        refuse(
            "case.parts-open",
            f"the case {state.id} waits for its parts {', '.join(file.parts)}",
            case=state.id,
            parts=",".join(file.parts),
        )
    resolved = e.CaseResolved(
        case=state.id,
        at=given.at,
        by=given.by,
        in_time=not state.deadline.is_late(given.at),
        responded_in_time=responded(file, given),
        result=given.sealed.get("result"),
    )
    if not file.parent or file.checked:
        return [resolved]
    done = Resolved(file, holder, given.by, given.at, resolved.in_time)
    return [resolved, *part_closed_by(done, subjects, given)]


# --- parts --------------------------------------------------------------------------------------


def split(
    command: c.SplitCase, state: Registered | Dispatched, subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    desk_or_lead(state, given, "split")
    file = state.file
    if file.parent:
        refuse("case.is-a-part", f"{state.id} is a part of {file.parent}; split that one", case=state.id)
    if file.request is not None:
        refuse("case.request-open", f"a request about the case {state.id} is not decided yet", case=state.id)
    places = command.places or (file.place,) * len(command.leads)
    if len(command.leads) < 2 or len(places) != len(command.leads):
        refuse("case.bad-parts", "a case is split into two parts or more, each with a lead and a place", case=state.id)
    names = tuple(f"{given.command_id}.{number}" for number in range(1, len(places) + 1))
    reason = reason_of(given)
    events: list[e.CaseEvent] = [e.CaseSplit(case=state.id, at=given.at, by=given.by, parts=names, reason=reason)]
    for name, lead, place in zip(names, command.leads, places, strict=True):
        not_taken(name, subjects)
        events += _part(name, given.named(lead, named_place(place, given)), place, state, given)
    return events


def _part(name: str, lead: Party, place: str, whole: Registered | Dispatched, given: CaseGiven) -> list[e.CaseEvent]:
    """Open one part: as much time as the whole has, its ladder, and a lead of its own."""
    file, before = whole.file, whole.deadline
    # The clock of the whole, with its limit and its pauses; pressed from now on, and from the first rung.
    deadline = pressed_from(before, given.ladder_of(before), given.calendar_named(before.calendar), given.at)
    route = Route(
        rule="",
        band=whole.route.band,
        decided=PART,
        table=given.rules.version,
        origin=whole.id,
        lead=lead,
        deadline=deadline,
        on_the_spot=whole.route.on_the_spot,
    )
    opened = e.CaseOpened(
        case=name,
        at=given.at,
        by=given.by,
        kind=file.kind,
        kind_zh=file.kind_zh,
        kind_en=file.kind_en,
        place=place,
        grid=given.territory.up(place, "grid") or "",
        source=file.source,
        reporter="",
        affair=file.affair,
        co_governor=file.co_governor,
        size=file.size,
        urgency=file.urgency,
        checked=file.checked,
        severity=file.severity,
        tags=file.tags,
        facts=file.facts,
        parent=whole.id,
        found_by=file.found_by,
        confidential=file.confidential,
    )
    events: list[e.CaseEvent] = [
        opened,
        e.CaseRouted(case=name, at=given.at, by=given.by, route=route),
        e.CaseDispatched(case=name, at=given.at, by=given.by, lead=lead),
    ]
    if deadline.stands_since is not None:
        # The same as for the whole, said once more where somebody reads it.
        events.append(e.ClockPaused(case=name, at=given.at, by=given.by, cause=deadline.stands_for, deadline=deadline))
    return events


def closed(state: Resolved | Checked | Answered, given: CaseGiven) -> e.CaseClosed:
    """Give the event that closes the loop."""
    return e.CaseClosed(
        case=state.id,
        at=given.at,
        by=given.by,
        in_time=state.in_time,
        resolved_at=state.resolved_at,
        due_at=state.deadline.due_at,
        resolved_by=state.resolved_by,
    )


def part_closed_by(state: Resolved | Checked, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    """Close a part that was just found done, unless somebody still waits for an answer about it."""
    file = state.file
    if file.objection is not None or not all(each.settled for each in file.report_ins):
        return []
    return closed_part(state, subjects, given)


def closed_part(state: Resolved | Checked | Answered, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    """Close a part that is done: nobody reported it by itself, so nobody waits for an answer."""
    whole = subject_of(state.file.parent, subjects)
    return [
        closed(state, given),
        e.PartHandled(case=whole.id, at=given.at, by=given.by, part=state.id, handled_by=state.resolved_by),
    ]


def join(
    _command: c.JoinPart, state: Registered | Dispatched, subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    if not state.file.parent:
        refuse("case.not-a-part", f"the case {state.id} is not a part of another one", case=state.id)
    whole = subject_of(state.file.parent, subjects)
    if not isinstance(whole, InParts):
        wrong_state(whole, "joined")
    desk_or_lead(whole, given, "join")
    clear_of(state, "joined")
    reason = reason_of(given)
    return [
        e.CaseLinked(case=state.id, at=given.at, by=given.by, of=whole.id, joined=True),
        e.PartJoined(case=whole.id, at=given.at, by=given.by, part=state.id, reason=reason),
    ]


# --- hand-over of an enforcement lead -----------------------------------------------------------


def hand_over(command: c.HandOver, state: Dispatched, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    desk_or_lead(state, given, "hand over")
    if command.authority not in given.roster.organizations:
        refuse("handover.unknown-authority", f"there is no organization {as_code(command.authority)}")
    if same(given, command.authority, state.lead.holder):
        refuse("handover.to-itself", f"{command.authority} has the case {state.id} already", case=state.id)
    authority = given.named(command.authority, state.file.place)
    return [e.CaseHandedOver(case=state.id, at=given.at, by=given.by, authority=authority, reason=reason_of(given))]


def _authority_or_desk(state: HandedOver, given: CaseGiven, what: str) -> None:
    # Not the one who handed it over: with the receipt their clock stops, and with the outcome they are done.
    desk = is_desk(given) and not acts_for(given, state.lead)
    if not acts_for(given, state.authority) and not desk:
        refuse(
            "handover.not-the-authority",
            f"only {state.authority.holder} or the desk {what} the case {state.id}",
            case=state.id,
            authority=state.authority.holder,
        )


def confirm_receipt(
    command: c.ConfirmReceipt, state: HandedOver, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    _authority_or_desk(state, given, "confirms the receipt of")
    if state.receipt:
        refuse("handover.received-already", f"the receipt of the case {state.id} is {state.receipt}", case=state.id)
    if as_code(command.receipt) != repr(command.receipt):
        refuse("handover.bad-receipt", "a receipt is a number or code, without names or text", case=state.id)
    return [
        e.ReceiptConfirmed(
            case=state.id,
            at=given.at,
            by=given.by,
            receipt=command.receipt,
            deadline=pause_deadline(
                state.deadline,
                given.at,
                given.at + dt.timedelta(days=given.policy.report_back_days),
                cause="hand-over",
            ),
            in_time=not state.deadline.is_late(given.at),
        )
    ]


def record_outcome(
    command: c.RecordOutcome, state: HandedOver, subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    _authority_or_desk(state, given, "records the outcome of")
    result = reason_of(given, "result")
    if command.taken_up and not state.receipt:
        refuse("handover.no-receipt", f"the case {state.id} has no receipt yet; confirm it first", case=state.id)
    # It goes on in either case: should a check fail later, the lead has the time that was left.
    deadline = going_on(state.deadline, given)
    recorded = e.OutcomeRecorded(
        case=state.id,
        at=given.at,
        by=given.by,
        taken_up=command.taken_up,
        authority=state.authority.holder,
        deadline=deadline,
        in_time=state.in_time,
        result=result,
    )
    if not command.taken_up:
        return [recorded, *waiting(state.id, deadline, state.route.band, subjects, given)]
    if not state.file.parent or state.file.checked:
        return [recorded]
    done = Resolved(state.file, state.lead, given.by, given.at, state.in_time)
    return [recorded, *part_closed_by(done, subjects, given)]


# --- pressing -----------------------------------------------------------------------------------


def urge(_command: c.Urge, state: OpenState, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    file = state.file
    concerned = (file.reporter, file.opened_by, *file.followers, *(each.reporter for each in file.duplicates))
    supervises = file.supervisor is not None and acts_for(given, file.supervisor)
    if not (given.by in concerned or supervises or is_desk(given)):
        refuse("case.not-concerned", f"{given.by} is not concerned by the case {state.id}", case=state.id)
    return [e.CaseUrged(case=state.id, at=given.at, by=given.by)]


def supervise(command: c.Supervise, state: OpenState, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    desk_only(state, given, "names who supervises")
    if command.supervisor not in given.roster.persons:
        refuse(
            "case.supervisor-is-a-person",
            f"{as_code(command.supervisor)} is no person of the roster; a supervisor is one, by name",
            case=state.id,
        )
    if given.roster.acts_for(command.supervisor, lead_of(state).holder):
        refuse("case.supervises-itself", f"{command.supervisor} handles the case {state.id}", case=state.id)
    supervisor = attrs.evolve(given.party(command.supervisor, state.file.place), target=command.supervisor)
    return [e.CaseSupervised(case=state.id, at=given.at, by=given.by, supervisor=supervisor, reason=reason_of(given))]
