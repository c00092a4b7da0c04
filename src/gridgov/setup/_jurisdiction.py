"""What the jurisdiction itself remembers: the adopted setup, and who read or erased what."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from gridgov.access import AccessPolicy, check_access
from gridgov.decider import Decider, Subjects, private
from gridgov.errors import RefusalError
from gridgov.proofs import Sealed
from gridgov.routing import DUTY
from gridgov.staffing import Roster
from gridgov.territory import Territory

__all__ = [
    "JURISDICTION",
    "AdoptSetup",
    "Adopted",
    "AmendSetup",
    "ErasePrivate",
    "JurisdictionGiven",
    "PrivateErased",
    "PrivateRead",
    "ReadPrivate",
    "SetupAdopted",
    "SetupAmended",
    "compare_sections",
]

SHOWN = 3


@attrs.frozen
class AdoptSetup:
    """The store is opened for the first time; section → digest."""

    sections: Mapping[str, str]


@attrs.frozen
class AmendSetup:
    """The jurisdiction changes its setup; section → digest of the whole new one."""

    sections: Mapping[str, str]
    reason: str = private("administration")


@attrs.frozen
class ReadPrivate:
    """Somebody wants to read a private text.

    :param place: where the case lies that it is about; :param parties: who has to do with that case.
    """

    ref: str
    subject: str = attrs.field(kw_only=True)
    purpose: str = attrs.field(kw_only=True)
    place: str | None = attrs.field(default=None, kw_only=True)
    parties: tuple[str, ...] = attrs.field(default=(), kw_only=True)


@attrs.frozen
class ErasePrivate:
    """Somebody has private texts erased."""

    refs: tuple[str, ...]
    subject: str = attrs.field(kw_only=True)


@attrs.frozen(kw_only=True)
class SetupAdopted:
    """This setup is in force from the beginning."""

    at: dt.datetime
    by: str
    sections: Mapping[str, str]


@attrs.frozen(kw_only=True)
class SetupAmended:
    """This setup is in force from now on."""

    at: dt.datetime
    by: str
    sections: Mapping[str, str]
    reason: Sealed


@attrs.frozen(kw_only=True)
class PrivateRead:
    """Who read which private text, for what."""

    at: dt.datetime
    by: str
    ref: str
    subject: str
    purpose: str


@attrs.frozen(kw_only=True)
class PrivateErased:
    """Which private texts are gone."""

    at: dt.datetime
    by: str
    refs: tuple[str, ...]
    subject: str


@attrs.frozen
class Adopted:
    """The setup in force, section → digest, and how often it was amended."""

    sections: Mapping[str, str]
    amendments: int = 0


@attrs.frozen
class Trace:
    """How often private texts of a subject were read and erased."""

    reads: int = 0
    erasures: int = 0


@attrs.frozen(kw_only=True, eq=False)
class JurisdictionGiven:
    """What a decision about the setup rests on."""

    at: dt.datetime
    by: str
    command_id: str
    access: AccessPolicy
    roster: Roster
    territory: Territory
    day: dt.date
    sealed: Mapping[str, Sealed] = attrs.field(factory=dict)


def _decide(command: Any, subjects: Subjects, given: JurisdictionGiven) -> Sequence[Any]:
    adopted: Adopted | None = subjects.get("setup")
    match command:
        case AdoptSetup():
            if adopted is not None:
                raise RefusalError("setup.adopted-already", "this store has adopted a setup already")
            return [SetupAdopted(at=given.at, by=given.by, sections=dict(command.sections))]
        case AmendSetup():
            _may("AmendSetup", given.territory.root, given)
            if adopted is None:
                raise RefusalError("setup.not-adopted", "this store has not adopted a setup yet")
            if dict(adopted.sections) == dict(command.sections):
                raise RefusalError("setup.unchanged", "the setup is the one in force already")
            reason = given.sealed.get("reason")
            if reason is None:
                raise RefusalError("setup.no-reason", "say why the setup changes: the reason is empty")
            return [SetupAmended(at=given.at, by=given.by, sections=dict(command.sections), reason=reason)]
        case ReadPrivate():
            _may("ReadPrivate", command.place, given, command.parties)
            if not command.purpose:
                raise RefusalError("private.no-purpose", "say what the text is read for: the purpose is empty")
            return [
                PrivateRead(at=given.at, by=given.by, ref=command.ref, subject=command.subject, purpose=command.purpose)
            ]
        case ErasePrivate():
            _may("ErasePrivate", given.territory.root, given)
            return [PrivateErased(at=given.at, by=given.by, refs=command.refs, subject=command.subject)]
        case _:
            raise TypeError(f"{type(command).__name__} is no command about the setup")


def _may(name: str, place: str | None, given: JurisdictionGiven, parties: tuple[str, ...] = ()) -> None:
    check_access(
        given.access,
        name,
        by=given.by,
        place=place,
        roster=given.roster,
        territory=given.territory,
        on=given.day,
        parties=lambda: parties,
    )


def _evolve(_tag: str, before: Any, event: Any) -> Any:
    match event:
        case SetupAdopted():
            return Adopted(event.sections)
        case SetupAmended():
            return Adopted(event.sections, before.amendments + 1)
        case PrivateRead():
            return attrs.evolve(before or Trace(), reads=(before or Trace()).reads + 1)
        case PrivateErased():
            return attrs.evolve(before or Trace(), erasures=(before or Trace()).erasures + 1)
        case _:
            raise ValueError(f"{type(event).__name__} is no event of the setup")


def _tags(event: Any) -> tuple[str, ...]:
    if isinstance(event, PrivateRead | PrivateErased):
        return (f"privacy:{event.subject}",)
    return ("setup",)


JURISDICTION: Decider[Any, Any, JurisdictionGiven] = Decider(
    name="jurisdiction",
    commands=(AdoptSetup, AmendSetup, ReadPrivate, ErasePrivate),
    events={
        "setup-adopted": SetupAdopted,
        "setup-amended": SetupAmended,
        "private-read": PrivateRead,
        "private-erased": PrivateErased,
    },
    decide=_decide,
    evolve=_evolve,
    tags=_tags,
    settled=lambda tag, _subject: tag.startswith("privacy:"),
)
"""The room of the jurisdiction itself, as the office needs it."""


def compare_sections(before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> dict[str, str]:
    """Say for every section that differs what differs in it; section → a short text."""
    found: dict[str, str] = {}
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if old is None or new is None:
            found[name] = "is new" if old is None else "is gone"
            continue
        one, other = json.loads(old), json.loads(new)
        changes = _plugins_rows(one, other) if name == "tables" else []
        changes += _differences("", one, other)
        if name == "staffing":  # holds names: say where, not what
            changes = [change.partition(" was ")[0] + (" differs" if " was " in change else "") for change in changes]
        more = f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
        found[name] = "; ".join(changes[:SHOWN]) + more
    return found


def _plugins_rows(old: Any, new: Any) -> list[str]:
    """Say which plugins' rows of the tables came, went or changed, and take these rows out of what is compared."""
    before, after = _by_origin(old), _by_origin(new)
    told = []
    for origin in sorted({*before, *after}):
        theirs, ours = before.get(origin, []), after.get(origin, [])
        if theirs == ours:
            continue
        what = "are gone (is it installed, and discovered?)" if not ours else "are new" if not theirs else "differ"
        ids = ", ".join(dict.fromkeys(str(row["id"]) for row in ours or theirs))
        told.append(f"the rows of the plugin {origin} {what}: {ids}")
        for each in (old, new):
            _take_out(each, origin)
    return told


def _rows(tables: Any) -> Iterator[list[Any]]:
    """Walk every list of rows in the tables, wherever it stands."""
    if isinstance(tables, list):
        if tables and all(isinstance(row, dict) and "origin" in row for row in tables):
            yield tables
        else:
            for each in tables:
                yield from _rows(each)


def _by_origin(tables: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for rows in _rows(tables):
        for row in rows:
            if row["origin"] not in ("", DUTY):
                found.setdefault(row["origin"], []).append(row)
    return found


def _take_out(tables: Any, origin: str) -> None:
    for rows in list(_rows(tables)):
        rows[:] = [row for row in rows if row["origin"] != origin]


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if type(old) is not type(new) or not isinstance(old, dict | list):
        if old != new:
            yield f"{path or 'it'} was {_short(old)}, is {_short(new)}"
        return
    if isinstance(old, dict):
        for key in sorted({*old, *new}):
            if key not in old or key not in new:
                yield f"{path}/{key} is {'gone' if key in old else 'new'}"
            else:
                yield from _differences(f"{path}/{key}", old[key], new[key])
        return
    if len(old) != len(new):
        yield f"{path or 'it'} had {len(old)} entries, has {len(new)}"
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        yield from _differences(f"{path}/{place}", one, other)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."
