"""What the facade promises: whole or not at all, once and only once, the same after a restart."""

import datetime as dt
import threading

import attrs
import pytest

from gridgov import hookimpl, open_office
from gridgov.access import AccessPolicy, Grant
from gridgov.cases import (
    Acknowledge,
    Answer,
    BlowWhistle,
    Board,
    CaseView,
    Check,
    Close,
    Closed,
    Dispatched,
    OpenCase,
    RaiseObjection,
    Reopen,
    Resolve,
    Return,
    Timeline,
    Withdraw,
    WorkList,
)
from gridgov.errors import (
    AppendConflictError,
    CommandConflictError,
    NotFoundError,
    RefusalError,
    SetupMismatchError,
    StoreBusyError,
)
from gridgov.points import AwardList, ProposeAward, Statement
from gridgov.store import MemoryStore, every_record
from gridgov.testing import NOON, SimulatedClock, small_setup

HOUSE = "150203005008-B001"
RESIDENT = "resident:00001"


def report(kind="noise", text="", **more):
    return OpenCase(kind=kind, place=HOUSE, source="resident", reporter=RESIDENT, text=text, **more)


@pytest.fixture
def store():
    return MemoryStore()


def opened(store, setup=None, **more):
    return open_office(setup or small_setup(), store, discover=False, clock=lambda: NOON, **more)


@pytest.fixture
def office(store):
    with opened(store) as office:
        yield office


def close(office, case, by="lead-81", at=NOON, suffix=""):
    office.handle(Resolve(case), by=by, id=f"{case}/resolve{suffix}", at=at)
    office.handle(Check(case, passed=True), by="desk-1", id=f"{case}/check{suffix}", at=at)
    office.handle(Answer(case), by="desk-1", id=f"{case}/answer{suffix}", at=at)
    return office.handle(Close(case), by="desk-1", id=f"{case}/close{suffix}", at=at)


def records(store):
    return [(r.name, r.command_id) for r in every_record(store)]


# --- idempotency --------------------------------------------------------------------------------


def test_the_same_id_and_body_give_the_stored_outcome_even_when_the_case_has_moved_on(office, store):
    first = office.handle(report(), by=RESIDENT, id="a")
    office.handle(Acknowledge("a"), by="lead-81", id="ack")
    before = records(store)
    assert office.handle(report(), by=RESIDENT, id="a") == first
    assert records(store) == before


def test_a_refusal_is_an_outcome_and_the_same_again_for_the_same_id(office):
    with pytest.raises(RefusalError) as first:
        office.handle(Acknowledge("a"), by="lead-81", id="ack")
    office.handle(report(), by=RESIDENT, id="a")
    with pytest.raises(RefusalError) as again:
        office.handle(Acknowledge("a"), by="lead-81", id="ack")
    assert (again.value.code, again.value.facts, str(again.value)) == (
        first.value.code,
        first.value.facts,
        str(first.value),
    )


@pytest.mark.parametrize(
    ("command", "by"),
    [
        (report("gas.smell"), RESIDENT),
        (report(text="another text"), RESIDENT),
        (report(), RESIDENT),
        (report(text="the text"), "resident:00002"),
    ],
)
def test_another_body_text_or_actor_under_the_same_id_is_a_conflict(office, command, by):
    office.handle(report(text="the text"), by=RESIDENT, id="a")
    with pytest.raises(CommandConflictError, match="'a'"):
        office.handle(command, by=by, id="a")


def test_a_retry_holds_in_a_batch_and_twice_in_one_batch(office, store):
    first = office.handle(report(), by=RESIDENT, id="a")
    with office.batch():
        assert office.handle(report(), by=RESIDENT, id="a") == first
        one = office.handle(report(text="x"), by=RESIDENT, id="b")
        assert office.handle(report(text="x"), by=RESIDENT, id="b") == one
        with pytest.raises(CommandConflictError):
            office.handle(report(text="y"), by=RESIDENT, id="b")
    assert [name for name, _ in records(store)].count("case-opened") == 2


def test_equal_instants_in_two_time_zones_are_the_same_command(office):
    due = dt.datetime(2026, 9, 9, 8, tzinfo=dt.UTC)
    china = due.astimezone(dt.timezone(dt.timedelta(hours=8)))
    office.handle(report(agreed_due_at=due), by=RESIDENT, id="a")
    assert office.handle(report(agreed_due_at=china), by=RESIDENT, id="a").state.deadline.due_at == due


@pytest.mark.parametrize(("by", "id_"), [("system:clock", "x"), ("", "x"), (RESIDENT, "gridgov:adopt"), (RESIDENT, "")])
def test_the_offices_own_actors_and_ids_are_not_for_callers(office, by, id_):
    with pytest.raises(ValueError, match=r"actor|not for callers"):
        office.handle(report(), by=by, id=id_)


