"""Who read what about whom: the trace that every reading of a private text leaves, as a question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs

from gridgov.access import WITHHELD
from gridgov.cases import CaseGiven, State, parties_of
from gridgov.decider import Sight
from gridgov.errors import RefusalError
from gridgov.setup._jurisdiction import PrivateErased, PrivateRead

__all__ = ["PrivateReads", "Reading"]

NAMES = ("private-read", "private-erased")


@attrs.frozen(kw_only=True)
class Reading:
    """One private text that was read, or erased.

    :param subject: what the text is about, as in ``case:app-4711``; :param field: which of its texts.
    :param by: who read it; a reporter who is not named to the asker is ``withheld``.
    :param purpose: what it was read for; empty where it was erased.
    """

    at: dt.datetime
    by: str
    subject: str
    field: str
    purpose: str = ""
    erased: bool = False


@attrs.frozen(kw_only=True)
class PrivateReads:
    """Who read private texts, what about whom, when and for what; every reading leaves this trace.

    For whoever a text is about, and for who supervises. Without a subject it walks the whole history.

    :param subject: as in ``case:app-4711``; empty for all.
    :param of: whom the texts are about, ``resident:0412``: for themselves, and for the desk alone.
    :param reader: who read them; empty for anybody.
    """

    subject: str = ""
    of: str = ""
    reader: str = ""

    def answer(self, sight: Sight) -> tuple[Reading, ...]:
        """Give the readings, oldest first.

        :raises RefusalError: ``access.denied`` for who asks what somebody else's texts were read for.
        """
        given: CaseGiven = sight.given("cases")
        if self.of and given.by != self.of and not _sees_reporters(given):
            raise RefusalError("access.denied", "whose texts they are is for the desk alone, and for themselves")
        found = [reading for tag in self._tags(sight) for reading in _readings(tag, sight, given)]
        mine = (each for each in found if not self.reader or each.by == self.reader)
        return tuple(sorted(mine, key=lambda each: (each.at, each.subject, each.field)))

    def _tags(self, sight: Sight) -> Iterator[str]:
        if self.subject:
            tags = [f"privacy:{self.subject}"]
        else:
            tags = sorted({tag for name in NAMES for _, tag in sight.began(name, 0)})
        for tag in tags:
            if not self.of or _about(tag.removeprefix("privacy:"), self.of, sight):
                yield tag

    def place(self, sight: Sight) -> str | None:
        """The place of the case, or the whole street."""
        case = sight.subject(self.subject) if self.subject else None
        root: str = sight.given("cases").territory.root
        return case.file.place if isinstance(case, State) else root

    def parties(self, sight: Sight) -> tuple[str, ...]:
        """Who has to do with the case."""
        case = sight.subject(self.subject) if self.subject else None
        return parties_of(case) if isinstance(case, State) else ()

    def mine(self, by: str) -> bool:
        """What was read about oneself."""
        return bool(self.of) and by == self.of

    def concerns(self, by: str, sight: Sight) -> bool:
        """Who reported a case may see who read what about it."""
        return bool(self.subject) and _about(self.subject, by, sight)


def _about(tag: str, person: str, sight: Sight) -> bool:
    """Say whether a subject is a person's own: the case that they reported, their account, their award."""
    if tag == f"account:{person}":
        return True
    file = getattr(sight.subject(tag), "file", None) if _is_subject(tag) else None
    owners = [getattr(file, name, "") for name in ("reporter", "account")]
    return person in (owners if any(owners) else [getattr(file, "opened_by", "")])


def _is_subject(tag: str) -> bool:
    return tag.startswith(("case:", "award:"))


def _sees_reporters(given: CaseGiven) -> bool:
    return given.roster.acts_for(given.by, given.policy.desk) and "reporter" not in given.masked


def _readings(tag: str, sight: Sight, given: CaseGiven) -> Iterator[Reading]:
    subject = tag.removeprefix("privacy:")
    for event in sight.events(tag):
        by = event.by if _may_be_named(event.by, given) else WITHHELD
        refs = (event.ref,) if isinstance(event, PrivateRead) else event.refs
        for ref in refs:
            field = ref.rpartition("/")[2]
            erased = isinstance(event, PrivateErased)
            purpose = "" if erased else event.purpose
            yield Reading(at=event.at, by=by, subject=subject, field=field, purpose=purpose, erased=erased)


def _may_be_named(reader: str, given: CaseGiven) -> bool:
    """Say whether a reader may be named: staff to everybody, a reporter to the desk and to themselves."""
    staff = reader in given.roster.persons or reader in given.roster.organizations
    return staff or reader == given.by or _sees_reporters(given)
