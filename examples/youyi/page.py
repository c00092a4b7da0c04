"""The page of Youyi street, and the figures of its account counted from the model."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

from gridgov.cases import STAGES, Board, State, Timeline, WorkList
from gridgov.merging import MergePlan
from gridgov.office import Office
from gridgov.points import Ranking
from gridgov.reports import Bars, Page, Rows, grid_map, mask_name, render_page
from gridgov.setup import Setup
from gridgov.wording import Text

DESK = "DESK1"
DEPARTMENTS = ("law-enforcement", "health", "police", "justice", "market-supervision")
MARKET = ("property", "gas", "water")


def holders(setup: Setup, role: str) -> set[str]:
    return {posting.holder for posting in setup.roster.postings if posting.role == role}


def staffing_rows(setup: Setup) -> list[tuple[object, ...]]:
    postings = Counter(posting.role for posting in setup.roster.postings)
    return [(role.zh, role.en, len(holders(setup, role.id)), postings[role.id]) for role in setup.roster.roles.values()]


def staffing_figures(setup: Setup) -> dict[str, str]:
    """The figures of the account, counted from postings and never typed in."""
    persons = setup.roster.persons

    def of(role: str, organizations: tuple[str, ...]) -> str:
        counts = Counter(persons[holder].organization for holder in holders(setup, role))
        parts = [counts[organization] for organization in organizations]
        return f"{' + '.join(map(str, parts))} = {sum(parts)}"

    def count(role: str) -> int:
        return len(holders(setup, role))

    building, entrance = count("building-lead"), count("entrance-lead")
    subjects = {role.subject for role in setup.roster.roles.values() if role.subject and count(role.id)}
    return {
        "base grids": str(len(setup.plan.base_grids) if setup.plan else 0),
        "first secretaries": str(count("first-secretary")),
        "general grid heads": str(count("general-grid-head")),
        "area leads": str(count("area-lead")),
        "part-time grid workers": f"{building} + {entrance} = {building + entrance}",
        "department grid workers": of("department-worker", DEPARTMENTS),
        "department liaisons": str(count("department-liaison")),
        "co-building units": str(count("co-building-unit")),
        "market liaisons": of("market-liaison", MARKET),
        "branches": str(count("party-branch")),
        "groups": str(count("party-group")),
        "kinds of subject": str(len(subjects)),
    }


def open_cases(office: Office) -> list[State]:
    from gridgov.cases import CaseView

    roster = office.setup.roster
    found: dict[str, State] = {}
    for holder in (*roster.organizations, *roster.persons):
        for entry in office.ask(WorkList(of=holder), by=DESK) if holder in _busy(office) else ():
            found[entry.case] = office.ask(CaseView(entry.case), by=DESK)
    return list(found.values())


def _busy(office: Office) -> set[str]:
    return {row.holder for row in office.ask(Board(), by=DESK).rows if row.open}


def longest_story(office: Office) -> str:
    """The case with the most lines among those that were whistled for, objected to, or reopened."""
    import csv

    path = Path(__file__).parent / "matters.csv"
    with path.open(encoding="utf-8", newline="") as file:
        lively = [row["id"] for row in csv.DictReader(file) if row["story"] in ("whistle", "dissatisfied")]
    return max(lively[:8], key=lambda case: (len(office.ask(Timeline(case), by=DESK)), case))


def write(office: Office, plan: MergePlan, path: Path, _here: Path) -> Path:
    setup = office.setup
    board = office.ask(Board(), by=DESK)
    path.write_text(render_page(_page(office, setup, plan, board)), encoding="utf-8")
    return path


def _page(office: Office, setup: Setup, plan: MergePlan, board: Any) -> Page:
    buildings = setup.ground.atoms
    sizes = {grid.code: grid.households for grid in plan.base_grids}
    titles = {
        node.code: f"{node.name} · {setup.territory.households(node.code)} 户 · {plan.grid_of[node.code]}"
        for node in buildings
    }
    labels = {code: f"{code[-6:-3]}-{code[-3:]}\n{size}户" for code, size in sizes.items()}
    maps = [
        (
            Text(f"{len(sizes)} 个基础网格", f"{len(sizes)} base grids, households in each"),
            grid_map(buildings, plan.grid_of, labels=labels, titles=titles, width=1060),
        )
    ]
    for layer in setup.layers:
        title = Text(f"旧：{layer.zh} {len(layer.grids)}", f"before: {len(layer.grids)} {layer.en}")
        maps.append((title, grid_map(buildings, layer.grid_of, width=520)))
    roster = setup.roster
    ranking = [
        (row.rank, mask_name(roster.persons[row.account].name), _role(setup, row.account), row.points)
        for row in office.ask(Ranking(months=("2026-09", "2026-10"), top=12), by=DESK)
    ]
    return Page(
        title=Text("友谊大街街道 · 网格化基层治理", "Youyi street · grid governance"),
        subtitle=Text(
            "2026年9月1日至10月16日", "1 September to 16 October 2026; generated data, see the example's README"
        ),
        figures=[
            (Text("基础网格", "base grids"), len(sizes)),
            (Text("住户", "households"), sum(sizes.values())),
            (Text("上报事项", "matters reported"), board.opened),
            (Text("办结", "handled and closed"), board.closed),
            (Text("按期办结", "closed in time"), board.closed_in_time),
            (Text("在办", "still open"), board.open),
            (
                Text("专兼职网格员", "grid workers"),
                len(holders(setup, "building-lead") | holders(setup, "entrance-lead") | holders(setup, "area-lead")),
            ),
        ],
        maps=maps,
        parts=[
            _stages(board),
            _leads(setup, board),
            _events(board),
            Rows(
                title=Text("光荣榜（姓名已隐去）", "honor roll (names masked)"),
                header=(Text("名次", "rank"), Text("姓名", "name"), Text("岗位", "role"), Text("积分", "points")),
                rows=ranking,
                note="积分只用于感谢；排名不影响任何服务。 Points are thanks; being ranked changes no service.",
            ),
            _sizes(plan),
        ],
        footer=f"规则表 table {setup.rulebooks.on(dt.date(2026, 9, 1)).version} · 方案 plan {plan.digest[:16]}",
    )


def _stages(board: Any) -> Bars:
    rows = [(stage, board.stages[stage.en], 0) for stage in STAGES[:-1]]
    rows.append((Text("已结案", "closed"), board.closed_in_time, board.closed - board.closed_in_time))
    return Bars(
        title=Text("事项流转：在办各阶段与结案", "flow of matters: open ones by stage, closed ones by punctuality"),
        rows=rows,
        first=Text("按期或在办", "in time, or open"),
        second=Text("超期结案", "closed late"),
    )


def _leads(setup: Setup, board: Any) -> Bars:
    sums: dict[str, list[int]] = {}
    names: dict[str, Text] = {}
    for row in board.rows:
        organization = setup.roster.organizations.get(row.holder)
        if organization is not None:
            key, names[row.holder] = row.holder, Text(organization.zh, organization.en)
        else:
            role = next((p.role for p in setup.roster.postings if p.holder == row.holder), "")
            key = f"role:{role}"
            known = setup.roster.roles[role]
            names[key] = Text(known.zh, known.en)
        total = sums.setdefault(key, [0, 0])
        total[0] += row.closed_in_time
        total[1] += row.closed - row.closed_in_time
    ordered = sorted(sums.items(), key=lambda each: (-sum(each[1]), each[0]))
    return Bars(
        title=Text("谁办结的", "closed, by who had it"),
        rows=[(names[key], on_time, late) for key, (on_time, late) in ordered if on_time or late],
        first=Text("按期", "in time"),
        second=Text("超期", "late"),
    )


def _events(board: Any) -> Rows:
    words = (
        ("returned", "退单", "returned"),
        ("transferred", "转办", "transferred"),
        ("warned", "黄牌预警", "yellow warnings"),
        ("escalated", "上报", "escalated"),
        ("whistle-blown", "吹哨", "whistles"),
        ("reported-in", "报到", "report-ins"),
        ("reported-in-late", "迟到报到", "late report-ins"),
        ("objection-raised", "派单异议", "objections to a route"),
        ("reopened", "重新办理", "reopened"),
        ("award-confirmed", "积分到账", "awards confirmed"),
        ("award-objected", "积分异议", "objections to an award"),
        ("redemption-collected", "积分兑换", "redemptions collected"),
    )
    return Rows(
        title=Text("过程", "on the way"),
        header=(Text("环节", "step"), Text("", "in English"), Text("次数", "times")),
        rows=[(zh, en, board.counts.get(key, 0)) for key, zh, en in words],
    )


def _sizes(plan: MergePlan) -> Rows:
    return Rows(
        title=Text("各网格户数", "households per base grid"),
        header=(Text("代码", "code"), Text("名称", "name"), Text("楼", "buildings"), Text("户", "households")),
        rows=[(grid.code, grid.name, len(grid.atoms), grid.households) for grid in plan.base_grids],
    )


def _role(setup: Setup, account: str) -> str:
    return next((setup.roster.roles[p.role].zh for p in setup.roster.postings if p.holder == account), "居民")
