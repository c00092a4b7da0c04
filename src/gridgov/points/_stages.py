"""The life of an award: which state follows from which event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from gridgov.decider import changed
from gridgov.escalation import Deadline
from gridgov.points import _events as e
from gridgov.points._state import (
    Appeal,
    Approved,
    Award,
    AwardFile,
    Claimed,
    Confirmed,
    Expired,
    Objected,
    Objection,
    PartlyReversed,
    Published,
    Publishing,
    Rejected,
    Reversed,
    UnderReview,
    Voided,
)

__all__ = ["next_award"]


def next_award(name: str, before: Award | None, event: e.PointsEvent) -> Award:
    """Give the state of an award after an event.

    :raises ValueError: for an event that cannot follow: a journal in another order than it was written.
    """
    if isinstance(event, e.AwardProposed):
        return _claimed(event)
    if isinstance(event, e.AppealUpheld) and event.compensation == name:
        return _compensation(event, before)
    if before is None:
        raise ValueError(f"{type(event).__name__} comes before its award was proposed")
    return _NEXT.get(type(event), _in_publicity)(before, event)


def _later(file: AwardFile, event: e.PointsEvent) -> dt.datetime:
    at = event.at
    return at if at > file.changed_at else file.changed_at


def _called(before: Award, event: e.SittingCalled) -> Award:
    return UnderReview(changed(before.file, changed_at=_later(before.file, event)), event.sitting)


def _listed(before: Award, event: e.AwardsPublished) -> Award:
    return Publishing(changed(before.file, changed_at=_later(before.file, event)), event.list)


def _hung(before: Award, event: e.PublicationConfirmed) -> Award:
    ends_at = event.window_ends_at
    file = changed(before.file, changed_at=_later(before.file, event))
    return Published(file, event.list, ends_at, ends_at, event.at, event.provisional)


def _confirmed(before: Award, event: e.AwardConfirmed) -> Award:
    file, step_at = before.file, event.step_at
    return Confirmed(
        changed(file, changed_at=_later(file, event), confirmed_at=step_at, decided_at=step_at, appealed=False)
    )


def _expired(before: Award, event: e.LotExpired) -> Award:
    file = before.file
    file = changed(file, changed_at=_later(file, event), expired=file.expired + event.expired)
    return Reversed(file) if isinstance(before, Reversed) else Expired(file)


def _claimed(event: e.AwardProposed) -> Award:
    return Claimed(
        AwardFile(
            id=event.award,
            account=event.account,
            payee=event.payee or event.account,
            deed=event.deed,
            category=event.category,
            month=event.month,
            on=event.on,
            occasion=event.occasion,
            proposed_by=event.by,
            asked=event.asked,
            changed_at=event.at,
            counted=event.counted,
            community=event.community,
            unit=event.unit,
            only=event.only,
        )
    )


def _compensation(event: e.AppealUpheld, before: Award | None) -> Award:
    if before is not None:
        raise ValueError(f"the award {event.compensation} stands already")
    return Approved(
        AwardFile(
            id=event.compensation,
            account=event.account,
            payee=event.payee or event.account,
            deed=event.deed,
            category=event.category,
            month=event.month,
            on=event.on,
            occasion=f"appeal:{event.award}",
            proposed_by=event.by,
            asked=event.points,
            changed_at=event.at,
            given=event.points,
            unit=event.unit,
            source=event.source,
            judges=(event.by,),
            counted=event.counted,
            community=event.community,
            only=event.only,
            decided_at=event.at,
            compensates=event.award,
        )
    )


def _reviewed(before: Award, event: e.AwardReviewed) -> Award:
    file = changed(
        before.file,
        changed_at=_later(before.file, event),
        given=event.given,
        unit=event.unit,
        source=event.source,
        judges=(*event.in_favor, *event.against),
        decided_at=event.at,
        appealed=False,
    )
    return Approved(file) if event.given else Rejected(file)


def _reversed(before: Award, event: e.AwardReversed) -> Award:
    file = before.file
    file = changed(
        file,
        changed_at=_later(file, event),
        reversed=file.reversed + event.points,
        judges=_with(file.judges, event.by),
    )
    file = _newly_decided(file, event.at)
    if file.reversed == file.given:
        return Reversed(file)
    return Expired(file) if isinstance(before, Expired) else PartlyReversed(file)


def _newly_decided(file: AwardFile, at: dt.datetime) -> AwardFile:
    """Note a decision, which can be appealed once."""
    return changed(file, decided_at=at, appealed=False)


def _with(judges: tuple[str, ...], by: str) -> tuple[str, ...]:
    return judges if by in judges else (*judges, by)


def _appealed(before: Award, event: e.AwardAppealed | e.AppealDismissed | e.AppealUpheld) -> Award:
    """Note an appeal, or that it was decided; the state stays what it is."""
    file = changed(before.file, changed_at=_later(before.file, event))
    match event:
        case e.AwardAppealed():
            appeal = Appeal(id=event.appeal, by=event.by, deadline=event.deadline)
            file = changed(file, appeal=appeal, appealed=True)
        case e.AppealDismissed():
            file = changed(file, appeal=None, judges=_with(file.judges, event.by))
        case e.AppealUpheld():
            file = changed(
                file,
                appeal=None,
                judges=_with(file.judges, event.by),
                compensated_by=(*file.compensated_by, event.compensation),
                compensated=file.compensated + event.points,
            )
    return attrs.evolve(before, file=file)


def _with_deadlines(before: Award, deadlines: Mapping[str, Deadline]) -> Award:
    """Give other deadlines to what is open."""
    appeal = before.file.appeal
    if appeal is not None and appeal.id in deadlines:
        appeal = attrs.evolve(appeal, deadline=deadlines[appeal.id])
        before = attrs.evolve(before, file=changed(before.file, appeal=appeal))
    if not isinstance(before, Objected):
        return before
    open_ = tuple(
        attrs.evolve(each, deadline=deadlines[each.id]) if each.id in deadlines else each for each in before.objections
    )
    return attrs.evolve(before, objections=open_)


def _reviewed_again(before: Award, event: e.AwardDeadlinesReviewed) -> Award:
    after = _with_deadlines(before, event.deadlines)
    if event.window_ends_at is None or not isinstance(after, Published | Objected):
        return after
    after = attrs.evolve(after, window_ends_at=event.window_ends_at, provisional=event.provisional)
    if isinstance(after, Published) and event.confirm_at is not None:
        after = attrs.evolve(after, confirm_at=event.confirm_at)
    return after


def _in_publicity(before: Award, event: e.PointsEvent) -> Award:
    """Give what an objection, or its end, makes of a published award."""
    file = changed(before.file, changed_at=_later(before.file, event))
    match before, event:
        case ((Published() | Objected()), e.AwardObjected()):
            open_ = before.objections if isinstance(before, Objected) else ()
            fresh = Objection(id=event.objection, by=event.by, deadline=event.deadline)
            return Objected(
                file, before.list, before.window_ends_at, (*open_, fresh), before.hung_at, before.provisional
            )
        case Objected(), e.AwardVoided():
            return Voided(_newly_decided(changed(file, judges=_with(file.judges, event.by)), event.at))
        case Objected(), e.AwardObjectionDismissed() | e.AwardAmended():
            return _decided(before, file, event)
        case _:
            raise ValueError(f"{type(event).__name__} cannot follow on an award that is {type(before).__name__}")


def _decided(before: Objected, file: AwardFile, event: e.AwardObjectionDismissed | e.AwardAmended) -> Award:
    file = changed(file, judges=_with(file.judges, event.by))
    if isinstance(event, e.AwardAmended):
        file = _newly_decided(changed(file, given=event.given), event.at)
    left = tuple(each for each in before.objections if each.id != event.objection)
    if left:
        return attrs.evolve(before, file=file, objections=left)
    ends_at = before.window_ends_at
    return Published(file, before.list, ends_at, event.confirm_at, before.hung_at, before.provisional)


def _pressed(before: Award, event: e.AwardPressed) -> Award:
    return _with_deadlines(before, {event.matter: event.deadline})


_NEXT: Mapping[type, Callable[[Any, Any], Award]] = {
    e.SittingCalled: _called,
    e.AwardReviewed: _reviewed,
    e.AwardsPublished: _listed,
    e.PublicationConfirmed: _hung,
    e.AwardConfirmed: _confirmed,
    e.LotExpired: _expired,
    e.AwardReversed: _reversed,
    e.AwardAppealed: _appealed,
    e.AppealDismissed: _appealed,
    e.AppealUpheld: _appealed,
    e.AwardPressed: _pressed,
    e.AwardDeadlinesReviewed: _reviewed_again,
}
