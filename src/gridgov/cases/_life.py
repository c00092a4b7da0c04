"""The life of a case as one table: every command, the states in which it may happen, and what then.

Each command has one function, whose second parameter is the state that it acts on. **Its type is
the rule**: a function for ``Registered | Dispatched`` is never called with anything else, the type
checker sees to it that the function can rely on that, and :data:`LIFE` reads the same types back
into the table that tests walk and the documentation draws. So there is no second list of what is
allowed where, and none that could differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args, get_type_hints

from gridgov.cases import _clockwork, _closing, _handling, _intake, _objections, _requests, _whistles
from gridgov.cases import _commands as c
from gridgov.cases import _events as e
from gridgov.cases._evolve import evolve
from gridgov.cases._given import MODE, CaseGiven, guard, import_tag, subject_of, tag_of, wrong_state
from gridgov.cases._shown import shown
from gridgov.cases._state import Closed, Declined, Dispatched, Linked, State, Withdrawn, holder_of
from gridgov.decider import Decider, Subjects

__all__ = ["CASES", "EVENTS", "LIFE", "STORED_NAMES"]

Decision = Callable[[Any, Any, Subjects, CaseGiven], Sequence[Any]]

_DECISIONS: tuple[Decision, ...] = (
    _intake.open_case,
    _intake.import_case,
    _intake.accept,
    _intake.decline,
    _intake.correct,
    _intake.link,
    _intake.unlink,
    _intake.follow,
    _intake.unfollow,
    _handling.dispatch,
    _handling.acknowledge,
    _handling.give_back,
    _handling.transfer,
    _handling.escalate,
    _handling.split,
    _handling.join,
    _requests.ask_hold,
    _requests.ask_extension,
    _requests.decide_request,
    _requests.resume,
    _handling.hand_over,
    _handling.confirm_receipt,
    _handling.record_outcome,
    _handling.urge,
    _handling.supervise,
    _handling.resolve,
    _closing.check,
    _closing.answer,
    _closing.follow_up,
    _closing.rate,
    _closing.reopen,
    _closing.close,
    _closing.publish,
    _closing.withdraw,
    _whistles.blow,
    _whistles.report_in,
    _whistles.appraise,
    _objections.raise_objection,
    _objections.decide_objection,
    _clockwork.switch_mode,
    _clockwork.end_mode,
    _clockwork.warn,
    _clockwork.climb,
    _whistles.miss,
    _requests.end_hold,
    _clockwork.pause_for_mode,
    _clockwork.resume_after_mode,
    _clockwork.review,
)
_WORDS = {
    c.Accept: "accepted",
    c.Decline: "declined",
    c.Correct: "corrected",
    c.LinkDuplicate: "linked",
    c.UnlinkDuplicate: "unlinked",
    c.Follow: "followed",
    c.Unfollow: "unfollowed",
    c.Dispatch: "dispatched",
    c.Acknowledge: "acknowledged",
    c.Return: "returned",
    c.Transfer: "transferred",
    c.Escalate: "escalated",
    c.SplitCase: "split",
    c.JoinPart: "joined",
    c.AskHold: "put on hold",
    c.AskExtension: "extended",
    c.DecideRequest: "held or extended",
    c.Resume: "resumed",
    c.HandOver: "handed over",
    c.ConfirmReceipt: "received",
    c.RecordOutcome: "ended by an authority",
    c.Urge: "urged",
    c.Supervise: "supervised",
    c.Resolve: "resolved",
    c.Check: "checked",
    c.Answer: "answered",
    c.FollowUp: "followed up",
    c.Rate: "rated",
    c.Reopen: "reopened",
    c.Close: "closed",
    c.PublishResult: "published",
    c.Withdraw: "withdrawn",
    c.RaiseObjection: "objected to",
    c.DecideObjection: "decided anew",
}


def _read(decision: Decision) -> tuple[type, frozenset[type]]:
    hints = list(get_type_hints(decision).values())
    states = get_args(hints[1]) or (hints[1],)
    return hints[0], frozenset(states) - {type(None)}


LIFE: Mapping[type, frozenset[type[State]]] = dict(map(_read, _DECISIONS))
"""Command → the states in which it may happen; none for a command that is about no single case."""
_DECIDE: dict[type, tuple[Decision, frozenset[type]]] = {
    command: (decision, states)
    for decision, (command, states) in ((decision, _read(decision)) for decision in _DECISIONS)
}


def _decide(command: Any, subjects: Subjects, given: CaseGiven) -> Sequence[Any]:
    kind = type(command)
    decision, states = _DECIDE[kind]
    if not states:
        return decision(command, None, subjects, given)
    state = subject_of(command.case, subjects)
    guard(kind.__name__, state, given)
    if type(state) not in states:
        if kind in _WORDS:
            wrong_state(state, _WORDS[kind])
        wrong_state(state, "moved by the clock")
    return decision(command, state, subjects, given)


EVENTS: dict[str, type] = {
    "case-opened": e.CaseOpened,
    "case-routed": e.CaseRouted,
    "case-shadowed": e.CaseShadowed,
    "case-dispatched": e.CaseDispatched,
    "case-acknowledged": e.CaseAcknowledged,
    "case-returned": e.CaseReturned,
    "case-transferred": e.CaseTransferred,
    "case-warned": e.CaseWarned,
    "case-escalated": e.CaseEscalated,
    "case-resolved": e.CaseResolved,
    "case-checked": e.CaseChecked,
    "case-answered": e.CaseAnswered,
    "case-rated": e.CaseRated,
    "case-reopened": e.CaseReopened,
    "case-closed": e.CaseClosed,
    "case-withdrawn": e.CaseWithdrawn,
    "whistle-blown": e.WhistleBlown,
    "whistle-reported-in": e.ReportedIn,
    "whistle-report-in-missed": e.ReportInMissed,
    "whistle-appraised": e.WhistleAppraised,
    "case-objection-raised": e.ObjectionRaised,
    "case-objection-decided": e.ObjectionDecided,
    "case-accepted": e.CaseAccepted,
    "case-declined": e.CaseDeclined,
    "case-corrected": e.CaseCorrected,
    "case-linked": e.CaseLinked,
    "case-duplicate-found": e.DuplicateFound,
    "case-unlinked": e.CaseUnlinked,
    "case-duplicate-lost": e.DuplicateLost,
    "case-followed": e.CaseFollowed,
    "case-unfollowed": e.CaseUnfollowed,
    "case-split": e.CaseSplit,
    "case-part-joined": e.PartJoined,
    "case-part-handled": e.PartHandled,
    "case-hold-asked": e.HoldAsked,
    "case-extension-asked": e.ExtensionAsked,
    "case-held": e.CaseHeld,
    "case-deadline-extended": e.DeadlineExtended,
    "case-request-denied": e.RequestDenied,
    "case-hold-ended": e.HoldEnded,
    "case-handed-over": e.CaseHandedOver,
    "case-receipt-confirmed": e.ReceiptConfirmed,
    "case-outcome-recorded": e.OutcomeRecorded,
    "case-urged": e.CaseUrged,
    "case-supervised": e.CaseSupervised,
    "case-reporter-called": e.ReporterCalled,
    "case-published": e.ResultPublished,
    "case-clock-paused": e.ClockPaused,
    "case-clock-resumed": e.ClockResumed,
    "case-deadline-reviewed": e.DeadlineReviewed,
    "mode-switched": e.ModeSwitched,
    "mode-ended": e.ModeEnded,
}
STORED_NAMES = {shape: name for name, shape in EVENTS.items()}


def _tags(event: Any) -> tuple[str, ...]:
    if isinstance(event, e.ModeSwitched | e.ModeEnded):
        return (MODE,)
    if isinstance(event, e.ResultPublished):
        return (tag_of(event.case), f"published:{event.month}")
    if isinstance(event, e.CaseOpened) and event.imported_from:
        return (tag_of(event.case), import_tag(event.imported_from, event.foreign_id))
    return (tag_of(event.case),)


def _settled(_tag: str, state: object) -> bool:
    """An ended case needs no place in memory, unless somebody waits for a decision about it."""
    return isinstance(state, Closed | Withdrawn | Declined | Linked) and state.file.objection is None


# --- counts -------------------------------------------------------------------------------------


def _tally(event: Any, after: Any) -> Iterable[tuple[str, ...]]:
    yield from _counts(event, after)
    yield from _figures(event, after)


def _counts(event: Any, after: Any) -> Iterable[tuple[str, ...]]:
    """How often each kind of thing has happened."""
    match event:
        case e.CaseOpened() if event.parent:
            yield ("part-opened",)
        case e.CaseOpened():
            yield ("opened",)
            yield ("opened", event.kind)
            yield ("opened", "grid", event.grid)
        case e.CaseCorrected():
            yield ("corrected",)
            if event.was_grid != event.grid and not after.file.parent:
                yield ("opened-again", "grid", event.was_grid)
                yield ("opened", "grid", event.grid)
        case e.CaseRouted():
            yield ("routed", event.route.band or "desk")
            yield ("dispatched", event.route.lead.holder)
        case e.CaseShadowed():
            yield from _on_trial(event, after)
        case e.CaseClosed() if isinstance(after, Closed) and after.file.parent:
            yield ("part-closed",)
        case e.CaseClosed() if isinstance(after, Closed):
            yield from _closed("", event.in_time, after)
        case e.CaseReopened() if isinstance(after, Dispatched):
            yield ("reopened",)
            if event.was_closed:
                yield from _closed("-again", event.was_in_time, after)
        case e.CaseEscalated():
            yield ("escalated",)
            yield ("escalated", event.rung_id)
        case e.CaseWarned():
            yield ("warned",) if event.color == "yellow" else ("warned-red",)
        case e.CaseRated():
            yield ("rated",)
            yield ("rated", str(event.score))
        case e.ReportedIn():
            yield ("reported-in",)
            if event.late:
                yield ("reported-in-late",)
        case e.CaseAnswered() | e.CaseAcknowledged():
            pass
        case e.CaseLinked() if after.file.parent:
            pass  # a part that was taken back; PartJoined counts it
        case _:
            yield (STORED_NAMES[type(event)].removeprefix("case-"),)


def _on_trial(event: e.CaseShadowed, after: Any) -> Iterable[tuple[str, ...]]:
    yield ("shadowed",)
    yield ("shadowed", event.table)
    yield ("shadowed", event.table, "kind", after.file.kind)
    yield ("shadowed", event.table, "grid", after.file.grid)
    if "lead" in event.what:
        yield ("shadowed", event.table, "department", f"{event.was_lead} → {event.lead}")
    if "limit" in event.what:
        yield ("shadowed", event.table, "deadline", f"{event.was_limit} → {event.limit}")


def _closed(again: str, in_time: bool, after: Closed | Dispatched) -> Iterable[tuple[str, ...]]:
    for key in (f"closed{again}", *([f"closed-in-time{again}"] if in_time else [])):
        yield (key,)
        yield (key, after.lead.holder)
        yield (key, "grid", after.file.grid)


def _figures(event: Any, after: Any) -> Iterable[tuple[str, ...]]:
    """What the official rates are made of: ``("rate", month, scope, figure)``.

    A case counts in the month in which it was due, an answer or a call in the month in which it
    happened; a reporter who was called and rated is asked once. A part of a case is not a case of its own.
    """
    month = ""
    figures: tuple[str, ...] = ()
    match event:
        case _ if not isinstance(event, e.CaseEvent) or after.file.parent:
            return
        case e.CaseClosed() if isinstance(after, Closed) and not after.file.excused:
            month = after.deadline.local(event.due_at)[:7]
            figures = ("due", "closed", *(["in-time"] if event.in_time else []))
        case e.CaseReopened() if event.was_closed and not event.was_excused and event.was_due_at is not None:
            month = after.deadline.local(event.was_due_at)[:7]
            figures = ("due-again", "closed-again", *(["in-time-again"] if event.was_in_time else []))
        case e.ObjectionDecided() if event.against == "lateness" and event.upheld:
            # Before it was closed it was not counted yet, so there is nothing to take out.
            month = after.deadline.local(after.deadline.due_at)[:7]
            figures = ("excused", "taken-out") if event.was_closed else ("excused",)
        case e.CaseAcknowledged() | e.CaseAccepted() | e.CaseResolved() if event.responded_in_time is not None:
            # In the month in which it was reported, as whatever has not been answered counts.
            month = after.deadline.local(after.file.opened_at)[:7]
            figures = ("responded", *(["responded-in-time"] if event.responded_in_time else []))
        case e.ReporterCalled() if event.reached:
            month = after.deadline.local(event.at)[:7]
            said = event.satisfied is not None and not after.file.rating
            figures = (
                *(["called"] if event.solved is not None else []),
                *(["solved"] if event.solved else []),
                *(["asked"] if said else []),
                *(["satisfied"] if said and event.satisfied else []),
            )
        case e.CaseRated() if after.file.satisfied is None:
            month = after.deadline.local(event.at)[:7]
            figures = ("asked", *(["satisfied"] if event.score >= PLEASED_FROM else []))
        case _:
            return
    for scope in ("", f"holder:{holder_of(after)}", f"grid:{after.file.grid}"):
        for figure in figures:
            yield ("rate", month, scope, figure)


PLEASED_FROM = 4
"""A reporter who gives 4 or 5 of 5 is satisfied."""


CASES: Decider[Any, Any, CaseGiven] = Decider(
    name="cases",
    commands=tuple(LIFE),
    events=EVENTS,
    decide=_decide,
    evolve=evolve,
    tags=_tags,
    falls_due=_clockwork.falls_due,
    settled=_settled,
    tally=_tally,
    shown=shown,
    always=(MODE,),
    present=(c.SwitchMode, c.EndMode),
    after_all=(c.SwitchMode, c.EndMode),
)
"""The room of cases, as the office needs it."""
