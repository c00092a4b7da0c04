"""The ground that a merge divides: the tree down to buildings, and which buildings adjoin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from gridgov.errors import Finding
from gridgov.territory._tree import Node, Territory

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Adjacency", "Ground"]


@attrs.frozen
class Adjacency:
    """Two places that lie side by side; *meters* of common border, at least 1."""

    one: str
    other: str
    meters: int = 1


@attrs.frozen(eq=False)
class Ground:
    """A territory and the adjacency of its places at one level (usually buildings)."""

    territory: Territory
    adjacencies: tuple[Adjacency, ...] = ()
    atom_level: str = "building"

    @cached_property
    def atoms(self) -> tuple[Node, ...]:
        """The places that are divided among grids."""
        return self.territory.at(self.atom_level)

    def check(self) -> Iterator[Finding]:
        """Give what is wrong with the adjacency and the households of the atoms."""
        known = {node.code for node in self.atoms}
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
        for node in self.atoms:
            parent = self.territory.nodes.get(node.parent or "")
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
        graph.add_weighted_edges_from(((p.one, p.other, p.meters) for p in self.adjacencies), weight="meters")
        return graph

    def neighbors(self, atoms: Sequence[str] | None = None) -> Mapping[str, dict[str, int]]:
        """Give atom → neighbor → meters, within *atoms* if given; both directions."""
        wanted = {node.code for node in self.atoms} if atoms is None else set(atoms)
        found: dict[str, dict[str, int]] = {code: {} for code in sorted(wanted)}
        for pair in self.adjacencies:
            if pair.one in wanted and pair.other in wanted:
                found[pair.one][pair.other] = found[pair.one].get(pair.other, 0) + pair.meters
                found[pair.other][pair.one] = found[pair.other].get(pair.one, 0) + pair.meters
        return found
