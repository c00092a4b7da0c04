"""Commits that come late, on PostgreSQL: what a reader without the cure misses, and the real one does not."""

import threading
from contextlib import closing

import psycopg
import pytest

from gridgov.errors import AppendConflictError, StoreBusyError
from gridgov.store import Commit, Condition, verify_chain
from gridgov.testing._store_contract import draft, together
from gridgov_sql import _rows as rows
from gridgov_sql import open_postgres
from gridgov_sql._writing import placed

INSERT = f"INSERT INTO gridgov_records VALUES ({', '.join(['%s'] * 12)})"


@pytest.fixture
def store(database):
    with closing(open_postgres(f"{database}&busy=0.2" if "?" in database else f"{database}?busy=0.2")) as store:
        yield store


@pytest.fixture
def other(store, database):
    """A second process's connection, which stops wherever a test wants it to."""
    connection = psycopg.connect(database)
    yield connection
    connection.close()


def begin_late(other):
    """Draw a position and write a record there, as the store does, without committing yet."""
    ((position,),) = other.execute("SELECT gridgov_draw(1)")
    (row,) = placed([draft("150203005/case:late", command="late")], position, {})
    other.execute(INSERT, row)
    return position


def test_a_reader_without_the_cure_misses_a_late_commit_and_the_real_one_does_not(store, other, database):
    late = begin_late(other)
    early = store.append(Commit(drafts=[draft("150203005/case:early")]))
    assert early > late
    with psycopg.connect(database, autocommit=True) as naive:

        def after(position):
            query = "SELECT position FROM gridgov_records WHERE position > %s ORDER BY position"
            return [found for (found,) in naive.execute(query, (position,))]

        assert after(0) == [early]
        assert list(store.read()) == []
        assert store.head() == 0
        assert list(store.read(tag="150203005/case:early")) == []
        other.commit()
        assert after(early) == []  # it has gone past the late one, for ever
    assert [record.position for record in store.read()] == [late, early]
    assert store.head() == early
    assert verify_chain(store.read()) == 2


def test_a_commit_that_is_undone_leaves_a_gap_and_holds_nobody_up(store, other):
    late = begin_late(other)
    early = store.append(Commit(drafts=[draft()]))
    other.rollback()
    assert [record.position for record in store.read()] == [early]
    assert late < early


def test_what_was_appended_can_be_read_by_whoever_appended_it(store, other, database):
    """Also behind an earlier number that is still on its way: the append ends when it is decided."""
    begin_late(other)
    with closing(open_postgres(database)) as patient:
        decided = threading.Timer(0.3, other.commit)
        decided.start()
        try:
            last = patient.append(Commit(drafts=[draft()]))
            assert patient.head() == last
            assert len(patient.read()) == 2
        finally:
            decided.join()


def test_a_writer_that_dies_holds_nobody_up(store, other, database):
    begin_late(other)
    early = store.append(Commit(drafts=[draft()]))
    with psycopg.connect(database, autocommit=True) as killer:
        killer.execute("SELECT pg_terminate_backend(%s)", (other.info.backend_pid,))
        while killer.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (other.info.backend_pid,)).fetchone():
            pass
    assert [record.position for record in store.read()] == [early]


def test_what_refuses_a_commit_can_be_read_by_whoever_decides_anew(store, other, database):
    """A conflict is told when its cause is visible, or retries would run out before they could see it."""
    late = begin_late(other)
    with closing(open_postgres(database)) as patient:
        told = []

        def write():
            condition = Condition(tags=frozenset({"150203005/case:early"}))
            try:
                patient.append(Commit(drafts=[draft("150203005/x")], condition=condition))
            except AppendConflictError:
                told.extend(record.position for record in patient.read())

        early = store.append(Commit(drafts=[draft("150203005/case:early")]))
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(0.3)
        assert told == []
        other.commit()
        writer.join()
        assert told == [late, early]


def test_positions_of_a_commit_stand_together_however_many_draw(store):
    together(
        (lambda name=name: store.append(Commit(drafts=[draft(f"150203005/{name}", command=name)] * 5)))
        for name in "abcdef"
    )
    found = {}
    for record in store.read():
        found.setdefault(record.command_id, []).append(record.position)
    assert all(places == list(range(places[0], places[0] + 5)) for places in found.values())
    assert len(found) == 6


def held(connection):
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = (-1)::oid AND objsubid = 2"
    return connection.execute(query).fetchone()[0]


@pytest.mark.parametrize("wanted", ["SELECT gridgov_draw(1)", "SELECT gridgov_horizon()"])
def test_the_lock_over_drawing_is_given_back_when_a_statement_is_cut_short(store, other, database, wanted):
    own = "'gridgov_positions'::regclass::oid::int"
    other.autocommit = True
    other.execute(f"SELECT pg_advisory_lock({own}, -1)")
    with psycopg.connect(database, autocommit=True) as waiting:
        waiting.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            waiting.execute(wanted)
        waiting.execute("SET statement_timeout = '50ms'; SET lock_timeout = 0")
        with pytest.raises(psycopg.errors.QueryCanceled):
            waiting.execute(wanted)
        other.execute(f"SELECT pg_advisory_unlock({own}, -1)")
        assert held(other) == 0
    assert store.append(Commit(drafts=[draft()])) > 0
    # And where it fails with the lock in hand:
    other.execute("ALTER SEQUENCE gridgov_positions RENAME TO elsewhere")
    with psycopg.connect(database, autocommit=True) as broken:
        with pytest.raises(psycopg.errors.UndefinedTable):
            broken.execute(wanted)
        assert held(broken) == 0
    other.execute("ALTER SEQUENCE elsewhere RENAME TO gridgov_positions")


def test_the_lock_over_drawing_is_given_back_when_the_numbers_run_out(store, other):
    other.autocommit = True
    other.execute("SELECT setval('gridgov_positions', 9223372036854775807)")
    with pytest.raises(psycopg.Error, match="maximum value"):
        other.execute("SELECT gridgov_draw(1)")
    assert held(other) == 0


def test_a_commit_that_touches_very_many_tags_is_still_held_against_small_ones(store, database):
    """It takes one lock for all of them; the small ones share it."""
    many = [f"t{number}" for number in range(1000)]
    with closing(open_postgres(database)) as two:
        won = []

        def write(handle, tags, name):
            condition = Condition(tags=frozenset(tags))

            def run():
                try:
                    handle.append(Commit(drafts=[draft(f"150203005/{name}", "t7", command=name)], condition=condition))
                except AppendConflictError:
                    return
                won.append(name)

            return run

        together([write(store, many, "large"), write(two, ["t7"], "small"), write(two, many, "large too")])
        assert len(won) == 1
        assert len(store.read(tag="t7")) == 1


def test_a_lock_that_somebody_keeps_makes_the_store_busy_and_nothing_is_written(store, other):
    other.execute("SELECT pg_advisory_xact_lock(%s)", (0x67676F76,))
    with pytest.raises(StoreBusyError, match="nothing was written") as busy:
        store.append(Commit(drafts=[draft()]))
    assert busy.value.temporary
    other.rollback()
    assert list(store.read()) == []
    store.append(Commit(drafts=[draft()]))


def test_every_row_is_in_the_order_of_its_columns(store, other):
    store.append(Commit(drafts=[draft()]))
    (record,) = store.read()
    found = other.execute("SELECT * FROM gridgov_records").fetchone()
    assert found == rows.record_row(record, record.position, record.stream_version, record.head)
