"""All cases that there can be, cut into as few kinds of case as a table can tell apart.

A table asks finitely many questions, so the infinitely many cases fall into finitely many
classes: for each fact, values that meet exactly the same cells are one class, and one of them
stands for all. A rule is then a **box**: for each fact a set of classes, as bits. Whether a rule
can ever be reached, whether two can meet, whether any case is left over, are questions about
boxes, and :func:`uncovered` answers them exactly: it looks for a point of one box that lies in
none of others, as a search for a satisfying assignment does, with the box that leaves the
fewest ways out first.

What the catalog says of a kind (affair, co-governor, size, urgency) is not free: these facts and
the kind are one dimension. Tags are one yes-or-no dimension each. A further condition (``when``)
is a dimension of its own, as if it could be true or false whatever the facts are: the table part
is exact, and what hangs on a condition is only said to be possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from gridgov.routing._catalog import Catalog
from gridgov.routing._facts import MINUTES, Cell, FactValue, minute_of
from gridgov.routing._router import Column, columns_of
from gridgov.routing._rule import Rule
from gridgov.routing._table import Table
from gridgov.territory import Territory

__all__ = ["Box", "Region", "Space", "TooMuchWork", "uncovered"]

LINKED = ("kind", "affair", "co_governor", "size", "urgency")
"""What the catalog says of a kind; these facts cannot vary on their own."""
ELSE = "…"
WORK = 400_000
"""Looks at a box for one question: about half a second."""

Box = tuple[tuple[int, int], ...]
"""(dimension, allowed classes as bits), for the dimensions that are not free."""
Region = list[int]
"""For every dimension the allowed classes, as bits."""
Numbered = tuple[int, Box]
"""The place of a rule in its table, and one of its boxes."""
Class = Mapping[str, FactValue | None]
"""Fact → a value that stands for all that no cell tells apart; None where the fact is not stated."""


@attrs.frozen
class _Dimension:
    """One thing that can vary.

    :param tag_of: for a tag the fact that it is a value of; its classes are with and without it.
    """

    name: str
    classes: tuple[Class, ...]
    tag_of: str = ""

    @property
    def everything(self) -> int:
        return (1 << len(self.classes)) - 1


class Space:
    """The classes of cases that a table can tell apart, and its rules as boxes.

    :param catalog: kinds are those of the catalog, and what it says of a kind is linked to it.
    :param linked: False for cases whose affair, size and urgency do not come from the catalog.
    """

    def __init__(self, table: Table, territory: Territory, catalog: Catalog, *, linked: bool = True) -> None:
        self.table = table
        self.territory = territory
        self._dimensions: list[_Dimension] = []
        self._where: dict[str, list[int]] = {}
        columns = {column.fact.name: column for column in columns_of(table.rules, table.facts, territory)}
        self._columns = columns
        self._cut(columns, territory, catalog, linked=linked)
        self.everything = [dimension.everything for dimension in self._dimensions]
        self._bits = self._bits_of_cells(columns)
        self.boxes = [self._boxes_of(rule.cells, rule.when, self._bits) for rule in table.rules]
        self.blocks = self.boxes
        if any(cell.or_missing for cell in self._bits):
            # Where a fact may be missing, a rule that asks for it refuses the case: nothing behind it is reached.
            refusing = {cell: each | self._absent(cell) for cell, each in self._bits.items()}
            self.blocks = [self._boxes_of(rule.cells, rule.when, refusing) for rule in table.rules]

    def _cut(self, columns: Mapping[str, Column], territory: Territory, catalog: Catalog, *, linked: bool) -> None:
        together = [column for name, column in columns.items() if name in LINKED and linked]
        if together and catalog.kinds:
            self._where.update({column.fact.name: [0] for column in together})
            values = ({name: str(getattr(kind, _field(name))) for name in LINKED} for kind in catalog.kinds.values())
            self._add("kind", _told_apart(values, together))
        for name, column in columns.items():
            if column.fact.type == "tags":
                words = sorted({value for cell in column.cells for value in cell.values})
                self._where[name] = [self._add(word, ({name: word}, {}), tag_of=name) for word in words]
            elif name not in self._where:
                representatives: Iterable[Class] = ({name: value} for value in _values(column, territory, catalog))
                classes = _told_apart(representatives, [column])
                if any(cell.or_missing for cell in column.cells):
                    classes = (*classes, {name: None})
                self._where[name] = [self._add(name, classes)]
        for when in self.table.whens:
            self._where[f"when {when}"] = [self._add(f"when {when}", ({}, {}))]

    def _add(self, name: str, classes: Sequence[Class], tag_of: str = "") -> int:
        self._dimensions.append(_Dimension(name, tuple(classes), tag_of))
        return len(self._dimensions) - 1

    def _bits_of_cells(self, columns: Mapping[str, Column]) -> dict[Cell, int]:
        """Give for each distinct cell the classes of its dimension that meet it."""
        found: dict[Cell, int] = {}
        for name, column in columns.items():
            if column.fact.type == "tags":
                continue
            classes = self._dimensions[self._where[name][0]].classes
            missing = column.absent
            masks = [missing if each[name] is None else column[each[name]] for each in reversed(classes)]
            # Turned on its side: a line for each class and a place for each rule become a line for each rule.
            count = len(self.table.rules)
            by_rule = list(zip(*(f"{mask:0{count}b}" for mask in masks), strict=True))
            for cell, rules in column.cells.items():
                found[cell] = int("".join(by_rule[count - rules.bit_length()]), 2)
        return found

    def _absent(self, cell: Cell) -> int:
        classes = self._dimensions[self._where[cell.fact][0]].classes
        return sum(1 << place for place, each in enumerate(classes) if each[cell.fact] is None)

    def first(self, case: Mapping[str, FactValue], without: str = "") -> Rule | None:
        """Give the first rule that takes a case if no rule asked for the fact *without*; conditions set aside.

        :raises KeyError: for a case that does not state all that the others ask for.
        """
        count = len(self.table.rules)
        mask = (1 << count) - 1
        for name, column in self._columns.items():
            if name != without:
                mask &= column[case[name]]
        return self.table.rules[count - mask.bit_length()] if mask else None

    def boxes_without(self, rule: Rule, name: str) -> list[Box]:
        """Give the boxes of a rule that would not ask for a fact."""
        return self._boxes_of([cell for cell in rule.cells if cell.fact != name], rule.when, self._bits)

    def _boxes_of(self, cells: Iterable[Cell], when: str, bits_of: Mapping[Cell, int]) -> list[Box]:
        """Give the box of a rule: several where it asks for one of several tags, none where it asks too much."""
        bits: dict[int, int] = {}
        branches: list[list[tuple[int, int]]] = [[]]
        for cell in cells:
            if self.table.facts[cell.fact].type == "tags":
                branches = [[*branch, *more] for branch in branches for more in self._with_tags(cell)]
            else:
                place = self._where[cell.fact][0]
                bits[place] = bits.get(place, self.everything[place]) & bits_of[cell]
        if when:
            bits[self._where[f"when {when}"][0]] = 1
        if not all(bits.values()):
            return []
        return [tuple(sorted([*bits.items(), *branch])) for branch in branches]

    def _with_tags(self, cell: Cell) -> list[list[tuple[int, int]]]:
        with_it, without = 1, 2
        of = {self._dimensions[place].name: place for place in self._where[cell.fact]}
        places = [of[value] for value in dict.fromkeys(cell.values)]
        if cell.op == "not-in":
            return [[(place, without) for place in places]]
        return [
            [*((before, without) for before in places[:step]), (place, with_it)] for step, place in enumerate(places)
        ]

    def region(self, box: Box, within: Region | None = None) -> Region | None:
        """Give a box with all its dimensions, cut with another region; None where nothing is left."""
        full = list(within or self.everything)
        for place, bits in box:
            full[place] &= bits
            if not full[place]:
                return None
        return full

    def witness(self, region: Region) -> dict[str, FactValue]:
        """Give the facts of one case of a region; what no rule asks for is left out."""
        found: dict[str, FactValue] = {}
        tags: dict[str, list[str]] = {each.tag_of: [] for each in self._dimensions if each.tag_of}
        for dimension, bits in zip(self._dimensions, region, strict=True):
            if dimension.tag_of:
                # Without the tag where both will do: the plainer case shows more.
                tags[dimension.tag_of] += [dimension.name] if bits == 1 else []
                continue
            stands = dimension.classes[(bits & -bits).bit_length() - 1]
            found.update({name: value for name, value in stands.items() if value is not None})
        return {**found, **{name: tuple(words) for name, words in tags.items()}}


class TooMuchWork(Exception):  # noqa: N818 - no error of the table: a question that would take too long
    """A question about a table would take longer than it is worth."""


def uncovered(region: Region, boxes: Iterable[Numbered], used: set[int] | None = None) -> Region | None:
    """Find a part of a region that lies in none of the boxes; None if they cover it.

    :param used: takes the places of the rules that the proof of covering needs.
    :raises TooMuchWork: after :data:`WORK` looks at a box: coverings of many rules can be as hard as any puzzle.
    """
    taken = used if used is not None else set()
    work = 0
    waiting: list[tuple[Region, Iterable[Numbered]]] = [(list(region), boxes)]
    while waiting:
        part, around = waiting.pop()
        live: list[tuple[int, Box, list[tuple[int, int]]]] = []
        for place, box in around:
            work += 1
            cuts = _cuts(part, box)
            if cuts is None:
                continue
            if not cuts:
                taken.add(place)
                break
            live.append((place, box, cuts))
        else:
            if not live:
                return part
            if work > WORK:
                raise TooMuchWork
            place, first, cuts = min(live, key=lambda each: len(each[2]))
            taken.add(place)
            rest = [(other, box) for other, box, _ in live if box is not first]
            for dimension, bits in cuts:
                outside = list(part)
                outside[dimension] &= ~bits
                waiting.append((outside, rest))
                part[dimension] &= bits
    return None


def _cuts(region: Region, box: Box) -> list[tuple[int, int]] | None:
    """Give the dimensions in which a region leaves a box; None where they do not meet."""
    found = []
    for dimension, bits in box:
        have = region[dimension]
        if not have & bits:
            return None
        if have & ~bits:
            found.append((dimension, bits))
    return found


def _field(fact: str) -> str:
    return "code" if fact == "kind" else fact


def _told_apart(values: Iterable[Class], columns: Sequence[Column]) -> tuple[Class, ...]:
    """Keep one of all values that meet the same cells."""
    found: dict[tuple[int, ...], Class] = {}
    for each in values:
        found.setdefault(tuple(column[each[column.fact.name]] for column in columns), each)
    return tuple(found.values())


def _values(column: Column, territory: Territory, catalog: Catalog) -> Iterator[FactValue]:
    """Give values among which every class of a column has at least one."""
    fact = column.fact
    named = [(cell, value) for cell in column.cells for value in cell.values]
    match fact.type:
        case "kind":
            yield from catalog.kinds
        case "place":
            # What meets the same cells has the same nearest named place above it.
            yield territory.root
            yield from (value for _, value in named if value in territory)
        case "number":
            edges = {int(value) + step for _, value in named for step in (-1, 0, 1)} | {0}
            low, high = fact.least, fact.most
            inside = (e for e in sorted(edges) if (low is None or e >= low) and (high is None or e <= high))
            yield from inside
        case "time":
            yield from sorted({(minute_of(value) + step) % MINUTES for _, value in named for step in (-1, 0)})
        case "code" | "text" | "tags":
            yield from fact.domain or [ELSE, *(value for _, value in named)]
            yield from (f"{value}{ELSE}" for cell, value in named if cell.op == "prefix")
