"""``python -m gridgov``: check a setup, merge its layers, write schemas, verify a store or a statement of points."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from gridgov.errors import GridgovError

__all__ = ["main"]


def _check(arguments: argparse.Namespace) -> int:
    from gridgov.documents import load_setup

    setup = load_setup(arguments.folder)
    counts = {
        "places": len(setup.territory),
        "persons": len(setup.roster.persons),
        "organizations": len(setup.roster.organizations),
        "kinds": len(setup.catalog.kinds),
        "rules": len(setup.rulebooks.entries[-1].value.rules.rules),
    }
    print(f"{arguments.folder} holds: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    for note in setup.notes:
        print(f"  · {note}")
    return 0


def _rules(arguments: argparse.Namespace) -> int:
    from gridgov.documents import SUFFIXES, RuleFile, load_setup, read_rules, write_rules
    from gridgov.hooks import Host
    from gridgov.routing import Rulebook, Table

    host = Host(discover=True)
    try:
        setup = host.completed(load_setup(arguments.folder))
    finally:
        host.close()
    day = arguments.on or max(dt.date.today(), setup.effective_on)  # noqa: DTZ011 - the day of who asks
    book = setup.rulebooks.on(day)
    written = next(path for path in (arguments.folder / f"rules{end}" for end in SUFFIXES) if path.is_file())
    for name in arguments.write or ():
        # As they stand in the files, whatever their days; what plugins and the duty list add, they add again.
        print(*write_rules(read_rules(written, facts=book.facts), name, setup=setup), sep="\n")
    if arguments.template:
        empty = Rulebook(Table((), book.facts))
        print(*write_rules(RuleFile(empty), arguments.template, setup=setup), sep="\n")
    of_the_day = ("routing.lost", "routing.beyond")
    told = [note for note in setup.notes if note.code.startswith("routing.")]
    told += [each for each in setup.check_rules(book, day) if each.code.startswith(of_the_day)]
    for finding in told:
        print(f"  · {finding}")
    print(f"{len(book.rules.rules)} rules on {day}, table {book.version}; worth a look: {len(told)}")
    if setup.shadow is not None:
        print(f"on trial: {len(setup.shadow.on(day).rules.rules)} rules, table {setup.shadow.on(day).version}")
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    from gridgov.documents import load_setup
    from gridgov.merging import certify, check_plan, merge
    from gridgov.reports import plan_geojson, plan_map, plan_workbook

    setup = load_setup(arguments.folder)
    plan = merge(
        setup.ground,
        setup.layers,
        setup.merging,
        seed=arguments.seed,
        roles=setup.roster.roles,
        incumbents=setup.incumbents,
    )
    if arguments.certify:
        plan = certify(plan, setup.ground, setup.layers)
    print(plan.summary(arguments.language))
    if arguments.map:
        arguments.map.write_text(plan_map(plan, setup.ground), encoding="utf-8")
    if arguments.geojson:
        text = json.dumps(plan_geojson(plan, setup.ground), ensure_ascii=False)
        arguments.geojson.write_text(text, encoding="utf-8")
    if arguments.workbook:
        plan_workbook(plan, setup.ground, arguments.workbook, arguments.language)
    broken = list(check_plan(plan, setup.ground, setup.layers))
    for finding in broken:
        print(f"  ✗ {finding}")
    return 1 if broken else 0


def _schema(arguments: argparse.Namespace) -> int:
    from gridgov.documents import json_schemas

    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, schema in json_schemas().items():
        path = arguments.folder / f"{name}.schema.json"
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        print(path)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from gridgov.hooks import Host
    from gridgov.store import every_record, verify_chain

    path = Path(arguments.store.removeprefix("sqlite:///").partition("?")[0])
    if arguments.store.startswith("sqlite:") and not path.is_file():
        print(f"{arguments.store}: there is no such file", file=sys.stderr)
        return 1
    host = Host(discover=True)
    store = host.open_store(arguments.store)
    try:
        print(f"{arguments.store}: {verify_chain(every_record(store))} records, every chain holds")
    finally:
        store.close()
        host.close()
    return 0


def _statement(arguments: argparse.Namespace) -> int:
    from gridgov.points import check_statement, read_statement
    from gridgov.reports import text_table

    if not arguments.file.is_file():
        print(f"{arguments.file}: there is no such file", file=sys.stderr)
        return 1
    proof = read_statement(arguments.file.read_text(encoding="utf-8-sig", errors="replace"))
    line = proof.line
    print(f"{proof.month}: {line.account}, {line.unit}; number {proof.index + 1} of {proof.size}")
    rows = [("", "期初 opening", line.opening), ("+", "获得 earned", sum(line.earned.values()))]
    rows += [("", f"· {category}", points) for category, points in line.earned.items()]
    rows += [("+", "转入转出 moved", line.moved), ("-", "兑换 spent", line.spent), ("-", "到期 expired", line.expired)]
    rows += [("-", "更正扣回 reversed", line.reversed), ("-", "捐赠 donated", line.donated)]
    rows += [("=", "期末 closing", line.closing), ("", "其中欠 of which owed", line.debt)]
    if line.next_on:
        rows.append(("", f"最近到期 next to expire {line.next_on}", line.next_points))
    print(*text_table(("", "", ""), rows).splitlines()[2:], sep="\n")
    broken = check_statement(proof, arguments.given)
    for finding in broken:
        print(f"  ✗ {finding}")
    print("不符 does not match" if broken else "相符 matches: this line was published, and it adds up")
    return 1 if broken else 0


def _verifier(arguments: argparse.Namespace) -> int:
    from gridgov.reports import verifier_page

    if not arguments.file.parent.is_dir():
        print(f"there is no folder {arguments.file.parent}", file=sys.stderr)
        return 1
    arguments.file.write_text(verifier_page(), encoding="utf-8")
    print(arguments.file)
    return 0


def _root(text: str) -> str:
    from gridgov.points import read_root

    try:
        return read_root(text)
    except GridgovError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as in 2026-11-22") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give the exit code: 0 for good, 1 for what was found wrong, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m gridgov", description="Grid governance as a library.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="check a setup folder and name every mistake")
    check.add_argument("folder", type=Path)
    check.set_defaults(run=_check)
    rules = commands.add_parser("rules", help="check the rules of a setup folder and tell what is worth a look")
    rules.add_argument("folder", type=Path)
    rules.add_argument("--on", type=_day, metavar="YYYY-MM-DD", help="the rules, postings and calendar of that day")
    rules.add_argument("--write", type=Path, action="append", metavar="FILE", help="write them as .csv, .yaml or .xlsx")
    rules.add_argument("--template", type=Path, metavar="FILE.xlsx", help="write an empty workbook with help")
    rules.set_defaults(run=_rules)
    merge = commands.add_parser("merge", help="merge the layers of a setup folder and show the plan")
    merge.add_argument("folder", type=Path)
    merge.add_argument("--seed", type=int, default=0, help="another seed gives another valid plan")
    merge.add_argument("--language", choices=("zh", "en"), default="zh")
    merge.add_argument("--certify", action="store_true", help="prove what can be proved (more with the extra exact)")
    merge.add_argument("--map", type=Path, metavar="FILE.svg", help="write a map")
    merge.add_argument("--geojson", type=Path, metavar="FILE", help="write the shapes of the base grids")
    merge.add_argument("--workbook", type=Path, metavar="FILE.xlsx", help="write a workbook (needs the extra sheets)")
    merge.set_defaults(run=_merge)
    schema = commands.add_parser("schema", help="write the JSON Schemas of the setup files")
    schema.add_argument("folder", type=Path)
    schema.set_defaults(run=_schema)
    verify = commands.add_parser("verify", help="check every chain of a store")
    verify.add_argument("store", help="its URL, as in sqlite:///street.db")
    verify.set_defaults(run=_verify)
    statement = commands.add_parser("statement", help="check a statement of points against the notice board")
    statement.add_argument("file", type=Path, help="its text, as it stands in the QR code")
    board = statement.add_mutually_exclusive_group(required=True)
    board.add_argument("--root", dest="given", type=_root, metavar="HEX", help="the root, 64 digits")
    board.add_argument("--words", dest="given", type=_root, metavar="字", help="the twelve characters, in quotes")
    statement.set_defaults(run=_statement)
    verifier = commands.add_parser("verifier", help="write the page that checks statements without network")
    verifier.add_argument("file", type=Path, metavar="FILE.html")
    verifier.set_defaults(run=_verifier)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except GridgovError as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
