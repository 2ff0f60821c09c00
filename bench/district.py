"""The devices of a simulated district, each over the wire of its own protocol.

Every source counts what it sent, what was acknowledged, and what should become of it; nothing here
knows how the platform stores.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from yiwang.demo.devices import Gateway
from yiwang.demo.messages import Message
from yiwang.sensing.protocols.coap.model import message as coap
from yiwang.sensing.protocols.gb26875.model.frame import Command, Frame, encode, size_of, tag_of
from yiwang.sensing.protocols.hj212.model import packet

HOURS = 24
GATEWAYS = 4
SECRET, STATION_SECRET = "a-long-secret", "123456"
AGAIN, WRONG = 997, 1999
"""One report in so many is sent twice, one is of a device that nobody registered."""
PARTS = 90
"""Detectors behind one transmission device."""
FRAME_PARTS = 22
NOTE = "模拟".encode("gb18030").ljust(31, b"\0")
RIVER = ("w01010", "w01001", "w01009", "w01014", "w01003", "w01019", "w21003", "w21011")


@dataclass(frozen=True)
class Group:
    """Devices of one kind: how many of every 237,000, and their reports a day."""

    protocol: str
    kind: str
    share: int
    reports: int
    values: int = 1
    """Observations that one report becomes."""


MIX = (
    Group("mqtt", "small_premises_fire.heat_detector", 100_000, 40),
    Group("mqtt", "smart_parking.counter", 30_000, 48),
    Group("mqtt", "underpass_flooding.water_level", 10_000, 96),
    Group("gb26875", "small_premises_fire.smoke_detector", 90_000, 12, 2),
    Group("coap", "underpass_flooding.rain_gauge", 5_000, 24),
    Group("hj212", "river_pollution.river_station", 1_000, 48, len(RIVER)),
)
TRANSMITTERS = 1_000
TOTAL = sum(group.share for group in MIX) + TRANSMITTERS
DAY = sum(group.share * group.reports * group.values for group in MIX)


@dataclass
class Count:
    """Messages and the rows in them. ``again`` rows were sent before, ``wrong`` ones are to be
    rejected; ``resent`` messages had no answer in time."""

    sent: int = 0
    acknowledged: int = 0
    rows: int = 0
    again: int = 0
    wrong: int = 0
    resent: int = 0


@dataclass(frozen=True)
class Fleet:
    """``devices`` of one group, ``reports`` a day of each, from ``start`` (local time)."""

    group: Group
    devices: int
    reports: int
    start: datetime

    def due(self, hour: int) -> Iterator[tuple[int, datetime]]:
        """Device and time of every report within an hour, device by device."""
        for order in range(self.reports):
            if order * HOURS // self.reports != hour:
                continue
            moment = self.start + timedelta(seconds=order * 86400 // self.reports)
            for device in range(self.devices):
                yield device, moment + timedelta(seconds=device % 60)


class Source(Protocol):
    """One protocol's devices. ``hour`` sends what is due in it and waits for every answer."""

    name: str
    count: Count

    async def open(self) -> None: ...

    async def hour(self, hour: int) -> None: ...

    def close(self) -> None: ...


def code(group: Group, device: int) -> str:
    """The code under which a device is registered."""
    if group.protocol == "gb26875":
        transmitter, part = divmod(device, PARTS)
        return f"{transmitter + 1}-1-1-{part + 1}"
    return f"{device:024d}" if group.protocol == "hj212" else f"S{device}"


def result(device: int, moment: datetime) -> float:
    """Something that changes with device and time, far from any limit."""
    return 20 + (device + moment.hour * 60 + moment.minute) % 70 / 10


