"""The value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs

from gridgov.access import AccessPolicy
from gridgov.cases import CaseGiven, CasePolicy
from gridgov.errors import Finding, SetupError
from gridgov.escalation import Ladder
from gridgov.merging import (
    Adjustment,
    Bounds,
    Incumbent,
    Layer,
    MergePlan,
    MergePolicy,
    Reposting,
    check_plan,
    repost,
    succeed,
)
from gridgov.outreach import OutreachGiven
from gridgov.points import PointsGiven, PointsPolicy
from gridgov.policy import Timeline
from gridgov.proofs import Sealed, canonical, digest
from gridgov.routing import Catalog, Fact, Names, Rule, Rulebook
from gridgov.setup._jurisdiction import JurisdictionGiven
from gridgov.setup._subscription import ADDRESSED, Subscription, Template, beyond_defaults
from gridgov.staffing import Posting, Roster
from gridgov.territory import Ground, Located, Locator, Node, Territory
from gridgov.worktime import Calendar, PublishedDays

__all__ = ["Retention", "Setup", "Thanks"]

FILES = ("days.csv",)
"""Sources of days that were read with the setup."""


@attrs.frozen(kw_only=True)
class Thanks:
    """A deed that follows from a case: points are proposed when the event happens.

    :param event: ``case-closed``; :param who: ``opened_by`` or ``handled_by``.
    """

    event: str
    who: str
    deed: str


@attrs.frozen(kw_only=True)
class Retention:
    """How long private texts of one purpose are kept, and on which legal basis."""

    basis: str
    days: int


def _default_retention() -> dict[str, Retention]:
    return {
        "case-handling": Retention(basis="PIPL art. 13(1)(3): statutory duties", days=730),
        "feedback": Retention(basis="PIPL art. 13(1)(3): statutory duties", days=365),
        "administration": Retention(basis="PIPL art. 13(1)(3): statutory duties", days=3650),
        "points": Retention(basis="PIPL art. 13(1)(1): consent", days=730),
        "publication": Retention(basis="PIPL art. 13(1)(3): statutory duties", days=365),
    }


@attrs.frozen(kw_only=True, eq=False)
class Setup:
    """A jurisdiction.

    :param effective_on: the day from which postings made by a plan hold.
    :param calendar: the place's own; :param calendars: more of them by id, for rules to name.
    :param rulebooks: who handles what, by when; :param shadow: another one that decides beside it without
        acting, so that its differences can be seen before it is adopted.
    :param coordinates: the system in which positions of places are given (``wgs84``, ``cgcs2000``,
        ``gcj02``, ``bd09``), empty where none are; :param addresses: address code → place.
    :param incumbents: who must be posted on base grids by a plan.
    :param merging: how grids are wanted; see :class:`~gridgov.merging.MergePolicy`.
    :param plan: the merge plan in force; None before the merge. It holds since *plan_on*.
    :param repostings: where people went by that plan; :param gaps: what it left open: grids without
        a holder, holders without a grid.
    :param notes: what was worth a look when the files were read, and forbade nothing.
    """

    ground: Ground
    roster: Roster
    catalog: Catalog
    rulebooks: Timeline[Rulebook]
    case_policy: Timeline[CasePolicy]
    points_policy: Timeline[PointsPolicy] = attrs.field(factory=lambda: Timeline.always(PointsPolicy()))
    calendar: Calendar = attrs.field(factory=Calendar)
    calendars: Mapping[str, Calendar] = attrs.field(factory=dict)
    shadow: Rulebook | None = None
    coordinates: str = ""
    addresses: Mapping[str, str] = attrs.field(factory=dict)
    ladders: Mapping[str, Ladder] = attrs.field(factory=dict)
    access: AccessPolicy = attrs.field(factory=AccessPolicy)
    layers: tuple[Layer, ...] = ()
    merging: MergePolicy = attrs.field(factory=MergePolicy)
    incumbents: tuple[Incumbent, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    templates: tuple[Template, ...] = ()
    thanks: tuple[Thanks, ...] = ()
    retention: Mapping[str, Retention] = attrs.field(factory=_default_retention)
    effective_on: dt.date = dt.date.min
    plan: MergePlan | None = None
    plan_on: dt.date = dt.date.min
    repostings: tuple[Reposting, ...] = ()
    gaps: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()

    @property
    def bounds(self) -> Bounds:
        """The wanted size of a base grid."""
        return self.merging.bounds

    @property
    def territory(self) -> Territory:
        """The tree of places."""
        return self.ground.territory

    @property
    def jurisdiction(self) -> str:
        """The code of the top place; every stream begins with it."""
        return self.territory.root

    def with_adjustment(self, adjustment: Adjustment, *, on: dt.date) -> Setup:
        """Let an adjustment hold from a day on: its ground, its layers and its plan.

        :raises SetupError: as :meth:`with_plan`, and for an adjustment of another plan than the one
            in force.
        """
        if self.plan is None or adjustment.before.digest != self.plan.digest:
            message = "the adjustment was made from another plan than the one that is in force"
            raise SetupError([Finding(code="plan.other-plan", subject=self.jurisdiction, message=message)])
        return self.with_plan(adjustment.after, ground=adjustment.ground, layers=adjustment.layers, on=on)

    def with_plan(
        self,
        plan: MergePlan,
        *,
        ground: Ground | None = None,
        layers: Sequence[Layer] | None = None,
        on: dt.date | None = None,
    ) -> Setup:
        """Let people, organizations and codes follow a plan: the first one, or a later one.

        Base grids become places between their community and its buildings. By a first plan every
        incumbent is posted by the rule of its role; by a later one who is on a grid that stays,
        stays, and who was on an abolished one follows its households (see *gaps* for what a person
        must decide). Cases and points are tied to places and persons, which keep their codes.

        :param ground: the ground that a later plan divides, if it changed, and *layers* as they are
            on it; :meth:`with_adjustment` brings both along.
        :param on: the first day of the plan, by default ``effective_on``; a later plan begins later.
        :raises SetupError: for a plan that does not hold on this ground, or leaves somebody out, or
            does not begin after the one in force.
        """
        day = on or self.effective_on
        if self.plan is not None and day <= self.plan_on:
            message = f"a plan from {day} on would rewrite the one that holds since {self.plan_on}"
            remedy = "give a later day"
            raise SetupError(
                [Finding(code="plan.not-later", subject=self.jurisdiction, message=message, remedy=remedy)]
            )
        divided = (ground or self.ground).opened(plan.opened)
        old = self.layers if layers is None else tuple(layers)
        findings = list(check_plan(plan, divided, old))
        if findings:
            raise SetupError(findings)
        territory = _with_grids(divided, plan, self.plan, day)
        fresh = attrs.evolve(
            self, ground=attrs.evolve(divided, territory=territory), layers=old, plan=plan, plan_on=day
        )
        return fresh._first_posted(day) if self.plan is None else fresh._posted_anew(self.plan, day)

    def _first_posted(self, on: dt.date) -> Setup:
        if self.plan is None:
            raise AssertionError("people follow a plan")
        repostings, findings = repost(self.plan, self.roster.roles, self.incumbents)
        if findings:
            raise SetupError(findings)
        postings = [
            Posting(id=f"{each.role}:{each.holder}:{grid}", holder=each.holder, role=each.role, place=grid, from_on=on)
            for each in repostings
            for grid in each.base_grids
        ]
        return attrs.evolve(
            self, roster=self.roster.with_postings(postings, self.territory), repostings=repostings, gaps=()
        )

    def _posted_anew(self, before: MergePlan, on: dt.date) -> Setup:
        if self.plan is None:
            raise AssertionError("people follow a plan")
        found = succeed(before, self.plan, self.roster, on)
        ended = dict(found.ended)
        for posting in self.roster.postings:
            place = self.territory.nodes.get(posting.place)
            if place is not None and place.level == self.ground.atom_level and place.until_on < posting.until_on:
                ended[posting.id] = (max(place.until_on, posting.from_on), f"{place.name} has come down")
        roster = self.roster.with_postings(found.added, self.territory, ended=ended)
        return attrs.evolve(self, roster=roster, repostings=found.moved, gaps=found.findings)

    def with_rules(self, added: Sequence[Rule], facts: Sequence[Fact] = ()) -> Setup:
        """Give a setup whose rulebooks all have more rules.

        :param added: rows of a plugin take the place of those that it has added before, so that the
            setup of an open office can be changed and handed back to it.
        :param facts: more facts that rules may ask for.
        :raises SetupError: for rows that name what does not exist, or a fact that is declared otherwise.
        """
        if not added and not facts:
            return self
        declared = self._declared(facts)
        entries = self.rulebooks.entries
        ends = [entry.from_on - dt.timedelta(days=1) for entry in entries[1:]] + [dt.date.max]
        dated = [
            each
            for entry, end in zip(entries, ends, strict=True)
            for each in entry.value.with_rules(added, declared).timeline(entry.from_on, end).entries
        ]
        shadow = self.shadow.with_rules(added, declared) if self.shadow is not None else None
        books = [*(entry.value for entry in dated), *([shadow] if shadow is not None else [])]
        findings = dict.fromkeys(finding for book in books for finding in self.check_rules(book) if finding.grave)
        if findings:
            raise SetupError(_with_origins(findings, added))
        return attrs.evolve(self, rulebooks=Timeline(tuple(dated)), shadow=shadow)

    def _declared(self, facts: Sequence[Fact]) -> dict[str, Fact]:
        known = dict(self.rulebooks.entries[-1].value.facts)
        for fact in facts:
            if known.setdefault(fact.name, fact) != fact:
                message = f"the fact {fact.name} is declared already, and otherwise"
                remedy = "give it another name, or declare it in the same way"
                finding = Finding(code="routing.fact-twice", subject=fact.name, message=message, remedy=remedy)
                raise SetupError([finding])
        return {fact.name: fact for fact in facts}

    def with_days(self, sources: Mapping[str, PublishedDays]) -> Setup:
        """Give a setup whose calendars have the days of the sources that they name.

        :raises SetupError: for a calendar that names a source which nobody offers.
        """
        if not any(each.days and each.days not in FILES for each in (self.calendar, *self.calendars.values())):
            return self
        findings: list[Finding] = []

        def filled(calendar: Calendar) -> Calendar:
            if not calendar.days or calendar.days in FILES:
                return calendar
            if calendar.days not in sources:
                message = f"the calendar {calendar.id} takes its days from {calendar.days!r}, which no plugin offers"
                offered = f"one of {', '.join(sorted(sources))}; " if sources else ""
                remedy = f"{offered}install the plugin that offers it, or bring a days.csv"
                findings.append(
                    Finding(code="worktime.no-days", subject=calendar.id, column="days", message=message, remedy=remedy)
                )
                return calendar
            return calendar.with_days(sources[calendar.days])

        fresh = attrs.evolve(
            self,
            calendar=filled(self.calendar),
            calendars={name: filled(calendar) for name, calendar in self.calendars.items()},
        )
        if findings:
            raise SetupError(findings)
        return fresh

    def locate(self, *, address: str = "", point: tuple[int, int] | None = None, system: str = "") -> Located:
        """Find the place of a report by its address code or its position.

        The finest level that has outlines comes first: a building, else a grid; then the nearest
        outline; else the street, whose desk has it.

        :param point: longitude and latitude in degrees × 10⁷; :param system: its own, never guessed.
        :raises ValueError: for a position without its system, or where no place has an outline.
        """
        if address in self.addresses:
            return Located(self.addresses[address], "address")
        if not self._locators:
            raise ValueError("no place of this setup has an outline; give outlines, or name places by their codes")
        found = [locator.locate(point=point, system=system) for locator in self._locators]
        order = ("point", "nearest", "unlocated")
        return min(found, key=lambda each: order.index(each.how))

    @cached_property
    def _locators(self) -> tuple[Locator, ...]:
        drawn = {node.level for node in self.territory if node.outline}
        levels = [level.id for level in reversed(self.territory.levels) if level.id in drawn]
        return tuple(Locator.of(self.territory, level=level, system=self.coordinates) for level in levels)

    @cached_property
    def _on_trial(self) -> Timeline[Rulebook] | None:
        return self.shadow.timeline() if self.shadow is not None else None

    @cached_property
    def calendars_by_id(self) -> Mapping[str, Calendar]:
        """Every calendar by its id, the place's own among them."""
        return {**self.calendars, self.calendar.id: self.calendar}

    def names(self, on: dt.date | None = None) -> Names:
        """Give what the rules of this setup may name.

        :param on: a day for which postings and calendars are looked at as well.
        """
        return Names(
            catalog=self.catalog,
            territory=self.territory,
            roster=self.roster,
            ladders=self.ladders,
            calendars=self.calendars_by_id,
            calendar=self.calendar,
            awaited=frozenset(each.role for each in self.incumbents) if self.plan is None else frozenset(),
            on=on,
        )

    def check_rules(self, book: Rulebook, on: dt.date | None = None) -> list[Finding]:
        """Give everything that is wrong with a rulebook in this setup, and what is worth a look.

        :param on: a day for which postings and calendars are looked at as well.
        """
        return list(book.check(self.names(on)))

    @cached_property
    def sections(self) -> dict[str, bytes]:
        """Each part of the setup as canonical bytes, by name."""
        return {
            "territory": canonical([self.territory.levels, self.territory.nodes, self.territory.root]),
            "ground": canonical([self.ground.adjacencies, self.coordinates, self.addresses]),
            "layers": canonical([[each.id, each.zh, each.en, each.department, each.grids] for each in self.layers]),
            "plan": canonical(self.plan.contents if self.plan is not None else None),
            "staffing": canonical(
                [
                    self.roster.roles,
                    self.roster.organizations,
                    self.roster.persons,
                    self.roster.postings,
                    self.roster.absences,
                ]
            ),
            "catalog": canonical(self.catalog.kinds),
            "tables": canonical(
                [
                    [[entry.from_on, entry.value.contents] for entry in self.rulebooks.entries],
                    self.shadow.contents if self.shadow is not None else None,
                ]
            ),
            "ladders": canonical(self.ladders),
            "calendar": canonical(self.calendar),
            "calendars": canonical(self.calendars),
            "access": canonical(self.access.contents),
            "cases": canonical(self.case_policy),
            "points": canonical([self.points_policy, self.thanks]),
            "notices": canonical(beyond_defaults(self.subscriptions, ("event", "audience", "channel", "language"))),
            "privacy": canonical(self.retention),
            "dates": canonical([self.effective_on, self.merging]),
            # A part that came later is there only where it says something, so that an older setup stays what it was.
            **({"templates": canonical(self.templates)} if self.templates else {}),
        }

    @cached_property
    def section_digests(self) -> dict[str, str]:
        """The digest of each section."""
        return {name: digest(body) for name, body in self.sections.items()}

    @cached_property
    def points_version(self) -> str:
        """The first half of the digest of the scheme of points, as events name it."""
        return self.section_digests["points"][:32]

    def given(
        self,
        room: str,
        *,
        at: dt.datetime,
        by: str,
        command_id: str = "",
        sealed: Mapping[str, Sealed] | None = None,
        masked: frozenset[str] = frozenset(),
    ) -> Any:
        """Give what a decision of a room rests on at an instant.

        :param masked: what is not shown to *by*, by their grant.

        :raises KeyError: for a room that remembers nothing.
        """
        day = self.calendar.local(at).date()
        # Each room's own call says what it gets: a shared dict in between costs every command some percent.
        match room:
            case "cases":
                return CaseGiven(
                    at=at,
                    by=by,
                    command_id=command_id,
                    territory=self.territory,
                    roster=self.roster,
                    access=self.access,
                    calendar=self.calendar,
                    sealed=sealed or {},
                    catalog=self.catalog,
                    rules=self.rulebooks.on(day),
                    shadow=self._on_trial.on(day) if self._on_trial is not None else None,
                    ladders=self.ladders,
                    calendars=self.calendars_by_id,
                    policy=self.case_policy.on(day),
                    masked=masked,
                )
            case "points":
                return PointsGiven(
                    at=at,
                    by=by,
                    command_id=command_id,
                    territory=self.territory,
                    roster=self.roster,
                    access=self.access,
                    calendar=self.calendar,
                    sealed=sealed or {},
                    policy=self.points_policy.on(day),
                    schemes=self.points_policy,
                    ladders=self.ladders,
                    version=self.points_version,
                    day=day,
                )
            case "outreach":
                return OutreachGiven(
                    at=at,
                    by=by,
                    command_id=command_id,
                    access=self.access,
                    roster=self.roster,
                    territory=self.territory,
                    day=day,
                    told=any(each.audience == ADDRESSED for each in self.subscriptions),
                    sealed=sealed or {},
                )
            case "jurisdiction":
                return JurisdictionGiven(
                    at=at,
                    by=by,
                    command_id=command_id,
                    access=self.access,
                    roster=self.roster,
                    territory=self.territory,
                    day=day,
                    sealed=sealed or {},
                )
            case _:
                raise KeyError(room)


