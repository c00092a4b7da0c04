"""What a stranger found who wished the office ill; each of it once, so that it stays mended."""

import datetime as dt
import threading
import time
from contextlib import suppress

import pytest

import gridgov
from gridgov import open_office
from gridgov.cases import Acknowledge, CaseView, Correct, OpenCase, Resolve
from gridgov.errors import AppendConflictError, RefusalError, StoreBusyError, StoreError
from gridgov.office._snapshot import read_fold
from gridgov.store import Commit, MemoryStore, every_record
from gridgov.testing import NOON, small_setup
from gridgov.testing._store_contract import draft

HOUSE = "150203005008-B001"
LATER = NOON + dt.timedelta(days=30)


class RoughStore(MemoryStore):
    """A store that fails when it is told to: for each call of a method, the next error of its list."""

    def __init__(self):
        super().__init__()
        self.fails = {}

    def _fail(self, name):
        errors = self.fails.get(name)
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error

    def outcome(self, command_id, /):
        self._fail("outcome")
        return super().outcome(command_id)

    def read(self, **wanted):
        self._fail("read")
        return super().read(**wanted)


def report(**more):
    return OpenCase(kind="noise", place=HOUSE, source="hotline", **more)


def opened(store, now=NOON, **more):
    return open_office(small_setup(), store, discover=False, clock=lambda: now, **more)


def test_what_falls_due_is_worked_out_anew_and_cannot_be_missing_from_a_snapshot():
    store = RoughStore()
    with opened(store) as office:
        office.handle(report(), by="desk-1", id="a")
    (name,) = store._snapshots
    _, fold = read_fold(store._snapshots[name].body)
    assert set(fold) == {"position", "live", "tally"}
    with opened(store, LATER) as office:
        assert office.tick().done > 1


@pytest.mark.parametrize("error", [StoreError("disk I/O error"), StoreBusyError("locked")])
def test_a_store_that_fails_while_the_clock_is_at_work_makes_no_deadline_be_forgotten(error):
    store, other = RoughStore(), RoughStore()
    for each in (store, other):
        with opened(each) as office:
            office.handle(report(), by="desk-1", id="a")
    with opened(other, LATER) as office:
        wanted = office.tick().done
    with opened(store, LATER) as office:
        store.fails["outcome"] = [error]
        with pytest.raises(type(error)):
            office.tick()
        assert office.tick().done == wanted
        assert not office.faults


def test_a_reaction_that_the_store_has_kept_back_comes_with_the_next_call():
    store = RoughStore()
    with opened(store) as office:
        office.handle(report(reporter="resident:00001"), by="builder-81", id="a")
        for number, (command, by) in enumerate(_closing("a")):
            if number == 3:
                store.fails["outcome"] = [None, StoreError("disk I/O error")]
            office.handle(command, by=by, id=f"a/{number}")
        assert "award-proposed" not in {record.name for record in every_record(store)}
        office.handle(report(), by="desk-1", id="next")
        assert "award-proposed" in {record.name for record in every_record(store)}


def _closing(case):
    from gridgov.cases import Answer, Check, Close

    return [
        (Resolve(case), "lead-81"),
        (Check(case, passed=True), "desk-1"),
        (Answer(case), "desk-1"),
        (Close(case), "desk-1"),
    ]


def test_a_batch_that_is_stored_never_says_otherwise():
    store = RoughStore()
    with opened(store) as office:
        with office.batch():
            office.handle(report(), by="desk-1", id="a")
            # Somebody else writes beside it, so the office has to read after it has written; and then it cannot.
            store.append(Commit(drafts=[draft("150203999/case:x", command="x")]))
            store.fails["read"] = [StoreBusyError("connection lost")] * 3
        store.fails.clear()
        assert office.ask(CaseView("a"), by="desk-1").file.id == "a"
        assert office.verify(snapshot=True) == store.head()


def test_a_command_that_is_stored_never_says_otherwise_when_it_cannot_be_read_back():
    store = RoughStore()
    with opened(store) as office:
        append = store.append

        def appended(commit, /):
            position = append(commit)
            store.fails["read"] = [StoreBusyError("connection lost")] * 2
            return position

        store.append = appended
        outcome = office.handle(report(), by="desk-1", id="a")
        store.append, store.fails = append, {}
        assert (outcome.id, outcome.state, outcome.position) == ("a", None, 3)
        assert office.handle(report(), by="desk-1", id="a").state.id == "a"


def test_a_retry_waits_until_the_store_shows_what_it_has_stored(monkeypatch):
    store = RoughStore()
    with opened(store) as one, opened(store) as two:
        first = one.handle(report(), by="desk-1", id="a")
        head, shown = store.head, [0, 0, 0]
        store.head = lambda: shown.pop() if shown else head()
        assert two.handle(report(), by="desk-1", id="a") == first
        assert not shown
        monkeypatch.setattr("gridgov.office._engine.FOLLOW_SECONDS_MAX", 0.05)
        store.head = lambda: 0
        with pytest.raises(StoreBusyError, match="ask again"):
            two.handle(report(), by="desk-1", id="a")
        store.head = head


