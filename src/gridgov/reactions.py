"""What follows by itself: an event asks for commands, of another room or about other subjects.

A closed case that a volunteer reported asks for points; whether they are given is the panel's
business. A closed month asks for the line of every account, and then for its seal. When an
emergency makes ordinary clocks stand still, or the setup is amended because a notice about
holidays came, every open case and every published award is asked about its clock. The ids of the
commands are derived from the event's position, so a reaction that runs twice asks once. A reaction
may be refused like anybody else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs

from gridgov.cases import (
    CaseClosed,
    Closed,
    ModeEnded,
    ModeSwitched,
    PauseForMode,
    ResumeAfterMode,
    ReviewDeadline,
    State,
)
from gridgov.points import Account, CloseStatements, PeriodClosed, ProposeAward, ReviewAward, SealPeriod, unsettled
from gridgov.proofs import digest
from gridgov.setup import Setup, SetupAmended

__all__ = ["ASKING_ALL", "REACTOR", "Reaction", "react"]

ASKING_ALL = (ModeSwitched, ModeEnded, SetupAmended)
"""Events that ask something of every open case: once, by whoever hears them first."""
LINES_PAGE = 500
"""How many accounts have their line of the month written at once."""
REACTOR = "system:reactions"
"""The actor of every reaction."""


@attrs.frozen
class Reaction:
    """A command that follows from an event, with its derived id."""

    id: str
    command: Any


def react(
    event: Any,
    after: Callable[[], Any],
    position: int,
    setup: Setup,
    live: Callable[[str], Iterable[Any]],
) -> Iterator[Reaction]:
    """Give what follows from an event.

    :param position: of its record; makes the ids of what follows.
    :param after: gives the subject of the event's own tag as it was right after the event;
        asked only where it matters.
    :param live: gives the subjects that are not settled now, by the beginning of their tags.
    """
    match event:
        case CaseClosed() if setup.thanks:
            closed = after()
            if isinstance(closed, Closed) and not closed.file.parent:
                yield from _thank(event, closed, position, setup)
        case ModeSwitched(ordinary="pause"):
            for state in _cases(live):
                deadline = state.file.deadline
                if deadline is not None and (deadline.stands_since is None or deadline.stands_for == "mode"):
                    yield Reaction(f"mode:{position}:{state.id}", PauseForMode(state.id, until=event.until))
        case ModeEnded():
            for state in _cases(live):
                if state.file.deadline is not None and state.file.deadline.stands_for == "mode":
                    yield Reaction(f"mode:{position}:{state.id}", ResumeAfterMode(state.id))
        case SetupAmended():
            for state in _cases(live):
                if state.file.deadline is not None and state.file.deadline.unsettled:
                    yield Reaction(f"days:{position}:{state.id}", ReviewDeadline(state.id))
            for award in live("award:"):
                if unsettled(award):
                    yield Reaction(f"days:{position}:award:{award.file.id}", ReviewAward(award.file.id))
        case PeriodClosed():
            yield from _write_lines(event, position, live)
        case _:
            pass


def _write_lines(event: PeriodClosed, position: int, live: Callable[[str], Iterable[Any]]) -> Iterator[Reaction]:
    """Ask for the month's line of every account, and for the seal after the last of them."""
    accounts = sorted(account.id for account in live("account:") if isinstance(account, Account))
    for start in range(0, len(accounts), LINES_PAGE):
        page = tuple(accounts[start : start + LINES_PAGE])
        # After a crash there may be more accounts than before; a page of others is another command.
        name = digest("\n".join(page).encode())[:16]
        yield Reaction(f"month:{position}:{name}", CloseStatements(period=event.month, accounts=page))
    yield Reaction(f"month:{position}:seal", SealPeriod(period=event.month))


def _cases(live: Callable[[str], Iterable[Any]]) -> Iterator[State]:
    yield from live("case:")


def _thank(event: CaseClosed, closed: Closed, position: int, setup: Setup) -> Iterator[Reaction]:
    file = closed.file
    on = setup.calendar.local(file.opened_at).date()
    for thanks in setup.thanks:
        if thanks.event != "case-closed":
            continue
        if thanks.who == "opened_by" and file.confidential:
            continue  # points for it would say who reported it
        account = file.opened_by if thanks.who == "opened_by" else event.resolved_by
        if _unpaid(account, setup, on):
            command = ProposeAward(account=account, deed=thanks.deed, on=on, occasion=file.id, place=file.place)
            yield Reaction(f"thanks:{position}:{thanks.who}:{thanks.deed}", command)


def _unpaid(account: str, setup: Setup, on: dt.date) -> bool:
    if account.startswith("resident:"):
        return True
    roles = setup.roster.roles
    return any(not roles[posting.role].paid for posting in setup.roster.postings_of(account, on))
