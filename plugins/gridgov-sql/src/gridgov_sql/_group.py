"""Group commit: threads that write at the same time share one transaction and one flush.

Whoever comes while nobody writes leads: it takes everything that waits, writes it, and hands the lead to the first of
those that came meanwhile. The others sleep on a lock of their own, which costs neither processor nor interpreter lock,
and are woken exactly once: to take their answer, or to lead. No thread stands in between. While one group is flushed,
the next one gathers; and since those that have just been answered tend to come again at once, a leader gives them at
most half of what the last flush took to do so, counted from its end. A caller that is alone never waits: whoever comes
later than that finds that nobody is coming again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from gridgov.errors import StoreBusyError
from gridgov.store import Commit

__all__ = ["GroupCommit", "Waiting"]

MOST_COMMITS = 256
MOST_RECORDS = 5_000
MOST_PATIENCE = 0.002
PAUSE = 0.0001


class Waiting:
    """A commit on its way, and what became of it."""

    __slots__ = ("commit", "error", "gate", "lead", "position")

    def __init__(self, commit: Commit) -> None:
        self.commit = commit
        self.gate = threading.Lock()
        self.gate.acquire()
        self.lead = False
        self.position = 0
        self.error: Exception | None = None


class GroupCommit:
    """Gathers commits.

    :param write: writes a group and leaves in each of its members a position or an error; called by one thread at a
        time.
    """

    def __init__(self, write: Callable[[Sequence[Waiting]], None]) -> None:
        self._write = write
        self._mutex = threading.Lock()
        self._queue: deque[Waiting] = deque()
        self._led = False
        self._last, self._patience_ends = 1, 0.0

    def append(self, commit: Commit) -> int:
        """Write *commit* with whatever else waits; give its position or raise its own error."""
        waiting = Waiting(commit)
        with self._mutex:
            self._queue.append(waiting)
            waiting.lead = not self._led
            self._led = True
        if not waiting.lead:
            self._wait(waiting)
        if waiting.lead:
            self._lead(waiting)
        if waiting.error is not None:
            raise waiting.error
        return waiting.position

    def _wait(self, waiting: Waiting) -> None:
        try:
            waiting.gate.acquire()
        except BaseException:
            # Interrupted: what nobody has taken yet is taken back, and somebody else leads.
            with self._mutex:
                if waiting in self._queue:
                    self._queue.remove(waiting)
                    if waiting.lead:
                        self._pass_on()
            raise

    def _lead(self, leader: Waiting) -> None:
        group: list[Waiting] = []
        try:
            self._gather()
            with self._mutex:
                group = self._take()
            begun = time.monotonic()
            self._write(group)
            ended = time.monotonic()
            self._last, self._patience_ends = len(group), ended + min((ended - begun) / 2, MOST_PATIENCE)
        except BaseException:
            # Only what no store answers for gets here: an interrupt of this very thread.
            with self._mutex:
                if leader in self._queue:
                    self._queue.remove(leader)
            for each in group:
                each.error = StoreBusyError(
                    "the thread that wrote this commit together with its own was interrupted; it may or may not be "
                    "stored: ask for the outcome of the same command id"
                )
            raise
        finally:
            with self._mutex:
                self._pass_on()
            for each in group:
                if each is not leader:
                    each.gate.release()

    def _gather(self) -> None:
        """Wait a little for those that were answered just now, if they come again as they did before."""
        while len(self._queue) < self._last and time.monotonic() < self._patience_ends:
            time.sleep(PAUSE)

    def _take(self) -> list[Waiting]:
        group = [self._queue.popleft()]
        records = len(group[0].commit.drafts)
        while self._queue and len(group) < MOST_COMMITS:
            records += len(self._queue[0].commit.drafts)
            if records > MOST_RECORDS:
                break
            group.append(self._queue.popleft())
        return group

    def _pass_on(self) -> None:
        """Wake the next one to lead, if there is one; the mutex is held."""
        self._led = bool(self._queue)
        if self._led:
            self._queue[0].lead = True
            self._queue[0].gate.release()
