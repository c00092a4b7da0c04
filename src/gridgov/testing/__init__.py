"""What we test ourselves with, for everybody who builds on gridgov.

- :class:`Scenario`: given – when – then for one room, without store and office.
- :class:`StoreContract`, :class:`OutboxContract`, :class:`PortableContract` and :class:`ChannelContract`: inherit,
  give the thing to test, run pytest.
- :class:`RulesContract`, :class:`FactsContract`, :class:`DaysContract`, :class:`ValidationContract`,
  :class:`ReactionContract`, :class:`ImporterContract`, :class:`ExporterContract` and :class:`CodeListContract`: the
  same for the other kinds of plugins.
- :func:`small_setup`: a street with two communities that fits on a page.
- :func:`small_ground` and :func:`small_layer`: ground to merge that fits on a line.
- :class:`Simulator`: plays timed steps through an office, and continues where it was cut off.
- ``gridgov.testing.strategies``: Hypothesis strategies (needs the extra ``testing``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gridgov.testing._ground import small_ground, small_layer
from gridgov.testing._lives import Sample, life_sample
from gridgov.testing._scenario import Scenario
from gridgov.testing._simulator import SimulatedClock, Simulator
from gridgov.testing._street import NOON, small_setup

if TYPE_CHECKING:
    from gridgov.testing._channel_contract import ChannelContract
    from gridgov.testing._outbox_contract import OutboxContract
    from gridgov.testing._plugin_contracts import (
        CodeListContract,
        DaysContract,
        ExporterContract,
        FactsContract,
        ImporterContract,
        ReactionContract,
        RulesContract,
        ValidationContract,
    )
    from gridgov.testing._portable_contract import PortableContract
    from gridgov.testing._store_contract import StoreContract

__all__ = [
    "NOON",
    "ChannelContract",
    "CodeListContract",
    "DaysContract",
    "ExporterContract",
    "FactsContract",
    "ImporterContract",
    "OutboxContract",
    "PortableContract",
    "ReactionContract",
    "RulesContract",
    "Sample",
    "Scenario",
    "SimulatedClock",
    "Simulator",
    "StoreContract",
    "ValidationContract",
    "life_sample",
    "small_ground",
    "small_layer",
    "small_setup",
]


_CONTRACTS = {
    "ChannelContract": "_channel_contract",
    "CodeListContract": "_plugin_contracts",
    "DaysContract": "_plugin_contracts",
    "ExporterContract": "_plugin_contracts",
    "FactsContract": "_plugin_contracts",
    "ImporterContract": "_plugin_contracts",
    "OutboxContract": "_outbox_contract",
    "PortableContract": "_portable_contract",
    "ReactionContract": "_plugin_contracts",
    "RulesContract": "_plugin_contracts",
    "StoreContract": "_store_contract",
    "ValidationContract": "_plugin_contracts",
}


def __getattr__(name: str) -> object:
    # The contracts need pytest, which an example that only simulates has no use for.
    if name in _CONTRACTS:
        return getattr(import_module(f"gridgov.testing.{_CONTRACTS[name]}"), name)
    raise AttributeError(name)
