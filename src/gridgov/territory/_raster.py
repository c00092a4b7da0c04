"""A raster over outlines: which of them has a point.

Testing every outline is the definition; the raster gives the same answer faster. Its
cells are so small that no edge touches most of them: such a cell belongs wholly to one place, or to
none, and one look answers. For a *mixed* cell its south-east corner is known: which outlines have
it. From a point of the cell one goes east to the cell's border and then along it to that corner, and
only the few edges inside the cell can be crossed on the way; each changes sides for the outlines
that it bounds (an edge that two grids share is stored once and changes both). What an edge does in
a cell is worked out when the first point falls there, and kept.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any, final

import attrs

from gridgov.territory._outlines import METERS_PER_UNIT, Edge, Ring, edges_of, twice_area

__all__ = ["Raster", "RasterBatch", "numpy_or_hint"]

_MIXED_SHARE = 0.2
"""Of the ground, about, that may lie in mixed cells. Half of it makes four times as many cells."""
_CELLS_PER_PLACE = 400
_CELLS_AT_LEAST = 1 << 20
"""How many cells there may be: four bytes each."""
_BITS = 62

Mixed = tuple[int, tuple[tuple[int, int, int, int, int, int], ...], tuple[tuple[int, int], ...], tuple[str | None, ...]]
"""The places that have the corner, as bits; what is crossed going east: from y, until y, dx, dy, limit, bits;
what is crossed along the border: from y, bits; the place of each bit, and None after them."""


@attrs.frozen
class _Shape:
    """Where the cells lie; *east* and *north* are those of the outlines, not of the last cell."""

    west: int
    south: int
    east: int
    north: int
    width: int
    height: int
    columns: int
    rows: int


@final
@attrs.frozen(eq=False)
class Raster:
    """The cells, and what touches the mixed ones.

    :param cells: per cell, row after row: the index of its place, −1 for none, −2 − n for the nth
        mixed one.
    :param where: the cell of each mixed one; *corners*: the first place that has its south-east
        corner, −1 for none; *more*: cell → every one, where outlines overlap.
    :param touching: the edges of all mixed cells; those of the nth begin at ``starts[n]``.
    """

    places: tuple[str, ...]
    shape: _Shape
    edges: list[Edge]
    cells: array[int]
    where: array[int]
    corners: array[int]
    more: dict[int, list[int]]
    starts: array[int]
    touching: array[int]
    _known: dict[int, Mixed] = attrs.field(factory=dict)

    @classmethod
    def build(cls, places: tuple[str, ...], rings: Sequence[Ring]) -> Raster:
        edges = edges_of(rings)
        shape = _shape(rings, edges)
        cells, more = _corners(rings, shape)
        touched = _touched(edges, shape)
        where = array("i", touched)
        corners = array("i", [cells[cell] for cell in where])
        for number, cell in enumerate(where):
            cells[cell] = -2 - number
        starts = array("i", accumulate(map(len, touched.values()), initial=0))
        touching = array("i", [number for numbers in touched.values() for number in numbers])
        more = {cell: found for cell, found in more.items() if cell in touched}
        return cls(places, shape, edges, cells, where, corners, more, starts, touching)

    def mixed(self, number: int) -> Mixed:
        """Give what happens in a mixed cell. Two threads may both work it out; they find the same."""
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = self._work_out(number)
        return known

    def _work_out(self, number: int) -> Mixed:
        cell = self.where[number]
        row, column = divmod(cell, self.shape.columns)
        border = self.shape.west + (column + 1) * self.shape.width
        low = self.shape.south + row * self.shape.height
        high = low + self.shape.height
        found = []
        for place in range(self.starts[number], self.starts[number + 1]):
            edge = self.edges[self.touching[place]]
            start, end, step = _clip(edge, border, low, high)
            if start < end or step < high:
                found.append((edge, start, end, step))
        has_corner = self.more.get(cell) or [each for each in (self.corners[number],) if each >= 0]
        owners = sorted({*has_corner, *(side for edge, *_ in found for side in edge[4])})
        bit = {owner: 1 << place for place, owner in enumerate(owners)}
        slants, steps = [], []
        for (x1, y1, x2, y2, sides), start, end, step in found:
            bits = sum(bit[side] for side in sides)
            if start < end:
                slants.append((start, end, x2 - x1, y2 - y1, (x2 - x1) * y1 - (y2 - y1) * x1, bits))
            if step < high:
                steps.append((step, bits))
        codes = (*(self.places[owner] for owner in owners), None)
        return sum(bit[each] for each in has_corner), tuple(slants), tuple(steps), codes

    def nearest(self, x: int, y: int, meters: int) -> tuple[int, int] | None:
        """Give the place with the nearest edge within some meters, and how many, rounded up."""
        if meters == 0:
            return None
        # Meters east in a unit of longitude, as a whole number, so that equal distances stay equal.
        shrink = max(1, round(math.cos(math.radians(y / 10_000_000)) * (1 << 16)))
        north = math.ceil(meters / METERS_PER_UNIT) + 1
        east = (north << 16) // shrink + 1
        best = min(
            (
                (squared_distance(edge, x, y, shrink), min(edge[4]))
                for edge in self._edges_in(x - east, y - north, x + east, y + north)
            ),
            default=None,
        )
        if best is None:
            return None
        away = math.sqrt(best[0]) / (1 << 16) * METERS_PER_UNIT
        return (best[1], max(1, math.ceil(away))) if away <= meters else None

    def _edges_in(self, west: int, south: int, east: int, north: int) -> Iterator[Edge]:
        shape = self.shape
        numbers: set[int] = set()
        first, last = max(0, (west - shape.west) // shape.width), (east - shape.west) // shape.width
        bottom, top = max(0, (south - shape.south) // shape.height), (north - shape.south) // shape.height
        for row in range(bottom, min(shape.rows - 1, top) + 1):
            start = row * shape.columns
            for cell in self.cells[start + first : start + max(first, min(shape.columns, last + 1))]:
                if cell <= -2:
                    numbers.update(self.touching[self.starts[-2 - cell] : self.starts[-1 - cell]])
        return (self.edges[number] for number in numbers)


def _shape(rings: Sequence[Ring], edges: Sequence[Edge]) -> _Shape:
    """Choose cells so that the edges cross few of them.

    A line that runs s east and t north crosses about s / width + t / height cells. With both halves
    equal, and the cells crossed as the wanted share of the ground, width and height follow.
    """
    if not edges:
        return _Shape(0, 0, 0, 0, 1, 1, 1, 1)
    west, east = min(x for ring in rings for x, _ in ring), max(x for ring in rings for x, _ in ring)
    south, north = min(y for ring in rings for _, y in ring), max(y for ring in rings for _, y in ring)
    whole = max(1, (east - west) * (north - south))
    covered = sum(abs(twice_area(ring)) for ring in rings) / 2
    eastward = max(1, sum(abs(x2 - x1) for x1, _, x2, _, _ in edges))
    northward = max(1, sum(y2 - y1 for _, y1, _, y2, _ in edges))
    ground = min(covered, whole) or whole
    width, height = (_MIXED_SHARE * ground / (2 * other) for other in (northward, eastward))
    # Scattered, ragged or stacked outlines would want more cells than they are worth.
    too_many = max(covered, whole) / (width * height) / (_CELLS_PER_PLACE * len(rings) + _CELLS_AT_LEAST)
    grow = math.sqrt(max(1.0, too_many))
    cell = (max(1, int(width * grow)), max(1, int(height * grow)))
    size = ((east - west) // cell[0] + 1, (north - south) // cell[1] + 1)
    return _Shape(west, south, east, north, *cell, *size)


def _corners(rings: Sequence[Ring], shape: _Shape) -> tuple[array[int], dict[int, list[int]]]:
    """Say of each cell's south-east corner which place has it, the first one; and all, where there are more."""
    cells = array("i", [-1]) * (shape.columns * shape.rows)
    more: dict[int, list[int]] = {}
    for place in reversed(range(len(rings))):
        for row, ends in _crossed_rows(rings[place], shape).items():
            ends.sort()
            for start, end in zip(ends[::2], ends[1::2], strict=True):
                first = row * shape.columns + start
                taken = cells[first : first + end - start]
                if taken.count(-1) != len(taken):
                    for cell, other in enumerate(taken, start=first):
                        if other >= 0:
                            more.setdefault(cell, [other]).append(place)
                cells[first : first + end - start] = array("i", [place]) * (end - start)
    return cells, more


