"""What stations (SL 651) and terminals (JT/T 808) say, as the bytes on their connections."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from yiwang.kernel.clock import MINUTE, SECOND
from yiwang.sensing.protocols.jt808.model import bodies, positions
from yiwang.sensing.protocols.jt808.model import frames as vehicle_frames
from yiwang.sensing.protocols.jt808.model.frames import Message
from yiwang.sensing.protocols.jt808.model.positions import Position
from yiwang.sensing.protocols.sl651.model import frames as station_frames
from yiwang.sensing.protocols.sl651.model import reports, writing
from yiwang.sensing.protocols.sl651.model.frames import Coding, Frame

PER_ADDRESS = 1000
"""Connections from one loopback address; the listeners allow 2,000."""
STATION_ROWS, VEHICLE_ROWS = 1, 9
"""Observations in one frame, as the built-in packs map them."""
CONFIRMATION = 25
"""Bytes of the centre's answer to a station."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def station_code(number: int) -> str:
    return f"{60_000_000 + number}"


def phone(number: int) -> str:
    return f"139{number:08d}"


async def connect(port: int, number: int) -> Connection:
    """The ``number``-th connection of a crowd, from as many loopback addresses as it needs."""
    near = (f"127.0.0.{2 + number // PER_ADDRESS}", 0)
    return await asyncio.open_connection("127.0.0.1", port, local_addr=near)


def level(number: int, turn: int, time: int) -> bytes:
    """A timed report of a water level of 2 to 5 cm, to the minute."""
    address = "00" + station_code(number)
    at = time // MINUTE * MINUTE
    depth = Decimal(20 + (number + turn) % 30) / 1000
    group = writing.Group(at, [("Z", depth), ("VT", Decimal("12.6"))])
    body = writing.report(Coding.HEX, turn % 65535 + 1, at, address, "H", [group])
    frame = Frame(Coding.HEX, False, 1, address, 1, reports.TIMED, station_frames.ETX, body)
    return station_frames.encode(frame)


def fix(number: int, turn: int, time: int) -> bytes:
    """A position of a vehicle that drives north, to the second."""
    lon, lat = 116 + number / 1e4, 39 + turn / 1e3
    items = {0x01: (number + turn).to_bytes(4, "big")}
    at = time // SECOND * SECOND
    report = Position(0, positions.FIXED, lon, lat, 40, turn % 40, 90, at, items)
    body = positions.write(report)
    message = Message(bodies.POSITION, phone(number), (turn + 3) & 0xFFFF, body)
    return vehicle_frames.encode(message)


def registration(number: int) -> bytes:
    said = bodies.Registration(11, 105, "BENCH", "T", f"{number:07d}", 1, "")
    body = bodies.write_registration(said, 0)
    return vehicle_frames.encode(Message(bodies.REGISTER, phone(number), 1, body))


async def hear(reader: asyncio.StreamReader) -> Message:
    """The next message from the platform to a terminal."""
    await reader.readuntil(b"\x7e")
    return vehicle_frames.decode(b"\x7e" + await reader.readuntil(b"\x7e"))


async def sign_in(connection: Connection, number: int) -> None:
    """Register a terminal, and authenticate with the code that it gets."""
    reader, writer = connection
    writer.write(registration(number))
    code = bodies.read_registered((await hear(reader)).body)[2]
    body = bodies.write_authentication(code, 0)
    writer.write(vehicle_frames.encode(Message(bodies.AUTHENTICATE, phone(number), 2, body)))
    answer = bodies.read_answer((await hear(reader)).body)
    if answer.result != bodies.DONE:
        raise RuntimeError(f"JT/T 808: terminal {number} was not admitted")
