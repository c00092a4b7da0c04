"""The running time of a calendar as prefix sums.

For each working session there is where it begins and how much running time lies before its end.
So *how much ran until this instant* and *when has so much run* are one bisection each, in place
of a walk over days. The sums begin with the first day that anybody asked for, and grow.

Instants are whole microseconds since 1970, UTC; so nothing is rounded.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right

from gridgov.worktime._calendar import Calendar, DayKind, zone_of

__all__ = ["EPOCH", "FAR", "MICRO", "Running", "instant_of", "micros_of", "running_of"]

MICRO = 1_000_000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)
_LAST = dt.date(9998, 12, 31)
FIRST_DAYS = 800
"""A matter's limits lie in the next two years; the sums grow if one does not."""


def micros_of(instant: dt.datetime) -> int:
    """Give an aware instant as microseconds since 1970.

    :raises ValueError: for a naive one.
    """
    try:
        since = instant - EPOCH
    except TypeError:
        raise ValueError(f"an instant must be an aware datetime, not {instant!r}") from None
    return (since.days * 86_400 + since.seconds) * MICRO + since.microseconds


def instant_of(micros: int) -> dt.datetime:
    """Give microseconds since 1970 as an instant in UTC."""
    return EPOCH + dt.timedelta(0, micros // MICRO, micros % MICRO)


FAR = micros_of(dt.datetime(9999, 1, 1, tzinfo=dt.UTC))


class Running:
    """The sums of one calendar; grows while it is asked, and gives the same answers all the time."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._first = self._next = dt.date.max
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._sums: list[int] = [0]
        self._from = FAR
        known = calendar.known_through
        known_day = known if known >= _LAST else known + _DAY
        # Where no day before is unknown, a deadline before this instant cannot be provisional.
        self.settled_from = self._midnight(max(calendar.known_from, dt.date(2, 1, 1)))
        self.settled_until = FAR - 1 if known >= _LAST else self._midnight(known_day)

    def before(self, micros: int) -> int:
        """Give how much ran before an instant, counted from where the sums begin."""
        if micros < self._from:
            self._begin_before(micros)
        place = bisect_right(self._begins, micros)
        if place == len(self._begins):
            self._grow_until(micros)
            place = bisect_right(self._begins, micros)
        if not place:
            return 0
        over = self._ends[place - 1] - micros
        return self._sums[place] - over if over > 0 else self._sums[place]

    def reach(self, total: int) -> int:
        """Give the earliest instant before which *total* ran; :data:`FAR` where the years end first."""
        while total > self._sums[-1]:
            if self._next > _LAST:
                return FAR
            self._grow(2 * len(self._begins) + FIRST_DAYS)
        place = bisect_left(self._sums, total)
        if not place:
            return self._from
        return self._ends[place - 1] - (self._sums[place] - total)

    def after(self, micros: int, allowed: int) -> int:
        """Give the earliest instant before which *allowed* ran since *micros*: ``reach(before(micros) + allowed)``."""
        begins = self._begins
        place = bisect_right(begins, micros)
        if not 0 < place < len(begins):  # outside of what is summed up
            return self.reach(self.before(micros) + allowed)
        sums = self._sums
        over = self._ends[place - 1] - micros
        total = sums[place] + allowed - (over if over > 0 else 0)
        place = bisect_left(sums, total, place)
        if place == len(sums):
            return self.reach(total)
        return self._ends[place - 1] - sums[place] + total

    def any_unknown(self, start: int, end: int) -> bool:
        """Say whether a day from the one of *start* to the one of *end* is unknown."""
        zone = zone_of(self._calendar.zone)
        day, last = (instant_of(each).astimezone(zone).date() for each in (start, end))
        while day <= last:
            if self._calendar.kind(day) is DayKind.UNKNOWN:
                return True
            day += _DAY
        return False

    def _begin_before(self, micros: int) -> None:
        day = instant_of(micros).astimezone(zone_of(self._calendar.zone)).date()
        # A little earlier than asked for: whoever asks next may start some days before.
        first = dt.date(max(2, day.year), 1, 1) if day.month > 1 else dt.date(max(2, day.year - 1), 12, 1)
        until = self._next if self._begins else first
        self._first = self._next = first
        self._from = self._midnight(first)
        self._begins, self._ends, self._sums = [], [], [0]
        self._grow(max(FIRST_DAYS, (until - first).days))

    def _grow_until(self, micros: int) -> None:
        while self._next <= _LAST and self._midnight(self._next) <= micros:
            self._grow(len(self._begins) + FIRST_DAYS)

    def _midnight(self, day: dt.date) -> int:
        return micros_of(dt.datetime(day.year, day.month, day.day, tzinfo=zone_of(self._calendar.zone)))

    def _grow(self, days: int) -> None:
        zone = zone_of(self._calendar.zone)
        day = self._next
        end = self._ends[-1] if self._ends else self._from
        for _ in range(days):
            if day > _LAST:
                break
            sessions = self._calendar.sessions(day)
            if sessions:
                midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
                for session in sessions:
                    # On the wall clock: where a zone changes its clocks at night, sessions stay where they are.
                    begin = max(end, micros_of(midnight + dt.timedelta(minutes=session.start)))
                    end = max(begin, micros_of(midnight + dt.timedelta(minutes=session.end)))
                    self._begins.append(begin)
                    self._ends.append(end)
                    self._sums.append(self._sums[-1] + end - begin)
            day += _DAY
        self._next = day


CALENDARS_KEPT = 256
_kept: dict[int, tuple[Calendar, Running]] = {}


def running_of(calendar: Calendar) -> Running:
    """Give the sums of a calendar; made once for each calendar object that is alive."""
    found = _kept.get(id(calendar))
    if found is not None:
        return found[1]
    if len(_kept) >= CALENDARS_KEPT:
        _kept.clear()
    # Kept with the calendar itself, so that its id cannot become another one's.
    _kept[id(calendar)] = (calendar, Running(calendar))
    return _kept[id(calendar)][1]
