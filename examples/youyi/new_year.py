"""New Year: a deadline on days that no notice has settled yet, and the notice that comes.

On a store of its own, and with a notice that is made up: the official one replaces it.
"""

from __future__ import annotations

import datetime as dt

import attrs

import gridgov
from gridgov.cases import CaseView, Dispatch, OpenCase, Timeline
from gridgov.setup import Setup
from gridgov.store import MemoryStore
from gridgov.testing import SimulatedClock
from gridgov.worktime import Calendar, PublishedDays

ZONE = dt.timezone(dt.timedelta(hours=8))
EVE = dt.datetime(2026, 12, 31, 10, 0, tzinfo=ZONE)
MADE_UP = PublishedDays(
    source="made up for this example",
    holidays=frozenset({dt.date(2027, 1, 1)}),
    moved=frozenset(),
    known_from=dt.date(2026, 1, 1),
    known_through=dt.date(2027, 12, 24),
)
DESK, CASE = "DESK1", "new-year"


def show(setup: Setup) -> None:
    """Print a matter that no rule knows better than the last one, with a deadline that the next notice moves."""
    clock = SimulatedClock(EVE)
    place = setup.territory.at("building")[0].code
    with gridgov.open_office(setup, MemoryStore(), clock=clock) as office:
        # Two departments less than the rule for joint matters asks for: the last rule gives it to the desk.
        matter = OpenCase(kind="complex.market-removal", place=place, source="front-desk", reporter="resident:00042")
        office.handle(matter, by=DESK, id=CASE)
        clock.now += dt.timedelta(minutes=20)
        office.handle(Dispatch(CASE, lead="org:law-enforcement"), by=DESK)
        before = office.ask(CaseView(CASE), by=DESK).deadline
        clock.now += dt.timedelta(hours=1)

        def noticed(calendar: Calendar) -> Calendar:
            # Typed in by the desk, before the plugin has it: the calendar names no source of days any more.
            return attrs.evolve(calendar.with_days(MADE_UP), days="")

        fresh = attrs.evolve(
            office.setup,
            calendar=noticed(office.setup.calendar),
            calendars={name: noticed(each) for name, each in office.setup.calendars.items()},
        )
        office.amend(fresh, by=DESK, reason="2027年节假日安排已公布")
        after = office.ask(CaseView(CASE), by=DESK).deadline
        for line in office.ask(Timeline(CASE), by=DESK):
            print(f"  {line.at.astimezone(ZONE):%m-%d %H:%M}  {line.text}")
    print(f"暂定 provisional {before.provisional} → {after.provisional}, 期限 due "
          f"{before.due_at.astimezone(ZONE):%m-%d %H:%M} → {after.due_at.astimezone(ZONE):%m-%d %H:%M}")  # fmt: skip
    assert (before.provisional, after.provisional) == (True, False), "the notice settles what was unknown"
