"""Yiwang and FROST-Server side by side, operation by operation, in one run.

    python -m bench.sensorthings --war FROST-Server.MQTTP-….war --folder /somewhere/large
        [--things 100000] [--observations 10000000] [--seconds 3] [--rounds 3] [--out FILE.json]

Both hold the same city (``bench/two_cities.py``) and are asked the same in turn, ours, theirs,
ours, theirs …; what stands there is the median of the rounds. Latencies are those of a single
client, and of eight that ask at once. Without ``--war`` ours is measured alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import frost, mqtt_pairs, running, two_cities
from bench.wire import Timings, request, round_of
from rich.console import Console
from rich.table import Table

from yiwang.kernel import clock as time

MANY = 8
TICK = time.SECOND // 1000
BOX = 0.03
"""Side of the map's box, degrees: about 150 of 100,000 things."""
ROWS = 1000
"""Observations of one data array, of ten datastreams."""


@dataclass(frozen=True)
class Peer:
    """A running service and what its requests need."""

    name: str
    root: str
    headers: dict[str, str]
    things: int
    end: int
    first_stream: int
    mqtt_port: int = 0
    login: tuple[str, str] | None = None
    memory: Callable[[], float] = lambda: 0.0

    def stream(self, chance: random.Random) -> int:
        return self.first_stream + chance.randrange(self.things)

    def get(self, path: str) -> bytes:
        return request(self.root, "GET", quote(path, safe="/?$=&(),;@:'"), self.headers)

    def post(self, path: str, body: Any) -> bytes:
        return request(self.root, "POST", path, self.headers, json.dumps(body).encode())


Making = Callable[[Peer, random.Random, "Ticks"], bytes]


class Ticks:
    """Times that no observation has had yet, one millisecond after the other; another run on the
    same cities begins at another hour."""

    def __init__(self, end: int) -> None:
        self._at = end + random.SystemRandom().randrange(2000) * time.HOUR

    def take(self, count: int = 1) -> list[str]:
        first, self._at = self._at, self._at + count * TICK
        return [time.render(first + index * TICK) for index in range(1, count + 1)]


def _create(peer: Peer, chance: random.Random, ticks: Ticks) -> bytes:
    stream = {"@iot.id": peer.stream(chance)}
    made = {"phenomenonTime": ticks.take()[0], "result": round(chance.gauss(20, 5), 2)}
    return peer.post("Observations", {**made, "Datastream": stream})


