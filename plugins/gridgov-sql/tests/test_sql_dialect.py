"""What all dialects share keeps the contract by itself: with the dialect that the page about dialects shows."""

import re
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from gridgov.errors import ForeignStoreError
from gridgov.testing import OutboxContract, PortableContract, StoreContract
from gridgov_sql import SqlStore

PAGE = Path(__file__).parents[3] / "docs/howto/dialects.md"
SHOWN = {}
exec(re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)[1], SHOWN)
PlainStore = SHOWN["PlainStore"]


class OnPlain:
    shared = True

    def open(self, tmp_path):
        return PlainStore(f"sqlite:///{tmp_path / 'street.db'}")


class TestPlainStore(OnPlain, StoreContract):
    pass


class TestPlainOutbox(OnPlain, OutboxContract):
    pass


class TestPlainCopies(OnPlain, PortableContract):
    pass


def test_a_dialect_that_gives_too_little_cannot_be_made():
    class Half(SqlStore):
        def close(self):
            pass

    with pytest.raises(TypeError, match="abstract"):
        Half()


def test_tables_of_somebody_else_are_refused(tmp_path):
    url = f"sqlite:///{tmp_path / 'other.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE residents (name TEXT)")
    engine.dispose()
    with pytest.raises(ForeignStoreError):
        PlainStore(url)
    with closing(PlainStore(f"sqlite:///{tmp_path / 'new.db'}")) as store:
        assert store.head() == 0
