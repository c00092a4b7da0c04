"""The room and the rules, side by side: whatever is asked, in whatever order, both say the same.

Whole lives of awards take many steps and many right answers, which random commands hardly ever find. So some rules of
the machine take a short cut to where the ledger is deep: points that came back after their end, debt, an heir, a
month that was closed while the clock slept. Everything they do is asked and compared like anything else. Most of what
is asked is right, and often it is wrong in one respect only, for a rule is seen at its edge.
"""

import datetime as dt
import os
import random
from collections import Counter

import attrs
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from gridgov.decider import Watched, private_fields
from gridgov.documents import Codec
from gridgov.errors import RefusalError
from gridgov.points import POINTS
from gridgov.points import _commands as c
from gridgov.points import _events as e
from gridgov.points._scheme import Cap, Deed, Good, PanelMember, PointsPolicy
from gridgov.policy import Timeline
from gridgov.proofs import Sealed
from gridgov.testing import NOON, small_setup
from gridgov.worktime import Limit, LimitKind

from .oracle import CLOCK, Oracle, World

ONE, OTHER = "150203005008", "150203005009"
BUILDING = f"{ONE}-B001"
PEOPLE = ("resident:1", "resident:2", "resident:3", "builder-81")
ACCOUNTS = (*PEOPLE, "household:1", "gas")
ODD = ("lead-81", "ghost", "household:2", *ACCOUNTS)
PANEL = ("head-8", "lead-81", "resident:1", "police-1", "resident:3")
ACTORS = (*PANEL, "resident:2", "builder-81", "desk-1", "shop", "gas-1")
LISTS = (PEOPLE[:2], PEOPLE[:3], PEOPLE[1:], PEOPLE[2:], PEOPLE[:2], PEOPLE[:1] * 2, ("lead-81", "resident:1"), ())
DEEDS = ("help", "visit", "bring", "watch", "teach", "old")
GOODS = ("soap", "rice", "cut", "course")
OFFICE = "system:office"
CLOCKWORK = (c.ConfirmAward, c.ExpireLot, c.LapseVoucher, c.EndFreeze)
DAY = dt.timedelta(days=1)

BASE = PointsPolicy(
    grace_days=0,
    book="small",
    deeds={
        deed.id: deed
        for deed in (
            Deed(
                id="help",
                category="kindness",
                zh="帮助",
                en="help",
                points=4,
                month_cap=12,
                caps=(Cap(points=8, per="week", of="household"),),
            ),
            Deed(
                id="visit",
                category="kindness",
                zh="探望",
                en="visit",
                points=3,
                cooldown_days=1,
            ),
            Deed(
                id="bring",
                category="goods",
                zh="捐物",
                en="bring",
                points=5,
                evidence=("photo",),
                only=("rice", "gas"),
                caps=(Cap(points=15, per="week", of="community"),),
            ),
            Deed(
                id="watch",
                category="patrol",
                zh="巡逻",
                en="watch",
                points=2,
                unit="hour",
                month_cap=12,
                proposers=("self", "general-grid-head"),
                only=("soap",),
            ),
            Deed(
                id="teach",
                category="skill",
                zh="授课",
                en="teach",
                points=3,
                book="hours",
                members=("resident", "worker", "household", "organization"),
                caps=(Cap(points=9, per="week"),),
            ),
            Deed(
                id="old",
                category="kindness",
                zh="旧项",
                en="old",
                points=6,
                from_on=dt.date(2026, 8, 28),
                until_on=dt.date(2026, 9, 3),
            ),
        )
    },
    goods={
        good.id: good
        for good in (
            Good(id="soap", outlet="shop", zh="皂", en="soap", price=2, household_limit=1, limit_per="month"),
            Good(id="rice", outlet="shop", zh="米", en="rice", price=5, limit=2),
            Good(id="cut", outlet="gas", zh="理发", en="cut", price=3, kind="discount", limit=2, limit_per="week"),
            Good(id="course", outlet="shop", zh="课", en="course", price=2, books=("hours",)),
        )
    },
    panel=(
        PanelMember("head-8", "community-worker"),
        PanelMember("lead-81", "grid-worker"),
        PanelMember("resident:1", "resident"),
        PanelMember("police-1", "supervision-committee"),
        PanelMember("resident:3", "resident"),
    ),
    quorum=2,
    sides_min=2,
    window=Limit(6, LimitKind.WORKING_HOURS),
    decide_within=Limit(1, LimitKind.WORKING_DAYS),
    appeal_within=Limit(3, LimitKind.WORKING_DAYS),
    reversal_days=20,
    lasts_days=10,
    voucher_days=2,
    offline_days=1,
    freeze_days_max=5,
)
POLICIES = {
    "plain": BASE,
    "pool": attrs.evolve(BASE, pool=True, majority="absolute", grace_days=3),
    "budgets": attrs.evolve(
        BASE,
        budgets=True,
        majority="two-thirds",
        grace_days=3,
        deeds={**BASE.deeds, "teach": attrs.evolve(BASE.deeds["teach"], book="")},
        goods={**BASE.goods, "course": attrs.evolve(BASE.goods["course"], books=("small",))},
    ),
    "pool-and-budgets": attrs.evolve(BASE, pool=True, budgets=True, lasts_days=0, lasts_months=1),
    "small-panel": attrs.evolve(BASE, panel=BASE.panel[:3], lasts_days=0, grace_days=3, voucher_days=0),
    "long": attrs.evolve(BASE, lasts_days=0, lasts_quarters=1, pool=True, grace_days=3, reversal_days=0),
}


def setup_of(policy):
    return attrs.evolve(small_setup(), points_policy=Timeline.always(policy))


def world_of(setup, policy):
    """Say by hand what the rules look at; the street of the tests is small enough."""
    persons = setup.roster.persons
    return World(
        policy=policy,
        calendar=setup.calendar,
        employer={person: each.organization for person, each in persons.items()},
        organizations=frozenset(setup.roster.organizations),
        unpaid=frozenset(person for person in persons if person.startswith("builder-")),
        roles={"head-8": frozenset({"general-grid-head"}), "head-9": frozenset({"general-grid-head"})},
        community={ONE: ONE, BUILDING: ONE, OTHER: OTHER},
    )


STATES = {
    "Claimed": "claimed",
    "UnderReview": "under review",
    "PartlyReversed": "partly reversed",
}
NUMBERS = range(64)
SLIPS = range(10)
"""What is wrong with a command; most of them name nothing."""


def some(found, number, otherwise="nothing"):
    """Take one of a list by number; where there is none, something that does not exist."""
    found = list(found)
    return found[number % len(found)] if found else otherwise


STEPS = []
"""Each rule of the machine, with what its arguments are chosen from."""


def step(**choices):
    """Make a method a rule of the machine, and remember what it chooses from for walks without Hypothesis."""

    def remember(method):
        STEPS.append((method, choices))
        return rule(**{name: st.sampled_from(each) for name, each in choices.items()})(method)

    return remember


