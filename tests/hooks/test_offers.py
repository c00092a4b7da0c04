"""What plugins add beside rules: code lists, importers, exporters, and what the listing says of it."""

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov import hookimpl, open_office
from gridgov.cases import OpenCase
from gridgov.errors import Finding, PluginError, SetupError
from gridgov.hooks import Added, Code, CodeList, Exporter, Host, Importer, Wanted
from gridgov.routing import FACTS, Fact, Kind, Rule, Table, Then, parse_cell
from gridgov.store import MemoryStore
from gridgov.testing import NOON, small_setup
from gridgov.worktime import parse_limit

NATIONS = CodeList.build(
    "nations",
    {"01": Code("汉族", "Han"), "02": Code("蒙古族", "Mongol")},
    version="GB/T 3304-1991",
    source="GB/T 3304",
)
REPORT = OpenCase(kind="noise", place="150203005008-B001", source="hotline")


def plugin(**hooks):
    return type("Plugin", (), {name: hookimpl(staticmethod(function)) for name, function in hooks.items()})()


class Lines:
    """Reads one report a line: number and kind."""

    def read(self, source, /):
        if not source.is_file():
            raise SetupError([Finding(code="lines.missing", subject=source.name, message=f"{source.name} is missing")])
        for row, line in enumerate(source.read_text("utf-8").splitlines(), start=1):
            number, _, kind = line.partition(" ")
            if kind:
                yield Wanted(OpenCase(kind=kind, place="150203005008-B001", source="hotline"), id=f"lines:{number}")
            else:
                yield Finding(
                    code="lines.no-kind", subject=number, message="the line has no kind", row=row, grave=False
                )


class Json:
    suffix = ".json"

    def accepts(self, value, /):
        return isinstance(value, dict)

    def write(self, value, target, /):
        target.write(json.dumps(value, sort_keys=True, ensure_ascii=False).encode())


def test_what_an_importer_gives_goes_through_the_office_once_however_often_it_is_read(tmp_path):
    path = tmp_path / "calls.txt"
    path.write_text("1 noise\n2\n3 clutter\n", "utf-8")
    lines = plugin(gridgov_importers=lambda: {"lines": Lines()})
    with open_office(small_setup(), plugins=[("mine", lines)], discover=False, clock=lambda: NOON) as office:
        importer = office.importers["lines"]
        assert isinstance(importer, Importer)
        for _ in range(2):
            parts = list(importer.read(path))
            for part in parts:
                if isinstance(part, Wanted):
                    office.handle(part.command, by="desk-1", id=part.id)
        assert [type(part).__name__ for part in parts] == ["Wanted", "Finding", "Wanted"]
        assert [office.knows(id_) for id_ in ("lines:1", "lines:2", "lines:3")] == [True, False, True]
        assert office.plugins[0].added == Added(importers=("lines",))
        with pytest.raises(SetupError, match="missing"):
            next(importer.read(tmp_path / "nowhere.txt"))


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("x", "has str where a part"),
        (None, "has None where a part"),
        (Wanted(3, "x"), "has int where a command"),
        (Wanted(REPORT, ""), "has a wanted command without an id"),
        (Wanted(REPORT, "x", dt.datetime(2026, 9, 1)), "has a wanted command whose instant is no aware datetime"),  # noqa: DTZ001
        (Wanted(REPORT, "x", "today"), "has a wanted command whose instant is no aware datetime"),
        (Kind(code=3, zh="x", en="x"), "has a wrong Kind"),
    ],
)
def test_what_is_no_part_is_refused_when_it_comes_and_the_parts_before_it_were_given(part, what):
    class Mixed:
        def read(self, source, /):
            yield Kind(code="a", zh="a", en="a")
            yield part

    host = Host([("mine", plugin(gridgov_importers=lambda: {"mixed": Mixed()}))])
    reading = host.importers()["mixed"].read(Path("x"))
    assert next(reading).code == "a"
    with pytest.raises(PluginError, match=f"'mine': the importer mixed {what}"):
        next(reading)
    host.close()


def test_an_importer_that_breaks_says_where_and_not_what_stood_in_the_source(tmp_path):
    class Breaks:
        def read(self, source, /):
            yield from ()
            raise ValueError("张三 13900000000")

    host = Host([("mine", plugin(gridgov_importers=lambda: {"breaks": Breaks()}))])
    with pytest.raises(PluginError, match="raised ValueError in ") as refused:
        list(host.importers()["breaks"].read(tmp_path))
    assert "张三" not in str(refused.value)
    assert refused.value.__cause__ is None
    host.close()


