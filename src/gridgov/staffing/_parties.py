"""From a target as rules write it to whoever that is, here and today."""

from __future__ import annotations

import datetime as dt

import attrs

from gridgov.staffing._roster import ORGANIZATION_KINDS, Roster
from gridgov.territory import Territory

__all__ = ["Party", "find_party"]


@attrs.frozen(kw_only=True)
class Party:
    """Whoever handles, supports, supervises, or is informed.

    :param holder: the id of a person or organization.
    :param target: as the rule wrote it.
    :param zh: what it is called, without a person's name (as *en*).
    :param path: the places that were climbed to find it, empty for a named organization.
    :param instead_of: the role, or the kind of organization, that nobody holds on any of these places,
        so the desk has it.
    :param deputy_of: whom it stands in for, because they are away.
    """

    holder: str
    target: str
    zh: str = ""
    en: str = ""
    path: tuple[str, ...] = ()
    instead_of: str = ""
    deputy_of: str = ""


def find_party(target: str, *, place: str, desk: str, roster: Roster, territory: Territory, on: dt.date) -> Party:
    """Find who *target* is for a place on a day.

    ``role:NAME`` climbs the tree to the nearest posting on duty, or the deputy of one who is away;
    where nobody is posted all the way up, and for ``desk``, it is the street's desk.
    ``nearest:KIND`` climbs to the nearest posted organization of a kind (a station, a partner, a
    team). ``org:NAME`` is that organization; a bare id is a person or organization as it stands.
    """
    what, _, name = target.partition(":")
    if what == "role" and name in roster.roles:
        climb = roster.climb(name, place, territory, on)
        if climb.holders:
            role = roster.roles[name]
            return Party(
                holder=climb.holders[0],
                target=target,
                zh=role.zh,
                en=role.en,
                path=climb.path,
                deputy_of=climb.deputy_of,
            )
        return attrs.evolve(_named(desk, target, roster, climb.path), instead_of=name)
    if what == "nearest" and name in ORGANIZATION_KINDS:
        climb = roster.climb_to(name, place, territory, on)
        if climb.holders:
            return attrs.evolve(_named(climb.holders[0], target, roster, climb.path), deputy_of=climb.deputy_of)
        return attrs.evolve(_named(desk, target, roster, climb.path), instead_of=name)
    if what == "org" and name in roster.organizations:
        return _named(name, target, roster, ())
    if target == "desk":
        return _named(desk, target, roster, ())
    return _named(target, target, roster, ())


def _named(holder: str, target: str, roster: Roster, path: tuple[str, ...]) -> Party:
    return Party(holder=holder, target=target, zh=roster.name(holder, "zh"), en=roster.name(holder, "en"), path=path)
