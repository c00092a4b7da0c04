"""What is said of a table before any case comes: exact, and held to every single case there can be."""

import datetime as dt
import itertools
import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov.errors import SetupError
from gridgov.routing import (
    FACTS,
    Catalog,
    Fact,
    Kind,
    Names,
    Rule,
    Rulebook,
    Table,
    Then,
    check_table,
    duty_rules,
    interpret,
    parse_cell,
)
from gridgov.staffing import Organization, Posting, Role, Roster
from gridgov.testing import small_setup
from gridgov.worktime import Calendar, parse_limit

SETUP = small_setup()
TERRITORY = SETUP.territory
CATALOG = Catalog.build(
    [
        Kind(code="gas.smell", zh="", en="", urgency="urgent", size="medium"),
        Kind(code="gas.supply", zh="", en="", urgency="fast"),
        Kind(code="noise", zh="", en=""),
        Kind(code="market", zh="", en="", size="large", affair="shared"),
    ]
)
NAMES = Names(catalog=CATALOG, territory=TERRITORY, roster=SETUP.roster, ladders=SETUP.ladders)
THENS = [Then(lead="desk", limit=parse_limit(text)) for text in ("1工作日", "2工作日", "3工作日")]
WORDS = {
    "kind": ["gas", "gas.smell", "noise|market", "!gas", "!noise"],
    "urgency": ["urgent", "fast|urgent", "!ordinary"],
    "size": ["large", "!small"],
    "place": ["150203005008", "150203005008001", "!150203005009", "150203005009001|150203005008"],
    "source": ["hotline", "hotline|patrol", "!hotline"],
    "departments": [">=2", "<=1", "1..2", "!2", "0|3"],
    "time": ["22:00..06:00", "08:00..18:00"],
    "tag": ["night", "lift|night", "!night", "!lift|night"],
}
EVERY = {
    "place": ["150203005", "150203005008", "150203005008001", "150203005009", "150203005009001", "150203005009002"],
    "source": ["hotline", "patrol", "sensor"],
    "departments": [0, 1, 2, 3, 4],
    "time": [0, 400, 600, 1200, 1330],
    "tag": [(), ("night",), ("lift",), ("lift", "night")],
}


def rule(id_="r", band="category", priority=None, then=THENS[0], when="", **cells):
    parsed = (parse_cell(FACTS[name], text) for name, text in cells.items())
    return Rule(id=id_, band=band, priority=priority, when=when, cells=tuple(c for c in parsed if c), then=then)


def table(*rules, policy="first"):
    return Table.build(rules, policy=policy)


def checked(*rules, names=NAMES):
    return check_table(table(*rules), names)


def codes(*rules):
    return [finding.code for finding in checked(*rules).findings]


def every_case(asked):
    """Every case that the facts of a table can tell apart; what the catalog says of a kind goes with it."""
    free = [name for name in EVERY if name in asked]
    for kind in CATALOG.kinds.values():
        for values in itertools.product(*(EVERY[name] for name in free)):
            said = {"kind": kind.code, "urgency": kind.urgency, "size": kind.size, "affair": kind.affair}
            yield {**said, **dict(zip(free, values, strict=True))}


@st.composite
def rows(draw):
    asked = draw(st.lists(st.sampled_from(["kind", "urgency", "size", "place", "source", "departments", "tag", "time"]),
                          max_size=3, unique=True))  # fmt: skip
    cells = {name: draw(st.sampled_from(WORDS[name])) for name in asked}
    priority = draw(st.sampled_from([None, None, 7]))
    return rule(priority=priority, then=draw(st.sampled_from(THENS)), **cells)


@st.composite
def small_tables(draw, least=1):
    found = draw(st.lists(rows(), min_size=least, max_size=7))
    return table(*(attrs.evolve(row, id=f"r{place}") for place, row in enumerate(found)))


def asked_by(checked_table):
    return {cell.fact for row in checked_table.rules for cell in row.cells}


