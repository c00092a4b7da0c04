"""Which value was in force when.

A limit, a table, a posting rule changes; a case of last March is judged by the value of last
March. :class:`Timeline` is that and nothing else: each room owns the type of its own policy, and
``setup`` puts them together.
"""

from __future__ import annotations

import datetime as dt
from typing import Generic, TypeVar

import attrs

from gridgov.errors import NotFoundError

__all__ = ["Dated", "Timeline"]

Value = TypeVar("Value")


@attrs.frozen
class Dated(Generic[Value]):
    """A value and the day from which it holds."""

    value: Value
    from_on: dt.date = dt.date.min


def _in_order(given: tuple[Dated[Value], ...]) -> tuple[Dated[Value], ...]:
    return tuple(sorted(given, key=lambda entry: entry.from_on))


@attrs.frozen
class Timeline(Generic[Value]):
    """Values by the day from which each holds; the later one replaces the earlier.

    :raises ValueError: without any value, or when two hold from the same day.
    """

    entries: tuple[Dated[Value], ...] = attrs.field(converter=_in_order)

    @entries.validator
    def _distinct(self, _attribute: object, entries: tuple[Dated[Value], ...]) -> None:
        days = [entry.from_on for entry in entries]
        if not days:
            raise ValueError("a timeline needs at least one value")
        if len(set(days)) != len(days):
            raise ValueError("two values of one timeline hold from the same day")

    @classmethod
    def always(cls, value: Value) -> Timeline[Value]:
        """Give a timeline with one value that holds on every day."""
        return cls((Dated(value),))

    def on(self, day: dt.date) -> Value:
        """Give the value in force on *day*.

        :raises NotFoundError: before the first value.
        """
        for entry in reversed(self.entries):
            if entry.from_on <= day:
                return entry.value
        raise NotFoundError(f"no value was in force on {day}; the first one holds from {self.entries[0].from_on}")

    def changed(self, value: Value, from_on: dt.date) -> Timeline[Value]:
        """Give a timeline in which *value* holds from *from_on*; the past stays as it was.

        :raises ValueError: for a day on or before the newest one: history is not rewritten.
        """
        newest = self.entries[-1].from_on
        if from_on <= newest:
            raise ValueError(f"a change takes effect after {newest}, the newest one known; {from_on} is not after it")
        return Timeline((*self.entries, Dated(value, from_on)))
