"""What can be asked of a case.

Texts that people write are private fields: the office takes them out before anything is decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from gridgov.decider import private
from gridgov.routing import SOURCES

__all__ = [
    "HOTLINE_KINDS",
    "ORDINARY_CLOCKS",
    "SEVERITIES",
    "SOURCES",
    "Accept",
    "Acknowledge",
    "Answer",
    "AppraiseWhistle",
    "AskExtension",
    "AskHold",
    "BlowWhistle",
    "Check",
    "ClimbLadder",
    "Close",
    "ConfirmReceipt",
    "Correct",
    "DecideObjection",
    "DecideRequest",
    "Decline",
    "Dispatch",
    "EndHold",
    "EndMode",
    "Escalate",
    "Follow",
    "FollowUp",
    "HandOver",
    "ImportCase",
    "JoinPart",
    "LinkDuplicate",
    "MissReportIn",
    "OpenCase",
    "PauseForMode",
    "PublishResult",
    "RaiseObjection",
    "Rate",
    "RecordOutcome",
    "Reopen",
    "ReportIn",
    "Resolve",
    "Resume",
    "ResumeAfterMode",
    "Return",
    "ReviewDeadline",
    "SplitCase",
    "Supervise",
    "SwitchMode",
    "Transfer",
    "Unfollow",
    "UnlinkDuplicate",
    "Urge",
    "WarnOfDeadline",
    "Withdraw",
]

SEVERITIES = range(5)
"""0 not rated, 1 一般, 2 较大, 3 重大, 4 特别重大."""
HOTLINE_KINDS = ("inquiry", "help", "complaint", "tip-off", "suggestion")
"""咨询, 求助, 投诉, 举报, 建议."""
ORDINARY_CLOCKS = ("run", "pause")
"""What the clocks of ordinary cases do while an emergency lasts."""


def _utc(instant: Any) -> Any:
    """Bring an aware instant to UTC, so that equal ones are stored alike; others are refused later."""
    aware = isinstance(instant, dt.datetime) and instant.tzinfo is not None
    return instant.astimezone(dt.UTC) if aware else instant


@attrs.frozen(kw_only=True)
class OpenCase:
    """Report a matter (上报). The command's id becomes the case's id.

    :param kind: a code of the catalog; :param place: a code of the territory, the closer the better.
    :param source: one of :data:`gridgov.routing.SOURCES`.
    :param reporter: the opaque id of who wants an answer; empty for an anonymous report.
    :param agreed_due_at: a deadline that was promised elsewhere and replaces the rule's limit.
    :param departments: how many departments it concerns; :param repeats: how often it came before.
    :param severity: one of :data:`SEVERITIES`, 0 where nobody rated it.
    :param facts: fact → value, for what the place or a plugin has declared beside the usual facts.
    :param evidence: SHA-256 digests of pictures and papers kept elsewhere.
    :param hotline_kind: one of :data:`HOTLINE_KINDS`, for what a hotline hears.
    :param confidential: who reported it is shown to the desk alone; a tip-off (举报) always is.
    :param text: what happened, in the reporter's words; :param contact: how to reach them.
    """

    kind: str
    place: str
    source: str
    reporter: str = ""
    agreed_due_at: dt.datetime | None = attrs.field(default=None, converter=_utc)
    departments: int = 1
    repeats: int = 0
    severity: int = 0
    tags: tuple[str, ...] = ()
    facts: Mapping[str, str | int | tuple[str, ...]] = attrs.field(factory=dict)
    evidence: tuple[str, ...] = ()
    hotline_kind: str = ""
    confidential: bool = False
    text: str = private()
    contact: str = private("feedback")


@attrs.frozen
class Dispatch:
    """A person at the desk gives the case to somebody (派单); *lead* is ``org:``, ``role:`` or an id."""

    case: str
    lead: str = attrs.field(kw_only=True)
    supporting: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    informed: tuple[str, ...] = attrs.field(default=(), kw_only=True)
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
    """Object to what was decided.

    :param against: the ``route`` or the ``deadline``, decided by a rule; the ``refusal`` of a case
        that was declined; or the ``lateness`` that was found (申诉), which whoever had the case
        appeals against.
    """

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
    """The clock asks: a warning is due.

    :param color: ``yellow`` before the deadline, ``red`` at it.
    """

    case: str
    due_at: dt.datetime = attrs.field(kw_only=True)
    color: str = attrs.field(default="yellow", kw_only=True)


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


@attrs.frozen(kw_only=True)
class ImportCase:
    """Take over a running case from another system. The command's id becomes the case's id.

    :param system: which one; :param foreign_id: what the case is called there.
    :param opened_at: when it was opened there: its clock began then.
    :param lead: who has it; empty to let the table find out.
    :param due_at: what was promised there; None to let the table work it out from *opened_at*.

    The other fields are those of :class:`OpenCase`.
    """

    system: str
    foreign_id: str
    kind: str
    place: str
    opened_at: dt.datetime = attrs.field(converter=_utc)
    source: str = "other-system"
    reporter: str = ""
    lead: str = ""
    due_at: dt.datetime | None = attrs.field(default=None, converter=_utc)
    departments: int = 1
    repeats: int = 0
    severity: int = 0
    tags: tuple[str, ...] = ()
    facts: Mapping[str, str | int | tuple[str, ...]] = attrs.field(factory=dict)
    evidence: tuple[str, ...] = ()
    hotline_kind: str = ""
    confidential: bool = False
    text: str = private()
    contact: str = private("feedback")


@attrs.frozen
class Accept:
    """The desk takes the case on (受理); a case that a rule decided is accepted by it."""

    case: str


@attrs.frozen
class Decline:
    """The desk does not take the case on (不予受理), with a reason that the reporter may object to."""

    case: str
    reason: str = private()


@attrs.frozen
class Correct:
    """Correct kind or place; the table decides again, and the clock keeps its start and its pauses.

    :param kind: the right one, empty where it was right; :param place: as *kind*.
    """

    case: str
    kind: str = attrs.field(default="", kw_only=True)
    place: str = attrs.field(default="", kw_only=True)
    reason: str = private()


@attrs.frozen
class LinkDuplicate:
    """Say that the case is the same matter as another one, which goes on for both."""

    case: str
    of: str = attrs.field(kw_only=True)


@attrs.frozen
class UnlinkDuplicate:
    """Say that the two were not the same; the case goes on with the deadline that it had."""

    case: str
    reason: str = private()


@attrs.frozen
class Follow:
    """Be told what becomes of a case that somebody else reported."""

    case: str


@attrs.frozen
class Unfollow:
    """Be told no more."""

    case: str


@attrs.frozen
class SplitCase:
    """Divide the matter into parts, each with a lead and a clock of its own; handled when every part is.

    :param leads: one for each part, in order: ``org:``, ``role:`` or an id.
    :param places: where each part lies, for a matter that crosses grids; empty for the case's own place.
    """

    case: str
    leads: tuple[str, ...] = attrs.field(kw_only=True)
    places: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    reason: str = private()


@attrs.frozen
class JoinPart:
    """Take a part back into the case that it was split from."""

    case: str
    reason: str = private()


@attrs.frozen
class AskHold:
    """The lead asks to put the case on hold (挂账): it cannot be handled for now.

    :param until: when it goes on by itself, at the latest.
    """

    case: str
    until: dt.datetime = attrs.field(kw_only=True, converter=_utc)
    reason: str = private()


@attrs.frozen
class AskExtension:
    """The lead asks for more time (延期), before the deadline.

    :param by: as a limit is written, in the hours in which the clock runs: ``"2工作日"``.
    """

    case: str
    by: str = attrs.field(kw_only=True)
    reason: str = private()


@attrs.frozen
class DecideRequest:
    """Somebody else decides about a hold or an extension that the lead asked for."""

    case: str
    granted: bool = attrs.field(kw_only=True)
    reason: str = private()


@attrs.frozen
class Resume:
    """End a hold before its time; the clock runs again."""

    case: str


@attrs.frozen
class HandOver:
    """Hand the lead on an enforcement matter over to the competent authority (线索移送).

    :param authority: the id of an organization.
    """

    case: str
    authority: str = attrs.field(kw_only=True)
    reason: str = private()


@attrs.frozen
class ConfirmReceipt:
    """The authority confirms that it has the lead (回执); from then on the clock stands still.

    :param receipt: the number of the receipt.
    """

    case: str
    receipt: str = attrs.field(kw_only=True)


@attrs.frozen
class RecordOutcome:
    """What the authority did with the lead; with it the case is handled.

    :param taken_up: False where it was refused; then the lead has the case again.
    """

    case: str
    taken_up: bool = attrs.field(kw_only=True)
    result: str = private()


@attrs.frozen
class Urge:
    """Press for a case (催办)."""

    case: str


@attrs.frozen
class Supervise:
    """Name the person who presses a case from now on (督办)."""

    case: str
    supervisor: str = attrs.field(kw_only=True)
    reason: str = private()


@attrs.frozen
class FollowUp:
    """Call the reporter after the answer (回访).

    :param reached: whether they were reached; where not, the other two say nothing.
    :param solved: whether it is solved, in their eyes; :param satisfied: whether they are satisfied;
        None where they did not say, which no rate counts.
    """

    case: str
    reached: bool = attrs.field(kw_only=True)
    solved: bool | None = attrs.field(default=None, kw_only=True)
    satisfied: bool | None = attrs.field(default=None, kw_only=True)
    note: str = private("feedback")


@attrs.frozen
class PublishResult:
    """Publish the result (公示), without anything about a person.

    :param text: what the notice says; whoever writes it leaves people out of it.
    """

    case: str
    text: str = private("publication")


@attrs.frozen(kw_only=True)
class SwitchMode:
    """Switch from peacetime to emergency (平急转换): rules for that mode hold until it ends.

    Asked again while it lasts, with a later end, it prolongs it.

    :param until: when it ends by itself, at the latest.
    :param ordinary: what the clocks of ordinary cases do meanwhile: ``run`` or ``pause``.
    """

    until: dt.datetime = attrs.field(converter=_utc)
    ordinary: str = "run"
    reason: str = private("administration")


@attrs.frozen(kw_only=True)
class EndMode:
    """Go back to peacetime."""

    reason: str = private("administration")


@attrs.frozen
class EndHold:
    """The clock asks: the time of a hold is over."""

    case: str
    due_at: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen
class PauseForMode:
    """The office asks: an emergency has begun, and ordinary clocks stand still until it ends."""

    case: str
    until: dt.datetime = attrs.field(kw_only=True)


@attrs.frozen
class ResumeAfterMode:
    """The clock asks, or the office where a person ended it before its time: the emergency is over."""

    case: str


@attrs.frozen
class ReviewDeadline:
    """The office asks: the setup has changed; is a provisional deadline settled now?"""

    case: str
