"""The command ``python -m gridgov rules``: check, write, hand out a template."""

import shutil
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from gridgov import load_setup
from gridgov.__main__ import main
from gridgov.documents import read_rules

YOUYI = Path(__file__).parent.parent.parent / "examples/youyi"
RULES = (
    "id,band,kind,lead,limit,from\n"
    "gas,safety,utility.gas,org:gas,2紧急工作时,\n"
    "food,category,market.food,org:market-supervision,1工作日,2027-01-01\n"
    "rest,default,,desk,3工作日,\n"
)


@pytest.fixture
def folder(tmp_path):
    folder = Path(shutil.copytree(YOUYI / "setup", tmp_path / "setup"))
    for pattern in ("rules*", "shadow*", "limits.csv", "also.csv", "absences.csv"):
        for path in folder.glob(pattern):
            path.unlink()
    catalog = folder / "catalog.csv"
    rows = [line.split(",")[:9] for line in catalog.read_text("utf-8").splitlines()]
    catalog.write_text("".join(f"{','.join(row)}\n" for row in rows), encoding="utf-8")
    (folder / "rules.csv").write_text(RULES, encoding="utf-8")
    return folder


def cells(path, sheet):
    return CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def test_good_rules_give_zero_a_count_and_the_version(folder, capsys):
    assert main(["rules", str(folder)]) == 0
    *told, last = capsys.readouterr().out.splitlines()
    assert all(line.startswith("  · ") for line in told)
    # Two of the folder hold today, one more comes from the plugin gridgov-sample-rules.
    assert " rules on " in last
    assert last.endswith(f"worth a look: {len(told)}")


