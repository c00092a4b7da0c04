"""The contracts for plugins hold for ours, and bite: a broken plugin fails the test that is about what it breaks."""

import datetime as dt
import inspect
import itertools
import json
import os

import attrs
import pytest

from gridgov import hookimpl
from gridgov.cases import OpenCase
from gridgov.errors import Finding, SetupError
from gridgov.hooks import Code, CodeList, Refused, Wanted
from gridgov.routing import FACTS, Fact, Rule, Then, parse_cell
from gridgov.testing import (
    NOON,
    CodeListContract,
    DaysContract,
    ExporterContract,
    FactsContract,
    ImporterContract,
    ReactionContract,
    RulesContract,
    ValidationContract,
)
from gridgov.worktime import PublishedDays, parse_limit
from gridgov_days_cn import plugin as days_cn

HOUSE = "150203005008-B001"
REPORT = OpenCase(kind="noise", place=HOUSE, source="hotline")
COUNT = itertools.count()


class TestDaysOfChina(DaysContract):
    def make(self):
        return days_cn


def plugin(**hooks):
    return type("Plugin", (), {name: hookimpl(staticmethod(function)) for name, function in hooks.items()})()


def failing(contract, tmp_path):
    """Run a contract by hand; give the names of the tests that fail."""
    found = set()
    for name, test in inspect.getmembers(contract, inspect.isfunction):
        if name.startswith("test_"):
            arguments = {}
            if "tmp_path" in inspect.signature(test).parameters:
                arguments["tmp_path"] = tmp_path / name
                arguments["tmp_path"].mkdir()
            try:
                test(contract(), **arguments)
            except (Exception, pytest.fail.Exception):
                found.add(name)
    return found


def row(**fields):
    cells = (parse_cell(FACTS["kind"], "noise"),)
    then = Then(lead="org:police", limit=parse_limit("1工作日"))
    return attrs.evolve(Rule(id="mine", band="local", cells=cells, then=then), **fields)


def peeks():
    with open(os.devnull, "rb") as file:
        return file.read(0)


RULES = {
    "good": (lambda catalog, territory: [row()], None),
    "none": (lambda catalog, territory: [], "test_its_rows_fit_the_street"),
    "above": (lambda catalog, territory: [row(band="safety")], "test_its_rows_fit_the_street"),
    "unknown": (
        lambda catalog, territory: [row(then=attrs.evolve(row().then, lead="org:x"))],
        "test_its_rows_fit_the_street",
    ),
    "moody": (lambda catalog, territory: [row(id=f"r{next(COUNT)}")], "test_the_same_street_gets_the_same_rows"),
    "twice": (lambda catalog, territory: [row(), row()], "test_each_row_has_an_id_of_its_own"),
    "peeks": (lambda catalog, territory: [peeks(), row()][1:], "test_it_reaches_for_nothing_outside"),
}


@pytest.mark.parametrize("sort", RULES)
def test_the_contract_for_rules_bites(sort, tmp_path):
    function, expected = RULES[sort]
    contract = type("Tried", (RulesContract,), {"make": lambda self: plugin(gridgov_rules=function)})
    found = failing(contract, tmp_path)
    assert found == set() if expected is None else expected in found


def fact(**fields):
    return attrs.evolve(Fact("weather", "code", "天气", "weather", ("fair", "storm")), **fields)


FACTS_TRIED = {
    "good": (lambda: [fact()], set()),
    "none": (list, {"test_its_facts_fit_the_street"}),
    "no name": (lambda: [fact(zh=" ")], {"test_its_facts_fit_the_street"}),
    "moody": (lambda: [fact(domain=(f"x{next(COUNT)}",))], {"test_it_declares_the_same_each_time"}),
    "peeks": (lambda: [peeks(), fact()][1:], {"test_it_reaches_for_nothing_outside"}),
    "open domain": (lambda: [fact(domain=("no-such-code",))], {"test_a_case_may_state_each_code_and_no_other"}),
}


@pytest.mark.parametrize("sort", FACTS_TRIED)
def test_the_contract_for_facts_bites(sort, tmp_path):
    function, expected = FACTS_TRIED[sort]
    contract = type("Tried", (FactsContract,), {"make": lambda self: plugin(gridgov_facts=function)})
    assert failing(contract, tmp_path) == expected


def days(**fields):
    plain = {
        "source": "mine 1",
        "holidays": frozenset({dt.date(2025, 1, 1), dt.date(2026, 1, 1)}),
        "moved": frozenset({dt.date(2026, 1, 4)}),
        "known_from": dt.date(2025, 1, 1),
        "known_through": dt.date(2026, 12, 24),
        "notices": {2025: "n", 2026: "n"},
    }
    return PublishedDays(**plain | fields)


