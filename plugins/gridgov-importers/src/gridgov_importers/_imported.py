"""What every importer gives, and how it reads files: nothing is dropped without a word."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.escalation import Ladder
from gridgov.hooks import Part
from gridgov.routing import FACTS, Catalog, Rule, Table, Then, parse_cell
from gridgov.staffing import Organization

__all__ = ["Imported", "Reading", "Record", "is_code", "rule", "table"]

T = TypeVar("T", str, bool, int, list[Any], dict[str, Any])

_WORDS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "an object",
}


@attrs.frozen(kw_only=True)
class Imported:
    """What an importer read.

    :param table: rules whose leads are organizations of *organizations* and whose kinds are in *catalog*.
    :param ladders: empty where the caller did not say who presses (see the importers).
    :param findings: what could not be mapped, none of it grave; each names its file, and the row or,
        inside a document, the path in ``column``.
    """

    catalog: Catalog
    organizations: tuple[Organization, ...]
    table: Table
    ladders: tuple[Ladder, ...] = ()
    findings: tuple[Finding, ...] = ()

    def parts(self) -> Iterator[Part]:
        """Give everything one by one: kinds, organizations, rules, ladders, and last what could not be mapped."""
        yield from self.catalog.kinds.values()
        yield from self.organizations
        yield from self.table.rules
        yield from self.ladders
        yield from self.findings

    def summary(self) -> str:
        """Give the counts, and one line for each sort of finding with its first one as an example."""
        sorts: dict[str, list[Finding]] = {}
        for finding in self.findings:
            sorts.setdefault(finding.code, []).append(finding)
        lines = [
            f"{len(self.catalog.kinds)} kinds, {len(self.organizations)} organizations, {len(self.table.rules)} rules, "
            f"{len(self.ladders)} ladders, {len(self.findings)} findings"
        ]
        lines += [f"{len(found):>5}  {code}: {found[0].message}" for code, found in sorted(sorts.items())]
        return "\n".join(lines)


@attrs.frozen(kw_only=True)
class Record:
    """One record of a file.

    :param row: the line on which it begins (in a CSV file: ends), 0 where unknown.
    :param path: where it stands inside a document, as in ``BusinessServices[0].states[2]``.
    """

    file: str
    row: int
    value: Mapping[str, Any]
    path: str = ""


class Reading:
    """Reads the files of some folders, and collects what is wrong and what has no place in gridgov."""

    def __init__(self, system: str, folders: Sequence[Path]) -> None:
        self.system = system
        self.folders = tuple(folders)
        self.findings: list[Finding] = []

    # --- findings -----------------------------------------------------------------------------

    def note(
        self, code: str, where: Record, message: str, remedy: str = "", *, subject: str = "", column: str = ""
    ) -> None:
        """Note what cannot be mapped; it forbids nothing."""
        self._find(code, where, message, remedy, subject=subject, column=column or where.path, grave=False)

    def wrong(self, code: str, where: Record, message: str, remedy: str = "", *, column: str = "") -> None:
        """Note a mistake in the files; :meth:`end` refuses them."""
        path = f"{where.path}.{column}" if where.path and column else where.path or column
        self._find(code, where, message, remedy, subject="", column=path, grave=True)

    def _find(
        self, code: str, where: Record, message: str, remedy: str, *, subject: str, column: str, grave: bool
    ) -> None:
        self.findings.append(
            Finding(
                code=f"{self.system}.{code}",
                subject=subject or where.file,
                message=message,
                remedy=remedy,
                file=where.file,
                row=where.row,
                column=column,
                grave=grave,
            )
        )

    def end(self) -> tuple[Finding, ...]:
        """Give what was noted.

        :raises SetupError: with every mistake, if there is one.
        """
        grave = [finding for finding in self.findings if finding.grave]
        if grave:
            raise SetupError(grave)
        return tuple(self.findings)

    # --- files --------------------------------------------------------------------------------

    def files(self) -> list[str]:
        """Give the names of all files, each once, in the order of the folders; one that stands twice is noted."""
        found: dict[str, Path] = {}
        for path in (each for folder in self.folders for each in sorted(folder.iterdir()) if each.is_file()):
            if path.name in found:
                whole = Record(file=path.name, row=0, value={})
                message = f"{path.name} stands in several folders; the one of the first folder is read"
                self.note("several-files", whole, message, subject=path.name)
            found.setdefault(path.name, path)
        return list(found)

    def text(self, file: str, *, required: bool) -> str | None:
        """Read a file from the first folder that has it; None, and a mistake if required, if none has."""
        whole = Record(file=file, row=0, value={})
        path = next((folder / file for folder in self.folders if (folder / file).is_file()), None)
        if path is None:
            if required:
                self.wrong("missing-file", whole, f"{file} is missing", "put it into the folder")
            return None
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self.wrong("not-utf8", whole, f"{file} is not UTF-8 text", "save it again as UTF-8")
            return None

    def records(self, file: str, *, required: bool = False) -> list[Record]:
        """Read a JSON list of objects, each with its line; what is no object is a mistake."""
        text = self.text(file, required=required)
        found = self._parse(file, text) if text is not None else None
        if text is None or not found:
            return []
        if not isinstance(found[0], list):
            whole = Record(file=file, row=1, value={})
            self.wrong("bad-shape", whole, f"{file} is no list of records", "put the records into [ ]")
            return []
        placed = [Record(file=file, row=row, value=value) for row, value in zip(_lines(text), found[0], strict=True)]
        return [record for record in placed if self._is_object(record)]

    def document(self, file: str) -> Record | None:
        """Read a JSON object; None where the file is missing or broken."""
        text = self.text(file, required=False)
        found = self._parse(file, text) if text is not None else None
        record = Record(file=file, row=0, value=found[0]) if found else None
        return record if record is not None and self._is_object(record) else None

    def inside(self, parent: Record, key: str) -> list[Record]:
        """Give the objects of a list inside a record; without the key there are none."""
        values = parent.value.get(key)
        path = f"{parent.path}.{key}" if parent.path else key
        if values is not None and not isinstance(values, list):
            self.wrong("bad-value", parent, f"{key} is {values!r:.60}", f"write {_WORDS[list]}", column=key)
            return []
        placed = [attrs.evolve(parent, path=f"{path}[{place}]", value=each) for place, each in enumerate(values or [])]
        return [record for record in placed if self._is_object(record)]

    def _parse(self, file: str, text: str) -> tuple[Any] | None:
        """Give what a JSON text says, in a tuple of one; None, and a mistake, where it is no JSON."""
        try:
            return (json.loads(text, object_pairs_hook=_each_key_once),)
        except RecursionError:
            row, what = 0, "it is nested too deeply"
        except json.JSONDecodeError as error:
            row, what = error.lineno, f"{error.msg} (column {error.colno})"
        except ValueError as error:
            row, what = 0, str(error)
        self.wrong("bad-json", Record(file=file, row=row, value={}), f"{file} is no JSON: {what}", "mend the file")
        return None

    def _is_object(self, record: Record) -> bool:
        if isinstance(record.value, dict):
            return True
        self.wrong("bad-shape", record, f"{record.value!r:.40} is no record", "write it as { }")
        return False

    def rows(self, file: str, columns: Sequence[str]) -> list[Record]:
        """Read a CSV file that must have *columns*; rows of another width are mistakes."""
        text = self.text(file, required=True)
        if text is None:
            return []
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        try:
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            for name in missing:
                whole = Record(file=file, row=1, value={})
                self.wrong("missing-column", whole, f"{file} has no column {name!r}", "add it", column=name)
            return [] if missing else list(self._rows(file, reader))
        except csv.Error as error:
            broken = Record(file=file, row=reader.reader.line_num, value={})
            self.wrong("bad-csv", broken, f"{file} is no CSV here: {error}", "mend the quotes")
            return []

    def _rows(self, file: str, reader: csv.DictReader[str]) -> Iterator[Record]:
        for cells in reader:
            record = Record(file=file, row=reader.line_num, value=cells)
            if None in cells or None in cells.values():
                self.wrong("bad-row", record, "the row has another number of cells than the header", "mend the commas")
            else:
                yield record

    # --- values -------------------------------------------------------------------------------

    def field(self, record: Record, key: str, kind: type[T], *, otherwise: T | None = None) -> T | None:
        """Give a value of a record; where it is missing, *otherwise*; a mistake and None if that is None.

        Empty text counts as missing.
        """
        value = record.value.get(key)
        if value is None or value == "":
            if otherwise is None:
                self.wrong("missing-key", record, f"the record has no {key!r}", f"give it {_WORDS[kind]}", column=key)
            return otherwise
        if type(value) is not kind:  # a subclass would let true pass for a number
            self.wrong("bad-value", record, f"{key} is {value!r:.60}", f"write {_WORDS[kind]}", column=key)
            return None
        return value

    def code(self, record: Record, key: str, *, otherwise: str | None = None) -> str | None:
        """Give a value that becomes a code or a step of one: letters, digits, ``_``, ``-``, dots between."""
        value = self.field(record, key, str, otherwise=otherwise)
        if value and not is_code(value):
            remedy = "letters, digits, - and _, with dots between"
            self.wrong("bad-code", record, f"{key} is {value!r:.60}, which cannot be a code", remedy, column=key)
            return None
        return value


def is_code(text: str) -> bool:
    """Say whether a text may stand in a cell of a table as it is."""
    return re.fullmatch(r"[\w-]+(?:\.[\w-]+)*", text) is not None


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _lines(text: str) -> Iterator[int]:
    """Give the line on which each element of a sound JSON list begins."""
    decoder = json.JSONDecoder()
    between = re.compile(r"[\s,]*")
    place, row, counted = text.index("[") + 1, 1, 0
    while True:
        gap = between.match(text, place)
        start = gap.end() if gap else place
        if text[start] == "]":
            return
        row, counted = row + text.count("\n", counted, start), start
        yield row
        _, place = decoder.raw_decode(text, start)


# --- rules ----------------------------------------------------------------------------------------


def rule(kind: str, then: Then) -> Rule:
    """Give the rule of one kind, named after it."""
    cell = parse_cell(FACTS["kind"], kind)
    return Rule(id=kind, band="category", cells=(cell,) if cell else (), then=then)


def table(rules: Iterable[Rule]) -> Table:
    """Give a table in which a kind comes before what it lies under: a class would take all its cases."""
    return Table.build(sorted(rules, key=lambda each: -each.id.count(".")))
