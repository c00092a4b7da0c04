"""Tables of codes that somebody else publishes, as values.

A province's kinds of matter, the nationalities of GB/T 3304, the certificates of a registry: such a
table has a name, a version, a source that can be looked up, and codes that may lie under one
another. It is data and decides nothing. What uses it are facts of rules (their domain) and catalogs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.routing import Fact, Kind

__all__ = ["LIST", "Code", "CodeList"]

LIST = "list:"
"""Before the id of a code list, in the domain of a fact: the domain is then its codes."""


@attrs.frozen
class Code:
    """One entry: what it is called, and the code that it lies under (empty at the top)."""

    zh: str
    en: str
    parent: str = ""


@attrs.frozen(kw_only=True)
class CodeList:
    """A published table of codes. Make one with :meth:`build`, which checks it.

    :param id: what setups and facts call it; :param version: of the publication, as it calls itself.
    :param source: where it can be looked up: the number of the standard, or the notice with its day.
    :param entries: code → entry, in the order of the publication.
    """

    id: str
    version: str
    source: str
    entries: Mapping[str, Code]

    @classmethod
    def build(cls, id: str, entries: Mapping[str, Code], *, version: str, source: str) -> Self:  # noqa: A002
        """Check and build a list.

        :raises SetupError: with every mistake.
        """
        made = cls(id=id, version=version, source=source, entries=dict(entries))
        findings = list(made.check())
        if findings:
            raise SetupError(findings)
        return made

    def check(self) -> Iterator[Finding]:
        """Give every mistake: empty or padded words, a parent that is not there, codes that lie under themselves."""
        for name in ("id", "version", "source"):
            if not getattr(self, name).strip():
                yield self._wrong(self.id, f"the list {self.id!r} has no {name}", "a list says what it is and whence")
        if not self.entries:
            yield self._wrong(self.id, f"the list {self.id!r} is empty", "give it codes")
        for code, entry in self.entries.items():
            if not code or code != code.strip() or not code.isprintable():
                yield self._wrong(code, f"{code!r} is no code", "a code is printable and has no blanks around it")
            if not entry.zh.strip() or not entry.en.strip():
                yield self._wrong(code, f"the code {code!r} lacks a name", "give it a Chinese and an English one")
            if entry.parent and entry.parent not in self.entries:
                yield self._wrong(code, f"{code!r} lies under {entry.parent!r}, which is not there", "add it")
            elif code in self.above(code):
                yield self._wrong(code, f"the code {code!r} lies under itself", "mend its parent")

    def _wrong(self, subject: str, message: str, remedy: str) -> Finding:
        return Finding(code="hooks.bad-code-list", subject=subject, message=message, remedy=remedy)

    def above(self, code: str) -> tuple[str, ...]:
        """Give the codes over a code, the nearest first.

        :raises KeyError: there is no such code.
        """
        found: list[str] = []
        parent = self.entries[code].parent
        while parent in self.entries and parent not in found:
            found.append(parent)
            parent = self.entries[parent].parent
        return tuple(found)

    def under(self, code: str) -> tuple[str, ...]:
        """Give a code and every code below it, in the order of the list."""
        return tuple(each for each in self.entries if each == code or code in self.above(each))

    def fact(self, name: str, zh: str, en: str) -> Fact:
        """Give a fact that has these codes as its domain."""
        return Fact(name, "code", zh, en, tuple(self.entries))

    def kinds(self) -> tuple[Kind, ...]:
        """Give the codes as kinds of matter for a catalog: dotted, from the top down."""
        return tuple(
            Kind(code=".".join((*reversed(self.above(code)), code)), zh=entry.zh, en=entry.en)
            for code, entry in self.entries.items()
        )