@pytest.mark.parametrize(
    "what",
    [
        lambda office: office.erase("case:a", by="system:x"),
        lambda office: office.erase("case:a", by="desk-1", id="gridgov:x"),
        lambda office: office.amend(with_longer_limit(small_setup()), by="system:x", reason="x"),
        lambda office: office.ask(Board(), by="system:x"),
        lambda office: office.read_private("150203005/a/text", by="system:x", purpose="case-handling"),
    ],
)
def test_nobody_passes_for_the_office_anywhere(office, what):
    office.handle(report(text="x"), by=RESIDENT, id="a")
    with pytest.raises(ValueError, match=r"actor|not for callers"):
        what(office)


def test_a_closed_office_says_so(store):
    office = opened(store)
    office.close()
    office.close()
    with pytest.raises(RuntimeError, match="closed"):
        office.handle(report(), by=RESIDENT)


def test_what_is_no_command_is_a_type_error(office):
    with pytest.raises(TypeError, match="no command"):
        office.handle("open a case", by=RESIDENT)


# --- batches ------------------------------------------------------------------------------------


def test_a_batch_is_stored_as_one_commit_with_its_refusals(office, store):
    with office.batch():
        office.handle(report(), by=RESIDENT, id="a")
        office.handle(Acknowledge("a"), by="lead-81", id="ack")
        with pytest.raises(RefusalError):
            office.handle(Acknowledge("a"), by="lead-81", id="again")
        assert [name for name, _ in records(store)] == ["setup-adopted"]
    assert [name for name, _ in records(store)][1:] == ["case-opened", "case-routed", "case-acknowledged"]
    with pytest.raises(RefusalError):
        office.handle(Acknowledge("a"), by="lead-81", id="again")


def test_a_batch_that_breaks_leaves_nothing_behind(office, store):
    def half_done():
        with office.batch():
            office.handle(report(), by=RESIDENT, id="a")
            raise KeyError("the import file ends here")

    with pytest.raises(KeyError):
        half_done()
    assert [name for name, _ in records(store)] == ["setup-adopted"]
    with pytest.raises(NotFoundError):
        office.ask(CaseView("a"), by="desk-1")
    office.handle(report(), by=RESIDENT, id="a")


def test_a_question_inside_a_batch_sees_what_the_batch_has_done(office):
    with office.batch():
        office.handle(report(), by=RESIDENT, id="a")
        assert isinstance(office.ask(CaseView("a"), by="desk-1"), Dispatched)
        assert steps(office) == ["case-opened", "case-routed"]


def test_a_question_inside_a_batch_does_not_mix_in_what_others_write_meanwhile(store):
    with opened(store) as one, opened(store) as other:
        one.handle(report(), by=RESIDENT, id="a")
        one.handle(Resolve("a"), by="lead-81", id="r")
        one.handle(Check("a", passed=True), by="desk-1", id="c")
        one.handle(Answer("a"), by="desk-1", id="n")

        def close_twice():
            with one.batch():
                one.handle(Close("a"), by="desk-1", id="close-1")
                other.handle(report(), by=RESIDENT, id="b")
                one.ask(Board(), by="desk-1")
                one.handle(Close("a"), by="desk-1", id="close-2")

        with pytest.raises(RefusalError, match="closed"):
            close_twice()
    with opened(store) as again:
        assert [name for name, _ in records(store)].count("case-closed") == 0
        assert again.ask(Board(), by="desk-1").open == 2


def test_a_batch_beside_another_writer_is_decided_anew_and_stored(store):
    with opened(store) as one, opened(store) as other:
        with one.batch():
            one.handle(report(), by=RESIDENT, id="a")
            other.handle(report(), by=RESIDENT, id="b")
            one.handle(ProposeAward(account="builder-81", deed="help", on=NOON.date(), occasion="x"), by="lead-81")
        assert one.ask(Board(), by="desk-1").opened == other.ask(Board(), by="desk-1").opened == 2


def test_a_batch_whose_answers_do_not_hold_any_more_is_refused_whole(store):
    with opened(store) as one, opened(store) as other:
        one.handle(report(), by=RESIDENT, id="a")

        def acknowledge_late():
            with one.batch():
                one.handle(report(), by=RESIDENT, id="b")
                one.handle(Acknowledge("a"), by="lead-81", id="ack-1")
                other.handle(Acknowledge("a"), by="lead-81", id="ack-2")

        with pytest.raises(AppendConflictError):
            acknowledge_late()
        assert one.ask(Board(), by="desk-1").opened == 1


