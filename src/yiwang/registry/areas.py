"""In which district, street and grid a position lies: pure geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
import shapely.geometry
from numpy.typing import NDArray

from yiwang.kernel.text import phrase
from yiwang.registry.errors import BadGeometry
from yiwang.registry.model import LEVELS, Area, Located

POLYGONS = ("Polygon", "MultiPolygon")
ANY_SHAPE = (*POLYGONS, "Point", "LineString", "MultiLineString")


class AreaIndex:
    """Areas by position and by number. A position on a common edge belongs to the area with
    the lowest number; a grid brings its street and district with it."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self.areas = {area.id: area for area in areas}
        ordered = sorted(areas, key=lambda area: area.id)
        self._ids = np.array([area.id for area in ordered], np.int64)
        levels = [LEVELS.index(area.level) for area in ordered]
        self._level = np.array(levels, np.int64)
        shapes = [shapely.geometry.shape(area.geometry) for area in ordered]
        self._shapes = np.array(shapes, dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        self._boxes = np.ascontiguousarray(shapely.bounds(self._shapes).reshape(-1, 4).T)
        self._middles: dict[int, tuple[float, float]] = {}

    def chain(self, area: int | None) -> list[int]:
        """The area and those above it, smallest first."""
        found: list[int] = []
        while area is not None and area in self.areas and area not in found:
            found.append(area)
            area = self.areas[area].parent
        return found

    def middle(self, area: int) -> tuple[float, float]:
        """A position inside an area."""
        if area not in self._middles:
            self._middles[area] = centre(self.areas[area].geometry)
        return self._middles[area]

    def locate(self, lon: float, lat: float) -> Located:
        columns = self.locate_many(np.array([lon]), np.array([lat]))
        district, street, grid = (int(column[0]) or None for column in columns)
        return Located(district, street, grid)

    def smallest(self, lon: float, lat: float) -> int | None:
        """The grid in which a position lies, else the street, else the district: as
        ``locate_many`` finds it, without its tools for many."""
        boxes = self._boxes
        near = np.flatnonzero(
            (boxes[0] <= lon) & (boxes[1] <= lat) & (lon <= boxes[2]) & (lat <= boxes[3])
        )
        best: tuple[int, int] | None = None
        for place in near.tolist():
            level = int(self._level[place])
            if best is not None and level <= best[0]:
                continue
            if shapely.intersects_xy(self._shapes[place], lon, lat):
                best = (level, place)
        return None if best is None else int(self._ids[best[1]])

    def locate_many(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """District, street and grid of many positions; 0 where there is none."""
        found = np.zeros((len(LEVELS), len(lon)), np.int64)
        if len(self._ids) and len(lon):
            point, shape = self._tree.query(shapely.points(lon, lat))
            inside = shapely.intersects_xy(self._shapes[shape], lon[point], lat[point])
            point, shape = point[inside], shape[inside]
            order = np.argsort(-shape, kind="stable")
            point, shape = point[order], shape[order]
            found[self._level[shape], point] = self._ids[shape]
            self._fill_from_below(found)
        return found[0], found[1], found[2]

    def _fill_from_below(self, found: NDArray[np.int64]) -> None:
        for grid in np.unique(found[2]):
            self._fill(found, 2, int(grid))
        for street in np.unique(found[1]):
            self._fill(found, 1, int(street))

    def _fill(self, found: NDArray[np.int64], level: int, area: int) -> None:
        for above in self.chain(area or None)[1:]:
            row = found[LEVELS.index(self.areas[above].level)]
            row[found[level] == area] = above


def check_shape(geometry: Any, allowed: Sequence[str], where: str) -> Mapping[str, Any]:
    """The geometry itself when it is a usable one of the allowed types; else BadGeometry."""
    words = ", ".join(allowed)
    if not isinstance(geometry, Mapping) or geometry.get("type") not in allowed:
        given = geometry.get("type") if isinstance(geometry, Mapping) else geometry
        raise BadGeometry(where, problem=phrase("type_given", given=given), allowed=words)
    try:
        shape = shapely.geometry.shape(geometry)
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, IndexError) as error:
        raise BadGeometry(where, problem=str(error), allowed=words) from None
    if shape.is_empty or not shape.is_valid:
        problem = "empty" if shape.is_empty else shapely.is_valid_reason(shape)
        raise BadGeometry(where, problem=problem, allowed=words)
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        problem = f"{west:g} {south:g} … {east:g} {north:g}"
        raise BadGeometry(where, problem=problem, allowed=words)
    return geometry


def centre(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """A position inside the shape (on it, for a line)."""
    point = shapely.geometry.shape(geometry).representative_point()
    return float(point.x), float(point.y)
