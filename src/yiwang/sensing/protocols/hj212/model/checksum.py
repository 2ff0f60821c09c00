"""The checksum of HJ 212 (2017 and 2025: appendix A), which the standard calls ANSI CRC16.

It is not CRC-16/MODBUS: the byte meets the register's high half, after that was shifted down.
"""

from __future__ import annotations


def _eight_steps(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_TABLE = tuple(_eight_steps(value) for value in range(256))


def crc(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register = _TABLE[register >> 8 ^ byte]
    return register


def written(data: bytes) -> bytes:
    """As it stands in a frame: four hexadecimal digits."""
    return b"%04X" % crc(data)