@settings(max_examples=250, deadline=None)
@given(small_tables())
def test_what_is_called_unreachable_a_gap_ambiguous_or_dead_is_so_for_every_single_case(some):
    """Exact, no sampling: compared with every case that these facts can make."""
    asked = asked_by(some)
    found = check_table(some, NAMES)
    takers = [(case, [r for r in some.rules if _holds(r, case)]) for case in every_case(asked)]
    reached = {rules[0].id for _, rules in takers if rules}
    assert set(found.fallen) == {r.id for r in some.rules} - reached
    for id_, covering in found.fallen.items():
        others = [r for r in some.rules if r.id in covering]
        mine = next(r for r in some.rules if r.id == id_)
        assert all(any(_holds(o, case) for o in others) for case in every_case(asked) if _holds(mine, case))
        for left_out in others:  # and none of them could be left out
            rest = [o for o in others if o is not left_out]
            assert not all(any(_holds(o, case) for o in rest) for case in every_case(asked) if _holds(mine, case))
    gap = any(not rules for _, rules in takers)
    assert gap == any(f.code == "routing.gap" for f in found.findings)
    meeting = {
        (a.id, b.id)
        for _, rules in takers
        for a, b in itertools.islice(itertools.combinations(rules, 2), len(rules) - 1 if rules else 0)
        if a is rules[0] and a.rank == b.rank and a.then != b.then
    }
    assert set(found.met) == meeting
    dead = {f.subject for f in found.findings if f.code == "routing.dead-column"}
    assert dead == {name for name in asked if not _tells(some, name, takers)}


def _holds(row, case):
    return all(cell.holds(FACTS[cell.fact], case[cell.fact], TERRITORY) for cell in row.cells)


def _tells(some, name, takers):
    wide = [attrs.evolve(r, cells=tuple(c for c in r.cells if c.fact != name)) for r in some.rules]
    for case, rules in takers:
        without = next((r for r in wide if _holds(r, case)), None)
        now = rules[0].then if rules else None
        if now != (without.then if without else None):
            return True
    return False


@settings(max_examples=150, deadline=None)
@given(small_tables(), st.data())
def test_every_witness_is_a_case_in_which_it_happens(some, data):
    found = check_table(some, NAMES)
    for id_, case in found.reached.items():
        assert interpret(some, case, TERRITORY).rule.id == id_
    for (one, other), case in found.met.items():
        assert interpret(some, case, TERRITORY).rule.id == one
        assert _holds(next(r for r in some.rules if r.id == other), case)


@settings(max_examples=150, deadline=None)
@given(small_tables(), rows(), st.data())
def test_after_an_edit_the_same_is_found_as_from_nothing(some, fresh, data):
    place = data.draw(st.integers(0, len(some.rules)))
    rules = list(some.rules)
    if place == len(rules) or data.draw(st.booleans()):
        rules.insert(place, attrs.evolve(fresh, id="fresh"))
    elif data.draw(st.booleans()):
        rules[place] = attrs.evolve(fresh, id=rules[place].id)
    else:
        del rules[place]
    edited = table(*rules)
    again, anew = check_table(edited, NAMES, before=check_table(some, NAMES)), check_table(edited, NAMES)
    assert {(f.code, f.subject) for f in again.findings} == {(f.code, f.subject) for f in anew.findings}
    assert set(again.reached) == set(anew.reached)
    assert again.hidden == anew.hidden
    assert set(again.met) == set(anew.met)
    for id_, case in again.reached.items():
        assert interpret(edited, case, TERRITORY).rule.id == id_


# --- sixty planted defects ----------------------------------------------------------------------

ROLES = [Role(id=f"role{n}", zh="", en="", level="grid") for n in range(8)]
STREET = Roster.build(
    territory=TERRITORY,
    roles=ROLES,
    organizations=[Organization(id=f"org{n}", zh="", en="", kind="department") for n in range(24)],
    postings=[
        Posting(id=f"p{n}-{node.code}", holder=f"org{n}", role=f"role{n}", place=node.code, from_on=dt.date(2026, 1, 1))
        for n in range(8)
        for node in TERRITORY.at("grid")
    ],
)
ITEMS = [f"c{big}.s{small}" for big in range(20) for small in range(5)]
WIDE = Catalog.build(
    [
        Kind(code=f"{item}.i{n}", zh="", en="", urgency=("ordinary", "fast", "urgent")[n])
        for item in ITEMS
        for n in range(3)
    ]
)
BIG = Names(catalog=WIDE, territory=TERRITORY, roster=STREET, ladders={})


