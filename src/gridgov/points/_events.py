"""What can have happened in the ledger. Stored for ever."""

from __future__ import annotations

import datetime as dt

import attrs

from gridgov.escalation import Deadline
from gridgov.points._commands import RollRow
from gridgov.proofs import Sealed

__all__ = [
    "AccountClosed",
    "AppealDismissed",
    "AppealUpheld",
    "AwardAmended",
    "AwardAppealed",
    "AwardConfirmed",
    "AwardDeadlinesReviewed",
    "AwardEvent",
    "AwardObjected",
    "AwardObjectionDismissed",
    "AwardPressed",
    "AwardProposed",
    "AwardReversed",
    "AwardReviewed",
    "AwardVoided",
    "AwardsPublished",
    "BudgetAllotted",
    "Counted",
    "Entry",
    "Frozen",
    "GoodsStocked",
    "HouseholdJoined",
    "HouseholdLeft",
    "HouseholdsMerged",
    "LotEnd",
    "LotExpired",
    "LotMoved",
    "NameConsented",
    "OfflineUseRefused",
    "OutletSettled",
    "PeriodClosed",
    "PeriodLine",
    "PeriodPublished",
    "PeriodSealed",
    "PointsDonated",
    "PointsEvent",
    "PublicationConfirmed",
    "RedemptionCanceled",
    "RedemptionCollected",
    "RedemptionEvent",
    "RedemptionLapsed",
    "RedemptionReserved",
    "Released",
    "RollPublished",
    "SittingCalled",
    "SittingHeld",
    "StatementsClosed",
]


@attrs.frozen(kw_only=True)
class Entry:
    """One line of the ledger.

    :param account: a member, an outlet, a community, or the book's own (``book:issued``,
        ``book:redeemed``, ``book:expired``, ``book:reversed``, ``book:donated``).
    :param unit: the book, ``good:ID``, or ``voucher:GOOD``.
    :param bucket: of points ``pending``, ``posted``, ``held``, ``frozen``, ``debt`` (below zero: owed);
        of goods ``shelf``, ``reserved``; of a community ``budget``; of vouchers ``open``.
    :param lot: the award that the points came from, empty where there is none.
    """

    account: str
    unit: str
    bucket: str
    delta: int
    lot: str = ""


@attrs.frozen(kw_only=True)
class Counted:
    """A limit that an award counts against.

    :param subject: ``account:...``, ``household:...`` or ``community:...``.
    :param key: deed and window (``"help:2026-W36"``), or deed and day for a cool-down (``"help@2026-09-04"``).
    """

    subject: str
    key: str


@attrs.frozen(kw_only=True)
class LotMoved:
    """A lot that went to another account, with everything that it brings along."""

    lot: str
    unit: str
    earned_at: dt.datetime
    expires_on: dt.date | None = None
    expires_at: dt.datetime | None = None
    only: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class LotEnd:
    """The new end of a lot to which points came back."""

    lot: str
    expires_on: dt.date
    expires_at: dt.datetime


@attrs.frozen(kw_only=True)
class PointsEvent:
    """What every event of the ledger says; the sum of *entries* is zero for each unit.

    :param period: the month that it is booked in, ``"2026-09"``; empty in what was stored before
        months were closed, which is booked in the month of *at*.
    :param rule: what gave the figures: a deed, a good, or the name of a rule; :param version: digest
        of the scheme in force.
    """

    at: dt.datetime
    by: str
    entries: tuple[Entry, ...] = ()
    period: str = ""
    rule: str = ""
    version: str = ""


# --- awards -------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class AwardEvent(PointsEvent):
    """What every event of one award says.

    :param month: of the deed, ``"2026-09"``, for caps and rankings.
    :param payee: the account that gets the points, where it is not *account*: the household's pool.
    :param counted: the limits it counts against, besides the account's own month.
    """

    award: str
    account: str
    deed: str
    month: str
    payee: str = ""
    counted: tuple[Counted, ...] = ()


