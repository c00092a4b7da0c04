"""The scheme: windows, ends of lots, what is wrong with one and what only looks odd."""

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.points import (
    Cap,
    Deed,
    Good,
    League,
    PanelMember,
    PointsPolicy,
    check_scheme,
    review_scheme,
    window_of,
)

days = st.dates(dt.date(2020, 1, 1), dt.date(2100, 1, 1))


def deed(id_="help", **changes):
    return Deed(**({"id": id_, "category": "k", "zh": id_, "en": id_, "points": 5} | changes))


def good(**changes):
    return Good(**({"id": "soap", "outlet": "shop", "zh": "皂", "en": "soap", "price": 3} | changes))


def found(deeds=(), goods=(), **policy):
    panel = tuple(PanelMember(f"p{side}", side) for side in ("community-worker", "resident"))
    given_ = PointsPolicy(**({"panel": panel} | policy))
    return sorted((f.code, f.subject) for f in check_scheme(deeds, goods, given_, {"shop": 1}))


@pytest.mark.parametrize(
    ("per", "name"),
    [("day", "2027-01-01"), ("week", "2026-W53"), ("month", "2027-01"), ("quarter", "2027-Q1"), ("year", "2027")],
)
def test_a_window_has_a_name_and_a_week_belongs_to_the_year_of_its_thursday(per, name):
    assert window_of(per, dt.date(2027, 1, 1)) == name


def test_another_window_is_an_error():
    with pytest.raises(ValueError, match="day, week, month, quarter, year"):
        window_of("decade", dt.date(2027, 1, 1))


@given(days, st.integers(1, 30))
def test_points_end_with_a_day_a_month_a_quarter_or_a_year_that_anybody_can_work_out(day, count):
    """有效期的截止日任何人都能算出."""
    ends = {
        unit: PointsPolicy(**{f"lasts_{unit}": count}).last_day(day) for unit in ("days", "months", "quarters", "years")
    }
    assert ends["days"] - day == dt.timedelta(days=count)
    tomorrow = {unit: end + dt.timedelta(days=1) for unit, end in ends.items()}
    assert all(tomorrow[unit].day == 1 for unit in ("months", "quarters", "years"))
    assert (ends["months"].year - day.year) * 12 + ends["months"].month - day.month == count
    assert ends["quarters"].month in (3, 6, 9, 12)
    quarters = [date.year * 4 + (date.month - 1) // 3 for date in (day, ends["quarters"])]
    assert quarters[1] - quarters[0] == count
    assert (ends["years"].year - day.year, ends["years"].month) == (count, 12)
    assert PointsPolicy().last_day(day) is None


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (deed(points=0), "points.no-points"),
        (deed(month_cap=4), "points.cap-below-award"),
        (deed(caps=(Cap(points=4, per="week"),)), "points.cap-below-award"),
        (deed(caps=(Cap(points=9, per="decade"),)), "points.bad-cap"),
        (deed(caps=(Cap(points=9, per="week", of="street"),)), "points.bad-cap"),
        (deed(from_on=dt.date(2026, 2, 1), until_on=dt.date(2026, 1, 1)), "points.dates-out-of-order"),
        (deed(members=()), "points.nobody-earns-it"),
        (deed(members=("dog",)), "points.nobody-earns-it"),
        (deed(cooldown_days=-1), "points.bad-cooldown"),
    ],
)
def test_a_wrong_deed_is_found_by_name(wrong, code):
    assert found([wrong]) == [(code, "help")]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (good(price=0), "points.no-price"),
        (good(outlet="nowhere"), "points.unknown-outlet"),
        (good(kind="gift"), "points.bad-kind"),
        (good(limit_per="decade"), "points.bad-window"),
    ],
)
def test_a_wrong_good_is_found_by_name(wrong, code):
    assert found(goods=[wrong]) == [(code, "soap")]


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"quorum": 3}, "points.no-quorum"),
        ({"sides_min": 3}, "points.sides-missing"),
        ({"majority": "loud"}, "points.bad-choice"),
        ({"ties": "fight"}, "points.bad-choice"),
        ({"lasts_days": 1, "lasts_years": 1}, "points.bad-choice"),
        ({"leagues": (League(id="x", zh="x", en="x", members=("dog",)),)}, "points.bad-choice"),
    ],
)
def test_a_wrong_policy_is_found(policy, code):
    assert [each for each, _ in found([deed()], **policy)] == [code]


def test_one_deed_under_two_names_is_found_unless_one_follows_the_other():
    """同一事项不得两处得分."""
    twin = deed("aid", zh="help")
    assert found([deed(), twin]) == [("points.earned-twice", "aid")]
    assert found([deed(), deed()]) == [("points.id-twice", "help")]
    new_year = dt.date(2027, 1, 1)
    old = deed(until_on=new_year - dt.timedelta(days=1))
    assert found([old, deed(from_on=new_year, points=6)]) == []
    assert found([old, attrs.evolve(twin, from_on=new_year)]) == []


def test_what_looks_odd_is_told_and_not_refused():
    deeds = [
        deed("a", zh="参加会议", en="meeting", wishes="w"),
        deed("b", zh="参加会议吗", en="seminar", wishes="w", points=4),
        deed("c", zh="见义勇为", en="courage", wishes="w", points=50),
        deed("d", zh="清扫", en="sweeping", wishes="w", month_cap=12),
        deed("e", zh="探望", en="visit"),
    ]
    odd = {(f.code, f.subject) for f in review_scheme(PointsPolicy(deeds={d.id: d for d in deeds}))}
    assert odd == {
        ("points.names-alike", "b"),
        ("points.out-of-line", "c"),
        ("points.cap-not-reached", "d"),
        ("points.no-wishes", "e"),
    }
