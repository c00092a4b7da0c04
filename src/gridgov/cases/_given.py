"""What a decision about a case rests on, and the refusals that many of them share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NoReturn

import attrs

from gridgov.access import AccessPolicy, check_access
from gridgov.cases._state import Dispatched, State
from gridgov.decider import CLOCKS_DIFFER, Subjects
from gridgov.errors import RefusalError, as_code
from gridgov.escalation import Ladder
from gridgov.proofs import Sealed
from gridgov.routing import Catalog, Table
from gridgov.staffing import Party, Roster, find_party
from gridgov.territory import Territory
from gridgov.worktime import Calendar, Limit, LimitKind

__all__ = [
    "MARKS",
    "CaseGiven",
    "CasePolicy",
    "acts_for",
    "clock_only",
    "is_desk",
    "known",
    "lead_only",
    "may",
    "reason_of",
    "refuse",
    "tag_of",
    "wrong_state",
]

MARKS = range(1, 6)


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
            refuse(
                "case.unknown-party",
                f"{as_code(target)} is nobody here; write role:NAME, org:NAME, desk, or the id of a person",
                party=as_code(target),
            )
        return self.party(target, place)


def refuse(code: str, message: str, **facts: object) -> NoReturn:
    raise RefusalError(code, message, **facts)


def tag_of(case: str) -> str:
    return f"case:{case}"


def may(name: str, place: str | None, given: CaseGiven) -> None:
    check_access(
        given.access,
        name,
        by=given.by,
        place=place,
        roster=given.roster,
        territory=given.territory,
        on=given.day,
    )


def acts_for(given: CaseGiven, party: Party) -> bool:
    return given.roster.acts_for(given.by, party.holder)


def is_desk(given: CaseGiven) -> bool:
    return given.roster.acts_for(given.by, given.policy.desk)


def known(command: Any, subjects: Subjects, given: CaseGiven) -> State:
    state: State | None = subjects.get(tag_of(command.case))
    if state is None:
        refuse("case.unknown", f"there is no case {as_code(command.case)}", case=as_code(command.case))
    may(type(command).__name__, state.file.place, given)
    # The clock's own instants may lie before: a date that was agreed on in the past, say.
    if given.at < state.file.changed_at - CLOCKS_DIFFER and not given.by.startswith("system:"):
        refuse(
            "case.before-its-past",
            f"something has happened to the case {state.id} since then; its past is not rewritten",
            case=state.id,
            changed_at=state.file.changed_at.isoformat(),
        )
    return state


def wrong_state(state: State, what: str) -> NoReturn:
    name = type(state).__name__.lower()
    refuse("case.wrong-state", f"the case {state.id} is {name}; it cannot be {what} now", case=state.id, state=name)


def lead_only(state: Dispatched, given: CaseGiven, what: str) -> None:
    if not acts_for(given, state.lead):
        refuse(
            "case.not-the-lead",
            f"{given.by} does not have the case {state.id}; only {state.lead.holder} can {what} it",
            case=state.id,
            lead=state.lead.holder,
        )


def reason_of(given: CaseGiven, field: str = "reason") -> Sealed:
    sealed = given.sealed.get(field)
    if sealed is None:
        refuse("case.no-reason", f"say why: the {field} is empty", field=field)
    return sealed


def clock_only(given: CaseGiven) -> None:
    if not given.by.startswith("system:"):
        refuse("case.clock-only", "only the clock asks for this; call tick", by=given.by)