@pytest.mark.parametrize(
    "what",
    [
        lambda office: office.tick(NOON),
        lambda office: office.deliver(NOON),
        lambda office: office.erase("case:a", by="desk-1"),
        lambda office: office.read_private("150203005/a/text", by="desk-1", purpose="case-handling"),
        lambda office: office.amend(small_setup(), by="desk-1", reason="x"),
        lambda office: office.batch().__enter__(),
    ],
)
def test_what_cannot_be_part_of_a_batch_says_so(office, what):
    def try_it():
        with office.batch():
            office.handle(report(text="x"), by=RESIDENT, id="a")
            what(office)

    with pytest.raises(RuntimeError, match="inside a batch"):
        try_it()


# --- several offices on one store ---------------------------------------------------------------


def test_two_offices_on_one_store_see_each_others_work_before_they_decide(store):
    with opened(store) as one, opened(store) as other:
        one.handle(report(), by=RESIDENT, id="a")
        other.handle(Acknowledge("a"), by="lead-81", id="ack")
        with pytest.raises(RefusalError, match="already"):
            one.handle(Acknowledge("a"), by="lead-81", id="ack-2")


class Racing(MemoryStore):
    """Lets somebody else write right before an append."""

    def __init__(self):
        super().__init__()
        self.before_append = None

    def append(self, commit, /):
        race, self.before_append = self.before_append, None
        if race is not None:
            race()
        return super().append(commit)


def test_a_decision_on_what_has_moved_meanwhile_is_made_anew():
    store = Racing()
    with opened(store) as one, opened(store) as other:
        one.handle(report(), by=RESIDENT, id="a")
        store.before_append = lambda: other.handle(Acknowledge("a"), by="lead-81", id="ack-2")
        with pytest.raises(RefusalError, match="already"):
            one.handle(Acknowledge("a"), by="lead-81", id="ack-1")


def test_a_refusal_that_does_not_hold_any_more_when_it_is_stored_is_decided_anew():
    store = Racing()
    with opened(store) as one, opened(store) as other:
        store.before_append = lambda: other.handle(report(), by=RESIDENT, id="a")
        assert one.handle(Acknowledge("a"), by="lead-81", id="ack").events


def test_many_threads_on_one_office_lose_nothing_and_double_nothing(office):
    def work(worker):
        for number in range(10):
            office.handle(report(), by=RESIDENT, id=f"{worker}-{number}")

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.ask(Board(), by="desk-1").opened == 60
    assert office.verify() == 121


# --- the clock ----------------------------------------------------------------------------------


def steps(office, case="a"):
    return [line.name for line in office.ask(Timeline(case), by="desk-1")]


def test_a_tick_does_what_is_due_once_and_a_second_one_nothing(office):
    office.handle(report(), by=RESIDENT, id="a")
    later = NOON + dt.timedelta(days=30)
    assert office.tick(later).done == 4
    assert office.tick(later).done == 0
    assert steps(office) == [
        "case-opened",
        "case-routed",
        "case-warned",
        "case-warned",
        "case-escalated",
        "case-escalated",
    ]
    assert office.ask(CaseView("a"), by="desk-1").lead.holder == "desk"


def test_one_tick_over_a_long_gap_equals_many_small_ones():
    outcomes = []
    for hours in (1, 7, 800):
        store = MemoryStore()
        with opened(store) as office:
            for number, kind in enumerate(("noise", "gas.smell", "odd", "question")):
                office.handle(report(kind), by=RESIDENT, id=f"{number}")
            now = NOON
            while now < NOON + dt.timedelta(hours=800):
                now += dt.timedelta(hours=hours)
                office.tick(now)
        outcomes.append([(r.name, r.occurred_at, r.body) for r in every_record(store)])
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_an_unassigned_case_escalates_too(office):
    """未派单的也会上报."""
    office.handle(report("odd"), by=RESIDENT, id="a")
    office.tick(NOON + dt.timedelta(days=9))
    assert "case-escalated" in steps(office)


def test_what_was_due_before_a_command_happens_before_it(store):
    clock = SimulatedClock(NOON)
    with open_office(small_setup(), store, discover=False, clock=clock) as office:
        office.handle(report(), by=RESIDENT, id="a")
        clock.now = NOON + dt.timedelta(hours=23)
        office.handle(Return("a", reason="x"), by="lead-81", id="r")
        assert steps(office) == ["case-opened", "case-routed", "case-warned", "case-returned"]


def test_what_is_due_between_two_other_things_happens_between_them(store):
    clock = SimulatedClock(NOON)
    whistle = BlowWhistle(("a",), organizations=("police",), report_by=NOON + dt.timedelta(hours=40))
    with open_office(small_setup(), store, discover=False, clock=clock) as office:
        office.handle(report(), by=RESIDENT, id="a")
        office.handle(whistle, by="desk-1", id="w")
        clock.now = NOON + dt.timedelta(days=9)
        office.handle(RaiseObjection("a", against="route", reason="x"), by=RESIDENT, id="o")
        told = steps(office)
    assert told[3:] == [
        "case-warned",
        "case-warned",
        "case-escalated",
        "case-escalated",
        "whistle-report-in-missed",
        "case-objection-raised",
    ]


