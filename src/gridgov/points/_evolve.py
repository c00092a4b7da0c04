"""What one subject becomes when something has happened in the ledger."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from gridgov.decider import changed
from gridgov.points import _events as e
from gridgov.points._stages import next_award
from gridgov.points._state import (
    Account,
    Claim,
    Community,
    Figures,
    FreezeOn,
    Household,
    Lot,
    Member,
    Outlet,
    Period,
    Periods,
    Sitting,
    Stock,
    Voucher,
)

__all__ = ["evolve"]

_DAY = dt.timedelta(days=1)
_Changes = dict[str, Any]
"""What becomes of the fields of an account."""


# --- subjects -----------------------------------------------------------------------------------


def evolve(tag: str, before: Any, event: e.PointsEvent) -> Any:
    """Give the subject of *tag* after *event*."""
    kind, _, name = tag.partition(":")
    change = _KINDS.get(kind)
    if change is None:
        raise ValueError(f"{tag!r} is no tag of the ledger")
    return change(name, before, event)


def _claim(_name: str, before: Any, event: e.PointsEvent) -> Any:
    return Claim(event.award) if isinstance(event, e.AwardProposed) else before


def _last(_name: str, _before: Any, event: e.PointsEvent) -> Any:
    return event


def _sitting(name: str, before: Sitting | None, event: e.PointsEvent) -> Sitting:
    if isinstance(event, e.SittingCalled):
        return Sitting(id=name, awards=event.awards)
    awards = before.awards if before is not None else event.awards if isinstance(event, e.SittingHeld) else ()
    return Sitting(id=name, awards=awards, held=True)


def added(counts: Mapping[str, int], key: str, delta: int) -> Mapping[str, int]:
    """Give counts with one changed; what is zero is left out."""
    if not delta:
        return counts
    changed = dict(counts)
    changed[key] = changed.get(key, 0) + delta
    if not changed[key]:
        del changed[key]
    return changed


def _newly_counted(event: e.PointsEvent) -> int:
    """Say how many points more count against the limits of an award."""
    count = _COUNTED.get(type(event))
    return count(event) if count is not None else 0


_COUNTED: Mapping[type, Callable[[Any], int]] = {
    e.AwardProposed: lambda event: event.asked,
    e.AwardReviewed: lambda event: event.given - event.asked,
    e.AwardAmended: lambda event: event.given - event.before,
    e.AwardVoided: lambda event: -event.before,
    e.AwardReversed: lambda event: -event.points,
    e.AppealUpheld: lambda event: event.points,
}


def _counted(subject: str, before: Mapping[str, int], event: e.PointsEvent) -> Mapping[str, int]:
    """Give what a subject counts against its limits after an event."""
    delta = _newly_counted(event)
    if not delta or not isinstance(event, e.AwardEvent):
        return before
    after = before
    for counted in event.counted:
        if counted.subject == subject:
            after = added(after, counted.key, delta)
    return after


def _household(name: str, before: Household | None, event: e.PointsEvent) -> Household:
    own = f"household:{name}"
    house = before or Household(id=own)
    match event:
        case e.HouseholdJoined():
            member = Member(account=event.account, household=own, from_on=event.from_on, community=event.community)
            community = event.community or house.community
            return changed(house, members=(*house.members, member), community=community)
        case e.HouseholdLeft():
            return changed(house, members=_left(house.members, event.account, own, event.until_on))
        case e.HouseholdsMerged():
            return _merged(house, event)
        case e.RedemptionReserved():
            return changed(house, taken=added(house.taken, taken_key(event), event.quantity))
        case e.RedemptionCanceled() | e.RedemptionLapsed():
            return changed(house, taken=added(house.taken, taken_key(event), -event.quantity))
        case _:
            return changed(house, counted=_counted(own, house.counted, event))


def taken_key(event: Any) -> str:
    """Name what a redemption counts against: the good, and the window where its limit has one."""
    return f"{event.good}:{event.window}" if event.window else str(event.good)


def _left(members: tuple[Member, ...], account: str, household: str, until_on: Any) -> tuple[Member, ...]:
    return tuple(
        attrs.evolve(member, until_on=until_on)
        if member.account == account and member.household == household and member.until_on is None
        else member
        for member in members
    )


def _moved_members(event: e.HouseholdsMerged) -> tuple[Member, ...]:
    return tuple(
        Member(account=account, household=event.into, from_on=event.on, community=event.community)
        for account in event.members
    )


def _merged(house: Household, event: e.HouseholdsMerged) -> Household:
    if house.id == event.into:
        return changed(house, members=(*house.members, *_moved_members(event)))
    members = house.members
    for account in event.members:
        members = _left(members, account, house.id, event.on - _DAY)
    return changed(house, members=members, merged_into=event.into)


def _community(name: str, before: Community | None, event: e.PointsEvent) -> Community:
    community = before or Community(code=name)
    budgets = community.budgets
    for entry in event.entries:
        if entry.account == name and entry.bucket == "budget":
            budgets = added(budgets, entry.unit, entry.delta)
    return Community(code=name, budgets=budgets, counted=_counted(f"community:{name}", community.counted, event))


def _stock(name: str, before: Stock | None, event: e.PointsEvent) -> Stock:
    stock = before or Stock(good=name)
    if isinstance(event, e.OutletSettled):
        return changed(stock, unsettled=0, unsettled_points={})
    shelves, reserved, points = stock.shelves, stock.reserved, stock.unsettled_points
    older = isinstance(event, e.RedemptionCollected) and not event.period
    for entry in event.entries:
        if entry.unit == f"good:{name}":
            shelves = added(shelves, entry.account, entry.delta) if entry.bucket == "shelf" else shelves
            reserved += entry.delta if entry.bucket == "reserved" else 0
        elif older and entry.account == "book:redeemed":
            points = added(points, entry.unit, entry.delta)
    more = event.quantity if isinstance(event, e.RedemptionCollected) and older else 0
    return Stock(
        good=name, shelves=shelves, reserved=reserved, unsettled=stock.unsettled + more, unsettled_points=points
    )


def _outlet(name: str, before: Outlet | None, event: e.PointsEvent) -> Outlet:
    outlet = before or Outlet(id=name)
    if isinstance(event, e.OutletSettled):
        settled = outlet.settled
        for entry in event.entries:
            if entry.account == name:
                settled = added(settled, entry.unit, entry.delta)
        return Outlet(id=name, settled=settled)
    if not isinstance(event, e.RedemptionCollected):
        return outlet
    points = outlet.points
    for entry in event.entries:
        if entry.account == "book:redeemed":
            points = added(points, entry.unit, entry.delta)
    goods = added(outlet.goods, event.good, event.quantity)
    return Outlet(id=name, goods=goods, points=points, settled=outlet.settled)


def _voucher(_name: str, before: Voucher | None, event: e.PointsEvent) -> Voucher:
    if isinstance(event, e.RedemptionReserved):
        return Voucher(
            id=event.voucher,
            account=event.account,
            good=event.good,
            outlet=event.outlet,
            quantity=event.quantity,
            points=event.points,
            state="reserved",
            entries=event.entries,
            household=event.household,
            window=event.window,
            valid_through=event.valid_through,
            lapses_at=event.lapses_at,
        )
    if before is None:
        raise ValueError(f"{type(event).__name__} comes before its voucher was made")
    match event:
        case e.RedemptionCollected():
            return attrs.evolve(before, state="collected")
        case e.RedemptionCanceled():
            return attrs.evolve(before, state="canceled")
        case e.RedemptionLapsed():
            return attrs.evolve(before, state="lapsed")
        case e.Frozen():
            return attrs.evolve(before, frozen_by=(*before.frozen_by, event.freeze))
        case e.Released():
            # What had to wait for the release falls due with it, not before it.
            lapses_at = before.lapses_at and max(before.lapses_at, event.at)
            left = tuple(freeze for freeze in before.frozen_by if freeze != event.freeze)
            return attrs.evolve(before, frozen_by=left, lapses_at=lapses_at)
        case _:
            raise ValueError(f"{type(event).__name__} is no event of a voucher")


def _periods(_name: str, before: Periods | None, event: e.PointsEvent) -> Periods:
    periods = before or Periods()
    match event:
        case e.PeriodClosed():
            return attrs.evolve(periods, first=periods.first or event.month, closed=event.month)
        case e.PeriodSealed():
            return attrs.evolve(periods, sealed=event.month)
        case e.PeriodPublished():
            return attrs.evolve(periods, published=event.month, root=event.root)
        case _:
            raise ValueError(f"{type(event).__name__} is no event of the months")


def _period(name: str, before: Period | None, event: e.PointsEvent) -> Period:
    period = before or Period(month=name)
    if isinstance(event, e.PeriodSealed):
        return attrs.evolve(period, sealed=True)
    if not isinstance(event, e.StatementsClosed):
        raise ValueError(f"{type(event).__name__} is no event of a month")
    closing = dict(period.closing)
    for line in event.lines:
        closing[line.unit] = closing.get(line.unit, 0) + line.closing
    return Period(
        month=name,
        lines=period.lines + len(event.lines),
        closing=closing,
        digests=(*period.digests, event.digest),
        totals=_totals(period.totals, event.totals),
    )


def _totals(
    before: Mapping[str, Mapping[int, int]], page: Mapping[str, Mapping[str, int]]
) -> dict[str, Mapping[int, int]]:
    """Add how many have so many points on one more page."""
    after = dict(before)
    for league, counts in page.items():
        merged = dict(after.get(league, {}))
        for points, count in counts.items():
            merged[int(points)] = merged.get(int(points), 0) + count
        after[league] = merged
    return after


# --- accounts -----------------------------------------------------------------------------------


def _account(name: str, before: Account | None, event: e.PointsEvent) -> Account:
    account = before or Account(id=name)
    change = _ACCOUNT.get(type(event))
    changes: _Changes = change(account, event) if change is not None else {}
    if event.entries:
        _book(account, event, changes)
    return changed(account, **changes) if changes else account


def _counting(account: Account, event: Any) -> _Changes:
    """Count an award against the limits of the account, its own month always."""
    if event.account != account.id:
        return {}
    delta = _newly_counted(event)
    if not delta:
        return {}
    counted = added(account.counted, f"{event.deed}:{event.month}", delta)
    if event.counted:
        counted = _counted(f"account:{account.id}", counted, event)
    if not isinstance(event, e.AwardReversed):
        return {"counted": counted}
    return {"counted": counted, "earned": added(account.earned, event.month, -event.points)}


def _earning(account: Account, event: e.AwardConfirmed) -> _Changes:
    changes: _Changes = {}
    if event.account == account.id:
        changes["earned"] = added(account.earned, event.month, event.given)
    if not any(entry.account == account.id and entry.lot for entry in event.entries):
        return changes
    lot = Lot(
        id=event.award,
        unit=event.unit,
        earned_at=event.step_at,
        expires_on=event.expires_on,
        expires_at=event.expires_at,
        posted=0,
        only=event.only,
    )
    changes["lots"] = (*account.lots, lot)
    return changes


def _taking(account: Account, event: e.RedemptionReserved) -> _Changes:
    return {"taken": added(account.taken, taken_key(event), event.quantity)}


def _giving_back(account: Account, event: e.RedemptionEvent) -> _Changes:
    return {"taken": added(account.taken, taken_key(event), -event.quantity)}


def _joining(account: Account, event: e.HouseholdJoined) -> _Changes:
    member = Member(account=account.id, household=event.household, from_on=event.from_on, community=event.community)
    return {"households": (*account.households, member)}


def _leaving(account: Account, event: e.HouseholdLeft) -> _Changes:
    left = _left(account.households, account.id, event.household, event.until_on)
    return {"households": left}


def _arriving(account: Account, lots: tuple[e.LotMoved, ...], event: e.PointsEvent) -> _Changes:
    """Open the lots that come from another account."""
    has = {lot.id for lot in account.lots}
    comes = {entry.lot for entry in event.entries if entry.account == account.id and entry.delta > 0}
    fresh = tuple(
        Lot(
            id=moved.lot,
            unit=moved.unit,
            earned_at=moved.earned_at,
            expires_on=moved.expires_on,
            expires_at=moved.expires_at,
            posted=0,
            only=moved.only,
        )
        for moved in lots
        if moved.lot in comes and moved.lot not in has
    )
    return {"lots": (*account.lots, *fresh)}


def _merging(account: Account, event: e.HouseholdsMerged) -> _Changes:
    if account.id in event.members:
        left = _left(account.households, account.id, event.household, event.on - _DAY)
        joined = Member(account=account.id, household=event.into, from_on=event.on, community=event.community)
        return {"households": (*left, joined)}
    if account.id == event.household:
        return {"closed": "merged", "heir": event.into}
    return _arriving(account, event.lots, event)


def _closing(account: Account, event: e.AccountClosed) -> _Changes:
    if account.id == event.account:
        return {"closed": event.cause, "heir": event.to}
    return _arriving(account, event.lots, event)


def _freezing(account: Account, event: e.Frozen) -> _Changes:
    freeze = FreezeOn(id=event.freeze, until_at=event.until_at, lot=event.lot, voucher=event.voucher)
    return {"freezes": (*account.freezes, freeze)}


def _releasing(account: Account, event: e.Released) -> _Changes:
    return {"freezes": tuple(f for f in account.freezes if f.id != event.freeze)}


def _writing_lines(account: Account, event: e.StatementsClosed) -> _Changes:
    closings, thanked = dict(account.closings), account.thanked
    place = bisect_left(event.lines, account.id, key=lambda line: line.account)
    while place < len(event.lines) and event.lines[place].account == account.id:
        line = event.lines[place]
        closings[line.unit] = (line.closing, line.debt)
        thanked = added(thanked, event.month, line.thanked)
        place += 1
    leagues = tuple(league for league, members in event.leagues.items() if account.id in members)
    left = tuple(figures for figures in account.figures if figures.period > event.month)
    changes: _Changes = {"figures": left, "closings": closings, "thanked": thanked, "written": event.month}
    if leagues:
        changes["leagues"] = {**account.leagues, event.month: leagues}
    return changes


_ACCOUNT: Mapping[type, Callable[[Account, Any], _Changes]] = {
    e.AwardProposed: _counting,
    e.AwardReviewed: _counting,
    e.AwardAmended: _counting,
    e.AwardVoided: _counting,
    e.AwardReversed: _counting,
    e.AppealUpheld: _counting,
    e.AwardConfirmed: _earning,
    e.LotExpired: lambda account, _: {"expiries": account.expiries + 1},
    e.RedemptionReserved: _taking,
    e.RedemptionCanceled: _giving_back,
    e.RedemptionLapsed: _giving_back,
    e.HouseholdJoined: _joining,
    e.HouseholdLeft: _leaving,
    e.HouseholdsMerged: _merging,
    e.AccountClosed: _closing,
    e.NameConsented: lambda _, event: {"shows_name": event.agrees},
    e.Frozen: _freezing,
    e.Released: _releasing,
    e.StatementsClosed: _writing_lines,
}


def _book(before: Account, event: e.PointsEvent, changes: _Changes) -> None:
    """Book the entries of the account: the one place where its points change."""
    pendings, debts, lots_before = before.pendings, before.debts, changes.get("lots", before.lots)
    lots: dict[str, Lot] | None = None
    deltas: dict[str, int] = {}
    for entry in event.entries:
        if entry.account != before.id or entry.bucket not in _POINTS:
            continue
        if entry.bucket == "pending":
            pendings = changes["pendings"] = added(pendings, entry.unit, entry.delta)
            continue
        deltas[entry.unit] = deltas.get(entry.unit, 0) + entry.delta
        if entry.bucket == "debt":
            debts = changes["debts"] = added(debts, entry.unit, entry.delta)
        else:
            lots = lots if lots is not None else {lot.id: lot for lot in lots_before}
            lots[entry.lot] = _booked_on(lots[entry.lot], entry)
    if lots is not None:
        changes["lots"] = _kept(lots, event)
    if deltas and type(event) in _MOVES:
        changes["figures"] = _figured(before.figures, event, deltas, debts)


def _booked_on(lot: Lot, entry: e.Entry) -> Lot:
    posted, held, frozen = lot.posted, lot.held, lot.frozen
    if entry.bucket == "posted":
        posted += entry.delta
    elif entry.bucket == "held":
        held += entry.delta
    else:
        frozen += entry.delta
    return Lot(
        id=lot.id,
        unit=lot.unit,
        earned_at=lot.earned_at,
        expires_on=lot.expires_on,
        expires_at=lot.expires_at,
        posted=posted,
        held=held,
        frozen=frozen,
        only=lot.only,
    )


def _kept(lots: dict[str, Lot], event: e.PointsEvent) -> tuple[Lot, ...]:
    """Give the lots in which something is left, with the ends that were moved."""
    for end in getattr(event, "ends", ()):
        lots[end.lot] = attrs.evolve(lots[end.lot], expires_on=end.expires_on, expires_at=end.expires_at)
    return tuple([lot for lot in lots.values() if lot.posted or lot.held or lot.frozen])


_POINTS = frozenset({"pending", "posted", "held", "frozen", "debt"})
_MOVES: Mapping[type, str] = {
    e.AwardConfirmed: "earned",
    e.AwardReversed: "reversed",
    e.LotExpired: "expired",
    e.RedemptionCollected: "spent",
    e.PointsDonated: "donated",
    e.HouseholdsMerged: "moved",
    e.AccountClosed: "moved",
}
"""What a line of the month calls that which an event moves."""


def _figured(
    figures: tuple[Figures, ...], event: e.PointsEvent, deltas: Mapping[str, int], debts: Mapping[str, int]
) -> tuple[Figures, ...]:
    """Note what an event has moved, for the line of its month; :param deltas: unit → points."""
    what = _MOVES[type(event)]
    period = event.period or f"{event.at:%Y-%m}"
    for unit, delta in deltas.items():
        mine = next((each for each in figures if each.period == period and each.unit == unit), None)
        others = tuple(each for each in figures if each is not mine) if mine is None or len(figures) > 1 else ()
        mine = mine or Figures(period=period, unit=unit)
        debt = -debts.get(unit, 0)
        match what:
            case "earned":
                category = getattr(event, "category", "")
                mine = changed(mine, earned=added(mine.earned, category, delta), debt=debt)
            case "moved":
                mine = changed(mine, moved=mine.moved + delta, debt=debt)
            case _:
                mine = changed(mine, debt=debt, **{what: getattr(mine, what) - delta})
        figures = (*others, mine)
    return figures


_KINDS: Mapping[str, Callable[[str, Any, e.PointsEvent], Any]] = {
    "account": _account,
    "award": next_award,
    "claim": _claim,
    "list": _last,
    "roll": _last,
    "sitting": _sitting,
    "household": _household,
    "community": _community,
    "stock": _stock,
    "outlet": _outlet,
    "voucher": _voucher,
    "periods": _periods,
    "period": _period,
}
