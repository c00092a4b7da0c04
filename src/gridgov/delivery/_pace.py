"""How fast a channel may be used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import attrs

__all__ = ["Limit", "Pace"]


@attrs.frozen(kw_only=True)
class Limit:
    """At most *count* messages within any *seconds* seconds."""

    count: int = attrs.field(validator=attrs.validators.ge(1))
    seconds: float = attrs.field(validator=attrs.validators.gt(0))


@attrs.frozen
class Pace:
    """What the other side allows; all limits hold at once. Without limits there is no hurry and no wait."""

    limits: tuple[Limit, ...] = ()

    def next_at(self, sent: Sequence[dt.datetime], now: dt.datetime) -> dt.datetime:
        """Give the earliest instant from *now* on at which one more may be sent.

        :param sent: when earlier ones were, in order; those older than :attr:`memory` do not matter.
        """
        at = now
        for limit in self.limits:
            if len(sent) >= limit.count:
                # The window is half open: exactly its length later the oldest one is out of it.
                at = max(at, sent[-limit.count] + dt.timedelta(seconds=limit.seconds))
        return at

    @property
    def memory(self) -> dt.timedelta:
        """How long a sent message matters."""
        return dt.timedelta(seconds=max((limit.seconds for limit in self.limits), default=0.0))
