"""What a decision about points rests on, and what every decision asks first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NoReturn

import attrs

from gridgov.access import AccessPolicy, check_access
from gridgov.decider import CLOCKS_DIFFER, Subjects
from gridgov.errors import RefusalError, as_code
from gridgov.escalation import Ladder
from gridgov.points import _events as e
from gridgov.points._scheme import PointsPolicy
from gridgov.points._state import Account, Award, AwardFile, Community, Household, Lot, Periods
from gridgov.proofs import Sealed
from gridgov.staffing import Roster
from gridgov.territory import Territory
from gridgov.worktime import Calendar

__all__ = [
    "PointsGiven",
    "account_of",
    "acts_for",
    "award_of",
    "by_the_clock",
    "check_budget",
    "clock_only",
    "concerned",
    "entry",
    "household_of",
    "may",
    "month_after",
    "moved_lot",
    "of_award",
    "opaque",
    "reason_of",
    "refuse",
    "stamp",
    "wrong_state",
]


@attrs.frozen(kw_only=True, eq=False)
class PointsGiven:
    """What a decision about points rests on, besides the ledger.

    :param schemes: the policy of any day, for deeds that are judged by the scheme of theirs; None:
        *policy* holds on every day.
    :param version: digest of the scheme, for the events; :param day: the local day of the decision.
    """

    at: dt.datetime
    by: str
    command_id: str
    territory: Territory
    roster: Roster
    access: AccessPolicy
    calendar: Calendar
    policy: PointsPolicy
    sealed: Mapping[str, Sealed] = attrs.field(factory=dict)
    ladders: Mapping[str, Ladder] = attrs.field(factory=dict)
    schemes: Any = None
    version: str = ""
    day: dt.date = attrs.field()

    @day.default
    def _local_day(self) -> dt.date:
        return self.calendar.local(self.at).date()

    def policy_on(self, day: dt.date) -> PointsPolicy:
        """Give the policy that was in force on a day."""
        if self.schemes is None:
            return self.policy
        found: PointsPolicy = self.schemes.on(day)
        return found


def refuse(code: str, message: str, **facts: object) -> NoReturn:
    raise RefusalError(f"points.{code}", message, **facts)


def may(command: Any, given: PointsGiven, place: str = "") -> None:
    """Let a command pass, or refuse it for want of leave.

    :param place: where it acts, for leave that holds on some places only; empty where it says none.
    """
    check_access(
        given.access,
        type(command).__name__,
        by=given.by,
        place=place or None,
        roster=given.roster,
        territory=given.territory,
        on=given.day,
    )


def by_the_clock(given: PointsGiven) -> bool:
    """Say whether the office itself asks."""
    return given.by.startswith("system:")


def clock_only(given: PointsGiven) -> None:
    if not by_the_clock(given):
        refuse("clock-only", "only the clock asks for this; call tick", by=given.by)


def month_after(month: str) -> str:
    """Give the month after one, ``"2026-12"`` → ``"2027-01"``."""
    year, number = map(int, month.split("-"))
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def stamp(subjects: Subjects, given: PointsGiven, rule: str) -> dict[str, Any]:
    """Give what every event says: when, by whom, in which month it is booked, by which rule.

    What the clock does late is booked in the first open month; nobody else reaches into a closed one.
    """
    periods: Periods | None = subjects.get("periods")
    period = f"{given.day:%Y-%m}"
    if periods is not None and period <= periods.closed:
        if not by_the_clock(given):
            refuse(
                "period-closed",
                f"{period} was closed; say it now, with what it corrects",
                period=period,
                closed=periods.closed,
            )
        period = month_after(periods.closed)
    return {"at": given.at, "by": given.by, "period": period, "rule": rule, "version": given.version}


def opaque(typed: str, what: str) -> None:
    """Refuse an id that looks like a name: it would stand in the ledger for ever."""
    if as_code(typed) != repr(typed):
        refuse("not-an-id", f"{what} is an opaque id of letters, digits and .:/@+-_, not a name")


def entry(unit: str, account: str, bucket: str, delta: int, lot: str = "") -> e.Entry:
    """Write one line."""
    return e.Entry(account=account, unit=unit, bucket=bucket, delta=delta, lot=lot)


def moved_lot(lot: Lot) -> e.LotMoved:
    """Give what a lot brings along to another account."""
    return e.LotMoved(
        lot=lot.id,
        unit=lot.unit,
        earned_at=lot.earned_at,
        expires_on=lot.expires_on,
        expires_at=lot.expires_at,
        only=lot.only,
    )


def account_of(account: str, subjects: Subjects) -> Account:
    """Give an account; one on which nothing was booked is empty."""
    found: Account | None = subjects.get(f"account:{account}")
    return found or Account(id=account)


def household_of(household: str, subjects: Subjects) -> Household | None:
    """Give a household, None if there is none."""
    return subjects.get(household) if household.startswith("household:") else None


def award_of(award: str, subjects: Subjects, given: PointsGiven) -> Award:
    """Give an award; refuse for one that is not there, or an instant before what has happened to it."""
    found: Award | None = subjects.get(f"award:{award}")
    if found is None:
        refuse("unknown-award", f"there is no award {as_code(award)}")
    if given.at < found.file.changed_at - CLOCKS_DIFFER and not by_the_clock(given):
        refuse("before-its-past", f"something has happened to the award {award} since then", award=award)
    return found


def wrong_state(award: Award, what: str) -> NoReturn:
    state = type(award).__name__.lower()
    refuse("wrong-state", f"the award {award.file.id} is {state}; it cannot be {what} now", state=state)


def of_award(file: AwardFile) -> dict[str, Any]:
    """Give what every event of an award says about it."""
    return {
        "award": file.id,
        "account": file.account,
        "deed": file.deed,
        "month": file.month,
        "payee": file.payee if file.payee != file.account else "",
        "counted": file.counted,
    }


def acts_for(account: str, subjects: Subjects, given: PointsGiven) -> bool:
    """Say whether the actor may act for an account: their own, their household's, their organization's."""
    if given.by == account:
        return True
    house = household_of(account, subjects)
    while house is not None and house.merged_into:  # what came back to it later is theirs
        house = household_of(house.merged_into, subjects)
    if house is not None:
        return given.by in house.members_on(given.day)
    return account in given.roster.organizations and given.roster.acts_for(given.by, account)


def concerned(who: str, file: AwardFile, subjects: Subjects, given: PointsGiven) -> bool:
    """Say whether somebody gains from an award: it is theirs, their household's or organization's, or comes to them."""
    gaining = {file.account, file.payee, account_of(file.account, subjects).household_on(given.day)} - {""}
    for account in (file.account, file.payee):
        heir = account_of(account, subjects).heir
        while heir:
            gaining.add(heir)
            heir = account_of(heir, subjects).heir
    for account in gaining:
        house = household_of(account, subjects)
        if who == account or (house is not None and who in house.members_on(given.day)):
            return True
        if account in given.roster.organizations and given.roster.acts_for(who, account):
            return True
    return False


def reason_of(given: PointsGiven) -> Sealed:
    """Give the sealed reason; refuse where nothing was said."""
    reason = given.sealed.get("reason")
    if reason is None:
        refuse("no-reason", "say why: the reason is empty")
    return reason


def check_budget(
    community: str, unit: str, points: int, award: str, subjects: Subjects, spent: dict[tuple[str, str], int]
) -> None:
    """Refuse where a community has not enough for this and what was given before it; :param spent: grows by this."""
    found: Community | None = subjects.get(f"community:{community}")
    left = (found.budgets.get(unit, 0) if found is not None else 0) - spent.get((community, unit), 0)
    if points > left:
        message = f"{award} needs {points} points, the budget of {community} has {left}"
        refuse("no-budget", message, community=community)
    spent[community, unit] = spent.get((community, unit), 0) + points
