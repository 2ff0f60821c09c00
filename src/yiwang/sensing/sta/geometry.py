"""What the map needs of GeoJSON: one point of each location."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yiwang.sensing.sta.errors import BadValue

MOST_DEPTH = 8


def middle(value: Any, where: str) -> tuple[float, float] | None:
    """Longitude and latitude of a point, or the middle of a geometry's extent; None for what
    is not GeoJSON. Raises BadValue for positions that are not on Earth."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return None
    if value["type"] == "Feature":
        return middle(value.get("geometry"), where)
    if "geometries" in value:
        positions = [p for part in _list(value["geometries"]) for p in _of(part, where)]
    else:
        positions = list(_of(value, where))
    if not positions:
        return None
    lons, lats = zip(*positions, strict=True)
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


def _of(geometry: Any, where: str) -> Iterator[tuple[float, float]]:
    if isinstance(geometry, dict):
        yield from _positions(geometry.get("coordinates"), where, 0)


def _positions(value: Any, where: str, depth: int) -> Iterator[tuple[float, float]]:
    if not isinstance(value, list) or not value or depth > MOST_DEPTH:
        wanted = "GeoJSON coordinates, the longitude first"
        raise BadValue(where, name="coordinates", value=value, wanted=wanted)
    if isinstance(value[0], list):
        for part in value:
            yield from _positions(part, where, depth + 1)
        return
    lon, lat = [*value, None, None][:2]
    if not (_number(lon) and _number(lat) and -180 <= lon <= 180 and -90 <= lat <= 90):
        wanted = "WGS 84 degrees, the longitude (-180 … 180) first, then the latitude (-90 … 90)"
        raise BadValue(where, name="coordinates", value=value, wanted=wanted)
    yield float(lon), float(lat)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
