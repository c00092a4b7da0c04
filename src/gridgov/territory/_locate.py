"""Locating a case: an address or a position → the place that answers for it.

An address comes first: a code of a building says more than a receiver that is 20 meters off. Then
the position: the outline it lies in; outside of all, the nearest outline within some meters; else
the street's own desk. Nothing is lost, and :attr:`Located.how` says which it was.

**The rule of the shared edge.** Neighboring grids share edges and corners, and a case on one must
belong to one grid, not to two and not to none. So every point is taken as if it were moved east
by less than anything, and north by far less still; then it lies on no edge at all, and an outline
has it if a line from there to the east crosses the outline an odd number of times. In whole numbers
this is the half-open crossing test: an edge from (x1, y1) up to (x2, y2) is crossed if
``y1 <= y < y2`` and ``(x2 - x1)·(y - y1) > (x - x1)·(y2 - y1)``. No float is involved, so outlines
that share their corners divide the ground without remainder. Where outlines overlap, the smaller
code has it.

**The raster.** Testing every outline is the definition; the raster gives the same answer faster. Its
cells are so small that no edge touches most of them: such a cell belongs wholly to one place, or to
none, and one look answers. For a *mixed* cell its south-east corner is known: which outlines have
it. From a point of the cell one goes east to the cell's border and then along it to that corner, and
only the few edges inside the cell can be crossed on the way; each changes sides for the outlines
that it bounds (an edge that two grids share is stored once and changes both). What an edge does in
a cell is worked out when the first point falls there, and kept.
"""

from __future__ import annotations

import datetime as dt
import math
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Any, Literal, final

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.territory._coordinates import check_system, convert
from gridgov.territory._tree import Territory

__all__ = ["Located", "Locator", "check_outlines"]

METERS_PER_UNIT = 111_195 / 10_000_000
_MIXED_SHARE = 0.2
"""Of the ground, about, that may lie in mixed cells. Half of it makes four times as many cells."""
_CELLS_PER_PLACE = 400
_CELLS_AT_LEAST = 1 << 20
"""How many cells there may be: four bytes each."""
_CHUNK = 1 << 16
"""Points at once in :meth:`Locator.at_many`: what stays in a processor's cache."""
_BITS = 62
_NO_ADDRESSES: Mapping[str, str] = MappingProxyType({})

_Ring = list[tuple[int, int]]
_Edge = tuple[int, int, int, int, tuple[int, ...]]
"""x1, y1, x2, y2 upward (a level one eastward), and the places that it bounds, as indexes."""
_Mixed = tuple[
    int, tuple[tuple[int, int, int, int, int, int], ...], tuple[tuple[int, int], ...], tuple[str | None, ...]
]
"""The places that have the corner, as bits; what is crossed going east: from y, until y, dx, dy, limit, bits;
what is crossed along the border: from y, bits; the place of each bit, and None after them."""


@attrs.frozen
class Located:
    """Where something lies.

    :param how: by its address; by its point, inside the outline; as the nearest outline; or not at
        all, so that the street's own desk has it.
    :param meters: to the nearest outline, rounded up, at least 1; 0 for the others.
    """

    place: str
    how: Literal["address", "point", "nearest", "unlocated"]
    meters: int = 0


