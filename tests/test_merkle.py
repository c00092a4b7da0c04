"""Merkle trees of RFC 6962, and the signatures under their roots."""

import hashlib
import os
import random
import subprocess
import sys
from time import perf_counter

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.proofs import (
    Ed25519Signer,
    Ed25519Verifier,
    MerkleTree,
    Signer,
    SM2Signer,
    SM2Verifier,
    Verifier,
    fold,
    key_hash,
    leaf_hash,
    node_hash,
    signature_line,
    verified_by,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves that every implementation of RFC 6962 is tried with, and the roots of the first n of them.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): ("96a296d224f285c6", "5f083f0a1a33ca07", "6b47aaf29ee3c2af"),
    (5, 8): ("bc1a0643b12e4d2d", "ca854ea128ed050b", "d37ee418976dd957"),
}
CONSISTENCY = {
    (1, 8): ("96a296d224f285c6", "5f083f0a1a33ca07", "6b47aaf29ee3c2af"),
    (6, 8): ("0ebc5d3437fbe2db", "ca854ea128ed050b", "d37ee418976dd957"),
    (2, 5): ("5f083f0a1a33ca07", "bc1a0643b12e4d2d"),
}


def leaves(size):
    return [b"leaf %d" % number for number in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_the_reference_implementation(size):
    assert MerkleTree(LEAVES[:size]).root.hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_inclusion_paths_are_those_of_the_reference_implementation(index, size):
    path = MerkleTree(LEAVES[:size]).inclusion(index)
    assert tuple(each.hex()[:16] for each in path) == INCLUSION[index, size]


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_the_consistency_proofs_are_those_of_the_reference_implementation(old, new):
    path = MerkleTree(LEAVES[:new]).consistency(old)
    assert tuple(each.hex()[:16] for each in path) == CONSISTENCY[old, new]


# Written from RFC 6962, section 2.1, word for word, to hold the other against.


def split(size):
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def mth(data):
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = split(len(data))
    return hashlib.sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path_of(m, data):
    if len(data) == 1:
        return []
    k = split(len(data))
    return [*path_of(m, data[:k]), mth(data[k:])] if m < k else [*path_of(m - k, data[k:]), mth(data[:k])]


def subproof(m, data, whole):
    if m == len(data):
        return [] if whole else [mth(data)]
    k = split(len(data))
    if m <= k:
        return [*subproof(m, data[:k], whole), mth(data[k:])]
    return [*subproof(m - k, data[k:], False), mth(data[:k])]


sizes = st.integers(1, 130)


@given(sizes, st.data())
def test_root_path_and_proof_are_those_of_the_definition(size, data):
    """RFC 6962, 2.1: "k is the largest power of two smaller than n"; 2.1.1 PATH; 2.1.2 PROOF."""
    entries = leaves(size)
    tree = MerkleTree(entries)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree.root == mth(entries)
    assert list(tree.inclusion(index)) == path_of(index, entries)
    assert list(tree.consistency(old)) == subproof(old, entries, True)


@given(sizes, st.data())
def test_a_path_shows_its_leaf_and_no_other(size, data):
    """RFC 9162, 2.1.3.2: "Compare sn to 0 ... and r to the root_hash. If ... not equal, then the proof has failed"."""
    tree = MerkleTree(leaves(size))
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    path, leaf = tree.inclusion(index), leaf_hash(leaves(size)[index])
    assert verify_inclusion(leaf, index, size, path, tree.root)
    assert len(path) <= (size - 1).bit_length()
    assert verify_inclusion(leaf, other, size, path, tree.root) == (other == index)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, path, tree.root)
    assert not verify_inclusion(leaf, index, size, path, leaf) or size == 1
    assert not verify_inclusion(leaf, index, size, (*path, leaf), tree.root)
    if path:
        assert not verify_inclusion(leaf, index, size, path[:-1], tree.root)
        place, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
        turned = (int.from_bytes(path[place], "big") ^ 1 << bit).to_bytes(32, "big")
        assert not verify_inclusion(leaf, index, size, (*path[:place], turned, *path[place + 1 :]), tree.root)


