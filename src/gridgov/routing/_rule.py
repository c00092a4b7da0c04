"""A row: what it asks for, and what it gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import attrs

from gridgov.routing._facts import Cell
from gridgov.worktime import Limit

__all__ = ["ANSWERS", "BANDS", "COLUMNS", "Policy", "Rule", "Then"]

BANDS = ("emergency", "safety", "vulnerable", "local", "time", "whistle", "split", "category", "default")
"""The order in which rules are tried; plugins may add rows to ``local`` and below only."""

Policy = Literal["first", "single", "collect"]
ANSWERS: Mapping[Policy, tuple[str, ...]] = {
    "first": ("lead", "supporting", "informed", "limit", "calendar", "ladder", "on_the_spot", "tell_zh", "tell_en"),
    "single": ("limit", "calendar", "ladder"),
    "collect": ("supporting", "informed"),
}
"""What the rows of a table may give: the first that hits; the only one that hits; all that hit."""


COLUMNS = frozenset({"id", "band", "priority", "when", "from", "until", "rule", "on", *ANSWERS["first"]})
"""What a table calls its own columns: no fact is called so."""


@attrs.frozen(kw_only=True)
class Then:
    """What a rule gives.

    Targets are written ``role:area-lead`` (found by climbing the tree), ``org:gas`` (a department,
    station, partner or team), ``nearest:station`` (the nearest posted organization of a kind) or
    ``desk`` (the street's desk, where a person decides).

    :param limit: None where the table of limits says it.
    :param calendar: whose sessions the limit runs in, empty for the place's own.
    :param ladder: empty where the table of limits says it, or the desk's.
    :param on_the_spot: the finder may handle the case at once (当场答复, 在本级解决).
    :param tell: what the reporter is told, in Chinese and English.
    """

    lead: str = ""
    supporting: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    limit: Limit | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(Limit))
    )
    ladder: str = ""
    on_the_spot: bool = False
    tell_zh: str = ""
    tell_en: str = ""
    calendar: str = ""


@attrs.frozen(kw_only=True)
class Rule:
    """A row: all of *cells* must hold, and *when*, where there is one.

    :param when: a condition that a table cannot say, in a subset of CEL; see :func:`parse_when`.
    :param priority: smaller ones are tried first inside a band, None counts as 100. Two rules of one
        given priority may not give different answers to one case; without one, the order of the table
        decides.
    :param origin: the plugin that added the row, empty for the place's own.
    :param until_on: the last day on which the row holds.
    """

    id: str
    band: str = "category"
    cells: tuple[Cell, ...]
    when: str = ""
    then: Then
    priority: int | None = None
    origin: str = ""
    from_on: dt.date = dt.date.min
    until_on: dt.date = dt.date.max

    @property
    def rank(self) -> int:
        """The priority, 100 where none is given."""
        return 100 if self.priority is None else self.priority
