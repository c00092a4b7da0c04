"""What can have happened to a case.

These classes are stored for ever. A field may be added with a default; none is renamed, removed,
or given another meaning: that takes a new stored name or an upcaster.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from gridgov.cases._route import Route
from gridgov.escalation import Deadline, Step
from gridgov.proofs import Sealed
from gridgov.staffing import Party
from gridgov.worktime import Limit

__all__ = [
    "CaseAccepted",
    "CaseAcknowledged",
    "CaseAnswered",
    "CaseChecked",
    "CaseClosed",
    "CaseCorrected",
    "CaseDeclined",
    "CaseDispatched",
    "CaseEscalated",
    "CaseEvent",
    "CaseFollowed",
    "CaseHandedOver",
    "CaseHeld",
    "CaseLinked",
    "CaseOpened",
    "CaseRated",
    "CaseReopened",
    "CaseResolved",
    "CaseReturned",
    "CaseRouted",
    "CaseShadowed",
    "CaseSplit",
    "CaseSupervised",
    "CaseTransferred",
    "CaseUnfollowed",
    "CaseUnlinked",
    "CaseUrged",
    "CaseWarned",
    "CaseWithdrawn",
    "ClockPaused",
    "ClockResumed",
    "DeadlineExtended",
    "DeadlineReviewed",
    "DuplicateFound",
    "DuplicateLost",
    "ExtensionAsked",
    "HoldAsked",
    "HoldEnded",
    "ModeEnded",
    "ModeSwitched",
    "ObjectionDecided",
    "ObjectionRaised",
    "OutcomeRecorded",
    "PartHandled",
    "PartJoined",
    "ReceiptConfirmed",
    "ReportInMissed",
    "ReportedIn",
    "ReporterCalled",
    "RequestDenied",
    "ResultPublished",
    "WhistleAppraised",
    "WhistleBlown",
]


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
    :param parent: the case that it is a part of; :param found_by: who found that one.
    :param imported_from: the system in which it was opened as *foreign_id*.
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
    severity: int = 0
    tags: tuple[str, ...] = ()
    facts: Mapping[str, str | int | tuple[str, ...]] = attrs.field(factory=dict)
    evidence: tuple[str, ...] = ()
    hotline_kind: str = ""
    confidential: bool = False
    parent: str = ""
    found_by: str = ""
    imported_from: str = ""
    foreign_id: str = ""
    text: Sealed | None = None
    contact: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseRouted(CaseEvent):
    """The table decided, or found no rule and left it to the desk."""

    route: Route


@attrs.frozen(kw_only=True)
class CaseShadowed(CaseEvent):
    """A rulebook on trial would have decided otherwise; nothing follows from it.

    :param table: the version of the one on trial; :param rule: of it, empty where none takes the case.
    :param refusal: the code with which it would have refused, empty where it decides.
    :param what: the answers that differ; :param lead: as the rule writes it, and *limit* in Chinese;
        *was_lead* and *was_limit* are what the rules in force say.
    """

    table: str
    rule: str
    refusal: str
    what: tuple[str, ...]
    lead: str
    limit: str
    was_lead: str
    was_limit: str


@attrs.frozen(kw_only=True)
class CaseDispatched(CaseEvent):
    """A person gave the case to somebody."""

    lead: Party
    supporting: tuple[Party, ...] = ()
    informed: tuple[Party, ...] = ()
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseAcknowledged(CaseEvent):
    """The lead confirmed.

    :param responded_in_time: whether it was the first answer, and within the time for one; None
        where somebody had answered before.
    """

    responded_in_time: bool | None = None


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
    """A warning was due at *step_at*: yellow before the deadline, red at it; *next_step* comes after it."""

    step_at: dt.datetime
    next_step: Step | None = None
    color: str = "yellow"
    due_at: dt.datetime | None = None


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
    """The handler said that it is done; *in_time* compares with the deadline of that moment.

    :param responded_in_time: as in :class:`CaseAcknowledged`.
    """

    in_time: bool
    responded_in_time: bool | None = None
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

    :param was_closed: it had been closed; :param was_in_time: and in time; :param was_excused: or
        late, and excused; :param was_due_at: by when.
    """

    deadline: Deadline
    was_closed: bool = False
    was_in_time: bool = False
    was_excused: bool = False
    was_due_at: dt.datetime | None = None
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
    """Somebody objected to what was decided: route, deadline, refusal or lateness."""

    against: str
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class ObjectionDecided(CaseEvent):
    """A person decided anew.

    :param raised_by: who had objected.
    :param was_closed: the case was closed already, which only an appeal against lateness finds.
    """

    against: str
    raised_by: str
    upheld: bool
    lead: Party | None = None
    deadline: Deadline | None = None
    reason: Sealed | None = None
    was_closed: bool = False


@attrs.frozen(kw_only=True)
class CaseAccepted(CaseEvent):
    """The desk took it on."""

    responded_in_time: bool | None = None


