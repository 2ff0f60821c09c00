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
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from bench import frames

from yiwang.kernel.clock import DAY, MINUTE, SECOND, SystemClock
from yiwang.kernel.settings import Settings
from yiwang.packs.library import builtin_folder
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing import ledger, service, spec
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.mqtt.entrance import Mqtt
from yiwang.sensing.protocols.entrance import Field
from yiwang.sensing.runtime import Sensing
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

STEP = 10 * SECOND


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


def levels(fleet: Fleet, number: int) -> Iterator[bytes]:
    """The reports of one station, minute by minute."""
    for turn in range(fleet.rounds):
        yield frames.level(number, turn, fleet.start + turn * MINUTE)


def fixes(fleet: Fleet, number: int) -> Iterator[bytes]:
    """The reports of one vehicle."""
    for turn in range(fleet.rounds):
        yield frames.fix(number, turn, fleet.start + turn * STEP)


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


async def station(fleet: Fleet, number: int, ready: asyncio.Semaphore) -> Talk:
    async with ready:
        reader, writer = await frames.connect(fleet.sl651, number)
    return reader, writer, levels(fleet, number), bytes(frames.CONFIRMATION)


async def vehicle(fleet: Fleet, number: int, ready: asyncio.Semaphore) -> Talk:
    async with ready:
        reader, writer = await frames.connect(fleet.jt808, fleet.stations + number)
        await frames.sign_in((reader, writer), number)
    return reader, writer, fixes(fleet, number), b"\x7e"


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
            ("underpass_flooding", "water_level", map(frames.station_code, range(stations))),
            ("municipal_vehicles", "muck_truck", map(frames.phone, range(vehicles))),
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
            mqtt.look,
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
        wanted = given.rounds * (
            given.stations * frames.STATION_ROWS + given.vehicles * frames.VEHICLE_ROWS
        )
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
