"""What a decision about a case rests on, and the refusals that many of them share."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NoReturn

import attrs

from gridgov.access import AccessPolicy, check_access
from gridgov.cases._events import ClockPaused
from gridgov.cases._state import CaseFile, Mode, Registered, State, parties_of
from gridgov.decider import CLOCKS_DIFFER, Subjects
from gridgov.errors import RefusalError, as_code
from gridgov.escalation import Deadline, Ladder, pause_deadline, resume_deadline
from gridgov.proofs import Sealed
from gridgov.routing import Catalog, Rulebook
from gridgov.staffing import Party, Roster, find_party
from gridgov.territory import Territory
from gridgov.worktime import Calendar, Limit, LimitKind, due

__all__ = [
    "MARKS",
    "MODE",
    "OPAQUE",
    "TAG",
    "CaseGiven",
    "CasePolicy",
    "acts_for",
    "aware",
    "clear_of",
    "clock_only",
    "desk_only",
    "desk_or_lead",
    "going_on",
    "guard",
    "import_tag",
    "is_desk",
    "lead_of",
    "lead_only",
    "limit_anew",
    "may",
    "mode_of",
    "named_place",
    "not_taken",
    "reason_of",
    "refuse",
    "responded",
    "same",
    "same_house",
    "subject_of",
    "tag_of",
    "waiting",
    "wrong_state",
]

MARKS = range(1, 6)
TAG = re.compile(r"(?!.*\d{6})[\w.-]{1,32}")
"""A word that says nothing of a person, as far as its shape can tell."""
OPAQUE = re.compile(r"[A-Za-z][\w.:/@+-]{0,79}", re.ASCII)
"""What an id looks like that says nothing of a person."""
REASON = dt.timedelta(days=36_525)
MODE = "mode"
"""The tag of whether it is peacetime or emergency."""
EXTRAORDINARY = ("emergency", "safety")
"""Bands of rules whose cases an emergency does not make wait."""


def _one_working_day() -> Limit:
    return Limit(1, LimitKind.WORKING_DAYS)


@attrs.frozen(kw_only=True)
class CasePolicy:
    """What a place decides about its cases.

    :param desk: the organization whose desk decides where no rule does.
    :param desk_limit: how long the desk has for a case that no rule decided.
    :param desk_ladder: the ladder of those, and of rules that name none.
    :param rating_days: how many days after the answer the reporter may rate.
    :param reopening_days: how many days after the answer a case may be reopened.
    :param whistle_days: how many days a whistle may give to report in, at most.
    :param respond_within: how long a first answer may take, for the response rate (响应率).
    :param returns_max: how often a case may be handed back; the next return goes up a rung.
    :param holds_max: how often a case may be put on hold (挂账), :param hold_days_max: for how long.
    :param extensions_max: how often more time (延期) may be granted, :param extension_days_max: and
        how many days of it at once.
    :param transfers_max: how often leads may pass a case on; after that they return it.
    :param report_back_days: how long the clock stands still for an authority that has the lead on a
        matter; then it goes on, and somebody asks what became of it.
    :param finder_differs: who found a matter on patrol does not handle it, unless its rule allows
        that on the spot; :param spot_rung_max: and the case has climbed at most so many rungs.
    :param separate: who counts as somebody else for a check, a decision or a call: another ``person``, or
        one of another ``organization``.
    :param appeal_days: how many days after it was resolved lateness may be appealed against.
    :param covering: roles whose holders cover an area (包抓); who they are is a fact that rules may use.
    :param duplicate_meters: how far apart, and :param duplicate_days: how long, two reports of
        one kind may be to be suggested as the same.
    """

    desk: str
    desk_limit: Limit = attrs.field(factory=_one_working_day)
    desk_ladder: str = ""
    rating_days: int = 15
    reopening_days: int = 15
    whistle_days: int = 30
    respond_within: Limit = attrs.field(factory=_one_working_day)
    returns_max: int = 2
    holds_max: int = 1
    hold_days_max: int = 365
    extensions_max: int = 2
    extension_days_max: int = 30
    transfers_max: int = 5
    report_back_days: int = 60
    finder_differs: bool = True
    spot_rung_max: int = 0
    separate: str = "person"
    appeal_days: int = 30
    duplicate_meters: int = 250
    duplicate_days: int = 7
    covering: tuple[str, ...] = ()


@attrs.frozen(kw_only=True, eq=False)
class CaseGiven:
    """What a decision about a case rests on, besides the case.

    :param masked: what is not shown to who asks, by their grant; see :class:`~gridgov.access.Grant`.
    """

    at: dt.datetime
    by: str
    command_id: str
    territory: Territory
    roster: Roster
    access: AccessPolicy
    catalog: Catalog
    rules: Rulebook
    calendar: Calendar
    ladders: Mapping[str, Ladder]
    policy: CasePolicy
    calendars: Mapping[str, Calendar] = attrs.field(factory=dict)
    shadow: Rulebook | None = None
    sealed: Mapping[str, Sealed] = attrs.field(factory=dict)
    masked: frozenset[str] = frozenset()

    def calendar_named(self, id: str) -> Calendar:  # noqa: A002 - the field's word
        """Give a calendar by its id; the place's own for an empty id, and for one that is gone."""
        return self.calendars.get(id, self.calendar)

    def ladder_of(self, deadline: Deadline) -> Ladder | None:
        """Give the ladder that a deadline climbs."""
        return self.ladders.get(deadline.ladder)

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


