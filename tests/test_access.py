"""Who may do what, where: every role, command and place against the rules as docs/howto/access.md writes them."""

import datetime as dt
import itertools
import shutil
from pathlib import Path
from typing import get_type_hints

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov import cases, points, setup
from gridgov.access import (
    MASKS,
    SCOPES,
    STANDING_ROLES,
    WHY,
    AccessPolicy,
    Grant,
    check_access,
    kind_of_actor,
    masked,
    masks_of,
)
from gridgov.cases import LIFE, OpenCase, State, parties_of
from gridgov.documents import ROOMS, load_setup
from gridgov.errors import RefusalError, SetupError
from gridgov.proofs import Sealed, canonical, digest
from gridgov.testing import NOON, Scenario, life_sample, small_setup
from gridgov.testing._lives import ABOUT_NO_CASE
from gridgov.testing.strategies import rosters, territories

ROOT = Path(__file__).parent.parent
COMMANDS = tuple(command.__name__ for room in ROOMS for command in room.commands)
VIEWS = tuple(
    name
    for room in (cases, points, setup)
    for name in room.__all__
    if isinstance(getattr(room, name), type) and hasattr(getattr(room, name), "answer")
)
SMALL = small_setup()
DAY = NOON.date()


# --- the rules as the page writes them, in plain words ---------------------------------------------


def houses(actor, roster):
    """The organizations that an actor belongs to: its own, whose member that is, and so on."""
    person = roster.persons.get(actor)
    found = [] if person is None else [person.organization] if person.organization else []
    if actor in roster.organizations:
        found = [actor]
    while found and roster.organizations[found[-1]].member_of:
        found.append(roster.organizations[found[-1]].member_of)
    return found


def above(place, territory):
    """A place and everything above it."""
    while place:
        yield place
        place = territory.nodes[place].parent


def by_the_page(grants, name, actor, place, parties, jurisdiction, day=DAY):
    roster, territory = jurisdiction.roster, jurisdiction.territory
    if actor.startswith("system:"):
        return True
    for grant in grants:
        wild = "*read" if name in VIEWS else "*write"
        if not {name, "*", wild} & grant.names:
            continue
        posted = [
            each.place
            for each in roster.postings
            if (each.holder, each.role) == (actor, grant.role) and each.from_on <= day <= each.until_on
        ]
        standing = grant.role == "anyone"
        standing |= grant.role == "resident" and actor.startswith("resident:")
        standing |= grant.role == "plugin" and actor.startswith("plugin:")
        standing |= grant.role == "organization" and bool(houses(actor, roster))
        if not posted and not standing:
            continue
        mine = {actor, *houses(actor, roster)}
        theirs = {home for party in parties for home in [party, *houses(party, roster)[:1]]}
        if grant.scope == "all":
            return True
        if grant.scope == "own" and (standing or place is None or set(above(place, territory)) & set(posted)):
            return True
        if grant.scope == "department" and mine & theirs:
            return True
    return False


def passes(grants, name, actor, place, parties, jurisdiction, day=DAY):
    try:
        check_access(
            AccessPolicy(tuple(grants)),
            name,
            by=actor,
            place=place,
            roster=jurisdiction.roster,
            territory=jurisdiction.territory,
            on=day,
            reading=name in VIEWS,
            parties=lambda: parties,
        )
    except RefusalError as refusal:
        return (refusal.code, refusal.facts["why"] in WHY) != ("access.denied", True)
    return True


