"""The four kinds of time limit, and how they are written."""

from __future__ import annotations

import re
from enum import Enum

import attrs

from gridgov.wording import Text

__all__ = ["Limit", "LimitKind", "parse_limit"]

WORKING_DAY_SECONDS = 8 * 3600
"""One 工作日 is eight working hours, wherever the sessions lie (field convention)."""


AMOUNT_MAX = 10_000
"""Far above any limit of the field; keeps a slip of the pen from walking through millennia."""


class LimitKind(Enum):
    """The kinds of limit of the city-management field.

    ``URGENT_HOURS`` 紧急工作时 runs around the clock; ``WORKING_HOURS`` 工作时 runs in sessions;
    ``WORKING_DAYS`` 工作日 is eight working hours; ``CALENDAR_DAYS`` 自然日 is 24 hours.
    """

    URGENT_HOURS = "urgent-hours"
    WORKING_HOURS = "working-hours"
    WORKING_DAYS = "working-days"
    CALENDAR_DAYS = "calendar-days"

    @property
    def in_sessions(self) -> bool:
        """True where the clock runs in working sessions only."""
        return self in (LimitKind.WORKING_HOURS, LimitKind.WORKING_DAYS)


_SECONDS = {
    LimitKind.URGENT_HOURS: 3600,
    LimitKind.WORKING_HOURS: 3600,
    LimitKind.WORKING_DAYS: WORKING_DAY_SECONDS,
    LimitKind.CALENDAR_DAYS: 24 * 3600,
}
_NAMES = {
    LimitKind.URGENT_HOURS: Text("紧急工作时", "urgent working hours"),
    LimitKind.WORKING_HOURS: Text("工作时", "working hours"),
    LimitKind.WORKING_DAYS: Text("工作日", "working days"),
    LimitKind.CALENDAR_DAYS: Text("自然日", "calendar days"),
}


def _positive(_limit: object, _attribute: object, amount: int) -> None:
    if amount <= 0:
        raise ValueError(f"a time limit is above zero, this one is {amount}")
    if amount > AMOUNT_MAX:
        raise ValueError(f"a time limit is {AMOUNT_MAX} at most, this one is {amount}")


@attrs.frozen
class Limit:
    """A time limit: a whole number of one of the four kinds.

    :raises ValueError: for an amount of zero or below.
    """

    amount: int = attrs.field(validator=_positive)
    kind: LimitKind

    @property
    def seconds(self) -> int:
        """The running time that the limit allows, in seconds."""
        return self.amount * _SECONDS[self.kind]

    def in_(self, language: str) -> str:
        """Write the limit in ``"zh"`` (``3工作日``) or ``"en"`` (``3 working days``)."""
        name = _NAMES[self.kind].in_(language)
        if language == "zh":
            return f"{self.amount}{name}"
        return f"{self.amount} {name.removesuffix('s') if self.amount == 1 else name}"

    def __str__(self) -> str:
        return self.in_("en")


_WRITTEN = re.compile(r"\s*(-?\d+)\s*个?\s*(.+?)\s*", re.IGNORECASE)
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
    """Read a limit as people write it: ``"2紧急工作时"``, ``"3 working days"``.

    :raises ValueError: says what was read and what would be right.
    """
    written = _WRITTEN.fullmatch(text)
    kind = _KINDS.get(written[2].lower().removesuffix("s")) if written else None
    if written is None or kind is None:
        raise ValueError(
            f"{text!r} is not a time limit; write a number and one of 紧急工作时, 工作时, 工作日, 自然日 "
            "or urgent working hours, working hours, working days, calendar days"
        )
    return Limit(int(written[1]), kind)
