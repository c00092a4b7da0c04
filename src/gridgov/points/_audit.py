"""Whether the ledger keeps its promises, from the events alone.

An audit that asked the policy, or worked with the room's own state, would repeat the room's
mistakes. This one reads the events in order, keeps an account of its own, and says of the first
event that breaks a promise which one it is. What depends on the policy (caps, quorum, prices,
how long a window or a lot lasts) no event can tell, and is not judged here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from sys import intern
from typing import Any

import attrs

from gridgov.errors import Finding
from gridgov.points import _events as e
from gridgov.points._audit_accounts import Accounts, Book, Flaw, Flaws, Net, days_of, entries_differ
from gridgov.points._audit_months import Months
from gridgov.points._audit_spending import Spending
from gridgov.proofs import canonical, digest

__all__ = ["audit"]

_GROUNDS = frozenset({"recorded-twice", "wrong-member", "not-done", "wrong-value"})
_KINDS = frozenset({"warn", "red", "climb"})
_STANDING = frozenset({"confirmed", "partly reversed", "reversed", "expired"})
_APPEALABLE = _STANDING | {"rejected", "voided"}


def audit(events: Iterable[e.PointsEvent]) -> Iterator[Finding]:
    """Give every promise that the events break, from the events alone, the first one first.

    An event that breaks a promise may make later ones look wrong, too: the first finding counts.
    """
    ledger = _Ledger()
    for number, event in enumerate(events, start=1):
        for code, subject, text in ledger.flaws(event):
            message = f"event {number} ({type(event).__name__}) {text}"
            yield Finding(code=f"points.{code}", subject=subject, message=message)


@attrs.define
class _Award:
    """One award as the events before have left it."""

    id: str
    account: str
    payee: str
    deed: str
    month: str
    category: str
    on: dt.date
    asked: int
    state: str = "claimed"
    given: int = 0
    reversed: int = 0
    unit: str = ""
    source: str = ""
    place: str = ""
    """The sitting on whose agenda it stands, or the list."""
    window_ends_at: dt.datetime | None = None
    confirm_at: dt.datetime | None = None
    judges: tuple[str, ...] = ()
    objections: tuple[tuple[str, str], ...] = ()
    """Open ones, with who raised them."""
    appeal: tuple[str, str] | None = None
    decisions: int = 0
    appealed: int = -1

    @property
    def to_get(self) -> int:
        """How much an appeal can bring."""
        return self.asked - (self.given - self.reversed if self.state in _STANDING else 0)

    def pending(self, points: int) -> Net:
        """Give the entries of points that become pending, or below zero go back to their source."""
        bucket = "" if self.source.startswith("book:") else "budget"
        moves = {(self.source, self.unit, bucket, ""): -points, (self.payee, self.unit, "pending", ""): points}
        return moves if points else {}


class _Awards:
    """The life of every award, from its claim on."""

    def __init__(self, accounts: Accounts, spending: Spending) -> None:
        self.accounts = accounts
        self.spending = spending
        self.awards: dict[str, _Award] = {}
        self.claims: set[tuple[str, str, str]] = set()
        self.agendas: dict[str, frozenset[str]] = {}
        self.lists: dict[str, tuple[str, ...] | None] = {}
        self.sitting = ""
        self.judged: dict[str, e.AwardReviewed] = {}

    def __call__(self, event: e.AwardEvent, net: Net) -> Flaws:
        """Check that an event is about a known award and says the same of it, then the event itself."""
        award = self.awards.get(event.award)
        if award is None:
            yield "unknown-award", event.award, f"is about {event.award}, which nobody has claimed"
            return
        told = (event.account, event.payee or event.account, event.deed, event.month)
        if told != (award.account, award.payee, award.deed, award.month):
            yield "wrong-award", event.award, f"says something else of {event.award} than its claim"
        yield from _STEPS[type(event)](self, award, event, net)

    def _all_in(self, event: Any, state: str, place: str | None, then: str) -> Flaws:
        """Move awards that are named together from one state to the next."""
        if not event.awards or len(set(event.awards)) != len(event.awards):
            yield "empty-list", "", "names no award, or one twice"
        for each in event.awards:
            award = self.awards.get(each)
            if award is None:
                yield "unknown-award", each, f"is about {each}, which nobody has claimed"
                continue
            if award.state != state or (place is not None and award.place != place):
                yield "wrong-state", each, f"cannot happen to {each}, which is {award.state}"
            award.state = then

    # --- claim and sitting ------------------------------------------------------------------------

    def proposed(self, event: e.AwardProposed, net: Net) -> Flaws:
        """Check a claim: one per account, deed and occasion, for a deed of the past."""
        account, payee = event.account, event.payee or event.account
        claim = (intern(account), intern(event.deed), event.occasion)
        if claim in self.claims:
            yield "claimed-already", event.award, f"claims {event.deed} at {event.occasion} for {account} again"
        if event.award in self.awards:
            yield "award-exists", event.award, f"claims as {event.award} again"
        if account in self.accounts.closed:
            yield "account-closed", event.award, f"claims for {account}, which is closed"
        if event.asked < 1 or event.count < 1 or event.asked % event.count:
            yield "bad-count", event.award, f"asks for {event.asked} points for {event.count}"
        if event.on > days_of(event.at)[1] or event.month != f"{event.on.year:04}-{event.on.month:02}":
            yield "deed-in-the-future", event.award, f"claims a deed of {event.on} for {event.month}"
        household = self.accounts.household_on(account, event.on)
        if event.household not in ("", household) or payee not in (account, household):
            yield "wrong-payee", event.award, f"claims for a household that {account} was not in on {event.on}"
        yield from entries_differ(event.award, net, {})
        self.claims.add(claim)
        category, month = intern(event.category), intern(event.month)
        self.awards[event.award] = _Award(
            event.award, claim[0], intern(payee), claim[1], month, category, event.on, event.asked
        )

    def called(self, event: e.SittingCalled, net: Net) -> Flaws:
        """Check an agenda: of claims that stand on no other one."""
        if event.sitting in self.agendas:
            yield "sitting-exists", event.sitting, f"calls the sitting {event.sitting} again"
        yield from self._all_in(event, "claimed", None, "under review")
        for each in event.awards:
            if each in self.awards:
                self.awards[each].place = event.sitting
        self.agendas[event.sitting] = frozenset(event.awards)
        yield from entries_differ(event.sitting, net, {})

    def reviewed(self, award: _Award, event: e.AwardReviewed, net: Net) -> Flaws:
        """Check a judgment: of a claim that this sitting may judge, by votes that count, within what was asked."""
        on_agenda = award.state == "under review" and award.place == event.sitting
        if not (on_agenda or (award.state == "claimed" and event.sitting not in self.agendas)):
            yield "wrong-state", award.id, f"judges {award.id}, which is {award.state}, or on another agenda"
        yield from self._votes(award, event)
        if event.asked != award.asked or not 0 <= event.given <= event.asked:
            yield "bad-points", award.id, f"gives {event.given} of the {award.asked} points that were asked for"
        if event.given and len(event.in_favor) <= len(event.against):
            yield "no-majority", award.id, f"gives points to {award.id}, which most did not vote for"
        award.state = "approved" if event.given else "rejected"
        award.given, award.unit, award.source = event.given, intern(event.unit), intern(event.source)
        award.judges = (*event.in_favor, *event.against)
        award.decisions += 1
        yield from entries_differ(award.id, net, award.pending(event.given))
        self.sitting = event.sitting
        self.judged[award.id] = event

    def _votes(self, award: _Award, event: e.AwardReviewed) -> Flaws:
        votes = (*event.in_favor, *event.against)
        if len(set(event.present)) != len(event.present):
            yield "member-twice", award.id, f"has somebody present twice over {award.id}"
        if len(set(votes)) != len(votes) or not set(votes) <= set(event.present):
            yield "bad-vote", award.id, f"counts a vote twice over {award.id}, or of somebody who was not there"
        for voter in votes:
            if voter == award.account or self._are_one_household(voter, award.account, event.at):
                yield "votes-on-themselves", award.id, f"lets {voter} vote on their own award {award.id}"

    def _are_one_household(self, voter: str, account: str, at: dt.datetime) -> bool:
        """Say whether two are one household on the day of a sitting, whichever day that was there."""
        if voter not in self.accounts.stays:
            return False
        home = account if account.startswith("household:") else ""
        homes = [(self.accounts.household_on(voter, day), day) for day in days_of(at)]
        return all(one and one == (home or self.accounts.household_on(account, day)) for one, day in homes)

    def minutes_due(self, event: e.PointsEvent) -> Flaws:
        """Check that minutes follow on judgments; journals of 0.1.0 have neither minutes nor booked months."""
        sitting = event.sitting if isinstance(event, e.AwardReviewed | e.SittingHeld) else ""
        if self.judged and sitting != self.sitting:
            if next(iter(self.judged.values())).period:
                yield "wrong-minutes", self.sitting, f"comes before the minutes of {self.sitting}"
            self.sitting, self.judged = "", {}

    def held(self, event: e.SittingHeld, net: Net) -> Flaws:
        """Check the minutes: they say of every award what the sitting gave."""
        yield from entries_differ(event.sitting, net, {})
        judged = [self.judged.get(each) for each in event.awards]
        whole = len(self.judged) == len(judged) and self.sitting == event.sitting
        there = [each for each in judged if each is not None and each.present == event.present]
        minutes = {
            "present": event.present,
            "judgments": [
                {"award": each.award, "points": each.given, "in_favor": each.in_favor, "against": each.against}
                for each in there
            ],
        }
        if not whole or len(there) != len(judged) or event.minutes_digest != digest(canonical(minutes)):
            yield "wrong-minutes", event.sitting, f"does not say in its minutes what {event.sitting} judged"
        self.sitting, self.judged = "", {}

    # --- publication and objections ---------------------------------------------------------------

    def listed(self, event: e.AwardsPublished, net: Net) -> Flaws:
        """Check a list of approved awards, and that full names are of those who have agreed."""
        if event.list in self.lists:
            yield "list-exists", event.list, f"publishes as {event.list} again"
        yield from self._all_in(event, "approved", None, "publishing")
        accounts = set()
        for each in event.awards:
            if each in self.awards:
                self.awards[each].place = event.list
                accounts.add(self.awards[each].account)
        if not set(event.full_names) <= accounts & self.accounts.shown:
            yield "name-without-consent", event.list, "shows the full name of somebody who has not agreed"
        self.lists[event.list] = event.awards
        yield from entries_differ(event.list, net, {})

    def hung(self, event: e.PublicationConfirmed, net: Net) -> Flaws:
        """Check that a list is confirmed once, as it was, with channel and receipt."""
        if self.lists.get(event.list) is None:
            code = "confirmed-already" if event.list in self.lists else "unknown-list"
            yield code, event.list, f"confirms {event.list}, which does not wait for it"
        elif self.lists[event.list] != event.awards:
            yield "wrong-list", event.list, f"confirms other awards than {event.list} names"
        if not event.channel or not event.receipt:
            yield "no-receipt", event.list, f"confirms {event.list} without channel or receipt"
        if event.window_ends_at < event.at:
            yield "bad-end", event.list, f"ends the window of {event.list} before it starts"
        yield from self._all_in(event, "publishing", event.list, "published")
        for each in event.awards:
            if each in self.awards:
                self.awards[each].window_ends_at = self.awards[each].confirm_at = event.window_ends_at
        self.lists[event.list] = None
        yield from entries_differ(event.list, net, {})

    def objected(self, award: _Award, event: e.AwardObjected, net: Net) -> Flaws:
        """Check an objection: inside the window, with a reason."""
        yield from _is_in(award, "published", "objected")
        if award.window_ends_at is not None and event.at > award.window_ends_at:
            yield "window-over", award.id, f"objects to {award.id} after its window"
        if event.reason is None:
            yield "no-reason", award.id, f"objects to {award.id} without a reason"
        if any(event.objection == objection for objection, _ in award.objections):
            yield "objection-exists", award.id, f"objects to {award.id} as {event.objection} again"
        award.objections = (*award.objections, (event.objection, event.by))
        award.state = "objected"
        yield from entries_differ(award.id, net, {})

    def reviewed_again(self, award: _Award, event: e.AwardDeadlinesReviewed, net: Net) -> Flaws:
        """Take over where a window ends now; only the office moves it, and never into the past."""
        if not event.by.startswith("system:"):
            yield "clock-only", award.id, f"moves the deadlines of {award.id} by {event.by}"
        if event.window_ends_at is not None:
            if award.window_ends_at is None or event.window_ends_at < event.at:
                yield "bad-end", award.id, f"ends the window of {award.id} before it starts"
            award.window_ends_at = event.window_ends_at
            award.confirm_at = event.confirm_at
        yield from entries_differ(award.id, net, {})

    def pressed(self, award: _Award, event: e.AwardPressed, net: Net) -> Flaws:
        """Check that somebody is pressed about something open, and not before its time."""
        open_ = {objection for objection, _ in award.objections}
        open_ |= {"appeal", award.appeal[0]} if award.appeal else set()
        if event.matter not in open_ or event.kind not in _KINDS:
            yield "wrong-state", award.id, f"presses for {event.matter}, which is not open on {award.id}"
        if event.at < event.step_at:
            yield "too-early", award.id, f"presses for {event.matter} before its time"
        if not event.by.startswith("system:"):
            yield "clock-only", award.id, f"presses for {event.matter} by {event.by}"
        yield from entries_differ(award.id, net, {})

    def objection_decided(
        self, award: _Award, event: e.AwardObjectionDismissed | e.AwardAmended | e.AwardVoided, net: Net
    ) -> Flaws:
        """Check who decides an objection, and that what is taken from the points goes back to their source."""
        yield from _is_in(award, "objected")
        raised = [by for objection, by in award.objections if objection == event.objection]
        if not raised:
            yield "unknown-objection", award.id, f"decides {event.objection or 'an objection'}, which is not open"
        yield from _impartial(award, event.by, raised)
        award.judges = (*award.judges, event.by)
        award.objections = tuple(each for each in award.objections if each[0] != event.objection)
        less = 0
        if isinstance(event, e.AwardObjectionDismissed):
            award.state = "objected" if award.objections else "published"
        else:
            less = award.given - (event.given if isinstance(event, e.AwardAmended) else 0)
            yield from self._changed(award, event)
        if not isinstance(event, e.AwardVoided):
            yield from _counts_at(award, event)
        yield from entries_differ(award.id, net, award.pending(-less))

    def _changed(self, award: _Award, event: e.AwardAmended | e.AwardVoided) -> Flaws:
        given = event.given if isinstance(event, e.AwardAmended) else 0
        fits = 0 < given < award.given if isinstance(event, e.AwardAmended) else True
        if event.before != award.given or not fits:
            yield "bad-points", award.id, f"changes {event.before} points of {award.id} to {given}"
        if isinstance(event, e.AwardVoided):
            award.state, award.objections = "voided", ()
        else:
            award.given = given
            award.state = "objected" if award.objections else "published"
        award.decisions += 1

    # --- confirmation and after -------------------------------------------------------------------

    def confirmed(self, award: _Award, event: e.AwardConfirmed, net: Net) -> Flaws:
        """Check that points count once, as given, and not before the window is over and nothing is open."""
        if award.state in {"approved", "publishing", "objected"}:
            yield "too-early", award.id, f"confirms {award.id} before its window is over: it is {award.state}"
        elif award.state != "published":
            yield "wrong-state", award.id, f"confirms {award.id}, which is {award.state}"
        elif award.confirm_at is not None and min(event.at, event.step_at) < award.confirm_at:
            yield "too-early", award.id, f"confirms {award.id} before its window is over"
        elif event.step_at != award.confirm_at:
            yield "wrong-time", award.id, f"confirms {award.id} for another instant than its window's end"
        if not event.by.startswith("system:"):
            yield "clock-only", award.id, f"confirms {award.id} by {event.by}"
        if event.given != award.given or event.unit != award.unit or event.category not in ("", award.category):
            yield "bad-points", award.id, f"confirms {event.given} points where {award.given} were given"
        award.state = "confirmed"
        award.decisions += 1
        yield from self.spending.earned(event, award.payee, net)

    def reversed(self, award: _Award, event: e.AwardReversed, net: Net) -> Flaws:
        """Check that what is taken back was given, by mistake, and by somebody else."""
        yield from _is_in(award, "confirmed", "partly reversed")
        left = award.given - award.reversed
        if not 1 <= event.points <= left or event.unit != award.unit:
            yield "bad-points", award.id, f"takes back {event.points} of {left} points"
        if event.ground not in _GROUNDS:
            yield "bad-ground", award.id, f"takes back points for {event.ground!r}, which is no mistake"
        if event.by in (award.account, award.payee):
            yield "not-impartial", award.id, f"lets {event.by} take back their own points"
        award.reversed += event.points
        award.state = "partly reversed" if award.reversed < award.given else "reversed"
        award.judges = (*award.judges, event.by)
        award.decisions += 1
        yield from self.spending.taken_back(event, award.payee, net)

    def expired(self, event: e.LotExpired, net: Net) -> Flaws:
        """Check that a lot ends at its end; its award is then over."""
        award = self.awards.get(event.award)
        if event.award and award is None:
            yield "unknown-award", event.award, f"is about {event.award}, which nobody has claimed"
        elif award is not None:
            yield from _is_in(award, *_STANDING)
            award.state = "expired"
        yield from self.spending.expired(event, net)

    # --- appeals ----------------------------------------------------------------------------------

    def was_appealed(self, award: _Award, event: e.AwardAppealed, net: Net) -> Flaws:
        """Check an appeal: by the member, once for each decision, with something to get."""
        yield from _is_in(award, *_APPEALABLE)
        if award.appealed == award.decisions:
            yield "appealed-already", award.id, f"appeals the same decision about {award.id} again"
        if award.to_get <= 0:
            yield "nothing-to-appeal", award.id, f"appeals {award.id}, which stands as it was asked for"
        if event.reason is None:
            yield "no-reason", award.id, f"appeals {award.id} without a reason"
        yield from self.accounts.strangers(event)
        award.appeal, award.appealed = (event.appeal, event.by), award.decisions
        yield from entries_differ(award.id, net, {})

    def appeal_decided(self, award: _Award, event: e.AppealDismissed | e.AppealUpheld, net: Net) -> Flaws:
        """Check who decides an appeal, and that what it brings is an award of its own."""
        if award.appeal is None or award.appeal[0] != event.appeal:
            yield "no-appeal", award.id, f"decides {event.appeal}, which is not open on {award.id}"
        yield from _impartial(award, event.by, [award.appeal[1]] if award.appeal else [])
        award.appeal, award.judges = None, (*award.judges, event.by)
        if isinstance(event, e.AppealUpheld):
            yield from self._compensated(award, event, net)
        else:
            yield from entries_differ(award.id, net, {})

    def _compensated(self, award: _Award, event: e.AppealUpheld, net: Net) -> Flaws:
        if not 1 <= event.points <= award.to_get:
            yield "bad-points", award.id, f"brings {event.points} where {award.to_get} can be got"
        told = (event.unit, event.source, event.category, event.on)
        if told != (award.unit or event.unit, award.source or event.source, award.category, award.on):
            yield "wrong-award", award.id, f"says something else of {award.id} than before"
        if event.compensation in self.awards:
            yield "award-exists", event.compensation, f"gives as {event.compensation} again"
        fresh = _Award(
            event.compensation,
            award.account,
            award.payee,
            award.deed,
            award.month,
            award.category,
            award.on,
            event.points,
        )
        fresh.state, fresh.given, fresh.judges, fresh.decisions = "approved", event.points, (event.by,), 1
        fresh.unit, fresh.source = intern(event.unit), intern(event.source)
        self.awards[fresh.id] = fresh
        yield from entries_differ(fresh.id, net, fresh.pending(event.points))


def _is_in(award: _Award, *states: str) -> Flaws:
    if award.state not in states:
        yield "wrong-state", award.id, f"cannot happen to {award.id}, which is {award.state}"


def _impartial(award: _Award, by: str, raised: list[str]) -> Flaws:
    """Check that nobody decides twice about an award, or about what they have raised themselves."""
    if by in {*award.judges, *raised, award.account, award.payee} and not by.startswith("system:"):
        yield "not-impartial", award.id, f"lets {by} decide, who has judged {award.id} before or is concerned by it"


def _counts_at(award: _Award, event: e.AwardObjectionDismissed | e.AwardAmended) -> Flaws:
    """Check from when an award counts: its window's end, or the decision if that is later."""
    due = max(event.at, award.window_ends_at or event.at)
    if event.confirm_at != due:
        yield "wrong-time", award.id, f"lets {award.id} count at {event.confirm_at}, where {due} is due"
    award.confirm_at = event.confirm_at


