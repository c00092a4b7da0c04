"""From files to checked rows, each of which knows the line that it stands in."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar

import attrs
import yaml
from pydantic import BaseModel, ValidationError

from gridgov.errors import Finding

__all__ = ["Path_", "Placed", "Reader", "Sheet", "guarded_text", "plain_text"]

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]


@attrs.frozen
class Placed(Generic[Model]):
    """A checked row or document, and where it stands."""

    value: Model
    row: int


@attrs.frozen
class Sheet:
    """A table as it stands in a file: a header, and rows with the line or place that each stands in.

    :param line: where the header stands.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    line: int = 1


FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
"""How a cell begins that a spreadsheet would take for a formula."""


def guarded_text(text: str) -> str:
    """Write a text into a CSV cell so that no spreadsheet runs it as a formula; numbers stay numbers."""
    risky = text.lstrip("'").startswith(FORMULA)
    return f"'{text}" if risky and not text.removeprefix("-").isdigit() else text


def plain_text(cell: str) -> str:
    """Read what :func:`guarded_text` wrote."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell


class Reader:
    """Reads the files of one folder and collects what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings: list[Finding] = []
        self._as_written = False

    def wrong(
        self, file: str, row: int, column: str, code: str, message: str, remedy: str = "", *, names: str = ""
    ) -> None:
        """Note one mistake."""
        self.findings.append(
            Finding(
                code=code,
                subject=column or file,
                file=file,
                row=row,
                column=column,
                message=message,
                remedy=remedy,
                names=names,
            )
        )

    def text(self, file: str, *, required: bool) -> str | None:
        """Read a file as UTF-8 text; None, and a finding if it is required, where there is none."""
        path = self.folder / file
        if not path.is_file():
            if required:
                self.wrong(file, 0, "", "file.missing", f"{file} is missing", f"put it into {self.folder}")
            return None
        try:
            # Bytes, because reading text would change the line ends inside of quoted cells.
            return path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            row = path.read_bytes()[: error.start].count(b"\n") + 1
            self.wrong(
                file, row, "", "file.not-utf8", f"{file} is not UTF-8 text", "save it again as UTF-8 (CSV UTF-8)"
            )
            return None

    # --- tables -----------------------------------------------------------------------------

    def table(
        self, file: str, model: type[Model], *, required: bool = False, also: Collection[str] = ()
    ) -> list[Placed[Model]]:
        """Read a CSV table with a header; rows that are wrong are noted and left out or mended.

        :param also: more columns that it may have.
        """
        sheet = self.csv(file, required=required)
        return self.rows(sheet, model, also) if sheet is not None else []

    def csv(self, file: str, *, required: bool = False) -> Sheet | None:
        """Read a CSV file as it stands; None, and a finding, where it is none."""
        text = self.text(file, required=required)
        if text is None:
            return None
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = next(reader, [])
            rows = [(reader.line_num, tuple(map(plain_text, cells))) for cells in reader if cells]
        except csv.Error as error:
            self.wrong(file, reader.line_num, "", "file.bad-csv", f"{file} is no CSV here: {error}", "mend the quotes")
            return None
        return Sheet(file, tuple(header), tuple(rows))

    def rows(self, sheet: Sheet, model: type[Model], also: Collection[str] = ()) -> list[Placed[Model]]:
        """Check the rows of a sheet; those that are wrong are noted and left out or mended.

        :param also: more columns that it may have.
        """
        if not self._header_holds(sheet, model, also):
            return []
        return list(self._rows(sheet, model))

    def _header_holds(self, sheet: Sheet, model: type[BaseModel], also: Collection[str]) -> bool:
        file, header, line = sheet.file, sheet.header, sheet.line
        known = {field.alias or name: field for name, field in model.model_fields.items()}
        missing = [name for name, field in known.items() if field.is_required() and name not in header]
        for name in missing:
            remedy = "add it to the first line" if line == 1 else "add it to the row"
            self.wrong(file, line, name, "file.missing-column", f"{file} has no column {name!r}", remedy)
        twice = sorted({name for name in header if header.count(name) > 1})
        for name in twice:
            message = f"{file} has the column {name!r} twice"
            self.wrong(file, line, name, "file.column-twice", message, "keep one of them")
        allowed = [*known, *also]
        for name in header:
            if name not in allowed:
                close = get_close_matches(name, allowed, n=1)
                remedy = f"did you mean {close[0]!r}?" if close else f"the columns are {', '.join(allowed)}"
                self.wrong(file, line, name, "file.unknown-column", f"{file} has the unknown column {name!r}", remedy)
        return not missing and not twice

    def _rows(self, sheet: Sheet, model: type[Model]) -> Iterator[Placed[Model]]:
        known = {field.alias or name for name, field in model.model_fields.items()}
        extra = model.model_config.get("extra") == "allow"
        width = len(sheet.header)
        for row, cells in sheet.rows:
            if len(cells) != width:
                message = f"the row has another number of cells than the {width} of the header"
                self.wrong(sheet.file, row, "", "file.bad-row", message)
                continue
            named = dict(zip(sheet.header, cells, strict=True))
            wanted = {name: cell for name, cell in named.items() if extra or name in known}
            value = self.model(sheet.file, row, model, self._without_empty(wanted, model))
            if value is not None:
                yield Placed(value, row)

    def _without_empty(self, cells: dict[str, str], model: type[BaseModel]) -> dict[str, str]:
        """Leave empty cells to their defaults; a required one stays and is found to be empty."""
        required = {field.alias or name for name, field in model.model_fields.items() if field.is_required()}
        return {name: cell for name, cell in cells.items() if cell.strip() or name in required}

    def model(self, file: str, row: int, model: type[Model], cells: dict[str, Any]) -> Model | None:
        """Check one row. A wrong cell is noted and its default taken, so that it hides nothing else."""
        try:
            return model.model_validate(cells)
        except ValidationError as error:
            bad = set()
            for each in error.errors():
                column = str(each["loc"][0]) if each["loc"] else ""
                bad.add(column)
                field = next((f for n, f in model.model_fields.items() if (f.alias or n) == column), None)
                read = f"{column} is {cells.get(column, '')!r}: " if column else ""
                remedy = (field.description if field else "") or ""
                self.wrong(file, row, column, "file.bad-cell", read + _lower(each["msg"]), remedy)
            kept = {name: cell for name, cell in cells.items() if name not in bad}
            try:
                return model.model_validate(kept)
            except ValidationError:
                return None

    # --- documents --------------------------------------------------------------------------

    def document(
        self, file: str, model: type[Model], *, as_written: bool = False
    ) -> tuple[Model | None, dict[Path_, int]]:
        """Read a YAML file; give the value (None if it is wrong) and the line of each path in it.

        :param as_written: every scalar is the text that stands there: YAML 1.1 would read 0102 as 66 and
            22:30 as 1350.
        """
        self._as_written = as_written
        text = self.text(file, required=True)
        if text is None:
            return None, {}
        lines: dict[Path_, int] = {}
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            plain = self._plain(file, node, (), lines)
        except RecursionError:
            self.wrong(file, 0, "", "file.bad-yaml", f"{file} has an alias that holds itself", "write it out")
            return None, {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or str(error)
            self.wrong(file, mark.line + 1 if mark else 0, "", "file.bad-yaml", f"{file} is no YAML here: {what}")
            return None, {}
        try:
            return model.model_validate(plain), lines
        except ValidationError as error:
            for each in error.errors():
                path = tuple(each["loc"])
                column = ".".join(str(part) for part in path)
                self.wrong(file, _line(path, lines), column, "file.bad-value", f"{column}: {_lower(each['msg'])}")
            return None, lines

    def _plain(self, file: str, node: yaml.Node | None, path: Path_, lines: dict[Path_, int]) -> Any:
        if node is None:
            return {}
        lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                row = key_node.start_mark.line + 1
                if key in found:
                    self.wrong(file, row, key, "file.key-twice", f"the key {key!r} stands twice", "keep one of them")
                found[key] = self._plain(file, value_node, (*path, key), lines)
                lines[(*path, key)] = row
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(file, part, (*path, place), lines) for place, part in enumerate(node.value)]
        if self._as_written and isinstance(node, yaml.ScalarNode):
            plain = node.style is None and node.value in ("null", "~", "")
            return "" if plain else node.value
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            self.wrong(file, lines[path], ".".join(map(str, path)), "file.bad-value", f"{node.value!r}: {error}")
            return node.value


def _line(path: Path_, lines: dict[Path_, int]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
