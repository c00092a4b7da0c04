"""A map of grids as SVG: plots in the color of their grid, borders where two grids meet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape

from gridgov.territory import Node

__all__ = ["grid_map"]

# Eight quiet colors that differ in lightness too, so that a gray print still shows the borders.
PALETTE = ("#cfe3d4", "#f3d9b8", "#c9d8ee", "#ecc9cf", "#e6e2b3", "#d8cdea", "#bfe0e2", "#e9d5c3")
Corner = tuple[int, int]
Edge = tuple[Corner, Corner]
Drawn = Sequence[tuple[Node, list[Corner]]]
Projection = Callable[[Corner], tuple[float, float]]


def grid_map(
    places: Iterable[Node],
    group_of: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    titles: Mapping[str, str] | None = None,
    width: int = 640,
) -> str:
    """Draw places with an outline, colored by group.

    :param group_of: place → group (a base grid, an old grid); places without one are left white.
    :param labels: group → what stands in it; :param titles: place → what the pointer shows.
    :param width: in pixels.
    :returns: an ``<svg>`` element without scripts, styles or links.
    """
    drawn = [(node, _corners(node)) for node in places if node.outline]
    if not drawn:
        return "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'></svg>"
    project, height = _projection([corner for _, corners in drawn for corner in corners], width)
    colors = _colors(drawn, group_of)
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' role='img'>"]
    for node, corners in drawn:
        points = " ".join("{:.1f},{:.1f}".format(*project(corner)) for corner in corners)
        fill = colors.get(group_of.get(node.code, ""), "#ffffff")
        title = escape((titles or {}).get(node.code, node.name))
        parts.append(
            f"<polygon points='{points}' fill='{fill}' stroke='#ffffff' stroke-width='0.6'>"
            f"<title>{title}</title></polygon>"
        )
    parts += _borders(drawn, group_of, project)
    parts += _labels(drawn, group_of, labels or {}, project)
    parts.append("</svg>")
    return "\n".join(parts)


def _corners(node: Node) -> list[Corner]:
    return list(zip(node.outline[::2], node.outline[1::2], strict=True))


def _projection(corners: Sequence[Corner], width: int) -> tuple[Projection, int]:
    wests, souths = [x for x, _ in corners], [y for _, y in corners]
    west, north = min(wests), max(souths)
    # At this latitude a degree of longitude is shorter than one of latitude.
    shrink = math.cos(math.radians((north + min(souths)) / 2e7))
    scale = width / max(1.0, (max(wests) - west) * shrink)

    def project(corner: Corner) -> tuple[float, float]:
        return (corner[0] - west) * shrink * scale, (north - corner[1]) * scale

    return project, math.ceil((north - min(souths)) * scale)


def _edges(corners: Sequence[Corner]) -> list[Edge]:
    around = [*corners[1:], corners[0]]
    return [(min(a, b), max(a, b)) for a, b in zip(corners, around, strict=True)]


def _colors(drawn: Drawn, group_of: Mapping[str, str]) -> dict[str, str]:
    """Give neighbors different colors, greedily: eight are enough for any map of plots."""
    sides: dict[Edge, set[str]] = {}
    for node, corners in drawn:
        for edge in _edges(corners):
            sides.setdefault(edge, set()).add(group_of.get(node.code, ""))
    neighbors: dict[str, set[str]] = {}
    for groups in sides.values():
        for group in groups:
            neighbors.setdefault(group, set()).update(groups - {group})
    colors: dict[str, str] = {}
    for place, group in enumerate(sorted(group for group in neighbors if group)):
        taken = {colors[other] for other in neighbors[group] if other in colors}
        turned = PALETTE[place % len(PALETTE) :] + PALETTE[: place % len(PALETTE)]
        colors[group] = next((color for color in turned if color not in taken), turned[0])
    return colors


def _borders(drawn: Drawn, group_of: Mapping[str, str], project: Projection) -> Iterator[str]:
    sides: dict[Edge, list[str]] = {}
    for node, corners in drawn:
        for edge in _edges(corners):
            sides.setdefault(edge, []).append(group_of.get(node.code, ""))
    for (one, other), groups in sides.items():
        if len(groups) == 1 or groups[0] != groups[1]:
            (x1, y1), (x2, y2) = project(one), project(other)
            yield (
                f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' "
                "stroke='#33414e' stroke-width='1.6' stroke-linecap='round'/>"
            )


def _labels(drawn: Drawn, group_of: Mapping[str, str], labels: Mapping[str, str], project: Projection) -> Iterator[str]:
    centers: dict[str, list[tuple[float, float]]] = {}
    for node, corners in drawn:
        points = [project(corner) for corner in corners]
        middle = (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
        centers.setdefault(group_of.get(node.code, ""), []).append(middle)
    for group, middles in centers.items():
        if group not in labels:
            continue
        mean = (sum(x for x, _ in middles) / len(middles), sum(y for _, y in middles) / len(middles))
        # On the plot nearest to the middle: the middle of a bent grid may lie in its neighbor.
        x, y = min(middles, key=lambda at: (at[0] - mean[0]) ** 2 + (at[1] - mean[1]) ** 2)
        for line, text in enumerate(labels[group].split("\n")):
            yield (
                f"<text x='{x:.1f}' y='{y + 10 * line:.1f}' font-size='9' text-anchor='middle' "
                f"fill='#1d2731' font-family='sans-serif'>{escape(text)}</text>"
            )
