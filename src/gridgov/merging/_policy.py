"""What is wanted of a merge: windows, weights, what is held fixed."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from gridgov.merging._layers import Bounds

__all__ = ["Apart", "AsIs", "GridCount", "Held", "Measure", "MergePolicy", "Together"]


@attrs.frozen(kw_only=True)
class GridCount:
    """A place that is divided by number and not by households: a village of 1–2 or 2–4 grids.

    Its grids should be about equally large; between these numbers the one whose grids come nearest
    to the target is taken.

    :raises ValueError: unless 1 ≤ least ≤ most.
    """

    least: int
    most: int

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise ValueError(f"a number of grids is 1 ≤ least ≤ most; not {self.least}, {self.most}")

    def bounds(self, households: int, target: int) -> tuple[Bounds, tuple[int, ...]]:
        """Give the window that this means for a place, and the numbers of grids to try."""
        wanted = max(self.least, min(self.most, round(households / target)))
        mean = max(1, households // wanted)
        bounds = Bounds(households_min=max(1, mean * 2 // 3), target=mean, households_max=-(-mean * 3 // 2) + 1)
        counts = sorted(range(self.least, self.most + 1), key=lambda count: (abs(count - wanted), count))
        return bounds, tuple(counts)


@attrs.frozen(kw_only=True)
class Measure:
    """A second weight beside households: cases of last year, people in care, area.

    Either a window (*least* and *most*, as for households) or a balance goal: every grid within
    *percent* of what the grids of its community have on average.

    :param amounts: atom → how much, a whole number; atoms that are not named have none.
    :param price: how dear a unit outside is; 100 makes it as dear as the households it comes with,
        so that 25 is a wish and 400 a demand.
    :raises ValueError: for a window and a goal at once, or neither.
    """

    id: str
    zh: str
    en: str
    amounts: Mapping[str, int]
    least: int | None = None
    most: int | None = None
    percent: int | None = None
    price: int = 50

    def __attrs_post_init__(self) -> None:
        window = self.least is not None and self.most is not None
        if window == (self.percent is not None):
            raise ValueError(f"the measure {self.id!r} has either least and most, or percent")
        if not 1 <= self.price <= 10_000 or any(amount > 10**9 for amount in self.amounts.values()):
            raise ValueError(f"the price of {self.id!r} is 1 to 10,000, and no amount is above 10⁹")
        if self.least is not None and self.most is not None and not 0 <= self.least <= self.most:
            raise ValueError(f"the window of {self.id!r} is 0 ≤ least ≤ most; not {self.least}, {self.most}")

    def window(self, total: int, grids: int) -> tuple[int, int]:
        """Give the window of a grid where *grids* share *total*."""
        if self.percent is None:
            return self.least or 0, self.most or 0
        grids = max(1, grids)
        return total * (100 - self.percent) // (100 * grids), -(-total * (100 + self.percent) // (100 * grids))


@attrs.frozen
class Together:
    """These atoms stay in one base grid."""

    atoms: tuple[str, ...]


@attrs.frozen
class Apart:
    """The border between these two neighbors stays: they lie in different base grids."""

    one: str
    other: str


@attrs.frozen
class AsIs:
    """Exactly these atoms are one base grid, whatever its size.

    :param code: the code that it keeps, empty for a new one.
    """

    atoms: tuple[str, ...]
    code: str = attrs.field(default="", kw_only=True)


Held = Together | Apart | AsIs


@attrs.frozen(kw_only=True)
class MergePolicy:
    """How a place wants its grids.

    :param bounds: the usual window; :param exceptions: code of a community or village → its own
        window or number of grids.
    :param within: ids of layers whose borders are hard, as where a management grid equals a police
        area.
    :param barrier: adjacencies across a barrier (road, railway, river) of this rank or more do not
        join; 0 for none. See :class:`~gridgov.territory.Adjacency`.
    :param loyalty: what every further base grid that an old grid lies in costs, in cut weights;
        0 lets only the cut count.
    :param meters: every so many meters of common border weigh one more; 0 leaves lengths out.
    :param measures: further weights that are to be spread fairly.
    :param held: what a person holds fixed.
    :param effort: how long to look for better borders: sweeps over all atoms, in three runs. Four
        times the effort gains about one percent of the cut.
    :raises ValueError: for a negative number, or an effort below 10.
    """

    bounds: Bounds = attrs.field(factory=Bounds)
    exceptions: Mapping[str, Bounds | GridCount] = attrs.field(factory=dict)
    within: tuple[str, ...] = ()
    barrier: int = 0
    loyalty: int = 0
    meters: int = 0
    measures: tuple[Measure, ...] = ()
    held: tuple[Held, ...] = ()
    effort: int = 200

    def __attrs_post_init__(self) -> None:
        for name in ("barrier", "loyalty", "meters"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is 0 or more; not {getattr(self, name)}")
        for name in ("within", "held"):
            given: object = getattr(self, name)
            if not isinstance(given, tuple):
                raise ValueError(f"{name} is a tuple, and not {given!r}")
        if self.effort < 10:
            raise ValueError(f"the effort is 10 sweeps or more; not {self.effort}")
