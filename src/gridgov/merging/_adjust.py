"""A plan after the first one (动态调整): as few households as possible get another grid.

Whatever is changed, by new houses or by hand, gives an :class:`Adjustment`: a plan first, to be
read and checked, and what it costs beside the plan of before. Nothing is in force until a
:class:`~gridgov.merging.Lineage` (or ``Setup.with_plan``) takes it with a day.

Codes stay with the grids: a grid keeps its code as long as anything of it is left where it was;
what is new gets the next free number, and no number comes back with another meaning. (Undoing
brings back the grids of before, and so their codes.)
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import attrs

from gridgov.errors import Finding, RefusalError, SetupError
from gridgov.merging._assemble import Part, assemble, keep_codes
from gridgov.merging._check import check_plan
from gridgov.merging._kernel import ONE
from gridgov.merging._layers import Layer, LayerGrid
from gridgov.merging._lineage import Flow, flows, households_moved
from gridgov.merging._merge import check_same_layers, parts_of, surveyed
from gridgov.merging._plan import BaseGrid, MergePlan
from gridgov.merging._policy import Apart, Held, MergePolicy
from gridgov.merging._run import divide_all
from gridgov.merging._solve import Piece, divide
from gridgov.merging._survey import Block, Plot, Survey, connected_pieces, site_kind
from gridgov.territory import Change, Ground, change_ground
from gridgov.wording import Phrasebook

__all__ = ["Adjustment", "adjust", "frontier", "join", "move", "split", "undo"]

ONLY_IF_NEEDED = 100
HEAT = 4

PHRASES = Phrasebook(
    {
        "moved": (
            "{moved} 户（共 {total} 户）换到别的网格；{kept} 个网格不变，{changed} 个有变化，"
            "新设 {new} 个，撤销 {gone} 个",
            "{moved} of {total} households get another grid; {kept} grids stay as they are, {changed} change, "
            "{new} are new, {gone} are abolished",
        ),
        "cost": (
            "边界权重 {before} → {after}；户数不符的网格 {bad_before} → {bad_after}",
            "Cut weight {before} → {after}; grids outside the window {bad_before} → {bad_after}",
        ),
        "flow": ("{one} → {other}：{households} 户", "{one} → {other}: {households} households"),
    }
)


@attrs.frozen(kw_only=True, eq=False)
class Adjustment:
    """A plan beside the one it would replace.

    :param ground: the ground that *after* divides.
    :param layers: the old layers, with new buildings in the old grid that most of their neighbors
        lay in.
    """

    before: MergePlan
    after: MergePlan
    ground: Ground
    layers: tuple[Layer, ...]

    @cached_property
    def moved(self) -> int:
        """How many households get another grid (those of new and demolished buildings do not count)."""
        return households_moved(self.before, self.after)

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """Where the households of every grid of before go."""
        return tuple(flow for grid in self.before.base_grids for flow in flows(self.before, self.after, grid.code))

    @property
    def new(self) -> tuple[str, ...]:
        """The codes that are given out for the first time."""
        return tuple(grid.code for grid in self.after.base_grids if grid.code not in self.before)

    @property
    def abolished(self) -> tuple[str, ...]:
        """The codes that end."""
        return tuple(grid.code for grid in self.before.base_grids if grid.code not in self.after)

    @property
    def changed(self) -> tuple[str, ...]:
        """The codes that stay and have other buildings."""
        both = (grid.code for grid in self.after.base_grids if grid.code in self.before)
        return tuple(code for code in both if self.before[code].atoms != self.after[code].atoms)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the plan breaks, by the independent check; nothing for one that may be applied."""
        return tuple(check_plan(self.after, self.ground, self.layers))

    def summary(self, language: str = "zh") -> str:
        """Say what changes, for whom, and what it costs."""
        return "\n".join(self._lines(language))

    def _lines(self, language: str) -> Iterator[str]:
        say, before, after = PHRASES.say, self.before, self.after
        both = [grid.code for grid in after.base_grids if grid.code in before]
        yield say(
            "moved", language, moved=self.moved, total=sum(grid.households for grid in after.base_grids),
            kept=len(both) - len(self.changed), changed=len(self.changed), new=len(self.new), gone=len(self.abolished),
        )  # fmt: skip
        yield say(
            "cost", language, before=before.cut_weight, after=after.cut_weight,
            bad_before=len(before.outside), bad_after=len(after.outside),
        )  # fmt: skip
        for flow in self.flows:
            if flow.other not in ("", flow.one):
                yield "  " + say("flow", language, one=flow.one, other=flow.other, households=flow.households)
        for finding in self.findings:
            yield f"  ✗ {finding}"
        fresh = {short.subject for short in before.shortfalls}
        for short in after.shortfalls:
            if short.subject not in fresh:
                yield f"  ! {short.subject}: {short.text.in_(language)}"


