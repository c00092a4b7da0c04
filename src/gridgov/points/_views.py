"""What can be asked about points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from gridgov.decider import Sight
from gridgov.errors import NotFoundError, RefusalError, as_code
from gridgov.points._commands import RollRow
from gridgov.points._decide import STORED_NAMES
from gridgov.points._events import AwardObjected, PeriodLine, PeriodPublished, StatementsClosed
from gridgov.points._given import PointsGiven, acts_for
from gridgov.points._months import drawn, months_of
from gridgov.points._state import (
    Account,
    Approved,
    Award,
    Balance,
    Claimed,
    Household,
    Objected,
    Period,
    Published,
    Publishing,
    UnderReview,
    Voucher,
)

__all__ = [
    "AwardList",
    "AwardView",
    "Holdings",
    "Honors",
    "HouseholdBalance",
    "HouseholdBalanceAnswer",
    "Liabilities",
    "LiabilitiesAnswer",
    "MonthLines",
    "MonthsPublished",
    "Ranking",
    "RankingRow",
    "Statement",
    "StatementAnswer",
    "StatementLine",
    "Vouchers",
]


class _Anywhere:
    """A question that looks on no place."""

    __slots__ = ()

    def place(self, sight: Sight) -> str | None:
        """No place."""
        return None


@attrs.frozen(kw_only=True)
class StatementLine:
    """One thing that changed an account, or something on it, with what it changed.

    *posted* is what is free, *debt* is below zero where something is owed: the entries as they are.

    :param rule: what gave the figures; :param by: who asked for it, empty for whoever objected.
    :param deed: with *occasion* and *on* what an award is for; :param asked: with *given* the points.
    :param ground: why it was reversed; :param linked: the award that makes good another one, or the
        account or household that took over what was there.
    :param good: with *quantity* what was redeemed.
    """

    at: dt.datetime
    what: str
    ref: str
    pending: int
    posted: int
    held: int
    frozen: int = 0
    debt: int = 0
    rule: str = ""
    by: str = ""
    deed: str = ""
    occasion: str = ""
    on: dt.date | None = None
    asked: int | None = None
    given: int | None = None
    ground: str = ""
    linked: str = ""
    good: str = ""
    quantity: int = 0


@attrs.frozen(kw_only=True)
class StatementAnswer:
    """An account with its story; the lines add up to the balances.

    :param ending: the points that end next, each with their last day, the earliest first.
    """

    account: Account
    lines: tuple[StatementLine, ...]
    ending: tuple[tuple[dt.date, int], ...] = ()

    @property
    def balance(self) -> Balance:
        """The buckets, in all books together."""
        return self.account.balance()


@attrs.frozen
class Statement(_Anywhere):
    """The account of one member."""

    account: str

    def answer(self, sight: Sight) -> StatementAnswer:
        """Give balances and lines; an account that nobody booked on is empty."""
        account: Account = sight.subject(f"account:{self.account}") or Account(id=self.account)
        lines = []
        for event in sight.events(f"account:{self.account}"):
            moved: dict[str, Any] = dict.fromkeys(("pending", "posted", "held", "frozen", "debt"), 0)
            for entry in event.entries:
                if entry.account == self.account and entry.bucket in moved:
                    moved[entry.bucket] += entry.delta
            told = {name: getattr(event, name) for name in _TOLD if hasattr(event, name)}
            lines.append(
                StatementLine(
                    at=event.at,
                    what=STORED_NAMES[type(event)],
                    ref=_ref(event),
                    **moved,
                    rule=event.rule,
                    by="" if isinstance(event, AwardObjected) else event.by,
                    linked=getattr(event, "compensation", "") or getattr(event, "to", "") or getattr(event, "into", ""),
                    **told,
                )
            )
        ends: dict[dt.date, int] = {}
        for lot in account.lots:
            if lot.expires_on is not None and lot.posted:
                ends[lot.expires_on] = ends.get(lot.expires_on, 0) + lot.posted
        return StatementAnswer(account=account, lines=tuple(lines), ending=tuple(sorted(ends.items())))

    def mine(self, by: str) -> bool:
        """One's own account."""
        return by == self.account

    def concerns(self, by: str, sight: Sight) -> bool:
        """A household's account is its members', an organization's its people's."""
        return _belongs(self.account, by, sight)


