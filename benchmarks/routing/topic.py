"""Routing, measured: decisions, explanations, batches, checks and places beside their peers, in one run.

Every engine is asked the same cases of the same table in turn, in rounds; of each the best round counts,
because whatever else the machine does only ever adds. What a case needs before an engine sees it is
prepared outside the timing, also where that takes the peer longer than its answer. All answers are
compared with the plain interpreter on a sample, and the fast ways with each other on all cases.
"""

from __future__ import annotations

import datetime as dt
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs

from gridgov.routing import Batch, Names, Rule, Rulebook, Table, check_table, interpret, parse_cell, replay
from gridgov.staffing import Organization, Posting, Role, Roster, find_party

sys.path.insert(0, str(Path(__file__).parent))
import locating
import peers
import street as streets

Row = dict[str, object]
DAY = dt.date(2026, 9, 1)
CASES, SAMPLE, SPREAD, ROUNDS = 100_000, 2_000, 20_000, 9
PEERS: dict[str, dict[str, object]] = {
    "zen-engine, static loader": {"engine": "zen", "form": "dict"},
    "zen-engine, the case as JSON": {"engine": "zen", "form": "text"},
    "datalogic-py, words as numbers": {"engine": "datalogic", "form": "dict"},
    "datalogic-py, cases read before": {"engine": "datalogic", "form": "handle"},
    "datalogic-py, words, an index by kind of ours": {"engine": "datalogic", "form": "dict", "by_kind": True},
}
ZEN, DATALOGIC = "zen-engine, static loader", "datalogic-py, words as numbers"


def microseconds(ask: Callable[[Any], object], cases: Sequence[Any]) -> list[float]:
    """Give what each call took, sorted, less what reading the clock takes.

    A case that is a dict is copied right before the call: the facts of a case are put together right before
    it is decided, and do not come from the far end of a list of a hundred thousand.
    """
    clock = time.perf_counter_ns
    bare = statistics.median(-(clock() - clock()) for _ in range(2_000))
    found = []
    gc.disable()
    for one in cases:
        case = one.copy() if isinstance(one, dict) else one
        began = clock()
        ask(case)
        found.append(max(1.0, clock() - began - bare) / 1000)
    gc.enable()
    return sorted(found)