def then(number):
    lead = f"org:org{number % 24}" if number % 3 else f"role:role{number % 8}"
    return Then(lead=lead, limit=parse_limit(f"{1 + number % 9}工作日"))


def clean_table():
    """300 rules without a flaw: exceptions before what they are exceptions of, and one for the rest."""
    rules = []
    for number, item in enumerate(ITEMS):
        rules += [
            rule(f"{item}-night", priority=10, then=then(3 * number), kind=item, time="22:00..06:00"),
            rule(f"{item}-many", priority=20, then=then(3 * number + 1), kind=item, departments=">=3"),
            rule(item, priority=30, then=then(3 * number + 2), kind=item),
        ]
    return [*rules[:-1], rule("rest", "default", then=Then(lead="desk", limit=parse_limit("3工作日")))]


def planted(what, number):
    """Give the clean table with one defect, and what must be found: a code, and the rule it is about."""
    chance = random.Random(f"{what} {number}")
    rules = clean_table()
    item = chance.choice(ITEMS[:-1])
    place = next(n for n, row in enumerate(rules) if row.id == item)
    match what:
        case "shadowed by one":
            cells = {"kind": f"{item}.i{number % 3}", "departments": ("1", "<=2", "0|4")[number % 3]}
            rules.insert(place + 1, rule("bad", priority=31 + number, then=then(7), **cells))
            return rules, "routing.unreachable", "bad"
        case "covered by a union":
            counts = ["0..1", "2"] if number % 2 else ["<=4", "5|6", ">=7"]
            rules[place : place + 1] = [
                rule(f"{item}-{n}", priority=5 + n if n < 1 else 30 + n, then=then(n), kind=item, departments=text)
                for n, text in enumerate(counts)
            ] + [rule("bad", priority=40, then=then(11), kind=f"{item}.i{number % 3}")]
            if not number % 2:
                rules = [row for row in rules if row.id not in (f"{item}-many", f"{item}-night")]
            return rules, "routing.unreachable", "bad"
        case "two answers at one priority":
            more = {"departments": "1"} if number % 2 else {"time": "09:00..10:00"}
            rules.insert(place, rule("bad", priority=30, then=then(99), kind=f"{item}.i{number % 3}", **more))
            return rules, "routing.ambiguous", item
        case "a gap":
            rules = [row for row in rules if row.id not in ("rest", item)]
            return rules, "routing.gap", ""
        case "a lost name":
            limit = parse_limit("1工作日")
            if number % 3 == 2:
                rules[place] = rule(item, priority=30, then=rules[place].then, kind=f"{item}|c99.s1")
                return rules, "routing.unknown-kind", item
            lead, code = (("role:gone", "routing.unknown-role"), ("org:orgg3", "routing.unknown-department"))[
                number % 3
            ]
            rules[place] = attrs.evolve(rules[place], then=Then(lead=lead, limit=limit))
            return rules, code, item
    raise AssertionError(what)


DEFECTS = ["shadowed by one", "covered by a union", "two answers at one priority", "a gap", "a lost name"]


def test_a_clean_table_of_300_rules_raises_no_alarm():
    found = check_table(table(*clean_table()), attrs.evolve(BIG, on=dt.date(2026, 9, 1)))
    assert len(found.table.rules) == 300
    assert found.findings == ()


@pytest.mark.parametrize("what", DEFECTS)
@pytest.mark.parametrize("number", range(12))
def test_each_of_sixty_planted_defects_is_found_and_nothing_else(what, number):
    rules, code, subject = planted(what, number)
    whole = check_table(table(*rules), BIG)
    assert {(f.code, f.subject) for f in whole.findings} == {(code, subject)}
    edited = check_table(table(*rules), BIG, before=check_table(table(*clean_table()), BIG))
    assert (code, subject) in {(f.code, f.subject) for f in edited.findings}


# --- one by one ---------------------------------------------------------------------------------


