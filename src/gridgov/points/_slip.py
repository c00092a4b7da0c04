"""A voucher on paper or on a screen, which an outlet can check while it has no network.

The slip says what it is good for and until when, and is signed by the office; it names nobody. Without network an
outlet can tell that it is genuine and not too old. That it was not used elsewhere already, nobody can tell offline:
that is found when the outlet reports what it took (:class:`~gridgov.points.ReportOfflineUses`).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Any

import attrs
import msgspec

from gridgov.errors import RefusalError
from gridgov.points._state import Voucher
from gridgov.proofs import Signer, Verifier, canonical

__all__ = ["Slip", "read_slip", "slip_of"]

MARK = "GV1"


@attrs.frozen(kw_only=True)
class Slip:
    """What a slip says.

    :param valid_through: its last day, None for no end.
    """

    voucher: str
    good: str
    outlet: str
    quantity: int
    valid_through: dt.date | None = None


def slip_of(voucher: Voucher, signer: Signer) -> str:
    """Write the signed slip of a voucher: about 250 characters, for a QR code.

    :raises RefusalError: ``points.voucher-used`` for one that is not open any more.
    """
    if voucher.state != "reserved":
        raise RefusalError("points.voucher-used", f"the voucher {voucher.id} was {voucher.state}", voucher=voucher.id)
    slip = Slip(
        voucher=voucher.id,
        good=voucher.good,
        outlet=voucher.outlet,
        quantity=voucher.quantity,
        valid_through=voucher.valid_through,
    )
    body = canonical(slip)
    return ".".join((MARK, _written(body), _written(signer.sign(body))))


def read_slip(text: str, verifier: Verifier, *, outlet: str, on: dt.date) -> Slip:
    """Give what a slip says, if it is genuine, for this outlet, and still valid on a day.

    :raises RefusalError: ``points.bad-slip``, ``points.another-outlet`` or ``points.voucher-lapsed``.
    """
    slip = _genuine(text, verifier)
    if slip.outlet != outlet:
        raise RefusalError("points.another-outlet", f"this slip is for {slip.outlet}", outlet=slip.outlet)
    if slip.valid_through is not None and on > slip.valid_through:
        last = slip.valid_through
        raise RefusalError("points.voucher-lapsed", f"the voucher {slip.voucher} was valid through {last}", last=last)
    return slip


def _genuine(text: str, verifier: Verifier) -> Slip:
    parts = text.strip().split(".")
    try:
        if len(parts) != 3 or parts[0] != MARK:
            raise ValueError("three parts")
        body, signature = _read(parts[1]), _read(parts[2])
        # Only the one way of writing it counts: nobody changes a slip without the signature noticing.
        genuine = verifier.verify(body, signature) and _written(body) == parts[1] and _written(signature) == parts[2]
        slip: Any = msgspec.json.decode(body, type=Slip) if genuine else None
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        slip = None
    if not isinstance(slip, Slip):
        raise RefusalError("points.bad-slip", f"this is no slip signed by {verifier.name}")
    return slip


def _written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
