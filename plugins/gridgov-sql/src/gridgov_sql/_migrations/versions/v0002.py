"""Messages and leases; outcomes know where the store stood; a stream's name needs no row in the index of tags."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_Text, _Bytes, _Instant = sa.String(255), sa.LargeBinary(), sa.String(32)


def upgrade() -> None:
    """Rebuild the two tables that change their shape, make the new ones, and say so."""
    _rebuild_tags()
    _rebuild_outcomes()
    _create_messages()
    op.execute("UPDATE gridgov_meta SET value = '2' WHERE name = 'schema'")


def _rebuild_tags() -> None:
    op.rename_table("gridgov_tags", "gridgov_tags_before")
    op.create_table(
        "gridgov_tags",
        sa.Column("tag", _Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO gridgov_tags (tag, position) SELECT b.tag, b.position FROM gridgov_tags_before AS b "
        "WHERE NOT EXISTS (SELECT 1 FROM gridgov_records AS r WHERE r.position = b.position AND r.stream = b.tag) "
        "ORDER BY b.tag, b.position"
    )
    op.drop_table("gridgov_tags_before")


def _rebuild_outcomes() -> None:
    op.rename_table("gridgov_outcomes", "gridgov_outcomes_before")
    op.create_table(
        "gridgov_outcomes",
        sa.Column("command_id", _Text, primary_key=True),
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
        sa.Column("id", _Text, primary_key=True),
        sa.Column("outbox", _Text, nullable=False),
        sa.Column("topic", _Text, nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("receiver", _Text, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("next_at", _Instant, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("bundle", _Text, nullable=False),
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