def test_a_rule_that_others_cover_together_is_told_with_exactly_those():
    found = checked(
        rule("hot", kind="gas", source="hotline"),
        rule("other", kind="gas", source="!hotline", departments="<=2"),
        rule("aside", kind="noise"),
        rule("many", kind="gas", departments=">=2"),
        rule("dead", kind="gas.smell"),
    )
    assert found.fallen == {"dead": ("hot", "other", "many")}
    (finding,) = [f for f in found.findings if f.code == "routing.unreachable"]
    assert finding.grave
    assert "hot, other, many take together all of its cases" in finding.message


def test_what_the_catalog_says_of_a_kind_can_make_a_rule_unreachable():
    found = checked(rule("never", kind="noise", urgency="urgent"), rule("rest"))
    assert found.fallen == {"never": ()}
    assert "no case meets all of its cells" in found.findings[0].message
    assert (
        check_table(table(rule("never", kind="noise", urgency="urgent"), rule("rest")), NAMES, linked=False).fallen
        == {}
    )


def test_a_plugin_may_replace_a_rule_of_the_place_on_purpose():
    theirs = attrs.evolve(rule("theirs", "local", kind="gas"), origin="plugin")
    (finding, _) = checked(theirs, rule("ours", kind="gas")).findings
    assert (finding.code, finding.subject, finding.grave) == ("routing.unreachable", "ours", False)


def test_the_net_behind_all_others_may_be_empty_today():
    found = checked(rule("all", kind="gas|noise|market"), rule("rest", "default"))
    assert [f.code for f in found.findings] == ["routing.dead-column"]
    assert found.fallen == {}
    assert checked(rule("all", kind="gas|noise|market"), rule("rest", "default", kind="gas")).fallen == {
        "rest": ("all",)
    }


@pytest.mark.parametrize(
    ("when", "code", "word"),
    [
        ('urgency == "urgnt"', "routing.unknown-word", "urgnt"),
        ('kind in ["gas.smell", "nois"]', "routing.unknown-kind", "nois"),
        ('"150203005999" != place', "routing.unknown-place", "150203005999"),
        ('kind == "gas"', "routing.unknown-kind", "gas"),
    ],
)
def test_a_word_in_a_further_condition_that_the_fact_can_never_be_is_refused(when, code, word):
    (finding,) = [f for f in checked(rule(when=when)).findings if f.grave]
    assert (finding.code, finding.column, finding.names) == (code, "when", word)
    assert checked(rule(when='source == "hotline" && urgency != "urgent" && "x" in tag')).grave == ()


def test_a_declared_fact_that_a_case_must_state_is_told():
    from gridgov.routing import Fact

    weather = Fact("weather", "code", "天气", "weather", ("fair", "storm"))

    def told(text, when=""):
        row = Rule(id="r", cells=(parse_cell(weather, text),) if text else (), when=when, then=THENS[0])
        made = Table.build([row, rule("rest", "default")], facts={**FACTS, "weather": weather})
        return [(f.subject, f.column, f.grave) for f in check_table(made, NAMES).findings if "demands" in f.code]

    assert told("storm") == [("r", "weather", False)]
    assert told("storm?") == []
    assert told("", 'weather == "storm"') == [("r", "weather", False)]
    assert told("", 'has(weather) && weather == "storm"') == []


def test_a_grid_for_whose_role_nobody_is_on_duty_that_day_is_told():
    from gridgov.staffing import Absence

    away = attrs.evolve(SETUP.roster, absences=(Absence(holder="lead-81", from_on=dt.date(2026, 9, 1)),))
    names = attrs.evolve(NAMES, roster=away, on=dt.date(2026, 9, 2))
    to_lead = rule(then=Then(lead="role:area-lead", limit=THENS[0].limit))
    (finding,) = [f for f in checked(to_lead, names=names).findings if "lost" in f.code]
    assert "nobody is on duty for 1 of 4 places (150203005008001)" in finding.message
    deputy = attrs.evolve(away, absences=(attrs.evolve(away.absences[0], deputy="lead-82"),))
    assert not [f for f in checked(to_lead, names=attrs.evolve(names, roster=deputy)).findings if "lost" in f.code]


def test_a_gap_comes_with_a_case_that_no_rule_takes():
    findings = checked(rule("gas", kind="gas"), rule("rest", kind="!gas", departments=">=1")).findings
    (gap,) = [f for f in findings if f.code == "routing.gap"]
    assert not gap.grave
    assert "kind=noise" in gap.message
    assert "departments=0" in gap.message


