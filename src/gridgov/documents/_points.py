"""The scheme of points: rows of deeds and goods, and the part of setup.yaml, made into policies by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from gridgov.documents import _models as m
from gridgov.points import Cap, Deed, Good, League, PanelMember, PointsPolicy
from gridgov.policy import Dated, Timeline
from gridgov.worktime import Limit

__all__ = ["deed_of", "good_of", "parse_cap", "policies_of"]

DAY = dt.timedelta(days=1)


def parse_cap(text: str) -> Cap:
    """Read a cap: ``20/week``, ``40/month/household``, ``2000/quarter/community``.

    :raises ValueError: says how it is written.
    """
    parts = text.split("/")
    if len(parts) not in (2, 3) or not parts[0].isdecimal():
        raise ValueError(
            f"a cap is written POINTS/WINDOW or POINTS/WINDOW/WHOSE, like 40/month/household, not {text!r}"
        )
    return Cap(points=int(parts[0]), per=parts[1], of=parts[2] if len(parts) == 3 else "account")


def deed_of(row: m.DeedRow) -> Deed:
    """Give the deed of a row.

    :raises ValueError: for a cap that cannot be read.
    """
    values = row.model_dump()
    values["from_on"] = values["from_on"] or dt.date.min
    values["until_on"] = values["until_on"] or dt.date.max
    values["caps"] = tuple(parse_cap(text) for text in values["caps"])
    return Deed(**values)


def good_of(row: m.GoodRow) -> Good:
    """Give the good of a row."""
    return Good(**row.model_dump())


def policies_of(
    part: m.PointsPart, deeds: Sequence[Deed], goods: Sequence[Good], limits: Mapping[str, Limit]
) -> Timeline[PointsPolicy]:
    """Give the policy of every day: a deed may stand on several rows, each in force at another time."""
    own = {"window", "decide_within", "appeal_within", "panel", "leagues", "thanks"}
    common: dict[str, Any] = {name: value for name, value in part.model_dump().items() if name not in own}
    common |= limits
    days = {deed.from_on for deed in deeds} | {deed.until_on + DAY for deed in deeds if deed.until_on < dt.date.max}
    return Timeline(
        tuple(
            Dated(
                PointsPolicy(
                    **common,
                    deeds=_in_force(deeds, day),
                    goods={good.id: good for good in goods},
                    panel=tuple(PanelMember(member.person, member.side) for member in part.panel),
                    leagues=tuple(League(**league.model_dump()) for league in part.leagues),
                ),
                day,
            )
            for day in sorted(days | {dt.date.min})
        )
    )


def _in_force(deeds: Sequence[Deed], day: dt.date) -> dict[str, Deed]:
    """Give each deed as it is on a day; one that is not in force stands as it was or will be, with its dates."""
    found: dict[str, Deed] = {}
    for deed in deeds:
        if deed.id not in found or deed.from_on <= day <= deed.until_on:
            found[deed.id] = deed
    return found
