"""The rules of a place together: who handles a case, by when, and who else.

Three tables, because three questions change at different times and by different hands. The
**rules** say who handles a case; the first hit decides. The **limits** say by when and on which
ladder, where a rule is silent; at most one row may answer, which is proved when they are loaded.
The rows of **also** add supporting and informed parties; every hit counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import attrs

from gridgov.errors import Finding
from gridgov.policy import Dated, Timeline
from gridgov.proofs import canonical, digest
from gridgov.routing._check import Names, check_silent, check_table
from gridgov.routing._decision import Decision, NearMiss
from gridgov.routing._facts import Fact, Facts
from gridgov.routing._rule import Rule, Then
from gridgov.routing._table import Table, wrong
from gridgov.territory import Territory

__all__ = ["Rulebook", "Ruling"]


@attrs.frozen(kw_only=True)
class Ruling:
    """What the rules of a place say of a case.

    :param then: everything that was answered, whichever table said it.
    :param limited_by: the row of the limits that gave the limit; :param pressed_by: the ladder; empty
        where the rule gave it itself.
    :param joined_by: the rows that added parties.
    """

    decision: Decision
    then: Then
    limited_by: str = ""
    pressed_by: str = ""
    joined_by: tuple[str, ...] = ()


def _limits() -> Table:
    return Table((), policy="single")


def _also() -> Table:
    return Table((), policy="collect")


@attrs.frozen(eq=False)
class Rulebook:
    """The tables of a place; a decision names them by :attr:`version`.

    It is asked as it is: where rows have dates, ask the one of the day, :meth:`on`.
    """

    rules: Table
    limits: Table = attrs.field(factory=_limits)
    also: Table = attrs.field(factory=_also)

    @cached_property
    def version(self) -> str:
        """The digest of all tables, 16 digits; with the rules alone, theirs."""
        if self.is_plain:
            return self.rules.version
        return digest(canonical([self.rules.version, self.limits.version, self.also.version]))[:16]

    @property
    def contents(self) -> object:
        """All rows and declared facts as plain values, for a digest of the setup."""
        return [[table.policy, table.rules, dict(table.facts)] for table in self._tables]

    @property
    def _tables(self) -> tuple[Table, Table, Table]:
        return self.rules, self.limits, self.also

    @property
    def is_plain(self) -> bool:
        """Say whether the rules alone answer."""
        return not self.limits.rules and not self.also.rules

    @property
    def facts(self) -> Mapping[str, Fact]:
        """The declared facts."""
        return self.rules.facts

    def decide(self, facts: Facts, territory: Territory) -> Ruling | None:
        """Decide a case; None where no rule takes it.

        :raises RefusalError: ``routing.missing-fact``, ``routing.bad-fact`` or ``routing.unanswered``
            where the answer hangs on what the case does not state.
        """
        decision = self.rules.router(territory).decide(facts)
        if decision is None:
            return None
        return self._completed(decision, facts, territory)

    def answer(self, facts: Facts, territory: Territory) -> tuple[Rule | None, Then | None]:
        """Give the rule that takes a case and the whole answer, without reasons: for many cases.

        :raises RefusalError: as :meth:`decide`.
        """
        rule = self.rules.router(territory).hit(facts)
        if rule is None or self.is_plain:
            return rule, rule.then if rule is not None else None
        decision = Decision(rule, "", (), (), 0)
        return rule, self._completed(decision, facts, territory).then

    def near_misses(self, facts: Facts, territory: Territory, kept: int = 5, *, met: int = 0) -> tuple[NearMiss, ...]:
        """Give the last rules before the hit that failed on exactly one condition; see :meth:`Router.near_misses`."""
        return self.rules.router(territory).near_misses(facts, kept, met=met)

    def _completed(self, decision: Decision, facts: Facts, territory: Territory) -> Ruling:
        then = decision.rule.then
        if self.is_plain:
            return Ruling(decision=decision, then=then)
        limit = ladder = None
        if self.limits.rules and not (then.limit and then.ladder):
            rows = self.limits.router(territory).matches(facts)
            limit = None if then.limit else next((row for row in rows if row.then.limit), None)
            ladder = None if then.ladder else next((row for row in rows if row.then.ladder), None)
        joined = self.also.router(territory).matches(facts) if self.also.rules else []
        return Ruling(
            decision=decision,
            then=attrs.evolve(
                then,
                limit=limit.then.limit if limit else then.limit,
                calendar=(limit.then.calendar if limit else "") or then.calendar,
                ladder=ladder.then.ladder if ladder else then.ladder,
                supporting=_more(then.supporting, (row.then.supporting for row in joined), without=then.lead),
                informed=_more(then.informed, (row.then.informed for row in joined), without=then.lead),
            ),
            limited_by=limit.id if limit else "",
            pressed_by=ladder.id if ladder else "",
            joined_by=tuple(row.id for row in joined),
        )

    def with_rules(self, added: Sequence[Rule], facts: Mapping[str, Fact] | None = None) -> Rulebook:
        """Give a rulebook with more rules; those of a plugin take the place of what it has added before.

        :raises SetupError: as :meth:`Table.build`.
        """
        limits, also = (table.with_rules((), facts) for table in (self.limits, self.also))
        return Rulebook(self.rules.with_rules(added, facts), limits, also)

    def on(self, day: dt.date) -> Rulebook:
        """Give the rows that hold on a day."""
        rules, limits, also = (table.on(day) for table in self._tables)
        same = all(one is other for one, other in zip((rules, limits, also), self._tables, strict=True))
        return self if same else Rulebook(rules, limits, also)

    def timeline(self, from_on: dt.date = dt.date.min, until_on: dt.date = dt.date.max) -> Timeline[Rulebook]:
        """Give the rows by the days on which they begin and cease to hold."""
        days = {day for table in self._tables for day in table.changes_on() if from_on < day <= until_on}
        return Timeline(tuple(Dated(self.on(day), day) for day in sorted({from_on, *days})))

    def check(self, names: Names) -> Iterator[Finding]:
        """Give every finding of the three tables, and rules whose limit nobody says."""
        seen: dict[str, str] = {}
        for name, table in zip(("rules", "limits", "also"), self._tables, strict=True):
            for rule in table.rules:
                if seen.setdefault(rule.id, name) != name:
                    message = f"the id {rule.id!r} stands in two tables, {seen[rule.id]} and {name}"
                    yield wrong(rule, "id-twice", "id", message, "give each its own id: decisions name rows by it")
        for table in self._tables:
            yield from check_table(table, names).findings
        yield from check_silent(self.rules, self.limits, names)


def _more(own: tuple[str, ...], others: Iterator[tuple[str, ...]], *, without: str) -> tuple[str, ...]:
    found = dict.fromkeys(own)
    for targets in others:
        found.update(dict.fromkeys(target for target in targets if target != without))
    return tuple(found)
