"""Messages and leases; see :class:`gridgov.store.Outbox`.

A lease is checked in the same transaction as what rests on it, with its row held: whoever takes it over meanwhile
waits for that transaction, or makes it fail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gridgov.errors import AppendConflictError
from gridgov.store import Cursor, Lease, Message, MessageCount
from gridgov_sql import _rows as rows
from gridgov_sql import _schema as t
from gridgov_sql._room import require_room
from gridgov_sql._writing import Writing, chunks, named

__all__ = ["OutboxOnSql"]

_c = t.messages.c


class OutboxOnSql(Writing):
    """The outbox half of a store."""

    def post(self, messages: Sequence[Message], /, *, cursor: Cursor | None = None, lease: Lease | None = None) -> int:
        """Keep new messages and a cursor; see :meth:`gridgov.store.Outbox.post`."""
        require_room(messages)
        require_room([] if cursor is None else [cursor])
        with self._transaction() as connection:
            self._hold_names(connection, {f"outbox:{each.outbox}" for each in messages})
            self._rest_on(connection, lease)
            fresh = self._insert_missing(connection, t.messages, [rows.message_row(each) for each in messages])
            if cursor is not None:
                self._save_cursor(connection, cursor)
            return fresh

    def update(self, messages: Sequence[Message], /, *, lease: Lease | None = None) -> None:
        """Put messages in place of older ones; see :meth:`gridgov.store.Outbox.update`."""
        require_room(messages)
        changed: dict[str, Any] = {
            column.name: sa.bindparam(f"new_{column.name}") for column in t.messages.columns if column is not _c.id
        }
        changed["read_at"] = sa.func.coalesce(_c.read_at, sa.bindparam("new_read_at"))
        statement = t.messages.update().where(_c.id == sa.bindparam("new_id")).values(changed)
        newest = {each.id: each for each in messages}
        with self._transaction() as connection:
            self._rest_on(connection, lease)
            if newest:
                found = [named(t.messages, rows.message_row(newest[each])) for each in sorted(newest)]
                connection.execute(statement, [{f"new_{name}": value for name, value in row.items()} for row in found])

    def _rest_on(self, connection: sa.Connection, lease: Lease | None) -> None:
        if lease is not None and self._holder(connection, lease.name) != lease.holder:
            raise AppendConflictError(f"the lease of {lease.name!r}")

    def _holder(self, connection: sa.Connection, name: str) -> str | None:
        query = sa.select(t.leases.c.holder).where(t.leases.c.name == name).with_for_update()
        return connection.execute(query).scalar()

    def messages(
        self,
        outbox: str,
        /,
        *,
        ids: Sequence[str] | None = None,
        channel: str | None = None,
        state: str | None = None,
        topic: str | None = None,
        to: str | None = None,
        bundle: str | None = None,
        unread: bool = False,
        after: str = "",
        limit: int | None = None,
    ) -> Sequence[Message]:
        """Give messages in order of id; see :meth:`gridgov.store.Outbox.messages`."""
        wanted = {_c.channel: channel, _c.state: state, _c.topic: topic, _c.receiver: to, _c.bundle: bundle}
        query = sa.select(t.messages).where(_c.outbox == outbox, _c.id > after).order_by(_c.id).limit(limit)
        query = query.where(*(column == value for column, value in wanted.items() if value is not None))
        if unread:
            query = query.where(_c.read_at.is_(None))
        with self._connected() as connection:
            if ids is None:
                return [rows.message(row) for row in connection.execute(query)]
            found: list[Message] = []
            for some in chunks(sorted(set(ids))):
                found += map(rows.message, connection.execute(query.where(_c.id.in_(some))))
            return found[:limit]

    def due(self, outbox: str, /, *, channel: str, now: dt.datetime, limit: int) -> Sequence[Message]:
        """Give waiting messages whose time has come; see :meth:`gridgov.store.Outbox.due`."""
        query = (
            sa.select(t.messages)
            .where(_c.outbox == outbox, _c.state == "waiting", _c.channel == channel, _c.next_at <= rows.text(now))
            .order_by(_c.next_at, _c.id)
            .limit(limit)
        )
        with self._connected() as connection:
            return [rows.message(row) for row in connection.execute(query)]

    def next_due(self, outbox: str, /) -> dt.datetime | None:
        """Give the earliest time of a waiting message."""
        query = sa.select(sa.func.min(_c.next_at)).where(_c.outbox == outbox, _c.state == "waiting")
        with self._connected() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else rows.instant(found)

    def message_counts(self, outbox: str, /, *, topic: str | None = None) -> Sequence[MessageCount]:
        """Count messages by channel and state."""
        query = (
            sa.select(_c.channel, _c.state, sa.func.count(_c.id), sa.func.count(_c.read_at))
            .where(_c.outbox == outbox)
            .group_by(_c.channel, _c.state)
        )
        if topic is not None:
            query = query.where(_c.topic == topic)
        with self._connected() as connection:
            counted = sorted(tuple(row) for row in connection.execute(query))
        return [MessageCount(channel=c, state=s, count=count, read=read) for c, s, count, read in counted]

    def take_lease(self, name: str, /, *, holder: str, now: dt.datetime, until: dt.datetime) -> Lease | None:
        """Take or renew a lease; see :meth:`gridgov.store.Outbox.take_lease`."""
        require_room([Lease(name=name, holder=holder, until=until)])
        with self._transaction() as connection:
            # By name, and not only by row: two may want to write the first row of that name.
            self._hold_names(connection, [f"lease:{name}"])
            query = sa.select(t.leases).where(t.leases.c.name == name).with_for_update()
            row = connection.execute(query).first()
            held = None if row is None else rows.lease(row)
            if held is not None and held.holder not in ("", holder) and held.until > now:
                return None
            lease = Lease(name=name, holder=holder, until=until, memo=b"" if held is None else held.memo)
            self._replace(connection, t.leases, [rows.lease_row(lease)])
            return lease

    def end_lease(self, lease: Lease, /) -> None:
        """Give a lease back with its memo."""
        with self._transaction() as connection:
            if self._holder(connection, lease.name) == lease.holder:
                free = {"holder": "", "until": rows.text(lease.until), "memo": lease.memo}
                connection.execute(t.leases.update().where(t.leases.c.name == lease.name).values(free))
