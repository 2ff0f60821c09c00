"""The made-up district as data: areas, organisations, people, duties, places and devices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SIMULATED = "（模拟）"


@dataclass(frozen=True)
class Device:
    """One simulated device. ``kind`` is ``<pack>.<kind>``; ``site`` the index of its place
    among the places of ``place_kind``; ``entrance``: mqtt or http."""

    kind: str
    code: str
    name: str
    lon: float
    lat: float
    place_kind: str
    place_code: str
    site: int
    entrance: str = "mqtt"


@dataclass(frozen=True)
class Account:
    """A simulated person who signs in. ``grids`` are codes of areas."""

    user: str
    display: str
    role: str
    organisation: str = ""
    grids: tuple[str, ...] = ()


@dataclass
class City:
    """``records``: registry records by noun, in the form that the registry's API takes."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    devices: list[Device] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)

    def places(self, kind: str) -> list[dict[str, Any]]:
        return [place for place in self.records["places"] if place["kind"] == kind]

    def of_kind(self, kind: str) -> list[Device]:
        return [device for device in self.devices if device.kind == kind]

    def summary(self) -> str:
        kinds = Counter(place["kind"] for place in self.records["places"])
        parts = [f"{count:,} {kind}" for kind, count in sorted(kinds.items())]
        return f"{len(self.devices):,} devices at " + ", ".join(parts)
