"""What a case states to the rules, what they answer, and what a rulebook on trial would have answered."""

import datetime as dt

import attrs
import pytest

from gridgov import RefusalError, open_office
from gridgov.cases import CaseShadowed, CaseView, Correct, ImportCase, OpenCase, Timeline, Trial
from gridgov.errors import NotFoundError, SetupError
from gridgov.policy import Timeline as Dates
from gridgov.routing import FACTS, Fact, Rule, Rulebook, Table, Then, parse_cell
from gridgov.staffing import Absence, Organization, Posting
from gridgov.testing import NOON, Scenario, small_setup
from gridgov.worktime import parse_limit

HOUSE, GRID, COMMUNITY = "150203005008-B001", "150203005008001", "150203005008"
SINCE = dt.date(2026, 1, 1)
DAY, HOURS = parse_limit("1工作日"), parse_limit("4工作时")


def rule(id_, lead="desk", limit=DAY, when="", supporting=(), informed=(), facts=FACTS, **cells):
    parsed = tuple(parse_cell(facts[name], text) for name, text in cells.items())
    then = Then(lead=lead, limit=limit, supporting=supporting, informed=informed)
    return Rule(id=id_, cells=parsed, when=when, then=then)


def setup_with(*rules, limits=(), also=(), shadow=None, facts=FACTS, **changes):
    def book(rows):
        return Rulebook(
            Table.build(rows, facts=facts),
            Table.build(limits, facts=facts, policy="single"),
            Table.build(also, facts=facts, policy="collect"),
        )

    on_trial = book(shadow) if shadow is not None else None
    return attrs.evolve(small_setup(), rulebooks=Dates.always(book(rules)), shadow=on_trial, **changes)


def routed(setup, at=NOON, by="desk-1", **stated):
    report = OpenCase(**{"kind": "noise", "place": HOUSE, "source": "resident", **stated})
    return Scenario(setup, at=at).given(report, by=by, id="a").case("a").route


def test_a_rule_may_ask_how_severe_a_matter_is_and_at_what_time_it_was_reported():
    night = dt.datetime(2026, 9, 1, 15, 30, tzinfo=dt.UTC)  # 23:30 in China
    setup = setup_with(rule("grave", severity=">=3"), rule("late", time="22:00..06:00"), rule("rest"))
    assert routed(setup, severity=3).rule == "grave"
    assert routed(setup, at=night).rule == "late"
    assert [(hit.condition, hit.value) for hit in routed(setup, at=night).hits] == [("22:00..06:00", "23:30")]
    assert routed(setup, severity=2).rule == "rest"


@pytest.mark.parametrize("severity", [-1, 5])
def test_a_severity_that_nobody_knows_is_refused(severity):
    report = OpenCase(kind="noise", place=HOUSE, source="resident", severity=severity)
    assert Scenario().when(report, by="desk-1").refused("case.unknown-severity")


def test_a_rule_may_ask_who_covers_the_place():
    setup = setup_with(rule("theirs", covered_by="head-8"), rule("rest"))
    policy = attrs.evolve(setup.case_policy.entries[0].value, covering=("general-grid-head",))
    covered = attrs.evolve(setup, case_policy=Dates.always(policy))
    assert routed(setup).rule == "rest"
    assert routed(covered).rule == "theirs"
    assert routed(covered, place="150203005009-B001").rule == "rest"
    assert routed(covered).facts["covered_by"] == ("head-8",)


WEATHER = Fact("weather", "code", "天气", "weather", ("fair", "storm"))
PIPES = Fact("pipes", "tags", "管线", "pipes")
DEPTH = Fact("depth", "number", "深度", "depth", least=0, most=90)
DECLARED = {**FACTS, "weather": WEATHER, "pipes": PIPES, "depth": DEPTH}


