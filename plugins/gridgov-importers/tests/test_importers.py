"""Two importers: what is mapped, what is found, and that no record is in neither."""

import csv
import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridgov import SetupError
from gridgov.escalation import check_ladders
from gridgov.routing import Names, check_table
from gridgov.staffing import Roster
from gridgov.territory import Level, Node, Territory
from gridgov.worktime import Limit, LimitKind, parse_limit
from gridgov_importers import HANDLINGS, read_amsterdam, read_digit

SERVICES, DEPARTMENTS = "RAINMAKER-PGR__ServiceDefs.json", "common-masters__Department.json"
ESCALATION, ROLES = "RAINMAKER-PGR__EscalationConfig.json", "ACCESSCONTROL-ROLES__roles.json"
WORKFLOW, NOTICES = "PgrWorkflowConfig.json", "NotificationRouting.json"
CONSTANTS = "RAINMAKER-PGR__UIConstants.json"
PAIRS, FIXTURE = "departments_categories.csv", "categories_fixture.json"
HOUR = 3_600_000
TENANT = "isle.harbor"


@pytest.fixture(scope="session")
def data():
    folder = os.environ.get("GRIDGOV_DATA")
    if not folder:
        pytest.skip("GRIDGOV_DATA does not name the folder of real data")
    path = Path(folder)
    assert path.is_dir(), f"GRIDGOV_DATA names {folder}, which is no folder"
    return path / "config"


# --- made-up installations ------------------------------------------------------------------------


def put(folder, file, value):
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(json.dumps(value, indent=2, ensure_ascii=False), "utf-8")


def masters(*values, tenant=TENANT):
    return [{"tenantId": tenant, "data": value} for value in values]


def service(code, **values):
    plain = {"serviceCode": code, "name": code.upper(), "department": "D1", "slaHours": 24, "menuPath": "Quay"}
    return {key: value for key, value in (plain | values).items() if value is not None}


def department(code, **values):
    return {"code": code, "name": f"Department {code}", "active": True} | values


@pytest.fixture
def harbor(tmp_path):
    """An installation with one of each thing that can be mapped or not."""
    folder = tmp_path / "harbor"
    put(
        folder,
        SERVICES,
        [
            *masters(
                service("CraneStuck", keywords="crane"),
                service("Rats", department="D2", slaHours=72.0, menuPath="Pests.Small"),
                service("Lamp", menuPath=None),
                service("Lamp", menuPath=None, department="D2"),
                service("Ferry", active=False),
                service("Gulls", department="D9"),
                service("Fog", slaHours=None),
                service("Tide", slaHours=1.5),
                service("Wreck", department="D3"),
            ),
            *masters(service("Customs", department="D2"), tenant="isle"),
        ],
    )
    put(folder, DEPARTMENTS, masters(department("D1"), department("D2"), department("D3", active=False)))
    put(folder, ROLES, [*masters({"code": "DUTY"}, tenant="isle"), *masters({"code": "DUTY"}, tenant="other")])
    put(folder, CONSTANTS, masters({"REOPENSLA": 5 * 24 * HOUR}, tenant="isle"))
    put(folder, "Mystery.json", [1, 2])
    return folder


@pytest.fixture
def defaults(tmp_path):
    """What the product brings: a workflow and its notices."""
    folder = tmp_path / "defaults"
    actions = [{"action": "ASSIGN", "roles": ["DUTY"], "notifications": [{}]}, {"action": "REJECT", "roles": []}]
    states = [{"state": None, "sla": None, "actions": None}, {"state": "WAITING", "sla": 2 * HOUR, "actions": actions}]
    workflow = {"businessService": "PGR", "businessServiceSla": 48 * HOUR, "states": states}
    put(folder, WORKFLOW, {"RequestInfo": {}, "BusinessServices": [workflow]})
    put(folder, NOTICES, [{"businessService": "PGR", "action": "ASSIGN"}])
    put(folder, ESCALATION, masters({"maxDepth": 3, "defaultSlaByLevel": [HOUR, 4 * HOUR]}, tenant="isle"))
    return folder


