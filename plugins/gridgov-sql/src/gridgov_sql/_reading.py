"""Reading: everything that a store is asked, for every dialect."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from gridgov.store import Cursor, PrivateEntry, Record, Snapshot, StoredOutcome
from gridgov_sql import _rows as rows
from gridgov_sql import _schema as t
from gridgov_sql._queries import ALL, Prepared, Queries

__all__ = ["Reading"]


class Reading(ABC):
    """The reading half of a store.

    A dialect says how a connection is come by; it may answer prepared questions in a quicker way.
    """

    _queries: Queries

    @abstractmethod
    def _connected(self) -> AbstractContextManager[sa.Connection]:
        """Give a connection that reads what is committed, and say in gridgov's words what goes wrong on it."""

    @abstractmethod
    def _ask(self, query: Prepared, values: Mapping[str, Any]) -> list[Any]:
        """Give the rows that answer a prepared question about single rows."""

    @abstractmethod
    def _ask_in_order(self, query: Prepared, values: Mapping[str, Any]) -> list[Any]:
        """Give the rows that answer a question about the order of records, no later than the last decided one."""

    def _first(self, table: sa.Table, key: str) -> Any:
        found = self._ask(self._queries.by_key[table.name], {"key": key})
        return found[0] if found else None

    def read(
        self, *, after: int = 0, limit: int | None = None, stream: str | None = None, tag: str | None = None
    ) -> Sequence[Record]:
        """Give records after a position; see :meth:`gridgov.store.Store.read`."""
        if tag is not None and tag == stream:
            tag = None  # every record of a stream stands under its name
        shape = ("both" if tag is not None else "stream") if stream is not None else "every" if tag is None else "tag"
        values = {"after": after, "limit": ALL if limit is None else limit, "stream": stream, "tag": tag}
        return [rows.record(row) for row in self._ask_in_order(self._queries.read[shape], values)]

    def head(self) -> int:
        """Give the position of the last record."""
        return self._ask_in_order(self._queries.head, {})[0][0] or 0

    def outcome(self, command_id: str, /) -> StoredOutcome | None:
        """Give what came of a command."""
        row = self._first(t.outcomes, command_id)
        return None if row is None else rows.outcome(row)

    def private(self, ref: str, /) -> PrivateEntry | None:
        """Give a private entry."""
        row = self._first(t.private, ref)
        return None if row is None else rows.private(row)

    def private_refs(self, *, subject: str | None = None, ended_before: dt.date | None = None) -> Sequence[str]:
        """Give references by subject and end."""
        query = sa.select(t.private.c.ref).order_by(t.private.c.ref)
        if subject is not None:
            query = query.where(t.private.c.subject == subject)
        if ended_before is not None:
            query = query.where(t.private.c.ends_on < ended_before.isoformat())
        with self._connected() as connection:
            return list(connection.execute(query).scalars())

    def document(self, digest: str, /) -> bytes | None:
        """Give a document by digest."""
        row = self._first(t.documents, digest)
        return None if row is None else row[1]

    def cursor(self, name: str, /) -> Cursor:
        """Give a follower's cursor."""
        row = self._first(t.cursors, name)
        return Cursor(name=name) if row is None else rows.cursor(row)

    def snapshot(self, name: str, shape: str, /) -> Snapshot | None:
        """Give a snapshot of that name and shape."""
        row = self._first(t.snapshots, name)
        return None if row is None or row[1] != shape else rows.snapshot(row)
