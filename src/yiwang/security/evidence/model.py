"""The Merkle tree of RFC 6962: roots, compact ranges, proofs and their verification. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes

Digest = Callable[[bytes], bytes]
Subtree = Callable[[int, int], bytes]
"""The root over the leaves from the first number to before the second."""

TILE = 8
"""Heights at which roots of full subtrees are kept: those of 256, 65,536 … leaves."""


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    whole = hashes.Hash(hashes.SM3())
    whole.update(data)
    return whole.finalize()


ALGORITHMS: dict[str, Digest] = {"sha256": _sha256, "sm3": _sm3}
"""SHA-256 (FIPS 180-4) and SM3 (GB/T 32905), both of 32 bytes."""


@dataclass(frozen=True)
class Hashing:
    """How a log hashes; leaves and nodes begin differently, so that none passes for the other
    (RFC 6962, 2.1)."""

    algorithm: str

    def empty(self) -> bytes:
        return ALGORITHMS[self.algorithm](b"")

    def leaf(self, entry: bytes) -> bytes:
        return ALGORITHMS[self.algorithm](b"\x00" + entry)

    def node(self, left: bytes, right: bytes) -> bytes:
        return ALGORITHMS[self.algorithm](b"\x01" + left + right)

    def root(self, nodes: Sequence[bytes]) -> bytes:
        """The root over nodes that stand for equally many leaves each, but for the last one."""
        if not nodes:
            return self.empty()
        row = list(nodes)
        while len(row) > 1:
            pairs = zip(row[::2], row[1::2], strict=False)
            row = [self.node(*pair) for pair in pairs] + row[len(row) & ~1 :]
        return row[0]


@dataclass
class Range:
    """The tree of the first ``size`` leaves as the roots of its perfect subtrees, the largest
    first: all that is needed to go on and to know the root."""

    hashing: Hashing
    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def push(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf; gives what it completes: height over ``TILE``, place and root."""
        completed, node, height = [], leaf, 0
        while self.size >> height & 1:
            node, height = self.hashing.node(self.peaks.pop(), node), height + 1
            if height % TILE == 0:
                completed.append((height // TILE, self.size >> height, node))
        self.peaks.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        if not self.peaks:
            return self.hashing.empty()
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = self.hashing.node(peak, found)
        return found


def peaks(size: int) -> list[tuple[int, int]]:
    """Where the perfect subtrees of a tree begin and end, the largest first."""
    found, start = [], 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            found.append((start, start + (1 << height)))
            start += 1 << height
    return found


def inclusion(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The path from a leaf to the root of the first ``size`` leaves (RFC 6962, 2.1.1)."""
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """That the first ``old`` leaves of the tree of ``new`` are the old tree (RFC 6962, 2.1.2)."""
    start, end, whole, path = 0, new, True, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(subtree(start, end))
    return path[::-1]


def included(
    hashing: Hashing, leaf: bytes, index: int, size: int, path: Iterable[bytes], root: bytes
) -> bool:
    """Whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for one in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = hashing.node(one, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hashing.node(found, one)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistent(
    hashing: Hashing, old: int, new: int, roots: tuple[bytes, bytes], path: Sequence[bytes]
) -> bool:
    """Whether the tree of the first root is the beginning of that of the second (RFC 9162,
    2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and roots[0] == roots[1]
    steps = [roots[0], *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for one in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = hashing.node(one, first), hashing.node(one, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = hashing.node(second, one)
        place, last = place >> 1, last >> 1
    return last == 0 and (first, second) == roots


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
