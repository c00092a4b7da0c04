"""Publication, objections, appeals: everybody may look, and say that it is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.escalation import Deadline, Step, next_step, start_deadline, worked_out
from gridgov.points import _commands as c
from gridgov.points import _events as e
from gridgov.points._given import (
    PointsGiven,
    account_of,
    acts_for,
    award_of,
    check_budget,
    clock_only,
    concerned,
    entry,
    may,
    of_award,
    reason_of,
    refuse,
    stamp,
    wrong_state,
)
from gridgov.points._state import (
    Approved,
    Award,
    AwardFile,
    Confirmed,
    Expired,
    Objected,
    Objection,
    PartlyReversed,
    Published,
    Publishing,
    Rejected,
    Reversed,
    Voided,
    open_deadlines,
)
from gridgov.worktime import due

__all__ = [
    "appeal",
    "confirm_publication",
    "decide_appeal",
    "decide_objection",
    "falls_due",
    "object_to",
    "press",
    "publish",
    "review",
]


# --- publication --------------------------------------------------------------------------------


def publish(command: c.PublishAwards, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    if not command.awards or len(set(command.awards)) != len(command.awards):
        refuse("empty-list", "a list names at least one award, and each once")
    if subjects.get(f"list:{given.command_id}") is not None:
        refuse("list-exists", f"there is a list {given.command_id!r} already")
    accounts: dict[str, None] = {}
    for each in command.awards:
        award = award_of(each, subjects, given)
        if not isinstance(award, Approved):
            wrong_state(award, "published")
        accounts[award.file.account] = None
    full = tuple(each for each in accounts if account_of(each, subjects).shows_name) if command.full_names else ()
    return [
        e.AwardsPublished(
            **stamp(subjects, given, "publicity"), list=given.command_id, awards=command.awards, full_names=full
        )
    ]


def confirm_publication(command: c.ConfirmPublication, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    published = subjects.get(f"list:{command.list}")
    if published is None:
        refuse("unknown-list", f"there is no list {as_code(command.list)}")
    if isinstance(published, e.PublicationConfirmed):
        refuse("confirmed-already", f"the list {command.list} was confirmed already", list=command.list)
    if not command.receipt or not command.channel:
        refuse("no-receipt", "a publication is confirmed with the channel and its receipt")
    for each in published.awards:
        award = award_of(each, subjects, given)
        if not isinstance(award, Publishing):
            wrong_state(award, "published")
    ends = due(given.policy.window, given.at, given.calendar)
    if ends is None:
        raise ValueError("a window without pauses always has an end")
    return [
        e.PublicationConfirmed(
            **stamp(subjects, given, "publicity"),
            list=command.list,
            awards=published.awards,
            channel=command.channel,
            receipt=command.receipt,
            window_ends_at=ends.at,
            provisional=ends.provisional,
        )
    ]


# --- objections ---------------------------------------------------------------------------------


def _deadline(given: PointsGiven) -> Deadline:
    """Start the clock of an objection or an appeal, as a case's is started."""
    ladder = given.ladders.get(given.policy.ladder)
    return start_deadline(given.at, given.calendar, ladder, limit=given.policy.decide_within)


