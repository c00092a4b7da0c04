"""Whole award lives through decide and evolve, and the events that come of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from gridgov.points import (
    POINTS,
    ConfirmAward,
    ConfirmPublication,
    HoldSitting,
    Judgment,
    PointsEvent,
    ProposeAward,
    PublishAwards,
)
from gridgov.testing import NOON, small_setup

PANEL = ("head-8", "lead-81", "resident:00001")
MEMBERS = 1000
SETUP = small_setup()


class Ledger:
    """The room in memory: subjects, and one method that decides and folds."""

    def __init__(self) -> None:
        self.subjects: dict[str, Any] = {}
        self.events: list[PointsEvent] = []
        self.commands = 0

    def handle(self, command: Any, by: str, id_: str, at: Any) -> None:
        self.commands += 1
        given = SETUP.given("points", at=at, by=by, command_id=id_)
        subjects = self.subjects
        for event in POINTS.decide(command, subjects, given):
            for tag in POINTS.tags(event):
                subjects[tag] = POINTS.evolve(tag, subjects.get(tag), event)
            self.events.append(event)


def account(number: int) -> str:
    return f"resident:{number % MEMBERS + 10:05}"


def play(lives: int, page: int) -> tuple[Ledger, float]:
    """Play whole lives, *page* of them to a sitting and a list; give the ledger and the seconds."""
    ledger, day = Ledger(), NOON.date()
    began = time.perf_counter()
    for first in range(0, lives, page):
        ids = [f"a{number}" for number in range(first, min(first + page, lives))]
        for number, id_ in enumerate(ids, start=first):
            wish = ProposeAward(account=account(number), deed="help", on=day, occasion=f"o{number}")
            ledger.handle(wish, "lead-81", id_, NOON)
        votes = tuple(Judgment(award=id_, points=5, in_favor=PANEL) for id_ in ids)
        ledger.handle(HoldSitting(present=PANEL, judgments=votes), "head-8", f"s{first}", NOON)
        ledger.handle(PublishAwards(awards=tuple(ids)), "head-8", f"l{first}", NOON)
        hung = ConfirmPublication(f"l{first}", channel="board", receipt="photo")
        ledger.handle(hung, "head-8", f"h{first}", NOON)
        for id_ in ids:
            due_at = ledger.subjects[f"award:{id_}"].confirm_at
            ledger.handle(ConfirmAward(id_, due_at=due_at), "system:clock", f"c-{id_}", due_at)
    return ledger, time.perf_counter() - began


def fold(tagged: Sequence[tuple[tuple[str, ...], PointsEvent]]) -> dict[str, Any]:
    subjects: dict[str, Any] = {}
    evolve = POINTS.evolve
    for tags, event in tagged:
        for tag in tags:
            subjects[tag] = evolve(tag, subjects.get(tag), event)
    return subjects
