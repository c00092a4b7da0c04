"""What can be asked about cases."""

from __future__ import annotations

import datetime as dt

import attrs

from gridgov.cases._events import CaseEvent, CaseFollowed, CaseUnfollowed, ResultPublished
from gridgov.cases._given import MODE, CaseGiven, is_desk
from gridgov.cases._life import STORED_NAMES
from gridgov.cases._shown import WITHHELD, masked_in, shown, withheld
from gridgov.cases._state import (
    STAGES,
    HandedOver,
    Mode,
    Published,
    Registered,
    State,
    holder_of,
    is_open,
    parties_of,
    stage_of,
)
from gridgov.cases._words import describe
from gridgov.decider import Sight
from gridgov.errors import NotFoundError
from gridgov.proofs import Sealed

TEXTS = ("reason", "result", "text", "note", "comment")
"""Fields of events in which the seal of a text stands."""

__all__ = [
    "Board",
    "BoardRow",
    "CaseView",
    "ModeView",
    "PublishedLine",
    "PublishedResults",
    "Timeline",
    "TimelineEntry",
    "WorkEntry",
    "WorkList",
    "case_of",
    "is_overdue",
]


def case_of(case: str, sight: Sight) -> State:
    """Give a case.

    :raises NotFoundError: for an unknown one.
    """
    state: State | None = sight.subject(f"case:{case}")
    if state is None:
        raise NotFoundError(f"there is no case {case!r}")
    return state


def _reported(case: str, by: str, sight: Sight) -> bool:
    state: State | None = sight.subject(f"case:{case}")
    return state is not None and bool(by) and by in (state.file.reporter, state.file.opened_by)


def is_overdue(state: State, at: dt.datetime) -> bool:
    """Say whether somebody is at it for longer than they have."""
    deadline = state.file.deadline
    return state.file.resolved_at is None and deadline is not None and deadline.is_late(at)


@attrs.frozen
class CaseView:
    """The state of one case."""

    case: str

    def answer(self, sight: Sight) -> State:
        """Give the state; of a confidential report, who reported it is shown to the desk alone.

        :raises NotFoundError: for an unknown case.
        """
        state: State = shown(case_of(self.case, sight), sight.given("cases"))
        return state

    def place(self, sight: Sight) -> str | None:
        """The place of the case."""
        return case_of(self.case, sight).file.place

    def parties(self, sight: Sight) -> tuple[str, ...]:
        """Who has to do with the case."""
        return parties_of(case_of(self.case, sight))

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False

    def concerns(self, by: str, sight: Sight) -> bool:
        """Who reported a case may see it."""
        return _reported(self.case, by, sight)


@attrs.frozen(kw_only=True)
class TimelineEntry:
    """One line of a case's story.

    :param why: where the text lies that somebody wrote with it (a reason, a result, an answer, a
        comment); ``office.read_private(entry.why.ref, ...)`` gives it to who may read it, and leaves a trace.
    """

    at: dt.datetime
    by: str
    name: str
    text: str
    why: Sealed | None = None


@attrs.frozen
class Timeline:
    """The story of one case in words, oldest first."""

    case: str
    language: str = "zh"

    def answer(self, sight: Sight) -> tuple[TimelineEntry, ...]:
        """Give the lines.

        :raises NotFoundError: for an unknown case.
        """
        file = case_of(self.case, sight).file
        given: CaseGiven = sight.given("cases")
        hidden = withheld(file, given)
        return tuple(self._line(event, hidden, given) for event in sight.events(f"case:{self.case}"))

    def _line(self, event: CaseEvent, hidden: frozenset[str], given: CaseGiven) -> TimelineEntry:
        name, zone = STORED_NAMES[type(event)], given.calendar.zone
        hidden = hidden | masked_in(event, given)
        if isinstance(event, CaseFollowed | CaseUnfollowed) and given.by != event.by and not is_desk(given):
            hidden = hidden | {event.by}  # who follows a case is nobody's business
        return TimelineEntry(
            at=event.at,
            by=WITHHELD if event.by in hidden else event.by,
            name=name,
            text=describe(name, event, self.language, zone=zone, withheld=hidden, named=given.roster.name),
            why=next((sealed for sealed in (getattr(event, field, None) for field in TEXTS) if sealed), None),
        )

    def place(self, sight: Sight) -> str | None:
        """The place of the case."""
        return case_of(self.case, sight).file.place

    def parties(self, sight: Sight) -> tuple[str, ...]:
        """Who has to do with the case."""
        return parties_of(case_of(self.case, sight))

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False

    def concerns(self, by: str, sight: Sight) -> bool:
        """Who reported a case may read its story."""
        return _reported(self.case, by, sight)


