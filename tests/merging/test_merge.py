"""Plans: valid on any ground, the same for the same seed, and every planted violation is caught."""

from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.errors import SetupError
from gridgov.merging import (
    Bounds,
    Incumbent,
    Layer,
    LayerGrid,
    MergePolicy,
    Shortfall,
    check_layers,
    check_plan,
    merge,
    repost,
)
from gridgov.staffing import Role
from gridgov.territory import Adjacency, Ground, Level, Node, Territory
from gridgov.testing import strategies
from gridgov.wording import Text

LEVELS = [
    Level("street", "街道", "street"),
    Level("community", "社区", "community"),
    Level("building", "楼栋", "building"),
]
STREET, COMMUNITY = "150203005", "150203005008"


def row_of(*sizes, islands=()):
    """A community whose buildings stand in a row, broken before each of *islands*."""
    nodes = [
        Node(code=STREET, level="street", name="街"),
        Node(code=COMMUNITY, level="community", name="社", parent=STREET),
    ]
    codes = [f"B{n:02}" for n in range(len(sizes))]
    nodes += [
        Node(code=c, level="building", name=c, parent=COMMUNITY, households=s, longitude=n * 1000, latitude=0)
        for n, (c, s) in enumerate(zip(codes, sizes, strict=True))
    ]
    pairs = [Adjacency(a, b) for n, (a, b) in enumerate(pairwise(codes), start=1) if n not in islands]
    return Ground(Territory.build(LEVELS, nodes), tuple(pairs))


def layer(id_, *groups):
    grids = tuple(LayerGrid(f"G{n}", f"G{n}", frozenset(g)) for n, g in enumerate(groups))
    return Layer(id=id_, zh=id_, en=id_, department="d", grids=grids)


def grids(plan):
    return [list(grid.atoms) for grid in plan.base_grids]


def test_a_row_of_buildings_is_cut_where_the_layers_agree():
    ground = row_of(200, 200, 200, 200)
    half = layer("police", ["B00", "B01"], ["B02", "B03"])
    plan = merge(ground, [half, attrs.evolve(half, id="health")])
    assert grids(plan) == [["B00", "B01"], ["B02", "B03"]]
    assert (plan.cut_weight, plan.cut, plan.findings) == (1, (), ())


def test_codes_are_given_from_west_to_east():
    plan = merge(row_of(400, 400, 400), [])
    assert [(grid.code, grid.atoms) for grid in plan.base_grids] == [
        (f"{COMMUNITY}001", ("B00",)),
        (f"{COMMUNITY}002", ("B01",)),
        (f"{COMMUNITY}003", ("B02",)),
    ]


def test_a_code_that_was_given_out_is_not_given_again():
    """旧号不再使用."""
    ground = row_of(400, 400)
    old = Node(code=f"{COMMUNITY}004", level="grid", name="旧", parent=COMMUNITY)
    levels = [*LEVELS[:2], Level("grid", "网格", "grid"), LEVELS[2]]
    tree = Territory.build(levels, [*ground.territory, old])
    assert [g.code for g in merge(Ground(tree, ground.adjacencies), []).base_grids] == [
        f"{COMMUNITY}005",
        f"{COMMUNITY}006",
    ]


@pytest.mark.parametrize(
    ("ground", "subject", "code"),
    [
        (row_of(700, 400), "B00", "plan.oversize"),
        (row_of(400, 100, islands=(1,)), "B01", "plan.outside-bounds"),
        (row_of(100), "B00", "plan.outside-bounds"),
        (row_of(270, 270), "B00", "plan.outside-bounds"),
    ],
)
def test_what_cannot_be_had_is_a_named_finding_and_no_error(ground, subject, code):
    """不能满足的要说明，不能隐瞒."""
    plan = merge(ground, [])
    assert (subject, code) in [(finding.subject, finding.code) for finding in plan.findings]
    assert list(check_plan(plan, ground)) == []


def test_a_community_without_buildings_and_one_with_empty_buildings_are_normal():
    ground = row_of(0, 400, 0)
    empty = Node(code="150203005009", level="community", name="空", parent=STREET)
    tree = Territory.build(LEVELS, [*ground.territory, empty])
    plan = merge(Ground(tree, ground.adjacencies), [])
    assert [finding.code for finding in plan.findings] == ["plan.empty-community"]
    assert grids(plan) == [["B00", "B01", "B02"]]
    assert merge(row_of(), []).summary("en").startswith("Merged into 0")


