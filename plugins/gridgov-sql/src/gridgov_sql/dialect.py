"""What a store on another dialect is built from; ``docs/howto/dialects.md`` shows how."""

from __future__ import annotations

import sqlalchemy as sa

from gridgov_sql import _schema as t
from gridgov_sql._queries import Prepared, Queries
from gridgov_sql._sql import SqlStore
from gridgov_sql._versions import prepare_tables

__all__ = ["Prepared", "Queries", "SqlStore", "last_position", "prepare_tables"]


def last_position(connection: sa.Connection) -> int:
    """Give the position of the last record that *connection* sees; 0 where there is none."""
    return connection.execute(sa.select(sa.func.max(t.records.c.position))).scalar() or 0
