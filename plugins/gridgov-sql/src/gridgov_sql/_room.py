"""What is too long for its column is refused before anything is written, and in the same words on every dialect.

SQLite takes texts of any length and PostgreSQL does not. A store that grows out of a file must not find that out when
it is copied, so both refuse what one of them could not keep. Erasing and asking have no bounds: nothing is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from gridgov.errors import StoreError
from gridgov.store import Commit, Cursor, Draft, Lease, Message, Portion, PrivateEntry, Record, Snapshot, StoredOutcome
from gridgov_sql import _schema as t

__all__ = ["require_room", "require_room_for_commit", "require_room_for_portion"]

_CALLED = {"actor": "by", "receiver": "to"}  # columns that could not have the names of the fields: words of SQL
_Fields = tuple[tuple[str, int], ...]


def _fields(table: sa.Table) -> _Fields:
    """Give the fields whose length a table bounds; instants and days are written by us, and fit."""
    return tuple(
        (_CALLED.get(column.name, column.name), column.type.length)
        for column in table.columns
        if isinstance(column.type, sa.String)
        and column.type.length is not None
        and not column.name.endswith(("_at", "_on", "until"))
    )


_RECORD = _fields(t.records)
_FIELDS: Mapping[type, tuple[str, _Fields]] = {
    Draft: ("a record", _RECORD),
    Record: ("a record", _RECORD),
    StoredOutcome: ("an outcome", _fields(t.outcomes)),
    PrivateEntry: ("a private entry", _fields(t.private)),
    Cursor: ("a cursor", _fields(t.cursors)),
    Snapshot: ("a snapshot", _fields(t.snapshots)),
    Message: ("a message", _fields(t.messages)),
    Lease: ("a lease", _fields(t.leases)),
}
_TAG = t.KEY
((_, _DIGEST),) = _fields(t.documents)


def _inherited(kind: type) -> tuple[str, _Fields]:
    return next(_FIELDS[each] for each in kind.__mro__ if each in _FIELDS)


def require_room(values: Iterable[object]) -> None:
    """Refuse values of which a text is too long; :raises StoreError: says which field, and how much room there is."""
    for value in values:
        whose, fields = _FIELDS.get(type(value)) or _inherited(type(value))
        for field, room in fields:
            if len(getattr(value, field)) > room:
                raise _too_long(field, whose, getattr(value, field), room)


def require_room_for_commit(commit: Commit) -> None:
    """Refuse a commit of which a text is too long; :raises StoreError: nothing was written."""
    require_room(commit.drafts)
    _require_room_for_tags(commit.drafts)
    require_room(commit.outcomes)
    require_room(commit.private)
    _require_room_for_digests(commit.documents)


def require_room_for_portion(portion: Portion) -> None:
    """Refuse a portion of which a text is too long; :raises StoreError: nothing was written."""
    require_room(portion.records)
    _require_room_for_tags(portion.records)
    for values in (portion.outcomes, portion.private, portion.cursors, portion.messages):
        require_room(values)
    _require_room_for_digests(digest for digest, _ in portion.documents)


def _require_room_for_tags(drafts: Iterable[Draft]) -> None:
    for draft in drafts:
        for tag in draft.tags:
            if len(tag) > _TAG:
                raise _too_long("tag", "a record", tag, _TAG)


def _require_room_for_digests(digests: Iterable[str]) -> None:
    for digest in digests:
        if len(digest) > _DIGEST:
            raise _too_long("digest", "a document", digest, _DIGEST)


def _too_long(field: str, whose: str, value: str, room: int) -> StoreError:
    # Not the value itself: it may name somebody.
    return StoreError(
        f"{field!r} of {whose} is too long: {len(value)} characters, and a store has room for {room}; nothing was "
        "written"
    )
