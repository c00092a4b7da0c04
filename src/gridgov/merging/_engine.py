"""Which of the two runs the kernel: plain Python on lists, or numba on arrays.

numba is an extra (``gridgov[fast]``): more than ten times faster, the same plan to the last building.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from types import FunctionType
from typing import Any, cast

import attrs

from gridgov.merging import _kernel

__all__ = ["Engine", "engine"]


@attrs.frozen(kw_only=True, eq=False)
class Engine:
    """The kernel's two entrances, and how to make the rows that they work on."""

    name: str
    seed_parts: Callable[..., int]
    anneal: Callable[..., None]
    row: Callable[[Iterable[int]], list[int]]

    def zeros(self, count: int) -> list[int]:
        """Give a row of zeros; never an empty one, which a compiler could not tell the type of."""
        return self.row(array("q", bytes(8 * max(1, count))))


def engine(name: str = "auto") -> Engine:
    """Give an engine: ``plain``, ``compiled``, or ``auto`` for the compiled one where numba is installed.

    :raises ImportError: for ``compiled`` without numba.
    :raises ValueError: for another name.
    """
    if name == "auto":
        name = "compiled" if find_spec("numba") else "plain"
    if name == "plain":
        return _plain()
    if name == "compiled":
        return _compiled()
    raise ValueError(f"an engine is auto, plain or compiled; not {name!r}")


@cache
def _plain() -> Engine:
    return Engine(name="plain", seed_parts=_kernel.seed_parts, anneal=_kernel.anneal, row=list)


@cache
def _compiled() -> Engine:
    import numba
    import numpy

    def row(values: Iterable[int]) -> list[int]:
        exact = values if isinstance(values, array) else array("q", values)
        return cast("list[int]", numpy.frombuffer(exact, dtype=numpy.int64).copy())

    # The same text with another meaning of its names: each loop calls the compiled ones.
    names: dict[str, Any] = dict(vars(_kernel))
    for loop in _kernel.LOOPS:
        copy = FunctionType(loop.__code__, names, loop.__name__)
        names[loop.__name__] = numba.njit(cache=True, error_model="numpy")(copy)
    return Engine(name="compiled", seed_parts=names["seed_parts"], anneal=names["anneal"], row=row)
