"""Signalen, the complaint system of Amsterdam and other Dutch cities: categories and departments.

A folder holds ``departments_categories.csv``, one row for each department of a category, and may hold
``categories_fixture.json``, a Django fixture of ``signals.category`` records, of which the ones without a
parent are the main categories.

**Limits.** A category has a handling code, and the code a text that tells the resident what will happen
and by when: Amsterdam/signals at adbe8fc7, migration ``0102`` (texts), with the days of migration ``0073``
(service level objectives) agreeing. :data:`HANDLINGS` holds what these texts promise and nothing else.
A code whose text names no time has no limit, and a category with it no rule, unless the caller says what
limit holds then.

**Several departments.** In Signalen all responsible departments of a category are equal; a case here has
one lead. The first one of the file is taken, the others support, and each such choice is found.

The fixture names its departments by the numbers of one database. Where a category stands in both files,
the table is believed; a category that only the fixture has becomes a kind without a rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from gridgov.routing import Catalog, Kind, Rule, Then
from gridgov.staffing import Organization
from gridgov.worktime import Limit, LimitKind
from gridgov_importers._imported import Imported, Reading, Record, rule, table

__all__ = ["HANDLINGS", "Handling", "read_amsterdam"]

PAIRS, FIXTURE = "departments_categories.csv", "categories_fixture.json"
COLUMNS = ("department", "department_name", "is_intern", "main_category", "category", "category_name",
           "handling", "is_active", "is_responsible", "can_view")  # fmt: skip
FIELDS = frozenset({"parent", "slug", "name", "handling", "is_active", "departments"})
MODEL = "signals.category"
TRUTH: Mapping[str, bool] = {"true": True, "false": False}


@attrs.frozen
class Handling:
    """What the text of a handling code promises.

    :param limit: None where it names no time.
    :param says: the promise, shortened and in English.
    :param loosely: the time is that of most cases, or of an answer and not of the work.
    """

    limit: Limit | None
    says: str
    loosely: bool = False


def _working(days: int) -> Limit:
    return Limit(days, LimitKind.WORKING_DAYS)


def _calendar(days: int) -> Limit:
    return Limit(days, LimitKind.CALENDAR_DAYS)


HANDLINGS: Mapping[str, Handling] = {
    "A3DEC": Handling(_working(3), "handled within 3 working days"),
    "A3DMC": Handling(_working(3), "told within 3 working days what was done"),
    "A3DEVOMC": Handling(_working(3), "told within 3 working days what was done"),
    "STOPEC3": Handling(_working(3), "told within 3 working days what was done; dangers as soon as possible"),
    "GLAD_OLIE": Handling(_working(3), "as soon as possible, within 3 working days in any case"),
    "A3WEC": Handling(_calendar(21), "handled within three weeks"),
    "A3WMC": Handling(_calendar(21), "told within 3 weeks what was done"),
    "3WGM": Handling(_calendar(21), "handled within three weeks"),
    "I5DMC": Handling(_working(5), "told within 5 working days how and when it will be handled", loosely=True),
    "STOPEC": Handling(_working(5), "mostly handled within 5 working days", loosely=True),
    "LIGHTING": Handling(_working(21), "as a rule repaired within 21 working days", loosely=True),
    "URGENTE_MELDINGEN": Handling(_calendar(7), "within a week; what is urgent as soon as possible", loosely=True),
    "TECHNISCHE_STORING": Handling(None, "mostly repaired within some days; an answer may take three weeks"),
    "KLOKLICHTZC": Handling(None, "dangers as soon as possible, others may take longer"),
    "GLADZC": Handling(None, "main roads and cycle routes first, others after them"),
    "WS1EC": Handling(None, "passed on to the wardens, who act at once if they can"),
    "WS2EC": Handling(None, "passed on to the wardens; without a need to act at once, after the season"),
    "WS3EC": Handling(None, "passed on to the wardens; without a need to act at once, after the season"),
    "REST": Handling(None, "passed on to whoever it concerns"),
    "ONDERMIJNING": Handling(None, "taken into the investigation"),
    "EMPTY": Handling(None, "nothing"),
}
"""Handling code → promise; a code that is not here is not known to us, and its categories have no limit."""


@attrs.frozen(kw_only=True)
class _Pair:
    """A department of a category, as a row says it."""

    record: Record
    department: str
    department_name: str
    is_intern: bool
    code: str
    category_name: str
    handling: str
    is_active: bool
    is_responsible: bool
    can_view: bool


def read_amsterdam(folder: Path, *, otherwise: Limit | None = None) -> Imported:
    """Read the categories of a city.

    :param otherwise: the limit of a category whose handling code names no time; None for no rule, so that
        the desk decides.
    :raises SetupError: with every mistake: the table missing, no CSV, without a column or with a cell
        that is none; a fixture that is no JSON, or a record in it without a key.
    """
    return _Import(Reading("signalen", (folder,)), otherwise).run()


class _Import:
    """One import, the table first and the fixture against it."""

    def __init__(self, reading: Reading, otherwise: Limit | None) -> None:
        self.reading = reading
        self.otherwise = otherwise
        self.handlings: Counter[str] = Counter()

    def run(self) -> Imported:
        pairs = self._once(self._pairs())
        fixture = self.reading.records(FIXTURE)
        organizations = self._departments(pairs)
        kinds: dict[str, Kind] = {}
        rules = []
        for group in _grouped(pairs).values():
            kinds[group[0].code] = self._kind(group)
            rules += self._rules(group)
        self._fixture(fixture, kinds, {pair.code: pair for pair in reversed(pairs)})
        self._rest()
        self._told_once(kinds, fixture)
        return Imported(
            findings=self.reading.end(),  # first: what is refused below would rest on a mistake
            catalog=Catalog.build(list(kinds.values())),
            organizations=tuple(organizations),
            table=table(rules),
        )

    # --- the table ----------------------------------------------------------------------------

    def _pairs(self) -> Iterable[_Pair]:
        for record in self.reading.rows(PAIRS, COLUMNS):
            codes = [self.reading.code(record, key) for key in ("department", "main_category", "category")]
            names = [self.reading.field(record, key, str) for key in ("department_name", "category_name", "handling")]
            marks = [self._mark(record, key) for key in ("is_intern", "is_active", "is_responsible", "can_view")]
            texts = [each for each in (*codes, *names) if each is not None]
            truths = [each for each in marks if each is not None]
            if len(texts) < len(codes) + len(names) or len(truths) < len(marks):
                continue
            department, main, category, department_name, name, handling = texts
            is_intern, is_active, is_responsible, can_view = truths
            yield _Pair(
                record=record,
                department=department,
                department_name=department_name,
                is_intern=is_intern,
                code=f"{main}.{category}",
                category_name=name,
                handling=handling,
                is_active=is_active,
                is_responsible=is_responsible,
                can_view=can_view,
            )

    def _mark(self, record: Record, key: str) -> bool | None:
        text = self.reading.field(record, key, str)
        if text is not None and text.lower() not in TRUTH:
            self.reading.wrong("bad-value", record, f"{key} is {text!r:.60}", "write True or False", column=key)
        return None if text is None else TRUTH.get(text.lower())

    def _once(self, pairs: Iterable[_Pair]) -> list[_Pair]:
        found: dict[tuple[str, str], _Pair] = {}
        for pair in pairs:
            if (pair.code, pair.department) in found:
                message = f"{pair.department} stands twice with {pair.code}; the first one is taken"
                self.reading.note("twice", pair.record, message, subject=pair.code)
            found.setdefault((pair.code, pair.department), pair)
        return list(found.values())

    def _departments(self, pairs: Iterable[_Pair]) -> list[Organization]:
        first: dict[str, _Pair] = {}
        for pair in pairs:
            known = first.setdefault(pair.department, pair)
            self._same(pair, known, "department_name", pair.department)
            self._same(pair, known, "is_intern", pair.department)
        for code, pair in first.items():
            if not pair.is_intern:
                message = f"{code} ({pair.department_name}) is marked as external; here it is a department like others"
                self.reading.note("external", pair.record, message, subject=code, column="is_intern")
        return [
            Organization(id=code, zh=pair.department_name, en=pair.department_name, kind="department")
            for code, pair in first.items()
        ]

    def _same(self, pair: _Pair, first: _Pair, key: str, subject: str) -> None:
        said, before = getattr(pair, key), getattr(first, key)
        if said != before:
            message = f"{key} of {subject} is {said!r:.60} here and {before!r:.60} before; the first one is taken"
            self.reading.note("contradiction", pair.record, message, subject=subject, column=key)

    def _kind(self, group: Sequence[_Pair]) -> Kind:
        first = group[0]
        for pair in group[1:]:
            for key in ("category_name", "handling", "is_active"):
                self._same(pair, first, key, pair.code)
        return Kind(code=first.code, zh=first.category_name, en=first.category_name, admitted=first.is_active)

    def _rules(self, group: Sequence[_Pair]) -> list[Rule]:
        """Give the rule of a category, or none; then every row of it is found."""
        first = group[0]
        responsible = [pair.department for pair in group if pair.is_responsible]
        informed = [pair.department for pair in group if not pair.is_responsible and pair.can_view]
        self._strangers(group)
        if not first.is_active:
            return self._none(group, "inactive", "is not active: its kind is not admitted")
        if not responsible:
            return self._none(group, "no-department", "has no responsible department")
        limit = self._limit(group)
        if limit is None:
            return []
        lead, *supporting = (f"org:{each}" for each in responsible)
        if supporting:
            message = f"{' and '.join(responsible)} are equally responsible for {first.code}; {responsible[0]} leads"
            self.reading.note("lead-chosen", first.record, message, "see who should", subject=first.code)
        told = tuple(f"org:{each}" for each in informed)
        return [rule(first.code, Then(lead=lead, supporting=tuple(supporting), informed=told, limit=limit))]

    def _strangers(self, group: Iterable[_Pair]) -> None:
        for pair in group:
            if not pair.is_responsible and not pair.can_view:
                message = f"{pair.department} is neither responsible for {pair.code} nor may it see it"
                self.reading.note("no-part", pair.record, message, subject=pair.code)

    def _none(
        self, group: Iterable[_Pair], code: str, why: str, remedy: str = "write a rule if it should"
    ) -> list[Rule]:
        for pair in group:
            message = f"{pair.code} {why}; it has no rule, and {pair.department} no part in one"
            self.reading.note(code, pair.record, message, remedy, subject=pair.code)
        return []

    def _limit(self, group: Sequence[_Pair]) -> Limit | None:
        code = group[0].handling
        handling = HANDLINGS.get(code)
        if handling is not None and handling.limit is not None:
            self.handlings[code] += 1
            return handling.limit
        sort = "unknown-handling" if handling is None else "no-limit"
        why = f"is handled as {code}, " + ("which is not known" if handling is None else f"which says {handling.says}")
        if self.otherwise is None:
            self._none(group, sort, why, "say which limit holds then: otherwise=...")
        else:
            message = f"{group[0].code} {why}; it has the limit {self.otherwise}"
            self.reading.note(sort, group[0].record, message, subject=group[0].code, column="handling")
        return self.otherwise

    # --- the fixture --------------------------------------------------------------------------

    def _fixture(self, records: Sequence[Record], kinds: dict[str, Kind], table: Mapping[str, _Pair]) -> None:
        categories: dict[int, Record] = {}
        for record in records:
            model = self.reading.field(record, "model", str)
            if model != MODEL:
                if model is not None:
                    self.reading.note("other-model", record, f"the record is a {model}, not a {MODEL}", subject=model)
                continue
            key, fields = self.reading.field(record, "pk", int), self.reading.field(record, "fields", dict)
            if key in categories:
                self.reading.note("twice", record, f"the number {key} stands twice; the first one is taken")
            elif key is not None and fields is not None:
                categories[key] = attrs.evolve(record, value=fields)
        mains = {key: record for key, record in categories.items() if record.value.get("parent") is None}
        for record in categories.values():
            self._category(record, mains, kinds, table)

    def _category(
        self, record: Record, mains: Mapping[int, Record], kinds: dict[str, Kind], table: Mapping[str, _Pair]
    ) -> None:
        slug, name = self.reading.code(record, "slug"), self.reading.field(record, "name", str)
        active = self.reading.field(record, "is_active", bool, otherwise=True)
        below = record.value.get("parent") is not None
        parent = self.reading.field(record, "parent", int, otherwise=0)
        if slug is None or name is None or active is None or parent is None:
            return
        if below and parent not in mains:
            message = f"{slug} lies in {parent}, which is no main category of the file; it stays out"
            self.reading.note("no-parent", record, message, subject=slug, column="parent")
            return
        code = f"{mains[parent].value.get('slug')}.{slug}" if below else slug
        if code in table:
            self._compare(record, table[code], name)
        elif code in kinds:
            self.reading.note("twice", record, f"{code} stands twice; the first one is taken", subject=code)
        else:
            kinds[code] = Kind(code=code, zh=name, en=name, admitted=active)
            if below:
                message = f"{code} has no rule: it stands here only, where departments are numbers of a database"
                self.reading.note("no-department", record, message, "write a rule, or drop the kind", subject=code)

    def _compare(self, record: Record, pair: _Pair, name: str) -> None:
        """Find where the fixture says otherwise than the table."""
        for key, said, ours in (
            ("name", name, pair.category_name),
            ("handling", record.value.get("handling"), pair.handling),
            ("is_active", record.value.get("is_active", True), pair.is_active),
        ):
            if said != ours:
                message = f"{key} of {pair.code} is {said!r:.60} here and {ours!r:.60} in {PAIRS}, which is taken"
                self.reading.note("contradiction", record, message, subject=pair.code, column=key)

    # --- the rest -----------------------------------------------------------------------------

    def _rest(self) -> None:
        for file in self.reading.files():
            if file not in (PAIRS, FIXTURE):
                whole = Record(file=file, row=0, value={})
                self.reading.note("unknown-file", whole, f"{file} is not a file that this importer knows", subject=file)

    def _told_once(self, kinds: Mapping[str, Kind], fixture: Sequence[Record]) -> None:
        whole, numbers = Record(file=PAIRS, row=0, value={}), Record(file=FIXTURE, row=0, value={})
        for code, count in sorted(self.handlings.items()):
            if HANDLINGS[code].loosely:
                limit, says = HANDLINGS[code].limit, HANDLINGS[code].says
                message = f"{code} of {count} categories says: {says}; taken as a limit of {limit}"
                self.reading.note("loose-promise", whole, message, subject=code, column="handling")
        unnamed = sorted({code.partition(".")[0] for code in kinds} - set(kinds))
        if unnamed:
            message = f"the main categories {', '.join(unnamed)} have no name in these files, so no kind of their own"
            self.reading.note("no-name", whole, message, column="main_category")
        numbered = sum(bool(_fields(record).get("departments")) for record in fixture)
        if numbered:
            message = f"departments of {numbered} records are numbers of a database, and are not read"
            self.reading.note("field", numbers, message, column="departments")
        for key in sorted({key for record in fixture for key in _fields(record)} - FIELDS):
            self.reading.note("field", numbers, f"{key} has no place in gridgov", column=key)
        message = f"there are no Chinese names and no English ones; zh and en of {len(kinds)} kinds are the Dutch name"
        self.reading.note("no-chinese", whole, message, "translate them before residents read them")


def _grouped(pairs: Iterable[_Pair]) -> dict[str, list[_Pair]]:
    groups: dict[str, list[_Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.code, []).append(pair)
    return groups


def _fields(record: Record) -> Mapping[str, object]:
    fields = record.value.get("fields")
    return fields if isinstance(fields, dict) and record.value.get("model") == MODEL else {}
