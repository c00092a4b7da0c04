"""A voucher on paper: genuine, for this outlet, not too old; nothing else is believed."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.errors import RefusalError
from gridgov.points import Voucher, read_slip, slip_of
from gridgov.proofs import Ed25519Signer

SIGNER = Ed25519Signer("youyi.street", bytes(range(32)))
OTHER = Ed25519Signer("youyi.street", bytes(32))
DAY = dt.date(2026, 9, 4)


def voucher(**changes):
    facts = {
        "id": "voucher:rice:1",
        "account": "resident:00007",
        "good": "rice",
        "outlet": "shop",
        "quantity": 1,
        "points": 20,
        "state": "reserved",
        "entries": (),
        "valid_through": DAY,
    }
    return Voucher(**(facts | changes))


def refused(text, *, outlet="shop", on=DAY, signer=SIGNER):
    with pytest.raises(RefusalError) as found:
        read_slip(text, signer.verifier(), outlet=outlet, on=on)
    return found.value.code


def test_an_outlet_without_network_reads_a_slip_up_to_its_last_day():
    slip = read_slip(slip_of(voucher(), SIGNER), SIGNER.verifier(), outlet="shop", on=DAY)
    assert (slip.voucher, slip.good, slip.quantity, slip.valid_through) == (voucher().id, "rice", 1, DAY)
    assert len(slip_of(voucher(), SIGNER)) < 260
    assert refused(slip_of(voucher(), SIGNER), on=DAY + dt.timedelta(days=1)) == "points.voucher-lapsed"
    read_slip(slip_of(voucher(valid_through=None), SIGNER), SIGNER.verifier(), outlet="shop", on=dt.date.max)


def test_a_slip_names_nobody():
    import base64

    body = slip_of(voucher(id="v1"), SIGNER).split(".")[1]
    assert b"resident" not in base64.urlsafe_b64decode(body + "===")
    assert b"00007" not in base64.urlsafe_b64decode(body + "===")


def test_a_slip_for_another_outlet_or_by_another_key_is_refused():
    assert refused(slip_of(voucher(), SIGNER), outlet="elder-care") == "points.another-outlet"
    assert refused(slip_of(voucher(), OTHER)) == "points.bad-slip"


@pytest.mark.parametrize("text", ["", "GV1", "GV1..", "GV2.a.b", "GV1.!!.!!", "GV1.e30.e30", "GV1.é.é"])
def test_what_is_no_slip_is_refused_with_one_code(text):
    assert refused(text) == "points.bad-slip"


@given(st.data())
def test_no_changed_slip_is_believed(data):
    text = slip_of(voucher(), SIGNER)
    at = data.draw(st.integers(4, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
    forged = text[:at] + letter + text[at + 1 :]
    if forged != text:
        assert refused(forged) == "points.bad-slip"


def test_only_an_open_voucher_has_a_slip():
    with pytest.raises(RefusalError, match="collected"):
        slip_of(voucher(state="collected"), SIGNER)
