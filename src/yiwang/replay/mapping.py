"""The mapping of a recording: which columns are what. Data, in YAML.

::

    source: parking            # name in the ledger (default: the file's name)
    time: {column: time, zone: Asia/Shanghai}   # zone of times that carry none (default UTC)
    device: {kind: space_counter, code: place_id}
    values:
      free: {column: free}                      # property of the kind: column
      co: {column: CO, scale: 0.001}            # factor into the property's unit
    places:
      kind: car_park
      file: parking_de_places.csv               # beside the recording; may be left out
      code: place_id
      name: name
      lon: lon
      lat: lat
      attributes: {capacity: capacity}          # attribute of the place: column
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yiwang.kernel import documents
from yiwang.kernel.documents import NotAllowed, Section


@dataclass(frozen=True)
class Value:
    """One observed property: its column, and the factor into the property's unit."""

    property: str
    column: str
    scale: float = 1.0


@dataclass(frozen=True)
class Places:
    """Where the things stand; without a file, a place is made for each code."""

    kind: str
    file: str = ""
    code: str = "code"
    name: str = ""
    lon: str = ""
    lat: str = ""
    attributes: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Recording:
    """How to read a file of one shape."""

    source: str
    time: str
    zone: str
    kind: str
    code: str
    values: tuple[Value, ...]
    places: Places | None


def read(path: Path) -> Recording:
    """Read a mapping file. Raises a DocumentError naming file and line."""
    top = documents.load(path)
    time = top.section("time")
    device = top.section("device")
    recording = Recording(
        source=top.text("source", ""),
        time=time.text("column"),
        zone=_zone(time),
        kind=device.text("kind"),
        code=device.text("code"),
        values=tuple(_value(name, section) for name, section in top.section("values").sections()),
        places=_places(top.section("places")) if top.has("places") else None,
    )
    for section in (time, device, top):
        section.finish()
    if not recording.values:
        raise documents.MissingKey(top.where, key="values", section=str(path))
    return recording


def _zone(time: Section) -> str:
    name = time.text("zone", "UTC")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        options = "UTC, Asia/Shanghai, Europe/Berlin …"
        raise NotAllowed(time.place("zone"), key="zone", value=name, options=options) from None
    return name


def _value(name: str, section: Section) -> Value:
    value = Value(name, section.text("column", name), section.take("scale", float, 1.0))
    section.finish()
    return value


def _places(section: Section) -> Places:
    attributes = section.section("attributes")
    places = Places(
        kind=section.text("kind"),
        file=section.text("file", ""),
        code=section.text("code", "code"),
        name=section.text("name", ""),
        lon=section.text("lon", ""),
        lat=section.text("lat", ""),
        attributes={key: attributes.text(key) for key in attributes.keys()},  # noqa: SIM118
    )
    section.finish()
    return places
