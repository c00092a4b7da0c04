"""A checkpoint: one digest over every record's place and head, up to a position.

A chain shows that nothing *inside* a stream was changed; it cannot show that the end of one was cut off, or that two
records of different streams changed places. A checkpoint that somebody else keeps (on a notice board, with the
district) can: whoever works it out again later, through the same position, gets the same digest or knows that
something is gone.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from gridgov.proofs import GENESIS, link
from gridgov.store._protocol import Record, verified

__all__ = ["Checkpoint", "checkpoint"]


@attrs.frozen(kw_only=True)
class Checkpoint:
    """What the store held at a position.

    :param position: of its last record; :param streams: how many streams there were.
    :param digest: a hash chain over the position and the head of every record, 64 hexadecimal digits.
    """

    position: int
    streams: int
    digest: str


def checkpoint(records: Iterable[Record], *, through: int | None = None) -> Checkpoint:
    """Check the chains of all streams in *records* (in order of position) and give their checkpoint.

    :param through: the last position that counts; None for all.
    :raises StoreDamagedError: names the first stream and version that does not match.
    """
    streams: set[str] = set()
    position, head = 0, GENESIS
    for record in verified(_through(records, through)):
        streams.add(record.stream)
        position = record.position
        # The order between streams is bound by nothing else.
        head = link(head, position.to_bytes(8, "big") + record.head)
    return Checkpoint(position=position, streams=len(streams), digest=head.hex())


def _through(records: Iterable[Record], through: int | None) -> Iterable[Record]:
    for record in records:
        if through is not None and record.position > through:
            return
        yield record
