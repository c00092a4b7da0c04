import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.staffing import Organization, Person, Posting, Role, Roster, find_party
from gridgov.testing import small_setup, strategies

DAY = dt.date(2026, 9, 1)
TREE = small_setup().territory
GRID, BUILDING, COMMUNITY = "150203005008001", "150203005008-B001", "150203005008"
LEAD = Role(id="lead", zh="片长", en="area lead", level="grid", cardinality="one-to-one")
MANY = Role(id="many", zh="联络员", en="liaison", level="grid", cardinality="one-to-many")
ORGANIZATION = Organization(id="gas", zh="燃气", en="gas", kind="market")


def posting(id_="p1", holder="a", role="lead", place=GRID, start=DAY, end=dt.date.max):
    return Posting(id=id_, holder=holder, role=role, place=place, from_on=start, until_on=end)


def found(*postings, persons=None, organizations=(ORGANIZATION,), roles=(LEAD, MANY)):
    findings = Roster.check(
        territory=TREE,
        roles=roles,
        organizations=organizations,
        persons=persons or [Person(id="a", from_on=DAY), Person(id="b")],
        postings=postings,
    )
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("postings", "code"),
    [
        ([posting(role="leed")], "staffing.unknown-role"),
        ([posting(place="150203005008009")], "staffing.unknown-place"),
        ([posting(holder="nobody")], "staffing.unknown-holder"),
        ([posting(place=BUILDING)], "staffing.wrong-level"),
        ([posting(start=DAY - dt.timedelta(days=1))], "staffing.before-person"),
        ([posting(end=DAY - dt.timedelta(days=1))], "staffing.dates-out-of-order"),
        ([posting(), posting("p2", place="150203005008002")], "staffing.one-place-only"),
        ([posting(), posting("p2", holder="b")], "staffing.overlapping-postings"),
        ([posting(), posting()], "staffing.id-twice"),
    ],
)
def test_each_mistake_of_a_posting_is_found(postings, code):
    assert code in found(*postings)


def test_a_posting_after_its_person_has_left_is_found():
    persons = [Person(id="a", until_on=DAY - dt.timedelta(days=1))]
    assert found(posting(), persons=persons) == ["staffing.after-person"]


def test_an_unknown_role_comes_with_the_one_that_was_meant():
    finding = Roster.check(
        territory=TREE, roles=[LEAD], organizations=[], persons=[Person(id="a")], postings=[posting(role="leed")]
    )[0]
    assert "'lead'" in finding.remedy


def test_one_after_the_other_on_one_grid_and_one_person_on_many_grids_are_allowed():
    """一人一格 in time, 一人多格 where the role says so."""
    handover = [posting(end=DAY), posting("p2", holder="b", start=DAY + dt.timedelta(days=1))]
    assert found(*handover) == []
    assert found(posting(role="many"), posting("p2", role="many", place="150203005008002")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": [Role(id="x", zh="", en="", level="planet")]},
        {"roles": [Role(id="x", zh="", en="", level="grid", cardinality="two-to-two")]},
        {"roles": [Role(id="x", zh="", en="", level="grid", force="sleeping")]},
        {"organizations": [Organization(id="x", zh="", en="", kind="club")]},
        {"organizations": [Organization(id="x", zh="", en="", kind="market", member_of="y")]},
        {"persons": [Person(id="x", organization="nowhere")]},
        {"persons": [Person(id="x", from_on=DAY, until_on=DAY - dt.timedelta(days=1))]},
    ],
)
def test_each_mistake_of_a_role_an_organization_or_a_person_is_found(wrong):
    assert len(found(**wrong)) == 1


def test_climbing_finds_the_nearest_holder_and_tells_the_way():
    setup = small_setup()
    climb = setup.roster.climb("general-grid-head", BUILDING, setup.territory, DAY)
    assert climb.holders == ("head-8",)
    assert climb.path == (BUILDING, GRID, COMMUNITY)


def test_where_nobody_is_posted_the_desk_has_it_with_the_whole_way():
    setup = small_setup()
    role = Role(id="fire-chief", zh="消防", en="fire chief", level="street")
    roster = Roster(roles={**setup.roster.roles, "fire-chief": role}, organizations=setup.roster.organizations,
                    persons=setup.roster.persons, postings=setup.roster.postings)  # fmt: skip
    party = find_party("role:fire-chief", place=BUILDING, desk="desk", roster=roster, territory=TREE, on=DAY)
    assert (party.holder, len(party.path)) == ("desk", 4)


def test_a_person_acts_for_the_organization_and_for_what_it_is_a_member_of():
    organizations = [
        Organization(id="city", zh="", en="", kind="department"),
        Organization(id="gas", zh="", en="", kind="market", member_of="city"),
    ]
    roster = Roster.build(
        territory=TREE, organizations=organizations, persons=[Person(id="a", organization="gas"), Person(id="b")]
    )
    assert roster.acts_for("a", "gas")
    assert roster.acts_for("a", "city")
    assert not roster.acts_for("b", "gas")
    assert not roster.acts_for("gas", "a")


@given(st.data())
def test_a_posting_counts_on_its_days_and_on_no_other(data):
    """任期内在岗: holders are found exactly while their posting lasts."""
    tree = data.draw(strategies.territories())
    roster = data.draw(strategies.rosters(tree))
    day = dt.date(2026, 1, 1) + dt.timedelta(days=data.draw(st.integers(0, 365)))
    for each in roster.postings:
        assert (each.holder in roster.holders(each.role, each.place, day)) == (each.from_on <= day)
