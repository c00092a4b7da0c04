"""From the calendar of a setup file, and the days of its table, to the value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from gridgov.documents import _models as m
from gridgov.worktime import Calendar, Counting, PublishedDays, Session, weekly, year_known_through

__all__ = ["DAYS", "read_calendar"]

DAYS = "days.csv"
NEVER = dt.date(9999, 1, 1)
"""From when days are known where a plugin has still to say so: a deadline until then is provisional."""


def read_calendar(part: m.CalendarPart, rows: Sequence[m.DayRow]) -> Calendar:
    """Give the calendar of a part of setup.yaml.

    :param rows: of days.csv; empty where there is none.
    :raises ValueError: says what is wrong, and what would be right.
    """
    if part.days and (part.holidays or part.moved):
        raise ValueError(f"holidays come from {part.days}, or stand here; not both")
    waits = part.days not in ("", DAYS)
    calendar = Calendar(
        id=part.id,
        zone=part.zone,
        week=weekly(tuple(map(_session, part.sessions)), tuple(weekday - 1 for weekday in part.weekdays)),
        holidays=frozenset(part.holidays),
        moved=frozenset(part.moved),
        known_from=NEVER if waits else part.known_from or dt.date.min,
        known_through=part.known_through or dt.date.max,
        notice=part.notice,
        days=part.days,
        counting=_counting(part.counting),
    )
    return calendar.with_days(_days(part, rows)) if part.days == DAYS else calendar


def _days(part: m.CalendarPart, rows: Sequence[m.DayRow]) -> PublishedDays:
    """Read days.csv; without a last known day it is the eve of what the next notice may change."""
    if not rows:
        raise ValueError(f"the days come from {DAYS}, which is empty or missing")
    first, last = min(row.date for row in rows), max(row.date for row in rows)
    return PublishedDays(
        source=DAYS,
        holidays=frozenset(row.date for row in rows if not row.works),
        moved=frozenset(row.date for row in rows if row.works),
        known_from=part.known_from or dt.date(first.year, 1, 1),
        known_through=part.known_through or year_known_through(last.year),
        notices={row.date.year: row.notice for row in rows if row.notice},
    )


def _counting(part: m.CountingPart | None) -> Counting | None:
    if part is None:
        return None
    return Counting(cutoff=_minute(part.cutoff), resumes=_minute(part.resumes), same_time=part.same_time)


def _minute(text: str) -> int:
    """Read a time of day as minutes after midnight; 24:00 is the end of the day."""
    if text == "24:00":
        return 24 * 60
    try:
        time = dt.time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time of day; write it as 16:30") from None
    return time.hour * 60 + time.minute


def _session(text: str) -> Session:
    start, dash, end = text.partition("-")
    try:
        return Session(_minute(start), (_minute(end) or 24 * 60) if dash else -1)
    except ValueError:
        raise ValueError(f"{text!r} is no session; write it as 08:00-12:00") from None
