"""Reading stored events: msgspec on our attrs classes beside cattrs on the same classes and pydantic on models like them.

Each reads the same canonical bytes of whole lives of cases and awards, and has to give equal values.
"""

from __future__ import annotations

import collections.abc
import datetime as dt
import gc
import time
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any

import attrs
import cattrs.preconf.json
import history
import pydantic

from gridgov import open_office
from gridgov.documents import Codec
from gridgov.points import ProposeAward
from gridgov.store import MemoryStore, every_record
from gridgov.testing import NOON, small_setup

ROUNDS = 7
TIMES = 300
Stored = tuple[str, int, bytes]


def stored() -> list[Stored]:
    """Give what a closed case and a proposed award have left in a store."""
    _, life = history.life(ending=True)
    store = MemoryStore()
    with open_office(small_setup(), store, discover=False, clock=lambda: NOON) as office:
        office.handle(ProposeAward(account="resident:00007", deed="help", occasion="o1", on=NOON.date()), by="lead-81")
    awards = [record for record in every_record(store) if record.name.startswith("award")]
    return [(record.name, record.shape, record.body) for record in (*life, *awards)]


def by_msgspec(events: list[Stored]) -> Callable[[], list[Any]]:
    codec = Codec()
    return lambda: [codec.read(*event) for event in events]


def by_cattrs(events: list[Stored]) -> Callable[[], list[Any]]:
    converter = cattrs.preconf.json.make_converter()
    converter.register_structure_hook(dt.datetime, lambda text, _: dt.datetime.fromisoformat(text))
    converter.register_structure_hook(dt.date, lambda text, _: dt.date.fromisoformat(text))
    classes = _classes()
    wanted = [(classes[name], body) for name, _, body in events]
    return lambda: [converter.loads(body, kind) for kind, body in wanted]


def by_pydantic(events: list[Stored]) -> Callable[[], list[Any]]:
    readers = {name: pydantic.TypeAdapter(model(kind)).validate_json for name, kind in _classes().items()}
    wanted = [(readers[name], body) for name, _, body in events]
    return lambda: [read(body) for read, body in wanted]


def _classes() -> dict[str, type]:
    from gridgov.documents import ROOMS

    return {name: kind for room in ROOMS for name, kind in room.events.items()}


@cache
def model(kind: type) -> type[pydantic.BaseModel]:
    """Give the pydantic model with the fields of an attrs class."""
    hints = typing.get_type_hints(kind)
    fields: dict[str, Any] = {}
    for field in attrs.fields(kind):
        default: Any = ...
        if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
            default = pydantic.Field(default_factory=field.default.factory)
        elif field.default is not attrs.NOTHING:
            default = field.default
        fields[field.name] = (_like(hints[field.name]), default)
    return pydantic.create_model(kind.__name__, __config__={"protected_namespaces": ()}, **fields)


def _like(hint: Any) -> Any:
    if isinstance(hint, type) and attrs.has(hint):
        return model(hint)
    origin, arguments = typing.get_origin(hint), tuple(_like(each) for each in typing.get_args(hint))
    if origin is None:
        return hint
    if origin in (typing.Union, types.UnionType):
        return typing.Union[arguments]  # noqa: UP007
    if origin is collections.abc.Mapping:
        return dict[arguments]  # type: ignore[valid-type]
    if origin is typing.Literal:
        return hint
    return origin[arguments]


def measure() -> dict[str, float]:
    """Give how many events each reads a second: the best of the rounds, taken in turn."""
    events = stored()
    readers = {"msgspec": by_msgspec(events), "cattrs": by_cattrs(events), "pydantic": by_pydantic(events)}
    values = {name: read() for name, read in readers.items()}
    for mine, theirs in zip(values["msgspec"], values["cattrs"], strict=True):
        if mine != theirs:
            raise SystemExit(f"cattrs read another value: {theirs!r}")
    for mine, theirs in zip(values["msgspec"], values["pydantic"], strict=True):
        if mine.at != theirs.at:
            raise SystemExit(f"pydantic read another value: {theirs!r}")
    best: dict[str, float] = dict.fromkeys(readers, 0.0)
    for _ in range(ROUNDS):
        for name, read in readers.items():
            gc.collect()
            began = time.perf_counter()
            for _ in range(TIMES):
                read()
            best[name] = max(best[name], TIMES * len(events) / (time.perf_counter() - began))
    return best
