"""Cases in an office over days and weeks: ticks, emergencies, notices about holidays, figures, who is told."""

import datetime as dt

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov import RefusalError, open_office
from gridgov.cases import (
    Acknowledge,
    Answer,
    AskExtension,
    AskHold,
    Board,
    CaseView,
    Check,
    Close,
    ConfirmReceipt,
    Correct,
    DecideObjection,
    DecideRequest,
    Dispatch,
    Duplicates,
    EndMode,
    Escalate,
    Follow,
    FollowUp,
    HandOver,
    JoinPart,
    LinkDuplicate,
    ModeView,
    OpenCase,
    PublishedResults,
    PublishResult,
    RaiseObjection,
    Rate,
    Rates,
    RecordOutcome,
    Reopen,
    Resolve,
    Resume,
    Return,
    Search,
    SplitCase,
    Supervise,
    SwitchMode,
    Timeline,
    UnlinkDuplicate,
    Urge,
    WorkList,
    is_open,
)
from gridgov.delivery import FileChannel
from gridgov.errors import NotFoundError
from gridgov.office._memory import Memory
from gridgov.policy import Timeline as Dates
from gridgov.routing import FACTS, Rule, Rulebook, Table, Then, parse_cell
from gridgov.setup import Subscription
from gridgov.staffing import Person, Roster
from gridgov.store import MemoryStore, every_record
from gridgov.testing import NOON, SimulatedClock, small_setup
from gridgov.worktime import Calendar, parse_limit

LAWS = settings.get_profile("laws")
HOUSE, OTHER = "150203005008-B001", "150203005009-B001"
RESIDENT, NEIGHBOR = "resident:00001", "resident:00002"
HOUR = dt.timedelta(hours=1)


def report(kind="noise", place=HOUSE, **more):
    return OpenCase(kind=kind, place=place, source="resident", **{"reporter": RESIDENT, **more})


class Street:
    """An office with a clock that is set by hand."""

    def __init__(self, setup=None, store=None, **more):
        self.clock = SimulatedClock(NOON)
        self.store = store or MemoryStore()
        self.setup = setup or small_setup()
        self.office = open_office(self.setup, self.store, discover=False, clock=self.clock, entropy=bytes, **more)
        self.count = 0

    def do(self, command, by="desk-1", id=None, **later):  # noqa: A002
        self.pass_time(**later)
        self.count += 1
        return self.office.handle(command, by=by, id=id or f"step-{self.count}")

    def pass_time(self, **later):
        self.clock.now += dt.timedelta(**later)
        if later:
            self.office.tick(self.clock.now)

    def case(self, id="a"):  # noqa: A002
        return self.office.ask(CaseView(id), by="desk-1")

    def names(self, id="a"):  # noqa: A002
        return [line.name for line in self.office.ask(Timeline(id), by="desk-1")]

    def close(self, id="a", lead="lead-81"):  # noqa: A002
        self.do(Resolve(id), lead)
        self.do(Check(id, passed=True), "head-9")
        self.do(Answer(id, text="好了"), "desk-2")
        return self.do(Close(id), "desk-2").state


@pytest.fixture
def street():
    return Street()


# --- the laws of the tick -----------------------------------------------------------------------

MOVES = (
    "noise", "gas.smell", "odd", "clutter", "ack", "resolve", "check", "escalate", "hold", "resume", "extend", "mode",
    "end-mode", "split", "join", "correct", "link", "unlink", "hand", "receipt", "outcome", "return", "agreed", "reopen",
)  # fmt: skip
moves = st.lists(
    st.tuples(st.sampled_from(MOVES), st.integers(0, 7), st.integers(1, 4000)),
    min_size=1,
    max_size=12,
)
LEADS = ("lead-81", "gas-1", "police-1", "desk-1", "head-8")


