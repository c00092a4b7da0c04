"""The office of this process: opened by the first request that needs it, and never taken over a fork."""

import atexit
import os
import threading

from django.conf import settings

import gridgov

_lock = threading.Lock()
_office: gridgov.Office | None = None
_left: list[gridgov.Office] = []


def office() -> gridgov.Office:
    """Give the one office of this process."""
    global _office  # noqa: PLW0603
    with _lock:
        if _office is None:
            _office = gridgov.open_office(settings.STREET_SETUP(), settings.STREET_STORE)
        return _office


def close() -> None:
    """Close it, if there is one; the next request opens another."""
    global _office  # noqa: PLW0603
    with _lock:
        if _office is not None:
            _office.close()
            _office = None


def _after_fork() -> None:
    # The connection, the lock and what the threads were doing belong to the parent. It is kept and not closed:
    # closing a database connection here would end the parent's.
    global _office, _lock  # noqa: PLW0603
    _lock = threading.Lock()
    if _office is not None:
        _left.append(_office)
        _office = None


os.register_at_fork(after_in_child=_after_fork)
atexit.register(close)
