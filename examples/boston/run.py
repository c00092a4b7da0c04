"""A city's real service requests through the same office: see README.md beside this file.

python examples/boston/run.py requests.csv.gz [--precincts precincts.geojson]
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import heapq
import json
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from tqdm import tqdm

import gridgov
from gridgov.access import AccessPolicy
from gridgov.cases import Answer, Board, CasePolicy, Close, Closed, OpenCase, Resolve, Transfer
from gridgov.office import Office
from gridgov.policy import Timeline
from gridgov.reports import text_table
from gridgov.routing import Catalog, Cell, Kind, Rule, Rulebook, Table, Then
from gridgov.setup import Setup
from gridgov.staffing import Organization, Roster
from gridgov.territory import Ground, Level, Node, Territory
from gridgov.worktime import Calendar, Limit, LimitKind

ZONE = ZoneInfo("America/New_York")
NEEDED = ("case_enquiry_id", "open_dt", "target_dt", "closed_dt", "ontime", "type", "department", "pwd_district",
          "ward", "precinct", "latitude", "longitude", "location", "source")  # fmt: skip
SOURCES = {
    "Constituent Call": "hotline",
    "Employee Generated": "patrol",
    "Self Service": "resident",
    "Citizens Connect App": "resident",
}
NO_TARGET = Limit(30, LimitKind.CALENDAR_DAYS)  # chosen: the city set no date for these
BATCH = 1000
DEFAULT_SHARE = 0.01  # a coordinate that more of all requests have is a default, not a place


def read(path: Path) -> Iterator[dict[str, str]]:
    """Stream the rows; one at a time is in memory."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise SystemExit(f"{path} has no column {', '.join(missing)}; is it the city's export of requests?")
        yield from reader


def instant(text: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE) if text else None


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "other"


def district(row: dict[str, str]) -> str:
    """The public-works district; ``9`` and ``09`` are one."""
    return row["pwd_district"].zfill(2) if row["pwd_district"] else ""


# --- first pass: what there is -------------------------------------------------------------------


@attrs.define
class Survey:
    """Counts of a first pass over the file; grows with the city, not with the requests."""

    rows: int = 0
    departments: Counter[str] = attrs.field(factory=Counter)
    by_type: dict[str, Counter[str]] = attrs.field(factory=dict)
    homes: dict[str, Counter[str]] = attrs.field(factory=dict)
    coordinates: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    spellings: dict[str, Counter[str]] = attrs.field(factory=dict)

    def see(self, row: dict[str, str]) -> None:
        self.rows += 1
        self.departments[row["department"]] += 1
        self.by_type.setdefault(row["type"], Counter())[row["department"]] += 1
        self.coordinates[row["latitude"], row["longitude"]] += 1
        if row["precinct"]:
            self.homes.setdefault(row["precinct"], Counter())[district(row)] += 1
        if row["ward"]:
            number = row["ward"].removeprefix("Ward ").lstrip("0")
            self.spellings.setdefault(number, Counter())[row["ward"]] += 1

    @property
    def default_coordinates(self) -> set[tuple[str, str]]:
        return {at for at, count in self.coordinates.items() if count > DEFAULT_SHARE * self.rows}

    @property
    def usual_spelling(self) -> dict[str, str]:
        return {number: counts.most_common(1)[0][0] for number, counts in self.spellings.items()}


def survey(path: Path) -> Survey:
    found = Survey()
    for row in tqdm(read(path), desc="first pass", unit="row", disable=None):
        found.see(row)
    return found


def build(found: Survey, precincts: dict[str, int]) -> Setup:
    """The city as a setup: districts and precincts, departments, and type → department by majority."""
    districts = sorted({home for homes in found.homes.values() for home in homes if home})
    nodes = [Node(code="boston", level="city", name="Boston")]
    nodes += [
        Node(code=f"pwd-{d}", level="works-district", name=f"public works {d}", parent="boston") for d in districts
    ]
    for code in sorted({*found.homes, *precincts}):
        homes = Counter({home: count for home, count in found.homes.get(code, Counter()).items() if home})
        parent = f"pwd-{min(homes, key=lambda home: (-homes[home], home))}" if homes else "boston"
        nodes.append(
            Node(code=code, level="precinct", name=f"precinct {code}", parent=parent, households=precincts.get(code))
        )
    levels = [
        Level("city", "市", "city"),
        Level("works-district", "区", "public-works district"),
        Level("precinct", "选区", "precinct"),
    ]
    territory = Territory.build(levels, nodes)
    roster = Roster.build(
        territory=territory,
        organizations=[
            Organization(id="desk", zh="24小时热线", en="24 hour hotline", kind="committee"),
            *(Organization(id=d, zh=d, en=d, kind="department") for d in sorted(found.departments)),
        ],
    )
    catalog = Catalog.build([Kind(code=slug(name), zh=name, en=name, checked=False) for name in _first(found.by_type)])
    rules = [
        Rule(
            id=slug(name),
            band="category",
            cells=(Cell("kind", "below", (slug(name),)),),
            then=Then(lead=f"org:{min(counts, key=lambda d: (-counts[d], d))}", limit=NO_TARGET),
        )
        for name, counts in _first(found.by_type).items()
    ]
    return Setup(
        ground=Ground(territory, atom_level="precinct"),
        roster=roster,
        catalog=catalog,
        rulebooks=Timeline.always(Rulebook(Table.build(rules))),
        case_policy=Timeline.always(CasePolicy(desk="desk", desk_limit=NO_TARGET)),
        calendar=Calendar(id="boston", zone="America/New_York"),
        access=AccessPolicy.open(),
    )