def play(street, moves, ticks):
    """Play random moves; between two of them the clock is asked as often as *ticks* says."""
    cases = ["first", "second"]
    for id_, kind in zip(cases, ("noise", "gas.smell"), strict=True):
        street.do(report(kind), RESIDENT, id=id_)
    for number, (what, which, minutes) in enumerate(moves):
        end = street.clock.now + dt.timedelta(minutes=minutes)
        while street.clock.now < end:
            street.clock.now = min(end, street.clock.now + ticks)
            street.office.tick(street.clock.now)
        case = cases[which % len(cases)]
        for turn, (command, by) in enumerate(commands(what, case, f"m{number}", street.clock.now)):
            id_ = f"m{number}-{by}" if isinstance(command, OpenCase) else f"m{number}-{turn}"
            try:
                street.do(command, by, id=id_)
            except (RefusalError, NotFoundError):
                continue
            if isinstance(command, OpenCase):
                cases.append(id_)
            elif isinstance(command, SplitCase):
                cases += [f"{id_}.1", f"{id_}.2"]
    return cases


def commands(what, case, id_, now):
    day = dt.timedelta(days=1)
    match what:
        case "ack":
            return [(Acknowledge(case), by) for by in LEADS]
        case "resolve":
            return [(Resolve(case), by) for by in LEADS]
        case "check":
            return [(Check(case, passed=False, reason="x"), "head-9")]
        case "escalate":
            return [(Escalate(case, reason="x"), by) for by in LEADS]
        case "return":
            return [(Return(case, reason="x"), by) for by in LEADS]
        case "hold":
            asks = [(AskHold(case, until=now + 2 * day, reason="x"), by) for by in LEADS]
            return [*asks, (DecideRequest(case, granted=True), "head-9")]
        case "resume":
            return [(Resume(case), "desk-1")]
        case "extend":
            limits = [
                (AskExtension(case, by=limit, reason="x"), by) for limit in ("3工作时", "5紧急工作时") for by in LEADS
            ]
            return [*limits, (DecideRequest(case, granted=True), "head-9")]
        case "mode":
            return [(SwitchMode(until=now + day, ordinary="pause", reason="x"), "desk-1")]
        case "end-mode":
            return [(EndMode(reason="x"), "desk-2")]
        case "split":
            return [(SplitCase(case, leads=("org:gas", "org:police"), reason="x"), "desk-1")]
        case "join":
            return [(JoinPart(case, reason="x"), "desk-1")]
        case "correct":
            return [(Correct(case, kind=kind, reason="x"), "desk-1") for kind in ("clutter", "gas.smell")]
        case "link":
            return [(LinkDuplicate(case, of="first"), "desk-1")]
        case "unlink":
            return [(UnlinkDuplicate(case, reason="x"), "desk-1")]
        case "hand":
            return [(HandOver(case, authority="police", reason="x"), by) for by in LEADS]
        case "receipt":
            return [(ConfirmReceipt(case, receipt="17"), "police-1")]
        case "outcome":
            return [(RecordOutcome(case, taken_up=len(id_) % 2 == 0, result="x"), "police-1")]
        case "agreed":
            return [(report(agreed_due_at=now + dt.timedelta(hours=30)), RESIDENT)]
        case "reopen":
            done = [(Check(case, passed=True), "head-9"), (Answer(case), "desk-2")]
            return [*done, (Reopen(case, reason="x"), RESIDENT)]
        case _:
            return [(report(what), RESIDENT)]


def told(store):
    return [(r.name, r.stream, r.occurred_at, r.by, r.body) for r in every_record(store)]


def stands_for_ever(state):
    """Say whether a clock stands still with nothing that will ever end it."""
    deadline = state.file.deadline
    return deadline.stands_since is not None and deadline.resumes_at is None and type(state).__name__ != "Held"


@LAWS
@given(moves, st.integers(1, 5))
def test_one_tick_over_a_long_gap_leads_to_the_same_as_many_small_ones(found, hours):
    """一次长间隔的 tick 等于多次短间隔的 tick, apart from when it was recorded."""
    often, seldom = Street(), Street()
    assert play(often, found, dt.timedelta(hours=hours)) == play(seldom, found, dt.timedelta(days=9))
    for each in (often, seldom):
        each.pass_time(days=40)
    by_stream = lambda store: sorted(told(store), key=lambda row: row[1])  # noqa: E731
    assert by_stream(often.store) == by_stream(seldom.store)


