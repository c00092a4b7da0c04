"""The one shape of every room that remembers: decide, evolve, and the subjects they speak of.

A room's state is a mapping from **tag** (``"case:app-4711"``, ``"account:resident:0412"``) to a
frozen value, its *subject*. ``decide`` reads the subjects that it needs and returns events, or
refuses; ``evolve`` says what one subject becomes when an event under its tag has happened.
Neither reads a clock, rolls a die, or does I/O: time, ids, actor and policies come in with the
command as *given*.

Why a mapping and not one big state: a decision about points may depend on a person, a household,
a monthly cap and a stock at once. The tags that ``decide`` has read *are* the consistency
boundary of the decision (:class:`Watched` records them), so the store can refuse the append
exactly when one of them moved. No room has to declare what it read, and none can forget to.

And ``evolve`` sees one subject at a time, so a subject can be folded alone from the records
under its tag, without the rest of the street.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import attrs

__all__ = [
    "CLOCKS_DIFFER",
    "Decider",
    "FallsDue",
    "Sight",
    "Subjects",
    "View",
    "Watched",
    "changed",
    "fold",
    "private",
    "private_fields",
]

CLOCKS_DIFFER = dt.timedelta(minutes=2)
"""Several machines write one street; an instant may lie this much before what is stored already."""

Subjects = Mapping[str, Any]
"""The state of a room: tag → frozen value."""

Command = TypeVar("Command")
Event = TypeVar("Event")
Given = TypeVar("Given")


@attrs.frozen(kw_only=True)
class FallsDue:
    """Something that will have to happen.

    :param at: the instant; :param key: what it is, unique for the subject and instant.
    :param command: what the clock will ask for then.
    """

    at: dt.datetime
    key: str
    command: Any


def _nothing_due(_tag: str, _subject: Any) -> Sequence[FallsDue]:
    return ()


def _never_settled(_tag: str, _subject: Any) -> bool:
    return False


def _always(_tag: str, _event: Any) -> bool:
    return True


def _as_it_is(subject: Any, _given: Any, _of: Any = None) -> Any:
    return subject


def _no_tally(_event: Any, _subject: Any) -> Iterable[tuple[str, ...]]:
    return ()


@attrs.frozen(kw_only=True, eq=False)
class Decider(Generic[Command, Event, Given]):
    """What the office needs to know of a room that remembers.

    :param name: the room's name, first word of its stored event names.
    :param commands: the classes that ``decide`` accepts.
    :param events: stored name → class of everything that can have happened. Stored names are
        strings that we choose, never module paths, so that code can move.
    :param decide: may it happen, and what then. Raises :class:`~gridgov.errors.RefusalError`.
    :param evolve: ``(tag, subject before or None, event)`` → subject after; None forgets it.
    :param tags: the tags of an event. The first one names its stream.
    :param falls_due: what will have to happen to a subject at which instant, if nothing else
        happens before.
    :param settled: True for a subject that needs no place in memory; it is read again from the
        records under its tag when somebody asks.
    :param opens: ``(tag, event)`` → whether the event can be the first one of that subject; asked where
        nothing is known of it. Needed where subjects settle that are not the first tag of all their events.
    :param wakes: ``(tag, event)`` → whether a settled subject has to be in memory after that event; a
        record that leaves it settled is not even folded.
    :param shown: ``(subject, given)`` or ``(event, given, subject after it)`` → what of it may be shown to
        the one for whom *given* was made.
    :param always: tags of subjects that every decision of the room may rest on; what is due for them is
        done before it.
    :param present: commands that happen now and cannot be told of an earlier instant.
    :param after_all: commands that change what everything rests on: whatever was due before them, for
        any subject, is done first.
    :param tally: what an event adds to the counts that boards are made of, given its subject after.
    """

    name: str
    commands: tuple[type, ...]
    events: Mapping[str, type]
    decide: Callable[[Command, Subjects, Given], Sequence[Event]]
    evolve: Callable[[str, Any, Event], Any]
    tags: Callable[[Event], tuple[str, ...]]
    falls_due: Callable[[str, Any], Sequence[FallsDue]] = _nothing_due
    settled: Callable[[str, Any], bool] = _never_settled
    opens: Callable[[str, Any], bool] = _always
    wakes: Callable[[str, Any], bool] = _always
    tally: Callable[[Event, Any], Iterable[tuple[str, ...]]] = _no_tally
    shown: Callable[..., Any] = _as_it_is
    always: tuple[str, ...] = ()
    present: tuple[type, ...] = ()
    after_all: tuple[type, ...] = ()


class Watched(Mapping[str, Any]):
    """Subjects that remember who was asked for; absent subjects count as asked for, too."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self.read: set[str] = set()

    def __getitem__(self, tag: str) -> Any:
        self.read.add(tag)
        return self._subjects[tag]

    def __iter__(self) -> Iterator[str]:
        raise TypeError("a decision asks for subjects by tag; walking over all of them cannot be watched")

    def __len__(self) -> int:
        raise TypeError("a decision asks for subjects by tag; counting all of them cannot be watched")


