"""The front door of the room: a ground and its layers in, a plan out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.merging._assemble import Part, assemble
from gridgov.merging._layers import Bounds, Layer, check_layers
from gridgov.merging._people import Incumbent
from gridgov.merging._plan import MergePlan, Shortfall
from gridgov.merging._policy import MergePolicy
from gridgov.merging._repost import repost
from gridgov.merging._run import Progress, Solved, divide_all
from gridgov.merging._solve import Division
from gridgov.merging._survey import Block, Survey, check_policy, for_atoms, open_large_buildings
from gridgov.staffing import Role
from gridgov.territory import Ground
from gridgov.wording import Text

__all__ = ["check_same_layers", "merge", "parts_of", "surveyed", "sweep"]

LEFT_OUT = {"plan.no-holder": "{subject} 尚缺一人一格的岗位人员", "plan.no-grid": "{subject} 尚无网格可去"}


def merge(
    ground: Ground,
    layers: Sequence[Layer],
    wanted: Bounds | MergePolicy | None = None,
    *,
    seed: int = 0,
    roles: Mapping[str, Role] | None = None,
    incumbents: Sequence[Incumbent] = (),
    engine: str = "auto",
    executor: Executor | None = None,
    progress: Progress | None = None,
    solved: Solved | None = None,
) -> MergePlan:
    """Divide the ground into base grids.

    :param ground: communities with atoms (usually buildings), their households and adjacency.
    :param layers: the old grids of each department; each covers every atom exactly once.
    :param wanted: a policy, or just its bounds; by default 300–500 households around 400.
    :param seed: another seed gives another, equally valid plan.
    :param roles: with *incumbents*: who must be posted on base grids, and by which rule. Whoever finds
        no grid, and a grid that finds nobody, are shortfalls too; ``Setup.with_plan`` refuses them.
    :param engine: ``plain`` Python, ``compiled`` by numba (more than ten times faster, the same plan), or
        ``auto`` for whichever is there.
    :param executor: where communities are divided; None divides them here. The plan is the same.
    :param progress: is told how many atoms of how many are divided.
    :param solved: remembers pieces, so that a run that was stopped goes on where it was.
    :raises SetupError: for a ground, layer or policy that is wrong in itself. What merely cannot be
        divided as wanted is a shortfall of the plan and no error.
    """
    policy = wanted if isinstance(wanted, MergePolicy) else MergePolicy(bounds=wanted or Bounds())
    survey = surveyed(ground, layers, policy, seed)
    blocks = list(survey.blocks())
    pieces = [plot.piece for block in blocks for plot in block.plots]
    divisions = divide_all(pieces, engine=engine, executor=executor, progress=progress, solved=solved)
    found = iter(divisions)
    plan = assemble(survey, blocks, {b.community.code: parts_of(b, [next(found) for _ in b.plots]) for b in blocks})
    if incumbents:
        people, missing = repost(plan, roles or {}, incumbents)
        left = tuple(
            Shortfall(
                code=each.code.removeprefix("plan."),
                subject=each.subject,
                text=Text(LEFT_OUT[each.code].format(subject=each.subject), each.message),
                proved=False,
            )
            for each in missing
        )
        plan = attrs.evolve(plan, people=people, shortfalls=(*plan.shortfalls, *left))
    return plan


def sweep(
    ground: Ground,
    layers: Sequence[Layer],
    wanted: Bounds | MergePolicy | None = None,
    *,
    targets: Sequence[int] = (340, 370, 400, 430, 460),
    seed: int = 0,
    engine: str = "auto",
) -> dict[int, MergePlan]:
    """Give a plan for each of several targets of households: fewer grids cut less, more grids are nearer to people.

    :param targets: each inside the window of *wanted*.
    :raises ValueError: for a target outside the window.
    """
    policy = wanted if isinstance(wanted, MergePolicy) else MergePolicy(bounds=wanted or Bounds())
    found = {}
    for target in targets:
        bounds = attrs.evolve(policy.bounds, target=target)
        found[target] = merge(ground, layers, attrs.evolve(policy, bounds=bounds), seed=seed, engine=engine)
    return found


def surveyed(ground: Ground, layers: Sequence[Layer], policy: MergePolicy, seed: int) -> Survey:
    """Check everything that goes into a merge, and carve it up.

    :raises SetupError: with every mistake.
    """
    findings: list[Finding] = [*ground.check(), *check_layers(ground.whole, layers)]
    if findings:
        raise SetupError(findings)
    opened = open_large_buildings(ground, policy)
    policy = for_atoms(policy, opened)
    findings += check_policy(opened, layers, policy)
    if findings:
        raise SetupError(findings)
    survey = Survey(ground=opened, layers=layers, policy=policy, seed=seed)
    findings += survey.check_held()
    if findings:
        raise SetupError(findings)
    return survey


def check_same_layers(plan: MergePlan, layers: Sequence[Layer]) -> None:
    """Refuse other layers than those that a plan was made of: its weights would not compare.

    :raises SetupError: names both.
    """
    said, given = [id_ for id_, _, _ in plan.layer_names], [layer.id for layer in layers]
    if said != given:
        message = f"the plan was made of the layers {', '.join(said) or 'none'}; given are {', '.join(given) or 'none'}"
        raise SetupError([Finding(code="plan.other-layers", subject="", message=message, remedy="give the same ones")])


def parts_of(block: Block, divisions: Sequence[Division]) -> list[Part]:
    """Give the parts of a community: what was carved out, and what its plots were divided into."""
    parts = [Part(atoms=frozenset(each.atoms), kind=each.kind, code=each.code) for each in block.carved]
    for plot, division in zip(block.plots, divisions, strict=True):
        parts += [Part(atoms=atoms) for atoms in plot.parts(division)]
    return parts
