"""A whole adapter without sockets, disk or database: what a client sends goes through the
listener, the splitter, the codec, the mapping and the conversation, and what would be stored is
looked at.

Every address is a known device and every secret is right, so that nothing is turned away early.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, cast
from unittest import mock
from zoneinfo import ZoneInfo

import numpy as np

from yiwang.contracts.observations import Incoming, Receipt
from yiwang.kernel import documents
from yiwang.kernel.clock import ManualClock, parse
from yiwang.kernel.settings import Settings
from yiwang.sensing import spec
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.topics import Router
from yiwang.sensing.protocols import mapping
from yiwang.sensing.protocols.adapter import Adapter
from yiwang.sensing.protocols.directory import Device, Directory
from yiwang.sensing.protocols.mapping import Mapped
from yiwang.sensing.protocols.station import Station
from yiwang.sensing.protocols.tcp import Client, TcpListener
from yiwang.sensing.protocols.udp import UdpListener

NOW = parse("2026-07-01T08:00:00+08:00")
ZONE = ZoneInfo("Asia/Shanghai")
MOST_HELD = 1 << 17
"""Bytes that a client may make the listener hold."""

KINDS = """
kinds:
  any:
    properties:
      a: {unit: "1"}
      b: {unit: degC}
      c: {unit: "1"}
      t: {type: text}
    protocols:
      hj212:
        values: {a: w01018-Rtd, b: 2061/w01018-Avg, c: SB1-RS, t: i12001-Info}
        flags: [D]
      sl651: {values: {a: Z, b: DRP, c: DRZ1}}
      jt808: {values: {a: speed, b: mileage, c: alarm.0, t: position}}
      gb26875: {values: {a: fire, b: temperature, c: fault}}
"""


class _Everyone:
    """Stands for the directory."""

    def __init__(self, mapped: Mapped) -> None:
        self._mapped = mapped

    def device(self, protocol: str, address: str) -> Device:
        thing = sum(address.encode("utf-8", "surrogatepass")) % 5 + 1
        streams = {name: thing * 10 + index for index, name in enumerate("abct")}
        return Device(thing, "any.any", address, streams, self._mapped)

    def together(self, protocol: str, addresses: list[str]) -> list[Device]:
        return [self.device(protocol, addresses[0])]

    def devices(self, protocol: str) -> list[Device]:
        return []


class _Open:
    """Stands for the gate."""

    async def admit(self, name: str, secret: bytes) -> Sender:
        return Sender(name)


class _Store:
    """Stands for the buffer: durable at once, and everything must add up."""

    async def put_batch(self, incoming: Incoming) -> asyncio.Future[Receipt]:
        size = len(incoming.datastream)
        assert size + len(incoming.rejected) > 0, "an empty reading was handed in"
        for column in (incoming.time, incoming.result):
            assert len(column) == size
        for item in incoming.rejected:
            assert item.reason != "sensing.adapter_failed", "the adapter failed"
            assert item.reason.startswith("sensing.") and isinstance(item.raw, bytes)
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        numbers = np.arange(1, size + 1)
        future.set_result(Receipt(size, size, 0, incoming.rejected, 0, numbers))
        return future


class _Transport(asyncio.Transport):
    """A client that reads everything and says nothing of itself."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 4711)})
        self.closed = False

    def write(self, data: Any) -> None:
        assert isinstance(data, (bytes, bytearray))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        """Nothing more comes meanwhile: the whole input is handed in by then."""

    resume_reading = pause_reading

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """It is never full."""


class World:
    """One adapter with its listener, for many inputs."""

    def __init__(self, adapter: Adapter) -> None:
        logging.disable(logging.CRITICAL)
        self._loop = asyncio.new_event_loop()
        section = documents.parse(KINDS, "devices.yaml")
        with mock.patch.object(spec.protocols, "installed", lambda: _all(adapter)):
            declared = spec.read_section(section).kinds["any"].protocols[adapter.name]
        self._mapped = mapping.opened(declared, ZONE)
        self._listener = self._loop.run_until_complete(self._open(adapter))

    def close(self) -> None:
        self._loop.close()
        logging.disable(logging.NOTSET)

    async def _open(self, adapter: Adapter) -> TcpListener:
        found: list[TcpListener] = []

        async def tcp(listener: TcpListener, host: str, port: int) -> TcpListener:
            found.append(listener)
            return listener

        async def udp(listener: UdpListener, host: str, port: int) -> UdpListener:
            return listener

        directory = cast(Directory, _Everyone(self._mapped))
        station = Station(
            adapter.name,
            _Store(),
            directory,
            _Open(),
            ManualClock(NOW),
            ZONE,
            Settings(home=Path("nowhere")),
            cast(Router, None),
        )
        with (
            mock.patch.object(TcpListener, "open", tcp),
            mock.patch.object(UdpListener, "open", udp),
        ):
            await adapter.open(station, "127.0.0.1", 0)
        return found[0]

    def take(self, data: bytes, cut: int) -> None:
        """One connection that sends ``data``, ``cut`` bytes at a time."""
        self._loop.run_until_complete(self._take(data, max(cut, 1)))

    async def _take(self, data: bytes, cut: int) -> None:
        client = Client(self._listener)
        client.connection_made(_Transport())
        for low in range(0, len(data), cut):
            client.data_received(data[low : low + cut])
        while tasks := client.under_way():
            await asyncio.gather(*tasks)
        assert client.unfinished <= MOST_HELD
        client.connection_lost(None)
        for _ in range(2):
            await asyncio.sleep(0)


class _Skip:
    def mapping(self, section: documents.Section, properties: Any) -> dict[str, Any]:
        for key in section.keys():  # noqa: SIM118
            section.raw(key)
        return {}


def _all(adapter: Adapter) -> dict[str, Any]:
    """The adapter under test, and for the other mappings a reader that takes anything."""
    others = ("hj212", "sl651", "jt808", "gb26875")
    return {name: _Skip() for name in others} | {adapter.name: adapter}
