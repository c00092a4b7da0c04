"""Run one tool on one city, in a process of its own: python one.py TOOL CITY.npz; prints a line of JSON."""

from __future__ import annotations

import json
import sys
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
from cities import City
from tools import HIGH, LOW, TOOLS, Town, score, towns


def main(tool: str, path: str) -> None:
    city = City.load(Path(path))
    pieces = list(towns(city))
    divide = TOOLS[tool]
    # Compiling, importing, and whatever else a tool does once: told apart from what it does for a city.
    began = time.process_time()
    divide(_warm())
    warm = time.process_time() - began
    labels = np.empty(len(city.households), dtype=np.int64)
    found = []
    began = time.process_time()
    for piece in pieces:
        found.append(divide(piece))
    seconds = time.process_time() - began
    free = bad = cut = 0
    for piece, parts in zip(pieces, found, strict=True):
        wrong, weight = score(piece, parts)
        bad, cut = bad + wrong, cut + weight
        labels[piece.atoms] = parts + free
        free += int(parts.max()) + 1
    print(json.dumps(figures(city, pieces, labels) | {
        "plan": sha256(labels.astype("<i8").tobytes()).hexdigest(), "bad": bad, "cut": cut, "seconds": seconds, "warm": warm,
        "megabytes": peak_megabytes(),
    }))  # fmt: skip


def peak_megabytes() -> float:
    """The most memory that this process ever had; ru_maxrss would remember the one that started it too."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def figures(city: City, pieces: list[Town], labels: np.ndarray) -> dict[str, int | float]:
    totals = np.bincount(labels, weights=city.households)
    inside = (totals >= LOW) & (totals <= HIGH)
    touched = split = 0
    for layer in city.layers:
        met = np.bincount(np.unique(np.stack([layer, labels]), axis=1)[0])
        touched += int((met[met > 0] - 1).sum())
        split += int((met > 1).sum())
    return {
        "grids": len(totals),
        "inside": float(inside.mean()),
        "households inside": float(totals[inside].sum() / max(1, totals.sum())),
        "scattered": touched,
        "old grids split": split,
        "least bad": sum(least_bad(piece) for piece in pieces),
    }


def least_bad(piece: Town) -> int:
    """Bad parts that nobody can avoid: large buildings, and ground whose households fit no number of grids."""
    large = int((piece.sizes > HIGH).sum())
    if large:
        return large
    total = piece.households
    return int(not any(LOW * k <= total <= HIGH * k for k in range(1, total // LOW + 2)))


def _warm() -> Town:
    side = 6
    edges = [(v, v + 1) for v in range(side * side) if (v + 1) % side] + [
        (v, v + side) for v in range(side * (side - 1))
    ]
    city = City(
        households=np.full(side * side, 50),
        community=np.zeros(side * side, dtype=np.int64),
        layers=np.zeros((5, side * side), dtype=np.int64),
        edges=np.array(edges),
        meters=np.ones(len(edges), dtype=np.int64),
        at=np.stack(np.divmod(np.arange(side * side), side), axis=1).astype(float),
    )
    return next(iter(towns(city)))


if __name__ == "__main__":
    main(*sys.argv[1:])
