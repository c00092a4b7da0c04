"""Persons, organizations, roles, postings, and how to find who is on duty."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeVar

import attrs

from gridgov.errors import Finding, NotFoundError, SetupError
from gridgov.territory import Territory

__all__ = ["ORGANIZATION_KINDS", "Absence", "Climb", "Organization", "Person", "Posting", "Role", "Roster"]

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Cardinality = Literal["one-to-one", "many-to-one", "one-to-many", "free"]
CARDINALITIES: frozenset[str] = frozenset({"one-to-one", "many-to-one", "one-to-many", "free"})
FORCES = frozenset({"stationed", "patrolling", "seconded", "reporting-in"})
ORGANIZATION_KINDS = frozenset(
    {
        "committee",
        "department",
        "market",
        "co-building",
        "party-branch",
        "party-group",
        "outlet",
        "self-governing",
        "station",
        "team",
    }
)


@attrs.frozen(kw_only=True)
class Organization:
    """Something that handles cases, helps, or sells: department, partner, branch, outlet."""

    id: str
    zh: str
    en: str
    kind: str
    member_of: str | None = None


@attrs.frozen(kw_only=True)
class Person:
    """Somebody who can be posted.

    The id is opaque and goes into events; the name stays in the setup documents.
    """

    id: str
    name: str = ""
    organization: str | None = None
    from_on: dt.date = dt.date.min
    until_on: dt.date = dt.date.max


@attrs.frozen(kw_only=True)
class Role:
    """A role on a place.

    :param level: the level of the places it is posted on.
    :param cardinality: ``one-to-one`` 一人一格: a person holds one place and a place one
        person; ``many-to-one`` 多人一格: a person holds one place; ``one-to-many`` 一人多格:
        a person may hold many; ``free``: no rule.
    :param subject: which kind of subject with written duties it belongs to.
    :param force: how it is present: ``stationed`` 常驻, ``patrolling`` 巡驻, ``seconded``
        入驻, ``reporting-in`` 报到.
    :param paid: an unpaid role may earn points.
    """

    id: str
    zh: str
    en: str
    level: str
    cardinality: str = "free"
    subject: str = ""
    force: str = "stationed"
    paid: bool = True


@attrs.frozen(kw_only=True)
class Posting:
    """A person or an organization in a role on a place for a period.

    :param holder: the id of a person or of an organization.
    :param until_on: the last day; :param end_reason: why it ended, empty while it lasts.
    """

    id: str
    holder: str
    role: str
    place: str
    from_on: dt.date
    until_on: dt.date = dt.date.max
    end_reason: str = ""

    def covers(self, day: dt.date) -> bool:
        """Say whether the posting lasts on *day*."""
        return self.from_on <= day <= self.until_on


@attrs.frozen(kw_only=True)
class Absence:
    """Somebody is away for a while: on leave, in training, ill; why is nobody's business here.

    :param deputy: who stands in for them, empty where nobody was named.
    :param until_on: the last day.
    """

    holder: str
    from_on: dt.date
    until_on: dt.date = dt.date.max
    deputy: str = ""

    @property
    def id(self) -> str:
        """What findings call it."""
        return f"absence:{self.holder}:{self.from_on}"

    def covers(self, day: dt.date) -> bool:
        """Say whether they are away on *day*."""
        return self.from_on <= day <= self.until_on


@attrs.frozen
class Climb:
    """Who was found for a role, and the places that were looked at on the way up.

    :param deputy_of: whom the first of them stands in for, empty where it is the holder.
    """

    holders: tuple[str, ...]
    path: tuple[str, ...]
    deputy_of: str = ""


@attrs.frozen(kw_only=True, eq=False)
class Roster:
    """Everybody, and where they are posted. Make one with :meth:`build`."""

    roles: Mapping[str, Role]
    organizations: Mapping[str, Organization]
    persons: Mapping[str, Person]
    postings: tuple[Posting, ...]
    absences: tuple[Absence, ...] = ()

    @classmethod
    def build(
        cls,
        *,
        territory: Territory,
        roles: Sequence[Role] = (),
        organizations: Sequence[Organization] = (),
        persons: Sequence[Person] = (),
        postings: Sequence[Posting] = (),
        absences: Sequence[Absence] = (),
    ) -> Roster:
        """Check and build a roster.

        :raises SetupError: with every mistake; see :meth:`check`.
        """
        findings = cls.check(
            territory=territory,
            roles=roles,
            organizations=organizations,
            persons=persons,
            postings=postings,
            absences=absences,
        )
        if findings:
            raise SetupError(findings)
        return cls(
            roles={role.id: role for role in roles},
            organizations={organization.id: organization for organization in organizations},
            persons={person.id: person for person in persons},
            postings=tuple(postings),
            absences=tuple(absences),
        )

    @staticmethod
    def check(
        *,
        territory: Territory,
        roles: Sequence[Role],
        organizations: Sequence[Organization],
        persons: Sequence[Person],
        postings: Sequence[Posting],
        absences: Sequence[Absence] = (),
    ) -> list[Finding]:
        """Give every mistake: ids twice, unknown names, postings out of time or against the role's rule."""
        findings: list[Finding] = []
        for what, ids in (
            ("role", [role.id for role in roles]),
            ("organization", [organization.id for organization in organizations]),
            ("person", [person.id for person in persons]),
            ("posting", [posting.id for posting in postings]),
        ):
            findings += (
                _wrong(
                    "id-twice",
                    each,
                    "id",
                    f"the {what} id {each!r} is used {count} times",
                    "give each its own id",
                )
                for each, count in Counter(ids).items()
                if count > 1
            )
        known_roles = {role.id: role for role in roles}
        known_organizations = {organization.id: organization for organization in organizations}
        known_persons = {person.id: person for person in persons}
        findings += _check_values(territory, roles, organizations, persons, known_organizations)
        for posting in postings:
            findings += _check_posting(posting, territory, known_roles, known_organizations, known_persons)
        findings += _check_cardinality(postings, known_roles)
        for absence in absences:
            findings += _check_absence(absence, {**known_persons, **known_organizations})
        return findings

    def holders(self, role: str, place: str, on: dt.date) -> tuple[str, ...]:
        """Give who holds *role* on exactly *place* on a day, in the order of the postings."""
        return tuple(posting.holder for posting in self._at.get((role, place), ()) if posting.covers(on))

    def climb(self, role: str, place: str, territory: Territory, on: dt.date) -> Climb:
        """Find who holds *role* on *place* or on the nearest place above it.

        :returns: the holders of the first place that has any (none if nobody is found), and the
            places looked at, from *place* up. Who is away that day is passed over for their deputy, or
            for another holder.
        """
        return self._climb(place, territory, on, lambda code: self.holders(role, code, on))

    def climb_to(self, kind: str, place: str, territory: Territory, on: dt.date) -> Climb:
        """Find the organization of a kind that is posted on *place*, in any role, or nearest above it."""

        def posted(code: str) -> tuple[str, ...]:
            there = (posting.holder for posting in self._on.get(code, ()) if posting.covers(on))
            return tuple(each for each in there if self._kind_of(each) == kind)

        return self._climb(place, territory, on, posted)

    def _climb(self, place: str, territory: Territory, on: dt.date, holders: Callable[[str], tuple[str, ...]]) -> Climb:
        if place not in territory:  # it was there once, and the setup has been amended since
            return Climb((), ())
        path = territory.path(place)
        for step, code in enumerate(path):
            found = [(self._standing_in(each, on), each) for each in holders(code)]
            present = [(who, each) for who, each in found if who]
            if present:
                who, instead = present[0]
                deputy_of = instead if who != instead else ""
                return Climb(tuple(dict.fromkeys(who for who, _ in present)), path[: step + 1], deputy_of)
        return Climb((), path)

    def _standing_in(self, holder: str, on: dt.date) -> str:
        """Give who is on duty for a holder: themselves, their deputy, or nobody."""
        away = [absence for absence in self._away.get(holder, ()) if absence.covers(on)]
        if not away:
            return holder
        deputies = (absence.deputy for absence in away if absence.deputy)
        return next((who for who in deputies if not any(a.covers(on) for a in self._away.get(who, ()))), "")

    def _kind_of(self, holder: str) -> str:
        organization = self.organizations.get(holder)
        return organization.kind if organization is not None else ""

    def postings_of(self, holder: str, on: dt.date) -> tuple[Posting, ...]:
        """Give the postings of a person or organization on a day."""
        return tuple(posting for posting in self._of.get(holder, ()) if posting.covers(on))

    def acts_for(self, actor: str, party: str) -> bool:
        """Say whether *actor* is *party* or a person of that organization (or of a member of it)."""
        if actor == party:
            return True
        person = self.persons.get(actor)
        organization = person.organization if person else actor
        while organization is not None:
            if organization == party:
                return True
            known = self.organizations.get(organization)
            organization = known.member_of if known else None
        return False

    def name(self, id: str, language: str = "zh") -> str:  # noqa: A002 - the field's word
        """Give a name for people: an organization's own, a person's id (names are not for print)."""
        organization = self.organizations.get(id)
        if organization is not None:
            return organization.zh if language == "zh" else organization.en
        return id

    def with_postings(
        self, added: Sequence[Posting], territory: Territory, *, ended: Mapping[str, tuple[dt.date, str]] | None = None
    ) -> Roster:
        """Give a roster with more postings, checked against *territory*.

        :param ended: id of a posting → its last day, and why it ends.
        :raises SetupError: as :meth:`build`.
        """
        ends = ended or {}
        kept = (
            attrs.evolve(each, until_on=ends[each.id][0], end_reason=ends[each.id][1]) if each.id in ends else each
            for each in self.postings
        )
        return Roster.build(
            territory=territory,
            roles=tuple(self.roles.values()),
            organizations=tuple(self.organizations.values()),
            persons=tuple(self.persons.values()),
            postings=(*kept, *added),
            absences=self.absences,
        )

    @cached_property
    def _at(self) -> dict[tuple[str, str], list[Posting]]:
        return _grouped(self.postings, lambda posting: (posting.role, posting.place))

    @cached_property
    def _on(self) -> dict[str, list[Posting]]:
        return _grouped(self.postings, lambda posting: posting.place)

    @cached_property
    def _of(self) -> dict[str, list[Posting]]:
        return _grouped(self.postings, lambda posting: posting.holder)

    @cached_property
    def _away(self) -> dict[str, list[Absence]]:
        return _grouped(self.absences, lambda absence: absence.holder)

    def role(self, id: str) -> Role:  # noqa: A002 - the field's word
        """Give a role.

        :raises NotFoundError: for an unknown one.
        """
        if id not in self.roles:
            raise NotFoundError(f"there is no role {id!r}{_hint(id, self.roles)}")
        return self.roles[id]


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    found: dict[Key, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def _hint(wrong: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(wrong, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _wrong(code: str, subject: str, column: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"staffing.{code}", subject=subject, column=column, message=message, remedy=remedy)


def _unknown(what: str, wrong: str, known: Mapping[str, object], subject: str, column: str) -> Finding:
    close = get_close_matches(wrong, known, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else f"add that {what} or name another one"
    finding = _wrong(f"unknown-{what}", subject, column, f"{subject} names the unknown {what} {wrong!r}", remedy)
    return attrs.evolve(finding, names=wrong)


def _no_choice(what: str, wrong: str, allowed: frozenset[str], subject: str, column: str) -> Finding:
    message = f"{subject} names the unknown {what} {wrong!r}"
    return _wrong(f"unknown-{what}", subject, column, message, f"one of {', '.join(sorted(allowed))}")


def _check_values(
    territory: Territory,
    roles: Sequence[Role],
    organizations: Sequence[Organization],
    persons: Sequence[Person],
    known_organizations: Mapping[str, Organization],
) -> Iterator[Finding]:
    levels = {level.id: level for level in territory.levels}
    for role in roles:
        if role.level not in levels:
            yield _unknown("level", role.level, levels, role.id, "level")
        if role.cardinality not in CARDINALITIES:
            yield _no_choice("cardinality", role.cardinality, CARDINALITIES, role.id, "cardinality")
        if role.force not in FORCES:
            yield _no_choice("force", role.force, FORCES, role.id, "force")
    for organization in organizations:
        if organization.kind not in ORGANIZATION_KINDS:
            yield _no_choice("organization-kind", organization.kind, ORGANIZATION_KINDS, organization.id, "kind")
        if organization.member_of is not None and organization.member_of not in known_organizations:
            yield _unknown("organization", organization.member_of, known_organizations, organization.id, "member_of")
    for person in persons:
        if person.organization is not None and person.organization not in known_organizations:
            yield _unknown("organization", person.organization, known_organizations, person.id, "organization")
        if person.until_on < person.from_on:
            yield _wrong(
                "dates-out-of-order",
                person.id,
                "until",
                f"{person.id} ends on {person.until_on}, before {person.from_on}",
                "end after start",
            )


def _check_absence(absence: Absence, known: Mapping[str, object]) -> Iterator[Finding]:
    for column, name in (("holder", absence.holder), ("deputy", absence.deputy)):
        if name and name not in known:
            yield _unknown(column, name, known, absence.id, column)
    if absence.until_on < absence.from_on:
        message = f"{absence.holder} is away until {absence.until_on}, before {absence.from_on}"
        yield _wrong("dates-out-of-order", absence.id, "until", message, "end after start")
    if absence.deputy == absence.holder:
        message = f"{absence.holder} stands in for themselves"
        yield _wrong("own-deputy", absence.id, "deputy", message, "name somebody else, or nobody")


def _check_posting(
    posting: Posting,
    territory: Territory,
    roles: Mapping[str, Role],
    organizations: Mapping[str, Organization],
    persons: Mapping[str, Person],
) -> Iterator[Finding]:
    role = roles.get(posting.role)
    if role is None:
        yield _unknown("role", posting.role, roles, posting.id, "role")
    place = territory.nodes.get(posting.place)
    if place is None:
        yield _unknown("place", posting.place, territory.nodes, posting.id, "place")
    elif role is not None and place.level != role.level:
        yield _wrong(
            "wrong-level",
            posting.id,
            "place",
            f"{role.id} is posted on a {place.level} ({place.code})",
            f"post it on a {role.level}",
        )
    if posting.until_on < posting.from_on:
        yield _wrong(
            "dates-out-of-order",
            posting.id,
            "until",
            f"the posting ends on {posting.until_on}, before it starts on {posting.from_on}",
            "end after start",
        )
    person = persons.get(posting.holder)
    if person is None:
        if posting.holder not in organizations:
            yield _unknown("holder", posting.holder, {**persons, **organizations}, posting.id, "holder")
    elif posting.from_on < person.from_on:
        yield _wrong(
            "before-person",
            posting.id,
            "from",
            f"{posting.holder} is posted from {posting.from_on}, but is here only from {person.from_on}",
            f"post from {person.from_on} or later",
        )
    elif posting.from_on > person.until_on:
        yield _wrong(
            "after-person",
            posting.id,
            "from",
            f"{posting.holder} is posted from {posting.from_on}, but left on {person.until_on}",
            "post somebody who is here",
        )


def _check_cardinality(postings: Sequence[Posting], roles: Mapping[str, Role]) -> Iterator[Finding]:
    by_holder: dict[tuple[str, str], list[Posting]] = {}
    by_place: dict[tuple[str, str], list[Posting]] = {}
    for posting in postings:
        role = roles.get(posting.role)
        if role is None:
            continue
        if role.cardinality in ("one-to-one", "many-to-one"):
            by_holder.setdefault((posting.role, posting.holder), []).append(posting)
        if role.cardinality == "one-to-one":
            by_place.setdefault((posting.role, posting.place), []).append(posting)
        by_place.setdefault((f"{posting.role} of {posting.holder}", posting.place), []).append(posting)
    for (role_id, holder), held in by_holder.items():
        for before, after in _overlapping(held):
            yield _wrong(
                "one-place-only",
                after.id,
                "place",
                f"{holder} is {role_id} on {before.place} and on {after.place} at the same time",
                "end one posting before the other begins",
            )
    for (what, place), held in by_place.items():
        for before, after in _overlapping(held):
            yield _wrong(
                "overlapping-postings",
                after.id,
                "from",
                f"{place} has two postings of {what} at the same time: {before.id} and {after.id}",
                "end one before the other begins",
            )


def _overlapping(postings: Sequence[Posting]) -> Iterator[tuple[Posting, Posting]]:
    ordered = sorted(postings, key=lambda posting: posting.from_on)
    for before, after in pairwise(ordered):
        if after.from_on <= before.until_on:
            yield before, after