def adjust(
    plan: MergePlan,
    ground: Ground,
    changes: Sequence[Change],
    layers: Sequence[Layer] = (),
    *,
    on: dt.date,
    stay: int = ONLY_IF_NEEDED,
    policy: MergePolicy | None = None,
    used: Iterable[str] = (),
    engine: str = "auto",
) -> Adjustment:
    """Adapt a plan to what has changed on the ground.

    :param ground: as it was before the changes; :param layers: the old layers of the plan, as they
        were given to the merge or stand in the adjustment before.
    :param on: the day from which the changes hold.
    :param stay: what it costs, in percent of a cut weight, that a household gets another grid: with
        100 almost nothing moves unless a window asks for it, with 0 only the borders count. See
        :func:`frontier`.
    :param policy: another policy than the plan's.
    :param used: codes of earlier plans, for instance ``lineage.codes``; none is given out again.
    :raises SetupError: for changes that are wrong in themselves.
    """
    after = change_ground(ground, changes, on=on)
    return _adjusted(plan, after, _grown(layers, after), policy or plan.policy, stay=stay, used=used, engine=engine)


def frontier(
    plan: MergePlan,
    ground: Ground,
    changes: Sequence[Change],
    layers: Sequence[Layer] = (),
    *,
    on: dt.date,
    stays: Sequence[int] = (ONLY_IF_NEEDED, 30, 10, 3, 0),
    engine: str = "auto",
) -> tuple[Adjustment, ...]:
    """Give adjustments from the fewest households moved to the best borders, for a person to choose from."""
    return tuple(adjust(plan, ground, changes, layers, on=on, stay=stay, engine=engine) for stay in stays)


def split(
    plan: MergePlan, ground: Ground, grid: str, layers: Sequence[Layer] = (), *, into: int = 2, used: Iterable[str] = ()
) -> Adjustment:
    """Divide one grid; its largest part keeps the code.

    :raises RefusalError: ``plan.cannot-split`` for a grid of fewer atoms than parts.
    :raises NotFoundError: for an unknown grid.
    """
    old = plan[grid]
    if not 2 <= into <= len(old.atoms):
        raise RefusalError(
            "plan.cannot-split", f"{grid} has {len(old.atoms)} atoms and cannot become {into} grids", grid=grid
        )
    survey = _survey(plan, ground, layers, plan.policy)
    if len(list(connected_pieces(old.atoms, survey.neighbors))) > 1:
        raise RefusalError("plan.cannot-split", f"{grid} falls apart already; mend it first", grid=grid)
    plot = _alone(survey, old)
    division = divide(attrs.evolve(plot.piece, counts=(into,)))
    if division.parts != into:
        raise RefusalError("plan.cannot-split", f"{grid} cannot become {into} connected grids", grid=grid, into=into)
    households = survey.ground.territory.households
    parts = sorted(plot.parts(division), key=lambda atoms: (-sum(map(households, atoms)), min(atoms)))
    homes = {atom: f"new {number}" for number, atoms in enumerate(parts[1:]) for atom in atoms}
    return _redrawn(plan, survey, {**plan.grid_of, **homes}, used)


