"""Files that are not ours, from the future, locked, or on a full disk: refused, and left as they were."""

import sqlite3
import subprocess
import sys
import traceback
from contextlib import closing

import attrs
import pytest

from gridgov.errors import (
    ForeignStoreError,
    NewerStoreError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
)
from gridgov.store import Commit, Cursor, MemoryStore, Portion, Snapshot, every_record, verify_chain
from gridgov.testing._outbox_contract import NOW, message
from gridgov.testing._store_contract import draft, outcome, private, together
from gridgov_sql import open_sqlite
from gridgov_sql._sqlite import _in_our_words


def address(path, query=""):
    return f"sqlite:///{path}{query}"


@pytest.mark.parametrize("content", [b"name,points\nW1,3\n" * 20, b"x", b"SQLite format 3\x00"])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path, content):
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(ForeignStoreError, match="left as it was"):
        open_sqlite(address(path))
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["other.db"]


def test_a_database_of_somebody_else_is_refused_and_left_as_it_was(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE residents (name TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(ForeignStoreError, match="no store of gridgov"):
        open_sqlite(address(path))
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "street.db"
    path.touch()
    store = open_sqlite(address(path))
    assert store.head() == 0
    store.close()


def test_a_store_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "street.db"
    open_sqlite(address(path)).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE gridgov_meta SET value = '3' WHERE name = 'schema'")
    raw.close()
    with pytest.raises(NewerStoreError, match="upgrade"):
        open_sqlite(address(path))


@pytest.mark.parametrize("broken", ["DROP TABLE gridgov_meta", "DELETE FROM gridgov_meta"])
def test_a_file_of_ours_without_a_version_is_refused_and_left_as_it_was(tmp_path, broken):
    path = tmp_path / "street.db"
    open_sqlite(address(path)).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(broken)
        raw.commit()
    with closing(sqlite3.connect(path)) as raw:
        before = list(raw.iterdump())
    with pytest.raises(ForeignStoreError, match="left as it was"):
        open_sqlite(address(path))
    with closing(sqlite3.connect(path)) as raw:
        assert list(raw.iterdump()) == before


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        open_sqlite(address(tmp_path / "no" / "street.db"))


def test_a_locked_store_says_so_and_nothing_is_written(tmp_path):
    path = tmp_path / "street.db"
    store = open_sqlite(address(path, "?busy=0.05"))
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError) as busy:
        store.append(Commit(drafts=[draft()]))
    assert busy.value.temporary
    blocker.execute("ROLLBACK")
    blocker.close()
    assert store.head() == 0
    store.append(Commit(drafts=[draft()]))
    assert store.head() == 1
    store.close()


def test_a_full_disk_says_so_and_nothing_is_half_written(tmp_path):
    store = open_sqlite(address(tmp_path / "street.db"))
    store.append(Commit(drafts=[draft()]))
    pages = store._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreFullError) as full:
        store.append(Commit(drafts=[draft(command=f"c{n}", body=b"x" * 4000) for n in range(50)]))
    assert full.value.temporary
    assert store.head() == 1
    store._connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    store.append(Commit(drafts=[draft(command="later")]))
    assert [record.stream_version for record in store.read()] == [1, 2]
    store.close()


