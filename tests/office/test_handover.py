"""A case goes from one office to another like a message: once, however often it is sent; and the answer comes back."""

import datetime as dt

import attrs
import pytest

from gridgov import open_office
from gridgov.access import AccessPolicy, Grant
from gridgov.cases import CaseView, OpenCase, Resolve, Resolved
from gridgov.errors import StoreBusyError
from gridgov.office import Handback, Handover
from gridgov.setup import Subscription
from gridgov.store import MemoryStore, every_record
from gridgov.testing import NOON, SimulatedClock, small_setup

HOUSE = "150203005008-B001"
NAME = "张先生"


class DroppingStore(MemoryStore):
    """Stores, and then loses the connection before it can say so, as often as asked."""

    drops = 0

    def append(self, commit, /):
        position = super().append(commit)
        if self.drops and any(draft.name == "case-opened" for draft in commit.drafts):
            self.drops -= 1
            raise StoreBusyError("the connection was lost")
        return position


@pytest.fixture
def clock():
    return SimulatedClock(NOON)


def subscribed(setup, *rows):
    subscriptions = tuple(
        Subscription(event=event, audience=audience, channel=channel) for event, audience, channel in rows
    )
    return attrs.evolve(setup, subscriptions=subscriptions)


class Pair:
    """A street and its district, each with a store, a setup and a channel of its own."""

    def __init__(self, clock, access=None):
        self.here = self.there = None
        up = Handover(
            name="district",
            here=lambda: self.here,
            there=lambda: self.there,
            reads_as="desk-1",
            imports_as="desk-1",
            acknowledges_as="lead-81",
        )
        down = Handback(
            name="street", here=lambda: self.there, there=lambda: self.here, reads_as="desk-1", resolves_as="lead-81"
        )
        self.theirs = DroppingStore()
        street = subscribed(small_setup(), ("case-routed", "lead", "district"))
        district = subscribed(small_setup(access=access), ("case-resolved", "desk", "street"))
        self.here = open_office(street, MemoryStore(), discover=False, clock=clock, channels=[up])
        self.there = open_office(district, self.theirs, discover=False, clock=clock, channels=[down])

    def report(self, text=""):
        self.here.handle(OpenCase(kind="noise", place=HOUSE, source="hotline", text=text), by="desk-1", id="a")

    def close(self):
        self.here.close()
        self.there.close()


@pytest.fixture
def pair(clock):
    pair = Pair(clock)
    yield pair
    pair.close()


def test_a_case_goes_over_once_and_is_acknowledged_and_its_end_comes_back(pair, clock):
    pair.report(f"{NAME} complains")
    assert pair.here.deliver().sent == 1
    there = pair.there.ask(CaseView("150203005/a"), by="desk-1")
    assert (there.file.imported_from, there.file.foreign_id, there.file.kind) == ("150203005", "a", "noise")
    assert pair.here.ask(CaseView("a"), by="desk-1").acknowledged_at is not None
    clock.now += dt.timedelta(hours=1)
    pair.there.handle(Resolve("150203005/a"), by="lead-81")
    assert pair.there.deliver().sent == 1
    assert isinstance(pair.here.ask(CaseView("a"), by="desk-1"), Resolved)
    assert NAME not in "".join(str(record.body) for record in every_record(pair.theirs))


def test_sent_again_after_the_connection_was_lost_it_is_the_same_case(pair, clock):
    pair.theirs.drops = 1
    pair.report()
    first = pair.here.deliver()
    assert (first.sent, first.failed) == (0, 1)
    clock.now += dt.timedelta(hours=1)
    assert pair.here.deliver().sent == 1
    assert len([record for record in every_record(pair.theirs) if record.name == "case-opened"]) == 1


def test_what_the_other_office_refuses_is_a_dead_letter_with_its_code_and_no_text(clock):
    pair = Pair(clock, AccessPolicy((Grant(role="anyone", names=frozenset({"CaseView"}), scope="all"),)))
    pair.report()
    assert pair.here.deliver().dead == 1
    (waiting,) = pair.here.undelivered()
    assert waiting.error == "district: refused with access.denied"
    pair.close()


def test_a_case_that_came_from_nowhere_else_is_not_answered(pair):
    pair.there.handle(OpenCase(kind="noise", place=HOUSE, source="hotline"), by="desk-1", id="own")
    pair.there.handle(Resolve("own"), by="lead-81")
    assert pair.there.deliver().sent == 1
    assert len(list(every_record(pair.here._store))) == 1


# --- one store for a district -------------------------------------------------------------------


def test_a_district_keeps_the_streets_in_one_store_and_each_office_knows_its_own_alone(clock):
    store = MemoryStore()
    first = open_office(small_setup(), store, discover=False, clock=clock)
    second = open_office(small_setup(street="150203006"), store, discover=False, clock=clock)
    first.handle(OpenCase(kind="noise", place=HOUSE, source="hotline"), by="desk-1", id="same-id")
    second.handle(OpenCase(kind="clutter", place="150203006008-B001", source="hotline"), by="desk-1", id="same-id")
    with first.batch():
        first.handle(OpenCase(kind="noise", place=HOUSE, source="hotline"), by="desk-1", id="b1")
        with second.batch():
            second.handle(OpenCase(kind="noise", place="150203006008-B001", source="hotline"), by="desk-1", id="b1")
    for office, kind in ((first, "noise"), (second, "clutter")):
        assert office.ask(CaseView("same-id"), by="desk-1").file.kind == kind
        assert sum(1 for _ in office.events("cases")) == 4
        assert office.verify(snapshot=True) == store.head() == 10
    for office in (first, second):
        assert office.tick(NOON + dt.timedelta(days=9)).done > 1
        assert office.verify(snapshot=True) == store.head()
        office.close()
