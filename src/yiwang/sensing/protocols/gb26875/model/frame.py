"""One frame: start, control unit, application data unit, checksum, end (6.6, table 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from yiwang.sensing.mqtt.errors import BadTime
from yiwang.sensing.protocols.errors import BadChecksum, BadFrame, FrameTooLong

START = b"@@"
END = b"##"
HEAD = 27
"""Bytes from the start to the command byte."""
MOST_UNIT = 1024
MOST_FRAME = HEAD + MOST_UNIT + 3
NO_TIME = bytes(6)
NO_FRAME = "one begins with @@ (40 40), is as long as it says, and ends with ## (23 23)"


class Command(IntEnum):
    """Table 2. 0 and 7 … 127 are reserved, 128 … 255 the user's own."""

    CONTROL = 1
    SEND = 2
    CONFIRM = 3
    REQUEST = 4
    ANSWER = 5
    DENY = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that arrived whole. ``source`` and ``target`` are addresses of 48 bits, ``tag``
    the six bytes of the time at which it was sent, ``version`` main and user version."""

    serial: int
    command: int
    source: int
    target: int
    unit: bytes = b""
    tag: bytes = NO_TIME
    version: tuple[int, int] = (1, 1)


def encode(frame: Frame) -> bytes:
    """The bytes of a frame. Raises ValueError where a field does not fit its place."""
    if len(frame.unit) > MOST_UNIT or len(frame.tag) != 6:
        raise ValueError("the unit holds at most 1024 bytes, a time tag 6")
    body = b"".join(
        (
            frame.serial.to_bytes(2, "little"),
            bytes(frame.version),
            frame.tag,
            frame.source.to_bytes(6, "little"),
            frame.target.to_bytes(6, "little"),
            len(frame.unit).to_bytes(2, "little"),
            bytes((frame.command,)),
            frame.unit,
        )
    )
    return START + body + bytes((checksum(body),)) + END


def checksum(body: bytes) -> int:
    """The low 8 bits of the sum of bytes 3 … 27 and the application data unit."""
    return sum(body) & 0xFF


def head(data: bytes | bytearray) -> Frame:
    """The control unit in the first 27 bytes, the unit left empty."""
    return Frame(
        serial=int.from_bytes(data[2:4], "little"),
        command=data[26],
        source=int.from_bytes(data[12:18], "little"),
        target=int.from_bytes(data[18:24], "little"),
        tag=bytes(data[6:12]),
        version=(data[4], data[5]),
    )


def decode(raw: bytes) -> Frame:
    """The frame that these bytes are, whole. Raises BadFrame, FrameTooLong, BadChecksum."""
    if len(raw) < HEAD + 3 or not raw.startswith(START) or not raw.endswith(END):
        raise BadFrame(problem=NO_FRAME)
    size = size_of(raw)
    if size > MOST_FRAME:
        raise FrameTooLong(bytes=size, most=MOST_FRAME)
    if size != len(raw):
        raise BadFrame(problem=NO_FRAME)
    stated, computed = raw[-3], checksum(raw[2:-3])
    if stated != computed:
        raise BadChecksum(found=f"{stated:02X}", wanted=f"{computed:02X}")
    return replace(head(raw), unit=bytes(raw[HEAD:-3]))


def size_of(data: bytes | bytearray, at: int = 0) -> int:
    """The size of the frame that begins here, as its control unit says."""
    return HEAD + int.from_bytes(data[at + 24 : at + 26], "little") + 3


def reply(to: Frame, command: Command, tag: bytes) -> Frame:
    """Confirmation or denial: the serial number of what it answers, addresses turned round."""
    return Frame(to.serial, command, to.target, to.source, b"", tag, to.version)


def tag_of(moment: datetime) -> bytes:
    """The time tag (8.2.2) of a local time: second, minute, hour, day, month, year of the
    century."""
    return bytes(
        (moment.second, moment.minute, moment.hour, moment.day, moment.month, moment.year % 100)
    )


def moment_of(tag: bytes) -> datetime | None:
    """The local time of a tag, in this century; None for a tag of zeros, which devices without
    a clock send. Raises BadTime."""
    if tag == NO_TIME:
        return None
    second, minute, hour, day, month, year = tag
    try:
        return datetime(2000 + year, month, day, hour, minute, second)
    except ValueError:
        raise BadTime(value=tag.hex(" ")) from None
