"""A city's real requests: every one is replayed, none is lost, and our reckoning is the city's."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
REPLAY = ROOT / "examples/boston/run.py"


@pytest.fixture(scope="session")
def data():
    import os

    folder = os.environ.get("GRIDGOV_DATA")
    if not folder:
        pytest.skip("GRIDGOV_DATA does not name the folder of real data")
    path = Path(folder)
    assert path.is_dir(), f"GRIDGOV_DATA names {folder}, which is no folder"
    return path


def replay(*arguments):
    command = [sys.executable, str(REPLAY), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)


HEADER = (
    "case_enquiry_id,open_dt,target_dt,closed_dt,ontime,type,department,pwd_district,ward,precinct,latitude,longitude,"
    "location,source"
)
ROWS = """\
1,2011-07-01 08:00:00,2011-07-05 08:00:00,2011-07-02 09:00:00,ONTIME,Pothole,PWDx,03,Ward 3,0301,42.1,-71.1,Main St,Self Service
2,2011-07-01 08:05:00,2011-07-02 08:00:00,2011-07-03 09:00:00,OVERDUE,Pothole,PWDx,3,03,0301,42.2,-71.2,Main St,Twitter
3,2011-07-01 08:06:00,,,,Graffiti,PROP,,,,42.3,-71.3,Elm St,Constituent Call
4,2011-07-01 08:07:00,2011-07-09 08:00:00,2011-07-01 08:07:00,ONTIME,pothole,PARK,03,Ward 3,0302,42.4,-71.4,Oak St,Self Service
"""


def test_a_small_made_up_city_is_replayed_whole_with_its_dirty_rows_listed(tmp_path):
    path = tmp_path / "requests.csv"
    path.write_text(f"{HEADER}\n{ROWS}", "utf-8")
    done = replay(path, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "requests in the file 4, opened 4, closed 3, open 1" in done.stdout
    assert "our reckoning and the city's flag differ: 0" in done.stdout
    assert "transferred to it: 1" in done.stdout
    dirty = (tmp_path / "out/dirty.csv").read_text("utf-8")
    for reason in (
        "2,district without its zero,3",
        "2,second spelling of a ward,03 for Ward 3",
        "3,no precinct,Elm St",
        "3,no target date",
    ):
        assert reason in dirty


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2\n", "no column"), (f"{HEADER}\n" + "\n".join(reversed(ROWS.splitlines())), "out of order")],
)
def test_a_file_that_is_something_else_is_refused_with_one_sentence(tmp_path, text, message):
    path = tmp_path / "requests.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    done = replay(path, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.data
def test_three_months_of_a_real_city_are_replayed_and_our_reckoning_is_the_citys(data, tmp_path):
    done = replay(
        data / "boston311/boston311_2011_jul_sep.csv.gz",
        "--precincts",
        data / "boston311/boston_precincts_2010s.geojson",
        "--out",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "requests in the file 31828, opened 31828, closed 30081, open 1747" in done.stdout
    assert "closed cases with a target where our reckoning and the city's flag differ: 0" in done.stdout
    for count in ("no target date: 5013", "no precinct: 1437", "default coordinates: 2462"):
        assert count in done.stdout


LEARN = ROOT / "examples/boston/learn.py"
LEARNED = "open_dt,type,department,queue,pwd_district\n" + "".join(
    f"2011-0{month}-0{day} 08:00:00,{type_},{department},{queue},{area}\n"
    for month in (7, 8, 9)
    for day in (1, 2, 3)
    for type_, department, queue, area in (
        ("Pothole", "PWDx", f"D0{day}", f"0{day}"),
        ("Graffiti", "PROP", "GRAF", ""),
        ("Tree", "PARK", "TREES", "02"),
    )
)


def learn(path, out):
    command = [sys.executable, str(LEARN), str(path), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def test_rules_are_learned_from_the_months_before_and_tried_on_the_last_one(tmp_path):
    path = tmp_path / "requests.csv"
    path.write_text(LEARNED + "2011-09-09 08:00:00,Never seen,PWDx,D01,01\n", "utf-8")
    done = learn(path, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "learned from 2011-07, 2011-08, tried on 2011-09" in done.stdout
    assert "table and dictionary differ on 0" in done.stdout
    assert "department: 1 fell back to the last rule" in done.stdout
    rules = (tmp_path / "queue-rules.csv").read_text("utf-8")
    assert "org:d01" in rules
    assert "pwd_district" in rules.splitlines()[0]


@pytest.mark.data
@pytest.mark.slow
def test_a_real_city_gives_rules_that_are_right_as_often_as_its_majority(data, tmp_path):
    """Learned on July and August, scored on September: 95.2 % of departments, at least 85.8 % of queues."""
    done = learn(data / "boston311/boston311_2011_jul_sep.csv.gz", tmp_path)
    assert done.returncode == 0, done.stderr
    table = {
        line.split()[0]: line.split() for line in done.stdout.splitlines() if line.startswith(("department ", "queue "))
    }
    assert float(table["department"][3]) >= 95.2
    assert float(table["queue"][3]) >= 85.8
    assert done.stdout.count("table and dictionary differ on 0") == 2
