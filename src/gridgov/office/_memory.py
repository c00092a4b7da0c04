"""What an office knows: the live subjects, the counts, and what falls due; all folded from records."""

from __future__ import annotations

import datetime as dt
import heapq
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from gridgov.decider import Decider, FallsDue
from gridgov.documents import ROOMS, Codec
from gridgov.store import Record, Store, every_record

__all__ = ["Memory", "Outcome", "Seen"]


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of an accepted command.

    :param id: of the command.
    :param state: the subject that the command was about, after it; None where nothing changed.
    :param events: what has happened, in order.
    :param position: of the last record; None inside a batch, which is stored as a whole later.
    """

    id: str
    state: Any
    events: tuple[Any, ...]
    position: int | None


@attrs.frozen(kw_only=True)
class Seen:
    """An event in its place, as the office has applied it."""

    name: str
    event: Any
    tags: tuple[str, ...]
    by: str
    at: dt.datetime
    stream: str
    stream_version: int
    position: int


ABSENT_KEPT = 10_000
"""How many tags the office remembers to be absent, so that a new case is not looked up twice."""


class _Subjects(Mapping[str, Any]):
    """Live subjects, with those that have settled read again from the store."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def __getitem__(self, tag: str) -> Any:
        found = self._memory.subject(tag)
        if found is None:
            raise KeyError(tag)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._memory.live)

    def __len__(self) -> int:
        return len(self._memory.live)


@attrs.define(eq=False)
class _Presumed:
    """What was before a batch that is not stored yet.

    :param before: tag → its subject, None where none was live, and what was known to fall due.
    :param taken: what was taken from the heap; :param tallied: what was counted.
    """

    before: dict[str, tuple[Any, frozenset[tuple[dt.datetime, str]]]] = attrs.field(factory=dict)
    taken: list[tuple[dt.datetime, str, str]] = attrs.field(factory=list)
    tallied: Counter[tuple[str, ...]] = attrs.field(factory=Counter)