def _arrays(peer: Peer, chance: random.Random, ticks: Ticks) -> bytes:
    body = []
    for _ in range(10):
        rows = [[at, round(chance.gauss(20, 5), 2)] for at in ticks.take(ROWS // 10)]
        body.append(
            {
                "Datastream": {"@iot.id": peer.stream(chance)},
                "components": ["phenomenonTime", "result"],
                "dataArray@iot.count": len(rows),
                "dataArray": rows,
            }
        )
    return peer.post("CreateObservations", body)


def _latest(peer: Peer, chance: random.Random, _: Ticks) -> bytes:
    path = f"Datastreams({peer.stream(chance)})/Observations"
    return peer.get(f"{path}?$orderby=phenomenonTime desc&$top=1")


def _history(peer: Peer, chance: random.Random, _: Ticks) -> bytes:
    held = (peer.end - two_cities.START) // two_cities.PERIOD
    start = two_cities.START + chance.randrange(max(held - 59, 1)) * two_cities.PERIOD
    until = start + 50 * two_cities.PERIOD
    span = f"phenomenonTime ge {time.render(start)} and phenomenonTime lt {time.render(until)}"
    path = f"Datastreams({peer.stream(chance)})/Observations"
    return peer.get(f"{path}?$filter={span} and result gt 15&$orderby=phenomenonTime&$top=100")


_NEWEST = "$expand=Datastreams($expand=Observations($orderby=phenomenonTime desc;$top=1))"


def _expand_one(peer: Peer, chance: random.Random, _: Ticks) -> bytes:
    return peer.get(f"Things({chance.randrange(peer.things) + 1})?{_NEWEST}")


def _expand_page(peer: Peer, chance: random.Random, _: Ticks) -> bytes:
    since = chance.randrange(peer.things - 100)
    return peer.get(f"Things?$filter=id gt {since}&$orderby=id&$top=100&{_NEWEST}")


def _map_box(peer: Peer, chance: random.Random, _: Ticks) -> bytes:
    west = two_cities.WEST + chance.random() * (two_cities.WIDTH - BOX)
    south = two_cities.SOUTH + chance.random() * (two_cities.HEIGHT - BOX)
    east, north = west + BOX, south + BOX
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    ring = ",".join(f"{lon:.5f} {lat:.5f}" for lon, lat in corners)
    within = f"st_within(Locations/location,geography'POLYGON(({ring}))')"
    return peer.get(f"Things?$filter={within}&$expand=Locations&$top=1000")


@dataclass(frozen=True)
class Operation:
    title: str
    make: Making
    goal: float
    """How many times as fast as FROST it shall be."""


OPERATIONS = (
    Operation("single create", _create, 5),
    Operation(f"data array of {ROWS} observations", _arrays, 5),
    Operation("latest value of a datastream", _latest, 2),
    Operation("filtered history of a datastream", _history, 2),
    Operation("thing with datastreams and latest observation", _expand_one, 2),
    Operation("100 things with datastreams and latest observation", _expand_page, 2),
    Operation("things in a map box, with locations", _map_box, 2),
)


def measured(
    peer: Peer, operation: Operation, ticks: Ticks, wires: int, seconds: float, seed: int
) -> Timings:
    def requests(index: int) -> Iterator[bytes]:
        chance = random.Random(seed * 1000 + index)
        while True:
            yield operation.make(peer, chance, ticks)

    return round_of(peer.root, requests, wires, seconds)


def compared(peers: list[Peer], rounds: int, seconds: float, say: Callable[[str], None]) -> Any:
    """Every operation with one client and with eight, both peers in turn."""
    ticks = {peer.name: Ticks(peer.end) for peer in peers}
    found: list[dict[str, Any]] = []
    for operation in OPERATIONS:
        say(operation.title)
        line: dict[str, Any] = {"operation": operation.title, "goal": operation.goal}
        for peer in peers:
            measured(peer, operation, ticks[peer.name], 2, min(seconds, 2), 99)
        timings: dict[str, dict[int, list[Timings]]] = {p.name: {1: [], MANY: []} for p in peers}
        for index in range(rounds):
            for wires in (1, MANY):
                for peer in peers:
                    one = measured(peer, operation, ticks[peer.name], wires, seconds, index)
                    timings[peer.name][wires].append(one)
        for peer in peers:
            line[peer.name] = _figures(timings[peer.name])
        found.append(line)
    return found


def _figures(timings: dict[int, list[Timings]]) -> dict[str, Any]:
    def middle(wires: int, of: Callable[[Timings], float]) -> float:
        return round(statistics.median(of(one) for one in timings[wires]), 3)

    failures = [text for rounds in timings.values() for one in rounds for text in one.failures]
    return {
        "one_client": {
            "per_s": middle(1, lambda t: t.rate),
            "p50_ms": middle(1, lambda t: t.ms(50)),
            "p99_ms": middle(1, lambda t: t.ms(99)),
        },
        "eight_clients": {
            "per_s": middle(MANY, lambda t: t.rate),
            "p50_ms": middle(MANY, lambda t: t.ms(50)),
            "p99_ms": middle(MANY, lambda t: t.ms(99)),
        },
        "failed": len(failures),
        "first_failure": failures[0] if failures else "",
    }


@contextlib.contextmanager
def our_peer(folder: Path, things: int, observations: int) -> Iterator[Peer]:
    home = folder / f"home-{things}-{observations}"
    two_cities.ours(home, things, observations)
    mqtt = running.free_port()
    with running.up(home, "--mqtt-port", str(mqtt)) as server:
        token = running.token(home)
        first = running.call(server, "/v1.1/Datastreams?$top=1&$orderby=id", token)
        yield Peer(
            "yiwang",
            f"{server.url}/v1.1",
            {"Authorization": f"Bearer {token}"},
            things,
            two_cities.last(things, observations),
            first["value"][0]["@iot.id"],
            mqtt,
            ("bench", token),
            server.resident_mb,
        )


@contextlib.contextmanager
def their_peer(war: Path, folder: Path, things: int, observations: int) -> Iterator[Peer]:
    with frost.postgres(folder) as port:
        name = f"city_{things}_{observations}"
        with frost.up(war, folder, port, name) as server:
            two_cities.theirs(server.database, things, observations)
            end = two_cities.last(things, observations)
            memory = server.resident_mb
            yield Peer("frost", server.root, {}, things, end, 1, server.mqtt_port, None, memory)


def shown(found: list[dict[str, Any]], peers: list[Peer]) -> Table:
    table = Table(title="Yiwang beside FROST-Server")
    for heading in (
        "operation",
        "clients",
        *(f"{peer.name}: per s, p50, p99 ms" for peer in peers),
    ):
        table.add_column(heading)
    if len(peers) == 2:
        table.add_column("times as fast: rate, p99 (goal)")
    for line in found:
        for label, clients in (("one_client", "1"), ("eight_clients", str(MANY))):
            figures = [line[peer.name][label] for peer in peers]
            cells = [f"{f['per_s']:,.0f}  {f['p50_ms']:.2f}  {f['p99_ms']:.2f}" for f in figures]
            if len(peers) == 2:
                rate = figures[0]["per_s"] / max(figures[1]["per_s"], 1e-9)
                tail = figures[1]["p99_ms"] / max(figures[0]["p99_ms"], 1e-9)
                cells.append(f"{rate:.1f}  {tail:.1f}  ({line['goal']:g})")
            table.add_row(line["operation"], clients, *cells)
    return table


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--war", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="where both cities are kept")
    parser.add_argument("--things", type=int, default=100_000)
    parser.add_argument("--observations", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--load-only", action="store_true", help="make both cities, measure nothing"
    )
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    console = Console(stderr=True)
    size = (given.things, given.observations)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(our_peer(given.folder, *size))]
        if given.war is not None:
            peers.append(stack.enter_context(their_peer(given.war, given.folder, *size)))
        if given.load_only:
            return 0
        load = os.getloadavg()[0]
        operations = compared(peers, given.rounds, given.seconds, console.log)
        messages = {peer.name: mqtt_pairs.measured(peer) for peer in peers}
        report = {
            "things": given.things,
            "observations": given.observations,
            "load_before": round(load, 2),
            "operations": operations,
            "mqtt": messages,
            "memory_mb": {peer.name: round(peer.memory(), 1) for peer in peers},
        }
        Console(width=160).print(shown(operations, peers))
        print(json.dumps({"mqtt": messages, "memory_mb": report["memory_mb"]}, indent=2))
    if given.out is not None:
        given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
