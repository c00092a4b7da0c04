"""The values that a store keeps, and what it has to be able to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import attrs
import msgspec

from gridgov.errors import StoreDamagedError
from gridgov.proofs import GENESIS, link

__all__ = [
    "Commit",
    "Condition",
    "Cursor",
    "Draft",
    "PrivateEntry",
    "Record",
    "Snapshot",
    "Store",
    "StoredOutcome",
    "chain",
    "every_record",
    "link_drafts",
    "verify_chain",
]


def aware(_instance: object, attribute: attrs.Attribute[dt.datetime], value: dt.datetime) -> None:
    """Refuse an instant without a zone."""
    if value.tzinfo is None:
        raise ValueError(f"{attribute.name} must be an aware datetime, not {value!r}")


@attrs.frozen(kw_only=True)
class Draft:
    """A record before it has a place.

    :param stream: begins with the jurisdiction's code, so that one store can hold a district. Its name is
        a tag of each of its records, whether *tags* names it or not.
    :param name: the stored event name.
    :param shape: the version of that event's shape, from 1.
    :param body: canonical bytes.
    :param tags: what later decisions may depend on; each is found by :meth:`Store.read`.
    :param occurred_at: when it happened; :param recorded_at: when it was written down.
    :param by: the actor (``"resident:0412"``, ``"worker:W0007"``, ``"system:clock"``).
    """

    stream: str
    name: str
    shape: int
    body: bytes
    tags: tuple[str, ...]
    occurred_at: dt.datetime = attrs.field(validator=aware)
    recorded_at: dt.datetime = attrs.field(validator=aware)
    by: str
    command_id: str


@attrs.frozen(kw_only=True)
class Record(Draft):
    """A record in its place.

    :param position: its place in the total order of the store, from 1; may leave gaps.
    :param stream_version: its place in its stream, from 1, without gaps.
    :param head: the chain's head after it, 32 bytes.
    """

    position: int
    stream_version: int
    head: bytes


@attrs.frozen(kw_only=True)
class Condition:
    """What must still be true when a commit is written.

    :param tags: nothing new may stand under any of these tags after position *after*.
    :param streams: stream → the version that it must have (0: it does not exist yet).
    """

    tags: frozenset[str] = frozenset()
    after: int = 0
    streams: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class StoredOutcome:
    """What came of a command, so that a retry gets the same answer.

    :param fingerprint: digest of the command's public body, to tell a retry from a conflict.
    :param accepted: False for a refusal; *body* then holds its code, message and facts.
    :param first: position of the first record; 0 where the command led to none. Filled by
        the store, as is *last*.
    """

    command_id: str
    fingerprint: str
    accepted: bool
    body: bytes = b""
    recorded_at: dt.datetime = attrs.field(validator=aware)
    first: int = 0
    last: int = 0


@attrs.frozen(kw_only=True)
class PrivateEntry:
    """Personal data, with the purpose and the end that the law asks for.

    :param ref: the opaque reference that records use.
    :param subject: whom or what it is about (``"case:app-4711"``), for erasing.
    :param purpose: what it may be used for; :param basis: the legal basis.
    :param ends_on: the day after which it must be erased.
    :param salt: random; with *body* it gives the commitment that the record holds.
    """

    ref: str
    subject: str
    purpose: str
    basis: str
    ends_on: dt.date
    salt: bytes
    body: bytes


@attrs.frozen(kw_only=True)
class Commit:
    """Everything that is written in one go, or not at all."""

    drafts: Sequence[Draft] = ()
    condition: Condition = Condition()
    outcomes: Sequence[StoredOutcome] = ()
    private: Sequence[PrivateEntry] = ()
    erase: Sequence[str] = ()
    documents: Mapping[str, bytes] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Cursor:
    """How far a follower has come, and what it must remember to go on.

    :param memo: the follower's own bytes, saved in the same write as *position*.
    """

    name: str
    position: int = 0
    memo: bytes = b""


@attrs.frozen(kw_only=True)
class Snapshot:
    """A cached fold.

    :param shape: digest of the classes it was made for; another shape makes it worthless.
    """

    name: str
    shape: str
    position: int
    body: bytes


@runtime_checkable
class Store(Protocol):
    """What a store has to be able to do. Every method is safe to call from several threads."""

    def append(self, commit: Commit, /) -> int:
        """Write *commit* whole and give the position of its last record (the head if it has none).

        Durable when it returns. Where several processes write, a reader may be shown that position a moment later,
        once every earlier one is decided.

        :raises AppendConflictError: a stream, a tag or a command id moved; nothing is written.
        :raises StoreBusyError: somebody else holds the store; nothing is written.
        :raises StoreFullError: the disk is full; nothing is written.
        """
        ...

    def read(
        self, *, after: int = 0, limit: int | None = None, stream: str | None = None, tag: str | None = None
    ) -> Sequence[Record]:
        """Give records after a position, in order of position, at most *limit* of them.

        :param stream: only of this stream; :param tag: only under this tag.
        """
        ...

    def head(self) -> int:
        """Give the position of the last record, 0 for an empty store."""
        ...

    def outcome(self, command_id: str, /) -> StoredOutcome | None:
        """Give what came of a command, None if it is not known."""
        ...

    def private(self, ref: str, /) -> PrivateEntry | None:
        """Give a private entry, None if there is none or it was erased."""
        ...

    def private_refs(self, *, subject: str | None = None, ended_before: dt.date | None = None) -> Sequence[str]:
        """Give the references about a subject, and those whose end lies before a day, sorted."""
        ...

    def document(self, digest: str, /) -> bytes | None:
        """Give a document by the SHA-256 of its bytes."""
        ...

    def cursor(self, name: str, /) -> Cursor:
        """Give a follower's cursor; a fresh one at position 0 if it has none."""
        ...

    def save_cursor(self, cursor: Cursor, /) -> None:
        """Save a follower's position and memo in one durable write."""
        ...

    def snapshot(self, name: str, shape: str, /) -> Snapshot | None:
        """Give the snapshot of that name and shape, None if there is none."""
        ...

    def save_snapshot(self, snapshot: Snapshot, /) -> None:
        """Keep a snapshot, in place of an older one of that name."""
        ...

    def close(self) -> None:
        """Let go of files and connections. Closing twice is allowed."""
        ...


