"""A store that lives as long as the process: for tests, dry runs and small scripts."""

from __future__ import annotations

import bisect
import datetime as dt
import threading
from collections.abc import Sequence

import attrs

from gridgov.errors import AppendConflictError
from gridgov.proofs import GENESIS
from gridgov.store._protocol import (
    Commit,
    Condition,
    Cursor,
    PrivateEntry,
    Record,
    Snapshot,
    StoredOutcome,
    link_drafts,
)

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps every promise of a store except that of surviving the process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records: list[Record] = []
        self._by_stream: dict[str, list[int]] = {}
        self._by_tag: dict[str, list[int]] = {}
        self._outcomes: dict[str, StoredOutcome] = {}
        self._private: dict[str, PrivateEntry] = {}
        self._documents: dict[str, bytes] = {}
        self._cursors: dict[str, Cursor] = {}
        self._snapshots: dict[str, Snapshot] = {}

    def append(self, commit: Commit, /) -> int:
        """Write *commit* whole; see :meth:`gridgov.store.Store.append`."""
        with self._lock:
            self._check(commit.condition)
            for outcome in commit.outcomes:
                if outcome.command_id in self._outcomes:
                    raise AppendConflictError(f"command {outcome.command_id!r}")
            first = len(self._records) + 1
            streams = {draft.stream for draft in commit.drafts}
            heads = {stream: self._head_of(stream) for stream in streams if stream in self._by_stream}
            records = link_drafts(commit.drafts, range(first, first + len(commit.drafts)), heads)
            for record in records:
                self._records.append(record)
                self._by_stream.setdefault(record.stream, []).append(record.position)
                for tag in dict.fromkeys(record.tags):
                    self._by_tag.setdefault(tag, []).append(record.position)
            places: dict[str, list[int]] = {}
            for record in records:
                places.setdefault(record.command_id, []).append(record.position)
            for outcome in commit.outcomes:
                mine = places.get(outcome.command_id, [0])
                self._outcomes[outcome.command_id] = attrs.evolve(outcome, first=mine[0], last=mine[-1])
            self._private.update({entry.ref: entry for entry in commit.private})
            for ref in commit.erase:
                self._private.pop(ref, None)
            self._documents.update(commit.documents)
            return len(self._records)

    def _check(self, condition: Condition) -> None:
        for stream, expected in condition.streams.items():
            if self._head_of(stream)[0] != expected:
                raise AppendConflictError(f"stream {stream!r}")
        for tag in sorted(condition.tags):
            places = self._by_tag.get(tag)
            if places and places[-1] > condition.after:
                raise AppendConflictError(f"tag {tag!r}")

    def _head_of(self, stream: str) -> tuple[int, bytes]:
        places = self._by_stream.get(stream)
        if not places:
            return 0, GENESIS
        last = self._records[places[-1] - 1]
        return last.stream_version, last.head

    def read(
        self, *, after: int = 0, limit: int | None = None, stream: str | None = None, tag: str | None = None
    ) -> Sequence[Record]:
        """Give records after a position; see :meth:`gridgov.store.Store.read`."""
        with self._lock:
            if stream is None and tag is None:
                end = None if limit is None else after + limit
                return self._records[after:end]
            places = self._by_stream.get(stream, []) if stream is not None else self._by_tag.get(tag or "", [])
            start = bisect.bisect_right(places, after)
            found = [self._records[place - 1] for place in places[start:]]
            if stream is not None and tag is not None:
                found = [record for record in found if tag in record.tags]
            return found if limit is None else found[:limit]

    def head(self) -> int:
        """Give the position of the last record."""
        with self._lock:
            return len(self._records)

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

    def close(self) -> None:
        """Do nothing: what is in memory goes with the process."""