def object_to(command: c.ObjectToAward, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    award = award_of(command.award, subjects, given)
    if not isinstance(award, Published | Objected):
        wrong_state(award, "objected to")
    if given.at > award.window_ends_at:
        refuse("window-over", f"the window of {award.file.id} ended", ended_at=award.window_ends_at)
    return [
        e.AwardObjected(
            **stamp(subjects, given, "objection"),
            **of_award(award.file),
            reason=reason_of(given),
            objection=given.command_id,
            deadline=_deadline(given),
        )
    ]


def _objection(command: c.DecideAwardObjection, award: Objected) -> Objection:
    if not command.objection:
        if len(award.objections) > 1:
            open_ = ", ".join(each.id for each in award.objections)
            refuse("which-objection", f"say which objection to {award.file.id} is decided: {open_}")
        return award.objections[0]
    found = next((each for each in award.objections if each.id == command.objection), None)
    if found is None:
        refuse("unknown-objection", f"no objection {as_code(command.objection)} to {award.file.id} is open")
    return found


def _check_impartial(file: AwardFile, raised_by: str, subjects: Subjects, given: PointsGiven) -> None:
    """Let only those decide who have not decided before and are not concerned."""

    def partial(who: str) -> bool:
        return who in file.judges or who == raised_by or concerned(who, file, subjects, given)

    panel = [member.person for member in given.policy.panel]
    # Where the whole panel has decided before, somebody else with leave to decide does it.
    if given.by not in panel and not all(partial(person) for person in panel):
        refuse("not-on-the-panel", f"{given.by} is not on the panel", by=given.by)
    if partial(given.by):
        refuse("not-impartial", f"{given.by} has judged {file.id} before or is concerned by it", by=given.by)


def decide_objection(command: c.DecideAwardObjection, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    award = award_of(command.award, subjects, given)
    if not isinstance(award, Objected):
        wrong_state(award, "decided anew")
    objection = _objection(command, award)
    file = award.file
    _check_impartial(file, objection.by, subjects, given)
    common: dict[str, Any] = {
        **stamp(subjects, given, "objection"),
        **of_award(file),
        "reason": reason_of(given),
        "objection": objection.id,
    }
    confirm_at = max(award.window_ends_at, given.at)
    if command.outcome == "dismissed":
        return [e.AwardObjectionDismissed(**common, confirm_at=confirm_at)]
    if command.outcome == "voided":
        return [e.AwardVoided(**common, before=file.given, entries=_handed_back(file, file.given))]
    if command.outcome != "amended":
        refuse("bad-outcome", f"an objection is dismissed, amended or voided, not {as_code(command.outcome)}")
    if not 0 < command.points < file.given:
        refuse("bad-points", f"{file.id} gives {file.given} points; amended it gives fewer, above zero")
    entries = _handed_back(file, file.given - command.points)
    return [e.AwardAmended(**common, before=file.given, given=command.points, confirm_at=confirm_at, entries=entries)]


def _handed_back(file: AwardFile, points: int) -> tuple[e.Entry, ...]:
    """Give pending points back to where they came from."""
    bucket = "issued" if file.source == "book:issued" else "budget"
    return (entry(file.unit, file.source, bucket, points), entry(file.unit, file.payee, "pending", -points))


# --- deadlines ----------------------------------------------------------------------------------


def press(command: c.PressAward, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    clock_only(given)
    award = award_of(command.award, subjects, given)
    deadline = open_deadlines(award).get(command.matter)
    step = deadline.step if deadline is not None else None
    if deadline is None or step is None or step.at != command.due_at or given.at < step.at:
        refuse("nothing-due", f"nothing is due for the award {command.award}", award=command.award)
    ladder = given.ladders.get(deadline.ladder)
    # The ladder may have been made shorter since.
    rung = ladder.rungs[step.rung] if ladder is not None and step.rung < len(ladder.rungs) else None
    target = rung.target if rung is not None and step.kind == "climb" else ""
    after = next_step(ladder, step, deadline, given.calendar) if ladder is not None else None
    return [
        e.AwardPressed(
            **stamp(subjects, given, "deadline"),
            **of_award(award.file),
            matter=command.matter,
            kind=step.kind,
            target=target,
            step_at=step.at,
            deadline=attrs.evolve(deadline, step=after),
        )
    ]


def review(command: c.ReviewAward, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    clock_only(given)
    award = award_of(command.award, subjects, given)
    ends = None
    if isinstance(award, Published | Objected) and award.provisional and award.hung_at is not None:
        ends = due(given.policy.window, award.hung_at, given.calendar)
    deadlines = {}
    for matter, deadline in open_deadlines(award).items():
        if deadline.unsettled:
            ladder = given.ladders.get(deadline.ladder)
            fresh = worked_out(deadline, ladder, given.calendar, floor=given.at)
            if (fresh.due_at, fresh.provisional, fresh.step) != (deadline.due_at, deadline.provisional, deadline.step):
                deadlines[matter] = fresh
    # Never into the past: whoever still had time to object has it until now at least.
    ends_at = max(ends.at, given.at) if ends is not None else None
    same = ends_at is None or (isinstance(award, Published | Objected) and ends_at == award.window_ends_at)
    if same and not deadlines and (ends is None or ends.provisional):
        refuse("nothing-due", f"nothing of the award {command.award} ends at another time", award=command.award)
    return [
        e.AwardDeadlinesReviewed(
            **stamp(subjects, given, "deadline"),
            **of_award(award.file),
            window_ends_at=ends_at,
            confirm_at=_moved(award, ends_at),
            provisional=ends.provisional if ends is not None else False,
            deadlines=deadlines,
        )
    ]


def _moved(award: Award, ends_at: dt.datetime | None) -> dt.datetime | None:
    """Give when an award counts now: with the end of its window, or after the decision that came later."""
    if ends_at is None or not isinstance(award, Published):
        return None
    decided_at = award.confirm_at if award.confirm_at > award.window_ends_at else ends_at
    return max(ends_at, decided_at)


def falls_due(award: Award) -> list[tuple[str, Step]]:
    """Give what presses an award: (matter, step)."""
    return [(matter, deadline.step) for matter, deadline in open_deadlines(award).items() if deadline.step is not None]


# --- appeals ------------------------------------------------------------------------------------


def _to_get(award: Award) -> int:
    """Say how much an appeal can bring: what was asked for less what stands and what was made good already."""
    file = award.file
    stands = 0 if isinstance(award, Rejected | Voided) else file.given - file.reversed
    return file.asked - stands - file.compensated


def appeal(command: c.AppealAward, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    award = award_of(command.award, subjects, given)
    if not isinstance(award, Rejected | Voided | Confirmed | PartlyReversed | Reversed | Expired):
        wrong_state(award, "appealed")
    file = award.file
    if not acts_for(file.account, subjects, given):
        refuse("not-the-member", f"only {file.account} appeals this", account=file.account)
    if file.decided_at is None:
        refuse("nothing-to-appeal", f"{file.id} was decided before appeals were kept; propose it anew")
    if file.appealed or file.appeal is not None:
        refuse("appealed-already", f"this decision about {file.id} was appealed already", award=file.id)
    ends = due(given.policy.appeal_within, file.decided_at, given.calendar)
    if ends is None or given.at > ends.at:
        refuse("window-over", f"the time to appeal {file.id} is over", ended_at=ends.at if ends else None)
    if _to_get(award) <= 0:
        refuse("nothing-to-appeal", f"{file.id} stands as it was asked for", award=file.id)
    return [
        e.AwardAppealed(
            **stamp(subjects, given, "appeal"),
            **of_award(file),
            appeal=given.command_id,
            deadline=_deadline(given),
            reason=reason_of(given),
        )
    ]


def decide_appeal(command: c.DecideAppeal, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    award = award_of(command.award, subjects, given)
    file = award.file
    if file.appeal is None:
        refuse("no-appeal", f"no appeal about {file.id} is open", award=file.id)
    _check_impartial(file, file.appeal.by, subjects, given)
    common: dict[str, Any] = {
        **stamp(subjects, given, "appeal"),
        **of_award(file),
        "reason": reason_of(given),
        "appeal": file.appeal.id,
    }
    if command.outcome == "dismissed":
        return [e.AppealDismissed(**common)]
    if command.outcome != "upheld":
        refuse("bad-outcome", f"an appeal is upheld or dismissed, not {as_code(command.outcome)}")
    return [_upheld(command.points, award, common, subjects, given)]


def _upheld(
    points: int, award: Award, common: dict[str, Any], subjects: Subjects, given: PointsGiven
) -> e.AppealUpheld:
    file, most = award.file, _to_get(award)
    if not 1 <= points <= most:
        refuse("bad-points", f"the appeal about {file.id} can bring 1 to {most} points, not {points}", most=most)
    if subjects.get(f"award:{given.command_id}") is not None:
        refuse("award-exists", f"there is an award {given.command_id!r} already", award=given.command_id)
    unit = file.unit or given.policy.book
    source = file.source
    if source != "book:issued":
        check_budget(source, unit, points, file.id, subjects, {})
    bucket = "issued" if source == "book:issued" else "budget"
    return e.AppealUpheld(
        **common,
        compensation=given.command_id,
        points=points,
        unit=unit,
        category=file.category,
        on=file.on,
        source=source,
        community=file.community,
        only=file.only,
        entries=(entry(unit, source, bucket, -points), entry(unit, file.payee, "pending", points)),
    )