ACTORS = (
    *sorted(SMALL.roster.persons),
    *sorted(SMALL.roster.organizations),
    "resident:00001",
    "stranger",
    "plugin:rules",
    "system:clock",
)
PLACES = (None, *sorted(SMALL.territory.nodes))
PARTIES = ((), ("gas",), ("lead-81", "police-1"), ("desk",))
ROLES = (*sorted(SMALL.roster.roles), *STANDING_ROLES)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_command_and_place_passes_exactly_where_the_page_says(role, scope):
    every = (*COMMANDS, *VIEWS)
    grants = [Grant(role=role, names=frozenset(every[::2]), scope=scope)]
    for number, name in enumerate(every):
        parties = PARTIES[number // 2 % len(PARTIES)]
        for actor, place in itertools.product(ACTORS, PLACES):
            expected = by_the_page(grants, name, actor, place, parties, SMALL)
            assert passes(grants, name, actor, place, parties, SMALL) == expected, (name, actor, place, parties)


@st.composite
def streets(draw):
    territory = draw(territories())
    roster = draw(rosters(territory))
    return attrs.evolve(SMALL, ground=attrs.evolve(SMALL.ground, territory=territory), roster=roster)


def grants_of(roles):
    return st.lists(
        st.builds(
            Grant,
            role=st.sampled_from(roles),
            names=st.frozensets(st.sampled_from(["OpenCase", "CaseView", "Close", "*", "*read", "*write"]), min_size=1),
            scope=st.sampled_from(SCOPES),
            masked=st.frozensets(st.sampled_from(MASKS)),
        ),
        max_size=4,
    )


@given(st.data())
def test_on_any_tree_with_any_grants_the_page_and_the_code_agree(data):
    """默认拒绝；只能管自己网格及以下，只能看本部门的事. What no grant allows is denied, on every tree."""
    street = data.draw(streets())
    grants = data.draw(grants_of([*street.roster.roles, *STANDING_ROLES]))
    actors = [*street.roster.persons, *street.roster.organizations, "resident:1", "stranger"]
    day = data.draw(st.dates(dt.date(2025, 12, 1), dt.date(2027, 2, 1)))
    parties = data.draw(st.lists(st.sampled_from(actors), max_size=2))
    for name, actor, place in itertools.product(
        ("OpenCase", "CaseView", "Close"), actors, (None, *street.territory.nodes)
    ):
        expected = by_the_page(grants, name, actor, place, parties, street, day)
        assert passes(grants, name, actor, place, parties, street, day) == expected, (name, actor, place)


@given(st.data())
def test_another_grant_takes_no_leave_away_and_masks_nothing_more(data):
    """多一条授权，不会少一分权限. Grants only ever add."""
    grants = data.draw(grants_of(ROLES))
    more = [*grants, *data.draw(grants_of(ROLES))]
    actor, place = data.draw(st.sampled_from(ACTORS)), data.draw(st.sampled_from(PLACES))
    parties = data.draw(st.sampled_from(PARTIES))
    if passes(grants, "CaseView", actor, place, parties, SMALL):
        assert passes(more, "CaseView", actor, place, parties, SMALL)
        assert masks(more, actor, place, parties) <= masks(grants, actor, place, parties)


def masks(grants, actor, place, parties=()):
    return masks_of(
        AccessPolicy(tuple(grants)),
        "CaseView",
        by=actor,
        place=place,
        roster=SMALL.roster,
        territory=SMALL.territory,
        on=DAY,
        reading=True,
        parties=lambda: parties,
    )


def test_commands_and_views_have_no_name_in_common_so_that_a_grant_says_one_thing():
    assert not set(COMMANDS) & set(VIEWS)


@pytest.mark.parametrize("place", [place for place in PLACES if place])
def test_a_scope_of_ones_own_never_reaches_a_sibling_or_a_place_above(place):
    grants = [Grant(role="area-lead", names=frozenset({"*"}), scope="own")]
    assert passes(grants, "Resolve", "lead-81", place, (), SMALL) == (place in ("150203005008001", "150203005008-B001"))


# --- why it was denied ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actor", "name", "why"),
    [
        ("stranger", "CaseView", "unknown-actor"),
        ("lead-81", "Close", "no-grant"),
        ("lead-82", "CaseView", "other-place"),
        ("gas-1", "WorkList", "other-department"),
        ("resident:1", "CaseView", "no-grant"),
    ],
)
def test_a_refusal_has_one_code_and_says_why(actor, name, why):
    policy = AccessPolicy(
        (
            Grant(role="area-lead", names=frozenset({"*read"})),
            Grant(role="organization", names=frozenset({"WorkList"}), scope="department"),
        )
    )
    with pytest.raises(RefusalError) as refused:
        check_access(
            policy,
            name,
            by=actor,
            place="150203005008-B001",
            roster=SMALL.roster,
            territory=SMALL.territory,
            on=DAY,
            reading=name in VIEWS,
        )
    assert (refused.value.code, refused.value.facts["why"]) == ("access.denied", why)


