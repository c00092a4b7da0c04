"""What plugins did wrong, kept and reported without what it was about.

The message of an exception may quote the command that it stumbled over, so it is neither kept nor
logged: a fault says which plugin, in which hook, what sort of exception, and where in the code. Who
needs more reproduces it there.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from traceback import walk_tb
from types import FrameType, TracebackType

import attrs

from gridgov.errors import GridgovError

__all__ = ["FAULTS_MAX", "Fault", "Faults", "place_of", "said_by"]

FAULTS_MAX = 1000
"""How many faults are kept, the newest; all are counted."""
WORD_MAX, QUOTE_MAX = 80, 2000
_LOG = logging.getLogger("gridgov.hooks")


@attrs.frozen
class Fault:
    """Something that a plugin did wrong.

    :param what: the sort of exception and its place, or what was returned; never a text of a command.
    :param set_aside: it is not asked again until the office is opened anew.
    """

    plugin: str
    hook: str
    what: str
    set_aside: bool = False


class Faults:
    """The newest faults, and how many there were of each plugin and hook. Safe to use from several threads."""

    def __init__(self) -> None:
        self._newest: deque[Fault] = deque(maxlen=FAULTS_MAX)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def append(self, fault: Fault) -> None:
        """Keep a fault and tell the log."""
        with self._lock:
            self._newest.append(fault)
            self._counts[fault.plugin, fault.hook] += 1
        aside = "; it is set aside" if fault.set_aside else ""
        _LOG.warning("fault of plugin %s in %s: %s%s", fault.plugin, fault.hook, fault.what, aside)

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """(plugin, hook) → how many faults there were, those that are not kept any more included."""
        with self._lock:
            return dict(self._counts)

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(tuple(self._newest))

    def __len__(self) -> int:
        return len(self._newest)


def place_of(error: BaseException, package: str = "") -> str:
    """Say what sort of exception it was and where it came from, and nothing of what it said.

    :param package: whose code is looked for first; empty for whatever raised it.
    """
    frames = [(str(frame.f_globals.get("__name__", "?")), line) for frame, line in _frames(error.__traceback__)]
    frames = [each for each in frames if each[0].split(".")[:2] != ["gridgov", "hooks"]]
    own = [each for each in frames if package and each[0].partition(".")[0] == package]
    kind = type(error).__name__[:WORD_MAX]
    if not frames:
        return kind
    module, line = (own or frames)[-1]
    return f"{kind} in {module[:WORD_MAX]}, line {line}"


def _frames(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    yield from walk_tb(trace)


def said_by(error: BaseException, package: str = "") -> str:
    """Say what went wrong while an office opens.

    An error of our own is quoted, since those hold neither names nor secrets; of any other only the place.
    """
    place = place_of(error, package)
    return f"{place}: {str(error)[:QUOTE_MAX]}" if isinstance(error, GridgovError) else place
