"""A merge plan as a workbook (XLSX): a sheet for each thing that a meeting asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import xlsxwriter

from gridgov.merging import MergePlan, coverage
from gridgov.territory import Ground

__all__ = ["plan_workbook"]

Sheet = tuple[str, Sequence[str], Sequence[Sequence[object]]]


def plan_workbook(plan: MergePlan, ground: Ground, path: Path, language: str = "zh") -> Path:
    """Write a plan as an XLSX file: summary, base grids, buildings, crosswalk, borders, people, coverage.

    Texts are written as texts, so that nothing that somebody typed becomes a formula.

    :raises OSError: if the file cannot be written.
    """
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        for name, header, rows in _sheets(plan, ground, language):
            sheet = book.add_worksheet(name)
            widths = [len(str(cell)) for cell in header]
            for column, title in enumerate(header):
                sheet.write_string(0, column, title, bold)
            for number, row in enumerate(rows, start=1):
                for column, cell in enumerate(row):
                    widths[column] = max(widths[column], len(str(cell)))
                    if isinstance(cell, int):
                        sheet.write_number(number, column, cell)
                    else:
                        sheet.write_string(number, column, str(cell))
            for column, width in enumerate(widths):
                # A Chinese letter takes the room of two.
                sheet.set_column(column, column, min(60, width * 1.6 + 2))
            sheet.freeze_panes(1, 0)
            if rows:
                sheet.autofilter(0, 0, len(rows), len(header) - 1)
    return path


WORDS = {
    "summary": ("摘要", "Summary"),
    "grids": ("基础网格", "Base grids"),
    "buildings": ("楼栋", "Buildings"),
    "crosswalk": ("对应关系", "Crosswalk"),
    "borders": ("界线", "Borders"),
    "people": ("人员", "People"),
    "coverage": ("覆盖", "Coverage"),
    "grid": ("网格", "Grid"),
    "other": ("相邻网格", "Neighbor"),
    "name": ("名称", "Name"),
    "community": ("社区", "Community"),
    "kind": ("类型", "Kind"),
    "households": ("户数", "Households"),
    "layer": ("条线", "Layer"),
    "old": ("旧网格", "Old grid"),
    "of": ("旧网格共", "Of"),
    "meters": ("米", "Meters"),
    "weight": ("权重", "Weight"),
    "why": ("说明", "Why"),
    "who": ("人员", "Who"),
    "role": ("岗位", "Role"),
    "load": ("负担户数", "Load (households)"),
}


def _sheets(plan: MergePlan, ground: Ground, language: str) -> Iterator[Sheet]:
    def say(*keys: str) -> list[str]:
        return [WORDS[key][0 if language == "zh" else 1] for key in keys]

    def title(key: str) -> str:
        return say(key)[0]

    layers = {id_: zh if language == "zh" else en for id_, zh, en in plan.layer_names}
    measures = [measure.zh if language == "zh" else measure.en for measure in plan.policy.measures]
    yield title("summary"), say("summary"), [[line] for line in plan.summary(language).splitlines()]
    header = [*say("grid", "name", "community", "kind", "households", "buildings"), *measures]
    grids = [[g.code, g.name, g.community, g.kind, g.households, len(g.atoms), *g.amounts] for g in plan.base_grids]
    yield title("grids"), header, grids
    atoms = [
        [atom, ground.territory[atom].name, count, grid.code]
        for grid in plan.base_grids
        for atom, count in zip(grid.atoms, grid.counts, strict=True)
    ]
    yield title("buildings"), say("buildings", "name", "households", "grid"), atoms
    shares = [[layers[s.layer], s.grid, s.base_grid, s.households, s.of] for s in plan.crosswalk]
    yield title("crosswalk"), say("layer", "old", "grid", "households", "of"), shares
    borders = [[b.one, b.other, b.meters, b.weight, plan.explain(b.one, b.other, language)] for b in plan.borders]
    yield title("borders"), say("grid", "other", "meters", "weight", "why"), borders
    if not plan.people:
        return
    people = [[p.holder, p.role, p.grid, " ".join(p.base_grids), p.why.in_(language)] for p in plan.people]
    yield title("people"), say("who", "role", "old", "grid", "why"), people
    covered = [
        [role, holder, " ".join(codes), load]
        for role, holders in coverage(plan, plan.people).items()
        for holder, (codes, load) in holders.items()
    ]
    yield title("coverage"), say("role", "who", "grid", "load"), covered
