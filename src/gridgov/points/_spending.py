"""Goods and discounts for points: reserved, collected, canceled, lapsed, settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.points import _commands as c
from gridgov.points import _events as e
from gridgov.points._given import (
    PointsGiven,
    account_of,
    acts_for,
    clock_only,
    entry,
    household_of,
    may,
    opaque,
    refuse,
    stamp,
)
from gridgov.points._lots import coming_back, spend, spendable
from gridgov.points._scheme import Good, window_of
from gridgov.points._state import Account, Lot, Outlet, Stock, Voucher

__all__ = ["cancel", "collect", "lapse", "redeem", "report_offline", "settle", "stock"]


QUANTITY_MAX = 10**6


def _good(good: str, given: PointsGiven) -> Good:
    found = given.policy.goods.get(good)
    if found is None:
        refuse("unknown-good", f"no outlet offers {as_code(good)}")
    return found


def _outlet_only(outlet: str, given: PointsGiven) -> None:
    if not given.roster.acts_for(given.by, outlet):
        refuse("not-the-outlet", f"only {outlet} does this", outlet=outlet, by=given.by)


def stock(command: c.StockGoods, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    good = _good(command.good, given)
    may(command, given)
    _outlet_only(good.outlet, given)
    if good.kind != "goods":
        refuse("not-counted", f"{good.id} is a discount; it is not counted on a shelf", good=good.id)
    if not 1 <= command.quantity <= QUANTITY_MAX:
        refuse("bad-quantity", f"a delivery has 1 to {QUANTITY_MAX}, not {command.quantity}")
    unit = f"good:{good.id}"
    return [
        e.GoodsStocked(
            **stamp(subjects, given, good.id),
            good=good.id,
            quantity=command.quantity,
            entries=(
                entry(unit, "book:supply", "supplied", -command.quantity),
                entry(unit, good.outlet, "shelf", command.quantity),
            ),
        )
    ]


# --- redemption ---------------------------------------------------------------------------------


def redeem(command: c.Redeem, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    opaque(command.account, "an account")
    if subjects.get(f"voucher:{given.command_id}") is not None:
        refuse("voucher-exists", f"there is a voucher {given.command_id!r} already")
    if not acts_for(command.account, subjects, given):
        refuse("not-the-member", f"only {command.account} spends their points", account=command.account)
    if command.quantity <= 0:
        refuse("bad-quantity", f"take 1 or more, not {command.quantity}")
    good = _good(command.good, given)
    account = account_of(command.account, subjects)
    if account.is_frozen:
        refuse("frozen", f"the account {account.id} is frozen", account=account.id)
    price = good.price * command.quantity
    lots = spendable(account, given.at, good)
    there = sum(lot.posted for lot in lots)
    if there < price:
        refuse("not-enough", f"{command.quantity} × {good.en} cost {price} points, {there} are there", available=there)
    _check_stock(good, command.quantity, subjects)
    house = household_of(account.id, subjects)
    household = account.id if house is not None else account.household_on(given.day)
    window = window_of(good.limit_per, given.day) if good.limit_per else ""
    _check_limits(good, command.quantity, account, household, window, subjects)
    policy = given.policy
    last = given.day + dt.timedelta(days=policy.voucher_days) if policy.voucher_days else None
    return [
        e.RedemptionReserved(
            **stamp(subjects, given, good.id),
            voucher=given.command_id,
            account=account.id,
            good=good.id,
            outlet=good.outlet,
            quantity=command.quantity,
            points=price,
            household=household,
            window=window,
            valid_through=last,
            lapses_at=given.calendar.end_of(last + dt.timedelta(days=policy.offline_days)) if last else None,
            entries=_reserved(good, command.quantity, account, lots, price),
        )
    ]


def _check_stock(good: Good, quantity: int, subjects: Subjects) -> None:
    if good.kind != "goods":
        return
    found: Stock | None = subjects.get(f"stock:{good.id}")
    shelf = found.shelves.get(good.outlet, 0) if found is not None else 0
    if shelf < quantity:
        refuse("out-of-stock", f"{good.outlet} has {shelf} of {good.en}", good=good.id)


def _check_limits(good: Good, quantity: int, account: Account, household: str, window: str, subjects: Subjects) -> None:
    key = f"{good.id}:{window}" if window else good.id
    when = f" in {window}" if window else ""
    had = account.taken.get(key, 0)
    if good.limit and had + quantity > good.limit:
        message = f"each member may have {good.limit} of {good.en}{when}; {account.id} has had {had}"
        refuse("limit-reached", message, good=good.id, had=had)
    house = household_of(household, subjects)
    had = house.taken.get(key, 0) if house is not None else 0
    if good.household_limit and house is not None and had + quantity > good.household_limit:
        message = f"each household may have {good.household_limit} of {good.en}{when}; {house.id} has had {had}"
        refuse("limit-reached", message, good=good.id, had=had)


def _reserved(good: Good, quantity: int, account: Account, lots: Sequence[Lot], price: int) -> tuple[e.Entry, ...]:
    entries: list[e.Entry] = []
    for lot, points in spend(lots, price):
        entries += (
            entry(lot.unit, account.id, "posted", -points, lot.id),
            entry(lot.unit, account.id, "held", points, lot.id),
        )
    if good.kind == "goods":
        unit = f"good:{good.id}"
        entries += (entry(unit, good.outlet, "shelf", -quantity), entry(unit, good.outlet, "reserved", quantity))
    unit = f"voucher:{good.id}"
    entries += (entry(unit, "book:vouchers", "issued", -quantity), entry(unit, account.id, "open", quantity))
    return tuple(entries)


# --- what becomes of a voucher ------------------------------------------------------------------


def _voucher(voucher: str, subjects: Subjects, what: str) -> Voucher:
    found: Voucher | None = subjects.get(f"voucher:{voucher}")
    if found is None:
        refuse("unknown-voucher", f"there is no voucher {as_code(voucher)}")
    if found.state != "reserved":
        refuse("voucher-used", f"the voucher {voucher} was {found.state}; it cannot be {what}", voucher=voucher)
    return found


def _of_voucher(voucher: Voucher) -> dict[str, Any]:
    return {
        "voucher": voucher.id,
        "account": voucher.account,
        "good": voucher.good,
        "outlet": voucher.outlet,
        "quantity": voucher.quantity,
        "points": voucher.points,
        "household": voucher.household,
        "window": voucher.window,
    }


_SPENT = {"held": ("book:redeemed", "redeemed"), "reserved": ("book:handed-over", "handed-over")}


def _collected(
    voucher: Voucher, subjects: Subjects, given: PointsGiven, used_at: dt.datetime | None = None
) -> e.RedemptionCollected:
    entries: list[e.Entry] = []
    for each in voucher.entries:
        if each.delta > 0:
            account, bucket = _SPENT.get(each.bucket, ("book:vouchers", "used"))
            entries += (
                entry(each.unit, each.account, each.bucket, -each.delta, each.lot),
                entry(each.unit, account, bucket, each.delta),
            )
    return e.RedemptionCollected(
        **stamp(subjects, given, voucher.good), **_of_voucher(voucher), used_at=used_at, entries=tuple(entries)
    )


def collect(command: c.CollectVoucher, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    voucher = _voucher(command.voucher, subjects, "collected")
    may(command, given)
    _outlet_only(voucher.outlet, given)
    _not_held(voucher)
    if voucher.valid_through is not None and given.day > voucher.valid_through:
        refuse("voucher-lapsed", f"the voucher {voucher.id} was valid through {voucher.valid_through}")
    return [_collected(voucher, subjects, given)]


def _not_held(voucher: Voucher) -> None:
    if voucher.frozen_by:
        refuse("frozen", f"the voucher {voucher.id} is frozen", voucher=voucher.id)


def _given_back(
    voucher: Voucher, subjects: Subjects, given: PointsGiven, *, grace: bool
) -> tuple[tuple[e.Entry, ...], tuple[e.LotEnd, ...]]:
    """Turn round what was booked, each part to its own lot."""
    held = [each for each in voucher.entries if each.bucket == "held"]
    account = account_of(voucher.account, subjects)
    parts = [(each.unit, each.lot, each.delta) for each in held]
    back, ends = coming_back(account, parts, given, grace=grace)
    out = tuple(entry(each.unit, each.account, "held", -each.delta, each.lot) for each in held)
    others = tuple(
        entry(each.unit, each.account, each.bucket, -each.delta)
        for each in voucher.entries
        if each.bucket not in ("held", "posted")
    )
    return (*out, *back, *others), ends


def cancel(command: c.CancelRedemption, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    voucher = _voucher(command.voucher, subjects, "canceled")
    may(command, given)
    if not acts_for(voucher.account, subjects, given) and not given.roster.acts_for(given.by, voucher.outlet):
        refuse("not-the-member", f"only {voucher.account} or {voucher.outlet} cancels this", voucher=voucher.id)
    _not_held(voucher)
    # Whoever takes back what they wanted keeps the ends as they were; else nothing would ever end.
    mine = acts_for(voucher.account, subjects, given)
    entries, ends = _given_back(voucher, subjects, given, grace=not mine)
    return [
        e.RedemptionCanceled(
            **stamp(subjects, given, voucher.good),
            **_of_voucher(voucher),
            entries=entries,
            ends=ends,
            reason=given.sealed.get("reason"),
        )
    ]


def lapse(command: c.LapseVoucher, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    clock_only(given)
    voucher: Voucher | None = subjects.get(f"voucher:{command.voucher}")
    ends_at = voucher.lapses_at if voucher is not None else None
    over = ends_at is not None and ends_at == command.due_at and given.at >= ends_at
    if voucher is None or not over or voucher.state != "reserved" or voucher.frozen_by:
        refuse("nothing-due", f"nothing is due for the voucher {command.voucher}", voucher=command.voucher)
    entries, ends = _given_back(voucher, subjects, given, grace=False)
    return [
        e.RedemptionLapsed(
            **stamp(subjects, given, voucher.good),
            **_of_voucher(voucher),
            entries=entries,
            ends=ends,
            step_at=command.due_at,
        )
    ]


# --- outlets ------------------------------------------------------------------------------------


def report_offline(command: c.ReportOfflineUses, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    _outlet_only(command.outlet, given)
    if not command.uses:
        refuse("empty-list", "a report names at least one voucher")
    for use in command.uses:
        opaque(use.voucher, "a voucher")
    taken: set[str] = set()
    events: list[e.PointsEvent] = []
    for use in command.uses:
        voucher: Voucher | None = subjects.get(f"voucher:{use.voucher}")
        why = _why_not(use, voucher, command.outlet, taken, given)
        if voucher is not None and not why:
            taken.add(voucher.id)
            events.append(_collected(voucher, subjects, given, use.used_at))
        else:
            common = stamp(subjects, given, "offline")
            events.append(
                e.OfflineUseRefused(**common, outlet=command.outlet, voucher=use.voucher, used_at=use.used_at, why=why)
            )
    return events


def _why_not(use: c.OfflineUse, voucher: Voucher | None, outlet: str, taken: set[str], given: PointsGiven) -> str:
    """Say what stands against a use without network; empty where nothing does."""
    if voucher is None:
        return "unknown"
    if voucher.outlet != outlet:
        return "another-outlet"
    if voucher.state == "collected" or voucher.id in taken:
        return "used-already"
    if voucher.state != "reserved":
        return voucher.state
    if voucher.frozen_by:
        return "frozen"
    if use.used_at > given.at:
        return "in-the-future"
    last = voucher.valid_through
    return "too-late" if last is not None and given.calendar.local(use.used_at).date() > last else ""


def settle(command: c.SettleOutlet, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    outlet: Outlet | None = subjects.get(f"outlet:{command.outlet}")
    goods = dict(outlet.goods) if outlet is not None else {}
    points = dict(outlet.points) if outlet is not None else {}
    for good in sorted(_goods_of(command.outlet, given)):
        found: Stock | None = subjects.get(f"stock:{good}")
        if found is None or not found.unsettled:
            continue
        goods[good] = goods.get(good, 0) + found.unsettled
        for unit, more in found.unsettled_points.items():
            points[unit] = points.get(unit, 0) + more
    if not goods:
        refuse("nothing-to-settle", f"nothing is to be settled with {as_code(command.outlet)}")
    entries: list[e.Entry] = []
    for unit, more in points.items():
        entries += (
            entry(unit, "book:redeemed", "redeemed", -more),
            entry(unit, command.outlet, "settled", more),
        )
    return [
        e.OutletSettled(
            **stamp(subjects, given, "settlement"),
            outlet=command.outlet,
            goods=goods,
            points=sum(points.values()),
            entries=tuple(entries),
        )
    ]


def _goods_of(outlet: str, given: PointsGiven) -> set[str]:
    """Name what an outlet offers; what was collected before outlets kept their goods is found by it."""
    return {good.id for good in given.policy.goods.values() if good.outlet == outlet}
