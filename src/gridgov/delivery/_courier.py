"""The courier: from the store into the outbox, and from the outbox to the channels."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import attrs

from gridgov.delivery._channel import Channel
from gridgov.delivery._letter import WITHDRAWN, Waiting, is_withdrawn, letter_or_shell, open_letter, write_letter
from gridgov.delivery._pace import Pace
from gridgov.delivery._patience import ATTEMPTS_MAX
from gridgov.delivery._post import LEASE_SECONDS, Clock, Post
from gridgov.delivery._round import Round, Rules
from gridgov.delivery._usage import Usage
from gridgov.errors import AppendConflictError, NotFoundError, PluginError, StoreBusyError, StoreError
from gridgov.notices import Notice
from gridgov.store import Lease, Message, MessageCount, Outbox, Record, Store

__all__ = ["Courier", "Delivered", "Progress"]

PAGE = 200
BUSY = "messages of this channel are being sent at this moment; try again"
MENDED = "somebody is mending at this moment; try again"
GONE = "this notice was taken back before it was sent; it is not sent any more"
ELSEWHERE_SECONDS = 5
"""How soon to look again at a channel that somebody else is sending on."""
MISSED_FOR = dt.timedelta(days=1)
"""How long a message waits for a channel that nobody has before a person has to look at it."""


@attrs.frozen(kw_only=True)
class Delivered:
    """What one pass did, and what is left.

    :param sent: messages that were taken; :param failed: attempts that were not.
    :param waiting: messages still to be sent; :param dead: those that nobody tries again by itself.
    :param next_at: when there may be something to do again; None where nothing waits.
    :param missing: channels for which messages wait and which are not here: another worker has them, or nobody.
    """

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    dead: int = 0
    next_at: dt.datetime | None = None
    missing: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Progress:
    """How far a topic has come: messages by state.

    :param total: all of them; :param bundled: gone out, or going, inside a digest.
    :param withdrawn: taken back before they were sent; :param dead: given up on, with the digest that they lie in or
        by themselves, those taken back not among them.
    :param read: acknowledged by their receivers, in whatever state.
    """

    total: int = 0
    waiting: int = 0
    sent: int = 0
    bundled: int = 0
    dead: int = 0
    withdrawn: int = 0
    read: int = 0


def _never() -> bool:
    return False


def _no_text(_notice: Notice) -> str | None:
    return None


def _utc() -> str:
    return "UTC"


class Courier:
    """Carries notices from the store to the channels. Safe to use from several threads and processes.

    :param channels: by name; what is for an unknown one goes to the dead letters.
    :param notices_of: gives the notices of a record.
    :param outbox: the name of its outbox, cursor and leases in the store.
    :param zone: gives the zone of quiet hours and digests.
    :param text_of: gives the text of a notice that only names one, None where it is gone or was taken back; raises
        ChannelError where it cannot be opened, which is a failed attempt of that notice.
    :param entropy: gives random bytes, for the jitter between attempts.
    :raises PluginError: for something that is no channel, and for two of one name.
    """

    def __init__(
        self,
        store: Store,
        channels: Sequence[Channel],
        notices_of: Callable[[Record], Iterable[Notice]],
        *,
        outbox: str = "delivery",
        zone: Callable[[], str] = _utc,
        text_of: Callable[[Notice], str | None] = _no_text,
        attempts_max: int = ATTEMPTS_MAX,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._channels = _by_name(channels)
        self._store = store
        self._name = outbox
        self._notices_of = notices_of
        self._zone = zone
        self._rules = Rules(outbox=outbox, attempts_max=attempts_max, entropy=entropy, text_of=text_of)
        # Not from the caller's entropy: whose turn it is decides nothing that is stored.
        self._holder = secrets.token_hex(8)
        self._turns = {name: threading.Lock() for name in (*self._channels, "")}
        self._mender = threading.Lock()

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels."""
        return tuple(self._channels)

    @property
    def _outbox(self) -> Outbox:
        if not isinstance(self._store, Outbox):
            raise StoreError(
                f"notices cannot be delivered from a {type(self._store).__name__}: it keeps no messages; use a store "
                "that fulfills gridgov.store.Outbox"
            )
        return self._store

    def run(
        self,
        clock: Clock,
        *,
        own: Clock | None = None,
        channels: Collection[str] | None = None,
        limit: int | None = None,
        stopped: Callable[[], bool] = _never,
    ) -> Delivered:
        """Post what is new and send what is due; wait for nothing.

        :param clock: gives the instant for which everything is done, asked again and again.
        :param own: gives the true instant, by which leases last, where that is another; by default *clock*.
        :param channels: send on these only; None for all. :param limit: at most so many attempts on each.
        :param stopped: asked between messages; True ends the pass.
        :raises NotFoundError: for a channel that there is not.
        :raises StoreError: the store keeps no messages.
        """
        outbox = self._outbox
        chosen = [self._channel(name) for name in (self._channels if channels is None else channels)]
        own = clock if own is None else own
        failure = self._post(outbox, clock, own, stopped)
        next_due, rounds = outbox.next_due(self._name), []
        # A pass with nothing to do writes nothing, leases included.
        if next_due is not None and next_due <= clock():
            busy = [each for each in chosen if len(chosen) == 1 or self._has_due(outbox, each, clock())]
            rounds = [self._round(outbox, channel, (clock, own), limit, stopped) for channel in busy]
        counts = outbox.message_counts(self._name)
        if self._bury_unknown(outbox, counts, clock, own):
            counts = outbox.message_counts(self._name)
        if failure is not None:
            raise failure
        done = [each for each in rounds if each is not None]
        return self._tally(outbox, counts, done, len(rounds), clock())

    def _has_due(self, outbox: Outbox, channel: Channel, now: dt.datetime) -> bool:
        return bool(outbox.due(self._name, channel=channel.name, now=now, limit=1))

    def _channel(self, name: str) -> Channel:
        if name not in self._channels:
            offered = ", ".join(self._channels) or "none"
            raise NotFoundError(f"there is no channel {name!r}; there are {offered}")
        return self._channels[name]

    def _post(self, outbox: Outbox, clock: Clock, own: Clock, stopped: Callable[[], bool]) -> Exception | None:
        """Post what is new; give what went wrong, which must not keep back what is posted already."""
        turn = self._turns[""]
        if not turn.acquire(blocking=False):
            return None
        try:
            post = Post(self._store, outbox, self._notices_of, name=self._name, zone=self._zone, holder=self._holder)
            post.run(clock, own, stopped)
        except Exception as error:
            return error
        else:
            return None
        finally:
            turn.release()

    def _round(
        self,
        outbox: Outbox,
        channel: Channel,
        clocks: tuple[Clock, Clock],
        limit: int | None,
        stopped: Callable[[], bool],
    ) -> Round | None:
        """Send on one channel; give nothing where somebody else is at it."""
        clock, own = clocks
        turn = self._turns[channel.name]
        if not turn.acquire(blocking=False):
            return None
        try:
            lease = self._lease(outbox, channel.name, own())
            if lease is None:
                return None
            done = None
            try:
                usage = Usage.read(self._store.cursor(lease.name).memo, max(clock(), own()), self._holder)
                done = Round(outbox, channel, self._rules, lease, usage, clock=clock, own=own)
                done.run(limit, stopped)
                done.end()
            except AppendConflictError:
                pass  # whoever has the lease now sends on; nothing was written here
            finally:
                outbox.end_lease(lease if done is None else done.lease)
            return done
        finally:
            turn.release()

    def _lease(self, outbox: Outbox, channel: str, now: dt.datetime) -> Lease | None:
        until = now + dt.timedelta(seconds=LEASE_SECONDS)
        return outbox.take_lease(f"{self._name}/{channel}", holder=self._holder, now=now, until=until)

    def _bury_unknown(self, outbox: Outbox, counts: Iterable[MessageCount], clock: Clock, own: Clock) -> bool:
        """Give up on what has waited for a day for a channel that nobody has; say whether there was any.

        Another worker may have it, or a variable was not set here: until then it is told (:attr:`Delivered.missing`).
        """
        buried = False
        for name in self._missing(counts):
            with suppress(StoreBusyError), self._alone(name, own()) as lease:
                while page := outbox.due(self._name, channel=name, now=clock() - MISSED_FOR, limit=PAGE):
                    buried = True
                    error = f"there is no channel {name!r}"
                    dead = [attrs.evolve(each, state="dead", error=error, attempts=each.attempts + 1) for each in page]
                    outbox.update(dead, lease=lease)
        return buried

    def _missing(self, counts: Iterable[MessageCount]) -> tuple[str, ...]:
        waiting = {each.channel for each in counts if each.state == "waiting"}
        return tuple(sorted(waiting - self._channels.keys()))

    def _tally(
        self, outbox: Outbox, counts: Iterable[MessageCount], rounds: Sequence[Round], asked: int, now: dt.datetime
    ) -> Delivered:
        stopped_until = [each.next_at for each in rounds if each.next_at is not None]
        # Where every channel has to wait, nothing that comes later can go before.
        next_due = None if asked and len(stopped_until) == asked else outbox.next_due(self._name)
        if next_due is not None and next_due > now:
            stopped_until.append(next_due)
        elif next_due is not None and (len(rounds) < asked or not stopped_until):
            stopped_until.append(now + dt.timedelta(seconds=ELSEWHERE_SECONDS))
        return Delivered(
            sent=sum(each.sent for each in rounds),
            failed=sum(each.failed for each in rounds),
            waiting=_count(counts, "waiting"),
            dead=_count(counts, "dead"),
            next_at=min(stopped_until, default=None),
            missing=self._missing(counts),
        )

    # --- what a person looks at ---------------------------------------------------------------

    def message(self, message_id: str) -> Message:
        """Give one message.

        :raises NotFoundError: there is none with this id.
        """
        found = self._outbox.messages(self._name, ids=[message_id])
        if not found:
            raise NotFoundError("there is no message with this id")
        return found[0]

    def waiting(
        self,
        *,
        channel: str | None = None,
        to: str | None = None,
        topic: str | None = None,
        dead: bool | None = None,
    ) -> tuple[Waiting, ...]:
        """Give every notice that has not arrived, dead letters included, in order of its next attempt.

        What was withdrawn is not among them. What waits inside a digest is shown as that digest.

        :param dead: only dead letters, or only those that still wait; None for both.
        """
        states = ("waiting", "dead") if dead is None else ("dead",) if dead else ("waiting",)
        found = [
            message
            for state in states
            for message in self._outbox.messages(self._name, channel=channel, to=to, topic=topic, state=state)
        ]
        if topic is not None:
            digests = self._digests(*states, channel=channel, to=to)
            found += [each for each in digests if each.topic != topic and self._inside(each, topic)]
        told = [each for each in found if each.error != WITHDRAWN]
        return tuple(_waiting(each) for each in sorted(told, key=lambda each: (each.next_at, each.id)))

    def _digests(self, *states: str, channel: str | None = None, to: str | None = None) -> list[Message]:
        """Give the digests in some states; they have not arrived, so they are few."""
        began = f"{self._name}/digest:"
        return [
            each
            for state in states
            for each in self._outbox.messages(self._name, channel=channel, to=to, state=state, after=began)
            if each.id.startswith(began)
        ]

    def _inside(self, digest: Message, topic: str) -> list[Message]:
        """Give what of a topic lies in a digest."""
        ids = letter_or_shell(digest).members
        found = self._outbox.messages(self._name, ids=ids, topic=topic, state="bundled") if ids else ()
        return [each for each in found if each.bundle == digest.id]

    def mend(
        self,
        message_id: str,
        now: dt.datetime,
        *,
        to: str | None = None,
        channel: str | None = None,
        text: str | None = None,
        by: str = "",
    ) -> None:
        """Change whom, how or what a notice that has not arrived tells, under the same id, and let it be tried again.

        :param to: another receiver, who gets another *text*: the one that it has was written for whom it was for.
        :param by: who mended it, or had it sent again, which is kept with it.
        :raises ValueError: an empty receiver, channel or text, or another receiver without a text.
        :raises NotFoundError: there is no such message, or no such channel.
        :raises StoreError: it has arrived, or was taken back.
        :raises StoreBusyError: it is being sent, or somebody is mending, at this moment; may succeed later.
        """
        changes = {name: said for name, said in (("to", to), ("channel", channel), ("text", text)) if said is not None}
        self._check_changes(changes)
        with self._mending(now) as lease:
            message = self.message(message_id)
            if "to" in changes and to != message.to and text is None:
                raise ValueError("its text was written for whom it was for; say with text= what the other one is told")
            if message.state != "waiting":
                # Nobody sends what is dead, so whoever is sending on the channel need not be waited for.
                self._change(message, now, changes, by, lease)
                return
            with self._alone(message.channel, now) as alone:
                self._change(self.message(message_id), now, changes, by, alone)

    def _check_changes(self, changes: Mapping[str, str]) -> None:
        for name, said in changes.items():
            if not isinstance(said, str):
                raise TypeError(f"what a notice is mended with is text; {name} is a {type(said).__name__}")
            if not said.strip():
                raise ValueError(f"{name} is empty; leave it out to keep what stands there")
        if "channel" in changes:
            self._channel(changes["channel"])

    @contextmanager
    def _mending(self, now: dt.datetime) -> Iterator[Lease]:
        """Be the only one who brings messages back: two who do so at once would have one sent twice.

        :raises StoreBusyError: another process does.
        """
        until, name = now + dt.timedelta(seconds=LEASE_SECONDS), f"{self._name}:mending"
        with self._mender:
            lease = self._outbox.take_lease(name, holder=self._holder, now=now, until=until)
            if lease is None:
                raise StoreBusyError(MENDED)
            try:
                yield lease
            finally:
                self._outbox.end_lease(lease)

    @contextmanager
    def _alone(self, channel: str, now: dt.datetime) -> Iterator[Lease]:
        """Hold a channel for a moment, so that nobody sends on it.

        :raises StoreBusyError: somebody does.
        """
        turn = self._turns.get(channel)
        if turn is not None and not turn.acquire(blocking=False):
            raise StoreBusyError(BUSY)
        try:
            lease = self._lease(self._outbox, channel, now)
            if lease is None:
                raise StoreBusyError(BUSY)
            try:
                yield lease
            finally:
                self._outbox.end_lease(lease)
        finally:
            if turn is not None:
                turn.release()

    def _change(
        self, message: Message, now: dt.datetime, changes: Mapping[str, str], by: str, lease: Lease | None
    ) -> None:
        if message.state not in ("waiting", "dead"):
            raise StoreError("this notice has arrived, or went out inside another one; it is not sent again")
        if is_withdrawn(message):
            raise StoreError(GONE)
        letter = open_letter(message)
        notice = attrs.evolve(letter.notice, **changes)
        mended_by = (*letter.mended_by, by) if by else letter.mended_by
        fresh = attrs.evolve(
            message,
            state="waiting",
            to=notice.to,
            channel=notice.channel,
            body=write_letter(attrs.evolve(letter, notice=notice, mended_by=mended_by, pauses=0)),
            next_at=now,
            attempts=0,
            # What was mended goes out by itself.
            bundle="" if changes else message.bundle,
        )
        self._outbox.update([fresh], lease=lease)

    def acknowledge(self, message: Message, now: dt.datetime) -> None:
        """Remember that its receiver has read a message, and what went out inside it.

        :raises StoreError: it was taken back before it was sent.
        :raises StoreBusyError: it is being sent, or somebody is mending, at this moment; may succeed later.
        """
        if message.state not in ("waiting", "dead"):
            self._read(message, now, None)
            return
        with self._mending(now), self._alone(message.channel, now) as lease:
            known = self.message(message.id)
            if is_withdrawn(known):
                raise StoreError(GONE)
            # Whoever reads it has it, whatever became of the answer of the channel.
            self._read(attrs.evolve(known, state="sent", sent_at=known.sent_at or now), now, lease)

    def _read(self, message: Message, now: dt.datetime, lease: Lease | None) -> None:
        ids = letter_or_shell(message).members
        inside = [each for each in self._outbox.messages(self._name, ids=ids) if not is_withdrawn(each)] if ids else []
        read = [attrs.evolve(each, read_at=each.read_at or now) for each in (*inside, message)]
        self._outbox.update(read, lease=lease)

    def unread(self, topic: str) -> tuple[str, ...]:
        """Give who has not read what was sent to them, or was going to be, in order."""
        found = self._outbox.messages(self._name, topic=topic, unread=True)
        gone = {
            each.id for digest in self._digests("dead") if is_withdrawn(digest) for each in self._inside(digest, topic)
        }
        return tuple(sorted({each.to for each in found if not is_withdrawn(each) and each.id not in gone}))

    def progress(self, topic: str) -> Progress:
        """Count the messages of a topic by state; those that lie in a digest by what became of that."""
        counts = self._outbox.message_counts(self._name, topic=topic)
        dead = self._outbox.messages(self._name, topic=topic, state="dead") if _count(counts, "dead") else ()
        digests = self._digests("dead") if _count(counts, "bundled") else []
        lost = {each.id: len(self._inside(each, topic)) for each in digests}
        gone = sum(lost[each.id] for each in digests if is_withdrawn(each))
        withdrawn = sum(1 for each in dead if is_withdrawn(each))
        return Progress(
            total=sum(each.count for each in counts),
            waiting=_count(counts, "waiting"),
            sent=_count(counts, "sent"),
            bundled=_count(counts, "bundled") - sum(lost.values()),
            dead=len(dead) - withdrawn + sum(lost.values()) - gone,
            withdrawn=withdrawn + gone,
            read=sum(each.read for each in counts),
        )


def _by_name(channels: Sequence[Channel]) -> dict[str, Channel]:
    for channel in channels:
        if not isinstance(channel, Channel):
            raise PluginError("gridgov", f"{channel!r} is no channel: it needs a name and send(notice)")
        if not isinstance(getattr(channel, "pace", None), Pace | None):
            raise PluginError("gridgov", f"the pace of the channel {channel.name!r} is no gridgov.delivery.Pace")
    names = [channel.name for channel in channels]
    if len(set(names)) != len(names):
        raise PluginError("gridgov", f"two channels have one name: {', '.join(sorted(names))}")
    return {channel.name: channel for channel in channels}


def _count(counts: Iterable[MessageCount], state: str) -> int:
    return sum(each.count for each in counts if each.state == state)


def _waiting(message: Message) -> Waiting:
    letter = letter_or_shell(message)
    return Waiting(
        notice=letter.notice,
        attempts=message.attempts,
        next_at=message.next_at,
        error=message.error,
        dead=message.state == "dead",
        mended_by=letter.mended_by,
    )
