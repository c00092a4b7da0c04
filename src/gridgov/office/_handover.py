"""From one office to another: a case that a street cannot solve, handed up; the answer, handed down.

Two streets, or a street and its district, may keep their cases in two stores, on two machines, under two setups.
Nothing can be written in both at once. So a case goes over like any message: a notice in the outbox of the one asks
for it, and only when the other has stored the case is the notice taken. Sent again after a crash, it meets the same
command id and gives the same case. What goes over is the kind, the place, since when and until when; texts and names
stay where they were written, and whoever needs them reads them there and leaves a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import attrs

from gridgov.cases import Acknowledge, CaseFile, CaseView, ImportCase, Resolve
from gridgov.delivery import ChannelError
from gridgov.errors import CommandConflictError, GridgovError, RefusalError
from gridgov.notices import Notice
from gridgov.office._deliveries import ID_MAX
from gridgov.office._office import Office
from gridgov.proofs import digest

__all__ = ["Handback", "Handover"]


def _same(code: str) -> str:
    return code


@attrs.frozen(kw_only=True)
class Handover:
    """A channel whose other side is another office: each notice about a case hands that case over.

    Subscribe it to what should go over (``case-escalated,supervisor,district``).

    :param name: what subscriptions call it.
    :param here: gives the office that hands over (it is opened with this channel, so it comes later); :param there:
        gives the one that takes.
    :param reads_as: as whom the case is read here; :param imports_as: as whom it is imported there. Grants: for
        ``CaseView`` here, for ``ImportCase`` and ``CaseView`` there.
    :param place: a place here → the place there (the street, say); :param kind: a kind here → the kind there.
    :param acknowledges_as: who acknowledges the case here once it is there; empty for nobody.
    """

    name: str
    here: Callable[[], Office]
    there: Callable[[], Office]
    reads_as: str
    imports_as: str
    place: Callable[[str], str] = _same
    kind: Callable[[str], str] = _same
    acknowledges_as: str = ""

    def send(self, notice: Notice, /) -> None:
        """Hand the notice's case over; return once the other office has stored it.

        :raises ChannelError: it was not taken; final where the other office refuses it.
        """
        street = self.here().setup.jurisdiction
        with _told(self.name):
            file = self.here().ask(CaseView(notice.subject), by=self.reads_as).file
            self._hand_over(file, street)
            if self.acknowledges_as:
                self._acknowledge(file.id)

    def _hand_over(self, file: CaseFile, street: str) -> None:
        command = ImportCase(
            system=street,
            foreign_id=file.id,
            kind=self.kind(file.kind),
            place=self.place(file.place),
            opened_at=file.opened_at,
            severity=file.severity,
        )
        # One id for one case: whatever asks for it, and however often, it goes over once.
        id_ = _fitting(f"{street}/{file.id}")
        try:
            self.there().handle(command, by=self.imports_as, id=id_)
        except CommandConflictError:
            # It was corrected here since it went over; over there it is all the same.
            self.there().ask(CaseView(id_), by=self.imports_as)

    def _acknowledge(self, case: str) -> None:
        with suppress(RefusalError):  # it may have moved on meanwhile
            self.here().handle(Acknowledge(case), by=self.acknowledges_as, id=_fitting(f"handover/{case}/acknowledged"))


@attrs.frozen(kw_only=True)
class Handback:
    """The way back: a channel of the office that took a case, which tells the one that handed it over that it is done.

    Subscribe it to ``case-resolved``. Cases that came from elsewhere are passed over.

    :param here: gives the office that took the case; :param there: gives the one that handed it over.
    :param resolves_as: who has the case there (the district, as an organization of the street's roster).
    """

    name: str
    here: Callable[[], Office]
    there: Callable[[], Office]
    reads_as: str
    resolves_as: str

    def send(self, notice: Notice, /) -> None:
        """Resolve the case where it came from.

        :raises ChannelError: it was not taken; final where the other office refuses it.
        """
        with _told(self.name):
            file = self.here().ask(CaseView(notice.subject), by=self.reads_as).file
            if file.imported_from == self.there().setup.jurisdiction:
                self.there().handle(Resolve(file.foreign_id), by=self.resolves_as, id=_fitting(f"handback/{notice.id}"))


def _fitting(id_: str) -> str:
    """Give an id that an office takes: itself, or its digest where it is too long."""
    return id_ if len(id_) <= ID_MAX else digest(id_.encode())


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in a channel's words what the other office says in its own: codes, no sentence, which might name somebody."""
    try:
        yield
    except RefusalError as error:
        raise ChannelError(f"{name}: refused with {error.code}", final=True) from error
    except GridgovError as error:
        raise ChannelError(f"{name}: {type(error).__name__}", final=not error.temporary) from error
