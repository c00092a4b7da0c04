"""What a channel is, and how it says that it did not take a notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from gridgov.errors import GridgovError
from gridgov.notices import Notice

__all__ = ["Channel", "ChannelError", "looked_up"]


class ChannelError(GridgovError):
    """A channel did not take a notice.

    :param final: it never will; the notice goes to the dead letters at once.
    :param pause_seconds: how long the other side wants to be left alone, the whole channel; None where it did not say.
    """

    temporary = True

    def __init__(self, message: str, *, final: bool = False, pause_seconds: float | None = None) -> None:
        super().__init__(message)
        self.final = final
        self.pause_seconds = pause_seconds


@runtime_checkable
class Channel(Protocol):
    """A way to reach people. The contract is :class:`gridgov.testing.ChannelContract`.

    A channel that may be used only so fast has an attribute ``pace``, a :class:`gridgov.delivery.Pace`; without one
    there is no limit. Its ``send`` is called by one thread at a time.
    """

    @property
    def name(self) -> str:
        """What subscriptions call it."""
        ...

    def send(self, notice: Notice, /) -> None:
        """Hand a notice over; return only when the other side has taken it.

        May be called again with the same :attr:`Notice.id`, and must then not show it twice to
        whoever reads it. It gives up by itself on another side that does not answer, within seconds.

        :raises ChannelError: it was not taken; its message is kept, so it holds no name, no number and no secret.
        """
        ...


def looked_up(directory: Callable[[str], str | None], who: str, *, unknown: str = "nobody for") -> str:
    """Give what a caller's directory has for a receiver, or refuse without naming anybody.

    :param who: the receiver's opaque id; :param unknown: what the directory knows where it has nothing.
    :raises ChannelError: the directory failed; final where it knows nobody.
    """
    try:
        found = directory(who)
    except ChannelError:
        raise
    except Exception as error:
        # Whatever a directory says of its trouble may quote whom it was asked for.
        raise ChannelError(f"the directory raised {type(error).__name__}") from None
    if not found:
        raise ChannelError(f"the directory knows {unknown} this receiver", final=True)
    return found
