"""Finding cases: by what is known of them, page by page; and other reports of the same matter."""

from __future__ import annotations

import datetime as dt
import math

import attrs

from gridgov.cases._given import CaseGiven, is_desk
from gridgov.cases._state import STATES, CaseFile, State, Withdrawn, holder_of, is_open
from gridgov.cases._views import case_of, is_overdue
from gridgov.decider import Sight
from gridgov.errors import NotFoundError, RefusalError
from gridgov.wording import Text

__all__ = ["Duplicates", "Found", "Search", "SearchPage", "Suggestion"]

PAGE_MAX = 500


@attrs.frozen(kw_only=True)
class Found:
    """One line of a search; nothing about the reporter."""

    case: str
    kind: str
    place: str
    state: str
    holder: str
    opened_at: dt.datetime
    due_at: dt.datetime | None
    overdue: bool


@attrs.frozen
class SearchPage:
    """What was found, oldest first.

    :param next: give it as *after* to go on; None at the end.
    """

    found: tuple[Found, ...]
    next: int | None


@attrs.frozen(kw_only=True)
class Search:
    """Find cases, ended ones too, oldest first; every condition that is given must hold.

    :param kind: a code of the catalog, or a branch of it; :param within: a place, or one above it.
    :param states: names of states as in ``dispatched``; empty for all.
    :param holder: who has it, or had it last.
    :param opened_from: aware; :param opened_until: aware, not included.
    :param overdue: only what is overdue now.
    :param source: as in a report, :param hotline_kind: likewise, :param foreign_id: of an imported case.
    :param reporter: for the desk, and for reporters about themselves.
    :param after: where the page before ended; :param limit: 1 to 500 lines.
    """

    kind: str = ""
    within: str = ""
    states: tuple[str, ...] = ()
    holder: str = ""
    opened_from: dt.datetime | None = None
    opened_until: dt.datetime | None = None
    overdue: bool = False
    source: str = ""
    hotline_kind: str = ""
    foreign_id: str = ""
    reporter: str = ""
    after: int = 0
    limit: int = 50

    def answer(self, sight: Sight) -> SearchPage:
        """Give one page.

        :raises ValueError: for a limit outside 1 to 500, an unknown state, or an instant without a time zone.
        :raises NotFoundError: for an unknown place or kind.
        :raises RefusalError: ``access.denied`` for who asks about somebody else's reports.
        """
        if not 1 <= self.limit <= PAGE_MAX:
            raise ValueError(f"a page has 1 to {PAGE_MAX} lines, not {self.limit}")
        given: CaseGiven = sight.given("cases")
        if self.within and self.within not in given.territory:
            raise NotFoundError(f"there is no place {self.within!r}")
        for instant in (self.opened_from, self.opened_until):
            if instant is not None and instant.tzinfo is None:
                raise ValueError(f"an instant must be an aware datetime, not {instant!r}")
        unknown = set(self.states) - {state.__name__.lower() for state in STATES}
        if unknown:
            names = ", ".join(state.__name__.lower() for state in STATES)
            raise ValueError(f"{min(unknown)!r} is no state; the states are {names}")
        if self.kind and not given.catalog.under(self.kind):
            raise NotFoundError(f"there is no kind {self.kind!r}{given.catalog.hint(self.kind)}")
        seen = is_desk(given) and "reporter" not in given.masked
        if self.reporter and not (seen or given.by == self.reporter):
            raise RefusalError("access.denied", "who reported what is for the desk alone, and for the reporter")
        found: list[Found] = []
        for position, case in sight.began("case-opened", self.after):
            state: State | None = sight.subject(case)
            if state is not None and self._fits(state, given):
                found.append(_line(state, given))
                if len(found) == self.limit:
                    return SearchPage(tuple(found), position)
        return SearchPage(tuple(found), None)

    def _fits(self, state: State, given: CaseGiven) -> bool:
        file = state.file
        return (
            (not self.kind or file.kind == self.kind or file.kind.startswith(f"{self.kind}."))
            and (not self.within or (file.place in given.territory and given.territory.within(file.place, self.within)))
            and (not self.states or type(state).__name__.lower() in self.states)
            and (not self.holder or _holder(state) == self.holder)
            and (not self.source or file.source == self.source)
            and (not self.hotline_kind or file.hotline_kind == self.hotline_kind)
            and (not self.foreign_id or file.foreign_id == self.foreign_id)
            and (not self.reporter or file.reporter == self.reporter)
            and (self.opened_from is None or file.opened_at >= self.opened_from)
            and (self.opened_until is None or file.opened_at < self.opened_until)
            and (not self.overdue or (is_open(state) and is_overdue(state, given.at)))
        )

    def place(self, sight: Sight) -> str | None:
        """The place that is searched, or the whole street."""
        root: str = sight.given("cases").territory.root
        return self.within or root

    def parties(self, sight: Sight) -> tuple[str, ...]:
        """Whose cases are searched for."""
        return (self.holder,) if self.holder else ()

    def mine(self, by: str) -> bool:
        """What somebody reported is their own; for the rest a grant is needed."""
        return bool(self.reporter) and by == self.reporter


