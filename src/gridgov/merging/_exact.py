"""Small pieces, solved to the end.

:func:`enumerate_best` is our own: it lists every division of a handful of atoms, and so is what
everything else here is tested against. :func:`solve` asks OR-Tools (the extra ``gridgov[exact]``)
and comes as far as three or four grids and some sixty atoms. A division into k parts is asked for
whose parts are connected and inside their window, with the least cut.

Connectedness is demanded lazily: where a part of a solution falls apart, its smaller piece must from
then on be joined to the rest through one of its neighbors, or not be in that part (the separator
inequality of Carvajal et al., "Imposing connectivity constraints in forest planning", 2013).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Literal

import attrs

from gridgov.merging._bounds import Row
from gridgov.merging._solve import Piece
from gridgov.merging._survey import connected_pieces

__all__ = ["Exact", "can_solve", "enumerate_best", "solve"]

ROUNDS = 60

Answer = Literal["optimal", "impossible", "open"]


@attrs.frozen
class Exact:
    """What was found out: the best division, that there is none, or neither within the effort.

    :param labels: a division inside all windows, the best if *answer* is ``optimal``; may be empty.
    :param bound: no division has a smaller cut.
    """

    answer: Answer
    labels: tuple[int, ...] = ()
    bound: int = 0


def can_solve() -> bool:
    """Say whether OR-Tools is installed."""
    return find_spec("ortools") is not None


def enumerate_best(piece: Piece, parts: int) -> Exact:
    """Look at every division of a piece into so many parts; for a dozen atoms or so."""
    best: tuple[int, tuple[int, ...]] | None = None
    for labels in _divisions(piece, parts, [-1] * piece.atoms, 0):
        cut = piece.cut(labels)
        if best is None or cut < best[0]:
            best = cut, tuple(labels)
    return Exact("impossible") if best is None else Exact("optimal", best[1], best[0])


def _divisions(piece: Piece, parts: int, labels: list[int], made: int) -> Iterator[list[int]]:
    free = [v for v, label in enumerate(labels) if label < 0]
    if made == parts:
        if not free:
            yield labels
        return
    if not free:
        return
    for part in _connected_sets(piece, free[0], frozenset(free)):
        if _fits(piece, part):
            for v in part:
                labels[v] = made
            yield from _divisions(piece, parts, labels, made + 1)
            for v in part:
                labels[v] = -1


def _connected_sets(piece: Piece, start: int, allowed: frozenset[int]) -> Iterator[frozenset[int]]:
    """Give every connected set of allowed atoms that has *start* in it, each once."""
    neighbors = piece.neighbors()
    waiting = [(frozenset({start}), frozenset(allowed - {start}))]
    while waiting:
        current, open_ = waiting.pop()
        near = sorted({u for v in current for u in neighbors[v]} & open_)
        if not near:
            yield current
            continue
        # Either the nearest atom is in the set, or it never will be.
        waiting.append((current, open_ - {near[0]}))
        waiting.append((current | {near[0]}, open_ - {near[0]}))


def _fits(piece: Piece, part: frozenset[int]) -> bool:
    measures = len(piece.windows)
    return all(
        window.low <= sum(piece.size[v * measures + j] for v in part) <= window.high
        for j, window in enumerate(piece.windows)
    )


def solve(piece: Piece, parts: int, *, hint: Sequence[int], rows: Sequence[Row], effort: float) -> Exact:
    """Ask OR-Tools for the best division into so many parts, all inside their windows.

    :param hint: a division to begin with; :param rows: inequalities that every cut obeys.
    :param effort: how long to try, in its deterministic seconds: the same on every machine.
    :raises ImportError: without the extra ``exact``.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    inside = [[model.new_bool_var(f"x{v}.{p}") for p in range(parts)] for v in range(piece.atoms)]
    for v in range(piece.atoms):
        model.add_exactly_one(inside[v])
        for p in range(min(parts, v + 1), parts):
            # Parts are numbered as their first atoms come: atom v opens part v at the latest.
            model.add(inside[v][p] == 0)
    measures = len(piece.windows)
    for j, window in enumerate(piece.windows):
        for p in range(parts):
            size = sum(piece.size[v * measures + j] * inside[v][p] for v in range(piece.atoms))
            model.add_linear_constraint(size, window.low, window.high)
    cut = {(v, u): model.new_bool_var(f"y{v}.{u}") for v, u in piece.edges()}
    for (v, u), crossed in cut.items():
        for p in range(parts):
            model.add(crossed >= inside[v][p] - inside[u][p])
            model.add(crossed >= inside[u][p] - inside[v][p])
    for row in rows:
        model.add(sum(share * cut[edge] for edge, share in row.shares.items()) >= row.least)
    weight = piece.weights()
    model.minimize(sum(weight[edge] * crossed for edge, crossed in cut.items()))
    _hint(model, inside, hint)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.linearization_level = 2
    left = effort
    bound = 0
    for _ in range(ROUNDS):
        solver.parameters.max_deterministic_time = left
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return Exact("impossible")
        bound = max(bound, round(solver.best_objective_bound))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            break
        labels = [next(p for p in range(parts) if solver.value(inside[v][p])) for v in range(piece.atoms)]
        torn = list(_torn(piece, labels, parts))
        if not torn:
            answer: Answer = "optimal" if status == cp_model.OPTIMAL else "open"
            return Exact(answer, tuple(labels), bound)
        for loose, rest in torn:
            _demand(model, inside, piece, loose, rest, parts)
        left -= solver.response_proto.deterministic_time
        if left <= 0:
            break
    return Exact("open", (), bound)


def _hint(model: Any, inside: Sequence[Sequence[Any]], labels: Sequence[int]) -> None:
    number: dict[int, int] = {}
    for v, label in enumerate(labels):
        part = number.setdefault(label, len(number))
        for p, variable in enumerate(inside[v]):
            model.add_hint(variable, int(p == part))


def _torn(piece: Piece, labels: Sequence[int], parts: int) -> Iterator[tuple[list[int], list[int]]]:
    """Give each loose piece of a part, with the largest one of the same part."""
    neighbors = piece.neighbors()
    for part in range(parts):
        pieces = sorted(connected_pieces([v for v, p in enumerate(labels) if p == part], neighbors), key=len)
        for loose in pieces[:-1]:
            yield loose, pieces[-1]


def _demand(
    model: Any, inside: Sequence[Sequence[Any]], piece: Piece, loose: Sequence[int], rest: Sequence[int], parts: int
) -> None:
    neighbors = piece.neighbors()
    around = sorted({u for v in loose for u in neighbors[v]} - set(loose))
    for p in range(parts):
        bridge = sum(inside[u][p] for u in around)
        model.add(inside[min(loose)][p] + inside[min(rest)][p] - bridge <= 1)
