"""Stations and vehicles over real sockets: how many frames a second become durable, what one
waits for its confirmation, and whether everything that was sent is there.

    python -m bench.field [--stations 500] [--vehicles 2000] [--rounds 20] [--pace 0] [--out FILE]

Each station (SL 651) and each terminal (JT/T 808) has a connection of its own, says one thing,
and waits for the answer before it says the next. ``--pace`` bounds the frames a second of all
together; 0 is as fast as they are confirmed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from yiwang.kernel.clock import DAY, SECOND, SystemClock
from yiwang.kernel.settings import Settings
from yiwang.packs.library import builtin_folder
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing import ledger, service, spec
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.mqtt.entrance import Mqtt
from yiwang.sensing.protocols.entrance import Field
from yiwang.sensing.protocols.jt808.model import bodies, positions
from yiwang.sensing.protocols.jt808.model import frames as vehicle_frames
from yiwang.sensing.protocols.jt808.model.frames import Message
from yiwang.sensing.protocols.jt808.model.positions import Position
from yiwang.sensing.protocols.sl651.model import frames as station_frames
from yiwang.sensing.protocols.sl651.model import reports, writing
from yiwang.sensing.protocols.sl651.model.frames import Coding, Frame
from yiwang.sensing.runtime import Sensing
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

STEP = 10 * SECOND
PER_ADDRESS = 1000
"""Connections from one loopback address; the listeners allow 2,000."""
STATION_ROWS, VEHICLE_ROWS = 1, 9
"""Observations in one frame, as the built-in packs map them."""


@dataclass
class Fleet:
    """What the senders know of themselves. ``start`` is the time of the first reports."""

    stations: int
    vehicles: int
    rounds: int
    pace: float
    start: int
    sl651: int
    jt808: int
    waited: list[float] = field(default_factory=list)
    acknowledged: int = 0

    def gap(self) -> float:
        """Seconds between two frames of one device."""
        return (self.stations + self.vehicles) / self.pace if self.pace else 0.0


def station_code(number: int) -> str:
    return f"{60_000_000 + number}"


def phone(number: int) -> str:
    return f"139{number:08d}"


def levels(fleet: Fleet, number: int) -> Iterator[bytes]:
    """The reports of one station."""
    address = "00" + station_code(number)
    for turn in range(fleet.rounds):
        at = (fleet.start + turn * 60 * SECOND) // (60 * SECOND) * (60 * SECOND)
        level = Decimal(100 + (number + turn) % 300) / 1000
        group = writing.Group(at, [("Z", level), ("VT", Decimal("12.6"))])
        body = writing.report(Coding.HEX, turn + 1, at, address, "H", [group])
        frame = Frame(Coding.HEX, False, 1, address, 1, reports.TIMED, station_frames.ETX, body)
        yield station_frames.encode(frame)


def fixes(fleet: Fleet, number: int) -> Iterator[bytes]:
    """The reports of one vehicle."""
    for turn in range(fleet.rounds):
        lon, lat = 116 + number / 1e4, 39 + turn / 1e3
        at = fleet.start + turn * STEP
        at -= at % SECOND
        items = {0x01: (number + turn).to_bytes(4, "big")}
        report = Position(0, positions.FIXED, lon, lat, 40, turn % 40, 90, at, items)
        body = positions.write(report)
        yield vehicle_frames.encode(Message(bodies.POSITION, phone(number), turn + 3, body))


async def speak(fleet: Fleet, reader: Any, writer: Any, said: Iterator[bytes], end: bytes) -> None:
    """Say one frame after another, each when the one before is confirmed."""
    gap, due = fleet.gap(), time.perf_counter()
    for data in said:
        if gap:
            due += gap
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        began = time.perf_counter()
        writer.write(data)
        if end == b"\x7e":
            await reader.readuntil(end)
            await reader.readuntil(end)
        else:
            await reader.readexactly(len(end))
        fleet.waited.append(time.perf_counter() - began)
        fleet.acknowledged += 1
    writer.close()


Talk = tuple[Any, Any, Iterator[bytes], bytes]
"""A connection, what is said over it, and how an answer ends (or how long it is)."""


async def connect(port: int, number: int) -> tuple[Any, Any]:
    near = (f"127.0.0.{2 + number // PER_ADDRESS}", 0)
    return await asyncio.open_connection("127.0.0.1", port, local_addr=near)


async def station(fleet: Fleet, number: int, ready: asyncio.Semaphore) -> Talk:
    async with ready:
        reader, writer = await connect(fleet.sl651, number)
    return reader, writer, levels(fleet, number), bytes(25)


async def vehicle(fleet: Fleet, number: int, ready: asyncio.Semaphore) -> Talk:
    async with ready:
        reader, writer = await connect(fleet.jt808, fleet.stations + number)
        said = bodies.Registration(11, 105, "BENCH", "T", f"{number:07d}", 1, "")
        hello = Message(bodies.REGISTER, phone(number), 1, bodies.write_registration(said, 0))
        code = bodies.read_registered((await ask(reader, writer, hello)).body)[2]
        body = bodies.write_authentication(code, 0)
        answer = await ask(reader, writer, Message(bodies.AUTHENTICATE, phone(number), 2, body))
        assert bodies.read_answer(answer.body).result == bodies.DONE
    return reader, writer, fixes(fleet, number), b"\x7e"


async def ask(reader: Any, writer: Any, message: Message) -> Message:
    writer.write(vehicle_frames.encode(message))
    await reader.readuntil(b"\x7e")
    return vehicle_frames.decode(b"\x7e" + await reader.readuntil(b"\x7e"))


def send(fleet: Fleet, answer: Connection) -> None:
    """All devices, in a process of their own; answers with what became of their frames."""

    async def run() -> float:
        ready = asyncio.Semaphore(50)
        stations = [station(fleet, number, ready) for number in range(fleet.stations)]
        vehicles = [vehicle(fleet, number, ready) for number in range(fleet.vehicles)]
        talks = await asyncio.gather(*stations, *vehicles)
        began = time.perf_counter()
        await asyncio.gather(*(speak(fleet, *talk) for talk in talks))
        return time.perf_counter() - began

    seconds = uvloop.run(run())
    waited = np.array(fleet.waited) * 1000
    p50, p99 = (round(float(np.percentile(waited, part)), 1) for part in (50, 99))
    answer.send({"acknowledged": fleet.acknowledged, "s": seconds, "p50_ms": p50, "p99_ms": p99})


class Run:
    """The listeners over an empty home, with the kinds of device of two built-in packs."""

    def __init__(self, folder: Path, stations: int, vehicles: int) -> None:
        self._settings = Settings(home=folder)
        self._database = Database(f"sqlite:///{folder / 'bench.db'}")
        migrate(self._database)
        self._sensing = Sensing(self._settings, self._database, SystemClock())
        ports = self._sensing.ports()
        self._caller = Caller(system("bench"), self._database, SystemClock(), ports)
        for pack, kind, codes in (
            ("underpass_flooding", "water_level", map(station_code, range(stations))),
            ("municipal_vehicles", "muck_truck", map(phone, range(vehicles))),
        ):
            service.install_kinds(self._caller, pack, spec.read(builtin_folder() / pack))
            new = [NewDevice(code) for code in codes]
            service.register_devices(self._caller, f"{pack}.{kind}", new)
        self._sensing.changed()

    async def measure(self, given: argparse.Namespace) -> dict[str, Any]:
        clock = SystemClock()
        buffer = Buffer(self._sensing.intake, clock)
        buffer.start()
        mqtt = Mqtt(self._settings, self._database, clock, buffer)
        router = mqtt.router
        listeners = Field(
            self._settings,
            self._database,
            clock,
            buffer,
            mqtt.devices,
            lambda: mqtt.refresh(),
            router,
        )
        await listeners.start({"sl651": 0, "jt808": 0})
        ports = (listeners.ports["sl651"].number, listeners.ports["jt808"].number)
        start = clock.now() - DAY
        fleet = Fleet(given.stations, given.vehicles, given.rounds, given.pace, start, *ports)
        processor = time.process_time()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        told = await asyncio.to_thread(self._drive, fleet)
        processor = time.process_time() - processor
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await listeners.close()
        await buffer.close()
        self._sensing.settle()
        lines = ledger.lines(self._caller)
        self._sensing.close()
        self._database.close()
        sent = (given.stations + given.vehicles) * given.rounds
        wanted = given.rounds * (given.stations * STATION_ROWS + given.vehicles * VEHICLE_ROWS)
        stored = sum(line.stored for line in lines)
        return {
            "connections": given.stations + given.vehicles,
            "sent": sent,
            "acknowledged": told["acknowledged"],
            "observations_sent": wanted,
            "observations_stored": stored,
            "rejected": sum(line.rejected for line in lines),
            "reconciled": told["acknowledged"] == sent and stored == wanted,
            "frames_per_s": round(sent / told["s"]),
            "processor_us_per_frame": round(processor / sent * 1e6),
            "p50_ms": told["p50_ms"],
            "p99_ms": told["p99_ms"],
            "peak_rss_mb": round(after / 1024),
            "grown_mb": round((after - before) / 1024),
        }

    def _drive(self, fleet: Fleet) -> dict[str, Any]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=send, args=(fleet, theirs))
        process.start()
        while not ours.poll(0.5):
            if not process.is_alive():
                raise RuntimeError("the senders ended early")
        told: dict[str, Any] = ours.recv()
        process.join()
        return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("--stations", type=int, default=500)
    parser.add_argument("--vehicles", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files[1], files[1]))
    with tempfile.TemporaryDirectory() as name:
        run = Run(Path(name), given.stations, given.vehicles)
        found = uvloop.run(run.measure(given))
    print(json.dumps(found, indent=2))
    if given.out is not None:
        given.out.write_text(json.dumps(found, indent=2) + "\n")
    sys.exit(0 if found["reconciled"] else 1)


if __name__ == "__main__":
    main()
