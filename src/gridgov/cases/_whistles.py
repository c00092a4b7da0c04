"""Whistle and report-in (吹哨报到): departments are called, answer, and are appraised."""

from __future__ import annotations

import datetime as dt

from gridgov.cases import _commands as c
from gridgov.cases import _events as e
from gridgov.cases._given import MARKS, CaseGiven, clock_only, guard, is_desk, refuse, subject_of, wrong_state
from gridgov.cases._state import OpenState, ReportInDue, State, is_open
from gridgov.decider import Subjects
from gridgov.errors import as_code

__all__ = ["appraise", "blow", "miss", "report_in"]


def blow(command: c.BlowWhistle, _state: None, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    if not command.cases or not command.organizations:
        refuse("whistle.calls-nobody", "a whistle names at least one case and one organization")
    if len(set(command.cases)) < len(command.cases) or len(set(command.organizations)) < len(command.organizations):
        refuse("whistle.named-twice", "a whistle names each case and each organization once")
    for organization in command.organizations:
        if organization not in given.roster.organizations:
            refuse("whistle.unknown-organization", f"there is no organization {as_code(organization)}")
    if command.report_by.tzinfo is None or command.report_by <= given.at:
        refuse("whistle.no-time", "the time to report in lies after the whistle, with a time zone")
    if command.report_by > given.at + dt.timedelta(days=given.policy.whistle_days):
        refuse("whistle.too-long", f"the time to report in is {given.policy.whistle_days} days at most")
    events: list[e.CaseEvent] = []
    for case in command.cases:
        state = subject_of(case, subjects)
        guard("BlowWhistle", state, given)
        if not is_open(state):
            wrong_state(state, "whistled for")
        events.append(
            e.WhistleBlown(
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
    found = next((r for r in state.file.report_ins if (r.whistle, r.organization) == (whistle, organization)), None)
    if found is None:
        refuse(
            "whistle.unknown",
            f"the whistle {as_code(whistle)} did not call {as_code(organization)} to the case {state.id}",
            case=state.id,
        )
    return found


def report_in(command: c.ReportIn, state: State, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    called = _called(state, command.whistle, command.organization)
    if not given.roster.acts_for(given.by, command.organization):
        refuse("whistle.not-called", f"{given.by} does not act for {command.organization}", by=given.by)
    if called.reported_at is not None:
        refuse("whistle.reported-already", f"{command.organization} has reported in already", case=state.id)
    return [
        e.ReportedIn(
            case=state.id,
            at=given.at,
            by=given.by,
            whistle=command.whistle,
            organization=command.organization,
            late=given.at > called.report_by,
        )
    ]


def appraise(command: c.AppraiseWhistle, state: State, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    called = _called(state, command.whistle, command.organization)
    if not called.settled:
        refuse("whistle.not-settled", f"{command.organization} still has time to report in", case=state.id)
    if given.by != called.blown_by and not is_desk(given):
        refuse("whistle.not-the-caller", f"only {called.blown_by}, who whistled, appraises", case=state.id)
    if given.roster.acts_for(given.by, command.organization):
        refuse("whistle.appraises-itself", f"{given.by} belongs to {command.organization}; somebody else appraises it")
    if command.mark not in MARKS:
        refuse("whistle.bad-mark", f"a mark is 1 to 5, not {command.mark}", mark=command.mark)
    if called.mark:
        refuse("whistle.appraised-already", f"{command.organization} was appraised already", case=state.id)
    return [
        e.WhistleAppraised(
            case=state.id,
            at=given.at,
            by=given.by,
            whistle=command.whistle,
            organization=command.organization,
            mark=command.mark,
        )
    ]


def miss(command: c.MissReportIn, state: OpenState, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    clock_only(given)
    called = _called(state, command.whistle, command.organization)
    if called.settled or given.at < called.report_by:
        refuse("case.nothing-due", f"{command.organization} is not late for the case {state.id}", case=state.id)
    return [
        e.ReportInMissed(
            case=state.id,
            at=given.at,
            by=given.by,
            whistle=command.whistle,
            organization=command.organization,
            step_at=called.report_by,
        )
    ]
