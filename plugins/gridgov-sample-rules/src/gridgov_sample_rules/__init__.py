"""Two local rules of a street, and one sample of every other kind of plugin.

Installed, it is :data:`plugin`: a row and a refusal. The others are handed to an office by whoever wants them, with
what they need to know of the place. The contract of each hook stands in :class:`gridgov.hooks.Hooks`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from gridgov.cases import BlowWhistle
from gridgov.hooks import VERSION, Refused, hookimpl
from gridgov.routing import FACTS, Catalog, Cell, Rule, Then, parse_cell
from gridgov.territory import Territory
from gridgov.worktime import parse_limit
from gridgov_sample_rules._hotline import Hotline, Sheet, Tables
from gridgov_sample_rules._second_look import SecondLook
from gridgov_sample_rules._weather import Weather

__all__ = ["Hotline", "SecondLook", "Sheet", "Tables", "Weather", "plugin"]

NOISE, POLICE = "order.noise", "police"
CHINA = dt.timezone(dt.timedelta(hours=8))
DAY_BEGINS, DAY_ENDS = 6, 22


def _cells(**written: str) -> tuple[Cell, ...]:
    """Write conditions as in a table: ``kind="order.noise", day="rest"``."""
    cells = (parse_cell(FACTS[fact], text) for fact, text in written.items())
    return tuple(cell for cell in cells if cell is not None)


class SampleRules:
    """What the entry point names."""

    gridgov_hooks = VERSION

    @hookimpl
    def gridgov_rules(self, catalog: Catalog, territory: Territory) -> Sequence[Rule]:
        """Send noise on rest days to the police, where the street knows that kind."""
        if not catalog.under(NOISE):
            return ()
        return (
            Rule(
                id="noise-on-rest-days",
                band="local",
                cells=_cells(kind=NOISE, source="hotline", day="rest"),
                then=Then(
                    lead=f"org:{POLICE}",
                    limit=parse_limit("4紧急工作时"),
                    tell_zh="休息日噪音由派出所直接处理",
                    tell_en="On rest days the police handle noise themselves",
                ),
            ),
        )

    @hookimpl
    def gridgov_validate(self, command: Any, by: str, at: dt.datetime) -> Refused | None:
        """Refuse whistles for a single case at night."""
        night = not DAY_BEGINS <= at.astimezone(CHINA).hour < DAY_ENDS
        if isinstance(command, BlowWhistle) and len(command.cases) == 1 and night:
            return Refused("night-whistle", "between 22:00 and 6:00 a whistle is blown for two cases or more")
        return None


plugin = SampleRules()
