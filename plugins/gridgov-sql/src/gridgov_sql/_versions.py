"""Which store this is: ours or somebody else's, of today, of yesterday or of tomorrow."""

from __future__ import annotations

import sqlalchemy as sa

from gridgov.errors import ForeignStoreError, NewerStoreError, StoreError
from gridgov_sql import _schema as t

__all__ = ["create", "found_version", "prepare_tables", "require_version", "tables_there"]


def tables_there(connection: sa.Connection) -> set[str]:
    """Give the names of the tables that a new store would stand beside."""
    return set(sa.inspect(connection).get_table_names())


def prepare_tables(connection: sa.Connection) -> None:
    """Make a new store where there is no table at all, and see to it that what is there is a store of today.

    :raises ForeignStoreError: there are tables, but not ours; :raises NewerStoreError: a later version wrote them;
        :raises StoreError: an earlier one did. All of them leave everything as it was.
    """
    if not tables_there(connection):
        create(connection)
    require_version(found_version(connection))


def create(connection: sa.Connection) -> None:
    """Make the tables of an empty store, and note of which version they are."""
    t.metadata.create_all(connection)
    connection.execute(t.meta.insert(), [{"name": "schema", "value": str(t.SCHEMA_VERSION)}])
    connection.execute(t.revisions.insert(), [{"version_num": t.REVISION}])


def found_version(connection: sa.Connection) -> int:
    """Give the version of the schema that is there.

    :raises ForeignStoreError: there is none, so it is not a store of ours.
    """
    if not sa.inspect(connection).has_table(t.meta.name):
        raise ForeignStoreError("there are tables, but not those of a store of gridgov; everything was left as it was")
    found = connection.execute(sa.select(t.meta.c.value).where(t.meta.c.name == "schema")).scalar()
    if found is None or not found.isdecimal():
        raise ForeignStoreError("it looks like a store of gridgov, but has no schema version; it was left as it was")
    return int(found)


def require_version(found: int) -> None:
    """Refuse every version but today's.

    :raises NewerStoreError: it was written by a later version; :raises StoreError: it has to be upgraded first.
    """
    if found > t.SCHEMA_VERSION:
        raise NewerStoreError(
            f"the store has schema {found}, this version of gridgov-sql knows {t.SCHEMA_VERSION}; upgrade gridgov-sql"
        )
    if found < t.SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema {found}, this version of gridgov-sql writes {t.SCHEMA_VERSION}; make a backup, then "
            "open it once with ?upgrade=yes in its URL, or run python -m gridgov_sql upgrade URL; it was left as it was"
        )