@LAWS
@given(moves)
def test_after_a_tick_nothing_that_should_have_moved_has_not_and_a_second_one_does_nothing(found):
    """tick 之后，该动的都已动；再 tick 一次不再变化."""
    street = Street()
    cases = play(street, found, dt.timedelta(days=9))
    street.pass_time(days=3)
    position = street.office.position
    assert street.office.tick(street.clock.now).done == 0
    assert street.office.position == position
    for case in cases:
        state = street.case(case)
        assert not stands_for_ever(state) or not is_open(state)
        if not is_open(state) or type(state).__name__ in ("Resolved", "Checked", "Answered", "Held"):
            continue
        deadline = state.deadline
        if deadline.stands_since is None and deadline.due_at <= street.clock.now:
            # Overdue: the red warning went out, the first rung was climbed, and each later one in its time;
            # or what comes next lies ahead, because nobody could be pressed before.
            step = deadline.step
            ahead = step is not None and step.at > street.clock.now
            assert state.file.warned or ahead
            assert state.file.rung >= expected_rungs(street, state) or ahead
            assert step is not None or state.file.rung == len(street.setup.ladders[deadline.ladder].rungs)
    assert street.office.faults == ()
    again = Street(store=street.store)
    again.clock.now = street.clock.now
    assert [again.case(case) for case in cases] == [street.case(case) for case in cases]
    assert again.office.ask(Board(), by="desk-1") == street.office.ask(Board(), by="desk-1")
    for share in shares(again).values():
        assert 0 <= share[0] <= share[1]


def expected_rungs(street, state):
    ladder = street.setup.ladders[state.deadline.ladder]
    at, count = state.deadline.due_at, 0
    for rung in ladder.rungs:
        if at > street.clock.now:
            break
        count += 1
        if rung.after is None:
            break
        from gridgov.worktime import due

        at = due(rung.after, at, street.setup.calendar, pauses=state.deadline.pauses).at
    return count


def test_a_case_that_nobody_took_climbs_to_the_top_and_no_rung_is_left_out(street):
    """未派出的也会升级: unassigned ones too, oldest first."""
    street.do(report("odd"), RESIDENT, id="a")
    street.do(report("noise"), RESIDENT, id="b")
    street.office.tick(NOON + dt.timedelta(days=30))
    street.clock.now = NOON + dt.timedelta(days=30)
    assert street.names("a")[2:] == ["case-warned", "case-warned", "case-escalated"]
    rungs = [r for r in every_record(street.store) if r.name == "case-escalated"]
    assert [record.occurred_at for record in rungs] == sorted(record.occurred_at for record in rungs)
    assert street.case("b").lead.holder == "desk"


# --- who is told --------------------------------------------------------------------------------


def notices(tmp_path, setup=None, **more):
    base = setup or small_setup()
    told_of = [
        ("case-warned", "lead"),
        ("case-escalated", "supervisor"),
        ("case-answered", "followers"),
        ("case-answered", "reporter"),
        ("case-urged", "lead"),
        ("case-supervised", "supervisor"),
        ("case-dispatched", "informed"),
    ]
    subscriptions = tuple(Subscription(event=event, audience=who, channel="file") for event, who in told_of)
    path = tmp_path / "notices.jsonl"
    channel = FileChannel(path)
    street = Street(attrs.evolve(base, subscriptions=subscriptions), channels=[channel], **more)

    def read():
        import json

        street.office.deliver(street.clock.now)
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [(row["to"], row["text"]) for row in map(json.loads, lines)]

    return street, read


def test_rungs_that_are_passed_in_one_go_send_one_notice(tmp_path):
    """连升数级只发一条通知."""
    street, read = notices(tmp_path)
    street.do(report(), RESIDENT, id="a")
    street.pass_time(days=30)
    texts = [text for _, text in read() if "逾期" in text]
    assert len(texts) == 1
    assert "street desk" in texts[0] or "街道值守" in texts[0]
    warnings = [text for _, text in read() if "预警" in text]
    assert [text[:2] for text in warnings] == ["红牌"]


def test_rungs_that_are_passed_one_by_one_send_one_notice_each(tmp_path):
    street, read = notices(tmp_path)
    street.do(report(), RESIDENT, id="a")
    for _ in range(60):
        street.pass_time(hours=1)
    assert len([text for _, text in read() if "逾期" in text]) == 2
    assert [text[:2] for _, text in read() if "预警" in text] == ["黄牌", "红牌"]


