"""Servers that are gone, databases that are not ours, connections that drop: said clearly, and nothing half done."""

import threading
import time
import traceback
from contextlib import closing

import psycopg
import pytest

import gridgov_sql
from gridgov.errors import (
    AppendConflictError,
    ForeignStoreError,
    NewerStoreError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)
from gridgov.store import Commit, Cursor, verify_chain
from gridgov.testing._store_contract import draft, outcome, together
from gridgov_sql import _postgres, open_postgres, open_store
from gridgov_sql._postgres_trouble import in_our_words
from gridgov_sql.testing import fresh_schema


def with_option(url, option):
    return f"{url}{'&' if '?' in url else '?'}{option}"


def run(database, statement):
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(statement)


def drop_connections(database):
    run(
        database,
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_a_database_of_somebody_else_is_refused_and_left_as_it_was_unless_asked_for(database):
    run(database, "CREATE TABLE residents (name text)")
    with pytest.raises(ForeignStoreError, match="left as it was"):
        open_postgres(database)
    with psycopg.connect(database) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [("residents",)]
    with closing(open_postgres(with_option(database, "beside=yes"))) as store:
        assert store.head() == 0
    open_postgres(database).close()


def test_a_store_of_a_newer_version_is_refused(database):
    open_postgres(database).close()
    run(database, "UPDATE gridgov_meta SET value = '3'")
    with pytest.raises(NewerStoreError, match="upgrade"):
        open_postgres(database)


def test_a_store_without_a_version_is_refused(database):
    open_postgres(database).close()
    run(database, "DELETE FROM gridgov_meta")
    with pytest.raises(ForeignStoreError, match="no schema version"):
        open_postgres(database)


def test_a_server_that_cannot_be_reached_is_a_passing_trouble_and_no_password_is_told():
    with pytest.raises(StoreBusyError, match="cannot be reached now") as busy:
        open_postgres("postgresql://clerk:secret@127.0.0.1:9/street?connect_timeout=2")
    assert "secret" not in str(busy.value)


def test_a_database_that_does_not_exist_is_not_a_passing_one(postgres):
    from sqlalchemy import make_url

    url = make_url(postgres).set(database="no_such_street").render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="does not exist") as wrong:
        open_postgres(url)
    assert not wrong.value.temporary


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clerk:secret@host",
        "postgresql://clerk:secret@host/street?synchronous_commit=never",
        "postgresql://clerk:secret@host/street?pool=0",
        "postgresql://clerk:secret@host/street?pool=many",
        "postgresql://clerk:secret@host/street?upgrade=perhaps",
        "postgresql://clerk:secret@host:port/street",
        "postgresql://clerk@host/street?password=secret&synchronous_commit=never",
        "postgresql://clerk@host/street?sslpassword=secret&idle=-1",
        "postgresql://clerk@host/street?password=secret&busy=inf",
        "postgresql://clerk@host/street?password=secret&new=perhaps",
        "postgresql://clerk@host/street?passwd=secret",
        "postgresql://clerk@127.0.0.1:9/street?password=secret&connect_timeout=2",
        "postgresql://clerk:sec@ret@127.0.0.1:9/street?connect_timeout=2",
    ],
)
def test_an_address_that_says_nothing_is_refused_without_telling_its_password(url):
    with pytest.raises(StoreError) as wrong:
        open_postgres(url)
    told = "".join(traceback.format_exception(wrong.value))
    assert "secret" not in told
    assert "ret@" not in told


def test_an_address_that_is_refused_is_told_by_host_and_database_only():
    with pytest.raises(StoreError, match=r"^postgresql://db\.local/street: name a database; known options"):
        open_postgres("postgresql://clerk:secret@db.local/street?pool=0&application_name=desk")


def test_a_dialect_that_is_not_offered_is_refused_with_what_is():
    with pytest.raises(StoreError, match=r"no store for 'mysql\+pymysql'.*postgresql, .*sqlite.*dialects\.md"):
        open_store("mysql+pymysql://clerk@host/street")


