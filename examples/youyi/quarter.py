"""A quarter of points: what is done, what the panel says, what hangs on the board, what it buys.

The fourth quarter of 2026 in an office of its own, which begins with empty accounts. Everything is asked as a step with
an id of its own, so a second run passes over what was done and prints the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import quarter_report as report
from stories import chance

import gridgov
from gridgov.office import Office
from gridgov.points import (
    AppealAward,
    AwardList,
    CallSitting,
    CancelRedemption,
    CloseAccount,
    ClosePeriod,
    CollectVoucher,
    ConfirmPublication,
    ConsentToName,
    DecideAppeal,
    DecideAwardObjection,
    DonatePoints,
    Freeze,
    HoldSitting,
    Honors,
    HouseholdBalance,
    JoinHousehold,
    Judgment,
    LeaveHousehold,
    Liabilities,
    MergeHouseholds,
    MonthLines,
    MonthLog,
    MonthsPublished,
    ObjectToAward,
    OfflineUse,
    ProposeAward,
    ProposeAwards,
    PublishAwards,
    PublishedMonth,
    PublishPeriod,
    PublishRoll,
    Ranking,
    Redeem,
    Release,
    ReportOfflineUses,
    ReverseAward,
    SettleOutlet,
    Statement,
    StockGoods,
    audit,
    publish_month,
)
from gridgov.proofs import Ed25519Signer
from gridgov.setup import Setup
from gridgov.testing import SimulatedClock, Simulator

ZONE = dt.timezone(dt.timedelta(hours=8))
DESK, HEAD, ON_PAPER = "DESK1", "GH1", "公示栏"
QUARTER, MONTHS = "2026-Q4", ("2026-10", "2026-11", "2026-12")
BEGIN = dt.datetime(2026, 10, 8, 9, 0, tzinfo=ZONE)
END = dt.datetime(2027, 1, 29, 18, 0, tzinfo=ZONE)
SLOT, DAY, MINUTE = dt.timedelta(minutes=30), dt.timedelta(days=1), dt.timedelta(minutes=1)
PRESENT = ("GH1", "AL01", "resident:00007", "resident:04711", "SC1")
IMPARTIAL, HEARS_APPEALS = "SC2", "GH2"


@attrs.frozen
class Half:
    """Half a month: a meeting on its first day, deeds up to the last, and the day on which the panel sits."""

    number: int
    first: dt.date
    last: dt.date
    sits: dt.date


HALVES = (
    Half(1, dt.date(2026, 10, 9), dt.date(2026, 10, 16), dt.date(2026, 10, 20)),
    Half(2, dt.date(2026, 10, 21), dt.date(2026, 10, 30), dt.date(2026, 11, 4)),
    Half(3, dt.date(2026, 11, 6), dt.date(2026, 11, 13), dt.date(2026, 11, 17)),
    Half(4, dt.date(2026, 11, 20), dt.date(2026, 11, 27), dt.date(2026, 12, 3)),
    Half(5, dt.date(2026, 12, 4), dt.date(2026, 12, 11), dt.date(2026, 12, 15)),
    Half(6, dt.date(2026, 12, 18), dt.date(2026, 12, 30), dt.date(2027, 1, 6)),
)
SPENDING = (dt.date(2026, 10, 27), dt.date(2026, 11, 24), dt.date(2026, 12, 22))
SETTLING = (dt.date(2026, 10, 30), dt.date(2026, 11, 30), dt.date(2026, 12, 31))
CLOSING = (dt.date(2026, 11, 2), dt.date(2026, 12, 1), dt.date(2027, 1, 4))
WANTED = {
    "soap": (12, 12, 12),
    "haircut": (2, 5, 5),
    "oil-change": (0, 3, 4),
    "phone-credit": (2, 5, 6),
    "reading-hour": (7, 7, 7),
}
"""How many of each good somebody wants on each market day; few can pay for the dear ones before they have saved."""


def on(month: int, day: int, hour: int = 9, minute: int = 0) -> dt.datetime:
    """An instant of the quarter, or of the January after it."""
    return dt.datetime(2026 if month > 1 else 2027, month, day, hour, minute, tzinfo=ZONE)


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """An instant of a day."""
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=ZONE)


class Drawn:
    """Bytes that are the same in every run, so that the same words hang; a street takes ``secrets.token_bytes``."""

    def __init__(self, name: str) -> None:
        self._name, self._count = name, 0

    def __call__(self, length: int) -> bytes:
        """Give the next bytes, 32 at most."""
        self._count += 1
        return hashlib.sha256(f"{self._name}/{self._count}".encode()).digest()[:length]


class Cast:
    """Who takes part: volunteers without pay, residents in households, units of the neighborhood."""

    def __init__(self, setup: Setup) -> None:
        unpaid = [p.holder for p in setup.roster.postings if p.role in ("building-lead", "entrance-lead")]
        communities = [node.code for node in setup.territory.at("community")]
        self.volunteers = unpaid[::11][:100]
        self.residents = [f"resident:{number:05}" for number in range(1, 121)]
        self.units = [f"co-building-{number:02}" for number in range(1, 6)]
        self.household = {
            resident: f"household:{place // 3 + 1 if place < 60 else (place - 60) // 2 + 21:02}"
            for place, resident in enumerate(self.residents)
        }
        self.community = {
            household: communities[int(household[-2:]) % len(communities)] for household in self.household.values()
        }
        # Those of whom a story is told do nothing else, so that its figures are exact.
        self.twice, self.busy, self.brave, *self.talkers = self.volunteers[:7]
        self.fence, self.rich, self.shares, self.leaver, self.stays = (
            self.residents[place] for place in (3, 27, 28, 57, 58)
        )
        named = {self.twice, self.busy, self.brave, *self.talkers}
        named |= {self.fence, self.rich, self.shares, self.leaver, self.stays}
        self.crowd = [each for each in (*self.volunteers, *self.residents) if each not in named]

    def family(self, account: str) -> set[str]:
        """Who must not vote on an award of this account."""
        home = self.household.get(account)
        return {account} | {each for each, household in self.household.items() if home and household == home}


class Quarter:
    """Plans the steps of three months."""

    def __init__(self, office: Office, simulator: Simulator, out: Path) -> None:
        self.office, self.simulator, self.out = office, simulator, out
        self.setup = office.setup
        self.cast = Cast(office.setup)
        self.expected: dict[str, tuple[Any, str, str]] = {}

    def do(self, when: dt.datetime, id: str, command: Any, by: str) -> None:  # noqa: A002 - the field's word
        """Plan a step whose command is known beforehand."""
        self.simulator.plan(when, id, lambda: (command, by))

    def work_out(self, when: dt.datetime, id: str, ask: Callable[[], tuple[Any, str] | None]) -> None:  # noqa: A002
        """Plan a step whose command rests on what is there by then."""
        self.simulator.plan(when, id, ask)

    def turned_down(self, when: dt.datetime, id: str, command: Any, by: str, code: str) -> None:  # noqa: A002
        """Plan something that must not happen."""
        self.expected[id] = (command, by, code)
        self.do(when, id, command, by)

    def plan(self) -> None:
        """Plan everything."""
        self.move_in()
        for half in HALVES:
            self.meet(half)
            self.do_good(half)
            self.sit(half)
        self.objections()
        self.appeals()
        self.recorded_twice()
        self.spent_and_frozen()
        self.households()
        self.what_stops()
        for number, (spends, settles, closes) in enumerate(zip(SPENDING, SETTLING, CLOSING, strict=True), start=1):
            self.spend(number, spends)
            self.settle(number, settles)
            self.close(MONTHS[number - 1], closes)
        self.honor(on(1, 5, 15))

    # --- who is there -----------------------------------------------------------------------

    def move_in(self) -> None:
        for resident, household in self.cast.household.items():
            community = self.cast.community[household]
            joins = JoinHousehold(
                account=resident, household=household, from_on=dt.date(2026, 10, 1), community=community
            )
            self.do(BEGIN, f"join:{resident}", joins, DESK)
        for account in (*self.cast.volunteers[:40], *self.cast.residents[:40:2]):
            agrees = ConsentToName(account=account, agrees=True)
            self.do(BEGIN + dt.timedelta(hours=2), f"consent:{account}", agrees, account)

    # --- what is done -----------------------------------------------------------------------

    def meet(self, half: Half) -> None:
        """A meeting with its list of who came."""
        name = f"meeting-{half.number}"
        came = tuple(each for each in self.cast.crowd if chance(each, name) < 0.4)
        command = ProposeAwards(
            accounts=came, deed="meeting", on=half.first, occasion=name, evidence=(f"sign-in:{name}",)
        )
        self.do(at(half.first, 10, 30), name, command, HEAD)

    def do_good(self, half: Half) -> None:
        """What people say of themselves and of others, in the evening of the day."""
        days = [half.first + DAY * day for day in range((half.last - half.first).days + 1)]
        deeds = ("help", "mobilize", "helping-others", "report", "visit", "class")
        for who in self.cast.crowd:
            if chance(who, str(half.number), "single") < 0.45:
                deed = deeds[int(chance(who, str(half.number), "deed") * len(deeds))]
                day = days[int(chance(who, str(half.number), "day") * len(days))]
                self.propose(who, deed, day, half.number, count=2 if deed in ("class", "helping-others") else 1)
        for unit in self.cast.units:
            if chance(unit, str(half.number)) < 0.8:
                self.propose(unit, "visit", half.first + DAY, half.number, count=2)

    def propose(self, who: str, deed: str, day: dt.date, number: int, *, count: int = 1) -> None:
        evidence = {"visit": ("photo:visit",), "class": ("sign-in:class",)}.get(deed, ())
        place = ""
        if who in self.setup.roster.persons:
            posting = self.setup.roster.postings_of(who, day)[0]
            place = self.setup.territory.up(posting.place, "community") or ""
        command = ProposeAward(
            account=who, deed=deed, on=day, occasion=f"half-{number}", count=count, evidence=evidence, place=place
        )
        minute = int(chance(who, deed, "minute") * 29) * MINUTE
        self.do(at(day, 18) + minute, f"deed:{number}:{who}", command, who)

    def say(self, id: str, who: str, deed: str, when: dt.datetime, **more: Any) -> ProposeAward:  # noqa: A002
        """A deed of somebody of whom a story is told; its id says what the panel will say."""
        more = {"occasion": id, **more}
        command = ProposeAward(account=who, deed=deed, on=when.date(), **more)
        self.do(when, id, command, who)
        return command

    # --- the panel --------------------------------------------------------------------------

    def sit(self, half: Half) -> None:
        """The agenda, the sitting, the list, and that it hangs."""
        sitting, list_ = f"sitting-{half.number}", f"list-{half.number}"

        def agenda() -> tuple[Any, str]:
            claimed = self.office.ask(AwardList(state="claimed"), by=HEAD)
            return CallSitting(awards=tuple(award.file.id for award in claimed)), HEAD

        def hang() -> tuple[Any, str]:
            approved = self.office.ask(AwardList(state="approved"), by=HEAD)
            return PublishAwards(awards=tuple(award.file.id for award in approved), full_names=True), HEAD

        self.work_out(at(half.sits - DAY, 17), sitting, agenda)
        self.work_out(at(half.sits, 9, 30), f"{sitting}/held", lambda: (self.judge(half), HEAD))
        self.work_out(at(half.sits, 11), list_, hang)
        hung = ConfirmPublication(list_, channel=ON_PAPER, receipt=f"photo:{half.sits}")
        self.do(at(half.sits, 15), f"{list_}/hung", hung, HEAD)

    def judge(self, half: Half) -> HoldSitting:
        """Most get what was asked; some less, and some nothing. Nobody votes where they are concerned."""
        judgments = []
        for award in self.office.ask(AwardList(state="under-review"), by=HEAD):
            file = award.file
            votes = tuple(member for member in PRESENT if member not in self.cast.family(file.account))
            in_favor, points = votes, file.asked
            against: tuple[str, ...] = ()
            doubt = 1.0 if file.id.startswith("told:") else chance(file.id, "panel")
            if doubt < 0.03 or file.id.endswith(":no"):
                in_favor, against = votes[:2], votes[2:]
            elif doubt < 0.08 and file.asked > 2:
                points = file.asked - 2
            elif file.id.endswith(":less"):
                points = file.asked * 3 // 5
            judgments.append(Judgment(award=file.id, points=points, in_favor=in_favor, against=against))
        minutes = f"第{half.number}次评议会：逐条评议{len(judgments)}项，到会{len(PRESENT)}人"
        return HoldSitting(
            present=PRESENT, judgments=tuple(judgments), sitting=f"sitting-{half.number}", minutes=minutes
        )

    # --- stories ----------------------------------------------------------------------------

    def objections(self) -> None:
        outcomes = ("dismissed", "amended", "voided", "dismissed")
        for half, talker, outcome in zip(HALVES, self.cast.talkers, outcomes, strict=False):
            award, objection = f"told:talk-{half.number}", f"objection-{half.number}"
            self.say(award, talker, "mobilize", at(half.first, 19), evidence=("list:neighbors",))
            objects = ObjectToAward(award, reason="当天没有见到本人")
            self.do(at(half.sits + DAY, 10), objection, objects, "resident:00123")
            # The fourth one is left lying, so that the clock presses whoever the ladder names.
            decided = at(half.sits + (14 * DAY if half.number == 4 else 2 * DAY), 11)
            decides = DecideAwardObjection(
                award, outcome=outcome, points=2 if outcome == "amended" else 0, objection=objection, reason="已核实"
            )
            self.do(decided, f"{objection}/decided", decides, IMPARTIAL)
        partial = DecideAwardObjection("told:talk-1", outcome="dismissed", reason="已核实")
        self.turned_down(on(10, 21, 15), "partial", partial, HEAD, "not-impartial")

    def appeals(self) -> None:
        self.say("told:fence:no", self.cast.fence, "help", on(10, 12, 19))
        self.do(on(10, 22), "appeal-1", AppealAward("told:fence:no", reason="邻居可以作证"), self.cast.fence)
        dismissed = DecideAppeal("told:fence:no", outcome="dismissed", reason="与社区记录不符")
        self.do(on(10, 26, 16), "appeal-1/decided", dismissed, HEARS_APPEALS)
        again = AppealAward("told:fence:no", reason="请再看一次")
        self.turned_down(on(10, 27, 16), "appeal-1/again", again, self.cast.fence, "appealed-already")

        self.say("told:flood:less", self.cast.brave, "courage", on(10, 23, 20), evidence=("statement:police-117",))
        self.do(on(11, 11), "appeal-2", AppealAward("told:flood:less", reason="参与了全过程"), self.cast.brave)
        upheld = DecideAppeal("told:flood:less", outcome="upheld", points=15, reason="派出所补充了材料")
        self.do(on(11, 13, 16), "compensation", upheld, HEARS_APPEALS)

    def recorded_twice(self) -> None:
        who = self.cast.twice
        gate = self.say("told:gate", who, "help", on(10, 9, 19), occasion="gate")
        again = attrs.evolve(gate, note="又报了一次")
        self.turned_down(on(10, 12, 19), "gate-again", again, who, "claimed-already")
        # Under another name for the same occasion nobody notices, until it is spent.
        self.say("told:gate-copied", who, "help", on(10, 13, 19), occasion="gate-copied")
        self.do(on(10, 27, 14), "told:haircut", Redeem(account=who, good="haircut"), who)
        self.do(on(10, 28, 14), "told:haircut/collect", CollectVoucher("told:haircut"), "elder-care")
        mistake = ReverseAward("told:gate-copied", points=5, ground="recorded-twice", reason="同一件事记了两次")
        self.do(on(11, 5), "reversal", mistake, DESK)
        self.say("told:lamp", who, "help", on(11, 10, 19))

    def spent_and_frozen(self) -> None:
        rich, shares = self.cast.rich, self.cast.shares
        self.say("told:ice", rich, "courage", on(10, 14, 19), evidence=("statement:hospital-9",))
        self.say("told:stairs", shares, "help", on(10, 15, 19), count=4)
        # One bag of rice for a household in a quarter: whoever comes second goes without.
        self.do(on(10, 27, 14), "told:rice", Redeem(account=rich, good="rice"), rich)
        self.do(on(10, 28, 14), "told:rice/collect", CollectVoucher("told:rice"), "charity-shop")
        second = Redeem(account=shares, good="rice")
        self.turned_down(on(10, 27, 15), "rice-again", second, shares, "limit-reached")
        freeze = Freeze(account=shares, authority="police", until_on=dt.date(2026, 12, 24), reason="账户疑似被盗用")
        self.do(on(11, 10), "freeze", freeze, DESK)
        soap = Redeem(account=shares, good="soap")
        self.turned_down(on(11, 12), "soap-frozen", soap, shares, "frozen")
        self.do(on(12, 8), "release", Release(account=shares, freeze="freeze", reason="已核实"), DESK)
        self.do(on(12, 9), "donation", DonatePoints(account=rich, points=12, cause="冬日送暖"), rich)

    def households(self) -> None:
        leaver, stays = self.cast.leaver, self.cast.stays
        home = self.cast.household[leaver]
        self.say("told:snow", leaver, "helping-others", on(11, 9, 19), count=2)
        closes = CloseAccount(account=leaver, cause="moved-away", to=stays)
        self.do(on(12, 10), "moves-away", closes, DESK)
        leaves = LeaveHousehold(account=leaver, household=home, until_on=dt.date(2026, 12, 10))
        self.do(on(12, 10, 10), "moves-out", leaves, DESK)
        late = ProposeAward(account=leaver, deed="help", on=dt.date(2026, 12, 11), occasion="late")
        self.turned_down(on(12, 11, 9), "late", late, DESK, "account-closed")
        merges = MergeHouseholds(household="household:41", into="household:42")
        self.do(on(12, 10, 15), "two-become-one", merges, DESK)

    def what_stops(self) -> None:
        """A few things that are asked in vain, each with the rule that says no."""
        day = dt.date(2026, 10, 14)
        for number in range(1, 5):
            seen = ProposeAward(account=self.cast.busy, deed="report", on=day, occasion=f"report-{number}")
            if number < 4:
                self.do(at(day, 9, number), f"told:report-{number}", seen, self.cast.busy)
            else:
                self.turned_down(at(day, 9, number), "report-4", seen, self.cast.busy, "cap-reached")
        for number, when in enumerate((on(11, 11, 19), on(11, 12, 19))):
            visit = ProposeAward(account=self.cast.busy, deed="visit", on=when.date(), occasion=f"visit-{number}")
            if not number:
                self.do(when, "told:visit", visit, self.cast.busy)
            else:
                self.turned_down(when, "visit-too-soon", visit, self.cast.busy, "too-soon")
        bare = ProposeAward(account=self.cast.busy, deed="courage", on=dt.date(2026, 11, 12), occasion="fire")
        self.turned_down(on(11, 12, 19), "no-paper", bare, self.cast.busy, "no-evidence")
        paid = ProposeAward(account="AL01", deed="help", on=day, occasion="paid")
        self.turned_down(on(10, 14, 19), "paid", paid, DESK, "paid-role")
        self.say("told:neighbor", "resident:00007", "helping-others", on(10, 15, 20))
        own = Judgment(award="told:neighbor", points=4, in_favor=PRESENT)
        votes = HoldSitting(present=PRESENT, judgments=(own,), sitting="sitting-1")
        self.turned_down(on(10, 20, 9), "own-award", votes, HEAD, "votes-on-themselves")
        used = CollectVoucher("told:haircut")
        self.turned_down(on(10, 29), "used-again", used, "elder-care", "voucher-used")
        early = ClosePeriod(period="2026-12")
        self.turned_down(on(12, 31, 16), "too-early", early, DESK, "period-not-over")

    # --- outlets ----------------------------------------------------------------------------

    def spend(self, number: int, day: dt.date) -> None:
        """A market day at all outlets: taken, fetched the day after; and what goes another way."""
        goods = self.setup.points_policy.on(day).goods
        for offer in goods.values():
            if offer.kind == "goods":
                self.do(at(day, 9), f"stock:{number}:{offer.id}", StockGoods(offer.id, quantity=40), offer.outlet)
        for good, counts in WANTED.items():
            for place in range(counts[number - 1]):
                voucher = f"voucher:{number}:{good}:{place}"
                self.work_out(at(day, 10) + place * MINUTE, voucher, self.buyer(good, voucher))
                outlet = goods[good].outlet
                if (number, place) == (1, 0) and good == "reading-hour":
                    continue  # nobody comes for it, and the clock gives it up
                if (number, place) == (2, 0) and good == "phone-credit":
                    self.do(at(day, 16), f"{voucher}/cancel", CancelRedemption(voucher, reason="平台缺货"), outlet)
                elif (number, good) != (2, "soap"):
                    self.do(at(day + DAY, 10) + place * MINUTE, f"{voucher}/collect", CollectVoucher(voucher), outlet)
        if number == 2:
            self.offline(day + DAY)

    def buyer(self, good: str, voucher: str) -> Callable[[], tuple[Any, str]]:
        """Somebody of the crowd who can pay and has not had it yet."""

        def ask() -> tuple[Any, str]:
            price = self.setup.points_policy.on(BEGIN.date()).goods[good].price
            for who in sorted(self.cast.crowd, key=lambda each: chance(each, voucher)):
                account = self.office.ask(Statement(who), by=DESK).account
                taken = {key.partition(":")[0] for key in account.taken}
                if account.available >= price and good not in taken:
                    return Redeem(account=who, good=good), who
            raise AssertionError(f"nobody can pay for {good}")

        return ask

    def offline(self, day: dt.date) -> None:
        """A day without network at the charity shop: what it noted on paper, one voucher twice among it."""
        noted = [f"voucher:2:soap:{place}" for place in (*range(WANTED["soap"][1]), 4)]
        uses = [OfflineUse(voucher=voucher, used_at=at(day, 10) + n * MINUTE) for n, voucher in enumerate(noted)]
        uses.append(OfflineUse(voucher="voucher:1:soap:1", used_at=at(day, 15)))
        noted_down = ReportOfflineUses(outlet="charity-shop", uses=tuple(uses))
        self.do(at(day + DAY, 9), "offline", noted_down, "charity-shop")

    def settle(self, number: int, day: dt.date) -> None:
        outlets = {good.outlet for good in self.setup.points_policy.on(day).goods.values()}
        for outlet in sorted(outlets):
            name, command = f"settle:{number}:{outlet}", SettleOutlet(outlet=outlet)
            if (number, outlet) == (1, "car-repair"):
                self.turned_down(at(day, 17), name, command, DESK, "nothing-to-settle")
            else:
                self.do(at(day, 17), name, command, DESK)

    # --- months -----------------------------------------------------------------------------

    def close(self, month: str, day: dt.date) -> None:
        """Close a month; its lines and its seal follow by themselves, and the day after it hangs."""
        self.do(at(day, 9), f"close:{month}", ClosePeriod(period=month), DESK)
        self.work_out(at(day + DAY, 9), f"publish:{month}", lambda: (self.publish(month), DESK))

    def publish(self, month: str) -> PublishPeriod:
        """Put the month under one root, and write what hangs on the board."""
        log = MonthLog.of(self.office.ask(MonthsPublished(), by=DESK))
        kept = self.out / "quarter-secrets.json"  # secret for as long as a statement shall be; not for the board
        secrets = {
            who: bytes.fromhex(each)
            for who, each in json.loads(kept.read_text("utf-8") if kept.exists() else "{}").items()
        }
        head = self.office.checkpoint()
        lines = self.office.ask(MonthLines(month=month), by=DESK)
        done = publish_month(
            month, lines, secrets, Drawn(f"secrets/{month}"), log=log, head=head.digest, position=head.position
        )
        kept.write_text(json.dumps({who: each.hex() for who, each in secrets.items()}), encoding="utf-8")
        signer = Ed25519Signer("youyi.street", Drawn("key")(32)) if find_spec("cryptography") else None
        self.write_pages(done, signer)
        return done.note.command(channel=ON_PAPER, receipt=f"photo:{month}", signer=signer)

    def write_pages(self, done: PublishedMonth, signer: Ed25519Signer | None) -> None:
        """The notice of the month; after the quarter with the roll, one resident's copy, and the page that checks it."""
        note, street = done.note, self.setup.territory[self.setup.jurisdiction].name
        last = note.month == MONTHS[-1]
        copy = done.statement(self.cast.rich, self.setup.points_policy.on(BEGIN.date()).book)
        (self.out / f"statement-{note.month}.txt").write_text(copy.text(), encoding="utf-8")
        if not (find_spec("jinja2") and find_spec("segno")):
            return
        from gridgov.reports import notice_page, statement_page, verifier_page

        roll = self.office.ask(Honors(quarter=QUARTER, league="volunteers"), by=DESK) if last else ()
        agreed = report.who_agreed(self.office.events("points"))
        shown = [(row.rank, report.shown_name(row.account, self.setup, agreed), row.points, row.title) for row in roll]
        text = note.signed(signer) if signer else note.signed()
        page = notice_page(text, note.words, street=street, roll=shown)
        (self.out / f"notice-{note.month}.html").write_text(page, encoding="utf-8")
        (self.out / f"statement-{note.month}.html").write_text(statement_page(copy, street=street), encoding="utf-8")
        (self.out / "verify.html").write_text(verifier_page(), encoding="utf-8")

    def honor(self, when: dt.datetime) -> None:
        for league in self.setup.points_policy.on(when.date()).leagues:
            honors = Honors(quarter=QUARTER, league=league.id)

            def roll(honors: Honors = honors) -> tuple[Any, str]:
                rows = self.office.ask(honors, by=DESK)
                hangs = PublishRoll(
                    quarter=QUARTER, league=honors.league, rows=rows, channel=ON_PAPER, receipt="photo:roll"
                )
                return hangs, DESK

            self.work_out(when, f"roll:{league.id}", roll)


