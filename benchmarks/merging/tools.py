"""The partitioners, side by side: each divides one connected town after the other.

A town is connected ground inside one community. Every tool gets the same towns as arrays, and the
same number of parts (the one nearest to households / 400 that can fit 300–500), and gives a label
for each atom. What a tool needs besides, it makes itself and is timed with it.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Iterator
from functools import partial

import attrs
import numpy as np
from cities import City
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

LOW, HIGH, TARGET = 300, 500, 400


@attrs.frozen(kw_only=True, eq=False)
class Town:
    id: int
    atoms: np.ndarray
    sizes: np.ndarray
    first: np.ndarray
    other: np.ndarray
    weight: np.ndarray
    at: np.ndarray
    olds: np.ndarray

    @property
    def households(self) -> int:
        return int(self.sizes.sum())

    def parts(self, target: int = TARGET) -> int:
        total = self.households
        fitting = [k for k in range(1, total // LOW + 2) if LOW * k <= total <= HIGH * k]
        nearest = max(1, round(total / target))
        return min(fitting, key=lambda k: abs(k * target - total)) if fitting else min(nearest, len(self.atoms))

    @property
    def edges(self) -> Iterator[tuple[int, int, int]]:
        source = np.repeat(np.arange(len(self.atoms)), np.diff(self.first))
        for one, other, weight in zip(source.tolist(), self.other.tolist(), self.weight.tolist(), strict=True):
            if one < other:
                yield one, other, weight


def towns(city: City) -> Iterator[Town]:
    """Cut a city along its communities and into what hangs together."""
    count = len(city.households)
    weights = city.weights
    keep = weights > 0
    one, other = city.edges[keep].T
    graph = csr_array((np.ones(len(one)), (one, other)), shape=(count, count))
    number, piece = connected_components(graph, directed=False)
    source, target = np.concatenate([one, other]), np.concatenate([other, one])
    weight = np.concatenate([weights[keep], weights[keep]])
    order = np.argsort(piece, kind="stable")
    starts = np.searchsorted(piece[order], np.arange(number + 1))
    local = np.empty(count, dtype=np.int32)
    local[order] = np.arange(count) - starts[piece[order]]
    by_source = np.lexsort((target, source, piece[source]))
    source, target, weight = source[by_source], target[by_source], weight[by_source]
    ends = np.searchsorted(piece[source], np.arange(number + 1))
    for place in range(number):
        atoms = order[starts[place] : starts[place + 1]]
        part = slice(ends[place], ends[place + 1])
        rows = local[source[part]]
        yield Town(
            id=place,
            atoms=atoms,
            sizes=city.households[atoms],
            first=np.searchsorted(rows, np.arange(len(atoms) + 1)).astype(np.int32),
            other=local[target[part]],
            weight=weight[part],
            at=city.at[atoms],
            olds=city.layers[:, atoms],
        )


def score(town: Town, labels: np.ndarray) -> tuple[int, int]:
    """Count bad parts (outside the window, or in pieces) and the cut."""
    count = int(labels.max()) + 1
    source = np.repeat(np.arange(len(labels)), np.diff(town.first))
    same = labels[source] == labels[town.other]
    graph = csr_array((np.ones(same.sum()), (source[same], town.other[same])), shape=(len(labels), len(labels)))
    _, piece = connected_components(graph, directed=False)
    pieces = np.bincount(np.unique(np.stack([labels, piece]), axis=1)[0], minlength=count)
    totals = np.bincount(labels, weights=town.sizes, minlength=count)
    bad = ((totals < LOW) | (totals > HIGH) | (pieces != 1)) & (pieces > 0)
    return int(bad.sum()), int(town.weight[~same].sum() // 2)


# --- ours -----------------------------------------------------------------------------------------


def gridgov(town: Town, *, engine: str = "auto", loyalty: int = 0, target: int = TARGET, seed: int = 0) -> np.ndarray:
    from gridgov.merging._solve import Piece, Window, divide

    piece = Piece(
        id=str(town.id),
        first=array("q", town.first.astype(np.int64).tobytes()),
        other=array("q", town.other.astype(np.int64).tobytes()),
        weight=array("q", town.weight.astype(np.int64).tobytes()),
        size=array("q", town.sizes.astype(np.int64).tobytes()),
        windows=(Window(LOW, HIGH),),
        target=target,
        seed=seed,
    )
    if loyalty:
        _, olds = np.unique(town.olds + np.arange(len(town.olds))[:, None] * 10**7, return_inverse=True)
        flat = array("q", olds.reshape(town.olds.shape).T.astype(np.int64).tobytes())
        piece = attrs.evolve(piece, olds=flat, layers=len(town.olds), loyalty=loyalty)
    return np.array(divide(piece, engine).labels)


def gridgov_rough(town: Town, *, engine: str = "auto") -> np.ndarray:
    """As ``merge`` does it: buildings above the bound become grids first, with what they cut off from the rest."""
    large = np.flatnonzero(town.sizes > HIGH)
    if not len(large):
        return gridgov(town, engine=engine)
    labels = np.full(len(town.atoms), -1)
    labels[large] = np.arange(len(large))
    free = len(large)
    for piece in _without(town, large):
        if piece.households < LOW:
            near = [
                labels[o] for v in piece.atoms for o in town.other[town.first[v] : town.first[v + 1]] if labels[o] >= 0
            ]
            near = [label for label in near if label < len(large)]
            if near:
                labels[piece.atoms] = near[0]
                continue
        labels[piece.atoms] = gridgov(piece, engine=engine) + free
        free = labels.max() + 1
    return np.unique(labels, return_inverse=True)[1]


def _without(town: Town, gone: np.ndarray) -> Iterator[Town]:
    """The connected remnants of a town; their atoms are numbers of the town's."""
    left = np.ones(len(town.atoms), dtype=bool)
    left[gone] = False
    edges = np.array([(a, b) for a, b, _ in town.edges if left[a] and left[b]]).reshape(-1, 2)
    city = City(
        households=town.sizes[left],
        community=np.zeros(left.sum(), dtype=np.int64),
        layers=town.olds[:, left],
        edges=np.searchsorted(np.flatnonzero(left), edges),
        meters=np.ones(len(edges), dtype=np.int64),
        at=town.at[left],
    )
    for piece in towns(city):
        yield attrs.evolve(piece, atoms=np.flatnonzero(left)[piece.atoms])


