"""Who may do what, and where.

The rule is a value: grants of commands and views to roles, on the part of the tree that the role
is posted on, or everywhere. What no grant allows is denied. Residents have no posting; what they
may do is granted to the role ``resident``, and which records are theirs is decided by the rooms.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import attrs

from gridgov.errors import Finding, RefusalError
from gridgov.staffing import Posting, Roster
from gridgov.territory import Territory

__all__ = ["AccessPolicy", "Grant", "check_access", "kind_of_actor"]

SCOPES = ("own", "all")
STANDING_ROLES = ("resident", "organization", "anyone")


@attrs.frozen(kw_only=True)
class Grant:
    """Leave to do some things.

    :param role: a role of the roster, ``resident``, ``organization`` (an organization and its
        people), or ``anyone``.
    :param names: names of commands and views (``"OpenCase"``, ``"WorkList"``); ``*`` for all.
    :param scope: ``own``: on the places of the role's postings and below; ``all``: everywhere.
    """

    role: str
    names: frozenset[str]
    scope: str = "own"


@attrs.frozen
class AccessPolicy:
    """All grants of a place; :meth:`open` allows everything and is for examples and tests."""

    grants: tuple[Grant, ...] = ()

    @classmethod
    def open(cls) -> AccessPolicy:
        """Give a policy that lets anyone do anything."""
        return cls((Grant(role="anyone", names=frozenset({"*"}), scope="all"),))

    def check(self, roles: Mapping[str, object], names: frozenset[str]) -> Iterator[Finding]:
        """Give every grant that names an unknown role, command, view or scope."""
        for number, grant in enumerate(self.grants, start=1):
            subject = f"grant {number}"
            if grant.role not in roles and grant.role not in STANDING_ROLES:
                yield Finding(
                    code="access.unknown-role",
                    subject=subject,
                    column="role",
                    message=f"{subject} names the unknown role {grant.role!r}",
                    remedy=f"a role of the roster, or one of {', '.join(STANDING_ROLES)}",
                )
            if grant.scope not in SCOPES:
                yield Finding(
                    code="access.unknown-scope",
                    subject=subject,
                    column="scope",
                    message=f"{subject} has the unknown scope {grant.scope!r}",
                    remedy=f"one of {', '.join(SCOPES)}",
                )
            for name in sorted(grant.names - names - {"*"}):
                yield Finding(
                    code="access.unknown-name",
                    subject=subject,
                    column="names",
                    message=f"{subject} allows {name!r}, which is no command and no view",
                    remedy="write a name as in the reference",
                )


def kind_of_actor(actor: str, roster: Roster) -> str:
    """Say what an actor is: ``resident``, ``worker``, ``organization``, ``system``, ``anonymous``."""
    if actor.startswith("resident:"):
        return "resident"
    if actor.startswith("system:"):
        return "system"
    if actor in roster.persons:
        return "worker"
    if actor in roster.organizations:
        return "organization"
    return "anonymous"


def check_access(
    policy: AccessPolicy, name: str, *, by: str, place: str | None, roster: Roster, territory: Territory, on: dt.date
) -> None:
    """Let a command or view pass, or refuse it.

    :param place: where it acts; None for what has no place, which any grant of the name allows.
    :raises RefusalError: ``access.denied``.
    """
    kind = kind_of_actor(by, roster)
    if kind == "system":
        return
    postings: tuple[Posting, ...] | None = None
    for grant in policy.grants:
        if name not in grant.names and "*" not in grant.names:
            continue
        if grant.role in ("anyone", kind):
            return
        if grant.role == "organization" and kind == "worker" and roster.persons[by].organization is not None:
            return
        postings = roster.postings_of(by, on) if postings is None else postings
        held = [posting for posting in postings if posting.role == grant.role]
        if held and (grant.scope == "all" or place is None):
            return
        if place is not None and place in territory and any(territory.within(place, posting.place) for posting in held):
            return
    raise RefusalError("access.denied", f"{by} may not do {name} here", name=name, by=by, place=place or "", kind=kind)
