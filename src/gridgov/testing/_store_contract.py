"""What every store has to keep, as tests to inherit.

A subclass gives the thing to be tested; pytest collects the rest. The tests use plain ``assert``
so that they read the same in every project; run them with assertion rewriting if you like::

    class TestMyStore(StoreContract):
        def open(self, tmp_path): return MyStore(tmp_path / "street.db")
"""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import attrs
import pytest

from gridgov.errors import AppendConflictError, StoreDamagedError
from gridgov.proofs import digest
from gridgov.store import (
    Commit,
    Condition,
    Cursor,
    Draft,
    PrivateEntry,
    Snapshot,
    Store,
    StoredOutcome,
    every_record,
    verify_chain,
)

__all__ = ["StoreContract", "draft"]

WHEN = dt.datetime(2026, 9, 1, 4, 0, 0, 123456, tzinfo=dt.UTC)


def draft(stream: str = "150203005/case:a", *tags: str, command: str = "c1", body: bytes = b"{}") -> Draft:
    """Give a draft; its first tag is its stream."""
    return Draft(
        stream=stream,
        name="case-opened",
        shape=1,
        body=body,
        tags=(stream, *tags),
        occurred_at=WHEN,
        recorded_at=WHEN,
        by="resident:1",
        command_id=command,
    )


def _outcome(command: str = "c1", fingerprint: str = "f") -> StoredOutcome:
    return StoredOutcome(command_id=command, fingerprint=fingerprint, accepted=True, recorded_at=WHEN)


def _private(ref: str = "c1/text", subject: str = "case:a") -> PrivateEntry:
    return PrivateEntry(
        ref=ref,
        subject=subject,
        purpose="case-handling",
        basis="law",
        ends_on=dt.date(2027, 9, 1),
        salt=b"s" * 16,
        body="漏水".encode(),
    )


