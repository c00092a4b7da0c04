"""The setup in force, held against the one that somebody brings: the difference is told so that a person can act on it."""

import datetime as dt

import attrs
import pytest

from gridgov import hookimpl, open_office
from gridgov.errors import SetupError, SetupMismatchError
from gridgov.office import store_health
from gridgov.routing import FACTS, Fact, Rule, Then, parse_cell
from gridgov.store import MemoryStore
from gridgov.testing import NOON, small_setup
from gridgov.worktime import Calendar, PublishedDays, parse_limit

WEATHER = Fact("weather", "code", "天气", "weather", ("fair", "storm"))


class Police:
    """Adds a row, and with *facts* a fact that rows may ask for."""

    gridgov_hooks = 1

    def __init__(self, hours=4, facts=(), lead="org:police"):
        self.hours, self.facts, self.lead = hours, facts, lead

    @hookimpl
    def gridgov_facts(self):
        return self.facts

    @hookimpl
    def gridgov_rules(self, catalog, territory):
        cells = (parse_cell(FACTS["kind"], "noise"), parse_cell(FACTS["day"], "rest"))
        then = Then(lead=self.lead, limit=parse_limit(f"{self.hours}紧急工作时"))
        return [Rule(id="noise-on-rest-days", band="local", cells=cells, then=then)]


class Days:
    """Offers holidays."""

    def __init__(self, offered):
        self.offered = offered

    @hookimpl
    def gridgov_days(self):
        return self.offered


def published(*holidays):
    known = {"known_from": dt.date(2026, 1, 1), "known_through": dt.date(2026, 12, 24)}
    return PublishedDays(source=f"days {len(holidays)}", holidays=frozenset(holidays), moved=frozenset(), **known)


def opened(store, *plugins, setup=None):
    named = [("quiet-sundays", each) for each in plugins]
    return open_office(setup or small_setup(), store, plugins=named, discover=False, clock=lambda: NOON)


def difference(store, *plugins, setup=None):
    with pytest.raises(SetupMismatchError) as mismatch:
        opened(store, *plugins, setup=setup)
    return mismatch.value.differences["tables"]


def completed(*plugins):
    with opened(None, *plugins) as trial:
        return trial.setup


def test_a_plugin_that_is_gone_is_named_with_its_rows_and_nothing_else_is_listed():
    store = MemoryStore()
    opened(store, Police()).close()
    told = "the rows of the plugin quiet-sundays are gone (is it installed, and discovered?): noise-on-rest-days"
    assert difference(store) == told


def test_a_plugin_that_is_new_and_one_whose_rows_changed_are_named():
    store, other = MemoryStore(), MemoryStore()
    opened(store).close()
    assert difference(store, Police()) == "the rows of the plugin quiet-sundays are new: noise-on-rest-days"
    opened(other, Police()).close()
    assert difference(other, Police(hours=8)) == "the rows of the plugin quiet-sundays differ: noise-on-rest-days"


def test_what_else_differs_is_told_beside_the_plugins_rows():
    store = MemoryStore()
    opened(store, Police(facts=(WEATHER,))).close()
    told = difference(store)
    assert told.startswith("the rows of the plugin quiet-sundays are gone")
    assert "weather is gone" in told


def test_what_is_wrong_with_a_row_of_a_plugin_names_the_plugin():
    with pytest.raises(SetupError, match=r"noise-on-rest-days .*\(a row of the plugin quiet-sundays\)"):
        opened(None, Police(lead="org:nobody"))


def test_the_duty_list_is_no_plugin():
    store = MemoryStore()
    setup = small_setup()
    rule = Rule(id="x", cells=(parse_cell(FACTS["kind"], "noise"),), then=Then(lead="org:police"), origin="duty-list")
    opened(store, setup=setup.with_rules([rule])).close()
    assert "plugin" not in difference(store)


@pytest.mark.parametrize(
    ("old", "new"),
    [((), (Police(),)), ((Police(),), ()), ((Police(),), (Police(hours=8),))],
    ids=["added", "removed", "changed"],
)
def test_a_rule_plugin_comes_goes_and_changes_by_an_amendment(old, new):
    store = MemoryStore()
    opened(store, *old).close()
    with opened(store, setup=completed(*old)) as office:
        office.amend(completed(*new), by="desk-1", reason="另一个插件")
    with opened(store, *new) as office:
        assert office.verify() == 2


def test_a_store_is_held_against_the_setup_at_hand_without_an_office():
    store = MemoryStore()
    opened(store, Police()).close()
    assert (store_health(store, completed(Police()), NOON).ok, store_health(store, small_setup(), NOON).mismatch) == (
        True,
        ("tables",),
    )
    assert not store_health(store, small_setup(), NOON).ok
    assert store.head() == 1


def test_two_sections_that_differ_are_both_named():
    store = MemoryStore()
    opened(store).close()
    other = attrs.evolve(completed(Police()), effective_on=NOON.date())
    assert store_health(store, other, NOON).mismatch == ("dates", "tables")


def test_newer_holidays_of_a_plugin_are_no_other_setup_for_an_office_opens_with_them():
    store, street = MemoryStore(), attrs.evolve(small_setup(), calendar=Calendar(days="cn"))
    holidays = {"cn": published()}
    with open_office(street, store, plugins=[("days", Days(holidays))], discover=False, clock=lambda: NOON):
        pass
    newer = street.with_days({"cn": published(dt.date(2026, 10, 1))})
    assert store_health(store, newer, NOON).ok
    later = attrs.evolve(newer, calendar=attrs.evolve(newer.calendar, zone="Asia/Urumqi"))
    assert store_health(store, later, NOON).mismatch == ("calendar",)
