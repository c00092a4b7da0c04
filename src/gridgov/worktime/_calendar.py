"""When work is done: sessions by weekday, holidays and moved working days as data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

__all__ = ["Calendar", "DayKind", "Session", "weekly"]


class DayKind(Enum):
    """What is known of a day."""

    WORKING = "working"
    REST = "rest"
    UNKNOWN = "unknown"


@attrs.frozen
class Session:
    """One stretch of work inside a day, in minutes after midnight, local time.

    :raises ValueError: unless 0 ≤ start < end ≤ 1440.
    """

    start: int
    end: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 24 * 60:
            raise ValueError(f"a session starts before it ends, inside one day; not {self}")

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


DEFAULT_SESSIONS = (Session(8 * 60, 12 * 60), Session(14 * 60, 18 * 60))
"""08–12 and 14–18 (field convention)."""


Week = tuple[tuple[Session, ...], ...]
"""The sessions of each weekday, Monday first; seven entries."""


def weekly(sessions: tuple[Session, ...] = DEFAULT_SESSIONS, weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)) -> Week:
    """Give the same sessions to each of *weekdays* (Monday is 0), none to the others.

    :raises ValueError: for a weekday outside 0 to 6.
    """
    for weekday in weekdays:
        if not 0 <= weekday <= 6:
            raise ValueError(f"a weekday is 0 (Monday) to 6 (Sunday), not {weekday}")
    return tuple(sessions if weekday in weekdays else () for weekday in range(7))


def _in_order(_calendar: object, _attribute: object, week: Week) -> None:
    if len(week) != 7 or not any(week):
        raise ValueError("a week has seven days, and a session on one of them at least")
    for sessions in week:
        for before, after in pairwise(sessions):
            if before.end > after.start:
                raise ValueError(f"the sessions {before} and {after} overlap or are out of order")


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _known_zone(_calendar: object, _attribute: object, name: str) -> None:
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is not a time zone; write one as in Asia/Shanghai") from None


@attrs.frozen(kw_only=True)
class Calendar:
    """Sessions of the week, with the days that differ from it.

    :param id: its name in policies.
    :param zone: IANA name of the local time zone.
    :param week: the sessions of each weekday, Monday first.
    :param holidays: rest days that the week would have worked.
    :param moved: working days that the week would have rested (调休); they take the sessions
        of *moved_as*, by default Monday's.
    :param known_through: the last day of the last published notice; later days are unknown.
    :param notice: which notice the days come from, for explanations.
    """

    id: str = "default"
    zone: str = attrs.field(default="Asia/Shanghai", validator=_known_zone)
    week: Week = attrs.field(factory=weekly, validator=_in_order)
    holidays: frozenset[dt.date] = frozenset()
    moved: frozenset[dt.date] = frozenset()
    moved_as: int = 0
    known_through: dt.date = dt.date.max
    notice: str = ""

    def __attrs_post_init__(self) -> None:
        both = self.holidays & self.moved
        if both:
            raise ValueError(f"{min(both)} is named both a holiday and a moved working day")

    def kind(self, day: dt.date) -> DayKind:
        """Say what is known of *day*."""
        if day in self.holidays:
            return DayKind.REST
        if day in self.moved:
            return DayKind.WORKING
        if day > self.known_through:
            return DayKind.UNKNOWN
        return DayKind.WORKING if self.week[day.weekday()] else DayKind.REST

    def sessions(self, day: dt.date) -> tuple[Session, ...]:
        """Give the sessions of *day*; an unknown day is presumed to be like its weekday."""
        if day in self.holidays:
            return ()
        if day in self.moved:
            return self.week[self.moved_as] or DEFAULT_SESSIONS
        return self.week[day.weekday()]

    def running(self, start: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime, bool]]:
        """Walk the working time from *start* on: begin and end in UTC, and whether it is known.

        The intervals are half-open, in order, and never overlap. The walk ends with the year 9998.
        """
        zone = _zone(self.zone)
        day = start.astimezone(zone).date()
        while day.year < 9999:
            known = self.kind(day) is not DayKind.UNKNOWN
            midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
            for session in self.sessions(day):
                begin = (midnight + dt.timedelta(minutes=session.start)).astimezone(dt.UTC)
                end = (midnight + dt.timedelta(minutes=session.end)).astimezone(dt.UTC)
                if end > start:
                    yield max(begin, start.astimezone(dt.UTC)), end, known
            day += dt.timedelta(days=1)

    def local(self, instant: dt.datetime) -> dt.datetime:
        """Give *instant* in the calendar's local time."""
        return instant.astimezone(_zone(self.zone))

    def end_of(self, day: dt.date) -> dt.datetime:
        """Give the instant, in UTC, at which a local day ends."""
        after = day + dt.timedelta(days=1)
        return dt.datetime(after.year, after.month, after.day, tzinfo=_zone(self.zone)).astimezone(dt.UTC)

    def is_running(self, instant: dt.datetime) -> bool:
        """Say whether *instant* lies in a session."""
        begin, _, _ = next(self.running(instant))
        return begin == instant
