"""Due, used and remaining time, from a start and an append-only list of pauses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import attrs

from gridgov.worktime._calendar import Calendar
from gridgov.worktime._limit import Limit

__all__ = ["Due", "Pause", "due", "used"]


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


_FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


def _running(limit: Limit, start: dt.datetime, calendar: Calendar) -> Iterator[tuple[dt.datetime, dt.datetime, bool]]:
    if limit.kind.in_sessions:
        return calendar.running(start)
    return iter([(start.astimezone(dt.UTC), _FAR, True)])


def _without(
    stretch: tuple[dt.datetime, dt.datetime], pauses: Sequence[Pause]
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Take *pauses* (in order of start) out of one stretch."""
    begin, end = stretch
    for pause in pauses:
        stop = _FAR if pause.end is None else pause.end
        if stop <= begin or pause.start >= end:
            continue
        if pause.start > begin:
            yield begin, pause.start.astimezone(dt.UTC)
        begin = max(begin, stop.astimezone(dt.UTC))
        if begin >= end:
            return
    if begin < end:
        yield begin, end


def _require_aware(instant: dt.datetime) -> None:
    if instant.tzinfo is None:
        raise ValueError(f"an instant must be an aware datetime, not {instant!r}")


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
        at a part of it.
    :returns: None while a pause without an end lies before that instant.
    :raises ValueError: for a naive instant or an amount of zero or below.
    """
    _require_aware(start)
    if seconds is not None and seconds <= 0:
        raise ValueError(f"running time is above zero, not {seconds} seconds")
    left = dt.timedelta(seconds=limit.seconds if seconds is None else seconds)
    ordered = sorted(pauses, key=lambda pause: pause.start)
    provisional = False
    for begin, end, known in _running(limit, start, calendar):
        provisional = provisional or not known
        for free_from, free_to in _without((begin, end), ordered):
            if free_to - free_from >= left:
                return Due(free_from + left, provisional)
            left -= free_to - free_from
        if ordered and any(pause.end is None and pause.start <= end for pause in ordered):
            return None
    return None


def used(
    limit: Limit, start: dt.datetime, at: dt.datetime, calendar: Calendar, *, pauses: Sequence[Pause] = ()
) -> dt.timedelta:
    """Give the running time between *start* and *at*, without the pauses; zero before *start*."""
    _require_aware(start)
    _require_aware(at)
    ordered = sorted(pauses, key=lambda pause: pause.start)
    total = dt.timedelta()
    for begin, end, _known in _running(limit, start, calendar):
        if begin >= at:
            break
        for free_from, free_to in _without((begin, min(end, at)), ordered):
            total += free_to - free_from
    return total
