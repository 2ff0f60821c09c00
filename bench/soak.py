"""24 hours of a district compressed: every device reports over a real socket of its own protocol to
a running ``yiwang up``, and at the end every report is accounted for.

    python -m bench.soak [--devices 237000] [--observations 9000000] [--out FILE.json]

The district is simulated. Times are those of the last 24 hours, hour by hour: no protocol begins
an hour before all have done with the one before. A few reports are sent twice and a few are of
devices that nobody registered, so that duplicates and rejections are accounted for as well. Ends
with status 1 when something is lost or counted otherwise than sent, or when the memory grows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvloop
from bench import running
from bench.district import (
    DAY,
    GATEWAYS,
    HOURS,
    MIX,
    PARTS,
    SECRET,
    STATION_SECRET,
    TOTAL,
    Coap,
    Fleet,
    Gb26875,
    Hj212,
    Mqtt,
    Source,
    code,
)

from yiwang.app import Platform
from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import SystemClock
from yiwang.security import accounts
from yiwang.sensing import service as sensing
from yiwang.sensing.devices import NewDevice

ZONE = ZoneInfo("Asia/Shanghai")
SAMPLE_S = 1.0
SETTLE_S = 300.0
MEMORY_FROM = 6_000_000
"""Observations from which the memory is judged: before, the hot part is still filling."""


def fleets(devices: int, observations: int) -> list[Fleet]:
    """The mix for so many devices and observations, from 24 hours ago."""
    start = datetime.now(ZONE).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)
    busier = observations / (DAY * devices / TOTAL)
    return [
        Fleet(
            group,
            max(1, round(group.share * devices / TOTAL)),
            max(1, round(group.reports * busier)),
            start,
        )
        for group in MIX
    ]


def prepare(home: Path, district: Sequence[Fleet]) -> dict[str, int]:
    """A home in which every device is registered; returns the ports."""
    ports = {name: running.free_port() for name in ("mqtt", "gb26875", "coap", "hj212")}
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
        Mqtt(by["mqtt"], ports["mqtt"]),
        Gb26875(by["gb26875"][0], ports["gb26875"]),
        Coap(by["coap"][0], ports["coap"], token),
        Hj212(by["hj212"][0], ports["hj212"]),
    ]


class Watch:
    """The memory of the server and how much was acknowledged, second by second."""

    def __init__(self, server: running.Running, watched: Sequence[Source]) -> None:
        self._server = server
        self._watched = watched
        self.began = time.perf_counter()
        self.samples: list[tuple[float, float, int]] = []

    async def run(self) -> None:
        while True:
            rows = sum(source.count.rows for source in self._watched)
            elapsed = round(time.perf_counter() - self.began, 1)
            self.samples.append((elapsed, round(self._server.resident_mb(), 1), rows))
            await asyncio.sleep(SAMPLE_S)

    def memory(self) -> dict[str, Any]:
        """The last third beside the middle one: the first fills what is kept on purpose."""
        resident = [sample[1] for sample in self.samples]
        third = max(1, len(resident) // 3)
        middle = statistics.median(resident[third : 2 * third] or resident)
        last = statistics.median(resident[-third:])
        step = max(1, len(self.samples) // 200)
        return {
            "peak_mib": max(resident),
            "middle_third_mib": middle,
            "last_third_mib": last,
            "growth": round(last / middle, 3),
            "samples_s_mib_rows": self.samples[::step],
        }


async def drive(watched: Sequence[Source], watch: Watch) -> None:
    watching = asyncio.create_task(watch.run())
    await asyncio.gather(*(source.open() for source in watched))
    watch.began = time.perf_counter()
    for hour in range(HOURS):
        await asyncio.gather(*(source.hour(hour) for source in watched))
        rows = sum(source.count.rows for source in watched)
        taken = time.perf_counter() - watch.began
        print(f"hour {hour + 1:2}: {rows:,} observations in {taken:.0f} s", file=sys.stderr)
    for source in watched:
        source.close()
    watching.cancel()


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
    if count.acknowledged != count.sent:
        problems.append(f"{count.sent - count.acknowledged} messages were not acknowledged")
    return {"sent": asdict(count), "ledger": said, "problems": problems}


def soak(devices: int, observations: int, most_growth: float) -> dict[str, Any]:
    district = fleets(devices, observations)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        began = time.perf_counter()
        ports = prepare(home, district)
        prepared_s = time.perf_counter() - began
        with running.up(home) as server:
            token = running.token(home)
            watched = sources(district, ports, token)
            watch = Watch(server, watched)
            uvloop.run(drive(watched, watch))
            taken = time.perf_counter() - watch.began
            said = ledger(server, token, {each.name: each.count.rows for each in watched})
            rows = sum(each.count.rows for each in watched)
            memory = watch.memory()
            processor = running.processor_s(server.process.pid)
    nothing = dict.fromkeys(("received", "stored", "duplicate", "rejected", "waiting"), 0)
    table = {each.name: accounted(each, said.get(each.name, nothing)) for each in watched}
    problems = [f"{name}: {what}" for name, one in table.items() for what in one["problems"]]
    if rows >= MEMORY_FROM and memory["growth"] > most_growth:
        problems.append(f"memory: grew to {memory['growth']} times what it was in the middle")
    return {
        "what": "24 hours of a simulated district, compressed",
        "devices": sum(fleet.devices for fleet in district),
        "observations": rows,
        "mix": [
            {**asdict(fleet.group), "devices": fleet.devices, "reports": fleet.reports}
            for fleet in district
        ],
        "prepared_s": round(prepared_s, 1),
        "seconds": round(taken, 1),
        "observations_per_s": round(rows / taken),
        "server_processor_s": round(processor, 1),
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
    parser.add_argument("--observations", type=int, default=9_000_000)
    parser.add_argument("--most-growth", type=float, default=1.15)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    report = soak(given.devices, given.observations, given.most_growth)
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    shown = {**report, "memory": {**report["memory"], "samples_s_mib_rows": "…"}}
    print(json.dumps(shown, indent=1, ensure_ascii=False))
    raise SystemExit(bool(report["problems"]))


if __name__ == "__main__":
    main()
