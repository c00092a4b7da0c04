"""How little any division of a piece can cut: a bound by linear programming, made safe.

Give every edge a length, 1 where it is cut and 0 elsewhere. A part holds at most *high* households,
so from any atom v and for any set S around it, the households of S beyond *high* are at distance 1
or more from v: Σ households(u) · distance(v, u) ≥ households(S) − high. (Spreading metrics: Even,
Naor, Rao, Schieber, "Fast approximate graph partitioning algorithms", 1999.) Along a tree of
shortest ways that is a linear inequality over the edges, valid for every division whatever the tree;
a coefficient above the right side may be lowered to it, since one cut edge is enough. And k parts
cut k − 1 edges of every spanning tree.

The least weight under all of these is a bound. They are too many to be listed, so those that the
last solution breaks are added until there are none. The solver counts in floats; what is claimed
is counted anew in whole numbers from its multipliers, which is a bound whatever they are: for
multipliers λ ≥ 0 and lengths between 0 and 1, Σ λ·least + Σ min(0, weight − Σ λ·share).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

import attrs

from gridgov.merging._solve import Piece

__all__ = ["Row", "cut_bound"]

Edge = tuple[int, int]

FINE = 1 << 20
BROKEN = 0.02
SLACK = 0.1


@attrs.frozen
class Row:
    """Σ share · cut ≥ least, for every division."""

    shares: Mapping[Edge, int]
    least: int

    def value(self, lengths: Mapping[Edge, float]) -> float:
        """Give the left side over the right one."""
        return sum(share * lengths[edge] for edge, share in self.shares.items()) / self.least


def cut_bound(piece: Piece, parts: int, *, labels: Sequence[int], rounds: int = 25) -> tuple[int, tuple[Row, ...]]:
    """Bound the cut of any division into *parts* whose households are all inside the window.

    :param labels: a good division; what it cuts is where the search begins.
    :param rounds: how often inequalities are added at most; the bound only grows.
    :returns: the bound, and the rows that prove it.
    :raises ImportError: without the extra ``exact``.
    """
    window, measures = piece.windows[0], len(piece.windows)
    high = min(window.high, piece.households - window.low * (parts - 1))
    sizes = [piece.size[v * measures] for v in range(piece.atoms)]
    neighbors, weight = piece.neighbors(), piece.weights()
    lengths = dict.fromkeys(weight, 0.0)
    # Between what the program says and a real division, inequalities are found that cut deeper.
    inner = {edge: float(labels[edge[0]] != labels[edge[1]]) for edge in weight}
    rows: list[Row] = []
    best = 0
    proof: tuple[Row, ...] = ()
    for _ in range(rounds):
        at = {edge: 0.3 * lengths[edge] + 0.7 * inner[edge] + 1e-7 for edge in weight}
        inner = {edge: 0.9 * inner[edge] + 0.1 * lengths[edge] for edge in weight}
        found = [row for row in _rows(neighbors, sizes, high, parts, at) if row.value(lengths) < 1 - BROKEN]
        if not found:
            at = {edge: each + 1e-7 for edge, each in lengths.items()}
            found = [row for row in _rows(neighbors, sizes, high, parts, at) if row.value(lengths) < 1 - BROKEN]
        if not found:
            break
        # What nothing rests on any more is let go, so that the program stays small.
        rows = [row for row in rows if row.value(lengths) <= 1 + SLACK] + found
        lengths, multipliers = _solve(rows, weight)
        bound = safe_bound(rows, multipliers, weight)
        if bound > best:
            best, proof = bound, tuple(rows)
    return best, proof


def _solve(rows: Sequence[Row], weight: Mapping[Edge, int]) -> tuple[dict[Edge, float], list[int]]:
    """Solve the linear program; give the lengths, and the multipliers of the rows in 1/2²⁰."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    place = {edge: number for number, edge in enumerate(weight)}
    shares = [-share / row.least for row in rows for share in row.shares.values()]
    columns = [place[edge] for row in rows for edge in row.shares]
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row.shares))
    matrix = csr_array((shares, columns, starts), shape=(len(rows), len(place)))
    found = linprog(list(weight.values()), A_ub=matrix, b_ub=[-1.0] * len(rows), bounds=(0, 1), method="highs")
    lengths = {edge: float(each) for edge, each in zip(place, found.x, strict=True)}
    return lengths, [max(0, round(-each * FINE)) for each in found.ineqlin.marginals]


