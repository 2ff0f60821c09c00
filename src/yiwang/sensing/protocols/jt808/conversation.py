"""The platform's side of the conversation with one vehicle terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yiwang.contracts.observations import Receipt
from yiwang.kernel import clock as time
from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import (
    DeviceRefused,
    NoAnswer,
    NotServed,
    TakenByAnother,
    UnknownAddress,
    WrongPlate,
)
from yiwang.sensing.protocols.jt808 import orders
from yiwang.sensing.protocols.jt808.errors import NotAuthenticated
from yiwang.sensing.protocols.jt808.model import bodies, frames, positions
from yiwang.sensing.protocols.jt808.model.bodies import Answer
from yiwang.sensing.protocols.jt808.model.frames import Message
from yiwang.sensing.protocols.jt808.model.parts import Assembly
from yiwang.sensing.protocols.jt808.model.positions import Position
from yiwang.sensing.protocols.jt808.reports import Reports
from yiwang.sensing.protocols.link import Link
from yiwang.sensing.protocols.reading import Reading

_REGISTRATION_RESULTS: Mapping[type[Refused], int] = {
    TakenByAnother: bodies.TERMINAL_TAKEN,
    WrongPlate: bodies.NO_VEHICLE,
}


@dataclass(frozen=True)
class Manners:
    """How long and how often the platform asks (clause 6.1.1), and what a long message may hold
    and take."""

    wait_s: float = 10.0
    tries: int = 3
    most_bytes: int = 262_144
    most_s: float = 120.0


class Conversation:
    """Implements ``link.Conversation``. A message is answered when what it says is durable; an
    answer is sent for every part of a long one (clause 7.12)."""

    def __init__(self, link: Link, manners: Manners) -> None:
        self._link = link
        self._station = link.station
        self._manners = manners
        self._parts = Assembly(manners.most_bytes, round(manners.most_s * time.SECOND))
        self._device: Device | None = None
        self._last = Message(0, "0", 0)
        self._serial = 0
        self._asked: dict[int, asyncio.Future[Message]] = {}
        """Answers awaited, by the serial number of the question."""

    async def handle(self, raw: bytes) -> None:
        part = frames.decode(raw)
        message = self._whole(part) if part.total else part
        if message is None:
            return
        raw = message.body if part.total else raw
        try:
            await self._take(message, part.total, raw)
        except Refused as error:
            result = bodies.UNSUPPORTED if isinstance(error, NotServed) else bodies.FAILED
            answer = self._done(message, max(part.total, 1), result)
            self._link.refuse(error, raw, b"" if message.kind == bodies.REGISTER else answer)

    def _whole(self, part: Message) -> Message | None:
        """The long message that a part completes; else what lacks is asked for. Raises BadFrame."""
        message = self._parts.add(part, self._station.clock.now())
        if message is None:
            serial, lacking = self._parts.missing(part)
            if lacking:
                body = bodies.send_again(serial, lacking, part.version)
                self._link.send(self._written(part, bodies.SEND_AGAIN, body))
        return message

    async def _take(self, message: Message, total: int, raw: bytes) -> None:
        if message.kind == bodies.REGISTER:
            await self._register(message)
            return
        if message.kind == bodies.AUTHENTICATE:
            await self._authenticate(message)
            return
        device = self._device
        if device is None or message.phone != self._last.phone:
            raise NotAuthenticated(f"message {message.kind:04X}")
        self._last = message
        done = self._done(message, max(total, 1), bodies.DONE)
        if message.kind == bodies.HEARTBEAT:
            self._link.send(done)
        elif message.kind == bodies.LOGOUT:
            await self._station.release(device)
            self._device = None
            self._link.send(done)
        elif message.kind == bodies.ASK_TIME:
            body = bodies.server_time(self._station.clock.now())
            self._link.send(self._written(message, bodies.TIME, body))
        elif message.kind == bodies.TERMINAL_ANSWER:
            self._settle(bodies.read_answer(message.body).serial, message)
        elif message.kind == bodies.PARAMETERS:
            self._settle(bodies.answered_serial(message.body), message)
        else:
            self._observe(message, device, raw, done)

    def _observe(self, message: Message, device: Device, raw: bytes, done: bytes) -> None:
        """Hand in the positions of a message. Raises BadFrame, NotServed."""
        found: list[Position | Refused]
        asked = message.kind in (bodies.POSITION_ASKED, bodies.CONTROLLED)
        if message.kind == bodies.POSITION:
            found = [positions.read(message.body)]
        elif message.kind == bodies.BATCH:
            found = [*positions.read_batch(message.body)[1]]
        elif asked:
            found = [positions.read(message.body[2:])]
        else:
            raise NotServed(message=f"message {message.kind:04X}")
        reading = Reading(raw, f"{device.code} {self._link.peer} {message.kind:04X}")
        reports = Reports(self._station, device)
        for each in found:
            if isinstance(each, Refused):
                reading.refuse(each)
            else:
                reports.add(reading, each)
        moves = reports.fixes

        def answer(receipt: Receipt) -> bytes:
            for lon, lat, at in moves:
                self._station.moved(device, lon, lat, at)
            return b"" if asked else done

        if len(reading):
            self._link.store(reading, answer)
        elif not asked:
            self._link.send(done)
        if asked:
            self._settle(bodies.answered_serial(message.body), message)

    async def _register(self, message: Message) -> None:
        said = bodies.registration(message)
        result, code = bodies.REGISTRATION_DONE, ""
        try:
            device = await self._station.device(*frames.phone_names(message.phone))
            terminal = f"{said.maker} {said.terminal}".strip()
            plate = said.plate if said.colour else ""
            code = await self._station.enrol(device, terminal, plate)
        except Refused as error:
            unknown = isinstance(error, UnknownAddress)
            result = bodies.NO_TERMINAL
            if not unknown:
                result = _REGISTRATION_RESULTS.get(type(error), bodies.NO_TERMINAL)
            raise
        finally:
            body = bodies.registered(message.serial, result, code)
            self._link.send(self._written(message, bodies.REGISTERED, body))

    async def _authenticate(self, message: Message) -> None:
        code, more = bodies.authentication(message)
        device = await self._station.device(*frames.phone_names(message.phone))
        await self._station.admit(device, code)
        self._device, self._last = device, message
        session = self._link.join(device, self)
        session.said.update(more, version=2019 if message.version else 2013)
        self._link.send(self._done(message, 1, bodies.DONE))

    def _done(self, message: Message, parts: int, result: int) -> bytes:
        """General answers to a message, or to each of its parts."""
        answers = [
            self._written(
                message,
                bodies.PLATFORM_ANSWER,
                bodies.answer(Answer((message.serial + n) & 0xFFFF, message.kind, result)),
            )
            for n in range(parts)
        ]
        return b"".join(answers)

    def _written(self, message: Message, kind: int, body: bytes) -> bytes:
        """A message of ours to the terminal that sent ``message``."""
        self._serial = (self._serial + 1) & 0xFFFF
        return frames.encode(Message(kind, message.phone, self._serial, body, message.version))

    def _settle(self, serial: int, message: Message) -> None:
        waiting = self._asked.pop(serial, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        kind, body = orders.written(name, arguments)
        seconds = self._manners.wait_s
        for attempt in range(self._manners.tries):
            data = self._written(self._last, kind, body)
            serial = self._serial
            waiting = self._asked[serial] = asyncio.get_running_loop().create_future()
            self._link.send(data)
            try:
                answered = await asyncio.wait_for(waiting, seconds * (attempt + 1))
            except TimeoutError:
                self._asked.pop(serial, None)
                continue
            except asyncio.CancelledError:
                break
            told = orders.said(answered)
            if told.get("result", bodies.DONE) != bodies.DONE:
                raise DeviceRefused(command=name, answer=told["result"])
            return told
        raise NoAnswer(command=name, seconds=seconds, times=self._manners.tries)

    def lost(self) -> None:
        asked, self._asked = self._asked, {}
        for waiting in asked.values():
            waiting.cancel()