def test_an_instant_in_the_future_is_refused_and_locks_no_case(office):
    """A clock that goes wrong on some device must not decide when others may act."""
    with pytest.raises(ValueError, match="lies in the future"):
        office.handle(report(), by=RESIDENT, id="a", at=NOON + dt.timedelta(days=20))
    office.handle(report(), by=RESIDENT, id="a", at=NOON + dt.timedelta(minutes=2))
    office.handle(Acknowledge("a"), by="lead-81")
    assert steps(office) == ["case-opened", "case-routed", "case-acknowledged"]


def test_an_actor_is_an_id_and_no_name(office):
    with pytest.raises(ValueError, match="opaque id"):
        office.handle(report(), by="张三")


def test_a_date_that_was_agreed_on_in_the_past_is_pressed_at_once(office):
    office.handle(report(agreed_due_at=NOON - dt.timedelta(days=3)), by=RESIDENT, id="a")
    assert office.tick(NOON).done >= 2
    assert "case-escalated" in steps(office)
    assert office.faults == ()


def test_a_tick_beside_another_process_that_ticks_too_is_no_error():
    store = Racing()
    with opened(store) as one, opened(store) as other:
        for number in range(3):
            one.handle(report(), by=RESIDENT, id=f"{number}")
        later = NOON + dt.timedelta(days=30)
        store.before_append = lambda: other.tick(later)
        one.tick(later)
        assert [name for name, _ in records(store)].count("case-escalated") == 6


def test_a_resolved_case_is_not_pressed_any_more(office):
    office.handle(report(), by=RESIDENT, id="a")
    office.handle(Resolve("a"), by="lead-81", id="r")
    assert office.tick(NOON + dt.timedelta(days=30)).done == 0