def _first(by_type: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    """Join types that differ in case or punctuation only."""
    joined: dict[str, tuple[str, Counter[str]]] = {}
    for name, counts in sorted(by_type.items()):
        joined.setdefault(slug(name), (name, Counter()))[1].update(counts)
    return dict(joined.values())


# --- second pass: the replay ---------------------------------------------------------------------


@attrs.define
class Tally:
    """Figures of one department."""

    requests: int = 0
    closed: int = 0
    ours_in_time: int = 0
    city_in_time: int = 0
    differ: int = 0
    no_target: int = 0
    open: int = 0


class Replay:
    """Plays each request at its own instants, in order, in batches."""

    def __init__(self, office: Office, found: Survey, dirty: Path) -> None:
        self.office = office
        self.found = found
        self.tallies: dict[str, Tally] = {}
        self.reasons: Counter[str] = Counter()
        self.rerouted = 0
        self.differences: list[str] = []
        self._dirty = dirty
        self._closings: list[tuple[dt.datetime, str, str, str, bool]] = []
        self._usual = found.usual_spelling
        self._defaults = found.default_coordinates

    def run(self, path: Path) -> None:
        last = dt.datetime.min.replace(tzinfo=dt.UTC)
        with self._dirty.open("w", encoding="utf-8", newline="") as listing:
            writer = csv.writer(listing)
            writer.writerow(("case_enquiry_id", "reason", "value"))
            batch: list[dict[str, str]] = []
            for row in tqdm(read(path), desc="replay", unit="row", total=self.found.rows, disable=None):
                opened = instant(row["open_dt"])
                if opened is None or opened < last:
                    raise SystemExit(f"{row['case_enquiry_id']} is out of order; sort the file by open_dt")
                last = opened
                for reason, value in self.dirt(row):
                    self.reasons[reason] += 1
                    writer.writerow((row["case_enquiry_id"], reason, value))
                batch.append(row)
                if len(batch) == BATCH:
                    self.play(batch)
                    batch = []
            self.play(batch)
        self.close_the_rest()

    def dirt(self, row: dict[str, str]) -> Iterator[tuple[str, str]]:
        """What is wrong with a row; it is replayed all the same, at the closest place that is known."""
        if not row["precinct"]:
            yield "no precinct", row["location"]
        if not row["target_dt"]:
            yield "no target date", row["type"]
        if row["pwd_district"] and len(row["pwd_district"]) < 2:
            yield "district without its zero", row["pwd_district"]
        if row["ward"]:
            usual = self._usual[row["ward"].removeprefix("Ward ").lstrip("0")]
            if row["ward"] != usual:
                yield "second spelling of a ward", f"{row['ward']} for {usual}"
        if (row["latitude"], row["longitude"]) in self._defaults:
            yield "default coordinates", f"{row['latitude']} {row['longitude']}"

    def place(self, row: dict[str, str]) -> str:
        if row["precinct"]:
            return row["precinct"]
        return f"pwd-{district(row)}" if f"pwd-{district(row)}" in self.office.setup.territory else "boston"

    def play(self, batch: list[dict[str, str]]) -> None:
        with self.office.batch():
            for row in batch:
                opened = instant(row["open_dt"])
                assert opened is not None
                self._close_due(opened)
                self.open(row, opened)

    def open(self, row: dict[str, str], opened: dt.datetime) -> None:
        case, department = row["case_enquiry_id"], row["department"]
        tally = self.tallies.setdefault(department, Tally())
        tally.requests += 1
        tally.no_target += not row["target_dt"]
        command = OpenCase(
            kind=slug(row["type"]),
            place=self.place(row),
            source=SOURCES.get(row["source"], "other-system"),
            agreed_due_at=instant(row["target_dt"]),
            text=row["location"],
        )
        outcome = self.office.handle(command, by="city", id=case, at=opened)
        if outcome.state.lead.holder != department:
            self.rerouted += 1
            move = Transfer(case, lead=f"org:{department}", reason="as the city did")
            self.office.handle(move, by="desk", id=f"{case}/transfer", at=opened)
        closed = instant(row["closed_dt"])
        if closed is None:
            tally.open += 1
            return
        flag = row["ontime"] == "ONTIME"
        heapq.heappush(self._closings, (closed, case, department, row["ontime"], bool(row["target_dt"])))
        tally.city_in_time += flag

    def _close_due(self, until: dt.datetime) -> None:
        while self._closings and self._closings[0][0] <= until:
            closed, case, department, flag, has_target = heapq.heappop(self._closings)
            self.office.handle(Resolve(case), by=department, id=f"{case}/resolve", at=closed)
            self.office.handle(Answer(case), by="desk", id=f"{case}/answer", at=closed)
            state = self.office.handle(Close(case), by="desk", id=f"{case}/close", at=closed).state
            assert isinstance(state, Closed)
            tally = self.tallies[department]
            tally.closed += 1
            tally.ours_in_time += state.in_time
            if state.in_time is not (flag == "ONTIME"):
                tally.differ += 1
                if has_target:
                    self.differences.append(
                        f"{case}: closed {closed:%Y-%m-%d %H:%M:%S}, the city says {flag or 'nothing'}"
                    )

    def close_the_rest(self) -> None:
        while self._closings:
            with self.office.batch():
                for _ in range(BATCH):
                    if self._closings:
                        self._close_due(self._closings[0][0])


def households(path: Path | None) -> dict[str, int]:
    """Precinct → households, from the polygons' properties; the survey estimates are fractions."""
    if path is None:
        return {}
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {f["properties"]["WARD_PRECINCT"]: round(f["properties"]["households"]) for f in features}


def main() -> None:
    data = Path(os.environ.get("GRIDGOV_DATA", "")) / "boston311"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requests", type=Path, nargs="?", default=data / "boston311_2011_jul_sep.csv.gz")
    parser.add_argument("--precincts", type=Path, help="GeoJSON of precincts with households")
    parser.add_argument("--out", type=Path, default=Path("build/boston"))
    arguments = parser.parse_args()
    if not arguments.requests.is_file():
        sys.exit(
            f"there is no file {arguments.requests}; give the city's export of requests (README.md says where from)"
        )
    arguments.out.mkdir(parents=True, exist_ok=True)
    database = arguments.out / "boston.db"
    for old in arguments.out.glob("boston.db*"):
        old.unlink()
    began = time.perf_counter()
    found = survey(arguments.requests)
    setup = build(found, households(arguments.precincts))
    with gridgov.open_office(setup, store=f"sqlite:///{database}") as office:
        replay = Replay(office, found, arguments.out / "dirty.csv")
        replay.run(arguments.requests)
        report(replay, office, time.perf_counter() - began)


def report(replay: Replay, office: Office, seconds: float) -> None:
    header = (
        "department",
        "requests",
        "closed",
        "in time: ours",
        "city's flag",
        "differ",
        "no target",
        "open at the end",
    )
    rows = [(name, *attrs.astuple(tally)) for name, tally in sorted(replay.tallies.items())]
    totals = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    print(text_table(header, [*rows, ("all", *totals)]))
    board = office.ask(Board(), by="desk")
    print(f"requests in the file {replay.found.rows}, opened {board.opened}, closed {board.closed}, open {board.open}")
    assert replay.found.rows == board.opened == board.closed + board.open, "a request was lost"
    print(f"routed by the table to the city's own department: {board.opened - replay.rerouted} "
          f"({100 * (board.opened - replay.rerouted) / board.opened:.1f} %); transferred to it: {replay.rerouted}")  # fmt: skip
    print(f"closed cases with a target where our reckoning and the city's flag differ: {len(replay.differences)}")
    for line in replay.differences[:5]:
        print(f"  {line}")
    print("(all other differences are requests without a target, which we gave 30 calendar days)")
    print(f"rows that are not clean, listed in {replay._dirty}:")
    for reason, count in replay.reasons.most_common():
        print(f"  {reason}: {count}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"records {office.position}, chain verified {office.verify()}; {seconds:.1f} s, peak memory {peak} MiB")


if __name__ == "__main__":
    main()