class Mqtt:
    """Every device through one of a few gateways, at QoS 1."""

    name = "mqtt"
    _form: ClassVar[Mapping[str, tuple[str, str]]] = {
        "small_premises_fire.heat_detector": ("fire/{}/heat", "temp"),
        "smart_parking.counter": ("parking/{}/free", "free"),
        "underpass_flooding.water_level": ("underpass/{}/level", "depth"),
    }

    def __init__(self, fleets: Sequence[Fleet], port: int, gateways: int = GATEWAYS) -> None:
        self.count = Count()
        self._fleets = fleets
        self._gateways = [
            Gateway("127.0.0.1", port, f"soak-{number}", SECRET) for number in range(gateways)
        ]

    async def open(self) -> None:
        for gateway in self._gateways:
            gateway.start()
        await asyncio.gather(*(gateway.ready() for gateway in self._gateways))

    async def hour(self, hour: int) -> None:
        parts: list[list[Message]] = [[] for _ in self._gateways]
        for fleet in self._fleets:
            topic, key = self._form[fleet.group.kind]
            for device, moment in fleet.due(hour):
                text = f'{{"t":"{moment.isoformat()}","{key}":{result(device, moment)}}}'
                sent = self._counted(device, topic.format(f"S{device}"), text.encode())
                if device % WRONG == 5:
                    sent.append(Message(0, topic.format("NOBODY"), text.encode()))
                    self.count.wrong += 1
                part = parts[device % len(parts)]
                part += sent
                if len(part) >= 2000:
                    await self._publish(device % len(parts), part)
                    parts[device % len(parts)] = []
        await asyncio.gather(*(self._publish(at, part) for at, part in enumerate(parts)))
        done = await asyncio.gather(*(gateway.settled(120) for gateway in self._gateways))
        if not all(done):
            raise RuntimeError("MQTT: not everything was acknowledged within two minutes")
        self.count.acknowledged = sum(gateway.acknowledged for gateway in self._gateways)

    def _counted(self, device: int, topic: str, payload: bytes) -> list[Message]:
        again = device % AGAIN == 3
        self.count.again += again
        return [Message(0, topic, payload)] * (1 + again)

    async def _publish(self, at: int, part: list[Message]) -> None:
        self.count.sent += len(part)
        self.count.rows += len(part)
        await self._gateways[at].publish(part)

    def close(self) -> None:
        for gateway in self._gateways:
            gateway.close()


