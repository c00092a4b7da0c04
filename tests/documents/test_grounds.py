"""Ground from polygons, graphs and rows: what adjoins, and what is wrong with the drawing."""

import json

import networkx as nx
import pytest

from gridgov.documents import Columns, ground_from_geojson, ground_from_graph, ground_from_rows
from gridgov.errors import SetupError
from gridgov.merging import Bounds, check_plan, merge

pytest.importorskip("shapely")

STREET = "150203005"
DEGREE = 111_320


def square(west, south, side=100, name="", **facts):
    """A square of so many meters, at a place on the equator, as a feature."""
    corners = [(west, south), (west + side, south), (west + side, south + side), (west, south + side), (west, south)]
    ring = [[x / DEGREE, y / DEGREE] for x, y in corners]
    return {
        "type": "Feature",
        "properties": {"code": name or f"{west}/{south}", "households": 120, "community": "东", **facts},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def drawn(*features, **more):
    return ground_from_geojson({"type": "FeatureCollection", "features": list(features)}, street=STREET, **more)


def pairs(found):
    return {(p.one, p.other): p.meters for p in found.ground.adjacencies}


def test_polygons_that_share_a_border_adjoin_by_its_length_and_corners_join_nothing():
    found = drawn(
        square(0, 0, name="A"), square(100, 0, name="B"), square(0, 100, name="C"), square(100, 100, name="D")
    )
    assert pairs(found) == {("A", "B"): 100, ("A", "C"): 100, ("B", "D"): 100, ("C", "D"): 100}
    assert found.findings == ()
    assert [node.households for node in found.ground.atoms] == [120] * 4


def test_a_narrow_gap_is_bridged_and_a_wide_one_is_not():
    near = drawn(square(0, 0, name="A"), square(100.6, 0, name="B"))
    assert 90 <= pairs(near)["A", "B"] <= 101
    assert pairs(drawn(square(0, 0, name="A"), square(104, 0, name="B"))) == {}
    assert pairs(drawn(square(0, 0, name="A"), square(104, 0, name="B"), tolerance=5.0)) != {}


def test_overlaps_gaps_and_invalid_rings_are_reported_with_their_size():
    overlapping = drawn(square(0, 0, name="A"), square(90, 0, name="B"))
    assert [(f.code, f.subject) for f in overlapping.findings] == [("ground.overlap", "A")]
    assert "1000 m²" in overlapping.findings[0].message
    around = [square(x, y, name=f"{x}{y}") for x in (0, 100, 200) for y in (0, 100, 200) if (x, y) != (100, 100)]
    gap = drawn(*around)
    assert [finding.code for finding in gap.findings] == ["ground.gap"]
    assert "10000 m²" in gap.findings[0].message
    bow = square(0, 0, name="A")
    ring = bow["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    mended = drawn(bow)
    assert [(f.code, f.grave) for f in mended.findings] == [("ground.invalid-ring", False)]


def test_a_file_of_polygons_goes_all_the_way_to_a_checked_plan(tmp_path):
    path = tmp_path / "map.geojson"
    features = [square(100 * x, 100 * y, name=f"B{x}{y}") for x in range(6) for y in range(3)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    found = ground_from_geojson(path, street=STREET)
    plan = merge(found.ground, [], Bounds())
    assert (len(plan.base_grids), list(check_plan(plan, found.ground))) == (5, [])
    assert found.communities == {"东": f"{STREET}001"}
    assert found.ground.territory[f"{STREET}001"].name == "东"


def test_what_is_no_polygon_or_no_number_is_refused_by_its_number():
    point = {"type": "Feature", "properties": {"code": "P"}, "geometry": {"type": "Point", "coordinates": [0, 0]}}
    with pytest.raises(SetupError, match="feature 2 is no polygon but Point"):
        drawn(square(0, 0), point)
    with pytest.raises(SetupError, match=r"'many' households, no whole number"):
        drawn(square(0, 0, households="many"))


@pytest.mark.parametrize("households", [None, "", -1, 1.5, True, float("nan"), [3]])
def test_households_that_are_no_count_are_refused(households):
    with pytest.raises(SetupError, match="no whole number"):
        ground_from_rows([{"code": "A", "households": households, "community": "x"}], [], street=STREET)


def test_official_codes_of_communities_are_kept_and_others_are_given():
    rows = [
        {"code": "A", "households": 3, "community": f"{STREET}007"},
        {"code": "B", "households": "4", "community": "西"},
    ]
    found = ground_from_rows(rows, [("A", "B", 5)], street=STREET)
    assert set(found.communities) == {f"{STREET}007", "西"}
    assert found.communities[f"{STREET}007"] == f"{STREET}007"
    assert found.ground.territory.households(STREET) == 7


def test_a_graph_becomes_ground_and_its_attributes_may_have_other_names():
    graph = nx.grid_2d_graph(4, 3)
    nx.set_node_attributes(graph, 100, "pop")
    nx.set_node_attributes(graph, "county", "place")
    found = ground_from_graph(graph, street=STREET, columns=Columns(households="pop", community="place"))
    plan = merge(found.ground, [])
    assert (sum(g.households for g in plan.base_grids), list(check_plan(plan, found.ground))) == (1200, [])


def test_mistakes_of_rows_come_all_at_once():
    rows = [{"code": "A", "households": 1, "community": "x"}, {"code": "A", "households": 2, "community": "x"}]
    with pytest.raises(SetupError, match="A"):
        ground_from_rows(rows, [], street=STREET)
    with pytest.raises(SetupError, match="'Z'"):
        ground_from_rows(rows[:1], [("A", "Z", 1)], street=STREET)


def test_rows_as_a_csv_gives_them_are_read_and_entrances_stand_for_their_building():
    """Everything is text, and a large building is counted by its entrances."""
    rows = [
        {
            "code": "A",
            "households": "300",
            "community": "东 ",
            "outline": "0 0 10 0 10 10",
            "longitude": "5",
            "latitude": "5",
        },
        {"code": "B", "households": "", "community": "东"},
        {"code": "B-1", "households": "450", "building": "B"},
        {"code": "B-2", "households": "350", "building": "B"},
    ]
    found = ground_from_rows(rows, [("A", "B", "12", "2")], street=STREET)
    (pair,) = found.ground.adjacencies
    assert (pair.meters, pair.barrier, found.ground.territory["A"].outline) == (12, 2, (0, 0, 10, 0, 10, 10))
    plan = merge(found.ground, [], Bounds())
    assert (plan.opened, len(plan.base_grids), list(check_plan(plan, found.ground))) == (("B",), 3, [])


@pytest.mark.parametrize(
    ("row", "pair", "message"),
    [
        ({"code": "B", "households": 1, "community": ""}, ("A", "B", 1), "B lies in no community"),
        ({"code": "B", "households": 1, "community": "x", "outline": "1 2 3"}, ("A", "B", 1), "three corners or more"),
        (
            {"code": "B", "households": 1, "community": "x", "longitude": 109.8},
            ("A", "B", 1),
            "no whole number of degrees",
        ),
        ({"code": "B", "households": 1, "community": "x"}, ("A", "B", 2.5), r"adjacency 1 is \('A', 'B', 2.5\)"),
        ({"code": "B", "households": 1, "community": "x"}, ("A", "B"), "adjacency 1 is"),
        (
            {"code": "B", "hh": 1, "community": "x"},
            ("A", "B", 1),
            "no column 'households'; its columns are code, hh, community",
        ),
    ],
)
def test_what_a_spreadsheet_has_wrong_is_named_by_row_and_cause(row, pair, message):
    with pytest.raises(SetupError, match=message):
        ground_from_rows([{"code": "A", "households": 5, "community": "x"}, row], [pair], street=STREET)


def test_made_up_codes_never_take_an_official_one():
    rows = [
        {"code": "A", "households": 1, "community": "甲"},
        {"code": "B", "households": 1, "community": f"{STREET}001"},
    ]
    assert ground_from_rows(rows, [], street=STREET).communities == {
        "甲": f"{STREET}002",
        f"{STREET}001": f"{STREET}001",
    }


def test_a_directed_graph_and_a_feature_without_properties_do_no_harm():
    graph = nx.DiGraph()
    graph.add_node("A", households=1, community="x")
    graph.add_node("B", households=1, community="x")
    graph.add_edges_from([("A", "B", {"meters": 7}), ("B", "A", {"meters": 7})])
    found = ground_from_graph(graph, street=STREET)
    assert found.ground.neighbors()["A"] == {"B": 7}
    bare = {"type": "Feature", "properties": None, "geometry": {"type": "Polygon", "coordinates": []}}
    with pytest.raises(SetupError, match="without corners"):
        drawn(bare)
