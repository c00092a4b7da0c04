"""The facade: commands in, outcomes and answers out."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import attrs

from gridgov.access import check_access
from gridgov.cases import OpenCase
from gridgov.decider import CLOCKS_DIFFER, View
from gridgov.delivery import Channel, Courier, Delivered, Waiting
from gridgov.documents import ROOMS, check_types
from gridgov.errors import NotFoundError, RefusalError, StoreBusyError, as_code
from gridgov.hooks import Fault, Host, Loaded
from gridgov.notices import Notice, notices_for
from gridgov.office._engine import OWN, SYSTEM, Asked, Engine, aware
from gridgov.office._memory import Memory, Outcome, Seen
from gridgov.proofs import Sealed
from gridgov.setup import AmendSetup, ErasePrivate, ReadPrivate, Setup
from gridgov.store import Checkpoint, MemoryStore, Record, Store, checkpoint, every_record, verify_chain

__all__ = ["Office", "open_office"]

Answer = TypeVar("Answer")
PUBLIC = "publication"
"""The one purpose whose texts were written for everybody."""


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Office(Engine):
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
        super().__init__(setup, store, host or Host(), clock, entropy)
        self._delivering = threading.Lock()
        self._owns_store = owns_store
        self._closed = False
        self._courier = Courier(
            store,
            (*channels, *self._host.channels()),
            self._notices_of,
            cursor=self._memory.stored("delivery"),
        )
        self._catch_up()

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

    def handle(self, command: Any, *, by: str, id: str | None = None, at: dt.datetime | None = None) -> Outcome:  # noqa: A002
        """Let a command happen, or have it refused; in both cases the outcome is stored.

        :param by: the actor; ``system:`` actors are the office's own.
        :param id: of the command; the same id and body give the stored outcome, so a retry after
            a crash is safe. Without one, a fresh id is made. Ids beginning with ``gridgov:`` are
            the office's own.
        :param at: when it happened, aware and not in the future; by default now. What was due for its subject before
            that instant is done first.
        :raises ValueError: an actor that is no id, or an instant in the future: a clock that goes wrong
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
        with self._lock:
            self._check_caller(by, id)
            if at is not None and aware(at) > self._now() + CLOCKS_DIFFER:
                raise ValueError(f"{at} lies in the future; a command happens now, or has happened")
            room = self._room_of_command[type(command)]
            if isinstance(command, room.after_all):
                # It changes what the whole street rests on; what was due before it comes before it.
                self._follow()
                self._do_all_due(self._now())
            if isinstance(command, room.present) and at is not None and aware(at) > self._now() - CLOCKS_DIFFER:
                at = None  # two clocks that differ by a minute must not put it before what is done now
            outcome = self._ask_for(command, by=by, id=id or self._new_id(), at=at)
            events = tuple(self._shown_event(event, type(command), by) for event in outcome.events)
            return attrs.evolve(outcome, state=self._shown(outcome.state, type(command), by), events=events)

    def _shown_event(self, event: Any, command: type, by: str) -> Any:
        tags = self._room_of_command[command].tags(event)
        return self._shown(event, command, by, self._memory.subject(tags[0])) if tags else event

    def _shown(self, subject: Any, command: type, by: str, of: Any = None) -> Any:
        """Give what of a subject, or of an event of it, may be shown to who asked."""
        if subject is None:
            return None
        room = self._room_of_command[command]
        return room.shown(subject, self._setup.given(room.name, at=self._now(), by=by), of)

    def _check_caller(self, by: Any, id: Any = None) -> None:  # noqa: A002
        if self._closed:
            raise RuntimeError("the office is closed; open it again")
        if not isinstance(by, str) or not isinstance(id, str | None):
            raise TypeError(f"an actor and a command id are strings, not {by!r} and {id!r}")
        if by.startswith(SYSTEM) or not by:
            raise ValueError(f"{by!r} is no actor; who acts has an id, and {SYSTEM}* are the office's own")
        roster = self._setup.roster
        if as_code(by) != repr(by) and by not in roster.persons and by not in roster.organizations:
            # It stands in the store for ever, and the name of a resident may not.
            raise ValueError("an actor is of the roster, or has an opaque id of letters, digits and .:/@+-, not a name")
        if id is not None and (id.startswith(OWN) or not id):
            raise ValueError(f"the command id {id!r} is not for callers; choose another one")

    def _ask_for(self, command: Any, *, by: str, id: str, at: dt.datetime | None = None) -> Outcome:  # noqa: A002
        try:
            return self._run(Asked(command=command, by=by, id=id, at=self._now() if at is None else aware(at)))
        finally:
            if self._batch is None:
                self._react()

    def deliver(self, now: dt.datetime | None = None) -> Delivered:
        """Send every notice that is new or due again; see :class:`gridgov.delivery.Courier`."""
        moment = self._now() if now is None else aware(now)
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
        place = f"{seen.stream}@{seen.stream_version}"
        yield from notices_for(
            seen.name,
            seen.event,
            after,
            place,
            self._setup,
            recorded_at=record.recorded_at,
            later=partial(self._memory.events_after, seen.tags[0], record.position),
        )

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
            sight = _Sight(self._memory, self._setup, self._now(), by, kept, self._store)
            concerns = getattr(view, "concerns", None)
            if not view.mine(by) and not (concerns is not None and concerns(by, sight)):
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
            self._check_caller(by)
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
            if tag.startswith("case:") and subject is not None:
                self._check_withheld(subject, entry.ref, by)
            self.handle(ReadPrivate(ref, subject=tag, purpose=purpose, place=place), by=by)
            return entry.body.decode()

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

    def verify(self) -> int:
        """Check every chain in the store; give the count of records.

        :raises StoreDamagedError: names the first record that does not match.
        """
        return verify_chain(every_record(self._store))

    def checkpoint(self, *, through: int | None = None) -> Checkpoint:
        """Check every chain in the store and give one digest over all of them, to be kept elsewhere.

        :param through: the last position that counts; None for all.
        :raises StoreDamagedError: names the first record that does not match.
        """
        return checkpoint(every_record(self._store), through=through)


