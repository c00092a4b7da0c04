"""Given – when – then for one room."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

import msgspec

from gridgov.decider import Decider, private_fields
from gridgov.documents import ROOMS, Codec
from gridgov.errors import RefusalError
from gridgov.proofs import Sealed
from gridgov.setup import Setup
from gridgov.testing._street import NOON, small_setup

__all__ = ["Scenario"]


class Scenario:
    """Plays commands through a room's decide and evolve, without store and office.

    ::

        Scenario().given(OpenCase(...), by="resident:1", id="a") \\
                  .when(Resolve("a"), by="lead-81").refused("case.not-the-lead")

    Each event goes through the codec and back, so a shape that cannot be stored is found here.
    Private texts are sealed with a reference made of the command's id.
    """

    def __init__(self, setup: Setup | None = None, *, at: dt.datetime = NOON) -> None:
        self.setup = setup or small_setup()
        self.at = at
        self.subjects: dict[str, Any] = {}
        self.happened: list[Any] = []
        self._codec = Codec()
        self._rooms = {command: room for room in ROOMS for command in room.commands}
        self._count = 0
        self._refusal: RefusalError | None = None
        self._events: tuple[Any, ...] = ()

    def given(self, command: Any, *, by: str, id: str | None = None) -> Self:  # noqa: A002 - the field's word
        """Let a command happen; it must not be refused."""
        self.when(command, by=by, id=id)
        if self._refusal is not None:
            raise AssertionError(f"{command!r} was refused: {self._refusal}")
        return self

    def after(self, **duration: float) -> Self:
        """Let time pass (``hours=3``)."""
        self.at += dt.timedelta(**duration)
        return self

    def when(self, command: Any, *, by: str, id: str | None = None) -> Self:  # noqa: A002 - the field's word
        """Ask for a command; see :meth:`then` and :meth:`refused`."""
        self._count += 1
        id_ = id or f"command-{self._count}"
        room: Decider[Any, Any, Any] = self._rooms[type(command)]
        sealed = {
            field: Sealed(f"{id_}/{field}", "0" * 64)
            for field in private_fields(type(command))
            if getattr(command, field)
        }
        given = self.setup.given(room.name, at=self.at, by=by, command_id=id_, sealed=sealed)
        self._refusal, self._events = None, ()
        try:
            events = room.decide(command, self.subjects, given)
        except RefusalError as refusal:
            self._refusal = refusal
            return self
        self._events = tuple(self._codec.read(*self._codec.write(event)) for event in events)
        for event in self._events:
            self.happened.append(event)
            for tag in room.tags(event):
                self.subjects[tag] = room.evolve(tag, self.subjects.get(tag), event)
        return self

    def then(self, *shapes: type) -> Self:
        """Expect exactly events of these classes, in order."""
        if self._refusal is not None:
            raise AssertionError(f"refused: {self._refusal}")
        actual = tuple(type(event) for event in self._events)
        if actual != shapes:
            raise AssertionError(f"{[s.__name__ for s in actual]} instead of {[s.__name__ for s in shapes]}")
        return self

    def refused(self, code: str) -> Self:
        """Expect a refusal with this code, and nothing changed."""
        if self._refusal is None:
            raise AssertionError(f"not refused, but {[type(event).__name__ for event in self._events]}")
        if self._refusal.code != code:
            raise AssertionError(f"refused with {self._refusal.code!r} instead of {code!r}: {self._refusal.message}")
        return self

    def case(self, id: str) -> Any:  # noqa: A002 - the field's word
        """Give the state of a case."""
        return self.subjects[f"case:{id}"]

    def stored(self) -> list[Any]:
        """Give everything that has happened as plain JSON values."""
        return [msgspec.json.decode(self._codec.write(event)[2]) for event in self.happened]