def test_two_rules_of_one_given_priority_may_not_answer_one_case_differently():
    one, other = rule("one", priority=5, kind="gas"), rule("other", priority=5, source="hotline", then=THENS[1])
    found = [f for f in checked(one, other, rule("rest", "default")).findings if f.code == "routing.ambiguous"]
    assert [(f.subject, f.column, f.grave) for f in found] == [("other", "priority", True)]
    assert "source=hotline" in found[0].message
    same = attrs.evolve(other, then=THENS[0])
    assert "routing.ambiguous" not in codes(one, same, rule("rest", "default"))
    apart = rule("other", priority=5, kind="noise", then=THENS[1])
    assert "routing.ambiguous" not in codes(one, apart, rule("rest", "default"))
    before = rule("before", "safety", kind="gas", source="hotline")
    assert "routing.ambiguous" not in codes(before, one, other, rule("rest", "default"))


def test_without_priorities_the_order_decides_and_only_a_crossing_is_worth_a_look():
    crossing = checked(rule("one", kind="gas"), rule("other", source="hotline", then=THENS[1]), rule("rest", "default"))
    assert [(f.code, f.subject, f.grave) for f in crossing.findings] == [("routing.overlap", "other", False)]
    assert (
        codes(rule("narrow", kind="gas.smell"), rule("wide", kind="gas", then=THENS[1]), rule("rest", "default")) == []
    )


def test_a_column_that_decides_nothing_is_dead():
    rules = [rule("a", kind="gas", source="hotline"), rule("b", kind="gas"), rule("rest", then=THENS[1])]
    assert codes(*rules) == ["routing.dead-column"]
    assert [f.subject for f in checked(*rules).findings] == ["source"]


def test_a_single_answer_table_has_one_answer_for_every_case():
    def limits(*rules):
        return check_table(table(*rules, policy="single"), NAMES).findings

    day, hour = Then(limit=parse_limit("1工作日")), Then(limit=parse_limit("4工作时"))
    ladder = Then(ladder=next(iter(SETUP.ladders)))
    assert limits(rule("gas", kind="gas", then=day), rule("noise", kind="noise", then=hour)) == ()
    assert limits(rule("gas", kind="gas", then=day), rule("press", then=ladder)) == ()
    assert limits(rule("gas", kind="gas", then=day), rule("all", then=day)) == ()
    (finding,) = limits(rule("gas", kind="gas", then=day), rule("hot", source="hotline", then=hour))
    assert (finding.code, finding.subject, finding.column, finding.grave) == (
        "routing.two-answers",
        "hot",
        "limit",
        True,
    )
    assert "source=hotline" in finding.message


def test_a_rule_without_a_limit_needs_one_from_the_table_of_limits_for_every_case_that_it_takes():
    silent = rule("gas", kind="gas", then=Then(lead="desk"))
    early = rule("early", "safety", kind="gas", departments=">=3")
    limits = table(rule("l", then=THENS[0].__class__(limit=parse_limit("1工作日")), departments="<=1"), policy="single")
    more = table(*limits.rules, rule("m", then=Then(limit=parse_limit("2工作日")), departments="2"), policy="single")

    def found(rules, given):
        return [f for f in Rulebook(rules, given).check(NAMES) if f.code == "routing.no-limit"]

    (finding,) = found(table(silent), limits)
    assert (finding.subject, finding.grave) == ("gas", True)
    assert "departments=" in finding.message
    assert found(table(silent), more) != []
    assert found(table(early, silent), more) == []


def test_names_that_do_not_exist_come_with_the_closest_one():
    (finding,) = [f for f in checked(rule(then=Then(lead="role:area-leed", limit=THENS[0].limit))).findings if f.grave]
    assert (finding.code, finding.column, finding.remedy) == (
        "routing.unknown-role",
        "lead",
        "did you mean 'area-lead'?",
    )


