"""A store of the first version, with its own tables and real records, is brought up to date: whole or not at all."""

import json
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import gridgov_sql
from gridgov.errors import StoreError
from gridgov.store import Commit, MemoryStore, checkpoint, every_record, verify_chain
from gridgov.testing._store_contract import draft, outcome, private
from gridgov_sql import _rows as rows
from gridgov_sql import _schema as t
from gridgov_sql import open_sqlite
from gridgov_sql.__main__ import main

# As sqlite_master of a store of version 1 has them, word for word.
FIRST = """
CREATE TABLE gridgov_meta (name VARCHAR(64) NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name));
CREATE TABLE gridgov_records (
    position INTEGER NOT NULL, stream VARCHAR(255) NOT NULL, stream_version INTEGER NOT NULL,
    name VARCHAR(64) NOT NULL, shape INTEGER NOT NULL, body BLOB NOT NULL, tags TEXT NOT NULL,
    occurred_at VARCHAR(32) NOT NULL, recorded_at VARCHAR(32) NOT NULL, actor VARCHAR(255) NOT NULL,
    command_id VARCHAR(255) NOT NULL, head BLOB NOT NULL, PRIMARY KEY (position), UNIQUE (stream, stream_version));
CREATE TABLE gridgov_tags (tag VARCHAR(255) NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (tag, position));
CREATE TABLE gridgov_outcomes (
    command_id VARCHAR(255) NOT NULL, fingerprint VARCHAR(64) NOT NULL, accepted INTEGER NOT NULL, body BLOB NOT NULL,
    recorded_at VARCHAR(32) NOT NULL, first_position INTEGER NOT NULL, last_position INTEGER NOT NULL,
    PRIMARY KEY (command_id));
CREATE TABLE gridgov_private (
    ref VARCHAR(255) NOT NULL, subject VARCHAR(255) NOT NULL, purpose VARCHAR(64) NOT NULL, basis TEXT NOT NULL,
    ends_on VARCHAR(10) NOT NULL, salt BLOB NOT NULL, body BLOB NOT NULL, PRIMARY KEY (ref));
CREATE INDEX gridgov_private_subject ON gridgov_private (subject);
CREATE TABLE gridgov_documents (digest VARCHAR(64) NOT NULL, body BLOB NOT NULL, PRIMARY KEY (digest));
CREATE TABLE gridgov_cursors (
    name VARCHAR(255) NOT NULL, position INTEGER NOT NULL, memo BLOB NOT NULL, PRIMARY KEY (name));
CREATE TABLE gridgov_snapshots (
    name VARCHAR(255) NOT NULL, shape VARCHAR(64) NOT NULL, position INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (name));
INSERT INTO gridgov_meta VALUES ('schema', '1');
PRAGMA application_id = 1734831990;
PRAGMA journal_mode = WAL;
"""


def real_records():
    """A store in memory that holds what the file will hold."""
    held = MemoryStore()
    for number in range(20):
        name = f"c{number:02}"
        held.append(
            Commit(
                drafts=[draft(f"150203005/case:{number % 4}", "hot", command=name), draft("150203005/log")],
                outcomes=[outcome(name)],
                private=[private(f"{name}/text")],
                documents={f"{number:064}": b"d"},
            )
        )
        held.append(Commit(outcomes=[outcome(f"refused{number}")]))
    return held