def test_a_case_states_declared_facts_and_keeps_them_with_its_route():
    storm = rule("storm", weather="storm", pipes="gas|water", depth=">=2", facts=DECLARED)
    setup = setup_with(storm, rule("rest"), facts=DECLARED)
    stated = {"weather": "storm", "pipes": ("gas",), "depth": 3}
    route = routed(setup, facts=stated)
    assert (route.rule, {name: route.facts[name] for name in stated}) == ("storm", stated)
    assert setup.rulebooks.entries[0].value.decide(route.facts, setup.territory).decision.rule.id == "storm"
    assert "weather" in route.explain("en")


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"weathr": "storm"}, "case.unknown-fact"),
        ({"kind": "gas.smell"}, "case.unknown-fact"),
        ({"weather": "hail"}, "case.bad-fact"),
        ({"weather": 3}, "routing.bad-fact"),
        ({"depth": 91}, "routing.bad-fact"),
        ({"pipes": ("Mr Wang lives here",)}, "case.bad-fact"),
        ({}, "routing.missing-fact"),
    ],
)
def test_a_fact_that_is_not_declared_or_cannot_be_is_refused_and_a_missing_one_too(stated, code):
    setup = setup_with(rule("storm", weather="storm", facts=DECLARED), facts=DECLARED)
    report = OpenCase(kind="noise", place=HOUSE, source="resident", facts=stated)
    assert Scenario(setup).when(report, by="desk-1").refused(code)


def test_the_deputy_has_the_case_while_the_holder_is_away_and_the_explanation_says_so():
    away = Absence(holder="lead-81", from_on=dt.date(2026, 9, 1), until_on=dt.date(2026, 9, 2), deputy="lead-82")
    setup = setup_with(rule("noise", lead="role:area-lead"))
    setup = attrs.evolve(setup, roster=attrs.evolve(setup.roster, absences=(away,)))
    route = routed(setup)
    assert (route.lead.holder, route.lead.deputy_of, route.lead.path) == ("lead-82", "lead-81", (HOUSE, GRID))
    assert "（代 lead-81）" in route.explain("zh")
    assert "standing in for lead-81" in route.explain("en")
    assert routed(setup, at=NOON + dt.timedelta(days=2)).lead.holder == "lead-81"


def test_who_is_away_without_a_deputy_is_passed_over_on_the_way_up():
    away = Absence(holder="lead-81", from_on=SINCE)
    both = (away, Absence(holder="lead-82", from_on=SINCE))
    setup = setup_with(rule("noise", lead="role:area-lead"))

    def led(*absences):
        return routed(attrs.evolve(setup, roster=attrs.evolve(setup.roster, absences=absences))).lead

    assert (led(away).holder, led(away).instead_of) == ("desk", "area-lead")
    gone = attrs.evolve(away, deputy="lead-82")
    assert led(gone, both[1]).holder == "desk", "the deputy is away as well"


def test_the_nearest_station_is_found_by_climbing_whatever_its_role():
    station = Organization(id="station-8", zh="八号工作站", en="station 8", kind="station")
    setup = setup_with(rule("noise", lead="nearest:station", informed=("nearest:team",)))
    roster = attrs.evolve(
        setup.roster,
        organizations={**setup.roster.organizations, "station-8": station},
        postings=(
            *setup.roster.postings,
            Posting(id="s", holder="station-8", role="general-grid-head", place=COMMUNITY, from_on=SINCE),
        ),
    )
    route = routed(attrs.evolve(setup, roster=roster))
    assert (route.lead.holder, route.lead.path) == ("station-8", (HOUSE, GRID, COMMUNITY))
    assert [(party.holder, party.instead_of) for party in route.informed] == [("desk", "team")]
    elsewhere = routed(attrs.evolve(setup, roster=roster), place="150203005009-B001")
    assert elsewhere.lead.holder == "desk"


def test_limits_ladders_and_more_parties_come_from_tables_of_their_own_and_are_named():
    limit = Rule(id="noise-limit", cells=(parse_cell(FACTS["kind"], "noise"),), then=Then(limit=HOURS))
    ladder = Rule(id="press", cells=(), then=Then(ladder="grid"))
    more = Rule(id="police-too", cells=(), then=Then(supporting=("org:police",), informed=("desk",)))
    setup = setup_with(
        rule("noise", lead="org:gas", limit=None, supporting=("desk",)), limits=[limit, ladder], also=[more]
    )
    route = routed(setup)
    assert (route.limited_by, route.pressed_by, route.joined_by) == ("noise-limit", "press", ("police-too",))
    assert [party.holder for party in route.supporting] == ["desk", "police"]
    assert (str(route.deadline.limit), route.deadline.ladder) == (str(HOURS), "grid")
    assert "时限依据：noise-limit" in route.explain("zh")
    assert "More parties: by police-too" in route.explain("en")
    own = routed(setup_with(rule("noise", lead="org:gas"), limits=[limit, ladder]))
    assert (own.limited_by, str(own.deadline.limit)) == ("", str(DAY))