_TOLD = ("deed", "occasion", "on", "asked", "given", "ground", "good", "quantity")


def _belongs(account: str, by: str, sight: Sight) -> bool:
    """Say whether an account is one that the asker may act for."""
    given: PointsGiven = sight.given("points")
    subjects = {tag: found for tag in _homes(account, sight) if (found := sight.subject(tag)) is not None}
    return given.by == by and acts_for(account, subjects, given)


def _homes(account: str, sight: Sight) -> list[str]:
    """Name the households that an account stands for: its own, and what that became part of."""
    found: list[str] = []
    while account.startswith("household:") and account not in found:
        found.append(account)
        house: Household | None = sight.subject(account)
        account = house.merged_into if house is not None else ""
    return found


def _ref(event: object) -> str:
    for name in ("award", "voucher", "lot", "freeze", "household", "month", "account"):
        found = getattr(event, name, "")
        if found:
            return str(found)
    return ""


@attrs.frozen(kw_only=True)
class HouseholdBalanceAnswer:
    """What a household has together, each of its members, and its own account where there is a pool."""

    balance: Balance
    members: Mapping[str, Balance]


@attrs.frozen
class HouseholdBalance(_Anywhere):
    """What the members of a household have together on a day: a view, which moves nothing."""

    household: str
    on: dt.date = attrs.field(kw_only=True)

    def answer(self, sight: Sight) -> HouseholdBalanceAnswer:
        """Add up the members' balances, and the pool where there is one."""
        house: Household = sight.subject(self.household) or Household(id=self.household)
        members = {}
        for each in (*house.members_on(self.on), self.household):
            account: Account = sight.subject(f"account:{each}") or Account(id=each)
            members[each] = account.balance()
        fields = [field.name for field in attrs.fields(Balance)]
        total = Balance(**{name: sum(getattr(each, name) for each in members.values()) for name in fields})
        return HouseholdBalanceAnswer(balance=total, members=members)

    def mine(self, by: str) -> bool:
        """See :meth:`concerns`."""
        return False

    def concerns(self, by: str, sight: Sight) -> bool:
        """Its members may look."""
        return _belongs(self.household, by, sight)


@attrs.frozen(kw_only=True)
class RankingRow:
    """A place in the ranking; equal points share a rank."""

    rank: int
    account: str
    points: int


@attrs.frozen(kw_only=True)
class Ranking(_Anywhere):
    """Who earned most with deeds of some months; names are not in it, only ids.

    It moves while the months are open; :class:`Honors` is the one over sealed months.

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
        ordered = sorted(((points, id_) for points, id_ in earned if points > 0), key=lambda row: (-row[0], row[1]))
        rows = [RankingRow(rank=rank, account=id_, points=points) for rank, points, id_ in _ranked(ordered)]
        return tuple(rows[: self.top] if self.top else rows)

    def mine(self, by: str) -> bool:
        """Nobody's own: months that are open are no leader board; a grant is needed."""
        return False


def _sealed(month: str, sight: Sight) -> None:
    period: Period | None = sight.subject(f"period:{month}")
    if period is None or not period.sealed:
        raise RefusalError("points.not-sealed", f"{as_code(month)} is not sealed", period=month)


def _ranked(ordered: list[tuple[int, str]]) -> list[tuple[int, int, str]]:
    """Let equal points share a rank; the next one counts on."""
    rows: list[tuple[int, int, str]] = []
    for place, (points, id_) in enumerate(ordered, start=1):
        rank = rows[-1][0] if rows and rows[-1][1] == points else place
        rows.append((rank, points, id_))
    return rows


