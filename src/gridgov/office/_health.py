"""Whether a street is well: what a load balancer, an alarm and a person on duty look at.

It reads and never writes, follows nothing and waits for nobody: an office that is busy, or whose store is down, is
asked all the same, and says so. Only what another start would mend, or another worker does better, makes it not ok;
the rest is figures for an alarm: a dead letter is a person's work, and no reason to take every worker out of service.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import attrs

from gridgov.documents import Codec
from gridgov.office._adopted import sections_apart
from gridgov.office._memory import Memory
from gridgov.setup import Setup
from gridgov.store import Outbox, Store

__all__ = ["LATE_MAX", "Health", "look", "store_health"]

LATE_MAX = dt.timedelta(minutes=15)
"""How long something may be overdue before the clock counts as standing still."""


@attrs.frozen(kw_only=True)
class Health:
    """How a street is.

    :param ok: the office is open, the store answers, the setup is the one in force, and nothing is overdue for more
        than 15 minutes.
    :param mismatch: asked without an office: the sections in which the setup at hand is another one than the one in
        force; no office would open with it.
    :param store: empty, or the name of the error with which the store did not answer.
    :param amended: another process has put another setup in force; open the office anew.
    :param position: how far the office has followed; :param behind: how many records lie after that, where it is known.
    :param last_tick: when this process ticked last, None where it has not.
    :param overdue: what should have happened before now and has not; :param overdue_since: the earliest of it. Both
        None where a call held the office all the while.
    :param reactions_behind: events whose reactions have not followed yet.
    :param notices_behind: how many records nobody has looked at for notices yet, by a pass of ``deliver``; 0 where the
        setup tells nobody anything.
    :param waiting: messages that have to go out; :param next_delivery_at: when the first of them is to be tried, or
        tried again: where that lies in the past, nobody delivers. :param dead: messages that a person has to look at.
        All None where the store keeps no messages.
    :param set_aside: plugins that are not asked any more; :param faults: what went wrong since the office was opened.
    """

    ok: bool
    store: str = ""
    open: bool = True
    amended: bool = False
    mismatch: tuple[str, ...] = ()
    position: int = 0
    behind: int | None = None
    last_tick: dt.datetime | None = None
    overdue: int | None = None
    overdue_since: dt.datetime | None = None
    reactions_behind: int = 0
    notices_behind: int | None = None
    waiting: int | None = None
    next_delivery_at: dt.datetime | None = None
    dead: int | None = None
    set_aside: tuple[str, ...] = ()
    faults: int = 0


def look(memory: Memory, store: Store, setup: Setup, now: dt.datetime, *, idle: bool = True) -> Health:
    """Look at what a memory and its store say; whatever the store raises is told by its name.

    :param setup: says whether anybody is to be told anything.
    :param idle: nobody changes the memory meanwhile, so that it may be walked.
    """
    overdue, since = memory.overdue_since(now) if idle else (None, None)
    health = Health(
        ok=True,
        position=memory.position,
        overdue=overdue,
        overdue_since=since,
    )
    try:
        health = _with_messages(_with_store(health, memory, store), memory, store, tells=bool(setup.subscriptions))
    except Exception as error:  # whatever a store of a plugin raises: that it does is what is to be told
        health = attrs.evolve(health, store=type(error).__name__)
    return attrs.evolve(health, ok=_is_ok(health, now))


def _with_store(health: Health, memory: Memory, store: Store) -> Health:
    amended = bool(store.read(tag=memory.stored("setup"), after=health.position, limit=1))
    # Positions may have gaps where several write, so this may count a few too many.
    return attrs.evolve(health, behind=max(store.head() - health.position, 0), amended=amended)


def _with_messages(health: Health, memory: Memory, store: Store, *, tells: bool) -> Health:
    if not isinstance(store, Outbox):
        return health
    outbox = memory.stored("delivery")
    counts: dict[str, int] = {}
    for each in store.message_counts(outbox):
        counts[each.state] = counts.get(each.state, 0) + each.count
    waiting = counts.get("waiting", 0)
    return attrs.evolve(
        health,
        # As above: a few too many where positions have gaps.
        notices_behind=max(store.head() - store.cursor(outbox).position, 0) if tells else 0,
        waiting=waiting,
        next_delivery_at=store.next_due(outbox) if waiting else None,
        dead=counts.get("dead", 0),
    )


def _is_ok(health: Health, now: dt.datetime) -> bool:
    late = health.overdue_since is not None and now - health.overdue_since > LATE_MAX
    return not health.store and not health.amended and not late


def of_office(
    health: Health,
    *,
    is_open: bool,
    last_tick: dt.datetime | None,
    pending: int,
    set_aside: Sequence[str],
    faults: int,
) -> Health:
    """Add what only a running office knows."""
    return attrs.evolve(
        health,
        ok=health.ok and is_open,
        open=is_open,
        last_tick=last_tick,
        reactions_behind=pending,
        set_aside=tuple(set_aside),
        faults=faults,
    )


def store_health(store: Store, setup: Setup, now: dt.datetime) -> Health | None:
    """Look at a street in a store without opening an office on it: nothing is adopted, nothing reacts.

    :param setup: the one to be opened with, plugins' additions included (``office.setup``, say); it is held against
        the one in force.
    :returns: None where no office was ever opened for this jurisdiction.
    """
    memory = Memory(store, Codec(), setup.jurisdiction)
    memory.follow()
    adopted = memory.subject("setup")
    if adopted is None:
        return None
    found = look(memory, store, setup, now)
    mismatch = sections_apart(adopted, setup, store)
    return attrs.evolve(found, ok=found.ok and not mismatch, mismatch=mismatch)
