"""Official re-organisations: a street is renamed, dissolved, or goes to another district.

What comes from above is a table, old code → new code, with a row for whatever was decided and none
for what merely follows. A place that is not named goes with the nearest place above it that is, and
keeps its own last digits. Rows name places, never text: a code that begins with the same digits and
lies elsewhere is not touched.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.territory._ground import Ground
from gridgov.territory._tree import Node, Territory

__all__ = ["Recoded", "Recoding", "recode"]


@attrs.frozen(kw_only=True)
class Recoding:
    """One row: a place has another code, name or parent now.

    :param new: its code from now on; several rows with one *new* make one place of several.
    :param name: its name from now on, empty if it keeps it; :param parent: the new code of the place
        it lies in now, empty if that merely follows.
    """

    old: str
    new: str
    name: str = ""
    parent: str = ""


@attrs.frozen(kw_only=True, eq=False)
class Recoded:
    """The territory after a re-organisation, and where every code went.

    :param codes: every old code → its new one, also where nothing changed: what follows places
        (postings, layers, open cases, accounts) goes where this says.
    :param on: the day from which the new codes hold.
    """

    territory: Territory
    codes: Mapping[str, str]
    on: dt.date

    def back(self, code: str) -> tuple[str, ...]:
        """Give the old codes of a new one, several where places were united."""
        return tuple(old for old, new in self.codes.items() if new == code)

    def ground(self, ground: Ground) -> Ground:
        """Give ground with the new codes: the same buildings side by side."""
        pairs = tuple(
            attrs.evolve(pair, one=self.codes[pair.one], other=self.codes[pair.other]) for pair in ground.adjacencies
        )
        opened = {
            self.codes[building]: tuple(self.codes[each] for each in inside)
            for building, inside in ground.opened_buildings.items()
        }
        return attrs.evolve(ground, territory=self.territory, adjacencies=pairs, opened_buildings=opened)


def recode(territory: Territory, rows: Sequence[Recoding], *, on: dt.date) -> Recoded:
    """Apply a re-organisation; all of it or nothing.

    :raises SetupError: with every mistake: an unknown old code, one that is named twice, two places
        that would get one code without a row that unites them, and whatever the new tree has wrong.
    """
    findings = list(_check(territory, rows))
    if findings:
        raise SetupError(findings)
    by_old = {row.old: row for row in rows}
    codes: dict[str, str] = {}
    for node in territory.below(territory.root):
        codes[node.code] = _new_code(node, territory, by_old, codes)
    findings = [*_collisions(codes, by_old), *_counted_differently(territory, codes)]
    if findings:
        raise SetupError(findings)
    nodes: dict[str, Node] = {}
    for node in territory.below(territory.root):
        row = by_old.get(node.code)
        parent = row.parent if row and row.parent else codes.get(node.parent or "")
        fresh = attrs.evolve(node, code=codes[node.code], parent=parent or None)
        if row and row.name:
            fresh = attrs.evolve(fresh, name=row.name)
        known = nodes.get(fresh.code)
        nodes[fresh.code] = fresh if known is None else _united(known, fresh, row.name if row else "")
    return Recoded(territory=Territory.build(territory.levels, nodes.values()), codes=codes, on=on)


def _new_code(node: Node, territory: Territory, by_old: Mapping[str, Recoding], codes: Mapping[str, str]) -> str:
    if node.code in by_old:
        return by_old[node.code].new
    # The nearest place above whose digits it carries; after a merge that is not its grid.
    for above in territory.path(node.code)[1:]:
        if node.code.startswith(above):
            return codes[above] + node.code[len(above) :]
    return node.code


def _united(one: Node, other: Node, name: str) -> Node:
    """Make one place of two: it counts what both did, and lasts as long as either; a row may name it anew."""
    households = None
    if one.households is not None or other.households is not None:
        households = (one.households or 0) + (other.households or 0)
    return attrs.evolve(
        one,
        name=name or one.name,
        households=households,
        from_on=min(one.from_on, other.from_on),
        until_on=max(one.until_on, other.until_on),
    )


def _check(territory: Territory, rows: Sequence[Recoding]) -> Iterator[Finding]:
    for old, count in Counter(row.old for row in rows).items():
        if old not in territory:
            yield _wrong("unknown-place", old, f"there is no place {old!r} to be given another code", "name a place")
        if count > 1:
            message = f"{old} is given {count} new codes"
            remedy = "one row a place; name what lies in it where it is divided"
            yield _wrong("code-twice", old, message, remedy)
    given_up = {row.old for row in rows}
    for row in rows:
        if row.old not in territory or row.new not in territory or row.new in given_up:
            continue
        level, other = territory[row.old].level, territory[row.new].level
        if level != other:
            message = f"{row.old} ({level}) becomes {row.new}, which is a {other}"
            yield _wrong("other-level", row.old, message, "unite places of one level")


def _collisions(codes: Mapping[str, str], by_old: Mapping[str, Recoding]) -> Iterator[Finding]:
    by_new: dict[str, list[str]] = {}
    for old, new in codes.items():
        by_new.setdefault(new, []).append(old)
    for new, olds in by_new.items():
        # Several places become one only where a row says so of all of them but one.
        if len(olds) > 1 and sum(1 for old in olds if old in by_old) < len(olds) - 1:
            yield _wrong(
                "collision", new, f"{', '.join(olds)} would all be {new}",
                "give the one that should be another place a row with a code of its own",
            )  # fmt: skip


def _counted_differently(territory: Territory, codes: Mapping[str, str]) -> Iterator[Finding]:
    """Give places that would be united though one is counted itself and another by what lies in it."""
    by_new: dict[str, list[str]] = {}
    for old, new in codes.items():
        by_new.setdefault(new, []).append(old)
    for new, olds in by_new.items():
        own = [old for old in olds if territory[old].households is not None]
        inside = [old for old in olds if territory[old].households is None and territory.households(old)]
        if own and inside:
            yield _wrong(
                "counted-differently", new, f"{', '.join(own)} counts its own households, {', '.join(inside)} does not",
                "count both in the same way before they are united",
            )  # fmt: skip


def _wrong(code: str, subject: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"recoding.{code}", subject=subject, message=message, remedy=remedy)
