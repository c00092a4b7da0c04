"""Who belongs to an audience when something has happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from gridgov.cases import (
    CaseCorrected,
    CaseDispatched,
    CaseEscalated,
    CaseEvent,
    CaseRouted,
    CaseSupervised,
    WhistleBlown,
    holder_of,
)
from gridgov.outreach import OUTREACH, Audience, group_of
from gridgov.points import POINTS, AwardEvent, AwardFile, AwardPressed
from gridgov.setup import Setup
from gridgov.staffing import Roster
from gridgov.territory import Territory

__all__ = ["AUDIENCES", "AWARD_AUDIENCES", "check_audience", "concerned", "receivers"]

AWARD_AUDIENCES = frozenset({"member", "proposer", "panel", "supervisor", "desk"})
"""Of awards; the panel are those of it who have not judged the award."""
AUDIENCES = (
    frozenset({"lead", "supporting", "informed", "supervisor", "reporter", "followers", "desk", "called"})
    | frozenset({"grid", "members", "addressed"})
    | AWARD_AUDIENCES
)
"""Those without a name in them; ``role:NAME`` and ``owners:LEVEL`` are audiences of cases, too.

``addressed`` are those whom an announcement itself names.
"""
_OF_ANNOUNCEMENTS = frozenset(OUTREACH.events)
_OF_POINTS = frozenset(POINTS.events)


def check_audience(event: str, audience: str, roster: Roster, territory: Territory) -> str:
    """Say what is wrong with an audience of an event; nothing where it is one.

    :param event: its stored name.
    """
    if (event in _OF_ANNOUNCEMENTS) != (audience == "addressed"):
        return f"announcements are for the audience addressed, and it is for them alone, not for {event} and {audience}"
    if audience in AUDIENCES - {"grid", "members"}:
        return ""
    if event in _OF_POINTS:
        allowed = ", ".join(sorted(AWARD_AUDIENCES))
        return f"{event} is about somebody's points, which no group is told of; one of {allowed}"
    try:
        Audience.parse(audience, roster, territory)
    except ValueError as error:
        plain = ", ".join(sorted(AUDIENCES))
        return f"the subscription names the unknown audience {audience!r}: {error}, or one of {plain}"
    return ""


def receivers(audience: str, event: CaseEvent, after: Any, setup: Setup) -> Sequence[str]:
    """Give whom an event of a case concerns in some way.

    :param after: the case after it.
    """
    file, day = after.file, setup.calendar.local(event.at).date()
    match audience:
        case "lead":
            return [holder_of(after)]
        case "supporting":
            return [party.holder for party in file.supporting]
        case "informed" if isinstance(event, CaseRouted | CaseCorrected):
            return [party.holder for party in event.route.informed]
        case "informed" if isinstance(event, CaseDispatched):
            return [party.holder for party in event.informed]
        case "supervisor" if isinstance(event, CaseEscalated | CaseSupervised):
            return [event.supervisor.holder]
        case "supervisor":
            return [file.supervisor.holder] if file.supervisor is not None else []
        case "reporter":
            return [file.reporter]
        case "followers":
            linked = [who for each in file.duplicates for who in (each.reporter, *each.followers)]
            return [*file.followers, *linked]
        case "desk":
            return [setup.case_policy.on(day).desk]
        case "called" if isinstance(event, WhistleBlown):
            return list(event.organizations)
        case _:
            return group_of(audience, file.place, setup.roster, setup.territory, day)


def concerned(audience: str, event: AwardEvent, file: AwardFile, setup: Setup, day: dt.date) -> Sequence[str]:
    """Give whom an event of an award concerns in some way."""
    desk = setup.case_policy.on(day).desk
    match audience:
        case "member":
            return [file.account]
        case "proposer":
            return [file.proposed_by] if not file.proposed_by.startswith("system:") else []
        case "panel":
            return [member.person for member in setup.points_policy.on(day).panel if member.person not in file.judges]
        case "supervisor" if isinstance(event, AwardPressed) and event.target:
            return _targets(event.target, file.community or setup.jurisdiction, setup, day) or [desk]
        case "desk":
            return [desk]
        case _:
            return []


def _targets(target: str, place: str, setup: Setup, day: dt.date) -> Sequence[str]:
    """Give who stands on a rung."""
    kind, _, name = target.partition(":")
    match kind:
        case "role":
            return setup.roster.climb(name, place, setup.territory, day).holders
        case "nearest":
            return setup.roster.climb_to(name, place, setup.territory, day).holders
        case "org":
            return [name]
        case "desk":
            return []
        case _:
            return [target]
