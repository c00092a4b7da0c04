"""What happens to the ground after a merge: houses go up and come down, families move, borders shift.

Each change is a value; :func:`change_ground` applies them all or names everything that is wrong
with them. Nothing is deleted: a building that has come down keeps its place in the tree, with its
last day, because what was reported there happened there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.territory._ground import Adjacency, Ground
from gridgov.territory._tree import Node, Territory

__all__ = ["Built", "Change", "Demolished", "Recounted", "Transferred", "change_ground"]


@attrs.frozen(kw_only=True)
class Built:
    """A building is finished.

    :param community: where it lies; :param adjoins: neighbor → meters of common border.
    """

    code: str
    name: str
    community: str
    households: int
    adjoins: Mapping[str, int] = attrs.field(factory=dict)
    kind: str = ""
    longitude: int | None = None
    latitude: int | None = None
    outline: tuple[int, ...] = ()


@attrs.frozen
class Demolished:
    """A building has come down; nobody lives there any more."""

    code: str


@attrs.frozen
class Recounted:
    """A building has another number of households now."""

    code: str
    households: int


@attrs.frozen
class Transferred:
    """A building belongs to another community now."""

    code: str
    community: str


Change = Built | Demolished | Recounted | Transferred


def change_ground(ground: Ground, changes: Sequence[Change], *, on: dt.date) -> Ground:
    """Give the ground after some changes.

    :param on: the day from which they hold; a demolished building ends the day before.
    :raises SetupError: with every mistake: an unknown or double place, a place changed twice in the
        same way, households below zero, a neighbor that is not there.
    """
    findings = list(_check(ground, changes))
    if findings:
        raise SetupError(findings)
    nodes = dict(ground.territory.nodes)
    gone: set[str] = set()
    pairs = list(ground.adjacencies)
    for change in changes:
        match change:
            case Built():
                nodes[change.code] = Node(
                    code=change.code, level=ground.atom_level, name=change.name, parent=change.community,
                    kind=change.kind, households=change.households, longitude=change.longitude,
                    latitude=change.latitude, outline=change.outline, from_on=on,
                )  # fmt: skip
                pairs += (Adjacency(change.code, other, meters) for other, meters in sorted(change.adjoins.items()))
            case Demolished(code):
                gone.add(code)
                for each in (code, *ground.opened_buildings.get(code, ())):
                    nodes[each] = attrs.evolve(
                        nodes[each], households=0, from_on=min(nodes[each].from_on, _eve(on)), until_on=_eve(on)
                    )
            case Recounted(code, households):
                nodes[code] = attrs.evolve(nodes[code], households=households)
            case Transferred(code, community):
                nodes[code] = attrs.evolve(nodes[code], parent=community)
    territory = Territory.build(ground.territory.levels, nodes.values())
    kept = tuple(pair for pair in pairs if pair.one not in gone and pair.other not in gone)
    opened = {code: inside for code, inside in ground.opened_buildings.items() if code not in gone}
    return attrs.evolve(ground, territory=territory, adjacencies=kept, opened_buildings=opened)


def _eve(on: dt.date) -> dt.date:
    return on - dt.timedelta(days=1) if on > dt.date.min else on


def _check(ground: Ground, changes: Sequence[Change]) -> Iterator[Finding]:
    territory = ground.territory
    standing = {node.code for node in ground.atoms} | set(ground.opened_buildings)
    built = {change.code for change in changes if isinstance(change, Built)}
    down = {change.code for change in changes if isinstance(change, Demolished)}
    seen: set[tuple[type, str]] = set()
    for change in changes:
        if (type(change), change.code) in seen:
            yield _wrong("changed-twice", change.code, f"{change.code} is {_name(change)} twice", "once is enough")
        seen.add((type(change), change.code))
        if isinstance(change, Built):
            if change.code in territory:
                yield _wrong(
                    "code-twice", change.code, f"{change.code} is built, and is there already", "give it a new code"
                )
            for other in sorted(set(change.adjoins) - standing - built):
                yield _wrong(
                    "unknown-place", other, f"{change.code} adjoins {other!r}, which is not there", "name what adjoins"
                )
            for other in sorted(set(change.adjoins) & down):
                yield _wrong("gone", other, f"{change.code} adjoins {other}, which comes down", "leave it out")
        elif change.code not in standing:
            yield _wrong(
                "unknown-place", change.code, f"{change.code!r} is {_name(change)}, and does not stand",
                f"name a standing {ground.atom_level}",
            )  # fmt: skip
        elif change.code in down and not isinstance(change, Demolished):
            yield _wrong("gone", change.code, f"{change.code} comes down and is {_name(change)}", "one of the two")
        if isinstance(change, Recounted) and change.code in ground.opened_buildings:
            message = f"{change.code} is counted by its entrances"
            yield _wrong("counted-inside", change.code, message, "recount the entrances")
        if isinstance(change, Built | Recounted):
            count: object = change.households
            if not isinstance(count, int) or count < 0:
                message = f"{change.code} has {count!r} households"
                yield _wrong("bad-households", change.code, message, "a whole number, 0 or more")
        if isinstance(change, Built | Transferred):
            community = territory.nodes.get(change.community)
            if community is None or community.level != "community":
                yield _wrong(
                    "unknown-place", change.code, f"{change.code} should lie in {change.community!r}",
                    "name a community of the territory",
                )  # fmt: skip


def _name(change: Change) -> str:
    return type(change).__name__.lower()


def _wrong(code: str, subject: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"change.{code}", subject=subject, message=message, remedy=remedy)
