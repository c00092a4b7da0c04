"""What the audit knows of points that are earned, spent and taken back, of vouchers and of outlets."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from gridgov.points import _events as e
from gridgov.points._audit_accounts import Accounts, Book, Flaw, Flaws, Lot, Net, days_of, entries_differ, is_wrong_end

__all__ = ["Spending"]


@attrs.define
class _Voucher:
    """A redemption under way."""

    about: tuple[object, ...]
    held: dict[tuple[str, str], int]
    goods: Net
    outlet: str
    valid_through: dt.date | None
    lapses_at: dt.datetime | None


def _about(event: e.RedemptionEvent) -> tuple[object, ...]:
    return (
        event.account, event.good, event.outlet, event.quantity, event.points, event.household, event.window,
    )  # fmt: skip


class Spending:
    """Lots that are opened, spent, given away, taken back or expired; vouchers and outlets."""

    def __init__(self, book: Book, accounts: Accounts) -> None:
        self.book = book
        self.accounts = accounts
        self.vouchers: dict[str, _Voucher | str] = {}
        self.stocked: set[str] = set()
        self.goods: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.redeemed: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def earned(self, event: e.AwardConfirmed, payee: str, net: Net) -> Flaws:
        """Check that an award pays debt first, and that the rest is one lot of its own."""
        unit, to = event.unit, self.accounts.heir_of(payee)
        paid = min(event.given, -self.book.plain.get((to, unit, "debt"), 0))
        expected: Net = {(payee, unit, "pending", ""): -event.given}
        if paid:
            expected[to, unit, "debt", ""] = paid
        if event.given > paid:
            expected[to, unit, self.accounts.bucket_of(to, ""), event.award] = event.given - paid
            self.book.open(to, Lot(event.award, unit, event.step_at, event.expires_on, event.expires_at, event.only))
        yield from entries_differ(event.award, net, expected)
        if is_wrong_end(event.expires_on, event.expires_at):
            yield "bad-end", event.award, f"lets {event.award} end at another time than midnight after its last day"

    def taken_back(self, event: e.AwardReversed, payee: str, net: Net) -> Flaws:
        """Check that a reversal takes from the own lot, then from other lots in order, then makes debt."""
        to = self.accounts.heir_of(payee)
        own = self.book.find(to, event.award)
        posted = min(event.points, own.posted if own else 0)
        frozen = min(event.points - posted, own.frozen if own else 0)
        rest = event.points - posted - frozen
        others = [lot for lot in self.book.lots_of(to) if lot.posted and lot.unit == event.unit and lot is not own]
        parts = {lot.id: -net.get((to, event.unit, "posted", lot.id), 0) for lot in others}
        debt = rest - sum(parts.values())
        buckets = {"posted": posted, "frozen": frozen}
        expected: Net = {(to, event.unit, name, event.award): -part for name, part in buckets.items() if part}
        expected |= {(to, event.unit, "posted", lot): -part for lot, part in parts.items() if part}
        expected["book:reversed", event.unit, "", ""] = event.points
        if debt:
            expected[to, event.unit, "debt", ""] = -debt
        free = [lot for lot in others if not lot.only and not lot.is_over(event.at)]
        bound = [lot for lot in others if lot.only]
        if (debt > 0 and any(parts[lot.id] < lot.posted for lot in free)) or debt < 0:
            yield "wrong-debt", event.award, f"makes a debt of {debt} where there are points to take"
        elif not (_in_order(free, parts) and _in_order(bound, parts)):
            yield "spending-order", event.award, f"takes from the lots of {to} in another order"
        yield from entries_differ(event.award, net, expected)

    def expired(self, event: e.LotExpired, net: Net) -> Flaws:
        """Check that a lot ends at its end, with exactly what was posted."""
        lot = self.book.find(event.account, event.lot)
        if lot is None or lot.expires_at is None or event.award not in ("", event.lot):
            yield "unknown-lot", event.lot, f"lets {event.lot} expire, which has no end"
            return
        if not event.by.startswith("system:"):
            yield "clock-only", event.lot, f"lets {event.lot} expire by {event.by}"
        if event.step_at != lot.expires_at or event.at < lot.expires_at:
            yield "too-early", event.lot, f"lets {event.lot} expire at another time than its end"
        if not event.expired or event.expired != lot.posted:
            yield "bad-points", event.lot, f"lets {event.expired} points expire where {lot.posted} are posted"
        key = (event.account, lot.unit, "posted", event.lot)
        due: Net = {key: -event.expired, ("book:expired", lot.unit, "", ""): event.expired}
        yield from entries_differ(event.lot, net, due)

    # --- spending -------------------------------------------------------------------------------

    def _spent(self, event: Any, net: Net, fits: frozenset[str]) -> Flaws:
        """Check what is paid with which lot: none that is over, none for something else, the right ones first."""
        account = event.account
        yield from self.accounts.strangers(event)
        if self.accounts.is_frozen(account):
            yield "frozen", account, f"spends points of {account}, which is frozen"
        parts = _taken(account, net)
        if event.points < 1 or sum(parts.values()) != event.points:
            yield "bad-points", account, f"takes {sum(parts.values())} points where it says {event.points}"
        lots = self.book.lots.get(account, {})
        for key in parts:
            lot = lots.get(key)
            if lot is not None and lot.is_over(event.at):
                yield "lot-over", lot.id, f"spends {lot.id}, which ended before"
            if lot is not None and lot.only and not fits.intersection(lot.only):
                yield "restricted", lot.id, f"spends {lot.id} on something that it is not for"
        units = {unit for unit, _ in parts}
        open_ = [lot for lot in lots.values() if lot.posted and lot.unit in units and not lot.is_over(event.at)]
        bound = [lot for lot in open_ if lot.only and fits.intersection(lot.only)]
        free = [lot for lot in open_ if not lot.only]
        if not _in_order(bound, parts, then=free):
            yield "spending-order", account, f"spends the lots of {account} in another order"

    def reserved(self, event: e.RedemptionReserved, net: Net) -> Flaws:
        """Check a redemption: points held, goods set aside, a voucher, in one step."""
        if event.voucher in self.vouchers:
            yield "voucher-exists", event.voucher, f"issues the voucher {event.voucher} twice"
        if event.quantity < 1 or event.points % event.quantity:
            yield "bad-quantity", event.voucher, f"takes {event.quantity} for {event.points} points"
        yield from self._lasting(event)
        yield from self._spent(event, net, frozenset((event.good, event.outlet)))
        parts = _taken(event.account, net)
        expected: Net = {}
        for (unit, lot), part in parts.items():
            expected[event.account, unit, "posted", lot] = -part
            expected[event.account, unit, "held", lot] = part
        goods = self._set_aside(event, net)
        yield from entries_differ(event.voucher, net, expected | goods)
        self.vouchers[event.voucher] = _Voucher(
            _about(event), parts, goods, event.outlet, event.valid_through, event.lapses_at
        )
        self.accounts.vouchers[event.voucher] = event.account

    def _lasting(self, event: e.RedemptionReserved) -> Flaws:
        """Check how long a voucher holds, and whose limit it counts against."""
        last_on, lapses_at, (first, last) = event.valid_through, event.lapses_at, days_of(event.at)
        wrong = (last_on is None) is not (lapses_at is None)
        if last_on is not None and lapses_at is not None:
            wrong = last_on < first or lapses_at <= event.at or days_of(lapses_at)[1] <= last_on
        if wrong:
            yield "bad-end", event.voucher, f"issues {event.voucher} through {last_on}, to lapse at {lapses_at}"
        homes = {self.accounts.household_on(event.account, day) for day in (first, last)}
        if event.household not in {"", event.account, *homes}:
            yield "wrong-voucher", event.voucher, f"counts {event.voucher} for {event.household}, another's household"

    def _set_aside(self, event: e.RedemptionReserved, net: Net) -> Net:
        """Give what is due in goods and vouchers; journals of 0.1.0 have no units of vouchers."""
        unit = f"good:{event.good}"
        due = {key: 1 for key, delta in net.items() if key[1].startswith("voucher:") and key[2] == "open"}
        due = {key: net[key] if net[key] in (1, event.quantity) else 1 for key in due}
        if unit in self.stocked or any(key[1] == unit for key in net):
            due[event.outlet, unit, "shelf", ""] = -event.quantity
            due[event.outlet, unit, "reserved", ""] = event.quantity
        return due

    def _ended(self, event: Any, state: str) -> Iterator[Flaw | _Voucher]:
        """End a voucher, once; give it last if it was open."""
        voucher = self.vouchers.get(event.voucher)
        if not isinstance(voucher, _Voucher):
            code = "voucher-used" if voucher else "unknown-voucher"
            yield code, event.voucher, f"uses the voucher {event.voucher}, which is {voucher or 'unknown'}"
            return
        if self.accounts.holds["voucher:", event.voucher] > 0:
            yield "frozen", event.voucher, f"uses the voucher {event.voucher}, which is frozen"
        if voucher.about != _about(event):
            yield "wrong-voucher", event.voucher, f"says something else of {event.voucher} than when it was issued"
        self.vouchers[event.voucher] = state
        self.accounts.vouchers.pop(event.voucher, None)
        yield voucher

    def collected(self, event: e.RedemptionCollected, net: Net) -> Flaws:
        """Check that goods are handed over once, up to the voucher's last day."""
        for found in self._ended(event, "collected"):
            if not isinstance(found, _Voucher):
                yield found
                continue
            if found.valid_through is not None and days_of(event.used_at or event.at)[0] > found.valid_through:
                yield "voucher-lapsed", event.voucher, f"uses {event.voucher} after {found.valid_through}"
            due: Net = {key: -delta for key, delta in found.goods.items() if delta > 0}
            units: Counter[str] = Counter()
            for (unit, lot), part in found.held.items():
                due[event.account, unit, "held", lot] = -part
                units[unit] += part
            due |= {("book:redeemed", unit, "", ""): part for unit, part in units.items()}
            yield from entries_differ(event.voucher, net, due)
            self.goods[event.outlet][event.good] += event.quantity
            self.redeemed[event.outlet].update(units)

    def came_back(self, event: e.RedemptionCanceled | e.RedemptionLapsed, net: Net) -> Flaws:
        """Check that every part goes back to its own lot, and the goods to the shelf."""
        lapsed = isinstance(event, e.RedemptionLapsed)
        for found in self._ended(event, "lapsed" if lapsed else "canceled"):
            if not isinstance(found, _Voucher):
                yield found
                continue
            if isinstance(event, e.RedemptionLapsed):
                yield from _lapse_is_due(event, found)
            due: Net = {key: -delta for key, delta in found.goods.items()}
            for (unit, lot), part in found.held.items():
                due[event.account, unit, "held", lot] = -part
                due[event.account, unit, self.accounts.bucket_of(event.account, lot), lot] = part
            yield from entries_differ(event.voucher, net, due)
            yield from self.accounts.new_ends(event)

    def donated(self, event: e.PointsDonated, net: Net) -> Flaws:
        """Check what a member gives away."""
        yield from self._spent(event, net, frozenset())
        due: Net = {}
        for (unit, lot), part in _taken(event.account, net).items():
            due[event.account, unit, "posted", lot] = -part
            due["book:donated", unit, "", ""] = due.get(("book:donated", unit, "", ""), 0) + part
        yield from entries_differ(event.account, net, due)

    def offline_refused(self, event: e.OfflineUseRefused, net: Net) -> Flaws:
        """Check that what is said against a use without network is so."""
        voucher = self.vouchers.get(event.voucher, "unknown")
        if event.why == "in-the-future":
            so = event.used_at > event.at
        elif isinstance(voucher, str):
            so = event.why in {"another-outlet", "used-already" if voucher == "collected" else voucher}
        elif event.why == "frozen":
            so = self.accounts.holds["voucher:", event.voucher] > 0
        elif event.why == "too-late":
            so = voucher.valid_through is not None and days_of(event.used_at)[1] > voucher.valid_through
        else:
            so = event.why == "another-outlet" and voucher.outlet != event.outlet
        if not so:
            yield "bad-refusal", event.voucher, f"refuses {event.voucher} as {event.why}, which it is not"
        yield from entries_differ(event.voucher, net, {})

    # --- outlets --------------------------------------------------------------------------------

    def was_stocked(self, event: e.GoodsStocked, net: Net) -> Flaws:
        """Check a delivery."""
        if event.quantity < 1:
            yield "bad-quantity", event.good, f"delivers {event.quantity}"
        self.stocked.add(f"good:{event.good}")
        outlet = next((account for account, *_ in net), "")
        due: Net = {(outlet, f"good:{event.good}", "shelf", ""): event.quantity}
        yield from entries_differ(event.good, net, due)

    def settled(self, event: e.OutletSettled, net: Net) -> Flaws:
        """Check that exactly what was collected since the last settlement is settled."""
        outlet = event.outlet
        goods, units = self.goods.pop(outlet, Counter()), self.redeemed.pop(outlet, Counter())
        if not goods:
            yield "nothing-to-settle", outlet, f"settles with {outlet}, where nothing was collected"
        if event.goods != goods or event.points != units.total():
            yield "wrong-settlement", outlet, f"settles {event.points} points where {units.total()} were collected"
        due: Net = {(outlet, unit, "settled", ""): points for unit, points in units.items()}
        due |= {("book:redeemed", unit, "", ""): -points for unit, points in units.items()}
        yield from entries_differ(outlet, net, due)


def _taken(account: str, net: Net) -> dict[tuple[str, str], int]:
    """Give what an event takes from posted lots of an account: unit and lot → points."""
    return {
        (unit, lot): -delta
        for (owner, unit, bucket, lot), delta in net.items()
        if owner == account and bucket == "posted" and delta < 0
    }


def _in_order(lots: Iterable[Lot], parts: Mapping[Any, int], then: Iterable[Lot] = ()) -> bool:
    """Say whether no lot is taken from while something is left in one before it."""
    left = False
    for lot in (*sorted(lots, key=Lot.order), *sorted(then, key=Lot.order)):
        part = parts.get((lot.unit, lot.id), parts.get(lot.id, 0))
        if part and left:
            return False
        left = left or part < lot.posted
    return True


def _lapse_is_due(event: e.RedemptionLapsed, voucher: _Voucher) -> Flaws:
    if not event.by.startswith("system:"):
        yield "clock-only", event.voucher, f"lets {event.voucher} lapse by {event.by}"
    if voucher.lapses_at is None or event.step_at < voucher.lapses_at or event.at < event.step_at:
        yield "too-early", event.voucher, f"lets {event.voucher} lapse before its time"