def test_two_processes_write_one_file_without_losing_anything(tmp_path):
    path = tmp_path / "street.db"
    open_sqlite(address(path)).close()
    script = (
        "import sys\n"
        "from gridgov.store import Commit\n"
        "from gridgov.testing._store_contract import draft\n"
        "from gridgov_sql import open_sqlite\n"
        "store = open_sqlite(sys.argv[1])\n"
        "for n in range(40):\n"
        "    store.append(Commit(drafts=[draft(f'150203005/case:{sys.argv[2]}-{n}', command=f'{sys.argv[2]}-{n}')]))\n"
        "store.close()\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, address(path), name]) for name in ("a", "b")]
    assert [process.wait(60) for process in processes] == [0, 0]
    store = open_sqlite(address(path))
    assert [record.position for record in store.read()] == list(range(1, 81))
    store.close()


def test_many_that_open_a_new_file_at_the_same_time_make_one_store(tmp_path):
    def run():
        for number in range(5):
            with closing(open_sqlite(address(tmp_path / f"street{number}.db"))) as store:
                store.append(Commit(drafts=[draft()]))

    together([run] * 4)
    for number in range(5):
        with closing(open_sqlite(address(tmp_path / f"street{number}.db"))) as store:
            assert [record.stream_version for record in store.read()] == [1, 2, 3, 4]


def test_the_office_finds_the_store_by_its_scheme_when_the_plugin_is_given(tmp_path):
    from gridgov import open_office
    from gridgov.testing import small_setup
    from gridgov_sql import plugin

    with open_office(small_setup(), address(tmp_path / "s.db"), plugins=[("sql", plugin)], discover=False) as office:
        assert office.position == 1


def test_without_the_plugin_the_error_names_what_to_install():
    from gridgov import open_office
    from gridgov.errors import PluginError
    from gridgov.testing import small_setup

    with pytest.raises(PluginError, match="gridgov-sql"):
        open_office(small_setup(), "sqlite:///street.db", discover=False)


# --- what is too long ----------------------------------------------------------------------------

LONG = "x" * 600
TOO_LONG = {
    "stream": lambda store: store.append(Commit(drafts=[draft(LONG)])),
    "command_id": lambda store: store.append(Commit(outcomes=[outcome(LONG)])),
    "tag": lambda store: store.append(Commit(drafts=[draft("150203005/a", LONG)])),
    "by": lambda store: store.append(Commit(drafts=[attrs.evolve(draft(), by=LONG)])),
    "ref": lambda store: store.append(Commit(private=[private(LONG)])),
    "digest": lambda store: store.append(Commit(documents={LONG: b"d"})),
    "'name' of a cursor": lambda store: store.save_cursor(Cursor(name=LONG)),
    "'name' of a snapshot": lambda store: store.save_snapshot(Snapshot(name=LONG, shape="s", position=1, body=b"")),
    "'name' of a lease": lambda store: store.take_lease(LONG, holder="h", now=NOW, until=NOW),
    "holder": lambda store: store.take_lease("l", holder=LONG, now=NOW, until=NOW),
    "to": lambda store: store.post([message(1, to=LONG)]),
    "bundle": lambda store: store.update([message(0, bundle=LONG)]),
    "'id' of a message": lambda store: store.restore(Portion(messages=[message(0, id=LONG)])),
}


@pytest.mark.parametrize("field", TOO_LONG)
def test_what_is_too_long_for_a_column_is_refused_by_every_dialect_in_the_same_words(field, tmp_path, schema):
    from gridgov_sql import open_postgres

    told = []
    for store in (open_sqlite(address(tmp_path / "street.db")), open_postgres(schema)):
        with closing(store):
            store.post([message(0)])
            with pytest.raises(StoreError, match=field) as refused:
                TOO_LONG[field](store)
            told.append(str(refused.value))
            assert not refused.value.temporary
            assert list(store.read()) == []
            assert list(store.messages(message(0).outbox)) == [message(0)]
    assert told[0] == told[1]
    assert "too long: 600 characters, and a store has room for" in told[0]
    assert LONG not in told[0]


def test_a_record_of_a_subclass_is_held_to_the_same_room(tmp_path):
    @attrs.frozen(kw_only=True)
    class Special(type(draft())):
        pass

    values = {field.name: getattr(draft(LONG), field.name) for field in attrs.fields(Special)}
    with (
        closing(open_sqlite(address(tmp_path / "street.db"))) as store,
        pytest.raises(StoreError, match="'stream' of a record is too long"),
    ):
        store.append(Commit(drafts=[Special(**values)]))


# --- rows that are none ---------------------------------------------------------------------------


@pytest.fixture
def damaged(tmp_path):
    """A store with something in every table, and a way to write into it past everything."""
    path = tmp_path / "street.db"
    with closing(open_sqlite(address(path))) as store:
        store.append(Commit(drafts=[draft()] * 3, outcomes=[outcome()], private=[private()]))
        store.post([message(0)], cursor=Cursor(name="f", position=1))
        store.take_lease("l", holder="h", now=NOW, until=NOW)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE type = 'table'")
        raw.commit()

    def damage(statement, *values):
        with closing(sqlite3.connect(path)) as raw:
            raw.execute(statement, values)
            raw.commit()
        return open_sqlite(address(path))

    return damage


WRONG = [None, "garbage", b"\x00\xff", 7]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("column", ["tags", "occurred_at", "recorded_at"])
def test_a_record_that_cannot_be_read_is_damage_and_says_where(damaged, column, value):
    with closing(damaged(f"UPDATE gridgov_records SET {column} = ? WHERE position = 2", value)) as store:
        for read in (store.read, lambda: verify_chain(every_record(store)), lambda: store.read(stream=draft().stream)):
            with pytest.raises(StoreDamagedError, match="damaged at version 2: its row at position 2") as found:
                read()
            assert (found.value.stream, found.value.version) == (draft().stream, 2)
        assert len(store.read(limit=1)) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", None), ("body", "text"), ("head", None), ("head", 7), ("occurred_at", "2026-09-01T00:00:00")],
)
def test_a_record_whose_bytes_or_instants_are_none_is_damage(damaged, column, value):
    with (
        closing(damaged(f"UPDATE gridgov_records SET {column} = ? WHERE position = 2", value)) as store,
        pytest.raises(StoreDamagedError, match="damaged at version 2"),
    ):
        store.read()


