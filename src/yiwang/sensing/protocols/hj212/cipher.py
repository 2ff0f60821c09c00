"""Encryption of HJ 212-2025 (6.4.2, appendix A.2): SM4 in ECB mode over the data region.

Blocks of 16 bytes are encrypted, what is left over at the end stays in the clear, so the data
keep their length. The standard prints encrypted bytes as ``{0xE4,0x3E,…}``; that spelling is
understood as well.
"""

from __future__ import annotations

import re

from cryptography.hazmat.primitives.ciphers import Cipher as Blocks
from cryptography.hazmat.primitives.ciphers import algorithms, modes

BLOCK = 16
_SPELT = re.compile(rb"\{((?:0x[0-9A-Fa-f]{2},?)+)\}")


class Sm4:
    """Implements ``packet.Cipher`` with a key of 16 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = Blocks(algorithms.SM4(key), modes.ECB())

    def encrypt(self, data: bytes) -> bytes:
        whole = len(data) // BLOCK * BLOCK
        encryptor = self._cipher.encryptor()
        return encryptor.update(data[:whole]) + encryptor.finalize() + data[whole:]

    def decrypt(self, data: bytes) -> bytes:
        spelt = _SPELT.match(data)
        if spelt is not None:
            data = bytes.fromhex(re.sub(rb"0x|,", b"", spelt[1]).decode()) + data[spelt.end() :]
        whole = len(data) // BLOCK * BLOCK
        decryptor = self._cipher.decryptor()
        return decryptor.update(data[:whole]) + decryptor.finalize() + data[whole:]
