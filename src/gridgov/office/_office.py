"""Follow, decide, store, react."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import attrs

from gridgov.access import check_access
from gridgov.decider import Decider, FallsDue, View, Watched
from gridgov.delivery import Channel, Courier, Delivered, Waiting
from gridgov.documents import ROOMS, Codec, fingerprint, read_refusal, write_refusal
from gridgov.errors import (
    AppendConflictError,
    CommandConflictError,
    GridgovError,
    NotFoundError,
    RefusalError,
    SetupMismatchError,
    StoreBusyError,
)
from gridgov.hooks import Fault, Happening, Host, Loaded
from gridgov.notices import Notice, notices_for
from gridgov.office._memory import Memory, Outcome, Seen
from gridgov.office._private import Envelope, same_texts, seal
from gridgov.reactions import REACTOR, react
from gridgov.setup import Adopted, AdoptSetup, AmendSetup, ErasePrivate, ReadPrivate, Setup, compare_sections
from gridgov.store import (
    Commit,
    Condition,
    Cursor,
    Draft,
    MemoryStore,
    PrivateEntry,
    Record,
    Store,
    StoredOutcome,
    every_record,
    verify_chain,
)

__all__ = ["Office", "Ticked", "open_office"]

ATTEMPTS_MAX = 10
TICK_PAGE = 200
REACTIONS = "reactions"
REACTIONS_PAGE = 500
"""How many records may be reacted to again after a crash."""
OWN = "gridgov:"
"""What the ids of the office's own commands begin with; nobody else's may."""
SYSTEM = "system:"
CLOCK, OFFICE = "system:clock", "system:office"
Answer = TypeVar("Answer")


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _aware(instant: dt.datetime) -> dt.datetime:
    if instant.tzinfo is None:
        raise ValueError(f"an instant must be an aware datetime, not {instant!r}")
    return instant.astimezone(dt.UTC)


@attrs.frozen(kw_only=True)
class Ticked:
    """What one tick did: how many things fell due and were done."""

    done: int
    until: dt.datetime


@attrs.frozen(kw_only=True)
class _Asked:
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


@attrs.frozen(kw_only=True)
class _Decided:
    """What a room decided, ready to be stored: events, or a refusal."""

    drafts: tuple[Draft, ...] = ()
    events: tuple[Any, ...] = ()
    primary: str = ""
    private: tuple[PrivateEntry, ...] = ()
    read: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    refusal: RefusalError | None = None


@attrs.define(eq=False)
class _Batch:
    """Commands that will be stored as one commit."""

    start: int
    drafts: list[Draft] = attrs.field(factory=list)
    read: set[str] = attrs.field(factory=set)
    outcomes: dict[str, StoredOutcome] = attrs.field(factory=dict)
    private: dict[str, PrivateEntry] = attrs.field(factory=dict)
    seen: list[Seen] = attrs.field(factory=list)
    asked: list[tuple[_Asked, bool]] = attrs.field(factory=list)
    results: dict[str, Outcome] = attrs.field(factory=dict)


class Office:
    """Runs one jurisdiction on a store. Make one with :func:`open_office`."""

    def __init__(
        self,
        setup: Setup,
        store: Store,
        *,
        host: Host | None = None,
        channels: Sequence[Channel] = (),
        clock: Callable[[], dt.datetime] = _utc_now,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        owns_store: bool = False,
    ) -> None:
        self._lock = threading.RLock()
        self._delivering = threading.Lock()
        self._host = host or Host()
        self._clock = clock
        self._entropy = entropy
        self._store = store
        self._owns_store = owns_store
        self._codec = Codec()
        self._room_of_command = {command: room for room in ROOMS for command in room.commands}
        self._memory = Memory(store, self._codec, setup.jurisdiction)
        self._batch: _Batch | None = None
        self._setup = setup.with_rules(self._host.rules(setup.catalog, setup.territory))
        self._adopted: Adopted | None = None
        self._pending: list[Seen] = []
        self._reacting = False
        self._reacted = 0
        self._closed = False
        self._memory.follow()
        self._memory.unheard.clear()
        self._adopt()
        self._courier = Courier(
            store,
            (*channels, *self._host.channels()),
            self._notices_of,
            cursor=self._memory.stored("delivery"),
        )
        self._catch_up()

    # --- opening and closing ----------------------------------------------------------------

    def _adopt(self) -> None:
        if self._memory.subject("setup") is None:
            digests = self._setup.section_digests
            documents = {digests[name]: body for name, body in self._setup.sections.items()}
            asked = _Asked(
                command=AdoptSetup(digests), by=OFFICE, id=f"{OWN}adopt", at=self._now(), documents=documents
            )
            # Somebody else may open the same store at the same moment; then what they adopted holds.
            with suppress(RefusalError, CommandConflictError):
                self._run(asked)
            self._memory.follow()
        self._check_setup()

    def _check_setup(self) -> None:
        """Refuse to go on with another setup than the one in force."""
        adopted: Adopted | None = self._memory.live.get("setup")
        if adopted is self._adopted:
            return
        if adopted is None or dict(adopted.sections) != self._setup.section_digests:
            sections = adopted.sections if adopted is not None else {}
            before = {name: self._store.document(digest) for name, digest in sections.items()}
            raise SetupMismatchError(compare_sections(before, dict(self._setup.sections)))
        self._adopted = adopted

    def _catch_up(self) -> None:
        """Let reactions follow that a crash has cut off."""
        self._reacted = self._store.cursor(self._memory.stored(REACTIONS)).position
        self._memory.unheard.clear()
        if self._reacted < self._memory.position:
            self._pending = self._memory.since(self._reacted)
            self._react()
            self._save_reactions()

    def close(self) -> None:
        """Save what can be saved, let plugins finish, and let go of a store that the office opened."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        try:
            # Outside the lock: a listener that is still at work may ask the office something.
            self._host.close()
            with self._lock:
                self._react()
                self._save_reactions()
        finally:
            if self._owns_store:
                self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    # --- commands ---------------------------------------------------------------------------

    def handle(self, command: Any, *, by: str, id: str | None = None, at: dt.datetime | None = None) -> Outcome:  # noqa: A002
        """Let a command happen, or have it refused; in both cases the outcome is stored.

        :param by: the actor; ``system:`` actors are the office's own.
        :param id: of the command; the same id and body give the stored outcome, so a retry after
            a crash is safe. Without one, a fresh id is made. Ids beginning with ``gridgov:`` are
            the office's own.
        :param at: when it happened, aware; by default now. What was due for its subject before
            that instant is done first.
        :raises RefusalError: it may not happen, with a code; the same again for the same id.
        :raises CommandConflictError: the id was used for another body.
        :raises AppendConflictError: others were faster again and again; try later.
        :raises SetupMismatchError: another process has amended the setup; open the office anew.
        :raises StoreBusyError: the store is held by somebody else; nothing happened.
        :raises StoreFullError: the disk is full; nothing happened.
        """
        if type(command) not in self._room_of_command:
            raise TypeError(f"{type(command).__name__} is no command of this office")
        if by.startswith(SYSTEM) or not by:
            raise ValueError(f"{by!r} is no actor; who acts has an id, and {SYSTEM}* are the office's own")
        if id is not None and (id.startswith(OWN) or not id):
            raise ValueError(f"the command id {id!r} is not for callers; choose another one")
        with self._lock:
            return self._ask_for(command, by=by, id=id or self._new_id(), at=at)

    def _ask_for(self, command: Any, *, by: str, id: str, at: dt.datetime | None = None) -> Outcome:  # noqa: A002
        try:
            return self._run(_Asked(command=command, by=by, id=id, at=self._now() if at is None else _aware(at)))
        finally:
            if self._batch is None:
                self._react()

    def _now(self) -> dt.datetime:
        return _aware(self._clock())

    def _new_id(self) -> str:
        return self._entropy(12).hex()

    def _follow(self) -> None:
        """Fold what is new, except inside a batch, which rests on one position."""
        if self._batch is None:
            self._memory.follow(hear_after=0)
            self._hear()
            self._check_setup()

    def _run(self, asked: _Asked) -> Outcome:
        for _ in range(ATTEMPTS_MAX):
            known = self._known(asked)
            if known is not None:
                return known
            self._follow()
            decided = self._decide_after_what_is_due(asked)
            if self._batch is not None:
                return self._keep(self._batch, asked, decided)
            try:
                return self._store_one(asked, decided)
            except AppendConflictError:
                continue
        raise AppendConflictError(f"what {type(asked.command).__name__} rests on")

    def _known(self, asked: _Asked) -> Outcome | None:
        """Give the outcome of a command that was handled before; raise its refusal."""
        batch = self._batch
        stored = batch.outcomes.get(asked.id) if batch is not None else None
        entries = batch.private if batch is not None and stored is not None else None
        stored = stored or self._store.outcome(self._memory.stored(asked.id))
        if stored is None:
            return None
        find = self._store.private if entries is None else entries.get
        if stored.fingerprint != fingerprint(asked.command, asked.by) or not same_texts(
            asked.command, self._memory.stored(asked.id), find
        ):
            raise CommandConflictError(asked.id)
        if not stored.accepted:
            raise read_refusal(stored.body)
        if batch is not None and asked.id in batch.results:
            return batch.results[asked.id]
        return self._replay(asked, stored)

    def _replay(self, asked: _Asked, stored: StoredOutcome) -> Outcome:
        if not stored.first:
            return Outcome(id=asked.id, state=None, events=(), position=None)
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

    def _decide_after_what_is_due(self, asked: _Asked) -> _Decided:
        """Decide; where a subject has something overdue at that instant, let that happen first."""
        while True:
            decided = self._decide(asked)
            overdue = [] if asked.internal else self._memory.overdue(sorted(decided.watched), asked.at)
            before = self._memory.position, len(self._batch.seen) if self._batch is not None else 0
            for tag, due in overdue:
                self._do_due(tag, due)
            after = self._memory.position, len(self._batch.seen) if self._batch is not None else 0
            if before == after:
                return decided

    def _decide(self, asked: _Asked) -> _Decided:
        room: Decider[Any, Any, Any] = self._room_of_command[type(asked.command)]
        envelope = seal(asked.command, self._memory.stored(asked.id), self._entropy)
        watched = Watched(self._memory.subjects)
        try:
            self._ask_plugins(asked, envelope.public)
            given = self._setup.given(room.name, at=asked.at, by=asked.by, command_id=asked.id, sealed=envelope.sealed)
            events = tuple(room.decide(envelope.public, watched, given))
        except RefusalError as refusal:
            return _Decided(refusal=refusal, read=self._tags_of(watched.read), watched=frozenset(watched.read))
        recorded_at = self._now()
        drafts = tuple(self._draft(room, event, asked.id, recorded_at) for event in events)
        return _Decided(
            drafts=drafts,
            events=events,
            primary=room.tags(events[0])[0] if events else "",
            private=self._entries(envelope, drafts, asked.at),
            read=self._tags_of(watched.read) | {tag for draft in drafts for tag in draft.tags},
            watched=frozenset(watched.read),
        )

    def _tags_of(self, read: set[str]) -> frozenset[str]:
        # Every decision rests on the setup in force, too.
        return frozenset(self._memory.stored(tag) for tag in (*read, "setup"))

    def _ask_plugins(self, asked: _Asked, public: Any) -> None:
        if asked.internal:
            return
        refused = self._host.validate(public, asked.by, asked.at)
        if refused is not None:
            plugin, reason = refused
            raise RefusalError(f"{plugin}.{reason.code}", reason.message, plugin=plugin)

    def _draft(self, room: Decider[Any, Any, Any], event: Any, id: str, recorded_at: dt.datetime) -> Draft:  # noqa: A002
        name, shape, body = self._codec.write(event)
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

    def _outcome_of(self, asked: _Asked, refusal: RefusalError | None) -> StoredOutcome:
        return StoredOutcome(
            command_id=self._memory.stored(asked.id),
            fingerprint=fingerprint(asked.command, asked.by),
            accepted=refusal is None,
            body=b"" if refusal is None else write_refusal(refusal),
            recorded_at=self._now(),
        )

    def _store_one(self, asked: _Asked, decided: _Decided) -> Outcome:
        position = self._store.append(
            Commit(
                drafts=decided.drafts,
                condition=Condition(tags=decided.read, after=self._memory.position),
                outcomes=[self._outcome_of(asked, decided.refusal)],
                private=decided.private,
                documents={} if decided.refusal else asked.documents,
                erase=() if decided.refusal else asked.erase,
            )
        )
        if decided.refusal is not None:
            raise decided.refusal
        self._memory.follow()
        self._hear()
        state = self._memory.subject(decided.primary) if decided.drafts else None
        return Outcome(id=asked.id, state=state, events=decided.events, position=position)

    # --- batches ----------------------------------------------------------------------------

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
            self._batch = _Batch(self._memory.position)
            try:
                yield self
                self._store_batch()
            except BaseException:
                self._drop_batch()
                raise
            self._react()

    def _not_in_a_batch(self, what: str) -> None:
        if self._batch is not None:
            raise RuntimeError(f"{what} is not possible inside a batch")

    def _keep(self, batch: _Batch, asked: _Asked, decided: _Decided) -> Outcome:
        """Keep a decision until the batch is stored; fold it as if it were."""
        batch.asked.append((asked, decided.refusal is None))
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
        """Forget what was only presumed, and hear what others have stored meanwhile."""
        start = self._batch.start if self._batch is not None else self._memory.position
        self._batch = None
        self._memory.forget()
        self._memory.follow(hear_after=start)
        self._hear()
        self._check_setup()

    def _store_batch(self) -> None:
        for _ in range(ATTEMPTS_MAX):
            batch = self._batch
            if batch is None:
                raise RuntimeError("no batch is open")
            try:
                self._append_batch(batch)
            except AppendConflictError:
                self._decide_batch_anew(batch)
                continue
            return
        raise AppendConflictError("what this batch rests on")

    def _decide_batch_anew(self, batch: _Batch) -> None:
        """Somebody else was faster: decide everything again; each answer must stay what it was."""
        self._drop_batch()
        self._batch = _Batch(self._memory.position)
        for asked, accepted in batch.asked:
            try:
                self._run(asked)
            except RefusalError:
                again = False
            else:
                again = True
            if again is not accepted:
                raise AppendConflictError(f"what {type(asked.command).__name__} {asked.id!r} of this batch rests on")

    def _append_batch(self, batch: _Batch) -> None:
        if not batch.outcomes:
            self._batch = None
            return
        last = self._store.append(
            Commit(
                drafts=batch.drafts,
                condition=Condition(tags=frozenset(batch.read), after=batch.start),
                outcomes=list(batch.outcomes.values()),
                private=list(batch.private.values()),
            )
        )
        if last != batch.start + len(batch.drafts):
            # Others wrote beside us; what they wrote has to be folded in its own order.
            self._drop_batch()
            return
        self._batch = None
        self._memory.position = last
        places = range(batch.start + 1, last + 1)
        self._memory.unheard += [attrs.evolve(s, position=p) for s, p in zip(batch.seen, places, strict=True)]
        self._memory.drop_settled()
        self._hear()

    # --- what follows -----------------------------------------------------------------------

    def _hear(self) -> None:
        """Take what is stored and new, for reactions, and tell the plugins."""
        fresh, self._memory.unheard = self._memory.unheard, []
        if not fresh:
            return
        self._pending += fresh
        self._host.committed(
            [
                Happening(position=seen.position, name=seen.name, event=seen.event, by=seen.by, at=seen.at)
                for seen in fresh
            ]
        )

    def _react(self) -> None:
        """Let reactions follow everything that was heard, reactions to reactions included.

        What was committed stays committed whatever happens here: a passing fault leaves the
        event pending for the next call, and the cursor never passes it.
        """
        if self._reacting or self._batch is not None:
            return
        self._reacting = True
        try:
            while self._pending:
                seen = self._pending[0]
                for reaction in react(seen.event, lambda s=seen: self._after(s), seen.position, self._setup):  # type: ignore[misc]
                    self._do_own(reaction.command, by=REACTOR, id=f"{OWN}{reaction.id}", at=seen.at)
                self._pending.pop(0)
        except GridgovError as error:
            if not error.temporary:
                raise
        finally:
            self._reacting = False

    def _after(self, seen: Seen) -> Any:
        return self._memory.subject_at(seen.tags[0], seen.position)

    def _do_own(self, command: Any, *, by: str, id: str, at: dt.datetime) -> None:  # noqa: A002
        """Ask for something that the office itself wants; a wrong one must not stop the others."""
        try:
            self._run(_Asked(command=command, by=by, id=id, at=at))
        except RefusalError:
            pass  # a refusal is an outcome like any other, and is stored
        except (GridgovError, ValueError, LookupError) as error:
            if isinstance(error, GridgovError) and (error.temporary or isinstance(error, SetupMismatchError)):
                raise
            self._host.faults.append(Fault("gridgov", type(command).__name__, f"{id}: {error}"))

    def _save_reactions(self) -> None:
        """Save how far reactions have come: a crash before that only makes them ask again."""
        done = self._pending[0].position - 1 if self._pending else self._memory.position
        if self._reacted < done:
            self._store.save_cursor(Cursor(name=self._memory.stored(REACTIONS), position=done))
            self._reacted = done

    def tick(self, now: dt.datetime | None = None) -> Ticked:
        """Do everything that has fallen due by *now*: warn, escalate, confirm, expire.

        Each thing happens at the instant at which it was due, in order, so one tick over a long
        gap leads to the same state as many small ones. Calling it again changes nothing.
        """
        until = self._now() if now is None else _aware(now)
        done = 0
        with self._lock:
            self._not_in_a_batch("a tick")
            while True:
                count = self._tick_page(until)
                done += count
                if count < TICK_PAGE:
                    break
            self._react()
            if self._memory.position - self._reacted >= REACTIONS_PAGE:
                self._save_reactions()
        return Ticked(done=done, until=until)

    def _tick_page(self, now: dt.datetime) -> int:
        self._follow()
        first = self._memory.next_due(now)
        if first is None:
            return 0
        self._memory.put_back(*first)
        count = 0
        with self.batch():
            while count < TICK_PAGE:
                found = self._memory.next_due(now)
                if found is None:
                    break
                self._do_due(*found)
                count += 1
        return count

    def _do_due(self, tag: str, due: FallsDue) -> None:
        id_ = f"{OWN}clock:{tag}:{due.key}:{due.at.astimezone(dt.UTC).isoformat()}"
        self._do_own(due.command, by=CLOCK, id=id_, at=due.at)

    # --- notices ----------------------------------------------------------------------------

    def deliver(self, now: dt.datetime | None = None) -> Delivered:
        """Send every notice that is new or due again; see :class:`gridgov.delivery.Courier`."""
        moment = self._now() if now is None else _aware(now)
        with self._lock:
            self._not_in_a_batch("a delivery")
            self._follow()
        with self._delivering:
            return self._courier.run(moment)

    def undelivered(self) -> tuple[Waiting, ...]:
        """Give every notice that has not arrived, dead letters included."""
        return self._courier.waiting

    def resend(self, notice_id: str) -> None:
        """Let a dead letter be tried again in the next :meth:`deliver`."""
        with self._delivering:
            self._courier.resend(notice_id, self._now())

    def _notices_of(self, record: Record) -> Iterator[Notice]:
        if not record.stream.startswith(self._memory.stored("")):
            return
        seen = self._memory.seen(record)
        if not any(subscription.event == seen.name for subscription in self._setup.subscriptions):
            return
        after = self._memory.subject_at(seen.tags[0], record.position)
        yield from notices_for(seen.name, seen.event, after, f"{seen.stream}@{seen.stream_version}", self._setup)

    # --- questions --------------------------------------------------------------------------

    def ask(self, view: View[Answer], *, by: str, at_least: int | None = None) -> Answer:
        """Answer a question from everything that is stored now (inside a batch: and kept in it).

        :param by: who asks; what is not their own needs a grant for the view's name.
        :param at_least: a position that the answer must include.
        :raises RefusalError: ``access.denied``.
        :raises StoreBusyError: the store has not come as far as *at_least* yet; may succeed later.
        """
        with self._lock:
            self._follow()
            if at_least is not None and self._memory.position < at_least:
                raise StoreBusyError(f"the store stands at {self._memory.position}, not yet at {at_least}")
            sight = _Sight(self._memory, self._setup, self._now(), by)
            if not view.mine(by):
                check_access(
                    self._setup.access,
                    type(view).__name__,
                    by=by,
                    place=view.place(sight),
                    roster=self._setup.roster,
                    territory=self._setup.territory,
                    on=self._setup.calendar.local(self._now()).date(),
                )
            return view.answer(sight)

    def read_private(self, ref: str, *, by: str, purpose: str) -> str:
        """Give a private text, and leave a trace of who read it for what.

        :raises RefusalError: without a grant, or for another purpose than it was collected for.
        :raises NotFoundError: there is none, it was erased, or it belongs to another jurisdiction.
        """
        with self._lock:
            self._not_in_a_batch("reading a private text")
            entry = self._store.private(ref) if ref.startswith(self._memory.stored("")) else None
            if entry is None:
                raise NotFoundError("there is no such private text, or it was erased")
            if purpose != entry.purpose:
                raise RefusalError(
                    "private.other-purpose",
                    f"it was collected for {entry.purpose}, not for what it is to be read for",
                    purpose=entry.purpose,
                )
            self._follow()
            tag = entry.subject.removeprefix(self._memory.stored(""))
            subject = self._memory.subject(tag)
            place = subject.file.place if tag.startswith("case:") and subject is not None else None
            self.handle(ReadPrivate(ref, subject=tag, purpose=purpose, place=place), by=by)
            return entry.body.decode()

    def erase(self, subject: str, *, by: str, id: str | None = None) -> int:  # noqa: A002
        """Erase every private text about a subject; chain, replay and statistics stay valid.

        :param subject: as in ``"case:app-4711"``.
        :returns: how many texts were erased.
        """
        with self._lock:
            refs = tuple(self._store.private_refs(subject=self._memory.stored(subject)))
            return self._erase(refs, subject, by, id)

    def erase_ended(self, *, by: str, on: dt.date) -> int:
        """Erase every private text of this jurisdiction whose time ended before a day; give how many."""
        with self._lock:
            own = self._memory.stored("")
            refs = tuple(ref for ref in self._store.private_refs(ended_before=on) if ref.startswith(own))
            return self._erase(refs, "ended", by, None)

    def _erase(self, refs: tuple[str, ...], subject: str, by: str, id_: str | None) -> int:
        self._not_in_a_batch("erasing")
        if refs:
            command = ErasePrivate(refs, subject=subject)
            self._run(_Asked(command=command, by=by, id=id_ or self._new_id(), at=self._now(), erase=refs))
        return len(refs)

    # --- the office itself ------------------------------------------------------------------

    @property
    def setup(self) -> Setup:
        """The setup in force, with the rows that plugins added."""
        return self._setup

    @property
    def plugins(self) -> tuple[Loaded, ...]:
        """The plugins at work, in order."""
        return self._host.plugins

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What plugins, or the office's own reactions and clock, did wrong since it was opened."""
        return tuple(self._host.faults)

    @property
    def position(self) -> int:
        """How far the office has followed the store."""
        return self._memory.position

    def knows(self, id: str) -> bool:  # noqa: A002
        """Say whether a command with this id was handled before, here or elsewhere, or in the open batch."""
        with self._lock:
            batched = self._batch is not None and id in self._batch.outcomes
            return batched or self._store.outcome(self._memory.stored(id)) is not None

    def amend(self, setup: Setup, *, by: str, reason: str, id: str | None = None) -> Outcome:  # noqa: A002
        """Put another setup in force from now on, as an event with its reason.

        What was decided before keeps the versions that it names. Other offices on the store
        notice it with their next call and have to be opened anew.

        :raises RefusalError: without a grant or a reason, where nothing changed, for another
            jurisdiction, or where the place of an open case would be gone.
        """
        with self._lock:
            self._not_in_a_batch("amending the setup")
            self._follow()
            fresh = setup.with_rules(self._host.rules(setup.catalog, setup.territory))
            self._check_amendment(fresh)
            documents = {fresh.section_digests[name]: body for name, body in fresh.sections.items()}
            before, self._setup = self._setup, fresh
            asked = _Asked(
                command=AmendSetup(fresh.section_digests, reason=reason),
                by=by,
                id=id or self._new_id(),
                at=self._now(),
                documents=documents,
            )
            try:
                # Whether it is allowed is decided by the setup that is in force until then.
                self._setup = before
                decided = self._decide(asked)
                self._setup = fresh
                outcome = self._known(asked) or self._store_one(asked, decided)
            except BaseException:
                self._setup = before
                raise
            self._check_setup()
            return outcome

    def _check_amendment(self, fresh: Setup) -> None:
        if fresh.jurisdiction != self._setup.jurisdiction:
            raise RefusalError(
                "setup.other-jurisdiction",
                f"this store belongs to {self._setup.jurisdiction}, not to {fresh.jurisdiction}",
            )
        for tag, subject in self._memory.live.items():
            if tag.startswith("case:") and subject.file.place not in fresh.territory:
                raise RefusalError(
                    "setup.place-in-use",
                    f"the open case {subject.id} lies in {subject.file.place}, which the new setup does not have",
                    case=subject.id,
                    place=subject.file.place,
                )

    def verify(self) -> int:
        """Check every chain in the store; give the count of records.

        :raises StoreDamagedError: names the first record that does not match.
        """
        return verify_chain(every_record(self._store))


