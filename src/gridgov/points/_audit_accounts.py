"""What the audit knows of accounts: balances, lots, households, freezes.

Written from the events alone; nothing here asks a policy or works with the room's own state.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from gridgov.points import _events as e

__all__ = ["Accounts", "Book", "Flaw", "Flaws", "Lot", "Net", "days_of", "entries_differ", "is_wrong_end"]

Flaw = tuple[str, str, str]
"""Code, subject, and what is wrong."""
Flaws = Iterator[Flaw]
Net = dict[tuple[str, str, str, str], int]
"""What an event moves: account, unit, bucket and lot → points; of the book's own accounts the unit only."""

_LOTTED = frozenset({"posted", "held", "frozen"})
_NEVER = dt.date.max
_DAY = dt.timedelta(days=1)
_EAST, _WEST = dt.timedelta(hours=14), dt.timedelta(hours=12)


def days_of(at: dt.datetime) -> tuple[dt.date, dt.date]:
    """Give the first and the last day that it can be anywhere at an instant: events name no time zone."""
    at = at.astimezone(dt.UTC)
    return (at - _WEST).date(), (at + _EAST).date()


def _is_end_of(day: dt.date, at: dt.datetime) -> bool:
    """Say whether an instant can be the midnight after a day."""
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC) + _DAY
    return midnight - _EAST <= at <= midnight + _WEST


def is_wrong_end(last_on: dt.date | None, ends_at: dt.datetime | None) -> bool:
    """Say whether an end is not the midnight after its last day; None for both is no end."""
    if last_on is None or ends_at is None:
        return last_on is not ends_at
    return not _is_end_of(last_on, ends_at)


def entries_differ(subject: str, net: Net, expected: Mapping[tuple[str, str, str, str], int]) -> Flaws:
    """Compare what an event's entries move with what the event says."""
    if net != expected:
        odd = min(key for key in {*net, *expected} if net.get(key, 0) != expected.get(key, 0))
        where = " ".join(part for part in odd if part)
        text = f"moves {net.get(odd, 0):+} for {where}, where {expected.get(odd, 0):+} is due"
        yield "wrong-entries", subject, text


@attrs.define
class Lot:
    """A lot of one account."""

    id: str
    unit: str
    earned_at: dt.datetime
    expires_on: dt.date | None = None
    expires_at: dt.datetime | None = None
    only: tuple[str, ...] = ()
    posted: int = 0
    held: int = 0
    frozen: int = 0

    def order(self) -> tuple[dt.date, dt.datetime, str]:
        """Give the place in the order of spending, among the restricted ones or the others."""
        return (self.expires_on or _NEVER, self.earned_at, self.id)

    def is_over(self, at: dt.datetime) -> bool:
        """Say whether its end has come."""
        return self.expires_at is not None and at >= self.expires_at


