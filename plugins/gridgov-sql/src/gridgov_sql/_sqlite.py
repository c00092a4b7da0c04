"""The store on a SQLite file.

One connection writes, another one reads: in WAL mode a reader sees the last commit and waits for no flush. Commits of
several threads go together (:mod:`gridgov_sql._group`); positions are given inside the one write transaction that
SQLite allows at a time, so they stand in the order of commits and no follower misses a late one.

``synchronous=FULL`` is the default: in WAL mode NORMAL does not flush at commit, and what it has acknowledged last may
be gone when power goes. OFF may leave a file that cannot be read, and is refused.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import struct
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from gridgov.errors import (
    ForeignStoreError,
    GridgovError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
)
from gridgov.store import Commit
from gridgov_sql import _schema as t
from gridgov_sql import _versions as versions
from gridgov_sql._group import GroupCommit, Waiting
from gridgov_sql._queries import Prepared, Queries
from gridgov_sql._room import require_room_for_commit
from gridgov_sql._sql import SqlStore
from gridgov_sql._standing import Group, Standing

__all__ = ["SqliteStore", "open_sqlite"]

APPLICATION_ID = 0x67676F76  # "ggov", in the header of every file of ours
JOURNAL = bytes.fromhex("d9d505f920a163d7")
"""How a rollback journal of SQLite begins."""
BUSY_SECONDS = 5.0
SYNCHRONOUS = ("FULL", "EXTRA", "NORMAL")


def open_sqlite(url: str) -> SqliteStore:
    """Open ``sqlite:///FILE``; an absent or empty file becomes a new store.

    :param url: may end in ``?synchronous=NORMAL`` (weaker; FULL is the default), ``?busy=SECONDS`` (how long to wait
        for somebody else), ``?upgrade=yes`` (bring an older store up to date) or ``?new=no`` (make no new store).
    :raises ForeignStoreError: the file is something else; :raises NewerStoreError: it was written by
        a newer version; both leave it as it was.
    :raises StoreBusyError: it is locked; :raises StoreError: it cannot be opened, is older and was not to be
        upgraded, or is not there and was not to be made.
    """
    address, _, query = url.partition("?")
    options = dict(parse_qsl(query))
    synchronous = options.pop("synchronous", "FULL").upper()
    busy = options.pop("busy", str(BUSY_SECONDS))
    upgrade, new = options.pop("upgrade", "no"), options.pop("new", "yes")
    if options or synchronous not in SYNCHRONOUS or not {upgrade, new} <= {"yes", "no"}:
        known = f"synchronous={'|'.join(SYNCHRONOUS)}, busy=SECONDS, upgrade=yes and new=no"
        raise StoreError(f"{url!r}: known options are {known}")
    # Not by SQLAlchemy: its two lines differ in whether %20 is a space, and one address has to mean one file.
    path = unquote(address.removeprefix("sqlite:///")) if address.startswith("sqlite:///") else ""
    try:
        patience = float(busy)
    except ValueError:
        raise StoreError(f"{url!r} is no address that can be opened") from None
    if not path:
        raise StoreError(f"{url!r} is no address of a file; write sqlite:///street.db or sqlite:////srv/street.db")
    _inspect(Path(path), new=new == "yes")
    return SqliteStore(
        Path(path), synchronous=synchronous, busy_seconds=patience, upgrade=upgrade == "yes", new=new == "yes"
    )


def _inspect(path: Path, *, new: bool) -> None:
    """Look at a file before anything could change it."""
    if not path.parent.is_dir():
        raise StoreError(f"the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise ForeignStoreError(f"{path} is a folder, not a store")
    if not path.exists() or path.stat().st_size == 0 or _was_being_made(path):
        if not new:
            raise StoreError(f"there is no store at {path}; nothing was made")
        return
    with path.open("rb") as file:
        header = file.read(72)
    sound = header.startswith(b"SQLite format 3\x00") and len(header) == 72
    if sound and int.from_bytes(header[68:72], "big") == APPLICATION_ID:
        return
    if _mended_by_its_log(path):
        return
    if not sound:
        raise ForeignStoreError(f"{path} is no SQLite file; it was left as it was")
    raise ForeignStoreError(f"{path} is a SQLite file, but no store of gridgov; it was left as it was")


def _was_being_made(path: Path) -> bool:
    """Say whether a journal stands beside it that takes it back to an empty file: power went while it was made."""
    journal = path.with_name(f"{path.name}-journal")
    with suppress(OSError), journal.open("rb") as file:
        header = file.read(28)
        return len(header) == 28 and header.startswith(JOURNAL) and struct.unpack(">I", header[16:20]) == (0,)
    return False


def _mended_by_its_log(path: Path) -> bool:
    """Say whether it is ours once SQLite has read its log: power went while the first page was carried over.

    Read-only, so that a file of somebody else stays as it was.
    """
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or log.stat().st_size == 0:
        return False
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as reader:
        ((found,),) = reader.execute("PRAGMA application_id")
        return bool(found == APPLICATION_ID)
    return False


class SqliteStore(SqlStore):
    """Keeps every promise of :class:`gridgov.store.Store`, ``Outbox`` and ``Portable`` on a SQLite file."""

    def __init__(
        self,
        path: Path,
        *,
        synchronous: str = "FULL",
        busy_seconds: float = BUSY_SECONDS,
        upgrade: bool = False,
        new: bool = True,
    ) -> None:
        self._path = path.absolute()  # a daemon changes its folder
        self._closed = False
        self._write_lock, self._read_lock = threading.RLock(), threading.Lock()
        # One connection behind one lock: SQLite writes one at a time anyway, and a connection
        # that is shared needs no pool to be told what it may do.
        self._engines = [_engine(path, busy_seconds) for _ in ("writing", "reading")]
        try:
            with _translated(opening=True):
                self._prepare(synchronous, busy_seconds, upgrade=upgrade, new=new)
        except BaseException:
            self._dispose()
            raise
        self._queries = Queries(self._engines[0].dialect)
        self._standing = Standing(self._raw)
        self._group = GroupCommit(self._write_group)

    def _prepare(self, synchronous: str, busy_seconds: float, *, upgrade: bool, new: bool) -> None:
        self._connection = self._engines[0].connect()
        self._raw = cast("sqlite3.Connection", self._connection.connection.driver_connection)
        run = self._connection.exec_driver_sql
        with self._immediate():
            if new and not versions.tables_there(self._connection):
                versions.create(self._connection)
                run(f"PRAGMA application_id = {APPLICATION_ID}")
            found = versions.found_version(self._connection)
            if upgrade and found < t.SCHEMA_VERSION:
                from gridgov_sql._migrations import migrate

                migrate(self._connection, found)
                found = versions.found_version(self._connection)
            versions.require_version(found)
        _patiently(self._raw, "PRAGMA journal_mode = WAL", busy_seconds)
        run(f"PRAGMA synchronous = {synchronous}")
        self._reader = self._engines[1].connect()
        self._reader.exec_driver_sql("PRAGMA query_only = ON")
        self._raw_reader = cast("sqlite3.Connection", self._reader.connection.driver_connection)

    @contextmanager
    def _immediate(self) -> Iterator[None]:
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._raw.execute("COMMIT")
        except BaseException:
            # SQLite may have rolled back by itself (disk full); a second rollback would hide the cause.
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise

    def _require_open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed; open it again")

    # --- commits, in groups ---------------------------------------------------------------------

    def append(self, commit: Commit, /) -> int:
        """Write *commit* whole, with those of other threads; see :meth:`gridgov.store.Store.append`."""
        require_room_for_commit(commit)
        return self._group.append(commit)

    def _write_group(self, group: Sequence[Waiting]) -> None:
        with self._write_lock:
            try:
                self._write_together(group)
            except StoreBusyError as error:
                for each in group:
                    each.error = error
            except Exception as error:
                if len(group) == 1:
                    group[0].error = error
                    return
                # Nothing was written. One of them may be too large for what is left of the disk: it alone must fail.
                for each in group:
                    self._write_group([each])

    def _write_together(self, group: Sequence[Waiting]) -> None:
        self._require_open()
        with _translated():
            try:
                with self._immediate():
                    self._standing.look([each.commit for each in group])
                    together = Group()
                    for each in group:
                        self._place(each, together)
                    together.write(self._raw)
            except BaseException:
                self._standing.forget()
                raise

    def _place(self, each: Waiting, together: Group) -> None:
        each.error = None
        try:
            each.position = self._standing.place(each.commit, together)
        except sqlite3.Error:
            raise
        except Exception as error:  # a conflict, or values that are none: its own caller's, and nobody else's
            each.error = error

    # --- what the base asks of a dialect --------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._write_lock:
            self._require_open()
            with _translated(), self._immediate():
                yield self._connection

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        with self._read_lock:
            self._require_open()
            with _translated():
                yield self._reader

    def _ask(self, query: Prepared, values: Mapping[str, Any]) -> list[Any]:
        with self._read_lock:
            self._require_open()
            with _translated():
                return self._raw_reader.execute(query.text, query.bound(values)).fetchall()

    _ask_in_order = _ask

    def _hold(self, connection: sa.Connection, commit: Commit) -> None:
        """Do nothing: BEGIN IMMEDIATE holds everything."""

    def _hold_names(self, connection: sa.Connection, names: Iterable[str]) -> None:
        """Do nothing: BEGIN IMMEDIATE holds everything."""

    def _hold_all(self, connection: sa.Connection) -> None:
        """Do nothing: BEGIN IMMEDIATE holds everything."""

    def _draw(self, connection: sa.Connection, count: int) -> int:
        """Give the positions after the last one."""
        return (connection.execute(sa.select(sa.func.max(t.records.c.position))).scalar() or 0) + 1

    def _advance(self, connection: sa.Connection, position: int) -> None:
        """Forget where things stood: records were written past the group."""
        self._standing.forget()

    # --- care -----------------------------------------------------------------------------------

    def backup(self, path: str | os.PathLike[str], /) -> None:
        """Copy the store into a new file while others go on reading and writing.

        The copy holds everything that was committed when it began, is flushed, and opens as a store. It gets its name
        when it is whole: a backup that is cut short leaves at most a file that ends in ``.part``.

        :raises StoreError: the file is there already, or cannot be written; :raises StoreFullError: the disk is full.
        """
        target = Path(path)
        part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:12]}.part")
        try:
            if target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            part.open("xb").close()
            with _translated():
                self._copy_into(part)
            _name(part, target)
            _flush(target.parent)
        except OSError as error:
            raise StoreError(f"no backup was made: {error.strerror or error}: {target}") from None
        finally:
            part.unlink(missing_ok=True)

    def _copy_into(self, path: Path) -> None:
        self._require_open()
        with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(path)) as copied:
            # All pages in one step: it reads one snapshot, which in WAL mode keeps no writer waiting.
            source.backup(copied)

    def close(self) -> None:
        """Let go of the file."""
        with self._write_lock, self._read_lock:
            if not self._closed:
                self._closed = True
                self._connection.close()
                self._reader.close()
                self._dispose()

    def _dispose(self) -> None:
        for engine in self._engines:
            engine.dispose()


def _engine(path: Path, busy_seconds: float) -> sa.Engine:
    return sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        poolclass=StaticPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # what is written may name somebody, and an error is logged
        connect_args={"check_same_thread": False, "timeout": busy_seconds},
    )


def _patiently(raw: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Run a statement for which SQLite itself does not wait when others are just opening the same file."""
    until = time.monotonic() + seconds
    while True:
        try:
            raw.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)
        else:
            return


