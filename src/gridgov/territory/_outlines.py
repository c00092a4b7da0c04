"""Outlines as rings of corners, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from gridgov.errors import Finding

__all__ = ["METERS_PER_UNIT", "Edge", "Ring", "check_outline", "check_outlines", "edges_of", "ring_of", "twice_area"]

Ring = list[tuple[int, int]]
"""Corners, each once, without the first one again at the end."""
METERS_PER_UNIT = 111_195 / 10_000_000
"""Of a degree × 10⁷ along a meridian."""
Edge = tuple[int, int, int, int, tuple[int, ...]]
"""x1, y1, x2, y2 upward (a level one eastward), and the places that it bounds, as indexes."""


def ring_of(outline: Sequence[int]) -> Ring:
    """Give the corners, each once in a row."""
    corners = list(zip(outline[::2], outline[1::2], strict=True))
    return [corner for before, corner in zip([corners[-1], *corners], corners, strict=False) if before != corner]


def edges_of(rings: Sequence[Ring]) -> list[Edge]:
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


def twice_area(ring: Ring) -> int:
    """Positive if the corners go counterclockwise."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]]))


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
    sound: dict[str, Ring] = {}
    for code in sorted(outlines):
        found = list(check_outline(code, outlines[code]))
        findings += found
        if not any(finding.grave for finding in found):
            sound[code] = ring_of(outlines[code])
    return [*findings, *_check_together(sound)] if together else findings


def check_outline(code: str, outline: Sequence[int]) -> Iterator[Finding]:
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
    ring = ring_of(outline)
    if len(ring) < len(corners):
        yield wrong("corner-twice", "a corner comes twice in a row", "leave one out, the last too", grave=False)
    contact = _self_contact(ring)
    crosses, one, other = contact or (False, 0, 0)
    sides = " and ".join("from {} {} to {} {}".format(*ring[each - 1], *ring[each]) for each in (one, other))
    if crosses:
        yield wrong("self-crossing", f"the sides {sides} cross", "put the corners in the order of the border")
    elif twice_area(ring) == 0 or not edges_of([ring]):
        yield wrong("no-area", "the outline encloses nothing", "draw what lies between the corners")
    elif contact:
        yield wrong("self-touching", f"the sides {sides} touch", "fine where a hole is cut out", grave=False)


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    """Say on which side of a → b the point c lies: 1 left, −1 right, 0 on the line."""
    area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
    return (area > 0) - (area < 0)


def _self_contact(ring: Ring) -> tuple[bool, int, int] | None:
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


def _check_together(rings: Mapping[str, Ring]) -> Iterator[Finding]:
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
