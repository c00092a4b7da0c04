"""Setup files: everything that is wrong is told at once, with file and row."""

import datetime as dt
import runpy
import shutil
from pathlib import Path

import pytest

from gridgov import SetupError, load_setup
from gridgov.documents import json_schemas
from gridgov.merging import AsIs, Bounds, GridCount, MergePolicy
from gridgov.worktime import due, parse_limit

ROOT = Path(__file__).parent.parent.parent
YOUYI = ROOT / "examples/youyi"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(YOUYI / "setup", tmp_path / "setup"))


def change(folder, file, right, wrong):
    path = folder / file
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), "utf-8")


def findings(folder):
    with pytest.raises(SetupError) as error:
        load_setup(folder)
    return error.value.findings


def test_the_examples_setup_is_sound():
    setup = load_setup(YOUYI / "setup")
    assert len(setup.territory.at("building")) == 254
    assert len(setup.territory.at("entrance")) == 906


def test_twelve_planted_mistakes_are_told_at_once_each_with_its_file_and_most_with_their_row(tmp_path):
    planted = runpy.run_path(str(YOUYI / "mistakes.py"))
    found = findings(planted["plant"](YOUYI / "setup", tmp_path / "broken"))
    assert len(planted["MISTAKES"]) == len(found) == 12
    assert all(
        (finding.file and finding.message and finding.remedy) or "above zero" in finding.message for finding in found
    )
    assert [finding.code for finding in found if not finding.row] == ["layer.not-covered"]
    for finding in found:
        if finding.row:
            assert (tmp_path / "broken" / finding.file).read_text("utf-8").splitlines()[finding.row - 1]


