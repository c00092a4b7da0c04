"""Plugins: refused when wrong, called one by one, and never able to hurt each other."""

import datetime as dt
import threading
import time
from pathlib import Path

import attrs
import pytest

from gridgov import RefusalError, hookimpl, open_office
from gridgov.cases import OpenCase
from gridgov.delivery import ConsoleChannel
from gridgov.errors import PluginError, SetupError
from gridgov.hooks import Hooks, Host, Refused
from gridgov.routing import FACTS, Fact, Rule, Then, parse_cell
from gridgov.testing import NOON, small_setup
from gridgov.worktime import Calendar, PublishedDays, parse_limit

REPORT = OpenCase(kind="noise", place="150203005008-B001", source="hotline")


def office(*plugins):
    named = [(f"plugin-{number}", plugin) for number, plugin in enumerate(plugins)]
    return open_office(small_setup(), plugins=named, discover=False, clock=lambda: NOON)


def plugin(**hooks):
    """Make a plugin object from functions that do not know their self."""
    return type("Plugin", (), {name: hookimpl(staticmethod(function)) for name, function in hooks.items()})()


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


class UnknownHook:
    @hookimpl
    def gridgov_rulez(self):
        return []


class LyingSignature:
    @hookimpl
    def gridgov_committed(self, happenings, mood):
        return None


class NoHook:
    pass


class Wrapper:
    @hookimpl(wrapper=True)
    def gridgov_committed(self, happenings):
        return (yield)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [(UnknownHook, "gridgov_rulez"), (LyingSignature, "mood"), (NoHook, "no hook"), (Wrapper, "wrap")],
)
def test_a_wrong_plugin_is_refused_when_it_registers_and_nothing_of_it_stays(wrong, what):
    with pytest.raises(PluginError, match=what) as refused:
        Host([("local", wrong())])
    assert refused.value.plugin == "local"


def test_a_name_twice_is_refused():
    good = plugin(gridgov_channels=list)
    other = plugin(gridgov_channels=list)
    with pytest.raises(PluginError, match="already"):
        Host([("local", good), ("local", other)])


def test_plugins_are_listed_in_order_with_their_hooks():
    host = Host([("b", plugin(gridgov_channels=list)), ("a", plugin(gridgov_committed=lambda happenings: None))])
    assert [(each.name, each.hooks) for each in host.plugins] == [
        ("b", ("gridgov_channels",)),
        ("a", ("gridgov_committed",)),
    ]


def local_rule(band="local", kind="noise"):
    cell = parse_cell(FACTS["kind"], kind)
    return Rule(id="mine", band=band, cells=(cell,), then=Then(lead="org:police", limit=parse_limit("1工作日")))


def test_a_plugins_rule_decides_and_is_named_in_the_decision():
    with office(plugin(gridgov_rules=lambda catalog, territory: [local_rule()])) as open_:
        route = open_.handle(REPORT, by="desk-1", at=NOON).state.route
        assert (route.lead.holder, route.origin) == ("police", "plugin-0")


def test_the_setup_of_an_open_office_with_a_plugins_rules_can_be_changed_and_handed_back():
    with office(plugin(gridgov_rules=lambda catalog, territory: [local_rule()])) as open_:
        rows = [rule.id for rule in open_.setup.rulebooks.entries[0].value.rules.rules]
        policy = attrs.evolve(open_.setup.case_policy.entries[0].value, appeal_days=7)
        changed = attrs.evolve(open_.setup, case_policy=type(open_.setup.case_policy).always(policy))
        open_.amend(changed, by="desk-1", reason="x")
        assert [rule.id for rule in open_.setup.rulebooks.entries[0].value.rules.rules] == rows


WEATHER = Fact("weather", "code", "天气", "weather", ("fair", "storm"))


def in_storms():
    cells = (parse_cell(FACTS["kind"], "noise"), parse_cell(WEATHER, "storm"))
    return Rule(id="storm", band="local", cells=cells, then=Then(lead="org:police", limit=parse_limit("1工作日")))


def test_a_plugin_declares_a_fact_and_its_rules_ask_for_it():
    weather = plugin(gridgov_facts=lambda: [WEATHER], gridgov_rules=lambda catalog, territory: [in_storms()])
    with office(weather) as open_:

        def led(id_, **stated):
            report = attrs.evolve(REPORT, facts=stated)
            return open_.handle(report, by="desk-1", at=NOON, id=id_).state.route

        stormy = led("s", weather="storm")
        assert (stormy.lead.holder, stormy.facts["weather"]) == ("police", "storm")
        assert led("f", weather="fair").lead.holder == "lead-81"
        for id_, stated, code in (
            ("m", {}, "routing.missing-fact"),
            ("x", {"weathr": "storm"}, "case.unknown-fact"),
            ("y", {"weather": "hail"}, "case.bad-fact"),
            ("z", {"weather": 3}, "routing.bad-fact"),
            ("k", {"kind": "gas"}, "case.unknown-fact"),
        ):
            with pytest.raises(RefusalError) as refused:
                led(id_, **stated)
            assert refused.value.code == code


