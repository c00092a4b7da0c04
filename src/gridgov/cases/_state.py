"""What is true of a case now: a union of closed shapes, each with whoever holds it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, assert_never

import attrs
import msgspec

from gridgov.cases._route import Route
from gridgov.escalation import Deadline
from gridgov.proofs import Sealed
from gridgov.staffing import Party
from gridgov.wording import Text
from gridgov.worktime import Limit

__all__ = [
    "STAGES",
    "STATES",
    "Answered",
    "CaseFile",
    "Checked",
    "Closed",
    "Declined",
    "Dispatched",
    "Done",
    "Duplicate",
    "HandedOver",
    "Handled",
    "Held",
    "Imported",
    "InParts",
    "Linked",
    "Mode",
    "Objection",
    "OpenState",
    "Published",
    "Registered",
    "ReportInDue",
    "Request",
    "Resolved",
    "State",
    "Withdrawn",
    "amended",
    "holder_of",
    "is_open",
    "parties_of",
    "stage_of",
]

STAGES = (
    Text("信息采集", "collected"),
    Text("案卷建立", "registered"),
    Text("任务派遣", "dispatched"),
    Text("任务处理", "being handled"),
    Text("处理反馈", "result reported"),
    Text("核查结案", "checked and closed"),
    Text("综合评价", "appraised"),
)
"""The seven stages of the field (CJ/T 214); :func:`stage_of` gives a state's place among them."""


@attrs.frozen(kw_only=True)
class ReportInDue:
    """An organization that was called by a whistle.

    :param reported_at: when it answered; :param missed: it had not by *report_by*.
    :param mark: the appraisal, 0 while there is none.
    """

    whistle: str
    organization: str
    blown_by: str
    report_by: dt.datetime
    reported_at: dt.datetime | None = None
    missed: bool = False
    mark: int = 0

    @property
    def settled(self) -> bool:
        """True once the organization answered or is recorded as absent."""
        return self.reported_at is not None or self.missed


@attrs.frozen
class Objection:
    """An objection that nobody has decided yet."""

    against: str
    raised_by: str


@attrs.frozen(kw_only=True)
class Request:
    """A hold (with *until*) or an extension (by *limit*) that nobody has decided about yet."""

    asked_by: str
    until: dt.datetime | None = None
    limit: Limit | None = None


