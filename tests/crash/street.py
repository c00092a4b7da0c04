"""A small street on SQLite that can be killed at a named point: python street.py FOLDER [POINT:COUNT].

Prints what the office answers at the end, and how often each point was passed, as JSON.
"""

import datetime as dt
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import attrs

from gridgov import open_office
from gridgov.cases import Answer, Board, Check, Close, OpenCase, Resolve, Return, Timeline
from gridgov.points import (
    AwardList,
    ConfirmPublication,
    HoldSitting,
    Judgment,
    PublishAwards,
    Ranking,
    Redeem,
    Statement,
    StockGoods,
)
from gridgov.testing import NOON, SimulatedClock, Simulator, small_setup
from gridgov_sql import SqliteStore

PANEL = ("head-8", "lead-81", "resident:00001")
KINDS = ("noise", "gas.smell", "question", "odd", "clutter")
MATTERS = 10
END = NOON + dt.timedelta(days=12)


class Points:
    """Counts named points and kills the process, for real, at one of them."""

    def __init__(self, wanted: str) -> None:
        self.name, _, count = wanted.partition(":")
        self.count = int(count or 0)
        self.passed: Counter[str] = Counter()

    def __call__(self, name: str) -> None:
        self.passed[name] += 1
        if name == self.name and self.passed[name] == self.count:
            os.kill(os.getpid(), signal.SIGKILL)


class KilledStore(SqliteStore):
    """The real store, with points before and after each write."""

    point = staticmethod(lambda name: None)

    def append(self, commit, /):
        self.point("before-commit")
        position = super().append(commit)
        self.point("after-commit")
        return position

    def save_cursor(self, cursor, /):
        self.point("before-cursor")
        super().save_cursor(cursor)
        self.point("after-cursor")

    def post(self, messages, /, **options):
        self.point("before-post")
        count = super().post(messages, **options)
        self.point("after-post")
        return count

    def update(self, messages, /, **options):
        self.point("before-update")
        super().update(messages, **options)
        self.point("after-update")


class Paper:
    """A channel that writes down every call, so that repeats can be seen."""

    name = "file"

    def __init__(self, path: Path, point) -> None:
        self._path = path
        self._point = point

    def send(self, notice, /) -> None:
        self._point("before-send")
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([notice.id, notice.to, notice.text], ensure_ascii=False) + "\n")
        self._point("after-send")


def plan(simulator, office) -> None:
    at = NOON
    for number in range(MATTERS):
        case, kind = f"m{number}", KINDS[number % len(KINDS)]
        at += dt.timedelta(minutes=37)
        report = OpenCase(
            kind=kind, place="150203005008-B001", source="patrol", reporter="resident:00002", text=f"第{number}件"
        )
        simulator.plan(at, case, lambda r=report: (r, "builder-81"))
        if number == 3:
            continue  # stays at the desk and climbs its ladder
        if number == 5:
            simulator.plan(
                at + dt.timedelta(hours=1), f"{case}/return", lambda c=case: (Return(c, reason="不归我"), "lead-81")
            )
            continue
        handler = {"gas.smell": "gas-1", "odd": "desk-1"}.get(kind, "lead-81")
        later = at + dt.timedelta(hours=30 if number == 7 else 2)
        simulator.plan(later, f"{case}/resolve", lambda c=case, h=handler: (Resolve(c), h))
        if kind != "question":
            simulator.plan(
                later + dt.timedelta(hours=1), f"{case}/check", lambda c=case: (Check(c, passed=True), "head-8")
            )
        simulator.plan(later + dt.timedelta(hours=2), f"{case}/answer", lambda c=case: (Answer(c), "desk-1"))
        simulator.plan(later + dt.timedelta(hours=3), f"{case}/close", lambda c=case: (Close(c), "desk-1"))
    sitting = NOON + dt.timedelta(days=3)

    def judge():
        awards = office.ask(AwardList(state="claimed"), by="desk-1")
        judgments = tuple(Judgment(award=a.file.id, points=a.file.asked, in_favor=PANEL) for a in awards)
        return HoldSitting(present=PANEL, judgments=judgments), "head-8"

    def publish():
        return PublishAwards(
            awards=tuple(a.file.id for a in office.ask(AwardList(state="approved"), by="desk-1"))
        ), "head-8"

    simulator.plan(sitting, "sitting", judge)
    simulator.plan(sitting + dt.timedelta(hours=1), "list", publish)
    hung = ConfirmPublication("list", channel="board", receipt="photo")
    simulator.plan(sitting + dt.timedelta(hours=2), "hung", lambda: (hung, "head-8"))
    simulator.plan(sitting, "stock", lambda: (StockGoods("soap", quantity=2), "shop"))
    redeem = Redeem(account="builder-81", good="soap")
    simulator.plan(NOON + dt.timedelta(days=10), "redeem", lambda: (redeem, "builder-81"))


def main(folder: Path, wanted: str = "") -> None:
    point = Points(wanted)
    store = KilledStore(folder / "street.db")
    store.point = point
    clock = SimulatedClock(NOON)
    paper = Paper(folder / "notices.jsonl", point)
    with open_office(small_setup(), store, discover=False, clock=clock, channels=[paper]) as office:
        simulator = Simulator(office, clock, slot=dt.timedelta(hours=1))
        plan(simulator, office)
        simulator.run(END)
        answers = {
            "board": attrs.asdict(office.ask(Board(), by="desk-1")),
            "stories": {
                f"m{n}": [f"{line.at} {line.text}" for line in office.ask(Timeline(f"m{n}"), by="desk-1")]
                for n in range(MATTERS)
            },
            "statement": attrs.asdict(office.ask(Statement("builder-81"), by="desk-1")),
            "ranking": [attrs.asdict(row) for row in office.ask(Ranking(months=("2026-09",)), by="desk-1")],
            "undelivered": len(office.undelivered()),
            "records": office.verify(),
        }
    store.close()
    print(json.dumps({"answers": answers, "passed": point.passed}, default=str, ensure_ascii=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
