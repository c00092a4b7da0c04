"""The plugin door.

Few hooks, each a typed empty function whose docstring is its contract; see
:class:`gridgov.hooks.Hooks`. A plugin is an object with some of these functions, marked with
:data:`hookimpl`. It is given to the office, or found through the entry-point group ``gridgov``
when the office is asked to look; importing gridgov loads nothing.
"""

from gridgov.hooks._host import Fault, Host, Loaded
from gridgov.hooks._specs import PROJECT, Happening, Hooks, Refused, hookimpl

__all__ = ["PROJECT", "Fault", "Happening", "Hooks", "Host", "Loaded", "Refused", "hookimpl"]
