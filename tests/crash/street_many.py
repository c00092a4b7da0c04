"""Many processes run one street, are killed and cut off, and nothing is lost or doubled and every balance is right.

``python street_many.py work URL NUMBER COUNT FIRST [1]`` is one process: it asks for COUNT commands, the same ones each
time, and prints ``k accepted events`` after each answer. ``python street_many.py run URL PROCESSES COUNT [KILLS]``
prepares a street, lets that many of them run, kills some on the way and starts them again with the same ids, looks at
what is there in the end, and prints the figures.

The street has 500 open cases and 500 accounts. Every award that is approved draws on one community's budget and every
redemption on one shelf; both are filled for one wish at a time, for half of the wishes: whoever decides on what was
true a moment ago spends what is spent.
"""

import datetime as dt
import json
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import attrs

from gridgov.cases import Acknowledge, OpenCase, Resolve, Urge
from gridgov.errors import GridgovError, RefusalError
from gridgov.hooks import Host
from gridgov.office import Office, open_office
from gridgov.points import (
    AllotBudget,
    ConfirmPublication,
    Good,
    Holdings,
    HoldSitting,
    Judgment,
    Liabilities,
    ProposeAward,
    ProposeAwards,
    PublishAwards,
    Redeem,
    StockGoods,
    audit,
)
from gridgov.policy import Timeline
from gridgov.store import Condition, every_record
from gridgov.testing import NOON, SimulatedClock, small_setup
from gridgov_sql import plugin

PLUGINS = [("sql", plugin)]
STREET, COMMUNITY, PLACE = "150203005", "150203005008", "150203005008-B001"
PANEL = ("head-8", "lead-81", "resident:00001")
SOME = 500
LATER = NOON + dt.timedelta(days=8)
POINTS, PRICE = 5, 3
BACK = 3
"""How many of its last commands a process asks for again after it was killed."""
PATIENCE_SECONDS = 60.0


def account(number: int) -> str:
    return f"resident:{1000 + number % SOME:05}"


@contextmanager
def opened(url: str, clock: SimulatedClock | None = None, *, careless: bool = False) -> Iterator[Office]:
    """Open an office on the street.

    :param careless: with a store that forgets on what a commit rests, to see that it is noticed.
    """
    setup = small_setup()
    goods = {"soap": Good(id="soap", outlet="shop", zh="肥皂", en="soap", price=PRICE)}
    policy = attrs.evolve(setup.points_policy.on(NOON.date()), budgets=True, goods=goods, lasts_months=12)
    setup = attrs.evolve(setup, points_policy=Timeline.always(policy))
    with closing(Host(PLUGINS, discover=False).open_store(url)) as store:
        if careless:
            append = store.append
            store.append = lambda commit: append(attrs.evolve(commit, condition=Condition()))  # type: ignore[method-assign]
        with open_office(setup, store, discover=False, clock=clock or SimulatedClock(LATER)) as office:
            yield office


# --- before ---------------------------------------------------------------------------------------


def prepare(url: str) -> None:
    """Give every account its first points and open the cases; budget and shelf are empty then."""
    clock = SimulatedClock(NOON)
    with opened(url, clock) as office:
        office.handle(AllotBudget(community=COMMUNITY, points=SOME * POINTS), by="desk-1", id="allot")
        accounts = tuple(account(number) for number in range(SOME))
        deed = ProposeAwards(accounts=accounts, deed="help", on=NOON.date(), occasion="first", place=PLACE)
        office.handle(deed, by="lead-81", id="first")
        awards = tuple(f"first/{number + 1}" for number in range(SOME))
        votes = tuple(Judgment(award=award, points=POINTS, in_favor=PANEL) for award in awards)
        office.handle(HoldSitting(present=PANEL, judgments=votes), by="head-8", id="first-sitting")
        office.handle(PublishAwards(awards=awards), by="head-8", id="list")
        office.handle(ConfirmPublication("list", channel="board", receipt="photo"), by="head-8", id="hung")
        clock.now = LATER
        office.tick()
        with office.batch():
            for number in range(SOME):
                case = OpenCase(kind="noise", place=PLACE, source="patrol", reporter="resident:00002", text="太吵")
                office.handle(case, by="builder-81", id=f"case-{number}")


# --- one process ----------------------------------------------------------------------------------


def asked(number: int) -> Callable[[int], tuple[Any, str]]:
    """Give what a process asks for with its command *k*, and who asks: always the same."""

    def command(k: int) -> tuple[Any, str]:
        rng = random.Random(f"{number}:{k}")
        match k % 10:
            case 0 | 5:
                occasion, who = f"o-{number}-{k}", account(rng.randrange(SOME))
                return ProposeAward(
                    account=who, deed="help", on=LATER.date(), occasion=occasion, place=PLACE
                ), "lead-81"
            case 1 | 6:
                vote = Judgment(award=name(number, k - 1), points=POINTS, in_favor=PANEL)
                return HoldSitting(present=PANEL, judgments=(vote,)), "head-8"
            case 2 | 7:
                who = account(rng.randrange(SOME))
                return Redeem(account=who, good="soap"), who
            case 8:
                return AllotBudget(community=COMMUNITY, points=POINTS), "desk-1"
            case 9:
                return StockGoods("soap", quantity=1), "shop"
            case _:
                on_case, by = rng.choice(((Urge, "desk-1"), (Acknowledge, "lead-81"), (Resolve, "lead-81")))
                return on_case(f"case-{rng.randrange(SOME)}"), by

    return command


