"""Cases and the clock, measured: deadlines beside their peers, whole lives, ticks, a state step.

Peers are timed on the same starts and limits in the same process, one after the other, three rounds,
the median kept. Wrong answers are counted against a minute-by-minute oracle that is made from the
published days alone and shares no code with the clock.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar

from gridgov import open_office
from gridgov.cases import (
    CASES,
    Acknowledge,
    Answer,
    Check,
    Close,
    Dispatch,
    OpenCase,
    Resolve,
)
from gridgov.setup import Setup
from gridgov.store import MemoryStore
from gridgov.testing import NOON, SimulatedClock, small_setup
from gridgov.worktime import Calendar, Limit, LimitKind, due
from gridgov_days_cn import published_days

CHINA = ZoneInfo("Asia/Shanghai")
YEAR = 2026
HOUSE, LEAD = "150203005008-B001", "lead-81"
Row = dict[str, object]


def rounds(run: Callable[[], object], count: int, times: int = 5) -> float:
    """Give the median seconds of one of *count* calls."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        found.append((time.perf_counter() - began) / count)
    return statistics.median(found)


# --- deadlines ----------------------------------------------------------------------------------


def asked(count: int) -> list[tuple[tuple[int, int, int, int, int], int]]:
    """Give random starts from January to October, and limits of 1 to 40 working hours."""
    chance = random.Random(4)
    return [
        (
            (YEAR, chance.randint(1, 10), chance.randint(1, 28), chance.randint(0, 23), chance.randint(0, 59)),
            chance.randint(1, 40),
        )
        for _ in range(count)
    ]


def oracle() -> Callable[[dt.datetime, int], dt.datetime]:
    """Count minutes: works in 08-12 and 14-18 of the days that the notices call working."""
    first = dt.datetime(YEAR, 1, 1, tzinfo=CHINA)
    runs = bytearray()
    for day in range(365):
        works = chinese_calendar.is_workday(first.date() + dt.timedelta(days=day))
        runs += bytes(works and (480 <= m < 720 or 840 <= m < 1080) for m in range(1440))

    def answer(start: dt.datetime, hours: int) -> dt.datetime:
        minute = int((start - first).total_seconds()) // 60
        left = hours * 60
        while left:
            left -= runs[minute]
            minute += 1
        return first + dt.timedelta(minutes=minute)

    return answer


def peers() -> dict[str, Callable[[dt.datetime, int], dt.datetime]]:
    """Set both peers up as well as they can be: sessions and holidays, everything built before; neither knows moved days."""
    import businesstimedelta
    import pandas as pd
    import pytz

    zone = pytz.timezone("Asia/Shanghai")
    weekdays = [0, 1, 2, 3, 4]

    days = published_days()
    holidays = {day: "rest" for day in days.holidays if day.year == YEAR}
    # It walks day by day to the next holiday, and breaks where it finds none.
    holidays[dt.date(YEAR + 1, 1, 1)] = "rest"
    rules = businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(dt.time(8), dt.time(12), working_days=weekdays, tz=zone),
            businesstimedelta.WorkDayRule(dt.time(14), dt.time(18), working_days=weekdays, tz=zone),
            businesstimedelta.HolidayRule(holidays, tz=zone),
        ]
    )
    hours = pd.offsets.CustomBusinessHour

    deltas = {count: businesstimedelta.BusinessTimeDelta(rules, hours=count) for count in range(1, 41)}
    ends = {"start": ["08:00", "14:00"], "end": ["12:00", "18:00"], "holidays": sorted(holidays)}
    offsets = {count: hours(n=count, **ends) for count in range(1, 41)}

    def by_businesstimedelta(start: dt.datetime, count: int) -> dt.datetime:
        found: dt.datetime = start + deltas[count]
        return found

    def by_pandas(start: dt.datetime, count: int) -> dt.datetime:
        found: dt.datetime = (pd.Timestamp(start) + offsets[count]).to_pydatetime()
        return found

    return {"businesstimedelta": by_businesstimedelta, "pandas": by_pandas}


