"""Announcements: asked for, made, withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import attrs

from gridgov.access import AccessPolicy, check_access
from gridgov.decider import CLOCKS_DIFFER, Decider, Subjects, private
from gridgov.errors import RefusalError, as_code
from gridgov.outreach._audience import Audience, group_of
from gridgov.proofs import Sealed
from gridgov.staffing import Roster
from gridgov.territory import Territory

__all__ = [
    "OUTREACH",
    "WITHDRAWALS",
    "Announce",
    "Announcement",
    "AnnouncementMade",
    "AnnouncementWithdrawn",
    "OutreachGiven",
    "WithdrawAnnouncement",
]

WITHDRAWALS = ("mistake", "outdated", "superseded")
"""Why an announcement may be withdrawn: it was wrong, it holds no longer, another one takes its place."""
Event = Any


@attrs.frozen
class Announce:
    """Tell everybody of an audience at a place something; the announcement takes the id of the command.

    :param audience: ``members``, ``grid``, ``role:NAME`` or ``owners:LEVEL``.
    :param text: what they are told, written for publication: no personal data.
    """

    place: str
    audience: str = attrs.field(default="members", kw_only=True)
    text: str = private("publication")


@attrs.frozen
class WithdrawAnnouncement:
    """Take an announcement back: whom it has not reached yet, it does not reach.

    :param reason: one of :data:`WITHDRAWALS`.
    """

    announcement: str
    reason: str = attrs.field(kw_only=True)


@attrs.frozen(kw_only=True)
class AnnouncementMade:
    """Everybody of an audience is to be told something."""

    announcement: str
    at: dt.datetime
    by: str
    place: str
    audience: str
    text: Sealed


@attrs.frozen(kw_only=True)
class AnnouncementWithdrawn:
    """What was announced is not sent any more."""

    announcement: str
    at: dt.datetime
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class Announcement:
    """An announcement as it stands now."""

    id: str
    at: dt.datetime
    by: str
    place: str
    audience: str
    text: Sealed
    withdrawn_at: dt.datetime | None = None
    reason: str = ""


@attrs.frozen(kw_only=True, eq=False)
class OutreachGiven:
    """What a decision about an announcement rests on.

    :param told: whether anybody subscribes to announcements; without that nobody would hear of one.
    """

    at: dt.datetime
    by: str
    command_id: str
    access: AccessPolicy
    roster: Roster
    territory: Territory
    day: dt.date
    told: bool
    sealed: Mapping[str, Sealed] = attrs.field(factory=dict)


def _refuse(code: str, message: str, **facts: object) -> NoReturn:
    raise RefusalError(code, message, **facts)


def _may(command: Announce | WithdrawAnnouncement, place: str, given: OutreachGiven) -> None:
    check_access(
        given.access,
        type(command).__name__,
        by=given.by,
        place=place,
        roster=given.roster,
        territory=given.territory,
        on=given.day,
    )


def _decide(command: Any, subjects: Subjects, given: OutreachGiven) -> Sequence[Event]:
    match command:
        case Announce():
            return [_announce(command, subjects, given)]
        case WithdrawAnnouncement():
            return [_withdraw(command, subjects, given)]
        case _:
            raise TypeError(f"{type(command).__name__} is no command of outreach")


def _announce(command: Announce, subjects: Subjects, given: OutreachGiven) -> AnnouncementMade:
    if command.place not in given.territory:
        place = as_code(command.place)
        _refuse("outreach.unknown-place", f"there is no place {place} in this street", place=place)
    _may(command, command.place, given)
    if subjects.get(f"announcement:{given.command_id}") is not None:
        _refuse("outreach.exists", f"there is an announcement {as_code(given.command_id)} already")
    try:
        Audience.parse(command.audience, given.roster, given.territory)
    except ValueError:
        written = as_code(command.audience)
        message = f"{written} is nobody; write members, grid, role:NAME of a role, or owners:LEVEL of a level"
        _refuse("outreach.unknown-audience", message, audience=written)
    text = given.sealed.get("text")
    if text is None:
        _refuse("outreach.no-text", "say what is announced: the text is empty")
    if not given.told:
        _refuse(
            "outreach.no-channel",
            "nobody would hear of it: no subscription has the event announcement-made and the audience addressed",
        )
    if not group_of(command.audience, command.place, given.roster, given.territory, given.day):
        _refuse("outreach.nobody", f"nobody is {command.audience} at {command.place} today", place=command.place)
    return AnnouncementMade(
        announcement=given.command_id,
        at=given.at,
        by=given.by,
        place=command.place,
        audience=command.audience,
        text=text,
    )


def _withdraw(command: WithdrawAnnouncement, subjects: Subjects, given: OutreachGiven) -> AnnouncementWithdrawn:
    found: Announcement | None = subjects.get(f"announcement:{command.announcement}")
    if found is None:
        named = as_code(command.announcement)
        _refuse("outreach.unknown", f"there is no announcement {named}", announcement=named)
    _may(command, found.place, given)
    if command.reason not in WITHDRAWALS:
        _refuse("outreach.unknown-reason", f"a reason is one of {', '.join(WITHDRAWALS)}")
    if found.withdrawn_at is not None:
        _refuse("outreach.withdrawn", f"the announcement {found.id} was withdrawn already", reason=found.reason)
    if given.at < found.at - CLOCKS_DIFFER:
        _refuse("outreach.before-its-past", f"the announcement {found.id} was made later than that")
    return AnnouncementWithdrawn(announcement=found.id, at=given.at, by=given.by, reason=command.reason)


def _evolve(_tag: str, before: Any, event: Event) -> Announcement:
    match event:
        case AnnouncementMade():
            return Announcement(
                id=event.announcement,
                at=event.at,
                by=event.by,
                place=event.place,
                audience=event.audience,
                text=event.text,
            )
        case AnnouncementWithdrawn():
            made: Announcement = before
            return attrs.evolve(made, withdrawn_at=event.at, reason=event.reason)
        case _:
            raise ValueError(f"{type(event).__name__} is no event of outreach")


def _settled(_tag: str, _subject: Any) -> bool:
    return True


def _tags(event: Event) -> tuple[str, ...]:
    return (f"announcement:{event.announcement}",)


OUTREACH: Decider[Any, Any, OutreachGiven] = Decider(
    name="outreach",
    commands=(Announce, WithdrawAnnouncement),
    events={"announcement-made": AnnouncementMade, "announcement-withdrawn": AnnouncementWithdrawn},
    decide=_decide,
    evolve=_evolve,
    tags=_tags,
    settled=_settled,
)
"""The room of outreach, as the office needs it."""
