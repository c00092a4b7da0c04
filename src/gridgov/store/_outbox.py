"""What has to reach somebody, kept until it did: messages, and leases so that one worker at a time works on them.

Nothing here asks a database to skip locked rows: a lease is a row with a holder and an end, taken by whoever finds
it free or run out, and every later write of a worker says which lease it rests on. A worker that slept through the
end of its lease finds that out when it writes, and nothing is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import attrs

from gridgov.store._protocol import Cursor, aware

__all__ = ["STATES", "Lease", "Message", "MessageCount", "Outbox"]

STATES = ("waiting", "sent", "dead", "bundled")
"""Still to be sent; taken by the other side; given up on, for a person to look at; gone out inside another one."""


@attrs.frozen(kw_only=True)
class Message:
    """One message to one receiver on one channel.

    :param id: the idempotency key; begins with the jurisdiction's code.
    :param outbox: whose it is (``"150203005/delivery"``); one store may hold several.
    :param topic: what it belongs to (a case's stream, an announcement), for progress and for who has not read.
    :param to: the receiver's opaque id; :param body: the notice, canonical bytes without personal data.
    :param state: one of :data:`STATES`.
    :param next_at: when to try it (again); :param attempts: how often it was tried.
    :param error: what the channel said last; :param bundle: while it waits, with which others it goes out as one;
        once bundled, the id of the message that it went into.
    :param sent_at: when the other side took it; :param read_at: when its receiver said so.
    """

    id: str
    outbox: str
    topic: str
    channel: str
    to: str
    body: bytes
    state: str = "waiting"
    next_at: dt.datetime = attrs.field(validator=aware)
    attempts: int = 0
    error: str = ""
    bundle: str = ""
    sent_at: dt.datetime | None = None
    read_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class MessageCount:
    """How many messages of a channel are in a state, and how many of them were read."""

    channel: str
    state: str
    count: int
    read: int


@attrs.frozen(kw_only=True)
class Lease:
    """The right to work on something alone until an instant.

    :param memo: what whoever holds it next must know (how often it sent lately, say).
    """

    name: str
    holder: str
    until: dt.datetime = attrs.field(validator=aware)
    memo: bytes = b""


@runtime_checkable
class Outbox(Protocol):
    """What a store has to be able to do so that notices can be delivered from it.

    Every method is safe to call from several threads and processes, and durable when it returns.
    """

    def post(self, messages: Sequence[Message], /, *, cursor: Cursor | None = None, lease: Lease | None = None) -> int:
        """Keep those messages whose id is not known yet, and the cursor, in one write; give how many were new.

        :raises AppendConflictError: *lease* is not held any more; nothing is written.
        """
        ...

    def update(self, messages: Sequence[Message], /, *, lease: Lease | None = None) -> None:
        """Put messages in place of those with the same ids, in one write. Unknown ids are left out.

        What has been read stays read: a ``read_at`` that stands is not taken away.

        :raises AppendConflictError: *lease* is not held any more; nothing is written.
        """
        ...

    def messages(
        self,
        outbox: str,
        /,
        *,
        ids: Sequence[str] | None = None,
        channel: str | None = None,
        state: str | None = None,
        topic: str | None = None,
        to: str | None = None,
        bundle: str | None = None,
        unread: bool = False,
        after: str = "",
        limit: int | None = None,
    ) -> Sequence[Message]:
        """Give messages in order of id, those after an id, at most *limit* of them.

        :param unread: only those without a ``read_at``.
        """
        ...

    def due(self, outbox: str, /, *, channel: str, now: dt.datetime, limit: int) -> Sequence[Message]:
        """Give waiting messages of a channel whose time has come, in order of time and id."""
        ...

    def next_due(self, outbox: str, /) -> dt.datetime | None:
        """Give the earliest time of a waiting message; None if none waits."""
        ...

    def message_counts(self, outbox: str, /, *, topic: str | None = None) -> Sequence[MessageCount]:
        """Count messages by channel and state, in that order."""
        ...

    def take_lease(self, name: str, /, *, holder: str, now: dt.datetime, until: dt.datetime) -> Lease | None:
        """Take or renew a lease; None while somebody else holds it.

        The memo of the one before comes with it.
        """
        ...

    def end_lease(self, lease: Lease, /) -> None:
        """Give a lease back, with its memo for the next one; nothing happens where it was lost."""
        ...
