"""Rule files: three shapes, one rulebook; written and read again; every mistake with file, row and column."""

import csv
import datetime as dt
import io
import shutil
import string
import tempfile
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gridgov import SetupError, load_setup
from gridgov.documents import RuleFile, read_rules, write_rules
from gridgov.routing import (
    ANSWERS,
    BANDS,
    EXPECTED,
    FACTS,
    Cell,
    Example,
    Fact,
    Rule,
    Rulebook,
    Table,
    Then,
    usual_facts,
)
from gridgov.worktime import Limit, LimitKind, parse_limit

ROOT = Path(__file__).parent.parent.parent
YOUYI = ROOT / "examples/youyi"
STREET = "150203005"
COMMUNITY = "150203005008"
BUILDING = "150203005008-B001"
SUFFIXES = (".csv", ".yaml", ".xlsx")
LAST = dt.date.max
MATTER = (
    "id,band,priority,kind,source,repeats,lead,limit,ladder\n"
    "gas,safety,,utility.gas,,,org:gas,2紧急工作时,urgent\n"
    "noise,category,,order.noise,,,role:area-lead,1工作日,grid\n"
    "rest,default,,,,,desk,3工作日,street\n"
)
"""A small table that takes every case."""


@pytest.fixture
def whole(tmp_path):
    """Give the setup of the example."""
    return Path(shutil.copytree(YOUYI / "setup", tmp_path / "setup"))


@pytest.fixture
def folder(whole):
    """Give the same with no rules at all, and a duty list that says who is there but not who handles it."""
    for name in ("rules", "shadow"):
        for path in whole.glob(f"{name}*"):
            path.unlink()
    for name in ("limits.csv", "also.csv", "absences.csv"):
        (whole / name).unlink(missing_ok=True)
    rows = list(csv.DictReader(io.StringIO((whole / "catalog.csv").read_text("utf-8"))))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0])[:9], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return put(whole, "catalog.csv", text.getvalue())


@pytest.fixture
def small(folder):
    """Give a setup with three rules."""
    return put(folder, "rules.csv", MATTER)


def put(folder, file, text):
    (folder / file).write_text(text, encoding="utf-8")
    return folder


def change(folder, file, right, wrong):
    text = (folder / file).read_text("utf-8")
    assert right in text
    return put(folder, file, text.replace(right, wrong, 1))


def add(folder, file, *lines):
    return put(folder, file, (folder / file).read_text("utf-8") + "".join(f"{line}\n" for line in lines))


def findings(folder):
    with pytest.raises(SetupError) as error:
        load_setup(folder)
    return error.value.findings


def only(folder):
    """Give the one mistake that a folder has: code, file, row, column, what is wrong, what would be right."""
    (found,) = findings(folder)
    return found.code, found.file, found.row, found.column, found.message, found.remedy


def ruling(setup, kind, place=BUILDING, on=LAST, **more):
    facts = usual_facts(kind, place, setup.catalog, setup.territory) | more
    return setup.rulebooks.on(on).decide(facts, setup.territory)


def book(setup):
    return setup.rulebooks.on(LAST)


def tables(folder):
    """Take the CSV files of the rules out of a folder: table → its lines."""
    files = {"rules": "rules.csv", "limits": "limits.csv", "also": "also.csv", "tests": "rules.tests.csv"}
    found = {}
    for part, file in files.items():
        path = folder / file
        if path.is_file():
            found[part] = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
            path.unlink()
    return found


def as_yaml(folder):
    """Write the rules of a folder anew as YAML, by no code of the library."""
    plain = {
        part: [{name: text for name, text in zip(header, row, strict=True) if text} for row in rows]
        for part, (header, *rows) in tables(folder).items()
    }
    return put(folder, "rules.yaml", yaml.safe_dump(plain, allow_unicode=True, sort_keys=False))


def as_workbook(folder, name="rules"):
    """Write them anew as a workbook as a person would: numbers are numbers, true is a check mark."""
    with xlsxwriter.Workbook(str(folder / "rules.xlsx")) as workbook:
        for part, rows in tables(folder).items():
            sheet = workbook.add_worksheet(name if part == "rules" else part)
            for number, row in enumerate(rows):
                for place, text in enumerate(row):
                    if text == "true":
                        sheet.write_boolean(number, place, True)
                    elif text.isdigit():
                        sheet.write_number(number, place, int(text))
                    else:
                        sheet.write_string(number, place, text)
    return folder


# --- three shapes -------------------------------------------------------------------------------


@pytest.mark.parametrize("rewrite", [as_yaml, as_workbook])
def test_yaml_and_a_workbook_give_the_rulebook_that_csv_gives(whole, rewrite):
    right = load_setup(whole)
    rules = book(right).rules.rules
    assert len(rules) > 28
    assert {rule.priority for rule in rules} >= {None, 10, 200}
    read = load_setup(rewrite(whole))
    assert [len(table) for table in (book(read).rules.rules, book(read).limits.rules, book(read).also.rules)] == [
        len(table) for table in (rules, book(right).limits.rules, book(right).also.rules)
    ]
    assert book(read).rules.rules == rules
    assert book(read).version == book(right).version
    assert read.section_digests["tables"] == right.section_digests["tables"]


def test_a_workbook_may_hold_dates_and_times_and_a_place_as_a_number(folder):
    with xlsxwriter.Workbook(str(folder / "rules.xlsx")) as workbook:
        sheet = workbook.add_worksheet("rules")
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["id", "band", "place", "lead", "limit", "from", "until"])
        sheet.write_row(1, 0, ["a", "category", int(COMMUNITY), "desk", "1工作日"])
        sheet.write_datetime(1, 5, dt.datetime(2026, 9, 1), day)  # noqa: DTZ001 - a cell has no zone
        sheet.write_datetime(1, 6, dt.datetime(2026, 9, 30), day)  # noqa: DTZ001
        tests = workbook.add_worksheet("tests")
        clock = workbook.add_format({"num_format": "hh:mm"})
        tests.write_row(0, 0, ["id", "kind", "time", "on", "rule"])
        tests.write_row(1, 0, ["x", "order.noise", None, None, "a"])
        tests.write_datetime(1, 2, dt.time(22, 30), clock)
        tests.write_datetime(1, 3, dt.datetime(2026, 9, 30), day)  # noqa: DTZ001
    file = read_rules(folder / "rules.xlsx")
    (rule,) = file.book.rules.rules
    assert rule.cells == (Cell("place", "below", (COMMUNITY,)),)
    assert (rule.from_on, rule.until_on) == (dt.date(2026, 9, 1), dt.date(2026, 9, 30))
    assert file.examples == {
        "x": Example(
            id="x", stated={"kind": "order.noise", "time": "22:30"}, expects={"rule": "a"}, on=dt.date(2026, 9, 30)
        )
    }


def test_what_a_yaml_file_says_is_read_as_it_is_written_also_where_yaml_takes_it_for_a_number(folder):
    """A class 0102 of the official list and 22:30 are no numbers, whatever YAML 1.1 says."""
    put(
        folder,
        "rules.yaml",
        "rules:\n- {id: lid, band: category, kind: 0102, lead: desk, limit: 1工作日}\n"
        "tests:\n- {id: x, kind: 0102, time: 22:30, rule: lid}\n",
    )
    file = read_rules(folder / "rules.yaml")
    assert file.book.rules.rules[0].cells == (Cell("kind", "below", ("0102",)),)
    assert file.examples["x"].stated == {"kind": "0102", "time": "22:30"}


