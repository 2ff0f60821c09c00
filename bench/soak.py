"""24 hours of a district compressed: every device reports over a real socket of its own protocol to
a running ``yiwang up``, and at the end every report is accounted for.

    python -m bench.soak [--devices 237000] [--hours 24] [--speed 120] [--out FILE.json]

The district is simulated, and so is the clock of the platform: it begins at the next full hour and
runs ``--speed`` times as fast, so that 24 hours pass in 12 minutes, and what time brings about
(silences, deadlines, midnight) comes at its time. Devices report when they are due; those of one
protocol never wait for those of another, and where the platform does not keep up, they fall behind
(``behind_most_s``). A few reports are sent twice and a few are of devices that nobody registered,
so that duplicates and rejections are accounted for as well. Ends with status 1 when something is
lost or counted otherwise than sent, or when the memory grows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvloop
from bench import running
from bench.district import (
    PARTS,
    SECRET,
    STATION_SECRET,
    TOTAL,
    Fleet,
    Source,
    code,
    fleets,
)
from bench.gateways import GATEWAYS, Coap, Mqtt
from bench.wires import Gb26875, Hj212, Jt808, Sl651

from yiwang.app import Platform
from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import SystemClock
from yiwang.security import accounts
from yiwang.sensing import service as sensing
from yiwang.sensing.devices import NewDevice

ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOLS = ("jt808", "gb26875", "hj212", "sl651", "coap", "mqtt")
"""In the order in which they connect: terminals take longest, and a listener cuts off who says
nothing after connecting."""
SLICE_S = 120
"""Simulated seconds whose reports are sent together, when they are over."""
SAMPLE_S = 1.0
SETTLE_S = 300.0
MEMORY_FROM = 6_000_000
"""Observations from which the memory is judged: before, the hot part is still filling."""


@dataclass(frozen=True)
class Day:
    """The simulated time: ``start`` on the platform's clock was at ``began`` on this process's."""

    start: datetime
    began: float
    hours: int
    speed: float

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return (time.perf_counter() - self.began) * self.speed


def prepare(home: Path, district: Sequence[Fleet]) -> dict[str, int]:
    """A home in which every device is registered; returns the ports."""
    ports = {name: running.free_port() for name in PROTOCOLS}
    lines = [f"{name}_port: {port}" for name, port in ports.items()]
    (home / "yiwang.yaml").write_text("\n".join(lines) + "\n")
    settings, _ = settings_of.load(home, {}, {})
    with Platform(settings, SystemClock()) as platform:
        caller = platform.caller("soak")
        for fleet in district:
            _register(caller, fleet)
        for number in range(GATEWAYS):
            accounts.add_device(caller, f"soak-{number}", password=SECRET)
        platform.settle()
    return ports


def _register(caller: Any, fleet: Fleet) -> None:
    group = fleet.group
    wanted = [NewDevice(code(group, device)) for device in range(fleet.devices)]
    made = sensing.register_devices(caller, group.kind, wanted)
    if group.protocol == "gb26875":
        count = -(-fleet.devices // PARTS)
        transmitters = [NewDevice(str(number + 1)) for number in range(count)]
        sensing.register_devices(caller, "small_premises_fire.fire_transmitter", transmitters)
    if group.protocol == "hj212":
        for station, thing in made.items():
            accounts.add_device(caller, f"{group.kind}/{station}", [thing], None, STATION_SECRET)


def sources(district: Sequence[Fleet], ports: dict[str, int], token: str) -> list[Source]:
    by = {name: [fleet for fleet in district if fleet.group.protocol == name] for name in ports}
    return [
        Jt808(by["jt808"][0], ports["jt808"]),
        Gb26875(by["gb26875"][0], ports["gb26875"]),
        Hj212(by["hj212"][0], ports["hj212"]),
        Sl651(by["sl651"][0], ports["sl651"]),
        Coap(by["coap"][0], ports["coap"], token),
        Mqtt(by["mqtt"], ports["mqtt"]),
    ]


@dataclass
class Watch:
    """The memory of the server and how much was sent, second by second; how far each source is
    in the day (``reached``), and was behind the clock at most (``behind``), in seconds."""

    server: running.Running
    watched: Sequence[Source]
    samples: list[tuple[int, float, int]] = field(default_factory=list)
    """What the slowest source has reached, resident MiB, rows sent."""
    reached: dict[str, int] = field(default_factory=dict)
    behind: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        hour = 0
        while True:
            self.sample()
            reached, resident, rows = self.samples[-1]
            if reached // 3600 > hour:
                hour = reached // 3600
                print(f"hour {hour:2}: {rows:,} observations, {resident} MiB", file=sys.stderr)
            await asyncio.sleep(SAMPLE_S)

    def sample(self) -> None:
        rows = sum(source.count.rows for source in self.watched)
        resident = round(self.server.resident_mb(), 1)
        self.samples.append((min(self.reached.values()), resident, rows))

    def note(self, name: str, reached: int, behind: float) -> None:
        self.reached[name] = reached
        self.behind[name] = max(self.behind[name], round(behind, 2))

    def memory(self) -> dict[str, Any]:
        """The last third beside the middle one: the first fills what is kept on purpose."""
        resident = [sample[1] for sample in self.samples]
        third = max(1, len(resident) // 3)
        middle = statistics.median(resident[third : 2 * third] or resident)
        last = statistics.median(resident[-third:])
        hourly = {max(at - 1, 0) // 3600: (mib, rows) for at, mib, rows in self.samples}
        return {
            "peak_mib": max(resident),
            "middle_third_mib": middle,
            "last_third_mib": last,
            "growth": round(last / middle, 3),
            "by_hour": [
                {"hour": hour + 1, "mib": mib, "observations": rows}
                for hour, (mib, rows) in hourly.items()
            ],
        }


async def drive(watched: Sequence[Source], watch: Watch, hours: int, speed: float) -> float:
    """All reports of so many hours; returns the seconds that they took."""
    for source in watched:
        began = time.perf_counter()
        await source.open()
        print(f"{source.name} connected in {time.perf_counter() - began:.1f} s", file=sys.stderr)
    day = await asyncio.to_thread(_day, watch.server, hours, speed)
    for source in watched:
        watch.reached[source.name], watch.behind[source.name] = 0, 0.0
    watching = asyncio.create_task(watch.run())
    await asyncio.gather(*(_report(source, day, watch) for source in watched))
    taken = time.perf_counter() - day.began
    watching.cancel()
    watch.sample()
    for source in watched:
        source.close()
    return taken


def _day(server: running.Running, hours: int, speed: float) -> Day:
    """A day that begins with the next minute of the platform's clock."""
    shown = server.clock()
    at = time.perf_counter()
    start = shown.astimezone(ZONE).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Day(start, at + (start - shown).total_seconds() / speed, hours, speed)