@attrs.frozen
class Honors(_Anywhere):
    """The roll of honor of a quarter in one league (季度表彰), from the sealed lines of its months.

    Anyone who has the lines can work it out again; being ranked costs nothing.

    :param quarter: ``"2026-Q3"``; :param league: one of the policy's.
    :param top: how many rows, and everybody with as many points as the last of them; 0 for all.
    """

    quarter: str
    league: str = attrs.field(kw_only=True)
    top: int = attrs.field(default=3, kw_only=True)

    def answer(self, sight: Sight) -> tuple[RollRow, ...]:
        """Rank those who earned anything.

        :raises RefusalError: ``points.bad-period``, ``points.unknown-league``, or ``points.not-sealed``.
        """
        given: PointsGiven = sight.given("points")
        league = next((each for each in given.policy.leagues if each.id == self.league), None)
        months = months_of(self.quarter)
        if not months:
            raise RefusalError("points.bad-period", f"a quarter is written YYYY-Qn, not {as_code(self.quarter)}")
        if league is None:
            raise RefusalError("points.unknown-league", f"there is no league {as_code(self.league)}")
        _sealed(months[-1], sight)
        earned = [
            (points, account.id)
            for account in sight.live("account:")
            if (points := sum(account.thanked.get(month, 0) for month in months)) > 0
            and league.id in account.leagues.get(months[-1], ())
        ]
        if given.policy.ties == "draw":
            period: Period | None = sight.subject(f"period:{months[-1]}")
            earned.sort(key=lambda row: (-row[0], drawn(period, row[1])))
            ranked = [(place, points, id_) for place, (points, id_) in enumerate(earned, start=1)]
        else:
            ranked = _ranked(sorted(earned, key=lambda row: (-row[0], row[1])))
        rows = [
            RollRow(
                rank=rank,
                account=id_,
                points=points,
                title=league.titles[rank - 1] if rank <= len(league.titles) else "",
            )
            for rank, points, id_ in ranked
        ]
        if not self.top or len(rows) <= self.top:
            return tuple(rows)
        # Whole groups of equals, after a draw, too: else whoever publishes could choose among them.
        lowest = rows[self.top - 1].points
        return tuple(row for row in rows if row.points >= lowest)

    def mine(self, by: str) -> bool:
        """A roll is published; anyone may look."""
        return True


@attrs.frozen(kw_only=True)
class LiabilitiesAnswer:
    """What the outlets may still have to give.

    :param ending: month → points that end in it if nobody spends them; ``""`` for those that never end.
    :param open_vouchers: good → how many are reserved and not collected.
    :param spent_monthly: points collected a month, on average over the sealed months asked for.
    :param months_left: for how many months of such spending the posted points last; None without any.
    """

    pending: int
    posted: int
    held: int
    debt: int
    ending: Mapping[str, int]
    open_vouchers: Mapping[str, int]
    spent_monthly: int
    months_left: int | None


@attrs.frozen(kw_only=True)
class Liabilities(_Anywhere):
    """A forecast of what is still to be redeemed.

    :param months: sealed months whose spending is the measure, ``("2026-07", "2026-08")``.
    """

    months: tuple[str, ...] = ()

    def answer(self, sight: Sight) -> LiabilitiesAnswer:
        """Add up all accounts and open vouchers."""
        pending = posted = held = debt = 0
        ending: dict[str, int] = {}
        for account in sight.live("account:"):
            balance = account.balance()
            pending, posted = pending + balance.pending, posted + balance.posted
            held, debt = held + balance.held, debt + balance.debt
            for lot in account.lots:
                month = f"{lot.expires_on:%Y-%m}" if lot.expires_on is not None else ""
                ending[month] = ending.get(month, 0) + lot.posted
        vouchers: dict[str, int] = {}
        for voucher in sight.live("voucher:"):
            if isinstance(voucher, Voucher) and voucher.state == "reserved":
                vouchers[voucher.good] = vouchers.get(voucher.good, 0) + voucher.quantity
        spent = [self._spent(month, sight) for month in self.months]
        monthly = sum(spent) // len(spent) if spent else 0
        return LiabilitiesAnswer(
            pending=pending,
            posted=posted,
            held=held,
            debt=debt,
            ending=dict(sorted((month, points) for month, points in ending.items() if points)),
            open_vouchers=dict(sorted(vouchers.items())),
            spent_monthly=monthly,
            months_left=posted // monthly if monthly else None,
        )

    def _spent(self, month: str, sight: Sight) -> int:
        return sum(line.spent for line in MonthLines(month=month).answer(sight))

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False


