"""What goes into a merge: the old layers, and the sizes that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import attrs

from gridgov.errors import Finding
from gridgov.territory import Ground

__all__ = ["Bounds", "Layer", "LayerGrid", "check_layers"]


@attrs.frozen(kw_only=True)
class Bounds:
    """The sizes that are wanted, in households.

    :raises ValueError: unless 0 < min ≤ target ≤ max.
    """

    households_min: int = 300
    households_max: int = 500
    target: int = 400

    def __attrs_post_init__(self) -> None:
        if not 0 < self.households_min <= self.target <= self.households_max:
            raise ValueError(
                f"bounds are 0 < min ≤ target ≤ max; not {self.households_min}, {self.target}, {self.households_max}"
            )

    def missing(self, households: int, grids: int = 1) -> int:
        """Say how many households are too few or too many for a number of grids."""
        return max(0, self.households_min * grids - households, households - self.households_max * grids)


@attrs.frozen
class LayerGrid:
    """One grid of an old layer."""

    id: str
    name: str
    atoms: frozenset[str]


@attrs.frozen(kw_only=True, eq=False)
class Layer:
    """One department's own old division of the ground (条线网格).

    :param id: short, as in ``"police"``; :param department: the organization that drew it.
    """

    id: str
    zh: str
    en: str
    department: str
    grids: tuple[LayerGrid, ...]

    @cached_property
    def grid_of(self) -> dict[str, str]:
        """Atom → the id of the old grid that it lies in."""
        return {atom: grid.id for grid in self.grids for atom in grid.atoms}

    def recoded(self, codes: Mapping[str, str]) -> Layer:
        """Give the layer after a re-organisation: old code of a building → new code."""
        grids = (
            attrs.evolve(grid, atoms=frozenset(codes.get(atom, atom) for atom in grid.atoms)) for grid in self.grids
        )
        return attrs.evolve(self, grids=tuple(grids))


def check_layers(ground: Ground, layers: Sequence[Layer]) -> Iterator[Finding]:
    """Give every atom that a layer covers twice or not at all, and every unknown atom and double id."""
    atoms = {node.code: node for node in ground.atoms}
    seen: set[str] = set()
    for layer in layers:
        if layer.id in seen:
            yield _wrong(layer, "id-twice", layer.id, f"the layer {layer.id!r} stands twice", "give it its own id")
        seen.add(layer.id)
        owner: dict[str, str] = {}
        ids: set[str] = set()
        for grid in layer.grids:
            if grid.id in ids:
                message = f"the {layer.id} grid {grid.id!r} stands twice"
                yield _wrong(layer, "grid-twice", grid.id, message, "name all its buildings in one grid")
            ids.add(grid.id)
            for atom in sorted(grid.atoms):
                if atom not in atoms:
                    message = f"the {layer.id} grid {grid.id} names {atom!r}, which is no {ground.atom_level}"
                    remedy = f"name a {ground.atom_level} of the territory"
                    yield attrs.evolve(_wrong(layer, "unknown-place", atom, message, remedy), names=atom)
                elif atom in owner:
                    message = f"{atom} lies in the {layer.id} grids {owner[atom]} and {grid.id}"
                    yield _wrong(layer, "covered-twice", atom, message, "name it in one of them")
                owner[atom] = grid.id
        for atom, node in atoms.items():
            if atom not in owner:
                message = f"{atom} ({node.name}) lies in no {layer.id} grid"
                yield _wrong(layer, "not-covered", atom, message, "name it in one of the grids")


def _wrong(layer: Layer, code: str, subject: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"layer.{code}", subject=f"{layer.id}/{subject}", message=message, remedy=remedy)
