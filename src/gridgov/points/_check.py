"""What is wrong with a scheme, and what looks odd about one."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from gridgov.errors import Finding
from gridgov.points._scheme import (
    GOOD_KINDS,
    MAJORITIES,
    MEMBERS,
    SCOPES,
    SIDES,
    TIES,
    WINDOWS,
    Deed,
    Good,
    PointsPolicy,
)

__all__ = ["check_scheme", "review_scheme"]

OUT_OF_LINE = 5
"""A value this many times above or below the usual one of its unit is asked about."""
ALIKE = 0.8
"""Names that share so much of their letters are asked about."""


def _wrong(code: str, subject: str, column: str, message: str, remedy: str) -> Finding:
    return Finding(code=f"points.{code}", subject=subject, column=column, message=message, remedy=remedy)


def check_scheme(
    deeds: Sequence[Deed], goods: Sequence[Good], policy: PointsPolicy, outlets: Mapping[str, object]
) -> Iterator[Finding]:
    """Give every mistake of a scheme: ids twice, values of zero or below, deeds that nobody can earn."""
    twice = [("good", one.id) for one, other in combinations(goods, 2) if one.id == other.id]
    twice += [("deed", one.id) for one, other in combinations(deeds, 2) if one.id == other.id and _overlap(one, other)]
    for what, each in sorted(set(twice)):
        yield _wrong(
            "id-twice", each, "id", f"the {what} {each!r} stands twice", "give each its own id, or other dates"
        )
    for each in sorted({*(deed.id for deed in deeds), *(good.id for good in goods)}):
        if set(each) & set(":@|/ "):
            yield _wrong("bad-id", each, "id", f"the id {each!r} holds a sign that keys are made with", "without :@|/")
    for deed in deeds:
        yield from _check_deed(deed)
    for good in goods:
        yield from _check_good(good, outlets)
    yield from _check_panel(deeds, policy)
    yield from _check_policy(deeds, policy)
    yield from _check_twins(deeds)


def _overlap(one: Deed, other: Deed) -> bool:
    """Say whether there is a day on which both are in force."""
    return one.from_on <= other.until_on and other.from_on <= one.until_on


def _check_deed(deed: Deed) -> Iterator[Finding]:
    if deed.points <= 0:
        yield _wrong("no-points", deed.id, "points", f"{deed.id} earns {deed.points} points", "1 or more")
    elif 0 < deed.month_cap < deed.points:
        message = f"{deed.id} earns {deed.points} at once, above its cap of {deed.month_cap} a month"
        yield _wrong("cap-below-award", deed.id, "month_cap", message, f"{deed.points} or more, or 0 for no cap")
    for cap in deed.caps:
        if cap.per not in WINDOWS or cap.of not in SCOPES:
            message = f"{deed.id} has a cap for each {cap.per} and {cap.of}"
            yield _wrong("bad-cap", deed.id, "caps", message, f"{'|'.join(WINDOWS)} and {'|'.join(SCOPES)}")
        elif cap.points < deed.points:
            message = f"{deed.id} earns {deed.points} at once, above its cap of {cap.points} a {cap.per}"
            yield _wrong("cap-below-award", deed.id, "caps", message, f"{deed.points} or more")
    if deed.until_on < deed.from_on:
        yield _wrong("dates-out-of-order", deed.id, "until", f"{deed.id} ends before it starts", "end after start")
    if not deed.members or not set(deed.members) <= set(MEMBERS):
        message = f"nobody can earn {deed.id}: it is for {', '.join(deed.members) or 'nobody'}"
        yield _wrong("nobody-earns-it", deed.id, "members", message, f"some of {', '.join(MEMBERS)}")
    yield from _below_zero(deed.id, {"month_cap": deed.month_cap})
    if any(":" in kind for kind in deed.evidence):
        message = f"{deed.id} asks for evidence of a kind with a colon, which no claim can bring"
        yield _wrong("nobody-earns-it", deed.id, "evidence", message, "kinds only: photo|witness")
    if deed.cooldown_days < 0:
        message = f"{deed.id} rests {deed.cooldown_days} days"
        yield _wrong("bad-cooldown", deed.id, "cooldown_days", message, "0 or more")


def _check_good(good: Good, outlets: Mapping[str, object]) -> Iterator[Finding]:
    if good.price <= 0:
        yield _wrong("no-price", good.id, "price", f"{good.id} costs {good.price} points", "1 or more")
    if good.outlet not in outlets:
        yield _wrong("unknown-outlet", good.id, "outlet", f"there is no outlet {good.outlet!r}", "add it")
    yield from _below_zero(good.id, {"limit": good.limit, "household_limit": good.household_limit})
    if good.kind not in GOOD_KINDS:
        yield _wrong("bad-kind", good.id, "kind", f"{good.id} is of kind {good.kind!r}", " or ".join(GOOD_KINDS))
    if good.limit_per and good.limit_per not in WINDOWS:
        message = f"{good.id} is limited for each {good.limit_per!r}"
        yield _wrong("bad-window", good.id, "limit_per", message, f"one of {', '.join(WINDOWS)}, or empty for ever")


def _below_zero(subject: str, numbers: Mapping[str, int]) -> Iterator[Finding]:
    for column, value in numbers.items():
        if value < 0:
            yield _wrong("below-zero", subject, column, f"{subject} says {value} for {column}", "0 or more")


def _check_panel(deeds: Sequence[Deed], policy: PointsPolicy) -> Iterator[Finding]:
    people = [member.person for member in policy.panel]
    for person in sorted({each for each in people if people.count(each) > 1}):
        yield _wrong("member-twice", person, "panel", f"{person} is on the panel twice", "for one side")
    if deeds and policy.quorum < 1:
        yield _wrong("no-quorum", policy.book, "quorum", f"a sitting of {policy.quorum} decides nothing", "1 or more")
    for member in policy.panel:
        if member.side not in SIDES:
            message = f"{member.person} stands for the unknown side {member.side!r}"
            yield _wrong("unknown-side", member.person, "side", message, f"one of {', '.join(SIDES)}")
    if deeds and policy.quorum > len(policy.panel):
        message = f"a sitting needs {policy.quorum} members, the panel has {len(policy.panel)}"
        yield _wrong("no-quorum", policy.book, "quorum", message, "lower the quorum or name more members")
    if deeds and policy.sides_min > len({member.side for member in policy.panel}):
        message = f"a sitting needs {policy.sides_min} sides, the panel has fewer"
        yield _wrong("sides-missing", policy.book, "sides_min", message, "name members of more sides")


def _check_policy(deeds: Sequence[Deed], policy: PointsPolicy) -> Iterator[Finding]:
    leagues = [league.id for league in policy.leagues]
    for each in sorted({each for each in leagues if leagues.count(each) > 1}):
        yield _wrong("id-twice", each, "leagues", f"the league {each!r} stands twice", "give each its own id")
    names = ("reversal_days", "grace_days", "voucher_days", "offline_days", "freeze_days_max")
    yield from _below_zero(policy.book, {name: getattr(policy, name) for name in names})
    buys = {*policy.goods, *(good.outlet for good in policy.goods.values())}
    for deed in deeds:
        for name in deed.only:
            if name not in buys:
                message = f"the points of {deed.id} are for {name!r}, which nobody offers"
                yield _wrong("unknown-good", deed.id, "only", message, "ids of goods or outlets")
    for value, known, column in ((policy.majority, MAJORITIES, "majority"), (policy.ties, TIES, "ties")):
        if value not in known:
            message = f"the policy says {value!r} for {column}"
            yield _wrong("bad-choice", policy.book, column, message, f"one of {', '.join(known)}")
    lasts = (policy.lasts_days, policy.lasts_months, policy.lasts_quarters, policy.lasts_years)
    if sum(map(bool, lasts)) > 1 or min(lasts) < 0:
        message = "points last a number of days, months, quarters or years"
        yield _wrong("bad-choice", policy.book, "lasts_months", message, "give one of the four, or none")
    for league in policy.leagues:
        if not league.members or not set(league.members) <= set(MEMBERS):
            message = f"the league {league.id} is for {', '.join(league.members) or 'nobody'}"
            yield _wrong("bad-choice", league.id, "leagues", message, f"some of {', '.join(MEMBERS)}")


def _check_twins(deeds: Sequence[Deed]) -> Iterator[Finding]:
    names = [(deed.zh.strip(), deed.en.strip().lower(), deed) for deed in deeds]
    for (zh, en, one), (zh2, en2, other) in combinations(names, 2):
        if one.id != other.id and _overlap(one, other) and (zh == zh2 or en == en2):
            message = f"{one.id} and {other.id} are one deed under two names: it could be earned twice"
            yield _wrong("earned-twice", other.id, "zh", message, "keep one of them, or tell them apart")


def review_scheme(policy: PointsPolicy) -> Iterator[Finding]:
    """Give what looks odd and may be meant: values out of line, names alike, caps that waste points, no wishes."""
    deeds = list(policy.deeds.values())
    for unit in sorted({deed.unit for deed in deeds}):
        values = [deed.points for deed in deeds if deed.unit == unit]
        usual = statistics.median(values)
        for deed in deeds:
            if deed.unit == unit and not usual / OUT_OF_LINE <= deed.points <= usual * OUT_OF_LINE:
                message = f"{deed.id} earns {deed.points} a {unit}, where {usual:g} is usual"
                yield _wrong("out-of-line", deed.id, "points", message, "say in wishes why, or bring it into line")
    for one, other in combinations(deeds, 2):
        alike = max(SequenceMatcher(None, one.zh, other.zh).ratio(), SequenceMatcher(None, one.en, other.en).ratio())
        if one.zh != other.zh and one.en != other.en and alike >= ALIKE:
            message = f"{one.id} and {other.id} sound alike; one deed might be claimed under both"
            yield _wrong("names-alike", other.id, "zh", message, "tell them apart")
    for deed in deeds:
        caps = [cap.points for cap in deed.caps] + ([deed.month_cap] if deed.month_cap else [])
        for cap in caps:
            if cap % deed.points:
                message = f"a cap of {cap} cannot be reached with {deed.points} at a time"
                yield _wrong("cap-not-reached", deed.id, "caps", message, f"a multiple of {deed.points}")
        if not deed.wishes:
            message = f"nothing says what residents wished when {deed.id} was valued"
            yield _wrong("no-wishes", deed.id, "wishes", message, "note what was heard, and when")