class LedgerMachine(RuleBasedStateMachine):
    """The room and the oracle are asked the same, and everything is compared after each step."""

    policy = BASE
    asked = 0

    def __init__(self):
        super().__init__()
        self.setup_value = setup_of(self.policy)
        self.oracle = Oracle(world_of(self.setup_value, self.policy))
        self.at = NOON
        self.subjects = {}
        self.due = {}
        self.balances = Counter()
        self.lines = {}
        self.count = 0
        self.happened = []

    # --- asking both -------------------------------------------------------------------------------

    def ask(self, command, by, *, at=None, name=None):
        """Ask both, and compare what they say and everything that they know."""
        at = at or self.at
        self.count += 1
        type(self).asked += 1
        id_ = name or f"c{self.count}"
        sealed = {
            name: Sealed(f"{id_}/{name}", "0" * 64) for name in private_fields(type(command)) if getattr(command, name)
        }
        given = self.setup_value.given("points", at=at, by=by, command_id=id_, sealed=sealed)
        told = f"{command!r} by {by} at {at} as {id_}"
        refusal, events = None, ()
        try:
            events = tuple(POINTS.decide(command, Watched(self.subjects), given))
        except RefusalError as raised:
            refusal = raised.code
        codes = self.oracle.ask(command, by=by, at=at, name=id_)
        if refusal is None:
            assert not codes, f"accepted, though {sorted(codes)}: {told}"
        else:
            assert codes, f"refused with {refusal}: {told}"
            assert refusal in codes, f"refused with {refusal}, not one of {sorted(codes)}: {told}"
        for event in events:
            assert event.at == at, told
            assert event.period == self.oracle.period, told
            self._happen(event)
        if events:
            self._compare(told)
            self._compare_event(command, id_, events, told)
        return id_ if refusal is None else None

    def _happen(self, event):
        sums = Counter()
        for entry in event.entries:
            sums[entry.unit] += entry.delta
            self._book(entry)
        assert not any(sums.values()), f"the entries do not sum to zero: {event!r}"
        if isinstance(event, e.StatementsClosed):
            self.lines |= {(event.month, line.account, line.unit): line for line in event.lines}
        for tag in POINTS.tags(event):
            after = POINTS.evolve(tag, self.subjects.get(tag), event)
            self.subjects[tag] = after
            self.due[tag] = [each for each in POINTS.falls_due(tag, after) if isinstance(each.command, CLOCKWORK)]
            if not self.due[tag]:
                del self.due[tag]
        self.happened.append(event)

    def _book(self, entry):
        if entry.account.startswith("book:"):
            key = (entry.account, entry.unit, "book", "")
        elif entry.bucket in ("pending", "debt", "budget", "settled"):
            key = (entry.account, entry.unit, entry.bucket, "")
        else:
            key = (entry.account, entry.unit, entry.bucket, entry.lot)
        value = self.balances[key] + entry.delta
        assert value >= 0 or entry.bucket == "debt" or entry.account.startswith("book:"), f"{key} is {value}"
        if value:
            self.balances[key] = value
        else:
            del self.balances[key]

    def run_clock(self, *, until=None, included=False):
        """Do what was due before an instant, in order, each at its own."""
        until = until or self.at
        while True:
            found = min(
                ((each.at, tag, each.key, each.command) for tag, dues in self.due.items() for each in dues),
                key=lambda found: found[:3],
                default=None,
            )
            if found is None or found[0] > until or (found[0] == until and not included):
                return
            at, _, key, command = found
            self.ask(command, CLOCK, at=at, name=f"clock:{key}:{at.isoformat()}")

    def do(self, command, by, *, name=None):
        """Ask after what was due before."""
        self.run_clock()
        return self.ask(command, by, name=name)

    # --- comparing ---------------------------------------------------------------------------------

    def _compare(self, told):
        model = self.oracle
        points = {key: n for key, n in self.balances.items() if self._is_modeled(key)}
        assert points == model.balances(), told
        assert self._owed() == model.owed_by_the_clock(), told
        assert self._states() == {name: (a.state, a.stands) for name, a in model.awards.items()}, told
        kept = {key: n for key, n in points.items() if key[2] in ("pending", "debt", "posted", "held", "frozen")}
        assert self._kept() == kept, told
        lots = {
            key: (lot.only, lot.end, lot.earned)
            for key, lot in model.lots.items()
            if lot.posted + lot.held + lot.frozen
        }
        assert self._lots() == lots, told
        for voucher in model.vouchers.values():
            assert self.subjects[f"voucher:{voucher.id}"].state == voucher.state, told
        for good in self.policy.goods:
            stock = self.subjects.get(f"stock:{good}")
            if stock is not None:
                assert stock.shelf == model.shelf[good], told
                assert stock.reserved == model.reserved[good] or self.policy.goods[good].kind == "discount", told

    @staticmethod
    def _is_modeled(key):
        _, unit, bucket, _ = key
        if unit.startswith("good:"):
            return bucket in ("shelf", "reserved")
        return not unit.startswith("voucher:")

    def _owed(self):
        return {
            (each.at, type(each.command).__name__, self._whose(each.command))
            for dues in self.due.values()
            for each in dues
        }

    @staticmethod
    def _whose(command):
        match command:
            case c.ConfirmAward():
                return command.award
            case c.ExpireLot():
                return f"{command.account} {command.lot}"
            case c.LapseVoucher():
                return command.voucher
            case c.EndFreeze():
                return f"{command.account} {command.freeze}"
        raise AssertionError(command)

    def _states(self):
        found = {}
        for tag, subject in self.subjects.items():
            if tag.startswith("award:"):
                name = type(subject).__name__
                state = STATES.get(name, name.lower())
                stands = 0 if state in ("rejected", "voided") else subject.file.given - subject.file.reversed
                found[tag.removeprefix("award:")] = (state, stands)
        return found

    def _kept(self):
        """Give what the accounts keep of themselves, as the entries are booked."""
        found = {}
        for tag, account in self.subjects.items():
            if not tag.startswith("account:"):
                continue
            for unit, points in account.pendings.items():
                found[account.id, unit, "pending", ""] = points
            for unit, points in account.debts.items():
                found[account.id, unit, "debt", ""] = points
            for lot in account.lots:
                for bucket in ("posted", "held", "frozen"):
                    found[account.id, lot.unit, bucket, lot.id] = getattr(lot, bucket)
        return {key: points for key, points in found.items() if points}

    def _lots(self):
        """Give what else is known of a lot: what it pays for, when it ends, when it was earned."""
        return {
            (account.id, lot.id): (lot.only, lot.expires_at, lot.earned_at)
            for tag, account in self.subjects.items()
            if tag.startswith("account:")
            for lot in account.lots
        }

    def _compare_event(self, command, id_, events, told):
        match command:
            case c.PublishAwards():
                assert tuple(sorted(events[0].full_names)) == self.oracle.named[id_], told
            case c.ReportOfflineUses():
                found = [(each.voucher, getattr(each, "why", "")) for each in events]
                assert [voucher for voucher, _ in found] == [voucher for voucher, _ in self.oracle.offline], told
                for (_, why), (_, expected) in zip(found, self.oracle.offline, strict=True):
                    assert why in expected.split("|"), told
            case c.SettleOutlet():
                assert events[0].goods == dict(self.oracle.settlement), told
            case c.CloseStatements():
                self._compare_lines(command.period, told)

    def _compare_lines(self, period, told):
        zero = {"opening": 0, "closing": 0, "earned": {}, "moved": 0, "spent": 0, "expired": 0, "reversed": 0}
        zero |= {"donated": 0, "debt": 0}
        found = {
            key[1:]: {name: getattr(line, name) for name in zero}
            for key, line in self.lines.items()
            if key[0] == period
        }
        expected = {key[1:]: line for key, line in self.oracle.lines.items() if key[0] == period}
        for lines in (found, expected):
            for key in [key for key, line in lines.items() if line == zero]:
                del lines[key]
        assert found == expected, told

    # --- the beginning -----------------------------------------------------------------------------

    @initialize()
    def a_street_with_two_households(self):
        for who, household, community in (
            ("resident:1", "household:1", ONE),
            ("resident:2", "household:1", ONE),
            ("builder-81", "household:2", ""),
        ):
            command = c.JoinHousehold(
                account=who, household=household, from_on=dt.date(2026, 8, 1), community=community
            )
            self.do(command, "desk-1")
        self.do(c.StockGoods("soap", quantity=2), "shop")
        self.do(c.StockGoods("rice", quantity=2), "shop")
        self.do(c.StockGoods("course", quantity=2), "shop")
        if self.policy.budgets:
            self.do(c.AllotBudget(community=ONE, points=10), "desk-1")

    # --- time --------------------------------------------------------------------------------------

    @step(minutes=range(1, 601))
    def minutes_pass(self, minutes):
        self.at += dt.timedelta(minutes=minutes)

    @step(days=range(1, 5))
    def days_pass(self, days):
        self.at += dt.timedelta(days=days)

    @step(days=range(5, 25))
    def weeks_pass(self, days):
        self.at += dt.timedelta(days=days)

    @step(number=NUMBERS, after=[0, 0, 1, -1])
    def something_is_due_just_now(self, number, after):
        instants = sorted({at for at, _, _ in self.oracle.owed_by_the_clock() if at > self.at + 2 * DAY / 86400})
        if instants:
            self.at = instants[number % min(3, len(instants))] + dt.timedelta(seconds=after)

    @step()
    def the_clock_ticks(self):
        self.run_clock(included=True)
        assert not [at for at, _, _ in self.oracle.owed_by_the_clock() if at <= self.at]

    @step(number=NUMBERS, slip=range(4))
    def the_clock_is_asked_wrongly(self, number, slip):
        owed = sorted(self.oracle.owed_by_the_clock())
        if not owed:
            return
        self.run_clock()
        at, name, whose = owed[number % len(owed)]
        at -= DAY * (slip == 1)
        first, _, last = whose.rpartition(" ")
        command = {
            "ConfirmAward": lambda: c.ConfirmAward(last, due_at=at),
            "ExpireLot": lambda: c.ExpireLot(first, lot=last, due_at=at),
            "LapseVoucher": lambda: c.LapseVoucher(last, due_at=at),
            "EndFreeze": lambda: c.EndFreeze(account=first, freeze=last, due_at=at),
        }[name]()
        self.ask(command, "head-8" if slip == 2 else CLOCK)

    # --- awards ------------------------------------------------------------------------------------

    def award_in(self, number, *states):
        found = [award.id for award in self.oracle.awards.values() if award.state in states]
        # The newest first: what has just happened is most often what can go on.
        return some(reversed(found), number, some(self.oracle.awards, number))

    def claim(self, who, deed, number, slip):
        day = self.oracle.world.day(self.at) - DAY * (number % 4 if slip < 8 else -1)
        return c.ProposeAward(
            account=who,
            deed=deed if slip != 9 else "nothing",
            on=day,
            occasion=f"o{number % 7}" if slip != 7 else "",
            count=1 + number % 3 if slip != 6 else 0,
            evidence=("photo:1",) if slip != 5 else ("photo:",),
            place=BUILDING if slip != 4 else "",
        )

    @step(who=PEOPLE, deed=DEEDS, number=NUMBERS, slip=SLIPS)
    def propose(self, who, deed, number, slip):
        who = some(ODD, number) if slip == 3 else who
        self.do(self.claim(who, deed, number, slip), "head-8" if number % 3 else who)

    @step(
        accounts=LISTS,
        deed=DEEDS,
        number=NUMBERS,
        slip=SLIPS,
    )
    def propose_a_list(self, accounts, deed, number, slip):
        one = self.claim("", deed, number, slip)
        many = {
            field.name: getattr(one, field.name) for field in attrs.fields(c.ProposeAwards) if field.name != "accounts"
        }
        self.do(c.ProposeAwards(accounts=tuple(accounts), **many), "head-8")

    def claims(self, *states):
        return [award.id for award in reversed(self.oracle.awards.values()) if award.state in states]

    @step(number=NUMBERS, slip=SLIPS)
    def call(self, number, slip):
        awards = (self.claims("claimed") or ["nothing"])[: 1 + number % 2]
        if slip < 2:
            awards = ([], awards * 2)[slip]
        if slip == 2:
            awards = [*awards, self.award_in(number)]
        self.do(c.CallSitting(awards=tuple(awards)), "head-8")

    @step(
        number=NUMBERS,
        slip=SLIPS,
        size=range(2, 6),
        votes=range(3**5),
        points=range(4),
    )
    def sit(self, number, slip, size, votes, points):
        sitting = some(reversed(self.oracle.sittings), number // 2, "") if number % 2 else ""
        if sitting:
            awards = [
                name for name in self.oracle.sittings[sitting] if self.oracle.awards[name].state == "under review"
            ]
        else:
            awards = self.claims("claimed")
        awards = awards[: 1 + number % 3] or [self.award_in(number, "claimed", "under review")]
        present = [PANEL[(number + place) % len(PANEL)] for place in range(size)]
        judgments = []
        for name in awards:
            award = self.oracle.awards.get(name)
            asked = award.asked if award else 1
            given = max(0, asked - points) if points else asked
            voting = present
            if slip > 3 and award:
                voting = [who for who in present if not self.oracle._is_theirs(who, award, self.at)]
            cast = [votes // 3**place % 3 for place in range(5)] if slip < 7 else [0] * 5
            judgments.append(
                c.Judgment(
                    award=name,
                    points=asked + 1 if slip == 0 else given,
                    in_favor=tuple(who for who, vote in zip(voting, cast, strict=False) if vote == 0),
                    against=tuple(who for who, vote in zip(voting, cast, strict=False) if vote == 1),
                )
            )
        if slip == 1:
            judgments = some(([], judgments * 2), number // 3)
        if slip == 2:
            present = some(
                ([*present, present[0]], [*present, "desk-1"], present[:1], present[1:], ["resident:1", "resident:3"]),
                number // 3,
            )
        if slip == 3:
            sitting = some(("nothing", some(self.oracle.sittings, number)), number)
        by = present[0] if present and number % 9 else "head-8"
        self.do(c.HoldSitting(present=tuple(present), judgments=tuple(judgments), sitting=sitting), by)

    @step(number=NUMBERS, slip=SLIPS)
    def publish(self, number, slip):
        awards = self.claims("approved")[: 1 + number % 3] or [self.award_in(number, "approved")]
        if slip < 2:
            awards = ([], awards * 2)[slip]
        self.do(c.PublishAwards(awards=tuple(awards), full_names=bool(number % 2)), "head-8")

    @step(number=NUMBERS, slip=SLIPS)
    def hang(self, number, slip):
        waiting = [name for name in reversed(self.oracle.lists) if name not in self.oracle.hung]
        name = some(waiting, number, some(self.oracle.lists, number)) if slip else some(self.oracle.lists, number)
        self.do(
            c.ConfirmPublication(name, channel="board" if slip != 1 else "", receipt="photo" if slip != 2 else ""),
            "head-8",
        )

    @step(number=NUMBERS, slip=SLIPS, by=ACTORS)
    def object_to(self, number, slip, by):
        award = self.award_in(number, "published", "objected")
        self.do(c.ObjectToAward(award, reason="x" if slip else ""), by)

    @step(
        number=NUMBERS,
        slip=SLIPS,
        by=ACTORS,
        outcome=("dismissed", "amended", "voided"),
    )
    def decide_an_objection(self, number, slip, by, outcome):
        award = self.award_in(number, "objected")
        known = self.oracle.awards.get(award)
        objections = list(known.objections) if known else []
        which = some(objections, number // 2, "") if slip > 3 or len(objections) < 2 else ""
        if slip == 0:
            which = "nothing"
        if slip > 4 and known:
            by = self.somebody_impartial(known, known.objections.get(which, ""), by)
        points = max(1, known.given - 1 - number % 2) if known and slip != 1 else some((0, 9), number)
        if known and slip == 2:
            points = known.given
        self.do(c.DecideAwardObjection(award, outcome=outcome, points=points, objection=which, reason="x"), by)

    def somebody_impartial(self, award, raised_by, otherwise):
        return next((who for who in ACTORS if not self.oracle._impartial(who, award, raised_by, self.at)), otherwise)

    @step(number=NUMBERS, slip=SLIPS, by=ACTORS)
    def appeal(self, number, slip, by):
        award = self.award_in(number, "rejected", "voided", "confirmed", "partly reversed", "reversed", "expired")
        known = self.oracle.awards.get(award)
        by = by if slip < 3 or known is None else known.account
        if known and slip > 2 and known.account == "gas":
            by = "gas-1"
        self.do(c.AppealAward(award, reason="x" if slip != 9 else ""), by)

    @step(number=NUMBERS, slip=SLIPS, by=ACTORS, upheld=(False, True))
    def decide_an_appeal(self, number, slip, by, upheld):
        waiting = [award for award in self.oracle.awards.values() if award.appellant]
        known = some(waiting, number, None)
        award = known.id if known and slip else self.award_in(number)
        known = self.oracle.awards.get(award)
        if known and slip > 2:
            by = self.somebody_impartial(known, known.appellant, by)
        most = self.oracle._most(known) if known else 1
        points = most if slip > 4 else some((0, most + 1, 1, most), number)
        self.do(c.DecideAppeal(award, outcome="upheld" if upheld else "dismissed", points=points, reason="x"), by)

    @step(number=NUMBERS, slip=SLIPS, by=ACTORS, points=range(6))
    def reverse(self, number, slip, by, points):
        award = self.award_in(number, "confirmed", "partly reversed", *["expired"] * (number % 2))
        known = self.oracle.awards.get(award)
        if known and slip > 3:
            points = max(1, known.stands - number % 2)
        by = known.account if known and slip == 0 else by
        self.do(c.ReverseAward(award, points=points, ground="wrong-value" if slip != 1 else "rude", reason="x"), by)

    # --- accounts ----------------------------------------------------------------------------------

    @step(who=[*PEOPLE, "gas"], number=NUMBERS, slip=SLIPS)
    def join(self, who, number, slip):
        household = ("household:1", "household:2")[number % 2] if slip else "room:1"
        day = self.oracle.world.day(self.at) - DAY * (number % 5 - (2 if slip == 1 else 0))
        community = ONE if household == "household:1" else ""
        self.do(c.JoinHousehold(account=who, household=household, from_on=day, community=community), "desk-1")

    @step(who=PEOPLE, number=NUMBERS, slip=SLIPS)
    def leave(self, who, number, slip):
        household = self.oracle.household(who, self.oracle.world.day(self.at)) if slip else "household:2"
        day = self.oracle.world.day(self.at) - DAY * (number % 3 if slip != 1 else 60)
        self.do(c.LeaveHousehold(account=who, household=household or "household:1", until_on=day), "desk-1")

    @step(pair=[("1", "2"), ("2", "1"), ("1", "1"), ("1", "9")], rarely=range(4))
    def merge(self, pair, rarely):
        first, into = (f"household:{each}" for each in pair)
        if not rarely:
            self.do(c.MergeHouseholds(household=first, into=into), "desk-1")

    @step(
        who=ACCOUNTS,
        to=("", "resident:3", "builder-81", "resident:2", "household:1", "ghost"),
        slip=SLIPS,
    )
    def close_an_account(self, who, to, slip):
        if slip < 3:
            self.do(c.CloseAccount(account=who, cause="moved-away" if slip else "rude", to=to), "desk-1")

    @step(who=PEOPLE, agrees=(False, True), slip=SLIPS)
    def consent(self, who, agrees, slip):
        self.do(c.ConsentToName(account=who, agrees=agrees), who if slip else "desk-1")

    @step(community=(ONE, OTHER), points=range(13))
    def allot(self, community, points):
        if self.policy.budgets:
            self.do(c.AllotBudget(community=community, points=points), "desk-1")

    # --- goods -------------------------------------------------------------------------------------

    def rich(self, number):
        found = {account for (account, _), lot in self.oracle.lots.items() if lot.posted}
        return some(sorted(found), number, some(ACCOUNTS, number))

    def actor_of(self, account, number):
        if account.startswith("household:"):
            today = self.oracle.world.day(self.at)
            return some([who for who in PEOPLE if self.oracle.household(who, today) == account], number, account)
        return "gas-1" if account == "gas" and number % 2 else account

    @step(good=GOODS, quantity=range(1, 3), slip=SLIPS)
    def stock(self, good, quantity, slip):
        by = "gas" if good == "cut" else "shop"
        self.do(c.StockGoods(good if slip != 1 else "gold", quantity=quantity * (slip != 2)), by if slip else "desk-1")

    @step(good=GOODS, number=NUMBERS, slip=SLIPS)
    def redeem(self, good, number, slip):
        account = self.rich(number)
        by = self.actor_of(account, number) if slip else some(ACTORS, number)
        quantity = 1 + number % 2 if slip > 3 else (1 if slip > 1 else 0)
        self.do(c.Redeem(account=account, good=good if slip != 1 else "gold", quantity=quantity), by)

    def voucher(self, number, slip):
        found = [each for each in reversed(self.oracle.vouchers.values()) if slip < 2 or each.state == "reserved"]
        return some(found, number, None)

    def outlet_of(self, voucher):
        return self.policy.goods[voucher.good].outlet if voucher else "shop"

    @step(number=NUMBERS, slip=SLIPS)
    def collect(self, number, slip):
        voucher = self.voucher(number, slip)
        by = self.outlet_of(voucher) if slip else some(ACTORS, number)
        self.do(c.CollectVoucher(voucher.id if voucher else "nothing"), by)

    @step(number=NUMBERS, slip=SLIPS)
    def cancel(self, number, slip):
        voucher = self.voucher(number, slip)
        by = self.outlet_of(voucher)
        if voucher and number % 2:
            by = self.actor_of(voucher.account, number)
        self.do(c.CancelRedemption(voucher.id if voucher else "nothing"), by if slip else some(ACTORS, number))

    @step(number=NUMBERS, size=range(1, 4), outlet=("shop", "shop", "gas"), slip=SLIPS)
    def report_offline(self, number, size, outlet, slip):
        uses = []
        for place in range(size):
            voucher = self.voucher(number // 4 + place * (number % 3), slip)
            used = self.at - DAY * (number % 4) + dt.timedelta(seconds=slip == 8)
            uses.append(c.OfflineUse(voucher=voucher.id if voucher else "nothing", used_at=used))
        self.do(c.ReportOfflineUses(outlet=outlet, uses=tuple(uses)), outlet if slip != 9 else "desk-1")

    @step(outlet=("shop", "gas", "desk"))
    def settle(self, outlet):
        self.do(c.SettleOutlet(outlet=outlet), outlet)

    @step(good=GOODS, number=NUMBERS, points=range(10))
    def collect_and_give_the_rest_away(self, good, number, points):
        voucher = self.spend(good, number)
        if voucher:
            self.do(c.CollectVoucher(voucher.id), self.outlet_of(voucher))
            self.do(
                c.DonatePoints(account=voucher.account, points=points, cause="school"),
                self.actor_of(voucher.account, number),
            )

    @step(number=NUMBERS, points=range(10), slip=SLIPS)
    def donate(self, number, points, slip):
        account = self.rich(number)
        by = self.actor_of(account, number) if slip else some(ACTORS, number)
        self.do(c.DonatePoints(account=account, points=points, cause="school"), by)

    # --- freezing ----------------------------------------------------------------------------------

    @step(number=NUMBERS, days=range(6), what=("", "lot", "voucher"), slip=SLIPS)
    def freeze(self, number, days, what, slip):
        self.run_clock()
        account, lot, voucher = self.rich(number), "", ""
        if what == "lot":
            lots = [award for (owner, award), each in self.oracle.lots.items() if owner == account and each.posted]
            lot = some(lots if slip else (), number)
        if what == "voucher":
            found = self.voucher(number, 9 if slip else 0)
            voucher, account = (found.id, found.account) if found else ("nothing", account)
            account = "resident:3" if slip == 1 else account
        days = {2: -1, 3: 6}.get(slip, days)
        self.ask(
            c.Freeze(
                account=account,
                authority="court" if slip != 4 else "",
                until_on=self.oracle.world.day(self.at) + DAY * days,
                lot=lot,
                voucher=voucher,
                reason="x" if slip != 5 else "",
            ),
            "desk-1",
        )

    @step(number=NUMBERS, slip=SLIPS)
    def release(self, number, slip):
        freeze = some(self.oracle.holds, number) if slip else "nothing"
        hold = self.oracle.holds.get(freeze)
        account = hold.account if hold and slip != 1 else some(ACCOUNTS, number)
        self.do(c.Release(account=account, freeze=freeze, reason="x"), "desk-1")

    # --- months ------------------------------------------------------------------------------------

    def next_month(self):
        if self.oracle.last_closed:
            year, month = (int(each) for each in self.oracle.last_closed.split("-"))
            return f"{year + month // 12}-{month % 12 + 1:02}"
        return f"{self.oracle.world.day(self.at).replace(day=1) - DAY:%Y-%m}"

    def write_lines(self, month):
        accounts = sorted(self.oracle.members())
        for place in range(0, len(accounts), 3):
            self.ask(c.CloseStatements(period=month, accounts=tuple(accounts[place : place + 3])), OFFICE)
        self.ask(c.SealPeriod(period=month), OFFICE)

    @step(asleep=(False, True))
    def close_a_month(self, asleep):
        """Close it while the clock sleeps, and let the clock be late for what was due in it."""
        if not asleep:
            self.run_clock()
        month = self.next_month()
        if self.ask(c.ClosePeriod(period=month), "desk-1"):
            self.write_lines(month)

    @step(months=range(-2, 3))
    def close_another_month(self, months):
        day = self.oracle.world.day(self.at).replace(day=15) + months * 30 * DAY
        month = f"{day:%Y-%m}"
        if not self.oracle.last_closed and months < -1:
            return
        if self.do(c.ClosePeriod(period=month), "desk-1"):
            self.write_lines(month)

    @step(number=NUMBERS, back=range(21), who=PEOPLE)
    def tell_of_a_closed_month(self, number, back, who):
        if not self.oracle.last_closed:
            return
        year, month = (int(each) for each in self.oracle.last_closed.split("-"))
        late = dt.datetime(year, month, 28, 15, 59, tzinfo=dt.UTC) - back * DAY
        commands = (
            (c.StockGoods("soap", quantity=1), "shop"),
            (attrs.evolve(self.claim(who, "teach", number, 8), on=late.date()), "head-8"),
            (c.AllotBudget(community=ONE, points=1), "desk-1"),
            (c.CloseAccount(account=who, cause="deceased"), "desk-1"),
            (c.JoinHousehold(account="builder-82", household="household:1", from_on=late.date()), "desk-1"),
            (c.ConsentToName(account=who, agrees=True), who),
        )
        command, by = some(commands, number)
        self.ask(command, by, at=late)

    # --- short cuts --------------------------------------------------------------------------------

    def earn(self, who, deed, occasion, *, less=0, by=None, count=1):
        """Take a claim through its whole life; nothing, where something stands in its way."""
        day = self.oracle.world.day(self.at)
        command = c.ProposeAward(
            account=who, deed=deed, on=day, occasion=occasion, place=BUILDING, evidence=("photo:1",), count=count
        )
        award = self.do(command, by or who)
        return award and self.approve(award, less=less)

    def approve(self, award, *, less=0):
        known = self.oracle.awards[award]
        present = tuple(each.person for each in self.policy.panel)
        votes = tuple(who for who in present if not self.oracle._is_theirs(who, known, self.at))[:3]
        judgment = c.Judgment(award=award, points=max(1, known.asked - less), in_favor=votes)
        if known.source == ONE and self.oracle.budget[ONE, known.unit] < known.asked and self.count % 4:
            self.do(c.AllotBudget(community=ONE, points=known.asked + 3), "desk-1")
        if not self.do(c.HoldSitting(present=votes, judgments=(judgment,)), votes[0]) or known.state != "approved":
            return None
        return self.show(award)

    def show(self, award):
        """Publish an award and wait until it counts."""
        listed = self.do(c.PublishAwards(awards=(award,), full_names=self.count % 2 == 0), "head-8")
        self.do(c.ConfirmPublication(listed, channel="board", receipt="photo"), "head-8")
        if self.count % 3 == 0:
            self.ask(c.ConfirmAward(award, due_at=self.oracle.awards[award].confirm_at), CLOCK)
        return self.wait_for(award)

    def wait_for(self, award):
        self.at = max(self.at, self.oracle.awards[award].confirm_at)
        self.run_clock(included=True)
        return award

    @step(number=NUMBERS, days=range(-2, 3), by=("head-8", CLOCK))
    def claim_something_near(self, number, days, by):
        """The same deed of the same account on a day beside it, or on the same occasion."""
        visits = [award.id for award in self.oracle.awards.values() if award.deed == "visit"]
        if not visits:
            self.do(self.claim(some(PEOPLE, number), "visit", number, 0), "head-8")
            return
        known = self.oracle.awards[some(visits, number) if number % 3 else self.award_in(number)]
        if known.on + days * DAY > self.oracle.world.day(self.at):
            self.at += days * DAY
        command = c.ProposeAward(
            account=known.account,
            deed=known.deed,
            on=known.on + days * DAY,
            occasion=f"n{self.count}" if number % 5 else known.occasion,
            place=BUILDING,
            evidence=("photo:1",),
        )
        self.do(command, by)

    @step(number=NUMBERS, count=range(1, 4), who=PEOPLE)
    def a_neighbor_claims_the_same(self, number, count, who):
        """What is counted for one of a household or a community counts for the others, too."""
        counted = [award for award in self.oracle.awards.values() if award.deed in ("help", "bring") and award.counts]
        known = some(counted, number, None)
        if known:
            command = c.ProposeAward(
                account=who,
                deed=known.deed,
                on=known.on,
                occasion=f"h{self.count}",
                count=count,
                place=BUILDING,
                evidence=("photo:1",) if number % 7 else some(((), ("photo:",), ("video:1",)), number),
            )
            self.do(command, "head-8")

    @step(who=PEOPLE, days=range(-1, 4), number=NUMBERS)
    def move_house(self, who, days, number):
        """Leave one household and join another one on a day around it."""
        today = self.oracle.world.day(self.at)
        left = today - DAY * (number % 3)
        old = self.oracle.household(who, today) or "household:1"
        new = "household:2" if old == "household:1" else "household:1"
        self.do(c.LeaveHousehold(account=who, household=old, until_on=left), "desk-1")
        self.do(c.JoinHousehold(account=who, household=new, from_on=min(today, left + days * DAY)), "desk-1")

    @step(who=PEOPLE, points=range(1, 5), number=NUMBERS)
    def earn_while_frozen(self, who, points, number):
        """What comes to a frozen account is frozen, and what was given by mistake is taken from there."""
        award = self.do(
            c.ProposeAward(
                account=who,
                deed="teach",
                on=self.oracle.world.day(self.at),
                occasion=f"f{self.count}",
                place=ONE,
                count=2,
            ),
            "head-8",
        )
        if not award:
            return
        known = self.oracle.awards[award]
        until = self.oracle.world.day(self.at) + 5 * DAY
        account = self.oracle.heir(known.payee)
        freeze = self.do(c.Freeze(account=account, authority="court", until_on=until, reason="x"), "desk-1")
        if self.approve(award) and number % 3:
            self.do(c.ReverseAward(award, points=points, ground="wrong-value", reason="x"), "head-8")
        if number % 2:
            self.do(c.Release(account=account, freeze=freeze, reason="x"), "desk-1")

    @step(who=PEOPLE, edge=range(9), number=NUMBERS, deed=("watch", "teach"))
    def sit_at_an_edge(self, who, edge, number, deed):
        """Votes and figures at which a rule just holds, or just does not."""
        claimed = []
        other = some([each for each in PEOPLE if each != who], number)
        for place, each in enumerate((who, other) if edge > 5 else (who,)):
            command = c.ProposeAward(
                account=each,
                deed=deed,
                on=self.oracle.world.day(self.at),
                occasion=f"e{self.count}",
                place=ONE,
                count=1 + (number + place) % 3 if edge < 7 else 3,
            )
            claimed.append(self.do(command, "head-8"))
        if None in claimed:
            return
        known = self.oracle.awards[claimed[0]]
        present = tuple(each.person for each in self.policy.panel)
        free = [each for each in present if not self.oracle._is_theirs(each, known, self.at)]
        in_favor, against = {
            0: (free[:1], free[1:2]),
            1: (free[:2], free[2:3]),
            2: (free[:1], free[1:3]),
            3: (free[: len(present) // 2], []),
            4: ([each for each in present if each not in free] or free, []),
        }.get(edge, (free[:3], []))
        if edge == 3 and len(present) % 2:
            present = tuple(each for each in present if each != free[-1])
        judgment = c.Judgment(
            award=known.id, points=known.asked + (edge == 5), in_favor=tuple(in_favor), against=tuple(against)
        )
        sitting, judgments = "", [judgment]
        if edge == 6:
            self.do(c.CallSitting(awards=claimed[:1]), "head-8")
            sitting = self.do(c.CallSitting(awards=claimed[1:]), "head-8")
        if edge > 6:
            other = self.oracle.awards[claimed[1]]
            judgments.append(c.Judgment(award=other.id, points=other.asked, in_favor=("head-8", "lead-81")))
            short = known.asked - self.oracle.budget[known.source, known.unit]
            if self.policy.budgets and short > 0:
                # Enough for each of them, and not for both.
                self.do(c.AllotBudget(community=known.source, points=short + number % 4), "desk-1")
        self.do(c.HoldSitting(present=present, judgments=tuple(judgments), sitting=sitting), present[0])

    @step(
        pair=(("resident:1", "resident:2"), ("resident:3", "resident:2"), ("resident:3", "builder-81")), number=NUMBERS
    )
    def leave_before_the_sitting(self, pair, number):
        """Whoever stays in the household that gets the points is concerned, though the one who earned them has left."""
        stays, goes = pair
        today = self.oracle.world.day(self.at)
        command = c.ProposeAward(account=goes, deed="teach", on=today, occasion=f"l{self.count}", place=ONE)
        award, home = self.do(command, "head-8"), self.oracle.household(goes, today)
        if award and home:
            self.do(c.LeaveHousehold(account=goes, household=home, until_on=today - DAY), "desk-1")
            judgment = c.Judgment(award=award, points=3, in_favor=("head-8", stays))
            self.do(c.HoldSitting(present=("head-8", stays), judgments=(judgment,)), "head-8")
            if number % 4:
                self.do(c.JoinHousehold(account=goes, household=home, from_on=today), "desk-1")

    @step(number=NUMBERS, hours=range(1, 70), what=("mine", "theirs", "release"))
    def get_points_back_near_their_end(self, number, hours, what):
        """Only what was not the member's doing puts the end of their points off."""
        ending = [(key, lot) for key, lot in self.oracle.lots.items() if lot.posted and lot.end and lot.end > self.at]
        if not ending:
            self.earn(some(PEOPLE, number), "teach", f"k{self.count}", by="head-8", count=2)
            return
        (account, award), lot = some(ending, number)
        self.at = max(self.at, lot.end - dt.timedelta(hours=hours))
        self.run_clock()
        if what == "release":
            until = self.oracle.world.day(self.at) + 4 * DAY
            command = c.Freeze(account=account, authority="court", until_on=until, lot=award, reason="x")
            freezes = [self.do(command, "desk-1"), self.do(attrs.evolve(command, lot=""), "desk-1")]
            for freeze in filter(None, freezes[:: -1 if number % 2 else 1]):
                self.do(c.Release(account=account, freeze=freeze, reason="x"), "desk-1")
            return
        good = next(
            (each.id for each in self.policy.goods.values() if self.oracle._pays_for(each, self.at)(lot)), "soap"
        )
        outlet, by = self.policy.goods[good].outlet, self.actor_of(account, number)
        if self.policy.goods[good].kind == "goods":
            self.do(c.StockGoods(good, quantity=1), outlet)
        voucher = self.do(c.Redeem(account=account, good=good), by)
        if voucher:
            self.at += dt.timedelta(hours=number)
            self.do(c.CancelRedemption(voucher), by if what == "mine" else outlet)

    @step(number=NUMBERS, seconds=(0, 0, 1))
    def object_at_the_windows_end(self, number, seconds):
        award = self.award_in(number, "published", "objected")
        known = self.oracle.awards.get(award)
        if known and known.window_end and known.window_end >= self.at:
            self.at = known.window_end + dt.timedelta(seconds=seconds)
            self.do(c.ObjectToAward(award, reason="x"), "desk-1")

    @step(number=NUMBERS, days=(0, 0, 1), offline=range(3))
    def use_a_voucher_on_its_last_day(self, number, days, offline):
        voucher = self.spend(some(GOODS, number), number)
        if voucher is None or voucher.last is None:
            return
        used = self.oracle.world.calendar.end_of(voucher.last) - dt.timedelta(minutes=5) + days * DAY
        self.at = used + offline * dt.timedelta(hours=1)
        outlet = self.outlet_of(voucher)
        command = c.CollectVoucher(voucher.id)
        if offline:
            uses = (c.OfflineUse(voucher=voucher.id, used_at=used),) * offline
            command = c.ReportOfflineUses(outlet=outlet, uses=uses)
        self.do(command, outlet)

    @step(number=NUMBERS, days=(0, 0, 1))
    def reverse_on_the_last_day(self, number, days):
        award = self.award_in(number, "confirmed", "partly reversed")
        known = self.oracle.awards.get(award)
        if known and known.confirmed_on:
            last = known.confirmed_on + dt.timedelta(days=self.policy.reversal_days + days)
            self.at = max(self.at, self.oracle.world.calendar.end_of(last) - dt.timedelta(hours=1))
            self.do(c.ReverseAward(award, points=1, ground="recorded-twice", reason="x"), "head-8")

    @step(number=NUMBERS, days=range(6), first=("collect", "cancel", "report"))
    def freeze_a_voucher(self, number, days, first):
        voucher = self.spend(some(GOODS, number), number)
        if voucher is None:
            return
        until = self.oracle.world.day(self.at) + days * DAY
        command = c.Freeze(account=voucher.account, authority="court", until_on=until, voucher=voucher.id, reason="x")
        freeze, outlet = self.do(command, "desk-1"), self.outlet_of(voucher)
        self.do(
            {
                "collect": c.CollectVoucher(voucher.id),
                "cancel": c.CancelRedemption(voucher.id),
                "report": c.ReportOfflineUses(outlet=outlet, uses=(c.OfflineUse(voucher=voucher.id, used_at=self.at),)),
            }[first],
            outlet,
        )
        self.at += DAY * (number % 4)
        if number % 2:
            self.do(c.Release(account=voucher.account, freeze=freeze, reason="x"), "desk-1")
        self.do(c.CollectVoucher(voucher.id), outlet)

    @step(who=PEOPLE, number=NUMBERS, first=(False, True))
    def agree_and_be_named(self, who, number, first):
        self.do(c.ConsentToName(account=who, agrees=True), who)
        if first:
            self.do(c.ConsentToName(account=who, agrees=False), who)
        self.earn(who, "teach", f"g{self.count}", by="head-8")

    @step(number=NUMBERS, good=GOODS, days=range(6), skip=(False, True))
    def a_month_ends_while_the_clock_sleeps(self, number, good, days, skip):
        """Something is due in a month that is closed before the clock comes."""
        self.spend(good, number)
        today = self.oracle.world.day(self.at)
        award = self.do(
            c.ProposeAward(account=some(PEOPLE, number), deed="teach", on=today, occasion=f"z{self.count}", place=ONE),
            "head-8",
        )
        if award:
            votes = ("head-8", "lead-81")
            judgment = c.Judgment(award=award, points=3, in_favor=votes)
            self.do(c.HoldSitting(present=votes, judgments=(judgment,)), "head-8")
            if self.oracle.awards[award].state == "approved":
                listed = self.do(c.PublishAwards(awards=(award,)), "head-8")
                self.do(c.ConfirmPublication(listed, channel="board", receipt="photo"), "head-8")
        first = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        self.at = max(self.at, self.oracle.world.calendar.end_of(first) + days * DAY)
        newest = f"{first - DAY:%Y-%m}"
        if skip and self.ask(c.ClosePeriod(period=newest), "desk-1"):
            self.write_lines(newest)
        month = self.next_month()
        while month < f"{first:%Y-%m}" and self.ask(c.ClosePeriod(period=month), "desk-1"):
            self.write_lines(month)
            month = self.next_month()
        self.run_clock(included=True)

    @step(
        who=[*PEOPLE, "gas"],
        deed=DEEDS,
        number=NUMBERS,
        less=range(3),
        count=range(1, 3),
    )
    def a_whole_life(self, who, deed, number, less, count):
        deed = deed if who != "gas" else "teach"
        self.earn(who, deed, f"o{number}", less=less, count=count)

    def spend(self, good, number, quantity=1):
        """Redeem something, and earn the points for it where nobody has any."""
        if not any(lot.posted for lot in self.oracle.lots.values()):
            deed = {"rice": "bring", "cut": "bring", "soap": "watch", "course": "teach"}[good]
            self.earn(some(PEOPLE, number), deed, f"s{self.count}", by="head-8", count=2 + number % 2)
        account = self.rich(number)
        outlet = self.policy.goods[good].outlet
        if self.policy.goods[good].kind == "goods" and self.oracle.shelf[good] < quantity and number % 7:
            self.do(c.StockGoods(good, quantity=quantity), outlet)
        by = self.actor_of(account, number)
        voucher = self.do(c.Redeem(account=account, good=good, quantity=quantity), by)
        return self.oracle.vouchers[voucher] if voucher else None

    @step(good=GOODS, number=NUMBERS, days=range(-1, 13), lapse=(False, True))
    def redeem_and_get_it_back_after_the_end(self, good, number, days, lapse):
        voucher = self.spend(good, number)
        if voucher is None:
            return
        if lapse:
            self.at += DAY * (days + 3)
            self.run_clock()
            return
        hold = None
        if voucher.lapses is not None and days > 3:
            # A voucher that is frozen does not lapse, so that it can outlive its points.
            until = self.oracle.world.day(self.at) + 5 * DAY
            hold = self.do(
                c.Freeze(account=voucher.account, authority="court", until_on=until, voucher=voucher.id, reason="x"),
                "desk-1",
            )
        self.at += DAY * max(0, min(days, 5) if hold else days)
        self.run_clock()
        if hold in self.oracle.holds:
            self.do(c.CancelRedemption(voucher.id), self.outlet_of(voucher))
            self.do(c.Release(account=voucher.account, freeze=hold, reason="x"), "desk-1")
        self.do(c.CancelRedemption(voucher.id), self.outlet_of(voucher))

    @step(good=GOODS, number=NUMBERS, settle=(False, True), ground=SLIPS)
    def spend_and_reverse(self, good, number, settle, ground):
        voucher = self.spend(good, number)
        if voucher is None:
            return
        self.do(c.CollectVoucher(voucher.id), self.outlet_of(voucher))
        if settle:
            self.do(c.SettleOutlet(outlet=self.outlet_of(voucher)), "desk-1")
        award = self.oracle.awards[voucher.parts[0][0]]
        if ground % 2:
            self.do(c.ReverseAward(award.id, points=1, ground="not-done", reason="x"), "head-8")
            self.do(c.ReverseAward(award.id, points=award.stands + 1, ground="not-done", reason="x"), "head-8")
        self.do(c.ReverseAward(award.id, points=max(1, award.stands), ground="not-done", reason="x"), "head-8")
        if ground > 6:
            self.earn(award.account, "teach" if number % 2 else "help", f"d{number}", by="head-8")

    @step(good=GOODS, number=NUMBERS, whole=(False, True), days=range(6), twice=(False, True))
    def freeze_and_cancel(self, good, number, whole, days, twice):
        voucher = self.spend(good, number)
        if voucher is None:
            return
        held = self.oracle.lots[voucher.account, voucher.parts[0][0]]
        if number % 3 == 1 and held.end is not None:
            self.at = max(self.at, held.end - 2 * DAY)
        today, lot = self.oracle.world.day(self.at), "" if whole else held.award
        freezes = []
        for until in (days, 5)[: 1 + twice]:
            command = c.Freeze(
                account=voucher.account, authority="court", until_on=today + DAY * until, lot=lot, reason="x"
            )
            freezes.append(self.do(command, "desk-1"))
            lot = ""
        if number % 3 != 1:
            self.do(c.CancelRedemption(voucher.id), self.outlet_of(voucher))
        if number % 3 == 0:
            self.at += DAY * (days + number % 4)
        self.run_clock(included=True)
        for freeze in freezes:
            if freeze:
                self.do(c.Release(account=voucher.account, freeze=freeze, reason="x"), "desk-1")

    @step(
        who=PEOPLE,
        to=("", "resident:3", "resident:2", "gas"),
        good=GOODS,
        number=NUMBERS,
    )
    def somebody_moves_away(self, who, to, good, number):
        """With something held, something pending, and something that was given by mistake."""
        if number % 4 or who in self.oracle.closed:
            return
        self.earn(who, "teach", f"m{number}")
        pending = self.do(
            c.ProposeAward(
                account=who, deed="bring", on=self.oracle.world.day(self.at), occasion=f"m{number}", place=ONE,
                evidence=("photo:1",),
            ),
            "head-8",
        )  # fmt: skip
        voucher = self.spend(good, number)
        self.do(c.CloseAccount(account=who, cause="deceased", to=to), "desk-1")
        if voucher and number % 8:
            self.do(c.CancelRedemption(voucher.id), self.outlet_of(voucher))
        if pending:
            self.approve(pending)
            self.do(c.ReverseAward(pending, points=2, ground="wrong-member", reason="x"), "head-8")

    @step(who=PEOPLE, number=NUMBERS, outcome=("dismissed", "amended", "voided"))
    def object_and_appeal(self, who, number, outcome):
        deed = ("help", "watch", "bring")[number % 3]
        command = c.ProposeAward(
            account=who,
            deed=deed,
            on=self.oracle.world.day(self.at),
            occasion=f"a{number}",
            count=2 if deed == "watch" else 1,
            place=ONE,
            evidence=("photo:1",),
        )
        award = self.do(command, "head-8")
        if not award:
            return
        known = self.oracle.awards[award]
        votes = tuple(w for w in ("head-8", "lead-81") if w in PANEL)
        given = known.asked if number % 5 else 0
        sat = c.HoldSitting(present=votes, judgments=(c.Judgment(award=award, points=given, in_favor=votes),))
        if not self.do(sat, "head-8"):
            return
        if known.state == "approved":
            listed = self.do(c.PublishAwards(awards=(award,)), "head-8")
            self.do(c.ConfirmPublication(listed, channel="board", receipt="photo"), "head-8")
            for by in ("police-1", "desk-1", "resident:1")[: 1 + number % 3]:
                self.do(c.ObjectToAward(award, reason="x"), by)
            if number % 7 == 0:
                self.at += DAY * 2
            for objection in list(known.objections):
                if objection not in known.objections:
                    continue
                by = self.somebody_impartial(known, known.objections[objection], "desk-1")
                command = c.DecideAwardObjection(award, outcome=outcome, points=2, objection=objection, reason="x")
                if number % 4 == 0:
                    self.do(command, known.objections[objection])
                    self.do(attrs.evolve(command, outcome="amended", points=known.given), by)
                if objection in known.objections:
                    self.do(command, by)
                outcome = "dismissed"
            if known.state == "published":
                self.wait_for(award)
        self.at += DAY * (number % 6)
        if not self.do(c.AppealAward(award, reason="x"), who):
            return
        by = self.somebody_impartial(known, who, "desk-1")
        if number % 3 == 0:
            self.do(c.DecideAppeal(award, outcome="upheld", points=self.oracle._most(known) + 1, reason="x"), by)
        if number % 5 == 1:
            self.do(c.DecideAppeal(award, outcome="dismissed", reason="x"), by)
            self.do(c.AppealAward(award, reason="x"), who)
        fresh = self.do(c.DecideAppeal(award, outcome="upheld", points=1, reason="x"), by)
        if fresh:
            self.show(fresh)


DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
EXAMPLES = int(os.environ.get("GRIDGOV_LEDGER", "300" if DEEP else "100"))
WALKS = int(os.environ.get("GRIDGOV_WALKS", "1000" if DEEP else "200"))


def machine_of(name, policy):
    machine = type(f"LedgerMachine[{name}]", (LedgerMachine,), {"policy": policy, "asked": 0})
    machine.TestCase.settings = settings(
        max_examples=EXAMPLES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
    )
    return machine


MACHINES = {name: machine_of(name, policy) for name, policy in POLICIES.items()}


def walk(machine, seed, steps=60):
    """Take a street through random steps, each rule as likely as any other.

    Hypothesis looks where something new may be and repeats itself to find it; a walk is spread evenly.
    """
    chance = random.Random(seed)
    street = machine()
    street.a_street_with_two_households()
    for _ in range(steps):
        method, choices = chance.choice(STEPS)
        arguments = {name: chance.choice(each) for name, each in choices.items()}
        method(street, **arguments)
    return street


@pytest.mark.parametrize("name", list(MACHINES))
def test_the_room_and_the_rules_say_the_same_on_every_walk(name):
    for seed in range(WALKS):
        try:
            walk(MACHINES[name], f"{name} {seed}")
        except AssertionError as wrong:
            wrong.add_note(f"walk(MACHINES[{name!r}], {f'{name} {seed}'!r})")
            raise


@pytest.mark.parametrize("name", list(MACHINES))
def test_the_room_and_the_rules_say_the_same_whatever_is_asked(name):
    MACHINES[name].TestCase("runTest").runTest()


class StoredMachine(LedgerMachine):
    """What happens is written and read back, so that a shape that cannot be stored is found."""

    policy = POLICIES["pool-and-budgets"]
    codec = Codec()

    def _happen(self, event):
        super()._happen(self.codec.read(*self.codec.write(event)))


StoredMachine.TestCase.settings = settings(MACHINES["plain"].TestCase.settings, max_examples=max(5, EXAMPLES // 10))


def test_what_is_stored_and_read_again_says_the_same():
    StoredMachine.TestCase("runTest").runTest()
