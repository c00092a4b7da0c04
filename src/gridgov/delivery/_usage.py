"""How a channel was used lately: what has to be known so that its limits hold, whoever sends next.

It stands in the store, as the memo of a cursor of its own, and it is written before a message is sent and not only
after: a worker that is killed in between must not make the next one send too fast.
"""

from __future__ import annotations

import datetime as dt

import attrs
import msgspec

from gridgov.delivery._pace import Pace
from gridgov.proofs import canonical

__all__ = ["Usage"]


@attrs.frozen(kw_only=True)
class Usage:
    """How a channel was used.

    :param sent: when messages were sent lately, whether they were taken or not, in order.
    :param under_way: the last of *sent* had only begun when this was written.
    :param rests_until: nothing is sent before: the other side wants to be left alone.
    """

    sent: tuple[dt.datetime, ...] = ()
    under_way: bool = False
    rests_until: dt.datetime | None = None

    @classmethod
    def read(cls, memo: bytes, now: dt.datetime) -> Usage:
        """Give what the one before has left; what it had only begun may have arrived as late as now."""
        if not memo:
            return cls()
        usage = msgspec.json.decode(memo, type=cls)
        return usage.ended(now) if usage.under_way else usage

    @property
    def memo(self) -> bytes:
        """The bytes for the next one."""
        return canonical(self)

    def free_at(self, pace: Pace, now: dt.datetime) -> dt.datetime:
        """Give when one more message may be sent, *now* or later."""
        rested = now if self.rests_until is None else max(now, self.rests_until)
        return pace.next_at(self.sent, rested)

    def begun(self, pace: Pace, now: dt.datetime) -> Usage:
        """Give the usage while one more is under way."""
        kept = tuple(at for at in self.sent if at > now - pace.memory)
        return attrs.evolve(self, sent=(*kept, now), under_way=True)

    def ended(self, now: dt.datetime) -> Usage:
        """Give the usage once it is through: the other side has counted it at this instant at the latest."""
        return attrs.evolve(self, sent=(*self.sent[:-1], max(self.sent[-1], now)), under_way=False)

    def resting(self, until: dt.datetime) -> Usage:
        """Give the usage of a channel that is left alone until an instant."""
        return attrs.evolve(self, rests_until=until)
