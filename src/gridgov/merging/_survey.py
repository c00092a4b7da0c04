"""From ground and layers to pieces of numbers: what is carved out first, and what is left to divide.

Carved out, in this order: grids that are held as they are; dedicated, commercial and road grids, by
kind; buildings above the upper bound, unless they can be opened by entrance or floor. Then hard
borders (communities always; layers and barriers where the policy says so) cut the rest into
connected pieces, and each piece is divided for itself.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

import attrs

from gridgov.errors import Finding
from gridgov.merging._layers import Bounds, Layer
from gridgov.merging._policy import Apart, AsIs, GridCount, Held, MergePolicy, Together
from gridgov.merging._solve import Division, Piece, Window, counts_to_try
from gridgov.territory import GRID_DIGITS, Ground, Node

__all__ = [
    "Block",
    "Carved",
    "Plot",
    "Survey",
    "check_policy",
    "connected_pieces",
    "for_atoms",
    "old_grids",
    "open_large_buildings",
    "site_kind",
]

APART = 10_000
SITES = ("dedicated", "commercial", "road")

Atom = TypeVar("Atom", str, int)
Why = Literal["as-is", "kind", "oversize"]


@attrs.frozen(kw_only=True)
class Carved:
    """A base grid that is not found by dividing: held, made by kind, or one large building.

    :param code: the code that it keeps, empty for a new one.
    """

    atoms: tuple[str, ...]
    why: Why
    kind: str = "residential"
    code: str = ""


@attrs.frozen(kw_only=True, eq=False)
class Plot:
    """A piece, and which atoms its numbers stand for (several where they are held together)."""

    piece: Piece
    atoms: tuple[tuple[str, ...], ...]

    def parts(self, division: Division) -> list[frozenset[str]]:
        """Give the atoms of each part of a division of the piece."""
        found: list[list[str]] = [[] for _ in range(division.parts)]
        for group, part in zip(self.atoms, division.labels, strict=True):
            found[part] += group
        return [frozenset(atoms) for atoms in found]


@attrs.frozen(kw_only=True, eq=False)
class Block:
    """One community: what is carved out of it, and what is to be divided.

    :param count: the number of grids that is wanted instead of a window.
    """

    community: Node
    bounds: Bounds
    count: GridCount | None
    carved: tuple[Carved, ...]
    plots: tuple[Plot, ...]


def site_kind(node: Node) -> str:
    """Give the kind of grid that a place makes by itself; ``residential`` for one that is divided by households."""
    return node.kind if node.kind in SITES else "residential"


def open_large_buildings(ground: Ground, policy: MergePolicy) -> Ground:
    """Open every building above the upper bound of its community whose entrances are known."""
    territory = ground.territory
    held = {atom for each in policy.held if isinstance(each, AsIs) for atom in each.atoms}
    large = []
    for node in ground.atoms:
        if node.code in held or node.kind in SITES or not ground.can_open(node.code):
            continue
        bounds = policy.exceptions.get(territory.up(node.code, "community") or "", policy.bounds)
        if isinstance(bounds, Bounds) and territory.households(node.code) > bounds.households_max:
            large.append(node.code)
    return ground.opened(large) if large else ground


def for_atoms(policy: MergePolicy, ground: Ground) -> MergePolicy:
    """Give the policy with every opened building named by what stands for it."""
    inside = ground.opened_buildings
    if not inside:
        return policy
    held: list[Held] = []
    for each in policy.held:
        match each:
            case Together(atoms):
                held.append(Together(tuple(a for atom in atoms for a in inside.get(atom, (atom,)))))
            case AsIs(atoms):
                whole = tuple(a for atom in atoms for a in inside.get(atom, (atom,)))
                held.append(AsIs(whole, code=each.code))
            case Apart(one, other):
                pairs = ((a, b) for a in inside.get(one, (one,)) for b in inside.get(other, (other,)))
                held += (Apart(a, b) for a, b in pairs)
    measures = []
    for measure in policy.measures:
        amounts: dict[str, int] = {}
        for code, amount in measure.amounts.items():
            amounts |= _spread_over(amount, inside[code], ground) if code in inside else {code: amount}
        measures.append(attrs.evolve(measure, amounts=amounts))
    return attrs.evolve(policy, held=tuple(held), measures=tuple(measures))


def _spread_over(amount: int, entrances: Sequence[str], ground: Ground) -> dict[str, int]:
    """Spread what a building counts over its entrances by their households; the last one has the rest."""
    sizes = [ground.territory.households(each) for each in entrances]
    whole = max(1, sum(sizes))
    shares = [amount * size // whole for size in sizes]
    shares[-1] += amount - sum(shares)
    return dict(zip(entrances, shares, strict=True))


def old_grids(ground: Ground, layers: Sequence[Layer]) -> list[dict[str, str]]:
    """Give, for each layer, atom → old grid; entrances of an opened building lie where it lay."""
    return [
        {node.code: layer.grid_of[whole] for node in ground.atoms if (whole := ground.building_of(node.code))}
        for layer in layers
    ]


def check_policy(ground: Ground, layers: Sequence[Layer], policy: MergePolicy) -> Iterator[Finding]:
    """Give everything in a policy that cannot be meant: unknown places and layers, borders between strangers."""
    atoms = {node.code for node in ground.atoms}
    territory = ground.territory
    known = {layer.id for layer in layers}
    for id_ in policy.within:
        if id_ not in known:
            yield _wrong("unknown-layer", id_, f"grids should lie within the layer {id_!r}, which is not there", known)
    for code in policy.exceptions:
        if code not in territory or territory[code].level != "community":
            yield _wrong("unknown-place", code, f"there is an exception for {code!r}, which is no community")
    for measure in policy.measures:
        for code in sorted(set(measure.amounts) - atoms):
            yield _wrong("unknown-place", code, f"{measure.id} counts something in {code!r}, which is no atom")
        for code, amount in sorted(measure.amounts.items()):
            if amount < 0:
                yield _wrong("bad-amount", code, f"{measure.id} counts {amount} in {code}; 0 or more is right")
    yield from _check_held(ground, policy, atoms)


def _check_held(ground: Ground, policy: MergePolicy, atoms: Collection[str]) -> Iterator[Finding]:
    territory = ground.territory
    neighbors = ground.neighbors()
    taken: set[str] = set()
    for each in policy.held:
        named = (each.one, each.other) if isinstance(each, Apart) else each.atoms
        unknown = [code for code in named if code not in atoms]
        for code in unknown:
            yield attrs.evolve(
                _wrong("unknown-place", code, f"{code!r} is held, and is no atom of the ground"), names=code
            )
        if unknown:
            continue
        if not named:
            yield _wrong("empty", "", "something is held that names no atom")
            continue
        if len({territory.up(code, "community") for code in named}) > 1:
            yield _wrong("across", named[0], f"{', '.join(named)} lie in several communities and cannot share a grid")
        elif isinstance(each, Apart):
            if each.other not in neighbors[each.one]:
                yield _wrong("no-border", each.one, f"{each.one} and {each.other} have no border that could stay")
        elif len(list(connected_pieces(named, neighbors))) > 1:
            yield _wrong("apart", named[0], f"{', '.join(named)} do not hang together and cannot be one grid")
        if not isinstance(each, Apart):
            for code in named:
                if code in taken:
                    yield _wrong("held-twice", code, f"{code} is held twice")
                taken.add(code)


def _wrong(code: str, subject: str, message: str, names: Iterable[str] = ()) -> Finding:
    listed = ", ".join(sorted(names))
    return Finding(code=f"held.{code}", subject=subject, message=message, remedy=f"one of {listed}" if listed else "")


def connected_pieces(atoms: Iterable[Atom], neighbors: Mapping[Atom, Mapping[Atom, int]]) -> Iterator[list[Atom]]:
    """Give the connected pieces of some atoms, each in the order in which it is reached."""
    left = dict.fromkeys(atoms)
    while left:
        start = next(iter(left))
        del left[start]
        reached = [start]
        for atom in reached:
            for other in neighbors[atom]:
                if other in left:
                    del left[other]
                    reached.append(other)
        yield reached


@attrs.define(kw_only=True, eq=False)
class Survey:
    """Carves a ground up, one community after the other.

    :ivar olds: for each layer, atom → old grid.
    :ivar weights: atom → neighbor → what cutting between them costs.
    :ivar neighbors: the same, without what a hard border lies between.
    """

    ground: Ground
    layers: Sequence[Layer]
    policy: MergePolicy
    seed: int = 0
    olds: list[dict[str, str]] = attrs.field(init=False)
    weights: dict[str, dict[str, int]] = attrs.field(init=False)
    neighbors: dict[str, dict[str, int]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.olds = old_grids(self.ground, self.layers)
        self.weights = self._weights()
        # Across a hard border nothing adjoins.
        hard = [old for layer, old in zip(self.layers, self.olds, strict=True) if layer.id in self.policy.within]
        blocked = self._blocked()
        up = {node.code: self.ground.territory.up(node.code, "community") for node in self.ground.atoms}
        self.neighbors = {
            one: {
                other: weight
                for other, weight in others.items()
                if up[one] == up[other] and (one, other) not in blocked and all(old[one] == old[other] for old in hard)
            }
            for one, others in self.weights.items()
        }

    def check_held(self) -> Iterator[Finding]:
        """Give what is held and cannot be: across a hard border, of several kinds, under a code that is none."""
        territory = self.ground.territory
        codes: set[str] = set()
        for each in self.policy.held:
            if isinstance(each, Apart):
                continue
            named = ", ".join(each.atoms)
            if len(list(connected_pieces(each.atoms, self.neighbors))) > 1:
                yield _wrong("apart", each.atoms[0], f"a border that no grid crosses lies between {named}")
            kinds = {site_kind(territory[atom]) for atom in each.atoms}
            if len(kinds) > 1 or (isinstance(each, Together) and kinds != {"residential"}):
                yield _wrong("kind", each.atoms[0], f"{named} are grids by their kind and not by what is held")
            if isinstance(each, AsIs) and each.code:
                community = territory.up(each.atoms[0], "community") or ""
                node = territory.nodes.get(each.code)
                gone = node is not None and (node.level != "grid" or node.until_on != dt.date.max)
                fits = each.code.startswith(community) and each.code[len(community) :].isdigit()
                if gone or each.code in codes or not fits or len(each.code) != GRID_DIGITS:
                    yield _wrong("bad-code", each.atoms[0], f"{each.code!r} cannot be the code of {named}")
                codes.add(each.code)

    def _weights(self) -> dict[str, dict[str, int]]:
        """Give what cutting each border costs: 1, plus the layers that kept both sides together."""
        found = {}
        per = self.policy.meters
        for one, others in self.ground.neighbors().items():
            found[one] = {
                other: 1 + sum(old[one] == old[other] for old in self.olds) + (meters // per if per else 0)
                for other, meters in others.items()
            }
        return found

    def _blocked(self) -> set[tuple[str, str]]:
        """Give the pairs that only a barrier has between them: no way leads around it."""
        rank = self.policy.barrier
        if not rank:
            return set()
        least: dict[tuple[str, str], int] = {}
        for pair in self.ground.borders:
            for ends in ((pair.one, pair.other), (pair.other, pair.one)):
                least[ends] = min(pair.barrier, least.get(ends, pair.barrier))
        return {ends for ends, barrier in least.items() if barrier >= rank}

    def blocks(self) -> Iterator[Block]:
        """Give every community, in the order of the territory."""
        by_community: dict[str, list[Node]] = {}
        for node in self.ground.atoms:
            by_community.setdefault(self.ground.territory.up(node.code, "community") or "", []).append(node)
        for community in self.ground.territory.at("community"):
            yield self._block(community, by_community.get(community.code, []))

    def _block(self, community: Node, nodes: Sequence[Node]) -> Block:
        bounds, counts = self._bounds(community, nodes)
        wanted = self.policy.exceptions.get(community.code)
        count = wanted if isinstance(wanted, GridCount) else None
        carved = list(self._carve(nodes, bounds, by_number=count is not None))
        gone = {atom for each in carved for atom in each.atoms}
        rest = [node.code for node in nodes if node.code not in gone]
        components = list(connected_pieces(rest, self.neighbors))
        numbers = self._numbers(components, counts)
        plots = []
        for component, allowed in zip(components, numbers, strict=True):
            if not self._hang_on(component, carved, bounds):
                plots.append(self.plot(community.code, sorted(component), bounds, allowed))
        return Block(community=community, bounds=bounds, count=count, carved=tuple(carved), plots=tuple(plots))

    def _numbers(self, components: Sequence[Sequence[str]], counts: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Divide a wanted number of grids among the pieces of a village: one each, the rest to the largest."""
        if not counts or len(components) <= 1:
            return [counts] * len(components)
        sizes = [sum(self.ground.territory.households(atom) for atom in atoms) for atoms in components]
        shares = [1] * len(components)
        for _ in range(counts[0] - len(components)):
            place = max(range(len(sizes)), key=lambda p: (sizes[p] / (shares[p] + 1), -p))
            shares[place] += 1
        return [(share,) for share in shares]

    def _bounds(self, community: Node, nodes: Sequence[Node]) -> tuple[Bounds, tuple[int, ...]]:
        wanted = self.policy.exceptions.get(community.code, self.policy.bounds)
        if isinstance(wanted, GridCount):
            households = sum(self.ground.territory.households(node.code) for node in nodes)
            return wanted.bounds(households, self.policy.bounds.target)
        return wanted, ()

    def _carve(self, nodes: Sequence[Node], bounds: Bounds, *, by_number: bool) -> Iterator[Carved]:
        by_code = {node.code: node for node in nodes}
        taken: set[str] = set()
        for each in self.policy.held:
            if isinstance(each, AsIs) and each.atoms[0] in by_code:
                taken |= set(each.atoms)
                kind = site_kind(by_code[each.atoms[0]])
                yield Carved(atoms=tuple(sorted(each.atoms)), why="as-is", kind=kind, code=each.code)
        for kind in SITES:
            of_kind = [node.code for node in nodes if node.kind == kind and node.code not in taken]
            for site in connected_pieces(of_kind, self.neighbors) if kind != "dedicated" else self._sites(of_kind):
                taken |= set(site)
                yield Carved(atoms=tuple(sorted(site)), why="kind", kind=kind)
        for node in nodes:
            large = self.ground.territory.households(node.code) > bounds.households_max
            if node.code not in taken and large and not by_number:
                yield Carved(atoms=(node.code,), why="oversize")

    def _sites(self, atoms: Sequence[str]) -> Iterator[list[str]]:
        """Give dedicated sites: what adjoins and lies in one compound is one school or factory."""
        by_compound: dict[str, list[str]] = {}
        for atom in atoms:
            parent = self.ground.territory[atom].parent or ""
            place = self.ground.territory.nodes[parent]
            # After a merge the grid that was made of a compound stands for it.
            one_site = place.level == "compound" or (place.level == "grid" and place.kind == "dedicated")
            by_compound.setdefault(parent if one_site else atom, []).append(atom)
        for members in by_compound.values():
            yield from connected_pieces(members, self.neighbors)

    def _hang_on(self, component: Sequence[str], carved: list[Carved], bounds: Bounds) -> bool:
        """Let a remnant that can be no grid go to the large building that cuts it off, whose size is wrong anyway."""
        households = sum(self.ground.territory.households(atom) for atom in component)
        if households >= bounds.households_min:
            return False
        touched = {other for atom in component for other in self.neighbors[atom]}
        for place, each in enumerate(carved):
            if each.why == "oversize" and touched & set(each.atoms):
                carved[place] = attrs.evolve(each, atoms=tuple(sorted((*each.atoms, *component))))
                return True
        return False

    def plot(self, community: str, atoms: Sequence[str], bounds: Bounds, counts: tuple[int, ...]) -> Plot:
        """Give connected atoms of one community as a piece."""
        groups = self._groups(atoms)
        number = {atom: place for place, group in enumerate(groups) for atom in group}
        first, other, weight = array("q", [0]), array("q"), array("q")
        apart = {
            ends for h in self.policy.held if isinstance(h, Apart) for ends in ((h.one, h.other), (h.other, h.one))
        }
        for place, group in enumerate(groups):
            sums: dict[int, int] = {}
            for atom in group:
                for neighbor, price in self.neighbors[atom].items():
                    there = number.get(neighbor, place)
                    if there != place:
                        bonus = APART if (atom, neighbor) in apart else 0
                        sums[there] = sums.get(there, 0) + price - bonus
            other.extend(sorted(sums))
            weight.extend(sums[there] for there in sorted(sums))
            first.append(len(other))
        households = sum(self.ground.territory.households(atom) for atom in atoms)
        windows = self._windows(atoms, households, bounds, counts)
        piece = Piece(
            id=f"{community}/{atoms[0]}",
            first=first,
            other=other,
            weight=weight,
            size=array("q", (sum(self._amount(a, j) for a in group) for group in groups for j in range(len(windows)))),
            windows=windows,
            target=bounds.target,
            seed=self.seed,
            sweeps=self.policy.effort,
            counts=counts,
        )
        if self.policy.loyalty and self.layers:
            piece = attrs.evolve(piece, olds=self._olds(groups), layers=len(self.layers), loyalty=self.policy.loyalty)
        return Plot(piece=piece, atoms=tuple(groups))

    def _groups(self, atoms: Sequence[str]) -> list[tuple[str, ...]]:
        inside = set(atoms)
        held = {a: e.atoms for e in self.policy.held if isinstance(e, Together) for a in e.atoms if a in inside}
        groups = dict.fromkeys(tuple(sorted(inside.intersection(held.get(atom, (atom,))))) for atom in atoms)
        return list(groups)

    def _windows(
        self, atoms: Sequence[str], households: int, bounds: Bounds, counts: tuple[int, ...]
    ) -> tuple[Window, ...]:
        usual = Window(bounds.households_min, bounds.households_max)
        grids = (counts or tuple(counts_to_try(households, usual, bounds.target)))[0]
        found = [usual]
        for measure in self.policy.measures:
            low, high = measure.window(sum(measure.amounts.get(atom, 0) for atom in atoms), grids)
            found.append(Window(low, high, measure.price))
        return tuple(found)

    def _amount(self, atom: str, measure: int) -> int:
        if measure == 0:
            return self.ground.territory.households(atom)
        return self.policy.measures[measure - 1].amounts.get(atom, 0)

    def _olds(self, groups: Sequence[tuple[str, ...]]) -> array[int]:
        """Give the old grid of each group in each layer, numbered as they come."""
        number: dict[tuple[int, str], int] = {}
        keys = ((place, old[group[0]]) for group in groups for place, old in enumerate(self.olds))
        return array("q", (number.setdefault(key, len(number)) for key in keys))
