"""The value: grants, and all that can be wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from gridgov.errors import Finding

__all__ = ["MASKS", "SCOPES", "STANDING_ROLES", "WILDCARDS", "AccessPolicy", "Grant"]

SCOPES = ("own", "department", "all")
STANDING_ROLES = ("resident", "organization", "plugin", "anyone")
WILDCARDS = ("*", "*read", "*write")
"""Every name; every view; every command."""
MASKS = ("reporter", "contact", "text", "evidence", "resident")
"""What a grant can mask: see :class:`Grant`."""


@attrs.frozen(kw_only=True)
class Grant:
    """Leave to do some things.

    :param role: a role of the roster, ``resident``, ``organization`` (an organization and its
        people), ``plugin`` (what plugins ask for of themselves), or ``anyone``.
    :param names: names of commands and views (``"OpenCase"``, ``"WorkList"``); ``*`` for all,
        ``*read`` for every view, ``*write`` for every command.
    :param scope: ``own``: on the places of the role's postings and below (standing roles have no
        postings and may everywhere); ``department``: on cases that the actor's own organization
        leads, supports, is informed of or was called to; ``all``: everywhere.
    :param masked: what is not shown: ``reporter`` (who reported a case or follows it), ``contact``
        and ``evidence`` of a case, ``text`` (where private texts lie), ``resident`` (every resident's id).
    """

    role: str
    names: frozenset[str]
    scope: str = "own"
    masked: frozenset[str] = frozenset()


@attrs.frozen
class AccessPolicy:
    """All grants of a place; :meth:`open` allows everything and is for examples and tests."""

    grants: tuple[Grant, ...] = ()

    @classmethod
    def open(cls) -> AccessPolicy:
        """Give a policy that lets anyone do anything."""
        return cls((Grant(role="anyone", names=frozenset({"*"}), scope="all"),))

    @property
    def masks(self) -> bool:
        """Say whether any grant masks anything."""
        return any(grant.masked for grant in self.grants)

    @property
    def contents(self) -> dict[str, Any]:
        """What a digest is taken of; what is at its default is left out, so that old digests hold."""
        return {"grants": [_contents(grant) for grant in self.grants]}

    def check(self, roles: Mapping[str, object], names: frozenset[str]) -> Iterator[Finding]:
        """Give every grant that names an unknown role, command, view, scope or mask, or can let nothing pass."""
        for number, grant in enumerate(self.grants, start=1):
            yield from _check(f"grant {number}", grant, roles, names)


def _contents(grant: Grant) -> dict[str, Any]:
    told: dict[str, Any] = {"names": grant.names, "role": grant.role, "scope": grant.scope}
    return told | {"masked": grant.masked} if grant.masked else told


def _check(subject: str, grant: Grant, roles: Mapping[str, object], names: frozenset[str]) -> Iterator[Finding]:
    def wrong(code: str, column: str, message: str, remedy: str) -> Finding:
        return Finding(
            code=f"access.{code}", subject=subject, column=column, message=f"{subject} {message}", remedy=remedy
        )

    if grant.role not in roles and grant.role not in STANDING_ROLES:
        allowed = f"a role of the roster, or one of {', '.join(STANDING_ROLES)}"
        yield wrong("unknown-role", "role", f"names the unknown role {grant.role!r}", allowed)
    if grant.scope not in SCOPES:
        allowed = f"one of {', '.join(SCOPES)}"
        yield wrong("unknown-scope", "scope", f"has the unknown scope {grant.scope!r}", allowed)
    if grant.role == "resident" and grant.scope == "department":
        yield wrong("idle-scope", "scope", "lets nothing pass: a resident has no department", "own or all")
    for name in sorted(grant.names - names - {*WILDCARDS}):
        allowed = f"write a name as in the reference, or one of {', '.join(WILDCARDS)}"
        yield wrong("unknown-name", "names", f"allows {name!r}, which is no command and no view", allowed)
    for mask in sorted(grant.masked - {*MASKS}):
        yield wrong("unknown-mask", "masked", f"masks {mask!r}, which nothing shows", f"some of {', '.join(MASKS)}")
