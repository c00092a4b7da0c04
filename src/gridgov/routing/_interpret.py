"""The plain interpreter: rules from top to bottom, cell by cell.

It has no index and no shortcut, and is the oracle for :mod:`gridgov.routing._router`. A row is an
*and* as in CEL: one condition that fails makes it fail, whatever the others are; else one that
cannot be answered makes the decision an error. So a missing fact is never silently false.
"""

from __future__ import annotations

from gridgov.errors import RefusalError
from gridgov.routing._decision import Decision, Hit, NearMiss
from gridgov.routing._facts import Cell, Facts, shown
from gridgov.routing._router import missing_fact, unanswered
from gridgov.routing._rule import Rule
from gridgov.routing._table import Table
from gridgov.routing._when import WhenFault
from gridgov.territory import Territory

__all__ = ["interpret", "interpret_all", "interpret_near"]


def interpret(table: Table, facts: Facts, territory: Territory) -> Decision | None:
    """Find the first rule whose conditions all hold; None if no rule does.

    :raises RefusalError: ``routing.missing-fact`` or ``routing.bad-fact`` where a condition that the
        answer hangs on cannot be answered.
    """
    for tried, rule in enumerate(table.rules):
        if _holds(rule, table, facts, territory):
            return Decision(
                rule=rule,
                version=table.version,
                hits=_hits(rule, table, facts),
                later=tuple(r.id for r in table.rules[tried + 1 :] if _surely(r, table, facts, territory)),
                passed_over=tried,
            )
    return None


def interpret_all(table: Table, facts: Facts, territory: Territory) -> list[Rule]:
    """Give every rule whose conditions all hold.

    :raises RefusalError: as :func:`interpret`.
    """
    return [rule for rule in table.rules if _holds(rule, table, facts, territory)]


def interpret_near(table: Table, facts: Facts, territory: Territory) -> list[NearMiss]:
    """Give the rules before the hit that failed on exactly one condition."""
    found = []
    for rule in table.rules:
        answers = [(cell, _cell(rule, cell, table, facts, territory)) for cell in rule.cells]
        failed = [cell for cell, answer in answers if answer is False]
        when = _when(rule, table, facts)
        if not failed and when is True and all(answer is True for _, answer in answers):
            break
        if len(failed) == 1 and when is True:
            cell = failed[0]
            found.append(NearMiss(rule.id, cell.fact, str(cell), shown(table.facts[cell.fact], facts[cell.fact])))
        elif not failed and when is False:
            found.append(NearMiss(rule.id, "when", rule.when, _hits(rule, table, facts)[-1].value))
    return found


def _hits(rule: Rule, table: Table, facts: Facts) -> tuple[Hit, ...]:
    found = [
        Hit(cell.fact, str(cell), shown(table.facts[cell.fact], facts[cell.fact]) if cell.fact in facts else "")
        for cell in rule.cells
    ]
    if rule.when:
        named = table.whens[rule.when].required | table.whens[rule.when].optional
        values = (f"{name}={shown(table.facts[name], facts[name])}" for name in sorted(named) if name in facts)
        found.append(Hit("when", rule.when, ", ".join(values)))
    return tuple(found)


def _holds(rule: Rule, table: Table, facts: Facts, territory: Territory) -> bool:
    answers = [_cell(rule, cell, table, facts, territory) for cell in rule.cells]
    answers.append(_when(rule, table, facts))
    if False in answers:
        return False
    for answer in answers:
        if isinstance(answer, RefusalError):
            raise answer
    return True


def _surely(rule: Rule, table: Table, facts: Facts, territory: Territory) -> bool:
    try:
        return _holds(rule, table, facts, territory)
    except RefusalError:
        return False


def _cell(rule: Rule, cell: Cell, table: Table, facts: Facts, territory: Territory) -> bool | RefusalError:
    fact = table.facts[cell.fact]
    if cell.fact not in facts:
        return True if cell.or_missing else missing_fact(fact, rule)
    try:
        return cell.holds(fact, facts[cell.fact], territory)
    except RefusalError as error:
        return error


def _when(rule: Rule, table: Table, facts: Facts) -> bool | RefusalError:
    if not rule.when:
        return True
    try:
        return table.whens[rule.when].holds(facts)
    except WhenFault as error:
        return unanswered(rule, error)