def _crossed_rows(ring: Ring, shape: _Shape) -> dict[int, list[int]]:
    """Say for each row how many of its cells have their south-east corner west of each crossing edge."""
    west, south, width, height = shape.west, shape.south, shape.width, shape.height
    rows: dict[int, list[int]] = defaultdict(list)
    for one, other in pairwise([*ring, ring[0]]):
        (x1, y1), (x2, y2) = (one, other) if one[1] < other[1] else (other, one)
        for row in range(-((south - y1) // height), -((south - y2) // height)):
            # The last whole number west of the edge at the lower border of the row.
            last = x1 - (x1 - x2) * (south + row * height - y1) // (y2 - y1) - 1
            rows[row].append(max(0, (last - west) // width))
    return rows


def _touched(edges: Sequence[Edge], shape: _Shape) -> dict[int, list[int]]:
    """Give the cells that any edge touches, each with its edges; too many do no harm, too few would."""
    west, south, width, height, columns = shape.west, shape.south, shape.width, shape.height, shape.columns
    touched: dict[int, list[int]] = defaultdict(list)
    for number, (x1, y1, x2, y2, _) in enumerate(edges):
        bottom, top = (y1 - south) // height, (y2 - south) // height
        for row in range(bottom, top + 1):
            left, right = (x1, x2) if x1 <= x2 else (x2, x1)
            if bottom != top:
                left, right = _within_row(x1, y1, x2, y2, south + row * height, south + (row + 1) * height)
            # A cell has its eastern border, so that an edge on it touches the cell west of it too.
            start = row * columns
            for cell in range(start + max(0, (left - 1 - west) // width), start + (right - west) // width + 1):
                touched[cell].append(number)
    return touched


def _within_row(x1: int, y1: int, x2: int, y2: int, low: int, high: int) -> tuple[int, int]:
    """Give the range of longitudes, outwards rounded, that an edge has between two latitudes."""
    ends = []
    for y, end in ((low, x1), (high, x2)):
        if y1 < y < y2:
            ends += [x1 + (x2 - x1) * (y - y1) // (y2 - y1), x1 - (x1 - x2) * (y - y1) // (y2 - y1)]
        else:
            ends.append(end)
    return min(ends), max(ends)


def _clip(edge: Edge, border: int, low: int, high: int) -> tuple[int, int, int]:
    """Say where an edge matters in a cell whose eastern border and range of latitudes are given.

    :returns: from which latitude and until which one it can be crossed by going east to the border;
        from which one on it is crossed by going along the border down to *low* (*high* for never).
    """
    x1, y1, x2, y2, _ = edge
    if (x1 <= border) == (x2 <= border):
        # No cell is touched by an edge that lies wholly east of its border.
        start, end, step = y1, y2, high
    elif x1 < x2:
        # From here on it lies east of the border (a level edge does nowhere).
        step = y1 + (border - x1) * (y2 - y1) // (x2 - x1) + (y1 != y2)
        start, end = y1, step
    else:
        # From here on it does not lie east of the border any more.
        step = y1 - (x1 - border) * (y2 - y1) // (x2 - x1)
        start, end = step, y2
    return max(start, low), min(end, high), step if low < step < high else high


def squared_distance(edge: Edge, x: int, y: int, shrink: int) -> Fraction:
    """Give the square of the distance from a point to an edge, in units of latitude / 2¹⁶."""
    x1, y1, x2, y2, _ = edge
    east, north = (x - x1) * shrink, (y - y1) << 16
    dx, dy = (x2 - x1) * shrink, (y2 - y1) << 16
    length = dx * dx + dy * dy
    along = east * dx + north * dy
    if along <= 0:
        return Fraction(east * east + north * north)
    if along >= length:
        return Fraction((east - dx) ** 2 + (north - dy) ** 2)
    return Fraction((east * dy - north * dx) ** 2, length)


# --- many at once -------------------------------------------------------------------------------


@final
@attrs.frozen(eq=False)
class RasterBatch:
    """The raster as numpy arrays, with every mixed cell worked out.

    :param parts: a row for each edge in a mixed cell: from y, until y, dx, dy, limit, step, bits.
    :param owners: the places of the bits of all cells; those of the nth begin at ``firsts[n]``.
    """

    CROWDED = -2
    """Stands for a cell with more places than a number has bits."""

    shape: _Shape
    cells: Any
    starts: Any
    parts: tuple[Any, ...]
    bases: Any
    firsts: Any
    owners: Any
    crowded: Any

    @classmethod
    def build(cls, raster: Raster) -> RasterBatch:
        np = numpy_or_hint()
        where, starts, touching = (
            np.array(each, dtype=np.int64) for each in (raster.where, raster.starts, raster.touching)
        )
        ends = np.array([edge[:4] for edge in raster.edges], dtype=np.int64).reshape(-1, 4)
        number = np.repeat(np.arange(len(where)), np.diff(starts))
        toggles, bases, firsts, owners = _as_bits(np, raster, number, touching)
        return cls(
            shape=raster.shape,
            cells=np.frombuffer(raster.cells, dtype=np.intc),
            starts=starts,
            parts=(*_clip_all(np, raster.shape, where[number], ends[touching]), toggles),
            bases=bases,
            firsts=firsts,
            owners=owners,
            crowded=np.diff(firsts) > _BITS,
        )

    def at(self, x: Any, y: Any) -> Any:
        np, shape = numpy_or_hint(), self.shape
        inside = (x >= shape.west) & (x < shape.east) & (y >= shape.south) & (y < shape.north)
        cell = (y - shape.south) // shape.height * shape.columns + (x - shape.west) // shape.width
        found = np.where(inside, self.cells[np.where(inside, cell, 0)], -1).astype(np.int64)
        asked = np.flatnonzero(found <= -2)
        if not len(asked):
            return found
        number = -2 - found[asked]
        chosen, row = _gather(np, self.starts, number)
        xs, ys = x[asked][row], y[asked][row]
        low, high, dx, dy, limit, step, bits = (part[chosen] for part in self.parts)
        crossed = ((low <= ys) & (ys < high) & (dx * ys - dy * xs > limit)) ^ (ys >= step)
        firsts = np.flatnonzero(np.diff(row, prepend=-1))
        state = self.bases[number] ^ np.bitwise_xor.reduceat(np.where(crossed, bits, 0), firsts)
        # The lowest bit: a power of two, whose exponent a float knows exactly.
        bit = np.frexp((state & -state).astype(np.float64))[1] - 1
        owner = self.owners[self.firsts[number] + np.maximum(bit, 0)]
        found[asked] = np.where(self.crowded[number], self.CROWDED, np.where(state == 0, -1, owner))
        return found


def numpy_or_hint() -> Any:
    try:
        import numpy
    except ImportError as error:
        raise ImportError("many points at once need numpy: install gridgov[geo]") from error
    return numpy


def _as_bits(np: Any, raster: Raster, number: Any, touching: Any) -> tuple[Any, Any, Any, Any]:
    """Number the places of each mixed cell, the smallest first.

    :param number: of the mixed cell that each of *touching* is an edge in.
    :returns: the bits of every touching edge; those of every corner; where the places of each cell
        begin; the places.
    """
    corners = [raster.more.get(cell, [corner]) for cell, corner in zip(raster.where, raster.corners, strict=True)]
    held = [(place, each) for place, found in enumerate(corners) for each in found if each >= 0]
    corner_of, corner_by = np.array(held, dtype=np.int64).reshape(-1, 2).T
    counts = np.array([len(edge[4]) for edge in raster.edges], dtype=np.int64)
    sides = np.array([side for edge in raster.edges for side in edge[4]], dtype=np.int64)
    chosen, row = _gather(np, np.concatenate([[0], np.cumsum(counts)]), touching)
    width = max(1, len(raster.places))
    both = np.concatenate([number[row] * width + sides[chosen], corner_of * width + corner_by])
    keys, inverse = np.unique(both, return_inverse=True)
    firsts = np.searchsorted(keys, np.arange(len(corners) + 1) * width)
    bits = np.int64(1) << np.minimum(np.arange(len(keys)) - firsts[keys // width], _BITS)
    toggles, bases = np.zeros(len(touching), np.int64), np.zeros(len(corners), np.int64)
    np.bitwise_or.at(toggles, row, bits[inverse[: len(row)]])
    np.bitwise_or.at(bases, corner_of, bits[inverse[len(row) :]])
    return toggles, bases, firsts, keys % width


def _gather(np: Any, starts: Any, numbers: Any) -> tuple[Any, Any]:
    """Give the places of all rows of some groups, one after the other, and to which of *numbers* each belongs."""
    counts = starts[numbers + 1] - starts[numbers]
    row = np.repeat(np.arange(len(numbers)), counts)
    offset = starts[numbers] - (np.cumsum(counts) - counts)
    return np.arange(len(row)) + offset[row], row


def _clip_all(np: Any, shape: _Shape, cell: Any, ends: Any) -> tuple[Any, ...]:
    """Do :func:`_clip` for every edge of every mixed cell."""
    border = shape.west + (cell % shape.columns + 1) * shape.width
    low = shape.south + cell // shape.columns * shape.height
    high = low + shape.height
    x1, y1, x2, y2 = ends.T
    dx, dy = x2 - x1, y2 - y1
    crosses = (x1 <= border) != (x2 <= border)
    safe = np.where(crosses, dx, 1)
    ahead = y1 + np.where(crosses, border - x1, 0) * dy // safe + (dy != 0)
    behind = y1 - np.where(crosses, x1 - border, 0) * dy // safe
    step = np.where(dx > 0, ahead, behind)
    start = np.where(crosses & (dx < 0), step, y1)
    end = np.where(crosses & (dx > 0), step, y2)
    step = np.where(crosses & (low < step) & (step < high), step, high)
    return start, end, dx, dy, dx * y1 - dy * x1, step
