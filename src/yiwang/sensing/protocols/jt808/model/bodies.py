"""Bodies of the other messages, clauses 8.1 to 8.12, both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.jt808.model import times
from yiwang.sensing.protocols.jt808.model.frames import Message

TERMINAL_ANSWER, HEARTBEAT, LOGOUT, ASK_TIME, ASK_PARTS = 0x0001, 0x0002, 0x0003, 0x0004, 0x0005
REGISTER, AUTHENTICATE, PARAMETERS, ATTRIBUTES = 0x0100, 0x0102, 0x0104, 0x0107
POSITION, POSITION_ASKED, CONTROLLED, BATCH = 0x0200, 0x0201, 0x0500, 0x0704
PLATFORM_ANSWER, SEND_AGAIN, TIME, REGISTERED = 0x8001, 0x8003, 0x8004, 0x8100
SET_PARAMETERS, ASK_PARAMETERS, ASK_POSITION, TRACK = 0x8103, 0x8104, 0x8201, 0x8202

DONE, FAILED, WRONG, UNSUPPORTED = range(4)
"""Results of a general answer."""
REGISTRATION_DONE, VEHICLE_TAKEN, NO_VEHICLE, TERMINAL_TAKEN, NO_TERMINAL = range(5)


@dataclass(frozen=True)
class Registration:
    """What a terminal says of itself. ``plate``: the number plate, or the VIN where ``colour``
    is 0; ``province`` and ``city`` by GB/T 2260."""

    province: int
    city: int
    maker: str
    model: str
    terminal: str
    colour: int
    plate: str


@dataclass(frozen=True)
class Answer:
    """A general answer: to which message, and with what result."""

    serial: int
    kind: int
    result: int


def _text(data: bytes) -> str:
    return data.replace(b"\0", b" ").decode("gbk", "replace").strip()


def _gbk(value: str) -> bytes:
    return value.encode("gbk", "replace")


def _padded(value: str, size: int) -> bytes:
    return _gbk(value)[:size].ljust(size, b"\0")


def _need(data: bytes, size: int, what: str) -> None:
    if len(data) < size:
        raise BadFrame(problem=f"{what} has {size} bytes at least, not {len(data)}")


def registration(message: Message) -> Registration:
    """Raises BadFrame. Terminals of 2011 have a shorter model, and are told by the length."""
    maker, model, terminal = (11, 30, 30) if message.version else (5, 20, 7)
    if not message.version and len(message.body) < 37:
        model = 8
    _need(message.body, 5 + maker + model + terminal, "a registration")
    body, at = message.body, 4
    names: list[str] = []
    for size in (maker, model, terminal):
        names.append(_text(body[at : at + size]))
        at += size
    province, city = body[0] << 8 | body[1], body[2] << 8 | body[3]
    plate = _text(body[at + 1 :])
    return Registration(province, city, names[0], names[1], names[2], body[at], plate)


def write_registration(said: Registration, version: int) -> bytes:
    maker, model, terminal = (11, 30, 30) if version else (5, 20, 7)
    place = said.province.to_bytes(2, "big") + said.city.to_bytes(2, "big")
    names = _padded(said.maker, maker) + _padded(said.model, model)
    names += _padded(said.terminal, terminal)
    return place + names + bytes((said.colour,)) + _gbk(said.plate)


def authentication(message: Message) -> tuple[str, dict[str, str]]:
    """The code, and what a terminal of 2019 says besides. Raises BadFrame."""
    body = message.body
    if not message.version:
        _need(body, 1, "an authentication")
        return _text(body), {}
    _need(body, 1, "an authentication")
    size = body[0]
    _need(body, 1 + size, "an authentication")
    rest = body[1 + size :]
    more = {"imei": _text(rest[:15]), "software": _text(rest[15:35])}
    return _text(body[1 : 1 + size]), {key: value for key, value in more.items() if value}


def write_authentication(code: str, version: int, imei: str = "", software: str = "") -> bytes:
    data = _gbk(code)
    if not version:
        return data
    return bytes((len(data),)) + data + _padded(imei, 15) + _padded(software, 20)


def registered(serial: int, result: int, code: str = "") -> bytes:
    """The answer to a registration: the code only where it succeeded."""
    return serial.to_bytes(2, "big") + bytes((result,)) + (_gbk(code) if result == 0 else b"")


def read_registered(body: bytes) -> tuple[int, int, str]:
    """Serial number, result and code. Raises BadFrame."""
    _need(body, 3, "an answer to a registration")
    return body[0] << 8 | body[1], body[2], _text(body[3:])


def answer(said: Answer) -> bytes:
    return said.serial.to_bytes(2, "big") + said.kind.to_bytes(2, "big") + bytes((said.result,))


def read_answer(body: bytes) -> Answer:
    """Raises BadFrame."""
    _need(body, 5, "a general answer")
    return Answer(body[0] << 8 | body[1], body[2] << 8 | body[3], body[4])


def send_again(serial: int, parts: Sequence[int], version: int) -> bytes:
    """Asks for parts of a message again; ``serial`` is that of its first part. How many there
    are is one byte in 2013 (table 6) and two in 2019 (table 7)."""
    size = 2 if version else 1
    listed = b"".join(part.to_bytes(2, "big") for part in parts)
    return serial.to_bytes(2, "big") + len(parts).to_bytes(size, "big") + listed


def read_send_again(body: bytes, version: int) -> tuple[int, list[int]]:
    """Raises BadFrame."""
    size = 2 if version else 1
    _need(body, 2 + size, "a request of parts")
    count = int.from_bytes(body[2 : 2 + size], "big")
    _need(body, 2 + size + 2 * count, "a request of parts")
    listed = body[2 + size : 2 + size + 2 * count]
    return body[0] << 8 | body[1], [
        int.from_bytes(listed[n : n + 2], "big") for n in range(0, 2 * count, 2)
    ]


def answered_serial(body: bytes) -> int:
    """To which message a particular answer belongs. Raises BadFrame."""
    _need(body, 2, "an answer")
    return body[0] << 8 | body[1]


def server_time(now: int) -> bytes:
    """The answer to a question for the time, which is UTC (2019, table 6)."""
    return times.written(now, times.UTC_ZONE)


def set_parameters(values: Mapping[int, bytes]) -> bytes:
    items = [key.to_bytes(4, "big") + bytes((len(v),)) + v for key, v in values.items()]
    return bytes((len(items),)) + b"".join(items)


def read_parameters(body: bytes) -> dict[int, bytes]:
    """The parameters of an answer, by their number. Raises BadFrame."""
    _need(body, 3, "an answer with parameters")
    found: dict[int, bytes] = {}
    at = 3
    while at < len(body):
        _need(body, at + 5, "an answer with parameters")
        size = body[at + 4]
        _need(body, at + 5 + size, "an answer with parameters")
        found[int.from_bytes(body[at : at + 4], "big")] = body[at + 5 : at + 5 + size]
        at += 5 + size
    if len(found) > body[2]:
        raise BadFrame(problem=f"{body[2]} parameters are said, there are {len(found)}")
    return found
