"""Notices by webhook: a signed POST to an address of the caller's choice.

The signature follows Standard Webhooks (https://www.standardwebhooks.com), because a receiver then
finds a library in its own language; one in Python may use :func:`verify`.

What is dangerous about a webhook is that a server is made to call an address. So the name is looked
up once, every address that is found is judged, and the connection goes to the very address that was
judged: a name that changes its mind between looking and connecting gains nothing. Redirects are not
followed, proxies of the environment are not used, and of the answer only its head is read.

This is written on :mod:`http.client` and not on one of the larger libraries: they log the URL, which
may hold a token, at debug level, look names up by themselves, and their timeouts hold for each read, so
a receiver that drips one byte at a time could keep a delivery for ever.
"""

from gridgov_webhook._channel import WebhookChannel
from gridgov_webhook._plugin import WebhookPlugin, plugin
from gridgov_webhook._signature import (
    Received,
    SignatureError,
    delivery_id,
    sign,
    verify,
)

__all__ = [
    "Received",
    "SignatureError",
    "WebhookChannel",
    "WebhookPlugin",
    "delivery_id",
    "plugin",
    "sign",
    "verify",
]