class Book:
    """Every balance, worked out from the entries."""

    def __init__(self) -> None:
        self.plain: dict[tuple[str, str, str], int] = {}
        self.lots: defaultdict[str, dict[tuple[str, str], Lot]] = defaultdict(dict)

    def open(self, account: str, lot: Lot) -> None:
        """Note a lot that is about to be booked; one that is there keeps its end."""
        self.lots[account].setdefault((lot.unit, lot.id), lot)

    def lots_of(self, account: str) -> Iterable[Lot]:
        """Give the lots of an account."""
        return self.lots[account].values() if account in self.lots else ()

    def find(self, account: str, lot: str) -> Lot | None:
        """Give a lot by its id."""
        return next((each for each in self.lots_of(account) if each.id == lot), None)

    def net(self, event: e.PointsEvent) -> tuple[Net, list[Flaw]]:
        """Sum up the entries, and give the units in which they do not sum to zero."""
        net: Net = {}
        sums: dict[str, int] = {}
        for entry in event.entries:
            unit, account = entry.unit, entry.account
            sums[unit] = sums.get(unit, 0) + entry.delta
            if not account.startswith("book:"):
                key = (account, unit, entry.bucket, entry.lot if entry.bucket in _LOTTED else "")
            elif unit.startswith(("good:", "voucher:")):
                continue
            else:
                key = (account, unit, "", "")
            net[key] = net.get(key, 0) + entry.delta
        odd = [("not-zero", unit, f"does not sum to zero in {unit}: {sums[unit]:+}") for unit in sums if sums[unit]]
        return ({key: delta for key, delta in net.items() if delta}, odd)

    def apply(self, event: e.PointsEvent, net: Net) -> Flaws:
        """Book what an event moves; nothing but debt may be below zero then, and debt not above."""
        for (account, unit, bucket, lot), delta in net.items():
            if not bucket:
                continue
            after = self._add(event, account, unit, bucket, lot, delta)
            if bucket == "debt":
                if after > 0 or (delta < 0 and not isinstance(event, e.AwardReversed)):
                    yield "wrong-debt", account, f"leaves {account} a debt of {-after}, which only a reversal makes"
            elif after < 0:
                yield "below-zero", account, f"takes {bucket} of {account} below zero"
        for account, unit, bucket, lot in net:
            if bucket in _LOTTED:
                self._forget_if_empty(account, (unit, lot))

    def _add(self, event: e.PointsEvent, account: str, unit: str, bucket: str, lot: str, delta: int) -> int:
        if bucket not in _LOTTED:
            after = self.plain.get((account, unit, bucket), 0) + delta
            self.plain[account, unit, bucket] = after
            if not after:
                del self.plain[account, unit, bucket]
            return after
        found = self.lots[account].get((unit, lot))
        if found is None:
            found = self.lots[account][unit, lot] = Lot(lot, unit, event.at)
        if bucket == "posted":
            found.posted = after = found.posted + delta
        elif bucket == "held":
            found.held = after = found.held + delta
        else:
            found.frozen = after = found.frozen + delta
        return after

    def _forget_if_empty(self, account: str, key: tuple[str, str]) -> None:
        lots = self.lots[account]
        lot = lots.get(key)
        if lot is not None and not (lot.posted or lot.held or lot.frozen):
            del lots[key]
            if not lots:
                del self.lots[account]


@attrs.define
class _Stay:
    """A person's time in a household."""

    household: str
    from_on: dt.date
    until_on: dt.date | None = None

    def covers(self, day: dt.date) -> bool:
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