@attrs.frozen
class Duplicate:
    """Another report of the same matter, whose it is, and who follows it."""

    case: str
    reporter: str = ""
    confidential: bool = False
    followers: tuple[str, ...] = ()


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """What every state of a case knows (案卷).

    A struct and no attrs class, the only one of the house: a life has ten events, each gives a file
    with two or three of its sixty fields changed, and :func:`msgspec.structs.replace` does that in a
    thirtieth of the time.

    :param changed_at: when something happened to it last.
    :param deadline: the running one; :param rung: how many rungs it has climbed.
    :param handled_by: who resolved it last; :param rating: 0 while there is none.
    :param accepted_at: when a rule or the desk took it on; :param responded_at: when somebody
        who has to do with it answered first.
    :param parent: the case that it is a part of; :param parts: the open parts that it waits for.
    :param duplicates: cases that were found to be the same; :param followers: who is told, too.
    :param returned_by: who handed it back, in order.
    :param excused: an appeal against its lateness was granted.
    :param found_by: who found the matter; of a part, who found the whole.
    :param granted: how many extensions were granted.
    :param unnamed: reporters of linked reports who asked not to be named, also of those unlinked again.
    :param authority: that took the lead on the matter up; :param part_handlers: who handled its parts.
    :param no_spot: the finder has corrected it, and does not handle it on the spot any more.
    :param turn: how often the clock was set anew; keeps what falls due at one instant apart.
    """

    id: str
    kind: str
    kind_zh: str
    kind_en: str
    place: str
    grid: str
    source: str
    reporter: str
    opened_by: str
    opened_at: dt.datetime
    changed_at: dt.datetime
    affair: str
    co_governor: str
    size: str
    urgency: str
    checked: bool
    text: Sealed | None
    contact: Sealed | None
    departments: int = 1
    repeats: int = 0
    severity: int = 0
    tags: tuple[str, ...] = ()
    facts: Mapping[str, str | int | tuple[str, ...]] = msgspec.field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    hotline_kind: str = ""
    confidential: bool = False
    parent: str = ""
    imported_from: str = ""
    foreign_id: str = ""
    route: Route | None = None
    deadline: Deadline | None = None
    supporting: tuple[Party, ...] = ()
    informed: tuple[Party, ...] = ()
    rung: int = 0
    supervisor: Party | None = None
    warned: bool = False
    accepted_at: dt.datetime | None = None
    responded_at: dt.datetime | None = None
    returns: int = 0
    returned_by: tuple[str, ...] = ()
    transfers: int = 0
    reopenings: int = 0
    urges: int = 0
    holds: int = 0
    request: Request | None = None
    parts: tuple[str, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    followers: tuple[str, ...] = ()
    report_ins: tuple[ReportInDue, ...] = ()
    objection: Objection | None = None
    handled_by: str = ""
    resolved_at: dt.datetime | None = None
    rating: int = 0
    called: bool = False
    solved: bool | None = None
    satisfied: bool | None = None
    excused: bool = False
    published: bool = False
    found_by: str = ""
    granted: int = 0
    turn: int = 0
    unnamed: tuple[str, ...] = ()
    authority: str = ""
    part_handlers: tuple[str, ...] = ()
    no_spot: bool = False


@attrs.frozen
class Imported:
    """A case of another system that was taken over, so that it is not taken over twice."""

    case: str


def amended(file: CaseFile, **changes: Any) -> CaseFile:
    """Give a file with some fields changed.

    :raises TypeError: for a name that is no field.
    """
    return msgspec.structs.replace(file, **changes)


@attrs.frozen
class _WithFile:
    file: CaseFile

    @property
    def id(self) -> str:
        """The case's id."""
        return self.file.id

    @property
    def route(self) -> Route:
        """The routing decision; see :meth:`Route.explain`."""
        if self.file.route is None:
            raise ValueError(f"the case {self.file.id} was not routed yet")
        return self.file.route

    @property
    def deadline(self) -> Deadline:
        """The running deadline."""
        if self.file.deadline is None:
            raise ValueError(f"the case {self.file.id} was not routed yet")
        return self.file.deadline


@attrs.frozen
class Registered(_WithFile):
    """The street's desk has it: no rule hit, or it was returned."""

    desk: Party


@attrs.frozen
class Dispatched(_WithFile):
    """A lead has it; *acknowledged_at* is None until it confirms."""

    lead: Party
    acknowledged_at: dt.datetime | None = None


@attrs.frozen
class Held(_WithFile):
    """On hold (挂账): the lead keeps it, the clock stands still, and it goes on at *until* at the latest."""

    lead: Party
    until: dt.datetime


@attrs.frozen
class InParts(_WithFile):
    """Divided: the lead waits for the parts, and the case's own clock runs on."""

    lead: Party


@attrs.frozen
class HandedOver(_WithFile):
    """A competent authority has the lead on it (线索移送); the one who handed it over keeps an eye on it."""

    lead: Party
    authority: Party
    receipt: str = ""
    in_time: bool = True


@attrs.frozen
class Done(_WithFile):
    """What every state after the handling knows."""

    lead: Party
    resolved_by: str
    resolved_at: dt.datetime
    in_time: bool


@attrs.frozen
class Resolved(Done):
    """The lead says that it is done; it waits for the check, or for the answer where none is asked for."""


@attrs.frozen
class Checked(Done):
    """Somebody else has found it done; it waits for the answer to the reporter."""

    checked_by: str


@attrs.frozen
class Answered(Done):
    """The reporter was told; it waits to be closed."""

    answered_at: dt.datetime


@attrs.frozen
class Closed(Done):
    """The loop is closed."""

    answered_at: dt.datetime
    closed_at: dt.datetime


@attrs.frozen
class Withdrawn(_WithFile):
    """The reporter took it back."""

    withdrawn_at: dt.datetime


@attrs.frozen
class Declined(_WithFile):
    """The desk did not take it on; the reporter may object."""

    declined_by: str
    declined_at: dt.datetime


@attrs.frozen
class Linked(_WithFile):
    """The same matter as *of*, which goes on for both; or a part that was taken back into it."""

    of: str
    before: Registered | Dispatched


State = (
    Registered
    | Dispatched
    | Held
    | InParts
    | HandedOver
    | Resolved
    | Checked
    | Answered
    | Closed
    | Withdrawn
    | Declined
    | Linked
)
STATES: tuple[type[State], ...] = (
    Registered,
    Dispatched,
    Held,
    InParts,
    HandedOver,
    Resolved,
    Checked,
    Answered,
    Closed,
    Withdrawn,
    Declined,
    Linked,
)
"""Every state, in the order of a life."""


Handled = Registered | Dispatched | Held | InParts | HandedOver
"""Somebody is at it."""
OpenState = Handled | Resolved | Checked | Answered
"""Somebody still has to do something."""


def is_open(state: State) -> bool:
    """Say whether somebody still has to do something."""
    return isinstance(state, OpenState)


def holder_of(state: State) -> str:
    """Give who has to do the next step; for an ended case, who had it last."""
    match state:
        case Registered(desk=desk):
            return desk.holder
        case Dispatched() | Held() | InParts() | HandedOver() | Resolved() | Checked() | Answered() | Closed():
            return state.lead.holder
        case Withdrawn(file=file):
            return file.reporter
        case Declined(declined_by=declined_by):
            return declined_by
        case Linked(before=before):
            return holder_of(before)
        case _:
            assert_never(state)


def parties_of(state: State) -> tuple[str, ...]:
    """Give every person and organization that has to do with a case: a department's case is one of theirs.

    Who has it (the lead, or the desk), an authority that took it up, who supports or is informed, and who was
    called by a whistle; of a declined case who declined it. A report of the same matter has those of before.
    """
    file = state.file
    found = [*file.supporting, *file.informed]
    match state:
        case Registered(desk=desk):
            found.append(desk)
        case HandedOver(lead=lead, authority=authority):
            found += [lead, authority]
        case Dispatched() | Held() | InParts() | Resolved() | Checked() | Answered() | Closed():
            found.append(state.lead)
        case Linked(before=before):
            return parties_of(before)
        case Declined(declined_by=declined_by):
            return (declined_by, *(party.holder for party in found))
        case Withdrawn():
            pass
        case _:
            assert_never(state)
    return (*(party.holder for party in found), *(each.organization for each in file.report_ins))


def stage_of(state: State) -> int:
    """Give the place of a state among the seven :data:`STAGES`, from 0."""
    match state:
        case Registered() | Declined():
            return 1
        case Dispatched(acknowledged_at=None):
            return 2
        case Dispatched() | Held() | InParts() | HandedOver():
            return 3
        case Resolved():
            return 4
        case Checked() | Answered() | Withdrawn():
            return 5
        case Closed():
            return 6 if state.file.rating or state.file.called else 5
        case Linked(before=before):
            return stage_of(before)
        case _:
            assert_never(state)


@attrs.frozen(kw_only=True)
class Mode:
    """Whether it is peacetime (*since* is None) or emergency (平急一体).

    :param until: when it ends by itself; :param ordinary: what ordinary clocks do: ``run`` or ``pause``.
    :param by: the person who switched.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    ordinary: str = "run"
    by: str = ""

    @property
    def name(self) -> str:
        """``peacetime`` or ``emergency``, as rules ask for it."""
        return "peacetime" if self.since is None else "emergency"

    @property
    def pauses(self) -> bool:
        """Say whether the clocks of ordinary cases stand still."""
        return self.since is not None and self.ordinary == "pause"


@attrs.frozen
class Published:
    """What was published in one month; each line is an event without anything about a person."""

    lines: tuple[Any, ...] = ()