async def _report(source: Source, day: Day, watch: Watch) -> None:
    """The reports of one source, slice by slice, each when its time has come."""
    for end in range(SLICE_S, day.hours * 3600 + 1, SLICE_S):
        early = end - day.now_s()
        if early > 0:
            await asyncio.sleep(early / day.speed)
        await source.send(day.start, end - SLICE_S, end)
        watch.note(source.name, end, (day.now_s() - end) / day.speed)


def ledger(
    server: running.Running, token: str, rows: Mapping[str, int]
) -> dict[str, dict[str, int]]:
    """What the platform says of each source, once it speaks of so many rows of each: the ledger
    follows the log after a moment. What it says after ``SETTLE_S`` counts in any case."""
    until = time.perf_counter() + SETTLE_S
    while True:
        found: dict[str, dict[str, int]] = {}
        for line in running.call(server, "/api/ledger", token)["items"]:
            sums = found.setdefault(line["source"], {})
            for name in ("received", "stored", "duplicate", "rejected", "waiting"):
                sums[name] = sums.get(name, 0) + line[name]
        settled = all(
            name in found and found[name]["received"] - found[name]["waiting"] >= count
            for name, count in rows.items()
        )
        if settled or time.perf_counter() > until:
            return found
        time.sleep(1)


def accounted(source: Source, said: dict[str, int]) -> dict[str, Any]:
    """What was sent beside what the ledger says. A message that was sent again because its answer
    was late may be a duplicate more; nothing may be stored or rejected otherwise than expected."""
    count = source.count
    expected = count.rows - count.again - count.wrong
    problems = []
    if said["received"] != said["stored"] + said["duplicate"] + said["rejected"]:
        problems.append("received is not stored + duplicate + rejected")
    if said["stored"] != expected:
        problems.append(f"{expected - said['stored']} observations are lost")
    if said["rejected"] != count.wrong:
        problems.append(f"{count.wrong} should have been rejected")
    if not 0 <= said["duplicate"] - count.again <= count.resent:
        problems.append(f"{count.again} should have been duplicates")
    answerless = count.sent - count.acknowledged - count.unanswered
    if answerless:
        problems.append(f"{answerless} messages were not acknowledged")
    return {"sent": asdict(count), "ledger": said, "problems": problems}


