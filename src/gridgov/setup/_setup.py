"""The value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs

from gridgov.access import AccessPolicy
from gridgov.cases import CaseGiven, CasePolicy
from gridgov.errors import Finding, SetupError
from gridgov.escalation import Ladder
from gridgov.merging import Bounds, Incumbent, Layer, MergePlan, Reposting, check_plan, repost
from gridgov.points import PointsGiven, PointsPolicy
from gridgov.policy import Timeline
from gridgov.proofs import Sealed, canonical, digest
from gridgov.routing import Catalog, Rule, Table
from gridgov.setup._jurisdiction import JurisdictionGiven
from gridgov.staffing import Posting, Roster
from gridgov.territory import Ground, Node, Territory
from gridgov.worktime import Calendar

__all__ = ["Retention", "Setup", "Subscription", "Thanks"]


@attrs.frozen(kw_only=True)
class Subscription:
    """Who is told of what, and where.

    :param event: a stored event name.
    :param audience: ``lead``, ``supporting``, ``informed``, ``supervisor``, ``reporter``,
        ``desk``, or ``called`` (the organizations of a whistle).
    :param channel: the name of a channel.
    """

    event: str
    audience: str
    channel: str
    language: str = "zh"


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
    }


@attrs.frozen(kw_only=True, eq=False)
class Setup:
    """A jurisdiction.

    :param effective_on: the day from which postings made by a plan hold.
    :param incumbents: who must be posted on base grids by a plan.
    :param plan: the adopted merge plan; None before the merge.
    """

    ground: Ground
    roster: Roster
    catalog: Catalog
    tables: Timeline[Table]
    case_policy: Timeline[CasePolicy]
    points_policy: Timeline[PointsPolicy] = attrs.field(factory=lambda: Timeline.always(PointsPolicy()))
    calendar: Calendar = attrs.field(factory=Calendar)
    ladders: Mapping[str, Ladder] = attrs.field(factory=dict)
    access: AccessPolicy = attrs.field(factory=AccessPolicy)
    layers: tuple[Layer, ...] = ()
    bounds: Bounds = attrs.field(factory=Bounds)
    incumbents: tuple[Incumbent, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    thanks: tuple[Thanks, ...] = ()
    retention: Mapping[str, Retention] = attrs.field(factory=_default_retention)
    effective_on: dt.date = dt.date.min
    plan: MergePlan | None = None
    repostings: tuple[Reposting, ...] = ()

    @property
    def territory(self) -> Territory:
        """The tree of places."""
        return self.ground.territory

    @property
    def jurisdiction(self) -> str:
        """The code of the top place; every stream begins with it."""
        return self.territory.root

    def with_plan(self, plan: MergePlan) -> Setup:
        """Let people, organizations and codes follow a plan.

        Base grids become places between their community and its buildings; every incumbent is
        posted by the rule of its role; cases and points are tied to places and persons, which
        keep their codes.

        :raises SetupError: for a plan that does not hold on this ground, or leaves somebody out.
        """
        findings = list(check_plan(plan, self.ground, self.layers))
        if findings:
            raise SetupError(findings)
        territory = _with_grids(self.territory, plan, self.effective_on)
        repostings, findings_of_people = repost(plan, self.roster.roles, self.incumbents)
        if findings_of_people:
            raise SetupError(findings_of_people)
        postings = [
            Posting(
                id=f"{each.role}:{each.holder}:{grid}",
                holder=each.holder,
                role=each.role,
                place=grid,
                from_on=self.effective_on,
            )
            for each in repostings
            for grid in each.base_grids
        ]
        return attrs.evolve(
            self,
            ground=attrs.evolve(self.ground, territory=territory),
            roster=self.roster.with_postings(postings, territory),
            plan=plan,
            repostings=repostings,
        )

    def with_rules(self, added: Sequence[Rule]) -> Setup:
        """Give a setup whose tables all have more rows.

        :raises SetupError: for rows that name what does not exist.
        """
        if not added:
            return self
        entries = tuple(attrs.evolve(entry, value=entry.value.with_rules(added)) for entry in self.tables.entries)
        findings = [finding for entry in entries for finding in self.check_table(entry.value) if finding.grave]
        if findings:
            raise SetupError(findings)
        return attrs.evolve(self, tables=Timeline(entries))

    def check_table(self, table: Table) -> list[Finding]:
        """Give every rule of a table that names what this setup does not have."""
        return list(
            table.check(
                catalog=self.catalog,
                territory=self.territory,
                roles=self.roster.roles,
                organizations=self.roster.organizations,
                ladders=self.ladders,
            )
        )

    @cached_property
    def sections(self) -> dict[str, bytes]:
        """Each part of the setup as canonical bytes, by name."""
        return {
            "territory": canonical([self.territory.levels, self.territory.nodes, self.territory.root]),
            "ground": canonical(self.ground.adjacencies),
            "layers": canonical([[each.id, each.zh, each.en, each.department, each.grids] for each in self.layers]),
            "plan": canonical(self.plan.contents if self.plan is not None else None),
            "staffing": canonical(
                [self.roster.roles, self.roster.organizations, self.roster.persons, self.roster.postings]
            ),
            "catalog": canonical(self.catalog.kinds),
            "tables": canonical([[entry.from_on, entry.value.rules] for entry in self.tables.entries]),
            "ladders": canonical(self.ladders),
            "calendar": canonical(self.calendar),
            "access": canonical(self.access),
            "cases": canonical(self.case_policy),
            "points": canonical([self.points_policy, self.thanks]),
            "notices": canonical(self.subscriptions),
            "privacy": canonical(self.retention),
            "dates": canonical([self.effective_on, self.bounds]),
        }

    @cached_property
    def section_digests(self) -> dict[str, str]:
        """The digest of each section."""
        return {name: digest(body) for name, body in self.sections.items()}

    def given(
        self, room: str, *, at: dt.datetime, by: str, command_id: str = "", sealed: Mapping[str, Sealed] | None = None
    ) -> Any:
        """Give what a decision of a room rests on at an instant.

        :raises KeyError: for a room that remembers nothing.
        """
        day = self.calendar.local(at).date()
        common: dict[str, Any] = {
            "at": at,
            "by": by,
            "command_id": command_id,
            "territory": self.territory,
            "roster": self.roster,
            "access": self.access,
            "calendar": self.calendar,
            "sealed": sealed or {},
        }
        match room:
            case "cases":
                return CaseGiven(
                    **common,
                    catalog=self.catalog,
                    table=self.tables.on(day),
                    ladders=self.ladders,
                    policy=self.case_policy.on(day),
                )
            case "points":
                return PointsGiven(**common, policy=self.points_policy.on(day))
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


def _with_grids(territory: Territory, plan: MergePlan, from_on: dt.date) -> Territory:
    grids = [
        Node(
            code=grid.code,
            level="grid",
            name=grid.name,
            parent=grid.community,
            kind="residential",
            from_on=from_on,
        )
        for grid in plan.base_grids
    ]
    # Residential grids of before end with the day before; dedicated, road and other grids stay.
    day_before = from_on - dt.timedelta(days=1) if from_on > dt.date.min else from_on
    kept = []
    for node in territory:
        if node.code in plan.grid_of:
            kept.append(attrs.evolve(node, parent=plan.grid_of[node.code]))
        elif node.level == "grid" and node.kind in ("", "residential"):
            kept.append(attrs.evolve(node, from_on=min(node.from_on, day_before), until_on=day_before))
        else:
            kept.append(node)
    return Territory.build(territory.levels, [*kept, *grids])
