"""What one subject becomes when something has happened in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from gridgov.points import _messages as m
from gridgov.points._state import (
    Account,
    AwardFile,
    Claim,
    Confirmed,
    Lot,
    Objected,
    Proposed,
    Published,
    Publishing,
    Rejected,
    Reviewed,
    Stock,
    Voided,
    Voucher,
)

__all__ = ["claim_tag", "evolve", "tags"]


def claim_tag(account: str, deed: str, occasion: str) -> str:
    """Give the tag under which a claim of a deed at an occasion stands."""
    return f"claim:{account}:{deed}:{occasion}"


def tags(event: m.PointsEvent) -> tuple[str, ...]:
    """Give the tags of an event, its own stream's first."""
    match event:
        case m.AwardProposed():
            claim = claim_tag(event.account, event.deed, event.occasion)
            return (f"award:{event.award}", f"account:{event.account}", claim)
        case m.AwardEvent():
            return (f"award:{event.award}", f"account:{event.account}")
        case m.AwardsPublished() | m.PublicationConfirmed():
            return (f"list:{event.list}", *(f"award:{award}" for award in event.awards))
        case m.LotExpired():
            return (f"account:{event.account}",)
        case m.GoodsStocked():
            return (f"stock:{event.good}",)
        case m.RedemptionEvent():
            return (f"voucher:{event.voucher}", f"account:{event.account}", f"stock:{event.good}")
        case _:
            raise ValueError(f"{type(event).__name__} is no event of the ledger")


def evolve(tag: str, before: Any, event: m.PointsEvent) -> Any:
    """Give the subject of *tag* after *event*."""
    kind = tag.partition(":")[0]
    match kind:
        case "account":
            return _account(before or Account(id=tag.partition(":")[2]), event)
        case "award":
            return _award(before, event)
        case "claim":
            return Claim(event.award) if isinstance(event, m.AwardProposed) else before
        case "list":
            return event
        case "stock":
            return _stock(before or Stock(good=tag.partition(":")[2]), event)
        case "voucher":
            return _voucher(before, event)
        case _:
            raise ValueError(f"{tag!r} is no tag of the ledger")


def _add(counts: Mapping[str, int], key: str, delta: int) -> dict[str, int]:
    changed = dict(counts)
    changed[key] = changed.get(key, 0) + delta
    if not changed[key]:
        del changed[key]
    return changed


def _account(before: Account, event: m.PointsEvent) -> Account:
    after = before
    match event:
        case m.AwardProposed():
            counted = _add(before.counted, f"{event.deed}:{event.month}", event.asked)
            after = attrs.evolve(after, counted=counted)
        case m.AwardReviewed():
            counted = _add(before.counted, f"{event.deed}:{event.month}", event.given - event.asked)
            after = attrs.evolve(after, counted=counted)
        case m.AwardAmended():
            counted = _add(before.counted, f"{event.deed}:{event.month}", event.given - event.before)
            after = attrs.evolve(after, counted=counted)
        case m.AwardVoided():
            counted = _add(before.counted, f"{event.deed}:{event.month}", -event.before)
            after = attrs.evolve(after, counted=counted)
        case m.AwardConfirmed():
            lot = Lot(
                id=event.award,
                unit=event.unit,
                earned_at=event.step_at,
                expires_on=event.expires_on,
                expires_at=event.expires_at,
                posted=0,
            )
            earned = _add(before.earned, event.month, event.given)
            after = attrs.evolve(after, lots=(*after.lots, lot), earned=earned)
        case m.LotExpired():
            after = attrs.evolve(after, expiries=before.expiries + 1)
        case m.RedemptionReserved():
            after = attrs.evolve(after, taken=_add(before.taken, event.good, event.quantity))
        case m.RedemptionCanceled():
            after = attrs.evolve(after, taken=_add(before.taken, event.good, -event.quantity))
        case _:
            pass
    return _book(after, event)


def _book(before: Account, event: m.PointsEvent) -> Account:
    """Book the entries of the account: the one place where its points change."""
    pending = before.pending
    lots = {lot.id: lot for lot in before.lots}
    for entry in event.entries:
        if entry.account != before.id:
            continue
        if entry.bucket == "pending":
            pending += entry.delta
            continue
        lot = lots[entry.lot]
        if entry.bucket == "posted":
            lots[entry.lot] = attrs.evolve(lot, posted=lot.posted + entry.delta)
        else:
            lots[entry.lot] = attrs.evolve(lot, held=lot.held + entry.delta)
    kept = tuple(lot for lot in lots.values() if lot.posted or lot.held)
    return attrs.evolve(before, pending=pending, lots=kept)


def _award(before: Any, event: m.PointsEvent) -> Any:
    if isinstance(event, m.AwardProposed):
        return Proposed(
            AwardFile(
                id=event.award,
                account=event.account,
                deed=event.deed,
                category=event.category,
                month=event.month,
                on=event.on,
                occasion=event.occasion,
                proposed_by=event.by,
                asked=event.asked,
                changed_at=event.at,
            )
        )
    if before is None:
        raise ValueError(f"{type(event).__name__} comes before its award was proposed")
    file = attrs.evolve(before.file, changed_at=max(event.at, before.file.changed_at))
    match event:
        case m.AwardReviewed():
            judges = (*event.in_favor, *event.against)
            file = attrs.evolve(file, given=event.given, unit=event.unit, judges=judges)
            return Reviewed(file) if event.given else Rejected(file)
        case m.AwardsPublished():
            return Publishing(file, event.list)
        case m.PublicationConfirmed():
            return Published(file, event.list, event.window_ends_at, event.window_ends_at)
        case m.AwardObjected():
            return Objected(file, before.list, before.window_ends_at, event.by)
        case m.AwardObjectionDismissed():
            return Published(file, before.list, before.window_ends_at, event.confirm_at)
        case m.AwardAmended():
            file = attrs.evolve(file, given=event.given)
            return Published(file, before.list, before.window_ends_at, event.confirm_at)
        case m.AwardVoided():
            return Voided(file)
        case m.AwardConfirmed():
            return Confirmed(file, event.at)
        case _:
            raise ValueError(f"{type(event).__name__} is no event of an award")


def _stock(before: Stock, event: m.PointsEvent) -> Stock:
    shelf, reserved = before.shelf, before.reserved
    for entry in event.entries:
        if entry.unit == f"good:{before.good}":
            shelf += entry.delta if entry.bucket == "shelf" else 0
            reserved += entry.delta if entry.bucket == "reserved" else 0
    return Stock(good=before.good, shelf=shelf, reserved=reserved)


def _voucher(before: Voucher | None, event: m.PointsEvent) -> Voucher:
    if isinstance(event, m.RedemptionReserved):
        return Voucher(
            id=event.voucher,
            account=event.account,
            good=event.good,
            outlet=event.outlet,
            quantity=event.quantity,
            points=event.points,
            state="reserved",
            entries=event.entries,
        )
    if before is None:
        raise ValueError(f"{type(event).__name__} comes before its voucher was made")
    return attrs.evolve(before, state="collected" if isinstance(event, m.RedemptionCollected) else "canceled")