def test_a_cell_of_yaml_may_be_a_list_a_number_a_truth_or_a_date(folder):
    put(
        folder,
        "two.yaml",
        "rules:\n"
        "- id: a\n"
        "  band: category\n"
        "  priority: 7\n"
        "  kind: [utility.gas, order.noise]\n"
        "  departments: 3\n"
        "  lead: desk\n"
        "  informed: [org:gas, org:water]\n"
        "  on_the_spot: true\n"
        "  until: 2026-12-31\n",
    )
    (rule,) = read_rules(folder / "two.yaml").book.rules.rules
    assert rule == Rule(
        id="a",
        priority=7,
        cells=(Cell("kind", "below", ("utility.gas", "order.noise")), Cell("departments", "equals", ("3",))),
        then=Then(lead="desk", informed=("org:gas", "org:water"), on_the_spot=True),
        until_on=dt.date(2026, 12, 31),
    )


def test_two_shapes_at_once_are_told_once(small):
    put(small, "rules.yaml", "rules: []\n")
    code, file, row, column, message, remedy = only(small)
    assert (code, file, row, column) == ("file.twice", "rules.yaml", 0, "")
    assert message == "the rules stand in rules.csv, rules.yaml"
    assert remedy == "keep one of them"


def test_no_rules_at_all_are_told_as_a_missing_file(folder):
    assert ("file.missing", "rules.csv") in [(each.code, each.file) for each in findings(folder)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_rule_file_that_is_not_there_is_missing_by_its_own_name(folder, suffix):
    for each in SUFFIXES:
        if each != suffix:
            write_rules(Rulebook(Table(())), folder / f"own{each}")
    with pytest.raises(SetupError) as error:
        read_rules(folder / f"own{suffix}")
    (found,) = error.value.findings
    assert (found.code, found.file) == ("file.missing", f"own{suffix}")


def test_another_ending_is_no_rule_file(tmp_path):
    for call in (
        lambda: read_rules(tmp_path / "a.txt"),
        lambda: write_rules(RuleFile(Rulebook(Table(()))), tmp_path / "a.txt"),
    ):
        with pytest.raises(SetupError) as error:
            call()
        (found,) = error.value.findings
        assert (found.code, found.subject) == ("file.unknown", "a.txt")
        assert found.message == "a.txt is no rule file; it ends with .csv, .yaml, .xlsx"
    assert not (tmp_path / "a.txt").exists()


def test_a_workbook_without_a_sheet_of_rules_is_told(small):
    as_workbook(small, name="Sheet1")
    code, file, row, _, message, remedy = only(small)
    assert (code, file, row) == ("file.no-sheet", "rules.xlsx", 0)
    assert message == "rules.xlsx has no sheet called rules"
    assert remedy == "name the first sheet rules"


def test_a_sheet_of_rules_with_nothing_in_it_is_told_and_is_not_a_table_without_rules(folder):
    with xlsxwriter.Workbook(str(folder / "rules.xlsx")) as workbook:
        workbook.add_worksheet("rules")
    assert {(each.code, each.file, each.column) for each in findings(folder)} >= {
        ("file.missing-column", "rules.xlsx:rules", "id"),
        ("file.missing-column", "rules.xlsx:rules", "lead"),
    }


def test_a_file_that_is_no_workbook_is_told(small):
    (small / "rules.csv").rename(small / "rules.xlsx")
    code, file, row, _, message, remedy = only(small)
    assert (code, file, row) == ("file.bad-workbook", "rules.xlsx", 0)
    assert message.startswith("rules.xlsx is no workbook: ")
    assert remedy == "save it again as .xlsx"


def test_a_workbook_that_is_open_elsewhere_is_no_unknown_table(small):
    """Excel keeps a file ~$rules.xlsx beside the one that is open."""
    before = load_setup(small).rulebooks.entries[0].value.version
    (small / "~$rules.xlsx").write_bytes(b"\x05owner")
    assert load_setup(small).rulebooks.entries[0].value.version == before


@pytest.mark.parametrize("rewrite", [as_yaml, as_workbook])
def test_limits_beside_a_yaml_file_or_a_workbook_are_not_silently_left_out(small, rewrite):
    """Whoever goes from CSV to a workbook and forgets limits.csv must hear of it."""
    put(rewrite(small), "limits.csv", "id,kind,limit\nfast,order.noise,当日\n")
    assert {each.file for each in findings(small)} == {"limits.csv"}


# --- written and read again ---------------------------------------------------------------------

OWN = {
    "floor": Fact("floor", "number", "楼层", "floor"),
    "zone": Fact("zone", "code", "片区", "zone", ("east", "west", "=north")),
    "street_code": Fact("street_code", "code", "街码", "street code"),
    "note": Fact("note", "text", "备注", "note"),
    "opened": Fact("opened", "time", "开门", "opened"),
    "mark": Fact("mark", "tags", "记号", "mark"),
}
EVERY = {**FACTS, **OWN}
RISKY = ("=", "+", "-", "@", "'", "''", "'=", "")
CHARS = st.sampled_from(string.ascii_letters + string.digits + "燃气夜间，。“”é😀 .,;:\"'()/#%&<>=!-+@~`[]{}$^_\\\n\t")


def texts(also=""):
    """Texts as they come out of a file: without space around them."""
    tail = st.text(CHARS | st.sampled_from(also) if also else CHARS, min_size=1, max_size=12)
    written = st.builds(lambda head, rest: f"{head}{rest}".strip(), st.sampled_from(RISKY), tail)
    return written.filter(bool)


# A word of a cell: what would be read as an operator cannot be one.
WORDS = texts().filter(lambda word: word[0] not in "<>=!")
TARGETS = st.sampled_from(["desk", "role:area-lead", "org:gas", "nearest:station"]) | texts()
LIMITS = st.none() | st.one_of(
    st.builds(Limit, st.integers(1, 10_000), st.sampled_from([kind for kind in LimitKind if kind.value != "set-date"])),
    st.builds(Limit.by, st.dates(dt.date(1900, 1, 1), dt.date(2999, 12, 31))),
)
WHENS = st.sampled_from(
    [
        "",
        'departments >= 2 && "school" in tag',
        "-repeats < -3 || mode == 'emergency'",
        '"电梯, 老人" in tag',
        "!has(severity) ||\nseverity > 2",
        'kind.startsWith("utility") && (floor > 6 || has(zone))',
    ]
)
CLOCKS = st.integers(0, 23 * 60 + 59).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


def several(values, least=1):
    return st.lists(values, min_size=least, max_size=3).map(tuple)


def cells_of(fact):
    missing = st.booleans()
    if fact.type == "number":
        least, most = (-99 if fact.least is None else fact.least), (99 if fact.most is None else fact.most)
        number = st.integers(least, most)
        one = st.tuples(st.sampled_from(["equals", "at-least", "at-most"]), number.map(lambda n: (str(n),)))
        many = st.tuples(st.just("in"), several(number.map(str), 2)) | st.tuples(
            st.just("not-in"), several(number.map(str))
        )
        span = st.tuples(st.just("between"), st.tuples(number, number).map(lambda n: tuple(map(str, sorted(n)))))
        asked = one | many | span
    elif fact.type == "time":
        window = st.tuples(CLOCKS, CLOCKS | st.just("24:00")).filter(lambda ends: ends[0] != ends[1])
        asked = st.tuples(st.just("between"), window)
    else:
        domain = [value for value in fact.domain if value and value[0] not in "<>=!"]
        word = st.sampled_from(domain) if domain else WORDS
        asked = st.tuples(st.just("not-in"), several(word))
        if fact.type in ("kind", "place"):
            asked |= st.tuples(st.just("below"), several(word))
        else:
            asked |= st.tuples(st.just("equals"), several(word).map(lambda values: values[:1]))
            asked |= st.tuples(st.just("in"), several(word, 2))
        if fact.type in ("code", "text") and not domain:
            asked |= st.tuples(st.just("prefix"), word.map(lambda value: (value,)))
    return st.builds(lambda op, either: Cell(fact.name, *op, or_missing=either), asked, missing)


@st.composite
def rows(draw, id_, policy):
    asked = draw(st.lists(st.sampled_from(list(EVERY)), max_size=4, unique=True))
    asked = [name for name in EVERY if name in asked]
    answers = {
        "lead": draw(TARGETS), "supporting": draw(several(TARGETS, 0)), "informed": draw(several(TARGETS, 0)),
        "limit": draw(LIMITS), "calendar": draw(st.just("") | texts()), "ladder": draw(st.just("") | texts("|")),
        "on_the_spot": draw(st.booleans()), "tell_zh": draw(st.just("") | texts("|")),
        "tell_en": draw(st.just("") | texts("|?*")),
    }  # fmt: skip
    if policy == "single":
        answers["ladder"] = draw(texts("|"))
        answers["calendar"] = answers["calendar"] if answers["limit"] else ""
    if policy == "collect":
        answers["supporting"] = draw(several(TARGETS))
    from_on = draw(st.just(dt.date.min) | st.dates())
    return Rule(
        id=id_,
        band=draw(st.sampled_from(BANDS)) if policy == "first" else "category",
        priority=draw(st.none() | st.integers(-5, 300)) if policy == "first" else None,
        cells=tuple(draw(cells_of(EVERY[name])) for name in asked),
        when=draw(WHENS),
        from_on=from_on,
        until_on=draw(st.just(LAST) | st.dates(min_value=from_on)),
        then=Then(**{name: answers[name] for name in ANSWERS[policy]}),
    )


@st.composite
def examples(draw, id_):
    stated = draw(st.dictionaries(st.sampled_from(list(EVERY)), texts("|?*"), max_size=4))
    expects = draw(st.dictionaries(st.sampled_from(EXPECTED), texts("|") | st.just("-"), max_size=6))
    return Example(id=id_, stated=stated, expects=expects, on=draw(st.just(LAST) | st.dates()))


@st.composite
def rule_files(draw):
    ids = iter(draw(st.lists(texts("|"), min_size=8, max_size=8, unique=True)))
    tables = [
        Table.build([draw(rows(next(ids), policy)) for _ in range(draw(st.integers(0, 2)))], facts=EVERY, policy=policy)
        for policy in ("first", "single", "collect")
    ]
    beside = [draw(examples(next(ids))) for _ in range(draw(st.integers(0, 2)))]
    return RuleFile(Rulebook(*tables), {each.id: each for each in beside})


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(file=rule_files(), stem=st.sampled_from(["rules", "shadow", "try.2"]))
def test_what_is_written_is_read_again_as_it_was(suffix, file, stem):
    """写出再读回，规则不变: every cell, window, date, limit, party, text and example is the same again."""
    with tempfile.TemporaryDirectory() as place:
        written = write_rules(file, Path(place) / f"{stem}{suffix}")
        assert sorted(written) == sorted(Path(place).iterdir())
        read = read_rules(Path(place) / f"{stem}{suffix}", facts=EVERY)
    assert read.book.rules.rules == file.book.rules.rules
    assert read.book.limits.rules == file.book.limits.rules
    assert read.book.also.rules == file.book.also.rules
    assert read.book.version == file.book.version
    assert dict(read.examples) == dict(file.examples)


def one_rule(text):
    return Rulebook(Table.build([Rule(id="a", cells=(), then=Then(lead="desk", tell_zh=text))]))


NASTY = [
    "''", "''quoted''", "'=x", "''=x", "'''-x", "'-5", "-5", "--5", "-5.5", "a\r\nb", "a\rb", "a\x85b", "a\u2028b",
    "_x0041_", "a\x07b", "null", "~", "true", "0102", "22:30", "<<", "2026-09-01", "1e3", '"a"', 'a""b', "a, b", "#N/A",
]  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", NASTY)
def test_a_text_that_a_format_could_take_for_something_else_stays_as_it_is(tmp_path, suffix, text):
    write_rules(one_rule(text), tmp_path / f"a{suffix}")
    assert read_rules(tmp_path / f"a{suffix}").book.rules.rules[0].then.tell_zh == text


def test_what_was_written_before_does_not_stay_behind(tmp_path):
    """Rules without limits, written over some with limits, are rules without limits."""
    limits = Table.build([Rule(id="l", cells=(), then=Then(limit=parse_limit("当日")))], policy="single")
    also = Table.build([Rule(id="s", cells=(), then=Then(informed=("desk",)))], policy="collect")
    plain = one_rule("好")
    both = RuleFile(Rulebook(plain.rules, limits, also), {"x": Example(id="x", stated={}, expects={"rule": "a"})})
    assert {path.name for path in write_rules(both, tmp_path / "rules.csv")} == {
        "rules.csv", "limits.csv", "also.csv", "rules.tests.csv"
    }  # fmt: skip
    write_rules(plain, tmp_path / "rules.csv")
    read = read_rules(tmp_path / "rules.csv")
    assert read.book.is_plain
    assert dict(read.examples) == {}


def test_a_fact_with_many_values_can_be_written_into_a_workbook(tmp_path):
    """A list of a workbook holds 255 characters; a longer one is offered in the help alone."""
    domain = tuple(f"community-{number:03}" for number in range(40))
    facts = {**FACTS, "home": Fact("home", "code", "社区", "home", domain)}
    rule = Rule(id="a", cells=(Cell("home", "in", domain[:2]),), then=Then(lead="desk"))
    write_rules(Rulebook(Table.build([rule], facts=facts)), tmp_path / "a.xlsx")
    assert read_rules(tmp_path / "a.xlsx", facts=facts).book.rules.rules == (rule,)


# --- no formula ---------------------------------------------------------------------------------

FORMULAS = ['=HYPERLINK("http://evil","x")', "+1+1", "-1+1", "@SUM(A1)", "=1", "-5%", "'=1+1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_csv_begins_as_a_formula_does(tmp_path, text):
    then = Then(lead=text, informed=(text,), ladder=text, tell_zh=text, tell_en=text)
    rule = Rule(id=text, cells=(Cell("repeats", "equals", ("3",)), Cell("floor", "equals", ("-5",))), then=then)
    example = Example(id=text, stated={"floor": "-5", "note": text}, expects={"lead": text})
    file = RuleFile(Rulebook(Table.build([rule], facts=EVERY)), {text: example})
    for path in write_rules(file, tmp_path / "rules.csv"):
        cells = [cell for row in csv.reader(io.StringIO(path.read_text("utf-8"))) for cell in row]
        risky = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert set(risky) <= {"-5"}, "a plain number stays one"
        assert f"'{text}" in cells
    read = read_rules(tmp_path / "rules.csv", facts=EVERY)
    assert read.book.rules.rules == (rule,)
    assert read.examples == {text: example}


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_workbook_is_a_formula(tmp_path, text):
    write_rules(one_rule(text), tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        strings = parts.read("xl/sharedStrings.xml").decode()
    assert len(sheets) == 5
    assert all("<f>" not in sheet and "<f " not in sheet for sheet in sheets)
    assert f"<t>{text.replace('&', '&amp;')}</t>" in strings
    assert read_rules(tmp_path / "a.xlsx").book.rules.rules[0].then.tell_zh == text


# --- every refusal ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "a,category,,order.noise,,>= >= 3,desk,1工作日,grid",
            (
                "routing.bad-cell",
                "repeats",
                "'>= >= 3' is no condition on the number repeats; write 3, 3|4, !3, >=3, <=3 or 2..5",
                "",
            ),
        ),
        (
            "a,category,,order.noise,patroll,,desk,1工作日,grid",
            (
                "routing.bad-cell",
                "source",
                "'patroll' is no source; one of hotline, patrol, home-visit, resident, front-desk, petition-letter, other-system, sensor",
                "",
            ),
        ),
        (
            "a,safety,,order.noize,,,desk,1工作日,grid",
            (
                "routing.unknown-kind",
                "kind",
                "the rule a names the unknown kind 'order.noize'",
                "did you mean 'order.noise'?",
            ),
        ),
        (
            "a,safety,,!order.noize,,,desk,1工作日,grid",
            (
                "routing.unknown-kind",
                "kind",
                "the rule a names the unknown kind 'order.noize'",
                "did you mean 'order.noise'?",
            ),
        ),
        (
            "a,safety,,order.noise,,,role:area-leed,1工作日,grid",
            (
                "routing.unknown-role",
                "lead",
                "the rule a names the unknown role 'area-leed'",
                "did you mean 'area-lead'?",
            ),
        ),
        (
            "a,safety,,order.noise,,,org:polise,1工作日,grid",
            (
                "routing.unknown-department",
                "lead",
                "the rule a names the unknown department 'polise'",
                "did you mean 'police'?",
            ),
        ),
        (
            "a,safety,,order.noise,,,nearest:departments,1工作日,grid",
            (
                "routing.unknown-organization-kind",
                "lead",
                "the rule a names the unknown organization-kind 'departments'",
                "did you mean 'department'?",
            ),
        ),
        (
            "a,safety,,order.noise,,,area-lead,1工作日,grid",
            ("routing.bad-target", "lead", "'area-lead' is nobody", "write role:NAME, org:NAME, nearest:KIND or desk"),
        ),
        (
            "a,safety,,order.noise,,,desk,1工作日,gird",
            ("routing.unknown-ladder", "ladder", "the rule a names the unknown ladder 'gird'", "did you mean 'grid'?"),
        ),
        (
            "a,safety,,order.noise,,,,1工作日,grid",
            ("routing.no-lead", "lead", "the rule a names nobody", "write role:NAME, org:NAME or desk"),
        ),
        (
            "a,savety,,order.noise,,,desk,1工作日,grid",
            ("routing.unknown-band", "band", "the band 'savety' is unknown", f"one of {', '.join(BANDS)}"),
        ),
        (
            "noise,local,,order.noise,,,desk,1工作日,grid",
            ("routing.id-twice", "id", "the rule id 'noise' stands twice", "give each rule its own id"),
        ),
    ],
)
def test_a_slip_in_a_row_is_told_with_file_row_column_and_what_would_be_right(small, line, expected):
    add(small, "rules.csv", line)
    found = next(each for each in findings(small) if each.code == expected[0])
    assert (found.file, found.row) == ("rules.csv", 5)
    assert (found.code, found.column, found.message, found.remedy) == expected


