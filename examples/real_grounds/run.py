"""Merge three real grounds and print what is proved: python examples/real_grounds/run.py FOLDER (see README.md)."""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

import gridgov
from gridgov.documents import Columns, ImportedGround, ground_from_geojson, ground_from_graph
from gridgov.merging import Bounds, Layer, LayerGrid, MergePolicy, certify, check_plan, merge
from gridgov.reports import plan_geojson, plan_map, text_table

DISTRICTS = ("fire_district", "pwd_district", "city_council_district", "police_district", "neighborhood", "neighborhood_services_district", "ward")  # fmt: skip


def gerrymandria(folder: Path) -> Iterator[tuple[str, ImportedGround, list[Layer], MergePolicy]]:
    """An 8 × 8 lattice with eight districts of eight: the best cut is known."""
    data = json.loads((folder / "geo" / "gerrymandria.json").read_text("utf-8"))
    graph = nx.adjacency_graph(data | {"graph": {}})
    for _, facts in graph.nodes(data=True):
        facts |= {"households": 1, "all": "Gerrymandria"}
    found = ground_from_graph(graph, columns=Columns(community="all", code="id"))
    policy = MergePolicy(bounds=Bounds(households_min=8, target=8, households_max=8))
    yield "gerrymandria, eight of eight", found, [], policy


def boston(folder: Path) -> Iterator[tuple[str, ImportedGround, list[Layer], MergePolicy]]:
    """Precincts, with the district codes of the departments as old layers; no wards as borders."""
    document = json.loads((folder / "boston311" / "boston_precincts_2010s.geojson").read_text("utf-8"))
    for feature in document["features"]:
        facts = feature["properties"]
        # Survey estimates come with decimals; people do not.
        facts["households"] = round(facts["households"])
        facts["city"] = "Boston"
    found = ground_from_geojson(document, columns=Columns(code="WARD_PRECINCT", community="city"), tolerance=2.0)
    policy = MergePolicy(bounds=Bounds(households_min=3_000, target=4_000, households_max=5_000))
    yield "Boston precincts, 3,000–5,000 households", found, _districts(folder, found), policy


def _districts(folder: Path, found: ImportedGround) -> list[Layer]:
    """Each department's districts: a precinct lies in the one that most of its requests name."""
    votes: dict[str, dict[str, dict[str, int]]] = {name: {} for name in DISTRICTS}
    path = folder / "boston311" / "boston311_2011_jul_sep.csv.gz"
    for row in _rows(path):
        for name in DISTRICTS:
            if row[name]:
                counts = votes[name].setdefault(row["precinct"].zfill(4), {})
                counts[row[name]] = counts.get(row[name], 0) + 1
    layers = []
    for name, by_precinct in votes.items():
        grids: dict[str, set[str]] = {}
        for node in found.ground.atoms:
            counts = by_precinct.get(node.code) or {"unknown": 1}
            grids.setdefault(max(counts, key=lambda key: (counts[key], key)), set()).add(node.code)
        parts = tuple(LayerGrid(id_, id_, frozenset(atoms)) for id_, atoms in sorted(grids.items()))
        layers.append(Layer(id=name, zh=name, en=name.replace("_", " "), department=name, grids=parts))
    return layers


def arkansas(folder: Path) -> Iterator[tuple[str, ImportedGround, list[Layer], MergePolicy]]:
    """Census block groups with 75 counties as hard borders; tracts as the only old layer."""
    source = folder / "geo" / "arkansas_bg_dual"
    graph: nx.Graph[str] = nx.Graph()
    tracts: dict[str, set[str]] = {}
    for row in _rows(source / "nodes.csv.gz"):
        graph.add_node(row["id"], households=int(row["tot_pop_20"]), county=row["COUNTYFP20"])
        tracts.setdefault(row["COUNTYFP20"] + row["TRACTCE20"], set()).add(row["id"])
    for row in _rows(source / "edges.csv.gz"):
        graph.add_edge(row["a"], row["b"])
    found = ground_from_graph(graph, columns=Columns(code="id", community="county"))
    grids = tuple(LayerGrid(id_, id_, frozenset(atoms)) for id_, atoms in sorted(tracts.items()))
    policy = MergePolicy(bounds=Bounds(households_min=7_500, target=10_000, households_max=12_500))
    yield "Arkansas block groups in counties, 7,500–12,500 people", found, [Layer(id="tract", zh="tract", en="tracts", department="census", grids=grids)], policy  # fmt: skip


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def show(name: str, found: ImportedGround, layers: list[Layer], policy: MergePolicy, out: Path) -> None:
    print(f"\n=== {name}")
    for finding in found.findings[:5]:
        print(f"  drawing: {finding}")
    if len(found.findings) > 5:
        print(f"  drawing: and {len(found.findings) - 5} more")
    began = time.process_time()
    plan = merge(found.ground, layers, policy)
    merged = time.process_time() - began
    plan = certify(plan, found.ground, layers)
    broken = list(check_plan(plan, found.ground, layers))
    print(plan.summary("en"))
    proofs = plan.certificate.proofs
    rows = [(p.piece.partition("/")[2], p.households, p.grids, p.bad, p.bad_least, p.cut, p.cut_least, p.method) for p in proofs]  # fmt: skip
    print(text_table(("piece", "households", "grids", "outside", "least", "cut", "least", "method"), rows[:12]))
    if len(rows) > 12:
        print(f"... {len(rows)} pieces; {sum(p.optimal for p in proofs)} proved optimal")
    print(f"merged in {merged:.2f} s of CPU, certified in {time.process_time() - began - merged:.2f} s; found by the independent check: {len(broken)}")  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    stem = name.split(",", maxsplit=1)[0].replace(" ", "-").lower()
    (out / f"{stem}.geojson").write_text(json.dumps(plan_geojson(plan, found.ground)), encoding="utf-8")
    (out / f"{stem}.svg").write_text(plan_map(plan, found.ground), encoding="utf-8")
    assert not broken, broken[:3]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with boston311/ and geo/")
    parser.add_argument("--out", type=Path, default=Path("build/real_grounds"))
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        sys.exit(f"{arguments.folder} is no folder")
    for ground in (gerrymandria, boston, arkansas):
        for each in ground(arguments.folder):
            show(*each, arguments.out)


if __name__ == "__main__":
    try:
        main()
    except gridgov.GridgovError as error:
        sys.exit(str(error))
