"""Who is told of what, where, in which words, and when it may wait."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any, Self

import attrs

__all__ = ["ADDRESSED", "Digest", "QuietHours", "Subscription", "Template", "beyond_defaults"]

ADDRESSED = "addressed"
"""The audience of announcements: whoever the announcement itself names."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_QUIET = re.compile(r"([0-2]\d:[0-5]\d)-([0-2]\d:[0-5]\d)")
_DIGEST = re.compile(rf"(?:({'|'.join(WEEKDAYS)}) )?([0-2]\d:[0-5]\d)")


@attrs.frozen
class QuietHours:
    """A stretch of local time in which nobody wants to hear anything; it may reach across midnight."""

    start: dt.time
    end: dt.time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"22:00-07:00"``.

        :raises ValueError: for anything else, and for a stretch without length.
        """
        found = _QUIET.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} are no quiet hours; write them as in 22:00-07:00")
        start, end = _time(found[1]), _time(found[2])
        if start == end:
            raise ValueError(f"{text!r} begins and ends at once; write quiet hours as in 22:00-07:00")
        return cls(start, end)

    def end_after(self, instant: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """Give *instant*, or where it lies in the quiet hours their end, in UTC; the end itself is not quiet."""
        here = instant.astimezone(zone)
        clock = here.time()
        night = self.start > self.end
        if not (clock >= self.start or clock < self.end if night else self.start <= clock < self.end):
            return instant
        day = here.date() + dt.timedelta(days=1 if night and clock >= self.start else 0)
        end = dt.datetime.combine(day, self.end, zone).replace(fold=here.fold if day == here.date() else 0)
        return max(instant, end.astimezone(dt.UTC))


@attrs.frozen
class Digest:
    """When what has gathered goes out as one: every day, or on one day of the week, at a local time."""

    at: dt.time
    weekday: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"18:00"`` or ``"mon 08:30"``.

        :raises ValueError: for anything else.
        """
        found = _DIGEST.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no time of a digest; write it as in 18:00 or mon 08:30")
        return cls(_time(found[2]), WEEKDAYS.index(found[1]) if found[1] else None)

    def next_at(self, instant: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """Give the first such time at *instant* or after it, in UTC."""
        day = instant.astimezone(zone).date()
        if self.weekday is not None:
            day += dt.timedelta(days=(self.weekday - day.weekday()) % 7)
        step = dt.timedelta(days=1 if self.weekday is None else 7)
        while True:
            found = dt.datetime.combine(day, self.at, zone).astimezone(dt.UTC)
            if found >= instant:
                return found
            day += step


def _time(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time of day") from None


def _quiet(_instance: object, _attribute: Any, value: str) -> None:
    if value:
        QuietHours.parse(value)


def _digest(_instance: object, _attribute: Any, value: str) -> None:
    if value:
        Digest.parse(value)


@attrs.frozen(kw_only=True)
class Subscription:
    """Who is told of what, where, and when.

    :param event: a stored event name.
    :param audience: ``lead``, ``supporting``, ``informed``, ``supervisor``, ``reporter``,
        ``followers``, ``desk``, ``called`` (the organizations of a whistle), or a group:
        see :data:`gridgov.notices.AUDIENCES`.
    :param channel: the name of a channel.
    :param quiet: when nothing is sent, in the calendar's local time (``"22:00-07:00"``); it waits until the end.
    :param digest: empty for at once, else when it goes out together with what else has gathered for one
        receiver on one channel (``"18:00"``, ``"mon 08:30"``).
    """

    event: str
    audience: str
    channel: str
    language: str = "zh"
    quiet: str = attrs.field(default="", validator=_quiet)
    digest: str = attrs.field(default="", validator=_digest)


@attrs.frozen(kw_only=True)
class Template:
    """The words of a notice, in place of the usual line.

    :param text: with the placeholders of :class:`string.Template`; which there are says
        :data:`gridgov.notices.PLACEHOLDERS`.
    :param audience: for whom alone; empty for everybody.
    """

    event: str
    language: str
    text: str
    audience: str = ""


def beyond_defaults(values: Iterable[Any], always: Iterable[str]) -> list[dict[str, Any]]:
    """Give values as mappings that leave out what is at its default, but for some names.

    So a field that comes later changes no digest of a setup that does not use it.
    """
    kept = frozenset(always)
    return [
        {
            field.name: getattr(value, field.name)
            for field in attrs.fields(type(value))
            if field.name in kept or getattr(value, field.name) != field.default
        }
        for value in values
    ]
