"""What each setup file may say. The field descriptions are what an editor shows."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["DOCUMENTS", "RULE_TABLES", "TABLES", "Document", "Row"]


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _words(value: Any) -> Any:
    return tuple(part.strip() for part in value.split("|") if part.strip()) if isinstance(value, str) else value


def _yes_or_no(value: Any) -> Any:
    return {"是": True, "否": False}.get(value, value) if isinstance(value, str) else value


YesNo = Annotated[bool, BeforeValidator(_yes_or_no)]
ZeroIfEmpty = Annotated[int, BeforeValidator(lambda value: 0 if value == "" else value)]
OptionalInt = Annotated[int | None, BeforeValidator(_none_if_empty)]
OptionalDate = Annotated[dt.date | None, BeforeValidator(_none_if_empty)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


class Document(BaseModel):
    """Part of a YAML file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(BaseModel):
    """A row of a CSV table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


# --- tables -------------------------------------------------------------------------------------


class PlaceRow(Row):
    """places.csv: one place of the territory."""

    code: str = Field(min_length=1, description="unique; 6, 9, 12 or 15 digits for official levels")
    level: str = Field(description="a level of setup.yaml")
    name: str = Field(min_length=1)
    parent: str = Field(default="", description="the code of the place it lies in; empty for the top one")
    kind: str = Field(default="", description="a grid kind, empty for places that are no grids")
    households: OptionalInt = Field(default=None, description="a whole number, 0 or more; empty if not counted here")
    longitude: OptionalInt = Field(default=None, description="degrees × 10⁷, a whole number")
    latitude: OptionalInt = Field(default=None, description="degrees × 10⁷, a whole number")
    outline: str = Field(default="", description="corners: longitude and latitude in turn, with spaces between")


class AddressRow(Row):
    """addresses.csv: the code of an address, and the place that it is."""

    address: str = Field(min_length=1, description="a code, no text: a standard address or house-number code")
    place: str


class AdjacencyRow(Row):
    """adjacency.csv: two buildings side by side."""

    one: str
    other: str
    meters: int = Field(default=1, description="length of the common border, 1 or more")
    barrier: int = Field(
        default=0, description="what lies between: 0 nothing, 1 lane, 2 road, 3 main road, 4 railway or river"
    )


class LayerGridRow(Row):
    """layers.csv: one building in one old grid of one layer."""

    layer: str
    grid: str = Field(min_length=1)
    name: str = ""
    building: str


class OrganizationRow(Row):
    """organizations.csv."""

    id: str = Field(min_length=1)
    zh: str
    en: str
    kind: str = Field(
        description="committee, department, market, co-building, party-branch, party-group, outlet, self-governing, "
        "station or team"
    )
    member_of: str = Field(default="", description="the organization that it is part of")


class PersonRow(Row):
    """persons.csv."""

    id: str = Field(min_length=1)
    name: str = ""
    organization: str = ""
    from_on: OptionalDate = Field(default=None, alias="from", description="YYYY-MM-DD")
    until_on: OptionalDate = Field(default=None, alias="until", description="YYYY-MM-DD")


class PostingRow(Row):
    """postings.csv: somebody in a role on a place."""

    holder: str
    role: str
    place: str
    from_on: dt.date = Field(alias="from", description="YYYY-MM-DD")
    until_on: OptionalDate = Field(default=None, alias="until", description="YYYY-MM-DD")
    end_reason: str = ""


class IncumbentRow(Row):
    """incumbents.csv: somebody whom a merge plan posts on base grids."""

    holder: str
    role: str
    layer: str = Field(default="", description="the old layer that they served; empty where they are new")
    grid: str = Field(default="", description="the old grid that they served")
    community: str = Field(default="", description="only grids of this community; empty for the whole street")
    group: str = Field(default="", description="holders of one group share the grids among them")


class KindRow(Row):
    """catalog.csv: a kind of matter (事项清单)."""

    code: str = Field(min_length=1)
    zh: str
    en: str
    affair: str = Field(default="public", description="public, shared or private")
    co_governor: str = Field(default="administration", description="community, administration or market")
    size: str = Field(default="small", description="small, medium or large")
    urgency: str = Field(default="ordinary", description="ordinary, fast or urgent")
    admitted: YesNo = Field(default=True, description="it may enter the grids (入格事项)")
    checked: YesNo = Field(default=True, description="somebody else checks the result before it closes")
    lead: str = Field(default="", description="who handles it, as in rules.csv; empty where rules say")
    level: str = Field(default="", description="the level of setup.yaml at which it is handled")
    limit: str = Field(default="", description="by when, as in 3工作日; empty: as the class above it, or rules")
    filing: str = Field(default="", description="when a report becomes a case (立案条件)")
    closing: str = Field(default="", description="when it may close (结案条件)")


class FactRow(Row):
    """A row whose other columns are facts; an empty cell takes any value."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)

    id: str = Field(min_length=1)