@pytest.mark.parametrize(
    ("file", "right", "wrong", "code"),
    [
        ("setup.yaml", "effective_on: 2026-08-31", "effective_on: soon", "file.bad-value"),
        ("setup.yaml", "effective_on: 2026-08-31", "effective_on: [", "file.bad-yaml"),
        ("setup.yaml", "bounds: {", "bounds: {target: 1, ", "file.key-twice"),
        ("setup.yaml", "target: 400", "target: 900", "merging.bad-bounds"),
        ("setup.yaml", "effort: 200", "effort: 3", "merging.bad-policy"),
        ("setup.yaml", "effort: 200", "effort: 200, within: [fire]", "held.unknown-layer"),
        ("setup.yaml", "effort: 200", "together: [[150203005008-B001, B9]]", "held.unknown-place"),
        ("setup.yaml", "effort: 200", "apart: [[150203005008-B001, 150203005009-B001]]", "held.across"),
        ("setup.yaml", "effort: 200", "windows: [{place: '150203005008', target: 900}]", "merging.bad-bounds"),
        ("setup.yaml", "effort: 200", "villages: [{place: '150203005008', least: 3, most: 2}]", "merging.bad-bounds"),
        ("setup.yaml", "effort: 200", "villages: [{place: '150203005', least: 1, most: 2}]", "held.unknown-place"),
        ("setup.yaml", "08:00-12:00", "8 to 12", "worktime.bad-calendar"),
        ("setup.yaml", "ladder: street\n  appeal", "ladder: stret\n  appeal", "points.unknown-ladder"),
        ("setup.yaml", "majority: absolute", "majority: loud", "points.bad-choice"),
        ("setup.yaml", "members: [organization]", "members: [unit]", "points.bad-choice"),
        ("deeds.csv", "6/day", "6 a day", "points.bad-cap"),
        ("deeds.csv", "6/day", "1/day", "points.cap-below-award"),
        ("deeds.csv", ",statement,", ",statement,mayor", "points.unknown-role"),
        ("deeds.csv", "resident|worker|organization", "resident|dog", "points.nobody-earns-it"),
        ("goods.csv", "discount", "gift", "points.bad-kind"),
        ("goods.csv", "4,4,goods,,month", "4,4,goods,,decade", "points.bad-window"),
        ("setup.yaml", "  days: cn\n\n", "  days: cn\n  moved: [2026-09-20]\n\n", "worktime.bad-calendar"),
        ("setup.yaml", "  days: cn\n\n", "  days: days.csv\n\n", "worktime.bad-calendar"),
        ("setup.yaml", "  days: cn\n\n", "  counting: {cutoff: late, resumes: '08:30'}\n\n", "worktime.bad-calendar"),
        ("setup.yaml", "{id: enforcement", "{id: street", "worktime.id-twice"),
        ("setup.yaml", "respond_within: 4工作时", "respond_within: soon", "worktime.bad-limit"),
        ("rules.csv", ",enforcement\n", ",enforcment\n", "routing.unknown-calendar"),
        ("setup.yaml", "after: 4工作时", "after: later", "worktime.bad-limit"),
        ("setup.yaml", "desk: street-desk", "desk: street-dsk", "cases.unknown-desk"),
        ("setup.yaml", "desk_ladder: street", "desk_ladder: stret", "cases.unknown-ladder"),
        ("setup.yaml", "deed: report", "deed: reprt", "points.unknown-deed"),
        ("setup.yaml", "quorum: 5", "quorum: 9", "points.no-quorum"),
        ("setup.yaml", "person: SC1", "person: SC9", "points.unknown-member"),
        ("setup.yaml", 'target: "role:general-grid-head"', 'target: "role:grid-hed"', "escalation.unknown-target"),
        ("places.csv", "code,level,name,parent", "code,levl,name,parent", "file.unknown-column"),
        ("places.csv", "code,level,name,parent", "code,name,parent", "file.missing-column"),
        ("places.csv", ",building,1号楼,150203005008,,", ",building,1号楼,150203005008,,many", "file.bad-cell"),
        (
            "places.csv",
            ",entrance,1号楼1单元,150203005008-B001,,",
            ",entrance,1号楼1单元,150203005008-B001,,x",
            "file.bad-cell",
        ),
        (
            "postings.csv",
            "FS1,first-secretary,150203005008,2026-08-31",
            "FS1,first-secretary,150203005008,31.8.",
            "file.bad-cell",
        ),
        ("postings.csv", "FS1,first-secretary,", "FS2,first-secretary,", "staffing.one-place-only"),
        ("persons.csv", "FS2,", "FS1,", "staffing.id-twice"),
        ("organizations.csv", "gas,", '"gas,', "file.bad-csv"),
        ("rules.csv", ">=3", ">= >= 3", "routing.bad-cell"),
        ("rules.csv", "id,band,priority,kind,grid_kind", "id,band,priority,kind,grid_knd", "file.unknown-column"),
        ("rules.csv", "manhole,safety", "manhole,safty", "routing.unknown-band"),
        ("rules.csv", "manhole,safety", "gas-smell,safety", "routing.id-twice"),
        (
            "catalog.csv",
            "public,community,small,ordinary,true,true",
            "publik,community,small,ordinary,true,true",
            "catalog.bad-affair",
        ),
        (
            "deeds.csv",
            "meeting,participation,参加会议,meeting attended,3,time,12",
            "meeting,p,参,m,30,time,12",
            "points.cap-below-award",
        ),
        ("goods.csv", "soap,charity-shop", "soap,charity-shp", "points.unknown-outlet"),
        ("access.csv", "OpenCase,all", "OpenCse,all", "access.unknown-name"),
        ("access.csv", "entrance-lead,", "entrance-leed,", "access.unknown-role"),
        ("access.csv", "OpenCase,all", "OpenCase,some", "access.unknown-scope"),
        ("notices.csv", "case-routed,lead,console,zh", "case-routed,lead,console,fr", "notices.unknown-language"),
        ("notices.csv", "case-routed,lead", "case-routed,leed", "notices.unknown-audience"),
        ("incumbents.csv", "AL01,area-lead", "AL99,area-lead", "staffing.unknown-holder"),
        ("layers.csv", "party,PARTY-01", "partei,PARTY-01", "layer.unknown"),
        ("adjacency.csv", "150203005008-B001,", "150203005008-B999,", "ground.unknown-place"),
    ],
)
def test_each_mistake_is_found_with_its_file(folder, file, right, wrong, code):
    change(folder, file, right, wrong)
    assert (file, code) in [(finding.file, finding.code) for finding in findings(folder)]


def test_a_missing_file_a_missing_folder_and_another_encoding_are_told(folder, tmp_path):
    (folder / "rules.csv").unlink()
    path = folder / "persons.csv"
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    found = {(finding.file, finding.code) for finding in findings(folder)}
    assert {("rules.csv", "file.missing"), ("persons.csv", "file.not-utf8")} <= found
    assert findings(tmp_path / "nowhere")[0].code == "file.missing"


def test_a_name_that_many_rows_miss_is_one_mistake_with_a_count(folder):
    change(folder, "places.csv", "150203005008-B001,building", "150203005008-B00X,building")
    missing = [
        finding
        for finding in findings(folder)
        if "150203005008-B001'" in finding.message or "150203005008-B001," in finding.message
    ]
    assert len(missing) == 1
    assert "more rows name it" in missing[0].message


def test_a_table_with_a_byte_order_mark_and_quoted_line_breaks_is_read(folder):
    path = folder / "deeds.csv"
    text = path.read_text("utf-8").replace("参加会议", '"参加\n会议"')
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    deeds = load_setup(folder).points_policy.entries[0].value.deeds
    assert deeds["meeting"].zh == "参加\n会议"