@final
@attrs.frozen(eq=False, kw_only=True)
class Locator:
    """Addresses and outlines of one level, ready to be asked. Make one with :meth:`build` or :meth:`of`.

    :param places: the codes of all outlines, sorted.
    :param system: of the outlines, and of what :meth:`at` and :meth:`at_many` are asked.
    """

    places: tuple[str, ...]
    system: str
    unlocated: str
    nearest_meters: int
    addresses: Mapping[str, str] = attrs.field(repr=False)
    _raster: _Raster = attrs.field(repr=False)
    _frame: tuple[int, int, int, int, int, int, int, array[int], tuple[str, ...]] = attrs.field(repr=False)

    @classmethod
    def build(
        cls,
        outlines: Mapping[str, Sequence[int]],
        *,
        addresses: Mapping[str, str] = _NO_ADDRESSES,
        system: str,
        nearest_meters: int = 50,
        unlocated: str,
    ) -> Locator:
        """Make a locator.

        :param outlines: place → its corners, longitude and latitude in turn, in degrees × 10⁷, in
            either direction, without the first one again. A hole is drawn with a cut: there and
            back along the same edge.
        :param addresses: code of an address → the place that answers for it.
        :param system: of the outlines; see :func:`gridgov.territory.convert`.
        :param nearest_meters: how far outside of all outlines the nearest one still counts; 0 for
            not at all.
        :param unlocated: the place of what cannot be located: the street's own desk.
        :raises SetupError: with every grave finding of :func:`check_outlines`; the others (overlaps
            and gaps too) forbid nothing and are not looked for here.
        :raises ValueError: for an unknown system, or meters below zero.
        """
        check_system(system)
        if nearest_meters < 0:
            raise ValueError(f"nearest_meters is {nearest_meters}; 0 or more are wanted")
        graves = [finding for code in sorted(outlines) for finding in _check_one(code, outlines[code]) if finding.grave]
        if graves:
            raise SetupError(graves)
        places = tuple(sorted(outlines))
        raster = _Raster.build(places, [_ring(outlines[code]) for code in places])
        return cls(
            places=places,
            system=system,
            unlocated=unlocated,
            nearest_meters=nearest_meters,
            addresses=dict(addresses),
            raster=raster,
            frame=(*attrs.astuple(raster.shape, recurse=False)[:7], raster.cells, places),
        )

    @classmethod
    def of(
        cls,
        territory: Territory,
        *,
        level: str,
        system: str,
        addresses: Mapping[str, str] = _NO_ADDRESSES,
        nearest_meters: int = 50,
    ) -> Locator:
        """Make a locator of the places of one level that stand and have an outline.

        What cannot be located goes to the root.

        :raises NotFoundError: for an unknown level.
        :raises SetupError: as :meth:`build`.
        """
        territory.depth(level)
        standing = (node for node in territory.at(level) if node.until_on == dt.date.max)
        return cls.build(
            {node.code: node.outline for node in standing if node.outline},
            addresses=addresses,
            system=system,
            nearest_meters=nearest_meters,
            unlocated=territory.root,
        )

    def locate(self, *, address: str = "", point: tuple[int, int] | None = None, system: str = "") -> Located:
        """Give the place of an address, else of a point, else the desk for what cannot be located.

        :param address: a code; an unknown one does no harm.
        :param point: longitude and latitude in degrees × 10⁷.
        :param system: of the point; it must be stated, because nothing in the numbers tells it.
        :raises ValueError: for a point without a system, in an unknown one, or that is no position.
        """
        place = self.addresses.get(address) if address else None
        if place is not None:
            return Located(place, "address")
        if point is None:
            return Located(self.unlocated, "unlocated")
        if not system:
            raise ValueError(f"say in which system the point {point} is; it is not guessed")
        longitude, latitude = convert(*point, of=system, to=self.system)
        place = self.at(longitude, latitude)
        if place is not None:
            return Located(place, "point")
        found = self._raster.nearest(longitude, latitude, self.nearest_meters)
        return (
            Located(self.unlocated, "unlocated")
            if found is None
            else Located(self.places[found[0]], "nearest", found[1])
        )

    def at(self, longitude: int, latitude: int) -> str | None:
        """Give the place whose outline has a point of the locator's own system, None outside of all."""
        west, south, east, north, width, height, columns, cells, places = self._frame
        if not (west <= longitude < east and south <= latitude < north):
            return None
        cell = cells[(latitude - south) // height * columns + (longitude - west) // width]
        if cell >= 0:
            return places[cell]
        if cell == -1:
            return None
        state, slants, steps, owners = self._raster.mixed(-2 - cell)
        for low, high, dx, dy, limit, bits in slants:
            if low <= latitude < high and dx * latitude - dy * longitude > limit:
                state ^= bits
        for low, bits in steps:
            if latitude >= low:
                state ^= bits
        return owners[(state & -state).bit_length() - 1]

    def at_many(self, longitudes: Any, latitudes: Any) -> Any:
        """Do :meth:`at` for many points: two columns of whole numbers in, one of indexes into :attr:`places` out.

        −1 stands for outside of all. Needs numpy (with the extra ``geo``); anything that numpy can
        read as an array will do.

        :raises TypeError: for columns that are no whole numbers.
        :raises ValueError: for columns of different length.
        """
        np = _numpy()
        columns = [np.asarray(longitudes), np.asarray(latitudes)]
        if any(column.size and column.dtype.kind not in "iu" for column in columns):
            raise TypeError("longitudes and latitudes are wanted in degrees × 10⁷, as whole numbers")
        if columns[0].shape != columns[1].shape or columns[0].ndim != 1:
            raise ValueError("as many longitudes as latitudes are wanted, in two plain columns")
        xs, ys = (column.astype(np.int64, copy=False) for column in columns)
        found = np.empty(len(xs), dtype=np.int64)
        for start in range(0, len(xs), _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part] = self._batch.at(xs[part], ys[part])
        for place in np.flatnonzero(found == _Batch.CROWDED):
            code = self.at(int(xs[place]), int(ys[place]))
            found[place] = -1 if code is None else bisect_left(self.places, code)
        return found

    @cached_property
    def _batch(self) -> _Batch:
        return _Batch.build(self._raster)


# --- the raster ---------------------------------------------------------------------------------


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
class _Raster:
    """The cells, and what touches the mixed ones.

    :param cells: per cell, row after row: the index of its place, −1 for none, −2 − n for the nth
        mixed one.
    :param where: the cell of each mixed one; *corners*: the first place that has its south-east
        corner, −1 for none; *more*: cell → every one, where outlines overlap.
    :param touching: the edges of all mixed cells; those of the nth begin at ``starts[n]``.
    """

    places: tuple[str, ...]
    shape: _Shape
    edges: list[_Edge]
    cells: array[int]
    where: array[int]
    corners: array[int]
    more: dict[int, list[int]]
    starts: array[int]
    touching: array[int]
    _known: dict[int, _Mixed] = attrs.field(factory=dict)

    @classmethod
    def build(cls, places: tuple[str, ...], rings: Sequence[_Ring]) -> _Raster:
        edges = _edges(rings)
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

    def mixed(self, number: int) -> _Mixed:
        """Give what happens in a mixed cell. Two threads may both work it out; they find the same."""
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = self._work_out(number)
        return known

    def _work_out(self, number: int) -> _Mixed:
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
                (_squared_distance(edge, x, y, shrink), min(edge[4]))
                for edge in self._edges_in(x - east, y - north, x + east, y + north)
            ),
            default=None,
        )
        if best is None:
            return None
        away = math.sqrt(best[0]) / (1 << 16) * METERS_PER_UNIT
        return (best[1], max(1, math.ceil(away))) if away <= meters else None

    def _edges_in(self, west: int, south: int, east: int, north: int) -> Iterator[_Edge]:
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


