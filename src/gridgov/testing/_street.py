"""A street that fits on a page."""

from __future__ import annotations

import datetime as dt

from gridgov.access import AccessPolicy
from gridgov.cases import CasePolicy
from gridgov.escalation import Ladder, Rung
from gridgov.points import Deed, Good, PanelMember, PointsPolicy
from gridgov.policy import Timeline
from gridgov.routing import FACTS, Catalog, Kind, Rule, Rulebook, Table, Then, parse_cell
from gridgov.setup import Setup, Subscription, Thanks
from gridgov.staffing import Organization, Person, Posting, Role, Roster
from gridgov.territory import Ground, Level, Node, Territory
from gridgov.worktime import Calendar, parse_limit

__all__ = ["NOON", "small_setup"]

NOON = dt.datetime(2026, 9, 1, 4, 0, tzinfo=dt.UTC)
"""Tuesday noon in China, just before the lunch break."""

STREET = "150203005"
SINCE = dt.date(2026, 1, 1)


def _communities(street: str) -> tuple[str, str]:
    return f"{street}008", f"{street}009"


def _territory(street: str) -> Territory:
    levels = [
        Level("street", "街道", "street"),
        Level("community", "社区", "community"),
        Level("grid", "网格", "grid"),
        Level("building", "楼栋", "building"),
    ]
    nodes = [Node(code=street, level="street", name="友谊大街街道")]
    for community in _communities(street):
        nodes.append(Node(code=community, level="community", name=f"社区{community[-1]}", parent=street))
        for grid in ("001", "002"):
            code = f"{community}{grid}"
            nodes.append(Node(code=code, level="grid", name=f"网格{grid}", parent=community, kind="residential"))
            building = f"{community}-B{grid}"
            nodes.append(Node(code=building, level="building", name=f"{grid}号楼", parent=code, households=320))
    return Territory.build(levels, nodes)


def _roster(territory: Territory, street: str) -> Roster:
    roles = [
        Role(id="general-grid-head", zh="总网格长", en="general grid head", level="community", subject="grid head"),
        Role(id="area-lead", zh="片长", en="area lead", level="grid", cardinality="one-to-one", subject="full-time"),
        Role(
            id="building-lead",
            zh="楼长",
            en="building lead",
            level="building",
            cardinality="many-to-one",
            subject="part-time",
            paid=False,
        ),
        Role(id="desk-officer", zh="值守人员", en="desk officer", level="street"),
    ]
    organizations = [
        Organization(id="desk", zh="街道值守", en="street desk", kind="committee"),
        Organization(id="gas", zh="燃气公司", en="gas company", kind="market"),
        Organization(id="police", zh="派出所", en="police station", kind="department"),
        Organization(id="shop", zh="爱心超市", en="charity shop", kind="outlet"),
    ]
    persons = [Person(id="desk-1", organization="desk"), Person(id="desk-2", organization="desk")]
    persons += [Person(id="gas-1", organization="gas"), Person(id="police-1", organization="police")]
    postings = [Posting(id="p-desk-1", holder="desk-1", role="desk-officer", place=street, from_on=SINCE)]
    postings += [Posting(id="p-desk-2", holder="desk-2", role="desk-officer", place=street, from_on=SINCE)]
    for community in _communities(street):
        last = community[-1]
        persons.append(Person(id=f"head-{last}"))
        postings.append(
            Posting(
                id=f"p-head-{last}", holder=f"head-{last}", role="general-grid-head", place=community, from_on=SINCE
            )
        )
        for grid in ("001", "002"):
            lead, builder = f"lead-{last}{grid[-1]}", f"builder-{last}{grid[-1]}"
            persons += [Person(id=lead), Person(id=builder)]
            postings += [
                Posting(id=f"p-{lead}", holder=lead, role="area-lead", place=f"{community}{grid}", from_on=SINCE),
                Posting(
                    id=f"p-{builder}",
                    holder=builder,
                    role="building-lead",
                    place=f"{community}-B{grid}",
                    from_on=SINCE,
                ),
            ]
    return Roster.build(
        territory=territory, roles=roles, organizations=organizations, persons=persons, postings=postings
    )