class AskingRow(FactRow):
    """A row that asks for facts."""

    when: str = Field(default="", description='a further condition, as in departments >= 2 && "school" in tag')
    from_on: OptionalDate = Field(default=None, alias="from", description="the first day, YYYY-MM-DD")
    until_on: OptionalDate = Field(default=None, alias="until", description="the last day, YYYY-MM-DD")


class RuleRow(AskingRow):
    """rules.csv: a routing rule; every other column is a fact."""

    band: str = Field(description="emergency, safety, vulnerable, local, time, whistle, split, category or default")
    priority: OptionalInt = Field(default=None, description="smaller is tried first; empty counts as 100")
    lead: str = Field(description="role:NAME, org:NAME, nearest:KIND or desk")
    supporting: Words = Field(default=(), description="as lead; several with | between")
    informed: Words = Field(default=(), description="as lead; several with | between")
    limit: str = Field(default="", description="as in 3工作日 or 3 working days; empty where limits.csv says it")
    ladder: str = Field(default="", description="a ladder of setup.yaml; empty: as limits.csv says, or the desk's")
    calendar: str = Field(default="", description="whose sessions the limit runs in; empty for the place's own")
    on_the_spot: YesNo = Field(default=False, description="the finder may handle it at once")
    tell_zh: str = Field(default="", description="what the reporter is told, in Chinese")
    tell_en: str = Field(default="", description="what the reporter is told, in English")


class LimitRow(AskingRow):
    """limits.csv: by when, where a rule does not say it; one row at most may answer a case."""

    limit: str = Field(default="", description="as in 3工作日 or 3 working days")
    calendar: str = Field(default="", description="whose sessions the limit runs in; empty for the place's own")
    ladder: str = Field(default="", description="a ladder of setup.yaml")


class AlsoRow(AskingRow):
    """also.csv: who else takes part; every row that holds adds its parties."""

    supporting: Words = Field(default=(), description="as lead of a rule; several with | between")
    informed: Words = Field(default=(), description="as lead of a rule; several with | between")


class ExampleRow(FactRow):
    """rules.tests.csv: a case, and what the rules must say of it; facts that are left out are as usual."""

    on: OptionalDate = Field(
        default=None, description="the day whose rules are asked; empty: effective_on of the setup"
    )
    rule: str = Field(default="", description="the rule that takes it; - for none")
    lead: str = Field(default="", description="as the rule writes it")
    supporting: str = Field(default="", description="several with | between; - for nobody")
    informed: str = Field(default="", description="several with | between; - for nobody")
    limit: str = ""
    ladder: str = Field(default="", description="- for none")


class AbsenceRow(Row):
    """absences.csv: somebody is away for a while."""

    holder: str
    from_on: dt.date = Field(alias="from", description="the first day, YYYY-MM-DD")
    until_on: OptionalDate = Field(default=None, alias="until", description="the last day, YYYY-MM-DD")
    deputy: str = Field(default="", description="who stands in; empty for nobody")


class DayRow(Row):
    """days.csv: a day that differs from its week, by a published notice."""

    date: dt.date = Field(description="YYYY-MM-DD")
    works: bool = Field(description="true for a moved working day (调休), false for a rest day")
    name: str = Field(default="", description="what the holiday is called")
    notice: str = Field(default="", description="which notice says so, with the day of its publication")


