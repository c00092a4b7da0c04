"""Twenty real kills at seeded, named points: afterwards everything is as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NAMES = tuple(
    f"{when}-{what}" for what in ("commit", "cursor", "post", "update", "send") for when in ("before", "after")
)
KILLS = 400 if os.environ.get("GRIDGOV_DEEP") else 20


def run(folder, *wanted):
    command = [sys.executable, str(HERE / "street.py"), str(folder), *wanted]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def notices(folder):
    path = folder / "notices.jsonl"
    return [tuple(json.loads(line)) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), notices(folder)


def test_the_undisturbed_street_is_worth_killing(undisturbed):
    told, sent = undisturbed
    board = told["answers"]["board"]
    assert (board["opened"], board["closed"], board["open"]) == (10, 7, 3)
    assert board["counts"]["escalated"] >= 2
    assert told["answers"]["ranking"]
    assert told["answers"]["statement"]["account"]["lots"]
    assert len(sent) == len(set(sent)) > 15
    assert all(told["passed"][name] >= 2 for name in NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_street_that_runs_on_ends_like_an_undisturbed_one(kill, undisturbed, tmp_path):
    told, sent = undisturbed
    name = NAMES[kill % len(NAMES)]
    count = random.Random(kill).randint(1, told["passed"][name])
    killed = run(tmp_path, f"{name}:{count}")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = run(tmp_path)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["answers"] == told["answers"]
    after = notices(tmp_path)
    assert set(after) == set(sent), "a notice was lost, or one that repeats says something else"
    assert len(after) - len(set(after)) <= 200, "only what was sent since the last saved cursor may repeat"


@pytest.mark.deep
@pytest.mark.parametrize("seconds", [6, 9, 13, 17])
def test_the_whole_street_killed_in_the_middle_ends_with_the_same_page(seconds, tmp_path):
    script = [sys.executable, str(ROOT / "examples/youyi/run.py"), "--out"]
    subprocess.run([*script, str(tmp_path / "whole")], check=True, capture_output=True)
    process = subprocess.Popen(
        [*script, str(tmp_path / "killed")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    subprocess.run([*script, str(tmp_path / "killed")], check=True, capture_output=True)
    pages = [(tmp_path / name / "index.html").read_text("utf-8") for name in ("whole", "killed")]
    assert pages[0] == pages[1]
