"""The frame of SL 651-2014, clauses 6.2 to 6.5: header, end mark and CRC, in both encodings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from yiwang.sensing.protocols.errors import BadFrame

SOH, STX, ETX, EOT, ENQ, ACK, NAK, SYN, ETB, ESC = 1, 2, 3, 4, 5, 6, 0x15, 0x16, 0x17, 0x1B
HEX_START = b"\x7e\x7e"
UP_ENDS = frozenset((ETX, ETB))
DOWN_ENDS = frozenset((ENQ, ACK, NAK, EOT, ESC))
MOST_BODY = 4095
"""Bytes between start and end mark of a single-packet frame (table 16, table 20)."""
MOST_PACKET = 65535
"""The same of a packet of a multi-packet message (table 22)."""
_HEX_DIGITS = frozenset(b"0123456789ABCDEFabcdef")


class Coding(Enum):
    ASCII = "ascii"
    HEX = "hex"


@dataclass(frozen=True)
class Frame:
    """One frame. ``station`` is the address as ten hexadecimal digits, ``body`` what stands
    between the marks, without packet numbers; ``total`` is 0 in a single-packet frame."""

    coding: Coding
    down: bool
    centre: int
    station: str
    password: int
    function: int
    end: int
    body: bytes
    total: int = 0
    packet: int = 0


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
        table.append(byte)
    return tuple(table)


_CRC = _table()


def crc(data: bytes) -> int:
    """CRC-16 with x^16+x^15+x^2+1, least bit first, starting at FFFF (that of Modbus)."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return value


def station_names(address: str) -> tuple[str, ...]:
    """How a station may be named, likeliest first (clause 6.2.3.2): the address as sent; for a
    hydrological station (it begins with 00) its code of SL 502, eight digits; for another its
    district of six digits and its number of six."""
    if address.startswith("00"):
        return address, address[2:]
    return address, f"{address[:6]}{int(address[6:], 16):06d}"


def extent(data: bytes, at: int, down: bool = False) -> int:
    """How many bytes the frame at ``at`` has; 0: not yet known; -1: no frame starts here."""
    if data[at] == SOH:
        return _extent_ascii(data, at, down)
    if data[at] != 0x7E:
        return -1
    if len(data) - at < 2:
        return 0
    return _extent_hex(data, at, down) if data[at + 1] == 0x7E else -1


def _extent_hex(data: bytes, at: int, down: bool) -> int:
    if len(data) - at < 14:
        return 0
    mark, word = data[at + 13], data[at + 11] << 8 | data[at + 12]
    return _whole(mark, word, down, 14, 3, 2)


def _extent_ascii(data: bytes, at: int, down: bool) -> int:
    head = data[at + 1 : at + 23]
    if not _HEX_DIGITS.issuperset(head):
        return -1
    if len(data) - at < 24:
        return 0
    return _whole(data[at + 23], int(head[18:22], 16), down, 24, 6, 4)


def _whole(mark: int, word: int, down: bool, head: int, numbers: int, check: int) -> int:
    if mark == STX:
        length, direction = word & 0x0FFF, word >> 12
        if direction != (8 if down else 0) or length == 0:
            return -1
    elif mark == SYN:
        length = word & 0x0FFF if down else word
        if length < numbers:
            return -1
    else:
        return -1
    return head + length + 1 + check


def decode(data: bytes, down: bool = False) -> Frame:
    """One whole frame. Raises BadFrame."""
    if len(data) < 17 or extent(data, 0, down) != len(data):
        raise BadFrame(problem="the start, the header or the length is not that of a frame")
    if data[0] == SOH:
        return _decode_ascii(data, down)
    if crc(data[:-2]) != data[-2] << 8 | data[-1]:
        raise BadFrame(problem="the CRC does not match")
    first, second = (data[2:7], data[7]) if down else (data[3:8], data[2])
    body, end = data[14:-3], data[-3]
    numbers = 0
    if data[13] == SYN:
        numbers, body = int.from_bytes(body[:3], "big"), body[3:]
    password = data[8] << 8 | data[9]
    fields = (second, first.hex().upper(), password, data[10])
    return _checked(Coding.HEX, down, fields, end, body, numbers, data[13] == SYN)


def _decode_ascii(data: bytes, down: bool) -> Frame:
    if not _HEX_DIGITS.issuperset(data[-4:]) or crc(data[:-4]) != int(data[-4:], 16):
        raise BadFrame(problem="the CRC does not match")
    head = data[1:23].decode("ascii").upper()
    station, centre = (head[:10], head[10:12]) if down else (head[2:12], head[:2])
    body, end = data[24:-5], data[-5]
    numbers = 0
    if data[23] == SYN:
        if not _HEX_DIGITS.issuperset(body[:6]):
            raise BadFrame(problem="the packet number is not hexadecimal")
        numbers, body = int(body[:6], 16), body[6:]
    fields = (int(centre, 16), station, int(head[12:16], 16), int(head[16:18], 16))
    return _checked(Coding.ASCII, down, fields, end, body, numbers, data[23] == SYN)


def _checked(
    coding: Coding,
    down: bool,
    fields: tuple[int, str, int, int],
    end: int,
    body: bytes,
    numbers: int,
    many: bool,
) -> Frame:
    centre, station, password, function = fields
    if end not in (DOWN_ENDS if down else UP_ENDS):
        raise BadFrame(problem=f"the end mark {end:02X} is not one of this direction")
    if station.startswith("00") and not station.isdigit():
        raise BadFrame(problem=f"the station address {station} is not decimal")
    if not station[:6].isdigit():
        raise BadFrame(problem=f"the district of the station address {station} is not decimal")
    total, packet = numbers >> 12, numbers & 0xFFF
    if many and not 1 <= packet <= total:
        raise BadFrame(problem=f"packet {packet} of {total} cannot be")
    return Frame(coding, down, centre, station, password, function, end, body, total, packet)


def encode(frame: Frame) -> bytes:
    """The bytes of a frame. Raises BadFrame for a body longer than its frame may hold."""
    if frame.coding is Coding.ASCII:
        return _encode_ascii(frame)
    body = frame.body
    if frame.total:
        body = (frame.total << 12 | frame.packet).to_bytes(3, "big") + body
    word = _word(frame, len(body))
    station, centre = bytes.fromhex(frame.station), bytes((frame.centre,))
    first = station + centre if frame.down else centre + station
    head = HEX_START + first + frame.password.to_bytes(2, "big") + bytes((frame.function,))
    mark = SYN if frame.total else STX
    data = head + word.to_bytes(2, "big") + bytes((mark,)) + body + bytes((frame.end,))
    return data + crc(data).to_bytes(2, "big")


def _encode_ascii(frame: Frame) -> bytes:
    body = frame.body
    if frame.total:
        body = f"{frame.total << 12 | frame.packet:06X}".encode() + body
    word = _word(frame, len(body))
    first = f"{frame.station}{frame.centre:02X}" if frame.down else None
    head = first or f"{frame.centre:02X}{frame.station}"
    head += f"{frame.password:04X}{frame.function:02X}{word:04X}"
    mark = SYN if frame.total else STX
    data = bytes((SOH,)) + head.encode() + bytes((mark,)) + body + bytes((frame.end,))
    return data + f"{crc(data):04X}".encode()


def _word(frame: Frame, length: int) -> int:
    most = MOST_PACKET if frame.total and not frame.down else MOST_BODY
    if not 1 <= length <= most:
        raise BadFrame(problem=f"a body of {length} bytes; 1 to {most} are possible")
    return length | 0x8000 if frame.down else length
