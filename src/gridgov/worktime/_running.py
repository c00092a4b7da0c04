"""The running time of a calendar as prefix sums.

For each working session there is where it begins and how much running time lies before its end.
So *how much ran until this instant* and *when has so much run* are one bisection each, in place
of a walk over days. The sums begin with the first day that anybody asked for, and grow.

Instants are whole microseconds since 1970, UTC; so nothing is rounded.
"""

from __future__ import annotations

import datetime as dt
import threading
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


Table = tuple[list[int], list[int], list[int], int, dt.date]


class Running:
    """The sums of one calendar; grows while it is asked, and gives the same answers all the time.

    Several threads may ask at once: the sums are never changed in place, a longer table takes the
    place of a shorter one in one step.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._zone = zone_of(calendar.zone)
        self._growing = threading.Lock()
        # Where each session begins and ends, how much ran before each end, where the sums begin, the day after them.
        self.table: Table = ([], [], [0], FAR, dt.date.max)
        known = calendar.known_through
        # Where no day before is unknown, a deadline before this instant cannot be provisional.
        self.settled_from = self._midnight(max(calendar.known_from, dt.date(2, 1, 1)))
        self.settled_until = FAR - 1 if known >= _LAST else self._midnight(known + _DAY)

    def ran(self, begin: int, end: int) -> int:
        """Give how much ran from one instant to a later one."""
        table = self._covering(begin, end)
        return _before(table, end) - _before(table, begin)

    def after(self, micros: int, allowed: int) -> int:
        """Give the earliest instant before which *allowed* ran since *micros*; :data:`FAR` where the years end."""
        while True:
            # From one table all the time: another thread may begin an earlier one meanwhile.
            table = self._covering(micros, micros)
            total = _before(table, micros) + allowed
            _, ends, sums, _, reached = table
            if total <= sums[-1]:
                place = bisect_left(sums, total)
                return ends[place - 1] - sums[place] + total
            if reached > _LAST:
                return FAR
            self._longer(2 * len(ends) + FIRST_DAYS)

    def any_unknown(self, start: int, end: int) -> bool:
        """Say whether a day from the one of *start* to the one of *end* is unknown."""
        day, last = (instant_of(each).astimezone(self._zone).date() for each in (start, end))
        while day <= last:
            if self._calendar.kind(day) is DayKind.UNKNOWN:
                return True
            day += _DAY
        return False

    def _covering(self, first: int, last: int) -> Table:
        """Give one table that reaches from before an instant to after a later one."""
        table = self.table
        if first < table[3]:
            table = self._begun_before(first)
            if first < table[3]:
                raise ValueError("the clock knows no instants before the year 2")
        while table[4] <= _LAST and self._midnight(table[4]) <= last:
            table = self._longer(len(table[0]) + FIRST_DAYS)
        return table

    def _begun_before(self, micros: int) -> Table:
        with self._growing:
            if micros >= self.table[3]:
                return self.table
            day = instant_of(micros).astimezone(self._zone).date()
            # A little earlier than asked for: whoever asks next may start some days before.
            first = dt.date(max(2, day.year), 1, 1) if day.month > 1 else dt.date(max(2, day.year - 1), 12, 1)
            until = self.table[4] if self.table[0] else first
            start = self._midnight(first)
            self.table = self._summed(([], [], [0], start, first), max(FIRST_DAYS, (until - first).days))
            return self.table

    def _longer(self, days: int) -> Table:
        with self._growing:
            self.table = self._summed(self.table, days)
            return self.table

    def _summed(self, table: Table, days: int) -> Table:
        begins, ends, sums = list(table[0]), list(table[1]), list(table[2])
        start, day = table[3], table[4]
        end = ends[-1] if ends else start
        for _ in range(days):
            if day > _LAST:
                break
            for session in self._calendar.sessions(day):
                begin = max(end, self._wall(day, session.start))
                end = max(begin, self._wall(day, session.end))
                begins.append(begin)
                ends.append(end)
                sums.append(sums[-1] + end - begin)
            day += _DAY
        return begins, ends, sums, start, day

    def _midnight(self, day: dt.date) -> int:
        return micros_of(dt.datetime(day.year, day.month, day.day, tzinfo=self._zone))

    def _wall(self, day: dt.date, minute: int) -> int:
        """Give the instant at which the clock on the wall shows a minute; where it leaves that out, when it jumps."""
        wall = dt.datetime(day.year, day.month, day.day, tzinfo=self._zone) + dt.timedelta(minutes=minute)
        found = wall.astimezone(dt.UTC)
        shown = found.astimezone(self._zone)
        if shown.replace(tzinfo=None) == wall.replace(tzinfo=None):
            return micros_of(found)
        # The wall never shows it: the clocks jump over it. Halve the time between until the jump is found.
        early, late = micros_of(wall.replace(fold=1)), micros_of(found)
        offset = shown.utcoffset()
        while late - early > 1:
            middle = (early + late) // 2
            if instant_of(middle).astimezone(self._zone).utcoffset() == offset:
                late = middle
            else:
                early = middle
        return late


def _before(table: Table, micros: int) -> int:
    """Give how much ran before an instant, counted from where a table begins."""
    begins, ends, sums, _, _ = table
    place = bisect_right(begins, micros)
    if not place:
        return 0
    over = ends[place - 1] - micros
    return sums[place] - over if over > 0 else sums[place]


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
    running = Running(calendar)
    _kept[id(calendar)] = (calendar, running)
    return running
