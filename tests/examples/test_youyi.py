"""The street runs, its figures come out of the model, and a second run continues."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from gridgov import load_setup, merge, open_office
from gridgov.cases import Board
from gridgov.merging import check_plan
from gridgov.points import check_statement, read_statement
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


def of_the_quarter(out):
    """What was printed of the quarter of points, line by line."""
    return out.partition("=== 一个季度的积分 / a quarter of points\n")[2].partition("\npage: ")[0].splitlines()


@pytest.mark.slow
def test_a_quarter_of_points_is_played_and_a_second_run_prints_the_same(played):
    first, second = (of_the_quarter(run.stdout) for run in played[1])
    assert first == second
    text = "\n".join(first)
    for line in (
        "居民 residents 120 in 50 households, 志愿者 volunteers 100, 共建单位 units 5",
        "公示 lists 6, of 1074 awards, 实名 with full names 60 who agreed",
        "异议 objections 4: 驳回 dismissed 2, 减 amended 1, 撤销 voided 1",
        "12-09 18:00 warn → 12-11 10:00 red → 12-11 10:00 climb desk → 12-14 10:00 climb org:street-committee",
        "申诉 appeals: 驳回 dismissed 1, 支持 upheld 1",
        "told:flood:less → compensation +15, 生效 confirmed 11-20",
        "更正 reversed 5 (recorded-twice): 欠 owed 3",
        "paid off by told:lamp: 3 of 5",
        "冻结 released resident:00029: 20 points, 12-08",
        "户 AccountClosed resident:00058 → resident:00059: 8 points in 1 lots",
        "户 HouseholdsMerged household:41 → household:42:",
        "捐赠 donated 12 (冬日送暖)",
        "a day offline: 12 uses taken over, 重复 found: {'used-already': 2}; 已结算 settled 537 points",
        "30 + 0 − 0 − 12 = 18 与公示相符 is under the root; 改过的 a changed one: points.not-in-the-root",
        "光荣榜 roll 2026-Q4 residents: 1 resident:00028 50, 2 resident:00096 34,",
        "光荣榜 roll 2026-Q4 units: 1 共建单位04 40,",
        "待生效 pending 0, 可用 posted 3777, 占用 held 0, 欠 debt 0, 月均兑换 spent a month 179",
        "asked in vain 14: not-impartial, appealed-already, claimed-already, limit-reached, frozen, account-closed,",
        "核对 audit of 3748 events: 0 findings",
        "the reopened office gives the same answers: True",
    ):
        assert line in text, line


@pytest.mark.slow
def test_the_tables_of_the_quarter_add_up(played):
    printed = of_the_quarter(played[1][0].stdout)
    months = {row[0]: list(map(int, row[1:])) for row in map(str.split, printed) if row[0] in TABLED and len(row) == 8}
    assert months == TABLED
    goods = [list(map(int, line.split()[2:])) for line in printed if line.startswith(OUTLETS)]
    assert len(goods) == 6
    for taken, fetched, canceled, lapsed, _, settled in goods:
        assert (taken, settled) == (fetched + canceled + lapsed, fetched)
    earned, spent = (sum(row[place] for row in months.values()) for place in (5, 6))
    assert sum(row[4] for row in goods) == spent == 537
    assert earned - spent - 5 - 12 == 3777  # what was reversed, what was given away


OUTLETS = ("爱心超市", "12349养老服务平台", "汽修一条街", "电商平台", "一老一小服务中心")
TABLED = {
    "2026-10": [364, 167, 6, 6, 173, 757, 124],
    "2026-11": [366, 338, 11, 14, 349, 1371, 189],
    "2026-12": [380, 353, 14, 10, 367, 1485, 224],
    "2027-01": [0, 176, 8, 7, 184, 718, 0],
}


@pytest.mark.slow
def test_the_months_of_the_quarter_hang_with_the_words_that_were_printed(played, planned):
    folder, printed = played[0], of_the_quarter(played[1][0].stdout)
    sizes = []
    for line in printed:
        month, _, rest = line.partition(": ")
        if "份对账单" not in rest:
            continue
        sizes.append(int(rest.split()[0]))
        words = rest.partition("公示栏 ")[2].partition(" (")[0]
        notice = (folder / f"notice-{month}.html").read_text("utf-8")
        assert all(group in notice for group in words.split())
        assert f"statements {sizes[-1]}\n" in notice
        copy = read_statement((folder / f"statement-{month}.txt").read_text("utf-8"))
        assert check_statement(copy, words, month=month) == []
        page = (folder / f"statement-{month}.html").read_text("utf-8")
        assert copy.line.account in page
        assert not any(group in page for group in words.split())
    assert sizes == [141, 205, 221]
    assert (folder / "verify.html").exists()
    roll = (folder / "notice-2026-12.html").read_text("utf-8")
    names = {person.name for person in planned[2].roster.persons.values() if len(person.name) > 2}
    assert sorted(name for name in names if name in roll) == ["徐艳英", "朱英娟"]  # those who have agreed
    assert "郭**" in roll


@pytest.mark.deep
@pytest.mark.skipif(not os.environ.get("GRIDGOV_DEEP"), reason="only in the deep session")
def test_the_street_runs_on_postgresql_by_changing_one_url(tmp_path):
    from gridgov_sql.testing import fresh_database, postgres_server

    with postgres_server() as server, fresh_database(server) as url:
        command = [sys.executable, str(ROOT / "examples/youyi/run.py"), "--out", str(tmp_path), "--store", url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "the reopened office gives the same answers: True" in done.stdout
        assert (tmp_path / "index.html").is_file()
        assert not (tmp_path / "youyi.db").exists()
