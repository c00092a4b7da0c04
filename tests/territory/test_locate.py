"""Locating: the rule of the shared edge against plain oracles, the order of the answers, and what is wrong with outlines."""

import datetime as dt
import itertools
import math
import sys
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gridgov.errors import NotFoundError, SetupError
from gridgov.territory import Level, Located, Locator, Node, Territory, check_outlines
from gridgov.territory._coordinates import convert

# --- oracles ------------------------------------------------------------------------------------


def ring(outline):
    return list(zip(outline[::2], outline[1::2], strict=True))


def edges(outline):
    corners = ring(outline)
    return list(itertools.pairwise([*corners, corners[0]]))


def has(outline, x, y):
    """The half-open crossing rule, as it is written down."""
    inside = False
    for (x1, y1), (x2, y2) in edges(outline):
        if y1 <= y < y2:
            inside ^= (x2 - x1) * (y - y1) > (x - x1) * (y2 - y1)
        elif y2 <= y < y1:
            inside ^= (x1 - x2) * (y - y2) > (x - x2) * (y1 - y2)
    return inside


def oracle(outlines, x, y):
    return next((code for code in sorted(outlines) if has(outlines[code], x, y)), None)


def has_moved(outline, x, y):
    """The same said another way: move the point a little east, far less north, and look east along a line."""
    tiny = Fraction(1, 10**30)
    x, y = x + tiny, y + tiny**2
    crossed = 0
    for (x1, y1), (x2, y2) in edges(outline):
        assert y not in (y1, y2)
        if min(y1, y2) < y < max(y1, y2):
            there = x1 + Fraction(x2 - x1) * (y - y1) / (y2 - y1)
            assert there != x
            crossed += there > x
    return crossed % 2 == 1


def common_area(one, other):
    """The area that two simple outlines share, exactly: what lies under both borders, signed by their direction."""
    total = Fraction(0)
    for a, b in itertools.product(_slopes(one), _slopes(other)):
        west, east = max(a[0], b[0]), min(a[2], b[2])
        if west < east:
            (a1, a2), (b1, b2) = ([_height(each, at) for at in (west, east)] for each in (a, b))
            ends = [(west, min(a1, b1)), (east, min(a2, b2))]
            if (a1 - b1) * (a2 - b2) < 0:
                at = west + (east - west) * (a1 - b1) / (a1 - b1 - a2 + b2)
                ends.insert(1, (at, _height(a, at)))
            for (x1, y1), (x2, y2) in itertools.pairwise(ends):
                total += a[4] * b[4] * (x2 - x1) * (y1 + y2) / 2
    return total


def _slopes(outline):
    turn = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in edges(outline))
    for (x1, y1), (x2, y2) in edges(outline):
        if x1 != x2:
            sign = (1 if x2 < x1 else -1) * (1 if turn > 0 else -1)
            yield (x1, y1, x2, y2, sign) if x1 < x2 else (x2, y2, x1, y1, sign)


def _height(slope, x):
    x1, y1, x2, y2, _ = slope
    return y1 + Fraction((y2 - y1) * (x - x1)) / (x2 - x1)


# --- outlines and points that are drawn ---------------------------------------------------------


def build(outlines, **more):
    return Locator.build(outlines, **{"system": "wgs84", "unlocated": "desk", **more})


def graves(outline):
    return [finding for finding in check_one({"a": outline}) if finding.grave]


def check_one(outlines):
    """What is found without shapely."""
    try:
        build(outlines)
    except SetupError as error:
        return error.findings
    return ()


@st.composite
def shapes(draw, units=(1, 7, 1_000, 40_000)):
    """One to five outlines, anyhow: they may overlap, touch, share edges, lie in each other."""
    size, unit = draw(st.integers(2, 9)), draw(st.sampled_from(units))
    origin = draw(st.sampled_from([(0, 0), (-3 * unit, 2 * unit), (1_098_000_000, 406_000_000)]))
    corner = st.tuples(st.integers(0, size), st.integers(0, size))
    found = {}
    for number, corners in enumerate(draw(st.lists(st.lists(corner, min_size=3, max_size=6), min_size=1, max_size=5))):
        outline = tuple(o + unit * each for corner in corners for o, each in zip(origin, corner, strict=True))
        if not graves(outline):
            found[f"G{number}"] = outline
    assume(found)
    return found