def test_a_place_that_has_ended_and_a_role_that_nobody_holds_are_worth_a_look():
    lone = Role(id="lone", zh="", en="", level="grid")
    roster = attrs.evolve(SETUP.roster, roles={**SETUP.roster.roles, "lone": lone})
    gone = attrs.evolve(TERRITORY["150203005008001"], until_on=dt.date(2026, 5, 1))
    ended = attrs.evolve(TERRITORY, nodes={**TERRITORY.nodes, gone.code: gone})
    names = attrs.evolve(NAMES, roster=roster, territory=ended, on=dt.date(2026, 9, 1))
    to_lone = Then(lead="role:lone", limit=THENS[0].limit)
    rules = [rule("a", place=gone.code), rule("b", kind="gas", then=to_lone), rule("c", then=to_lone)]
    found = [(f.code, f.subject, f.grave) for f in checked(*rules, names=names).findings if "lost" in f.code]
    assert found == [("routing.lost-place", "a", False), ("routing.lost-role", "b", False)]
    waiting = attrs.evolve(names, awaited=frozenset({"lone"}), on=dt.date(2026, 4, 1))
    assert [f.code for f in checked(*rules, names=waiting).findings if "lost" in f.code] == []


def test_a_deadline_beyond_the_known_calendar_is_told_for_the_day_that_is_asked():
    calendar = Calendar(known_through=dt.date(2026, 12, 31))
    names = attrs.evolve(NAMES, calendar=calendar)
    late = rule("late", then=Then(lead="desk", limit=parse_limit("20工作日")))
    rules = [rule("gas", kind="gas"), late]

    def told(on):
        return [f.subject for f in checked(*rules, names=attrs.evolve(names, on=on)).findings if "beyond" in f.code]

    assert told(dt.date(2026, 9, 1)) == []
    assert told(dt.date(2026, 12, 10)) == ["late"]
    assert told(dt.date(2026, 12, 31)) == ["gas", "late"]
    assert told(None) == []


def test_a_fact_that_may_be_missing_is_a_case_of_its_own():
    lenient = rule("lenient", severity=">=3?")
    assert checked(lenient, rule("rest", severity="<=2")).fallen == {}
    findings = [f.code for f in checked(rule("strict", severity=">=3"), rule("low", severity="<=2")).findings]
    assert "routing.gap" not in findings
    found = checked(rule("strict", severity="0..4"), lenient)
    assert found.fallen == {"lenient": ("strict",)}, "a case without it is refused by the strict one before"


def test_a_further_condition_is_taken_as_one_that_may_hold_or_not():
    assert checked(rule("a", kind="gas", when="departments > 1"), rule("b", kind="gas")).fallen == {}
    same = checked(rule("a", kind="gas", when="departments > 1"), rule("b", kind="gas", when="departments > 1"))
    assert same.fallen == {"b": ("a",)}


def test_the_duty_list_stands_behind_the_rules_and_the_nearest_class_decides():
    day = parse_limit("1工作日")
    catalog = Catalog.build(
        [
            Kind(code="01", zh="", en="", lead="org:gas", limit=day, filing="f", level="street"),
            Kind(code="0102", zh="", en="", lead="org:police", closing="c"),
            Kind(code="0102.lid", zh="", en=""),
            Kind(code="0103", zh="", en="", limit=parse_limit("3工作日")),
            Kind(code="noise", zh="", en=""),
        ]
    )
    rules = duty_rules(catalog)
    some = table(rule("mine", kind="0102", source="hotline"), *rules)

    def lead(kind, source="patrol"):
        decision = some.router(TERRITORY).decide({"kind": kind, "source": source})
        return (decision.rule.id, decision.rule.then.lead, str(decision.rule.then.limit)) if decision else None

    assert lead("0102.lid") == ("duty-list:0102", "org:police", "1 working day")
    assert lead("0103") == ("duty-list:0103", "org:gas", "3 working days")
    assert lead("0102", "hotline")[0] == "mine"
    assert lead("noise") is None
    duty = catalog.duty("0102.lid")
    assert (duty.lead, duty.level, duty.filing, duty.closing) == ("org:police", "street", "f", "c")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ([rule("a"), rule("a", kind="gas")], "routing.id-twice"),
        ([rule(band="urgent")], "routing.unknown-band"),
        ([rule(then=Then(limit=THENS[0].limit))], "routing.no-lead"),
        ([rule(when="departments >")], "routing.bad-when"),
        ([rule(when="departmnts > 2")], "routing.bad-when"),
        ([attrs.evolve(rule(kind="gas"), cells=rule(kind="gas").cells * 2)], "routing.cell-twice"),
        (
            [attrs.evolve(rule(), from_on=dt.date(2026, 2, 1), until_on=dt.date(2026, 1, 1))],
            "routing.dates-out-of-order",
        ),
    ],
)
def test_a_table_that_is_wrong_in_itself_is_refused(wrong, code):
    with pytest.raises(SetupError) as refused:
        Table.build(wrong)
    assert [f.code for f in refused.value.findings] == [code]