def test_followers_and_those_who_reported_the_same_are_told_of_the_answer(tmp_path):
    street, read = notices(tmp_path)
    street.do(report(), RESIDENT, id="a")
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="b")
    street.do(LinkDuplicate("b", of="a"))
    street.do(Follow("a"), "resident:00003")
    street.close()
    assert {to for to, text in read() if "反馈" in text} == {RESIDENT, NEIGHBOR, "resident:00003"}


def test_a_confidential_reporter_is_named_to_the_desk_alone(tmp_path):
    street, read = notices(tmp_path)
    street.do(report(hotline_kind="tip-off", contact="13800000000"), RESIDENT, id="a")
    street.do(Urge("a"), RESIDENT)
    told_lead = [text for to, text in read() if to == "lead-81"]
    assert told_lead == ["上报人 催办"]
    assert all(RESIDENT not in text for text in told_lead)
    seen = street.office.ask(CaseView("a"), by="lead-81").file
    assert (seen.reporter, seen.opened_by, seen.contact) == ("withheld", "withheld", None)
    lines = street.office.ask(Timeline("a"), by="lead-81")
    assert RESIDENT not in str(lines)
    assert lines[0].text.startswith("上报人")
    assert street.case().file.reporter == RESIDENT
    assert street.office.ask(CaseView("a"), by=RESIDENT).file.reporter == RESIDENT
    assert RESIDENT not in str(street.office.ask(Search(), by="lead-81"))
    assert RESIDENT not in str(street.office.ask(WorkList(of="lead-81"), by="lead-81"))


def test_who_is_named_to_supervise_and_who_is_informed_are_told(tmp_path):
    street, read = notices(tmp_path)
    street.do(report("odd"), RESIDENT, id="a")
    street.do(Dispatch("a", lead="org:gas", informed=("org:police",)))
    street.do(Supervise("a", supervisor="head-8", reason="x"))
    told_to = [to for to, _ in read()]
    assert "police" in told_to
    assert "head-8" in told_to


# --- peacetime and emergency --------------------------------------------------------------------


def flood_setup():
    """A street with a rule for emergencies: gas cases have one hour and a ladder straight to the street."""
    setup = small_setup()
    cells = tuple(
        cell
        for cell in (parse_cell(FACTS["kind"], "noise"), parse_cell(FACTS["mode"], "emergency"))
        if cell is not None
    )
    rule = Rule(
        id="flood-noise",
        band="emergency",
        cells=cells,
        then=Then(lead="org:police", limit=parse_limit("1紧急工作时"), ladder="street"),
    )
    table = setup.rulebooks.entries[0].value.rules
    return attrs.evolve(setup, rulebooks=Dates.always(Rulebook(Table.build([rule, *table.rules]))))


def test_an_emergency_has_its_own_rules_pauses_ordinary_clocks_and_ends_cleanly():
    """平急转换: other limits, ladders and teams while it lasts; going back is as clean as going in."""
    street = Street(flood_setup())
    street.do(report(), RESIDENT, id="a")
    due_at = street.case().deadline.due_at
    street.do(SwitchMode(until=NOON + 48 * HOUR, ordinary="pause", reason="暴雨"), id="flood", hours=1)
    mode = street.office.ask(ModeView(), by=RESIDENT)
    assert (mode.name, mode.by, mode.since) == ("emergency", "desk-1", NOON + HOUR)
    assert street.case().deadline.stands_since == NOON + HOUR
    street.do(report(), RESIDENT, id="b")
    assert (street.case("b").lead.holder, street.case("b").deadline.ladder) == ("police", "street")
    assert street.case("b").deadline.stands_since is None
    street.do(report("clutter"), RESIDENT, id="c")  # ordinary: its clock waits from the beginning
    assert street.case("c").deadline.stands_since == street.clock.now
    street.do(report("gas.smell"), RESIDENT, id="d")  # safety does not wait
    assert street.case("d").deadline.stands_since is None
    street.pass_time(hours=60)  # it ends by itself
    assert street.office.ask(ModeView(), by=RESIDENT).name == "peacetime"
    after = street.case().deadline
    # Paused from Tuesday 13:00 to Thursday 12:00: of the working day, nothing had run at 13:00.
    assert after.stands_since is None
    assert after.due_at == due_at + dt.timedelta(days=2)
    assert street.names("a")[2:4] == ["case-clock-paused", "case-clock-resumed"]
    street.do(report(), RESIDENT, id="e")
    assert street.case("e").lead.holder == "lead-81"


