"""Hypothesis strategies: always valid, and they shrink to something small (needs the extra ``testing``)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from gridgov.cases import OpenCase
from gridgov.merging import Layer, LayerGrid
from gridgov.points import ProposeAward
from gridgov.staffing import Organization, Person, Posting, Role, Roster
from gridgov.territory import Adjacency, Ground, Level, Node, Territory
from gridgov.testing._street import NOON

__all__ = ["grounds", "layers", "ledger_commands", "open_cases", "rosters", "territories"]

LEVELS = (
    Level("street", "街道", "street"),
    Level("community", "社区", "community"),
    Level("building", "楼栋", "building"),
)
STREET = "150203005"


@st.composite
def territories(draw: st.DrawFn, *, communities_max: int = 3, buildings_max: int = 8) -> Territory:
    """Give territories of a street with communities and buildings."""
    nodes = [Node(code=STREET, level="street", name="街道")]
    for number in range(1, draw(st.integers(1, communities_max)) + 1):
        community = f"{STREET}{number:03}"
        nodes.append(Node(code=community, level="community", name=f"社区{number}", parent=STREET))
        sizes = draw(st.lists(st.integers(0, 260), min_size=1, max_size=buildings_max))
        nodes += [
            Node(
                code=f"{community}-B{place}",
                level="building",
                name=f"{place}号楼",
                parent=community,
                households=size,
                longitude=1_098_000_000 + place * 9000,
                latitude=406_000_000 + number * 9000,
            )
            for place, size in enumerate(sizes, start=1)
        ]
    return Territory.build(LEVELS, nodes)


@st.composite
def grounds(draw: st.DrawFn, *, communities_max: int = 2, buildings_max: int = 14) -> Ground:
    """Give grounds: buildings side by side, not always connected; islands are normal."""
    territory = draw(territories(communities_max=communities_max, buildings_max=buildings_max))
    pairs = set()
    for community in territory.at("community"):
        codes = territory.children(community.code)
        for place in range(1, len(codes)):
            if draw(st.integers(0, 9)):
                pairs.add((codes[draw(st.integers(max(0, place - 3), place - 1))], codes[place]))
        for _ in range(draw(st.integers(0, len(codes)))):
            one, other = draw(st.integers(0, len(codes) - 1)), draw(st.integers(0, len(codes) - 1))
            if one != other:
                pairs.add((codes[min(one, other)], codes[max(one, other)]))
    return Ground(territory, tuple(Adjacency(one, other) for one, other in sorted(pairs)))


@st.composite
def layers(draw: st.DrawFn, ground: Ground, *, layers_max: int = 3) -> tuple[Layer, ...]:
    """Give old layers of a ground, each covering every building exactly once."""
    codes = [node.code for node in ground.atoms]
    found = []
    for number in range(draw(st.integers(1, layers_max))):
        homes = draw(st.lists(st.integers(1, 4), min_size=len(codes), max_size=len(codes)))
        grids = {home: frozenset(c for c, h in zip(codes, homes, strict=True) if h == home) for home in homes}
        found.append(
            Layer(
                id=f"layer-{number}",
                zh=f"条线{number}",
                en=f"layer {number}",
                department="department",
                grids=tuple(LayerGrid(f"G{home}", f"旧{home}", atoms) for home, atoms in sorted(grids.items())),
            )
        )
    return tuple(found)


@st.composite
def rosters(draw: st.DrawFn, territory: Territory) -> Roster:
    """Give rosters of a territory: one head per community, some leads on buildings."""
    roles = [
        Role(id="head", zh="网格长", en="head", level="community", cardinality="one-to-one"),
        Role(id="lead", zh="楼长", en="lead", level="building", cardinality="many-to-one", paid=False),
    ]
    persons, postings = [], []
    for role, level in (("head", "community"), ("lead", "building")):
        for node in territory.at(level):
            if draw(st.booleans()):
                person = f"{role}-{node.code}"
                persons.append(Person(id=person, organization="committee"))
                start = dt.date(2026, 1, 1) + dt.timedelta(days=draw(st.integers(0, 300)))
                postings.append(Posting(id=f"p-{person}", holder=person, role=role, place=node.code, from_on=start))
    return Roster.build(
        territory=territory,
        roles=roles,
        organizations=[Organization(id="committee", zh="居委", en="committee", kind="committee")],
        persons=persons,
        postings=postings,
    )


def open_cases() -> st.SearchStrategy[OpenCase]:
    """Give reports that :func:`gridgov.testing.small_setup` accepts."""
    return st.builds(
        OpenCase,
        kind=st.sampled_from(["gas.smell", "noise", "clutter", "question", "odd"]),
        place=st.sampled_from(["150203005008-B001", "150203005008-B002", "150203005009-B001", "150203005009"]),
        source=st.sampled_from(["resident", "hotline", "patrol"]),
        reporter=st.sampled_from(["", "resident:00001", "resident:00002"]),
        departments=st.integers(1, 3),
        text=st.sampled_from(["", "楼道漏水"]),
    )


def ledger_commands() -> st.SearchStrategy[Any]:
    """Give proposals that :func:`gridgov.testing.small_setup` knows the deeds of; caps may refuse them."""
    return st.builds(
        ProposeAward,
        account=st.sampled_from(["builder-81", "builder-82", "resident:00002"]),
        deed=st.sampled_from(["report", "help"]),
        on=st.integers(0, 5).map(lambda days: NOON.date() - dt.timedelta(days=days)),
        occasion=st.integers(1, 12).map(lambda number: f"occasion-{number}"),
    )
