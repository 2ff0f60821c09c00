"""What simulated devices say, as each kind of device declares that it speaks."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from yiwang.demo.plan import City
from yiwang.demo.world import Batch
from yiwang.kernel import clock

Arrays = dict[int, list[list[Any]]]
"""Rows of time and result by datastream."""


@dataclass(frozen=True)
class Message:
    """One MQTT message; ``at`` is the simulated instant at which the device speaks."""

    at: int
    topic: str
    payload: bytes


class Speech:
    """Puts batches into words. ``kinds`` as ``GET /api/devices/kinds`` shows them;
    ``streams``: the datastream of each (kind, code, property), for devices on HTTP."""

    def __init__(
        self,
        city: City,
        kinds: Iterable[Mapping[str, Any]],
        streams: Mapping[tuple[str, str, str], int],
        start: int,
    ) -> None:
        self._city = city
        self._streams = streams
        self._start = start
        self._declared = {kind["kind"]: kind["mqtt"] for kind in kinds if kind.get("mqtt")}

    def instant(self, minute: int, second: int) -> int:
        return self._start + (minute * 60 + second) * clock.SECOND

    def messages(self, batches: Iterable[Batch]) -> list[Message]:
        """What goes out over MQTT, in the order of time."""
        found: list[Message] = []
        for batch in batches:
            if batch.kind in self._declared and batch.devices:
                found += self._spoken(batch)
        found.sort(key=lambda message: message.at)
        return found

    def arrays(self, batches: Iterable[Batch], entrances: Container[str] = ("http",)) -> Arrays:
        """What goes out over HTTP: the body of SensorThings' CreateObservations, in parts."""
        found: Arrays = {}
        for batch in batches:
            for row, index in enumerate(batch.devices):
                device = self._city.devices[index]
                if device.entrance not in entrances:
                    continue
                moment = clock.render(self.instant(batch.minute, batch.second[row]))
                for name, column in batch.columns.items():
                    number = self._streams.get((device.kind, device.code, name))
                    if number is not None and column[row] is not None:
                        found.setdefault(number, []).append([moment, column[row]])
        return found

    def _spoken(self, batch: Batch) -> list[Message]:
        declared = self._declared[batch.kind]
        before, _, after = declared["topic"].partition("{device}")
        places, time_place = declared["values"], declared["time"]
        columns = [(places[name], column) for name, column in batch.columns.items()]
        moments = {
            second: clock.render(self.instant(batch.minute, second)) for second in set(batch.second)
        }
        devices, encode = self._city.devices, msgspec.json.encode
        found = []
        for row, index in enumerate(batch.devices):
            device = devices[index]
            if device.entrance != "mqtt":
                continue
            second = batch.second[row]
            said: dict[str, Any] = {time_place: moments[second]}
            for place, column in columns:
                if column[row] is not None:
                    said[place] = column[row]
            topic = f"{before}{device.code}{after}"
            found.append(Message(self.instant(batch.minute, second), topic, encode(said)))
        return found


def body(arrays: Arrays) -> bytes:
    """A CreateObservations document (SensorThings 1.1, clause 12)."""
    return msgspec.json.encode(
        [
            {
                "Datastream": {"@iot.id": number},
                "components": ["phenomenonTime", "result"],
                "dataArray": rows,
            }
            for number, rows in arrays.items()
        ]
    )
