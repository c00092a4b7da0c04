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
from gridgov.delivery._letter import WITHDRAWN, Letter, bundled_text, open_letter, write_letter
from gridgov.delivery._pace import Pace
from gridgov.delivery._patience import back_off
from gridgov.delivery._post import Clock, renewed
from gridgov.delivery._usage import Usage
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
PAUSE_SECONDS_MAX = 86_400
"""Longer than a day no channel is left alone, whatever it says."""
ERROR_MAX = 500
"""Characters of a channel's words that are kept."""


@attrs.frozen(kw_only=True)
class Rules:
    """What every round goes by.

    :param outbox: its name; :param text_of: gives the text of a notice that names one, None where it is gone.
    """

    outbox: str
    attempts_max: int
    entropy: Callable[[int], bytes]
    text_of: Callable[[Notice], str | None]


class Round:
    """Sends what is due, as fast as the other side allows, and not faster."""

    def __init__(
        self, outbox: Outbox, channel: Channel, rules: Rules, lease: Lease, usage: Usage, clock: Clock
    ) -> None:
        self._outbox = outbox
        self._channel = channel
        self._rules = rules
        self._clock = clock
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
                self.lease = renewed(self._outbox, self.lease, self._clock())
                if message.id not in self._joined and not self._take(message):
                    return
            if not page:
                return
            self._mark()

    def _take(self, message: Message) -> bool:
        """Deal with one message; say whether the next one may follow."""
        now = self._clock()
        letter = open_letter(message)
        awake_at = letter.awake_at(now)
        if awake_at > now:
            self._put(attrs.evolve(message, next_at=awake_at))
            return True
        if message.bundle:
            self._bundle(message, letter, now)
            return True
        notice = self._whole(letter)
        if notice is None:
            self._put(attrs.evolve(message, state="dead", error=WITHDRAWN))
            return True
        free_at = self._usage.free_at(self._pace, now)
        if free_at > now:
            self.next_at = free_at
            return False
        return self._send(message, notice, now)

    def _send(self, message: Message, notice: Notice, now: dt.datetime) -> bool:
        self._usage = self._usage.begun(self._pace, now)
        if self._pace.limits:
            self._keep_usage()
        try:
            self._channel.send(notice)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # a channel that wants to leave ends its attempt, and not the worker
            now = self._clock()
            self._usage = self._usage.ended(now)
            self.failed += 1
            return self._failed(message, error, now)
        now = self._clock()
        self._usage = self._usage.ended(now)
        self._taken_since = self._taken_since if self._taken else time.monotonic()
        self._taken.append(attrs.evolve(message, state="sent", sent_at=now, error=""))
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
            # That it came too fast is nothing that the message has done.
            self._put(attrs.evolve(message, error=told))
            return self._rest(now + dt.timedelta(seconds=pause))
        attempts = message.attempts + 1
        dead = final or attempts >= self._rules.attempts_max
        next_at = now + back_off(message.attempts, self._rules.entropy)
        state = "dead" if dead else "waiting"
        self._put(attrs.evolve(message, state=state, attempts=attempts, next_at=next_at, error=told))
        self._stumbles = 0 if final else self._stumbles + 1
        return self._rest(now + dt.timedelta(seconds=REST_SECONDS)) if self._stumbles >= STUMBLES_MAX else True

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
        members = {each.id: each for each in found}
        known = self._outbox.messages(outbox, topic=topic)
        for each in known:
            self._join([members.pop(id_) for id_ in open_letter(each).members if id_ in members], each.id)
        page = sorted(members.values(), key=lambda each: (each.next_at, each.id))[:BUNDLE_MAX]
        if page:
            fresh = self._bundled(page, f"{topic}#{len(known) + 1}", topic, letter, now)
            self._outbox.post([fresh], lease=self.lease)
            self._join(page, fresh.id)

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
        if not letter.members:
            text = self._rules.text_of(notice)
            return None if text is None else attrs.evolve(notice, text=text)
        found = {each.id: each for each in self._outbox.messages(self._rules.outbox, ids=letter.members)}
        inside = [self._whole(open_letter(found[id_])) for id_ in letter.members if id_ in found]
        left = [each for each in inside if each is not None]
        return attrs.evolve(notice, text=bundled_text(left)) if left else None


def _words(error: BaseException) -> str:
    """Give what is kept of an error: a channel's own words only; whatever else broke may quote a number or a name."""
    if isinstance(error, ChannelError):
        with suppress(Exception):
            return str(error)[:ERROR_MAX]
    return type(error).__name__


def _pause(error: BaseException) -> float | None:
    """Give how long a channel wants to be left alone, as far as that is a number that one can wait for."""
    asked: object = error.pause_seconds if isinstance(error, ChannelError) else None
    if isinstance(asked, int | float) and asked > 0 and math.isfinite(asked):
        return float(min(asked, PAUSE_SECONDS_MAX))
    return None
