import datetime as dt

import attrs
import pytest

from gridgov import RefusalError, open_office
from gridgov.cases import BlowWhistle, OpenCase
from gridgov.routing import Catalog, Kind
from gridgov.testing import NOON, small_setup
from gridgov_sample_rules import plugin

SUNDAY = dt.datetime(2026, 9, 6, 4, tzinfo=dt.UTC)
MONDAY = dt.datetime(2026, 9, 7, 4, tzinfo=dt.UTC)
WITH_PLUGIN = {"plugins": [("sample-rules", plugin)], "discover": False}


@pytest.fixture
def setup():
    small = small_setup()
    kinds = [*small.catalog.kinds.values(), Kind(code="order.noise", zh="噪音扰民", en="noise")]
    return attrs.evolve(small, catalog=Catalog.build(kinds))


def noise():
    return OpenCase(kind="order.noise", place="150203005008-B001", source="hotline")


def test_noise_on_a_rest_day_goes_to_the_police_and_names_the_plugin(setup):
    with open_office(setup, **WITH_PLUGIN) as office:
        route = office.handle(noise(), by="desk-1", at=SUNDAY).state.route
    assert route.lead.holder == "police"
    assert route.origin == "sample-rules"
    assert "sample-rules" in route.explain("en")


def test_noise_on_a_working_day_and_without_the_plugin_is_routed_as_ever(setup):
    with open_office(setup, **WITH_PLUGIN) as office:
        assert office.handle(noise(), by="desk-1", at=MONDAY).state.route.lead.holder == "desk"
    with open_office(setup, discover=False) as office:
        assert office.handle(noise(), by="desk-1", at=SUNDAY).state.route.lead.holder == "desk"


def test_a_street_without_that_kind_gets_no_rule():
    with open_office(small_setup(), **WITH_PLUGIN) as office:
        assert not any(rule.origin for rule in office.setup.rulebooks.on(NOON.date()).rules.rules)


@pytest.mark.parametrize(("hour", "passes"), [(21, True), (22, False), (23, False), (0, False), (5, False), (6, True)])
def test_a_night_whistle_for_one_case_is_refused_with_the_plugins_code(setup, hour, passes):
    at = dt.datetime(2026, 9, 9, hour, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    with open_office(setup, **WITH_PLUGIN) as office:
        office.handle(noise(), by="desk-1", id="n1", at=MONDAY)
        whistle = BlowWhistle(("n1",), organizations=("police",), report_by=at + dt.timedelta(days=1))
        if passes:
            assert office.handle(whistle, by="desk-1", at=at).events
        else:
            with pytest.raises(RefusalError) as refused:
                office.handle(whistle, by="desk-1", at=at)
            assert refused.value.code == "sample-rules.night-whistle"
