"""Who must be told what: values, no sending.

A notice says what has happened to which case or award, in the words of
:func:`gridgov.cases.describe` and :func:`gridgov.points.describe_award`, which hold no personal
data. Whom it is for is an opaque id; a channel knows how to reach it. Its id is made from the
event's place in its stream, so the same event never gives another id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs

from gridgov.cases import (
    CaseCorrected,
    CaseDispatched,
    CaseEscalated,
    CaseEvent,
    CaseRouted,
    CaseSupervised,
    CaseWarned,
    WhistleBlown,
    describe,
    holder_of,
    unnamed,
)
from gridgov.points import AwardEvent, AwardFile, AwardPressed, describe_award
from gridgov.setup import Setup

__all__ = ["AUDIENCES", "Notice", "notices_for"]

AUDIENCES = frozenset({"lead", "supporting", "informed", "supervisor", "reporter", "followers", "desk", "called"}) | {
    "member",
    "proposer",
    "panel",
}
"""Of cases the first ones; of awards member, proposer, panel (those who have not judged it), supervisor and desk."""


@attrs.frozen(kw_only=True)
class Notice:
    """One message to one receiver on one channel.

    :param id: the idempotency key; a channel may see it more than once.
    """

    id: str
    channel: str
    to: str
    subject: str
    text: str


def notices_for(
    name: str,
    event: Any,
    after: Any,
    place: str,
    setup: Setup,
    *,
    recorded_at: dt.datetime | None = None,
    later: Callable[[], Iterable[Any]] = tuple,
) -> Iterator[Notice]:
    """Give the notices that an event asks for.

    :param name: the stored event name; :param after: the case after it.
    :param place: the event's place in its stream (``"150203005/case:app-4711@3"``).
    :param recorded_at: when it was stored; :param later: gives what has happened to the case since.
        A rung whose next one was due by then, and was climbed, was passed in one go, and only the
        last one of them sends a notice; so with a warning that the next one overtook.
    """
    if isinstance(event, AwardEvent) and after is not None:
        yield from _of_award(name, event, after.file, place, setup)
    if not isinstance(event, CaseEvent) or after is None or _overtaken(event, recorded_at, later):
        return
    withheld = unnamed(after.file, setup.roster, setup.case_policy.on(setup.calendar.local(event.at).date()).desk)
    for subscription in setup.subscriptions:
        if subscription.event != name:
            continue
        zone, named = setup.calendar.zone, setup.roster.name
        for to in dict.fromkeys(_receivers(subscription.audience, event, after, setup)):
            if to:
                # Everybody may read their own name, and the desk every one.
                hidden = frozenset() if subscription.audience == "desk" else withheld - {to}
                yield Notice(
                    id=f"{place}:{subscription.audience}:{to}:{subscription.channel}",
                    channel=subscription.channel,
                    to=to,
                    subject=event.case,
                    text=describe(name, event, subscription.language, zone=zone, withheld=hidden, named=named),
                )


def _of_award(name: str, event: AwardEvent, file: AwardFile, place: str, setup: Setup) -> Iterator[Notice]:
    """Give the notices about an award: to whom it is about, who proposed it, and who is pressed to decide."""
    day = setup.calendar.local(event.at).date()
    scheme = setup.points_policy.on(file.on).deeds.get(file.deed)
    for subscription in setup.subscriptions:
        if subscription.event != name:
            continue
        deed = getattr(scheme, subscription.language, file.deed)
        for to in dict.fromkeys(_concerned(subscription.audience, event, file, setup, day)):
            yield Notice(
                id=f"{place}:{subscription.audience}:{to}:{subscription.channel}",
                channel=subscription.channel,
                to=to,
                subject=file.id,
                text=describe_award(name, event, file, subscription.language, deed=deed),
            )


def _concerned(audience: str, event: AwardEvent, file: AwardFile, setup: Setup, day: dt.date) -> Sequence[str]:
    desk = setup.case_policy.on(day).desk
    match audience:
        case "member":
            return [file.account]
        case "proposer":
            return [file.proposed_by] if not file.proposed_by.startswith("system:") else []
        case "panel":
            return [member.person for member in setup.points_policy.on(day).panel if member.person not in file.judges]
        case "supervisor" if isinstance(event, AwardPressed) and event.target:
            return _targets(event.target, file.community or setup.jurisdiction, setup, day) or [desk]
        case "desk":
            return [desk]
        case _:
            return []


def _targets(target: str, place: str, setup: Setup, day: dt.date) -> Sequence[str]:
    """Give who stands on a rung."""
    kind, _, name = target.partition(":")
    match kind:
        case "role":
            return setup.roster.climb(name, place, setup.territory, day).holders
        case "nearest":
            return setup.roster.climb_to(name, place, setup.territory, day).holders
        case "org":
            return [name]
        case "desk":
            return []
        case _:
            return [target]


def _overtaken(event: CaseEvent, recorded_at: dt.datetime | None, later: Callable[[], Iterable[Any]]) -> bool:
    if not isinstance(event, CaseEscalated | CaseWarned) or recorded_at is None or event.next_step is None:
        return False
    if isinstance(event, CaseEscalated) and not event.overdue:
        return False
    # The red warning goes to the one who has it, a rung to who presses: neither overtakes the other.
    wanted = "red" if isinstance(event, CaseWarned) else "climb"
    if event.next_step.kind != wanted or event.next_step.at > recorded_at:
        return False
    step_at = event.next_step.at
    return any(isinstance(each, type(event)) and each.step_at == step_at for each in later())


def _receivers(audience: str, event: CaseEvent, after: Any, setup: Setup) -> Sequence[str]:
    file = after.file
    match audience:
        case "lead":
            return [holder_of(after)]
        case "supporting":
            return [party.holder for party in file.supporting]
        case "informed" if isinstance(event, CaseRouted | CaseCorrected):
            return [party.holder for party in event.route.informed]
        case "informed" if isinstance(event, CaseDispatched):
            return [party.holder for party in event.informed]
        case "supervisor" if isinstance(event, CaseEscalated | CaseSupervised):
            return [event.supervisor.holder]
        case "supervisor":
            return [file.supervisor.holder] if file.supervisor is not None else []
        case "reporter":
            return [file.reporter]
        case "followers":
            linked = [who for each in file.duplicates for who in (each.reporter, *each.followers)]
            return [*file.followers, *linked]
        case "desk":
            return [setup.case_policy.on(setup.calendar.local(event.at).date()).desk]
        case "called" if isinstance(event, WhistleBlown):
            return list(event.organizations)
        case _:
            return []
