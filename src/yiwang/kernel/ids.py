"""Identifiers that sort by time and need no coordination."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from yiwang.kernel.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class IdSource:
    """26-character ULIDs (48 bits of milliseconds, 80 bits of randomness), lower case."""

    def __init__(self, clock: Clock, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._random_bits = random_bits

    def new(self) -> str:
        value = (self._clock.now() // 1000) << 80 | self._random_bits(80)
        return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def secret(size: int = 32) -> str:
    """A random, URL-safe secret of ``size`` bytes, for tokens and device credentials."""
    return secrets.token_urlsafe(size)