@given(sizes, st.data())
def test_a_tree_that_only_grew_is_consistent_and_one_that_was_changed_is_not(size, data):
    """RFC 9162, 2.1.4.2: the proof holds for both roots at once."""
    old = data.draw(st.integers(0, size))
    tree, before = MerkleTree(leaves(size)), MerkleTree(leaves(old))
    path = tree.consistency(old)
    assert verify_consistency(old, size, before.root, tree.root, path)
    assert not verify_consistency(size, old, tree.root, before.root, path) or old == size
    if old == 0:
        return
    at = data.draw(st.integers(0, old - 1))
    changed = MerkleTree([b"changed" if place == at else leaf for place, leaf in enumerate(leaves(size))])
    assert not verify_consistency(old, size, before.root, changed.root, changed.consistency(old))
    assert not verify_consistency(old, size, before.root, changed.root, path)
    assert not verify_consistency(old, size, before.root, tree.root, (*path, tree.root))
    if path:
        assert not verify_consistency(old, size, before.root, tree.root, path[1:])
        assert not verify_consistency(old, size, before.root, tree.root, path[:-1])


@given(
    st.integers(-3, 40),
    st.integers(-3, 40),
    st.binary(max_size=40),
    st.lists(st.binary(min_size=28, max_size=34), max_size=6),
)
def test_whatever_is_malformed_is_false_and_never_raises(index, size, some, path):
    """Refusals of malformed paths return False."""
    root = MerkleTree(leaves(7)).root
    assert not verify_inclusion(some, index, size, path, root)
    assert not verify_inclusion(leaf_hash(some), index, size, path, root)
    assert not verify_consistency(index, size, some, root, path)
    assert not verify_consistency(index, size, root, some, path)
    assert fold(some, index, size, path) is None or len(some) == 32


def test_a_leaf_is_no_node_and_a_node_no_leaf():
    """RFC 6962, 2.1: "This domain separation is required to give second preimage resistance"."""
    one, other = leaf_hash(b"one"), leaf_hash(b"other")
    assert leaf_hash(one + other) != node_hash(one, other)
    tree = MerkleTree(leaves(4))
    inner = node_hash(*tree.hashes[:2])
    assert MerkleTree([tree.hashes[0] + tree.hashes[1]]).root != inner


def test_a_tree_can_be_built_from_the_hashes_of_its_leaves():
    tree = MerkleTree(leaves(11))
    again = MerkleTree.of_hashes(tree.hashes)
    assert (again.root, len(again), again.inclusion(10)) == (tree.root, 11, tree.inclusion(10))
    with pytest.raises(ValueError, match="32 bytes"):
        MerkleTree.of_hashes([b"short"])


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_there_is_no_path_for_a_leaf_that_is_not_there(index):
    with pytest.raises(IndexError, match="no leaf"):
        MerkleTree(leaves(5)).inclusion(index)


@pytest.mark.parametrize("old", [-1, 6])
def test_there_is_no_proof_for_a_size_that_never_was(old):
    with pytest.raises(IndexError, match="never had"):
        MerkleTree(leaves(5)).consistency(old)


def test_fifty_thousand_leaves_and_all_their_paths_take_less_than_a_moment():
    """Must build 50,000 leaves in well under 0.3 s and all proofs in under 1 s; the bounds here leave room for CI."""
    entries = leaves(50_000)
    start = perf_counter()
    tree = MerkleTree(entries)
    built = perf_counter()
    paths = [tree.inclusion(index) for index in range(len(tree))]
    assert built - start < 1
    assert perf_counter() - built < 3
    assert max(map(len, paths)) == 16


# --- signatures ---------------------------------------------------------------------------------

SEED = bytes(range(32))


@pytest.fixture(params=[Ed25519Signer, SM2Signer])
def signer(request):
    return request.param("youyi.street", SEED)


