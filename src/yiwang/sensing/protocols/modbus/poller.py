"""All devices that are polled: which there are, where, and the lines that ask them."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Iterable, Mapping, Sequence

from yiwang.kernel import clock as time
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.modbus import model
from yiwang.sensing.protocols.modbus.errors import BadNetworks, BadPlace
from yiwang.sensing.protocols.modbus.line import Line, Pace, Polled, Silent
from yiwang.sensing.protocols.modbus.model import Place
from yiwang.sensing.protocols.station import Session, Station

_log = logging.getLogger(__name__)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PROPERTY = "modbus"
"""The property of a thing that says where it is polled."""


def networks(text: str) -> tuple[Network, ...]:
    """Networks such as ``10.20.0.0/16``, separated by commas or spaces. Only private networks
    and this machine can be polled. Raises BadNetworks."""
    found: list[Network] = []
    for part in text.replace(",", " ").split():
        try:
            network = ipaddress.ip_network(part)
        except ValueError as error:
            raise BadNetworks("modbus_networks", value=part, problem=str(error)) from None
        if not (network.is_private or network.is_loopback):
            raise BadNetworks("modbus_networks", value=part, problem="it is not private")
        found.append(network)
    return tuple(found)


class Poller:
    """Implements ``adapter.Port``."""

    number = 0

    def __init__(self, station: Station, allowed: Sequence[Network], pace: Pace) -> None:
        self.station = station
        self._allowed = allowed
        self._pace = pace
        self._free = asyncio.Semaphore(pace.at_once)
        self._lines: dict[tuple[str, int], Line] = {}
        self._running: dict[Line, asyncio.Task[None]] = {}
        self._misplaced: dict[int, Session] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        return sum(line.client is not None for line in self._lines.values())

    def start(self) -> Poller:
        self._task = asyncio.get_running_loop().create_task(self._run(), name=self.station.name)
        return self

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for line, task in self._running.items():
            line.end(task)
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._take_up()
            except Exception:
                _log.exception("%s: the devices could not be read", self.station.name)
            await asyncio.sleep(self._pace.look_s)

    async def _take_up(self) -> None:
        """Bring the lines in accord with the devices that are registered."""
        properties = await self.station.properties()
        now = asyncio.get_running_loop().time()
        wanted: dict[tuple[str, int], set[int]] = {}
        misplaced: set[int] = set()
        for device in self.station.devices():
            text = str((properties.get(device.thing) or {}).get(PROPERTY, ""))
            try:
                place = self._placed(text)
            except BadPlace as error:
                misplaced.add(device.thing)
                self._say_misplaced(device, error)
                continue
            at = (place.host, place.port)
            wanted.setdefault(at, set()).add(device.thing)
            self._line(at).take(polled(device, place, self._pace), now)
        for thing in self._misplaced.keys() - misplaced:
            self.station.leave(self._misplaced.pop(thing))
        self._let_go(wanted)

    def _placed(self, text: str) -> Place:
        if not text:
            raise BadPlace(place=text, problem="there is none")
        try:
            place = model.place(text)
            address = ipaddress.ip_address(place.host)
        except ValueError as error:
            raise BadPlace(place=text[:80], problem=str(error)) from None
        if not any(address in network for network in self._allowed):
            raise BadPlace(place=text[:80], problem="it is outside the allowed networks")
        return place

    def _say_misplaced(self, device: Device, error: BadPlace) -> None:
        session = self._misplaced.get(device.thing)
        if session is None:
            session = self._misplaced[device.thing] = self.station.join(device, Silent(), "")
        session.said["error"] = error.message("en")

    def _line(self, at: tuple[str, int]) -> Line:
        line = self._lines.get(at)
        if line is None:
            line = self._lines[at] = Line(self.station, *at, self._pace, self._free)
            loop = asyncio.get_running_loop()
            self._running[line] = loop.create_task(line.run(), name=f"modbus {at[0]}:{at[1]}")
        return line

    def _let_go(self, wanted: Mapping[tuple[str, int], Iterable[int]]) -> None:
        for at, line in list(self._lines.items()):
            for thing in set(line.turns) - set(wanted.get(at, ())):
                line.drop(thing)
            if not line.turns:
                line.end(self._running.pop(line))
                del self._lines[at]


def polled(device: Device, place: Place, pace: Pace) -> Polled:
    """How a device is read, as its kind's mapping says."""
    points = tuple((value, model.point(value.code)) for value in device.mapped.values)
    more = device.mapped.more
    requests = model.plan((point for _, point in points), int(more.get("gap", 0)))
    period = more.get("period")
    period_s = period / time.SECOND if period else pace.period_s
    return Polled(device, place, period_s, points, tuple(requests[: pace.most_requests]))