def test_an_emergency_that_lets_ordinary_clocks_run_touches_no_case():
    street = Street(flood_setup())
    street.do(report(), RESIDENT, id="a")
    before = street.case()
    street.do(SwitchMode(until=NOON + 48 * HOUR, reason="演练"))
    street.do(EndMode(reason="演练结束"), "desk-2", hours=1)
    assert street.case() == before


def test_a_held_case_stays_held_through_an_emergency_and_waits_for_its_end():
    street = Street(flood_setup())
    street.do(report(), RESIDENT, id="a")
    street.do(AskHold("a", until=NOON + 24 * HOUR, reason="x"), "lead-81")
    street.do(DecideRequest("a", granted=True), "head-8")
    street.do(SwitchMode(until=NOON + 72 * HOUR, ordinary="pause", reason="x"), hours=1)
    street.pass_time(hours=30)  # the hold is over, the emergency is not
    state = street.case()
    assert (type(state).__name__, state.deadline.stands_since) == ("Dispatched", NOON + 24 * HOUR)
    street.pass_time(hours=50)
    after = street.case().deadline
    assert after.stands_since is None
    assert after.pauses[-1].end == NOON + 72 * HOUR
    # From Tuesday noon to Friday noon nothing ran.
    assert after.due_at == NOON + dt.timedelta(days=6)  # over the weekend to Monday noon


def test_a_crash_between_the_switch_and_its_cases_is_made_good_by_the_next_opening():
    """The reaction follows the store: what a crash cut off is done when the office is opened again."""
    store = MemoryStore()
    street = Street(flood_setup(), store)
    for number in range(3):
        street.do(report(), RESIDENT, id=f"a{number}")
    street.office._react = lambda: None  # the process dies right after the commit
    street.do(SwitchMode(until=NOON + 48 * HOUR, ordinary="pause", reason="x"), hours=1)
    assert street.case("a0").deadline.stands_since is None
    again = Street(flood_setup(), store)
    again.clock.now = street.clock.now + HOUR
    assert [again.case(f"a{n}").deadline.stands_since for n in range(3)] == [NOON + HOUR] * 3
    position = again.office.position
    third = Street(flood_setup(), store)
    assert third.office.position == position


@pytest.mark.parametrize(
    ("command", "by", "code"),
    [
        (SwitchMode(until=NOON + HOUR, reason="x"), RESIDENT, "mode.switched-by-a-person"),
        (SwitchMode(until=NOON - HOUR, reason="x"), "desk-1", "mode.no-end"),
        (SwitchMode(until=NOON + HOUR, ordinary="stop", reason="x"), "desk-1", "mode.bad-clocks"),
        (SwitchMode(until=NOON + HOUR), "desk-1", "case.no-reason"),
        (EndMode(reason="x"), "desk-1", "mode.peacetime-already"),
    ],
)
def test_the_mode_is_switched_by_a_person_with_an_end_and_a_reason(street, command, by, code):
    with pytest.raises(RefusalError) as refused:
        street.do(command, by)
    assert refused.value.code == code


def test_an_emergency_is_not_switched_on_twice_and_is_ended_by_a_person_who_says_why(street):
    street.do(SwitchMode(until=NOON + HOUR, reason="x"))
    for command, by, code in (
        (SwitchMode(until=NOON + HOUR, reason="x"), "desk-1", "mode.emergency-already"),
        (EndMode(), "desk-1", "case.no-reason"),
        (EndMode(reason="x"), RESIDENT, "mode.switched-by-a-person"),
    ):
        with pytest.raises(RefusalError) as refused:
            street.do(command, by)
        assert refused.value.code == code


# --- the notice about holidays comes ------------------------------------------------------------


