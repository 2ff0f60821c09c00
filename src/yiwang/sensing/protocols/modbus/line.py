"""One address that is polled: a connection, and the devices behind it in turn."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import BadCommand
from yiwang.sensing.protocols.mapping import Value
from yiwang.sensing.protocols.modbus import model
from yiwang.sensing.protocols.modbus.errors import DeviceSaidNo, NoAnswerInTime
from yiwang.sensing.protocols.modbus.model import Place, Point, Request
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.station import Session, Station

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How polling goes about it; times in seconds."""

    period_s: float = 60.0
    """Of kinds that declare no period."""
    jitter: float = 0.1
    """Share of the period by which each poll is moved, so that devices are not asked at once."""
    timeout_s: float = 3.0
    tries: int = 2
    back_off_s: float = 5.0
    """After the first failure; doubled with each further one."""
    back_off_most_s: float = 300.0
    at_once: int = 64
    """Devices that are asked at the same time."""
    look_s: float = 10.0
    """How often new and changed devices are taken up."""
    most_requests: int = 64
    """Of one device in one round."""


@dataclass(frozen=True)
class Polled:
    """A device and how it is read."""

    device: Device
    place: Place
    period_s: float
    points: Sequence[tuple[Value, Point]]
    requests: Sequence[Request]


@dataclass
class Turn:
    """A device's place in the round. ``failures`` in a row."""

    polled: Polled
    due: float
    failures: int = 0
    session: Session | None = None


@dataclass
class Silent:
    """Implements ``adapter.Talk``: a polled device takes no commands."""

    name: str = "modbus"

    async def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise BadCommand(name, command=name, problem="polled devices take no commands")