@attrs.frozen(kw_only=True)
class AwardProposed(AwardEvent):
    """Points were asked for, by the scheme of the deed's day.

    :param unit: the book that they will belong to; :param only: what they can be spent on, empty for all.
    """

    asked: int
    category: str
    on: dt.date
    occasion: str
    note: Sealed | None = None
    count: int = 1
    evidence: tuple[str, ...] = ()
    community: str = ""
    household: str = ""
    unit: str = ""
    only: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SittingCalled(PointsEvent):
    """Claims stand on the agenda of a sitting."""

    sitting: str
    awards: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AwardReviewed(AwardEvent):
    """A sitting decided; *given* is 0 where it rejected.

    :param sitting: the id of the sitting; :param present: who sat.
    :param unit: the book that the points belong to; :param source: the account that they came from.
    """

    sitting: str
    asked: int
    given: int
    unit: str
    present: tuple[str, ...]
    in_favor: tuple[str, ...]
    against: tuple[str, ...]
    source: str = "book:issued"


@attrs.frozen(kw_only=True)
class SittingHeld(PointsEvent):
    """A sitting was held.

    :param minutes_digest: SHA-256 of the canonical decisions: who sat, and every judgment.
    :param minutes: what binds to the text of the minutes.
    """

    sitting: str
    present: tuple[str, ...]
    awards: tuple[str, ...]
    minutes_digest: str
    minutes: Sealed | None = None


@attrs.frozen(kw_only=True)
class AwardsPublished(PointsEvent):
    """A list of awards was handed to the board.

    :param full_names: the accounts whose full name may stand in it; all others are masked.
    """

    list: str
    awards: tuple[str, ...]
    full_names: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class PublicationConfirmed(PointsEvent):
    """The list hangs; objections are open until *window_ends_at*.

    :param provisional: that rests on days that no notice has settled yet.
    """

    list: str
    awards: tuple[str, ...]
    channel: str
    receipt: str
    window_ends_at: dt.datetime
    provisional: bool = False


@attrs.frozen(kw_only=True)
class AwardObjected(AwardEvent):
    """Somebody objected; the award waits.

    :param deadline: until when it has to be decided, and who is pressed if it is not.
    """

    reason: Sealed | None = None
    objection: str = ""
    deadline: Deadline | None = None


@attrs.frozen(kw_only=True)
class AwardPressed(AwardEvent):
    """The time to decide an objection or an appeal is running out, or has: the next rung is told.

    :param matter: the objection's id, or ``appeal``; :param kind: ``warn``, ``red`` or ``climb``.
    :param target: who is pressed, as the ladder names it.
    """

    matter: str
    kind: str
    target: str
    step_at: dt.datetime
    deadline: Deadline


@attrs.frozen(kw_only=True)
class AwardDeadlinesReviewed(AwardEvent):
    """A notice about holidays came: the window, or the time to decide something, ends at another instant.

    :param window_ends_at: when it ends now, None where no window runs.
    :param deadlines: objection or appeal → its deadline.
    """

    window_ends_at: dt.datetime | None = None
    confirm_at: dt.datetime | None = None
    provisional: bool = False
    deadlines: dict[str, Deadline] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class AwardObjectionDismissed(AwardEvent):
    """The objection was heard and dismissed; *confirm_at* is when the award counts."""

    confirm_at: dt.datetime
    reason: Sealed | None = None
    objection: str = ""


@attrs.frozen(kw_only=True)
class AwardAmended(AwardEvent):
    """The objection was heard and the points were changed."""

    before: int
    given: int
    confirm_at: dt.datetime
    reason: Sealed | None = None
    objection: str = ""


@attrs.frozen(kw_only=True)
class AwardVoided(AwardEvent):
    """The objection was heard and upheld: the award never counts."""

    before: int
    reason: Sealed | None = None
    objection: str = ""