def test_a_provisional_deadline_is_worked_out_again_when_the_notice_comes():
    """节假日安排公布后，暂定期限重新计算."""
    setup = attrs.evolve(small_setup(), calendar=Calendar(known_through=dt.date(2026, 9, 1), notice="2025"))
    street = Street(setup)
    street.do(report(), RESIDENT, id="a")
    street.do(report("gas.smell"), RESIDENT, id="b")
    before = street.case().deadline
    assert (before.provisional, street.case("b").deadline.provisional) == (True, False)
    assert "暂定" in street.case().route.explain("zh")
    noticed = Calendar(
        known_through=dt.date(2026, 12, 24),
        holidays=frozenset({dt.date(2026, 9, 2)}),
        notice="2026, published 2026-09-01",
    )
    street.office.amend(attrs.evolve(setup, calendar=noticed), by="desk-1", reason="通知已发布")
    after = street.case().deadline
    assert (after.provisional, after.notice) == (False, "2026, published 2026-09-01")
    assert after.due_at == before.due_at + dt.timedelta(days=1)
    assert after.step.at > before.step.at
    assert street.names("a")[-1] == "case-deadline-reviewed"
    assert "case-deadline-reviewed" not in street.names("b")


def test_a_provisional_deadline_that_comes_out_the_same_loses_its_mark_without_a_word_to_anybody():
    setup = attrs.evolve(small_setup(), calendar=Calendar(known_through=dt.date(2026, 9, 1)))
    street = Street(setup)
    street.do(report(), RESIDENT, id="a")
    due_at = street.case().deadline.due_at
    street.office.amend(
        attrs.evolve(setup, calendar=Calendar(known_through=dt.date(2026, 12, 24))), by="desk-1", reason="x"
    )
    assert (street.case().deadline.due_at, street.case().deadline.provisional) == (due_at, False)


# --- figures ------------------------------------------------------------------------------------


def shares(street, **more):
    answer = street.office.ask(Rates(months=("2026-09",), **more), by="desk-1")
    return {
        name: (share.part, share.whole)
        for name, share in attrs.asdict(answer, recurse=False).items()
        if name != "excused"
    }


def test_the_official_rates_count_what_was_due_and_what_became_of_it(street):
    """结案率 = 结案 / 应结案; 按期结案率 = 按期结案 / 应结案."""
    for name in ("a", "b", "c", "d"):
        street.do(report(), RESIDENT, id=name)
    street.do(Acknowledge("a"), "lead-81")
    street.close("a")  # in time
    street.pass_time(days=4)
    street.close("b", lead="desk-1")  # late; the ladder took it over to the desk
    # "c" and "d" are due and open.
    assert shares(street) == {
        "closing": (2, 4),
        "punctual": (1, 4),
        "response": (1, 4),
        "solution": (0, 0),
        "satisfaction": (0, 0),
    }
    assert shares(street, on="150203005008")["closing"] == (2, 4)
    assert shares(street, on="150203005009")["closing"] == (0, 0)
    assert shares(street, holder="lead-81")["closing"] == (1, 1)
    assert street.office.ask(Rates(months=("2026-08",)), by="desk-1").closing.percent is None


def test_an_appeal_takes_a_late_case_out_of_the_rate_and_leaves_it_in_the_record(street):
    """超期申诉: leaves the fact, leaves the statistics if granted."""
    street.do(report(), RESIDENT, id="a")
    street.do(report(), RESIDENT, id="b")
    street.close("b")
    street.pass_time(days=4)
    street.close("a", lead="desk-1")
    assert shares(street)["punctual"] == (1, 2)
    street.do(RaiseObjection("a", against="lateness", reason="停电"), "desk-1")
    with pytest.raises(RefusalError) as refused:
        street.do(DecideObjection("a", upheld=True, reason="x"), "desk-2")
    assert refused.value.code == "objection.decided-by-a-person"
    street.do(DecideObjection("a", upheld=True, reason="属实"), "head-9")
    assert shares(street)["punctual"] == (1, 1)
    assert street.office.ask(Rates(months=("2026-09",)), by="desk-1").excused == 1
    assert (street.case().in_time, street.case().file.excused) == (False, True)
    with pytest.raises(RefusalError) as refused:
        street.do(RaiseObjection("a", against="lateness", reason="x"), "desk-1")
    assert refused.value.code == "objection.not-late"


