"""The duty list (事项清单): the tree of kinds of matter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property

import attrs

from gridgov.errors import Finding, NotFoundError, SetupError
from gridgov.worktime import Limit

__all__ = ["AFFAIRS", "CO_GOVERNORS", "SIZES", "URGENCIES", "Catalog", "Duty", "Kind", "kind_path"]

AFFAIRS = ("public", "shared", "private")
"""公家事, 大家事, 自家事."""
CO_GOVERNORS = ("community", "administration", "market")
SIZES = ("small", "medium", "large")
URGENCIES = ("ordinary", "fast", "urgent")


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of matter: big class, small class, item.

    Its code is dotted, and the dots are the tree (``utility.gas.smell``); the 2+2 digits of the
    official classification (CJ/T 214: ``0102``) may stand first, and each pair is a level
    (``0102.lid`` is an item of ``0102``, which is in ``01``).

    :param admitted: whether it may enter the grids (入格事项).
    :param checked: whether somebody else must check the result before the case closes.
    :param lead: who handles it by the duty list, as a rule writes a target; empty where rules say.
    :param level: the level of the territory at which it is handled, empty where nobody said.
    :param limit: by when. What a kind leaves empty it has from the nearest class above that says it.
    :param filing: when a report becomes a case (立案条件); :param closing: when it may close (结案条件).
    """

    code: str
    zh: str
    en: str
    affair: str = "public"
    co_governor: str = "administration"
    size: str = "small"
    urgency: str = "ordinary"
    admitted: bool = True
    checked: bool = True
    lead: str = ""
    level: str = ""
    limit: Limit | None = None
    filing: str = ""
    closing: str = ""


@attrs.frozen(kw_only=True)
class Duty:
    """What the duty list says of one kind; see :class:`Kind`."""

    lead: str = ""
    level: str = ""
    limit: Limit | None = None
    filing: str = ""
    closing: str = ""


_PAIRS = re.compile(r"\d\d(?:\d\d)+", re.ASCII)


def kind_path(code: str) -> tuple[str, ...]:
    """Give a code and every class above it, from the item to the big class."""
    first, *rest = code.split(".")
    heads = [first[:end] for end in range(2, len(first) + 1, 2)] if _PAIRS.fullmatch(first) else [first]
    for part in rest:
        heads.append(f"{heads[-1]}.{part}")
    return tuple(reversed(heads))


@attrs.frozen(eq=False)
class Catalog:
    """All kinds, by code. Make one with :meth:`build`."""

    kinds: Mapping[str, Kind]

    @classmethod
    def build(cls, kinds: Sequence[Kind]) -> Catalog:
        """Check and build a catalog.

        :raises SetupError: with every mistake.
        """
        findings = list(cls.check(kinds))
        if findings:
            raise SetupError(findings)
        return cls({kind.code: kind for kind in kinds})

    @staticmethod
    def check(kinds: Sequence[Kind]) -> Iterator[Finding]:
        """Give every mistake: codes twice or malformed, unknown affair, co-governor, size, urgency."""
        seen: set[str] = set()
        for kind in kinds:
            if kind.code in seen:
                yield _wrong(kind.code, "code", f"the kind {kind.code!r} stands twice", "keep one of the rows")
            seen.add(kind.code)
            if not all(part and part == part.strip() for part in kind.code.split(".")):
                yield _wrong(kind.code, "code", f"the kind code {kind.code!r} has an empty part", "write it as a.b.c")
            for column, value, allowed in (
                ("affair", kind.affair, AFFAIRS),
                ("co_governor", kind.co_governor, CO_GOVERNORS),
                ("size", kind.size, SIZES),
                ("urgency", kind.urgency, URGENCIES),
            ):
                if value not in allowed:
                    yield _wrong(
                        kind.code,
                        column,
                        f"the {column} {value!r} is unknown",
                        f"one of {', '.join(allowed)}",
                    )

    def __getitem__(self, code: str) -> Kind:
        """Give a kind.

        :raises NotFoundError: names the closest known kind.
        """
        kind = self.kinds.get(code)
        if kind is None:
            raise NotFoundError(f"there is no kind {code!r}{self.hint(code)}")
        return kind

    def __contains__(self, code: object) -> bool:
        return code in self.kinds

    def hint(self, code: str) -> str:
        """Give a question that names the closest known kind, or nothing."""
        close = get_close_matches(code, self.kinds, n=1)
        return f"; did you mean {close[0]!r}?" if close else ""

    def under(self, prefix: str) -> bool:
        """Say whether any kind is *prefix* or lies below it."""
        return prefix in self._classes

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(step for code in self.kinds for step in kind_path(code))

    def duty(self, code: str) -> Duty:
        """Give what the duty list says of a kind, each part from the nearest class that says it."""
        steps = [self.kinds[step] for step in kind_path(code) if step in self.kinds]
        return Duty(
            lead=next((kind.lead for kind in steps if kind.lead), ""),
            level=next((kind.level for kind in steps if kind.level), ""),
            limit=next((kind.limit for kind in steps if kind.limit), None),
            filing=next((kind.filing for kind in steps if kind.filing), ""),
            closing=next((kind.closing for kind in steps if kind.closing), ""),
        )


def _wrong(subject: str, column: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"catalog.bad-{column}", subject=subject, column=column, message=message, remedy=remedy)
