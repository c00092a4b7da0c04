"""Power that goes at random moments: what was acknowledged is there, whole, on a file that is sound."""

import os
import random
from collections import Counter

import pytest

from . import power

DEEP = bool(os.environ.get("GRIDGOV_DEEP"))
RUNS, EACH = (20, 100) if DEEP else (3, 20)


@pytest.fixture
def run_of(tmp_path_factory):
    return lambda seed, **options: power.run_of(tmp_path_factory.mktemp(f"run-{seed}"), seed, **options)


def figures(found):
    """Count what a number of losses did, and how."""
    told = Counter(losses=0)
    for loss in found:
        told["losses"] += 1
        told["acknowledged"] += loss.acknowledged
        told["lost"] += len(loss.lost)
        told["losing"] += bool(loss.lost)
        told["corrupt"] += bool(loss.corrupt)
        told["unheard"] += loss.unheard
    return told


def test_the_replay_writes_what_the_store_wrote_and_the_disk_in_memory_is_the_real_one(run_of, tmp_path):
    run = run_of(1)
    platter = power.Platter()
    for event in run.events:
        platter.take(event)
    assert platter.everything() == run.files
    whole = power.judged(run.files, run.sizes, run.sizes, tmp_path)
    assert whole == power.Loss(acknowledged=80, lost=frozenset())


def test_the_log_holds_what_a_loss_can_tear_apart(run_of):
    events = run_of(0).events
    seen = Counter(type(event) for event in events)
    assert seen[power.Acknowledged] == 80
    assert seen[power.Sync] > 80, "the store syncs at least once a command"
    linked = Counter((event.name, event.file is None) for event in events if isinstance(event, power.Link))
    assert linked["street.db-wal", False] == linked["street.db-wal", True] == 2
    assert linked["street.db-journal", True] >= 1
    (main,) = [event.file for event in events if isinstance(event, power.Link) and event.name == "street.db"]
    carried = [event for event in events if isinstance(event, power.Sync) and event.file == main]
    assert len(carried) > 10, "the log is carried over on the way, not only at the end"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(RUNS))
def test_power_that_goes_loses_nothing_that_was_acknowledged(run_of, tmp_path, seed):
    """断电不丢已确认的写入."""
    run = run_of(seed)
    found = list(power.losses(run.events, run.sizes, tmp_path, count=EACH, seed=seed, noise=True))
    print(dict(figures(found)))
    assert not {name for loss in found for name in loss.lost}
    assert not [loss.corrupt for loss in found if loss.corrupt]
    told = figures(found)
    assert told["losses"] == EACH
    assert told["acknowledged"] > 10 * EACH


@pytest.mark.slow
def test_the_weaker_mode_loses_what_was_acknowledged_but_keeps_the_file_sound(run_of, tmp_path):
    run = run_of(2, synchronous="NORMAL")
    told = figures(power.losses(run.events, run.sizes, tmp_path, count=EACH, seed=2, within=slice(run.born, None)))
    assert told["lost"] > 0, "a test that finds nothing here finds nothing anywhere"
    assert told["corrupt"] == 0


@pytest.mark.slow
def test_without_any_sync_what_was_acknowledged_is_lost_and_the_file_is_corrupt(run_of, tmp_path):
    run = run_of(0, synchronous="OFF")
    told = figures(power.losses(run.events, run.sizes, tmp_path, count=EACH, seed=0, within=slice(run.born, None)))
    assert told["lost"] > 0
    assert told["corrupt"] > 0, "a test that finds nothing here finds nothing anywhere"


def main_writes(run):
    """Give the places of the log at which the first page of the file itself was just written."""
    main = next(event.file for event in run.events if isinstance(event, power.Link) and event.name == "street.db")
    return [
        place
        for place, event in enumerate(run.events)
        if isinstance(event, power.Write) and (event.file, event.offset) == (main, 0)
    ]


def files_at(run, place):
    """Give the files just before a place of the log, everything that was written so far included."""
    platter = power.Platter()
    for event in run.events[:place]:
        platter.take(event)
    return platter.everything()


def test_a_store_that_was_being_made_when_power_went_is_made_anew(run_of, tmp_path):
    run = run_of(0)
    files = files_at(run, next(place for place in main_writes(run)))
    assert files["street.db-journal"], "there is a journal that says: this file was empty"
    files["street.db"] = bytes(8192)  # the second page was written, the first was not
    assert not power.judged(files, (), run.sizes, tmp_path).corrupt


def test_a_header_that_was_being_carried_over_when_power_went_is_mended_from_the_log(run_of, tmp_path):
    run = run_of(0)
    place = main_writes(run)[-1]
    acknowledged = {event.command_id for event in run.events[:place] if isinstance(event, power.Acknowledged)}
    files = files_at(run, place)
    assert files["street.db-wal"]
    noise = random.Random(0).randbytes(power.SECTOR)
    files["street.db"] = noise + files["street.db"][power.SECTOR :]
    loss = power.judged(files, acknowledged, run.sizes, tmp_path)
    assert (loss.lost, loss.corrupt) == (frozenset(), "")