def _ring(outline: Sequence[int]) -> _Ring:
    """Give the corners, each once in a row."""
    corners = list(zip(outline[::2], outline[1::2], strict=True))
    return [corner for before, corner in zip([corners[-1], *corners], corners, strict=False) if before != corner]


def _edges(rings: Sequence[_Ring]) -> list[_Edge]:
    """Give every edge once, with all that it bounds; an outline that goes there and back on it is not bounded by it."""
    found: dict[tuple[int, int, int, int], list[int]] = {}
    for place, ring in enumerate(rings):
        x1, y1 = ring[-1]
        for x2, y2 in ring:
            upward = (y1, x1) < (y2, x2)
            sides = found.setdefault((x1, y1, x2, y2) if upward else (x2, y2, x1, y1), [])
            if sides and sides[-1] == place:
                sides.pop()
            else:
                sides.append(place)
            x1, y1 = x2, y2
    return [(*ends, tuple(sides)) for ends, sides in found.items() if sides]


def _shape(rings: Sequence[_Ring], edges: Sequence[_Edge]) -> _Shape:
    """Choose cells so that the edges cross few of them.

    A line that runs s east and t north crosses about s / width + t / height cells. With both halves
    equal, and the cells crossed as the wanted share of the ground, width and height follow.
    """
    if not edges:
        return _Shape(0, 0, 0, 0, 1, 1, 1, 1)
    west, east = min(x for ring in rings for x, _ in ring), max(x for ring in rings for x, _ in ring)
    south, north = min(y for ring in rings for _, y in ring), max(y for ring in rings for _, y in ring)
    whole = max(1, (east - west) * (north - south))
    covered = sum(abs(_twice_area(ring)) for ring in rings) / 2
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