@pytest.mark.parametrize("cell", ["a||b", ">=3"])
def test_a_cell_that_cannot_be_read_is_the_one_thing_that_is_told(small, cell):
    """Without its cell the rule would take everything, and every rule behind it would be called unreachable."""
    change(small, "rules.csv", "utility.gas,", f"{cell},")
    (found,) = findings(small)
    assert (found.code, found.file, found.row, found.column) == ("routing.bad-cell", "rules.csv", 2, "kind")
    assert found.message.startswith(f"'{cell}' is no condition on kind; write a value")


def test_a_limit_that_cannot_be_read_is_the_one_thing_that_is_told(small):
    change(small, "rules.csv", "1工作日", "soon")
    (found,) = findings(small)
    assert (found.code, found.file, found.row, found.column) == ("worktime.bad-limit", "rules.csv", 3, "limit")
    assert found.message.startswith("'soon' is not a time limit; write a number and one of 紧急工作时")


@pytest.mark.parametrize(
    ("right", "wrong", "column", "remedy"),
    [
        ("source", "sourze", "sourze", "did you mean 'source'?"),
        ("repeats", "ladde", "ladde", "did you mean 'ladder'?"),
        ("repeats", "天气", "天气", None),
    ],
)
def test_a_misspelt_fact_is_an_unknown_column_with_a_suggestion(small, right, wrong, column, remedy):
    change(small, "rules.csv", right, wrong)
    code, file, row, found, message, told = only(small)
    assert (code, file, row, found) == ("file.unknown-column", "rules.csv", 1, column)
    assert message == f"rules.csv has the unknown column {wrong!r}"
    assert told == remedy if remedy else told.startswith("the columns are id, when, from, until, band")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "- {id: c, band: safety, kidn: order.noise, lead: desk, limit: 1工作日}",
            ("file.unknown-column", "kidn", "did you mean 'kind'?"),
        ),
        ("- {id: c, band: safety, kind: order.noise, limit: 1工作日}", ("file.missing-column", "lead", None)),
        ("- {id: c, band: safety, repeats: x, lead: desk, limit: 1工作日}", ("routing.bad-cell", "repeats", "")),
        (
            "- {id: c, band: safety, kind: order.noize, lead: desk, limit: 1工作日}",
            ("routing.unknown-kind", "kind", "did you mean 'order.noise'?"),
        ),
        (
            "- {id: c, band: safety, kind: order, priority: one, lead: desk, limit: 1工作日}",
            ("file.bad-cell", "priority", "smaller is tried first; empty counts as 100"),
        ),
    ],
)
def test_a_slip_in_yaml_is_told_with_the_line_of_its_row(folder, line, expected):
    put(
        folder,
        "rules.yaml",
        "# rules\nrules:\n"
        "- {id: a, band: category, kind: utility.gas, lead: org:gas, limit: 1工作日}\n"
        f"{line}\n"
        "- {id: b, band: default, lead: desk, limit: 1工作日}\n",
    )
    found = next(each for each in findings(folder) if each.code == expected[0])
    assert (found.file, found.row, found.column) == ("rules.yaml", 4, expected[1])
    assert expected[2] is None or found.remedy == expected[2]


