"""Ladders and deadlines on their own: laws of the clock that presses."""

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.escalation import (
    Ladder,
    Rung,
    Step,
    check_ladders,
    climbed_early,
    next_step,
    paused_deadline,
    start_deadline,
)
from gridgov.worktime import Calendar, parse_limit

CALENDAR = Calendar(zone="Asia/Shanghai")
START = dt.datetime(2026, 9, 1, 0, 0, tzinfo=dt.UTC)  # Tuesday, 8 o'clock in China
LADDER = Ladder(
    id="l",
    rungs=(
        Rung(id="one", target="desk", after=parse_limit("2紧急工作时")),
        Rung(id="two", target="desk", after=parse_limit("3紧急工作时")),
        Rung(id="top", target="desk"),
    ),
    warn_percent=50,
)
HOUR = dt.timedelta(hours=1)


def climb(deadline, ladder=LADDER):
    """Walk the whole ladder."""
    step, found = deadline.step, []
    while step is not None:
        found.append((step.kind, step.rung, step.at))
        step = next_step(ladder, step, deadline, CALENDAR)
    return found


def test_a_deadline_warns_at_its_share_and_climbs_each_rung_when_the_one_before_has_had_its_time():
    deadline = start_deadline(START, CALENDAR, LADDER, limit=parse_limit("4紧急工作时"))
    assert climb(deadline) == [
        ("warn", 0, START + 2 * HOUR),
        ("red", 0, START + 4 * HOUR),
        ("climb", 0, START + 4 * HOUR),
        ("climb", 1, START + 6 * HOUR),
        ("climb", 2, START + 9 * HOUR),
    ]


def test_a_warning_by_working_time_falls_into_working_time():
    deadline = start_deadline(START, CALENDAR, LADDER, limit=parse_limit("2工作日"))
    assert deadline.step.at == START + 10 * HOUR  # eight working hours: Tuesday at 18:00


def test_no_ladder_or_no_warning_or_no_time_left_mean_what_they_say():
    limit = parse_limit("4紧急工作时")
    assert start_deadline(START, CALENDAR, None, limit=limit).step is None
    silent = Ladder(id="s", rungs=LADDER.rungs, warn_percent=0)
    assert start_deadline(START, CALENDAR, silent, limit=limit).step.kind == "red"
    past = start_deadline(START, CALENDAR, LADDER, agreed_at=START - HOUR)
    assert (past.step.kind, past.step.at) == ("red", START - HOUR)
    with pytest.raises(ValueError, match="limit or an agreed date"):
        start_deadline(START, CALENDAR, LADDER)


def test_an_agreed_date_is_warned_of_at_the_same_share_of_the_way():
    agreed = start_deadline(START, CALENDAR, LADDER, agreed_at=START + 10 * HOUR)
    assert (agreed.limit, agreed.step.at) == (None, START + 5 * HOUR)


def test_asking_for_help_early_keeps_the_warning_and_the_deadline():
    deadline = start_deadline(START, CALENDAR, LADDER, limit=parse_limit("4紧急工作时"))
    assert climbed_early(LADDER, deadline, 0) == deadline.step
    red = next_step(LADDER, deadline.step, deadline, CALENDAR, rung=1)
    assert red == Step(kind="red", at=deadline.due_at)
    assert next_step(LADDER, red, deadline, CALENDAR, rung=1) == Step(kind="climb", at=deadline.due_at, rung=1)


@given(st.integers(0, 200), st.integers(0, 3000))
def test_a_pause_moves_the_deadline_by_the_running_time_that_it_took(begin, length):
    """核查期间不计时: an around-the-clock deadline moves by exactly the pause, if it was not over before."""
    deadline = start_deadline(START, CALENDAR, LADDER, limit=parse_limit("4紧急工作时"))
    pause_start = START + begin * dt.timedelta(minutes=1)
    pause_end = pause_start + length * dt.timedelta(minutes=1)
    moved = paused_deadline(deadline, LADDER, CALENDAR, start=pause_start, end=pause_end)
    assert moved.due_at == deadline.due_at + (pause_end - pause_start)
    assert moved.step.at >= pause_end or length == 0
    assert moved.step.kind == "warn"


