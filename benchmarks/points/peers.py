"""The same lives in the eventsourcing library, and the same postings in beancount and in bare SQL.

The aggregates know what the ledger knows of an award and of an account: claims, what counts against
the month, pending points, lots. They stay in hand between commands, so the peer never pays for
loading them; each command saves what it has changed, in memory.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lives
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from gridgov.points import PointsEvent

CAP = 10**9


class Account(Aggregate):
    """Claims, counts, pending points and lots of one member."""

    @event("Opened")
    def __init__(self, name: str) -> None:
        self.name = name
        self.pending = 0
        self.claims: set[str] = set()
        self.counted: dict[str, int] = {}
        self.earned: dict[str, int] = {}
        self.lots: dict[str, int] = {}

    @event("Claimed")
    def claim(self, award: str, deed: str, occasion: str, month: str, points: int) -> None:
        self.claims.add(f"{deed}:{occasion}")
        self.counted[f"{deed}:{month}"] = self.counted.get(f"{deed}:{month}", 0) + points

    @event("Approved")
    def approve(self, award: str, points: int) -> None:
        self.pending += points

    @event("Confirmed")
    def confirm(self, award: str, month: str, points: int, expires_on: str) -> None:
        self.pending -= points
        self.lots[award] = points
        self.earned[month] = self.earned.get(month, 0) + points


class Award(Aggregate):
    """The life of one award."""

    @event("Proposed")
    def __init__(self, name: str, account: str, deed: str, occasion: str, month: str, asked: int, by: str) -> None:
        self.name, self.account, self.deed, self.occasion = name, account, deed, occasion
        self.month, self.asked, self.by, self.given, self.state = month, asked, by, 0, "claimed"

    @event("Reviewed")
    def review(self, sitting: str, given: int, present: list[str], in_favor: list[str], by: str) -> None:
        self.given, self.state = given, "approved"

    @event("Published")
    def publish(self, list_id: str, channel: str, receipt: str, window_ends_at: str, by: str) -> None:
        self.state = "published"

    @event("Confirmed")
    def confirm(self, given: int, expires_on: str) -> None:
        self.state = "confirmed"


def eventsourcing_lives(count: int) -> dict[str, float]:
    """Play whole lives; give saves and lives a second, and replayed events a second."""
    app: Application[Any] = Application()
    accounts: dict[str, Account] = {}
    for number in range(lives.MEMBERS):
        accounts[lives.account(number)] = Account(lives.account(number))
    app.save(*accounts.values())
    ids, saves, month = [], 0, "2026-09"
    began = time.perf_counter()
    for number in range(count):
        name = lives.account(number)
        member, occasion = accounts[name], f"o{number}"
        if f"help:{occasion}" in member.claims or member.counted.get(f"help:{month}", 0) + 5 > CAP:
            raise ValueError("refused")
        award = Award(f"a{number}", name, "help", occasion, month, 5, "lead-81")
        member.claim(f"a{number}", "help", occasion, month, 5)
        app.save(award, member)
        panel = list(lives.PANEL)
        award.review("s1", 5, panel, panel, "head-8")
        member.approve(f"a{number}", 5)
        app.save(award, member)
        award.publish("l1", "board", "photo", "2026-09-09T04:00:00+00:00", "head-8")
        app.save(award)
        award.confirm(5, "2026-10-31")
        member.confirm(f"a{number}", month, 5, "2026-10-31")
        app.save(award, member)
        saves += 4
        ids.append(award.id)
    seconds = time.perf_counter() - began
    ids += [member.id for member in accounts.values()]
    began = time.perf_counter()
    events = 0
    for id_ in ids:
        events += app.repository.get(id_).version
    replayed = time.perf_counter() - began
    return {"saves": saves / seconds, "lives": count / seconds, "replayed": events / replayed}


def beancount_postings(events: Sequence[PointsEvent], folder: Path) -> float:
    """Load the same entries as postings; give the seconds."""
    from beancount import loader

    opened: dict[str, None] = {}
    lines: list[str] = []
    for number, booked in enumerate([each for each in events if each.entries]):
        lines.append(f'{booked.at.date().isoformat()} * "e{number}"')
        for entry in booked.entries:
            kind = "Income" if entry.account.startswith("book:") else "Assets"
            words = f"{entry.account} {entry.bucket}".replace(":", " ").split()
            name = ":".join((kind, *(f"X{word.capitalize()}" for word in words)))
            opened[name] = None
            lines.append(f"  {name}  {entry.delta} PTS")
    path = folder / "points.beancount"
    path.write_text("\n".join([*(f"2026-01-01 open {name} PTS" for name in opened), *lines]) + "\n", encoding="utf-8")
    began = time.perf_counter()
    _, errors, _ = loader.load_file(str(path))
    seconds = time.perf_counter() - began
    if errors:
        raise RuntimeError(f"beancount says {errors[0]}")
    return seconds


def bare_inserts(rows: Sequence[tuple[Any, ...]], folder: Path, page: int) -> float:
    """Insert the same records as plain rows, *page* to a transaction; give the seconds."""
    base = sqlite3.connect(folder / "bare.db", isolation_level=None)
    base.execute("pragma journal_mode=wal")
    base.execute("pragma synchronous=full")
    base.execute("create table record (position integer primary key, stream text, name text, body blob, at text)")
    began = time.perf_counter()
    for first in range(0, len(rows), page):
        base.execute("begin")
        base.executemany("insert into record values (?, ?, ?, ?, ?)", rows[first : first + page])
        base.execute("commit")
    seconds = time.perf_counter() - began
    base.close()
    return seconds
