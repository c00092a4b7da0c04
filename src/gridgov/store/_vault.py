"""Private texts under a key that the store does not have.

A disk that is stolen, a backup that is left lying, a database administrator who is curious: none of them reads what
a resident has written if the office puts every private text into a vault before the store sees it. The key stays with
the caller. AES-256 in GCM mode (NIST SP 800-38D), a fresh nonce for each text; its reference, subject and purpose are
authenticated with it, so that no text can be put in another one's place. The salt goes into the vault, too: with the
commitment that stands in a record, it would let a phone number be guessed.

What is not locked up: references, subjects (opaque ids), purposes and the days on which texts have to be erased; they
are needed to erase in time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from gridgov.errors import StoreError
from gridgov.proofs import canonical
from gridgov.store._protocol import PrivateEntry

__all__ = ["Vault", "open_entry"]

KEY_BYTES = 32
NONCE_BYTES = 12
MARK = b"\xffgv1:"
"""No text begins with it: it is no UTF-8."""


class Vault:
    """Locks and opens private texts.

    :param keys: name → key of 32 bytes. Old ones stay in it as long as texts are locked with them.
    :param current: the name of the key for new texts; by default the last one of *keys*.
    :param entropy: gives random bytes.
    :raises ValueError: a key of another length, a name that is no short code, no key at all.
    :raises ImportError: the extra ``vault`` (cryptography) is not installed.
    """

    def __init__(
        self,
        keys: Mapping[str, bytes],
        *,
        current: str | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        for name, key in keys.items():
            if len(key) != KEY_BYTES:
                raise ValueError(f"the key {name!r} has {len(key)} bytes; a key of the vault has {KEY_BYTES}")
            if not (name.isascii() and name.isalnum()):
                raise ValueError(f"the key name {name!r} is not of letters and digits")
        if not keys or (current is not None and current not in keys):
            raise ValueError(f"the vault has no key {current!r}" if keys else "a vault needs a key")
        aead = _aead()
        self._locks: dict[str, Any] = {name: aead(key) for name, key in keys.items()}
        self._current = current if current is not None else list(keys)[-1]
        self._entropy = entropy

    def lock(self, entry: PrivateEntry) -> PrivateEntry:
        """Give the entry as the store may see it."""
        nonce = self._entropy(NONCE_BYTES)
        plain = len(entry.salt).to_bytes(2, "big") + entry.salt + entry.body
        locked = self._locks[self._current].encrypt(nonce, plain, _bound(entry))
        return attrs.evolve(entry, salt=b"", body=MARK + self._current.encode() + b":" + nonce + locked)

    def open(self, entry: PrivateEntry) -> PrivateEntry:
        """Give the entry as it was before it was locked; one that was never locked as it is.

        :raises StoreError: its key is not in the vault, or it is not what was locked.
        """
        if not entry.body.startswith(MARK):
            return entry  # written before the street had a vault
        name, _, rest = entry.body.removeprefix(MARK).partition(b":")
        lock = self._locks.get(name.decode("ascii", "replace"))
        if lock is None:
            raise StoreError(f"the private text {entry.ref} is locked with a key that is not in the vault")
        try:
            plain: bytes = lock.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], _bound(entry))
        except Exception as error:
            raise StoreError(f"the private text {entry.ref} is not what was locked up") from error
        end = 2 + int.from_bytes(plain[:2], "big")
        return attrs.evolve(entry, salt=plain[2:end], body=plain[end:])

    def __repr__(self) -> str:
        return f"Vault({', '.join(self._locks)})"


def open_entry(entry: PrivateEntry, vault: Vault | None) -> PrivateEntry:
    """Give an entry as it was before it was locked, by a vault where there is one.

    :raises StoreError: it is locked, and there is no vault, or not the right one.
    """
    if vault is not None:
        return vault.open(entry)
    if entry.body.startswith(MARK):
        raise StoreError(f"the private text {entry.ref} is locked, and this office was opened without a vault")
    return entry


def _bound(entry: PrivateEntry) -> bytes:
    return canonical([entry.ref, entry.subject, entry.purpose])


def _aead() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise ImportError("a vault needs the extra: pip install 'gridgov[vault]'") from error
    return AESGCM