def test_what_is_worth_a_look_is_told_and_forbids_nothing(folder, capsys):
    path = folder / "rules.csv"
    path.write_text(RULES.replace("rest,default,,desk,3工作日,\n", ""), encoding="utf-8")
    assert main(["rules", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "(routing.gap)" in out
    assert "  ✗" not in out
    assert "  · rules.csv: no rule takes the case" in out


def test_a_mistake_gives_one_and_stands_on_the_other_stream(folder, capsys):
    path = folder / "rules.csv"
    path.write_text(RULES.replace("org:gas", "org:gaz"), encoding="utf-8")
    assert main(["rules", str(folder)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "rules.csv:2 [lead]: the rule gas names the unknown department 'gaz' → did you mean 'gas'?" in told.err


def test_a_folder_that_is_not_there_gives_one(tmp_path, capsys):
    assert main(["rules", str(tmp_path / "nowhere")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_the_rules_of_a_day_are_those_that_hold_on_it(folder, capsys):
    assert main(["rules", str(folder), "--on", "2026-12-31", "--write", str(folder.parent / "day.csv")]) == 0
    assert "3 rules on 2026-12-31, table " in capsys.readouterr().out
    written = {rule.id: rule for rule in read_rules(folder.parent / "day.csv").book.rules.rules}
    assert set(written) == {"gas", "food", "rest"}, "as they stand in the file, with their days"
    assert str(written["food"].from_on) == "2027-01-01"
    assert main(["rules", str(folder), "--on", "2027-01-01"]) == 0
    assert "4 rules on 2027-01-01, table " in capsys.readouterr().out


def test_examples_are_written_with_the_rules(folder, capsys, tmp_path):
    (folder / "rules.tests.csv").write_text("id,kind,rule\nsmell,utility.gas.smell,gas\n", encoding="utf-8")
    assert main(["rules", str(folder), "--write", str(tmp_path / "rules.xlsx")]) == 0
    assert dict(read_rules(tmp_path / "rules.xlsx").examples["smell"].expects) == {"rule": "gas"}


def test_a_rulebook_on_trial_is_counted(folder, capsys):
    shutil.copy(folder / "rules.csv", folder / "shadow.csv")
    assert main(["rules", str(folder), "--on", "2027-01-01"]) == 0
    assert "on trial: 4 rules, table " in capsys.readouterr().out


def test_with_a_day_postings_and_the_calendar_are_looked_at(folder, capsys):
    path = folder / "setup.yaml"
    role = "roles:\n  - {id: night-watch, zh: 夜巡员, en: night watch, level: community}\n"
    path.write_text(path.read_text("utf-8").replace("roles:\n", role, 1), encoding="utf-8")
    (folder / "rules.csv").write_text(RULES + "watch,local,order,role:night-watch,1工作日,\n", encoding="utf-8")
    assert main(["rules", str(folder), "--on", "2026-09-07"]) == 0
    out = capsys.readouterr().out
    assert "watch sends to night-watch, and on 2026-09-07 nobody is on duty for 4 of 4 places" in out
    assert main(["rules", str(folder), "--on", "2026-12-31"]) == 0
    assert "(routing.beyond-calendar)" in capsys.readouterr().out


@pytest.mark.parametrize("day", ["31.12.2026", "2026-02-30", "soon"])
def test_a_day_that_is_none_is_wrong_usage(folder, capsys, day):
    with pytest.raises(SystemExit) as error:
        main(["rules", str(folder), "--on", day])
    assert error.value.code == 2
    assert f"{day!r} is no day; write it as in 2026-11-22" in capsys.readouterr().err


def test_several_files_are_written_at_once_and_named(folder, capsys, tmp_path):
    files = [tmp_path / name for name in ("a.csv", "b.yaml", "c.xlsx")]
    assert main(["rules", str(folder), *(part for file in files for part in ("--write", str(file)))]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [str(file) for file in files]
    one, two, three = (read_rules(file).book for file in files)
    assert one.version == two.version == three.version
    assert {rule.id for rule in one.rules.rules} >= {"gas", "food", "rest"}


def test_another_ending_is_told_and_nothing_is_written(folder, capsys, tmp_path):
    assert main(["rules", str(folder), "--write", str(tmp_path / "a.txt")]) == 1
    assert "a.txt is no rule file; it ends with .csv, .yaml, .xlsx" in capsys.readouterr().err
    assert not (tmp_path / "a.txt").exists()


@pytest.mark.parametrize("suffix", [".csv", ".yaml", ".xlsx"])
def test_what_was_written_can_stand_in_the_folder_in_place_of_what_was_read(folder, capsys, tmp_path, suffix):
    """Rows of plugins and of the duty list come again by themselves; written as well they would stand twice."""
    catalog = folder / "catalog.csv"
    lines = catalog.read_text("utf-8").splitlines()
    lines = [f"{lines[0]},lead,limit", *(f"{line},," for line in lines[1:])]
    lines = [f"{line[:-2]},org:ecology,当日" if line.startswith("ecology.smoke,") else line for line in lines]
    catalog.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["rules", str(folder), "--write", str(tmp_path / f"rules{suffix}")]) == 0
    before = capsys.readouterr().out.splitlines()[-1]
    assert " rules on " in before
    (folder / "rules.csv").unlink()
    shutil.copy(tmp_path / f"rules{suffix}", folder)
    assert main(["rules", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == before


def test_a_template_holds_every_column_and_a_sheet_of_help(folder, capsys, tmp_path):
    declared = "\nfacts:\n  - {id: floor, type: number, zh: 楼层, en: floor}\n\ncases:\n"
    path = folder / "setup.yaml"
    path.write_text(path.read_text("utf-8").replace("\ncases:\n", declared, 1), encoding="utf-8")
    template = tmp_path / "template.xlsx"
    assert main(["rules", str(folder), "--template", str(template)]) == 0
    assert str(template) in capsys.readouterr().out.splitlines()
    assert CalamineWorkbook.from_path(template).sheet_names == ["rules", "limits", "also", "tests", "help"]
    header, *rows = cells(template, "rules")
    assert rows == []
    assert header[:5] == ["id", "band", "priority", "kind", "place"]
    assert {"floor", "time", "tag", "when", "from", "until", "lead", "on_the_spot", "tell_zh"} <= set(header)
    assert {"id", "floor", "when", "limit", "calendar", "ladder"} <= set(cells(template, "limits")[0])
    assert {"id", "floor", "supporting", "informed"} <= set(cells(template, "also")[0])
    assert {"id", "floor", "on", "rule", "lead", "limit"} <= set(cells(template, "tests")[0])
    told = dict(cells(template, "help"))
    assert told["role:area-lead"] == "片长 area lead"
    assert set(told) >= {f"role:{role}" for role in load_setup(folder).roster.roles}
    assert told["org:gas"] == "燃气公司 gas company"
    assert told["order.noise"] == "噪音扰民 noise"
    assert told["grid"] == "community → street → first-responsible"
    bands = "emergency → safety → vulnerable → local → time → whistle → split → category → default"
    assert ["band", bands] in cells(template, "help")
    assert told["floor"].startswith("楼层 floor: 3, 3|4, !3, >=3, <=3, 2..5; empty: any")
    assert told["source"].endswith("; empty: any; with ? behind it: or not stated")


def test_a_template_is_read_as_a_rulebook_without_rows(folder, tmp_path):
    main(["rules", str(folder), "--template", str(tmp_path / "own.xlsx")])
    read = read_rules(tmp_path / "own.xlsx")
    assert read.book.is_plain
    assert read.book.rules.rules == ()
    assert read.examples == {}
