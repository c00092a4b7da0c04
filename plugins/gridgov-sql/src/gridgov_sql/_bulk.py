"""Many rows, few calls, on SQLite.

The driver lets go of the interpreter lock in every step of every statement, and under many threads getting it back
costs more than the step. So rows are written, and keys looked up, by statements that take many of them at once, in a
few sizes only, so that the driver's cache of compiled statements holds them all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

__all__ = ["Text", "insert", "look_up", "many_keys", "many_rows"]

SIZES = (128, 32, 8, 1)

Text = Callable[[int], str]
"""The text of a statement that takes so many rows or keys."""


def _pieces(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut *values* into pieces of the few sizes."""
    start = 0
    for size in SIZES:
        while len(values) - start >= size:
            yield values[start : start + size]
            start += size


def many_rows(single: str) -> Text:
    """Give the insertion of many rows from that of one (``INSERT INTO ... VALUES (?, ?)``)."""
    head, values = single.rsplit(" VALUES ", 1)

    @cache
    def text(size: int) -> str:
        return f"{head} VALUES {', '.join([values] * size)}"

    return text


def insert(connection: sqlite3.Connection, text: Text, rows: Sequence[Sequence[Any]]) -> None:
    """Insert *rows*."""
    for some in _pieces(rows):
        connection.execute(text(len(some)), tuple(chain.from_iterable(some)))


def look_up(connection: sqlite3.Connection, text: Text, keys: Sequence[str]) -> list[Any]:
    """Give the rows that stand under some of *keys*."""
    found: list[Any] = []
    for some in _pieces(keys):
        found += connection.execute(text(len(some)), some).fetchall()
    return found


def many_keys(before: str, key: str, after: str) -> Text:
    """Give the text of a query with a place for each of many keys between *before* and *after*."""

    @cache
    def text(size: int) -> str:
        return f"{before}{', '.join([key] * size)}{after}"

    return text
