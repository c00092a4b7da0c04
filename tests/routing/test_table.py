import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.errors import NotFoundError, SetupError
from gridgov.routing import BANDS, FACTS, Catalog, Fact, Kind, Rule, Rulebook, Table, Then, interpret, parse_cell
from gridgov.testing import small_setup
from gridgov.worktime import parse_limit

SETUP = small_setup()
HOUSE = "150203005008-B001"
THEN = Then(lead="desk", limit=parse_limit("1工作日"))


def rule(id_="r", band="category", priority=None, then=THEN, **cells):
    parsed = (parse_cell(FACTS[name], text) for name, text in cells.items())
    return Rule(id=id_, band=band, priority=priority, cells=tuple(c for c in parsed if c), then=then)


def facts(**changed):
    return {
        "kind": "gas.smell", "place": HOUSE, "grid_kind": "residential", "source": "hotline", "reporter": "resident",
        "affair": "public", "co_governor": "market", "size": "small", "urgency": "urgent", "mode": "peacetime",
        "day": "working", "departments": 2, "repeats": 0, "tag": ("lift", "night"), "time": 22 * 60 + 30, "severity": 2, "covered_by": ("leader-3", "bureau"),
        **changed,
    }  # fmt: skip


def hits(*rules, **changed):
    table = Table.build(rules)
    found = interpret(table, facts(**changed), SETUP.territory)
    assert table.router(SETUP.territory).decide(facts(**changed)) == found
    return found.rule.id if found else None


@pytest.mark.parametrize(
    ("cells", "hit"),
    [
        ({"kind": "gas"}, True),
        ({"kind": "gas.smell"}, True),
        ({"kind": "gas.*"}, True),
        ({"kind": "ga"}, False),
        ({"kind": "noise|gas"}, True),
        ({"kind": "!gas"}, False),
        ({"kind": "!noise|clutter"}, True),
        ({"place": "150203005008"}, True),
        ({"place": "150203005009"}, False),
        ({"place": "!150203005009"}, True),
        ({"source": "hotline|patrol"}, True),
        ({"source": "!hotline"}, False),
        ({"departments": ">=2"}, True),
        ({"departments": ">=3"}, False),
        ({"departments": "<=2"}, True),
        ({"departments": "<=1"}, False),
        ({"departments": "2..5"}, True),
        ({"departments": "3..5"}, False),
        ({"departments": "0..1"}, False),
        ({"departments": "2"}, True),
        ({"departments": "3"}, False),
        ({"tag": "night"}, True),
        ({"tag": "day"}, False),
        ({"tag": "!night"}, False),
        ({"tag": "!day"}, True),
        ({"tag": "day|night"}, True),
        ({"departments": "1|2"}, True),
        ({"departments": ">1"}, True),
        ({"departments": ">2"}, False),
        ({"departments": "<3"}, True),
        ({"departments": "≥２"}, True),
        ({"kind": "noise｜gas"}, True),
        ({"kind": "！gas"}, False),
        ({"time": "22：00．．06：00"}, True),
        ({"departments": "!1|2"}, False),
        ({"time": "22:00..06:00"}, True),
        ({"time": "22:30..22:31"}, True),
        ({"time": "06:00..22:30"}, False),
        ({"time": "22:31..24:00"}, False),
        ({"covered_by": "leader-3"}, True),
        ({"severity": ">=3"}, False),
        ({"severity": "1..3?"}, True),
        ({"urgency": "urgent", "affair": "public"}, True),
        ({"urgency": "urgent", "affair": "private"}, False),
        ({"kind": ""}, True),
        ({"kind": "*"}, True),
    ],
)
def test_a_cell_holds_exactly_for_what_it_says(cells, hit):
    assert (hits(rule(**cells)) == "r") is hit


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("departments", ">= >= 3"),
        ("departments", "three"),
        ("departments", "5..2"),
        ("departments", "1.5"),
        ("kind", ">=3"),
        ("kind", "a||b"),
        ("kind", "!"),
        ("urgency", "very"),
        ("affair", "!publik"),
        ("time", "22:00"),
        ("time", "22:00..22:00"),
        ("time", "24:00..06:00"),
        ("time", "8:00..9:00"),
        ("severity", ">=5"),
        ("departments", "-1"),
        ("source", "ho*"),
        ("tag", "a*|b"),
        ("tag", "a?b"),
    ],
)
def test_a_malformed_or_ill_typed_cell_is_refused_and_never_silently_false(fact, text):
    with pytest.raises(ValueError, match=r"write|one of"):
        parse_cell(FACTS[fact], text)


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("kind", "gas|noise"),
        ("kind", "!gas"),
        ("departments", ">=3"),
        ("departments", "2..5"),
        ("departments", "<=4"),
        ("departments", "!1|2"),
        ("time", "22:00..06:00"),
        ("tag", "!a|b?"),
        ("severity", ">=3?"),
    ],
)
def test_a_cell_is_written_as_it_was_read(fact, text):
    assert str(parse_cell(FACTS[fact], text)) == text


def test_bands_come_before_priorities_and_priorities_before_the_order_of_the_table():
    rules = [
        rule("default", "default"),
        rule("late", priority=200),
        rule("second"),
        rule("first", priority=1, source="hotline"),
        rule("safe", "safety", urgency="urgent"),
    ]
    assert [r.id for r in Table.build(rules).rules] == ["safe", "first", "second", "late", "default"]
    assert hits(*rules) == "safe"
    assert hits(*rules, urgency="ordinary") == "first"
    assert hits(*rules, urgency="ordinary", source="patrol") == "second"


