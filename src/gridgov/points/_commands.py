"""What can be asked of the ledger."""

from __future__ import annotations

import datetime as dt

import attrs

from gridgov.decider import private

__all__ = [
    "AllotBudget",
    "AppealAward",
    "CallSitting",
    "CancelRedemption",
    "CloseAccount",
    "ClosePeriod",
    "CloseStatements",
    "CollectVoucher",
    "ConfirmAward",
    "ConfirmPublication",
    "ConsentToName",
    "DecideAppeal",
    "DecideAwardObjection",
    "DonatePoints",
    "EndFreeze",
    "ExpireLot",
    "Freeze",
    "HoldSitting",
    "JoinHousehold",
    "Judgment",
    "LapseVoucher",
    "LeaveHousehold",
    "MergeHouseholds",
    "ObjectToAward",
    "OfflineUse",
    "PressAward",
    "ProposeAward",
    "ProposeAwards",
    "PublishAwards",
    "PublishPeriod",
    "PublishRoll",
    "Redeem",
    "Release",
    "ReportOfflineUses",
    "ReverseAward",
    "ReviewAward",
    "RollRow",
    "SealPeriod",
    "SettleOutlet",
    "StockGoods",
]


# --- awards -------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ProposeAward:
    """Propose points for a deed. The command's id becomes the award's id.

    :param account: who did it: ``resident:...``, a worker of the roster, ``household:...``, or an
        organization; the scheme says which of them a deed is for.
    :param deed: the id of a deed; :param on: the day of the deed, whose scheme decides.
    :param occasion: what it was done at (a case, a meeting): one claim per account, deed and occasion.
    :param count: how many times the deed's unit (hours, visits).
    :param evidence: ``KIND:REFERENCE`` for each kind that the scheme asks for.
    :param place: where it was done; gives the community whose cap and budget count.
    """

    account: str
    deed: str
    on: dt.date
    occasion: str
    count: int = 1
    evidence: tuple[str, ...] = ()
    place: str = ""
    note: str = private("points")


@attrs.frozen(kw_only=True)
class ProposeAwards:
    """Propose one deed for everybody on a list: a meeting attended, a round of visits.

    All of them or none. The awards' ids are the command's id with the place in the list, ``ID/1`` first.
    """

    accounts: tuple[str, ...]
    deed: str
    on: dt.date
    occasion: str
    count: int = 1
    evidence: tuple[str, ...] = ()
    place: str = ""


@attrs.frozen(kw_only=True)
class CallSitting:
    """Put claims on the agenda of the panel's next sitting. The command's id becomes the sitting's id."""

    awards: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Judgment:
    """What a sitting said to one award: the points given, and who voted how."""

    award: str
    points: int
    in_favor: tuple[str, ...]
    against: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class HoldSitting:
    """The review panel decides over a list of proposals (积分评议).

    :param sitting: the sitting that was called; empty for one that was not, over claims on no agenda.
    :param minutes: the text of the minutes; the event holds what binds to it.
    """

    present: tuple[str, ...]
    judgments: tuple[Judgment, ...]
    sitting: str = ""
    minutes: str = private("points")


@attrs.frozen(kw_only=True)
class PublishAwards:
    """Put approved awards on the board for everybody to see. The command's id becomes the list's id.

    :param full_names: show the full names of those who have agreed to it; the others stay masked.
    """

    awards: tuple[str, ...]
    full_names: bool = False


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
    """Somebody objects to a published award. The command's id becomes the objection's id."""

    award: str
    reason: str = private("points")


@attrs.frozen
class DecideAwardObjection:
    """A member of the panel who has not judged the award decides an objection.

    :param outcome: ``dismissed``, ``amended`` (to *points*), or ``voided``.
    :param objection: its id; may be empty where only one is open.
    """

    award: str
    outcome: str = attrs.field(kw_only=True)
    points: int = attrs.field(default=0, kw_only=True)
    objection: str = attrs.field(default="", kw_only=True)
    reason: str = private("points")


@attrs.frozen
class PressAward:
    """The clock asks: the time for an objection or an appeal is running out, or has."""

    award: str
    matter: str = attrs.field(kw_only=True)
    due_at: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen
class ReviewAward:
    """The office asks: the setup has changed; do the award's window and deadlines still end when they were to?"""

    award: str


@attrs.frozen
class ConfirmAward:
    """The clock asks: the window is over."""

    award: str
    due_at: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen
class AppealAward:
    """Whoever an award is about asks for another look: it was rejected, cut, voided or reversed."""

    award: str
    reason: str = private("points")


@attrs.frozen
class DecideAppeal:
    """Somebody who has not decided about the award before decides the appeal.

    Upheld, it becomes an award of its own (its id is the command's id), linked both ways.

    :param outcome: ``upheld`` (with *points*) or ``dismissed``.
    """

    award: str
    outcome: str = attrs.field(kw_only=True)
    points: int = attrs.field(default=0, kw_only=True)
    reason: str = private("points")


