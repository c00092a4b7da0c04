"""Which subjects an event is about: what its decision was consistent over, and what it is found by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gridgov.points import _events as e

__all__ = ["claim_tag", "tags"]


def claim_tag(account: str, deed: str, occasion: str) -> str:
    """Give the tag under which a claim of a deed at an occasion stands."""
    return f"claim:{account}:{deed}:{occasion}"


def tags(event: e.PointsEvent) -> tuple[str, ...]:
    """Give the tags of an event, its own stream's first."""
    found = _TAGS.get(type(event))
    if found is None:
        raise ValueError(f"{type(event).__name__} is no event of the ledger")
    return tuple(dict.fromkeys(found(event)))


def _award_tags(event: Any) -> tuple[str, ...]:
    tags = [f"award:{event.award}", f"account:{event.account}"]
    if event.payee:
        tags.append(f"account:{event.payee}")
    tags += [counted.subject for counted in event.counted]
    return tuple(tags)


def _with_owners(event: Any) -> tuple[str, ...]:
    """Name every account that the entries touch, besides the award's own."""
    return (*_award_tags(event), *_booked(event))


def _booked(event: e.PointsEvent) -> tuple[str, ...]:
    """Name the accounts and communities that the entries touch, the book's own left out."""
    owners = [entry.account for entry in event.entries if not entry.account.startswith("book:")]
    budgets = {entry.account for entry in event.entries if entry.bucket == "budget"}
    return tuple(f"community:{owner}" if owner in budgets else f"account:{owner}" for owner in owners)


def _proposed_tags(event: e.AwardProposed) -> tuple[str, ...]:
    own, *others = _award_tags(event)
    return (own, *others, claim_tag(event.account, event.deed, event.occasion))


def _upheld_tags(event: e.AppealUpheld) -> tuple[str, ...]:
    own, *others = _with_owners(event)
    return (own, f"award:{event.compensation}", *others)


def _list_tags(event: Any) -> tuple[str, ...]:
    return (f"list:{event.list}", *(f"award:{award}" for award in event.awards))


def _redemption_tags(event: e.RedemptionEvent) -> tuple[str, ...]:
    tags = [f"voucher:{event.voucher}", f"account:{event.account}", f"stock:{event.good}"]
    return (*tags, event.household) if event.household else tuple(tags)


def _collected_tags(event: e.RedemptionCollected) -> tuple[str, ...]:
    return (*_redemption_tags(event), f"outlet:{event.outlet}")


def _expired_tags(event: e.LotExpired) -> tuple[str, ...]:
    own = f"account:{event.account}"
    return (own, f"award:{event.award}") if event.award else (own,)


def _freeze_tags(event: Any) -> tuple[str, ...]:
    own = f"account:{event.account}"
    return (own, f"voucher:{event.voucher}") if event.voucher else (own,)


def _merged_tags(event: e.HouseholdsMerged) -> tuple[str, ...]:
    members = (f"account:{member}" for member in event.members)
    return (event.household, event.into, *members, f"account:{event.household}", *_booked(event))


_TAGS: Mapping[type, Callable[[Any], tuple[str, ...]]] = {
    e.AwardProposed: _proposed_tags,
    e.SittingCalled: lambda x: (f"sitting:{x.sitting}", *(f"award:{award}" for award in x.awards)),
    e.AwardReviewed: _with_owners,
    e.SittingHeld: lambda x: (f"sitting:{x.sitting}",),
    e.AwardsPublished: _list_tags,
    e.PublicationConfirmed: _list_tags,
    e.AwardObjected: _award_tags,
    e.AwardPressed: _award_tags,
    e.AwardDeadlinesReviewed: _award_tags,
    e.AwardObjectionDismissed: _award_tags,
    e.AwardAmended: _with_owners,
    e.AwardVoided: _with_owners,
    e.AwardConfirmed: _with_owners,
    e.AwardReversed: _with_owners,
    e.AwardAppealed: _award_tags,
    e.AppealDismissed: _award_tags,
    e.AppealUpheld: _upheld_tags,
    e.LotExpired: _expired_tags,
    e.HouseholdJoined: lambda x: (x.household, f"account:{x.account}"),
    e.HouseholdLeft: lambda x: (x.household, f"account:{x.account}"),
    e.HouseholdsMerged: _merged_tags,
    e.AccountClosed: lambda x: (f"account:{x.account}", *_booked(x)),
    e.NameConsented: lambda x: (f"account:{x.account}",),
    e.Frozen: _freeze_tags,
    e.Released: _freeze_tags,
    e.BudgetAllotted: lambda x: (f"community:{x.community}",),
    e.GoodsStocked: lambda x: (f"stock:{x.good}",),
    e.RedemptionReserved: _redemption_tags,
    e.RedemptionCollected: _collected_tags,
    e.RedemptionCanceled: _redemption_tags,
    e.RedemptionLapsed: _redemption_tags,
    e.OfflineUseRefused: lambda x: (f"outlet:{x.outlet}",),
    e.PointsDonated: lambda x: (f"account:{x.account}",),
    e.OutletSettled: lambda x: (f"outlet:{x.outlet}", *(f"stock:{good}" for good in x.goods)),
    e.PeriodClosed: lambda _: ("periods",),
    e.StatementsClosed: lambda x: (f"period:{x.month}", *(f"account:{each}" for each in x.accounts)),
    e.PeriodSealed: lambda x: ("periods", f"period:{x.month}"),
    e.PeriodPublished: lambda _: ("periods",),
    e.RollPublished: lambda x: (f"roll:{x.quarter}:{x.league}",),
}