@dataclass
class Wire:
    """A TCP connection on which at most ``window`` frames wait for their answer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    waiting: int = 0


class Gb26875:
    """A connection for each transmission device, and the detectors behind it in frames of 22."""

    name = "gb26875"

    def __init__(self, fleet: Fleet, port: int, window: int = 8) -> None:
        self.count = Count()
        self._fleet = fleet
        self._port = port
        self._window = window
        self._wires: dict[int, Wire] = {}
        self._serial = 0

    async def open(self) -> None:
        for transmitter in range(-(-self._fleet.devices // PARTS)):
            opened = await asyncio.open_connection("127.0.0.1", self._port)
            wire = self._wires[transmitter] = Wire(*opened)
            await self._send(wire, transmitter, b"", 0)
        await self._settle()

    async def hour(self, hour: int) -> None:
        held: dict[int, list[bytes]] = {}
        for device, moment in self._fleet.due(hour):
            transmitter, part = divmod(device, PARTS)
            parts = held.setdefault(transmitter, [])
            parts.append(_part_state(part + 1, moment))
            if device % AGAIN == 3:
                parts.append(parts[-1])
                self.count.again += 2
            if device % WRONG == 5:
                parts.append(_part_state(60_000, moment))
                self.count.wrong += 1
            if len(parts) >= FRAME_PARTS - 2:
                await self._frame(transmitter, held.pop(transmitter))
        for transmitter, parts in held.items():
            await self._frame(transmitter, parts)
        await self._settle()

    async def _frame(self, transmitter: int, parts: list[bytes]) -> None:
        wrong = sum(part[3:7] == (60_000).to_bytes(4, "little") for part in parts)
        unit = bytes((2, len(parts))) + b"".join(parts)
        await self._send(self._wires[transmitter], transmitter, unit, 2 * len(parts) - wrong)

    async def _send(self, wire: Wire, transmitter: int, unit: bytes, rows: int) -> None:
        while wire.waiting >= self._window:
            await self._answer(wire)
        self._serial = (self._serial + 1) & 0xFFFF
        frame = Frame(self._serial, Command.SEND, transmitter + 1, 1, unit)
        wire.writer.write(encode(frame))
        wire.waiting += 1
        self.count.sent += 1
        self.count.rows += rows

    async def _answer(self, wire: Wire) -> None:
        head = await asyncio.wait_for(wire.reader.readexactly(27), 120)
        await wire.reader.readexactly(size_of(head) - 27)
        if head[26] in (Command.CONFIRM, Command.DENY):
            wire.waiting -= 1
            self.count.acknowledged += head[26] == Command.CONFIRM

    async def _settle(self) -> None:
        for wire in self._wires.values():
            while wire.waiting:
                await self._answer(wire)

    def close(self) -> None:
        for wire in self._wires.values():
            wire.writer.close()


def _part_state(part: int, moment: datetime) -> bytes:
    return bytes((1, 1, 42)) + part.to_bytes(4, "little") + b"\x01\0" + NOTE + tag_of(moment)


class Hj212:
    """Stations behind a few data collectors, each with one connection."""

    name = "hj212"

    def __init__(self, fleet: Fleet, port: int, collectors: int = 50, window: int = 8) -> None:
        self.count = Count()
        self._fleet = fleet
        self._port = port
        self._window = window
        self._wires: list[Wire] = []
        self._collectors = min(collectors, max(1, fleet.devices))

    async def open(self) -> None:
        for _ in range(self._collectors):
            self._wires.append(Wire(*await asyncio.open_connection("127.0.0.1", self._port)))

    async def hour(self, hour: int) -> None:
        for device, moment in self._fleet.due(hour):
            at = f"{moment:%Y%m%d%H%M%S}"
            values = ";".join(f"{name}-Rtd=7.{device % 10},{name}-Flag=N" for name in RIVER)
            text = (
                f"QN={at}{device % 1000:03d};ST=21;CN=2011;PW={STATION_SECRET};"
                f"MN={code(self._fleet.group, device)};Flag=5;CP=&&DataTime={at};{values}&&"
            )
            again = device % AGAIN == 3
            self.count.again += again * len(RIVER)
            for _ in range(1 + again):
                await self._send(self._wires[device % len(self._wires)], text.encode())
        for wire in self._wires:
            while wire.waiting:
                await self._answer(wire)

    async def _send(self, wire: Wire, segment: bytes) -> None:
        while wire.waiting >= self._window:
            await self._answer(wire)
        wire.writer.write(packet.frame(segment))
        wire.waiting += 1
        self.count.sent += 1
        self.count.rows += len(RIVER)

    async def _answer(self, wire: Wire) -> None:
        line = await asyncio.wait_for(wire.reader.readuntil(b"\r\n"), 120)
        if b"CN=9014" in line:
            wire.waiting -= 1
            self.count.acknowledged += 1

    def close(self) -> None:
        for wire in self._wires:
            wire.writer.close()


@dataclass
class _Plug(asyncio.DatagramProtocol):
    answers: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.answers.put_nowait(data)


class Coap:
    """Devices that share a few addresses, as behind the gateways of a carrier; each address has
    one request under way and sends it again until it is answered."""

    name = "coap"

    def __init__(self, fleet: Fleet, port: int, token: str, addresses: int = 64) -> None:
        self.count = Count()
        self._fleet = fleet
        self._port = port
        self._token = token.encode()
        self._addresses = addresses
        self._plugs: list[_Plug] = []
        self._id = 0

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(self._addresses):
            transport, plug = await loop.create_datagram_endpoint(
                _Plug, remote_addr=("127.0.0.1", self._port), family=socket.AF_INET
            )
            plug.transport = transport
            self._plugs.append(plug)

    async def hour(self, hour: int) -> None:
        reports = deque(self._fleet.due(hour))
        await asyncio.gather(*(self._through(plug, reports) for plug in self._plugs))

    async def _through(self, plug: _Plug, reports: deque[tuple[int, datetime]]) -> None:
        while reports:
            device, moment = reports.popleft()
            again, wrong = device % AGAIN == 3, device % WRONG == 5
            text = f'{{"t":"{moment.isoformat()}","rain":{device % 7}}}'.encode()
            for _ in range(1 + again):
                await self._ask(plug, f"S{device}", text)
            self.count.again += again
            if wrong:
                await self._ask(plug, "NOBODY", text)
                self.count.wrong += 1

    async def _ask(self, plug: _Plug, device: str, text: bytes) -> None:
        self._id = (self._id + 1) & 0xFFFF
        path = (b"r", self._fleet.group.kind.encode(), device.encode())
        options = [(coap.URI_PATH, part) for part in path]
        options.append((coap.URI_QUERY, b"token=" + self._token))
        asked = coap.Message(coap.Type.CON, coap.POST, self._id, b"", tuple(options), text)
        self.count.sent += 1
        self.count.rows += 1
        for attempt in range(8):
            assert plug.transport is not None
            plug.transport.sendto(coap.encode(asked))
            if await self._answered(plug, asked.id, 2.0 * 2 ** min(attempt, 4)):
                self.count.acknowledged += 1
                return
            self.count.resent += 1
        raise RuntimeError("CoAP: a report was not answered")

    async def _answered(self, plug: _Plug, number: int, seconds: float) -> bool:
        """Whether the answer to a request comes in time; late ones to others are passed over."""
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            try:
                data = await asyncio.wait_for(plug.answers.get(), left)
            except TimeoutError:
                return False
            if coap.decode(data).id == number:
                return True
        return False

    def close(self) -> None:
        for plug in self._plugs:
            if plug.transport is not None:
                plug.transport.close()
