"""Many communities: any executor, a worker that dies, a run that is stopped; always the same plan."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from multiprocessing import get_context

import pytest

from gridgov.merging import _run as running
from gridgov.merging import merge
from gridgov.merging._run import divide_all
from gridgov.territory import Adjacency, Ground, Level, Node, Territory

LEVELS = [
    Level("street", "街道", "street"),
    Level("community", "社区", "community"),
    Level("building", "楼栋", "building"),
]


def ground_of(communities, buildings=30):
    """Communities that are rows of buildings."""
    nodes = [Node(code="150203005", level="street", name="街")]
    pairs = []
    for number in range(1, communities + 1):
        community = f"150203005{number:03}"
        nodes.append(Node(code=community, level="community", name=f"社区{number}", parent="150203005"))
        codes = [f"{community}-{place:02}" for place in range(buildings)]
        nodes += [
            Node(code=code, level="building", name=code, parent=community, households=30 + (place * number) % 50)
            for place, code in enumerate(codes)
        ]
        pairs += [Adjacency(one, other) for one, other in pairwise(codes)]
        pairs += [Adjacency(one, other) for one, other in zip(codes, codes[5:], strict=False)]
    return Ground(Territory.build(LEVELS, nodes), tuple(pairs))


CITY = ground_of(12)
PLAN = merge(CITY, [], seed=4)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(running, "BATCH", 60)


def test_threads_and_processes_give_the_plan_that_one_worker_gives():
    with ThreadPoolExecutor(3) as threads:
        assert merge(CITY, [], seed=4, executor=threads).digest == PLAN.digest
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert merge(CITY, [], seed=4, executor=processes, engine="plain").digest == PLAN.digest


def test_progress_is_told_in_atoms_and_ends_with_all_of_them():
    told = []
    merge(CITY, [], progress=lambda done, atoms: told.append((done, atoms)))
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == (360, 360)


def test_a_run_that_was_stopped_goes_on_where_it_was(monkeypatch):
    """What was divided is not divided again, and the plan is the one of an undisturbed run."""
    solved = {}

    def stop(done, atoms):
        if done > atoms // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        merge(CITY, [], seed=4, solved=solved, progress=stop)
    known = dict(solved)
    assert 0 < len(known) < 12
    asked = []
    monkeypatch.setattr(running, "_divide_batch", _count(running._divide_batch, asked))
    assert merge(CITY, [], seed=4, solved=solved).digest == PLAN.digest
    assert len(asked) == 12 - len(known)


def _count(divide, asked):
    def counting(pieces, engine):
        asked.extend(pieces)
        return divide(pieces, engine)

    return counting


def test_what_was_remembered_of_another_seed_or_ground_is_not_used():
    solved = {}
    merge(CITY, [], seed=4, solved=solved)
    before = len(solved)
    assert merge(CITY, [], seed=5, solved=solved).digest == merge(CITY, [], seed=5).digest
    assert len(solved) == 2 * before
    broken = {key: [0] for key in solved}  # labels of the wrong length are not believed
    assert merge(CITY, [], seed=4, solved=broken).digest == PLAN.digest


def test_no_pieces_are_no_work():
    assert divide_all([]) == []


def _die_once(path):
    """Kill the worker that runs this, the first time."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return "survived"
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


@pytest.mark.deep
def test_a_dask_cluster_whose_worker_is_killed_in_the_middle_gives_the_same_plan(tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        doomed = executor.submit(_die_once, str(tmp_path / "died"))
        plan = merge(CITY, [], seed=4, executor=executor, engine="plain")
        assert doomed.result(timeout=60) == "survived"
    assert (tmp_path / "died").exists()
    assert plan.digest == PLAN.digest