def test_a_slip_in_a_workbook_is_told_with_its_sheet_and_row(small):
    change(small, "rules.csv", "role:area-lead", "role:area-leed")
    code, file, row, column, _, remedy = only(as_workbook(small))
    assert (code, file, row, column) == ("routing.unknown-role", "rules.xlsx:rules", 3, "lead")
    assert remedy == "did you mean 'area-lead'?"


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("departments > ", "column 14: the condition ends here, but a value was expected"),
        ('repeats == "2"', "column 9: int == text has no meaning; no value is converted"),
        ("repeat > 2", "column 1: there is no fact 'repeat'; did you mean repeats?"),
        ("repeats", "column 1: a condition is true or false, and this is int; compare it with something"),
        ("repeats > 2 & departments > 1", "column 13: & means nothing here; write &&"),
    ],
)
def test_a_condition_that_cannot_be_read_is_told_with_the_place_in_it(small, when, message):
    change(small, "rules.csv", "id,band,priority,kind,source,", "id,band,priority,kind,when,")
    quoted = when.replace('"', '""')
    change(small, "rules.csv", "noise,category,,order.noise,", f'noise,category,,order.noise,"{quoted}"')
    code, file, row, column, told, _ = only(small)
    assert (code, file, row, column) == ("routing.bad-when", "rules.csv", 3, "when")
    assert told.startswith(message)


def test_a_fact_that_has_two_columns_is_told_and_neither_is_silently_left_out(small):
    change(small, "rules.csv", "kind,source", "kind,kind")
    change(small, "rules.csv", "utility.gas,,", "utility.gas,utility.water,")
    found = [(each.file, each.row, each.column) for each in findings(small)]
    assert found == [("rules.csv", 1, "kind")]


