"""From an event to its notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import attrs

from gridgov.access import kind_of_actor, masked, masks_of
from gridgov.cases import (
    STAGES,
    CaseEscalated,
    CaseEvent,
    CaseWarned,
    describe,
    masked_in,
    parties_of,
    stage_of,
    unnamed,
    withheld,
)
from gridgov.notices._audiences import concerned, receivers
from gridgov.notices._templates import worded
from gridgov.outreach import AnnouncementMade, group_of
from gridgov.points import AwardEvent, AwardFile, describe_award
from gridgov.setup import Setup, Subscription

__all__ = ["Notice", "notices_for"]


@attrs.frozen(kw_only=True)
class Notice:
    """One message to one receiver on one channel.

    :param id: the idempotency key; a channel may see it more than once.
    :param to: the receiver's opaque id; :param subject: the id of what it is about.
    :param topic: what it belongs to (``"150203005/case:app-4711"``), for progress and for who has not read.
    :param quiet: of the subscription, as is *digest*; they say when it goes out.
    :param text_ref: where the text stands that it is sent with, while *text* is empty.
    """

    id: str
    channel: str
    to: str
    subject: str
    text: str
    language: str = "zh"
    topic: str = ""
    quiet: str = ""
    digest: str = ""
    text_ref: str = ""


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

    :param name: the stored event name; :param after: the case, award or announcement after it.
    :param place: the event's place in its stream (``"150203005/case:app-4711@3"``).
    :param recorded_at: when it was stored; :param later: gives what has happened to the case since.
        A rung whose next one was due by then, and was climbed, was passed in one go, and only the
        last one of them sends a notice; so with a warning that the next one overtook.
    """
    wanted = [subscription for subscription in setup.subscriptions if subscription.event == name]
    match event:
        case AnnouncementMade():
            yield from _of_announcement(event, place, setup, wanted)
        case AwardEvent() if after is not None:
            yield from _of_award(name, event, after.file, place, setup, wanted)
        case CaseEvent() if after is not None and not _overtaken(event, recorded_at, later):
            yield from _of_case(name, event, after, place, setup, wanted)
        case _:
            pass


def _suffixes(wanted: Iterable[Subscription]) -> Iterator[tuple[Subscription, str]]:
    """Give each row with what its ids have to end in: nothing, but where an earlier one would give the same ids.

    Files with such rows are refused; values need not come from files.
    """
    first: dict[tuple[str, str], Subscription] = {}
    for row in wanted:
        known = first.setdefault((row.audience, row.channel), row)
        yield row, "" if known == row else f":{row.language}:{row.quiet}:{row.digest}"


def _notice(row: tuple[Subscription, str], place: str, to: str, subject: str, text: str, text_ref: str = "") -> Notice:
    subscription, suffix = row
    return Notice(
        id=f"{place}:{subscription.audience}:{to}:{subscription.channel}{suffix}",
        channel=subscription.channel,
        to=to,
        subject=subject,
        text=text,
        language=subscription.language,
        topic=place.rpartition("@")[0],
        quiet=subscription.quiet,
        digest=subscription.digest,
        text_ref=text_ref,
    )


def _of_case(
    name: str, event: CaseEvent, after: Any, place: str, setup: Setup, wanted: Iterable[Subscription]
) -> Iterator[Notice]:
    zone, named = setup.calendar.zone, setup.roster.name
    for subscription, suffix in _suffixes(wanted):
        audience, language = subscription.audience, subscription.language
        for to in dict.fromkeys(receivers(audience, event, after, setup)):
            if to:
                hidden, masks = _hidden(event, after, to, setup, desk=audience == "desk")
                text = masked(describe(name, event, language, zone=zone, withheld=hidden, named=named), masks, by=to)
                if setup.templates:
                    facts = _facts(event, after, language, setup)
                    text = worded(setup.templates, name, audience, language, facts | {"text": text})
                yield _notice((subscription, suffix), place, to, event.case, text)


def _hidden(
    event: CaseEvent, after: Any, to: str, setup: Setup, *, desk: bool
) -> tuple[frozenset[str], frozenset[str]]:
    """Give whom a notice to somebody does not name, and what else it masks.

    The desk and everybody themselves aside, no resident is named at all: a notice goes out through others' machines.
    What the receiver's grant masks in the story of the case is masked here, too.
    """
    masks = _masks(event, after, to, setup)
    given = setup.given("cases", at=event.at, by=to, masked=masks)
    hidden = masked_in(event, given) | withheld(after.file, given)
    if not desk:
        hidden |= unnamed(after.file, setup.roster, given.policy.desk)
        masks |= {"resident"}
        if kind_of_actor(event.by, setup.roster) in ("resident", "anonymous"):
            hidden |= {event.by}
    return hidden - {to}, masks


def _masks(event: CaseEvent, after: Any, to: str, setup: Setup) -> frozenset[str]:
    return masks_of(
        setup.access,
        "Timeline",
        by=to,
        place=after.file.place,
        roster=setup.roster,
        territory=setup.territory,
        on=setup.calendar.local(event.at).date(),
        reading=True,
        parties=partial(parties_of, after),
    )


def _facts(event: CaseEvent, after: Any, language: str, setup: Setup) -> dict[str, str]:
    """Give what a template may say about a case; nothing in it is about a person."""
    file = after.file
    kind = setup.catalog.kinds.get(file.kind)
    deadline = file.deadline
    return {
        "subject": event.case,
        "at": _local(event.at, setup),
        "kind": file.kind if kind is None else getattr(kind, language),
        "place": setup.territory[file.place].name if file.place in setup.territory else file.place,
        "code": file.place,
        "stage": STAGES[stage_of(after)].in_(language),
        "due": "" if deadline is None else deadline.local(deadline.due_at),
    }


def _local(instant: dt.datetime, setup: Setup) -> str:
    return setup.calendar.local(instant).strftime("%Y-%m-%d %H:%M")


def _of_award(
    name: str, event: AwardEvent, file: AwardFile, place: str, setup: Setup, wanted: Iterable[Subscription]
) -> Iterator[Notice]:
    """Give the notices about an award: to whom it is about, who proposed it, and who is pressed to decide."""
    day = setup.calendar.local(event.at).date()
    scheme = setup.points_policy.on(file.on).deeds.get(file.deed)
    for subscription, suffix in _suffixes(wanted):
        audience, language = subscription.audience, subscription.language
        deed = getattr(scheme, language, file.deed)
        for to in dict.fromkeys(concerned(audience, event, file, setup, day)):
            text = describe_award(name, event, file, language, deed=deed)
            if setup.templates:
                facts = _facts_of_award(event, file, deed, setup)
                text = worded(setup.templates, name, audience, language, facts | {"text": text})
            yield _notice((subscription, suffix), place, to, file.id, text)


def _facts_of_award(event: AwardEvent, file: AwardFile, deed: str, setup: Setup) -> dict[str, str]:
    known = setup.territory[file.community].name if file.community in setup.territory else ""
    at = _local(event.at, setup)
    return {"subject": file.id, "at": at, "kind": deed, "place": known, "code": file.community}


def _of_announcement(
    event: AnnouncementMade, place: str, setup: Setup, wanted: Iterable[Subscription]
) -> Iterator[Notice]:
    """Give a notice for everybody of the audience; each is sent with the text that stands apart."""
    day = setup.calendar.local(event.at).date()
    addressed = group_of(event.audience, event.place, setup.roster, setup.territory, day)
    for subscription, suffix in _suffixes(wanted):
        if subscription.audience == "addressed":
            for to in addressed:
                yield _notice((subscription, suffix), place, to, event.announcement, "", event.text.ref)


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
