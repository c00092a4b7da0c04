"""Who must be told what: values, no sending.

A notice says what has happened to which case, in the words of :func:`gridgov.cases.describe`,
which hold no personal data. Whom it is for is an opaque id; a channel knows how to reach it. Its
id is made from the event's place in its stream, so the same event never gives another id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from gridgov.cases import CaseEscalated, CaseEvent, CaseRouted, WhistleBlown, describe, holder_of
from gridgov.setup import Setup

__all__ = ["AUDIENCES", "Notice", "notices_for"]

AUDIENCES = frozenset({"lead", "supporting", "informed", "supervisor", "reporter", "desk", "called"})


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


def notices_for(name: str, event: Any, after: Any, place: str, setup: Setup) -> Iterator[Notice]:
    """Give the notices that an event asks for.

    :param name: the stored event name; :param after: the case after it.
    :param place: the event's place in its stream (``"150203005/case:app-4711@3"``).
    """
    if not isinstance(event, CaseEvent) or after is None:
        return
    for subscription in setup.subscriptions:
        if subscription.event != name:
            continue
        text = describe(name, event, subscription.language, zone=setup.calendar.zone)
        for to in dict.fromkeys(_receivers(subscription.audience, event, after, setup)):
            if to:
                yield Notice(
                    id=f"{place}:{subscription.audience}:{to}:{subscription.channel}",
                    channel=subscription.channel,
                    to=to,
                    subject=event.case,
                    text=text,
                )


def _receivers(audience: str, event: CaseEvent, after: Any, setup: Setup) -> Sequence[str]:
    file = after.file
    match audience:
        case "lead":
            return [holder_of(after)]
        case "supporting":
            return [party.holder for party in file.supporting]
        case "informed" if isinstance(event, CaseRouted):
            return [party.holder for party in event.route.informed]
        case "supervisor" if isinstance(event, CaseEscalated):
            return [event.supervisor.holder]
        case "reporter":
            return [file.reporter]
        case "desk":
            return [setup.case_policy.on(setup.calendar.local(event.at).date()).desk]
        case "called" if isinstance(event, WhistleBlown):
            return list(event.organizations)
        case _:
            return []