def deadlines() -> tuple[dict[str, Row], dict[str, object]]:
    calendar = Calendar(days="cn").with_days(published_days())
    questions = asked(10_000)
    limits = [(parts, Limit(hours, LimitKind.WORKING_HOURS)) for parts, hours in questions]
    due(limits[0][1], dt.datetime(YEAR, 1, 1, tzinfo=CHINA), calendar)

    def bare() -> None:
        for (year, month, day, hour, minute), hours in questions:
            dt.datetime(year, month, day, hour, minute, tzinfo=CHINA) + dt.timedelta(hours=hours)

    def ours() -> None:
        for (year, month, day, hour, minute), limit in limits:
            due(limit, dt.datetime(year, month, day, hour, minute, tzinfo=CHINA), calendar)

    pairs = [(rounds(bare, 10_000, 1), rounds(ours, 10_000, 1)) for _ in range(9)]
    bare_seconds, our_seconds = (statistics.median(each) for each in zip(*pairs, strict=True))
    truth = oracle()
    starts = [(dt.datetime(*parts, tzinfo=CHINA), hours) for parts, hours in questions]
    wrong = 0
    for (start, hours), (_, limit) in zip(starts, limits, strict=True):
        found = due(limit, start, calendar)
        wrong += found is None or found.at != truth(start, hours)
    rows: dict[str, Row] = {
        "cases.deadline-over-timedelta": {
            "value": our_seconds / bare_seconds,
            "peer": bare_seconds * 1e6,
            "ratio": our_seconds / bare_seconds,
        },
        "cases.deadline-wrong": {"value": wrong, "peer": None, "ratio": None},
    }
    # Beside the peers the starts are given, for them and for us.
    given = [(start, limit) for (start, _), (_, limit) in zip(starts, limits, strict=True)]
    alone = rounds(lambda: [due(limit, start, calendar) for start, limit in given], len(given))
    about: dict[str, object] = {"deadline µs, start built": round(our_seconds * 1e6, 2), "alone": round(alone * 1e6, 2)}
    for name, peer in peers().items():
        few = starts[:400]
        peer_seconds = rounds(lambda p=peer, f=few: [p(start, hours) for start, hours in f], len(few), 3)  # type: ignore[misc]
        their_wrong = sum(_instant(peer(start, hours)) != truth(start, hours) for start, hours in starts[:2000])
        ratio = peer_seconds / alone
        rows[f"cases.deadline-faster-than-{name}"] = {"value": ratio, "peer": peer_seconds * 1e6, "ratio": ratio}
        about[f"{name} wrong of 2000"] = their_wrong
    return rows, about


def _instant(found: dt.datetime) -> dt.datetime:
    return found if found.tzinfo is not None else found.replace(tzinfo=CHINA)


# --- whole lives --------------------------------------------------------------------------------


def life(case: str, at: dt.datetime) -> list[tuple[Any, str, str, dt.datetime]]:
    """Give the commands of one life: opened, routed, dispatched, acknowledged, resolved, checked, answered, closed."""
    minute = dt.timedelta(minutes=1)
    report = OpenCase(kind="noise", place=HOUSE, source="resident", reporter="resident:00001")
    return [
        (report, "resident:00001", case, at),
        (Dispatch(case, lead="role:area-lead"), "desk-1", f"{case}/d", at + 3 * minute),
        (Acknowledge(case), LEAD, f"{case}/a", at + 5 * minute),
        (Resolve(case), LEAD, f"{case}/r", at + 9 * minute),
        (Check(case, passed=True), "desk-1", f"{case}/k", at + 19 * minute),
        (Answer(case), "desk-1", f"{case}/n", at + 20 * minute),
        (Close(case), "desk-1", f"{case}/c", at + 29 * minute),
    ]


def decide_and_evolve(setup: Setup, count: int) -> float:
    """Play whole lives through decide and evolve alone; give lives a second."""
    lives = [life(f"c{number}", NOON + dt.timedelta(seconds=number)) for number in range(count)]
    subjects: dict[str, Any] = {}
    began = time.perf_counter()
    for commands in lives:
        for command, by, id_, at in commands:
            given = setup.given("cases", at=at, by=by, command_id=id_)
            for event in CASES.decide(command, subjects, given):
                for tag in CASES.tags(event):
                    subjects[tag] = CASES.evolve(tag, subjects.get(tag), event)
    return count / (time.perf_counter() - began)