def test_an_unknown_place_and_calendar_are_told_with_what_was_meant(small):
    change(small, "rules.csv", "source,repeats", "place,calendar")
    change(small, "rules.csv", "order.noise,,,", "order.noise,150203005018,enforcment,")
    found = {each.code: each for each in findings(small)}
    assert set(found) == {"routing.unknown-place", "routing.unknown-calendar"}
    place, calendar = found["routing.unknown-place"], found["routing.unknown-calendar"]
    assert (place.file, place.row, place.column) == ("rules.csv", 3, "place")
    assert place.remedy.startswith("did you mean '15020300501")
    assert (calendar.row, calendar.column, calendar.remedy) == (3, "calendar", "did you mean 'enforcement'?")


def test_a_limit_that_nobody_gives_is_told_with_a_case_that_lacks_it(small):
    change(
        small,
        "rules.csv",
        "noise,category,,order.noise,,,role:area-lead,1工作日",
        "noise,category,,order,,,role:area-lead,",
    )
    put(small, "limits.csv", "id,kind,source,limit\nhot,,hotline,当日\nfamily,order.dispute.family,!hotline,次日\n")
    code, file, row, column, message, remedy = only(small)
    assert (code, file, row, column) == ("routing.no-limit", "rules.csv", 3, "limit")
    assert message.startswith("nobody says by when: noise has no limit, nor has the table of limits one for the case (")
    assert "kind=order." in message
    assert "kind=order.dispute.family" not in message
    assert "source=hotline" not in message
    assert remedy == "give the rule a limit, or add a row to the limits"
    add(small, "limits.csv", "others,!order.dispute.family,!hotline,3工作日")
    load_setup(small)


def test_two_rows_of_limits_that_answer_one_case_differently_are_told_with_the_case(small):
    put(
        small,
        "limits.csv",
        "id,kind,source,limit,ladder\nhot,,hotline,当日,\nsmell,utility.gas,,次日,\ncalm,utility,,,grid\n",
    )
    code, file, row, column, message, remedy = only(small)
    assert (code, file, row, column) == ("routing.two-answers", "limits.csv", 3, "limit")
    assert message.startswith("hot and smell both give the limit of the case (")
    assert "kind=utility.gas" in message
    assert "source=hotline" in message
    assert remedy == "make one of them narrower"
    change(small, "limits.csv", "smell,utility.gas,,", "smell,utility.gas,!hotline,")
    load_setup(small)


def test_two_rules_of_one_given_priority_that_answer_one_case_differently_are_told(small):
    add(small, "rules.csv", "p,category,200,order,,,desk,1工作日,grid", "q,category,200,,hotline,,desk,2工作日,grid")
    code, file, row, column, message, remedy = only(small)
    assert (code, file, row, column) == ("routing.ambiguous", "rules.csv", 6, "priority")
    assert message.startswith("p and q have the priority 200 and answer the case (")
    assert "kind=order." in message
    assert "source=hotline" in message
    assert remedy == "give one of them a smaller number"
    change(small, "rules.csv", "q,category,200,", "q,category,201,")
    load_setup(small)


def test_a_rule_that_one_before_it_covers_is_told_with_its_name(small):
    add(small, "rules.csv", "late,time,,utility.gas.smell,hotline,,desk,1工作日,grid")
    code, file, row, column, message, remedy = only(small)
    assert (code, file, row, column) == ("routing.unreachable", "rules.csv", 5, "")
    assert message == "the rule late can never hit: before it gas takes all of its cases"
    assert remedy == "move it up, make them narrower, or remove it"


def test_a_rule_that_several_before_it_cover_together_is_told_with_their_names_and_no_others(small):
    add(
        small,
        "rules.csv",
        "few,local,,order.noise,,<=2,desk,1工作日,grid",
        "some,local,,order.noise,,3..4,desk,1工作日,grid",
        "many,local,,order.noise,,>=5,desk,1工作日,grid",
        "hot,local,,order.noise,hotline,2..5,desk,2工作日,grid",
    )
    found = {(each.row, each.message) for each in findings(small)}
    assert found == {
        (3, "the rule noise can never hit: before it few, some, many take together all of its cases"),
        (8, "the rule hot can never hit: before it few, some, many take together all of its cases"),
    }
    change(small, "rules.csv", "3..4,desk", "4,desk")
    load_setup(small)


def test_an_id_in_two_tables_is_told(small):
    put(small, "limits.csv", "id,kind,limit\ngas,order.noise,当日\n")
    code, _, _, column, message, remedy = only(small)
    assert (code, column, message, remedy) == (
        "routing.id-twice", "id", "the id 'gas' stands in two tables, rules and limits",
        "give each its own id: decisions name rows by it",
    )  # fmt: skip


def test_a_row_of_limits_gives_something_and_a_row_of_also_names_somebody(small):
    put(small, "limits.csv", "id,kind,limit,calendar\nempty,order.noise,,\n")
    put(small, "also.csv", "id,kind,informed\nnobody,order.noise,\nwho,order.noise,org:polise\n")
    found = {(each.code, each.file, each.row, each.remedy) for each in findings(small)}
    assert found == {
        ("routing.no-answer", "limits.csv", 2, "give limit, calendar, ladder"),
        ("routing.no-answer", "also.csv", 2, "give supporting, informed"),
    }
    put(small, "limits.csv", "id,kind,limit,lead\nhot,order.noise,当日,desk\n")
    put(small, "also.csv", "id,kind,informed\nwho,order.noise,org:polise\n")
    found = {(each.code, each.file, each.row, each.column) for each in findings(small)}
    assert found >= {
        ("file.unknown-column", "limits.csv", 1, "lead"),
        ("routing.unknown-department", "also.csv", 2, "informed"),
    }


def test_a_later_row_of_the_same_id_is_told_at_its_own_row(small):
    change(small, "rules.csv", "repeats,lead", "until,from,lead")
    change(small, "rules.csv", "utility.gas,,,", "utility.gas,,2026-12-31,,")
    change(small, "rules.csv", "order.noise,,,", "order.noise,,,,")
    change(small, "rules.csv", "rest,default,,,,,", "rest,default,,,,,,")
    add(small, "rules.csv", "gas,safety,,utility.gas,,,2027-01-01,org:gaz,1紧急工作时,urgent")
    code, file, row, column, _, remedy = only(small)
    assert (code, file, row, column, remedy) == (
        "routing.unknown-department", "rules.csv", 5, "lead", "did you mean 'gas'?"
    )  # fmt: skip


def test_one_slip_is_one_row_also_where_the_rules_change_often(small):
    """A row is checked for each day that has its own rules; it is still one row."""
    change(small, "rules.csv", "repeats", "from")
    add(
        small,
        "rules.csv",
        "wrong,safety,,order.noise,patrol,,org:polise,1工作日,grid",
        "one,safety,,market.food,,2026-10-01,desk,1工作日,grid",
        "two,safety,,market.stall,,2026-11-01,desk,1工作日,grid",
    )
    (found,) = findings(small)
    assert found.message == "the rule wrong names the unknown department 'polise'"
    assert found.row == 5


# --- limits and also ----------------------------------------------------------------------------


