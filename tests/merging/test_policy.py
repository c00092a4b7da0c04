"""What a place may ask for: windows, hard borders, kinds, measures, what is held; and what it gets told."""

import datetime as dt

import attrs
import pytest

from gridgov.errors import SetupError
from gridgov.merging import (
    Apart,
    AsIs,
    Bounds,
    GridCount,
    Measure,
    MergePolicy,
    Shortfall,
    Together,
    adjust,
    certify,
    check_plan,
    join,
    merge,
    move,
    split,
    sweep,
    undo,
)
from gridgov.territory import Adjacency, Demolished, Node, Recounted
from gridgov.testing import small_ground, small_layer
from gridgov.wording import Text

COMMUNITY = "150203005008"
ROW = small_ground([100] * 12)


def sound(ground, policy, layers=(), **more):
    plan = merge(ground, layers, policy, **more)
    assert list(check_plan(plan, ground, layers)) == []
    return plan


def atoms(plan):
    return [grid.atoms for grid in plan.base_grids]


def test_household_groups_have_a_window_of_their_own():
    """住户小组 30–50 户."""
    plan = sound(small_ground([10] * 12), MergePolicy(bounds=Bounds(households_min=30, target=40, households_max=50)))
    assert len(plan.base_grids) == 3
    assert plan.outside == ()


@pytest.mark.parametrize(("least", "most", "grids"), [(1, 2, 2), (2, 4, 3), (5, 6, 5), (1, 1, 1)])
def test_a_village_is_divided_by_number_and_not_by_households(least, most, grids):
    """小村 1–2 格,大村 2–4 格."""
    policy = MergePolicy(exceptions={COMMUNITY: GridCount(least=least, most=most)})
    plan = sound(ROW, policy)
    assert (len(plan.base_grids), plan.outside, plan.shortfalls) == (grids, (), ())


def test_a_village_that_cannot_have_so_many_grids_says_so():
    plan = sound(small_ground([400, 400]), MergePolicy(exceptions={COMMUNITY: GridCount(least=3, most=4)}))
    assert [(short.code, short.subject) for short in plan.shortfalls] == [("number-of-grids", COMMUNITY)]


def test_a_community_may_have_another_window():
    policy = MergePolicy(exceptions={COMMUNITY: Bounds(households_min=500, target=600, households_max=700)})
    plan = sound(ROW, policy)
    assert (len(plan.base_grids), plan.outside) == (2, ())


def test_grids_stay_within_a_layer_whose_borders_are_hard():
    """管理网格与警务责任区一致: however dear the border is otherwise."""
    names = [f"B{n:02}" for n in range(12)]
    police = small_layer("police", names[:5], names[5:])
    health = small_layer("health", names[:4], names[4:8], names[8:])
    free = sound(ROW, MergePolicy(), [police, health, attrs.evolve(health, id="fire")])
    kept = sound(ROW, MergePolicy(within=("police",)), [police, health])
    assert all(len({police.grid_of[a] for a in grid.atoms}) == 1 for grid in kept.base_grids)
    assert any(len({police.grid_of[a] for a in grid.atoms}) == 2 for grid in free.base_grids)
    crossing = attrs.evolve(free, policy=kept.policy)
    assert "plan.contiguity" in {finding.code for finding in check_plan(crossing, ROW, [police])}
    border = next(b for b in kept.borders if b.hard)
    assert border.hard == "police"
    assert "police" in kept.explain(border.one, border.other, "en")


def test_no_grid_crosses_a_road_of_the_rank_that_is_asked_for():
    ground = small_ground([100] * 12, barriers={("B04", "B05"): 3, ("B07", "B08"): 1})
    plan = sound(ground, MergePolicy(barrier=3))
    assert plan.grid_of["B04"] != plan.grid_of["B05"]
    border = plan.border(plan.grid_of["B04"], plan.grid_of["B05"])
    assert border is not None
    assert border.hard == "barrier"
    whole = Together(("B04", "B05"))
    crossing = merge(ground, [], MergePolicy(barrier=4, held=(whole,)))
    assert crossing.grid_of["B04"] == crossing.grid_of["B05"]
    said = attrs.evolve(crossing, policy=MergePolicy(barrier=3))
    assert "plan.contiguity" in {finding.code for finding in check_plan(said, ground)}


