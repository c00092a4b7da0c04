"""One POST to one judged address, within one span of time."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import attrs

from gridgov_webhook._target import Target

__all__ = ["Answer", "post"]


@attrs.frozen(kw_only=True)
class Answer:
    """The head of what came back; the rest is not read."""

    status: int
    retry_after: str
    delivery: str


def post(
    target: Target,
    addresses: Sequence[str],
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float,
    trust: ssl.SSLContext | None,
) -> Answer:
    """Send *body* and wait for the head of the answer.

    :param addresses: tried in order until one takes a connection.
    :param timeout: seconds for everything together, however slowly the other side drips.
    :raises OSError: nobody there, too slow, no safe connection; :raises http.client.HTTPException: no HTTP.
    """
    ends_at = time.monotonic() + timeout
    try:
        with contextlib.closing(_connected(addresses, target.port, ends_at)) as plain, _cut_off(plain, ends_at):
            sock = trust.wrap_socket(plain, server_hostname=target.host) if trust is not None else plain
            return _asked(sock, target, body, headers)
    except (OSError, http.client.HTTPException):
        # A connection that we have cut ourselves looks like many things.
        if time.monotonic() >= ends_at:
            raise TimeoutError from None
        raise


def _asked(sock: socket.socket, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
    # It has its socket already, so it looks up nothing and opens nothing by itself.
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = sock
    with contextlib.closing(connection):
        connection.request("POST", target.path, body, {"Host": target.host_header, **headers})
        with connection.getresponse() as answer:
            return Answer(
                status=answer.status,
                retry_after=answer.getheader("retry-after", ""),
                delivery=answer.getheader("webhook-id", ""),
            )


def _connected(addresses: Sequence[str], port: int, ends_at: float) -> socket.socket:
    refused: OSError = TimeoutError("no time left")
    for address in addresses:
        left = ends_at - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            refused = error
    raise refused


@contextlib.contextmanager
def _cut_off(sock: socket.socket, ends_at: float) -> Iterator[None]:
    """End the connection when time is up; a timeout of the socket begins anew with each byte."""
    twin = sock.dup()  # wrapping it for TLS takes the socket itself away

    def cut() -> None:
        with contextlib.suppress(OSError):
            twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, ends_at - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()