class Memory:
    """The fold.

    ``live`` holds every subject that is not settled; a settled one is read again from its stream
    when somebody asks, so memory grows with what is open and not with history.

    One store may hold several jurisdictions, so streams, tags and cursors stand in it with the
    jurisdiction's code before them; inside the office they are without it.
    """

    def __init__(self, store: Store, codec: Codec, jurisdiction: str) -> None:
        self._store = store
        self._codec = codec
        self._prefix = f"{jurisdiction}/"
        self._room_of_event: dict[type, Decider[Any, Any, Any]] = {
            shape: room for room in ROOMS for shape in room.events.values()
        }
        self.subjects = _Subjects(self)
        self.unheard: list[Seen] = []
        self.forget()

    def forget(self) -> None:
        """Begin again from nothing."""
        self._presumed: _Presumed | None = None
        self.position = 0
        self.live: dict[str, Any] = {}
        self.tally: Counter[tuple[str, ...]] = Counter()
        self._due: list[tuple[dt.datetime, str, str]] = []
        self._due_known: dict[str, frozenset[tuple[dt.datetime, str]]] = {}
        self._settled: list[str] = []
        self._absent: set[str] = set()

    def fold(self) -> dict[str, Any]:
        """Give everything that was folded, as a snapshot keeps it."""
        return {
            "position": self.position,
            "live": self.live,
            "tally": dict(self.tally),
        }

    def take(self, fold: Mapping[str, Any]) -> None:
        """Go on from what a snapshot has kept.

        :raises LookupError: it is not whole; :raises TypeError: it is something else.
        """
        position, live, tally = int(fold["position"]), dict(fold["live"]), Counter(fold["tally"])
        self.forget()
        self.position, self.live, self.tally = position, live, tally
        # What falls due follows from what is live: worked out anew, nothing of it can be lost in a snapshot.
        for tag, subject in live.items():
            self._schedule(tag, self._room_of(tag).falls_due(tag, subject))

    def same_as_folded_again(self) -> bool:
        """Say whether everything folded again, from the first record, is what is known here."""
        again = Memory(self._store, self._codec, self._prefix.removesuffix("/"))
        while again.position != self.position:  # others may write meanwhile
            again.follow(hear_after=sys.maxsize)
            self.follow()
        return again.live == self.live and again.tally == self.tally

    def presume(self) -> None:
        """Remember from now on what every change was like before, until :meth:`settle` or :meth:`undo`."""
        self._presumed = _Presumed()

    def settle(self) -> None:
        """What was presumed is stored."""
        self._presumed = None
        self.drop_settled()

    def undo(self) -> None:
        """Take back everything since :meth:`presume`, and what was taken from the things that fall due."""
        presumed, self._presumed = self._presumed, None
        if presumed is None:
            return
        for tag, (subject, due) in presumed.before.items():
            if subject is None:
                self.live.pop(tag, None)
            else:
                self.live[tag] = subject
            for at, key in due - self._due_known.get(tag, frozenset()):
                heapq.heappush(self._due, (at, tag, key))
            if due:
                self._due_known[tag] = due
            else:
                self._due_known.pop(tag, None)
        for at, tag, key in presumed.taken:
            heapq.heappush(self._due, (at, tag, key))
        self.tally.subtract(presumed.tallied)
        for tallied in presumed.tallied:
            if not self.tally[tallied]:
                del self.tally[tallied]

    def stored(self, name: str) -> str:
        """Give a tag, stream or cursor name as it stands in the store."""
        return self._prefix + name

    def follow(self, *, hear_after: int = 0) -> None:
        """Apply every record that is new in the store.

        What is new is put into ``unheard`` at the moment it is applied: if reading breaks in the
        middle, nothing that was applied goes unheard.

        :param hear_after: what stands up to here was heard before and is only applied.
        """
        for record in every_record(self._store, after=self.position):
            if record.stream.startswith(self._prefix):
                seen = self.apply(self.seen(record), stored=True)
                if record.position > hear_after:
                    self.unheard.append(seen)
            self.position = record.position
            self.drop_settled()

    def since(self, position: int) -> list[Seen]:
        """Read again what stands after *position*, without folding it."""
        return [
            self.seen(record)
            for record in every_record(self._store, after=position)
            if record.stream.startswith(self._prefix) and record.position <= self.position
        ]

    def seen(self, record: Record) -> Seen:
        """Read a record."""
        return Seen(
            name=record.name,
            event=self._codec.read(record.name, record.shape, record.body),
            tags=tuple(tag.removeprefix(self._prefix) for tag in record.tags),
            by=record.by,
            at=record.occurred_at,
            stream=record.stream,
            stream_version=record.stream_version,
            position=record.position,
        )

    def apply(self, seen: Seen, *, stored: bool = False) -> Seen:
        """Fold one event into the live subjects, the counts, and what falls due.

        :param stored: it stands in the store; then a settled subject that stays settled is left there.
        """
        room = self._room_of_event[type(seen.event)]
        primary: Any = None
        for place, tag in enumerate(seen.tags):
            before = self.live.get(tag)
            if before is None and place > 0 and not room.opens(tag, seen.event):
                if stored and not room.wakes(tag, seen.event):
                    continue
                before = self._refold(tag, seen.position)
            if before is None and place == 0 and seen.stream_version > 1:
                before = self._refold(tag, seen.position)
            after = room.evolve(tag, before, seen.event)
            if self._presumed is not None and tag not in self._presumed.before:
                self._presumed.before[tag] = (self.live.get(tag), self._due_known.get(tag, frozenset()))
            self.live[tag] = after
            self._absent.discard(tag)
            primary = after if place == 0 else primary
            self._schedule(tag, room.falls_due(tag, after))
            if room.settled(tag, after):
                self._settled.append(tag)
        for key in room.tally(seen.event, primary):
            self.tally[key] += 1
            if self._presumed is not None:
                self._presumed.tallied[key] += 1
        return seen

    def drop_settled(self) -> None:
        """Let settled subjects go; only once what they rest on is in the store."""
        for tag in self._settled:
            subject = self.live.get(tag)
            if subject is not None and self._room_of(tag).settled(tag, subject):
                del self.live[tag]
        self._settled.clear()

    def under(self, prefix: str) -> Iterator[Any]:
        """Walk the live subjects whose tags begin with a prefix; what happens meanwhile does not matter."""
        return iter([subject for tag, subject in self.live.items() if tag.startswith(prefix)])

    def _schedule(self, tag: str, due: Sequence[FallsDue]) -> None:
        known = self._due_known.get(tag, frozenset())
        now = frozenset((each.at, each.key) for each in due)
        for at, key in now - known:
            heapq.heappush(self._due, (at, tag, key))
        if now:
            self._due_known[tag] = now
        else:
            self._due_known.pop(tag, None)

    def next_due(self, until: dt.datetime) -> tuple[str, FallsDue] | None:
        """Take the earliest thing that falls due by an instant; None if nothing does."""
        while self._due and self._due[0][0] <= until:
            at, tag, key = heapq.heappop(self._due)
            if self._presumed is not None:
                self._presumed.taken.append((at, tag, key))
            subject = self.live.get(tag)
            if subject is None:
                continue
            for each in self._room_of(tag).falls_due(tag, subject):
                if (each.at, each.key) == (at, key):
                    return tag, each
        return None

    def put_back(self, tag: str, due: FallsDue) -> None:
        """Put back what was taken and not done."""
        heapq.heappush(self._due, (due.at, tag, due.key))

    def overdue_since(self, at: dt.datetime) -> tuple[int, dt.datetime | None]:
        """Count what should have happened before an instant, to any subject, and give the earliest of it."""
        late = [due for known in self._due_known.values() for due, _ in known if due < at]
        return len(late), min(late, default=None)

    def overdue(self, tags: Iterable[str], at: dt.datetime) -> list[tuple[str, FallsDue]]:
        """Give what should have happened to some subjects before an instant, in order."""
        found = []
        for tag in tags:
            subject = self.live.get(tag)
            if subject is not None:
                found += [(tag, due) for due in self._room_of(tag).falls_due(tag, subject) if due.at < at]
        return sorted(found, key=lambda each: (each[1].at, each[0], each[1].key))

    def subject(self, tag: str) -> Any:
        """Give a subject, live or settled; None if there is none."""
        found = self.live.get(tag)
        if found is not None or tag in self._absent:
            return found
        found = self._refold(tag, self.position + 1)
        if found is None:
            if len(self._absent) >= ABSENT_KEPT:
                self._absent.clear()
            self._absent.add(tag)
        return found

    def subject_at(self, tag: str, position: int) -> Any:
        """Give a subject as it was after the record at *position*."""
        return self._refold(tag, position + 1)

    def _refold(self, tag: str, before_position: int) -> Any:
        subject = None
        for record in every_record(self._store, tag=self.stored(tag)):
            if record.position >= before_position:
                break
            event = self._codec.read(record.name, record.shape, record.body)
            subject = self._room_of_event[type(event)].evolve(tag, subject, event)
        return subject

    def events(self, tag: str) -> Iterator[Any]:
        """Walk what has happened under a tag, up to where the office has followed."""
        for record in every_record(self._store, tag=self.stored(tag)):
            if record.position > self.position:
                return
            yield self._codec.read(record.name, record.shape, record.body)

    def events_after(self, tag: str, position: int) -> Iterator[Any]:
        """Walk what has happened under a tag since a position, up to where the office has followed."""
        for record in every_record(self._store, tag=self.stored(tag), after=position):
            if record.position > self.position:
                return
            yield self._codec.read(record.name, record.shape, record.body)

    def began(self, name: str, after: int) -> Iterator[tuple[int, str]]:
        """Walk the records of one event name after a position: (position, first tag)."""
        for record in every_record(self._store, after=after):
            if record.position > self.position:
                return
            if record.name == name and record.stream.startswith(self._prefix):
                yield record.position, record.stream.removeprefix(self._prefix)

    def _room_of(self, tag: str) -> Decider[Any, Any, Any]:
        return _ROOM_OF_PREFIX[tag.partition(":")[0]]


_ROOM_OF_PREFIX = {
    prefix: room
    for room, prefixes in zip(
        ROOMS,
        (
            ("setup", "privacy"),
            ("case", "mode", "published", "import"),
            (
                "account",
                "award",
                "claim",
                "list",
                "stock",
                "voucher",
                "sitting",
                "household",
                "community",
                "outlet",
                "periods",
                "period",
                "roll",
            ),
            ("announcement",),
        ),
        strict=True,
    )
    for prefix in prefixes
}