class DeedRow(Row):
    """deeds.csv: what earns points."""

    id: str = Field(min_length=1)
    category: str
    zh: str
    en: str
    points: int = Field(description="for one unit, 1 or more")
    month_cap: ZeroIfEmpty = Field(default=0, description="the most points of one account in a month; empty for no cap")
    from_on: OptionalDate = Field(
        default=None, alias="from", description="first day, YYYY-MM-DD; a deed may have several rows"
    )
    until_on: OptionalDate = Field(default=None, alias="until", description="last day, YYYY-MM-DD")
    unit: Annotated[str, BeforeValidator(lambda value: value or "time")] = Field(
        default="time", description="what is counted: time, hour, visit ..."
    )
    caps: Words = Field(default=(), description="more caps: 20/week|40/month/household|2000/quarter/community")
    cooldown_days: ZeroIfEmpty = Field(default=0, description="days between two of one account")
    evidence: Words = Field(default=(), description="kinds of evidence that a claim must bring, with | between")
    proposers: Words = Field(default=(), description="roles that may propose it, with | between; self: oneself")
    members: Annotated[tuple[str, ...], BeforeValidator(lambda value: _words(value) or ("resident", "worker"))] = Field(
        default=("resident", "worker"), description="who can earn it: resident|worker|household|organization"
    )
    book: str = Field(default="", description="its unit of account, where it is not the policy's")
    only: Words = Field(default=(), description="goods or outlets that its points buy, with | between; empty for all")
    wishes: str = Field(default="", description="what residents said when the value was set")


class GoodRow(Row):
    """goods.csv: what an outlet gives for points."""

    id: str = Field(min_length=1)
    outlet: str
    zh: str
    en: str
    price: int
    limit: ZeroIfEmpty = Field(default=0, description="how many one account may have; empty for no limit")
    kind: Annotated[str, BeforeValidator(lambda value: value or "goods")] = Field(
        default="goods", description="goods (counted on a shelf) or discount"
    )
    household_limit: ZeroIfEmpty = Field(default=0, description="how many one household may have")
    limit_per: str = Field(default="", description="the window of the limits: day, week, month, quarter, year")
    books: Words = Field(default=(), description="books whose points it can be paid with; empty for all")


class AccessRow(Row):
    """access.csv: who may do what, and where."""

    role: str
    names: Words = Field(
        description="names of commands and views, with | between; * for all, *read for every view, *write for every "
        "command"
    )
    scope: str = Field(
        default="own",
        description="own: on the places of the posting and below; department: on the cases of one's own organization; "
        "all: everywhere",
    )
    masked: Words = Field(
        default=(), description="what is not shown: reporter, contact, text, evidence, resident, with | between"
    )


class SubscriptionRow(Row):
    """notices.csv: who is told of what, on which channel, and when."""

    event: str = Field(description="a stored event name, as in the reference of events")
    audience: str = Field(
        description="of a case: lead, supporting, informed, supervisor, reporter, followers, desk, called, grid, "
        "members, role:NAME or owners:LEVEL; of an award: member, proposer, panel, supervisor or desk; "
        "of announcement-made: addressed"
    )
    channel: str = Field(description="the name of a channel")
    language: str = Field(default="zh", description="zh or en")
    quiet: str = Field(default="", description="when nothing is sent, in local time, as in 22:00-07:00; it waits")
    digest: str = Field(default="", description="when it goes out as one with others, as in 18:00 or mon 08:30")


class TemplateRow(Row):
    """templates.csv: the words of a notice, in place of the usual line."""

    event: str = Field(description="a stored event name, as in the reference of events")
    language: str = Field(default="zh", description="zh or en")
    audience: str = Field(default="", description="for whom alone, as in notices.csv; empty for everybody")
    text: str = Field(description="with $text, $subject, $at, $kind, $place, $code, $stage and $due in it")


# --- setup.yaml ---------------------------------------------------------------------------------


class LevelPart(Document):
    """A level of the jurisdiction, from the top down."""

    id: str
    zh: str
    en: str


class BoundsPart(Document):
    """Sizes of base grids, in households."""

    households_min: int = 300
    households_max: int = 500
    target: int = 400


class WindowPart(BoundsPart):
    """Sizes of the base grids of one community or village."""

    place: str


class VillagePart(Document):
    """A place that is divided into a number of grids, whatever their households."""

    place: str
    least: int
    most: int


class MergingPart(Document):
    """How base grids are wanted, beside their size."""

    within: tuple[str, ...] = Field(default=(), description="layers whose borders are hard")
    barrier: int = Field(default=0, description="no grid crosses a barrier of this rank or more; 0 for none")
    loyalty: int = Field(default=0, description="what one more base grid for an old grid costs, in cut weights")
    meters: int = Field(default=0, description="so many meters of common border weigh one more; 0 for none")
    effort: int = Field(default=200, description="sweeps over all buildings, 10 or more")
    windows: tuple[WindowPart, ...] = ()
    villages: tuple[VillagePart, ...] = ()
    together: tuple[tuple[str, ...], ...] = Field(default=(), description="buildings that stay in one grid")
    apart: tuple[tuple[str, str], ...] = Field(default=(), description="neighbors between which the border stays")
    as_is: tuple[tuple[str, ...], ...] = Field(default=(), description="buildings that are a grid just so")


