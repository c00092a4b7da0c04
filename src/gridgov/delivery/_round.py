"""One pass over what is due on one channel, under its lease.

A message is marked once the channel has taken it: at once where the channel is paced, else a few at a time, for each
mark waits for the disk. Between the two a crash may fall, so the channel may see a message twice, always with the same
id; it never falls so that a message is lost. Whoever lost the lease in the meantime finds that out when it writes,
writes nothing, and stops.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import attrs

from gridgov.delivery._channel import Channel, ChannelError
from gridgov.delivery._letter import (
    UNREADABLE,
    WITHDRAWN,
    Letter,
    UnreadableError,
    bundled_text,
    letter_or_shell,
    open_letter,
    write_letter,
)
from gridgov.delivery._pace import Pace
from gridgov.delivery._patience import back_off
from gridgov.delivery._post import Clock, renewed
from gridgov.delivery._usage import Usage
from gridgov.errors import GridgovError
from gridgov.notices import Notice
from gridgov.store import Cursor, Lease, Message, Outbox

__all__ = ["Round", "Rules"]

PAGE = 100
MARKED_TOGETHER = 20
MARKED_WITHIN_SECONDS = 1.0
"""How many messages, and those of how long, a crash may have sent again on a channel without limits."""
BUNDLE_MAX = 100
"""How many notices go out inside one; a longer digest comes in several."""
STUMBLES_MAX = 3
"""After so many failures in a row a channel rests: the next ones would wait for a dead one, each on its own."""
REST_SECONDS = 60
PAUSES_MAX = 3
"""After so many pauses in a row for one message it is an attempt: another one may be taken where this one never is."""
PAUSE_SECONDS_MAX = 86_400
"""Longer than a day no channel is left alone, whatever it says."""
ERROR_MAX = 500
"""Characters of a channel's words that are kept."""


@attrs.frozen(kw_only=True)
class Rules:
    """What every round goes by.

    :param outbox: its name; :param text_of: gives the text of a notice that names one, None where it is gone.
        What it raises, but for errors of gridgov that are none of a channel, is a failed attempt of that notice alone.
    """

    outbox: str
    attempts_max: int
    entropy: Callable[[int], bytes]
    text_of: Callable[[Notice], str | None]