def import_tag(system: str, foreign_id: str) -> str:
    """Give the tag of a case of another system; the length keeps two names apart that run into each other."""
    return f"import:{len(system)}:{system}:{foreign_id}"


def may(name: str, place: str | None, given: CaseGiven, parties: Callable[[], Sequence[str]] = tuple) -> None:
    check_access(
        given.access,
        name,
        by=given.by,
        place=place,
        roster=given.roster,
        territory=given.territory,
        on=given.day,
        parties=parties,
    )


def acts_for(given: CaseGiven, party: Party) -> bool:
    return given.roster.acts_for(given.by, party.holder)


def same(given: CaseGiven, one: str, other: str) -> bool:
    """Say whether two actors are the same, or one of them acts for the other."""
    return given.roster.acts_for(one, other) or given.roster.acts_for(other, one)


def same_house(given: CaseGiven, one: str, other: str) -> bool:
    """Say whether somebody would look at their own work: the same, or where the policy says so a colleague."""
    roster = given.roster
    if same(given, one, other):
        return True
    if given.policy.separate != "organization":
        return False
    persons = (roster.persons.get(one), roster.persons.get(other))
    homes = [person.organization for person in persons if person is not None]
    return len(homes) == 2 and homes[0] is not None and homes[0] == homes[1]


def aware(instant: dt.datetime | None, what: str, given: CaseGiven) -> None:
    """Refuse an instant that a person gave without a time zone, or beyond reason."""
    if instant is None:
        return
    if instant.tzinfo is None:
        refuse("case.naive-instant", f"the {what} needs a time zone", instant=instant)
    if not given.at - REASON <= instant <= given.at + REASON:
        refuse("case.bad-instant", f"the {what} lies a hundred years away", instant=instant.isoformat())


def clear_of(state: State, what: str) -> None:
    """Refuse where somebody waits for an answer that would get lost."""
    file = state.file
    waiting = file.objection is not None or file.request is not None or not all(r.settled for r in file.report_ins)
    if waiting or file.duplicates:
        refuse(
            "case.unsettled",
            f"the case {state.id} has an open objection, request or report-in, or duplicates; settle them before it "
            f"is {what}",
            case=state.id,
        )


def is_desk(given: CaseGiven) -> bool:
    return given.roster.acts_for(given.by, given.policy.desk)


def guard(name: str, state: State, given: CaseGiven) -> None:
    """Refuse what no grant allows, and what would rewrite the past of a case."""
    may(name, state.file.place, given, partial(parties_of, state))
    # The clock's own instants may lie before: a date that was agreed on in the past, say.
    if given.at < state.file.changed_at - CLOCKS_DIFFER and not given.by.startswith("system:"):
        refuse(
            "case.before-its-past",
            f"something has happened to the case {state.id} since then; its past is not rewritten",
            case=state.id,
            changed_at=state.file.changed_at.isoformat(),
        )