def test_an_explanation_names_the_condition_and_the_rules_behind():
    route = routed(
        setup_with(rule("many", when="departments >= 2"), rule("wide", kind="noise"), rule("rest")), departments=3
    )
    assert (route.rule, route.later) == ("many", ("wide", "rest"))
    assert "条件“departments >= 2”成立（departments=3）" in route.explain("zh")
    assert "Behind it wide, rest would have held as well" in route.explain("en")


def test_the_reporter_is_told_who_by_when_what_to_do_and_that_one_may_object():
    then = Then(lead="role:area-lead", limit=DAY, tell_zh="请勿靠近", tell_en="Please keep away")
    route = routed(setup_with(Rule(id="noise", cells=(), then=then)))
    assert route.tell("zh").splitlines() == [
        "办理：片长",
        "最迟 2026-09-02 12:00 前办结",
        "请勿靠近",
        "对此可以提出异议，由工作人员重新决定",
    ]
    assert "lead-81" not in route.tell("en")
    assert "The reporter is told: Please keep away" in route.explain("en")


def test_a_fact_that_was_not_stated_is_told_as_such_and_a_failed_condition_as_a_near_miss():
    storm = rule("storm", weather="storm?", facts=DECLARED)
    again = rule("again", kind="noise", when="repeats > 2")
    route = routed(setup_with(again, storm, rule("rest"), facts=DECLARED))
    assert route.rule == "storm"
    assert "weather未说明，“storm?”也接受未说明的" in route.explain("zh")
    assert "again 只差一项：条件“repeats > 2”不成立（repeats=0）" in route.explain("zh")
    assert [miss.rule for miss in route.near_misses] == ["again"]


def test_a_late_import_and_a_correction_are_judged_by_when_the_matter_was_reported():
    late = NOON + dt.timedelta(hours=11, minutes=30)  # 23:30 in China
    setup = setup_with(rule("late", time="22:00..06:00"), rule("rest"))
    imported = ImportCase(kind="noise", place=HOUSE, source="hotline", system="old", foreign_id="7", opened_at=NOON)
    assert Scenario(setup, at=late).given(imported, by="desk-1", id="a").case("a").route.rule == "rest"
    scenario = Scenario(setup).given(OpenCase(kind="noise", place=HOUSE, source="resident"), by="desk-1", id="a")
    scenario.after(hours=11, minutes=30).given(Correct("a", kind="clutter", reason="选错"), by="desk-1")
    assert scenario.case("a").route.rule == "rest"


def test_a_declared_value_may_be_chinese_and_a_telephone_number_is_no_fact():
    sky = Fact("sky", "code", "天气", "sky", ("晴", "暴雨", "3a"))
    note, count = Fact("note", "text", "备注", "note"), Fact("count", "number", "数", "count")
    facts = {**FACTS, "sky": sky, "note": note, "count": count}
    setup = setup_with(rule("storm", facts=facts, sky="暴雨"), rule("rest"), facts=facts)
    assert routed(setup, facts={"sky": "暴雨"}).rule == "storm"
    assert routed(setup, facts={"sky": "3a"}).rule == "rest"
    for stated in ({"note": "Wang13812345678"}, {"note": "a b"}, {"count": 13812345678}):
        report = OpenCase(kind="noise", place=HOUSE, source="resident", facts={"sky": "晴", **stated})
        assert Scenario(setup).when(report, by="desk-1").refused("case.bad-fact")


def test_who_covers_a_place_covers_it_on_leave_as_well():
    setup = setup_with(rule("theirs", covered_by="head-8"), rule("rest"))
    policy = attrs.evolve(setup.case_policy.entries[0].value, covering=("general-grid-head",))
    away = (Absence(holder="head-8", from_on=SINCE, deputy="head-9"),)
    roster = attrs.evolve(setup.roster, absences=away)
    assert routed(attrs.evolve(setup, case_policy=Dates.always(policy), roster=roster)).rule == "theirs"


def test_of_two_absences_the_one_with_a_deputy_counts():
    two = [Absence(holder="lead-81", from_on=SINCE), Absence(holder="lead-81", from_on=SINCE, deputy="lead-82")]
    setup = setup_with(rule("noise", lead="role:area-lead"))
    for absences in (two, two[::-1]):
        roster = attrs.evolve(setup.roster, absences=tuple(absences))
        assert routed(attrs.evolve(setup, roster=roster)).lead.holder == "lead-82"


