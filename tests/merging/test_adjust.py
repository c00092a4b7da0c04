"""After the first plan: few households move, every one lands exactly once, and what was undone is undone."""

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.errors import NotFoundError, RefusalError, SetupError
from gridgov.merging import (
    Lineage,
    MergePolicy,
    adjust,
    check_plan,
    flows,
    frontier,
    join,
    merge,
    move,
    split,
    undo,
)
from gridgov.merging._survey import connected_pieces
from gridgov.territory import Built, Demolished, Recounted, Transferred, change_ground
from gridgov.testing import small_ground, small_layer, strategies

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
    assert attrs.evolve(back.after, retired=()).digest == plan.digest


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
    assert back.findings == ()
    territory, neighbors = done.ground.territory, done.ground.neighbors()
    standing = {atom.code for atom in done.ground.atoms}
    for grid in plan.base_grids:
        left = [a for a in grid.atoms if a in standing and territory.up(a, "community") == grid.community]
        inside = {a: {o: 1 for o in neighbors[a] if o in left} for a in left}
        if left and len(list(connected_pieces(left, inside))) == 1:
            assert {back.after.grid_of[atom] for atom in left} == {grid.code}


# --- by example -----------------------------------------------------------------------------------

ROW = small_ground([100] * 12)
FIRST = merge(ROW, [])
ONE, TWO, THREE = (grid.code for grid in FIRST.base_grids)


def test_what_fits_where_it_is_moves_nobody():
    """A grid that loses a building and stays inside its window is left alone."""
    room = next(grid for grid in FIRST.base_grids if grid.households > 300)
    done = adjust(FIRST, ROW, [Demolished(room.atoms[0])], on=DAY)
    assert (done.moved, done.new, done.abolished, done.changed) == (0, (), (), (room.code,))
    assert [after.name for after in done.after.base_grids] == [before.name for before in FIRST.base_grids]


def test_a_new_compound_that_fits_nowhere_becomes_a_grid_and_the_summary_counts_it():
    new = [
        Built(code="N1", name="新苑1号楼", community=COMMUNITY, households=240, adjoins={"B11": 60}),
        Built(code="N2", name="新苑2号楼", community=COMMUNITY, households=240, adjoins={"N1": 60}),
    ]
    done = adjust(FIRST, ROW, new, on=DAY)
    assert (done.moved, done.abolished, done.findings, done.after.outside) == (0, (), (), ())
    (code,) = done.new
    assert done.after[code].atoms == ("N1", "N2")
    assert done.after[code].code == f"{COMMUNITY}004"
    assert "0 of 1680 households get another grid; 3 grids stay as they are, 0 change, 1 are new, 0 are abolished" in (
        done.summary("en")
    )
    assert "换到别的网格；3 个网格不变" in done.summary("zh")


def test_the_frontier_goes_from_few_moves_to_good_borders():
    """取舍: more households moved, a smaller cut; the ends are the extremes."""
    ground = small_ground([60] * 8, [60] * 8, [60] * 8)
    old = small_layer("a", [f"B{n:02}" for n in range(12)], [f"B{n:02}" for n in range(12, 24)])
    plan = merge(ground, [old])
    codes = [grid.code for grid in plan.base_grids]
    atom = next(a for a in plan[codes[0]].atoms if move(plan, ground, {a: codes[1]}, [old]).findings == ())
    worse = move(plan, ground, {atom: codes[1]}, [old]).after
    found = frontier(worse, ground, [Recounted("B00", 61)], [old], on=DAY, stays=(100, 0))
    assert found[0].moved <= found[-1].moved
    assert found[0].after.cut_weight >= found[-1].after.cut_weight
    assert all(each.findings == () for each in found)


def test_a_community_that_becomes_too_small_for_its_grids_gives_one_up():
    changes = [Demolished(f"B{n:02}") for n in range(6)]
    done = adjust(FIRST, ROW, changes, on=DAY)
    assert done.findings == ()
    assert sum(grid.households for grid in done.after.base_grids) == 600
    assert len(done.after.base_grids) == 2
    assert len(done.abolished) == 1


def test_a_grid_whose_middle_comes_down_falls_into_two_and_is_mended():
    middle = FIRST[TWO].atoms[1]
    done = adjust(FIRST, ROW, [Demolished(middle)], on=DAY)
    assert done.findings == ()
    assert list(check_plan(done.after, done.ground)) == []


def test_another_policy_may_be_asked_for_later():
    policy = MergePolicy(bounds=attrs.evolve(FIRST.bounds, households_min=200, target=300, households_max=300))
    done = adjust(FIRST, ROW, [], on=DAY, policy=policy)
    assert done.after.outside == ()
    assert max(grid.households for grid in done.after.base_grids) <= 300


def test_loyalty_without_layers_is_no_work():
    assert merge(ROW, [], MergePolicy(loyalty=5)).grid_of == FIRST.grid_of


def test_what_is_refused_by_hand_names_what_is_wrong():
    with pytest.raises(RefusalError, match="'B99' is not in the plan"):
        move(FIRST, ROW, {"B99": ONE})
    with pytest.raises(RefusalError, match="'nowhere' is not in the plan"):
        move(FIRST, ROW, {"B00": "nowhere"})
    with pytest.raises(SetupError, match="B99"):
        adjust(FIRST, ROW, [Demolished("B99")], on=DAY)
    with pytest.raises(NotFoundError, match="of 3"):
        flows(FIRST, FIRST, "nowhere")


def test_an_opened_building_stays_opened_through_an_adjustment():
    more = [
        attrs.evolve(ROW.territory["B00"], code=f"E{n}", level="entrance", parent="B01", households=300)
        for n in range(3)
    ]
    ground = small_ground([300, 900, 300], more=more)
    nodes = [attrs.evolve(n, households=None) if n.code == "B01" else n for n in ground.territory]
    ground = attrs.evolve(ground, territory=type(ground.territory).build(ground.territory.levels, nodes))
    plan = merge(ground, [])
    assert plan.opened == ("B01",)
    done = adjust(plan, ground, [Recounted("B00", 310)], on=DAY)
    assert (done.after.opened, done.findings) == (("B01",), ())
    later = adjust(done.after, done.ground, [Recounted("B02", 320)], on=LATER)
    assert later.findings == ()
    ground = change_ground(done.ground, [Recounted("B02", 320)], on=LATER)
    assert Lineage().enact(plan, on=DAY).enact(later.after, on=LATER).codes[0] == plan.base_grids[0].code
    assert [node.code for node in ground.atoms] == [node.code for node in later.ground.atoms]
