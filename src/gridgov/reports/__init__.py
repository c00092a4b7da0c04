"""Output for people, made from values: text tables, maps, and pages that need no network.

Nothing here decides or reads a store; whoever calls it brings the values. The pages need the
extra ``reports`` (Jinja2, which escapes whatever people wrote), a workbook the extra ``sheets``,
QR codes on the notice board and on statements the extra ``notice``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridgov.reports._map import grid_map
from gridgov.reports._plans import plan_geojson, plan_map, plan_table
from gridgov.reports._table import mask_name, text_table

if TYPE_CHECKING:
    from gridgov.reports._notice import notice_page, statement_page, verifier_page
    from gridgov.reports._page import Bars, Page, Rows, render_page
    from gridgov.reports._sheets import plan_workbook

__all__ = [
    "Bars",
    "Page",
    "Rows",
    "grid_map",
    "mask_name",
    "notice_page",
    "plan_geojson",
    "plan_map",
    "plan_table",
    "plan_workbook",
    "render_page",
    "statement_page",
    "text_table",
    "verifier_page",
]


def __getattr__(name: str) -> object:
    if name in ("Bars", "Page", "Rows", "render_page"):
        from gridgov.reports import _page

        return getattr(_page, name)
    if name in ("notice_page", "statement_page", "verifier_page"):
        from gridgov.reports import _notice

        return getattr(_notice, name)
    if name == "plan_workbook":
        from gridgov.reports._sheets import plan_workbook

        return plan_workbook
    raise AttributeError(name)