def join(
    plan: MergePlan, ground: Ground, grids: Sequence[str], layers: Sequence[Layer] = (), *, used: Iterable[str] = ()
) -> Adjustment:
    """Make one grid of several; the code of the largest stays.

    :raises RefusalError: ``plan.cannot-join`` for fewer than two, or grids of several communities or kinds.
    :raises NotFoundError: for an unknown grid.
    """
    olds = [plan[grid] for grid in dict.fromkeys(grids)]
    if len(olds) < 2 or len({old.community for old in olds}) > 1:
        listed = ", ".join(dict.fromkeys(grids))
        message = f"two or more grids of one community can be joined, and not {listed}"
        raise RefusalError("plan.cannot-join", message, grids=listed)
    if len({old.kind for old in olds}) > 1:
        kinds = ", ".join(f"{old.code} ({old.kind})" for old in olds)
        raise RefusalError("plan.cannot-join", f"grids of one kind can be joined, and not {kinds}", grids=kinds)
    keeper = max(olds, key=lambda old: (old.households, [-ord(letter) for letter in old.code]))
    homes = {atom: keeper.code for old in olds for atom in old.atoms}
    return _redrawn(plan, _survey(plan, ground, layers, plan.policy), {**plan.grid_of, **homes}, used)


def move(
    plan: MergePlan,
    ground: Ground,
    homes: Mapping[str, str],
    layers: Sequence[Layer] = (),
    *,
    used: Iterable[str] = (),
) -> Adjustment:
    """Move atoms by hand: atom → the code of its grid from now on.

    What the new borders break is told by ``findings`` and ``summary``, and is not refused: a person
    may want to see it first. Applying a plan that breaks something is refused.

    :raises RefusalError: ``plan.unknown-place`` for an atom or grid that is not in the plan,
        ``plan.other-community`` for a grid of another community.
    """
    for atom, code in homes.items():
        if atom not in plan.grid_of:
            raise RefusalError("plan.unknown-place", f"the building {atom!r} is not in the plan", atom=atom, grid=code)
        if code not in plan:
            raise RefusalError("plan.unknown-place", f"the grid {code!r} is not in the plan", atom=atom, grid=code)
        home = plan[plan.grid_of[atom]].community
        if home != plan[code].community:
            message = f"{atom} lies in {home} and cannot go to {code}, a grid of {plan[code].community}"
            raise RefusalError("plan.other-community", message, atom=atom, grid=code)
    return _redrawn(plan, _survey(plan, ground, layers, plan.policy), {**plan.grid_of, **homes}, used)


def undo(
    plan: MergePlan, to: MergePlan, ground: Ground, layers: Sequence[Layer] = (), *, used: Iterable[str] = ()
) -> Adjustment:
    """Go back to an earlier plan, as a new one: history stays as it was.

    Where nothing happened in between it gives the same grids, codes and shares. Buildings that came
    later stay with the grid that most of their neighbors go back to.
    """
    survey = _survey(plan, ground, _grown(layers, ground), to.policy)
    homes, settled = _homes(survey, to)
    _mend_homes(survey, homes, settled)
    return _redrawn(plan, survey, homes, used, names=to)


# --- how ------------------------------------------------------------------------------------------


def _survey(plan: MergePlan, ground: Ground, layers: Sequence[Layer], policy: MergePolicy) -> Survey:
    check_same_layers(plan, layers)
    opened = ground.opened(plan.opened)
    findings = list(_strangers(plan, opened))
    if findings:
        raise SetupError(findings)
    return surveyed(opened, layers, _of_today(policy, opened), plan.seed)


def _strangers(plan: MergePlan, ground: Ground) -> Iterator[Finding]:
    """Give what the plan divides and this ground does not have, and never had: it is another ground."""
    atoms = {node.code for node in ground.atoms} | set(ground.opened_buildings)
    for atom in plan.grid_of:
        known = ground.territory.nodes.get(atom)
        if atom not in atoms and (known is None or known.until_on == dt.date.max):
            message = f"the plan divides {atom}, which is no {ground.atom_level} of this ground and has not come down"
            remedy = "give the ground that the plan was made of, with its opened buildings"
            yield Finding(code="plan.other-ground", subject=atom, message=message, remedy=remedy)


