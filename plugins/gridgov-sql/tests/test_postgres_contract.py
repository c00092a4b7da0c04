"""Every shipped contract, against a real PostgreSQL."""

import pytest

from gridgov.testing import OutboxContract, PortableContract, StoreContract
from gridgov_sql import open_postgres


class OnPostgres:
    shared = True

    @pytest.fixture(autouse=True)
    def at(self, schema):
        self.url = schema

    def address(self, tmp_path):
        return self.url

    def open(self, tmp_path):
        return open_postgres(self.url)


class TestPostgresStore(OnPostgres, StoreContract):
    pass


class TestPostgresOutbox(OnPostgres, OutboxContract):
    pass


class TestPostgresCopies(OnPostgres, PortableContract):
    pass