def _name(part: Path, target: Path) -> None:
    """Give a file its name unless it is taken: of two that want it, one is told so."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links: for a moment the name stands on an empty file, which then goes or is replaced.
        target.open("xb").close()
        try:
            part.replace(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def _flush(folder: Path) -> None:
    """Make the name of a new file durable, where the system lets a folder be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _translated(*, opening: bool = False) -> Iterator[None]:
    """Say in gridgov's words what the database says in its own."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        if "Could not decode" in str(cause):
            # The driver quotes what it could not read, whatever that is and whomever it names.
            raise StoreDamagedError("", 0, "a text in it is no text any more") from None
        raise _in_our_words(cause, opening=opening) from error


def _in_our_words(cause: BaseException, *, opening: bool) -> GridgovError:
    # The low byte is the kind; the rest says more about it.
    match getattr(cause, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusyError(f"somebody else holds the store ({cause}); nothing was written")
        case sqlite3.SQLITE_FULL:
            return StoreFullError(f"the disk is full ({cause}); nothing was written")
        case sqlite3.SQLITE_IOERR:
            return StoreBusyError(
                f"the disk does not do what it should ({cause}); what was being written may or may not be stored: ask "
                "for the outcome of the same command id, or send the same command again"
            )
        case sqlite3.SQLITE_NOMEM | sqlite3.SQLITE_PROTOCOL:
            return StoreBusyError(f"the store cannot be used now ({cause}); nothing was written")
        case sqlite3.SQLITE_CANTOPEN if not opening:
            # It was open already: the process has too many files open, or the folder is out of reach.
            return StoreBusyError(f"the store cannot be used now ({cause}); nothing was written")
        case sqlite3.SQLITE_CORRUPT:
            return StoreDamagedError("", 0, f"{cause}")
        case sqlite3.SQLITE_NOTADB:
            return ForeignStoreError(f"the file is no database ({cause}); it was left as it was")
        case _:
            return StoreError(f"the store cannot be used: {cause}")