def _of_today(policy: MergePolicy, ground: Ground) -> MergePolicy:
    """Give the policy without what it says of buildings that have come down since."""
    standing = {node.code for node in ground.atoms} | set(ground.opened_buildings)
    held: list[Held] = []
    for each in policy.held:
        if isinstance(each, Apart):
            held += [each] if {each.one, each.other} <= standing else []
            continue
        left = tuple(atom for atom in each.atoms if atom in standing)
        held += [attrs.evolve(each, atoms=left)] if left else []
    measures = tuple(
        attrs.evolve(measure, amounts={code: n for code, n in measure.amounts.items() if code in standing})
        for measure in policy.measures
    )
    return attrs.evolve(policy, held=tuple(held), measures=measures)


def _grown(layers: Sequence[Layer], ground: Ground) -> tuple[Layer, ...]:
    """Let new buildings lie in the old grid that most of their neighbors lay in, and demolished ones in none."""
    standing = {node.code for node in ground.whole.atoms}
    neighbors = ground.whole.neighbors()
    grown = []
    for layer in layers:
        home = {atom: grid for atom, grid in layer.grid_of.items() if atom in standing}
        _spread(home, sorted(standing - set(home)), neighbors, layer.grids[0].id if layer.grids else "new")
        names = {grid.id: grid.name for grid in layer.grids}
        atoms: dict[str, set[str]] = {id_: set() for id_ in names}
        for atom, id_ in home.items():
            atoms.setdefault(id_, set()).add(atom)
        grids = tuple(LayerGrid(id_, names.get(id_, id_), frozenset(of)) for id_, of in atoms.items())
        grown.append(attrs.evolve(layer, grids=grids))
    return tuple(grown)


def _spread(
    home: dict[str, str], new: Sequence[str], neighbors: Mapping[str, Mapping[str, int]], otherwise: str
) -> None:
    """Give each new atom the home of most of its neighbors; without any, *otherwise* or a home of its own."""
    waiting = list(new)
    while waiting:
        left = []
        for atom in waiting:
            near: dict[str, int] = {}
            for other, weight in neighbors.get(atom, {}).items():
                if other in home:
                    near[home[other]] = near.get(home[other], 0) + weight
            if near:
                home[atom] = max(near, key=lambda code: (near[code], code))
            else:
                left.append(atom)
        if len(left) == len(waiting):
            for atoms in connected_pieces(left, {atom: neighbors.get(atom, {}) for atom in left}):
                home |= dict.fromkeys(atoms, otherwise or f"new {atoms[0]}")
            return
        waiting = left


def _homes(survey: Survey, plan: MergePlan) -> tuple[dict[str, str], frozenset[str]]:
    """Give where each atom belongs by a plan: entrances with their building, new atoms with their neighbors.

    :returns: atom → code, and the atoms of which the plan itself says so.
    """
    found = {}
    for node in survey.ground.atoms:
        code = plan.grid_of.get(node.code) or plan.grid_of.get(survey.ground.building_of(node.code), "")
        if code and survey.ground.territory.up(node.code, "community") == plan[code].community:
            found[node.code] = code
    settled = frozenset(found)
    _spread(found, [node.code for node in survey.ground.atoms if node.code not in settled], survey.neighbors, "")
    return found, settled


def _mend_homes(survey: Survey, homes: dict[str, str], settled: Collection[str]) -> None:
    """Let every home hang together and be of one kind: what does not goes to a neighbor, or is a grid of its own."""
    territory = survey.ground.territory

    def kind(atom: str) -> str:
        found = site_kind(territory[atom])
        return found if found != "residential" else ""

    members: dict[tuple[str, str], list[str]] = {}
    for atom, home in homes.items():
        # A new school is no part of the grid beside it, whatever adjoins.
        apart = home if atom in settled or not kind(atom) else f"new {atom}"
        homes[atom] = apart
        members.setdefault((apart, kind(atom)), []).append(atom)
    for (home, own), atoms in sorted(members.items()):
        pieces = list(connected_pieces(sorted(atoms), survey.neighbors))
        pieces.sort(key=lambda piece: (-sum(map(territory.households, piece)), min(piece)))
        for loose in pieces[1:]:
            near = {homes[o] for a in loose for o in survey.neighbors[a] if kind(o) == own} - {home}
            homes |= dict.fromkeys(loose, min(near) if near and not own else f"new {min(loose)}")