def test_a_reopened_case_leaves_the_rate_and_comes_back_when_it_is_closed_again(street):
    street.do(report(), RESIDENT, id="a")
    street.close("a")
    street.do(Reopen("a", reason="x"), RESIDENT)
    assert shares(street)["closing"] == (0, 0)  # due again on Wednesday, which has not come
    street.close("a")
    assert shares(street)["closing"] == (1, 1)


def test_parts_are_not_counted_beside_the_whole(street):
    street.do(report(), RESIDENT, id="a")
    street.do(SplitCase("a", leads=("org:gas", "org:police"), reason="x"), id="s")
    for part, by in (("s.1", "gas-1"), ("s.2", "police-1")):
        street.do(Resolve(part), by)
        street.do(Check(part, passed=True), "desk-1")
    street.close("a")
    assert shares(street)["closing"] == (1, 1)
    board = street.office.ask(Board(), by="desk-1")
    assert (board.opened, board.closed, board.open) == (1, 1, 0)
    assert (board.counts["part-opened"], board.counts["part-closed"]) == (2, 2)


def test_the_hotline_rates_come_from_calls_and_ratings(street):
    """解决率, 满意率."""
    for name in ("a", "b", "c"):
        street.do(report(), RESIDENT, id=name)
        street.close(name)
    street.do(FollowUp("a", reached=True, solved=True, satisfied=True))
    street.do(FollowUp("b", reached=True, solved=False, satisfied=False))
    street.do(FollowUp("c", reached=False))
    street.do(Rate("c", score=4), RESIDENT)
    found = shares(street)
    assert (found["solution"], found["satisfaction"]) == ((1, 2), (2, 3))
    for command, by, code in (
        (FollowUp("a", reached=True), "desk-1", "case.called-already"),
        (FollowUp("c", reached=False, solved=True), "desk-1", "case.not-reached"),
        (FollowUp("c", reached=True), "lead-81", "case.handler-calls"),
    ):
        with pytest.raises(RefusalError) as refused:
            street.do(command, by)
        assert refused.value.code == code


def test_a_board_of_a_place_or_a_department_counts_only_theirs(street):
    street.do(report(), RESIDENT, id="a")
    street.do(report(place=OTHER), RESIDENT, id="b")
    street.do(report("gas.smell", place=OTHER), RESIDENT, id="c")
    street.close("c", lead="gas-1")
    board = street.office.ask(Board(on="150203005009"), by="desk-1")
    assert (board.opened, board.open, board.closed) == (2, 1, 1)
    assert [row.holder for row in board.rows] == ["lead-91"]
    gas = street.office.ask(Board(department="gas"), by="gas")
    assert (gas.closed, gas.open, [row.closed for row in gas.rows]) == (1, 0, [1])
    with pytest.raises(NotFoundError):
        street.office.ask(Board(on="ghost"), by="desk-1")


def test_a_work_list_has_what_is_due_first_and_what_stands_still_last(street):
    street.do(report("noise"), RESIDENT, id="a")
    street.do(report("question"), RESIDENT, id="b")
    street.do(AskHold("b", until=NOON + 24 * HOUR, reason="x"), "lead-81")
    street.do(DecideRequest("b", granted=True), "head-8")
    street.do(report("clutter", agreed_due_at=NOON + HOUR), RESIDENT, id="c")
    rows = street.office.ask(WorkList(of="lead-81"), by="lead-81")
    assert [(row.case, row.paused) for row in rows] == [("c", False), ("a", False), ("b", True)]


# --- finding ------------------------------------------------------------------------------------


def test_a_search_gives_pages_and_finds_what_has_ended_too(street):
    for number in range(7):
        street.do(report("noise" if number % 2 else "gas.smell"), RESIDENT, id=f"c{number}")
    street.close("c1")
    first = street.office.ask(Search(limit=3), by="desk-1")
    second = street.office.ask(Search(limit=3, after=first.next), by="desk-1")
    third = street.office.ask(Search(limit=3, after=second.next), by="desk-1")
    assert [row.case for page in (first, second, third) for row in page.found] == [f"c{n}" for n in range(7)]
    assert third.next is None
    ask = lambda **more: [row.case for row in street.office.ask(Search(**more), by="desk-1").found]  # noqa: E731
    assert ask(states=("closed",)) == ["c1"]
    assert ask(kind="gas") == ["c0", "c2", "c4", "c6"]
    assert ask(holder="lead-81", states=("dispatched",)) == ["c3", "c5"]
    assert ask(within="150203005009") == []
    assert ask(opened_from=NOON + HOUR) == []
    assert ask(opened_until=NOON) == []
    street.pass_time(days=9)
    assert len(ask(overdue=True)) == 6
    with pytest.raises(ValueError, match="1 to 500"):
        street.office.ask(Search(limit=501), by="desk-1")