def test_every_setup_file_has_a_schema_and_the_example_fulfills_its_own():
    import datetime as dt

    import jsonschema
    import yaml

    schemas = json_schemas()
    plain = yaml.safe_load((YOUYI / "setup/setup.yaml").read_text("utf-8"))

    def as_text(value):
        if isinstance(value, dict):
            return {key: as_text(part) for key, part in value.items()}
        if isinstance(value, list):
            return [as_text(part) for part in value]
        return value.isoformat() if isinstance(value, dt.date) else value

    jsonschema.Draft202012Validator(schemas["setup.yaml"]).validate(as_text(plain))
    assert set(schemas) >= {path.name for path in (YOUYI / "setup").iterdir()}


def test_an_alias_that_holds_itself_is_told_and_a_whistles_days_are_read(folder):
    change(folder, "setup.yaml", "reopening_days: 15", "reopening_days: 15\n  whistle_days: 7")
    assert load_setup(folder).case_policy.entries[0].value.whistle_days == 7
    change(folder, "setup.yaml", "effective_on: 2026-08-31", "effective_on: 2026-08-31\nloop: &a [*a]")
    assert ("setup.yaml", "file.bad-yaml") in [(finding.file, finding.code) for finding in findings(folder)]


def test_a_misspelt_file_is_told_and_not_silently_an_empty_table(folder):
    (folder / "access.csv").rename(folder / "acces.csv")
    assert ("acces.csv", "file.unknown", "did you mean access.csv?") in [
        (f.file, f.code, f.remedy) for f in findings(folder)
    ]


def test_what_is_wanted_of_a_merge_is_read_whole(tmp_path):
    """Windows and villages by place, what is held, and what is priced."""
    folder = tmp_path / "setup"
    shutil.copytree(YOUYI / "setup", folder)
    path = folder / "setup.yaml"
    wanted = """merging:
  within: [party]
  barrier: 3
  loyalty: 2
  meters: 40
  effort: 50
  windows: [{place: "150203005008", households_min: 30, households_max: 50, target: 40}]
  villages: [{place: "150203005009", least: 2, most: 4}]
  as_is: [[150203005010-B001]]
"""
    path.write_text(path.read_text("utf-8").replace("merging: {effort: 200}\n", wanted), encoding="utf-8")
    policy = load_setup(folder).merging
    assert policy == MergePolicy(
        exceptions={
            "150203005008": Bounds(households_min=30, households_max=50, target=40),
            "150203005009": GridCount(least=2, most=4),
        },
        within=("party",),
        barrier=3,
        loyalty=2,
        meters=40,
        effort=50,
        held=(AsIs(("150203005010-B001",)),),
    )


def test_holidays_may_stand_in_a_file_of_their_own(folder):
    change(folder, "setup.yaml", "  days: cn\n\n", "  days: days.csv\n\n")
    rows = [
        "date,works,name,notice",
        '2026-09-25,false,中秋节,"国务院办公厅通知, 2025-11-04"',
        "2026-09-20,true,,",
    ]
    (folder / "days.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    calendar = load_setup(folder).calendar
    assert calendar.sessions(dt.date(2026, 9, 25)) == ()
    assert calendar.sessions(dt.date(2026, 9, 20))
    assert (calendar.known_from, calendar.known_through) == (dt.date(2026, 1, 1), dt.date(2026, 12, 24))
    assert calendar.notice == "国务院办公厅通知, 2025-11-04; days.csv"
    (folder / "days.csv").write_text("date,works\n2026-02-30,false\n", encoding="utf-8")
    assert "file.bad-cell" in {finding.code for finding in findings(folder)}


def test_a_calendar_may_count_from_the_next_day_and_others_have_ids_of_their_own(folder):
    counting = "  days: cn\n  counting: {cutoff: '16:30', resumes: '08:30'}\n\n"
    change(folder, "setup.yaml", "  days: cn\n\n", counting)
    setup = load_setup(folder)
    assert (setup.calendar.counting.cutoff, setup.calendar.counting.resumes) == (990, 510)
    assert set(setup.calendars_by_id) == {"street", "enforcement"}


def test_until_a_plugin_has_said_which_days_rest_every_deadline_is_provisional(folder):
    """Never silent: a calendar that waits for its days knows none of them."""
    calendar = load_setup(folder).calendar
    assert calendar.days == "cn"
    start = dt.datetime(2026, 9, 1, 1, tzinfo=dt.UTC)
    assert due(parse_limit("1工作日"), start, calendar).provisional
