"""What of a case may be shown to whom: a reporter who asked not to be named is named to the desk alone."""

from __future__ import annotations

from typing import Any

import attrs

from gridgov.access import kind_of_actor
from gridgov.cases._events import CaseEvent
from gridgov.cases._given import CaseGiven, is_desk
from gridgov.cases._state import CaseFile, Linked, Objection, State, amended
from gridgov.staffing import Roster

__all__ = ["WITHHELD", "shown", "unnamed", "withheld"]

STRANGERS = ("resident", "anonymous")
WITHHELD = "withheld"
"""What stands in place of a reporter who asked not to be named."""


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
    if is_desk(given):
        return frozenset()
    return unnamed(file, given.roster, given.policy.desk) - {given.by}


def shown(subject: Any, given: CaseGiven, of: Any = None) -> Any:
    """Give a case, or an event *of* a case, as it may be shown to who asks; anything else as it is."""
    if isinstance(subject, CaseEvent):
        file = getattr(of, "file", None)
        hidden = withheld(file, given) if isinstance(file, CaseFile) else frozenset()
        return _event(subject, hidden) if hidden else subject
    file = getattr(subject, "file", None)
    if not isinstance(file, CaseFile) or is_desk(given):
        return subject
    hidden = withheld(file, given)
    own = given.by in (file.reporter, file.opened_by)
    return _masked(subject, hidden, contact=own or not file.confidential)


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
