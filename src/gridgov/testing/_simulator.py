"""Plays timed steps through an office, and continues where it was cut off.

A step has an instant, an id, and a function that asks for its command when its turn comes. Steps
of one slot of time are stored as one batch; after each slot the clock ticks and notices go out.
A step whose id the office knows already is passed over: what was done before a crash is not done
again, and what follows from it is planned again from the state it led to.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable
from typing import Any

import attrs

from gridgov.errors import RefusalError
from gridgov.office import Office

__all__ = ["SimulatedClock", "Simulator", "Step"]

Asked = tuple[Any, str]
"""A command and who asks for it."""


class SimulatedClock:
    """The simulated present; give it to the office, and the simulator sets it."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        """Give the present."""
        return self.now


@attrs.frozen(order=True)
class Step:
    """Something that will be asked for.

    :param command: asked when the turn comes; None to let it be.
    :param then: called afterwards, whether the step was done now or before; may plan more steps.
    """

    at: dt.datetime
    id: str
    command: Callable[[], Asked | None] = attrs.field(order=False)
    then: Callable[[dt.datetime], None] | None = attrs.field(order=False, default=None)


class Simulator:
    """Plays steps in order of their instants.

    :param slot: how much simulated time one batch, tick and delivery covers; zero: each step by itself.
    :param progress: called after each step with its instant.
    """

    def __init__(
        self,
        office: Office,
        clock: SimulatedClock,
        *,
        slot: dt.timedelta = dt.timedelta(0),
        progress: Callable[[dt.datetime], None] | None = None,
    ) -> None:
        self.office = office
        self.clock = clock
        self.refused: list[tuple[str, RefusalError]] = []
        self.done = 0
        self.passed_over = 0
        self._slot = slot
        self._progress = progress
        self._steps: list[Step] = []

    def plan(
        self,
        at: dt.datetime,
        id: str,  # noqa: A002 - the field's word
        command: Callable[[], Asked | None],
        then: Callable[[dt.datetime], None] | None = None,
    ) -> None:
        """Plan a step."""
        heapq.heappush(self._steps, Step(at, id, command, then))

    def run(self, until: dt.datetime) -> None:
        """Play everything planned up to and including *until*, then tick and deliver there."""
        while self._steps and self._steps[0].at <= until:
            start = self._steps[0].at
            end = min(start + self._slot, until)
            # Whatever falls due before the first step of a slot happens before it, not after.
            self._tick(start)
            if self._slot:
                with self.office.batch():
                    self._play(end)
            else:
                self._play_one()
            self._tick(end)
            self.office.deliver(end)
        self._tick(until)
        self.office.deliver(until)

    def _set(self, now: dt.datetime) -> None:
        self.clock.now = max(self.clock.now, now)

    def _tick(self, now: dt.datetime) -> None:
        self._set(now)
        self.office.tick(now)

    def _play(self, end: dt.datetime) -> None:
        while self._steps and self._steps[0].at <= end:
            self._play_one()

    def _play_one(self) -> None:
        step = heapq.heappop(self._steps)
        self._set(step.at)
        if self.office.knows(step.id):
            self.passed_over += 1
        else:
            asked = step.command()
            if asked is not None:
                command, by = asked
                try:
                    self.office.handle(command, by=by, id=step.id, at=step.at)
                except RefusalError as refusal:
                    self.refused.append((step.id, refusal))
        self.done += 1
        if step.then is not None:
            step.then(step.at)
        if self._progress is not None:
            self._progress(step.at)