@st.composite
def partitions(draw):
    """A rectangle divided by a jittered lattice, some edges bent; neighbors share every corner."""
    columns, rows = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    step = draw(st.sampled_from([6, 30, 4_000]))
    jitter = st.integers(-step // 4, step // 4)
    nodes = {
        (x, y): (
            x * step + (draw(jitter) if 0 < x < columns else 0),
            y * step + (draw(jitter) if 0 < y < rows else 0),
        )
        for x in range(columns + 1)
        for y in range(rows + 1)
    }
    bends = {}

    def between(one, other):
        key = tuple(sorted((one, other)))
        on_border = any(one[axis] == other[axis] in (0, size) for axis, size in ((0, columns), (1, rows)))
        if key not in bends:
            (x1, y1), (x2, y2) = nodes[key[0]], nodes[key[1]]
            middle = ((x1 + x2) // 2 + draw(jitter) // 4, (y1 + y2) // 2 + draw(jitter) // 4)
            bends[key] = [] if on_border or draw(st.booleans()) else [middle]
        return [nodes[one], *bends[key]]

    outlines = {}
    for x, y in itertools.product(range(columns), range(rows)):
        around = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)]
        corners = [each for one, other in itertools.pairwise(around) for each in between(one, other)]
        outline = tuple(number for corner in corners for number in corner)
        assume(not graves(outline))
        outlines[f"G{x}{y}"] = outline
    return outlines


