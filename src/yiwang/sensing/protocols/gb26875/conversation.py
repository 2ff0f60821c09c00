"""The centre's side of a connection to a user information transmission device
(用户信息传输装置)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yiwang.contracts.observations import Receipt
from yiwang.kernel import clock as time
from yiwang.sensing.errors import Refused
from yiwang.sensing.mqtt.errors import BadTime
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import (
    BadCommand,
    DeviceRefused,
    NoAnswer,
    NothingMapped,
    UnknownAddress,
)
from yiwang.sensing.protocols.gb26875.errors import UnknownCommandByte
from yiwang.sensing.protocols.gb26875.model import tables, unit
from yiwang.sensing.protocols.gb26875.model import values as said
from yiwang.sensing.protocols.gb26875.model.frame import (
    HEAD,
    Command,
    Frame,
    decode,
    encode,
    head,
    moment_of,
    reply,
    tag_of,
)
from yiwang.sensing.protocols.link import Link
from yiwang.sensing.protocols.reading import Reading


@dataclass(frozen=True)
class Patience:
    """How often and how long the centre asks (6.5.4, 6.5.5), and how often it looks after a
    device that says nothing of itself (巡检)."""

    wait_s: float = 10.0
    tries: int = 3
    look_after: int = 12 * time.HOUR


class Conversation:
    """Implements ``link.Conversation``. A frame is confirmed when what it says is durable, and
    denied when nothing of it was stored."""

    def __init__(self, link: Link, patience: Patience) -> None:
        self._link = link
        self._station = link.station
        self._patience = patience
        self._serial = 0
        self._centre = 0
        self._looked: int | None = None
        self._asked: dict[int, asyncio.Future[Frame]] = {}

    async def handle(self, raw: bytes) -> None:
        try:
            frame = decode(raw)
        except Refused as error:
            self._link.refuse(error, raw, self._denial(head(raw)) if len(raw) >= HEAD else b"")
            return
        try:
            await self._take(frame, raw)
        except Refused as error:
            self._link.refuse(error, raw, self._denial(frame))

    async def _take(self, frame: Frame, raw: bytes) -> None:
        gateway = await self._station.device(str(frame.source))
        session = self._link.join(gateway, self)
        self._centre = frame.target
        if frame.command in (Command.CONFIRM, Command.DENY):
            self._settle(frame)
            return
        if frame.command not in (Command.SEND, Command.ANSWER):
            raise UnknownCommandByte(command=frame.command)
        objects = unit.decode(frame.unit)
        reading = Reading(raw, f"{gateway.code} {self._link.peer}")
        for each in objects:
            session.said.update(said.words(each))
            await self._read(gateway, each, reading)
        if frame.command == Command.ANSWER:
            self._settle(frame)
        if len(reading):
            self._link.store(reading, lambda receipt: self._answer(frame, receipt))
        elif frame.command == Command.SEND:
            self._link.send(encode(self._reply(frame, Command.CONFIRM)))
        self._look_after(gateway)

    async def _read(self, gateway: Device, each: unit.Object, reading: Reading) -> None:
        """Add what one object says to the reading, or why it is not stored."""
        numbers = said.values(each)
        if not numbers:
            return
        code = said.place(gateway.code, each)
        try:
            device = gateway if code == gateway.code else await self._station.device(code)
            at = self._time(device, said.tag(each))
            mapped = device.mapped.by_code
            wanted = [
                (value, number)
                for name, number in numbers.items()
                for value in mapped.get(name, ())
            ]
            if not wanted:
                for name in numbers:
                    self._station.note_unmapped(f"{device.kind}: {name}")
                raise NothingMapped(device.credential, codes=", ".join(numbers))
        except UnknownAddress as error:
            error.where = _described(code, each)
            self._station.note_unmapped(error.where)
            reading.refuse(error)
            return
        except Refused as error:
            error.where = error.where or code
            reading.refuse(error)
            return
        note = getattr(each, "note", "")
        extra = {"parameters": {"note": note}} if note else None
        for value, number in wanted:
            reading.add(device, value, at, number, extra)

    def _time(self, device: Device, tag: bytes) -> int:
        """The time of an event; that of its arrival where the device has no clock."""
        moment = moment_of(tag)
        if moment is None:
            return self._station.clock.now()
        try:
            return time.from_datetime(moment.replace(tzinfo=device.mapped.zone))
        except (ValueError, OverflowError):
            raise BadTime(value=tag.hex(" ")) from None

    def _answer(self, frame: Frame, receipt: Receipt) -> bytes:
        if frame.command != Command.SEND:
            return b""
        kept = receipt.stored + receipt.duplicate
        return encode(self._reply(frame, Command.CONFIRM if kept else Command.DENY))

    def _denial(self, frame: Frame) -> bytes:
        if frame.command != Command.SEND:
            return b""
        return encode(self._reply(frame, Command.DENY))

    def _reply(self, frame: Frame, command: Command) -> Frame:
        return reply(frame, command, self._tag())

    def _tag(self) -> bytes:
        now = time.to_datetime(self._station.clock.now())
        return tag_of(now.astimezone(self._station.zone))

    # What the centre asks

    async def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        kind, body = self._order(name, arguments)
        session = self._link.session
        if session is None:
            raise NoAnswer(command=name, seconds=0, times=0)
        frame = await self._ask(int(session.device.code), name, kind, body)
        answer: dict[str, Any] = {}
        for each in unit.decode(frame.unit):
            answer.update(said.words(each))
            for code, number in said.values(each).items():
                answer[f"{said.place(session.device.code, each)} {code}"] = number
        return answer or {"confirmed": True}

    def _order(self, name: str, arguments: Mapping[str, Any]) -> tuple[Command, bytes]:
        def number(key: str, most: int, otherwise: int | None = None) -> int:
            given = arguments.get(key, otherwise)
            if str(given).isdecimal() and int(str(given)) <= most:
                return int(str(given))
            raise BadCommand(key, command=name, problem=f"it is a whole number up to {most}")

        if name == "sync_clock":
            now = time.to_datetime(self._station.clock.now())
            return Command.CONTROL, unit.clock(now.astimezone(self._station.zone))
        if name == "inspect":
            return Command.CONTROL, unit.inspection(max(1, number("minutes", 255, 10)))
        if name == "initialise":
            return Command.CONTROL, unit.initialise()
        if name in DEVICE_QUESTIONS:
            return Command.REQUEST, unit.ask_device(DEVICE_QUESTIONS[name])
        system, address = number("system", 255), number("address", 255)
        if name in SYSTEM_QUESTIONS:
            return Command.REQUEST, unit.ask_system(SYSTEM_QUESTIONS[name], system, address)
        part = number("part", 2**32 - 1)
        return Command.REQUEST, unit.ask_part(PART_QUESTIONS[name], system, address, part)

    async def _ask(self, gateway: int, name: str, command: Command, body: bytes) -> Frame:
        """Send, and send again, until the device answers. Raises DeviceRefused, NoAnswer."""
        denied = False
        serial = self._next_serial()
        for _ in range(self._patience.tries):
            answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
            self._asked[serial] = answer
            self._link.send(
                encode(Frame(serial, command, self._centre, gateway, body, self._tag()))
            )
            try:
                found = await asyncio.wait_for(answer, self._patience.wait_s)
            except TimeoutError:
                continue
            finally:
                self._asked.pop(serial, None)
            denied = found.command == Command.DENY
            if not denied:
                return found
        if denied:
            raise DeviceRefused(str(gateway), answer="6 (DENY)", command=name)
        raise NoAnswer(
            str(gateway),
            command=name,
            seconds=self._patience.wait_s,
            times=self._patience.tries,
        )

    def _next_serial(self) -> int:
        self._serial = (self._serial + 1) & 0xFFFF
        return self._serial

    def _settle(self, frame: Frame) -> None:
        asked = self._asked.get(frame.serial)
        if asked is not None and not asked.done():
            asked.set_result(frame)

    def _look_after(self, gateway: Device) -> None:
        """Where things may be sent, ask the transmission device now and then how it is; its
        answer is stored as any other state is."""
        now = self._station.clock.now()
        if self._station.outward != "live":
            return
        if self._looked is not None and now < self._looked + self._patience.look_after:
            return
        self._looked = now
        question = unit.ask_device(DEVICE_QUESTIONS["read_state"])
        serial = self._next_serial()
        to = int(gateway.code)
        self._link.send(
            encode(Frame(serial, Command.REQUEST, self._centre, to, question, self._tag()))
        )

    def lost(self) -> None:
        for asked in self._asked.values():
            asked.cancel()


DEVICE_QUESTIONS = {"read_state": 81, "read_version": 85, "read_setup": 86, "read_clock": 88}
SYSTEM_QUESTIONS = {
    "read_system": 61,
    "read_system_version": 65,
    "read_system_setup": 66,
    "read_system_clock": 68,
}
PART_QUESTIONS = {"read_part": 62, "read_values": 63, "read_part_setup": 67}


def _described(code: str, each: unit.Object) -> str:
    """A device that nobody registered, as an operator needs it to register it."""
    kind = getattr(each, "kind", None)
    if kind is None:
        system = getattr(each, "system", 0)
        return f"{code} ({system} {tables.SYSTEMS.get(system, '')})"
    words = f"{kind} {tables.PARTS.get(kind, '')} {getattr(each, 'note', '')}"
    return f"{code} ({words.strip()})"
