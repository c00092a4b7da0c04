"""A disk in memory that forgets what was not synced, under the very SQL that the store sends.

What survives a killed process is the page cache, which a kill leaves alone: a store that never syncs passes every
such test. So a run of the real store is **recorded** (each statement with its values, as SQLite's trace shows it,
and each command once its append has returned) and **replayed** on another SQLite through a VFS that writes down what
reaches the disk: writes, truncations, syncs, new and deleted files. At a random place of that log the power goes:

- of what was written since the last sync of its file, each write is kept, dropped or torn, each on its own, so later
  ones may survive while earlier ones are lost; a torn write leaves some of its 512-byte sectors new and some old,
  and where noise is asked for, now and then one that is neither;
- a file that was created or deleted since the last sync of its folder may be absent or back again.

What is left is opened by the real store. Nothing in the replay depends on a loss that has not happened yet, so one
replay serves any number of losses.

What this does **not** exercise: a disk that says "synced" and lies; the file system's own journal; damage outside of
what was being written (SQLite relies on ``POWERSAFE_OVERWRITE``, as its Linux build does); the SQLite of the
``sqlite3`` module up to the loss (the replay runs on the newer one of apsw; what is left is recovered by ``sqlite3``);
statements of several connections at once (the replay is one thread; the order is the recorded one); writes of a
sector that overtake an earlier write of the same sector (the page cache keeps those in order); the ``-shm`` file,
which SQLite builds anew after a loss and which is thrown away here.
"""

import os
import random
import re
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from unittest import mock

import apsw
import attrs

from gridgov.store import Commit, Cursor, every_record, verify_chain
from gridgov.testing._store_contract import draft
from gridgov_sql import open_sqlite

from .appender import commit

SECTOR = 512
_names = count()


# --- what is recorded -----------------------------------------------------------------------------


@attrs.frozen
class Said:
    """A statement, its values written out, on one of the store's connections."""

    connection: int
    sql: str


@attrs.frozen
class Left:
    """A connection that was closed."""

    connection: int


@attrs.frozen
class Acknowledged:
    """A command whose append has returned, and how many records it has."""

    command_id: str
    records: int


Step = Said | Left | Acknowledged


@contextmanager
def recorded() -> Iterator[list[Step]]:
    """Write down what every connection of the ``sqlite3`` module is told meanwhile, whoever opens it."""
    steps: list[Step] = []
    numbers = count()

    class Heard(sqlite3.Connection):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)
            self.number = next(numbers)
            self.set_trace_callback(lambda sql: steps.append(Said(self.number, sql)))

        def close(self) -> None:
            super().close()
            steps.append(Left(self.number))

    connect = sqlite3.connect

    def heard(*args: object, **options: object) -> sqlite3.Connection:
        options.setdefault("factory", Heard)
        return connect(*args, **options)

    with mock.patch.object(sqlite3, "connect", heard), mock.patch.object(sqlite3.dbapi2, "connect", heard):
        yield steps


