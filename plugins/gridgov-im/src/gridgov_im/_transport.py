"""One request, and nothing kept of it.

Why the standard library: httpx logs every address at the level of information, urllib3 (and so
requests) at debugging and, where an answer's headers are odd, as a warning; and the address of a
robot is its password. ``http.client`` logs nothing, follows no redirect and reads no proxy from the
environment; certificates are checked by :func:`ssl.create_default_context`.

A time limit on a socket starts anew with each byte, so a side that sends one byte a second could
hold a channel for days. The limit on the whole is kept by a clock beside the request, which shuts
the socket down. Only looking up a name takes as long as the machine's own resolver lets it.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import attrs

from gridgov.delivery import ChannelError

__all__ = ["Address", "Answer", "address_of", "post"]

BYTES_MAX = 64 * 1024
"""How much of an answer is read; the real ones have some hundred bytes."""
PAUSE_SECONDS_MAX = 3600.0
"""Longer than that nobody is left alone, whatever the other side says."""
_PRINTABLE = re.compile(r"[!-~]+")
_WAITS = ("retry-after", "x-ogw-ratelimit-reset")


@attrs.frozen(kw_only=True, repr=False)
class Address:
    """Where a robot is. It has no repr: its query or its path is the robot's password."""

    https: bool
    host: str
    port: int
    path: str
    query: str


@attrs.frozen(kw_only=True)
class Answer:
    """What came back.

    :param body: the JSON object; None where it is none, or longer than :data:`BYTES_MAX`.
    :param pause_seconds: how long the other side wants to be left alone, as far as it said so in a header.
    """

    status: int
    body: Mapping[str, object] | None = attrs.field(repr=False)
    pause_seconds: float | None


def address_of(url: str, *, allow_plain: bool) -> Address:
    """Take an address apart.

    :raises ChannelError: it is none that could be used; the message does not show it.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ChannelError("the robot's address is no web address", final=True) from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or not _PRINTABLE.fullmatch(url.strip()):
        raise ChannelError("the robot's address is no web address; copy it anew, it begins with https://", final=True)
    if parts.username is not None or parts.password is not None:
        raise ChannelError("the robot's address has a user or a password before its host", final=True)
    if parts.scheme == "http" and not allow_plain:
        raise ChannelError("the robot's address begins with http://; only https:// is used", final=True)
    https = parts.scheme == "https"
    return Address(
        https=https,
        host=parts.hostname,
        port=port if port is not None else 443 if https else 80,
        path=parts.path or "/",
        query=parts.query,
    )


def post(
    address: Address, body: bytes, *, timeout_seconds: float, tls: ssl.SSLContext | None, now: dt.datetime
) -> Answer:
    """Post JSON and give the answer.

    :param timeout_seconds: for connecting, and for each silence of the other side; the whole exchange may take
        twice as long.
    :raises ChannelError: there was no answer. Whether the request arrived is then unknown.
    """
    target = f"{address.path}?{address.query}" if address.query else address.path
    connection = _connection(address, timeout_seconds, tls)
    # A program may have asked for every request to be printed; not this one.
    connection.set_debuglevel(0)
    try:
        connection.connect()
        with _shut_down_after(connection.sock, 2 * timeout_seconds):
            connection.request("POST", target, body=body, headers={"Content-Type": "application/json; charset=utf-8"})
            with connection.getresponse() as response:
                return Answer(
                    status=response.status,
                    body=_json_object(response.read(BYTES_MAX + 1)),
                    pause_seconds=_pause(response.headers, now),
                )
    except ssl.SSLCertVerificationError:
        raise ChannelError("its certificate is not valid for its address, or nobody we trust gave it") from None
    except TimeoutError:
        raise ChannelError(f"there was no answer within {timeout_seconds:g} s") from None
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise ChannelError(f"there was no answer ({type(error).__name__})") from None
    finally:
        connection.close()


def _connection(address: Address, timeout: float, tls: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if not address.https:
        return http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    context = tls if tls is not None else ssl.create_default_context()
    return http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=context)


@contextmanager
def _shut_down_after(sock: socket.socket, seconds: float) -> Iterator[None]:
    def shut_down() -> None:
        # Past the encryption layer, whose own shutdown must not be called from a second thread.
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _json_object(raw: bytes) -> Mapping[str, object] | None:
    if len(raw) > BYTES_MAX:
        return None
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _pause(headers: http.client.HTTPMessage, now: dt.datetime) -> float | None:
    """Read how long to wait: seconds, or a date as RFC 9110 allows."""
    told = next((str(headers[name]).strip() for name in _WAITS if name in headers), "")
    if re.fullmatch(r"[0-9]{1,9}", told):
        return min(float(told), PAUSE_SECONDS_MAX)
    try:
        until = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return min(max((aware - now).total_seconds(), 0.0), PAUSE_SECONDS_MAX)
