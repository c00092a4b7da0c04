"""From the store into the outbox: following, under a lease.

The cursor and the messages of a page are one write, so a crash loses none and doubles none: the ids are made from the
events, and what is known already is not posted again. A broadcast to ten thousand is posted in several writes, and the
cursor passes its event only with the last of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

import attrs
import msgspec

from gridgov.delivery._letter import Letter, Waiting, write_letter
from gridgov.errors import AppendConflictError
from gridgov.notices import Notice
from gridgov.store import Cursor, Lease, Message, Outbox, Record, Store

__all__ = ["LEASE_SECONDS", "Clock", "Post", "renewed"]

Clock = Callable[[], dt.datetime]
RECORDS_PAGE = 200
MESSAGES_PAGE = 500
LEASE_SECONDS = 60
"""How long a lease lasts; it is renewed when half of that is left. So no other worker takes it whose clock is ahead by
:data:`gridgov.delivery._usage.WORKERS_DIFFER`, as long as no single message takes longer than twenty seconds."""


def renewed(outbox: Outbox, lease: Lease, now: dt.datetime) -> Lease:
    """Give a lease that lasts a while longer.

    :raises AppendConflictError: somebody else has it.
    """
    if lease.until - now > dt.timedelta(seconds=LEASE_SECONDS / 2):
        return lease
    until = now + dt.timedelta(seconds=LEASE_SECONDS)
    fresh = outbox.take_lease(lease.name, holder=lease.holder, now=now, until=until)
    if fresh is None:
        raise AppendConflictError(f"the lease of {lease.name!r}")
    return fresh


class Post:
    """Follows the store and posts what is new.

    :param name: of the outbox, of its cursor and of its lease (``"150203005/delivery"``).
    :param zone: gives the local time that quiet hours and digests are meant in.
    """

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        notices_of: Callable[[Record], Iterable[Notice]],
        *,
        name: str,
        zone: Callable[[], str],
        holder: str,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._notices_of = notices_of
        self._name = name
        self._zone = zone
        self._holder = holder

    def run(self, clock: Clock, own: Clock, stopped: Callable[[], bool]) -> None:
        """Post everything that is new; do nothing while somebody else does.

        :param clock: says when it is posted; :param own: says how long a lease lasts.
        """
        cursor = self._store.cursor(self._name)
        if not cursor.memo and not self._store.read(after=cursor.position, limit=1):
            return
        until = own() + dt.timedelta(seconds=LEASE_SECONDS)
        lease = self._outbox.take_lease(self._name, holder=self._holder, now=own(), until=until)
        if lease is None:
            return
        try:
            position = self._begin(lease, clock())
            while not stopped():
                records = self._store.read(after=position, limit=RECORDS_PAGE)
                if not records:
                    return
                lease = self._page(records, lease, clock, own)
                position = records[-1].position
        except AppendConflictError:
            return  # somebody else follows now; what they have posted is there
        finally:
            self._outbox.end_lease(lease)

    def _begin(self, lease: Lease, now: dt.datetime) -> int:
        """Give where to begin; take over what an earlier version kept beside its cursor."""
        cursor = self._store.cursor(self._name)
        if cursor.memo:
            kept = msgspec.json.decode(cursor.memo, type=list[Waiting])
            messages = [self._taken_over(each, now) for each in kept]
            self._outbox.post(messages, cursor=attrs.evolve(cursor, memo=b""), lease=lease)
        return cursor.position

    def _taken_over(self, waiting: Waiting, now: dt.datetime) -> Message:
        notice = waiting.notice
        return attrs.evolve(
            self._message(notice, now, now),
            state="dead" if waiting.dead else "waiting",
            topic=notice.id.rpartition("@")[0],
            next_at=waiting.next_at,
            attempts=waiting.attempts,
            error=waiting.error,
        )

    def _page(self, records: Sequence[Record], lease: Lease, clock: Clock, own: Clock) -> Lease:
        pending: list[Message] = []
        for record in records:
            for number, notice in enumerate(self._notices_of(record)):
                pending.append(self._message(notice, clock(), _in_order(record, number)))
                if len(pending) == MESSAGES_PAGE:
                    lease = renewed(self._outbox, lease, own())
                    self._outbox.post(pending, lease=lease)
                    pending.clear()
        lease = renewed(self._outbox, lease, own())
        cursor = Cursor(name=self._name, position=records[-1].position)
        self._outbox.post(pending, cursor=cursor, lease=lease)
        return lease

    def _message(self, notice: Notice, now: dt.datetime, in_order: dt.datetime) -> Message:
        letter = Letter(notice=notice, zone=self._zone())
        at = letter.first_at(now)
        bundle = letter.bundle_key(at)
        if at == now:
            at = min(in_order, now)
        return Message(
            id=notice.id,
            outbox=self._name,
            topic=notice.topic,
            channel=notice.channel,
            to=notice.to,
            body=write_letter(letter),
            next_at=at,
            bundle=bundle,
        )


def _in_order(record: Record, number: int) -> dt.datetime:
    """Give the time of a message that is due at once.

    What is due is sent in order of its time, which is to be the order of the events and, within one, of the table;
    many of them may have one instant.
    """
    after = dt.timedelta(milliseconds=record.position % 10_000, microseconds=min(number, 999))
    return record.recorded_at - dt.timedelta(seconds=10) + after