def test_what_was_acknowledged_is_durable_unless_less_was_asked_for_by_name(database):
    run(
        database,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
    )
    for option, found in (("busy=5", "on"), ("synchronous_commit=off", "off"), ("synchronous_commit=local", "local")):
        with (
            closing(open_postgres(with_option(database, option))) as store,
            store._session(store._writing) as connection,
        ):
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == found


def test_statements_see_what_was_committed_before_them_whatever_the_server_is_set_to(database):
    run(
        database,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', "
        "current_database()); END $$",
    )
    with closing(open_postgres(database)) as store, store._session(store._writing) as connection:
        connection.exec_driver_sql("BEGIN")
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
        connection.exec_driver_sql("ROLLBACK")


def test_connections_that_died_in_the_pool_are_replaced_and_nobody_notices(database):
    with closing(open_postgres(database)) as store:
        seen = store.append(Commit(drafts=[draft()]))
        for again in (
            store.read,
            lambda: store.append(Commit(drafts=[draft(command="c2")])),
            lambda: store.save_cursor(Cursor(name="f", position=seen)),
            store.private_refs,
        ):
            drop_connections(database)
            again()
        assert len(store.read()) == 2
        assert store.cursor("f").position == seen


def test_a_connection_that_is_lost_before_the_commit_leaves_nothing_behind(database, monkeypatch):
    with closing(open_postgres(database)) as store:
        write = store._write_all

        def cut(cursor, parts):
            drop_connections(database)
            write(cursor, parts)

        monkeypatch.setattr(store, "_write_all", cut)
        with pytest.raises(StoreBusyError) as lost:
            store.append(Commit(drafts=[draft()], outcomes=[outcome()]))
        assert lost.value.temporary
        monkeypatch.undo()
        assert list(store.read()) == []
        assert store.outcome("c1") is None
        store.append(Commit(drafts=[draft()], outcomes=[outcome()]))


@pytest.mark.parametrize("stored", [True, False])
def test_a_connection_that_is_lost_during_the_commit_says_that_the_outcome_tells(database, monkeypatch, stored):
    commit = Commit(drafts=[draft()], outcomes=[outcome()])
    with closing(open_postgres(database)) as store:
        write = store._write_all

        def cut(cursor, parts):
            write(cursor, parts)
            if stored:
                cursor.execute("COMMIT")
                cursor.connection.pgconn.pipeline_sync()
                cursor.connection.pgconn.flush()
                while not run(database, "SELECT count(*) FROM gridgov_outcomes").fetchone()[0]:
                    pass
            drop_connections(database)
            cursor.execute("SELECT 1")

        monkeypatch.setattr(store, "_write_all", cut)
        with pytest.raises(StoreBusyError, match=r"may or may not be stored.*same command id"):
            store.append(commit)
        monkeypatch.undo()
        assert (store.outcome("c1") is not None) is stored
        if stored:
            with pytest.raises(AppendConflictError):
                store.append(commit)
        else:
            store.append(commit)
        assert len(store.read()) == 1


def test_a_database_that_can_only_be_read_says_so(database):
    open_postgres(database).close()
    with closing(open_postgres(with_option(database, "options=-cdefault_transaction_read_only%3Don"))) as standby:
        assert list(standby.read()) == []
        with pytest.raises(StoreError, match="only be read"):
            standby.append(Commit(drafts=[draft()]))


def test_a_pool_that_is_used_up_is_a_passing_trouble(database):
    with closing(open_postgres(with_option(database, "pool=1&busy=1"))) as store:
        with (
            store._session(store._writing),
            store._session(store._writing),
            pytest.raises(StoreBusyError, match="pool=COUNT"),
        ):
            store.append(Commit(drafts=[draft()]))
        store.append(Commit(drafts=[draft()]))


