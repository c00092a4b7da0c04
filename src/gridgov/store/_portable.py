"""Taking a store elsewhere: page by page while it is in use, and then the tail.

A copy keeps every position and every head, so whatever was noted about the one (a checkpoint, a cursor, a published
month) holds for the other. The first run may take hours and needs no stop; a second run copies what has come since.
Only that one has to be made while nobody writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

import attrs

from gridgov.errors import StoreError
from gridgov.store._outbox import Message
from gridgov.store._protocol import Cursor, PrivateEntry, Record, Store, StoredOutcome

__all__ = ["Copied", "Part", "Portable", "Portion", "copy"]

PAGE = 1000
COPY = "gridgov:copy"
"""The cursor in the target that says from where the outcomes have to be looked at again."""

Part = Literal["outcomes", "private", "documents", "cursors", "messages"]
PARTS: tuple[Part, ...] = ("outcomes", "private", "documents", "cursors", "messages")


@attrs.frozen(kw_only=True)
class Portion:
    """Some of what a store holds, in its place.

    :param documents: digest and bytes.
    """

    records: Sequence[Record] = ()
    outcomes: Sequence[StoredOutcome] = ()
    private: Sequence[PrivateEntry] = ()
    documents: Sequence[tuple[str, bytes]] = ()
    cursors: Sequence[Cursor] = ()
    messages: Sequence[Message] = ()


@runtime_checkable
class Portable(Store, Protocol):
    """What a store has to be able to do so that it can be copied."""

    def keys(self, part: Part, /, *, since: int = 0, after: str = "", limit: int = PAGE) -> Sequence[str]:
        """Give keys of a part, in order, those after a key, at most *limit* of them.

        :param since: of outcomes only: those that were written when the store stood at this position or later.
        """
        ...

    def portion(self, part: Part, keys: Sequence[str], /) -> Portion:
        """Give what stands under some keys of a part; what is gone meanwhile is left out."""
        ...

    def restore(self, portion: Portion, /, *, erase: Sequence[str] = ()) -> None:
        """Write a portion as it is, positions and heads included, in one durable write.

        Outcomes, documents, private entries, cursors and messages that are there already are replaced.

        :param erase: references of private entries that have to go.
        :raises StoreDamagedError: a record does not follow the last one of its stream, or lies before the last
            one of all; nothing is written.
        """
        ...


@attrs.frozen(kw_only=True)
class Copied:
    """What a copy brought over.

    :param position: of the target's last record; :param records: how many came, and so on for the other parts.
    :param erased: how many private entries went because they are erased in the source.
    """

    position: int
    records: int
    outcomes: int
    private: int
    documents: int
    erased: int


def copy(source: Store, target: Store, *, page: int = PAGE) -> Copied:
    """Bring everything that *target* has not over from *source*, positions and heads kept.

    Run it while the source is in use, as often as you like; then stop the writers and run it once more. What the
    target has taken further already (a cursor, a message that was sent) stays as it is. Snapshots stay behind: they
    are only a cache; and leases: whoever held one works on the source.

    :raises StoreError: one of them cannot be copied, or the target holds something else.
    :raises StoreDamagedError: a record of the source does not match its chain.
    """
    if not isinstance(source, Portable) or not isinstance(target, Portable):
        poor = source if not isinstance(source, Portable) else target
        raise StoreError(f"{type(poor).__name__} cannot be copied; it does not fulfill gridgov.store.Portable")
    begun = source.head()
    _same_beginning(source, target)
    since = target.cursor(COPY).position
    records = _copy_records(source, target, through=begun, page=page)
    counts = {part: _copy_part(source, target, part, since=since, page=page) for part in PARTS}
    erased = _erase_gone(source, target, page)
    # Next time everything that was written since this run began is looked at again: what commits late included.
    target.save_cursor(Cursor(name=COPY, position=begun))
    return Copied(
        position=target.head(),
        records=records,
        outcomes=counts["outcomes"],
        private=counts["private"],
        documents=counts["documents"],
        erased=erased,
    )


def _same_beginning(source: Store, target: Store) -> None:
    last = target.head()
    if not last:
        return
    theirs, ours = source.read(after=last - 1, limit=1), target.read(after=last - 1, limit=1)
    if not theirs or theirs[0].position != last or theirs[0].head != ours[0].head:
        raise StoreError(f"the target holds something else: its last record, at {last}, is not the source's")


def _copy_records(source: Portable, target: Portable, *, through: int, page: int) -> int:
    count, after = 0, target.head()
    while records := [each for each in source.read(after=after, limit=page) if each.position <= through]:
        target.restore(Portion(records=records))
        count += len(records)
        after = records[-1].position
    return count


def _copy_part(source: Portable, target: Portable, part: Part, *, since: int, page: int) -> int:
    count, after = 0, ""
    changing = part in ("cursors", "messages")
    while keys := source.keys(part, since=since if part == "outcomes" else 0, after=after, limit=page):
        known = set() if changing else _known(target, part, keys)
        wanted = [key for key in keys if key not in known and key != COPY]
        portion = source.portion(part, wanted)
        if changing:
            portion = _ahead(portion, target.portion(part, wanted))
        if wanted:
            target.restore(portion)
            count += len(wanted)
        after = keys[-1]
    return count


def _ahead(theirs: Portion, ours: Portion) -> Portion:
    """Leave out what the target has taken further already: it may be in use."""
    reached = {cursor.name: cursor.position for cursor in ours.cursors}
    done = {message.id for message in ours.messages if message.state != "waiting"}
    return Portion(
        cursors=[cursor for cursor in theirs.cursors if cursor.position >= reached.get(cursor.name, 0)],
        messages=[message for message in theirs.messages if message.state != "waiting" or message.id not in done],
    )


def _known(target: Portable, part: Part, keys: Sequence[str]) -> set[str]:
    found = target.portion(part, keys)
    match part:
        case "outcomes":
            return {each.command_id for each in found.outcomes}
        case "private":
            return {each.ref for each in found.private}
        case _:
            return {digest for digest, _ in found.documents}


def _erase_gone(source: Portable, target: Portable, page: int) -> int:
    count, after = 0, ""
    while refs := target.keys("private", after=after, limit=page):
        still = {entry.ref for entry in source.portion("private", refs).private}
        gone = [ref for ref in refs if ref not in still]
        if gone:
            target.restore(Portion(), erase=gone)
            count += len(gone)
        after = refs[-1]
    return count
