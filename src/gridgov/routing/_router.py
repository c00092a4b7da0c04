"""The fast decider: one bit per rule, one mask per value.

Rule *i* of *n* is bit ``n - 1 - i``, so the first hit is the highest bit and costs one
``bit_length``. For every fact there is a mapping of value → the rules that this value does not
rule out; the rules that hold for a case are the *and* of a few of these numbers. How few is seen
from the fact that tells most rules apart (the kind, usually): once it is known, only the facts
count that some rule asks for before the first one that asks for nothing more.

A mapping is filled when a value is first seen, because places and kinds are many and cases
visit few. The plain interpreter in :mod:`gridgov.routing._interpret` is the oracle: tests compare
every answer with it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter, xor
from typing import Any

from gridgov.errors import RefusalError
from gridgov.routing._decision import Decision, Hit, NearMiss
from gridgov.routing._facts import Cell, Fact, Facts, check_value, minute_of, shown, words_of
from gridgov.routing._rule import Rule
from gridgov.routing._when import When, WhenFault
from gridgov.territory import Territory

__all__ = ["Column", "Router", "columns_of", "missing_fact", "unanswered"]

KEPT = 50_000
"""Values of one fact whose mask is remembered; more are worked out each time."""
BUNDLE = 4_000
"""Combinations of values up to which facts are looked up together."""
EARLY = 2
"""Bundles, and facts beside them, that every case is asked before what is left says what else to ask."""


def missing_fact(fact: Fact, rule: Rule) -> RefusalError:
    """Make the refusal of a case that does not state a fact."""
    message = f"the rule {rule.id} asks for {fact.en} ({fact.name}), which this case does not state"
    return RefusalError("routing.missing-fact", message, fact=fact.name, rule=rule.id)


def unanswered(rule: Rule, fault: WhenFault) -> RefusalError:
    """Make the refusal of a case for which a further condition has no answer."""
    return RefusalError("routing.unanswered", f"the condition of the rule {rule.id}: {fault}", rule=rule.id)


class Column(dict[Any, int]):
    """Value of one fact → the rules that it does not rule out, as bits.

    :param cells: condition → the rules that have it; :param everyone: all rules.
    """

    __slots__ = (
        "_begins",
        "_between",
        "_edges",
        "_in",
        "_known",
        "_out",
        "anyway",
        "cells",
        "fact",
        "limited",
        "strict",
        "territory",
    )

    def __init__(self, fact: Fact, cells: Mapping[Cell, int], everyone: int, territory: Territory) -> None:
        super().__init__()
        self.fact = fact
        self.cells = cells
        self.territory = territory
        self.limited = _union(cells.values())
        self.anyway = everyone & ~self.limited
        self.strict = _union(mask for cell, mask in cells.items() if not cell.or_missing)
        words = fact.type not in ("number", "time")
        self._in = _by_word(cells, ("equals", "in", "below")) if words else {}
        self._out = _by_word(cells, ("not-in",)) if words else {}
        self._known: dict[int, int] = {}
        self._begins = [(cell.values[0], mask) for cell, mask in cells.items() if cell.op == "prefix"]
        self._edges, self._between = _steps({} if words else cells)

    def __missing__(self, value: Any) -> int:
        mask = self.mask(value)
        if len(self) < KEPT:
            # A thousand places have a dozen masks: one number for all of them stays in the processor's cache.
            mask = self[value] = self._known.setdefault(mask, mask)
        return mask

    def mask(self, value: Any) -> int:
        """Work out the rules that a value does not rule out.

        :raises RefusalError: ``routing.bad-fact``.
        """
        check_value(self.fact, value)
        if isinstance(value, int):
            return self.anyway | self._between[bisect_right(self._edges, value)]
        # Hundreds of places and kinds are named: look up the few words of a value instead of asking each cell.
        words = words_of(self.fact, value, self.territory)
        held = self.anyway | _union(self._in.get(word, 0) for word in words)
        if self._out:
            held |= _union(self._out.values()) & ~_union(self._out.get(word, 0) for word in words)
        for beginning, mask in self._begins:
            held |= mask if value.startswith(beginning) else 0
        return held

    @property
    def absent(self) -> int:
        """The rules that a case without this fact meets."""
        return self.anyway | (self.limited & ~self.strict)

    @property
    def classes(self) -> int:
        """Guess how many values the cells tell apart."""
        return len(self.fact.domain) or 1 + 2 * sum(len(cell.values) for cell in self.cells)


class Bundle(dict[Any, int]):
    """Values of several facts with few values each → the rules that they do not rule out together."""

    __slots__ = ("columns", "limited", "values_of")

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = columns
        self.limited = _union(column.limited for column in columns)
        self.values_of = itemgetter(*(column.fact.name for column in columns))

    def __missing__(self, key: Any) -> int:
        values = key if len(self.columns) > 1 else (key,)
        mask = self.columns[0][values[0]]
        for column, value in zip(self.columns[1:], values[1:], strict=True):
            mask &= column[value]
        if len(self) < KEPT:
            self[key] = mask
        return mask


def _bundled(columns: Sequence[Column]) -> tuple[list[Bundle], list[Column]]:
    """Put columns together while the product of their classes is small; give the others as they are."""
    few = ("code", "number")
    small = [column for column in columns if column.fact.type in few]
    bundles: list[list[Column]] = []
    size = 0
    for column in sorted(small, key=lambda column: column.classes):
        size *= column.classes
        if not bundles or size > BUNDLE:
            bundles.append([])
            size = column.classes
        bundles[-1].append(column)
    return [Bundle(each) for each in bundles], [column for column in columns if column.fact.type not in few]


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _by_word(cells: Mapping[Cell, int], ops: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for cell, mask in cells.items():
        for value in cell.values if cell.op in ops else ():
            found[value] = found.get(value, 0) | mask
    return found


def _steps(cells: Mapping[Cell, int]) -> tuple[list[int], list[int]]:
    """Give the numbers at which the answer of some cell changes, and the rules that hold from each on.

    The first mask is that of all numbers below the first edge.
    """
    turns: dict[int, int] = {}
    below = 0
    for cell, mask in cells.items():
        for begin, end in _ranges(cell):
            below |= mask if begin is None else 0
            for edge in (begin, end):
                if edge is not None:
                    turns[edge] = turns.get(edge, 0) ^ mask
    edges = sorted(turns)
    return edges, list(accumulate((turns[edge] for edge in edges), xor, initial=below))


def _ranges(cell: Cell) -> list[tuple[int | None, int | None]]:
    """Give where a condition on numbers or minutes holds: from, until just before; None for no end."""
    if ":" in cell.values[0]:
        begin, end = (minute_of(value) for value in cell.values)
        return [(begin, end)] if begin < end else [(None, end), (begin, None)]
    bounds = sorted({int(value) for value in cell.values})
    match cell.op:
        case "at-least":
            return [(bounds[0], None)]
        case "at-most":
            return [(None, bounds[0] + 1)]
        case "between":
            return [(bounds[0], bounds[-1] + 1)]
        case "not-in":
            ends = [None, *(bound + 1 for bound in bounds)]
            return [(begin, end) for begin, end in zip(ends, [*bounds, None], strict=True) if begin != end]
        case _:
            return [(bound, bound + 1) for bound in bounds]


def columns_of(rules: Sequence[Rule], facts: Mapping[str, Fact], territory: Territory) -> list[Column]:
    """Give a column for every fact that some rule asks for."""
    count = len(rules)
    cells: dict[str, dict[Cell, int]] = {}
    for place, rule in enumerate(rules):
        for cell in rule.cells:
            column = cells.setdefault(cell.fact, {})
            column[cell] = column.get(cell, 0) | 1 << (count - 1 - place)
    everyone = (1 << count) - 1
    return [Column(facts[name], asked, everyone, territory) for name, asked in cells.items()]


Look = tuple[Callable[[Facts], Any], Mapping[Any, int]]
"""How to take values out of facts, and the rules that they do not rule out."""
Plan = tuple[int, tuple[Look, ...], tuple[tuple[str, Column], ...]]


class _Plans(dict[int, Plan]):
    """The rules left by what every case is asked → those that may come first, and what these still ask for.

    :param free: rules that ask for nothing else.
    """

    __slots__ = ("_bundles", "_columns", "_free")

    def __init__(self, bundles: Sequence[Bundle], columns: Sequence[Column], free: int) -> None:
        super().__init__()
        self._bundles = bundles
        self._columns = columns
        self._free = free

    def __missing__(self, left: int) -> Plan:
        # Nothing behind a rule that asks for nothing more can come first.
        cut = (left & self._free).bit_length()
        mask = (left >> (cut - 1)) << (cut - 1) if cut else left
        plan = (
            mask,
            tuple((bundle.values_of, bundle) for bundle in self._bundles if bundle.limited & mask),
            tuple((column.fact.name, column) for column in self._columns if column.limited & mask),
        )
        if len(self) < KEPT:
            self[left] = plan
        return plan


class _Hits(dict[Any, Hit]):
    """Value of a fact → the condition of one rule on it, met."""

    __slots__ = ("_condition", "_fact")

    def __init__(self, fact: Fact, condition: str) -> None:
        super().__init__()
        self._fact = fact
        self._condition = condition

    def __missing__(self, value: Any) -> Hit:
        hit = Hit(self._fact.name, self._condition, "" if value is None else shown(self._fact, value))
        if len(self) < KEPT:
            self[value] = hit
        return hit


class Router:
    """Decides by one table on one territory; see :meth:`Table.router`.

    Safe to share between threads: what two of them fill in at once is the same.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        facts: Mapping[str, Fact],
        whens: Mapping[str, When],
        version: str,
        territory: Territory,
    ) -> None:
        self.rules = tuple(rules)
        self._facts, self._version, self._conditioned = facts, version, whens
        self._count = len(rules)
        # By what they are: comparing a rule with hundreds of others costs more than deciding.
        self._places = {id(rule): place for place, rule in enumerate(self.rules)}
        self._everyone = (1 << self._count) - 1
        self.columns = columns_of(rules, facts, territory)
        self._all = tuple((column.fact.name, column) for column in self.columns)
        bundles, wide = _bundled(self.columns)
        self._bundles = tuple((bundle.values_of, bundle) for bundle in bundles)
        self._wide = tuple((column.fact.name, column) for column in wide)
        self._bits = [1 << (self._count - 1 - place) for place in range(self._count)]
        conditions = [whens[rule.when] if rule.when else None for rule in rules]
        # One entry more than there are rules: what an empty mask leads to.
        self._ends: list[tuple[Rule | None, When | None]] = [*zip(rules, conditions, strict=True), (None, None)]
        self._whens = _union(self._bits[place] for place, when in enumerate(conditions) if when)
        self._conditions = [
            tuple((cell.fact, _Hits(facts[cell.fact], str(cell))) for cell in rule.cells) for rule in rules
        ]
        self.hit = self._compiled()
        """Give the first rule that holds; None if none does.

        :raises RefusalError: ``routing.missing-fact``, ``routing.bad-fact`` or ``routing.unanswered``
            where the answer hangs on what the case does not state, or states as something else.
        """

    def _compiled(self) -> Callable[[Facts], Rule | None]:
        """Make the function behind :meth:`hit`.

        Every case is asked the fact that tells most rules apart, two bundles, and the two other facts that
        most rules ask for; what is left says what else to ask. A closure, because looking a dozen names up
        in an object costs a tenth of a decision.
        """
        if not self.columns:
            return self._careful
        by_one = max(self.columns, key=lambda column: (column.fact.type == "kind", len(column.cells)))
        bundles, columns = _bundled([column for column in self.columns if column is not by_one])
        columns.sort(key=lambda column: -column.limited.bit_count())
        looks: list[Look] = [(bundle.values_of, bundle) for bundle in bundles[:EARLY]]
        names: list[tuple[str, Mapping[Any, int]]] = [(column.fact.name, column) for column in columns[:EARLY]]
        # Where a table asks for less, the same question again: what it rules out is out already.
        looks += [(itemgetter(by_one.fact.name), by_one)] * (EARLY - len(looks))
        names += [(by_one.fact.name, by_one)] * (EARLY - len(names))
        one, (two, by_two), (three, by_three) = by_one.fact.name, *looks
        (four, by_four), (five, by_five) = names
        bundles, columns = bundles[EARLY:], columns[EARLY:]
        asking = _union(bundle.limited for bundle in bundles) | _union(column.limited for column in columns)
        plans = _Plans(bundles, columns, self._everyone & ~asking & ~self._whens)
        careful = self._careful
        # By the length of a mask; None where there is more to ask, or nobody to find.
        surely = [None, *(rule if when is None else None for rule, when in self._ends[-2::-1])]

        def hit(facts: Facts) -> Rule | None:
            try:
                mask, wide, narrow = plans[
                    by_one[facts[one]]
                    & by_two[two(facts)]
                    & by_three[three(facts)]
                    & by_four[facts[four]]
                    & by_five[facts[five]]
                ]
                for values_of, bundle in wide:
                    mask &= bundle[values_of(facts)]
                for name, column in narrow:
                    mask &= column[facts[name]]
            except (KeyError, TypeError, RefusalError):
                return careful(facts)
            return surely[mask.bit_length()] or careful(facts)

        return hit

    def _careful(self, facts: Facts) -> Rule | None:
        return self._first(*self._held(facts), facts)[0]

    def matches(self, facts: Facts) -> list[Rule]:
        """Give every rule that holds, in order.

        :raises RefusalError: as :meth:`hit`, where any rule may or may not hold.
        """
        mask, doubt = self._held(facts)
        found = []
        while mask:
            rule, mask = self._first(mask, doubt, facts)
            if rule is not None:
                found.append(rule)
        return found

    def decide(self, facts: Facts) -> Decision | None:
        """Give the first rule that holds, with its reasons; None if none does.

        :raises RefusalError: as :meth:`hit`.
        """
        mask, doubt = self._everyone, 0
        try:
            for values_of, bundle in self._bundles:
                mask &= bundle[values_of(facts)]
            for name, column in self._wide:
                mask &= column[facts[name]]
        except (KeyError, TypeError, RefusalError):
            mask, doubt = self._held(facts)
        place = self._count - mask.bit_length()
        rule, when = self._ends[place]
        if doubt or when is not None:
            return self._decide_carefully(mask, doubt, facts)
        if rule is None:
            return None
        get = facts.get
        hits = tuple([hits[get(name)] for name, hits in self._conditions[place]])
        return Decision(rule, self._version, hits, self._later(mask ^ self._bits[place], facts), place)

    def _decide_carefully(self, mask: int, doubt: int, facts: Facts) -> Decision | None:
        rule, rest = self._first(mask, doubt, facts)
        if rule is None:
            return None
        place = self._places[id(rule)]
        hits = [hits[facts.get(name)] for name, hits in self._conditions[place]]
        if rule.when:
            hits.append(Hit("when", rule.when, self._named_in(rule, facts)))
        return Decision(rule, self._version, tuple(hits), self._later(rest & ~doubt, facts), place)

    def _later(self, mask: int, facts: Facts) -> tuple[str, ...]:
        """Give the rules of a mask that surely hold as well."""
        found = []
        count, ends, bits = self._count, self._ends, self._bits
        while mask:
            place = count - mask.bit_length()
            mask ^= bits[place]
            rule, when = ends[place]
            if rule is not None and (when is None or _answered(when, facts)):
                found.append(rule.id)
        return tuple(found)

    def looks(self) -> list[Look]:
        """Give how to look up all facts, a few at once; a value that is missing or cannot be raises.

        :returns: (facts → key, key → the rules that it does not rule out); the keys raise ``KeyError``.
        """
        wide: list[Look] = [(itemgetter(name), column) for name, column in self._wide]
        return [*self._bundles, *wide]

    def near_misses(self, facts: Facts, kept: int = 5, *, met: int = 0) -> tuple[NearMiss, ...]:
        """Give the rules before the hit that failed on exactly one condition: the last *kept* of them.

        A further condition (``when``) is one, too.

        :param met: how many other conditions must have held: with 0, a rule that asks for one thing and
            does not get it is counted as well.
        :raises RefusalError: as :meth:`hit`.
        """
        hit = self.hit(facts)
        before = self._places[id(hit)] if hit is not None else self._count
        early = self._everyone >> (self._count - before) << (self._count - before)
        once = twice = 0
        by_fact: list[tuple[str, int]] = []
        for name, column in self._all:
            fails = early & ~self._not_ruled_out(name, column, facts)
            by_fact.append((name, fails))
            twice |= once & fails
            once |= fails
        found: list[NearMiss] = []
        candidates = (once & ~twice) | (early & ~once & self._whens)
        for place in _bits_from_below(candidates, self._count):
            rule, when = self.rules[place], self._ends[place][1]
            if len(rule.cells) + bool(rule.when) <= met:
                continue
            failed = [name for name, fails in by_fact if fails & self._bits[place]]
            if len(failed) + (_answered(when, facts) is False) != 1 or _answered(when, facts) is None:
                continue
            found.append(self._missed(rule, failed, facts))
            if len(found) == kept:
                break
        return tuple(reversed(found))

    def _missed(self, rule: Rule, failed: Sequence[str], facts: Facts) -> NearMiss:
        if not failed:
            return NearMiss(rule.id, "when", rule.when, self._named_in(rule, facts))
        cell = next(cell for cell in rule.cells if cell.fact == failed[0])
        return NearMiss(rule.id, cell.fact, str(cell), shown(self._facts[cell.fact], facts[cell.fact]))

    def _named_in(self, rule: Rule, facts: Facts) -> str:
        """Write the facts that the further condition of a rule names, as the case states them."""
        known, when = self._facts, self._conditioned[rule.when]
        stated = (name for name in sorted(when.required | when.optional) if name in facts)
        return ", ".join(f"{name}={shown(known[name], facts[name])}" for name in stated)

    # --- the careful way --------------------------------------------------------------------

    def _not_ruled_out(self, name: str, column: Column, facts: Facts) -> int:
        try:
            return column[facts[name]] if name in facts else self._everyone
        except (TypeError, RefusalError):
            return self._everyone

    def _held(self, facts: Facts) -> tuple[int, int]:
        """Give the rules that no stated fact rules out, and those among them that ask for what is not stated."""
        mask, doubt = self._everyone, 0
        for name, column in self._all:
            if name not in facts:
                doubt |= column.strict
                continue
            try:
                mask &= column[facts[name]]
            except (TypeError, RefusalError):
                doubt |= column.limited
        return mask, doubt & mask

    def _first(self, mask: int, doubt: int, facts: Facts) -> tuple[Rule | None, int]:
        """Give the first rule of *mask* that holds, and what is left of the mask behind it."""
        while mask:
            place = self._count - mask.bit_length()
            rule, when = self._ends[place]
            if rule is None:
                break
            mask ^= self._bits[place]
            fault: RefusalError | None = None
            try:
                if when is not None and not when.holds(facts):
                    continue
            except WhenFault as error:
                fault = unanswered(rule, error)
            if doubt & self._bits[place]:
                raise self._refusal(rule, facts)
            if fault is not None:
                raise fault
            return rule, mask
        return None, 0

    def _refusal(self, rule: Rule, facts: Facts) -> RefusalError:
        for cell in rule.cells:
            fact = self._facts[cell.fact]
            if cell.fact not in facts and not cell.or_missing:
                return missing_fact(fact, rule)
            try:
                if cell.fact in facts:
                    cell.holds(fact, facts[cell.fact], self.columns[0].territory)
            except RefusalError as error:
                return error
        raise AssertionError(f"the rule {rule.id} was in doubt for no reason")


def _answered(when: When | None, facts: Facts) -> bool | None:
    """Give what a further condition says, None where it has no answer."""
    try:
        return when is None or when.holds(facts)
    except WhenFault:
        return None


def _bits_from_below(mask: int, count: int) -> Iterator[int]:
    """Give the places of the bits, the last rule first."""
    while mask:
        low = mask & -mask
        mask ^= low
        yield count - low.bit_length()
