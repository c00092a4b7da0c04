"""What can be asked about points."""

from __future__ import annotations

import datetime as dt

import attrs

from gridgov.decider import Sight
from gridgov.points._decide import _STORED_NAMES
from gridgov.points._state import Account, Award

__all__ = ["AwardList", "Ranking", "RankingRow", "Statement", "StatementAnswer", "StatementLine"]


@attrs.frozen(kw_only=True)
class StatementLine:
    """One thing that changed an account, with what it changed."""

    at: dt.datetime
    what: str
    ref: str
    pending: int
    posted: int
    held: int


@attrs.frozen(kw_only=True)
class StatementAnswer:
    """An account with its story; the lines add up to the balances."""

    account: Account
    lines: tuple[StatementLine, ...]


@attrs.frozen
class Statement:
    """The account of one member."""

    account: str

    def answer(self, sight: Sight) -> StatementAnswer:
        """Give balances and lines; an account that nobody booked on is empty."""
        account: Account | None = sight.subject(f"account:{self.account}")
        lines = []
        for event in sight.events(f"account:{self.account}"):
            moved = {"pending": 0, "posted": 0, "held": 0}
            for entry in event.entries:
                if entry.account == self.account:
                    moved[entry.bucket] += entry.delta
            ref = getattr(event, "award", "") or getattr(event, "voucher", "") or getattr(event, "lot", "")
            lines.append(StatementLine(at=event.at, what=_STORED_NAMES[type(event)], ref=ref, **moved))
        return StatementAnswer(account=account or Account(id=self.account), lines=tuple(lines))

    def place(self, sight: Sight) -> str | None:
        """No place."""
        return None

    def mine(self, by: str) -> bool:
        """One's own account."""
        return by == self.account


@attrs.frozen(kw_only=True)
class RankingRow:
    """A place in the ranking; equal points share a rank."""

    rank: int
    account: str
    points: int


@attrs.frozen(kw_only=True)
class Ranking:
    """Who earned most with deeds of some months; names are not in it, only ids.

    :param months: ``("2026-09", ...)``; :param top: how many rows, 0 for all.
    """

    months: tuple[str, ...]
    top: int = 0

    def answer(self, sight: Sight) -> tuple[RankingRow, ...]:
        """Rank by points, then by id."""
        earned = [
            (sum(account.earned.get(month, 0) for month in self.months), account.id)
            for account in sight.live("account:")
        ]
        ordered = sorted(((points, id_) for points, id_ in earned if points), key=lambda row: (-row[0], row[1]))
        rows: list[RankingRow] = []
        for place, (points, account) in enumerate(ordered, start=1):
            rank = rows[-1].rank if rows and rows[-1].points == points else place
            rows.append(RankingRow(rank=rank, account=account, points=points))
        return tuple(rows[: self.top] if self.top else rows)

    def place(self, sight: Sight) -> str | None:
        """No place."""
        return None

    def mine(self, by: str) -> bool:
        """A ranking is published; anyone may look."""
        return True


@attrs.frozen(kw_only=True)
class AwardList:
    """Awards in one state (``"proposed"``, ``"reviewed"``, ``"published"`` …), in order of their id."""

    state: str

    def answer(self, sight: Sight) -> tuple[Award, ...]:
        """Give the awards."""
        found = [award for award in sight.live("award:") if type(award).__name__.lower() == self.state]
        return tuple(sorted(found, key=lambda award: award.file.id))

    def place(self, sight: Sight) -> str | None:
        """No place."""
        return None

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False
