"""May it happen to this case, and what then.

Every command has one function here; each begins with what has to be true and refuses with a
code of its own. The texts that people wrote never pass through: what comes in is their seal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import attrs

from gridgov.access import AccessPolicy, check_access, kind_of_actor
from gridgov.cases import _messages as m
from gridgov.cases._evolve import evolve
from gridgov.cases._state import (
    Answered,
    Checked,
    Closed,
    Dispatched,
    Registered,
    ReportInDue,
    Resolved,
    State,
    Withdrawn,
    is_open,
)
from gridgov.decider import Decider, FallsDue, Subjects
from gridgov.errors import RefusalError, as_code
from gridgov.escalation import (
    Deadline,
    Ladder,
    Step,
    climbed_early,
    next_step,
    paused_deadline,
    start_deadline,
)
from gridgov.proofs import Sealed
from gridgov.routing import Catalog, Table, decide
from gridgov.staffing import Party, Roster, find_party
from gridgov.territory import Territory
from gridgov.worktime import Calendar, Limit, LimitKind

__all__ = ["CASES", "CaseGiven", "CasePolicy"]

MARKS = range(1, 6)
CLOCKS_DIFFER = dt.timedelta(minutes=2)
"""Several machines write one street; an instant may lie this much before what is stored already."""


def _one_working_day() -> Limit:
    return Limit(1, LimitKind.WORKING_DAYS)


@attrs.frozen(kw_only=True)
class CasePolicy:
    """What a place decides about its cases.

    :param desk: the organization whose desk decides where no rule does.
    :param desk_limit: how long the desk has for a case that no rule decided.
    :param rating_days: how many days after the answer the reporter may rate.
    :param reopening_days: how many days after the answer a case may be reopened.
    :param whistle_days: how many days a whistle may give to report in, at most.
    """

    desk: str
    desk_limit: Limit = attrs.field(factory=_one_working_day)
    desk_ladder: str = ""
    rating_days: int = 15
    reopening_days: int = 15
    whistle_days: int = 30


@attrs.frozen(kw_only=True, eq=False)
class CaseGiven:
    """What a decision about a case rests on, besides the case."""

    at: dt.datetime
    by: str
    command_id: str
    territory: Territory
    roster: Roster
    access: AccessPolicy
    catalog: Catalog
    table: Table
    calendar: Calendar
    ladders: Mapping[str, Ladder]
    policy: CasePolicy
    sealed: Mapping[str, Sealed] = attrs.field(factory=dict)
    mode: str = "peacetime"

    @property
    def day(self) -> dt.date:
        """The local day of the decision."""
        return self.calendar.local(self.at).date()

    def party(self, target: str, place: str) -> Party:
        """Find who *target* is for a place, today."""
        return find_party(
            target,
            place=place,
            desk=self.policy.desk,
            roster=self.roster,
            territory=self.territory,
            on=self.day,
        )

    def named(self, target: str, place: str) -> Party:
        """Find a party that a person named.

        :raises RefusalError: ``case.unknown-party`` where the name is nobody's.
        """
        what, colon, name = target.partition(":")
        known = {
            "desk": target == "desk",
            "role": name in self.roster.roles,
            "org": name in self.roster.organizations,
        }.get(what, not colon and (target in self.roster.persons or target in self.roster.organizations))
        if not known:
            _refuse(
                "case.unknown-party",
                f"{as_code(target)} is nobody here; write role:NAME, org:NAME, desk, or the id of a person",
                party=as_code(target),
            )
        return self.party(target, place)


def _refuse(code: str, message: str, **facts: object) -> NoReturn:
    raise RefusalError(code, message, **facts)


def _tag(case: str) -> str:
    return f"case:{case}"


def _may(name: str, place: str | None, given: CaseGiven) -> None:
    check_access(
        given.access,
        name,
        by=given.by,
        place=place,
        roster=given.roster,
        territory=given.territory,
        on=given.day,
    )


def _acts_for(given: CaseGiven, party: Party) -> bool:
    return given.roster.acts_for(given.by, party.holder)


def _is_desk(given: CaseGiven) -> bool:
    return given.roster.acts_for(given.by, given.policy.desk)


def _known(command: Any, subjects: Subjects, given: CaseGiven) -> State:
    state: State | None = subjects.get(_tag(command.case))
    if state is None:
        _refuse("case.unknown", f"there is no case {as_code(command.case)}", case=as_code(command.case))
    _may(type(command).__name__, state.file.place, given)
    if given.at < state.file.changed_at - CLOCKS_DIFFER:
        _refuse(
            "case.before-its-past",
            f"something has happened to the case {state.id} since then; its past is not rewritten",
            case=state.id,
            changed_at=state.file.changed_at.isoformat(),
        )
    return state


def _wrong_state(state: State, what: str) -> NoReturn:
    name = type(state).__name__.lower()
    _refuse("case.wrong-state", f"the case {state.id} is {name}; it cannot be {what} now", case=state.id, state=name)


def _lead_only(state: Dispatched, given: CaseGiven, what: str) -> None:
    if not _acts_for(given, state.lead):
        _refuse(
            "case.not-the-lead",
            f"{given.by} does not have the case {state.id}; only {state.lead.holder} can {what} it",
            case=state.id,
            lead=state.lead.holder,
        )


def _reason(given: CaseGiven, field: str = "reason") -> Sealed:
    sealed = given.sealed.get(field)
    if sealed is None:
        _refuse("case.no-reason", f"say why: the {field} is empty", field=field)
    return sealed


# --- opening and routing ------------------------------------------------------------------------


def _open(command: m.OpenCase, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    case = given.command_id
    if subjects.get(_tag(case)) is not None:
        _refuse("case.exists", f"there is a case {case!r} already", case=case)
    if command.kind not in given.catalog:
        hint = given.catalog.hint(command.kind)
        _refuse("case.unknown-kind", f"there is no kind {as_code(command.kind)}{hint}", kind=as_code(command.kind))
    if command.place not in given.territory:
        _refuse(
            "case.unknown-place",
            f"there is no place {as_code(command.place)} in this street",
            place=as_code(command.place),
        )
    if command.source not in m.SOURCES:
        sources = ", ".join(sorted(m.SOURCES))
        _refuse("case.unknown-source", f"the source {as_code(command.source)} is none of {sources}")
    if command.departments < 0 or command.repeats < 0:
        _refuse("case.negative-count", "departments and repeats are 0 or more")
    if command.agreed_due_at is not None and command.agreed_due_at.tzinfo is None:
        _refuse("case.naive-instant", "the agreed date needs a time zone", agreed_due_at=command.agreed_due_at)
    _may("OpenCase", command.place, given)
    kind = given.catalog[command.kind]
    if not kind.admitted:
        _refuse(
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
    state = _known(command, subjects, given)
    if not isinstance(state, Registered | Dispatched):
        _wrong_state(state, "dispatched")
    if not _is_desk(given):
        _refuse("case.not-the-desk", f"only {given.policy.desk} dispatches by hand", case=state.id)
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
    state = _known(command, subjects, given)
    if not isinstance(state, Dispatched):
        _wrong_state(state, "acknowledged")
    _lead_only(state, given, "acknowledge")
    if state.acknowledged_at is not None:
        _refuse("case.acknowledged-already", f"the case {state.id} was acknowledged already", case=state.id)
    return [m.CaseAcknowledged(case=state.id, at=given.at, by=given.by)]


def _return(command: m.Return, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Dispatched):
        _wrong_state(state, "returned")
    _lead_only(state, given, "return")
    if state.lead.holder == given.policy.desk:
        _refuse("case.desk-returns-to-itself", "the desk has nobody to return a case to; dispatch it", case=state.id)
    desk = given.party("desk", state.file.place)
    return [m.CaseReturned(case=state.id, at=given.at, by=given.by, desk=desk, reason=_reason(given))]


def _transfer(command: m.Transfer, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Dispatched):
        _wrong_state(state, "transferred")
    if not _is_desk(given):
        _lead_only(state, given, "transfer")
    lead = given.named(command.lead, state.file.place)
    if lead.holder == state.lead.holder:
        _refuse("case.transfer-to-itself", f"{lead.holder} has the case {state.id} already", case=state.id)
    return [m.CaseTransferred(case=state.id, at=given.at, by=given.by, lead=lead, reason=_reason(given))]


def _escalate(command: m.Escalate, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Dispatched):
        _wrong_state(state, "escalated")
    _lead_only(state, given, "escalate")
    ladder = given.ladders.get(state.deadline.ladder)
    rung = state.file.rung
    if ladder is None or rung >= len(ladder.rungs):
        _refuse("case.top-of-the-ladder", f"nobody stands above for the case {state.id}", case=state.id)
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
        reason=None if overdue else _reason(given),
    )


def _resolve(command: m.Resolve, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Dispatched | Registered):
        _wrong_state(state, "resolved")
    holder = state.desk if isinstance(state, Registered) else state.lead
    on_the_spot = state.route.on_the_spot and given.by == state.file.opened_by
    if not (_acts_for(given, holder) or on_the_spot):
        _refuse(
            "case.not-the-lead",
            f"{given.by} does not have the case {state.id}; only {holder.holder} can resolve it",
            case=state.id,
            lead=holder.holder,
        )
    in_time = given.at <= state.deadline.due_at
    result = given.sealed.get("result")
    return [m.CaseResolved(case=state.id, at=given.at, by=given.by, in_time=in_time, result=result)]


def _check(command: m.Check, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Resolved):
        _wrong_state(state, "checked")
    if not state.file.checked:
        _refuse("case.no-check-asked", f"cases of the kind {state.file.kind} are answered without a check")
    if given.by == state.resolved_by or _acts_for(given, state.lead):
        _refuse(
            "case.handler-checks-own-work",
            f"{given.by} handled the case {state.id}; somebody else has to check it",
            case=state.id,
        )
    if command.passed:
        reason = given.sealed.get("reason")
        return [m.CaseChecked(case=state.id, at=given.at, by=given.by, passed=True, reason=reason)]
    ladder = given.ladders.get(state.deadline.ladder)
    deadline = paused_deadline(state.deadline, ladder, given.calendar, start=state.resolved_at, end=given.at)
    return [
        m.CaseChecked(case=state.id, at=given.at, by=given.by, passed=False, deadline=deadline, reason=_reason(given))
    ]


def _answer(command: m.Answer, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if isinstance(state, Resolved) and state.file.checked:
        _refuse("case.not-checked", f"the case {state.id} must be checked before it is answered", case=state.id)
    if not isinstance(state, Resolved | Checked):
        _wrong_state(state, "answered")
    return [m.CaseAnswered(case=state.id, at=given.at, by=given.by, text=given.sealed.get("text"))]


def _close(command: m.Close, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Answered):
        _wrong_state(state, "closed")
    waiting = [each.organization for each in state.file.report_ins if not each.settled]
    if waiting:
        _refuse(
            "case.report-in-open",
            f"the case {state.id} waits for {', '.join(waiting)} to report in",
            case=state.id,
            organizations=",".join(waiting),
        )
    if state.file.objection is not None:
        _refuse("case.objection-open", f"an objection to the case {state.id} is not decided yet", case=state.id)
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
        _refuse("case.not-the-reporter", f"only who reported the case {state.id} can {what} it", case=state.id)


def _rate(command: m.Rate, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Answered | Closed):
        _wrong_state(state, "rated")
    _reporter_only(state, given, "rate")
    if command.score not in MARKS:
        _refuse("case.bad-score", f"a score is 1 to 5, not {command.score}", score=command.score)
    if state.file.rating:
        _refuse("case.rated-already", f"the case {state.id} was rated already", case=state.id)
    _within(state, given.policy.rating_days, given, "rated")
    comment = given.sealed.get("comment")
    return [m.CaseRated(case=state.id, at=given.at, by=given.by, score=command.score, comment=comment)]


def _within(state: Answered | Closed, days: int, given: CaseGiven, what: str) -> None:
    if given.at > state.answered_at + dt.timedelta(days=days):
        _refuse("case.too-late", f"the case {state.id} can be {what} for {days} days after the answer", case=state.id)


def _reopen(command: m.Reopen, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Answered | Closed):
        _wrong_state(state, "reopened")
    if not _is_desk(given):
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
            reason=_reason(given),
        )
    ]


def _withdraw(command: m.Withdraw, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Registered | Dispatched):
        _wrong_state(state, "withdrawn")
    _reporter_only(state, given, "withdraw")
    return [m.CaseWithdrawn(case=state.id, at=given.at, by=given.by, reason=given.sealed.get("reason"))]


# --- whistles -----------------------------------------------------------------------------------


def _blow(command: m.BlowWhistle, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    if not command.cases or not command.organizations:
        _refuse("whistle.calls-nobody", "a whistle names at least one case and one organization")
    if len(set(command.cases)) < len(command.cases) or len(set(command.organizations)) < len(command.organizations):
        _refuse("whistle.named-twice", "a whistle names each case and each organization once")
    for organization in command.organizations:
        if organization not in given.roster.organizations:
            _refuse("whistle.unknown-organization", f"there is no organization {as_code(organization)}")
    if command.report_by.tzinfo is None or command.report_by <= given.at:
        _refuse("whistle.no-time", "the time to report in lies after the whistle, with a time zone")
    if command.report_by > given.at + dt.timedelta(days=given.policy.whistle_days):
        _refuse("whistle.too-long", f"the time to report in is {given.policy.whistle_days} days at most")
    events: list[m.CaseEvent] = []
    for case in command.cases:
        state: State | None = subjects.get(_tag(case))
        if state is None:
            _refuse("case.unknown", f"there is no case {as_code(case)}")
        _may("BlowWhistle", state.file.place, given)
        if not is_open(state):
            _wrong_state(state, "whistled for")
        events.append(
            m.WhistleBlown(
                case=case,
                at=given.at,
                by=given.by,
                whistle=given.command_id,
                organizations=command.organizations,
                report_by=command.report_by,
                reason=given.sealed.get("reason"),
            )
        )
    return events


def _called(state: State, whistle: str, organization: str) -> ReportInDue:
    for each in state.file.report_ins:
        if (each.whistle, each.organization) == (whistle, organization):
            return each
    _refuse(
        "whistle.unknown",
        f"the whistle {as_code(whistle)} did not call {as_code(organization)} to the case {state.id}",
        case=state.id,
    )


def _report_in(command: m.ReportIn, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    called = _called(state, command.whistle, command.organization)
    if not given.roster.acts_for(given.by, command.organization):
        _refuse("whistle.not-called", f"{given.by} does not act for {command.organization}", by=given.by)
    if called.reported_at is not None:
        _refuse("whistle.reported-already", f"{command.organization} has reported in already", case=state.id)
    return [
        m.ReportedIn(
            case=state.id,
            at=given.at,
            by=given.by,
            whistle=command.whistle,
            organization=command.organization,
            late=given.at > called.report_by,
        )
    ]


def _appraise(command: m.AppraiseWhistle, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    called = _called(state, command.whistle, command.organization)
    if not called.settled:
        _refuse("whistle.not-settled", f"{command.organization} still has time to report in", case=state.id)
    if given.by != called.blown_by:
        _refuse("whistle.not-the-caller", f"only {called.blown_by}, who whistled, appraises", case=state.id)
    if command.mark not in MARKS:
        _refuse("whistle.bad-mark", f"a mark is 1 to 5, not {command.mark}", mark=command.mark)
    if called.mark:
        _refuse("whistle.appraised-already", f"{command.organization} was appraised already", case=state.id)
    return [
        m.WhistleAppraised(
            case=state.id,
            at=given.at,
            by=given.by,
            whistle=command.whistle,
            organization=command.organization,
            mark=command.mark,
        )
    ]


# --- objections ---------------------------------------------------------------------------------


def _raise_objection(command: m.RaiseObjection, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    if not isinstance(state, Registered | Dispatched):
        _wrong_state(state, "objected to")
    if command.against not in ("route", "deadline"):
        _refuse(
            "objection.bad-subject",
            f"an objection is against the route or the deadline, not {as_code(command.against)}",
        )
    holder = state.desk if isinstance(state, Registered) else state.lead
    if given.by not in (state.file.reporter, state.file.opened_by) and not _acts_for(given, holder):
        _refuse("objection.not-concerned", f"{given.by} is not concerned by the case {state.id}", case=state.id)
    if state.file.objection is not None:
        _refuse("objection.open-already", f"an objection to the case {state.id} is being decided", case=state.id)
    return [m.ObjectionRaised(case=state.id, at=given.at, by=given.by, against=command.against, reason=_reason(given))]


def _decide_objection(command: m.DecideObjection, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    objection = state.file.objection
    if objection is None:
        _refuse("objection.none", f"nobody objected to the case {state.id}", case=state.id)
    if given.by == objection.raised_by or kind_of_actor(given.by, given.roster) != "worker":
        _refuse("objection.decided-by-a-person", "a person who did not raise the objection decides it", by=given.by)
    lead: Party | None = None
    deadline: Deadline | None = None
    if command.upheld and objection.against == "route":
        if not command.lead:
            _refuse("objection.no-lead", "an upheld objection to the route names who has the case now")
        if not isinstance(state, Registered | Dispatched):
            _wrong_state(state, "given to somebody else")
        lead = given.named(command.lead, state.file.place)
    if command.upheld and objection.against == "deadline":
        if command.due_at is None or command.due_at.tzinfo is None or command.due_at <= given.at:
            _refuse("objection.no-deadline", "an upheld objection to the deadline names a new one, in the future")
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
            reason=_reason(given),
        )
    ]


# --- the clock ----------------------------------------------------------------------------------


def _clock_only(given: CaseGiven) -> None:
    if not given.by.startswith("system:"):
        _refuse("case.clock-only", "only the clock asks for this; call tick", by=given.by)


def _due_step(
    state: State, kind: str, rung: int, due_at: dt.datetime, given: CaseGiven
) -> tuple[Registered | Dispatched, Step]:
    _clock_only(given)
    step = state.file.deadline.step if state.file.deadline else None
    if (
        not isinstance(state, Registered | Dispatched)
        or step is None
        or (step.kind, step.rung, step.at) != (kind, rung, due_at)
    ):
        _refuse("case.nothing-due", f"nothing of that kind is due for the case {state.id}", case=state.id)
    return state, step


def _warn(command: m.WarnOfDeadline, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state, step = _due_step(_known(command, subjects, given), "warn", 0, command.due_at, given)
    ladder = given.ladders.get(state.deadline.ladder)
    due_at, rung = state.deadline.due_at, state.file.rung
    after = next_step(ladder, step, due_at, given.calendar, rung=rung) if ladder else None
    return [m.CaseWarned(case=state.id, at=given.at, by=given.by, step_at=step.at, next_step=after)]


def _climb(command: m.ClimbLadder, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state, step = _due_step(_known(command, subjects, given), "climb", command.rung, command.due_at, given)
    ladder = given.ladders.get(state.deadline.ladder)
    if ladder is None or step.rung >= len(ladder.rungs):
        _refuse("case.no-ladder", f"the ladder of the case {state.id} has no such rung", case=state.id)
    return [_climbed(state, ladder, step.rung, step.at, given, overdue=True)]


def _miss(command: m.MissReportIn, subjects: Subjects, given: CaseGiven) -> list[m.CaseEvent]:
    state = _known(command, subjects, given)
    _clock_only(given)
    called = _called(state, command.whistle, command.organization)
    if called.settled or given.at < called.report_by:
        _refuse("case.nothing-due", f"{command.organization} is not late for the case {state.id}", case=state.id)
    return [
        m.ReportInMissed(
            case=state.id,
            at=given.at,
            by=given.by,
            whistle=command.whistle,
            organization=command.organization,
            step_at=called.report_by,
        )
    ]


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
    m.BlowWhistle: _blow,
    m.ReportIn: _report_in,
    m.AppraiseWhistle: _appraise,
    m.RaiseObjection: _raise_objection,
    m.DecideObjection: _decide_objection,
    m.WarnOfDeadline: _warn,
    m.ClimbLadder: _climb,
    m.MissReportIn: _miss,
}


def _decide(command: Any, subjects: Subjects, given: CaseGiven) -> Sequence[m.CaseEvent]:
    return _DECISIONS[type(command)](command, subjects, given)


def _falls_due(_tag: str, state: State) -> list[FallsDue]:
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
    return (_tag(event.case),)


CASES: Decider[Any, m.CaseEvent, CaseGiven] = Decider(
    name="cases",
    commands=tuple(_DECISIONS),
    events=EVENTS,
    decide=_decide,
    evolve=evolve,
    tags=_tags,
    falls_due=_falls_due,
    settled=lambda _tag, state: isinstance(state, Closed | Withdrawn),
    tally=_tally,
)
"""The room of cases, as the office needs it."""