_Step = Callable[[_Awards, _Award, Any, Net], Flaws]
_STEPS: Mapping[type[e.PointsEvent], _Step] = {
    e.AwardReviewed: _Awards.reviewed,
    e.AwardObjected: _Awards.objected,
    e.AwardPressed: _Awards.pressed,
    e.AwardDeadlinesReviewed: _Awards.reviewed_again,
    e.AwardObjectionDismissed: _Awards.objection_decided,
    e.AwardAmended: _Awards.objection_decided,
    e.AwardVoided: _Awards.objection_decided,
    e.AwardConfirmed: _Awards.confirmed,
    e.AwardReversed: _Awards.reversed,
    e.AwardAppealed: _Awards.was_appealed,
    e.AppealDismissed: _Awards.appeal_decided,
    e.AppealUpheld: _Awards.appeal_decided,
}


_Checks = dict[type[e.PointsEvent], Callable[[Any, Net], Flaws]]


def _checks_of_accounts(accounts: Accounts) -> _Checks:
    return {
        e.HouseholdJoined: accounts.joined,
        e.HouseholdLeft: accounts.left,
        e.HouseholdsMerged: accounts.merged,
        e.AccountClosed: accounts.account_closed,
        e.NameConsented: accounts.consented,
        e.Frozen: accounts.froze,
        e.Released: accounts.released,
    }


