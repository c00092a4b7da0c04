"""nox -s bench -- TOPIC: measures and writes benchmarks/results/TOPIC.jsonl.

Whole commands are timed from outside, each beside the peer that is named with it, in turn, and the
median is kept. The first line of a result says on what it was measured.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - began


def in_turn(one: tuple[str, ...], other: tuple[str, ...], rounds: int) -> tuple[float, float]:
    """Time two commands in turn; give the median of each."""
    pairs = [(seconds(*one), seconds(*other)) for _ in range(rounds + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


Measured = tuple[dict[str, dict[str, object]], dict[str, object]]


def street() -> Measured:
    python = sys.executable
    with_import, bare = in_turn((python, "-c", "import gridgov"), (python, "-c", "pass"), 15)
    folder = Path(tempfile.mkdtemp())
    runs = []
    for number in range(3):
        runs.append(seconds(python, "examples/youyi/run.py", "--out", str(folder / f"y{number}")))
    small = []
    for number in range(5):
        (folder / f"s{number}").mkdir()
        small.append(seconds(python, "tests/crash/street.py", str(folder / f"s{number}")))
    shutil.rmtree(folder)
    rows: dict[str, dict[str, object]] = {
        "street.import-seconds": {"value": with_import - bare, "peer": bare, "ratio": with_import / bare},
        "street.run-seconds": {"value": statistics.median(runs), "peer": None, "ratio": None},
        "street.small-run-seconds": {"value": statistics.median(small), "peer": None, "ratio": None},
    }
    return rows, {"sizes": {"matters": 873, "buildings": 254, "small street matters": 10}}


def merging() -> Measured:
    sys.path.insert(0, str(HERE / "merging"))
    import topic

    rows, head, table = topic.measure()
    (HERE / "results" / "merging.md").write_text(table, encoding="utf-8")
    return rows, head


def cases() -> Measured:
    sys.path.insert(0, str(HERE / "cases"))
    import topic

    return topic.measure()


def routing() -> Measured:
    sys.path.insert(0, str(HERE / "routing"))
    import topic

    return topic.measure()


def points() -> Measured:
    sys.path.insert(0, str(HERE / "points"))
    import topic

    return topic.measure()


def stores() -> Measured:
    sys.path.insert(0, str(HERE / "stores"))
    import topic

    return topic.measure()


TOPICS: dict[str, Callable[[], Measured]] = {
    "street": street,
    "merging": merging,
    "cases": cases,
    "routing": routing,
    "points": points,
    "stores": stores,
}


def main() -> None:
    if sys.argv[1:2] == [] or sys.argv[1] not in TOPICS:
        sys.exit(f"nox -s bench -- TOPIC; the topics are {', '.join(TOPICS)}")
    topic = sys.argv[1]
    bars = {bar["id"]: bar for bar in tomllib.loads((HERE / "bars.toml").read_text("utf-8"))["bar"]}
    measured, about = TOPICS[topic]()
    head = {
        "topic": topic,
        "python": platform.python_version(),
        "gridgov": version("gridgov"),
        "sqlalchemy": version("sqlalchemy"),
        "msgspec": version("msgspec"),
        "cores": os.cpu_count(),
        **about,
    }
    lines = [json.dumps(head)]
    for id_, found in measured.items():
        bar = bars[id_]
        value = float(str(found["value"]))
        holds = value <= bar["target"] if bar["holds"] == "at-most" else value >= bar["target"]
        row = {
            "bar": id_,
            "value": round(value, 4),
            "unit": bar["unit"],
            "peer": None if found["peer"] is None else round(float(str(found["peer"])), 3),
            "ratio": None if found["ratio"] is None else round(float(str(found["ratio"])), 2),
            "target": bar["target"],
            "holds": holds,
        }
        lines.append(json.dumps(row))
        print(row)
    (HERE / "results" / f"{topic}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