def test_dedicated_commercial_and_road_grids_are_made_by_kind():
    """专属、商务、路面网格按类型设: households do not matter, and nobody else is let in."""
    kinds = {"B02": "dedicated", "B03": "dedicated", "B07": "commercial", "B08": "commercial", "B11": "road"}
    plan = sound(small_ground([100, 100, 0, 900, 100, 100, 100, 0, 0, 100, 100, 0], kinds=kinds), MergePolicy())
    made = {grid.atoms: grid.kind for grid in plan.base_grids if grid.kind != "residential"}
    assert made == {
        ("B02",): "dedicated",
        ("B03",): "dedicated",
        ("B07", "B08"): "commercial",
        ("B11",): "road",
    }
    assert {grid.kind for grid in plan.outside} == {"residential"}
    assert "商务" in next(grid.name for grid in plan.base_grids if grid.kind == "commercial")
    assert "另按类型设 4 个网格" in plan.summary("zh")
    mixed = attrs.evolve(plan, base_grids=tuple(attrs.evolve(g, kind="residential") for g in plan.base_grids))
    assert "plan.kind" in {finding.code for finding in check_plan(mixed, ROW)} | {
        finding.code for finding in check_plan(mixed, small_ground([0] * 12, kinds=kinds))
    }


def test_a_dedicated_site_of_several_buildings_in_one_compound_is_one_grid():
    school = Node(code="S", level="compound", name="学校", parent=COMMUNITY)
    ground = small_ground([0, 0, 400], kinds={"B00": "dedicated", "B01": "dedicated"}, more=[school])
    nodes = [attrs.evolve(n, parent="S") if n.code in ("B00", "B01") else n for n in ground.territory]
    ground = attrs.evolve(ground, territory=type(ground.territory).build(ground.territory.levels, nodes))
    assert atoms(sound(ground, MergePolicy())) == [("B00", "B01"), ("B02",)]


