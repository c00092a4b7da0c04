"""What a grid was on a day, and where it went; nothing of that is ever rewritten."""

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.errors import NotFoundError, RefusalError
from gridgov.merging import Lineage, flows, join, merge, move, split, undo
from gridgov.testing import small_ground

GROUND = small_ground([100] * 12)
FIRST = merge(GROUND, [])
ONE, TWO, THREE = (grid.code for grid in FIRST.base_grids)
SPRING, SUMMER, AUTUMN, WINTER = (dt.date(2027, month, 1) for month in (3, 6, 9, 12))


def story():
    """One grid is split in summer, its new half joined to another in autumn, all undone in winter."""
    cut = split(FIRST, GROUND, ONE).after
    new = next(code for code in (grid.code for grid in cut.base_grids) if code not in FIRST)
    joined = join(cut, GROUND, [new, TWO]).after
    back = undo(joined, FIRST, GROUND).after
    lineage = Lineage()
    for day, plan in ((SPRING, FIRST), (SUMMER, cut), (AUTUMN, joined), (WINTER, back)):
        lineage = lineage.enact(plan, on=day)
    return lineage, new


def test_a_code_means_what_it_meant_on_the_day():
    lineage, new = story()
    assert lineage.grid(ONE, SPRING) == FIRST[ONE]
    assert lineage.grid(new, SPRING) is None
    assert set(lineage.grid(ONE, SUMMER).atoms) | set(lineage.grid(new, SUMMER).atoms) == set(FIRST[ONE].atoms)
    assert lineage.grid(new, SUMMER + dt.timedelta(days=20)).atoms == lineage.grid(new, SUMMER).atoms
    assert lineage.on(dt.date(2030, 1, 1)).base_grids == FIRST.base_grids


def test_where_a_grid_went_and_came_from_adds_up():
    lineage, new = story()
    went = lineage.became(ONE, SPRING, AUTUMN)
    assert sum(flow.households for flow in went) == went[0].of == FIRST[ONE].households
    assert {flow.other for flow in lineage.became(ONE, SPRING, SUMMER)} == {ONE, new}
    holder = went[-1].other if went[-1].other != ONE else went[0].other
    sources = {flow.one for flow in lineage.came_from(holder, AUTUMN, SPRING)}
    assert ONE in sources
    assert lineage.became(ONE, SPRING, WINTER) == flows(FIRST, FIRST, ONE)


def test_the_life_of_a_grid_lists_the_days_on_which_it_changed():
    lineage, new = story()
    assert [day for day, _ in lineage.life(ONE)][:2] == [SPRING, SUMMER]
    assert next((day, grid is not None) for day, grid in lineage.life(new)) == (SUMMER, True)
    assert new in lineage.codes
    assert [day for day, _ in lineage.moved()] == [SUMMER, AUTUMN, WINTER]
    assert all(households > 0 for _, households in lineage.moved())


def test_history_is_not_rewritten():
    """历史不得改写."""
    lineage, _ = story()
    for day in (SPRING, WINTER):
        with pytest.raises(RefusalError, match="rewrite") as caught:
            lineage.enact(FIRST, on=day)
        assert caught.value.code == "lineage.not-later"
    with pytest.raises(NotFoundError, match="holds from 2027-03-01"):
        lineage.on(dt.date(2020, 1, 1))
    with pytest.raises(NotFoundError, match="there is none"):
        Lineage().on(SPRING)
    with pytest.raises(NotFoundError):
        lineage.became("nowhere", SPRING, SUMMER)


@given(st.lists(st.tuples(st.sampled_from([f"B{n:02}" for n in range(12)]), st.integers(0, 2)), max_size=6))
def test_whatever_is_moved_every_household_of_every_day_is_somewhere(moves):
    """守恒: over any number of changes by hand, flows from any day to any later one add up."""
    lineage = Lineage().enact(FIRST, on=SPRING)
    plan, day = FIRST, SPRING
    for atom, target in moves:
        codes = [grid.code for grid in plan.base_grids]
        plan = move(plan, GROUND, {atom: codes[target % len(codes)]}).after
        day += dt.timedelta(days=1)
        lineage = lineage.enact(plan, on=day)
    for entry in lineage.entries:
        for later in lineage.entries:
            if later.on >= entry.on:
                for grid in entry.plan.base_grids:
                    went = lineage.became(grid.code, entry.on, later.on)
                    assert sum(flow.households for flow in went) == grid.households
                    assert all(flow.other for flow in went)


def test_a_grid_that_is_emptied_by_hand_is_gone_and_its_code_stays_known():
    emptied = move(FIRST, GROUND, dict.fromkeys(FIRST[ONE].atoms, TWO))
    assert emptied.abolished == (ONE,)
    lineage = Lineage().enact(FIRST, on=SPRING).enact(emptied.after, on=SUMMER)
    assert ONE in lineage.codes
    again = split(emptied.after, GROUND, TWO, used=lineage.codes)
    assert ONE not in again.new


@pytest.mark.parametrize(
    ("do", "code"),
    [
        (lambda: split(FIRST, GROUND, ONE, into=1), "plan.cannot-split"),
        (lambda: split(FIRST, GROUND, ONE, into=99), "plan.cannot-split"),
        (lambda: join(FIRST, GROUND, [ONE]), "plan.cannot-join"),
        (lambda: join(FIRST, GROUND, [ONE, ONE]), "plan.cannot-join"),
        (lambda: move(FIRST, GROUND, {"B99": ONE}), "plan.unknown-place"),
        (lambda: move(FIRST, GROUND, {"B00": "nowhere"}), "plan.unknown-place"),
    ],
)
def test_what_cannot_be_done_to_a_plan_is_refused(do, code):
    with pytest.raises(RefusalError) as caught:
        do()
    assert caught.value.code == code


def test_a_move_by_hand_tells_at_once_what_it_costs_and_breaks():
    middle = FIRST[TWO].atoms[1]
    torn = move(FIRST, GROUND, {middle: ONE})
    assert "plan.contiguity" in {finding.code for finding in torn.findings}
    assert "✗" in torn.summary("zh")
    assert f"{torn.moved} of 1200 households" in torn.summary("en")
    assert torn.changed == (ONE, TWO)
    assert attrs.evolve(torn, after=FIRST).findings == ()


def test_sources_of_a_grid_stand_the_largest_first_and_new_houses_count_as_no_move():
    whole = join(FIRST, GROUND, [ONE, TWO, THREE])
    lineage = Lineage().enact(FIRST, on=SPRING).enact(whole.after, on=SUMMER)
    (code,) = (grid.code for grid in whole.after.base_grids)
    sources = lineage.came_from(code, SUMMER, SPRING)
    assert [flow.households for flow in sources] == sorted((g.households for g in FIRST.base_grids), reverse=True)
    assert whole.moved == 1200 - FIRST[code].households
    assert [households for _, households in lineage.moved()] == [whole.moved]
