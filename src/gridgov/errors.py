"""Everything that gridgov raises, drawn once.

::

    GridgovError
    ├── RefusalError            one command may not happen; has a stable code and the facts
    ├── SetupError              a whole document is wrong; carries every finding at once
    ├── ConflictError           somebody else was faster, or an id was used for another body
    │   ├── AppendConflictError     a stream or a tag moved: decide anew
    │   └── CommandConflictError    the same command id with another body: never retried
    ├── StoreError
    │   ├── ForeignStoreError       the file is not a store of ours
    │   ├── NewerStoreError         written by a newer version of gridgov
    │   ├── SetupMismatchError      the store was opened with another setup than it adopted
    │   ├── StoreBusyError          held by somebody else, or not to be reached; may succeed on retry
    │   ├── StoreFullError          the disk is full; may succeed on retry
    │   └── StoreDamagedError       a record does not match its chain
    ├── PluginError             a plugin was refused, or broke its contract
    └── NotFoundError           asked for something that the store or the setup does not hold

Why a *code* beside the sentence: an app shows the sentence, but branches on the code, and an
auditor counts codes years later. A sentence may be reworded; a code is for ever. Errors that
may succeed on retry say so in :attr:`GridgovError.temporary`; they are never stored as the
outcome of a command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

import attrs

__all__ = [
    "AppendConflictError",
    "CommandConflictError",
    "ConflictError",
    "Finding",
    "ForeignStoreError",
    "GridgovError",
    "NewerStoreError",
    "NotFoundError",
    "PluginError",
    "RefusalError",
    "SetupError",
    "SetupMismatchError",
    "StoreBusyError",
    "StoreDamagedError",
    "StoreError",
    "StoreFullError",
    "as_code",
]


_CODE_LIKE = re.compile(r"[\w.:/@+-]{1,80}", re.ASCII)


def as_code(typed: str) -> str:
    """Show what was typed, in quotes, if it looks like a code; else say only that it was typed.

    Refusals are stored. Whatever does not look like a code may be about a person.
    """
    return repr(typed) if _CODE_LIKE.fullmatch(typed) else "what was typed"


class GridgovError(Exception):
    """The root of everything that gridgov raises on purpose."""

    temporary: ClassVar[bool] = False
    """True where the same call may succeed later without any change by the caller."""


class RefusalError(GridgovError):
    """One command may not happen.

    :param code: stable, dotted, for programs (``"case.handler-checks-own-work"``).
    :param message: one clear sentence for a person.
    :param facts: what the decision rested on; strings, so that an outcome can be stored.
    """

    def __init__(self, code: str, message: str, /, **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts: dict[str, str] = {name: str(value) for name, value in facts.items()}

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is wrong with a document or a plan, and what would be right.

    :param code: stable and dotted, as for a refusal.
    :param subject: the code or id of what is wrong (``"150203005008"``, ``"rule:gas"``).
    :param message: what is wrong.
    :param remedy: what would be right.
    :param file: the file it stands in, empty where the value was built in code.
    :param row: the line of that file, counted from 1; 0 where unknown.
    :param column: the column or key, empty where the whole row is meant.
    :param grave: False for a finding that is worth a look and forbids nothing.
    :param names: the name that does not exist, where that is what is wrong: one missing place can
        be named by a hundred rows, and is one mistake.
    """

    code: str
    subject: str
    message: str
    remedy: str = ""
    file: str = ""
    row: int = 0
    column: str = ""
    grave: bool = True
    names: str = ""

    def __str__(self) -> str:
        where = self.file or self.subject
        if self.file and self.row:
            where += f":{self.row}"
        if self.column:
            where += f" [{self.column}]"
        remedy = f" → {self.remedy}" if self.remedy else ""
        return f"{where}{': ' if where else ''}{self.message}{remedy} ({self.code})"


class SetupError(GridgovError):
    """A document is wrong; :attr:`findings` holds every mistake, not only the first."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        count = len(self.findings)
        lines = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(f"{count} mistake{'s' if count != 1 else ''} in the setup:\n{lines}")


class ConflictError(GridgovError):
    """What was written elsewhere meanwhile contradicts this call."""


class AppendConflictError(ConflictError):
    """A stream or a tag moved since the decision was made; decide anew."""

    temporary = True

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} changed since this was decided; decide anew")
        self.what = what


class CommandConflictError(ConflictError):
    """A command id was used before for another body."""

    def __init__(self, command_id: str) -> None:
        super().__init__(
            f"the command id {command_id!r} was used before with another body; "
            "use a new id, or send the first body again to get its stored outcome"
        )
        self.command_id = command_id


class StoreError(GridgovError):
    """The store cannot be used as asked."""


class ForeignStoreError(StoreError):
    """The file or database exists and is not a store of gridgov; it was left as it was."""


class NewerStoreError(StoreError):
    """The store was written by a newer version of gridgov; upgrade the library."""


class StoreBusyError(StoreError):
    """Somebody else holds the store, or it cannot be reached; the same call may succeed later.

    Nothing was written; or, where the connection was lost in the middle of a commit, it is not known, and the message
    says so. In both cases ask again with the same command id: what was stored gives the stored outcome.
    """

    temporary = True


class StoreFullError(StoreError):
    """The disk is full; nothing was written."""

    temporary = True


class StoreDamagedError(StoreError):
    """A record does not match the chain that it stands in, or the records a checkpoint (then without a stream)."""

    def __init__(self, stream: str, version: int, what: str) -> None:
        where = f"stream {stream!r} is damaged at version {version}" if stream else "the store is damaged"
        super().__init__(f"{where}: {what}")
        self.stream = stream
        self.version = version


class SetupMismatchError(StoreError):
    """The store was adopted with another setup; carries the difference, section by section."""

    def __init__(self, differences: Mapping[str, str]) -> None:
        self.differences = dict(differences)
        listing = "\n".join(f"  {name}: {what}" for name, what in self.differences.items())
        super().__init__(
            "this store was opened with another setup before; open it with that one, "
            f"or change it with office.amend(...). The difference:\n{listing}"
        )


class PluginError(GridgovError):
    """A plugin was refused when it registered, or broke its contract later."""

    def __init__(self, plugin: str, message: str) -> None:
        super().__init__(f"plugin {plugin!r}: {message}")
        self.plugin = plugin


class NotFoundError(GridgovError):
    """There is nothing under this id."""
