"""The kinds of time limit, and how they are written."""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum

import attrs

from gridgov.wording import Text

__all__ = ["Limit", "LimitKind", "parse_limit"]

HOUR, DAY = 3600, 24 * 3600
WORKING_DAY = 8 * HOUR
"""One 工作日 is eight working hours, wherever the sessions lie (field convention)."""


YEARS = range(1900, 3001)
AMOUNT_MAX = 10_000
"""Far above any limit of the field; keeps a slip of the pen from walking through millennia."""


class LimitKind(Enum):
    """The kinds of limit of the city-management field, and two that end with a day.

    ``URGENT_HOURS`` 紧急工作时 runs around the clock; ``WORKING_HOURS`` 工作时 runs in sessions;
    ``WORKING_DAYS`` 工作日 is eight working hours; ``CALENDAR_DAYS`` 自然日 is 24 hours.
    ``DAY_END`` 当日 ends with the local day of the start (an amount of 2: with the day after);
    ``SET_DATE`` 限期 ends with a date that is written as a number, 20261231.

    :param unit: seconds of running time of one; 0 where a day ends it.
    :param in_sessions: True where the clock runs in working sessions only.
    """

    URGENT_HOURS = ("urgent-hours", HOUR, False)
    WORKING_HOURS = ("working-hours", HOUR, True)
    WORKING_DAYS = ("working-days", WORKING_DAY, True)
    CALENDAR_DAYS = ("calendar-days", DAY, False)
    DAY_END = ("day-end", 0, False)
    SET_DATE = ("set-date", 0, False)

    unit: int
    in_sessions: bool

    def __new__(cls, value: str, unit: int, in_sessions: bool) -> LimitKind:
        """Keep the stored name as the value."""
        member = object.__new__(cls)
        member._value_ = value
        member.unit = unit
        member.in_sessions = in_sessions
        return member


_NAMES = {
    LimitKind.URGENT_HOURS: Text("紧急工作时", "urgent working hours"),
    LimitKind.WORKING_HOURS: Text("工作时", "working hours"),
    LimitKind.WORKING_DAYS: Text("工作日", "working days"),
    LimitKind.CALENDAR_DAYS: Text("自然日", "calendar days"),
}
_SAME_DAY, _NEXT_DAY = Text("当日", "same day"), Text("次日", "next day")
_LATER_DAY, _BY_DATE = Text("第{n}日", "end of day {n}"), Text("{on}前", "by {on}")


def _date_of(amount: int) -> dt.date:
    try:
        return dt.date(amount // 10_000, amount // 100 % 100, amount % 100)
    except ValueError:
        raise ValueError(f"{amount} is not a date; write it as in 20261231") from None


@attrs.frozen
class Limit:
    """A time limit: a whole number of one of the kinds.

    :raises ValueError: for an amount of zero or below, or a date that does not exist.
    """

    amount: int = attrs.field()
    kind: LimitKind

    def __attrs_post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError(f"a time limit is above zero, this one is {self.amount}")
        if self.kind is LimitKind.SET_DATE:
            if not YEARS[0] <= _date_of(self.amount).year <= YEARS[-1]:
                raise ValueError(f"a date lies in the years {YEARS[0]} to {YEARS[-1]}, not {self.amount}")
        elif self.amount > AMOUNT_MAX:
            raise ValueError(f"a time limit is {AMOUNT_MAX} at most, this one is {self.amount}")

    @classmethod
    def by(cls, date: dt.date) -> Limit:
        """Give the limit that ends with *date*."""
        return cls(date.year * 10_000 + date.month * 100 + date.day, LimitKind.SET_DATE)

    @property
    def seconds(self) -> int:
        """The running time that the limit allows, in seconds; 0 where a day ends it."""
        return self.amount * self.kind.unit

    def last_day(self, start: dt.date) -> dt.date:
        """Give the day with which the limit ends, for one that a day ends.

        :param start: the local day on which the clock starts.
        :raises ValueError: for a limit of running time.
        """
        if self.kind is LimitKind.SET_DATE:
            return _date_of(self.amount)
        if self.kind is not LimitKind.DAY_END:
            raise ValueError(f"{self} is running time; it ends at an instant, not with a day")
        return start + dt.timedelta(days=self.amount - 1)

    def in_(self, language: str) -> str:
        """Write the limit in ``"zh"`` (``3工作日``) or ``"en"`` (``3 working days``)."""
        if self.kind is LimitKind.SET_DATE:
            return _BY_DATE.in_(language).format(on=_date_of(self.amount))
        if self.kind is LimitKind.DAY_END:
            text = {1: _SAME_DAY, 2: _NEXT_DAY}.get(self.amount, _LATER_DAY)
            return text.in_(language).format(n=self.amount)
        name = _NAMES[self.kind].in_(language)
        if language == "zh":
            return f"{self.amount}{name}"
        return f"{self.amount} {name.removesuffix('s') if self.amount == 1 else name}"

    def __str__(self) -> str:
        return self.in_("en")


_WRITTEN = re.compile(r"(-?\d+|[一二两三四五六七八九十])\s*个?\s*(.+)", re.IGNORECASE)
_DATE = re.compile(r"(?:by\s+)?(\d{4})-(\d{1,2})-(\d{1,2})\s*(?:日?前)?", re.IGNORECASE)
_LATER = re.compile(r"(?:end of day\s+(\d+)|第\s*(\d+)\s*日)", re.IGNORECASE)
_DIGITS = {"两": 2} | {digit: value for value, digit in enumerate("一二三四五六七八九十", start=1)}
_DAYS = {
    "当日": 1,
    "当天": 1,
    "same day": 1,
    "by end of day": 1,
    "end of day": 1,
    "次日": 2,
    "next day": 2,
}
_KINDS = {
    "紧急工作时": LimitKind.URGENT_HOURS,
    "urgent working hour": LimitKind.URGENT_HOURS,
    "urgent hour": LimitKind.URGENT_HOURS,
    "工作时": LimitKind.WORKING_HOURS,
    "working hour": LimitKind.WORKING_HOURS,
    "工作日": LimitKind.WORKING_DAYS,
    "working day": LimitKind.WORKING_DAYS,
    "自然日": LimitKind.CALENDAR_DAYS,
    "calendar day": LimitKind.CALENDAR_DAYS,
}


def parse_limit(text: str) -> Limit:
    """Read a limit as people write it: ``"2紧急工作时"``, ``"3 working days"``, ``"same day"``, ``"2026-12-31前"``.

    :raises ValueError: says what was read and what would be right.
    """
    plain = text.strip()
    days = _DAYS.get(plain.lower())
    if days is not None:
        return Limit(days, LimitKind.DAY_END)
    later = _LATER.fullmatch(plain)
    if later is not None:
        return Limit(int(later[1] or later[2]), LimitKind.DAY_END)
    date = _DATE.fullmatch(plain)
    if date is not None:
        year, month, day = map(int, date.groups())
        return Limit(year * 10_000 + month * 100 + day, LimitKind.SET_DATE)
    written = _WRITTEN.fullmatch(plain)
    kind = _KINDS.get(written[2].strip().lower().removesuffix("s")) if written else None
    if written is None or kind is None:
        raise ValueError(
            f"{text!r} is not a time limit; write a number and one of 紧急工作时, 工作时, 工作日, 自然日 "
            "or urgent working hours, working hours, working days, calendar days; or 当日, same day, "
            "or a date as in 2026-12-31前, by 2026-12-31"
        )
    number = written[1]
    return Limit(_DIGITS[number] if number in _DIGITS else int(number), kind)
