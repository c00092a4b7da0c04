"""Working time: calendars, limits, and the clock of one matter.

A deadline is not a date plus a number. It depends on the sessions of the day, on public holidays
and moved working days (调休), and on pauses. This room works on half-open intervals: the running
time of a calendar is a set of instants, a pause takes instants out of it, and the due instant is
**the earliest one at which the used time equals the limit**. Everything else follows from that
sentence, which is also what the tests' minute-by-minute oracle says.

Days are working, rest or **unknown**: beyond the last published notice a weekday is only
presumed, and whatever rests on it is *provisional*.
"""

from gridgov.worktime._calendar import (
    Calendar,
    Counting,
    DayKind,
    PublishedDays,
    Session,
    weekly,
    year_known_through,
    zone_of,
)
from gridgov.worktime._clock import Clock, Due, Mark, Pause, due, used
from gridgov.worktime._limit import Limit, LimitKind, parse_limit

__all__ = [
    "Calendar",
    "Clock",
    "Counting",
    "DayKind",
    "Due",
    "Limit",
    "LimitKind",
    "Mark",
    "Pause",
    "PublishedDays",
    "Session",
    "due",
    "parse_limit",
    "used",
    "weekly",
    "year_known_through",
    "zone_of",
]