def _holder(state: State) -> str:
    """Give who has it; of a withdrawn case that is its reporter, who is nobody's business here."""
    return "" if isinstance(state, Withdrawn) else holder_of(state)


def _line(state: State, given: CaseGiven) -> Found:
    file = state.file
    return Found(
        case=file.id,
        kind=file.kind,
        place=file.place,
        state=type(state).__name__.lower(),
        holder=_holder(state),
        opened_at=file.opened_at,
        due_at=file.deadline.due_at if file.deadline is not None else None,
        overdue=is_open(state) and is_overdue(state, given.at),
    )


@attrs.frozen(kw_only=True)
class Suggestion:
    """Another open report that may be of the same matter.

    :param score: 0 to 100, from kind, distance and time; what *why* says.
    :param meters: how far apart, None where a place has no position.
    """

    case: str
    score: int
    meters: int | None
    hours: int
    why: Text


@attrs.frozen
class Duplicates:
    """Which other open cases may be the same matter: a suggestion, decided by a person."""

    case: str

    def answer(self, sight: Sight) -> tuple[Suggestion, ...]:
        """Give the likeliest first.

        :raises NotFoundError: for an unknown case.
        """
        file = case_of(self.case, sight).file
        given: CaseGiven = sight.given("cases")
        found = []
        for other in sight.live("case:"):
            linked = other.file.parent or file.parent or other.file.id == file.id
            if linked or not is_open(other) or other.file.kind.partition(".")[0] != file.kind.partition(".")[0]:
                continue
            suggestion = _compare(file, other.file, given)
            if suggestion is not None:
                found.append(suggestion)
        return tuple(sorted(found, key=lambda each: (-each.score, each.case)))

    def place(self, sight: Sight) -> str | None:
        """The place of the case."""
        return case_of(self.case, sight).file.place

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False


def _compare(one: CaseFile, other: CaseFile, given: CaseGiven) -> Suggestion | None:
    """Give how alike two reports are; None where they lie too far apart.

    Half of the score is the kind (all of it for the same one, half for the same branch), the rest
    nearness in space and in time. The weights are ours.
    """
    policy = given.policy
    hours = abs(one.opened_at - other.opened_at) // dt.timedelta(hours=1)
    meters = _meters(one.place, other.place, given)
    near = policy.duplicate_meters
    if hours > policy.duplicate_days * 24 or (meters > near if meters is not None else one.grid != other.grid):
        return None
    far = meters if meters is not None else near // 2
    score = 50 if one.kind == other.kind else 25
    score += 30 * (near - far) // near if near else 30
    score += 20 * (policy.duplicate_days * 24 - hours) // (policy.duplicate_days * 24) if policy.duplicate_days else 20
    where = Text(f"相距 {meters} 米", f"{meters} m apart") if meters is not None else Text("同一网格", "in one grid")
    kind = Text("同类", "the same kind") if one.kind == other.kind else Text("同一大类", "the same branch")
    why = Text(f"{kind.zh}，{where.zh}，相隔 {hours} 小时", f"{kind.en}, {where.en}, {hours} h apart")
    return Suggestion(case=other.id, score=score, meters=meters, hours=hours, why=why)


METERS_PER_DEGREE = 111_195
"""Of latitude, on a sphere of 6371 km."""


def _meters(one: str, other: str, given: CaseGiven) -> int | None:
    """Give how far apart two places lie; 0 for the same one, None where one has no position."""
    if one == other:
        return 0
    here, there = given.territory.nodes.get(one), given.territory.nodes.get(other)
    if here is None or there is None or None in (here.longitude, here.latitude, there.longitude, there.latitude):
        return None
    degree = 10_000_000
    lat, other_lat = (here.latitude or 0) / degree, (there.latitude or 0) / degree
    east = ((here.longitude or 0) - (there.longitude or 0)) / degree * math.cos(math.radians((lat + other_lat) / 2))
    return round(math.hypot(east, lat - other_lat) * METERS_PER_DEGREE)
