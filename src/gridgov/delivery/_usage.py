"""How a channel was used lately: what has to be known so that its limits hold, whoever sends next.

It stands in the store, as the memo of a cursor of its own, and it is written before a message is sent and not only
after: a worker that is killed in between must not make the next one send too fast.

Instants are of the clock of whoever sent, and clocks differ. So it is kept who that was, and what another one sent
counts as late as it may have been sent by this one's clock: :data:`WORKERS_DIFFER` later, but not later than now. What
is kept are always the instants as they were written, so that nothing is put off again and again.
"""

from __future__ import annotations

import datetime as dt
from itertools import zip_longest

import attrs
import msgspec

from gridgov.delivery._pace import Pace
from gridgov.proofs import canonical

__all__ = ["WORKERS_DIFFER", "Usage"]

WORKERS_DIFFER = dt.timedelta(seconds=10)
"""How much the clocks of two workers on one store may differ.

Less than :data:`gridgov.decider.CLOCKS_DIFFER`: these are servers, and what is allowed here is waited for when another
worker takes over a channel.
"""


@attrs.frozen(kw_only=True)
class Usage:
    """How a channel was used.

    :param sent: when messages were sent lately, whether they were taken or not, in order of sending.
    :param senders: who sent each of them; empty where that is not known.
    :param under_way: the last of *sent* had only begun when this was written.
    :param rests_until: nothing is sent before: the other side wants to be left alone; *rested_by* says by whose clock.
    :param holder: by whose clock everything is asked.
    """

    sent: tuple[dt.datetime, ...] = ()
    senders: tuple[str, ...] = ()
    under_way: bool = False
    rests_until: dt.datetime | None = None
    rested_by: str = ""
    holder: str = ""

    @classmethod
    def read(cls, memo: bytes, now: dt.datetime, holder: str = "") -> Usage:
        """Give what the one before has left; what it had only begun may have arrived as late as now."""
        if not memo:
            return cls(holder=holder)
        usage = attrs.evolve(msgspec.json.decode(memo, type=cls), holder=holder)
        return usage.ended(now) if usage.under_way else usage

    @property
    def memo(self) -> bytes:
        """The bytes for the next one."""
        return canonical(self)

    def free_at(self, pace: Pace, now: dt.datetime) -> dt.datetime:
        """Give when one more message may be sent, *now* or later."""
        rested = now
        if self.rests_until is not None:
            differs = dt.timedelta(0) if self.rested_by == self.holder else WORKERS_DIFFER
            rested = max(now, self.rests_until + differs)
        return pace.next_at(sorted(at for at, _, _ in self._sent_by(now)), rested)

    def _sent_by(self, now: dt.datetime) -> list[tuple[dt.datetime, dt.datetime, str]]:
        """Give when each was sent at the latest by this one's clock, when by the sender's, and who that was."""
        stamps = zip_longest(self.sent, self.senders[: len(self.sent)], fillvalue="")
        return [
            (min(now, at if who == self.holder else at + WORKERS_DIFFER), at, who)
            for at, who in stamps
            if isinstance(at, dt.datetime)
        ]

    def begun(self, pace: Pace, now: dt.datetime) -> Usage:
        """Give the usage while one more is under way."""
        kept = [(at, who) for latest, at, who in self._sent_by(now) if latest > now - pace.memory]
        sent, senders = (*(at for at, _ in kept), now), (*(who for _, who in kept), self.holder)
        return attrs.evolve(self, sent=sent, senders=senders, under_way=True)

    def ended(self, now: dt.datetime) -> Usage:
        """Give the usage once it is through: the other side has counted it at this instant at the latest."""
        senders = tuple(who for _, _, who in self._sent_by(now))
        return attrs.evolve(self, sent=(*self.sent[:-1], now), senders=(*senders[:-1], self.holder), under_way=False)

    def resting(self, until: dt.datetime) -> Usage:
        """Give the usage of a channel that is left alone until an instant."""
        return attrs.evolve(self, rests_until=until, rested_by=self.holder)