def test_limits_and_also_answer_where_the_rules_are_silent_and_the_decision_says_which_row_did(small):
    put(
        small,
        "rules.csv",
        "id,band,kind,lead,supporting,informed,limit,ladder\n"
        "gas,safety,utility.gas,org:gas,role:area-lead,,2紧急工作时,urgent\n"
        "noise,category,order.noise,role:area-lead,,org:justice,,\n"
        "food,category,market.food,org:market-supervision,,,,grid\n"
        "rest,default,,desk,,,,\n",
    )
    put(
        small,
        "limits.csv",
        "id,kind,limit,calendar,ladder\n"
        "soon,order|utility,1工作日,enforcement,\n"
        "later,!order|utility,5工作日,,street\n"
        "press,order,,,grid\n",
    )
    put(
        small,
        "also.csv",
        "id,kind,source,supporting,informed\n"
        "watch,order.noise,,org:police,\n"
        "hot,,hotline,,org:justice|desk|org:street-committee\n"
        "self,utility.gas,,org:gas|org:emergency,\n",
    )
    setup = load_setup(small)
    gas = ruling(setup, "utility.gas.smell")
    assert (gas.then.limit, gas.then.calendar, gas.then.ladder) == (parse_limit("2紧急工作时"), "", "urgent")
    assert (gas.limited_by, gas.pressed_by, gas.joined_by) == ("", "", ("self",))
    assert gas.then.supporting == ("role:area-lead", "org:emergency"), "the lead does not support itself"
    noise = ruling(setup, "order.noise", source="hotline")
    assert (noise.then.limit, noise.then.calendar, noise.then.ladder) == (parse_limit("1工作日"), "enforcement", "grid")
    assert (noise.limited_by, noise.pressed_by, noise.joined_by) == ("soon", "press", ("watch", "hot"))
    assert noise.then.supporting == ("org:police",)
    assert noise.then.informed == ("org:justice", "desk", "org:street-committee"), "each once"
    food = ruling(setup, "market.food")
    assert (food.then.limit, food.then.ladder) == (parse_limit("5工作日"), "grid")
    assert (food.limited_by, food.pressed_by, food.joined_by) == ("later", "", ())
    rest = ruling(setup, "market.stall")
    assert (rest.then.limit, rest.then.ladder) == (parse_limit("5工作日"), "street")
    assert (rest.limited_by, rest.pressed_by) == ("later", "later")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_all_tables_of_a_setup_are_the_same_from_each_shape(small, suffix):
    change(small, "rules.csv", "role:area-lead,1工作日", "role:area-lead,")
    put(small, "limits.csv", "id,kind,limit,ladder\nsoon,order,1工作日,grid\n")
    put(small, "also.csv", "id,source,informed\nhot,hotline,org:justice\n")
    put(
        small,
        "rules.tests.csv",
        "id,kind,source,rule,limit,informed\nx,order.noise,hotline,noise,1 working day,org:justice\n",
    )
    right, file = book(load_setup(small)), read_rules(small / "rules.csv")
    assert (len(file.book.limits.rules), len(file.book.also.rules), len(file.examples)) == (1, 1, 1)
    for name in ("rules.csv", "limits.csv", "also.csv", "rules.tests.csv"):
        (small / name).unlink()
    write_rules(file, small / f"rules{suffix}")
    read = book(load_setup(small))
    assert read.version == right.version == file.book.version
    assert ruling(load_setup(small), "order.noise", source="hotline").joined_by == ("hot",)
    # The example came along: a wrong limit is found by it.
    write_rules(RuleFile(Rulebook(read.rules, Table((), policy="single")), file.examples), small / f"rules{suffix}")
    for name in ("limits.csv",):
        (small / name).unlink(missing_ok=True)
    assert "routing.no-limit" in {each.code for each in findings(small)}


# --- days ---------------------------------------------------------------------------------------

DATED = (
    "id,band,kind,lead,limit,ladder,from,until\n"
    "noise,category,order.noise,role:area-lead,1工作日,grid,,2026-12-31\n"
    "noise,category,order.noise,org:police,2工作日,street,2027-01-01,\n"
    "rest,default,,desk,3工作日,street,,\n"
)


def test_each_change_has_its_entry_and_a_day_its_rows(folder):
    put(folder, "rules.csv", DATED)
    put(folder, "limits.csv", "id,kind,limit,until\nunused,order,当日,2027-03-31\n")
    setup = load_setup(folder)
    assert [(entry.from_on, len(entry.value.rules.rules), len(entry.value.limits.rules)) for entry in setup.rulebooks.entries] == [
        (dt.date.min, 2, 1), (dt.date(2027, 1, 1), 2, 1), (dt.date(2027, 4, 1), 2, 0)
    ]  # fmt: skip
    for day, lead, limit in (
        (dt.date(2026, 12, 31), "role:area-lead", "1工作日"),
        (dt.date(2027, 1, 1), "org:police", "2工作日"),
        (LAST, "org:police", "2工作日"),
    ):
        then = ruling(setup, "order.noise", on=day).then
        assert (then.lead, then.limit) == (lead, parse_limit(limit))
    assert setup.rulebooks.on(dt.date(2026, 12, 31)).version != setup.rulebooks.on(dt.date(2027, 1, 1)).version


def test_a_rule_is_checked_among_the_rows_of_its_own_days_only(folder):
    put(folder, "rules.csv", DATED.replace("2027-01-01", "2026-12-31"))
    assert only(folder)[:4] == ("routing.id-twice", "rules.csv", 3, "id")
    put(folder, "rules.csv", DATED.replace("2027-01-01,\n", "2027-01-01,2026-06-30\n"))
    assert ("routing.dates-out-of-order", "until") in {(each.code, each.column) for each in findings(folder)}
    put(folder, "rules.csv", DATED.replace("noise,category,order.noise,org:police", "other,local,order,org:police"))
    setup = load_setup(folder)
    assert ruling(setup, "order.noise", on=dt.date(2027, 1, 1)).decision.rule.id == "other"


def test_an_example_with_a_day_is_asked_of_the_rows_of_that_day(folder):
    put(folder, "rules.csv", DATED)
    tests = "id,kind,on,lead\nbefore,order.noise,2026-12-31,role:area-lead\nafter,order.noise,2027-01-01,org:police\nlast,order.noise,,role:area-lead\n"
    put(folder, "rules.tests.csv", tests)
    load_setup(folder)
    put(folder, "rules.tests.csv", tests.replace("2026-12-31", "2027-01-02"))
    code, file, row, column, message, _ = only(folder)
    assert (code, file, row, column) == ("routing.example-fails", "rules.tests.csv", 2, "lead")
    assert (
        message
        == "the example before: the lead is 'org:police', by the rule noise on 2027-01-02, and was expected to be 'role:area-lead'"
    )


# --- examples -----------------------------------------------------------------------------------


def test_examples_that_hold_are_silent(small):
    change(small, "rules.csv", "rest,default,,,,,desk,3工作日,street\n", "")
    put(
        small,
        "rules.tests.csv",
        "id,kind,place,source,repeats,time,tag,rule,lead,supporting,informed,limit,ladder\n"
        f"a,utility.gas.smell,{BUILDING},patrol,3,22:30,night|child,gas,org:gas,-,-,2 urgent working hours,urgent\n"
        "b,market.food,,,,,,-,-,-,-,-,-\n",
    )
    assert not [note for note in load_setup(small).notes if "example" in note.code]


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("x,order.noise,,gas,,", "rule", "the rule is 'noise', and was expected to be 'gas'"),
        ("x,order.noise,,gaz,,", "rule", "there is no rule 'gaz'"),
        ("x,order.noise,,-,,", "rule", "the rule is 'noise', and was expected to be '-'"),
        (
            "x,order.noise,,,desk,",
            "lead",
            "the lead is 'role:area-lead', by the rule noise, and was expected to be 'desk'",
        ),
        (
            "x,order.noise,,,,2工作日",
            "limit",
            "the limit is '1工作日', by the rule noise, and was expected to be '2工作日'",
        ),
        ("x,order.noise,,,,-", "limit", "the limit is '1工作日', by the rule noise, and was expected to be '-'"),
        ("x,order.noize,,noise,,", "", "there is no kind 'order.noize'; did you mean 'order.noise'?"),
        ("x,,,noise,,", "", "there is no kind ''"),
        ("x,order.noise,often,noise,,", "", "'often' is no repeats; write a whole number"),
        ("x,order.noise,-1,noise,,", "", "'-1' is no repeats; write a whole number"),
    ],
)
def test_an_example_that_fails_is_told_with_its_row_and_what_came_instead(small, line, column, message):
    put(small, "rules.tests.csv", f"id,kind,repeats,rule,lead,limit\nfine,order.noise,,noise,,\n{line}\n")
    code, file, row, told, what, remedy = only(small)
    assert (code, file, row, told) == ("routing.example-fails", "rules.tests.csv", 3, column)
    assert what.replace(" on 2026-08-31", "") == f"the example x: {message}"
    assert remedy == "mend the rules, or the example"


