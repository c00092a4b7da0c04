"""What every plugin has to keep, one contract for each kind; see :mod:`gridgov.testing`.

Inherit, give the plugin, run pytest. A contract asks the plugin as an office would, through the
:class:`~gridgov.hooks.Host`, so that whatever an office would refuse fails here first; and it asks what an
office cannot see: whether the same question gets the same answer, and whether a hook that must not
reaches for a file or the network.
"""

from __future__ import annotations

import datetime as dt
import inspect
import io
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from gridgov.cases import LIFE, STATES, OpenCase
from gridgov.errors import RefusalError, SetupError
from gridgov.hooks import Host, Refused, Wanted
from gridgov.office import Office
from gridgov.setup import Setup
from gridgov.store import Cursor, MemoryStore
from gridgov.testing._lives import life_sample
from gridgov.testing._street import NOON, small_setup
from gridgov.worktime import Calendar

__all__ = [
    "CodeListContract",
    "DaysContract",
    "ExporterContract",
    "FactsContract",
    "ImporterContract",
    "ReactionContract",
    "RulesContract",
    "ValidationContract",
]

Question = tuple[Any, str, dt.datetime]
"""A command, who asks for it, and when."""
REPORT = OpenCase(kind="noise", place="150203005008-B001", source="hotline")
NAME = "contract"
REACHING = re.compile(r"open|socket\.\w+|subprocess\.\w+|os\.(system|remove|rename|mkdir)|sqlite3\.connect|urllib\.\w+")
PART_OF_PYTHON = re.compile(r"\.(py|pyc|so|pyd)$|zoneinfo|tzdata")


class _Watch:
    """Notes what plugins' threads reach for. Python cannot take an audit hook away, so there is one, mostly idle."""

    def __init__(self) -> None:
        self.reached: list[str] | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.reached is None or not REACHING.fullmatch(event):
            return
        what = str(arguments[0]) if arguments else ""
        if threading.current_thread().name.startswith("gridgov plugin") and not PART_OF_PYTHON.search(what):
            self.reached.append(f"{event} {what}"[:200])


_watches: list[_Watch] = []


@contextmanager
def _reaching_for_nothing() -> Iterator[None]:
    if not _watches:
        _watches.append(_Watch())
    watch = _watches[0]
    reached: list[str] = []
    watch.reached = reached
    try:
        yield
    finally:
        watch.reached = None
    assert not reached, f"this hook does no I/O, and it reached for: {', '.join(reached)}"


class _Contract:
    """What all contracts share: the plugin, and the street that it is tried on."""

    def make(self) -> Any:
        """Make the plugin to be tested: the object with the hooks."""
        raise TypeError("a contract needs the plugin to be tested: override make(self)")

    def setup(self) -> Setup:
        """Give the street that it is tried on."""
        return small_setup()

    @contextmanager
    def _host(self, host: Host | None = None) -> Iterator[Host]:
        made = Host([(NAME, self.make())]) if host is None else host
        try:
            yield made
        finally:
            made.close()

    @contextmanager
    def _office(self, store: MemoryStore | None = None, host: Host | None = None) -> Iterator[Office]:
        kept = MemoryStore() if store is None else store
        with (
            self._host(host) as opened,
            Office(self.setup(), kept, host=opened, clock=lambda: NOON) as office,
        ):
            yield office

    def test_it_registers_with_every_hook_marked(self) -> None:
        """Names and arguments are those of the hooks."""
        with self._host() as host:
            assert host.plugins[0].hooks


