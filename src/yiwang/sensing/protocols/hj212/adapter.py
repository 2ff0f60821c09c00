"""The adapter of HJ 212: what is done with each packet of a station."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from yiwang.kernel import units
from yiwang.kernel.clock import SECOND
from yiwang.kernel.documents import Section
from yiwang.kernel.errors import YiwangError
from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols import mapping
from yiwang.sensing.protocols.adapter import Port
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import BadMapping
from yiwang.sensing.protocols.hj212 import values
from yiwang.sensing.protocols.hj212.cipher import Sm4
from yiwang.sensing.protocols.hj212.errors import UnknownCommand
from yiwang.sensing.protocols.hj212.exchange import DeviceTalk
from yiwang.sensing.protocols.hj212.model import commands, packet, region
from yiwang.sensing.protocols.hj212.model.packet import Cipher, Packet
from yiwang.sensing.protocols.hj212.model.region import Record
from yiwang.sensing.protocols.hj212.model.stream import Splitter
from yiwang.sensing.protocols.hj212.parts import Parts
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.link import Link
from yiwang.sensing.protocols.mapping import Properties
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.station import Session, Station
from yiwang.sensing.protocols.tcp import TcpListener

_log = logging.getLogger(__name__)

MOST_DEVICES = 500
"""Devices for which one connection may speak."""


class _AnyFlag(dict[str, str]):
    """The marks of the standard; both editions allow more, of one to three letters."""

    def __contains__(self, flag: object) -> bool:
        return isinstance(flag, str) and flag.isascii() and flag.isalnum() and len(flag) <= 3


class Hj212:
    """Implements ``adapter.Adapter``."""

    name = "hj212"
    listens = True
    commands = commands.COMMANDS

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits(frame_bytes=16 * 1024)

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        """The shared keys; ``minute_interval``, the period of 2051; ``password: unchecked``
        for stations whose PW means nothing; ``ignore``, commands whose data nobody wants."""
        found = mapping.read(section, properties, values.code, _AnyFlag(commands.FLAGS))
        found["minute_interval"] = _interval(section)
        found["password"] = section.choice("password", ("checked", "unchecked"), "checked")
        ignored = section.raw("ignore", [])
        if not isinstance(ignored, list) or not all(
            commands.carries_data(str(cn)) for cn in ignored
        ):
            problem = "ignore lists commands that carry data, such as [2021, 2041]."
            raise BadMapping(section.place("ignore"), problem=problem)
        found["ignore"] = [str(cn) for cn in ignored]
        return found

    async def open(self, station: Station, host: str, port: int) -> Port:
        listener = TcpListener(station, Splitter, Conversation, self._limits)
        return await listener.open(host, port)


def _interval(section: Section) -> int:
    text, place = section.text("minute_interval", "10 min"), section.place("minute_interval")
    try:
        seconds = units.magnitude(text, "s")
    except (units.WrongUnit, units.NotAQuantity):
        seconds = 0
    if not 1 <= seconds <= 3600:
        problem = f'minute_interval is "{text}", but a time such as 10 min is needed.'
        raise BadMapping(place, problem=problem)
    return round(seconds * SECOND)


class Conversation:
    """Implements ``link.Conversation``: one connection, mostly of one station."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._parts = Parts()
        self._talks: dict[int, DeviceTalk] = {}
        self._setting: set[asyncio.Task[Any]] = set()

    async def handle(self, raw: bytes) -> None:
        station = self._link.station
        came = packet.decode(raw, self._cipher)
        device = await station.device(came.mn)
        if device.mapped.more.get("password") != "unchecked":
            await station.admit(device, came.pw)
        talk = self._talk(device)
        talk.latest = came if came.st != "91" or talk.latest is None else talk.latest
        session = self._link.join(device, talk)
        found = region.records(came.cp)
        if came.cn in (commands.REQUEST_ANSWER, commands.EXECUTED):
            talk.answered(came, found)
        elif commands.carries_data(came.cn):
            talk.heard(came, found)
            self._store(came, found, raw, device, session)
        elif came.cn in commands.UPLOADS:
            talk.heard(came, found)
            self._answer(came, commands.DATA_ANSWER)
        elif came.cn == commands.ASK_FOR_TIME:
            self._answer(came, commands.NOTICE_ANSWER)
            self._set_time(talk, session)
        elif came.cn == commands.HEARTBEAT:
            self._answer(came, commands.NOTICE_ANSWER)
        elif came.cn not in (commands.NOTICE_ANSWER, commands.DATA_ANSWER):
            raise UnknownCommand(came.cn, command=came.cn)

    def lost(self) -> None:
        for task in self._setting:
            task.cancel()

    def _talk(self, device: Device) -> DeviceTalk:
        talk = self._talks.get(device.thing)
        if talk is None:
            if len(self._talks) >= MOST_DEVICES:
                self._talks.clear()
            talk = DeviceTalk(self._link.station, self._link.send, device)
            self._talks[device.thing] = talk
        return talk

    def _cipher(self, mn: str) -> Cipher | None:
        key = self._link.station.key(mn)
        return Sm4(key) if key is not None and len(key) == 16 else None

    def _answer(self, came: Packet, cn: str) -> None:
        if came.wants_answer:
            self._link.send(came.answer(cn).encode())

    def _store(
        self, came: Packet, found: list[Record], raw: bytes, device: Device, session: Session
    ) -> None:
        if came.cn in commands.INFO:
            session.said.update({name: text for name, text in found[0].fields.items()})
        for part, records, frame in self._parts.take(came, found, raw):
            reading = Reading(frame, f"{device.code} {part.cn}")
            self._read(reading, part, records, device)
            answer = part.answer(commands.DATA_ANSWER).encode() if part.wants_answer else b""
            if len(reading):
                self._link.store(reading, answer)
            elif answer:
                self._link.send(answer)

    def _read(self, reading: Reading, part: Packet, records: list[Record], device: Device) -> None:
        """A record that is refused is no reason to withhold the answer: sent again it would be
        refused again."""
        wanted = part.cn not in commands.INFO and part.cn not in device.mapped.more["ignore"]
        try:
            mapped = [
                values.fill(reading, part, record, device, self._link.station) for record in records
            ]
            if wanted and not any(mapped):
                raise values.nothing(records[0])
        except Refused as error:
            reading.refuse(error)

    def _set_time(self, talk: DeviceTalk, session: Session) -> None:
        """A station asks to be set (1013). To do so is a command, so ``outward`` decides."""
        session.said["asked_for_time"] = True
        if self._link.station.outward != "live":
            return
        task = asyncio.get_running_loop().create_task(_quietly(talk))
        self._setting.add(task)
        task.add_done_callback(self._setting.discard)


async def _quietly(talk: DeviceTalk) -> None:
    """Set the time; a station that does not answer will ask again."""
    try:
        await talk.command("set_time", {})
    except YiwangError as error:
        _log.info("%s", error)


ADAPTER = Hj212()
