"""Who belongs to a group of people at a place, found from territory and postings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Self

import attrs

from gridgov.staffing import Posting, Roster
from gridgov.territory import Territory

__all__ = ["GROUPS", "Audience", "group_of"]

GROUPS: Mapping[str, str] = {
    "grid": "everybody posted on the grid of the place, or on the nearest place above it where anybody is",
    "role:NAME": "whoever holds the role on the place, or on the nearest place above it; deputies for the absent",
    "owners:LEVEL": "of each place of the level within the place, or of the one above it, whoever was posted first",
    "members": "everybody who is posted on the place or on any place within it",
}
"""Groups that need no case and no award, and who is in them."""


@attrs.frozen
class Audience:
    """A group as somebody wrote it: what it is, and the role or level that it names."""

    kind: str
    name: str = ""

    @classmethod
    def parse(cls, text: str, roster: Roster, territory: Territory) -> Self:
        """Read ``"members"``, ``"grid"``, ``"role:NAME"`` or ``"owners:LEVEL"``.

        :raises ValueError: for anything else, and for a role or level that there is not.
        """
        kind, _, name = text.partition(":")
        if text in ("grid", "members"):
            return cls(text)
        if kind == "role":
            return cls(kind, _known("role", name, roster.roles))
        if kind == "owners":
            return cls(kind, _known("level", name, {level.id: level for level in territory.levels}))
        raise ValueError(f"{text!r} is no group; write {', '.join(GROUPS)}")


def _known(what: str, name: str, known: Mapping[str, object]) -> str:
    if name in known:
        return name
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
    raise ValueError(f"there is no {what} {name!r}; {hint}")


def group_of(text: str, place: str, roster: Roster, territory: Territory, on: dt.date) -> tuple[str, ...]:
    """Give the ids of a group at a place on a day, each once, in the order of the postings.

    A group or place that there is not (any more) is nobody.
    """
    if place not in territory:
        return ()
    kind, _, name = text.partition(":")
    match kind:
        case "grid":
            found = _nearest(place, roster, territory, on)
        case "role":
            found = iter(roster.climb(name, place, territory, on).holders)
        case "owners":
            found = _owners(name, place, roster, territory, on)
        case "members":
            found = _members(place, roster, territory, on)
        case _:
            found = iter(())
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4)
def _by_place(roster: Roster) -> Mapping[str, tuple[Posting, ...]]:
    found: dict[str, list[Posting]] = {}
    for posting in roster.postings:
        found.setdefault(posting.place, []).append(posting)
    return {place: tuple(postings) for place, postings in found.items()}


def _posted(place: str, roster: Roster, on: dt.date) -> Iterator[str]:
    return (posting.holder for posting in _by_place(roster).get(place, ()) if posting.covers(on))


def _nearest(place: str, roster: Roster, territory: Territory, on: dt.date) -> Iterator[str]:
    path = territory.path(place)
    grid = next((step for step, code in enumerate(path) if territory[code].level == "grid"), 0)
    there = (tuple(_posted(code, roster, on)) for code in path[grid:])
    return iter(next((holders for holders in there if holders), ()))


def _owners(level: str, place: str, roster: Roster, territory: Territory, on: dt.date) -> Iterator[str]:
    if level not in {each.id for each in territory.levels}:
        return
    above = territory.up(place, level)
    places = [above] if above is not None else [node.code for node in territory.below(place) if node.level == level]
    for code in places:
        # A deputy is on duty for the owner, but the group stays whose it is.
        first = min(
            (posting for posting in _by_place(roster).get(code, ()) if posting.covers(on)),
            key=lambda posting: posting.from_on,
            default=None,
        )
        if first is not None:
            yield first.holder


def _members(place: str, roster: Roster, territory: Territory, on: dt.date) -> Iterator[str]:
    for node in territory.below(place):
        yield from _posted(node.code, roster, on)