class RulesContract(_Contract):
    """What a plugin that adds rows to the routing table has to keep. *setup* is a street that it has rows for."""

    def test_its_rows_fit_the_street(self) -> None:
        """They name what there is, and stand in the band local or a later one."""
        setup = self.setup()
        with self._host() as host:
            host.completed(setup)
            assert host.rules(setup.catalog, setup.territory), "no rows for this street; override setup(self)"

    def test_the_same_street_gets_the_same_rows(self) -> None:
        """They are part of what is adopted: other rows would be another setup at each opening."""
        answers = []
        for _ in range(2):
            setup = self.setup()
            with self._host() as host:
                answers += [host.rules(setup.catalog, setup.territory) for _ in range(2)]
        assert all(answer == answers[0] for answer in answers)

    def test_each_row_has_an_id_of_its_own(self) -> None:
        """An explanation names the row by it."""
        setup = self.setup()
        with self._host() as host:
            ids = [rule.id for rule in host.rules(setup.catalog, setup.territory)]
        taken = {rule.id for entry in setup.rulebooks.entries for rule in entry.value.rules.rules}
        assert sorted(ids) == sorted({*ids} - taken)

    def test_it_reaches_for_nothing_outside(self) -> None:
        """No file and no network: the answer hangs on catalog and territory alone."""
        setup = self.setup()
        with self._host() as host, _reaching_for_nothing():
            host.rules(setup.catalog, setup.territory)


class FactsContract(_Contract):
    """What a plugin that declares facts has to keep."""

    def report(self) -> OpenCase:
        """Give a report that *setup* accepts, without any of the facts."""
        return REPORT

    def test_its_facts_fit_the_street(self) -> None:
        """Free names, declared once, each with a Chinese and an English name."""
        with self._host() as host:
            host.completed(self.setup())
            facts = host.facts()
        assert facts, "it declares no facts"
        assert len({fact.name for fact in facts}) == len(facts)
        assert all(fact.zh.strip() and fact.en.strip() for fact in facts)

    def test_it_declares_the_same_each_time(self) -> None:
        """They are part of what is adopted."""
        with self._host() as one, self._host() as other:
            assert one.facts() == one.facts() == other.facts()

    def test_a_case_may_state_each_code_and_no_other(self) -> None:
        """The domain is what it says: a code of it is taken, another one refused."""
        with self._office() as office:
            for fact in office.setup.rulebooks.entries[-1].value.facts.values():
                if fact.name not in {name for each in office.plugins for name in each.added.facts} or not fact.domain:
                    continue
                for value in fact.domain[:3]:
                    assert office.handle(attrs.evolve(self.report(), facts={fact.name: value}), by="desk-1").events
                with pytest.raises(RefusalError):
                    office.handle(attrs.evolve(self.report(), facts={fact.name: "no-such-code"}), by="desk-1")

    def test_it_reaches_for_nothing_outside(self) -> None:
        """No file and no network."""
        with self._host() as host, _reaching_for_nothing():
            host.facts()


class DaysContract(_Contract):
    """What a source of holidays has to keep."""

    weekend: ClassVar[tuple[int, ...]] = (5, 6)
    """The weekdays on which nobody works, Monday is 0."""

    def test_it_offers_a_source(self) -> None:
        """Under the name that calendars give."""
        with self._host() as host:
            assert host.days(), "it offers no source of days"

    def test_every_day_that_it_names_lies_among_those_that_it_knows(self) -> None:
        """Whoever asks about a later day must hear that it is not known yet."""
        with self._host() as host:
            for days in host.days().values():
                named = days.holidays | days.moved
                assert all(days.known_from <= day for day in named)
                assert all(day <= dt.date(days.known_through.year, 12, 31) for day in named)

    def test_no_year_between_the_first_and_the_last_is_missing(self) -> None:
        """A year without a single holiday is a hole, and deadlines would run through it."""
        with self._host() as host:
            for name, days in host.days().items():
                for year in range(days.known_from.year, days.known_through.year + 1):
                    assert any(day.year == year for day in days.holidays), f"{name} names no holiday of {year}"
                    assert days.notices.get(year, "").strip(), f"{name} does not say which notice settles {year}"

    def test_days_are_moved_from_weekends_only(self) -> None:
        """调休: a moved day is one that would have rested."""
        with self._host() as host:
            for days in host.days().values():
                assert all(day.weekday() in self.weekend for day in days.moved)

    def test_it_gives_the_same_days_each_time_and_says_where_from(self) -> None:
        """Other days are another setup; they come with another source."""
        with self._host() as one, self._host() as other:
            assert one.days() == one.days() == other.days()
            assert all(days.source.strip() for days in one.days().values())

    def test_a_calendar_takes_its_days(self) -> None:
        """The office opens with a calendar that names the source."""
        with self._host() as host:
            for name, days in host.days().items():
                filled = host.completed(attrs.evolve(self.setup(), calendar=Calendar(days=name)))
                assert filled.calendar.known_through == days.known_through


