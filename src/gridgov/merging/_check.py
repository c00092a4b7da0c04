"""A second pair of eyes for every plan. Shares no code with the solver, on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gridgov.errors import Finding
from gridgov.merging._layers import Layer
from gridgov.merging._plan import MergePlan
from gridgov.territory import Ground

__all__ = ["check_plan"]


def check_plan(plan: MergePlan, ground: Ground, layers: Sequence[Layer] = ()) -> Iterator[Finding]:
    """Give everything that is wrong with a plan; nothing for a plan that holds.

    Looked at: every atom in exactly one base grid, households that add up, one community,
    contiguity, the window (unless the plan itself names the exception), codes, and shares that
    add up to their old grid.
    """
    import networkx as nx

    graph = ground.graph()
    territory = ground.territory
    count = Counter(atom for grid in plan.base_grids for atom in grid.atoms)
    for atom in ground.atoms:
        if count[atom.code] != 1:
            yield _broken("coverage", atom.code, f"{atom.code} lies in {count[atom.code]} base grids, not in one")
    for unknown in sorted(set(count) - set(graph)):
        yield _broken("unknown-atom", unknown, f"{unknown} is no {ground.atom_level}")
    named = {atom for finding in plan.findings if not finding.grave for atom in [finding.subject]}
    codes = Counter(grid.code for grid in plan.base_grids)
    for grid in plan.base_grids:
        if codes[grid.code] > 1:
            yield _broken("code-twice", grid.code, f"the code {grid.code} is used {codes[grid.code]} times")
        known = [atom for atom in grid.atoms if atom in graph]
        counted = sum(territory.households(atom) for atom in known)
        if counted != grid.households:
            yield _broken(
                "households", grid.code, f"{grid.code} says {grid.households} households, its atoms {counted}"
            )
        outside = [atom for atom in known if territory.up(atom, "community") != grid.community]
        if outside or not grid.code.startswith(grid.community):
            yield _broken("community", grid.code, f"{grid.code} leaves the community {grid.community}")
        if not known or not nx.is_connected(graph.subgraph(known)):
            yield _broken("contiguity", grid.code, f"{grid.code} falls apart")
        bounds = plan.bounds
        if not bounds.households_min <= counted <= bounds.households_max and not named & set(known):
            yield _broken(
                "window",
                grid.code,
                f"{grid.code} has {counted} households, outside {bounds.households_min}–{bounds.households_max}",
            )
    yield from _check_shares(plan, ground, layers)


def _check_shares(plan: MergePlan, ground: Ground, layers: Sequence[Layer]) -> Iterator[Finding]:
    for layer in layers:
        for old in layer.grids:
            shares = [share for share in plan.crosswalk if (share.layer, share.grid) == (layer.id, old.id)]
            total = sum(ground.territory.households(atom) for atom in old.atoms)
            if sum(share.households for share in shares) != total or any(share.of != total for share in shares):
                yield _broken("shares", f"{layer.id}/{old.id}", f"the shares of {layer.id}/{old.id} do not add up")
            for share in shares:
                inside = sum(
                    ground.territory.households(atom)
                    for grid in plan.base_grids
                    if grid.code == share.base_grid
                    for atom in grid.atoms
                    if atom in old.atoms
                )
                if inside != share.households:
                    yield _broken(
                        "shares",
                        f"{layer.id}/{old.id}",
                        f"{share.base_grid} has {inside} households of {layer.id}/{old.id}, not {share.households}",
                    )


def _broken(code: str, subject: str, message: str) -> Finding:
    return Finding(code=f"plan.{code}", subject=subject, message=message)