@pytest.mark.parametrize(
    ("layers", "code"),
    [
        ([layer("a", ["B00"], ["B00", "B01"])], "layer.covered-twice"),
        ([layer("a", ["B00"])], "layer.not-covered"),
        ([layer("a", ["B00", "B01", "B99"])], "layer.unknown-place"),
        ([layer("a", ["B00", "B01"]), layer("a", ["B00", "B01"])], "layer.id-twice"),
    ],
)
def test_a_layer_that_is_wrong_in_itself_is_refused(layers, code):
    ground = row_of(400, 400)
    assert [finding.code for finding in check_layers(ground, layers)] == [code]
    with pytest.raises(SetupError):
        merge(ground, layers)


@pytest.mark.parametrize("bounds", [(0, 400, 500), (400, 300, 500), (300, 600, 500)])
def test_bounds_that_contradict_themselves_are_refused(bounds):
    with pytest.raises(ValueError, match="min ≤ target ≤ max"):
        Bounds(households_min=bounds[0], target=bounds[1], households_max=bounds[2])


@given(st.data())
def test_a_plan_holds_on_any_ground(data):
    """不重不漏、不跨社区、连片、户数合规或列明例外."""
    ground = data.draw(strategies.grounds())
    layers = data.draw(strategies.layers(ground))
    plan = merge(ground, layers, seed=data.draw(st.integers(0, 9)))
    assert list(check_plan(plan, ground, layers)) == []
    assert sum(g.households for g in plan.base_grids) == ground.territory.households(STREET)


@given(st.data())
def test_the_same_ground_and_seed_give_the_same_plan(data):
    """同样输入，同样方案."""
    ground = data.draw(strategies.grounds(communities_max=1, buildings_max=8))
    layers = data.draw(strategies.layers(ground))
    assert merge(ground, layers, seed=3).digest == merge(ground, layers, seed=3).digest


@given(st.data())
def test_shares_of_an_old_grid_add_up_to_it(data):
    """对应关系守恒: every household of an old grid is in exactly one share."""
    ground = data.draw(strategies.grounds())
    layers = data.draw(strategies.layers(ground))
    plan = merge(ground, layers)
    for old_layer in layers:
        for old in old_layer.grids:
            shares = plan.shares_of(old_layer.id, old.id)
            assert sum(s.households for s in shares) == sum(ground.territory.households(a) for a in old.atoms)


PLANT_GROUND = row_of(200, 200, 200, 200, 200, 200)
PLANT_LAYERS = [layer("a", ["B00", "B01", "B02", "B03"], ["B04", "B05"])]
SOUND = merge(PLANT_GROUND, PLANT_LAYERS)


def planted(**changes):
    first, *rest = SOUND.base_grids
    return attrs.evolve(SOUND, base_grids=(attrs.evolve(first, **changes), *rest))


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (planted(atoms=SOUND.base_grids[0].atoms[:-1], households=200), "plan.coverage"),
        (planted(atoms=(*SOUND.base_grids[0].atoms, SOUND.base_grids[1].atoms[0]), households=600), "plan.coverage"),
        (planted(atoms=(*SOUND.base_grids[0].atoms, "B77")), "plan.unknown-atom"),
        (planted(households=401), "plan.households"),
        (planted(community="150203005009"), "plan.community"),
        (planted(code="150203005009001"), "plan.community"),
        (planted(code=SOUND.base_grids[1].code), "plan.code-twice"),
        (attrs.evolve(SOUND, policy=MergePolicy(bounds=Bounds(households_min=401, target=450))), "plan.window"),
        (attrs.evolve(SOUND, crosswalk=SOUND.crosswalk[1:]), "plan.shares"),
        (
            attrs.evolve(SOUND, crosswalk=(attrs.evolve(SOUND.crosswalk[0], households=1), *SOUND.crosswalk[1:])),
            "plan.shares",
        ),
    ],
)
def test_every_planted_violation_is_caught(plan, code):
    assert code in [finding.code for finding in check_plan(plan, PLANT_GROUND, PLANT_LAYERS)]