@pytest.mark.parametrize(
    ("header", "cell", "message"),
    [
        ("place", "150203005999", "there is no place '150203005999'"),
        (
            "source",
            "patroll",
            "'patroll' is no source; one of hotline, patrol, home-visit, resident, front-desk, petition-letter, other-system, sensor",
        ),
        ("time", "half past ten", "'half past ten' is no time of day; write a time as in 22:30"),
        ("time", "24:00", "'24:00' is no time of day; write a time as in 22:30"),
        ("severity", "5", "'5' is no severity; write a whole number"),
    ],
)
def test_an_example_with_a_value_that_a_fact_cannot_have_is_told(small, header, cell, message):
    put(small, "rules.tests.csv", f"id,kind,{header},rule\nx,order.noise,{cell},noise\n")
    assert only(small)[4] == f"the example x: {message}"


def test_a_limit_that_no_example_can_expect_is_told(small):
    put(small, "rules.tests.csv", "id,kind,limit\nx,order.noise,soon\n")
    (found,) = findings(small)
    assert (found.file, found.row, found.column) == ("rules.tests.csv", 2, "limit")
    assert "'soon' is not a time limit" in found.message


def test_two_examples_of_one_id_are_not_silently_one(small):
    put(small, "rules.tests.csv", "id,kind,rule\nx,order.noise,gas\nx,order.noise,noise\n")
    assert ("rules.tests.csv", True) in {(each.file, each.row in (2, 3)) for each in findings(small)}


def test_an_example_with_an_unknown_column_is_told(small):
    put(small, "rules.tests.csv", "id,kind,sauce,rule\nx,order.noise,hotline,noise\n")
    assert only(small)[:4] == ("file.unknown-column", "rules.tests.csv", 1, "sauce")


# --- facts, the duty list, absences -------------------------------------------------------------

DECLARED = """
facts:
  - {id: floor, type: number, zh: 楼层, en: floor, least: -2, most: 40}
  - {id: owner, type: code, zh: 产权, en: owner, domain: [state, private]}
  - {id: gate, type: time, zh: 开门, en: gate}
  - {id: note, type: text, zh: 备注, en: note}
  - {id: risk, type: tags, zh: 风险, en: risk, domain: [fire, flood, wind]}
"""


def declare(folder, text=DECLARED):
    return change(folder, "setup.yaml", "\ncases:\n", f"{text}\ncases:\n")


def test_a_declared_fact_of_each_type_is_a_column_and_a_word_of_conditions(small):
    declare(small)
    put(
        small,
        "rules.csv",
        "id,band,floor,owner,gate,note,risk,when,lead,limit\n"
        "high,safety,>=20,!private,,,,,desk,当日\n"
        "shut,local,,,22:00..06:00,,,,desk,1工作日\n"
        "noted,time,,,,急*,,,desk,2工作日\n"
        "wet,whistle,,,,,flood,,desk,3工作日\n"
        'asked,split,,,,,,"floor < 0 && !(""fire"" in risk)",desk,4工作日\n'
        "rest,default,,,,,,,desk,5工作日\n",
    )
    put(
        small,
        "rules.tests.csv",
        "id,kind,floor,owner,gate,note,risk,rule\n"
        "a,order.noise,20,state,12:00,无,,high\n"
        "b,order.noise,20,private,23:00,无,,shut\n"
        "c,order.noise,19,state,12:00,急件,,noted\n"
        "d,order.noise,19,state,12:00,件急,fire|flood,wet\n"
        "e,order.noise,-1,state,12:00,无,wind,asked\n"
        "f,order.noise,-1,state,12:00,无,fire,rest\n",
    )
    setup = load_setup(small)
    facts = book(setup).facts
    assert [fact.type for name, fact in facts.items() if name not in FACTS] == [
        "number",
        "code",
        "time",
        "text",
        "tags",
    ]
    assert (facts["floor"].least, facts["floor"].most) == (-2, 40)
    assert facts["owner"].domain == ("state", "private")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("floor,41", "41 is no floor; write a whole number from -2 to 40"),
        ("owner,city", "'city' is no owner; one of state, private"),
        ("gate,25:00..26:00", "'25:00..26:00' is no window of gate; write it as in 22:00..06:00 or 08:00..24:00"),
        ("risk,fire|wet", "'wet' is no risk; one of fire, flood, wind"),
    ],
)
def test_a_cell_of_a_declared_fact_is_checked_as_it_was_declared(small, cell, message):
    name, text = cell.split(",")
    declare(small)
    put(small, "rules.csv", f"id,band,{name},lead,limit\na,category,{text},desk,当日\n")
    found = next(each for each in findings(small) if each.code == "routing.bad-cell")
    assert (found.file, found.row, found.column, found.message) == ("rules.csv", 2, name, message)


def test_the_time_of_a_declared_fact_is_a_time_of_the_day(small):
    declare(small)
    put(small, "rules.tests.csv", "id,kind,gate,rule\nx,order.noise,27:99,noise\n")
    assert only(small)[4] == "the example x: '27:99' is no gate; write a time as in 22:30"


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("source", "routing.fact-twice", "the fact 'source' is there already"),
        ("lead", "routing.fact-twice", "the fact 'lead' is there already"),
        ("from", "routing.fact-twice", "the fact 'from' is there already"),
        ("rule", "routing.fact-twice", "the fact 'rule' is there already"),
        ("two words", "routing.bad-fact-name", "'two words' is no name of a fact; write letters, digits and _"),
        ("1st", "routing.bad-fact-name", "'1st' is no name of a fact; write letters, digits and _"),
    ],
)
def test_a_declared_fact_needs_a_name_of_its_own(small, name, code, message):
    declare(small, f"\nfacts:\n  - {{id: {name}, type: text, zh: 甲, en: a}}\n")
    lines = (small / "setup.yaml").read_text("utf-8").splitlines()
    found = next(each for each in findings(small) if each.code == code)
    assert (found.file, found.message) == ("setup.yaml", message)
    assert lines[found.row - 1].startswith(f"  - {{id: {name},")


def test_a_type_that_no_fact_has_is_told(small):
    declare(small, "\nfacts:\n  - {id: floor, type: integer, zh: 楼层, en: floor}\n")
    assert ("setup.yaml", "file.bad-value", "facts.0.type") in {
        (each.file, each.code, each.column) for each in findings(small)
    }


DUTIES = (
    "code,zh,en,lead,level,limit,filing,closing\n"
    "01,公用设施,facilities,org:law-enforcement,community,5工作日,有照片,已修复\n"
    "0102,井盖,covers,org:water,,,,\n"
    "0102.lid,井盖缺失,missing cover,,,2紧急工作时,,\n"
    "0102.ring,井圈破损,broken ring,,building,,无照片也可,\n"
    "0103.lamp,路灯不亮,street lamp,,,,,\n"
    "02,噪音,noise,,,,,\n"
)


