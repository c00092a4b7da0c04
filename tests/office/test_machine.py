"""Random weeks on a store: whatever happens, the fold of the store is what the office knows."""

import datetime as dt
import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gridgov import open_office
from gridgov.cases import Acknowledge, Answer, Board, Check, Close, Reopen, Resolve, Return, holder_of
from gridgov.errors import RefusalError
from gridgov.points import (
    ConfirmPublication,
    HoldSitting,
    Judgment,
    PointsEvent,
    PublishAwards,
    Redeem,
    StockGoods,
    audit,
)
from gridgov.store import MemoryStore, verify_chain
from gridgov.testing import NOON, small_setup, strategies

PANEL = ("head-8", "lead-81", "resident:00001")


class Street(RuleBasedStateMachine):
    """Two offices take turns on one store; a third one opens at the end of every step."""

    def __init__(self):
        super().__init__()
        self.now = NOON
        self.store = MemoryStore()
        self.setup_value = small_setup()
        self.offices = [self.open(), self.open()]
        self.cases = []
        self.awards = []
        self.count = 0

    def open(self):
        return open_office(self.setup_value, self.store, discover=False, clock=lambda: self.now)

    def ask(self, command, by, turn=0):
        self.count += 1
        try:
            return self.offices[turn % 2].handle(command, by=by, id=f"c{self.count}", at=self.now)
        except RefusalError:
            return None

    @rule(minutes=st.integers(1, 2000))
    def time_passes(self, minutes):
        self.now += dt.timedelta(minutes=minutes)

    @rule(command=strategies.open_cases(), turn=st.integers(0, 1))
    def report(self, command, turn):
        outcome = self.ask(command, command.reporter or "builder-81", turn)
        self.cases.append(outcome.id)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), turn=st.integers(0, 1))
    def move_a_case(self, data, turn):
        case = data.draw(st.sampled_from(self.cases))
        holder = holder_of(self.offices[turn]._memory.subject(f"case:{case}"))
        command, by = data.draw(
            st.sampled_from(
                [
                    (Acknowledge(case), holder),
                    (Return(case, reason="x"), holder),
                    (Resolve(case), holder),
                    (Check(case, passed=True), "head-8"),
                    (Check(case, passed=False, reason="x"), "desk-1"),
                    (Check(case, passed=True), "desk-1"),
                    (Answer(case), "desk-1"),
                    (Close(case), "desk-1"),
                    (Reopen(case, reason="x"), "desk-1"),
                ]
            )
        )
        self.ask(command, by, turn)

    @rule(command=strategies.ledger_commands(), turn=st.integers(0, 1))
    def propose(self, command, turn):
        outcome = self.ask(command, "lead-81", turn)
        if outcome is not None:
            self.awards.append(outcome.id)

    @precondition(lambda self: self.awards)
    @rule(data=st.data(), turn=st.integers(0, 1))
    def move_an_award(self, data, turn):
        award = data.draw(st.sampled_from(self.awards))
        judgment = Judgment(award=award, points=data.draw(st.integers(0, 5)), in_favor=PANEL)
        self.ask(HoldSitting(present=PANEL, judgments=(judgment,)), "head-8", turn)
        if self.ask(PublishAwards(awards=(award,)), "head-8", turn):
            self.ask(ConfirmPublication(f"c{self.count}", channel="board", receipt="x"), "head-8", turn)

    @rule(who=st.sampled_from(["builder-81", "builder-82", "resident:00002"]), turn=st.integers(0, 1))
    def redeem(self, who, turn):
        self.ask(StockGoods("soap", quantity=1), "shop", turn)
        self.ask(Redeem(account=who, good="soap"), who, 1 - turn)

    @rule(turn=st.integers(0, 1))
    def tick(self, turn):
        office = self.offices[turn]
        office.tick(self.now)
        assert office.tick(self.now).done == 0
        live = office._memory.live
        late = [t for t in live if any(d.at <= self.now for d in office._memory._room_of(t).falls_due(t, live[t]))]
        assert late == [], "after a tick nothing is left that should have happened"

    @rule(data=st.data(), commands=st.lists(strategies.open_cases(), min_size=1, max_size=4))
    def batch(self, data, commands):
        office = self.offices[data.draw(st.integers(0, 1))]
        with office.batch():
            for command in commands:
                self.count += 1
                outcome = office.handle(command, by="builder-81", id=f"c{self.count}", at=self.now)
                self.cases.append(outcome.id)

    @invariant()
    def a_fresh_office_knows_the_same(self):
        """每个回答都是事件的折叠: every answer is a fold of the events."""
        for office in self.offices:
            office.ask(Board(), by="desk-1")
        boards = [office._memory for office in (*self.offices, self.open())]
        assert boards[0].live == boards[1].live == boards[2].live
        assert boards[0].tally == boards[1].tally == boards[2].tally

    @invariant()
    def no_case_is_lost_and_every_open_one_has_a_holder(self):
        """一件不丢."""
        board = self.offices[0].ask(Board(), by="desk-1")
        assert board.opened == len(self.cases) == board.open + board.closed
        for case in self.cases:
            assert holder_of(self.offices[0]._memory.subject(f"case:{case}"))

    @invariant()
    def the_ledger_adds_up_and_the_chains_hold(self):
        """借贷平衡: every event sums to zero and nothing goes below."""
        codec = self.offices[0]._codec
        events = [codec.read(r.name, r.shape, r.body) for r in self.store.read()]
        assert list(audit([event for event in events if isinstance(event, PointsEvent)])) == []
        assert verify_chain(self.store.read()) == len(events)

    @invariant()
    def nothing_of_the_office_has_gone_wrong(self):
        assert [office.faults for office in self.offices] == [(), ()]


TestStreet = Street.TestCase
TestStreet.settings = settings(
    max_examples=400 if os.environ.get("GRIDGOV_DEEP") else 25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