@attrs.frozen
class MonthLines(_Anywhere):
    """The written lines of a closed month (``"2026-09"``), for :func:`~gridgov.points.publish_month`."""

    month: str

    def answer(self, sight: Sight) -> tuple[PeriodLine, ...]:
        """Give the lines, by account and unit.

        :raises RefusalError: ``points.not-sealed``.
        """
        _sealed(self.month, sight)
        pages = [event for event in sight.events(f"period:{self.month}") if isinstance(event, StatementsClosed)]
        return tuple(
            sorted((line for page in pages for line in page.lines), key=lambda line: (line.account, line.unit))
        )

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False


@attrs.frozen
class MonthsPublished(_Anywhere):
    """Every month that hangs on the board, the oldest first; :meth:`MonthLog.of` makes the log of them."""

    def answer(self, sight: Sight) -> tuple[PeriodPublished, ...]:
        """Give what was published."""
        return tuple(event for event in sight.events("periods") if isinstance(event, PeriodPublished))

    def mine(self, by: str) -> bool:
        """It is published; anyone may look."""
        return True


@attrs.frozen
class AwardView(_Anywhere):
    """One award, in whatever state it is."""

    award: str

    def answer(self, sight: Sight) -> Award:
        """Give the award.

        :raises NotFoundError: for one that was never proposed.
        """
        found: Award | None = sight.subject(f"award:{self.award}")
        if found is None:
            raise NotFoundError(f"there is no award {as_code(self.award)}")
        return found

    def mine(self, by: str) -> bool:
        """See :meth:`concerns`."""
        return False

    def concerns(self, by: str, sight: Sight) -> bool:
        """Whoever an award is about, or its points go to, may look at it."""
        found: Award | None = sight.subject(f"award:{self.award}")
        return found is not None and any(_belongs(each, by, sight) for each in (found.file.account, found.file.payee))


@attrs.frozen
class Holdings(_Anywhere):
    """What one account has now, without its story: buckets, lots, households, freezes."""

    account: str

    def answer(self, sight: Sight) -> Account:
        """Give the account; one that nobody booked on is empty."""
        found: Account | None = sight.subject(f"account:{self.account}")
        return found or Account(id=self.account)

    def mine(self, by: str) -> bool:
        """One's own account."""
        return by == self.account

    def concerns(self, by: str, sight: Sight) -> bool:
        """A household's account is its members', an organization's its people's."""
        return _belongs(self.account, by, sight)


@attrs.frozen
class Vouchers(_Anywhere):
    """The vouchers of an account that are reserved and not collected yet; :func:`slip_of` prints one."""

    account: str

    def answer(self, sight: Sight) -> tuple[Voucher, ...]:
        """Give the vouchers, in order of their id."""
        found = [voucher for voucher in sight.live("voucher:") if isinstance(voucher, Voucher)]
        mine = [each for each in found if each.account == self.account and each.state == "reserved"]
        return tuple(sorted(mine, key=lambda voucher: voucher.id))

    def mine(self, by: str) -> bool:
        """One's own account."""
        return by == self.account

    def concerns(self, by: str, sight: Sight) -> bool:
        """A household's account is its members', an organization's its people's."""
        return _belongs(self.account, by, sight)


_UNDER_WAY: Mapping[str, type | None] = {
    "claimed": Claimed,
    "under-review": UnderReview,
    "approved": Approved,
    "publishing": Publishing,
    "published": Published,
    "objected": Objected,
    "appealed": None,
}


@attrs.frozen
class AwardList(_Anywhere):
    """Awards in one state, in order of their id.

    :param state: ``claimed``, ``under-review``, ``approved``, ``publishing``, ``published``, ``objected``, or
        ``appealed`` for those whose decision is appealed. What is done is found by :class:`AwardView`.
    """

    state: str

    def answer(self, sight: Sight) -> tuple[Award, ...]:
        """Give the awards.

        :raises ValueError: for another word.
        """
        if self.state not in _UNDER_WAY:
            raise ValueError(f"awards under way are {', '.join(_UNDER_WAY)}, not {self.state!r}")
        kind = _UNDER_WAY[self.state]
        found = [
            award
            for award in sight.live("award:")
            if (award.file.appeal is not None if kind is None else isinstance(award, kind))
        ]
        return tuple(sorted(found, key=lambda award: award.file.id))

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False
