"""Rules as rows: declared facts, typed cells, bands, and what a rule gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.proofs import canonical, digest
from gridgov.routing._catalog import AFFAIRS, CO_GOVERNORS, SIZES, URGENCIES, Catalog
from gridgov.territory import Territory
from gridgov.worktime import Limit

__all__ = ["BANDS", "FACTS", "Cell", "Fact", "Rule", "Table", "Then", "parse_cell"]

BANDS = ("emergency", "safety", "vulnerable", "local", "time", "whistle", "split", "category", "default")
"""The order in which rules are tried; plugins may add rows to ``local`` and below only."""

FactType = Literal["text", "code", "number", "kind", "place"]


@attrs.frozen
class Fact:
    """A column of a table.

    :param type: ``kind`` matches by prefix in the catalog, ``place`` by ancestor in the
        territory, ``number`` by comparison, ``code`` and ``text`` by equality.
    :param domain: the values that a ``code`` may have, empty for any.
    """

    name: str
    type: FactType
    zh: str
    en: str
    domain: tuple[str, ...] = ()


FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("kind", "kind", "事项类型", "kind"),
        Fact("place", "place", "地点", "place"),
        Fact("grid_kind", "code", "网格类型", "grid kind"),
        Fact("source", "code", "来源", "source"),
        Fact(
            "reporter",
            "code",
            "上报人",
            "reporter",
            ("resident", "worker", "organization", "system", "anonymous"),
        ),
        Fact("affair", "code", "三事分流", "affair", AFFAIRS),
        Fact("co_governor", "code", "共治方", "co-governor", CO_GOVERNORS),
        Fact("size", "code", "大小", "size", SIZES),
        Fact("urgency", "code", "紧急程度", "urgency", URGENCIES),
        Fact("mode", "code", "平急状态", "mode", ("peacetime", "emergency")),
        Fact("day", "code", "日子", "kind of day", ("working", "rest", "unknown")),
        Fact("departments", "number", "涉及部门数", "departments concerned"),
        Fact("repeats", "number", "重复次数", "repeats"),
        Fact("tag", "text", "标签", "tag"),
    )
}
"""The facts that every case has."""

Op = Literal["equals", "in", "not-in", "below", "at-least", "at-most", "between"]


@attrs.frozen
class Cell:
    """One condition on one fact.

    ``below`` is what a kind or place matches: the value itself or anything under it.
    """

    fact: str
    op: Op
    values: tuple[str, ...]

    def __str__(self) -> str:
        joined = "|".join(self.values)
        match self.op:
            case "equals" | "in" | "below":
                return joined
            case "not-in":
                return f"!{joined}"
            case "at-least":
                return f">={joined}"
            case "at-most":
                return f"<={joined}"
            case "between":
                return "..".join(self.values)


_NUMBER = re.compile(r"-?\d+")


def parse_cell(fact: Fact, text: str) -> Cell | None:
    """Read one cell: ``a``, ``a|b``, ``!a|b``, and for numbers ``>=3``, ``<=3``, ``2..5``; empty is any.

    :raises ValueError: says what was read and what would be right.
    """
    text = text.strip()
    if not text or text == "*":
        return None
    if fact.type == "number":
        return _number_cell(fact, text)
    negated = text.startswith("!")
    values = tuple(part.strip().removesuffix(".*") for part in text.removeprefix("!").split("|"))
    if any(not value or value[0] in "<>=!" for value in values):
        raise ValueError(f"{text!r} is no condition on {fact.name}; write a value, a|b, or !a|b")
    for value in values:
        if fact.domain and value not in fact.domain:
            raise ValueError(f"{value!r} is no {fact.en}; one of {', '.join(fact.domain)}")
    if negated:
        return Cell(fact.name, "not-in", values)
    if fact.type in ("kind", "place"):
        return Cell(fact.name, "below", values)
    return Cell(fact.name, "equals" if len(values) == 1 else "in", values)


def _number_cell(fact: Fact, text: str) -> Cell:
    low, dots, high = text.partition("..")
    op: Op
    numbers: tuple[str, ...]
    if dots:
        op, numbers = "between", (low.strip(), high.strip())
    elif text.startswith(">="):
        op, numbers = "at-least", (text[2:].strip(),)
    elif text.startswith("<="):
        op, numbers = "at-most", (text[2:].strip(),)
    else:
        op, numbers = "equals", (text,)
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise ValueError(f"{text!r} is no condition on the number {fact.name}; write 3, >=3, <=3 or 2..5")
    if op == "between" and int(low) > int(high):
        raise ValueError(f"{text!r} matches no number; write the smaller one first")
    return Cell(fact.name, op, tuple(str(int(number)) for number in numbers))


@attrs.frozen(kw_only=True)
class Then:
    """What a rule gives.

    Targets are written ``role:area-lead`` (found by climbing the tree), ``org:gas`` or
    ``desk`` (the street's desk, where a person decides).

    :param calendar: whose sessions the limit runs in, empty for the place's own.
    :param on_the_spot: the finder may handle the case at once (当场答复, 在本级解决).
    :param tell: what the reporter is told, in Chinese and English.
    """

    lead: str
    supporting: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    limit: Limit = attrs.field(validator=attrs.validators.instance_of(Limit))
    ladder: str = ""
    on_the_spot: bool = False
    tell_zh: str = ""
    tell_en: str = ""
    calendar: str = ""


@attrs.frozen(kw_only=True)
class Rule:
    """A row: all of *cells* must hold.

    :param priority: smaller ones are tried first inside a band; equal ones in the order of the table.
    :param origin: the plugin that added the row, empty for the place's own.
    """

    id: str
    band: str
    cells: tuple[Cell, ...]
    then: Then
    priority: int = 100
    origin: str = ""


@attrs.frozen(eq=False)
class Table:
    """Rules in the order in which they are tried. Make one with :meth:`build`."""

    rules: tuple[Rule, ...]
    facts: Mapping[str, Fact] = attrs.field(factory=lambda: dict(FACTS))

    @classmethod
    def build(cls, rules: Sequence[Rule], *, facts: Mapping[str, Fact] = FACTS) -> Table:
        """Order and check rules in themselves.

        :raises SetupError: with every mistake; names from outside are checked by :meth:`check`.
        """
        findings = list(_check_rules(rules, facts))
        if findings:
            raise SetupError(findings)
        ordered = sorted(rules, key=lambda rule: (BANDS.index(rule.band), rule.priority))
        return cls(tuple(ordered), dict(facts))

    @cached_property
    def version(self) -> str:
        """The first 16 digits of the digest of all rules: what a decision names."""
        return digest(canonical(list(self.rules)))[:16]

    def with_rules(self, added: Sequence[Rule]) -> Table:
        """Give a table with more rows; those of a plugin take the place of what it has added before.

        :raises SetupError: as :meth:`build`.
        """
        again = {rule.origin for rule in added} - {""}
        kept = [rule for rule in self.rules if rule.origin not in again]
        # Where they stood: equal priorities are tried in the order of the table.
        first = next((place for place, rule in enumerate(self.rules) if rule.origin in again), len(kept))
        return Table.build((*kept[:first], *added, *kept[first:]), facts=self.facts)

    def check(
        self,
        *,
        catalog: Catalog,
        territory: Territory,
        roles: Mapping[str, object],
        organizations: Mapping[str, object],
        ladders: Mapping[str, object],
        calendars: Mapping[str, object] | None = None,
    ) -> Iterator[Finding]:
        """Give every rule that names what does not exist, and every rule that can never hit.

        A rule is found dead here when an earlier rule of its band or of an earlier band has a
        subset of its cells; what is covered only by a union of others is not looked for yet.
        """
        for rule in self.rules:
            for cell in rule.cells:
                yield from _check_names(rule, cell, catalog, territory)
            if rule.then.ladder and rule.then.ladder not in ladders:
                yield _unknown(rule, "ladder", "ladder", rule.then.ladder, ladders)
            if rule.then.calendar and rule.then.calendar not in (calendars or {}):
                yield _unknown(rule, "calendar", "calendar", rule.then.calendar, calendars or {})
            for column, targets in (
                ("lead", (rule.then.lead,)),
                ("supporting", rule.then.supporting),
                ("informed", rule.then.informed),
            ):
                yield from _check_targets(rule, column, targets, roles, organizations)
        for place, rule in enumerate(self.rules):
            dead = next((b for b in self.rules[:place] if set(b.cells) <= set(rule.cells)), None)
            if dead is not None:
                finding = _wrong(
                    rule,
                    "unreachable",
                    "",
                    f"the rule {rule.id} can never hit: {dead.id} before it takes all of its cases",
                    "move it up, make it narrower than that one, or remove it",
                )
                # A plugin may replace a rule of the place on purpose; within one hand it is a slip.
                yield attrs.evolve(finding, grave=dead.origin == rule.origin)


def _check_rules(rules: Sequence[Rule], facts: Mapping[str, Fact]) -> Iterator[Finding]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield _wrong(rule, "id-twice", "id", f"the rule id {rule.id!r} stands twice", "give each rule its own id")
        seen.add(rule.id)
        if rule.band not in BANDS:
            yield _wrong(
                rule,
                "unknown-band",
                "band",
                f"the band {rule.band!r} is unknown",
                f"one of {', '.join(BANDS)}",
            )
        for cell in rule.cells:
            if cell.fact not in facts:
                yield _unknown(rule, "fact", cell.fact, cell.fact, facts)


def _check_names(rule: Rule, cell: Cell, catalog: Catalog, territory: Territory) -> Iterator[Finding]:
    for value in cell.values:
        if cell.fact == "kind" and not catalog.under(value):
            yield _unknown(rule, "kind", "kind", value, catalog.kinds)
        if cell.fact == "place" and value not in territory:
            yield _unknown(rule, "place", "place", value, territory.nodes)


def _check_targets(
    rule: Rule,
    column: str,
    targets: Sequence[str],
    roles: Mapping[str, object],
    organizations: Mapping[str, object],
) -> Iterator[Finding]:
    for target in targets:
        what, _, name = target.partition(":")
        if target == "desk":
            continue
        known: Mapping[str, object] | None = {"role": roles, "org": organizations}.get(what)
        if known is None or not name:
            yield _wrong(rule, "bad-target", column, f"{target!r} is nobody", "write role:NAME, org:NAME or desk")
        elif name not in known:
            yield _unknown(rule, "role" if what == "role" else "department", column, name, known)


def _wrong(rule: Rule, code: str, column: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"routing.{code}", subject=rule.id, column=column, message=message, remedy=remedy)


def _unknown(rule: Rule, what: str, column: str, name: str, known: Mapping[str, object]) -> Finding:
    close = get_close_matches(name, known, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else f"add that {what} or name another one"
    finding = _wrong(rule, f"unknown-{what}", column, f"the rule {rule.id} names the unknown {what} {name!r}", remedy)
    return attrs.evolve(finding, names=name)
