"""The ground that a merge divides: the tree down to buildings, and which buildings adjoin.

A building that is larger than a whole grid may be divided by its entrances: :meth:`Ground.opened`
gives a ground in which they stand for it. One that has come down stays in the tree, because what
was reported there keeps its place, but it is no atom any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from gridgov.errors import Finding
from gridgov.territory._tree import Node, Territory

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Adjacency", "Ground"]


@attrs.frozen
class Adjacency:
    """Two places that lie side by side; *meters* of common border, at least 1.

    :param barrier: the rank of what lies between them, 0 for nothing: 1 a lane, 2 a road, 3 a main
        road, 4 a railway or river. A merge may take ranks from some number on as hard borders.
    """

    one: str
    other: str
    meters: int = 1
    barrier: int = 0


@attrs.frozen(eq=False)
class Ground:
    """A territory and the adjacency of its places at one level (usually buildings).

    :param opened_buildings: atoms that are divided further → what stands for them. Kept here because
        the tree lets the entrances of such a building lie in their grids.
    """

    territory: Territory
    adjacencies: tuple[Adjacency, ...] = ()
    atom_level: str = "building"
    opened_buildings: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)

    @cached_property
    def atoms(self) -> tuple[Node, ...]:
        """The places that are divided among grids: those that stand, the opened ones by what is in them."""
        found: list[Node] = []
        for node in self.territory.at(self.atom_level):
            if node.until_on != dt.date.max:
                continue
            if node.code in self.opened_buildings:
                inside = (self.territory[child] for child in self.opened_buildings[node.code])
                found += (child for child in inside if child.until_on == dt.date.max)
            else:
                found.append(node)
        return tuple(found)

    @cached_property
    def borders(self) -> tuple[Adjacency, ...]:
        """What adjoins among the atoms.

        The entrances of an opened building stand in a row, and whatever adjoins the building
        adjoins each of them: nobody says at which entrance.
        """
        if not self.opened_buildings:
            return self.adjacencies
        standing = {node.code for node in self.atoms}
        inside = {
            code: tuple(each for each in entrances if each in standing)
            for code, entrances in self.opened_buildings.items()
        }
        found = [
            attrs.evolve(pair, one=one, other=other)
            for pair in self.adjacencies
            for one in inside.get(pair.one, (pair.one,))
            for other in inside.get(pair.other, (pair.other,))
        ]
        for code in sorted(inside):
            found += (Adjacency(one, other) for one, other in pairwise(inside[code]))
        return tuple(found)

    def opened(self, buildings: Iterable[str]) -> Ground:
        """Give this ground with some buildings divided by what lies in them; one with nothing in it stays whole."""
        fresh = {
            code: inside
            for code in buildings
            if code not in self.opened_buildings and code in self.territory
            for inside in [self.territory.children(code)]
            if inside
        }
        return attrs.evolve(self, opened_buildings={**self.opened_buildings, **fresh}) if fresh else self

    @property
    def whole(self) -> Ground:
        """This ground with every building as one atom."""
        return attrs.evolve(self, opened_buildings={}) if self.opened_buildings else self

    def can_open(self, building: str) -> bool:
        """Say whether a building is known to consist of entrances or floors with households of their own."""
        children = self.territory.children(building)
        return len(children) > 1 and all(self.territory[child].households is not None for child in children)

    def building_of(self, atom: str) -> str:
        """Give the building that an atom is, or is a part of."""
        return self._buildings.get(atom, atom)

    @cached_property
    def _buildings(self) -> dict[str, str]:
        return {child: building for building, inside in self.opened_buildings.items() for child in inside}

    def check(self) -> Iterator[Finding]:
        """Give what is wrong with the adjacency and the households of the atoms."""
        known = {node.code for node in self.atoms} | set(self.opened_buildings)
        for pair in self.adjacencies:
            for code in (pair.one, pair.other):
                if code not in known:
                    yield Finding(
                        code="ground.unknown-place",
                        subject=code,
                        column="one",
                        message=f"the adjacency names {code!r}, which is no {self.atom_level}",
                        remedy=f"name a {self.atom_level} of the territory",
                        names=code,
                    )
            if pair.one == pair.other:
                yield Finding(
                    code="ground.adjoins-itself",
                    subject=pair.one,
                    column="other",
                    message=f"{pair.one} is said to adjoin itself",
                    remedy="remove the row",
                )
            if pair.meters < 1:
                yield Finding(
                    code="ground.no-border",
                    subject=pair.one,
                    column="meters",
                    message=f"the border of {pair.one} and {pair.other} has {pair.meters} m",
                    remedy="at least 1; remove the row where they do not adjoin",
                )
            if pair.barrier < 0:
                yield Finding(
                    code="ground.bad-barrier",
                    subject=pair.one,
                    column="barrier",
                    message=f"the barrier between {pair.one} and {pair.other} has the rank {pair.barrier}",
                    remedy="0 for none, 1 a lane, 2 a road, 3 a main road, 4 a railway or river",
                )
        for node in self.atoms:
            parent = self.territory.nodes.get(node.parent or "")
            if node.code in self._buildings:
                continue
            if parent is not None and parent.level not in ("community", "grid", "compound"):
                yield Finding(
                    code="ground.outside-communities",
                    subject=node.code,
                    column="parent",
                    message=f"{node.name} lies right in {parent.name} ({parent.level}), in no community",
                    remedy="name the community that it lies in",
                )
            if self.territory.nodes[node.code].households is None and not self.territory.children(node.code):
                yield Finding(
                    code="ground.households-missing",
                    subject=node.code,
                    column="households",
                    message=f"nobody says how many households {node.name} has",
                    remedy="write the number, 0 for none",
                )

    def graph(self) -> nx.Graph[str]:
        """Give a networkx graph: a node per atom, an edge per adjacency with its ``meters``."""
        import networkx as nx

        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(node.code for node in self.atoms)
        for one, others in self.neighbors().items():
            graph.add_weighted_edges_from(((one, o, m) for o, m in others.items() if one < o), weight="meters")
        return graph

    def neighbors(self, atoms: Sequence[str] | None = None) -> Mapping[str, dict[str, int]]:
        """Give atom → neighbor → meters, within *atoms* if given; both directions."""
        wanted = {node.code for node in self.atoms} if atoms is None else set(atoms)
        found: dict[str, dict[str, int]] = {code: {} for code in sorted(wanted)}
        for pair in self.borders:
            if pair.one in wanted and pair.other in wanted:
                found[pair.one][pair.other] = found[pair.one].get(pair.other, 0) + pair.meters
                found[pair.other][pair.one] = found[pair.other].get(pair.one, 0) + pair.meters
        return found
