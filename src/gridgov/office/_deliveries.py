"""What the office does for those who are told: sending, mending, and who has read it."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import attrs

from gridgov.access import WITHHELD, masked
from gridgov.cases import CaseFile, withheld
from gridgov.delivery import ChannelError, Courier, Delivered, Progress, Waiting, is_withdrawn
from gridgov.errors import NotFoundError, RefusalError, StoreError, as_code
from gridgov.hooks import ACTOR
from gridgov.notices import Notice, notices_for
from gridgov.office._asked import OWN, SYSTEM, aware
from gridgov.office._clockwork import Clockwork
from gridgov.office._leave import Leave
from gridgov.store import Record, open_entry

__all__ = ["ID_MAX", "Deliveries"]

ID_MAX = 160
"""Characters of a command id: cases, streams and the clock's own ids are made from it, and stores have columns."""
ID = re.compile(rf"[\w.:/@+#=~-]{{1,{ID_MAX}}}", re.ASCII)

CLOSED = "the office is closed; open it again"


class Deliveries(Clockwork):
    """The part that speaks to people. It knows who may call the office at all."""

    _courier: Courier
    _closed: bool
    _process: int

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            # The connection, the locks and the plugins' threads stayed with the parent.
            raise RuntimeError("an office does not cross a fork; open one in each process, after the fork")

    def _check_caller(self, by: Any, id: Any = None) -> None:  # noqa: A002
        self._check_process()
        if self._closed:
            raise RuntimeError(CLOSED)
        if not isinstance(by, str) or not isinstance(id, str | None):
            raise TypeError(f"an actor and a command id are strings, not {by!r} and {id!r}")
        if by.startswith((SYSTEM, ACTOR)) or not by:
            raise ValueError(f"{by!r} is no actor; who acts has an id, and {SYSTEM}* and {ACTOR}* are the office's own")
        roster = self._setup.roster
        if as_code(by) != repr(by) and by not in roster.persons and by not in roster.organizations:
            # It stands in the store for ever, and the name of a resident may not.
            raise ValueError("an actor is of the roster, or has an opaque id of letters, digits and .:/@+-, not a name")
        if id is not None and (id.startswith(OWN) or not ID.fullmatch(id)):
            # It stands in the store for ever, too, and everything that is made inside is named after it.
            raise ValueError(
                f"this command id is not for callers; one has 1 to {ID_MAX} letters, digits and .:/@+#=~-, and does "
                f"not begin with {OWN!r}"
            )

    def deliver(
        self,
        now: dt.datetime | None = None,
        *,
        channels: Collection[str] | None = None,
        limit: int | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Delivered:
        """Send every notice that is new or due, once; wait for nothing. See :class:`gridgov.delivery.Courier`.

        :param now: the instant for which the pass is made, as for :meth:`tick`; leases go by the office's own clock all
            the same. None for that clock as it goes.
        :param channels: send on these only; None for all. :param limit: at most so many attempts on each.
        :param stopped: asked between messages; True ends the pass.
        :raises StoreError: the store keeps no messages.
        """
        self._check_process()
        moment = None if now is None else aware(now)
        with self._lock:
            if self._closed:
                raise RuntimeError(CLOSED)
            self._not_in_a_batch("a delivery")
            self._follow()
        clock = self._now if moment is None else (lambda: moment)
        return self._courier.run(clock, own=self._now, channels=channels, limit=limit, stopped=stopped)

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels, the given ones and those of plugins."""
        return self._courier.channels

    def undelivered(
        self,
        *,
        by: str | None = None,
        channel: str | None = None,
        to: str | None = None,
        topic: str | None = None,
        dead: bool | None = None,
    ) -> tuple[Waiting, ...]:
        """Give every notice that has not arrived, dead letters included, in order of its next attempt.

        :param by: who asks; what their grant masks is not shown, and what was written for others, but to the desk,
            neither. None where nobody does: a worker, or whoever runs the street.
        :param topic: as in ``"case:app-4711"``; :param dead: only dead letters, or only those that still wait.
        :raises RefusalError: ``access.denied``: it needs a grant of ``Undelivered``, there or for the whole street.
        """
        whole = None if topic is None else self._memory.stored(topic)
        masks = frozenset() if by is None else self._leave_to_look("Undelivered", topic or "", by)
        found = self._courier.waiting(channel=channel, to=to, topic=whole, dead=dead)
        return found if by is None else tuple(self._shown_waiting(each, by, masks) for each in found)

    def _leave_to_look(self, name: str, topic: str, by: str, *, reading: bool = True) -> frozenset[str]:
        self._check_caller(by)
        with self._lock:
            self._follow()
            subject = self._memory.subject(topic) if topic else None
        return Leave(self._setup, by, self._now()).to_look(name, subject, reading=reading)

    def _shown_waiting(self, waiting: Waiting, by: str, masks: frozenset[str]) -> Waiting:
        notice, desk = waiting.notice, self._setup.case_policy.on(self._setup.calendar.local(self._now()).date()).desk
        if not self._setup.roster.acts_for(by, desk) and not self._setup.roster.acts_for(by, notice.to):
            notice = attrs.evolve(notice, text="")
        with self._lock:
            subject = self._memory.subject(self._topic_of(notice.topic))
        if notice.to in self._unnamed(subject, by, masks):
            notice = attrs.evolve(notice, to=WITHHELD, id=notice.id.replace(notice.to, WITHHELD))
        shown: Waiting = masked(attrs.evolve(waiting, notice=notice), masks, by=by)
        return shown

    def _topic_of(self, stored: str) -> str:
        return stored.removeprefix(self._memory.stored(""))

    def resend(self, notice_id: str, *, by: str) -> None:
        """Let a dead letter be tried again in the next :meth:`deliver`.

        :param by: who wants that; it is kept with the notice.
        :raises RefusalError: ``access.denied``: it needs a grant of ``Mend`` there.
        :raises NotFoundError: there is no such notice; :raises StoreError: it has arrived, or was taken back.
        :raises StoreBusyError: its channel is in use at this moment; may succeed later.
        """
        self.mend(notice_id, by=by)

    def mend(
        self,
        notice_id: str,
        *,
        by: str,
        to: str | None = None,
        channel: str | None = None,
        text: str | None = None,
    ) -> None:
        """Change a notice that has not arrived, under the same id, and let it be tried again.

        :param by: who mended it; it is kept with the notice. :param text: without personal data.
        :param to: another receiver, who is told another *text*: the one that stands there was written for somebody
            who may see more.
        :raises RefusalError: ``access.denied``: it needs a grant of ``Mend`` at the place that the notice is about.
        :raises ValueError: an empty receiver or text, a receiver that is none, or another one without a text.
        :raises NotFoundError: there is no such notice, or no such channel.
        :raises StoreError: it has arrived, or was taken back.
        :raises StoreBusyError: its channel is in use at this moment; may succeed later.
        """
        self._check_caller(by)
        topic = ""
        with suppress(NotFoundError):
            topic = self._topic_of(self._courier.message(notice_id).topic)
        # Without a grant for the street nobody learns which notices there are.
        self._leave_to_look("Mend", topic, by, reading=False)
        if to is not None:
            self._check_receiver(to)
        self._courier.mend(notice_id, self._now(), to=to, channel=channel, text=text, by=by)

    def _check_receiver(self, to: str) -> None:
        if not isinstance(to, str):
            raise TypeError(f"a receiver is an id, a text, not a {type(to).__name__}")
        roster = self._setup.roster
        if as_code(to) != repr(to) and to not in roster.persons and to not in roster.organizations:
            raise ValueError(
                "a receiver is of the roster, or has an opaque id of letters, digits and .:/@+-, not a name"
            )

    def acknowledge(self, notice_id: str, *, by: str) -> None:
        """Remember that the receiver of a notice has read it; saying it again changes nothing.

        :param by: the receiver, or a person of the organization that it went to.
        :raises RefusalError: ``notices.not-yours``: it went to somebody else, or there is none;
            ``notices.withdrawn``: it was taken back before it was sent.
        :raises StoreBusyError: it is being sent at this moment; may succeed later.
        """
        self._check_caller(by)
        with suppress(NotFoundError):
            message = self._courier.message(notice_id)
            if self._setup.roster.acts_for(by, message.to):
                if is_withdrawn(message):
                    raise RefusalError("notices.withdrawn", "this notice was taken back before it was sent")
                self._courier.acknowledge(message, self._now())
                return
        raise RefusalError("notices.not-yours", "only who was told can say that they have read it")

    def unread(self, topic: str, *, by: str) -> tuple[str, ...]:
        """Give who has not read what they were told about something, by their ids.

        :param topic: as in ``"case:app-4711"`` or ``"announcement:a-1"``.
        :raises RefusalError: ``access.denied``: it needs a grant of ``Unread`` there.
        """
        masks = self._leave_to_look("Unread", topic, by)
        with self._lock:
            subject = self._memory.subject(topic)
        hidden = self._unnamed(subject, by, masks)
        found = self._courier.unread(self._memory.stored(topic))
        shown: tuple[str, ...] = masked(found, masks, by=by)
        return tuple(dict.fromkeys(WITHHELD if one in hidden else two for one, two in zip(found, shown, strict=True)))

    def _unnamed(self, subject: Any, by: str, masks: frozenset[str]) -> frozenset[str]:
        """Give who must not be named to *by*, as the views of the case have it."""
        file = getattr(subject, "file", None)
        if not isinstance(file, CaseFile):
            return frozenset()
        return withheld(file, self._setup.given("cases", at=self._now(), by=by, masked=masks))

    def progress(self, topic: str, *, by: str | None = None) -> Progress:
        """Count the messages about something by how far they have come.

        :param topic: as in ``"announcement:a-1"``; :param by: as in :meth:`undelivered`.
        :raises RefusalError: ``access.denied``: it needs a grant of ``Undelivered`` there.
        """
        if by is not None:
            self._leave_to_look("Undelivered", topic, by)
        return self._courier.progress(self._memory.stored(topic))

    def _text_of(self, notice: Notice) -> str | None:
        """Give the text that a notice is sent with; None where it was erased or taken back.

        :raises ChannelError: it is there and cannot be opened.
        """
        with self._lock:
            self._follow()
            subject = self._memory.subject(self._topic_of(notice.topic))
            if getattr(subject, "withdrawn_at", None) is not None:
                return None
            entry = self._store.private(notice.text_ref)
        if entry is None:
            return None
        try:
            return open_entry(entry, self._vault).body.decode()
        except StoreError as error:
            raise ChannelError(f"its text cannot be opened: {error}") from error
        except UnicodeDecodeError:
            raise ChannelError("its text cannot be opened: what is kept of it is no text") from None

    def _notices_of(self, record: Record) -> Iterator[Notice]:
        if not record.stream.startswith(self._memory.stored("")):
            return
        seen = self._memory.seen(record)
        if not any(subscription.event == seen.name for subscription in self._setup.subscriptions):
            return
        after = self._memory.subject_at(seen.tags[0], record.position)
        place = f"{seen.stream}@{seen.stream_version}"
        yield from notices_for(
            seen.name,
            seen.event,
            after,
            place,
            self._setup,
            recorded_at=record.recorded_at,
            later=partial(self._memory.events_after, seen.tags[0], record.position),
        )