def _with_origins(findings: Iterable[Finding], added: Sequence[Rule]) -> tuple[Finding, ...]:
    """Say of what is wrong with a row of a plugin whose it is: no file of the place has it."""
    origins = {rule.id: rule.origin for rule in added if rule.origin}
    return tuple(
        attrs.evolve(each, message=f"{each.message} (a row of the plugin {origins[each.subject]})")
        if each.subject in origins and not each.file
        else each
        for each in findings
    )


def _with_grids(ground: Ground, plan: MergePlan, before: MergePlan | None, on: dt.date) -> Territory:
    territory = ground.territory
    # Residential grids of before end with the day before; dedicated, road and other grids stay, unless
    # an earlier plan made them.
    eve = on - dt.timedelta(days=1) if on > dt.date.min else on
    kept: list[Node] = []
    for node in territory:
        if node.code in plan.grid_of:
            kept.append(attrs.evolve(node, parent=plan.grid_of[node.code]))
        elif node.code in ground.opened_buildings:
            # Its entrances are counted in their grids; counted here too they would count twice.
            kept.append(attrs.evolve(node, parent=territory.up(node.code, "community"), households=0))
        elif node.code in plan:
            grid = plan[node.code]
            kept.append(attrs.evolve(node, name=grid.name, kind=grid.kind, until_on=dt.date.max))
        elif node.level == "grid" and _ends(node, before):
            kept.append(attrs.evolve(node, from_on=min(node.from_on, eve), until_on=min(node.until_on, eve)))
        else:
            kept.append(node)
    grids = [
        Node(code=grid.code, level="grid", name=grid.name, parent=grid.community, kind=grid.kind, from_on=on)
        for grid in plan.base_grids
        if grid.code not in territory
    ]
    return Territory.build(territory.levels, [*kept, *grids])


def _ends(grid: Node, before: MergePlan | None) -> bool:
    return grid.code in before if before is not None else grid.kind in ("", "residential")
