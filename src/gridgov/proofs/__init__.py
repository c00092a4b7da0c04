"""Canonical bytes, the hash chain, Merkle trees and signatures.

A street must be able to show, years later, that nothing was changed behind its back. For that,
equal values need equal bytes: JSON with sorted keys, UTF-8, without floats and without white
space. A record's *head* is the hash of the head before it in the same stream and of everything
that the record says; whoever changes, removes or reorders a record breaks every later head.

A *commitment* binds to a private text without showing it: the hash of a random salt and the
text. When salt and text are erased, the commitment stays valid and says nothing.

A *Merkle tree* (RFC 6962) puts thousands of texts under one root of 32 bytes. Whoever holds one
text and sixteen hashes can show that it is under the root, and learns nothing of the others.

A *signature* says whose root that is; Ed25519 needs the extra ``sign``, SM2 the extra ``sm``.

This room stands below the stores, because a store links a record in the same transaction that
writes it.
"""

from gridgov.proofs._canonical import GENESIS, Sealed, canonical, commitment, digest, link
from gridgov.proofs._merkle import (
    MerkleTree,
    fold,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from gridgov.proofs._signing import (
    Ed25519Signer,
    Ed25519Verifier,
    Signer,
    SM2Signer,
    SM2Verifier,
    Verifier,
    key_hash,
    signature_line,
    verified_by,
)

__all__ = [
    "GENESIS",
    "Ed25519Signer",
    "Ed25519Verifier",
    "MerkleTree",
    "SM2Signer",
    "SM2Verifier",
    "Sealed",
    "Signer",
    "Verifier",
    "canonical",
    "commitment",
    "digest",
    "fold",
    "key_hash",
    "leaf_hash",
    "link",
    "node_hash",
    "signature_line",
    "verified_by",
    "verify_consistency",
    "verify_inclusion",
]
