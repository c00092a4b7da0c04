"""A street with a long history: lives that were lived once in an office, told again under other names.

The lives are decided, drafted and tagged by the office itself; only the case's id in them changes. So what is opened
again is what an office writes, in the mixture of a street where most is closed and some is open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from gridgov import open_office
from gridgov.cases import Answer, Check, Close, OpenCase, Resolve
from gridgov.store import Commit, Cursor, Draft, MemoryStore, Record, every_record
from gridgov.testing import NOON, small_setup
from gridgov_sql import open_sqlite

HOUSE = "150203005008-B001"
MARK = "qqqqqqqqqqqq"
OPEN = 1_000
PAGE = 1_000


def setup():
    return small_setup()


def life(ending: bool) -> tuple[list[Record], list[Record]]:
    """Live one case in an office of its own; give the records before it and those of its life."""
    store = MemoryStore()
    now = [NOON]
    with open_office(setup(), store, discover=False, clock=lambda: now[0]) as office:
        before = store.head()
        office.handle(OpenCase(kind="noise", place=HOUSE, source="hotline"), by="desk-1", id=MARK)
        if ending:
            for number, (command, by) in enumerate(
                (
                    (Resolve(MARK), "lead-81"),
                    (Check(MARK, passed=True), "desk-1"),
                    (Answer(MARK), "desk-1"),
                    (Close(MARK), "desk-1"),
                )
            ):
                now[0] += dt.timedelta(minutes=5)
                office.handle(command, by=by, id=f"{MARK}/{number}")
    records = list(every_record(store))
    return records[:before], records[before:]


def _again(record: Record, name: str) -> Draft:
    def renamed(text: str) -> str:
        return text.replace(MARK, name)

    return Draft(
        stream=renamed(record.stream),
        name=record.name,
        shape=record.shape,
        body=record.body.replace(MARK.encode(), name.encode()),
        tags=tuple(renamed(tag) for tag in record.tags),
        occurred_at=record.occurred_at,
        recorded_at=record.recorded_at,
        by=record.by,
        command_id=renamed(record.command_id),
    )


def _drafts(records: int) -> Iterator[Draft]:
    _, closed = life(ending=True)
    _, begun = life(ending=False)
    lives = max(0, (records - OPEN * len(begun)) // len(closed))
    every = max(1, lives // OPEN)
    opened = 0
    for number in range(lives):
        yield from (_again(record, f"c{number:011d}") for record in closed)
        if number % every == 0 and opened < OPEN:
            yield from (_again(record, f"o{opened:011d}") for record in begun)
            opened += 1
    for number in range(opened, OPEN):
        yield from (_again(record, f"o{number:011d}") for record in begun)


def write(path: Path, records: int) -> None:
    """Write a store with about that many records, a thousand open cases among them."""
    store = open_sqlite(f"sqlite:///{path}")
    with open_office(setup(), store, discover=False, clock=lambda: NOON):
        pass  # it adopts the setup
    page: list[Draft] = []
    for draft in _drafts(records):
        page.append(draft)
        if len(page) >= PAGE:
            store.append(Commit(drafts=page))
            page = []
    store.append(Commit(drafts=page))
    # An office that had written this would have reacted to it as it went.
    store.save_cursor(Cursor(name=f"{setup().jurisdiction}/reactions", position=store.head()))
    store.close()
