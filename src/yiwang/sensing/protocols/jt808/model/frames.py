"""The message of JT/T 808, clause 4.4: marks, escapes, header and check, in both versions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from yiwang.sensing.protocols.errors import BadFrame

MARK = 0x7E
V2013, V2019 = 0, 1
MOST_BODY = 1023
MOST_FRAME = 2 * (21 + MOST_BODY + 1) + 2
"""Bytes of a frame whose every byte is escaped."""

_SPLIT, _VERSIONED, _ENCRYPTED = 0x2000, 0x4000, 0x1C00


@dataclass(frozen=True)
class Message:
    """One message. ``version`` is 0 for 2013 and counts from 1 since 2019; ``phone`` has 12 or
    20 digits; ``total`` is 0 where the message is not one part of several."""

    kind: int
    phone: str
    serial: int
    body: bytes = b""
    version: int = V2013
    total: int = 0
    part: int = 0


def phone_names(phone: str) -> tuple[str, ...]:
    """How a terminal may be named, likeliest first: without leading zeros, as sent, and as it
    was sent before 2019."""
    short = phone.lstrip("0") or "0"
    return tuple(dict.fromkeys((short, phone, short.zfill(12))))


def check(data: bytes) -> int:
    """The exclusive or of all bytes."""
    value = 0
    for byte in data:
        value ^= byte
    return value


def unescape(data: bytes) -> bytes:
    """What stands between the marks, restored. Raises BadFrame."""
    parts = data.split(b"\x7d")
    restored = [parts[0]]
    for part in parts[1:]:
        if part[:1] == b"\x01":
            restored.append(b"\x7d" + part[1:])
        elif part[:1] == b"\x02":
            restored.append(b"\x7e" + part[1:])
        else:
            raise BadFrame(problem="7D is followed by neither 01 nor 02")
    return b"".join(restored)


def escape(data: bytes) -> bytes:
    return data.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def decode(data: bytes) -> Message:
    """One frame with its marks. Raises BadFrame."""
    if len(data) < 2 or data[0] != MARK or data[-1] != MARK:
        raise BadFrame(problem="it does not begin and end with 7E")
    plain = unescape(data[1:-1])
    if len(plain) < 13:
        raise BadFrame(problem=f"{len(plain)} bytes are too few for a message")
    if check(plain) != 0:
        raise BadFrame(problem=f"the check is {plain[-1]:02X}, not {check(plain[:-1]):02X}")
    return _read(plain[:-1])


def _read(plain: bytes) -> Message:
    kind, attributes = plain[0] << 8 | plain[1], plain[2] << 8 | plain[3]
    version, at, digits = V2013, 4, 6
    if attributes & _VERSIONED:
        version, at, digits = plain[4], 5, 10
    if attributes & _ENCRYPTED:
        raise BadFrame(problem="the body is encrypted, and no key was agreed")
    size = at + digits + 2 + (4 if attributes & _SPLIT else 0)
    body = plain[size:]
    if len(plain) < size or len(body) != attributes & MOST_BODY:
        said = attributes & MOST_BODY
        raise BadFrame(problem=f"the header says {said} bytes of body, there are {len(body)}")
    phone = plain[at : at + digits].hex()
    if not phone.isdigit():
        raise BadFrame(problem=f"the terminal number {phone} is not decimal")
    at += digits
    serial = plain[at] << 8 | plain[at + 1]
    total = part = 0
    if attributes & _SPLIT:
        total, part = (int.from_bytes(plain[n : n + 2], "big") for n in (at + 2, at + 4))
        if not 1 <= part <= total:
            raise BadFrame(problem=f"part {part} of {total} cannot be")
    return Message(kind, phone, serial, body, version, total, part)


def encode(message: Message) -> bytes:
    """The bytes of a message. Raises BadFrame for a body that is too long for one."""
    if len(message.body) > MOST_BODY:
        raise BadFrame(problem=f"a body of {len(message.body)} bytes; {MOST_BODY} are possible")
    attributes = len(message.body) | (_SPLIT if message.total else 0)
    digits = 12
    head = message.kind.to_bytes(2, "big")
    if message.version:
        head += (attributes | _VERSIONED).to_bytes(2, "big") + bytes((message.version,))
        digits = 20
    else:
        head += attributes.to_bytes(2, "big")
    head += bytes.fromhex(message.phone.zfill(digits)[-digits:])
    head += message.serial.to_bytes(2, "big")
    if message.total:
        head += message.total.to_bytes(2, "big") + message.part.to_bytes(2, "big")
    plain = head + message.body
    return b"\x7e" + escape(plain + bytes((check(plain),))) + b"\x7e"


def parts(message: Message, size: int = MOST_BODY) -> list[Message]:
    """A long message as parts of at most ``size`` bytes, with serial numbers that go up."""
    bodies = [message.body[at : at + size] for at in range(0, len(message.body), size)]
    return [
        replace(
            message,
            body=body,
            serial=(message.serial + number) & 0xFFFF,
            total=len(bodies),
            part=number + 1,
        )
        for number, body in enumerate(bodies)
    ]
