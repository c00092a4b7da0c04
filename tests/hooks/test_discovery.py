"""Installed plugins: named, ordered, listed, and refused when nobody could say which one is meant."""

import importlib.metadata

import pytest

from gridgov import hookimpl, open_office
from gridgov.errors import PluginError
from gridgov.hooks import VERSION, Host
from gridgov.hooks import hookimpl as impl
from gridgov.testing import small_setup


class Quiet:
    gridgov_hooks = VERSION

    @hookimpl
    def gridgov_channels(self):
        return []


class Loud(Quiet):
    pass


class Later(Quiet):
    gridgov_hooks = VERSION + 1


class Vague(Quiet):
    gridgov_hooks = "1"


class Unsaid:
    @impl
    def gridgov_channels(self):
        return []


def leaves():
    raise SystemExit(3)


class Distribution:
    def __init__(self, name, version="2.1"):
        self.name, self.version = name, version


class Entry:
    def __init__(self, name, value, distribution="acme"):
        self.name, self._value, self.dist = name, value, Distribution(distribution)

    def load(self):
        return self._value() if callable(self._value) else self._value


@pytest.fixture
def installed(monkeypatch):
    """Pretend that some plugins are installed."""

    def install(*entries):
        monkeypatch.setattr("gridgov.hooks._found.entry_points", lambda group: list(entries))

    return install


def names(host):
    host.close()
    return [each.name for each in host.plugins]


def test_all_are_asked_in_the_order_of_their_names_and_before_those_that_are_handed_in(installed):
    installed(Entry("zoo", Quiet), Entry("ant", Loud))
    assert names(Host([("mine", Quiet())], discover=True)) == ["ant", "zoo", "mine"]


def test_a_sequence_of_names_loads_these_and_no_others_in_its_order(installed):
    installed(Entry("zoo", Quiet), Entry("ant", Loud), Entry("bad", leaves))
    assert names(Host(discover=["zoo", "ant"])) == ["zoo", "ant"]
    assert names(Host(discover=())) == names(Host(discover=False)) == []


@pytest.mark.parametrize(
    ("wanted", "what"),
    [(["zoo", "bee"], "not installed; installed are ant, zoo"), (["ant", "ant"], "asked for twice")],
)
def test_a_name_that_nobody_has_or_that_stands_twice_is_refused(installed, wanted, what):
    installed(Entry("zoo", Quiet), Entry("ant", Loud))
    with pytest.raises(PluginError, match=what):
        Host(discover=wanted)


@pytest.mark.parametrize("wrong", ["zoo", 3, None])
def test_what_is_neither_yes_nor_no_nor_names_is_a_mistake_of_the_caller(wrong):
    with pytest.raises(TypeError, match="sequence of names"):
        Host(discover=wrong)


def test_two_distributions_with_one_name_are_refused_and_both_are_named(installed):
    installed(Entry("zoo", Quiet, "acme-zoo"), Entry("zoo", Loud, "other-zoo"), Entry("ant", Loud))
    with pytest.raises(PluginError, match="acme-zoo and other-zoo"):
        Host(discover=True)
    assert names(Host(discover=["ant"])) == ["ant"]


def no_module():
    raise ModuleNotFoundError("No module named 'moon'")


@pytest.mark.parametrize(("load", "what"), [(leaves, "SystemExit"), (no_module, "moon")])
def test_one_that_cannot_be_imported_is_refused_with_its_distribution_and_why(installed, load, what):
    installed(Entry("zoo", load))
    with pytest.raises(PluginError, match=f"of acme cannot be loaded: .*{what}"):
        Host(discover=True)


def test_one_that_is_built_for_another_version_of_the_hooks_is_refused_and_both_versions_are_named(installed):
    installed(Entry("zoo", Later))
    with pytest.raises(
        PluginError, match=rf"version {VERSION + 1} of the hooks, and this gridgov has version {VERSION}"
    ):
        Host(discover=True)
    with pytest.raises(PluginError, match=f"write gridgov_hooks = {VERSION}"):
        Host([("vague", Vague())])
    host = Host([("says", Quiet()), ("unsaid", Unsaid())])
    assert [each.built_for for each in host.plugins] == [VERSION, None]
    host.close()


def test_an_installed_plugin_is_listed_with_its_distribution_and_version(installed):
    installed(Entry("zoo", Quiet))
    host = Host(discover=True)
    host.close()
    listed = host.plugins[0]
    assert (listed.name, listed.version, listed.distribution, listed.state) == ("zoo", "2.1", "acme", "at work")
    assert listed.hooks == ("gridgov_channels",)


@pytest.mark.parametrize("name", ["case", "points", "gridgov", "routing", "two words", "社区", "", 3, "x" * 61])
def test_a_name_that_is_no_name_or_belongs_to_the_core_is_refused(name):
    with pytest.raises(PluginError, match=r"name|called like"):
        Host([(name, Quiet())])


def test_no_room_and_no_code_of_the_core_can_be_the_name_of_a_plugin():
    from pathlib import Path

    from gridgov.hooks._host import RESERVED

    page = (Path(__file__).parents[2] / "docs/reference/refusals.md").read_text("utf-8")
    prefixes = {line.split("`")[1].partition(".")[0] for line in page.splitlines() if line.startswith("| `")}
    assert prefixes <= RESERVED


def test_one_object_under_two_names_is_refused():
    one = Quiet()
    with pytest.raises(PluginError, match="registered already"):
        Host([("a", one), ("b", one)])


def test_the_plugins_of_this_checkout_are_found_and_say_what_they_have_added():
    found = {entry.name for entry in importlib.metadata.entry_points(group="gridgov")}
    if not {"sample-rules", "days-cn"} <= found:
        pytest.skip("the plugins of this checkout are not installed")
    with open_office(small_setup(), discover=["days-cn", "sample-rules"]) as office:
        days, rules = office.plugins
    assert (days.added.days, rules.hooks) == (("cn",), ("gridgov_rules", "gridgov_validate"))
    assert rules.version == importlib.metadata.version("gridgov-sample-rules")
