"""What follows by itself: an event of one room asks for commands of another.

A closed case that a volunteer reported asks for points; whether they are given is the panel's
business. The ids of the commands are derived from the event's position, so a reaction that runs
twice asks once. A reaction may be refused like anybody else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from gridgov.cases import CaseClosed, Closed
from gridgov.points import ProposeAward
from gridgov.setup import Setup

__all__ = ["REACTOR", "Reaction", "react"]

REACTOR = "system:reactions"
"""The actor of every reaction."""


@attrs.frozen
class Reaction:
    """A command that follows from an event, with its derived id."""

    id: str
    command: Any


def react(event: Any, after: Callable[[], Any], position: int, setup: Setup) -> Iterator[Reaction]:
    """Give what follows from an event.

    :param position: of its record; makes the ids of what follows.
    :param after: gives the subject of the event's own tag as it was right after the event;
        asked only where it matters.
    """
    if isinstance(event, CaseClosed) and setup.thanks:
        closed = after()
        if isinstance(closed, Closed):
            yield from _thank(event, closed, position, setup)


def _thank(event: CaseClosed, closed: Closed, position: int, setup: Setup) -> Iterator[Reaction]:
    file = closed.file
    on = setup.calendar.local(file.opened_at).date()
    for thanks in setup.thanks:
        if thanks.event != "case-closed":
            continue
        account = file.opened_by if thanks.who == "opened_by" else event.resolved_by
        if _unpaid(account, setup, on):
            command = ProposeAward(account=account, deed=thanks.deed, on=on, occasion=file.id)
            yield Reaction(f"thanks:{position}:{thanks.who}:{thanks.deed}", command)


def _unpaid(account: str, setup: Setup, on: dt.date) -> bool:
    if account.startswith("resident:"):
        return True
    roles = setup.roster.roles
    return any(not roles[posting.role].paid for posting in setup.roster.postings_of(account, on))
