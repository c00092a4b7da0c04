"""The room of points, as the office needs it: which decision a command asks for, and what falls due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from gridgov.access import kind_of_actor
from gridgov.decider import Decider, FallsDue, Subjects, changed
from gridgov.points import _accounts, _awards, _lots, _months, _publicity, _spending
from gridgov.points import _commands as c
from gridgov.points import _events as e
from gridgov.points._evolve import evolve
from gridgov.points._given import PointsGiven
from gridgov.points._state import (
    Account,
    AwardFile,
    Claim,
    Confirmed,
    Expired,
    Objected,
    PartlyReversed,
    Published,
    Rejected,
    Reversed,
    Sitting,
    Voided,
    Voucher,
)
from gridgov.points._tags import tags

__all__ = ["EVENTS", "POINTS", "STORED_NAMES"]

_DECISIONS: dict[type, Callable[[Any, Subjects, PointsGiven], list[e.PointsEvent]]] = {
    c.ProposeAward: _awards.propose,
    c.ProposeAwards: _awards.propose_for_all,
    c.CallSitting: _awards.call_sitting,
    c.HoldSitting: _awards.hold_sitting,
    c.PublishAwards: _publicity.publish,
    c.ConfirmPublication: _publicity.confirm_publication,
    c.ObjectToAward: _publicity.object_to,
    c.DecideAwardObjection: _publicity.decide_objection,
    c.PressAward: _publicity.press,
    c.ReviewAward: _publicity.review,
    c.AppealAward: _publicity.appeal,
    c.DecideAppeal: _publicity.decide_appeal,
    c.ConfirmAward: _lots.confirm,
    c.ReverseAward: _lots.reverse,
    c.ExpireLot: _lots.expire,
    c.JoinHousehold: _accounts.join,
    c.LeaveHousehold: _accounts.leave,
    c.MergeHouseholds: _accounts.merge,
    c.CloseAccount: _accounts.close,
    c.ConsentToName: _accounts.consent,
    c.Freeze: _accounts.freeze,
    c.Release: _accounts.release,
    c.EndFreeze: _accounts.end_freeze,
    c.AllotBudget: _accounts.allot,
    c.DonatePoints: _accounts.donate,
    c.StockGoods: _spending.stock,
    c.Redeem: _spending.redeem,
    c.CollectVoucher: _spending.collect,
    c.CancelRedemption: _spending.cancel,
    c.LapseVoucher: _spending.lapse,
    c.ReportOfflineUses: _spending.report_offline,
    c.SettleOutlet: _spending.settle,
    c.ClosePeriod: _months.close_period,
    c.CloseStatements: _months.close_statements,
    c.SealPeriod: _months.seal_period,
    c.PublishPeriod: _months.publish_period,
    c.PublishRoll: _months.publish_roll,
}


def _decide(command: Any, subjects: Subjects, given: PointsGiven) -> Sequence[e.PointsEvent]:
    return _DECISIONS[type(command)](command, subjects, given)


# --- what falls due -----------------------------------------------------------------------------


def _falls_due(_tag: str, subject: Any) -> list[FallsDue]:
    if isinstance(subject, Account):
        return _due_on_account(subject)
    if isinstance(subject, Voucher):
        return _due_on_voucher(subject)
    file = getattr(subject, "file", None)
    return _due_on_award(subject, file) if isinstance(file, AwardFile) else []


def _due_on_account(account: Account) -> list[FallsDue]:
    found = []
    # One lot after the other: what ends next is enough to know.
    ends = [(lot.expires_at, lot.id) for lot in account.lots if lot.expires_at is not None and lot.posted]
    if ends:
        at, lot_id = min(ends)
        command: Any = c.ExpireLot(account.id, lot=lot_id, due_at=at)
        # Points that come back can bring a lot to its end once more.
        found.append(FallsDue(at=at, key=f"expire:{lot_id}:{account.expiries}", command=command))
    for freeze in account.freezes:
        command = c.EndFreeze(account=account.id, freeze=freeze.id, due_at=freeze.until_at)
        found.append(FallsDue(at=freeze.until_at, key=f"release:{freeze.id}", command=command))
    return found


def _due_on_voucher(voucher: Voucher) -> list[FallsDue]:
    if voucher.state != "reserved" or voucher.lapses_at is None or voucher.frozen_by:
        return []
    command = c.LapseVoucher(voucher.id, due_at=voucher.lapses_at)
    return [FallsDue(at=voucher.lapses_at, key="lapse", command=command)]


def _due_on_award(award: Any, file: AwardFile) -> list[FallsDue]:
    if isinstance(award, Published):
        command = c.ConfirmAward(file.id, due_at=award.confirm_at)
        return [FallsDue(at=award.confirm_at, key="confirm", command=command)]
    return [
        FallsDue(
            at=step.at,
            key=f"press:{matter}:{step.kind}:{step.rung}",
            command=c.PressAward(file.id, matter=matter, due_at=step.at),
        )
        for matter, step in _publicity.falls_due(award)
    ]


# --- what needs no place in memory ------------------------------------------------------------


def _settled(tag: str, subject: Any) -> bool:
    """Let go of claims, lists that hang, sittings that were held, vouchers and awards that are done."""
    match subject:
        case Claim() | e.PublicationConfirmed() | e.RollPublished():
            return True
        case Sitting():
            return subject.held
        case Voucher():
            return subject.state != "reserved"
        case Rejected() | Voided() | Confirmed() | PartlyReversed() | Reversed() | Expired():
            return subject.file.appeal is None
        case _:
            return False


def _opens(tag: str, event: e.PointsEvent) -> bool:
    """Say whether an event can be the first one of an award, a voucher or a sitting."""
    kind, _, name = tag.partition(":")
    match kind:
        case "award":
            return isinstance(event, e.AwardProposed) or getattr(event, "compensation", "") == name
        case "voucher":
            return isinstance(event, e.RedemptionReserved)
        case _:
            return True


def _wakes(tag: str, event: e.PointsEvent) -> bool:
    """Say whether an award that is done has to be looked after again."""
    return not isinstance(event, e.LotExpired)


def _tally(event: e.PointsEvent, after: Any) -> Iterable[tuple[str, ...]]:
    name = STORED_NAMES[type(event)]
    if not isinstance(event, e.AwardsPublished | e.PublicationConfirmed):
        yield (name,)
    if isinstance(event, e.AwardConfirmed) and isinstance(after, Confirmed):
        yield ("award-confirmed", after.file.category)
    if isinstance(event, e.RedemptionCollected):
        yield (name, event.outlet)


EVENTS: dict[str, type[e.PointsEvent]] = {
    "award-proposed": e.AwardProposed,
    "sitting-called": e.SittingCalled,
    "award-reviewed": e.AwardReviewed,
    "sitting-held": e.SittingHeld,
    "awards-published": e.AwardsPublished,
    "awards-publication-confirmed": e.PublicationConfirmed,
    "award-objected": e.AwardObjected,
    "award-pressed": e.AwardPressed,
    "award-deadlines-reviewed": e.AwardDeadlinesReviewed,
    "award-objection-dismissed": e.AwardObjectionDismissed,
    "award-amended": e.AwardAmended,
    "award-voided": e.AwardVoided,
    "award-confirmed": e.AwardConfirmed,
    "award-reversed": e.AwardReversed,
    "award-appealed": e.AwardAppealed,
    "appeal-dismissed": e.AppealDismissed,
    "appeal-upheld": e.AppealUpheld,
    "lot-expired": e.LotExpired,
    "household-joined": e.HouseholdJoined,
    "household-left": e.HouseholdLeft,
    "households-merged": e.HouseholdsMerged,
    "account-closed": e.AccountClosed,
    "name-consented": e.NameConsented,
    "points-frozen": e.Frozen,
    "points-released": e.Released,
    "budget-allotted": e.BudgetAllotted,
    "goods-stocked": e.GoodsStocked,
    "redemption-reserved": e.RedemptionReserved,
    "redemption-collected": e.RedemptionCollected,
    "redemption-canceled": e.RedemptionCanceled,
    "redemption-lapsed": e.RedemptionLapsed,
    "offline-use-refused": e.OfflineUseRefused,
    "points-donated": e.PointsDonated,
    "outlet-settled": e.OutletSettled,
    "period-closed": e.PeriodClosed,
    "statements-closed": e.StatementsClosed,
    "period-sealed": e.PeriodSealed,
    "period-published": e.PeriodPublished,
    "roll-published": e.RollPublished,
}
STORED_NAMES = {shape: name for name, shape in EVENTS.items()}

_PRESENT = (
    c.HoldSitting,
    c.ConfirmPublication,
    c.ObjectToAward,
    c.DecideAwardObjection,
    c.AppealAward,
    c.DecideAppeal,
    c.ReverseAward,
    c.MergeHouseholds,
    c.CloseAccount,
    c.Freeze,
    c.Release,
    c.DonatePoints,
    c.Redeem,
    c.CollectVoucher,
    c.CancelRedemption,
    c.ReportOfflineUses,
    c.SettleOutlet,
    c.ClosePeriod,
    c.PublishPeriod,
    c.PublishRoll,
)
"""What happens now: told of an earlier instant, it would shorten a window or spend what was not there yet."""


def _shown(subject: Any, given: PointsGiven, _of: Any = None) -> Any:
    """Show residents and organizations nobody else's id who objected, appealed, proposed or voted."""
    if kind_of_actor(given.by, given.roster) not in ("resident", "organization", "anonymous"):
        return subject
    file = getattr(subject, "file", None)
    if isinstance(subject, e.AwardReviewed):
        return attrs.evolve(subject, present=(), in_favor=(), against=())
    if isinstance(subject, e.PointsEvent) or not isinstance(file, AwardFile):
        return subject
    shown = changed(file, judges=(), proposed_by=_own(file.proposed_by, given))
    if isinstance(subject, Objected):
        open_ = tuple(attrs.evolve(each, by=_own(each.by, given)) for each in subject.objections)
        return attrs.evolve(subject, file=shown, objections=open_)
    return attrs.evolve(subject, file=shown)


def _own(who: str, given: PointsGiven) -> str:
    return who if who == given.by else ""


POINTS: Decider[Any, e.PointsEvent, PointsGiven] = Decider(
    name="points",
    commands=tuple(_DECISIONS),
    events=EVENTS,
    decide=_decide,
    evolve=evolve,
    tags=tags,
    falls_due=_falls_due,
    settled=_settled,
    opens=_opens,
    wakes=_wakes,
    tally=_tally,
    shown=_shown,
    present=_PRESENT,
    after_all=(c.ClosePeriod,),
)
"""The room of points, as the office needs it."""
