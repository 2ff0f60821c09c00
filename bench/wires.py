"""Devices of the simulated district on TCP connections: GB/T 26875.3, HJ 212, SL 651, JT/T 808."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bench import frames
from bench.district import (
    PARTS,
    RIVER,
    STATION_SECRET,
    STRANGER,
    Count,
    Fleet,
    again,
    code,
    instant,
    turn_of,
    wrong,
)

from yiwang.sensing.protocols.gb26875.model.frame import Command, Frame, encode, size_of, tag_of
from yiwang.sensing.protocols.hj212.model import packet
from yiwang.sensing.protocols.jt808.model import bodies

ANSWER_S = 120.0
AT_ONCE = 50
"""Connections that are opened at a time."""
FRAME_PARTS = 22
UNKNOWN_PART = 60_000
NOTE = "模拟".encode("gb18030").ljust(31, b"\0")


@dataclass
class Wire:
    """``waiting``: messages that were sent and not yet answered."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    waiting: int = 0


class Wires(ABC):
    """A fleet over ``connections``, on each of which at most ``window`` messages wait for their
    answer."""

    name: ClassVar[str]

    def __init__(self, fleet: Fleet, port: int, connections: int, window: int = 8) -> None:
        self.count = Count()
        self._fleet = fleet
        self._port = port
        self._connections = connections
        self._window = window
        self._wires: list[Wire] = []

    async def open(self) -> None:
        ready = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> Wire:
            async with ready:
                wire = Wire(*await frames.connect(self._port, number))
                await self._greet(wire, number)
                return wire

        self._wires += await asyncio.gather(*(one(n) for n in range(self._connections)))

    async def send(self, start: datetime, begin: int, end: int) -> None:
        for device, moment in self._fleet.due(start, begin, end):
            await self._report(device, moment)
        await self._settle()

    def close(self) -> None:
        for wire in self._wires:
            wire.writer.close()

    async def _greet(self, wire: Wire, number: int) -> None:
        """Say what comes before anything else: nothing, in most protocols."""
        return

    @abstractmethod
    async def _report(self, device: int, moment: datetime) -> None: ...

    @abstractmethod
    async def _heard(self, wire: Wire) -> bool | None:
        """Read one message: whether it acknowledges; None when it is no answer."""

    async def _say(self, wire: Wire, data: bytes, rows: int) -> None:
        while wire.waiting >= self._window:
            await self._answer(wire)
        wire.writer.write(data)
        wire.waiting += 1
        self.count.sent += 1
        self.count.rows += rows

    def _whisper(self, wire: Wire, data: bytes) -> None:
        """Something of a stranger, which the standard leaves without an answer."""
        wire.writer.write(data)
        self.count.sent += 1
        self.count.rows += 1
        self.count.wrong += 1
        self.count.unanswered += 1

    async def _answer(self, wire: Wire) -> None:
        said = await asyncio.wait_for(self._heard(wire), ANSWER_S)
        if said is not None:
            wire.waiting -= 1
            self.count.acknowledged += said

    async def _settle(self) -> None:
        for wire in self._wires:
            while wire.waiting:
                await self._answer(wire)


