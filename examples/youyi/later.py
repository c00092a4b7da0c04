"""A year later: a compound is finished, a building comes down; who and what gets another grid."""

from __future__ import annotations

import datetime as dt

from gridgov.merging import Adjustment, Lineage, adjust, frontier, undo
from gridgov.reports import text_table
from gridgov.setup import Setup
from gridgov.territory import Built, Change, Demolished

ON = dt.date(2027, 5, 1)
COMMUNITY = "150203005010"
NEW_BUILDINGS = (176, 190, 148)


def changes(setup: Setup) -> list[Change]:
    """Three buildings in a row beside the largest one of a community; its smallest one comes down."""
    atoms = [node for node in setup.ground.atoms if setup.territory.up(node.code, "community") == COMMUNITY]
    atoms.sort(key=lambda node: (setup.territory.households(node.code), node.code))
    beside, gone = atoms[-1].code, atoms[0].code
    found: list[Change] = [Demolished(gone)]
    for number, households in enumerate(NEW_BUILDINGS, start=1):
        code = f"{COMMUNITY}-N{number:03}"
        found.append(
            Built(code=code, name=f"新苑{number}号楼", community=COMMUNITY, households=households, adjoins={beside: 60})
        )
        beside = code
    return found


def show(setup: Setup) -> Adjustment:
    """Print the adjustment, what else could be had, and that undoing it gives everything back."""
    if setup.plan is None:
        raise AssertionError("an adjustment comes after a merge")
    what = changes(setup)
    done = adjust(setup.plan, setup.ground, what, setup.layers, on=ON)
    print(done.summary("zh"))
    print(done.summary("en"))
    print("取舍 / between few moves and good borders:")
    rows = [
        (f"{stay} %", each.moved, each.after.cut_weight, len(each.after.outside))
        for stay, each in zip((100, 10, 0), frontier(setup.plan, setup.ground, what, setup.layers, on=ON, stays=(100, 10, 0)), strict=True)
    ]  # fmt: skip
    print(text_table(("代价 stay", "换格户 moved", "边界权重 cut", "不符 outside"), rows))
    later = setup.with_adjustment(done, on=ON)
    print("岗位变动 / who moves:", ", ".join(f"{m.holder} {m.grid[-6:]} → {' '.join(g[-6:] for g in m.base_grids) or '?'}" for m in later.repostings) or "nobody")  # fmt: skip
    for gap in later.gaps:
        print(f"  ! {gap.message}")
    lineage = Lineage().enact(setup.plan, on=setup.effective_on).enact(done.after, on=ON, why="新苑建成")
    back = undo(done.after, setup.plan, done.ground, done.layers)
    lineage = lineage.enact(back.after, on=ON + dt.timedelta(days=30), why="撤销")
    for code in [*done.changed[:1], *done.new[:1]]:
        life = [
            (str(day), grid.households if grid else "-", len(grid.atoms) if grid else "-")
            for day, grid in lineage.life(code)
        ]
        print(f"{code}:")
        print(text_table(("日期 day", "户 households", "楼 buildings"), life))
    standing = {node.code for node in done.ground.atoms} & set(setup.plan.grid_of)
    same = all(back.after.grid_of[atom] == setup.plan.grid_of[atom] for atom in standing)
    print(f"撤销后每栋仍在的楼都回到原网格 / after undoing it every building that stands is back: {same}")
    assert same, "undoing an adjustment left a building elsewhere"
    return done
