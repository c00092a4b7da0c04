"""The ground after houses went up and came down, and places after a re-organisation from above."""

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.errors import SetupError
from gridgov.merging import merge
from gridgov.territory import (
    Built,
    Demolished,
    Level,
    Node,
    Recoding,
    Recounted,
    Territory,
    Transferred,
    change_ground,
    recode,
)
from gridgov.testing import small_ground, small_layer, strategies

DAY = dt.date(2027, 3, 1)
COMMUNITY = "150203005008"
GROUND = small_ground([100, 200, 300])


def built(code="N1", **more):
    return Built(code=code, name="新楼", community=COMMUNITY, households=90, **more)


def test_a_new_building_stands_from_its_day_on_and_adjoins_what_it_says():
    after = change_ground(GROUND, [built(adjoins={"B01": 12, "B02": 7})], on=DAY)
    assert [node.code for node in after.atoms] == ["B00", "B01", "B02", "N1"]
    assert after.neighbors()["N1"] == {"B01": 12, "B02": 7}
    assert after.territory["N1"].from_on == DAY
    assert after.territory.households(COMMUNITY) == 690


def test_a_building_that_came_down_keeps_its_place_and_its_last_day_and_is_no_atom():
    """报过的事留在原处: nothing is deleted."""
    after = change_ground(GROUND, [Demolished("B01")], on=DAY)
    assert [node.code for node in after.atoms] == ["B00", "B02"]
    assert after.territory["B01"].until_on == dt.date(2027, 2, 28)
    assert after.territory.households("B01") == 0
    assert after.neighbors() == {"B00": {}, "B02": {}}
    assert list(after.check()) == []


def test_counts_and_communities_may_change():
    other = Node(code="150203005009", level="community", name="邻社", parent="150203005")
    ground = small_ground([100, 200], more=[other])
    after = change_ground(ground, [Recounted("B00", 7), Transferred("B01", "150203005009")], on=DAY)
    assert after.territory.households(COMMUNITY) == 7
    assert after.territory.up("B01", "community") == "150203005009"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([built("B00")], "change.code-twice"),
        ([built(adjoins={"B99": 1})], "change.unknown-place"),
        ([built(adjoins={"B00": 1}), Demolished("B00")], "change.gone"),
        ([Demolished("B99")], "change.unknown-place"),
        ([Recounted("B00", -1)], "change.bad-households"),
        ([Recounted("B00", 1), Recounted("B00", 2)], "change.changed-twice"),
        ([Recounted("B00", 1), Demolished("B00")], "change.gone"),
        ([Transferred("B00", "B01")], "change.unknown-place"),
        ([Built(code="N", name="n", community="x", households=-4)], "change.bad-households"),
    ],
)
def test_changes_that_cannot_be_are_refused_and_nothing_is_half_done(changes, code):
    with pytest.raises(SetupError) as caught:
        change_ground(GROUND, changes, on=DAY)
    assert code in [finding.code for finding in caught.value.findings]


def test_all_mistakes_are_named_at_once():
    with pytest.raises(SetupError) as caught:
        change_ground(GROUND, [Demolished("B98"), Demolished("B99"), Recounted("B00", -1)], on=DAY)
    assert len(caught.value.findings) == 3


# --- re-organisations -----------------------------------------------------------------------------

LEVELS = [
    Level("city", "市", "city"),
    Level("district", "区", "district"),
    Level("street", "街道", "street"),
    Level("community", "社区", "community"),
    Level("building", "楼栋", "building"),
]


def city():
    """Two districts; in the first two streets with two communities each, of which one has a building."""
    nodes = [Node(code="1502", level="city", name="市")]
    for district in ("150203", "150204"):
        nodes.append(Node(code=district, level="district", name=district, parent="1502"))
    for street in ("150203005", "150203006"):
        nodes.append(Node(code=street, level="street", name=street, parent="150203"))
        for number in ("001", "002"):
            nodes.append(Node(code=street + number, level="community", name="社" + number, parent=street))
    nodes.append(Node(code="150203005001-B1", level="building", name="楼", parent="150203005001", households=40))
    nodes.append(Node(code="B-own", level="building", name="楼", parent="150203006002", households=60))
    return Territory.build(LEVELS, nodes)


CITY = city()


def test_a_street_that_goes_to_another_district_takes_everything_in_it_along():
    done = recode(CITY, [Recoding(old="150203005", new="150204011", name="新街道", parent="150204")], on=DAY)
    assert done.territory["150204011"].name == "新街道"
    assert done.territory.path("150204011001-B1") == ("150204011001-B1", "150204011001", "150204011", "150204", "1502")
    assert done.codes["150203005002"] == "150204011002"
    assert done.codes["B-own"] == "B-own"
    assert "150203005" not in done.territory


def test_a_dissolved_street_goes_where_the_rows_of_its_communities_say():
    """街道撤销,社区并入他街道: the last digits would collide, so the table names new ones."""
    rows = [
        Recoding(old="150203006", new="150203005"),
        Recoding(old="150203006001", new="150203005003"),
        Recoding(old="150203006002", new="150203005004"),
    ]
    done = recode(CITY, rows, on=DAY)
    assert set(done.back("150203005")) == {"150203005", "150203006"}
    assert done.territory.up("B-own", "community") == "150203005004"
    assert done.territory.households("1502") == CITY.households("1502") == 100


