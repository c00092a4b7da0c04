"""Getting notices out: at least once towards the channel, with the same id each time.

It goes in two steps. The :class:`Courier` *posts*: it follows the store by a stored cursor and writes the messages of
what is new, and the cursor, in one go. And it *sends* what is due, on each channel under a lease of its own, no faster
than the channel's :class:`Pace`, and marks each message once the channel has taken it. So a crash loses no notice; it
may have one sent again, with the same id. What is refused for good, or too often, comes to the dead letters, where a
person can look at it, mend it and send it again.

Leases stand in the store, so several workers on one store do not get in each other's way, and none of them needs a
database that can skip locked rows. A :class:`Worker` does all that again and again, in the caller's own loop, in
threads, or as a process (``python -m gridgov deliver``).

Two channels come with the library, for terminals and for files; the others are plugins.
"""

from gridgov.delivery._channel import Channel, ChannelError, looked_up
from gridgov.delivery._channels import ConsoleChannel, FileChannel
from gridgov.delivery._courier import Courier, Delivered, Progress
from gridgov.delivery._letter import Waiting, is_withdrawn
from gridgov.delivery._pace import Limit, Pace
from gridgov.delivery._patience import back_off
from gridgov.delivery._secrets import Secret, SecretMissingError
from gridgov.delivery._usage import Usage
from gridgov.delivery._worker import Worker

__all__ = [
    "Channel",
    "ChannelError",
    "ConsoleChannel",
    "Courier",
    "Delivered",
    "FileChannel",
    "Limit",
    "Pace",
    "Progress",
    "Secret",
    "SecretMissingError",
    "Usage",
    "Waiting",
    "Worker",
    "back_off",
    "is_withdrawn",
    "looked_up",
]