def test_a_name_that_is_too_long_is_refused_and_nothing_is_written(database):
    with closing(open_postgres(database)) as store:
        with pytest.raises(StoreError, match="too long"):
            store.append(Commit(drafts=[draft("150203005/" + "x" * 600)], outcomes=[outcome()]))
        assert store.outcome("c1") is None
        store.append(Commit(drafts=[draft()], outcomes=[outcome()]))


def test_one_that_freezes_between_looking_and_committing_holds_nobody_up_for_ever(database, monkeypatch):
    """Its machine sleeps, say: the server ends its session, and with it its locks and the number that it has drawn.

    When it wakes up, its commit is begun anew, and stored.
    """
    asleep, awake, told, place = threading.Event(), threading.Event(), [], _postgres.placed

    def sleep(drafts, first, heads):
        if any(draft.command_id == "frozen" for draft in drafts):
            asleep.set()
            assert awake.wait(30)
        return place(drafts, first, heads)

    monkeypatch.setattr(_postgres, "placed", sleep)
    with (
        closing(open_postgres(with_option(database, "idle=1"))) as frozen,
        closing(open_postgres(with_option(database, "busy=0.2"))) as other,
    ):
        commit = Commit(drafts=[draft(command="frozen")], outcomes=[outcome("frozen")])
        thread = threading.Thread(target=lambda: told.append(frozen.append(commit)))
        thread.start()
        try:
            assert asleep.wait(30)
            late = other.append(Commit(drafts=[draft("150203005/case:b", command="c2")]))
            assert list(other.read()) == []
            until = time.monotonic() + 20
            while not other.read() and time.monotonic() < until:
                time.sleep(0.05)
            assert [record.position for record in other.read()] == [late]
            other.append(Commit(drafts=[draft(command="c3")]))  # on the stream that the frozen one held
        finally:
            awake.set()
            thread.join()
        assert [record.command_id for record in other.read()] == ["c2", "c3", "frozen"]
        assert told == [other.head()]
        assert verify_chain(other.read()) == 3


@pytest.mark.slow
def test_one_that_freezes_while_it_writes_holds_nobody_up_for_ever_either(database):
    """Within a round trip the server does not count how long it stands still, but how long the whole takes."""
    with psycopg.connect(database) as asked:
        if asked.info.server_version < 170000:
            pytest.skip("transactions have an end from PostgreSQL 17 on")
    asleep, awake, told = threading.Event(), threading.Event(), []
    with closing(open_postgres(with_option(database, "idle=0.2"))) as frozen, closing(open_postgres(database)) as other:
        write = frozen._write_all

        def sleep(cursor, parts):
            write(cursor, parts)
            asleep.set()
            assert awake.wait(30)

        def append():
            with pytest.raises(StoreBusyError, match="may or may not be stored") as lost:
                frozen.append(Commit(drafts=[draft(command="frozen")], outcomes=[outcome("frozen")]))
            told.append(lost.value)

        frozen._write_all = sleep
        thread = threading.Thread(target=append)
        thread.start()
        try:
            assert asleep.wait(30)
            last = other.append(Commit(drafts=[draft("150203005/case:b", command="c2")]))
            assert other.head() == last
        finally:
            awake.set()
            thread.join()
        assert len(told) == 1
        assert frozen.outcome("frozen") is None
        assert [record.command_id for record in other.read()] == ["c2"]


def test_a_session_that_the_server_ended_before_the_commit_came_has_written_nothing_and_says_so(database, monkeypatch):
    with closing(open_postgres(with_option(database, "idle=0.1"))) as store:
        original = _postgres._commit

        def late(raw):
            time.sleep(1)
            original(raw)

        monkeypatch.setattr(_postgres, "_commit", late)
        with pytest.raises(StoreBusyError, match="nothing was written"):
            store.save_cursor(Cursor(name="f", position=1))
        monkeypatch.undo()
        assert store.cursor("f").position == 0


