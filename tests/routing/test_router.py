"""The fast ways against the plain interpreter: same answers, same refusals, whatever the table and the case."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov.errors import RefusalError
from gridgov.routing import (
    BANDS,
    FACTS,
    Batch,
    Catalog,
    Fact,
    Kind,
    Rule,
    Rulebook,
    Table,
    Then,
    interpret,
    interpret_all,
    interpret_near,
    parse_cell,
    replay,
)
from gridgov.testing import small_setup
from gridgov.worktime import parse_limit

SETUP = small_setup()
TERRITORY = SETUP.territory
DECLARED = {
    **FACTS,
    "ward": Fact("ward", "text", "片区", "ward"),
    "weather": Fact("weather", "code", "天气", "weather", ("fair", "storm")),
}
WORDS = {
    "kind": ["gas", "gas.smell", "noise", "clutter", "0102", "01", "!gas", "!noise|gas.smell", "gas|noise"],
    "place": ["150203005008", "150203005008001", "150203005009", "!150203005008", "150203005008001|150203005009"],
    "source": ["hotline", "patrol|resident", "!hotline"],
    "urgency": ["urgent", "!ordinary"],
    "mode": ["emergency"],
    "departments": [">=2", "<=1", "1..3", "2", "!2", "0|4"],
    "severity": [">=3", "0"],
    "time": ["22:00..06:00", "08:00..18:00", "00:00..24:00"],
    "tag": ["night", "lift|night", "!night", "!lift|school"],
    "ward": ["north", "no*", "!south"],
    "weather": ["storm", "!storm"],
}
VALUES = {
    "kind": ["gas.smell", "gas", "noise", "clutter", "question", "0102", "0102.lid", "0103"],
    "place": ["150203005", "150203005008", "150203005008-B001", "150203005009-B002", "150203005008002"],
    "source": ["hotline", "patrol", "resident", "sensor"],
    "urgency": ["ordinary", "urgent"],
    "mode": ["peacetime", "emergency"],
    "departments": [0, 1, 2, 3, 4],
    "severity": [0, 3, 4],
    "time": [0, 359, 360, 480, 1079, 1080, 1320, 1439],
    "tag": [(), ("night",), ("lift", "school"), ("night", "lift")],
    "ward": ["north", "nought", "south", ""],
    "weather": ["fair", "storm"],
}
WHENS = ["", "", "", "departments > 1", '"night" in tag && severity < 3', "has(weather) && weather == \"storm\"",
         "10 / departments > 4"]  # fmt: skip
THENS = [Then(lead="desk", limit=parse_limit(text)) for text in ("1工作日", "2工作日", "4紧急工作时")]


@st.composite
def rules(draw):
    asked = draw(st.lists(st.sampled_from(sorted(WORDS)), max_size=4, unique=True))
    cells = []
    for name in asked:
        text = draw(st.sampled_from(WORDS[name])) + draw(st.sampled_from(["", "", "", "?"]))
        cells.append(parse_cell(DECLARED[name], text))
    return Rule(
        id="r",
        band=draw(st.sampled_from(["safety", "category", "default"])),
        priority=draw(st.sampled_from([None, 1, 200])),
        cells=tuple(cells),
        when=draw(st.sampled_from(WHENS)),
        then=draw(st.sampled_from(THENS)),
    )


@st.composite
def tables(draw, size=14, most_whens=None):
    found = draw(st.lists(rules(), max_size=size))
    if most_whens == 0:
        found = [attrs.evolve(rule, when="") for rule in found]
    return Table.build([attrs.evolve(rule, id=f"r{place}") for place, rule in enumerate(found)], facts=DECLARED)


@st.composite
def cases(draw, *, whole=False):
    stated = {name: draw(st.sampled_from(values)) for name, values in VALUES.items()}
    if not whole:
        for name in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=2)):
            stated.pop(name, None)
        wrong = draw(st.sampled_from([None, None, None, ("departments", "two"), ("tag", "night"), ("kind", 3),
                                      ("severity", 9), ("place", "nowhere"), ("source", ["a"])]))  # fmt: skip
        if wrong is not None and wrong[0] in stated:
            stated[wrong[0]] = wrong[1]
    return stated


def outcome(ask):
    try:
        return ask()
    except RefusalError as error:
        return error.code


@settings(max_examples=400)
@given(tables(), st.lists(cases(), min_size=1, max_size=6))
def test_the_router_decides_refuses_and_explains_as_the_interpreter_does(table, several):
    """A row is an and as in CEL; a missing fact is an error where the answer hangs on it, never silently false."""
    router = table.router(TERRITORY)
    for case in several:
        expected = outcome(lambda case=case: interpret(table, case, TERRITORY))
        assert outcome(lambda case=case: router.decide(case)) == expected
        hit = outcome(lambda case=case: router.hit(case))
        assert hit == (expected if expected is None or isinstance(expected, str) else expected.rule)
        if not isinstance(expected, str):
            assert router.near_misses(case, 99) == tuple(interpret_near(table, case, TERRITORY))


@settings(max_examples=200)
@given(tables(), cases())
def test_all_rules_that_hold_are_found_as_the_interpreter_finds_them(table, case):
    expected = outcome(lambda: interpret_all(table, case, TERRITORY))
    assert outcome(lambda: table.router(TERRITORY).matches(case)) == expected


@settings(max_examples=150)
@given(tables(size=70), st.lists(cases(), max_size=12))
def test_a_batch_gives_what_the_router_gives_one_by_one(table, several):
    """52 rules a word: tables that end before, at and behind a word."""
    router = table.router(TERRITORY)
    batch = Batch(router)
    expected = [outcome(lambda case=case: router.hit(case)) for case in several]
    places = batch.hits(batch.encode(several)).tolist()
    of_place = {-1: None, -2: "refused"} | dict(enumerate(table.rules))
    assert [of_place[place] for place in places] == ["refused" if isinstance(e, str) else e for e in expected]


@pytest.mark.parametrize("count", [1, 51, 52, 53, 104, 105])
def test_a_batch_finds_the_last_rule_of_every_length_of_table(count):
    then = THENS[0]
    number = [Rule(id=f"r{n}", cells=(parse_cell(FACTS["repeats"], str(n)),), then=then) for n in range(count)]
    table = Table.build(number)
    batch = Batch(table.router(TERRITORY))
    asked = [{"repeats": n} for n in range(count + 1)]
    assert batch.hits(batch.encode(asked)).tolist() == [*range(count), -1]


def test_a_batch_decides_the_others_where_one_case_would_be_refused():
    table = Table.build([Rule(id="r", cells=(parse_cell(FACTS["source"], "hotline"),), then=THENS[0])])
    batch = Batch(table.router(TERRITORY))
    asked = [{"source": "hotline"}, {"kind": "noise"}, {"source": "patrol"}, {"source": ["hotline"]}]
    assert batch.hits(batch.encode(asked)).tolist() == [0, -2, -1, -2]


def test_a_fact_of_which_there_are_more_values_than_are_kept_is_still_answered(monkeypatch):
    from gridgov.routing import _router

    monkeypatch.setattr(_router, "KEPT", 3)
    table = Table.build([Rule(id="even", cells=(parse_cell(FACTS["repeats"], "0|2|4|6|8"),), then=THENS[0])])
    router = table.router(TERRITORY)
    for _ in range(2):
        assert [router.hit({"repeats": n}) is not None for n in range(10)] == [True, False] * 5
    assert all(len(column) <= 3 for column in router.columns)


def test_a_router_is_built_once_for_a_table_and_a_territory():
    table = Table.build([Rule(id="r", cells=(), then=THENS[0])])
    assert table.router(TERRITORY) is table.router(TERRITORY)
    assert table.router(TERRITORY) is not table.router(small_setup().territory)
    assert table.router(TERRITORY).hit({}).id == "r"
    assert Table.build([]).router(TERRITORY).hit({"kind": "noise"}) is None


def test_a_missing_fact_does_not_matter_where_another_condition_fails_anyway():
    cells = (parse_cell(FACTS["kind"], "gas"), parse_cell(FACTS["source"], "hotline"))
    table = Table.build([Rule(id="r", cells=cells, then=THENS[0])])
    assert table.router(TERRITORY).hit({"kind": "noise"}) is None
    with pytest.raises(RefusalError) as refused:
        table.router(TERRITORY).hit({"kind": "gas.smell"})
    assert (refused.value.code, refused.value.facts) == (
        "routing.missing-fact",
        {"fact": "source", "rule": "r"},
    )


def test_a_cell_that_says_so_takes_a_case_that_does_not_state_the_fact():
    table = Table.build([Rule(id="r", cells=(parse_cell(FACTS["severity"], ">=3?"),), then=THENS[0])])
    router = table.router(TERRITORY)
    assert [bool(router.hit(case)) for case in ({}, {"severity": 4}, {"severity": 1})] == [True, True, False]
    decision = router.decide({})
    assert [(hit.condition, hit.value) for hit in decision.hits] == [(">=3?", "")]


def test_a_condition_that_cannot_be_answered_refuses_with_its_rule():
    table = Table.build([Rule(id="share", cells=(), when="10 / departments > 4", then=THENS[0])])
    with pytest.raises(RefusalError, match="share") as refused:
        table.router(TERRITORY).hit({"departments": 0})
    assert refused.value.code == "routing.unanswered"
    assert table.router(TERRITORY).decide({"departments": 2}).hits[0].value == "departments=2"


def test_a_decision_names_the_rules_behind_it_that_would_have_held():
    def row(id_, band="category", **cells):
        return Rule(id=id_, band=band, cells=tuple(parse_cell(FACTS[n], t) for n, t in cells.items()), then=THENS[0])

    table = Table.build([row("hit", kind="gas"), row("other", kind="noise"), row("wide", source="hotline"),
                         row("rest", "default")])  # fmt: skip
    decision = table.router(TERRITORY).decide({"kind": "gas.smell", "source": "hotline"})
    assert (decision.rule.id, decision.later, decision.passed_over) == ("hit", ("wide", "rest"), 0)
    assert decision.version == table.version


@settings(max_examples=100)
@given(tables(most_whens=0), tables(most_whens=0), st.lists(cases(), max_size=10))
def test_a_replay_finds_exactly_the_cases_whose_answer_differs(old, new, several):
    numbered = [(str(place), case) for place, case in enumerate(several)]
    found = replay(numbered, Rulebook(old), Rulebook(new), TERRITORY)

    def answer(table, case):
        decided = outcome(lambda: interpret(table, case, TERRITORY))
        if isinstance(decided, str):
            return "refused"
        return decided.rule.then if decided is not None else Then()

    expected = [name for name, case in numbered if answer(old, case) != answer(new, case)]
    assert [change.case for change in found.changes] == expected
    assert (found.count, found.old, found.new) == (len(several), old.version, new.version)


def test_a_replay_counts_by_department_grid_kind_and_deadline():
    def book(lead, limit):
        then = Then(lead=lead, limit=parse_limit(limit))
        return Rulebook(Table.build([Rule(id="gas", cells=(parse_cell(FACTS["kind"], "gas"),), then=then)]))

    several = [
        (str(n), {"kind": kind, "place": "150203005008-B001"}) for n, kind in enumerate(["gas.smell"] * 2 + ["noise"])
    ]
    found = replay(several, book("org:gas", "2紧急工作时"), book("org:police", "1工作日"), TERRITORY)
    assert found.counts == {
        "department": {"org:gas → org:police": 2},
        "grid": {"150203005008001": 2},
        "kind": {"gas.smell": 2},
        "deadline": {"2紧急工作时 → 1工作日": 2},
    }
    assert found.changes[0].what == ("lead", "limit")
    renamed = Rulebook(Table.build([attrs.evolve(book("org:gas", "2紧急工作时").rules.rules[0], id="new")]))
    same = replay(several, book("org:gas", "2紧急工作时"), renamed, TERRITORY)
    assert (same.changes, same.renamed) == ((), 2)
    assert (same.refused, found.refused) == (0, 0)
    unstated = replay([("0", {"place": "150203005"})], renamed, renamed, TERRITORY)
    assert (unstated.refused, unstated.changes) == (1, ())
    lost = replay([("0", {"place": "150203005"})], book("org:gas", "1工作日"), Rulebook(Table.build([])), TERRITORY)
    assert [(change.old, change.new, change.what) for change in lost.changes] == [("!routing.missing-fact", "", ())]
    assert (lost.renamed, lost.refused) == (0, 0), "a report that was refused is at the desk now"


def test_a_near_miss_counts_a_further_condition_as_one_and_may_ask_that_others_were_met():
    def row(id_, when="", **cells):
        return Rule(id=id_, when=when, cells=tuple(parse_cell(FACTS[n], t) for n, t in cells.items()), then=THENS[0])

    table = Table.build(
        [
            row("alone", kind="gas"),
            row("many", when="departments > 2", kind="noise"),
            row("hot", kind="noise", source="hotline"),
            row("two-off", kind="gas", when="departments > 2"),
            row("hit"),
        ]
    )
    router = table.router(TERRITORY)
    case = {"kind": "noise", "source": "patrol", "departments": 1}
    assert [(n.rule, n.fact) for n in router.near_misses(case)] == [
        ("alone", "kind"),
        ("many", "when"),
        ("hot", "source"),
    ]
    assert [n.rule for n in router.near_misses(case, met=1)] == ["many", "hot"]
    assert router.near_misses(case)[1].value == "departments=1"


def test_codes_are_a_tree_by_their_dots_and_by_the_pairs_of_their_digits():
    catalog = Catalog.build([Kind(code="0102.lid", zh="", en=""), Kind(code="gas.smell", zh="", en="")])
    assert [catalog.under(code) for code in ("01", "0102", "0102.lid", "010", "02", "gas", "ga")] == [
        True, True, True, False, False, True, False,
    ]  # fmt: skip
    assert len(BANDS) == 9
