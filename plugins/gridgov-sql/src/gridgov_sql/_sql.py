"""A store on whatever SQLAlchemy speaks: what all dialects share, put together.

A dialect that is not here yet gives, in a subclass: connections that read (``_connected``), transactions that say in
gridgov's words what goes wrong (``_transaction``), locks (``_hold``, ``_hold_names``, ``_hold_all``) and positions
(``_draw``, ``_advance``). ``docs/howto/dialects.md`` shows one on a page. Everything else stands here.
"""

from __future__ import annotations

from abc import abstractmethod

from gridgov_sql._outbox import OutboxOnSql
from gridgov_sql._portable import PortableOnSql

__all__ = ["SqlStore"]


class SqlStore(OutboxOnSql, PortableOnSql):
    """Keeps every promise of :class:`gridgov.store.Store`, ``Outbox`` and ``Portable``, given a dialect."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections. Closing twice is allowed."""