# --- rooms ask ---------------------------------------------------------------------------------------

CLOCKS_OWN = {"WarnOfDeadline", "ClimbLadder", "MissReportIn", "EndHold", "PauseForMode", "ResumeAfterMode"}
CLOCKS_OWN |= {"ReviewDeadline"}


@pytest.mark.parametrize(
    "command", [each for each in LIFE if each not in ABOUT_NO_CASE], ids=lambda each: each.__name__
)
def test_by_default_every_command_about_a_case_is_denied_to_whoever_could_do_it(command):
    for state in sorted(LIFE[command], key=lambda each: each.__name__):
        sample = life_sample(command, state)
        if sample.by.startswith("system:"):
            assert command.__name__ in CLOCKS_OWN
            continue
        sample.scenario.setup = small_setup(access=AccessPolicy(()))
        sample.scenario.when(sample.command, by=sample.by).refused("access.denied")


def test_by_default_a_report_is_denied():
    report = OpenCase(kind="noise", place="150203005008-B001", source="resident")
    Scenario(small_setup(access=AccessPolicy(()))).when(report, by="resident:00001").refused("access.denied")


@pytest.mark.parametrize(
    "command",
    [command for room in ROOMS if room.name == "points" for command in room.commands],
    ids=lambda c: c.__name__,
)
def test_by_default_nothing_happens_to_points(command):
    """默认拒绝. Whatever the command holds, without a grant no event follows."""
    room = next(each for each in ROOMS if command in each.commands)
    denied = small_setup(access=AccessPolicy(())).given("points", at=NOON, by="head-8", command_id="x")

    hints = get_type_hints(command)

    @given(st.builds(command, **{each.name: st.from_type(hints[each.name]) for each in attrs.fields(command)}))
    @settings(max_examples=15)
    def asked(value):
        with pytest.raises(RefusalError):
            room.decide(value, {}, denied)

    asked()


# --- the department -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", cases.STATES, ids=lambda each: each.__name__)
def test_a_department_reaches_a_case_in_any_state_exactly_if_it_has_to_do_with_it(state):
    """本部门的事. Its own, and never another department's."""
    command = next(each for each in LIFE if each not in ABOUT_NO_CASE and state in LIFE[each])
    found = life_sample(command, state).scenario.case("a")
    assert isinstance(found, State)
    involved = set(parties_of(found))
    holder = getattr(getattr(found, "lead", None) or getattr(found, "desk", None), "holder", None)
    assert holder is None or holder in involved
    grants = [Grant(role="organization", names=frozenset({"CaseView"}), scope="department")]
    for actor in ("gas-1", "police-1", "desk-1", "gas", "police"):
        house = SMALL.roster.persons[actor].organization if actor in SMALL.roster.persons else actor
        reached = passes(grants, "CaseView", actor, found.file.place, parties_of(found), SMALL)
        assert reached == bool({actor, house} & involved), (actor, involved)


# --- the value -----------------------------------------------------------------------------------------


def test_an_unknown_role_scope_name_or_mask_is_found_with_what_would_be_right():
    wrong = AccessPolicy(
        (
            Grant(role="king", names=frozenset({"Fly", "*read"}), scope="moon", masked=frozenset({"hat", "contact"})),
            Grant(role="resident", names=frozenset({"*write"}), scope="department"),
        )
    )
    findings = list(wrong.check(SMALL.roster.roles, frozenset({*COMMANDS, *VIEWS})))
    assert [(each.code, each.subject) for each in findings] == [
        ("access.unknown-role", "grant 1"),
        ("access.unknown-scope", "grant 1"),
        ("access.unknown-name", "grant 1"),
        ("access.unknown-mask", "grant 1"),
        ("access.idle-scope", "grant 2"),
    ]
    assert all(each.remedy for each in findings)


