"""A plan for the meeting: every household in the table, the map, the shapes and the workbook."""

import datetime as dt
from itertools import pairwise

import attrs
import pytest

from gridgov.merging import Bounds, Incumbent, Measure, MergePolicy, merge
from gridgov.reports import plan_geojson, plan_map, plan_table, plan_workbook
from gridgov.staffing import Role
from gridgov.territory import Territory
from gridgov.testing import small_ground, small_layer

DAY = dt.date(2027, 1, 1)
ROLES = {"lead": Role(id="lead", zh="片长", en="lead", level="grid", cardinality="one-to-many")}


def outlined(ground):
    """The same ground with a square for each building."""
    nodes = []
    for node in ground.territory:
        if node.longitude is not None:
            x, y = node.longitude, node.latitude
            corners = (x, y, x, y + 9000, x + 9000, y + 9000, x + 9000, y)
            node = attrs.evolve(node, outline=corners)  # noqa: PLW2901
        nodes.append(node)
    return attrs.evolve(ground, territory=Territory.build(ground.territory.levels, nodes))


GROUND = outlined(small_ground([100] * 6, [100] * 6))
CASES = Measure(id="cases", zh="去年事项", en="cases", amounts={"B00": 5}, percent=50)
PLAN = merge(
    GROUND,
    [small_layer("a", [f"B{n:02}" for n in range(6)], [f"B{n:02}" for n in range(6, 12)])],
    MergePolicy(bounds=Bounds(), measures=(CASES,)),
    roles=ROLES,
    incumbents=[Incumbent(holder="=1+1", role="lead", layer="a", grid="G0")],
)


def test_the_table_has_a_line_for_each_grid_and_a_column_for_each_measure():
    text = plan_table(PLAN, "en")
    assert len(text.splitlines()) == 2 + len(PLAN.base_grids)
    assert text.splitlines()[0].endswith("cases")
    assert "去年事项" in plan_table(PLAN)


def test_the_map_shows_every_building_and_every_grid_with_its_households():
    svg = plan_map(PLAN, GROUND)
    assert svg.count("<polygon") == 12
    for grid in PLAN.base_grids:
        assert f">{grid.code[-3:]}</text>" in svg
        assert f"{grid.households}</text>" in svg


def test_shapes_close_their_rings_counterclockwise_and_carry_the_figures():
    shapes = plan_geojson(PLAN, GROUND)
    assert [f["properties"]["households"] for f in shapes["features"]] == [g.households for g in PLAN.base_grids]
    for feature in shapes["features"]:
        assert feature["geometry"]["type"] == "MultiPolygon"
        for (ring,) in feature["geometry"]["coordinates"]:
            assert ring[0] == ring[-1]
            assert sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) > 0


def test_shapes_may_be_united_and_places_without_outlines_are_points():
    pytest.importorskip("shapely")
    united = plan_geojson(PLAN, GROUND, dissolve=True)
    assert {feature["geometry"]["type"] for feature in united["features"]} <= {"Polygon", "MultiPolygon"}
    bare = small_ground([100] * 6, [100] * 6)
    points = plan_geojson(merge(bare, []), bare)
    assert {feature["geometry"]["type"] for feature in points["features"]} == {"MultiPoint"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_can_be_read_back_whole_and_holds_no_formula(tmp_path, language):
    """A name that looks like a formula stays a name."""
    pytest.importorskip("xlsxwriter")
    calamine = pytest.importorskip("python_calamine")
    path = plan_workbook(PLAN, GROUND, tmp_path / "plan.xlsx", language)
    book = calamine.CalamineWorkbook.from_path(str(path))
    assert len(book.sheet_names) == 7
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    summary, grids, buildings, crosswalk, borders, people, covered = sheets
    assert len(summary) == 1 + len(PLAN.summary(language).splitlines())
    assert [row[0] for row in grids[1:]] == [grid.code for grid in PLAN.base_grids]
    assert sum(row[2] for row in buildings[1:]) == sum(row[3] for row in crosswalk[1:]) == 1200
    assert len(borders) == 1 + len(PLAN.borders)
    assert people[1][0] == covered[1][1] == "=1+1"
    assert covered[1][3] == 1200
