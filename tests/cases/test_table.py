"""Every state × command pair is decided on purpose: this walks all of them."""

import pytest

from gridgov.cases import CASES, LIFE, STATES, BlowWhistle, EndMode, ImportCase, OpenCase, SwitchMode
from gridgov.testing import life_sample

ABOUT_NO_CASE = {OpenCase, ImportCase, BlowWhistle, SwitchMode, EndMode}
ALLOWED = [(command, state) for command, states in LIFE.items() for state in STATES if state in states]
FORBIDDEN = [(command, state) for command, states in LIFE.items() if states for state in STATES if state not in states]


def name(value):
    return value.__name__


def any_state_that_allows(command):
    return next(state for state in STATES if state in LIFE[command])


def test_the_table_has_a_row_for_every_command_and_every_other_one_is_about_a_case():
    assert set(LIFE) == set(CASES.commands)
    assert {command for command, states in LIFE.items() if not states} == ABOUT_NO_CASE
    assert len(ALLOWED) + len(FORBIDDEN) == (len(LIFE) - len(ABOUT_NO_CASE)) * len(STATES)


@pytest.mark.parametrize(("command", "state"), ALLOWED, ids=name)
def test_what_the_table_allows_really_happens(command, state):
    sample = life_sample(command, state)
    assert type(sample.state) is state
    before = sample.state
    sample.scenario.given(sample.command, by=sample.by)
    assert sample.state != before


@pytest.mark.parametrize(("command", "state"), FORBIDDEN, ids=name)
def test_what_the_table_does_not_allow_is_refused_as_the_wrong_state(command, state):
    # Any sample in that state will do: the command that was made for another state is asked for here.
    asked = life_sample(command, any_state_that_allows(command))
    where = next(life_sample(other, state) for other, states in LIFE.items() if state in states)
    scenario, case = where.scenario, where.case
    import attrs

    command_here = attrs.evolve(asked.command, case=case)
    before = scenario.subjects[f"case:{case}"]
    scenario.at = max(scenario.at, asked.scenario.at)
    scenario.when(command_here, by=asked.by).refused("case.wrong-state")
    assert scenario.subjects[f"case:{case}"] is before


def test_an_unknown_case_is_refused_by_every_command_about_one():
    import attrs

    for command, states in LIFE.items():
        if states:
            sample = life_sample(command, any_state_that_allows(command))
            unknown = attrs.evolve(sample.command, case="ghost")
            sample.scenario.when(unknown, by=sample.by).refused("case.unknown")