class Accounts:
    """Households, closed accounts, consents and freezes."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.closed: set[str] = set()
        self.shown: set[str] = set()
        self.heirs: dict[str, str] = {}
        self.merged_away: set[str] = set()
        self.stays: dict[str, list[_Stay]] = {}
        self.members: defaultdict[str, set[str]] = defaultdict(set)
        self.freezes: dict[str, e.Frozen | None] = {}
        self.holds: Counter[tuple[str, str]] = Counter()
        self.vouchers: dict[str, str] = {}

    def household_on(self, person: str, day: dt.date) -> str:
        """Give the household of a person on a day, as far as it was told."""
        return next((stay.household for stay in self.stays.get(person, ()) if stay.covers(day)), "")

    def heir_of(self, account: str) -> str:
        """Give who gets what is confirmed for an account."""
        seen = set()
        while account in self.heirs and account not in seen:
            seen.add(account)
            account = self.heirs[account]
        return account

    def is_frozen(self, account: str, lot: str = "") -> bool:
        """Say whether an account, or a lot of it, is frozen."""
        return self.holds[account, ""] > 0 or (lot != "" and self.holds[account, lot] > 0)

    def bucket_of(self, account: str, lot: str) -> str:
        """Say where points that come to a lot go."""
        return "frozen" if self.is_frozen(account, lot) else "posted"

    def strangers(self, event: Any) -> Flaws:
        """Check that the member acts, or one of the household; of workers and organizations no event can tell."""
        account, by = event.account, event.by
        if by == account or by.startswith("system:"):
            return
        first, last = days_of(event.at)
        house = account.startswith("household:")
        if house and any(self.household_on(by, first + n * _DAY) == account for n in range((last - first).days + 1)):
            return
        if house or account.startswith("resident:"):
            yield "not-the-member", account, f"is not by {account}, but by {by}"

    # --- households -----------------------------------------------------------------------------

    def joined(self, event: e.HouseholdJoined, net: Net) -> Flaws:
        """Check one who joins a household."""
        stays = self.stays.setdefault(event.account, [])
        if any(stay.until_on is None or stay.until_on >= event.from_on for stay in stays):
            yield "in-a-household", event.account, f"lets {event.account} join while in a household"
        if not event.household.startswith("household:") or event.household in self.merged_away:
            yield "no-household", event.account, f"names {event.household}, which is no household"
        if event.from_on > days_of(event.at)[1]:
            yield "in-the-future", event.account, f"lets {event.account} join on {event.from_on}, in the future"
        stays.append(_Stay(event.household, event.from_on))
        self.members[event.household].add(event.account)
        yield from entries_differ(event.account, net, {})

    def left(self, event: e.HouseholdLeft, net: Net) -> Flaws:
        """Check one who leaves a household."""
        yield from entries_differ(event.account, net, {})
        stay = self._leave(event.account, event.household, event.until_on)
        if stay is None:
            yield "not-in-household", event.account, f"lets {event.account} leave a household that they are not in"
        elif event.until_on < stay.from_on:
            yield "dates-out-of-order", event.account, f"lets {event.account} leave before they joined"
        if event.until_on > days_of(event.at)[1]:
            yield "in-the-future", event.account, f"lets {event.account} leave on {event.until_on}, in the future"

    def _leave(self, person: str, household: str, until_on: dt.date) -> _Stay | None:
        for stay in self.stays.get(person, ()):
            if stay.household == household and stay.until_on is None:
                stay.until_on = until_on
                return stay
        return None

    def merged(self, event: e.HouseholdsMerged, net: Net) -> Flaws:
        """Check that everybody and everything posted goes from one household to another."""
        home = event.household
        there = {
            each
            for each in self.members[home]
            if any(s.household == home and s.until_on is None and s.from_on <= event.on for s in self.stays[each])
        }
        if there != set(event.members) or len(there) != len(event.members):
            yield "wrong-members", home, f"does not move exactly the members of {home}"
        known = all(each in self.members and each not in self.merged_away for each in (home, event.into))
        if home == event.into or not known:
            yield "no-household", home, f"merges {home} and {event.into}, which cannot be merged"
        for person in there:
            self._leave(person, home, event.on - _DAY)
            self.stays[person].append(_Stay(event.into, event.on))
        self.members[event.into] |= there
        yield from self._moved(event, home, event.into, net)
        self.closed.add(home)
        self.merged_away.add(home)
        self.heirs[home] = event.into

    def account_closed(self, event: e.AccountClosed, net: Net) -> Flaws:
        """Check an account that is closed, and what it leaves to an heir."""
        account, to = event.account, event.to
        if account in self.closed:
            yield "account-closed", account, f"closes {account} twice"
        if event.cause not in {"moved-away", "deceased"}:
            yield "bad-cause", account, f"closes {account} for {event.cause!r}"
        if to == account or to in self.closed:
            yield "bad-heir", account, f"leaves {account} to {to}, who cannot take it"
        self.closed.add(account)
        if to:
            yield from self._moved(event, account, to, net)
            self.heirs[account] = to
        elif self.is_frozen(account):
            yield "frozen", account, f"closes {account}, which is frozen"
        else:
            yield from entries_differ(account, net, {})

    def _moved(self, event: e.HouseholdsMerged | e.AccountClosed, source: str, to: str, net: Net) -> Flaws:
        """Check that all that is posted goes, lot by lot, and that each lot keeps what it was."""
        if self.is_frozen(source):
            yield "frozen", source, f"moves the lots of {source}, which is frozen"
        lots = {lot.id: lot for lot in self.book.lots_of(source) if lot.posted}
        told = {moved.lot: moved for moved in event.lots}
        same = all(lot.id in told and _same_lot(lot, told[lot.id]) for lot in lots.values())
        if len(told) != len(event.lots) or set(told) != set(lots) or not same:
            yield "wrong-lots", source, f"does not name the lots of {source} as they were"
        expected: Net = {}
        for lot in lots.values():
            expected[source, lot.unit, "posted", lot.id] = -lot.posted
            expected[to, lot.unit, self.bucket_of(to, lot.id), lot.id] = lot.posted
            self.book.open(to, attrs.evolve(lot, posted=0, held=0, frozen=0))
        yield from entries_differ(source, net, expected)

    def consented(self, event: e.NameConsented, net: Net) -> Flaws:
        """Check who agrees that a name is shown."""
        yield from self.strangers(event)
        yield from entries_differ(event.account, net, {})
        (self.shown.add if event.agrees else self.shown.discard)(event.account)

    # --- freezes --------------------------------------------------------------------------------

    def froze(self, event: e.Frozen, net: Net) -> Flaws:
        """Check that a freeze says why and until when, and freezes what it names."""
        account = event.account
        if event.freeze in self.freezes:
            yield "freeze-exists", account, f"freezes as {event.freeze} again"
        if not event.authority:
            yield "no-authority", account, "freezes without an authority"
        if event.reason is None:
            yield "no-reason", account, "freezes without a reason"
        if event.until_at <= event.at or not _is_end_of(event.until_on, event.until_at):
            yield "bad-end", account, f"freezes until {event.until_on}, which is no end"
        lots = [lot for lot in self.book.lots_of(account) if lot.posted and event.lot in ("", lot.id)]
        if event.voucher:
            lots = []
            if self.vouchers.get(event.voucher) != account or event.lot:
                yield "unknown-voucher", account, f"freezes the voucher {event.voucher}, which {account} does not hold"
        elif event.lot and not lots:
            yield "unknown-lot", account, f"freezes the lot {event.lot}, in which nothing is posted"
        expected = {(account, lot.unit, "posted", lot.id): -lot.posted for lot in lots}
        expected |= {(account, lot.unit, "frozen", lot.id): lot.posted for lot in lots}
        yield from entries_differ(account, net, expected)
        self.freezes[event.freeze] = event
        self.holds[_scope(event)] += 1

    def released(self, event: e.Released, net: Net) -> Flaws:
        """Check that a freeze ends once, and that what it froze is posted again unless another one holds."""
        account = event.account
        freeze = self.freezes.get(event.freeze)
        told = (event.account, event.lot, event.voucher)
        if freeze is None or told != (freeze.account, freeze.lot, freeze.voucher):
            yield "unknown-freeze", account, f"releases {event.freeze}, which holds nothing of that"
            return
        if event.by.startswith("system:") and event.at < freeze.until_at:
            yield "too-early", account, f"ends the freeze {event.freeze} before its last day is over"
        self.freezes[event.freeze] = None
        self.holds[_scope(event)] -= 1
        lots = [] if event.voucher else self._free_again(account, event.lot)
        expected = {(account, lot.unit, "frozen", lot.id): -lot.frozen for lot in lots}
        expected |= {(account, lot.unit, "posted", lot.id): lot.frozen for lot in lots}
        yield from entries_differ(account, net, expected)
        yield from self.new_ends(event)

    def _free_again(self, account: str, lot: str) -> list[Lot]:
        lots = (each for each in self.book.lots_of(account) if each.frozen and lot in ("", each.id))
        return [each for each in lots if not self.is_frozen(account, each.id)]

    def new_ends(self, event: Any) -> Flaws:
        """Move the ends of lots to which points came back: later, or to this instant where one is past its end."""
        for end in event.ends:
            lot = self.book.find(event.account, end.lot)
            if lot is None or lot.expires_at is None or end.expires_at < lot.expires_at:
                yield "bad-end", end.lot, f"moves the end of {end.lot}, which it cannot"
                continue
            first, last = days_of(event.at)
            at_once = lot.is_over(event.at) and end.expires_at == event.at and first <= end.expires_on <= last
            if not at_once and is_wrong_end(end.expires_on, end.expires_at):
                yield "bad-end", end.lot, f"lets {end.lot} end at another time than midnight after {end.expires_on}"
            lot.expires_on, lot.expires_at = end.expires_on, end.expires_at


def _same_lot(lot: Lot, moved: e.LotMoved) -> bool:
    own = (lot.unit, lot.earned_at, lot.expires_on, lot.expires_at, lot.only)
    return own == (moved.unit, moved.earned_at, moved.expires_on, moved.expires_at, moved.only)


def _scope(event: e.Frozen | e.Released) -> tuple[str, str]:
    # A voucher's freeze is counted under an account that nobody can have.
    return ("voucher:", event.voucher) if event.voucher else (event.account, event.lot)
