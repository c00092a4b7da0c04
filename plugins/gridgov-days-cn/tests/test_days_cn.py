import csv
import datetime as dt
import os
from pathlib import Path

import attrs
import pytest

from gridgov import SetupError, open_office
from gridgov.testing import small_setup
from gridgov.worktime import Calendar, DayKind, Limit, LimitKind, due
from gridgov_days_cn import NOTICES, plugin, published_days

DATA = Path(os.environ.get("GRIDGOV_DATA", Path(__file__).parents[4] / "shared/data"))
NOTICED = DATA / "holidays_cn/workdays_2007_2026.csv"
WITH_PLUGIN = {"plugins": [("days-cn", plugin)], "discover": False}


@pytest.fixture(scope="module")
def calendar():
    return Calendar(days="cn").with_days(published_days())


@pytest.fixture(scope="module")
def noticed():
    """Every day of the notices, kept by other hands than ours."""
    if not NOTICED.exists():
        pytest.skip(f"the days of the notices are not here: {NOTICED}")
    with NOTICED.open(encoding="utf-8") as file:
        return {dt.date.fromisoformat(row["date"]): row for row in csv.DictReader(file)}


def test_every_day_of_twenty_years_works_or_rests_as_the_notices_say(calendar, noticed):
    """调休: 2007-2026, checked against another transcription of the State Council's notices."""
    wrong = []
    for day, row in noticed.items():
        works = bool(calendar.sessions(day))
        if works != (row["is_workday"] == "1"):
            wrong.append((day, row))
    assert wrong == []
    assert len(noticed) > 600


def test_no_notice_ever_moved_a_day_of_the_year_before_that_we_call_settled(noticed):
    """岁末: the next year's notice has changed days from the 29th of December on, never earlier."""
    early = [day for day, row in noticed.items() if int(row["notice_year"] or day.year) > day.year]
    assert early
    assert min((day.month, day.day) for day in early) == (12, 29)
    assert all(day > dt.date(day.year, 12, 24) for day in early)


def test_days_after_the_last_notice_are_unknown_and_deadlines_on_them_provisional(calendar):
    last = published_days().known_through
    assert (last.month, last.day) == (12, 24)
    assert calendar.kind(last) in (DayKind.WORKING, DayKind.REST)
    assert calendar.kind(last + dt.timedelta(days=1)) is DayKind.UNKNOWN
    start = dt.datetime(last.year, 12, 21, 1, tzinfo=dt.UTC)
    assert due(Limit(30, LimitKind.WORKING_DAYS), start, calendar).provisional


def test_the_notice_is_named_with_the_day_of_its_publication(calendar):
    assert max(NOTICES) <= published_days().known_through.year
    assert "2026年部分节假日安排的通知, 2025-11-04" in published_days().notices[2026]
    assert "chinesecalendar 1." in calendar.notice


def test_an_office_fills_the_calendars_that_name_the_source(calendar):
    setup = small_setup()
    asking = attrs.evolve(setup, calendar=Calendar(days="cn"), calendars={"desk": Calendar(id="desk", days="cn")})
    with open_office(asking, **WITH_PLUGIN) as office:
        assert office.setup.calendar.holidays == office.setup.calendars["desk"].holidays == calendar.holidays
    with pytest.raises(SetupError, match=r"takes its days from 'cn', which no plugin offers.*days\.csv"):
        open_office(asking, discover=False)


def test_a_holiday_is_told_from_a_weekend_and_a_moved_day_works(calendar):
    assert calendar.sessions(dt.date(2026, 10, 1)) == ()
    assert calendar.sessions(dt.date(2026, 10, 10))
    assert calendar.sessions(dt.date(2026, 10, 11)) == ()
