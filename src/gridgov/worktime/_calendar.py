"""When work is done: sessions by weekday, holidays and moved working days as data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

__all__ = ["Calendar", "Counting", "DayKind", "PublishedDays", "Session", "weekly", "year_known_through", "zone_of"]


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
def zone_of(name: str) -> ZoneInfo:
    """Give a time zone by its IANA name; the same object each time."""
    return ZoneInfo(name)


def _known_zone(_calendar: object, _attribute: object, name: str) -> None:
    try:
        zone_of(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is not a time zone; write one as in Asia/Shanghai") from None


def _apart(holidays: frozenset[dt.date], moved: frozenset[dt.date]) -> None:
    both = holidays & moved
    if both:
        raise ValueError(f"{min(both)} is named both a holiday and a moved working day")


def year_known_through(year: int) -> dt.date:
    """Give the last day of a year that its own notice settles: the 24th of December.

    New Year of the next year moves days before it: in the notices of 2007 to 2026 never one before
    the 29th (in 2007 and 2018), and we leave some days to be sure.
    """
    return dt.date(year, 12, 24)


@attrs.frozen(kw_only=True)
class PublishedDays:
    """What official notices have said of days, as a source of holidays gives it.

    :param source: where it comes from, with a version.
    :param holidays: rest days; :param moved: working days on a weekend (调休).
    :param known_from: the first day that the notices settle; :param known_through: the last one.
        The end of December belongs to the *next* year's notice: New Year moves days before it.
    :param notices: year → what the notice is called, with the day on which it was published.
    """

    source: str
    holidays: frozenset[dt.date]
    moved: frozenset[dt.date]
    known_from: dt.date
    known_through: dt.date
    notices: Mapping[int, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        _apart(self.holidays, self.moved)
        if self.known_from > self.known_through:
            raise ValueError(f"days are known from {self.known_from} through a later day, not {self.known_through}")


@attrs.frozen(kw_only=True)
class Counting:
    """When a report begins to count, where it does not at once: a convention of many offices.

    An instant on a rest day first moves to the next working day, at the same time of day or at
    *resumes*; what is then later than *cutoff* counts from *resumes* of the working day after.
    (次日起算: "what comes after half past four counts from the next working day".)

    :param cutoff: minutes after midnight, local time; :param resumes: as *cutoff*.
    :param same_time: a report of a rest day keeps its time of day when it moves.
    :raises ValueError: for minutes outside of a day.
    """

    cutoff: int
    resumes: int
    same_time: bool = False

    def __attrs_post_init__(self) -> None:
        for minute in (self.cutoff, self.resumes):
            if not 0 <= minute <= 24 * 60:
                raise ValueError(f"a time of day is 0 to 1440 minutes after midnight, not {minute}")
        if self.resumes > self.cutoff:
            raise ValueError("what comes after the cutoff counts from an earlier time of the next day")


@attrs.frozen(kw_only=True)
class Calendar:
    """Sessions of the week, with the days that differ from it.

    :param id: its name in policies; rules may name several.
    :param zone: IANA name of the local time zone.
    :param week: the sessions of each weekday, Monday first.
    :param holidays: rest days that the week would have worked.
    :param moved: working days that the week would have rested (调休); they take the sessions
        of *moved_as*, by default Monday's.
    :param known_from: the first day that a published notice settles; earlier ones are unknown.
    :param known_through: the last day of the last published notice; later days are unknown.
    :param notice: which notice the days come from, for explanations.
    :param counting: when a report begins to count; None for at once.
    :param days: the name of the source that holidays, moved days and what is known come from,
        empty where they stand here; see :meth:`with_days`.
    """

    id: str = "default"
    zone: str = attrs.field(default="Asia/Shanghai", validator=_known_zone)
    week: Week = attrs.field(factory=weekly, validator=_in_order)
    holidays: frozenset[dt.date] = frozenset()
    moved: frozenset[dt.date] = frozenset()
    moved_as: int = 0
    known_from: dt.date = dt.date.min
    known_through: dt.date = dt.date.max
    notice: str = ""
    days: str = ""
    counting: Counting | None = None

    def __attrs_post_init__(self) -> None:
        _apart(self.holidays, self.moved)

    def with_days(self, published: PublishedDays) -> Calendar:
        """Give this calendar with the days of a source; its week stays."""
        newest = max(published.notices, default=0)
        notice = f"{published.notices[newest]}; {published.source}" if newest else published.source
        return attrs.evolve(
            self,
            holidays=published.holidays,
            moved=published.moved,
            known_from=published.known_from,
            known_through=published.known_through,
            notice=notice,
        )

    def kind(self, day: dt.date) -> DayKind:
        """Say what is known of *day*."""
        if day in self.holidays:
            return DayKind.REST
        if day in self.moved:
            return DayKind.WORKING
        if day > self.known_through or day < self.known_from:
            return DayKind.UNKNOWN
        return DayKind.WORKING if self.week[day.weekday()] else DayKind.REST

    def sessions(self, day: dt.date) -> tuple[Session, ...]:
        """Give the sessions of *day*; an unknown day is presumed to be like its weekday."""
        if day in self.holidays:
            return ()
        if day in self.moved:
            return self.week[self.moved_as] or DEFAULT_SESSIONS
        return self.week[day.weekday()]

    def local(self, instant: dt.datetime) -> dt.datetime:
        """Give *instant* in the calendar's local time."""
        return instant.astimezone(zone_of(self.zone))

    def end_of(self, day: dt.date) -> dt.datetime:
        """Give the instant, in UTC, at which a local day ends."""
        after = day + dt.timedelta(days=1)
        return dt.datetime(after.year, after.month, after.day, tzinfo=zone_of(self.zone)).astimezone(dt.UTC)

    def counts_from(self, instant: dt.datetime) -> dt.datetime:
        """Give the instant, in UTC, from which a report of *instant* counts; see :class:`Counting`."""
        counting = self.counting
        if counting is None:
            return instant.astimezone(dt.UTC)
        here = self.local(instant)
        day = first = here.date()
        minute = dt.timedelta(hours=here.hour, minutes=here.minute, seconds=here.second, microseconds=here.microsecond)
        resumes = dt.timedelta(minutes=counting.resumes)
        if not self.sessions(day):
            day = self._next_working(day)
            minute = minute if counting.same_time else resumes
        if minute > dt.timedelta(minutes=counting.cutoff):
            day, minute = self._next_working(day), resumes
        if day == first:
            return instant.astimezone(dt.UTC)
        midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone_of(self.zone))
        return (midnight + minute).astimezone(dt.UTC)

    def any_unknown(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Say whether a local day from that of *start* to that of *end* is unknown."""
        if start == end:
            return False
        day, last = self.local(start).date(), self.local(end).date()
        while day <= last:
            if self.kind(day) is DayKind.UNKNOWN:
                return True
            day += dt.timedelta(days=1)
        return False

    def _next_working(self, day: dt.date) -> dt.date:
        while day < dt.date.max:
            day += dt.timedelta(days=1)
            if self.sessions(day):
                return day
        raise ValueError(f"the calendar {self.id} ends before another working day")

    def is_running(self, instant: dt.datetime) -> bool:
        """Say whether *instant* lies in a session."""
        here = self.local(instant)
        minute = here.hour * 60 + here.minute
        return any(session.start <= minute < session.end for session in self.sessions(here.date()))
