"""What is true of a case now: a union of closed shapes, each with whoever holds it."""

from __future__ import annotations

import datetime as dt
from typing import assert_never

import attrs

from gridgov.cases._route import Route
from gridgov.escalation import Deadline
from gridgov.proofs import Sealed
from gridgov.staffing import Party
from gridgov.wording import Text

__all__ = [
    "STAGES",
    "Answered",
    "CaseFile",
    "Checked",
    "Closed",
    "Dispatched",
    "Objection",
    "Registered",
    "ReportInDue",
    "Resolved",
    "State",
    "Withdrawn",
    "holder_of",
    "is_open",
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
class CaseFile:
    """What every state of a case knows (案卷).

    :param changed_at: when something happened to it last.
    :param deadline: the running one; :param rung: how many rungs it has climbed.
    :param handled_by: who resolved it last; :param rating: 0 while there is none.
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
    route: Route | None = None
    deadline: Deadline | None = None
    supporting: tuple[Party, ...] = ()
    rung: int = 0
    supervisor: Party | None = None
    warned: bool = False
    returns: int = 0
    transfers: int = 0
    reopenings: int = 0
    report_ins: tuple[ReportInDue, ...] = ()
    objection: Objection | None = None
    handled_by: str = ""
    resolved_at: dt.datetime | None = None
    rating: int = 0


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
class _Done(_WithFile):
    lead: Party
    resolved_by: str
    resolved_at: dt.datetime
    in_time: bool


@attrs.frozen
class Resolved(_Done):
    """The lead says that it is done; it waits for the check, or for the answer where none is asked for."""


@attrs.frozen
class Checked(_Done):
    """Somebody else has found it done; it waits for the answer to the reporter."""

    checked_by: str


@attrs.frozen
class Answered(_Done):
    """The reporter was told; it waits to be closed."""

    answered_at: dt.datetime


@attrs.frozen
class Closed(_Done):
    """The loop is closed."""

    answered_at: dt.datetime
    closed_at: dt.datetime


@attrs.frozen
class Withdrawn(_WithFile):
    """The reporter took it back."""

    withdrawn_at: dt.datetime


State = Registered | Dispatched | Resolved | Checked | Answered | Closed | Withdrawn


def is_open(state: State) -> bool:
    """Say whether somebody still has to do something."""
    return not isinstance(state, Closed | Withdrawn)


def holder_of(state: State) -> str:
    """Give who has to do the next step; for an ended case, who had it last."""
    match state:
        case Registered(desk=desk):
            return desk.holder
        case Dispatched(lead=lead) | Closed(lead=lead) | Answered(lead=lead) | Checked(lead=lead) | Resolved(lead=lead):
            return lead.holder
        case Withdrawn(file=file):
            return file.reporter
        case _:
            assert_never(state)


def stage_of(state: State) -> int:
    """Give the place of a state among the seven :data:`STAGES`, from 0."""
    match state:
        case Registered():
            return 1
        case Dispatched(acknowledged_at=None):
            return 2
        case Dispatched():
            return 3
        case Closed():
            return 6 if state.file.rating else 5
        case Checked() | Answered():
            return 5
        case Resolved():
            return 4
        case Withdrawn():
            return 5
        case _:
            assert_never(state)
