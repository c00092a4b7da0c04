"""Rule files that can be read and written alone, outside a setup folder: to convert, to hand out, to try."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import yaml

from gridgov.documents._read import Reader, guarded_text
from gridgov.documents._rules import PARTS, POLICIES, SUFFIXES, companions, example_of, read_rule_rows, rule_of
from gridgov.errors import Finding, SetupError
from gridgov.routing import ANSWERS, BANDS, EXPECTED, FACTS, Example, Fact, Rule, Rulebook, Table
from gridgov.setup import Setup

__all__ = ["RuleFile", "read_rules", "write_rules"]

Line = dict[str, str]
LIST_MAX = 255
"""Letters of a list that a workbook can offer."""

HOW = {
    "kind": "a kind or a class of the catalog, and everything under it: gas, gas|noise, !gas",
    "place": "a place and everything in it: 150203005008, a|b, !a",
    "code": "one of its values: a, a|b, !a",
    "text": "a, a|b, !a, or how it begins: a*",
    "number": "3, 3|4, !3, >=3, <=3, 2..5",
    "time": "from..until, also over midnight: 22:00..06:00",
    "tags": "a|b: one of them is there; !a|b: none of them is",
}
"""What a cell of each type of fact may say."""


@attrs.frozen
class RuleFile:
    """What rule files hold: the rules, and the examples beside them."""

    book: Rulebook
    examples: Mapping[str, Example] = attrs.field(factory=dict)


def read_rules(path: str | Path, *, facts: Mapping[str, Fact] = FACTS) -> RuleFile:
    """Read rules from ``NAME.csv``, ``NAME.yaml`` or ``NAME.xlsx``; names are checked by a setup.

    :param path: with CSV, the files beside it are read as well: ``limits.csv``, ``also.csv`` and
        ``rules.tests.csv`` for ``rules.csv``; ``NAME.limits.csv`` and so on for another name.
    :raises SetupError: with every mistake: file, row, column, what would be right.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        message = f"{path.name} is no rule file; it ends with {', '.join(SUFFIXES)}"
        raise SetupError([Finding(code="file.unknown", subject=path.name, message=message)])
    reader = Reader(path.parent)
    read = read_rule_rows(reader, path.stem, facts, required=True, suffix=path.suffix)
    tables = []
    for part, policy in POLICIES.items():
        made = (rule_of(reader, file, placed, facts) for file, placed in read[part])
        rules = [rule for rule in made if rule is not None]
        lines = {placed.value.id: (file, placed.row) for file, placed in read[part]}
        try:
            tables.append(Table.build(rules, facts=facts, policy=policy))
        except SetupError as error:
            for finding in error.findings:
                file, row = lines.get(finding.subject, ("", 0))
                reader.findings.append(attrs.evolve(finding, file=file, row=row))
    if reader.findings:
        raise SetupError(reader.findings)
    examples = (example_of(placed) for _, placed in read["tests"])
    return RuleFile(Rulebook(*tables), {example.id: example for example in examples})


def write_rules(rules: RuleFile | Rulebook, path: str | Path, *, setup: Setup | None = None) -> list[Path]:
    """Write rules as ``.csv`` (a file for each table), ``.yaml`` or ``.xlsx``; reading gives the same again.

    :param path: an empty rulebook into an ``.xlsx`` makes a template: every column, and a sheet of help.
    :param setup: whose kinds, places, roles and organizations the help of a workbook lists.
    :returns: the files that were written.
    :raises SetupError: for another ending, or where a workbook cannot be written without the extra sheets.
    """
    path = Path(path)
    file = rules if isinstance(rules, RuleFile) else RuleFile(rules)
    lines = {part: _lines(part, table) for part, table in zip(POLICIES, _tables(file.book), strict=True)}
    lines["tests"] = [_example_line(example) for example in file.examples.values()]
    match path.suffix:
        case ".csv":
            return _write_csv(path, lines, file.book.facts)
        case ".yaml":
            plain = {part: [_without_empty(line) for line in rows] for part, rows in lines.items() if rows}
            text = yaml.dump({"rules": [], **plain}, Dumper=_Quoting, allow_unicode=True, sort_keys=False, width=120)
            path.write_bytes(text.encode())
            return [path]
        case ".xlsx":
            _write_workbook(path, lines, file.book.facts, setup)
            return [path]
        case _:
            pass
    message = f"{path.name} is no rule file; it ends with {', '.join(SUFFIXES)}"
    raise SetupError([Finding(code="file.unknown", subject=path.name, message=message)])


