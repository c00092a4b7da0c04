"""Signatures: whose root it is that hangs on the board.

Whoever signs is behind the small protocol :class:`Signer`: the two classes here keep the key in this process; a
street whose key lies in a signing service or a card writes its own class with the same four members.

A signed text is a *signed note* as in C2SP (``c2sp.org/signed-note``): the text, an empty line, and one line for each
signature, which begins with an em dash. Ed25519 signatures are read by every tool for such notes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import attrs

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ed25519

__all__ = [
    "Ed25519Signer",
    "Ed25519Verifier",
    "SM2Signer",
    "SM2Verifier",
    "Signer",
    "Verifier",
    "key_hash",
    "signature_line",
    "verified_by",
]

KEY_HASH_BYTES = 4
SM2_IDENTITY = b"1234567812345678"
"""The identity that GB/T 35276 gives to whoever has no other."""


@runtime_checkable
class Verifier(Protocol):
    """What can tell whether a signature is right."""

    @property
    def name(self) -> str:
        """Who signs, without spaces and without ``+`` (``"youyi.street"``)."""
        ...

    @property
    def public(self) -> bytes:
        """The public key."""
        ...

    @property
    def algorithm(self) -> bytes:
        """What the public key is for, as in C2SP: ``b"\\x01"`` for Ed25519, ``b"\\xff"`` and a name for others."""
        ...

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether *signature* is right; False for a malformed one, too."""
        ...


@runtime_checkable
class Signer(Protocol):
    """What can sign; see :class:`Verifier` for the properties."""

    @property
    def name(self) -> str:
        """Who signs."""
        ...

    @property
    def public(self) -> bytes:
        """The public key."""
        ...

    @property
    def algorithm(self) -> bytes:
        """What the public key is for."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Give the signature over *data*."""
        ...


def _plain_name(_: object, __: object, name: str) -> None:
    if not name or "+" in name or any(letter.isspace() or not letter.isprintable() for letter in name):
        raise ValueError(f"the name of a key has no spaces and no '+', and is not empty; this is {name!r}")


def _of(length: int, what: str) -> Any:
    def check(_: object, __: object, key: bytes) -> None:
        if len(key) != length:
            raise ValueError(f"{what} has {length} bytes, this one has {len(key)}")

    return check


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("Ed25519 needs cryptography: python -m pip install 'gridgov[sign]'") from error
    return ed25519


def _gmalg() -> Any:
    try:
        import gmalg
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("SM2 needs gmalg: python -m pip install 'gridgov[sm]'") from error
    return gmalg


@attrs.frozen
class Ed25519Verifier:
    """Checks Ed25519 signatures (RFC 8032).

    :param name: who signs; :param public: the public key, 32 bytes.
    :raises ModuleNotFoundError: when checking without the extra ``sign``.
    """

    name: str = attrs.field(validator=_plain_name)
    public: bytes = attrs.field(validator=_of(32, "a public key of Ed25519"))
    algorithm: bytes = attrs.field(default=b"\x01", init=False, repr=False)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether *signature* (64 bytes) is right."""
        library = _ed25519()
        from cryptography.exceptions import InvalidSignature

        try:
            key: ed25519.Ed25519PublicKey = library.Ed25519PublicKey.from_public_bytes(self.public)
            key.verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


@attrs.frozen
class Ed25519Signer:
    """Signs with Ed25519 (RFC 8032); the same data always gets the same signature.

    :param name: who signs; :param seed: the secret key, 32 random bytes.
    :raises ModuleNotFoundError: without the extra ``sign``.
    """

    name: str = attrs.field(validator=_plain_name)
    seed: bytes = attrs.field(repr=False)
    algorithm: bytes = attrs.field(default=b"\x01", init=False, repr=False)
    public: bytes = attrs.field(init=False)

    @public.default
    def _derived(self) -> bytes:
        _of(32, "a seed of Ed25519")(self, None, self.seed)  # Defaults are worked out before fields are checked.
        given: bytes = _ed25519().Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return given

    def sign(self, data: bytes) -> bytes:
        """Give the signature (64 bytes)."""
        given: bytes = _ed25519().Ed25519PrivateKey.from_private_bytes(self.seed).sign(data)
        return given

    def verifier(self) -> Ed25519Verifier:
        """Give what everybody else needs to check the signatures."""
        return Ed25519Verifier(self.name, self.public)


@attrs.frozen
class SM2Verifier:
    """Checks SM2 signatures with the digest SM3 (GB/T 32918.2), for the identity that GB/T 35276 gives.

    :param name: who signs; :param public: the public key, 65 bytes: 0x04, x, y.
    :raises ValueError: for a public key that is no point of the curve.
    :raises ModuleNotFoundError: without the extra ``sm``.
    """

    name: str = attrs.field(validator=_plain_name)
    public: bytes = attrs.field(validator=_of(65, "a public key of SM2"))
    algorithm: bytes = attrs.field(default=b"\xffSM2-SM3", init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.public[0] != 4 or not _gmalg().SM2().verify_pk(self.public):
            raise ValueError("this public key is no point of the curve of SM2")

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether *signature* (64 bytes: r, s) is right."""
        if len(signature) != 64:
            return False
        key = _gmalg().SM2(None, SM2_IDENTITY, self.public)
        return bool(key.verify(data, signature[:32], signature[32:]))