class Gb26875(Wires):
    """A connection for each transmission device, and the detectors behind it in frames of 22."""

    name = "gb26875"

    def __init__(self, fleet: Fleet, port: int) -> None:
        super().__init__(fleet, port, -(-fleet.devices // PARTS))
        self._held: dict[int, list[bytes]] = {}
        self._serial = 0

    async def _greet(self, wire: Wire, number: int) -> None:
        await self._unit(wire, number, b"", 0)
        await self._answer(wire)

    async def send(self, start: datetime, begin: int, end: int) -> None:
        for device, moment in self._fleet.due(start, begin, end):
            await self._report(device, moment)
        for transmitter in list(self._held):
            await self._frame(transmitter)
        await self._settle()

    async def _report(self, device: int, moment: datetime) -> None:
        transmitter, part = divmod(device, PARTS)
        parts = self._held.setdefault(transmitter, [])
        parts.append(_part_state(part + 1, moment))
        if again(device):
            parts.append(parts[-1])
            self.count.again += self._fleet.group.values
        if wrong(device):
            parts.append(_part_state(UNKNOWN_PART, moment))
            self.count.wrong += 1
        if len(parts) >= FRAME_PARTS - 2:
            await self._frame(transmitter)

    async def _frame(self, transmitter: int) -> None:
        parts = self._held.pop(transmitter)
        strangers = sum(part[3:7] == UNKNOWN_PART.to_bytes(4, "little") for part in parts)
        rows = (len(parts) - strangers) * self._fleet.group.values + strangers
        unit = bytes((2, len(parts))) + b"".join(parts)
        await self._unit(self._wires[transmitter], transmitter, unit, rows)

    async def _unit(self, wire: Wire, transmitter: int, unit: bytes, rows: int) -> None:
        self._serial = (self._serial + 1) & 0xFFFF
        frame = Frame(self._serial, Command.SEND, transmitter + 1, 1, unit)
        await self._say(wire, encode(frame), rows)

    async def _heard(self, wire: Wire) -> bool | None:
        head = await wire.reader.readexactly(27)
        await wire.reader.readexactly(size_of(head) - 27)
        known = head[26] in (Command.CONFIRM, Command.DENY)
        return head[26] == Command.CONFIRM if known else None


def _part_state(part: int, moment: datetime) -> bytes:
    return bytes((1, 1, 42)) + part.to_bytes(4, "little") + b"\x01\0" + NOTE + tag_of(moment)


class Hj212(Wires):
    """Stations behind a few data collectors, each with one connection."""

    name = "hj212"

    def __init__(self, fleet: Fleet, port: int, collectors: int = 50) -> None:
        super().__init__(fleet, port, min(collectors, fleet.devices))

    async def _report(self, device: int, moment: datetime) -> None:
        wire = self._wires[device % len(self._wires)]
        data = _minute_values(code(self._fleet.group, device), device, moment)
        repeated = again(device)
        self.count.again += repeated * len(RIVER)
        for _ in range(1 + repeated):
            await self._say(wire, data, len(RIVER))
        if wrong(device):
            self._whisper(wire, _minute_values(f"{STRANGER:024d}", device, moment))

    async def _heard(self, wire: Wire) -> bool | None:
        line = await wire.reader.readuntil(b"\r\n")
        return True if b"CN=9014" in line else None


def _minute_values(mn: str, device: int, moment: datetime) -> bytes:
    at = f"{moment:%Y%m%d%H%M%S}"
    values = ";".join(f"{name}-Rtd=7.{(device + moment.hour) % 10},{name}-Flag=N" for name in RIVER)
    text = (
        f"QN={at}{device % 1000:03d};ST=21;CN=2011;PW={STATION_SECRET};"
        f"MN={mn};Flag=5;CP=&&DataTime={at};{values}&&"
    )
    return packet.frame(text.encode())


class Sl651(Wires):
    """A connection for each station, which says one thing at a time."""

    name = "sl651"

    def __init__(self, fleet: Fleet, port: int) -> None:
        super().__init__(fleet, port, fleet.devices, window=1)

    async def _report(self, device: int, moment: datetime) -> None:
        wire, turn, at = self._wires[device], turn_of(moment), instant(moment)
        repeated = again(device)
        self.count.again += repeated
        for _ in range(1 + repeated):
            await self._say(wire, frames.level(device, turn, at), frames.STATION_ROWS)
        if wrong(device):
            self._whisper(wire, frames.level(STRANGER, turn, at))

    async def _heard(self, wire: Wire) -> bool | None:
        await wire.reader.readexactly(frames.CONFIRMATION)
        return True


class Jt808(Wires):
    """A connection for each terminal. Terminals that nobody registered ask to be, over one of
    their own, and are answered that they are unknown."""

    name = "jt808"

    def __init__(self, fleet: Fleet, port: int) -> None:
        super().__init__(fleet, port, fleet.devices + 1, window=1)

    async def _greet(self, wire: Wire, number: int) -> None:
        if number < self._fleet.devices:
            await frames.sign_in((wire.reader, wire.writer), number)
            return
        await self._stranger(wire)
        await self._answer(wire)

    async def _report(self, device: int, moment: datetime) -> None:
        data = frames.fix(device, turn_of(moment), instant(moment))
        repeated = again(device)
        self.count.again += repeated * frames.VEHICLE_ROWS
        for _ in range(1 + repeated):
            await self._say(self._wires[device], data, frames.VEHICLE_ROWS)
        if wrong(device):
            await self._stranger(self._wires[-1])

    async def _stranger(self, wire: Wire) -> None:
        await self._say(wire, frames.registration(STRANGER), 1)
        self.count.wrong += 1

    async def _heard(self, wire: Wire) -> bool | None:
        message = await frames.hear(wire.reader)
        if message.kind == bodies.REGISTERED:
            return bodies.read_registered(message.body)[1] == bodies.NO_TERMINAL
        if message.kind == bodies.PLATFORM_ANSWER:
            return bodies.read_answer(message.body).result == bodies.DONE
        return None