def test_a_file_is_written_whole_or_stays_what_it_was(tmp_path):
    class Breaks(Json):
        def write(self, value, target, /):
            target.write(b"half")
            raise SystemExit

    class Shuts(Json):
        def write(self, value, target, /):
            target.close()

    class Picky(Json):
        def accepts(self, value, /):
            raise TypeError("张三")

    offered = {"json": Json(), "breaks": Breaks(), "shuts": Shuts(), "picky": Picky()}
    host = Host([("mine", plugin(gridgov_exporters=lambda: offered))])
    path = tmp_path / "plan.json"
    assert isinstance(host.exporters()["json"].exporter, Exporter)
    assert host.exporters()["json"].save({"网格": 1}, path) == path
    with pytest.raises(PluginError, match="the exporter breaks raised SystemExit"):
        host.exporters()["breaks"].save({}, path)
    with pytest.raises(TypeError, match="does not write list"):
        host.exporters()["json"].save([], path)
    with pytest.raises(TypeError, match=r"end with \.json"):
        host.exporters()["json"].save({}, tmp_path / "plan.txt")
    with pytest.raises(PluginError, match="the exporter shuts closed the file"):
        host.exporters()["shuts"].save({}, path)
    with pytest.raises(PluginError, match="the exporter picky raised TypeError in "):
        host.exporters()["picky"].save({}, path)
    assert path.read_text("utf-8") == '{"网格": 1}'
    beside = tmp_path / "beside"
    beside.write_text("")
    assert path.stat().st_mode == beside.stat().st_mode
    beside.unlink()
    assert list(tmp_path.iterdir()) == [path]
    host.close()


def test_a_fact_has_the_codes_of_a_list_that_another_plugin_brings_and_a_case_is_checked_against_them():
    nation = Fact("nation", "code", "民族", "nation", ("list:nations",))
    cells = (parse_cell(FACTS["kind"], "noise"), parse_cell(NATIONS.fact("nation", "民族", "nation"), "02?"))
    rule = Rule(id="r", band="local", cells=cells, then=Then(lead="org:police", limit=parse_limit("1工作日")))
    plugins = [
        ("asks", plugin(gridgov_facts=lambda: [nation], gridgov_rules=lambda catalog, territory: [rule])),
        ("brings", plugin(gridgov_code_lists=lambda: {"nations": NATIONS})),
    ]
    store = MemoryStore()
    with open_office(small_setup(), store, plugins=plugins, discover=False, clock=lambda: NOON) as office:
        assert office.setup.rulebooks.entries[-1].value.facts["nation"].domain == ("01", "02")
        assert office.code_lists["nations"].entries["02"].en == "Mongol"
        assert [each.added for each in office.plugins] == [
            Added(facts=("nation",), rules=("r",)),
            Added(code_lists=("nations",)),
        ]
    with pytest.raises(PluginError, match="the list 'nations'; offered are none"):
        open_office(small_setup(), plugins=plugins[:1], discover=False)


@pytest.mark.parametrize(
    ("hook", "value"), [("code_lists", NATIONS), ("importers", Lines()), ("exporters", Json()), ("stores", open)]
)
def test_a_name_that_two_plugins_offer_is_refused_and_the_first_of_two_stores_is_taken(hook, value):
    both = [(name, plugin(**{f"gridgov_{hook}": lambda: {"nations": value}})) for name in ("one", "two")]
    host = Host(both)
    if hook == "stores":
        with pytest.raises(FileNotFoundError):
            host.open_store("nations://nowhere")
    else:
        with pytest.raises(PluginError, match=r"'two': .* is offered by another plugin already, one"):
            getattr(host, hook)()
    host.close()


def test_a_list_under_another_id_than_its_own_or_with_mistakes_in_it_is_refused():
    unsound = CodeList(id="x", version="1", source="s", entries={"a": Code("甲", "a", "b")})
    for lists, what in (({"other": NATIONS}, "as 'other'"), ({"x": unsound}, "which is not there")):
        host = Host([("mine", plugin(gridgov_code_lists=lambda lists=lists: lists))])
        with pytest.raises(PluginError, match=what):
            host.code_lists()
        host.close()


