"""Where a webhook may go.

An address of the Internet is good. Private and loopback ones are where a city's own machines are, so
they have to be allowed by the one who configures. Link-local ones (169.254.169.254 gives a cloud's
credentials to whoever asks), 0.0.0.0, multicast and reserved ones are no place for a webhook at all, nor are the
addresses at which other clouds do the same.
An IPv4 address that is packed into an IPv6 one is judged as what it leads to. Numbers in other
spellings (``2130706433``, ``0x7f.1``) need no rule: the resolver reads them, and what it gives is judged.
"""

from __future__ import annotations

import ipaddress
import socket
import urllib.parse
from collections.abc import Iterator

import attrs

from gridgov.delivery import ChannelError

__all__ = ["MEND_PAUSE_SECONDS", "Target", "judged", "resolved", "target_of"]

MEND_PAUSE_SECONDS = 600.0
"""How long the channel rests where a person has to mend it."""

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")))
"""Where Alibaba Cloud, Azure, Oracle and AWS tell a machine about itself, beside 169.254.169.254."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~-._?"


@attrs.frozen(kw_only=True, repr=False)
class Target:
    """A URL taken apart. Its path may hold a token, so it has no repr."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """What the header ``Host`` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


def target_of(url: str, *, allow_plain: bool) -> Target:
    """Take a URL apart.

    :raises ValueError: it cannot be used; the message does not quote it.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = _host_of(parts.hostname or ""), parts.port
        path = urllib.parse.quote(parts.path or "/", safe=_SAFE_IN_PATH)
        query = urllib.parse.quote(parts.query, safe=_SAFE_IN_PATH)
    except ValueError:
        raise ValueError("the URL is none of the form https://host/path") from None
    if parts.scheme not in _PORTS or not host:
        raise ValueError("the URL is none of the form https://host/path")
    if parts.scheme == "http" and not allow_plain:
        raise ValueError("the URL is not https; allow_plain allows http where the way to it is safe")
    if parts.username is not None or parts.password is not None:
        raise ValueError("the URL holds a login; notices are signed and need none")
    return Target(
        secure=parts.scheme == "https",
        host=host,
        port=_PORTS[parts.scheme] if port is None else port,
        path=f"{path}?{query}" if query else path,
    )


def _host_of(written: str) -> str:
    return written if ":" in written else written.encode("idna").decode("ascii")


def judged(address: IpAddress, *, allow_private: bool) -> bool:
    """Say whether a webhook may go to this address."""
    packed: list[IpAddress] = list(_packed(address)) if isinstance(address, ipaddress.IPv6Address) else []
    return all(_open(each, allow_private) for each in packed or [address])


def _open(address: IpAddress, allow_private: bool) -> bool:
    if address in _METADATA:
        return False
    if address.is_loopback:
        return allow_private
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    if getattr(address, "is_site_local", False):
        return allow_private
    # Carrier-grade NAT (100.64.0.0/10) is neither private nor global by the standard library.
    return address.is_global or allow_private


def _packed(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """Give the IPv4 addresses that this one leads to: mapped, 6to4, Teredo, NAT64."""
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def resolved(target: Target, *, allow_private: bool) -> list[str]:
    """Look the host up, once, and give every address that may be used, in the resolver's order.

    :raises ChannelError: there is none; one that must not be used is reason enough to stop.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ChannelError("the host of the webhook has no address") from None
    # A scope (fe80::1%eth0) belongs to link-local addresses only.
    addresses = list(dict.fromkeys(str(info[4][0]).partition("%")[0] for info in found))
    if not all(judged(ipaddress.ip_address(address), allow_private=allow_private) for address in addresses):
        told = "allow_private allows private and loopback ones" if not allow_private else "that is never allowed"
        raise ChannelError(
            f"the host of the webhook is at an address that is not of the Internet; {told}",
            pause_seconds=MEND_PAUSE_SECONDS,
        )
    return addresses
