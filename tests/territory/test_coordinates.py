"""Coordinate systems: known pairs of others, the way back, the box, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.territory._coordinates import SYSTEMS, check_system, convert

# Published by others: longitude, latitude in WGS-84, and the same in GCJ-02.
GCJ02 = [
    # the tests of googollee/eviltransform: Shanghai, Shenzhen, Beijing
    (121.5272106, 31.1774276, 121.531541859215, 31.17530398364597),
    (113.912316, 22.543847, 113.9171764808363, 22.540796131694766),
    (116.377817, 39.911954, 116.38404722455657, 39.91334545536069),
    # wandergis/coordtransform, and after it Hutool and others
    (116.404, 39.915, 116.41024449916938, 39.91640428150164),
    # the tests of Bing.Utils
    (113.331073, 23.112214, 113.33650811893553, 23.109627055413704),
    # geocoordinates-rs 0.14.2, an implementation of its own: Ürümqi, Harbin, Sanya, Baotou, Lhasa
    (87.6177, 43.7928, 87.62054922425168, 43.79402455549771),
    (126.6424, 45.7567, 126.64836981630474, 45.75865110185797),
    (109.5119, 18.2528, 109.51598429482667, 18.25109479173564),
    (109.8403, 40.6574, 109.84600413835658, 40.658548171698214),
    (91.1322, 29.6603, 91.13374332271934, 29.65757956779819),
]
# WGS-84 and BD-09.
BD09 = [
    (113.331073, 23.112214, 113.34306682663143, 23.115290783030787),
    (87.6177, 43.7928, 87.6269813254592, 43.80014663419902),
    (126.6424, 45.7567, 126.65499932897167, 45.76434556386758),
    (109.5119, 18.2528, 109.52253179173881, 18.256876553759117),
    (109.8403, 40.6574, 109.8525778925153, 40.66429697074381),
    (91.1322, 29.6603, 91.14034269964807, 29.663325632314784),
]
KNOWN = [("wgs84", "gcj02", *row) for row in GCJ02] + [("wgs84", "bd09", *row) for row in BD09]
KNOWN.append(("gcj02", "bd09", 116.404, 39.915, 116.41036949371029, 39.92133699351021))

systems = st.sampled_from(SYSTEMS)
# 2 km and more inside the box.
longitudes, latitudes = st.integers(720_400_000, 1_377_900_000), st.integers(8_600_000, 557_900_000)


def units(*degrees):
    return tuple(round(each * 1e7) for each in degrees)


@pytest.mark.parametrize(("of", "to", "x", "y", "there_x", "there_y"), KNOWN)
def test_positions_that_others_published_come_out_to_the_unit_both_ways(of, to, x, y, there_x, there_y):
    assert convert(*units(x, y), of=of, to=to) == units(there_x, there_y)
    back = convert(*units(there_x, there_y), of=to, to=of)
    assert max(abs(a - b) for a, b in zip(back, units(x, y), strict=True)) <= 1


def test_the_way_back_is_exact_where_the_usual_shortcut_is_a_meter_off():
    x, y = 1_163_840_472, 399_133_455
    there = convert(x, y, of="gcj02", to="wgs84")
    assert there == (1_163_778_170, 399_119_540)
    # The shortcut goes as far back as the formula moves the moved point.
    forward = convert(x, y, of="wgs84", to="gcj02")
    shortcut = (2 * x - forward[0], 2 * y - forward[1])
    assert math.hypot(*(a - b for a, b in zip(shortcut, there, strict=True))) > 80


@given(of=systems, to=systems, x=longitudes, y=latitudes)
def test_there_and_back_is_the_same_to_one_unit_in_every_pair_of_systems(of, to, x, y):
    """坐标转换往返误差不超过 1e-7 度（约 1 厘米） / a round trip is off by one unit (1 cm) at most."""
    back = convert(*convert(x, y, of=of, to=to), of=to, to=of)
    assert max(abs(back[0] - x), abs(back[1] - y)) <= 1


@given(of=systems, via=systems, to=systems, x=longitudes, y=latitudes)
def test_a_detour_through_another_system_changes_nothing_but_rounding(of, via, to, x, y):
    straight = convert(x, y, of=of, to=to)
    around = convert(*convert(x, y, of=of, to=via), of=via, to=to)
    assert max(abs(a - b) for a, b in zip(straight, around, strict=True)) <= 2


@given(x=longitudes, y=latitudes)
def test_wgs84_and_cgcs2000_are_taken_as_one_and_the_others_are_not(x, y):
    assert convert(x, y, of="wgs84", to="cgcs2000") == (x, y)
    for system in ("gcj02", "bd09"):
        moved = convert(x, y, of="wgs84", to=system)
        assert moved == convert(x, y, of="cgcs2000", to=system)
        assert max(abs(moved[0] - x), abs(moved[1] - y)) < 200_000


@given(of=systems, to=systems, x=st.integers(-1_800_000_000, 1_800_000_000), y=st.integers(-900_000_000, 900_000_000))
def test_any_position_can_be_converted_and_outside_the_box_all_systems_are_one(of, to, x, y):
    found = convert(x, y, of=of, to=to)
    if not (719_000_000 <= x <= 1_380_000_000 and 7_000_000 <= y <= 560_000_000):
        assert found == (x, y)


def test_an_unknown_system_is_refused_with_the_known_ones_and_the_closest():
    with pytest.raises(ValueError, match=r"no coordinate system 'GCJ-02'.*wgs84, cgcs2000, gcj02, bd09.*mean 'gcj02'"):
        convert(1, 1, of="GCJ-02", to="wgs84")
    with pytest.raises(ValueError, match="the known ones are") as refused:
        convert(1, 1, of="wgs84", to="?")
    assert "did you mean" not in str(refused.value)
    assert check_system("bd09") == "bd09"


@pytest.mark.parametrize(("x", "y"), [(399_150_000, 1_164_040_000), (1_800_000_001, 0), (0, -900_000_001)])
def test_what_is_no_position_is_refused_in_plain_words(x, y):
    with pytest.raises(ValueError, match="a longitude and then a latitude"):
        convert(x, y, of="wgs84", to="wgs84")