def test_a_grid_that_falls_apart_is_caught():
    first, second, third = SOUND.base_grids
    torn = attrs.evolve(
        SOUND,
        base_grids=(
            attrs.evolve(first, atoms=(first.atoms[0], third.atoms[-1])),
            second,
            attrs.evolve(third, atoms=(first.atoms[1], third.atoms[0])),
        ),
    )
    assert "plan.contiguity" in [finding.code for finding in check_plan(torn, PLANT_GROUND)]


def test_a_sound_plan_has_nothing_to_be_caught():
    assert list(check_plan(SOUND, PLANT_GROUND, PLANT_LAYERS)) == []
    exact = attrs.evolve(SOUND, policy=MergePolicy(bounds=Bounds(households_min=400, households_max=400)))
    assert list(check_plan(exact, PLANT_GROUND)) == []


def test_only_a_named_exception_excuses_a_window():
    tight = MergePolicy(bounds=Bounds(households_min=401, target=450))
    named = tuple(
        Shortfall(code="outside-bounds", subject=grid.atoms[0], text=Text("x", "x"), proved=False)
        for grid in SOUND.base_grids
    )

    def codes(shortfalls):
        return [f.code for f in check_plan(attrs.evolve(SOUND, policy=tight, shortfalls=shortfalls), PLANT_GROUND)]

    assert codes(()) == ["plan.window"] * 3
    assert codes(named[:2]) == ["plan.window"]
    assert codes(named) == []


# --- people ---------------------------------------------------------------------------------------

ROLES = {
    "lead": Role(id="lead", zh="", en="", level="grid", cardinality="one-to-one"),
    "worker": Role(id="worker", zh="", en="", level="grid", cardinality="one-to-many"),
    "helper": Role(id="helper", zh="", en="", level="grid", cardinality="many-to-one"),
}


def people(role, *grids_of, **more):
    return [
        Incumbent(holder=f"p{n}", role=role, layer="a" if grid else "", grid=grid, **more)
        for n, grid in enumerate(grids_of)
    ]


def test_one_to_one_gives_each_grid_one_lead_and_keeps_most_households():
    """一人一格: G1 lies in the last grid, so its lead goes there."""
    posted, findings = repost(SOUND, ROLES, people("lead", "G1", "G0", "G0"))
    assert findings == ()
    assert sorted(grid for each in posted for grid in each.base_grids) == [g.code for g in SOUND.base_grids]
    assert posted[0].base_grids == (SOUND.base_grids[2].code,)
    assert (posted[0].kept, posted[0].had) == (400, 400)


def test_too_few_and_too_many_leads_are_findings():
    _, few = repost(SOUND, ROLES, people("lead", "G0", "G1"))
    _, many = repost(SOUND, ROLES, people("lead", "G0", "G0", "G0", "G1"))
    assert [f.code for f in few] == ["plan.no-holder"]
    assert [f.code for f in many] == ["plan.no-grid"]


@given(st.lists(st.sampled_from(["G0", "G1", ""]), min_size=1, max_size=6))
def test_one_to_many_leaves_no_grid_without_somebody_of_the_group_and_nobody_without_a_grid(olds):
    """一人多格: the group divides the grids among its people."""
    posted, findings = repost(SOUND, ROLES, people("worker", *olds, group="police"))
    assert findings == ()
    assert {grid for each in posted for grid in each.base_grids} == {g.code for g in SOUND.base_grids}
    assert all(each.base_grids for each in posted)
    if len(olds) <= 3:
        assert max(len(each.base_grids) for each in posted) <= -(-3 // len(olds))


def test_many_to_one_goes_where_most_of_the_old_grid_went():
    posted, _ = repost(SOUND, ROLES, people("helper", "G1"))
    assert posted[0].base_grids == (SOUND.base_grids[2].code,)


@pytest.mark.parametrize("wrong", [{"role": "nobody"}, {"role": "lead", "community": "150203005077"}])
def test_an_incumbent_of_an_unknown_role_or_an_empty_community_is_a_finding(wrong):
    posted, findings = repost(SOUND, ROLES, [Incumbent(holder="p", **wrong)])
    assert (posted, [f.code for f in findings]) == ((), ["plan.no-grid"])
