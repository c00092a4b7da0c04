"""Files that are not ours, from the future, locked, or on a full disk: refused, and left as they were."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from gridgov.errors import ForeignStoreError, NewerStoreError, StoreBusyError, StoreError, StoreFullError
from gridgov.store import Commit
from gridgov.testing._store_contract import draft, together
from gridgov_sql import open_sqlite


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