ELSEWHERE = {
    "outcomes SET recorded_at": lambda store: store.outcome("c1"),
    "outcomes SET body": lambda store: store.portion("outcomes", ["c1"]),
    "private SET ends_on": lambda store: store.private("c1/text"),
    "private SET salt": lambda store: store.portion("private", ["c1/text"]),
    "cursors SET memo": lambda store: store.cursor("f"),
    "messages SET next_at": lambda store: store.messages(message(0).outbox),
    "messages SET body": lambda store: store.portion("messages", [message(0).id]),
    "leases SET until": lambda store: store.take_lease("l", holder="h", now=NOW, until=NOW),
}


@pytest.mark.parametrize("value", ["张三", None])
@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_row_that_cannot_be_read_is_damage_wherever_it_stands(damaged, place, value):
    with (
        closing(damaged(f"UPDATE gridgov_{place} = ?", value)) as store,
        pytest.raises(StoreDamagedError, match="cannot be read") as found,
    ):
        ELSEWHERE[place](store)
    assert "张三" not in "".join(traceback.format_exception(found.value))


def test_a_text_that_is_none_is_damage_and_is_not_quoted(damaged):
    text = "张三".encode()[:4]
    with (
        closing(damaged("UPDATE gridgov_private SET basis = CAST(? AS TEXT)", text)) as store,
        pytest.raises(StoreDamagedError) as found,
    ):
        store.private("c1/text")
    assert "张" not in "".join(traceback.format_exception(found.value))


def test_pages_that_do_not_fit_together_are_damage(tmp_path):
    path = tmp_path / "street.db"
    with closing(open_sqlite(address(path))) as store:
        store.append(Commit(drafts=[draft(body=b"x" * 3000) for _ in range(200)]))
    content = bytearray(path.read_bytes())
    content[4096 * 20 : 4096 * 60] = b"\xff" * (4096 * 40)
    path.write_bytes(content)
    with closing(open_sqlite(address(path))) as store, pytest.raises(StoreDamagedError, match="the store is damaged"):
        store.read()


# --- what passes, and who is named ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, "may or may not be stored"),
        (sqlite3.SQLITE_NOMEM, "nothing was written"),
        (sqlite3.SQLITE_PROTOCOL, "nothing was written"),
        (sqlite3.SQLITE_CANTOPEN, "nothing was written"),
    ],
)
def test_trouble_that_passes_says_so(code, meant):
    said = sqlite3.OperationalError("what happened")
    said.sqlite_errorcode = code
    found = _in_our_words(said, opening=False)
    assert type(found) is StoreBusyError
    assert meant in str(found)


def test_a_file_that_may_not_be_opened_is_no_passing_trouble():
    said = sqlite3.OperationalError("unable to open database file")
    said.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    assert type(_in_our_words(said, opening=True)) is StoreError


def test_nobody_is_named_by_the_error_of_a_statement(tmp_path, schema):
    """Neither by the message nor by what the traceback shows of its cause."""
    from gridgov_sql import open_postgres

    entry = attrs.evolve(private(), basis="张三 \x00", salt=None)
    for store in (open_sqlite(address(tmp_path / "street.db")), open_postgres(schema)):
        with closing(store):
            with pytest.raises(StoreError) as refused:
                store.restore(Portion(private=[entry]))
            assert "张三" not in "".join(traceback.format_exception(refused.value))
            assert list(store.private_refs()) == []


def test_a_store_that_is_not_there_is_not_made_where_that_was_said(tmp_path):
    path = tmp_path / "street.db"
    with pytest.raises(StoreError, match="there is no store"):
        open_sqlite(address(path, "?new=no"))
    assert list(tmp_path.iterdir()) == []
    path.touch()
    with pytest.raises(StoreError, match="there is no store"):
        open_sqlite(address(path, "?new=no"))
    assert path.read_bytes() == b""
    open_sqlite(address(path)).close()
    open_sqlite(address(path, "?new=no")).close()


def test_what_is_appended_after_a_restore_stands_after_it(tmp_path):
    """What the store remembered of its streams before is forgotten."""
    other = MemoryStore()
    stream = "150203005/log"
    with closing(open_sqlite(address(tmp_path / "street.db"))) as store:
        for each in (store, other):
            each.append(Commit(drafts=[draft(stream)]))
        other.append(Commit(drafts=[draft(stream, command="c2"), draft(stream, command="c3")]))
        store.restore(Portion(records=list(other.read(after=1))))
        assert store.append(Commit(drafts=[draft(stream, command="c4")])) == 4
        assert [record.stream_version for record in store.read()] == [1, 2, 3, 4]
        assert verify_chain(every_record(store)) == 4


def test_a_backup_is_of_the_store_also_when_the_folder_has_changed_since(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = open_sqlite("sqlite:///street.db")
    store.append(Commit(drafts=[draft()]))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.backup(tmp_path / "saved.db")
    store.close()
    again = open_sqlite(f"sqlite:///{tmp_path / 'saved.db'}")
    assert again.head() == 1
    again.close()
