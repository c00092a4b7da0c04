"""Writing one commit at a time: what every dialect can do, given a lock and a number.

A dialect gives three things: a transaction that is durable when it ends (:meth:`Writing._transaction`), a lock that
keeps others from what the commit rests on (:meth:`Writing._hold`), and positions (:meth:`Writing._draw`). The order is
always the same: hold, look, draw, write. Looking comes after holding, so that nobody can change what was seen.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from gridgov.errors import AppendConflictError
from gridgov.proofs import GENESIS
from gridgov.store import Commit, Condition, Cursor, Draft, Snapshot, StoredOutcome, chain
from gridgov_sql import _rows as rows
from gridgov_sql import _schema as t
from gridgov_sql._reading import Reading
from gridgov_sql._room import require_room, require_room_for_commit
from gridgov_sql._rows import Row

__all__ = ["Heads", "Writing", "chunks", "named", "placed"]

CHUNK = 400

Heads = Mapping[str, tuple[int, bytes]]
"""Stream → its version and the head of its chain."""


class Writing(Reading):
    """The writing half of a store."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[sa.Connection]:
        """Give a connection in a transaction that is durable when the block ends, and undone when it raises."""

    @abstractmethod
    def _hold(self, connection: sa.Connection, commit: Commit) -> None:
        """Keep everybody else from what *commit* writes under or rests on, until the transaction ends."""

    @abstractmethod
    def _hold_names(self, connection: sa.Connection, names: Iterable[str]) -> None:
        """Keep everybody else from what has one of these names, until the transaction ends."""

    @abstractmethod
    def _draw(self, connection: sa.Connection, count: int) -> int:
        """Give the first of *count* positions in a row, later than every one that was given before."""

    def append(self, commit: Commit, /) -> int:
        """Write *commit* whole; see :meth:`gridgov.store.Store.append`."""
        require_room_for_commit(commit)
        with self._transaction() as connection:
            self._hold(connection, commit)
            self._check(connection, commit.condition)
            self._refuse_known(connection, commit.outcomes)
            heads = self._heads(connection, {draft.stream for draft in commit.drafts})
            first = self._draw(connection, max(1, len(commit.drafts)))
            number = first + max(1, len(commit.drafts)) - 1
            records = placed(commit.drafts, first, heads)
            self._insert_records(connection, commit.drafts, records)
            self._insert(connection, t.outcomes, rows.outcome_rows(commit.outcomes, records, number))
            self._keep_beside(connection, commit)
            # Without records the store's head is meant, and not a number that nothing stands at.
            last = number if commit.drafts else None
        return self.head() if last is None else last

    def _insert_records(self, connection: sa.Connection, drafts: Sequence[Draft], records: Sequence[Row]) -> None:
        self._insert(connection, t.records, records)
        index = [
            row for draft, record in zip(drafts, records, strict=True) for row in rows.index_rows(draft, record[0])
        ]
        self._insert(connection, t.tags, index)

    def _keep_beside(self, connection: sa.Connection, commit: Commit) -> None:
        self._replace(connection, t.private, [rows.private_row(entry) for entry in commit.private])
        self._delete(connection, t.private, commit.erase)
        self._insert_missing(connection, t.documents, list(commit.documents.items()))

    def _insert(self, connection: sa.Connection, table: sa.Table, values: Sequence[Row]) -> None:
        if values:
            connection.execute(table.insert(), [named(table, row) for row in values])

    def _replace(self, connection: sa.Connection, table: sa.Table, values: Sequence[Row]) -> None:
        """Delete and insert: the one upsert that every dialect knows."""
        newest = {row[0]: row for row in values}
        self._delete(connection, table, list(newest))
        self._insert(connection, table, list(newest.values()))

    def _insert_missing(self, connection: sa.Connection, table: sa.Table, values: Sequence[Row]) -> int:
        """Insert the rows whose key is not there yet; give how many."""
        fresh = {row[0]: row for row in reversed(values)}
        (key,) = table.primary_key.columns
        for some in chunks(list(fresh)):
            for there in connection.execute(sa.select(key).where(key.in_(some))).scalars():
                del fresh[there]
        self._insert(connection, table, [fresh[each] for each in sorted(fresh)])
        return len(fresh)

    def _delete(self, connection: sa.Connection, table: sa.Table, keys: Sequence[str]) -> None:
        (key,) = table.primary_key.columns
        for some in chunks(sorted(keys)):
            connection.execute(table.delete().where(key.in_(some)))

    # --- looking --------------------------------------------------------------------------------

    def _check(self, connection: sa.Connection, condition: Condition) -> None:
        heads = self._heads(connection, condition.streams)
        for stream, expected in condition.streams.items():
            if heads.get(stream, (0, GENESIS))[0] != expected:
                raise AppendConflictError(f"stream {stream!r}")
        for some in chunks(sorted(condition.tags)):
            for key, position in ((t.tags.c.tag, t.tags.c.position), (t.records.c.stream, t.records.c.position)):
                moved = sa.select(key).where(key.in_(some), position > condition.after).limit(1)
                tag = connection.execute(moved).scalar()
                if tag is not None:
                    raise AppendConflictError(f"tag {tag!r}")

    def _refuse_known(self, connection: sa.Connection, outcomes: Sequence[StoredOutcome]) -> None:
        for some in chunks([outcome.command_id for outcome in outcomes]):
            query = sa.select(t.outcomes.c.command_id).where(t.outcomes.c.command_id.in_(some))
            known = connection.execute(query.limit(1)).scalar()
            if known is not None:
                raise AppendConflictError(f"command {known!r}")

    def _heads(self, connection: sa.Connection, streams: Iterable[str]) -> dict[str, tuple[int, bytes]]:
        found: dict[str, tuple[int, bytes]] = {}
        c = t.records.c
        for some in chunks(sorted(streams)):
            newest = (
                sa.select(c.stream, sa.func.max(c.stream_version).label("version"))
                .where(c.stream.in_(some))
                .group_by(c.stream)
                .subquery()
            )
            same = sa.and_(c.stream == newest.c.stream, c.stream_version == newest.c.version)
            query = sa.select(c.stream, c.stream_version, c.head).join(newest, same)
            found.update({stream: (version, head) for stream, version, head in connection.execute(query)})
        return found

    # --- small things that are replaced ----------------------------------------------------------

    def save_cursor(self, cursor: Cursor, /) -> None:
        """Save a follower's cursor."""
        require_room([cursor])
        with self._transaction() as connection:
            self._save_cursor(connection, cursor)

    def _save_cursor(self, connection: sa.Connection, cursor: Cursor) -> None:
        self._hold_names(connection, [f"cursor:{cursor.name}"])
        self._replace(connection, t.cursors, [rows.cursor_row(cursor)])

    def save_snapshot(self, snapshot: Snapshot, /) -> None:
        """Keep a snapshot."""
        require_room([snapshot])
        with self._transaction() as connection:
            self._hold_names(connection, [f"snapshot:{snapshot.name}"])
            self._replace(connection, t.snapshots, [rows.snapshot_row(snapshot)])


def placed(drafts: Sequence[Draft], first: int, heads: Heads) -> list[Row]:
    """Give the rows of drafts from position *first* on, each linked to the one before in its stream."""
    known = dict(heads)
    found = []
    for position, draft in enumerate(drafts, first):
        version, head = known.get(draft.stream, (0, GENESIS))
        version, head = version + 1, chain(head, draft, version + 1)
        known[draft.stream] = (version, head)
        found.append(rows.record_row(draft, position, version, head))
    return found


def named(table: sa.Table, row: Row) -> dict[str, Any]:
    """Give a row with the names of its columns."""
    return dict(zip(table.columns.keys(), row, strict=True))


def chunks(values: Sequence[str]) -> Iterator[list[str]]:
    """Cut *values* so that a query takes each piece."""
    for start in range(0, len(values), CHUNK):
        yield list(values[start : start + CHUNK])
