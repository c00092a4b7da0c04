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
"""

from __future__ import annotations

import datetime as dt
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, final

import attrs

from gridgov.errors import SetupError
from gridgov.territory._coordinates import check_system, convert
from gridgov.territory._outlines import check_outline, ring_of
from gridgov.territory._raster import Raster, RasterBatch, numpy_or_hint
from gridgov.territory._tree import Territory

__all__ = ["Located", "Locator"]

_CHUNK = 1 << 16
"""Points at once in :meth:`Locator.at_many`: what stays in a processor's cache."""
_NO_ADDRESSES: Mapping[str, str] = MappingProxyType({})


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
    _raster: Raster = attrs.field(repr=False)
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
        graves = [
            finding for code in sorted(outlines) for finding in check_outline(code, outlines[code]) if finding.grave
        ]
        if graves:
            raise SetupError(graves)
        places = tuple(sorted(outlines))
        raster = Raster.build(places, [ring_of(outlines[code]) for code in places])
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
        np = numpy_or_hint()
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
        for place in np.flatnonzero(found == RasterBatch.CROWDED):
            code = self.at(int(xs[place]), int(ys[place]))
            found[place] = -1 if code is None else bisect_left(self.places, code)
        return found

    @cached_property
    def _batch(self) -> RasterBatch:
        return RasterBatch.build(self._raster)