class _Sight:
    """What a view sees."""

    def __init__(self, memory: Memory, setup: Setup, at: dt.datetime, by: str) -> None:
        self._memory = memory
        self._setup = setup
        self._at = at
        self._by = by
        self.tally = memory.tally

    def given(self, room: str) -> Any:
        return self._setup.given(room, at=self._at, by=self._by)

    def subject(self, tag: str) -> Any:
        return self._memory.subject(tag)

    def live(self, prefix: str) -> Iterator[Any]:
        return (subject for tag, subject in self._memory.live.items() if tag.startswith(prefix))

    def events(self, tag: str) -> Iterator[Any]:
        return self._memory.events(tag)


def open_office(
    setup: Setup,
    store: Store | str | None = None,
    *,
    plugins: Sequence[Any] = (),
    discover: bool = True,
    channels: Sequence[Channel] = (),
    clock: Callable[[], dt.datetime] = _utc_now,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> Office:
    """Open an office on a store; the first opening adopts the setup.

    :param store: a store (which stays the caller's to close), or the URL of one that a plugin
        opens (``"sqlite:///youyi.db"``), or None for one in memory.
    :param plugins: plugin objects, or (name, object) pairs, after the installed ones.
    :param discover: also use the installed plugins (entry-point group ``gridgov``).
    :param channels: channels for notices, beside those of plugins.
    :param clock: gives the current instant, aware; :param entropy: gives random bytes.
    :raises SetupMismatchError: the store was adopted with another setup; carries the difference.
    :raises PluginError: a plugin does not fit.
    :raises StoreError: the store cannot be used; the file was left as it was.
    """
    host = Host(plugins, discover=discover)
    given = isinstance(store, Store)
    opened: Store | None = None
    try:
        opened = store if isinstance(store, Store) else MemoryStore() if store is None else host.open_store(store)
        return Office(setup, opened, host=host, channels=channels, clock=clock, entropy=entropy, owns_store=not given)
    except BaseException:
        host.close()
        if opened is not None and not given:
            opened.close()
        raise
