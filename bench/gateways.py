"""Devices of the simulated district that speak in single small messages: MQTT and CoAP."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from bench.district import SECRET, Count, Fleet, again, result, wrong

from yiwang.demo.devices import Gateway
from yiwang.demo.messages import Message
from yiwang.sensing.protocols.coap.model import message as coap

GATEWAYS = 4
PART = 2000
ANSWER_S = 120.0


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

    async def send(self, start: datetime, begin: int, end: int) -> None:
        parts: list[list[Message]] = [[] for _ in self._gateways]
        for fleet in self._fleets:
            topic, key = self._form[fleet.group.kind]
            for device, moment in fleet.due(start, begin, end):
                at = device % len(parts)
                text = f'{{"t":"{moment.isoformat()}","{key}":{result(device, moment)}}}'.encode()
                repeated = again(device)
                self.count.again += repeated
                parts[at] += [Message(0, topic.format(f"S{device}"), text)] * (1 + repeated)
                if wrong(device):
                    parts[at].append(Message(0, topic.format("NOBODY"), text))
                    self.count.wrong += 1
                if len(parts[at]) >= PART:
                    await self._publish(at, parts[at])
                    parts[at] = []
        await asyncio.gather(*(self._publish(at, part) for at, part in enumerate(parts)))
        done = await asyncio.gather(*(gateway.settled(ANSWER_S) for gateway in self._gateways))
        if not all(done):
            raise RuntimeError(f"MQTT: not everything was acknowledged within {ANSWER_S:.0f} s")
        self.count.acknowledged = sum(gateway.acknowledged for gateway in self._gateways)

    async def _publish(self, at: int, part: list[Message]) -> None:
        self.count.sent += len(part)
        self.count.rows += len(part)
        await self._gateways[at].publish(part)

    def close(self) -> None:
        for gateway in self._gateways:
            gateway.close()


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

    async def send(self, start: datetime, begin: int, end: int) -> None:
        reports = deque(self._fleet.due(start, begin, end))
        await asyncio.gather(*(self._through(plug, reports) for plug in self._plugs))

    async def _through(self, plug: _Plug, reports: deque[tuple[int, datetime]]) -> None:
        while reports:
            device, moment = reports.popleft()
            text = f'{{"t":"{moment.isoformat()}","rain":{device % 7 / 10}}}'.encode()
            repeated = again(device)
            self.count.again += repeated
            for _ in range(1 + repeated):
                await self._ask(plug, f"S{device}", text)
            if wrong(device):
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
