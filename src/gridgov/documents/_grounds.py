"""Ground from elsewhere: polygons, a graph, or rows; to what a merge needs.

Other people's maps have other codes, gaps and overlaps. Codes of communities are made up where the
source has none of twelve digits; names are kept. What is wrong with the drawing is reported, with
meters, and mended only where that is harmless.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.territory import Adjacency, Ground, Level, Node, Territory

__all__ = ["Columns", "Graph", "ImportedGround", "ground_from_geojson", "ground_from_graph", "ground_from_rows"]

LEVELS = (
    Level("street", "街道", "street"),
    Level("community", "社区", "community"),
    Level("grid", "网格", "grid"),
    Level("building", "楼栋", "building"),
    Level("entrance", "单元", "entrance"),
)
METERS_PER_DEGREE = 111_320.0


class Graph(Protocol):
    """What is asked of a networkx graph."""

    @property
    def nodes(self) -> Any:
        """Its nodes; called with ``data=True``, pairs of a node and its facts."""

    @property
    def edges(self) -> Any:
        """Its edges; called with ``data=True``, both ends and the facts."""


@attrs.frozen(kw_only=True)
class Columns:
    """How the source names what a merge needs; a property that is not there counts as empty.

    *building* is filled for an entrance or floor only: the code of the building that it is a part of.
    """

    code: str = "code"
    name: str = "name"
    households: str = "households"
    community: str = "community"
    kind: str = "kind"
    building: str = "building"


@attrs.frozen(kw_only=True, eq=False)
class ImportedGround:
    """Ground, and what was found in its drawing.

    :param findings: gaps, overlaps, rings that were mended; none of them forbids anything.
    :param communities: name in the source → code that it was given.
    """

    ground: Ground
    findings: tuple[Finding, ...]
    communities: Mapping[str, str]


def ground_from_rows(
    rows: Sequence[Mapping[str, Any]],
    adjacencies: Iterable[Sequence[Any]],
    *,
    street: str = "000000001",
    street_name: str = "街道",
    columns: Columns | None = None,
) -> ImportedGround:
    """Make ground of one mapping for each atom.

    :param rows: with the keys of *columns*; ``longitude`` and ``latitude`` (degrees × 10⁷) and
        ``outline`` if known.
    :param adjacencies: code, other code, meters of common border; a fourth value is the rank of a
        barrier. Texts of whole numbers are taken for numbers.
    :param street: nine digits; the codes of communities begin with them.
    :raises SetupError: with every mistake: codes twice, households that are no whole number, an
        adjacency of strangers.
    """
    names = columns or Columns()
    findings: list[Finding] = []
    named = dict.fromkeys(str(row.get(names.community) or "").strip() for row in rows)
    communities = _codes(named, street)
    nodes = [Node(code=street, level="street", name=street_name)]
    nodes += [
        Node(code=code, level="community", name=name or street_name, parent=street)
        for name, code in communities.items()
    ]
    entered = {str(row[names.building]) for row in rows if row.get(names.building)}
    for number, row in enumerate(rows, start=1):
        code = str(row.get(names.code) or "").strip()
        part_of = str(row.get(names.building) or "")
        households = _whole(row.get(names.households))
        by_entrances = code in entered and row.get(names.households) in (None, "")
        if households is None and not by_entrances:
            text = f"{code} has {row.get(names.households)!r} households, no whole number"
            if names.households not in row:
                text = f"{code} has no column {names.households!r}; its columns are {', '.join(map(str, row))}"
            findings.append(_wrong("bad-households", code, number, text))
        if not part_of and not str(row.get(names.community) or "").strip():
            findings.append(_wrong("no-community", code, number, f"{code} lies in no community"))
        try:
            nodes.append(
                Node(
                    code=code,
                    level="entrance" if part_of else "building",
                    name=str(row.get(names.name) or code),
                    parent=part_of or communities[str(row.get(names.community) or "").strip()],
                    kind=str(row.get(names.kind) or ""),
                    households=None if by_entrances else households or 0,
                    longitude=_position(row.get("longitude")),
                    latitude=_position(row.get("latitude")),
                    outline=_outline(row.get("outline")),
                )
            )
        except ValueError as error:
            findings.append(_wrong("bad-position", code, number, f"{code}: {error}"))
    pairs = list(_pairs(adjacencies, findings))
    findings += Territory.check(LEVELS, nodes)
    if not findings:
        ground = Ground(Territory.build(LEVELS, nodes), tuple(pairs))
        findings += ground.check()
    if findings:
        raise SetupError(findings)
    return ImportedGround(ground=ground, findings=(), communities=communities)


def _codes(names: Iterable[str], street: str) -> dict[str, str]:
    """Keep official codes of communities, and give the others free ones."""
    official = {name: name for name in names if re.fullmatch(rf"{street}\d{{3}}", name)}
    free = (code for number in range(1, 1000) if (code := f"{street}{number:03}") not in official)
    return {name: official.get(name) or next(free) for name in names}


def _pairs(adjacencies: Iterable[Sequence[Any]], findings: list[Finding]) -> Iterator[Adjacency]:
    for number, row in enumerate(adjacencies, start=1):
        meters, barrier = (
            (_whole(row[2]), _whole(row[3]) if len(row) > 3 else 0) if 3 <= len(row) <= 4 else (None, None)
        )
        if meters is None or barrier is None:
            text = f"adjacency {number} is {tuple(row)!r}"
            remedy = "two codes, whole meters, and a barrier's rank where there is one"
            findings.append(attrs.evolve(_wrong("bad-adjacency", "", number, text), remedy=remedy))
        else:
            yield Adjacency(str(row[0]), str(row[1]), meters, barrier)


def _position(value: object) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value != int(value):
        raise ValueError(f"{value} is no whole number of degrees × 10⁷")
    return int(str(value)) if isinstance(value, str) else int(cast("int", value))


def _outline(value: object) -> tuple[int, ...]:
    corners = value.split() if isinstance(value, str) else list(cast("Iterable[object]", value or ()))
    outline = tuple(_position(each) or 0 for each in corners)
    if len(outline) % 2 or 0 < len(outline) < 6:
        raise ValueError("an outline has three corners or more, longitude and latitude in turn")
    return outline


def ground_from_graph(
    graph: Graph,
    *,
    street: str = "000000001",
    street_name: str = "街道",
    columns: Columns | None = None,
    meters: str = "meters",
) -> ImportedGround:
    """Make ground of a networkx graph: a node for each atom, with its facts as attributes.

    :param meters: the edge attribute with the length of the common border, 1 where it is missing.
    :raises SetupError: as :func:`ground_from_rows`.
    """
    names = columns or Columns()
    rows = [{names.code: str(node), **facts} for node, facts in graph.nodes(data=True)]
    # A directed graph may have each border twice.
    found = {
        (min(str(a), str(b)), max(str(a), str(b))): max(1, round(facts.get(meters, 1)))
        for a, b, facts in graph.edges(data=True)
        if a != b
    }
    pairs = [(one, other, length) for (one, other), length in found.items()]
    return ground_from_rows(rows, pairs, street=street, street_name=street_name, columns=names)


def ground_from_geojson(
    source: Path | Mapping[str, Any],
    *,
    street: str = "000000001",
    street_name: str = "街道",
    columns: Columns | None = None,
    tolerance: float = 1.0,
    shortest: float = 1.0,
) -> ImportedGround:
    """Make ground of polygons: what shares a border adjoins.

    :param source: a FeatureCollection of Polygons or MultiPolygons in degrees (WGS 84), or its file.
    :param tolerance: polygons up to so many meters apart adjoin all the same; gaps and overlaps
        wider than this are findings.
    :param shortest: borders shorter than this, in meters, are corners and join nothing.
    :raises SetupError: as :func:`ground_from_rows`, and for a feature that is no polygon.
    :raises ImportError: without the extra ``geo``.
    """
    document = json.loads(source.read_text("utf-8")) if isinstance(source, Path) else source
    names = columns or Columns()
    features = [{**feature, "properties": feature.get("properties") or {}} for feature in document.get("features", [])]
    shapes, findings = _shapes(features, names)
    graves = [finding for finding in findings if finding.grave]
    if graves:
        raise SetupError(graves)
    codes = [str(feature["properties"].get(names.code) or "") for feature in features]
    pairs, drawn = _borders(codes, shapes, tolerance, shortest)
    rows = [{**feature["properties"], **_place(feature)} for feature in features]
    made = ground_from_rows(rows, pairs, street=street, street_name=street_name, columns=names)
    return attrs.evolve(made, findings=(*findings, *drawn))


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(cast("float", value))
    except (TypeError, ValueError):
        return None
    return round(number) if math.isfinite(number) and number >= 0 and number == round(number) else None


def _shapes(features: Sequence[Mapping[str, Any]], names: Columns) -> tuple[list[Any], list[Finding]]:
    """Give the polygons in meters around the middle of all, and what is wrong with each."""
    import shapely
    from shapely.geometry import shape
    from shapely.validation import explain_validity

    findings: list[Finding] = []
    found = []
    for number, feature in enumerate(features, start=1):
        code = str((feature.get("properties") or {}).get(names.code) or "")
        geometry = feature.get("geometry") or {}
        if geometry.get("type") not in ("Polygon", "MultiPolygon"):
            message = f"feature {number} is no polygon but {geometry.get('type') or 'nothing'}"
            findings.append(_wrong("no-polygon", code, number, message))
            continue
        drawn = shape(geometry)
        if drawn.is_empty:
            findings.append(_wrong("no-polygon", code, number, f"feature {number} is a polygon without corners"))
            continue
        if not drawn.is_valid:
            why = explain_validity(drawn)
            message = f"the ring of {code} is invalid ({why}) and was mended"
            findings.append(attrs.evolve(_wrong("invalid-ring", code, number, message), grave=False))
            drawn = shapely.make_valid(drawn)
        found.append(drawn)
    if found:
        middle = sum(each.centroid.y for each in found) / len(found)
        scale = (METERS_PER_DEGREE * math.cos(math.radians(middle)), METERS_PER_DEGREE)
        found = [shapely.transform(each, lambda points: points * scale) for each in found]
    return found, findings


def _borders(
    codes: Sequence[str], shapes: Sequence[Any], tolerance: float, shortest: float
) -> tuple[list[tuple[str, str, int]], list[Finding]]:
    from shapely import STRtree

    tree = STRtree(shapes)
    wide = [each.buffer(tolerance) for each in shapes]
    pairs: list[tuple[str, str, int]] = []
    findings: list[Finding] = []
    for place, one in enumerate(shapes):
        for there in sorted(int(each) for each in tree.query(wide[place])):
            if there <= place:
                continue
            other = shapes[there]
            overlap = one.intersection(other).area
            if overlap > tolerance * tolerance:
                message = f"{codes[place]} and {codes[there]} overlap by {overlap:.0f} m²"
                findings.append(attrs.evolve(_wrong("overlap", codes[place], place + 1, message), grave=False))
            exact = one.boundary.intersection(other.boundary).length
            near = one.boundary.intersection(wide[there]).length
            # What a corner alone has near it is no border.
            meters = max(exact, near - 2 * tolerance if near > 4 * tolerance else 0.0)
            if meters >= shortest:
                pairs.append((codes[place], codes[there], max(1, round(meters))))
    return pairs, [*findings, *_gaps(codes, shapes, tolerance)]


def _gaps(codes: Sequence[str], shapes: Sequence[Any], tolerance: float) -> Iterator[Finding]:
    """Give the holes between polygons: ground that is in none of them."""
    import shapely
    from shapely import STRtree

    whole = shapely.unary_union(shapes)
    tree = STRtree(shapes)
    for part in getattr(whole, "geoms", [whole]):
        for ring in getattr(part, "interiors", ()):
            hole = shapely.Polygon(ring)
            if hole.area > tolerance * tolerance:
                around = sorted(codes[int(each)] for each in tree.query(hole, predicate="touches"))
                message = f"{hole.area:.0f} m² between {', '.join(around[:4])} lie in no polygon"
                yield attrs.evolve(_wrong("gap", around[0] if around else "", 0, message), grave=False)


def _place(feature: Mapping[str, Any]) -> dict[str, object]:
    """Give the middle and the outline of a feature, in degrees × 10⁷."""
    from shapely.geometry import shape

    drawn = shape(feature["geometry"])
    middle = drawn.representative_point()
    largest = max(getattr(drawn, "geoms", [drawn]), key=lambda part: part.area)
    corners = list(largest.exterior.coords)[:-1] if largest.geom_type == "Polygon" else []
    outline = [round(each * 1e7) for corner in corners for each in corner[:2]]
    return {"longitude": round(middle.x * 1e7), "latitude": round(middle.y * 1e7), "outline": outline}


def _wrong(code: str, subject: str, row: int, message: str) -> Finding:
    return Finding(code=f"ground.{code}", subject=subject, row=row, message=message)
