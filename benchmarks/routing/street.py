"""A made-up street for the routing benchmark: its kinds, its grids, a large table and its cases.

The rows are what a street writes: most name a kind or a branch of kinds and one to three more cells, the
narrow ones stand before the wide ones, the last row takes what is left. Every row is made together with a
case that no row before it takes, so that none is dead; that case is among the cases. The rest of them is
half what happens (some kinds and places are frequent) and half what some row was written for (some rows
are, too). The seed is an argument.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import attrs

from gridgov.routing import BANDS, FACTS, Catalog, Cell, FactValue, Kind, Rule, Table, Then, parse_cell
from gridgov.territory import GRID_KINDS, Level, Node, Territory
from gridgov.worktime import Limit, LimitKind

Case = dict[str, FactValue]

BIG, SMALL, ITEMS = 12, 4, 4
COMMUNITIES, GRIDS = 8, 120
STREET = "150203005"
TAGS = (
    "elderly-alone", "disabled", "minor", "veteran", "low-income", "pregnant",
    "school", "hospital", "night", "crowd", "fire-lane", "old-building", "petition", "called-before",
)  # fmt: skip
COVERING = tuple(f"{what}-{number:02}" for what in ("leader", "unit") for number in range(1, 9))
LEADS = ("role:grid-worker", "role:area-lead", "role:community-lead", "desk")
DEPARTMENTS = ("gas", "water", "power", "police", "fire", "housing", "traffic", "health", "civil-affairs", "greening")

# Of all rows but the last; ``category`` has the rest.
SHARES = {
    "emergency": 0.03,
    "safety": 0.12,
    "vulnerable": 0.08,
    "local": 0.16,
    "time": 0.08,
    "whistle": 0.10,
    "split": 0.12,
}
# What a row of a band always names, and what it may name besides.
RECIPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "emergency": (("mode", "kind"), ("urgency", "place", "size", "severity")),
    "safety": (("kind", "urgency"), ("severity", "tag", "grid_kind", "source", "size", "place")),
    "vulnerable": (("tag", "kind"), ("affair", "size", "reporter", "grid_kind", "place", "severity")),
    "local": (("place", "kind"), ("grid_kind", "day", "source", "size", "reporter", "tag", "covered_by")),
    "time": (("time", "kind"), ("day", "urgency", "source", "repeats", "grid_kind", "place")),
    "whistle": (("departments", "kind"), ("repeats", "affair", "size", "urgency", "co_governor", "severity")),
    "split": (("affair", "kind"), ("co_governor", "size", "reporter", "repeats", "source", "covered_by")),
    "category": (
        ("kind",),
        ("source", "reporter", "affair", "co_governor", "size", "urgency", "day", "repeats", "grid_kind", "tag"),
    ),
}
# Now and then a band has another first column.
INSTEAD = {"time": "day", "whistle": "repeats"}
# Rows of a kind alone, at the end of ``category``: every small class but four has one, so that the last row
# of the table, which takes everything, has something to take.
BARE = BIG * SMALL - 4
# All rows before ``category`` together decide at most this share of what happens, those of ``category``
# before the bare ones at most as much as this besides, and none of them more than one row may.
BEFORE, SPECIAL, ONE = 0.5, 0.2, 0.025
SAMPLE = 3_000
TRIES = 500


@attrs.frozen(kw_only=True, eq=False)
class Street:
    """What :func:`make` makes.

    :param cases: fact → value, every fact in each of them.
    """

    table: Table
    catalog: Catalog
    territory: Territory
    cases: list[Case]


def make(rules: int = 300, cases: int = 100_000, seed: int = 5) -> Street:
    """Make a street; the same arguments always make the same one.

    :param rules: with many of them, rows are more specific: single items, single grids, one cell more.
    """
    chance = random.Random(seed)
    world = _World.make(chance)
    rows, witnesses = _rules(rules, world, chance)
    return Street(
        table=Table.build(rows),
        catalog=world.catalog,
        territory=world.territory,
        cases=_cases(cases, rows, witnesses, world, chance),
    )


# --- the place ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, eq=False)
class _World:
    """Catalog and territory, what every fact can be, and how often it is."""

    catalog: Catalog
    territory: Territory
    communities: tuple[str, ...]
    leaves: dict[str, tuple[str, ...]]
    grids: dict[str, tuple[str, ...]]
    values: dict[str, tuple[FactValue, ...]]
    often: dict[str, tuple[float, ...]]

    @classmethod
    def make(cls, chance: random.Random) -> _World:
        catalog, territory = _catalog(chance), _territory(chance)
        leaves: dict[str, list[str]] = {}
        for code in catalog.kinds:
            parts = code.split(".")
            for depth in range(1, len(parts) + 1):
                leaves.setdefault(".".join(parts[:depth]), []).append(code)
        grids: dict[str, list[str]] = {}
        for node in territory:
            if node.level == "grid":
                for above in territory.path(node.code):
                    grids.setdefault(above, []).append(node.code)
        values: dict[str, tuple[FactValue, ...]] = {
            "kind": tuple(chance.sample(list(catalog.kinds), len(catalog.kinds))),
            "place": tuple(chance.sample(grids[STREET], len(grids[STREET]))),
            "covered_by": ((), *((name,) for name in COVERING)),
            "source": FACTS["source"].domain,
            "reporter": FACTS["reporter"].domain,
            "severity": tuple(range(5)),
            "departments": tuple(range(7)),
            "repeats": tuple(range(13)),
            "time": tuple(range(24 * 60)),
            "day": FACTS["day"].domain,
            "mode": FACTS["mode"].domain,
            "tag": ((), *((tag,) for tag in TAGS)),
        }
        often = {
            "kind": [1 / (rank + 3) ** 1.1 for rank in range(len(values["kind"]))],
            "place": [1 / (rank + 60) ** 0.5 for rank in range(len(values["place"]))],
            "covered_by": [50, *(50 / len(COVERING) for _ in COVERING)],
            "source": [1 / (rank + 1) for rank in range(len(values["source"]))],
            "reporter": [50, 30, 8, 7, 5],
            "severity": [70, 20, 6, 3, 1],
            "departments": [5, 55, 22, 10, 5, 2, 1],
            "repeats": [60, 15, 9, 5, 3, 2, 1.5, 1, 1, 0.5, 0.5, 0.5, 0.5],
            "time": [1 if minute < 7 * 60 else 12 if minute < 19 * 60 else 5 for minute in range(24 * 60)],
            "day": [70, 28, 2],
            "mode": [98, 2],
            "tag": [60, *(40 / (rank + 2) for rank in range(len(TAGS)))],
        }
        return cls(
            catalog=catalog,
            territory=territory,
            communities=tuple(node.code for node in territory if node.level == "community"),
            leaves={code: tuple(found) for code, found in leaves.items()},
            grids={code: tuple(found) for code, found in grids.items()},
            values=values,
            often={fact: tuple(accumulate(weights)) for fact, weights in often.items()},
        )


def _catalog(chance: random.Random) -> Catalog:
    return Catalog.build(
        [
            Kind(
                code=(code := f"c{big:02}.s{small}.i{item}"),
                zh=f"事项 {code}",
                en=f"matter {code}",
                affair=chance.choices(FACTS["affair"].domain, (6, 3, 1))[0],
                co_governor=chance.choices(FACTS["co_governor"].domain, (5, 4, 1))[0],
                size=chance.choices(FACTS["size"].domain, (7, 2, 1))[0],
                urgency=chance.choices(FACTS["urgency"].domain, (7, 2, 1))[0],
            )
            for big in range(1, BIG + 1)
            for small in range(SMALL)
            for item in range(ITEMS)
        ]
    )


def _territory(chance: random.Random) -> Territory:
    levels = (
        Level("street", "街道", "street"),
        Level("community", "社区", "community"),
        Level("grid", "网格", "grid"),
    )
    nodes = [Node(code=STREET, level="street", name="a street")]
    for number in range(1, COMMUNITIES + 1):
        community = f"{STREET}{number:03}"
        nodes.append(Node(code=community, level="community", name=f"community {number}", parent=STREET))
        nodes += (
            Node(
                code=f"{community}{grid:03}",
                level="grid",
                name=f"grid {number}-{grid}",
                parent=community,
                # In the order of the alphabet: commercial, dedicated, management, micro, residential, road.
                kind=chance.choices(sorted(GRID_KINDS), (6, 4, 3, 8, 70, 9))[0],
            )
            for grid in range(1, GRIDS + 1)
        )
    return Territory.build(levels, nodes)


# --- the rows -------------------------------------------------------------------------------------


def _rules(count: int, world: _World, chance: random.Random) -> tuple[list[Rule], list[Case]]:
    """Give the rows in the order in which they are tried, and for each a case that it decides."""
    counts = {band: max(1, round(share * (count - 1))) for band, share in SHARES.items()}
    before = sum(counts.values())
    counts["category"] = count - 1 - BARE - before
    if counts["category"] < 1:
        raise ValueError(f"{count} rules are too few; the least is about 150")
    specific = min(1.0, max(0.0, (count - 300) / 2700))
    taken = _Taken(_natural(SAMPLE, world, chance))
    rows: list[Rule] = []
    witnesses: list[Case] = []

    def add(band: str, cells: Sequence[Cell], most: float = 1.0, like: Sequence[Cell] = ()) -> bool:
        """Add a row unless it is dead, or more than *most* of what happens would be decided with it."""
        tried = _like(like or cells, world, chance, 5)
        found = next((case for case in tried if not taken.takes(case)), None)
        if found is None or not taken.add(cells, world, most):
            return False
        rows.append(Rule(id=f"{band}-{len(rows):04}", band=band, cells=tuple(cells), then=_then(band, chance)))
        witnesses.append(found)
        return True

    def add_any(band: str, most: float = 1.0) -> None:
        most = min(most, taken.decided / taken.size) + ONE
        if not any(add(band, _cells(band, specific, world, chance), most) for _ in range(TRIES)):
            raise ValueError(f"no live row of {band} can be found; ask for fewer rules")

    for band in BANDS[:-1]:
        for place in range(counts[band]):
            if band == "category":
                add_any(band, BEFORE + SPECIAL * place / counts[band])
            else:
                add_any(band, BEFORE * len(rows) / before)
    small = [code for code in world.leaves if code.count(".") == 1]
    chance.shuffle(small)
    for code in small[:BARE]:
        # Whoever stands before it may have taken the whole class; then another row stands for it.
        if not any(add("category", _parse("kind", code)) for _ in range(20)):
            add_any("category")
    left = _parse("kind", "|".join(small[BARE:]))
    if not any(add("default", (), like=left) for _ in range(TRIES)):
        raise ValueError("the last row would be dead; ask for fewer rules")
    return rows, witnesses


def _parse(fact: str, text: str) -> tuple[Cell, ...]:
    cell = parse_cell(FACTS[fact], text)
    return () if cell is None else (cell,)


def _cells(band: str, specific: float, world: _World, chance: random.Random) -> list[Cell]:
    always, sometimes = RECIPES[band]
    if band == "category":
        more = chance.choice((1, 2, 2, 3))
    else:
        more = chance.choice((1, 1, 2) if specific < 0.5 else (1, 2, 2, 3))
    facts = [*always, *chance.sample(sometimes, more)]
    if band in INSTEAD and INSTEAD[band] not in facts and chance.random() < 0.3:
        facts[0] = INSTEAD[band]
    return [cell for fact in facts for cell in _parse(fact, _condition(fact, band, specific, world, chance))]


def _condition(fact: str, band: str, specific: float, world: _World, chance: random.Random) -> str:
    """Write one cell as a person would."""
    match fact:
        case "kind":
            return _kinds(band, specific, world, chance)
        case "place":
            if chance.random() < 0.3 + 0.3 * specific:
                grids = world.grids[chance.choice(world.communities)]
                return "|".join(sorted(chance.sample(grids, chance.choice((1, 2, 4, 8)))))
            some = sorted(chance.sample(world.communities, chance.choice((1, 1, 1, 2, 3))))
            return ("!" if chance.random() < 0.08 else "") + "|".join(some)
        case "mode":
            return "emergency"
        case "day":
            return chance.choice(("rest", "rest", "rest", "working", "rest|unknown"))
        case "urgency" if band in ("emergency", "safety"):
            return chance.choice(("urgent", "fast|urgent", "!ordinary", "fast"))
        case "severity":
            return chance.choice((">=1", ">=2", ">=3", "4", "1..2", "0"))
        case "departments":
            return chance.choice((">=2", ">=3", ">=4", "2..3", "3..5", "0"))
        case "repeats":
            low = chance.randint(1, 5)
            return chance.choice((f">={low}", f">={low}", f"<={low}", f"{low}..{low + chance.randint(1, 4)}", "0"))
        case "time":
            begin = chance.randrange(48)
            end = (begin + chance.choice((4, 8, 12, 16))) % 48
            return f"{begin // 2:02}:{begin % 2 * 30:02}..{end // 2:02}:{end % 2 * 30:02}"
        case "tag" | "covered_by":
            some = chance.sample(TAGS if fact == "tag" else COVERING, chance.choice((1, 1, 2, 3)))
            return ("!" if chance.random() < 0.08 else "") + "|".join(some)
        case "grid_kind":
            domain: Sequence[str] = sorted(GRID_KINDS)
        case _:
            domain = FACTS[fact].domain
    kept = chance.sample(domain, chance.choice((1, 1, 1, 2)))
    return ("!" if chance.random() < 0.12 else "") + "|".join(kept)


def _kinds(band: str, specific: float, world: _World, chance: random.Random) -> str:
    depth = 3 if chance.random() < 0.5 * specific or band == "category" else chance.choice((1, 2, 2, 2, 3, 3, 3, 3))
    codes = [code for code in world.leaves if code.count(".") == depth - 1]
    one = chance.choice(codes)
    draw = chance.random()
    if draw < 0.03 and band != "category":
        return f"!{one}"
    if draw < 0.75 or depth == 1:
        return one
    # Sisters, and now and then a cousin at another depth.
    sisters = [code for code in codes if code.rpartition(".")[0] == one.rpartition(".")[0] and code != one]
    some = [one, *chance.sample(sisters, chance.choice((1, 1, 2)))]
    if draw > 0.95:
        some.append(chance.choice([code for code in world.leaves if code.count(".") == 1]))
    return "|".join(some)


def _then(band: str, chance: random.Random) -> Then:
    limit = (
        Limit(chance.choice((1, 2, 4)), LimitKind.URGENT_HOURS)
        if band in ("emergency", "safety")
        else Limit(chance.choice((1, 2, 3, 5, 7, 15)), LimitKind.WORKING_DAYS)
    )
    lead = chance.choice(LEADS) if chance.random() < 0.5 else f"org:{chance.choice(DEPARTMENTS)}"
    supporting = chance.sample(DEPARTMENTS, chance.randint(1, 3)) if band == "whistle" else ()
    return Then(lead=lead, supporting=tuple(f"org:{name}" for name in supporting), limit=limit)


class _Taken:
    """What the rows so far take; only to find a case that none of them takes."""

    def __init__(self, sample: Sequence[Case]) -> None:
        """Keep some of what happens, to see how much of it is decided."""
        self.by_kind: dict[str, list[list[_Test]]] = {}
        self.open: dict[str, list[Case]] = {}
        for case in sample:
            self.open.setdefault(str(case["kind"]), []).append(case)
        self.size, self.decided = len(sample), 0

    def add(self, cells: Sequence[Cell], world: _World, most: float) -> bool:
        """Add a row, unless more than *most* of the sample would be decided then."""
        tests = [(cell.fact, cell.op != "not-in", frozenset(_named(cell, world))) for cell in cells]
        rest = [test for test in tests if test[0] != "kind"]
        kinds = [kind for kind in world.catalog.kinds if _hold((t for t in tests if t[0] == "kind"), {"kind": kind})]
        still = {kind: [case for case in self.open.get(kind, ()) if not _hold(rest, case)] for kind in kinds}
        decided = self.decided + sum(len(self.open.get(kind, ())) - len(still[kind]) for kind in kinds)
        if decided > most * self.size:
            return False
        self.decided = decided
        self.open.update(still)
        for kind in kinds:
            self.by_kind.setdefault(kind, []).append(rest)
        return True

    def takes(self, case: Case) -> bool:
        return any(_hold(tests, case) for tests in self.by_kind.get(str(case["kind"]), ()))


_Test = tuple[str, bool, frozenset[FactValue]]


def _hold(tests: Iterable[_Test], case: Case) -> bool:
    for fact, wanted, values in tests:
        has = case[fact]
        if (not values.isdisjoint(has) if isinstance(has, tuple) else has in values) != wanted:
            return False
    return True


def _named(cell: Cell, world: _World) -> Iterator[FactValue]:
    """Give every value of the street's that a cell names."""
    if cell.fact == "time":
        begin, end = (int(bound[:2]) * 60 + int(bound[3:]) for bound in cell.values)
        yield from (minute for minute in range(24 * 60) if (minute >= begin) + (minute < end) > (begin < end))
    elif FACTS[cell.fact].type == "number":
        bounds = [int(bound) for bound in cell.values]
        low = 0 if cell.op == "at-most" else bounds[0]
        high = 99 if cell.op == "at-least" else bounds[-1]
        yield from range(low, high + 1)
    else:
        for value in cell.values:
            match cell.fact:
                case "kind":
                    yield from world.leaves[value]
                case "place":
                    yield value
                    yield from world.grids[value]
                case _:
                    yield value


