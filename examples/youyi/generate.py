"""Makes the setup files and the matters of Youyi street, always the same ones.

What is official, what comes from the account of the street, and what is chosen here is said in
README.md. Run it after changing it: ``python examples/youyi/generate.py``; a test compares.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
SEED = 20260901
STREET = "150203005"
# Official codes and names (statistical division codes of 2023).
COMMUNITIES = (
    ("150203005008", "钢三十八号街坊社区居委会"),
    ("150203005009", "少先三十一号街坊社区居委会"),
    ("150203005010", "钢三十六号街坊社区居委会"),
    ("150203005011", "锦绣嘉园社区"),
)
ROWS, COLUMNS = 5, 13  # plots of one community
PARK = 6  # plots without a building, in the last community
BUILDINGS = len(COMMUNITIES) * ROWS * COLUMNS - PARK
ENTRANCES = 906
WEST, SOUTH = 1_098_400_000, 406_400_000  # degrees × 10⁷, about where the street lies
PLOT_WIDTH, PLOT_HEIGHT = 9_000, 6_000  # about 76 m and 67 m
ROAD = 4_500
ZONE = ZoneInfo("Asia/Shanghai")
STARTS_ON = "2026-08-31"

SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英文华建国玉兰海燕志红春梅"

DEPARTMENTS = (
    ("law-enforcement", "综合行政执法局", "law enforcement", 12, "city-management"),
    ("health", "卫生健康委", "health commission", 8, "health"),
    ("police", "公安派出所", "police station", 6, "public-order"),
    ("justice", "司法所", "judicial office", 1, ""),
    ("market-supervision", "市场监督管理所", "market supervision", 4, "emergency"),
)
LIAISON_DEPARTMENTS = (
    ("housing", "住房和城乡建设局", "housing"),
    ("education", "教育局", "education"),
    ("traffic", "交通运输局", "traffic"),
    ("emergency", "应急管理局", "emergency management"),
    ("culture", "文化和旅游局", "culture"),
    ("ecology", "生态环境局", "ecology"),
)
MARKET = (
    ("property", "物业公司", "property management", 11),
    ("gas", "燃气公司", "gas company", 9),
    ("water", "自来水公司", "water company", 6),
)
OUTLETS = (
    ("charity-shop", "爱心超市", "charity shop"),
    ("elder-care", "12349养老服务平台", "12349 elder-care platform"),
    ("car-repair", "汽修一条街", "car-repair street"),
    ("e-commerce", "电商平台", "e-commerce platform"),
    ("old-and-young", "一老一小服务中心", "elders-and-children center"),
)
GROUPS, BRANCHES, CO_BUILDING = 39, 28, 33
LAYERS = (
    ("party", "党建网格", "Party-building grids", "street-committee", 7, True),
    ("public-order", "综治网格", "public-order grids", "police", 36, False),
    ("health", "卫健网格", "health grids", "health", 12, False),
    ("emergency", "应急网格", "emergency grids", "emergency", 17, False),
    ("city-management", "城管网格", "city-management grids", "law-enforcement", 23, False),
)

Rows = list[Sequence[object]]


def write(name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
    path = HERE / "setup" / name if name != "matters.csv" else HERE / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


class Street:
    """Everything that is generated, in the order in which it is drawn."""

    def __init__(self) -> None:
        self.rng = random.Random(SEED)
        self.places: Rows = []
        self.plots: dict[str, tuple[int, int]] = {}
        self.buildings: dict[str, str] = {}
        self.entrances: dict[str, list[str]] = {}
        self.persons: Rows = []
        self.postings: Rows = []
        self.incumbents: Rows = []
        self.old_grids: dict[str, dict[str, list[str]]] = {}

    # --- the ground -------------------------------------------------------------------------

    def draw_ground(self) -> None:
        rng = self.rng
        self.places.append((STREET, "street", "友谊大街街道", "", "", "", "", "", ""))
        for code, name in COMMUNITIES:
            self.places.append((code, "community", name, STREET, "", "", "", "", ""))
        counts = self._entrance_counts()
        corner = {
            (x, y): (
                WEST + x * PLOT_WIDTH + (ROAD if x > COLUMNS else 0) + rng.randint(-1500, 1500),
                SOUTH + y * PLOT_HEIGHT + (ROAD if y > ROWS else 0) + rng.randint(-1000, 1000),
            )
            for y in range(2 * ROWS + 2)
            for x in range(2 * COLUMNS + 2)
        }
        for number, (community, _) in enumerate(COMMUNITIES):
            left, low = (number % 2) * (COLUMNS + 1), (1 - number // 2) * (ROWS + 1)
            plots = [(left + x, low + y) for y in range(ROWS) for x in range(COLUMNS)]
            if number == len(COMMUNITIES) - 1:
                park = {(left + COLUMNS - 1 - x, low + y) for x in range(3) for y in range(2)}
                plots = [plot for plot in plots if plot not in park]
            for place, (x, y) in enumerate(plots, start=1):
                corners = [corner[x, y], corner[x + 1, y], corner[x + 1, y + 1], corner[x, y + 1]]
                self._building(f"{community}-B{place:03}", community, (x, y), corners, counts.pop())

    def _entrance_counts(self) -> list[int]:
        """Heavy-tailed numbers of entrances that add up to the street's."""
        counts = [min(12, 1 + int(self.rng.paretovariate(1.25))) for _ in range(BUILDINGS)]
        while sum(counts) != ENTRANCES:
            which = self.rng.randrange(BUILDINGS)
            step = 1 if sum(counts) < ENTRANCES else -1
            if 1 <= counts[which] + step <= 12:
                counts[which] += step
        return counts

    def _building(
        self, code: str, community: str, plot: tuple[int, int], corners: Sequence[tuple[int, int]], entrances: int
    ) -> None:
        west = sum(x for x, _ in corners) // 4
        south = sum(y for _, y in corners) // 4
        outline = " ".join(f"{x} {y}" for x, y in corners)
        name = f"{int(code[-3:])}号楼"
        self.places.append((code, "building", name, community, "", "", west, south, outline))
        self.plots[code] = plot
        self.buildings[code] = community
        self.entrances[code] = []
        for number in range(1, entrances + 1):
            households = max(6, min(34, round(self.rng.gauss(17.2, 4))))
            entrance = f"{code}-{number}"
            self.places.append((entrance, "entrance", f"{name}{number}单元", code, "", households, "", "", ""))
            self.entrances[code].append(entrance)

    def adjacency(self) -> Rows:
        by_plot = {plot: code for code, plot in self.plots.items()}
        rows: Rows = []
        for code, (x, y) in self.plots.items():
            for dx, dy, meters in ((1, 0, 67), (0, 1, 76)):
                other = by_plot.get((x + dx, y + dy))
                if other is not None and self.buildings[other] == self.buildings[code]:
                    rows.append((code, other, meters + self.rng.randint(-12, 12)))
        return rows

    # --- the old layers ---------------------------------------------------------------------

    def draw_layers(self) -> Rows:
        rows: Rows = []
        for layer, zh, _, _, count, inside in LAYERS:
            held: dict[str, list[str]] = {}
            areas = [code for code, _ in COMMUNITIES] if inside else [""]
            for area in areas:
                mine = [code for code, home in self.buildings.items() if area in ("", home)]
                centers = self.rng.sample(mine, count)
                stretch = self.rng.uniform(0.5, 2.0)  # each department likes another shape
                for code in mine:
                    nearest = min(centers, key=lambda c: (self._distance(code, c, stretch), c))
                    held.setdefault(nearest, []).append(code)
            self.old_grids[layer] = {}
            for number, center in enumerate(sorted(held, key=lambda c: (self.plots[c], c)), start=1):
                grid = f"{layer.upper()}-{number:02}"
                self.old_grids[layer][grid] = held[center]
                rows += [(layer, grid, f"{zh}{number:02}", code) for code in sorted(held[center])]
        return rows

    def _distance(self, one: str, other: str, stretch: float) -> float:
        (x1, y1), (x2, y2) = self.plots[one], self.plots[other]
        return math.hypot((x1 - x2) * stretch, y1 - y2)

    # --- people -----------------------------------------------------------------------------

    def person(self, id_: str, organization: str) -> str:
        name = self.rng.choice(SURNAMES) + "".join(self.rng.sample(GIVEN, self.rng.choice((1, 2, 2))))
        self.persons.append((id_, name, organization, STARTS_ON, ""))
        return id_

    def post(self, holder: str, role: str, place: str) -> None:
        self.postings.append((holder, role, place, STARTS_ON, "", ""))

    def draw_people(self) -> None:
        self.post("street-committee", "street-committee", STREET)
        for number, (community, _) in enumerate(COMMUNITIES, start=1):
            self.post(self.person(f"FS{number}", "street-committee"), "first-secretary", community)
            self.post(self.person(f"GH{number}", f"committee-{number}"), "general-grid-head", community)
        for number in (1, 2, 3):
            self.person(f"DESK{number}", "street-desk")
            self.post(f"DESK{number}", "desk-officer", STREET)
        for number in (1, 2):
            self.person(f"SC{number}", "supervision-committee")
        old = list(self.old_grids["public-order"])
        for number in range(1, GROUPS + 1):
            lead = self.person(f"AL{number:02}", "")
            grid = old[(number - 1) % len(old)]
            self.incumbents.append((lead, "area-lead", "public-order", grid, "", "area-leads"))
        for number, code in enumerate(self.buildings, start=1):
            self.post(self.person(f"BL{number:03}", ""), "building-lead", code)
        every = [entrance for entrances in self.entrances.values() for entrance in entrances]
        for number, entrance in enumerate(every, start=1):
            self.post(self.person(f"EL{number:03}", ""), "entrance-lead", entrance)
        self._department_people()
        self._party()

    def _department_people(self) -> None:
        for id_, _, _, count, layer in DEPARTMENTS:
            grids = list(self.old_grids[layer]) if layer else [""]
            for number in range(1, count + 1):
                who = self.person(f"{id_[:3].upper()}{number:02}", id_)
                grid = grids[(number - 1) * len(grids) // count]
                self.incumbents.append((who, "department-worker", layer, grid, "", id_))
        for id_, _, _ in LIAISON_DEPARTMENTS:
            who = self.person(f"LIA-{id_}", id_)
            self.incumbents.append((who, "department-liaison", "", "", "", id_))
        for id_, _, _, count in MARKET:
            grids = list(self.old_grids["emergency"])
            for number in range(1, count + 1):
                who = self.person(f"{id_.upper()}{number:02}", id_)
                grid = grids[(number - 1) * len(grids) // count]
                self.incumbents.append((who, "market-liaison", "emergency", grid, "", id_))

    def _party(self) -> None:
        party = list(self.old_grids["party"])
        for number in range(1, BRANCHES + 1):
            grid = party[number - 1]
            community = self.buildings[self.old_grids["party"][grid][0]]
            self.incumbents.append(
                (f"branch-{number:02}", "party-branch", "party", grid, community, f"party-{community}")
            )
        for number in range(1, GROUPS + 1):
            self.incumbents.append((f"group-{number:02}", "party-group", "", "", "", "groups"))
        for number in range(1, CO_BUILDING + 1):
            community = COMMUNITIES[(number - 1) % len(COMMUNITIES)][0]
            self.post(f"co-building-{number:02}", "co-building-unit", community)

    def organizations(self) -> Rows:
        rows: Rows = [
            ("street-committee", "街道党工委", "street committee", "committee", ""),
            ("street-desk", "街道网格化服务管理中心", "street grid service center", "committee", ""),
            ("supervision-committee", "居务监督委员会", "supervision committee", "committee", ""),
        ]
        for number, (_, name) in enumerate(COMMUNITIES, start=1):
            rows.append((f"committee-{number}", name, f"community {number}", "committee", ""))
        rows += [(i, zh, en, "department", "") for i, zh, en, _, _ in DEPARTMENTS]
        rows += [(i, zh, en, "department", "") for i, zh, en in LIAISON_DEPARTMENTS]
        rows += [(i, zh, en, "market", "") for i, zh, en, _ in MARKET]
        rows += [(i, zh, en, "outlet", "") for i, zh, en in OUTLETS]
        for number in range(1, BRANCHES + 1):
            rows.append((f"branch-{number:02}", f"网格党支部{number:02}", f"branch {number:02}", "party-branch", ""))
        for number in range(1, GROUPS + 1):
            rows.append((f"group-{number:02}", f"网格党小组{number:02}", f"group {number:02}", "party-group", ""))
        for number in range(1, CO_BUILDING + 1):
            row = (
                f"co-building-{number:02}",
                f"共建单位{number:02}",
                f"co-building unit {number:02}",
                "co-building",
                "",
            )
            rows.append(row)
        return rows


# --- the matters ---------------------------------------------------------------------------------

# kind, weight, what a reporter says
KINDS = (
    ("environment.rubbish", 90, "楼道口堆了垃圾，好几天没人清"),
    ("environment.clutter", 70, "楼道里堆放杂物，影响通行"),
    ("environment.greenery", 25, "绿化带被踩坏了"),
    ("property.lift", 45, "电梯又停了"),
    ("property.leak", 55, "楼顶漏水"),
    ("property.light", 50, "楼道灯不亮"),
    ("property.fee", 20, "对物业收费有疑问"),
    ("utility.gas.smell", 14, "楼道里闻到燃气味"),
    ("utility.gas.supply", 18, "家里停气了"),
    ("utility.water.burst", 22, "地下水管爆裂，路面积水"),
    ("utility.water.supply", 25, "水压很低"),
    ("safety.ebike", 60, "电动车在楼道里充电"),
    ("safety.fire-lane", 40, "消防通道被车堵住"),
    ("safety.open-manhole", 9, "井盖缺失"),
    ("order.noise", 65, "半夜噪音扰民"),
    ("order.dispute.neighbors", 60, "邻里因为占地争吵"),
    ("order.dispute.family", 20, "家庭矛盾，需要调解"),
    ("building.illegal", 24, "有人在楼顶私搭乱建"),
    ("building.wall-opening", 12, "一楼住户破墙开店"),
    ("market.stall", 30, "占道摆摊"),
    ("market.food", 12, "餐馆油烟、食品卫生问题"),
    ("health.elder", 28, "独居老人需要上门看望"),
    ("health.vaccination", 10, "询问接种安排"),
    ("service.certificate", 36, "办理居住证明需要哪些材料"),
    ("service.proxy", 18, "行动不便，请代办"),
    ("traffic.parking", 35, "车位被长期占用"),
    ("ecology.smoke", 8, "有人露天焚烧"),
    ("complex.market-removal", 6, "摩托车市场扰民，需要多部门一起解决"),
)
# what becomes of a matter, by weight; the run plays it
STORIES = (
    ("plain", 700),
    ("returned", 34),
    ("transferred", 30),
    ("handed-up", 18),
    ("slow", 40),
    ("failed-check", 22),
    ("dissatisfied", 16),
    ("objection", 8),
)
HOURS = (0.4, 0.3, 0.2, 0.2, 0.3, 0.6, 1.5, 4, 8, 9, 8, 6, 4, 4, 7, 8, 7, 6, 6, 7, 6, 4, 2, 1)
MATTERS, LAST = 873, 12
# What becomes of some of the plain matters; by how many, which sources, and whether by day only.
LATER_STORIES = (
    ("held", 5),
    ("extended", 6),
    ("extension-denied", 2),
    ("split", 4),
    ("wrongly-linked", 1),
    ("handed-over", 4),
    ("lead-refused", 1),
    ("corrected", 7),
    ("declined-upheld", 1),
    ("appeal", 3),
    ("tossed", 2),
    ("imported", 5),
    ("tip-off", 4),
    ("urged", 6),
)
# Reports beside those: of a matter that is reported already, of what the street cannot take on, and of what is taken back.
DUPLICATES, DECLINED, WITHDRAWN = 10, 3, 2
# Rules of seconds or hours leave no room for a story.
UNHURRIED = (
    "property.leak",
    "property.light",
    "order.dispute.neighbors",
    "traffic.parking",
    "service.proxy",
    "market.food",
)
PLAY_FROM, PLAY_DAYS = dt.datetime(2026, 9, 1, tzinfo=ZONE), 27
END = dt.datetime(2026, 10, 16, 12, 0, tzinfo=ZONE)


def matters(street: Street) -> Rows:
    rng = street.rng
    instants = sorted(
        PLAY_FROM
        + dt.timedelta(
            days=rng.randrange(PLAY_DAYS), hours=rng.choices(range(24), HOURS)[0], seconds=rng.randrange(3600)
        )
        for _ in range(MATTERS - LAST)
    )
    instants += sorted(END - dt.timedelta(minutes=rng.randrange(5, 70)) for _ in range(LAST))
    buildings = list(street.buildings)
    sizes = [len(street.entrances[code]) for code in buildings]
    building_lead = {code: f"BL{number:03}" for number, code in enumerate(buildings, start=1)}
    every = [entrance for entrances in street.entrances.values() for entrance in entrances]
    entrance_lead = {entrance: f"EL{number:03}" for number, entrance in enumerate(every, start=1)}
    rows: Rows = []
    for number, at in enumerate(instants, start=1):
        kind, _, text = rng.choices(KINDS, [weight for _, weight, _ in KINDS])[0]
        building = rng.choices(buildings, sizes)[0]
        entrance = rng.choice(street.entrances[building])
        resident = f"resident:{rng.randrange(1, 16_001):05}"
        source = rng.choices(("resident", "patrol", "hotline", "home-visit", "front-desk"), (30, 34, 20, 10, 6))[0]
        if source == "patrol":
            by = rng.choice((building_lead[building], entrance_lead[entrance], entrance_lead[entrance]))
            resident = "" if rng.random() < 0.5 else resident
        elif source == "home-visit":
            by = entrance_lead[entrance]
        elif source == "resident":
            by = resident
        else:
            by = rng.choice(("DESK1", "DESK2"))
        place = entrance if rng.random() < 0.6 else building
        story = "whistle" if kind == "complex.market-removal" else rng.choices(*zip(*STORIES, strict=True))[0]
        story = "plain" if number > MATTERS - LAST else story
        rows.append((f"M{number:04}", at.isoformat(), kind, place, source, resident, by, story, text))
    return sorted(lively(rows), key=lambda row: (str(row[1]), str(row[0])))


def lively(rows: Rows) -> Rows:
    """Let some plain matters become something else, and add reports of the same and of what is declined.

    By a generator of its own, so that the other matters stay as they are.
    """
    rng = random.Random(SEED + 4)
    early = (PLAY_FROM + dt.timedelta(days=20)).isoformat()
    plain = [
        row for row in rows
        if row[7] == "plain" and row[2] in UNHURRIED and row[4] != "patrol" and row[5] and str(row[1]) < early
    ]  # fmt: skip
    rng.shuffle(plain)
    chosen: dict[object, str] = {}
    for story, count in LATER_STORIES:
        for _ in range(count):
            chosen[plain.pop()[0]] = story
    found: Rows = [(*row[:7], chosen.get(row[0], row[7]), row[8]) for row in rows]
    for number in range(1, DUPLICATES + 1):
        first = plain.pop()
        at = dt.datetime.fromisoformat(str(first[1])) + dt.timedelta(minutes=rng.randrange(6, 15))
        other = f"resident:{rng.randrange(1, 16_001):05}"
        found.append(
            (f"D{number:03}", at.isoformat(), *first[2:4], "resident", other, other, f"same:{first[0]}", first[8])
        )
    for number in range(1, DECLINED + 1):
        at = PLAY_FROM + dt.timedelta(days=3 * number, hours=10, minutes=rng.randrange(60))
        who = f"resident:{rng.randrange(1, 16_001):05}"
        place = rng.choice([row[3] for row in rows])
        found.append(
            (
                f"X{number:03}",
                at.isoformat(),
                "service.proxy",
                place,
                "front-desk",
                who,
                "DESK1",
                "declined",
                "想申请外省的证件",
            )
        )
    for number in range(1, WITHDRAWN + 1):
        at = PLAY_FROM + dt.timedelta(days=5 * number, hours=9, minutes=rng.randrange(60))
        who = f"resident:{rng.randrange(1, 16_001):05}"
        place = rng.choice([row[3] for row in rows])
        found.append(
            (f"W{number:03}", at.isoformat(), "property.light", place, "resident", who, who, "withdrawn", "楼道灯不亮")
        )
    return found


def main() -> None:
    street = Street()
    street.draw_ground()
    write("places.csv", "code,level,name,parent,kind,households,longitude,latitude,outline", street.places)
    write("adjacency.csv", "one,other,meters", street.adjacency())
    write("layers.csv", "layer,grid,name,building", street.draw_layers())
    street.draw_people()
    write("organizations.csv", "id,zh,en,kind,member_of", street.organizations())
    write("persons.csv", "id,name,organization,from,until", street.persons)
    write("postings.csv", "holder,role,place,from,until,end_reason", street.postings)
    write("incumbents.csv", "holder,role,layer,grid,community,group", street.incumbents)
    write("matters.csv", "id,at,kind,place,source,reporter,by,story,text", matters(street))


if __name__ == "__main__":
    main()
