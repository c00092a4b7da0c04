"""What a rulebook on trial would have decided otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from gridgov.cases._events import CaseShadowed
from gridgov.cases._given import CaseGiven
from gridgov.decider import Sight

__all__ = ["Trial", "TrialAnswer", "TrialLine"]

DIMENSIONS = ("department", "grid", "kind", "deadline")


@attrs.frozen(kw_only=True)
class TrialLine:
    """A case that the rulebook on trial would have decided otherwise.

    :param what: the answers that differ; :param lead: as the rule on trial writes it; :param was_lead: as
        the rule that acted does, as for *limit*.
    :param refusal: the code with which it would have refused the case, empty where it decides.
    """

    case: str
    rule: str
    what: tuple[str, ...]
    lead: str
    was_lead: str
    limit: str
    was_limit: str
    refusal: str = ""


@attrs.frozen(kw_only=True)
class TrialAnswer:
    """The answer to :class:`Trial`.

    :param count: how many decisions would have been others.
    :param counts: those by ``department``, ``grid``, ``kind`` and ``deadline``, the most frequent first.
    :param lines: the first *most* of them, oldest first.
    """

    table: str
    count: int
    counts: Mapping[str, Mapping[str, int]]
    lines: tuple[TrialLine, ...]


@attrs.frozen
class Trial:
    """The differences that a rulebook on trial has made so far.

    :param table: its version, empty for the one that is on trial now.
    """

    table: str = ""
    most: int = attrs.field(default=200, kw_only=True)

    def answer(self, sight: Sight) -> TrialAnswer:
        """Count and list them; nothing where no rulebook is on trial."""
        given: CaseGiven = sight.given("cases")
        table = self.table or (given.shadow.version if given.shadow is not None else "")
        counts: dict[str, dict[str, int]] = {name: {} for name in DIMENSIONS}
        for key, count in sorted(sight.tally.items(), key=lambda pair: -pair[1]):
            match key:
                case ("shadowed", version, dimension, value) if version == table:
                    counts[dimension][value] = count
                case _:
                    pass
        return TrialAnswer(
            table=table,
            count=sight.tally.get(("shadowed", table), 0),
            counts=counts,
            lines=self._lines(table, sight),
        )

    def _lines(self, table: str, sight: Sight) -> tuple[TrialLine, ...]:
        found: list[TrialLine] = []
        seen: set[str] = set()
        for _, tag in sight.began("case-shadowed", 0):
            if tag in seen:
                continue
            seen.add(tag)
            for event in sight.events(tag):
                if isinstance(event, CaseShadowed) and event.table == table and len(found) < self.most:
                    found.append(_line(event))
            if len(found) == self.most:
                break
        return tuple(found)

    def place(self, sight: Sight) -> str | None:
        """The whole street."""
        root: str = sight.given("cases").territory.root
        return root

    def mine(self, by: str) -> bool:
        """Nobody's own; a grant is needed."""
        return False


def _line(event: CaseShadowed) -> TrialLine:
    return TrialLine(
        case=event.case,
        rule=event.rule,
        what=event.what,
        lead=event.lead,
        was_lead=event.was_lead,
        limit=event.limit,
        was_limit=event.was_limit,
        refusal=event.refusal,
    )
