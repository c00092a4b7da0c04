"""What the audit knows of months: which are closed, what their lines have to say, what hangs on the board."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import attrs

from gridgov.points import _events as e
from gridgov.points._audit_accounts import Flaws, Net, days_of
from gridgov.points._commands import RollRow
from gridgov.proofs import canonical, digest

__all__ = ["Months"]

_OWNED = frozenset({"posted", "held", "frozen", "debt"})
_ROOT = re.compile(r"[0-9a-f]{64}")
_Key = tuple[str, str]
"""An account and a unit."""


def _after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:7])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


@attrs.define
class _Figures:
    """What has moved on one account in one book in one month."""

    earned: Counter[str] = attrs.field(factory=Counter)
    moved: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    donated: int = 0
    debt: int = 0

    @property
    def change(self) -> int:
        gone = self.spent + self.expired + self.reversed + self.donated
        return self.earned.total() + self.moved - gone

    def add(self, other: _Figures) -> None:
        self.earned.update(other.earned)
        self.moved += other.moved
        self.spent += other.spent
        self.expired += other.expired
        self.reversed += other.reversed
        self.donated += other.donated
        self.debt += other.debt


_MOVES: Mapping[type[e.PointsEvent], str] = {
    e.RedemptionCollected: "spent",
    e.LotExpired: "expired",
    e.AwardReversed: "reversed",
    e.PointsDonated: "donated",
    e.AwardConfirmed: "earned",
    e.AccountClosed: "moved",
    e.HouseholdsMerged: "moved",
}
"""In which figure of a line an event stands; all others leave what an account holds as it is."""


@attrs.define
class _Pages:
    """The lines of a closed month, while they are written."""

    figures: dict[_Key, _Figures]
    written: set[_Key] = attrs.field(factory=set)
    closing: Counter[str] = attrs.field(factory=Counter)
    digests: list[str] = attrs.field(factory=list)


class Months:
    """Months, their lines, and the rolls that are made of them."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[_Key, _Figures]] = {}
        self.first = ""
        self.closed = ""
        self.pages: dict[str, _Pages] = {}
        self.sealed: dict[str, int] = {}
        self.published = ""
        self.root = ""
        self.balances: dict[_Key, tuple[int, int]] = {}
        self.thanked: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.rolls: set[tuple[str, str]] = set()

    # --- what is booked in which month ------------------------------------------------------------

    def booked(self, event: e.PointsEvent, net: Net) -> Flaws:
        """Check that an event is booked in the month of its day, and never in a closed one."""
        at = event.at if event.at.tzinfo is dt.UTC else event.at.astimezone(dt.UTC)
        own = f"{at.year}-{at.month:02}"
        month = event.period or own
        if month <= self.closed:
            yield "period-closed", month, f"is booked in {month}, which is closed"
        elif month != own and month not in {f"{day:%Y-%m}" for day in days_of(at)} and not self._is_late(event, own):
            yield "wrong-period", month, f"is booked in {month} and happened in {own}"
        what = _MOVES.get(type(event))
        if what is not None:
            self._note(event, what, month, net)

    def _is_late(self, event: e.PointsEvent, own: str) -> bool:
        """Say whether the clock was late: that is booked in the first open month."""
        return event.by.startswith("system:") and own <= self.closed and event.period == _after(self.closed)

    def _note(self, event: e.PointsEvent, what: str, month: str, net: Net) -> None:
        sums: dict[_Key, int] = {}
        debts: dict[_Key, int] = {}
        for (account, unit, bucket, _), delta in net.items():
            if bucket in _OWNED:
                sums[account, unit] = sums.get((account, unit), 0) + delta
                if bucket == "debt":
                    debts[account, unit] = delta
        of_month = self.figures.setdefault(month, {})
        for key, delta in sums.items():
            figures = of_month.get(key)
            if figures is None:
                figures = of_month[key] = _Figures()
            figures.debt -= debts.get(key, 0)
            if isinstance(event, e.AwardConfirmed):
                figures.earned[event.category] += delta
            elif what == "moved":
                figures.moved += delta
            else:
                setattr(figures, what, getattr(figures, what) - delta)

    # --- closing ----------------------------------------------------------------------------------

    def month_closed(self, event: e.PeriodClosed, net: Net) -> Flaws:
        """Check that months are closed in order, and only when they are over."""
        month = event.month
        if self.closed and month != _after(self.closed):
            yield "period-out-of-order", month, f"closes {month} after {self.closed}"
        if month >= f"{days_of(event.at)[1]:%Y-%m}":
            yield "period-not-over", month, f"closes {month}, which is not over"
        self.first = self.first or month
        self.closed = max(self.closed, month)
        pages = self.pages.setdefault(month, _Pages({}))
        for earlier in sorted(each for each in self.figures if each <= month):
            for key, figures in self.figures.pop(earlier).items():
                pages.figures.setdefault(key, _Figures()).add(figures)
        yield from _books_nothing(month, net)

    def written(self, event: e.StatementsClosed, net: Net) -> Flaws:
        """Check a page of lines, line by line, and its digest."""
        yield from _books_nothing(event.month, net)
        yield from _by_the_office(event, event.month)
        pages = self.pages.get(event.month)
        if pages is None:
            yield "not-closed", event.month, f"writes lines of {event.month}, which is not open for lines"
            return
        for line in event.lines:
            yield from self._line(line, event, pages)
        if event.digest != digest(canonical(event.lines)):
            yield "wrong-digest", event.month, f"does not carry the digest of its lines of {event.month}"
        pages.digests.append(event.digest)

    def _line(self, line: e.PeriodLine, event: e.StatementsClosed, pages: _Pages) -> Flaws:
        key = (line.account, line.unit)
        name = f"the line of {line.account} in {line.unit} for {event.month}"
        if key in pages.written or line.account not in event.accounts:
            yield "line-twice", line.account, f"writes {name} again, or without being asked"
        opening, owed = self.balances.get(key, (0, 0))
        figures = pages.figures.get(key) or _Figures()
        for field, due in _due(figures, opening, owed).items():
            told = {each: points for each, points in line.earned.items() if points} if field == "earned" else None
            if (getattr(line, field) if told is None else told) != due:
                yield "wrong-line", line.account, f"says {field} {getattr(line, field)} in {name}, where {due} is due"
        if line.closing != line.opening + sum(line.earned.values()) + line.moved - _gone(line):
            yield "wrong-line", line.account, f"does not add up in {name}"
        pages.written.add(key)
        pages.closing[line.unit] += line.closing
        self.balances[key] = (line.closing, line.debt)
        if line.earned or line.reversed:
            self.thanked[_quarter(event.month)][line.account] += sum(line.earned.values()) - line.reversed

    def month_sealed(self, event: e.PeriodSealed, net: Net) -> Flaws:
        """Check that all lines are there, and that the seal says how many and what they sum to."""
        month = event.month
        yield from _books_nothing(month, net)
        yield from _by_the_office(event, month)
        pages = self.pages.pop(month, None)
        if pages is None:
            yield "not-closed", month, f"seals {month}, which is not open for lines"
            return
        missing = sorted(key for key, figures in pages.figures.items() if key not in pages.written and _moved(figures))
        if missing:
            account, unit = missing[0]
            yield "line-missing", account, f"seals {month} without the line of {account} in {unit}"
        if event.lines != len(pages.written) or _nonzero(event.closing) != _nonzero(pages.closing):
            yield "wrong-sum", month, f"does not say what the {len(pages.written)} lines of {month} sum up to"
        if event.digest != digest("".join(pages.digests).encode()):
            yield "wrong-digest", month, f"does not carry the digest of the pages of {month}"
        self.sealed[month] = len(pages.written)

    # --- the board --------------------------------------------------------------------------------

    def month_published(self, event: e.PeriodPublished, net: Net) -> Flaws:
        """Check that sealed months are published in order, each with the root before it."""
        month = event.month
        yield from _books_nothing(month, net)
        if month not in self.sealed:
            yield "not-sealed", month, f"publishes {month}, which is not sealed"
        elif event.size != self.sealed[month]:
            yield "bad-root", month, f"publishes a root over {event.size} lines where {month} has {self.sealed[month]}"
        if self.published and month != _after(self.published):
            yield "period-out-of-order", month, f"publishes {month} after {self.published}"
        if event.previous != self.root:
            yield "bad-root", month, f"does not name the root that was published before {month}"
        if not _ROOT.fullmatch(event.root) or not _ROOT.fullmatch(event.head):
            yield "bad-root", month, "has a root or a head that is none"
        if not event.channel or not event.receipt:
            yield "no-receipt", month, f"publishes {month} without channel or receipt"
        self.published, self.root = month, event.root

    def roll_published(self, event: e.RollPublished, net: Net) -> Flaws:
        """Check that a roll says what the sealed lines say, in the order of the points."""
        quarter = event.quarter
        yield from _books_nothing(quarter, net)
        months = _months_of(quarter)
        if not months or any(month >= self.first and month not in self.sealed for month in months) or not self.first:
            yield "not-sealed", quarter, f"publishes the roll of {quarter}, of which not all months are sealed"
        if (quarter, event.league) in self.rolls:
            yield "roll-exists", quarter, f"publishes the roll of {event.league} for {quarter} twice"
        self.rolls.add((quarter, event.league))
        if not event.channel or not event.receipt:
            yield "no-receipt", quarter, f"publishes the roll of {quarter} without channel or receipt"
        thanked = self.thanked.get(quarter, Counter())
        seen: set[str] = set()
        before: RollRow | None = None
        for place, row in enumerate(event.rows, start=1):
            if row.account in seen or row.points != thanked[row.account]:
                yield "bad-roll", row.account, f"gives {row.account} {row.points} points for {thanked[row.account]}"
            if not _follows(row, before, place):
                yield "bad-roll", row.account, f"puts {row.account} in place {row.rank}, which is another's"
            seen.add(row.account)
            before = row


