"""What is true of the ledger now: awards, accounts, vouchers, stock, months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from gridgov.escalation import Deadline
from gridgov.points._events import Counted, Entry
from gridgov.proofs import digest

__all__ = [
    "Account",
    "Appeal",
    "Approved",
    "Award",
    "AwardFile",
    "Balance",
    "Claim",
    "Claimed",
    "Community",
    "Confirmed",
    "Expired",
    "Figures",
    "FreezeOn",
    "Household",
    "Lot",
    "Member",
    "Objected",
    "Objection",
    "Outlet",
    "PartlyReversed",
    "Period",
    "Periods",
    "Published",
    "Publishing",
    "Rejected",
    "Reversed",
    "Sitting",
    "Stock",
    "UnderReview",
    "Voided",
    "Voucher",
    "open_deadlines",
    "unsettled",
]


# --- awards -------------------------------------------------------------------------------------


@attrs.frozen
class Claim:
    """A deed at an occasion was claimed by this award."""

    award: str


@attrs.frozen(kw_only=True)
class Objection:
    """An objection that is not decided yet."""

    id: str
    by: str
    deadline: Deadline | None = None


@attrs.frozen(kw_only=True)
class Appeal:
    """An appeal that is not decided yet."""

    id: str
    by: str
    deadline: Deadline | None = None


@attrs.frozen(kw_only=True, slots=False)
class AwardFile:
    """What every state of an award knows.

    :param payee: the account that gets the points; :param source: the one that they come from.
    :param judges: everybody who has voted on it or decided about it.
    :param decided_at: when it was last decided on; :param appealed: whether that was appealed.
    :param compensates: the award that this one makes good; :param compensated_by: those that do so for it,
        with *compensated* points together.
    """

    id: str
    account: str
    payee: str
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
    source: str = "book:issued"
    judges: tuple[str, ...] = ()
    counted: tuple[Counted, ...] = ()
    community: str = ""
    reversed: int = 0
    expired: int = 0
    decided_at: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    appeal: Appeal | None = None
    appealed: bool = False
    compensates: str = ""
    compensated_by: tuple[str, ...] = ()
    compensated: int = 0
    only: tuple[str, ...] = ()


@attrs.frozen
class _WithFile:
    file: AwardFile


@attrs.frozen
class Claimed(_WithFile):
    """It waits for a sitting."""


@attrs.frozen
class UnderReview(_WithFile):
    """It stands on the agenda of a sitting."""

    sitting: str


@attrs.frozen
class Rejected(_WithFile):
    """A sitting gave nothing."""


@attrs.frozen
class Approved(_WithFile):
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
    hung_at: dt.datetime | None = None
    provisional: bool = False


@attrs.frozen
class Objected(_WithFile):
    """Somebody objected; it does not count before every objection is decided."""

    list: str
    window_ends_at: dt.datetime
    objections: tuple[Objection, ...]
    hung_at: dt.datetime | None = None
    provisional: bool = False


@attrs.frozen
class Voided(_WithFile):
    """An objection was upheld."""


@attrs.frozen
class Confirmed(_WithFile):
    """The points are the member's, in one lot."""


@attrs.frozen
class PartlyReversed(_WithFile):
    """A part was given by mistake and taken back."""


@attrs.frozen
class Reversed(_WithFile):
    """All of it was given by mistake and taken back."""


@attrs.frozen
class Expired(_WithFile):
    """What was left of its lot has reached its end."""


Award = (
    Claimed
    | UnderReview
    | Rejected
    | Approved
    | Publishing
    | Published
    | Objected
    | Voided
    | Confirmed
    | PartlyReversed
    | Reversed
    | Expired
)


def open_deadlines(award: Award) -> dict[str, Deadline]:
    """Give until when each objection and appeal that is open has to be decided, by its id."""
    open_: list[Objection | Appeal] = list(award.objections) if isinstance(award, Objected) else []
    open_ += [award.file.appeal] if award.file.appeal is not None else []
    return {each.id: each.deadline for each in open_ if each.deadline is not None}


def unsettled(award: Award) -> bool:
    """Say whether the award's window or a deadline of it rests on days that no notice has settled yet."""
    if any(deadline.unsettled for deadline in open_deadlines(award).values()):
        return True
    return isinstance(award, Published | Objected) and award.provisional


