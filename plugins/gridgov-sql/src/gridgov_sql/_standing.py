"""How a group of commits is checked and written on SQLite.

Each commit of a group is checked against the database *and* against what the commits before it in the same group
will have changed. Both are one thing here: what is known of streams and tags is kept in memory, is brought up to date
by every commit that passes, and is forgotten when somebody else wrote (``PRAGMA data_version`` says so) or when the
group could not be written. So a stream that one process works on is looked up once, and not for every commit; and what
has to be looked up is looked up for the whole group at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy.dialects import sqlite

from gridgov.errors import AppendConflictError
from gridgov.proofs import GENESIS
from gridgov.store import Commit, Condition, chain
from gridgov_sql import _rows as rows
from gridgov_sql import _schema as t
from gridgov_sql._bulk import insert, look_up, many_keys, many_rows
from gridgov_sql._queries import insert_text
from gridgov_sql._rows import Row

__all__ = ["Group", "Standing"]

MOST_KNOWN = 50_000
"""Streams and tags that are remembered; about ten megabytes."""

_dialect = sqlite.dialect(paramstyle="qmark")
_INSERT = {
    table.name: insert_text(table, _dialect) for table in (t.records, t.tags, t.outcomes, t.private, t.documents)
}
_RECORDS, _TAGS, _OUTCOMES = (many_rows(_INSERT[table.name]) for table in (t.records, t.tags, t.outcomes))

# The highest version of a stream is one step into the index for each key; grouping would walk the whole stream.
_LAST_OF_STREAM = many_keys(
    "WITH wanted (stream) AS (VALUES ",
    "(?)",
    f""")
    SELECT r.stream, r.stream_version, r.head, r.position FROM wanted JOIN {t.records.name} AS r
    ON r.stream = wanted.stream AND r.stream_version =
    (SELECT max(v.stream_version) FROM {t.records.name} AS v WHERE v.stream = wanted.stream)""",  # noqa: S608
)
_LAST_UNDER_TAG = many_keys(
    "WITH wanted (tag) AS (VALUES ",
    "(?)",
    f""")
    SELECT wanted.tag, (SELECT max(position) FROM {t.tags.name} AS t WHERE t.tag = wanted.tag) FROM wanted""",  # noqa: S608
)
_KNOWN = many_keys(f"SELECT command_id FROM {t.outcomes.name} WHERE command_id IN (", "?", ")")  # noqa: S608
_HEAD = f"SELECT max(position) FROM {t.records.name}"  # noqa: S608
_ERASE = f"DELETE FROM {t.private.name} WHERE ref = ?"  # noqa: S608
_DOCUMENT = f"SELECT 1 FROM {t.documents.name} WHERE digest = ?"  # noqa: S608


class Group:
    """What the commits of a group add up to, in rows."""

    def __init__(self) -> None:
        self.records: list[Row] = []
        self.tags: list[Row] = []
        self.outcomes: dict[str, Row] = {}
        self.private: dict[str, Row | None] = {}
        self.documents: dict[str, bytes] = {}

    def write(self, connection: sqlite3.Connection) -> None:
        """Write everything, in few statements."""
        insert(connection, _RECORDS, self.records)
        self.tags.sort(key=itemgetter(0))  # neighbors in their tree are written together
        insert(connection, _TAGS, self.tags)
        insert(connection, _OUTCOMES, list(self.outcomes.values()))
        if self.private:
            connection.executemany(_ERASE, [(ref,) for ref in self.private])
            private = [row for row in self.private.values() if row is not None]
            connection.executemany(_INSERT[t.private.name], private)
        for digest, body in self.documents.items():
            if not connection.execute(_DOCUMENT, (digest,)).fetchone():
                connection.execute(_INSERT[t.documents.name], (digest, body))


class Standing:
    """Where streams and tags stand; right within a write transaction, after :meth:`look`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = -1
        self._written = 0
        self._head = 0
        self._streams: dict[str, tuple[int, bytes, int]] = {}
        self._tags: dict[str, int] = {}
        self._commands: set[str] = set()

    def forget(self) -> None:
        """Know nothing any more."""
        self._version = -1

    def look(self, commits: Sequence[Commit]) -> None:
        """Find out whatever the checks of *commits* have to know; what is known still holds if nobody else wrote."""
        ((version,),) = self._connection.execute("PRAGMA data_version")
        if version != self._version or len(self._streams) + len(self._tags) > MOST_KNOWN:
            self._streams.clear()
            self._tags.clear()
            ((head,),) = self._connection.execute(_HEAD)
            self._head = head or 0
            self._version = version
        self._written = self._head
        asked = [outcome.command_id for commit in commits for outcome in commit.outcomes]
        self._commands = {known for (known,) in look_up(self._connection, _KNOWN, asked)}
        # Where nothing was written after a condition's position, none of its tags can have moved.
        late = [commit.condition.tags for commit in commits if commit.condition.after < self._written]
        tags = [tag for tag in frozenset[str]().union(*late) if tag not in self._tags]
        streams = {draft.stream for commit in commits for draft in commit.drafts}
        streams = streams.union(tags, *(commit.condition.streams for commit in commits))
        self._look_at_streams([stream for stream in streams if stream not in self._streams])
        for tag, position in look_up(self._connection, _LAST_UNDER_TAG, tags):
            self._tags[tag] = max(position or 0, self._streams[tag][2])

    def _look_at_streams(self, streams: Sequence[str]) -> None:
        self._streams.update(dict.fromkeys(streams, (0, GENESIS, 0)))
        for stream, version, head, position in look_up(self._connection, _LAST_OF_STREAM, streams):
            self._streams[stream] = (version, head, position)

    def place(self, commit: Commit, group: Group) -> int:
        """Check *commit* and add it to *group*; give its last position.

        :raises AppendConflictError: its condition does not hold; *group* is as it was.
        """
        self._check(commit.condition)
        for outcome in commit.outcomes:
            if outcome.command_id in self._commands or outcome.command_id in group.outcomes:
                raise AppendConflictError(f"command {outcome.command_id!r}")
        heads: dict[str, tuple[int, bytes, int]] = {}
        records: list[Row] = []
        index: list[Row] = []
        for position, draft in enumerate(commit.drafts, self._head + 1):
            version, head, _ = heads.get(draft.stream) or self._streams[draft.stream]
            version, head = version + 1, chain(head, draft, version + 1)
            heads[draft.stream] = (version, head, position)
            records.append(rows.record_row(draft, position, version, head))
            index.extend(rows.index_rows(draft, position))
        last = self._head + len(records)
        outcomes = rows.outcome_rows(commit.outcomes, records, last)
        private = {entry.ref: rows.private_row(entry) for entry in commit.private}
        # From here on nothing can fail any more: the commit is in, whole.
        self._head = last
        self._streams.update(heads)
        self._tags.update(index)  # type: ignore[arg-type]  # rows of two: tag and position
        for stream, (_, _, position) in heads.items():
            self._tags[stream] = max(position, self._tags.get(stream, 0))
        group.records += records
        group.tags += index
        group.outcomes.update((row[0], row) for row in outcomes)
        group.private |= private
        group.private |= dict.fromkeys(commit.erase)
        group.documents.update(commit.documents)
        return last

    def _check(self, condition: Condition) -> None:
        for stream, expected in condition.streams.items():
            if self._streams[stream][0] != expected:
                raise AppendConflictError(f"stream {stream!r}")
        if self._head > condition.after:
            for tag in condition.tags:
                # A tag that is not known was not written under since the condition's position.
                if self._tags.get(tag, 0) > condition.after:
                    raise AppendConflictError(f"tag {tag!r}")
