"""What every store has to keep, as tests to inherit.

A subclass gives the thing to be tested; pytest collects the rest. The tests use plain ``assert``
so that they read the same in every project; run them with assertion rewriting if you like::

    class TestMyStore(StoreContract):
        def open(self, tmp_path): return MyStore(tmp_path / "street.db")

A store that several handles or processes may use at the same time says so, and is then tested for it, too::

        shared = True
        def address(self, tmp_path): return f"mystore:///{tmp_path / 'street.db'}"
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import attrs
import pytest

from gridgov.errors import AppendConflictError, StoreDamagedError, StoreError
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

__all__ = ["StoreContract", "draft", "outcome", "private", "together"]

WHEN = dt.datetime(2026, 9, 1, 4, 0, 0, 123456, tzinfo=dt.UTC)
LONG_KEY = "人" * 512
"""As long as the office's own keys may become: they hold those of its callers."""


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


def outcome(command: str = "c1", fingerprint: str = "f") -> StoredOutcome:
    """Give an accepted outcome without records."""
    return StoredOutcome(command_id=command, fingerprint=fingerprint, accepted=True, recorded_at=WHEN)


def private(ref: str = "c1/text", subject: str = "case:a") -> PrivateEntry:
    """Give a private entry."""
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
    shared = False
    """True for a store that may be opened again while it is open."""

    def open(self, tmp_path: Path) -> Store:
        """Open the store; a second call with the same folder opens the same store."""
        raise TypeError("a contract needs the store to be tested: override open(self, tmp_path)")

    def address(self, tmp_path: Path) -> str | None:
        """Give the URL under which another process opens the same store; None if none can."""
        return None

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

    def test_a_stream_is_a_tag_of_its_records_whether_they_say_so_or_not(self, store: Store) -> None:
        """Its name finds them, and a condition on it is moved by them."""
        stream = "150203005/case:a"
        seen = store.append(Commit(drafts=[attrs.evolve(draft(stream), tags=("hot",))]))
        store.append(Commit(drafts=[draft(stream, command="c2"), draft("150203005/case:b", command="c2")]))
        assert [record.stream_version for record in store.read(tag=stream)] == [1, 2]
        assert [record.tags for record in store.read(tag=stream)] == [("hot",), (stream,)]
        assert len(store.read(stream=stream, tag=stream)) == 2
        with pytest.raises(AppendConflictError):
            store.append(Commit(condition=Condition(tags=frozenset({stream}), after=seen)))

    def test_the_name_of_another_stream_as_a_tag_is_only_a_tag(self, store: Store) -> None:
        """It is found under the name, once, and is not of that stream."""
        a, b = "150203005/case:a", "150203005/case:b"
        store.append(Commit(drafts=[draft(a), draft(b, a, a), draft(a, a)]))
        assert [record.stream for record in store.read(tag=a)] == [a, b, a]
        assert [record.stream for record in store.read(stream=a)] == [a, a]
        assert [record.stream for record in store.read(stream=b, tag=a)] == [b]

    def test_pages_of_a_stream_and_of_a_tag_give_every_record_once(self, store: Store) -> None:
        """However small the pages."""
        for number in range(4):
            hot = ("hot",) if number % 2 else ()
            store.append(Commit(drafts=[draft("150203005/case:a", *hot), draft("150203005/case:b", "hot")]))
        for only in ({"stream": "150203005/case:a"}, {"tag": "hot"}, {"tag": "150203005/case:b"}, {}):
            whole = list(store.read(**only))  # type: ignore[arg-type]
            for page in (1, 2, 3):
                assert list(every_record(store, page=page, **only)) == whole  # type: ignore[arg-type]
        assert len(store.read(tag="hot")) == 6

    def test_every_field_survives_whatever_is_in_it(self, store: Store) -> None:
        """Any text, any bytes, any zone."""
        odd = attrs.evolve(
            draft("150203005/人:'\"%_\\", "🧯", "a b", " "),
            body=bytes(range(256)),
            occurred_at=WHEN.astimezone(dt.timezone(dt.timedelta(hours=8))),
            recorded_at=dt.datetime(2026, 9, 1, tzinfo=dt.UTC),
            by="worker:W0007",
        )
        refusal = attrs.evolve(outcome("c1"), body=bytes(range(256)))
        store.append(Commit(drafts=[odd], outcomes=[refusal]))
        (found,) = store.read(tag="🧯")
        assert attrs.asdict(odd).items() <= attrs.asdict(found).items()
        kept = store.outcome("c1")
        assert kept is not None
        assert attrs.evolve(kept, first=0, last=0) == refusal
        assert verify_chain([found]) == 1

    def test_keys_as_long_as_the_office_makes_them_are_kept(self, store: Store) -> None:
        """Streams, tags, commands and references of 512 characters each."""
        long, tag = LONG_KEY, LONG_KEY[1:] + "t"
        last = store.append(
            Commit(
                drafts=[draft(long, tag, command=long)], outcomes=[outcome(long)], private=[private(long, subject=long)]
            )
        )
        (found,) = store.read(tag=tag)
        assert (found.stream, found.command_id, found.position) == (long, long, last)
        kept = store.outcome(long)
        assert kept is not None
        assert kept.last == last
        assert store.private(long) == private(long, subject=long)

    @pytest.mark.parametrize("field", ["stream", "tag", "command_id", "by", "name", "outcome", "ref", "subject"])
    def test_a_key_that_is_too_long_is_refused_whole_or_kept_whole(self, store: Store, field: str) -> None:
        """Never cut; a store that has no room for it says in which field, and has written nothing."""
        long = "x" * 2000
        drafts, outcomes, entries = [draft()], [outcome()], [private()]
        match field:
            case "outcome":
                outcomes = [outcome(long)]
            case "ref" | "subject":
                entries = [private(**{field: long})]
            case "tag":
                drafts = [draft("150203005/case:a", long)]
            case _:
                changes: dict[str, Any] = {field: long}
                drafts = [attrs.evolve(draft(), **changes)]
        told = _told(lambda: store.append(Commit(drafts=drafts, outcomes=outcomes, private=entries)))
        if told is not None:
            assert ("command_id" if field == "outcome" else field) in told
            assert long not in told
            assert list(store.read()) == []
            assert store.outcome("c1") is None
            assert list(store.private_refs()) == []
        else:
            (found,) = store.read()
            assert attrs.asdict(drafts[0]).items() <= attrs.asdict(found).items()
            assert store.outcome(outcomes[0].command_id) is not None
            assert store.private(entries[0].ref) == entries[0]

    def test_a_commit_is_written_whole_or_not_at_all(self, store: Store) -> None:
        """A refused condition leaves no record, outcome, private entry or document behind."""
        store.append(Commit(drafts=[draft()]))
        body = b"document"
        with pytest.raises(AppendConflictError):
            store.append(
                Commit(
                    drafts=[draft("150203005/case:b", command="c2"), draft(command="c2")],
                    condition=Condition(streams={"150203005/case:a": 0}),
                    outcomes=[outcome("c2")],
                    private=[private("c2/text")],
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

    def test_versions_and_tags_of_one_condition_must_both_hold(self, store: Store) -> None:
        """Either alone refuses."""
        a, b = "150203005/case:a", "150203005/case:b"
        seen = store.append(Commit(drafts=[draft(a, "hot")]))
        store.append(Commit(drafts=[draft(b, "cold", command="c2")]))
        for refused in (
            Condition(streams={a: 1, b: 0}, tags=frozenset({"hot"}), after=seen),
            Condition(streams={a: 1, b: 1}, tags=frozenset({"hot", "cold"}), after=seen),
        ):
            with pytest.raises(AppendConflictError):
                store.append(Commit(drafts=[draft(a, command="c3")], condition=refused))
        both = Condition(streams={a: 1, b: 1}, tags=frozenset({"hot"}), after=seen)
        store.append(Commit(drafts=[draft(a, command="c3")], condition=both))
        assert len(store.read()) == 3

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
        store.append(Commit(drafts=[draft(), draft()], outcomes=[outcome()]))
        found = store.outcome("c1")
        assert found is not None
        assert [found.first, found.last] == [record.position for record in store.read()]
        with pytest.raises(AppendConflictError):
            store.append(Commit(drafts=[draft("150203005/case:z")], outcomes=[outcome("c1", "other")]))
        assert len(store.read()) == 2
        assert store.outcome("c1") == found

    def test_each_outcome_of_a_commit_knows_its_own_records(self, store: Store) -> None:
        """A batch stores many at once."""
        drafts = [draft(f"150203005/case:{name}", command=name) for name in ("x", "x", "y")]
        store.append(Commit(drafts=drafts, outcomes=[outcome("x"), outcome("y"), outcome("z")]))
        places = [record.position for record in store.read()]
        kept = [store.outcome(name) for name in ("x", "y", "z")]
        found = [(each.first, each.last) for each in kept if each is not None]
        assert found == [(places[0], places[1]), (places[2], places[2]), (0, 0)]

    def test_a_refusal_is_an_outcome_without_records(self, store: Store) -> None:
        """It is kept with its body and stands nowhere in the order."""
        refusal = attrs.evolve(outcome(), accepted=False, body=b'{"code":"x"}')
        store.append(Commit(outcomes=[refusal]))
        assert store.outcome("c1") == refusal
        assert store.head() == 0

    def test_private_entries_can_be_erased_and_the_chain_still_holds(self, store: Store) -> None:
        """Erasing changes no record."""
        store.append(Commit(drafts=[draft()], private=[private(), private("c1/contact", "case:b")]))
        assert store.private("c1/text") == private()
        assert list(store.private_refs(subject="case:a")) == ["c1/text"]
        assert list(store.private_refs(ended_before=dt.date(2027, 9, 2))) == ["c1/contact", "c1/text"]
        assert list(store.private_refs(ended_before=dt.date(2027, 9, 1))) == []
        before = list(store.read())
        store.append(Commit(erase=["c1/text"]))
        assert store.private("c1/text") is None
        assert list(store.read()) == before
        assert verify_chain(every_record(store)) == 1

    def test_a_private_entry_that_is_written_again_is_replaced_and_erasing_what_is_gone_does_nothing(
        self, store: Store
    ) -> None:
        """The newest one counts; a retry of an erasure passes."""
        store.append(Commit(private=[private()]))
        store.append(Commit(private=[attrs.evolve(private(), body=b"new")], erase=["c9/text"]))
        kept = store.private("c1/text")
        assert kept is not None
        assert kept.body == b"new"
        store.append(Commit(erase=["c1/text"]))
        store.append(Commit(erase=["c1/text"]))
        assert list(store.private_refs()) == []

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
        follower = _Follower(store)
        together(_writer(store, f"w{each}", 25) for each in range(4))
        assert follower.finish() == [record.position for record in store.read()]
        assert len(follower.seen) == 100

    def test_writers_with_a_handle_each_are_never_missed_by_a_follower_when_they_commit_late(
        self, tmp_path: Path
    ) -> None:
        """Whichever commit is late, no reader has gone past it."""
        if not self.shared:
            pytest.skip("this store is opened once, and says so")
        with closing(self.open(tmp_path)) as store:
            handles = [self.open(tmp_path) for _ in range(4)]
            try:
                follower = _Follower(store)
                together(_writer(handle, f"w{number}", 25) for number, handle in enumerate(handles))
                assert follower.finish() == [record.position for record in store.read()]
                assert len(follower.seen) == 100
            finally:
                for handle in handles:
                    handle.close()

    def test_writers_in_processes_are_never_missed_by_a_follower_when_they_commit_late(self, tmp_path: Path) -> None:
        """Four processes write; what a follower saw on the way is what is there in the end."""
        if self.address(tmp_path) is None:
            pytest.skip("this store is reached by one process, and says so")
        with closing(self.open(tmp_path)) as store:
            follower = _Follower(store)
            command = [sys.executable, "-m", "gridgov.testing._writer", str(self.address(tmp_path))]
            started = [subprocess.Popen([*command, f"w{number}", "25"]) for number in range(4)]  # noqa: S603
            assert [process.wait(120) for process in started] == [0] * 4
            assert follower.finish() == [record.position for record in store.read()]
            assert len(follower.seen) == 200
            assert verify_chain(every_record(store)) == 200

    def test_of_many_threads_at_once_each_gets_its_own_answer(self, store: Store) -> None:
        """Those that may be written are, at the position that they are told; the others are refused one by one."""
        before = store.append(Commit(drafts=[draft("150203005/case:taken")], outcomes=[outcome("taken")]))
        told: dict[str, int | None] = {}

        def write(number: int) -> Callable[[], None]:
            name = f"n{number}"
            stream = f"150203005/case:{name}"
            refused = {
                1: Commit(drafts=[draft(stream, command=name)], condition=Condition(streams={stream: 7})),
                2: Commit(drafts=[draft(stream, command=name)], outcomes=[outcome("taken")]),
                3: Commit(condition=Condition(tags=frozenset({"150203005/case:taken"})), private=[private(name)]),
            }
            good = Commit(drafts=[draft(stream, command=name)] * 2, outcomes=[outcome(name)])

            def run() -> None:
                try:
                    told[name] = store.append(refused.get(number % 4, good))
                except AppendConflictError:
                    told[name] = None

            return run

        together(write(number) for number in range(32))
        written = {record.command_id: record.position for record in store.read(after=before)}
        assert {name: position for name, position in told.items() if position is not None} == written
        assert len(written) == 8
        assert len(told) == 32
        assert list(store.private_refs()) == []
        assert verify_chain(every_record(store)) == 17

    def test_of_two_writers_on_one_tag_exactly_one_wins(self, store: Store) -> None:
        """However they race, nobody decides on what is no longer true."""
        assert _race([store] * 8) == 1
        assert len(store.read(tag="hot")) == 1

    def test_of_two_handles_on_one_tag_exactly_one_wins(self, tmp_path: Path) -> None:
        """The same, where they share nothing but the store: a tag that nobody has written yet included."""
        if not self.shared:
            pytest.skip("this store is opened once, and says so")
        handles = [self.open(tmp_path) for _ in range(4)]
        try:
            assert _race(handles) == 1
            assert len(handles[0].read(tag="hot")) == 1
        finally:
            for handle in handles:
                handle.close()

    def test_of_two_that_each_write_what_the_other_rests_on_never_both_win(self, tmp_path: Path) -> None:
        """One decision is consistent over all that it has read: a person, a household, a cap and a stock."""
        if not self.shared:
            pytest.skip("this store is opened once, and says so")
        handles = [self.open(tmp_path) for _ in range(2)]
        try:
            won = [_skewed(handles, number) for number in range(40)]
            assert max(won) == 1
            assert sum(won) > 0
        finally:
            for handle in handles:
                handle.close()

    def test_a_store_that_is_opened_twice_is_one_store(self, tmp_path: Path) -> None:
        """What one handle has written, the other one reads, refuses and goes on from."""
        if not self.shared:
            pytest.skip("this store is opened once, and says so")
        stream = "150203005/case:a"
        with closing(self.open(tmp_path)) as one, closing(self.open(tmp_path)) as two:
            seen = one.append(Commit(drafts=[draft(stream, "hot")], outcomes=[outcome("c1")]))
            two.append(Commit(drafts=[draft(stream, command="c2")], condition=Condition(streams={stream: 1})))
            for refused in (
                Commit(drafts=[draft(stream)], condition=Condition(streams={stream: 1})),
                Commit(drafts=[draft(stream)], condition=Condition(tags=frozenset({stream}), after=seen)),
                Commit(outcomes=[outcome("c1")]),
            ):
                with pytest.raises(AppendConflictError):
                    one.append(refused)
            one.append(Commit(drafts=[draft(stream, command="c3")], condition=Condition(streams={stream: 2})))
            assert list(one.read()) == list(two.read())
            assert verify_chain(two.read()) == 3

    def test_what_was_acknowledged_is_there_after_opening_again(self, tmp_path: Path) -> None:
        """Records, outcomes, private entries, cursors and documents survive."""
        if not self.durable:
            pytest.skip("this store does not outlive its process, and says so")
        store = self.open(tmp_path)
        store.append(
            Commit(drafts=[draft()], outcomes=[outcome()], private=[private()], documents={digest(b"d"): b"d"})
        )
        store.save_cursor(Cursor(name="f", position=1))
        before = list(store.read())
        store.close()
        store.close()
        again = self.open(tmp_path)
        try:
            assert list(again.read()) == before
            assert again.outcome("c1") is not None
            assert again.private("c1/text") == private()
            assert again.document(digest(b"d")) == b"d"
            assert again.cursor("f").position == 1
        finally:
            again.close()


class _Follower:
    """Reads a store in small pages, over and over, on a thread of its own."""

    def __init__(self, store: Store) -> None:
        self.seen: list[int] = []
        self._store = store
        self._done = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._done.wait(0.001):
                self._page()
            while self._page():
                pass
        except Exception as error:
            self._error = error

    def _page(self) -> bool:
        found = self._store.read(after=self.seen[-1] if self.seen else 0, limit=7)
        self.seen.extend(record.position for record in found)
        return bool(found)

    def finish(self) -> list[int]:
        """Read to the end, stop, and give every position in the order in which it was seen."""
        self._done.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self.seen


def _told(write: Callable[[], object]) -> str | None:
    """Give why a store refused to write; None if it did write."""
    try:
        write()
    except StoreError as refused:
        return str(refused)
    return None


def _writer(store: Store, name: str, count: int) -> Callable[[], None]:
    def run() -> None:
        for number in range(count):
            command = f"{name}-{number}"
            store.append(Commit(drafts=[draft(f"150203005/case:{command}", command=command)]))

    return run


def _skewed(handles: Sequence[Store], number: int) -> int:
    """Let two writers each rest on the stream that the other one writes; give how many have won."""
    names = [f"150203005/case:skew{number}{side}" for side in "ab"]
    seen, won = handles[0].head(), []
    start = threading.Barrier(2)

    def write(handle: Store, writes: str, reads: str) -> None:
        condition = Condition(tags=frozenset({reads}), after=seen)
        start.wait()
        with suppress(AppendConflictError):
            handle.append(Commit(drafts=[draft(writes, command=writes)], condition=condition))
            won.append(writes)

    threads = [
        threading.Thread(target=write, args=(handle, writes, reads))
        for handle, writes, reads in zip(handles, names, reversed(names), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(won)


def _race(handles: Iterable[Store]) -> int:
    """Let all of them write under one condition that only the first one meets; give how many passed."""
    won: list[int] = []

    def write(writer: int, store: Store) -> Callable[[], None]:
        commit = Commit(
            drafts=[draft(f"150203005/{writer}", "hot", command=f"w{writer}")],
            condition=Condition(tags=frozenset({"hot"}), after=0),
        )

        def run() -> None:
            try:
                store.append(commit)
            except AppendConflictError:
                return
            won.append(writer)

        return run

    together(write(number, store) for number, store in enumerate(handles))
    return len(won)


def together(runs: Iterable[Callable[[], None]]) -> None:
    """Run each on a thread of its own, all at once, and raise what the first of them raised."""
    wanted = list(runs)
    start = threading.Barrier(len(wanted))
    errors: list[Exception] = []

    def begin(run: Callable[[], None]) -> None:
        start.wait()
        try:
            run()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(run,)) for run in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
