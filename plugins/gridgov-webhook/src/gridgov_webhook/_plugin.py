"""The webhook that the environment asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gridgov.delivery import Secret
from gridgov.errors import PluginError
from gridgov.hooks import hookimpl
from gridgov_webhook._channel import WebhookChannel

__all__ = ["WebhookPlugin", "plugin"]

URL, KEY = "GRIDGOV_WEBHOOK_URL", "GRIDGOV_WEBHOOK_KEY"
_SWITCH = {"": False, "0": False, "no": False, "1": True, "yes": True}


class WebhookPlugin:
    """What the entry point names."""

    gridgov_hooks = 1  # the version of the hooks that it was built for

    @hookimpl
    def gridgov_channels(self) -> Sequence[WebhookChannel]:
        """Offer the channel ``webhook`` where ``GRIDGOV_WEBHOOK_URL`` is set.

        :raises PluginError: it is set, and the key is missing or a switch is neither yes nor no.
        """
        if not os.environ.get(URL):
            return []
        if not os.environ.get(KEY):
            raise PluginError("webhook", f"{URL} is set, so {KEY} has to be set as well")
        return [
            WebhookChannel(
                url=Secret(URL),
                key=Secret(KEY),
                allow_private=_switched("GRIDGOV_WEBHOOK_ALLOW_PRIVATE"),
                allow_plain=_switched("GRIDGOV_WEBHOOK_ALLOW_PLAIN"),
            )
        ]


def _switched(name: str) -> bool:
    written = os.environ.get(name, "").lower()
    if written not in _SWITCH:
        raise PluginError("webhook", f"{name} is yes or no, not {written!r}")
    return _SWITCH[written]


plugin = WebhookPlugin()
