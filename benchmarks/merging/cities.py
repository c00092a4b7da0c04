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

from gridgov.merging import Layer, LayerGrid
from gridgov.territory import Adjacency, Ground, Level, Node, Territory

# Atoms, households of one on average, households of a community, and how unlike communities are: a
# street has four of about ten grids each, a district some that fit no number of grids.
SIZES = {"street": (400, 43, 3_700, 0.12), "district": (15_000, 23, 2_900, 0.45), "city": (300_000, 23, 2_900, 0.45)}
LAYER_HOUSEHOLDS = (260, 450, 700, 1_200, 2_400)
MEAN_SPACING = 30.0


def _small(values: np.ndarray) -> np.ndarray:
    """Half the memory: what is measured is the tools."""
    return np.asarray(values, dtype=np.int32)


@attrs.frozen(kw_only=True, eq=False)
class City:
    """A ground as arrays: one row an atom, one row an edge."""

    households: np.ndarray = attrs.field(converter=_small)
    community: np.ndarray = attrs.field(converter=_small)
    layers: np.ndarray = attrs.field(converter=_small)
    edges: np.ndarray = attrs.field(converter=_small)
    meters: np.ndarray = attrs.field(converter=_small)
    at: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Of every edge: 1 + the number of layers that have both ends in one grid; 0 across a border."""
        one, other = self.edges.T
        agree = 1 + (self.layers[:, one] == self.layers[:, other]).sum(axis=0, dtype=np.int32)
        return np.where(self.community[one] == self.community[other], agree, 0)

    def save(self, path: Path) -> None:
        np.savez(path, **{field.name: getattr(self, field.name) for field in attrs.fields(City)})

    @classmethod
    def load(cls, path: Path) -> City:
        with np.load(path) as found:
            return cls(**{name: found[name] for name in found.files})


def make(size: str | int, seed: int, *, rough: bool = False) -> City:
    """Make a city: a name of SIZES or a number of atoms with the households of a district."""
    atoms, mean, each, spread = SIZES[size] if isinstance(size, str) else (size, *SIZES["district"][1:])
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
    community = _grow(random, edges, length * np.where(across, 3.0, 1.0), atoms, max(2, total // each), spread)
    layers = np.stack(
        [
            _grow(
                random, edges, length * np.where(across, random.uniform(1, 4), 1.0), atoms, max(2, total // size), 0.3
            )
            for size in LAYER_HOUSEHOLDS
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


def settled(city: City, *, number: int = 15_003) -> tuple[Ground, tuple[Layer, ...]]:
    """Give a city as gridgov sees it: a street of communities, with one node a building."""
    street = f"{number * 10_000:09}"[:9]
    levels = [
        Level("street", "街道", "street"),
        Level("community", "社区", "community"),
        Level("grid", "网格", "grid"),
        Level("building", "楼栋", "building"),
    ]
    nodes = [Node(code=street, level="street", name="街道")]
    codes = [f"{street}{place + 1:03}" for place in range(int(city.community.max()) + 1)]
    nodes += [Node(code=code, level="community", name=f"社区{code[-3:]}", parent=street) for code in codes]
    atoms = [f"{codes[home]}-{place:05}" for place, home in enumerate(city.community.tolist())]
    nodes += [
        Node(
            code=atom,
            level="building",
            name=atom[-5:],
            parent=atom[:12],
            households=count,
            longitude=int(x * 100),
            latitude=int(y * 100),
        )
        for atom, count, (x, y) in zip(atoms, city.households.tolist(), city.at.tolist(), strict=True)
    ]
    pairs = tuple(
        Adjacency(atoms[one], atoms[other], meters)
        for (one, other), meters in zip(city.edges.tolist(), city.meters.tolist(), strict=True)
    )
    layers = []
    for place, layer in enumerate(city.layers):
        members: dict[int, set[str]] = {}
        for atom, home in zip(atoms, layer.tolist(), strict=True):
            members.setdefault(home, set()).add(atom)
        grids = tuple(LayerGrid(f"G{home}", f"旧{home}", frozenset(of)) for home, of in sorted(members.items()))
        layers.append(
            Layer(id=f"layer-{place}", zh=f"条线{place}", en=f"layer {place}", department="department", grids=grids)
        )
    return Ground(Territory.build(levels, nodes), pairs), tuple(layers)
