"""The one that holds the plugins: explicit, ordered, and with a wall between each two."""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, TypeVar

import attrs
import pluggy

from gridgov.errors import PluginError
from gridgov.hooks._specs import PROJECT, Happening, Hooks, Refused
from gridgov.routing import BANDS, COLUMNS, Catalog, Fact, Rule
from gridgov.setup import Setup
from gridgov.store import Store
from gridgov.territory import Territory
from gridgov.worktime import PublishedDays

__all__ = ["Fault", "Host", "Loaded"]

PATIENCE_SECONDS = 2.0
T = TypeVar("T")


@attrs.frozen
class Loaded:
    """A plugin that is at work: its name, version, and which hooks it has."""

    name: str
    version: str
    hooks: tuple[str, ...]


@attrs.frozen
class Fault:
    """Something that a plugin did wrong.

    :param set_aside: it is not asked again until the office is opened anew.
    """

    plugin: str
    hook: str
    what: str
    set_aside: bool = False


class _Worker:
    """The plugin's own thread; it is abandoned when a call does not come back."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"gridgov plugin {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (job := self._calls.get()) is not None:
            call, answers = job
            try:
                answers.put((call(), None))
            except BaseException as error:
                answers.put((None, error))

    def call(self, call: Callable[[], T], patience: float) -> T:
        """Run *call* there and wait for it.

        :raises TimeoutError: it is not back in time; :raises Exception: whatever it raised.
        """
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._calls.put((call, answers))
        try:
            answer, error = answers.get(timeout=patience)
        except queue.Empty:
            raise TimeoutError(f"not back after {patience} s") from None
        if error is not None:
            if not isinstance(error, Exception):  # SystemExit of a plugin ends the plugin, not the office
                raise RuntimeError(f"it tried to leave: {error!r}")
            raise error
        result: T = answer
        return result

    def stop(self) -> None:
        self._calls.put(None)


class Host:
    """Registers plugins and calls them one by one.

    :param plugins: objects, or (name, object) pairs, in order.
    :param discover: also load the installed ones, from the entry-point group ``gridgov``, by name.
    :param patience: seconds that a plugin may take before it is left behind.
    :raises PluginError: for a plugin that is wrong in itself: unknown hook, unknown argument,
        a name twice, or one that cannot be imported.
    """

    def __init__(
        self, plugins: Iterable[Any] = (), *, discover: bool = False, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        self._patience = patience
        self._order: list[str] = []
        self._versions: dict[str, str] = {}
        self._aside: set[str] = set()
        self._workers: dict[str, _Worker] = {}
        self._listeners: dict[str, _Listener] = {}
        self.faults: list[Fault] = []
        if discover:
            for entry in sorted(entry_points(group=PROJECT), key=lambda entry: entry.name):
                self._load(entry)
        for plugin in plugins:
            name, value = plugin if isinstance(plugin, tuple) else (_name_of(plugin), plugin)
            self._register(name, value, getattr(value, "__version__", ""))

    def _load(self, entry: Any) -> None:
        try:
            value = entry.load()
        except Exception as error:
            raise PluginError(entry.name, f"cannot be loaded: {error!r}") from error
        self._register(entry.name, value, entry.dist.version if entry.dist else "")

    def _register(self, name: str, value: Any, version: str) -> None:
        try:
            registered = self._manager.register(value, name)
        except pluggy.PluginValidationError as error:
            # pluggy keeps a half-registered plugin; nothing of it may stay.
            self._manager.unregister(name=name)
            raise PluginError(name, f"does not fit the hooks: {error}") from error
        except ValueError as error:
            raise PluginError(name, f"is registered already ({error})") from error
        callers = self._manager.get_hookcallers(value) or []
        wrappers = [i for c in callers for i in c.get_hookimpls() if i.plugin is value and (i.wrapper or i.hookwrapper)]
        if wrappers:
            self._manager.unregister(name=name)
            raise PluginError(name, "wraps a hook; hooks of gridgov are called one by one and cannot be wrapped")
        unknown = [caller.name for caller in callers if not caller.has_spec()]
        if unknown or not callers:
            self._manager.unregister(name=name)
            known = ", ".join(hook for hook in vars(Hooks) if hook.startswith("gridgov_"))
            what = f"has the unknown hook {unknown[0]}" if unknown else "has no hook marked with hookimpl"
            raise PluginError(name, f"{what}; the hooks are {known}")
        self._order.append(registered or name)
        self._versions[name] = version

    @property
    def plugins(self) -> tuple[Loaded, ...]:
        """What is at work, in order."""
        return tuple(
            Loaded(name, self._versions[name], tuple(sorted(self._hooks(name))))
            for name in self._order
            if name not in self._aside
        )

    def _hooks(self, name: str) -> set[str]:
        plugin = self._manager.get_plugin(name)
        return {caller.name for caller in self._manager.get_hookcallers(plugin) or []}

    def _having(self, hook: str) -> list[str]:
        return [name for name in self._order if name not in self._aside and hook in self._hooks(name)]

    def _caller(self, hook: str, name: str) -> Any:
        others = [self._manager.get_plugin(other) for other in self._order if other != name]
        return self._manager.subset_hook_caller(hook, [other for other in others if other is not None])

    def _opening(self, hook: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Call a hook whose failure must not go unnoticed; (plugin, result) in order."""
        results = []
        for name in self._having(hook):
            caller = self._caller(hook, name)

            def call(caller: Any = caller) -> list[Any]:
                # Taken out here: a generator may raise, or never end, as well.
                return [dict(r) if isinstance(r, Mapping) else list(r) for r in caller(**arguments) if r is not None]

            try:
                returned = self._worker(name).call(call, self._patience)
            except Exception as error:
                raise PluginError(name, f"{hook} raised {error!r}") from error
            results += [(name, result) for result in returned]
        return results

    def _worker(self, name: str) -> _Worker:
        if name not in self._workers:
            self._workers[name] = _Worker(name)
        return self._workers[name]

    def open_store(self, url: str) -> Store:
        """Open a store by its URL.

        :raises PluginError: where no plugin offers the scheme.
        """
        if "://" not in url:
            raise PluginError("gridgov", f"{url!r} is no URL of a store; write sqlite:///{url}")
        scheme = url.partition(":")[0]
        offered: list[str] = []
        for name, stores in self._opening("gridgov_stores"):
            if not isinstance(stores, Mapping):
                raise PluginError(name, "gridgov_stores returns a mapping of scheme → function")
            if scheme in stores:
                store = stores[scheme](url)
                if not isinstance(store, Store):
                    raise PluginError(name, f"what it opened for {scheme!r} is no store: {type(store).__name__}")
                return store
            offered += stores
        listing = f"offered are {', '.join(offered)}" if offered else "no plugin offers one; install gridgov-sql"
        raise PluginError("gridgov", f"nobody opens stores of the scheme {scheme!r}; {listing}")

    def channels(self) -> list[Any]:
        """Give every channel that plugins offer, in order."""
        return [channel for _, channels in self._opening("gridgov_channels") for channel in channels]

    def rules(self, catalog: Catalog, territory: Territory) -> list[Rule]:
        """Give every row that plugins add, with its origin.

        :raises PluginError: for a row above the band ``local``, or something that is no rule.
        """
        found = []
        for name, rules in self._opening("gridgov_rules", catalog=catalog, territory=territory):
            for rule in rules:
                if not isinstance(rule, Rule):
                    raise PluginError(name, f"gridgov_rules returns rules, not {type(rule).__name__}")
                if rule.band not in BANDS or BANDS.index(rule.band) < BANDS.index("local"):
                    raise PluginError(
                        name, f"the rule {rule.id!r} stands in the band {rule.band!r}; plugins add to local and later"
                    )
                found.append(attrs.evolve(rule, origin=name))
        return found

    def facts(self) -> list[Fact]:
        """Give every fact that plugins declare, in order.

        :raises PluginError: for something that is no fact, or a name that is no column.
        """
        found = []
        for name, facts in self._opening("gridgov_facts"):
            for fact in facts:
                if not isinstance(fact, Fact) or not fact.name.isidentifier() or fact.name in COLUMNS:
                    raise PluginError(name, f"gridgov_facts returns facts with a free name of letters, not {fact!r}")
                found.append(fact)
        return found

    def completed(self, setup: Setup) -> Setup:
        """Give a setup with the facts, the rows and the days that plugins add.

        :raises SetupError: for what does not fit the setup; :raises PluginError: as the single hooks.
        """
        facts = self.facts()
        return setup.with_rules(self.rules(setup.catalog, setup.territory), facts).with_days(self.days())

    def days(self) -> dict[str, PublishedDays]:
        """Give every source of days that plugins offer, by name.

        :raises PluginError: for a name that two offer, or something that is no source.
        """
        found: dict[str, PublishedDays] = {}
        for name, sources in self._opening("gridgov_days"):
            for source, days in sources.items():
                if not isinstance(days, PublishedDays):
                    raise PluginError(name, f"gridgov_days returns published days, not {type(days).__name__}")
                if source in found:
                    raise PluginError(name, f"the source of days {source!r} is offered by another plugin already")
                found[source] = days
        return found

    def validate(self, command: Any, by: str, at: dt.datetime) -> tuple[str, Refused] | None:
        """Ask every validator; give the first refusal with its plugin's name."""
        for name in self._having("gridgov_validate"):
            caller = self._caller("gridgov_validate", name)
            try:
                answers = self._worker(name).call(lambda c=caller: c(command=command, by=by, at=at), self._patience)  # type: ignore[misc]
            except TimeoutError as error:
                self._fault(name, "gridgov_validate", str(error), set_aside=True)
                continue
            except Exception as error:
                self._fault(name, "gridgov_validate", repr(error))
                continue
            for answer in answers:
                if isinstance(answer, Refused):
                    return name, answer
                if answer is not None:
                    self._fault(name, "gridgov_validate", f"returned {answer!r}, not Refused or None")
        return None

    def committed(self, happenings: Sequence[Happening]) -> None:
        """Tell every listener; nobody waits."""
        if not happenings:
            return
        for name in self._having("gridgov_committed"):
            listener = self._listeners.get(name)
            if listener is None:
                caller = self._caller("gridgov_committed", name)
                listener = self._listeners[name] = _Listener(name, caller, self._fault, self._patience)
            listener.tell(happenings)

    def _fault(self, plugin: str, hook: str, what: str, *, set_aside: bool = False) -> None:
        if set_aside:
            self._aside.add(plugin)
        self.faults.append(Fault(plugin, hook, what, set_aside))

    def close(self) -> None:
        """Let every listener finish what it was told, within its patience, and stop the threads."""
        for listener in self._listeners.values():
            listener.close()
        for worker in self._workers.values():
            worker.stop()


