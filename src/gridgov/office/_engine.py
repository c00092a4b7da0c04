"""Follow, decide, store, react: what every call of the office rests on."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self

import attrs

from gridgov.decider import CLOCKS_DIFFER, Decider, FallsDue, Watched
from gridgov.documents import ROOMS, Codec, fingerprint, read_refusal, write_refusal
from gridgov.errors import (
    AppendConflictError,
    CommandConflictError,
    GridgovError,
    RefusalError,
    SetupMismatchError,
    StoreBusyError,
    StoreError,
)
from gridgov.hooks import Happening, Host
from gridgov.office._adopted import on_adopted_days
from gridgov.office._asked import CLOCK, OFFICE, OWN, Answer, Asked, Batch, Decided, Job, aware
from gridgov.office._log import LOG
from gridgov.office._memory import Memory, Outcome, Seen
from gridgov.office._private import Envelope, same_texts, seal
from gridgov.office._snapshot import read_fold, shape, write_fold
from gridgov.setup import Adopted, AdoptSetup, Setup, compare_sections
from gridgov.store import (
    Commit,
    Condition,
    Draft,
    MemoryStore,
    PrivateEntry,
    Snapshot,
    Store,
    StoredOutcome,
    Vault,
    open_entry,
)

__all__ = ["Engine"]

ATTEMPTS_MAX = 40
"""How often something is decided anew because others were faster."""
ATTEMPTS_SECONDS_MAX = 30.0
ATTEMPTS_TOGETHER_MAX = 8
"""How often several commands are; then each is tried on its own."""
PAUSE_SECONDS, PAUSE_SECONDS_MAX = 0.001, 0.2
TOGETHER_MAX = 64
"""How many callers' commands share one commit: more would let the first of them wait too long."""
FOLLOW_SECONDS_MAX = 5.0
"""How long to wait until the store shows what was just written to it: others may be in the middle of a commit."""
REACTIONS, SNAPSHOT = "reactions", "office"
SNAPSHOT_RECORDS = 10_000
"""After how many records a snapshot is worth its time."""


