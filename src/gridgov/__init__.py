"""Grid governance (网格化基层治理) as a library.

The front door: names only, and lazily, so that importing gridgov costs next to nothing. Each
room has one import path of its own (``gridgov.cases``, ``gridgov.points``, ``gridgov.merging`` …).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridgov.documents import load_setup
    from gridgov.errors import GridgovError, RefusalError, SetupError
    from gridgov.hooks import hookimpl
    from gridgov.merging import merge
    from gridgov.office import Office, open_office
    from gridgov.setup import Setup

__all__ = [
    "GridgovError",
    "Office",
    "RefusalError",
    "Setup",
    "SetupError",
    "hookimpl",
    "load_setup",
    "merge",
    "open_office",
]

__version__ = "0.1.0"

_HOMES = {
    "GridgovError": "errors",
    "Office": "office",
    "RefusalError": "errors",
    "Setup": "setup",
    "SetupError": "errors",
    "hookimpl": "hooks",
    "load_setup": "documents",
    "merge": "merging",
    "open_office": "office",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'gridgov' has no attribute {name!r}")
    value = getattr(import_module(f"gridgov.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
