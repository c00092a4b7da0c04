"""What a plugin gives is looked at on the plugin's own thread, and taken over as plain values.

A generator may never end, a property may raise, a subclass may lie. So nothing that a hook returned
is touched anywhere else: here it is walked to a bounded length, checked against its types, and written
out and read again, so that what goes on from here has no code of the plugin in it. Objects that must
stay the plugin's (stores, channels, importers, exporters, reactions) are only asked for what they claim.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, TypeVar

import attrs
import msgspec

from gridgov.documents import ROOMS, check_types
from gridgov.errors import Finding, SetupError
from gridgov.escalation import Ladder
from gridgov.hooks._code_list import CodeList
from gridgov.hooks._values import Exporter, Importer, Wanted
from gridgov.routing import BANDS, COLUMNS, Fact, Kind, Rule
from gridgov.staffing import Organization
from gridgov.worktime import PublishedDays

__all__ = [
    "COMMANDS",
    "ENTRIES_MAX",
    "EVENTS",
    "NonsenseError",
    "channel",
    "code_list",
    "commands",
    "days",
    "each",
    "exporter",
    "fact",
    "function",
    "importer",
    "named",
    "part",
    "plain",
    "rule",
]

ENTRIES_MAX = 10_000
"""How much one hook may return."""
COMMANDS_MAX = 100
"""How many commands may follow from one event for one plugin."""
COMMANDS = frozenset(command for room in ROOMS for command in room.commands if room.name != "jurisdiction")
"""Setup and private texts are for people, by the office's own methods."""
FOLLOWING = COMMANDS - {command for room in ROOMS for command in room.after_all}
"""What may follow from an event: nothing that the whole street rests on."""
EVENTS = frozenset(name for room in ROOMS for name in room.events)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9+._-]{0,79}")
T = TypeVar("T")


class NonsenseError(Exception):
    """What a plugin gave is not what the hook takes; the message says what would be right, and quotes no text."""


def kind_of(value: object) -> str:
    """Say what a value is without asking it."""
    return "None" if value is None else type(value).__name__[:80]


def each(value: object, take: Callable[[Any], T], most: int = ENTRIES_MAX) -> list[T]:
    """Take a sequence, entry by entry."""
    if isinstance(value, str | bytes | bytearray | Mapping) or not isinstance(value, Iterable):
        raise NonsenseError(f"returned {kind_of(value)}, not a sequence; return an empty one for nothing")
    found = [take(entry) for entry in islice(iter(value), most + 1)]
    if len(found) > most:
        raise NonsenseError(f"returned more than {most} entries")
    return found


def named(value: object, take: Callable[[Any], T]) -> dict[str, T]:
    """Take a mapping from names."""
    if not isinstance(value, Mapping):
        raise NonsenseError(f"returned {kind_of(value)}, not a mapping; return an empty one for nothing")
    pairs = list(islice(iter(value.items()), ENTRIES_MAX + 1))
    if len(pairs) > ENTRIES_MAX:
        raise NonsenseError(f"returned more than {ENTRIES_MAX} entries")
    for name, _ in pairs:
        if type(name) is not str or not NAME.fullmatch(name):
            raise NonsenseError(
                "has a key that is no name: names are of letters, digits and +._-, and begin with a letter"
            )
    return {name: take(entry) for name, entry in pairs}


def plain(value: object, kind: type[T]) -> T:
    """Give a value of exactly a kind as a copy that holds nothing of the plugin."""
    if type(value) is not kind:
        raise NonsenseError(f"has {kind_of(value)} where {kind.__name__} belongs")
    try:
        check_types(value)
    except TypeError as error:
        # What stood there may be what a resident wrote; what belongs there is enough.
        raise NonsenseError(f"has a wrong {str(error).partition(', not the text')[0][:300]}") from None
    return msgspec.json.decode(msgspec.json.encode(value), type=kind)


def function(value: Any) -> Any:
    """Take something to call."""
    if not callable(value):
        raise NonsenseError(f"has {kind_of(value)} where a function belongs")
    return value


def channel(value: Any) -> tuple[str, Any]:
    """Take a channel, with its name."""
    name = getattr(value, "name", None)
    if type(name) is not str or not name or not callable(getattr(value, "send", None)):
        raise NonsenseError(f"has {kind_of(value)}, which is no channel: it needs a name and send(notice)")
    return name, value


def fact(value: Any) -> Fact:
    """Take a fact with a free name."""
    taken = plain(value, Fact)
    if not taken.name.isidentifier() or taken.name in COLUMNS:
        raise NonsenseError(f"has the fact {taken.name!r}, which is no free name of letters, digits and _")
    return taken


def rule(value: Any) -> Rule:
    """Take a row of the band local or a later one."""
    taken = plain(value, Rule)
    if taken.band not in BANDS or BANDS.index(taken.band) < BANDS.index("local"):
        raise NonsenseError(f"has the rule {taken.id!r} in the band {taken.band!r}; plugins add to local and later")
    return taken


def days(value: Any) -> PublishedDays:
    """Take a source of days."""
    return plain(value, PublishedDays)


def code_list(value: Any) -> CodeList:
    """Take a code list that is sound."""
    taken = plain(value, CodeList)
    findings = list(taken.check())
    if findings:
        raise SetupError(findings)
    return taken


def importer(value: Any) -> Importer:
    """Take something that reads."""
    if not callable(getattr(value, "read", None)):
        raise NonsenseError(f"has {kind_of(value)}, which is no importer: it needs read(source)")
    taken: Importer = value
    return taken


def exporter(value: Any) -> Exporter:
    """Take something that writes."""
    suffix = getattr(value, "suffix", None)
    if type(suffix) is not str or not re.fullmatch(r"(\.[a-z0-9]+)+", suffix):
        raise NonsenseError(f"has {kind_of(value)}, which is no exporter: its suffix is like .csv")
    if not callable(getattr(value, "accepts", None)) or not callable(getattr(value, "write", None)):
        raise NonsenseError(
            f"has {kind_of(value)}, which is no exporter: it needs accepts(value) and write(value, target)"
        )
    taken: Exporter = value
    return taken


def command(value: Any, among: frozenset[type] = COMMANDS) -> Any:
    """Take a command that an office knows."""
    if type(value) not in among:
        raise NonsenseError(f"has {kind_of(value)} where a command of cases or points belongs")
    return plain(value, type(value))


def commands(value: Any) -> list[Any]:
    """Take the commands that follow from one event."""
    return each(value, lambda entry: command(entry, FOLLOWING), COMMANDS_MAX)


def part(value: Any) -> Any:
    """Take what an importer gives."""
    if type(value) is Wanted:
        if type(value.id) is not str or not value.id:
            raise NonsenseError("has a wanted command without an id")
        if value.at is not None and (type(value.at) is not dt.datetime or value.at.tzinfo is None):
            raise NonsenseError("has a wanted command whose instant is no aware datetime")
        return attrs.evolve(value, command=command(value.command))
    for kind in (Kind, Organization, Rule, Ladder, Finding):
        if type(value) is kind:
            return plain(value, kind)
    raise NonsenseError(f"has {kind_of(value)} where a part of a setup, a wanted command or a finding belongs")
