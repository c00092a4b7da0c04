"""Commits of many threads in one flush: each gets its own answer, and none takes others with it."""

import sqlite3
import threading
from contextlib import closing

import attrs
import pytest

from gridgov.errors import AppendConflictError, StoreBusyError, StoreError, StoreFullError
from gridgov.store import Commit, Condition, every_record, verify_chain
from gridgov.testing._store_contract import draft, outcome, private, together
from gridgov_sql import open_sqlite
from gridgov_sql._group import MOST_COMMITS, MOST_RECORDS, GroupCommit, Waiting


@pytest.fixture
def path(tmp_path):
    return tmp_path / "street.db"


@pytest.fixture
def store(path):
    with closing(open_sqlite(f"sqlite:///{path}")) as store:
        yield store


class Gate:
    """Stands before a store's writing: nothing is written until it is opened, and then what was written is known."""

    def __init__(self, store):
        self.opened, self.begun, self.groups = threading.Event(), threading.Event(), []
        self._write = store._group._write
        store._group._write = self.write

    def write(self, group):
        self.groups.append([each.commit for each in group])
        self.begun.set()
        assert self.opened.wait(30)
        self._write(group)


def gathered(store, commits):
    """Write *commits* so that all but the first go in one group; give what each was told."""
    gate = Gate(store)
    told = [None] * len(commits)

    def run(number):
        try:
            told[number] = store.append(commits[number])
        except Exception as error:
            told[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(commits))]
    threads[0].start()
    assert gate.begun.wait(30)
    for count, thread in enumerate(threads[1:], 1):
        thread.start()
        while len(store._group._queue) < count:
            pass
    gate.opened.set()
    for thread in threads:
        thread.join()
    return told, gate.groups


def case(name, *tags, **more):
    return Commit(drafts=[draft(f"150203005/case:{name}", *tags, command=name)], outcomes=[outcome(name)], **more)


def test_what_waits_is_written_together_in_the_order_in_which_it_came(store):
    told, groups = gathered(store, [case(f"n{number}") for number in range(20)])
    assert [len(group) for group in groups] == [1, 19]
    assert told == list(range(1, 21))
    assert [record.command_id for record in store.read()] == [f"n{number}" for number in range(20)]


def test_a_commit_is_checked_against_those_before_it_in_the_same_group(store):
    stream = Condition(streams={"150203005/case:a": 0})
    hot = Condition(tags=frozenset({"hot"}))
    own = Condition(tags=frozenset({"150203005/case:a"}))
    commits = [
        case("first"),
        case("a", "hot", condition=stream),
        case("a2", condition=stream),
        case("b", condition=hot),
        case("c", condition=own),
        case("a"),
        case("d", condition=Condition(streams={"150203005/case:a": 1, "150203005/case:b": 0})),
    ]
    told, groups = gathered(store, commits)
    assert len(groups) == 2
    assert [type(each) for each in told] == [int, int, *[AppendConflictError] * 4, int]
    assert [record.command_id for record in store.read()] == ["first", "a", "d"]
    assert verify_chain(every_record(store)) == 3


def test_private_entries_of_a_group_end_as_if_they_had_been_written_one_by_one(store):
    commits = [
        case("first", private=[private("kept"), private("gone")]),
        Commit(private=[private("x", "one")]),
        Commit(erase=["x", "gone"]),
        Commit(private=[private("y"), private("x", "two")]),
        Commit(erase=["y"]),
        Commit(documents={"d" * 64: b"d"}),
        Commit(documents={"d" * 64: b"d"}),
    ]
    told, _ = gathered(store, commits)
    assert told == [1] * 7
    assert list(store.private_refs()) == ["kept", "x"]
    assert store.private("x").subject == "two"
    assert store.document("d" * 64) == b"d"


def test_one_commit_that_is_too_large_for_the_disk_takes_no_other_with_it(store):
    store.append(case("before"))
    pages = store._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    large = Commit(drafts=[draft("150203005/large", body=b"x" * 500_000)])
    told, groups = gathered(store, [case("first"), case("a"), large, case("b")])
    assert [len(group) for group in groups] == [1, 3]
    assert [type(each) for each in told] == [int, int, StoreFullError, int]
    assert [record.command_id for record in store.read()] == ["before", "first", "a", "b"]
    assert [record.position for record in store.read()] == [1, 2, 3, 4]


