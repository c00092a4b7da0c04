"""After the first plan: few households move, every one lands exactly once, and what was undone is undone."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from gridgov.merging import (
    adjust,
    check_plan,
    flows,
    join,
    merge,
    split,
    undo,
)
from gridgov.territory import Built, Demolished, Recounted, Transferred
from gridgov.testing import strategies

COMMUNITY = "150203005008"
DAY = dt.date(2027, 3, 1)
LATER = dt.date(2027, 6, 1)


@st.composite
def changed_grounds(draw):
    """A ground with its plan, and changes that are right in themselves."""
    ground = draw(strategies.grounds())
    layers = draw(strategies.layers(ground))
    plan = merge(ground, layers, seed=draw(st.integers(0, 3)))
    codes = [node.code for node in ground.atoms]
    communities = [node.code for node in ground.territory.at("community")]
    changes = []
    for code in draw(st.lists(st.sampled_from(codes), unique=True, max_size=4)):
        match draw(st.integers(0, 2)):
            case 0:
                changes.append(Demolished(code))
            case 1:
                changes.append(Recounted(code, draw(st.integers(0, 600))))
            case 2:
                changes.append(Transferred(code, draw(st.sampled_from(communities))))
    touched = {change.code for change in changes}
    for number in range(draw(st.integers(0, 2))):
        community = draw(st.sampled_from(communities))
        near = [code for code in codes if code.startswith(community) and code not in touched]
        adjoins = dict.fromkeys(draw(st.lists(st.sampled_from(near), unique=True, max_size=2)), 5) if near else {}
        changes.append(
            Built(
                code=f"{community}-N{number}",
                name=f"新{number}",
                community=community,
                households=draw(st.integers(0, 400)),
                adjoins=adjoins,
            )
        )
    return ground, layers, plan, changes


@given(changed_grounds(), st.sampled_from([0, 10, 100]))
def test_an_adjusted_plan_holds_and_every_household_lands_exactly_once(given_, stay):
    """动态调整，一户不漏: what flows out of the old grids is what they had; the new plan passes the check."""
    ground, layers, plan, changes = given_
    done = adjust(plan, ground, changes, layers, on=DAY, stay=stay)
    assert done.findings == ()
    assert list(check_plan(done.after, done.ground, done.layers)) == []
    for grid in plan.base_grids:
        assert sum(flow.households for flow in flows(plan, done.after, grid.code)) == grid.households
    assert sum(g.households for g in done.after.base_grids) == sum(
        done.ground.territory.households(atom.code) for atom in done.ground.atoms
    )
    assert 0 <= done.moved <= sum(grid.households for grid in plan.base_grids)


@given(changed_grounds())
def test_codes_are_never_given_out_again(given_):
    """旧号不再使用: what is new has a number above every one that was used."""
    ground, layers, plan, changes = given_
    done = adjust(plan, ground, changes, layers, on=DAY, stay=0, used=[f"{COMMUNITY[:9]}001900"])
    for code in done.new:
        before = [grid.code for grid in plan.base_grids if grid.code[:12] == code[:12]]
        assert code > max(before, default="")
        if code.startswith(f"{COMMUNITY[:9]}001"):
            assert int(code[12:]) > 900


@given(changed_grounds())
def test_undo_after_nothing_else_gives_the_same_grids_and_shares(given_):
    """撤销即复原: split, then undo, is the identity."""
    ground, layers, plan, _ = given_
    large = [grid.code for grid in plan.base_grids if len(grid.atoms) > 1]
    if not large:
        return
    cut = split(plan, ground, large[0], layers)
    back = undo(cut.after, plan, ground, layers)
    assert back.after.base_grids == plan.base_grids
    assert (back.after.crosswalk, back.after.cut_weight) == (plan.crosswalk, plan.cut_weight)
    assert back.after.digest == plan.digest


@given(changed_grounds())
def test_joining_what_was_split_gives_the_whole(given_):
    """分而复合，仍为一格."""
    ground, layers, plan, _ = given_
    for grid in plan.base_grids:
        if len(grid.atoms) > 1 and not grid.atoms[0].startswith("x"):
            parts = split(plan, ground, grid.code, layers)
            assert parts.abolished == ()
            assert {a for code in (grid.code, *parts.new) for a in parts.after[code].atoms} == set(grid.atoms)
            whole = join(parts.after, ground, [grid.code, *parts.new], layers)
            assert whole.after[grid.code].atoms == grid.atoms
            return


@given(changed_grounds())
def test_undoing_a_change_of_the_ground_gives_back_every_building_that_still_stands(given_):
    ground, layers, plan, changes = given_
    done = adjust(plan, ground, changes, layers, on=DAY, stay=0)
    back = undo(done.after, plan, done.ground, done.layers)
    for atom in done.ground.atoms:
        old = plan.grid_of.get(atom.code)
        if old and done.ground.territory.up(atom.code, "community") == plan[old].community:
            assert back.after.grid_of[atom.code] == old
