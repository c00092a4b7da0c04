"""What is wrong with a table, and what is worth a look: names, and exact statements about its rows.

The findings about rows rest on :mod:`gridgov.routing._space` and are exact for the cells: a rule
that is called unreachable is, by the rules that are named; a gap, an ambiguity or an overlap
comes with a case in which it happens.

:class:`Checked` keeps for every rule a case that reaches it, and for every other statement what
it rests on. When one row is edited, only what rests on that row is proved again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import attrs

from gridgov.errors import Finding
from gridgov.routing._catalog import Catalog
from gridgov.routing._facts import FACTS, FactValue, shown
from gridgov.routing._rule import BANDS, Rule, Then
from gridgov.routing._space import Box, Numbered, Region, Space, TooMuchWork, uncovered
from gridgov.routing._table import Table, unknown, wrong
from gridgov.staffing import ORGANIZATION_KINDS, Roster
from gridgov.territory import Territory
from gridgov.worktime import Calendar, Limit, due, zone_of

__all__ = ["Checked", "Names", "check_silent", "check_table"]

GAPS_TOLD = 5
OVERLAPS_TOLD = 50
NOON = dt.time(12)
SINGLE = (("limit", "calendar"), ("ladder",))
"""Answers of a single-answer table that go together."""


@attrs.frozen(kw_only=True, eq=False)
class Names:
    """What the rules of a table may name.

    :param awaited: roles in which a plan is going to post people.
    :param on: the day for which postings and calendars are looked at, None for no such look.
    """

    catalog: Catalog
    territory: Territory
    roster: Roster
    ladders: Mapping[str, object] = attrs.field(factory=dict)
    calendars: Mapping[str, Calendar] = attrs.field(factory=dict)
    calendar: Calendar = attrs.field(factory=Calendar)
    awaited: frozenset[str] = frozenset()
    on: dt.date | None = None


Case = Mapping[str, FactValue]
Pair = tuple[str, str]


@attrs.frozen(kw_only=True, eq=False)
class Checked:
    """A table, what was found, and what the findings rest on.

    :param reached: rule → a case that it decides.
    :param fallen: rule that is never reached → the rules that take all of its cases.
    :param met: two rules of one rank that answer differently → a case that both would take.
    :param hidden: two such rules that meet only where earlier ones decide.
    :param world: the catalog and the territory that it was checked in, and whether they were linked.
    :param telling: fact → a case that would be decided otherwise if no rule asked for the fact.
    """

    table: Table
    findings: tuple[Finding, ...]
    reached: Mapping[str, Case]
    fallen: Mapping[str, tuple[str, ...]]
    met: Mapping[Pair, Case] = attrs.field(factory=dict)
    hidden: frozenset[Pair] = frozenset()
    telling: Mapping[str, Case] = attrs.field(factory=dict)
    world: tuple[object, ...] = ()

    @property
    def grave(self) -> tuple[Finding, ...]:
        """The findings for which a table is refused."""
        return tuple(finding for finding in self.findings if finding.grave)


def check_table(table: Table, names: Names, *, linked: bool = True, before: Checked | None = None) -> Checked:
    """Check a table whole: names, unreachable rules, ambiguities, overlaps, gaps, dead columns, the calendar.

    Grave are unknown names, a rule that rules of the same origin cover, two rules of one given
    priority that answer one case differently, and two answers of a single-answer table.

    :param linked: False where affair, size and urgency of a case do not come from its kind.
    :param before: what was found of the table before an edit, under the same names: what does not rest
        on the edited rows is kept.
    """
    world = (names.catalog, names.territory, linked, table.policy)
    if before is not None and before.world != world:
        before = None
    rows = _Rows(Space(table, names.territory, names.catalog, linked=linked), before)
    findings = [finding for rule in table.rules for finding in _check_names(rule, table, names)]
    findings += _demanded(table)
    # No case is of a kind that does not exist: what follows from that would only bury the cause.
    unknown_names = {finding.subject for finding in findings if finding.column in ("kind", "place")}
    if table.policy == "first":
        findings += [each for each in _bounded(rows.unreachable()) if each.subject not in unknown_names]
        for question in (rows.ambiguous(), rows.gaps(), rows.dead_columns()):
            findings += _bounded(question)
    elif table.policy == "single":
        findings += rows.two_answers()
    findings += [*_lost_roles(table, names), *_beyond_calendar(table, names)]
    return Checked(
        table=table,
        findings=tuple(findings),
        reached=rows.reached,
        fallen=rows.fallen,
        met=rows.met,
        hidden=frozenset(rows.hidden),
        telling=rows.telling,
        world=world,
    )


def _bounded(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Give what a question finds; where it takes too long, say that the rest was not proved."""
    try:
        yield from findings
    except TooMuchWork:
        message = "these rules meet in so many ways that not everything could be proved in time"
        remedy = "give rules of one band fewer different columns, or put them into several bands"
        yield Finding(code="routing.not-proved", subject="", message=message, remedy=remedy, grave=False)


