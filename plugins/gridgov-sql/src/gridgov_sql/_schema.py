"""The tables."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

__all__ = [
    "SCHEMA_VERSION",
    "cursors",
    "documents",
    "meta",
    "metadata",
    "outcomes",
    "private",
    "records",
    "snapshots",
    "tags",
]

SCHEMA_VERSION = 1

metadata = MetaData()

meta = Table(
    "gridgov_meta", metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False)
)

records = Table(
    "gridgov_records",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("stream", String(255), nullable=False),
    Column("stream_version", Integer, nullable=False),
    Column("name", String(64), nullable=False),
    Column("shape", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("tags", Text, nullable=False),  # JSON, in order; gridgov_tags is the index
    Column("occurred_at", String(32), nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("actor", String(255), nullable=False),
    Column("command_id", String(255), nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    UniqueConstraint("stream", "stream_version"),
)

tags = Table(
    "gridgov_tags",
    metadata,
    Column("tag", String(255), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
)

outcomes = Table(
    "gridgov_outcomes",
    metadata,
    Column("command_id", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("first_position", Integer, nullable=False),
    Column("last_position", Integer, nullable=False),
)

private = Table(
    "gridgov_private",
    metadata,
    Column("ref", String(255), primary_key=True),
    Column("subject", String(255), nullable=False),
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
    Column("digest", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

cursors = Table(
    "gridgov_cursors",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("memo", LargeBinary, nullable=False),
)

snapshots = Table(
    "gridgov_snapshots",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("shape", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
