"""A durable store for gridgov, by SQLAlchemy Core. SQLite is the one that is tested.

Nothing in the schema is SQLite's own: text for instants (UTC), integers for booleans, no partial
indexes; a tag table answers the append condition. Appends are serialized by ``BEGIN IMMEDIATE``,
so positions are given in the order of commits and a follower never misses a late one.
"""

from gridgov_sql._plugin import plugin
from gridgov_sql._store import SqlStore, open_sqlite

__all__ = ["SqlStore", "open_sqlite", "plugin"]