@attrs.frozen(kw_only=True)
class AwardConfirmed(AwardEvent):
    """The window passed; the points are the member's, in one lot named after the award.

    :param only: the goods or outlets that the lot can be spent on; empty for all.
    """

    given: int
    step_at: dt.datetime
    unit: str
    expires_on: dt.date | None = None
    expires_at: dt.datetime | None = None
    category: str = ""
    only: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class AwardReversed(AwardEvent):
    """What was given by mistake was taken back: from its own lot, then others, the rest as debt."""

    points: int
    ground: str
    unit: str
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class AwardAppealed(AwardEvent):
    """Whoever the award is about asked for another look."""

    appeal: str
    deadline: Deadline | None = None
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class AppealDismissed(AwardEvent):
    """The appeal was heard and dismissed."""

    appeal: str
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class AppealUpheld(AwardEvent):
    """The appeal was heard and upheld: a compensating award, which is published like any other.

    :param award: the one that was appealed; :param compensation: the id of the new one.
    """

    appeal: str
    compensation: str
    points: int
    unit: str
    category: str
    on: dt.date
    source: str = "book:issued"
    community: str = ""
    only: tuple[str, ...] = ()
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class LotExpired(PointsEvent):
    """What was left in a lot ended at its announced date.

    :param award: the award that the lot came from; empty in what was stored before it was named.
    """

    account: str
    lot: str
    expired: int
    step_at: dt.datetime
    award: str = ""


# --- accounts -----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class HouseholdJoined(PointsEvent):
    """A person belongs to a household."""

    account: str
    household: str
    from_on: dt.date
    community: str = ""


@attrs.frozen(kw_only=True)
class HouseholdLeft(PointsEvent):
    """A person belonged to a household up to a day."""

    account: str
    household: str
    until_on: dt.date


@attrs.frozen(kw_only=True)
class HouseholdsMerged(PointsEvent):
    """A household became part of another."""

    household: str
    into: str
    on: dt.date
    members: tuple[str, ...]
    community: str = ""
    lots: tuple[LotMoved, ...] = ()


@attrs.frozen(kw_only=True)
class AccountClosed(PointsEvent):
    """Nobody earns on the account any more."""

    account: str
    cause: str
    to: str = ""
    lots: tuple[LotMoved, ...] = ()


@attrs.frozen(kw_only=True)
class NameConsented(PointsEvent):
    """A member agreed that lists show their full name, or withdrew that."""

    account: str
    agrees: bool


@attrs.frozen(kw_only=True)
class Frozen(PointsEvent):
    """Nothing of an account, a lot or a voucher can be spent for now."""

    freeze: str
    account: str
    authority: str
    until_on: dt.date
    until_at: dt.datetime
    lot: str = ""
    voucher: str = ""
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class Released(PointsEvent):
    """A freeze ended."""

    freeze: str
    account: str
    lot: str = ""
    voucher: str = ""
    reason: Sealed | None = None
    ends: tuple[LotEnd, ...] = ()


@attrs.frozen(kw_only=True)
class BudgetAllotted(PointsEvent):
    """A community has points to award from."""

    community: str
    points: int


# --- goods --------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class GoodsStocked(PointsEvent):
    """Goods were put on the shelf."""

    good: str
    quantity: int


@attrs.frozen(kw_only=True)
class RedemptionEvent(PointsEvent):
    """What every event of one redemption says.

    :param household: whose limit it counts against; :param window: and in which window, empty for ever.
    """

    voucher: str
    account: str
    good: str
    outlet: str
    quantity: int
    points: int
    household: str = ""
    window: str = ""


