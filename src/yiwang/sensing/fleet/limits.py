"""When a device counts as troubled: dated figures in data, laid over by the city's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from yiwang.kernel import documents
from yiwang.kernel.documents import Section
from yiwang.sensing.fleet.errors import BadLimit
from yiwang.sensing.fleet.model import DriftLimits


@dataclass(frozen=True)
class Limits:
    """See ``limits.yaml`` for what each means."""

    silence_grace_min: float = 0.0
    skew_after_min: float = 0.0
    outage_least: float = 0.0
    outage_share: float = 0.0
    drift_recent_days: float = 0.0
    drift_past_days: float = 0.0
    drift_least_days: float = 0.0
    drift_z: float = 0.0
    drift_z_alone: float = 0.0
    drift_floor: float = 0.0
    drift_neighbours: float = 0.0
    drift_least_neighbours: float = 0.0
    drift_radius_m: float = 0.0
    stuck_days: float = 0.0
    stuck_rows: float = 0.0

    @property
    def drift(self) -> DriftLimits:
        return DriftLimits(
            int(self.drift_recent_days),
            int(self.drift_past_days),
            int(self.drift_least_days),
            self.drift_z,
            self.drift_z_alone,
            self.drift_floor,
            int(self.drift_neighbours),
            int(self.drift_least_neighbours),
            self.drift_radius_m,
        )


_NAMES = tuple(item.name for item in fields(Limits))
Dated = list[tuple[date, dict[str, float]]]


def load(home: Path) -> Dated:
    """The built-in figures and, behind them, those of ``HOME/city/devices.yaml``. Raises
    DocumentError with file and line."""
    own = home / "city" / "devices.yaml"
    built_in = resources.files("yiwang.sensing.fleet").joinpath("limits.yaml")
    found = _read(documents.parse(built_in.read_text(encoding="utf-8"), "limits.yaml"))
    if own.is_file():
        found += _read(documents.load(own))
    return found


def on(dated: Dated, day: date) -> Limits:
    """The figures that count on a day: of each the newest one, the city's own before others."""
    values: dict[str, float] = {}
    for since, given in sorted(dated, key=lambda entry: entry[0]):
        if since <= day:
            values.update(given)
    return replace(Limits(), **values)


def _read(document: Section) -> Dated:
    found = [_values(section) for section in document.items("values")]
    document.text("source", "")
    document.finish()
    return found


def _values(section: Section) -> tuple[date, dict[str, float]]:
    since = section.take("from", date)
    given = dict(_figures(section))
    section.finish()
    return since, given


def _figures(section: Section) -> Iterator[tuple[str, float]]:
    for name in _NAMES:
        if section.has(name):
            value: Any = section.take(name, float)
            if value <= 0 or (name.endswith(("_share", "_floor")) and value > 1):
                raise BadLimit(section.place(name), name=name, value=value)
            yield name, value
