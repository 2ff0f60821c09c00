"""Devices by the address that they give in their protocol, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from yiwang.sensing.mqtt.directory import Devices
from yiwang.sensing.protocols import mapping
from yiwang.sensing.protocols.mapping import Mapped
from yiwang.sensing.tables import device_kinds, things
from yiwang.store.database import Database


@dataclass(frozen=True)
class Device:
    """A registered device whose kind speaks the protocol. ``datastreams`` by property."""

    thing: int
    kind: str
    code: str
    datastreams: Mapping[str, int]
    mapped: Mapped

    @property
    def credential(self) -> str:
        """The name under which its secret is kept."""
        return f"{self.kind}/{self.code}"


class Directory:
    """The devices of all protocols. ``refresh`` after DatastreamsChanged and PacksChanged, in a
    worker thread; what readers hold is replaced, not changed."""

    def __init__(self, database: Database, devices: Devices, zone: ZoneInfo) -> None:
        self._database = database
        self._devices = devices
        self._zone = zone
        self._kinds: dict[str, dict[str, Mapped]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take up the mappings of the kinds; ``devices`` is refreshed by its owner."""
        query = select(device_kinds.c.kind, device_kinds.c.declared).order_by(device_kinds.c.kind)
        found: dict[str, dict[str, Mapped]] = {}
        with self._database.read() as connection:
            for kind, declared in connection.execute(query):
                for name, said in (declared.get("protocols") or {}).items():
                    found.setdefault(name, {})[kind] = mapping.opened(said, self._zone)
        self._kinds = found

    def kinds(self, protocol: str) -> Mapping[str, Mapped]:
        return self._kinds.get(protocol, {})

    def device(self, protocol: str, address: str) -> Device | None:
        """The device with this code, of the first kind by name that speaks the protocol."""
        for kind, mapped in self.kinds(protocol).items():
            known = self._devices.device(kind, address)
            if known is not None:
                return Device(known.thing, kind, address, known.datastreams, mapped)
        return None

    def properties(self, protocol: str) -> Mapping[int, Mapping[str, Any]]:
        """The properties of every device of the protocol, by thing, read from the database."""
        query = select(things.c.id, things.c.properties).where(
            things.c.kind.in_(list(self.kinds(protocol)))
        )
        with self._database.read() as connection:
            return {thing: found or {} for thing, found in connection.execute(query)}

    def together(self, protocol: str, addresses: Sequence[str]) -> list[Device]:
        """The devices of all kinds that have one of these codes."""
        found: list[Device] = []
        for kind, mapped in self.kinds(protocol).items():
            for address in addresses:
                known = self._devices.device(kind, address)
                if known is not None:
                    found.append(Device(known.thing, kind, address, known.datastreams, mapped))
                    break
        return found

    def devices(self, protocol: str) -> Iterator[Device]:
        """Every device of the protocol, for those that are polled."""
        for kind, mapped in self.kinds(protocol).items():
            for code, known in self._devices.of_kind(kind):
                yield Device(known.thing, kind, code, known.datastreams, mapped)