@attrs.frozen(kw_only=True)
class WorkEntry:
    """A case that somebody has to move on.

    :param due_at: where the clock stands still: when it would have been due.
    :param paused: the clock stands still; :param warned: a warning has gone out.
    """

    case: str
    kind: str
    place: str
    state: str
    due_at: dt.datetime
    overdue: bool
    paused: bool = False
    warned: bool = False
    rung: int = 0


@attrs.frozen(kw_only=True)
class WorkList:
    """What a person or organization has to do, what is due first on top.

    Beside what they have: for an authority the leads that were handed to it, for the desk what is
    resolved and waits to be checked, answered or closed.

    :param of: the id of a person or organization; a person also sees what their organization has.
    """

    of: str

    def answer(self, sight: Sight) -> tuple[WorkEntry, ...]:
        """Give the entries in order of their deadline, then of their id; whatever stands still comes last."""
        given: CaseGiven = sight.given("cases")
        found = [
            WorkEntry(
                case=state.id,
                kind=state.file.kind,
                place=state.file.place,
                state=type(state).__name__.lower(),
                due_at=state.deadline.due_at,
                overdue=is_overdue(state, given.at),
                paused=state.deadline.stands_since is not None,
                warned=state.file.warned,
                rung=state.file.rung,
            )
            for state in sight.live("case:")
            if is_open(state) and self._waits_for(state, given)
        ]
        return tuple(sorted(found, key=lambda entry: (entry.paused, entry.due_at, entry.case)))

    def _waits_for(self, state: State, given: CaseGiven) -> bool:
        roster = given.roster
        if roster.acts_for(self.of, holder_of(state)):
            return True
        if isinstance(state, HandedOver):
            return roster.acts_for(self.of, state.authority.holder)
        # What is done waits for somebody else than the one who did it: for the desk.
        done = not isinstance(state, Registered) and state.file.resolved_at is not None
        return done and roster.acts_for(self.of, given.policy.desk)

    def place(self, sight: Sight) -> str | None:
        """No place: a list follows its owner."""
        return None

    def parties(self, sight: Sight) -> tuple[str, ...]:
        """Whose list it is."""
        return (self.of,)

    def mine(self, by: str) -> bool:
        """One's own list."""
        return by == self.of


@attrs.frozen(kw_only=True)
class BoardRow:
    """One handler's figures; closed counts are net of reopened cases."""

    holder: str
    open: int = 0
    overdue: int = 0
    closed: int = 0
    closed_in_time: int = 0


