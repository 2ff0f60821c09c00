"""Geometries: GeoJSON and WKT through GEOS, in the plane of longitude and latitude.

Distances and lengths are in degrees, as FROST-Server has them (PostGIS geometry, SRID 4326).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from yiwang.kernel.text import Words
from yiwang.sensing.sta.errors import WrongOperand, words

Geometries = NDArray[Any]
Box = tuple[float, float, float, float]
"""West, south, east, north."""

_SRID = re.compile(r"\s*SRID=\d+;", re.IGNORECASE)
MOST_TEXT = 1_000_000


def from_text(text: str, where: str | Words) -> Any:
    """The geometry of a WKT literal (an ``SRID=4326;`` in front is passed over). Raises
    WrongOperand."""
    try:
        found = shapely.from_wkt(_SRID.sub("", text, count=1)[:MOST_TEXT])
    except shapely.errors.GEOSException:
        found = None
    if found is None or found.is_empty or not np.isfinite(shapely.total_bounds(found)).all():
        raise WrongOperand(where, wanted=words("wkt"), found=text[:80])
    return found


def from_json(values: list[Any]) -> Geometries:
    """The geometries of GeoJSON values (a Feature counts as its geometry), None for what is
    none."""
    found = np.empty(len(values), object)
    points: list[tuple[int, float, float]] = []
    others: list[int] = []
    for row, value in enumerate(values):
        match value:
            case {"type": "Point", "coordinates": [float(lon), float(lat)]} if len(value) == 2:
                points.append((row, lon, lat))
            case _:
                others.append(row)
    if points:
        rows, lons, lats = zip(*points, strict=True)
        found[list(rows)] = shapely.points(lons, lats)
    if others:
        texts = [_text(values[row]) for row in others]
        found[others] = shapely.from_geojson(np.array(texts, object), on_invalid="ignore")
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, dict) and value.get("type") == "Feature":
        value = value.get("geometry")
    if not isinstance(value, dict) or value.get("type") not in _TYPES:
        return None
    return msgspec.json.encode(value).decode()


_TYPES = frozenset(
    {
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
)


def _relate(one: Geometries, other: Geometries, patterns: NDArray[Any]) -> Any:
    distinct = set(patterns.tolist())
    if not all(re.fullmatch("[0-2TF*tf]{9}", pattern) for pattern in distinct):
        raise ValueError("nine signs of 0, 1, 2, T, F and *")
    if len(distinct) > 1:
        raise ValueError("one pattern for all")
    return shapely.relate_pattern(one, other, distinct.pop().upper()) if distinct else []


_TWO = ("geography",)

CALLS: dict[str, tuple[tuple[str, ...], str, Callable[..., Any]]] = {
    # function: (kinds of the arguments, kind of the result, the function of whole columns)
    "geo.distance": (_TWO, "number", shapely.distance),
    "geo.length": (_TWO, "number", shapely.length),
    "geo.intersects": (_TWO, "boolean", shapely.intersects),
    "st_equals": (_TWO, "boolean", shapely.equals),
    "st_disjoint": (_TWO, "boolean", shapely.disjoint),
    "st_touches": (_TWO, "boolean", shapely.touches),
    "st_within": (_TWO, "boolean", shapely.within),
    "st_overlaps": (_TWO, "boolean", shapely.overlaps),
    "st_crosses": (_TWO, "boolean", shapely.crosses),
    "st_intersects": (_TWO, "boolean", shapely.intersects),
    "st_contains": (_TWO, "boolean", shapely.contains),
    "st_relate": (("geography", "geography", "text"), "boolean", _relate),
}


def call(name: str, columns: list[NDArray[Any]], where: str | Words) -> Any:
    """A function of CALLS over whole columns. Raises WrongOperand."""
    try:
        return CALLS[name][2](*columns)
    except (ValueError, shapely.errors.GEOSException) as error:
        wanted = words("valid_geometries")
        raise WrongOperand(where, wanted=wanted, found=str(error)[:200]) from None


MEETING = frozenset(CALLS) - {"geo.distance", "geo.length", "st_disjoint", "st_relate"}
"""Conditions that hold only for geometries that have a point in common."""


def box(geometry: Any, margin: float = 0.0) -> Box:
    """The extent of a geometry, wider by ``margin`` on every side."""
    west, south, east, north = (float(value) for value in shapely.bounds(geometry))
    return west - margin, south - margin, east + margin, north + margin
