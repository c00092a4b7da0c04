"""A table: rules in the order in which they are tried, checked in themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.proofs import canonical, digest
from gridgov.routing._catalog import Catalog, kind_path
from gridgov.routing._facts import FACTS, Cell, Fact, parse_cell
from gridgov.routing._router import Router
from gridgov.routing._rule import ANSWERS, BANDS, Policy, Rule, Then
from gridgov.routing._when import When, WhenError, parse_when
from gridgov.territory import Territory

__all__ = ["DUTY", "Table", "duty_rules", "unknown", "when_types", "wrong"]

NOTHING = Then()
ROUTERS_KEPT = 3


@attrs.frozen(eq=False)
class Table:
    """Rules in the order in which they are tried. Make one with :meth:`build`.

    :param policy: ``first``: the first hit decides; ``single``: at most one row may answer, proved by
        :func:`check_table`; ``collect``: every hit adds to the answer.
    """

    rules: tuple[Rule, ...]
    facts: Mapping[str, Fact] = attrs.field(factory=lambda: dict(FACTS))
    policy: Policy = "first"
    _routers: dict[int, tuple[Territory, Router]] = attrs.field(factory=dict, init=False, repr=False)

    @classmethod
    def build(cls, rules: Sequence[Rule], *, facts: Mapping[str, Fact] = FACTS, policy: Policy = "first") -> Table:
        """Order and check rules in themselves.

        :raises SetupError: with every mistake; names from outside are checked by :func:`check_table`.
        """
        findings = list(_check_rules(rules, facts, policy))
        if findings:
            raise SetupError(findings)
        ordered = sorted(rules, key=lambda rule: (BANDS.index(rule.band), rule.rank))
        return cls(tuple(ordered), dict(facts), policy)

    @cached_property
    def version(self) -> str:
        """The first 16 digits of the digest of all rules and declared facts: what a decision names."""
        named = {cell.fact for rule in self.rules for cell in rule.cells}
        named.update(name for when in self.whens.values() for name in (*when.required, *when.optional))
        return digest(canonical([self.policy, list(self.rules), [self.facts[name] for name in sorted(named)]]))[:16]

    @cached_property
    def whens(self) -> Mapping[str, When]:
        """The further conditions, by the text of their rules."""
        types = when_types(self.facts)
        return {rule.when: parse_when(rule.when, types) for rule in self.rules if rule.when}

    def router(self, territory: Territory) -> Router:
        """Give the fast decider of this table on a territory; it is built once for both."""
        kept = self._routers.get(id(territory))
        if kept is None:
            kept = territory, Router(self.rules, self.facts, self.whens, self.version, territory)
            if len(self._routers) >= ROUTERS_KEPT:  # a router knows its territory: forget the oldest with it
                self._routers.pop(next(iter(self._routers)), None)
            self._routers[id(territory)] = kept
        return kept[1]

    def with_rules(self, added: Sequence[Rule], facts: Mapping[str, Fact] | None = None) -> Table:
        """Give a table with more rows; those of a plugin take the place of what it has added before.

        :param facts: more declared facts.
        :raises SetupError: as :meth:`build`.
        """
        again = {rule.origin for rule in added} - {""}
        kept = [rule for rule in self.rules if rule.origin not in again]
        # Where they stood: equal priorities are tried in the order of the table.
        first = next((place for place, rule in enumerate(self.rules) if rule.origin in again), len(kept))
        return Table.build(
            (*kept[:first], *added, *kept[first:]), facts={**self.facts, **(facts or {})}, policy=self.policy
        )

    def changes_on(self) -> tuple[dt.date, ...]:
        """Give the days on which another set of rows begins to hold, in order."""
        days = {rule.from_on for rule in self.rules if rule.from_on > dt.date.min}
        days |= {rule.until_on + dt.timedelta(days=1) for rule in self.rules if rule.until_on < dt.date.max}
        return tuple(sorted(days))

    def on(self, day: dt.date) -> Table:
        """Give the table with the rows that hold on a day only."""
        held = tuple(rule for rule in self.rules if rule.from_on <= day <= rule.until_on)
        return self if held == self.rules else Table(held, self.facts, self.policy)


DUTY = "duty-list"
"""The origin of rules that come from the duty list."""
BEHIND, STEP = 1000, 10


def duty_rules(catalog: Catalog) -> list[Rule]:
    """Give a rule for every kind to which the duty list gives a lead: behind all others of ``category``.

    The closer a class is to the matter, the earlier it is asked; what it does not say, the limit for
    instance, is what the nearest class above it says.
    """
    found = []
    for kind in catalog.kinds.values():
        if not kind.lead and kind.limit is None:
            continue
        duty = catalog.duty(kind.code)
        if duty.lead:
            found.append(
                Rule(
                    id=f"{DUTY}:{kind.code}",
                    band="category",
                    priority=BEHIND - STEP * len(kind_path(kind.code)),
                    cells=(Cell("kind", "below", (kind.code,)),),
                    then=Then(lead=duty.lead, limit=duty.limit),
                    origin=DUTY,
                )
            )
    return found


def when_types(facts: Mapping[str, Fact]) -> dict[str, Literal["int", "text", "bool", "texts"]]:
    """Give fact → its type in a further condition."""
    plain: Mapping[str, Literal["int", "texts"]] = {"number": "int", "time": "int", "tags": "texts"}
    return {name: plain.get(fact.type, "text") for name, fact in facts.items()}


def _check_rules(rules: Sequence[Rule], facts: Mapping[str, Fact], policy: Policy) -> Iterator[Finding]:
    seen: dict[str, list[Rule]] = {}
    types = when_types(facts)
    for rule in rules:
        if any(_same_days(rule, other) for other in seen.setdefault(rule.id, [])):
            yield wrong(rule, "id-twice", "id", f"the rule id {rule.id!r} stands twice", "give each rule its own id")
        seen[rule.id].append(rule)
        if not rule.id:
            yield wrong(rule, "no-id", "id", "a rule has no id", "decisions name the rule by it: give it one")
        if rule.band not in BANDS:
            message = f"the band {rule.band!r} is unknown"
            yield wrong(rule, "unknown-band", "band", message, f"one of {', '.join(BANDS)}")
        if rule.until_on < rule.from_on:
            message = f"the rule {rule.id} ends on {rule.until_on}, before {rule.from_on}"
            yield wrong(rule, "dates-out-of-order", "until", message, "end after start")
        yield from _check_cells(rule, facts)
        yield from _check_answers(rule, policy)
        try:
            _ = rule.when and parse_when(rule.when, types)
        except WhenError as error:
            yield wrong(rule, "bad-when", "when", str(error), "")


def _same_days(one: Rule, other: Rule) -> bool:
    return one.from_on <= other.until_on and other.from_on <= one.until_on


def _check_cells(rule: Rule, facts: Mapping[str, Fact]) -> Iterator[Finding]:
    asked: set[str] = set()
    for cell in rule.cells:
        if cell.fact not in facts:
            yield unknown(rule, "fact", cell.fact, cell.fact, facts)
        if cell.fact in asked:
            message = f"the rule {rule.id} asks for {cell.fact} twice"
            yield wrong(rule, "cell-twice", cell.fact, message, "write one cell, or the second condition in when")
        asked.add(cell.fact)
        try:
            sound = cell.fact not in facts or parse_cell(facts[cell.fact], str(cell)) == cell
            message = f"{cell!r} is no condition on {cell.fact}; make it with parse_cell"
        except ValueError as error:
            sound, message = False, str(error)
        if not sound:
            yield wrong(rule, "bad-cell", cell.fact, message, "")


def _check_answers(rule: Rule, policy: Policy) -> Iterator[Finding]:
    given = [name for name in ANSWERS["first"] if getattr(rule.then, name) != getattr(NOTHING, name)]
    for name in given:
        if name not in ANSWERS[policy]:
            remedy = f"it gives {', '.join(ANSWERS[policy])}; the rest stands in the rules"
            yield wrong(rule, "not-its-answer", name, f"a row of this table gives no {name}", remedy)
    if policy == "first" and not rule.then.lead:
        yield wrong(rule, "no-lead", "lead", f"the rule {rule.id} names nobody", "write role:NAME, org:NAME or desk")
    if policy == "single" and rule.then.calendar and rule.then.limit is None:
        message = f"the row {rule.id} gives a calendar without a limit"
        yield wrong(rule, "no-answer", "calendar", message, "give the limit that runs in it")
    if not given and policy != "first":
        yield wrong(rule, "no-answer", "", f"the rule {rule.id} gives nothing", f"give {', '.join(ANSWERS[policy])}")


def wrong(rule: Rule, code: str, column: str, message: str, remedy: str) -> Finding:
    """Make a finding about a rule."""
    return Finding(code=f"routing.{code}", subject=rule.id, column=column, message=message, remedy=remedy)


def unknown(rule: Rule, what: str, column: str, name: str, known: Mapping[str, object]) -> Finding:
    """Make a finding about a name that does not exist."""
    named = (code for code, value in known.items() if name in (getattr(value, "zh", ""), getattr(value, "name", "")))
    close = [*named, *get_close_matches(name, known, n=1)]
    remedy = f"did you mean {close[0]!r}?" if close else f"add that {what} or name another one"
    finding = wrong(rule, f"unknown-{what}", column, f"the rule {rule.id} names the unknown {what} {name!r}", remedy)
    return attrs.evolve(finding, names=name)
