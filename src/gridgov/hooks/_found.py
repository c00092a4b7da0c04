"""Which installed plugins there are: explicit, and in an order that anybody can foresee."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

import attrs

from gridgov.errors import PluginError
from gridgov.hooks._faults import said_by
from gridgov.hooks._specs import PROJECT

__all__ = ["Found", "find"]


@attrs.frozen(kw_only=True)
class Found:
    """An installed plugin."""

    name: str
    version: str
    distribution: str
    entry: EntryPoint

    def load(self) -> object:
        """Import it; its module runs in the caller's thread, for as long as that takes.

        :raises PluginError: it cannot be imported.
        """
        try:
            loaded: object = self.entry.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(self.name, f"of {self.distribution} cannot be loaded: {_why(error)}") from error
        return loaded


def _why(error: BaseException) -> str:
    # What is missing is what a person has to install; an import quotes no secret.
    return f"{type(error).__name__}: {error}" if isinstance(error, ImportError | AttributeError) else said_by(error)


def find(wanted: bool | Sequence[str]) -> list[Found]:
    """Give the installed plugins, each name once.

    :param wanted: True for all, by name; or names, in the order in which they are to be asked; False for none.
    :raises PluginError: for a name that is not installed, stands twice, or that two distributions have.
    """
    if isinstance(wanted, str) or not isinstance(wanted, bool | Sequence):
        raise TypeError(f"discover is True, False, or a sequence of names, not {wanted!r}")
    if wanted is False or (wanted is not True and not wanted):
        return []
    entries: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=PROJECT):
        entries.setdefault(entry.name, []).append(entry)
    names = sorted(entries) if wanted is True else list(wanted)
    for name in names:
        if name not in entries:
            listing = ", ".join(sorted(entries)) or "none"
            raise PluginError(str(name), f"is not installed; installed are {listing}")
        if names.count(name) > 1:
            raise PluginError(name, "is asked for twice")
    return [_only(name, entries[name]) for name in names]


def _only(name: str, entries: Sequence[EntryPoint]) -> Found:
    if len(entries) > 1:
        who = " and ".join(sorted(_distribution(entry) for entry in entries))
        raise PluginError(name, f"is the name of two installed plugins, of {who}; uninstall one of them")
    entry = entries[0]
    return Found(
        name=name, version=entry.dist.version if entry.dist else "", distribution=_distribution(entry), entry=entry
    )


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value
