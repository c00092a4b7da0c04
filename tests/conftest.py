"""Profiles, the data folder, and the folders of the repository."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

settings.register_profile("moderate", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
# The laws of the clock and of the tick, which every deadline of a street rests on.
settings.register_profile(
    "laws",
    settings.get_profile("deep" if DEEP else "moderate"),
    max_examples=int(os.environ.get("GRIDGOV_LAWS", "10000" if DEEP else "60")),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "moderate"))


@pytest.fixture(scope="session")
def data() -> Path:
    """Give the folder of real data; skip without GRIDGOV_DATA, fail where it is set and wrong."""
    folder = os.environ.get("GRIDGOV_DATA")
    if not folder:
        pytest.skip("GRIDGOV_DATA does not name the folder of real data")
    path = Path(folder)
    assert path.is_dir(), f"GRIDGOV_DATA names {folder}, which is no folder"
    return path


def pytest_collection_modifyitems(config, items):
    if os.environ.get("GRIDGOV_DEEP"):
        return
    for item in items:
        if item.get_closest_marker("deep"):
            item.add_marker(pytest.mark.skip(reason="only in the deep session"))
