"""What another rulebook would have decided: the same cases through both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import attrs

from gridgov.errors import RefusalError
from gridgov.routing._book import Rulebook
from gridgov.routing._facts import Facts
from gridgov.routing._rule import ANSWERS, Then
from gridgov.territory import Territory

__all__ = ["Change", "Replay", "replay", "what_differs"]

NOBODY = Then()
DIMENSIONS = ("department", "grid", "kind", "deadline")


@attrs.frozen
class Change:
    """A case that the two rulebooks decide differently.

    :param old: the rule, empty where none took the case, ``!CODE`` where it was refused.
    :param what: which answers differ; empty where only the rule does.
    """

    case: str
    kind: str
    place: str
    old: str
    new: str
    old_then: Then
    new_then: Then
    what: tuple[str, ...]


@attrs.frozen(eq=False)
class Replay:
    """What changes, case by case and counted.

    :param count: how many cases were replayed.
    :param changes: those with another answer, or refused by one of the two.
    :param renamed: how many come to the same answer by another rule.
    :param refused: how many the new rulebook refuses, because they do not state what it asks for.
    """

    old: str
    new: str
    count: int
    changes: tuple[Change, ...]
    renamed: int
    refused: int
    _territory: Territory = attrs.field(repr=False)

    @cached_property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Count the changes by ``department``, ``grid``, ``kind`` and ``deadline``, the most frequent first.

        Departments and deadlines are written ``old → new`` and counted where they differ.
        """
        told = {name: Counter(self._values(name)) for name in DIMENSIONS}
        return {name: dict(counter.most_common()) for name, counter in told.items()}

    def _values(self, name: str) -> Iterator[str]:
        for change in self.changes:
            match name:
                case "department":
                    if "lead" in change.what:
                        yield f"{change.old_then.lead or '-'} → {change.new_then.lead or '-'}"
                case "deadline":
                    if "limit" in change.what or "calendar" in change.what:
                        yield " → ".join(
                            then.limit.in_("zh") if then.limit else "-" for then in (change.old_then, change.new_then)
                        )
                case "grid":
                    yield (self._territory.up(change.place, "grid") if change.place in self._territory else None) or "-"
                case _:
                    yield change.kind


def what_differs(one: Then, other: Then) -> tuple[str, ...]:
    """Name the answers in which two rules differ."""
    return tuple(name for name in ANSWERS["first"] if getattr(one, name) != getattr(other, name))


def replay(cases: Iterable[tuple[str, Facts]], old: Rulebook, new: Rulebook, territory: Territory) -> Replay:
    """Decide cases by two rulebooks and give every difference.

    :param cases: (id, facts), as often as wanted; a fact that a rulebook asks for and a case does not
        state is a difference like any other, and told as ``!routing.missing-fact``.
    """
    changes = []
    count = renamed = refused = 0
    # With rules alone, the answer hangs on the two rules only: compare each pair once.
    plain = old.is_plain and new.is_plain
    compared: dict[tuple[str, str], tuple[str, ...]] = {}
    for case, facts in cases:
        count += 1
        before, old_then = _answer(old, facts, territory)
        after, new_then = _answer(new, facts, territory)
        refused += after.startswith("!")
        if before == after and old_then is new_then:
            continue
        what = compared.get((before, after)) if plain else None
        if what is None:
            what = compared[before, after] = what_differs(old_then, new_then)
        if what or before.startswith("!") != after.startswith("!"):
            place, kind = str(facts.get("place", "")), str(facts.get("kind", ""))
            changes.append(Change(case, kind, place, before, after, old_then, new_then, what))
        elif before != after:
            renamed += 1
    return Replay(old.version, new.version, count, tuple(changes), renamed, refused, territory)


def _answer(book: Rulebook, facts: Facts, territory: Territory) -> tuple[str, Then]:
    try:
        rule, then = book.answer(facts, territory)
    except RefusalError as error:
        return f"!{error.code}", NOBODY
    return (rule.id, then) if rule is not None and then is not None else ("", NOBODY)
