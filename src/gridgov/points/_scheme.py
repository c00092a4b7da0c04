"""What a place thanks for, and with what."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping

import attrs

from gridgov.worktime import Limit, LimitKind

__all__ = [
    "GROUNDS",
    "MEMBERS",
    "SIDES",
    "WINDOWS",
    "Cap",
    "Deed",
    "Good",
    "League",
    "PanelMember",
    "PointsPolicy",
    "window_of",
]

SIDES = ("community-worker", "grid-worker", "resident", "supervision-committee")
"""社区工作者, 网格员, 居民代表, 监督委员会成员: the four sides of the panel."""
WINDOWS = ("day", "week", "month", "quarter", "year")
"""Windows of caps and limits; a week begins on Monday (ISO 8601)."""
MEMBERS = ("resident", "worker", "household", "organization")
"""Who can have an account; of workers only the unpaid ones earn."""
SCOPES = ("account", "household", "community")
MAJORITIES = ("simple", "absolute", "two-thirds")
"""More for than against; more than half of those present; at least two thirds of the votes."""
TIES = ("share", "draw")
"""Equal points share a rank; or are told apart by a draw that anybody can repeat: by SHA-256 of the
sealed digest of the quarter's last month and the account's id."""
GROUNDS = ("recorded-twice", "wrong-member", "not-done", "wrong-value")
"""Why an award can be reversed: mistakes only."""
GOOD_KINDS = ("goods", "discount")


def window_of(per: str, day: dt.date) -> str:
    """Name the window that a day lies in: ``2026-09-04``, ``2026-W36``, ``2026-09``, ``2026-Q3``, ``2026``."""
    match per:
        case "day":
            return day.isoformat()
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return f"{day:%Y-%m}"
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case "year":
            return f"{day.year}"
        case _:
            raise ValueError(f"a window is one of {', '.join(WINDOWS)}, not {per!r}")


@attrs.frozen(kw_only=True)
class Cap:
    """The most points that a deed can earn in a window.

    :param per: one of :data:`WINDOWS`; :param of: ``account``, ``household`` or ``community``.
    """

    points: int
    per: str
    of: str = "account"


@attrs.frozen(kw_only=True)
class Deed:
    """A listed deed and what it earns (积分项目). Dated: a deed is judged by the scheme of its day.

    :param points: for one unit, above zero; :param unit: what is counted (``time``, ``hour``, ``visit``).
    :param month_cap: the most points that one account can earn with it in a month; 0 for no cap.
    :param caps: more of them, per window and per account, household or community.
    :param cooldown_days: this many days must lie between two of one account; 0 for none.
    :param evidence: the kinds that a claim must bring; :param proposers: roles that may propose,
        ``self`` for oneself; empty for anybody with leave.
    :param members: who can earn it, of :data:`MEMBERS`.
    :param book: the unit of account, where it is not the policy's.
    :param only: the goods or outlets that its points can be spent on; empty for all.
    :param wishes: what residents said when the value was set.
    """

    id: str
    category: str
    zh: str
    en: str
    points: int
    month_cap: int = 0
    from_on: dt.date = dt.date.min
    until_on: dt.date = dt.date.max
    unit: str = "time"
    caps: tuple[Cap, ...] = ()
    cooldown_days: int = 0
    evidence: tuple[str, ...] = ()
    proposers: tuple[str, ...] = ()
    members: tuple[str, ...] = ("resident", "worker")
    book: str = ""
    only: tuple[str, ...] = ()
    wishes: str = ""


@attrs.frozen(kw_only=True)
class Good:
    """Something that an outlet gives for points.

    :param price: in points, above zero; :param limit: how many one account may have, 0 for no limit.
    :param household_limit: how many one household may have; :param limit_per: in which window, empty for ever.
    :param kind: ``goods`` (counted on a shelf) or ``discount`` (not counted).
    :param books: the books whose points it can be paid with; empty for all.
    """

    id: str
    outlet: str
    zh: str
    en: str
    price: int
    limit: int = 0
    kind: str = "goods"
    household_limit: int = 0
    limit_per: str = ""
    books: tuple[str, ...] = ()


@attrs.frozen
class PanelMember:
    """A member of the review panel and the side that they stand for."""

    person: str
    side: str


@attrs.frozen(kw_only=True)
class League:
    """Those who are ranked beside each other, and the titles of the first places.

    :param members: kinds of :data:`MEMBERS`; :param titles: for the first ranks, in order.
    """

    id: str
    zh: str
    en: str
    members: tuple[str, ...]
    titles: tuple[str, ...] = ()


def _three_days() -> Limit:
    return Limit(3, LimitKind.WORKING_DAYS)


def _ten_days() -> Limit:
    return Limit(10, LimitKind.WORKING_DAYS)


@attrs.frozen(kw_only=True)
class PointsPolicy:
    """What a place decides about points.

    :param book: the name of the programme; the unit of its ledger.
    :param quorum: how many members a sitting needs, from at least *sides_min* sides.
    :param majority: one of ``simple``, ``absolute`` (of those present), ``two-thirds`` (of the votes).
    :param window: how long an award stands published before it counts; starts when the
        publication is confirmed.
    :param decide_within: how long an objection or an appeal may wait; :param ladder: who is pressed then.
    :param appeal_within: how long after a decision it can be appealed.
    :param reversal_days: how long after its confirmation an award can be reversed; 0 for never.
    :param lasts_days: a lot ends this many days after it was earned; :param lasts_months: at the end of
        the month so many months later; :param lasts_quarters: of the quarter; :param lasts_years: of
        the year. At most one of the four; with none, lots never end.
    :param grace_days: points that come back to a lot have at least so many days left.
    :param pool: points go to the household's account, where the member has a household.
    :param budgets: awards come out of the budget of the issuing community.
    :param community_level: the level of the tree that is the issuing community.
    :param voucher_days: how many days a voucher is valid after its own; 0 for no end.
    :param offline_days: how long an outlet may be offline; a voucher lapses so much later.
    :param freeze_days_max: the longest freeze.
    :param leagues: who is ranked beside whom; :param ties: ``share`` or ``draw``.
    """

    book: str = "points"
    deeds: Mapping[str, Deed] = attrs.field(factory=dict)
    goods: Mapping[str, Good] = attrs.field(factory=dict)
    panel: tuple[PanelMember, ...] = ()
    quorum: int = 1
    sides_min: int = 1
    window: Limit = attrs.field(factory=_three_days)
    lasts_months: int = 0
    majority: str = "simple"
    decide_within: Limit = attrs.field(factory=_ten_days)
    ladder: str = ""
    appeal_within: Limit = attrs.field(factory=_ten_days)
    reversal_days: int = 90
    lasts_days: int = 0
    lasts_quarters: int = 0
    lasts_years: int = 0
    grace_days: int = 7
    pool: bool = False
    budgets: bool = False
    community_level: str = "community"
    voucher_days: int = 0
    offline_days: int = 1
    freeze_days_max: int = 90
    leagues: tuple[League, ...] = ()
    ties: str = "share"

    def last_day(self, earned_on: dt.date) -> dt.date | None:
        """Give the last day of points that were earned on a day; None for points that never end."""
        if self.lasts_days:
            return earned_on + dt.timedelta(days=self.lasts_days)
        if self.lasts_months:
            return _month_end(earned_on.year, earned_on.month + self.lasts_months)
        if self.lasts_quarters:
            return _month_end(earned_on.year, ((earned_on.month + 2) // 3 + self.lasts_quarters) * 3)
        if self.lasts_years:
            return dt.date(earned_on.year + self.lasts_years, 12, 31)
        return None


def _month_end(year: int, month: int) -> dt.date:
    """Give the last day of a month; months beyond 12 lie in later years."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return dt.date(year, month, calendar.monthrange(year, month)[1])