@attrs.frozen(kw_only=True)
class CaseDeclined(CaseEvent):
    """The desk did not take it on."""

    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseCorrected(CaseEvent):
    """Kind or place were wrong; these are right, and the table decided again."""

    kind: str
    kind_zh: str
    kind_en: str
    place: str
    grid: str
    affair: str
    co_governor: str
    size: str
    urgency: str
    checked: bool
    was_kind: str
    was_place: str
    route: Route
    was_grid: str = ""
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseLinked(CaseEvent):
    """The case is the same matter as *of*, which goes on for both.

    :param deadline: set where the clock stood still: linked, it does not.
    :param joined: it is a part, and was taken back into *of*.
    """

    of: str
    reporter: str = ""
    deadline: Deadline | None = None
    joined: bool = False


@attrs.frozen(kw_only=True)
class DuplicateFound(CaseEvent):
    """Another report of the same matter was linked to this case; who reported and follows it is told, too."""

    duplicate: str
    reporter: str = ""
    confidential: bool = False
    followers: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class CaseUnlinked(CaseEvent):
    """It was not the same matter as *of*; the case goes on.

    :param deadline: set where an emergency makes the clock stand still from now on.
    """

    of: str
    reason: Sealed | None = None
    deadline: Deadline | None = None


@attrs.frozen(kw_only=True)
class DuplicateLost(CaseEvent):
    """A report that was linked to this case is on its own again."""

    duplicate: str
    reporter: str = ""


@attrs.frozen(kw_only=True)
class CaseFollowed(CaseEvent):
    """*by* is told what becomes of it."""


@attrs.frozen(kw_only=True)
class CaseUnfollowed(CaseEvent):
    """*by* is told no more."""


@attrs.frozen(kw_only=True)
class CaseSplit(CaseEvent):
    """The matter was divided into parts, each a case of its own."""

    parts: tuple[str, ...]
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class PartJoined(CaseEvent):
    """A part was taken back: it ended, and the case does not wait for it any more."""

    part: str
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class PartHandled(CaseEvent):
    """A part of the case was handled and closed."""

    part: str
    handled_by: str = ""


@attrs.frozen(kw_only=True)
class HoldAsked(CaseEvent):
    """The lead asked to put it on hold."""

    until: dt.datetime
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class ExtensionAsked(CaseEvent):
    """The lead asked for more time."""

    limit: Limit
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseHeld(CaseEvent):
    """The hold was approved: the clock stands still until it ends."""

    asked_by: str
    until: dt.datetime
    deadline: Deadline
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class DeadlineExtended(CaseEvent):
    """The extension was approved."""

    asked_by: str
    limit: Limit
    deadline: Deadline
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class RequestDenied(CaseEvent):
    """A hold or an extension was not approved."""

    what: str
    asked_by: str
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class HoldEnded(CaseEvent):
    """The hold is over; the clock of *deadline* may stand still all the same, for an emergency."""

    deadline: Deadline


@attrs.frozen(kw_only=True)
class CaseHandedOver(CaseEvent):
    """The lead on an enforcement matter went to the competent authority."""

    authority: Party
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class ReceiptConfirmed(CaseEvent):
    """The authority has it; the clock stands still."""

    receipt: str
    deadline: Deadline
    in_time: bool


@attrs.frozen(kw_only=True)
class OutcomeRecorded(CaseEvent):
    """What the authority did.

    :param taken_up: False where it refused, and the lead has the case again.
    :param in_time: whether the receipt came by the deadline.
    """

    taken_up: bool
    authority: str
    deadline: Deadline
    in_time: bool
    result: Sealed | None = None


@attrs.frozen(kw_only=True)
class CaseUrged(CaseEvent):
    """Somebody pressed for it."""


@attrs.frozen(kw_only=True)
class CaseSupervised(CaseEvent):
    """A person was named who presses it."""

    supervisor: Party
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class ReporterCalled(CaseEvent):
    """The reporter was called after the answer."""

    reached: bool
    solved: bool | None
    satisfied: bool | None
    note: Sealed | None = None


@attrs.frozen(kw_only=True)
class ResultPublished(CaseEvent):
    """The result was published.

    :param month: of the publication, as in ``2026-09``; it names the list that it stands on.
    :param place: no closer than the grid.
    """

    month: str
    kind: str
    kind_zh: str
    kind_en: str
    place: str
    opened_at: dt.datetime
    resolved_at: dt.datetime
    in_time: bool
    text: Sealed | None = None


@attrs.frozen(kw_only=True)
class ClockPaused(CaseEvent):
    """The clock stands still for a reason that lies outside of the case."""

    cause: str
    deadline: Deadline


@attrs.frozen(kw_only=True)
class ClockResumed(CaseEvent):
    """The clock runs again."""

    cause: str
    deadline: Deadline


@attrs.frozen(kw_only=True)
class DeadlineReviewed(CaseEvent):
    """A provisional deadline was worked out again."""

    was_due_at: dt.datetime
    deadline: Deadline


@attrs.frozen(kw_only=True)
class ModeSwitched:
    """An emergency has begun."""

    at: dt.datetime
    by: str
    until: dt.datetime
    ordinary: str
    reason: Sealed | None = None


@attrs.frozen(kw_only=True)
class ModeEnded:
    """It is peacetime again.

    :param since: when the emergency had begun.
    """

    at: dt.datetime
    by: str
    since: dt.datetime
    reason: Sealed | None = None