def large(entrances):
    """Two ordinary buildings around one with 900 households and so many entrances."""
    more = [
        Node(code=f"E{n}", level="entrance", name=f"{n}单元", parent="B01", households=900 // entrances)
        for n in range(entrances)
    ]
    ground = small_ground([300, 900, 300], more=more)
    nodes = [attrs.evolve(n, households=None) if n.code == "B01" and entrances else n for n in ground.territory]
    return attrs.evolve(ground, territory=type(ground.territory).build(ground.territory.levels, nodes))


def test_a_building_larger_than_a_grid_is_divided_by_its_entrances():
    ground = large(3)
    layers = [small_layer("a", ["B00", "B01"], ["B02"])]
    plan = sound(ground, MergePolicy(), layers)
    assert (plan.opened, plan.outside, plan.shortfalls) == (("B01",), (), ())
    assert sum(share.households for share in plan.crosswalk if share.grid == "G0") == 1200
    assert sorted(atom for grid in plan.base_grids for atom in grid.atoms) == ["B00", "B02", "E0", "E1", "E2"]


def test_one_whose_entrances_nobody_counted_becomes_an_oversize_grid_that_is_named():
    plan = sound(large(0), MergePolicy())
    assert [(short.code, short.subject, short.proved) for short in plan.shortfalls] == [("oversize", "B01", True)]
    assert "单独成格" in plan.summary("zh")


def test_a_remnant_that_a_large_building_cuts_off_goes_to_it():
    """Its size is wrong anyway; one bad grid is better than two."""
    plan = sound(small_ground([20, 900, 300]), MergePolicy())
    assert atoms(plan) == [("B00", "B01"), ("B02",)]
    assert [short.code for short in plan.shortfalls] == ["oversize"]


def test_what_is_held_together_apart_or_as_it_is_stays_so():
    held = (
        Together(("B00", "B01", "B02", "B03", "B04")),
        Apart("B07", "B08"),
        AsIs(("B10", "B11"), code=f"{COMMUNITY}077"),
    )
    plan = sound(ROW, MergePolicy(held=held))
    assert len({plan.grid_of[f"B0{n}"] for n in range(5)}) == 1
    assert plan.grid_of["B07"] != plan.grid_of["B08"]
    assert plan[f"{COMMUNITY}077"].atoms == ("B10", "B11")
    assert [(short.code, short.proved) for short in plan.shortfalls] == [("outside-bounds", False), ("as-is", False)]
    broken = merge(ROW, [], MergePolicy())
    codes = [finding.code for finding in check_plan(attrs.evolve(broken, policy=plan.policy), ROW)]
    assert "plan.held" in codes


def test_something_held_that_no_plan_can_keep_is_a_shortfall():
    ground = small_ground([50, 50, 50, 50])
    plan = sound(ground, MergePolicy(held=(Apart("B01", "B02"),)))
    assert [(short.code, short.subject) for short in plan.shortfalls if short.code == "not-held"] in (
        [],
        [("not-held", "B01")],
    )
    assert list(check_plan(plan, ground)) == []


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (MergePolicy(within=("fire",)), "held.unknown-layer"),
        (MergePolicy(exceptions={"B00": Bounds()}), "held.unknown-place"),
        (MergePolicy(held=(Together(("B00", "B99")),)), "held.unknown-place"),
        (MergePolicy(held=(Together(()),)), "held.empty"),
        (MergePolicy(held=(Together(("B00", "B02")),)), "held.apart"),
        (MergePolicy(held=(Apart("B00", "B02"),)), "held.no-border"),
        (MergePolicy(held=(AsIs(("B00",)), Together(("B00", "B01")))), "held.held-twice"),
        (MergePolicy(measures=(Measure(id="c", zh="", en="", amounts={"B99": 1}, percent=10),)), "held.unknown-place"),
        (MergePolicy(measures=(Measure(id="c", zh="", en="", amounts={"B00": -1}, percent=10),)), "held.bad-amount"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(policy, code):
    with pytest.raises(SetupError) as caught:
        merge(ROW, [], policy)
    assert code in [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize(
    "make",
    [
        lambda: MergePolicy(barrier=-1),
        lambda: MergePolicy(loyalty=-1),
        lambda: MergePolicy(effort=3),
        lambda: GridCount(least=0, most=2),
        lambda: GridCount(least=3, most=2),
        lambda: Measure(id="c", zh="", en="", amounts={}),
        lambda: Measure(id="c", zh="", en="", amounts={}, least=1, most=2, percent=5),
        lambda: Measure(id="c", zh="", en="", amounts={}, least=3, most=2),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_at_once(make):
    with pytest.raises(ValueError, match=r"is|has"):
        make()


def test_a_second_weight_is_spread_fairly():
    """The cases of last year all happened in the west: without the measure one grid has them all."""
    ground = small_ground([50] * 8, [50] * 8, [50] * 8)
    cases = {f"B{row * 8 + n:02}": 10 for row in range(3) for n in range(3)}
    balance = Measure(id="cases", zh="去年事项", en="cases of last year", amounts=cases, percent=25, price=400)
    bounds = Bounds(households_min=300, target=400, households_max=500)

    def spread(plan):
        loads = [sum(cases.get(atom, 0) for atom in grid.atoms) for grid in plan.base_grids]
        return max(loads) - min(loads)

    fair = sound(ground, MergePolicy(bounds=bounds, measures=(balance,)))
    assert spread(fair) < spread(sound(ground, MergePolicy(bounds=bounds)))
    assert [sum(grid.amounts[0] for grid in fair.base_grids)] == [90]
    narrow = Measure(id="cases", zh="去年事项", en="cases of last year", amounts={"B00": 90}, percent=10)
    told = sound(ground, MergePolicy(bounds=bounds, measures=(narrow,)))
    assert "unbalanced" in {short.code for short in told.shortfalls}
    wrong = attrs.evolve(fair, base_grids=tuple(attrs.evolve(g, amounts=(1,)) for g in fair.base_grids))
    assert "plan.households" in {finding.code for finding in check_plan(wrong, ground)}


def test_loyalty_keeps_old_grids_whole_where_the_cut_alone_would_not():
    names = [f"B{n:02}" for n in range(24)]
    old = [small_layer("a", names[:3] + names[12:15], names[3:12] + names[15:24])]
    ground = small_ground([40] * 12, [40] * 12)
    plain, loyal = merge(ground, old), merge(ground, old, MergePolicy(loyalty=20))
    assert loyal.scattered <= plain.scattered
    assert list(check_plan(loyal, ground, old)) == []


def test_meters_of_common_border_may_count_and_do_not_change_the_cut_weight():
    plan = sound(ROW, MergePolicy(meters=5))
    assert plan.cut_weight == sum(border.weight for border in plan.borders) == 2


def test_the_sweep_offers_fewer_and_more_grids():
    """Asking for larger grids cuts less: the choice is shown, not made."""
    ground = small_ground(*[[50] * 12] * 6)
    found = sweep(ground, [], targets=(340, 400, 480))
    assert [len(plan.base_grids) for plan in found.values()] == [11, 9, 8]
    assert found[340].cut_weight > found[480].cut_weight
    with pytest.raises(ValueError, match="min ≤ target ≤ max"):
        sweep(ground, [], targets=(600,))


# --- what hostile eyes found ----------------------------------------------------------------------


def test_everything_works_after_a_building_was_opened_with_layers_too():
    """Layers name whole buildings; entrances lie where their building lay."""
    ground = large(3)
    layers = [small_layer("a", ["B00", "B01"], ["B02"])]
    plan = merge(ground, layers)
    day = dt.date(2027, 1, 1)
    assert list(check_plan(certify(plan, ground, layers), ground, layers)) == []
    done = adjust(plan, ground, [Recounted("B00", 310)], layers, on=day)
    again = adjust(done.after, done.ground, [Recounted("E0", 290)], done.layers, on=day)
    assert again.findings == ()
    assert sum(grid.households for grid in again.after.base_grids) == 1500
    back = undo(again.after, plan, again.ground, again.layers)
    assert back.findings == ()
    assert move(plan, ground, {"B00": plan.grid_of["B00"]}, layers).after.base_grids == plan.base_grids
    down = adjust(done.after, done.ground, [Demolished("B01")], done.layers, on=day)
    assert (down.findings, sum(grid.households for grid in down.after.base_grids)) == ((), 610)
    with pytest.raises(SetupError, match="counted by its entrances"):
        adjust(done.after, done.ground, [Recounted("B01", 5)], done.layers, on=day)


@pytest.mark.parametrize("held", [Together(("B04", "B05")), AsIs(("B04", "B05"))])
def test_what_is_held_across_a_hard_border_is_refused(held):
    ground = small_ground([100] * 12, barriers={("B04", "B05"): 3})
    with pytest.raises(SetupError, match="a border that no grid crosses"):
        merge(ground, [], MergePolicy(barrier=3, held=(held,)))


@pytest.mark.parametrize(
    "held",
    [
        Together(("B00", "B01")),
        AsIs(("B00", "B01")),
        AsIs(("B00",), code="xyz"),
        AsIs(("B00",), code="150203005009001"),
    ],
)
def test_what_is_held_among_several_kinds_or_under_a_code_that_is_none_is_refused(held):
    ground = small_ground([100] * 4, kinds={"B01": "dedicated"})
    with pytest.raises(SetupError, match=r"by their kind|cannot be the code"):
        merge(ground, [], MergePolicy(held=(held,)))


def test_a_code_that_ended_is_not_held_again():
    gone = Node(code=f"{COMMUNITY}009", level="grid", name="旧", parent=COMMUNITY, until_on=dt.date(2020, 1, 1))
    with pytest.raises(SetupError, match="cannot be the code"):
        merge(small_ground([400], more=[gone]), [], MergePolicy(held=(AsIs(("B00",), code=gone.code),)))


@pytest.mark.parametrize("sizes", [[100, 100], [400, 100], [100] * 4])
def test_what_is_held_apart_is_apart_even_where_the_window_suffers(sizes):
    ground = small_ground(sizes)
    held = tuple(Apart(f"B{n:02}", f"B{n + 1:02}") for n in range(len(sizes) - 1))
    plan = sound(ground, MergePolicy(held=held))
    assert len(plan.base_grids) == len(sizes)


@pytest.mark.parametrize(
    ("sizes", "islands", "count", "grids"),
    [([1000, 300, 300, 300], (), 3, 3), ([1000, 10, 10, 10], (), 2, 2), ([100] * 6, [("B04", "B05")], 2, 2)],
)
def test_a_village_gets_its_number_of_grids_with_large_buildings_and_islands_too(sizes, islands, count, grids):
    policy = MergePolicy(exceptions={COMMUNITY: GridCount(least=count, most=count)})
    assert len(sound(small_ground(sizes, islands=islands), policy).base_grids) == grids


def test_a_village_of_nothing_but_a_school_is_no_violation():
    policy = MergePolicy(exceptions={COMMUNITY: GridCount(least=1, most=2)})
    assert len(sound(small_ground([0], kinds={"B00": "dedicated"}), policy).base_grids) == 1


def test_two_old_grids_of_one_name_are_refused():
    twice = small_layer("a", ["B00"], ["B01"])
    twice = attrs.evolve(twice, grids=tuple(attrs.evolve(grid, id="G") for grid in twice.grids))
    with pytest.raises(SetupError, match="stands twice"):
        merge(small_ground([200, 200]), [twice])


def test_a_measure_may_name_a_building_that_the_merge_opens():
    cases = Measure(id="cases", zh="事项", en="cases", amounts={"B01": 10}, percent=90)
    plan = sound(large(3), MergePolicy(measures=(cases,)))
    assert sum(grid.amounts[0] for grid in plan.base_grids) == 10


def test_certifying_keeps_the_codes_of_grids():
    ground = small_ground([100] * 8)
    plan = merge(ground, [], MergePolicy(held=(AsIs(("B07",), code=f"{COMMUNITY}077"),)))
    worse = move(plan, ground, {"B03": plan.grid_of["B06"]}).after
    proved = certify(worse, ground)
    assert proved[f"{COMMUNITY}077"].atoms == ("B07",)
    assert {grid.code for grid in proved.base_grids} == {grid.code for grid in worse.base_grids}


def test_a_code_of_a_grid_that_ended_is_not_given_out_again_though_nobody_says_so():
    plan = merge(ROW, [])
    codes = [grid.code for grid in plan.base_grids]
    halves = split(plan, ROW, codes[0])
    whole = join(halves.after, ROW, [codes[0], *halves.new])
    assert whole.after.retired == halves.new
    assert not set(split(whole.after, ROW, codes[1]).new) & set(halves.new)


def test_other_layers_than_those_of_the_plan_are_refused():
    layers = [small_layer("a", [f"B{n:02}" for n in range(12)])]
    plan = merge(ROW, layers)
    for do in (lambda: certify(plan, ROW), lambda: split(plan, ROW, plan.base_grids[0].code)):
        with pytest.raises(SetupError, match="was made of the layers a; given are none"):
            do()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: {"base_grids": tuple(attrs.evolve(g, kind="commercial") for g in p.base_grids)},
        lambda p: {"base_grids": tuple(attrs.evolve(g, counts=()) for g in p.base_grids)},
        lambda p: {"base_grids": tuple(attrs.evolve(g, amounts=(1,)) for g in p.base_grids)},
        lambda p: {"base_grids": tuple(attrs.evolve(g, code=g.community) for g in p.base_grids)},
        lambda p: {"borders": ()},
        lambda p: {"borders": (attrs.evolve(p.borders[0], weight=0), *p.borders[1:])},
        lambda p: {"borders": (*p.borders, p.borders[0])},
        lambda p: {"layer_names": (), "cut_weight": 0},
        lambda p: {"certificate": attrs.evolve(p.certificate, proofs=p.certificate.proofs * 2)},
        lambda p: {
            "opened": ("B00",),
            "base_grids": (attrs.evolve(p.base_grids[0], atoms=p.base_grids[0].atoms[1:]), *p.base_grids[1:]),
        },
    ],
)
def test_nothing_that_a_plan_says_falsely_gets_past_the_check(spoil):
    layers = [small_layer("a", [f"B{n:02}" for n in range(12)])]
    plan = merge(ROW, layers)
    assert list(check_plan(attrs.evolve(plan, **spoil(plan)), ROW, layers)) != []


def test_a_shortfall_that_is_about_something_else_excuses_no_window():
    plan = merge(ROW, [])
    torn = move(plan, ROW, {plan.base_grids[0].atoms[0]: plan.base_grids[0].code}).after
    lone = attrs.evolve(torn, policy=MergePolicy(bounds=Bounds(households_min=450, target=460, households_max=470)))
    fake = Shortfall(code="unbalanced", subject=plan.base_grids[0].atoms[0], text=Text("x", "x"), proved=False)
    assert "plan.window" in [f.code for f in check_plan(attrs.evolve(lone, shortfalls=(fake,)), ROW)]


# --- what mutations survived ----------------------------------------------------------------------


def test_loyalty_is_worth_a_dearer_cut():
    """A lattice whose old grids are columns although short borders run across: loyalty follows the columns."""
    rows, width = 4, 12
    ground = small_ground(*[[33] * width] * rows)
    columns = [
        [f"B{row * width + n:02}" for row in range(rows) for n in (3 * c, 3 * c + 1, 3 * c + 2)] for c in range(4)
    ]
    strips = [
        small_layer(f"row{k}", *[[f"B{row * width + n:02}" for n in range(width)] for row in range(rows)])
        for k in range(2)
    ]
    layers = [small_layer("columns", *columns), *strips]
    plain = [merge(ground, layers, seed=seed) for seed in range(6)]
    loyal = [merge(ground, layers, MergePolicy(loyalty=60), seed=seed) for seed in range(6)]
    assert sum(plan.scattered for plan in loyal) < sum(plan.scattered for plan in plain)
    assert sum(plan.cut_weight for plan in loyal) >= sum(plan.cut_weight for plan in plain)


def test_each_hold_that_is_not_kept_is_caught_in_a_plan_of_another_policy():
    free = merge(ROW, [])
    one, two = free.base_grids[0], free.base_grids[1]
    for held in (
        Apart(one.atoms[0], one.atoms[1]),
        Together((one.atoms[-1], two.atoms[0])),
        AsIs(one.atoms[:-1]),
        AsIs((*one.atoms, two.atoms[0])),
    ):
        said = attrs.evolve(free, policy=MergePolicy(held=(held,)))
        assert "plan.held" in [finding.code for finding in check_plan(said, ROW)], held


def test_a_share_that_says_another_whole_is_caught():
    layers = [small_layer("a", [f"B{n:02}" for n in range(12)])]
    plan = merge(ROW, layers)
    first, *rest = plan.crosswalk
    wrong = attrs.evolve(plan, crosswalk=(attrs.evolve(first, of=first.of + 1), *rest))
    assert [finding.code for finding in check_plan(wrong, ROW, layers)] == ["plan.shares"]


def test_a_village_with_too_many_grids_that_does_not_say_so_is_caught():
    plan = merge(ROW, [])
    said = attrs.evolve(plan, policy=MergePolicy(exceptions={COMMUNITY: GridCount(least=1, most=2)}), shortfalls=())
    assert "plan.window" in [finding.code for finding in check_plan(said, ROW)]


def test_the_entrances_of_an_opened_building_stand_in_a_row():
    ground = large(3).opened(["B01"])
    pairs = {frozenset((pair.one, pair.other)) for pair in ground.borders}
    assert frozenset(("E0", "E1")) in pairs
    assert frozenset(("E0", "E2")) not in pairs
    assert frozenset(("B00", "E2")) in pairs
    assert not large(1).can_open("B01")
    assert large(3).can_open("B01")


def test_an_oversize_grid_is_named_by_its_large_building():
    plan = merge(small_ground([20, 900, 300]), [])
    (short,) = plan.shortfalls
    assert short.subject == "B01"
    assert short.text.en.startswith("B01 alone has 900 households")


def test_borders_of_communities_weigh_nothing_and_those_of_layers_do():
    other = Node(code="150203005009", level="community", name="邻", parent="150203005")
    ground = small_ground([300, 300], more=[other])
    nodes = [attrs.evolve(n, parent=other.code) if n.code == "B01" else n for n in ground.territory]
    ground = attrs.evolve(ground, territory=type(ground.territory).build(ground.territory.levels, nodes))
    plan = sound(ground, MergePolicy())
    assert [(border.hard, border.weight) for border in plan.borders] == [("community", 0)]
    assert "社区界线" in plan.explain(plan.base_grids[0].code, plan.base_grids[1].code)
    assert "不相邻" in plan.explain(plan.base_grids[0].code, plan.base_grids[0].code)
    layers = [small_layer("police", ["B00"], ["B01"])]
    row = merge(small_ground([300, 300]), layers, MergePolicy(within=("police",)))
    assert [(border.hard, border.weight) for border in row.borders] == [("police", 1)]


def test_two_borders_of_one_pair_are_passable_if_one_of_them_is():
    ground = small_ground([150, 150])
    doubled = attrs.evolve(
        ground,
        adjacencies=(Adjacency("B00", "B01", 5, 4), Adjacency("B01", "B00", 5, 0), Adjacency("B00", "B01", 5, 4)),
    )
    assert len(sound(doubled, MergePolicy(barrier=3)).base_grids) == 1


def test_a_plan_is_not_adjusted_on_ground_that_it_was_not_made_of():
    """Ground whose opened buildings were forgotten would lose their households without a word."""
    plan = merge(large(3), [])
    for other in (small_ground([300, 900, 300]), ROW):
        with pytest.raises(SetupError, match="has not come down"):
            adjust(plan, other, [], on=dt.date(2027, 1, 1))
