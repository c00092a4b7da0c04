"""What every store that can be copied has to keep, as tests to inherit.

::

    class TestMyCopies(PortableContract):
        def open(self, tmp_path): return MyStore(tmp_path / "street.db")
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, get_args

import attrs
import pytest

from gridgov.errors import StoreDamagedError, StoreError
from gridgov.proofs import digest
from gridgov.store import (
    Commit,
    Condition,
    Cursor,
    MemoryStore,
    Outbox,
    Part,
    Portable,
    Portion,
    Record,
    checkpoint,
    copy,
    every_record,
    verify_chain,
)
from gridgov.testing._outbox_contract import OUTBOX, message
from gridgov.testing._store_contract import _told, draft, outcome, private

__all__ = ["PortableContract"]

PARTS: tuple[Part, ...] = get_args(Part)


class PortableStore(Portable, Outbox, Protocol):
    """What the contract is for."""


def _fill(store: PortableStore, start: int = 0, count: int = 5) -> None:
    """Write something of every part."""
    for number in range(start, start + count):
        name = f"c{number:03}"
        body = f"document {number}".encode()
        store.append(
            Commit(
                drafts=[draft(f"150203005/case:{number % 3}", "hot", command=name), draft("150203005/log")],
                outcomes=[outcome(name)],
                private=[private(f"{name}/text")],
                documents={digest(body): body},
            )
        )
        store.append(Commit(outcomes=[attrs.evolve(outcome(f"r{number:03}"), accepted=False, body=b"{}")]))
        store.post([message(number)], cursor=Cursor(name=f"f{number % 2}", position=number))


def _everything(store: PortableStore) -> dict[Part, Portion]:
    return {
        part: store.portion(part, [key for key in store.keys(part) if not key.startswith("gridgov:")]) for part in PARTS
    }


def _with_gaps(records: list[Record]) -> list[Record]:
    return [attrs.evolve(record, position=record.position * 10) for record in records]


class _Busy(MemoryStore):
    """Somebody writes into it while it is copied: after its outcomes were looked at."""

    meanwhile: Sequence[Commit] = ()

    def keys(self, part: Part, /, *, since: int = 0, after: str = "", limit: int = 1000) -> Sequence[str]:
        if part == "documents":
            commits, self.meanwhile = self.meanwhile, ()
            for commit in commits:
                self.append(commit)
        return super().keys(part, since=since, after=after, limit=limit)


class PortableContract:
    """The promises of :class:`gridgov.store.Portable`, each held by a test."""

    def open(self, tmp_path: Path) -> PortableStore:
        """Open the store; a second call with the same folder opens the same store."""
        raise TypeError("a contract needs the store to be tested: override open(self, tmp_path)")

    @pytest.fixture
    def store(self, tmp_path: Path) -> Any:
        """Open a fresh store for one test."""
        store = self.open(tmp_path)
        yield store
        store.close()

    def test_the_keys_of_every_part_come_in_order_and_in_pages(self, store: PortableStore) -> None:
        """As Python orders them."""
        _fill(store)
        store.append(Commit(outcomes=[outcome(name) for name in ("C000", "c000-a", "人", "z")]))
        for part in PARTS:
            keys = list(store.keys(part))
            assert keys == sorted(keys)
            assert keys
            paged: list[str] = []
            while page := store.keys(part, after=paged[-1] if paged else "", limit=2):
                assert len(page) <= 2
                paged += page
            assert paged == keys

    def test_outcomes_are_found_by_where_the_store_stood(self, store: PortableStore) -> None:
        """Those of refusals, too, which have no record to go by."""
        _fill(store, 0, 2)
        since = store.head()
        _fill(store, 2, 2)
        store.append(Commit(outcomes=[outcome("late")]))
        found = store.keys("outcomes", since=since + 1)
        assert set(found) >= {"c002", "c003", "r002", "r003", "late"}
        assert not set(found) & {"c000", "r000", "c001"}

    def test_a_portion_leaves_out_what_is_gone(self, store: PortableStore) -> None:
        """Between asking for keys and asking for what is under them, something may be erased."""
        _fill(store, 0, 2)
        store.append(Commit(erase=["c000/text"]))
        assert list(store.portion("private", ["c000/text", "c001/text"]).private) == [private("c001/text")]
        (found,) = store.portion("outcomes", ["c001", "unknown"]).outcomes
        assert found == store.outcome("c001")
        assert list(store.portion("messages", [message(1).id]).messages) == [message(1)]
        assert list(store.portion("cursors", []).cursors) == []

    def test_records_are_restored_with_their_positions_and_heads(self, store: PortableStore) -> None:
        """Gaps included; whatever is appended then stands after them and goes on with their chains."""
        source = MemoryStore()
        _fill(source)
        records = _with_gaps(list(source.read()))
        store.restore(Portion(records=records[:4]))
        store.restore(Portion(records=records[4:]))
        assert list(store.read()) == records
        assert [record.position for record in store.read(tag="hot")] == [10, 30, 50, 70, 90]
        assert [record.position for record in store.read(tag="150203005/log")] == [20, 40, 60, 80, 100]
        last = store.append(Commit(drafts=[draft("150203005/log", command="next")]))
        assert last > 100
        assert store.read(stream="150203005/log", after=100)[0].stream_version == 6
        assert verify_chain(every_record(store)) == 11

    @pytest.mark.parametrize("broken", ["content", "gap", "early"])
    def test_records_that_do_not_follow_are_refused_and_nothing_is_written(
        self, store: PortableStore, broken: str
    ) -> None:
        """Neither they nor what came with them."""
        source = MemoryStore()
        _fill(source)
        records = list(source.read())
        store.restore(Portion(records=records[:4]))
        rest = {
            "content": [attrs.evolve(records[4], body=b"[]"), *records[5:]],
            "gap": records[6:],
            "early": [attrs.evolve(records[4], position=records[3].position), *records[5:]],
        }
        with pytest.raises(StoreDamagedError):
            store.restore(Portion(records=rest[broken], cursors=[Cursor(name="f", position=1)]))
        assert list(store.read()) == records[:4]
        assert store.cursor("f") == Cursor(name="f")
        store.restore(Portion(records=records[4:]))
        assert list(store.read()) == records

    def test_what_is_there_already_is_replaced(self, store: PortableStore) -> None:
        """A copy that is made again brings what changed."""
        _fill(store, 0, 1)
        newer = Portion(
            outcomes=[attrs.evolve(outcome("c000", "other"), first=1, last=2)],
            private=[attrs.evolve(private("c000/text"), body=b"newer")],
            documents=[(digest(b"document 0"), b"document 0")],
            cursors=[Cursor(name="f0", position=9, memo=b"m")],
            messages=[message(0, state="sent")],
        )
        store.restore(newer)
        assert store.outcome("c000") == newer.outcomes[0]
        assert store.private("c000/text") == newer.private[0]
        assert store.document(digest(b"document 0")) == b"document 0"
        assert store.cursor("f0") == newer.cursors[0]
        assert list(store.messages(OUTBOX)) == list(newer.messages)

    @pytest.mark.parametrize("part", ["records", "tags", "outcomes", "private", "cursors", "messages"])
    def test_what_is_too_long_is_refused_whole_or_restored_whole(self, store: PortableStore, part: str) -> None:
        """A copy into a store that has no room for a key says so at once, and nothing of the portion is there."""
        source = MemoryStore()
        long = "x" * 2000
        name, hot = (long if part == "records" else "150203005/a"), (long if part == "tags" else "hot")
        source.append(Commit(drafts=[draft(name, hot)]))
        portion = Portion(
            records=list(source.read()),
            outcomes=[outcome(long if part == "outcomes" else "c1")],
            private=[private(long if part == "private" else "c1/text")],
            cursors=[Cursor(name=long if part == "cursors" else "f", position=1)],
            messages=[attrs.evolve(message(0), id=long if part == "messages" else "m")],
        )
        told = _told(lambda: store.restore(portion))
        if told is not None:
            assert "2000" in told
            assert list(store.read()) == []
            assert all(list(store.keys(each)) == [] for each in PARTS)
        else:
            assert list(store.read(tag=hot)) == portion.records
            assert [len(list(store.keys(each))) for each in PARTS] == [1, 1, 0, 1, 1]

    def test_what_is_refused_while_a_copy_is_made_comes_with_the_next_one(self, store: PortableStore) -> None:
        """The next one looks again at everything that was written since this one began."""
        source = _Busy()
        _fill(source, 0, 2)
        source.meanwhile = [Commit(outcomes=[outcome("late")]), Commit(drafts=[draft("150203005/log", command="on")])]
        copy(source, store)
        assert store.outcome("late") is None
        copy(source, store)
        assert store.outcome("late") == source.outcome("late")
        assert list(store.read()) == list(source.read())

    def test_entries_that_are_gone_in_the_source_can_be_erased(self, store: PortableStore) -> None:
        """In the same write."""
        _fill(store, 0, 2)
        store.restore(Portion(cursors=[Cursor(name="f", position=1)]), erase=["c000/text", "unknown"])
        assert store.private("c000/text") is None
        assert store.private("c001/text") == private("c001/text")
        assert store.cursor("f").position == 1

    @pytest.mark.parametrize("into", ["this store", "another one"])
    def test_a_copy_holds_everything_and_a_second_one_brings_the_tail(self, store: PortableStore, into: str) -> None:
        """Positions, heads, outcomes, private entries, documents, cursors, messages; erasures, too."""
        source: Any
        target: Any
        source, target = (MemoryStore(), store) if into == "this store" else (store, MemoryStore())
        _fill(source, 0, 5)
        assert copy(source, target, page=3).records == 10
        _fill(source, 5, 2)
        source.append(Commit(erase=["c000/text"]))
        source.update([message(0, state="sent")])
        again = copy(source, target, page=3)
        assert (again.records, again.erased, again.position) == (4, 1, source.head())
        assert list(target.read()) == list(source.read())
        assert _everything(target) == _everything(source)
        assert checkpoint(every_record(target)) == checkpoint(every_record(source))
        assert copy(source, target).records == 0
        _fill(target, 7, 1)
        stream = "150203005/log"
        held = Condition(streams={stream: 8})
        target.append(Commit(drafts=[draft(stream, command="on")], condition=held))
        assert verify_chain(every_record(target)) == 17

    def test_a_copy_into_something_else_is_refused(self, store: PortableStore) -> None:
        """Nothing of the other one is touched."""
        source = MemoryStore()
        _fill(source)
        store.append(Commit(drafts=[draft("150203005/elsewhere")]))
        before = list(store.read())
        with pytest.raises(StoreError):
            copy(source, store)
        assert list(store.read()) == before
