"""People, cases and points follow a later plan; what a person must decide is told."""

import datetime as dt

import attrs
import pytest

import gridgov
from gridgov.cases import CaseView, OpenCase, Resolve, WorkList
from gridgov.errors import SetupError
from gridgov.merging import Incumbent, adjust, check_plan, coverage, join, merge, split, succeed, undo
from gridgov.points import ProposeAward, Statement
from gridgov.staffing import Posting, Role, Roster
from gridgov.store import MemoryStore
from gridgov.territory import Adjacency, Built, Demolished, Node, Territory
from gridgov.testing import NOON, SimulatedClock, small_ground, small_setup

LATER = dt.date(2026, 9, 10)
NEXT_DAY = dt.date(2026, 9, 2)
ONE = "150203005008"


def merged():
    """The small street with its buildings side by side, merged, and every area lead posted by the plan."""
    setup = small_setup()
    pairs = tuple(Adjacency(f"{c}-B001", f"{c}-B002", 40) for c in (ONE, "150203005009"))
    roster = setup.roster
    old = [p for p in roster.postings if p.role == "area-lead"]
    roster = attrs.evolve(roster, postings=tuple(p for p in roster.postings if p.role != "area-lead"))
    incumbents = tuple(Incumbent(holder=p.holder, role="area-lead", community=p.place[:12]) for p in old)
    setup = attrs.evolve(
        setup, ground=attrs.evolve(setup.ground, adjacencies=pairs), roster=roster, incumbents=incumbents
    )
    return setup.with_plan(merge(setup.ground, setup.layers, setup.merging), on=dt.date(2026, 8, 1))


def lead_of(setup, building, day):
    return setup.roster.climb("area-lead", building, setup.territory, day).holders


def test_a_first_plan_may_carry_its_people_and_the_check_misses_nobody():
    setup = small_setup()
    incumbents = [Incumbent(holder=f"lead-{n}", role="area-lead", community=c) for n, c in enumerate([ONE, ONE])]
    plan = merge(setup.ground, [], roles=setup.roster.roles, incumbents=incumbents)
    assert [each.holder for each in plan.people] == ["lead-0", "lead-1"]
    assert list(check_plan(plan, setup.ground, incumbents=incumbents, roles=setup.roster.roles)) == []
    loads = coverage(plan, plan.people)["area-lead"]
    assert {holder: load for holder, (_, load) in loads.items()} == {"lead-0": 320, "lead-1": 320}
    left_out = merge(setup.ground, [], roles=setup.roster.roles, incumbents=[Incumbent(holder="lead-9", role="nobody")])
    assert [(short.code, short.subject) for short in left_out.shortfalls] == [("no-grid", "lead-9")]
    assert "lead-9 尚无网格可去" in left_out.summary("zh")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda people: people[1:],
        lambda people: (*people, people[0]),
        lambda people: (attrs.evolve(people[0], base_grids=()), people[1]),
        lambda people: (attrs.evolve(people[0], base_grids=("nowhere",)), people[1]),
        lambda people: (people[0], attrs.evolve(people[1], base_grids=people[0].base_grids)),
    ],
)
def test_a_person_who_is_lost_doubled_or_posted_against_the_rule_is_caught(spoil):
    """一人不漏."""
    setup = small_setup()
    incumbents = [Incumbent(holder=f"lead-{n}", role="area-lead", community=ONE) for n in range(2)]
    plan = merge(setup.ground, [], roles=setup.roster.roles, incumbents=incumbents)
    spoilt = attrs.evolve(plan, people=spoil(plan.people))
    codes = [f.code for f in check_plan(spoilt, setup.ground, incumbents=incumbents, roles=setup.roster.roles)]
    assert set(codes) == {"plan.person"}


def test_who_is_on_a_grid_that_stays_stays_and_who_loses_it_is_told_of():
    setup = merged()
    grids = [grid.code for grid in setup.plan.base_grids if grid.community == ONE]
    before = {b: lead_of(setup, b, dt.date(2026, 8, 5)) for b in (f"{ONE}-B001", f"{ONE}-B002")}
    joined = join(setup.plan, setup.ground, grids)
    after = setup.with_plan(joined.after, on=LATER)
    kept = joined.after.grid_of[f"{ONE}-B001"]
    (lead,) = after.roster.holders("area-lead", kept, LATER)
    assert (lead,) in before.values()
    assert [finding.code for finding in after.gaps] == ["plan.no-grid"]
    assert [each.base_grids for each in after.repostings] == [()]
    gone = next(grid for grid in grids if grid != kept)
    assert after.territory[gone].until_on == LATER - dt.timedelta(days=1)
    assert after.roster.holders("area-lead", gone, LATER) == ()
    assert lead_of(after, f"{ONE}-B002", LATER) == (lead,)
    # The day before, everything was as it was.
    assert after.roster.holders("area-lead", gone, LATER - dt.timedelta(days=1)) != ()


