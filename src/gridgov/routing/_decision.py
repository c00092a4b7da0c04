"""What a decision is, as a value."""

from __future__ import annotations

import attrs

from gridgov.routing._rule import Rule

__all__ = ["Decision", "Hit", "NearMiss"]


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


@attrs.frozen
class Decision:
    """Which rule decided, and why.

    :param version: of the table, its digest: with it and the facts the decision can be made again.
    :param hits: the conditions of the rule, with what the case had.
    :param later: the rules behind it that would have held as well, in order.
    :param passed_over: how many rules were tried before this one.
    """

    rule: Rule
    version: str
    hits: tuple[Hit, ...]
    later: tuple[str, ...]
    passed_over: int
