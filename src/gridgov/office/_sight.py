"""What a view sees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gridgov.errors import StoreDamagedError
from gridgov.office._memory import Memory, Seen
from gridgov.office._private import as_sealed
from gridgov.proofs import Sealed
from gridgov.setup import Setup
from gridgov.store import PrivateEntry

__all__ = ["LiveSight"]

PUBLIC = "publication"
"""The one purpose whose texts were written for everybody."""


class LiveSight:
    """What a view sees."""

    def __init__(
        self,
        memory: Memory,
        setup: Setup,
        at: dt.datetime,
        by: str,
        kept: Sequence[Seen],
        find: Callable[[str], PrivateEntry | None],
    ) -> None:
        self._find = find
        self._memory = memory
        self._kept = kept
        self._setup = setup
        self._at = at
        self._by = by
        self.masked: frozenset[str] = frozenset()
        self.tally = memory.tally

    def given(self, room: str) -> Any:
        return self._setup.given(room, at=self._at, by=self._by, masked=self.masked)

    def subject(self, tag: str) -> Any:
        return self._memory.subject(tag)

    def live(self, prefix: str) -> Iterator[Any]:
        return self._memory.under(prefix)

    def events(self, tag: str) -> Iterator[Any]:
        yield from self._memory.events(tag)
        yield from (seen.event for seen in self._kept if tag in seen.tags)

    def public(self, sealed: Sealed, purpose: str) -> str:
        entry = self._find(sealed.ref)
        if entry is None or not entry.purpose == purpose == PUBLIC:
            return ""
        if not as_sealed(entry, sealed):
            raise StoreDamagedError("", 0, f"the private text {sealed.ref} is not the one that was sealed")
        return entry.body.decode()

    def began(self, name: str, after: int) -> Iterator[tuple[int, str]]:
        yield from self._memory.began(name, after)
