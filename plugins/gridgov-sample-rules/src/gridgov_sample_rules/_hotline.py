"""An importer and an exporter for the tables that offices send each other."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from gridgov.cases import OpenCase
from gridgov.errors import Finding, SetupError
from gridgov.hooks import VERSION, Exporter, Importer, Part, Wanted, hookimpl

__all__ = ["Hotline", "Sheet", "Tables"]

COLUMNS = ("number", "kind", "place", "called_at", "text")


class Tables:
    """Offers both, as a plugin."""

    gridgov_hooks = VERSION

    @hookimpl
    def gridgov_importers(self) -> Mapping[str, Importer]:
        """Offer the calls of a hotline."""
        return {"hotline": Hotline()}

    @hookimpl
    def gridgov_exporters(self) -> Mapping[str, Exporter]:
        """Offer sheets."""
        return {"sheet": Sheet()}


class Hotline:
    """Reads a table of calls: number, kind, place, called_at, text; one report for each row."""

    def read(self, source: Path, /) -> Iterator[Part]:
        """Give a wanted command for each row, and a finding for each that has no time with its zone.

        :raises SetupError: no such file, no UTF-8, or a column is missing.
        """
        for row, cells in enumerate(_rows(source), start=2):
            try:
                called_at = dt.datetime.fromisoformat(cells["called_at"])
            except ValueError:
                called_at = None
            if called_at is None or called_at.tzinfo is None:
                yield _finding(source, "bad-instant", "the call has no instant with its zone", row=row, grave=False)
                continue
            report = OpenCase(kind=cells["kind"], place=cells["place"], source="hotline", text=cells["text"])
            yield Wanted(report, id=f"hotline:{cells['number']}", at=called_at)


def _rows(source: Path) -> list[dict[str, str]]:
    try:
        text = source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError([_finding(source, "unreadable", f"{source.name} cannot be read as text")]) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise SetupError(
            [_finding(source, "missing-column", f"{source.name} has no column {each}") for each in missing]
        )
    return list(reader)


def _finding(source: Path, code: str, message: str, *, row: int = 0, grave: bool = True) -> Finding:
    return Finding(code=f"hotline.{code}", subject=source.name, message=message, file=source.name, row=row, grave=grave)


class Sheet:
    """Writes a sequence of frozen values of one class as CSV, a column for each field."""

    suffix = ".csv"

    def accepts(self, value: Any, /) -> bool:
        """Say whether it is a sequence of values of one attrs class, at least one."""
        return isinstance(value, Sequence) and len({type(each) for each in value}) == 1 and attrs.has(type(value[0]))

    def write(self, value: Any, target: BinaryIO, /) -> None:
        """Write UTF-8 with a mark, so that spreadsheets show Chinese."""
        rows: Sequence[Any] = value
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        names = [field.name for field in attrs.fields(type(rows[0]))]
        writer.writerow(names)
        writer.writerows([getattr(row, name) for name in names] for row in rows)
        target.write(text.getvalue().encode("utf-8-sig"))