def test_a_table_of_limits_gives_no_lead_and_every_row_gives_something():
    for row, code in ((rule(), "routing.not-its-answer"), (rule(then=Then()), "routing.no-answer")):
        with pytest.raises(SetupError) as refused:
            Table.build([row], policy="single")
        assert {f.code for f in refused.value.findings} == {code}


def test_one_id_may_stand_twice_where_the_days_do_not_meet():
    spring = attrs.evolve(rule("r"), until_on=dt.date(2026, 6, 30))
    summer = attrs.evolve(rule("r", then=THENS[1]), from_on=dt.date(2026, 7, 1))
    some = Table.build([spring, summer])
    assert some.changes_on() == (dt.date(2026, 7, 1),)
    assert [some.on(dt.date(2026, month, 1)).rules for month in (6, 7)] == [(spring,), (summer,)]
    entries = Rulebook(some).timeline().entries
    assert [(e.from_on, e.value.rules.rules) for e in entries] == [
        (dt.date.min, (spring,)),
        (dt.date(2026, 7, 1), (summer,)),
    ]


# --- found by readers ---------------------------------------------------------------------------


def test_rules_with_conditions_are_only_said_to_meet_perhaps():
    one = rule("one", priority=5, when="departments > 1")
    other = rule("other", priority=5, when="departments <= 1", then=THENS[1])
    (finding,) = [f for f in checked(one, other, rule("rest", "default")).findings if f.code == "routing.ambiguous"]
    assert not finding.grave
    assert "where the condition of one and other holds" in finding.message
    rows = [
        attrs.evolve(rule("grave", when="severity >= 3"), then=Then(limit=parse_limit("1工作日"))),
        attrs.evolve(rule("slight", when="severity < 3"), then=Then(limit=parse_limit("2工作日"))),
    ]
    limits = table(*rows, policy="single")
    assert [f.grave for f in check_table(limits, NAMES).findings] == [False]
    silent = table(rule("all", then=Then(lead="desk")))
    assert [f.grave for f in Rulebook(silent, limits).check(NAMES) if f.code == "routing.no-limit"] == [False]


def test_a_single_fact_of_the_catalog_is_what_the_catalog_says_as_well():
    calm = attrs.evolve(NAMES, catalog=Catalog.build([Kind(code="noise", zh="", en="")]))
    assert checked(rule("u", urgency="urgent"), rule("rest"), names=calm).fallen == {"u": ()}
    only = checked(rule("o", urgency="ordinary"), names=calm)
    assert not [f for f in only.findings if f.code == "routing.gap"]
    unlinked = check_table(table(rule("u", urgency="urgent"), rule("rest")), calm, linked=False)
    again = check_table(table(rule("u", urgency="urgent"), rule("rest")), calm, before=unlinked)
    assert again.fallen == {"u": ()}, "what was found in another world is not kept"


def test_thousands_of_rules_that_cut_one_fact_are_checked():
    rows = [rule(f"r{n}", repeats=str(n), source="hotline") for n in range(1500)]
    found = check_table(table(*rows, rule("rest", "default")), NAMES)
    assert found.fallen == {}
    assert not [f for f in found.findings if f.code == "routing.not-proved"]


def test_a_question_that_takes_too_long_is_said_not_to_be_proved(monkeypatch):
    from gridgov.routing import _space

    monkeypatch.setattr(_space, "WORK", 3)
    rows = [rule("a", source="hotline"), rule("b", departments=">=2"), rule("c", tag="night"), rule("d", kind="gas")]
    codes_found = {f.code for f in checked(*rows).findings}
    assert "routing.not-proved" in codes_found


