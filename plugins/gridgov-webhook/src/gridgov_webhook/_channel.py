"""The channel to a webhook."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import math
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from gridgov.delivery import ChannelError, Pace, Secret, SecretMissingError, looked_up
from gridgov.notices import Notice
from gridgov_webhook._post import Answer, post
from gridgov_webhook._signature import SignatureError, delivery_id, sign
from gridgov_webhook._target import MEND_PAUSE_SECONDS, resolved, target_of

__all__ = ["WebhookChannel"]

PAUSE_SECONDS_MAX = 86_400.0

_LATER = frozenset({408, 425, 429})
_CONFLICT = 409


class WebhookChannel:
    """Posts each notice to one URL, as JSON with ``id``, ``to``, ``subject`` and ``text``, signed.

    The same notice has the same ``webhook-id`` and the same body each time; a receiver that keeps
    the ids shows it once.

    :param name: what subscriptions call it.
    :param url: https; a Secret where its path or query holds a token. It is shown nowhere in either case.
    :param key: ``whsec_`` and base64, or any other text of 24 bytes or more.
    :param directory: gives what the receiving side calls an opaque id, or None for nobody; ``id`` is then the same as
        ``webhook-id``. Without one the opaque id itself is sent, and the id of the notice, which holds it.
    :param allow_private: also post to private and loopback addresses; link-local ones are never allowed.
    :param allow_plain: also post by http.
    :param timeout: seconds for everything but the look-up of the name, together.
    :param trust: which certificates are good; by default those that the system trusts.
    :param pace: how fast the other side wants to be called; by default there is no limit.
    :raises ValueError: the URL, given as text, cannot be used; it is not quoted.
    """

    def __init__(
        self,
        name: str = "webhook",
        *,
        url: Secret | str,
        key: Secret,
        directory: Callable[[str], str | None] | None = None,
        allow_private: bool = False,
        allow_plain: bool = False,
        timeout: float = 10.0,
        trust: ssl.SSLContext | None = None,
        pace: Pace | None = None,
    ) -> None:
        if timeout <= 0:
            raise ValueError("a timeout is longer than nothing")
        if isinstance(url, str):
            target_of(url, allow_plain=allow_plain)
        self.name = name
        self.pace = pace or Pace()
        self._url: Callable[[], str] = url.reveal if isinstance(url, Secret) else lambda: url
        self._key = key
        self._directory = directory
        self._allow_private, self._allow_plain = allow_private, allow_plain
        self._timeout, self._trust = timeout, trust

    def send(self, notice: Notice, /) -> None:
        """Post one notice; it is taken when the other side answers 2xx, or 409 with the same ``webhook-id``.

        :raises ChannelError: final where the answer is another 3xx or 4xx than 408, 425 and 429, or the
            directory knows nobody; its text holds the status, never the receiver, the URL or the key.
        """
        refusal = self._attempt(notice)
        # Raised out here: inside an except block its context would keep whatever quotes the URL.
        if refusal is not None:
            raise refusal

    def _attempt(self, notice: Notice) -> ChannelError | None:
        try:
            delivery = delivery_id(notice.id)
            answer = self._post(delivery, self._body(notice))
        except ChannelError as error:
            return ChannelError(str(error), final=error.final, pause_seconds=error.pause_seconds)
        except UnicodeEncodeError:
            return ChannelError("the notice holds half a character (a surrogate)", final=True)
        except Exception as error:
            return _fault_of(error)
        return _refusal_of(answer, delivery)

    def _body(self, notice: Notice) -> bytes:
        receiver = self._receiver(notice.to)
        # The id of a notice names its receiver; where a directory takes that one's place, it does not go out beside it.
        id_ = notice.id if self._directory is None else delivery_id(notice.id)
        told = {"id": id_, "to": receiver, "subject": notice.subject, "text": notice.text}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    def _receiver(self, who: str) -> str:
        return who if self._directory is None else looked_up(self._directory, who)

    def _post(self, delivery: str, body: bytes) -> Answer:
        try:
            target = target_of(self._url(), allow_plain=self._allow_plain)
        except ValueError as error:
            raise ChannelError(str(error), pause_seconds=MEND_PAUSE_SECONDS) from None
        now = int(time.time())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "gridgov-webhook",
            "Connection": "close",
            "webhook-id": delivery,
            "webhook-timestamp": str(now),
            "webhook-signature": sign(self._key.reveal(), delivery, now, body),
        }
        addresses = resolved(target, allow_private=self._allow_private)
        trust = self._trusting() if target.secure else None
        return post(target, addresses, body, headers, timeout=self._timeout, trust=trust)

    def _trusting(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust

    def __repr__(self) -> str:
        return f"WebhookChannel({self.name!r})"


def _refusal_of(answer: Answer, delivery: str) -> ChannelError | None:
    """Say what an answer means; None where the notice was taken."""
    status = answer.status
    if 200 <= status < 300 or (status == _CONFLICT and answer.delivery == delivery):
        return None
    told = f"the webhook answered {status}"
    if 300 <= status < 400:
        return ChannelError(f"{told}: redirects are not followed, give the new URL", final=True)
    if 400 <= status < 500 and status not in _LATER:
        return ChannelError(told, final=True)
    return ChannelError(told, pause_seconds=_pause(answer.retry_after))


def _pause(retry_after: str) -> float | None:
    """Read ``Retry-After``: seconds, or a date; None for neither, at most a day."""
    written = retry_after.strip()
    if written.isascii() and written.isdigit():
        seconds = float(written)
    else:
        try:
            at = parsedate_to_datetime(written)
            seconds = (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return float(math.ceil(min(seconds, PAUSE_SECONDS_MAX))) if seconds > 0 else None


def _fault_of(error: Exception) -> ChannelError:
    match error:
        case SecretMissingError() | SignatureError():
            return ChannelError(f"the webhook cannot be signed or found: {error}", pause_seconds=MEND_PAUSE_SECONDS)
        case ssl.SSLCertVerificationError():
            told = f"the webhook's certificate is not good ({error.verify_message})"
            return ChannelError(told, pause_seconds=MEND_PAUSE_SECONDS)
        case http.client.HTTPException():
            return ChannelError(f"the webhook's answer is no HTTP, or was cut off: {type(error).__name__}")
        case OSError():
            return ChannelError(f"the webhook cannot be reached: {type(error).__name__}")
        case _:
            return ChannelError(f"the notice could not be posted: {type(error).__name__}")