def spread(ask: Callable[[Any], object], cases: Sequence[Any]) -> tuple[float, float]:
    """Give the median and the 99th percentile."""
    found = microseconds(ask, cases)
    return found[len(found) // 2], found[len(found) * 99 // 100]


def best(several: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Give the lowest median and the lowest 99th percentile of some rounds."""
    return min(one for one, _ in several), min(other for _, other in several)


def seconds(run: Callable[[], object], times: int = 5) -> float:
    """Give the median of some runs."""
    found = []
    for _ in range(times):
        gc.collect()
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


# --- decisions ----------------------------------------------------------------------------------


def decisions(street: streets.Street, *, whole: bool) -> dict[str, tuple[float, float]]:
    """Time every engine on the cases of a street; name → median and 99th percentile in µs."""
    table, territory, cases = street.table, street.territory, street.cases
    # A router that has seen nothing: the first pass over all cases, with every value that it meets anew.
    fresh = Table(table.rules, table.facts).router(territory)
    found: dict[str, list[tuple[float, float]]] = {"gridgov, first pass": [spread(fresh.hit, cases)]}
    router = table.router(territory)
    for case in cases[:SAMPLE]:
        expected = interpret(table, case, territory)
        assert router.decide(case) == expected, case
        assert router.hit(case) is (expected.rule if expected else None)
    asked: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {
        "gridgov": (router.hit, cases[:SPREAD]),
        "gridgov, explained": (router.decide, cases[:SPREAD]),
    }
    for name, how in PEERS.items():
        make = peers.zen if how["engine"] == "zen" else peers.datalogic
        options = {key: value for key, value in how.items() if key != "engine"}
        peer = make(table, street.catalog, territory, **options)  # type: ignore[operator]
        peers.check(peer, table, territory, cases[: SAMPLE if whole else SAMPLE // 10])
        asked[name] = (peer.decide, [peer.prepare(case) for case in cases[:SPREAD]])
    for _ in range(ROUNDS if whole else 3):
        for name, (ask, prepared) in asked.items():
            found.setdefault(name, []).append(spread(ask, prepared))
    if whole:
        zen = peers.zen(table, street.catalog, territory)
        found["zen-engine, trace"] = [spread(zen.explain, [zen.prepare(case) for case in cases[:500]])]
        naive = [spread(lambda case: interpret(table, case, territory), cases[:500])]
        found["the plain interpreter"] = naive
    return {name: best(several) for name, several in found.items()}


def people(street: streets.Street) -> float:
    """Time finding the party of a decision, in µs: a role that is held on the community, from a grid."""
    communities = street.territory.at("community")
    roster = Roster.build(
        territory=street.territory,
        roles=[Role(id="lead", zh="", en="", level="community")],
        organizations=[Organization(id="desk", zh="", en="", kind="committee")],
        postings=[
            Posting(id=node.code, holder="desk", role="lead", place=node.code, from_on=DAY) for node in communities
        ],
    )

    def find(case: Any) -> object:
        return find_party(
            "role:lead", place=str(case["place"]), desk="desk", roster=roster, territory=street.territory, on=DAY
        )

    return spread(find, street.cases[:SPREAD])[0]


# --- many at once -------------------------------------------------------------------------------


def batches(street: streets.Street) -> tuple[float, float]:
    """Give decisions a second once encoded, and how long encoding took, for all cases; answers are compared."""
    router = street.table.router(street.territory)
    batch = Batch(router)
    began = time.perf_counter()
    encoded = batch.encode(street.cases)
    encoding = time.perf_counter() - began
    rules = street.table.rules
    hits = batch.hits(encoded)
    assert all(router.hit(case) is rules[place] for case, place in zip(street.cases, hits.tolist(), strict=True))
    return len(street.cases) / seconds(lambda: batch.hits(encoded)), encoding


def replays(street: streets.Street) -> tuple[float, int]:
    """Give the seconds of a replay of all cases on two tables, and how many decisions change."""
    rules = [
        attrs.evolve(rule, then=attrs.evolve(rule.then, lead="org:other")) if place % 10 == 0 else rule
        for place, rule in enumerate(street.table.rules)
    ]
    old, new = Rulebook(street.table), Rulebook(Table.build(rules, facts=street.table.facts))
    cases = [(str(number), case) for number, case in enumerate(street.cases)]
    found = replay(cases, old, new, street.territory)
    return seconds(lambda: replay(cases, old, new, street.territory), 3), len(found.changes)


# --- checks -------------------------------------------------------------------------------------


def names_of(street: streets.Street) -> Names:
    """Give a roster in which every role and organization of the table exists."""
    targets = [t for rule in street.table.rules for t in (rule.then.lead, *rule.then.supporting, *rule.then.informed)]
    parts = {tuple(target.split(":")) for target in targets if ":" in target}
    roster = Roster.build(
        territory=street.territory,
        roles=[Role(id=name, zh="", en="", level="grid") for what, name in sorted(parts) if what == "role"],
        organizations=[
            Organization(id=name, zh="", en="", kind="department") for what, name in sorted(parts) if what == "org"
        ],
    )
    ladders = {rule.then.ladder: None for rule in street.table.rules if rule.then.ladder}
    return Names(catalog=street.catalog, territory=street.territory, roster=roster, ladders=ladders)


def edited(rule: Rule, chance: random.Random) -> Rule:
    """Change one cell of a rule as somebody at a desk would: take one out, or ask for one more thing."""
    if rule.cells and chance.random() < 0.5:
        return attrs.evolve(rule, cells=rule.cells[:-1])
    kept = tuple(cell for cell in rule.cells if cell.fact != "source")
    more = parse_cell(streets.FACTS["source"], chance.choice(["hotline", "!patrol", "resident|hotline"]))
    return attrs.evolve(rule, cells=(*kept, *([more] if more else [])))


def checks(street: streets.Street) -> tuple[float, float, list[float]]:
    """Give the seconds of building and of a full check, and of 60 checks after one edited rule, sorted."""
    rules, facts, names = street.table.rules, street.table.facts, names_of(street)
    building = seconds(lambda: Table.build(rules, facts=facts).router(street.territory), 9)
    full = seconds(lambda: check_table(street.table, names, linked=False))
    before = check_table(street.table, names, linked=False)
    chance, found = random.Random(5), []
    for _ in range(60):
        place = chance.randrange(len(rules) - 1)
        fresh = Table.build([*rules[:place], edited(rules[place], chance), *rules[place + 1 :]], facts=facts)
        again = [0.0] * 3
        for number in range(3):
            began = time.perf_counter()
            now = check_table(fresh, names, linked=False, before=before)
            again[number] = time.perf_counter() - began
        found.append(min(again))
        anew = check_table(fresh, names, linked=False)
        assert {(f.code, f.subject) for f in now.findings} == {(f.code, f.subject) for f in anew.findings}
    return building, full, sorted(found)


# --- all ----------------------------------------------------------------------------------------


def measure() -> tuple[dict[str, Row], dict[str, object]]:
    street = streets.make(rules=300, cases=CASES)
    small = decisions(street, whole=True)
    for name, (median, late) in small.items():
        print(f"300 rules, {name}: {median:.2f} µs, p99 {late:.2f} µs", flush=True)
    many = decisions(streets.make(rules=3_000, cases=SPREAD), whole=False)
    for name, (median, late) in many.items():
        print(f"3,000 rules, {name}: {median:.2f} µs, p99 {late:.2f} µs", flush=True)
    building, full, edits = checks(street)
    rate, encoding = batches(street)
    replayed, changes = replays(street)
    ours, late = small["gridgov"][0], small["gridgov, first pass"][1]
    place = locating.measure(5)
    at = place["900"]
    rows: dict[str, Row] = {
        "routing.faster-than-datalogic": beside(small[DATALOGIC][0], ours),
        "routing.faster-than-zen": beside(small[ZEN][0], ours),
        "routing.p99-over-p50": {"value": late / small["gridgov, first pass"][0], "peer": None, "ratio": None},
        "routing.3000-over-300": {"value": many["gridgov"][0] / ours, "peer": ours, "ratio": many["gridgov"][0] / ours},
        "routing.build-ms": {"value": building * 1000, "peer": None, "ratio": None},
        "routing.explained-over-decided": beside(small["gridgov, explained"][0], ours),
        "routing.batch-per-second": {"value": rate, "peer": 1e6 / ours, "ratio": rate * ours / 1e6},
        "routing.replay-seconds": {"value": replayed, "peer": None, "ratio": None},
        "routing.check-seconds": {"value": full, "peer": None, "ratio": None},
        "routing.check-edited-ms": {"value": edits[len(edits) * 95 // 100] * 1000, "peer": full * 1000, "ratio": None},
        "routing.locate-over-shapely": beside(at["shapely p50 µs"], at["ours p50 µs"]),
        "routing.locate-many-over-shapely": beside(at["shapely many µs"], at["ours many µs"]),
        "routing.locate-wrong": {"value": at["wrong of many"] + at["one unlike many"], "peer": None, "ratio": None},
    }
    about = {
        "sizes": {"rules": [300, 3_000], "cases": CASES, "timed in turn": SPREAD, "rounds": ROUNDS, "polygons": 900},
        "µs at 300 rules, p50 and p99": {name: rounded(both) for name, both in small.items()},
        "µs at 3,000 rules, p50 and p99": {name: rounded(both) for name, both in many.items()},
        "finding the person, µs": round(people(street), 2),
        "encoding of all cases, s": round(encoding, 2),
        "check after an edit, ms, p50 and most": [round(edits[30] * 1000, 1), round(edits[-1] * 1000, 1)],
        "replay, decisions that change": changes,
        "locating": place,
        "peers": {name: version(name) for name in ("zen-engine", "datalogic-py", "shapely", "numpy")},
    }
    return rows, about


def beside(peer: float, ours: float) -> Row:
    return {"value": peer / ours, "peer": peer, "ratio": peer / ours}


def rounded(both: tuple[float, float]) -> list[float]:
    return [round(each, 2) for each in both]
