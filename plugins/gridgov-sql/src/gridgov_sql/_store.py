"""The store on SQLite."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from gridgov.errors import (
    AppendConflictError,
    ForeignStoreError,
    NewerStoreError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)
from gridgov.store import (
    Commit,
    Condition,
    Cursor,
    PrivateEntry,
    Record,
    Snapshot,
    StoredOutcome,
    link_drafts,
)
from gridgov_sql import _schema as t

__all__ = ["SqlStore", "open_sqlite"]

APPLICATION_ID = 0x67676F76  # "ggov", in the header of every file of ours
BUSY_SECONDS = 5.0
CHUNK = 400
SYNCHRONOUS = ("FULL", "EXTRA", "NORMAL")


def open_sqlite(url: str) -> SqlStore:
    """Open ``sqlite:///FILE``; an absent or empty file becomes a new store.

    :param url: may end in ``?synchronous=NORMAL`` (weaker; FULL is the default) or
        ``?busy=SECONDS`` (how long to wait for somebody else).
    :raises ForeignStoreError: the file is something else; :raises NewerStoreError: it was written by
        a newer version; both leave it as it was.
    :raises StoreBusyError: it is locked; :raises StoreError: it cannot be opened.
    """
    address, _, query = url.partition("?")
    options = dict(parse_qsl(query))
    synchronous = options.pop("synchronous", "FULL").upper()
    busy = options.pop("busy", str(BUSY_SECONDS))
    if options or synchronous not in SYNCHRONOUS:
        raise StoreError(f"{url!r}: known options are synchronous={'|'.join(SYNCHRONOUS)} and busy=SECONDS")
    try:
        # The path that SQLAlchemy will open, not the one that was typed: %20 is a space there.
        path = sa.make_url(address).database if address.startswith("sqlite:///") else None
        patience = float(busy)
    except (sa.exc.ArgumentError, ValueError):
        raise StoreError(f"{url!r} is no address that can be opened") from None
    if not path:
        raise StoreError(f"{url!r} is no address of a file; write sqlite:///street.db or sqlite:////srv/street.db")
    _inspect(Path(path))
    return SqlStore(address, synchronous=synchronous, busy_seconds=patience)


def _inspect(path: Path) -> None:
    """Look at a file before anything could change it."""
    if not path.parent.is_dir():
        raise StoreError(f"the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise ForeignStoreError(f"{path} is a folder, not a store")
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        header = file.read(72)
    if not header.startswith(b"SQLite format 3\x00") or len(header) < 72:
        raise ForeignStoreError(f"{path} is no SQLite file; it was left as it was")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise ForeignStoreError(f"{path} is a SQLite file, but no store of gridgov; it was left as it was")


class SqlStore:
    """Keeps every promise of :class:`gridgov.store.Store` on a SQLite file."""

    def __init__(self, url: str, *, synchronous: str = "FULL", busy_seconds: float = BUSY_SECONDS) -> None:
        self._lock = threading.RLock()
        # One connection behind one lock: SQLite writes one at a time anyway, and a connection
        # that is shared needs no pool to be told what it may do.
        self._engine = sa.create_engine(
            url,
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False, "timeout": busy_seconds},
        )
        self._closed = False
        try:
            with _translated():
                self._connection = self._engine.connect()
                self._prepare(synchronous)
        except BaseException:
            self._engine.dispose()
            raise

    def _prepare(self, synchronous: str) -> None:
        run = self._connection.exec_driver_sql
        run("PRAGMA foreign_keys = ON")
        with self._transaction():
            fresh = not run("SELECT count(*) FROM sqlite_master").scalar_one()
            if fresh:
                t.metadata.create_all(self._connection)
                run(f"PRAGMA application_id = {APPLICATION_ID}")
                self._connection.execute(t.meta.insert(), [{"name": "schema", "value": str(t.SCHEMA_VERSION)}])
        found = self._connection.execute(sa.select(t.meta.c.value).where(t.meta.c.name == "schema")).scalar()
        if found is None:
            raise ForeignStoreError("the file says that it is a store of gridgov, but has no schema version")
        if int(found) > t.SCHEMA_VERSION:
            raise NewerStoreError(
                f"the store has schema {found}, this version of gridgov-sql knows {t.SCHEMA_VERSION}; upgrade it"
            )
        run("PRAGMA journal_mode = WAL")
        run(f"PRAGMA synchronous = {synchronous}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        run = self._connection.exec_driver_sql
        run("BEGIN IMMEDIATE")
        try:
            yield
            run("COMMIT")
        except BaseException:
            # SQLite may have rolled back by itself (disk full); a second rollback would hide the cause.
            if self._connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                run("ROLLBACK")
            raise

    # --- writing ----------------------------------------------------------------------------

    def append(self, commit: Commit, /) -> int:
        """Write *commit* whole; see :meth:`gridgov.store.Store.append`."""
        with self._lock, _translated(), self._transaction():
            head = self._head()
            self._check(commit.condition, head)
            self._refuse_known(commit.outcomes)
            records = link_drafts(
                commit.drafts,
                range(head + 1, head + 1 + len(commit.drafts)),
                self._heads({draft.stream for draft in commit.drafts}),
            )
            self._insert(t.records, [_record_row(record) for record in records])
            self._insert(
                t.tags,
                [{"tag": tag, "position": record.position} for record in records for tag in dict.fromkeys(record.tags)],
            )
            places = _places(records)
            self._insert(t.outcomes, [_outcome_row(outcome, places) for outcome in commit.outcomes])
            self._replace(t.private, "ref", [_private_row(entry) for entry in commit.private])
            for some in _chunks(list(commit.erase)):
                self._connection.execute(t.private.delete().where(t.private.c.ref.in_(some)))
            documents = [{"digest": digest, "body": body} for digest, body in commit.documents.items()]
            self._replace(t.documents, "digest", documents)
            return head + len(records)

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(table.insert(), rows)

    def _replace(self, table: sa.Table, key: str, rows: list[dict[str, Any]]) -> None:
        """Delete and insert: the one upsert that every dialect knows."""
        for row in rows:
            self._connection.execute(table.delete().where(table.c[key] == row[key]))
        self._insert(table, rows)

    def _check(self, condition: Condition, head: int) -> None:
        if condition.streams:
            heads = self._heads(set(condition.streams))
            for stream, expected in condition.streams.items():
                if heads.get(stream, (0, b""))[0] != expected:
                    raise AppendConflictError(f"stream {stream!r}")
        if head <= condition.after:
            return
        for some in _chunks(sorted(condition.tags)):
            query = sa.select(t.tags.c.tag).where(t.tags.c.tag.in_(some), t.tags.c.position > condition.after)
            moved = self._connection.execute(query.limit(1)).scalar()
            if moved is not None:
                raise AppendConflictError(f"tag {moved!r}")

    def _refuse_known(self, outcomes: Sequence[StoredOutcome]) -> None:
        for some in _chunks([outcome.command_id for outcome in outcomes]):
            query = sa.select(t.outcomes.c.command_id).where(t.outcomes.c.command_id.in_(some))
            known = self._connection.execute(query.limit(1)).scalar()
            if known is not None:
                raise AppendConflictError(f"command {known!r}")

    def _heads(self, streams: set[str]) -> dict[str, tuple[int, bytes]]:
        found: dict[str, tuple[int, bytes]] = {}
        for some in _chunks(sorted(streams)):
            newest = (
                sa.select(t.records.c.stream, sa.func.max(t.records.c.stream_version).label("version"))
                .where(t.records.c.stream.in_(some))
                .group_by(t.records.c.stream)
                .subquery()
            )
            query = sa.select(t.records.c.stream, t.records.c.stream_version, t.records.c.head).join(
                newest,
                sa.and_(t.records.c.stream == newest.c.stream, t.records.c.stream_version == newest.c.version),
            )
            found.update({row.stream: (row.stream_version, row.head) for row in self._connection.execute(query)})
        return found

    # --- reading ----------------------------------------------------------------------------

    def read(
        self, *, after: int = 0, limit: int | None = None, stream: str | None = None, tag: str | None = None
    ) -> Sequence[Record]:
        """Give records after a position; see :meth:`gridgov.store.Store.read`."""
        query = sa.select(t.records).where(t.records.c.position > after).order_by(t.records.c.position)
        if stream is not None:
            query = query.where(t.records.c.stream == stream)
        if tag is not None:
            query = query.join(t.tags, t.tags.c.position == t.records.c.position).where(t.tags.c.tag == tag)
        if limit is not None:
            query = query.limit(limit)
        with self._lock, _translated():
            return [_record(row) for row in self._connection.execute(query)]

    def head(self) -> int:
        """Give the position of the last record."""
        with self._lock, _translated():
            return self._head()

    def _head(self) -> int:
        return self._connection.execute(sa.select(sa.func.max(t.records.c.position))).scalar() or 0

    def _one(self, table: sa.Table, key: str, value: str) -> Any:
        with self._lock, _translated():
            return self._connection.execute(sa.select(table).where(table.c[key] == value)).first()

    def outcome(self, command_id: str, /) -> StoredOutcome | None:
        """Give what came of a command."""
        row = self._one(t.outcomes, "command_id", command_id)
        if row is None:
            return None
        return StoredOutcome(
            command_id=row.command_id,
            fingerprint=row.fingerprint,
            accepted=bool(row.accepted),
            body=row.body,
            recorded_at=_instant(row.recorded_at),
            first=row.first_position,
            last=row.last_position,
        )

    def private(self, ref: str, /) -> PrivateEntry | None:
        """Give a private entry."""
        row = self._one(t.private, "ref", ref)
        if row is None:
            return None
        return PrivateEntry(
            ref=row.ref,
            subject=row.subject,
            purpose=row.purpose,
            basis=row.basis,
            ends_on=dt.date.fromisoformat(row.ends_on),
            salt=row.salt,
            body=row.body,
        )

    def private_refs(self, *, subject: str | None = None, ended_before: dt.date | None = None) -> Sequence[str]:
        """Give references by subject and end."""
        query = sa.select(t.private.c.ref).order_by(t.private.c.ref)
        if subject is not None:
            query = query.where(t.private.c.subject == subject)
        if ended_before is not None:
            query = query.where(t.private.c.ends_on < ended_before.isoformat())
        with self._lock, _translated():
            return list(self._connection.execute(query).scalars())

    def document(self, digest: str, /) -> bytes | None:
        """Give a document by digest."""
        row = self._one(t.documents, "digest", digest)
        return None if row is None else row.body

    def cursor(self, name: str, /) -> Cursor:
        """Give a follower's cursor."""
        row = self._one(t.cursors, "name", name)
        return Cursor(name=name) if row is None else Cursor(name=name, position=row.position, memo=row.memo)

    def save_cursor(self, cursor: Cursor, /) -> None:
        """Save a follower's cursor."""
        row = {"name": cursor.name, "position": cursor.position, "memo": cursor.memo}
        with self._lock, _translated(), self._transaction():
            self._replace(t.cursors, "name", [row])

    def snapshot(self, name: str, shape: str, /) -> Snapshot | None:
        """Give a snapshot of that name and shape."""
        row = self._one(t.snapshots, "name", name)
        if row is None or row.shape != shape:
            return None
        return Snapshot(name=row.name, shape=row.shape, position=row.position, body=row.body)

    def save_snapshot(self, snapshot: Snapshot, /) -> None:
        """Keep a snapshot."""
        row = {
            "name": snapshot.name,
            "shape": snapshot.shape,
            "position": snapshot.position,
            "body": snapshot.body,
        }
        with self._lock, _translated(), self._transaction():
            self._replace(t.snapshots, "name", [row])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._connection.close()
                self._engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Say in gridgov's words what the database says in its own."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        text = str(cause)
        if "locked" in text or "busy" in text:
            raise StoreBusyError(f"somebody else holds the store ({text}); nothing was written") from error
        if "full" in text:
            raise StoreFullError(f"the disk is full ({text}); nothing was written") from error
        if "not a database" in text:
            raise ForeignStoreError(f"the file is no database ({text}); it was left as it was") from error
        raise StoreError(f"the store cannot be used: {text}") from error