# --- the cases ------------------------------------------------------------------------------------


def _natural(count: int, world: _World, chance: random.Random) -> list[Case]:
    """Give what happens: kind and place by their frequency, the rest mostly as kind and place have it."""
    columns = {
        fact: chance.choices(values, cum_weights=world.often[fact], k=count) for fact, values in world.values.items()
    }
    made = []
    for row in zip(*columns.values(), strict=True):
        case: Case = dict(zip(columns, row, strict=True))
        kind, grid = world.catalog.kinds[str(case["kind"])], world.territory.nodes[str(case["place"])]
        case["grid_kind"] = grid.kind
        for fact, usual in (
            ("affair", kind.affair),
            ("co_governor", kind.co_governor),
            ("size", kind.size),
            ("urgency", kind.urgency),
        ):
            case[fact] = usual if chance.random() < 0.85 else chance.choice(FACTS[fact].domain)
        draw, tags = chance.random(), case["tag"]
        if draw < 0.01:
            # Nobody knows in which grid.
            case["place"], case["grid_kind"] = str(grid.parent), ""
        if draw > 0.88 and isinstance(tags, tuple):
            case["tag"] = tuple(dict.fromkeys((*tags, *chance.sample(TAGS, 2))))
        made.append({fact: case[fact] for fact in FACTS})
    return made


