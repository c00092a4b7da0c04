"""Private texts on their way: out of the command, into the private store, and compared on a retry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from gridgov.decider import private_fields
from gridgov.proofs import Sealed, commitment
from gridgov.setup import Retention
from gridgov.store import PrivateEntry

__all__ = ["Envelope", "as_sealed", "same_texts", "seal", "seals"]

SALT_BYTES = 16
UNNAMED = Retention(basis="PIPL art. 13(1)(3): statutory duties", days=365)
"""For a purpose that the place has not said anything about."""


@attrs.frozen
class _Text:
    sealed: Sealed
    salt: bytes
    body: bytes
    purpose: str


@attrs.frozen(kw_only=True)
class Envelope:
    """A command without its private texts, the seals for them, and the texts."""

    public: Any
    sealed: Mapping[str, Sealed]
    texts: tuple[_Text, ...]

    def entries(self, subject: str, day: dt.date, retention: Mapping[str, Retention]) -> tuple[PrivateEntry, ...]:
        """Give what the private store keeps, with purpose, basis and end."""
        found = []
        for text in self.texts:
            kept = retention.get(text.purpose, UNNAMED)
            found.append(
                PrivateEntry(
                    ref=text.sealed.ref,
                    subject=subject,
                    purpose=text.purpose,
                    basis=kept.basis,
                    ends_on=day + dt.timedelta(days=kept.days),
                    salt=text.salt,
                    body=text.body,
                )
            )
        return tuple(found)


def seal(command: Any, ref: str, entropy: Callable[[int], bytes]) -> Envelope:
    """Take the private texts out of a command.

    :param ref: what their references begin with.
    """
    texts: dict[str, _Text] = {}
    for field, purpose in private_fields(type(command)).items():
        body = getattr(command, field).strip().encode()
        if body:
            salt = entropy(SALT_BYTES)
            texts[field] = _Text(Sealed(f"{ref}/{field}", commitment(salt, body)), salt, body, purpose)
    return Envelope(
        public=attrs.evolve(command, **dict.fromkeys(texts, "")) if texts else command,
        sealed={field: text.sealed for field, text in texts.items()},
        texts=tuple(texts.values()),
    )


def as_sealed(entry: PrivateEntry, sealed: Sealed) -> bool:
    """Say whether a private entry is what was sealed."""
    return len(entry.salt) >= SALT_BYTES and commitment(entry.salt, entry.body) == sealed.commitment


def seals(value: Any) -> Iterator[Sealed]:
    """Walk the seals in an event."""
    if isinstance(value, Sealed):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from seals(each)
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from seals(getattr(value, field.name))


def same_texts(command: Any, ref: str, find: Callable[[str], PrivateEntry | None]) -> bool:
    """Say whether a retry brings the same private texts; one that was erased cannot be compared."""
    for field in private_fields(type(command)):
        entry = find(f"{ref}/{field}")
        if entry is not None and entry.body != getattr(command, field).strip().encode():
            return False
    return True
