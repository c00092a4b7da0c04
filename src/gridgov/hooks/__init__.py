"""The plugin door.

Few hooks, each a typed empty function whose docstring is its contract; see
:class:`gridgov.hooks.Hooks`. A plugin is an object with some of these functions, marked with
:data:`hookimpl`. It is given to the office, or found through the entry-point group ``gridgov``
when the office is asked to look; importing gridgov loads nothing.

What a plugin gives is a value, or an object that fulfills a Protocol (a store, a channel, an
:class:`Importer`, an :class:`Exporter`, a function of reactions). It is looked at once, on the plugin's
own thread, and taken over as plain values. What becomes of a plugin that fails stands in one table,
:data:`FAILURES`; nothing that it did is ever silent, and nothing of it stops another.
"""

from gridgov.hooks._code_list import Code, CodeList
from gridgov.hooks._failures import FAILURES, Failure
from gridgov.hooks._faults import FAULTS_MAX, Fault, Faults
from gridgov.hooks._files import Exporting, Importing
from gridgov.hooks._host import Added, Following, Host, Loaded
from gridgov.hooks._specs import ACTOR, PROJECT, VERSION, Hooks, hookimpl
from gridgov.hooks._values import Exporter, Happening, Importer, Part, Reaction, Refused, Wanted

__all__ = [
    "ACTOR",
    "FAILURES",
    "FAULTS_MAX",
    "PROJECT",
    "VERSION",
    "Added",
    "Code",
    "CodeList",
    "Exporter",
    "Exporting",
    "Failure",
    "Fault",
    "Faults",
    "Following",
    "Happening",
    "Hooks",
    "Host",
    "Importer",
    "Importing",
    "Loaded",
    "Part",
    "Reaction",
    "Refused",
    "Wanted",
    "hookimpl",
]
