"""Between events and stored bytes.

Every event class has one stored name, which we choose and never change, and a shape number that
starts at 1. An old record is lifted by the upcasters between its shape and the newest one, as
plain JSON values, before the class sees it; the record itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import msgspec

from gridgov.cases import CASES
from gridgov.decider import Decider, private_fields
from gridgov.errors import NewerStoreError, RefusalError
from gridgov.outreach import OUTREACH
from gridgov.points import POINTS
from gridgov.proofs import canonical, digest
from gridgov.setup import JURISDICTION

__all__ = [
    "ROOMS",
    "SHAPES",
    "UPCASTERS",
    "Codec",
    "check_types",
    "fingerprint",
    "read_refusal",
    "read_value",
    "write_refusal",
]

ROOMS: tuple[Decider[Any, Any, Any], ...] = (JURISDICTION, CASES, POINTS, OUTREACH)
"""Every room that remembers."""

SHAPES: Mapping[str, int] = {name: 1 for room in ROOMS for name in room.events}
"""Stored name → the newest shape of that event."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""(stored name, old shape) → how to lift a body to the next shape."""


class Codec:
    """Writes and reads events; one for the whole process is enough."""

    def __init__(
        self,
        rooms: tuple[Decider[Any, Any, Any], ...] = ROOMS,
        shapes: Mapping[str, int] = SHAPES,
        upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
    ) -> None:
        self._shapes = dict(shapes)
        self._upcasters = dict(upcasters)
        self._names = {shape: name for room in rooms for name, shape in room.events.items()}
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            name: msgspec.json.Decoder(shape) for room in rooms for name, shape in room.events.items()
        }
        self._classes = {name: shape for room in rooms for name, shape in room.events.items()}

    def write(self, event: Any) -> tuple[str, int, bytes]:
        """Give the stored name, the shape, and the canonical bytes of an event.

        :raises KeyError: for a class that no room has named.
        """
        name = self._names[type(event)]
        return name, self._shapes[name], canonical(event)

    def read(self, name: str, shape: int, body: bytes) -> Any:
        """Give the event that was stored.

        :raises NewerStoreError: for a name or shape that this version does not know.
        """
        newest = self._shapes.get(name)
        if newest is None or shape > newest:
            raise NewerStoreError(
                f"the store holds {name!r} in shape {shape}, which this version of gridgov does not know; upgrade it"
            )
        if shape == newest:
            return self._decoders[name].decode(body)
        plain = msgspec.json.decode(body)
        for older in range(shape, newest):
            plain = self._upcasters[name, older](plain)
        return msgspec.convert(plain, self._classes[name])


_command_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def check_types(command: Any) -> None:
    """Refuse a command whose fields are not of the types that its class declares.

    :raises TypeError: names the field, what it should be and what it is. Nothing that cannot be read
        back may ever be decided on, let alone stored.
    """
    kind = type(command)
    if kind not in _command_decoders:
        _command_decoders[kind] = msgspec.json.Decoder(kind)
    try:
        read = _command_decoders[kind].decode(msgspec.json.encode(command))
        for name in (field.name for field in attrs.fields(kind)):
            said, wanted = getattr(command, name), getattr(read, name)
            if isinstance(said, str) and not isinstance(wanted, str):
                raise TypeError(f"{name} is a {type(wanted).__name__}, not the text {said!r}")
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise TypeError(f"{kind.__name__}: {error}") from None


def _public_fields(command: type) -> tuple[str, ...]:
    hidden = private_fields(command)
    return tuple(field.name for field in attrs.fields(command) if field.name not in hidden)


def fingerprint(command: Any, by: str) -> str:
    """Give the digest of what a command says in public, to tell a retry from another command."""
    kind = type(command)
    body = {name: getattr(command, name) for name in _public_fields(kind)}
    # Of a private text only that there is one: its digest could be guessed back.
    said = [name for name in private_fields(kind) if getattr(command, name).strip()]
    return digest(canonical({"command": kind.__name__, "by": by, "body": body, "private": said}))


def read_value(body: bytes, shape: Any) -> Any:
    """Give a value of a setup from its canonical bytes.

    :param shape: its class, or a generic like ``dict[str, Calendar]``.
    """
    return msgspec.json.decode(body, type=shape)


def write_refusal(refusal: RefusalError) -> bytes:
    """Give the bytes of a refusal, for a stored outcome."""
    return canonical({"code": refusal.code, "message": refusal.message, "facts": refusal.facts})


def read_refusal(body: bytes) -> RefusalError:
    """Give the refusal that was stored."""
    plain = msgspec.json.decode(body)
    refusal = RefusalError(plain["code"], plain["message"])
    refusal.facts = plain["facts"]
    return refusal