# --- rows -------------------------------------------------------------------------------------


class _Kept:
    """What can be kept of an earlier check: whatever no edited row can have changed.

    :param edited: rules that are new or other than before, as they are now.
    """

    def __init__(self, table: Table, before: Checked | None, territory: Territory) -> None:
        self._table = table
        self._territory = territory
        old = {rule.id: rule for rule in before.table.rules} if before is not None else {}
        stayed = [rule.id for rule in table.rules if old.get(rule.id) == rule]
        in_order = stayed == [each for each in old if each in set(stayed)]
        # Another order, or other facts, is another table.
        self.before = before if before is not None and in_order and table.facts == before.table.facts else None
        self._same = set(stayed) if self.before is not None else set()
        self.edited = [rule for rule in table.rules if rule.id not in self._same]

    def is_same(self, *ids: str) -> bool:
        return all(each in self._same for each in ids)

    def untouched(self, case: Case | None, *ids: str) -> Case | None:
        """Give a case of before if nothing that was edited can have changed who takes it."""
        if case is None or not self.is_same(*ids):
            return None
        return None if any(self._may_take(rule, case) for rule in self.edited) else case

    def _may_take(self, rule: Rule, case: Case) -> bool:
        for cell in rule.cells:
            if cell.fact not in case:
                continue
            if not cell.holds(self._table.facts[cell.fact], case[cell.fact], self._territory):
                return False
        return True