COLUMNS = ("department,department_name,is_intern,main_category,category,category_name,handling,is_active,"
           "is_responsible,can_view")  # fmt: skip
TABLE = f"""\
{COLUMNS}
ROAD,Roads,True,street,hole,Hole,A3DEC,True,True,True
PARK,Parks,True,street,hole,Hole,A3DEC,True,True,True
WARD,Wardens,False,street,hole,Hole,A3DEC,True,False,True
PARK,Parks,True,green,tree,Tree,I5DMC,True,True,True
WARD,Wardens,True,green,tree,Tree,I5DMC,True,False,False
ROAD,Roads,True,street,ice,Ice,GLADZC,True,True,True
PARK,Parks,True,street,ice,Ice,GLADZC,True,True,True
ROAD,Roads,True,street,moon,Moon,NEWCODE,True,True,True
ROAD,Roads,True,street,tram,Tram,A3WEC,False,True,True
ROAD,Roads,True,street,sign,Sign,A3WEC,True,False,True
ROAD,Roads,True,street,hole,Hole,A3DEC,True,True,True
"""


def category(key, slug, parent=None, **fields):
    plain = {"parent": parent, "slug": slug, "name": slug.title(), "handling": "A3DEC", "departments": [1]}
    return {"model": "signals.category", "pk": key, "fields": plain | fields}


@pytest.fixture
def town(tmp_path):
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / PAIRS).write_text(TABLE, "utf-8")
    main = category(1, "street", departments=[])
    records = [
        main,
        category(2, "hole", 1),
        category(3, "ice", 1, handling="A3DEC"),
        category(4, "kerb", 1, note="low"),
        category(5, "owl", 77),
        category(4, "bench", 1),
        {"model": "signals.department", "pk": 1, "fields": {"code": "ROAD"}},
    ]
    put(folder, FIXTURE, records)
    return folder


# --- nothing is in neither ------------------------------------------------------------------------


def records_of(path):
    """Give each record of a file that is written with two spaces, and its line; not as the importers do it."""
    text = path.read_text("utf-8")
    rows = [row for row, line in enumerate(text.splitlines(), 1) if line == "  {"]
    return list(zip(rows, json.loads(text), strict=True))


def found_at(imported):
    return {(finding.file, finding.row) for finding in imported.findings}


def lost_of_digit(folder, imported):
    """Every record of the lists of a folder that is neither in the result nor found."""
    found = found_at(imported)
    whole = {finding.file for finding in imported.findings if not finding.row and not finding.column}
    rules = {rule.id.rpartition(".")[2] for rule in imported.table.rules}
    mapped = {
        SERVICES: lambda data: data["serviceCode"] in rules,
        DEPARTMENTS: lambda data: data["code"] in {each.id for each in imported.organizations},
        ESCALATION: lambda data: bool(imported.ladders),
    }
    lost = []
    for path in folder.glob("*.json"):
        if path.name == WORKFLOW or path.name in whole:
            continue
        for row, record in records_of(path):
            data = record.get("data", record)
            if (path.name, row) not in found and not mapped.get(path.name, lambda data: False)(data):
                lost.append((path.name, row))
    return lost


def lost_of_amsterdam(folder, imported):
    found = found_at(imported)
    parts = {
        (rule.id, target.removeprefix("org:"))
        for rule in imported.table.rules
        for target in (rule.then.lead, *rule.then.supporting, *rule.then.informed)
    }
    lost = []
    with (folder / PAIRS).open(encoding="utf-8", newline="") as file:
        for row, cells in enumerate(csv.DictReader(file), 2):
            part = (f"{cells['main_category']}.{cells['category']}", cells["department"])
            if part not in parts and (PAIRS, row) not in found:
                lost.append((PAIRS, row))
    if not (folder / FIXTURE).exists():
        return lost
    records = records_of(folder / FIXTURE)
    slugs = {
        record["pk"]: record["fields"].get("slug")
        for _, record in reversed(records)
        if "signals.category" in record["model"]
    }
    for row, record in records:
        parent, slug = record["fields"].get("parent"), record["fields"].get("slug")
        code = f"{slugs.get(parent)}.{slug}" if parent else slug
        if code not in imported.catalog.kinds and (FIXTURE, row) not in found:
            lost.append((FIXTURE, row))
    return lost


