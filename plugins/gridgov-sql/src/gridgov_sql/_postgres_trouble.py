"""What PostgreSQL says, in gridgov's words."""

from __future__ import annotations

import psycopg
import sqlalchemy as sa

from gridgov.errors import AppendConflictError, GridgovError, StoreBusyError, StoreError, StoreFullError

__all__ = ["LostError", "in_our_words"]

_WRONG = ("does not exist", "authentication", "password", "pg_hba", "invalid", "not permitted")
"""In why a connection could not be made: what will not be better the next time. libpq gives no code for it."""

_PASSING = ("57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "58030")
"""The server stops, starts or ends a session that stood still; its disk did not answer."""
_PASSING_CLASSES = ("08", "53")
"""No connection; no memory, no room in the table of locks, no more connections."""


class LostError(StoreBusyError):
    """The connection is gone.

    :param undecided: whether it went when the commit was already on its way.
    """

    def __init__(self, message: str, *, undecided: bool = False) -> None:
        super().__init__(message)
        self.undecided = undecided


def in_our_words(error: Exception, *, lost: bool = False, connecting: bool = False) -> GridgovError:
    """Give the error that says what *error* means for a store."""
    cause = getattr(error, "orig", None) or error
    first = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    if isinstance(cause, sa.exc.TimeoutError):
        return StoreBusyError("all connections are in use; nothing was written; a larger pool=COUNT may help")
    if connecting and isinstance(cause, psycopg.OperationalError):
        if any(word in first for word in _WRONG):
            return StoreError(f"the database cannot be used: {first}")
        return StoreBusyError(f"the database cannot be reached now ({first}); nothing was written")
    if lost:
        return LostError(f"the connection was lost before the commit ({first}); nothing was written")
    return _by_code(getattr(cause, "sqlstate", None) or "", first)


def _by_code(code: str, first: str) -> GridgovError:
    match code:
        case "23505":
            return AppendConflictError("what somebody else has written at the same time")
        case "40001" | "40P01":
            return AppendConflictError("what somebody else works on at the same time")
        case "53100":
            return StoreFullError(f"the disk is full ({first}); nothing was written")
        case "40003" | "08007":
            return StoreBusyError(
                f"the server does not know what became of it ({first}); it may or may not be stored: ask for the "
                "outcome of the same command id, or send the same command again"
            )
        case "25006":
            return StoreError(f"the database can only be read, as a standby can ({first}); nothing was written")
        case "55P03" | "57014":
            return StoreBusyError(f"somebody else holds the store ({first}); nothing was written")
        case _ if code in _PASSING or code[:2] in _PASSING_CLASSES:
            return StoreBusyError(f"the server cannot do it now ({first}); nothing was written")
        case _:
            return StoreError(f"the store cannot be used: {first}")