class _Rows:
    """The statements about the rows of one table."""

    def __init__(self, space: Space, before: Checked | None) -> None:
        self.space = space
        self._rules = space.table.rules
        self._blocks: list[Numbered] = [(place, box) for place, boxes in enumerate(space.blocks) for box in boxes]
        self._kept = _Kept(space.table, before, space.territory)
        self._before = self._kept.before
        self.reached: dict[str, Case] = {}
        self.fallen: dict[str, tuple[str, ...]] = {}
        self.met: dict[Pair, Case] = {}
        self.hidden: set[Pair] = set()
        self.telling: dict[str, Case] = {}

    def _earlier(self, place: int) -> list[Numbered]:
        return [(other, box) for other, box in self._blocks if other < place]

    def reaching(self, place: int) -> Region | None:
        """Find cases that reach a rule."""
        return self._reached(place, self._earlier(place), set())

    def unreachable(self) -> Iterator[Finding]:
        """Give every rule that no case reaches, with the rules that take all of its cases."""
        for place, rule in enumerate(self._rules):
            before = self._before.reached.get(rule.id) if self._before else None
            case = self._kept.untouched(before, rule.id)
            if case is not None:
                self.reached[rule.id] = case
                continue
            earlier = self._earlier(place)
            used: set[int] = set()
            reached = self._reached(place, earlier, used)
            if reached is not None:
                self.reached[rule.id] = self.space.witness(reached)
                continue
            if rule.band == BANDS[-1] and not rule.cells and not rule.when:
                continue  # the net behind all others may be empty today and catch a new kind tomorrow
            covering = self._fewest(place, [numbered for numbered in earlier if numbered[0] in used])
            self.fallen[rule.id] = tuple(self._rules[other].id for other in covering)
            yield self._fallen(rule, covering)

    def _reached(self, place: int, earlier: Sequence[Numbered], used: set[int]) -> Region | None:
        for box in self.space.boxes[place]:
            region = self.space.region(box)
            found = uncovered(region, earlier, used) if region is not None else None
            if found is not None:
                return found
        return None

    def _fewest(self, place: int, blocks: list[Numbered]) -> list[int]:
        """Leave out of a covering whatever it does without, the last rules first."""
        kept = sorted({other for other, _ in blocks})
        for other in reversed(kept):
            fewer = [numbered for numbered in blocks if numbered[0] != other]
            if self._reached(place, fewer, set()) is None:
                blocks, kept = fewer, [each for each in kept if each != other]
        return kept

    def _fallen(self, rule: Rule, covering: Sequence[int]) -> Finding:
        if not covering:
            message = f"the rule {rule.id} can never hit: no case meets all of its cells"
            return wrong(rule, "unreachable", "", message, "the catalog or the cells contradict each other; mend one")
        takers = [self._rules[other] for other in covering]
        ids = ", ".join(taker.id for taker in takers)
        takes = "takes" if len(takers) == 1 else "take together"
        message = f"the rule {rule.id} can never hit: before it {ids} {takes} all of its cases"
        finding = wrong(rule, "unreachable", "", message, "move it up, make them narrower, or remove it")
        # A plugin may replace a rule of the place on purpose; within one hand it is a slip.
        return attrs.evolve(finding, grave=all(taker.origin == rule.origin for taker in takers))

    def ambiguous(self) -> Iterator[Finding]:
        """Give pairs of one rank that answer one case differently.

        Of equal given priority: a mistake. Without any: the order of the table decides, which is worth
        a look where neither rule is the exception of the other.
        """
        told = 0
        for one, other in sorted(self._rivals()):
            rule, later = self._rules[one], self._rules[other]
            case = self._met(one, other)
            if case is None:
                continue
            if rule.priority is not None and later.priority is not None:
                message = f"{rule.id} and {later.id} have the priority {rule.priority} and answer "
                message += f"{self._written(case, rule, later)} differently"
                finding = wrong(later, "ambiguous", "priority", message, "give one of them a smaller number")
                # Whether both conditions can hold at once is for a person to see.
                yield attrs.evolve(finding, grave=not (rule.when or later.when))
            elif told < OVERLAPS_TOLD and not (self._inside(one, other) or self._inside(other, one)):
                told += 1
                both = self._written(case, rule, later)
                message = f"{rule.id} comes before {later.id} only by its row, and both take {both}"
                finding = wrong(later, "overlap", "", message, "if the order is meant, give priorities")
                yield attrs.evolve(finding, grave=False)

    def _rivals(self) -> Iterator[tuple[int, int]]:
        """Give pairs that may meet: all, or those that met before and those of edited rows."""
        place_of = {rule.id: place for place, rule in enumerate(self._rules)}
        edited = {place_of[rule.id] for rule in self._kept.edited}
        if self._before is not None:
            pairs = (pair for pair in (*self._before.met, *self._before.hidden) if self._kept.is_same(*pair))
            yield from ((place_of[one], place_of[other]) for one, other in pairs)
        for place in edited:
            for other, rival in enumerate(self._rules):
                rule = self._rules[place]
                apart = other == place or (other in edited and other < place) or rival.band != rule.band
                if not apart and rival.rank == rule.rank and rival.then != rule.then:
                    yield min(place, other), max(place, other)

    def _met(self, one: int, other: int) -> Case | None:
        """Give a case that both would decide if the other were not there, and note it."""
        pair = self._rules[one].id, self._rules[other].id
        case = self._kept.untouched(self._before.met.get(pair), *pair) if self._before else None
        if case is None:
            meeting, region = self._meeting(one, other)
            if region is None:
                if meeting:
                    self.hidden.add(pair)
                return None
            case = self.space.witness(region)
        self.met[pair] = case
        return case

    def _meeting(self, one: int, other: int) -> tuple[bool, Region | None]:
        """Say whether two rules meet at all, and where no earlier rule decides."""
        earlier: list[Numbered] | None = None
        for box in self.space.boxes[one]:
            for later in self.space.boxes[other]:
                region = _both(self.space, box, later)
                if region is None:
                    continue
                earlier = self._earlier(one) if earlier is None else earlier
                found = uncovered(region, earlier)
                if found is not None:
                    return True, found
        return earlier is not None, None

    def _inside(self, one: int, other: int) -> bool:
        blocks = [(other, box) for box in self.space.boxes[other]]
        return self._reached(one, blocks, set()) is None

    def gaps(self) -> Iterator[Finding]:
        """Give cases that no rule takes, one of each kind, the first few."""
        blocks = list(self._blocks)
        for told in range(GAPS_TOLD + 1):
            region = uncovered(list(self.space.everything), blocks)
            if region is None:
                return
            if told == GAPS_TOLD:
                message = "there are more cases that no rule takes"
                yield Finding(code="routing.gap", subject="", message=message, grave=False)
                return
            blocks.append((len(self._rules), tuple(enumerate(region))))
            message = f"no rule takes {self.written(region)}; the desk decides"
            remedy = "add a rule, or one in the band default that takes every case"
            yield Finding(code="routing.gap", subject="", message=message, remedy=remedy, grave=False)

    def two_answers(self) -> Iterator[Finding]:
        """Give pairs of a single-answer table that answer one case differently."""
        for other, later in enumerate(self._rules):
            for one, rule in enumerate(self._rules[:other]):
                names = _answered_apart(rule.then, later.then)
                if not names:
                    continue
                regions = (_both(self.space, a, b) for a in self.space.boxes[one] for b in self.space.boxes[other])
                region = next((each for each in regions if each is not None), None)
                if region is not None:
                    case = self._written(self.space.witness(region), rule, later)
                    message = f"{rule.id} and {later.id} both give the {names[0]} of {case}, and not the same"
                    finding = wrong(later, "two-answers", names[0], message, "make one of them narrower")
                    yield attrs.evolve(finding, grave=not (rule.when or later.when))

    def dead_columns(self) -> Iterator[Finding]:
        """Give facts that could be left out: without their cells every case is decided as it is now."""
        for name in dict.fromkeys(cell.fact for rule in self._rules for cell in rule.cells):
            before = self._before.telling.get(name) if self._before else None
            still = before is not None and not self.space.table.whens and self._tells(name, before)
            case = before if still else self._told_by(name)
            if case is not None:
                self.telling[name] = case
                continue
            message = f"the column {name} decides nothing: without it every case is decided as it is now"
            finding = Finding(code="routing.dead-column", subject=name, column=name, message=message)
            yield attrs.evolve(finding, remedy="leave it out, or mend the cells in it", grave=False)

    def _tells(self, name: str, case: Case) -> bool:
        """Say whether a case is decided otherwise without a column."""
        try:
            asked, wide = self.space.first(case), self.space.first(case, without=name)
        except KeyError:
            return False
        return asked is not None and wide is not None and asked.then != wide.then

    def _told_by(self, name: str) -> Case | None:
        """Find a case that would be decided otherwise if no rule asked for a fact."""
        space = self.space
        wide = [space.boxes_without(rule, name) for rule in self._rules]
        before: list[Numbered] = []
        for place, rule in enumerate(self._rules):
            if any(cell.fact == name for cell in rule.cells):
                own = [(place, box) for box in space.boxes[place]]
                for box in wide[place]:
                    region = self._taken_anew(place, box, [*before, *own])
                    if region is not None:
                        return space.witness(region)
            before += [(place, box) for box in wide[place]]
        return None

    def _taken_anew(self, place: int, wide: Box, blocks: list[Numbered]) -> Region | None:
        """Find a case that a rule would take, if it asked for less, from one that answers it differently."""
        region = self.space.region(wide)
        if region is None:
            return None
        blocks = list(blocks)
        for other in range(place + 1, len(self._rules)):
            for box in self.space.boxes[other]:
                part = self.space.region(box, region)
                if part is not None and self._rules[other].then != self._rules[place].then:
                    found = uncovered(part, blocks)
                    if found is not None:
                        return found
            blocks += [(other, box) for box in self.space.boxes[other]]
        return uncovered(region, blocks)

    def written(self, region: Region) -> str:
        """Write one case of a region."""
        return self._written(self.space.witness(region))

    def _written(self, case: Case, *about: Rule) -> str:
        """Write a case: all of it, or what some rules ask of it."""
        known = self.space.table.facts
        asked = {cell.fact for rule in about for cell in rule.cells} if about else set(case)
        parts = (f"{name}={shown(known[name], value) or '-'}" for name, value in case.items() if name in asked)
        conditioned = [rule.id for rule in about if rule.when]
        where = f", where the condition of {' and '.join(conditioned)} holds" if conditioned else ""
        return f"the case ({', '.join(parts)}){where}"


