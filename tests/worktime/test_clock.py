"""Known answers of the clock, and what a calendar refuses; the laws are in test_laws."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.worktime import Calendar, DayKind, Limit, LimitKind, Pause, Session, due, used, weekly

CHINA = ZoneInfo("Asia/Shanghai")
MINUTE = dt.timedelta(minutes=1)
CALENDAR = Calendar(
    holidays=frozenset({dt.date(2026, 9, 25), dt.date(2026, 10, 1), dt.date(2026, 10, 2)}),
    moved=frozenset({dt.date(2026, 9, 20)}),
    known_through=dt.date(2026, 12, 31),
)


def local(month, day, hour, minute=0):
    return dt.datetime(2026, month, day, hour, minute, tzinfo=CHINA)


minutes = st.integers(0, 60 * 24 * 40).map(lambda m: local(9, 1, 0) + m * MINUTE)
limits = st.one_of(
    st.builds(Limit, st.integers(1, 20), st.sampled_from([LimitKind.URGENT_HOURS, LimitKind.WORKING_HOURS])),
    st.builds(Limit, st.integers(1, 4), st.sampled_from([LimitKind.WORKING_DAYS, LimitKind.CALENDAR_DAYS])),
)


@st.composite
def pauses(draw):
    found = []
    for _ in range(draw(st.integers(0, 3))):
        start = draw(minutes)
        found.append(Pause(start, start + draw(st.integers(0, 5000)) * MINUTE))
    return tuple(found)


def test_four_working_hours_from_friday_afternoon_with_a_pause_over_the_weekend_end_on_monday_noon():
    """The known answer: paused Friday 17:00 to Monday 09:00."""
    pause = Pause(local(9, 4, 17), local(9, 7, 9))
    found = due(Limit(4, LimitKind.WORKING_HOURS), local(9, 4, 16), CALENDAR, pauses=[pause])
    assert found.at == local(9, 7, 12)


def test_the_moved_working_day_works_and_the_holiday_rests():
    """调休: Sunday 20 September works, Friday 25 September rests."""
    assert due(Limit(8, LimitKind.WORKING_HOURS), local(9, 19, 12), CALENDAR).at == local(9, 20, 18)
    assert due(Limit(1, LimitKind.WORKING_DAYS), local(9, 24, 18), CALENDAR).at == local(9, 28, 18)


def test_a_deadline_beyond_the_published_calendar_is_provisional_and_an_earlier_one_is_not():
    """未公布的节假日: never silent."""
    within = due(Limit(1, LimitKind.WORKING_DAYS), local(12, 30, 8), CALENDAR)
    beyond = due(Limit(3, LimitKind.WORKING_DAYS), local(12, 30, 8), CALENDAR)
    assert (within.provisional, beyond.provisional) == (False, True)
    assert CALENDAR.kind(dt.date(2027, 1, 4)) is DayKind.UNKNOWN


def test_a_clock_that_runs_around_the_clock_needs_no_calendar():
    assert not due(Limit(900, LimitKind.URGENT_HOURS), local(12, 1, 8), CALENDAR).provisional


def test_a_pause_at_night_moves_nothing_for_a_clock_that_runs_by_day():
    """不在工作时间内的暂停不影响期限."""
    limit = Limit(1, LimitKind.WORKING_DAYS)
    night = Pause(local(9, 1, 20), local(9, 2, 6))
    assert due(limit, local(9, 1, 15), CALENDAR, pauses=[night]) == due(limit, local(9, 1, 15), CALENDAR)


def test_a_pause_without_an_end_leaves_the_deadline_open():
    assert due(Limit(1, LimitKind.WORKING_DAYS), local(9, 1, 9), CALENDAR, pauses=[Pause(local(9, 1, 10))]) is None
    assert due(Limit(1, LimitKind.URGENT_HOURS), local(9, 1, 9), CALENDAR, pauses=[Pause(local(9, 1, 10))]).at == local(
        9, 1, 10
    )


def test_naive_instants_and_pauses_that_end_before_they_start_are_refused():
    with pytest.raises(ValueError, match="aware"):
        due(Limit(1, LimitKind.WORKING_DAYS), dt.datetime(2026, 9, 1), CALENDAR)  # noqa: DTZ001
    with pytest.raises(ValueError, match="ends after"):
        Pause(local(9, 2, 9), local(9, 1, 9))


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Asia/Youyi"},
        {"week": weekly((Session(480, 720), Session(700, 900)))},
        {"week": ((),) * 7},
        {"holidays": frozenset({dt.date(2026, 10, 1)}), "moved": frozenset({dt.date(2026, 10, 1)})},
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ValueError, match=r"time zone|overlap|seven days|holiday and a moved"):
        Calendar(**wrong)


def test_the_last_published_day_is_known_and_an_unknown_day_before_a_moved_one_keeps_it_provisional():
    short = Calendar(known_through=dt.date(2026, 9, 2), moved=frozenset({dt.date(2026, 9, 5)}))
    assert short.kind(dt.date(2026, 9, 2)) is DayKind.WORKING
    assert due(Limit(4, LimitKind.WORKING_DAYS), local(9, 2, 8), short).provisional


def test_a_moved_day_takes_the_sessions_it_is_told_to():
    long_friday = (*weekly()[:4], (Session(540, 600),), (), ())
    friday = Calendar(week=long_friday, moved=frozenset({dt.date(2026, 9, 5)}), moved_as=4)
    assert friday.sessions(dt.date(2026, 9, 5)) == (Session(540, 600),)
    sunday = Calendar(moved=frozenset({dt.date(2026, 9, 5)}), moved_as=6)
    assert sunday.sessions(dt.date(2026, 9, 5)) == weekly()[0]


@given(limits, minutes, pauses(), st.randoms())
def test_the_order_of_pauses_changes_nothing(limit, start, paused, random):
    """暂停记录的先后不影响结果."""
    turned = list(paused)
    random.shuffle(turned)
    at = start + dt.timedelta(days=3)
    assert due(limit, start, CALENDAR, pauses=turned) == due(limit, start, CALENDAR, pauses=paused)
    assert used(limit, start, at, CALENDAR, pauses=turned) == used(limit, start, at, CALENDAR, pauses=paused)


def test_holidays_rest_moved_days_work_and_the_week_decides_about_the_others():
    days = {
        dt.date(2026, 9, 25): "rest",
        dt.date(2026, 9, 20): "working",
        dt.date(2026, 9, 6): "rest",
        dt.date(2026, 9, 7): "working",
    }
    assert {day: CALENDAR.kind(day).value for day in days} == days


def test_a_pause_needs_aware_instants_on_both_ends():
    naive = dt.datetime(2026, 9, 1)  # noqa: DTZ001
    for ends in ((naive, None), (local(9, 1, 9), naive)):
        with pytest.raises(ValueError, match="aware"):
            Pause(*ends)
