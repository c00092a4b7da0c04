"""Ladders: who presses a matter, and who takes it over, when its time runs out.

A matter with a deadline is warned of before it (yellow) and at it (red), and from the deadline on
it climbs its ladder, rung by rung, each with a time of its own. A rung names a supervisor (督办)
who presses the one who has it, or takes it over. The top rung is the first responsible person;
from there nothing climbs further. A ladder may have one rung only, and so lead straight to the top.

**A rung starts at the due instant of the one before**, not when somebody noticed: so one tick
after a week's silence leads to the same state as a tick every minute.

Whatever moves a deadline (a pause, an extension, a notice about holidays) moves the next step with
it, by the same rule: :func:`worked_out` gives both from the start, the limit and the pauses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import attrs

from gridgov.errors import Finding
from gridgov.worktime import Calendar, Clock, Limit, Mark, Pause, due

__all__ = [
    "Deadline",
    "Ladder",
    "Rung",
    "Step",
    "check_ladders",
    "climbed_early",
    "extended_deadline",
    "next_step",
    "pause_deadline",
    "paused_deadline",
    "pressed_from",
    "resume_deadline",
    "start_deadline",
    "worked_out",
]

StepKind = Literal["warn", "red", "climb"]


@attrs.frozen(kw_only=True)
class Rung:
    """One step of a ladder.

    :param target: ``role:NAME``, ``org:NAME``, ``desk``, or the id of a person.
    :param after: how long this rung has before the next one; None on the top rung.
    :param takes_over: the target becomes the lead; otherwise it supervises the one who has it.
    """

    id: str
    target: str
    after: Limit | None = None
    takes_over: bool = False


@attrs.frozen(kw_only=True)
class Ladder:
    """Rungs from the bottom up.

    :param warn_percent: the yellow warning comes when this share of the limit is used; 0 for none.
    """

    id: str
    rungs: tuple[Rung, ...]
    warn_percent: int = 80


@attrs.frozen(kw_only=True)
class Step:
    """What falls due next.

    :param rung: the place in the ladder to climb to, from 0; of a red warning that comes again
        after more time was given, where the ladder goes on after it.
    :param since: from when the time of the rung below is counted; None for what comes with the deadline.
    :param counts: that time.
    :param provisional: it rests on days that no notice has settled yet.
    """

    kind: StepKind
    at: dt.datetime
    rung: int = 0
    since: dt.datetime | None = None
    counts: Limit | None = None
    provisional: bool = False


@attrs.frozen(kw_only=True)
class Deadline:
    """A deadline with what it rests on, as a decision stores it.

    :param limit: None where the date was agreed and not worked out.
    :param provisional: it rests on days that no notice has settled yet.
    :param calendar: its id; :param notice: the notice that its days come from.
    :param pauses: when the clock stood still; the last one without an end while it does.
    :param extensions: what was granted on top of the limit.
    :param pressed_from: nothing falls due before this instant: nobody could be pressed before it, or the
        clock stood still until then.
    :param stands_for: why it stands still: ``hold``, ``mode`` or ``hand-over``.
    :param reported_at: where the calendar counts from a later instant: when the matter was reported.
    :param resumes_at: when a clock that stands still goes on by itself, None where somebody has to say so.
    """

    start_at: dt.datetime
    due_at: dt.datetime
    limit: Limit | None = None
    provisional: bool = False
    calendar: str = ""
    notice: str = ""
    zone: str = "UTC"
    ladder: str = ""
    step: Step | None = None
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Limit, ...] = ()
    resumes_at: dt.datetime | None = None
    pressed_from: dt.datetime | None = None
    stands_for: str = ""
    reported_at: dt.datetime | None = None

    @property
    def stands_since(self) -> dt.datetime | None:
        """Since when the clock stands still; None where it runs."""
        return next((pause.start for pause in reversed(self.pauses) if pause.end is None), None)

    @property
    def unsettled(self) -> bool:
        """Whether it, or its next step, rests on days that no notice has settled yet."""
        return self.provisional or (self.step is not None and self.step.provisional)

    def is_late(self, at: dt.datetime) -> bool:
        """Say whether the deadline has passed at *at*; not while the clock stands still before it."""
        stands = self.stands_since
        return self.due_at < (at if stands is None else min(at, stands))

    @property
    def clock(self) -> Clock | None:
        """The clock behind it, for used and remaining time; None where a date was agreed on."""
        if self.limit is None:
            return None
        marks = [Mark("start", self.start_at, self.limit)]
        in_sessions = self.limit.kind.in_sessions
        # What was granted while the matter was taken for another one may not run in the same hours.
        fitting = [each for each in self.extensions if each.kind.in_sessions == in_sessions]
        marks += [Mark("extend", self.start_at, each) for each in fitting]
        for pause in self.pauses:
            marks.append(Mark("pause", pause.start))
            if pause.end is not None:
                marks.append(Mark("resume", pause.end))
        return Clock(tuple(marks))

    def local(self, instant: dt.datetime) -> str:
        """Write an instant for people, in local time, to the minute; midnight ends the day before it."""
        from zoneinfo import ZoneInfo

        here = instant.astimezone(ZoneInfo(self.zone))
        if (here.hour, here.minute, here.second, here.microsecond) == (0, 0, 0, 0):
            return f"{here.date() - dt.timedelta(days=1)} 24:00"
        return here.strftime("%Y-%m-%d %H:%M")


def start_deadline(
    start: dt.datetime,
    calendar: Calendar,
    ladder: Ladder | None,
    *,
    limit: Limit | None = None,
    agreed_at: dt.datetime | None = None,
) -> Deadline:
    """Start the clock of a matter; one in working time starts when the calendar begins to count.

    :param limit: worked out on *calendar*; :param agreed_at: or a date that was agreed on, which
        wins. One of the two is needed.
    :raises ValueError: with neither.
    """
    start = reported = start.astimezone(dt.UTC)
    if limit is not None and agreed_at is None and limit.kind.in_sessions:
        start = calendar.counts_from(start)
    if agreed_at is not None:
        due_at, provisional, limit = agreed_at.astimezone(dt.UTC), False, None
    elif limit is not None:
        found = due(limit, start, calendar)
        if found is None:
            raise ValueError(f"the calendar {calendar.id} ends before {limit} have run")
        due_at, provisional = found.at, found.provisional or calendar.any_unknown(reported, start)
    else:
        raise ValueError("a deadline needs a limit or an agreed date")
    deadline = Deadline(
        start_at=start,
        due_at=due_at,
        limit=limit,
        provisional=provisional,
        calendar=calendar.id,
        notice=calendar.notice,
        zone=calendar.zone,
        ladder=ladder.id if ladder else "",
        reported_at=reported if reported != start else None,
    )
    if ladder is None:
        return deadline
    return attrs.evolve(deadline, step=_first(ladder, deadline, calendar))


def _first(ladder: Ladder, deadline: Deadline, calendar: Calendar) -> Step:
    """Give the first step of a deadline: the yellow warning, or the red one where that comes no earlier."""
    floor = deadline.pressed_from
    yellow = _warning(ladder, deadline, calendar)
    if yellow is None or (floor is not None and floor >= deadline.due_at):
        return _pressed(Step(kind="red", at=deadline.due_at), deadline)
    return _pressed(yellow, deadline)


def _pressed(step: Step, deadline: Deadline) -> Step:
    """Let a step not come before anybody could be pressed."""
    floor = deadline.pressed_from
    return step if floor is None or step.at >= floor else attrs.evolve(step, at=floor)


def _allowed(deadline: Deadline, calendar: Calendar) -> int:
    """Give the seconds of running time that limit and extensions allow."""
    clock = deadline.clock
    if clock is None:
        return 0
    left = clock.remaining(deadline.start_at, calendar)
    return max(0, left.days * 86_400 + left.seconds)


def _warning(ladder: Ladder, deadline: Deadline, calendar: Calendar) -> Step | None:
    if not ladder.warn_percent or deadline.due_at <= deadline.start_at:
        return None
    if deadline.limit is None:
        whole = deadline.due_at - deadline.start_at
        return Step(kind="warn", at=deadline.start_at + whole * ladder.warn_percent // 100)
    share = max(1, _allowed(deadline, calendar) * ladder.warn_percent // 100)
    part = due(deadline.limit, deadline.start_at, calendar, pauses=deadline.pauses, seconds=share)
    return Step(kind="warn", at=part.at) if part is not None else None


def _climb(ladder: Ladder, rung: int, at: dt.datetime) -> Step | None:
    return Step(kind="climb", at=at, rung=rung) if rung < len(ladder.rungs) else None


def _counted(rung: int, since: dt.datetime, counts: Limit, deadline: Deadline, calendar: Calendar) -> Step | None:
    """Give the step to a rung that comes when the one below has had its time."""
    ends = due(counts, since, calendar, pauses=deadline.pauses)
    if ends is None:
        return None
    return Step(kind="climb", at=ends.at, rung=rung, since=since, counts=counts, provisional=ends.provisional)


def next_step(ladder: Ladder, done: Step, deadline: Deadline, calendar: Calendar, *, rung: int = 0) -> Step | None:
    """Give what falls due after *done*; None at the top.

    After the yellow warning it is the red one at the deadline, then the first rung; after a rung it
    is the end of that rung's time, counted from the instant at which the rung was due.

    :param rung: how many rungs the matter has climbed already, because somebody asked for it.
    """
    if done.kind == "warn":
        return _pressed(Step(kind="red", at=deadline.due_at), deadline)
    if done.kind == "red" and not done.rung:
        return _climb(ladder, rung, done.at)
    # A red warning that comes again: the rung that was climbed last has its time anew.
    below = max(done.rung, rung) - 1 if done.kind == "red" else done.rung
    if below + 1 >= len(ladder.rungs):
        return None
    after = ladder.rungs[below].after
    return None if after is None else _counted(below + 1, done.at, after, deadline, calendar)


def climbed_early(ladder: Ladder, deadline: Deadline, rung: int) -> Step | None:
    """Give what falls due after a rung that was asked for before it was due.

    Asking for help is no reason to lose time: warning and deadline stay where they are, and the
    next rung comes when this one would have been due.
    """
    step = deadline.step
    if step is None or (step.kind != "climb" and not step.rung):
        return step
    if step.kind == "red":  # that comes again; the ladder goes on after it from the rung that was climbed now
        return attrs.evolve(step, rung=rung + 1)
    return attrs.evolve(step, rung=rung + 1) if rung + 1 < len(ladder.rungs) else None


def worked_out(
    deadline: Deadline,
    ladder: Ladder | None,
    calendar: Calendar,
    *,
    floor: dt.datetime | None = None,
    stood: dt.timedelta = dt.timedelta(0),
) -> Deadline:
    """Give a deadline anew from its start, limit, extensions and pauses, and its next step with it.

    An agreed date stays where it is. While the clock stands still, so does everything.

    :param floor: no step comes before this instant, from now on.
    :param stood: for how long the clock has just stood still.
    """
    if deadline.stands_since is not None:
        return deadline
    due_at, provisional = deadline.due_at, deadline.provisional
    start_at = deadline.start_at
    if deadline.limit is not None:
        reported = deadline.reported_at
        if reported is not None:
            # The days between may have been unknown when it was reported.
            start_at = calendar.counts_from(reported)
        clock = attrs.evolve(deadline, start_at=start_at).clock
        found = clock.due(calendar) if clock else None
        if found is None:
            raise ValueError(f"the calendar {calendar.id} ends before {deadline.limit} have run")
        unknown = reported is not None and calendar.any_unknown(reported, start_at)
        due_at, provisional = found.at, found.provisional or unknown
    fresh = attrs.evolve(
        deadline,
        start_at=start_at,
        due_at=due_at,
        provisional=provisional,
        calendar=calendar.id,
        notice=calendar.notice,
    )
    if floor is not None:
        fresh = attrs.evolve(fresh, pressed_from=max(floor, deadline.pressed_from or floor))
    if ladder is None:
        return fresh
    if deadline.step is not None:
        step = _moved(deadline.step, deadline, fresh, ladder, calendar, stood)
        return attrs.evolve(fresh, step=_pressed(step, fresh))
    if due_at > deadline.due_at:
        # It stood at the top and has more time now: it is warned of again, and stays where it is.
        return attrs.evolve(fresh, step=_pressed(Step(kind="red", at=due_at, rung=len(ladder.rungs)), fresh))
    return fresh


def _moved(
    step: Step, before: Deadline, after: Deadline, ladder: Ladder, calendar: Calendar, stood: dt.timedelta
) -> Step:
    """Give the next step of a deadline that was worked out anew."""
    if step.kind == "warn":
        return _first(ladder, after, calendar)
    if step.kind == "climb" and after.due_at > before.due_at:
        # It had run out and has not any more: what comes next comes with the new deadline.
        return Step(kind="red", at=after.due_at, rung=step.rung if step.since is not None else 0)
    if step.since is not None and step.counts is not None:
        return _counted(step.rung, step.since, step.counts, after, calendar) or step
    if step.kind == "red" or step.at == before.due_at:
        return attrs.evolve(step, at=after.due_at)
    # Stored before steps knew since when their time is counted: what was left is left.
    return attrs.evolve(step, at=step.at + stood)


def pause_deadline(
    deadline: Deadline, at: dt.datetime, until: dt.datetime | None = None, *, cause: str = ""
) -> Deadline:
    """Let the clock stand still from *at* on; where it does already, only why and until when changes.

    :param until: when it goes on by itself; :param cause: ``hold``, ``mode`` or ``hand-over``.
    """
    pauses = deadline.pauses
    if deadline.stands_since is None:
        pauses = (*pauses, Pause(at.astimezone(dt.UTC)))
    return attrs.evolve(deadline, pauses=pauses, resumes_at=until, stands_for=cause)


def resume_deadline(deadline: Deadline, ladder: Ladder | None, calendar: Calendar, at: dt.datetime) -> Deadline:
    """Let the clock run again; an agreed date moves by as much as the clock stood still.

    What was not due before the pause is not due inside it either.
    """
    stands = deadline.stands_since
    if stands is None:
        return attrs.evolve(deadline, resumes_at=None, stands_for="")
    at = max(at.astimezone(dt.UTC), stands)
    pauses = tuple(attrs.evolve(each, end=at) if each.end is None else each for each in deadline.pauses)
    resumed = attrs.evolve(deadline, pauses=pauses, resumes_at=None, stands_for="")
    if deadline.limit is not None:
        return worked_out(resumed, ladder, calendar, floor=at, stood=at - stands)
    resumed = attrs.evolve(resumed, pressed_from=at)
    stood = at - stands if deadline.due_at > stands else dt.timedelta(0)
    resumed = attrs.evolve(resumed, due_at=deadline.due_at + stood)
    step = deadline.step
    if step is None:
        return resumed
    if ladder is None or stood == dt.timedelta(0):
        return attrs.evolve(resumed, step=_pressed(_after_pause(step, resumed, calendar) or step, resumed))
    return attrs.evolve(resumed, step=_pressed(_moved(step, deadline, resumed, ladder, calendar, stood), resumed))


def _after_pause(step: Step, deadline: Deadline, calendar: Calendar) -> Step | None:
    """Give a rung whose own time was counting, with the pauses taken out; None for any other step."""
    if step.since is None or step.counts is None:
        return None
    return _counted(step.rung, step.since, step.counts, deadline, calendar)


def pressed_from(deadline: Deadline, ladder: Ladder | None, calendar: Calendar, at: dt.datetime) -> Deadline:
    """Give a deadline of which nothing falls due before *at*, from its first step on.

    For a matter that was not known here before, or was known as something else.
    """
    fresh = attrs.evolve(deadline, pressed_from=at.astimezone(dt.UTC))
    if ladder is None:
        return fresh
    # As if a clock that stands still went on now: what comes first then is what waits.
    ended = tuple(attrs.evolve(each, end=max(at, each.start)) if each.end is None else each for each in fresh.pauses)
    return attrs.evolve(fresh, step=_first(ladder, attrs.evolve(fresh, pauses=ended), calendar))


def paused_deadline(
    deadline: Deadline, ladder: Ladder | None, calendar: Calendar, *, start: dt.datetime, end: dt.datetime
) -> Deadline:
    """Give a deadline whose clock stood still from *start* to *end*, while a result was checked.

    An agreed date stays. What was not due before the pause is not due inside it either.
    """
    if deadline.stands_since is not None:
        return deadline
    if deadline.limit is None:
        later = attrs.evolve(deadline, pressed_from=end, pauses=(*deadline.pauses, Pause(start, end)))
        step = deadline.step
        if step is not None:
            step = _pressed(_after_pause(step, later, calendar) or step, later)
        return attrs.evolve(later, step=step)
    paused = attrs.evolve(deadline, pauses=(*deadline.pauses, Pause(start, end)))
    return worked_out(paused, ladder, calendar, floor=end, stood=end - start)


def extended_deadline(
    deadline: Deadline, ladder: Ladder | None, calendar: Calendar, by: Limit, at: dt.datetime
) -> Deadline:
    """Give a deadline with more time, granted at *at*; nothing falls due before that.

    :raises ValueError: where *by* does not run in the hours of the limit, or a date was agreed on.
    """
    clock = deadline.clock
    if clock is None:
        raise ValueError("a date was agreed on; agree on another one in place of an extension")
    clock.extend(by, clock.marks[-1].at)
    longer = attrs.evolve(deadline, extensions=(*deadline.extensions, by))
    return worked_out(longer, ladder, calendar, floor=at.astimezone(dt.UTC))


def check_ladders(
    ladders: Sequence[Ladder],
    roles: Mapping[str, object],
    organizations: Mapping[str, object],
    persons: Mapping[str, object] | None = None,
) -> Iterator[Finding]:
    """Give every mistake: ids twice, no rung, a rung without time before the top, unknown targets."""
    seen: set[str] = set()
    for ladder in ladders:
        if ladder.id in seen:
            yield _wrong(ladder, "id-twice", "id", f"the ladder id {ladder.id!r} stands twice", "give it its own id")
        seen.add(ladder.id)
        if not ladder.rungs:
            yield _wrong(ladder, "no-rung", "rungs", f"the ladder {ladder.id} has no rung", "name at least one")
        if not 0 <= ladder.warn_percent < 100:
            yield _wrong(
                ladder, "bad-warning", "warn_percent", f"the warning comes at {ladder.warn_percent} %", "0 to 99"
            )
        for place, rung in enumerate(ladder.rungs):
            top = place == len(ladder.rungs) - 1
            if rung.after is None and not top:
                yield _wrong(
                    ladder,
                    "no-time",
                    "after",
                    f"the rung {rung.id} has no time, so nothing climbs past it",
                    "give it one",
                )
            what, _, name = rung.target.partition(":")
            known = {"role": roles, "org": organizations}.get(what, {})
            by_name = rung.target in (persons or {})
            if rung.target != "desk" and not by_name and name not in known:
                yield _wrong(
                    ladder,
                    "unknown-target",
                    "target",
                    f"the rung {rung.id} names {rung.target!r}, which is nobody",
                    "write role:NAME, org:NAME, desk, or the id of a person",
                )


def _wrong(ladder: Ladder, code: str, column: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"escalation.{code}", subject=ladder.id, column=column, message=message, remedy=remedy)