def _answered_apart(one: Then, other: Then) -> list[str]:
    found = []
    for group in SINGLE:
        answers = [[getattr(then, name) for name in group] for then in (one, other)]
        if all(answer[0] for answer in answers) and answers[0] != answers[1]:
            found.append(group[0])
    return found


def _both(space: Space, one: Box, other: Box) -> Region | None:
    region = space.region(one)
    return space.region(other, region) if region is not None else None


def check_silent(rules: Table, limits: Table, names: Names) -> Iterator[Finding]:
    """Give rules without a limit that take a case for which the table of limits has none either."""
    if all(rule.then.limit for rule in rules.rules):
        return
    giving = tuple(rule for rule in limits.rules if rule.then.limit)
    # The rows of limits first: a rule behind them is reached only by cases that they do not answer.
    together = Table((*giving, *rules.rules), rules.facts)
    rows = _Rows(Space(together, names.territory, names.catalog), None)
    at_best = rows
    if any(rule.when for rule in giving):
        surely = Table((*(attrs.evolve(rule, when="") for rule in giving), *rules.rules), rules.facts)
        at_best = _Rows(Space(surely, names.territory, names.catalog), None)
    for place, rule in enumerate(together.rules):
        region = None if rule.then.limit else rows.reaching(place)
        if region is not None and place >= len(giving):
            message = f"nobody says by when: {rule.id} has no limit, nor has the table of limits one for "
            remedy = "give the rule a limit, or add a row to the limits"
            finding = wrong(rule, "no-limit", "limit", message + rows.written(region), remedy)
            # Conditions of the limits may leave nothing over; whether they do is for a person to see.
            yield attrs.evolve(finding, grave=at_best.reaching(place) is not None)


