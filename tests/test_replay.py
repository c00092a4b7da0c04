"""The replay of a city's deadlines, on a sample that is small enough to make up."""

import gzip
import runpy
from pathlib import Path

import pytest

REPLAY = Path(__file__).parent.parent / "benchmarks/cases/replay.py"
LIMITS = """type,n,kind,k,fit_share
Bulk,10,bus,2,1.0
Light,10,cal,48,1.0
Sign,10,cal,5,1.0
Highway,6,cal,-9,0.2
"""
ROWS = [
    # type, opened, target, closed, flag
    ("Bulk", "2011-07-05 10:00:00", "2011-07-07 10:00:00", "2011-07-07 10:00:00", "ONTIME"),  # Tuesday
    ("Bulk", "2011-07-05 18:00:00", "2011-07-08 08:30:00", "2011-07-09 08:30:00", "OVERDUE"),  # after five
    ("Bulk", "2011-07-09 10:00:00", "2011-07-13 10:00:00", "", ""),  # Saturday: counts from Monday, same time
    ("Bulk", "2011-07-09 18:00:00", "2011-07-14 08:30:00", "2011-07-10 00:00:00", "ONTIME"),  # Saturday evening
    ("Light", "2011-07-05 10:00:00", "2011-07-07 10:00:30", "2011-07-08 10:00:00", ""),  # within a minute, no flag
    ("Sign", "2011-07-05 10:00:00", "2011-07-05 16:00:00", "2011-07-05 15:00:00", "ONTIME"),  # an hour off
    ("Highway", "2011-07-05 10:00:00", "2011-07-05 16:00:00", "2011-07-05 17:00:00", "OVERDUE"),  # no limit
    ("Bulk", "2011-07-05 10:00:00", "", "2011-07-05 17:00:00", "ONTIME"),  # no target
]


def test_the_citys_convention_gives_its_targets_and_flags_and_refuses_what_is_no_limit(tmp_path):
    (tmp_path / "boston_sla_rules_fit_jul_sep.csv").write_text(LIMITS, encoding="utf-8")
    lines = ["type,open_dt,target_dt,closed_dt,ontime", *(",".join(row) for row in ROWS)]
    with gzip.open(tmp_path / "boston311_2011_jul_sep.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    found = runpy.run_path(str(REPLAY))["replay"](tmp_path)
    assert found["refused"] == ["Highway Maintenance"[:7] + ": a time limit is above zero, this one is -9"]
    assert (found["limits"], found["targets"], found["within a minute"]) == (3, 6, 5)
    assert (found["closed with a target and a flag"], found["flags reproduced"]) == (5, 5)
    assert found["closed with a target, without a flag"] == 1


@pytest.mark.data
def test_the_real_requests_come_out_as_measured(data):
    found = runpy.run_path(str(REPLAY))["replay"](data / "boston311")
    assert found["percent"] >= 98.5
    assert found["flags reproduced"] == found["closed with a target and a flag"] > 25_000