def write_first(path, held):
    """Write *held* as version 1 did: every tag has a row, the stream's own one, too."""
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(FIRST)
        for each in held.read():
            row = list(rows.record_row(each, each.position, each.stream_version, each.head))
            row[6] = json.dumps(each.tags, ensure_ascii=False)  # with spaces, as they were written then
            raw.execute(f"INSERT INTO gridgov_records VALUES ({','.join('?' * 12)})", row)
            raw.executemany("INSERT INTO gridgov_tags VALUES (?, ?)", [(tag, each.position) for tag in each.tags])
        for each in held.portion("outcomes", held.keys("outcomes")).outcomes:
            row = rows.outcome_row(each, each.first, each.last, 0)[:7]
            raw.execute("INSERT INTO gridgov_outcomes VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        for each in held.portion("private", held.keys("private")).private:
            raw.execute("INSERT INTO gridgov_private VALUES (?, ?, ?, ?, ?, ?, ?)", rows.private_row(each))
        raw.executemany("INSERT INTO gridgov_documents VALUES (?, ?)", [(d, b"d") for d in held.keys("documents")])
        raw.execute("INSERT INTO gridgov_cursors VALUES ('f', 7, x'00')")
        raw.commit()


def dump(path):
    with closing(sqlite3.connect(path)) as raw:
        return list(raw.iterdump())


@pytest.fixture
def held():
    return real_records()


@pytest.fixture
def first(tmp_path, held):
    path = tmp_path / "street.db"
    write_first(path, held)
    return path


def test_an_older_store_is_refused_with_what_to_do_and_left_as_it_was(first):
    before = dump(first)
    with pytest.raises(StoreError, match=r"\?upgrade=yes.*python -m gridgov_sql upgrade"):
        open_sqlite(f"sqlite:///{first}")
    assert dump(first) == before


@pytest.mark.parametrize("way", ["by its address", "by the function", "by the command"])
def test_an_older_store_keeps_every_record_head_and_outcome_when_it_is_upgraded(first, held, way, capsys):
    url = f"sqlite:///{first}"
    if way == "by the function":
        gridgov_sql.upgrade(url)
        gridgov_sql.upgrade(url)
    elif way == "by the command":
        assert main(["upgrade", url]) == 0
        assert capsys.readouterr().out == "the store is up to date\n"
    with closing(open_sqlite(f"{url}?upgrade=yes")) as store:
        assert list(store.read()) == list(held.read())
        assert checkpoint(every_record(store)) == checkpoint(every_record(held))
        for part in ("outcomes", "private", "documents"):
            assert store.portion(part, store.keys(part)) == held.portion(part, held.keys(part))
        assert store.cursor("f").position == 7
        assert list(store.read(tag="hot")) == list(held.read(tag="hot"))
        assert list(store.read(tag="150203005/log")) == list(held.read(tag="150203005/log"))
        store.append(Commit(drafts=[draft("150203005/log", command="on")]))
        assert verify_chain(every_record(store)) == 41
    with closing(sqlite3.connect(first)) as raw:
        ((count,),) = raw.execute("SELECT count(*) FROM gridgov_tags")
        assert count == 20  # "hot" alone; the streams' own names have no row any more
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_an_upgrade_leads_to_the_same_tables_as_a_new_store(first, tmp_path):
    gridgov_sql.upgrade(f"sqlite:///{first}")
    open_sqlite(f"sqlite:///{tmp_path / 'new.db'}").close()
    for path in (first, tmp_path / "new.db"):
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": t.revisions.name})
            assert context.get_current_revision() == t.REVISION
            assert compare_metadata(context, t.metadata) == []
            kept = "SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%' ORDER BY name"
            found = connection.exec_driver_sql(kept).scalars().all()
            assert found == ["gridgov_outcomes", "gridgov_tags"]
        engine.dispose()


def test_an_upgrade_that_fails_leaves_the_older_store_whole(first, capsys):
    with closing(sqlite3.connect(first)) as raw:
        # The last table that the upgrade makes is there already: everything before it has been done by then.
        raw.execute("CREATE TABLE gridgov_leases (somebody TEXT)")
        raw.commit()
    before = dump(first)
    assert main(["upgrade", f"sqlite:///{first}"]) == 1
    assert "gridgov_leases already exists" in capsys.readouterr().err
    assert dump(first) == before


def test_what_is_not_there_is_not_upgraded(tmp_path, capsys):
    assert main(["upgrade", f"sqlite:///{tmp_path / 'none.db'}"]) == 1
    assert "there is no store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_store_with_a_space_in_its_name_is_upgraded_by_the_address_that_opens_it(tmp_path, held):
    path = tmp_path / "my street.db"
    write_first(path, held)
    url = f"sqlite:///{tmp_path}/my%20street.db"
    gridgov_sql.upgrade(f"{url}?busy=2&upgrade=no")
    with closing(open_sqlite(url)) as store:
        assert list(store.read()) == list(held.read())
    assert not (tmp_path / "my%20street.db").exists()
    with pytest.raises(StoreError, match="there is no store"):
        gridgov_sql.upgrade(f"sqlite:///{tmp_path}/his%20street.db")


def test_long_keys_fit_after_an_upgrade(first):
    gridgov_sql.upgrade(f"sqlite:///{first}")
    with closing(sqlite3.connect(first)) as raw:
        found = [sql for (sql,) in raw.execute("SELECT sql FROM sqlite_master WHERE sql LIKE '%VARCHAR(512)%'")]
        indexes = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert len(found) == 5
    assert {"gridgov_private_subject", "gridgov_outcomes_number", "sqlite_autoindex_gridgov_records_1"} <= indexes


def test_the_first_migration_makes_the_tables_of_the_first_version(first, tmp_path):
    from alembic import command
    from alembic.config import Config

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "gridgov_sql:_migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    shapes = []
    for each in (engine, sa.create_engine(f"sqlite:///{first}")):
        found = sa.inspect(each)
        names = sorted(set(found.get_table_names()) - {t.revisions.name})
        shapes.append(
            {
                name: [(c["name"], str(c["type"]), c["nullable"], c["primary_key"]) for c in found.get_columns(name)]
                for name in names
            }
        )
        each.dispose()
    assert shapes[0] == shapes[1]
