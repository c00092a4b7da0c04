"""The committed results answer every bar, with the bar's own target, and say honestly whether it holds."""

import json
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "benchmarks"
BARS = tomllib.loads((ROOT / "bars.toml").read_text("utf-8"))["bar"]
FIELDS = {"bar", "value", "unit", "peer", "ratio", "target", "holds"}


@pytest.mark.parametrize("topic", sorted({bar["topic"] for bar in BARS}))
def test_every_bar_of_a_topic_has_a_measured_answer(topic):
    head, *rows = map(json.loads, (ROOT / "results" / f"{topic}.jsonl").read_text("utf-8").splitlines())
    assert {"python", "gridgov", "cores", "sizes"} <= set(head)
    bars = {bar["id"]: bar for bar in BARS if bar["topic"] == topic}
    assert {row["bar"] for row in rows} == set(bars)
    for row in rows:
        bar = bars[row["bar"]]
        assert set(row) == FIELDS
        assert (row["target"], row["unit"]) == (bar["target"], bar["unit"])
        good = row["value"] <= bar["target"] if bar["holds"] == "at-most" else row["value"] >= bar["target"]
        assert row["holds"] is good
