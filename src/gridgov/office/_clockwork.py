"""What happens without a caller: reactions to what was stored, and what falls due."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from functools import partial
from typing import Any

from gridgov.decider import FallsDue
from gridgov.errors import AppendConflictError, GridgovError, RefusalError, StoreBusyError, StoreError
from gridgov.hooks import Fault
from gridgov.office._asked import CLOCK, OWN, Asked, Ticked, aware
from gridgov.office._engine import ATTEMPTS_MAX, REACTIONS, Engine
from gridgov.office._log import LOG
from gridgov.office._memory import Seen
from gridgov.reactions import ASKING_ALL, REACTOR, react
from gridgov.store import Cursor

__all__ = ["Clockwork"]

TICK_PAGE = 200
REACTIONS_PAGE = 500
"""How many records may be reacted to again after a crash."""


class Clockwork(Engine):
    """The part that asks by itself."""

    def _catch_up(self) -> None:
        """Let reactions follow that a crash has cut off."""
        self._reacted = self._store.cursor(self._memory.stored(REACTIONS)).position
        self._memory.unheard.clear()
        if self._reacted < self._memory.position:
            self._pending = self._memory.since(self._reacted)
            self._react()
            self._save_reactions()

    def _react(self) -> None:
        """Let reactions follow everything that was heard, reactions to reactions included.

        What was committed stays committed whatever happens here: a passing fault leaves the
        event pending for the next call, and the cursor never passes it.
        """
        if self._reacting or self._batch is not None:
            return
        self._reacting = True
        try:
            while self._pending:
                seen = self._pending[0]
                shared = isinstance(seen.event, ASKING_ALL)
                if shared and self._store.cursor(self._memory.stored(REACTIONS)).position >= seen.position:
                    # Another office has asked every case when it happened; asked now, it would be about other cases.
                    self._pending.pop(0)
                    continue
                reactions = list(
                    react(seen.event, partial(self._after, seen), seen.position, self._setup, self._memory.under)
                )
                # One event may ask something of every open case; those are stored by the page.
                for start in range(0, len(reactions), TICK_PAGE):
                    page = reactions[start : start + TICK_PAGE]
                    with self.batch() if len(page) > 1 else nullcontext():
                        for reaction in page:
                            self._do_own(reaction.command, by=REACTOR, id=f"{OWN}{reaction.id}", at=seen.at)
                self._do_what_plugins_ask(seen)
                self._pending.pop(0)
                if shared:
                    self._save_reactions()
        except GridgovError as error:
            if not (error.temporary or isinstance(error, StoreError)):
                raise
            LOG.info("reactions.waiting pending=%d error=%s", len(self._pending), type(error).__name__)
        finally:
            self._reacting = False

    def _after(self, seen: Seen) -> Any:
        return self._memory.subject_at(seen.tags[0], seen.position)

    def _do_what_plugins_ask(self, seen: Seen) -> None:
        """Ask for the commands that plugins would have follow; each in the name of its plugin, under the grants."""
        after = partial(self._after, seen)
        for each in self._host.reactions(seen.name, seen.event, after, self._setup, by=seen.by):
            id_ = f"{OWN}{each.by}:{seen.position}:{each.index}"
            self._do_own(each.command, by=each.by, id=id_, at=seen.at)

    def _do_own(self, command: Any, *, by: str, id: str, at: dt.datetime) -> None:  # noqa: A002
        """Ask for something that the office itself wants; a wrong one must not stop the others."""
        try:
            self._run(Asked(command=command, by=by, id=id, at=at))
        except RefusalError:
            pass  # a refusal is an outcome like any other, and is stored
        except (GridgovError, ValueError, LookupError) as error:
            # Trouble with the store says nothing about the command: it is asked for again.
            if isinstance(error, StoreError) or (isinstance(error, GridgovError) and error.temporary):
                raise
            self._host.faults.append(Fault("gridgov", type(command).__name__, f"{id}: {type(error).__name__}"))

    def _save_reactions(self) -> None:
        """Save how far reactions have come: a crash before that only makes them ask again."""
        done = self._pending[0].position - 1 if self._pending else self._memory.position
        # Never back: another office may have come further, and what it has asked is not asked again.
        if self._reacted < done and self._store.cursor(self._memory.stored(REACTIONS)).position < done:
            self._store.save_cursor(Cursor(name=self._memory.stored(REACTIONS), position=done))
            self._reacted = done

    def tick(self, now: dt.datetime | None = None) -> Ticked:
        """Do everything that has fallen due by *now*: warn, escalate, confirm, expire.

        Each thing happens at the instant at which it was due, in order, so one tick over a long
        gap leads to the same state as many small ones. Calling it again changes nothing.
        """
        until = self._now() if now is None else aware(now)
        done = 0
        with self._lock:
            self._not_in_a_batch("a tick")
            conflicts = 0
            while True:
                try:
                    count = self._tick_page(until)
                except AppendConflictError:
                    # Another process ticks, too; what it has done is not due any more.
                    conflicts += 1
                    if conflicts == ATTEMPTS_MAX:
                        raise
                    self._pause(conflicts)
                    continue
                done += count
                if count < TICK_PAGE:
                    # What follows from all that may be due already, too.
                    before = self._memory.position
                    self._react()
                    if self._memory.position == before:
                        break
            if self._memory.position - self._reacted >= REACTIONS_PAGE:
                self._save_reactions()
            self._keep_snapshot()
        return Ticked(done=done, until=until)

    def _tick_page(self, now: dt.datetime) -> int:
        self._follow()
        self._settle()
        first = self._memory.next_due(now)
        if first is None:
            return 0
        self._memory.put_back(*first)
        count = 0
        with self.batch():
            while count < TICK_PAGE:
                found = self._memory.next_due(now)
                if found is None:
                    break
                self._do_due(*found)
                count += 1
        return count

    def _settle(self) -> None:
        """Let what follows from an emergency or an amendment happen before anything that comes after it.

        :raises StoreBusyError: it could not be stored now; may succeed later.
        """
        if self._batch is not None or self._reacting:
            return
        self._react()
        if any(isinstance(seen.event, ASKING_ALL) for seen in self._pending):
            raise StoreBusyError("what follows from a change for every case is not stored yet; try again")

    def _do_all_due(self, until: dt.datetime) -> None:
        """Do everything that has fallen due by an instant, in order, where this call stands."""
        self._settle()
        while True:
            found = self._memory.next_due(until)
            if found is None:
                return
            try:
                self._do_due(*found)
            except BaseException:
                self._memory.put_back(*found)
                raise

    def _do_due(self, tag: str, due: FallsDue) -> None:
        id_ = f"{OWN}clock:{tag}:{due.key}:{due.at.astimezone(dt.UTC).isoformat()}"
        self._do_own(due.command, by=CLOCK, id=id_, at=due.at)
