"""What maps and indexes need of GeoJSON: the extent of each geometry, and its middle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yiwang.sensing.sta.errors import BadValue, words

MOST_DEPTH = 8


NAMES = frozenset({"location", "feature", "observed_area"})
"""The columns that hold geometries."""
SIDES = ("west", "south", "east", "north")


def extent(value: Any, where: str) -> tuple[float, float, float, float] | None:
    """West, south, east and north of a geometry; None for what is not GeoJSON. Raises BadValue
    for positions that are not on Earth."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return None
    if value["type"] == "Feature":
        return extent(value.get("geometry"), where)
    positions = list(_of(value, where, 0))
    if not positions:
        return None
    lons, lats = zip(*positions, strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def columns(name: str, value: Any, where: str) -> dict[str, float | None]:
    """The columns by which the geometry of a property is found. Of an observed area, which may
    be anything, only the extent. Raises BadValue as ``extent`` does."""
    if name == "observed_area":
        try:
            return _sides(extent(value, where))
        except BadValue:
            return _sides(None)
    found = extent(value, where)
    lon, lat = (None, None)
    if found is not None:
        west, south, east, north = found
        lon, lat = (west + east) / 2, (south + north) / 2
    return {"lon": lon, "lat": lat, **_sides(found)}


def _sides(found: tuple[float, float, float, float] | None) -> dict[str, float | None]:
    return dict(zip(SIDES, found or (None,) * 4, strict=True))


def _of(geometry: Any, where: str, depth: int) -> Iterator[tuple[float, float]]:
    if not isinstance(geometry, dict) or depth > MOST_DEPTH:
        return
    if "geometries" in geometry:
        for part in _list(geometry["geometries"]):
            yield from _of(part, where, depth + 1)
    else:
        yield from _positions(geometry.get("coordinates"), where, 0)


def _positions(value: Any, where: str, depth: int) -> Iterator[tuple[float, float]]:
    if not isinstance(value, list) or not value or depth > MOST_DEPTH:
        wanted = words("coordinates")
        raise BadValue(where, name="coordinates", value=value, wanted=wanted)
    if isinstance(value[0], list):
        for part in value:
            yield from _positions(part, where, depth + 1)
        return
    lon, lat = [*value, None, None][:2]
    if not (_number(lon) and _number(lat) and -180 <= lon <= 180 and -90 <= lat <= 90):
        wanted = words("degrees")
        raise BadValue(where, name="coordinates", value=value, wanted=wanted)
    yield float(lon), float(lat)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
