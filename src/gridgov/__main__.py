"""``python -m gridgov``: check a setup, merge its layers, look after a store, check a statement of points."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridgov.errors import GridgovError, StoreError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

    from gridgov.hooks import Host
    from gridgov.proofs import Signer, Verifier
    from gridgov.store import Store, Vault

__all__ = ["main"]

PLUGINS = "which installed plugins, with commas between, in the order of discover=; by default all"
EXTRAS = {"ortools": "exact", "scipy": "exact", "shapely": "geo", "xlsxwriter": "sheets", "numba": "fast"}
SHOWN_OF_HEALTH = (
    "store", "mismatch", "position", "overdue", "overdue_since",
    "notices_behind", "waiting", "next_delivery_at", "dead",
)  # fmt: skip


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
    from gridgov.reports import plan_geojson, plan_map

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
        from gridgov.reports import plan_workbook  # needs an extra

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


@contextmanager
def _store(url: str, *, fresh: bool = False) -> Iterator[Store]:
    """Open a store for one command; only where *fresh* is said may it be made anew, or hold nothing.

    :raises StoreError: it cannot be used, or holds nothing: a slip in an address must not look like a sound street.
    """
    from gridgov.hooks import Host

    host = Host(discover=True)
    try:
        with _store_of(host, url, fresh=fresh) as store:
            yield store
    finally:
        host.close()


@contextmanager
def _store_of(host: Host, url: str, *, fresh: bool = False) -> Iterator[Store]:
    path = Path(url.removeprefix("sqlite:///").partition("?")[0])
    if url.startswith("sqlite:") and not fresh and not path.is_file():
        raise StoreError(f"{url}: there is no such file")
    store = host.open_store(url)
    try:
        if not fresh and not store.head():
            raise StoreError(f"{_shown(url)}: it holds no record; is the address right?")
        yield store
    finally:
        store.close()


def _verify(arguments: argparse.Namespace) -> int:
    from gridgov.store import every_record, read_checkpoint, verify_records

    verifiers = [arguments.public] if arguments.public else []
    against = [read_checkpoint(_text(path), *verifiers) for path in arguments.against or ()]
    with _store(arguments.store) as store:
        count = verify_records(every_record(store), against=against)
    told = f", and {len(against)} checkpoints match" if against else ""
    print(f"{_shown(arguments.store)}: {count} records, every chain holds{told}")
    return 0


def _checkpoint(arguments: argparse.Namespace) -> int:
    from gridgov.store import checkpoint, every_record

    signers = [arguments.key] if arguments.key else []
    with _store(arguments.store) as store:
        text = checkpoint(every_record(store)).text(*signers)
    if arguments.out is None:
        print(text, end="")
    else:
        with arguments.out.open("x", encoding="utf-8") as file:
            file.write(text)
        print(arguments.out)
    return 0


def _copy(arguments: argparse.Namespace) -> int:
    from gridgov.store import copy

    with _store(arguments.source) as source, _store(arguments.target, fresh=True) as target:
        copied = copy(source, target)
    counts = {"records": copied.records, "outcomes": copied.outcomes, "private texts": copied.private}
    print(f"{_shown(arguments.target)} stands at {copied.position}; came over: ", end="")
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    with _store(arguments.store) as store:
        backup = getattr(store, "backup", None)
        if backup is None:
            raise StoreError(
                "this store has no backup of its own; copy it: python -m gridgov copy STORE sqlite:///FILE"
            )
        backup(arguments.file)
    print(arguments.file)
    return 0


def _health(arguments: argparse.Namespace) -> int:
    import attrs

    from gridgov.documents import load_setup
    from gridgov.hooks import Host
    from gridgov.office import store_health

    host = Host(discover=True if arguments.plugins is None else arguments.plugins)
    try:
        with _store_of(host, arguments.store) as store:
            # As an office would be opened: with the rows and the days of the plugins.
            setup = host.completed(load_setup(arguments.folder))
            health = store_health(store, setup, dt.datetime.now(dt.UTC))
    finally:
        host.close()
    if health is None:
        raise StoreError(f"{_shown(arguments.store)}: no office was ever opened here for {setup.jurisdiction}")
    print(f"{_shown(arguments.store)}: {'ok' if health.ok else 'not ok'}")
    for name in SHOWN_OF_HEALTH:
        value = attrs.asdict(health)[name]
        if value not in ("", None, ()):
            print(f"  {name} {', '.join(value) if isinstance(value, tuple) else value}")
    return 0 if health.ok else 1


def _shown(url: str) -> str:
    """Give a URL without the password in it."""
    return re.sub(r"(//[^:/@]+):[^@]*@", r"\1:***@", url)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error


def _named_key(text: str) -> tuple[str, bytes]:
    name, _, place = text.partition("=")
    try:
        key = bytes.fromhex(Path(place).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=FILE with 64 hexadecimal digits in the file") from None
    if not name or len(key) != 32:
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=FILE with 64 hexadecimal digits in the file")
    return name, key


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _signer(text: str) -> Signer:
    from gridgov.proofs import Ed25519Signer

    return Ed25519Signer(*_named_key(text))


def _public(text: str) -> Verifier:
    from gridgov.proofs import Ed25519Verifier

    return Ed25519Verifier(*_named_key(text))


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


def _deliver(arguments: argparse.Namespace) -> int:
    import signal

    from gridgov.delivery import Worker
    from gridgov.documents import load_setup
    from gridgov.office import open_office

    def told(error: BaseException) -> None:
        # What may pass is tried again; what it says may quote nothing of anybody, but the kind of error is enough.
        print(f"{type(error).__name__}; trying again", file=sys.stderr, flush=True)

    vault = _vault(arguments.vault or ())
    discover = True if arguments.plugins is None else arguments.plugins
    with open_office(load_setup(arguments.folder), arguments.store, discover=discover, vault=vault) as office:
        if not office.channels:
            print("no plugin offers a channel; install one, such as gridgov-mail", file=sys.stderr)
            return 1
        print(f"channels: {', '.join(office.channels)}", flush=True)
        if arguments.once:
            done = office.deliver()
            print(f"sent {done.sent}, failed {done.failed}, waiting {done.waiting}, dead {done.dead}")
            if done.missing:
                print(f"notices wait for what is not here: {', '.join(done.missing)}", file=sys.stderr)
            return 1 if done.missing else 0
        worker = Worker(office.deliver, channels=office.channels, poll_seconds=arguments.poll, failed=told)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: worker.stop_soon())
        worker.start()
        try:
            while worker.running:
                worker.wait(1.0)
        finally:
            worker.stop()
        print(f"stopped; sent {worker.sent}, failed {worker.failures}")
    return 0


def _vault(keys: Sequence[tuple[str, bytes]]) -> Vault | None:
    """Make the vault of some named keys; the last one is for new texts."""
    from gridgov.store import Vault

    names = [name for name, _ in keys]
    if len(set(names)) < len(names):
        raise StoreError(f"two keys of the vault have one name: {', '.join(names)}")
    try:
        return Vault(dict(keys)) if keys else None
    except (ImportError, ValueError) as error:
        raise StoreError(str(error)) from error


def _outbox(arguments: argparse.Namespace) -> int:
    from gridgov.documents import load_setup
    from gridgov.office import open_office
    from gridgov.reports import text_table

    if arguments.resend and not arguments.by:
        print("who resends? say --by ACTOR; it needs the grant Mend", file=sys.stderr)
        return 2
    discover = True if arguments.plugins is None else arguments.plugins
    with open_office(load_setup(arguments.folder), arguments.store, discover=discover) as office:
        for id_ in arguments.resend or ():
            office.resend(id_, by=arguments.by)
        found = office.undelivered(dead=True if arguments.dead else None)
        rows = [
            (each.notice.id, each.notice.channel, "dead" if each.dead else f"{each.next_at:%m-%d %H:%M}", each.error)
            for each in found[: arguments.limit]
        ]
        if rows:
            print(text_table(("id", "channel", "next", "error"), rows))
        print(f"{len(found)} not delivered, of which dead: {sum(1 for each in found if each.dead)}")
    return 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, more than 0 and at most 3600")
    return seconds


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


def _add_delivery(commands: Any) -> None:
    deliver = commands.add_parser("deliver", help="send the notices of a store, on the channels of installed plugins")
    deliver.add_argument("folder", type=Path, help="the setup folder")
    deliver.add_argument("store", help="its URL, as in sqlite:///street.db")
    deliver.add_argument("--once", action="store_true", help="send what is due now, and end")
    deliver.add_argument("--poll", type=_seconds, default=5.0, metavar="SECONDS", help="the longest wait, by default 5")
    deliver.add_argument(
        "--vault", type=_named_key, action="append", metavar="NAME=FILE", help="a key of the vault that texts are in"
    )
    deliver.add_argument("--plugins", type=_names, metavar="NAMES", help=PLUGINS)
    deliver.set_defaults(run=_deliver)
    outbox = commands.add_parser("outbox", help="list the notices of a store that have not arrived")
    outbox.add_argument("folder", type=Path, help="the setup folder")
    outbox.add_argument("store", help="its URL, as in sqlite:///street.db")
    outbox.add_argument("--dead", action="store_true", help="dead letters only")
    outbox.add_argument("--limit", type=int, default=50, metavar="COUNT", help="show at most so many, by default 50")
    outbox.add_argument("--resend", action="append", metavar="ID", help="let this one be tried again; may be repeated")
    outbox.add_argument("--by", default="", metavar="ACTOR", help="who resends; it needs the grant Mend")
    outbox.add_argument("--plugins", type=_names, metavar="NAMES", help=PLUGINS)
    outbox.set_defaults(run=_outbox)


def _add_setup_commands(commands: Commands) -> None:
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


def _add_store_commands(commands: Commands) -> None:
    verify = commands.add_parser("verify", help="check every chain of a store")
    verify.add_argument("store", help="its URL, as in sqlite:///street.db")
    verify.add_argument("--against", type=Path, action="append", metavar="FILE", help="a checkpoint kept elsewhere")
    verify.add_argument("--public", type=_public, metavar="NAME=FILE", help="whose signature the checkpoints must bear")
    verify.set_defaults(run=_verify)
    mark = commands.add_parser("checkpoint", help="write what a store holds now as one digest, to be kept elsewhere")
    mark.add_argument("store", help="its URL")
    mark.add_argument("--key", type=_signer, metavar="NAME=FILE", help="sign it: a file with 64 hexadecimal digits")
    mark.add_argument("--out", type=Path, metavar="FILE", help="write a new file in place of printing it")
    mark.set_defaults(run=_checkpoint)
    copying = commands.add_parser("copy", help="bring over what another store has not yet, positions and heads kept")
    copying.add_argument("source", help="its URL; it may be in use")
    copying.add_argument("target", help="its URL; a new store, or one that an earlier copy has begun")
    copying.set_defaults(run=_copy)
    health = commands.add_parser("health", help="say how a street in a store is; 1 where it is not well")
    health.add_argument("folder", type=Path, help="its setup, which is held against the one in force")
    health.add_argument("store", help="its URL, as in sqlite:///street.db")
    health.add_argument("--plugins", type=_names, metavar="NAMES", help=PLUGINS)
    health.set_defaults(run=_health)
    backup = commands.add_parser("backup", help="write a store into a new file while it is in use")
    backup.add_argument("store", help="its URL, as in sqlite:///street.db")
    backup.add_argument("file", type=Path)
    backup.set_defaults(run=_backup)


def _add_points_commands(commands: Commands) -> None:
    statement = commands.add_parser("statement", help="check a statement of points against the notice board")
    statement.add_argument("file", type=Path, help="its text, as it stands in the QR code")
    board = statement.add_mutually_exclusive_group(required=True)
    board.add_argument("--root", dest="given", type=_root, metavar="HEX", help="the root, 64 digits")
    board.add_argument("--words", dest="given", type=_root, metavar="字", help="the twelve characters, in quotes")
    statement.set_defaults(run=_statement)
    verifier = commands.add_parser("verifier", help="write the page that checks statements without network")
    verifier.add_argument("file", type=Path, metavar="FILE.html")
    verifier.set_defaults(run=_verifier)
    _add_delivery(commands)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give the exit code: 0 for good, 1 for what was found wrong, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m gridgov", description="Grid governance as a library.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_setup_commands(commands)
    _add_store_commands(commands)
    _add_points_commands(commands)
    try:
        parsed = parser.parse_args(arguments)
        code: int = parsed.run(parsed)
    except ImportError as error:
        print(f"{error}{_extra_for(error)}", file=sys.stderr)
        return 1
    except (GridgovError, FileExistsError) as error:
        print(error, file=sys.stderr)
        return 1
    return code


def _extra_for(error: ImportError) -> str:
    extra = EXTRAS.get((error.name or "").partition(".")[0])
    return f"; it comes with the extra gridgov[{extra}]" if extra else ""


if __name__ == "__main__":
    sys.exit(main())
