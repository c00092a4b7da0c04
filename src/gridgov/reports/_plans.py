"""A merge plan for the meeting: a table, a map, and shapes for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gridgov.merging import MergePlan
from gridgov.reports._map import grid_map
from gridgov.reports._table import text_table
from gridgov.territory import Ground, Node
from gridgov.wording import Text

__all__ = ["plan_geojson", "plan_map", "plan_table"]

HEADERS = {
    "zh": ("网格", "名称", "类型", "户数", "楼栋"),
    "en": ("grid", "name", "kind", "households", "buildings"),
}


def plan_table(plan: MergePlan, language: str = "zh") -> str:
    """Give the base grids as a text table; further measures get a column each."""
    Text("", "").in_(language)  # refuses a language that nothing is written in
    measures = [measure.zh if language == "zh" else measure.en for measure in plan.policy.measures]
    rows = [(g.code, g.name, g.kind, g.households, len(g.atoms), *g.amounts) for g in plan.base_grids]
    return text_table((*HEADERS[language], *measures), rows)


def plan_map(plan: MergePlan, ground: Ground, *, width: int = 640) -> str:
    """Draw the base grids as SVG; atoms without an outline are left out."""
    labels = {grid.code: f"{grid.code[-3:]}\n{grid.households}" for grid in plan.base_grids}
    titles = {
        atom: f"{ground.territory[atom].name} · {grid.name} · {grid.households}"
        for grid in plan.base_grids
        for atom in grid.atoms
    }
    return grid_map(ground.atoms, plan.grid_of, labels=labels, titles=titles, width=width)


def plan_geojson(plan: MergePlan, ground: Ground, *, dissolve: bool = False) -> dict[str, Any]:
    """Give a FeatureCollection with one feature for each base grid, in degrees (WGS 84).

    A grid is a MultiPolygon of the outlines of its atoms, or a MultiPoint where they have none.

    :param dissolve: unite the outlines into one shape (needs the extra ``geo``).
    """
    features = []
    for grid in plan.base_grids:
        nodes = [ground.territory[ground.building_of(atom)] for atom in grid.atoms]
        outside = plan.bounds_of(grid.community)
        features.append(
            {
                "type": "Feature",
                "id": grid.code,
                "properties": {
                    "code": grid.code,
                    "name": grid.name,
                    "community": grid.community,
                    "kind": grid.kind,
                    "households": grid.households,
                    "buildings": len(grid.atoms),
                    "missing": outside.missing(grid.households) if outside and grid.kind == "residential" else 0,
                },
                "geometry": _geometry(nodes, dissolve=dissolve),
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _geometry(nodes: Sequence[Node], *, dissolve: bool) -> dict[str, Any] | None:
    rings = [_ring(node.outline) for node in nodes if node.outline]
    if not rings:
        points = [
            [node.longitude / 1e7, node.latitude / 1e7]
            for node in nodes
            if node.longitude is not None and node.latitude is not None
        ]
        return {"type": "MultiPoint", "coordinates": points} if points else None
    if dissolve:
        import shapely
        from shapely.geometry import mapping

        united = shapely.unary_union([shapely.make_valid(shapely.Polygon(ring)) for ring in rings])
        return dict(mapping(united))
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def _ring(outline: Sequence[int]) -> list[list[float]]:
    corners = [[x / 1e7, y / 1e7] for x, y in zip(outline[::2], outline[1::2], strict=True)]
    around = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, [*corners[1:], corners[0]], strict=True))
    # RFC 7946 wants the outer ring counterclockwise, and closed.
    corners = corners if around > 0 else corners[::-1]
    return [*corners, corners[0]]
