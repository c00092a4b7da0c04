"""From a folder to a setup, or to every mistake in it."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs

from gridgov.access import AccessPolicy, Grant
from gridgov.cases import CasePolicy
from gridgov.documents import _models as m
from gridgov.documents._calendars import DAYS, read_calendar
from gridgov.documents._codec import ROOMS
from gridgov.documents._points import deed_of, good_of, policies_of
from gridgov.documents._read import Path_, Placed, Reader
from gridgov.documents._rules import A_DAY, POLICIES, SUFFIXES, example_of, read_rule_rows, rule_of
from gridgov.errors import Finding, SetupError
from gridgov.escalation import Ladder, Rung, check_ladders
from gridgov.merging import (
    Apart,
    AsIs,
    Bounds,
    GridCount,
    Held,
    Incumbent,
    Layer,
    LayerGrid,
    MergePolicy,
    Together,
    check_layers,
    check_policy,
)
from gridgov.notices import check_audience, check_template
from gridgov.outreach import OUTREACH
from gridgov.points import Deed, PointsPolicy, check_scheme
from gridgov.policy import Timeline
from gridgov.routing import (
    DUTY,
    FACTS,
    Catalog,
    Example,
    Fact,
    Kind,
    Rule,
    Rulebook,
    Table,
    check_examples,
    duty_rules,
)
from gridgov.setup import Setup, Subscription, Template, Thanks
from gridgov.staffing import Absence, Organization, Person, Posting, Role, Roster
from gridgov.territory import SYSTEMS, Adjacency, Ground, Level, Node, Territory, check_outlines
from gridgov.wording import LANGUAGES
from gridgov.worktime import Calendar, Limit, parse_limit

__all__ = ["load_setup"]

YAML = "setup.yaml"
Row = TypeVar("Row", bound=m.Row)
T = TypeVar("T")
_PLAIN = (
    "returns_max",
    "holds_max",
    "hold_days_max",
    "extensions_max",
    "extension_days_max",
    "transfers_max",
    "report_back_days",
    "finder_differs",
    "spot_rung_max",
    "separate",
    "appeal_days",
    "duplicate_meters",
    "duplicate_days",
    "covering",
)
"""Numbers of the policy of cases that are taken as they stand."""
_HOMES = {
    "territory": "places.csv",
    "ground": "adjacency.csv",
    "layer": "layers.csv",
    "staffing": "postings.csv",
    "catalog": "catalog.csv",
    "routing": "rules.csv",
    "escalation": YAML,
    "points": YAML,
    "access": "access.csv",
}
"""Room → the file to look into where a finding has no row of its own."""


def load_setup(folder: str | os.PathLike[str]) -> Setup:
    """Read and check a setup folder.

    :param folder: holds ``setup.yaml`` and the CSV tables; :func:`json_schemas` describes each.
    :raises SetupError: with every mistake at once: file, row, what is wrong, what would be right.
    """
    path = Path(folder)
    if not path.is_dir():
        raise SetupError([Finding(code="file.missing", subject=str(path), message=f"there is no folder {path}")])
    return _Loader(path).load()


class _Loader:
    """Holds the rows while they become values, so that a finding can say where its subject stands."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder)
        self._places: dict[tuple[str, str], tuple[str, int]] = {}
        self._lines: dict[Path_, int] = {}
        self._tables: dict[str, Sequence[Placed[Any]]] = {}
        self._books: dict[str, Rulebook] = {}
        self._examples: dict[str, dict[str, Example]] = {}
        self._rule_rows: dict[str, list[tuple[str, int, Rule]]] = {}

    def load(self) -> Setup:
        document, self._lines = self._reader.document(YAML, m.SetupDocument)
        for file, model in m.TABLES.items():
            if file not in m.RULE_TABLES:
                self._tables[file] = self._reader.table(file, model, required=file in m.REQUIRED)
        self._unknown_files()
        if document is None:
            raise SetupError(self._sorted())
        setup = self._build(document)
        findings = self._sorted()
        grave = [finding for finding in findings if finding.grave]
        if grave:
            raise SetupError(grave)
        return attrs.evolve(setup, notes=tuple(findings))

    def _unknown_files(self) -> None:
        """A misspelt file would otherwise be a table that is silently empty."""
        books = {f"{stem}{suffix}" for stem in ("rules", "shadow") for suffix in SUFFIXES}
        found = (path for suffix in SUFFIXES for path in self._reader.folder.glob(f"*{suffix}"))
        for path in sorted(found):
            # A spreadsheet keeps a file ~$NAME beside the one that is open.
            known = path.name in m.TABLES or path.name in books or path.name == YAML
            if not known and not path.name.startswith("~$"):
                close = get_close_matches(path.name, m.TABLES, n=1)
                remedy = f"did you mean {close[0]}?" if close else f"the tables are {', '.join(m.TABLES)}"
                self._reader.wrong(path.name, 0, "", "file.unknown", f"{path.name} is no table of a setup", remedy)

    def _sorted(self) -> list[Finding]:
        """Order by file and row; a name that many rows miss is one mistake, told once."""
        # Rows that hold on several days were checked on each.
        once = dict.fromkeys(self._reader.findings)
        ordered = sorted(once, key=lambda finding: (finding.file, finding.row, finding.column))
        told: dict[str, Finding] = {}
        more: Counter[str] = Counter()
        for finding in ordered:
            if finding.names in told:
                more[finding.names] += 1
            else:
                told[finding.names or str(finding)] = finding
        return [
            attrs.evolve(each, message=f"{each.message} ({more[each.names]} more rows name it)")
            if each.names and more[each.names]
            else each
            for each in told.values()
        ]

    def _rows(self, file: str, _model: type[Row]) -> Sequence[Placed[Row]]:
        return self._tables[file]

    def _mark(self, room: str, subject: str, file: str, row: int) -> None:
        self._places[room, subject] = (file, row)

    def _take(self, findings: Iterable[Finding], room: str) -> None:
        """Say of each finding where its subject stands."""
        for finding in findings:
            home = _HOMES.get(room.partition(" ")[0], "")
            file, row = self._places.get((room, finding.subject), (home, 0))
            self._reader.findings.append(attrs.evolve(finding, file=file, row=row))

    def _wrong(self, file: str, row: int, column: str, code: str, error: Exception | str, *, names: str = "") -> None:
        self._reader.wrong(file, row, column, code, str(error), names=names)

    # --- room by room -----------------------------------------------------------------------

    def _build(self, document: m.SetupDocument) -> Setup:
        ground = self._ground(document)
        roster = self._roster(document, ground.territory)
        catalog = self._catalog(document)
        ladders = self._ladders(document, roster)
        calendar, calendars = self._calendars(document)
        facts = self._facts(document)
        for stem in ("rules", "shadow"):
            book = self._rulebook(stem, facts, catalog, required=stem == "rules")
            if book is not None:
                self._books[stem] = book
        layers = self._layers(document, ground)
        points, thanks = self._points(document, roster, ladders)
        setup = Setup(
            ground=ground,
            roster=roster,
            catalog=catalog,
            rulebooks=self._books["rules"].timeline(),
            shadow=self._books.get("shadow"),
            case_policy=Timeline.always(self._case_policy(document, roster, ladders)),
            points_policy=points,
            calendar=calendar,
            calendars=calendars,
            ladders=ladders,
            access=self._access(roster),
            layers=layers,
            merging=self._merging(document, ground, layers),
            incumbents=self._incumbents(roster, layers, ground.territory),
            subscriptions=self._subscriptions(roster, ground.territory),
            templates=self._templates(roster, ground.territory),
            thanks=thanks,
            effective_on=document.effective_on,
            coordinates=document.coordinates,
            addresses=self._addresses(ground.territory),
        )
        self._check_positions(document, ground.territory)
        self._check_rules(setup)
        return setup

    def _ground(self, document: m.SetupDocument) -> Ground:
        levels = tuple(Level(level.id, level.zh, level.en) for level in document.levels)
        nodes = []
        for placed in self._rows("places.csv", m.PlaceRow):
            value = placed.value
            self._mark("territory", value.code, "places.csv", placed.row)
            nodes.append(
                Node(
                    code=value.code,
                    level=value.level,
                    name=value.name,
                    parent=value.parent or None,
                    kind=value.kind,
                    households=value.households,
                    longitude=value.longitude,
                    latitude=value.latitude,
                    outline=self._outline(value.outline, placed.row),
                )
            )
        findings = Territory.check(levels, nodes)
        self._take(findings, "territory")
        root = next((node.code for node in nodes if node.parent is None), "")
        territory = Territory(levels, {node.code: node for node in nodes}, root)
        pairs = []
        for row in self._rows("adjacency.csv", m.AdjacencyRow):
            for code in (row.value.one, row.value.other):
                self._places.setdefault(("ground", code), ("adjacency.csv", row.row))
            pairs.append(Adjacency(row.value.one, row.value.other, row.value.meters, row.value.barrier))
        ground = Ground(territory, tuple(pairs))
        for finding in ground.check():
            missing = finding.code == "ground.households-missing"
            self._take([finding], "territory" if missing else "ground")
        return ground

    def _addresses(self, territory: Territory) -> dict[str, str]:
        found: dict[str, str] = {}
        for row in self._rows("addresses.csv", m.AddressRow):
            address, place = row.value.address, row.value.place
            if place not in territory:
                message = f"the address {address} is the unknown place {place!r}"
                self._wrong("addresses.csv", row.row, "place", "territory.unknown-place", message, names=place)
            if found.setdefault(address, place) != place:
                message = f"the address {address} is {found[address]} already"
                self._wrong("addresses.csv", row.row, "address", "territory.address-twice", message)
        return found

    def _check_positions(self, document: m.SetupDocument, territory: Territory) -> None:
        """Positions mean nothing without their system, and the maps of China are hundreds of meters apart."""
        placed = next((node for node in territory if node.longitude is not None or node.outline), None)
        if placed is not None and not document.coordinates:
            message = f"{placed.code} has a position, and nothing says in which system"
            remedy = f"state coordinates: one of {', '.join(SYSTEMS)}"
            self._reader.wrong(YAML, 1, "coordinates", "territory.no-system", message, remedy)
        drawn: dict[str, dict[str, tuple[int, ...]]] = {}
        for node in territory:
            if node.outline:
                drawn.setdefault(node.level, {})[node.code] = node.outline
        for outlines in drawn.values():
            try:
                findings = check_outlines(outlines)
            except ImportError:  # without shapely each outline is checked for itself
                findings = check_outlines(outlines, together=False)
            self._take(findings, "territory")

    def _outline(self, text: str, row: int) -> tuple[int, ...]:
        try:
            corners = tuple(int(part) for part in text.split())
        except ValueError:
            message = "corners are whole numbers, degrees × 10⁷: 116.4 is 1164000000"
            self._wrong("places.csv", row, "outline", "territory.bad-outline", message)
            return ()
        if len(corners) % 2 or 0 < len(corners) < 6:
            self._wrong("places.csv", row, "outline", "territory.bad-outline", "an outline has three corners or more")
            return ()
        return corners

    def _roster(self, document: m.SetupDocument, territory: Territory) -> Roster:
        roles = []
        for place, part in enumerate(document.roles):
            self._mark("staffing", part.id, YAML, self._lines.get(("roles", place), 0))
            roles.append(Role(**part.model_dump()))
        organizations = []
        for row in self._rows("organizations.csv", m.OrganizationRow):
            value = row.value
            self._mark("staffing", value.id, "organizations.csv", row.row)
            organizations.append(
                Organization(id=value.id, zh=value.zh, en=value.en, kind=value.kind, member_of=value.member_of or None)
            )
        persons = []
        for person in self._rows("persons.csv", m.PersonRow):
            who = person.value
            self._mark("staffing", who.id, "persons.csv", person.row)
            persons.append(
                Person(
                    id=who.id,
                    name=who.name,
                    organization=who.organization or None,
                    from_on=who.from_on or dt.date.min,
                    until_on=who.until_on or dt.date.max,
                )
            )
        postings = []
        for posting in self._rows("postings.csv", m.PostingRow):
            post = posting.value
            id_ = f"{post.role}:{post.holder}:{post.place}:{post.from_on}"
            self._mark("staffing", id_, "postings.csv", posting.row)
            postings.append(
                Posting(
                    id=id_,
                    holder=post.holder,
                    role=post.role,
                    place=post.place,
                    from_on=post.from_on,
                    until_on=post.until_on or dt.date.max,
                    end_reason=post.end_reason,
                )
            )
        absences = self._absences()
        findings = Roster.check(
            territory=territory,
            roles=roles,
            organizations=organizations,
            persons=persons,
            postings=postings,
            absences=absences,
        )
        self._take(findings, "staffing")
        return Roster(
            roles={role.id: role for role in roles},
            organizations={organization.id: organization for organization in organizations},
            persons={person.id: person for person in persons},
            postings=tuple(postings),
            absences=absences,
        )

    def _absences(self) -> tuple[Absence, ...]:
        found = []
        for row in self._rows("absences.csv", m.AbsenceRow):
            value = row.value
            until = value.until_on or dt.date.max
            absence = Absence(holder=value.holder, from_on=value.from_on, until_on=until, deputy=value.deputy)
            self._mark("staffing", absence.id, "absences.csv", row.row)
            found.append(absence)
        return tuple(found)

    def _catalog(self, document: m.SetupDocument) -> Catalog:
        levels = [level.id for level in document.levels]
        kinds = []
        for row in self._rows("catalog.csv", m.KindRow):
            self._mark("catalog", row.value.code, "catalog.csv", row.row)
            values = row.value.model_dump()
            limit = self._limit(row.value.limit, "catalog.csv", row.row, "limit") if row.value.limit else None
            kinds.append(Kind(**{**values, "limit": limit}))
            if row.value.level and row.value.level not in levels:
                message = f"there is no level {row.value.level!r}; the levels are {', '.join(levels)}"
                self._wrong("catalog.csv", row.row, "level", "catalog.bad-level", message)
        self._take(Catalog.check(kinds), "catalog")
        return Catalog({kind.code: kind for kind in kinds})

    def _limit(self, text: str, file: str, row: int, column: str) -> Limit:
        try:
            return parse_limit(text)
        except ValueError as error:
            self._wrong(file, row, column, "worktime.bad-limit", error)
            return A_DAY

    def _ladders(self, document: m.SetupDocument, roster: Roster) -> dict[str, Ladder]:
        ladders = []
        for place, part in enumerate(document.ladders):
            row = self._lines.get(("ladders", place), 0)
            self._mark("escalation", part.id, YAML, row)
            rungs = tuple(
                Rung(
                    id=rung.id,
                    target=rung.target,
                    after=self._limit(
                        rung.after, YAML, self._lines.get(("ladders", place, "rungs", step), row), "after"
                    )
                    if rung.after
                    else None,
                    takes_over=rung.takes_over,
                )
                for step, rung in enumerate(part.rungs)
            )
            ladders.append(Ladder(id=part.id, rungs=rungs, warn_percent=part.warn_percent))
        self._take(check_ladders(ladders, roster.roles, roster.organizations, roster.persons), "escalation")
        return {ladder.id: ladder for ladder in ladders}

    def _facts(self, document: m.SetupDocument) -> dict[str, Fact]:
        """Give the usual facts and those that the place declares."""
        facts = dict(FACTS)
        taken = {field.alias or name for row in m.RULE_TABLES.values() for name, field in row.model_fields.items()}
        for place, part in enumerate(document.facts):
            row = self._lines.get(("facts", place), 0)
            if part.id in facts or part.id in taken:
                self._wrong(YAML, row, "id", "routing.fact-twice", f"the fact {part.id!r} is there already")
            if not part.id.isidentifier():
                message = f"{part.id!r} is no name of a fact; write letters, digits and _"
                self._wrong(YAML, row, "id", "routing.bad-fact-name", message)
            day = FACTS["time"]
            least, most = (day.least, day.most) if part.type == "time" else (part.least, part.most)
            facts[part.id] = Fact(part.id, part.type, part.zh, part.en, part.domain, least=least, most=most)
        return facts

    def _rulebook(self, stem: str, facts: dict[str, Fact], catalog: Catalog, *, required: bool) -> Rulebook | None:
        """Read the rules of one name, and the duty list behind them; the examples are kept for later."""
        read = read_rule_rows(self._reader, stem, facts, required=required)
        if not required and not read["rules"]:
            return None
        rows: dict[str, list[Rule]] = {part: [] for part in POLICIES}
        placed_rules: list[tuple[str, int, Rule]] = []
        for rule in duty_rules(catalog):
            _, line = self._places.get(("catalog", rule.id.removeprefix(f"{DUTY}:")), ("", 0))
            placed_rules.append(("catalog.csv", line, rule))
            rows["rules"].append(rule)
        for part in POLICIES:
            for file, placed in read[part]:
                made = rule_of(self._reader, file, placed, facts)
                if made is not None:
                    placed_rules.append((file, placed.row, made))
                    rows[part].append(made)
        self._rule_rows[stem] = placed_rules
        self._mark_rules(stem, None)
        self._examples[stem] = self._read_examples(stem, read["tests"])
        tables = []
        for part, policy in POLICIES.items():
            if stem == "shadow" and part != "rules" and not rows[part] and "rules" in self._books:
                # On trial are the rules; what they leave to other tables those in force say.
                tables.append(getattr(self._books["rules"], part))
                continue
            try:
                tables.append(Table.build(rows[part], facts=facts, policy=policy))
            except SetupError as error:
                self._take(error.findings, f"routing {stem}")
                tables.append(Table((), facts, policy))
        return Rulebook(*tables)

    def _mark_rules(self, stem: str, day: dt.date | None) -> None:
        """Remember where the rows of a rulebook stand that hold on a day: one id may have several."""
        for file, row, rule in self._rule_rows[stem]:
            if day is None or rule.from_on <= day <= rule.until_on:
                self._mark(f"routing {stem}", rule.id, file, row)

    def _read_examples(self, stem: str, rows: Sequence[tuple[str, Placed[Any]]]) -> dict[str, Example]:
        found: dict[str, Example] = {}
        for file, placed in rows:
            id_ = placed.value.id
            self._mark(f"example {stem}", id_, file, placed.row)
            if id_ in found:
                message = f"the example {id_} stands twice"
                self._reader.wrong(file, placed.row, "id", "routing.example-twice", message, "give each its own id")
            found[id_] = example_of(placed)
        return found

    def _check_rules(self, setup: Setup) -> None:
        """Check the rules of every day that has its own, and the examples beside them."""
        books = {"rules": setup.rulebooks}
        if setup.shadow is not None:
            books["shadow"] = setup.shadow.timeline()
        told: set[tuple[str, Finding]] = set()
        for stem, timeline in books.items():
            entries = timeline.entries
            ends = [entry.from_on for entry in entries[1:]] + [dt.date.max]
            for entry, end in zip(entries, ends, strict=True):
                if end <= setup.effective_on:
                    continue  # over before the setup began
                self._mark_rules(stem, entry.from_on)
                # What is so from some day on is told with that day.
                since = f" (from {entry.from_on} on)" if entry.from_on > setup.effective_on else ""
                fresh = [each for each in setup.check_rules(entry.value) if (stem, each) not in told]
                told.update((stem, each) for each in fresh)
                self._take((attrs.evolve(f, message=f.message + since) for f in fresh), f"routing {stem}")
        for stem, examples in self._examples.items():
            book = self._books.get(stem)
            if book is not None and not any(each.grave for each in self._reader.findings):
                day = setup.effective_on
                self._take(check_examples(book, examples, setup.names(), on=day), f"example {stem}")

    def _layers(self, document: m.SetupDocument, ground: Ground) -> tuple[Layer, ...]:
        atoms: dict[str, dict[str, list[str]]] = {part.id: {} for part in document.layers}
        names: dict[tuple[str, str], str] = {}
        twice: dict[tuple[str, str, str], int] = {}
        for row in self._rows("layers.csv", m.LayerGridRow):
            value = row.value
            self._mark("layer", f"{value.layer}/{value.building}", "layers.csv", row.row)
            if value.layer not in atoms:
                message = f"there is no layer {value.layer!r}; the layers are {', '.join(atoms)}"
                self._wrong("layers.csv", row.row, "layer", "layer.unknown", message)
                continue
            if twice.setdefault((value.layer, value.grid, value.building), row.row) != row.row:
                message = f"{value.building} stands twice in the {value.layer} grid {value.grid}"
                self._wrong("layers.csv", row.row, "building", "layer.covered-twice", message)
            names[value.layer, value.grid] = value.name or value.grid
            atoms[value.layer].setdefault(value.grid, []).append(value.building)
        layers = tuple(
            Layer(
                id=part.id,
                zh=part.zh,
                en=part.en,
                department=part.department,
                grids=tuple(
                    LayerGrid(grid, names[part.id, grid], frozenset(held)) for grid, held in atoms[part.id].items()
                ),
            )
            for part in document.layers
        )
        for place, part in enumerate(document.layers):
            self._mark("layer", f"{part.id}/{part.id}", YAML, self._lines.get(("layers", place), 0))
        self._take(check_layers(ground, layers), "layer")
        return layers

    def _points(
        self, document: m.SetupDocument, roster: Roster, ladders: Mapping[str, Ladder]
    ) -> tuple[Timeline[PointsPolicy], tuple[Thanks, ...]]:
        part = document.points
        deeds = []
        for row in self._rows("deeds.csv", m.DeedRow):
            self._mark("points", row.value.id, "deeds.csv", row.row)
            try:
                deeds.append(deed_of(row.value))
            except ValueError as error:
                self._wrong("deeds.csv", row.row, "caps", "points.bad-cap", error)
        goods = []
        for good in self._rows("goods.csv", m.GoodRow):
            self._mark("points", good.value.id, "goods.csv", good.row)
            goods.append(good_of(good.value))
        row_ = self._lines.get(("points",), 0)
        self._mark("points", part.book, YAML, row_)
        limits = {
            name: self._limit(getattr(part, name), YAML, row_, name)
            for name in ("window", "decide_within", "appeal_within")
        }
        policies = policies_of(part, deeds, goods, limits)
        for dated in policies.entries[-1:]:
            self._take(check_scheme(deeds, goods, dated.value, roster.organizations), "points")
        if part.ladder and part.ladder not in ladders:
            self._wrong(YAML, row_, "ladder", "points.unknown-ladder", f"there is no ladder {part.ladder!r}")
        self._check_people(part, deeds, roster)
        return policies, tuple(Thanks(event=each.event, who=each.who, deed=each.deed) for each in part.thanks)

    def _check_people(self, part: m.PointsPart, deeds: Sequence[Deed], roster: Roster) -> None:
        row = self._lines.get(("points",), 0)
        for thanks in part.thanks:
            if thanks.event != "case-closed" or thanks.who not in ("opened_by", "handled_by"):
                message = f"thanks are given to {thanks.who!r} at {thanks.event!r}"
                self._wrong(
                    YAML, row, "thanks", "points.bad-thanks", message + "; opened_by or handled_by at case-closed"
                )
            if thanks.deed not in {deed.id for deed in deeds}:
                message = f"thanks are given for the unknown deed {thanks.deed!r}"
                self._wrong(YAML, row, "thanks", "points.unknown-deed", message)
        for member in part.panel:
            if member.person not in roster.persons and not member.person.startswith("resident:"):
                message = f"{member.person!r} of the panel is nobody"
                self._wrong(YAML, row, "panel", "points.unknown-member", message)
        known = {*roster.roles, "self", "resident", "worker", "organization"}
        for deed in deeds:
            unknown = [role for role in deed.proposers if role not in known]
            if unknown:
                file, line = self._places.get(("points", deed.id), ("deeds.csv", 0))
                message = f"{deed.id} is proposed by the unknown role {unknown[0]!r}; nobody could earn it"
                self._wrong(file, line, "proposers", "points.unknown-role", message)

    def _case_policy(self, document: m.SetupDocument, roster: Roster, ladders: dict[str, Ladder]) -> CasePolicy:
        part = document.cases
        row = self._lines.get(("cases",), 0)
        if part.desk not in roster.organizations:
            self._wrong(YAML, row, "desk", "cases.unknown-desk", f"the desk {part.desk!r} is no organization")
        for role in part.covering:
            if role not in roster.roles:
                self._wrong(YAML, row, "covering", "cases.unknown-role", f"there is no role {role!r}")
        if part.desk_ladder and part.desk_ladder not in ladders:
            self._wrong(YAML, row, "desk_ladder", "cases.unknown-ladder", f"there is no ladder {part.desk_ladder!r}")
        return CasePolicy(
            desk=part.desk,
            desk_limit=self._limit(part.desk_limit, YAML, row, "desk_limit"),
            desk_ladder=part.desk_ladder,
            rating_days=part.rating_days,
            reopening_days=part.reopening_days,
            whistle_days=part.whistle_days,
            respond_within=self._limit(part.respond_within, YAML, row, "respond_within"),
            **{name: getattr(part, name) for name in _PLAIN},
        )

    def _calendars(self, document: m.SetupDocument) -> tuple[Calendar, dict[str, Calendar]]:
        """Give the place's own calendar, and the others by id."""
        own = self._calendar(document.calendar, ("calendar",))
        found: dict[str, Calendar] = {}
        for place, part in enumerate(document.calendars):
            if part.id in found or part.id == own.id:
                row = self._lines.get(("calendars", place), 0)
                self._wrong(YAML, row, "id", "worktime.id-twice", f"the calendar id {part.id!r} stands twice")
            found[part.id] = self._calendar(part, ("calendars", place))
        return own, found

    def _calendar(self, part: m.CalendarPart, path: Path_) -> Calendar:
        try:
            return read_calendar(part, [placed.value for placed in self._rows(DAYS, m.DayRow)])
        except ValueError as error:
            self._wrong(YAML, self._lines.get(path, 0), str(path[0]), "worktime.bad-calendar", error)
            return Calendar()

    def _merging(self, document: m.SetupDocument, ground: Ground, layers: Sequence[Layer]) -> MergePolicy:
        bounds = (
            self._valid("bounds", "merging.bad-bounds", partial(Bounds, **document.bounds.model_dump())) or Bounds()
        )
        part = document.merging
        exceptions: dict[str, Bounds | GridCount] = {}
        for window in part.windows:
            sizes = window.model_dump(exclude={"place"})
            own = self._valid("merging", "merging.bad-bounds", partial(Bounds, **sizes))
            if own:
                exceptions[window.place] = own
        for village in part.villages:
            count = self._valid(
                "merging", "merging.bad-bounds", partial(GridCount, least=village.least, most=village.most)
            )
            if count:
                exceptions[village.place] = count
        held: list[Held] = [Together(atoms) for atoms in part.together]
        held += (Apart(one, other) for one, other in part.apart)
        held += (AsIs(atoms) for atoms in part.as_is)
        plain = part.model_dump(include={"within", "barrier", "loyalty", "meters", "effort"})
        policy = self._valid(
            "merging",
            "merging.bad-policy",
            partial(MergePolicy, bounds=bounds, exceptions=exceptions, held=tuple(held), **plain),
        ) or MergePolicy(bounds=bounds)
        line = self._lines.get(("merging",), 0)
        for finding in check_policy(ground, layers, policy):
            self._wrong(YAML, line, "merging", finding.code, finding.message, names=finding.names)
        return policy

    def _valid(self, key: str, code: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ValueError as error:
            self._wrong(YAML, self._lines.get((key,), 0), key, code, error)
            return None

    def _access(self, roster: Roster) -> AccessPolicy:
        grants: list[Grant] = []
        for row in self._rows("access.csv", m.AccessRow):
            self._mark("access", f"grant {len(grants) + 1}", "access.csv", row.row)
            value = row.value
            grant = Grant(
                role=value.role, names=frozenset(value.names), scope=value.scope, masked=frozenset(value.masked)
            )
            grants.append(grant)
        policy = AccessPolicy(tuple(grants))
        self._take(policy.check(roster.roles, _names()), "access")
        return policy

    def _incumbents(self, roster: Roster, layers: Sequence[Layer], territory: Territory) -> tuple[Incumbent, ...]:
        grids = {(layer.id, grid.id) for layer in layers for grid in layer.grids}
        found = []
        for row in self._rows("incumbents.csv", m.IncumbentRow):
            value = row.value
            for column, wrong in (
                ("holder", value.holder not in roster.persons and value.holder not in roster.organizations),
                ("role", value.role not in roster.roles),
                ("grid", bool(value.layer or value.grid) and (value.layer, value.grid) not in grids),
                ("community", bool(value.community) and value.community not in territory),
            ):
                if wrong:
                    name = getattr(value, column)
                    message = f"the incumbent names the unknown {column} {name!r}"
                    self._wrong("incumbents.csv", row.row, column, f"staffing.unknown-{column}", message, names=name)
            found.append(Incumbent(**value.model_dump()))
        return tuple(found)

    def _subscriptions(self, roster: Roster, territory: Territory) -> tuple[Subscription, ...]:
        found: list[Subscription] = []
        first: dict[tuple[str, str, str], tuple[int, Subscription]] = {}
        for row in self._rows("notices.csv", m.SubscriptionRow):
            value = row.value
            if not self._names_known("notices.csv", row.row, value.event, value.language):
                continue
            wrong = check_audience(value.event, value.audience, roster, territory)
            if wrong:
                self._wrong("notices.csv", row.row, "audience", "notices.unknown-audience", wrong)
                continue
            try:
                subscription = Subscription(**value.model_dump())
            except ValueError as error:
                column = "quiet" if "quiet" in str(error) else "digest"
                self._wrong("notices.csv", row.row, column, f"notices.bad-{column}", error)
                continue
            number, known = first.setdefault((value.event, value.audience, value.channel), (row.row, subscription))
            if known != subscription:
                told = f"row {number} tells the same audience of the same event on the same channel; write one row"
                self._wrong("notices.csv", row.row, "channel", "notices.twice", told)
                continue
            found.append(subscription)
        return tuple(found)

    def _names_known(self, file: str, row: int, event: str, language: str) -> bool:
        known: dict[str, set[str]] = {
            "event": {name for room in ROOMS for name in room.events},
            "language": {*LANGUAGES},
        }
        wrong = [(what, name) for what, name in (("event", event), ("language", language)) if name not in known[what]]
        for what, name in wrong:
            close = get_close_matches(name, known[what], n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            self._wrong(file, row, what, f"notices.unknown-{what}", f"the row names the unknown {what} {name!r}{hint}")
        return not wrong

    def _templates(self, roster: Roster, territory: Territory) -> tuple[Template, ...]:
        found: dict[tuple[str, str, str], Template] = {}
        for row in self._rows("templates.csv", m.TemplateRow):
            value = row.value
            wrong = partial(self._wrong, "templates.csv", row.row)
            if not self._names_known("templates.csv", row.row, value.event, value.language):
                continue
            misfit = value.audience and check_audience(value.event, value.audience, roster, territory)
            if misfit:
                wrong("audience", "notices.unknown-audience", misfit)
            if value.event in OUTREACH.events:
                wrong("event", "notices.bad-template", "an announcement is told in its own words; it takes no template")
            mistake = check_template(value.text)
            if mistake:
                wrong("text", "notices.bad-template", mistake)
            key = value.event, value.audience, value.language
            if key in found:
                wrong("event", "notices.template-twice", "there is a template for this event, audience and language")
            found[key] = Template(**value.model_dump())
        return tuple(found.values())


def _names() -> frozenset[str]:
    from gridgov import cases, points, setup

    views = {
        name
        for room in (cases, points, setup)
        for name in room.__all__
        if isinstance(getattr(room, name), type) and hasattr(getattr(room, name), "answer")
    }
    # What the office answers from its outbox is no view of a room.
    return frozenset(
        views | {"Unread", "Undelivered", "Mend"} | {command.__name__ for room in ROOMS for command in room.commands}
    )