def _twice_area(ring: _Ring) -> int:
    """Positive if the corners go counterclockwise."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]]))


def _corners(rings: Sequence[_Ring], shape: _Shape) -> tuple[array[int], dict[int, list[int]]]:
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


def _crossed_rows(ring: _Ring, shape: _Shape) -> dict[int, list[int]]:
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


def _touched(edges: Sequence[_Edge], shape: _Shape) -> dict[int, list[int]]:
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


def _clip(edge: _Edge, border: int, low: int, high: int) -> tuple[int, int, int]:
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


def _squared_distance(edge: _Edge, x: int, y: int, shrink: int) -> Fraction:
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
class _Batch:
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
    def build(cls, raster: _Raster) -> _Batch:
        np = _numpy()
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
        np, shape = _numpy(), self.shape
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


def _numpy() -> Any:
    try:
        import numpy
    except ImportError as error:
        raise ImportError("many points at once need numpy: install gridgov[geo]") from error
    return numpy


def _as_bits(np: Any, raster: _Raster, number: Any, touching: Any) -> tuple[Any, Any, Any, Any]:
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


# --- what is wrong with outlines ----------------------------------------------------------------


def check_outlines(outlines: Mapping[str, Sequence[int]], *, together: bool = True) -> list[Finding]:
    """Give everything that is wrong with the outlines of one level.

    Grave, and refused by :meth:`Locator.build`: half a corner, a corner that is no position, fewer than
    three corners, no area, sides that cross. Worth a look: a corner twice in a row, an outline that
    touches itself, overlaps, and gaps that outlines enclose (a gap that is open to the outside is
    a bay of the border). Whether sides cross and whether outlines overlap is decided exactly; areas
    are measured, and a gap is told from a quarter of a unit × unit on, because gaps between corners
    have at least half.

    :param together: False looks at each outline for itself, which needs no extra.
    :raises ImportError: without the extra ``geo``, which measures overlaps and gaps.
    """
    findings: list[Finding] = []
    sound: dict[str, _Ring] = {}
    for code in sorted(outlines):
        found = list(_check_one(code, outlines[code]))
        findings += found
        if not any(finding.grave for finding in found):
            sound[code] = _ring(outlines[code])
    return [*findings, *_check_together(sound)] if together else findings


def _check_one(code: str, outline: Sequence[int]) -> Iterator[Finding]:
    def wrong(kind: str, message: str, remedy: str, *, grave: bool = True) -> Finding:
        return Finding(
            code=f"territory.{kind}", subject=code, column="outline", message=message, remedy=remedy, grave=grave
        )

    if len(outline) % 2:
        yield wrong("bad-outline", f"the outline has {len(outline)} numbers", "longitude and latitude in turn")
        return
    corners = list(zip(outline[::2], outline[1::2], strict=True))
    for x, y in corners:
        if abs(x) > 1_800_000_000 or abs(y) > 900_000_000:
            yield wrong("bad-outline", f"{x} {y} is no position", "longitude, then latitude, in degrees × 10⁷")
            return
    if len(set(corners)) < 3:
        yield wrong("too-few-corners", f"the outline has {len(set(corners))} corners", "three or more")
        return
    ring = _ring(outline)
    if len(ring) < len(corners):
        yield wrong("corner-twice", "a corner comes twice in a row", "leave one out, the last too", grave=False)
    contact = _self_contact(ring)
    crosses, one, other = contact or (False, 0, 0)
    sides = " and ".join("from {} {} to {} {}".format(*ring[each - 1], *ring[each]) for each in (one, other))
    if crosses:
        yield wrong("self-crossing", f"the sides {sides} cross", "put the corners in the order of the border")
    elif _twice_area(ring) == 0 or not _edges([ring]):
        yield wrong("no-area", "the outline encloses nothing", "draw what lies between the corners")
    elif contact:
        yield wrong("self-touching", f"the sides {sides} touch", "fine where a hole is cut out", grave=False)


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    """Say on which side of a → b the point c lies: 1 left, −1 right, 0 on the line."""
    area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
    return (area > 0) - (area < 0)


def _self_contact(ring: _Ring) -> tuple[bool, int, int] | None:
    """Give two sides that cross, else two that touch without being neighbors, each by the corner that it ends in."""
    sides = sorted(
        (*sorted((a[1], b[1])), number) for number, (a, b) in enumerate(zip([ring[-1], *ring], ring, strict=False))
    )
    touching = None
    for place, (_, top, one) in enumerate(sides):
        for bottom, _, other in sides[place + 1 :]:
            if bottom > top:
                break
            if (one - other) % len(ring) in (1, len(ring) - 1):
                continue
            contact = _contact(ring[one - 1], ring[one], ring[other - 1], ring[other])
            if contact == "cross":
                return True, min(one, other), max(one, other)
            if contact == "touch" and touching is None:
                touching = False, min(one, other), max(one, other)
    return touching


def _contact(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> str:
    if max(a[0], b[0]) < min(c[0], d[0]) or max(c[0], d[0]) < min(a[0], b[0]):
        return ""
    here = _turn(a, b, c) * _turn(a, b, d)
    there = _turn(c, d, a) * _turn(c, d, b)
    if here > 0 or there > 0:
        return ""
    return "cross" if here < 0 and there < 0 else "touch"


def _check_together(rings: Mapping[str, _Ring]) -> Iterator[Finding]:
    """Give overlaps and enclosed gaps, each with its area and a point inside."""
    if not rings:
        return
    try:
        import shapely
    except ImportError as error:
        raise ImportError("overlaps and gaps of outlines are found by the extra geo: install gridgov[geo]") from error

    codes = list(rings)
    drawn = [shapely.make_valid(shapely.Polygon(ring)) for ring in rings.values()]
    tree = shapely.STRtree(drawn)
    ones, others = (each.tolist() for each in tree.query(drawn, predicate="intersects"))
    for one, other in sorted(zip(ones, others, strict=True)):
        # T: the two have inner points in common. Decided exactly, before anything is measured.
        if one < other and shapely.relate_pattern(drawn[one], drawn[other], "T********"):
            common = drawn[one].intersection(drawn[other])
            message = f"{codes[one]} and {codes[other]} overlap by {_square_meters(common)}"
            yield _shared("overlap", codes[one], message, f"{codes[one]} has it; mend one of the outlines")
    union = shapely.union_all(drawn)
    for part in getattr(union, "geoms", [union]):
        for inner in getattr(part, "interiors", ()):
            gap = shapely.Polygon(inner)
            if gap.area >= 0.25:
                around = sorted(codes[each] for each in tree.query(gap, predicate="intersects").tolist())
                names = ", ".join(around[:4]) + (", …" if len(around) > 4 else "")
                message = f"{_square_meters(gap)} between {names} lie in no outline"
                yield _shared("gap", around[0] if around else codes[0], message, "give it to one of them")


def _shared(kind: str, subject: str, message: str, remedy: str) -> Finding:
    return Finding(
        code=f"territory.{kind}", subject=subject, column="outline", message=message, remedy=remedy, grave=False
    )


def _square_meters(drawn: Any) -> str:
    """Give the area and a point inside, in words."""
    inside = drawn.representative_point()
    area = drawn.area * METERS_PER_UNIT**2 * math.cos(math.radians(inside.y / 10_000_000))
    size = f"{area:.2f} m²" if area >= 0.005 else "less than 0.01 m²"
    return f"{size} around {round(inside.x)} {round(inside.y)}"
