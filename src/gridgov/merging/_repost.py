"""Where people go when their grids are abolished: by a first plan, and by a later one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence

import attrs

from gridgov.errors import Finding
from gridgov.merging._lineage import flows
from gridgov.merging._people import Incumbent, Reposting
from gridgov.merging._plan import MergePlan
from gridgov.staffing import Posting, Role, Roster
from gridgov.wording import Text

__all__ = ["Succession", "coverage", "repost", "succeed"]


NEAREST = Text("保留原网格住户最多", "keeps most households of the old grid")
SHARED = Text("同一单位分片,各格都有人", "the group shares the grids, so that each has somebody")
OPEN = Text("补足无人网格", "fills a grid that had nobody")
FOLLOWS = Text("随原网格住户转入", "follows the households of the grid that was abolished")
BACK = Text("原网格恢复,回原岗", "the grid is back, and so is its holder")
LEFT = Text(
    "原网格撤销,转入网格已有人,由人决定去向",
    "the grid is abolished and the one it went to has somebody; a person decides",
)


def repost(
    plan: MergePlan, roles: Mapping[str, Role], incumbents: Sequence[Incumbent]
) -> tuple[tuple[Reposting, ...], tuple[Finding, ...]]:
    """Post every incumbent on base grids, by the rule of its role.

    ``one-to-one``: each gets one grid and no grid gets two, so that together they keep as many
    households as can be. ``one-to-many``: the holders of one group divide all grids of their
    area evenly. ``many-to-one`` and ``free``: each goes to the grid that holds most of its old one.

    :returns: one reposting per incumbent, in their order, and a finding for every grid that is
        left without a holder of a one-to-one role and every holder without a grid.
    """
    groups: dict[tuple[str, str, str], list[Incumbent]] = {}
    for each in incumbents:
        groups.setdefault((each.role, each.group, each.community), []).append(each)
    posted: dict[Incumbent, Reposting] = {}
    findings: list[Finding] = []
    for (role, _group, community), holders in groups.items():
        grids = [grid.code for grid in plan.base_grids if not community or grid.community == community]
        if role not in roles or not grids:
            why = f"there is no role {role!r}" if role not in roles else f"{community or 'the plan'} has no base grid"
            findings += [Finding(code="plan.no-grid", subject=h.holder, message=f"{h.holder}: {why}") for h in holders]
            continue
        overlap = {each.holder: _overlap(plan, each) for each in holders}
        cardinality = roles[role].cardinality
        if cardinality == "one-to-one":
            chosen = _one_to_one(holders, grids, overlap)
            findings += _unfilled(role, community, holders, grids, chosen)
        elif cardinality == "one-to-many":
            chosen = _one_to_many(holders, grids, overlap)
        else:
            chosen = {each.holder: [_nearest(grids, overlap[each.holder])] for each in holders}
        for each in holders:
            posted[each] = _reposting(each, chosen.get(each.holder, []), overlap[each.holder], cardinality)
    found = (posted.get(each) for each in incumbents)
    return tuple(each for each in found if each is not None), tuple(findings)


def _overlap(plan: MergePlan, incumbent: Incumbent) -> dict[str, int]:
    return {share.base_grid: share.households for share in plan.shares_of(incumbent.layer, incumbent.grid)}


def _nearest(grids: Sequence[str], overlap: Mapping[str, int]) -> str:
    return max(grids, key=lambda grid: (overlap.get(grid, 0), [-ord(c) for c in grid]))


def _one_to_one(
    holders: Sequence[Incumbent], grids: Sequence[str], overlap: Mapping[str, Mapping[str, int]]
) -> dict[str, list[str]]:
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    for each in holders:
        for grid in grids:
            graph.add_edge(f"holder {each.holder}", grid, weight=overlap[each.holder].get(grid, 0))
    found: dict[str, list[str]] = {}
    for pair in nx.max_weight_matching(graph, maxcardinality=True):
        grid, holder = sorted(pair, key=lambda end: end.startswith("holder "))
        found[holder.removeprefix("holder ")] = [grid]
    return found


def _one_to_many(
    holders: Sequence[Incumbent], grids: Sequence[str], overlap: Mapping[str, Mapping[str, int]]
) -> dict[str, list[str]]:
    most = -(-len(grids) // len(holders))
    found: dict[str, list[str]] = {each.holder: [] for each in holders}
    wishes = sorted(
        ((overlap[each.holder].get(grid, 0), grid, each.holder) for each in holders for grid in grids),
        key=lambda wish: (-wish[0], wish[1], wish[2]),
    )
    taken: set[str] = set()
    for households, grid, holder in wishes:
        if households and grid not in taken and len(found[holder]) < most:
            found[holder].append(grid)
            taken.add(grid)
    for grid in grids:
        if grid not in taken:
            found[min(found, key=lambda holder: (len(found[holder]), holder))].append(grid)
    for each in holders:
        if not found[each.holder]:
            found[each.holder].append(_nearest(grids, overlap[each.holder]))
    return {holder: sorted(codes) for holder, codes in found.items()}


def _unfilled(
    role: str,
    community: str,
    holders: Sequence[Incumbent],
    grids: Sequence[str],
    chosen: Mapping[str, Sequence[str]],
) -> Iterator[Finding]:
    filled = {grid for codes in chosen.values() for grid in codes}
    for grid in grids:
        if grid not in filled:
            yield Finding(code="plan.no-holder", subject=grid, message=f"nobody is left to be {role} of {grid}")
    for each in holders:
        if each.holder not in chosen:
            where = f" of {community}" if community else ""
            yield Finding(
                code="plan.no-grid", subject=each.holder, message=f"no grid{where} is left for {each.holder} ({role})"
            )


def _reposting(incumbent: Incumbent, chosen: Sequence[str], overlap: Mapping[str, int], cardinality: str) -> Reposting:
    kept = sum(overlap.get(grid, 0) for grid in chosen)
    why = SHARED if cardinality == "one-to-many" else NEAREST if kept else OPEN
    return Reposting(
        holder=incumbent.holder,
        role=incumbent.role,
        layer=incumbent.layer,
        grid=incumbent.grid,
        base_grids=tuple(chosen),
        kept=kept,
        had=sum(overlap.values()),
        why=why,
    )


@attrs.frozen(kw_only=True)
class Succession:
    """What a later plan means for those who are posted already.

    :param ended: id of a posting → its last day, and why it ends; :param added: what begins.
    :param moved: where everybody goes whose grid was abolished; nowhere where a person must decide.
    :param findings: grids that have nobody of a one-to-one role, and people who have no grid.
    """

    ended: Mapping[str, tuple[dt.date, str]]
    added: tuple[Posting, ...]
    moved: tuple[Reposting, ...]
    findings: tuple[Finding, ...]


def succeed(before: MergePlan, after: MergePlan, roster: Roster, on: dt.date) -> Succession:
    """Let people follow a later plan: who is on a grid that stays, stays.

    Who was on a grid that is abolished goes where most of its households went; in a one-to-one role
    only if nobody is there, else to a grid of the same community that has nobody.

    :param on: the first day of the later plan.
    """
    current = [posting for posting in roster.postings if posting.place in before and posting.until_on >= on]
    leaving = [posting for posting in current if posting.place not in after]
    held = {(p.role, p.place, p.holder) for p in current if p.place in after}
    moved: list[Reposting] = []
    added: list[Posting] = []
    for posting in leaving:
        goes, why = _next_grid(posting, before, after, roster, held)
        if goes and (posting.role, goes, posting.holder) not in held:
            id_ = f"{posting.role}:{posting.holder}:{goes}:{on}"
            begins = max(on, posting.from_on)
            added.append(attrs.evolve(posting, id=id_, place=goes, from_on=begins, end_reason=""))
            held.add((posting.role, goes, posting.holder))
        shares = _flowed(before, after, posting.place)
        moved.append(
            Reposting(
                holder=posting.holder,
                role=posting.role,
                layer="",
                grid=posting.place,
                base_grids=(goes,) if goes else (),
                kept=shares.get(goes, 0),
                had=before[posting.place].households,
                why=why,
            )
        )
    eve = on - dt.timedelta(days=1)
    ended = {p.id: (max(eve, p.from_on), f"grid {p.place} is abolished") for p in leaving}
    for posting, since in _returning(before, after, roster):
        # Whoever was sent away when the grid was abolished comes back to it.
        for other in current:
            sent = other.holder == posting.holder and other.role == posting.role and other.from_on == since
            if sent and other.place in after and roster.role(posting.role).cardinality != "one-to-many":
                ended[other.id] = (max(eve, other.from_on), f"grid {posting.place} is back")
                held.discard((other.role, other.place, other.holder))
        id_ = f"{posting.role}:{posting.holder}:{posting.place}:{on}"
        added.append(attrs.evolve(posting, id=id_, from_on=on, until_on=dt.date.max, end_reason=""))
        held.add((posting.role, posting.place, posting.holder))
        moved.append(_back(posting, after))
    added += _spread_out(before, after, current, roster, held, on)
    return Succession(
        ended=ended,
        added=tuple(added),
        moved=tuple(moved),
        findings=tuple(_gaps(current, moved, after, roster, held)),
    )


def _returning(before: MergePlan, after: MergePlan, roster: Roster) -> Iterator[tuple[Posting, dt.date]]:
    """Give the postings that ended because a grid was abolished which is there again, and the day after they did."""
    for posting in roster.postings:
        gone = posting.end_reason == f"grid {posting.place} is abolished"
        if gone and posting.place in after and posting.place not in before:
            yield posting, posting.until_on + dt.timedelta(days=1)


def _back(posting: Posting, after: MergePlan) -> Reposting:
    had = after[posting.place].households
    return Reposting(
        holder=posting.holder,
        role=posting.role,
        layer="",
        grid=posting.place,
        base_grids=(posting.place,),
        kept=had,
        had=had,
        why=BACK,
    )


def _spread_out(
    before: MergePlan,
    after: MergePlan,
    current: Sequence[Posting],
    roster: Roster,
    held: set[tuple[str, str, str]],
    on: dt.date,
) -> Iterator[Posting]:
    """Let whoever covers many grids cover a new one too that came out of one of theirs."""
    sources: dict[str, dict[str, int]] = {}
    for grid in before.base_grids:
        for other, households in _flowed(before, after, grid.code).items():
            if other not in before:
                sources.setdefault(other, {})[grid.code] = households
    for code, parts in sorted(sources.items()):
        source = max(parts, key=lambda old: (parts[old], old))
        for posting in current:
            covers = posting.place == source and roster.role(posting.role).cardinality == "one-to-many"
            if covers and (posting.role, code, posting.holder) not in held:
                held.add((posting.role, code, posting.holder))
                id_ = f"{posting.role}:{posting.holder}:{code}:{on}"
                yield attrs.evolve(posting, id=id_, place=code, from_on=max(on, posting.from_on), end_reason="")


def _flowed(before: MergePlan, after: MergePlan, grid: str) -> dict[str, int]:
    return {flow.other: flow.households for flow in flows(before, after, grid) if flow.other}


def _next_grid(
    posting: Posting, before: MergePlan, after: MergePlan, roster: Roster, held: Collection[tuple[str, str, str]]
) -> tuple[str, Text]:
    """Give where a holder goes whose grid is abolished, empty where a person must decide; and why."""
    flowed = list(_flowed(before, after, posting.place))
    if roster.role(posting.role).cardinality != "one-to-one":
        return (flowed[0], FOLLOWS) if flowed else ("", LEFT)
    taken = {grid for role, grid, _ in held if role == posting.role}
    free = [grid for grid in flowed if grid not in taken]
    if free:
        return free[0], FOLLOWS
    community = before[posting.place].community
    vacant = (g.code for g in after.base_grids if g.community == community and g.kind == "residential")
    open_ = next((code for code in vacant if code not in taken), "")
    return (open_, OPEN) if open_ else ("", LEFT)


def _gaps(
    current: Sequence[Posting],
    moved: Sequence[Reposting],
    after: MergePlan,
    roster: Roster,
    held: Collection[tuple[str, str, str]],
) -> Iterator[Finding]:
    """Give the people without a grid, and the grids without somebody of a one-to-one role."""
    for each in moved:
        if not each.base_grids:
            message = f"{each.grid} is abolished, and no grid is left for {each.holder} ({each.role})"
            yield Finding(code="plan.no-grid", subject=each.holder, message=message, grave=False)
    taken = {(role, grid) for role, grid, _ in held}
    for role in sorted({p.role for p in current if roster.role(p.role).cardinality == "one-to-one"}):
        for grid in after.base_grids:
            if grid.kind == "residential" and (role, grid.code) not in taken:
                message = f"nobody is {role} of {grid.code}"
                yield Finding(code="plan.no-holder", subject=grid.code, message=message, grave=False)


def coverage(plan: MergePlan, people: Sequence[Reposting]) -> dict[str, dict[str, tuple[tuple[str, ...], int]]]:
    """Say who covers what: role → holder → its base grids, and its load in households.

    Where several holders of a role share a grid, each carries its part of the households.
    """
    sharing: dict[tuple[str, str], int] = {}
    for each in people:
        for code in each.base_grids:
            sharing[each.role, code] = sharing.get((each.role, code), 0) + 1
    found: dict[str, dict[str, tuple[tuple[str, ...], int]]] = {}
    turn: dict[tuple[str, str], int] = {}
    for each in people:
        load = 0
        for code in each.base_grids:
            among, place = sharing[each.role, code], turn.get((each.role, code), 0)
            turn[each.role, code] = place + 1
            # What does not divide evenly falls to the first ones.
            load += plan[code].households // among + (place < plan[code].households % among)
        codes, before = found.setdefault(each.role, {}).get(each.holder, ((), 0))
        found[each.role][each.holder] = ((*codes, *each.base_grids), before + load)
    return found
