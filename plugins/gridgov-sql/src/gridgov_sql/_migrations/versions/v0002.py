"""Messages and leases; outcomes know where the store stood; a stream's name needs no row in the index of tags.

Keys become wider, because the office's own ids hold those of its callers. SQLite holds nobody to a length and cannot
change the one that it notes down, so the tables are made anew: then both ways to a store lead to the same one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_Key, _Text, _Bytes, _Instant = sa.String(512), sa.String(255), sa.LargeBinary(), sa.String(32)


def upgrade() -> None:
    """Rebuild the tables that change their shape, make the new ones, and say so."""
    _rebuild_tags()
    _rebuild_records()
    _rebuild_outcomes()
    _rebuild_private()
    _create_messages()
    op.execute("UPDATE gridgov_meta SET value = '2' WHERE name = 'schema'")


def _rebuild_tags() -> None:
    op.rename_table("gridgov_tags", "gridgov_tags_before")
    op.create_table(
        "gridgov_tags",
        sa.Column("tag", _Key, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO gridgov_tags (tag, position) SELECT b.tag, b.position FROM gridgov_tags_before AS b "
        "WHERE NOT EXISTS (SELECT 1 FROM gridgov_records AS r WHERE r.position = b.position AND r.stream = b.tag) "
        "ORDER BY b.tag, b.position"
    )
    op.drop_table("gridgov_tags_before")


def _rebuild_records() -> None:
    op.rename_table("gridgov_records", "gridgov_records_before")
    op.create_table(
        "gridgov_records",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stream", _Key, nullable=False),
        sa.Column("stream_version", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("shape", sa.Integer, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("occurred_at", _Instant, nullable=False),
        sa.Column("recorded_at", _Instant, nullable=False),
        sa.Column("actor", _Text, nullable=False),
        sa.Column("command_id", _Key, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("stream", "stream_version"),
    )
    op.execute("INSERT INTO gridgov_records SELECT * FROM gridgov_records_before ORDER BY position")
    op.drop_table("gridgov_records_before")


def _rebuild_private() -> None:
    op.rename_table("gridgov_private", "gridgov_private_before")
    op.create_table(
        "gridgov_private",
        sa.Column("ref", _Key, primary_key=True),
        sa.Column("subject", _Key, nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("ends_on", sa.String(10), nullable=False),
        sa.Column("salt", _Bytes, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
    )
    op.execute("INSERT INTO gridgov_private SELECT * FROM gridgov_private_before ORDER BY ref")
    op.drop_table("gridgov_private_before")
    op.create_index("gridgov_private_subject", "gridgov_private", ["subject"])


def _rebuild_outcomes() -> None:
    op.rename_table("gridgov_outcomes", "gridgov_outcomes_before")
    op.create_table(
        "gridgov_outcomes",
        sa.Column("command_id", _Key, primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
        sa.Column("recorded_at", _Instant, nullable=False),
        sa.Column("first_position", sa.Integer, nullable=False),
        sa.Column("last_position", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    # Where the store stood at a refusal is not known any more; later than it was is safe: a copy looks at it again.
    op.execute(
        "INSERT INTO gridgov_outcomes SELECT command_id, fingerprint, accepted, body, recorded_at, first_position, "
        "last_position, (SELECT coalesce(max(position), 0) FROM gridgov_records) FROM gridgov_outcomes_before "
        "ORDER BY command_id"
    )
    op.drop_table("gridgov_outcomes_before")
    op.create_index("gridgov_outcomes_number", "gridgov_outcomes", ["number"])


def _create_messages() -> None:
    op.create_table(
        "gridgov_messages",
        sa.Column("id", _Key, primary_key=True),
        sa.Column("outbox", sa.String(128), nullable=False),
        sa.Column("topic", _Key, nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("receiver", _Text, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("next_at", _Instant, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("bundle", _Key, nullable=False),
        sa.Column("sent_at", _Instant),
        sa.Column("read_at", _Instant),
    )
    op.create_index("gridgov_messages_due", "gridgov_messages", ["outbox", "state", "channel", "next_at"])
    op.create_index("gridgov_messages_topic", "gridgov_messages", ["outbox", "topic"])
    op.create_table(
        "gridgov_leases",
        sa.Column("name", _Text, primary_key=True),
        sa.Column("holder", _Text, nullable=False),
        sa.Column("until", _Instant, nullable=False),
        sa.Column("memo", _Bytes, nullable=False),
    )