def subject_of(case: str, subjects: Subjects) -> State:
    """Give a case, or refuse."""
    state: State | None = subjects.get(tag_of(case))
    if state is None:
        refuse("case.unknown", f"there is no case {as_code(case)}", case=as_code(case))
    return state


def not_taken(case: str, subjects: Subjects) -> None:
    """Refuse an id that a case has already."""
    if subjects.get(tag_of(case)) is not None:
        refuse("case.exists", f"there is a case {case!r} already", case=case)


def wrong_state(state: State, what: str) -> NoReturn:
    name = type(state).__name__.lower()
    refuse("case.wrong-state", f"the case {state.id} is {name}; it cannot be {what} now", case=state.id, state=name)


def lead_of(state: State) -> Party:
    """Give who has to do with it: the lead, or the desk."""
    if isinstance(state, Registered):
        return state.desk
    lead: Party | None = getattr(state, "lead", None)
    if lead is None:
        wrong_state(state, "handled")
    return lead


def lead_only(state: State, given: CaseGiven, what: str) -> None:
    lead = lead_of(state)
    if not acts_for(given, lead):
        refuse(
            "case.not-the-lead",
            f"{given.by} does not have the case {state.id}; only {lead.holder} can {what} it",
            case=state.id,
            lead=lead.holder,
        )


def desk_only(state: State, given: CaseGiven, what: str) -> None:
    if not is_desk(given):
        refuse("case.not-the-desk", f"only {given.policy.desk} {what}", case=state.id)


def desk_or_lead(state: State, given: CaseGiven, what: str) -> None:
    if not is_desk(given):
        lead_only(state, given, what)


def named_place(place: str, given: CaseGiven) -> str:
    """Give a place that somebody named, or refuse."""
    if place not in given.territory:
        refuse("case.unknown-place", f"there is no place {as_code(place)} in this street", place=as_code(place))
    return place


def reason_of(given: CaseGiven, field: str = "reason") -> Sealed:
    sealed = given.sealed.get(field)
    if sealed is None:
        refuse("case.no-reason", f"say why: the {field} is empty", field=field)
    return sealed


def clock_only(given: CaseGiven) -> None:
    if not given.by.startswith("system:"):
        refuse("case.clock-only", "only the clock asks for this; call tick", by=given.by)


def mode_of(subjects: Subjects) -> Mode:
    """Say whether it is peacetime or emergency."""
    return subjects.get(MODE) or Mode()


def waiting(case: str, deadline: Deadline, band: str, subjects: Subjects, given: CaseGiven) -> list[ClockPaused]:
    """Give what follows where an emergency makes the clock of an ordinary case stand still from now on.

    An event of its own, so that the story says why.

    :param deadline: that runs from now on; :param band: of the rule that decided the case.
    """
    mode = mode_of(subjects)
    if band in EXTRAORDINARY or not mode.pauses or deadline.stands_since is not None:
        return []
    since = given.at if mode.since is None else max(given.at, mode.since)
    paused = pause_deadline(deadline, since, mode.until, cause="mode")
    return [ClockPaused(case=case, at=given.at, by=given.by, cause="mode", deadline=paused)]


def going_on(deadline: Deadline, given: CaseGiven) -> Deadline:
    """Give a deadline with its clock running from now on."""
    return resume_deadline(deadline, given.ladder_of(deadline), given.calendar_named(deadline.calendar), given.at)


def limit_anew(before: Deadline, given: CaseGiven) -> Limit:
    """Give the limit of a clock that begins again: the one of before, unless it names a date that is over."""
    limit = before.limit
    over = limit is not None and limit.kind is LimitKind.SET_DATE and limit.last_day(given.day) < given.day
    return given.policy.desk_limit if limit is None or over else limit


def responded(file: CaseFile, given: CaseGiven) -> bool | None:
    """Say whether the first answer comes in time now; None where somebody has answered before."""
    if file.responded_at is not None:
        return None
    by = due(given.policy.respond_within, file.opened_at, given.calendar)
    return by is None or given.at <= by.at