@st.composite
def points_of(draw, outlines, locator):
    """Points where it may go wrong: corners, points of edges, borders of cells, all one unit aside, and any."""
    shape = locator._raster.shape
    corners = [corner for outline in outlines.values() for corner in ring(outline)]
    found = draw(st.lists(st.sampled_from(corners), max_size=8))
    for (x1, y1), (x2, y2) in draw(
        st.lists(st.sampled_from([e for o in outlines.values() for e in edges(o)]), max_size=8)
    ):
        parts = math.gcd(x2 - x1, y2 - y1) or 1
        part = draw(st.integers(0, parts))
        found.append((x1 + (x2 - x1) // parts * part, y1 + (y2 - y1) // parts * part))
        middle = draw(st.integers(0, 64))
        found.append((x1 + (x2 - x1) * middle // 64, y1 + (y2 - y1) * middle // 64))
    for column, row in draw(st.lists(st.tuples(st.integers(0, shape.columns), st.integers(0, shape.rows)), max_size=8)):
        found.append((shape.west + column * shape.width, shape.south + row * shape.height))
    anywhere = st.tuples(st.integers(shape.west - 2, shape.east + 2), st.integers(shape.south - 2, shape.north + 2))
    found += draw(st.lists(anywhere, min_size=1, max_size=20))
    aside = st.tuples(st.integers(-1, 1), st.integers(-1, 1))
    return [(x + dx, y + dy) for x, y in found for dx, dy in [draw(aside)]]


def many(locator, points):
    numpy = pytest.importorskip("numpy")
    found = locator.at_many(*numpy.array(points, dtype=numpy.int64).reshape(-1, 2).T)
    return [None if each < 0 else locator.places[each] for each in found.tolist()]


# --- the rule -----------------------------------------------------------------------------------


@given(data=st.data(), outlines=shapes())
def test_at_and_at_many_say_what_testing_every_outline_says(data, outlines):
    """栅格只是加速，答案与逐个多边形判定完全一致 / the raster only speeds up: the same answers as the definition."""
    locator = build(outlines)
    points = data.draw(points_of(outlines, locator))
    expected = [oracle(outlines, x, y) for x, y in points]
    assert [locator.at(x, y) for x, y in points] == expected
    assert many(locator, points) == expected


@given(data=st.data(), outlines=partitions())
def test_where_outlines_share_their_corners_every_point_belongs_to_exactly_one(data, outlines):
    """共边、共点处的事件只归一个网格 / a point on a shared edge or corner belongs to one grid, never to two or none."""
    locator = build(outlines)
    shape = locator._raster.shape
    for x, y in data.draw(points_of(outlines, locator)):
        owners = [code for code, outline in outlines.items() if has(outline, x, y)]
        inside = shape.west <= x < shape.east and shape.south <= y < shape.north
        assert len(owners) == inside
        assert locator.at(x, y) == (owners[0] if inside else None)


@given(outlines=shapes(), data=st.data())
def test_the_rule_is_to_move_every_point_a_little_east_and_far_less_north(outlines, data):
    for x, y in data.draw(points_of(outlines, build(outlines))):
        for outline in outlines.values():
            assert has(outline, x, y) == has_moved(outline, x, y)


SQUARES = {
    "NE": (0, 0, 10, 0, 10, 10, 0, 10),
    "NW": (-10, 0, 0, 0, 0, 10, -10, 10),
    "SE": (0, -10, 10, -10, 10, 0, 0, 0),
    "SW": (-10, -10, 0, -10, 0, 0, -10, 0),
}


def test_a_corner_of_four_grids_belongs_to_the_one_in_the_north_east_of_it():
    locator = build(SQUARES)
    assert locator.at(0, 0) == "NE"
    assert (locator.at(-1, 0), locator.at(0, -1), locator.at(-1, -1)) == ("NW", "SE", "SW")
    # The outer border: the west and south of it belong to the grids, the east and north to nobody.
    assert (locator.at(-10, -10), locator.at(-10, 5)) == ("SW", "NW")
    assert (locator.at(10, 5), locator.at(5, 10), locator.at(10, 10)) == (None, None, None)


def test_the_direction_of_the_corners_and_the_first_one_again_make_no_difference():
    turned = {code: tuple(n for corner in ring(outline)[::-1] for n in corner) for code, outline in SQUARES.items()}
    closed = {code: (*outline, *outline[:2]) for code, outline in SQUARES.items()}
    every = list(itertools.product(range(-12, 13), repeat=2))
    expected = [oracle(SQUARES, x, y) for x, y in every]
    for outlines in (turned, closed):
        assert [build(outlines).at(x, y) for x, y in every] == expected


def test_where_outlines_overlap_the_smaller_code_has_it_whatever_their_order():
    small, large = (2, 2, 6, 2, 6, 6, 2, 6), (0, 0, 10, 0, 10, 10, 0, 10)
    for outlines in ({"A": large, "B": small}, {"B": small, "A": large}):
        assert build(outlines).at(3, 3) == "A"
    for outlines in ({"B": large, "A": small}, {"A": small, "B": large}):
        assert (build(outlines).at(3, 3), build(outlines).at(7, 7)) == ("A", "B")


def test_a_hole_is_cut_out_by_going_there_and_back_along_one_edge():
    around = (0, 0, 12, 0, 12, 12, 0, 12, 0, 0, 4, 4, 4, 8, 8, 8, 8, 4, 4, 4)
    outlines = {"around": around, "inside": (4, 4, 8, 4, 8, 8, 4, 8)}
    locator = build(outlines)
    every = list(itertools.product(range(-1, 14), repeat=2))
    assert many(locator, every) == [locator.at(x, y) for x, y in every] == [oracle(outlines, x, y) for x, y in every]
    assert (locator.at(5, 5), locator.at(1, 1), locator.at(3, 3)) == ("inside", "around", "around")


def test_more_outlines_in_one_cell_than_a_number_has_bits_are_told_apart_too():
    rim = [
        (round(9_000 * math.cos(turn / 50 * math.pi)), round(9_000 * math.sin(turn / 50 * math.pi)))
        for turn in range(101)
    ]
    outlines = {f"F{turn:03}": (0, 0, *rim[turn], *rim[turn + 1]) for turn in range(100)}
    locator = build(outlines)
    points = [(x, y) for x in range(-30, 31, 3) for y in range(-30, 31, 3)] + rim
    expected = [oracle(outlines, x, y) for x, y in points]
    assert [locator.at(x, y) for x, y in points] == expected
    assert many(locator, points) == expected


def test_the_whole_world_fits_into_the_numbers_that_are_multiplied():
    west, south = -1_800_000_000, -900_000_000
    outlines = {"A": (west, south, -west, -south, west, -south), "B": (west, south, -west, south, -west, -south)}
    locator = build(outlines)
    points = [(x, y) for x in (west, west + 1, -1, 0, 1, -west - 1) for y in (south, south + 1, -1, 0, 1, -south - 1)]
    expected = [oracle(outlines, x, y) for x, y in points]
    assert [locator.at(x, y) for x, y in points] == expected
    assert many(locator, points) == expected


def test_many_points_are_asked_in_parts_and_keep_their_order():
    numpy = pytest.importorskip("numpy")
    locator = build(SQUARES)
    xs = numpy.tile(numpy.array([-5, 5, 50]), 50_000)
    found = locator.at_many(xs, numpy.full(len(xs), 5))
    assert found.tolist() == [locator.places.index("NW"), locator.places.index("NE"), -1] * 50_000
    assert locator.at_many([], []).tolist() == []


def test_many_points_are_refused_in_degrees_or_in_columns_of_two_lengths():
    pytest.importorskip("numpy")
    locator = build(SQUARES)
    with pytest.raises(TypeError, match="as whole numbers"):
        locator.at_many([0.5], [0.5])
    with pytest.raises(ValueError, match="as many longitudes as latitudes"):
        locator.at_many([1, 2], [1])


def test_without_any_outline_nothing_is_found_and_nothing_breaks():
    locator = build({}, addresses={"B001": "G1"})
    assert locator.at(0, 0) is None
    assert many(locator, [(0, 0)]) == [None]
    assert locator.locate(point=(0, 0), system="wgs84") == Located("desk", "unlocated")
    assert locator.locate(address="B001") == Located("G1", "address")


def test_building_and_asking_one_by_one_needs_no_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setitem(sys.modules, "shapely", None)
    locator = build(SQUARES)
    assert locator.at(0, 0) == "NE"
    with pytest.raises(ImportError, match=r"gridgov\[geo\]"):
        locator.at_many([0], [0])
    with pytest.raises(ImportError, match=r"gridgov\[geo\]"):
        check_outlines(SQUARES)


# --- the order of the answers -------------------------------------------------------------------

X, Y = 1_098_000_000, 406_000_000
UNIT = 111_195 / 1e7
BLOCK = {"G2": (X, Y, X + 9_000, Y, X + 9_000, Y + 9_000, X, Y + 9_000)}


def test_an_address_comes_first_then_the_point_and_an_unknown_address_does_no_harm():
    locator = build(BLOCK, addresses={"B001": "G7"})
    inside = (X + 10, Y + 10)
    assert locator.locate(address="B001", point=inside, system="wgs84") == Located("G7", "address")
    assert locator.locate(address="B002", point=inside, system="wgs84") == Located("G2", "point")
    assert locator.locate(address="B002") == Located("desk", "unlocated")
    assert locator.locate() == Located("desk", "unlocated")


def test_a_point_a_little_outside_goes_to_the_nearest_outline_and_says_how_far():
    locator = build(BLOCK)
    tenth = round(10.5 / UNIT)
    assert locator.locate(point=(X + 100, Y - tenth), system="wgs84") == Located("G2", "nearest", 11)
    # On the northern border itself, which belongs to nobody.
    assert locator.locate(point=(X + 100, Y + 9_000), system="wgs84") == Located("G2", "nearest", 1)
    far = round(50.5 / UNIT)
    assert locator.locate(point=(X + 100, Y - far), system="wgs84") == Located("desk", "unlocated")
    assert build(BLOCK, nearest_meters=51).locate(point=(X + 100, Y - far), system="wgs84").how == "nearest"
    assert build(BLOCK, nearest_meters=0).locate(point=(X + 100, Y - 1), system="wgs84").how == "unlocated"


def test_a_degree_of_longitude_is_shorter_than_one_of_latitude():
    locator = build(BLOCK)
    away = round(20 / UNIT / math.cos(math.radians(Y / 1e7)))
    assert locator.locate(point=(X - away, Y + 100), system="wgs84").meters in (20, 21)
    away = round(49.5 / UNIT / math.cos(math.radians(Y / 1e7)))
    for x in (X - away, X + 9_000 + away):
        assert locator.locate(point=(x, Y + 100), system="wgs84") == Located("G2", "nearest", 50)


def test_of_two_outlines_equally_far_away_the_smaller_code_is_the_nearest():
    gap = 2_000
    outlines = {
        "G9": (X - gap, Y, X - gap, Y + 500, X - gap - 500, Y),
        "G3": (X + gap, Y, X + gap, Y + 500, X + gap + 500, Y),
    }
    assert build(outlines).locate(point=(X, Y + 100), system="wgs84") == Located("G3", "nearest", 17)


@given(data=st.data(), outlines=shapes(units=(400,)))
def test_the_nearest_outline_is_the_nearest_of_all(data, outlines):
    locator = build(outlines, nearest_meters=10)
    shape = locator._raster.shape
    x = data.draw(st.integers(shape.west - 1_500, shape.east + 1_500))
    y = data.draw(st.integers(shape.south - 1_500, shape.north + 1_500))
    found = locator.locate(point=(x, y), system="wgs84")
    if found.how == "point":
        assert found.place == oracle(outlines, x, y)
        return
    away = {code: min(distance(edge, x, y) for edge in border(outline)) for code, outline in outlines.items()}
    nearest = min(away.values())
    if found.how == "unlocated":
        assert nearest > 9.999
    else:
        assert found.meters - 1.001 <= nearest <= found.meters + 0.001
        assert away[found.place] <= nearest + 0.001


def border(outline):
    """The edges without those that are walked there and back."""
    walked = Counter(frozenset(edge) for edge in edges(outline))
    return [edge for edge in edges(outline) if walked[frozenset(edge)] % 2]


def distance(edge, x, y):
    shrink = math.cos(math.radians(y / 1e7))
    (x1, y1), (x2, y2) = (((cx - x) * shrink * UNIT, (cy - y) * UNIT) for cx, cy in edge)
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = 0.0 if length == 0 else max(0.0, min(1.0, -(x1 * (x2 - x1) + y1 * (y2 - y1)) / length))
    return math.hypot(x1 + along * (x2 - x1), y1 + along * (y2 - y1))


def test_a_point_of_another_system_is_converted_and_one_without_a_system_refused():
    moved = convert(X + 4_000, Y + 4_000, of="wgs84", to="gcj02")
    locator = build(BLOCK)
    assert locator.locate(point=moved, system="gcj02") == Located("G2", "point")
    assert locator.locate(point=moved, system="wgs84").how == "unlocated"
    assert locator.locate(point=(X + 1, Y + 1), system="cgcs2000").how == "point"
    with pytest.raises(ValueError, match="say in which system"):
        locator.locate(point=moved)
    with pytest.raises(ValueError, match="no coordinate system 'gcj'"):
        locator.locate(point=moved, system="gcj")
    with pytest.raises(ValueError, match="no coordinate system 'mars'"):
        build(BLOCK, system="mars")
    with pytest.raises(ValueError, match="0 or more"):
        build(BLOCK, nearest_meters=-1)


def test_a_locator_of_a_territory_takes_the_places_of_a_level_that_stand():
    levels = [Level("quarter", "片区", "quarter"), Level("plot", "地块", "plot")]
    gone = dt.date(2026, 1, 1)
    territory = Territory.build(
        levels,
        [
            Node(code="S", level="quarter", name="s", outline=(0, 0, 99, 0, 99, 99)),
            Node(code="A", level="plot", name="a", parent="S", outline=(0, 0, 9, 0, 9, 9, 0, 9)),
            Node(code="B", level="plot", name="b", parent="S", outline=(9, 0, 18, 0, 18, 9, 9, 9), until_on=gone),
            Node(code="C", level="plot", name="c", parent="S"),
        ],
    )
    locator = Locator.of(territory, level="plot", system="cgcs2000", addresses={"H": "C"}, nearest_meters=0)
    assert locator.places == ("A",)
    assert locator.locate(point=(12, 3), system="cgcs2000") == Located("S", "unlocated")
    assert (locator.locate(address="H").place, locator.at(3, 3)) == ("C", "A")
    with pytest.raises(NotFoundError, match="no level 'grid'"):
        Locator.of(territory, level="grid", system="wgs84")


# --- what is wrong with outlines ----------------------------------------------------------------

WRONG = {
    "half": ((0, 0, 5, 0, 5), "bad-outline", True),
    "degrees": ((0, 0, 1_800_000_001, 0, 5, 5), "bad-outline", True),
    "two": ((0, 0, 5, 5, 0, 0), "too-few-corners", True),
    "line": ((0, 0, 5, 5, 9, 9), "no-area", True),
    "there and back": ((0, 0, 0, 9, 0, 0, 9, 0), "no-area", True),
    "walked twice": ((0, 0, 9, 0, 0, 9) * 2, "no-area", True),
    "bow": ((0, 0, 5, 5, 5, 0, 0, 5), "self-crossing", True),
    "touch": ((0, 0, 8, 0, 8, 8, 4, 0, 0, 8), "self-touching", False),
    "twice": ((0, 0, 5, 0, 5, 0, 5, 5), "corner-twice", False),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_mistake_of_an_outline_has_its_code(name):
    pytest.importorskip("shapely")
    outline, code, grave = WRONG[name]
    (finding,) = check_outlines({"G1": outline})
    assert (finding.code, finding.grave, finding.subject) == (f"territory.{code}", grave, "G1")
    if not grave:
        assert build({"G1": outline}).at(2, 1) == "G1"


def test_building_refuses_every_grave_mistake_at_once():
    with pytest.raises(SetupError) as refused:
        build({name: outline for name, (outline, _, _) in WRONG.items()})
    assert {finding.subject for finding in refused.value.findings} == {
        name for name, (_, _, grave) in WRONG.items() if grave
    }


TOGETHER = ("territory.overlap", "territory.gap")
triangles = st.tuples(*[st.integers(0, 12)] * 6).filter(lambda outline: not graves(outline))


@given(one=triangles, other=triangles)
def test_an_overlap_is_found_exactly_where_two_outlines_have_area_in_common(one, other):
    """两个网格重叠须报告 / two outlines overlap if and only if they share some area, however little."""
    pytest.importorskip("shapely")
    found = [finding for finding in check_outlines({"A": one, "B": other}) if finding.code == "territory.overlap"]
    assert bool(found) == (common_area(one, other) > 0)


@given(outlines=partitions(), data=st.data())
def test_a_sound_partition_has_no_findings_and_a_place_left_out_of_its_middle_is_a_gap(outlines, data):
    pytest.importorskip("shapely")
    assert [finding for finding in check_outlines(outlines) if finding.code in TOGETHER] == []
    columns, rows = (1 + max(int(code[at]) for code in outlines) for at in (1, 2))
    missing = data.draw(st.sampled_from(sorted(outlines)))
    del outlines[missing]
    inner = 0 < int(missing[1]) < columns - 1 and 0 < int(missing[2]) < rows - 1
    codes = [finding.code for finding in check_outlines(outlines)]
    assert codes.count("territory.gap") == inner
    assert "territory.overlap" not in codes


def test_overlaps_and_gaps_name_their_area_and_a_point_inside():
    pytest.importorskip("shapely")
    side = 900  # 10 m
    step = [(X + column * side, Y + row * side) for row in range(3) for column in range(3)]
    outlines = {
        f"G{number}": (x, y, x + side, y, x + side, y + side, x, y + side)
        for number, (x, y) in enumerate(step)
        if number != 4
    }
    west, south = step[0]
    outlines["H"] = (west + 100, south + 100, west + 200, south + 100, west + 200, south + 200, west + 100, south + 200)
    overlap, gap = check_outlines(outlines)
    shrink = math.cos(math.radians(Y / 1e7))
    assert (overlap.code, overlap.grave, overlap.subject) == ("territory.overlap", False, "G0")
    assert f"G0 and H overlap by {(100 * UNIT) ** 2 * shrink:.2f} m² around " in overlap.message
    assert (gap.code, gap.grave, gap.subject) == ("territory.gap", False, "G0")
    assert gap.message.startswith(f"{(side * UNIT) ** 2 * shrink:.2f} m² around ")
    assert "between G0, G1, G2, G3, … lie in no outline" in gap.message
    middle = [int(number) for number in gap.message.split(" around ")[1].split()[:2]]
    assert build(outlines).at(*middle) is None
    assert build(outlines).at(X + 150, Y + 150) == "G0"
