"""Delivering again and again: in the caller's own loop, in threads, or as a process."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from gridgov.delivery._courier import Delivered
from gridgov.errors import GridgovError

__all__ = ["Worker"]

LOOKS_SECONDS = 0.05
"""The shortest wait between two passes."""


class Deliver(Protocol):
    """What :meth:`gridgov.office.Office.deliver` is, for a worker."""

    def __call__(
        self, *, channels: Sequence[str] | None = None, limit: int | None = None, stopped: Callable[[], bool] = ...
    ) -> Delivered:
        """Do one pass."""
        ...


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Worker:
    """Calls :meth:`gridgov.office.Office.deliver` as often as there may be something to do.

    In a loop of the caller: ``worker.step()`` does one pass and gives how many seconds may pass until the next one.
    In threads: :meth:`start` and :meth:`stop`, or as a context manager.

    :param deliver: ``office.deliver``.
    :param channels: each of these gets a thread of its own, so that a slow one keeps no other waiting
        (``office.channels``); none for one thread that takes them in turn.
    :param poll_seconds: the longest wait between two passes. :param limit: of attempts on a channel in one pass.
    :param failed: is told what went wrong in a thread; what may pass is tried again, anything else ends the
        worker, and is raised by :meth:`stop`. What *failed* raises itself stops nothing, and is raised there, too.
    """

    def __init__(
        self,
        deliver: Deliver,
        *,
        channels: Sequence[str] = (),
        poll_seconds: float = 5.0,
        limit: int | None = None,
        clock: Callable[[], dt.datetime] = _utc_now,
        failed: Callable[[BaseException], object] | None = None,
    ) -> None:
        if poll_seconds <= 0:
            raise ValueError(f"a worker looks every so many seconds, more than 0, not {poll_seconds}")
        self._deliver = deliver
        self._channels = tuple(channels)
        self._poll_seconds = poll_seconds
        self._limit = limit
        self._clock = clock
        self._failed = failed
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self.sent = 0
        """How many messages were sent so far."""
        self.failures = 0
        """How many attempts were not taken so far."""

    def step(self, channels: Sequence[str] | None = None) -> float:
        """Do one pass; give how many seconds may pass until the next one.

        :param channels: on these only; None for all.
        :raises RuntimeError: it was told to stop; whoever starts it, or runs it, begins anew.
        """
        if self._stopping.is_set():
            raise RuntimeError(
                "this worker was told to stop, and does nothing more; start it again, or make another one"
            )
        return self._pass(channels)

    def _pass(self, channels: Sequence[str] | None) -> float:
        done = self._deliver(channels=channels, limit=self._limit, stopped=self._stopping.is_set)
        with self._lock:
            self.sent += done.sent
            self.failures += done.failed
        if done.next_at is None:
            return self._poll_seconds
        wait = (done.next_at - self._clock()).total_seconds()
        return min(max(wait, LOOKS_SECONDS), self._poll_seconds)

    def run(self) -> None:
        """Do pass after pass in this thread, until :meth:`stop` is called from another one or from a signal.

        If that was called before it began, it ends at once. Afterwards it can begin anew.
        """
        try:
            self._follow(None)
        finally:
            self._stopping.clear()
        self._raise()

    @property
    def running(self) -> bool:
        """Whether threads of it are at work."""
        return any(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        """Begin in threads of its own.

        :raises RuntimeError: it has begun already.
        """
        if self.running:
            raise RuntimeError("this worker is at work already")
        self._stopping.clear()
        groups: list[Sequence[str] | None] = [None] if not self._channels else [(name,) for name in self._channels]
        self._threads = [
            threading.Thread(target=self._follow, args=(group,), name=f"delivery {group[0] if group else 'of all'}")
            for group in groups
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float | None = None) -> bool:
        """End: no message more is begun, and one that is being sent is waited for.

        :param timeout: how many seconds to wait for that at most, for all threads together; None for as long as it
            takes.
        :returns: whether everything has ended.
        :raises Exception: what had ended the worker before.
        """
        self._stopping.set()
        self._join(timeout)
        ended = not self.running
        if self._threads and ended:
            self._threads = []
            self._stopping.clear()
        self._raise()
        return ended

    def wait(self, seconds: float) -> None:
        """Wait until its threads have ended, at most so long."""
        self._join(seconds)

    def _join(self, seconds: float | None) -> None:
        until = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(None if until is None else max(0.0, until - time.monotonic()))

    def stop_soon(self) -> None:
        """Say that it shall end, and wait for nothing; for signals."""
        self._stopping.set()

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _follow(self, channels: Sequence[str] | None) -> None:
        while not self._stopping.is_set():
            wait = self._poll_seconds
            try:
                wait = self._pass(channels)
            except BaseException as error:  # a thread must not end without a word, whatever ends it
                self._tell(error)
                if not (isinstance(error, GridgovError) and error.temporary):
                    self._error = error
                    self._stopping.set()
                    return
            self._stopping.wait(wait)

    def _tell(self, error: BaseException) -> None:
        if self._failed is not None:
            try:
                self._failed(error)
            except Exception as trouble:
                self._error = self._error or trouble

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error
