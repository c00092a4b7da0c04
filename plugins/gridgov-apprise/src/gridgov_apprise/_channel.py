"""The channel through Apprise."""

from __future__ import annotations

import threading
import urllib.parse
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gridgov.delivery import ChannelError, Pace, Secret, SecretMissingError, looked_up
from gridgov.notices import Notice
from gridgov_apprise._quiet import quiet

if TYPE_CHECKING:
    import apprise

__all__ = ["DEAF", "AppriseChannel", "check_scheme"]

DEAF = frozenset({"dingtalk", "wecombot", "feishu", "lark"}) | {
    "schan",
    "pushdeer",
    "pushdeers",
    "spugpush",
    "qq",
    "pushme",
}
"""Schemes of which Apprise reports success whatever the service answers in the body of an HTTP 200."""

MEND_PAUSE_SECONDS = 600.0
"""How long the channel rests where a person has to mend it."""

REMEMBERED = 10_000
PLACE = "{to}"


class AppriseChannel:
    """Sends each notice by one Apprise URL, its subject as title.

    Apprise has no key of idempotency, so what was sent is remembered here, in this process, the last
    ten thousand ids: after a restart a notice whose sending nobody had noted yet may be shown twice.

    :param name: what subscriptions call it.
    :param url: an Apprise URL. ``{to}`` in it is the place of the receiver; without it all go to one place.
    :param directory: gives what stands there for an opaque id (quoted as a URL asks for), or None for
        nobody; without one the opaque id itself does.
    :param timeout: seconds to connect, and to wait for an answer, for the services that use HTTP.
    :param pace: how fast the service wants to be used; by default there is no limit.
    :raises ValueError: the URL, given as text, is of a scheme in :data:`DEAF`.
    """

    def __init__(
        self,
        name: str = "apprise",
        *,
        url: Secret | str,
        directory: Callable[[str], str | None] | None = None,
        timeout: float = 10.0,
        pace: Pace | None = None,
    ) -> None:
        if timeout <= 0:
            raise ValueError("a timeout is longer than nothing")
        if isinstance(url, str):
            check_scheme(url)
        self.name = name
        self.pace = pace or Pace()
        self._url: Callable[[], str] = url.reveal if isinstance(url, Secret) else lambda: url
        self._directory = directory
        self._timeout = timeout
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def send(self, notice: Notice, /) -> None:
        """Send one notice, once in this process.

        :raises ChannelError: Apprise says no, without a reason that could be passed on: it is tried again.
            Final where the directory knows nobody, or there is nothing to show. The URL is not in it.
        """
        # One at a time: who sends the same notice from another thread waits and finds it sent.
        with self._lock:
            if notice.id in self._sent:
                return
            refusal = self._attempt(notice)
            if refusal is None:
                self._remember(notice.id)
        # Raised out here: inside an except block its context would keep whatever quotes the URL.
        if refusal is not None:
            raise refusal

    def _remember(self, notice_id: str) -> None:
        self._sent[notice_id] = None
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    def _attempt(self, notice: Notice) -> ChannelError | None:
        try:
            return self._notify(notice)
        except ChannelError as error:
            return ChannelError(str(error), final=error.final, pause_seconds=error.pause_seconds)
        except SecretMissingError as error:
            return ChannelError(f"the service has no URL: {error}", pause_seconds=MEND_PAUSE_SECONDS)
        except Exception as error:
            return ChannelError(f"apprise broke over the notice: {type(error).__name__}")

    def _notify(self, notice: Notice) -> ChannelError | None:
        if not (notice.subject.strip() or notice.text.strip()):
            return ChannelError("the notice has nothing to show", final=True)
        url = self._url_for(notice.to)
        with quiet() as guard:
            import apprise

            asset = apprise.AppriseAsset(async_mode=False)
            service = apprise.Apprise.instantiate(url, asset=asset)
            refusal = _unusable(service)
            if service is None or refusal is not None:
                return refusal
            service.socket_connect_timeout = service.socket_read_timeout = self._timeout
            caller = apprise.Apprise(asset=asset)
            caller.add(service)
            guard.cover()
            taken = caller.notify(body=notice.text, title=notice.subject, body_format=apprise.NotifyFormat.TEXT)
        return None if taken else ChannelError("the service did not take the notice")

    def _url_for(self, who: str) -> str:
        url = self._url()
        if PLACE not in url:
            return url
        return url.replace(PLACE, urllib.parse.quote(self._receiver(who), safe=""))

    def _receiver(self, who: str) -> str:
        return who if self._directory is None else looked_up(self._directory, who)

    def __repr__(self) -> str:
        return f"AppriseChannel({self.name!r})"


def check_scheme(url: str) -> None:
    """Refuse a URL whose service cannot be heard by Apprise.

    :raises ValueError: it is one; the message names the scheme and nothing else of it.
    """
    scheme = url.partition(":")[0].strip().lower()
    if scheme in DEAF:
        raise ValueError(_deaf(scheme))


def _deaf(scheme: str) -> str:
    return (
        f"apprise reports success for {scheme}:// even where the service refuses, so it cannot be used here; "
        "gridgov-im has robots for DingTalk, WeCom and Feishu that look at the answer"
    )


def _unusable(service: apprise.NotifyBase | Any | None) -> ChannelError | None:
    if service is None:
        told = "apprise knows no service for the URL, or something is missing in it; try it with apprise -vv by hand"
        return ChannelError(told, pause_seconds=MEND_PAUSE_SECONDS)
    # Some services have a second spelling, the https URL that the platform itself shows.
    deaf = _schemes(service) & DEAF
    return ChannelError(_deaf(min(deaf)), pause_seconds=MEND_PAUSE_SECONDS) if deaf else None


def _schemes(service: Any) -> frozenset[str]:
    found: set[str] = set()
    for spelled in (service.protocol, service.secure_protocol):
        found |= {spelled} if isinstance(spelled, str) else set(spelled or ())
    return frozenset(found)
