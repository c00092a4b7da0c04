"""A gate on the tests themselves: of the mistakes that are planted in the ledger, nearly all are found."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("bugs.py")
FOUND_AT_LEAST = 0.95


def bugs():
    spec = importlib.util.spec_from_file_location("bugs_of_the_ledger", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_planted_bug_changes_one_place_and_can_still_be_compiled():
    module = bugs()
    assert len({bug.what for bug in module.BUGS}) == len(module.BUGS) >= 36
    for bug in module.BUGS:
        assert module.planted(bug)


@pytest.mark.slow
def test_nearly_every_planted_bug_is_found():
    done = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, text=True, timeout=600, check=False)
    verdicts = done.stdout.splitlines()
    missed = [verdict for verdict in verdicts if not verdict.startswith("found ")]
    print(*missed, sep="\n")
    assert len(verdicts) == len(bugs().BUGS), done.stdout + done.stderr
    assert len(missed) <= (1 - FOUND_AT_LEAST) * len(verdicts), missed
