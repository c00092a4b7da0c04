"""Whole commands: threads that call handle on one office with a SQLite file; each opens a case, which is routed."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from pathlib import Path

from gridgov import open_office
from gridgov.cases import OpenCase
from gridgov.office import Office
from gridgov.testing import NOON, small_setup
from gridgov_sql import open_sqlite

HOUSE = "150203005008-B001"
ROUNDS = 5


def rounds(folder: Path, fdatasync: Callable[[], float]) -> list[dict[str, float]]:
    """Give commands a second: bare flushes, one caller, 32 and 128 of them, in turn."""
    store = open_sqlite(f"sqlite:///{folder / 'handled.db'}")
    count = iter(range(10**9))
    found = []
    with open_office(small_setup(), store, discover=False, clock=lambda: NOON) as office:
        for _ in range(ROUNDS + 1):
            gc.collect()
            found.append(
                {
                    "fdatasync": fdatasync(),
                    "one": _callers(office, 1, 200, count),
                    "32": _callers(office, 32, 30, count),
                    "128": _callers(office, 128, 10, count),
                }
            )
    store.close()
    return found[1:]


def _callers(office: Office, callers: int, each: int, count: object) -> float:
    ids = [[f"h{next(count)}" for _ in range(each)] for _ in range(callers)]  # type: ignore[call-overload]
    start = threading.Barrier(callers + 1)

    def call(mine: list[str]) -> None:
        start.wait()
        for id_ in mine:
            office.handle(OpenCase(kind="noise", place=HOUSE, source="hotline"), by="desk-1", id=id_)

    threads = [threading.Thread(target=call, args=(mine,)) for mine in ids]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return callers * each / (time.perf_counter() - began)
