"""A second pair of eyes for every plan. Shares no code with the solver, on purpose.

It counts anew from the ground and the layers, with networkx for contiguity, and compares with what
the plan says. What a plan may excuse itself from by naming it (a window that cannot be met) is
taken from its shortfalls; everything else is excused by nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from gridgov.errors import Finding
from gridgov.merging._certificate import Proof
from gridgov.merging._layers import Layer
from gridgov.merging._people import Incumbent
from gridgov.merging._plan import BaseGrid, MergePlan
from gridgov.merging._policy import Apart, AsIs, GridCount, Together
from gridgov.staffing import Role
from gridgov.territory import GRID_DIGITS, Ground

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["check_plan"]

EXCUSES = frozenset({"oversize", "as-is", "outside-bounds", "not-held", "number-of-grids"})
SITES = frozenset({"dedicated", "commercial", "road"})


def check_plan(
    plan: MergePlan,
    ground: Ground,
    layers: Sequence[Layer] = (),
    *,
    incumbents: Sequence[Incumbent] = (),
    roles: Mapping[str, Role] | None = None,
) -> Iterator[Finding]:
    """Give everything that is wrong with a plan; nothing for a plan that holds.

    Looked at: every atom in exactly one base grid, households that add up, one community,
    contiguity on this side of every hard border, the window and what was held (unless the plan
    itself names the exception), codes, shares that add up to their old grid, the cut weight, the
    bounds of the certificate; with *incumbents* and *roles*, that nobody is lost or posted against
    the rule of the role.
    """
    opened = [code for code in plan.opened if code in ground.territory]
    yield from (
        _broken("unknown-atom", code, f"{code} is said to be opened, and is no place")
        for code in set(plan.opened) - set(opened)
    )
    yield from _Checker(plan, ground.opened(opened), layers).findings()
    if incumbents:
        yield from _check_people(plan, incumbents, roles or {})


@attrs.frozen(eq=False)
class _Checker:
    plan: MergePlan
    ground: Ground
    layers: Sequence[Layer]
    households: dict[str, int] = attrs.field(init=False)
    community: dict[str, str | None] = attrs.field(init=False)
    old: dict[str, dict[str, str]] = attrs.field(init=False)
    graph: nx.Graph[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        territory = self.ground.territory
        atoms = [node.code for node in self.ground.atoms]
        object.__setattr__(self, "households", {atom: territory.households(atom) for atom in atoms})
        object.__setattr__(self, "community", {atom: territory.up(atom, "community") for atom in atoms})
        found = {}
        for layer in self.layers:
            of = {building: grid.id for grid in layer.grids for building in grid.atoms}
            found[layer.id] = {atom: of.get(self.ground.building_of(atom), "") for atom in atoms}
        object.__setattr__(self, "old", found)
        object.__setattr__(self, "graph", self.ground.graph())

    def findings(self) -> Iterator[Finding]:
        graph = self._passable()
        yield from self._coverage()
        codes = Counter(grid.code for grid in self.plan.base_grids)
        excused = {short.subject for short in self.plan.shortfalls if short.code in EXCUSES}
        for grid in self.plan.base_grids:
            if codes[grid.code] > 1:
                yield _broken("code-twice", grid.code, f"the code {grid.code} is used {codes[grid.code]} times")
            yield from self._check_grid(grid, graph, excused)
        yield from self._check_counts(excused)
        yield from self._check_held(excused)
        yield from self._check_shares()
        known = [layer.id for layer in self.layers]
        said = [id_ for id_, _, _ in self.plan.layer_names]
        if known == said:
            yield from self._check_borders()
            yield from self._check_certificate(graph)
        elif known:
            yield _broken(
                "layers", "", f"the plan was made of {', '.join(said) or 'no layers'}, not {', '.join(known)}"
            )

    def _passable(self) -> nx.Graph[str]:
        """The ground as a graph without the adjacencies that a hard border lies between."""
        graph = self.graph.copy()
        policy = self.plan.policy
        barrier: dict[frozenset[str], int] = {}
        for pair in self.ground.borders:
            ends = frozenset((pair.one, pair.other))
            barrier[ends] = min(pair.barrier, barrier.get(ends, pair.barrier))
        for one, other in list(graph.edges):
            parted = any(self.old[id_][one] != self.old[id_][other] for id_ in policy.within if id_ in self.old)
            if parted or (policy.barrier and barrier[frozenset((one, other))] >= policy.barrier):
                graph.remove_edge(one, other)
        return graph

    def _coverage(self) -> Iterator[Finding]:
        count = Counter(atom for grid in self.plan.base_grids for atom in grid.atoms)
        for atom in self.households:
            if count[atom] != 1:
                yield _broken("coverage", atom, f"{atom} lies in {count[atom]} base grids, not in one")
        for unknown in sorted(set(count) - set(self.households)):
            yield _broken("unknown-atom", unknown, f"{unknown} is no {self.ground.atom_level} of the ground")

    def _check_grid(self, grid: BaseGrid, graph: nx.Graph[str], excused: Collection[str]) -> Iterator[Finding]:
        import networkx as nx

        code = grid.code
        known = [atom for atom in grid.atoms if atom in self.households]
        counted = sum(self.households[atom] for atom in known)
        if counted != grid.households:
            yield _broken("households", code, f"{code} says {grid.households} households, its atoms {counted}")
        if list(grid.counts) != [self.households.get(atom) for atom in grid.atoms]:
            yield _broken("households", code, f"{code} counts households that its atoms do not have")
        if len(grid.amounts) != len(self.plan.policy.measures):
            yield _broken("households", code, f"{code} counts {len(grid.amounts)} further measures")
        for measure, amount in zip(self.plan.policy.measures, grid.amounts, strict=False):
            if sum(measure.amounts.get(atom, 0) for atom in known) != amount:
                yield _broken("households", code, f"{code} says {amount} of {measure.en}, its atoms say otherwise")
        number = code.removeprefix(grid.community)
        named = code != number and len(code) == GRID_DIGITS and number.isdigit()
        if any(self.community[atom] != grid.community for atom in known) or not named:
            yield _broken("community", code, f"{code} leaves the community {grid.community}")
        if not known or not nx.is_connected(graph.subgraph(known)):
            yield _broken("contiguity", code, f"{code} falls apart")
        kinds = {self.ground.territory[atom].kind for atom in known}
        kinds = {kind if kind in SITES else "residential" for kind in kinds}
        if kinds - {grid.kind}:
            yield _broken("kind", code, f"{code} is {grid.kind} and has {', '.join(sorted(kinds))} ground in it")
        bounds = self.plan.policy.exceptions.get(grid.community, self.plan.policy.bounds)
        if grid.kind != "residential" or isinstance(bounds, GridCount):
            return
        if not bounds.households_min <= counted <= bounds.households_max and not set(known) & set(excused):
            window = f"{bounds.households_min}–{bounds.households_max}"
            yield _broken("window", code, f"{code} has {counted} households, outside {window}")

    def _check_counts(self, excused: Collection[str]) -> Iterator[Finding]:
        grids = Counter(grid.community for grid in self.plan.base_grids if grid.kind == "residential")
        for code, wanted in self.plan.policy.exceptions.items():
            # A village with nothing but a school has no grid to be counted.
            if not grids[code]:
                continue
            if isinstance(wanted, GridCount) and not wanted.least <= grids[code] <= wanted.most and code not in excused:
                yield _broken("window", code, f"{code} has {grids[code]} grids, outside {wanted.least}–{wanted.most}")

    def _check_held(self, excused: Collection[str]) -> Iterator[Finding]:
        home = self.plan.grid_of
        for held in self.plan.policy.held:
            named = (held.one, held.other) if isinstance(held, Apart) else held.atoms
            homes = {home.get(atom) for atom in named}
            match held:
                case Together():
                    kept = len(homes) == 1
                case Apart():
                    kept = len(homes) == 2
                case AsIs():
                    kept = any(set(grid.atoms) == set(named) for grid in self.plan.base_grids)
            if not kept and named[0] not in excused:
                yield _broken("held", named[0], f"{', '.join(named)} were to be held and are not")

    def _check_shares(self) -> Iterator[Finding]:
        home = self.plan.grid_of
        wanted: dict[tuple[str, str, str], int] = {}
        whole: dict[tuple[str, str], int] = {}
        for layer in self.layers:
            for atom, grid in self.old[layer.id].items():
                if atom in home:
                    key = (layer.id, grid, home[atom])
                    wanted[key] = wanted.get(key, 0) + self.households[atom]
                whole[layer.id, grid] = whole.get((layer.id, grid), 0) + self.households[atom]
        said = Counter((share.layer, share.grid, share.base_grid) for share in self.plan.crosswalk)
        if not self.layers:
            return
        for key in sorted(set(wanted) | set(said)):
            subject = f"{key[0]}/{key[1]}"
            if said[key] != 1 or key not in wanted:
                yield _broken("shares", subject, f"{subject} has {said[key]} shares in {key[2]}")
        for share in self.plan.crosswalk:
            subject = f"{share.layer}/{share.grid}"
            real = wanted.get((share.layer, share.grid, share.base_grid))
            if real is not None and real != share.households:
                yield _broken(
                    "shares", subject, f"{share.base_grid} has {real} households of {subject}, not {share.households}"
                )
            if whole.get((share.layer, share.grid)) != share.of:
                yield _broken("shares", subject, f"the shares of {subject} do not add up")

    def _check_borders(self) -> Iterator[Finding]:
        home = self.plan.grid_of
        met: Counter[tuple[str, str]] = Counter()
        weight: Counter[tuple[str, str]] = Counter()
        for one, other in self.graph.edges:
            if one in home and other in home and home[one] != home[other]:
                ends = (min(home[one], home[other]), max(home[one], home[other]))
                met[ends] += 1
                if self.community[one] == self.community[other]:
                    weight[ends] += self._agreed(one, other)
        cut = weight.total()
        if cut != self.plan.cut_weight:
            yield _broken("cut-weight", "", f"the plan says it cuts {self.plan.cut_weight}; counted anew it is {cut}")
        said = {(border.one, border.other): border for border in self.plan.borders}
        for ends in sorted(set(met) | set(said)):
            border = said.get(ends)
            if border is None or (border.pairs, border.weight) != (met[ends], weight[ends]):
                yield _broken("border", ends[0], f"the border of {ends[0]} and {ends[1]} is not as the plan says")
        if len(said) != len(self.plan.borders):
            yield _broken("border", "", "a border stands twice")

    def _check_certificate(self, graph: nx.Graph[str]) -> Iterator[Finding]:
        pieces = {min(piece): piece for piece in self._pieces(graph)}
        for code, count in Counter(proof.piece for proof in self.plan.certificate.proofs).items():
            if count > 1:
                yield _broken("certificate", code, f"{code} has {count} proofs")
        for proof in self.plan.certificate.proofs:
            piece = pieces.get(proof.piece.partition("/")[2], set())
            wrong = self._recount(proof, piece, graph)
            if wrong:
                yield _broken("certificate", proof.piece, f"{proof.piece} says {wrong}")
                continue
            wrong = self._reckon(proof)
            if wrong:
                yield _broken("certificate", proof.piece, f"{proof.piece} claims {wrong}")
                continue
            few = proof.bad < proof.bad_least or proof.missing < proof.missing_least
            if few or (proof.bad == 0 and not proof.grids_least <= proof.grids <= proof.grids_most):
                yield _broken("certificate", proof.piece, f"{proof.piece} is better than its own bound")
            elif proof.bad == proof.bad_least and proof.missing == proof.missing_least and proof.cut < proof.cut_least:
                yield _broken("certificate", proof.piece, f"{proof.piece} cuts less than its own bound")

    def _pieces(self, graph: nx.Graph[str]) -> Iterator[set[str]]:
        """Give the connected ground that is divided by households."""
        import networkx as nx

        as_is = {atom for held in self.plan.policy.held if isinstance(held, AsIs) for atom in held.atoms}
        left = []
        for atom, households in self.households.items():
            bounds = self.plan.policy.exceptions.get(self.community[atom] or "", self.plan.policy.bounds)
            large = not isinstance(bounds, GridCount) and households > bounds.households_max
            site = self.ground.territory[atom].kind in SITES
            if not large and not site and atom not in as_is:
                left.append(atom)
        inner = graph.subgraph(left).copy()
        inner.remove_edges_from([(a, b) for a, b in inner.edges if self.community[a] != self.community[b]])
        yield from nx.connected_components(inner)

    def _recount(self, proof: Proof, piece: Collection[str], graph: nx.Graph[str]) -> str:
        """Say what a proof has counted wrongly, nothing if it is right."""
        home = self.plan.grid_of
        sizes: Counter[str] = Counter()
        for atom in piece:
            sizes[home.get(atom, "")] += self.households[atom]
        inside = graph.subgraph(piece).edges
        across = [(one, other) for one, other in inside if home.get(one) != home.get(other)]
        cut = sum(self._weight(one, other, graph.edges[one, other]["meters"]) for one, other in across)
        bounds = self.plan.policy.exceptions.get(proof.piece.partition("/")[0], self.plan.policy.bounds)
        outside = [] if isinstance(bounds, GridCount) else [bounds.missing(size) for size in sizes.values()]
        counted = {
            "households": sum(sizes.values()),
            "grids": len(sizes),
            "bad": sum(1 for each in outside if each),
            "missing": sum(outside),
            "cut": cut,
        }
        return ", ".join(
            f"{name} {getattr(proof, name)} and has {count}"
            for name, count in counted.items()
            if getattr(proof, name) != count
        )

    def _reckon(self, proof: Proof) -> str:
        """Say which of a proof's arithmetic is wrong, nothing if it is right."""
        bounds = self.plan.policy.exceptions.get(proof.piece.partition("/")[0], self.plan.policy.bounds)
        if isinstance(bounds, GridCount):
            return ""
        low, high, whole = bounds.households_min, bounds.households_max, proof.households
        fits = any(low * k <= whole <= high * k for k in range(1, whole // low + 1))
        least = min(max(0, low * k - whole, whole - high * k) for k in range(1, whole // low + 2))
        found = []
        # That the shape forbids what the households allow is proved by exact methods only.
        if proof.bad_least != int(not fits) and not (proof.method == "exact" and proof.bad_least == 1):
            found.append(f"at least {proof.bad_least} grids outside")
        if proof.missing_least != least:
            found.append(f"at least {proof.missing_least} households outside")
        if fits and not (low * proof.grids_least <= whole <= high * proof.grids_most):
            found.append(f"{proof.grids_least}–{proof.grids_most} grids")
        return ", ".join(found)

    def _weight(self, one: str, other: str, meters: int) -> int:
        per = self.plan.policy.meters
        return self._agreed(one, other) + (meters // per if per else 0)

    def _agreed(self, one: str, other: str) -> int:
        return 1 + sum(old[one] == old[other] for old in self.old.values())


def _check_people(plan: MergePlan, incumbents: Sequence[Incumbent], roles: Mapping[str, Role]) -> Iterator[Finding]:
    wanted = Counter((each.role, each.holder) for each in incumbents)
    posted = Counter((each.role, each.holder) for each in plan.people)
    for role, holder in sorted(set(wanted) | set(posted)):
        if wanted[role, holder] != posted[role, holder]:
            yield _broken(
                "person",
                holder,
                f"{holder} ({role}) is posted {posted[role, holder]} times, not {wanted[role, holder]}",
            )
    filled: Counter[tuple[str, str]] = Counter()
    area = {(each.role, each.holder): set[str]() for each in incumbents}
    for one in incumbents:
        area[one.role, one.holder].add(one.community)
    for each in plan.people:
        wanted_in = area.get((each.role, each.holder), {""})
        strange = [c for c in each.base_grids if c in plan and not {"", plan[c].community} & wanted_in]
        if strange:
            yield _broken(
                "person", each.holder, f"{each.holder} is posted on {', '.join(strange)}, in another community"
            )
        codes = [code for code in each.base_grids if code not in plan]
        if codes or not each.base_grids:
            yield _broken("person", each.holder, f"{each.holder} is posted on {', '.join(codes) or 'nothing'}")
        if each.role in roles and roles[each.role].cardinality == "one-to-one":
            filled.update((each.role, code) for code in each.base_grids)
    for (role, code), count in sorted(filled.items()):
        if count > 1:
            yield _broken("person", code, f"{code} has {count} holders of {role}, which allows one")


def _broken(code: str, subject: str, message: str) -> Finding:
    return Finding(code=f"plan.{code}", subject=subject, message=message)
