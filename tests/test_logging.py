"""The log of a day in the street: what happened, and nothing about anybody."""

import logging

import attrs
import pytest

from gridgov import hookimpl, open_office
from gridgov.cases import (
    Acknowledge,
    Answer,
    BlowWhistle,
    CaseView,
    Check,
    Close,
    Follow,
    OpenCase,
    Rate,
    Reopen,
    Resolve,
    Return,
    Search,
    Timeline,
)
from gridgov.decider import private_fields
from gridgov.errors import CommandConflictError, GridgovError, RefusalError, StoreBusyError
from gridgov.hooks import Refused
from gridgov.points import ProposeAward, Statement
from gridgov.setup import PrivateReads
from gridgov.store import MemoryStore
from gridgov.testing import NOON, SimulatedClock, small_setup

HOUSE = "150203005008-B001"
MARK = "PLANTED"


def planted(command):
    """Fill every private field of a command with a mark."""
    return attrs.evolve(command, **{field: f"{MARK}-{field}" for field in private_fields(type(command))})


def resident(number):
    return f"resident:{MARK}{number}"


class Nosy:
    """A plugin that fails in ways that quote what it was given."""

    @hookimpl
    def gridgov_validate(self, command, by):
        if isinstance(command, Reopen):
            return Refused(code="no", message=f"not for {by}")
        if isinstance(command, Return):
            raise ValueError(f"{command} by {by}")
        return None

    @hookimpl
    def gridgov_committed(self, happenings):
        for each in happenings:
            if each.name == "case-closed":
                raise ValueError(f"{each}")


def a_day(office, clock):
    report = OpenCase(kind="noise", place=HOUSE, source="resident", reporter=resident(1))
    office.handle(planted(report), by=resident(1), id=f"{MARK}-c1")
    case = f"{MARK}-c1"
    for command, by in (
        (Follow(case), resident(2)),
        (Acknowledge(case), "lead-81"),
        (planted(Resolve(case)), "lead-81"),
        (planted(Check(case, passed=True)), "desk-1"),
        (planted(Answer(case)), "desk-1"),
        (planted(Rate(case, score=4)), resident(1)),
        (Close(case), "desk-1"),
        (planted(ProposeAward(account=resident(1), deed="help", on=NOON.date(), occasion="o")), "lead-81"),
    ):
        office.handle(command, by=by, id=f"{MARK}-{type(command).__name__}")
    wrong = (
        (planted(Resolve(case)), resident(3)),
        (planted(Resolve(f"no-{MARK}")), "lead-81"),
        (planted(Return(case)), "lead-81"),
        (planted(Reopen(case)), "desk-1"),
        (planted(OpenCase(kind=MARK, place=HOUSE, source="resident")), resident(1)),
        (
            planted(BlowWhistle((case,), organizations=(MARK,), report_by=NOON)),
            "lead-81",
        ),
    )
    for command, by in wrong:
        with pytest.raises(GridgovError):
            office.handle(command, by=by)
    with pytest.raises(CommandConflictError):
        office.handle(planted(attrs.evolve(report, place="150203005")), by=resident(1), id=f"{MARK}-c1")
    for view in (CaseView(case), Timeline(case), Search(reporter=resident(1)), Statement(resident(1)), PrivateReads()):
        office.ask(view, by="desk-1")
    with pytest.raises(RefusalError):
        office.ask(Search(reporter=resident(1)), by=resident(2))
    ref = office.ask(CaseView(case), by="desk-1").file.text.ref
    office.read_private(ref, by="desk-1", purpose="case-handling")
    with pytest.raises(RefusalError):
        office.read_private(ref, by="desk-1", purpose=MARK)
    clock.now += (NOON - NOON.replace(hour=0)) * 10
    office.tick()
    office.deliver()
    office.erase(f"case:{case}", by="desk-1")
    office.health()


def test_a_day_at_the_chattiest_level_names_nobody_and_tells_nothing_that_was_said(caplog):
    clock = SimulatedClock(NOON)
    with caplog.at_level(logging.DEBUG):
        store = MemoryStore()
        with open_office(small_setup(), store, plugins=[("nosy", Nosy())], discover=False, clock=clock) as office:
            a_day(office, clock)
        with open_office(small_setup(), store, discover=False, clock=clock) as office:
            office.tick()
    told = [record for record in caplog.records if record.name.startswith("gridgov")]
    assert {record.name for record in told} >= {"gridgov.office"}
    for record in told:
        everything = f"{record.getMessage()} {record.args} {record.exc_text} {record.exc_info} {record.__dict__}"
        assert MARK not in everything, record.getMessage()


def test_the_log_says_opened_refused_ticked_and_closed_in_stable_words(caplog):
    clock = SimulatedClock(NOON)
    caplog.set_level(logging.DEBUG, "gridgov.office")
    with open_office(small_setup(), plugins=[("nosy", Nosy())], discover=False, clock=clock) as office:
        with pytest.raises(RefusalError):
            office.handle(Acknowledge("a"), by="lead-81")
        office.tick()
    told = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "gridgov.office"]
    assert ("INFO", "call.refused name=Acknowledge code=case.unknown") in told
    words = [message.split()[0] for _, message in told]
    assert [each for each in words if each.startswith("office.")] == ["office.opened", "office.ticked", "office.closed"]
    assert "plugins=nosy" in told[words.index("office.opened")][1]


class Failing(MemoryStore):
    error: type[GridgovError] | None = None

    def append(self, commit, /):
        if self.error is not None:
            raise self.error(f"{MARK}")
        return super().append(commit)


def test_a_store_that_is_busy_is_told_by_the_name_of_its_error(caplog):
    store = Failing()
    with open_office(small_setup(), store, discover=False, clock=lambda: NOON) as office:
        store.error = StoreBusyError
        with caplog.at_level(logging.DEBUG, "gridgov.office"), pytest.raises(StoreBusyError):
            office.handle(OpenCase(kind="noise", place=HOUSE, source="resident"), by="resident:1")
        store.error = None
    assert "call.failed name=OpenCase error=StoreBusyError" in [record.getMessage() for record in caplog.records]


def test_a_slow_call_is_a_line(caplog, monkeypatch):
    monkeypatch.setattr("gridgov.office._log.SLOW_SECONDS", -1.0)
    with open_office(small_setup(), discover=False, clock=lambda: NOON) as office:
        caplog.set_level(logging.INFO, "gridgov.office")
        office.ask(Search(), by="desk-1")
    assert any(record.getMessage().startswith("call.slow name=Search ms=") for record in caplog.records)


def test_no_logger_of_gridgov_has_a_handler():
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "gridgov"]
    assert "gridgov.office" in names
    assert all(logging.getLogger(name).handlers == [] for name in names)
