"""Lots: how they come, in which order they are spent, and how points come back to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.points import _commands as c
from gridgov.points import _events as e
from gridgov.points._given import (
    PointsGiven,
    account_of,
    award_of,
    clock_only,
    concerned,
    entry,
    may,
    of_award,
    reason_of,
    refuse,
    stamp,
    wrong_state,
)
from gridgov.points._scheme import GROUNDS, Good
from gridgov.points._state import Account, AwardFile, Confirmed, Expired, Lot, PartlyReversed, Published

__all__ = ["coming_back", "confirm", "expire", "in_spending_order", "is_over", "reverse", "spend", "spendable"]

END = dt.date.max


def is_over(lot: Lot, at: dt.datetime) -> bool:
    """Say whether a lot has reached its end, even where the clock has not come yet."""
    return lot.expires_at is not None and at >= lot.expires_at


def in_spending_order(lots: Iterable[Lot]) -> list[Lot]:
    """Restricted ones first, then the earliest end, then the earliest earned, then the id."""
    return sorted(lots, key=lambda lot: (not lot.only, lot.expires_on or END, lot.earned_at, lot.id))


def spendable(account: Account, at: dt.datetime, good: Good | None = None) -> list[Lot]:
    """Give the lots that can be spent, in order.

    :param good: what they are spent on; None for what is no good: then only unrestricted ones.
    """
    fitting = [lot for lot in account.lots if lot.posted and not is_over(lot, at) and _fits(lot, good)]
    return in_spending_order(fitting)


def _fits(lot: Lot, good: Good | None) -> bool:
    if good is None:
        return not lot.only
    if good.books and lot.unit not in good.books:
        return False
    return not lot.only or good.id in lot.only or good.outlet in lot.only


def spend(lots: Sequence[Lot], points: int) -> Iterator[tuple[Lot, int]]:
    """Say how much comes from which lot."""
    for lot in lots:
        part = min(points, lot.posted)
        if part:
            yield lot, part
        points -= part


# --- confirmation and expiry --------------------------------------------------------------------


def _payee(file: AwardFile, subjects: Subjects) -> Account:
    """Give the account that gets the points now: the payee's, or that of its heir."""
    account = account_of(file.payee, subjects)
    while account.heir:
        account = account_of(account.heir, subjects)
    return account