# --- the peers ------------------------------------------------------------------------------------

# METIS keeps to an upper bound only (ufactor, per mille over the mean); a mix of bounds and of both
# methods gives its best of twenty the widest choice.
METIS_RUNS = (
    {"recursive": False, "ufactor": 30},
    {"recursive": False, "ufactor": 0.5, "ncuts": 4, "niter": 20},
    {"recursive": True, "ufactor": 1, "ncuts": 4, "niter": 20},
    {"recursive": False, "ufactor": 1.0, "ncuts": 4, "niter": 20},
    {"recursive": True, "ufactor": 0.25, "ncuts": 4, "niter": 20},
)


def metis(town: Town, *, runs: int = 20) -> np.ndarray:
    """The best of some runs: fewest bad parts, then the smallest cut.

    On towns of this size METIS's seed hardly changes anything, so each run shuffles the atoms too.
    """
    import pymetis

    count = town.parts()
    if count == 1:
        return np.zeros(len(town.atoms), dtype=np.int64)
    mean = town.households / count
    room = max(1, min(int((HIGH / mean - 1) * 1000), int((1 - LOW / mean) * 1000)))
    source = np.repeat(np.arange(len(town.atoms)), np.diff(town.first))
    best: tuple[tuple[int, int], np.ndarray] | None = None
    for run in range(runs):
        wanted = METIS_RUNS[run % len(METIS_RUNS)]
        place = np.random.default_rng(run).permutation(len(town.atoms))
        order = np.lexsort((place[town.other], place[source]))
        first = np.searchsorted(place[source][order], np.arange(len(town.atoms) + 1))
        options = pymetis.Options()
        options.seed = run
        if not wanted["recursive"]:
            options.contig = 1
        factor = wanted["ufactor"]
        options.ufactor = max(1, int(room * factor)) if isinstance(factor, float) else factor
        if "ncuts" in wanted:
            options.ncuts, options.niter = wanted["ncuts"], wanted["niter"]
        sizes = np.empty(len(town.atoms), dtype=np.int64)
        sizes[place] = town.sizes
        _, found = pymetis.part_graph(
            count,
            xadj=first.astype(np.int32),
            adjncy=place[town.other][order].astype(np.int32),
            vweights=sizes.astype(np.int32),
            eweights=town.weight[order].astype(np.int32),
            recursive=wanted["recursive"],
            options=options,
        )
        labels = np.asarray(found)[place]
        marked = score(town, labels)
        if best is None or marked < best[0]:
            best = marked, labels
    assert best is not None
    return best[1]


