"""The hooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pluggy

from gridgov.hooks._code_list import CodeList
from gridgov.hooks._values import Exporter, Happening, Importer, Reaction, Refused
from gridgov.routing import Catalog, Fact, Rule
from gridgov.store import Store
from gridgov.territory import Territory
from gridgov.worktime import PublishedDays

__all__ = ["ACTOR", "PROJECT", "VERSION", "Hooks", "hookimpl"]

PROJECT = "gridgov"
"""The name of the hook project and of the entry-point group."""

VERSION = 1
"""The version of the hooks. It rises when a plugin that was right before would be wrong; new hooks do not raise it."""

ACTOR = "plugin:"
"""What the actor of a plugin's reactions begins with; its name follows. Nobody else may be called so."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """Every hook of gridgov. The docstring of each is its contract; :data:`FAILURES` is what becomes of one that fails.

    A plugin may state ``gridgov_hooks = 1``: the version of the hooks (:data:`VERSION`) that it was built for. With
    another one it is refused when it registers.
    """

    @hookspec
    def gridgov_stores(self) -> Mapping[str, Callable[[str], Store]]:  # type: ignore[empty-body]
        """Offer stores, by the scheme of their URL.

        Called once, when an office or a store is opened, in the order of registration. Return scheme → a
        function that takes the whole URL and opens the store, or raises a
        :class:`~gridgov.errors.StoreError`. May do I/O only inside that function, which is called in the
        caller's thread. The first plugin that offers a scheme wins. If the hook raises, opening fails with
        the plugin's name; a store that fails says so with an error of its own, and is never set aside.
        """

    @hookspec
    def gridgov_channels(self) -> Sequence[Any]:  # type: ignore[empty-body]
        """Offer channels for notices.

        Called once when an office is opened. Return objects that fulfill
        :class:`gridgov.delivery.Channel`. No I/O here; a channel connects when it sends. Two
        channels of one name are refused. If the hook raises, opening fails with the plugin's name.
        """

    @hookspec
    def gridgov_facts(self) -> Sequence[Fact]:  # type: ignore[empty-body]
        """Declare facts of cases beside the usual ones, for rules to ask for.

        Called once when an office is opened, and again when its setup is amended, before
        ``gridgov_rules``. A fact has a name, a type and, where it is a code, its domain: the values, or
        ``("list:ID",)`` for the codes of a code list that any plugin offers. What a case states for it
        comes with ``OpenCase(facts=...)`` and is checked against both. One that is declared already must be
        declared alike. No I/O. If the hook raises, opening fails with the plugin's name.
        """

    @hookspec
    def gridgov_rules(self, catalog: Catalog, territory: Territory) -> Sequence[Rule]:  # type: ignore[empty-body]
        """Add rows to the routing table.

        Called once when an office is opened, before the setup is adopted, so the rows are part
        of what is adopted; and again when it is amended. Return rules of the band ``local`` or a later one;
        a rule above that, or one that names what does not exist, is refused and the office does not open.
        The same answer for the same arguments, and no I/O. If the hook raises, opening fails with the
        plugin's name.
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
    def gridgov_code_lists(self) -> Mapping[str, CodeList]:  # type: ignore[empty-body]
        """Offer tables of codes that somebody publishes, by the id of the list.

        Called once when an office is opened, before ``gridgov_facts``. The key is the list's own id; two
        plugins with one id are refused. Facts use a list as their domain, and ``office.code_lists`` has
        all of them. May read files of its own package. If the hook raises, opening fails with the
        plugin's name.
        """

    @hookspec
    def gridgov_reactions(self) -> Mapping[str, Reaction]:  # type: ignore[empty-body]
        """Let commands follow from events.

        Called once when an office is opened. Return stored event name → a function ``(event, after, setup)``,
        where *after* is the event's own subject as it was right after it; it gives the commands to ask for,
        at most 100, none of which changes what the whole street rests on (setup, private texts, emergencies).
        The function runs after the event is stored, on the plugin's thread. It must be pure, for it may be
        asked again after a crash: the commands get ids from the event's place and their order, so the same
        answer is done once. They are asked for by the actor ``plugin:NAME``, who needs a grant for each like
        anybody else; a refusal is stored as an outcome. Events that follow by themselves, from
        ``system:reactions`` or a plugin, are not told, so that nothing goes in circles. If the hook raises,
        opening fails with the plugin's name. If a function raises or gives what is no command, the fault is
        kept in ``office.faults`` and the event is passed over for that plugin; one that does not come back in
        time is set aside.
        """

    @hookspec
    def gridgov_importers(self) -> Mapping[str, Importer]:  # type: ignore[empty-body]
        """Offer importers: what other systems have written, as parts of a setup and as commands.

        Called once when an office is opened. Return name → :class:`Importer`; two plugins with one name are
        refused. No I/O here; an importer reads when ``office.importers[name].read(source)`` is called, in
        the caller's thread. What it gives is checked part by part. If the hook raises, opening fails with the
        plugin's name; if reading raises, whoever reads is told.
        """

    @hookspec
    def gridgov_exporters(self) -> Mapping[str, Exporter]:  # type: ignore[empty-body]
        """Offer exporters: answers of views, plans and other values, as files for somebody else.

        Called once when an office is opened. Return name → :class:`Exporter`; two plugins with one name are
        refused. No I/O here; an exporter writes when ``office.exporters[name].save(value, path)`` is called,
        in the caller's thread. If the hook raises, opening fails with the plugin's name; if writing raises,
        whoever writes is told and the file stays what it was.
        """

    @hookspec
    def gridgov_validate(self, command: Any, by: str, at: dt.datetime) -> Refused | None:
        """Refuse a command for a local reason.

        Called before every decision (also for a decision that is made anew), in the order of
        registration, on a thread of the plugin's own; not for what the office asks of itself. Return None to
        let it pass, or :class:`Refused`; the code is stored as ``PLUGIN.CODE``. A plugin can refuse what the
        core would allow, never allow what the core refuses. Must be pure: no I/O, same answer
        for the same arguments. The private texts of the command are hidden from it. If it
        raises or is not back within the limit, the fault is kept in ``office.faults``, the
        command goes on without it, and a plugin that did not come back is set aside.
        """

    @hookspec
    def gridgov_committed(self, happenings: Sequence[Happening]) -> None:
        """Hear what has been stored.

        Called after each commit with everything that it stored, in order, on a thread of its own beside
        the plugin's: nobody waits for it. I/O is allowed. It is told once while the office lives
        and not again after a restart; who must not miss anything follows the store. If it
        raises, the fault is kept in ``office.faults`` and it is told of the next commit; if it
        is not back within the limit, or 10,000 commits behind, it is left behind and set aside.
        """
