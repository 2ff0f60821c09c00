"""CoAP messages (RFC 7252, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from yiwang.sensing.protocols.coap.errors import NoMessage


class Type(IntEnum):
    CON = 0
    NON = 1
    ACK = 2
    RST = 3


def code(text: str) -> int:
    """The number of a code such as 4.04."""
    kind, _, detail = text.partition(".")
    return int(kind) << 5 | int(detail)


def code_text(number: int) -> str:
    return f"{number >> 5}.{number & 31:02d}"


EMPTY, POST, PUT = 0, 2, 3
CHANGED, CONTINUE = code("2.04"), code("2.31")
BAD_REQUEST, UNAUTHORIZED, BAD_OPTION = code("4.00"), code("4.01"), code("4.02")
FORBIDDEN, NOT_FOUND, NOT_ALLOWED = code("4.03"), code("4.04"), code("4.05")
INCOMPLETE, TOO_LARGE, UNSUPPORTED = code("4.08"), code("4.13"), code("4.15")
UNAVAILABLE, NO_PROXY = code("5.03"), code("5.05")

URI_HOST, URI_PORT, URI_PATH, CONTENT_FORMAT, MAX_AGE = 3, 7, 11, 12, 14
URI_QUERY, ACCEPT, BLOCK1, PROXY_URI, PROXY_SCHEME, SIZE1 = 15, 17, 27, 35, 39, 60
UNDERSTOOD = frozenset(
    (URI_HOST, URI_PORT, URI_PATH, CONTENT_FORMAT, URI_QUERY, ACCEPT, BLOCK1, SIZE1)
)
MOST_OPTIONS = 64


@dataclass(frozen=True, slots=True)
class Message:
    """``options``: number and value, in the order of the numbers."""

    type: int
    code: int
    id: int
    token: bytes = b""
    options: tuple[tuple[int, bytes], ...] = ()
    payload: bytes = b""

    @property
    def request(self) -> bool:
        return 0 < self.code < 32

    def all(self, option: int) -> list[bytes]:
        return [value for number, value in self.options if number == option]

    def number(self, option: int) -> int | None:
        """The last value of an option, as an unsigned number; None where it is not there."""
        found = self.all(option)
        return int.from_bytes(found[-1], "big") if found else None

    def texts(self, option: int) -> list[str]:
        """Raises NoMessage."""
        try:
            return [value.decode() for value in self.all(option)]
        except UnicodeDecodeError:
            raise NoMessage(problem="a path or query is not UTF-8") from None

    def unknown(self) -> int | None:
        """The first option that is critical (odd) and not understood (5.4.1)."""
        for number, _ in self.options:
            if number % 2 and number not in UNDERSTOOD:
                return number
        return None


def decode(data: bytes) -> Message:
    """The message in a datagram. Raises NoMessage."""
    if len(data) < 4 or data[0] >> 6 != 1:
        raise NoMessage(problem="version 1 and four bytes are the least")
    length = data[0] & 15
    if length > 8 or len(data) < 4 + length:
        raise NoMessage(problem="the token is cut short, or has more than 8 bytes")
    kind, number = data[0] >> 4 & 3, int.from_bytes(data[2:4], "big")
    token = data[4 : 4 + length]
    if data[1] == EMPTY and len(data) > 4:
        raise NoMessage(problem="an empty message has more than four bytes")
    options, payload = _options(data, 4 + length)
    return Message(kind, data[1], number, token, options, payload)


def _options(data: bytes, at: int) -> tuple[tuple[tuple[int, bytes], ...], bytes]:
    found: list[tuple[int, bytes]] = []
    number = 0
    while at < len(data):
        first = data[at]
        if first == 0xFF:
            if at + 1 == len(data):
                raise NoMessage(problem="a payload is announced and missing")
            return tuple(found), data[at + 1 :]
        if len(found) == MOST_OPTIONS:
            raise NoMessage(problem=f"there are more than {MOST_OPTIONS} options")
        delta, at = _extended(data, at + 1, first >> 4)
        length, at = _extended(data, at, first & 15)
        if at + length > len(data):
            raise NoMessage(problem="an option is cut short")
        number += delta
        if number > 0xFFFF:
            raise NoMessage(problem="an option has a number above 65535")
        found.append((number, data[at : at + length]))
        at += length
    return tuple(found), b""


def _extended(data: bytes, at: int, nibble: int) -> tuple[int, int]:
    """A delta or length and where what follows begins."""
    if nibble < 13:
        return nibble, at
    size = nibble - 12
    if size > 2 or at + size > len(data):
        raise NoMessage(problem="an option is cut short")
    base = 13 if size == 1 else 269
    return base + int.from_bytes(data[at : at + size], "big"), at + size


def encode(message: Message) -> bytes:
    """The bytes of a message. Raises ValueError where something does not fit."""
    if len(message.token) > 8:
        raise ValueError("a token has at most 8 bytes")
    first = 1 << 6 | message.type << 4 | len(message.token)
    parts = [bytes((first, message.code)), message.id.to_bytes(2, "big"), message.token]
    last = 0
    for number, value in message.options:
        delta, more = _shortened(number - last)
        length, longer = _shortened(len(value))
        parts += (bytes((delta << 4 | length,)), more, longer, value)
        last = number
    if message.payload:
        parts += (b"\xff", message.payload)
    return b"".join(parts)


def _shortened(number: int) -> tuple[int, bytes]:
    if number < 0:
        raise ValueError("options stand in the order of their numbers")
    if number < 13:
        return number, b""
    if number < 269:
        return 13, bytes((number - 13,))
    return 14, (number - 269).to_bytes(2, "big")


def unsigned(number: int) -> bytes:
    """The value of an option that is a number (3.2): no leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