@attrs.frozen
class SM2Signer:
    """Signs with SM2 and the digest SM3 (GB/T 32918.2), for the identity that GB/T 35276 gives.

    The arithmetic is plain Python and takes longer for some keys than for others; it is for an office that signs once
    a month, not for a server that anybody can make sign.

    :param name: who signs; :param secret: the secret key, 32 bytes.
    :raises ValueError: for a secret key out of range.
    :raises ModuleNotFoundError: without the extra ``sm``.
    """

    name: str = attrs.field(validator=_plain_name)
    secret: bytes = attrs.field(repr=False)
    algorithm: bytes = attrs.field(default=b"\xffSM2-SM3", init=False, repr=False)
    public: bytes = attrs.field(init=False)

    @public.default
    def _derived(self) -> bytes:
        _of(32, "a secret key of SM2")(self, None, self.secret)
        order = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
        if not 0 < int.from_bytes(self.secret, "big") < order - 1:
            raise ValueError("a secret key of SM2 lies between 1 and the order of the curve less 2")
        given: bytes = _gmalg().SM2().generate_pk(self.secret)
        return given

    def sign(self, data: bytes) -> bytes:
        """Give a signature (64 bytes: r, s); another one each time."""
        one, other = _gmalg().SM2(self.secret, SM2_IDENTITY, self.public).sign(data)
        return bytes(one.rjust(32, b"\x00") + other.rjust(32, b"\x00"))

    def verifier(self) -> SM2Verifier:
        """Give what everybody else needs to check the signatures."""
        return SM2Verifier(self.name, self.public)


def key_hash(key: Signer | Verifier) -> bytes:
    """Give the four bytes that tell a key from another of the same name (C2SP signed note)."""
    return hashlib.sha256(key.name.encode() + b"\n" + key.algorithm + key.public).digest()[:KEY_HASH_BYTES]


def signature_line(body: str, signer: Signer) -> str:
    """Sign *body* and give the line that stands below it (C2SP signed note), without its line end.

    :raises ValueError: for a text that does not end with a line end, or a name that no line can hold.
    """
    if not body.endswith("\n"):
        raise ValueError("a text to be signed ends with a line end")
    _plain_name(None, None, signer.name)
    packed = key_hash(signer) + signer.sign(body.encode())
    return f"— {signer.name} {base64.b64encode(packed).decode()}"


def verified_by(body: str, lines: Sequence[str], verifier: Verifier) -> bool:
    """Tell whether one of the lines below *body* is a right signature of that key, whatever other keys signed."""
    mark = key_hash(verifier)
    for line in lines:
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        packed = _unpacked(coded)
        if (dash, name, packed[:KEY_HASH_BYTES]) != ("—", verifier.name, mark):
            continue
        if verifier.verify(body.encode(), packed[KEY_HASH_BYTES:]):
            return True
    return False


def _unpacked(coded: str) -> bytes:
    """Give the bytes of base64, nothing for what is none, or is not written as base64 writes it."""
    try:
        packed = base64.b64decode(coded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""
    return packed if base64.b64encode(packed).decode() == coded else b""
