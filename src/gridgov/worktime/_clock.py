"""Due, used and remaining time, from a start and an append-only list of marks."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal

import attrs

from gridgov.worktime._calendar import Calendar
from gridgov.worktime._limit import Limit
from gridgov.worktime._running import EPOCH, FAR, MICRO, Running, instant_of, micros_of, running_of

__all__ = ["Clock", "Due", "Mark", "Pause", "due", "used"]

DAY_MICROS = 86_400 * MICRO
_timedelta = dt.timedelta


@attrs.frozen
class Pause:
    """A stretch in which the clock stands still; *end* is None while it lasts.

    :raises ValueError: for an end before the start, or a naive instant.
    """

    start: dt.datetime
    end: dt.datetime | None = None

    def __attrs_post_init__(self) -> None:
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise ValueError("a pause needs aware instants")
        if self.end is not None and self.end < self.start:
            raise ValueError(f"a pause ends after it starts; {self.end} is before {self.start}")


@attrs.frozen
class Due:
    """When a limit runs out.

    :param at: the instant, in UTC.
    :param provisional: it rests on a day whose kind is not published yet; work it out again
        when the notice arrives.
    """

    at: dt.datetime
    provisional: bool = False


class _AroundTheClock:
    """Running time that never rests."""

    settled_from, settled_until = -FAR, FAR - 1

    def ran(self, begin: int, end: int) -> int:
        return end - begin

    def after(self, micros: int, allowed: int) -> int:
        return min(micros + allowed, FAR)

    def any_unknown(self, _start: int, _end: int) -> bool:
        return False


_AROUND = _AroundTheClock()


def _running(limit: Limit, calendar: Calendar) -> Running | _AroundTheClock:
    return running_of(calendar) if limit.kind.in_sessions else _AROUND


def _allowed(limit: Limit, start: dt.datetime, calendar: Calendar) -> int:
    """Give what a limit allows, in microseconds of its own running time."""
    if limit.kind.unit:
        return limit.amount * limit.kind.unit * MICRO
    last = limit.last_day(calendar.local(start).date())
    return max(0, micros_of(calendar.end_of(last)) - micros_of(start))


def _apart(pauses: Sequence[Pause], start: int) -> list[tuple[int, int]]:
    """Give pauses after *start* in order, without overlaps; one without an end ends with time itself."""
    found: list[tuple[int, int]] = []
    spans = ((micros_of(each.start), FAR if each.end is None else micros_of(each.end)) for each in pauses)
    for span_begin, end in sorted(spans):
        begin = max(span_begin, found[-1][1] if found else start)
        if end > begin:
            found.append((begin, end))
    return found


def due(
    limit: Limit,
    start: dt.datetime,
    calendar: Calendar,
    *,
    pauses: Sequence[Pause] = (),
    seconds: int | None = None,
) -> Due | None:
    """Give the earliest instant at which the used time equals the limit.

    :param start: an aware instant.
    :param pauses: may overlap and come in any order.
    :param seconds: another amount of running time than the limit's, above zero: for a warning
        at a part of it, or for a limit with its extensions.
    :returns: None while a pause without an end lies before that instant, or where the calendar's
        years end before it.
    :raises ValueError: for a naive instant or an amount of zero or below.
    """
    kind = limit.kind
    if kind.in_sessions and not pauses and seconds is None:
        return _due_in_sessions(limit, start, calendar)
    begin = micros_of(start)
    if seconds is None:
        allowed = limit.amount * kind.unit * MICRO if kind.unit else _allowed(limit, start, calendar)
    elif seconds <= 0:
        raise ValueError(f"running time is above zero, not {seconds} seconds")
    else:
        allowed = seconds * MICRO
    return _due_after(limit, begin, allowed, calendar, pauses)


def _due_after(limit: Limit, begin: int, allowed: int, calendar: Calendar, pauses: Sequence[Pause]) -> Due | None:
    """Give when so many microseconds of a limit's running time are used."""
    running = _running(limit, calendar)
    at, left = begin, allowed
    for pause_begin, pause_end in _apart(pauses, begin):
        until = running.ran(at, pause_begin)
        if until >= left:
            break
        if pause_end == FAR:
            return None
        at, left = pause_end, left - until
    at = running.after(at, left) if left else at
    if at >= FAR:
        return None
    settled = at <= running.settled_until and begin >= running.settled_from
    return Due(instant_of(at), not settled and running.any_unknown(begin, at))


def _due_in_sessions(limit: Limit, start: dt.datetime, calendar: Calendar) -> Due | None:
    """Give the same for the case that is asked for most: a whole limit in working time, without pauses.

    Written out in one piece, because calling the small functions costs more than what they do.
    """
    try:
        since = start - EPOCH
    except TypeError:
        begin = micros_of(start)
    else:
        begin = since.days * DAY_MICROS + since.seconds * MICRO + since.microseconds
    running = running_of(calendar)
    allowed = limit.amount * limit.kind.unit * MICRO
    begins, ends, sums, _, _ = running.table
    place = bisect_right(begins, begin)
    at = FAR
    if 0 < place < len(begins):
        over = ends[place - 1] - begin
        total = sums[place] + allowed - (over if over > 0 else 0)
        place = bisect_left(sums, total, place)
        if place < len(sums):
            at = ends[place - 1] - sums[place] + total
    if at == FAR:  # outside of what is summed up so far
        at = running.after(begin, allowed)
    if at <= running.settled_until and begin >= running.settled_from:
        return Due(EPOCH + _timedelta(0, 0, at))
    return Due(instant_of(at), running.any_unknown(begin, at)) if at < FAR else None


