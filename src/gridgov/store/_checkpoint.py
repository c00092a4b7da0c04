"""A checkpoint: one digest over the heads of all streams at a position.

A chain shows that nothing *inside* a stream was changed; it cannot show that the end of one was cut off. A checkpoint
that somebody else keeps (on a notice board, with the district) can: whoever works it out again later, through the same
position, gets the same digest or knows that something is gone.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from gridgov.proofs import canonical, digest
from gridgov.store._protocol import Record, verified

__all__ = ["Checkpoint", "checkpoint"]


@attrs.frozen(kw_only=True)
class Checkpoint:
    """What the store held at a position.

    :param position: of its last record; :param streams: how many streams there were.
    :param digest: SHA-256 over every stream with its version and head, 64 hexadecimal digits.
    """

    position: int
    streams: int
    digest: str


def checkpoint(records: Iterable[Record], *, through: int | None = None) -> Checkpoint:
    """Check the chains of all streams in *records* (in order of position) and give their checkpoint.

    :param through: the last position that counts; None for all.
    :raises StoreDamagedError: names the first stream and version that does not match.
    """
    heads: dict[str, tuple[int, str]] = {}
    position = 0
    for record in verified(each for each in _through(records, through)):
        heads[record.stream] = (record.stream_version, record.head.hex())
        position = record.position
    lines = [[stream, version, head] for stream, (version, head) in sorted(heads.items())]
    return Checkpoint(position=position, streams=len(heads), digest=digest(canonical(lines)))


def _through(records: Iterable[Record], through: int | None) -> Iterable[Record]:
    for record in records:
        if through is not None and record.position > through:
            return
        yield record