class CountingPart(Document):
    """When a report begins to count, where it does not at once."""

    cutoff: str = Field(description="what comes later counts from the next working day; as in 16:30")
    resumes: str = Field(description="the time of day from which that counts; as in 08:30")
    same_time: bool = Field(default=False, description="a report of a rest day moves to the same time of day")


class CalendarPart(Document):
    """When work is done."""

    id: str = "default"
    zone: str = "Asia/Shanghai"
    sessions: tuple[str, ...] = ("08:00-12:00", "14:00-18:00")
    weekdays: tuple[int, ...] = Field(default=(1, 2, 3, 4, 5), description="1 is Monday")
    holidays: tuple[dt.date, ...] = ()
    moved: tuple[dt.date, ...] = Field(default=(), description="working days that would be rest days (调休)")
    known_from: dt.date | None = None
    known_through: dt.date | None = None
    notice: str = ""
    counting: CountingPart | None = None
    days: str = Field(
        default="",
        description="where holidays come from: days.csv, or a source that a plugin offers, as in cn; empty: from here",
    )


class LayerPart(Document):
    """An old layer; its grids stand in layers.csv."""

    id: str
    zh: str
    en: str
    department: str


class RolePart(Document):
    """A role; see gridgov.staffing.Role."""

    id: str
    zh: str
    en: str
    level: str = Field(description="the level of the places that it is posted on")
    cardinality: str = Field(default="free", description="one-to-one, many-to-one, one-to-many or free; in quotes")
    subject: str = Field(default="", description="which kind of subject with written duties it belongs to")
    force: str = Field(default="stationed", description="stationed, patrolling, seconded or reporting-in")
    paid: bool = True


class RungPart(Document):
    """A rung of a ladder."""

    id: str
    target: str
    after: str = Field(default="", description="a limit, as in 4工作时; empty on the top rung")
    takes_over: bool = False


class LadderPart(Document):
    """Who presses a case, and who takes it over."""

    id: str
    warn_percent: int = 80
    rungs: tuple[RungPart, ...]


class FactPart(Document):
    """A fact of cases that the place declares beside the usual ones; a column of the rules."""

    id: str
    type: Literal["text", "code", "number", "time", "tags"]
    zh: str
    en: str
    domain: tuple[str, ...] = Field(default=(), description="the values that it may have; empty for any")
    least: int | None = Field(default=None, description="of a number")
    most: int | None = Field(default=None, description="of a number")


class RulesDocument(Document):
    """rules.yaml: the rows of rules.csv, limits.csv, also.csv and rules.tests.csv in one file."""

    rules: tuple[dict[str, Any], ...]
    limits: tuple[dict[str, Any], ...] = ()
    also: tuple[dict[str, Any], ...] = ()
    tests: tuple[dict[str, Any], ...] = ()


class CasesPart(Document):
    """The policy of cases."""

    desk: str
    desk_limit: str = "1工作日"
    desk_ladder: str = ""
    rating_days: int = 15
    reopening_days: int = 15
    whistle_days: int = 30
    respond_within: str = Field(default="1工作日", description="how long a first answer may take")
    returns_max: int = Field(default=2, description="returns to the desk; the next one goes up a rung")
    holds_max: int = 1
    hold_days_max: int = 365
    extensions_max: int = 2
    extension_days_max: int = 30
    transfers_max: int = Field(default=5, description="how often leads may pass a case on among themselves")
    report_back_days: int = Field(default=60, description="how long the clock waits for an authority with a receipt")
    finder_differs: bool = Field(default=True, description="who found a matter on patrol does not handle it")
    spot_rung_max: int = Field(default=0, description="rungs up to which the finder may handle on the spot")
    separate: Literal["person", "organization"] = Field(
        default="person", description="who counts as somebody else for a check, a decision or a call"
    )
    appeal_days: int = 30
    duplicate_meters: int = 250
    duplicate_days: int = 7
    covering: tuple[str, ...] = Field(default=(), description="roles whose holders cover an area (包抓)")


class PanelPart(Document):
    """A member of the review panel."""

    person: str = Field(description="a person of persons.csv, or resident:ID")
    side: str = Field(description="community-worker, grid-worker, resident or supervision-committee")