@cache
def _one_of_each() -> tuple[Question, ...]:
    """Give a sample of each sort of command of a case, in the first state in which it happens."""
    first = {command: next((each for each in STATES if each in states), None) for command, states in LIFE.items()}
    samples = [life_sample(command, state) for command, state in first.items() if state is not None]
    return tuple((sample.command, sample.by, sample.scenario.at) for sample in samples)


class ValidationContract(_Contract):
    """What a plugin that refuses commands has to keep."""

    def refused(self) -> Question:
        """Give a command that it refuses, with who asks and when."""
        raise TypeError("a contract needs a command that is refused: override refused(self)")

    def passed(self) -> Question:
        """Give a command like it that passes."""
        raise TypeError("a contract needs a command that passes: override passed(self)")

    def test_it_refuses_what_it_should_with_a_code_of_its_own(self) -> None:
        """Stored as PLUGIN.CODE."""
        with self._host() as host:
            answer = host.validate(*self.refused())
            assert not len(host.faults), [fault.what for fault in host.faults]
        assert answer is not None, "it let that pass"
        assert isinstance(answer[1], Refused)

    def test_it_lets_pass_what_it_should(self) -> None:
        """None, and nothing else."""
        with self._host() as host:
            assert host.validate(*self.passed()) is None
            assert not len(host.faults), [fault.what for fault in host.faults]

    def test_the_same_question_gets_the_same_answer(self) -> None:
        """A decision may be made anew, here or elsewhere."""
        for question in (self.refused(), self.passed()):
            with self._host() as one, self._host() as other:
                assert one.validate(*question) == one.validate(*question) == other.validate(*question)

    def test_it_answers_every_command_that_there_is(self) -> None:
        """Each sort of command of a case, in a state where it happens, is refused or passes; none is a fault."""
        with self._host() as host:
            for command, by, at in _one_of_each():
                host.validate(attrs.evolve(command), by, at)
            assert not len(host.faults), [fault.what for fault in host.faults]

    def test_it_leaves_the_command_as_it_was(self) -> None:
        """What is decided on is what was asked."""
        validate = self.make().gridgov_validate
        for question, fresh in ((self.refused(), self.refused()), (self.passed(), self.passed())):
            # Asked without the office, which would give it a copy.
            told = dict(zip(("command", "by", "at"), question, strict=True))
            validate(**{name: told[name] for name in inspect.signature(validate).parameters})
            assert question[0] == fresh[0]

    def test_what_the_core_refuses_stays_refused(self) -> None:
        """A plugin may refuse; it never allows."""
        with self._office() as office, pytest.raises(RefusalError):
            office.handle(attrs.evolve(REPORT, kind="no-such-kind"), by="desk-1")

    def test_it_reaches_for_nothing_outside(self) -> None:
        """No file and no network: it stands in the way of everybody."""
        with self._host() as host, _reaching_for_nothing():
            host.validate(*self.refused())
            host.validate(*self.passed())


class _Spy(Host):
    """Keeps what reactions were asked with."""

    def __init__(self, plugin: Any) -> None:
        super().__init__([(NAME, plugin)])
        self.asked: list[tuple[Any, ...]] = []

    def reactions(self, name: str, event: Any, after: Any, setup: Setup, *, by: str) -> Any:
        found = super().reactions(name, event, after, setup, by=by)
        if found:
            self.asked.append((name, event, after(), setup, by, found))
        return found


