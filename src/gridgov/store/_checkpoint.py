"""A checkpoint: one digest over every record's place and head, up to a position.

A chain shows that nothing *inside* a stream was changed; it cannot show that the end of one was cut off, that a whole
stream is gone, or that two records of different streams changed places. A checkpoint that somebody else keeps (on a
notice board, with the district) can: whoever works it out again later, through the same position, gets the same
digest or knows that something is gone. It holds no personal data, so it may be shown to anybody.

Its text is four lines; signed, it is a *signed note* as in C2SP (``c2sp.org/signed-note``), like a published month.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import attrs

from gridgov.errors import StoreDamagedError, StoreError
from gridgov.proofs import GENESIS, Signer, Verifier, link, signature_line, verified_by
from gridgov.store._protocol import Record, verified

__all__ = ["Checkpoint", "checkpoint", "read_checkpoint", "verify_records"]

TEXT = re.compile(r"gridgov checkpoint 1\nposition (\d{1,18})\nstreams (\d{1,18})\ndigest ([0-9a-f]{64})\n")


@attrs.frozen(kw_only=True)
class Checkpoint:
    """What the store held at a position.

    :param position: of its last record; :param streams: how many streams there were.
    :param digest: a hash chain over the position and the head of every record, 64 hexadecimal digits.
    """

    position: int
    streams: int
    digest: str

    def text(self, *signers: Signer) -> str:
        """Give it as a text, signed by *signers*, to be kept elsewhere."""
        body = f"gridgov checkpoint 1\nposition {self.position}\nstreams {self.streams}\ndigest {self.digest}\n"
        lines = "".join(f"{signature_line(body, signer)}\n" for signer in signers)
        return f"{body}\n{lines}" if lines else body


def read_checkpoint(text: str, *verifiers: Verifier) -> Checkpoint:
    """Give the checkpoint that a text holds.

    :param verifiers: whose signatures it must bear, each of them.
    :raises StoreError: it is no checkpoint, or a signature is missing or wrong.
    """
    body, _, signatures = text.replace("\r\n", "\n").partition("\n\n")
    body = body.rstrip("\n") + "\n"
    found = TEXT.fullmatch(body)
    if found is None:
        raise StoreError("this is no checkpoint of gridgov; its first line would be 'gridgov checkpoint 1'")
    for verifier in verifiers:
        if not verified_by(body, signatures.splitlines(), verifier):
            raise StoreError(f"the checkpoint at {found[1]} bears no right signature of {verifier.name}")
    return Checkpoint(position=int(found[1]), streams=int(found[2]), digest=found[3])


def checkpoint(records: Iterable[Record], *, through: int | None = None) -> Checkpoint:
    """Check the chains of all streams in *records* (in order of position) and give their checkpoint.

    :param through: the last position that counts; None for all.
    :raises StoreDamagedError: names the first stream and version that does not match.
    """
    last = (0, 0, GENESIS)
    for each in _heads(_through(records, through)):
        last = each
    return Checkpoint(position=last[0], streams=last[1], digest=last[2].hex())


def verify_records(records: Iterable[Record], *, against: Sequence[Checkpoint] = ()) -> int:
    """Check the chains of all streams in *records* (in order of position), and that they lead through checkpoints.

    :param against: checkpoints of the same store that were kept elsewhere.
    :returns: how many records there are.
    :raises StoreDamagedError: names the first stream and version that does not match its chain, or between which
        positions a checkpoint shows that something was replaced, removed, put in another order or cut off.
    """
    waiting = sorted(against, key=lambda each: each.position)
    count, right = 0, 0
    for position, _, head in _heads(records):
        count += 1
        while waiting and waiting[0].position <= position:
            wanted = waiting.pop(0)
            if (wanted.position, wanted.digest) != (position, head.hex()):
                raise StoreDamagedError(
                    "",
                    0,
                    f"the checkpoint at {wanted.position} does not match: after {right} and up to there a record "
                    "was replaced, removed, added or put in another order",
                )
            right = position
    if waiting and waiting[-1].position:
        raise StoreDamagedError(
            "", 0, f"the end is cut off: a checkpoint stands at {waiting[-1].position}, and the records end before it"
        )
    return count


def _heads(records: Iterable[Record]) -> Iterator[tuple[int, int, bytes]]:
    """Walk what stands after each record: its position, how many streams there are, and the digest."""
    streams: set[str] = set()
    head = GENESIS
    for record in verified(records):
        streams.add(record.stream)
        # The order between streams is bound by nothing else.
        head = link(head, record.position.to_bytes(8, "big") + record.head)
        yield record.position, len(streams), head


def _through(records: Iterable[Record], through: int | None) -> Iterable[Record]:
    for record in records:
        if through is not None and record.position > through:
            return
        yield record