def test_where_no_rule_hits_nothing_is_decided():
    assert hits(rule(kind="noise")) is None


def test_a_decision_tells_its_conditions_its_near_misses_and_how_many_were_passed_over():
    table = Table.build(
        [
            rule("two-off", kind="noise", source="patrol"),
            rule("one-off", kind="gas", source="patrol"),
            rule("hit", kind="gas", departments=">=2"),
            rule("after"),
        ]
    )
    decision = table.router(SETUP.territory).decide(facts())
    assert decision.rule.id == "hit"
    assert [(h.fact, h.condition, h.value) for h in decision.hits] == [
        ("kind", "gas", "gas.smell"),
        ("departments", ">=2", "2"),
    ]
    near = table.router(SETUP.territory).near_misses(facts())
    assert [(n.rule, n.fact, n.value) for n in near] == [("one-off", "source", "hotline")]
    assert (decision.passed_over, decision.later) == (2, ("after",))
    assert decision.version == table.version


def test_only_the_last_near_misses_are_kept():
    rows = [rule(f"n{number}", source="patrol", repeats=f"<={number}") for number in range(8)]
    near = Table.build([*rows, rule("hit")]).router(SETUP.territory).near_misses(facts(), kept=3)
    assert [n.rule for n in near] == ["n5", "n6", "n7"]


def test_the_version_of_a_table_changes_with_any_rule_and_with_nothing_else():
    one = Table.build([rule("a", kind="gas"), rule("b")])
    assert one.version == Table.build([rule("a", kind="gas"), rule("b")]).version
    other = Table.build([rule("a", kind="gas"), rule("b", then=attrs.evolve(THEN, limit=parse_limit("2工作日")))])
    assert one.version != other.version


def codes(*rules):
    book = Rulebook(Table.build(rules))
    return [finding.code for finding in SETUP.check_rules(book) if finding.grave]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (rule(kind="gaz"), "routing.unknown-kind"),
        (rule(place="150203005099"), "routing.unknown-place"),
        (rule(then=attrs.evolve(THEN, lead="org:gaz")), "routing.unknown-department"),
        (rule(then=attrs.evolve(THEN, supporting=("role:area-leed",))), "routing.unknown-role"),
        (rule(then=attrs.evolve(THEN, informed=("somebody",))), "routing.bad-target"),
        (rule(then=attrs.evolve(THEN, ladder="up")), "routing.unknown-ladder"),
    ],
)
def test_a_rule_that_names_what_does_not_exist_is_found(wrong, code):
    assert codes(wrong) == [code]


@pytest.mark.parametrize(
    "wrong",
    [
        [rule("a"), rule("a", kind="gas")],
        [rule(band="urgent")],
        [Rule(id="r", band="category", cells=(parse_cell(Fact("moon", "text", "", ""), "full"),), then=THEN)],
    ],
)
def test_a_table_that_is_wrong_in_itself_is_refused(wrong):
    with pytest.raises(SetupError):
        Table.build(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "gas"},
        {"code": "a..b"},
        {"affair": "mine"},
        {"co_governor": "nobody"},
        {"size": "huge"},
        {"urgency": "very"},
    ],
)
def test_each_mistake_of_a_catalog_is_found(wrong):
    kinds = [Kind(code="gas", zh="", en=""), attrs.evolve(Kind(code="noise", zh="", en=""), **wrong)]
    with pytest.raises(SetupError) as error:
        Catalog.build(kinds)
    assert len(error.value.findings) == 1


def test_an_unknown_kind_comes_with_the_closest_one():
    with pytest.raises(NotFoundError, match=r"gas\.smell"):
        SETUP.catalog["gas.smel"]


rules = st.builds(
    rule,
    st.integers(0, 99).map("r{}".format),
    st.sampled_from(BANDS),
    st.integers(0, 3),
    kind=st.sampled_from(["", "gas", "noise", "!gas"]),
    source=st.sampled_from(["", "hotline", "patrol|resident", "!hotline"]),
    departments=st.sampled_from(["", ">=2", "1..2", "<=1"]),
)


def naive(table_rules, case):
    """The first rule in order of band, priority and row whose written conditions hold; from the documentation."""

    def holds(cell):
        value = case[cell.fact]
        if cell.fact == "departments":
            number = [int(v) for v in cell.values]
            return {"at-least": value >= number[0], "at-most": value <= number[0]}.get(
                cell.op, number[0] <= value <= number[-1]
            )
        inside = any(value == v or (cell.fact == "kind" and value.startswith(v + ".")) for v in cell.values)
        return inside != (cell.op == "not-in")

    ordered = sorted(table_rules, key=lambda r: (BANDS.index(r.band), r.rank))
    return next((r.id for r in ordered if all(map(holds, r.cells))), None)


@given(
    st.lists(rules, max_size=12, unique_by=lambda r: r.id),
    st.sampled_from(["gas.smell", "noise"]),
    st.sampled_from(["hotline", "patrol", "front-desk"]),
    st.integers(0, 4),
)
def test_the_first_rule_that_holds_decides_as_the_documentation_says(table_rules, kind, source, departments):
    """首条命中: bands in a fixed order, then priority, then the order of the rows."""
    changed = {"kind": kind, "source": source, "departments": departments}
    assert hits(*table_rules, **changed) == naive(table_rules, facts(**changed))
