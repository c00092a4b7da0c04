"""The duty list (事项清单): the tree of kinds of matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

import attrs

from gridgov.errors import Finding, NotFoundError, SetupError

__all__ = ["AFFAIRS", "CO_GOVERNORS", "SIZES", "URGENCIES", "Catalog", "Kind"]

AFFAIRS = ("public", "shared", "private")
"""公家事, 大家事, 自家事."""
CO_GOVERNORS = ("community", "administration", "market")
SIZES = ("small", "medium", "large")
URGENCIES = ("ordinary", "fast", "urgent")


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of matter; its code is dotted, and the dots are the tree (``utility.gas.smell``).

    :param admitted: whether it may enter the grids (入格事项).
    :param checked: whether somebody else must check the result before the case closes.
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
        return any(code == prefix or code.startswith(f"{prefix}.") for code in self.kinds)


def _wrong(subject: str, column: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"catalog.bad-{column}", subject=subject, column=column, message=message, remedy=remedy)
