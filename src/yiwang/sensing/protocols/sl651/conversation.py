"""The centre's side of the conversation with one station, or with a relay of several."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yiwang.kernel import clock as time
from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import (
    BadCommand,
    BadFrame,
    DeviceAway,
    NoAnswer,
    NothingMapped,
    NotServed,
)
from yiwang.sensing.protocols.link import Link
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.sl651.errors import BadElement
from yiwang.sensing.protocols.sl651.model import (
    binary,
    characters,
    frames,
    reports,
    times,
    writing,
)
from yiwang.sensing.protocols.sl651.model.frames import Coding, Frame
from yiwang.sensing.protocols.sl651.model.packets import Assembly
from yiwang.sensing.protocols.sl651.model.reports import Report

MOST_ASKED = 16
"""Packets that are asked for again in one go."""
_FUNCTIONS = {
    "read_now": reports.ASK_NOW,
    "read_elements": reports.ASK_ELEMENTS,
    "read_span": reports.ASK_PERIOD,
    "read_state": reports.ASK_STATE,
    "read_time": reports.ASK_CLOCK,
    "set_time": reports.SET_CLOCK,
}


@dataclass(frozen=True)
class Manners:
    """How long and how often the centre asks (clause 6.3.2.3), and what a message of several
    packets may hold and take."""

    wait_s: float = 10.0
    tries: int = 3
    most_bytes: int = 262_144
    most_s: float = 120.0


class Conversation:
    """Implements ``link.Conversation``. A frame is confirmed when what it says is durable; one
    that is invalid, or of a station that nobody registered, is not answered (clause 6.3.1.2 b)."""

    def __init__(self, link: Link, manners: Manners) -> None:
        self._link = link
        self._station = link.station
        self._manners = manners
        self._packets = Assembly(manners.most_bytes, round(manners.most_s * time.SECOND))
        self._last: Frame | None = None
        self._asked: dict[int, asyncio.Future[Report]] = {}

    async def handle(self, raw: bytes) -> None:
        frame = frames.decode(raw)
        device = await self._station.device(*frames.station_names(frame.station))
        if device.mapped.more.get("password"):
            await self._station.admit(device, f"{frame.password:04X}")
        session = self._link.join(device, self)
        self._last = frame
        now = self._station.clock.now()
        if frame.total:
            whole = self._packets.add(frame, now)
            if whole is None:
                for packet in self._packets.missing(frame)[:MOST_ASKED]:
                    self._link.send(frames.encode(writing.again(frame, packet, now)))
                return
            frame, raw = whole, whole.body
        report = _report(frame)
        session.said["clock_ahead_s"] = round((report.sent - now) / time.SECOND)
        await self._take(frame, report, device, raw, now)
        self._settle(report)

    async def _take(
        self, frame: Frame, report: Report, device: Device, raw: bytes, now: int
    ) -> None:
        if frame.function == reports.KEEP:
            return
        stay = bool(device.mapped.more.get("stay", True))
        answer = frames.encode(writing.confirm(frame, now, stay))
        reading = Reading(raw, f"{device.code} {self._link.peer} {frame.function:02X}")
        try:
            await self._read(frame, report, device, reading)
        except Refused as error:
            self._link.refuse(error, raw, answer)
            return
        if len(reading):
            self._link.store(reading, answer)
        else:
            self._link.send(answer)

    async def _read(self, frame: Frame, report: Report, device: Device, reading: Reading) -> None:
        """Add what the report says. Raises Refused when nothing of it is for us."""
        if report.picture:
            raise NotServed(message=f"picture of {report.picture} bytes (36H)")
        if frame.function == reports.TEST and not device.mapped.more.get("tests"):
            raise NotServed(message="test report (30H)")
        if frame.function in reports.WITH_TEXT and report.manual:
            report.readings += characters.read_manual(report.manual, frame.station, report.sent)
        elif frame.function in reports.SILENT:
            return
        elif frame.function not in reports.WITH_READINGS | reports.WITH_TEXT:
            raise NotServed(message=f"frame of function {frame.function:02X}H")
        found: dict[str, list[Device] | Refused] = {}
        unmapped: set[str] = set()
        for read in report.readings:
            if read.station not in found:
                found[read.station] = await self._devices(read.station)
            owners = found[read.station]
            if isinstance(owners, Refused):
                reading.refuse(owners)
            elif not [owner for owner in owners if _add(reading, owner, read)]:
                unmapped.add(read.element)
                self._station.note_unmapped(f"{owners[0].kind}: {read.element}")
        if unmapped and not len(reading):
            raise NothingMapped(device.credential, codes=", ".join(sorted(unmapped)))

    async def _devices(self, address: str) -> list[Device] | Refused:
        """The devices of one station: one of each kind that is registered under its address."""
        names = frames.station_names(address)
        try:
            first = await self._station.device(*names)
        except Refused as error:
            return error
        return self._station.together(*names) or [first]

    def _settle(self, report: Report) -> None:
        waiting = self._asked.get(report.function)
        if waiting is not None and not waiting.done():
            waiting.set_result(report)

    async def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        last = self._last
        if last is None:
            raise DeviceAway(thing=0)
        function = _FUNCTIONS[name]
        more = _more(last.coding, name, arguments)
        for _ in range(self._manners.tries):
            waiting = asyncio.get_running_loop().create_future()
            self._asked[function] = waiting
            now = self._station.clock.now()
            self._link.send(frames.encode(writing.command(last, function, now, more)))
            try:
                report = await asyncio.wait_for(waiting, self._manners.wait_s)
            except (TimeoutError, asyncio.CancelledError):
                if waiting.cancelled() and function not in self._asked:
                    break
                continue
            return _said(report)
        seconds, tries = self._manners.wait_s, self._manners.tries
        raise NoAnswer(command=name, seconds=seconds, times=tries)

    def lost(self) -> None:
        asked, self._asked = self._asked, {}
        for waiting in asked.values():
            waiting.cancel()


def _report(frame: Frame) -> Report:
    return binary.read(frame) if frame.coding is Coding.HEX else characters.read(frame)


def _said(report: Report) -> dict[str, Any]:
    values = {read.element: read.value for read in report.readings}
    return {"serial": report.serial, "sent": time.render(report.sent), "values": values}


def _more(coding: Coding, name: str, arguments: Mapping[str, Any]) -> bytes:
    """What follows the time in a command. Raises BadCommand."""
    try:
        if name == "read_elements":
            wanted = arguments["elements"]
            names = wanted if isinstance(wanted, list) else str(wanted).replace(",", " ").split()
            return writing.ask_elements(coding, [str(item) for item in names])
        if name == "read_span":
            begin, end = (times.moment(str(arguments[key])) for key in ("begin", "end"))
            hours = int(arguments.get("hours", 0))
            if not 0 <= hours < 24:
                raise ValueError(hours)
            return writing.ask_period(coding, begin, end, hours, str(arguments["element"]))
    except BadFrame as error:
        raise BadCommand(command=name, problem=str(error.fields["problem"])) from None
    except (ValueError, TypeError):
        raise BadCommand(command=name, problem="hours is a number from 0 to 23") from None
    return b""


def _add(reading: Reading, device: Device, read: reports.Reading) -> bool:
    """Add one value, or why it is not stored; False when the kind does not map it."""
    by_code = device.mapped.by_code
    bits = [code for code in by_code if code.startswith("ZT.")] if read.element == "ZT" else []
    if read.element not in by_code and not bits:
        return False
    if read.value is None:
        if read.problem:
            reading.refuse(BadElement(read.element, read.problem))
        return True
    for value in by_code.get(read.element, ()):
        reading.add(device, value, read.time, read.value)
    for code in bits:
        bit = float(int(read.value) >> int(code[3:]) & 1)
        for value in by_code[code]:
            reading.add(device, value, read.time, bit)
    return True
