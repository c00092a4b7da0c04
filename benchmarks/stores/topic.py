"""Stores, measured: durable commits beside a bare write and fdatasync, beside the recorder of eventsourcing and beside
bare SQL; reading and writing events beside cattrs and pydantic; a street with a million events opened again.

``fdatasync`` on such machines drifts by a factor of ten, so what is compared is taken in turn, round after round, and
each ratio is the median of the rounds' ratios. All files lie in one folder of one disk.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parent))
import history

from gridgov.store import Commit, Draft, StoredOutcome
from gridgov_sql import open_sqlite

HERE = Path(__file__).parent
Row = dict[str, object]
ROUNDS = 7
SINGLE = 400
BATCHES, BATCH = 20, 1000
WHEN = dt.datetime(2026, 9, 1, 4, 0, 0, 123456, tzinfo=dt.UTC)
BODY = json.dumps({"at": WHEN.isoformat(), "by": "worker:W0007", "case": "app-4711", "note": "x" * 120}).encode()


def draft(name: str) -> Draft:
    stream = f"150203005/case:{name}"
    return Draft(
        stream=stream,
        name="case-resolved",
        shape=1,
        body=BODY,
        tags=(stream, "150203005/grid:150203005008001"),
        occurred_at=WHEN,
        recorded_at=WHEN,
        by="worker:W0007",
        command_id=f"150203005/{name}",
    )


def commit(name: str) -> Commit:
    outcome = StoredOutcome(command_id=f"150203005/{name}", fingerprint="f" * 64, accepted=True, recorded_at=WHEN)
    return Commit(drafts=[draft(name)], outcomes=[outcome])


# --- what is compared: each gives how many a second ---------------------------------------------


def bare_fdatasync(folder: Path) -> float:
    with (folder / "bare.bin").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SINGLE):
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
        return SINGLE / (time.perf_counter() - began)


class Ours:
    """One store, kept open over all rounds."""

    def __init__(self, folder: Path) -> None:
        self.store = open_sqlite(f"sqlite:///{folder / 'ours.db'}")
        self.count = 0
        self.waits: list[float] = []

    def names(self, count: int) -> Iterator[str]:
        for _ in range(count):
            self.count += 1
            yield f"c{self.count}"

    def one_by_one(self) -> float:
        commits = [commit(name) for name in self.names(SINGLE)]
        began = time.perf_counter()
        for each in commits:
            self.store.append(each)
        return SINGLE / (time.perf_counter() - began)

    def callers(self, callers: int, each: int) -> float:
        work = [[commit(name) for name in self.names(each)] for _ in range(callers)]
        start = threading.Barrier(callers + 1)
        waits: list[float] = []

        def call(commits: list[Commit]) -> None:
            start.wait()
            for mine in commits:
                began = time.perf_counter()
                self.store.append(mine)
                waits.append(time.perf_counter() - began)

        threads = [threading.Thread(target=call, args=(commits,)) for commits in work]
        for thread in threads:
            thread.start()
        start.wait()
        began = time.perf_counter()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
        if callers == 128:
            self.waits += waits
        return callers * each / seconds

    def batches(self) -> float:
        commits = [Commit(drafts=[draft(name) for name in self.names(BATCH)]) for _ in range(BATCHES)]
        began = time.perf_counter()
        for each in commits:
            self.store.append(each)
        return BATCHES * BATCH / (time.perf_counter() - began)


class Recorder:
    """The SQLite recorder of eventsourcing: an event a commit, or a batch of them."""

    def __init__(self, folder: Path) -> None:
        from eventsourcing.persistence import StoredEvent
        from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteDatastore

        self.event = StoredEvent
        self.datastore = SQLiteDatastore(str(folder / "theirs.db"))
        self.recorder = SQLiteAggregateRecorder(self.datastore)
        self.recorder.create_table()

    def events(self, count: int) -> list[Any]:
        return [
            self.event(originator_id=uuid4(), originator_version=1, topic="case-resolved", state=BODY)
            for _ in range(count)
        ]

    def one_by_one(self) -> float:
        events = self.events(SINGLE)
        began = time.perf_counter()
        for event in events:
            self.recorder.insert_events([event])
        return SINGLE / (time.perf_counter() - began)

    def batches(self) -> float:
        events = [self.events(BATCH) for _ in range(BATCHES)]
        began = time.perf_counter()
        for some in events:
            self.recorder.insert_events(some)
        return BATCHES * BATCH / (time.perf_counter() - began)


class Bare:
    """Plain rows of the same columns in one table, by sqlite3.executemany, WAL and FULL as ours."""

    COLUMNS = 12

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute(
            "CREATE TABLE plain (position INTEGER PRIMARY KEY, stream TEXT, stream_version INTEGER, name TEXT, "
            "shape INTEGER, body BLOB, tags TEXT, occurred_at TEXT, recorded_at TEXT, actor TEXT, command_id TEXT, "
            "head BLOB)"
        )
        self.count = 0

    def rows(self, count: int) -> list[tuple[Any, ...]]:
        instant = WHEN.isoformat()
        made = []
        for _ in range(count):
            self.count += 1
            stream = f"150203005/case:b{self.count}"
            tags = f'["{stream}","150203005/grid:150203005008001"]'
            command = f"150203005/b{self.count}"
            made.append(
                (
                    self.count,
                    stream,
                    1,
                    "case-resolved",
                    1,
                    BODY,
                    tags,
                    instant,
                    instant,
                    "worker:W0007",
                    command,
                    b"h" * 32,
                )
            )
        return made

    def batches(self) -> float:
        rows = [self.rows(BATCH) for _ in range(BATCHES)]
        marks = ",".join("?" * self.COLUMNS)
        began = time.perf_counter()
        for some in rows:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany(f"INSERT INTO plain VALUES ({marks})", some)
            self.connection.execute("COMMIT")
        return BATCHES * BATCH / (time.perf_counter() - began)


def commits() -> dict[str, Row]:
    with tempfile.TemporaryDirectory(dir=HERE.parent) as name:
        folder = Path(name)
        ours, recorder, bare = Ours(folder), Recorder(folder), Bare(folder)
        runs: dict[str, Callable[[], float]] = {
            "fdatasync": lambda: bare_fdatasync(folder),
            "one": ours.one_by_one,
            "recorder": recorder.one_by_one,
            "32": lambda: ours.callers(32, 40),
            "128": lambda: ours.callers(128, 30),
            "batch": ours.batches,
            "recorder-batch": recorder.batches,
            "bare-batch": bare.batches,
        }
        rounds: list[dict[str, float]] = []
        for _ in range(ROUNDS + 1):
            gc.collect()
            rounds.append({name: run() for name, run in runs.items()})
        rounds = rounds[1:]
        p99 = statistics.quantiles(ours.waits, n=100)[98]
        ours.store.close()
        bare.connection.close()
        recorder.datastore.close()

    def row(mine: str, theirs: str) -> Row:
        ratio = statistics.median(each[mine] / each[theirs] for each in rounds)
        value = statistics.median(each[mine] for each in rounds)
        return {
            "value": ratio,
            "peer": statistics.median(each[theirs] for each in rounds),
            "ratio": ratio,
            "rate": value,
        }

    return {
        "stores.commit-over-fdatasync": row("one", "fdatasync"),
        "stores.commit-over-recorder": row("one", "recorder"),
        "stores.callers-32-over-fdatasync": row("32", "fdatasync"),
        "stores.callers-32-over-one": row("32", "one"),
        "stores.callers-128-over-one": row("128", "one"),
        "stores.callers-128-p99-seconds": {"value": p99, "peer": None, "ratio": None},
        "stores.bare-over-batch": row("bare-batch", "batch"),
        "stores.batch-over-recorder": row("batch", "recorder-batch"),
    }


# --- several processes on one PostgreSQL --------------------------------------------------------


def writers(url: str, count: int, name: str) -> float:
    """Give commits a second of *count* processes that append at once."""
    command = [sys.executable, str(HERE / "writer.py"), url]
    running = [
        subprocess.Popen(
            [*command, f"{name}-{number}", str(SINGLE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(count)
    ]
    for each in running:
        assert each.stdout is not None
        each.stdout.readline()
    began = time.perf_counter()
    for each in running:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    for each in running:
        assert each.stdout is not None
        each.stdout.readline()
    seconds = time.perf_counter() - began
    for each in running:
        each.communicate()
    return count * SINGLE / seconds


def postgres() -> dict[str, Row]:
    from gridgov_sql.testing import fresh_database, postgres_server

    with (
        tempfile.TemporaryDirectory(dir=HERE.parent) as name,
        postgres_server() as server,
        fresh_database(server) as url,
    ):
        rounds = [
            {"fdatasync": bare_fdatasync(Path(name)), "1": writers(url, 1, f"a{n}"), "8": writers(url, 8, f"b{n}")}
            for n in range(4)
        ][1:]
    ratio = statistics.median(each["8"] / each["1"] for each in rounds)
    flushes = {who: statistics.median(each[who] / each["fdatasync"] for each in rounds) for who in ("1", "8")}
    return {
        "stores.postgres-8-over-1": {
            "value": ratio,
            "peer": statistics.median(each["1"] for each in rounds),
            "ratio": ratio,
            "over-fdatasync": flushes,
        }
    }


# --- reading and writing events -----------------------------------------------------------------


def codecs() -> dict[str, Row]:
    import formats

    rows: dict[str, Row] = {}
    rates = formats.measure()
    for peer in ("cattrs", "pydantic"):
        ours, theirs = rates["msgspec"], rates[peer]
        rows[f"stores.decode-over-{peer}"] = {
            "value": ours / theirs,
            "peer": theirs,
            "ratio": ours / theirs,
            "rate": ours,
        }
    return rows


# --- a street opened again ----------------------------------------------------------------------


def reopened(records: int, folder: Path) -> dict[str, float]:
    path = folder / f"street-{records}.db"
    history.write(path, records)
    child = [sys.executable, str(HERE / "reopen.py"), str(path)]
    first = json.loads(subprocess.run(child, check=True, capture_output=True, text=True).stdout)
    again = [json.loads(subprocess.run(child, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    return {
        "records": first["position"],
        "open": first["open"],
        "folded_seconds": first["seconds"],
        "seconds": statistics.median(each["seconds"] for each in again),
        "mebibytes": statistics.median(each["mebibytes"] for each in again),
    }


def opening() -> tuple[dict[str, Row], list[dict[str, float]]]:
    with tempfile.TemporaryDirectory(dir=HERE.parent) as name:
        curve = [reopened(records, Path(name)) for records in (10_000, 100_000, 1_000_000)]
    small, _, large = curve
    ratio = large["mebibytes"] / small["mebibytes"]
    rows: dict[str, Row] = {
        "stores.reopen-million-seconds": {"value": large["seconds"], "peer": large["folded_seconds"], "ratio": None},
        "stores.memory-million-over-ten-thousand": {"value": ratio, "peer": small["mebibytes"], "ratio": ratio},
    }
    return rows, curve


def measure() -> tuple[dict[str, Row], dict[str, object]]:
    rows = commits()
    rows |= handled()
    rows |= postgres()
    rows |= codecs()
    more, curve = opening()
    rows |= more
    head: dict[str, object] = {
        "eventsourcing": version("eventsourcing"),
        "cattrs": version("cattrs"),
        "pydantic": version("pydantic"),
        "sqlite": sqlite3.sqlite_version,
        "sizes": {"single": SINGLE, "rounds": ROUNDS, "batch": BATCH},
        "curve": curve,
        "rates": {name: round(float(str(row["rate"]))) for name, row in rows.items() if "rate" in row},
        "postgres-over-fdatasync": rows["stores.postgres-8-over-1"]["over-fdatasync"],
    }
    return rows, head


def handled() -> dict[str, Row]:
    """Whole commands through an office: decided, stored, folded; reported, without a bar of its own."""
    import street

    with tempfile.TemporaryDirectory(dir=HERE.parent) as name:
        rounds = street.rounds(Path(name), lambda: bare_fdatasync(Path(name)))

    def row(mine: str, theirs: str) -> Row:
        ratio = statistics.median(each[mine] / each[theirs] for each in rounds)
        return {
            "value": ratio,
            "peer": statistics.median(each[theirs] for each in rounds),
            "ratio": ratio,
            "rate": statistics.median(each[mine] for each in rounds),
        }

    return {
        "stores.handle-32-over-fdatasync": row("32", "fdatasync"),
        "stores.handle-32-over-one": row("32", "one"),
        "stores.handle-128-over-one": row("128", "one"),
    }
