"""Merkle trees as in RFC 6962 (the same as in RFC 9162, section 2.1): SHA-256, 0x00 before a leaf, 0x01 before a node.

The first byte keeps leaves and nodes apart; without it, a node could be passed off as a leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MerkleTree", "fold", "leaf_hash", "node_hash", "verify_consistency", "verify_inclusion"]

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """Give the hash of a leaf (32 bytes): SHA-256 of 0x00 and *data* (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of a node (32 bytes): SHA-256 of 0x01 and its two children (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """A tree over leaves in their order, built once; asking for a proof hashes nothing.

    An odd node at the end of a level is taken up as it is, which gives the tree of RFC 6962 with its
    left half as large as a power of two can be.

    :param leaves: the bytes of each leaf.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels = _levels([leaf_hash(leaf) for leaf in leaves])

    @classmethod
    def of_hashes(cls, hashes: Iterable[bytes]) -> MerkleTree:
        """Give the tree over leaves of which only the hashes are left.

        :param hashes: what :func:`leaf_hash` gave, 32 bytes each.
        :raises ValueError: for a hash of another length.
        """
        kept = list(hashes)
        if any(len(each) != HASH_BYTES for each in kept):
            raise ValueError(f"the hash of a leaf has {HASH_BYTES} bytes")
        tree = cls()
        tree._levels = _levels(kept)
        return tree

    def __len__(self) -> int:
        return len(self._levels[0])

    @property
    def hashes(self) -> Sequence[bytes]:
        """The hashes of the leaves, in order."""
        return tuple(self._levels[0])

    @property
    def root(self) -> bytes:
        """The root (32 bytes); of an empty tree the hash of nothing."""
        return self._levels[-1][0] if len(self) else hashlib.sha256(b"").digest()

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Give the path from a leaf to the root (RFC 6962, 2.1.1), the lowest hash first.

        :raises IndexError: for a leaf that is not in the tree.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"there is no leaf {index} in a tree of {len(self)}")
        path = []
        for level in self._levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                path.append(level[beside])
            index >>= 1
        return tuple(path)

    def consistency(self, old_size: int) -> tuple[bytes, ...]:
        """Give the proof that the first *old_size* leaves are a tree that this one only added to (RFC 6962, 2.1.2).

        :raises IndexError: for a size below 0 or above that of the tree.
        """
        if not 0 <= old_size <= len(self):
            raise IndexError(f"a tree of {len(self)} leaves never had {old_size}")
        if old_size in (0, len(self)):
            return ()
        return tuple(reversed(list(self._apart(old_size))))

    def _apart(self, old_size: int) -> Iterator[bytes]:
        # SUBPROOF of RFC 6962, 2.1.2, from the top down; the proof itself is read from the bottom up.
        start, end, whole = 0, len(self), True
        while old_size != end:
            middle = start + _below(end - start)
            if old_size <= middle:
                yield self._over(middle, end)
                end = middle
            else:
                yield self._over(start, middle)
                start, whole = middle, False
        if not whole:
            yield self._over(start, end)

    def _over(self, start: int, end: int) -> bytes:
        height = (end - start - 1).bit_length()
        return self._levels[height][start >> height]


def _levels(hashes: list[bytes]) -> list[list[bytes]]:
    sha256 = hashlib.sha256
    levels = [hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        if len(below) % 2:
            above.append(below[-1])
        levels.append(above)
    return levels


def _below(size: int) -> int:
    """Give the largest power of two below *size* (2 or more)."""
    return 1 << (size - 1).bit_length() - 1


def _well_formed(*hashes: bytes) -> bool:
    return all(len(each) == HASH_BYTES for each in hashes)


def fold(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Give the root that a path leads to, ``None`` for a path that fits no tree of *size* (RFC 9162, 2.1.3.2).

    :param leaf: the hash of the leaf (32 bytes); :param path: the lowest hash first (32 bytes each).
    """
    if not (0 <= index < size and _well_formed(leaf, *path)):
        return None
    place, last, found = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = node_hash(beside, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the leaf stands at *index* under *root*; False for whatever is malformed (RFC 9162, 2.1.3.2).

    The root alone does not say how many leaves there are: where a path looks the same in trees of two
    sizes, both are right. Whoever wants the size bound writes it into the leaf.

    :param leaf: the hash of the leaf, as :func:`leaf_hash` gives it.
    """
    return fold(leaf, index, size, path) == root


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether the newer tree only added leaves to the older; False for whatever is malformed (RFC 9162, 2.1.4.2).

    An empty tree is consistent with every other, by an empty path.
    """
    if not (0 <= old_size <= new_size and _well_formed(old_root, new_root, *path)):
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    if old_size == 0:
        return not path and old_root == MerkleTree().root
    whole = old_size & (old_size - 1) == 0  # The old tree is a node of the new one, whose hash is known.
    steps = [old_root, *path] if whole else list(path)
    return bool(steps) and _folded_twice(old_size - 1, new_size - 1, steps) == (old_root, new_root)


def _folded_twice(place: int, last: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for beside in steps[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, beside)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None