def used(
    limit: Limit, start: dt.datetime, at: dt.datetime, calendar: Calendar, *, pauses: Sequence[Pause] = ()
) -> dt.timedelta:
    """Give the running time between *start* and *at*, without the pauses; zero before *start*."""
    begin, end = micros_of(start), micros_of(at)
    if end <= begin:
        return dt.timedelta()
    running = _running(limit, calendar)
    total = running.ran(begin, end)
    for pause_begin, pause_end in _apart(pauses, begin):
        if pause_begin < end:
            total -= running.ran(pause_begin, min(pause_end, end))
    return dt.timedelta(microseconds=total)


MarkKind = Literal["start", "pause", "resume", "extend", "restart"]


@attrs.frozen
class Mark:
    """What was done to a clock, and when.

    :param limit: the limit of a start or restart, or the amount of an extension.
    """

    kind: MarkKind
    at: dt.datetime
    limit: Limit | None = None


@attrs.frozen
class Clock:
    """The clock of one matter: an append-only list of marks, from which everything follows.

    ``used + remaining = limit + extensions``, at every instant. Nothing in it is ever changed:
    each step gives a new clock with one mark more.
    """

    marks: tuple[Mark, ...]

    @classmethod
    def start(cls, limit: Limit, at: dt.datetime) -> Clock:
        """Start a clock.

        :raises ValueError: for a naive instant.
        """
        return cls(())._marked("start", at, limit)

    def _marked(self, kind: MarkKind, at: dt.datetime, limit: Limit | None = None) -> Clock:
        micros_of(at)
        if self.marks and at < self.marks[-1].at:
            raise ValueError(f"a clock is never changed in its past; {at} is before {self.marks[-1].at}")
        return Clock((*self.marks, Mark(kind, at.astimezone(dt.UTC), limit)))

    def pause(self, at: dt.datetime) -> Clock:
        """Let it stand still from *at* on.

        :raises ValueError: where it stands still already, or before its last mark.
        """
        if self.is_paused:
            raise ValueError("the clock stands still already; resume it first")
        return self._marked("pause", at)

    def resume(self, at: dt.datetime) -> Clock:
        """Let it run again.

        :raises ValueError: where it runs.
        """
        if not self.is_paused:
            raise ValueError("the clock runs; there is nothing to resume")
        return self._marked("resume", at)

    def extend(self, by: Limit, at: dt.datetime) -> Clock:
        """Give it more time, of the same running time that it counts.

        :raises ValueError: where *by* runs in sessions and the clock around the clock, or the other way.
        """
        if not by.kind.unit or by.kind.in_sessions != self.limit.kind.in_sessions:
            raise ValueError(f"a clock of {self.limit} cannot be extended by {by}: they do not run in the same hours")
        return self._marked("extend", at, by)

    def restart(self, at: dt.datetime, limit: Limit | None = None) -> Clock:
        """Begin again from nothing; pauses and extensions of before do not count any more.

        :param limit: a new one; by default the one of before.
        """
        return self._marked("restart", at, limit or self.limit)

    @property
    def _current(self) -> tuple[Mark, ...]:
        for place in range(len(self.marks) - 1, -1, -1):
            if self.marks[place].kind in ("start", "restart"):
                return self.marks[place:]
        raise ValueError("a clock begins with a start")

    @property
    def start_at(self) -> dt.datetime:
        """When it was started, or restarted last."""
        return self._current[0].at

    @property
    def limit(self) -> Limit:
        """The limit in force, without extensions."""
        limit = self._current[0].limit
        if limit is None:
            raise ValueError("a clock is started with a limit")
        return limit

    @property
    def extension(self) -> int:
        """The seconds of running time that were added."""
        return sum(mark.limit.seconds for mark in self._current if mark.kind == "extend" and mark.limit)

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """The stretches in which it stood still; the last one without an end while it lasts."""
        found: list[Pause] = []
        for mark in self._current:
            if mark.kind == "pause":
                found.append(Pause(mark.at))
            elif mark.kind == "resume":
                found[-1] = Pause(found[-1].start, mark.at)
        return tuple(found)

    @property
    def is_paused(self) -> bool:
        """Say whether it stands still."""
        pauses = self.pauses if self.marks else ()
        return bool(pauses) and pauses[-1].end is None

    def _allowed(self, calendar: Calendar) -> int:
        return _allowed(self.limit, self.start_at, calendar) + self.extension * MICRO

    def due(self, calendar: Calendar) -> Due | None:
        """Give the earliest instant at which the used time equals limit and extensions; None while it stands still."""
        return _due_after(self.limit, micros_of(self.start_at), self._allowed(calendar), calendar, self.pauses)

    def used(self, at: dt.datetime, calendar: Calendar) -> dt.timedelta:
        """Give the running time from the start to *at*, without pauses."""
        return used(self.limit, self.start_at, at, calendar, pauses=self.pauses)

    def remaining(self, at: dt.datetime, calendar: Calendar) -> dt.timedelta:
        """Give what is left at *at*; below zero once it is overdue."""
        return dt.timedelta(microseconds=self._allowed(calendar)) - self.used(at, calendar)
