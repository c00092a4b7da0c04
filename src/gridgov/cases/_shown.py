"""What of a case may be shown to whom.

A reporter who asked not to be named is named to the desk alone; and whom a grant masks the reporter
for, the desk included, sees of no case who reported or follows it.
"""

from __future__ import annotations

from typing import Any

import attrs

from gridgov.access import WITHHELD, kind_of_actor
from gridgov.cases._events import CaseEvent, CaseFollowed, CaseUnfollowed
from gridgov.cases._given import CaseGiven, is_desk
from gridgov.cases._state import CaseFile, Linked, Objection, State, amended
from gridgov.staffing import Roster

__all__ = ["WITHHELD", "masked_in", "shown", "unnamed", "withheld"]

STRANGERS = ("resident", "anonymous")


def unnamed(file: CaseFile, roster: Roster, desk: str) -> frozenset[str]:
    """Give the ids of everybody who reported this, or what was ever linked to it, and asked not to be named."""
    hidden = set(file.unnamed)
    if file.confidential:
        hidden.add(file.reporter)
        for who in (file.opened_by, file.found_by):
            # Who typed it in for somebody may be named; without a reporter it is the one who reported.
            theirs = not file.reporter and not roster.acts_for(who, desk)
            if theirs or kind_of_actor(who, roster) in STRANGERS:
                hidden.add(who)
    return frozenset(hidden - {""})


def withheld(file: CaseFile, given: CaseGiven) -> frozenset[str]:
    """Give the ids that must not be shown to who asks; the desk sees every one, and everybody their own."""
    if "reporter" in given.masked:
        return _reporters(file, given) - {given.by}
    if is_desk(given):
        return frozenset()
    return unnamed(file, given.roster, given.policy.desk) - {given.by}


def _reporters(file: CaseFile, given: CaseGiven) -> frozenset[str]:
    """Give the ids of everybody who reported this or what is linked to it, named or not, or follows it."""
    hidden = unnamed(amended(file, confidential=True), given.roster, given.policy.desk)
    hidden |= {file.reporter, *file.followers}
    for each in file.duplicates:
        hidden |= {each.reporter, *each.followers}
    if file.objection is not None:
        hidden |= _strangers(file.objection.raised_by, given)
    return hidden - {""}


def masked_in(event: CaseEvent, given: CaseGiven) -> frozenset[str]:
    """Give the ids in an event that are masked for who asks: reporters who have gone since do not stand in the file."""
    if "reporter" not in given.masked:
        return frozenset()
    follows = {event.by} if isinstance(event, CaseFollowed | CaseUnfollowed) else frozenset()
    named = {getattr(event, "reporter", ""), *getattr(event, "followers", ())}
    return (_strangers(event.by, given) | follows | named) - {"", given.by}


def _strangers(who: str, given: CaseGiven) -> frozenset[str]:
    return frozenset({who}) if kind_of_actor(who, given.roster) in STRANGERS else frozenset()


def shown(subject: Any, given: CaseGiven, of: Any = None) -> Any:
    """Give a case, or an event *of* a case, as it may be shown to who asks; anything else as it is."""
    if isinstance(subject, CaseEvent):
        file = getattr(of, "file", None)
        hidden = withheld(file, given) if isinstance(file, CaseFile) else frozenset()
        hidden |= masked_in(subject, given)
        return _event(subject, hidden) if hidden else subject
    file = getattr(subject, "file", None)
    if not isinstance(file, CaseFile) or (is_desk(given) and "reporter" not in given.masked):
        return subject
    hidden = withheld(file, given)
    masks = "reporter" in given.masked
    named = given.by in (file.reporter, file.opened_by) or (is_desk(given) and not masks)
    return _masked(subject, hidden, contact=named or not (file.confidential or masks))


def _event(event: CaseEvent, hidden: frozenset[str]) -> CaseEvent:
    changes: dict[str, Any] = {}
    for field in attrs.fields(type(event)):
        value = getattr(event, field.name)
        if isinstance(value, str) and value in hidden:
            changes[field.name] = WITHHELD
        elif isinstance(value, tuple) and any(isinstance(each, str) and each in hidden for each in value):
            changes[field.name] = tuple(WITHHELD if each in hidden else each for each in value)
    return attrs.evolve(event, **changes) if changes else event


def _masked(state: State, hidden: frozenset[str], *, contact: bool) -> State:
    file = _file(state.file, hidden, contact)
    if isinstance(state, Linked):
        before = _masked(state.before, hidden, contact=contact)
        return attrs.evolve(state, file=file, before=before)  # type: ignore[arg-type]
    return attrs.evolve(state, file=file)


def _file(file: CaseFile, hidden: frozenset[str], contact: bool) -> CaseFile:
    def name(who: str) -> str:
        return WITHHELD if who in hidden else who

    objection = file.objection
    return amended(
        file,
        reporter=name(file.reporter),
        opened_by=name(file.opened_by),
        found_by=name(file.found_by),
        followers=tuple(map(name, file.followers)),
        duplicates=tuple(
            attrs.evolve(each, reporter=name(each.reporter), followers=tuple(map(name, each.followers)))
            for each in file.duplicates
        ),
        objection=None if objection is None else Objection(objection.against, name(objection.raised_by)),
        unnamed=tuple(map(name, file.unnamed)),
        contact=file.contact if contact else None,
    )
