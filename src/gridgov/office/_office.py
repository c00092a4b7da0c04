"""The facade: commands in, outcomes and answers out."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import attrs

from gridgov.access import masked
from gridgov.cases import OpenCase
from gridgov.decider import CLOCKS_DIFFER, View
from gridgov.delivery import Channel, Courier
from gridgov.documents import ROOMS, check_types
from gridgov.errors import (
    GridgovError,
    NotFoundError,
    RefusalError,
    StoreBusyError,
    StoreDamagedError,
)
from gridgov.hooks import CodeList, Exporting, Fault, Host, Importing, Loaded
from gridgov.office._asked import Asked, Job, Ticked, aware
from gridgov.office._deliveries import Deliveries
from gridgov.office._engine import TOGETHER_MAX
from gridgov.office._health import Health, look, of_office
from gridgov.office._leave import Leave
from gridgov.office._log import LOG, told
from gridgov.office._memory import Outcome
from gridgov.office._private import as_sealed, seals
from gridgov.office._sight import LiveSight
from gridgov.office._together import Together
from gridgov.setup import AmendSetup, ErasePrivate, Setup
from gridgov.store import (
    Checkpoint,
    MemoryStore,
    PrivateEntry,
    Store,
    Vault,
    checkpoint,
    every_record,
    verify_records,
)

__all__ = ["Office", "open_office"]

Answer = TypeVar("Answer")
HEALTH_SECONDS = 1.0
"""How long :meth:`Office.health` waits for a call that is under way."""


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Office(Deliveries):
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
        vault: Vault | None = None,
        owns_store: bool = False,
    ) -> None:
        super().__init__(setup, store, host or Host(), clock, entropy, vault)
        self._together: Together[Job] = Together(self._do_jobs, self._lock, TOGETHER_MAX)
        self._owns_store = owns_store
        self._closed = False
        self._courier = Courier(
            store,
            (*channels, *self._host.channels()),
            self._notices_of,
            outbox=self._memory.stored("delivery"),
            zone=lambda: self._setup.calendar.zone,
            text_of=self._text_of,
            entropy=entropy,
        )
        self._process = os.getpid()
        self._ticked_at: dt.datetime | None = None
        self._catch_up()
        LOG.info(
            "office.opened jurisdiction=%s position=%d plugins=%s",
            setup.jurisdiction,
            self._memory.position,
            ",".join(each.name for each in self._host.plugins),
        )

    def close(self) -> None:
        """Save what can be saved, let plugins finish, and let go of a store that the office opened.

        In a process that was forked off nothing is closed: all of it is the parent's.
        """
        if os.getpid() != self._process:
            return
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
                self._keep_snapshot(always=True)
        finally:
            if self._owns_store:
                self._store.close()
            LOG.info("office.closed position=%d faults=%d", self._memory.position, len(self._host.faults))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    @told
    def handle(self, command: Any, *, by: str, id: str | None = None, at: dt.datetime | None = None) -> Outcome:  # noqa: A002
        """Let a command happen, or have it refused; in both cases the outcome is stored.

        :param by: the actor; ``system:`` actors are the office's own.
        :param id: of the command; the same id and body give the stored outcome, so a retry after
            a crash is safe. Without one, a fresh id is made. Ids beginning with ``gridgov:`` are
            the office's own.
        :param at: when it happened, aware and not in the future; by default now. What was due for its subject before
            that instant is done first.
        :returns: the outcome; without state and events where it is stored and could not be read back just now.
        :raises ValueError: an actor or a command id that is none, or an instant in the future: a clock that goes wrong
            must not lock a case until then.
        :raises RefusalError: it may not happen, with a code; the same again for the same id.
        :raises CommandConflictError: the id was used for another body.
        :raises AppendConflictError: others were faster again and again; try later.
        :raises SetupMismatchError: another process has amended the setup; open the office anew.
        :raises StoreBusyError: the store is held by somebody else; nothing happened.
        :raises StoreFullError: the disk is full; nothing happened.
        """
        if type(command) not in self._room_of_command:
            raise TypeError(f"{type(command).__name__} is no command of this office")
        check_types(command)
        self._check_caller(by, id)
        if at is not None and aware(at) > self._now() + CLOCKS_DIFFER:
            raise ValueError(f"{at} lies in the future; a command happens now, or has happened")
        room = self._room_of_command[type(command)]
        if isinstance(command, room.present) and at is not None and aware(at) > self._now() - CLOCKS_DIFFER:
            at = None  # two clocks that differ by a minute must not put it before what is done now
        job = Job(command=command, by=by, id=id or self._new_id(), at=at)
        batch = self._batch
        if batch is not None and batch.thread == threading.get_ident():
            with self._lock:
                self._do_alone(job)
        else:
            self._together.do(job)
        if job.error is not None:
            raise job.error
        if job.outcome is None:
            raise StoreBusyError("the thread that stored this was interrupted; ask again with the same id")
        with self._lock:
            try:
                return self._shown_outcome(job.outcome, job)
            except GridgovError:
                # It is stored, and must not sound as if it were not; asked again with its id it can be seen.
                return attrs.evolve(job.outcome, state=None, events=())

    def _answer(self, job: Job) -> Outcome:
        if isinstance(job.command, self._room_of_command[type(job.command)].after_all):
            # It changes what the whole street rests on; what was due before it comes before it.
            self._follow()
            self._do_all_due(self._now())
        try:
            return self._run(self._asked_of(job))
        finally:
            if self._batch is None:
                self._react()

    def _shown_outcome(self, outcome: Outcome, job: Job) -> Outcome:
        command = type(job.command)
        events = tuple(self._shown_event(event, command, job.by) for event in outcome.events)
        return attrs.evolve(outcome, state=self._shown(outcome.state, command, job.by), events=events)

    def _shown_event(self, event: Any, command: type, by: str) -> Any:
        tags = self._room_of_command[command].tags(event)
        return self._shown(event, command, by, self._memory.subject(tags[0])) if tags else event

    def _shown(self, subject: Any, command: type, by: str, of: Any = None) -> Any:
        """Give what of a subject, or of an event of it, may be shown to who asked."""
        if subject is None:
            return None
        room, now = self._room_of_command[command], self._now()
        masks = Leave(self._setup, by, now).to_see(command, subject if of is None else of)
        given = self._setup.given(room.name, at=now, by=by, masked=masks)
        return masked(room.shown(subject, given, of), masks, by=by)

    @told
    def ask(self, view: View[Answer], *, by: str, at_least: int | None = None) -> Answer:
        """Answer a question from everything that is stored now (inside a batch: and kept in it).

        :param by: who asks; what is not their own needs a grant for the view's name.
        :param at_least: a position that the answer must include.
        :raises RefusalError: ``access.denied``.
        :raises TypeError: a field of the view is not of its type.
        :raises StoreBusyError: the store has not come as far as *at_least* yet; may succeed later.
        """
        check_types(view)
        with self._lock:
            self._check_caller(by)
            self._follow()
            if at_least is not None and self._memory.position < at_least:
                raise StoreBusyError(f"the store stands at {self._memory.position}, not yet at {at_least}")
            kept = self._batch.seen if self._batch is not None else ()
            now = self._now()
            sight = LiveSight(self._memory, self._setup, now, by, kept, self._private)
            sight.masked = Leave(self._setup, by, now).to_ask(view, sight)
            answer: Answer = masked(view.answer(sight), sight.masked, by=by)
            return answer

    def read_private(self, ref: str, *, by: str, purpose: str) -> str:
        """Give a private text, and leave a trace of who read it for what.

        :raises RefusalError: without a grant, or for another purpose than it was collected for.
        :raises NotFoundError: there is none, it was erased, or it belongs to another jurisdiction.
        :raises StoreDamagedError: it is not the text that was sealed when it was written.
        """
        with self._lock:
            self._check_caller(by)
            self._not_in_a_batch("reading a private text")
            leave = Leave(self._setup, by, self._now())
            leave.to_read_at_all()
            entry = self._private(ref) if ref.startswith(self._memory.stored("")) else None
            if entry is None:
                raise NotFoundError("there is no such private text, or it was erased")
            self._follow()
            tag = entry.subject.removeprefix(self._memory.stored(""))
            self._check_sealed(tag, entry)
            subject = self._memory.subject(tag)
            if tag.startswith("case:") and subject is not None:
                self._check_withheld(subject, entry.ref, by)
            reading = leave.reading(ref, tag, purpose, subject)
            if purpose != entry.purpose:
                raise RefusalError(
                    "private.other-purpose",
                    f"it was collected for {entry.purpose}, not for what it is to be read for",
                    purpose=entry.purpose,
                )
            self._answer(Job(command=reading, by=by, id=self._new_id()))
            return entry.body.decode()

    def _check_sealed(self, tag: str, entry: PrivateEntry) -> None:
        """Hold a private text against the commitment that its record bears.

        :raises StoreDamagedError: it is not the text that was sealed.
        """
        for event in self._memory.events(tag):
            for sealed in seals(event):
                if sealed.ref == entry.ref and not as_sealed(entry, sealed):
                    raise StoreDamagedError("", 0, f"the private text {entry.ref} is not the one that was sealed")

    def _check_withheld(self, subject: Any, ref: str, by: str) -> None:
        """Refuse how to reach a reporter who asked not to be named."""
        contact = subject.file.contact
        if contact is not None and ref == contact.ref:
            seen = self._shown(subject, OpenCase, by)
            if seen.file.contact is None:
                raise RefusalError("private.withheld", "the reporter of this case asked not to be named")

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
        self._check_caller(by, id_)
        self._not_in_a_batch("erasing")
        if refs:
            command = ErasePrivate(refs, subject=subject)
            self._run(Asked(command=command, by=by, id=id_ or self._new_id(), at=self._now(), erase=refs))
        return len(refs)

    @property
    def setup(self) -> Setup:
        """The setup in force, with the rows that plugins added."""
        return self._setup

    @property
    def newer_days(self) -> bool:
        """Say whether a plugin offers other holidays than those that are in force: a notice has come.

        The office goes on with those that were adopted; ``office.amend(office.setup, ...)`` takes the new ones.
        """
        return self._newer_days

    @property
    def plugins(self) -> tuple[Loaded, ...]:
        """Every plugin in order: what it is, what it has added, and why one was set aside."""
        return self._host.plugins

    @property
    def importers(self) -> Mapping[str, Importing]:
        """The importers of plugins, by name; ``office.importers[name].read(source)`` changes nothing."""
        return self._host.importers()

    @property
    def exporters(self) -> Mapping[str, Exporting]:
        """The exporters of plugins, by name; ``office.exporters[name].save(value, path)`` writes a file."""
        return self._host.exporters()

    @property
    def code_lists(self) -> Mapping[str, CodeList]:
        """The tables of codes that plugins bring, by id."""
        return self._host.code_lists()

    def tick(self, now: dt.datetime | None = None) -> Ticked:
        """Do everything that has fallen due by *now*: warn, escalate, confirm, expire.

        Each thing happens at the instant at which it was due, in order, so one tick over a long
        gap leads to the same state as many small ones. Calling it again changes nothing.
        """
        self._check_process()
        ticked = super().tick(now)
        self._ticked_at = self._now()
        LOG.debug("office.ticked done=%d position=%d", ticked.done, self._memory.position)
        return ticked

    def health(self) -> Health:
        """Say how this street is; reads only, and never raises for a store that is down."""
        idle = self._lock.acquire(timeout=HEALTH_SECONDS)
        try:
            found = look(self._memory, self._store, self._setup, self._now(), idle=idle)
            return of_office(
                found,
                is_open=not self._closed,
                last_tick=self._ticked_at,
                pending=len(self._pending),
                set_aside=[each.name for each in self._host.plugins if each.state == "set aside"],
                faults=len(self._host.faults),
            )
        finally:
            if idle:
                self._lock.release()

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
            self._check_caller(by, id)
            self._not_in_a_batch("amending the setup")
            self._follow()
            self._do_all_due(self._now())
            fresh = self._completed(setup)
            self._check_amendment(fresh)
            documents = {fresh.section_digests[name]: body for name, body in fresh.sections.items()}
            before = self._setup
            asked = Asked(
                command=AmendSetup(fresh.section_digests, reason=reason),
                by=by,
                id=id or self._new_id(),
                at=self._now(),
                documents=documents,
            )
            known = self._known(asked)
            if known is not None:
                return known  # a retry: whatever is in force since then stays in force
            decided = self._decide(asked)
            try:
                # Whether it is allowed was decided by the setup that is in force until now.
                self._setup = fresh
                outcome = self._store_one(asked, decided)
                self._newer_days = False
                LOG.info("setup.amended position=%d", outcome.position or 0)
            except BaseException:
                self._setup = before
                raise
            self._check_setup()
            self._react()
            return outcome

    def _check_amendment(self, fresh: Setup) -> None:
        if fresh.jurisdiction != self._setup.jurisdiction:
            raise RefusalError(
                "setup.other-jurisdiction",
                f"this store belongs to {self._setup.jurisdiction}, not to {fresh.jurisdiction}",
            )
        for subject in self._memory.under("case:"):
            self._check_ladder(subject, fresh)
            if subject.file.place not in fresh.territory:
                raise RefusalError(
                    "setup.place-in-use",
                    f"the open case {subject.id} lies in {subject.file.place}, which the new setup does not have",
                    case=subject.id,
                    place=subject.file.place,
                )

    def _check_ladder(self, subject: Any, fresh: Setup) -> None:
        """Refuse to take away the ladder that an open case still climbs: nobody would press for it any more."""
        deadline = subject.file.deadline
        if deadline is None or not deadline.ladder or deadline.step is None:
            return
        ladder = fresh.ladders.get(deadline.ladder)
        if ladder is None or (deadline.step.rung >= len(ladder.rungs) > 0 and deadline.step.kind == "climb"):
            raise RefusalError(
                "setup.ladder-in-use",
                f"the open case {subject.id} climbs the ladder {deadline.ladder}, which the new setup cuts short",
                case=subject.id,
                ladder=deadline.ladder,
            )

    def events(self, room: str) -> Iterator[Any]:
        """Walk everything that has happened in a room (``"points"``), oldest first, for an audit.

        Private texts are not in it; whoever holds the office may look.
        """
        names = {name for each in ROOMS if each.name == room for name in each.events}
        if not names:
            raise KeyError(room)
        with self._lock:
            self._follow()
            last = self._memory.position
        own = self._memory.stored("")
        for record in every_record(self._store):
            if record.position > last:
                return
            if record.name in names and record.stream.startswith(own):
                yield self._memory.seen(record).event

    def verify(self, *against: Checkpoint, snapshot: bool = False) -> int:
        """Check every chain in the store; give the count of records.

        :param against: checkpoints of this store that were kept elsewhere: they show a cut tail, too.
        :param snapshot: also fold everything again and compare it with what the office knows.
        :raises StoreDamagedError: names the first record that does not match, or the checkpoint.
        """
        count = verify_records(every_record(self._store), against=against)
        if snapshot:
            with self._lock:
                self._not_in_a_batch("a comparison with the snapshot")
                self._follow()
                if not self._memory.same_as_folded_again():
                    raise StoreDamagedError("", 0, "what was kept in the snapshot is not what the records say")
        return count

    def checkpoint(self, *, through: int | None = None) -> Checkpoint:
        """Check every chain in the store and give one digest over all of them, to be kept elsewhere.

        :param through: the last position that counts; None for all.
        :raises StoreDamagedError: names the first record that does not match.
        """
        return checkpoint(every_record(self._store), through=through)


def open_office(
    setup: Setup,
    store: Store | str | None = None,
    *,
    plugins: Sequence[Any] = (),
    discover: bool | Sequence[str] = True,
    channels: Sequence[Channel] = (),
    clock: Callable[[], dt.datetime] = _utc_now,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
    vault: Vault | None = None,
) -> Office:
    """Open an office on a store; the first opening adopts the setup.

    :param store: a store (which stays the caller's to close), or the URL of one that a plugin
        opens (``"sqlite:///youyi.db"``), or None for one in memory.
    :param plugins: plugin objects, or (name, object) pairs, after the installed ones.
    :param discover: which of the installed plugins (entry-point group ``gridgov``) to use: True for all, in the order
        of their names; a sequence of names for these, in its order; False for none.
    :param channels: channels for notices, beside those of plugins.
    :param clock: gives the current instant, aware; :param entropy: gives random bytes.
    :param vault: locks private texts before the store sees them; see :class:`gridgov.store.Vault`.
    :raises SetupMismatchError: the store was adopted with another setup; carries the difference.
    :raises PluginError: a plugin does not fit.
    :raises StoreError: the store cannot be used; the file was left as it was.
    """
    if store is not None and not isinstance(store, str | Store):
        raise TypeError(f"a store is a URL or fulfills gridgov.store.Store; {type(store).__name__} does not")
    host = Host(plugins, discover=discover)
    opened: Store | None = None
    owns_store = store is None or isinstance(store, str)
    try:
        opened = host.open_store(store) if isinstance(store, str) else MemoryStore() if store is None else store
        return Office(
            setup,
            opened,
            host=host,
            channels=channels,
            clock=clock,
            entropy=entropy,
            vault=vault,
            owns_store=owns_store,
        )
    except BaseException:
        host.close()
        if opened is not None and owns_store:
            opened.close()
        raise
