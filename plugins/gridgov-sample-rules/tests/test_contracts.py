"""Every kind of plugin that this distribution samples, against the contract that gridgov ships for it."""

import datetime as dt

import attrs
import pytest

from gridgov import open_office
from gridgov.cases import BlowWhistle, OpenCase, WorkList
from gridgov.hooks import Wanted
from gridgov.routing import Catalog, Kind
from gridgov.testing import (
    NOON,
    CodeListContract,
    ExporterContract,
    FactsContract,
    ImporterContract,
    ReactionContract,
    RulesContract,
    ValidationContract,
    small_setup,
)
from gridgov_sample_rules import SecondLook, Tables, Weather, plugin

HOUSE = "150203005008-B001"
NIGHT = dt.datetime(2026, 9, 9, 23, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def noisy():
    small = small_setup()
    kinds = [*small.catalog.kinds.values(), Kind(code="order.noise", zh="噪音扰民", en="noise")]
    return attrs.evolve(small, catalog=Catalog.build(kinds))


class TestSampleRules(RulesContract):
    def make(self):
        return plugin

    def setup(self):
        return noisy()


class TestSampleValidation(ValidationContract):
    def make(self):
        return plugin

    def refused(self):
        return BlowWhistle(("a",), organizations=("police",), report_by=NIGHT + dt.timedelta(days=1)), "desk-1", NIGHT

    def passed(self):
        whistle, by, at = self.refused()
        return whistle, by, at - dt.timedelta(hours=8)


class TestWeatherRules(RulesContract):
    def make(self):
        return Weather("clutter", "org:police")


class TestWeatherFacts(FactsContract):
    def make(self):
        return Weather("clutter", "org:police")


class TestWeatherCodes(CodeListContract):
    known = {"weather-warning": ("orange", "橙色预警")}  # noqa: RUF012 - a contract reads it

    def make(self):
        return Weather("clutter", "org:police")


class TestSecondLook(ReactionContract):
    def make(self):
        return SecondLook(after="gas.smell", looks="clutter")

    def happens(self, office):
        office.handle(OpenCase(kind="gas.smell", place=HOUSE, source="resident"), by="desk-1", id="a")


CALLS = """number,kind,place,called_at,text
1,noise,150203005008-B001,2026-09-01T09:00:00+08:00,楼道
2,noise,150203005008-B001,yesterday,
3,moon,150203005008-B001,2026-09-01T09:05:00+08:00,
"""


class TestHotline(ImporterContract):
    def make(self):
        return Tables()

    def source(self, tmp_path):
        path = tmp_path / "calls.csv"
        path.write_text(CALLS, "utf-8")
        return path

    def broken(self, tmp_path):
        path = tmp_path / "broken.csv"
        path.write_bytes(b"\xff\xfe\x00")
        return path


class TestSheet(ExporterContract):
    def make(self):
        return Tables()

    def value(self):
        with open_office(small_setup(), discover=False, clock=lambda: NOON) as office:
            office.handle(OpenCase(kind="noise", place=HOUSE, source="hotline"), by="desk-1", id="a")
            return office.ask(WorkList(of="lead-81"), by="desk-1")


@pytest.mark.parametrize(("stated", "leads"), [("red", "police"), ("blue", "lead-81"), (None, "lead-81")])
def test_under_an_orange_or_red_warning_the_matter_goes_to_its_lead(stated, leads):
    weather = Weather("noise", "org:police")
    with open_office(small_setup(), plugins=[("weather", weather)], discover=False, clock=lambda: NOON) as office:
        facts = {} if stated is None else {"warning": stated}
        report = OpenCase(kind="noise", place=HOUSE, source="hotline", facts=facts)
        assert office.handle(report, by="desk-1").state.route.lead.holder == leads


def test_a_hotline_table_that_is_read_twice_opens_each_case_once(tmp_path):
    path = TestHotline().source(tmp_path)
    with open_office(small_setup(), plugins=[("tables", Tables())], discover=False, clock=lambda: NOON) as office:
        opened = [
            office.handle(part.command, by="desk-1", id=part.id, at=part.at).position
            for part in [*office.importers["hotline"].read(path)] * 2
            if isinstance(part, Wanted) and part.id == "hotline:1"
        ]
    assert len(opened) == 2
    assert opened[0] == opened[1]
