"""Whose address an opaque id is.

A directory is any function from an id to an address, or to None for somebody without one. It is the
only place that knows addresses, and belongs to the caller. For those who keep a list, there is one
that reads a CSV file: anew whenever the file has changed, so nobody restarts anything.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from gridgov.delivery import ChannelError

__all__ = ["CsvDirectory", "Directory"]

Directory: TypeAlias = Callable[[str], str | None]

COLUMNS = ("id", "address")


class CsvDirectory:
    """A directory from a CSV file (UTF-8) with the columns ``id`` and ``address``; others are left alone.

    An empty address means that there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._read_of: tuple[int, int] | None = None
        self._addresses: Mapping[str, str] = {}

    def __call__(self, receiver: str, /) -> str | None:
        """Give the address of *receiver*.

        :raises ChannelError: the file cannot be read, or is wrong; says where, never an address.
        """
        try:
            stat = self._path.stat()
            if self._read_of != (stat.st_mtime_ns, stat.st_size):
                self._addresses = self._read()
                self._read_of = (stat.st_mtime_ns, stat.st_size)
        except (OSError, csv.Error, UnicodeDecodeError) as error:
            raise ChannelError(f"the directory {self._path} cannot be read: {type(error).__name__}") from None
        return self._addresses.get(receiver) or None

    def _read(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise ChannelError(f"the directory {self._path} has no column {missing[0]!r}; it needs id and address")
            for row in rows:
                who = (row["id"] or "").strip()
                if who in found:
                    raise ChannelError(f"the directory {self._path}:{rows.line_num} names somebody a second time")
                found[who] = (row["address"] or "").strip()
        return found

    def __repr__(self) -> str:
        return f"CsvDirectory({str(self._path)!r})"