def grave(imported):
    """Check a table as an office would, on a territory of one place."""
    territory = Territory.build([Level("city", "市", "city")], [Node(code="city", level="city", name="City")])
    roster = Roster.build(territory=territory, organizations=imported.organizations)
    ladders = {each.id: each for each in imported.ladders}
    names = Names(catalog=imported.catalog, territory=territory, roster=roster, ladders=ladders)
    found = [*check_table(imported.table, names).findings, *imported.findings]
    found += check_ladders(imported.ladders, roster.roles, roster.organizations)
    return [str(finding) for finding in found if finding.grave]


def sorts(imported):
    return Counter(finding.code.partition(".")[2] for finding in imported.findings)


# --- DIGIT ----------------------------------------------------------------------------------------


def test_services_become_kinds_and_rules_and_departments_organizations(harbor):
    imported = read_digit(harbor)
    assert [each.id for each in imported.organizations] == ["D1", "D2"]
    kinds = ["Quay.CraneStuck", "Pests.Small.Rats", "Lamp", "Quay.Ferry", "Quay.Gulls", "Quay.Fog", "Quay.Tide",
             "Quay.Wreck", "Quay.Customs"]  # fmt: skip
    assert list(imported.catalog.kinds) == kinds
    assert [kind.code for kind in imported.catalog.kinds.values() if not kind.admitted] == ["Quay.Ferry"]
    rules = {rule.id: (rule.then.lead, str(rule.then.limit)) for rule in imported.table.rules}
    assert rules == {
        "Pests.Small.Rats": ("org:D2", "72 urgent working hours"),
        "Quay.CraneStuck": ("org:D1", "24 urgent working hours"),
        "Quay.Customs": ("org:D2", "24 urgent working hours"),
        "Lamp": ("org:D1", "24 urgent working hours"),
    }
    assert all(str(rule.cells[0]) == rule.id for rule in imported.table.rules)
    assert grave(imported) == []


def test_what_digit_says_and_gridgov_cannot_is_found_with_its_line(harbor):
    imported = read_digit(harbor)
    assert sorts(imported) == {
        "twice": 1,
        "inactive": 2,
        "no-department": 2,
        "no-hours": 1,
        "bad-hours": 1,
        "role": 1,
        "other-tenant": 1,
        "constant": 1,
        "field": 1,
        "unknown-file": 1,
        "no-chinese": 1,
    }
    lines = (harbor / SERVICES).read_text("utf-8").splitlines()
    for finding in imported.findings:
        if finding.file == SERVICES and finding.row:
            assert lines[finding.row - 1] == "  {"
            assert finding.subject.rpartition(".")[2] in "\n".join(lines[finding.row - 1 : finding.row + 10])
    constant = next(finding for finding in imported.findings if finding.code == "digit.constant")
    assert "reopening_days: 5" in constant.remedy


def test_no_record_of_an_installation_is_lost(harbor, defaults):
    assert lost_of_digit(harbor, read_digit(harbor)) == []
    both = read_digit(harbor, defaults)
    assert lost_of_digit(harbor, both) == lost_of_digit(defaults, both) == []
    paths = Counter(finding.column for finding in both.findings if finding.file == WORKFLOW)
    states = [f"BusinessServices[0].states[{place}]" for place in (0, 1)]
    actions = [f"{states[1]}.actions[{place}]" for place in (0, 1)]
    assert paths == Counter(["RequestInfo", "BusinessServices[0]", *states, *actions])


