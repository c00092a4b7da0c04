"""The hooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import pluggy

from gridgov.routing import Catalog, Fact, Rule
from gridgov.store import Store
from gridgov.territory import Territory
from gridgov.worktime import PublishedDays

__all__ = ["PROJECT", "Happening", "Hooks", "Refused", "hookimpl"]

PROJECT = "gridgov"
"""The name of the hook project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@attrs.frozen
class Refused:
    """A plugin's refusal of a command.

    :param code: without the plugin's name, which the office puts before it.
    """

    code: str
    message: str


@attrs.frozen(kw_only=True)
class Happening:
    """Something that is stored and therefore true.

    :param name: the stored event name; :param event: the value; it holds no personal data.
    """

    position: int
    name: str
    event: Any
    by: str
    at: dt.datetime


class Hooks:
    """Every hook of gridgov. The docstring of each is its contract."""

    @hookspec
    def gridgov_stores(self) -> Mapping[str, Callable[[str], Store]]:  # type: ignore[empty-body]
        """Offer stores, by the scheme of their URL.

        Called when an office is opened with a URL, once for each plugin, in the order of
        registration. Return scheme → a function that takes the whole URL and opens the store, or
        raises a :class:`~gridgov.errors.StoreError`. May do I/O only inside that function. The
        first plugin that offers a scheme wins. If the hook raises, opening fails with its name.
        """

    @hookspec
    def gridgov_channels(self) -> Sequence[Any]:  # type: ignore[empty-body]
        """Offer channels for notices.

        Called once when an office is opened. Return objects that fulfill
        :class:`gridgov.delivery.Channel`. No I/O here; a channel connects when it sends. Two
        channels of one name are refused. If the hook raises, opening fails with its name.
        """

    @hookspec
    def gridgov_facts(self) -> Sequence[Fact]:  # type: ignore[empty-body]
        """Declare facts of cases beside the usual ones, for rules to ask for.

        Called once when an office is opened, and again when its setup is amended, before
        ``gridgov_rules``. A fact has a name, a type and, where it is a code, its domain; what a case
        states for it comes with ``OpenCase(facts=...)`` and is checked against both. One that is
        declared already must be declared alike. No I/O. If the hook raises, opening fails with the
        plugin's name.
        """

    @hookspec
    def gridgov_rules(self, catalog: Catalog, territory: Territory) -> Sequence[Rule]:  # type: ignore[empty-body]
        """Add rows to the routing table.

        Called once when an office is opened, before the setup is adopted, so the rows are part
        of what is adopted. Return rules of the band ``local`` or a later one; a rule above that,
        or one that names what does not exist, is refused and the office does not open. No I/O.
        If the hook raises, opening fails with its name.
        """

    @hookspec
    def gridgov_days(self) -> Mapping[str, PublishedDays]:  # type: ignore[empty-body]
        """Offer sources of holidays and moved working days, by the name that calendars give in ``days``.

        Called once when an office is opened, and again when its setup is amended, before the setup
        is adopted: the days are part of what is adopted, so another notice is another setup, and
        provisional deadlines are worked out again when it is amended. Two plugins with one name are
        refused. May read files. If the hook raises, opening fails with the plugin's name.
        """

    @hookspec
    def gridgov_validate(self, command: Any, by: str, at: dt.datetime) -> Refused | None:
        """Refuse a command for a local reason.

        Called before every decision (also for a decision that is made anew), in the order of
        registration, on a thread of the plugin's own. Return None to let it pass, or
        :class:`Refused`; the code is stored as ``PLUGIN.CODE``. A plugin can refuse what the
        core would allow, never allow what the core refuses. Must be pure: no I/O, same answer
        for the same arguments. The private texts of the command are hidden from it. If it
        raises or is not back within the limit, the fault is kept in ``office.faults``, the
        command goes on without it, and a plugin that did not come back is set aside.
        """

    @hookspec
    def gridgov_committed(self, happenings: Sequence[Happening]) -> None:
        """Hear what has been stored.

        Called after each commit with everything that it stored, in order, on a thread of the
        plugin's own: nobody waits for it. I/O is allowed. It is told once while the office lives
        and not again after a restart; who must not miss anything follows the store. If it
        raises, the fault is kept in ``office.faults`` and it is told of the next commit; if it
        is not back within the limit it is left behind and set aside.
        """