# --- names ------------------------------------------------------------------------------------


def _demanded(table: Table) -> Iterator[Finding]:
    """Tell which declared facts a case must state, because a rule asks for them and takes no less."""
    asking: dict[str, list[Rule]] = {}
    for rule in table.rules:
        strict = {cell.fact for cell in rule.cells if not cell.or_missing}
        strict |= table.whens[rule.when].required if rule.when else set()
        for name in sorted(strict - set(FACTS)):
            asking.setdefault(name, []).append(rule)
    for name, rules in asking.items():
        ids = ", ".join(rule.id for rule in rules[:3]) + (" ..." if len(rules) > 3 else "")
        message = f"a case that does not state {name} is refused where {ids} might take it"
        remedy = f"state it in every report, write ? behind the cell, or has({name}) && ... in when"
        yield attrs.evolve(wrong(rules[0], "demands-fact", name, message, remedy), grave=False)


def _check_words(rule: Rule, table: Table, names: Names) -> Iterator[Finding]:
    """Give words in a further condition that the fact can never be."""
    for name, word in table.whens[rule.when].compared:
        fact = table.facts[name]
        known: Mapping[str, object] = dict.fromkeys(fact.domain)
        if fact.type == "kind":
            known = names.catalog.kinds
        elif fact.type == "place":
            known = names.territory.nodes
        if known and word not in known:
            what = fact.type if fact.type in ("kind", "place") else "word"
            yield unknown(rule, what, "when", word, known)


def _check_names(rule: Rule, table: Table, names: Names) -> Iterator[Finding]:
    if rule.when:
        yield from _check_words(rule, table, names)
    for cell in rule.cells:
        for value in cell.values:
            if cell.fact == "kind" and not names.catalog.under(value):
                yield unknown(rule, "kind", "kind", value, names.catalog.kinds)
            if cell.fact == "place":
                yield from _check_place(rule, value, names)
    then = rule.then
    if then.ladder and then.ladder not in names.ladders:
        yield unknown(rule, "ladder", "ladder", then.ladder, names.ladders)
    if then.calendar and then.calendar not in names.calendars:
        yield unknown(rule, "calendar", "calendar", then.calendar, names.calendars)
    lead = (then.lead,) if then.lead else ()
    for column, several in (("lead", lead), ("supporting", then.supporting), ("informed", then.informed)):
        for target in several:
            yield from _check_target(rule, column, target, names)


