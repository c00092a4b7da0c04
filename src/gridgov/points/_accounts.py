"""Whose account it is: households, names, closing, freezing, budgets."""

from __future__ import annotations

import datetime as dt

from gridgov.access import kind_of_actor
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
    moved_lot,
    opaque,
    reason_of,
    refuse,
    stamp,
)
from gridgov.points._lots import coming_back, spend, spendable
from gridgov.points._state import Account, FreezeOn, Household, Voucher

__all__ = [
    "allot",
    "close",
    "consent",
    "donate",
    "end_freeze",
    "freeze",
    "join",
    "leave",
    "merge",
    "release",
]

CAUSES = ("moved-away", "deceased")
POINTS_MAX = 10**9


# --- households ---------------------------------------------------------------------------------


def join(command: c.JoinHousehold, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    opaque(command.account, "an account")
    _household_id(command.household)
    house = household_of(command.household, subjects)
    if house is not None and house.merged_into:
        refuse("no-household", f"{house.id} became part of {house.merged_into}", household=house.merged_into)
    if kind_of_actor(command.account, given.roster) not in ("resident", "worker"):
        refuse("no-member", f"{as_code(command.account)} is no person of this street")
    if command.from_on > given.day:
        refuse("in-the-future", f"{command.from_on} has not come yet", on=command.from_on)
    account = account_of(command.account, subjects)
    for member in account.households:
        if member.until_on is None or command.from_on <= member.until_on:
            refuse("in-a-household", f"{account.id} belongs to {member.household} then", household=member.household)
    if command.community and command.community not in given.territory:
        refuse("unknown-place", f"there is no place {as_code(command.community)}", place=command.community)
    return [
        e.HouseholdJoined(
            **stamp(subjects, given, "household"),
            account=command.account,
            household=command.household,
            from_on=command.from_on,
            community=command.community,
        )
    ]


def _household_id(household: str) -> None:
    opaque(household, "a household")
    if not household.startswith("household:") or household == "household:":
        refuse("no-household", f"a household's id is household:ID, not {as_code(household)}")


def leave(command: c.LeaveHousehold, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    _household_id(command.household)
    account = account_of(command.account, subjects)
    member = next((each for each in account.households if each.until_on is None), None)
    if member is None or member.household != command.household:
        refuse("not-in-household", f"{command.account} does not belong to {as_code(command.household)}")
    if command.until_on > given.day:
        refuse("in-the-future", f"{command.until_on} has not come yet", on=command.until_on)
    if command.until_on < member.from_on:
        refuse("dates-out-of-order", f"{command.account} belongs to it only from {member.from_on} on")
    return [
        e.HouseholdLeft(
            **stamp(subjects, given, "household"),
            account=command.account,
            household=command.household,
            until_on=command.until_on,
        )
    ]


def _known_household(household: str, subjects: Subjects) -> Household:
    _household_id(household)
    found = household_of(household, subjects)
    if found is None or found.merged_into:
        refuse("no-household", f"there is no household {as_code(household)}")
    return found


def merge(command: c.MergeHouseholds, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    house, into = _known_household(command.household, subjects), _known_household(command.into, subjects)
    if house.id == into.id:
        refuse("no-household", f"{house.id} cannot become part of itself")
    account = account_of(house.id, subjects)
    for each in (account, account_of(into.id, subjects)):
        _not_frozen(each)
        if each.closed:
            refuse("account-closed", f"the account {each.id} is closed", account=each.id)
    entries, lots = _moving(account, into.id)
    return [
        e.HouseholdsMerged(
            **stamp(subjects, given, "household"),
            household=house.id,
            into=into.id,
            on=given.day,
            members=tuple(each.account for each in house.members if each.covers(given.day) and each.until_on is None),
            community=into.community,
            lots=lots,
            entries=entries,
        )
    ]


def _moving(account: Account, to: str) -> tuple[tuple[e.Entry, ...], tuple[e.LotMoved, ...]]:
    """Book everything that is posted to another account, lot by lot."""
    entries: list[e.Entry] = []
    lots = [lot for lot in account.lots if lot.posted]
    for lot in lots:
        entries += (
            entry(lot.unit, account.id, "posted", -lot.posted, lot.id),
            entry(lot.unit, to, "posted", lot.posted, lot.id),
        )
    return tuple(entries), tuple(moved_lot(lot) for lot in lots)


# --- the account itself -------------------------------------------------------------------------


def _not_frozen(account: Account) -> None:
    if account.is_frozen:
        refuse("frozen", f"the account {account.id} is frozen", account=account.id)


def _is_member(account: str, subjects: Subjects, given: PointsGiven) -> bool:
    kind = kind_of_actor(account, given.roster)
    return kind in ("resident", "worker", "organization") or household_of(account, subjects) is not None


def close(command: c.CloseAccount, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    opaque(command.account, "an account")
    if command.cause not in CAUSES:
        refuse("bad-cause", f"an account is closed for {' or '.join(CAUSES)}, not {as_code(command.cause)}")
    if not _is_member(command.account, subjects, given):
        refuse("no-member", f"{as_code(command.account)} is nobody of this street")
    account = account_of(command.account, subjects)
    if account.closed:
        refuse("account-closed", f"the account {account.id} is closed already", account=account.id)
    _not_frozen(account)
    entries: tuple[e.Entry, ...] = ()
    lots: tuple[e.LotMoved, ...] = ()
    if command.to:
        heir = account_of(command.to, subjects)
        if command.to == account.id or heir.closed or not _is_member(command.to, subjects, given):
            refuse("bad-heir", f"{as_code(command.to)} cannot take over what {account.id} has", to=command.to)
        _not_frozen(heir)
        entries, lots = _moving(account, command.to)
    return [
        e.AccountClosed(
            **stamp(subjects, given, "closing"),
            account=account.id,
            cause=command.cause,
            to=command.to,
            lots=lots,
            entries=entries,
        )
    ]


def consent(command: c.ConsentToName, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    if not acts_for(command.account, subjects, given):
        refuse("not-the-member", f"only {command.account} agrees to that", account=command.account)
    return [
        e.NameConsented(
            **stamp(subjects, given, "consent"),
            account=command.account,
            agrees=command.agrees,
        )
    ]


def donate(command: c.DonatePoints, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    if not acts_for(command.account, subjects, given):
        refuse("not-the-member", f"only {command.account} gives their points away", account=command.account)
    account = account_of(command.account, subjects)
    _not_frozen(account)
    lots = spendable(account, given.at)
    there = sum(lot.posted for lot in lots)
    if not 1 <= command.points <= there:
        refuse("not-enough", f"1 to {there} points can be given, not {command.points}", available=there)
    entries: list[e.Entry] = []
    for lot, points in spend(lots, command.points):
        entries += (
            entry(lot.unit, account.id, "posted", -points, lot.id),
            entry(lot.unit, "book:donated", "donated", points),
        )
    return [
        e.PointsDonated(
            **stamp(subjects, given, "donation"),
            account=account.id,
            points=command.points,
            cause=command.cause,
            entries=tuple(entries),
        )
    ]


def allot(command: c.AllotBudget, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    level = given.policy.community_level
    if command.community not in given.territory or given.territory[command.community].level != level:
        refuse("no-community", f"{as_code(command.community)} is no {level} of this street")
    if not 1 <= command.points <= POINTS_MAX:
        refuse("bad-points", f"a budget has 1 to {POINTS_MAX} points, not {command.points}")
    unit = given.policy.book
    return [
        e.BudgetAllotted(
            **stamp(subjects, given, "budget"),
            community=command.community,
            points=command.points,
            entries=(
                entry(unit, "book:issued", "issued", -command.points),
                entry(unit, command.community, "budget", command.points),
            ),
        )
    ]


# --- freezing -----------------------------------------------------------------------------------


def freeze(command: c.Freeze, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    opaque(command.account, "an account")
    if not _is_member(command.account, subjects, given):
        refuse("no-member", f"{as_code(command.account)} is nobody of this street")
    if not command.authority:
        refuse("no-authority", "say who ordered the freeze")
    last = given.day + dt.timedelta(days=given.policy.freeze_days_max)
    if not given.day <= command.until_on <= last:
        refuse("bad-end", f"a freeze ends from {given.day} to {last}, not on {command.until_on}", last=last)
    reason = reason_of(given)
    account = account_of(command.account, subjects)
    if any(each.id == given.command_id for each in account.freezes):
        refuse("freeze-exists", f"there is a freeze {given.command_id!r} already")
    return [
        e.Frozen(
            **stamp(subjects, given, "freeze"),
            freeze=given.command_id,
            account=account.id,
            authority=command.authority,
            until_on=command.until_on,
            until_at=given.calendar.end_of(command.until_on),
            lot=command.lot,
            voucher=command.voucher,
            reason=reason,
            entries=_freezing(command, account, subjects),
        )
    ]


def _freezing(command: c.Freeze, account: Account, subjects: Subjects) -> tuple[e.Entry, ...]:
    if command.voucher:
        voucher: Voucher | None = subjects.get(f"voucher:{command.voucher}")
        if voucher is None or voucher.state != "reserved" or voucher.account != account.id or command.lot:
            refuse("unknown-voucher", f"{account.id} has no open voucher {as_code(command.voucher)}")
        return ()
    lots = [lot for lot in account.lots if lot.posted and command.lot in ("", lot.id)]
    if command.lot and not lots:
        refuse("unknown-lot", f"{account.id} has nothing free in a lot {as_code(command.lot)}")
    entries: list[e.Entry] = []
    for lot in lots:
        entries += (
            entry(lot.unit, account.id, "posted", -lot.posted, lot.id),
            entry(lot.unit, account.id, "frozen", lot.posted, lot.id),
        )
    return tuple(entries)


def _freeze_on(freeze_: str, account: Account) -> FreezeOn:
    found = next((each for each in account.freezes if each.id == freeze_), None)
    if found is None:
        refuse("unknown-freeze", f"no freeze {as_code(freeze_)} holds anything of {account.id}")
    return found


def release(command: c.Release, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    account = account_of(command.account, subjects)
    return [_released(account, _freeze_on(command.freeze, account), subjects, given)]


def end_freeze(command: c.EndFreeze, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    clock_only(given)
    account = account_of(command.account, subjects)
    found = next((each for each in account.freezes if each.id == command.freeze), None)
    if found is None or found.until_at != command.due_at or given.at < found.until_at:
        refuse("nothing-due", f"nothing is due for the freeze {command.freeze}", freeze=command.freeze)
    return [_released(account, found, subjects, given)]


def _released(account: Account, found: FreezeOn, subjects: Subjects, given: PointsGiven) -> e.Released:
    """Give back what a freeze has held, unless another one still holds it."""
    free: list[tuple[str, str, int]] = []
    for lot in account.lots:
        mine = not found.voucher and found.lot in ("", lot.id)
        if mine and lot.frozen and account.freezes_of(lot.id) == (found.id,):
            free.append((lot.unit, lot.id, lot.frozen))
    back, ends = coming_back(account, free, given, besides=found.id)
    out = tuple(entry(unit, account.id, "frozen", -points, lot) for unit, lot, points in free)
    return e.Released(
        **stamp(subjects, given, "freeze"),
        freeze=found.id,
        account=account.id,
        lot=found.lot,
        voucher=found.voucher,
        reason=given.sealed.get("reason"),
        entries=(*out, *back),
        ends=ends,
    )
