"""Made-up streets, districts and cities for the merging benchmark; the seed is an argument.

Buildings are Voronoi cells between irregular roads, their households are heavy-tailed, communities
are grown along the roads and hard, and five layers are grown the same way by departments that did
not ask each other. *Rough* ground has what real ground has besides: buildings above the upper bound
and enclaves that touch nothing.
"""

from __future__ import annotations

import heapq
from pathlib import Path

import attrs
import numpy as np
from scipy.spatial import Delaunay

SIZES = {"street": (400, 41), "district": (15_000, 23), "city": (300_000, 23)}
COMMUNITY_HOUSEHOLDS = 2_900
LAYER_HOUSEHOLDS = (260, 450, 700, 1_200, 2_400)
MEAN_SPACING = 30.0


@attrs.frozen(kw_only=True, eq=False)
class City:
    """A ground as arrays: one row an atom, one row an edge."""

    households: np.ndarray
    community: np.ndarray
    layers: np.ndarray
    edges: np.ndarray
    meters: np.ndarray
    at: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Of every edge: 1 + the number of layers that have both ends in one grid; 0 across a border."""
        one, other = self.edges.T
        agree = 1 + (self.layers[:, one] == self.layers[:, other]).sum(axis=0)
        return np.where(self.community[one] == self.community[other], agree, 0)

    def save(self, path: Path) -> None:
        np.savez(path, **{field.name: getattr(self, field.name) for field in attrs.fields(City)})

    @classmethod
    def load(cls, path: Path) -> City:
        with np.load(path) as found:
            return cls(**{name: found[name] for name in found.files})


def make(size: str | int, seed: int, *, rough: bool = False) -> City:
    """Make a city: a name of SIZES or a number of atoms with the households of a district."""
    atoms, mean = SIZES[size] if isinstance(size, str) else (size, 23)
    random = np.random.default_rng([seed, atoms])
    side = MEAN_SPACING * atoms**0.5
    at = random.random((atoms, 2)) * side
    roads = [_roads(random, side) for _ in range(2)]
    block = np.stack([np.searchsorted(roads[axis], at[:, axis]) for axis in range(2)], axis=1)
    edges = _edges(at)
    length = np.hypot(*(at[edges[:, 0]] - at[edges[:, 1]]).T)
    across = (block[edges[:, 0]] != block[edges[:, 1]]).any(axis=1)
    households = np.minimum(np.round(random.lognormal(0, 0.9, atoms) * mean * 0.67), 240).astype(np.int64)
    households[random.random(atoms) < 0.04] = 0
    total = int(households.sum())
    community = _grow(
        random, edges, length * np.where(across, 3.0, 1.0), atoms, max(2, total // COMMUNITY_HOUSEHOLDS), 0.45
    )
    layers = np.stack(
        [
            _grow(
                random, edges, length * np.where(across, random.uniform(1, 4), 1.0), atoms, max(2, total // each), 0.3
            )
            for each in LAYER_HOUSEHOLDS
        ]
    )
    meters = np.maximum(1, np.round(random.gamma(3, 6, len(edges)))).astype(np.int64)
    if rough:
        big = random.choice(atoms, max(2, atoms // 700), replace=False)
        households[big] = random.integers(501, 900, len(big))
        edges, meters = _enclaves(random, edges, meters, atoms)
    return City(households=households, community=community, layers=layers, edges=edges, meters=meters, at=at)


def _roads(random: np.random.Generator, side: float) -> np.ndarray:
    gaps = random.uniform(70, 260, int(side / 60) + 2)
    return np.cumsum(gaps)


def _edges(at: np.ndarray) -> np.ndarray:
    triangles = Delaunay(at).simplices
    pairs = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]), axis=1)
    pairs = np.unique(pairs, axis=0).astype(np.int64)
    length = np.hypot(*(at[pairs[:, 0]] - at[pairs[:, 1]]).T)
    # The hull of a triangulation joins what lies kilometers apart; the nearest pairs keep it in one piece.
    short = length < 4 * MEAN_SPACING
    degree = np.bincount(pairs[short].ravel(), minlength=len(at))
    return pairs[short | (degree[pairs] == 0).any(axis=1)]


def _grow(
    random: np.random.Generator, edges: np.ndarray, cost: np.ndarray, atoms: int, seeds: int, spread: float
) -> np.ndarray:
    """Grow *seeds* regions at speeds of their own; every region is connected."""
    neighbors: list[list[tuple[int, float]]] = [[] for _ in range(atoms)]
    for (one, other), each in zip(edges.tolist(), cost.tolist(), strict=True):
        neighbors[one].append((other, each))
        neighbors[other].append((one, each))
    starts = random.choice(atoms, seeds, replace=False)
    speed = random.lognormal(0, spread, seeds)
    region = np.full(atoms, -1, dtype=np.int64)
    waiting = [(0.0, int(start), number) for number, start in enumerate(starts)]
    heapq.heapify(waiting)
    while waiting:
        when, atom, number = heapq.heappop(waiting)
        if region[atom] >= 0:
            continue
        region[atom] = number
        for other, each in neighbors[atom]:
            if region[other] < 0:
                heapq.heappush(waiting, (when + each / speed[number], other, number))
    loose = np.flatnonzero(region < 0)
    region[loose] = region.max() + 1
    return region


def _enclaves(
    random: np.random.Generator, edges: np.ndarray, meters: np.ndarray, atoms: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cut off single atoms and small clusters: ground that nobody mapped properly."""
    alone = random.choice(atoms, max(2, atoms // 1500), replace=False)
    inside = np.zeros(atoms, dtype=bool)
    inside[alone] = True
    for one, other in edges.tolist():
        if one in alone[::2]:
            inside[other] = True
    keep = inside[edges[:, 0]] == inside[edges[:, 1]]
    return edges[keep], meters[keep]