@attrs.frozen(kw_only=True)
class RedemptionReserved(RedemptionEvent):
    """Points are held, goods are set aside and a voucher is issued, in one step.

    :param valid_through: the voucher's last day; :param lapses_at: when it is given up.
    """

    valid_through: dt.date | None = None
    lapses_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class RedemptionCollected(RedemptionEvent):
    """The goods were handed over; *used_at* where that was without network."""

    used_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class RedemptionCanceled(RedemptionEvent):
    """The points went back to their lots, the goods to the shelf."""

    reason: Sealed | None = None
    ends: tuple[LotEnd, ...] = ()


@attrs.frozen(kw_only=True)
class RedemptionLapsed(RedemptionEvent):
    """Nobody came for it: the points went back to their lots, the goods to the shelf."""

    step_at: dt.datetime
    ends: tuple[LotEnd, ...] = ()


@attrs.frozen(kw_only=True)
class OfflineUseRefused(PointsEvent):
    """An outlet took a voucher without network that it should not have taken.

    :param why: ``unknown``, ``used-already``, ``canceled``, ``lapsed``, ``frozen``, ``too-late``,
        ``in-the-future`` or ``another-outlet``.
    """

    outlet: str
    voucher: str
    used_at: dt.datetime
    why: str


@attrs.frozen(kw_only=True)
class PointsDonated(PointsEvent):
    """A member gave points away for a cause."""

    account: str
    points: int
    cause: str


@attrs.frozen(kw_only=True)
class OutletSettled(PointsEvent):
    """What was collected at an outlet was settled.

    :param goods: good → how many; :param points: for all of them together.
    """

    outlet: str
    goods: dict[str, int]
    points: int


# --- periods ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class PeriodLine:
    """The month of one account in one book: closing = opening + earned + moved - spent - expired - reversed - donated.

    :param earned: category → points; :param moved: what came from another account, below zero what went.
    :param debt: what is owed at the end, contained in *closing*, zero or above.
    :param next_on: when the next points end, as of the instant at which the line was written; :param next_points: how
        many. Everything else is as of the month's end.
    """

    account: str
    unit: str
    opening: int
    closing: int
    earned: dict[str, int] = attrs.field(factory=dict)
    moved: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    donated: int = 0
    debt: int = 0
    next_on: dt.date | None = None
    next_points: int = 0

    @property
    def thanked(self) -> int:
        """What counts on a roll: earned, and not reversed."""
        return sum(self.earned.values()) - self.reversed


@attrs.frozen(kw_only=True)
class PeriodClosed(PointsEvent):
    """Nothing can be booked into a month any more."""

    month: str


@attrs.frozen(kw_only=True)
class StatementsClosed(PointsEvent):
    """The month's lines of some accounts.

    :param accounts: those that were asked about; :param digest: SHA-256 of the canonical lines.
    :param totals: at a quarter's end: league → points thanked for in the quarter → how many accounts of the
        page have so many; what the ranks of its roll follow from; :param leagues: league → who stood in it then.
    """

    month: str
    accounts: tuple[str, ...]
    lines: tuple[PeriodLine, ...]
    digest: str
    totals: dict[str, dict[str, int]] = attrs.field(factory=dict)
    leagues: dict[str, tuple[str, ...]] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class PeriodSealed(PointsEvent):
    """All lines of a month are written.

    :param lines: how many; :param closing: unit → sum of all closing balances.
    :param digest: SHA-256 over the digests of the pages, in order.
    """

    month: str
    lines: int
    closing: dict[str, int]
    digest: str


@attrs.frozen(kw_only=True)
class PeriodPublished(PointsEvent):
    """A sealed month hangs on the board; see :class:`~gridgov.points.PublishPeriod`."""

    month: str
    root: str
    size: int
    previous: str
    head: str
    position: int
    channel: str
    receipt: str
    key: str = ""
    signature: str = ""


@attrs.frozen(kw_only=True)
class RollPublished(PointsEvent):
    """The roll of a quarter hangs on the board."""

    quarter: str
    league: str
    rows: tuple[RollRow, ...]
    channel: str
    receipt: str