def soak(given: argparse.Namespace) -> dict[str, Any]:
    district = fleets(given.devices)
    begin = datetime.now(ZONE).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        home = Path(folder)
        began = time.perf_counter()
        ports = prepare(home, district)
        prepared_s = time.perf_counter() - began
        print(f"registered in {prepared_s:.1f} s", file=sys.stderr)
        clock = f"{begin.isoformat()},{given.speed}"
        with running.up(home, "--simulated-clock", clock) as server:
            token = running.token(home)
            watched = sources(district, ports, token)
            watch = Watch(server, watched)
            began = time.perf_counter()
            taken = uvloop.run(drive(watched, watch, given.hours, given.speed))
            connected_s = time.perf_counter() - began - taken
            began = time.perf_counter()
            said = ledger(server, token, {each.name: each.count.rows for each in watched})
            settled_s = time.perf_counter() - began
            processor = running.processor_s(server.process.pid)
    rows = sum(each.count.rows for each in watched)
    memory = watch.memory()
    nothing = dict.fromkeys(("received", "stored", "duplicate", "rejected", "waiting"), 0)
    table = {
        each.name: {
            **accounted(each, said.get(each.name, nothing)),
            "behind_most_s": watch.behind[each.name],
        }
        for each in watched
    }
    problems = [f"{name}: {what}" for name, one in table.items() for what in one["problems"]]
    if rows >= MEMORY_FROM and memory["growth"] > given.most_growth:
        problems.append(f"memory: grew to {memory['growth']} times what it was in the middle")
    return {
        "what": f"{given.hours} hours of a simulated district, {given.speed} times as fast",
        "devices": sum(fleet.devices for fleet in district),
        "observations": rows,
        "mix": [{**asdict(fleet.group), "devices": fleet.devices} for fleet in district],
        "prepared_s": round(prepared_s, 1),
        "connected_s": round(connected_s, 1),
        "seconds": round(taken, 1),
        "settled_s": round(settled_s, 1),
        "observations_per_s": round(rows / taken),
        "server_processor_s": round(processor, 1),
        "server_processor_us_per_observation": round(processor / rows * 1e6, 1),
        "load": os.getloadavg()[0],
        "memory": memory,
        "sources": table,
        "problems": problems,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devices", type=int, default=TOTAL)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--speed", type=float, default=120.0)
    parser.add_argument("--most-growth", type=float, default=1.15)
    parser.add_argument("--folder", type=Path, help="where the home of the platform is made")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files[1], files[1]))
    report = soak(given)
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(report, indent=1, ensure_ascii=False))
    raise SystemExit(bool(report["problems"]))


if __name__ == "__main__":
    main()
