"""Conditions on geometries narrowed by the indexed columns ``lon`` and ``lat``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Select, and_, select, union

from yiwang.sensing import tables as t
from yiwang.sensing.sta import ast, spatial
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.evaluation import literal_value
from yiwang.sensing.sta.schema import EntityType


def candidates(type_: EntityType, node: Node, option: str) -> Select[Any] | CompoundSelect[Any]:
    """Ids of the entities for which a condition may hold: of points those in its box, and
    everything that is no point."""
    table = type_.stored
    every = select(table.c.id)
    found = _box(node, option)
    if found is None or "lon" not in table.c:
        return every
    name, (west, south, east, north) = found
    item = type_.find_property(name)
    if item is None or item.kind != "json":
        return every
    lon, lat = table.c.lon, table.c.lat
    inside = and_(lon.between(west, east), lat.between(south, north))
    # Of anything but a point the columns have the middle, which says little.
    return union(every.where(inside), every.where(t.no_point(item.column)))


def _box(node: Node, option: str) -> tuple[str, spatial.Box] | None:
    match node:
        case ast.Call(name, arguments) if name in spatial.MEETING:
            return _between(arguments, 0.0, option)
        case ast.Compare("lt" | "le" | "eq", ast.Call("geo.distance", arguments), right):
            return _near(arguments, right, option)
        case ast.Compare("gt" | "ge" | "eq", left, ast.Call("geo.distance", arguments)):
            return _near(arguments, left, option)
    return None


def _near(arguments: Sequence[Node], most: Node, option: str) -> tuple[str, spatial.Box] | None:
    if not isinstance(most, ast.Literal) or most.kind != "number":
        return None
    assert isinstance(most.value, int | float)
    return _between(arguments, max(float(most.value), 0.0), option)


def _between(
    arguments: Sequence[Node], margin: float, option: str
) -> tuple[str, spatial.Box] | None:
    paths = [item for item in arguments if isinstance(item, ast.Path) and len(item.names) == 1]
    places = [
        item for item in arguments if isinstance(item, ast.Literal) and item.kind == "geography"
    ]
    if len(paths) != 1 or len(places) != 1:
        return None
    return paths[0].names[0], spatial.box(literal_value(places[0], option), margin)
