"""The Apprise channel that the environment asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gridgov.delivery import Secret
from gridgov.errors import PluginError
from gridgov.hooks import hookimpl
from gridgov_apprise._channel import AppriseChannel, check_scheme

__all__ = ["ApprisePlugin", "plugin"]

URL = "GRIDGOV_APPRISE_URL"


class ApprisePlugin:
    """What the entry point names."""

    gridgov_hooks = 1  # the version of the hooks that it was built for

    @hookimpl
    def gridgov_channels(self) -> Sequence[AppriseChannel]:
        """Offer the channel ``apprise`` where ``GRIDGOV_APPRISE_URL`` is set.

        :raises PluginError: it is of a service that Apprise does not hear.
        """
        url = os.environ.get(URL, "")
        if not url:
            return []
        try:
            check_scheme(url)
        except ValueError as error:
            raise PluginError("apprise", f"{URL}: {error}") from None
        return [AppriseChannel(url=Secret(URL))]


plugin = ApprisePlugin()