def _books_nothing(subject: str, net: Net) -> Flaws:
    if net:
        yield "wrong-entries", subject, "moves something, where it only says what stands in the book"


def _by_the_office(event: e.PointsEvent, month: str) -> Flaws:
    if not event.by.startswith("system:"):
        yield "clock-only", month, f"writes what {month} closes with by {event.by}"


def _moved(figures: _Figures) -> bool:
    return figures != _Figures() and (bool(_nonzero(figures.earned)) or figures != _Figures(earned=figures.earned))


def _due(figures: _Figures, opening: int, owed: int) -> dict[str, object]:
    """Give what a line has to say, field by field."""
    return {
        "opening": opening,
        "earned": _nonzero(figures.earned),
        "moved": figures.moved,
        "spent": figures.spent,
        "expired": figures.expired,
        "reversed": figures.reversed,
        "donated": figures.donated,
        "closing": opening + figures.change,
        "debt": owed + figures.debt,
    }


def _gone(line: e.PeriodLine) -> int:
    return line.spent + line.expired + line.reversed + line.donated


def _nonzero(counts: Mapping[str, int]) -> dict[str, int]:
    return {key: count for key, count in counts.items() if count}


def _quarter(month: str) -> str:
    return f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}"


def _months_of(quarter: str) -> Iterable[str]:
    found = re.fullmatch(r"([0-9]{4})-Q([1-4])", quarter)
    return [f"{found[1]}-{3 * int(found[2]) - 2 + n:02}" for n in range(3)] if found else []


def _follows(row: RollRow, before: RollRow | None, place: int) -> bool:
    """Say whether a row may stand in its place: equal points share a rank, or are told apart."""
    if before is None:
        return row.rank == 1
    shares = row.points == before.points and row.rank == before.rank
    in_order = row.points <= before.points and not (row.title and not before.title)
    return in_order and (shares or row.rank == place)
