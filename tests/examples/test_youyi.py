"""The street runs, its figures come out of the model, and a second run continues."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from gridgov import load_setup, merge, open_office
from gridgov.cases import Board
from gridgov.merging import check_plan
from gridgov_sql import open_sqlite

ROOT = Path(__file__).parent.parent.parent
YOUYI = ROOT / "examples/youyi"


@pytest.fixture(scope="module")
def planned():
    setup = load_setup(YOUYI / "setup")
    plan = merge(setup.ground, setup.layers, setup.merging)
    return setup, plan, setup.with_plan(plan)


def test_the_committed_files_are_what_the_generator_makes(tmp_path):
    module = runpy.run_path(str(YOUYI / "generate.py"))
    module["main"].__globals__["HERE"] = tmp_path
    module["main"]()
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv"))
    assert len(made) == 8
    for path in made:
        assert (tmp_path / path).read_text("utf-8") == (YOUYI / path).read_text("utf-8"), path


def test_the_five_layers_become_thirty_nine_base_grids_that_hold(planned):
    setup, plan, _ = planned
    assert len(setup.layers) == 5
    assert len(plan.base_grids) == 39
    assert list(check_plan(plan, setup.ground, setup.layers)) == []
    assert plan.findings == ()
    assert sum(grid.households for grid in plan.base_grids) == setup.territory.households("150203005")
    assert "39" not in (YOUYI / "setup/setup.yaml").read_text("utf-8")


def test_the_plan_of_this_seed_is_the_same_on_every_machine(planned):
    assert planned[1].digest == "6b4a4d3dae53c52b1ecb39aa59d078bbb55acf4ec84514b8606f1d720a87e2dc"


def test_what_was_worked_out_from_a_plan_never_changes_what_the_setup_says(planned):
    setup, plan, with_plan = planned
    fresh = merge(setup.ground, setup.layers, setup.merging)
    before = setup.with_plan(fresh).section_digests
    assert (len(plan.cut), len(plan.abolished), bool(plan.grid_of), plan.digest) == (99, 116, True, fresh.digest)
    assert setup.with_plan(plan).section_digests == with_plan.section_digests == before


def test_the_people_of_the_account_are_counted_from_their_postings(planned):
    page = runpy.run_path(str(YOUYI / "page.py"))
    assert page["staffing_figures"](planned[2]) == {
        "base grids": "39",
        "first secretaries": "4",
        "general grid heads": "4",
        "area leads": "39",
        "part-time grid workers": "254 + 906 = 1160",
        "department grid workers": "12 + 8 + 6 + 1 + 4 = 31",
        "department liaisons": "6",
        "co-building units": "33",
        "market liaisons": "11 + 9 + 6 = 26",
        "branches": "28",
        "groups": "39",
        "kinds of subject": "7",
    }


def test_every_base_grid_has_its_lead_group_branch_and_each_departments_people(planned):
    _, plan, setup = planned
    for grid in plan.base_grids:
        roles = [p.role for p in setup.roster.postings if p.place == grid.code]
        assert roles.count("area-lead") == roles.count("party-group") == 1
        assert roles.count("party-branch") >= 1
        assert (roles.count("department-worker"), roles.count("market-liaison")) == (5, 3)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("youyi")
    command = [sys.executable, str(YOUYI / "run.py"), "--out", str(folder)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=False, timeout=500) for _ in range(2)]
    for run in runs:
        assert run.returncode == 0, run.stderr[-2000:]
    return folder, runs


@pytest.mark.slow
def test_the_run_prints_what_the_street_is_known_for(played):
    out = played[1][0].stdout
    for line in (
        "12 mistakes in the setup",
        "合并为 39 个基础网格",
        "buildings in exactly one base grid: 254 of 254",
        "reported 888, 办结 closed 861",
        "linked to another one 10, 不予受理 declined 3",
        "九月公示 published in September:",
        "未结 open 12",
        "part-time grid workers: 254 + 906 = 1160",
        "the same answers after a restart: True",
        "still waiting 0, dead 0",
        "暂定 provisional True → False, 期限 due 01-01 10:00 → 01-04 10:00",
    ):
        assert line in out, line
    assert "refused" not in out


@pytest.mark.slow
def test_on_the_way_matters_are_returned_transferred_escalated_urged_whistled_late_and_reopened(played, planned):
    setup = planned[2]
    store = open_sqlite(f"sqlite:///{played[0] / 'youyi.db'}")
    with open_office(setup, store, discover=False, plugins=sample_rules()) as office:
        board = office.ask(Board(), by="DESK1")
    store.close()
    linked = board.counts["linked"] - board.counts["unlinked"]
    assert board.opened == board.closed + board.open + board.withdrawn + linked + 3 == 888
    assert 0 < board.closed - board.closed_in_time < 100
    for name in ("returned", "transferred", "escalated", "warned", "whistle-blown", "reported-in-late", "reopened",
                 "objection-raised", "held", "deadline-extended", "request-denied", "corrected", "handed-over", "part-closed",
                 "urged", "supervised", "clock-paused", "clock-resumed", "reporter-called", "published", "warned-red",
                 "followed", "withdrawn", "part-joined", "mode-switched", "mode-ended", "unlinked", "award-objected", "award-amended", "redemption-collected"):  # fmt: skip
        assert board.counts[name] > 0, name


def sample_rules():
    from gridgov_days_cn import plugin as days_cn
    from gridgov_sample_rules import plugin

    # As an office that looks for the installed plugins finds them: by name.
    return [("days-cn", days_cn), ("sample-rules", plugin)]


@pytest.mark.slow
def test_a_second_run_continues_instead_of_starting_over(played):
    first, second = (run.stdout for run in played[1])
    assert "known from an earlier run 0;" in first
    assert "known from an earlier run 0;" not in second

    def told(text):
        return [line for line in text.splitlines() if "reported 888" in line or line.lstrip().startswith(("1 ", "2 "))]

    assert told(first) == told(second)


@pytest.mark.slow
def test_the_page_needs_no_network_and_shows_masked_names_only(played, planned):
    html = (played[0] / "index.html").read_text("utf-8")
    assert "src=" not in html
    assert "href=" not in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
    names = [person.name for person in planned[2].roster.persons.values() if len(person.name) > 2]
    assert not any(name in html for name in names)
    assert html.count("<svg") == 6
