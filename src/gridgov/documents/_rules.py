"""Rule files: rules, limits, also and tests, as CSV, YAML or a workbook.

One shape, three files. A row is the same set of columns everywhere; a YAML file and a workbook
hold all four tables, CSV has a file for each. What is written is read again as it was: cells of
text that a spreadsheet would run as a formula are guarded in CSV, and are plain text in a workbook.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from gridgov.documents import _models as m
from gridgov.documents._read import Placed, Reader, Sheet
from gridgov.routing import ANSWERS, EXPECTED, Cell, Example, Fact, Policy, Rule, Then, parse_cell
from gridgov.worktime import Limit, LimitKind, parse_limit

__all__ = ["A_DAY", "PARTS", "POLICIES", "SUFFIXES", "Rows", "companions", "example_of", "read_rule_rows", "rule_of"]

PARTS: Mapping[str, type[m.RuleRow | m.LimitRow | m.AlsoRow | m.ExampleRow]] = {
    "rules": m.RuleRow,
    "limits": m.LimitRow,
    "also": m.AlsoRow,
    "tests": m.ExampleRow,
}
"""The tables of a rulebook: who, by when, who else, and the tests beside them."""
POLICIES: Mapping[str, Policy] = {"rules": "first", "limits": "single", "also": "collect"}
"""Which hits of a table count."""
A_DAY = Limit(1, LimitKind.WORKING_DAYS)
"""What stands in for a limit that cannot be read, so that one mistake is told once."""
SUFFIXES = (".csv", ".yaml", ".xlsx")
Rows = Mapping[str, list[tuple[str, Placed[Any]]]]
"""Table → its checked rows, each with the file that it stands in."""


def read_rule_rows(
    reader: Reader, stem: str, facts: Mapping[str, Fact], *, required: bool = False, suffix: str = ""
) -> Rows:
    """Read the rule files of a folder that are called *stem*: ``rules.csv``, ``rules.yaml`` or ``rules.xlsx``.

    With CSV, ``limits.csv``, ``also.csv`` and ``rules.tests.csv`` stand beside it.

    :param suffix: only this kind of file.
    """
    found = [each for each in ([suffix] if suffix else SUFFIXES) if (reader.folder / f"{stem}{each}").is_file()]
    if len(found) > 1:
        names = ", ".join(f"{stem}{each}" for each in found)
        reader.wrong(f"{stem}{found[1]}", 0, "", "file.twice", f"the rules stand in {names}", "keep one of them")
    shape = found[0] if found else suffix or ".csv"
    if shape == ".csv":
        sheets = _csv_sheets(reader, stem, required=required)
    elif not found:
        file = f"{stem}{shape}"
        reader.wrong(file, 0, "", "file.missing", f"{file} is missing", f"put it into {reader.folder}")
        sheets = {}
    else:
        read = _yaml_sheets if shape == ".yaml" else _workbook_sheets
        sheets = read(reader, f"{stem}{shape}")
    if shape != ".csv" or not sheets.get("rules"):
        _not_read(reader, stem, f"{stem}{shape}")
    return {part: _checked(reader, part, sheets.get(part, []), facts) for part in PARTS}


def _not_read(reader: Reader, stem: str, instead: str) -> None:
    """Tell of tables that stand beside a file which holds them all, or beside none."""
    for part, file in companions(stem).items():
        if part != "rules" and (reader.folder / file).is_file():
            message = f"{file} is not read: it would belong to {stem}.csv"
            reader.wrong(file, 0, "", "file.not-read", message, f"move its rows into {instead}, or remove it")


def companions(stem: str) -> dict[str, str]:
    """Give table → the CSV file of it. What belongs to another rulebook than ``rules`` is called after it."""
    before = "" if stem == "rules" else f"{stem}."
    files = {part: f"{before}{part}.csv" for part in ("limits", "also")}
    return {"rules": f"{stem}.csv", **files, "tests": f"{stem}.tests.csv"}


def _checked(
    reader: Reader, part: str, sheets: list[Sheet], facts: Mapping[str, Fact]
) -> list[tuple[str, Placed[Any]]]:
    return [(sheet.file, row) for sheet in sheets for row in reader.rows(sheet, PARTS[part], tuple(facts))]


def _csv_sheets(reader: Reader, stem: str, *, required: bool) -> dict[str, list[Sheet]]:
    rules = reader.csv(f"{stem}.csv", required=required)
    if rules is None:
        return {}
    beside = {part: reader.csv(file) for part, file in companions(stem).items() if part != "rules"}
    return {part: [sheet] for part, sheet in {"rules": rules, **beside}.items() if sheet is not None}


def _yaml_sheets(reader: Reader, file: str) -> dict[str, list[Sheet]]:
    document, lines = reader.document(file, m.RulesDocument, as_written=True)
    if document is None:
        return {}
    found: dict[str, list[Sheet]] = {}
    for part in PARTS:
        for place, row in enumerate(getattr(document, part)):
            cells = {str(name): _cell_text(value) for name, value in row.items()}
            line = lines.get((part, place), 0)
            # A sheet of its own for each row: every row of a YAML file has its own columns.
            found.setdefault(part, []).append(Sheet(file, tuple(cells), ((line, tuple(cells.values())),), line))
    return found


def _workbook_sheets(reader: Reader, file: str) -> dict[str, list[Sheet]]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        reader.wrong(file, 0, "", "file.no-reader", f"{file} cannot be read here", "install gridgov[sheets]")
        return {}
    try:
        workbook = CalamineWorkbook.from_path(reader.folder / file)
        sheets = {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in PARTS
                  if name in workbook.sheet_names}  # fmt: skip
    except (CalamineError, OSError) as error:
        reader.wrong(file, 0, "", "file.bad-workbook", f"{file} is no workbook: {error}", "save it again as .xlsx")
        return {}
    if "rules" not in sheets:
        reader.wrong(file, 0, "", "file.no-sheet", f"{file} has no sheet called rules", "name the first sheet rules")
    return {part: [_sheet(f"{file}:{part}", rows or [[]])] for part, rows in sheets.items() if rows or part == "rules"}


def _sheet(file: str, rows: list[list[Any]]) -> Sheet:
    header = [_cell_text(value) for value in rows[0]]
    width = len(header) - next((place for place, name in enumerate(reversed(header)) if name), len(header))
    texts = ((number, tuple(_cell_text(value) for value in row)) for number, row in enumerate(rows[1:], start=2))
    # What stands right of the header is a note, unless it stands in a row without an end: then it is kept and found.
    kept = tuple((number, row[:width] if not any(row[width:]) else row) for number, row in texts if any(row))
    return Sheet(file, tuple(header[:width]), kept)


def _cell_text(value: Any) -> str:
    """Write what a YAML file or a workbook holds as a CSV cell would."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case dt.datetime():
            return value.date().isoformat()
        case dt.time():
            return value.strftime("%H:%M")
        case list() | tuple():
            return "|".join(_cell_text(part) for part in value)
        case _:
            return str(value)