class StoreContract:
    """The guarantees of :mod:`gridgov.store`, each held by a test."""

    durable = True
    """False for a store that forgets everything when it is closed."""

    def open(self, tmp_path: Path) -> Store:
        """Open the store; a second call with the same folder opens the same store."""
        raise TypeError("a contract needs the store to be tested: override open(self, tmp_path)")

    @pytest.fixture
    def store(self, tmp_path: Path) -> Any:
        """Open a fresh store for one test."""
        store = self.open(tmp_path)
        yield store
        store.close()

    def test_an_empty_store_has_nothing(self, store: Store) -> None:
        """Nothing is there before the first commit."""
        assert store.head() == 0
        assert list(store.read()) == []
        assert store.outcome("c1") is None
        assert store.private("c1/text") is None
        assert store.cursor("f") == Cursor(name="f")

    def test_what_is_appended_is_read_back_in_order_with_its_place(self, store: Store) -> None:
        """Positions grow; stream versions have no gaps; every field survives."""
        last = store.append(Commit(drafts=[draft(), draft("150203005/case:b", "hot"), draft()]))
        records = store.read()
        assert [record.stream_version for record in records] == [1, 1, 2]
        assert [record.position for record in records] == sorted({record.position for record in records})
        assert last == records[-1].position == store.head()
        first = records[0]
        assert attrs.asdict(draft()).items() <= attrs.asdict(first).items()

    def test_records_are_found_by_stream_by_tag_and_after_a_position(self, store: Store) -> None:
        """Every way of reading gives records in order of position."""
        store.append(Commit(drafts=[draft(), draft("150203005/case:b", "hot")]))
        store.append(Commit(drafts=[draft("150203005/case:c", "hot", command="c2")]))
        positions = [record.position for record in store.read()]
        assert [r.position for r in store.read(tag="hot")] == positions[1:]
        assert [r.position for r in store.read(stream="150203005/case:b")] == [positions[1]]
        assert [r.position for r in store.read(stream="150203005/case:b", tag="hot")] == [positions[1]]
        assert list(store.read(stream="150203005/case:a", tag="hot")) == []
        assert [r.position for r in store.read(after=positions[0], limit=1)] == [positions[1]]
        assert [r.position for r in store.read(tag="hot", after=positions[1])] == [positions[2]]
        assert [r.position for r in every_record(store, page=1)] == positions

    def test_a_commit_is_written_whole_or_not_at_all(self, store: Store) -> None:
        """A refused condition leaves no record, outcome, private entry or document behind."""
        store.append(Commit(drafts=[draft()]))
        body = b"document"
        with pytest.raises(AppendConflictError):
            store.append(
                Commit(
                    drafts=[draft("150203005/case:b", command="c2"), draft(command="c2")],
                    condition=Condition(streams={"150203005/case:a": 0}),
                    outcomes=[_outcome("c2")],
                    private=[_private("c2/text")],
                    documents={digest(body): body},
                )
            )
        assert len(store.read()) == 1
        assert store.outcome("c2") is None
        assert store.private("c2/text") is None
        assert store.document(digest(body)) is None

    def test_an_expected_stream_version_is_held(self, store: Store) -> None:
        """The right version passes; a wrong one is refused."""
        stream = "150203005/case:a"
        store.append(Commit(drafts=[draft()], condition=Condition(streams={stream: 0})))
        store.append(Commit(drafts=[draft(command="c2")], condition=Condition(streams={stream: 1})))
        with pytest.raises(AppendConflictError):
            store.append(Commit(drafts=[draft(command="c3")], condition=Condition(streams={stream: 1})))

    def test_a_tag_that_moved_refuses_and_one_that_did_not_passes(self, store: Store) -> None:
        """Nothing new may stand under the condition's tags after its position."""
        seen = store.append(Commit(drafts=[draft("150203005/case:a", "hot")]))
        store.append(Commit(drafts=[draft("150203005/case:b", "cold", command="c2")]))
        hot = Condition(tags=frozenset({"hot"}), after=seen)
        store.append(Commit(drafts=[draft("150203005/case:c", "hot", command="c3")], condition=hot))
        with pytest.raises(AppendConflictError):
            store.append(Commit(drafts=[draft("150203005/case:d", "hot", command="c4")], condition=hot))

    def test_a_condition_may_name_more_tags_than_a_query_takes(self, store: Store) -> None:
        """Thousands of tags are one condition."""
        seen = store.append(Commit(drafts=[draft("150203005/case:a", "t1999")]))
        tags = frozenset(f"t{number}" for number in range(3000))
        store.append(Commit(drafts=[draft("150203005/x", command="c2")], condition=Condition(tags=tags, after=seen)))
        with pytest.raises(AppendConflictError):
            store.append(Commit(drafts=[draft(command="c3")], condition=Condition(tags=tags, after=seen - 1)))

    def test_an_outcome_is_stored_once_with_the_place_of_its_records(self, store: Store) -> None:
        """A second outcome under one command id refuses its commit."""
        store.append(Commit(drafts=[draft(), draft()], outcomes=[_outcome()]))
        found = store.outcome("c1")
        assert found is not None
        assert [found.first, found.last] == [record.position for record in store.read()]
        with pytest.raises(AppendConflictError):
            store.append(Commit(drafts=[draft("150203005/case:z")], outcomes=[_outcome("c1", "other")]))
        assert len(store.read()) == 2

    def test_a_refusal_is_an_outcome_without_records(self, store: Store) -> None:
        """It is kept with its body and stands nowhere in the order."""
        refusal = attrs.evolve(_outcome(), accepted=False, body=b'{"code":"x"}')
        store.append(Commit(outcomes=[refusal]))
        assert store.outcome("c1") == refusal
        assert store.head() == 0

    def test_private_entries_can_be_erased_and_the_chain_still_holds(self, store: Store) -> None:
        """Erasing changes no record."""
        store.append(Commit(drafts=[draft()], private=[_private(), _private("c1/contact", "case:b")]))
        assert store.private("c1/text") == _private()
        assert list(store.private_refs(subject="case:a")) == ["c1/text"]
        assert list(store.private_refs(ended_before=dt.date(2027, 9, 2))) == ["c1/contact", "c1/text"]
        assert list(store.private_refs(ended_before=dt.date(2027, 9, 1))) == []
        before = list(store.read())
        store.append(Commit(erase=["c1/text"]))
        assert store.private("c1/text") is None
        assert list(store.read()) == before
        assert verify_chain(every_record(store)) == 1

    def test_the_chain_holds_and_a_changed_record_breaks_it(self, store: Store) -> None:
        """Every stream is a chain of its own; a change, a gap and a swap are found."""
        store.append(Commit(drafts=[draft(), draft("150203005/case:b"), draft()]))
        records = list(store.read())
        assert verify_chain(records) == 3
        for damaged in (
            [attrs.evolve(records[0], body=b"[]"), *records[1:]],
            records[1:],
            [records[2], records[1], records[0]],
            [attrs.evolve(records[0], recorded_at=WHEN + dt.timedelta(seconds=1)), *records[1:]],
        ):
            with pytest.raises(StoreDamagedError):
                verify_chain(damaged)

    def test_a_cursor_and_its_memo_are_saved_together(self, store: Store) -> None:
        """The newest one replaces the one before."""
        store.save_cursor(Cursor(name="f", position=1, memo=b"a"))
        store.save_cursor(Cursor(name="f", position=2, memo=b"b"))
        assert store.cursor("f") == Cursor(name="f", position=2, memo=b"b")

    def test_a_snapshot_of_another_shape_is_worth_nothing(self, store: Store) -> None:
        """It is only a cache."""
        snapshot = Snapshot(name="cases", shape="v1", position=3, body=b"{}")
        store.save_snapshot(snapshot)
        assert store.snapshot("cases", "v1") == snapshot
        assert store.snapshot("cases", "v2") is None
        store.save_snapshot(attrs.evolve(snapshot, shape="v2"))
        assert store.snapshot("cases", "v1") is None

    def test_documents_are_kept_by_their_digest(self, store: Store) -> None:
        """The same bytes twice are one document."""
        body = "人".encode()
        store.append(Commit(documents={digest(body): body}))
        store.append(Commit(documents={digest(body): body}))
        assert store.document(digest(body)) == body

    def test_a_follower_in_another_thread_misses_nothing_and_sees_nothing_twice(self, store: Store) -> None:
        """Four writers, one follower that reads all the time."""
        seen: list[int] = []
        done = threading.Event()

        def follow() -> None:
            while not done.is_set() or store.head() > (seen[-1] if seen else 0):
                seen.extend(record.position for record in store.read(after=seen[-1] if seen else 0, limit=7))

        def write(writer: int) -> None:
            for number in range(25):
                name = f"{writer}-{number}"
                store.append(Commit(drafts=[draft(f"150203005/case:{name}", command=name)]))

        follower = threading.Thread(target=follow)
        writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
        follower.start()
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        follower.join()
        assert seen == [record.position for record in store.read()]
        assert len(seen) == 100

    def test_of_two_writers_on_one_tag_exactly_one_wins(self, store: Store) -> None:
        """However they race, nobody decides on what is no longer true."""
        won: list[int] = []
        start = threading.Barrier(8)

        def write(writer: int) -> None:
            start.wait()
            condition = Condition(tags=frozenset({"hot"}), after=0)
            try:
                store.append(
                    Commit(drafts=[draft(f"150203005/{writer}", "hot", command=f"w{writer}")], condition=condition)
                )
            except AppendConflictError:
                return
            won.append(writer)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert len(store.read(tag="hot")) == 1

    def test_what_was_acknowledged_is_there_after_opening_again(self, tmp_path: Path) -> None:
        """Records, outcomes, private entries, cursors and documents survive."""
        if not self.durable:
            pytest.skip("this store does not outlive its process, and says so")
        store = self.open(tmp_path)
        store.append(
            Commit(drafts=[draft()], outcomes=[_outcome()], private=[_private()], documents={digest(b"d"): b"d"})
        )
        store.save_cursor(Cursor(name="f", position=1))
        before = list(store.read())
        store.close()
        store.close()
        again = self.open(tmp_path)
        try:
            assert list(again.read()) == before
            assert again.outcome("c1") is not None
            assert again.private("c1/text") == _private()
            assert again.document(digest(b"d")) == b"d"
            assert again.cursor("f").position == 1
        finally:
            again.close()