def name(number: int, k: int) -> str:
    return f"p{number}-{k}"


def work(url: str, number: int, count: int, first: int, careless: int = 0) -> None:
    with opened(url, careless=bool(careless)) as office:
        for k in range(first, count):
            accepted, events = patiently(office, number, k)
            sys.stdout.write(f"{k} {int(accepted)} {events}\n")
            sys.stdout.flush()


def patiently(office: Office, number: int, k: int) -> tuple[bool, int]:
    """Ask until there is an answer: what may succeed later is asked again with the same id."""
    command, by = asked(number)(k)
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return True, len(office.handle(command, by=by, id=name(number, k)).events)
        except RefusalError:
            return False, 0
        except GridgovError as error:
            if not error.temporary or time.monotonic() > until:
                raise
            time.sleep(0.02)


# --- all of them ----------------------------------------------------------------------------------


@attrs.define
class Told:
    """What the processes were told, and what happened to them.

    :param answers: process and command → accepted, and how many events.
    :param contradictions: commands that got another answer when they were asked for again.
    :param kills: how many processes were killed; :param drops: how many connections were ended from outside.
    :param falls: what processes said that ended by themselves before they were done.
    """

    answers: dict[tuple[int, int], tuple[bool, int]] = attrs.field(factory=dict)
    contradictions: list[str] = attrs.field(factory=list)
    kills: int = 0
    drops: int = 0
    falls: list[str] = attrs.field(factory=list)


