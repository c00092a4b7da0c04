"""A process that writes is killed at random moments: what it was told is stored is stored, and nothing is half there.

A kill leaves the page cache alone, so this cannot show that anything was synced; see :mod:`test_power` for that. It
shows that no acknowledgement comes before its commit, with many threads behind one flush, and that the next process
finds a whole store.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from . import witness

SCRIPT = Path(__file__).with_name("appender.py")
KILLS = 4
SERIES = 38 if os.environ.get("GRIDGOV_DEEP") else 1
THREADS = {"store": 4, "office": 3}
FAR = 1_000_000


def killed(url, kind, first, rng):
    """Let a process write from a number on, kill it, and give the numbers that it was told are stored."""
    command = [sys.executable, str(SCRIPT), url, kind, str(THREADS[kind]), str(first), str(FAR)]
    # Unbuffered: what the first line brings along must still be there for communicate().
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
        told = process.stdout.readline()
        assert told, process.stderr.read().decode()
        time.sleep(rng.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
        rest, trouble = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, trouble.decode()
    return {int(line) for line in (told + rest).splitlines()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["store", "office"])
@pytest.mark.parametrize("series", range(SERIES))
def test_what_a_killed_process_was_told_is_stored_is_there_and_nothing_is_half_there(kind, series, tmp_path):
    """被杀进程已确认的写入一条不少."""
    url = f"sqlite:///{tmp_path / 'street.db'}"
    look = witness.found if kind == "store" else witness.found_by_an_office
    rng = random.Random(f"{kind}:{series}")
    first, acknowledged, unheard = 0, 0, 0
    known: set[int] = set()  # what was stored, here or there, before the process that is killed next
    for _ in range(KILLS):
        told = killed(url, kind, first, rng)
        numbers = range(first, max(told) + THREADS[kind] * 2)
        stored = look(url, numbers)
        assert told <= stored, f"lost: {sorted(told - stored)}"
        acknowledged += len(told)
        unheard += len(stored - told - known)
        known |= stored | set(numbers)
        # The next one begins with some that are there: a retry after a crash is the normal path.
        first = numbers[-1] - THREADS[kind]
    print(f"kills={KILLS} acknowledged={acknowledged} unheard={unheard} lost=0")
    assert acknowledged > KILLS
    assert unheard <= KILLS * THREADS[kind]