def test_the_duty_list_decides_behind_the_rules_of_its_band_the_nearest_class_first(folder):
    put(folder, "catalog.csv", DUTIES)
    put(
        folder,
        "rules.csv",
        "id,band,priority,kind,source,lead,limit\n"
        "patrol,category,900,01,patrol,role:area-lead,1工作日\n"
        "rest,default,,,,desk,3工作日\n",
    )
    setup = load_setup(folder)
    asked = [
        ("0102.lid", "resident", "duty-list:0102.lid", "org:water", "2紧急工作时"),
        ("0102.ring", "resident", "duty-list:0102", "org:water", "5工作日"),
        ("0103.lamp", "resident", "duty-list:01", "org:law-enforcement", "5工作日"),
        ("0102.lid", "patrol", "patrol", "role:area-lead", "1工作日"),
        ("02", "resident", "rest", "desk", "3工作日"),
    ]
    for kind, source, rule, lead, limit in asked:
        found = ruling(setup, kind, source=source)
        assert (found.decision.rule.id, found.then.lead, found.then.limit) == (rule, lead, parse_limit(limit))
    assert ruling(setup, "0102.lid").decision.later == ("duty-list:0102", "duty-list:01", "rest")
    duty = setup.catalog.duty("0102.ring")
    assert (duty.lead, duty.level, duty.filing, duty.closing) == ("org:water", "building", "无照片也可", "已修复")
    assert duty.limit == parse_limit("5工作日")


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("org:water", "org:watter", ("routing.unknown-department", 3, "lead", "did you mean 'water'?")),
        (",community,5", ",comunity,5", ("catalog.bad-level", 2, "level", None)),
        ("2紧急工作时", "soon", ("worktime.bad-limit", 4, "limit", None)),
        (
            "org:water,,,",
            "water,,,",
            ("routing.bad-target", 3, "lead", "write role:NAME, org:NAME, nearest:KIND or desk"),
        ),
    ],
)
def test_a_slip_in_the_duty_list_is_told_at_its_row(folder, right, wrong, expected):
    put(folder, "rules.csv", "id,band,lead,limit\nrest,default,desk,3工作日\n")
    put(folder, "catalog.csv", DUTIES.replace(right, wrong, 1))
    code, row, column, remedy = expected
    found = next(each for each in findings(folder) if each.code == code)
    assert (found.file, found.row, found.column) == ("catalog.csv", row, column)
    assert remedy is None or found.remedy == remedy


def test_a_duty_without_a_limit_is_told_at_the_duty_list(folder):
    put(folder, "rules.csv", "id,band,lead,limit\nrest,default,desk,3工作日\n")
    put(folder, "catalog.csv", "code,zh,en,lead\na,甲,a,org:gas\nb,乙,b,\n")
    code, file, row, column, message, _ = only(folder)
    assert (code, file, row, column) == ("routing.no-limit", "catalog.csv", 2, "limit")
    assert message.startswith("nobody says by when: duty-list:a has no limit")
    put(folder, "limits.csv", "id,kind,limit\nall,a,当日\n")
    assert ruling(load_setup(folder), "a").limited_by == "all"


def test_a_deputy_stands_in_on_the_days_of_an_absence_and_on_no_other(small):
    put(small, "absences.csv", "holder,from,until,deputy\nGH1,2026-09-07,2026-09-11,DESK1\nGH2,2026-09-07,,\n")
    setup = load_setup(small)
    roster, territory = setup.roster, setup.territory
    for day, holders, instead in (
        (dt.date(2026, 9, 6), ("GH1",), ""),
        (dt.date(2026, 9, 7), ("DESK1",), "GH1"),
        (dt.date(2026, 9, 11), ("DESK1",), "GH1"),
        (dt.date(2026, 9, 12), ("GH1",), ""),
    ):
        climb = roster.climb("general-grid-head", BUILDING, territory, day)
        assert (climb.holders, climb.deputy_of) == (holders, instead)
    assert roster.climb("general-grid-head", "150203005009", territory, dt.date(2030, 1, 1)).holders == ()


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("GH1,2026-09-07,,DESK9", "deputy", "staffing.unknown-deputy"),
        ("GH9,2026-09-07,,", "holder", "staffing.unknown-holder"),
        ("GH1,2026-09-07,2026-09-01,", "until", "staffing.dates-out-of-order"),
        ("GH1,2026-09-07,,GH1", "deputy", "staffing.own-deputy"),
        ("GH1,next week,,", "from", "file.bad-cell"),
    ],
)
def test_a_slip_in_an_absence_is_told_at_its_row(small, row, column, code):
    put(small, "absences.csv", f"holder,from,until,deputy\nGH2,2026-09-07,,GH1\n{row}\n")
    found = next(each for each in findings(small) if each.code == code)
    assert (found.file, found.row, found.column) == ("absences.csv", 3, column)


# --- shadow -------------------------------------------------------------------------------------


def test_a_shadow_rulebook_is_loaded_beside_the_one_in_force(small):
    assert load_setup(small).shadow is None
    put(small, "shadow.csv", MATTER.replace("role:area-lead,1工作日", "org:police,"))
    put(small, "shadow.limits.csv", "id,kind,limit\nsoon,order,2工作日\n")
    put(small, "shadow.also.csv", "id,kind,informed\nalso,order,org:justice\n")
    put(small, "shadow.tests.csv", "id,kind,lead,limit,informed\nx,order.noise,org:police,2工作日,org:justice\n")
    put(small, "rules.tests.csv", "id,kind,lead,limit,informed\nx,order.noise,role:area-lead,1工作日,-\n")
    setup = load_setup(small)
    assert ruling(setup, "order.noise").then.lead == "role:area-lead"
    assert [len(table.rules) for table in (setup.shadow.rules, setup.shadow.limits, setup.shadow.also)] == [3, 1, 1]
    facts = usual_facts("order.noise", BUILDING, setup.catalog, setup.territory)
    assert setup.shadow.decide(facts, setup.territory).then.lead == "org:police"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_slip_in_a_shadow_rulebook_is_told_in_its_own_file(small, suffix):
    """A trial is made of what is in force, so its ids are mostly the same."""
    write_rules(read_rules(small / "rules.csv"), small / f"shadow{suffix}")
    load_setup(small)
    (small / f"shadow{suffix}").unlink()
    rules = [
        Rule(id="gas", cells=(), then=Then(lead="org:gas", limit=parse_limit("当日"))),
        Rule(id="noise", band="default", cells=(), then=Then(lead="org:polise", limit=parse_limit("当日"))),
    ]
    write_rules(Rulebook(Table.build(rules)), small / f"shadow{suffix}")
    found = findings(small)
    assert {each.code for each in found} == {"routing.unknown-department"}
    assert {each.file.partition(":")[0] for each in found} == {f"shadow{suffix}"}


def test_an_example_of_a_shadow_that_fails_is_told_in_its_own_file_and_one_of_the_rules_in_theirs(small):
    put(small, "shadow.csv", MATTER)
    put(small, "shadow.tests.csv", "id,kind,rule\ny,order.noise,noise\nx,order.noise,noise\n")
    put(small, "rules.tests.csv", "id,kind,rule\nx,order.noise,gas\n")
    assert only(small)[:3] == ("routing.example-fails", "rules.tests.csv", 2)


def test_a_shadow_in_two_shapes_and_limits_without_a_shadow_are_told(small):
    put(small, "shadow.limits.csv", "id,kind,limit\nsoon,order,2工作日\n")
    assert {each.file for each in findings(small)} == {"shadow.limits.csv"}
    (small / "shadow.limits.csv").unlink()
    put(small, "shadow.csv", MATTER)
    put(small, "shadow.yaml", "rules: []\n")
    assert only(small)[:2] == ("file.twice", "shadow.yaml")
