"""The plain solver: split along spanning trees, then mend the borders.

A connected piece with k grids to make is cut along an edge of a random spanning tree whose two
sides can each be divided inside the window, so that every part is connected by construction; of
many trees the cheapest cut is taken, and each side is divided in turn. Two neighbors are then
joined and cut anew as long as that helps, and single atoms move across a border where it gets
cheaper. (The idea of recombining two neighbors by a tree: DeFord, Duchin, Solomon, "Recombination",
2021.) Nothing here is fast; it is what later solvers are measured against.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.merging._layers import Bounds, Layer, check_layers
from gridgov.merging._plan import BaseGrid, MergePlan, Share
from gridgov.territory import Ground, Territory, grid_code

__all__ = ["merge"]

TREES = 12
RESTARTS = 4
RECOMBINATIONS = 150

Part = frozenset[str]


@attrs.frozen(kw_only=True, eq=False)
class _Piece:
    """What the solver sees of the ground: sizes and weighted neighbors."""

    sizes: Mapping[str, int]
    weights: Mapping[str, Mapping[str, int]]
    bounds: Bounds

    def households(self, part: Iterable[str]) -> int:
        return sum(self.sizes[atom] for atom in part)

    def cut(self, parts: Sequence[Part]) -> int:
        home = {atom: number for number, part in enumerate(parts) for atom in part}
        return sum(
            weight
            for one, others in self.weights.items()
            if one in home
            for other, weight in others.items()
            if one < other and other in home and home[one] != home[other]
        )

    def cost(self, parts: Sequence[Part]) -> tuple[int, int, int]:
        """Bad grids first, then households that are too few or too many, then the cut."""
        missing = [self.bounds.missing(self.households(part)) for part in parts]
        return sum(1 for each in missing if each), sum(missing), self.cut(parts)

    def components(self, atoms: Iterable[str]) -> list[Part]:
        left = set(atoms)
        found = []
        for start in sorted(left):
            if start in left:
                part = self._reach(start, left)
                left -= part
                found.append(frozenset(part))
        return found

    def _reach(self, start: str, allowed: set[str]) -> set[str]:
        seen = {start}
        waiting = [start]
        while waiting:
            for other in self.weights[waiting.pop()]:
                if other in allowed and other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return seen

    def connected(self, atoms: Part) -> bool:
        return not atoms or len(self._reach(min(atoms), set(atoms))) == len(atoms)


def merge(ground: Ground, layers: Sequence[Layer], bounds: Bounds | None = None, *, seed: int = 0) -> MergePlan:
    """Divide the ground into base grids.

    :param ground: communities with atoms (usually buildings), their households and adjacency.
    :param layers: the old grids of each department; each covers every atom exactly once.
    :param bounds: wanted sizes, by default 300–500 households around 400.
    :param seed: another seed gives another, equally valid plan.
    :raises SetupError: for a ground or layer that is wrong in itself. What merely cannot be
        divided as wanted is a finding of the plan and no error.
    """
    bounds = bounds or Bounds()
    findings = [*ground.check(), *check_layers(ground, layers)]
    if findings:
        raise SetupError(findings)
    territory = ground.territory
    weights = _weights(ground, layers)
    sizes = {node.code: territory.households(node.code) for node in ground.atoms}
    grids: list[BaseGrid] = []
    notes: list[Finding] = []
    cut_weight = 0
    for community in territory.at("community"):
        atoms = [node.code for node in territory.below(community.code) if node.level == ground.atom_level]
        if not atoms:
            notes.append(_note("empty-community", community.code, f"{community.name} has no {ground.atom_level}"))
            continue
        piece = _Piece(
            sizes={atom: sizes[atom] for atom in atoms},
            weights={atom: {o: w for o, w in weights[atom].items() if o in set(atoms)} for atom in atoms},
            bounds=bounds,
        )
        parts = _divide_community(piece, atoms, random.Random(f"{seed}:{community.code}"), notes)
        cut_weight += piece.cut(parts)
        grids += _name(parts, community.code, community.name, piece, territory)
    return MergePlan(
        bounds=bounds,
        seed=seed,
        base_grids=tuple(grids),
        crosswalk=tuple(_crosswalk(grids, layers, sizes)),
        cut_weight=cut_weight,
        layer_names=tuple((layer.id, layer.zh, layer.en) for layer in layers),
        findings=tuple(notes),
    )


def _weights(ground: Ground, layers: Sequence[Layer]) -> dict[str, dict[str, int]]:
    def agreement(one: str, other: str) -> int:
        return 1 + sum(layer.grid_of[one] == layer.grid_of[other] for layer in layers)

    return {one: {other: agreement(one, other) for other in others} for one, others in ground.neighbors().items()}


def _divide_community(piece: _Piece, atoms: list[str], rng: random.Random, notes: list[Finding]) -> list[Part]:
    oversize = [atom for atom in atoms if piece.sizes[atom] > piece.bounds.households_max]
    for atom in oversize:
        notes.append(
            _note("oversize", atom, f"{atom} alone has {piece.sizes[atom]} households and becomes a grid of its own")
        )
    parts: list[Part] = [frozenset({atom}) for atom in oversize]
    components = piece.components(set(atoms) - set(oversize))
    for component in components:
        divided = _divide_component(piece, component, rng)
        for part in divided:
            missing = piece.bounds.missing(piece.households(part))
            if missing:
                why = "an island" if len(components) > 1 else "no division of its community fits"
                notes.append(
                    _note(
                        "outside-bounds",
                        min(part),
                        f"the grid around {min(part)} has {piece.households(part)} households ({why})",
                    )
                )
        parts += divided
    return parts


def _note(code: str, subject: str, message: str) -> Finding:
    return Finding(code=f"plan.{code}", subject=subject, message=message, grave=False)


def _divide_component(piece: _Piece, atoms: Part, rng: random.Random) -> list[Part]:
    best: list[Part] | None = None
    for count in _counts(piece.households(atoms), piece.bounds):
        for _ in range(RESTARTS):
            parts = _refine(piece, _split(piece, atoms, min(count, len(atoms)), rng), rng)
            if best is None or piece.cost(parts) < piece.cost(best):
                best = parts
        if best is not None and piece.cost(best)[0] == 0:
            break
    return best or [atoms]


def _counts(households: int, bounds: Bounds) -> list[int]:
    """Give the numbers of grids to try, the one nearest to the target first."""
    nearest = max(1, (2 * households + bounds.target) // (2 * bounds.target))
    fitting = [
        count for count in range(1, households // bounds.households_min + 2) if bounds.missing(households, count) == 0
    ]
    return sorted(fitting, key=lambda count: (abs(count * bounds.target - households), count)) or [nearest]


def _split(piece: _Piece, atoms: Part, count: int, rng: random.Random) -> list[Part]:
    """Divide connected *atoms* into *count* connected parts."""
    if count <= 1 or len(atoms) <= 1:
        return [atoms]
    one, other, share = _best_cut(piece, atoms, count, rng)
    return _split(piece, one, share, rng) + _split(piece, other, count - share, rng)


def _best_cut(piece: _Piece, atoms: Part, count: int, rng: random.Random) -> tuple[Part, Part, int]:
    best: tuple[tuple[int, int, int], Part, int] | None = None
    total = piece.households(atoms)
    for _ in range(TREES):
        for below in _tree_sides(piece, atoms, rng):
            size = piece.households(below)
            share = min(max(1, (2 * count * size + total) // (2 * total)) if total else 1, count - 1)
            missing = piece.bounds.missing(size, share) + piece.bounds.missing(total - size, count - share)
            if best is not None and missing > best[0][0]:
                continue
            score = (missing, piece.cut([below, atoms - below]), len(below))
            if best is None or score < best[0]:
                best = (score, below, share)
    if best is None:
        raise AssertionError("a connected piece of two atoms has a tree with an edge")
    _, below, share = best
    return below, atoms - below, share


def _tree_sides(piece: _Piece, atoms: Part, rng: random.Random) -> Iterator[Part]:
    """Grow a random spanning tree that likes heavy edges; give what hangs below each of its edges."""
    root = sorted(atoms)[rng.randrange(len(atoms))]
    parent: dict[str, str | None] = {root: None}
    order = [root]
    edges = [(-w * rng.random(), root, o) for o, w in sorted(piece.weights[root].items()) if o in atoms]
    while edges:
        pick = min(range(len(edges)), key=edges.__getitem__)
        _, start, end = edges[pick]
        edges[pick] = edges[-1]
        edges.pop()
        if end in parent:
            continue
        parent[end] = start
        order.append(end)
        edges += [
            (-w * rng.random(), end, o) for o, w in sorted(piece.weights[end].items()) if o in atoms and o not in parent
        ]
    below: dict[str, set[str]] = {atom: {atom} for atom in order}
    for atom in reversed(order):
        up = parent[atom]
        if up is not None:
            yield frozenset(below[atom])
            below[up] |= below[atom]


def _refine(piece: _Piece, parts: list[Part], rng: random.Random) -> list[Part]:
    best = _move_borders(piece, parts)
    for _ in range(RECOMBINATIONS if len(best) > 1 else 0):
        pairs = _neighboring(piece, best)
        if not pairs:
            break
        one, other = pairs[rng.randrange(len(pairs))]
        joined = best[one] | best[other]
        halves = _split(piece, joined, 2, rng)
        if piece.cost(halves) < piece.cost([best[one], best[other]]):
            best = [part for number, part in enumerate(best) if number not in (one, other)] + halves
    return _move_borders(piece, best)


def _neighboring(piece: _Piece, parts: Sequence[Part]) -> list[tuple[int, int]]:
    home = {atom: number for number, part in enumerate(parts) for atom in part}
    pairs = {
        (min(number, home[other]), max(number, home[other]))
        for one, number in home.items()
        for other in piece.weights[one]
        if other in home and home[other] != number
    }
    return sorted(pairs)


def _move_borders(piece: _Piece, parts: Sequence[Part]) -> list[Part]:
    """Move single atoms across borders while the cost falls."""
    current = list(parts)
    moved = True
    while moved:
        moved = False
        for atom in sorted(atom for part in current for atom in part):
            better = _better_home(piece, current, atom)
            if better is not None:
                current = better
                moved = True
    return current


def _better_home(piece: _Piece, parts: list[Part], atom: str) -> list[Part] | None:
    here = next(number for number, part in enumerate(parts) if atom in part)
    rest = parts[here] - {atom}
    if not rest or not piece.connected(rest):
        return None
    for there in sorted({n for n, part in enumerate(parts) if n != here and part & piece.weights[atom].keys()}):
        changed = [rest, parts[there] | {atom}]
        if piece.cost(changed) < piece.cost([parts[here], parts[there]]):
            after = list(parts)
            after[here], after[there] = changed
            return after
    return None


def _name(parts: Sequence[Part], community: str, name: str, piece: _Piece, territory: Territory) -> Iterator[BaseGrid]:
    """Number the grids of a community in rows from north to south, each from west to east."""
    used = [node.code for node in territory.at("grid") if territory.within(node.code, community)]
    for number, part in enumerate(_reading_order(parts, territory), start=1):
        code = grid_code(community, used)
        used.append(code)
        yield BaseGrid(
            code=code,
            name=f"{name}第{number}网格",
            community=community,
            atoms=tuple(sorted(part)),
            households=piece.households(part),
        )


def _reading_order(parts: Sequence[Part], territory: Territory) -> list[Part]:
    def center(part: Part) -> tuple[int, int]:
        nodes = [territory[atom] for atom in part]
        west = [node.longitude for node in nodes if node.longitude is not None]
        north = [node.latitude for node in nodes if node.latitude is not None]
        return (sum(west) // len(west) if west else 0, -sum(north) // len(north) if north else 0)

    centers = {part: center(part) for part in parts}
    rows = max(1, round(len(parts) ** 0.5))
    souths = [south for _, south in centers.values()]
    height = max(1, max(souths, default=0) - min(souths, default=0) + 1)
    top = min(souths, default=0)
    return sorted(parts, key=lambda part: ((centers[part][1] - top) * rows // height, centers[part], min(part)))


def _crosswalk(grids: Sequence[BaseGrid], layers: Sequence[Layer], sizes: Mapping[str, int]) -> Iterator[Share]:
    home = {atom: grid.code for grid in grids for atom in grid.atoms}
    for layer in layers:
        for old in layer.grids:
            of = sum(sizes[atom] for atom in old.atoms)
            counts: dict[str, int] = {}
            for atom in sorted(old.atoms):
                counts[home[atom]] = counts.get(home[atom], 0) + sizes[atom]
            for base, households in sorted(counts.items()):
                yield Share(layer=layer.id, grid=old.id, base_grid=base, households=households, of=of)