class LeaguePart(Document):
    """Those who are ranked beside each other in a quarter."""

    id: str
    zh: str
    en: str
    members: tuple[str, ...] = Field(description="resident, worker, household, organization")
    titles: tuple[str, ...] = Field(default=(), description="of the first ranks, in order")


class ThanksPart(Document):
    """A deed that follows from a case."""

    event: str = Field(default="case-closed", description="case-closed")
    who: str = Field(default="opened_by", description="opened_by or handled_by")
    deed: str = Field(description="an id of deeds.csv; the office proposes it by itself")


class PointsPart(Document):
    """The policy of points."""

    book: str = "points"
    quorum: int = 1
    sides_min: int = 1
    window: str = Field(default="3工作日", description="how long a list hangs before its awards count")
    lasts_months: int = Field(default=0, description="points end with the month so many months later; 0 for never")
    lasts_days: int = Field(default=0, description="or so many days later")
    lasts_quarters: int = Field(default=0, description="or with the quarter so many quarters later")
    lasts_years: int = Field(default=0, description="or with the year so many years later")
    majority: str = Field(default="simple", description="simple, absolute or two-thirds")
    decide_within: str = Field(default="10工作日", description="how long an objection or an appeal may wait")
    ladder: str = Field(default="", description="who is pressed when it waits longer")
    appeal_within: str = Field(default="10工作日", description="how long a decision can be appealed")
    reversal_days: int = Field(default=90, description="how long a mistake can be reversed; 0 for never")
    grace_days: int = Field(default=7, description="days that points which come back have left at least")
    pool: YesNo = Field(default=False, description="points go to the household's account")
    budgets: YesNo = Field(default=False, description="awards come out of the budget of a community")
    community_level: str = Field(default="community", description="the level of the issuing community")
    voucher_days: int = Field(default=0, description="how many days a voucher is valid; 0 for no end")
    offline_days: int = Field(default=1, description="how long an outlet may be offline")
    freeze_days_max: int = Field(default=90, description="the longest freeze")
    ties: str = Field(default="share", description="share or draw")
    leagues: tuple[LeaguePart, ...] = ()
    panel: tuple[PanelPart, ...] = ()
    thanks: tuple[ThanksPart, ...] = ()


class SetupDocument(Document):
    """setup.yaml: everything that is no table."""

    effective_on: dt.date
    levels: tuple[LevelPart, ...]
    bounds: BoundsPart = BoundsPart()
    merging: MergingPart = MergingPart()
    calendar: CalendarPart = CalendarPart()
    calendars: tuple[CalendarPart, ...] = Field(default=(), description="more of them, for rules to name")
    layers: tuple[LayerPart, ...] = ()
    roles: tuple[RolePart, ...] = ()
    ladders: tuple[LadderPart, ...] = ()
    coordinates: Literal["", "wgs84", "cgcs2000", "gcj02", "bd09"] = Field(
        default="", description="the system of all positions in places.csv; stated, never guessed"
    )
    facts: tuple[FactPart, ...] = Field(default=(), description="more facts of cases, for rules to ask for")
    cases: CasesPart
    points: PointsPart = PointsPart()


DOCUMENTS: dict[str, type[Document]] = {"setup.yaml": SetupDocument, "rules.yaml": RulesDocument}
RULE_TABLES: dict[str, type[FactRow]] = {
    "rules.csv": RuleRow,
    "limits.csv": LimitRow,
    "also.csv": AlsoRow,
    "rules.tests.csv": ExampleRow,
    "shadow.csv": RuleRow,
    "shadow.limits.csv": LimitRow,
    "shadow.also.csv": AlsoRow,
    "shadow.tests.csv": ExampleRow,
}
"""Tables whose further columns are facts."""
TABLES: dict[str, type[Row]] = {
    "places.csv": PlaceRow,
    "addresses.csv": AddressRow,
    "adjacency.csv": AdjacencyRow,
    "layers.csv": LayerGridRow,
    "organizations.csv": OrganizationRow,
    "persons.csv": PersonRow,
    "postings.csv": PostingRow,
    "absences.csv": AbsenceRow,
    "incumbents.csv": IncumbentRow,
    "catalog.csv": KindRow,
    **RULE_TABLES,
    "days.csv": DayRow,
    "deeds.csv": DeedRow,
    "goods.csv": GoodRow,
    "access.csv": AccessRow,
    "notices.csv": SubscriptionRow,
    "templates.csv": TemplateRow,
}
REQUIRED = frozenset({"places.csv", "catalog.csv", "organizations.csv"})