class _Listener:
    """Hands commits to a plugin's thread, one after the other, and gives up on one that hangs."""

    def __init__(self, name: str, caller: Any, fault: Callable[..., None], patience: float) -> None:
        self._name = name
        self._fault = fault
        self._patience = patience
        self._caller = caller
        self._told: queue.SimpleQueue[Sequence[Happening] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"gridgov listener {name}", daemon=True)
        self._thread.start()

    def tell(self, happenings: Sequence[Happening]) -> None:
        self._told.put(tuple(happenings))

    def _run(self) -> None:
        worker = _Worker(self._name)
        while (happenings := self._told.get()) is not None:
            try:
                worker.call(lambda h=happenings: self._caller(happenings=h), self._patience)  # type: ignore[misc]
            except TimeoutError as error:
                self._fault(self._name, "gridgov_committed", str(error), set_aside=True)
                return
            except Exception as error:
                self._fault(self._name, "gridgov_committed", repr(error))
        worker.stop()

    def close(self) -> None:
        self._told.put(None)
        self._thread.join(self._patience * 2)
        if self._thread.is_alive():
            self._fault(self._name, "gridgov_committed", "was still listening when the office closed", set_aside=True)


def _name_of(plugin: Any) -> str:
    name = getattr(plugin, "__name__", None) or type(plugin).__name__
    return str(name)
