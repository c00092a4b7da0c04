"""A year of points: a street that is closed, ranked and published, and a district whose memory stays bounded."""

from __future__ import annotations

import datetime as dt
import json
import random
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from gridgov import open_office
from gridgov.documents import Codec
from gridgov.points import (
    POINTS,
    AwardConfirmed,
    AwardProposed,
    AwardReviewed,
    ClosePeriod,
    Entry,
    Holdings,
    Honors,
    League,
    LotExpired,
    MonthLines,
    MonthLog,
    PointsDonated,
    PointsEvent,
    PublishPeriod,
    check_statement,
    publish_month,
)
from gridgov.policy import Timeline
from gridgov.setup import Setup
from gridgov.store import Commit, Draft
from gridgov.testing import SimulatedClock, small_setup

ZONE = dt.timezone(dt.timedelta(hours=8))
YEAR = 2025
UNIT = "small"
PAGE = 1000


def month_of(number: int) -> str:
    return f"{YEAR}-{number:02}"


def awarded(id_: str, account: str, at: dt.datetime, points: int) -> list[PointsEvent]:
    """Give the life of one award: proposed, reviewed, confirmed; two of the three move points."""
    month = f"{at:%Y-%m}"
    common: dict[str, Any] = {"award": id_, "account": account, "deed": "help", "month": month, "period": month}
    panel = ("head-8", "lead-81", "resident:00001")
    last = dt.date(YEAR + 2, 12, 31)  # far off: the town says itself when a lot ends, not the clock
    return [
        AwardProposed(
            **common, at=at, by="lead-81", asked=points, category="kindness", on=at.date(), occasion=id_, rule="help"
        ),
        AwardReviewed(
            **common,
            at=at,
            by="head-8",
            sitting="s",
            asked=points,
            given=points,
            unit=UNIT,
            present=panel,
            in_favor=panel,
            against=(),
            entries=(
                Entry(account="book:issued", unit=UNIT, bucket="issued", delta=-points),
                Entry(account=account, unit=UNIT, bucket="pending", delta=points),
            ),
        ),
        AwardConfirmed(
            **common,
            at=at,
            by="system:clock",
            given=points,
            step_at=at,
            unit=UNIT,
            expires_on=last,
            expires_at=dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), ZONE),
            category="kindness",
            entries=(
                Entry(account=account, unit=UNIT, bucket="pending", delta=-points),
                Entry(account=account, unit=UNIT, bucket="posted", delta=points, lot=id_),
            ),
        ),
    ]


def given_away(account: str, lot: str, points: int, at: dt.datetime) -> PointsEvent:
    return PointsDonated(
        at=at,
        by=account,
        period=f"{at:%Y-%m}",
        account=account,
        points=points,
        cause="c",
        entries=(
            Entry(account=account, unit=UNIT, bucket="posted", delta=-points, lot=lot),
            Entry(account="book:donated", unit=UNIT, bucket="donated", delta=points),
        ),
    )


def expired(account: str, lot: str, points: int, at: dt.datetime) -> PointsEvent:
    return LotExpired(
        at=at,
        by="system:clock",
        period=f"{at:%Y-%m}",
        account=account,
        lot=lot,
        award=lot,
        expired=points,
        step_at=at,
        entries=(
            Entry(account=account, unit=UNIT, bucket="posted", delta=-points, lot=lot),
            Entry(account="book:expired", unit=UNIT, bucket="expired", delta=points),
        ),
    )


@attrs.define
class Town:
    """Accounts with what lies in their lots, so that every event that is made up could have happened."""

    accounts: int
    chance: random.Random
    lots: dict[int, list[tuple[str, int, int]]] = attrs.field(factory=dict)
    made: int = 0

    def month(self, number: int, transfers: int) -> Iterator[PointsEvent]:
        """Give a month of *transfers* events that move points."""
        day = dt.datetime(YEAR, number, 5, 12, tzinfo=ZONE)
        done = 0
        while done < transfers:
            who = self.chance.randrange(self.accounts)
            account, lots = f"resident:{who:06}", self.lots.setdefault(who, [])
            if lots and lots[0][2] <= number - 4:
                lot, points, _ = lots.pop(0)
                yield expired(account, lot, points, day)
                done += 1
            elif lots and self.chance.random() < 0.45:
                lot, points, _ = lots.pop(0)
                yield given_away(account, lot, points, day)
                done += 1
            else:
                self.made += 1
                points = self.chance.randint(2, 9)
                lots.append((f"a{self.made}", points, number))
                yield from awarded(f"a{self.made}", account, day, points)
                done += 2


# --- the street ---------------------------------------------------------------------------------


def leagued() -> Setup:
    setup = small_setup()
    leagues = (League(id="residents", zh="居民榜", en="residents", members=("resident",), titles=("一", "二", "三")),)
    return attrs.evolve(
        setup, points_policy=Timeline.always(attrs.evolve(setup.points_policy.on(dt.date.min), leagues=leagues))
    )


def drafts_of(events: list[PointsEvent], first: int, prefix: str = "") -> list[Draft]:
    """Write events as an office does that decides them."""
    codec = Codec()
    drafts = []
    for number, event in enumerate(events, start=first):
        name, shape, body = codec.write(event)
        tags = tuple(f"{prefix}{tag}" for tag in POINTS.tags(event))
        drafts.append(
            Draft(
                stream=tags[0],
                name=name,
                shape=shape,
                body=body,
                tags=tags,
                occurred_at=event.at,
                recorded_at=event.at,
                by=event.by,
                command_id=f"c{number}",
            )
        )
    return drafts


