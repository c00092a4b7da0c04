"""What becomes of a plugin that fails: one table, for the documentation, the host and the tests.

What a street rests on must be whole or not be: a hook that is asked while an office opens keeps it
closed when it fails, with the plugin's name. What comes between a command and its decision must not
stand in a resident's way: the fault is kept and the command goes on. What comes after the commit
cannot undo it: nobody waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

__all__ = ["FAILURES", "Failure"]

End = Literal["refused", "fault", "set aside", "passed on", "tried again", "–"]
"""How it ends.

``refused``: :class:`~gridgov.errors.PluginError` with the plugin's name; the office does not open, or what was asked
for does not happen. ``fault``: kept in ``office.faults``; everything else goes on. ``set aside``: that, and the plugin
is not asked again. ``passed on``: an error of gridgov, of a file or a network reaches whoever called; any other is
refused. ``tried again``: later, and in the end a dead letter. ``–``: it returns nothing that is looked at.
"""


@attrs.frozen(kw_only=True)
class Failure:
    """What happens when a hook, or what it gave, fails.

    :param asked: when it runs; :param thread: ``plugin`` for the plugin's own, ``listener`` for the one that only
        hears, ``caller`` for that of who called.
    :param raises: anything, ``SystemExit`` included; :param nonsense: it returns what it may not.
    :param late: it is not back within the patience (two seconds); ``waited for`` where there is no limit.
    """

    asked: str
    thread: Literal["plugin", "listener", "caller"]
    raises: End
    nonsense: End
    late: Literal["refused", "set aside", "waited for"]


def _opening(asked: str = "the office opens") -> Failure:
    return Failure(asked=asked, thread="plugin", raises="refused", nonsense="refused", late="refused")


def _called(asked: str) -> Failure:
    return Failure(asked=asked, thread="caller", raises="refused", nonsense="refused", late="waited for")


FAILURES: Mapping[str, Failure] = {
    "gridgov_stores": _opening(),
    "· the function of a scheme": attrs.evolve(_called("a store is opened"), raises="passed on"),
    "gridgov_channels": _opening(),
    "· send of a channel": attrs.evolve(_called("a notice is sent"), raises="tried again", nonsense="–"),
    "gridgov_facts": _opening("the office opens or is amended"),
    "gridgov_rules": _opening("the office opens or is amended"),
    "gridgov_days": _opening("the office opens or is amended"),
    "gridgov_code_lists": _opening(),
    "gridgov_reactions": _opening(),
    "· a reaction": Failure(
        asked="after a commit", thread="plugin", raises="fault", nonsense="fault", late="set aside"
    ),
    "gridgov_importers": _opening(),
    "· read of an importer": attrs.evolve(_called("somebody reads"), raises="passed on"),
    "gridgov_exporters": _opening(),
    "· write of an exporter": attrs.evolve(_called("somebody writes"), raises="passed on", nonsense="–"),
    "gridgov_validate": Failure(
        asked="before a decision", thread="plugin", raises="fault", nonsense="fault", late="set aside"
    ),
    "gridgov_committed": Failure(
        asked="after a commit", thread="listener", raises="fault", nonsense="fault", late="set aside"
    ),
}
"""Hook → what happens; a line that begins with ``·`` is about what the hook before it gave."""
