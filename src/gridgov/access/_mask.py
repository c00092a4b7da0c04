"""What of a value is not shown: names of what is hidden, replaced wherever in the value it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from gridgov.proofs import Sealed

__all__ = ["WITHHELD", "masked"]

WITHHELD = "withheld"
"""What stands in place of an id that is not shown."""

_RESIDENT = re.compile(r"resident:[\w.:/@+-]*", re.ASCII)
_UNSEEN = Sealed(WITHHELD, "")
_EMPTY: Mapping[str, Any] = {"contact": None, "evidence": ()}
"""What is masked by the name of its field, and what stands there instead."""


def masked(value: Any, masks: frozenset[str], *, by: str = "") -> Any:
    """Give a value with what is masked replaced, wherever in it that stands.

    ``reporter`` is not for here: who that is only the room of cases knows.

    :param by: the actor, whose own id is shown to them.
    """
    return _Mask(masks, by).over(value) if masks else value


@attrs.frozen
class _Mask:
    masks: frozenset[str]
    by: str

    def over(self, value: Any) -> Any:
        """Give what may be shown of a value; one of which nothing is hidden stays the same object."""
        if isinstance(value, Sealed):
            return _UNSEEN if "text" in self.masks else value
        if type(value) is str:
            return self._text(value) if "resident" in self.masks else value
        if attrs.has(type(value)):
            return attrs.evolve(value, **self._changed(value, [field.name for field in attrs.fields(type(value))]))
        if isinstance(value, msgspec.Struct):
            return msgspec.structs.replace(value, **self._changed(value, value.__struct_fields__))
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, tuple | list | frozenset | set):
            return type(value)(map(self.over, value))
        return value

    def _changed(self, value: Any, names: Iterable[str]) -> dict[str, Any]:
        before = {name: getattr(value, name) for name in names}
        after = {name: self._field(name, each) for name, each in before.items()}
        return {name.lstrip("_"): each for name, each in after.items() if each is not before[name]}

    def _field(self, name: str, value: Any) -> Any:
        return _EMPTY[name] if name in self.masks and name in _EMPTY else self.over(value)

    def _mapping(self, value: Mapping[Any, Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, each in value.items():
            shown = name = self.over(key)
            # Two that are withheld stay two.
            while shown in found:
                shown = f"{name}-{len(found) + 1}"
            found[shown] = self._field(key, each) if isinstance(key, str) else self.over(each)
        return found

    def _text(self, text: str) -> str:
        return _RESIDENT.sub(lambda found: found[0] if found[0] == self.by else WITHHELD, text)