@attrs.frozen
class ReverseAward:
    """Take back what was given by mistake: there is no other ground, and none is a punishment.

    :param points: how many; :param ground: ``recorded-twice``, ``wrong-member``, ``not-done`` or ``wrong-value``.
    """

    award: str
    points: int = attrs.field(kw_only=True)
    ground: str = attrs.field(kw_only=True)
    reason: str = private("points")


@attrs.frozen
class ExpireLot:
    """The clock asks: a lot has reached its end."""

    account: str
    lot: str = attrs.field(kw_only=True)
    due_at: dt.datetime = attrs.field(kw_only=True)


# --- accounts -----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class JoinHousehold:
    """A person belongs to a household from a day on.

    :param household: ``household:ID``; :param community: its community, for caps and budgets.
    """

    account: str
    household: str
    from_on: dt.date
    community: str = ""


@attrs.frozen(kw_only=True)
class LeaveHousehold:
    """A person belongs to a household up to a day, that day included."""

    account: str
    household: str
    until_on: dt.date


@attrs.frozen(kw_only=True)
class MergeHouseholds:
    """A household becomes part of another one today: its members and what its pool holds."""

    household: str
    into: str


@attrs.frozen(kw_only=True)
class CloseAccount:
    """Nobody earns on this account any more.

    :param cause: ``moved-away`` or ``deceased``.
    :param to: the account that takes over what is free; empty: it stays and can be spent until it ends.
    """

    account: str
    cause: str
    to: str = ""


@attrs.frozen(kw_only=True)
class ConsentToName:
    """Agree that lists show one's full name, or withdraw that."""

    account: str
    agrees: bool


@attrs.frozen(kw_only=True)
class Freeze:
    """Nothing of an account, a lot or a voucher can be spent for now. The command's id becomes the freeze's id.

    What was reserved before is not held by a freeze of its account: freeze the voucher, too.

    :param lot: only this lot; :param voucher: only this voucher; neither: the whole account.
    :param authority: who ordered it; :param until_on: its last day, never without one.
    """

    account: str
    authority: str
    until_on: dt.date
    lot: str = ""
    voucher: str = ""
    reason: str = private("points")


@attrs.frozen(kw_only=True)
class Release:
    """End a freeze before its day."""

    account: str
    freeze: str
    reason: str = private("points")


@attrs.frozen(kw_only=True)
class EndFreeze:
    """The clock asks: a freeze has reached its end."""

    account: str
    freeze: str
    due_at: dt.datetime


@attrs.frozen(kw_only=True)
class AllotBudget:
    """Give a community points to award from."""

    community: str
    points: int


# --- goods --------------------------------------------------------------------------------------


@attrs.frozen
class StockGoods:
    """An outlet puts goods on the shelf."""

    good: str
    quantity: int = attrs.field(kw_only=True)


@attrs.frozen(kw_only=True)
class Redeem:
    """Take goods or a discount for points. The command's id becomes the voucher's id."""

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


@attrs.frozen
class LapseVoucher:
    """The clock asks: nobody came for it."""

    voucher: str
    due_at: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen(kw_only=True)
class DonatePoints:
    """Give points away for a cause."""

    account: str
    points: int
    cause: str


@attrs.frozen(kw_only=True)
class OfflineUse:
    """A voucher that an outlet took while it had no network."""

    voucher: str
    used_at: dt.datetime


@attrs.frozen(kw_only=True)
class ReportOfflineUses:
    """An outlet that was offline says which vouchers it took; what was used twice is found here."""

    outlet: str
    uses: tuple[OfflineUse, ...]


@attrs.frozen(kw_only=True)
class SettleOutlet:
    """Settle with an outlet what was collected there and not settled yet."""

    outlet: str


# --- periods ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ClosePeriod:
    """Close a month: nothing can be booked into it any more.

    :param period: ``"2026-09"``. The statements follow by themselves.
    """

    period: str


@attrs.frozen(kw_only=True)
class CloseStatements:
    """The office asks: write the month's line of some accounts."""

    period: str
    accounts: tuple[str, ...]


@attrs.frozen(kw_only=True)
class SealPeriod:
    """The office asks: all lines of the month are written."""

    period: str


@attrs.frozen(kw_only=True)
class PublishPeriod:
    """A sealed month hangs on the board, with the root that everybody can check a statement against.

    :param root: Merkle root of the salted statements, 64 hexadecimal digits; :param size: how many.
    :param previous: root of the month that was published before; empty for the first one.
    :param head: the checkpoint of the store at *position*, 64 hexadecimal digits.
    :param key: name of the signing key; :param signature: over the note, base64; empty without one.
    """

    period: str
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
class RollRow:
    """A place on the roll of honor; equal points are told apart by the published rule only."""

    rank: int
    account: str
    points: int
    title: str = ""


@attrs.frozen(kw_only=True)
class PublishRoll:
    """The roll of a quarter hangs on the board.

    :param quarter: ``"2026-Q3"``, all months sealed; :param league: one of the policy's.
    :param rows: as :class:`~gridgov.points.Honors` answers.
    """

    quarter: str
    league: str
    rows: tuple[RollRow, ...]
    channel: str
    receipt: str
