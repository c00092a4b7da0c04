"""What the entry point gives to the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gridgov.hooks import hookimpl
from gridgov.store import Store
from gridgov_sql._opening import DIALECTS

__all__ = ["plugin"]


class _SqlPlugin:
    @hookimpl
    def gridgov_stores(self) -> Mapping[str, Callable[[str], Store]]:
        """Offer SQLite files and PostgreSQL databases."""
        return dict(DIALECTS)


plugin = _SqlPlugin()