def test_other_reports_of_one_kind_near_in_space_and_time_are_suggested(street):
    street.do(report(), RESIDENT, id="a")
    street.do(report(reporter=NEIGHBOR), NEIGHBOR, id="near")
    street.do(report(place=OTHER), NEIGHBOR, id="elsewhere")
    street.do(report("question"), NEIGHBOR, id="other-kind")
    street.do(report(), NEIGHBOR, id="later", days=8)
    found = street.office.ask(Duplicates("a"), by="desk-1")
    assert [(each.case, each.score, each.meters, each.hours) for each in found] == [("near", 100, 0, 0)]
    assert found[0].why.zh == "同类，相距 0 米，相隔 0 小时"


def test_results_are_published_without_anything_about_a_person(street):
    street.do(report(text="三楼王家"), RESIDENT, id="a")
    street.close("a")
    for command, by, code in ((PublishResult("a"), "lead-81", "case.not-the-desk"),):
        with pytest.raises(RefusalError) as refused:
            street.do(command, by)
        assert refused.value.code == code
    street.do(PublishResult("a", text="噪音已消除"))
    with pytest.raises(RefusalError) as refused:
        street.do(PublishResult("a"))
    assert refused.value.code == "case.published-already"
    lines = street.office.ask(PublishedResults("2026-09"), by="resident:00009")
    assert [(line.kind, line.place, line.in_time) for line in lines] == [("noise", "150203005008001", True)]
    assert RESIDENT not in str(lines)
    assert "三楼" not in str(lines)
    assert street.office.ask(PublishedResults("2026-08"), by=RESIDENT) == ()


def test_the_story_of_a_case_is_told_in_both_languages_with_every_event_named(street):
    street.do(report(), RESIDENT, id="a")
    street.pass_time(days=3)
    for language in ("zh", "en"):
        lines = street.office.ask(Timeline("a", language), by="desk-1")
        assert all(line.text and "{" not in line.text for line in lines)
    assert "Red warning" in lines[3].text


def test_another_process_that_reads_the_store_comes_to_the_same(street):
    street.do(report(), RESIDENT, id="a")
    street.do(SplitCase("a", leads=("org:gas", "org:police"), reason="x"), id="s")
    street.pass_time(days=2)
    from gridgov.documents import Codec

    memory = Memory(street.store, Codec(), "150203005")
    memory.follow()
    assert {tag: subject for tag, subject in memory.live.items() if tag.startswith("case:")} == {
        f"case:{name}": street.case(name) for name in ("a", "s.1", "s.2")
    }


def test_a_supervisor_by_name_stands_at_the_top_of_the_ladder():
    """第一责任人: the ladder ends with a person by name."""
    setup = small_setup()
    from gridgov.escalation import Ladder, Rung
    from gridgov.staffing import Posting, Role

    roster = setup.roster
    first = Role(id="first", zh="第一责任人", en="first responsible person", level="street")
    roster = Roster.build(
        territory=setup.territory,
        roles=[*roster.roles.values(), first],
        organizations=list(roster.organizations.values()),
        persons=[*roster.persons.values(), Person(id="secretary")],
        postings=[
            *roster.postings,
            Posting(id="p", holder="secretary", role="first", place="150203005", from_on=dt.date(2026, 1, 1)),
        ],
    )
    ladders = {**setup.ladders, "grid": Ladder(id="grid", rungs=(Rung(id="top", target="role:first"),))}
    street = Street(attrs.evolve(setup, roster=roster, ladders=ladders))
    street.do(report(), RESIDENT, id="a")
    street.pass_time(days=3)
    assert street.case().file.supervisor.holder == "secretary"
    assert street.case().lead.holder == "lead-81"