def test_how_long_a_writer_may_stand_still_is_set_in_each_session_and_can_be_said(database):
    for option, found in (("busy=5", "20s"), ("idle=0", "0"), ("idle=1.5", "1500ms")):
        with closing(open_postgres(with_option(database, option))) as store:
            for engine in (store._reading, store._writing):
                with store._session(engine) as connection:
                    shown = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
                    assert shown == found
            asked = store._reading.url.query
            assert (asked["keepalives_idle"], asked["tcp_user_timeout"]) == ("10", "20000")
    with closing(open_postgres(with_option(database, "tcp_user_timeout=7000"))) as store:
        assert store._reading.url.query["tcp_user_timeout"] == "7000"


def test_what_is_not_there_is_neither_upgraded_nor_made_where_that_was_said(database):
    for ask in (lambda: gridgov_sql.upgrade(database), lambda: open_postgres(with_option(database, "new=no"))):
        with pytest.raises(StoreError, match="there is no store"):
            ask()
    assert run(database, "SELECT 1") is not None
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    open_postgres(database).close()
    gridgov_sql.upgrade(database)
    open_postgres(with_option(database, "new=no")).close()


def test_a_closed_store_says_so(database):
    store = open_postgres(database)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.head()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (psycopg.errors.DiskFull, StoreFullError),
        (psycopg.errors.TooManyConnections, StoreBusyError),
        (psycopg.errors.SerializationFailure, AppendConflictError),
        (psycopg.errors.DeadlockDetected, AppendConflictError),
        (psycopg.errors.UniqueViolation, AppendConflictError),
        (psycopg.errors.ReadOnlySqlTransaction, StoreError),
        (psycopg.errors.UndefinedTable, StoreError),
        (psycopg.errors.OutOfMemory, StoreBusyError),
        (psycopg.errors.InsufficientResources, StoreBusyError),
        (psycopg.errors.IoError, StoreBusyError),
        (psycopg.errors.StatementCompletionUnknown, StoreBusyError),
        (psycopg.errors.AdminShutdown, StoreBusyError),
        (psycopg.errors.IdleInTransactionSessionTimeout, StoreBusyError),
        (psycopg.errors.ConnectionFailure, StoreBusyError),
        (psycopg.errors.DatabaseDropped, StoreError),
    ],
)
def test_what_the_server_says_is_said_in_our_words(said, meant):
    assert type(in_our_words(said("what happened"))) is meant


def test_a_store_of_today_is_left_as_it_is_by_an_upgrade(database, capsys):
    from gridgov_sql.__main__ import main

    with closing(open_postgres(database)) as store:
        store.append(Commit(drafts=[draft()]))
    assert main(["upgrade", database]) == 0
    assert capsys.readouterr().out == "the store is up to date\n"
    with closing(open_store(database.replace("postgresql:", "postgresql+psycopg:"))) as store:
        assert len(store.read()) == 1


def test_many_that_open_an_empty_database_at_the_same_time_make_one_store(database):
    def run():
        with closing(open_postgres(database)) as store:
            store.append(Commit(drafts=[draft()]))

    together([run] * 4)
    with closing(open_postgres(database)) as store:
        assert [record.stream_version for record in store.read()] == [1, 2, 3, 4]


def test_two_stores_in_one_database_do_not_meet(postgres):
    """Neither in their tables nor in what one of them has in flight."""
    with (
        fresh_schema(postgres) as one,
        fresh_schema(postgres) as two,
        closing(open_postgres(one)) as mine,
        closing(open_postgres(two)) as theirs,
        psycopg.connect(one) as late,
    ):
        late.execute("SELECT gridgov_draw(1)")
        for number in range(3):
            theirs.append(Commit(drafts=[draft(command=f"c{number}")]))
        assert len(theirs.read()) == 3
        assert list(mine.read()) == []
        late.rollback()