class _Quoting(yaml.SafeDumper):
    """Writes texts in quotes where YAML would read them as something else, or fold a rare line end."""


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    rare = any(sign in text for sign in ("\x85", "\u2028", "\u2029", "\r"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if rare or text in ("null", "~") else None)


_Quoting.add_representer(str, _quoted)


def _tables(book: Rulebook) -> tuple[Table, Table, Table]:
    return book.rules, book.limits, book.also


# --- values to lines ----------------------------------------------------------------------------


def _lines(part: str, table: Table) -> list[Line]:
    return [_line(rule, ANSWERS[POLICIES[part]], part) for rule in table.rules]


def _line(rule: Rule, answers: Sequence[str], part: str) -> Line:
    line = {"id": rule.id}
    if part == "rules":
        line |= {"band": rule.band, "priority": "" if rule.priority is None else str(rule.priority)}
    line |= {cell.fact: str(cell) for cell in rule.cells}
    line["when"] = rule.when
    for name in answers:
        line[name] = _answer(getattr(rule.then, name))
    line["from"] = rule.from_on.isoformat() if rule.from_on > dt.date.min else ""
    line["until"] = rule.until_on.isoformat() if rule.until_on < dt.date.max else ""
    return line


def _answer(value: Any) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "true"
        case tuple():
            return "|".join(value)
        case str():
            return value
        case _:
            written: str = value.in_("zh")
            return written


def _example_line(example: Example) -> Line:
    on = example.on.isoformat() if example.on is not None else ""
    return {"id": example.id, **example.stated, **example.expects, "on": on}


def _without_empty(line: Line) -> Line:
    return {name: text for name, text in line.items() if text}


def _columns(part: str, lines: Iterable[Line], facts: Mapping[str, Fact], *, every: bool) -> list[str]:
    """Give the columns of a table: its own ones around the facts, all facts or those that are asked for."""
    used = {name for line in lines for name, text in line.items() if text}
    own = [field.alias or name for name, field in PARTS[part].model_fields.items()]
    needed = {field.alias or name for name, field in PARTS[part].model_fields.items() if field.is_required()}
    first = [name for name in ("id", "band", "priority") if name in own]
    rest = [name for name in own if name not in first and (every or name in used or name in needed)]
    return [*first, *(name for name in facts if every or name in used), *rest]


# --- CSV ----------------------------------------------------------------------------------------


def _write_csv(path: Path, lines: Mapping[str, list[Line]], facts: Mapping[str, Fact]) -> list[Path]:
    files = {part: path.with_name(name) for part, name in companions(path.stem).items()}
    written = []
    for part, rows in lines.items():
        if not rows and part != "rules":
            files[part].unlink(missing_ok=True)  # an older one would be read again with the new rules
            continue
        columns = _columns(part, rows, facts, every=False)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows([guarded_text(row.get(name, "")) for name in columns] for row in rows)
        # With a mark in front: the office's spreadsheet would take Chinese for something else.
        files[part].write_bytes(text.getvalue().encode("utf-8-sig"))
        written.append(files[part])
    return written


# --- workbooks ----------------------------------------------------------------------------------


def _write_workbook(
    path: Path, lines: Mapping[str, list[Line]], facts: Mapping[str, Fact], setup: Setup | None
) -> None:
    try:
        import xlsxwriter
    except ImportError:
        message = "a workbook needs xlsxwriter"
        finding = Finding(code="file.no-writer", subject=path.name, message=message, remedy="install gridgov[sheets]")
        raise SetupError([finding]) from None
    with xlsxwriter.Workbook(str(path)) as workbook:
        bold = workbook.add_format({"bold": True, "bg_color": "#DDE6F0"})
        for part, rows in lines.items():
            columns = _columns(part, rows, facts, every=True)
            sheet = workbook.add_worksheet(part)
            sheet.freeze_panes(1, 1)
            for place, name in enumerate(columns):
                sheet.write_string(0, place, name, bold)
                sheet.write_comment(0, place, _described(part, name, facts))
                _limited(sheet, place, name, facts)
            for number, row in enumerate(rows, start=1):
                for place, name in enumerate(columns):
                    if row.get(name):
                        # As text always: a workbook would run =1+1, and make a date of 3-4.
                        sheet.write_string(number, place, row[name])
        help_sheet = workbook.add_worksheet("help")
        help_sheet.set_column(0, 0, 22)
        help_sheet.set_column(1, 1, 120)
        for number, (name, text) in enumerate(_help(facts, setup)):
            help_sheet.write_string(number, 0, name, None if text else bold)
            help_sheet.write_string(number, 1, text)


def _described(part: str, name: str, facts: Mapping[str, Fact]) -> str:
    if name in facts:
        fact = facts[name]
        return f"{fact.zh} ({fact.en})\n{_how(fact)}"
    field = next(f for n, f in PARTS[part].model_fields.items() if (f.alias or n) == name)
    return field.description or name


def _how(fact: Fact) -> str:
    values = f"; values: {', '.join(value for value in fact.domain if value)}" if fact.domain else ""
    return f"{HOW[fact.type]}{values}; empty: any; with ? behind it: or not stated"


def _limited(sheet: Any, place: int, name: str, facts: Mapping[str, Fact]) -> None:
    """Offer a list where one value of a few is meant; other cells of a list of values stay free."""
    values = list(BANDS) if name == "band" else [v for v in facts[name].domain if v] if name in facts else []
    if values and len(",".join(values)) <= LIST_MAX:
        rule = {"validate": "list", "source": values, "error_type": "information"}
        sheet.data_validation(1, place, 2000, place, rule)


def _help(facts: Mapping[str, Fact], setup: Setup | None) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = [("Bands 档次", ""), ("band", " → ".join(BANDS)), ("Facts 事实", "")]
    told += [(fact.name, f"{fact.zh} {fact.en}: {_how(fact)}") for fact in facts.values()]
    for part, model in PARTS.items():
        told.append((f"Sheet {part}", ""))
        told += [(field.alias or name, field.description or "") for name, field in model.model_fields.items()
                 if field.description]  # fmt: skip
    told.append(("Tests", f"expect one or more of {', '.join(EXPECTED)}; - means nothing"))
    if setup is not None:
        told.append(("Kinds 事项", ""))
        told += [(kind.code, f"{kind.zh} {kind.en}") for kind in setup.catalog.kinds.values()]
        told.append(("Roles 角色", ""))
        told += [(f"role:{role.id}", f"{role.zh} {role.en}") for role in setup.roster.roles.values()]
        told.append(("Organizations 单位", ""))
        told += [(f"org:{each.id}", f"{each.zh} {each.en}") for each in setup.roster.organizations.values()]
        told.append(("Ladders 督办阶梯", ""))
        told += [(name, " → ".join(rung.id for rung in ladder.rungs)) for name, ladder in setup.ladders.items()]
    return told