DAYS_TRIED = {
    "good": (days, set()),
    "hole": (
        lambda: days(holidays=frozenset({dt.date(2026, 1, 1)})),
        {"test_no_year_between_the_first_and_the_last_is_missing"},
    ),
    "no notice": (lambda: days(notices={2026: "n"}), {"test_no_year_between_the_first_and_the_last_is_missing"}),
    "weekday": (lambda: days(moved=frozenset({dt.date(2026, 1, 5)})), {"test_days_are_moved_from_weekends_only"}),
    "beyond": (
        lambda: days(moved=frozenset({dt.date(2027, 1, 3)})),
        {"test_every_day_that_it_names_lies_among_those_that_it_knows"},
    ),
    "moody": (
        lambda: days(source=f"s{next(COUNT)}"),
        {"test_it_gives_the_same_days_each_time_and_says_where_from"},
    ),
}


@pytest.mark.parametrize("sort", DAYS_TRIED)
def test_the_contract_for_days_bites(sort, tmp_path):
    make, expected = DAYS_TRIED[sort]
    contract = type("Tried", (DaysContract,), {"make": lambda self: plugin(gridgov_days=lambda: {"mine": make()})})
    assert failing(contract, tmp_path) == expected


def night(command, by, at):
    return Refused("night", "not at night") if at.hour >= 20 and isinstance(command, OpenCase) else None


def spoils(command, by, at):
    object.__setattr__(command, "kind", "x") if isinstance(command, OpenCase) else None
    return night(command, by, at)


VALIDATIONS = {
    "good": (night, set()),
    "lets pass": (lambda command, by, at: None, {"test_it_refuses_what_it_should_with_a_code_of_its_own"}),
    "refuses all": (lambda command, by, at: Refused("no", "no"), {"test_it_lets_pass_what_it_should"}),
    "stumbles": (
        lambda command, by, at: night(command, by, at) if command.kind else None,
        {"test_it_answers_every_command_that_there_is"},
    ),
    "spoils": (spoils, {"test_it_leaves_the_command_as_it_was"}),
    "moody": (
        lambda command, by, at: Refused("night", f"no {next(COUNT)}") if night(command, by, at) else None,
        {"test_the_same_question_gets_the_same_answer"},
    ),
    "nonsense": (
        lambda command, by, at: night(command, by, at) is not None or None,
        {"test_it_refuses_what_it_should_with_a_code_of_its_own"},
    ),
    "peeks": (
        lambda command, by, at: peeks() or night(command, by, at),
        {"test_it_reaches_for_nothing_outside"},
    ),
}


@pytest.mark.parametrize("sort", VALIDATIONS)
def test_the_contract_for_validation_bites(sort, tmp_path):
    function, expected = VALIDATIONS[sort]

    class Tried(ValidationContract):
        def make(self):
            return plugin(gridgov_validate=function)

        def refused(self):
            return attrs.evolve(REPORT), "desk-1", NOON.replace(hour=20)

        def passed(self):
            return attrs.evolve(REPORT), "desk-1", NOON

    found = failing(Tried, tmp_path)
    assert found >= expected
    assert found == expected or sort != "good"


def look(event, after, setup):
    return [OpenCase(kind="clutter", place=event.place, source="patrol")] if event.kind == "noise" else []


def moody(event, after, setup):
    return [OpenCase(kind="clutter", place=event.place, source="patrol", departments=1 + next(COUNT))]


REACTIONS = {
    "good": (look, set()),
    "nothing": (lambda event, after, setup: [], {"test_what_follows_is_done_in_the_plugins_name"}),
    "stumbles": (lambda event, after, setup: [event.no], {"test_what_follows_is_done_in_the_plugins_name"}),
    "moody": (moody, {"test_the_same_event_asks_for_the_same"}),
    "refused": (
        lambda event, after, setup: [OpenCase(kind="moon", place=event.place, source="patrol")],
        {"test_what_follows_is_done_in_the_plugins_name"},
    ),
    "peeks": (lambda *given: [*peeks().splitlines(), *look(*given)], {"test_it_reaches_for_nothing_outside"}),
}


@pytest.mark.parametrize("sort", REACTIONS)
def test_the_contract_for_reactions_bites(sort, tmp_path):
    function, expected = REACTIONS[sort]

    class Tried(ReactionContract):
        def make(self):
            return plugin(gridgov_reactions=lambda: {"case-opened": function})

        def happens(self, office):
            office.handle(REPORT, by="desk-1", id="a")

    found = failing(Tried, tmp_path)
    assert found >= expected
    assert found == expected or sort != "good"


