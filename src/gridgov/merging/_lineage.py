"""What a grid was on a day, and where it went: plans, one after the other, each from a day on.

Nothing in a lineage is ever changed; a correction, an undo too, is one more entry with a later day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

import attrs

from gridgov.errors import NotFoundError, RefusalError
from gridgov.merging._plan import BaseGrid, MergePlan

__all__ = ["Enacted", "Flow", "Lineage", "flows", "households_moved"]


@attrs.frozen(kw_only=True)
class Flow:
    """What of one grid went into another; what flows out of a grid adds up to it.

    :param households: as they were counted before; :param of: all of the grid *one*.
    :param other: empty for what has come down since.
    """

    one: str
    other: str
    households: int
    of: int


@attrs.frozen(kw_only=True)
class Enacted:
    """A plan that holds from a day on."""

    plan: MergePlan
    on: dt.date
    why: str = ""


@attrs.frozen
class Lineage:
    """The plans of a place, the earliest first."""

    entries: tuple[Enacted, ...] = ()

    def enact(self, plan: MergePlan, *, on: dt.date, why: str = "") -> Lineage:
        """Give a lineage with one more plan.

        :raises RefusalError: ``lineage.not-later`` for a day that is not after the last one: what
            was in force is not rewritten.
        """
        if self.entries and on <= self.entries[-1].on:
            last = self.entries[-1].on
            raise RefusalError("lineage.not-later", f"a plan from {on} on would rewrite the one of {last}", on=str(on))
        return Lineage((*self.entries, Enacted(plan=plan, on=on, why=why)))

    def on(self, day: dt.date) -> MergePlan:
        """Give the plan that was in force on a day.

        :raises NotFoundError: for a day before the first one.
        """
        for entry in reversed(self.entries):
            if entry.on <= day:
                return entry.plan
        first = f"the first one holds from {self.entries[0].on} on" if self.entries else "there is none"
        raise NotFoundError(f"no plan was in force on {day}; {first}")

    def grid(self, code: str, day: dt.date) -> BaseGrid | None:
        """Give what a code meant on a day: its buildings and households; None if it meant nothing then."""
        return self.on(day).get(code)

    def became(self, code: str, since: dt.date, until: dt.date) -> tuple[Flow, ...]:
        """Give where the grid of one day is on a later one, the largest part first.

        :raises NotFoundError: if the code meant nothing on the first day.
        """
        return flows(self.on(since), self.on(until), code)

    def came_from(self, code: str, day: dt.date, since: dt.date) -> tuple[Flow, ...]:
        """Give the grids of an earlier day that a grid is made of, the largest part first."""
        found = (flow for grid in self.on(since).base_grids for flow in self.became(grid.code, since, day))
        return tuple(sorted((f for f in found if f.other == code), key=lambda f: (-f.households, f.one)))

    def life(self, code: str) -> Iterator[tuple[dt.date, BaseGrid | None]]:
        """Give every day on which a grid changed, and what it was from then on."""
        before: BaseGrid | None = None
        for entry in self.entries:
            now = entry.plan.get(code)
            if (now and now.atoms) != (before and before.atoms):
                yield entry.on, now
            before = now

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that was ever given out; none of them may get another meaning."""
        return tuple(dict.fromkeys(grid.code for entry in self.entries for grid in entry.plan.base_grids))

    def moved(self) -> tuple[tuple[dt.date, int], ...]:
        """Give, for each day of change, how many households got another grid."""
        return tuple((after.on, households_moved(before.plan, after.plan)) for before, after in pairwise(self.entries))


def flows(before: MergePlan, after: MergePlan, code: str) -> tuple[Flow, ...]:
    """Give where one grid of a plan is in a later plan, by the households of its buildings.

    :raises NotFoundError: for a code that is none of the earlier plan's.
    """
    grid = before[code]
    counts: dict[str, int] = {}
    for atom, households in zip(grid.atoms, grid.counts, strict=True):
        there = after.grid_of.get(atom, "")
        counts[there] = counts.get(there, 0) + households
    found = (Flow(one=code, other=other, households=count, of=grid.households) for other, count in counts.items())
    return tuple(sorted(found, key=lambda flow: (-flow.households, flow.other)))


def households_moved(before: MergePlan, after: MergePlan) -> int:
    """Count the households that have another grid afterwards; what came down or is new does not count."""
    every = (flow for grid in before.base_grids for flow in flows(before, after, grid.code))
    return sum(flow.households for flow in every if flow.other not in ("", flow.one))
