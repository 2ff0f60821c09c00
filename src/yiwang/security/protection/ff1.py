"""FF1 of NIST SP 800-38G with AES: encryption that keeps a number of digits one of as many digits.

Domains below a million values are refused, as revision 1 of the standard asks.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

LEAST_DIGITS = 6
_ROUNDS = 10


class Ff1:
    """FF1 over decimal digits with one key (16, 24 or 32 bytes) and one tweak."""

    def __init__(self, key: bytes, tweak: bytes = b"") -> None:
        self._cipher = Cipher(AES(key), ECB())
        self._tweak = tweak

    def encrypt(self, digits: str) -> str:
        """Raises ValueError for fewer than six digits, or for anything else."""
        rounds = _Rounds(self._cipher, self._tweak, digits)
        left, right = int(digits[: rounds.u]), int(digits[rounds.u :])
        for place in range(_ROUNDS):
            left, right = right, (left + rounds.value(place, right)) % rounds.modulus(place)
        return rounds.text(left, right)

    def decrypt(self, digits: str) -> str:
        """The digits of which ``encrypt`` made these. Raises as it does."""
        rounds = _Rounds(self._cipher, self._tweak, digits)
        left, right = int(digits[: rounds.u]), int(digits[rounds.u :])
        for place in reversed(range(_ROUNDS)):
            left, right = (right - rounds.value(place, left)) % rounds.modulus(place), left
        return rounds.text(left, right)


class _Rounds:
    """What all rounds over a number of one length share (SP 800-38G, 5.1, algorithm 7)."""

    def __init__(self, cipher: Cipher[ECB], tweak: bytes, digits: str) -> None:
        n = len(digits)
        if n < LEAST_DIGITS or not (digits.isascii() and digits.isdigit()):
            raise ValueError(f"{n} signs, where six digits or more are needed")
        self.u = n // 2
        self._v = n - self.u
        self._moduli: tuple[int, int] = (10**self.u, 10**self._v)
        self._width = ((10**self._v - 1).bit_length() + 7) // 8
        self._taken = 4 * -(-self._width // 4) + 4
        self._block = cipher.encryptor().update
        head = bytes([1, 2, 1, 0, 0, 10, 10, self.u % 256]) + n.to_bytes(4) + len(tweak).to_bytes(4)
        self._tail = tweak + bytes((-len(tweak) - self._width - 1) % 16)
        self._begun = self._block(head)

    def modulus(self, place: int) -> int:
        return self._moduli[place % 2]

    def value(self, place: int, number: int) -> int:
        """The pseudo-random number that round ``place`` adds."""
        data = self._tail + bytes([place]) + number.to_bytes(self._width)
        state = self._begun
        for start in range(0, len(data), 16):
            state = self._block(_xor(state, data[start : start + 16]))
        out = state
        for count in range(1, -(-self._taken // 16)):
            out += self._block(_xor(state, count.to_bytes(16)))
        return int.from_bytes(out[: self._taken])

    def text(self, left: int, right: int) -> str:
        return f"{left:0{self.u}d}{right:0{self._v}d}"


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(16)