def _checks_of_spending(spending: Spending) -> _Checks:
    return {
        e.GoodsStocked: spending.was_stocked,
        e.RedemptionReserved: spending.reserved,
        e.RedemptionCollected: spending.collected,
        e.RedemptionCanceled: spending.came_back,
        e.RedemptionLapsed: spending.came_back,
        e.PointsDonated: spending.donated,
        e.OfflineUseRefused: spending.offline_refused,
        e.OutletSettled: spending.settled,
    }


class _Ledger:
    """Everything that the events have said so far."""

    def __init__(self) -> None:
        self.book = Book()
        self.months = Months()
        accounts = Accounts(self.book)
        spending = Spending(self.book, accounts)
        self.awards = awards = _Awards(accounts, spending)
        self.checks: _Checks = {
            **dict.fromkeys(_STEPS, awards),
            e.AwardProposed: awards.proposed,
            e.SittingCalled: awards.called,
            e.SittingHeld: awards.held,
            e.AwardsPublished: awards.listed,
            e.PublicationConfirmed: awards.hung,
            e.LotExpired: awards.expired,
            e.BudgetAllotted: _allotted,
            **_checks_of_accounts(accounts),
            **_checks_of_spending(spending),
            e.PeriodClosed: self.months.month_closed,
            e.StatementsClosed: self.months.written,
            e.PeriodSealed: self.months.month_sealed,
            e.PeriodPublished: self.months.month_published,
            e.RollPublished: self.months.roll_published,
        }

    def flaws(self, event: e.PointsEvent) -> list[Flaw]:
        """Give what is wrong with the next event, and note what it says."""
        net, found = self.book.net(event)
        if self.awards.judged:
            found += self.awards.minutes_due(event)
        check = self.checks.get(type(event))
        if check is None:
            found.append(("unknown-event", "", "is no event of the ledger"))
        else:
            found += check(event, net)
        found += self.months.booked(event, net)
        if net:
            found += self.book.apply(event, net)
        return found


def _allotted(event: e.BudgetAllotted, net: Net) -> Flaws:
    if event.points < 1:
        yield "bad-points", event.community, f"allots {event.points} points"
    unit = next((unit for _, unit, bucket, _ in net if bucket == "budget"), "")
    due: Net = {(event.community, unit, "budget", ""): event.points, ("book:issued", unit, "", ""): -event.points}
    yield from entries_differ(event.community, net, due)
