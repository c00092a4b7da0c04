import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.proofs import GENESIS, canonical, commitment, link

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), values, max_size=6))
def test_equal_values_have_equal_bytes_whatever_the_order(value):
    """规范字节: sorted keys, no white space."""
    turned = dict(reversed(value.items()))
    assert canonical(value) == canonical(turned)


@attrs.frozen
class Holder:
    inner: tuple


@pytest.mark.parametrize("value", [1.5, [1, 2.0], {"a": {"b": 0.1}}, Holder((1, 2.5))])
def test_a_float_anywhere_is_refused(value):
    with pytest.raises(TypeError, match="float"):
        canonical(value)


def test_a_commitment_binds_to_salt_and_text_and_a_short_salt_is_refused():
    salt = b"s" * 16
    assert commitment(salt, b"text") == commitment(salt, b"text")
    assert len({commitment(salt, b"text"), commitment(salt, b"texT"), commitment(b"S" * 16, b"text")}) == 3
    assert commitment(b"s" * 16, b"st") != commitment(b"s" * 17, b"t")
    with pytest.raises(ValueError, match="16 bytes"):
        commitment(b"short", b"text")


def test_a_link_depends_on_what_was_before():
    assert link(GENESIS, b"a") != link(link(GENESIS, b"a"), b"a")
