"""A URL to a store, whichever dialect it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gridgov.errors import StoreError
from gridgov_sql._sql import SqlStore
from gridgov_sql._sqlite import open_sqlite

__all__ = ["DIALECTS", "open_store", "upgrade"]


def open_postgres(url: str) -> SqlStore:
    """Open ``postgresql://USER@HOST/DATABASE``; see :func:`gridgov_sql._postgres.open_postgres`."""
    # Whoever keeps a street in a file needs no driver of PostgreSQL.
    try:
        from gridgov_sql._postgres import open_postgres as opened
    except ImportError:
        raise StoreError(
            "PostgreSQL needs psycopg 3, the extra 'postgres' of gridgov-sql: python -m pip install 'psycopg[binary]'"
        ) from None
    return opened(url)


DIALECTS: Mapping[str, Callable[[str], SqlStore]] = {
    "sqlite": open_sqlite,
    "postgresql": open_postgres,
    "postgresql+psycopg": open_postgres,
}
"""Scheme of a URL → what opens it."""


def open_store(url: str) -> SqlStore:
    """Open a store on one of the dialects that are offered.

    :raises StoreError: the URL names none of them, or the store cannot be opened.
    """
    scheme = url.partition(":")[0]
    opened = DIALECTS.get(scheme)
    if opened is None:
        raise StoreError(
            f"there is no store for {scheme!r} here, only for {', '.join(sorted(DIALECTS))}; for another dialect write "
            "a subclass of gridgov_sql.SqlStore and offer it by a plugin (docs/howto/dialects.md)"
        )
    return opened(url)


def upgrade(url: str) -> None:
    """Bring an older store up to date; one of today is left as it is.

    Make a backup first. The upgrade is one transaction: if it fails, the older store is as it was.

    :raises StoreError: there is no such store, it is not one of ours, or somebody else holds it.
    """
    address, _, query = url.partition("?")
    kept = [each for each in query.split("&") if each and each.partition("=")[0] not in ("upgrade", "new")]
    open_store(f"{address}?{'&'.join([*kept, 'upgrade=yes', 'new=no'])}").close()
