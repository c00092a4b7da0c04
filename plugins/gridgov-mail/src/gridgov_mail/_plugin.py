"""The mail channel that the environment asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import cast

from gridgov.delivery import Secret
from gridgov.errors import PluginError
from gridgov.hooks import hookimpl
from gridgov_mail._channel import MailChannel, Security
from gridgov_mail._directory import CsvDirectory

__all__ = ["MailPlugin", "plugin"]

PREFIX = "GRIDGOV_MAIL_"


class MailPlugin:
    """What the entry point names."""

    gridgov_hooks = 1  # the version of the hooks that it was built for

    @hookimpl
    def gridgov_channels(self) -> Sequence[MailChannel]:
        """Offer the channel ``mail`` where ``GRIDGOV_MAIL_HOST`` is set.

        :raises PluginError: it is set, and another one is missing or wrong.
        """
        given = {name: value for name, value in os.environ.items() if name.startswith(PREFIX) and value}
        if PREFIX + "HOST" not in given:
            return []
        try:
            return [_channel(given)]
        except ValueError as error:
            # The host shows the words of this error, and of a ValueError only where it was raised.
            raise PluginError("mail", str(error)) from None


def _channel(given: Mapping[str, str]) -> MailChannel:
    for name in ("FROM", "DIRECTORY"):
        if PREFIX + name not in given:
            raise ValueError(f"{PREFIX}HOST is set, so {PREFIX}{name} has to be set as well")
    port = given.get(PREFIX + "PORT", "")
    if port and not (port.isascii() and port.isdigit()):
        raise ValueError(f"{PREFIX}PORT is a number, not {port!r}")
    login = PREFIX + "USER" in given
    return MailChannel(
        host=given[PREFIX + "HOST"],
        port=int(port) if port else None,
        sender=given[PREFIX + "FROM"],
        directory=CsvDirectory(given[PREFIX + "DIRECTORY"]),
        user=Secret(PREFIX + "USER") if login else None,
        password=Secret(PREFIX + "PASSWORD") if login else None,
        security=cast(Security, given.get(PREFIX + "SECURITY", "starttls")),
    )


plugin = MailPlugin()
