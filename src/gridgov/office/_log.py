"""What the office tells the log: stable words, names of commands, codes, counts; never who and never what was said.

The loggers are ``gridgov.office`` and, for plugins, ``gridgov.hooks``; no handler is added. A line begins with a
word that is for ever (``office.opened``), so that whoever collects logs can count them. Ids of actors and commands
are left out: the first may be a resident's, and what an app makes the second of nobody here knows. The store has
both, for who may look.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from gridgov.errors import GridgovError, RefusalError

__all__ = ["LOG", "SLOW_SECONDS", "told"]

LOG = logging.getLogger("gridgov.office")
SLOW_SECONDS = 1.0
"""A call that takes longer is a line in the log."""

Call = TypeVar("Call", bound=Callable[..., Any])


def told(call: Call) -> Call:
    """Let a call of the office about a command or a view tell the log how it went, where that is worth a line."""

    @functools.wraps(call)
    def telling(office: Any, about: Any, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        name = type(about).__name__
        try:
            return call(office, about, *args, **kwargs)
        except RefusalError as refusal:
            LOG.info("call.refused name=%s code=%s", name, refusal.code)
            raise
        except GridgovError as error:
            level = logging.INFO if error.temporary else logging.WARNING
            LOG.log(level, "call.failed name=%s error=%s", name, type(error).__name__)
            raise
        finally:
            took = time.perf_counter() - began
            if took > SLOW_SECONDS:
                LOG.info("call.slow name=%s ms=%d", name, took * 1000)

    return cast(Call, telling)