def _alone(survey: Survey, grid: BaseGrid) -> Plot:
    """Give one grid of a plan as a piece to be divided."""
    block = next(block for block in survey.blocks() if block.community.code == grid.community)
    return survey.plot(grid.community, sorted(grid.atoms), block.bounds, ())


def _redrawn(
    before: MergePlan, survey: Survey, homes: Mapping[str, str], used: Iterable[str], names: MergePlan | None = None
) -> Adjustment:
    """Put a plan together from homes that are given, whatever they break."""
    known = names or before
    blocks = list(survey.blocks())
    up = survey.ground.territory.up
    parts: dict[str, list[Part]] = {block.community.code: [] for block in blocks}
    members: dict[tuple[str, str], set[str]] = {}
    for node in survey.ground.atoms:
        members.setdefault((up(node.code, "community") or "", homes[node.code]), set()).add(node.code)
    for (community, code), atoms in members.items():
        parts[community].append(_part(atoms, code if code in known else "", known, survey))
    return _with(before, survey, blocks, parts, used)


def _part(atoms: Iterable[str], code: str, known: MergePlan, survey: Survey) -> Part:
    kinds = {site_kind(survey.ground.territory[atom]) for atom in atoms} - {"residential"}
    kind = known[code].kind if code else next(iter(sorted(kinds)), "residential")
    return Part(atoms=frozenset(atoms), kind=kind, code=code, name=known[code].name if code else "")


def _with(
    before: MergePlan, survey: Survey, blocks: Sequence[Block], parts: Mapping[str, Sequence[Part]], used: Iterable[str]
) -> Adjustment:
    given = [*before.retired, *used, *(grid.code for grid in before.base_grids)]
    after = assemble(survey, blocks, parts, used=given)
    retired = tuple(dict.fromkeys(code for code in given if code not in after))
    return Adjustment(
        before=before,
        after=attrs.evolve(after, retired=retired),
        ground=survey.ground,
        layers=tuple(survey.layers),
    )


def _adjusted(
    plan: MergePlan,
    ground: Ground,
    layers: Sequence[Layer],
    policy: MergePolicy,
    *,
    stay: int,
    used: Iterable[str],
    engine: str,
) -> Adjustment:
    survey = _survey(plan, ground, layers, policy)
    homes, settled = _homes(survey, plan)
    blocks = list(survey.blocks())
    plots = [plot for block in blocks for plot in block.plots]
    calm = stay >= ONLY_IF_NEEDED and policy == plan.policy
    starts, ways = [], []
    for plot in plots:
        pieces = list(_ways(plot, homes, settled, stay, engine))
        starts.append(pieces[0].judged(pieces[0].start))
        # Where nothing is wrong and nothing should move, the best way is to leave it.
        ways.append([] if calm and starts[-1].cost[0] == 0 else pieces)
    found = iter(divide_all([piece for pieces in ways for piece in pieces], engine=engine))
    chosen = iter(
        [
            min([start, *(next(found) for _ in pieces)], key=lambda each: each.cost)
            for start, pieces in zip(starts, ways, strict=True)
        ]
    )
    # By what was counted before: a building that has grown gives no more claim to a code than it did.
    counted = {atom: n for grid in plan.base_grids for atom, n in zip(grid.atoms, grid.counts, strict=True)}
    parts = {}
    for block in blocks:
        drawn = parts_of(block, [next(chosen) for _ in block.plots])
        parts[block.community.code] = _coded(drawn, plan, homes, settled, counted, survey)
    return _with(plan, survey, blocks, parts, used)


