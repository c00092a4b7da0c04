"""Point → grid, beside shapely: one at a time and many at once, on a city of irregular grids.

The grids are a jittered lattice whose edges are bent again and again, so that each has some 30 corners
and shares every one of them with its neighbors. Both sides get the same points: positions as
numbers for one at a time, columns of numbers for many. What shapely needs is built before, as is
ours; the points that it is asked with are made inside, as a caller has to. Both are timed in turn
and the median round is kept.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import shapely

from gridgov.territory import Locator

WEST, SOUTH = 1_098_000_000, 406_000_000
STEP = 30_000  # about 300 m
Corner = tuple[int, int]


def lattice(columns: int, rows: int, *, seed: int, bends: int = 3) -> dict[str, tuple[int, ...]]:
    """Give outlines that divide the ground without remainder, each with about 4 · 2^bends corners."""
    chance = random.Random(seed)
    nodes = {
        (x, y): (
            WEST + x * STEP + chance.randint(-STEP // 6, STEP // 6),
            SOUTH + y * STEP + chance.randint(-STEP // 6, STEP // 6),
        )
        for x in range(columns + 1)
        for y in range(rows + 1)
    }
    bent: dict[tuple[Corner, Corner], list[Corner]] = {}

    def between(one: Corner, other: Corner) -> list[Corner]:
        if (other, one) in bent:
            return bent[other, one][::-1]
        if (one, other) not in bent:
            bent[one, other] = _bend(nodes[one], nodes[other], bends, chance)
        return bent[one, other]

    found = {}
    for x in range(columns):
        for y in range(rows):
            ring = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)]
            corners = [corner for one, other in pairwise(ring) for corner in between(one, other)[:-1]]
            found[f"G{x:04}{y:04}"] = tuple(number for corner in corners for number in corner)
    return found


def _bend(one: Corner, other: Corner, times: int, chance: random.Random) -> list[Corner]:
    line = [one, other]
    for _ in range(times):
        fresh = [line[0]]
        for a, b in pairwise(line):
            push = chance.uniform(-0.1, 0.1)
            fresh.append(
                (
                    round((a[0] + b[0]) / 2 - push * (b[1] - a[1])),
                    round((a[1] + b[1]) / 2 + push * (b[0] - a[0])),
                )
            )
            fresh.append(b)
        line = fresh
    return line


def each(ask: Callable[[int, int], object], points: list[Corner]) -> list[float]:
    """Give the microseconds of every call, sorted, less those of reading the clock."""
    clock = time.perf_counter_ns
    bare = statistics.median(-(clock() - clock()) for _ in range(2000))
    found = []
    gc.disable()
    for x, y in points:
        began = clock()
        ask(x, y)
        found.append(max(1.0, clock() - began - bare) / 1000)
    gc.enable()
    return sorted(found)


def seconds(run: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


class Peers:
    """Both sides, built, and the points that they are asked."""

    def __init__(self, outlines: dict[str, tuple[int, ...]], *, scalar: int, many: int, seed: int) -> None:
        self.build_seconds = seconds(lambda: self._build(outlines))
        self.polygons = [shapely.Polygon(np.array(outline).reshape(-1, 2)) for outline in outlines.values()]
        self.tree = shapely.STRtree(self.polygons)
        self.prepared = np.array(self.polygons)
        shapely.prepare(self.prepared)
        corners = np.array([number for outline in outlines.values() for number in outline]).reshape(-1, 2)
        (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
        chance = np.random.default_rng(seed)
        self.xs, self.ys = chance.integers(west, east, many), chance.integers(south, north, many)
        self.points = list(zip(self.xs[:scalar].tolist(), self.ys[:scalar].tolist(), strict=True))

    def _build(self, outlines: dict[str, tuple[int, ...]]) -> None:
        self.locator = Locator.build(outlines, system="wgs84", unlocated="")

    def theirs(self, x: int, y: int) -> object:
        return self.tree.query(shapely.Point(x, y), predicate="within")

    def theirs_many(self) -> object:
        return self.tree.query(shapely.points(self.xs, self.ys), predicate="within")

    def theirs_prepared_many(self) -> object:
        """Their fastest way that we know: boxes from the tree, then each polygon's own index."""
        points = shapely.points(self.xs, self.ys)
        asked, found = self.tree.query(points)
        inside = shapely.contains(self.prepared[found], points[asked])
        return asked[inside], found[inside]

    def ours_many(self) -> object:
        return self.locator.at_many(self.xs, self.ys)

    def differences(self) -> tuple[int, int]:
        """Count answers that are wrong: many at once, and one at a time.

        Where shapely finds nothing and we do, the point must lie on an edge, which is within nothing.
        """
        points, polygons = self.theirs_many()  # type: ignore[misc]
        expected = np.full(len(self.xs), -1)
        expected[points] = polygons
        found = self.locator.at_many(self.xs, self.ys)
        wrong = 0
        for place in np.flatnonzero(found != expected).tolist():
            on_edge = expected[place] == -1 and shapely.distance(
                self.polygons[found[place]].boundary, shapely.Point(self.xs[place], self.ys[place])
            )
            wrong += on_edge is False or on_edge != 0
        one_by_one = (self.locator.at(x, y) for x, y in self.points)
        codes = (self.locator.places[place] if place >= 0 else None for place in found[: len(self.points)].tolist())
        return wrong, sum(one != other for one, other in zip(one_by_one, codes, strict=True))


