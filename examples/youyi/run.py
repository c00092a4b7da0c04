"""Youyi street at work: python examples/youyi/run.py (see README.md beside this file)."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tqdm import tqdm

import gridgov
from gridgov.cases import (
    STAGES,
    Board,
    CaseView,
    Declined,
    PublishedResults,
    Rates,
    State,
    Timeline,
    Trial,
    WorkList,
    stage_of,
)
from gridgov.delivery import ChannelError, ConsoleChannel, FileChannel
from gridgov.merging import MergePlan, certify, check_plan
from gridgov.notices import Notice
from gridgov.office import Office
from gridgov.points import Ranking, Statement
from gridgov.reports import mask_name, plan_geojson, text_table
from gridgov.setup import Setup
from gridgov.testing import SimulatedClock, Simulator

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import later  # noqa: E402
import mistakes  # noqa: E402
import new_year  # noqa: E402
import page  # noqa: E402
import play  # noqa: E402
import quarter  # noqa: E402
import stories  # noqa: E402

ZONE = dt.timezone(dt.timedelta(hours=8))
BEGIN = dt.datetime(2026, 9, 1, tzinfo=ZONE)
END = dt.datetime(2026, 10, 16, 12, 0, tzinfo=ZONE)
SLOT = dt.timedelta(minutes=30)
DESK = "DESK1"


class Flaky:
    """A channel that does not take every notice at the first try."""

    def __init__(self, channel: FileChannel) -> None:
        self.name = channel.name
        self.failed = 0
        self._channel = channel
        self._refused: set[str] = set()

    def send(self, notice: Notice, /) -> None:
        if notice.id not in self._refused and stories.chance(notice.id) < 0.03:
            self._refused.add(notice.id)
            self.failed += 1
            raise ChannelError("the file server is away for a moment")
        self._channel.send(notice)


def heading(text: str) -> None:
    print(f"\n=== {text}")


def show_mistakes(out: Path) -> None:
    heading("一份有十二处错误的配置 / a setup with twelve mistakes")
    try:
        gridgov.load_setup(mistakes.plant(HERE / "setup", out / "broken-setup"))
    except gridgov.SetupError as error:
        print(error)


def merge(setup: Setup) -> MergePlan:
    heading("多网合一 / many grids into one")
    plan = gridgov.merge(setup.ground, setup.layers, setup.merging)
    print(plan.summary("zh"))
    print(plan.summary("en"))
    rows = [(g.code, g.name, g.households, len(g.atoms)) for g in plan.base_grids]
    print(text_table(("网格 grid", "名称 name", "户 households", "楼 buildings"), rows))
    broken = list(check_plan(plan, setup.ground, setup.layers))
    buildings = Counter(atom for grid in plan.base_grids for atom in grid.atoms)
    sizes = [grid.households for grid in plan.base_grids]
    print(f"每栋楼恰在一个网格 / buildings in exactly one base grid: {sum(c == 1 for c in buildings.values())}"
          f" of {len(setup.ground.atoms)}")  # fmt: skip
    print(
        f"独立检查发现的问题 / found by the independent check (coverage, community, contiguity, bounds): {len(broken)}"
    )
    print(f"户数 / households: {min(sizes)}–{max(sizes)}, {sum(sizes)} in all")
    return plan


def show_proofs(setup: Setup, plan: MergePlan, out: Path) -> None:
    heading("证明与对应关系 / certificate and crosswalk")
    # What is proved is printed, and the plan stays as it is: the extra ``exact`` must not change the street.
    certificate = certify(plan, setup.ground, setup.layers).certificate
    print(certificate.summary("zh"))
    proofs = certificate.proofs
    rows = [(p.piece.partition("/")[0], p.households, p.grids, f"{p.grids_least}–{p.grids_most}", f"{p.bad} ≥ {p.bad_least}",
             f"{p.cut} ≥ {p.cut_least}", p.method) for p in proofs]  # fmt: skip
    header = ("社区 community", "户 households", "网格 grids", "范围 range", "不符 outside", "边界 cut", "方法 method")
    print(text_table(header, rows))
    rest = [(s.layer, s.grid, s.base_grid, s.households, s.of) for s in plan.crosswalk]
    print(text_table(("条线 layer", "旧网格 old", "基础网格 base", "户 households", "共 of"), rest[:10]))
    print(f"... {len(rest)} shares; those of every old grid add up to it")
    border = next(each for each in plan.borders if not each.hard)
    print(plan.explain(border.one, border.other, "zh"))
    (out / "plan.geojson").write_text(
        json.dumps(plan_geojson(plan, setup.ground), ensure_ascii=False), encoding="utf-8"
    )
    if find_spec("xlsxwriter"):
        from gridgov.reports import plan_workbook

        print("workbook:", plan_workbook(plan, setup.ground, out / "plan.xlsx"))


def show_people(setup: Setup) -> None:
    heading("人员随网格走 / people follow the grids")
    print("谁去了哪里(前八人) / who went where (the first eight)")
    rows = [
        (
            each.holder,
            each.grid,
            " ".join(code[-6:] for code in each.base_grids),
            f"{each.kept}/{each.had}",
            each.why.zh,
        )
        for each in setup.repostings[:8]
    ]
    print(text_table(("人员 who", "旧网格 old grid", "新网格 new", "保留户 kept", "原因 why"), rows))
    print(text_table(("岗位 role", "Role", "人数 holders", "上岗 postings"), page.staffing_rows(setup)))
    for label, count in page.staffing_figures(setup).items():
        print(f"  {label}: {count}")


def play_weeks(office: Office, clock: SimulatedClock) -> Simulator:
    days = (END - BEGIN).days + 1
    with tqdm(total=days, unit="day", desc="weeks", disable=None) as bar:
        shown = 0

        def progress(now: dt.datetime) -> None:
            nonlocal shown
            day = min(days, (now - BEGIN).days + 1)
            bar.update(day - shown)
            shown = day

        simulator = Simulator(office, clock, slot=SLOT, progress=progress)
        weeks = play.Weeks(office, simulator)
        for matter in play.read_matters(HERE / "matters.csv"):
            weeks.report(matter)
        stories.storm(weeks)
        weeks.quarter(BEGIN)
        simulator.run(END)
    return simulator


def show_cases(office: Office) -> None:
    board = office.ask(Board(), by=DESK)
    heading("事项 / matters")
    print(f"上报 reported {board.opened}, 办结 closed {board.closed} (按期 in time {board.closed_in_time}), "
          f"未结 open {board.open}, 撤回 withdrawn {board.withdrawn}")  # fmt: skip
    linked = board.counts.get("linked", 0) - board.counts.get("unlinked", 0)
    declined = board.counts.get("declined", 0) - sum(  # what an objection has brought back is counted elsewhere
        isinstance(each, Declined) is False for each in declined_and_upheld(office)
    )
    print(f"合并办理 linked to another one {linked}, 不予受理 declined {declined}")
    assert board.opened == board.closed + board.open + board.withdrawn + linked + declined, "a matter was lost"
    wanted = ("returned", "transferred", "escalated", "warned", "warned-red", "urged", "supervised", "held",
              "deadline-extended", "request-denied", "part-opened", "part-closed", "corrected", "handed-over",
              "outcome-recorded", "clock-paused", "clock-resumed", "reporter-called", "published", "whistle-blown", "reported-in", "reported-in-late",
              "whistle-report-in-missed", "reopened", "objection-raised", "rated")  # fmt: skip
    print(", ".join(f"{name} {board.counts.get(name, 0)}" for name in wanted))
    rows = [(r.holder, r.closed, r.closed_in_time, r.open, r.overdue) for r in board.rows if r.closed > 8 or r.open]
    print(text_table(("主办 lead", "办结 closed", "按期 in time", "未结 open", "逾期 overdue"), rows))


def show_rules(office: Office) -> None:
    """How the rules decided every matter, and what the rules on trial would have done otherwise."""
    heading("规则 / the rules")
    setup = office.setup
    book = setup.rulebooks.on(BEGIN.date())
    worth = [finding for finding in setup.check_rules(book, BEGIN.date()) if finding.code != "routing.overlap"]
    print(f"规则表 table {book.version}: {len(book.rules.rules)} rules, {len(worth)} findings")
    for finding in worth:
        print(f"  · {finding}")
    print("  这些规则覆盖一切事项 no case is left over:", all(finding.code != "routing.gap" for finding in worth))
    routes = [
        state.route for case in matters() if office.knows(case) for state in [office.ask(CaseView(case), by=DESK)]
    ]
    undecided = sum(not route.rule for route in routes)
    bands = Counter(route.band for route in routes)
    print(f"由规则决定 decided by a rule: {len(routes) - undecided} of {len(routes)} "
          f"({', '.join(f'{band} {count}' for band, count in bands.most_common())})")  # fmt: skip
    print(f"来自插件 by a rule of a plugin: {sum(route.origin == 'sample-rules' for route in routes)}")
    assert not undecided, "a matter that no rule decided"
    trial = office.ask(Trial(), by=DESK)
    print(f"试行规则表 on trial, table {trial.table}: {trial.count} matters would have gone otherwise")
    for dimension in ("department", "deadline"):
        for what, count in trial.counts[dimension].items():
            print(f"  {dimension} {what}: {count}")


def matters() -> list[str]:
    """The ids of the matters of the six weeks."""
    with (HERE / "matters.csv").open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def declined_and_upheld(office: Office) -> list[State]:
    """The matters that were declined at first, as they are now."""
    with (HERE / "matters.csv").open(encoding="utf-8", newline="") as file:
        cases = [row["id"] for row in csv.DictReader(file) if row["story"].startswith("declined")]
    return [office.ask(CaseView(case), by=DESK) for case in cases if office.knows(case)]


def show_rates(office: Office) -> None:
    heading("九月的官方指标 / the official rates of September")
    territory = office.setup.territory
    places = [("", "全街道 street"), *((node.code, node.name) for node in territory.at("community"))]
    rows = []
    for place, name in places:
        rates = office.ask(Rates(months=("2026-09",), on=place), by=DESK)
        rows.append((name, *map(str, (rates.closing, rates.punctual, rates.response, rates.solution,
                                      rates.satisfaction)), rates.excused))  # fmt: skip
    header = (
        "社区 place",
        "结案率 closing",
        "按期 punctual",
        "响应 response",
        "解决 solution",
        "满意 satisfaction",
        "申诉 excused",
    )
    print(text_table(header, rows))
    published = office.ask(PublishedResults("2026-09"), by="resident:00001")
    print(
        f"九月公示 published in September: {len(published)}, e.g. {published[0].kind_zh} {published[0].place}: {published[0].text}"
    )


def show_one(office: Office, case: str) -> None:
    heading(f"一件事的全过程 / the story of {case}")
    for line in office.ask(Timeline(case), by=DESK):
        print(f"  {line.at.astimezone(ZONE):%m-%d %H:%M}  {line.text}")


def show_points(office: Office) -> None:
    heading("积分 / points")
    roster = office.setup.roster
    rows = [
        (row.rank, row.account, mask_name(roster.persons[row.account].name), row.points)
        for row in office.ask(Ranking(months=("2026-09", "2026-10"), top=10), by=DESK)
    ]
    print(text_table(("名次 rank", "账户 account", "姓名 name", "积分 points"), rows))
    counts = office.ask(Board(), by=DESK).counts
    names = ("award-proposed", "award-reviewed", "award-objected", "award-amended", "award-confirmed",
             "redemption-reserved", "redemption-collected")  # fmt: skip
    print(", ".join(f"{name} {counts.get(name, 0)}" for name in names))


def answers(office: Office) -> dict[str, Any]:
    """What is asked before and after a restart."""
    at = office.ask(Board(), by=DESK)
    top = office.ask(Ranking(months=("2026-09",)), by=DESK)
    return {
        "board": at,
        "ranking": top,
        "statement": office.ask(Statement(top[0].account), by=DESK),
        "work": office.ask(WorkList(of="property"), by=DESK),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/youyi"), help="folder for the store, notices and page")
    parser.add_argument("--store", help="URL of the store; by default a SQLite file in the folder")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    store = arguments.store or f"sqlite:///{out / 'youyi.db'}"
    began = time.perf_counter()

    show_mistakes(out)
    setup = gridgov.load_setup(HERE / "setup")
    plan = merge(setup)
    show_proofs(setup, plan, out)
    setup = setup.with_plan(plan)
    show_people(setup)
    heading("一年以后 / a year later")
    later.show(setup)

    heading(f"开门办公 / the office opens on {store}")
    console = ConsoleChannel(show=6, write=tqdm.write)
    file = Flaky(FileChannel(out / "notices.jsonl"))
    clock = SimulatedClock(BEGIN)
    with gridgov.open_office(setup, store=store, channels=[console, file], clock=clock) as office:
        print("plugins:", ", ".join(f"{p.name} {p.version}" for p in office.plugins) or "none")
        before = office.position
        simulator = play_weeks(office, clock)
        if simulator.refused:
            print("refused:", Counter(refusal.code for _, refusal in simulator.refused))
        print(f"steps {simulator.done}, of which known from an earlier run {simulator.passed_over}; "
              f"records {before} → {office.position}, chain verified: {office.verify()}")  # fmt: skip
        delivered = office.deliver(END + dt.timedelta(hours=6))
        print(f"notices: console {console.count}, file lines {sum(1 for _ in file_lines(out))}, "
              f"failed and tried again {file.failed}, still waiting {delivered.waiting}, dead {delivered.dead}")  # fmt: skip
        show_cases(office)
        show_rules(office)
        show_rates(office)
        show_one(office, page.longest_story(office))
        show_one(
            office, next(matter.id for matter in play.read_matters(HERE / "matters.csv") if matter.story == "split")
        )
        show_points(office)
        told = answers(office)
        path = page.write(office, plan, out / "index.html", HERE)
    with gridgov.open_office(setup, store=store, clock=clock) as again:
        same = answers(again) == told
        print(f"\n重新打开后答案相同 / the same answers after a restart: {same}")
        assert same, "a restart changed an answer"
        open_now = Counter(f"{STAGES[stage_of(s)].zh} {STAGES[stage_of(s)].en}" for s in page.open_cases(again))
        print("未结事项 open now:", ", ".join(f"{stage}: {count}" for stage, count in sorted(open_now.items())))
    heading("元旦 / New Year, on days that no notice has settled yet")
    new_year.show(setup)
    heading("一个季度的积分 / a quarter of points")
    quarter.show(setup, out)
    print(f"page: {path}\n{time.perf_counter() - began:.1f} s")


def file_lines(out: Path) -> list[str]:
    path = out / "notices.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


if __name__ == "__main__":
    try:
        main()
    except gridgov.GridgovError as error:
        sys.exit(f"{error}\n(a store of an earlier version? remove build/youyi, or choose another folder with --out)")