def written(store: Any, events: list[PointsEvent], first: int) -> None:
    """Put a page of made-up events into the store as if an office had decided them."""
    store.append(Commit(drafts=drafts_of(events, first, "150203005/")))


def street(households: int, transfers: int) -> dict[str, float]:
    """Close, rank and publish every month of a street's year on SQLite, with every resident's proof."""
    from gridgov_sql import open_sqlite

    town = Town(households, random.Random(6))
    clock = SimulatedClock(dt.datetime(YEAR, 1, 1, tzinfo=ZONE))
    salts: dict[str, bytes] = {}
    log, spent, records, checked = MonthLog(()), {"close": 0.0, "publish": 0.0, "rank": 0.0}, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        store = open_sqlite(f"sqlite:///{folder}/street.db")
        with open_office(leagued(), store=store, clock=clock) as office:
            for number in range(1, 13):
                page: list[PointsEvent] = []
                for event in town.month(number, transfers // 12):
                    page.append(event)
                    if len(page) == PAGE:
                        written(store, page, records)
                        records += len(page)
                        page = []
                written(store, page, records)
                records += len(page)
                clock.now = dt.datetime(YEAR + number // 12, number % 12 + 1, 3, 12, tzinfo=ZONE)
                _ = office.ask(Holdings("nobody"), by="desk-1")  # follow first: not part of the closing
                began = time.perf_counter()
                office.handle(ClosePeriod(period=month_of(number)), by="desk-1")
                lines = office.ask(MonthLines(month=month_of(number)), by="desk-1")
                closed = time.perf_counter()
                published = publish_month(
                    month_of(number),
                    lines,
                    salts,
                    secrets.token_bytes,
                    log=log,
                    head="0" * 64,
                    position=office.position,
                )
                proofs = [published.statement(line.account, line.unit) for line in lines]
                note, log = published.note, published.log
                command = PublishPeriod(
                    period=note.month,
                    root=note.root,
                    size=note.size,
                    previous=note.previous,
                    head=note.head,
                    position=note.position,
                    channel="board",
                    receipt="photo",
                )
                office.handle(command, by="desk-1")
                done = time.perf_counter()
                spent["close"] += closed - began
                spent["publish"] += done - closed
                checked += sum(not check_statement(proof, note.root) for proof in proofs[:: max(1, len(proofs) // 50)])
                if number % 3 == 0:
                    began = time.perf_counter()
                    rows = office.ask(Honors(quarter=f"{YEAR}-Q{number // 3}", league="residents", top=0), by="desk-1")
                    spent["rank"] += time.perf_counter() - began
                    if not rows:
                        raise RuntimeError("nobody was ranked")
        store.close()
    return {**spent, "seconds": sum(spent.values()), "records": records, "checked": checked, "lines": len(lines)}


# --- the district -------------------------------------------------------------------------------


def district(households: int, transfers: int) -> dict[str, Any]:
    """Fold a district's year as an office does, month by month; give the memory after each month, in MiB."""
    town = Town(households, random.Random(7))
    live: dict[str, Any] = {}
    memory, events, folding = [], 0, 0.0
    setup = small_setup()
    for number in range(1, 13):
        page: list[PointsEvent] = []
        began = time.perf_counter()
        for event in town.month(number, transfers // 12):
            events += 1
            for tag in POINTS.tags(event):
                before = live.get(tag)
                if before is None and not POINTS.opens(tag, event) and not POINTS.wakes(tag, event):
                    continue
                after = POINTS.evolve(tag, before, event)
                if POINTS.settled(tag, after):
                    live.pop(tag, None)
                else:
                    live[tag] = after
        folding += time.perf_counter() - began
        at = dt.datetime(YEAR + number // 12, number % 12 + 1, 3, 12, tzinfo=ZONE)
        close_month(setup, live, month_of(number), at)
        del page
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {
        "memory": memory,
        "events": events,
        "seconds": folding,
        "accounts": sum(t.startswith("account:") for t in live),
    }


def close_month(setup: Setup, live: dict[str, Any], month: str, at: dt.datetime) -> None:
    from gridgov.points import CloseStatements, SealPeriod

    def do(command: Any, by: str) -> None:
        given = setup.given("points", at=at, by=by, command_id=f"{month}:{id(command)}")
        for event in POINTS.decide(command, live, given):
            for tag in POINTS.tags(event):
                live[tag] = POINTS.evolve(tag, live.get(tag), event)

    do(ClosePeriod(period=month), "desk-1")
    accounts = sorted(tag.removeprefix("account:") for tag in live if tag.startswith("account:"))
    for first in range(0, len(accounts), 500):
        do(CloseStatements(period=month, accounts=tuple(accounts[first : first + 500])), "system:reactions")
    do(SealPeriod(period=month), "system:reactions")


def district_apart(households: int, transfers: int) -> dict[str, Any]:
    """Run the district in a process of its own, so that only its memory is measured."""
    found = subprocess.run(
        [sys.executable, __file__, str(households), str(transfers)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )
    result: dict[str, Any] = json.loads(found.stdout)
    return result


if __name__ == "__main__":
    print(json.dumps(district(int(sys.argv[1]), int(sys.argv[2]))))
