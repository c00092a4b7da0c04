"""DIGIT: the complaint services of eGovernments (PGR), from the masters of one installation.

A folder holds files named ``MODULE__Master.json``, each a list of ``{"tenantId": ..., "data": {...}}``,
and may hold the product's own ``PgrWorkflowConfig.json`` and ``NotificationRouting.json``. The meaning
of the fields is that of egovernments/Citizen-Complaint-Resolution-System at 8b1def9a:
``docs/dashboard-configuration/50-sla-and-hierarchies.md`` for the hours, ``EscalationScheduler.java``
and ``EscalationService.java`` for the escalation.

- ``slaHours`` is time from opening to resolving on the wall clock, so it becomes 紧急工作时, which run
  around the clock. A service without them has the time of the whole workflow, if there is one.
- ``department`` names whose people resolve it: the lead.
- ``menuPath`` is the class of a service: ``menuPath.serviceCode`` is the code of the kind.
- Escalation is mapped when the caller says who stands on each level: DIGIT asks its staff records
  for the supervisor of whoever has the complaint, and these are not in the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from gridgov.escalation import Ladder, Rung
from gridgov.routing import Catalog, Kind, Rule, Then
from gridgov.staffing import Organization
from gridgov.worktime import Limit, LimitKind
from gridgov_importers._imported import Imported, Reading, Record, rule, table

__all__ = ["read_digit"]

SERVICES = "RAINMAKER-PGR__ServiceDefs.json"
DEPARTMENTS = "common-masters__Department.json"
ESCALATION = "RAINMAKER-PGR__EscalationConfig.json"
CONSTANTS = "RAINMAKER-PGR__UIConstants.json"
WORKFLOW = "PgrWorkflowConfig.json"
COMPLAINTS = "PGR"
"""The business service of complaints."""

HOUR, DAY = 3_600_000, 24 * 3_600_000
"""DIGIT's times are milliseconds."""
HOURS_MAX = 10_000

SERVICE_KEYS = frozenset({"serviceCode", "name", "department", "slaHours", "menuPath", "active"})
DEPARTMENT_KEYS = frozenset({"code", "name", "active"})
NAMES = ("serviceCode", "code", "businessService", "action")
"""By which of its values a record is called, the first one that it has."""


@attrs.frozen
class NoPlace:
    """Why the records of a file have no place in what an importer gives."""

    code: str
    what: str
    remedy: str


NO_PLACE: Mapping[str, NoPlace] = {
    "ACCESSCONTROL-ROLES__roles.json": NoPlace(
        "role",
        "a role of the software, not a post on a place",
        "name the posts in setup.yaml, and what they may do in access.csv",
    ),
    "NotificationRouting.json": NoPlace(
        "notice", "who is told of a step, on which channel", "write it as a row of notices.csv"
    ),
    "Workflow__AutoEscalation.json": NoPlace(
        "auto-step",
        "a step that DIGIT takes by itself after some time in a state",
        "see the policy of cases in setup.yaml",
    ),
    "Workflow__BusinessService.json": NoPlace("workflow", "a workflow; only PgrWorkflowConfig.json is read", ""),
    "Workflow__BusinessServiceConfig.json": NoPlace("workflow", "whether a workflow holds for the whole state", ""),
    "common-masters__Designation.json": NoPlace(
        "designation", "a job title, without a place", "name posts as roles in setup.yaml"
    ),
    "egov-location__TenantBoundary.json": NoPlace(
        "boundary", "places, which are no part of this import", "write them into places.csv"
    ),
}
"""Files whose records are all found and none mapped."""


def read_digit(folder: Path, *more: Path, tenant: str = "", supervisors: Sequence[str] = ()) -> Imported:
    """Read an installation.

    :param folder: the masters; services and departments must be there.
    :param more: folders that complete it, such as the product's defaults; the first that has a file gives it.
    :param tenant: whose services, as in ``ke.nairobi``; needed where the file has several. What its
        state (``ke``) says holds for it too.
    :param supervisors: who presses on each level of the escalation, from the bottom up, as rules write
        targets (``role:area-lead``, ``org:DEPT_18``, ``desk``); without them there is no ladder.
    :raises SetupError: with every mistake: a file missing, no JSON or no list, a record without a key,
        several tenants and none named.
    :raises ValueError: for another number of supervisors than the escalation has levels.
    """
    return _Import(Reading("digit", (folder, *more)), tenant, tuple(supervisors)).run()