def test_a_pause_after_the_deadline_moves_nothing_but_what_was_still_to_come():
    deadline = start_deadline(START, CALENDAR, LADDER, limit=parse_limit("4紧急工作时"))
    moved = paused_deadline(deadline, LADDER, CALENDAR, start=START + 5 * HOUR, end=START + 7 * HOUR)
    assert moved.due_at == deadline.due_at
    assert moved.step.at == START + 7 * HOUR


def test_a_rung_that_had_time_left_when_the_pause_began_has_it_when_it_ends():
    deadline = start_deadline(START, CALENDAR, LADDER, limit=parse_limit("4紧急工作时"))
    on_rung = attrs.evolve(deadline, step=Step(kind="climb", at=START + 6 * HOUR, rung=1))
    moved = paused_deadline(on_rung, LADDER, CALENDAR, start=START + 5 * HOUR, end=START + 40 * HOUR)
    assert moved.step == Step(kind="climb", at=START + 41 * HOUR, rung=1)


def test_an_agreed_date_stays_whatever_is_checked_meanwhile():
    agreed = start_deadline(START, CALENDAR, LADDER, agreed_at=START + 10 * HOUR)
    moved = paused_deadline(agreed, LADDER, CALENDAR, start=START + HOUR, end=START + 8 * HOUR)
    assert (moved.due_at, moved.step.at) == (agreed.due_at, START + 8 * HOUR)


@pytest.mark.parametrize(
    ("ladder", "code"),
    [
        (Ladder(id="a", rungs=()), "escalation.no-rung"),
        (Ladder(id="a", rungs=(Rung(id="x", target="desk"), Rung(id="y", target="desk"))), "escalation.no-time"),
        (Ladder(id="a", rungs=(Rung(id="x", target="role:ghost"),)), "escalation.unknown-target"),
        (Ladder(id="a", rungs=(Rung(id="x", target="org:ghost"),)), "escalation.unknown-target"),
        (Ladder(id="a", rungs=(Rung(id="x", target="desk"),), warn_percent=100), "escalation.bad-warning"),
        (Ladder(id="a", rungs=(Rung(id="x", target="desk"),), warn_percent=-1), "escalation.bad-warning"),
    ],
)
def test_each_mistake_of_a_ladder_is_found(ladder, code):
    assert [finding.code for finding in check_ladders([ladder], {"lead": 1}, {"gas": 1})] == [code]


def test_a_sound_ladder_has_no_finding_and_two_of_one_name_have():
    good = Ladder(
        id="a", rungs=(Rung(id="x", target="role:lead", after=parse_limit("1工作日")), Rung(id="y", target="org:gas"))
    )
    assert list(check_ladders([good], {"lead": 1}, {"gas": 1})) == []
    assert [f.code for f in check_ladders([good, good], {"lead": 1}, {"gas": 1})] == ["escalation.id-twice"]


def test_two_pauses_both_give_their_time_back_and_a_move_into_unknown_days_is_provisional():
    short = Calendar(zone="Asia/Shanghai", known_through=dt.date(2026, 9, 2))
    deadline = start_deadline(START, short, LADDER, limit=parse_limit("2工作日"))
    assert not deadline.provisional
    once = paused_deadline(deadline, LADDER, short, start=START, end=START + 2 * HOUR)
    twice = paused_deadline(once, LADDER, short, start=START + 2 * HOUR, end=START + 4 * HOUR)
    # Four working hours given back: Thursday, which no notice has settled.
    assert twice.due_at == dt.datetime(2026, 9, 3, 4, tzinfo=dt.UTC)
    assert (once.provisional, twice.provisional) == (True, True)
