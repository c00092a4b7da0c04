"""Tests beside the rules: a case as the office would describe it, and what the rules must say of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import attrs

from gridgov.errors import Finding, RefusalError
from gridgov.routing._book import Rulebook, Ruling
from gridgov.routing._catalog import Catalog
from gridgov.routing._check import Names
from gridgov.routing._facts import Fact, FactValue, check_value, minute_of
from gridgov.territory import Territory
from gridgov.worktime import parse_limit

__all__ = ["EXPECTED", "Example", "check_examples", "parse_value", "usual_facts"]

EXPECTED = ("rule", "lead", "supporting", "informed", "limit", "ladder")
"""What an example may expect."""
NONE = "-"


@attrs.frozen(kw_only=True)
class Example:
    """A case and what must come of it.

    :param stated: fact → value as a cell would write it; what is left out is as usual, see
        :func:`usual_facts`.
    :param expects: one or more of :data:`EXPECTED` → as a rule writes it; ``-`` for nothing.
    :param on: the day whose rules are asked; None for the day that the check is made for.
    """

    id: str
    stated: Mapping[str, str]
    expects: Mapping[str, str]
    on: dt.date | None = None


def parse_value(fact: Fact, text: str) -> FactValue:
    """Read the value of a fact: ``3``, ``22:30``, ``a|b`` for tags, text as it stands.

    :raises ValueError: says what would be right.
    """
    text = text.strip()
    try:
        if fact.type in ("number", "time"):
            value: FactValue = minute_of(text) if fact.type == "time" else int(text)
        elif fact.type == "tags":
            value = tuple(part.strip() for part in text.split("|") if part.strip())
        else:
            value = text
        check_value(fact, value)
    except (ValueError, RefusalError):
        right = {"number": "a whole number", "time": "a time as in 22:30"}.get(fact.type, "a value")
        raise ValueError(f"{text!r} is no {fact.en}; write {right}") from None
    words = value if isinstance(value, tuple) else (text,)
    for word in words:
        if fact.domain and word not in fact.domain:
            raise ValueError(f"{word!r} is no {fact.en}; one of {', '.join(each for each in fact.domain if each)}")
    return value


def usual_facts(kind: str, place: str, catalog: Catalog, territory: Territory) -> dict[str, FactValue]:
    """Give the facts of an ordinary case: a resident reports it by day in peacetime, nothing special.

    :raises NotFoundError: for an unknown kind or place.
    """
    known = catalog[kind]
    grid = territory.up(place, "grid")
    return {
        "kind": kind,
        "place": place,
        "grid_kind": territory[grid].kind if grid else "",
        "covered_by": (),
        "source": "resident",
        "reporter": "resident",
        "affair": known.affair,
        "co_governor": known.co_governor,
        "urgency": known.urgency,
        "size": known.size,
        "severity": 0,
        "departments": 1,
        "repeats": 0,
        "time": 10 * 60,
        "day": "working",
        "mode": "peacetime",
        "tag": (),
    }


def check_examples(
    book: Rulebook, examples: Mapping[str, Example], names: Names, *, on: dt.date = dt.date.max
) -> Iterator[Finding]:
    """Give every example that comes out otherwise.

    :param examples: id → example; :param on: the day whose rules are asked where an example names none.
    """
    rules = {rule.id for rule in book.rules.rules}
    for example in examples.values():
        day = example.on or on
        wanted = example.expects.get("rule", NONE)
        if wanted not in (NONE, *rules):
            yield _wrong(example, "rule", f"there is no rule {wanted!r}")
            continue
        yield from _check(example, book, names, day)


def _check(example: Example, book: Rulebook, names: Names, on: dt.date) -> Iterator[Finding]:
    try:
        facts = _facts(example, book, names)
        ruling = book.on(on).decide(facts, names.territory)
    except (ValueError, RefusalError) as error:
        yield _wrong(example, "", str(error))
        return
    for what, expected in example.expects.items():
        got = _got(what, ruling)
        try:
            wanted = _normal(what, expected)
        except ValueError as error:
            yield _wrong(example, what, str(error))
            continue
        if wanted != got:
            by = f", by the rule {ruling.decision.rule.id}" if ruling is not None and what != "rule" else ""
            asked = "" if on == dt.date.max else f" on {on}"
            message = f"the {what} is {got or NONE!r}{by}{asked}, and was expected to be {expected!r}"
            yield _wrong(example, what, message)


def _facts(example: Example, book: Rulebook, names: Names) -> dict[str, FactValue]:
    kind, place = example.stated.get("kind", ""), example.stated.get("place", "") or names.territory.root
    if kind not in names.catalog:
        raise ValueError(f"there is no kind {kind!r}{names.catalog.hint(kind)}")
    if place not in names.territory:
        raise ValueError(f"there is no place {place!r}")
    facts = usual_facts(kind, place, names.catalog, names.territory)
    return facts | {name: parse_value(book.facts[name], text) for name, text in example.stated.items() if text}


def _got(what: str, ruling: Ruling | None) -> str:
    if ruling is None:
        return ""
    if what == "rule":
        return ruling.decision.rule.id
    answer = getattr(ruling.then, what)
    if what == "limit":
        return answer.in_("zh") if answer is not None else ""
    return "|".join(answer) if isinstance(answer, tuple) else str(answer)


def _normal(what: str, expected: str) -> str:
    expected = "" if expected == NONE else expected
    if what == "limit" and expected:
        return parse_limit(expected).in_("zh")
    return "|".join(part.strip() for part in expected.split("|"))


def _wrong(example: Example, column: str, message: str) -> Finding:
    return Finding(
        code="routing.example-fails",
        subject=example.id,
        column=column,
        message=f"the example {example.id}: {message}",
        remedy="mend the rules, or the example",
    )
