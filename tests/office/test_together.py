"""Many threads, one flush: each gets its own answer, and nothing is different but the number of commits."""

import datetime as dt
import threading
import time

import pytest

from gridgov import open_office
from gridgov.cases import Board, OpenCase, Resolve, SwitchMode
from gridgov.errors import AppendConflictError, CommandConflictError, RefusalError, StoreBusyError, StoreFullError
from gridgov.office import _together
from gridgov.office._together import Together
from gridgov.store import MemoryStore, every_record
from gridgov.testing import NOON, small_setup

HOUSE = "150203005008-B001"


def report(kind="noise", **more):
    return OpenCase(kind=kind, place=HOUSE, source="hotline", **more)


class SlowStore(MemoryStore):
    """Counts commits, and takes its time for each, so that callers come together."""

    def __init__(self, seconds=0.02):
        super().__init__()
        self.commits = 0
        self.seconds = seconds
        self.fails = []

    def append(self, commit, /):
        self.commits += 1
        time.sleep(self.seconds)
        if self.fails:
            error = self.fails.pop(0)
            if error is not None:
                raise error
        return super().append(commit)


def in_threads(*calls):
    """Run every call in a thread of its own, begun at once; give results or errors in order."""
    found = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place, call):
        start.wait()
        try:
            found[place] = call()
        except Exception as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def store():
    return SlowStore()


@pytest.fixture
def office(store):
    with open_office(small_setup(), store, discover=False, clock=lambda: NOON) as office:
        yield office


def handle(office, command, id_, by="desk-1"):
    return lambda: office.handle(command, by=by, id=id_)


def test_callers_that_come_at_once_share_commits_and_each_gets_its_own_outcome(office, store):
    before = store.commits
    outcomes = in_threads(*(handle(office, report(), f"c{n}") for n in range(32)))
    assert [outcome.id for outcome in outcomes] == [f"c{n}" for n in range(32)]
    assert [outcome.state.id for outcome in outcomes] == [f"c{n}" for n in range(32)]
    assert store.commits - before < 8
    for outcome in outcomes:
        assert office.handle(report(), by="desk-1", id=outcome.id) == outcome  # as it was stored, position included
    assert office.verify(snapshot=True) == 1 + 2 * 32


def test_a_refusal_and_a_conflict_in_the_middle_are_nobody_elses(office, store):
    office.handle(report(), by="desk-1", id="known")
    found = in_threads(
        handle(office, report(), "a"),
        handle(office, Resolve("nothing-like-it"), "b"),
        handle(office, report("clutter"), "known"),
        handle(office, report(), "c"),
        handle(office, report(), "known"),
    )
    assert found[0].state.id == "a"
    assert isinstance(found[1], RefusalError)
    assert isinstance(found[2], CommandConflictError)
    assert found[3].state.id == "c"
    assert found[4].state.id == "known"
    with pytest.raises(RefusalError) as again:
        office.handle(Resolve("nothing-like-it"), by="desk-1", id="b")
    assert again.value.code == found[1].code


def test_the_same_id_from_many_threads_happens_once(office, store):
    found = in_threads(*(handle(office, report(), "same") for _ in range(16)))
    assert {outcome.id for outcome in found} == {"same"}
    assert {outcome.position for outcome in found} == {3}
    assert office.verify() == 3


def test_when_the_disk_is_full_each_one_hears_it_or_is_stored_and_nothing_is_half_done(office, store):
    store.fails = [None, *(StoreFullError("the disk is full") for _ in range(4))]
    found = in_threads(*(handle(office, report(), f"f{n}") for n in range(12)))
    failed = [outcome for outcome in found if isinstance(outcome, Exception)]
    assert failed
    assert {type(error) for error in failed} == {StoreFullError}
    stored = {record.stream.rpartition(":")[2] for record in every_record(store) if record.name == "case-opened"}
    assert stored == {outcome.id for outcome in found if not isinstance(outcome, Exception)}
    assert office.verify(snapshot=True) == 1 + 2 * len(stored)
    for number in range(12):
        office.handle(report(), by="desk-1", id=f"f{number}")
    assert office.verify(snapshot=True) == 1 + 2 * 12


def test_a_conflict_with_another_office_is_decided_anew_for_all_of_them(store):
    offices = [open_office(small_setup(), store, discover=False, clock=lambda: NOON) for _ in range(2)]
    calls = [handle(offices[n % 2], report(), f"x{n}") for n in range(40)]
    found = in_threads(*calls)
    assert [outcome.id for outcome in found] == [f"x{n}" for n in range(40)]
    for office in offices:
        assert office.verify(snapshot=True) == 1 + 2 * 40
        assert office.ask(Board(), by="desk-1") == offices[0].ask(Board(), by="desk-1")
    for office in offices:
        office.close()


