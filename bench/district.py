"""The devices of a simulated district: how many of each kind, what protocol each speaks, and when
each reports.

Every source counts what it sent, what was acknowledged, and what should become of it; nothing here
knows how the platform stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bench import frames

from yiwang.kernel.clock import SECOND

SECRET, STATION_SECRET = "a-long-secret", "123456"
AGAIN, WRONG = 997, 1999
"""The reports of one device in so many are sent twice; as often as one in so many reports, one is
of a device that nobody registered."""
STRANGER = 9_999_999
"""The number of a station or terminal that nobody registered."""
PARTS = 90
"""Detectors behind one transmission device."""
DAY_S = 86400
TOGETHER_S = 60
RIVER = ("w01010", "w01001", "w01009", "w01014", "w01003", "w01019", "w21003", "w21011")


@dataclass(frozen=True)
class Group:
    """Devices of one kind: how many of every 237,000, and their reports a day."""

    protocol: str
    kind: str
    share: int
    reports: int
    values: int = 1
    """Observations that one report becomes."""
    together: bool = False
    """All within a minute, as stations do at the full hour; else spread over their period."""


MIX = (
    Group("mqtt", "small_premises_fire.heat_detector", 109_000, 24),
    Group("mqtt", "smart_parking.counter", 25_000, 72),
    Group("mqtt", "underpass_flooding.water_level", 6_000, 144),
    Group("gb26875", "small_premises_fire.smoke_detector", 90_000, 12, 2),
    Group("coap", "underpass_flooding.rain_gauge", 2_000, 96),
    Group("hj212", "river_pollution.river_station", 1_000, 48, len(RIVER), together=True),
    Group("sl651", "underpass_flooding.water_level", 1_000, 144, frames.STATION_ROWS, True),
    Group("jt808", "municipal_vehicles.muck_truck", 2_000, 50, frames.VEHICLE_ROWS),
)
"""Every kind reports often enough that no rule of its pack takes it for silent."""
TRANSMITTERS = 1_000
TOTAL = sum(group.share for group in MIX) + TRANSMITTERS
DAY = sum(group.share * group.reports * group.values for group in MIX)


@dataclass
class Count:
    """Messages and the rows in them. ``again`` rows were sent before, ``wrong`` ones are to be
    rejected; ``unanswered`` messages get no answer by their standard; ``resent`` ones had none in
    time."""

    sent: int = 0
    acknowledged: int = 0
    rows: int = 0
    again: int = 0
    wrong: int = 0
    unanswered: int = 0
    resent: int = 0


@dataclass(frozen=True)
class Fleet:
    """``devices`` of one group."""

    group: Group
    devices: int

    def due(self, start: datetime, begin: int, end: int) -> Iterator[tuple[int, datetime]]:
        """Device and time of every report of the seconds ``begin`` to ``end`` (without it) of the
        24 hours from ``start``, to the second."""
        period = DAY_S // self.group.reports
        for turn in range(begin // period, -(-end // period)):
            first = turn * period
            for device in self._within(max(0, begin - first), min(period, end - first), period):
                yield device, start + timedelta(seconds=first + self._phase(device, period))

    def _phase(self, device: int, period: int) -> int:
        return device % TOGETHER_S if self.group.together else device * period // self.devices

    def _within(self, low: int, high: int, period: int) -> Iterator[int]:
        """Devices whose phase is in ``low`` to ``high`` (without it)."""
        if not self.group.together:
            yield from range(-(-low * self.devices // period), -(-high * self.devices // period))
            return
        for phase in range(low, min(high, TOGETHER_S)):
            yield from range(phase, self.devices, TOGETHER_S)


class Source(Protocol):
    """One protocol's devices. ``send`` sends what is due in some seconds of the 24 hours from
    ``start`` and returns when everything is answered."""

    name: str
    count: Count

    async def open(self) -> None: ...

    async def send(self, start: datetime, begin: int, end: int) -> None: ...

    def close(self) -> None: ...


def fleets(devices: int) -> list[Fleet]:
    """The mix for so many devices."""
    return [Fleet(group, max(1, round(group.share * devices / TOTAL))) for group in MIX]


def code(group: Group, device: int) -> str:
    """The code under which a device is registered."""
    if group.protocol == "gb26875":
        transmitter, part = divmod(device, PARTS)
        return f"{transmitter + 1}-1-1-{part + 1}"
    if group.protocol == "hj212":
        return f"{device:024d}"
    if group.protocol == "sl651":
        return frames.station_code(device)
    return frames.phone(device) if group.protocol == "jt808" else f"S{device}"


def again(device: int) -> bool:
    return device % AGAIN == 3


def wrong(device: int) -> bool:
    return device % WRONG == 5


def turn_of(moment: datetime) -> int:
    """A number that grows with each report of a device: the minute of the day."""
    return moment.hour * 60 + moment.minute


def result(device: int, moment: datetime) -> float:
    """Something that changes with device and time, far from any limit: 2 to 8.9."""
    return 2 + (device + turn_of(moment)) % 70 / 10


def instant(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND
