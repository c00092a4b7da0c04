"""Plugins that would hurt: each hook against each way to misbehave, and the table that says what becomes of it."""

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import attrs
import pytest

from gridgov import hookimpl, open_office
from gridgov.cases import OpenCase
from gridgov.errors import PluginError
from gridgov.hooks import FAILURES, FAULTS_MAX, CodeList, Fault, Faults, Happening, Hooks, Host, Refused
from gridgov.hooks._threads import BACKLOG_MAX, Listener
from gridgov.routing import Fact
from gridgov.testing import NOON, small_setup

REPORT = OpenCase(kind="noise", place="150203005008-B001", source="hotline")
SETUP = small_setup()
SECRET = "王小明 13912345678"
HAPPENED = [Happening(position=1, name="case-opened", event=REPORT, by="desk-1", at=NOON)]


def plugin(**hooks):
    return type("Plugin", (), {name: hookimpl(staticmethod(function)) for name, function in hooks.items()})()


class Leaving(BaseException):
    pass


class Prickly:
    """Nothing about it can be asked."""

    def __getattribute__(self, name):
        raise RuntimeError(SECRET)


class LyingMapping(dict):
    def items(self):
        while True:
            yield "x", 1


def raises(error):
    def call(*_):
        raise error

    return call


def deeper():
    return deeper()  # with *arguments, Python 3.13.0 forgets to count how deep it is


def recurses(*_):
    return deeper()


def hangs(*_):
    threading.Event().wait()


def endless(*_):
    while True:
        yield None


def stalls(*_):
    yield Prickly()
    threading.Event().wait()


MISDEEDS = {
    "it raises": raises(ValueError(SECRET)),
    "it leaves": raises(SystemExit(SECRET)),
    "it interrupts": raises(KeyboardInterrupt()),
    "it raises what is no exception": raises(Leaving(SECRET)),
    "it recurses": recurses,
    "it raises a timeout of its own": raises(TimeoutError(SECRET)),
}
NONSENSE = {
    "a text": lambda *_: SECRET,
    "a number": lambda *_: 3,
    "a list with None": lambda *_: [None],
    "a list of texts": lambda *_: ["x"],
    "a prickly list": lambda *_: [Prickly()],
    "a prickly thing": lambda *_: Prickly(),
    "a mapping with other keys": lambda *_: {3: 4},
    "a mapping with prickly values": lambda *_: {"cn": Prickly(), "case-opened": Prickly()},
    "a mapping that never ends": lambda *_: LyingMapping(),
    "a generator that never ends": endless,
    "something huge": lambda *_: [Fact("x", "text", "", "")] * 200_000,
    "a class": lambda *_: Refused,
}
OPENING = [name for name, failure in FAILURES.items() if failure.late == "refused"]
ARGUMENTS = {
    "gridgov_rules": ("catalog", "territory"),
    "gridgov_validate": ("command", "by", "at"),
    "gridgov_committed": ("happenings",),
}


def having(hook, deed):
    """Make a plugin whose hook, with its true arguments, does *deed*."""
    arguments = ", ".join(ARGUMENTS.get(hook, ()))
    return plugin(**{hook: eval(f"lambda {arguments}: deed()", {"deed": deed})})


def ask(host, hook):
    """Let the host ask a hook as an office would."""
    match hook:
        case "gridgov_stores":
            host.open_store("moon://x")
        case "gridgov_rules":
            host.rules(SETUP.catalog, SETUP.territory)
        case "gridgov_reactions":
            host.reactions("case-opened", None, lambda: None, SETUP, by="desk-1")
        case "gridgov_validate":
            assert host.validate(REPORT, "desk-1", NOON) is None
        case "gridgov_committed":
            host.committed(HAPPENED)
        case _:
            getattr(host, hook.removeprefix("gridgov_"))()


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


def test_the_table_of_failures_has_every_hook_and_no_other():
    assert [name for name in FAILURES if name.startswith("gridgov_")] == sorted(
        (name for name in vars(Hooks) if name.startswith("gridgov_")), key=list(FAILURES).index
    )
    assert len([name for name in FAILURES if name.startswith("gridgov_")]) == 11


@pytest.mark.parametrize("hook", [name for name in OPENING if name.startswith("gridgov_")])
@pytest.mark.parametrize("misdeed", [*MISDEEDS, *NONSENSE])
def test_a_hook_of_opening_that_fails_in_any_way_is_refused_with_the_plugins_name(hook, misdeed):
    deed = {**MISDEEDS, **NONSENSE}[misdeed]
    host = Host([("bad", having(hook, deed)), ("good", having(hook, dict if _maps(hook) else list))])
    with pytest.raises(PluginError, match="'bad': " + hook) as refused:
        ask(host, hook)
    assert SECRET not in str(refused.value)
    assert FAILURES[hook].raises == FAILURES[hook].nonsense == "refused"
    host.close()


def _maps(hook):
    return hook not in {"gridgov_channels", "gridgov_facts", "gridgov_rules"}


@pytest.mark.parametrize("hook", [name for name in OPENING if name.startswith("gridgov_")])
@pytest.mark.parametrize("deed", [hangs, stalls])
def test_a_hook_of_opening_that_hangs_is_given_up_named_and_set_aside(hook, deed):
    if deed is stalls and _maps(hook):
        deed = hangs
    host = Host([("bad", having(hook, deed))], patience=0.05)
    with pytest.raises(PluginError, match="'bad': " + hook):
        ask(host, hook)
    if deed is hangs:
        assert [(each.state, "not back" in each.why) for each in host.plugins] == [("set aside", True)]
    host.close()


@pytest.mark.parametrize("misdeed", [*MISDEEDS, *NONSENSE])
def test_a_validator_that_fails_in_any_way_is_a_fault_without_the_text_and_the_command_goes_on(misdeed, caplog):
    caplog.set_level(logging.DEBUG)
    host = Host([("bad", having("gridgov_validate", {**MISDEEDS, **NONSENSE}[misdeed]))])
    ask(host, "gridgov_validate")
    ask(host, "gridgov_validate")
    assert [(each.plugin, each.hook, each.set_aside) for each in host.faults] == [
        ("bad", "gridgov_validate", False)
    ] * 2
    assert SECRET not in repr(list(host.faults)) + caplog.text
    assert host.plugins[0].state == "at work"
    host.close()


@pytest.mark.parametrize("misdeed", [*MISDEEDS, *NONSENSE])
def test_a_listener_that_fails_in_any_way_is_a_fault_without_the_text_and_hears_the_next_commit(misdeed, caplog):
    caplog.set_level(logging.DEBUG)
    host = Host([("bad", having("gridgov_committed", {**MISDEEDS, **NONSENSE}[misdeed]))])
    ask(host, "gridgov_committed")
    ask(host, "gridgov_committed")
    wait_for(lambda: len(host.faults) == 2)
    assert host.faults.counts == {("bad", "gridgov_committed"): 2}
    assert SECRET not in repr(list(host.faults)) + caplog.text
    host.close()


@pytest.mark.parametrize("misdeed", [*MISDEEDS, *NONSENSE])
def test_a_reaction_that_fails_in_any_way_is_a_fault_and_the_event_is_passed_over_for_that_plugin(misdeed):
    deed = {**MISDEEDS, **NONSENSE}[misdeed]
    follow = OpenCase(kind="noise", place="150203005008", source="patrol")
    host = Host(
        [
            ("bad", plugin(gridgov_reactions=lambda: {"case-opened": deed})),
            ("good", plugin(gridgov_reactions=lambda: {"case-opened": lambda *_: [follow]})),
        ]
    )
    found = host.reactions("case-opened", REPORT, lambda: None, SETUP, by="desk-1")
    assert [(each.by, each.index, each.command) for each in found] == [("plugin:good", 0, follow)]
    assert [each.plugin for each in host.faults] == ["bad"]
    assert SECRET not in repr(list(host.faults))
    host.close()


def test_what_hangs_after_opening_is_set_aside_as_the_table_says():
    hooks = {
        "gridgov_validate": hangs,
        "gridgov_committed": hangs,
        "gridgov_reactions": lambda: {"case-opened": hangs},
    }
    for hook, deed in hooks.items():
        host = Host([("bad", having(hook, deed))], patience=0.05)
        ask(host, hook)
        wait_for(lambda host=host: host.plugins[0].state == "set aside")
        ask(host, hook)
        assert len(host.faults) == 1
        host.close()


def test_a_plugin_that_cannot_even_be_looked_at_is_refused_when_it_registers(monkeypatch):
    class Prying:
        @property
        def gridgov_hooks(self):
            raise ValueError(SECRET)

    class Stuck:
        @property
        def gridgov_hooks(self):
            threading.Event().wait()

    class Sleepy:
        @hookimpl
        async def gridgov_committed(self, happenings):
            return None

    with pytest.raises(PluginError, match="registering raised ValueError") as refused:
        Host([("bad", Prying())])
    assert SECRET not in str(refused.value)
    with monkeypatch.context() as patched:
        patched.setattr("gridgov.hooks._host.PATIENCE_SECONDS", 0.05)
        with pytest.raises(PluginError, match="not back"):
            Host([("bad", Stuck())], patience=0.05)
    with pytest.raises(PluginError, match="async"):
        Host([("bad", Sleepy())])
    with pytest.raises(PluginError, match="registering raised RuntimeError"):
        Host([("bad", Prickly())])


def test_a_store_that_fails_says_so_and_a_password_in_its_url_stays_out_of_the_error():
    url = "moon://me:geheim@there/db"
    host = Host([("bad", plugin(gridgov_stores=lambda: {"moon": raises(ValueError(url)), "sun": lambda url: 3}))])
    with pytest.raises(PluginError, match="opening a store of the scheme 'moon' raised ValueError") as refused:
        host.open_store(url)
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(PluginError, match="is no store: int"):
        host.open_store("sun://x")
    assert host.plugins[0].state == "at work"
    host.close()


def test_a_value_that_has_code_of_the_plugin_in_it_is_not_taken_over():
    class Sly(str):
        __slots__ = ()

        def __eq__(self, other):
            raise RuntimeError

        __hash__ = str.__hash__

    host = Host([("sly", plugin(gridgov_facts=lambda: [Fact("weather", "text", Sly("天气"), "weather")]))])
    with pytest.raises(PluginError, match="of type Sly is unsupported"):
        host.facts()
    host.close()


def test_values_with_wrong_types_inside_are_refused_with_what_would_be_right():
    wrong = CodeList(id="x", version="1", source="s", entries={"a": "b"})
    host = Host([("bad", plugin(gridgov_code_lists=lambda: {"x": wrong}))])
    with pytest.raises(PluginError, match="has a wrong CodeList: Expected `object`"):
        host.code_lists()
    host.close()


@pytest.mark.parametrize(("code", "message"), [("No Noise", "x"), ("", "x"), (3, "x"), ("x", ""), ("x", "y" * 501)])
def test_a_refusal_of_another_shape_cannot_be_made(code, message):
    with pytest.raises(ValueError, match=r"plugin's code|needs a sentence"):
        Refused(code, message)


def test_faults_are_bounded_in_memory_and_all_are_counted():
    faults = Faults()
    for number in range(FAULTS_MAX + 5):
        faults.append(Fault("bad", "gridgov_validate", str(number)))
    assert len(faults) == FAULTS_MAX
    assert next(iter(faults)).what == "5"
    assert faults.counts == {("bad", "gridgov_validate"): FAULTS_MAX + 5}


def test_a_fault_names_the_place_in_the_plugins_own_code():
    host = Host([("bad", having("gridgov_validate", lambda: int("x")))])
    ask(host, "gridgov_validate")
    assert next(iter(host.faults)).what.startswith("ValueError in ")
    assert ", line " in next(iter(host.faults)).what
    host.close()


def test_a_listener_that_falls_behind_too_far_is_set_aside_and_its_backlog_stops_growing():
    gate, faults = threading.Event(), []
    listener = Listener("slow", lambda _: gate.wait() and None, lambda what, aside: faults.append((what, aside)), 30)
    for _ in range(BACKLOG_MAX + 2):
        listener.tell(HAPPENED)
    assert faults[0] == (f"{BACKLOG_MAX} commits behind", True)
    gate.set()
    listener.close()


@pytest.mark.slow
def test_many_threads_may_ask_one_validator_and_nobody_is_set_aside_for_waiting():
    asked = []
    host = Host(
        [("slow", plugin(gridgov_validate=lambda command, by, at: (time.sleep(0.05), asked.append(by))[1]))],
        patience=1,
    )
    threads = [threading.Thread(target=host.validate, args=(REPORT, f"desk-{n}", NOON)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 30
    assert len(host.faults) == 0
    host.close()


def test_an_office_with_a_plugin_set_aside_is_not_amended_into_another_setup():
    slow = plugin(gridgov_facts=list, gridgov_validate=lambda command, by, at: hangs())
    host = Host([("slow", slow)], patience=0.05)
    host.completed(SETUP)
    host.validate(REPORT, "desk-1", NOON)
    with pytest.raises(PluginError, match="open the office anew before amending"):
        host.completed(SETUP)
    host.close()


def test_a_plugin_that_asks_the_office_from_its_own_thread_does_not_stop_it(monkeypatch):
    monkeypatch.setattr("gridgov.hooks._host.PATIENCE_SECONDS", 0.1)
    offices = []

    def asks(command, by, at):
        return offices[0].handle(REPORT, by="desk-2")

    with open_office(SETUP, plugins=[("circle", plugin(gridgov_validate=asks))], discover=False) as office:
        office._host._patience = 0.1
        offices.append(office)
        assert office.handle(REPORT, by="desk-1").events
        assert [each.state for each in office.plugins] == ["set aside"]


def test_the_recursion_limit_of_the_interpreter_is_what_it_was():
    limit = sys.getrecursionlimit()
    host = Host([("bad", having("gridgov_validate", recurses))])
    ask(host, "gridgov_validate")
    assert sys.getrecursionlimit() == limit
    host.close()


def test_a_process_with_plugins_that_hang_everywhere_comes_to_its_end():
    script = Path(__file__).with_name("hanging.py")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout.splitlines() == ["refused: Opening", "events: 2", "aside: Hanging Spinning"]


def test_an_amendment_for_which_a_plugin_fails_changes_nothing():
    calls = []

    def once(catalog, territory):
        calls.append(1)
        if len(calls) > 1:
            raise ValueError(SECRET)
        return []

    with open_office(SETUP, plugins=[("once", plugin(gridgov_rules=once))], discover=False) as office:
        before, position = office.setup, office.position
        with pytest.raises(PluginError, match="gridgov_rules raised ValueError"):
            office.amend(attrs.evolve(SETUP, retention={}), by="desk-1", reason="x")
        assert (office.setup, office.position) == (before, position)
        assert office.handle(REPORT, by="desk-1").events


@pytest.mark.slow
def test_a_listener_that_is_at_work_when_the_office_closes_is_waited_for_a_while_and_then_reported():
    host = Host([("slow", having("gridgov_committed", lambda: time.sleep(0.5)))], patience=1)
    for _ in range(8):
        ask(host, "gridgov_committed")
    host.close()
    assert [each.what for each in host.faults] == ["was still listening when the office closed"]


def test_a_plugin_that_was_set_aside_is_not_asked_for_reactions_either():
    asked = []
    both = plugin(
        gridgov_validate=lambda command, by, at: hangs(),
        gridgov_reactions=lambda: {"case-opened": lambda *given: asked.append(given) or []},
    )
    host = Host([("bad", both)], patience=0.05)
    ask(host, "gridgov_reactions")
    ask(host, "gridgov_validate")
    ask(host, "gridgov_reactions")
    assert len(asked) == 1
    host.close()