@pytest.mark.parametrize("moment", ["tick", "deliver", "handle"])
def test_naive_instants_are_refused(office, moment):
    naive = dt.datetime(2026, 9, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        office.handle(report(), by=RESIDENT, at=naive) if moment == "handle" else getattr(office, moment)(naive)


# --- reactions ----------------------------------------------------------------------------------


def found(office):
    office.handle(OpenCase(kind="noise", place=HOUSE, source="patrol"), by="builder-81", id="a")
    return close(office, "a")


def test_a_closed_case_thanks_the_volunteer_who_reported_it(office):
    found(office)
    (award,) = office.ask(AwardList(state="claimed"), by="desk-1")
    assert (award.file.account, award.file.deed, award.file.occasion) == ("builder-81", "report", "a")


def test_a_case_that_is_closed_twice_thanks_once(office):
    found(office)
    office.handle(Reopen("a", reason="又来了"), by="desk-1", id="re")
    close(office, "a", suffix="-2")
    assert len(office.ask(AwardList(state="claimed"), by="desk-1")) == 1
    assert office.faults == ()


def test_reporting_by_paid_people_earns_nothing(office):
    office.handle(OpenCase(kind="clutter", place=HOUSE, source="patrol"), by="lead-81", id="a")
    close(office, "a")
    assert office.ask(AwardList(state="claimed"), by="desk-1") == ()


class Faulty(MemoryStore):
    """Is busy when asked to."""

    def __init__(self):
        super().__init__()
        self.busy_for = ""
        self.busy_reads = 0

    def append(self, commit, /):
        if any(self.busy_for and draft.name == self.busy_for for draft in commit.drafts):
            self.busy_for = ""
            raise StoreBusyError("somebody else holds it")
        return super().append(commit)


def test_a_reaction_that_a_passing_fault_cut_off_follows_later():
    store = Faulty()
    with opened(store) as office:
        store.busy_for = "award-proposed"
        assert isinstance(found(office).state, Closed)
        assert office.ask(AwardList(state="claimed"), by="desk-1") == ()
        office.tick(NOON)
        assert len(office.ask(AwardList(state="claimed"), by="desk-1")) == 1


def test_a_reaction_that_a_crash_cut_off_follows_when_the_office_opens_again():
    store = Faulty()
    office = opened(store)
    store.busy_for = "award-proposed"
    found(office)
    # No close(): the process is gone.
    with opened(store) as again:
        assert len(again.ask(AwardList(state="claimed"), by="desk-1")) == 1


class HalfRead(MemoryStore):
    """Breaks off while it is read."""

    def __init__(self):
        super().__init__()
        self.good_reads = -1

    def read(self, **where):
        if self.good_reads == 0 and "stream" not in where and "tag" not in where:
            self.good_reads = -1
            raise StoreBusyError("somebody else holds it")
        self.good_reads -= self.good_reads > 0
        return super().read(**where)


def test_plugins_and_reactions_hear_everything_once_even_when_a_batch_breaks_and_the_store_is_busy():
    heard = []
    listener = type(
        "L", (), {"gridgov_committed": hookimpl(lambda self, happenings: heard.extend(h.position for h in happenings))}
    )
    store = HalfRead()
    with opened(store, plugins=[listener()]) as office:
        for number in range(3):
            office.handle(report(), by=RESIDENT, id=f"{number}")

        def broken_batch():
            with office.batch():
                office.handle(report(), by=RESIDENT, id="x")
                store.good_reads = 0
                raise KeyError

        with pytest.raises((KeyError, StoreBusyError)):
            broken_batch()
        office.handle(report(), by=RESIDENT, id="y")
    assert heard == list(range(1, 10))


def test_a_busy_store_says_so_and_nothing_has_happened():
    store = Faulty()
    with opened(store) as office:
        store.busy_for = "case-opened"
        with pytest.raises(StoreBusyError):
            office.handle(report(), by=RESIDENT, id="a")
        assert office.handle(report(), by=RESIDENT, id="a").events


# --- restart, setup, private data ---------------------------------------------------------------


def test_the_answers_are_the_same_after_a_restart(store):
    with opened(store) as office:
        for number in range(5):
            office.handle(report(), by=RESIDENT, id=f"c{number}")
        found(office)
        office.tick(NOON + dt.timedelta(days=3))
        asked = [Board(), WorkList(of="desk"), Statement("builder-81"), CaseView("a"), Timeline("a")]
        before = [office.ask(view, by="desk-1") for view in asked]
    with opened(store) as again:
        assert [again.ask(view, by="desk-1") for view in asked] == before


def test_a_settled_case_leaves_memory_and_is_read_again_when_asked_for(office):
    found(office)
    assert "case:a" not in office._memory.live
    assert isinstance(office.ask(CaseView("a"), by="desk-1"), Closed)
    office.handle(Reopen("a", reason="又来了"), by="desk-1")
    assert "case:a" in office._memory.live


def with_longer_limit(setup):
    from gridgov.policy import Timeline as Dates
    from gridgov.routing import Rulebook, Table
    from gridgov.worktime import parse_limit

    rules = setup.rulebooks.entries[0].value.rules.rules
    longer = [attrs.evolve(r, then=attrs.evolve(r.then, limit=parse_limit("9工作日"))) for r in rules]
    return attrs.evolve(setup, rulebooks=Dates.always(Rulebook(Table.build(longer))))


def test_a_store_is_refused_with_another_setup_and_the_difference(store):
    opened(store).close()
    with pytest.raises(SetupMismatchError) as mismatch:
        opened(store, with_longer_limit(small_setup()))
    assert list(mismatch.value.differences) == ["tables"]
    assert "was" in mismatch.value.differences["tables"]


def test_an_amended_setup_holds_from_now_on_and_other_offices_notice(store):
    changed = with_longer_limit(small_setup())
    with opened(store) as one, opened(store) as other:
        one.handle(report(), by=RESIDENT, id="a")
        one.amend(changed, by="desk-1", reason="延长时限")
        assert one.handle(report(), by=RESIDENT, id="b").state.deadline.limit.amount == 9
        assert one.ask(CaseView("a"), by="desk-1").deadline.limit.amount == 1
        with pytest.raises(SetupMismatchError):
            other.handle(report(), by=RESIDENT, id="c")
    with opened(store, changed) as again:
        assert again.ask(Board(), by="desk-1").opened == 2


def test_a_retried_amendment_does_not_bring_an_older_setup_back(store):
    with opened(store) as office:
        office.amend(with_longer_limit(small_setup()), by="desk-1", reason="x", id="am-1")
        office.amend(small_setup(), by="desk-1", reason="back", id="am-2")
        office.amend(with_longer_limit(small_setup()), by="desk-1", reason="x", id="am-1")
        assert office.handle(report(), by=RESIDENT).state.deadline.limit.amount == 1


def without(setup, *codes):
    from gridgov.territory import Ground, Territory

    nodes = [node for node in setup.territory if node.code not in codes]
    postings = tuple(p for p in setup.roster.postings if p.place not in codes)
    tree = Territory.build(setup.territory.levels, nodes)
    return attrs.evolve(setup, ground=Ground(tree), roster=attrs.evolve(setup.roster, postings=postings))


def test_a_place_is_not_amended_away_under_an_open_case_and_a_closed_one_can_still_be_reopened(store):
    smaller = without(small_setup(), HOUSE)
    with opened(store) as office:
        found(office)
        office.handle(report(), by=RESIDENT, id="open")
        with pytest.raises(RefusalError, match="open case"):
            office.amend(smaller, by="desk-1", reason="拆除")
        office.handle(Withdraw("open"), by=RESIDENT)
        office.amend(smaller, by="desk-1", reason="拆除")
        office.handle(Reopen("a", reason="又来了"), by="desk-1")
        office.tick(NOON + dt.timedelta(days=30))
        assert office.faults == ()
        assert office.ask(CaseView("a"), by="desk-1").lead.holder == "desk"


@pytest.mark.parametrize(("reason", "code"), [("", "setup.no-reason"), ("x", "setup.unchanged")])
def test_an_amendment_needs_a_reason_and_a_change(office, reason, code):
    with pytest.raises(RefusalError) as refused:
        office.amend(small_setup() if reason else with_longer_limit(small_setup()), by="desk-1", reason=reason)
    assert refused.value.code == code


def test_private_texts_stand_in_no_record_and_are_read_with_a_trace(office, store):
    office.handle(report(text="张三家漏水"), by=RESIDENT, id="a")
    assert not any("张三".encode() in record.body for record in every_record(store))
    ref = office.ask(CaseView("a"), by="desk-1").file.text.ref
    assert office.read_private(ref, by="desk-1", purpose="case-handling") == "张三家漏水"
    assert records(store)[-1][0] == "private-read"
    with pytest.raises(RefusalError) as refused:
        office.read_private(ref, by="desk-1", purpose="marketing")
    assert refused.value.code == "private.other-purpose"


def test_erasing_leaves_chain_replay_and_statistics_valid(office, store):
    office.handle(report(text="张三家漏水", contact="139"), by=RESIDENT, id="a")
    before = office.ask(Board(), by="desk-1")
    ref = office.ask(CaseView("a"), by="desk-1").file.text.ref
    assert office.erase("case:a", by="desk-1") == 2
    assert office.erase("case:a", by="desk-1") == 0
    with pytest.raises(NotFoundError):
        office.read_private(ref, by="desk-1", purpose="case-handling")
    assert office.verify() == len(records(store))
    assert office.ask(Board(), by="desk-1").opened == before.opened
    with opened(store) as again:
        assert again.ask(Board(), by="desk-1").opened == before.opened


def test_texts_whose_time_has_ended_are_erased_and_younger_ones_stay(office):
    office.handle(report(text="x", contact="y"), by=RESIDENT, id="a")
    in_a_year = NOON.date() + dt.timedelta(days=366)
    assert office.erase_ended(by="desk-1", on=in_a_year) == 1
    assert office.erase_ended(by="desk-1", on=in_a_year) == 0


def other_street():
    """The same street under another code."""
    import msgspec

    from gridgov.territory import Ground, Node, Territory

    small = small_setup()
    text = msgspec.json.encode(list(small.territory)).replace(b"150203005", b"150203006")
    tree = Territory.build(small.territory.levels, msgspec.json.decode(text, type=list[Node]))
    postings = [attrs.evolve(p, place=p.place.replace("150203005", "150203006")) for p in small.roster.postings]
    roster = attrs.evolve(small.roster, postings=tuple(postings))
    return attrs.evolve(small, ground=Ground(tree), roster=roster)


def test_two_streets_on_one_store_do_not_see_each_other(store):
    with opened(store) as one, opened(store, other_street()) as other:
        one.handle(report(text="张三"), by=RESIDENT, id="a")
        there = OpenCase(kind="noise", place="150203006008-B001", source="resident", text="李四")
        other.handle(there, by=RESIDENT, id="a")
        assert one.ask(Board(), by="desk-1").opened == other.ask(Board(), by="desk-1").opened == 1
        ref = other.ask(CaseView("a"), by="desk-1").file.text.ref
        with pytest.raises(NotFoundError):
            one.read_private(ref, by="desk-1", purpose="case-handling")
        one.erase_ended(by="desk-1", on=dt.date(2099, 1, 1))
        assert other.read_private(ref, by="desk-1", purpose="case-handling") == "李四"


# --- access -------------------------------------------------------------------------------------

LOCAL = AccessPolicy(
    (
        Grant(role="resident", names=frozenset({"OpenCase"}), scope="all"),
        Grant(role="area-lead", names=frozenset({"Acknowledge", "CaseView"})),
        Grant(role="desk-officer", names=frozenset({"*"}), scope="all"),
        Grant(role="organization", names=frozenset({"WorkList"}), scope="all"),
    )
)


@pytest.mark.parametrize(
    ("by", "passes"), [("lead-81", True), ("lead-82", False), ("head-8", False), ("desk-1", True), ("nobody", False)]
)
def test_what_no_grant_allows_here_is_denied(store, by, passes):
    with opened(store, small_setup(access=LOCAL)) as office:
        office.handle(report(), by=RESIDENT, id="a")
        if passes:
            assert office.ask(CaseView("a"), by=by).id == "a"
        else:
            with pytest.raises(RefusalError, match="may not"):
                office.ask(CaseView("a"), by=by)


def test_ones_own_account_and_work_need_no_grant_and_others_do(store):
    with opened(store, small_setup(access=LOCAL)) as office:
        assert office.ask(Statement(RESIDENT), by=RESIDENT).account.available == 0
        assert office.ask(WorkList(of="lead-81"), by="lead-81") == ()
        with pytest.raises(RefusalError):
            office.ask(Statement(RESIDENT), by="resident:00002")
        with pytest.raises(RefusalError):
            office.ask(WorkList(of="lead-81"), by="lead-82")


# --- questions ----------------------------------------------------------------------------------


def test_a_work_list_shows_what_is_due_first_and_what_is_overdue(office):
    for kind, id_ in (("noise", "n"), ("question", "q"), ("clutter", "c")):
        office.handle(report(kind), by=RESIDENT, id=id_, at=NOON - dt.timedelta(days=1 if id_ == "c" else 0))
    rows = office.ask(WorkList(of="lead-81"), by="lead-81")
    assert [row.case for row in rows] == ["c", "q", "n"]
    assert [row.overdue for row in rows] == [False, False, False]
    office.handle(report("question"), by=RESIDENT, id="old", at=NOON - dt.timedelta(days=5))
    assert office.ask(WorkList(of="lead-81"), by="lead-81")[0].overdue


def test_the_people_of_an_organization_see_its_work(office):
    office.handle(report("gas.smell"), by=RESIDENT, id="a")
    assert [row.case for row in office.ask(WorkList(of="gas-1"), by="gas-1")] == ["a"]


def test_a_question_can_ask_for_a_position_that_must_be_reached(office):
    position = office.handle(report(), by=RESIDENT, id="a").position
    assert office.ask(Board(), by="desk-1", at_least=position).opened == 1
    with pytest.raises(StoreBusyError, match="not yet"):
        office.ask(Board(), by="desk-1", at_least=position + 1)


def test_the_board_counts_a_reopened_case_as_open_again(office):
    found(office)
    office.handle(Reopen("a", reason="x"), by="desk-1")
    board = office.ask(Board(), by="desk-1")
    assert (board.opened, board.open, board.closed, board.closed_in_time) == (1, 1, 0, 0)
    close(office, "a", suffix="-2")
    board = office.ask(Board(), by="desk-1")
    assert (board.open, board.closed, board.closed_in_time) == (0, 1, 1)


def test_a_timeline_tells_the_story_in_both_languages(office):
    found(office)
    zh = [line.text for line in office.ask(Timeline("a", "zh"), by="desk-1")]
    en = [line.text for line in office.ask(Timeline("a", "en"), by="desk-1")]
    assert (zh[-1], en[-1]) == ("结案（按期）", "Closed (in time)")
    with pytest.raises(NotFoundError):
        office.ask(Timeline("b"), by="desk-1")


# --- what a run of mutations has asked for --------------------------------------------------------


@pytest.mark.parametrize("batched", [False, True])
def test_what_was_overdue_changes_the_answer_as_if_a_tick_had_come_in_time(store, batched):
    clock = SimulatedClock(NOON)
    with open_office(small_setup(), store, discover=False, clock=clock) as office:
        office.handle(report(), by=RESIDENT, id="a")
        clock.now = NOON + dt.timedelta(days=30)

        def acknowledge():
            if batched:
                with office.batch():
                    office.handle(Acknowledge("a"), by="lead-81")
            else:
                office.handle(Acknowledge("a"), by="lead-81")

        with pytest.raises(RefusalError, match="only desk"):
            acknowledge()


def test_an_amendment_between_deciding_and_storing_makes_the_command_decide_anew():
    store = Racing()
    changed = with_longer_limit(small_setup())
    with opened(store) as one, opened(store) as other:
        store.before_append = lambda: other.amend(changed, by="desk-1", reason="x")
        with pytest.raises(SetupMismatchError):
            one.handle(report(), by=RESIDENT, id="a")
        assert other.ask(Board(), by="desk-1").opened == 0


def test_after_a_batch_of_closings_memory_holds_none_and_a_case_reopened_in_it_stays(office):
    for case in ("a", "b"):
        office.handle(report("question"), by=RESIDENT, id=case)
    with office.batch():
        for case in ("a", "b"):
            office.handle(Resolve(case), by="lead-81")
            office.handle(Answer(case), by="desk-1")
            office.handle(Close(case), by="desk-1")
        office.handle(Reopen("b", reason="x"), by="desk-1")
    assert [tag for tag in office._memory.live if tag.startswith("case:")] == ["case:b"]


def test_a_withdrawn_case_leaves_memory(office):
    office.handle(report(), by=RESIDENT, id="a")
    office.handle(Withdraw("a"), by=RESIDENT)
    assert "case:a" not in office._memory.live


def test_who_may_amend_only_under_the_new_setup_is_refused_and_the_old_one_goes_on(store):
    mine = AccessPolicy((Grant(role="area-lead", names=frozenset({"*"}), scope="all"),))
    with opened(store, small_setup(access=LOCAL)) as office:
        with pytest.raises(RefusalError, match="may not"):
            office.amend(small_setup(access=mine), by="lead-81", reason="x")
        assert office.setup.access == LOCAL
        assert office.handle(report(), by=RESIDENT).events


def test_a_refused_erasure_erases_nothing(store):
    with opened(store, small_setup(access=LOCAL)) as office:
        office.handle(report(text="x"), by=RESIDENT, id="a")
        with pytest.raises(RefusalError):
            office.erase("case:a", by="lead-81")
        assert office.erase("case:a", by="desk-1") == 1


def test_a_retry_of_one_command_of_a_batch_gives_its_own_events_only(office):
    with office.batch():
        office.handle(report(), by=RESIDENT, id="a")
        office.handle(report("odd"), by=RESIDENT, id="b")
    again = office.handle(report(), by=RESIDENT, id="a")
    assert {event.case for event in again.events} == {"a"}
    assert len(again.events) == 2


def test_the_cursor_of_reactions_never_passes_one_that_is_pending():
    store = Faulty()
    office = opened(store)
    store.busy_for = "award-proposed"
    last = found(office).position
    office._save_reactions()
    assert store.cursor("150203005/reactions").position == last - 1


def test_closing_an_office_finishes_what_is_pending():
    store = Faulty()
    office = opened(store)
    store.busy_for = "award-proposed"
    found(office)
    office.close()
    assert [name for name, _ in records(store)][-1] == "award-proposed"


def test_a_timeline_ends_where_the_office_has_followed_and_a_due_instant_belongs_to_the_person(store):
    clock = SimulatedClock(NOON)
    with open_office(small_setup(), store, discover=False, clock=clock) as office:
        due = office.handle(report(), by=RESIDENT, id="a").state.deadline.step.at
        clock.now = due
        office.handle(Resolve("a"), by="lead-81")
        assert "case-warned" not in steps(office)


def test_what_is_stored_is_told_as_stored_even_when_it_cannot_be_read_back_at_once():
    store = HalfRead()
    with opened(store) as office:
        store.good_reads = 1
        outcome = office.handle(report(), by=RESIDENT, id="a")
        assert outcome.events
        assert office.ask(Board(), by="desk-1").opened == 1


# --- what a new user has tried --------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"reporter": None}, {"tags": "abc"}, {"tags": (1,)}, {"evidence": "x.jpg"}, {"repeats": True}, {"repeats": 2.0},
        {"place": 310104001001}, {"text": None}, {"agreed_due_at": "tomorrow"}, {"departments": "2"},
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_type_is_refused_by_name_and_the_store_stays_readable(store, wrong):
    with opened(store) as office:
        words = {"kind": "noise", "place": HOUSE, "source": "resident", **wrong}
        with pytest.raises(TypeError, match="OpenCase"):
            office.handle(OpenCase(**words), by=RESIDENT, id="a")
        assert [name for name, _ in records(store)] == ["setup-adopted"]
        office.handle(report(), by=RESIDENT, id="a")
    with opened(store) as again:
        assert again.ask(Board(), by="desk-1").opened == 1


def test_a_check_passes_by_true_and_by_nothing_else(office):
    office.handle(report(), by=RESIDENT, id="a")
    office.handle(Resolve("a"), by="lead-81")
    with pytest.raises(TypeError, match="passed"):
        office.handle(Check("a", passed="no"), by="desk-1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": None},
        {"by": RESIDENT, "id": 7},
        {"by": RESIDENT, "at": "2026-09-01"},
        {"by": RESIDENT, "at": NOON.date()},
    ],
)
def test_an_actor_an_id_and_an_instant_of_the_wrong_type_are_named(office, wrong):
    with pytest.raises(TypeError, match=r"strings|aware datetime"):
        office.handle(report(), **wrong)


def test_every_command_reads_back_as_itself_so_that_its_types_can_be_checked():
    from gridgov.documents import ROOMS, check_types

    for room in ROOMS:
        for command in room.commands:
            with pytest.raises(TypeError, match=command.__name__):
                check_types(_wrong(command))


def _wrong(command):
    """Make a command all of whose fields hold an object that is nothing."""
    made = object.__new__(command)
    for field in attrs.fields(command):
        object.__setattr__(made, field.name, 1.5)
    return made
