"""Taking a store elsewhere, page by page; see :class:`gridgov.store.Portable`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gridgov.store import Part, Portion, verified
from gridgov_sql import _rows as rows
from gridgov_sql import _schema as t
from gridgov_sql._room import require_room_for_portion
from gridgov_sql._rows import Row
from gridgov_sql._writing import Writing, chunks

__all__ = ["PortableOnSql"]


def _document(row: Row) -> tuple[str, bytes]:
    return (row[0], row[1])


_PARTS: Mapping[Part, tuple[sa.Table, Callable[[Row], Any]]] = {
    "outcomes": (t.outcomes, rows.outcome),
    "private": (t.private, rows.private),
    "documents": (t.documents, _document),
    "cursors": (t.cursors, rows.cursor),
    "messages": (t.messages, rows.message),
}


class PortableOnSql(Writing):
    """The half of a store that can be copied."""

    @abstractmethod
    def _hold_all(self, connection: sa.Connection) -> None:
        """Keep everybody else from writing, until the transaction ends."""

    @abstractmethod
    def _advance(self, connection: sa.Connection, position: int) -> None:
        """See to it that the next position that is drawn lies beyond *position*."""

    def keys(self, part: Part, /, *, since: int = 0, after: str = "", limit: int = 1000) -> Sequence[str]:
        """Give keys of a part; see :meth:`gridgov.store.Portable.keys`."""
        table, _ = _PARTS[part]
        (key,) = table.primary_key.columns
        query = sa.select(key).where(key > after).order_by(key).limit(limit)
        if part == "outcomes" and since > 0:
            query = query.where(t.outcomes.c.number >= since)
        with self._connected() as connection:
            return list(connection.execute(query).scalars())

    def portion(self, part: Part, keys: Sequence[str], /) -> Portion:
        """Give what stands under some keys; see :meth:`gridgov.store.Portable.portion`."""
        table, value = _PARTS[part]
        (key,) = table.primary_key.columns
        found: list[Any] = []
        with self._connected() as connection:
            for some in chunks(sorted(set(keys))):
                found += map(value, connection.execute(sa.select(table).where(key.in_(some)).order_by(key)))
        fields: dict[str, Any] = {part: found}
        return Portion(**fields)

    def restore(self, portion: Portion, /, *, erase: Sequence[str] = ()) -> None:
        """Write a portion as it is; see :meth:`gridgov.store.Portable.restore`."""
        require_room_for_portion(portion)
        with self._transaction() as connection:
            self._hold_all(connection)
            head = connection.execute(sa.select(sa.func.max(t.records.c.position))).scalar() or 0
            if portion.records:
                head = self._restore_records(connection, portion, head)
            self._replace(
                connection,
                t.outcomes,
                [rows.outcome_row(each, each.first, each.last, head) for each in portion.outcomes],
            )
            self._replace(connection, t.private, [rows.private_row(each) for each in portion.private])
            self._replace(connection, t.documents, list(portion.documents))
            self._replace(connection, t.cursors, [rows.cursor_row(each) for each in portion.cursors])
            self._replace(connection, t.messages, [rows.message_row(each) for each in portion.messages])
            self._delete(connection, t.private, erase)

    def _restore_records(self, connection: sa.Connection, portion: Portion, head: int) -> int:
        heads = self._heads(connection, {record.stream for record in portion.records})
        records = list(verified(portion.records, heads=heads, after=head))
        found = [rows.record_row(each, each.position, each.stream_version, each.head) for each in records]
        self._insert_records(connection, records, found)
        self._advance(connection, records[-1].position)
        return records[-1].position
