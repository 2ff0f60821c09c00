"""The simulated world, minute by minute, and what its devices say about it.

A ``Batch`` is what all devices of one kind say in one minute. State moves forward only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from yiwang.demo import weather
from yiwang.demo.city import COLUMNS, GRID_LAT, GRID_LON, ROWS, SOUTH, WEST
from yiwang.demo.plan import City
from yiwang.demo.scenario import Scenario, Trouble
from yiwang.demo.weather import Floats

HISTORY_HOURS = 24
"""Hours that stations kept and send when they first connect."""

MOBILE_CM, MOBILE_MINUTES = 0.7, 180
"""What a mobile pump takes out in a minute, and how long it stays."""


@dataclass(frozen=True)
class Batch:
    """``devices`` are indices into the city's devices; ``second`` of the minute and every
    column have their length. None in a column: not measured this time."""

    kind: str
    devices: Sequence[int]
    minute: int
    second: Sequence[int]
    columns: dict[str, Sequence[float | None]]


class World:
    def __init__(self, city: City, seed: int) -> None:
        self.city = city
        self._seed = seed
        self._at: dict[str, list[int]] = {}
        for index, device in enumerate(city.devices):
            self._at.setdefault(device.kind.partition(".")[2], []).append(index)
        self._kind = {device.kind.partition(".")[2]: device.kind for device in city.devices}
        places = city.places("underpass")
        self._x = np.array([(p["lon"] - WEST) / (COLUMNS * GRID_LON) for p in places])
        self._y = np.array([(p["lat"] - SOUTH) / (ROWS * GRID_LAT) for p in places])
        draw = weather.rng(seed, "basins")
        self._basin = 3.0 + 10.0 * draw.uniform(0, 1, len(places)) ** 2.2
        self._pumped = draw.uniform(0.85, 1.2, len(places))
        self.depth: Floats = np.zeros(len(places))
        self._running = np.ones(len(places), np.int64)
        self._said_depth: Floats = np.zeros(len(places))
        self._rained: Floats = np.zeros(len(places))
        self._mobile: dict[int, int] = {}
        self._capacity = [p["attributes"]["capacity"] for p in city.places("car_park")]
        self._free = [-1] * len(self._capacity)
        self._rated = np.array(
            [p["attributes"]["rated_current_a"] for p in city.places("premises")], float
        )
        self._burning: dict[int, int] = {}
        self._smoking: set[int] = set()
        self._minutes = 0
        self.scenario = Scenario(seed, len(self._rated))

    def drain(self, site: int, minute: int) -> None:
        """A mobile pump is brought to an underpass."""
        self._mobile[site] = minute + MOBILE_MINUTES

    def history(self) -> Iterator[list[Batch]]:
        """What air and river stations measured before the simulation began, hour by hour."""
        for hour in range(-HISTORY_HOURS, 0):
            yield list(self._stations(hour * 60, []))

    def minute(self, minute: int) -> Iterator[Batch]:
        """Move on to this minute (each in turn) and say what is measured in it."""
        troubles = self.scenario.at(minute)
        yield from self._underpasses(minute, troubles)
        yield from self._car_parks(minute, troubles)
        if minute % 60 == 0:
            yield from self._stations(minute, troubles)
        yield from self._premises(minute, troubles)

    def _underpasses(self, minute: int, troubles: list[Trouble]) -> Iterator[Batch]:
        mm = weather.rain(self._x, self._y, minute, self._seed) / 60
        off = _sites(troubles, "pump", "off")
        self._running[:] = 1
        self._running[list(off)] = 0
        out = np.where(self._running, self._pumped, 0.02)
        out[[site for site, until in self._mobile.items() if minute < until]] += MOBILE_CM
        self.depth += mm * self._basin / 10 * 1.6 - out
        np.clip(self.depth, 0, 180, out=self.depth)
        self._rained += mm
        draw = weather.rng(self._seed, "depth", minute)
        said = np.maximum(0, self.depth + draw.normal(0, 0.25, len(self.depth))).round(1)
        frozen = _sites(troubles, "water_level", "frozen")
        for site in frozen:
            said[site] = max(self._said_depth[site], 3.5)
        for site in _sites(troubles, "water_level", "negative"):
            said[site] = -40.0
        for trouble in troubles:
            if trouble.what == "spike" and (minute - trouble.begins) % 2 == 0:
                said[trouble.site] = 260.0
        self._said_depth = said
        silent = _sites(troubles, "water_level", "silent")
        levels = [site for site in range(len(said)) if site not in silent]
        yield self._batch("water_level", minute, levels, {"depth_cm": said[levels].tolist()})
        sites = list(range(len(said)))
        running = self._running.tolist()
        yield self._batch("pump", minute, sites, {"pump_running": running})
        if minute % 5 == 4:
            gauges = range(len(self._at["rain_gauge"]))
            fallen = self._rained[[3 * gauge for gauge in gauges]].round(1).tolist()
            self._rained[:] = 0
            yield self._batch("rain_gauge", minute, list(gauges), {"rain_mm": fallen})

    def _car_parks(self, minute: int, troubles: list[Trouble]) -> Iterator[Batch]:
        silent = _sites(troubles, "counter", "silent")
        over = _sites(troubles, "counter", "over")
        frozen = _sites(troubles, "counter", "frozen")
        steady: tuple[list[int], list[float | None]] = ([], [])
        changed: tuple[list[int], list[float | None]] = ([], [])
        numbers = {"counter": -1, "counter_on_change": -1}
        for site, capacity in enumerate(self._capacity):
            on_change = site % 4 == 3
            name = "counter_on_change" if on_change else "counter"
            numbers[name] += 1
            free = self._free_at(site, capacity, minute)
            if site in frozen:
                free = self._free[site]
            elif site in over:
                free = int(capacity * 1.4) + 9
            news = free != self._free[site] or minute % weather.DAY == weather.DAY - 360
            self._free[site] = free
            if site in silent or (on_change and not news):
                continue
            into = changed if on_change else steady
            into[0].append(numbers[name])
            into[1].append(free)
        yield self._batch("counter", minute, steady[0], {"free": steady[1]})
        yield self._batch("counter_on_change", minute, changed[0], {"free": changed[1]})

    def _free_at(self, site: int, capacity: int, minute: int) -> int:
        hour = (minute / 60 + 6) % 24
        office = site % 3 != 0
        peak, width = (11.0, 5.0) if office else (21.5, 6.0)
        gap = min(abs(hour - peak), 24 - abs(hour - peak))
        taken = 0.25 + (0.80 if site % 5 == 1 else 0.62) * math.exp(-((gap / width) ** 2))
        wobble = 0.02 * math.sin(minute / 9 + site) + 0.01 * math.sin(minute / 3 + 2 * site)
        return max(0, min(capacity, round(capacity * (1 - taken - wobble))))

    def _stations(self, minute: int, troubles: list[Trouble]) -> Iterator[Batch]:
        for name, measure in (("air_station", weather.air), ("river_station", weather.river)):
            silent = _sites(troubles, name, "silent")
            sites = [site for site in range(len(self._at[name])) if site not in silent]
            measured = [measure(site, minute, self._seed) for site in sites]
            columns: dict[str, Sequence[float | None]] = {
                key: [one[key] for one in measured] for key in (measured[0] if measured else ())
            }
            yield self._batch(name, minute, sites, columns)

    def _premises(self, minute: int, troubles: list[Trouble]) -> Iterator[Batch]:
        fires = {trouble.site: trouble for trouble in troubles if trouble.what == "fire"}
        due = np.arange(minute % 5, len(self._rated), 5)
        extra = [site for site in {*fires, *self._burning} if site % 5 != minute % 5]
        due = np.concatenate([due, np.array(extra, np.int64)])
        draw = weather.rng(self._seed, "premises", minute)
        hour = (minute / 60 + 6) % 24
        open_hours = max(0.0, math.sin(math.pi * (hour - 6) / 16)) if hour >= 6 else 0.0
        heat = 26 + 4 * open_hours + draw.normal(0, 0.6, len(due))
        current = self._rated[due] * (0.12 + 0.45 * open_hours + draw.uniform(0, 0.08, len(due)))
        residual = draw.normal(42, 8, len(due))
        cable = 27 + 12 * open_hours + draw.normal(0, 0.8, len(due))
        position = {int(site): place for place, site in enumerate(due.tolist())}
        for site, trouble in fires.items():
            if site in position:
                heat[position[site]] += min(240.0, 14.0 * (minute - trouble.begins))
        for site in _sites(troubles, "premises", "residual") & position.keys():
            residual[position[site]] += 330
        for site in _sites(troubles, "premises", "overload") & position.keys():
            current[position[site]] = self._rated[site] * 1.28
        sites = due.tolist()
        yield self._batch("heat_detector", minute, sites, {"temperature": heat.round(1).tolist()})
        electric = {
            "residual_current_ma": residual.round(0).tolist(),
            "cable_temperature": cable.round(1).tolist(),
            "current_a": current.round(1).tolist(),
        }
        yield self._batch("electric_monitor", minute, sites, electric)
        yield self._smoke(minute, troubles)
        self._burning = {site: trouble.begins for site, trouble in fires.items()}

    def _smoke(self, minute: int, troubles: list[Trouble]) -> Batch:
        """Smoke detectors speak once a day, when they were switched on, and at once when there
        is smoke."""
        low = _sites(troubles, "premises", "battery")
        starting = {t.site for t in troubles if t.what == "battery" and t.begins == minute}
        smoking = _sites(troubles, "premises", "smoke") | {
            t.site for t in troubles if t.what == "fire" and minute - t.begins >= 2
        }
        self._minutes += 1
        early = self._minutes <= 20
        beat = range(minute % 10, len(self._rated), 10) if early else ()
        daily = () if early else range(minute % weather.DAY, len(self._rated), weather.DAY)
        sites = sorted({*beat, *daily, *starting, *smoking, *self._smoking})
        self._smoking = smoking
        columns: dict[str, Sequence[float | None]] = {
            "smoke": [1 if site in smoking else 0 for site in sites],
            "self_test": [0] * len(sites),
            "battery_percent": [17 if site in low else 60 + site * 7 % 40 for site in sites],
        }
        return self._batch("smoke_detector", minute, sites, columns)

    def _batch(self, name: str, minute: int, numbers: list[int], columns: Any) -> Batch:
        """``numbers`` count within the kind; each device has its own second of the minute."""
        at = self._at.get(name, [])
        seconds = [number * 37 % 60 for number in numbers]
        return Batch(self._kind.get(name, ""), [at[n] for n in numbers], minute, seconds, columns)


def _sites(troubles: list[Trouble], kind: str, what: str) -> set[int]:
    return {trouble.site for trouble in troubles if trouble.kind == kind and trouble.what == what}
