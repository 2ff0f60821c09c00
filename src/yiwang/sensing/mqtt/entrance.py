"""MQTT as one running part of the platform: the listener and the broker's client, as set."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from yiwang.kernel.clock import Clock
from yiwang.kernel.settings import Settings
from yiwang.security.actions import Caller
from yiwang.sensing.mqtt.client import Client, broker
from yiwang.sensing.mqtt.directory import Devices
from yiwang.sensing.mqtt.gate import Gate
from yiwang.sensing.mqtt.inlet import Inlet, Store
from yiwang.sensing.mqtt.limits import Limits
from yiwang.sensing.mqtt.listener import Listener
from yiwang.sensing.mqtt.topics import Router
from yiwang.sensing.mqtt.updates import Updates
from yiwang.store.database import Database


class Mqtt:
    """``start`` and ``close`` belong to the event loop of the buffer; close it before the
    buffer. ``refresh`` is for worker threads, after DatastreamsChanged and PacksChanged."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        buffer: Store,
        limits: Limits | None = None,
        caller: Caller | None = None,
    ) -> None:
        """``caller`` reads what subscribers of SensorThings are told; None: they are told
        nothing."""
        self._settings = settings
        self._database = database
        self._clock = clock
        self._buffer = buffer
        self._limits = limits or Limits.of(settings)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.devices = Devices(database, ZoneInfo(settings.time_zone))
        self.router = Router(self.devices)
        self.listener: Listener | None = None
        self.client: Client | None = None
        root = settings.public_url or f"http://{settings.host}:{settings.port}"
        self.updates = None if caller is None else Updates(caller, root.rstrip("/"))
        self.port = 0
        """The port that is listened on; 0 while there is none."""

    async def start(self, port: int | None = None) -> None:
        """Open what the settings ask for; ``port`` overrides the setting, and given 0 here a
        free one is taken. Raises PortTaken."""
        self._loop = asyncio.get_running_loop()
        wanted = self._settings.mqtt_port if port is None else port
        if wanted or port is not None:
            gate = Gate(self._database, self._clock)
            watches = None if self.updates is None else self.updates.watches
            self.listener = Listener(gate, self._inlet("mqtt"), self._limits, watches)
            self.port = await self.listener.start(self._settings.host, wanted)
            if self.updates is not None:
                self.updates.start()
        if self._settings.mqtt_broker:
            there = broker(self._settings.mqtt_broker, self._settings.mqtt_share)
            inlet = self._inlet(f"mqtt:{there.label}")
            self.client = Client(there, inlet, self.router.filters())
            self.client.start()

    def expel(self, names: Sequence[str]) -> None:
        """Device credentials were revoked: end what was connected with them."""
        if self.listener is not None and self._loop is not None:
            labels = {f"device:{name}" for name in names}
            self._loop.call_soon_threadsafe(self.listener.expel, labels)

    def refresh(self, anew: bool = False) -> None:
        """Take up new devices, and listen to the topics of new packs; ``anew`` where devices
        were renamed or taken out of use."""
        self._heard(self.router.refresh(anew))

    def look(self) -> None:
        """Take up what was added, for a name that nobody knows."""
        self._heard(self.router.look())

    def _heard(self, changed: bool) -> None:
        if changed and self.client is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self.client.listen_to, self.router.filters())

    async def close(self) -> None:
        """Stop taking messages and wait until what was taken is durable and acknowledged."""
        if self.client is not None:
            await self.client.close()
        if self.listener is not None:
            await self.listener.close()
        if self.updates is not None:
            self.updates.stop()

    def _inlet(self, source: str) -> Inlet:
        inlet = Inlet(source, self._buffer, self.router, self._clock)
        inlet.start()
        return inlet