def test_a_calendar_of_the_rule_stays_where_the_table_of_limits_names_none():
    limit = Rule(id="l", cells=(), then=Then(limit=HOURS))
    noise = Rule(id="noise", cells=(), then=Then(lead="desk", calendar="night"))
    book = setup_with(noise, limits=[limit]).rulebooks.entries[0].value
    assert book.decide({}, small_setup().territory).then.calendar == "night"


# --- on trial -----------------------------------------------------------------------------------


def on_trial():
    now = [rule("noise", lead="role:area-lead", kind="noise"), rule("rest", lead="org:gas")]
    other = [rule("noise", lead="org:police", limit=HOURS, kind="noise"), rule("rest", lead="org:gas")]
    return setup_with(*now, shadow=other)


def test_the_rulebook_on_trial_decides_beside_and_only_its_differences_are_noted():
    setup = on_trial()
    scenario = Scenario(setup).given(OpenCase(kind="noise", place=HOUSE, source="resident"), by="desk-1", id="a")
    assert scenario.case("a").route.lead.holder == "lead-81", "the one in force acts"
    (event,) = [each for each in scenario.happened if isinstance(each, CaseShadowed)]
    assert (event.table, event.rule, event.what) == (setup.shadow.version, "noise", ("lead", "limit"))
    assert (event.was_lead, event.lead) == ("role:area-lead", "org:police")
    alike = Scenario(setup).given(OpenCase(kind="clutter", place=HOUSE, source="resident"), by="desk-1", id="b")
    assert not any(isinstance(each, CaseShadowed) for each in alike.happened)


def test_the_trial_view_counts_and_lists_what_would_have_been_otherwise():
    with open_office(on_trial(), discover=False, clock=lambda: NOON) as office:
        for number, kind in enumerate(["noise", "noise", "clutter"]):
            office.handle(OpenCase(kind=kind, place=HOUSE, source="resident"), by="desk-1", id=f"c{number}")
        trial = office.ask(Trial(), by="desk-1")
        assert (trial.count, trial.table) == (2, office.setup.shadow.version)
        assert trial.counts == {
            "department": {"role:area-lead → org:police": 2},
            "grid": {GRID: 2},
            "kind": {"noise": 2},
            "deadline": {"1工作日 → 4工作时": 2},
        }
        assert [(line.case, line.what) for line in trial.lines] == [
            ("c0", ("lead", "limit")),
            ("c1", ("lead", "limit")),
        ]
        assert [line.case for line in office.ask(Trial(most=1), by="desk-1").lines] == ["c0"]
        assert office.ask(Trial("another"), by="desk-1").count == 0
        assert office.ask(CaseView("c0"), by="desk-1").route.rule == "noise"
        texts = [line.text for line in office.ask(Timeline("c0", "en"), by="desk-1")]
        assert any("The rules on trial" in text and "org:police, 4 working hours" in text for text in texts)


def test_without_a_rulebook_on_trial_there_is_nothing_to_tell():
    with open_office(small_setup(), discover=False, clock=lambda: NOON) as office:
        office.handle(OpenCase(kind="noise", place=HOUSE, source="resident"), by="desk-1", id="a")
        trial = office.ask(Trial(), by="desk-1")
        assert (trial.table, trial.count, trial.lines) == ("", 0, ())


def test_a_rulebook_on_trial_that_would_refuse_is_noted_and_refuses_nothing():
    facts = {**FACTS, "weather": WEATHER}
    asks = [rule("storm", weather="storm", facts=facts)]
    setup = setup_with(rule("rest"), shadow=asks, facts=facts)
    scenario = Scenario(setup).given(OpenCase(kind="noise", place=HOUSE, source="resident"), by="desk-1", id="a")
    (event,) = [each for each in scenario.happened if isinstance(each, CaseShadowed)]
    assert (event.refusal, event.rule) == ("routing.missing-fact", "")


