"""A PostgreSQL that is killed while processes append: what they were told is stored is stored.

``kill -9`` of one backend makes the postmaster end all others and recover; ``kill -9`` of the postmaster and all of
them is what a crash of the server looks like from outside. Both leave the kernel's page cache alone, so that they
show that no answer comes before the commit record was written, not that it was synced: PostgreSQL's own ``fsync`` is
on and is believed.
"""

import contextlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from . import server, witness

SCRIPT = Path(__file__).with_name("appender.py")
DEEP = bool(os.environ.get("GRIDGOV_DEEP"))
KILLS = 100 if DEEP else 3
PROCESSES, THREADS = 3, 2
EACH, FAR = 10_000, 100_000_000


@pytest.fixture(scope="module")
def postgres():
    with server.running(wal_writer_delay="10s") as running:
        yield running


def appending(url, first):
    """Start a process that appends from a number on."""
    command = [sys.executable, str(SCRIPT), url, "store", str(THREADS), str(first), str(FAR)]
    # Unbuffered: what a first line brings along must still be there for communicate().
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def told_until(postgres, url, strike, rng):
    """Let some processes append, strike at a random moment, and give the numbers that each was told are stored."""
    told = []
    with contextlib.ExitStack() as stack:
        processes = [appending(url, number * EACH) for number in range(PROCESSES)]
        for process in processes:
            stack.enter_context(process)
            stack.callback(process.kill)
        heard = [process.stdout.readline() for process in processes]
        time.sleep(rng.uniform(0, 0.6))
        strike(postgres, rng)
        for process, begun in zip(processes, heard, strict=True):
            rest, trouble = process.communicate(timeout=60)
            assert begun, trouble.decode()
            told.append({int(line) for line in (begun + rest).splitlines()})
    postgres.wait()
    return told


def crash(postgres, _rng):
    postgres.kill()
    postgres.start()


def lose_a_backend(postgres, rng):
    postgres.kill_backend(rng.choice(postgres.backends()))


STRIKES = (crash, lose_a_backend, crash)


def commands(postgres, name, strike, seed, query=""):
    """Strike at processes that append; give how many commands were acknowledged, lost, and stored without a word."""
    url = postgres.database(f"{name}_{seed}")
    told = told_until(postgres, f"{url}{query}", strike, random.Random(seed))
    wanted = [number for each in told for number in range(min(each) // EACH * EACH, max(each) + 2 * THREADS + 1)]
    stored, acknowledged = witness.found(url, wanted), set().union(*told)
    lost, unheard = acknowledged - stored, stored - acknowledged
    print(f"acknowledged={len(acknowledged)} unheard={len(unheard)} lost={len(lost)}")
    return len(acknowledged), len(lost), len(unheard)


@pytest.mark.slow
@pytest.mark.parametrize("kill", range(KILLS))
def test_what_was_acknowledged_before_a_server_was_killed_is_there_and_whole(kill, postgres):
    """数据库被杀后已确认的写入一条不少."""
    acknowledged, lost, unheard = commands(postgres, "plain", STRIKES[kill % len(STRIKES)], kill)
    assert acknowledged >= PROCESSES
    assert lost == 0
    assert unheard <= PROCESSES * THREADS


@pytest.mark.slow
@pytest.mark.parametrize("kill", range(20 if DEEP else 1))
def test_a_server_that_is_set_not_to_wait_for_its_log_waits_for_this_store(kill, postgres):
    postgres.run("ALTER SYSTEM SET synchronous_commit = off")
    postgres.run("SELECT pg_reload_conf()")
    try:
        assert commands(postgres, "hurried", crash, kill)[1] == 0
    finally:
        postgres.run("ALTER SYSTEM RESET synchronous_commit")
        postgres.run("SELECT pg_reload_conf()")


@pytest.mark.slow
def test_a_store_that_is_asked_not_to_wait_loses_what_was_acknowledged(postgres):
    rounds = (commands(postgres, "hasty", crash, kill, "&synchronous_commit=off")[1] for kill in range(10))
    assert any(rounds), "a test that finds nothing here finds nothing anywhere"