def through_office(setup: Setup, count: int) -> float:
    """Play the same lives through an office on a store in memory, in batches; give lives a second."""
    clock = SimulatedClock(NOON + dt.timedelta(days=1))
    with open_office(setup, MemoryStore(), discover=False, clock=clock) as office:
        began = time.perf_counter()
        for start in range(0, count, 50):
            with office.batch():
                for number in range(start, min(start + 50, count)):
                    for command, by, id_, at in life(f"c{number}", NOON + dt.timedelta(seconds=number)):
                        office.handle(command, by=by, id=id_, at=at)
        return count / (time.perf_counter() - began)


# --- ticks --------------------------------------------------------------------------------------

DUE = 1000


def tick_seconds(open_count: int) -> tuple[float, float, float]:
    """Open many cases of which some are due, and others later.

    :returns: the seconds of one tick; of another one without the garbage collector; of opening one case.
    """
    setup = small_setup()
    clock = SimulatedClock(NOON)
    hour = dt.timedelta(hours=1)
    promised = {0: NOON + hour, 1: NOON + 100 * hour}
    far = NOON + dt.timedelta(days=300)
    with open_office(setup, MemoryStore(), discover=False, clock=clock) as office:
        began = time.perf_counter()
        for start in range(0, open_count, 1000):
            with office.batch():
                for number in range(start, min(start + 1000, open_count)):
                    # Two of so many are due soon and later; the others were promised for next year.
                    agreed = promised.get(number % (open_count // DUE), far) if open_count > DUE else NOON + hour
                    office.handle(
                        OpenCase(
                            kind="gas.smell",
                            place=HOUSE,
                            source="sensor",
                            agreed_due_at=agreed,
                        ),
                        by="desk-1",
                        id=f"c{number}",
                        at=NOON,
                    )
        opening = (time.perf_counter() - began) / open_count
        gc.collect()
        # The warning comes at four fifths of the time.
        seconds = _tick(office, clock, NOON + 55 * hour / 60)
        if open_count == DUE:
            return seconds, seconds, opening
        clock.now = NOON + 70 * hour
        office.tick(clock.now)
        gc.collect()
        gc.disable()
        without = _tick(office, clock, NOON + 85 * hour)
        gc.enable()
    return seconds, without, opening


def _tick(office: Any, clock: SimulatedClock, at: dt.datetime) -> float:
    clock.now = at
    began = time.perf_counter()
    done = office.tick(at).done
    seconds = time.perf_counter() - began
    if done != DUE:
        raise AssertionError(f"{done} of {DUE} were done")
    return seconds


# --- a state step -------------------------------------------------------------------------------

STEPS = ("dispatch", "acknowledge", "resolve", "check", "answer", "close")
STATES = ("registered", "dispatched", "acknowledged", "resolved", "checked", "answered", "closed")


def state_steps(setup: Setup) -> dict[str, float]:
    """Give the seconds of one state step.

    The step alone is :func:`evolve`: what a case becomes when something has happened to it. Beside it,
    the whole of decide and evolve, which also asks who may, works the clock and stores why. The peers
    change the name of a state.
    """
    import logging

    from statemachine import State, StateMachine
    from transitions import Machine

    logging.disable(logging.CRITICAL)
    count = 300
    lives = [life(f"c{number}", NOON) for number in range(count)]
    subjects: dict[str, Any] = {}

    def play(commands: list[Any]) -> None:
        for command, by, id_, at in commands:
            given = setup.given("cases", at=at, by=by, command_id=id_)
            for event in CASES.decide(command, subjects, given):
                for tag in CASES.tags(event):
                    subjects[tag] = CASES.evolve(tag, subjects.get(tag), event)

    for commands in lives:
        play(commands[:1])
    began = time.perf_counter()
    for commands in lives:
        play(commands[1:])
    whole = (time.perf_counter() - began) / (count * len(STEPS))
    steps: list[tuple[str, Any]] = []
    fresh: dict[str, Any] = {}
    for case in range(count):
        for command, by, id_, at in life(f"n{case}", NOON):
            given = setup.given("cases", at=at, by=by, command_id=id_)
            for event in CASES.decide(command, fresh, given):
                for tag in CASES.tags(event):
                    steps.append((tag, event))
                    fresh[tag] = CASES.evolve(tag, fresh.get(tag), event)
    again: dict[str, Any] = {}
    began = time.perf_counter()
    for tag, event in steps:
        again[tag] = CASES.evolve(tag, again.get(tag), event)
    ours = (time.perf_counter() - began) / len(steps)

    class Case:
        pass

    moves = [[step, STATES[place], STATES[place + 1]] for place, step in enumerate(STEPS)]
    models: list[Any] = [Case() for _ in range(count)]
    Machine(model=models, states=list(STATES), transitions=moves, initial=STATES[0], auto_transitions=False)
    began = time.perf_counter()
    for model in models:
        for step in STEPS:
            getattr(model, step)()
    by_transitions = (time.perf_counter() - began) / (count * len(STEPS))

    class Life(StateMachine):
        registered = State(initial=True)
        dispatched = State()
        acknowledged = State()
        resolved = State()
        checked = State()
        answered = State()
        closed = State(final=True)
        dispatch = registered.to(dispatched)
        acknowledge = dispatched.to(acknowledged)
        resolve = acknowledged.to(resolved)
        check = resolved.to(checked)
        answer = checked.to(answered)
        close = answered.to(closed)

    machines = [Life() for _ in range(count)]
    began = time.perf_counter()
    for machine in machines:
        for step in STEPS:
            machine.send(step)
    by_statemachine = (time.perf_counter() - began) / (count * len(STEPS))
    return {
        "ours": ours,
        "ours, decided too": whole,
        "transitions": by_transitions,
        "python-statemachine": by_statemachine,
    }


def measure() -> tuple[dict[str, Row], dict[str, object]]:
    rows, about = deadlines()
    sys.path.insert(0, str(Path(__file__).parent))
    import replay

    folder = Path(os.environ.get("GRIDGOV_DATA", Path(__file__).resolve().parents[3] / "shared/data")) / "boston311"
    if not folder.exists():
        sys.exit(f"the replay wants {folder}; set GRIDGOV_DATA to the folder of real data")
    replayed = replay.replay(folder)
    flags = 100 * int(str(replayed["flags reproduced"])) / int(str(replayed["closed with a target and a flag"]))
    rows["cases.replay-targets"] = {"value": replayed["percent"], "peer": None, "ratio": None}
    rows["cases.replay-flags"] = {"value": flags, "peer": None, "ratio": None}
    setup = small_setup()
    decide_and_evolve(setup, 200)
    lives = statistics.median(decide_and_evolve(setup, 3000) for _ in range(5))
    rows["cases.lives-per-second"] = {"value": lives, "peer": None, "ratio": None}
    office = statistics.median(through_office(setup, 1000) for _ in range(3))
    curve: dict[int, float] = {}
    quiet: dict[int, float] = {}
    for count in (1_000, 10_000, 100_000, 1_000_000):
        seconds, without, opening = tick_seconds(count)
        curve[count], quiet[count] = round(seconds, 4), round(without, 4)
        print(
            f"tick with {DUE} due of {count} open: {seconds:.3f} s (opened at {1 / opening:.0f} a second)", flush=True
        )
    flat = curve[1_000_000] / curve[1_000]
    rows["cases.tick-million-over-thousand"] = {"value": flat, "peer": curve[1_000], "ratio": flat}
    steps = state_steps(setup)
    for name in ("transitions", "python-statemachine"):
        print(f"a state step: {name} takes {steps[name] / steps['ours']:.2f} times as long as evolve,"
              f" {steps[name] / steps['ours, decided too']:.2f} times as long as decide and evolve")  # fmt: skip
    about |= {
        "sizes": {"deadlines": 10_000, "lives": 3000, "open cases": list(curve), "due": DUE},
        "replay": {name: value for name, value in replayed.items() if name != "refused"},
        "replay refused": replayed["refused"],
        "office lives per second, in memory, batches of 50": round(office),
        f"tick seconds with {DUE} due, by open cases": curve,
        "the same without the garbage collector": quiet,
        "state step µs": {name: round(seconds * 1e6, 1) for name, seconds in steps.items()},
        "state step, peer over ours": {
            f"{name} over {what}": round(steps[name] / steps[what], 2)
            for name in ("transitions", "python-statemachine")
            for what in ("ours", "ours, decided too")
        },
        "peers": {
            name: version(name)
            for name in ("businesstimedelta", "pandas", "transitions", "python-statemachine", "chinesecalendar")
        },
    }
    return rows, about
