"""The topic ``merging``: every tool on the same streets, districts and cities, each in a process of its own."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import cities

HERE = Path(__file__).resolve().parent
SEEDS = (1, 2, 3, 4, 5)
ALL = ("gridgov", "METIS best of 20", "METIS once", "GerryChain tree", "KaHIP")
TOOLS = {
    "street": (*ALL, "gridgov plain", "gridgov loyal", "spopt max-p"),
    "district": (*ALL, "gridgov plain", "gridgov loyal"),
    "rough": ("gridgov rough", "METIS best of 20", "GerryChain tree", "KaHIP"),
    "city": ("gridgov", "METIS best of 20", "METIS once", "GerryChain tree"),
}
# What takes minutes is run on fewer seeds; the bars that need five have them.
FEWER = {
    ("city", "GerryChain tree"): 1,
    ("city", "METIS once"): 1,
    ("district", "gridgov plain"): 2,
    ("street", "spopt max-p"): 2,
    ("rough", "GerryChain tree"): 1,
}
CURVE = (1, 3, 10, 20)
Row = dict[str, object]
Found = dict[tuple[str, str, int], dict[str, float]]


def run(script: str, *arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script, *arguments], cwd=HERE, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def city(folder: Path, size: str, seed: int) -> Path:
    path = folder / f"{size}-{seed}.npz"
    if not path.exists():
        rough = size == "rough"
        cities.make(
            "district" if rough or size == "1x" else int(size[:-1]) * 15_000 if size.endswith("x") else size,
            seed,
            rough=rough,
        ).save(path)
    return path


def measure() -> tuple[dict[str, dict[str, object]], dict[str, object], str]:
    """Give the bars, what stands in the head, and the table of all tools."""
    folder = Path(tempfile.mkdtemp())
    found: Found = {}
    for size, tools in TOOLS.items():
        for seed in SEEDS:
            for tool in tools:
                if seed > FEWER.get((size, tool), len(SEEDS)):
                    continue
                found[size, tool, seed] = run("one.py", tool, str(city(folder, size, seed)))
                print(size, seed, tool, found[size, tool, seed], flush=True)
            if size == "city":
                city(folder, size, seed).unlink()
    curve: Found = {}
    # One district and twenty are the district and the city of seed 1, made in the same way.
    known = {1: "district", 20: "city"}
    for times in CURVE:
        for tool in ("gridgov", "METIS best of 20"):
            if times in known:
                curve[f"{times}x", tool, 1] = found[known[times], tool, 1]
                continue
            curve[f"{times}x", tool, 1] = run("one.py", tool, str(city(folder, f"{times}x", 1)))
            print("curve", times, tool, curve[f"{times}x", tool, 1], flush=True)
    repairs = [run("repair.py", str(city(folder, "district", seed)), str(seed)) for seed in SEEDS]
    print(repairs)
    versions = {name: version(name) for name in ("numba", "numpy", "pymetis", "gerrychain", "kahip", "spopt")}
    sizes = {"street": 400, "district": 15_000, "city": 300_000, "seeds": len(SEEDS)}
    return bars(found, repairs), {**versions, "sizes": sizes}, table(found, curve, repairs)


def bars(found: Found, repairs: list[dict[str, float]]) -> dict[str, dict[str, object]]:
    def of(size: str, tool: str, figure: str) -> list[float]:
        return [found[size, tool, seed][figure] for seed in SEEDS if (size, tool, seed) in found]

    def ratios(size: str, figure: str, ours: str = "gridgov", peer: str = "METIS best of 20") -> list[float]:
        pairs = zip(of(size, ours, figure), of(size, peer, figure), strict=False)
        return [mine / theirs for mine, theirs in pairs]

    def over(size: str, tool: str) -> list[float]:
        return [bad - least for bad, least in zip(of(size, tool, "bad"), of(size, tool, "least bad"), strict=True)]

    clean = [extra for size in ("street", "district", "city") for extra in over(size, "gridgov")]
    theirs = [extra for size in ("street", "district", "city") for extra in over(size, "METIS best of 20")]
    rows: dict[str, dict[str, object]] = {
        "merging.bad-over-minimum": {"value": max(clean), "peer": max(theirs), "ratio": None},
        "merging.street-plain-seconds": plain(of("street", "gridgov plain", "seconds")),
        "merging.district-plain-seconds": plain(of("district", "gridgov plain", "seconds")),
        "merging.city-megabytes": {
            "value": max(of("city", "gridgov", "megabytes")),
            "peer": max(of("city", "METIS best of 20", "megabytes")),
            "ratio": None,
        },
        "merging.repair-moved": {
            "value": max(each["moved"] for each in repairs),
            "peer": max(each["fresh"] for each in repairs),
            "ratio": max(each["moved"] / each["fresh"] for each in repairs),
        },
        "merging.plain-and-compiled-differ": {
            "value": sum(
                found[size, "gridgov plain", seed]["cut"] != found[size, "gridgov", seed]["cut"]
                or found[size, "gridgov plain", seed]["plan"] != found[size, "gridgov", seed]["plan"]
                for size, tool, seed in found
                if tool == "gridgov plain"
            ),
            "peer": None,
            "ratio": None,
        },
    }
    for size in ("street", "district", "city"):
        cut = ratios(size, "cut")
        rows[f"merging.{size}-cut-median"] = one(statistics.median(cut))
        rows[f"merging.{size}-cut-worst"] = one(max(cut))
        rows[f"merging.{size}-cut-gerrychain"] = one(max(ratios(size, "cut", peer="GerryChain tree")))
    for size in ("street", "district"):
        rows[f"merging.{size}-loyal"] = one(max(ratios(size, "scattered", ours="gridgov loyal")))
        rows[f"merging.{size}-loyal-bad"] = one(max(over(size, "gridgov loyal")))
    for size in ("district", "city"):
        cpu = zip(of(size, "gridgov", "seconds"), of(size, "METIS best of 20", "seconds"), strict=True)
        ours, peer = map(list, zip(*cpu, strict=True))
        share = max(a / b for a, b in zip(ours, peer, strict=True))
        rows[f"merging.{size}-cpu"] = {"value": share, "peer": statistics.median(peer), "ratio": share}
    peers = {(tool, seed) for size, tool, seed in found if size == "rough" and tool != "gridgov rough"}
    best = [min(found["rough", tool, seed]["bad"] for tool, at in peers if at == seed) for seed in SEEDS]
    rough = [mine - peer for mine, peer in zip(of("rough", "gridgov rough", "bad"), best, strict=True)]
    rows["merging.rough-bad-over-best-peer"] = one(max(rough))
    return rows


def plain(values: list[float]) -> dict[str, object]:
    return {"value": max(values), "peer": None, "ratio": None}


def one(value: float) -> dict[str, object]:
    return {"value": value, "peer": 1.0, "ratio": value}


def table(found: Found, curve: Found, repairs: list[dict[str, float]]) -> str:
    """Give all figures as Markdown: medians over the seeds."""
    head = "| tool | seeds | bad (least) | grids inside | households inside | cut | scattered | old grids split | CPU s | MB |"
    lines = ["# Merging, side by side", "", "Medians over the seeds. *Bad*: outside 300–500 households, or in pieces; in brackets the",
             "arithmetic minimum. *Scattered*: the sum over old grids of the base grids touched, less one.", ""]  # fmt: skip
    for size, tools in TOOLS.items():
        lines += [f"## {size}", "", head, "|---|---|---|---|---|---|---|---|---|---|"]
        for tool in tools:
            runs = [found[size, tool, seed] for seed in SEEDS if (size, tool, seed) in found]
            lines.append(_line(tool, runs))
        lines.append("")
    lines += [
        "## Curve: CPU seconds and memory over the size",
        "",
        "| districts | atoms | gridgov s | MB | METIS best of 20 s | MB | cut ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for times in CURVE:
        ours, peer = curve[f"{times}x", "gridgov", 1], curve[f"{times}x", "METIS best of 20", 1]
        lines.append(
            f"| {times}× | {times * 15_000} | {ours['seconds']:.1f} | {ours['megabytes']:.0f} | {peer['seconds']:.1f} "
            f"| {peer['megabytes']:.0f} | {ours['cut'] / peer['cut']:.3f} |"
        )
    lines += [
        "",
        "## Repair: 5 % of the atoms of a district change",
        "",
        "| seed | households moved | by a fresh run | bad | by a fresh run | cut over a fresh run's | CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for seed, each in zip(SEEDS, repairs, strict=True):
        lines.append(
            f"| {seed} | {each['moved']:.2%} | {each['fresh']:.1%} | {each['bad']:.0f} | {each['fresh bad']:.0f} "
            f"| {each['cut']:.3f} | {each['seconds']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def _line(tool: str, runs: list[dict[str, float]]) -> str:
    def median(figure: str) -> float:
        return statistics.median(run[figure] for run in runs)

    return (
        f"| {tool} | {len(runs)} | {median('bad'):.0f} ({median('least bad'):.0f}) | {median('inside'):.1%} "
        f"| {median('households inside'):.1%} | {median('cut'):.0f} | {median('scattered'):.0f} "
        f"| {median('old grids split'):.0f} | {median('seconds'):.2f} | {median('megabytes'):.0f} |"
    )