# --- rows to values -----------------------------------------------------------------------------


def rule_of(reader: Reader, file: str, placed: Placed[Any], facts: Mapping[str, Fact]) -> Rule | None:
    """Make a rule of a row; None, and a finding, where a cell cannot be read: without it the row would take more."""
    row = placed.value
    told = len(reader.findings)
    cells = tuple(_cells(reader, file, placed, facts))
    if len(reader.findings) > told:
        return None
    own = set(type(row).model_fields) - {"limit"}
    answers = {name: getattr(row, name) for name in ANSWERS["first"] if name in own}
    return Rule(
        id=row.id,
        band=getattr(row, "band", "category"),
        priority=getattr(row, "priority", None),
        cells=cells,
        when=row.when,
        from_on=row.from_on or dt.date.min,
        until_on=row.until_on or dt.date.max,
        then=Then(**answers, limit=_limit(reader, file, placed)),
    )


def _limit(reader: Reader, file: str, placed: Placed[Any]) -> Limit | None:
    text = getattr(placed.value, "limit", "")
    try:
        return parse_limit(text) if text else None
    except ValueError as error:
        reader.wrong(file, placed.row, "limit", "worktime.bad-limit", str(error))
        return A_DAY


def _cells(reader: Reader, file: str, placed: Placed[Any], facts: Mapping[str, Fact]) -> Iterator[Cell]:
    for name, text in (placed.value.model_extra or {}).items():
        if name not in facts:
            continue  # the header was found wrong already
        try:
            cell = parse_cell(facts[name], text)
        except ValueError as error:
            reader.wrong(file, placed.row, name, "routing.bad-cell", str(error))
            continue
        if cell is not None:
            yield cell


def example_of(placed: Placed[m.ExampleRow]) -> Example:
    """Make an example of a row of tests."""
    row = placed.value
    expects = {name: text for name in EXPECTED if (text := getattr(row, name))}
    stated = {name: text for name, text in (row.model_extra or {}).items() if text}
    return Example(id=row.id, stated=stated, expects=expects, on=row.on)