def test_corrected_and_imported_cases_are_put_before_the_rules_on_trial_too():
    scenario = Scenario(on_trial())
    scenario.given(OpenCase(kind="clutter", place=HOUSE, source="resident"), by="desk-1", id="a")
    scenario.given(Correct("a", kind="noise", reason="选错"), by="desk-1")
    imported = ImportCase(
        kind="noise", place=HOUSE, source="other-system", system="old", foreign_id="7", opened_at=NOON
    )  # fmt: skip
    scenario.given(imported, by="desk-1", id="b")
    assert [each.case for each in scenario.happened if isinstance(each, CaseShadowed)] == ["a", "b"]


def test_the_rules_of_the_day_of_the_report_decide():
    spring = attrs.evolve(rule("spring", lead="org:gas"), until_on=dt.date(2026, 9, 1))
    autumn = attrs.evolve(rule("autumn", lead="org:police"), from_on=dt.date(2026, 9, 2))
    book = Rulebook(Table.build([spring, autumn]))
    setup = attrs.evolve(small_setup(), rulebooks=book.timeline())
    assert [routed(setup, at=NOON + dt.timedelta(days=n)).rule for n in (0, 1)] == ["spring", "autumn"]
    assert routed(setup).table != routed(setup, at=NOON + dt.timedelta(days=1)).table


def test_a_refused_decision_leaves_no_case_behind():
    setup = setup_with(rule("share", when="10 / departments > 4"))
    with open_office(setup, discover=False, clock=lambda: NOON) as office:
        with pytest.raises(RefusalError) as refused:
            office.handle(
                OpenCase(kind="noise", place=HOUSE, source="resident", departments=0), by="desk-1", id="a"
            )  # fmt: skip
        assert refused.value.code == "routing.unanswered"
        with pytest.raises(NotFoundError):
            office.ask(CaseView("a"), by="desk-1")


def test_a_rulebook_on_trial_may_ask_for_a_fact_of_its_own_and_is_checked_like_the_other():
    facts = {**FACTS, "weather": WEATHER}
    on_its_own = Rulebook(Table.build([rule("storm", weather="storm?", facts=facts)], facts=facts))
    setup = attrs.evolve(setup_with(rule("rest")), shadow=on_its_own)
    assert routed(setup, facts={"weather": "storm"}).rule == "rest"
    wrong = attrs.evolve(setup, shadow=Rulebook(Table.build([rule("x", lead="org:nobody")])))
    with pytest.raises(SetupError, match="nobody"):
        wrong.with_rules([attrs.evolve(rule("theirs", kind="noise"), origin="plugin", band="local")])


def test_what_no_rule_says_on_either_side_is_no_difference():
    setup = setup_with(rule("gas", kind="gas"), shadow=[rule("all", lead="desk", limit=DAY)])
    policy = attrs.evolve(setup.case_policy.entries[0].value, desk_limit=DAY, desk_ladder="")
    scenario = Scenario(attrs.evolve(setup, case_policy=Dates.always(policy)))
    scenario.given(OpenCase(kind="noise", place=HOUSE, source="resident"), by="desk-1", id="a")
    assert not any(isinstance(each, CaseShadowed) for each in scenario.happened)


def test_a_report_is_located_by_address_then_by_the_finest_outline_then_by_the_grid():
    setup = small_setup()
    square = (0, 0, 90_000, 0, 90_000, 90_000, 0, 90_000)
    inner = (10_000, 10_000, 20_000, 10_000, 20_000, 20_000, 10_000, 20_000)
    nodes = dict(setup.territory.nodes)
    nodes[GRID] = attrs.evolve(nodes[GRID], outline=square)
    nodes[HOUSE] = attrs.evolve(nodes[HOUSE], outline=inner)
    ground = attrs.evolve(setup.ground, territory=attrs.evolve(setup.territory, nodes=nodes))
    setup = attrs.evolve(setup, ground=ground, coordinates="cgcs2000", addresses={"A-7": HOUSE})

    def found(**asked):
        located = setup.locate(**asked)
        return located.place, located.how

    assert found(address="A-7") == (HOUSE, "address")
    assert found(point=(15_000, 15_000), system="cgcs2000") == (HOUSE, "point")
    assert found(point=(80_000, 80_000), system="cgcs2000") == (GRID, "point")
    assert found(point=(90_010, 80_000), system="cgcs2000") == (GRID, "nearest")
    assert found(point=(900_000_000, 80_000), system="cgcs2000") == ("150203005", "unlocated")
    with pytest.raises(ValueError, match="outline"):
        small_setup().locate(point=(0, 0), system="wgs84")
