"""Every shipped contract, against real files."""

import pytest

from gridgov.errors import StoreError
from gridgov.testing import OutboxContract, PortableContract, StoreContract
from gridgov_sql import open_sqlite


class OnSqlite:
    shared = True

    def address(self, tmp_path):
        return f"sqlite:///{tmp_path / 'street.db'}"

    def open(self, tmp_path):
        return open_sqlite(self.address(tmp_path))


class TestSqliteStore(OnSqlite, StoreContract):
    pass


class TestSqliteOutbox(OnSqlite, OutboxContract):
    pass


class TestSqliteCopies(OnSqlite, PortableContract):
    pass


class TestSqliteStoreInNormalMode(OnSqlite, StoreContract):
    """The weaker mode keeps every promise but the one about power."""

    def address(self, tmp_path):
        return None

    def open(self, tmp_path):
        return open_sqlite(f"sqlite:///{tmp_path / 'street.db'}?synchronous=NORMAL")


def pragma(store, name):
    return store._connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_the_default_survives_a_power_cut_and_the_weaker_mode_must_be_asked_for(tmp_path):
    full = open_sqlite(f"sqlite:///{tmp_path / 'a.db'}")
    weak = open_sqlite(f"sqlite:///{tmp_path / 'b.db'}?synchronous=normal")
    try:
        assert (pragma(full, "journal_mode"), pragma(full, "synchronous")) == ("wal", 2)
        assert pragma(weak, "synchronous") == 1
    finally:
        full.close()
        weak.close()


@pytest.mark.parametrize(
    "url", ["sqlite:///x.db?synchronous=OFF", "sqlite:///x.db?journal=x", "sqlite:x.db", "sqlite:///x.db?upgrade=maybe"]
)
def test_an_address_that_we_do_not_know_is_refused(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError):
        open_sqlite(url)
    assert list(tmp_path.iterdir()) == []