def test_a_service_without_hours_has_the_time_of_the_whole_workflow(harbor, defaults):
    imported = read_digit(harbor, defaults)
    limits = {rule.id: rule.then.limit for rule in imported.table.rules}
    assert limits["Quay.Fog"] == Limit(48, LimitKind.URGENT_HOURS)
    assert "Quay.Tide" not in limits
    assert "it has the time of the whole workflow" in str(imported.findings)


def test_escalation_is_a_ladder_only_when_the_caller_says_who_stands_on_it(harbor, defaults):
    without = read_digit(harbor, defaults)
    assert without.ladders == ()
    assert sorts(without)["no-supervisors"] == 1
    imported = read_digit(harbor, defaults, supervisors=("org:D1", "org:D2", "desk"))
    (ladder,) = imported.ladders
    rungs = [(rung.target, str(rung.after), rung.takes_over) for rung in ladder.rungs]
    four = "4 urgent working hours"
    assert rungs == [("org:D1", four, True), ("org:D2", four, True), ("desk", "None", True)]
    assert {rule.then.ladder for rule in imported.table.rules} == {"digit"}
    assert sorts(imported)["escalation-start"] == 1
    assert grave(imported) == []
    with pytest.raises(ValueError, match="has 3 levels, and supervisors names 1"):
        read_digit(harbor, defaults, supervisors=("desk",))
    assert sorts(read_digit(harbor, supervisors=("desk",)))["no-escalation"] == 1