class Crowd:
    """The processes, and a queue of what they say."""

    def __init__(self, url: str, processes: int, count: int, careless: bool) -> None:
        self._url, self._count, self._careless = url, count, careless
        self.said: queue.Queue[tuple[int, str]] = queue.Queue()
        self.alive: dict[int, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []
        for number in range(processes):
            self.start(number, 0)

    def start(self, number: int, first: int) -> None:
        numbers = map(str, (number, self._count, first, int(self._careless)))
        command = [sys.executable, __file__, "work", self._url, *numbers]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.alive[number] = process
        reader = threading.Thread(target=self._hear, args=(number, process))
        reader.start()
        self._readers.append(reader)

    def _hear(self, number: int, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.said.put((number, line))
        self.said.put((number, ""))

    def buried(self, number: int) -> tuple[int, str]:
        """Give how a process ended, and its last words."""
        process = self.alive.pop(number)
        _, trouble = process.communicate()
        return process.returncode, trouble

    def close(self) -> None:
        for process in self.alive.values():
            process.kill()
        for reader in self._readers:
            reader.join()
        for number in tuple(self.alive):
            self.buried(number)


def run(
    url: str,
    processes: int,
    count: int,
    *,
    kills: int,
    seed: int = 0,
    drops: int = 0,
    drop: Callable[[random.Random], object] = lambda rng: None,
    falls_max: int = 20,
    careless: bool = False,
) -> Told:
    """Let the processes do all their commands, and strike at random moments of their way.

    :param drop: ends one of their connections from outside.
    :param falls_max: how many processes may end by themselves (and be started again) before this gives up.
    :param careless: see :func:`opened`.
    """
    rng, told = random.Random(seed), Told()
    moments = sorted((rng.randrange(1, processes * count), what) for what in ["kill"] * kills + ["drop"] * drops)
    crowd = Crowd(url, processes, count, careless)
    done: Counter[int] = Counter()
    try:
        while crowd.alive:
            number, line = crowd.said.get(timeout=PATIENCE_SECONDS * 2)
            if line:
                done[number] = heard(told, number, line) + 1
            else:
                code, trouble = crowd.buried(number)
                if code == 0:
                    continue
                if code != -signal.SIGKILL:
                    told.falls.append(trouble[-2000:])
                    assert len(told.falls) <= falls_max, trouble
                crowd.start(number, max(0, done[number] - BACK))
            while moments and len(told.answers) >= moments[0][0] and crowd.alive:
                strike(moments.pop(0)[1], crowd, told, rng, drop)
    finally:
        crowd.close()
    return told


def heard(told: Told, number: int, line: str) -> int:
    k, accepted, events = map(int, line.split())
    answer = (bool(accepted), events)
    before = told.answers.setdefault((number, k), answer)
    if before != answer:
        told.contradictions.append(f"{name(number, k)} was answered {before}, then {answer}")
    return k


def strike(what: str, crowd: Crowd, told: Told, rng: random.Random, drop: Callable[[random.Random], object]) -> None:
    if what == "kill":
        crowd.alive[rng.choice(sorted(crowd.alive))].kill()
        told.kills += 1
    else:
        drop(rng)
        told.drops += 1


# --- after ----------------------------------------------------------------------------------------


def findings(url: str, told: Told, processes: int, count: int) -> Iterator[str]:
    """Give everything that is wrong in the end; nothing, if all is well."""
    yield from told.contradictions
    wanted = {(number, k) for number in range(processes) for k in range(count)}
    if told.answers.keys() != wanted:
        yield f"{len(wanted - told.answers.keys())} commands were never answered"
    yield from _lost_or_doubled(url, told)
    with opened(url) as office:
        office.verify()
        yield from (str(found) for found in audit(office.events("points")))
        yield from _wrong_sums(office, told)
        yield from _wrong_balances(office, told)


def _lost_or_doubled(url: str, told: Told) -> Iterator[str]:
    with closing(Host(PLUGINS, discover=False).open_store(url)) as store:
        stored: Counter[str] = Counter()
        commits: dict[str, set[str]] = {}
        for record in every_record(store):
            stored[record.command_id] += 1
            commits.setdefault(f"{record.stream} {record.name}", set()).add(record.command_id)
        for (number, k), (accepted, events) in told.answers.items():
            id_ = f"{STREET}/{name(number, k)}"
            outcome = store.outcome(id_)
            if outcome is None:
                yield f"{id_} was answered, and its outcome is lost"
            elif outcome.accepted != accepted or stored[id_] != events:
                yield f"{id_} was answered {accepted} with {events} events; stored are {outcome.accepted}, {stored[id_]}"
    for once in ("award-proposed", "award-reviewed", "redemption-reserved", "case-opened"):
        for place, ids in commits.items():
            if place.endswith(f" {once}") and len(ids) > 1:
                yield f"{place} happened by {sorted(ids)}"


def _accepted(told: Told, kind: type) -> list[Any]:
    """Give the commands of a kind that were accepted, as the processes were told."""
    given = (asked(number)(k)[0] for (number, k), (accepted, _) in told.answers.items() if accepted)
    return [command for command in given if isinstance(command, kind)]


def _sums(office: Office) -> Mapping[tuple[str, str], int]:
    """Fold the ledger's lines from the first event on: account and bucket → what is left."""
    sums: Counter[tuple[str, str]] = Counter()
    for event in office.events("points"):
        for entry in event.entries:
            sums[entry.account, entry.bucket] += entry.delta
    return sums


def _wrong_sums(office: Office, told: Told) -> Iterator[str]:
    """Compare the ledger with what the answers of the processes add up to."""
    sums = _sums(office)
    approved, taken = len(_accepted(told, HoldSitting)), len(_accepted(told, Redeem))
    budget = POINTS * (len(_accepted(told, AllotBudget)) - approved)
    shelf = len(_accepted(told, StockGoods)) - taken
    if budget < 0 or shelf < 0:
        yield f"more was given than there was: the budget is {budget}, the shelf {shelf}"
    for what, found, expected in (
        ("the budget", sums[COMMUNITY, "budget"], budget),
        ("the shelf", sums["shop", "shelf"], shelf),
        ("open vouchers", office.ask(Liabilities(), by="desk-1").open_vouchers.get("soap", 0), taken),
        ("points held", office.ask(Liabilities(), by="desk-1").held, taken * PRICE),
        ("points that wait", office.ask(Liabilities(), by="desk-1").pending, approved * POINTS),
        ("points posted", office.ask(Liabilities(), by="desk-1").posted, SOME * POINTS),
    ):
        if found != expected:
            yield f"{what} is {found} and should be {expected}"


def _wrong_balances(office: Office, told: Told) -> Iterator[str]:
    """Compare every account that the office shows with the fold of its lines, and with the answers."""
    sums = _sums(office)
    taken = Counter(command.account for command in _accepted(told, Redeem))
    proposals = {name(n, k): asked(n)(k)[0].account for n, k in told.answers if k % 5 == 0}
    earned = Counter(proposals[command.judgments[0].award] for command in _accepted(told, HoldSitting))
    for number in range(SOME):
        who = account(number)
        balance = office.ask(Holdings(who), by=who).balance()
        shown = (balance.pending, balance.available, balance.held)
        folded = tuple(sums[who, bucket] for bucket in ("pending", "posted", "held"))
        expected = (earned[who] * POINTS, POINTS - PRICE * taken[who], PRICE * taken[who])
        if not shown == folded == expected:
            yield f"{who} is shown {shown}, folded {folded}, and should have {expected}"


def main(url: str, processes: int, count: int, kills: int = 6) -> None:
    prepare(url)
    begun = time.monotonic()
    told = run(url, processes, count, kills=kills)
    seconds = time.monotonic() - begun
    wrong = list(findings(url, told, processes, count))
    figures = {
        "commands": len(told.answers),
        "accepted": sum(accepted for accepted, _ in told.answers.values()),
        "kills": told.kills,
        "drops": told.drops,
        "falls": len(told.falls),
        "seconds": round(seconds, 1),
        "findings": wrong[:20],
    }
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(sys.argv[2], *map(int, sys.argv[3:7]))
    else:
        main(sys.argv[2], *map(int, sys.argv[3:6]))
