"""Ladders: who presses a matter, and who takes it over, when its time runs out.

A matter with a deadline is warned of before it (催办, yellow), and at the deadline it climbs its
ladder, rung by rung, each with a time of its own. A rung names a supervisor (督办) who presses
the one who has it, or takes it over. The top rung is the first responsible person; from there
nothing climbs further.

**A rung starts at the due instant of the one before**, not when somebody noticed: so one tick
after a week's silence leads to the same state as a tick every minute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import attrs

from gridgov.errors import Finding
from gridgov.worktime import Calendar, Limit, Pause, due

__all__ = [
    "Deadline",
    "Ladder",
    "Rung",
    "Step",
    "check_ladders",
    "climbed_early",
    "next_step",
    "paused_deadline",
    "start_deadline",
]

StepKind = Literal["warn", "climb"]


@attrs.frozen(kw_only=True)
class Rung:
    """One step of a ladder.

    :param target: ``role:NAME``, ``org:NAME`` or ``desk``.
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

    :param warn_percent: the warning comes when this share of the limit is used; 0 for none.
    """

    id: str
    rungs: tuple[Rung, ...]
    warn_percent: int = 80


@attrs.frozen(kw_only=True)
class Step:
    """What falls due next.

    :param rung: the place in the ladder to climb to, from 0; the current one for a warning.
    """

    kind: StepKind
    at: dt.datetime
    rung: int = 0


@attrs.frozen(kw_only=True)
class Deadline:
    """A deadline with what it rests on, as a decision stores it.

    :param limit: None where the date was agreed and not worked out.
    :param provisional: it rests on days that no notice has settled yet.
    :param calendar: its id; :param notice: the notice that its days come from.
    :param pauses: when the clock stood still: while somebody else had to check the result.
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

    def local(self, instant: dt.datetime) -> str:
        """Write an instant for people, in local time, to the minute."""
        from zoneinfo import ZoneInfo

        return instant.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M")


def start_deadline(
    start: dt.datetime,
    calendar: Calendar,
    ladder: Ladder | None,
    *,
    limit: Limit | None = None,
    agreed_at: dt.datetime | None = None,
) -> Deadline:
    """Start the clock of a matter.

    :param limit: worked out on *calendar*; :param agreed_at: or a date that was agreed on, which
        wins. One of the two is needed.
    :raises ValueError: with neither.
    """
    start = start.astimezone(dt.UTC)
    if agreed_at is not None:
        due_at, provisional, limit = agreed_at.astimezone(dt.UTC), False, None
    elif limit is not None:
        worked_out = due(limit, start, calendar)
        if worked_out is None:
            raise ValueError("a deadline without pauses always has an end")
        due_at, provisional = worked_out.at, worked_out.provisional
    else:
        raise ValueError("a deadline needs a limit or an agreed date")
    step = None
    if ladder is not None:
        step = _warning(ladder, limit, start, due_at, calendar) or _climb(ladder, 0, due_at)
    return Deadline(
        start_at=start,
        due_at=due_at,
        limit=limit,
        provisional=provisional,
        calendar=calendar.id,
        notice=calendar.notice,
        zone=calendar.zone,
        ladder=ladder.id if ladder else "",
        step=step,
    )


def _warning(
    ladder: Ladder, limit: Limit | None, start: dt.datetime, due_at: dt.datetime, calendar: Calendar
) -> Step | None:
    if not ladder.warn_percent or due_at <= start:
        return None
    if limit is None:
        return Step(kind="warn", at=start + (due_at - start) * ladder.warn_percent // 100)
    part = due(limit, start, calendar, seconds=max(1, limit.seconds * ladder.warn_percent // 100))
    return Step(kind="warn", at=part.at) if part is not None else None


def _climb(ladder: Ladder, rung: int, at: dt.datetime) -> Step | None:
    return Step(kind="climb", at=at, rung=rung) if rung < len(ladder.rungs) else None


def next_step(ladder: Ladder, done: Step, due_at: dt.datetime, calendar: Calendar, *, rung: int = 0) -> Step | None:
    """Give what falls due after *done*; None at the top.

    After the warning it is the deadline itself; after a rung it is the end of that rung's time,
    counted from the instant at which the rung was due.

    :param rung: how many rungs the matter has climbed already, because somebody asked for it.
    """
    if done.kind == "warn":
        return _climb(ladder, rung, due_at)
    if done.rung >= len(ladder.rungs):
        return None
    after = ladder.rungs[done.rung].after
    if after is None:
        return None
    ends = due(after, done.at, calendar)
    return _climb(ladder, done.rung + 1, ends.at) if ends is not None else None


def climbed_early(ladder: Ladder, deadline: Deadline, rung: int) -> Step | None:
    """Give what falls due after a rung that was asked for before it was due.

    Asking for help is no reason to lose time: warning and deadline stay where they are, and the
    next rung comes when this one would have been due.
    """
    step = deadline.step
    if step is None or step.kind == "warn":
        return step
    return _climb(ladder, rung + 1, step.at)


def paused_deadline(
    deadline: Deadline, ladder: Ladder | None, calendar: Calendar, *, start: dt.datetime, end: dt.datetime
) -> Deadline:
    """Give a deadline whose clock stood still from *start* to *end*.

    An agreed date stays. What was not due before the pause is not due inside it either.
    """
    step = deadline.step
    late = None
    if step is not None:
        # A rung that had time left when the pause began has it when it ends. Warning and deadline
        # are worked out below; where the date was agreed on they stay, unless the pause covers them.
        later_rung = step.kind == "climb" and step.at != deadline.due_at
        left = max(step.at - start, dt.timedelta(0))
        late = attrs.evolve(step, at=end + left if later_rung else max(step.at, end))
    if deadline.limit is None:
        return attrs.evolve(deadline, step=late)
    pauses = (*deadline.pauses, Pause(start, end))
    moved = due(deadline.limit, deadline.start_at, calendar, pauses=pauses)
    if moved is None:
        raise ValueError("a deadline with ended pauses always has an end")
    if step is not None and ladder is not None and moved.at > end:
        if step.kind == "warn":
            part = max(1, deadline.limit.seconds * ladder.warn_percent // 100)
            warned = due(deadline.limit, deadline.start_at, calendar, pauses=pauses, seconds=part)
            late = None if warned is None else attrs.evolve(step, at=max(warned.at, end))
        elif step.at == deadline.due_at:
            late = attrs.evolve(step, at=moved.at)
    return attrs.evolve(deadline, due_at=moved.at, provisional=moved.provisional, step=late, pauses=pauses)


def check_ladders(
    ladders: Sequence[Ladder], roles: Mapping[str, object], organizations: Mapping[str, object]
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
            if rung.target != "desk" and name not in known:
                yield _wrong(
                    ladder,
                    "unknown-target",
                    "target",
                    f"the rung {rung.id} names {rung.target!r}, which is nobody",
                    "write role:NAME, org:NAME or desk",
                )


def _wrong(ladder: Ladder, code: str, column: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"escalation.{code}", subject=ladder.id, column=column, message=message, remedy=remedy)
