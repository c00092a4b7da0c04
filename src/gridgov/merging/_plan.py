"""What comes out of a merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs

from gridgov.errors import Finding, NotFoundError
from gridgov.merging._certificate import Certificate
from gridgov.merging._layers import Bounds
from gridgov.merging._people import Reposting
from gridgov.merging._policy import MergePolicy
from gridgov.proofs import canonical, digest
from gridgov.wording import Phrasebook, Text

__all__ = ["BaseGrid", "Border", "MergePlan", "Share", "Shortfall"]

PHRASES = Phrasebook(
    {
        "before": ("{layer}：{count} 个旧网格", "{layer}: {count} old grids"),
        "after": (
            "合并为 {count} 个基础网格，每格 {low}–{high} 户（共 {total} 户）",
            "Merged into {count} base grids of {low}–{high} households ({total} in all)",
        ),
        "sites": (
            "另按类型设 {count} 个网格（专属、商务楼宇、沿街路面）",
            "Besides, {count} grids made by kind (dedicated, commercial, road)",
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
        "no-border": ("{one} 与 {other} 不相邻。", "{one} and {other} do not adjoin."),
        "border": (
            "{one}（{one_households} 户）与 {other}（{other_households} 户）之间：{pairs} 处相邻，共 {meters} 米。",
            "Between {one} ({one_households} households) and {other} ({other_households}): "
            "{pairs} adjacencies, {meters} m in all.",
        ),
        "community": ("社区界线，不得跨越。", "It is the border of a community, which no base grid crosses."),
        "within": (
            "{layer}的界线，按要求不得跨越。",
            "It is a border of {layer}, which was to be kept.",
        ),
        "barrier": (
            "其间有道路、铁路或河流，按要求不得跨越。",
            "A road, railway or river lies between, which was to be kept.",
        ),
        "kind": (
            "{grid} 按类型设立（{kind}），不按户数划分。",
            "{grid} is made by its kind ({kind}), not by households.",
        ),
        "too-large": (
            "两格合并将有 {households} 户，超过 {most} 户。",
            "As one they would have {households} households, more than {most}.",
        ),
        "fits-together": (
            "两格合并为 {households} 户，仍在 {least}–{most} 户之内；分开是因为总体更好。",
            "As one they would have {households} households, inside {least}–{most}; they are two because the whole "
            "is better so.",
        ),
        "follows": (
            "{layer}：{count} 处相邻本来就在旧界线上。",
            "{layer}: {count} of the adjacencies lay on an old border already.",
        ),
        "crosses": (
            "{layer}：{count} 处相邻原属同一旧网格，这条界线将其拆开。",
            "{layer}: {count} of the adjacencies lay inside one old grid, which this border cuts.",
        ),
        "price": (
            "这条界线的权重为 {weight}（全部界线共 {whole}）。",
            "This border weighs {weight} (all borders together {whole}).",
        ),
    }
)


@attrs.frozen(kw_only=True)
class BaseGrid:
    """One base grid （基础网格） of a plan.

    :param counts: households of each atom, as they were counted when the plan was made.
    :param kind: ``residential``, or ``dedicated``, ``commercial``, ``road``, which are made by kind.
    :param amounts: what it counts in each further measure of the policy, in their order.
    """

    code: str
    name: str
    community: str
    atoms: tuple[str, ...]
    households: int
    counts: tuple[int, ...] = ()
    kind: str = "residential"
    amounts: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class Share:
    """What of an old grid went into a base grid; the households of its shares add up to *of*."""

    layer: str
    grid: str
    base_grid: str
    households: int
    of: int


@attrs.frozen(kw_only=True)
class Border:
    """Where two base grids meet.

    :param pairs: how many atoms adjoin across it, *meters* of common border in all.
    :param weight: what it adds to the cut weight of the plan.
    :param hard: ``community``, the id of a layer that grids lie within, ``barrier``, or empty
        where the solver chose it.
    :param kept: for each layer, how many of the pairs it had in one grid.
    """

    one: str
    other: str
    pairs: int
    meters: int
    weight: int
    hard: str
    kept: tuple[int, ...]


@attrs.frozen(kw_only=True)
class Shortfall:
    """Something wanted that the plan does not have, and why.

    :param subject: the first atom of the grid that is meant, or the community.
    :param proved: it cannot be had; otherwise no better was found, or a person wanted it so.
    """

    code: str
    subject: str
    text: Text
    proved: bool


@attrs.frozen(kw_only=True, eq=False)
class MergePlan:
    """Base grids, the crosswalk to them, and whatever could not be had.

    :param opened: buildings that were divided by entrance or floor.
    :param retired: codes of earlier plans that ended; none of them is given out again.
    :param crosswalk: for every old grid, which base grids it became.
    :param cut_weight: the sum over adjacencies between two base grids of one community of 1 + the
        number of layers that had both sides in one grid.
    :param borders: where base grids meet, each pair once.
    :param certificate: what can be proved of the plan.
    :param people: where everybody goes, and why; see :func:`~gridgov.merging.repost`.
    """

    policy: MergePolicy
    seed: int
    base_grids: tuple[BaseGrid, ...]
    crosswalk: tuple[Share, ...]
    cut_weight: int
    layer_names: tuple[tuple[str, str, str], ...]
    opened: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    borders: tuple[Border, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    certificate: Certificate = attrs.field(factory=Certificate)
    people: tuple[Reposting, ...] = ()

    @property
    def bounds(self) -> Bounds:
        """The usual window."""
        return self.policy.bounds

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
    def findings(self) -> tuple[Finding, ...]:
        """The shortfalls as findings that forbid nothing."""
        return tuple(
            Finding(code=f"plan.{each.code}", subject=each.subject, message=each.text.en, grave=False)
            for each in self.shortfalls
        )

    def __getitem__(self, code: str) -> BaseGrid:
        """Give a base grid.

        :raises NotFoundError: for a code that is none of this plan's.
        """
        grid = self._grids.get(code)
        if grid is None:
            raise NotFoundError(f"there is no base grid {code!r} in this plan of {len(self.base_grids)}")
        return grid

    def __contains__(self, code: object) -> bool:
        return code in self._grids

    def get(self, code: str) -> BaseGrid | None:
        """Give a base grid, None for a code that is none of this plan's."""
        return self._grids.get(code)

    @cached_property
    def _grids(self) -> Mapping[str, BaseGrid]:
        return {grid.code: grid for grid in self.base_grids}

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

    @property
    def scattered(self) -> int:
        """The sum over old grids of the base grids that each lies in, less one."""
        return sum(len(self.shares_of(*old)) - 1 for old in self.abolished)

    def bounds_of(self, community: str) -> Bounds | None:
        """Give the window of a community; None where a number of grids is wanted instead."""
        found = self.policy.exceptions.get(community, self.bounds)
        return found if isinstance(found, Bounds) else None

    @cached_property
    def outside(self) -> tuple[BaseGrid, ...]:
        """The residential base grids whose households are outside the window of their community."""
        return tuple(grid for grid in self.base_grids if self._is_outside(grid))

    def _is_outside(self, grid: BaseGrid) -> bool:
        bounds = self.bounds_of(grid.community)
        return grid.kind == "residential" and bounds is not None and bool(bounds.missing(grid.households))

    def shares_of(self, layer: str, grid: str) -> tuple[Share, ...]:
        """Give what became of one old grid, the largest share first."""
        return self._shares.get((layer, grid), ())

    @cached_property
    def _shares(self) -> dict[tuple[str, str], tuple[Share, ...]]:
        found: dict[tuple[str, str], list[Share]] = {}
        for share in self.crosswalk:
            found.setdefault((share.layer, share.grid), []).append(share)
        return {old: tuple(sorted(s, key=lambda s: (-s.households, s.base_grid))) for old, s in found.items()}

    def border(self, one: str, other: str) -> Border | None:
        """Give the border of two base grids; None if they do not adjoin.

        :raises NotFoundError: for a code that is none of this plan's.
        """
        ends = {self[one].code, self[other].code}
        return next((border for border in self.borders if {border.one, border.other} == ends), None)

    def explain(self, one: str, other: str, language: str = "zh") -> str:
        """Say why the border between two base grids is where it is.

        :raises NotFoundError: for a code that is none of this plan's.
        """
        return "\n".join(self._reasons(one, other, language))

    def _reasons(self, one: str, other: str, language: str) -> Iterator[str]:
        say = PHRASES.say
        border = self.border(one, other)
        if border is None:
            yield say("no-border", language, one=one, other=other)
            return
        grids = self[one], self[other]
        sizes = [grid.households for grid in grids]
        yield say(
            "border", language, one=one, one_households=sizes[0], other=other, other_households=sizes[1],
            pairs=border.pairs, meters=border.meters,
        )  # fmt: skip
        names = {id_: (zh if language == "zh" else en) for id_, zh, en in self.layer_names}
        if border.hard in ("community", "barrier"):
            yield say(border.hard, language)
        elif border.hard:
            yield say("within", language, layer=names[border.hard])
        for grid in grids:
            if grid.kind != "residential":
                yield say("kind", language, grid=grid.code, kind=grid.kind)
        bounds = self.bounds_of(grids[0].community)
        if not border.hard and bounds is not None and all(grid.kind == "residential" for grid in grids):
            least, most = bounds.households_min, bounds.households_max
            if sum(sizes) >= least:
                key = "too-large" if sum(sizes) > most else "fits-together"
                yield say(key, language, households=sum(sizes), least=least, most=most)
        for (_, zh, en), kept in zip(self.layer_names, border.kept, strict=True):
            layer = zh if language == "zh" else en
            if border.pairs - kept:
                yield say("follows", language, layer=layer, count=border.pairs - kept)
            if kept:
                yield say("crosses", language, layer=layer, count=kept)
        if border.hard != "community":
            yield say("price", language, weight=border.weight, whole=self.cut_weight)

    def summary(self, language: str = "zh") -> str:
        """Say before and after in a few lines."""
        return "\n".join(self._lines(language))

    def _lines(self, language: str) -> Iterator[str]:
        say = PHRASES.say
        for layer, zh, en in self.layer_names:
            count = sum(1 for old in self.abolished if old[0] == layer)
            yield say("before", language, layer=zh if language == "zh" else en, count=count)
        sizes = [grid.households for grid in self.base_grids if grid.kind == "residential"]
        smallest, largest = min(sizes, default=0), max(sizes, default=0)
        yield say("after", language, count=len(sizes), low=smallest, high=largest, total=sum(sizes))
        sites = len(self.base_grids) - len(sizes)
        if sites:
            yield say("sites", language, count=sites)
        low, high = self.bounds.households_min, self.bounds.households_max
        yield say("bounds", language, low=low, high=high, bad=len(self.outside))
        old, cut = len(self.abolished), len(self.cut)
        yield say("cut", language, old=old, whole=old - cut, cut=cut)
        yield say("weight", language, weight=self.cut_weight)
        if self.certificate.proofs:
            yield self.certificate.summary(language)
        for shortfall in self.shortfalls:
            yield f"  ! {shortfall.subject}: {shortfall.text.in_(language)}"
