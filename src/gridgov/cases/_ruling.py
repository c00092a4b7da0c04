"""How a case is put before the rules: what is known of it, what they say, who that is here and today.

Two rulebooks may be asked. One acts; a **shadow** decides beside it, and where it would have
decided otherwise that is noted as an event, so that a new table can be watched on real cases
before it is adopted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import attrs

from gridgov.access import kind_of_actor
from gridgov.cases import _events as e
from gridgov.cases._given import TAG, CaseGiven, mode_of, refuse
from gridgov.cases._route import Route
from gridgov.cases._state import CaseFile
from gridgov.decider import Subjects
from gridgov.errors import RefusalError, as_code
from gridgov.escalation import Deadline, Ladder, start_deadline
from gridgov.routing import FACTS, Fact, FactValue, Ruling, Then, check_value, what_differs
from gridgov.worktime import Limit

__all__ = ["check_facts", "route_of", "shadowed"]

NOTHING = Then()
LONG_NUMBER = 100_000


def check_facts(stated: Mapping[str, FactValue], given: CaseGiven) -> None:
    """Refuse facts that are not declared, or are stated as something that they cannot be."""
    known = {**(given.shadow.facts if given.shadow is not None else {}), **given.rules.facts}
    declared = {name: fact for name, fact in known.items() if name not in FACTS}
    for name, value in stated.items():
        fact = declared.get(name)
        if fact is None:
            close = get_close_matches(name, declared, n=1)
            hint = f"did you mean {close[0]}?" if close else f"declared are {', '.join(sorted(declared)) or 'none'}"
            refuse("case.unknown-fact", f"there is no fact {as_code(name)}; {hint}", fact=as_code(name))
        check_value(fact, value)
        if isinstance(value, int) and fact.most is None and abs(value) >= LONG_NUMBER:
            refuse("case.bad-fact", f"the {fact.en} of a case is no number of six digits or more", fact=name)
        for word in _words(value):
            _check_word(word, fact)


def _words(value: FactValue) -> tuple[str, ...]:
    if isinstance(value, int):
        return ()
    return value if isinstance(value, tuple) else (value,)


def _check_word(word: str, fact: Fact) -> None:
    if fact.domain:
        if word not in fact.domain:
            known = ", ".join(each for each in fact.domain if each)
            refuse("case.bad-fact", f"{as_code(word)} is no {fact.en}; one of {known}", fact=fact.name)
    elif word and not TAG.fullmatch(word):
        # It stands in the store for ever: a name or a telephone number must not.
        message = f"the {fact.en} of a case is a word of at most 32 letters, without spaces or long numbers"
        refuse("case.bad-fact", message, fact=fact.name)


def _facts(
    case: e.CaseOpened | CaseFile, reported_at: dt.datetime, subjects: Subjects, given: CaseGiven
) -> dict[str, FactValue]:
    local = given.calendar.local(reported_at)
    return {
        "kind": case.kind,
        "place": case.place,
        "grid_kind": given.territory[case.grid].kind if case.grid else "",
        "covered_by": tuple(_covering(case.place, given)),
        "source": case.source,
        "reporter": kind_of_actor(case.reporter, given.roster) if case.reporter else "anonymous",
        "affair": case.affair,
        "co_governor": case.co_governor,
        "urgency": case.urgency,
        "size": case.size,
        "severity": case.severity,
        "departments": case.departments,
        "repeats": case.repeats,
        "time": local.hour * 60 + local.minute,
        "day": given.calendar.kind(local.date()).value,
        "mode": mode_of(subjects).name,
        "tag": case.tags,
        **case.facts,
    }


def _covering(place: str, given: CaseGiven) -> Iterator[str]:
    """Give the leaders and organizations that cover a place (包抓), the nearest of each role."""
    for role in given.policy.covering:
        # Who covers a place covers it on leave as well.
        held = (given.roster.holders(role, code, given.day) for code in given.territory.path(place))
        yield from next((holders for holders in held if holders), ())


def route_of(
    case: e.CaseOpened | CaseFile,
    start: dt.datetime,
    agreed_at: dt.datetime | None,
    subjects: Subjects,
    given: CaseGiven,
) -> Route:
    """Let the rules decide; where none takes the case, the desk. The clock runs, whatever the mode.

    :param start: of the clock: when the matter was reported, whenever it is decided.
    :param agreed_at: replaces the rule's limit.
    :raises RefusalError: ``routing.missing-fact``, ``routing.bad-fact`` or ``routing.unanswered``.
    """
    facts = _facts(case, start, subjects, given)
    ruling = given.rules.decide(facts, given.territory)
    near = given.rules.near_misses(facts, given.territory, met=1)
    if ruling is None:
        return Route(
            rule="",
            band="",
            table=given.rules.version,
            facts=facts,
            near_misses=near,
            passed_over=len(given.rules.rules.rules),
            lead=given.party("desk", case.place),
            deadline=_deadline(start, NOTHING, agreed_at, given),
        )
    rule, then = ruling.decision.rule, ruling.then
    return Route(
        rule=rule.id,
        band=rule.band,
        table=given.rules.version,
        origin=rule.origin,
        facts=facts,
        hits=ruling.decision.hits,
        later=ruling.decision.later,
        near_misses=near,
        passed_over=ruling.decision.passed_over,
        limited_by=ruling.limited_by,
        pressed_by=ruling.pressed_by,
        joined_by=ruling.joined_by,
        lead=given.party(then.lead, case.place),
        supporting=tuple(given.party(target, case.place) for target in then.supporting),
        informed=tuple(given.party(target, case.place) for target in then.informed),
        deadline=_deadline(start, then, agreed_at, given),
        on_the_spot=then.on_the_spot,
        tell_zh=then.tell_zh,
        tell_en=then.tell_en,
    )


def _deadline(start: dt.datetime, then: Then, agreed_at: dt.datetime | None, given: CaseGiven) -> Deadline:
    limit: Limit = then.limit or given.policy.desk_limit
    ladder: Ladder | None = given.ladders.get(then.ladder or given.policy.desk_ladder)
    return start_deadline(start, given.calendar_named(then.calendar), ladder, limit=limit, agreed_at=agreed_at)


def shadowed(case: str, route: Route, given: CaseGiven) -> list[e.CaseEvent]:
    """Say what the shadow would have decided, where that is something else."""
    if given.shadow is None:
        return []
    acted = _answer(given.rules.decide(route.facts, given.territory), given)
    refusal = ""
    shadow: Ruling | None = None
    try:
        shadow = given.shadow.decide(route.facts, given.territory)
    except RefusalError as error:
        refusal = error.code
    then = _answer(shadow, given)
    what = what_differs(acted, then)
    if not what and not refusal:
        return []
    fresh = e.CaseShadowed(
        case=case,
        at=given.at,
        by="system:routing",
        table=given.shadow.version,
        rule=shadow.decision.rule.id if shadow is not None else "",
        refusal=refusal,
        what=what,
        lead=then.lead,
        limit=_in_words(then),
        was_lead=acted.lead,
        was_limit=_in_words(acted),
    )
    return [fresh]


def _answer(ruling: Ruling | None, given: CaseGiven) -> Then:
    """Give what follows from a ruling: where none takes the case, or says by when, the desk and its limit."""
    then = ruling.then if ruling is not None else Then(lead="desk")
    return attrs.evolve(
        then, limit=then.limit or given.policy.desk_limit, ladder=then.ladder or given.policy.desk_ladder
    )


def _in_words(then: Then) -> str:
    return then.limit.in_("zh") if then.limit is not None else ""