def pure_share(locator: Locator) -> float:
    """Give the share of random points inside that one look answers."""
    raster = locator._raster
    cells = np.array(raster.cells)
    return float((cells >= 0).sum() / (cells != -1).sum())


def beside(outlines: dict[str, tuple[int, ...]], *, scalar: int, many: int, rounds: int, seed: int) -> dict[str, float]:
    """Measure one set of outlines; every answer is compared with shapely's."""
    peers = Peers(outlines, scalar=scalar, many=many, seed=seed)
    first = each(peers.locator.at, peers.points)
    first_many = seconds(peers.ours_many)
    wrong, unlike = peers.differences()
    ours, theirs, ours_many, theirs_many, prepared_many = [], [], [], [], []
    for _ in range(rounds):
        ours.append(each(peers.locator.at, peers.points))
        theirs.append(each(peers.theirs, peers.points))
        ours_many.append(seconds(peers.ours_many) / many * 1e6)
        theirs_many.append(seconds(peers.theirs_many) / many * 1e6)
        prepared_many.append(seconds(peers.theirs_prepared_many) / many * 1e6)

    def middle(lists: list[list[float]], share: float) -> float:
        return statistics.median(times[int(share * (len(times) - 1))] for times in lists)

    found: dict[str, float] = {
        "outlines": len(outlines),
        "corners": round(statistics.mean(len(outline) / 2 for outline in outlines.values()), 1),
        "build seconds": round(peers.build_seconds, 3),
        "pure share": round(pure_share(peers.locator), 3),
        "wrong of many": wrong,
        "one unlike many": unlike,
        "ours p50 µs": middle(ours, 0.5),
        "ours p99 µs": middle(ours, 0.99),
        "ours mean µs": statistics.median(map(statistics.mean, ours)),
        "ours p50 µs, cells new": first[len(first) // 2],
        "ours p99 µs, cells new": first[int(0.99 * len(first))],
        "shapely p50 µs": middle(theirs, 0.5),
        "shapely p99 µs": middle(theirs, 0.99),
        "shapely mean µs": statistics.median(map(statistics.mean, theirs)),
        "ours many µs": statistics.median(ours_many),
        "first many seconds": first_many,
        "shapely many µs": statistics.median(theirs_many),
        "shapely prepared many µs": statistics.median(prepared_many),
    }
    for name in ("p50", "p99", "mean", "many"):
        found[f"{name} ratio"] = found[f"shapely {name} µs"] / found[f"ours {name} µs"]
    found["prepared many ratio"] = found["shapely prepared many µs"] / found["ours many µs"]
    return {name: round(value, 3) for name, value in found.items()}


def measure(seed: int = 7, *, large: bool = True) -> dict[str, dict[str, float]]:
    """Measure 40, 900 and, if *large*, 50,000 outlines."""
    found = {
        "40": beside(lattice(8, 5, seed=seed), scalar=20_000, many=1_000_000, rounds=5, seed=seed),
        "900": beside(lattice(30, 30, seed=seed), scalar=20_000, many=1_000_000, rounds=5, seed=seed),
    }
    if large:
        found["50000"] = beside(lattice(250, 200, seed=seed), scalar=20_000, many=1_000_000, rounds=3, seed=seed)
    return found


if __name__ == "__main__":
    import json

    print(json.dumps(measure(), indent=1, ensure_ascii=False))
