"""Many threads, one flush: whoever comes first works for all who came meanwhile.

A disk can promise a few thousand things a second, and each promise may hold a hundred commands as well as one. The
first thread that asks leads: it takes everything that waits, does it in one go, and wakes the others with their
answers; then the first of those who came in the meantime leads. Nobody waits for a timer, so one caller alone is as
fast as without this.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["Together"]

Job = TypeVar("Job")


class _Place(Generic[Job]):
    """Where a thread waits until its job is done, or until it is its turn to lead."""

    __slots__ = ("done", "job", "turn")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = False
        self.turn = threading.Lock()
        self.turn.acquire()


class Together(Generic[Job]):
    """Hands jobs of many threads, some at a time, to one function.

    :param work: does all of them; it keeps results and errors in the jobs and raises nothing but what
        ends the process.
    :param lock: held while it works; jobs that come until it is taken come along.
    :param most: how many jobs are done in one go.
    """

    def __init__(self, work: Callable[[Sequence[Job]], None], lock: threading.RLock, most: int) -> None:
        self._work = work
        self._lock = lock
        self._most = most
        self._mutex = threading.Lock()
        self._waiting: deque[_Place[Job]] = deque()
        self._led = False

    def do(self, job: Job) -> None:
        """Have *job* done, by this thread or another one; return when it is."""
        place = _Place(job)
        with self._mutex:
            self._waiting.append(place)
            leads, self._led = not self._led, True
        if not leads:
            self._wait(place)
        if not place.done:
            self._lead(place)

    def _wait(self, place: _Place[Job]) -> None:
        try:
            place.turn.acquire()
        except BaseException:
            # Interrupted: what nobody has taken yet is taken back; who was to lead hands that on.
            with self._mutex:
                if place in self._waiting:
                    led = self._waiting[0] is place and place.turn.acquire(blocking=False)
                    self._waiting.remove(place)
                    if led:
                        self._hand_on()
            raise

    def _lead(self, own: _Place[Job]) -> None:
        taken: list[_Place[Job]] = []
        try:
            with self._lock:
                with self._mutex:
                    count = min(len(self._waiting), self._most)
                    taken = [self._waiting.popleft() for _ in range(count)]
                self._work([place.job for place in taken])
        finally:
            for place in taken:
                place.done = True
                place.turn.release()
            with self._mutex:
                if own in self._waiting:  # interrupted before it came to anything
                    self._waiting.remove(own)
                self._hand_on()

    def _hand_on(self) -> None:
        """Let the first of those who wait lead; the mutex is held."""
        self._led = bool(self._waiting)
        if self._led:
            self._waiting[0].turn.release()
