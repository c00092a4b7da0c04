"""A second ledger, written from the page of rules and from nothing else.

The room keeps lots, counters and indexes so that it can answer quickly; whatever it keeps can be kept wrongly. This
model keeps the least that the rules speak of (who did what, when) and works the rest out from the beginning each
time: a cap is a sum over all claims, a statement is a sum over all movements. It shares no code with the room but the
shapes of its commands, the values of a policy, and the working time that everything else in the library rests on. A
command is answered with the set of codes that may be named for refusing it; the empty set is acceptance.

Each function names the rule that it stands for, as ``docs/reference/ledger.md`` numbers them.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gridgov.points import _commands as c
from gridgov.points._scheme import GROUNDS, Deed, Good, PointsPolicy, window_of
from gridgov.worktime import Calendar, due

CLOCK = "system:clock"
ALWAYS = dt.date.max
GIVEN_BACK = ("rejected", "voided")
"""States in which an award gives nothing."""
LASTING = ("confirmed", "partly reversed")


@dataclass(frozen=True)
class World:
    """Everything around the ledger that its rules look at.

    :param employer: person → organization or nothing; :param unpaid: workers with an unpaid posting;
        :param roles: person → the roles that they hold; :param community: place → its community.
    """

    policy: PointsPolicy
    calendar: Calendar
    employer: Mapping[str, str | None]
    organizations: frozenset[str]
    unpaid: frozenset[str]
    roles: Mapping[str, frozenset[str]]
    community: Mapping[str, str]

    def kind(self, account: str) -> str:
        """A1: what an account belongs to, a household apart."""
        if account.startswith("resident:"):
            return "resident"
        if account in self.employer:
            return "worker"
        return "organization" if account in self.organizations else ""

    def day(self, at: dt.datetime) -> dt.date:
        return self.calendar.local(at).date()

    def serves(self, who: str, organization: str) -> bool:
        return who == organization or self.employer.get(who) == organization


@dataclass
class Span:
    household: str
    since: dt.date
    until: dt.date = ALWAYS


@dataclass
class Lot:
    award: str
    unit: str
    earned: dt.datetime
    last: dt.date | None
    end: dt.datetime | None
    only: tuple[str, ...]
    posted: int = 0
    held: int = 0
    frozen: int = 0


@dataclass
class Hold:
    """A freeze."""

    account: str
    end: dt.datetime
    lot: str = ""
    voucher: str = ""


@dataclass
class Award:
    id: str
    account: str
    deed: str
    on: dt.date
    occasion: str
    asked: int
    household: str
    community: str
    payee: str
    unit: str
    source: str
    state: str = "claimed"
    given: int = 0
    reversed: int = 0
    expired: int = 0
    voters: set[str] = field(default_factory=set)
    deciders: set[str] = field(default_factory=set)
    objections: dict[str, str] = field(default_factory=dict)
    decided_at: dt.datetime | None = None
    window_end: dt.datetime | None = None
    confirm_at: dt.datetime | None = None
    confirmed_on: dt.date | None = None
    appealed: bool = False
    appellant: str = ""
    brought: int = 0

    @property
    def stands(self) -> int:
        """What is left of what was given."""
        return 0 if self.state in GIVEN_BACK else self.given - self.reversed

    @property
    def counts(self) -> int:
        """L2: what counts of it in its window."""
        return self.asked if self.state in ("claimed", "under review") else self.stands


@dataclass
class Voucher:
    id: str
    account: str
    good: str
    quantity: int
    parts: list[tuple[str, int]]
    household: str
    window: str
    last: dt.date | None
    lapses: dt.datetime | None
    state: str = "reserved"
    settled: bool = False
    thawed: dt.datetime | None = None


@dataclass(frozen=True)
class Movement:
    """What a statement adds up: a month, an account, and what kind of points."""

    period: str
    account: str
    unit: str
    kind: str
    points: int
    category: str = ""


def _month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02}"


class Oracle:
    """What the rules say of everything that has been asked so far."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pending: Counter[tuple[str, str]] = Counter()
        self.debt: Counter[tuple[str, str]] = Counter()
        self.lots: dict[tuple[str, str], Lot] = {}
        self.awards: dict[str, Award] = {}
        self.sittings: dict[str, tuple[str, ...]] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        self.hung: set[str] = set()
        self.named: dict[str, tuple[str, ...]] = {}
        self.consents: set[str] = set()
        self.spans: dict[str, list[Span]] = defaultdict(list)
        self.home: dict[str, str] = {}
        self.closed: dict[str, str] = {}
        self.merged: set[str] = set()
        self.holds: dict[str, Hold] = {}
        self.vouchers: dict[str, Voucher] = {}
        self.offline: list[tuple[str, str]] = []
        self.shelf: Counter[str] = Counter()
        self.reserved: Counter[str] = Counter()
        self.budget: Counter[tuple[str, str]] = Counter()
        self.book: Counter[tuple[str, str]] = Counter()
        self.settled: Counter[tuple[str, str]] = Counter()
        self.settlement: Counter[str] = Counter()
        self.movements: list[Movement] = []
        self.last_closed = ""
        self.stated: set[tuple[str, str]] = set()
        self.sealed: set[str] = set()
        self.lines: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.period = ""

    # --- asking -----------------------------------------------------------------------------------

    def ask(self, command: Any, *, by: str, at: dt.datetime, name: str) -> frozenset[str]:
        """Say which codes may refuse a command; with none of them, let it happen."""
        late = self._told_of_a_closed_month(by, at)
        if late:
            # Nothing happens, and whatever else is wrong with it may be named.
            trial = copy.deepcopy(self, {id(self.world): self.world})
            return frozenset(late | trial._RULES[type(command)](trial, command, by, at, name))
        codes = self._RULES[type(command)](self, command, by, at, name)
        return frozenset(codes)

    def _told_of_a_closed_month(self, by: str, at: dt.datetime) -> set[str]:
        """M2: whoever tells the ledger of an instant in a closed month is refused; the clock is only late (M1)."""
        month = f"{self.world.day(at):%Y-%m}"
        self.period = max(month, _month_after(self.last_closed)) if self.last_closed else month
        return {"points.period-closed"} if by != CLOCK and month <= self.last_closed else set()

    # --- accounts ---------------------------------------------------------------------------------

    def household(self, account: str, on: dt.date) -> str:
        """A4: the household on a day is the one whose span covers that day."""
        return next((each.household for each in self.spans[account] if each.since <= on <= each.until), "")

    def acts_for(self, by: str, account: str, at: dt.datetime) -> bool:
        """R1, L10: the account itself, a member of the household today, one of the organization's people."""
        if by == account:
            return True
        while account in self.merged:
            account = self.closed[account]
        if account.startswith("household:"):
            return self.household(by, self.world.day(at)) == account
        return account in self.world.organizations and self.world.serves(by, account)

    def kind(self, account: str) -> str:
        """A1: a household has an account once somebody has joined it."""
        if account.startswith("household:"):
            return "household" if account in self.known_households() else ""
        return self.world.kind(account)

    def heir(self, account: str) -> str:
        """A6: the heir of the heir, and so on."""
        while self.closed.get(account):
            account = self.closed[account]
        return account

    def is_frozen(self, account: str) -> bool:
        return any(each.account == account and not each.lot and not each.voucher for each in self.holds.values())

    def lot_is_frozen(self, account: str, lot: str) -> bool:
        """E4, F2: the account or the lot."""
        return self.is_frozen(account) or any(
            each.account == account and each.lot == lot for each in self.holds.values()
        )

    def voucher_is_frozen(self, voucher: str) -> bool:
        return any(each.voucher == voucher for each in self.holds.values())

    def known_households(self) -> set[str]:
        return {each.household for spans in self.spans.values() for each in spans} | set(self.home)

    def _join(self, command: c.JoinHousehold, _by: str, at: dt.datetime, _id: str) -> set[str]:
        """A4: one household at a time, not from a day in the future."""
        codes = set()
        if not command.household.startswith("household:"):
            codes.add("points.no-household")
        if command.household in self.merged:
            codes.add("points.no-household")
        if self.kind(command.account) not in ("resident", "worker"):
            codes.add("points.no-member")
        if command.from_on > self.world.day(at):
            codes.add("points.in-the-future")
        if any(each.until >= command.from_on for each in self.spans[command.account]):
            codes.add("points.in-a-household")
        if not codes:
            self.spans[command.account].append(Span(command.household, command.from_on))
            if command.community or command.household not in self.home:
                self.home[command.household] = command.community
        return codes

    def _leave(self, command: c.LeaveHousehold, _by: str, at: dt.datetime, _id: str) -> set[str]:
        """A4: only the one that they are in, and not before they joined."""
        span = next((each for each in self.spans[command.account] if each.until == ALWAYS), None)
        if span is None or span.household != command.household:
            return {"points.not-in-household"}
        if command.until_on > self.world.day(at):
            return {"points.in-the-future"}
        if command.until_on < span.since:
            return {"points.dates-out-of-order"}
        span.until = command.until_on
        return set()

    def _merge(self, command: c.MergeHouseholds, _by: str, at: dt.datetime, _id: str) -> set[str]:
        """A7: every member goes, what is posted moves lot by lot, and what comes later goes there."""
        codes, today, both = set(), self.world.day(at), {command.household, command.into}
        if both & set(self.closed):
            codes.add("points.account-closed")
        if len(both) < 2 or both - self.known_households() or both & self.merged:
            codes.add("points.no-household")
        if any(self.is_frozen(each) for each in both):
            codes.add("points.frozen")
        if codes:
            return codes
        for spans in list(self.spans.values()):
            for span in list(spans):
                if span.household == command.household and span.since <= today and span.until == ALWAYS:
                    spans.append(Span(command.into, today))
                    span.until = today - dt.timedelta(days=1)
        self.merged.add(command.household)
        self.closed[command.household] = command.into
        self._move_lots(command.household, command.into)
        return set()

    def _close_account(self, command: c.CloseAccount, _by: str, _at: dt.datetime, _id: str) -> set[str]:
        """A6: with an heir all that is posted moves; what is held or frozen stays, and debt never moves."""
        codes, to = set(), command.to
        if command.account in self.closed:
            codes.add("points.account-closed")
        if command.cause not in ("moved-away", "deceased"):
            codes.add("points.bad-cause")
        if to and (to == command.account or to in self.closed or not self.kind(to)):
            codes.add("points.bad-heir")
        if self.is_frozen(command.account) or (to and self.is_frozen(to)):
            codes.add("points.frozen")
        if not self.kind(command.account):
            codes.add("points.no-member")
        if not codes:
            self.closed[command.account] = to
            if to:
                self._move_lots(command.account, to)
        return codes

    def _move_lots(self, account: str, to: str) -> None:
        """A6, A7: lot by lot, keeping each lot's end."""
        for (owner, award), lot in list(self.lots.items()):
            if owner != account or not lot.posted:
                continue
            fresh = Lot(award, lot.unit, lot.earned, lot.last, lot.end, lot.only)
            there = self.lots.setdefault((to, award), fresh)
            if self.lot_is_frozen(to, award):
                there.frozen += lot.posted
            else:
                there.posted += lot.posted
            self._move("moved", account, lot.unit, -lot.posted)
            self._move("moved", to, lot.unit, lot.posted)
            lot.posted = 0

    def _consent(self, command: c.ConsentToName, by: str, _at: dt.datetime, _id: str) -> set[str]:
        """L6: by themselves."""
        if by != command.account:
            return {"points.not-the-member"}
        (self.consents.add if command.agrees else self.consents.discard)(command.account)
        return set()

    # --- an award: claim, sitting, list -----------------------------------------------------------

    def _propose(self, command: c.ProposeAward, by: str, at: dt.datetime, id_: str) -> set[str]:
        """L1: everything that a claim can be refused for."""
        policy, on, account = self.world.policy, command.on, command.account
        deed = policy.deeds.get(command.deed)
        if deed is None:
            return {"points.unknown-deed"} | ({"points.bad-count"} if command.count < 1 else set())
        kind, household = self.kind(account), self.household(account, on)
        community = self.world.community.get(command.place, "") or self.home.get(household, "")
        codes = set()
        if command.count < 1:
            codes.add("points.bad-count")
        if not command.occasion:
            codes.add("points.no-occasion")
        if not deed.from_on <= on <= deed.until_on:
            codes.add("points.deed-not-in-force")
        if on > self.world.day(at):
            codes.add("points.deed-in-the-future")
        if not kind or kind not in deed.members:
            codes.add("points.no-member")
        if kind == "worker" and account not in self.world.unpaid:
            codes.add("points.paid-role")
        if account in self.closed:
            codes.add("points.account-closed")
        if any((a.account, a.deed, a.occasion) == (account, deed.id, command.occasion) for a in self.awards.values()):
            codes.add("points.claimed-already")
        asked_by_the_office = by.startswith("system:")
        written = {each.partition(":")[0] for each in command.evidence if each.partition(":")[2]}
        lacks = len(set(command.evidence)) > len(written) or set(deed.evidence) - written
        if lacks and not asked_by_the_office:
            codes |= {"points.no-evidence"} | (
                {"points.not-an-id"} if any(e.endswith(":") for e in command.evidence) else set()
            )
        if deed.proposers and not asked_by_the_office and not self._may_propose(deed, by, account):
            codes.add("points.not-the-proposer")
        if not community and (policy.budgets or any(cap.of == "community" for cap in deed.caps)):
            codes.add("points.no-community")
        asked = deed.points * command.count
        codes |= self._over_a_cap(deed, asked, on, account, household, community)
        codes |= self._too_soon(deed, account, on)
        if not codes:
            self.awards[id_] = Award(
                id=id_,
                account=account,
                deed=deed.id,
                on=on,
                occasion=command.occasion,
                asked=asked,
                household=household,
                community=community,
                payee=(policy.pool and self._pool(household)) or account,
                unit=deed.book or policy.book,
                source=community if policy.budgets else "book:issued",
            )
        return codes

    def _pool(self, household: str) -> str:
        """A5: the household's account; of one that was merged the living one, of one that is closed none."""
        while household in self.merged:
            household = self.closed[household]
        return "" if household in self.closed else household

    def _may_propose(self, deed: Deed, by: str, account: str) -> bool:
        return ("self" in deed.proposers and by == account) or bool(
            self.world.roles.get(by, frozenset()) & set(deed.proposers)
        )

    def _over_a_cap(
        self, deed: Deed, asked: int, on: dt.date, account: str, household: str, community: str
    ) -> set[str]:
        """L2: asked + counted in that window ≤ the cap, for the account, its household and the community."""
        subjects = {"account": account, "household": household, "community": community}
        caps = [(cap.of, cap.per, cap.points) for cap in deed.caps]
        caps += [("account", "month", deed.month_cap)] if deed.month_cap else []
        for of, per, most in caps:
            if subjects[of]:
                counted = sum(
                    award.counts
                    for award in self.awards.values()
                    if award.deed == deed.id
                    and getattr(award, of) == subjects[of]
                    and window_of(per, award.on) == window_of(per, on)
                )
                if asked + counted > most:
                    return {"points.cap-reached"}
        return set()

    def _too_soon(self, deed: Deed, account: str, on: dt.date) -> set[str]:
        """L3: fewer than N + 1 days away, before or after."""
        if deed.cooldown_days and any(
            award.counts > 0 and abs((award.on - on).days) < deed.cooldown_days + 1
            for award in self.awards.values()
            if (award.account, award.deed) == (account, deed.id)
        ):
            return {"points.too-soon"}
        return set()

    def _propose_all(self, command: c.ProposeAwards, by: str, at: dt.datetime, id_: str) -> set[str]:
        """L1 for everybody on a list: all of them or none."""
        trial, codes = copy.copy(self), set()
        trial.awards = dict(self.awards)
        if not command.accounts or len(set(command.accounts)) < len(command.accounts):
            codes.add("points.empty-list")
        for place, account in enumerate(command.accounts, start=1):
            one = c.ProposeAward(
                account=account,
                deed=command.deed,
                on=command.on,
                occasion=command.occasion,
                count=command.count,
                evidence=command.evidence,
                place=command.place,
            )
            codes |= trial._propose(one, by, at, f"{id_}/{place}")
        if not codes:
            self.awards = trial.awards
        return codes

    def _named_awards(self, names: tuple[str, ...], state: str) -> set[str]:
        codes = set()
        if not names or len(set(names)) < len(names):
            codes.add("points.empty-list")
        for name in names:
            if name not in self.awards:
                codes.add("points.unknown-award")
            elif self.awards[name].state != state:
                codes.add("points.wrong-state")
        return codes

    def _call(self, command: c.CallSitting, _by: str, _at: dt.datetime, id_: str) -> set[str]:
        """L4: claims, each once, at least one."""
        codes = self._named_awards(command.awards, "claimed")
        if not codes:
            self.sittings[id_] = command.awards
            for name in command.awards:
                self.awards[name].state = "under review"
        return codes

    def _sit(self, command: c.HoldSitting, by: str, at: dt.datetime, id_: str) -> set[str]:
        """L5: who sits, what is judged, who votes, and where the points come from."""
        codes = self._who_sits(command.present, by)
        names = [each.award for each in command.judgments]
        if not names or len(set(names)) < len(names):
            codes.add("points.judged-twice")
        agenda = self.sittings.get(command.sitting)
        if command.sitting and agenda is None:
            codes.add("points.unknown-sitting")
        wanted = "under review" if command.sitting else "claimed"
        for judgment in command.judgments:
            award = self.awards.get(judgment.award)
            if award is None:
                codes.add("points.unknown-award")
                continue
            if award.state != wanted or (agenda is not None and award.id not in agenda):
                codes.add("points.wrong-state")
            codes |= self._votes(judgment, award, command.present, at)
        spent: Counter[tuple[str, str]] = Counter()
        for judgment in command.judgments:
            if judgment.award in self.awards and self._approved(judgment, command.present):
                award = self.awards[judgment.award]
                spent[award.source, award.unit] += judgment.points
        codes |= self._enough(spent)
        if codes:
            return codes
        for judgment in command.judgments:
            award = self.awards[judgment.award]
            award.voters |= {*judgment.in_favor, *judgment.against}
            self._decided(award, at)
            if self._approved(judgment, command.present):
                award.state, award.given = "approved", judgment.points
                self._give(award, award.given)
            else:
                award.state = "rejected"
        return codes

    def _who_sits(self, present: tuple[str, ...], by: str) -> set[str]:
        policy, codes = self.world.policy, set()
        side = {each.person: each.side for each in policy.panel}
        if any(who not in side for who in present) or by not in present:
            codes.add("points.not-on-the-panel")
        if len(set(present)) < len(present):
            codes.add("points.member-twice")
        if len(set(present)) < policy.quorum:
            codes.add("points.no-quorum")
        if len({side[who] for who in present if who in side}) < policy.sides_min:
            codes.add("points.sides-missing")
        return codes

    def _votes(self, judgment: c.Judgment, award: Award, present: tuple[str, ...], at: dt.datetime) -> set[str]:
        votes, codes = [*judgment.in_favor, *judgment.against], set()
        if len(set(votes)) < len(votes) or not set(votes) <= set(present):
            codes.add("points.bad-vote")
        if any(self._is_theirs(who, award, at) for who in votes):
            codes.add("points.votes-on-themselves")
        if not 0 <= judgment.points <= award.asked:
            codes.add("points.bad-points")
        return codes

    def _is_theirs(self, who: str, award: Award, at: dt.datetime) -> bool:
        """L5: their own award, one of a household they are in on the day, of an organization, or whose heir they are."""
        today = self.world.day(at)
        gaining = {award.account, award.payee, self.heir(award.account), self.heir(award.payee)}
        houses = (gaining | {self.household(award.account, today)}) - {""}
        return self.household(who, today) in houses or any(self.acts_for(who, each, at) for each in gaining)

    def _approved(self, judgment: c.Judgment, present: tuple[str, ...]) -> bool:
        """L5: more than nothing, and the majority."""
        for_, against = len(judgment.in_favor), len(judgment.against)
        carried = {
            "simple": for_ > against,
            "absolute": 2 * for_ > len(present),
            "two-thirds": for_ + against > 0 and 3 * for_ >= 2 * (for_ + against),
        }
        return judgment.points > 0 and carried[self.world.policy.majority]

    def _enough(self, spent: Mapping[tuple[str, str], int]) -> set[str]:
        """L5: enough for all approvals of the sitting together."""
        short = any(not source.startswith("book:") and n > self.budget[source, u] for (source, u), n in spent.items())
        return {"points.no-budget"} if short else set()

    def _give(self, award: Award, points: int) -> None:
        """L5: source −points, payee pending +points; below zero it is the way back."""
        (self.book if award.source.startswith("book:") else self.budget)[award.source, award.unit] -= points
        self.pending[award.payee, award.unit] += points

    def _allot(self, command: c.AllotBudget, _by: str, _at: dt.datetime, _id: str) -> set[str]:
        if command.points < 1:
            return {"points.bad-points"}
        unit = self.world.policy.book
        self.budget[command.community, unit] += command.points
        self.book["book:issued", unit] -= command.points
        return set()

    def _publish(self, command: c.PublishAwards, _by: str, _at: dt.datetime, id_: str) -> set[str]:
        """L6: a list of approved awards; names only of those who have agreed."""
        codes = self._named_awards(command.awards, "approved")
        if not codes:
            self.lists[id_] = command.awards
            named = {self.awards[name].account for name in command.awards} & self.consents
            self.named[id_] = tuple(sorted(named)) if command.full_names else ()
            for name in command.awards:
                self.awards[name].state = "publishing"
        return codes

    def _hang(self, command: c.ConfirmPublication, _by: str, at: dt.datetime, _id: str) -> set[str]:
        """L6: only now the window starts."""
        codes = set()
        if command.list not in self.lists:
            codes.add("points.unknown-list")
        if not command.channel or not command.receipt:
            codes.add("points.no-receipt")
        if command.list in self.hung:
            codes.add("points.confirmed-already")
        if not codes:
            self.hung.add(command.list)
            ends = due(self.world.policy.window, at, self.world.calendar)
            for name in self.lists[command.list]:
                award = self.awards[name]
                award.state, award.window_end, award.confirm_at = "published", ends.at, ends.at
        return codes

    # --- an award: objection, confirmation, appeal, reversal --------------------------------------

    def _object(self, command: c.ObjectToAward, by: str, at: dt.datetime, id_: str) -> set[str]:
        """L7: until the window's end, that instant included; also while other objections are open."""
        award = self.awards.get(command.award)
        codes = set() if command.reason else {"points.no-reason"}
        if award is None:
            return codes | {"points.unknown-award"}
        if award.state not in ("published", "objected"):
            codes.add("points.wrong-state")
        if award.window_end is not None and at > award.window_end:
            codes.add("points.window-over")
        if not codes:
            award.state = "objected"
            award.objections[id_] = by
        return codes

    def _impartial(self, by: str, award: Award, raised_by: str, at: dt.datetime) -> set[str]:
        """L8: a member of the panel who has nothing to do with it; where none is left, anybody else."""
        panel = {each.person for each in self.world.policy.panel}
        before = award.voters | award.deciders | {raised_by}
        engaged = before | {each for each in {*panel, by} if self._is_theirs(each, award, at)}
        codes = {"points.not-impartial"} if by in engaged else set()
        if by not in panel and panel - engaged:
            codes.add("points.not-on-the-panel")
        return codes

    def _decide_objection(self, command: c.DecideAwardObjection, by: str, at: dt.datetime, _id: str) -> set[str]:
        """L8: dismissed, amended or voided."""
        award = self.awards.get(command.award)
        if award is None:
            return {"points.unknown-award"}
        codes = set() if award.state == "objected" else {"points.wrong-state"}
        which = command.objection
        if not which and len(award.objections) > 1:
            codes.add("points.which-objection")
        elif which and which not in award.objections:
            codes.add("points.unknown-objection")
        else:
            which = which or next(iter(award.objections), "")
        codes |= self._impartial(by, award, award.objections.get(which, ""), at)
        if command.outcome == "amended" and not 0 < command.points < award.given:
            codes.add("points.bad-points")
        if codes:
            return codes
        award.deciders.add(by)
        award.objections.pop(which)
        if command.outcome == "voided":
            self._give(award, -award.given)
            award.state, award.given, award.objections = "voided", 0, {}
            self._decided(award, at)
            return codes
        if command.outcome == "amended":
            self._give(award, command.points - award.given)
            award.given = command.points
            self._decided(award, at)
        if not award.objections:
            award.state, award.confirm_at = "published", max(award.window_end, at)
        return codes

    def _decided(self, award: Award, at: dt.datetime) -> None:
        """L10: a decision that can be appealed."""
        award.decided_at, award.appealed = at, False

    def _clock_only(self, by: str) -> set[str]:
        return set() if by == CLOCK else {"points.clock-only"}

    def _confirm(self, command: c.ConfirmAward, by: str, at: dt.datetime, _id: str) -> set[str]:
        """L9: debt first, the rest is one new lot, posted, or frozen while the account is frozen."""
        codes, award = self._clock_only(by), self.awards.get(command.award)
        if award is None:
            return codes | {"points.unknown-award", "points.nothing-due"}
        if award.state != "published":
            codes |= {"points.nothing-due", "points.wrong-state"}
        elif command.due_at != award.confirm_at or at < award.confirm_at:
            codes.add("points.nothing-due")
        if codes:
            return codes
        self.pending[award.payee, award.unit] -= award.given
        to, deed = self.heir(award.payee), self.world.policy.deeds[award.deed]
        owed = min(award.given, -self.debt[to, award.unit])
        self._owe(to, award.unit, owed)
        rest = award.given - owed
        if rest:
            last = self.world.policy.last_day(self.world.day(award.confirm_at))
            end = None if last is None else self.world.calendar.end_of(last)
            frozen = self.is_frozen(to)
            self.lots[to, award.id] = Lot(
                award=award.id,
                unit=award.unit,
                earned=award.confirm_at,
                last=last,
                end=end,
                only=deed.only,
                posted=0 if frozen else rest,
                frozen=rest if frozen else 0,
            )
        self._move("earned", to, award.unit, award.given, deed.category)
        award.state, award.confirmed_on = "confirmed", self.world.day(award.confirm_at)
        self._decided(award, at)
        return codes

    def _most(self, award: Award) -> int:
        """L10: what was asked for less what stands and what earlier appeals of it brought."""
        return award.asked - award.stands - award.brought

    def _appeal(self, command: c.AppealAward, by: str, at: dt.datetime, _id: str) -> set[str]:
        """L10: once for each decision, in time, with something to get."""
        award = self.awards.get(command.award)
        if award is None:
            return {"points.unknown-award"}
        codes = set()
        if not self.acts_for(by, award.account, at):
            codes.add("points.not-the-member")
        if award.state not in (*GIVEN_BACK, *LASTING, "reversed", "expired"):
            codes |= {"points.nothing-to-appeal", "points.wrong-state"}
        elif self._most(award) < 1:
            codes.add("points.nothing-to-appeal")
        if award.appealed or award.appellant:
            codes.add("points.appealed-already")
        if award.decided_at is not None:
            until = due(self.world.policy.appeal_within, award.decided_at, self.world.calendar)
            if at > until.at:
                codes.add("points.window-over")
        if not command.reason:
            codes.add("points.no-reason")
        if not codes:
            award.appealed, award.appellant = True, by
        return codes

    def _decide_appeal(self, command: c.DecideAppeal, by: str, at: dt.datetime, id_: str) -> set[str]:
        """L10: decided like an objection; upheld, it is a new award, and the old one is never edited."""
        award = self.awards.get(command.award)
        if award is None:
            return {"points.unknown-award"}
        codes = self._impartial(by, award, award.appellant, at)
        if not award.appellant:
            codes.add("points.no-appeal")
        if command.outcome == "upheld":
            if not 1 <= command.points <= self._most(award):
                codes.add("points.bad-points")
            codes |= self._enough({(award.source, award.unit): command.points})
        if codes:
            return codes
        award.deciders.add(by)
        if command.outcome == "upheld":
            fresh = Award(
                id=id_,
                account=award.account,
                deed=award.deed,
                on=award.on,
                occasion=award.occasion,
                asked=command.points,
                household=award.household,
                community=award.community,
                payee=award.payee,
                unit=award.unit,
                source=award.source,
                state="approved",
                given=command.points,
                deciders={by},
                decided_at=at,
            )
            self.awards[id_] = fresh
            self._give(fresh, command.points)
            award.brought += command.points
        award.appellant = ""
        return codes

    def _reverse(self, command: c.ReverseAward, by: str, at: dt.datetime, _id: str) -> set[str]:
        """L11: its own lot, then the posted part of other lots of that unit, the rest is debt."""
        award = self.awards.get(command.award)
        if award is None:
            return {"points.unknown-award"}
        codes = set()
        if award.state not in (*LASTING, "expired"):
            codes.add("points.wrong-state")
        if command.ground not in GROUNDS:
            codes.add("points.bad-ground")
        if self._is_theirs(by, award, at):
            codes.add("points.not-impartial")
        days = self.world.policy.reversal_days
        if not days or (award.confirmed_on and self.world.day(at) > award.confirmed_on + dt.timedelta(days=days)):
            codes.add("points.too-late")
        if not 1 <= command.points <= award.given - award.reversed - award.expired:
            codes.add("points.bad-points")
        if codes:
            return codes
        account, left = self.heir(award.payee), command.points
        own = self.lots.get((account, award.id))
        if own is not None:
            for bucket in ("posted", "frozen"):
                taken = min(left, getattr(own, bucket))
                setattr(own, bucket, getattr(own, bucket) - taken)
                left -= taken
        for lot in self._in_spending_order(account, lambda lot: lot.unit == award.unit and lot.award != award.id):
            taken = min(left, lot.posted)
            lot.posted -= taken
            left -= taken
        self._owe(account, award.unit, -left)
        self.book["book:reversed", award.unit] += command.points
        self._move("reversed", account, award.unit, -command.points)
        award.reversed += command.points
        if award.reversed == award.given:
            award.state = "reversed"
        elif award.state != "expired":
            award.state = "partly reversed"
        award.deciders.add(by)
        self._decided(award, at)
        return codes

    def _owe(self, account: str, unit: str, points: int) -> None:
        self.debt[account, unit] += points
        self.movements.append(Movement(self.period, account, unit, "debt", points))

    # --- lots -------------------------------------------------------------------------------------

    def _in_spending_order(self, account: str, fits: Callable[[Lot], bool]) -> list[Lot]:
        """E3: restricted lots first, then the earliest end, then the earliest earned, then the id."""
        never = dt.datetime.max.replace(tzinfo=dt.UTC)
        lots = [lot for (owner, _), lot in self.lots.items() if owner == account and lot.posted and fits(lot)]
        return sorted(lots, key=lambda lot: (not lot.only, lot.end or never, lot.earned, lot.award))

    def _pays_for(self, good: Good | None, at: dt.datetime) -> Callable[[Lot], bool]:
        """E2, E3: a lot past its end pays for nothing, a restricted one for what it names only."""

        def fits(lot: Lot) -> bool:
            if lot.end is not None and lot.end <= at:
                return False
            if good is None:
                return not lot.only
            named = not lot.only or good.id in lot.only or good.outlet in lot.only
            return named and (not good.books or lot.unit in good.books)

        return fits

    def _take(self, lots: Iterable[Lot], points: int) -> list[tuple[Lot, int]]:
        parts = []
        for lot in lots:
            taken = min(points, lot.posted)
            if taken:
                lot.posted -= taken
                points -= taken
                parts.append((lot, taken))
        return parts

    def _expire(self, command: c.ExpireLot, by: str, at: dt.datetime, _id: str) -> set[str]:
        """E2: what is posted; held and frozen points do not expire."""
        codes, lot = self._clock_only(by), self.lots.get((command.account, command.lot))
        if lot is None or not lot.posted or lot.end is None or at < lot.end or command.due_at != lot.end:
            codes |= {"points.nothing-due"} | ({"points.unknown-lot"} if lot is None else set())
        if not codes:
            self._run_out(command.account, lot)
        return codes

    def _run_out(self, account: str, lot: Lot) -> None:
        self.book["book:expired", lot.unit] += lot.posted
        self._move("expired", account, lot.unit, -lot.posted)
        self.awards[lot.award].expired += lot.posted
        lot.posted = 0
        if self.awards[lot.award].state in LASTING:
            self.awards[lot.award].state = "expired"

    def _come_back(self, account: str, lot: Lot, points: int, at: dt.datetime, *, grace: bool) -> None:
        """E4: to their own lot, with a few days left where it was not the member's doing; past its end they expire."""
        day, days = self.world.day(at), self.world.policy.grace_days if grace else 0
        if days and lot.last is not None and lot.last < day + dt.timedelta(days=days):
            lot.last = day + dt.timedelta(days=days)
            lot.end = self.world.calendar.end_of(lot.last)
        elif lot.end is not None and lot.end <= at:
            lot.last, lot.end = day, at
        if self.lot_is_frozen(account, lot.award):
            lot.frozen += points
            return
        lot.posted += points

    # --- redemption -------------------------------------------------------------------------------

    def _stock(self, command: c.StockGoods, by: str, _at: dt.datetime, _id: str) -> set[str]:
        """R7: by the outlet, from 1, goods only."""
        good = self.world.policy.goods.get(command.good)
        if good is None:
            return {"points.unknown-good"}
        codes = set()
        if not self.world.serves(by, good.outlet):
            codes.add("points.not-the-outlet")
        if command.quantity < 1:
            codes.add("points.bad-quantity")
        if good.kind != "goods":
            codes.add("points.not-counted")
        if not codes:
            self.shelf[good.id] += command.quantity
        return codes

    def _redeem(self, command: c.Redeem, by: str, at: dt.datetime, id_: str) -> set[str]:
        """R1: points held, goods set aside, and a voucher, in one step."""
        policy, account, today = self.world.policy, command.account, self.world.day(at)
        good = policy.goods.get(command.good)
        codes = set() if self.acts_for(by, account, at) else {"points.not-the-member"}
        if command.quantity < 1:
            codes.add("points.bad-quantity")
        if self.is_frozen(account):
            codes.add("points.frozen")
        if good is None:
            return codes | {"points.unknown-good"}
        points = good.price * command.quantity
        household = account if account.startswith("household:") else self.household(account, today)
        window = window_of(good.limit_per, today) if good.limit_per else ""
        lots = self._in_spending_order(account, self._pays_for(good, at))
        if sum(lot.posted for lot in lots) < points:
            codes.add("points.not-enough")
        if good.kind == "goods" and self.shelf[good.id] < command.quantity:
            codes.add("points.out-of-stock")
        for of, limit in (("account", good.limit), ("household", good.household_limit)):
            whose = account if of == "account" else household
            if limit and whose and self._taken(good.id, of, whose, window) + command.quantity > limit:
                codes.add("points.limit-reached")
        if codes:
            return codes
        parts = self._take(lots, points)
        for lot, taken in parts:
            lot.held += taken
        last = today + dt.timedelta(days=policy.voucher_days) if policy.voucher_days else None
        lapses = None if last is None else self.world.calendar.end_of(last + dt.timedelta(days=policy.offline_days))
        if good.kind == "goods":
            self.shelf[good.id] -= command.quantity
            self.reserved[good.id] += command.quantity
        self.vouchers[id_] = Voucher(
            id=id_,
            account=account,
            good=good.id,
            quantity=command.quantity,
            parts=[(lot.award, taken) for lot, taken in parts],
            household=household,
            window=window,
            last=last,
            lapses=lapses,
        )
        return codes

    def _taken(self, good: str, of: str, whose: str, window: str) -> int:
        """R1, R3: what was canceled or has lapsed is free again."""
        return sum(
            voucher.quantity
            for voucher in self.vouchers.values()
            if voucher.good == good
            and getattr(voucher, of) == whose
            and voucher.window == window
            and voucher.state in ("reserved", "collected")
        )

    def _good_of(self, voucher: Voucher) -> Good:
        return self.world.policy.goods[voucher.good]

    def _collect(self, command: c.CollectVoucher, by: str, at: dt.datetime, _id: str) -> set[str]:
        """R2: by the outlet, once, not frozen, up to its last day."""
        voucher = self.vouchers.get(command.voucher)
        if voucher is None:
            return {"points.unknown-voucher"}
        codes = set()
        if not self.world.serves(by, self._good_of(voucher).outlet):
            codes.add("points.not-the-outlet")
        if voucher.state != "reserved":
            codes.add("points.voucher-used")
        if self.voucher_is_frozen(voucher.id):
            codes.add("points.frozen")
        if voucher.last is not None and self.world.day(at) > voucher.last:
            codes.add("points.voucher-lapsed")
        if not codes:
            self._hand_over(voucher)
        return codes

    def _hand_over(self, voucher: Voucher) -> None:
        for award, points in voucher.parts:
            lot = self.lots[voucher.account, award]
            lot.held -= points
            self.book["book:redeemed", lot.unit] += points
            self._move("spent", voucher.account, lot.unit, -points)
        if self._good_of(voucher).kind == "goods":
            self.reserved[voucher.good] -= voucher.quantity
        voucher.state = "collected"

    def _give_up(self, voucher: Voucher, state: str, at: dt.datetime, *, grace: bool) -> None:
        """R3: every part back to its own lot, goods to the shelf."""
        voucher.state = state
        if self._good_of(voucher).kind == "goods":
            self.reserved[voucher.good] -= voucher.quantity
            self.shelf[voucher.good] += voucher.quantity
        for award, points in voucher.parts:
            lot = self.lots[voucher.account, award]
            lot.held -= points
            self._come_back(voucher.account, lot, points, at, grace=grace)

    def _cancel(self, command: c.CancelRedemption, by: str, at: dt.datetime, _id: str) -> set[str]:
        """R3: by the member or the outlet, while reserved and not frozen."""
        voucher = self.vouchers.get(command.voucher)
        if voucher is None:
            return {"points.unknown-voucher"}
        codes = set()
        outlet = self._good_of(voucher).outlet
        if not self.acts_for(by, voucher.account, at) and not self.world.serves(by, outlet):
            codes |= {"points.not-the-member", "points.not-the-outlet"}
        if voucher.state != "reserved":
            codes.add("points.voucher-used")
        if self.voucher_is_frozen(voucher.id):
            codes.add("points.frozen")
        if not codes:
            self._give_up(voucher, "canceled", at, grace=not self.acts_for(by, voucher.account, at))
        return codes

    def _lapse(self, command: c.LapseVoucher, by: str, at: dt.datetime, _id: str) -> set[str]:
        """R3: by the clock; a frozen one only after its release."""
        codes, voucher = self._clock_only(by), self.vouchers.get(command.voucher)
        if voucher is None:
            return codes | {"points.unknown-voucher", "points.nothing-due"}
        due_at = self._lapses_at(voucher)
        if due_at is None or at < due_at or command.due_at != due_at:
            codes |= {"points.nothing-due"} | ({"points.voucher-used"} if voucher.state != "reserved" else set())
        if not codes:
            self._give_up(voucher, "lapsed", at, grace=False)
        return codes

    def _lapses_at(self, voucher: Voucher) -> dt.datetime | None:
        if voucher.state != "reserved" or voucher.lapses is None or self.voucher_is_frozen(voucher.id):
            return None
        return max(voucher.lapses, voucher.thawed or voucher.lapses)

    def _report_offline(self, command: c.ReportOfflineUses, by: str, at: dt.datetime, _id: str) -> set[str]:
        """R4: each use is judged, none is refused for another."""
        if not self.world.serves(by, command.outlet):
            return {"points.not-the-outlet"}
        if not command.uses:
            return {"points.empty-list"}
        self.offline = []
        for use in command.uses:
            why = self._wrong_with(use, command.outlet, at)
            if not why:
                self._hand_over(self.vouchers[use.voucher])
            self.offline.append((use.voucher, why))
        return set()

    def _wrong_with(self, use: c.OfflineUse, outlet: str, at: dt.datetime) -> str:
        voucher = self.vouchers.get(use.voucher)
        if voucher is None:
            return "unknown"
        reasons = []
        if self._good_of(voucher).outlet != outlet:
            reasons.append("another-outlet")
        if voucher.state != "reserved":
            reasons.append({"collected": "used-already"}.get(voucher.state, voucher.state))
        if self.voucher_is_frozen(voucher.id):
            reasons.append("frozen")
        if voucher.last is not None and self.world.day(use.used_at) > voucher.last:
            reasons.append("too-late")
        if use.used_at > at:
            reasons.append("in-the-future")
        return "|".join(reasons)

    def _settle(self, command: c.SettleOutlet, _by: str, _at: dt.datetime, _id: str) -> set[str]:
        """R5: what was collected and not settled, in points of each book."""
        found = [
            voucher
            for voucher in self.vouchers.values()
            if voucher.state == "collected" and not voucher.settled and self._good_of(voucher).outlet == command.outlet
        ]
        if not found:
            return {"points.nothing-to-settle"}
        self.settlement = Counter()
        for voucher in found:
            voucher.settled = True
            self.settlement[voucher.good] += voucher.quantity
            for award, points in voucher.parts:
                unit = self.awards[award].unit
                self.book["book:redeemed", unit] -= points
                self.settled[command.outlet, unit] += points
        return set()

    def _donate(self, command: c.DonatePoints, by: str, at: dt.datetime, _id: str) -> set[str]:
        """R6: 1 … available points, in spending order."""
        codes = set() if self.acts_for(by, command.account, at) else {"points.not-the-member"}
        if self.is_frozen(command.account):
            codes.add("points.frozen")
        lots = self._in_spending_order(command.account, self._pays_for(None, at))
        if not 1 <= command.points <= sum(lot.posted for lot in lots):
            codes |= {"points.not-enough", "points.bad-points"} if command.points < 1 else {"points.not-enough"}
        if not codes:
            for lot, taken in self._take(lots, command.points):
                self.book["book:donated", lot.unit] += taken
                self._move("donated", command.account, lot.unit, -taken)
        return codes

    # --- freezing ---------------------------------------------------------------------------------

    def _freeze(self, command: c.Freeze, _by: str, at: dt.datetime, id_: str) -> set[str]:
        """F1: an authority, a reason, a last day; of an account, a lot or a voucher."""
        codes, today, account = set(), self.world.day(at), command.account
        if not command.authority:
            codes.add("points.no-authority")
        if not command.reason:
            codes.add("points.no-reason")
        if not today <= command.until_on <= today + dt.timedelta(days=self.world.policy.freeze_days_max):
            codes.add("points.bad-end")
        lot, voucher = self.lots.get((account, command.lot)), self.vouchers.get(command.voucher)
        if not self.kind(account):
            codes.add("points.no-member")
        if command.lot and (lot is None or not lot.posted):
            codes.add("points.unknown-lot")
        if command.voucher and (voucher is None or voucher.state != "reserved" or voucher.account != account):
            codes.add("points.unknown-voucher")
        if codes:
            return codes
        self.holds[id_] = Hold(account, self.world.calendar.end_of(command.until_on), command.lot, command.voucher)
        for (owner, award), each in self.lots.items():
            if owner == account and not command.voucher and command.lot in ("", award):
                each.posted, each.frozen = 0, each.frozen + each.posted
        return codes

    def _release(self, command: c.Release, _by: str, at: dt.datetime, _id: str) -> set[str]:
        """F2: by somebody."""
        hold = self.holds.get(command.freeze)
        if hold is None or hold.account != command.account:
            return {"points.unknown-freeze"}
        self._thaw(command.freeze, at)
        return set()

    def _end_freeze(self, command: c.EndFreeze, by: str, at: dt.datetime, _id: str) -> set[str]:
        """F2: by the clock at the end of its last day."""
        codes, hold = self._clock_only(by), self.holds.get(command.freeze)
        if hold is None or hold.account != command.account:
            return codes | {"points.unknown-freeze", "points.nothing-due"}
        if at < hold.end or command.due_at != hold.end:
            codes.add("points.nothing-due")
        if not codes:
            self._thaw(command.freeze, at)
        return codes

    def _thaw(self, freeze: str, at: dt.datetime) -> None:
        """F2: what it froze is posted again, unless another freeze of the account or the lot still holds."""
        hold = self.holds.pop(freeze)
        if hold.voucher:
            self.vouchers[hold.voucher].thawed = at
            return
        for (owner, award), lot in self.lots.items():
            if owner != hold.account or hold.lot not in ("", award) or not lot.frozen:
                continue
            if not self.lot_is_frozen(owner, award):
                points, lot.frozen = lot.frozen, 0
                self._come_back(owner, lot, points, at, grace=True)

    # --- months -----------------------------------------------------------------------------------

    def _move(self, kind: str, account: str, unit: str, points: int, category: str = "") -> None:
        """M1: booked in the month of its day, or in the first open one."""
        self.movements.append(Movement(self.period, account, unit, kind, points, category))

    def _close_period(self, command: c.ClosePeriod, _by: str, at: dt.datetime, _id: str) -> set[str]:
        """M2: in order, only when they are over, once."""
        codes, month = set(), command.period
        if self.last_closed and month <= self.last_closed:
            codes.add("points.period-closed")
        if self.last_closed and (month != _month_after(self.last_closed) or self.last_closed not in self.sealed):
            codes.add("points.period-out-of-order")
        if month >= f"{self.world.day(at):%Y-%m}":
            codes.add("points.period-not-over")
        if not codes:
            self.last_closed = month
        return codes

    def _close_statements(self, command: c.CloseStatements, _by: str, _at: dt.datetime, _id: str) -> set[str]:
        """M3: closing = opening + earned + moved − spent − expired − reversed − donated."""
        for account in command.accounts:
            self.stated.add((command.period, account))
            for unit in {each.unit for each in self.movements if each.account == account}:
                self.lines[command.period, account, unit] = self.line(command.period, account, unit)
        return set()

    def line(self, period: str, account: str, unit: str) -> dict[str, Any]:
        """M3: the month of an account in a book, from its movements alone."""
        previous = max((month for month, _ in self.stated if month < period), default="")
        whole = [m for m in self.movements if (m.account, m.unit) == (account, unit) and m.period <= period]
        ours = [m for m in whole if m.period > previous]
        total = {k: sum(m.points for m in ours if m.kind == k) for k in ("moved", "spent", "expired", "reversed")}
        earned: Counter[str] = Counter()
        for each in ours:
            if each.kind == "earned":
                earned[each.category] += each.points
        return {
            "opening": sum(m.points for m in whole if m.period <= previous and m.kind != "debt"),
            "earned": {category: n for category, n in earned.items() if n},
            "moved": total["moved"],
            "spent": -total["spent"],
            "expired": -total["expired"],
            "reversed": -total["reversed"],
            "donated": -sum(m.points for m in ours if m.kind == "donated"),
            "closing": sum(m.points for m in whole if m.kind != "debt"),
            "debt": -sum(m.points for m in whole if m.kind == "debt"),
        }

    def _seal(self, command: c.SealPeriod, _by: str, _at: dt.datetime, _id: str) -> set[str]:
        """M3: then the month is sealed."""
        self.sealed.add(command.period)
        return set()

    # --- looking ----------------------------------------------------------------------------------

    def members(self) -> set[str]:
        """Everybody with points, ever."""
        return {each.account for each in self.movements} | {account for account, _ in self.pending}

    def balances(self) -> dict[tuple[str, str, str, str], int]:
        """A2: (account, unit, bucket, lot) → points, without zeros."""
        found: Counter[tuple[str, str, str, str]] = Counter()
        for (account, unit), points in self.pending.items():
            found[account, unit, "pending", ""] += points
        for (account, unit), points in self.debt.items():
            found[account, unit, "debt", ""] += points
        for (account, award), lot in self.lots.items():
            for bucket in ("posted", "held", "frozen"):
                found[account, lot.unit, bucket, award] += getattr(lot, bucket)
        for (community, unit), points in self.budget.items():
            found[community, unit, "budget", ""] += points
        for (outlet, unit), points in self.settled.items():
            found[outlet, unit, "settled", ""] += points
        for (book, unit), points in self.book.items():
            found[book, unit, "book", ""] += points
        for bucket, goods in (("shelf", self.shelf), ("reserved", self.reserved)):
            for good, count in goods.items():
                found[self.world.policy.goods[good].outlet, f"good:{good}", bucket, ""] += count
        return {key: value for key, value in found.items() if value}

    def owed_by_the_clock(self) -> set[tuple[dt.datetime, str, str]]:
        """L9, E2, R3, F2: what has to happen when; of the lots of an account the one that ends next."""
        found: set[tuple[dt.datetime, str, str]] = set()
        ends: dict[str, tuple[dt.datetime, str]] = {}
        for award in self.awards.values():
            if award.state == "published":
                found.add((award.confirm_at, "ConfirmAward", award.id))
        for (account, award_id), lot in self.lots.items():
            if lot.posted and lot.end is not None:
                ends[account] = min(ends.get(account, (lot.end, award_id)), (lot.end, award_id))
        found |= {(end, "ExpireLot", f"{account} {award_id}") for account, (end, award_id) in ends.items()}
        for voucher in self.vouchers.values():
            lapses = self._lapses_at(voucher)
            if lapses is not None:
                found.add((lapses, "LapseVoucher", voucher.id))
        for freeze, hold in self.holds.items():
            found.add((hold.end, "EndFreeze", f"{hold.account} {freeze}"))
        return found

    _RULES: Mapping[type, Callable[..., set[str]]] = {
        c.ProposeAward: _propose,
        c.ProposeAwards: _propose_all,
        c.CallSitting: _call,
        c.HoldSitting: _sit,
        c.PublishAwards: _publish,
        c.ConfirmPublication: _hang,
        c.ObjectToAward: _object,
        c.DecideAwardObjection: _decide_objection,
        c.ConfirmAward: _confirm,
        c.AppealAward: _appeal,
        c.DecideAppeal: _decide_appeal,
        c.ReverseAward: _reverse,
        c.ExpireLot: _expire,
        c.JoinHousehold: _join,
        c.LeaveHousehold: _leave,
        c.MergeHouseholds: _merge,
        c.CloseAccount: _close_account,
        c.ConsentToName: _consent,
        c.Freeze: _freeze,
        c.Release: _release,
        c.EndFreeze: _end_freeze,
        c.AllotBudget: _allot,
        c.StockGoods: _stock,
        c.Redeem: _redeem,
        c.CollectVoucher: _collect,
        c.CancelRedemption: _cancel,
        c.LapseVoucher: _lapse,
        c.DonatePoints: _donate,
        c.ReportOfflineUses: _report_offline,
        c.SettleOutlet: _settle,
        c.ClosePeriod: _close_period,
        c.CloseStatements: _close_statements,
        c.SealPeriod: _seal,
    }
