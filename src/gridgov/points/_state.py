"""What is true of the ledger now: awards, accounts, vouchers, stock."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import attrs

from gridgov.errors import Finding
from gridgov.points._messages import Entry, PointsEvent

__all__ = [
    "Account",
    "Award",
    "Claim",
    "Confirmed",
    "Lot",
    "Objected",
    "Proposed",
    "Published",
    "Publishing",
    "Rejected",
    "Reviewed",
    "Stock",
    "Voided",
    "Voucher",
    "audit",
]


@attrs.frozen
class Claim:
    """A deed at an occasion was claimed by this award."""

    award: str


@attrs.frozen(kw_only=True)
class AwardFile:
    """What every state of an award knows."""

    id: str
    account: str
    deed: str
    category: str
    month: str
    on: dt.date
    occasion: str
    proposed_by: str
    asked: int
    changed_at: dt.datetime
    given: int = 0
    unit: str = ""
    judges: tuple[str, ...] = ()


@attrs.frozen
class _WithFile:
    file: AwardFile


@attrs.frozen
class Proposed(_WithFile):
    """It waits for a sitting."""


@attrs.frozen
class Rejected(_WithFile):
    """A sitting gave nothing."""


@attrs.frozen
class Reviewed(_WithFile):
    """A sitting gave points; they are pending until the award was published long enough."""


@attrs.frozen
class Publishing(_WithFile):
    """It was handed to the board, which has not confirmed yet; no window runs."""

    list: str


@attrs.frozen
class Published(_WithFile):
    """It hangs; if nobody objects it counts at *confirm_at*."""

    list: str
    window_ends_at: dt.datetime
    confirm_at: dt.datetime


@attrs.frozen
class Objected(_WithFile):
    """Somebody objected; it does not count before that is decided."""

    list: str
    window_ends_at: dt.datetime
    objected_by: str


@attrs.frozen
class Voided(_WithFile):
    """An objection was upheld."""


@attrs.frozen
class Confirmed(_WithFile):
    """The points are the member's."""

    confirmed_at: dt.datetime


Award = Proposed | Rejected | Reviewed | Publishing | Published | Objected | Voided | Confirmed


@attrs.frozen(kw_only=True)
class Lot:
    """Points that came from one award.

    :param unit: the book that it was earned in.
    :param expires_on: its last day; :param expires_at: the end of that day, local time.
    :param posted: free to spend; :param held: set aside for redemptions under way.
    """

    id: str
    unit: str
    earned_at: dt.datetime
    expires_on: dt.date | None
    expires_at: dt.datetime | None
    posted: int
    held: int = 0


@attrs.frozen(kw_only=True)
class Account:
    """A member's account.

    :param counted: ``deed:month`` → points that count against the cap, asked for ones included.
    :param earned: month → points confirmed for deeds of that month.
    :param taken: good → how many were taken or set aside.
    :param expiries: how many lots have expired so far.
    """

    id: str
    pending: int = 0
    lots: tuple[Lot, ...] = ()
    counted: Mapping[str, int] = attrs.field(factory=dict)
    earned: Mapping[str, int] = attrs.field(factory=dict)
    taken: Mapping[str, int] = attrs.field(factory=dict)
    expiries: int = 0

    @property
    def available(self) -> int:
        """What can be spent now: the one function that says so."""
        return sum(lot.posted for lot in self.lots)

    @property
    def held(self) -> int:
        """What is set aside for redemptions under way."""
        return sum(lot.held for lot in self.lots)


@attrs.frozen(kw_only=True)
class Stock:
    """Goods of one kind: on the shelf, and set aside for vouchers."""

    good: str
    shelf: int = 0
    reserved: int = 0


@attrs.frozen(kw_only=True)
class Voucher:
    """A redemption: ``reserved``, then ``collected`` or ``canceled``."""

    id: str
    account: str
    good: str
    outlet: str
    quantity: int
    points: int
    state: str
    entries: tuple[Entry, ...]


def audit(events: Iterable[PointsEvent]) -> Iterator[Finding]:
    """Give every promise that the events break, from the events alone, the first one first.

    Looked at: each event sums to zero in each unit; no member's bucket and no shelf goes below
    zero; nothing is confirmed before its window is over or while an objection is open.
    """
    balances: Counter[tuple[str, str, str, str]] = Counter()
    windows: dict[str, dt.datetime] = {}
    for number, event in enumerate(events, start=1):
        name = f"event {number} ({type(event).__name__})"
        sums: Counter[str] = Counter()
        for entry in event.entries:
            sums[entry.unit] += entry.delta
            key = (entry.account, entry.unit, entry.bucket, entry.lot)
            balances[key] += entry.delta
            if balances[key] < 0 and not entry.account.startswith("book:"):
                yield _broken("below-zero", entry.account, f"{name} takes {entry.bucket} of {entry.account} below zero")
        for unit, total in sums.items():
            if total:
                yield _broken("not-zero", unit, f"{name} does not sum to zero in {unit}: {total:+}")
        yield from _check_window(name, event, windows)


def _check_window(name: str, event: PointsEvent, windows: dict[str, dt.datetime]) -> Iterator[Finding]:
    from gridgov.points import _messages as m

    match event:
        case m.PublicationConfirmed():
            windows.update(dict.fromkeys(event.awards, event.window_ends_at))
        case m.AwardObjected():
            windows.pop(event.award, None)
        case m.AwardObjectionDismissed() | m.AwardAmended():
            windows[event.award] = event.confirm_at
        case m.AwardConfirmed():
            ends_at = windows.get(event.award)
            if ends_at is None or event.at < ends_at:
                yield _broken("too-early", event.award, f"{name} confirms {event.award} before its window is over")
        case _:
            pass


def _broken(code: str, subject: str, message: str) -> Finding:
    return Finding(code=f"points.{code}", subject=subject, message=message)
