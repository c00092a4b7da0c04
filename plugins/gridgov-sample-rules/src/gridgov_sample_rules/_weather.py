"""A code list, a fact that has its codes, and a rule that asks for the fact.

The colors are those of 《气象灾害预警信号发布与传播办法》, article 3 (China Meteorological Administration, decree 16
of 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gridgov.hooks import VERSION, Code, CodeList, hookimpl
from gridgov.routing import FACTS, Catalog, Fact, Rule, Then, parse_cell
from gridgov.territory import Territory
from gridgov.worktime import parse_limit

__all__ = ["Weather"]

WARNINGS = CodeList.build(
    "weather-warning",
    {
        "blue": Code("蓝色预警", "blue warning"),
        "yellow": Code("黄色预警", "yellow warning"),
        "orange": Code("橙色预警", "orange warning"),
        "red": Code("红色预警", "red warning"),
    },
    version="2007",
    source="中国气象局令第16号, 第三条",
)


class Weather:
    """Sends one kind of matter to one lead within two hours while an orange or red warning is out."""

    gridgov_hooks = VERSION

    def __init__(self, kind: str, lead: str) -> None:
        self._kind, self._lead = kind, lead

    @hookimpl
    def gridgov_code_lists(self) -> Mapping[str, CodeList]:
        """Bring the colors of warnings."""
        return {WARNINGS.id: WARNINGS}

    @hookimpl
    def gridgov_facts(self) -> Sequence[Fact]:
        """Let a case state which warning is out."""
        return [Fact("warning", "code", "气象预警", "weather warning", (f"list:{WARNINGS.id}",))]

    @hookimpl
    def gridgov_rules(self, catalog: Catalog, territory: Territory) -> Sequence[Rule]:
        """Add the row; a case that states no warning passes it by."""
        if not catalog.under(self._kind):
            return []
        kind = parse_cell(FACTS["kind"], self._kind)
        return [
            Rule(
                id="under-a-warning",
                band="local",
                cells=(kind,) if kind is not None else (),
                when='has(warning) && (warning == "orange" || warning == "red")',
                then=Then(lead=self._lead, limit=parse_limit("2紧急工作时")),
            )
        ]