def _chunks(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), CHUNK):
        yield list(values[start : start + CHUNK])


def _text(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _record_row(record: Record) -> dict[str, Any]:
    return {
        "position": record.position,
        "stream": record.stream,
        "stream_version": record.stream_version,
        "name": record.name,
        "shape": record.shape,
        "body": record.body,
        "tags": json.dumps(record.tags, ensure_ascii=False),
        "occurred_at": _text(record.occurred_at),
        "recorded_at": _text(record.recorded_at),
        "actor": record.by,
        "command_id": record.command_id,
        "head": record.head,
    }


def _record(row: Any) -> Record:
    return Record(
        position=row.position,
        stream=row.stream,
        stream_version=row.stream_version,
        name=row.name,
        shape=row.shape,
        body=row.body,
        tags=tuple(json.loads(row.tags)),
        occurred_at=_instant(row.occurred_at),
        recorded_at=_instant(row.recorded_at),
        by=row.actor,
        command_id=row.command_id,
        head=row.head,
    )


def _places(records: Sequence[Record]) -> dict[str, tuple[int, int]]:
    """Give the first and the last position of each command."""
    found: dict[str, tuple[int, int]] = {}
    for record in records:
        first, _ = found.get(record.command_id, (record.position, 0))
        found[record.command_id] = (first, record.position)
    return found


def _outcome_row(outcome: StoredOutcome, places: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    first, last = places.get(outcome.command_id, (0, 0))
    return {
        "command_id": outcome.command_id,
        "fingerprint": outcome.fingerprint,
        "accepted": int(outcome.accepted),
        "body": outcome.body,
        "recorded_at": _text(outcome.recorded_at),
        "first_position": first,
        "last_position": last,
    }


def _private_row(entry: PrivateEntry) -> dict[str, Any]:
    return {
        "ref": entry.ref,
        "subject": entry.subject,
        "purpose": entry.purpose,
        "basis": entry.basis,
        "ends_on": entry.ends_on.isoformat(),
        "salt": entry.salt,
        "body": entry.body,
    }
