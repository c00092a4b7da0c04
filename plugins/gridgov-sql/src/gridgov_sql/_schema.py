"""The tables, the same on every dialect.

Instants are text in UTC (so they sort), booleans are integers, lists are JSON as text, and there is no partial index:
nothing here is one database's own. Three choices were measured on SQLite:

- A record stands under its stream's name whether its tags say so or not, so ``gridgov_tags`` has no row for it and
  the unique index over streams answers for it. That halves the rows of the index that every commit has to touch.
- Tags, outcomes and whatever else is found by its key alone are kept *in* the key's tree (``WITHOUT ROWID``): one
  page fewer a table that has to be written and flushed in each commit.
- Records stay in the order of their position: that is how followers read them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

__all__ = [
    "REVISION",
    "SCHEMA_VERSION",
    "cursors",
    "documents",
    "leases",
    "messages",
    "meta",
    "metadata",
    "outcomes",
    "private",
    "records",
    "revisions",
    "snapshots",
    "tags",
]

SCHEMA_VERSION = 2
REVISION = f"{SCHEMA_VERSION:04}"

metadata = MetaData()

# On SQLite only INTEGER is the row's own number. On PostgreSQL keys are compared byte by byte, as Python does, and
# not by the rules of whatever language the server was set up in.
_Position = BigInteger().with_variant(Integer(), "sqlite")


def _text(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


KEY = 512
"""Characters of a stream, a tag, a command's id and what is derived from them.

Ids that the office makes itself hold a caller's, and may be held by others again. An index entry of PostgreSQL has room
for 2,704 bytes and a key of MySQL for 3,072; four bytes a character, an outbox and a topic have to fit together.
"""

meta = Table(
    "gridgov_meta", metadata, Column("name", _text(64), primary_key=True), Column("value", Text, nullable=False)
)

revisions = Table("gridgov_alembic", metadata, Column("version_num", String(32), primary_key=True))

records = Table(
    "gridgov_records",
    metadata,
    Column("position", _Position, primary_key=True, autoincrement=False),
    Column("stream", _text(KEY), nullable=False),
    Column("stream_version", Integer, nullable=False),
    Column("name", String(64), nullable=False),
    Column("shape", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("tags", Text, nullable=False),  # JSON, in order; gridgov_tags is the index
    Column("occurred_at", String(32), nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("actor", String(255), nullable=False),
    Column("command_id", String(KEY), nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    UniqueConstraint("stream", "stream_version"),
)

tags = Table(
    "gridgov_tags",
    metadata,
    Column("tag", _text(KEY), primary_key=True),
    Column("position", _Position, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

outcomes = Table(
    "gridgov_outcomes",
    metadata,
    Column("command_id", _text(KEY), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("first_position", _Position, nullable=False),
    Column("last_position", _Position, nullable=False),
    Column("number", _Position, nullable=False),  # where the store stood when it was written
    Index("gridgov_outcomes_number", "number"),
    sqlite_with_rowid=False,
)

private = Table(
    "gridgov_private",
    metadata,
    Column("ref", _text(KEY), primary_key=True),
    Column("subject", _text(KEY), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("basis", Text, nullable=False),
    Column("ends_on", String(10), nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("gridgov_private_subject", "subject"),
)

documents = Table(
    "gridgov_documents",
    metadata,
    Column("digest", _text(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

cursors = Table(
    "gridgov_cursors",
    metadata,
    Column("name", _text(255), primary_key=True),
    Column("position", _Position, nullable=False),
    Column("memo", LargeBinary, nullable=False),
)

snapshots = Table(
    "gridgov_snapshots",
    metadata,
    Column("name", _text(255), primary_key=True),
    Column("shape", String(64), nullable=False),
    Column("position", _Position, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

messages = Table(
    "gridgov_messages",
    metadata,
    Column("id", _text(KEY), primary_key=True),
    Column("outbox", _text(128), nullable=False),
    Column("topic", _text(KEY), nullable=False),
    Column("channel", _text(64), nullable=False),
    Column("receiver", _text(255), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("next_at", String(32), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("bundle", _text(KEY), nullable=False),
    Column("sent_at", String(32)),
    Column("read_at", String(32)),
    Index("gridgov_messages_due", "outbox", "state", "channel", "next_at"),
    Index("gridgov_messages_topic", "outbox", "topic"),
)

leases = Table(
    "gridgov_leases",
    metadata,
    Column("name", _text(255), primary_key=True),
    Column("holder", _text(255), nullable=False),
    Column("until", String(32), nullable=False),
    Column("memo", LargeBinary, nullable=False),
)
