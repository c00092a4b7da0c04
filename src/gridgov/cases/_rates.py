"""The official rates: 结案率, 按期结案率, 响应率, 解决率, 满意率.

A case counts in the month in which it was due. Closed and open cases alike: what is due and not
closed lowers the rate, also when nobody looks. A case whose lateness was excused on appeal is
taken out of the rate, never out of the record; a part of a case is not counted beside the whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import attrs

from gridgov.cases._given import CaseGiven
from gridgov.cases._state import CaseFile, State, holder_of, is_open
from gridgov.decider import Sight
from gridgov.errors import NotFoundError
from gridgov.worktime import due

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

__all__ = ["Rates", "RatesAnswer", "Share"]


@attrs.frozen
class Share:
    """A share: *part* of *whole*."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """The share in percent, None of nothing."""
        return 100 * self.part / self.whole if self.whole else None

    def __str__(self) -> str:
        return f"{self.part}/{self.whole}" + (f" = {self.percent:.1f} %" if self.percent is not None else "")


@attrs.frozen(kw_only=True)
class RatesAnswer:
    """The rates of some months.

    :param closing: 结案率 = closed / due; :param punctual: 按期结案率 = closed in time / due.
    :param response: 响应率 = first answers in time / first answers that were due.
    :param solution: 解决率 = solved / reporters reached; :param satisfaction: 满意率 = satisfied /
        reporters who were asked, by a call or by rating (4 or 5 of 5 is satisfied).
    :param excused: late cases that an appeal took out.
    """

    closing: Share
    punctual: Share
    response: Share
    solution: Share
    satisfaction: Share
    excused: int


@attrs.frozen(kw_only=True)
class Rates:
    """The official rates of some months, as in ``2026-09``.

    :param on: a grid or a place above grids; :param holder: who had the cases; one of them at most,
        neither for the whole street.
    """

    months: tuple[str, ...]
    on: str = ""
    holder: str = ""

    def answer(self, sight: Sight) -> RatesAnswer:
        """Work the rates out.

        :raises NotFoundError: for an unknown place.
        :raises ValueError: for a place and a holder at once, or a month that is none.
        """
        given: CaseGiven = sight.given("cases")
        for month in self.months:
            if not _MONTH.fullmatch(month):
                raise ValueError(f"{month!r} is no month; write it as 2026-09")
        if not self.months or len(set(self.months)) < len(self.months):
            raise ValueError("rates are of one month or more, each named once")
        if self.on and self.holder:
            raise ValueError("rates are of a place or of a holder, not of both")
        if self.on and self.on not in given.territory:
            raise NotFoundError(f"there is no place {self.on!r}")
        scopes = self._scopes(sight, given)
        tally = sight.tally

        def count(*figures: str) -> int:
            keys = (("rate", month, scope, figure) for figure in figures for month in self.months for scope in scopes)
            return sum(tally.get(key, 0) for key in keys)

        waiting = [
            state
            for state in sight.live("case:")
            if is_open(state) and not state.file.parent and self._of(state, given)
        ]
        excused = count("taken-out")
        due_count = count("due") - count("due-again") - excused + sum(self._due(state.file, given) for state in waiting)
        closed = count("closed") - count("closed-again") - excused
        unanswered = sum(self._unanswered(state.file, given) for state in waiting)
        called = count("called")
        return RatesAnswer(
            closing=Share(closed, due_count),
            punctual=Share(count("in-time") - count("in-time-again"), due_count),
            response=Share(count("responded-in-time"), count("responded") + unanswered),
            solution=Share(count("solved"), called),
            satisfaction=Share(count("satisfied"), count("asked")),
            excused=count("excused"),
        )

    def _scopes(self, sight: Sight, given: CaseGiven) -> Sequence[str]:
        if self.holder:
            return [f"holder:{self.holder}"]
        if not self.on:
            return [""]
        scopes = {key[2] for key in sight.tally if len(key) == 4 and key[0] == "rate" and key[2].startswith("grid:")}
        territory = given.territory
        grids = [(scope, scope.removeprefix("grid:")) for scope in scopes]
        return [scope for scope, grid in grids if grid in territory and territory.within(grid, self.on)]

    def _of(self, state: State, given: CaseGiven) -> bool:
        if self.holder:
            return holder_of(state) == self.holder
        grid = state.file.grid
        return not self.on or (grid in given.territory and given.territory.within(grid, self.on))

    def _due(self, file: CaseFile, given: CaseGiven) -> bool:
        """Say whether an open case was due in these months, before now."""
        deadline = file.deadline
        if deadline is None or deadline.local(deadline.due_at)[:7] not in self.months:
            return False
        return deadline.is_late(given.at) and not file.excused

    def _unanswered(self, file: CaseFile, given: CaseGiven) -> bool:
        """Say whether an open case has had no first answer and the time for one is over."""
        if file.responded_at is not None or given.calendar.local(file.opened_at).strftime("%Y-%m") not in self.months:
            return False
        by: Any = due(given.policy.respond_within, file.opened_at, given.calendar)
        return by is not None and bool(by.at < given.at)

    def place(self, sight: Sight) -> str | None:
        """The place, or the whole street."""
        root: str = sight.given("cases").territory.root
        return self.on or root

    def parties(self, sight: Sight) -> tuple[str, ...]:
        """Whose rates they are."""
        return (self.holder,) if self.holder else ()

    def mine(self, by: str) -> bool:
        """A department's own rates are its own; for the rest a grant is needed."""
        return bool(self.holder) and by == self.holder