def _same(value: Any) -> Any:
    return value


class ReactionContract(_Contract):
    """What a plugin that lets commands follow has to keep."""

    def happens(self, office: Office) -> None:
        """Do in an office what something follows from."""
        raise TypeError("a contract needs something to follow from: override happens(self, office)")

    def _records(self, store: MemoryStore) -> int:
        return sum(record.by == f"plugin:{NAME}" for record in store.read())

    def test_what_follows_is_done_in_the_plugins_name(self) -> None:
        """Under an open access policy nothing stands in its way."""
        store = MemoryStore()
        with self._office(store) as office:
            self.happens(office)
            assert not len(office.faults), [fault.what for fault in office.faults]
        assert self._records(store), "nothing followed, or it was refused"

    def test_the_same_event_asks_for_the_same(self) -> None:
        """After a crash it is asked again, perhaps by another process: the answer is the same."""
        spy = _Spy(self.make())
        with self._office(host=spy) as office:
            self.happens(office)
            with self._host() as other:
                for name, event, after, setup, by, found in spy.asked:
                    for host in (spy, other):
                        again = Host.reactions(host, name, event, partial(_same, after), setup, by=by)
                        assert again == found
        assert spy.asked, "nothing followed"

    def test_asked_again_nothing_is_done_twice(self) -> None:
        """The whole of it, once more after a crash."""
        store = MemoryStore()
        with self._office(store) as office:
            self.happens(office)
            first = self._records(store)
        store.save_cursor(Cursor(name=f"{self.setup().jurisdiction}/reactions", position=0))
        with self._office(store):
            pass
        assert self._records(store) == first

    def test_it_reaches_for_nothing_outside(self) -> None:
        """No file and no network: who wants to tell somebody listens (gridgov_committed)."""
        with self._office() as office, _reaching_for_nothing():
            self.happens(office)


class ImporterContract(_Contract):
    """What an importer has to keep."""

    name: ClassVar[str] = ""
    """Which importer of the plugin; empty for its only one."""

    def source(self, tmp_path: Path) -> Path:
        """Give a sound source: a file or a folder."""
        raise TypeError("a contract needs something to read: override source(self, tmp_path)")

    def broken(self, tmp_path: Path) -> Path:
        """Give a source that cannot be read."""
        raise TypeError("a contract needs something that cannot be read: override broken(self, tmp_path)")

    def _read(self, source: Path) -> list[Any]:
        with self._host() as host:
            offered = host.importers()
            return list(offered[self.name or next(iter(offered))].read(source))

    def test_everything_that_it_gives_is_a_part(self, tmp_path: Path) -> None:
        """Parts of a setup, commands, findings; and something at all."""
        assert self._read(self.source(tmp_path)), "it read nothing from its source"

    def test_reading_again_gives_the_same(self, tmp_path: Path) -> None:
        """In the same order, so that a run that was cut off can be done again."""
        source = self.source(tmp_path)
        assert self._read(source) == self._read(source)

    def test_each_wanted_command_has_an_id_of_its_own(self, tmp_path: Path) -> None:
        """Two records with one id would be one command, or a conflict."""
        ids = [part.id for part in self._read(self.source(tmp_path)) if isinstance(part, Wanted)]
        assert len({*ids}) == len(ids)

    def test_an_office_can_decide_each_wanted_command(self, tmp_path: Path) -> None:
        """It may be refused; it is never a mistake."""
        with self._office() as office:
            for part in self._read(self.source(tmp_path)):
                if isinstance(part, Wanted):
                    with suppress(RefusalError):
                        office.handle(part.command, by="desk-1", id=part.id, at=part.at)
                    assert office.knows(part.id)

    def test_a_source_that_is_missing_or_broken_is_refused_before_the_first_part(self, tmp_path: Path) -> None:
        """With every mistake at once, and nothing half read."""
        for source in (tmp_path / "nowhere", self.broken(tmp_path)):
            with self._host() as host:
                offered = host.importers()
                reading = offered[self.name or next(iter(offered))].read(source)
                with pytest.raises(SetupError) as refused:
                    next(reading)
            assert refused.value.findings

    def test_the_source_is_left_as_it_was(self, tmp_path: Path) -> None:
        """Reading changes nothing."""
        source = self.source(tmp_path)
        before = _contents(source)
        self._read(source)
        assert _contents(source) == before