def test_values_that_are_none_are_told_to_their_own_caller_only(store):
    """Whether they are found out when they are linked, or only when they are written."""
    unlinked = Commit(drafts=[draft("150203005/case:w", body=object())])
    unwritten = Commit(drafts=[attrs.evolve(draft("150203005/case:w"), shape=2**70)])
    for wrong, meant in ((unlinked, TypeError), (unwritten, OverflowError)):
        with pytest.raises(meant):
            store.append(wrong)
    assert list(store.read()) == []
    told, groups = gathered(store, [case("first"), case("a"), unlinked, unwritten, case("b")])
    assert [len(group) for group in groups] == [1, 4]
    assert [type(each) for each in told] == [int, int, TypeError, OverflowError, int]
    assert [record.command_id for record in store.read()] == ["first", "a", "b"]


def test_while_somebody_else_holds_the_store_all_of_a_group_are_told_so_and_nothing_is_written(path):
    with closing(open_sqlite(f"sqlite:///{path}?busy=0.05")) as store, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        told, _ = gathered(store, [case(f"n{number}") for number in range(5)])
        assert [type(each) for each in told] == [StoreBusyError] * 5
        other.rollback()
        assert store.head() == 0
        assert store.append(case("later")) == 1


def test_a_group_takes_no_more_than_its_share():
    queue = GroupCommit(lambda group: None)
    large = Commit(drafts=[draft()] * (MOST_RECORDS - 10))
    for commit in [large, *[Commit(drafts=[draft()])] * 400, Commit(drafts=[draft()] * (2 * MOST_RECORDS))]:
        queue._queue.append(Waiting(commit))
    taken = []
    while queue._queue:
        taken.append(queue._take())
    assert [len(group) for group in taken] == [11, MOST_COMMITS, 400 - 10 - MOST_COMMITS, 1]


def test_an_interrupt_of_the_thread_that_writes_leaves_nobody_waiting(store):
    """Those whose commits it took are told that they cannot know; those that came later are written."""
    began, carry_on = threading.Event(), threading.Event()
    write = store._group._write
    told = {}

    def interrupted(group):
        store._group._write = write
        began.set()
        carry_on.wait(30)
        raise KeyboardInterrupt

    store._group._write = interrupted

    def run(name):
        try:
            told[name] = store.append(case(name))
        except BaseException as error:
            told[name] = type(error)

    first, second = (threading.Thread(target=run, args=(name,)) for name in ("first", "second"))
    first.start()
    began.wait(30)
    second.start()
    while not store._group._queue:
        pass
    carry_on.set()
    first.join()
    second.join()
    assert told == {"first": KeyboardInterrupt, "second": 1}