def _ways(plot: Plot, homes: Mapping[str, str], settled: Collection[str], stay: int, engine: str) -> Iterator[Piece]:
    """Give the divisions to begin with: as it was, with large grids divided, with small ones joined, anew."""
    piece = plot.piece
    codes = list(dict.fromkeys(homes[group[0]] for group in plot.atoms))
    home = array("q", (codes.index(homes[group[0]]) for group in plot.atoms))
    measures = len(piece.windows)
    # A percent of a cut weight for each household, in 1/256; who is new here may go anywhere.
    was = [any(atom in settled for atom in group) for group in plot.atoms]
    price = array("q", (piece.size[v * measures] * stay * ONE // 100 * was[v] for v in range(piece.atoms)))
    begun = attrs.evolve(piece, home=home, stay=price, heat=HEAT)
    start = _mended(piece, list(home))
    yield attrs.evolve(begun, start=array("q", start))
    for other in (_divided(piece, start, engine), _joined(piece, start)):
        if other != start:
            yield attrs.evolve(begun, start=array("q", other))
    yield attrs.evolve(begun, heat=piece.heat)


def _mended(piece: Piece, labels: list[int]) -> list[int]:
    """Let every part hang together: of one that fell apart the largest piece stays, the rest goes to neighbors."""
    measures = len(piece.windows)
    neighbors = piece.neighbors()
    loose: list[list[int]] = []
    for part in sorted(set(labels)):
        members = [v for v in range(piece.atoms) if labels[v] == part]
        pieces = list(connected_pieces(members, neighbors))
        pieces.sort(key=lambda atoms: (-sum(piece.size[v * measures] for v in atoms), min(atoms)))
        loose += pieces[1:]
    for atoms in loose:
        near = sorted({labels[u] for v in atoms for u in neighbors[v]} - {labels[atoms[0]]})
        totals = piece.totals(labels, max(labels) + 1)
        to = min(near, key=lambda part: (totals[part], part)) if near else max(labels) + 1
        for v in atoms:
            labels[v] = to
    return labels


def _divided(piece: Piece, labels: Sequence[int], engine: str) -> list[int]:
    """Divide every part above the upper bound into as many as it needs."""
    found = list(labels)
    window = piece.windows[0]
    for part, total in enumerate(piece.totals(labels, max(labels) + 1)):
        members = [v for v in range(piece.atoms) if labels[v] == part]
        if total > window.high and len(members) > 1:
            inside = piece.only(members)
            division = divide(attrs.evolve(inside, counts=(-(-total // window.high),)), engine)
            free = max(found) + 1
            for v, label in zip(members, division.labels, strict=True):
                found[v] = label + free - 1 if label else part
    return found


def _joined(piece: Piece, labels: Sequence[int]) -> list[int]:
    """Join every part below the lower bound to its smallest neighbor."""
    found = list(labels)
    neighbors = piece.neighbors()
    for part in sorted(set(labels)):
        totals = piece.totals(found, max(found) + 1)
        members = [v for v in range(piece.atoms) if found[v] == part]
        near = sorted({found[u] for v in members for u in neighbors[v]} - {part})
        if members and near and totals[part] < piece.windows[0].low:
            to = min(near, key=lambda other: (totals[other], other))
            for v in members:
                found[v] = to
    return found


def _coded(
    parts: Sequence[Part],
    plan: MergePlan,
    homes: Mapping[str, str],
    settled: Collection[str],
    counted: Mapping[str, int],
    survey: Survey,
) -> list[Part]:
    """Let each part keep the code of the grid of which it has most households; each code is kept once."""
    shares: dict[tuple[int, str], tuple[int, int]] = {}
    for place, part in enumerate(parts):
        for atom in part.atoms:
            # A new building lies with its neighbors to begin with, and gives no claim to their code.
            if atom not in settled:
                continue
            households, count = shares.get((place, homes[atom]), (0, 0))
            now = survey.ground.territory.households(atom)
            shares[place, homes[atom]] = households + counted.get(atom, now), count + 1
    code_of = keep_codes(shares, {place: part.code for place, part in enumerate(parts) if part.code})
    return [
        attrs.evolve(part, code=code_of[place], name=plan[code_of[place]].name if code_of[place] in plan else "")
        if place in code_of
        else part
        for place, part in enumerate(parts)
    ]
