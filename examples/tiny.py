"""Two communities, three rules, one plugin: the whole idea on a page."""

import gridgov
from gridgov.access import AccessPolicy
from gridgov.cases import CasePolicy, OpenCase
from gridgov.policy import Timeline
from gridgov.routing import FACTS, Catalog, Kind, Rule, Rulebook, Table, Then, parse_cell
from gridgov.setup import Setup
from gridgov.staffing import Organization, Roster
from gridgov.territory import Ground, Level, Node, Territory
from gridgov.worktime import parse_limit

street = Node(code="150203005", level="street", name="友谊大街街道")
homes = [Node(code=f"15020300500{n}", level="community", name=f"社区{n}", parent=street.code) for n in (8, 9)]
territory = Territory.build([Level("street", "街道", "street"), Level("community", "社区", "")], [street, *homes])
names = (("desk", "街道值守"), ("gas", "燃气公司"), ("police", "派出所"))
offices = [Organization(id=i, zh=name, en=i, kind="department") for i, name in names]


def rule(name: str, band: str, kind: str, lead: str, limit: str) -> Rule:
    cell = parse_cell(FACTS["kind"], kind)
    return Rule(id=name, band=band, cells=(cell,) if cell else (), then=Then(lead=lead, limit=parse_limit(limit)))


class QuietHours:
    @gridgov.hookimpl
    def gridgov_rules(self, catalog, territory):  # type: ignore[no-untyped-def]
        return [rule("quiet", "local", "noise", "org:police", "4紧急工作时")]


rules = [rule("gas", "safety", "gas", "org:gas", "2紧急工作时"), rule("noise", "category", "noise", "desk", "1工作日")]
setup = Setup(
    ground=Ground(territory), roster=Roster.build(territory=territory, organizations=offices),
    catalog=Catalog.build([Kind(code="gas", zh="燃气异味", en="gas"), Kind(code="noise", zh="噪音", en="noise")]),
    rulebooks=Timeline.always(Rulebook(Table.build([*rules, rule("rest", "default", "", "desk", "3工作日")]))),
    case_policy=Timeline.always(CasePolicy(desk="desk")), access=AccessPolicy.open(),
)  # fmt: skip
with gridgov.open_office(setup, plugins=[QuietHours()], discover=False) as office:
    case = office.handle(OpenCase(kind="noise", place=homes[0].code, source="resident"), by="resident:0412")
    print(case.state.route.explain("zh"))