# --- accounts -----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Lot:
    """Points that came from one award.

    :param unit: the book that it was earned in.
    :param expires_on: its last day; :param expires_at: the end of that day, local time.
    :param posted: free to spend; :param held: set aside for redemptions; :param frozen: set aside by a freeze.
    :param only: the goods or outlets that it can be spent on; empty for all.
    """

    id: str
    unit: str
    earned_at: dt.datetime
    expires_on: dt.date | None
    expires_at: dt.datetime | None
    posted: int
    held: int = 0
    frozen: int = 0
    only: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class FreezeOn:
    """A freeze of the account, or of one lot or voucher of it."""

    id: str
    until_at: dt.datetime
    lot: str = ""
    voucher: str = ""


@attrs.frozen(kw_only=True)
class Member:
    """A person's time in a household; None for no end."""

    account: str
    household: str
    from_on: dt.date
    until_on: dt.date | None = None
    community: str = ""

    def covers(self, day: dt.date) -> bool:
        """Say whether the person belongs to it on a day."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


@attrs.frozen(kw_only=True, slots=False)
class Figures:
    """What moved on an account in a month and a book, until its line is written."""

    period: str
    unit: str
    earned: Mapping[str, int] = attrs.field(factory=dict)
    moved: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    donated: int = 0
    debt: int = 0


@attrs.frozen(kw_only=True)
class Balance:
    """The buckets of an account in one book, or in all of them.

    :param posted: everything that is confirmed and there: free, held or frozen.
    :param debt: what is owed, zero or above.
    """

    pending: int = 0
    posted: int = 0
    held: int = 0
    frozen: int = 0
    debt: int = 0

    @property
    def available(self) -> int:
        """What can be spent: the one function that says so."""
        return self.posted - self.held - self.frozen


@attrs.frozen(kw_only=True, slots=False)
class Account:
    """A member's account.

    :param pendings: unit → points that are approved and not confirmed.
    :param debts: unit → what is owed, zero or below.
    :param counted: ``deed:window`` → points that count against a cap, asked for ones included.
    :param earned: month → points confirmed for deeds of that month.
    :param taken: good (and window) → how many were taken or set aside.
    :param expiries: how many lots have expired so far.
    :param closed: why nobody earns on it any more; :param heir: who gets what comes later.
    :param shows_name: whether lists may show the full name.
    :param figures: what moved in months that have no line yet; :param closings: unit → closing
        balance and debt of the newest line; :param thanked: month → points earned and not reversed, from written lines.
    :param written: the newest month whose line was written; :param leagues: a quarter's last month → the
        leagues that the account stood in then.
    """

    id: str
    pendings: Mapping[str, int] = attrs.field(factory=dict)
    debts: Mapping[str, int] = attrs.field(factory=dict)
    lots: tuple[Lot, ...] = ()
    counted: Mapping[str, int] = attrs.field(factory=dict)
    earned: Mapping[str, int] = attrs.field(factory=dict)
    taken: Mapping[str, int] = attrs.field(factory=dict)
    expiries: int = 0
    freezes: tuple[FreezeOn, ...] = ()
    households: tuple[Member, ...] = ()
    closed: str = ""
    heir: str = ""
    shows_name: bool = False
    figures: tuple[Figures, ...] = ()
    closings: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)
    thanked: Mapping[str, int] = attrs.field(factory=dict)
    written: str = ""
    leagues: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)

    def balance(self, unit: str = "") -> Balance:
        """Give the buckets in one book, or in all books together."""
        lots = [lot for lot in self.lots if not unit or lot.unit == unit]
        held = sum(lot.held for lot in lots)
        frozen = sum(lot.frozen for lot in lots)
        return Balance(
            pending=self.pendings.get(unit, 0) if unit else self.pending,
            posted=sum(lot.posted for lot in lots) + held + frozen,
            held=held,
            frozen=frozen,
            debt=-self.debts.get(unit, 0) if unit else self.debt,
        )

    @property
    def available(self) -> int:
        """What can be spent now, in all books together."""
        return self.balance().available

    @property
    def held(self) -> int:
        """What is set aside for redemptions under way."""
        return sum(lot.held for lot in self.lots)

    @property
    def pending(self) -> int:
        """What is approved and not confirmed, in all books together."""
        return sum(self.pendings.values())

    @property
    def debt(self) -> int:
        """What is owed, in all books together; zero or above."""
        return -sum(self.debts.values())

    @property
    def is_frozen(self) -> bool:
        """Whether the whole account is frozen."""
        return any(not freeze.lot and not freeze.voucher for freeze in self.freezes)

    def freezes_of(self, lot: str) -> tuple[str, ...]:
        """Give the freezes that hold a lot: its own and those of the account."""
        return tuple(freeze.id for freeze in self.freezes if not freeze.voucher and freeze.lot in ("", lot))

    def lot(self, id: str) -> Lot | None:  # noqa: A002 - the field's word
        """Give a lot in which something is left."""
        return next((lot for lot in self.lots if lot.id == id), None)

    def household_on(self, day: dt.date) -> str:
        """Give the household on a day, empty where there is none."""
        return next((each.household for each in self.households if each.covers(day)), "")


@attrs.frozen(kw_only=True, slots=False)
class Household:
    """A household: who belonged to it when, and what it counts against its limits."""

    id: str
    members: tuple[Member, ...] = ()
    community: str = ""
    merged_into: str = ""
    counted: Mapping[str, int] = attrs.field(factory=dict)
    taken: Mapping[str, int] = attrs.field(factory=dict)

    def members_on(self, day: dt.date) -> tuple[str, ...]:
        """Give who belongs to it on a day."""
        return tuple(member.account for member in self.members if member.covers(day))


@attrs.frozen(kw_only=True)
class Community:
    """An issuing community: unit → what is left of its budget, and what counts against its caps."""

    code: str
    budgets: Mapping[str, int] = attrs.field(factory=dict)
    counted: Mapping[str, int] = attrs.field(factory=dict)


# --- the panel, goods, months -------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Sitting:
    """A sitting of the panel: its agenda, and whether it was held."""

    id: str
    awards: tuple[str, ...]
    held: bool = False


@attrs.frozen(kw_only=True, slots=False)
class Stock:
    """Goods of one kind: outlet → how many are on its shelf; and how many are set aside for vouchers.

    :param unsettled: handed over and not settled yet, with *unsettled_points* for it: of what was stored before
        outlets kept that themselves.
    """

    good: str
    shelves: Mapping[str, int] = attrs.field(factory=dict)
    reserved: int = 0
    unsettled: int = 0
    unsettled_points: Mapping[str, int] = attrs.field(factory=dict)

    @property
    def shelf(self) -> int:
        """How many are on all shelves together."""
        return sum(self.shelves.values())


@attrs.frozen(kw_only=True)
class Outlet:
    """An outlet: good → how many were collected there and are not settled, unit → points for it, and points settled."""

    id: str
    goods: Mapping[str, int] = attrs.field(factory=dict)
    points: Mapping[str, int] = attrs.field(factory=dict)
    settled: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Voucher:
    """A redemption: ``reserved``, then ``collected``, ``canceled`` or ``lapsed``.

    :param entries: what was booked when it was reserved; cancelling turns it round.
    :param valid_through: its last day; :param lapses_at: when it is given up.
    :param frozen_by: the freezes that hold it.
    """

    id: str
    account: str
    good: str
    outlet: str
    quantity: int
    points: int
    state: str
    entries: tuple[Entry, ...]
    household: str = ""
    window: str = ""
    valid_through: dt.date | None = None
    lapses_at: dt.datetime | None = None
    frozen_by: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Periods:
    """How far the months have come.

    :param first: the first month that was closed.
    :param closed: the newest month that nothing can be booked into; :param sealed: and whose lines
        are all written; :param published: and which hangs on the board, with its *root*.
    """

    first: str = ""
    closed: str = ""
    sealed: str = ""
    published: str = ""
    root: str = ""


@attrs.frozen(kw_only=True)
class Period:
    """A closed month while its lines are written, and after.

    :param totals: at a quarter's end: league → points → how many have so many in the quarter.
    """

    month: str
    lines: int = 0
    closing: Mapping[str, int] = attrs.field(factory=dict)
    digests: tuple[str, ...] = ()
    sealed: bool = False
    totals: Mapping[str, Mapping[int, int]] = attrs.field(factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of the pages, in order."""
        return digest("".join(self.digests).encode())
