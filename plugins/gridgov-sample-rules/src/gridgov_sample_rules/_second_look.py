"""A reaction: what is reported as one kind asks for a look at another, at the same place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gridgov.cases import CaseOpened, OpenCase
from gridgov.hooks import VERSION, Reaction, hookimpl
from gridgov.setup import Setup

__all__ = ["SecondLook"]


class SecondLook:
    """Opens a case of the kind *looks* wherever one of the kind *after* is reported by somebody else."""

    gridgov_hooks = VERSION

    def __init__(self, after: str, looks: str) -> None:
        self._after, self._looks = after, looks

    @hookimpl
    def gridgov_reactions(self) -> Mapping[str, Reaction]:
        """Follow reports."""
        return {"case-opened": self._look}

    def _look(self, event: CaseOpened, after: Any, setup: Setup) -> Sequence[Any]:
        if event.kind != self._after:
            return []
        return [OpenCase(kind=self._looks, place=event.place, source="patrol")]
