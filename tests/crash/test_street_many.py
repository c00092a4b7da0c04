"""Several processes run one street while they are killed and cut off; nothing is lost, nothing doubled."""

import contextlib
import os
import time

import attrs
import pytest

from . import server, street_many

DEEP = bool(os.environ.get("GRIDGOV_DEEP"))
PROCESSES, COUNT = (8, 20_000) if DEEP else (2, 1000)


def struck(url, processes, count, **strikes):
    """Let a street run, and give what is wrong in the end."""
    street_many.prepare(url)
    begun = time.monotonic()
    told = street_many.run(url, processes, count, **strikes)
    figures = f"answers={len(told.answers)} kills={told.kills} drops={told.drops} falls={len(told.falls)}"
    print(f"{figures} seconds={time.monotonic() - begun:.1f}")
    return told, list(street_many.findings(url, told, processes, count))


@pytest.mark.slow
def test_processes_on_one_postgresql_that_are_killed_and_cut_off_lose_and_double_nothing():
    """多进程同一街道: 不丢, 不重, 账目平."""
    with server.running() as postgres:

        def drop(rng):
            with contextlib.suppress(IndexError):  # nobody is connected just now
                postgres.drop(rng.choice(postgres.backends()))

        strikes = {"kills": 40, "drops": 40, "falls_max": 40} if DEEP else {"kills": 6, "drops": 6}
        told, wrong = struck(postgres.url, PROCESSES, COUNT, drop=drop, **strikes)
    assert wrong == []
    assert (told.kills, told.drops) == (strikes["kills"], strikes["drops"])
    assert told.falls == [], "a connection that was cut off is no reason to end"


@pytest.mark.slow
def test_processes_on_one_sqlite_file_that_are_killed_lose_and_double_nothing(tmp_path):
    url, count = f"sqlite:///{tmp_path / 'street.db'}", 2000 if DEEP else 200
    told, wrong = struck(url, 2, count, kills=4)
    assert wrong == []
    assert told.falls == []
    # An answer that nobody gave, one that is missing, and one that was turned round are noticed.
    accepted = next(key for key, (yes, _) in told.answers.items() if yes and key[1] % 5 == 2)
    for answers in (
        {**told.answers, (7, 0): (True, 1)},
        {key: answer for key, answer in told.answers.items() if key != accepted},
        {**told.answers, accepted: (False, 0)},
    ):
        assert list(street_many.findings(url, attrs.evolve(told, answers=answers), 2, count))


@pytest.mark.slow
def test_a_store_that_forgets_what_a_commit_rests_on_is_noticed(tmp_path):
    # Two processes have to meet at the last point of the budget, or at the last piece of soap; mostly they do at once.
    streets = (struck(f"sqlite:///{tmp_path / f'{turn}.db'}", 2, 300, kills=0, careless=True)[1] for turn in range(4))
    noticed = any("below zero" in each for wrong in streets for each in wrong)
    assert noticed, "a test that finds nothing here finds nothing anywhere"
