"""Months: closed, written down account by account, sealed, published; and the rolls of honor."""

from __future__ import annotations

import re

from gridgov.access import kind_of_actor
from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.points import _commands as c
from gridgov.points import _events as e
from gridgov.points._given import PointsGiven, account_of, clock_only, may, month_after, refuse, stamp
from gridgov.points._scheme import League
from gridgov.points._state import Account, Figures, Period, Periods
from gridgov.proofs import canonical, digest

__all__ = [
    "close_period",
    "close_statements",
    "drawn",
    "in_league",
    "months_of",
    "publish_period",
    "publish_roll",
    "seal_period",
]

MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
POSITION_MAX = 10**15
ROOT = re.compile(r"[0-9a-f]{64}")


def _periods(subjects: Subjects) -> Periods:
    found: Periods | None = subjects.get("periods")
    return found or Periods()


def close_period(command: c.ClosePeriod, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    month = command.period
    if not MONTH.fullmatch(month):
        refuse("bad-period", f"a month is written YYYY-MM, not {as_code(month)}")
    if month >= f"{given.day:%Y-%m}":
        refuse("period-not-over", f"{month} is not over yet", period=month)
    closed = _periods(subjects).closed
    if closed and month <= closed:
        refuse("period-closed", f"{month} was closed already", period=month, closed=closed)
    if closed and month != month_after(closed):
        after = month_after(closed)
        refuse("period-out-of-order", f"{after} is closed before {month}", period=month, next=after)
    if closed != _periods(subjects).sealed:
        refuse("period-out-of-order", f"{closed} is not sealed yet", period=month, next=closed)
    return [e.PeriodClosed(**stamp(subjects, given, "month"), month=month)]


def close_statements(command: c.CloseStatements, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    clock_only(given)
    periods = _periods(subjects)
    if command.period != periods.closed or command.period == periods.sealed:
        refuse("nothing-due", f"no lines of {command.period} are to be written", period=command.period)
    lines: list[e.PeriodLine] = []
    totals: dict[str, dict[str, int]] = {}
    leagues: dict[str, tuple[str, ...]] = {}
    for each in sorted(command.accounts):
        account = account_of(each, subjects)
        fresh = _lines(account, command.period)
        lines += fresh
        if account.written < command.period:
            _count(account, fresh, command.period, given, totals, leagues)
    return [
        e.StatementsClosed(
            **stamp(subjects, given, "month"),
            month=command.period,
            accounts=command.accounts,
            lines=tuple(lines),
            digest=digest(canonical(lines)),
            totals=totals,
            leagues=leagues,
        )
    ]


def _count(
    account: Account,
    lines: list[e.PeriodLine],
    month: str,
    given: PointsGiven,
    totals: dict[str, dict[str, int]],
    leagues: dict[str, tuple[str, ...]],
) -> None:
    """Count an account among those who have so many points at a quarter's end, in each of its leagues."""
    months = months_of(_quarter(month))
    if month != months[-1]:
        return
    points = sum(account.thanked.get(each, 0) for each in months)
    points += sum(line.thanked for line in lines)
    for league in given.policy.leagues:
        counts = totals.setdefault(league.id, {})
        if points > 0 and in_league(account.id, league, given):
            counts[str(points)] = counts.get(str(points), 0) + 1
            leagues[league.id] = (*leagues.get(league.id, ()), account.id)


def _quarter(month: str) -> str:
    """Give the quarter of a month, ``"2026-09"`` → ``"2026-Q3"``."""
    return f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"


def _lines(account: Account, month: str) -> list[e.PeriodLine]:
    if account.written >= month:
        return []  # the pages of a month that was asked for again after a crash may overlap
    figures = [each for each in account.figures if each.period <= month]
    units = sorted({*account.closings, *(each.unit for each in figures)})
    return [_line(account, unit, [each for each in figures if each.unit == unit]) for unit in units]


def _line(account: Account, unit: str, figures: list[Figures]) -> e.PeriodLine:
    opening, debt = account.closings.get(unit, (0, 0))
    earned: dict[str, int] = {}
    for each in figures:
        for category, points in each.earned.items():
            earned[category] = earned.get(category, 0) + points
    newest = max(figures, key=lambda each: each.period, default=None)
    moved = sum(each.moved for each in figures)
    gone = {what: sum(getattr(each, what) for each in figures) for what in ("spent", "expired", "reversed", "donated")}
    ends = [lot for lot in account.lots if lot.unit == unit and lot.posted and lot.expires_on is not None]
    next_on = min((lot.expires_on for lot in ends if lot.expires_on is not None), default=None)
    return e.PeriodLine(
        account=account.id,
        unit=unit,
        opening=opening,
        closing=opening + sum(earned.values()) + moved - sum(gone.values()),
        earned=earned,
        moved=moved,
        **gone,
        debt=newest.debt if newest is not None else debt,
        next_on=next_on,
        next_points=sum(lot.posted for lot in ends if lot.expires_on == next_on),
    )


def seal_period(command: c.SealPeriod, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    clock_only(given)
    periods = _periods(subjects)
    if command.period != periods.closed or command.period == periods.sealed:
        refuse("nothing-due", f"{command.period} is not to be sealed", period=command.period)
    period: Period = subjects.get(f"period:{command.period}") or Period(month=command.period)
    return [
        e.PeriodSealed(
            **stamp(subjects, given, "month"),
            month=command.period,
            lines=period.lines,
            closing=dict(period.closing),
            digest=period.digest,
        )
    ]


def publish_period(command: c.PublishPeriod, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    period: Period | None = subjects.get(f"period:{command.period}")
    if period is None or not period.sealed:
        refuse("not-sealed", f"{as_code(command.period)} is not sealed", period=command.period)
    periods = _periods(subjects)
    after = month_after(periods.published) if periods.published else periods.first
    if command.period != after:
        refuse("period-out-of-order", f"{after} is published next", period=command.period, next=after)
    if not ROOT.fullmatch(command.root) or not ROOT.fullmatch(command.head):
        refuse("bad-root", "a root and a head have 64 hexadecimal digits each")
    if not 0 <= command.position < POSITION_MAX:
        refuse("bad-root", f"a position lies from 0 on, not {command.position}")
    if command.size != period.lines:
        refuse("bad-root", f"{command.period} has {period.lines} lines, the root is over {command.size}")
    if command.previous != periods.root:
        refuse("bad-root", "the root before is not the one that was published", previous=periods.root)
    if not command.receipt or not command.channel:
        refuse("no-receipt", "a publication is confirmed with the channel and its receipt")
    return [
        e.PeriodPublished(
            **stamp(subjects, given, "month"),
            month=command.period,
            root=command.root,
            size=command.size,
            previous=command.previous,
            head=command.head,
            position=command.position,
            channel=command.channel,
            receipt=command.receipt,
            key=command.key,
            signature=command.signature,
        )
    ]


# --- rolls of honor -----------------------------------------------------------------------------


def months_of(quarter: str) -> tuple[str, ...]:
    """Give the three months of a quarter, ``"2026-Q3"``; nothing for what is none."""
    found = QUARTER.fullmatch(quarter)
    if found is None:
        return ()
    year, number = found[1], int(found[2])
    return tuple(f"{year}-{month:02}" for month in range(3 * number - 2, 3 * number + 1))


def in_league(account: str, league: League, given: PointsGiven) -> bool:
    """Say whether an account is ranked in a league."""
    kind = "household" if account.startswith("household:") else kind_of_actor(account, given.roster)
    return kind in league.members


def drawn(period: Period | None, account: str) -> str:
    """Give what equals are told apart by in a draw: nobody can have chosen it, and anybody can work it out."""
    return digest(((period.digest if period is not None else "") + account).encode())


def publish_roll(command: c.PublishRoll, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    months = months_of(command.quarter)
    if not months:
        refuse("bad-period", f"a quarter is written YYYY-Qn, not {as_code(command.quarter)}")
    if months[-1] > _periods(subjects).sealed:
        refuse("not-sealed", f"{months[-1]} is not sealed yet", period=months[-1])
    league = next((each for each in given.policy.leagues if each.id == command.league), None)
    if league is None:
        refuse("unknown-league", f"there is no league {as_code(command.league)}")
    if subjects.get(f"roll:{command.quarter}:{command.league}") is not None:
        refuse("roll-exists", f"the roll of {command.league} for {command.quarter} hangs already")
    if not command.receipt or not command.channel:
        refuse("no-receipt", "a publication is confirmed with the channel and its receipt")
    _check_rows(command, league, months, subjects, given)
    return [
        e.RollPublished(
            **stamp(subjects, given, "roll"),
            quarter=command.quarter,
            league=command.league,
            rows=command.rows,
            channel=command.channel,
            receipt=command.receipt,
        )
    ]


def _check_rows(
    command: c.PublishRoll, league: League, months: tuple[str, ...], subjects: Subjects, given: PointsGiven
) -> None:
    """Refuse a roll that is not the beginning of what the sealed months say."""
    period: Period | None = subjects.get(f"period:{months[-1]}")
    counts = period.totals.get(league.id) if period is not None else None
    if counts is None:
        refuse("unknown-league", f"{league.id} was not counted when {months[-1]} was closed", league=league.id)
    if len({row.account for row in command.rows}) != len(command.rows):
        refuse("bad-roll", "an account stands on a roll once")
    lowest = min((row.points for row in command.rows), default=1)
    expected = sum(count for points, count in counts.items() if points >= lowest)
    if len(command.rows) != expected:
        message = f"{expected} of {league.id} have {lowest} points or more, the roll names {len(command.rows)}"
        refuse("bad-roll", message, expected=expected)
    order = [(-row.points, drawn(period, row.account)) for row in command.rows]
    for place, row in enumerate(command.rows, start=1):
        account = account_of(row.account, subjects)
        thanked = account.thanked
        earned = sum(thanked.get(month, 0) for month in months)
        above = sum(count for points, count in counts.items() if points > row.points)
        rank = place if given.policy.ties == "draw" else above + 1
        title = league.titles[rank - 1] if rank <= len(league.titles) else ""
        said = (row.points, row.rank, row.title)
        if said != (earned, rank, title) or league.id not in account.leagues.get(months[-1], ()):
            message = f"{row.account} earned {earned} points in {command.quarter}: rank {rank}"
            refuse("bad-roll", message, account=row.account)
    if [-row.points for row in command.rows] != sorted(-row.points for row in command.rows) or (
        given.policy.ties == "draw" and order != sorted(order)
    ):
        refuse("bad-roll", "a roll stands in the order of its ranks")