def confirm(command: c.ConfirmAward, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    clock_only(given)
    award = award_of(command.award, subjects, given)
    if not isinstance(award, Published) or award.confirm_at != command.due_at or given.at < award.confirm_at:
        refuse("nothing-due", f"nothing is due for the award {command.award}", award=command.award)
    file = award.file
    payee = _payee(file, subjects)
    owed = min(file.given, -payee.debts.get(file.unit, 0))
    bucket = "frozen" if payee.is_frozen else "posted"
    entries = [entry(file.unit, file.payee, "pending", -file.given)]
    if owed:
        entries.append(entry(file.unit, payee.id, "debt", owed))
    if file.given > owed:
        entries.append(entry(file.unit, payee.id, bucket, file.given - owed, file.id))
    policy = given.policy
    last_on = policy.last_day(given.calendar.local(award.confirm_at).date())
    return [
        e.AwardConfirmed(
            **stamp(subjects, given, file.deed),
            **of_award(file),
            given=file.given,
            step_at=award.confirm_at,
            unit=file.unit,
            expires_on=last_on,
            expires_at=None if last_on is None else given.calendar.end_of(last_on),
            category=file.category,
            only=file.only,
            entries=tuple(entries),
        )
    ]


def expire(command: c.ExpireLot, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    clock_only(given)
    account = account_of(command.account, subjects)
    lot = account.lot(command.lot)
    if lot is None or not lot.posted or lot.expires_at != command.due_at or not is_over(lot, given.at):
        refuse("nothing-due", f"nothing is due for the lot {command.lot}", lot=command.lot)
    return [
        e.LotExpired(
            **stamp(subjects, given, "expiry"),
            account=account.id,
            lot=lot.id,
            award=lot.id,
            expired=lot.posted,
            step_at=command.due_at,
            entries=(
                entry(lot.unit, account.id, "posted", -lot.posted, lot.id),
                entry(lot.unit, "book:expired", "expired", lot.posted),
            ),
        )
    ]


def coming_back(
    account: Account,
    parts: Iterable[tuple[str, str, int]],
    given: PointsGiven,
    *,
    besides: str = "",
    grace: bool = True,
) -> tuple[tuple[e.Entry, ...], tuple[e.LotEnd, ...]]:
    """Book points back to their own lots, and say which ends move for it.

    :param parts: (unit, lot, points); :param besides: a freeze that ends with this.
    :param grace: whether it was not the member's doing, so that they have some days to spend them.
    """
    entries, ends = [], []
    for unit, lot_id, points in parts:
        still = [freeze for freeze in account.freezes_of(lot_id) if freeze != besides]
        entries.append(entry(unit, account.id, "frozen" if still else "posted", points, lot_id))
        end = _new_end(account.lot(lot_id), given, given.policy.grace_days if grace else 0)
        if end is not None:
            ends.append(end)
    return tuple(entries), tuple(ends)


def _new_end(lot: Lot | None, given: PointsGiven, days: int) -> e.LotEnd | None:
    """Give the end of a lot to which points come back, where it moves."""
    if lot is None or lot.expires_on is None:
        return None
    least = given.day + dt.timedelta(days=days)
    if days and lot.expires_on < least:
        return e.LotEnd(lot=lot.id, expires_on=least, expires_at=given.calendar.end_of(least))
    # Past its end it ends now: an end before this would be booked before the points came back.
    return e.LotEnd(lot=lot.id, expires_on=given.day, expires_at=given.at) if is_over(lot, given.at) else None


# --- reversal -----------------------------------------------------------------------------------


def reverse(command: c.ReverseAward, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    award = award_of(command.award, subjects, given)
    if not isinstance(award, Confirmed | PartlyReversed | Expired):
        wrong_state(award, "reversed")
    file = award.file
    if command.ground not in GROUNDS:
        refuse("bad-ground", f"an award is reversed for a mistake: {', '.join(GROUNDS)}", ground=command.ground)
    if concerned(given.by, file, subjects, given):
        refuse("not-impartial", f"{given.by} is concerned by {file.id}", by=given.by)
    _check_in_time(file, given)
    left = file.given - file.reversed - file.expired
    if not 1 <= command.points <= left:
        refuse("bad-points", f"1 to {left} points of {file.id} can be reversed, not {command.points}", left=left)
    reason = reason_of(given)
    return [
        e.AwardReversed(
            **stamp(subjects, given, "reversal"),
            **of_award(file),
            points=command.points,
            ground=command.ground,
            unit=file.unit,
            reason=reason,
            entries=_taken_back(_payee(file, subjects), file, command.points),
        )
    ]


def _check_in_time(file: AwardFile, given: PointsGiven) -> None:
    if file.confirmed_at is None:
        raise ValueError(f"{file.id} is confirmed without saying when")
    last = given.calendar.local(file.confirmed_at).date() + dt.timedelta(days=given.policy.reversal_days)
    if not given.policy.reversal_days or given.day > last:
        refuse("too-late", f"{file.id} could be reversed up to {last}", award=as_code(file.id), last=last)


def _taken_back(account: Account, file: AwardFile, points: int) -> tuple[e.Entry, ...]:
    """Own lot first (posted, then frozen), then other lots in spending order, the rest as debt."""
    entries: list[e.Entry] = []
    rest = points

    def take(lot: Lot, bucket: str, there: int) -> None:
        nonlocal rest
        part = min(rest, there)
        if part:
            entries.append(entry(lot.unit, account.id, bucket, -part, lot.id))
            rest -= part

    own = account.lot(file.id)
    if own is not None:
        take(own, "posted", own.posted)
        take(own, "frozen", own.frozen)
    others = [lot for lot in account.lots if lot.id != file.id and lot.unit == file.unit]
    for lot in in_spending_order(others):
        take(lot, "posted", lot.posted)
    if rest:
        entries.append(entry(file.unit, account.id, "debt", -rest))
    return (*entries, entry(file.unit, "book:reversed", "reversed", points))