def _check_place(rule: Rule, place: str, names: Names) -> Iterator[Finding]:
    if place not in names.territory:
        yield unknown(rule, "place", "place", place, names.territory.nodes)
    elif names.on is not None and names.territory[place].until_on < names.on:
        message = f"the rule {rule.id} names {place}, which ended on {names.territory[place].until_on}"
        finding = wrong(rule, "lost-place", "place", message, "name what it has become")
        yield attrs.evolve(finding, grave=False)


def _check_target(rule: Rule, column: str, target: str, names: Names) -> Iterator[Finding]:
    what, _, name = target.partition(":")
    roster = names.roster
    if target == "desk":
        return
    if what == "nearest" and name:
        if name not in ORGANIZATION_KINDS:
            kinds = dict.fromkeys(sorted(ORGANIZATION_KINDS))
            yield unknown(rule, "organization-kind", column, name, kinds)
        return
    known: Mapping[str, object] | None = {"role": roster.roles, "org": roster.organizations}.get(what)
    if known is None or not name:
        remedy = "write role:NAME, org:NAME, nearest:KIND or desk"
        yield wrong(rule, "bad-target", column, f"{target!r} is nobody", remedy)
    elif name not in known:
        yield unknown(rule, "role" if what == "role" else "department", column, name, known)


def _lost_roles(table: Table, names: Names) -> Iterator[Finding]:
    """Give the roles that rules send to and nobody is on duty for, each once, with the places where it is so."""
    if names.on is None:
        return
    asking: dict[str, list[Rule]] = {}
    for rule in table.rules:
        for target in (rule.then.lead, *rule.then.supporting, *rule.then.informed):
            role = target.removeprefix("role:")
            if role != target and role in names.roster.roles and role not in names.awaited:
                asking.setdefault(role, []).append(rule)
    for role, rules in asking.items():
        level = names.roster.roles[role].level
        places = [node.code for node in names.territory.at(level) if node.from_on <= names.on <= node.until_on]
        empty = [code for code in places if not names.roster.climb(role, code, names.territory, names.on).holders]
        if not empty:
            continue
        more = f" and {len(rules) - 1} more rules send" if len(rules) > 1 else " sends"
        where = ", ".join(empty[:3]) + (" ..." if len(empty) > 3 else "")
        message = (
            f"{rules[0].id}{more} to {role}, and on {names.on} nobody is on duty for {len(empty)} of {len(places)} "
        )
        message += f"places ({where}): the desk has their cases"
        finding = wrong(rules[0], "lost-role", "", message, "post somebody, or name a deputy")
        yield attrs.evolve(finding, grave=False)


# --- the calendar -----------------------------------------------------------------------------


def _beyond_calendar(table: Table, names: Names) -> Iterator[Finding]:
    """Give the limits under which a case of the day would fall due on days that no notice has settled."""
    if names.on is None:
        return
    under: dict[tuple[Limit, str], list[Rule]] = {}
    for rule in table.rules:
        if rule.then.limit is not None:
            under.setdefault((rule.then.limit, rule.then.calendar), []).append(rule)
    for (limit, name), rules in under.items():
        calendar = names.calendars.get(name, names.calendar)
        ends = due(limit, dt.datetime.combine(names.on, NOON, tzinfo=zone_of(calendar.zone)), calendar)
        if ends is None or ends.provisional:
            more = f" and {len(rules) - 1} more rules" if len(rules) > 1 else ""
            message = f"a case of {names.on} under {rules[0].id}{more} ({limit}) falls due on days that no notice of "
            message += f"the calendar {calendar.id} has settled"
            remedy = "bring the next notice of holidays; until then the deadline is provisional"
            yield attrs.evolve(wrong(rules[0], "beyond-calendar", "limit", message, remedy), grave=False)
