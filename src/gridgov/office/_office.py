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
from gridgov.decider import Decider, FallsDue, View, Watched, private_fields
from gridgov.delivery import Channel, Courier, Delivered, Waiting
from gridgov.documents import ROOMS, Codec, fingerprint, read_refusal, write_refusal
from gridgov.errors import (
    AppendConflictError,
    CommandConflictError,
    NotFoundError,
    RefusalError,
    SetupMismatchError,
    StoreBusyError,
)
from gridgov.hooks import Happening, Host, Loaded
from gridgov.notices import Notice, notices_for
from gridgov.office._memory import Memory, Outcome, Seen
from gridgov.proofs import Sealed, commitment
from gridgov.reactions import REACTOR, react
from gridgov.setup import (
    Adopted,
    AdoptSetup,
    AmendSetup,
    ErasePrivate,
    ReadPrivate,
    Setup,
    compare_sections,
)
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
CLOCK = "system:clock"
Answer = TypeVar("Answer")


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@attrs.frozen(kw_only=True)
class Ticked:
    """What one tick did: how many things fell due and were done."""

    done: int
    until: dt.datetime


@attrs.define(eq=False)
class _Batch:
    """Commands that will be stored as one commit."""

    start: int
    drafts: list[Draft] = attrs.field(factory=list)
    read: set[str] = attrs.field(factory=set)
    outcomes: dict[str, StoredOutcome] = attrs.field(factory=dict)
    private: list[PrivateEntry] = attrs.field(factory=list)
    seen: list[Seen] = attrs.field(factory=list)
    again: list[Callable[[], object]] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class _Decided:
    """What a room decided, ready to be stored."""

    drafts: tuple[Draft, ...]
    read: frozenset[str]
    private: tuple[PrivateEntry, ...]
    events: tuple[Any, ...]
    primary: str = ""


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
    ) -> None:
        self._lock = threading.RLock()
        self._delivering = threading.Lock()
        self._host = host or Host()
        self._clock = clock
        self._entropy = entropy
        self._store = store
        self._codec = Codec()
        self._room_of_command = {command: room for room in ROOMS for command in room.commands}
        self._memory = Memory(store, self._codec, setup.jurisdiction)
        self._batch: _Batch | None = None
        self._setup = setup.with_rules(self._host.rules(setup.catalog, setup.territory))
        self._pending: list[Seen] = []
        self._reacting = False
        self._reacted = 0
        self._closed = False
        self._memory.follow()
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
        adopted: Adopted | None = self._memory.subject("setup")
        digests = self._setup.section_digests
        if adopted is None:
            documents = {digests[name]: body for name, body in self._setup.sections.items()}
            try:
                self._run(AdoptSetup(digests), by="system:office", id="adopt", documents=documents)
            except (RefusalError, CommandConflictError):
                # Somebody else opened the same store at the same moment; what they adopted holds.
                self._memory.follow()
            adopted = self._memory.subject("setup")
        if adopted is None:
            raise StoreBusyError("the setup of this store is being adopted by somebody else")
        if dict(adopted.sections) != digests:
            before = {name: self._store.document(digest) for name, digest in adopted.sections.items()}
            raise SetupMismatchError(compare_sections(before, dict(self._setup.sections)))

    def _catch_up(self) -> None:
        """Let reactions follow that a crash has cut off."""
        after = self._reacted = self._store.cursor(self._memory.stored(REACTIONS)).position
        if after < self._memory.position:
            self._pending = self._memory.heard_since(after)
            self._react()
            self._save_reactions()

    def close(self) -> None:
        """Save what can be saved, let plugins finish, and let go of the store."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                self._save_reactions()
            finally:
                self._host.close()
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

        :param by: the actor. :param id: of the command; the same id and body give the stored
            outcome, so a retry after a crash is safe. Without one, a fresh id is made.
        :param at: when it happened, aware; by default now.
        :raises RefusalError: it may not happen, with a code; the same again for the same id.
        :raises CommandConflictError: the id was used for another body.
        :raises AppendConflictError: others were faster again and again; try later.
        :raises StoreBusyError: the store is held by somebody else; nothing happened.
        :raises StoreFullError: the disk is full; nothing happened.
        """
        if type(command) not in self._room_of_command:
            raise TypeError(f"{type(command).__name__} is no command of this office")
        with self._lock:
            outcome = self._run(command, by=by, id=id or self._new_id(), at=at)
            if self._batch is None:
                self._react()
            return outcome

    def _new_id(self) -> str:
        return self._entropy(12).hex()

    def _run(
        self,
        command: Any,
        *,
        by: str,
        id: str,  # noqa: A002
        at: dt.datetime | None = None,
        documents: dict[str, bytes] | None = None,
        erase: Sequence[str] = (),
    ) -> Outcome:
        at = at or self._clock()
        if at.tzinfo is None:
            raise ValueError(f"at must be an aware datetime, not {at!r}")
        if self._batch is not None:
            return self._run_in_batch(self._batch, command, by=by, id=id, at=at)
        for _ in range(ATTEMPTS_MAX):
            stored = self._store.outcome(self._memory.stored(id))
            if stored is not None:
                return self._replay(stored, command, by)
            self._hear(self._memory.follow())
            try:
                return self._store_one(command, by=by, id=id, at=at, documents=documents or {}, erase=erase)
            except AppendConflictError:
                continue
        raise AppendConflictError(f"what {type(command).__name__} rests on")

    def _store_one(
        self,
        command: Any,
        *,
        by: str,
        id: str,  # noqa: A002
        at: dt.datetime,
        documents: dict[str, bytes],
        erase: Sequence[str],
    ) -> Outcome:
        try:
            decided = self._decide(command, by=by, id=id, at=at)
        except RefusalError as refusal:
            self._store.append(Commit(outcomes=[self._outcome_of(command, by, id, refusal)]))
            raise
        position = self._store.append(
            Commit(
                drafts=decided.drafts,
                condition=Condition(tags=decided.read, after=self._memory.position),
                outcomes=[self._outcome_of(command, by, id, None)],
                private=decided.private,
                documents=documents,
                erase=erase,
            )
        )
        self._hear(self._memory.follow())
        state = self._memory.subject(decided.primary) if decided.drafts else None
        return Outcome(id=id, state=state, events=decided.events, position=position)

    def _decide(self, command: Any, *, by: str, id: str, at: dt.datetime) -> _Decided:  # noqa: A002
        room: Decider[Any, Any, Any] = self._room_of_command[type(command)]
        public, sealed, texts = self._seal(command, id)
        refused = self._host.validate(public, by, at)
        if refused is not None:
            plugin, reason = refused
            raise RefusalError(f"{plugin}.{reason.code}", reason.message, plugin=plugin)
        given = self._setup.given(room.name, at=at, by=by, command_id=id, sealed=sealed)
        watched = Watched(self._memory.subjects)
        events = tuple(room.decide(public, watched, given))
        recorded_at = self._clock()
        drafts = tuple(self._draft(room, event, id, recorded_at) for event in events)
        read = {self._memory.stored(tag) for tag in watched.read} | {tag for draft in drafts for tag in draft.tags}
        return _Decided(
            drafts=drafts,
            read=frozenset(read),
            private=self._entries(texts, drafts, at),
            events=events,
            primary=room.tags(events[0])[0] if events else "",
        )

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

    def _seal(self, command: Any, id: str) -> tuple[Any, dict[str, Sealed], dict[str, tuple[Sealed, bytes, str, str]]]:  # noqa: A002
        """Take the private texts out: the command without them, their seals, and what to keep."""
        sealed: dict[str, Sealed] = {}
        texts: dict[str, tuple[Sealed, bytes, str, str]] = {}
        for field, purpose in private_fields(type(command)).items():
            text = getattr(command, field).strip()
            if text:
                salt = self._entropy(16)
                seal = Sealed(f"{self._memory.stored(id)}/{field}", commitment(salt, text.encode()))
                sealed[field] = seal
                texts[field] = (seal, salt, text, purpose)
        public = attrs.evolve(command, **dict.fromkeys(texts, "")) if texts else command
        return public, sealed, texts

    def _entries(
        self, texts: dict[str, tuple[Sealed, bytes, str, str]], drafts: Sequence[Draft], at: dt.datetime
    ) -> tuple[PrivateEntry, ...]:
        if not drafts:
            return ()
        entries = []
        for seal, salt, text, purpose in texts.values():
            retention = self._setup.retention[purpose]
            entries.append(
                PrivateEntry(
                    ref=seal.ref,
                    subject=drafts[0].tags[0],
                    purpose=purpose,
                    basis=retention.basis,
                    ends_on=at.date() + dt.timedelta(days=retention.days),
                    salt=salt,
                    body=text.encode(),
                )
            )
        return tuple(entries)

    def _outcome_of(self, command: Any, by: str, id: str, refusal: RefusalError | None) -> StoredOutcome:  # noqa: A002
        return StoredOutcome(
            command_id=self._memory.stored(id),
            fingerprint=fingerprint(command, by),
            accepted=refusal is None,
            body=b"" if refusal is None else write_refusal(refusal),
            recorded_at=self._clock(),
        )

    def _replay(self, stored: StoredOutcome, command: Any, by: str) -> Outcome:
        """Give the stored outcome again."""
        id = stored.command_id.removeprefix(self._memory.stored(""))  # noqa: A001
        if stored.fingerprint != fingerprint(command, by) or self._text_differs(stored, command):
            raise CommandConflictError(id)
        if not stored.accepted:
            raise read_refusal(stored.body)
        self._hear(self._memory.follow())
        if not stored.first:
            return Outcome(id=id, state=None, events=(), position=None)
        seen = [
            self._memory.seen(record)
            for record in self._store.read(after=stored.first - 1, limit=stored.last - stored.first + 1)
            if record.command_id == stored.command_id
        ]
        return Outcome(
            id=id,
            state=self._memory.subject_at(seen[0].tags[0], stored.last),
            events=tuple(each.event for each in seen),
            position=stored.last,
        )

    def _text_differs(self, stored: StoredOutcome, command: Any) -> bool:
        """Compare private texts with what was kept; an erased one cannot be compared."""
        for field in private_fields(type(command)):
            entry = self._store.private(f"{stored.command_id}/{field}")
            if entry is not None and entry.body != getattr(command, field).strip().encode():
                return True
        return False

    # --- batches ----------------------------------------------------------------------------

    @contextmanager
    def batch(self) -> Iterator[Self]:
        """Store everything that is handled inside as one commit: for bulk work.

        A refusal is raised where it happens, and stored with the rest. If the block raises, or
        others were faster too often, nothing of it is stored. Batches do not nest.

        :raises AppendConflictError: as :meth:`handle`.
        """
        with self._lock:
            if self._batch is not None:
                raise RuntimeError("a batch is open already; batches do not nest")
            self._hear(self._memory.follow())
            self._batch = _Batch(self._memory.position)
            try:
                yield self
                self._store_batch()
            except BaseException:
                self._drop_batch()
                raise
            self._react()

    def _drop_batch(self) -> None:
        """Forget what was only presumed, and hear what others have stored meanwhile."""
        start = self._batch.start if self._batch is not None else self._memory.position
        self._batch = None
        self._memory.forget()
        self._memory.follow()
        self._hear(self._memory.heard_since(start))

    def _store_batch(self) -> None:
        for _ in range(ATTEMPTS_MAX):
            batch = self._batch
            if batch is None:
                raise RuntimeError("no batch is open")
            try:
                self._append_batch(batch)
            except AppendConflictError:
                # Somebody else was faster: forget what was only presumed, and decide all anew.
                self._drop_batch()
                self._batch = _Batch(self._memory.position)
                for again in batch.again:
                    again()
                continue
            return
        raise AppendConflictError("what this batch rests on")

    def _append_batch(self, batch: _Batch) -> None:
        if batch.outcomes:
            last = self._store.append(
                Commit(
                    drafts=batch.drafts,
                    condition=Condition(tags=frozenset(batch.read), after=batch.start),
                    outcomes=list(batch.outcomes.values()),
                    private=batch.private,
                )
            )
            if last == batch.start + len(batch.drafts):
                self._memory.position = last
                places = range(batch.start + 1, last + 1)
                batch.seen = [attrs.evolve(s, position=p) for s, p in zip(batch.seen, places, strict=True)]
            else:
                # Others wrote beside us; what they wrote has to be folded in its own order.
                self._drop_batch()
                self._memory.drop_settled()
                return
        self._batch = None
        self._memory.drop_settled()
        self._hear(batch.seen)

    def _run_in_batch(self, batch: _Batch, command: Any, *, by: str, id: str, at: dt.datetime) -> Outcome:  # noqa: A002
        stored = self._store.outcome(self._memory.stored(id))
        if stored is not None:
            return self._replay_in_batch(stored, command, by)
        earlier = batch.outcomes.get(id)
        if earlier is not None:
            if earlier.fingerprint != fingerprint(command, by):
                raise CommandConflictError(id)
            if not earlier.accepted:
                raise read_refusal(earlier.body)
            return Outcome(id=id, state=None, events=(), position=None)
        batch.again.append(lambda: self._again(command, by=by, id=id, at=at))
        try:
            decided = self._decide(command, by=by, id=id, at=at)
        except RefusalError as refusal:
            batch.outcomes[id] = self._outcome_of(command, by, id, refusal)
            raise
        batch.outcomes[id] = self._outcome_of(command, by, id, None)
        batch.drafts += decided.drafts
        batch.read |= decided.read
        batch.private += decided.private
        for draft, event in zip(decided.drafts, decided.events, strict=True):
            batch.seen.append(self._memory.apply(self._presumed(draft, event)))
        state = self._memory.subject(decided.primary) if decided.drafts else None
        return Outcome(id=id, state=state, events=decided.events, position=None)

    def _again(self, command: Any, *, by: str, id: str, at: dt.datetime) -> None:  # noqa: A002
        with suppress(RefusalError):  # a refusal is an outcome like any other, and is stored
            self._run(command, by=by, id=id, at=at)

    def _replay_in_batch(self, stored: StoredOutcome, command: Any, by: str) -> Outcome:
        if stored.fingerprint != fingerprint(command, by) or self._text_differs(stored, command):
            raise CommandConflictError(stored.command_id)
        if not stored.accepted:
            raise read_refusal(stored.body)
        return Outcome(id=stored.command_id, state=None, events=(), position=stored.last)

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

    # --- what follows -----------------------------------------------------------------------

    def _hear(self, fresh: Sequence[Seen]) -> None:
        """Remember what is stored now, for reactions, and tell the plugins."""
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
        """Let reactions follow everything that was heard, reactions to reactions included."""
        if self._reacting:
            return
        self._reacting = True
        try:
            while self._pending:
                seen = self._pending.pop(0)
                for reaction in react(seen.event, lambda s=seen: self._after(s), self._setup):  # type: ignore[misc]
                    self._again(reaction.command, by=REACTOR, id=reaction.id, at=seen.at)
        finally:
            self._reacting = False

    def _after(self, seen: Seen) -> Any:
        return self._memory.subject_at(seen.tags[0], seen.position)

    def _save_reactions(self) -> None:
        """Save how far reactions have come: a crash before that only makes them ask again."""
        if not self._pending and self._reacted < self._memory.position:
            self._store.save_cursor(Cursor(name=self._memory.stored(REACTIONS), position=self._memory.position))
            self._reacted = self._memory.position

    def tick(self, now: dt.datetime | None = None) -> Ticked:
        """Do everything that has fallen due by *now*: warn, escalate, confirm, expire.

        Each thing happens at the instant at which it was due, in order, so one tick over a long
        gap leads to the same state as many small ones. Calling it again changes nothing.
        """
        now = now or self._clock()
        done = 0
        with self._lock:
            while True:
                count = self._tick_page(now)
                done += count
                if count < TICK_PAGE:
                    break
            if self._memory.position - self._reacted >= REACTIONS_PAGE:
                self._save_reactions()
        return Ticked(done=done, until=now)

    def _tick_page(self, now: dt.datetime) -> int:
        self._hear(self._memory.follow())
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
        id_ = f"clock:{tag}:{due.key}:{due.at.astimezone(dt.UTC).isoformat()}"
        self._again(due.command, by=CLOCK, id=id_, at=due.at)

    def deliver(self, now: dt.datetime | None = None) -> Delivered:
        """Send every notice that is new or due again; see :class:`gridgov.delivery.Courier`."""
        with self._lock:
            self._hear(self._memory.follow())
        with self._delivering:
            return self._courier.run(now or self._clock())

    def undelivered(self) -> tuple[Waiting, ...]:
        """Give every notice that has not arrived, dead letters included."""
        return self._courier.waiting

    def resend(self, notice_id: str) -> None:
        """Let a dead letter be tried again in the next :meth:`deliver`."""
        self._courier.resend(notice_id, self._clock())

    def _notices_of(self, record: Record) -> Iterator[Notice]:
        if not record.stream.startswith(self._memory.stored("")):
            return
        seen = self._memory.seen(record)
        if not any(subscription.event == seen.name for subscription in self._setup.subscriptions):
            return
        with self._lock:
            after = self._memory.subject_at(seen.tags[0], record.position)
        yield from notices_for(seen.name, seen.event, after, f"{seen.stream}@{seen.stream_version}", self._setup)

    # --- questions --------------------------------------------------------------------------

    def ask(self, view: View[Answer], *, by: str, at_least: int | None = None) -> Answer:
        """Answer a question from everything that is stored now.

        :param by: who asks; what is not their own needs a grant for the view's name.
        :param at_least: a position that the answer must include.
        :raises RefusalError: ``access.denied``.
        :raises StoreBusyError: the store has not come as far as *at_least* yet; may succeed later.
        """
        with self._lock:
            self._hear(self._memory.follow())
            if at_least is not None and self._memory.position < at_least:
                raise StoreBusyError(f"the store stands at {self._memory.position}, not yet at {at_least}")
            sight = _Sight(self._memory, self._setup, self._clock(), by)
            if not view.mine(by):
                check_access(
                    self._setup.access,
                    type(view).__name__,
                    by=by,
                    place=view.place(sight),
                    roster=self._setup.roster,
                    territory=self._setup.territory,
                    on=self._setup.calendar.local(self._clock()).date(),
                )
            return view.answer(sight)

    def read_private(self, ref: str, *, by: str, purpose: str) -> str:
        """Give a private text, and leave a trace of who read it for what.

        :raises RefusalError: without a grant, or for another purpose than it was collected for.
        :raises NotFoundError: there is none, or it was erased.
        """
        with self._lock:
            entry = self._store.private(ref)
            if entry is None:
                raise NotFoundError(f"there is no private text {ref!r}, or it was erased")
            if purpose != entry.purpose:
                raise RefusalError(
                    "private.other-purpose",
                    f"{ref} was collected for {entry.purpose}, not for {purpose}",
                    ref=ref,
                    purpose=purpose,
                )
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
            if refs:
                self._run(ErasePrivate(refs, subject=subject), by=by, id=id or self._new_id(), erase=refs)
            return len(refs)

    def erase_ended(self, *, by: str, on: dt.date) -> int:
        """Erase every private text whose time ended before a day; give how many."""
        with self._lock:
            refs = tuple(self._store.private_refs(ended_before=on))
            if refs:
                command = ErasePrivate(refs, subject="ended")
                self._run(command, by=by, id=f"erase-ended:{on}:{len(refs)}:{refs[0]}", erase=refs)
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
    def faults(self) -> tuple[Any, ...]:
        """What plugins did wrong since the office was opened."""
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

        What was decided before keeps the versions that it names.

        :raises RefusalError: without a grant, without a reason, or where nothing changed.
        """
        with self._lock:
            fresh = setup.with_rules(self._host.rules(setup.catalog, setup.territory))
            if fresh.jurisdiction != self._setup.jurisdiction:
                raise RefusalError(
                    "setup.other-jurisdiction",
                    f"this store belongs to {self._setup.jurisdiction}, not to {fresh.jurisdiction}",
                )
            documents = {fresh.section_digests[name]: body for name, body in fresh.sections.items()}
            command = AmendSetup(fresh.section_digests, reason=reason)
            outcome = self._run(command, by=by, id=id or self._new_id(), documents=documents)
            self._setup = fresh
            return outcome

    def verify(self) -> int:
        """Check every chain, and every private text against its commitment; give the count of records.

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
        self.tally = dict(memory.tally)

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

    :param store: a store, or the URL of one that a plugin opens (``"sqlite:///youyi.db"``), or
        None for one in memory.
    :param plugins: plugin objects, after the installed ones.
    :param discover: also use the installed plugins (entry-point group ``gridgov``).
    :param channels: channels for notices, beside those of plugins.
    :param clock: gives the current instant, aware; :param entropy: gives random bytes.
    :raises SetupMismatchError: the store was adopted with another setup; carries the difference.
    :raises PluginError: a plugin does not fit.
    :raises StoreError: the store cannot be used; the file was left as it was.
    """
    host = Host(plugins, discover=discover)
    opened = store if isinstance(store, Store) else MemoryStore() if store is None else host.open_store(store)
    try:
        return Office(setup, opened, host=host, channels=channels, clock=clock, entropy=entropy)
    except BaseException:
        host.close()
        opened.close()
        raise