def safe_bound(rows: Sequence[Row], multipliers: Sequence[int], weight: Mapping[Edge, int]) -> int:
    """Give the bound that multipliers prove, counted in whole numbers.

    :param multipliers: of each row, in 1/2²⁰ for the row divided by its right side.
    """
    scale = FINE
    left: dict[Edge, int] = {edge: price * scale for edge, price in weight.items()}
    total = 0
    for row, multiplier in zip(rows, multipliers, strict=True):
        total += multiplier
        for edge, share in row.shares.items():
            left[edge] -= -(-multiplier * share // row.least)
    total += sum(min(0, each) for each in left.values())
    return max(0, -(-total // scale))


def _rows(
    neighbors: Mapping[int, Mapping[int, int]],
    sizes: Sequence[int],
    high: int,
    parts: int,
    lengths: Mapping[Edge, float],
) -> Iterator[Row]:
    if parts > 1:
        order, up = _tree(neighbors, 0, lengths, add=False)
        yield Row({_edge(v, up[v]): 1 for v in order[1:]}, parts - 1)
    for root in neighbors:
        order, up = _tree(neighbors, root, lengths, add=True)
        row = _spread(order, up, sizes, high, lengths)
        if row is not None:
            yield row


def _edge(one: int, other: int) -> Edge:
    return (one, other) if one < other else (other, one)


def _tree(
    neighbors: Mapping[int, Mapping[int, int]], root: int, lengths: Mapping[Edge, float], *, add: bool
) -> tuple[list[int], dict[int, int]]:
    """Give a tree of shortest ways from *root* (a shortest spanning tree if not *add*), nearest first."""
    up: dict[int, int] = {}
    order: list[int] = []
    known = {root: 0.0}
    waiting = [(0.0, root)]
    done: set[int] = set()
    while waiting:
        far, v = heapq.heappop(waiting)
        if v in done:
            continue
        # Whoever is at distance 1 already needs no inequality.
        if add and far >= 1:
            break
        done.add(v)
        order.append(v)
        for u in neighbors[v]:
            through = lengths[_edge(v, u)] + (far if add else 0.0)
            if u not in done and through < known.get(u, float("inf")):
                known[u] = through
                up[u] = v
                heapq.heappush(waiting, (through, u))
    return order, up


def _spread(
    order: Sequence[int], up: Mapping[int, int], sizes: Sequence[int], high: int, lengths: Mapping[Edge, float]
) -> Row | None:
    """Give the inequality of the ball around a root that is broken most, None if all hold."""
    best: tuple[float, Row] | None = None
    total = 0
    for count, last in enumerate(order, start=1):
        total += sizes[last]
        beyond = total - high
        if beyond <= 0:
            continue
        row = _ball(order[:count], up, sizes, beyond)
        value = row.value(lengths)
        if value < 1 - BROKEN and (best is None or value < best[0]):
            best = value, row
        if beyond > high:
            break
    return best[1] if best else None


def _ball(order: Sequence[int], up: Mapping[int, int], sizes: Sequence[int], beyond: int) -> Row:
    hang = {v: sizes[v] for v in order}
    shares: dict[Edge, int] = {}
    for v in reversed(order[1:]):
        hang[up[v]] += hang[v]
        if hang[v]:
            shares[_edge(v, up[v])] = min(hang[v], beyond)
    return Row(shares, beyond)
