"""The fold, kept: so that opening a street again need not read its whole history.

A snapshot is only a cache. It is worth something exactly as long as the code that folded it is the code that would
fold it again, so its shape is a digest over that code; after an upgrade the history is read once. Thrown away, every
answer is the same.

It is pickled, because nothing else reads a hundred thousand frozen values in a second; and read by an unpickler that
knows gridgov's own values and a handful of plain ones, so that bytes which somebody has put there can build values
and do nothing else. They could still tell lies: ``office.verify(snapshot=True)`` folds again and compares.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import pickle
import sys
import types
from collections import Counter
from enum import Enum
from fractions import Fraction
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs
import msgspec

from gridgov.errors import StoreError

__all__ = ["read_fold", "shape", "write_fold"]

FOLDING = ("office", "decider.py", "cases", "points", "setup", "outreach", "escalation.py", "documents/_codec.py")
"""The code that a fold rests on: files and folders of the package."""


def _rebuilt(kind: type, fields: dict[str, Any]) -> Any:
    return kind(**fields)


PLAIN: dict[tuple[str, str], Any] = {
    (kind.__module__, kind.__qualname__): kind
    for kind in (dt.datetime, dt.date, dt.time, dt.timedelta, dt.timezone, Fraction, Counter, frozenset, set)
} | {
    ("types", "MappingProxyType"): types.MappingProxyType,
    ("builtins", "mappingproxy"): types.MappingProxyType,
    ("msgspec._utils", "rebuild"): _rebuilt,  # how structs are pickled; the class was looked at before
}


@cache
def shape() -> str:
    """Give the digest of the code that folds, and of the Python that runs it."""
    package = Path(__file__).resolve().parent.parent
    found = hashlib.sha256(f"{version('gridgov')} {sys.version_info[:2]}".encode())
    for name in FOLDING:
        place = package / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            found.update(path.name.encode() + path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def write_fold(fold: Any) -> bytes:
    """Give the bytes of a fold.

    :raises StoreError: it holds a value that could not be read again.
    """
    file = io.BytesIO()
    try:
        _Pickler(file, protocol=5).dump(fold)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise StoreError(f"what the office knows cannot be kept: {error}") from error
    return file.getvalue()


def read_fold(body: bytes) -> Any:
    """Give the fold.

    :raises StoreError: these bytes are no fold, or name what is none of our values.
    """
    try:
        return _Unpickler(io.BytesIO(body)).load()
    except Exception as error:  # bytes that somebody has changed may break it in any way
        raise StoreError(f"this is no snapshot of an office: {type(error).__name__}") from error


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, types.MappingProxyType):
            return types.MappingProxyType, (dict(value),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        plain = PLAIN.get((module, name))
        if plain is not None:
            return plain
        found = getattr(import_module(module), name, None) if module.startswith("gridgov.") else None
        if isinstance(found, type) and (attrs.has(found) or issubclass(found, Enum | msgspec.Struct)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value of gridgov")
