"""What is on its way through the office: a command, what was decided, and what is kept until a batch is stored."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import attrs

from gridgov.errors import RefusalError
from gridgov.hooks import ACTOR
from gridgov.office._memory import Outcome, Seen
from gridgov.store import Draft, PrivateEntry, StoredOutcome

__all__ = ["CLOCK", "OFFICE", "OWN", "SYSTEM", "Answer", "Asked", "Batch", "Decided", "Job", "Ticked", "aware"]

YEARS = range(1970, 3000)
OWN = "gridgov:"
"""What the ids of the office's own commands begin with; nobody else's may."""
SYSTEM = "system:"
CLOCK, OFFICE = "system:clock", "system:office"


def aware(instant: dt.datetime) -> dt.datetime:
    if not isinstance(instant, dt.datetime):
        raise TypeError(f"an instant is an aware datetime, not {instant!r}")
    if instant.tzinfo is None:
        raise ValueError(f"an instant must be an aware datetime, not {instant!r}")
    if not YEARS[0] <= instant.year <= YEARS[-1]:
        raise ValueError(f"an instant lies in the years {YEARS[0]} to {YEARS[-1]}, not {instant!r}")
    return instant.astimezone(dt.UTC)


@attrs.frozen(kw_only=True)
class Ticked:
    """What one tick did: how many things fell due and were done."""

    done: int
    until: dt.datetime


@attrs.frozen(kw_only=True)
class Asked:
    """A command on its way through the office."""

    command: Any
    by: str
    id: str
    at: dt.datetime
    documents: dict[str, bytes] = attrs.field(factory=dict)
    erase: tuple[str, ...] = ()

    @property
    def internal(self) -> bool:
        return self.by.startswith(SYSTEM)

    @property
    def derived(self) -> bool:
        """Whether it follows from an event or a clock, and may so be asked again long afterwards."""
        return self.by.startswith((SYSTEM, ACTOR))


@attrs.define(kw_only=True, eq=False)
class Job:
    """A caller's command, and what came of it: an outcome or an error."""

    command: Any
    by: str
    id: str
    at: dt.datetime | None = None
    outcome: Outcome | None = None
    error: Exception | None = None


@attrs.frozen(kw_only=True)
class Decided:
    """What a room decided, ready to be stored: events, or a refusal."""

    drafts: tuple[Draft, ...] = ()
    events: tuple[Any, ...] = ()
    primary: str = ""
    private: tuple[PrivateEntry, ...] = ()
    read: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    refusal: RefusalError | None = None


Answer = tuple[Any, ...] | str
"""What a caller inside a batch was told: events, or a refusal's code."""


@attrs.define(eq=False)
class Batch:
    """Commands that will be stored as one commit."""

    start: int
    thread: int = attrs.field(factory=threading.get_ident)
    drafts: list[Draft] = attrs.field(factory=list)
    read: set[str] = attrs.field(factory=set)
    outcomes: dict[str, StoredOutcome] = attrs.field(factory=dict)
    private: dict[str, PrivateEntry] = attrs.field(factory=dict)
    seen: list[Seen] = attrs.field(factory=list)
    asked: list[tuple[Asked, Answer]] = attrs.field(factory=list)
    salts: dict[str, list[bytes]] = attrs.field(factory=dict)
    results: dict[str, Outcome] = attrs.field(factory=dict)