@pytest.mark.parametrize("wrong", [["weather"], [Fact("two words", "text", "", "")]])
def test_what_is_no_fact_keeps_the_office_closed(wrong):
    with pytest.raises(PluginError, match="gridgov_facts has"):
        office(plugin(gridgov_facts=lambda: wrong))


def test_two_plugins_may_declare_one_fact_alike_and_not_otherwise():
    office(plugin(gridgov_facts=lambda: [WEATHER]), plugin(gridgov_facts=lambda: [WEATHER])).close()
    other = attrs.evolve(WEATHER, domain=("hail",))
    with pytest.raises(SetupError, match="declared already"):
        office(plugin(gridgov_facts=lambda: [WEATHER]), plugin(gridgov_facts=lambda: [other]))


def test_a_plugins_rows_replace_what_it_added_before_where_that_stood():
    table = small_setup().rulebooks.entries[0].value.rules
    mine, theirs = (attrs.evolve(local_rule(), id=id_, origin=origin) for id_, origin in (("m", "a"), ("t", "b")))
    both = table.with_rules([mine]).with_rules([theirs])
    assert both.with_rules([mine]).rules == both.rules
    newer = attrs.evolve(mine, id="m2")
    local = [rule.id for rule in both.with_rules([newer]).rules if rule.origin]
    assert local == ["m2", "t"]


@pytest.mark.parametrize("band", ["emergency", "safety", "vulnerable", "moon"])
def test_a_plugin_adds_no_rule_above_local(band):
    with pytest.raises(PluginError, match="local and later"):
        office(plugin(gridgov_rules=lambda catalog, territory: [local_rule(band)]))


def test_a_plugins_rule_about_what_does_not_exist_keeps_the_office_closed():
    with pytest.raises(SetupError, match="moonlight"):
        office(plugin(gridgov_rules=lambda catalog, territory: [local_rule(kind="moonlight")]))


def test_a_rule_with_a_limit_in_words_is_refused_with_the_plugins_name():
    def wordy(catalog, territory):
        return [Rule(id="x", band="local", cells=(), then=Then(lead="desk", limit="4工作时"))]

    with pytest.raises(PluginError, match="plugin-0"):
        office(plugin(gridgov_rules=wordy))


def test_something_that_is_no_channel_is_refused():
    with pytest.raises(PluginError, match="no channel"):
        office(plugin(gridgov_channels=lambda: ["x"]))


def broken():
    raise ZeroDivisionError


def hangs(*_, **__):
    threading.Event().wait()


def hangs_without_arguments():
    hangs()


def generator():
    yield ConsoleChannel("a")
    raise KeyError


@pytest.mark.parametrize("what", [broken, generator, lambda: 3, lambda: (_ for _ in ()).throw(SystemExit)])
def test_a_plugin_that_fails_while_the_office_opens_keeps_it_closed_with_its_name(what):
    with pytest.raises(PluginError, match="plugin-0"):
        office(plugin(gridgov_channels=what))


def test_a_plugin_that_never_returns_while_the_office_opens_is_given_up():
    host = Host([("slow", plugin(gridgov_channels=hangs_without_arguments))], patience=0.05)
    with pytest.raises(PluginError, match="not back"):
        host.channels()


def test_two_channels_of_one_name_are_refused():
    with pytest.raises(PluginError, match="one name"):
        office(plugin(gridgov_channels=lambda: [ConsoleChannel("x"), ConsoleChannel("x")]))


def test_a_validator_refuses_with_its_own_code_and_the_refusal_is_stored():
    def no_noise(command, by, at):
        return Refused("no-noise", "be quiet") if getattr(command, "kind", "") == "noise" else None

    with office(plugin(gridgov_validate=no_noise)) as open_:
        for _ in range(2):
            with pytest.raises(RefusalError, match="be quiet") as refused:
                open_.handle(REPORT, by="desk-1", id="a", at=NOON)
            assert refused.value.code == "plugin-0.no-noise"


def test_a_validator_never_sees_a_private_text_and_is_not_asked_about_the_offices_own_commands():
    seen = []
    with office(plugin(gridgov_validate=lambda command, by, at: seen.append((command, by)))) as open_:
        report = OpenCase(kind="noise", place="150203005008-B001", source="hotline", text="张三", contact="139")
        open_.handle(report, by="desk-1", at=NOON)
        open_.tick(NOON.replace(year=2027))
    assert [by for _, by in seen] == ["desk-1"]
    assert (seen[0][0].text, seen[0][0].contact) == ("", "")


