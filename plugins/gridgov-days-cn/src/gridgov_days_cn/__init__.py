"""Holidays and moved working days of mainland China, from chinesecalendar.

The library is asked once, for whole years, and its answer becomes two sets of days. It covers a
year as soon as the State Council's notice is out and says nothing of later ones; so do we.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from importlib.metadata import version

from chinese_calendar.constants import holidays, workdays

from gridgov.hooks import hookimpl
from gridgov.worktime import PublishedDays, year_known_through

__all__ = ["NOTICES", "plugin", "published_days"]

NOTICES = {
    2024: dt.date(2023, 10, 25),
    2025: dt.date(2024, 11, 12),
    2026: dt.date(2025, 11, 4),
}
"""Year → the day on which its notice was published, for the years of which we have read it."""

SATURDAY = 5


def _notice(year: int) -> str:
    published = f", {NOTICES[year]}" if year in NOTICES else ""
    return f"国务院办公厅关于{year}年部分节假日安排的通知{published}"


def published_days() -> PublishedDays:
    """Give every day that differs from its week, for all years that the library knows."""
    years = {day.year for day in holidays}
    return PublishedDays(
        source=f"chinesecalendar {version('chinesecalendar')}",
        # A weekend that a holiday covers rests anyway, and stays in the set: it cannot be moved either.
        holidays=frozenset(holidays),
        moved=frozenset(day for day in workdays if day.weekday() >= SATURDAY and day not in holidays),
        known_from=dt.date(min(years), 1, 1),
        known_through=year_known_through(max(years)),
        notices={year: _notice(year) for year in sorted(years)},
    )


class DaysCn:
    """What the entry point names."""

    @hookimpl
    def gridgov_days(self) -> Mapping[str, PublishedDays]:
        """Offer the source ``cn``."""
        return {"cn": published_days()}


plugin = DaysCn()
