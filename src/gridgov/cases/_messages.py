"""What can be asked of a case, and what can have happened to it.

The classes of events are stored for ever. A field may be added with a default; none is renamed,
removed, or given another meaning: that takes a new stored name or an upcaster.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from gridgov.cases._route import Route
from gridgov.decider import private
from gridgov.escalation import Deadline, Step
from gridgov.proofs import Sealed
from gridgov.staffing import Party

__all__ = [
    "SOURCES",
    "Acknowledge",
    "Answer",
    "AppraiseWhistle",
    "BlowWhistle",
    "CaseAcknowledged",
    "CaseAnswered",
    "CaseChecked",
    "CaseClosed",
    "CaseDispatched",
    "CaseEscalated",
    "CaseEvent",
    "CaseOpened",
    "CaseRated",
    "CaseReopened",
    "CaseResolved",
    "CaseReturned",
    "CaseRouted",
    "CaseTransferred",
    "CaseWarned",
    "CaseWithdrawn",
    "Check",
    "ClimbLadder",
    "Close",
    "DecideObjection",
    "Dispatch",
    "Escalate",
    "MissReportIn",
    "ObjectionDecided",
    "ObjectionRaised",
    "OpenCase",
    "RaiseObjection",
    "Rate",
    "Reopen",
    "ReportIn",
    "ReportInMissed",
    "ReportedIn",
    "Resolve",
    "Return",
    "Route",
    "Transfer",
    "WarnOfDeadline",
    "WhistleAppraised",
    "WhistleBlown",
    "Withdraw",
]

SOURCES = frozenset(
    {"hotline", "patrol", "home-visit", "resident", "front-desk", "petition-letter", "other-system", "sensor"}
)
"""12345 热线, 巡查, 走访, 居民, 前台, 信访, 其他系统, 传感器 (the last one is ours)."""


def _utc(instant: Any) -> Any:
    """Bring an aware instant to UTC, so that equal ones are stored alike; others are refused later."""
    aware = isinstance(instant, dt.datetime) and instant.tzinfo is not None
    return instant.astimezone(dt.UTC) if aware else instant


# --- what can be asked -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenCase:
    """Report a matter (上报). The command's id becomes the case's id.

    :param kind: a code of the catalog; :param place: a code of the territory, the closer the better.
    :param source: one of :data:`SOURCES`.
    :param reporter: the opaque id of who wants an answer; empty for an anonymous report.
    :param agreed_due_at: a deadline that was promised elsewhere and replaces the rule's limit.
    :param departments: how many departments it concerns; :param repeats: how often it came before.
    :param evidence: SHA-256 digests of pictures and papers kept elsewhere.
    :param text: what happened, in the reporter's words; :param contact: how to reach them.
    """

    kind: str
    place: str
    source: str
    reporter: str = ""
    agreed_due_at: dt.datetime | None = attrs.field(default=None, converter=_utc)
    departments: int = 1
    repeats: int = 0
    tags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    text: str = private()
    contact: str = private("feedback")


@attrs.frozen
class Dispatch:
    """A person at the desk gives the case to somebody (派单); *lead* is ``org:``, ``role:`` or an id."""

    case: str
    lead: str = attrs.field(kw_only=True)
    supporting: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    reason: str = private()


@attrs.frozen
class Acknowledge:
    """The lead confirms that it has the case."""

    case: str


@attrs.frozen
class Return:
    """The lead hands the case back to the desk (退单), with a reason."""

    case: str
    reason: str = private()


@attrs.frozen
class Transfer:
    """The lead, or the desk, passes the case on (转办), with a reason."""

    case: str
    lead: str = attrs.field(kw_only=True)
    reason: str = private()


@attrs.frozen
class Escalate:
    """The lead hands the case up a rung (上报), with a reason."""

    case: str
    reason: str = private()


@attrs.frozen
class Resolve:
    """The handler says that it is done (办结)."""

    case: str
    result: str = private()


@attrs.frozen
class Check:
    """Somebody else than the handler looks whether it is done (核查)."""

    case: str
    passed: bool = attrs.field(kw_only=True)
    reason: str = private()


@attrs.frozen
class Answer:
    """Tell the reporter what came of it (反馈)."""

    case: str
    text: str = private("feedback")


@attrs.frozen
class Rate:
    """The reporter says how satisfied they are: 1 (not at all) to 5."""

    case: str
    score: int = attrs.field(kw_only=True)
    comment: str = private("feedback")


@attrs.frozen
class Reopen:
    """Begin again, with a new clock: the reporter is not satisfied, or it came back."""

    case: str
    reason: str = private()


@attrs.frozen
class Close:
    """End the loop (结案)."""

    case: str


@attrs.frozen
class Withdraw:
    """The reporter takes the report back."""

    case: str
    reason: str = private()


@attrs.frozen
class BlowWhistle:
    """Call departments to one or more cases (吹哨). The command's id becomes the whistle's id.

    :param organizations: ids of organizations; each must report in by *report_by*.
    """

    cases: tuple[str, ...]
    organizations: tuple[str, ...] = attrs.field(kw_only=True)
    report_by: dt.datetime = attrs.field(kw_only=True, converter=_utc)
    reason: str = private()


@attrs.frozen
class ReportIn:
    """An organization answers a whistle on a case (报到)."""

    case: str
    whistle: str = attrs.field(kw_only=True)
    organization: str = attrs.field(kw_only=True)


@attrs.frozen
class AppraiseWhistle:
    """The one who whistled says how well an organization answered, 1 to 5 (一事一考)."""

    case: str
    whistle: str = attrs.field(kw_only=True)
    organization: str = attrs.field(kw_only=True)
    mark: int = attrs.field(kw_only=True)


@attrs.frozen
class RaiseObjection:
    """Object to what was decided automatically: the ``route`` or the ``deadline``."""

    case: str
    against: str = attrs.field(kw_only=True)
    reason: str = private()


@attrs.frozen
class DecideObjection:
    """A person decides anew.

    :param lead: where an objection to the route is upheld: who has it now.
    :param due_at: where an objection to the deadline is upheld: the new one.
    """

    case: str
    upheld: bool = attrs.field(kw_only=True)
    lead: str = attrs.field(default="", kw_only=True)
    due_at: dt.datetime | None = attrs.field(default=None, kw_only=True, converter=_utc)
    reason: str = private()


@attrs.frozen
class WarnOfDeadline:
    """The clock asks: the warning is due (催办)."""

    case: str
    due_at: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen
class ClimbLadder:
    """The clock asks: a rung is due."""

    case: str
    rung: int = attrs.field(kw_only=True)
    due_at: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen
class MissReportIn:
    """The clock asks: the time to report in is over."""

    case: str
    whistle: str = attrs.field(kw_only=True)
    organization: str = attrs.field(kw_only=True)
    due_at: dt.datetime = attrs.field(kw_only=True)


# --- what can have happened ---------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CaseEvent:
    """What every event of a case says.

    :param at: when it happened, aware; :param by: who did it.
    """

    case: str
    at: dt.datetime
    by: str


@attrs.frozen(kw_only=True)
class CaseOpened(CaseEvent):
    """A matter was reported and registered.

    :param grid: the grid that the place lies in, empty where there is none.
    :param checked: whether an independent check is asked for before closing.
    """

    kind: str
    kind_zh: str
    kind_en: str
    place: str
    grid: str
    source: str
    reporter: str
    affair: str
    co_governor: str
    size: str
    urgency: str
    checked: bool
    departments: int = 1
    repeats: int = 0
    tags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    text: Sealed | None = None
    contact: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseRouted(CaseEvent):
    """The table decided, or found no rule and left it to the desk."""

    route: Route


@attrs.frozen(kw_only=True)
class CaseDispatched(CaseEvent):
    """A person gave the case to somebody."""

    lead: Party
    supporting: tuple[Party, ...] = ()
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseAcknowledged(CaseEvent):
    """The lead confirmed."""


@attrs.frozen(kw_only=True)
class CaseReturned(CaseEvent):
    """The lead handed the case back; *desk* has it now."""

    desk: Party
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseTransferred(CaseEvent):
    """The case went on to another lead; the clock runs on."""

    lead: Party
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseWarned(CaseEvent):
    """A warning before the deadline was due at *step_at*; *next_step* comes after it."""

    step_at: dt.datetime
    next_step: Step | None = None


@attrs.frozen(kw_only=True)
class CaseEscalated(CaseEvent):
    """The case climbed to a rung.

    :param rung: its place in the ladder, from 0.
    :param supervisor: who presses it from now on; :param lead: set where the rung took it over.
    :param step_at: when the rung was due, or when it was asked for.
    :param overdue: False where the lead asked for it.
    """

    rung: int
    rung_id: str
    supervisor: Party
    lead: Party | None = None
    step_at: dt.datetime
    overdue: bool = True
    next_step: Step | None = None
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseResolved(CaseEvent):
    """The handler said that it is done; *in_time* compares with the deadline of that moment."""

    in_time: bool
    result: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseChecked(CaseEvent):
    """Somebody else looked; where it did not pass, the lead has it again.

    :param deadline: where it did not pass: the one that goes on, without the time of the check.
    """

    passed: bool
    deadline: Deadline | None = None
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseAnswered(CaseEvent):
    """The reporter was told."""

    text: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseRated(CaseEvent):
    """The reporter said how satisfied they are."""

    score: int
    comment: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseReopened(CaseEvent):
    """It begins again with the same lead and a new clock.

    :param was_closed: it had been closed; :param was_in_time: and in time.
    """

    deadline: Deadline
    was_closed: bool = False
    was_in_time: bool = False
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseClosed(CaseEvent):
    """The loop is closed.

    :param in_time: whether it was resolved by its deadline.
    """

    in_time: bool
    resolved_at: dt.datetime
    due_at: dt.datetime
    resolved_by: str


@attrs.frozen(kw_only=True)
class CaseWithdrawn(CaseEvent):
    """The reporter took it back."""

    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class WhistleBlown(CaseEvent):
    """Departments were called to this case."""

    whistle: str
    organizations: tuple[str, ...]
    report_by: dt.datetime
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class ReportedIn(CaseEvent):
    """An organization answered the whistle."""

    whistle: str
    organization: str
    late: bool


@attrs.frozen(kw_only=True)
class ReportInMissed(CaseEvent):
    """An organization had not answered when the time was over; it may still do so, late."""

    whistle: str
    organization: str
    step_at: dt.datetime


@attrs.frozen(kw_only=True)
class WhistleAppraised(CaseEvent):
    """The one who whistled gave a mark."""

    whistle: str
    organization: str
    mark: int


@attrs.frozen(kw_only=True)
class ObjectionRaised(CaseEvent):
    """Somebody objected to the route or to the deadline."""

    against: str
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class ObjectionDecided(CaseEvent):
    """A person decided anew.

    :param raised_by: who had objected.
    """

    against: str
    raised_by: str
    upheld: bool
    lead: Party | None = None
    deadline: Deadline | None = None
    reason: Sealed | None = None