class Lines:
    """Reads a line as a report; each broken sort is a method of its own."""

    def __init__(self, sort):
        self.sort = sort

    def read(self, source, /):
        if self.sort == "careless" and not source.is_file():
            return
        try:
            lines = source.read_text("ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            if self.sort != "late":
                raise SetupError([Finding(code="x", subject="x", message="cannot be read")]) from None
            lines = ["1"]
        if self.sort == "writes":
            source.write_text("gone", "ascii")
        for line in lines:
            id_ = "same" if self.sort == "one id" else f"{line}{next(COUNT)}" if self.sort == "moody" else line
            if self.sort == "drops":
                continue
            yield "nonsense" if self.sort == "nonsense" else Wanted(REPORT, id=id_)


IMPORTERS = {
    "good": set(),
    "careless": {"test_a_source_that_is_missing_or_broken_is_refused_before_the_first_part"},
    "late": {"test_a_source_that_is_missing_or_broken_is_refused_before_the_first_part"},
    "drops": {"test_everything_that_it_gives_is_a_part"},
    "nonsense": {"test_everything_that_it_gives_is_a_part"},
    "writes": {"test_the_source_is_left_as_it_was"},
    "one id": {"test_each_wanted_command_has_an_id_of_its_own"},
    "moody": {"test_reading_again_gives_the_same"},
}


@pytest.mark.parametrize("sort", IMPORTERS)
def test_the_contract_for_importers_bites(sort, tmp_path):
    class Tried(ImporterContract):
        def make(self):
            return plugin(gridgov_importers=lambda: {"lines": Lines(sort)})

        def source(self, tmp_path):
            path = tmp_path / "calls.txt"
            path.write_text("1\n2\n", "ascii")
            return path

        def broken(self, tmp_path):
            path = tmp_path / "broken.txt"
            path.write_bytes(b"\xff")
            return path

    found = failing(Tried, tmp_path)
    assert found >= IMPORTERS[sort]
    assert found == IMPORTERS[sort] or sort != "good"


class Json:
    suffix = ".json"

    def __init__(self, sort):
        self.sort = sort

    def accepts(self, value, /):
        return self.sort == "greedy" or isinstance(value, dict)

    def write(self, value, target, /):
        if self.sort == "changes":
            value["more"] = 1
        if self.sort != "empty":
            target.write(json.dumps([value, next(COUNT) if self.sort == "moody" else 0], default=str).encode())
        if self.sort == "closes":
            target.close()


EXPORTERS = {
    "good": set(),
    "empty": {"test_it_writes_a_file"},
    "moody": {"test_the_same_value_gives_the_same_bytes"},
    "closes": {"test_the_same_value_gives_the_same_bytes"},
    "greedy": {"test_it_says_what_it_writes_and_what_not"},
    "changes": {"test_the_value_is_left_as_it_was"},
}


@pytest.mark.parametrize("sort", EXPORTERS)
def test_the_contract_for_exporters_bites(sort, tmp_path):
    class Tried(ExporterContract):
        def make(self):
            return plugin(gridgov_exporters=lambda: {"json": Json(sort)})

        def value(self):
            return {"a": 1}

    found = failing(Tried, tmp_path)
    assert found >= EXPORTERS[sort]
    assert found == EXPORTERS[sort] or sort != "good"


def codes(**fields):
    plain = {"id": "x", "version": "1", "source": "s", "entries": {"a": Code("甲", "a")}}
    return CodeList(**plain | fields)


LISTS = {
    "good": (lambda: {"x": codes()}, set()),
    "none": (dict, {"test_it_brings_lists_that_are_sound"}),
    "unsound": (lambda: {"x": codes(entries={"a": Code("甲", "a", "b")})}, {"test_it_brings_lists_that_are_sound"}),
    "moody": (lambda: {"x": codes(version=str(next(COUNT)))}, {"test_it_brings_the_same_each_time"}),
    "another": (
        lambda: {"x": codes(entries={"a": Code("乙", "b")})},
        {"test_the_codes_that_are_known_are_there"},
    ),
}


@pytest.mark.parametrize("sort", LISTS)
def test_the_contract_for_code_lists_bites(sort, tmp_path):
    function, expected = LISTS[sort]

    class Tried(CodeListContract):
        known = {"x": ("a", "甲")}  # noqa: RUF012

        def make(self):
            return plugin(gridgov_code_lists=function)

    found = failing(Tried, tmp_path)
    assert found >= expected
    assert found == expected or sort != "good"


@pytest.mark.parametrize(
    "contract",
    [
        CodeListContract,
        DaysContract,
        ExporterContract,
        FactsContract,
        ImporterContract,
        ReactionContract,
        RulesContract,
        ValidationContract,
    ],
)
def test_a_contract_without_a_plugin_says_what_to_override(contract):
    with pytest.raises(TypeError, match="override make"):
        contract().test_it_registers_with_every_hook_marked()