# --- what is printed ----------------------------------------------------------------------------


def show(setup: Setup, out: Path) -> None:
    """Play the quarter, and print what became of it."""
    out.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{out / 'quarter.db'}"
    clock = SimulatedClock(BEGIN)
    with gridgov.open_office(setup, store=url, clock=clock) as office:
        simulator = Simulator(office, clock, slot=SLOT)
        quarter = Quarter(office, simulator, out)
        quarter.plan()
        simulator.run(END)
        surprises = [(id_, refusal) for id_, refusal in simulator.refused if id_ not in quarter.expected]
        assert not surprises, surprises
        events = list(office.events("points"))
        cast = quarter.cast
        print(f"居民 residents {len(cast.residents)} in {len(set(cast.household.values()))} households, "
              f"志愿者 volunteers {len(cast.volunteers)}, 共建单位 units {len(cast.units)}")  # fmt: skip
        report.print_work(events)
        report.print_stories(events)
        report.print_outlets(events, setup)
        report.print_months(events, out)
        report.print_rolls(events, setup)
        told = answers(office, cast)
        home = cast.household[cast.rich]
        report.print_answers(home, told["homes"][home], told["liabilities"])
        print_stops(office, quarter)
        findings = list(audit(events))
        assert not findings, findings[:3]
        print(
            f"核对 audit of {len(events)} events: {len(findings)} findings; 链 chain verified: {office.verify()} records"
        )
    with gridgov.open_office(setup, store=url, clock=clock) as again:
        same = answers(again, cast) == told
    print(f"重开后答案相同 / the reopened office gives the same answers: {same}")
    assert same, "a restart changed an answer"


def answers(office: Office, cast: Cast) -> dict[str, Any]:
    """What is asked before and after a restart."""
    homes = sorted({*cast.household.values()})
    return {
        "liabilities": office.ask(Liabilities(months=MONTHS), by=DESK),
        "homes": {home: office.ask(HouseholdBalance(household=home, on=END.date()), by=DESK) for home in homes},
        "statements": [office.ask(Statement(who), by=DESK) for who in (cast.twice, cast.rich, cast.stays)],
        "ranking": office.ask(Ranking(months=MONTHS), by=DESK),
        "rolls": [
            office.ask(Honors(quarter=QUARTER, league=each), by=DESK) for each in ("residents", "volunteers", "units")
        ],
    }


def print_stops(office: Office, quarter: Quarter) -> None:
    """Ask once more what must not happen: the answer is the stored one."""
    codes = {}
    for id_, (command, by, _) in quarter.expected.items():
        try:
            office.handle(command, by=by, id=id_)
        except gridgov.RefusalError as refusal:
            codes[id_] = refusal.code.removeprefix("points.")
    assert codes == {id_: code for id_, (_, _, code) in quarter.expected.items()}, codes
    print(f"不予办理 asked in vain {len(codes)}: {', '.join(codes.values())}")
