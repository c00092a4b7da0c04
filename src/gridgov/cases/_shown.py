"""What of a case may be shown to whom: a reporter who asked not to be named is named to the desk alone."""

from __future__ import annotations

from typing import Any

import attrs

from gridgov.access import kind_of_actor
from gridgov.cases._given import CaseGiven, is_desk
from gridgov.cases._state import CaseFile, Linked, Objection, State, amended

__all__ = ["WITHHELD", "shown", "withheld"]

WITHHELD = "withheld"
"""What stands in place of a reporter who asked not to be named."""


def withheld(file: CaseFile, given: CaseGiven) -> frozenset[str]:
    """Give the ids that must not be shown to who asks: of this report, and of those that were linked to it."""
    if is_desk(given):
        return frozenset()
    hidden = {each.reporter for each in file.duplicates if each.confidential}
    if file.confidential:
        hidden.add(file.reporter)
        if kind_of_actor(file.opened_by, given.roster) == "resident":
            hidden.add(file.opened_by)
    return frozenset(hidden - {"", given.by})


def shown(state: Any, given: CaseGiven) -> Any:
    """Give a case as it may be shown to who asks; whatever is no case is given as it is."""
    file = getattr(state, "file", None)
    if not isinstance(file, CaseFile):
        return state
    hidden = withheld(file, given)
    return _masked(state, hidden) if hidden else state


def _masked(state: State, hidden: frozenset[str]) -> State:
    if isinstance(state, Linked):
        before = _masked(state.before, hidden)
        return attrs.evolve(state, file=_file(state.file, hidden), before=before)  # type: ignore[arg-type]
    return attrs.evolve(state, file=_file(state.file, hidden))


def _file(file: CaseFile, hidden: frozenset[str]) -> CaseFile:
    def name(who: str) -> str:
        return WITHHELD if who in hidden else who

    objection = file.objection
    return amended(
        file,
        reporter=name(file.reporter),
        opened_by=name(file.opened_by),
        found_by=name(file.found_by),
        followers=tuple(map(name, file.followers)),
        duplicates=tuple(attrs.evolve(each, reporter=name(each.reporter)) for each in file.duplicates),
        objection=None if objection is None else Objection(objection.against, name(objection.raised_by)),
        # The case's own reporter is hidden, or only one of a linked report's.
        contact=None if file.confidential and file.reporter in hidden else file.contact,
    )
