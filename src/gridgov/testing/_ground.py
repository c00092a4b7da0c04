"""Grounds that fit in a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from gridgov.merging import Layer, LayerGrid
from gridgov.territory import Adjacency, Ground, Level, Node, Territory

__all__ = ["small_ground", "small_layer"]

LEVELS = [
    Level("street", "街道", "street"),
    Level("community", "社区", "community"),
    Level("grid", "网格", "grid"),
    Level("compound", "小区", "compound"),
    Level("building", "楼栋", "building"),
    Level("entrance", "单元", "entrance"),
]
STREET, COMMUNITY = "150203005", "150203005008"


def small_ground(
    *rows: Sequence[int],
    kinds: Mapping[str, str] | None = None,
    barriers: Mapping[tuple[str, str], int] | None = None,
    islands: Iterable[tuple[str, str]] = (),
    more: Iterable[Node] = (),
) -> Ground:
    """Give one community whose buildings stand in rows: ``B00`` and on, from west to east and north to south.

    :param rows: household counts; several rows of one length make a lattice.
    :param kinds: building → grid kind; :param barriers: pair → rank of what lies between.
    :param islands: pairs that do not adjoin; :param more: further places.
    """
    nodes = [
        Node(code=STREET, level="street", name="街"),
        Node(code=COMMUNITY, level="community", name="社", parent=STREET),
    ]
    pairs: list[tuple[str, str]] = []
    above: list[str] = []
    number = 0
    apart = set(islands)
    for south, row in enumerate(rows):
        codes = [f"B{number + place:02}" for place in range(len(row))]
        number += len(row)
        nodes += [
            Node(
                code=code,
                level="building",
                name=code,
                parent=COMMUNITY,
                households=households,
                kind=(kinds or {}).get(code, ""),
                longitude=1_098_000_000 + west * 9000,
                latitude=406_000_000 - south * 9000,
            )
            for west, (code, households) in enumerate(zip(codes, row, strict=True))
        ]
        pairs += [*pairwise(codes), *zip(above, codes, strict=False)]
        above = codes
    ranks = barriers or {}
    adjacencies = tuple(Adjacency(a, b, 10, ranks.get((a, b), 0)) for a, b in pairs if (a, b) not in apart)
    return Ground(Territory.build(LEVELS, [*nodes, *more]), adjacencies)


def small_layer(id_: str, *groups: Iterable[str]) -> Layer:
    """Give a layer with the grids G0, G1 and so on."""
    grids = tuple(LayerGrid(f"G{n}", f"G{n}", frozenset(g)) for n, g in enumerate(groups))
    return Layer(id=id_, zh=id_, en=id_, department="d", grids=grids)
