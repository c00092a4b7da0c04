"""Writes until it is killed: python appender.py URL store|office THREADS FIRST LAST.

Prints the number of each command, at once and in one piece, after the call that wrote it has returned. A command that
is already there is a retry, and is printed as well. Several may run at once, each with numbers of its own.
"""

import contextlib
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator

from gridgov import open_office
from gridgov.cases import OpenCase
from gridgov.errors import AppendConflictError
from gridgov.hooks import Host
from gridgov.store import Commit, PrivateEntry, Store, StoredOutcome
from gridgov.testing import NOON, SimulatedClock, small_setup
from gridgov.testing._store_contract import WHEN, draft
from gridgov_sql import plugin

STREET = "150203005"
PLUGINS = [("sql", plugin)]


def open_store(url: str) -> Store:
    return Host(PLUGINS, discover=False).open_store(url)


def opened_office(url: str):
    return open_office(small_setup(), url, plugins=PLUGINS, discover=False, clock=SimulatedClock(NOON))


def commit(name: str, seed: int = 0) -> Commit:
    """Give a commit as an office makes them: a refusal, a plain one, a batch, one with private texts; by its name."""
    rng = random.Random(f"{seed}:{name}")
    shape = rng.random()
    size = 0 if shape < 0.1 else rng.randint(20, 60) if shape > 0.95 else rng.randint(1, 4)
    drafts = [
        draft(
            f"{STREET}/case:{rng.randrange(12)}",
            f"{STREET}/place:{rng.randrange(5)}",
            command=name,
            body=rng.randbytes(rng.choice((30, 300, 3000) if size < 20 else (60,))),
        )
        for _ in range(size)
    ]
    texts = [
        PrivateEntry(
            ref=f"{name}/{number}",
            subject=f"case:{name}",
            purpose="case-handling",
            basis="law",
            ends_on=WHEN.date(),
            salt=b"s" * 16,
            body=rng.randbytes(200),
        )
        for number in range(rng.choice((0, 0, 1, 3)))
    ]
    outcome = StoredOutcome(command_id=name, fingerprint=name, accepted=bool(size), recorded_at=WHEN)
    documents = {f"{rng.getrandbits(256):064x}": rng.randbytes(5000)} if rng.random() < 0.05 else {}
    return Commit(drafts=drafts, outcomes=[outcome], private=texts, documents=documents)


def report(number: int) -> OpenCase:
    kind = ("noise", "question", "odd", "clutter")[number % 4]
    return OpenCase(
        kind=kind, place="150203005008-B001", source="patrol", reporter="resident:00002", text=f"第{number}件"
    )


def append(store: Store, number: int) -> None:
    try:
        store.append(commit(f"c{number}"))
    except AppendConflictError:
        if store.outcome(f"c{number}") is None:
            raise


Write = Callable[[int], None]


@contextlib.contextmanager
def writing(url: str, kind: str) -> Iterator[Write]:
    """Give what writes one command and returns when it is stored."""
    if kind == "store":
        with contextlib.closing(open_store(url)) as store:
            yield lambda number: append(store, number)
    else:
        with opened_office(url) as office:
            yield lambda number: office.handle(report(number), by="builder-81", id=f"c{number}")


def main(url: str, kind: str, threads: int, first: int, last: int) -> None:
    troubles: list[Exception] = []

    def work(write: Write, thread: int) -> None:
        try:
            for number in range(first + thread, last, threads):
                write(number)
                os.write(1, b"%d\n" % number)
        except Exception as trouble:  # the server went away; whoever started this will see
            troubles.append(trouble)

    with writing(url, kind) as write:
        workers = [threading.Thread(target=work, args=(write, thread)) for thread in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if troubles:
            raise troubles[0]


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:6]))
