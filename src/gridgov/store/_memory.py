"""A store that lives as long as the process: for tests, dry runs and small scripts."""

from __future__ import annotations

import bisect
import datetime as dt
import heapq
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from gridgov.errors import AppendConflictError
from gridgov.proofs import GENESIS
from gridgov.store._outbox import Lease, Message, MessageCount
from gridgov.store._portable import Part, Portion
from gridgov.store._protocol import (
    Commit,
    Condition,
    Cursor,
    PrivateEntry,
    Record,
    Snapshot,
    StoredOutcome,
    link_drafts,
    verified,
)

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps every promise of a store except that of surviving the process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records: list[Record] = []
        self._by_tag: dict[str, list[Record]] = {}
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._outcomes: dict[str, StoredOutcome] = {}
        self._written: dict[str, int] = {}
        self._private: dict[str, PrivateEntry] = {}
        self._documents: dict[str, bytes] = {}
        self._cursors: dict[str, Cursor] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._messages: dict[str, Message] = {}
        self._leases: dict[str, Lease] = {}

    def append(self, commit: Commit, /) -> int:
        """Write *commit* whole; see :meth:`gridgov.store.Store.append`."""
        with self._lock:
            self._check(commit.condition)
            fresh: set[str] = set()
            for outcome in commit.outcomes:
                if outcome.command_id in self._outcomes or outcome.command_id in fresh:
                    raise AppendConflictError(f"command {outcome.command_id!r}")
                fresh.add(outcome.command_id)
            first = self.head() + 1
            records = link_drafts(commit.drafts, range(first, first + len(commit.drafts)), self._heads)
            self._keep(records)
            places: dict[str, list[int]] = {}
            for record in records:
                places.setdefault(record.command_id, []).append(record.position)
            for outcome in commit.outcomes:
                mine = places.get(outcome.command_id, [0])
                self._outcomes[outcome.command_id] = attrs.evolve(outcome, first=mine[0], last=mine[-1])
                self._written[outcome.command_id] = self.head()
            self._private.update({entry.ref: entry for entry in commit.private})
            for ref in commit.erase:
                self._private.pop(ref, None)
            self._documents.update(commit.documents)
            return self.head()

    def _keep(self, records: Sequence[Record]) -> None:
        for record in records:
            self._records.append(record)
            self._heads[record.stream] = (record.stream_version, record.head)
            for tag in dict.fromkeys((record.stream, *record.tags)):
                self._by_tag.setdefault(tag, []).append(record)

    def _check(self, condition: Condition) -> None:
        for stream, expected in condition.streams.items():
            if self._heads.get(stream, (0, GENESIS))[0] != expected:
                raise AppendConflictError(f"stream {stream!r}")
        for tag in sorted(condition.tags):
            tagged = self._by_tag.get(tag)
            if tagged and tagged[-1].position > condition.after:
                raise AppendConflictError(f"tag {tag!r}")

    def read(
        self, *, after: int = 0, limit: int | None = None, stream: str | None = None, tag: str | None = None
    ) -> Sequence[Record]:
        """Give records after a position; see :meth:`gridgov.store.Store.read`."""
        with self._lock:
            wanted = stream if stream is not None else tag
            found = self._records if wanted is None else self._by_tag.get(wanted, [])
            start = bisect.bisect_right(found, after, key=_position)
            if stream is None:
                return found[start : None if limit is None else start + limit]
            # What merely carries the stream's name as a tag is not of the stream.
            own = [each for each in found[start:] if each.stream == stream and tag in (None, stream, *each.tags)]
            return own[:limit]

    def head(self) -> int:
        """Give the position of the last record."""
        with self._lock:
            return self._records[-1].position if self._records else 0

    def outcome(self, command_id: str, /) -> StoredOutcome | None:
        """Give what came of a command."""
        with self._lock:
            return self._outcomes.get(command_id)

    def private(self, ref: str, /) -> PrivateEntry | None:
        """Give a private entry."""
        with self._lock:
            return self._private.get(ref)

    def private_refs(self, *, subject: str | None = None, ended_before: dt.date | None = None) -> Sequence[str]:
        """Give references by subject and end."""
        with self._lock:
            return sorted(
                ref
                for ref, entry in self._private.items()
                if (subject is None or entry.subject == subject)
                and (ended_before is None or entry.ends_on < ended_before)
            )

    def document(self, digest: str, /) -> bytes | None:
        """Give a document by digest."""
        with self._lock:
            return self._documents.get(digest)

    def cursor(self, name: str, /) -> Cursor:
        """Give a follower's cursor."""
        with self._lock:
            return self._cursors.get(name, Cursor(name=name))

    def save_cursor(self, cursor: Cursor, /) -> None:
        """Save a follower's cursor."""
        with self._lock:
            self._cursors[cursor.name] = cursor

    def snapshot(self, name: str, shape: str, /) -> Snapshot | None:
        """Give a snapshot of that name and shape."""
        with self._lock:
            found = self._snapshots.get(name)
            return found if found is not None and found.shape == shape else None

    def save_snapshot(self, snapshot: Snapshot, /) -> None:
        """Keep a snapshot."""
        with self._lock:
            self._snapshots[snapshot.name] = snapshot

    # --- messages -----------------------------------------------------------------------------

    def post(self, messages: Sequence[Message], /, *, cursor: Cursor | None = None, lease: Lease | None = None) -> int:
        """Keep new messages and a cursor; see :meth:`gridgov.store.Outbox.post`."""
        with self._lock:
            self._check_lease(lease)
            before = len(self._messages)
            for each in messages:
                self._messages.setdefault(each.id, each)
            if cursor is not None:
                self.save_cursor(cursor)
            return len(self._messages) - before

    def update(self, messages: Sequence[Message], /, *, lease: Lease | None = None) -> None:
        """Put messages in place of older ones; see :meth:`gridgov.store.Outbox.update`."""
        with self._lock:
            self._check_lease(lease)
            for each in messages:
                before = self._messages.get(each.id)
                if before is not None:
                    self._messages[each.id] = attrs.evolve(each, read_at=before.read_at or each.read_at)

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
        wanted = {"outbox": outbox, "channel": channel, "state": state, "topic": topic, "to": to, "bundle": bundle}
        among = None if ids is None else frozenset(ids)
        with self._lock:
            found = [
                each
                for id_, each in sorted(self._messages.items())
                if id_ > after
                and (among is None or id_ in among)
                and not (unread and each.read_at is not None)
                and all(value is None or getattr(each, name) == value for name, value in wanted.items())
            ]
        return found[:limit]

    def due(self, outbox: str, /, *, channel: str, now: dt.datetime, limit: int) -> Sequence[Message]:
        """Give waiting messages whose time has come; see :meth:`gridgov.store.Outbox.due`."""
        waiting = self.messages(outbox, channel=channel, state="waiting")
        return sorted((each for each in waiting if each.next_at <= now), key=lambda each: (each.next_at, each.id))[
            :limit
        ]

    def next_due(self, outbox: str, /) -> dt.datetime | None:
        """Give the earliest time of a waiting message."""
        return min((each.next_at for each in self.messages(outbox, state="waiting")), default=None)

    def message_counts(self, outbox: str, /, *, topic: str | None = None) -> Sequence[MessageCount]:
        """Count messages by channel and state."""
        found = self.messages(outbox, topic=topic)
        counts = Counter((each.channel, each.state) for each in found)
        read = Counter((each.channel, each.state) for each in found if each.read_at is not None)
        return [MessageCount(channel=c, state=s, count=n, read=read[c, s]) for (c, s), n in sorted(counts.items())]

    def take_lease(self, name: str, /, *, holder: str, now: dt.datetime, until: dt.datetime) -> Lease | None:
        """Take or renew a lease; see :meth:`gridgov.store.Outbox.take_lease`."""
        with self._lock:
            held = self._leases.get(name)
            if held is not None and held.holder not in ("", holder) and held.until > now:
                return None
            lease = Lease(name=name, holder=holder, until=until, memo=b"" if held is None else held.memo)
            self._leases[name] = lease
            return lease

    def end_lease(self, lease: Lease, /) -> None:
        """Give a lease back with its memo."""
        with self._lock:
            held = self._leases.get(lease.name)
            if held is not None and held.holder == lease.holder:
                self._leases[lease.name] = attrs.evolve(lease, holder="")

    def _check_lease(self, lease: Lease | None) -> None:
        if lease is not None:
            held = self._leases.get(lease.name)
            if held is None or held.holder != lease.holder:
                raise AppendConflictError(f"the lease of {lease.name!r}")

    # --- taken elsewhere ----------------------------------------------------------------------

    def keys(self, part: Part, /, *, since: int = 0, after: str = "", limit: int = 1000) -> Sequence[str]:
        """Give keys of a part; see :meth:`gridgov.store.Portable.keys`."""
        with self._lock:
            wanted = (
                key for key in self._part(part) if key > after and (part != "outcomes" or self._written[key] >= since)
            )
            return heapq.nsmallest(limit, wanted)

    def _part(self, part: Part) -> Mapping[str, Any]:
        parts: dict[str, Mapping[str, Any]] = {
            "outcomes": self._outcomes,
            "private": self._private,
            "documents": self._documents,
            "cursors": self._cursors,
            "messages": self._messages,
        }
        return parts[part]

    def portion(self, part: Part, keys: Sequence[str], /) -> Portion:
        """Give what stands under some keys; see :meth:`gridgov.store.Portable.portion`."""
        with self._lock:
            held = self._part(part)
            found = [(key, held[key]) for key in keys if key in held]
        if part == "documents":
            return Portion(documents=found)
        fields: dict[str, Any] = {part: [value for _, value in found]}
        return Portion(**fields)

    def restore(self, portion: Portion, /, *, erase: Sequence[str] = ()) -> None:
        """Write a portion as it is; see :meth:`gridgov.store.Portable.restore`."""
        with self._lock:
            self._keep(list(verified(portion.records, heads=self._heads, after=self.head())))
            for outcome in portion.outcomes:
                self._outcomes[outcome.command_id] = outcome
                self._written[outcome.command_id] = self.head()
            self._private.update({entry.ref: entry for entry in portion.private})
            self._documents.update(portion.documents)
            self._cursors.update({cursor.name: cursor for cursor in portion.cursors})
            self._messages.update({message.id: message for message in portion.messages})
            for ref in erase:
                self._private.pop(ref, None)

    def close(self) -> None:
        """Do nothing: what is in memory goes with the process."""


def _position(record: Record) -> int:
    return record.position
