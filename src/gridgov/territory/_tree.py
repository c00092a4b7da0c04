"""The tree of places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property

import attrs

from gridgov.errors import Finding, NotFoundError, SetupError
from gridgov.territory._codes import check_code

__all__ = ["GRID_KINDS", "Level", "Node", "Territory"]

GRID_KINDS = frozenset({"residential", "commercial", "road", "dedicated", "micro", "management"})
"""居民区, 商务楼宇, 沿街路面, 专属, 微网格, 管理网格."""


@attrs.frozen
class Level:
    """One level of a jurisdiction, from the top (order 0) down."""

    id: str
    zh: str
    en: str


@attrs.frozen(kw_only=True)
class Node:
    """One place.

    :param code: unique in the tree.
    :param level: the id of its level.
    :param parent: the code of the place it lies in; None for the root.
    :param kind: a grid kind, empty for places that are no grids.
    :param households: counted in the place itself, None where nobody counted (see
        :meth:`Territory.households`).
    :param longitude: in degrees × 10⁷ (as is *latitude*), None where unknown.
    :param outline: corners in the same unit, longitude and latitude in turn, without the first
        one again; empty where unknown.
    """

    code: str
    level: str
    name: str
    parent: str | None = None
    kind: str = ""
    households: int | None = None
    longitude: int | None = None
    latitude: int | None = None
    outline: tuple[int, ...] = ()
    from_on: dt.date = dt.date.min
    until_on: dt.date = dt.date.max


@attrs.frozen(eq=False)
class Territory:
    """A frozen tree of places. Make one with :meth:`build`."""

    levels: tuple[Level, ...]
    nodes: Mapping[str, Node]
    root: str

    @classmethod
    def build(cls, levels: Sequence[Level], nodes: Iterable[Node]) -> Territory:
        """Check and build a tree.

        :raises SetupError: with every mistake: a code twice, an unknown level, kind or parent,
            a cycle, several roots, a code of the wrong length or outside its parent, households
            below zero, dates out of order.
        """
        everything = tuple(nodes)
        findings = cls.check(levels, everything)
        if findings:
            raise SetupError(findings)
        root = next(node.code for node in everything if node.parent is None)
        return cls(tuple(levels), {node.code: node for node in everything}, root)

    @staticmethod
    def check(levels: Sequence[Level], nodes: Sequence[Node]) -> list[Finding]:
        """Give every mistake of a tree; none for a sound one."""
        order = {level.id: depth for depth, level in enumerate(levels)}
        by_code: dict[str, Node] = {}
        findings: list[Finding] = []
        for node in nodes:
            if node.code in by_code:
                findings.append(
                    Finding(
                        code="territory.code-twice",
                        subject=node.code,
                        column="code",
                        message=f"the code {node.code} is given to {by_code[node.code].name} and to {node.name}",
                        remedy="give each place a code of its own",
                    )
                )
            else:
                by_code[node.code] = node
        cycles = _cycles(by_code)
        circling = {code for cycle in cycles for code in cycle}
        for node in nodes:
            # A place in a cycle has a wrong parent; what follows from that would only bury the cause.
            findings += _check_node(node, by_code, order, parent_known=node.code not in circling)
        findings += _check_roots(nodes, cycles)
        return findings

    def __getitem__(self, code: str) -> Node:
        """Give the node of a code.

        :raises NotFoundError: names the closest known code.
        """
        node = self.nodes.get(code)
        if node is None:
            close = get_close_matches(code, self.nodes, n=1)
            raise NotFoundError(
                f"there is no place {code!r}" + (f"; the closest code is {close[0]!r}" if close else "")
            )
        return node

    def __contains__(self, code: object) -> bool:
        return code in self.nodes

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def path(self, code: str) -> tuple[str, ...]:
        """Give the codes from *code* up to the root, both included."""
        found = [code]
        while (parent := self[found[-1]].parent) is not None:
            found.append(parent)
        return tuple(found)

    def within(self, code: str, ancestor: str) -> bool:
        """Say whether *code* is *ancestor* or lies in it."""
        return ancestor in self.path(code)

    def up(self, code: str, level: str) -> str | None:
        """Give the place of *level* that *code* is or lies in, None if there is none."""
        return next((found for found in self.path(code) if self.nodes[found].level == level), None)

    def children(self, code: str) -> tuple[str, ...]:
        """Give the codes right below *code*, in the order of the setup."""
        return self._children.get(code, ())

    def below(self, code: str) -> Iterator[Node]:
        """Walk *code* and everything in it, from the top down."""
        waiting = [code]
        while waiting:
            current = waiting.pop()
            yield self[current]
            waiting += reversed(self.children(current))

    def at(self, level: str) -> tuple[Node, ...]:
        """Give every place of a level, in the order of the setup."""
        return tuple(node for node in self if node.level == level)

    def households(self, code: str) -> int:
        """Count the households of a place: its own count, else the sum of what lies in it."""
        own = self[code].households
        if own is not None:
            return own
        return sum(self.households(child) for child in self.children(code))

    def depth(self, level: str) -> int:
        """Give the order of a level, 0 for the top one.

        :raises NotFoundError: for an unknown level.
        """
        for depth, known in enumerate(self.levels):
            if known.id == level:
                return depth
        raise NotFoundError(f"there is no level {level!r}; the levels are {', '.join(k.id for k in self.levels)}")

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for node in self.nodes.values():
            if node.parent is not None:
                found.setdefault(node.parent, []).append(node.code)
        return {code: tuple(children) for code, children in found.items()}


def _check_node(
    node: Node, by_code: Mapping[str, Node], order: Mapping[str, int], *, parent_known: bool
) -> Iterator[Finding]:
    def wrong(code: str, column: str, message: str, remedy: str, names: str = "") -> Finding:
        return Finding(
            code=f"territory.{code}", subject=node.code, column=column, message=message, remedy=remedy, names=names
        )

    if node.level not in order:
        yield wrong(
            "unknown-level",
            "level",
            f"{node.name} has the unknown level {node.level!r}",
            f"one of {', '.join(order)}",
        )
    if node.kind and node.kind not in GRID_KINDS:
        yield wrong(
            "unknown-kind",
            "kind",
            f"{node.name} has the unknown grid kind {node.kind!r}",
            f"one of {', '.join(sorted(GRID_KINDS))}",
        )
    if node.households is not None and node.households < 0:
        yield wrong("negative-households", "households", f"{node.name} has {node.households} households", "0 or more")
    if node.until_on < node.from_on:
        yield wrong(
            "dates-out-of-order",
            "until",
            f"{node.name} ends on {node.until_on}, before {node.from_on}",
            "end after start",
        )
    bad = check_code(node.level, node.code, node.parent if parent_known else None)
    if bad:
        yield wrong("bad-code", "code", *bad)
    if node.parent is None or not parent_known:
        return
    parent = by_code.get(node.parent)
    if parent is None:
        close = get_close_matches(node.parent, by_code, n=1)
        yield wrong(
            "orphan",
            "parent",
            f"{node.name} lies in {node.parent}, which does not exist",
            f"did you mean {close[0]}?" if close else "add that place or name another one",
            names=node.parent,
        )
    elif order.get(parent.level, -1) >= order.get(node.level, 99):
        yield wrong(
            "level-out-of-order",
            "parent",
            f"{node.name} ({node.level}) lies in {parent.name} ({parent.level}), which is not above it",
            "name a parent of a higher level",
        )


def _check_roots(nodes: Sequence[Node], cycles: Sequence[Sequence[str]]) -> Iterator[Finding]:
    roots = [node for node in nodes if node.parent is None]
    if not roots and not cycles:
        yield Finding(
            code="territory.no-root",
            subject="",
            message="no place is the top one",
            remedy="leave its parent empty",
        )
    for node in roots[1:]:
        yield Finding(
            code="territory.second-root",
            subject=node.code,
            column="parent",
            message=f"{node.name} has no parent, but {roots[0].name} is the top already",
            remedy="name the place that it lies in",
        )
    for cycle in cycles:
        yield Finding(
            code="territory.cycle",
            subject=cycle[0],
            column="parent",
            message=f"a cycle: {' in '.join([*cycle, cycle[0]])}",
            remedy="a place cannot lie in itself; mend one of the parents",
        )


def _cycles(by_code: Mapping[str, Node]) -> list[list[str]]:
    """Give each cycle once, beginning with its smallest code."""
    settled: set[str] = set()
    found = []
    for start in by_code:
        walk: list[str] = []
        code: str | None = start
        while code is not None and code in by_code and code not in settled and code not in walk:
            walk.append(code)
            code = by_code[code].parent
        if code is not None and code in walk:
            cycle = walk[walk.index(code) :]
            turn = cycle.index(min(cycle))
            found.append(cycle[turn:] + cycle[:turn])
        settled.update(walk)
    return found
