"""What can be asked about cases."""

from __future__ import annotations

import datetime as dt

import attrs

from gridgov.cases._decide import _STORED_NAMES
from gridgov.cases._given import CaseGiven
from gridgov.cases._state import STAGES, State, holder_of, is_open, stage_of
from gridgov.cases._words import describe
from gridgov.decider import Sight
from gridgov.errors import NotFoundError

__all__ = ["Board", "BoardRow", "CaseView", "Timeline", "TimelineEntry", "WorkEntry", "WorkList"]


def _case(case: str, sight: Sight) -> State:
    state: State | None = sight.subject(f"case:{case}")
    if state is None:
        raise NotFoundError(f"there is no case {case!r}")
    return state


@attrs.frozen
class CaseView:
    """The state of one case."""

    case: str

    def answer(self, sight: Sight) -> State:
        """Give the state.

        :raises NotFoundError: for an unknown case.
        """
        return _case(self.case, sight)

    def place(self, sight: Sight) -> str | None:
        """The place of the case."""
        return _case(self.case, sight).file.place

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False


@attrs.frozen(kw_only=True)
class TimelineEntry:
    """One line of a case's story."""

    at: dt.datetime
    by: str
    name: str
    text: str


@attrs.frozen
class Timeline:
    """The story of one case in words, oldest first."""

    case: str
    language: str = "zh"

    def answer(self, sight: Sight) -> tuple[TimelineEntry, ...]:
        """Give the lines.

        :raises NotFoundError: for an unknown case.
        """
        _case(self.case, sight)
        zone = sight.given("cases").calendar.zone
        return tuple(
            TimelineEntry(
                at=event.at,
                by=event.by,
                name=_STORED_NAMES[type(event)],
                text=describe(_STORED_NAMES[type(event)], event, self.language, zone=zone),
            )
            for event in sight.events(f"case:{self.case}")
        )

    def place(self, sight: Sight) -> str | None:
        """The place of the case."""
        return _case(self.case, sight).file.place

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False


@attrs.frozen(kw_only=True)
class WorkEntry:
    """A case that somebody has to move on."""

    case: str
    kind: str
    place: str
    state: str
    due_at: dt.datetime
    overdue: bool


@attrs.frozen(kw_only=True)
class WorkList:
    """What a person or organization has to do, what is due first on top.

    :param of: the id of a person or organization; a person also sees what their organization has.
    """

    of: str

    def answer(self, sight: Sight) -> tuple[WorkEntry, ...]:
        """Give the entries in order of their deadline, then of their id."""
        given: CaseGiven = sight.given("cases")
        found = [
            WorkEntry(
                case=state.id,
                kind=state.file.kind,
                place=state.file.place,
                state=type(state).__name__.lower(),
                due_at=state.deadline.due_at,
                overdue=state.file.resolved_at is None and state.deadline.due_at < given.at,
            )
            for state in sight.live("case:")
            if is_open(state) and given.roster.acts_for(self.of, holder_of(state))
        ]
        return tuple(sorted(found, key=lambda entry: (entry.due_at, entry.case)))

    def place(self, sight: Sight) -> str | None:
        """No place: a list follows its owner."""
        return None

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
    """The whole picture: open cases by stage, and figures per handler."""

    def answer(self, sight: Sight) -> BoardAnswer:
        """Count."""
        given: CaseGiven = sight.given("cases")
        stages = dict.fromkeys((stage.en for stage in STAGES), 0)
        opens: dict[str, int] = {}
        overdue: dict[str, int] = {}
        for state in sight.live("case:"):
            if not is_open(state):
                continue
            stages[STAGES[stage_of(state)].en] += 1
            holder = holder_of(state)
            opens[holder] = opens.get(holder, 0) + 1
            late = state.file.resolved_at is None and state.deadline.due_at < given.at
            overdue[holder] = overdue.get(holder, 0) + late
        tally = sight.tally

        def net(name: str, *more: str) -> int:
            return tally.get((name, *more), 0) - tally.get((f"{name}-again", *more), 0)

        holders = sorted({*opens, *(key[1] for key in tally if key[0] == "closed" and len(key) == 2)})
        return BoardAnswer(
            opened=tally.get(("opened",), 0),
            open=sum(opens.values()),
            closed=net("closed"),
            closed_in_time=net("closed-in-time"),
            withdrawn=tally.get(("withdrawn",), 0),
            stages=stages,
            rows=tuple(
                BoardRow(
                    holder=holder,
                    open=opens.get(holder, 0),
                    overdue=overdue.get(holder, 0),
                    closed=net("closed", holder),
                    closed_in_time=net("closed-in-time", holder),
                )
                for holder in holders
            ),
            counts={key[0]: count for key, count in sorted(tally.items()) if len(key) == 1},
        )

    def place(self, sight: Sight) -> str | None:
        """The whole street."""
        root: str = sight.given("cases").territory.root
        return root

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False


@attrs.frozen(kw_only=True)
class BoardAnswer:
    """The answer to :class:`Board`.

    :param counts: how often each kind of thing has happened (``returned``, ``escalated`` …).
    """

    opened: int
    open: int
    closed: int
    closed_in_time: int
    withdrawn: int
    stages: dict[str, int]
    rows: tuple[BoardRow, ...]
    counts: dict[str, int]
