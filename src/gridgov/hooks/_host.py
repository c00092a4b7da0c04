"""The one that holds the plugins: explicit, ordered, and with a wall between each two."""

from __future__ import annotations

import copy
import datetime as dt
import inspect
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from types import ModuleType
from typing import Any, Literal, TypeVar

import attrs
import pluggy

from gridgov.errors import GridgovError, PluginError
from gridgov.hooks import _taken
from gridgov.hooks._code_list import LIST, CodeList
from gridgov.hooks._failures import FAILURES
from gridgov.hooks._faults import Fault, Faults, place_of, said_by
from gridgov.hooks._files import Exporting, Importing
from gridgov.hooks._found import find
from gridgov.hooks._specs import ACTOR, PROJECT, VERSION, Hooks
from gridgov.hooks._threads import LateError, Listener, RaisedError, Worker
from gridgov.hooks._values import Happening, Reaction, Refused
from gridgov.reactions import REACTOR
from gridgov.routing import Catalog, Fact, Rule
from gridgov.setup import Setup
from gridgov.store import Store
from gridgov.territory import Territory
from gridgov.worktime import PublishedDays

__all__ = ["Added", "Following", "Host", "Loaded"]

PATIENCE_SECONDS = 2.0
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,59}")
RESERVED = frozenset((
    "gridgov", "access", "announcement", "case", "cases", "delivery", "handover", "hooks", "jurisdiction", "lineage",
    "mode", "notices", "objection", "office", "outreach", "plan", "points", "private", "routing", "setup", "store",
    "system", "territory", "whistle", "worktime",
))  # fmt: skip
"""What codes of the core begin with; a plugin of such a name could refuse in its name."""
OF_THE_SETUP = ("gridgov_facts", "gridgov_rules", "gridgov_days", "gridgov_code_lists")
T = TypeVar("T")
_LOG = logging.getLogger("gridgov.hooks")


@attrs.frozen(kw_only=True)
class Added:
    """What a plugin has added, by name: what it was asked for so far.

    :param stores: schemes; :param rules: ids; :param reactions: names of the events that they follow.
    """

    stores: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    code_lists: tuple[str, ...] = ()
    reactions: tuple[str, ...] = ()
    importers: tuple[str, ...] = ()
    exporters: tuple[str, ...] = ()


@attrs.frozen
class Loaded:
    """A plugin of an office: what it is, what it has added, and whether it is at work.

    :param version: of its distribution, or its ``__version__``; :param hooks: the hooks that it has.
    :param distribution: what was installed; empty for an object that was handed in.
    :param built_for: the version of the hooks that it states, None where it says nothing.
    :param why: what it did that it was set aside for; empty while it is at work.
    """

    name: str
    version: str
    hooks: tuple[str, ...]
    distribution: str = ""
    built_for: int | None = None
    added: Added = Added()
    why: str = ""

    @property
    def state(self) -> Literal["at work", "set aside"]:
        """Whether it is asked."""
        return "set aside" if self.why else "at work"


@attrs.frozen
class Following:
    """A command that follows from an event because a plugin says so.

    :param index: its place among those of this plugin for this event, from 0; part of its derived id.
    """

    plugin: str
    index: int
    command: Any

    @property
    def by(self) -> str:
        """The actor in whose name it is asked for."""
        return f"{ACTOR}{self.plugin}"


@attrs.define(eq=False)
class _Plugin:
    """A registered plugin with everything that was found out about it."""

    name: str
    value: Any
    version: str
    distribution: str
    worker: Worker
    built_for: int | None = None
    calls: dict[str, list[Callable[[Mapping[str, Any]], Any]]] = attrs.field(factory=dict)
    added: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    listener: Listener | None = None
    why: str = ""

    @property
    def package(self) -> str:
        kind = self.value if issubclass(type(self.value), ModuleType) else type(self.value)
        return str(getattr(kind, "__module__", "") or getattr(kind, "__name__", "")).partition(".")[0]

    def ask(self, hook: str, take: Callable[[Any], T], arguments: Mapping[str, Any]) -> list[T]:
        """Call the hook and take what it gives; on the plugin's thread."""
        return [take(call(arguments)) for call in self.calls[hook]]