class Round:
    """Sends what is due, as fast as the other side allows, and not faster.

    :param clock: says what is due; :param own: says how long a lease lasts, and since when a channel was used, which
        no instant that somebody chose may change.
    """

    def __init__(
        self, outbox: Outbox, channel: Channel, rules: Rules, lease: Lease, usage: Usage, *, clock: Clock, own: Clock
    ) -> None:
        self._outbox = outbox
        self._channel = channel
        self._rules = rules
        self._clock = clock
        self._own = own
        self._usage = usage
        self._pace: Pace = getattr(channel, "pace", None) or Pace()
        self._stumbles = 0
        self._joined: set[str] = set()
        self._taken: list[Message] = []
        self._taken_since = 0.0
        self.lease = lease
        self.sent = 0
        self.failed = 0
        self.next_at: dt.datetime | None = None
        """When it may go on, where it had to stop."""

    def run(self, limit: int | None, stopped: Callable[[], bool]) -> None:
        """Send until nothing is due, the channel has to rest, *limit* messages were tried, or somebody stops it.

        :raises AppendConflictError: somebody else has the lease now.
        """
        try:
            self._run(limit, stopped)
        finally:
            self._mark()

    def _run(self, limit: int | None, stopped: Callable[[], bool]) -> None:
        name = self._channel.name
        while not stopped():
            page = self._outbox.due(self._rules.outbox, channel=name, now=self._clock(), limit=PAGE)
            for message in page:
                if stopped():
                    return
                if limit is not None and self.sent + self.failed >= limit:
                    self.next_at = self._clock()
                    return
                self.lease = renewed(self._outbox, self.lease, self._own())
                if message.id not in self._joined and not self._take(message):
                    return
            if not page:
                return
            self._mark()

    def _take(self, message: Message) -> bool:
        """Deal with one message; say whether the next one may follow."""
        now = self._clock()
        try:
            letter = open_letter(message)
        except UnreadableError:
            self._bury([message])
            return True
        awake_at = letter.awake_at(now)
        if awake_at > now:
            self._put(attrs.evolve(message, next_at=awake_at))
            return True
        if message.bundle:
            self._bundle(message, letter, now)
            return True
        try:
            notice = self._whole(letter)
        except Exception as error:
            if isinstance(error, GridgovError) and not isinstance(error, ChannelError | UnreadableError):
                raise  # the store's trouble is nobody's attempt
            return self._untold(message, error, now)
        if notice is None:
            self._put(attrs.evolve(message, state="dead", error=WITHDRAWN))
            return True
        used = self._used_at()
        free_at = self._usage.free_at(self._pace, used)
        if free_at > used:
            self.next_at = free_at
            return False
        return self._send(message, notice)

    def _used_at(self) -> dt.datetime:
        return max(self._clock(), self._own())

    def _send(self, message: Message, notice: Notice) -> bool:
        self._usage = self._usage.begun(self._pace, self._used_at())
        if self._pace.limits:
            self._keep_usage()
        try:
            self._channel.send(notice)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # a channel that wants to leave ends its attempt, and not the worker
            self._usage = self._usage.ended(self._used_at())
            self.failed += 1
            return self._failed(message, error, self._clock())
        self._usage = self._usage.ended(self._used_at())
        self._taken_since = self._taken_since if self._taken else time.monotonic()
        self._taken.append(attrs.evolve(message, state="sent", sent_at=self._clock(), error=""))
        long = time.monotonic() - self._taken_since > MARKED_WITHIN_SECONDS
        if self._pace.limits or long or len(self._taken) >= MARKED_TOGETHER:
            self._mark()
        self.sent += 1
        self._stumbles = 0
        return True

    def _mark(self) -> None:
        """Write down which messages were taken."""
        taken, self._taken = self._taken, []
        if taken:
            self._put(*taken)

    def _failed(self, message: Message, error: BaseException, now: dt.datetime) -> bool:
        told, final, pause = _words(error), isinstance(error, ChannelError) and error.final is True, _pause(error)
        if pause is not None and not final:
            return self._paused(message, told, now, now + dt.timedelta(seconds=pause))
        self._count(message, told, now, final=final)
        self._stumbles = 0 if final else self._stumbles + 1
        return self._rest(now + dt.timedelta(seconds=REST_SECONDS)) if self._stumbles >= STUMBLES_MAX else True

    def _paused(self, message: Message, told: str, now: dt.datetime, until: dt.datetime) -> bool:
        """Let the channel rest. That it came too fast is nothing that the message has done, but always is no chance."""
        letter = open_letter(message)
        pauses = (letter.pauses + 1) % PAUSES_MAX
        known = attrs.evolve(message, error=told, body=write_letter(attrs.evolve(letter, pauses=pauses)))
        if pauses:
            self._put(known)
        else:
            self._count(known, told, now, not_before=until)
        return self._rest(until)

    def _untold(self, message: Message, error: Exception, now: dt.datetime) -> bool:
        """Count an attempt for what has no words to be sent with; the channel has nothing to do with that."""
        self.failed += 1
        self._count(message, UNREADABLE if isinstance(error, UnreadableError) else _words(error), now)
        return True

    def _count(
        self,
        message: Message,
        told: str,
        now: dt.datetime,
        *,
        final: bool = False,
        not_before: dt.datetime | None = None,
    ) -> None:
        attempts = message.attempts + 1
        dead = final or attempts >= self._rules.attempts_max
        next_at = now + back_off(message.attempts, self._rules.entropy)
        if not_before is not None:
            next_at = max(next_at, not_before)
        state = "dead" if dead else "waiting"
        self._put(attrs.evolve(message, state=state, attempts=attempts, next_at=next_at, error=told))

    def _bury(self, messages: Sequence[Message]) -> None:
        """Give up on what cannot be read; whatever it is, it must not keep back the others."""
        self.failed += len(messages)
        self._put(
            *(attrs.evolve(each, state="dead", attempts=each.attempts + 1, error=UNREADABLE) for each in messages)
        )

    def _rest(self, until: dt.datetime) -> bool:
        self._usage = self._usage.resting(until)
        self._keep_usage()
        self.next_at = until
        return False

    def _keep_usage(self) -> None:
        cursor = Cursor(name=self.lease.name, memo=self._usage.memo)
        self._outbox.post((), cursor=cursor, lease=self.lease)

    def end(self) -> None:
        """Leave behind what the next one has to know."""
        if self._pace.limits and (self.sent or self.failed):
            self._keep_usage()

    def _put(self, *messages: Message) -> None:
        self._outbox.update(messages, lease=self.lease)

    # --- several as one -----------------------------------------------------------------------

    def _bundle(self, message: Message, letter: Letter, now: dt.datetime) -> None:
        """Fix what goes out as one: first the message with the ids of its members, then the members.

        Where a crash fell between the two, the message stands, and its members are marked now.
        """
        outbox = self._rules.outbox
        topic = f"{outbox}/digest:{message.bundle}"
        found = self._outbox.messages(outbox, channel=message.channel, state="waiting", bundle=message.bundle)
        readable = self._readable(found)
        members = {each.id: each for each in found if each.id in readable}
        known = self._outbox.messages(outbox, topic=topic)
        for each in known:
            self._join([members.pop(id_) for id_ in letter_or_shell(each).members if id_ in members], each.id)
        page = sorted(members.values(), key=lambda each: (each.next_at, each.id))[:BUNDLE_MAX]
        if page:
            fresh = self._bundled(page, f"{topic}#{len(known) + 1}", topic, letter, now)
            self._outbox.post([fresh], lease=self.lease)
            self._join(page, fresh.id)

    def _readable(self, messages: Sequence[Message]) -> frozenset[str]:
        """Give the ids of those that can be read; bury the others."""
        torn = []
        for each in messages:
            try:
                open_letter(each)
            except UnreadableError:
                torn.append(each)
        if torn:
            self._bury(torn)
        return frozenset(each.id for each in messages) - {each.id for each in torn}

    def _bundled(self, members: Sequence[Message], id_: str, topic: str, letter: Letter, now: dt.datetime) -> Message:
        subjects = {open_letter(each).notice.subject for each in members}
        notice = attrs.evolve(
            letter.notice,
            id=id_,
            topic=topic,
            subject=subjects.pop() if len(subjects) == 1 else "digest",
            text="",
            text_ref="",
            digest="",
        )
        body = write_letter(Letter(notice=notice, zone=letter.zone, members=tuple(each.id for each in members)))
        first = members[0]
        return Message(
            id=id_,
            outbox=self._rules.outbox,
            topic=topic,
            channel=first.channel,
            to=first.to,
            body=body,
            next_at=min(now, first.next_at),
        )

    def _join(self, members: Sequence[Message], into: str) -> None:
        if members:
            self._put(*(attrs.evolve(each, state="bundled", bundle=into) for each in members))
            self._joined |= {each.id for each in members}

    def _whole(self, letter: Letter) -> Notice | None:
        """Give a notice with its text; None where nothing of it is left to say."""
        notice = letter.notice
        if notice.text:
            return notice
        if letter.members:
            return self._digest(letter)
        text = self._rules.text_of(notice)
        return None if text is None else attrs.evolve(notice, text=text)

    def _digest(self, letter: Letter) -> Notice | None:
        """Give what several notices say as one, without those that were taken back meanwhile."""
        found = {each.id: each for each in self._outbox.messages(self._rules.outbox, ids=letter.members)}
        inside = {id_: self._whole(open_letter(found[id_])) for id_ in letter.members if id_ in found}
        gone = [found[id_] for id_, notice in inside.items() if notice is None and found[id_].error != WITHDRAWN]
        if gone:
            self._put(*(attrs.evolve(each, state="dead", error=WITHDRAWN) for each in gone))
        left = [notice for notice in inside.values() if notice is not None]
        return attrs.evolve(letter.notice, text=bundled_text(left)) if left else None


def _words(error: BaseException) -> str:
    """Give what is kept of an error: a channel's own words only; whatever else broke may quote a number or a name."""
    if isinstance(error, ChannelError):
        with suppress(Exception):
            # Half a character, as in a platform's answer that was cut, is nothing that a store can keep.
            return str(error)[:ERROR_MAX].replace("\0", "").encode("utf-8", "replace").decode()
    return type(error).__name__


def _pause(error: BaseException) -> float | None:
    """Give how long a channel wants to be left alone, as far as that is a number that one can wait for."""
    asked: object = error.pause_seconds if isinstance(error, ChannelError) else None
    if isinstance(asked, int | float) and asked > 0 and math.isfinite(asked):
        return float(min(asked, PAUSE_SECONDS_MAX))
    return None
