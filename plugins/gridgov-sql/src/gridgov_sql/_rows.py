"""Rows from values and values from rows: tuples, in the order of the tables' columns.

SQLite keeps whatever somebody else has written into a column, and a disk may keep something else altogether; a row
that is no value any more is damage, and is told as such.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

import attrs
import msgspec

from gridgov.errors import StoreDamagedError
from gridgov.store import Cursor, Draft, Lease, Message, PrivateEntry, Record, Snapshot, StoredOutcome

__all__ = [
    "Row",
    "cursor",
    "cursor_row",
    "index_rows",
    "instant",
    "lease",
    "lease_row",
    "message",
    "message_row",
    "outcome",
    "outcome_row",
    "outcome_rows",
    "places",
    "private",
    "private_row",
    "record",
    "record_row",
    "snapshot",
    "snapshot_row",
    "text",
]

Row = Sequence[Any]
T = TypeVar("T")

_WRONG = (TypeError, ValueError, OverflowError, msgspec.MsgspecError)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode


def text(instant: dt.datetime) -> str:
    """Write an instant so that texts sort as instants do."""
    return _utc(instant if instant.tzinfo is dt.UTC else instant.astimezone(dt.UTC))


@lru_cache(maxsize=256)  # what is written together was mostly written down at one instant
def _utc(instant: dt.datetime) -> str:
    # In UTC only: elsewhere two instants of an hour that comes twice are equal, and would share one text.
    return instant.isoformat(timespec="microseconds")


instant = dt.datetime.fromisoformat


def _sound(what: str) -> Callable[[Callable[[Row], T]], Callable[[Row], T]]:
    """Let what reads a row say so when the row is none; the key alone is told, the rest may name somebody."""

    def decorated(read: Callable[[Row], T]) -> Callable[[Row], T]:
        @wraps(read)
        def sound(row: Row) -> T:
            try:
                return read(row)
            except _WRONG:
                raise StoreDamagedError("", 0, f"the row of {what} {row[0]!r} cannot be read") from None

        return sound

    return decorated


def _bytes(found: object) -> bytes:
    if type(found) is not bytes:
        raise TypeError(found)
    return found


def record_row(draft: Draft, position: int, version: int, head: bytes) -> Row:
    """Give a draft's row at its place."""
    return (
        position,
        draft.stream,
        version,
        draft.name,
        draft.shape,
        draft.body,
        _encode(draft.tags).decode(),
        text(draft.occurred_at),
        text(draft.recorded_at),
        draft.by,
        draft.command_id,
        head,
    )


def record(row: Row) -> Record:
    """Give the record of a row.

    :raises StoreDamagedError: it is none.
    """
    try:
        return _record(row)
    except _WRONG as error:
        raise StoreDamagedError(row[1], row[2], f"its row at position {row[0]} cannot be read ({error})") from None


def _record(row: Row) -> Record:
    position, stream, version, name, shape, body, tags, occurred_at, recorded_at, actor, command_id, head = row
    return Record(
        position=position,
        stream=stream,
        stream_version=version,
        name=name,
        shape=shape,
        body=_bytes(body),
        tags=_decode(tags),
        occurred_at=instant(occurred_at),
        recorded_at=instant(recorded_at),
        by=actor,
        command_id=command_id,
        head=_bytes(head),
    )


def index_rows(draft: Draft, position: int) -> Iterable[Row]:
    """Give the rows that a record has in the index of tags; its stream needs none."""
    stream = draft.stream
    return [(tag, position) for tag in dict.fromkeys(draft.tags) if tag != stream]


def places(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """Give the first and the last position of each command, from rows of records."""
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        first = found.get(row[10])
        found[row[10]] = (row[0] if first is None else first[0], row[0])
    return found


def outcome_row(outcome: StoredOutcome, first: int, last: int, number: int) -> Row:
    """Give an outcome's row; *number* is where the store stood when it was written."""
    return (
        outcome.command_id,
        outcome.fingerprint,
        int(outcome.accepted),
        outcome.body,
        text(outcome.recorded_at),
        first,
        last,
        number,
    )


def outcome_rows(outcomes: Sequence[StoredOutcome], records: Sequence[Row], number: int) -> list[Row]:
    """Give the rows of a commit's outcomes, each with the places of its records."""
    found: Mapping[str, tuple[int, int]] = places(records) if outcomes and records else {}
    return [outcome_row(each, *found.get(each.command_id, (0, 0)), number) for each in outcomes]


@_sound("command")
def outcome(row: Row) -> StoredOutcome:
    """Give the outcome of a row."""
    return StoredOutcome(
        command_id=row[0],
        fingerprint=row[1],
        accepted=bool(row[2]),
        body=_bytes(row[3]),
        recorded_at=instant(row[4]),
        first=row[5],
        last=row[6],
    )


def private_row(entry: PrivateEntry) -> Row:
    """Give a private entry's row."""
    return (entry.ref, entry.subject, entry.purpose, entry.basis, entry.ends_on.isoformat(), entry.salt, entry.body)


@_sound("private entry")
def private(row: Row) -> PrivateEntry:
    """Give the private entry of a row."""
    return PrivateEntry(
        ref=row[0],
        subject=row[1],
        purpose=row[2],
        basis=row[3],
        ends_on=dt.date.fromisoformat(row[4]),
        salt=_bytes(row[5]),
        body=_bytes(row[6]),
    )


def cursor_row(cursor: Cursor) -> Row:
    """Give a cursor's row."""
    return (cursor.name, cursor.position, cursor.memo)


@_sound("cursor")
def cursor(row: Row) -> Cursor:
    """Give the cursor of a row."""
    return Cursor(name=row[0], position=row[1], memo=_bytes(row[2]))


def snapshot_row(snapshot: Snapshot) -> Row:
    """Give a snapshot's row."""
    return (snapshot.name, snapshot.shape, snapshot.position, snapshot.body)


def snapshot(row: Row) -> Snapshot:
    """Give the snapshot of a row."""
    return Snapshot(name=row[0], shape=row[1], position=row[2], body=row[3])


def message_row(message: Message) -> Row:
    """Give a message's row."""
    values = attrs.astuple(message)
    return tuple(text(value) if isinstance(value, dt.datetime) else value for value in values)


@_sound("message")
def message(row: Row) -> Message:
    """Give the message of a row."""
    *plain, attempts, error, bundle, sent_at, read_at = row
    identity, outbox, topic, channel, to, body, state, next_at = plain
    return Message(
        id=identity,
        outbox=outbox,
        topic=topic,
        channel=channel,
        to=to,
        body=_bytes(body),
        state=state,
        next_at=instant(next_at),
        attempts=attempts,
        error=error,
        bundle=bundle,
        sent_at=None if sent_at is None else instant(sent_at),
        read_at=None if read_at is None else instant(read_at),
    )


def lease_row(lease: Lease) -> Row:
    """Give a lease's row."""
    return (lease.name, lease.holder, text(lease.until), lease.memo)


@_sound("lease")
def lease(row: Row) -> Lease:
    """Give the lease of a row."""
    return Lease(name=row[0], holder=row[1], until=instant(row[2]), memo=_bytes(row[3]))
