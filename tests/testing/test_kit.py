"""The kit tests itself: scenarios fail when they should, the simulator continues where it stood."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov import open_office
from gridgov.cases import Acknowledge, Board, CaseOpened, CaseRouted, OpenCase
from gridgov.store import MemoryStore
from gridgov.testing import NOON, Scenario, SimulatedClock, Simulator, small_setup, strategies

REPORT = OpenCase(kind="noise", place="150203005008-B001", source="hotline")


def test_a_scenario_fails_on_the_wrong_events_the_wrong_code_and_the_wrong_kind_of_end():
    with pytest.raises(AssertionError, match="CaseRouted"):
        Scenario().when(REPORT, by="desk-1").then(CaseOpened)
    with pytest.raises(AssertionError, match="refused"):
        Scenario().when(Acknowledge("x"), by="desk-1").then(CaseOpened, CaseRouted)
    with pytest.raises(AssertionError, match=r"case\.unknown"):
        Scenario().when(Acknowledge("x"), by="desk-1").refused("case.exists")
    with pytest.raises(AssertionError, match="not refused"):
        Scenario().when(REPORT, by="desk-1").refused("case.exists")
    with pytest.raises(AssertionError, match="was refused"):
        Scenario().given(Acknowledge("x"), by="desk-1")


def play(store, until, clock=None):
    clock = clock or SimulatedClock(NOON)
    with open_office(small_setup(), store, discover=False, clock=clock) as office:
        simulator = Simulator(office, clock, slot=dt.timedelta(minutes=30))

        def acknowledge(number):
            return lambda at: simulator.plan(
                at + dt.timedelta(minutes=20), f"m{number}/ack", lambda: (Acknowledge(f"m{number}"), "lead-81")
            )

        for number in range(6):
            at = NOON + dt.timedelta(minutes=17 * number)
            simulator.plan(at, f"m{number}", lambda: (REPORT, "desk-1"), acknowledge(number))
        simulator.run(until)
        return simulator, office.ask(Board(), by="desk-1")


def test_a_simulation_that_was_cut_off_continues_and_ends_like_one_that_was_not():
    whole, pieces = MemoryStore(), MemoryStore()
    end = NOON + dt.timedelta(days=4)
    _, expected = play(whole, end)
    play(pieces, NOON + dt.timedelta(minutes=45))
    simulator, board = play(pieces, end)
    assert simulator.passed_over > 0
    assert board == expected
    assert [r.body for r in pieces.read()] == [r.body for r in whole.read()]


@given(st.data())
def test_every_strategy_gives_what_its_room_accepts(data):
    """策略生成的总是合法的."""
    from gridgov.merging import check_layers

    ground = data.draw(strategies.grounds())
    assert list(ground.check()) == []
    assert list(check_layers(ground, data.draw(strategies.layers(ground)))) == []
    data.draw(strategies.rosters(ground.territory))
    Scenario().given(data.draw(strategies.open_cases()), by="builder-81")