@dataclass(eq=False)
class Line:
    """``turns`` by thing; changed by the poller while the line runs."""

    station: Station
    host: str
    port: int
    pace: Pace
    free: asyncio.Semaphore
    turns: dict[int, Turn] = field(default_factory=dict)
    client: AsyncModbusTcpClient | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    async def run(self) -> None:
        """Ask the devices, each when it is due, until the line is ended and cancelled: a
        cancellation that comes together with what was waited for is lost (``asyncio.wait_for``
        of Python 3.11)."""
        loop = asyncio.get_running_loop()
        try:
            while not self.ended:
                turn = min(self.turns.values(), key=lambda each: each.due, default=None)
                wait = None if turn is None else turn.due - loop.time()
                if wait is None or wait > 0:
                    self.changed.clear()
                    await _wait(self.changed, wait)
                    continue
                assert turn is not None
                async with self.free:
                    await self._ask(turn, loop)
        finally:
            self.hang_up()
            for turn in self.turns.values():
                self._leave(turn)

    def take(self, polled: Polled, now: float) -> None:
        """Take up a device, or what changed of it; its first turn comes within a period, so
        that a thousand devices are not asked when the platform starts."""
        turn = self.turns.get(polled.device.thing)
        if turn is None:
            delay = random.random() * min(polled.period_s, self.pace.look_s)
            self.turns[polled.device.thing] = Turn(polled, now + delay)
        elif turn.polled != polled:
            turn.polled = polled
        self.changed.set()

    def drop(self, thing: int) -> None:
        turn = self.turns.pop(thing, None)
        if turn is not None:
            self._leave(turn)

    def end(self, task: asyncio.Task[None]) -> None:
        """``task`` runs the line."""
        self.ended = True
        task.cancel()

    def hang_up(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None

    async def _ask(self, turn: Turn, loop: asyncio.AbstractEventLoop) -> None:
        began = loop.time()
        polled = turn.polled
        try:
            reading = await self._read(polled)
            await self.station.store(reading)
        except (NoAnswerInTime, DeviceSaidNo) as error:
            self._failed(turn, error.message("en"), loop.time())
            return
        except Exception as error:
            _log.exception("%s: polling %s", self.station.name, polled.device.credential)
            self._failed(turn, str(error)[:200], loop.time())
            return
        if self.turns.get(polled.device.thing) is not turn:
            return
        if turn.session is None or polled.device.thing not in self.station.sessions:
            peer = f"{self.host}:{self.port}:{polled.place.unit}"
            turn.session = self.station.join(polled.device, Silent(), peer)
        self.station.heard(turn.session)
        turn.session.said.update(failures=0, error="")
        turn.failures = 0
        spread = polled.period_s * self.pace.jitter
        turn.due = max(began + polled.period_s + random.uniform(-spread, spread), loop.time())

    def _failed(self, turn: Turn, why: str, now: float) -> None:
        if self.turns.get(turn.polled.device.thing) is not turn:
            return
        turn.failures += 1
        pause = self.pace.back_off_s * 2 ** min(turn.failures - 1, 16)
        pause = max(min(pause, self.pace.back_off_most_s), 0.0)
        turn.due = now + pause * (1 + random.random() * self.pace.jitter)
        if turn.session is None:
            peer = f"{self.host}:{self.port}:{turn.polled.place.unit}"
            turn.session = self.station.join(turn.polled.device, Silent(), peer)
        turn.session.rejected += 1
        turn.session.said.update(failures=turn.failures, error=why)

    def _leave(self, turn: Turn) -> None:
        if turn.session is not None:
            self.station.leave(turn.session)
            turn.session = None

    async def _read(self, polled: Polled) -> Reading:
        """Read everything that is mapped. Raises NoAnswerInTime where the device does not
        answer, DeviceSaidNo where it refuses every request; a part that it refuses is recorded
        as rejected."""
        answers: dict[Request, Sequence[Any]] = {}
        refused: dict[Request, DeviceSaidNo] = {}
        for request in polled.requests:
            try:
                answers[request] = await self._request(polled.place, request)
            except DeviceSaidNo as error:
                refused[request] = error
        if not answers:
            raise next(iter(refused.values()))
        raw = msgspec.json.encode(
            {
                f"{request.table} {request.start}": [int(word) for word in words]
                for request, words in answers.items()
            }
        )
        reading = Reading(raw, polled.device.credential)
        now = self.station.clock.now()
        for value, point in polled.points:
            request = next(each for each in polled.requests if each.holds(point))
            if request in refused:
                reading.refuse(refused[request])
            else:
                number = model.value(point, request, answers[request])
                reading.add(polled.device, value, now, number)
        return reading

    async def _request(self, place: Place, request: Request) -> Sequence[Any]:
        where = f"{self.host}:{self.port}:{place.unit}"
        client = await self._connected(where)
        read = {
            model.COIL: client.read_coils,
            model.DISCRETE: client.read_discrete_inputs,
            model.HOLDING: client.read_holding_registers,
            model.INPUT: client.read_input_registers,
        }[request.table]
        try:
            answer = await read(request.start, count=request.count, device_id=place.unit)
        except ModbusException as error:
            self.hang_up()
            raise NoAnswerInTime(where, seconds=self.pace.timeout_s) from error
        if answer.isError():
            code = getattr(answer, "exception_code", 0)
            raise DeviceSaidNo(
                where, request=f"{request.table} {request.start}+{request.count}", code=code
            )
        words = answer.bits if request.table in (model.COIL, model.DISCRETE) else answer.registers
        if len(words) < request.count:
            raise DeviceSaidNo(
                where, request=f"{request.table} {request.start}+{request.count}", code=0
            )
        return list(words[: request.count])

    async def _connected(self, where: str) -> AsyncModbusTcpClient:
        if self.client is not None and self.client.connected:
            return self.client
        self.hang_up()
        client = AsyncModbusTcpClient(
            self.host,
            port=self.port,
            timeout=self.pace.timeout_s,
            retries=self.pace.tries - 1,
            reconnect_delay=0,
        )
        try:
            there = await asyncio.wait_for(client.connect(), self.pace.timeout_s)
        except (TimeoutError, OSError, ModbusException) as error:
            client.close()
            raise NoAnswerInTime(where, seconds=self.pace.timeout_s) from error
        if not there:
            client.close()
            raise NoAnswerInTime(where, seconds=self.pace.timeout_s)
        self.client = client
        return client


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