class _Sight:
    """What a view sees."""

    def __init__(
        self, memory: Memory, setup: Setup, at: dt.datetime, by: str, kept: Sequence[Seen], store: Store
    ) -> None:
        self._store = store
        self._memory = memory
        self._kept = kept
        self._setup = setup
        self._at = at
        self._by = by
        self.tally = memory.tally

    def given(self, room: str) -> Any:
        return self._setup.given(room, at=self._at, by=self._by)

    def subject(self, tag: str) -> Any:
        return self._memory.subject(tag)

    def live(self, prefix: str) -> Iterator[Any]:
        return self._memory.under(prefix)

    def events(self, tag: str) -> Iterator[Any]:
        yield from self._memory.events(tag)
        yield from (seen.event for seen in self._kept if tag in seen.tags)

    def public(self, sealed: Sealed, purpose: str) -> str:
        entry = self._store.private(sealed.ref)
        return entry.body.decode() if entry is not None and entry.purpose == purpose == PUBLIC else ""

    def began(self, name: str, after: int) -> Iterator[tuple[int, str]]:
        yield from self._memory.began(name, after)


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
    if store is not None and not isinstance(store, str | Store):
        raise TypeError(f"a store is a URL or fulfills gridgov.store.Store; {type(store).__name__} does not")
    host = Host(plugins, discover=discover)
    opened: Store | None = None
    owns_store = store is None or isinstance(store, str)
    try:
        opened = host.open_store(store) if isinstance(store, str) else MemoryStore() if store is None else store
        return Office(setup, opened, host=host, channels=channels, clock=clock, entropy=entropy, owns_store=owns_store)
    except BaseException:
        host.close()
        if opened is not None and owns_store:
            opened.close()
        raise
