"""What comes out of a merge."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import attrs

from gridgov.errors import Finding
from gridgov.merging._layers import Bounds
from gridgov.proofs import canonical, digest
from gridgov.wording import Phrasebook

__all__ = ["BaseGrid", "MergePlan", "Share"]

PHRASES = Phrasebook(
    {
        "before": ("{layer}：{count} 个旧网格", "{layer}: {count} old grids"),
        "after": (
            "合并为 {count} 个基础网格，每格 {low}–{high} 户（共 {total} 户）",
            "Merged into {count} base grids of {low}–{high} households ({total} in all)",
        ),
        "bounds": (
            "户数要求 {low}–{high}：{bad} 个不符合",
            "Wanted are {low}–{high} households: {bad} grids miss that",
        ),
        "cut": (
            "{old} 个旧网格中，{whole} 个完整保留在一个基础网格内，{cut} 个被拆分",
            "Of {old} old grids, {whole} stay whole inside one base grid and {cut} are cut",
        ),
        "weight": (
            "边界权重 {weight}（每条边 1 加上认为两侧同格的条线数）",
            "Cut weight {weight} (each adjacency counts 1 plus the layers that kept both sides together)",
        ),
    }
)


@attrs.frozen(kw_only=True)
class BaseGrid:
    """One base grid （基础网格） of a plan."""

    code: str
    name: str
    community: str
    atoms: tuple[str, ...]
    households: int


@attrs.frozen(kw_only=True)
class Share:
    """What of an old grid went into a base grid; the households of its shares add up to *of*."""

    layer: str
    grid: str
    base_grid: str
    households: int
    of: int


@attrs.frozen(kw_only=True, eq=False)
class MergePlan:
    """Base grids, the crosswalk to them, and whatever could not be had.

    :param crosswalk: for every old grid, which base grids it became.
    :param cut_weight: the sum over adjacencies between two base grids of 1 + the number of
        layers that had both sides in one grid.
    """

    bounds: Bounds
    seed: int
    base_grids: tuple[BaseGrid, ...]
    crosswalk: tuple[Share, ...]
    cut_weight: int
    layer_names: tuple[tuple[str, str, str], ...]
    findings: tuple[Finding, ...] = ()

    @property
    def contents(self) -> list[object]:
        """What the plan says, for canonical bytes: its fields, and nothing that was worked out from them."""
        # A slotted class keeps its cached properties beside its fields; they must not get into the bytes.
        return [getattr(self, field.name) for field in attrs.fields(type(self))]

    @cached_property
    def digest(self) -> str:
        """Digest of the whole plan, to tell two plans apart."""
        return digest(canonical(self.contents))

    @cached_property
    def grid_of(self) -> dict[str, str]:
        """Atom → the code of its base grid."""
        return {atom: grid.code for grid in self.base_grids for atom in grid.atoms}

    @cached_property
    def abolished(self) -> tuple[tuple[str, str], ...]:
        """Every old grid, as (layer, id): all are abolished."""
        return tuple(dict.fromkeys((share.layer, share.grid) for share in self.crosswalk))

    @cached_property
    def cut(self) -> tuple[tuple[str, str], ...]:
        """The old grids that went to more than one base grid."""
        return tuple(old for old in self.abolished if len(self.shares_of(*old)) > 1)

    def shares_of(self, layer: str, grid: str) -> tuple[Share, ...]:
        """Give what became of one old grid, the largest share first."""
        return self._shares.get((layer, grid), ())

    @cached_property
    def _shares(self) -> dict[tuple[str, str], tuple[Share, ...]]:
        found: dict[tuple[str, str], list[Share]] = {}
        for share in self.crosswalk:
            found.setdefault((share.layer, share.grid), []).append(share)
        return {old: tuple(sorted(s, key=lambda s: (-s.households, s.base_grid))) for old, s in found.items()}

    def summary(self, language: str = "zh") -> str:
        """Say before and after in a few lines."""
        return "\n".join(self._lines(language))

    def _lines(self, language: str) -> Iterator[str]:
        say = PHRASES.say
        for layer, zh, en in self.layer_names:
            count = sum(1 for old in self.abolished if old[0] == layer)
            yield say("before", language, layer=zh if language == "zh" else en, count=count)
        sizes = [grid.households for grid in self.base_grids]
        smallest, largest = min(sizes, default=0), max(sizes, default=0)
        yield say("after", language, count=len(sizes), low=smallest, high=largest, total=sum(sizes))
        low, high = self.bounds.households_min, self.bounds.households_max
        yield say("bounds", language, low=low, high=high, bad=sum(1 for size in sizes if not low <= size <= high))
        old, cut = len(self.abolished), len(self.cut)
        yield say("cut", language, old=old, whole=old - cut, cut=cut)
        yield say("weight", language, weight=self.cut_weight)
        for finding in self.findings:
            yield f"  ! {finding}"
