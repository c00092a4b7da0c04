"""Canonical bytes, the hash chain, commitments."""

from __future__ import annotations

import hashlib
from typing import Any

import attrs
import msgspec

__all__ = ["GENESIS", "Sealed", "canonical", "commitment", "digest", "link"]

GENESIS = b"\x00" * 32
"""The head before the first record of a stream."""


@attrs.frozen
class Sealed:
    """What an event holds in place of a private text: where it is, and what binds to it.

    Erasing the text leaves the reference pointing at nothing and the commitment valid.
    """

    ref: str
    commitment: str


_encoder = msgspec.json.Encoder(order="sorted")


def _refuse_float(text: str) -> None:
    raise TypeError(f"a float ({text}) has no canonical bytes; use an integer in a smaller unit")


_float_finder = msgspec.json.Decoder(float_hook=_refuse_float)


def canonical(value: Any) -> bytes:
    """Give the one JSON text of *value*: sorted keys, UTF-8, no white space.

    :param value: attrs values, mappings with string keys, sequences, sets, strings, integers,
        booleans, bytes (as base64), aware datetimes, dates, enums, ``None``. A class with cached
        properties is given by its fields: what it has cached would be written, too.
    :raises TypeError: for a float anywhere inside: a float's text differs between machines.
    """
    text = _encoder.encode(value)
    try:
        _float_finder.decode(text)
    except msgspec.ValidationError as error:
        raise TypeError(str(error)) from None
    return text


def digest(data: bytes) -> str:
    """Give the SHA-256 of *data* as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def link(previous: bytes, payload: bytes) -> bytes:
    """Give the head after *payload* (32 bytes), given the head before it (32 bytes)."""
    return hashlib.sha256(previous + payload).digest()


def commitment(salt: bytes, text: bytes) -> str:
    """Bind to *text* without showing it; 64 hexadecimal digits.

    :param salt: at least 16 random bytes, kept beside the text and erased with it. A short text
        without a salt could be guessed by trying.
    """
    if len(salt) < 16:
        raise ValueError(f"a salt has at least 16 bytes, this one has {len(salt)}")
    return hashlib.sha256(len(salt).to_bytes(2, "big") + salt + text).hexdigest()