class Engine(ABC):
    """The part of the office that no caller sees: one store, one memory, one lock."""

    def __init__(
        self,
        setup: Setup,
        store: Store,
        host: Host,
        clock: Callable[[], dt.datetime],
        entropy: Callable[[int], bytes],
        vault: Vault | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._host = host
        self._clock = clock
        self._entropy = entropy
        self._store = store
        self._vault = vault
        self._codec = Codec()
        self._room_of_command = {command: room for room in ROOMS for command in room.commands}
        self._memory = Memory(store, self._codec, setup.jurisdiction)
        self._batch: Batch | None = None
        self._setup = self._completed(setup)
        self._adopted: Adopted | None = None
        self._newer_days = False
        self._pending: list[Seen] = []
        self._reacting = False
        self._reacted = 0
        self._kept = 0
        self._stored = 0
        self._load_snapshot()
        self._memory.follow(hear_after=sys.maxsize)
        self._heard = self._memory.position
        self._keep_snapshot()
        self._adopt()

    def _load_snapshot(self) -> None:
        """Go on from the last snapshot, if there is one that this code could have made."""
        kept = self._store.snapshot(self._memory.stored(SNAPSHOT), shape())
        if kept is None:
            return
        with suppress(StoreError, LookupError, TypeError, ValueError):
            head, fold = read_fold(kept.body)
            # Only of this history: a store that was cut back, or put together anew, is folded as it is.
            if head == self._head_at(kept.position):
                self._memory.take(fold)
                self._kept = self._memory.position

    def _head_at(self, position: int) -> bytes:
        found = self._store.read(after=position - 1, limit=1)
        return found[0].head if found and found[0].position == position else b""

    def save_snapshot(self) -> None:
        """Keep what the office knows, so that the next opening has to read only what is newer.

        Done by :meth:`close` and, every now and then, by :meth:`tick`; a snapshot is only a cache.

        :raises StoreError: it cannot be kept; nothing else is touched.
        """
        with self._lock:
            self._not_in_a_batch("a snapshot")
            position = self._memory.position
            if position == self._kept or type(self._store) is MemoryStore:  # which goes with the process
                return
            body = write_fold((self._head_at(position), self._memory.fold()))
            name = self._memory.stored(SNAPSHOT)
            self._store.save_snapshot(Snapshot(name=name, shape=shape(), position=position, body=body))
            self._kept = position

    def _keep_snapshot(self, *, always: bool = False) -> None:
        """Keep one where it is worth its time; where that fails, the next opening takes longer, and that is all."""
        if always or self._memory.position - self._kept >= SNAPSHOT_RECORDS:
            with suppress(StoreError):
                self.save_snapshot()

    def _completed(self, setup: Setup) -> Setup:
        """Give a setup with the facts, the rows and the days that plugins add."""
        return self._host.completed(setup)

    def _adopt(self) -> None:
        if self._memory.subject("setup") is None:
            digests = self._setup.section_digests
            documents = {digests[name]: body for name, body in self._setup.sections.items()}
            asked = Asked(command=AdoptSetup(digests), by=OFFICE, id=f"{OWN}adopt", at=self._now(), documents=documents)
            # Somebody else may open the same store at the same moment; then what they adopted holds.
            with suppress(RefusalError, CommandConflictError):
                self._run(asked)
                LOG.info("setup.adopted jurisdiction=%s", self._setup.jurisdiction)
            self._memory.follow(hear_after=self._heard)
        self._check_setup()

    def _check_setup(self) -> None:
        """Refuse to go on with another setup than the one in force."""
        adopted: Adopted | None = self._memory.live.get("setup")
        if adopted is self._adopted:
            return
        if adopted is not None and dict(adopted.sections) != self._setup.section_digests and self._adopted is None:
            # Where only a plugin's holidays are newer, it goes on with those that were adopted.
            on_days = on_adopted_days(adopted, self._setup, self._store)
            if on_days is not None:
                self._setup, self._newer_days = on_days, True
        if adopted is None or dict(adopted.sections) != self._setup.section_digests:
            sections = adopted.sections if adopted is not None else {}
            before = {name: self._store.document(digest) for name, digest in sections.items()}
            raise SetupMismatchError(compare_sections(before, dict(self._setup.sections)))
        self._adopted = adopted

    def _now(self) -> dt.datetime:
        return aware(self._clock())

    def _new_id(self) -> str:
        return self._entropy(12).hex()

    def _follow(self) -> None:
        """Fold what is new, except inside a batch, which rests on one position."""
        if self._batch is None:
            self._memory.follow(hear_after=self._heard)
            self._hear()
            self._check_setup()

    def _follow_to(self, position: int) -> None:
        """Fold what is new, up to something that was stored; what was begun before it comes first."""
        until = time.monotonic() + FOLLOW_SECONDS_MAX
        while True:
            self._memory.follow(hear_after=self._heard)
            if self._memory.position >= position or time.monotonic() > until:
                return
            time.sleep(PAUSE_SECONDS)

    def _run(self, asked: Asked) -> Outcome:
        until = time.monotonic() + ATTEMPTS_SECONDS_MAX
        for attempt in range(ATTEMPTS_MAX):
            known = self._known(asked)
            if known is not None:
                return known
            self._follow()
            self._see_own()
            if not asked.internal:
                self._settle()
            decided = self._decide_after_what_is_due(asked)
            if self._batch is not None:
                return self._keep(self._batch, asked, decided)
            try:
                return self._store_one(asked, decided)
            except AppendConflictError:
                self._pause(attempt)
            if time.monotonic() > until:
                break
        raise AppendConflictError(f"what {type(asked.command).__name__} rests on")

    def _see_own(self) -> None:
        """Rest on everything that this office has stored itself, or on nothing.

        :raises StoreBusyError: the store does not show it yet; may succeed later.
        """
        if self._batch is None and self._memory.position < self._stored:
            self._follow_to(self._stored)
            self._hear()
            if self._memory.position < self._stored:
                raise StoreBusyError("somebody is still writing before what this office has stored; try again")

    def _pause(self, attempt: int) -> None:
        """Wait a moment before deciding anew, longer each time, so that not everybody comes back at once."""
        LOG.debug("store.conflict attempt=%d position=%d", attempt, self._memory.position)
        if attempt:
            most = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS * 2**attempt)
            time.sleep(most * random.uniform(0.5, 1.5))

    def _known(self, asked: Asked) -> Outcome | None:
        """Give the outcome of a command that was handled before; raise its refusal."""
        batch = self._batch
        stored = batch.outcomes.get(asked.id) if batch is not None else None
        entries = batch.private if batch is not None and stored is not None else None
        stored = stored or self._store.outcome(self._memory.stored(asked.id))
        if stored is None:
            return None
        find = self._private if entries is None else entries.get
        if stored.fingerprint != fingerprint(asked.command, asked.by) or not same_texts(
            asked.command, self._memory.stored(asked.id), find
        ):
            raise CommandConflictError(asked.id)
        if not stored.accepted:
            raise read_refusal(stored.body)
        if batch is not None and asked.id in batch.results:
            return batch.results[asked.id]
        return self._replay(asked, stored)

    def _replay(self, asked: Asked, stored: StoredOutcome) -> Outcome:
        if not stored.first:
            return Outcome(id=asked.id, state=None, events=(), position=None)
        self._wait_for(stored.last)
        seen = [
            self._memory.seen(record)
            for record in self._store.read(after=stored.first - 1, limit=stored.last - stored.first + 1)
            if record.command_id == stored.command_id
        ]
        return Outcome(
            id=asked.id,
            state=self._memory.subject_at(seen[0].tags[0], stored.last),
            events=tuple(each.event for each in seen),
            position=stored.last,
        )

    def _wait_for(self, position: int) -> None:
        """Wait until the store shows what it has stored; others may be in the middle of an earlier commit.

        :raises StoreBusyError: it takes too long; may succeed later.
        """
        until = time.monotonic() + FOLLOW_SECONDS_MAX
        while self._store.head() < position:
            if time.monotonic() > until:
                raise StoreBusyError("this is stored, and somebody is still writing before it; ask again")
            time.sleep(PAUSE_SECONDS)

    def _decide_after_what_is_due(self, asked: Asked) -> Decided:
        """Decide; where a subject has something overdue at that instant, let that happen first."""
        while True:
            decided = self._decide(asked)
            # Not beyond the present: a slip in somebody's instant must not move a deadline.
            until = min(asked.at, self._now())
            # The clock itself asks in order; whoever else asks comes after what was due before.
            tags = sorted({*decided.watched, *self._room_of_command[type(asked.command)].always})
            overdue = [] if asked.by == CLOCK else self._memory.overdue(tags, until)
            before = self._progress()
            if overdue and overdue[0][0] in self._room_of_command[type(asked.command)].always:
                # What the whole street rests on changes: whatever was due before that comes before it.
                self._do_all_due(overdue[0][1].at)
            elif overdue:
                self._do_overdue(overdue, until)
            if self._progress() == before:
                return decided

    def _do_overdue(self, overdue: Sequence[tuple[str, FallsDue]], until: dt.datetime) -> None:
        """Do what was due before an instant, in order; what a thing brings for its own subject comes in its turn."""
        waiting = [(due.at, tag) for tag, due in dict(reversed(overdue)).items()]
        heapq.heapify(waiting)
        while waiting:
            at, tag = heapq.heappop(waiting)
            found = self._memory.overdue((tag,), until)
            if not found:
                continue
            due, before = found[0][1], self._progress()
            if due.at > at:
                heapq.heappush(waiting, (due.at, tag))
                continue
            self._do_due(tag, due)
            # What is refused is not asked again: the decision that waits for it goes on without it.
            if self._progress() != before:
                heapq.heappush(waiting, (due.at, tag))

    def _progress(self) -> tuple[int, int]:
        return self._memory.position, len(self._batch.seen) if self._batch is not None else 0

    def _decide(self, asked: Asked) -> Decided:
        room: Decider[Any, Any, Any] = self._room_of_command[type(asked.command)]
        envelope = seal(asked.command, self._memory.stored(asked.id), self._salts_of(asked))
        watched = Watched(self._memory.subjects)
        try:
            if not asked.derived and isinstance(asked.command, room.present) and asked.at < self._now() - CLOCKS_DIFFER:
                raise RefusalError("office.backdated", "this happens now; it cannot be told of an earlier instant")
            self._ask_plugins(asked, envelope.public)
            given = self._setup.given(room.name, at=asked.at, by=asked.by, command_id=asked.id, sealed=envelope.sealed)
            events = tuple(room.decide(envelope.public, watched, given))
        except RefusalError as refusal:
            return Decided(refusal=refusal, read=self._tags_of(watched.read), watched=frozenset(watched.read))
        recorded_at = self._now()
        drafts = tuple(self._draft(room, event, asked.id, recorded_at) for event in events)
        return Decided(
            drafts=drafts,
            events=events,
            primary=room.tags(events[0])[0] if events else "",
            private=self._entries(envelope, drafts, asked.at),
            read=self._tags_of(watched.read) | {tag for draft in drafts for tag in draft.tags},
            watched=frozenset(watched.read),
        )

    def _salts_of(self, asked: Asked) -> Callable[[int], bytes]:
        """Give random bytes; in a batch the same ones for a command that is decided anew: its events stay the same."""
        batch = self._batch
        if batch is None:
            return self._entropy
        kept, drawn = batch.salts.setdefault(asked.id, []), itertools.count()

        def salt(size: int) -> bytes:
            place = next(drawn)
            if place == len(kept):
                kept.append(self._entropy(size))
            return kept[place]

        return salt

    def _tags_of(self, read: set[str]) -> frozenset[str]:
        # Every decision rests on the setup in force, too.
        return frozenset(self._memory.stored(tag) for tag in (*read, "setup"))

    def _ask_plugins(self, asked: Asked, public: Any) -> None:
        if asked.internal:
            return
        refused = self._host.validate(public, asked.by, asked.at)
        if refused is not None:
            plugin, reason = refused
            raise RefusalError(f"{plugin}.{reason.code}", reason.message, plugin=plugin)

    def _draft(self, room: Decider[Any, Any, Any], event: Any, id: str, recorded_at: dt.datetime) -> Draft:  # noqa: A002
        name, shape, body = self._codec.write(event)
        # What cannot be read back must never be stored: it would stand in the way of everything after it.
        self._codec.read(name, shape, body)
        tags = tuple(self._memory.stored(tag) for tag in room.tags(event))
        return Draft(
            stream=tags[0],
            name=name,
            shape=shape,
            body=body,
            tags=tags,
            occurred_at=event.at,
            recorded_at=recorded_at,
            by=event.by,
            command_id=self._memory.stored(id),
        )

    def _entries(self, envelope: Envelope, drafts: Sequence[Draft], at: dt.datetime) -> tuple[PrivateEntry, ...]:
        return envelope.entries(drafts[0].tags[0], at.date(), self._setup.retention) if drafts else ()

    def _locked(self, entries: Iterable[PrivateEntry]) -> Sequence[PrivateEntry]:
        return [*entries] if self._vault is None else [self._vault.lock(entry) for entry in entries]

    def _private(self, ref: str) -> PrivateEntry | None:
        """Give a private entry as it was before the vault."""
        entry = self._store.private(ref)
        return None if entry is None else open_entry(entry, self._vault)

    def _outcome_of(self, asked: Asked, refusal: RefusalError | None) -> StoredOutcome:
        return StoredOutcome(
            command_id=self._memory.stored(asked.id),
            fingerprint=fingerprint(asked.command, asked.by),
            accepted=refusal is None,
            body=b"" if refusal is None else write_refusal(refusal),
            recorded_at=self._now(),
        )

    def _store_one(self, asked: Asked, decided: Decided) -> Outcome:
        position = self._store.append(
            Commit(
                drafts=decided.drafts,
                condition=Condition(tags=decided.read, after=self._memory.position),
                outcomes=[self._outcome_of(asked, decided.refusal)],
                private=self._locked(decided.private),
                documents={} if decided.refusal else asked.documents,
                erase=() if decided.refusal else asked.erase,
            )
        )
        if decided.refusal is not None:
            raise decided.refusal
        self._stored = max(self._stored, position)
        state = None
        # It is stored. Whatever stands in the way of reading it back now must not sound like a refusal.
        with suppress(GridgovError):
            self._follow_to(position)
            self._hear()
            if decided.drafts and self._memory.position >= position:
                state = self._memory.subject(decided.primary)
        return Outcome(id=asked.id, state=state, events=decided.events, position=position)

    @contextmanager
    def batch(self) -> Iterator[Self]:
        """Store everything that is handled inside as one commit: for bulk work.

        A refusal is raised where it happens, and stored with the rest. If the block raises, or
        others were faster too often, nothing of it is stored. Batches do not nest; amending,
        erasing, reading private texts, ticking and delivering are not for batches.

        :raises AppendConflictError: others were faster, and what was answered inside the block
            does not hold any more; do the whole block again.
        """
        with self._lock:
            self._not_in_a_batch("a batch")
            self._follow()
            self._settle()
            self._open_batch()
            try:
                yield self
                self._store_batch()
            except BaseException:
                self._drop_batch()
                raise
            self._react()

    def _do_jobs(self, jobs: Sequence[Job]) -> None:
        """Do what several threads have asked for, with one commit where that is possible."""
        try:
            together: list[Job] = []
            for job in jobs:
                if isinstance(job.command, self._room_of_command[type(job.command)].after_all):
                    self._do_together(together)
                    together = []
                    self._do_alone(job)
                else:
                    together.append(job)
            self._do_together(together)
        except Exception as error:
            # Each caller has to hear of it, and may ask again with the same id.
            for job in jobs:
                if job.outcome is None and job.error is None:
                    job.error = error

    def _do_alone(self, job: Job) -> None:
        try:
            job.outcome = self._answer(job)
        except Exception as error:
            job.error = error

    def _asked_of(self, job: Job) -> Asked:
        return Asked(command=job.command, by=job.by, id=job.id, at=self._now() if job.at is None else aware(job.at))

    def _do_together(self, jobs: Sequence[Job]) -> None:
        if len(jobs) > 1:
            try:
                self._store_together(jobs)
            except Exception:
                # Nothing of it is stored, or nobody knows; each on its own gets its own answer, by its id.
                for job in jobs:
                    job.outcome = job.error = None
            else:
                self._react()
                return
        for job in jobs:
            self._do_alone(job)

    def _store_together(self, jobs: Sequence[Job]) -> None:
        """Decide several commands one after the other and store them as one commit."""
        for attempt in range(ATTEMPTS_TOGETHER_MAX):
            self._follow()
            self._settle()
            self._open_batch()
            try:
                batch = self._decide_together(jobs)
                last = self._append_batch(batch)
            except AppendConflictError:
                self._drop_batch()
                self._pause(attempt)
                continue
            except BaseException:
                self._drop_batch()
                raise
            self._tell_places(jobs, batch, last)
            with suppress(GridgovError):
                # It is stored. Whatever stands in the way now comes back with the next call.
                self._take_batch(batch, last)
            return
        raise AppendConflictError("what these commands rest on")

    def _decide_together(self, jobs: Sequence[Job]) -> Batch:
        batch = self._batch
        if batch is None:
            raise RuntimeError("no batch is open")
        for job in jobs:
            job.outcome = job.error = None
            try:
                job.outcome = self._run(self._asked_of(job))
            except (RefusalError, CommandConflictError) as error:
                job.error = error
        return batch

    def _tell_places(self, jobs: Sequence[Job], batch: Batch, last: int) -> None:
        """Put into the outcomes where their records stand: the drafts of a commit lie side by side."""
        first = last - len(batch.drafts) + 1
        places = {draft.command_id: place for place, draft in enumerate(batch.drafts, start=first)}
        for job in jobs:
            if job.outcome is not None and job.outcome.position is None:
                place = places.get(self._memory.stored(job.id), last)
                job.outcome = attrs.evolve(job.outcome, position=place)

    def _open_batch(self) -> None:
        self._batch = Batch(self._memory.position)
        self._memory.presume()

    def _not_in_a_batch(self, what: str) -> None:
        if self._batch is not None:
            raise RuntimeError(f"{what} is not possible inside a batch")

    def _keep(self, batch: Batch, asked: Asked, decided: Decided) -> Outcome:
        """Keep a decision until the batch is stored; fold it as if it were."""
        batch.asked.append((asked, decided.events if decided.refusal is None else decided.refusal.code))
        batch.outcomes[asked.id] = self._outcome_of(asked, decided.refusal)
        batch.read |= decided.read
        if decided.refusal is not None:
            raise decided.refusal
        batch.drafts += decided.drafts
        batch.private.update({entry.ref: entry for entry in decided.private})
        for draft, event in zip(decided.drafts, decided.events, strict=True):
            batch.seen.append(self._memory.apply(self._presumed(draft, event)))
        state = self._memory.subject(decided.primary) if decided.drafts else None
        outcome = Outcome(id=asked.id, state=state, events=decided.events, position=None)
        batch.results[asked.id] = outcome
        return outcome

    def _presumed(self, draft: Draft, event: Any) -> Seen:
        """Give an event before it is stored: its place is known only when the batch is."""
        tags = tuple(tag.removeprefix(self._memory.stored("")) for tag in draft.tags)
        fresh = tags[0] not in self._memory.live and self._memory.subject(tags[0]) is None
        return Seen(
            name=draft.name,
            event=event,
            tags=tags,
            by=draft.by,
            at=draft.occurred_at,
            stream=draft.stream,
            stream_version=1 if fresh else 2,
            position=self._memory.position + 1,
        )

    def _drop_batch(self) -> None:
        """Take back what was only presumed, and hear what others have stored meanwhile."""
        self._batch = None
        self._memory.undo()
        self._memory.follow(hear_after=self._heard)
        self._hear()
        self._check_setup()

    def _store_batch(self) -> None:
        for attempt in range(ATTEMPTS_MAX):
            batch = self._batch
            if batch is None:
                raise RuntimeError("no batch is open")
            try:
                last = self._append_batch(batch)
            except AppendConflictError:
                self._pause(attempt)
                self._decide_batch_anew(batch)
                continue
            with suppress(GridgovError):
                # It is stored. Whatever stands in the way now comes back with the next call.
                self._take_batch(batch, last)
            return
        raise AppendConflictError("what this batch rests on")

    def _decide_batch_anew(self, batch: Batch) -> None:
        """Somebody else was faster: decide everything again; each answer must stay what it was."""
        self._drop_batch()
        self._open_batch()
        batch_salts, again = batch.salts, self._batch
        if again is not None:
            again.salts = batch_salts
        for asked, answer in batch.asked:
            try:
                anew: Answer = self._run(asked).events
            except RefusalError as refusal:
                anew = refusal.code
            # Of what the clock asks for nobody was told; it may be answered otherwise, and is then asked for again.
            same = isinstance(anew, str) is isinstance(answer, str) if asked.internal else anew == answer
            if not same:
                raise AppendConflictError(f"what {type(asked.command).__name__} {asked.id!r} of this batch rests on")

    def _append_batch(self, batch: Batch) -> int:
        if not batch.outcomes:
            return batch.start
        return self._store.append(
            Commit(
                drafts=batch.drafts,
                condition=Condition(tags=frozenset(batch.read), after=batch.start),
                outcomes=list(batch.outcomes.values()),
                private=self._locked(batch.private.values()),
            )
        )

    def _take_batch(self, batch: Batch, last: int) -> None:
        """Go on from what was stored."""
        self._stored = max(self._stored, last)
        if last != batch.start + len(batch.drafts):
            # Others wrote beside us; what they wrote has to be folded in its own order.
            self._batch = None
            self._memory.undo()
            self._follow_to(last)
            self._hear()
            self._check_setup()
            return
        self._batch = None
        self._memory.position = last
        places = range(batch.start + 1, last + 1)
        self._memory.unheard += [attrs.evolve(s, position=p) for s, p in zip(batch.seen, places, strict=True)]
        self._memory.settle()
        self._hear()

    def _hear(self) -> None:
        """Take what is stored and new, for reactions, and tell the plugins."""
        fresh, self._memory.unheard = self._memory.unheard, []
        if not fresh:
            return
        self._heard = max(self._heard, fresh[-1].position)
        self._pending += fresh
        self._host.committed(
            [
                Happening(position=seen.position, name=seen.name, event=seen.event, by=seen.by, at=seen.at)
                for seen in fresh
            ]
        )

    # --- what the floors above do -------------------------------------------------------------

    @abstractmethod
    def _answer(self, job: Job) -> Outcome:
        """Do one command, and what follows from it."""

    @abstractmethod
    def _react(self) -> None:
        """Let reactions follow everything that was heard."""

    @abstractmethod
    def _settle(self) -> None:
        """Let what follows from a change for every case happen before anything that comes after it."""

    @abstractmethod
    def _do_all_due(self, until: dt.datetime) -> None:
        """Do everything that has fallen due by an instant."""

    @abstractmethod
    def _do_due(self, tag: str, due: FallsDue) -> None:
        """Do one thing that has fallen due."""
