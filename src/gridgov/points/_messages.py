"""What can be asked of the ledger, and what can have happened in it. Stored for ever."""

from __future__ import annotations

import datetime as dt

import attrs

from gridgov.decider import private
from gridgov.proofs import Sealed

__all__ = [
    "AwardAmended",
    "AwardConfirmed",
    "AwardEvent",
    "AwardObjected",
    "AwardObjectionDismissed",
    "AwardProposed",
    "AwardReviewed",
    "AwardVoided",
    "AwardsPublished",
    "CancelRedemption",
    "CollectVoucher",
    "ConfirmAward",
    "ConfirmPublication",
    "DecideAwardObjection",
    "Entry",
    "ExpireLot",
    "GoodsStocked",
    "HoldSitting",
    "Judgment",
    "LotExpired",
    "ObjectToAward",
    "PointsEvent",
    "ProposeAward",
    "PublicationConfirmed",
    "PublishAwards",
    "Redeem",
    "RedemptionCanceled",
    "RedemptionCollected",
    "RedemptionReserved",
    "StockGoods",
]


@attrs.frozen(kw_only=True)
class ProposeAward:
    """Propose points for a deed. The command's id becomes the award's id.

    :param account: who did it (``"worker:..."`` ids as in the roster, ``"resident:..."``).
    :param deed: the id of a deed; :param on: the day of the deed.
    :param occasion: what it was done at (a case, a meeting): one claim per account, deed and occasion.
    """

    account: str
    deed: str
    on: dt.date
    occasion: str
    note: str = private("points")


@attrs.frozen(kw_only=True)
class Judgment:
    """What a sitting said to one award: the points given, and who voted how."""

    award: str
    points: int
    in_favor: tuple[str, ...]
    against: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class HoldSitting:
    """The review panel decides over a list of proposals (积分评议)."""

    present: tuple[str, ...]
    judgments: tuple[Judgment, ...]


@attrs.frozen(kw_only=True)
class PublishAwards:
    """Put approved awards on the board for everybody to see. The command's id becomes the list's id."""

    awards: tuple[str, ...]


@attrs.frozen
class ConfirmPublication:
    """The list hangs; only now the window for objections starts.

    :param channel: where it hangs; :param receipt: the channel's proof.
    """

    list: str
    channel: str = attrs.field(kw_only=True)
    receipt: str = attrs.field(kw_only=True)


@attrs.frozen
class ObjectToAward:
    """Somebody objects to a published award."""

    award: str
    reason: str = private("points")


@attrs.frozen
class DecideAwardObjection:
    """A member of the panel who has not judged the award decides the objection.

    :param outcome: ``dismissed``, ``amended`` (to *points*), or ``voided``.
    """

    award: str
    outcome: str = attrs.field(kw_only=True)
    points: int = attrs.field(default=0, kw_only=True)
    reason: str = private("points")


@attrs.frozen
class ConfirmAward:
    """The clock asks: the window is over."""

    award: str
    due_at: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen
class ExpireLot:
    """The clock asks: a lot has reached its end."""

    account: str
    lot: str = attrs.field(kw_only=True)
    due_at: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen
class StockGoods:
    """An outlet puts goods on the shelf."""

    good: str
    quantity: int = attrs.field(kw_only=True)


@attrs.frozen(kw_only=True)
class Redeem:
    """Take goods for points. The command's id becomes the voucher's id."""

    account: str
    good: str
    quantity: int = 1


@attrs.frozen
class CollectVoucher:
    """The outlet hands the goods over."""

    voucher: str


@attrs.frozen
class CancelRedemption:
    """Give the points back, each to the lot it came from."""

    voucher: str
    reason: str = private("points")


@attrs.frozen(kw_only=True)
class Entry:
    """One line of the ledger.

    :param account: a member, or the book's own (``book:issued``, ``book:redeemed``, ``book:expired``).
    :param unit: the book, or ``good:ID``.
    :param bucket: ``pending``, ``posted``, ``held``; ``shelf``, ``reserved`` for goods.
    :param lot: the award that the points came from, empty where there is none.
    """

    account: str
    unit: str
    bucket: str
    delta: int
    lot: str = ""


@attrs.frozen(kw_only=True)
class PointsEvent:
    """What every event of the ledger says; the sum of *entries* is zero for each unit."""

    at: dt.datetime
    by: str
    entries: tuple[Entry, ...] = ()


@attrs.frozen(kw_only=True)
class AwardEvent(PointsEvent):
    """What every event of one award says.

    :param month: of the deed, ``"2026-09"``, for caps and rankings.
    """

    award: str
    account: str
    deed: str
    month: str


@attrs.frozen(kw_only=True)
class AwardProposed(AwardEvent):
    """Points were asked for."""

    asked: int
    category: str
    on: dt.date
    occasion: str
    note: Sealed | None = None


@attrs.frozen(kw_only=True)
class AwardReviewed(AwardEvent):
    """A sitting decided; *given* is 0 where it rejected.

    :param sitting: the id of the sitting; :param present: who sat.
    :param unit: the book that the points belong to.
    """

    sitting: str
    asked: int
    given: int
    unit: str
    present: tuple[str, ...]
    in_favor: tuple[str, ...]
    against: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AwardsPublished(PointsEvent):
    """A list of awards was handed to the board."""

    list: str
    awards: tuple[str, ...]


@attrs.frozen(kw_only=True)
class PublicationConfirmed(PointsEvent):
    """The list hangs; objections are open until *window_ends_at*."""

    list: str
    awards: tuple[str, ...]
    channel: str
    receipt: str
    window_ends_at: dt.datetime


@attrs.frozen(kw_only=True)
class AwardObjected(AwardEvent):
    """Somebody objected; the award waits."""

    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class AwardObjectionDismissed(AwardEvent):
    """The objection was heard and dismissed; *confirm_at* is when the award counts."""

    confirm_at: dt.datetime
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class AwardAmended(AwardEvent):
    """The objection was heard and the points were changed."""

    before: int
    given: int
    confirm_at: dt.datetime
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class AwardVoided(AwardEvent):
    """The objection was heard and upheld: the award never counts."""

    before: int
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class AwardConfirmed(AwardEvent):
    """The window passed; the points are the member's, in a lot named after the award."""

    given: int
    step_at: dt.datetime
    unit: str
    expires_on: dt.date | None = None
    expires_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class LotExpired(PointsEvent):
    """What was left in a lot ended at its announced date."""

    account: str
    lot: str
    expired: int
    step_at: dt.datetime


@attrs.frozen(kw_only=True)
class GoodsStocked(PointsEvent):
    """Goods were put on the shelf."""

    good: str
    quantity: int


@attrs.frozen(kw_only=True)
class RedemptionEvent(PointsEvent):
    """What every event of one redemption says."""

    voucher: str
    account: str
    good: str
    outlet: str
    quantity: int
    points: int


@attrs.frozen(kw_only=True)
class RedemptionReserved(RedemptionEvent):
    """Points are held and goods are set aside, in one step."""


@attrs.frozen(kw_only=True)
class RedemptionCollected(RedemptionEvent):
    """The goods were handed over."""


@attrs.frozen(kw_only=True)
class RedemptionCanceled(RedemptionEvent):
    """The points went back to their lots, the goods to the shelf."""

    reason: Sealed | None = None
