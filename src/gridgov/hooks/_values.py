"""What passes through the door: refusals, happenings, and what is read in and written out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias, runtime_checkable

import attrs

from gridgov.errors import Finding
from gridgov.escalation import Ladder
from gridgov.routing import Kind, Rule
from gridgov.setup import Setup
from gridgov.staffing import Organization

__all__ = ["Exporter", "Happening", "Importer", "Part", "Reaction", "Refused", "Wanted"]

CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MESSAGE_MAX = 500


@attrs.frozen
class Refused:
    """A plugin's refusal of a command.

    :param code: small letters and digits with hyphens between, without the plugin's name, which the
        office puts before it.
    :param message: one sentence for who asked, at most 500 characters; it is stored, so it names nobody.
    :raises ValueError: for a code or a message of another shape.
    """

    code: str
    message: str

    def __attrs_post_init__(self) -> None:
        code: object = self.code
        message: object = self.message
        if not isinstance(code, str) or not CODE.fullmatch(code):
            raise ValueError(f"a plugin's code is like no-night-work, not {code!r}")
        if not isinstance(message, str) or not 0 < len(message) <= MESSAGE_MAX:
            raise ValueError(f"the refusal {code} needs a sentence of at most {MESSAGE_MAX} characters")


@attrs.frozen(kw_only=True)
class Happening:
    """Something that is stored and therefore true.

    :param name: the stored event name; :param event: the value; it holds no personal data.
    """

    position: int
    name: str
    event: Any
    by: str
    at: dt.datetime


@attrs.frozen
class Wanted:
    """A command that an importer would have the office do.

    :param id: made from the record that it comes from, so that reading it again asks nothing twice.
    :param at: when it happened, aware; None for now.
    """

    command: Any
    id: str
    at: dt.datetime | None = None


Part: TypeAlias = Kind | Organization | Rule | Ladder | Wanted | Finding
"""What an importer may give."""

Reaction: TypeAlias = Callable[[Any, Any, Setup], Sequence[Any]]
"""From an event, its subject right after it, and the setup, to the commands that follow."""


@runtime_checkable
class Importer(Protocol):
    """Reads what another system has written. The contract is :class:`gridgov.testing.ImporterContract`."""

    def read(self, source: Path, /) -> Iterator[Part]:
        """Give everything that stands in a file or a folder, in its order.

        Nothing is dropped without a word and nothing is made up: each record becomes parts of a setup,
        commands, or a :class:`~gridgov.errors.Finding` that says why not. Reading changes nothing; what to
        do with the parts is up to who reads. Called in the caller's thread for as long as it takes.

        :raises SetupError: for a source that is missing or broken, with every mistake, before the first part.
        """
        ...


@runtime_checkable
class Exporter(Protocol):
    """Writes a value for somebody else. The contract is :class:`gridgov.testing.ExporterContract`."""

    @property
    def suffix(self) -> str:
        """What its files end with, as in ``.csv``."""
        ...

    def accepts(self, value: Any, /) -> bool:
        """Say whether it can write *value*: the answer of a view, a plan, a setup, a table."""
        ...

    def write(self, value: Any, target: BinaryIO, /) -> None:
        """Write *value*; the same value gives the same bytes. Called in the caller's thread.

        :param target: open for writing in bytes; it stays open.
        """
        ...