def test_undoing_it_brings_the_grids_back_under_their_codes():
    setup = merged()
    grids = [grid.code for grid in setup.plan.base_grids if grid.community == ONE]
    joined = join(setup.plan, setup.ground, grids)
    second = setup.with_plan(joined.after, on=LATER)
    back = undo(second.plan, setup.plan, second.ground)
    third = second.with_plan(back.after, on=LATER + dt.timedelta(days=30))
    assert third.plan.base_grids == setup.plan.base_grids
    assert all(third.territory[code].until_on == dt.date.max for code in grids)
    # Apply, then undo: the same grids, and the same people on them.
    assert third.gaps == ()
    day = LATER + dt.timedelta(days=30)
    for code in grids:
        assert third.roster.holders("area-lead", code, day) == setup.roster.holders("area-lead", code, LATER)


def test_a_split_grid_leaves_its_new_half_to_be_filled():
    setup = merged()
    ground = setup.ground
    whole = setup.with_plan(
        join(setup.plan, ground, [g.code for g in setup.plan.base_grids if g.community == ONE]).after, on=LATER
    )
    grid = whole.plan.grid_of[f"{ONE}-B001"]
    halves = whole.with_plan(split(whole.plan, whole.ground, grid).after, on=LATER + dt.timedelta(days=1))
    assert [finding.code for finding in halves.gaps] == ["plan.no-holder"]
    assert halves.gaps[0].subject not in setup.plan


def test_open_cases_and_points_follow_their_buildings_through_an_adjustment():
    """事项、积分随楼走: a case in a building that comes down is still somebody's, points are what they were."""
    setup = merged()
    clock = SimulatedClock(NOON)
    with gridgov.open_office(setup, store=MemoryStore(), discover=False, clock=clock) as office:
        reports = {}
        for building in ("B001", "B002"):
            report = OpenCase(kind="noise", place=f"{ONE}-{building}", source="resident", text="吵")
            reports[building] = office.handle(report, by="resident:00001", id=f"report-{building}").state
        award = ProposeAward(account="builder-81", deed="help", on=NOON.date(), occasion="x")
        office.handle(award, by="lead-81", id="award")
        points = office.ask(Statement("builder-81"), by="builder-81")
        new = Built(code=f"{ONE}-B003", name="3号楼", community=ONE, households=310, adjoins={f"{ONE}-B002": 20})
        done = adjust(setup.plan, setup.ground, [Demolished(f"{ONE}-B001"), new], on=NEXT_DAY)
        assert done.findings == ()
        later = setup.with_plan(done.after, ground=done.ground, on=NEXT_DAY)
        clock.now = dt.datetime(2026, 9, 2, 1, tzinfo=dt.UTC)
        office.amend(later, by="desk-1", reason="一栋拆除，一栋建成")
        for building, state in reports.items():
            seen = office.ask(CaseView(state.id), by="desk-1")
            assert seen.file.place == f"{ONE}-{building}"
            lists = [office.ask(WorkList(of=lead), by="desk-1") for lead in ("lead-81", "lead-82")]
            assert sum(entry.case == state.id for work in lists for entry in work) == 1
        assert office.ask(Statement("builder-81"), by="builder-81") == points
        report = OpenCase(kind="noise", place=f"{ONE}-B003", source="resident", text="吵")
        fresh = office.handle(report, by="resident:00002", id="report-new").state
        (lead,) = lead_of(later, f"{ONE}-B003", NEXT_DAY)
        assert any(entry.case == fresh.id for entry in office.ask(WorkList(of=lead), by="desk-1"))
        first = reports["B001"]
        handler = next(
            lead for lead in ("lead-81", "lead-82")
            if any(entry.case == first.id for entry in office.ask(WorkList(of=lead), by="desk-1"))
        )  # fmt: skip
        resolved = office.handle(Resolve(first.id), by=handler)
        assert resolved.state.id == first.id


def test_a_plan_that_breaks_something_cannot_be_put_in_force():
    setup = merged()
    first, *rest = setup.plan.base_grids
    broken = attrs.evolve(setup.plan, base_grids=(attrs.evolve(first, households=1), *rest))
    with pytest.raises(SetupError, match="households"):
        setup.with_plan(broken, on=LATER)