class _Import:
    """One import, file by file."""

    def __init__(self, reading: Reading, tenant: str, supervisors: tuple[str, ...]) -> None:
        self.reading = reading
        self.tenant = tenant
        self.supervisors = supervisors
        self.unread: Counter[tuple[str, str]] = Counter()

    def run(self) -> Imported:
        services = self.reading.records(SERVICES, required=True)
        departments = self.reading.records(DEPARTMENTS, required=True)
        self.tenant = self._one_tenant(services)
        organizations = self._departments(self._ours(departments))
        sla = self._workflow()
        ladders = self._escalation()
        kinds, rules = self._services(self._ours(services), {each.id for each in organizations}, sla, ladders)
        self._unused(ladders, rules)
        self._rest()
        self._told_once(len(kinds))
        return Imported(
            findings=self.reading.end(),  # first: what is refused below would rest on a mistake
            catalog=Catalog.build(kinds),
            organizations=tuple(organizations),
            table=table(rules),
            ladders=tuple(ladders.values()),
        )

    # --- tenants ------------------------------------------------------------------------------

    def _one_tenant(self, services: Sequence[Record]) -> str:
        tenants = sorted({str(record.value.get("tenantId") or "") for record in services} - {""})
        tenant = self.tenant or max(tenants, key=lambda name: (name.count("."), name), default="")
        others = [name for name in tenants if name not in _chain(tenant)]
        whole = Record(file=SERVICES, row=0, value={})
        if others and not self.tenant:
            message = f"the services are of several tenants: {', '.join(tenants)}"
            self.reading.wrong("several-tenants", whole, message, "name one: tenant=...", column="tenantId")
        elif tenants and len(others) == len(tenants):
            message = f"no service is of the tenant {tenant}; they are of {', '.join(tenants)}"
            self.reading.wrong("no-tenant", whole, message, "name another one: tenant=...", column="tenantId")
        self.reading.end()
        return tenant

    def _ours(self, records: Iterable[Record]) -> list[Record]:
        """Give the data of the records that hold for the tenant; the others are found."""
        ours = []
        for record in records:
            tenant = self.reading.field(record, "tenantId", str)
            data = self.reading.field(record, "data", dict)
            if tenant is None or data is None:
                continue
            if tenant in _chain(self.tenant):
                ours.append(attrs.evolve(record, value=data))
            else:
                name = _name(attrs.evolve(record, value=data))
                message = f"{name or 'the record'} is of the tenant {tenant}, not of {self.tenant}"
                self.reading.note("other-tenant", record, message, "read it on its own: tenant=...", subject=name)
        return ours

    # --- departments and services -------------------------------------------------------------

    def _departments(self, records: Iterable[Record]) -> list[Organization]:
        found: dict[str, Organization] = {}
        for record in records:
            code, name = self.reading.code(record, "code"), self.reading.field(record, "name", str)
            active = self.reading.field(record, "active", bool, otherwise=True)
            self._count_unread(record, DEPARTMENT_KEYS)
            if code is None or name is None or active is None:
                continue
            if code in found:
                self._twice(record, code)
            elif active:
                found[code] = Organization(id=code, zh=name, en=name, kind="department")
            else:
                message = f"the department {code} ({name}) is not active, and stays out"
                self.reading.note("inactive", record, message, subject=code)
        return list(found.values())

    def _services(
        self, records: Iterable[Record], departments: set[str], sla: Limit | None, ladders: Mapping[str, Ladder]
    ) -> tuple[list[Kind], list[Rule]]:
        kinds: dict[str, Kind] = {}
        rules = []
        for record in records:
            self._count_unread(record, SERVICE_KEYS)
            kind = self._kind(record)
            if kind is None:
                continue
            if kind.code in kinds:
                self._twice(record, kind.code)
                continue
            kinds[kind.code] = kind
            then = self._then(record, kind, departments, sla, ladders)
            if then is not None:
                rules.append(rule(kind.code, then))
        return list(kinds.values()), rules

    def _kind(self, record: Record) -> Kind | None:
        code, name = self.reading.code(record, "serviceCode"), self.reading.field(record, "name", str)
        menu = self.reading.code(record, "menuPath", otherwise="")
        active = self.reading.field(record, "active", bool, otherwise=True)
        if code is None or name is None or menu is None or active is None:
            return None
        return Kind(code=f"{menu}.{code}" if menu else code, zh=name, en=name, admitted=active)

    def _then(
        self, record: Record, kind: Kind, departments: set[str], sla: Limit | None, ladders: Mapping[str, Ladder]
    ) -> Then | None:
        department = self.reading.field(record, "department", str)
        limit = self._limit(record, kind, sla)
        if department is None:
            return None
        if not kind.admitted:
            message = f"the service {kind.code} is not active: its kind is not admitted, and it has no rule"
            self.reading.note("inactive", record, message, subject=kind.code)
            return None
        if department not in departments:
            message = f"the service {kind.code} names the department {department!r}, which is not there; it has no rule"
            self.reading.note("no-department", record, message, "add it, or write a rule", subject=kind.code)
            return None
        if limit is None:
            return None
        own = f"digit-{record.value['serviceCode']}"
        ladder = own if own in ladders else "digit" if "digit" in ladders else ""
        return Then(lead=f"org:{department}", limit=limit, ladder=ladder)

    def _limit(self, record: Record, kind: Kind, sla: Limit | None) -> Limit | None:
        """Give the hours of a service, or the time of the whole workflow; None is found."""
        hours = record.value.get("slaHours")
        if hours is None and sla is not None:
            message = f"the service {kind.code} has no slaHours; it has the time of the whole workflow, {sla}"
            self.reading.note("no-hours", record, message, subject=kind.code, column="slaHours")
            return sla
        if hours is None:
            message = f"the service {kind.code} has no slaHours, and there is no workflow's; it has no rule"
            self.reading.note("no-hours", record, message, "write a rule", subject=kind.code, column="slaHours")
            return None
        limit = _hours(hours * HOUR) if isinstance(hours, int | float) and not isinstance(hours, bool) else None
        if limit is None:
            message = f"the slaHours of {kind.code} are {hours!r:.40}, not whole hours from 1 to {HOURS_MAX}; no rule"
            self.reading.note("bad-hours", record, message, "write a rule", subject=kind.code, column="slaHours")
        return limit

    def _twice(self, record: Record, code: str) -> None:
        self.reading.note("twice", record, f"{code} stands twice; the first one is taken", subject=code)

    # --- escalation ---------------------------------------------------------------------------

    def _escalation(self) -> dict[str, Ladder]:
        """Give the ladder of all services, and one for each service with times of its own."""
        records = self._ours(self.reading.records(ESCALATION))
        if self.supervisors and not records:
            nothing = Record(file=ESCALATION, row=0, value={})
            self.reading.note("no-escalation", nothing, "there is no escalation for the supervisors to stand in")
        for record in records[1:]:
            self._twice(record, "the escalation")
        ladders: dict[str, Ladder] = {}
        for record in records[:1]:
            depth = self.reading.field(record, "maxDepth", int)
            times = self.reading.field(record, "defaultSlaByLevel", list)
            own = self.reading.field(record, "overrides", dict, otherwise={})
            if depth is None or times is None or own is None:
                continue
            named = {"digit": times} | {f"digit-{service}": each for service, each in own.items()}
            for name, each in named.items():
                ladder = self._ladder(record, name, depth, each)
                if ladder is not None:
                    ladders[name] = ladder
        return ladders

    def _ladder(self, record: Record, name: str, depth: int, times: Any) -> Ladder | None:
        limits = [_hours(each) for each in times] if isinstance(times, list) else []
        known = [each for each in limits if each is not None]
        if depth < 1 or not known or len(known) < len(limits):
            message = f"{name}: {depth} levels after {times!r:.60} ms cannot be a ladder; a level takes whole hours"
            self.reading.note("bad-escalation", record, message, "write the ladder in setup.yaml", subject=name)
            return None
        levels = [known[min(level, len(known) - 1)] for level in range(depth)]  # the last one goes on, as in DIGIT
        shown = f"{', '.join(str(each.amount) for each in levels)} hours"
        if not self.supervisors:
            message = (
                f"{name}: after {shown} without a change a complaint goes to the supervisor of whoever has it, "
                "by the staff records, which are not in these files"
            )
            self.reading.note("no-supervisors", record, message, "say who presses: supervisors=(...)", subject=name)
            return None
        if len(self.supervisors) != depth:
            raise ValueError(f"the escalation has {depth} levels, and supervisors names {len(self.supervisors)}")
        message = (
            f"{name}: DIGIT climbs after {shown} without a change; a ladder climbs from the deadline on, "
            f"so the first of these ({levels[0]}) is left out"
        )
        self.reading.note("escalation-start", record, message, subject=name)
        return Ladder(id=name, rungs=tuple(self._rungs(levels)))

    def _unused(self, ladders: Mapping[str, Ladder], rules: Sequence[Rule]) -> None:
        for name in sorted(set(ladders) - {each.then.ladder for each in rules}):
            whole = Record(file=ESCALATION, row=0, value={})
            self.reading.note("unused-ladder", whole, f"no rule has the ladder {name}", subject=name)

    def _rungs(self, levels: Sequence[Limit]) -> Iterable[Rung]:
        for level, target in enumerate(self.supervisors):
            after = levels[level + 1] if level + 1 < len(levels) else None
            yield Rung(id=f"level-{level + 1}", target=target, after=after, takes_over=True)

    # --- workflow -----------------------------------------------------------------------------

    def _workflow(self) -> Limit | None:
        """Find every state and action of the workflow; give the time that a complaint has as a whole."""
        whole = self.reading.document(WORKFLOW)
        if whole is None:
            return None
        self.reading.field(whole, "BusinessServices", list)
        for key in sorted(set(whole.value) - {"BusinessServices"}):
            self.reading.note("envelope", whole, f"{key} belongs to the call, not to the configuration", column=key)
        limit = None
        for record in self.reading.inside(whole, "BusinessServices"):
            name, time = record.value.get("businessService"), record.value.get("businessServiceSla")
            self._states(record)
            if name == COMPLAINTS and limit is None:
                limit = _hours(time)
                said = f"{limit} for a service without its own" if limit else f"{time!r:.40}, which is no limit"
                self.reading.note("workflow", record, f"the time of the whole workflow {name} is {said}", subject=name)
            else:
                message = f"the workflow {name!r:.60} is not the one of complaints"
                self.reading.note("workflow", record, message, subject=f"{name!r:.60}")
        return limit

    def _states(self, service: Record) -> None:
        for state in self.reading.inside(service, "states"):
            name, time = str(state.value.get("state") or "start"), state.value.get("sla")
            message = f"the state {name}" + (f", with a time of {_shown(time)}" if time else "")
            remedy = "a case has the states of gridgov; a policy in setup.yaml says what each step asks for"
            self.reading.note("state", state, message, remedy, subject=name)
            for action in self.reading.inside(state, "actions"):
                self._action(name, action)

    def _action(self, state: str, action: Record) -> None:
        roles, notices = action.value.get("roles"), action.value.get("notifications")
        by = ", ".join(map(str, roles)) if isinstance(roles, list) else "nobody"
        told = f", with {len(notices)} notices" if isinstance(notices, list) and notices else ""
        remedy = "who may do what stands in access.csv, who is told of it in notices.csv"
        name = _name(action)
        self.reading.note("action", action, f"{name} in {state}, by {by}{told}", remedy, subject=name)

    # --- the rest -----------------------------------------------------------------------------

    def _rest(self) -> None:
        """Find the records of every other file; nothing is left without a word."""
        for file in self.reading.files():
            if file == CONSTANTS:
                self._constants()
            elif file in NO_PLACE:
                self._no_place(file, NO_PLACE[file])
            elif file not in (SERVICES, DEPARTMENTS, ESCALATION, WORKFLOW):
                whole = Record(file=file, row=0, value={})
                self.reading.note("unknown-file", whole, f"{file} is not a file that this importer knows", subject=file)

    def _no_place(self, file: str, why: NoPlace) -> None:
        records = self.reading.records(file)
        masters = [record for record in records if "data" in record.value or "tenantId" in record.value]
        plain = [record for record in records if "data" not in record.value and "tenantId" not in record.value]
        for record in (*self._ours(masters), *plain):
            name = _name(record)
            self.reading.note(why.code, record, f"{name or 'the record'}: {why.what}", why.remedy, subject=name)

    def _constants(self) -> None:
        for record in self._ours(self.reading.records(CONSTANTS)):
            for key, value in record.value.items():
                remedy = "say it in setup.yaml"
                if key == "REOPENSLA" and isinstance(value, int) and value % DAY == 0:
                    remedy = f"write reopening_days: {value // DAY} under cases in setup.yaml"
                self.reading.note("constant", record, f"{key} is {value!r:.60}", remedy, subject=key, column=key)
            if not record.value:
                self.reading.note("constant", record, "the record says nothing")

    def _count_unread(self, record: Record, known: frozenset[str]) -> None:
        for key in sorted(set(record.value) - known):
            self.unread[record.file, key] += 1

    def _told_once(self, kinds: int) -> None:
        for (file, key), count in self.unread.items():
            message = f"{key} of {count} records has no place in gridgov"
            self.reading.note("field", Record(file=file, row=0, value={}), message, subject=key, column=key)
        message = f"there are no Chinese names; zh of {kinds} kinds and of the departments is what en is"
        whole = Record(file=SERVICES, row=0, value={})
        self.reading.note("no-chinese", whole, message, "translate them before residents read them", column="name")


def _name(record: Record) -> str:
    return next((record.value[key] for key in NAMES if isinstance(record.value.get(key), str)), "")


def _chain(tenant: str) -> tuple[str, ...]:
    """Give a tenant and those above it: ``ke.nairobi``, ``ke``."""
    parts = tenant.split(".")
    return tuple(".".join(parts[:end]) for end in range(len(parts), 0, -1))


def _hours(milliseconds: Any) -> Limit | None:
    """Give whole hours around the clock; None for what is none, or out of bounds."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    if not 0 < milliseconds <= HOURS_MAX * HOUR or milliseconds % HOUR:
        return None
    return Limit(int(milliseconds // HOUR), LimitKind.URGENT_HOURS)


def _shown(milliseconds: Any) -> str:
    limit = _hours(milliseconds)
    return str(limit) if limit else f"{milliseconds!r:.40} ms"
