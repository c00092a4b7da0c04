"""The decision: does a grant let this pass, why not, and what of it is masked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from gridgov.access._policy import AccessPolicy, Grant
from gridgov.errors import RefusalError
from gridgov.staffing import Posting, Roster
from gridgov.territory import Territory

__all__ = ["WHY", "check_access", "kind_of_actor", "masks_of"]

WHY = ("unknown-actor", "no-grant", "other-place", "other-department")
"""What the fact ``why`` of ``access.denied`` says."""


def _nobody() -> Sequence[str]:
    return ()


def kind_of_actor(actor: str, roster: Roster) -> str:
    """Say what an actor is: ``resident``, ``worker``, ``organization``, ``plugin``, ``system``, ``anonymous``."""
    if actor.startswith("resident:"):
        return "resident"
    if actor.startswith("system:"):
        return "system"
    if actor.startswith("plugin:"):
        return "plugin"
    if actor in roster.persons:
        return "worker"
    if actor in roster.organizations:
        return "organization"
    return "anonymous"


def _about(
    policy: AccessPolicy, name: str, by: str, kind: str, roster: Roster, on: dt.date, reading: bool
) -> Iterator[tuple[Grant, Sequence[Posting]]]:
    """Give the grants of a name to a role that the actor has, with its postings in that role."""
    wild = "*read" if reading else "*write"
    postings: tuple[Posting, ...] | None = None
    for grant in policy.grants:
        names = grant.names
        if name not in names and "*" not in names and wild not in names:
            continue
        if grant.role in ("anyone", kind) or (grant.role == "organization" and _has_organization(by, kind, roster)):
            yield grant, ()
            continue
        postings = roster.postings_of(by, on) if postings is None else postings
        held = [posting for posting in postings if posting.role == grant.role]
        if held:
            yield grant, held


def _has_organization(by: str, kind: str, roster: Roster) -> bool:
    return kind == "worker" and roster.persons[by].organization is not None


def _passes(
    grant: Grant,
    held: Sequence[Posting],
    by: str,
    place: str | None,
    roster: Roster,
    territory: Territory,
    parties: Callable[[], Sequence[str]],
) -> bool:
    if grant.scope == "department":
        return any(_is_of_the_house(by, party, roster) for party in parties())
    if grant.scope == "all" or not held or place is None:
        return True
    return place in territory and any(territory.within(place, posting.place) for posting in held)


def _is_of_the_house(by: str, party: str, roster: Roster) -> bool:
    """Say whether an actor is a party, belongs to it, or to the organization of the person that it is."""
    person = roster.persons.get(party)
    home = person.organization if person is not None else None
    return roster.acts_for(by, party) or (home is not None and roster.acts_for(by, home))


def _why(kind: str, scopes: set[str]) -> str:
    if scopes:
        return "other-department" if scopes == {"department"} else "other-place"
    return "unknown-actor" if kind == "anonymous" else "no-grant"


def check_access(
    policy: AccessPolicy,
    name: str,
    *,
    by: str,
    place: str | None,
    roster: Roster,
    territory: Territory,
    on: dt.date,
    reading: bool = False,
    parties: Callable[[], Sequence[str]] = _nobody,
) -> None:
    """Let a command or view pass, or refuse it.

    :param place: where it acts; None for what has no place, which any grant of the name allows.
    :param reading: it is a view.
    :param parties: gives the persons and organizations that have to do with the case that it is about; asked
        only where a grant reaches no further than the department. Nobody where it is about no case.
    :raises RefusalError: ``access.denied``; the fact ``why`` is one of :data:`WHY`.
    """
    kind = kind_of_actor(by, roster)
    if kind == "system":
        return
    scopes = set()
    for grant, held in _about(policy, name, by, kind, roster, on, reading):
        if _passes(grant, held, by, place, roster, territory, parties):
            return
        scopes.add(grant.scope)
    raise RefusalError(
        "access.denied",
        f"{by} may not do {name} here",
        name=name,
        by=by,
        kind=kind,
        why=_why(kind, scopes),
    )


def masks_of(
    policy: AccessPolicy,
    name: str,
    *,
    by: str,
    place: str | None,
    roster: Roster,
    territory: Territory,
    on: dt.date,
    reading: bool = False,
    parties: Callable[[], Sequence[str]] = _nobody,
) -> frozenset[str]:
    """Give what is masked for an actor in what a command or view shows: what every grant masks that lets it pass.

    Where none does any more (a case was passed on to somebody else by the very command), whatever one of the
    actor's grants of the name masks.
    """
    if not policy.masks:
        return frozenset()
    kind = kind_of_actor(by, roster)
    about = tuple(_about(policy, name, by, kind, roster, on, reading))
    passing = [g.masked for g, held in about if _passes(g, held, by, place, roster, territory, parties)]
    if passing:
        return frozenset.intersection(*passing)
    return frozenset[str]().union(*(grant.masked for grant, _ in about))
