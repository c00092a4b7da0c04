"""Signing a notice, and on the other side knowing that it is one.

Standard Webhooks: HMAC-SHA256 over ``{webhook-id}.{webhook-timestamp}.{body}``, in base64 behind
``v1,``. Its ids must not hold a dot, and a header holds ASCII only; a notice's id may hold anything.
So ``webhook-id`` is a digest of it, the same each time, and the whole id is in the signed body.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence

import attrs

from gridgov.delivery import Secret
from gridgov.errors import GridgovError

__all__ = ["Received", "SignatureError", "delivery_id", "sign", "verify"]

TOLERANCE = dt.timedelta(minutes=5)
KEY_BYTES_MIN = 24
PREFIX = "whsec_"
_ID_DIGITS = 40
_TIMESTAMP_DIGITS_MAX = 12


class SignatureError(GridgovError):
    """What came is not, or not certainly, from who has the key; or the key cannot be used."""


@attrs.frozen(kw_only=True)
class Received:
    """A notice as it came in.

    :param delivery: the ``webhook-id``: the same for the same notice; keep it, and pass over what comes again.
    :param to: the opaque id, or what the sender's directory gives for it.
    """

    delivery: str
    id: str
    to: str
    subject: str
    text: str


def delivery_id(notice_id: str) -> str:
    """Give the ``webhook-id`` of a notice."""
    return "gridgov_" + hashlib.sha256(notice_id.encode("utf-8")).hexdigest()[:_ID_DIGITS]


def sign(key: str, delivery: str, timestamp: int, body: bytes) -> str:
    """Give the signature.

    :param key: ``whsec_`` and base64, or any other text, whose bytes are then the key.
    :param timestamp: seconds since 1970.
    :raises SignatureError: the key is too short (24 bytes at least), or no base64 after ``whsec_``.
    """
    return "v1," + base64.b64encode(_mac(_key(key), delivery, timestamp, body)).decode("ascii")


def verify(
    headers: Mapping[str, str],
    body: bytes,
    key: Secret | str | Sequence[Secret | str],
    *,
    now: dt.datetime,
    tolerance: dt.timedelta = TOLERANCE,
) -> Received:
    """Check that *body* was signed with *key* about now, and read it.

    A repetition within the tolerance is good by its signature: what has been taken already is known
    by :attr:`Received.delivery`.

    :param headers: of the request; capitals do not matter. :param body: its bytes, before any parsing.
    :param key: one, or several of which one has to fit while they are being changed.
    :raises SignatureError: a header is missing, it is too old or from the future, or no signature fits;
        the body has not been looked at then.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if not lower.get(name)]
    if missing:
        raise SignatureError(f"the header {missing[0]} is missing")
    delivery, timestamp = lower["webhook-id"], _timestamp(lower["webhook-timestamp"])
    if abs(now.timestamp() - timestamp) > tolerance.total_seconds():
        raise SignatureError(f"it was not signed within {tolerance} of now; check both clocks")
    keys = [key] if isinstance(key, Secret | str) else key
    macs = [_mac(_key(_revealed(each)), delivery, timestamp, body) for each in keys]
    # Every pair is compared, so that time tells nothing.
    pairs = [hmac.compare_digest(mac, given) for given in _signatures(lower["webhook-signature"]) for mac in macs]
    if not any(pairs):
        raise SignatureError("no signature fits")
    return _read(delivery, body)


def _revealed(key: Secret | str) -> str:
    return key.reveal() if isinstance(key, Secret) else key


def _key(written: str) -> bytes:
    try:
        key = (
            base64.b64decode(written.removeprefix(PREFIX), validate=True)
            if written.startswith(PREFIX)
            else written.encode("utf-8")
        )
    except (binascii.Error, UnicodeError, ValueError):
        key = None
    if key is None:
        raise SignatureError(f"the key is not usable: after {PREFIX} comes base64, anything else is UTF-8 text")
    if len(key) < KEY_BYTES_MIN:
        raise SignatureError(f"the key is too short: it needs {KEY_BYTES_MIN} bytes at least")
    return key


def _mac(key: bytes, delivery: str, timestamp: int, body: bytes) -> bytes:
    return hmac.digest(key, f"{delivery}.{timestamp}.".encode("utf-8", "replace") + body, "sha256")


def _timestamp(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= _TIMESTAMP_DIGITS_MAX):
        raise SignatureError("webhook-timestamp is not a number of seconds")
    return int(written)


def _signatures(header: str) -> Iterator[bytes]:
    for each in header.split():
        version, _, written = each.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(written, validate=True)
            except (binascii.Error, ValueError):
                continue


def _read(delivery: str, body: bytes) -> Received:
    try:
        found = json.loads(body)
        values = {name: found[name] for name in ("id", "to", "subject", "text")}
    except (ValueError, KeyError, TypeError):
        values = {}
    if not values or not all(isinstance(value, str) for value in values.values()):
        raise SignatureError("it is well signed, and no notice: it needs id, to, subject and text")
    return Received(delivery=delivery, **values)
