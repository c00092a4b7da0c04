"""Points, measured: award lives and replay beside eventsourcing, postings beside beancount, a year of a street and a district.

Each pair is timed in turn in this process, five rounds, the best of each kept; the peer's aggregates stay in hand and
know what the ledger knows of a life. Ours decides and folds in memory, as theirs saves in memory.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import lives
import peers
import year

from gridgov.documents import Codec
from gridgov.points import POINTS, Account, AwardConfirmed, Entry, PointsDonated
from gridgov.store import link_drafts, verify_chain
from gridgov.testing import NOON

COUNT = 5_000
PAGE = 200
ROUNDS = 5
Row = dict[str, object]


def best(run: Any, rounds: int = ROUNDS) -> float:
    """Give the seconds of the quickest round."""
    found = []
    for _ in range(rounds):
        gc.collect()
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return min(found)


def award_lives() -> tuple[dict[str, Row], list[Any], dict[str, float]]:
    ours, single, peer = [], [], []
    ledger = None
    for _ in range(ROUNDS):
        gc.collect()
        ledger, seconds = lives.play(COUNT, PAGE)
        ours.append(seconds)
        gc.collect()
        alone, seconds = lives.play(COUNT // 2, 1)
        single.append(seconds / alone.commands)
        gc.collect()
        peer.append(peers.eventsourcing_lives(COUNT))
    assert ledger is not None
    theirs = {name: max(each[name] for each in peer) for name in peer[0]}
    tagged = [(POINTS.tags(event), event) for event in ledger.events]
    replay = best(lambda: lives.fold(tagged))
    codec = Codec()
    stored = [(tags, *codec.write(event)) for tags, event in tagged]
    read = best(lambda: lives.fold([(tags, codec.read(*each)) for tags, *each in stored]))
    commands = 1 / min(single)
    rows: dict[str, Row] = {
        "points.lives-per-second": {
            "value": COUNT / min(ours),
            "peer": theirs["lives"],
            "ratio": COUNT / min(ours) / theirs["lives"],
        },
        "points.command-over-eventsourcing": {
            "value": commands / theirs["saves"],
            "peer": theirs["saves"],
            "ratio": commands / theirs["saves"],
        },
        "points.replay-events-per-second": {
            "value": len(tagged) / replay,
            "peer": theirs["replayed"],
            "ratio": len(tagged) / replay / theirs["replayed"],
        },
        # Whole lives a second, since theirs are cut into more events than ours.
        "points.replay-over-eventsourcing": {
            "value": (COUNT / replay) / (theirs["replayed"] / 7),
            "peer": theirs["replayed"] / 7,
            "ratio": (COUNT / replay) / (theirs["replayed"] / 7),
        },
    }
    beside = {
        "commands_per_second": round(commands),
        "replay_decoded_from_bytes_per_second": round(len(tagged) / read),
        "eventsourcing_saves_per_second": round(theirs["saves"]),
        "eventsourcing_events_per_life": 7,
        "events_per_life": round(len(tagged) / COUNT, 3),
    }
    return rows, ledger.events, beside


def postings(events: list[Any]) -> tuple[dict[str, Row], dict[str, float]]:
    codec = Codec()
    booked = [event for event in events if event.entries]
    count = sum(len(event.entries) for event in booked)
    stored = [codec.write(event) for event in booked]

    def load() -> int:
        total: dict[tuple[str, str, str], int] = {}
        for name, shape, body in stored:
            for entry in codec.read(name, shape, body).entries:
                key = (entry.account, entry.unit, entry.bucket)
                total[key] = total.get(key, 0) + entry.delta
        return len(total)

    with tempfile.TemporaryDirectory() as folder:
        theirs = min(peers.beancount_postings(booked, Path(folder)) for _ in range(3))
        ours = best(load, 3)
        rows = [(n, "s", name, body, "2026-09-04") for n, (name, _, body) in enumerate(stored, start=1)]
        bare = min(peers.bare_inserts(rows, fresh(folder, n), 1000) for n in range(3))
        store = min(appended(booked, fresh(folder, n + 10)) for n in range(3))
    return {
        "points.postings-over-beancount": {"value": theirs / ours, "peer": count / theirs, "ratio": theirs / ours},
        "points.stored-over-bare-inserts": {"value": store / bare, "peer": len(booked) / bare, "ratio": store / bare},
    }, {"postings": count, "stored_per_second": round(len(booked) / store)}


def fresh(folder: str, number: int) -> Path:
    path = Path(folder) / str(number)
    path.mkdir()
    return path


def appended(events: list[Any], folder: Path) -> float:
    """Write the same events into the store, a thousand to a commit, with chain and tags."""
    from gridgov_sql import open_sqlite

    store = open_sqlite(f"sqlite:///{folder / 'ours.db'}")
    began = time.perf_counter()
    for first in range(0, len(events), 1000):
        year.written(store, events[first : first + 1000], first)
    seconds = time.perf_counter() - began
    store.close()
    return seconds


def chains(events: list[Any]) -> dict[str, Row]:
    drafts = year.drafts_of(events, 0)
    records = link_drafts(drafts, range(1, len(drafts) + 1), {})
    rate = len(records) / best(lambda: verify_chain(records))
    return {"points.chain-records-per-second": {"value": rate, "peer": None, "ratio": None}}


def balance_of(transfers: int) -> float:
    """Fold so many transfers on one account; give the seconds of asking for its balance."""
    account: Account | None = None
    common: dict[str, Any] = {"at": NOON, "by": "system:clock", "period": "2026-09"}
    for number in range(transfers // 2):
        lot = f"a{number}"
        earned = (
            Entry(account="r", unit="u", bucket="pending", delta=-5),
            Entry(account="r", unit="u", bucket="posted", delta=5, lot=lot),
        )
        pending = Entry(account="r", unit="u", bucket="pending", delta=5)
        account = POINTS.evolve(
            "account:r",
            account,
            AwardConfirmed(
                **common,
                award=lot,
                account="r",
                deed="d",
                month="2026-09",
                given=5,
                step_at=NOON,
                unit="u",
                entries=(pending, *earned),
            ),
        )
        spent = (
            Entry(account="r", unit="u", bucket="posted", delta=-5, lot=lot),
            Entry(account="book:donated", unit="u", bucket="donated", delta=5),
        )
        account = POINTS.evolve(
            "account:r", account, PointsDonated(**common, account="r", points=5, cause="c", entries=spent)
        )
    held = account
    assert held is not None

    def ask() -> None:
        for _ in range(10_000):
            held.available  # noqa: B018

    return best(ask)


def measure() -> tuple[dict[str, Row], dict[str, Any]]:
    rows, events, beside = award_lives()
    more, also = postings(events)
    rows |= more | chains(events)
    few, many = balance_of(1_000), balance_of(1_000_000)
    rows["points.balance-million-over-thousand"] = {"value": many / few, "peer": None, "ratio": many / few}
    street = year.street(16_000, 300_000)
    rows["points.street-year-seconds"] = {"value": street["seconds"], "peer": None, "ratio": None}
    district = year.district_apart(350_000, 6_000_000)
    memory = district["memory"]
    rows["points.district-memory-growth"] = {"value": memory[11] / memory[5], "peer": memory[11], "ratio": None}
    head = {
        "sizes": {
            "lives": COUNT,
            "awards to a sitting": PAGE,
            "street": {"households": 16_000, "transfers": 300_000, "records": street["records"]},
            "district": {"households": 350_000, "transfers": 6_000_000, "events": district["events"]},
        },
        "versions": {name: version(name) for name in ("eventsourcing", "beancount", "attrs", "msgspec", "sqlalchemy")},
        "beside": {
            **beside,
            **also,
            "street_close_seconds": round(street["close"], 2),
            "street_publish_seconds": round(street["publish"], 2),
            "street_rank_seconds": round(street["rank"], 3),
            "street_statements_of_december": street["lines"],
            "street_proofs_checked": street["checked"],
            "district_mib_after_each_month": [round(each) for each in memory],
            "district_fold_seconds": round(district["seconds"]),
        },
    }
    return rows, head