class Host:
    """Registers plugins and calls them one by one.

    :param plugins: objects, or (name, object) pairs, in order; they are asked after the installed ones.
    :param discover: which of the installed ones (entry-point group ``gridgov``) to load before them: True for all, by
        name; a sequence of names for these, in this order.
    :param patience: seconds that a plugin may take before it is left behind.
    :raises PluginError: for a plugin that is wrong in itself: not installed, not to be imported, built for
        another version of the hooks, unknown hook, unknown argument, a name twice.
    """

    def __init__(
        self,
        plugins: Iterable[Any] = (),
        *,
        discover: bool | Sequence[str] = False,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        self._patience = patience
        self._plugins: dict[str, _Plugin] = {}
        self._asked: dict[str, list[tuple[_Plugin, Any]]] = {}
        self._following: dict[str, list[tuple[_Plugin, Reaction]]] | None = None
        self.faults = Faults()
        try:
            for found in find(discover):
                self._register(found.name, found.load(), found.version, found.distribution)
            for plugin in plugins:
                name, value = plugin if isinstance(plugin, tuple) else (_name_of(plugin), plugin)
                self._register(name, value, None, "")
        except BaseException:
            self.close()
            raise

    # --- registering --------------------------------------------------------------------------

    def _register(self, name: Any, value: Any, version: str | None, distribution: str) -> None:
        if type(name) is not str or not NAME.fullmatch(name):
            raise PluginError(str(name)[:60], "has no name of letters, digits, _, . and -, at most 60 of them")
        if name in RESERVED:
            raise PluginError(name, "is called like a part of gridgov; its refusals would look like those of the core")
        if name in self._plugins or any(value is other.value for other in self._plugins.values()):
            raise PluginError(name, "is registered already")
        plugin = _Plugin(name, value, version or "", distribution, Worker(name))
        try:
            # A property may raise or hang: even to look at it is a matter of the plugin's own thread.
            examine = partial(self._examine, plugin, own_version=version is None)
            self._answer(plugin, "registering", examine, max(self._patience, PATIENCE_SECONDS))
        except PluginError:
            plugin.worker.stop()
            raise
        self._plugins[name] = plugin
        _LOG.info("plugin %s %s registered with %s", name, plugin.version, ", ".join(sorted(plugin.calls)))

    def _examine(self, plugin: _Plugin, *, own_version: bool) -> None:
        name, value = plugin.name, plugin.value
        if own_version:
            plugin.version = str(getattr(value, "__version__", ""))[:60]
        plugin.built_for = _built_for(name, getattr(value, "gridgov_hooks", None))
        try:
            self._manager.register(value, name)
        except pluggy.PluginValidationError as error:
            # pluggy keeps a half-registered plugin; nothing of it may stay.
            self._manager.unregister(name=name)
            raise PluginError(name, f"does not fit the hooks: {error}") from error
        try:
            self._take_hooks(plugin)
        except PluginError:
            self._manager.unregister(name=name)
            raise

    def _take_hooks(self, plugin: _Plugin) -> None:
        for caller in self._manager.get_hookcallers(plugin.value) or []:
            if not caller.has_spec():
                raise PluginError(plugin.name, f"has the unknown hook {caller.name}; the hooks are {_KNOWN}")
            for impl in (each for each in caller.get_hookimpls() if each.plugin is plugin.value):
                if impl.wrapper or impl.hookwrapper:
                    what = "wraps a hook; hooks of gridgov are called one by one and cannot be wrapped"
                    raise PluginError(plugin.name, what)
                if inspect.iscoroutinefunction(impl.function):
                    raise PluginError(plugin.name, f"{caller.name} is async; hooks are plain functions")
                plugin.calls.setdefault(caller.name, []).append(_caller(impl))
        if not plugin.calls:
            raise PluginError(plugin.name, f"has no hook marked with hookimpl; the hooks are {_KNOWN}")

    @property
    def plugins(self) -> tuple[Loaded, ...]:
        """Every plugin in the order in which it is asked, those that were set aside included."""
        return tuple(
            Loaded(
                plugin.name,
                plugin.version,
                tuple(sorted(plugin.calls)),
                distribution=plugin.distribution,
                built_for=plugin.built_for,
                added=Added(**plugin.added),
                why=plugin.why,
            )
            for plugin in self._plugins.values()
        )

    # --- asking -------------------------------------------------------------------------------

    def _having(self, hook: str) -> list[_Plugin]:
        return [each for each in self._plugins.values() if not each.why and hook in each.calls]

    def _answer(self, plugin: _Plugin, hook: str, call: Callable[[], T], patience: float) -> T:
        """Run *call* on the plugin's thread; whatever goes wrong keeps the office closed, with the plugin's name."""
        try:
            return plugin.worker.call(call, patience)
        except LateError as late:
            self._fault(plugin, hook, str(late), set_aside=True)
            raise PluginError(plugin.name, f"{hook}: {late}") from None
        except RaisedError as raised:
            error = raised.error
            if isinstance(error, PluginError):
                raise error from None
            if isinstance(error, _taken.NonsenseError):
                raise PluginError(plugin.name, f"{hook} {error}") from None
            raise PluginError(plugin.name, f"{hook} raised {said_by(error, plugin.package)}") from error

    def _opening(self, hook: str, take: Callable[[Any], T], **arguments: Any) -> list[tuple[_Plugin, T]]:
        """Call a hook whose failure must not go unnoticed; (plugin, what it gave) in order."""
        return [
            (plugin, given)
            for plugin in self._having(hook)
            for given in self._answer(plugin, hook, partial(plugin.ask, hook, take, arguments), self._patience)
        ]

    def _once(self, hook: str, take: Callable[[Any], T]) -> list[tuple[_Plugin, T]]:
        if hook not in self._asked:
            self._asked[hook] = list(self._opening(hook, take))
        return self._asked[hook]

    def _named(
        self, hook: str, what: str, given: Iterable[tuple[_Plugin, Mapping[str, T]]]
    ) -> dict[str, tuple[str, T]]:
        """Join mappings of several plugins; name → (plugin, value)."""
        found: dict[str, tuple[str, T]] = {}
        for plugin, offered in given:
            for name, value in offered.items():
                if name in found:
                    other = found[name][0]
                    raise PluginError(plugin.name, f"{what} {name!r} is offered by another plugin already, {other}")
                found[name] = plugin.name, value
            _note(plugin, hook, offered)
        return found

    # --- what plugins offer -------------------------------------------------------------------

    def open_store(self, url: str) -> Store:
        """Open a store by its URL.

        :raises PluginError: where no plugin offers the scheme, or what it opened is no store.
        :raises StoreError: as the store says.
        """
        if "://" not in url:
            raise PluginError("gridgov", f"{url!r} is no URL of a store; write sqlite:///{url}")
        scheme = url.partition(":")[0]
        offered: list[str] = []
        for plugin, stores in self._stores():
            if scheme in stores:
                return _opened(plugin, scheme, stores[scheme], url)
            offered += stores
        listing = f"offered are {', '.join(offered)}" if offered else "no plugin offers one; install gridgov-sql"
        raise PluginError("gridgov", f"nobody opens stores of the scheme {scheme!r}; {listing}")

    def _stores(self) -> list[tuple[_Plugin, dict[str, Any]]]:
        given = self._once("gridgov_stores", partial(_taken.named, take=_taken.function))
        for plugin, stores in given:
            _note(plugin, "gridgov_stores", stores)
        return given

    def channels(self) -> list[Any]:
        """Give every channel that plugins offer, in order.

        :raises PluginError: for something that is no channel, or a name that two have.
        """
        owners: dict[str, str] = {}
        found = []
        for plugin, channels in self._once("gridgov_channels", partial(_taken.each, take=_taken.channel)):
            for name, channel in channels:
                if name in owners:
                    what = f"two channels have one name: {name!r} is offered by {owners[name]} already"
                    raise PluginError(plugin.name, what)
                owners[name] = plugin.name
                found.append(channel)
            _note(plugin, "gridgov_channels", [name for name, _ in channels])
        return found

    def code_lists(self) -> dict[str, CodeList]:
        """Give every code list that plugins offer, by its id.

        :raises PluginError: for a list that is not sound, one under another id than its own, or an id that two have.
        """
        given = self._once("gridgov_code_lists", partial(_taken.named, take=_taken.code_list))
        for plugin, lists in given:
            for name, each in lists.items():
                if each.id != name:
                    raise PluginError(plugin.name, f"gridgov_code_lists gives the list {each.id!r} as {name!r}")
        return {name: each for name, (_, each) in self._named("gridgov_code_lists", "the code list", given).items()}

    def importers(self) -> dict[str, Importing]:
        """Give every importer that plugins offer, by name.

        :raises PluginError: for something that is none, or a name that two have.
        """
        given = self._once("gridgov_importers", partial(_taken.named, take=_taken.importer))
        offered = self._named("gridgov_importers", "the importer", given)
        return {name: Importing(name, plugin, importer) for name, (plugin, importer) in offered.items()}

    def exporters(self) -> dict[str, Exporting]:
        """Give every exporter that plugins offer, by name.

        :raises PluginError: for something that is none, or a name that two have.
        """
        given = self._once("gridgov_exporters", partial(_taken.named, take=_taken.exporter))
        offered = self._named("gridgov_exporters", "the exporter", given)
        return {name: Exporting(name, plugin, exporter) for name, (plugin, exporter) in offered.items()}

    # --- what becomes part of the setup -------------------------------------------------------

    def completed(self, setup: Setup) -> Setup:
        """Ask every hook of opening, and give a setup with the facts, the rows and the days that plugins add.

        :raises SetupError: for what does not fit the setup.
        :raises PluginError: as the single hooks; and where a plugin that adds to the setup was set aside, for
            without it this would be another setup.
        """
        aside = [each for each in self._plugins.values() if each.why and not each.calls.keys().isdisjoint(OF_THE_SETUP)]
        if aside:
            what = f"adds to the setup and was set aside ({aside[0].why}); open the office anew before amending"
            raise PluginError(aside[0].name, what)
        self._stores()
        self.importers()
        self.exporters()
        self._reactions()
        facts = self.facts()
        return setup.with_rules(self.rules(setup.catalog, setup.territory), facts).with_days(self.days())

    def facts(self) -> list[Fact]:
        """Give every fact that plugins declare, in order, with the codes of the lists that they name.

        :raises PluginError: for something that is no fact, a name that is no column, or a list that nobody offers.
        """
        lists = self.code_lists()
        found = []
        for plugin, facts in self._opening("gridgov_facts", partial(_taken.each, take=_taken.fact)):
            found += [_with_codes(plugin.name, fact, lists) for fact in facts]
            _note(plugin, "gridgov_facts", [fact.name for fact in facts])
        return found

    def rules(self, catalog: Catalog, territory: Territory) -> list[Rule]:
        """Give every row that plugins add, with its origin.

        :raises PluginError: for a row above the band ``local``, or something that is no rule.
        """
        take = partial(_taken.each, take=_taken.rule)
        found = []
        for plugin, rules in self._opening("gridgov_rules", take, catalog=catalog, territory=territory):
            found += [attrs.evolve(rule, origin=plugin.name) for rule in rules]
            _note(plugin, "gridgov_rules", [rule.id for rule in rules])
        return found

    def days(self) -> dict[str, PublishedDays]:
        """Give every source of days that plugins offer, by name.

        :raises PluginError: for a name that two offer, or something that is no source.
        """
        given = self._opening("gridgov_days", partial(_taken.named, take=_taken.days))
        return {name: days for name, (_, days) in self._named("gridgov_days", "the source of days", given).items()}

    # --- around a commit ----------------------------------------------------------------------

    def validate(self, command: Any, by: str, at: dt.datetime) -> tuple[str, Refused] | None:
        """Ask every validator; give the first refusal with its plugin's name."""
        for plugin in self._having("gridgov_validate"):
            # A copy for each: what a plugin does to it must not reach the decision.
            arguments = {"command": copy.deepcopy(command), "by": by, "at": at}
            call = partial(plugin.ask, "gridgov_validate", _refusal, arguments)
            for refused in self._tried(plugin, "gridgov_validate", call) or ():
                if refused is not None:
                    return plugin.name, refused
        return None

    def _tried(self, plugin: _Plugin, hook: str, call: Callable[[], T]) -> T | None:
        """Run *call* on the plugin's thread; None, and a fault, where anything goes wrong."""
        try:
            return plugin.worker.call(call, self._patience)
        except LateError as late:
            self._fault(plugin, hook, str(late), set_aside=True)
        except RaisedError as raised:
            nonsense = isinstance(raised.error, _taken.NonsenseError)
            self._fault(plugin, hook, str(raised.error) if nonsense else place_of(raised.error, plugin.package))
        return None

    def _reactions(self) -> dict[str, list[tuple[_Plugin, Reaction]]]:
        if self._following is None:
            following: dict[str, list[tuple[_Plugin, Reaction]]] = {}
            for plugin, given in self._once("gridgov_reactions", partial(_taken.named, take=_taken.function)):
                for name, function in given.items():
                    if name not in _taken.EVENTS:
                        raise PluginError(plugin.name, f"gridgov_reactions follows {name!r}, {_no_event(name)}")
                    following.setdefault(name, []).append((plugin, function))
                _note(plugin, "gridgov_reactions", given)
            self._following = following
        return self._following

    def reactions(self, name: str, event: Any, after: Callable[[], Any], setup: Setup, *, by: str) -> list[Following]:
        """Give the commands that plugins would have follow from an event, in the order of the plugins.

        :param name: the stored name of the event; :param by: who brought it about.
        :param after: gives the event's own subject right after it; asked only where a plugin follows the event.
        """
        if by == REACTOR or by.startswith(ACTOR):
            return []
        found: list[Following] = []
        for plugin, function in self._reactions().get(name, ()):
            if plugin.why:
                continue
            told = copy.deepcopy((event, after()))

            def call(function: Reaction = function, told: tuple[Any, Any] = told) -> list[Any]:
                return _taken.commands(function(*told, setup))

            wanted = self._tried(plugin, "gridgov_reactions", call) or ()
            found += [Following(plugin.name, index, command) for index, command in enumerate(wanted)]
        return found

    def committed(self, happenings: Sequence[Happening]) -> None:
        """Tell every listener; nobody waits."""
        if not happenings:
            return
        for plugin in self._having("gridgov_committed"):
            if plugin.listener is None:
                plugin.listener = Listener(
                    plugin.name, partial(_told, plugin), partial(self._listener_fault, plugin), self._patience
                )
            plugin.listener.tell(copy.deepcopy(list(happenings)))

    def _listener_fault(self, plugin: _Plugin, what: str, set_aside: bool) -> None:
        self._fault(plugin, "gridgov_committed", what, set_aside=set_aside)

    def _fault(self, plugin: _Plugin, hook: str, what: str, *, set_aside: bool = False) -> None:
        if set_aside and not plugin.why:
            plugin.why = f"{hook}: {what}"
        self.faults.append(Fault(plugin.name, hook, what, set_aside))

    def close(self) -> None:
        """Let every listener finish what it was told, within its patience, and stop the threads."""
        for plugin in self._plugins.values():
            if plugin.listener is not None:
                plugin.listener.close()
        for plugin in self._plugins.values():
            plugin.worker.stop()


_KNOWN = ", ".join(hook for hook in FAILURES if hook.startswith("gridgov_"))


def _caller(impl: Any) -> Callable[[Mapping[str, Any]], Any]:
    function, names = impl.function, tuple(impl.argnames)
    return lambda arguments: function(*(arguments[name] for name in names))


def _built_for(name: str, stated: Any) -> int | None:
    if stated is None:
        return None
    if type(stated) is not int:
        raise PluginError(name, f"states gridgov_hooks as {_taken.kind_of(stated)}; write gridgov_hooks = {VERSION}")
    if stated != VERSION:
        raise PluginError(
            name,
            f"is built for version {stated} of the hooks, and this gridgov has version {VERSION}; "
            f"install a version of {name} for it",
        )
    return stated


def _note(plugin: _Plugin, hook: str, names: Iterable[str]) -> None:
    plugin.added[hook.removeprefix("gridgov_")] = tuple(names)


def _no_event(name: str) -> str:
    close = get_close_matches(name, _taken.EVENTS, n=1)
    return f"which is no event; did you mean {close[0]!r}?" if close else "which is no event"


def _opened(plugin: _Plugin, scheme: str, open_: Callable[[str], Any], url: str) -> Store:
    try:
        store = open_(url)
        fits = isinstance(store, Store)
    except (GridgovError, OSError, KeyboardInterrupt):
        raise
    except BaseException as error:
        # A URL may hold a password, and what was raised may quote it.
        what = f"opening a store of the scheme {scheme!r} raised {place_of(error, plugin.package)}"
        raise PluginError(plugin.name, what) from None
    if not fits:
        raise PluginError(plugin.name, f"what it opened for {scheme!r} is no store: {_taken.kind_of(store)}")
    taken: Store = store
    return taken


def _with_codes(plugin: str, fact: Fact, lists: Mapping[str, CodeList]) -> Fact:
    if len(fact.domain) != 1 or not fact.domain[0].startswith(LIST):
        return fact
    id_ = fact.domain[0].removeprefix(LIST)
    if id_ not in lists:
        listing = ", ".join(sorted(lists)) or "none"
        raise PluginError(plugin, f"the fact {fact.name} has the codes of the list {id_!r}; offered are {listing}")
    return attrs.evolve(fact, domain=tuple(lists[id_].entries))


def _refusal(answer: Any) -> Refused | None:
    if answer is None:
        return None
    return _taken.plain(answer, Refused)


def _told(plugin: _Plugin, happenings: Sequence[Happening]) -> str | None:
    given = plugin.ask("gridgov_committed", lambda answer: answer, {"happenings": happenings})
    return next((_taken.kind_of(answer) for answer in given if answer is not None), None)


def _name_of(plugin: Any) -> str:
    named = issubclass(type(plugin), ModuleType | type)
    return str(plugin.__name__ if named else type(plugin).__name__)