@pytest.mark.parametrize(
    ("entries", "what"),
    [
        ({}, "is empty"),
        ({"a": Code("甲", "")}, "lacks a name"),
        ({" a": Code("甲", "a")}, "is no code"),
        ({"a": Code("甲", "a", "b")}, "is not there"),
        ({"a": Code("甲", "a", "b"), "b": Code("乙", "b", "a")}, "under itself"),
        ({"a": Code("甲", "a", "a")}, "under itself"),
    ],
)
def test_an_unsound_list_cannot_be_built(entries, what):
    with pytest.raises(SetupError, match=what):
        CodeList.build("x", entries, version="1", source="s")


@given(st.lists(st.integers(0, 30), max_size=30))
def test_codes_under_a_code_are_those_that_have_it_above_them(parents):
    """Every tree of codes, whatever its order: below and above say the same."""
    codes = [f"c{number}" for number in range(len(parents) + 1)]
    entries = {"c0": Code("根", "root")}
    for number, parent in enumerate(parents, start=1):
        entries[codes[number]] = Code("项", "entry", codes[parent % number])
    listed = CodeList.build("tree", entries, version="1", source="s")
    for code in codes:
        assert set(listed.under(code)) == {each for each in codes if each == code or code in listed.above(each)}
    assert listed.under("c0") == tuple(entries)
    assert len({kind.code for kind in listed.kinds()}) == len(entries)


def test_a_list_becomes_kinds_of_a_catalog():
    listed = CodeList.build(
        "matters", {"01": Code("环境", "environment"), "0102": Code("井盖", "lid", "01")}, version="1", source="s"
    )
    assert [kind.code for kind in listed.kinds()] == ["01", "01.0102"]


def test_the_listing_says_what_every_plugin_has_added_as_soon_as_the_office_is_open():
    from gridgov.delivery import ConsoleChannel
    from gridgov.worktime import PublishedDays

    day = dt.date(2026, 1, 1)
    days = PublishedDays(source="x", holidays=frozenset(), moved=frozenset(), known_from=day, known_through=day)
    rule = Rule(id="r", band="local", cells=(), then=Then(lead="desk", limit=parse_limit("1工作日")))
    everything = plugin(
        gridgov_stores=lambda: {"moon": MemoryStore},
        gridgov_channels=lambda: [ConsoleChannel("bell")],
        gridgov_facts=lambda: [Fact("weather", "text", "天气", "weather")],
        gridgov_rules=lambda catalog, territory: [rule],
        gridgov_days=lambda: {"mine": days},
        gridgov_code_lists=lambda: {"nations": NATIONS},
        gridgov_reactions=lambda: {"case-opened": lambda event, after, setup: []},
        gridgov_importers=lambda: {"lines": Lines()},
        gridgov_exporters=lambda: {"json": Json()},
    )
    with open_office(small_setup(), plugins=[("all", everything)], discover=False) as office:
        (listed,) = office.plugins
    assert listed.added == Added(
        stores=("moon",),
        channels=("bell",),
        facts=("weather",),
        rules=("r",),
        days=("mine",),
        code_lists=("nations",),
        reactions=("case-opened",),
        importers=("lines",),
        exporters=("json",),
    )
    assert len(listed.hooks) == 9
    assert isinstance(office.setup.rulebooks.entries[-1].value.rules, Table)


class Suffixed(Json):
    suffix = "json"


class Unwilling:
    suffix = ".json"


@pytest.mark.parametrize(
    ("hook", "value", "what"),
    [
        ("importers", object(), "no importer: it needs read"),
        ("exporters", Suffixed(), "its suffix is like .csv"),
        ("exporters", Unwilling(), "it needs accepts"),
        ("code_lists", 3, "has int where CodeList belongs"),
        ("stores", 3, "has int where a function belongs"),
    ],
)
def test_what_lacks_a_method_is_refused_and_told_which(hook, value, what):
    host = Host([("mine", plugin(**{f"gridgov_{hook}": lambda: {"x": value}}))])
    with pytest.raises(PluginError, match=f"'mine': gridgov_{hook} .*{what}"):
        host.open_store("x://y") if hook == "stores" else getattr(host, hook)()
    host.close()


@pytest.mark.parametrize(
    ("url", "what"), [("street.db", "write sqlite:///street.db"), ("sun://x", "'sun'; offered are moon")]
)
def test_a_url_that_nobody_opens_is_refused_with_what_is_offered(url, what):
    host = Host([("mine", plugin(gridgov_stores=lambda: {"moon": lambda url: MemoryStore()}))])
    with pytest.raises(PluginError, match=what):
        host.open_store(url)
    with pytest.raises(PluginError, match="install gridgov-sql"):
        Host().open_store("sun://x")
    host.close()
