"""The courier: from the store to the channels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import attrs
import msgspec

from gridgov.errors import GridgovError, PluginError
from gridgov.notices import Notice
from gridgov.proofs import canonical
from gridgov.store import Cursor, Record, Store

__all__ = ["Channel", "ChannelError", "Courier", "Delivered", "Waiting"]

PAGE = 200
ATTEMPTS_MAX = 8
FIRST_PAUSE_SECONDS = 60


class ChannelError(GridgovError):
    """A channel did not take a notice.

    :param final: it never will; the notice goes to the dead letters at once.
    :param pause_seconds: how long the other side wants to be left alone, the whole channel; None where it did not say.
    """

    temporary = True

    def __init__(self, message: str, *, final: bool = False, pause_seconds: float | None = None) -> None:
        super().__init__(message)
        self.final = final
        self.pause_seconds = pause_seconds


@runtime_checkable
class Channel(Protocol):
    """A way to reach people. The contract is :class:`gridgov.testing.ChannelContract`."""

    @property
    def name(self) -> str:
        """What subscriptions call it."""
        ...

    def send(self, notice: Notice, /) -> None:
        """Hand a notice over; return only when the other side has taken it.

        May be called again with the same :attr:`Notice.id`, and must then not show it twice to
        whoever reads it.

        :raises ChannelError: it was not taken; its message is kept, so it holds no name and no number.
        """
        ...


@attrs.frozen(kw_only=True)
class Waiting:
    """A notice that has not arrived.

    :param attempts: how often it was tried; :param dead: nobody tries it again by itself.
    """

    notice: Notice
    attempts: int
    next_at: dt.datetime
    error: str
    dead: bool = False


@attrs.frozen(kw_only=True)
class Delivered:
    """What one run of the courier did."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    dead: int = 0


class Courier:
    """Carries notices from the store to the channels.

    :param notices_of: gives the notices of a record.
    :param cursor: the name of its cursor in the store.
    :param channels: by name; a subscription to an unknown one goes to the dead letters.
    """

    def __init__(
        self,
        store: Store,
        channels: Sequence[Channel],
        notices_of: Callable[[Record], Iterable[Notice]],
        *,
        cursor: str = "delivery",
        attempts_max: int = ATTEMPTS_MAX,
    ) -> None:
        for channel in channels:
            if not isinstance(channel, Channel):
                raise PluginError("gridgov", f"{channel!r} is no channel: it needs a name and send(notice)")
        names = [channel.name for channel in channels]
        if len(set(names)) != len(names):
            raise PluginError("gridgov", f"two channels have one name: {', '.join(sorted(names))}")
        self._store = store
        self._channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self._notices_of = notices_of
        self._attempts_max = attempts_max
        self._cursor = cursor
        saved = store.cursor(cursor)
        self._position = saved.position
        self._waiting: dict[str, Waiting] = {}
        if saved.memo:
            for waiting in msgspec.json.decode(saved.memo, type=list[Waiting]):
                self._waiting[waiting.notice.id] = waiting

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """Every notice that has not arrived, dead letters included, in order of its next attempt."""
        return tuple(sorted(self._waiting.values(), key=lambda each: (each.next_at, each.notice.id)))

    def run(self, now: dt.datetime) -> Delivered:
        """Try what is due again, then send what is new; save the cursor after each page."""
        tally = {"sent": 0, "failed": 0}
        for waiting in self.waiting:
            if not waiting.dead and waiting.next_at <= now:
                self._try(waiting.notice, waiting.attempts, now, tally)
        if any(tally.values()):
            self._save()
        while records := self._store.read(after=self._position, limit=PAGE):
            for record in records:
                for notice in self._notices_of(record):
                    self._try(notice, 0, now, tally)
            self._position = records[-1].position
            self._save()
        dead = sum(1 for each in self._waiting.values() if each.dead)
        return Delivered(**tally, waiting=len(self._waiting) - dead, dead=dead)

    def resend(self, notice_id: str, now: dt.datetime) -> None:
        """Let a dead letter be tried again in the next run.

        :raises KeyError: for a notice that does not wait.
        """
        self._waiting[notice_id] = attrs.evolve(self._waiting[notice_id], dead=False, attempts=0, next_at=now)
        self._save()

    def _try(self, notice: Notice, attempts: int, now: dt.datetime, tally: dict[str, int]) -> None:
        channel = self._channels.get(notice.channel)
        try:
            if channel is None:
                raise ChannelError(f"there is no channel {notice.channel!r}", final=True)
            channel.send(notice)
        except Exception as error:
            tally["failed"] += 1
            final = isinstance(error, ChannelError) and error.final
            # Only a channel's own words are kept: whatever else broke may quote a number or a name.
            told = str(error) if isinstance(error, ChannelError) else type(error).__name__
            pause = dt.timedelta(seconds=FIRST_PAUSE_SECONDS * 2**attempts)
            self._waiting[notice.id] = Waiting(
                notice=notice,
                attempts=attempts + 1,
                next_at=now + pause,
                error=told,
                dead=final or attempts + 1 >= self._attempts_max,
            )
            return
        tally["sent"] += 1
        self._waiting.pop(notice.id, None)

    def _save(self) -> None:
        memo = canonical(list(self.waiting)) if self._waiting else b""
        self._store.save_cursor(Cursor(name=self._cursor, position=self._position, memo=memo))
