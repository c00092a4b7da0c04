"""The tables of the first release; only SQLite had them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_Text, _Bytes = sa.String(255), sa.LargeBinary()


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "gridgov_meta",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "gridgov_records",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stream", _Text, nullable=False),
        sa.Column("stream_version", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("shape", sa.Integer, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.String(32), nullable=False),
        sa.Column("recorded_at", sa.String(32), nullable=False),
        sa.Column("actor", _Text, nullable=False),
        sa.Column("command_id", _Text, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("stream", "stream_version"),
    )
    op.create_table(
        "gridgov_tags",
        sa.Column("tag", _Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    )
    op.create_table(
        "gridgov_outcomes",
        sa.Column("command_id", _Text, primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
        sa.Column("recorded_at", sa.String(32), nullable=False),
        sa.Column("first_position", sa.Integer, nullable=False),
        sa.Column("last_position", sa.Integer, nullable=False),
    )
    _create_beside()


def _create_beside() -> None:
    op.create_table(
        "gridgov_private",
        sa.Column("ref", _Text, primary_key=True),
        sa.Column("subject", _Text, nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("ends_on", sa.String(10), nullable=False),
        sa.Column("salt", _Bytes, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
    )
    op.create_index("gridgov_private_subject", "gridgov_private", ["subject"])
    op.create_table(
        "gridgov_documents",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("body", _Bytes, nullable=False),
    )
    op.create_table(
        "gridgov_cursors",
        sa.Column("name", _Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("memo", _Bytes, nullable=False),
    )
    op.create_table(
        "gridgov_snapshots",
        sa.Column("name", _Text, primary_key=True),
        sa.Column("shape", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("body", _Bytes, nullable=False),
    )
    op.execute("INSERT INTO gridgov_meta (name, value) VALUES ('schema', '1')")
