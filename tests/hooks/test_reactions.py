"""What plugins would have follow: once, in their own name, under the same grants, and never in circles."""

import datetime as dt

import attrs
import pytest

from gridgov import hookimpl, open_office
from gridgov.access import AccessPolicy, Grant
from gridgov.cases import Acknowledge, Board, CaseOpened, Decline, OpenCase, SwitchMode
from gridgov.errors import PluginError
from gridgov.hooks import Host, Refused
from gridgov.setup import AmendSetup
from gridgov.store import MemoryStore
from gridgov.testing import NOON, small_setup

HOUSE = "150203005008-B001"
REPORT = OpenCase(kind="noise", place=HOUSE, source="hotline")
PATROL = OpenCase(kind="clutter", place=HOUSE, source="patrol")


def plugin(**hooks):
    return type("Plugin", (), {name: hookimpl(staticmethod(function)) for name, function in hooks.items()})()


def follows(function, name="case-opened"):
    return plugin(gridgov_reactions=lambda: {name: function})


def look_again(event, after, setup):
    return [PATROL] if event.kind == "noise" else []


def office(store=None, *, setup=None, plugins):
    return open_office(setup or small_setup(), store, plugins=plugins, discover=False, clock=lambda: NOON)


def opened(store):
    return [record for record in store.read() if record.name == "case-opened"]


def test_a_command_follows_from_an_event_in_the_plugins_own_name_with_a_derived_id():
    store = MemoryStore()
    with office(store, plugins=[("looks", follows(look_again))]) as open_:
        open_.handle(REPORT, by="desk-1", id="a")
        place = opened(store)[0].position
        assert open_.knows(f"gridgov:plugin:looks:{place}:0")
    assert [record.by for record in opened(store)] == ["desk-1", "plugin:looks"]


def test_a_reaction_sees_the_event_and_its_subject_as_it_was_right_after_it():
    seen = []

    def watch(event, after, setup):
        seen.append((type(event), type(after).__name__, setup.jurisdiction))
        return []

    with office(plugins=[("sees", follows(watch))]) as open_:
        open_.handle(REPORT, by="desk-1", id="a")
    assert seen == [(CaseOpened, seen[0][1], "150203005")]
    assert seen[0][1] in ("Registered", "Dispatched")


def test_after_a_crash_it_is_asked_again_and_done_once():
    store = MemoryStore()
    with office(store, plugins=[]) as open_:
        open_.handle(REPORT, by="desk-1", id="a")
        open_._reacted = open_._memory.position  # a crash before the cursor was saved
    for _ in range(3):
        crashed = office(store, plugins=[("looks", follows(look_again))])
        crashed._save_reactions = lambda: None
        crashed.close()
    assert len(opened(store)) == 2


def test_what_a_plugin_brought_about_is_told_to_no_plugin():
    store = MemoryStore()

    def again(event, after, setup):
        return [REPORT]

    with office(store, plugins=[("one", follows(again)), ("two", follows(again))]) as open_:
        open_.handle(REPORT, by="desk-1")
        open_.tick()
    assert [record.by for record in opened(store)] == ["desk-1", "plugin:one", "plugin:two"]


def test_a_plugin_may_do_nothing_that_no_grant_allows():
    store = MemoryStore()
    grants = (Grant(role="desk-officer", names=frozenset({"OpenCase", "Accept"}), scope="all"),)
    desk = attrs.evolve(small_setup(), access=AccessPolicy(grants))
    with office(store, setup=desk, plugins=[("looks", follows(look_again))]) as open_:
        open_.handle(REPORT, by="desk-1", id="a")
        place = opened(store)[0].position
        outcome = store.outcome(f"150203005/gridgov:plugin:looks:{place}:0")
        assert not outcome.accepted
        assert b"access.denied" in outcome.body
        assert len(open_.faults) == 0
    assert len(opened(store)) == 1