def test_grants_without_masks_keep_the_digest_that_stores_have_adopted():
    """The digests of what 0.1 wrote: a store that adopted these would refuse to open with other ones."""
    local = AccessPolicy((Grant(role="area-lead", names=frozenset({"CaseView", "Acknowledge"})),))
    assert (
        canonical(local.contents)
        == b'{"grants":[{"names":["Acknowledge","CaseView"],"role":"area-lead","scope":"own"}]}'
    )
    assert digest(SMALL.sections["access"]) == "a6072877eb8a9bc027c24811d55ea434dbf7a3901265e65b005bd23fd1eb6a21"
    youyi = load_setup(ROOT / "examples/youyi/setup")
    assert digest(youyi.sections["access"]) == "7508ec9a2225d220ab045da9f184e51d8bb53f05608668e2934c820b1f4f2659"


def test_masks_change_the_digest():
    one = AccessPolicy((Grant(role="anyone", names=frozenset({"*"}), scope="all", masked=frozenset({"contact"})),))
    assert canonical(one.contents) != canonical(AccessPolicy.open().contents)


def test_the_setup_files_know_scopes_wildcards_and_masks(tmp_path):
    """One bad row of access.csv is named with its line; good ones are read."""
    folder = tmp_path / "setup"
    shutil.copytree(ROOT / "examples/youyi/setup", folder)
    (folder / "access.csv").write_text(
        "role,names,scope,masked\norganization,CaseView|*write,department,reporter|contact\nanyone,*read,all,\n",
        "utf-8",
    )
    assert load_setup(folder).access == AccessPolicy(
        (
            Grant(
                role="organization",
                names=frozenset({"CaseView", "*write"}),
                scope="department",
                masked=frozenset({"reporter", "contact"}),
            ),
            Grant(role="anyone", names=frozenset({"*read"}), scope="all"),
        )
    )
    (folder / "access.csv").write_text("role,names,masked\nanyone,*read,hat\n", "utf-8")
    with pytest.raises(SetupError) as wrong:
        load_setup(folder)
    (finding,) = wrong.value.findings
    assert (finding.code, finding.file, finding.row, finding.column) == (
        "access.unknown-mask",
        "access.csv",
        2,
        "masked",
    )


# --- masks on values -----------------------------------------------------------------------------------


@attrs.frozen
class Nested:
    by: str
    why: Sealed | None
    contact: Sealed | None = None
    evidence: tuple[str, ...] = ()
    _hidden: str = ""


def test_a_mask_reaches_into_every_kind_of_value():
    seal = Sealed("street/a/text", "0" * 64)
    value = ({"resident:1": Nested("resident:1", seal, seal, ("e",), "told by resident:2")}, [1, dt.date(2026, 1, 1)])
    shown = masked(value, frozenset(MASKS), by="desk-1")
    assert shown == (
        {"withheld": Nested("withheld", Sealed("withheld", ""), None, (), "told by withheld")},
        [1, dt.date(2026, 1, 1)],
    )


def test_two_that_are_withheld_stay_two_and_ones_own_is_shown():
    shown = masked({"resident:1": 1, "resident:2": 2, "resident:3": 3}, frozenset({"resident"}), by="resident:2")
    assert sorted(shown.values()) == [1, 2, 3]
    assert shown["resident:2"] == 2
    assert sum(key.startswith("withheld") for key in shown) == 2


def test_without_masks_the_very_same_value_comes_back():
    value = Nested("resident:1", None)
    assert masked(value, frozenset(), by="x") is value


def test_an_actor_is_what_its_id_or_the_roster_says():
    kinds = [
        kind_of_actor(each, SMALL.roster) for each in ("resident:1", "system:x", "lead-81", "gas", "plugin:p", "x")
    ]
    assert kinds == ["resident", "system", "worker", "organization", "plugin", "anonymous"]
