"""The plain interpreter: rules from top to bottom, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from gridgov.errors import RefusalError
from gridgov.routing._table import Cell, Fact, Rule, Table
from gridgov.territory import Territory

__all__ = ["Decision", "Hit", "NearMiss", "decide"]

NEAR_MISSES_KEPT = 5


@attrs.frozen
class Hit:
    """A condition that held, with the value that the case had."""

    fact: str
    condition: str
    value: str


@attrs.frozen
class NearMiss:
    """An earlier rule that failed on exactly one cell."""

    rule: str
    fact: str
    condition: str
    value: str


@attrs.frozen(kw_only=True)
class Decision:
    """Which rule decided, and why.

    :param version: of the table.
    :param hits: the conditions of the rule, with what the case had.
    :param near_misses: the last five earlier rules that failed on exactly one cell.
    :param passed_over: how many rules were tried before this one.
    """

    rule: str
    band: str
    version: str
    hits: tuple[Hit, ...]
    near_misses: tuple[NearMiss, ...] = ()
    passed_over: int = 0


Facts = Mapping[str, str | int | Sequence[str]]


def decide(table: Table, facts: Facts, territory: Territory) -> tuple[Rule, Decision] | None:
    """Find the first rule whose cells all hold; None if no rule does.

    :param facts: fact → value; ``tag`` may be a sequence. Every fact that a cell names must be there.
    :raises RefusalError: ``routing.missing-fact`` for a fact that a cell asks for and the case lacks.
    """
    near: list[NearMiss] = []
    for tried, rule in enumerate(table.rules):
        failed = [cell for cell in rule.cells if not _holds(cell, table.facts[cell.fact], facts, territory, rule)]
        if not failed:
            return rule, Decision(
                rule=rule.id,
                band=rule.band,
                version=table.version,
                hits=tuple(Hit(cell.fact, str(cell), _shown(facts[cell.fact])) for cell in rule.cells),
                near_misses=tuple(near[-NEAR_MISSES_KEPT:]),
                passed_over=tried,
            )
        if len(failed) == 1:
            cell = failed[0]
            near.append(NearMiss(rule.id, cell.fact, str(cell), _shown(facts[cell.fact])))
    return None


def _shown(value: str | int | Sequence[str]) -> str:
    return str(value) if isinstance(value, str | int) else "|".join(value)


def _holds(cell: Cell, fact: Fact, facts: Facts, territory: Territory, rule: Rule) -> bool:
    if cell.fact not in facts:
        raise RefusalError(
            "routing.missing-fact",
            f"the rule {rule.id} asks for {fact.en}, which this case does not state",
            fact=cell.fact,
            rule=rule.id,
        )
    value = facts[cell.fact]
    if fact.type == "number":
        return _number_holds(cell, value)
    if not isinstance(value, str | int):
        matched = any(one in cell.values for one in value)
    elif fact.type == "kind":
        matched = any(value == wanted or str(value).startswith(f"{wanted}.") for wanted in cell.values)
    elif fact.type == "place":
        path = territory.path(str(value))
        matched = any(wanted in path for wanted in cell.values)
    else:
        matched = str(value) in cell.values
    return not matched if cell.op == "not-in" else matched


def _number_holds(cell: Cell, value: str | int | Sequence[str]) -> bool:
    if not isinstance(value, int):
        raise TypeError(f"the fact {cell.fact} is a number, not {value!r}")
    bounds = [int(bound) for bound in cell.values]
    match cell.op:
        case "at-least":
            return value >= bounds[0]
        case "at-most":
            return value <= bounds[0]
        case "between":
            return bounds[0] <= value <= bounds[1]
        case _:
            return value in bounds
