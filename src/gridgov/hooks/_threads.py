"""A plugin's own threads: what runs there can be left behind.

Python cannot end a thread. One whose call does not come back in time is abandoned, with whatever it
holds; it does not keep the process alive. A plugin that loops without end goes on using a core: who
needs a stronger wall runs it in a process of its own and lets the plugin talk to that.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from gridgov.hooks._faults import place_of
from gridgov.hooks._values import Happening

__all__ = ["LateError", "Listener", "RaisedError", "Worker"]

BACKLOG_MAX = 10_000
"""How many commits may wait for a listener that is slow."""
T = TypeVar("T")


class RaisedError(Exception):
    """A call on a plugin's thread raised; what it raised is in *error*, ``SystemExit`` included."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(type(error).__name__)
        self.error = error


class LateError(Exception):
    """A call on a plugin's thread did not come back in time."""


class Worker:
    """The plugin's own thread; it is abandoned when a call does not come back."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[Any]] | None] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._lost = False
        self._thread = threading.Thread(target=self._run, name=f"gridgov plugin {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (job := self._calls.get()) is not None:
            call, answers = job
            try:
                answers.put((call(), None))
            except BaseException as error:
                answers.put((None, error))

    def call(self, call: Callable[[], T], patience: float) -> T:
        """Run *call* there and wait for it; the time of others who wait for the thread does not count.

        :raises LateError: it is not back in time, or an earlier call was not; :raises RaisedError: it raised.
        """
        with self._turn:
            if self._lost:
                raise LateError(f"not back after {patience:g} s")
            answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
            self._calls.put((call, answers))
            try:
                answer, error = answers.get(timeout=patience)
            except queue.Empty:
                self._lost = True
                self._calls.put(None)
                raise LateError(f"not back after {patience:g} s") from None
        if error is not None:
            raise RaisedError(error)
        result: T = answer
        return result

    def stop(self) -> None:
        """Let the thread end when it is free."""
        self._calls.put(None)


class Listener:
    """Hands commits to a plugin's thread, one after the other, and gives up on one that hangs or falls behind.

    :param fault: told (what, set aside).
    """

    def __init__(
        self,
        name: str,
        call: Callable[[Sequence[Happening]], object],
        fault: Callable[[str, bool], None],
        patience: float,
    ) -> None:
        self._name = name
        self._call = call
        self._fault = fault
        self._patience = patience
        self._told: queue.SimpleQueue[Sequence[Happening] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"gridgov listener {name}", daemon=True)
        self._thread.start()

    def tell(self, happenings: Sequence[Happening]) -> None:
        """Hand over what one commit stored; returns at once."""
        if self._told.qsize() >= BACKLOG_MAX:
            self._fault(f"{BACKLOG_MAX} commits behind", True)
            self._told.put(None)
            return
        self._told.put(tuple(happenings))

    def _run(self) -> None:
        worker = Worker(f"{self._name} listening")
        while (happenings := self._told.get()) is not None:
            try:
                answer = worker.call(lambda h=happenings: self._call(h), self._patience)  # type: ignore[misc]
            except LateError as late:
                self._fault(str(late), True)
                return
            except RaisedError as raised:
                self._fault(place_of(raised.error), False)
            else:
                if answer is not None:
                    self._fault(f"returned {answer}; who listens returns nothing", False)
        worker.stop()

    def close(self) -> None:
        """Let it finish what it was told, within twice its patience."""
        self._told.put(None)
        self._thread.join(self._patience * 2)
        if self._thread.is_alive():
            self._fault("was still listening when the office closed", True)