def _rule(id_: str, band: str, kind: str, lead: str, limit: str, ladder: str, **then: str | bool) -> Rule:
    cell = parse_cell(FACTS["kind"], kind)
    return Rule(
        id=id_,
        band=band,
        cells=(cell,) if cell else (),
        then=Then(lead=lead, limit=parse_limit(limit), ladder=ladder, on_the_spot=bool(then.get("on_the_spot"))),
    )


def small_setup(*, access: AccessPolicy | None = None, street: str = STREET) -> Setup:
    """Give a street of two communities, four grids and four buildings, with people, rules and a shop.

    Residents and workers may do anything that the rooms allow, unless *access* says otherwise.
    *street* is its code, for more than one street.
    Kinds: ``gas.smell`` (safety, two urgent hours, the gas company), ``noise`` (the area lead, one
    working day), ``clutter`` (the finder may handle it on the spot), ``question`` (no check), and
    ``odd``, which no rule takes.
    """
    territory = _territory(street)
    catalog = Catalog.build(
        [
            Kind(code="gas.smell", zh="燃气异味", en="smell of gas", urgency="urgent"),
            Kind(code="noise", zh="噪音", en="noise"),
            Kind(code="clutter", zh="楼道杂物", en="clutter"),
            Kind(code="question", zh="咨询", en="question", checked=False),
            Kind(code="odd", zh="其他", en="something odd"),
            Kind(code="tax", zh="涉税", en="tax", admitted=False),
        ]
    )
    table = Table.build(
        [
            _rule("gas-smell", "safety", "gas.smell", "org:gas", "2紧急工作时", "street"),
            _rule("noise", "category", "noise", "role:area-lead", "1工作日", "grid"),
            _rule("clutter", "category", "clutter", "role:area-lead", "1工作日", "grid", on_the_spot=True),
            _rule("question", "category", "question", "role:area-lead", "4工作时", "grid"),
        ]
    )
    ladders = {
        "grid": Ladder(
            id="grid",
            rungs=(
                Rung(id="community", target="role:general-grid-head", after=parse_limit("4工作时")),
                Rung(id="street", target="desk", takes_over=True),
            ),
        ),
        "street": Ladder(id="street", rungs=(Rung(id="street", target="desk"),)),
    }
    points = PointsPolicy(
        book="small",
        deeds={
            "report": Deed(id="report", category="reporting", zh="反映情况", en="report", points=2, month_cap=6),
            "help": Deed(id="help", category="kindness", zh="帮助他人", en="help", points=5),
        },
        goods={"soap": Good(id="soap", outlet="shop", zh="肥皂", en="soap", price=3, limit=2)},
        panel=(
            PanelMember("head-8", "community-worker"),
            PanelMember("lead-81", "grid-worker"),
            PanelMember("resident:00001", "resident"),
            PanelMember("police-1", "supervision-committee"),
        ),
        quorum=3,
        sides_min=3,
        lasts_months=1,
        grace_days=0,
    )
    return Setup(
        ground=Ground(territory),
        roster=_roster(territory, street),
        catalog=catalog,
        rulebooks=Timeline.always(Rulebook(table)),
        case_policy=Timeline.always(CasePolicy(desk="desk", desk_ladder="street")),
        points_policy=Timeline.always(points),
        calendar=Calendar(known_through=dt.date(2026, 12, 31), notice="2026"),
        ladders=ladders,
        access=access or AccessPolicy.open(),
        subscriptions=(
            Subscription(event="case-routed", audience="lead", channel="file"),
            Subscription(event="case-answered", audience="reporter", channel="file"),
            Subscription(event="case-escalated", audience="supervisor", channel="file"),
        ),
        thanks=(Thanks(event="case-closed", who="opened_by", deed="report"),),
    )
