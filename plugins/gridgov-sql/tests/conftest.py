"""Where the tests against PostgreSQL find their server.

``GRIDGOV_POSTGRES=postgresql://user@host/postgres python -m pytest plugins/gridgov-sql/tests`` runs them against that
one (its role has to be allowed to create databases); without it each worker starts one of its own.
"""

import pytest


@pytest.fixture(scope="session")
def postgres():
    from gridgov_sql.testing import postgres_server

    # What survives a crash is tested on a server of its own.
    with postgres_server(options="-c fsync=off") as url:
        yield url


@pytest.fixture
def database(postgres):
    from gridgov_sql.testing import fresh_database

    with fresh_database(postgres) as url:
        yield url


@pytest.fixture
def schema(postgres):
    from gridgov_sql.testing import fresh_schema

    with fresh_schema(postgres) as url:
        yield url
