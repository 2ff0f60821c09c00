"""The simulated district as it speaks: moves the world on with the clock and sends what its
devices say. When the platform takes its time to acknowledge, the field falls behind and says
so; it drops nothing."""

from __future__ import annotations

import asyncio
import zlib

from yiwang.demo.devices import Gateway, Uploader
from yiwang.demo.messages import Arrays, Message, Speech
from yiwang.demo.plan import City
from yiwang.demo.prepare import GATEWAYS, START, Prepared
from yiwang.demo.world import World
from yiwang.kernel import clock as times
from yiwang.kernel.clock import Clock

SLICE_S = 0.25
"""Real seconds between two sendings."""
LAST_S = 20.0
MOST_UPLOADS = 30
"""Minutes of HTTP rows that may wait while the platform takes its time."""


class Field:
    def __init__(
        self,
        city: City,
        ready: Prepared,
        clock: Clock,
        speed: float,
        base: str,
        mqtt_port: int,
    ) -> None:
        state = ready.state
        self._clock = clock
        self._speed = speed
        self._world = World(city, state.seed)
        self._speech = Speech(city, ready.kinds, ready.streams, START)
        self._gateways = [
            Gateway("127.0.0.1", mqtt_port, f"demo-gateway-{number + 1}", state.gateway)
            for number in range(GATEWAYS)
        ]
        self._uploader = Uploader(base, "demo-gateway-1", state.gateway)
        self._uploads: asyncio.Queue[Arrays] = asyncio.Queue(MOST_UPLOADS)
        self._minute = 0

    @property
    def acknowledged(self) -> int:
        """Messages and rows that the platform has acknowledged."""
        return sum(gateway.acknowledged for gateway in self._gateways) + self._uploader.acknowledged

    @property
    def behind_s(self) -> float:
        """Simulated seconds by which the field lags the clock."""
        now = (self._clock.now() - START) / times.SECOND
        return max(0.0, now - (self._minute + 1) * 60)

    @property
    def minute(self) -> int:
        return self._minute

    def mend(self, kinds: tuple[str, ...], site: int) -> int:
        return self._world.scenario.repair(kinds, site, self._minute)

    def drain(self, site: int) -> None:
        self._world.drain(site, self._minute)

    def depth(self, site: int) -> float:
        """Centimetres of water in an underpass."""
        return float(self._world.depth[site])

    def deepest(self) -> int:
        return int(self._world.depth.argmax())

    async def run(self) -> None:
        """Speak through both entrances until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._speak())
            group.create_task(self._upload())

    async def _upload(self) -> None:
        while True:
            arrays = await self._uploads.get()
            if arrays:
                await self._uploader.upload(arrays)

    async def _speak(self) -> None:
        for gateway in self._gateways:
            gateway.start()
        await asyncio.gather(*(gateway.ready() for gateway in self._gateways))
        now = (self._clock.now() - START) // times.MINUTE
        for minute in range(now):
            for _ in self._world.minute(minute):
                pass
        for minute in range(max(0, now), 2**31):
            self._minute = minute
            await self._live(minute)

    async def close(self) -> None:
        """Wait for the last acknowledgements, then hang up."""
        await asyncio.gather(*(gateway.settled(LAST_S) for gateway in self._gateways))
        for gateway in self._gateways:
            gateway.close()
        await self._uploader.close()

    async def _live(self, minute: int) -> None:
        """One minute of the simulation, sent in slices as its seconds come."""
        begins = START + minute * times.MINUTE
        await self._until(begins)
        batches = list(self._world.minute(minute))
        await self._uploads.put(self._speech.arrays(batches))
        step = max(times.SECOND, min(times.MINUTE, round(self._speed * SLICE_S * times.SECOND)))
        messages = self._speech.messages(batches)
        at = 0
        for edge in range(begins + step, begins + times.MINUTE + step, step):
            await self._until(min(edge, begins + times.MINUTE))
            first = at
            while at < len(messages) and messages[at].at < edge:
                at += 1
            await self._send(messages[first:at])

    async def _send(self, messages: list[Message]) -> None:
        """Each device always through the same gateway, so that its order is kept."""
        parts: list[list[Message]] = [[] for _ in self._gateways]
        for message in messages:
            parts[zlib.crc32(message.topic.encode()) % GATEWAYS].append(message)
        pairs = zip(self._gateways, parts, strict=True)
        await asyncio.gather(*(gateway.publish(part) for gateway, part in pairs if part))

    async def _until(self, instant: int) -> None:
        wait = (instant - self._clock.now()) / times.SECOND / self._speed
        await asyncio.sleep(max(0.0, wait))
