"""From parts to a plan: codes and names, crosswalk, borders, shortfalls, and what arithmetic proves.

A plan is put together in the same way whether a solver found its parts or a person drew them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import attrs

from gridgov.merging._certificate import Certificate, Proof
from gridgov.merging._plan import BaseGrid, Border, MergePlan, Share, Shortfall
from gridgov.merging._policy import Apart, AsIs, Together
from gridgov.merging._solve import Window, least_bad, least_missing
from gridgov.merging._survey import Block, Survey
from gridgov.territory import GRID_DIGITS, Node, grid_code
from gridgov.wording import Phrasebook, Text

__all__ = ["Part", "assemble", "keep_codes"]

Key = TypeVar("Key", int, str)

KINDS = {"dedicated": "专属网格", "commercial": "商务网格", "road": "路面网格"}

WHY = Phrasebook(
    {
        "oversize": (
            "{name} 仅此一栋就有 {households} 户，超过 {most} 户，单独成格",
            "{name} alone has {households} households, more than {most}, and becomes a grid of its own",
        ),
        "as-is": (
            "按要求保持原样，{households} 户，不在 {least}–{most} 户之内",
            "is held as it is: {households} households, outside {least}–{most}",
        ),
        "island": (
            "孤立地块，共 {households} 户，在界线以内不与其他楼栋相邻，无法划为 {least}–{most} 户的网格",
            "an island of {households} households that adjoins nothing else inside its borders and cannot be divided "
            "into grids of {least}–{most}",
        ),
        "arithmetic": (
            "所在地块共 {whole} 户，无论分几格都不能全部在 {least}–{most} 户之内；此格 {households} 户",
            "its ground has {whole} households, which no number of grids of {least}–{most} can hold; this one has "
            "{households}",
        ),
        "not-found": (
            "此格 {households} 户，不在 {least}–{most} 户之内；未找到更好的划法，也未证明不存在",
            "has {households} households, outside {least}–{most}; no better division was found, and none was proved "
            "impossible",
        ),
        "empty-community": ("{name}没有可划分的地点（{level}）", "{name} has no {level}"),
        "held": ("所要求保持的（{what}）未能保持", "what was to be held ({what}) could not be held"),
        "measure": (
            "{measure}为 {amount}，不在 {least}–{most} 之内",
            "has {amount} of {measure}, outside {least}–{most}",
        ),
        "count": (
            "{name}设 {count} 个网格，要求 {least}–{most} 个",
            "{name} has {count} grids; wanted are {least}–{most}",
        ),
    }
)


def _text(key: str, **facts: object) -> Text:
    return Text(WHY.say(key, "zh", **facts), WHY.say(key, "en", **facts))


@attrs.frozen(kw_only=True)
class Part:
    """What becomes a base grid.

    :param code: the code that it keeps, empty for the next free one; so its *name*.
    """

    atoms: frozenset[str]
    kind: str = "residential"
    code: str = ""
    name: str = ""


def assemble(
    survey: Survey, blocks: Sequence[Block], parts: Mapping[str, Sequence[Part]], *, used: Iterable[str] = ()
) -> MergePlan:
    """Put a plan together.

    :param blocks: every community once; :param parts: community → its parts.
    :param used: codes that were given out, beside those of the territory; none is used again.
    """
    grids = [grid for block in blocks for grid in _grids(survey, block.community, parts[block.community.code], used)]
    home = {atom: grid.code for grid in grids for atom in grid.atoms}
    borders = tuple(_borders(survey, home))
    shortfalls = [short for block in blocks for short in _shortfalls(survey, block, grids)]
    return MergePlan(
        policy=survey.policy,
        seed=survey.seed,
        base_grids=tuple(grids),
        crosswalk=tuple(_crosswalk(survey, home)),
        cut_weight=sum(border.weight for border in borders),
        layer_names=tuple((layer.id, layer.zh, layer.en) for layer in survey.layers),
        opened=tuple(sorted(survey.ground.opened_buildings)),
        borders=borders,
        shortfalls=(*shortfalls, *_not_held(survey, home)),
        certificate=Certificate(tuple(proof for block in blocks for proof in _proofs(survey, block, home))),
    )


def keep_codes(claims: Mapping[tuple[Key, str], tuple[int, ...]], given: Mapping[Key, str]) -> dict[Key, str]:
    """Let each part keep the code that it has the best claim to; each code is kept once.

    :param claims: part and code → how much of that grid the part has.
    :param given: the codes that some parts have already.
    """
    kept = dict(given)
    taken = set(kept.values())
    for part, code in sorted(claims, key=lambda key: (tuple(-each for each in claims[key]), key)):
        if part not in kept and code not in taken:
            kept[part] = code
            taken.add(code)
    return kept


# --- codes and names ------------------------------------------------------------------------------


def _grids(survey: Survey, community: Node, parts: Sequence[Part], used: Iterable[str]) -> Iterator[BaseGrid]:
    """Number the grids of a community in rows from north to south, each from west to east."""
    territory = survey.ground.territory
    taken = [code for code in used if code.startswith(community.code)]
    taken += [part.code for part in parts if part.code]
    taken += [n.code for n in territory.at("grid") if n.code.startswith(community.code) and len(n.code) == GRID_DIGITS]
    for part in _reading_order(survey, parts):
        code = part.code or grid_code(community.code, taken)
        taken.append(code)
        number = int(code[len(community.code) :])
        atoms = tuple(sorted(part.atoms))
        counts = tuple(territory.households(atom) for atom in atoms)
        yield BaseGrid(
            code=code,
            name=part.name or f"{community.name}第{number}{KINDS.get(part.kind, '网格')}",
            community=community.code,
            atoms=atoms,
            households=sum(counts),
            counts=counts,
            kind=part.kind,
            amounts=tuple(sum(m.amounts.get(atom, 0) for atom in part.atoms) for m in survey.policy.measures),
        )


def _reading_order(survey: Survey, parts: Sequence[Part]) -> list[Part]:
    def center(part: Part) -> tuple[int, int]:
        nodes = [survey.ground.territory[survey.ground.building_of(atom)] for atom in part.atoms]
        west = [node.longitude for node in nodes if node.longitude is not None]
        north = [node.latitude for node in nodes if node.latitude is not None]
        return (sum(west) // len(west) if west else 0, -sum(north) // len(north) if north else 0)

    centers = {part: center(part) for part in parts}
    rows = max(1, round(len(parts) ** 0.5))
    souths = [south for _, south in centers.values()]
    top = min(souths, default=0)
    height = max(souths, default=0) - top + 1
    return sorted(parts, key=lambda part: ((centers[part][1] - top) * rows // height, centers[part], min(part.atoms)))


# --- crosswalk and borders ------------------------------------------------------------------------


def _crosswalk(survey: Survey, home: Mapping[str, str]) -> Iterator[Share]:
    ground = survey.ground
    inside = ground.opened_buildings
    for layer in survey.layers:
        for old in layer.grids:
            atoms = [atom for building in sorted(old.atoms) for atom in inside.get(building, (building,))]
            counts: dict[str, int] = {}
            for atom in atoms:
                counts[home[atom]] = counts.get(home[atom], 0) + ground.territory.households(atom)
            of = sum(counts.values())
            for base, households in sorted(counts.items()):
                yield Share(layer=layer.id, grid=old.id, base_grid=base, households=households, of=of)


def _borders(survey: Survey, home: Mapping[str, str]) -> Iterator[Border]:
    territory = survey.ground.territory
    meters = survey.ground.neighbors()
    met: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one, others in survey.weights.items():
        for other in others:
            if one < other and home[one] != home[other]:
                ends = (min(home[one], home[other]), max(home[one], home[other]))
                met.setdefault(ends, []).append((one, other))
    within = list(zip(survey.layers, survey.olds, strict=True))
    for (left, right), pairs in sorted(met.items()):
        one, other = pairs[0]
        hard = ""
        if territory.up(one, "community") != territory.up(other, "community"):
            hard = "community"
        elif not any(other in survey.neighbors[one] for one, other in pairs):
            parted = [lay.id for lay, old in within if lay.id in survey.policy.within and old[one] != old[other]]
            hard = parted[0] if parted else "barrier"
        kept = tuple(sum(old[a] == old[b] for a, b in pairs) for old in survey.olds)
        yield Border(
            one=left,
            other=right,
            pairs=len(pairs),
            meters=sum(meters[a][b] for a, b in pairs),
            weight=0 if hard == "community" else len(pairs) + sum(kept),
            hard=hard,
            kept=kept,
        )


# --- what could not be had ------------------------------------------------------------------------


def _shortfalls(survey: Survey, block: Block, grids: Sequence[BaseGrid]) -> Iterator[Shortfall]:
    community, territory = block.community, survey.ground.territory
    mine = [grid for grid in grids if grid.community == community.code]
    if not mine:
        level = survey.ground.atom_level
        text = _text("empty-community", name=community.name, level=level)
        yield Shortfall(code="empty-community", subject=community.code, text=text, proved=True)
    residential = [grid for grid in mine if grid.kind == "residential"]
    count = block.count
    if count is not None:
        if residential and not count.least <= len(residential) <= count.most:
            text = _text("count", name=community.name, count=len(residential), least=count.least, most=count.most)
            yield Shortfall(code="number-of-grids", subject=community.code, text=text, proved=False)
    else:
        ground_of = {atom: plot for plot in block.plots for group in plot.atoms for atom in group}
        for grid in residential:
            if block.bounds.missing(grid.households):
                key, proved = _why(
                    survey, block, grid, [ground_of[a].piece.households for a in grid.atoms if a in ground_of]
                )
                facts = {"least": block.bounds.households_min, "most": block.bounds.households_max}
                largest = max(grid.atoms, key=lambda atom: (territory.households(atom), atom))
                whole = ground_of[grid.atoms[0]].piece.households if grid.atoms[0] in ground_of else 0
                alone = territory.households(largest) if key == "oversize" else grid.households
                text = _text(key, name=territory[largest].name, households=alone, whole=whole, **facts)
                code = key if key in ("oversize", "as-is") else "outside-bounds"
                subject = largest if key == "oversize" else grid.atoms[0]
                yield Shortfall(code=code, subject=subject, text=text, proved=proved)
    yield from _unbalanced(survey, block, residential)


def _why(survey: Survey, block: Block, grid: BaseGrid, wholes: Sequence[int]) -> tuple[str, bool]:
    """Say why a grid is outside its window, and whether that is proved."""
    most = block.bounds.households_max
    if any(isinstance(held, AsIs) and set(held.atoms) == set(grid.atoms) for held in survey.policy.held):
        return "as-is", False
    if any(survey.ground.territory.households(atom) > most for atom in grid.atoms):
        return "oversize", True
    window = Window(block.bounds.households_min, most)
    if wholes and least_bad(wholes[0], window):
        return ("island" if wholes[0] == grid.households and len(block.plots) > 1 else "arithmetic"), True
    return "not-found", False


def _unbalanced(survey: Survey, block: Block, grids: Sequence[BaseGrid]) -> Iterator[Shortfall]:
    for place, measure in enumerate(survey.policy.measures):
        total = sum(grid.amounts[place] for grid in grids)
        least, most = measure.window(total, len(grids))
        for grid in grids:
            amount = grid.amounts[place]
            if not least <= amount <= most:
                text = Text(
                    WHY.say("measure", "zh", measure=measure.zh, amount=amount, least=least, most=most),
                    WHY.say("measure", "en", measure=measure.en, amount=amount, least=least, most=most),
                )
                yield Shortfall(code="unbalanced", subject=grid.atoms[0], text=text, proved=False)


def _not_held(survey: Survey, home: Mapping[str, str]) -> Iterator[Shortfall]:
    for held in survey.policy.held:
        match held:
            case Together(atoms):
                kept = len({home[atom] for atom in atoms}) == 1
            case Apart(one, other):
                atoms = (one, other)
                kept = home[one] != home[other]
            case AsIs(atoms):
                kept = {atom for atom in home if home[atom] == home[atoms[0]]} == set(atoms)
        if not kept:
            text = _text("held", what=", ".join(atoms))
            yield Shortfall(code="not-held", subject=atoms[0], text=text, proved=False)


# --- what arithmetic proves -----------------------------------------------------------------------


def _proofs(survey: Survey, block: Block, home: Mapping[str, str]) -> Iterator[Proof]:
    for plot in block.plots:
        window, households = plot.piece.windows[0], plot.piece.households
        sizes: dict[str, int] = {}
        weight = 0
        atoms = {atom for group in plot.atoms for atom in group}
        for atom in atoms:
            sizes[home[atom]] = sizes.get(home[atom], 0) + survey.ground.territory.households(atom)
            for other in survey.neighbors[atom]:
                if atom < other and other in atoms and home[atom] != home[other]:
                    weight += survey.weights[atom][other]
        if block.count is not None:
            # A number of grids is a wish; nothing forbids another one but the number of atoms.
            low, high = 1, len(plot.atoms)
            outside = [0]
            bad_least = missing_least = 0
        else:
            low, high = max(1, -(-households // window.high)), max(1, households // window.low)
            outside = [max(0, window.low - size, size - window.high) for size in sizes.values()]
            bad_least = least_bad(households, window)
            missing_least = min(least_missing(households, count, window) for count in {low, high})
        yield Proof(
            piece=plot.piece.id,
            households=households,
            grids=len(sizes),
            grids_least=min(low, high),
            grids_most=max(low, high),
            bad=sum(1 for each in outside if each),
            bad_least=bad_least,
            missing=sum(outside),
            missing_least=missing_least,
            cut=weight,
        )
