"""What people do in these weeks: who takes a matter, hands it on, is late, whistles, thanks.

Everything here is asked of the office as commands, with ids made from the matter's, so a run
that was cut off goes on where it stood. Who acts is looked up in the office at the moment.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import stories
from stories import chance

from gridgov.cases import (
    Acknowledge,
    Answer,
    AppraiseWhistle,
    BlowWhistle,
    CaseView,
    Check,
    Close,
    DecideObjection,
    Dispatch,
    Escalate,
    FollowUp,
    PublishResult,
    RaiseObjection,
    Rate,
    Reopen,
    ReportIn,
    Resolve,
    Return,
    State,
    Transfer,
    holder_of,
)
from gridgov.office import Office
from gridgov.points import (
    AwardList,
    CollectVoucher,
    ConfirmPublication,
    DecideAwardObjection,
    HoldSitting,
    Judgment,
    ObjectToAward,
    ProposeAward,
    PublishAwards,
    Redeem,
    StockGoods,
)
from gridgov.testing import Simulator
from gridgov.worktime import Limit, LimitKind, due

DESK, CHECKER = "DESK1", "DESK3"
CALLED = ("law-enforcement", "market-supervision", "police")


@attrs.frozen(kw_only=True)
class Matter:
    """A row of matters.csv."""

    id: str
    at: dt.datetime
    kind: str
    place: str
    source: str
    reporter: str
    by: str
    story: str
    text: str


def read_matters(path: Path) -> Iterator[Matter]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Matter(at=dt.datetime.fromisoformat(row.pop("at")), **row)


class Weeks:
    """Plans the steps of every matter, one after the other as they happen."""

    def __init__(self, office: Office, simulator: Simulator) -> None:
        self.office = office
        self.simulator = simulator
        self.setup = office.setup
        people: dict[str, list[str]] = {}
        for person in self.setup.roster.persons.values():
            if person.organization:
                people.setdefault(person.organization, []).append(person.id)
        self.people = people

    # --- helpers ----------------------------------------------------------------------------

    def state(self, case: str) -> State:
        return self.office.ask(CaseView(case), by=DESK)

    def actor(self, case: str) -> str:
        """Who does the next thing: the holder, or somebody of the organization that has it."""
        holder = holder_of(self.state(case))
        people = self.people.get(holder)
        return people[int(chance(case, holder) * len(people))] if people else holder

    def first_secretary(self, matter: Matter) -> str:
        """Who decides what the lead and the desk do not decide themselves."""
        community = self.setup.territory.up(matter.place, "community")
        postings = self.setup.roster.postings
        return next(p.holder for p in postings if (p.role, p.place) == ("first-secretary", community))

    def on_own_ground(self, matter: Matter) -> bool:
        """Whether somebody found it on patrol where they are posted."""
        postings = self.setup.roster.postings_of(matter.by, matter.at.date())
        path = self.setup.territory.path(matter.place)
        return matter.source == "patrol" and any(posting.place in path for posting in postings)

    def at_work(self, at: dt.datetime, *words: str) -> dt.datetime:
        """The next moment of working time, a little after *at*."""
        minutes = 60 * (3 + int(chance(*words, "delay") * 40))
        found = due(Limit(1, LimitKind.WORKING_HOURS), at, self.setup.calendar, seconds=minutes)
        assert found is not None
        return found.at

    def share(self, case: str, percent: int) -> dt.datetime:
        """The moment at which a share of the case's time is used."""
        deadline = self.state(case).deadline
        assert deadline.limit is not None
        seconds = max(60, deadline.limit.seconds * percent // 100)
        pauses = [pause for pause in deadline.pauses if pause.end is not None]
        calendar = self.setup.calendars_by_id[deadline.calendar]
        found = due(deadline.limit, deadline.start_at, calendar, pauses=pauses, seconds=seconds)
        assert found is not None
        return found.at

    def step(
        self,
        at: dt.datetime,
        matter: Matter,
        name: str,
        ask: Callable[[], tuple[Any, str] | None],
        then: Callable[[dt.datetime], None] | None = None,
    ) -> None:
        self.simulator.plan(at, f"{matter.id}/{name}", ask, then)

    # --- one matter -------------------------------------------------------------------------

    def report(self, matter: Matter) -> None:
        command = stories.opening(matter)
        by = DESK if matter.story == "imported" else matter.by
        self.simulator.plan(matter.at, matter.id, lambda: (command, by), lambda at: self.take(matter, at))

    def take(self, matter: Matter, at: dt.datetime) -> None:
        case = matter.id
        if stories.before_anybody_has_it(self, matter, at):
            return
        route = self.state(case).route
        if route.on_the_spot and self.on_own_ground(matter) and matter.story == "plain" and chance(case, "spot") < 0.7:
            self.handle(matter, at + dt.timedelta(minutes=12), "spot", by=matter.by)
            return
        urgent = route.deadline.limit is not None and not route.deadline.limit.kind.in_sessions
        begin = at + dt.timedelta(minutes=4) if urgent else self.at_work(at, case)
        self.step(begin, matter, "ack", lambda: (Acknowledge(case), self.actor(case)))
        turns: dict[str, Callable[[Matter, dt.datetime], None]] = {
            "returned": self.returned,
            "transferred": self.transferred,
            "handed-up": self.handed_up,
            "whistle": self.whistled,
            "objection": self.objected,
        }
        story = stories.AFTER_ACKNOWLEDGING.get(matter.story)
        if story is not None:
            story(self, matter, begin + dt.timedelta(minutes=1))
        else:
            turns.get(matter.story, self.plain)(matter, begin)

    def plain(self, matter: Matter, begin: dt.datetime) -> None:
        percent = 115 + int(chance(matter.id) * 45) if matter.story == "slow" else 20 + int(chance(matter.id) * 55)
        at = max(begin + dt.timedelta(minutes=9), self.share(matter.id, percent))
        self.handle(matter, at, "1", failing=matter.story == "failed-check")

    def returned(self, matter: Matter, begin: dt.datetime) -> None:
        case = matter.id

        def give() -> tuple[Any, str]:
            return Return(case, reason="不属于本单位职责"), self.actor(case)

        def dispatch(at: dt.datetime) -> None:
            lead = "org:police" if self.state(case).route.lead.holder != "police" else "org:law-enforcement"
            again = self.at_work(at, case, "again")
            self.step(again, matter, "dispatch", lambda: (Dispatch(case, lead=lead, reason="改派"), DESK))
            done = max(again + dt.timedelta(minutes=20), self.share(case, 60))
            self.handle(matter, done, "1")

        self.step(begin + dt.timedelta(minutes=6), matter, "return", give, dispatch)

    def transferred(self, matter: Matter, begin: dt.datetime) -> None:
        case = matter.id

        def give() -> tuple[Any, str] | None:
            lead = "org:property" if holder_of(self.state(case)) != "property" else "org:law-enforcement"
            return Transfer(case, lead=lead, reason="由对口单位办理更合适"), self.actor(case)

        def later(at: dt.datetime) -> None:
            self.handle(matter, max(at + dt.timedelta(minutes=25), self.share(case, 70)), "1")

        self.step(begin + dt.timedelta(minutes=8), matter, "transfer", give, later)

    def handed_up(self, matter: Matter, begin: dt.datetime) -> None:
        case = matter.id

        def later(at: dt.datetime) -> None:
            self.handle(matter, max(at + dt.timedelta(minutes=25), self.share(case, 65)), "1")

        up = begin + dt.timedelta(minutes=10)
        self.step(up, matter, "up", lambda: (Escalate(case, reason="本级无法解决"), self.actor(case)), later)

    def objected(self, matter: Matter, begin: dt.datetime) -> None:
        case = matter.id
        first = self.first_secretary(matter)
        objects = begin + dt.timedelta(minutes=5)
        ask = RaiseObjection(case, against="route", reason="应由城管处理")
        self.step(objects, matter, "object", lambda: (ask, matter.reporter or matter.by))

        def later(at: dt.datetime) -> None:
            self.handle(matter, max(at + dt.timedelta(minutes=25), self.share(case, 70)), "1")

        decision = DecideObjection(case, upheld=True, lead="org:law-enforcement", reason="异议成立")
        self.step(objects + dt.timedelta(minutes=30), matter, "objection", lambda: (decision, first), later)

    def whistled(self, matter: Matter, begin: dt.datetime) -> None:
        case = matter.id
        blown = begin + dt.timedelta(minutes=30)
        whistle = f"{case}/whistle"
        report_by = self.share(case, 20)
        command = BlowWhistle((case,), organizations=CALLED, report_by=report_by, reason="需多部门联合处置")
        self.step(blown, matter, "whistle", lambda: (command, DESK))
        for place, organization in enumerate(CALLED):
            # The last one comes too late, which the clock records as absent and later as late.
            late = dt.timedelta(hours=3) if place == len(CALLED) - 1 else -dt.timedelta(minutes=40 * (place + 1))
            report = ReportIn(case, whistle=whistle, organization=organization)
            mark = AppraiseWhistle(case, whistle=whistle, organization=organization, mark=3 if late > late * 0 else 5)
            who = self.people[organization][0]
            self.step(report_by + late, matter, f"in-{organization}", lambda r=report, w=who: (r, w))  # type: ignore[misc]
            marked = report_by + dt.timedelta(hours=5 + place)
            self.step(marked, matter, f"mark-{organization}", lambda m=mark: (m, DESK))  # type: ignore[misc]
        self.handle(matter, self.share(case, 40), "1")

    def handle(self, matter: Matter, at: dt.datetime, turn: str, *, by: str = "", failing: bool = False) -> None:
        """Resolve, check, answer, rate, close; again where the check fails or the reporter is not satisfied."""
        resolve = Resolve(matter.id, result="已处理")

        def done(when: dt.datetime) -> None:
            self.after_handling(matter, when, turn, failing=failing)

        self.step(at, matter, f"resolve-{turn}", lambda: (resolve, by or self.actor(matter.id)), done)

    def after_handling(self, matter: Matter, when: dt.datetime, turn: str, *, failing: bool = False) -> None:
        """Check what was resolved, where that is asked for, and go on."""
        case = matter.id

        def check() -> tuple[Any, str]:
            # Whoever has it does not check it; where the desk has it, the community does.
            community = self.setup.territory.up(matter.place, "community")
            heads = [
                p.holder for p in self.setup.roster.postings if (p.role, p.place) == ("general-grid-head", community)
            ]
            checker = heads[0] if holder_of(self.state(case)) == "street-desk" else CHECKER
            return Check(case, passed=not failing, reason="现场未清理干净" if failing else ""), checker

        def after_check(when: dt.datetime) -> None:
            if failing:
                self.handle(matter, when + dt.timedelta(hours=2), turn + "b")
            else:
                self.answer(matter, when, turn)

        if self.state(case).file.checked:
            self.step(self.at_work(when, case, turn, "check"), matter, f"check-{turn}", check, after_check)
        else:
            self.answer(matter, when, turn)

    def answer(self, matter: Matter, at: dt.datetime, turn: str) -> None:
        case = matter.id
        answered = at + dt.timedelta(minutes=10)
        self.step(answered, matter, f"answer-{turn}", lambda: (Answer(case, text="已办结，感谢您的反映"), DESK))
        unhappy = matter.story == "dissatisfied" and turn == "1"
        if matter.reporter and (unhappy or chance(case, "rates") < 0.7):
            score = 1 if unhappy else 4 + (chance(case, "score") < 0.8)
            rated = answered + dt.timedelta(minutes=40)
            comment = "问题没有真正解决" if unhappy else ""
            self.step(
                rated, matter, f"rate-{turn}", lambda: (Rate(case, score=score, comment=comment), matter.reporter)
            )
        closed = answered + dt.timedelta(hours=1)
        self.step(closed, matter, f"close-{turn}", lambda: (Close(case), DESK))
        if matter.reporter and not unhappy:
            self.step(closed + dt.timedelta(minutes=20), matter, f"call-{turn}", lambda: self.call(case))
        if not unhappy and chance(case, "published") < 0.12:
            publish = PublishResult(case, text="已办结")
            self.step(closed + dt.timedelta(minutes=30), matter, f"publish-{turn}", lambda: (publish, DESK))
        if unhappy:
            reopened = self.at_work(closed, case, "reopen")
            ask = Reopen(case, reason="请重新处理")

            def again(when: dt.datetime) -> None:
                self.handle(matter, when + dt.timedelta(hours=3), "2")

            self.step(reopened, matter, "reopen", lambda: (ask, DESK), again)

    def call(self, case: str) -> tuple[Any, str] | None:
        """Call one of three reporters back (回访); whoever handled the matter does not call."""
        if chance(case, "calls") > 0.33 or holder_of(self.state(case)) == "street-desk":
            return None
        reached, solved = chance(case, "reached") < 0.85, chance(case, "solved") < 0.97
        satisfied = solved and chance(case, "satisfied") < 0.95
        if not reached:
            return FollowUp(case, reached=False), CHECKER
        return FollowUp(case, reached=True, solved=solved, satisfied=satisfied), CHECKER

    # --- points -----------------------------------------------------------------------------

    def quarter(self, begin: dt.datetime) -> None:
        """Deeds of the weeks, a sitting, a publication, an objection, redemptions."""
        plan = self.simulator.plan
        volunteers = [p.holder for p in self.setup.roster.postings if p.role in ("building-lead", "entrance-lead")]
        deeds = ("meeting", "help", "mobilize", "helping-others")
        for week in range(4):
            at = begin + dt.timedelta(days=7 * week + 4, hours=9, minutes=30)
            for who in volunteers:
                if chance(who, str(week), "deed") < 0.09:
                    deed = deeds[int(chance(who, str(week), "which") * len(deeds))]
                    on = at.astimezone(begin.tzinfo).date()
                    command = ProposeAward(account=who, deed=deed, on=on, occasion=f"week-{week + 1}")
                    plan(at, f"deed:{week}:{who}", lambda c=command: (c, DESK))  # type: ignore[misc]
        for good in self.setup.points_policy.on(begin.date()).goods.values():
            if good.kind != "goods":
                continue
            stock = StockGoods(good.id, quantity=40)
            plan(begin, f"stock:{good.id}", lambda s=stock, o=good.outlet: (s, o))  # type: ignore[misc]
        sitting = begin + dt.timedelta(days=30, hours=10)  # 1 October rests; the 8th works
        sitting = self.at_work(sitting, "sitting")
        present = ("GH1", "AL01", "resident:00007", "resident:04711", "SC1")
        plan(sitting, "sitting:2026-09", lambda: self.judge(present), lambda at: self.publish(at))

    def judge(self, present: tuple[str, ...]) -> tuple[Any, str]:
        judgments = []
        for award in self.office.ask(AwardList(state="claimed"), by="GH1"):
            doubtful = chance(award.file.id, "doubt") < 0.05
            in_favor, against = (present[:2], present[2:]) if doubtful else (present, ())
            judgments.append(Judgment(award=award.file.id, points=award.file.asked, in_favor=in_favor, against=against))
        return HoldSitting(present=present, judgments=tuple(judgments)), "GH1"

    def publish(self, at: dt.datetime) -> None:
        plan = self.simulator.plan

        def command() -> tuple[Any, str]:
            approved = self.office.ask(AwardList(state="approved"), by="GH1")
            return PublishAwards(awards=tuple(award.file.id for award in approved)), "GH1"

        plan(at + dt.timedelta(minutes=30), "list:2026-09", command)
        hung = at + dt.timedelta(hours=1)
        confirm = ConfirmPublication("list:2026-09", channel="notice board", receipt="photo 2026-10-08")
        plan(hung, "hung:2026-09", lambda: (confirm, "GH1"), self.after_publication)

    def after_publication(self, at: dt.datetime) -> None:
        plan = self.simulator.plan
        objected = min(
            f"deed:0:{p.holder}" for p in self.setup.roster.postings if self.office.knows(f"deed:0:{p.holder}")
        )
        objection = ObjectToAward(objected, reason="当天没有见到本人参加")
        plan(at + dt.timedelta(hours=5), "objection:1", lambda: (objection, "resident:00123"))

        def decide() -> tuple[Any, str]:
            # SC2 was not at the sitting; the award is changed, not simply struck out.
            return DecideAwardObjection(objected, outcome="amended", points=1, reason="只参加了一半"), "SC2"

        plan(self.at_work(at + dt.timedelta(days=1), "objection"), "objection:1/decided", decide)
        spend = self.at_work(at + dt.timedelta(days=5), "spend")
        for place, (good, count) in enumerate((("soap", 25), ("phone-credit", 6), ("haircut", 5))):
            plan(spend + dt.timedelta(hours=place), f"redeem:{good}", lambda: None, self.redeem(good, count))

    def redeem(self, good: str, count: int) -> Callable[[dt.datetime], None]:
        def later(at: dt.datetime) -> None:
            from gridgov.points import Ranking

            wanted = self.setup.points_policy.on(at.date()).goods[good]
            ranked = self.office.ask(Ranking(months=("2026-09",)), by=DESK)
            able = [row.account for row in ranked if row.points >= wanted.price]
            buyers = sorted(able, key=lambda account: chance(account, good))[:count]
            for number, account in enumerate(buyers):
                voucher = f"voucher:{good}:{account}"
                take = Redeem(account=account, good=good)
                moment = at + dt.timedelta(minutes=number)
                self.simulator.plan(moment, voucher, lambda t=take: (t, t.account))  # type: ignore[misc]
                if number != count - 1:  # the last one is not collected yet
                    collect = CollectVoucher(voucher)
                    self.simulator.plan(
                        moment + dt.timedelta(hours=1),
                        f"{voucher}/collect",
                        lambda c=collect: (c, wanted.outlet),  # type: ignore[misc]
                    )

        return later
