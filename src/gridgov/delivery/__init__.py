"""Getting notices out: at least once towards the channel, with the same id each time.

The courier follows the store by a stored cursor, so a crash after a commit loses no notice: it
begins again where the cursor stands. What a channel could not take is remembered beside the
cursor, in the same durable write, and tried again after a growing pause; what is refused for good,
or too often, comes to the dead letters, where a person can look at it and send it again.

Two channels come with the library, for terminals and for files; the others are plugins.
"""

from gridgov.delivery._channels import ConsoleChannel, FileChannel
from gridgov.delivery._courier import Channel, ChannelError, Courier, Delivered, Waiting
from gridgov.delivery._pace import Limit, Pace
from gridgov.delivery._secrets import Secret, SecretMissingError

__all__ = [
    "Channel",
    "ChannelError",
    "ConsoleChannel",
    "Courier",
    "Delivered",
    "FileChannel",
    "Limit",
    "Pace",
    "Secret",
    "SecretMissingError",
    "Waiting",
]
