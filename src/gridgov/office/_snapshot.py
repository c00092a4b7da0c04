"""The fold, kept: so that opening a street again need not read its whole history.

A snapshot is only a cache. It is worth something exactly as long as the code that folded it is the code that would
fold it again, so its shape is a digest over that code; after an upgrade the history is read once. Thrown away, every
answer is the same.

It is pickled, because nothing else reads a hundred thousand frozen values in a second; and it is read by an unpickler
that finds a handful of makers and nothing else. A maker makes a value of ours, or a plain one, and cannot be changed;
classes and functions are never handed out. So bytes that somebody has put there can build values and do nothing
else. They could still tell lies: ``office.verify(snapshot=True)`` folds again and compares.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import pickle
import sys
import types
from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum
from fractions import Fraction
from functools import cache
from importlib import import_module
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any

import attrs
import msgspec

from gridgov.errors import StoreError

__all__ = ["read_fold", "shape", "write_fold"]

FOLDING = (
    "office/_memory.py",
    "office/_snapshot.py",
    "documents/_codec.py",
    "decider.py",
    "escalation.py",
    "policy.py",
    *("cases", "outreach", "points", "proofs", "routing", "setup", "staffing", "worktime"),
)
"""The code that a fold rests on: files and folders of the package."""
PLAIN = (dt.datetime, dt.date, dt.time, dt.timedelta, dt.timezone, Fraction, Counter)


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


# --- our values --------------------------------------------------------------------------------


def _value(kind: str, values: tuple[Any, ...]) -> Any:
    """Make a value of ours from its fields, as they were; nothing of the class runs."""
    build, names = _building(kind)
    if len(names) != len(values):
        raise pickle.UnpicklingError(f"{kind} has other fields")
    return build(names, values)


@cache
def _building(kind: str) -> tuple[Callable[[Sequence[str], tuple[Any, ...]], Any], tuple[str, ...]]:
    """Give how a class of ours is built, and the names of its fields; no other class is looked for."""
    module, _, name = kind.partition(":")
    found = getattr(import_module(module), name, None) if module.startswith("gridgov.") else None
    if not isinstance(found, type):
        raise pickle.UnpicklingError(f"{kind} is no value of gridgov")
    if issubclass(found, msgspec.Struct):
        return lambda names, values: found(**dict(zip(names, values, strict=True))), found.__struct_fields__
    if issubclass(found, Enum):
        return lambda _names, values: found(*values), ("value",)
    if not attrs.has(found):
        raise pickle.UnpicklingError(f"{kind} is no value of gridgov")
    names = tuple(field.name for field in attrs.fields(found))

    def build(names: Sequence[str], values: tuple[Any, ...]) -> Any:
        made = object.__new__(found)
        if hasattr(made, "__dict__"):
            made.__dict__.update(zip(names, values, strict=True))
        else:
            for name, value in zip(names, values, strict=True):
                object.__setattr__(made, name, value)
        return made

    return build, names


@cache
def _taking(kind: Any) -> tuple[str, Callable[[Any], tuple[Any, ...]]] | None:
    """Give the name of a class of ours, and what takes its fields out; None for any other class."""
    name = f"{kind.__module__}:{kind.__qualname__}"
    if not kind.__module__.startswith("gridgov."):
        return None
    if issubclass(kind, Enum):
        return name, lambda value: (value.value,)
    if issubclass(kind, msgspec.Struct):
        fields: Sequence[str] = kind.__struct_fields__
    elif attrs.has(kind):
        fields = [field.name for field in attrs.fields(kind)]
    else:
        return None
    if len(fields) == 1:
        return name, lambda value: (getattr(value, fields[0]),)
    take = attrgetter(*fields) if fields else lambda _value: ()
    return name, take


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind is types.MappingProxyType:
            return _proxy, (dict(value),)
        ours = _taking(kind)  # type: ignore[arg-type]  # every class can be hashed
        return NotImplemented if ours is None else (_value, (ours[0], ours[1](value)))


def _proxy(mapping: dict[Any, Any]) -> Any:
    return types.MappingProxyType(mapping)


class _Maker:
    """Makes one kind of value. It has no state, so that a pickle cannot leave anything on it."""

    __slots__ = ("_make",)
    _make: Callable[..., Any]

    def __init__(self, make: Callable[..., Any]) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *values: Any) -> Any:
        return self._make(*values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError("a maker is not changed")

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a maker is not changed")


MAKERS = {(kind.__module__, kind.__qualname__): _Maker(kind) for kind in PLAIN} | {
    (__name__, "_value"): _Maker(_value),
    (__name__, "_proxy"): _Maker(_proxy),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        maker = MAKERS.get((module, name))
        if maker is None:
            raise pickle.UnpicklingError(f"{module}.{name} makes no value of gridgov")
        return maker