def test_a_grant_to_plugins_lets_them_do_what_it_names_and_nothing_else():
    grants = (
        Grant(role="desk-officer", names=frozenset({"*"}), scope="all"),
        Grant(role="plugin", names=frozenset({"OpenCase"}), scope="all"),
    )
    granted = attrs.evolve(small_setup(), access=AccessPolicy(grants))
    store = MemoryStore()
    declines = follows(lambda event, after, setup: [PATROL, Decline(event.case, reason="x")])
    with office(store, setup=granted, plugins=[("looks", declines)]) as open_:
        open_.handle(REPORT, by="desk-1", id="a")
        place = opened(store)[0].position
        outcomes = [store.outcome(f"150203005/gridgov:plugin:looks:{place}:{index}") for index in (0, 1)]
    assert [outcome.accepted for outcome in outcomes] == [True, False]
    assert b"access.denied" in outcomes[1].body


def test_other_plugins_may_refuse_what_a_plugin_asks_for():
    def no_patrol(command, by, at):
        return Refused("no-patrol", "not from a plugin") if by == "plugin:looks" else None

    store = MemoryStore()
    both = [("looks", follows(look_again)), ("strict", plugin(gridgov_validate=no_patrol))]
    with office(store, plugins=both) as open_:
        open_.handle(REPORT, by="desk-1")
        assert len(opened(store)) == 1


@pytest.mark.parametrize(
    "command", [AmendSetup({}), SwitchMode(until=NOON + dt.timedelta(days=1)), "OpenCase", Board(), None]
)
def test_what_the_street_rests_on_and_what_is_no_command_does_not_follow(command):
    with office(plugins=[("bad", follows(lambda *_: [PATROL, command]))]) as open_:
        open_.handle(REPORT, by="desk-1")
        assert [(each.plugin, each.hook) for each in open_.faults] == [("bad", "gridgov_reactions")]


def test_nobody_may_call_himself_a_plugin():
    with office(plugins=[]) as open_, pytest.raises(ValueError, match="plugin:"):
        open_.handle(REPORT, by="plugin:looks")


def test_an_event_that_there_is_not_keeps_the_office_closed():
    with pytest.raises(PluginError, match="'case-opend', which is no event; did you mean 'case-opened'"):
        office(plugins=[("typo", follows(look_again, "case-opend"))])


def test_the_subject_is_worked_out_only_where_a_plugin_follows_the_event():
    host = Host([("looks", follows(look_again))])
    asked = []
    assert host.reactions("case-routed", None, lambda: asked.append(1), small_setup(), by="desk-1") == []
    assert host.reactions("case-opened", REPORT, lambda: asked.append(1), small_setup(), by="system:reactions") == []
    assert asked == []
    found = host.reactions("case-opened", REPORT, lambda: asked.append(1), small_setup(), by="desk-1")
    assert (len(found), asked) == (1, [1])
    host.close()


def test_a_command_that_is_refused_or_wrong_stops_neither_the_others_nor_the_event():
    wrong = Acknowledge("nowhere")
    store = MemoryStore()
    with office(store, plugins=[("looks", follows(lambda *_: [wrong, PATROL]))]) as open_:
        open_.handle(REPORT, by="desk-1", id="a")
        assert [record.by for record in opened(store)] == ["desk-1", "plugin:looks"]
        assert len(open_.faults) == 0


def test_two_offices_on_one_store_ask_once():
    store = MemoryStore()
    plugins = [("looks", follows(look_again))]
    with office(store, plugins=plugins) as one, office(store, plugins=plugins) as other:
        one.handle(REPORT, by="desk-1", id="a")
        other.handle(PATROL, by="desk-1", id="b")
        one.tick()
        other.tick()
    assert [record.by for record in opened(store)] == ["desk-1", "plugin:looks", "desk-1"]


def test_what_the_clock_brings_about_is_told():
    seen = []
    watch = plugin(gridgov_reactions=lambda: {"case-warned": lambda event, after, setup: seen.append(event.by) or []})
    late = [NOON]
    with open_office(small_setup(), plugins=[("sees", watch)], discover=False, clock=lambda: late[0]) as open_:
        open_.handle(REPORT, by="desk-1", id="a")
        late[0] += dt.timedelta(days=30)
        open_.tick()
    assert set(seen) == {"system:clock"}
