"""What somebody may ask and see: the grants of the setup, put to a view, a subject or a private text.

One's own needs no grant and is never masked. For the rest the grants are asked twice: may this pass,
and what of it is not shown. What is masked reaches the room (which knows who a reporter is) with what
its decision rests on, and is taken out of whatever the room gives back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypedDict

import attrs

from gridgov.access import check_access, masks_of
from gridgov.cases import State, parties_of
from gridgov.decider import Sight, View
from gridgov.errors import RefusalError
from gridgov.setup import ReadPrivate, Setup

__all__ = ["Leave"]


class _Where(TypedDict):
    place: str | None
    parties: Callable[[], Sequence[str]]


@attrs.frozen
class Leave:
    """What *by* may ask and see at an instant."""

    setup: Setup
    by: str
    at: dt.datetime

    def to_ask(self, view: View[Any], sight: Sight) -> frozenset[str]:
        """Let a question pass, and give what its answer masks.

        :raises RefusalError: ``access.denied``.
        """
        concerns = getattr(view, "concerns", None)
        if view.mine(self.by) or (concerns is not None and concerns(self.by, sight)):
            return frozenset()
        name, parties = type(view).__name__, getattr(view, "parties", None)
        where = _Where(place=view.place(sight), parties=tuple if parties is None else partial(parties, sight))
        check_access(self.setup.access, name, **self._who(), **where, reading=True)
        return masks_of(self.setup.access, name, **self._who(), **where, reading=True)

    def to_look(self, name: str, subject: Any, *, reading: bool = True) -> frozenset[str]:
        """Let somebody do something with what was told about a subject, and give what the answer masks.

        What lies nowhere, or is nothing, belongs to the whole jurisdiction.

        :param name: what it is called in a grant: ``Unread``, ``Undelivered``, ``Mend``.
        :raises RefusalError: ``access.denied``.
        """
        where = _where(subject)
        if where["place"] is None:
            file = getattr(subject, "file", None)
            place = getattr(subject, "place", None) or getattr(file, "community", None)
            where["place"] = place or self.setup.jurisdiction
        check_access(self.setup.access, name, **self._who(), **where, reading=reading)
        return masks_of(self.setup.access, name, **self._who(), **where, reading=reading)

    def to_see(self, command: type, subject: Any) -> frozenset[str]:
        """Give what a command's outcome masks of a subject."""
        if not self.setup.access.masks:
            return frozenset()
        file = getattr(subject, "file", None)
        if self.by in (getattr(file, "reporter", ""), getattr(file, "opened_by", "")):
            return frozenset()
        return masks_of(self.setup.access, command.__name__, **self._who(), **_where(subject))

    def to_read_at_all(self) -> None:
        """Let pass whoever may read some private text: nobody else learns whether there is one.

        :raises RefusalError: ``access.denied``.
        """
        # Of a case of one's own department, say: any grant will do.
        check_access(self.setup.access, "ReadPrivate", **self._who(), place=None, parties=lambda: (self.by,))

    def reading(self, ref: str, tag: str, purpose: str, subject: Any) -> ReadPrivate:
        """Give the command that leaves the trace of reading a private text.

        :param ref: of the text; :param tag: what it is about, and :param subject: that itself.
        :raises RefusalError: ``access.denied``; ``private.withheld``: the reader's grant masks it.
        """
        where = _where(subject)
        check_access(self.setup.access, "ReadPrivate", **self._who(), **where)
        masks = masks_of(self.setup.access, "ReadPrivate", **self._who(), **where)
        contact = ref.rpartition("/")[2] == "contact" and masks & {"contact", "reporter"}
        if "text" in masks or contact:
            raise RefusalError("private.withheld", "the grant that lets you read here masks this text", why="masked")
        place, parties = where["place"], tuple(where["parties"]())
        return ReadPrivate(ref, subject=tag, purpose=purpose, place=place, parties=parties)

    def _who(self) -> Any:
        return {
            "by": self.by,
            "roster": self.setup.roster,
            "territory": self.setup.territory,
            "on": self.setup.calendar.local(self.at).date(),
        }


def _where(subject: Any) -> _Where:
    """Say where a subject lies and who has to do with it; only a case lies somewhere."""
    if isinstance(subject, State):
        return _Where(place=subject.file.place, parties=partial(parties_of, subject))
    return _Where(place=None, parties=tuple)