def _like(cells: Sequence[Cell], world: _World, chance: random.Random, count: int) -> Iterator[Case]:
    """Give cases in which all *cells* hold."""
    for case in _natural(count, world, chance):
        _fit(case, cells, world, chance)
        yield case


def _fit(case: Case, cells: Sequence[Cell], world: _World, chance: random.Random) -> None:
    """Change as few facts of a case as needed for all *cells* to hold."""
    for cell in cells:
        named, has = set(_named(cell, world)), case[cell.fact]
        if isinstance(has, tuple):
            if cell.op == "not-in":
                case[cell.fact] = tuple(word for word in has if word not in named)
            elif named.isdisjoint(has):
                case[cell.fact] = (*has, chance.choice(cell.values))
            continue
        wanted = cell.op != "not-in"
        if (has in named) != wanted:
            domain = world.values.get(cell.fact) or FACTS[cell.fact].domain
            case[cell.fact] = chance.choice([value for value in domain if (value in named) == wanted])


def _cases(
    count: int, rows: Sequence[Rule], witnesses: Sequence[Case], world: _World, chance: random.Random
) -> list[Case]:
    made = [dict(case) for case in witnesses[:count]]
    natural = _natural(count - len(made), world, chance)
    ranks = list(accumulate(1 / (rank + 5) for rank in range(len(rows))))
    meant = chance.choices(chance.sample(rows, len(rows)), cum_weights=ranks, k=len(natural))
    for number, (case, rule) in enumerate(zip(natural, meant, strict=True)):
        if number % 2:
            _fit(case, rule.cells, world, chance)
    made += natural
    chance.shuffle(made)
    return made