def test_a_code_that_only_begins_alike_is_not_touched():
    """W1 and W10: rows name places, never pieces of text."""
    nodes = [*CITY, Node(code="B-own2", level="building", name="别", parent="150203005002", households=1)]
    done = recode(Territory.build(LEVELS, nodes), [Recoding(old="B-own", new="X")], on=DAY)
    assert (done.codes["B-own"], done.codes["B-own2"]) == ("X", "B-own2")


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([Recoding(old="9", new="8")], "recoding.unknown-place"),
        (
            [Recoding(old="150203005", new="150203007"), Recoding(old="150203005", new="150203008")],
            "recoding.code-twice",
        ),
        ([Recoding(old="150203005", new="150204")], "recoding.other-level"),
        ([Recoding(old="150203006", new="150203005")], "recoding.collision"),
        ([Recoding(old="150203005", new="150204011")], "territory.bad-code"),
    ],
)
def test_a_table_that_cannot_be_is_refused_whole(rows, code):
    with pytest.raises(SetupError) as caught:
        recode(CITY, rows, on=DAY)
    assert code in [finding.code for finding in caught.value.findings]


@given(strategies.territories())
def test_there_and_back_gives_the_same_places(territory):
    """改码可逆: a street renumbered and numbered back is what it was."""
    street = territory.root
    there = recode(territory, [Recoding(old=street, new="150203999")], on=DAY)
    back = recode(there.territory, [Recoding(old="150203999", new=street)], on=DAY)
    assert dict(back.territory.nodes) == dict(territory.nodes)
    assert len(set(there.codes.values())) == len(territory)


@given(strategies.territories(), st.data())
def test_every_code_lands_exactly_once_and_no_household_is_lost(territory, data):
    communities = [node.code for node in territory.at("community")]
    chosen = data.draw(st.lists(st.sampled_from(communities), unique=True))
    rows = [Recoding(old=code, new=f"{territory.root}{900 + place}") for place, code in enumerate(chosen)]
    done = recode(territory, rows, on=DAY)
    assert set(done.codes) == set(territory.nodes)
    assert set(done.codes.values()) == set(done.territory.nodes)
    assert done.territory.households(done.territory.root) == territory.households(territory.root)


def test_places_that_are_united_count_what_both_did_and_last_as_long_as_either():
    nodes = [
        *CITY,
        Node(code="X1", level="building", name="一", parent="150203005001", households=3, from_on=DAY),
        Node(code="X2", level="building", name="二", parent="150203005001", households=4, until_on=DAY),
    ]
    done = recode(Territory.build(LEVELS, nodes), [Recoding(old="X1", new="X2")], on=DAY)
    united = done.territory["X2"]
    assert (united.households, united.from_on, united.until_on) == (7, dt.date.min, dt.date.max)
    communities = [Recoding(old="150203006001", new="150203006002")]
    assert recode(CITY, communities, on=DAY).territory["150203006002"].households is None


def test_a_merge_after_a_re_organisation_draws_the_same_grids_under_other_codes():
    ground = small_ground([100] * 8)
    layers = [small_layer("a", [f"B{n:02}" for n in range(4)], [f"B{n:02}" for n in range(4, 8)])]
    rows = [Recoding(old="150203005", new="150204001"), *(Recoding(old=f"B{n:02}", new=f"X{n:02}") for n in range(8))]
    done = recode(ground.territory, rows, on=DAY)
    before, after = merge(ground, layers), merge(done.ground(ground), [layer.recoded(done.codes) for layer in layers])
    assert [grid.households for grid in before.base_grids] == [grid.households for grid in after.base_grids]
    assert after.base_grids[0].code == "150204001008001"
    assert {atom for grid in after.base_grids for atom in grid.atoms} == {f"X{n:02}" for n in range(8)}


def test_a_building_that_comes_down_before_it_stood_has_one_last_day():
    young = change_ground(GROUND, [built()], on=DAY)
    gone = change_ground(young, [Demolished("N1")], on=DAY)
    assert gone.territory["N1"].from_on == gone.territory["N1"].until_on == DAY - dt.timedelta(days=1)


def test_two_places_may_swap_their_codes():
    rows = [
        Recoding(old="150203005001", new="150203005002"),
        Recoding(old="150203005002", new="150203005001"),
    ]
    done = recode(CITY, rows, on=DAY)
    assert done.codes["150203005001-B1"] == "150203005002-B1"


def test_places_that_are_counted_in_different_ways_are_not_united():
    nodes = [attrs.evolve(node, households=60) if node.code == "150203005002" else node for node in CITY]
    rows = [Recoding(old="150203005002", new="150203005001")]
    with pytest.raises(SetupError, match="counts its own households"):
        recode(Territory.build(LEVELS, nodes), rows, on=DAY)


def test_a_building_whose_parent_is_a_grid_still_follows_its_community():
    levels = [*LEVELS[:4], Level("grid", "网格", "grid"), LEVELS[4]]
    grid = Node(code="150203005001001", level="grid", name="格", parent="150203005001")
    nodes = [attrs.evolve(n, parent=grid.code) if n.code == "150203005001-B1" else n for n in CITY]
    moved = Recoding(old="150203005", new="150204011", parent="150204")
    done = recode(Territory.build(levels, [*nodes, grid]), [moved], on=DAY)
    assert (done.codes["150203005001-B1"], done.codes[grid.code]) == ("150204011001-B1", "150204011001001")