def test_a_service_may_have_times_of_its_own(harbor):
    own = {"Rats": [HOUR, 2 * HOUR], "Fog": [HOUR], "Lamp": [HOUR // 2]}
    put(harbor, ESCALATION, masters({"maxDepth": 2, "defaultSlaByLevel": [HOUR], "overrides": own}))
    imported = read_digit(harbor, supervisors=("org:D1", "desk"))
    assert [ladder.id for ladder in imported.ladders] == ["digit", "digit-Rats", "digit-Fog"]
    ladders = {rule.id: rule.then.ladder for rule in imported.table.rules}
    assert ladders["Pests.Small.Rats"] == "digit-Rats"
    assert ladders["Lamp"] == "digit"
    assert sorts(imported)["bad-escalation"] == sorts(imported)["unused-ladder"] == 1
    assert grave(imported) == []


@pytest.mark.parametrize("escalation", [{"maxDepth": 0}, {"defaultSlaByLevel": []}, {"defaultSlaByLevel": ["1 h"]}])
def test_an_escalation_that_is_no_ladder_is_found(harbor, escalation):
    put(harbor, ESCALATION, masters({"maxDepth": 1, "defaultSlaByLevel": [HOUR]} | escalation))
    imported = read_digit(harbor, supervisors=("desk",))
    assert imported.ladders == ()
    assert sorts(imported)["bad-escalation"] == 1


def test_what_stands_twice_is_taken_once_and_found(harbor, defaults):
    put(harbor, DEPARTMENTS, masters(department("D1"), department("D2"), department("D1", name="Other")))
    put(harbor, ESCALATION, masters(*2 * [{"maxDepth": 1, "defaultSlaByLevel": [HOUR]}]))
    put(harbor, CONSTANTS, masters({}))
    document = json.loads((defaults / WORKFLOW).read_text("utf-8"))
    put(defaults, WORKFLOW, {"BusinessServices": [*document["BusinessServices"], {"businessService": "Permits"}]})
    imported = read_digit(harbor, defaults, supervisors=("desk",))
    assert imported.organizations[0].en == "Department D1"
    assert sorts(imported)["twice"] == 3
    assert sorts(imported)["workflow"] == 2
    assert lost_of_digit(harbor, imported) == []


def test_a_class_that_is_also_a_service_does_not_take_the_cases_below_it(harbor):
    put(harbor, SERVICES, masters(service("Quay", menuPath=None), service("CraneStuck")))
    imported = read_digit(harbor)
    assert [rule.id for rule in imported.table.rules] == ["Quay.CraneStuck", "Quay"]
    assert grave(imported) == []


def test_a_file_of_several_tenants_wants_one_to_be_named(harbor):
    put(harbor, SERVICES, [*masters(service("Rats")), *masters(service("Rats"), tenant="isle.hill")])
    with pytest.raises(SetupError, match=r"several tenants: isle\.harbor, isle\.hill"):
        read_digit(harbor)
    imported = read_digit(harbor, tenant=TENANT)
    assert list(imported.catalog.kinds) == ["Quay.Rats"]
    assert sorts(imported)["other-tenant"] == 2
    with pytest.raises(SetupError, match=r"no service is of the tenant reef; they are of isle\.harbor, isle\.hill"):
        read_digit(harbor, tenant="reef")


def test_a_file_in_two_folders_is_read_from_the_first_and_found(harbor, defaults):
    put(defaults, DEPARTMENTS, masters(department("D9")))
    imported = read_digit(harbor, defaults)
    assert "D9" not in {each.id for each in imported.organizations}
    assert sorts(imported)["several-files"] == 1


BROKEN = [
    (SERVICES, "[{]", "bad-json", 1),
    (SERVICES, "[]\n[]", "bad-json", 2),
    (SERVICES, "", "bad-json", 1),
    (SERVICES, "null", "bad-shape", 1),
    (SERVICES, "{}", "bad-shape", 1),
    (SERVICES, '[\n{"tenantId": "a", "data": {}, "data": {}}]', "bad-json", 0),
    (SERVICES, "[" * 100_000, "bad-json", 0),
    (SERVICES, '[\n\n  "Rats"]', "bad-shape", 3),
    (SERVICES, b"\xff\xfe", "not-utf8", 0),
    (SERVICES, None, "missing-file", 0),
    (DEPARTMENTS, None, "missing-file", 0),
    (SERVICES, masters({"name": "Rats", "department": "D1", "slaHours": 1}), "missing-key", 2),
    (SERVICES, masters(service("Rats", name="")), "missing-key", 2),
    (SERVICES, masters(service("Rats", department=None)), "missing-key", 2),
    (SERVICES, masters(service("Rats", department=7)), "bad-value", 2),
    (SERVICES, masters(service("Rats", active="true")), "bad-value", 2),
    (SERVICES, masters(service("Rats|Mice")), "bad-code", 2),
    (SERVICES, masters(service("Rats", menuPath="a..b")), "bad-code", 2),
    (SERVICES, [{"tenantId": TENANT}], "missing-key", 2),
    (SERVICES, [{"data": service("Rats")}], "missing-key", 2),
    (DEPARTMENTS, masters({"code": "D1"}), "missing-key", 2),
    (ESCALATION, masters({"defaultSlaByLevel": [HOUR]}), "missing-key", 2),
    (ESCALATION, masters({"maxDepth": True, "defaultSlaByLevel": [HOUR]}), "bad-value", 2),
    (ROLES, "[{]", "bad-json", 1),
    (ROLES, masters("DUTY"), "bad-value", 2),
    (WORKFLOW, "[]", "bad-shape", 0),
    (WORKFLOW, "{}", "missing-key", 0),
    (WORKFLOW, '{"BusinessServices": [{"businessService": "PGR", "states": [7]}]}', "bad-shape", 0),
    (WORKFLOW, '{"BusinessServices": [{"businessService": "PGR", "states": 7}]}', "bad-value", 0),
]


@pytest.mark.parametrize(("file", "text", "code", "row"), BROKEN)
def test_a_broken_file_of_digit_is_refused_with_one_clear_mistake(harbor, file, text, code, row):
    if text is None:
        (harbor / file).unlink()
    elif isinstance(text, bytes):
        (harbor / file).write_bytes(text)
    elif isinstance(text, str):
        (harbor / file).write_text(text, "utf-8")
    else:
        put(harbor, file, text)
    with pytest.raises(SetupError) as refused:
        read_digit(harbor)
    (finding,) = refused.value.findings
    assert (finding.code, finding.file, finding.row) == (f"digit.{code}", file, row)
    assert finding.grave
    assert finding.remedy or code == "bad-json"


def test_all_mistakes_come_at_once(harbor):
    put(harbor, SERVICES, masters(service("Rats", name=None), service("Mice", department=None)))
    put(harbor, DEPARTMENTS, masters(department("D1", name=7)))
    with pytest.raises(SetupError) as refused:
        read_digit(harbor)
    assert [finding.column for finding in refused.value.findings] == ["name", "name", "department"]


# --- Signalen -------------------------------------------------------------------------------------


def test_the_first_responsible_department_leads_and_the_others_support(town):
    imported = read_amsterdam(town)
    rules = {rule.id: rule.then for rule in imported.table.rules}
    assert set(rules) == {"street.hole", "green.tree"}
    hole = rules["street.hole"]
    assert (hole.lead, hole.supporting, hole.informed) == ("org:ROAD", ("org:PARK",), ("org:WARD",))
    assert hole.limit == Limit(3, LimitKind.WORKING_DAYS)
    assert rules["green.tree"].informed == ()
    assert [(each.id, each.en) for each in imported.organizations] == [
        ("ROAD", "Roads"),
        ("PARK", "Parks"),
        ("WARD", "Wardens"),
    ]
    assert grave(imported) == []


def test_what_signalen_says_and_gridgov_cannot_is_found(town):
    (town / "notes.txt").write_text("?", "utf-8")
    imported = read_amsterdam(town)
    assert sorts(imported) == {
        "twice": 2,  # a pair of the table, a number of the fixture
        "contradiction": 2,  # is_intern of the wardens, the handling of ice
        "external": 1,
        "lead-chosen": 1,
        "no-part": 1,
        "no-limit": 2,
        "unknown-handling": 1,
        "inactive": 1,
        "no-department": 2,  # a sign without a responsible one, the kerb that only the fixture has
        "no-parent": 1,
        "other-model": 1,
        "loose-promise": 1,
        "no-name": 1,
        "field": 2,
        "unknown-file": 1,
        "no-chinese": 1,
    }
    assert not imported.catalog["street.tram"].admitted
    assert imported.catalog["street.kerb"].en == "Kerb"
    assert "owl" not in str(list(imported.catalog.kinds))
    assert lost_of_amsterdam(town, imported) == []


def test_where_two_rows_contradict_the_first_is_taken_and_the_other_found(town):
    rows = [ROW, ROW.replace("ROAD,Roads", "PARK,Parks").replace("Hole", "Pit").replace("A3DEC", "REST")]
    rows.append(ROW.replace("Roads", "Streets").replace("hole", "kerb"))
    (town / PAIRS).write_text("\n".join([COLUMNS, *rows, ""]), "utf-8")
    put(town, FIXTURE, [category(1, "street"), category(2, "sign", 1), category(3, "sign", 1), category(4, "street")])
    imported = read_amsterdam(town)
    assert imported.catalog["street.hole"].en == "Hole"
    assert imported.organizations[0].en == "Roads"
    said = {finding.column for finding in imported.findings if finding.code == "signalen.contradiction"}
    assert said == {"category_name", "handling", "department_name"}
    assert sorts(imported)["twice"] == 2
    assert lost_of_amsterdam(town, imported) == []


def test_the_caller_may_say_which_limit_holds_where_nothing_is_promised(town):
    imported = read_amsterdam(town, otherwise=parse_limit("10 working days"))
    limits = {rule.id: str(rule.then.limit) for rule in imported.table.rules}
    assert limits["street.ice"] == limits["street.moon"] == "10 working days"
    assert (sorts(imported)["no-limit"], sorts(imported)["unknown-handling"]) == (1, 1)
    assert lost_of_amsterdam(town, imported) == []
    assert grave(imported) == []


def test_only_times_that_a_text_names_are_limits():
    """Amsterdam/signals, migrations 0102 and 0073: 3 werkdagen, 5 werkdagen, 21 werkdagen, 3 weken, een week."""
    limits = {code: str(handling.limit) for code, handling in HANDLINGS.items() if handling.limit}
    assert limits == {
        **dict.fromkeys(("A3DEC", "A3DMC", "A3DEVOMC", "STOPEC3", "GLAD_OLIE"), "3 working days"),
        **dict.fromkeys(("A3WEC", "A3WMC", "3WGM"), "21 calendar days"),
        **dict.fromkeys(("I5DMC", "STOPEC"), "5 working days"),
        "LIGHTING": "21 working days",
        "URGENTE_MELDINGEN": "7 calendar days",
    }


def test_the_table_alone_is_enough(town):
    (town / FIXTURE).unlink()
    imported = read_amsterdam(town)
    assert len(imported.table.rules) == 2
    assert lost_of_amsterdam(town, imported) == []


ROW = "ROAD,Roads,True,street,hole,Hole,A3DEC,True,True,True"


@pytest.mark.parametrize(
    ("file", "text", "code", "row"),
    [
        (PAIRS, None, "missing-file", 0),
        (PAIRS, f"{COLUMNS.replace(',handling', '')}\n", "missing-column", 1),
        (PAIRS, f"{COLUMNS}\n{ROW},more\n", "bad-row", 2),
        (PAIRS, f"{COLUMNS}\nROAD,Roads\n", "bad-row", 2),
        (PAIRS, f'{COLUMNS}\n{ROW}\n"ROAD', "bad-csv", 3),
        (PAIRS, f"{COLUMNS}\n{ROW.replace('Hole', '')}\n", "missing-key", 2),
        (PAIRS, f"{COLUMNS}\n{ROW.replace('hole', 'ho le')}\n", "bad-code", 2),
        (PAIRS, f"{COLUMNS}\n{ROW.replace('True,street', 'yes,street')}\n", "bad-value", 2),
        (FIXTURE, "[", "bad-json", 1),
        (FIXTURE, "{}", "bad-shape", 1),
        (FIXTURE, [{"pk": 1, "fields": {}}], "missing-key", 2),
        (FIXTURE, [{"model": "signals.category", "pk": 1}], "missing-key", 2),
        (FIXTURE, [category(1, "street", name="")], "missing-key", 2),
        (FIXTURE, [category(1, "street", parent=[7])], "bad-value", 2),
        (FIXTURE, [category(1, 7 * "! ")], "bad-code", 2),
    ],
)
def test_a_broken_file_of_signalen_is_refused_with_one_clear_mistake(town, file, text, code, row):
    if text is None:
        (town / file).unlink()
    elif isinstance(text, str):
        (town / file).write_text(text, "utf-8")
    else:
        put(town, file, text)
    with pytest.raises(SetupError) as refused:
        read_amsterdam(town)
    (finding,) = refused.value.findings
    assert (finding.code, finding.file, finding.row) == (f"signalen.{code}", file, row)


BOOLEANS = st.sampled_from(["True", "False"])
ROWS = st.tuples(
    st.sampled_from("ABC"),
    st.sampled_from(["One", "Two"]),
    BOOLEANS,
    st.sampled_from(["street", "green"]),
    st.sampled_from(["hole", "tree", "street"]),
    st.sampled_from(["Hole", "Tree"]),
    st.sampled_from([*HANDLINGS, "NEWCODE"]),
    BOOLEANS,
    BOOLEANS,
    BOOLEANS,
)
CATEGORIES = st.lists(
    st.builds(
        category,
        st.integers(1, 6),
        st.sampled_from(["street", "green", "hole", "tree"]),
        st.one_of(st.none(), st.integers(1, 7)),
        handling=st.sampled_from(["A3DEC", "REST", None]),
    ),
    unique_by=lambda record: record["pk"],
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=12), categories=CATEGORIES, otherwise=st.sampled_from([None, parse_limit("当日")]))
def test_whatever_a_city_writes_each_row_is_mapped_or_found(tmp_path, rows, categories, otherwise):
    """Nothing is silently dropped, and nothing of it is grave."""
    (tmp_path / PAIRS).write_text("\n".join([COLUMNS, *(",".join(row) for row in rows)]) + "\n", "utf-8")
    put(tmp_path, FIXTURE, categories)
    imported = read_amsterdam(tmp_path, otherwise=otherwise)
    assert lost_of_amsterdam(tmp_path, imported) == []
    assert grave(imported) == []


def test_the_summary_counts_each_sort_of_finding_once(town):
    first, *lines = read_amsterdam(town).summary().splitlines()
    assert first == "8 kinds, 3 organizations, 2 rules, 0 ladders, 20 findings"
    assert len(lines) == 15
    assert any(line.startswith("    2  signalen.contradiction: ") for line in lines)


# --- real installations ---------------------------------------------------------------------------


@pytest.mark.data
def test_nairobi_is_read_whole(data):
    imported = read_digit(data / "digit_nairobi")
    assert (len(imported.catalog.kinds), len(imported.organizations), len(imported.table.rules)) == (37, 18, 37)
    assert sorts(imported) == {
        "other-tenant": 251,
        "designation": 29,
        "role": 22,
        "auto-step": 8,
        "workflow": 3,
        "field": 2,
        "boundary": 1,
        "constant": 1,
        "no-supervisors": 1,
        "no-chinese": 1,
    }
    hours = Counter(rule.then.limit.amount for rule in imported.table.rules)
    assert hours == {48: 13, 72: 9, 24: 8, 12: 3, 4: 2, 8: 2}
    assert {rule.then.limit.kind for rule in imported.table.rules} == {LimitKind.URGENT_HOURS}
    assert lost_of_digit(data / "digit_nairobi", imported) == []
    assert grave(imported) == []


@pytest.mark.data
def test_nairobi_with_the_defaults_of_the_product_has_a_ladder(data):
    folders = (data / "digit_nairobi", data / "digit_default")
    imported = read_digit(*folders, supervisors=("org:DEPT_18", "org:DEPT_05", "desk"))
    (ladder,) = imported.ladders
    assert [rung.after and rung.after.amount for rung in ladder.rungs] == [4, 24, None]
    assert {"state": 11, "action": 20, "envelope": 2, "notice": 24, "workflow": 4}.items() <= sorts(imported).items()
    assert len(imported.findings) == 377
    assert [lost for folder in folders for lost in lost_of_digit(folder, imported)] == []
    assert grave(imported) == []


@pytest.mark.data
def test_the_defaults_alone_are_no_installation(data):
    with pytest.raises(SetupError) as refused:
        read_digit(data / "digit_default")
    assert [finding.file for finding in refused.value.findings] == [SERVICES, DEPARTMENTS]


@pytest.mark.data
def test_amsterdam_is_read_whole(data):
    imported = read_amsterdam(data / "amsterdam")
    assert (len(imported.catalog.kinds), len(imported.organizations), len(imported.table.rules)) == (154, 16, 104)
    assert sorts(imported) == {
        "lead-chosen": 43,
        "no-limit": 31,
        "contradiction": 24,
        "no-department": 20,
        "external": 4,
        "loose-promise": 4,
        "unknown-handling": 2,
        "field": 1,
        "no-name": 1,
        "no-chinese": 1,
    }
    assert Counter(str(rule.then.limit) for rule in imported.table.rules) == {
        "5 working days": 49,
        "3 working days": 34,
        "21 calendar days": 17,
        "7 calendar days": 3,
        "21 working days": 1,
    }
    assert lost_of_amsterdam(data / "amsterdam", imported) == []
    assert grave(imported) == []


@pytest.mark.data
def test_amsterdam_has_a_rule_for_every_category_once_a_limit_is_said(data):
    imported = read_amsterdam(data / "amsterdam", otherwise=parse_limit("10 working days"))
    assert len(imported.table.rules) == 125
    assert sum(1 + len(rule.then.supporting) for rule in imported.table.rules) == 188
    assert lost_of_amsterdam(data / "amsterdam", imported) == []
    assert grave(imported) == []