def test_an_empty_catalog_is_no_reason_to_fail():
    empty = attrs.evolve(NAMES, catalog=Catalog.build([]))
    assert checked(rule("a", urgency="urgent"), rule("rest", "default"), names=empty).grave == ()


def test_the_values_that_no_cell_names_are_a_class_of_their_own():
    some = Table.build(
        [
            Rule(id="begins", cells=(parse_cell(WARD, "north*"),), then=THENS[0]),
            Rule(id="one", cells=(parse_cell(WARD, "northgate"),), then=THENS[1]),
            Rule(id="named", cells=(parse_cell(WARD, "south"),), then=THENS[1]),
            Rule(id="others", cells=(parse_cell(WARD, "!south"),), then=THENS[2]),
        ],
        facts={**FACTS, "ward": WARD},
    )
    found = check_table(some, NAMES)
    assert found.fallen == {"one": ("begins",)}
    assert str(found.reached["begins"]["ward"]).startswith("north")
    assert found.reached["others"]["ward"] == "…"


WARD = Fact("ward", "text", "片区", "ward")


def test_another_order_or_other_facts_are_another_table():
    rows = [rule("narrow", kind="gas.smell"), rule("wide", kind="gas", then=THENS[1]), rule("rest", "default")]
    before = check_table(table(*rows), NAMES)
    turned = check_table(table(rows[1], rows[0], rows[2]), NAMES, before=before)
    assert turned.fallen == {"narrow": ("wide",)}
    more = Table.build(rows, facts={**FACTS, "ward": WARD})
    assert check_table(more, NAMES, before=before).fallen == {}


def test_limits_of_other_calendars_or_ladders_are_other_answers():
    day = parse_limit("1工作日")
    night = Then(limit=day, calendar="night")
    both = check_table(table(rule("a", then=Then(limit=day)), rule("b", then=night), policy="single"), NAMES).findings
    assert [(f.code, f.column) for f in both if "answers" in f.code] == [("routing.two-answers", "limit")]
    ladders = [rule("a", then=Then(ladder="x")), rule("b", then=Then(ladder="y"))]
    found = check_table(table(*ladders, policy="single"), NAMES).findings
    assert [(f.code, f.column) for f in found if "answers" in f.code] == [("routing.two-answers", "ladder")]
    with pytest.raises(SetupError, match="calendar without a limit"):
        table(rule("a", then=Then(calendar="night")), policy="single")


def test_each_kind_of_gap_and_of_overlap_is_told_and_that_there_are_more():
    gaps = [f for f in checked(rule("g", kind="gas.smell", departments="1")).findings if f.code == "routing.gap"]
    assert len({f.message for f in gaps}) > 1
    rows = [rule(f"s{n}", source="hotline", departments=str(n), then=THENS[n % 3]) for n in range(4)]
    crossing = checked(*rows, rule("k", kind="gas", then=Then(lead="desk", limit=parse_limit("9工作日"))))
    assert sum(f.code == "routing.overlap" for f in crossing.findings) == 4
    many = checked(*(rule(f"m{n}", kind="gas.smell", departments=str(2 * n), time="08:00..18:00") for n in range(6)))
    assert [f.message for f in many.findings if f.code == "routing.gap"][
        -1
    ] == "there are more cases that no rule takes"


def test_a_rule_without_an_id_and_a_cell_that_no_file_could_hold_are_refused():
    from gridgov.routing import Cell

    for row, code in (
        (attrs.evolve(rule(), id=""), "routing.no-id"),
        (attrs.evolve(rule(), cells=(Cell("severity", "at-least", ("high",)),)), "routing.bad-cell"),
        (attrs.evolve(rule(), cells=(Cell("source", "equals", ("hotlin",)),)), "routing.bad-cell"),
    ):
        with pytest.raises(SetupError) as refused:
            Table.build([row])
        assert [f.code for f in refused.value.findings] == [code]


def test_a_table_forgets_the_territories_that_are_gone():
    import gc
    import weakref

    some = table(rule("a", kind="gas"))
    gone = []
    for _ in range(6):
        territory = small_setup().territory
        some.router(territory).hit({"kind": "noise"})
        gone.append(weakref.ref(territory))
        del territory
    gc.collect()
    assert sum(each() is not None for each in gone) <= 3