def record(folder: Path, seed: int, *, commits: int, threads: int = 1) -> list[Step]:
    """Let the real store write *commits*, closed and opened again on the way, and give what it said."""
    url = f"sqlite:///{folder / 'recorded.db'}"
    halves = (range(commits // 2), range(commits // 2, commits))
    with recorded() as steps:
        for half in halves:
            store = open_sqlite(url)

            def write(names: Iterable[int], store=store) -> None:
                for name in names:
                    wanted = commit(f"c{name}", seed)
                    store.append(wanted)
                    steps.append(Acknowledged(f"c{name}", len(wanted.drafts)))
                    if name % 10 == 0:
                        store.save_cursor(Cursor(name="delivery", position=name, memo=b"m" * 40))

            writers = [threading.Thread(target=write, args=(half[n::threads],)) for n in range(threads)]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            store.close()
    return steps


# --- what reaches the disk ------------------------------------------------------------------------


@attrs.frozen
class Write:
    file: int
    offset: int
    content: bytes


@attrs.frozen
class Truncate:
    file: int
    size: int


@attrs.frozen
class Sync:
    file: int
    folder: bool
    """The folder is synced, too: SQLite does so once for each new journal, and so does every file in it."""


@attrs.frozen
class Link:
    name: str
    file: int | None
    """The file that has the name from now on; None: the name is gone."""
    sync: bool = False


Event = Write | Truncate | Sync | Link | Acknowledged


class Disk(apsw.VFS):
    """Passes everything on to the system's VFS, but for syncs, and writes it down."""

    def __init__(self, names: Mapping[str, int]) -> None:
        self.name = f"gridgov-power-{os.getpid()}-{next(_names)}"
        self.events: list[Event] = []
        self.names = dict(names)
        self.numbers = count(len(names))
        super().__init__(self.name, base="")

    def xOpen(self, name, flags):  # noqa: N802
        return DiskFile(self, name, flags)

    def xDelete(self, filename, syncdir):  # noqa: N802
        super().xDelete(filename, syncdir)
        self.names.pop(Path(filename).name, None)
        self.events.append(Link(Path(filename).name, None, sync=bool(syncdir)))


class DiskFile(apsw.VFSFile):
    """One open file. Locks and shared memory are those of the system's VFS."""

    def __init__(self, disk: Disk, name, flags) -> None:
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary")
        super().__init__("", name, flags)
        self._disk = disk
        fresh = path.name not in disk.names
        if fresh:
            disk.names[path.name] = next(disk.numbers)
        self._file = disk.names[path.name]
        if fresh:
            disk.events.append(Link(path.name, self._file))
        # As SQLite's own VFS does: the first sync of a new journal syncs the folder that it stands in.
        journals = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL
        self._folder_due = fresh and bool(flags[0] & journals)

    def xWrite(self, data, offset):  # noqa: N802
        super().xWrite(data, offset)
        self._disk.events.append(Write(self._file, offset, bytes(data)))

    def xTruncate(self, newsize):  # noqa: N802
        super().xTruncate(newsize)
        self._disk.events.append(Truncate(self._file, newsize))

    def xSync(self, flags):  # noqa: N802
        self._disk.events.append(Sync(self._file, self._folder_due))
        self._folder_due = False


def replay(steps: Iterable[Step], folder: Path, *, synchronous: str = "", checkpoint: int = 1000) -> list[Event]:
    """Say it all once more to another SQLite, and give what reached the disk.

    :param synchronous: in place of what the store asked for.
    :param checkpoint: pages in the log after which SQLite carries them over.
    """
    disk = Disk({})
    open_ones: dict[int, apsw.Connection] = {}
    try:
        for step in steps:
            match step:
                case Acknowledged():
                    disk.events.append(step)
                case Left(number):
                    if number in open_ones:
                        open_ones.pop(number).close()
                case Said(number, sql):
                    if sql.lstrip().startswith(("SELECT", "--", "EXPLAIN")):
                        continue
                    if number not in open_ones:
                        open_ones[number] = apsw.Connection(str(folder / "street.db"), vfs=disk.name)
                        run(open_ones[number], f"PRAGMA wal_autocheckpoint = {checkpoint}")
                    run(open_ones[number], weakened(sql, synchronous))
    finally:
        for connection in open_ones.values():
            connection.close()
    disk.unregister()
    return disk.events


def run(connection: apsw.Connection, sql: str) -> None:
    for _ in connection.execute(sql):
        pass


def weakened(sql: str, synchronous: str) -> str:
    return re.sub(r"(?i)(pragma\s+synchronous\s*=\s*)\w+", rf"\g<1>{synchronous}", sql) if synchronous else sql


# --- what is left of it ---------------------------------------------------------------------------


@attrs.define
class Stored:
    """One file: what is on the disk for certain, and what may be."""

    durable: bytearray = attrs.field(factory=bytearray)
    pending: list[Write | Truncate] = attrs.field(factory=list)


@attrs.define
class Platter:
    """The disk at one place of the log."""

    files: dict[int, Stored] = attrs.field(factory=dict)
    names: dict[str, int | None] = attrs.field(factory=dict)
    renamed: list[Link] = attrs.field(factory=list)

    @classmethod
    def holding(cls, files: Mapping[str, bytes]) -> "Platter":
        stored = {number: Stored(bytearray(content)) for number, content in enumerate(files.values())}
        return cls(stored, dict(zip(files, stored, strict=True)))

    def take(self, event: Event) -> None:
        match event:
            case Write() | Truncate():
                self.files[event.file].pending.append(event)
            case Sync():
                stored = self.files[event.file]
                for each in stored.pending:
                    put(stored.durable, each)
                stored.pending.clear()
                if event.folder:
                    self._keep_names()
            case Link():
                if event.file is not None:
                    self.files[event.file] = Stored()
                self.renamed.append(event)
                if event.sync:
                    self._keep_names()

    def _keep_names(self) -> None:
        self.names.update({link.name: link.file for link in self.renamed})
        self.renamed.clear()

    def everything(self) -> dict[str, bytes]:
        """Give the files as they are while the power is on."""
        names = {**self.names, **{link.name: link.file for link in self.renamed}}
        found = {}
        for name, file in names.items():
            if file is not None:
                content = bytearray(self.files[file].durable)
                for each in self.files[file].pending:
                    put(content, each)
                found[name] = bytes(content)
        return found

    def after_a_loss(self, rng: random.Random, *, noise: bool = False) -> dict[str, bytes]:
        """Give the files as they may be found when the power is back.

        :param noise: one in twenty of the sectors that were being written is neither old nor new.
        """
        kept, torn = rng.choice((0.0, 0.2, 0.5, 0.8, 0.97)), rng.choice((0.0, 0.1, 0.5))
        found = {}
        for name, file in self._names_after_a_loss(rng).items():
            if file is None:
                continue
            content = bytearray(self.files[file].durable)
            for each in self.files[file].pending:
                if isinstance(each, Write) and rng.random() < torn:
                    for part in tear(each, rng, noise=noise):
                        put(content, part)
                elif rng.random() < kept:
                    put(content, each)
            found[name] = bytes(content)
        return found

    def _names_after_a_loss(self, rng: random.Random) -> dict[str, int | None]:
        names = dict(self.names)
        for name in dict.fromkeys(link.name for link in self.renamed):
            links = [link for link in self.renamed if link.name == name]
            kept = rng.randint(0, len(links))
            if kept:
                names[name] = links[kept - 1].file
        return names


def put(content: bytearray, event: Write | Truncate) -> None:
    if isinstance(event, Truncate):
        del content[event.size :]
        content.extend(bytes(event.size - len(content)))
        return
    content.extend(bytes(max(0, event.offset - len(content))))
    content[event.offset : event.offset + len(event.content)] = event.content


def tear(write: Write, rng: random.Random, *, noise: bool) -> Iterator[Write]:
    """Give the sectors of a write that made it."""
    start, end = write.offset, write.offset + len(write.content)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        luck = rng.random()
        if luck < 0.5:
            yield Write(write.file, start, write.content[start - write.offset : stop - write.offset])
        elif noise and luck > 0.95:
            yield Write(write.file, start, rng.randbytes(stop - start))
        start = stop


# --- what became of it ----------------------------------------------------------------------------


@attrs.frozen
class Loss:
    """What the real store finds after a loss.

    :param acknowledged: how many commands were; :param lost: those of them that are not there, or not whole.
    :param unheard: how many are there, whole, though nobody was told.
    :param corrupt: what is wrong with the file, empty if nothing is.
    """

    acknowledged: int
    lost: frozenset[str]
    unheard: int = 0
    corrupt: str = ""


def losses(
    events: Sequence[Event],
    sizes: Mapping[str, int],
    folder: Path,
    *,
    count: int,
    seed: int,
    within: slice = slice(None),
    noise: bool = False,
) -> Iterator[Loss]:
    """Cut the power at random places of a log, each time anew; every third time once more while SQLite recovers.

    :param sizes: command → how many records it has.
    :param within: the part of the log that it may happen in; :param noise: see :meth:`Platter.after_a_loss`.
    """
    rng = random.Random(seed)
    places = range(1, len(events) + 1)[within]
    cuts = sorted(rng.choice(places) for _ in range(count))
    platter, acknowledged, done = Platter(), set(), 0
    for number, cut in enumerate(cuts):
        for event in events[done:cut]:
            platter.take(event)
            if isinstance(event, Acknowledged):
                acknowledged.add(event.command_id)
        done = cut
        files = platter.after_a_loss(rng, noise=noise)
        place = folder / str(number)
        place.mkdir()
        if number % 3 == 2 and files:
            files = lost_while_recovering(files, place / "first", rng)
        yield judged(files, acknowledged, sizes, place)
        shutil.rmtree(place)


def lost_while_recovering(files: Mapping[str, bytes], folder: Path, rng: random.Random) -> dict[str, bytes]:
    """Give the files as they are found if power goes again while SQLite recovers and carries its log over."""
    folder.mkdir()
    lay(files, folder)
    disk = Disk(dict(zip(files, range(len(files)), strict=True)))
    try:
        connection = apsw.Connection(str(folder / "street.db"), vfs=disk.name)
        try:
            run(connection, "PRAGMA synchronous = FULL")
            run(connection, "SELECT count(*) FROM sqlite_master")
            run(connection, "PRAGMA wal_checkpoint(RESTART)")
        finally:
            connection.close()
    except apsw.Error:
        return dict(files)  # it cannot be recovered at all; whoever opens it will say so
    finally:
        disk.unregister()
    platter = Platter.holding(files)
    for event in disk.events[: rng.randint(0, len(disk.events))]:
        platter.take(event)
    return platter.after_a_loss(rng)


def lay(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(content)


def judged(files: Mapping[str, bytes], acknowledged: Iterable[str], sizes: Mapping[str, int], folder: Path) -> Loss:
    """Open what is left as its owner would, and look at everything."""
    lay(files, folder)
    acknowledged = frozenset(acknowledged)
    path = folder / "street.db"
    try:
        whole, halves = opened(path, sizes)
    except Exception as error:  # whatever it says: a store that cannot be read is corrupt
        return Loss(len(acknowledged), acknowledged, corrupt=f"{type(error).__name__}: {error}")
    return Loss(
        len(acknowledged),
        acknowledged - whole,
        unheard=len(whole - acknowledged),
        corrupt=integrity(path) or (f"half of {halves[0]} is there" if halves else ""),
    )


def opened(path: Path, sizes: Mapping[str, int]) -> tuple[set[str], list[str]]:
    """Give the commands that are there whole, and those that are there by half; say one more command."""
    store = open_sqlite(f"sqlite:///{path}")
    try:
        verify_chain(every_record(store))
        found: dict[str, int] = {}
        for record in every_record(store):
            found[record.command_id] = found.get(record.command_id, 0) + 1
        known = {name for name in sizes if store.outcome(name) is not None}
        whole = {name for name in known if found.get(name, 0) == sizes[name]}
        store.append(Commit(drafts=[draft(command="after-the-loss")]))
        return whole, sorted((known | found.keys()) - whole)
    finally:
        store.close()


def integrity(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        (told,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    finally:
        connection.close()
    return "" if told == "ok" else str(told)


@attrs.frozen
class Run:
    """A recorded run of the store, and what of it reached the disk."""

    events: Sequence[Event]
    sizes: Mapping[str, int]
    files: Mapping[str, bytes]

    @property
    def born(self) -> int:
        """Where in the log the first command was acknowledged."""
        return next(place for place, event in enumerate(self.events) if isinstance(event, Acknowledged))


def run_of(folder: Path, seed: int, *, commits: int = 80, synchronous: str = "") -> Run:
    """Record a run and replay it; *seed* chooses the commits, the threads and how often SQLite carries its log over."""
    steps = record(folder, seed, commits=commits, threads=1 + seed % 4)
    place = folder / "replay"
    place.mkdir()
    events = replay(steps, place, synchronous=synchronous, checkpoint=(10, 40, 200, 1000)[seed % 4])
    sizes = {step.command_id: step.records for step in steps if isinstance(step, Acknowledged)}
    return Run(events, sizes, {each.name: each.read_bytes() for each in place.iterdir()})
