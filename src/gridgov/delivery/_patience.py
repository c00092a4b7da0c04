"""How long to wait before something is tried again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

__all__ = ["ATTEMPTS_MAX", "FIRST_PAUSE_SECONDS", "back_off"]

ATTEMPTS_MAX = 8
FIRST_PAUSE_SECONDS = 60


def back_off(attempts: int, entropy: Callable[[int], bytes]) -> dt.timedelta:
    """Give the pause after a failed attempt: doubled each time, and between half and one and a half of that.

    Without the jitter, everything that failed together comes back together.

    :param attempts: how often it was tried before this one.
    """
    share = int.from_bytes(entropy(2), "big") / 0xFFFF
    return dt.timedelta(seconds=FIRST_PAUSE_SECONDS * 2**attempts * (0.5 + share))