def test_one_command_of_a_group_that_breaks_in_an_odd_way_breaks_nobody_elses():
    store = RoughStore()
    with opened(store) as office:
        decide = office._decide

        def odd(asked):
            if asked.id == "odd":
                raise OverflowError("date value out of range")
            return decide(asked)

        office._decide = odd
        found = {}

        def call(id_):
            try:
                found[id_] = office.handle(report(), by="desk-1", id=id_).id
            except Exception as error:
                found[id_] = type(error)

        with office._lock:  # so that they come together
            threads = [threading.Thread(target=call, args=(id_,)) for id_ in ("a", "odd", "b", "c")]
            for thread in threads:
                thread.start()
            time.sleep(0.1)
        for thread in threads:
            thread.join()
        assert found == {"a": "a", "b": "b", "c": "c", "odd": OverflowError}


def refused_and_overtaken(mine, other):
    with mine.batch():
        with suppress(RefusalError):
            mine.handle(Resolve("a"), by="lead-81", id="r")  # told: there is no such case
        other.handle(report(), by="desk-1", id="a")


def test_a_batch_whose_answers_do_not_hold_any_more_is_not_stored():
    store = RoughStore()
    with opened(store) as mine, opened(store) as other:
        with pytest.raises(AppendConflictError, match="of this batch"):
            refused_and_overtaken(mine, other)
        assert mine.handle(Resolve("a"), by="lead-81", id="r").id == "r"


def test_a_batch_with_private_texts_that_is_decided_anew_gives_the_same_answers():
    store = RoughStore()
    with opened(store) as office:
        append, conflicts = store.append, [AppendConflictError("tag 'x'")] * 3

        def late(commit, /):
            if conflicts:
                raise conflicts.pop()
            return append(commit)

        store.append = late
        with office.batch():
            told = office.handle(report(text="三楼太吵", contact="13800000000"), by="desk-1", id="a")
        assert not conflicts
        assert office.handle(report(text="三楼太吵", contact="13800000000"), by="desk-1", id="a").events == told.events


def test_what_this_office_has_stored_and_cannot_see_yet_is_not_decided_upon(monkeypatch):
    monkeypatch.setattr("gridgov.office._engine.FOLLOW_SECONDS_MAX", 0.05)
    store = RoughStore()
    with opened(store) as office:
        read = store.read
        store.read = lambda **wanted: [each for each in read(**wanted) if each.position <= 1]
        assert office.handle(report(), by="desk-1", id="a").state is None
        began = time.monotonic()
        with pytest.raises(StoreBusyError, match="try again"):
            office.handle(Acknowledge("a"), by="lead-81", id="b")
        assert time.monotonic() - began < 2
        store.read = read
        assert office.handle(Acknowledge("a"), by="lead-81", id="b").state.acknowledged_at == NOON


@pytest.mark.parametrize("id_", ["", "gridgov:x", "x" * 161, "张三 1380", "a\x00b", "a b"])
def test_a_command_id_that_no_column_or_clock_could_bear_is_refused(id_):
    with opened(MemoryStore()) as office, pytest.raises(ValueError, match="1 to 160 letters"):
        office.handle(report(), by="desk-1", id=id_)


class Meddler:
    """Changes whatever it is given, as no plugin should."""

    @gridgov.hookimpl
    def gridgov_validate(self, command, by, at):
        object.__setattr__(command, "place", "150203005009-B001")
        command.facts["x"] = "y"

    @gridgov.hookimpl
    def gridgov_committed(self, happenings):
        for happening in happenings:
            object.__setattr__(happening.event, "case", "stolen")

    @gridgov.hookimpl
    def gridgov_reactions(self):
        def meddle(event, subject, setup):
            object.__setattr__(subject, "file", None)
            return []

        return {"case-opened": meddle, "case-routed": meddle}


def test_what_a_plugin_does_to_what_it_is_given_reaches_nobody_else():
    with open_office(small_setup(), plugins=[("meddler", Meddler())], discover=False, clock=lambda: NOON) as office:
        command = report()
        outcome = office.handle(command, by="desk-1", id="a")
        assert (command.place, dict(command.facts)) == (HOUSE, {})
        assert outcome.state.file.place == HOUSE
        assert {event.case for event in outcome.events} == {"a"}
        office._host.close()
        assert office.ask(CaseView("a"), by="desk-1").file.place == HOUSE


def test_a_case_that_was_corrected_since_it_went_over_counts_as_taken():
    from gridgov.notices import Notice
    from gridgov.office import Handover

    here, there = opened(MemoryStore()), opened(MemoryStore())
    with here, there:
        up = Handover(name="up", here=lambda: here, there=lambda: there, reads_as="desk-1", imports_as="desk-1")
        here.handle(report(), by="desk-1", id="a")
        notice = Notice(id="n", channel="up", to="x", subject="a", text="t")
        up.send(notice)
        here.handle(Correct("a", kind="clutter", reason="x"), by="desk-1")
        up.send(notice)
        assert there.ask(CaseView("150203005/a"), by="desk-1").file.kind == "noise"
