"""Field protocols as one running part of the platform: every adapter that the settings open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from yiwang.kernel.clock import Clock
from yiwang.kernel.settings import Settings
from yiwang.sensing.mqtt.directory import Devices
from yiwang.sensing.mqtt.gate import Gate
from yiwang.sensing.mqtt.topics import Router
from yiwang.sensing.protocols.adapter import Adapter, Port, installed
from yiwang.sensing.protocols.directory import Directory
from yiwang.sensing.protocols.enrolment import Enrolment
from yiwang.sensing.protocols.errors import BadAdapterPorts, DeviceAway
from yiwang.sensing.protocols.moving import Mover
from yiwang.sensing.protocols.orders import Order, Orders
from yiwang.sensing.protocols.station import Session, Station, Store
from yiwang.store.database import Database


def ports(settings: Settings, adapters: Mapping[str, Adapter]) -> dict[str, int]:
    """The port of each adapter, 0 where it is off: the setting ``<name>_port`` or its entry in
    ``adapter_ports``. Raises BadAdapterPorts."""
    others: dict[str, int] = {}
    for part in settings.adapter_ports.replace(",", " ").split():
        name, _, number = part.partition("=")
        if name not in adapters or not number.isdigit() or not 0 < int(number) < 65536:
            known = ", ".join(sorted(adapters))
            raise BadAdapterPorts("adapter_ports", value=part, known=known)
        others[name] = int(number)
    return {
        name: getattr(settings, f"{name}_port", 0) or others.get(name, 0)
        for name, adapter in sorted(adapters.items())
        if adapter.listens
    }


class Field:
    """``start`` and ``close`` belong to the event loop of the buffer; close it before the
    buffer. ``refresh`` is for worker threads, after DatastreamsChanged and PacksChanged.

    ``adapters`` replaces the installed ones, in tests. ``look_again`` looks for devices that
    were registered since, in ``devices``; ``router`` reads reports in JSON.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        buffer: Store,
        devices: Devices,
        look_again: Callable[[], None],
        router: Router,
        adapters: Mapping[str, Adapter] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._devices_again = look_again
        self.adapters = installed() if adapters is None else adapters
        zone = ZoneInfo(settings.time_zone)
        self._directory = Directory(database, devices, zone)
        self._gate = Gate(database, clock)
        self.orders = Orders(settings.outward)
        self._mover = Mover(database, clock)
        enrolment = Enrolment(database, clock)
        self.stations = {
            name: Station(
                name,
                buffer,
                self._directory,
                self._gate,
                clock,
                zone,
                settings,
                router,
                self._look_again,
                enrolment,
                self._mover,
            )
            for name in self.adapters
        }
        self.ports: dict[str, Port] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self, wanted: Mapping[str, int] | None = None) -> None:
        """Open what the settings ask for; ``wanted`` replaces them, and 0 in it is a free port.
        Raises BadAdapterPorts, ProtocolPortTaken."""
        self._loop = asyncio.get_running_loop()
        if wanted is None:
            listening = ports(self._settings, self.adapters)
            wanted = {
                name: listening.get(name, 0)
                for name, adapter in self.adapters.items()
                if listening.get(name) or not adapter.listens
            }
        self._mover.start()
        for name, port in wanted.items():
            adapter, station = self.adapters[name], self.stations[name]
            self.ports[name] = await adapter.open(station, self._settings.host, port)

    async def close(self) -> None:
        """Stop taking frames and wait until what was taken is durable and answered."""
        await asyncio.gather(*(port.close() for port in self.ports.values()))
        await self._mover.close()
        self._gate.close()

    def refresh(self) -> None:
        """Take up changed mappings; the devices are refreshed by their owner."""
        self._directory.refresh()

    def _look_again(self) -> None:
        self._devices_again()
        self._directory.refresh()

    def session(self, thing: int) -> tuple[Adapter, Session] | None:
        """The connection of a device, and the adapter that it speaks through."""
        for name, station in self.stations.items():
            found = station.sessions.get(thing)
            if found is not None:
                return self.adapters[name], found
        return None

    def order(self, thing: int, command: str, arguments: Mapping[str, Any]) -> Order:
        """Command a connected device, from any thread.

        Raises DeviceAway, UnknownCommand, BadCommand, CommandsOff.
        """
        found = self.session(thing)
        if found is None or self._loop is None:
            raise DeviceAway(thing=thing)
        now = self._clock.now()
        return self.orders.give(*found, command, arguments, now, self._loop)