def test_what_changes_the_whole_street_is_done_alone_and_everybody_is_answered(office, store):
    calls = [handle(office, report(), f"m{n}") for n in range(6)]
    calls.insert(
        3,
        handle(
            office,
            SwitchMode(until=NOON + dt.timedelta(days=2), ordinary="pause", reason="flood"),
            "switch",
            by="desk-1",
        ),
    )
    found = in_threads(*calls)
    assert not [each for each in found if isinstance(each, Exception) and not isinstance(each, RefusalError)]
    assert office.verify(snapshot=True) == len(list(every_record(store)))


def test_inside_a_batch_the_thread_of_the_batch_goes_first_and_others_wait(office, store):
    waiting = threading.Thread(target=handle(office, report(), "other"))
    with office.batch():
        office.handle(report(), by="desk-1", id="b1")
        waiting.start()
        time.sleep(0.05)
        office.handle(report(), by="desk-1", id="b2")
    waiting.join()
    ids = [record.stream.rpartition(":")[2] for record in every_record(store) if record.name == "case-opened"]
    assert ids == ["b1", "b2", "other"]


def test_others_that_are_always_faster_make_a_clear_error_after_a_bounded_number_of_tries(office, store, monkeypatch):
    monkeypatch.setattr("gridgov.office._engine.PAUSE_SECONDS_MAX", 0.0)
    store.seconds = 0
    store.fails = [AppendConflictError("tag 'x'") for _ in range(1000)]
    before = store.commits
    with pytest.raises(AppendConflictError, match="OpenCase"):
        office.handle(report(), by="desk-1", id="never")
    assert store.commits - before == 40
    store.fails = []
    assert office.handle(report(), by="desk-1", id="never").state.id == "never"


# --- the queue itself ---------------------------------------------------------------------------


def test_every_job_is_done_exactly_once_however_they_come():
    done, sizes = [], []

    def work(jobs):
        sizes.append(len(jobs))
        done.extend(jobs)

    together = Together(work, threading.RLock(), 5)
    threads = [threading.Thread(target=lambda t=t: [together.do((t, n)) for n in range(50)]) for t in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [(t, n) for t in range(16) for n in range(50)]
    assert max(sizes) <= 5


def test_one_whose_work_is_interrupted_does_not_leave_the_others_waiting():
    seen = []

    def work(jobs):
        seen.extend(jobs)
        if "bad" in jobs:
            raise KeyboardInterrupt
        time.sleep(0.01)

    together = Together(work, threading.RLock(), 1)
    found = in_threads(*(lambda name=name: together.do(name) for name in ("a", "b", "c")))
    assert found == [None, None, None]
    with pytest.raises(KeyboardInterrupt):
        together.do("bad")
    together.do("after")
    assert seen[-1] == "after"


class ImpatientLock:
    """A lock whose first wait is interrupted by a signal, while somebody else is at work."""

    def __init__(self, lock, before):
        self.lock, self.before = lock, before

    def acquire(self, blocking=True):
        if blocking:
            self.before()
            raise KeyboardInterrupt
        return self.lock.acquire(blocking=False)

    def release(self):
        self.lock.release()


@pytest.mark.parametrize("handed_the_lead", [False, True])
def test_one_that_is_interrupted_while_it_waits_leaves_the_others_at_work(handed_the_lead, monkeypatch):
    begun, go_on, done = threading.Event(), threading.Event(), []

    def work(jobs):
        begun.set()
        go_on.wait(10)
        done.extend(jobs)

    together = Together(work, threading.RLock(), 1)
    first = threading.Thread(target=together.do, args=("first",))
    first.start()
    begun.wait(10)

    def before():
        if handed_the_lead:
            go_on.set()
            first.join(10)

    place = _together._Place
    monkeypatch.setattr(_together, "_Place", lambda job: _impatient(place(job), before))
    with pytest.raises(KeyboardInterrupt):
        together.do("interrupted")
    monkeypatch.setattr(_together, "_Place", place)
    go_on.set()
    first.join(10)
    last = threading.Thread(target=together.do, args=("last",), daemon=True)
    last.start()
    last.join(10)
    assert done == ["first", "last"]


def _impatient(place, before):
    place.turn = ImpatientLock(place.turn, before)
    return place


def test_who_was_led_by_an_interrupted_thread_is_told_to_ask_again(office, store):
    def interrupted(commit, /):
        raise KeyboardInterrupt

    store.append = interrupted
    with pytest.raises(KeyboardInterrupt):
        office.handle(report(), by="desk-1", id="i")
    del store.append
    assert office.handle(report(), by="desk-1", id="i").state.id == "i"
    assert not isinstance(office.ask(Board(), by="desk-1"), StoreBusyError)
