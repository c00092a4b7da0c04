"""Durable stores for gridgov, by SQLAlchemy Core: a SQLite file, or a PostgreSQL that several processes share.

Nothing in the schema is one database's own, and what all dialects share stands in one class (:class:`SqlStore`).
"""

from gridgov_sql._opening import open_postgres, open_store, upgrade
from gridgov_sql._plugin import plugin
from gridgov_sql._sql import SqlStore
from gridgov_sql._sqlite import SqliteStore, open_sqlite

__all__ = ["SqlStore", "SqliteStore", "open_postgres", "open_sqlite", "open_store", "plugin", "upgrade"]
