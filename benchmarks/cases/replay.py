"""A city's real deadlines through our clock: python benchmarks/cases/replay.py FOLDER.

FOLDER holds ``boston311_2011_jul_sep.csv.gz`` (31,828 service requests of 2011, city open data) and
``boston_sla_rules_fit_jul_sep.csv`` (113 time limits that were fitted on them). The city's own
convention is a calendar: business days of 24 hours from Monday to Friday without holidays; an
opening on a weekend first moves to Monday at the same time; what is then later than 17:00 counts
from 08:30 of the next business day. It reckons by the clock on the wall (a target 545 days ahead has
the same time of day, whether the clocks were changed meanwhile or not), so its instants are read
without a zone, as if they were UTC. A limit of zero or below is refused and said so.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import sys
from pathlib import Path

from gridgov.escalation import start_deadline
from gridgov.worktime import Calendar, Counting, Limit, LimitKind, Session, weekly

CITY = Calendar(
    id="boston",
    zone="UTC",
    week=weekly((Session(0, 1440),)),
    counting=Counting(cutoff=17 * 60, resumes=8 * 60 + 30, same_time=True),
)


def limits(path: Path) -> tuple[dict[str, Limit], list[str]]:
    """Read the fitted limits; give those that are limits, and what was wrong with the others."""
    found: dict[str, Limit] = {}
    refused: list[str] = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            count = int(row["k"])
            try:
                if row["kind"] == "bus":
                    found[row["type"]] = Limit(count * 24, LimitKind.WORKING_HOURS)
                elif count % 24 == 0:
                    found[row["type"]] = Limit(count // 24, LimitKind.CALENDAR_DAYS)
                else:
                    found[row["type"]] = Limit(count, LimitKind.URGENT_HOURS)
            except ValueError as error:
                refused.append(f"{row['type']}: {error}")
    return found, refused


def instant(text: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) if text else None


def replay(folder: Path) -> dict[str, object]:
    """Work every target out again, and every on-time flag; give the counts."""
    known, refused = limits(folder / "boston_sla_rules_fit_jul_sep.csv")
    targets = close = flags = right = without = 0
    with gzip.open(folder / "boston311_2011_jul_sep.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            opened, target, closed = (instant(row[name]) for name in ("open_dt", "target_dt", "closed_dt"))
            if opened is None or target is None:
                continue
            limit = known.get(row["type"])
            if limit is not None:
                targets += 1
                ours = start_deadline(opened, CITY, None, limit=limit).due_at
                close += abs(ours - target) <= dt.timedelta(minutes=1)
            if closed is not None and not row["ontime"]:
                without += 1
            elif closed is not None:
                flags += 1
                late = start_deadline(opened, CITY, None, agreed_at=target).is_late(closed)
                right += late is (row["ontime"] == "OVERDUE")
    return {
        "limits": len(known),
        "refused": refused,
        "targets": targets,
        "within a minute": close,
        "percent": 100 * close / targets,
        "closed with a target and a flag": flags,
        "flags reproduced": right,
        "closed with a target, without a flag": without,
    }


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, value in replay(Path(sys.argv[1])).items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