def test_the_postings_of_a_building_that_came_down_end_with_it():
    setup = merged()
    done = adjust(setup.plan, setup.ground, [Demolished(f"{ONE}-B001")], on=LATER)
    later = setup.with_plan(done.after, ground=done.ground, on=LATER)
    (posting,) = [p for p in later.roster.postings if p.place == f"{ONE}-B001"]
    assert (posting.role, posting.until_on) == ("building-lead", LATER - dt.timedelta(days=1))
    assert "come down" in posting.end_reason
    assert isinstance(later.roster, Roster)


def test_whoever_covers_many_grids_covers_a_new_one_that_came_out_of_one_of_theirs():
    setup = merged()
    police = Role(id="beat", zh="责任区民警", en="beat officer", level="grid", cardinality="one-to-many")
    (grid, *_) = [g.code for g in setup.plan.base_grids if g.community == ONE]
    joined = setup.with_plan(
        join(setup.plan, setup.ground, [g.code for g in setup.plan.base_grids if g.community == ONE]).after, on=LATER
    )
    grid = joined.plan.grid_of[f"{ONE}-B001"]
    beat = Posting(
        id="p-beat", holder="police-1", role="beat", place=grid, from_on=LATER, until_on=dt.date(2026, 12, 31)
    )
    roster = joined.roster
    roster = attrs.evolve(roster, roles={**roster.roles, "beat": police}, postings=(*roster.postings, beat))
    next_day = LATER + dt.timedelta(days=1)
    halves = split(joined.plan, joined.ground, grid)
    found = succeed(joined.plan, halves.after, roster, next_day)
    (added,) = [posting for posting in found.added if posting.role == "beat"]
    assert (added.place, added.until_on) == (halves.new[0], dt.date(2026, 12, 31))


def test_a_plan_does_not_begin_before_the_one_in_force_and_not_from_another_one():
    setup = merged()
    codes = [grid.code for grid in setup.plan.base_grids if grid.community == ONE]
    done = join(setup.plan, setup.ground, codes)
    with pytest.raises(SetupError, match="would rewrite"):
        setup.with_plan(done.after, on=dt.date(2026, 7, 1))
    later = setup.with_adjustment(done, on=LATER)
    assert (later.plan_on, later.plan.digest) == (LATER, done.after.digest)
    with pytest.raises(SetupError, match="another plan"):
        later.with_adjustment(done, on=LATER + dt.timedelta(days=1))


def test_loads_of_a_shared_grid_add_up_to_it():
    setup = small_setup()
    roles = {"helper": Role(id="helper", zh="", en="", level="grid", cardinality="many-to-one")}
    people = [Incumbent(holder=f"h{n}", role="helper", community=ONE) for n in range(3)]
    plan = merge(setup.ground, [], roles=roles, incumbents=people)
    loads = [load for _, load in coverage(plan, plan.people)["helper"].values()]
    assert sum(loads) == plan[plan.people[0].base_grids[0]].households


def test_one_holder_in_two_communities_is_posted_in_both():
    setup = small_setup()
    people = [Incumbent(holder="h", role="area-lead", community=c) for c in (ONE, "150203005009")]
    plan = merge(setup.ground, [], roles=setup.roster.roles, incumbents=people)
    assert {code[:12] for each in plan.people for code in each.base_grids} == {ONE, "150203005009"}
    assert "plan.person" not in [
        f.code for f in check_plan(plan, setup.ground, incumbents=people, roles=setup.roster.roles)
    ]


def test_a_school_of_several_buildings_stays_one_grid_after_the_plan_is_in_force():
    school = Node(code="S", level="compound", name="学校", parent=ONE)
    ground = small_ground([0, 0, 400], kinds={"B00": "dedicated", "B01": "dedicated"}, more=[school])
    nodes = [attrs.evolve(n, parent="S") if n.code in ("B00", "B01") else n for n in ground.territory]
    ground = attrs.evolve(ground, territory=Territory.build(ground.territory.levels, nodes))
    setup = attrs.evolve(merged(), ground=ground, plan=None, incumbents=(), plan_on=dt.date.min)
    roster = attrs.evolve(setup.roster, postings=())
    setup = attrs.evolve(setup, roster=roster).with_plan(merge(ground, []), on=LATER)
    done = adjust(setup.plan, setup.ground, [], on=LATER + dt.timedelta(days=9))
    assert (done.new, done.changed, done.abolished) == ((), (), ())
