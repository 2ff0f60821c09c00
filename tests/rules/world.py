"""A pack of test rules, and stand-ins for what the judge works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from yiwang.contracts.observations import Incoming, ObservationBatch, Receipt
from yiwang.contracts.ports import Channel
from yiwang.kernel.clock import MINUTE, parse
from yiwang.rules import spec
from yiwang.rules.building import Loaded
from yiwang.rules.engine import Engine
from yiwang.rules.examples import Tally
from yiwang.rules.spec import DeviceKind, PlaceInput, RulesSpec

START = parse("2026-07-01T00:00:00Z")

DEVICES = {
    "meter": DeviceKind(
        {"depth": "cm", "flow": "1"},
        {
            "double": ("depth * 2 + coalesce(flow, 0)", "cm"),
            "mean": ("avg_over(depth, '5 min')", "cm"),
        },
    ),
    "pump": DeviceKind({"running": "1"}),
}
PLACES = {"sites": PlaceInput("underpass", {"limit": "number", "zone": "text"})}


def pack(folder: Path, rules: Mapping[str, str], parameters: Mapping[str, str] = {}) -> RulesSpec:
    """Write rule files and read them as a pack."""
    for kind, texts in (("rules", rules), ("parameters", parameters)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / kind / f"{name}.yaml").write_text(text, encoding="utf-8")
    return spec.read(folder, DEVICES, PLACES, "pack")


def loaded(folder: Path, rules: Mapping[str, str], parameters: Mapping[str, str] = {}) -> Loaded:
    return Loaded("test", pack(folder, rules, parameters))


def channels(things: int, places: int = 2) -> list[Channel]:
    """Meters (depth, flow, double, mean) and, at each place, one pump. Thing t is at place
    1 + (t - 1) % places, 100 m from the next."""
    found: list[Channel] = []
    for thing in range(1, things + 1):
        place = 1 + (thing - 1) % places
        lon = 104.0 + thing * 0.001
        for name in ("depth", "flow", "double", "mean"):
            number = len(found) + 1
            found.append(Channel(number, thing, "test.meter", name, place, lon, 30.0))
    for place in range(1, places + 1):
        thing = things + place
        number = len(found) + 1
        found.append(Channel(number, thing, "test.pump", "running", place, 104.0, 30.0))
    return found


Row = tuple[int, int, float]
"""(datastream, minute, value)"""


def batch(rows: Sequence[Row], first: int = 1, position: int = 0) -> ObservationBatch:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    time = START + np.array(columns[1], np.int64) * MINUTE
    return ObservationBatch(
        first,
        position,
        np.array(columns[0], np.int64),
        time,
        np.array(columns[2], np.float64),
        time,
    )


class MemoryLog:
    """A log in memory: the position is the number of frames. Also the sink. As in the real one,
    frames that follow one another are read as one batch."""

    def __init__(self) -> None:
        self.frames: list[ObservationBatch] = []
        self.accepted: list[Incoming] = []

    def put(self, rows: Sequence[Row]) -> None:
        first = 1 + sum(len(frame) for frame in self.frames)
        self.frames.append(batch(rows, first, len(self.frames) + 1))

    def read(
        self, position: int, most: int = 100_000, until: int | None = None
    ) -> list[ObservationBatch]:
        end = len(self.frames) if until is None else until
        frames = self.frames[position : min(position + 3, end)]
        if not frames:
            return []
        columns = ("datastream", "time", "result", "received")
        joined = {name: np.concatenate([getattr(one, name) for one in frames]) for name in columns}
        return [ObservationBatch(frames[0].first, frames[-1].position, **joined)]

    def end(self) -> int:
        return len(self.frames)

    def accept(self, incoming: Incoming) -> Receipt:
        self.accepted.append(incoming)
        return Receipt(len(incoming.time), len(incoming.time), 0, [], 0)


class Directory:
    def __init__(self, found: Sequence[Channel]) -> None:
        self.found = list(found)

    def channels(self, kinds: Sequence[str] | None = None) -> list[Channel]:
        return [one for one in self.found if kinds is None or one.kind in kinds]


class NoSites:
    def attributes(self, kind: str) -> Mapping[int, Mapping[str, Any]]:
        return {1: {"limit": 30, "zone": "east"}, 2: {"zone": "west"}}


SITES = NoSites().attributes("underpass")


def run(
    pack_: Loaded,
    rows: Sequence[Row],
    things: int,
    cuts: Sequence[int] = (),
    fold_rows: int = 100_000,
    reload: Sequence[int] = (),
) -> list[tuple[str, int, int, int | None, dict[str, Any]]]:
    """Findings left by an engine that gets the rows cut before the positions ``cuts`` and is
    saved and loaded at those in ``reload``: (rule, subject id, raised, cleared, values)."""
    found = channels(things)
    engine = Engine([pack_], found, SITES, fold_rows)
    tally = Tally()
    bounds = sorted({0, *cuts, len(rows)})
    for begin, end in pairwise(bounds):
        if begin in reload:
            saved = engine.save()
            engine = Engine([pack_], found, SITES, fold_rows)
            engine.load(saved)
        tally.add(engine.judge(batch(rows[begin:end], begin + 1)).changes)
    result = [
        (rule, int(engine.wiring(rule).ids[subject]), raised, cleared, values)
        for rule, subject, raised, cleared, values in tally.findings()
    ]
    return sorted(result, key=str)