def _contents(source: Path) -> dict[str, bytes]:
    paths = [source] if source.is_file() else sorted(source.rglob("*"))
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


class ExporterContract(_Contract):
    """What an exporter has to keep."""

    name: ClassVar[str] = ""
    """Which exporter of the plugin; empty for its only one."""

    def value(self) -> Any:
        """Give a value that it writes."""
        raise TypeError("a contract needs something to write: override value(self)")

    def other(self) -> Any:
        """Give a value that it does not write."""
        return object()

    @contextmanager
    def _exporter(self) -> Iterator[Any]:
        with self._host() as host:
            offered = host.exporters()
            yield offered[self.name or next(iter(offered))]

    def test_it_writes_a_file(self, tmp_path: Path) -> None:
        """With something in it, and nothing beside it."""
        with self._exporter() as exporter:
            path = exporter.save(self.value(), tmp_path / f"x{exporter.suffix}")
        assert path.stat().st_size > 0
        assert list(tmp_path.iterdir()) == [path]

    def test_the_same_value_gives_the_same_bytes(self) -> None:
        """So that a digest of the file says something."""
        written = []
        for _ in range(2):
            target = io.BytesIO()
            with self._exporter() as exporter:
                exporter.exporter.write(self.value(), target)
            assert not target.closed, "the target stays open"
            written.append(target.getvalue())
        assert written[0] == written[1]

    def test_it_says_what_it_writes_and_what_not(self, tmp_path: Path) -> None:
        """accepts is True or False, and a value that is not accepted is a mistake of the caller."""
        with self._exporter() as exporter:
            assert exporter.exporter.accepts(self.value()) is True
            assert exporter.exporter.accepts(self.other()) is False
            with pytest.raises(TypeError):
                exporter.save(self.other(), tmp_path / f"x{exporter.suffix}")

    def test_the_value_is_left_as_it_was(self) -> None:
        """Writing changes nothing."""
        value = self.value()
        with self._exporter() as exporter:
            exporter.exporter.write(value, io.BytesIO())
        assert value == self.value()


class CodeListContract(_Contract):
    """What a plugin that brings code lists has to keep."""

    known: ClassVar[dict[str, tuple[str, str]]] = {}
    """Some codes that the publication has: list → (code, Chinese name)."""

    def test_it_brings_lists_that_are_sound(self) -> None:
        """Codes with two names, parents that are there, a version, and where it can be looked up."""
        with self._host() as host:
            assert host.code_lists(), "it brings no list"

    def test_it_brings_the_same_each_time(self) -> None:
        """Another publication is another version."""
        with self._host() as one, self._host() as other:
            assert one.code_lists() == other.code_lists()

    def test_the_codes_that_are_known_are_there(self) -> None:
        """At least one of each list, read from the publication by a person."""
        with self._host() as host:
            lists = host.code_lists()
        assert sorted(self.known) == sorted(lists), "name a code of each list: override known"
        for name, (code, zh) in self.known.items():
            assert lists[name].entries[code].zh == zh

    def test_a_fact_can_have_each_list_as_its_domain(self) -> None:
        """What a case may state are its codes."""
        with self._host() as host:
            for each in host.code_lists().values():
                assert each.fact("tried", "试", "tried").domain == tuple(each.entries)