@pytest.mark.parametrize("nonsense", [broken, lambda: "no"])
def test_a_validator_that_raises_or_answers_nonsense_is_a_fault_and_stops_nobody(nonsense):
    bad = plugin(gridgov_validate=lambda command, by, at: nonsense())
    good = plugin(gridgov_validate=lambda command, by, at: Refused("x", "y"))
    with office(bad, good) as open_:
        with pytest.raises(RefusalError) as refused:
            open_.handle(REPORT, by="desk-1", at=NOON)
        assert refused.value.code == "plugin-1.x"
        assert [(fault.plugin, fault.set_aside) for fault in open_.faults] == [("plugin-0", False)]


def test_a_validator_that_hangs_is_set_aside_and_the_report_goes_on():
    host = Host([("slow", plugin(gridgov_validate=hangs))], patience=0.05)
    assert host.validate(REPORT, "desk-1", NOON) is None
    assert host.validate(REPORT, "desk-1", NOON) is None
    assert [(fault.plugin, fault.set_aside) for fault in host.faults] == [("slow", True)]
    assert [(each.name, each.state) for each in host.plugins] == [("slow", "set aside")]
    assert host.plugins[0].why == "gridgov_validate: not back after 0.05 s"
    host.close()


def test_listeners_hear_what_is_stored_in_order_and_only_after_it_is_stored():
    heard = []
    with office(plugin(gridgov_committed=lambda happenings: heard.extend(h.name for h in happenings))) as open_:
        open_.handle(REPORT, by="desk-1", id="a", at=NOON)
        with pytest.raises(RefusalError):
            open_.handle(OpenCase(kind="moon", place="x", source="y"), by="desk-1", at=NOON)
    assert heard == ["setup-adopted", "case-opened", "case-routed"]


def test_a_listener_that_raises_silences_nobody_and_is_told_the_next_time():
    heard = []

    def bad(happenings):
        heard.append(len(happenings))
        raise ValueError("no")

    good = []
    with office(
        plugin(gridgov_committed=bad), plugin(gridgov_committed=lambda happenings: good.append(len(happenings)))
    ) as open_:
        open_.handle(REPORT, by="desk-1", id="a", at=NOON)
        wait_for(lambda: len(heard) == len(good) == 2)
    assert heard == good == [1, 2]
    assert {fault.plugin for fault in open_.faults} == {"plugin-0"}


def test_a_listener_that_never_returns_is_left_behind_and_nobody_waits_for_it():
    good = []
    host = Host(
        [
            ("slow", plugin(gridgov_committed=hangs)),
            ("good", plugin(gridgov_committed=lambda happenings: good.append(1))),
        ],
        patience=0.3,
    )
    began = time.monotonic()
    with open_one(host) as open_:
        open_.handle(REPORT, by="desk-1", id="a", at=NOON)
        assert time.monotonic() - began < 2
        wait_for(lambda: any(fault.plugin == "slow" and fault.set_aside for fault in host.faults))
        wait_for(lambda: len(good) == 2)
        assert [(each.name, each.state) for each in open_.plugins] == [("slow", "set aside"), ("good", "at work")]


def test_sources_of_days_fill_calendars_and_two_of_one_name_are_refused():
    published = PublishedDays(
        source="mine 1",
        holidays=frozenset({dt.date(2026, 9, 2)}),
        moved=frozenset(),
        known_from=dt.date(2026, 1, 1),
        known_through=dt.date(2026, 12, 24),
        notices={2026: "the notice of 2026"},
    )
    offers = plugin(gridgov_days=lambda: {"mine": published})
    setup = attrs.evolve(small_setup(), calendar=Calendar(days="mine"))
    with open_office(setup, plugins=[("one", offers)], discover=False) as office:
        assert office.setup.calendar.notice == "the notice of 2026; mine 1"
        due_at = office.handle(REPORT, by="desk-1", at=NOON).state.deadline.due_at
        assert due_at == NOON + dt.timedelta(days=2)  # the second of September rests
    others = plugin(gridgov_days=lambda: {"mine": published})
    with pytest.raises(PluginError, match="offered by another plugin already"):
        open_office(setup, plugins=[("one", offers), ("two", others)], discover=False)
    wrong = plugin(gridgov_days=lambda: {"mine": "soon"})
    with pytest.raises(PluginError, match="gridgov_days has str where PublishedDays belongs"):
        open_office(setup, plugins=[("one", wrong)], discover=False)


def open_one(host):
    from gridgov.office import Office
    from gridgov.store import MemoryStore

    return Office(small_setup(), MemoryStore(), host=host, clock=lambda: NOON)


def test_every_hook_is_tried_by_a_test_and_has_a_contract():
    here = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    stores = "gridgov_stores"  # tried with the real thing, in plugins/gridgov-sql
    for name, hook in vars(Hooks).items():
        if name.startswith("gridgov_"):
            assert name == stores or f"{name}=" in here
            assert "If" in hook.__doc__
            assert "raise" in hook.__doc__