def test_an_interrupt_while_others_are_waited_for_leaves_nobody_waiting(store, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(store._group, "_gather", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.append(case("a"))
    monkeypatch.undo()
    assert store.append(case("b")) == 1
    assert store.outcome("a") is None


def test_a_caller_that_is_alone_never_waits_for_others(store, monkeypatch):
    from gridgov_sql import _group

    def never(seconds):
        raise AssertionError("nobody else is there")

    store.append(case("a"))
    monkeypatch.setattr(_group.time, "sleep", never)
    assert [store.append(case(f"n{number}")) for number in range(3)] == [2, 3, 4]


def test_a_caller_that_comes_alone_after_many_does_not_wait_for_them(store, monkeypatch):
    import time

    from gridgov_sql import _group

    def never(seconds):
        raise AssertionError("nobody comes again")

    gathered(store, [case(f"n{number}") for number in range(20)])
    assert store._group._last == 19
    time.sleep(2 * _group.MOST_PATIENCE)
    monkeypatch.setattr(_group.time, "sleep", never)
    assert store.append(case("alone")) == 21


def test_what_another_process_wrote_is_seen_by_the_next_group(store, path):
    """What is remembered of streams and tags is forgotten as soon as somebody else writes."""
    store.append(case("a", "hot"))
    with closing(open_sqlite(f"sqlite:///{path}")) as other:
        for round_ in range(5):
            name = f"r{round_}"
            seen = store.head()
            other.append(case(f"{name}o", "hot"))
            with pytest.raises(AppendConflictError):
                store.append(case(name, condition=Condition(tags=frozenset({"hot"}), after=seen)))
            store.append(Commit(drafts=[draft("150203005/log", command=name)]))
            other.append(Commit(drafts=[draft("150203005/log", command=name)]))
    assert [record.stream_version for record in store.read(stream="150203005/log")] == list(range(1, 11))
    assert verify_chain(every_record(store)) == 16


def test_memory_of_streams_does_not_grow_with_history(store, monkeypatch):
    from gridgov_sql import _standing

    monkeypatch.setattr(_standing, "MOST_KNOWN", 50)
    for number in range(200):
        store.append(case(f"n{number}", f"t{number}"))
    assert len(store._standing._streams) + len(store._standing._tags) < 70
    assert verify_chain(every_record(store)) == 200


def test_a_store_that_was_closed_says_so(path):
    store = open_sqlite(f"sqlite:///{path}")
    store.close()
    for ask in (store.head, store.read, store.private_refs, lambda: store.append(Commit())):
        with pytest.raises(StoreError, match="closed"):
            ask()


def test_readers_do_not_wait_for_a_writer(store):
    store.append(case("a"))
    with store._write_lock:
        seen = []
        reader = threading.Thread(target=lambda: seen.append(store.head()))
        reader.start()
        reader.join(10)
        assert seen == [1]


# --- online backup -------------------------------------------------------------------------------


def test_a_backup_made_while_others_write_opens_and_verifies(store, tmp_path):
    for number in range(50):
        store.append(case(f"n{number}"))
    done = threading.Event()

    def write():
        number = 0
        while not done.is_set():
            store.append(case(f"w{number}"))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            before = store.head()
            store.backup(tmp_path / f"backup{number}.db")
            with closing(open_sqlite(f"sqlite:///{tmp_path / f'backup{number}.db'}")) as copied:
                records = list(copied.read())
                assert len(records) == verify_chain(records) >= before
                assert records == list(store.read(limit=len(records)))
                assert copied.outcome("n49") == store.outcome("n49")
    finally:
        done.set()
        writer.join()
    assert not list(tmp_path.glob("*.part"))


def test_a_backup_has_its_name_only_when_it_is_whole(store, tmp_path, monkeypatch):
    """Killed on the way, it leaves nothing that would open as an empty street, and the next one can be made."""
    target = tmp_path / "backup.db"
    store.append(case("a"))
    seen = []
    copy = store._copy_into

    def watched(path):
        seen.append((target.exists(), path.exists()))
        copy(path)
        seen.append((target.exists(), path.stat().st_size > 0))

    monkeypatch.setattr(store, "_copy_into", watched)
    (tmp_path / "backup.db.0.part").write_bytes(b"of one that was killed")
    store.backup(target)
    assert seen == [(False, True), (False, True)]
    with closing(open_sqlite(f"sqlite:///{target}?new=no")) as copied:
        assert copied.head() == 1


def test_of_two_backups_under_one_name_one_is_told_so_and_the_other_is_kept(store, tmp_path, monkeypatch):
    target = tmp_path / "backup.db"
    store.append(case("a"))
    copy = store._copy_into

    def overtaken(path):
        copy(path)
        target.write_bytes(b"of the other one")

    monkeypatch.setattr(store, "_copy_into", overtaken)
    with pytest.raises(StoreError, match="File exists"):
        store.backup(target)
    assert target.read_bytes() == b"of the other one"
    assert not list(tmp_path.glob("*.part"))


def test_a_backup_is_made_on_a_file_system_without_links(store, tmp_path, monkeypatch):
    from gridgov_sql import _sqlite

    def refused(source, target):
        raise PermissionError("no links here")

    monkeypatch.setattr(_sqlite.os, "link", refused)
    store.append(case("a"))
    store.backup(tmp_path / "backup.db")
    with pytest.raises(StoreError, match="File exists"):
        store.backup(tmp_path / "backup.db")
    with closing(open_sqlite(f"sqlite:///{tmp_path / 'backup.db'}")) as copied:
        assert copied.head() == 1
    assert not list(tmp_path.glob("*.part"))


def test_a_backup_never_overwrites_a_file(store, tmp_path):
    target = tmp_path / "there.db"
    target.write_bytes(b"precious")
    with pytest.raises(StoreError, match="File exists"):
        store.backup(target)
    assert target.read_bytes() == b"precious"
    with pytest.raises(StoreError, match="No such file or directory"):
        store.backup(tmp_path / "no" / "folder.db")


def test_a_backup_that_fails_leaves_no_file(store, tmp_path, monkeypatch):
    def fail(path):
        path.write_bytes(b"half")
        raise StoreFullError("the disk is full")

    monkeypatch.setattr(store, "_copy_into", fail)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StoreFullError):
        store.backup(tmp_path / "backup.db")
    assert sorted(tmp_path.iterdir()) == before


def test_many_threads_and_nothing_is_lost_doubled_or_acknowledged_wrongly(store):
    told = {}

    def run(worker):
        for number in range(25):
            name = f"{worker}-{number}"
            told[name] = store.append(case(name))

    together((lambda worker=worker: run(worker)) for worker in range(16))
    assert {record.command_id: record.position for record in store.read()} == told
    assert len(told) == 400
    assert verify_chain(every_record(store)) == 400
