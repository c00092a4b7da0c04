"""What a place thanks for, and with what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import attrs

from gridgov.errors import Finding
from gridgov.worktime import Limit, LimitKind

__all__ = ["Deed", "Good", "PanelMember", "PointsPolicy", "check_scheme"]

SIDES = ("community-worker", "grid-worker", "resident", "supervision-committee")
"""社区工作者, 网格员, 居民代表, 监督委员会成员: the four sides of the panel."""


@attrs.frozen(kw_only=True)
class Deed:
    """A listed deed and what it earns.

    :param points: for one time, above zero.
    :param month_cap: the most points that one account can earn with it in a month; 0 for no cap.
    """

    id: str
    category: str
    zh: str
    en: str
    points: int
    month_cap: int = 0
    from_on: dt.date = dt.date.min
    until_on: dt.date = dt.date.max


@attrs.frozen(kw_only=True)
class Good:
    """Something that an outlet gives for points.

    :param price: in points, above zero; :param limit: how many one account may have, 0 for no limit.
    """

    id: str
    outlet: str
    zh: str
    en: str
    price: int
    limit: int = 0


@attrs.frozen
class PanelMember:
    """A member of the review panel and the side that they stand for."""

    person: str
    side: str


def _three_days() -> Limit:
    return Limit(3, LimitKind.WORKING_DAYS)


@attrs.frozen(kw_only=True)
class PointsPolicy:
    """What a place decides about points.

    :param book: the name of the programme; the unit of its ledger.
    :param quorum: how many members a sitting needs, from at least *sides_min* sides.
    :param window: how long an award stands published before it counts; starts when the
        publication is confirmed.
    :param lasts_months: after how many whole months a lot expires, at the end of that month; 0 for never.
    """

    book: str = "points"
    deeds: Mapping[str, Deed] = attrs.field(factory=dict)
    goods: Mapping[str, Good] = attrs.field(factory=dict)
    panel: tuple[PanelMember, ...] = ()
    quorum: int = 1
    sides_min: int = 1
    window: Limit = attrs.field(factory=_three_days)
    lasts_months: int = 0


def check_scheme(
    deeds: Sequence[Deed], goods: Sequence[Good], policy: PointsPolicy, outlets: Mapping[str, object]
) -> Iterator[Finding]:
    """Give every mistake of a scheme: ids twice, values of zero or below, caps that nobody can use."""

    def wrong(code: str, subject: str, column: str, message: str, remedy: str) -> Finding:
        return Finding(code=f"points.{code}", subject=subject, column=column, message=message, remedy=remedy)

    for what, ids in (("deed", [deed.id for deed in deeds]), ("good", [good.id for good in goods])):
        for each in sorted({each for each in ids if ids.count(each) > 1}):
            yield wrong("id-twice", each, "id", f"the {what} {each!r} stands twice", "give each its own id")
    for deed in deeds:
        if deed.points <= 0:
            yield wrong("no-points", deed.id, "points", f"{deed.id} earns {deed.points} points", "1 or more")
        elif 0 < deed.month_cap < deed.points:
            message = f"{deed.id} earns {deed.points} at once, above its cap of {deed.month_cap} a month"
            yield wrong("cap-below-award", deed.id, "month_cap", message, f"{deed.points} or more, or 0 for no cap")
        if deed.until_on < deed.from_on:
            yield wrong("dates-out-of-order", deed.id, "until", f"{deed.id} ends before it starts", "end after start")
    for good in goods:
        if good.price <= 0:
            yield wrong("no-price", good.id, "price", f"{good.id} costs {good.price} points", "1 or more")
        if good.outlet not in outlets:
            yield wrong("unknown-outlet", good.id, "outlet", f"there is no outlet {good.outlet!r}", "add it")
    for member in policy.panel:
        if member.side not in SIDES:
            message = f"{member.person} stands for the unknown side {member.side!r}"
            yield wrong("unknown-side", member.person, "side", message, f"one of {', '.join(SIDES)}")
    if deeds and policy.quorum > len(policy.panel):
        message = f"a sitting needs {policy.quorum} members, the panel has {len(policy.panel)}"
        yield wrong("no-quorum", policy.book, "quorum", message, "lower the quorum or name more members")
