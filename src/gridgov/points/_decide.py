"""May it happen in the ledger, and which entries then."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import attrs

from gridgov.access import AccessPolicy, check_access, kind_of_actor
from gridgov.decider import CLOCKS_DIFFER, Decider, FallsDue, Subjects
from gridgov.errors import RefusalError, as_code
from gridgov.points import _messages as m
from gridgov.points._evolve import claim_tag, evolve, tags
from gridgov.points._scheme import PointsPolicy
from gridgov.points._state import (
    Account,
    Award,
    Claim,
    Confirmed,
    Lot,
    Objected,
    Proposed,
    Published,
    Publishing,
    Reviewed,
    Stock,
    Voucher,
)
from gridgov.proofs import Sealed
from gridgov.staffing import Roster
from gridgov.territory import Territory
from gridgov.worktime import Calendar, due

__all__ = ["POINTS", "PointsGiven"]


@attrs.frozen(kw_only=True, eq=False)
class PointsGiven:
    """What a decision about points rests on, besides the ledger."""

    at: dt.datetime
    by: str
    command_id: str
    territory: Territory
    roster: Roster
    access: AccessPolicy
    calendar: Calendar
    policy: PointsPolicy
    sealed: Mapping[str, Sealed] = attrs.field(factory=dict)

    @property
    def day(self) -> dt.date:
        """The local day of the decision."""
        return self.calendar.local(self.at).date()

    @property
    def book(self) -> str:
        """The unit of the ledger."""
        return self.policy.book


def _entry(unit: str, account: str, bucket: str, delta: int, lot: str = "") -> m.Entry:
    """Write one line in points of the book *unit*."""
    return m.Entry(account=account, unit=unit, bucket=bucket, delta=delta, lot=lot)


def _refuse(code: str, message: str, **facts: object) -> NoReturn:
    raise RefusalError(f"points.{code}", message, **facts)


def _may(command: Any, given: PointsGiven) -> None:
    check_access(
        given.access,
        type(command).__name__,
        by=given.by,
        place=None,
        roster=given.roster,
        territory=given.territory,
        on=given.day,
    )


def _account(account: str, subjects: Subjects) -> Account:
    found: Account | None = subjects.get(f"account:{account}")
    return found or Account(id=account)


def _award(award: str, subjects: Subjects, given: PointsGiven) -> Award:
    found: Award | None = subjects.get(f"award:{award}")
    if found is None:
        _refuse("unknown-award", f"there is no award {as_code(award)}")
    if given.at < found.file.changed_at - CLOCKS_DIFFER and not given.by.startswith("system:"):
        _refuse("before-its-past", f"something has happened to the award {award} since then", award=award)
    return found


def _wrong_state(award: Award, what: str) -> NoReturn:
    state = type(award).__name__.lower()
    _refuse("wrong-state", f"the award {award.file.id} is {state}; it cannot be {what} now", state=state)


def _of(award: Award) -> dict[str, Any]:
    file = award.file
    return {"award": file.id, "account": file.account, "deed": file.deed, "month": file.month}


# --- awards -------------------------------------------------------------------------------------


def _propose(command: m.ProposeAward, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _may(command, given)
    award = given.command_id
    if subjects.get(f"award:{award}") is not None:
        _refuse("award-exists", f"there is an award {award!r} already", award=award)
    deed = given.policy.deeds.get(command.deed)
    if deed is None:
        _refuse("unknown-deed", f"the scheme lists no deed {as_code(command.deed)}")
    if not deed.from_on <= command.on <= deed.until_on:
        _refuse("deed-not-in-force", f"{deed.id} was not in force on {command.on}", deed=deed.id)
    if command.on > given.day:
        _refuse("deed-in-the-future", f"a deed of {command.on} cannot be claimed on {given.day}", on=command.on)
    _eligible(command.account, command.on, given)
    claim: Claim | None = subjects.get(claim_tag(command.account, deed.id, command.occasion))
    if claim is not None:
        _refuse(
            "claimed-already",
            f"{deed.id} at this occasion was claimed for {command.account} already",
            award=claim.award,
        )
    month = f"{command.on:%Y-%m}"
    counted = _account(command.account, subjects).counted.get(f"{deed.id}:{month}", 0)
    if deed.month_cap and counted + deed.points > deed.month_cap:
        _refuse(
            "cap-reached",
            f"{deed.id} earns at most {deed.month_cap} points in a month; {counted} are counted for {month}",
            deed=deed.id,
            month=month,
        )
    return [
        m.AwardProposed(
            at=given.at,
            by=given.by,
            award=award,
            account=command.account,
            deed=deed.id,
            month=month,
            asked=deed.points,
            category=deed.category,
            on=command.on,
            occasion=command.occasion,
            note=given.sealed.get("note"),
        )
    ]


def _eligible(account: str, on: dt.date, given: PointsGiven) -> None:
    kind = kind_of_actor(account, given.roster)
    if kind == "resident":
        return
    if kind != "worker":
        _refuse("no-member", f"{as_code(account)} is no resident and no volunteer of this street")
    roles = {given.roster.roles[posting.role] for posting in given.roster.postings_of(account, on)}
    if not any(not role.paid for role in roles):
        _refuse("paid-role", f"{account} has no unpaid posting on {on}; points thank the unpaid", account=account)


def _sit(command: m.HoldSitting, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _may(command, given)
    sides = {member.person: member.side for member in given.policy.panel}
    strangers = [person for person in command.present if person not in sides]
    if strangers:
        _refuse("not-on-the-panel", f"{', '.join(map(as_code, strangers))} is not on the panel")
    if len(set(command.present)) != len(command.present):
        _refuse("member-twice", "a member is present once")
    if len(command.present) < given.policy.quorum:
        _refuse("no-quorum", f"a sitting needs {given.policy.quorum} members, {len(command.present)} are present")
    if len({sides[person] for person in command.present}) < given.policy.sides_min:
        _refuse("sides-missing", f"a sitting needs {given.policy.sides_min} of the four sides")
    awards = [judgment.award for judgment in command.judgments]
    if len(set(awards)) != len(awards) or not awards:
        _refuse("judged-twice", "a sitting judges at least one award, and each once")
    return [_judge(judgment, command, subjects, given) for judgment in command.judgments]


def _judge(judgment: m.Judgment, command: m.HoldSitting, subjects: Subjects, given: PointsGiven) -> m.PointsEvent:
    award = _award(judgment.award, subjects, given)
    if not isinstance(award, Proposed):
        _wrong_state(award, "judged")
    file = award.file
    votes = (*judgment.in_favor, *judgment.against)
    if len(set(votes)) != len(votes) or not set(votes) <= set(command.present):
        _refuse("bad-vote", f"each member who is present votes on {file.id} once at most", award=file.id)
    if file.account in votes:
        _refuse("votes-on-themselves", f"{file.account} cannot vote on their own award {file.id}", award=file.id)
    if not 0 <= judgment.points <= file.asked:
        _refuse("bad-points", f"{file.id} asks for {file.asked} points; the panel gives 0 to that", award=file.id)
    approved = judgment.points > 0 and len(judgment.in_favor) > len(judgment.against)
    points = judgment.points if approved else 0
    entries = (
        (
            _entry(given.book, "book:issued", "issued", -points),
            _entry(given.book, file.account, "pending", points),
        )
        if approved
        else ()
    )
    return m.AwardReviewed(
        at=given.at,
        by=given.by,
        **_of(award),
        sitting=given.command_id,
        asked=file.asked,
        given=points,
        unit=given.book,
        present=command.present,
        in_favor=judgment.in_favor,
        against=judgment.against,
        entries=entries,
    )


def _publish(command: m.PublishAwards, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _may(command, given)
    if not command.awards or len(set(command.awards)) != len(command.awards):
        _refuse("empty-list", "a list names at least one award, and each once")
    if subjects.get(f"list:{given.command_id}") is not None:
        _refuse("list-exists", f"there is a list {given.command_id!r} already")
    for each in command.awards:
        award = _award(each, subjects, given)
        if not isinstance(award, Reviewed):
            _wrong_state(award, "published")
    return [m.AwardsPublished(at=given.at, by=given.by, list=given.command_id, awards=command.awards)]


def _confirm_publication(command: m.ConfirmPublication, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _may(command, given)
    published = subjects.get(f"list:{command.list}")
    if published is None:
        _refuse("unknown-list", f"there is no list {as_code(command.list)}")
    if isinstance(published, m.PublicationConfirmed):
        _refuse("confirmed-already", f"the list {command.list} was confirmed already", list=command.list)
    if not command.receipt or not command.channel:
        _refuse("no-receipt", "a publication is confirmed with the channel and its receipt")
    for each in published.awards:
        if not isinstance(_award(each, subjects, given), Publishing):
            _wrong_state(_award(each, subjects, given), "published")
    ends = due(given.policy.window, given.at, given.calendar)
    if ends is None:
        raise ValueError("a window without pauses always has an end")
    return [
        m.PublicationConfirmed(
            at=given.at,
            by=given.by,
            list=command.list,
            awards=published.awards,
            channel=command.channel,
            receipt=command.receipt,
            window_ends_at=ends.at,
        )
    ]


def _object(command: m.ObjectToAward, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _may(command, given)
    award = _award(command.award, subjects, given)
    if not isinstance(award, Published):
        _wrong_state(award, "objected to")
    if given.at > award.window_ends_at:
        _refuse("window-over", f"the window of {award.file.id} ended", ended_at=award.window_ends_at)
    if "reason" not in given.sealed:
        _refuse("no-reason", "say why: the reason is empty")
    return [m.AwardObjected(at=given.at, by=given.by, **_of(award), reason=given.sealed["reason"])]


def _decide_objection(command: m.DecideAwardObjection, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _may(command, given)
    award = _award(command.award, subjects, given)
    if not isinstance(award, Objected):
        _wrong_state(award, "decided anew")
    file = award.file
    concerned = {*file.judges, award.objected_by, file.account}
    panel = {member.person for member in given.policy.panel}
    # Where the whole panel has voted, somebody else with leave to decide does it.
    if given.by not in panel and panel - concerned:
        _refuse("not-on-the-panel", f"{given.by} is not on the panel", by=given.by)
    if given.by in concerned:
        _refuse("not-impartial", f"{given.by} has judged {file.id} before or is concerned by it", by=given.by)
    reason = given.sealed.get("reason")
    if reason is None:
        _refuse("no-reason", "say why: the reason is empty")
    confirm_at = max(award.window_ends_at, given.at)
    common: dict[str, Any] = {"at": given.at, "by": given.by, **_of(award), "reason": reason}
    match command.outcome:
        case "dismissed":
            return [m.AwardObjectionDismissed(**common, confirm_at=confirm_at)]
        case "amended":
            if not 0 < command.points < file.given:
                _refuse("bad-points", f"{file.id} gives {file.given} points; amended it gives fewer, above zero")
            less = file.given - command.points
            entries = (
                _entry(file.unit, "book:issued", "issued", less),
                _entry(file.unit, file.account, "pending", -less),
            )
            return [
                m.AwardAmended(
                    **common, before=file.given, given=command.points, confirm_at=confirm_at, entries=entries
                )
            ]
        case "voided":
            entries = (
                _entry(file.unit, "book:issued", "issued", file.given),
                _entry(file.unit, file.account, "pending", -file.given),
            )
            return [m.AwardVoided(**common, before=file.given, entries=entries)]
        case _:
            _refuse("bad-outcome", f"an objection is dismissed, amended or voided, not {as_code(command.outcome)}")


def _confirm(command: m.ConfirmAward, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _clock_only(given)
    award = _award(command.award, subjects, given)
    if not isinstance(award, Published) or award.confirm_at != command.due_at or given.at < award.confirm_at:
        _refuse("nothing-due", f"nothing is due for the award {command.award}", award=command.award)
    file = award.file
    expires_on = _expiry(award.confirm_at, given)
    return [
        m.AwardConfirmed(
            at=given.at,
            by=given.by,
            **_of(award),
            given=file.given,
            step_at=award.confirm_at,
            unit=file.unit,
            expires_on=expires_on,
            expires_at=None if expires_on is None else given.calendar.end_of(expires_on),
            entries=(
                _entry(file.unit, file.account, "pending", -file.given),
                _entry(file.unit, file.account, "posted", file.given, file.id),
            ),
        )
    ]


def _expiry(earned_at: dt.datetime, given: PointsGiven) -> dt.date | None:
    months = given.policy.lasts_months
    if not months:
        return None
    earned_on = given.calendar.local(earned_at).date()
    year, month = divmod(earned_on.month - 1 + months, 12)
    year += earned_on.year
    return dt.date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def _expire(command: m.ExpireLot, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _clock_only(given)
    account = _account(command.account, subjects)
    lot = next((lot for lot in account.lots if lot.id == command.lot), None)
    if lot is None or lot.expires_at is None or not lot.posted or given.at < lot.expires_at:
        _refuse("nothing-due", f"nothing is due for the lot {command.lot}", lot=command.lot)
    return [
        m.LotExpired(
            at=given.at,
            by=given.by,
            account=account.id,
            lot=lot.id,
            expired=lot.posted,
            step_at=command.due_at,
            entries=(
                _entry(lot.unit, account.id, "posted", -lot.posted, lot.id),
                _entry(lot.unit, "book:expired", "expired", lot.posted),
            ),
        )
    ]


# --- goods --------------------------------------------------------------------------------------


def _stock(command: m.StockGoods, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    good = _good(command.good, given)
    _outlet_only(good.outlet, given, command)
    if command.quantity <= 0:
        _refuse("bad-quantity", f"a delivery has 1 or more, not {command.quantity}")
    unit = f"good:{good.id}"
    return [
        m.GoodsStocked(
            at=given.at,
            by=given.by,
            good=good.id,
            quantity=command.quantity,
            entries=(
                m.Entry(account="book:supply", unit=unit, bucket="supplied", delta=-command.quantity),
                m.Entry(account=good.outlet, unit=unit, bucket="shelf", delta=command.quantity),
            ),
        )
    ]


def _good(good: str, given: PointsGiven) -> Any:
    found = given.policy.goods.get(good)
    if found is None:
        _refuse("unknown-good", f"no outlet offers {as_code(good)}")
    return found


def _outlet_only(outlet: str, given: PointsGiven, command: Any) -> None:
    _may(command, given)
    if not given.roster.acts_for(given.by, outlet):
        _refuse("not-the-outlet", f"only {outlet} does this", outlet=outlet, by=given.by)


def _redeem(command: m.Redeem, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    _may(command, given)
    voucher = given.command_id
    if subjects.get(f"voucher:{voucher}") is not None:
        _refuse("voucher-exists", f"there is a voucher {voucher!r} already")
    if given.by != command.account:
        _refuse("not-the-member", f"only {command.account} spends their points", account=command.account)
    if command.quantity <= 0:
        _refuse("bad-quantity", f"take 1 or more, not {command.quantity}")
    good = _good(command.good, given)
    account = _account(command.account, subjects)
    # A lot past its end is gone even where no tick has said so yet.
    lots = [lot for lot in account.lots if lot.expires_at is None or given.at < lot.expires_at]
    available = sum(lot.posted for lot in lots)
    stock: Stock = subjects.get(f"stock:{good.id}") or Stock(good=good.id)
    price = good.price * command.quantity
    if available < price:
        _refuse("not-enough", f"{command.quantity} × {good.en} cost {price} points, {available} are there")
    if stock.shelf < command.quantity:
        _refuse("out-of-stock", f"{good.outlet} has {stock.shelf} of {good.en}", good=good.id)
    if good.limit and account.taken.get(good.id, 0) + command.quantity > good.limit:
        _refuse("limit-reached", f"each member may have {good.limit} of {good.en}", good=good.id)
    unit = f"good:{good.id}"
    entries: list[m.Entry] = []
    for lot, points in _spend(lots, price):
        entries += (
            _entry(lot.unit, account.id, "posted", -points, lot.id),
            _entry(lot.unit, account.id, "held", points, lot.id),
        )
    entries += (
        m.Entry(account=good.outlet, unit=unit, bucket="shelf", delta=-command.quantity),
        m.Entry(account=good.outlet, unit=unit, bucket="reserved", delta=command.quantity),
    )
    return [
        m.RedemptionReserved(
            at=given.at,
            by=given.by,
            voucher=voucher,
            account=account.id,
            good=good.id,
            outlet=good.outlet,
            quantity=command.quantity,
            points=price,
            entries=tuple(entries),
        )
    ]


def _spend(lots: Sequence[Lot], price: int) -> Iterable[tuple[Lot, int]]:
    """Say how much comes from which lot: the earliest end first, then the earliest earned, then the id."""
    for lot in sorted(lots, key=lambda lot: (lot.expires_on or dt.date.max, lot.earned_at, lot.id)):
        part = min(price, lot.posted)
        if part:
            yield lot, part
        price -= part


def _voucher(voucher: str, subjects: Subjects, what: str) -> Voucher:
    found: Voucher | None = subjects.get(f"voucher:{voucher}")
    if found is None:
        _refuse("unknown-voucher", f"there is no voucher {as_code(voucher)}")
    if found.state != "reserved":
        _refuse("voucher-used", f"the voucher {voucher} was {found.state}; it cannot be {what}", voucher=voucher)
    return found


def _parts(voucher: Voucher) -> dict[str, Any]:
    return {
        "voucher": voucher.id,
        "account": voucher.account,
        "good": voucher.good,
        "outlet": voucher.outlet,
        "quantity": voucher.quantity,
        "points": voucher.points,
    }


def _collect(command: m.CollectVoucher, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    voucher = _voucher(command.voucher, subjects, "collected")
    _outlet_only(voucher.outlet, given, command)
    held = [entry for entry in voucher.entries if entry.bucket == "held"]
    unit = f"good:{voucher.good}"
    entries = (
        *(attrs.evolve(entry, delta=-entry.delta) for entry in held),
        *(_entry(entry.unit, "book:redeemed", "redeemed", entry.delta) for entry in held),
        m.Entry(account=voucher.outlet, unit=unit, bucket="reserved", delta=-voucher.quantity),
        m.Entry(account="book:handed-over", unit=unit, bucket="handed-over", delta=voucher.quantity),
    )
    return [m.RedemptionCollected(at=given.at, by=given.by, **_parts(voucher), entries=entries)]


def _cancel(command: m.CancelRedemption, subjects: Subjects, given: PointsGiven) -> list[m.PointsEvent]:
    voucher = _voucher(command.voucher, subjects, "canceled")
    _may(command, given)
    if given.by != voucher.account and not given.roster.acts_for(given.by, voucher.outlet):
        _refuse("not-the-member", f"only {voucher.account} or {voucher.outlet} cancels this", voucher=voucher.id)
    entries = tuple(attrs.evolve(entry, delta=-entry.delta) for entry in voucher.entries)
    reason = given.sealed.get("reason")
    return [m.RedemptionCanceled(at=given.at, by=given.by, **_parts(voucher), entries=entries, reason=reason)]


def _clock_only(given: PointsGiven) -> None:
    if not given.by.startswith("system:"):
        _refuse("clock-only", "only the clock asks for this; call tick", by=given.by)


_DECISIONS: dict[type, Callable[[Any, Subjects, PointsGiven], list[m.PointsEvent]]] = {
    m.ProposeAward: _propose,
    m.HoldSitting: _sit,
    m.PublishAwards: _publish,
    m.ConfirmPublication: _confirm_publication,
    m.ObjectToAward: _object,
    m.DecideAwardObjection: _decide_objection,
    m.ConfirmAward: _confirm,
    m.ExpireLot: _expire,
    m.StockGoods: _stock,
    m.Redeem: _redeem,
    m.CollectVoucher: _collect,
    m.CancelRedemption: _cancel,
}


def _decide(command: Any, subjects: Subjects, given: PointsGiven) -> Sequence[m.PointsEvent]:
    return _DECISIONS[type(command)](command, subjects, given)


def _falls_due(_tag: str, subject: Any) -> list[FallsDue]:
    if isinstance(subject, Published):
        command = m.ConfirmAward(subject.file.id, due_at=subject.confirm_at)
        return [FallsDue(at=subject.confirm_at, key="confirm", command=command)]
    if isinstance(subject, Account):
        return [
            FallsDue(
                # A cancelled redemption can bring points back to a lot that has expired once.
                at=lot.expires_at,
                key=f"expire:{lot.id}:{subject.expiries}",
                command=m.ExpireLot(subject.id, lot=lot.id, due_at=lot.expires_at),
            )
            for lot in subject.lots
            if lot.expires_at is not None and lot.posted
        ]
    return []


def _tally(event: m.PointsEvent, after: Any) -> Iterable[tuple[str, ...]]:
    name = _STORED_NAMES[type(event)]
    if not isinstance(event, m.AwardsPublished | m.PublicationConfirmed):
        yield (name,)
    if isinstance(event, m.AwardConfirmed) and isinstance(after, Confirmed):
        yield ("award-confirmed", after.file.category)
    if isinstance(event, m.RedemptionCollected):
        yield (name, event.outlet)


EVENTS: dict[str, type[m.PointsEvent]] = {
    "award-proposed": m.AwardProposed,
    "award-reviewed": m.AwardReviewed,
    "awards-published": m.AwardsPublished,
    "awards-publication-confirmed": m.PublicationConfirmed,
    "award-objected": m.AwardObjected,
    "award-objection-dismissed": m.AwardObjectionDismissed,
    "award-amended": m.AwardAmended,
    "award-voided": m.AwardVoided,
    "award-confirmed": m.AwardConfirmed,
    "lot-expired": m.LotExpired,
    "goods-stocked": m.GoodsStocked,
    "redemption-reserved": m.RedemptionReserved,
    "redemption-collected": m.RedemptionCollected,
    "redemption-canceled": m.RedemptionCanceled,
}
_STORED_NAMES = {shape: name for name, shape in EVENTS.items()}

POINTS: Decider[Any, m.PointsEvent, PointsGiven] = Decider(
    name="points",
    commands=tuple(_DECISIONS),
    events=EVENTS,
    decide=_decide,
    evolve=evolve,
    tags=tags,
    falls_due=_falls_due,
    tally=_tally,
)
"""The room of points, as the office needs it."""
