"""Nothing is logged while a secret is in somebody else's hands.

Apprise logs URLs, and beneath it the HTTP library logs paths, in which most services have their
token. A level would silence other threads as well, and a filter holds for one logger only. So for the
time of a call every logger and every handler of the root gets a filter that drops what comes from this
call (a context variable, which Apprise hands on to its threads), and from nowhere else.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import threading
from collections.abc import Iterator

__all__ = ["quiet"]

_QUIET: contextvars.ContextVar[bool] = contextvars.ContextVar("gridgov_apprise_quiet", default=False)


class _Drop(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _QUIET.get()


class _Guard:
    """Puts the filter on, and takes it off when the last call has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drop = _Drop()
        self._calls = 0
        self._guarded: set[logging.Filterer] = set()

    def __enter__(self) -> None:
        with self._lock:
            self._calls += 1
            self._cover()

    def cover(self) -> None:
        """Cover the loggers that have come up since."""
        with self._lock:
            self._cover()

    def _cover(self) -> None:
        root = logging.getLogger()
        named = [each for each in root.manager.loggerDict.copy().values() if isinstance(each, logging.Logger)]
        for each in {root, *root.handlers, *named} - self._guarded:
            each.addFilter(self._drop)
            self._guarded.add(each)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._calls -= 1
            if not self._calls:
                for each in self._guarded:
                    each.removeFilter(self._drop)
                self._guarded.clear()


_GUARD = _Guard()


@contextlib.contextmanager
def quiet() -> Iterator[_Guard]:
    """Drop what is logged by this call; call ``cover()`` on what it gives after loading more code."""
    token = _QUIET.set(True)
    try:
        with _GUARD:
            yield _GUARD
    finally:
        _QUIET.reset(token)