def gerrychain(town: Town) -> np.ndarray:
    """Recursive trees; it knows no edge weights, and keeps to a window around the mean."""
    import networkx as nx
    from gerrychain import Graph
    from gerrychain.partition.initial_partition_generators import recursive_tree_part
    from gerrychain.tree import bipartition_tree

    count = town.parts()
    if count == 1:
        return np.zeros(len(town.atoms), dtype=np.int64)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from((v, {"households": int(size)}) for v, size in enumerate(town.sizes))
    graph.add_edges_from((one, other) for one, other, _ in town.edges)
    mean = town.households / count
    room = min(HIGH / mean - 1, 1 - LOW / mean)
    for seed in range(20):
        try:
            found = recursive_tree_part(
                Graph.from_networkx(graph), range(count), mean, "households", max(room, 0.02),
                bipartition_tree_fn=partial(bipartition_tree, max_attempts=2000), rng=random.Random(seed),
            )  # fmt: skip
        except Exception:
            continue
        return np.array([found[v] for v in range(len(town.atoms))])
    return metis(town, runs=1)


def kahip(town: Town) -> np.ndarray:
    import kahip as library

    count = town.parts()
    if count == 1:
        return np.zeros(len(town.atoms), dtype=np.int64)
    room = min(0.25, max(0.03, (HIGH * count / max(1, town.households) - 1) / 2))
    _, labels = library.kaffpa(
        town.sizes.tolist(), town.first.tolist(), town.weight.tolist(), town.other.tolist(), count, room, True, 1, 2
    )
    return np.unique(np.array(labels), return_inverse=True)[1]


def maxp(town: Town) -> np.ndarray:
    """Max-p with a lower bound of households; it has no upper one. Few iterations: it is slow."""
    import warnings

    import geopandas
    import libpysal
    from spopt.region import MaxPHeuristic

    if town.parts() == 1 or len(town.atoms) < 3:
        return np.zeros(len(town.atoms), dtype=np.int64)
    np.random.seed(1)
    neighbors: dict[int, list[int]] = {v: [] for v in range(len(town.atoms))}
    for one, other, _ in town.edges:
        neighbors[one].append(other)
        neighbors[other].append(one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = geopandas.GeoDataFrame(
            {"x": town.at[:, 0], "y": town.at[:, 1], "households": town.sizes},
            geometry=geopandas.points_from_xy(town.at[:, 0], town.at[:, 1]),
        )
        weights = libpysal.weights.W(neighbors, silence_warnings=True)
        model = MaxPHeuristic(
            frame, weights, ["x", "y"], "households", LOW, 1, max_iterations_construction=20, max_iterations_sa=1
        )
        model.solve()
    return np.unique(np.array(model.labels_), return_inverse=True)[1]


TOOLS: dict[str, Callable[[Town], np.ndarray]] = {
    "gridgov": gridgov,
    "gridgov plain": partial(gridgov, engine="plain"),
    "gridgov loyal": partial(gridgov, loyalty=8),
    "gridgov rough": gridgov_rough,
    "METIS best of 20": metis,
    "METIS once": partial(metis, runs=1),
    "GerryChain tree": gerrychain,
    "KaHIP": kahip,
    "spopt max-p": maxp,
}