@attrs.frozen(kw_only=True)
class Board:
    """The whole picture: open cases by stage, and figures per handler.

    :param on: a grid, community or other place; empty for the whole street.
    :param department: only what this organization or person has; empty for everybody.
    """

    on: str = ""
    department: str = ""

    def answer(self, sight: Sight) -> BoardAnswer:
        """Count.

        :raises NotFoundError: for an unknown place.
        """
        given: CaseGiven = sight.given("cases")
        if self.on and self.on not in given.territory:
            raise NotFoundError(f"there is no place {self.on!r}")
        stages = dict.fromkeys((stage.en for stage in STAGES), 0)
        opens: dict[str, int] = {}
        overdue: dict[str, int] = {}
        for state in sight.live("case:"):
            if not is_open(state) or not self._counts(state, given):
                continue
            if not state.file.parent:
                stages[STAGES[stage_of(state)].en] += 1
            holder = holder_of(state)
            opens[holder] = opens.get(holder, 0) + 1
            overdue[holder] = overdue.get(holder, 0) + is_overdue(state, given.at)
        tally = sight.tally

        def net(name: str, *more: str) -> int:
            return tally.get((name, *more), 0) - tally.get((f"{name}-again", *more), 0)

        def scoped(name: str) -> int:
            if self.department:
                return net(name, self.department) if name != "opened" else 0
            if not self.on:
                return net(name)
            grids = {key[2] for key in tally if len(key) == 3 and key[:2] == (name, "grid")}
            within = [grid for grid in grids if grid in given.territory and given.territory.within(grid, self.on)]
            return sum(net(name, "grid", grid) for grid in within)

        holders = {*opens, *(key[1] for key in tally if key[0] == "closed" and len(key) == 2)}
        if self.department:
            holders &= {self.department}
        elif self.on:
            holders &= {*opens}
        return BoardAnswer(
            opened=scoped("opened"),
            open=sum(stages.values()),
            closed=scoped("closed"),
            closed_in_time=scoped("closed-in-time"),
            withdrawn=0 if self.department else tally.get(("withdrawn",), 0),
            stages=stages,
            rows=tuple(
                BoardRow(
                    holder=holder,
                    open=opens.get(holder, 0),
                    overdue=overdue.get(holder, 0),
                    closed=net("closed", holder),
                    closed_in_time=net("closed-in-time", holder),
                )
                for holder in sorted(holders)
            ),
            counts={} if self.department else {key[0]: count for key, count in sorted(tally.items()) if len(key) == 1},
        )

    def _counts(self, state: State, given: CaseGiven) -> bool:
        if self.department and holder_of(state) != self.department:
            return False
        place = state.file.place
        return not self.on or (place in given.territory and given.territory.within(place, self.on))

    def place(self, sight: Sight) -> str | None:
        """The place, or the whole street."""
        root: str = sight.given("cases").territory.root
        return self.on or root

    def parties(self, sight: Sight) -> tuple[str, ...]:
        """The department whose figures these are."""
        return (self.department,) if self.department else ()

    def mine(self, by: str) -> bool:
        """A department's own board is its own; for the rest a grant is needed."""
        return bool(self.department) and by == self.department


@attrs.frozen(kw_only=True)
class BoardAnswer:
    """The answer to :class:`Board`.

    :param opened: with *on*, in its grids; with *department* not counted (0).
    :param open: cases; the rows count the parts of divided ones, too, for those who have them.
    :param counts: how often each kind of thing has happened in the whole street (``returned``,
        ``escalated`` …), empty for a department; :param withdrawn: as *counts*.
    """

    opened: int
    open: int
    closed: int
    closed_in_time: int
    withdrawn: int
    stages: dict[str, int]
    rows: tuple[BoardRow, ...]
    counts: dict[str, int]


@attrs.frozen
class ModeView:
    """Whether it is peacetime or emergency."""

    def answer(self, sight: Sight) -> Mode:
        """Give the mode."""
        return sight.subject(MODE) or Mode()

    def place(self, sight: Sight) -> str | None:
        """No place: everybody may know."""
        return None

    def mine(self, by: str) -> bool:
        """Everybody's."""
        return True


@attrs.frozen(kw_only=True)
class PublishedLine:
    """One result as the public reads it.

    :param place: no closer than the grid; :param text: what the desk wrote for it, empty if it was erased.
    """

    case: str
    kind_zh: str
    kind_en: str
    kind: str
    place: str
    opened_at: dt.datetime
    resolved_at: dt.datetime
    published_at: dt.datetime
    in_time: bool
    text: str


@attrs.frozen
class PublishedResults:
    """What was published in a month, as in ``2026-09``: nothing about a person stands in it."""

    month: str

    def answer(self, sight: Sight) -> tuple[PublishedLine, ...]:
        """Give the list; empty where nothing was published."""
        found: Published = sight.subject(f"published:{self.month}") or Published()
        return tuple(self._line(line, sight) for line in found.lines)

    def _line(self, line: ResultPublished, sight: Sight) -> PublishedLine:
        return PublishedLine(
            case=line.case,
            kind=line.kind,
            kind_zh=line.kind_zh,
            kind_en=line.kind_en,
            place=line.place,
            opened_at=line.opened_at,
            resolved_at=line.resolved_at,
            published_at=line.at,
            in_time=line.in_time,
            text=sight.public(line.text, "publication") if line.text is not None else "",
        )

    def place(self, sight: Sight) -> str | None:
        """No place: it is public."""
        return None

    def mine(self, by: str) -> bool:
        """Everybody's."""
        return True
