"""The scheme in its files: every column arrives, and a deed is judged by the row of its day."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from gridgov import load_setup
from gridgov.points import Cap
from gridgov.worktime import parse_limit

YOUYI = Path(__file__).parent.parent.parent / "examples/youyi/setup"
DEEDS = """id,category,zh,en,points,from,until,unit,month_cap,caps,cooldown_days,evidence,proposers,members,book,only,wishes
help,kindness,帮助他人,helped others,4,,2026-12-31,time,20,,,,,,,,
help,kindness,帮助他人,helped others,6,2027-01-01,,time,24,,,,,,,,议事会
visit,care,探望老人,elder visited,4,,,visit,,12/week|40/month/household|400/quarter/community,1,photo|witness,area-lead|self,resident,care-2026,soap|elder-care,
report,reporting,反映情况,situation reported,2,,,,,,,,,,,,
"""


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    folder = Path(shutil.copytree(YOUYI, tmp_path_factory.mktemp("points") / "setup"))
    (folder / "deeds.csv").write_text(DEEDS, "utf-8")
    return load_setup(folder).points_policy


def test_every_column_of_a_deed_arrives(policies):
    visit = policies.on(dt.date(2026, 9, 1)).deeds["visit"]
    assert visit.caps == (
        Cap(points=12, per="week"),
        Cap(points=40, per="month", of="household"),
        Cap(points=400, per="quarter", of="community"),
    )
    assert (visit.unit, visit.cooldown_days, visit.evidence) == ("visit", 1, ("photo", "witness"))
    assert (visit.proposers, visit.members) == (("area-lead", "self"), ("resident",))
    assert (visit.book, visit.only) == ("care-2026", ("soap", "elder-care"))
    report = policies.on(dt.date(2026, 9, 1)).deeds["report"]
    assert (report.unit, report.members, report.caps, report.month_cap) == ("time", ("resident", "worker"), (), 0)


def test_a_deed_is_judged_by_the_row_of_its_day(policies):
    """行为按发生当日的方案计分."""
    old, new = policies.on(dt.date(2026, 12, 31)).deeds["help"], policies.on(dt.date(2027, 1, 1)).deeds["help"]
    assert [(deed.points, deed.month_cap, deed.wishes) for deed in (old, new)] == [(4, 20, ""), (6, 24, "议事会")]
    assert (old.until_on, new.from_on) == (dt.date(2026, 12, 31), dt.date(2027, 1, 1))


def test_the_part_of_the_setup_says_who_decides_and_how():
    policy = load_setup(YOUYI).points_policy.on(dt.date(2026, 9, 1))
    assert (policy.majority, policy.ladder, policy.decide_within) == ("absolute", "street", parse_limit("5工作日"))
    assert [league.titles[:1] for league in policy.leagues] == [("服务之星一等",), ("服务之星一等",), ("共建之星",)]
    assert {good.kind for good in policy.goods.values()} == {"goods", "discount"}
    assert len({deed.category for deed in policy.deeds.values()}) == 8