def chain(previous: bytes, draft: Draft, stream_version: int) -> bytes:
    """Give the head after *draft* in its stream.

    The position is left out on purpose: a copy into another store keeps every head.
    """
    return link(previous, _encode(_linked(draft, stream_version)))


class _Linked(msgspec.Struct, frozen=True, gc=False):
    """What a head binds, its fields in the order of canonical bytes; there is no place for a float in it."""

    body: bytes
    by: str
    command_id: str
    name: str
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    shape: int
    stream: str
    stream_version: int
    tags: tuple[str, ...]


_encode = msgspec.json.Encoder().encode


def _linked(draft: Draft, stream_version: int) -> _Linked:
    occurred_at, recorded_at = draft.occurred_at, draft.recorded_at
    return _Linked(
        draft.body,
        draft.by,
        draft.command_id,
        draft.name,
        occurred_at if occurred_at.tzinfo is dt.UTC else occurred_at.astimezone(dt.UTC),
        recorded_at if recorded_at.tzinfo is dt.UTC else recorded_at.astimezone(dt.UTC),
        draft.shape,
        draft.stream,
        stream_version,
        draft.tags,
    )


def link_drafts(
    drafts: Sequence[Draft], positions: Sequence[int], heads: Mapping[str, tuple[int, bytes]]
) -> list[Record]:
    """Give each draft its place; every store uses this, so that every chain is the same.

    :param positions: the position of each draft.
    :param heads: stream → (version, head) before this commit, for every stream that has one.
    """
    known = dict(heads)
    records = []
    for draft, position in zip(drafts, positions, strict=True):
        version, previous = known.get(draft.stream, (0, GENESIS))
        version += 1
        head = chain(previous, draft, version)
        known[draft.stream] = (version, head)
        records.append(
            Record(
                stream=draft.stream,
                name=draft.name,
                shape=draft.shape,
                body=draft.body,
                tags=draft.tags,
                occurred_at=draft.occurred_at,
                recorded_at=draft.recorded_at,
                by=draft.by,
                command_id=draft.command_id,
                position=position,
                stream_version=version,
                head=head,
            )
        )
    return records


def verify_chain(records: Iterable[Record]) -> int:
    """Check the chains of all streams in *records* (in order of position); give their count.

    :raises StoreDamagedError: names the first stream and version that does not match.
    """
    return sum(1 for _ in verified(records))


def verified(
    records: Iterable[Record], *, heads: Mapping[str, tuple[int, bytes]] | None = None, after: int = 0
) -> Iterator[Record]:
    """Walk records (in order of position), each after its chain was checked.

    :param heads: stream → (version, head) that they have to follow; none for a walk from the beginning.
    :param after: the position that they have to lie beyond.
    :raises StoreDamagedError: names the first stream and version that does not match.
    """
    heads = dict(heads or {})
    position = after
    for record in records:
        if record.position <= position:
            raise StoreDamagedError(
                record.stream, record.stream_version, f"it stands at {record.position} after {position}"
            )
        position = record.position
        version, previous = heads.get(record.stream, (0, GENESIS))
        if record.stream_version != version + 1:
            raise StoreDamagedError(record.stream, version + 1, f"the next record has version {record.stream_version}")
        head = chain(previous, record, record.stream_version)
        if head != record.head:
            raise StoreDamagedError(record.stream, record.stream_version, "its content does not match its head")
        heads[record.stream] = (record.stream_version, head)
        yield record


def every_record(
    store: Store, *, after: int = 0, stream: str | None = None, tag: str | None = None, page: int = 1000
) -> Iterator[Record]:
    """Walk all records after a position in bounded memory."""
    while True:
        records = store.read(after=after, limit=page, stream=stream, tag=tag)
        yield from records
        if len(records) < page:
            return
        after = records[-1].position
