"""May it happen to this case, and what then.

Every command has one function here; each begins with what has to be true and refuses with a
code of its own. The texts that people wrote never pass through: what comes in is their seal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gridgov.access import kind_of_actor
from gridgov.cases import _messages as m
from gridgov.cases._evolve import evolve
from gridgov.cases._given import (
    MARKS,
    CaseGiven,
    acts_for,
    clock_only,
    is_desk,
    known,
    lead_only,
    may,
    reason_of,
    refuse,
    tag_of,
    wrong_state,
)
from gridgov.cases._objections import decide_objection, raise_objection
from gridgov.cases._state import (
    Answered,
    Checked,
    Closed,
    Dispatched,
    Registered,
    Resolved,
    State,
    Withdrawn,
)
from gridgov.cases._whistles import appraise, blow, miss, report_in
from gridgov.decider import Decider, FallsDue, Subjects
from gridgov.errors import as_code
from gridgov.escalation import (
    Ladder,
    Step,
    climbed_early,
    next_step,
    paused_deadline,
    start_deadline,
)
from gridgov.routing import decide

__all__ = ["CASES"]


# --- opening and routing ------------------------------------------------------------------------


def _open(command: m.OpenCase, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    case = given.command_id
    if subjects.get(tag_of(case)) is not None:
        refuse("case.exists", f"there is a case {case!r} already", case=case)
    if command.kind not in given.catalog:
        hint = given.catalog.hint(command.kind)
        refuse("case.unknown-kind", f"there is no kind {as_code(command.kind)}{hint}", kind=as_code(command.kind))
    if command.place not in given.territory:
        refuse(
            "case.unknown-place",
            f"there is no place {as_code(command.place)} in this street",
            place=as_code(command.place),
        )
    if command.source not in m.SOURCES:
        sources = ", ".join(sorted(m.SOURCES))
        refuse("case.unknown-source", f"the source {as_code(command.source)} is none of {sources}")
    if command.departments < 0 or command.repeats < 0:
        refuse("case.negative-count", "departments and repeats are 0 or more")
    if command.agreed_due_at is not None and command.agreed_due_at.tzinfo is None:
        refuse("case.naive-instant", "the agreed date needs a time zone", agreed_due_at=command.agreed_due_at)
    may("OpenCase", command.place, given)
    kind = given.catalog[command.kind]
    if not kind.admitted:
        refuse(
            "case.not-admitted",
            f"{kind.en} ({kind.code}) is not on the list of matters that enter the grids; send it to the desk",
            kind=kind.code,
        )
    opened = m.CaseOpened(
        case=case,
        at=given.at,
        by=given.by,
        kind=kind.code,
        kind_zh=kind.zh,
        kind_en=kind.en,
        place=command.place,
        grid=given.territory.up(command.place, "grid") or "",
        source=command.source,
        reporter=command.reporter,
        affair=kind.affair,
        co_governor=kind.co_governor,
        size=kind.size,
        urgency=kind.urgency,
        checked=kind.checked,
        departments=command.departments,
        repeats=command.repeats,
        tags=command.tags,
        evidence=command.evidence,
        text=given.sealed.get("text"),
        contact=given.sealed.get("contact"),
    )
    route = _route(opened, command.agreed_due_at, given)
    return [opened, m.CaseRouted(case=case, at=given.at, by="system:routing", route=route)]


def _facts(opened: m.CaseOpened, given: CaseGiven) -> dict[str, str | int | Sequence[str]]:
    reporter = kind_of_actor(opened.reporter, given.roster) if opened.reporter else "anonymous"
    return {
        "kind": opened.kind,
        "place": opened.place,
        "grid_kind": given.territory[opened.grid].kind if opened.grid else "",
        "source": opened.source,
        "reporter": reporter,
        "affair": opened.affair,
        "co_governor": opened.co_governor,
        "size": opened.size,
        "urgency": opened.urgency,
        "mode": given.mode,
        "day": given.calendar.kind(given.day).value,
        "departments": opened.departments,
        "repeats": opened.repeats,
        "tag": opened.tags,
    }


def _route(opened: m.CaseOpened, agreed_at: dt.datetime | None, given: CaseGiven) -> m.Route:
    found = decide(given.table, _facts(opened, given), given.territory)
    if found is None:
        ladder = given.ladders.get(given.policy.desk_ladder)
        return m.Route(
            rule="",
            band="",
            table=given.table.version,
            passed_over=len(given.table.rules),
            lead=given.party("desk", opened.place),
            deadline=start_deadline(
                given.at, given.calendar, ladder, limit=given.policy.desk_limit, agreed_at=agreed_at
            ),
        )
    rule, decision = found
    then = rule.then
    deadline = start_deadline(
        given.at, given.calendar, given.ladders.get(then.ladder), limit=then.limit, agreed_at=agreed_at
    )
    return m.Route(
        rule=rule.id,
        band=rule.band,
        table=decision.version,
        origin=rule.origin,
        hits=decision.hits,
        near_misses=decision.near_misses,
        passed_over=decision.passed_over,
        lead=given.party(then.lead, opened.place),
        supporting=tuple(given.party(target, opened.place) for target in then.supporting),
        informed=tuple(given.party(target, opened.place) for target in then.informed),
        deadline=deadline,
        on_the_spot=then.on_the_spot,
        tell_zh=then.tell_zh,
        tell_en=then.tell_en,
    )


# --- handling -----------------------------------------------------------------------------------


def _dispatch(command: m.Dispatch, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Registered | Dispatched):
        wrong_state(state, "dispatched")
    if not is_desk(given):
        refuse("case.not-the-desk", f"only {given.policy.desk} dispatches by hand", case=state.id)
    place = state.file.place
    return [
        m.CaseDispatched(
            case=state.id,
            at=given.at,
            by=given.by,
            lead=given.named(command.lead, place),
            supporting=tuple(given.named(target, place) for target in command.supporting),
            reason=given.sealed.get("reason"),
        )
    ]


def _acknowledge(command: m.Acknowledge, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Dispatched):
        wrong_state(state, "acknowledged")
    lead_only(state, given, "acknowledge")
    if state.acknowledged_at is not None:
        refuse("case.acknowledged-already", f"the case {state.id} was acknowledged already", case=state.id)
    return [m.CaseAcknowledged(case=state.id, at=given.at, by=given.by)]


def _return(command: m.Return, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Dispatched):
        wrong_state(state, "returned")
    lead_only(state, given, "return")
    if state.lead.holder == given.policy.desk:
        refuse("case.desk-returns-to-itself", "the desk has nobody to return a case to; dispatch it", case=state.id)
    desk = given.party("desk", state.file.place)
    return [m.CaseReturned(case=state.id, at=given.at, by=given.by, desk=desk, reason=reason_of(given))]


def _transfer(command: m.Transfer, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Dispatched):
        wrong_state(state, "transferred")
    if not is_desk(given):
        lead_only(state, given, "transfer")
    lead = given.named(command.lead, state.file.place)
    if lead.holder == state.lead.holder:
        refuse("case.transfer-to-itself", f"{lead.holder} has the case {state.id} already", case=state.id)
    return [m.CaseTransferred(case=state.id, at=given.at, by=given.by, lead=lead, reason=reason_of(given))]


def _escalate(command: m.Escalate, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Dispatched):
        wrong_state(state, "escalated")
    lead_only(state, given, "escalate")
    ladder = given.ladders.get(state.deadline.ladder)
    rung = state.file.rung
    if ladder is None or rung >= len(ladder.rungs):
        refuse("case.top-of-the-ladder", f"nobody stands above for the case {state.id}", case=state.id)
    return [_climbed(state, ladder, rung, given.at, given, overdue=False)]


def _climbed(
    state: Registered | Dispatched, ladder: Ladder, rung: int, step_at: dt.datetime, given: CaseGiven, *, overdue: bool
) -> m.CaseEscalated:
    target = ladder.rungs[rung]
    supervisor = given.party(target.target, state.file.place)
    done = Step(kind="climb", at=step_at, rung=rung)
    return m.CaseEscalated(
        case=state.id,
        at=given.at,
        by=given.by,
        rung=rung,
        rung_id=target.id,
        supervisor=supervisor,
        lead=supervisor if target.takes_over or not overdue else None,
        step_at=step_at,
        overdue=overdue,
        next_step=next_step(ladder, done, state.deadline.due_at, given.calendar)
        if overdue
        else climbed_early(ladder, state.deadline, rung),
        reason=None if overdue else reason_of(given),
    )


def _resolve(command: m.Resolve, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Dispatched | Registered):
        wrong_state(state, "resolved")
    holder = state.desk if isinstance(state, Registered) else state.lead
    on_the_spot = state.route.on_the_spot and given.by == state.file.opened_by
    if not (acts_for(given, holder) or on_the_spot):
        refuse(
            "case.not-the-lead",
            f"{given.by} does not have the case {state.id}; only {holder.holder} can resolve it",
            case=state.id,
            lead=holder.holder,
        )
    in_time = given.at <= state.deadline.due_at
    result = given.sealed.get("result")
    return [m.CaseResolved(case=state.id, at=given.at, by=given.by, in_time=in_time, result=result)]


def _check(command: m.Check, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Resolved):
        wrong_state(state, "checked")
    if not state.file.checked:
        refuse("case.no-check-asked", f"cases of the kind {state.file.kind} are answered without a check")
    if given.by == state.resolved_by or acts_for(given, state.lead):
        refuse(
            "case.handler-checks-own-work",
            f"{given.by} handled the case {state.id}; somebody else has to check it",
            case=state.id,
        )
    if command.passed:
        reason = given.sealed.get("reason")
        return [m.CaseChecked(case=state.id, at=given.at, by=given.by, passed=True, reason=reason)]
    ladder = given.ladders.get(state.deadline.ladder)
    deadline = paused_deadline(
        state.deadline, ladder, given.calendar, start=state.resolved_at, end=max(given.at, state.resolved_at)
    )
    return [
        m.CaseChecked(case=state.id, at=given.at, by=given.by, passed=False, deadline=deadline, reason=reason_of(given))
    ]


def _answer(command: m.Answer, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if isinstance(state, Resolved) and state.file.checked:
        refuse("case.not-checked", f"the case {state.id} must be checked before it is answered", case=state.id)
    if not isinstance(state, Resolved | Checked):
        wrong_state(state, "answered")
    return [m.CaseAnswered(case=state.id, at=given.at, by=given.by, text=given.sealed.get("text"))]


def _close(command: m.Close, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Answered):
        wrong_state(state, "closed")
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
    return [
        m.CaseClosed(
            case=state.id,
            at=given.at,
            by=given.by,
            in_time=state.in_time,
            resolved_at=state.resolved_at,
            due_at=state.deadline.due_at,
            resolved_by=state.resolved_by,
        )
    ]


# --- the reporter -------------------------------------------------------------------------------


def _reporter_only(state: State, given: CaseGiven, what: str) -> None:
    if given.by not in (state.file.reporter, state.file.opened_by):
        refuse("case.not-the-reporter", f"only who reported the case {state.id} can {what} it", case=state.id)


def _rate(command: m.Rate, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Answered | Closed):
        wrong_state(state, "rated")
    _reporter_only(state, given, "rate")
    if command.score not in MARKS:
        refuse("case.bad-score", f"a score is 1 to 5, not {command.score}", score=command.score)
    if state.file.rating:
        refuse("case.rated-already", f"the case {state.id} was rated already", case=state.id)
    _within(state, given.policy.rating_days, given, "rated")
    comment = given.sealed.get("comment")
    return [m.CaseRated(case=state.id, at=given.at, by=given.by, score=command.score, comment=comment)]


def _within(state: Answered | Closed, days: int, given: CaseGiven, what: str) -> None:
    if given.at > state.answered_at + dt.timedelta(days=days):
        refuse("case.too-late", f"the case {state.id} can be {what} for {days} days after the answer", case=state.id)


def _reopen(command: m.Reopen, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Answered | Closed):
        wrong_state(state, "reopened")
    if not is_desk(given):
        _reporter_only(state, given, "reopen")
    _within(state, given.policy.reopening_days, given, "reopened")
    before = state.deadline
    deadline = start_deadline(
        given.at,
        given.calendar,
        given.ladders.get(before.ladder),
        limit=before.limit or given.policy.desk_limit,
    )
    closed = isinstance(state, Closed)
    return [
        m.CaseReopened(
            case=state.id,
            at=given.at,
            by=given.by,
            deadline=deadline,
            was_closed=closed,
            was_in_time=closed and state.in_time,
            reason=reason_of(given),
        )
    ]


def _withdraw(command: m.Withdraw, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = known(command, subjects, given)
    if not isinstance(state, Registered | Dispatched):
        wrong_state(state, "withdrawn")
    _reporter_only(state, given, "withdraw")
    return [m.CaseWithdrawn(case=state.id, at=given.at, by=given.by, reason=given.sealed.get("reason"))]


# --- the clock ----------------------------------------------------------------------------------


def _due_step(
    state: State, kind: str, rung: int, due_at: dt.datetime, given: CaseGiven
) -> tuple[Registered | Dispatched, Step]:
    clock_only(given)
    step = state.file.deadline.step if state.file.deadline else None
    if (
        not isinstance(state, Registered | Dispatched)
        or step is None
        or (step.kind, step.rung, step.at) != (kind, rung, due_at)
    ):
        refuse("case.nothing-due", f"nothing of that kind is due for the case {state.id}", case=state.id)
    return state, step


def _warn(command: m.WarnOfDeadline, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state, step = _due_step(known(command, subjects, given), "warn", 0, command.due_at, given)
    ladder = given.ladders.get(state.deadline.ladder)
    due_at, rung = state.deadline.due_at, state.file.rung
    after = next_step(ladder, step, due_at, given.calendar, rung=rung) if ladder else None
    return [m.CaseWarned(case=state.id, at=given.at, by=given.by, step_at=step.at, next_step=after)]


def _climb(command: m.ClimbLadder, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state, step = _due_step(known(command, subjects, given), "climb", command.rung, command.due_at, given)
    ladder = given.ladders.get(state.deadline.ladder)
    if ladder is None or step.rung >= len(ladder.rungs):
        refuse("case.no-ladder", f"the ladder of the case {state.id} has no such rung", case=state.id)
    return [_climbed(state, ladder, step.rung, step.at, given, overdue=True)]


_DECISIONS: dict[type, Callable[[Any, Subjects, CaseGiven], list[m.CaseEvent]]] = {
    m.OpenCase: _open,
    m.Dispatch: _dispatch,
    m.Acknowledge: _acknowledge,
    m.Return: _return,
    m.Transfer: _transfer,
    m.Escalate: _escalate,
    m.Resolve: _resolve,
    m.Check: _check,
    m.Answer: _answer,
    m.Rate: _rate,
    m.Reopen: _reopen,
    m.Close: _close,
    m.Withdraw: _withdraw,
    m.BlowWhistle: blow,
    m.ReportIn: report_in,
    m.AppraiseWhistle: appraise,
    m.RaiseObjection: raise_objection,
    m.DecideObjection: decide_objection,
    m.WarnOfDeadline: _warn,
    m.ClimbLadder: _climb,
    m.MissReportIn: miss,
}


def _decide(command: Any, subjects: Subjects, given: CaseGiven) -> Sequence[m.CaseEvent]:
    return _DECISIONS[type(command)](command, subjects, given)


def _falls_due(tag_of: str, state: State) -> list[FallsDue]:
    if isinstance(state, Closed | Withdrawn):
        return []
    file = state.file
    found = [
        FallsDue(
            at=each.report_by,
            key=f"report-in:{each.whistle}:{each.organization}",
            command=m.MissReportIn(
                file.id, whistle=each.whistle, organization=each.organization, due_at=each.report_by
            ),
        )
        for each in file.report_ins
        if not each.settled
    ]
    step = file.deadline.step if file.deadline else None
    if step is None or not isinstance(state, Registered | Dispatched):
        return found
    if step.kind == "warn":
        found.append(FallsDue(at=step.at, key="warn", command=m.WarnOfDeadline(file.id, due_at=step.at)))
    else:
        climb = m.ClimbLadder(file.id, rung=step.rung, due_at=step.at)
        found.append(FallsDue(at=step.at, key=f"climb:{step.rung}", command=climb))
    return found


def _tally(event: m.CaseEvent, after: State) -> Iterable[tuple[str, ...]]:
    match event:
        case m.CaseOpened():
            yield ("opened",)
            yield ("opened", event.kind)
        case m.CaseRouted():
            yield ("routed", event.route.band or "desk")
            yield ("dispatched", event.route.lead.holder)
        case m.CaseClosed() if isinstance(after, Closed):
            for key in ("closed", *(["closed-in-time"] if event.in_time else [])):
                yield (key,)
                yield (key, after.lead.holder)
        case m.CaseReopened() if isinstance(after, Dispatched):
            yield ("reopened",)
            if event.was_closed:
                for key in ("closed-again", *(["closed-in-time-again"] if event.was_in_time else [])):
                    yield (key,)
                    yield (key, after.lead.holder)
        case m.CaseEscalated():
            yield ("escalated",)
            yield ("escalated", event.rung_id)
        case m.CaseRated():
            yield ("rated",)
            yield ("rated", str(event.score))
        case m.ReportedIn():
            yield ("reported-in",)
            if event.late:
                yield ("reported-in-late",)
        case m.CaseAnswered() | m.CaseAcknowledged():
            pass
        case _:
            yield (_STORED_NAMES[type(event)].removeprefix("case-"),)


EVENTS: dict[str, type[m.CaseEvent]] = {
    "case-opened": m.CaseOpened,
    "case-routed": m.CaseRouted,
    "case-dispatched": m.CaseDispatched,
    "case-acknowledged": m.CaseAcknowledged,
    "case-returned": m.CaseReturned,
    "case-transferred": m.CaseTransferred,
    "case-warned": m.CaseWarned,
    "case-escalated": m.CaseEscalated,
    "case-resolved": m.CaseResolved,
    "case-checked": m.CaseChecked,
    "case-answered": m.CaseAnswered,
    "case-rated": m.CaseRated,
    "case-reopened": m.CaseReopened,
    "case-closed": m.CaseClosed,
    "case-withdrawn": m.CaseWithdrawn,
    "whistle-blown": m.WhistleBlown,
    "whistle-reported-in": m.ReportedIn,
    "whistle-report-in-missed": m.ReportInMissed,
    "whistle-appraised": m.WhistleAppraised,
    "case-objection-raised": m.ObjectionRaised,
    "case-objection-decided": m.ObjectionDecided,
}
_STORED_NAMES = {shape: name for name, shape in EVENTS.items()}


def _tags(event: m.CaseEvent) -> tuple[str, ...]:
    return (tag_of(event.case),)


CASES: Decider[Any, m.CaseEvent, CaseGiven] = Decider(
    name="cases",
    commands=tuple(_DECISIONS),
    events=EVENTS,
    decide=_decide,
    evolve=evolve,
    tags=_tags,
    falls_due=_falls_due,
    settled=lambda tag_of, state: isinstance(state, Closed | Withdrawn),
    tally=_tally,
)
"""The room of cases, as the office needs it."""