def test_the_signature_of_rfc_8032_test_2():
    """RFC 8032, 7.1, TEST 2: a message of one byte."""
    signer = Ed25519Signer("a", bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    assert signer.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert signer.sign(b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")


def test_the_signature_of_the_standard_of_sm2_is_right():
    """GB/T 32918.5, appendix A: the example with "message digest" and the identity 1234567812345678."""
    public = (
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    )
    signature = bytes.fromhex(
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )
    secret = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
    assert SM2Signer("a", secret).public.hex() == public
    assert SM2Verifier("a", bytes.fromhex(public)).verify(b"message digest", signature)
    assert not SM2Verifier("a", bytes.fromhex(public)).verify(b"message digests", signature)


def test_a_right_signature_is_right_and_every_other_is_false(signer):
    verifier = signer.verifier()
    assert isinstance(signer, Signer)
    assert isinstance(verifier, Verifier)
    signature = signer.sign(b"text")
    assert len(signature) == 64
    assert verifier.verify(b"text", signature)
    draw = random.Random(7)
    wrong = [b"", b"\x00" * 64, b"\xff" * 64, signature[:-1], signature + b"\x00", signature[32:] + signature[:32]]
    for _ in range(12):
        bit = draw.randrange(512)
        wrong.append((int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big"))
    assert not any(verifier.verify(b"text", each) for each in wrong)
    assert not verifier.verify(b"texts", signature)
    assert not type(signer)("youyi.street", SEED[::-1]).verifier().verify(b"text", signature)


def test_a_secret_is_not_shown(signer):
    assert repr(SEED)[2:-1] not in repr(signer)
    assert signer.verifier().public == signer.public


@pytest.mark.parametrize("name", ["", "two words", "plus+sign", "a\nb", "a\x00b"])
def test_a_name_that_no_line_can_hold_is_refused(name):
    for kind in (Ed25519Signer, SM2Signer):
        with pytest.raises(ValueError, match="name of a key"):
            kind(name, SEED)


def test_keys_of_a_wrong_length_or_off_the_curve_are_refused():
    for kind in (Ed25519Signer, SM2Signer):
        with pytest.raises(ValueError, match="32 bytes, this one has 5"):
            kind("a", b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        Ed25519Verifier("a", b"short")
    with pytest.raises(ValueError, match="65 bytes"):
        SM2Verifier("a", b"short")
    for off in (b"\x04" + b"1" * 64, b"\x04" + bytes(64), b"\x00" * 65):
        with pytest.raises(ValueError, match="no point"):
            SM2Verifier("a", off)
    for out in (bytes(32), b"\xff" * 32):
        with pytest.raises(ValueError, match="between 1 and"):
            SM2Signer("a", out)


def test_the_key_hash_is_that_of_a_signed_note():
    """C2SP signed-note: "SHA-256(<name> || 0x0A || 0x01 || 32-byte Ed25519 public key)[:4]"."""
    signer = Ed25519Signer("youyi.street", SEED)
    whole = hashlib.sha256(b"youyi.street\n\x01" + signer.public).digest()
    assert key_hash(signer) == key_hash(signer.verifier()) == whole[:4]
    assert key_hash(SM2Signer("youyi.street", SEED)) != whole[:4]


def test_a_signed_text_is_found_right_by_its_own_key_only(signer):
    body = "积分\n"
    line = signature_line(body, signer)
    other = type(signer)("other.street", SEED)
    both = [signature_line(body, other), line, ""]
    assert line.startswith("— youyi.street ")
    assert verified_by(body, both, signer.verifier())
    assert not verified_by("积分 \n", both, signer.verifier())
    assert not verified_by(body, [signature_line(body, other)], signer.verifier())
    for spoiled in (line[1:], line.replace("—", "-"), line[:-8], line + "é", line + "!", "— youyi.street", "", "— — —"):
        assert not verified_by(body, [spoiled], signer.verifier())
    with pytest.raises(ValueError, match="line end"):
        signature_line("积分", signer)


def test_a_signer_of_ones_own_is_enough():
    """A street whose key lies in a signing service writes its own class."""

    @attrs.frozen
    class Service:
        name: str
        public: bytes
        algorithm: bytes = b"\xffdemo"

        def sign(self, data):
            return hashlib.sha256(self.public + data).digest()

        def verify(self, data, signature):
            return self.sign(data) == signature

    service = Service("service", b"p")
    assert isinstance(service, Signer)
    assert verified_by("a\n", [signature_line("a\n", service)], service)


@pytest.mark.parametrize(
    ("hidden", "call", "extra"),
    [
        ("cryptography", "Ed25519Signer('a', bytes(32))", "gridgov[sign]"),
        ("cryptography", "Ed25519Verifier('a', bytes(32)).verify(b'', b'')", "gridgov[sign]"),
        ("gmalg", "SM2Signer('a', bytes(31) + b'1')", "gridgov[sm]"),
    ],
)
def test_without_the_extra_the_error_names_it(hidden, call, extra):
    script = f"import sys; sys.modules[{hidden!r}] = None\nfrom gridgov.proofs import *\n{call}"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert ran.returncode == 1
    assert extra in ran.stderr.splitlines()[-1]