class Sight(Protocol):
    """What a view may look at. Everything is as of one position of the store."""

    def given(self, room: str) -> Any:
        """Give a room's policies and the instant of the question."""
        ...

    @property
    def tally(self) -> Mapping[tuple[str, ...], int]:
        """How often each thing that the room counts has happened."""
        ...

    def subject(self, tag: str) -> Any:
        """Give one subject, None if there is none."""
        ...

    def live(self, prefix: str) -> Iterable[Any]:
        """Walk the subjects whose tags begin with *prefix* and that are not settled."""
        ...

    def events(self, tag: str) -> Iterable[Any]:
        """Walk everything that has happened under a tag, oldest first."""
        ...

    def public(self, sealed: Any, purpose: str) -> str:
        """Give a text that was written for the public, empty where it was erased or is for another purpose."""
        ...

    def began(self, name: str, after: int) -> Iterable[tuple[int, str]]:
        """Walk the events of a stored name after a position: (position, first tag), oldest first.

        Reads the store, so it costs what lies between; for pages of a search.
        """
        ...


Answer_co = TypeVar("Answer_co", covariant=True)


class View(Protocol[Answer_co]):
    """A question to the office: a frozen value that knows how to answer itself from what it sees."""

    def answer(self, sight: Sight) -> Answer_co:
        """Work out the answer."""
        ...

    def place(self, sight: Sight) -> str | None:
        """Say on which place the question looks; None for no place."""
        ...

    def mine(self, by: str) -> bool:
        """Say whether the question is about the asker's own affairs, which needs no grant."""
        ...


Value = TypeVar("Value")


def changed(value: Value, /, **changes: Any) -> Value:
    """Give a copy of a frozen attrs value with some fields changed, as :func:`attrs.evolve` does.

    For subjects with many fields that are folded often: it copies the fields as they are, in one
    step, and runs neither converters nor validators. Only for classes with ``slots=False``.

    :raises TypeError: for a field that the class has not.
    """
    before = value.__dict__
    copy: Value = object.__new__(type(value))
    fields = copy.__dict__
    fields.update(before)
    fields.update(changes)
    if len(fields) != len(before):
        raise TypeError(f"{type(value).__name__} has no {', '.join(sorted(changes.keys() - before.keys()))}")
    return copy


def private(purpose: str = "case-handling") -> Any:
    """Mark a command's field as private: free text, a name, a phone number.

    The office takes its value out before anything is decided, keeps it in the private store, and
    gives ``decide`` a :class:`~gridgov.proofs.Sealed` for it. Empty means that nothing was said.

    :param purpose: what the text may be used for.
    """
    return attrs.field(default="", kw_only=True, metadata={"private": purpose}, repr=False)


def private_fields(command: type) -> dict[str, str]:
    """Give the private fields of a command class, with the purpose of each."""
    return {field.name: field.metadata["private"] for field in attrs.fields(command) if "private" in field.metadata}


def fold(decider: Decider[Any, Event, Any], events: Iterable[Event], start: Subjects | None = None) -> dict[str, Any]:
    """Give the subjects after *events*, beginning with *start* (or with nothing)."""
    subjects = dict(start or {})
    for event in events:
        for tag in decider.tags(event):
            after = decider.evolve(tag, subjects.get(tag), event)
            if after is None:
                subjects.pop(tag, None)
            else:
                subjects[tag] = after
    return subjects
