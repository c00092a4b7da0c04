"""Coordinate systems told apart and converted.

A Chinese street has positions of four kinds on its table: receivers give WGS-84 (``wgs84``),
surveyors CGCS2000 (``cgcs2000``), the maps of Gaode and Tencent GCJ-02 (``gcj02``), Baidu's BD-09
(``bd09``). The same numbers read in another system lie hundreds of meters off, in another grid, and
nothing in the numbers tells which one it is. So the system is always stated by the caller and
never guessed.

From WGS-84 to GCJ-02 and on to BD-09 there are formulas, and none of them has an inverse in closed
form; ours is a fixed-point iteration. Implementations that stop after its first step are a meter or
two off on the way back. Of the packages for this none was fit to depend on (2026: unmaintained since
2018 and 2019, inexact on the way back, without a stated license, wanting Python 3.14, or two
megabytes of compiled code for forty lines).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from difflib import get_close_matches

__all__ = ["SYSTEMS", "check_system", "convert"]

SYSTEMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
"""The systems that are known."""

_UNIT = 10_000_000
_MAJOR_AXIS = 6_378_245.0
_ECCENTRICITY = 0.00669342162296594323
"""Krasovsky's ellipsoid, squared eccentricity: GCJ-02 turns meters into degrees on it."""
_BAIDU_TURN = math.pi * 3000 / 180
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_FARTHEST = 0.1
"""Degrees; no point of the box is moved farther, by both steps together."""

_Move = Callable[[float, float], tuple[float, float]]


def check_system(system: str) -> str:
    """Give *system* back.

    :raises ValueError: for an unknown one, with the known ones and the closest.
    """
    if system in SYSTEMS:
        return system
    close = get_close_matches(system.lower().replace("-", ""), SYSTEMS, n=1)
    raise ValueError(
        f"there is no coordinate system {system!r}; the known ones are {', '.join(SYSTEMS)}"
        + (f"; did you mean {close[0]!r}?" if close else "")
    )


def convert(longitude: int, latitude: int, *, of: str, to: str) -> tuple[int, int]:
    """Give a position, read in the system *of*, in the system *to*; all in degrees × 10⁷.

    - ``wgs84`` and ``cgcs2000`` are taken as one. Their ellipsoids differ by 0.1 mm. Their frames
      drift apart, because CGCS2000 stays with the ground as it lay in 2000 and the ground moves by
      3 to 4 cm a year: about a meter today, less than a telephone's receiver knows, and not to be
      had without the epoch of a measurement.
    - ``gcj02`` by the published formula (the one that all open implementations share, from
      ``EvilTransform.cs``, 2013), inside the box 72.004–137.8347° E, 0.8293–55.8271° N.
    - ``bd09`` by its published formula on top of ``gcj02``, inside the same box.

    Outside that box all four are the same. A round trip is exact to one unit (1 cm), except within
    2 km of the edge of the box, where a position in ``gcj02`` or ``bd09`` may have two
    originals: the one inside is given.

    :raises ValueError: for an unknown system, and for what is no position at all.
    """
    check_system(of)
    check_system(to)
    if abs(longitude) > 180 * _UNIT or abs(latitude) > 90 * _UNIT:
        raise ValueError(
            f"{longitude}, {latitude} is no position: a longitude and then a latitude, in degrees × 10⁷, are wanted"
        )
    start, end = _STEPS[of], _STEPS[to]
    if start == end:
        return longitude, latitude
    x, y = longitude / _UNIT, latitude / _UNIT
    for move in reversed(_MOVES[end:start]):
        x, y = _undo(move, x, y)
    for move in _MOVES[start:end]:
        x, y = _do(move, x, y)
    return round(x * _UNIT), round(y * _UNIT)


def _do(move: _Move, x: float, y: float) -> tuple[float, float]:
    if not _in_box(x, y, 0.0):
        return x, y
    east, north = move(x, y)
    return x + east, y + north


def _undo(move: _Move, x: float, y: float) -> tuple[float, float]:
    """Find what *move* brings to (x, y): it changes little from place to place, so each round gains two digits."""
    if not _in_box(x, y, _FARTHEST):
        return x, y
    was_x, was_y = x, y
    for _ in range(20):
        east, north = move(was_x, was_y)
        error = max(abs(x - east - was_x), abs(y - north - was_y))
        was_x, was_y = x - east, y - north
        if error < 1e-11:
            break
    return (was_x, was_y) if _in_box(was_x, was_y, 0.0) else (x, y)


def _in_box(x: float, y: float, margin: float) -> bool:
    return _WEST - margin <= x <= _EAST + margin and _SOUTH - margin <= y <= _NORTH + margin


def _gcj02_move(longitude: float, latitude: float) -> tuple[float, float]:
    """Give how far GCJ-02 moves a point of WGS-84, in degrees."""
    x, y = longitude - 105.0, latitude - 35.0
    both = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (both + _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (both + _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))) * 2.0 / 3.0
    radians = math.radians(latitude)
    bend = 1.0 - _ECCENTRICITY * math.sin(radians) ** 2
    along_meridian = _MAJOR_AXIS * (1.0 - _ECCENTRICITY) / (bend * math.sqrt(bend))
    along_parallel = _MAJOR_AXIS / math.sqrt(bend) * math.cos(radians)
    return math.degrees(east / along_parallel), math.degrees(north / along_meridian)


def _waves(at: float, *waves: tuple[float, float]) -> float:
    return sum(height * math.sin(at / length * math.pi) for height, length in waves)


def _bd09_move(longitude: float, latitude: float) -> tuple[float, float]:
    """Give how far BD-09 moves a point of GCJ-02, in degrees."""
    reach = math.hypot(longitude, latitude) + 0.00002 * math.sin(latitude * _BAIDU_TURN)
    angle = math.atan2(latitude, longitude) + 0.000003 * math.cos(longitude * _BAIDU_TURN)
    return reach * math.cos(angle) + 0.0065 - longitude, reach * math.sin(angle) + 0.006 - latitude


_STEPS = {"wgs84": 0, "cgcs2000": 0, "gcj02": 1, "bd09": 2}
_MOVES: tuple[_Move, ...] = (_gcj02_move, _bd09_move)
