"""Conditions on geometries narrowed by the indexed columns ``lon`` and ``lat``, and by the indexed
extents of lines and areas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Connection, Float, Text, bindparam, select, type_coerce

from yiwang.contracts.observations import Ints
from yiwang.sensing import tables as t
from yiwang.sensing.sta import ast, geometry, spatial
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.evaluation import literal_value
from yiwang.sensing.sta.schema import EntityType
from yiwang.store.statements import Statement


class Near(NamedTuple):
    """Entities for which a condition may hold, sorted, and the geometries of their property
    ``name``."""

    ids: Ints
    name: str
    geometries: spatial.Geometries


def near(connection: Connection, type_: EntityType, node: Node, option: str) -> Near | None:
    """The entities of a type for which a condition may hold: points in its box, and lines and
    areas whose extents meet it. None: all of them."""
    found = _box(node, option)
    if found is None:
        return None
    name, box = found
    item = type_.find_property(name)
    if item is None or item.column not in geometry.NAMES:
        return None
    values = dict(zip(("west_", "south_", "east_", "north_"), box, strict=True))
    texts: dict[int, str] = {}
    for statement, sides in _statements(type_, item.column):
        texts.update(statement.rows(connection, values if sides else {}))
    ids = np.array(sorted(texts), np.int64)
    decoded = [msgspec.json.decode(texts[id_]) for id_ in ids.tolist()]
    return Near(ids, name, spatial.from_json(decoded))


@lru_cache
def _statements(type_: EntityType, column: str) -> list[tuple[Statement, bool]]:
    """What finds geometries, each with whether it takes the sides of a box. Of anything but a
    point ``lon`` and ``lat`` have the middle, which says little; whose extent is not known is
    looked at whatever is asked."""
    columns = type_.stored.c
    west, south, east, north = (
        bindparam(name, 0.0, Float) for name in ("west_", "south_", "east_", "north_")
    )
    every = select(columns.id, type_coerce(columns[column], Text))
    shapes = every.where(t.no_point(column) if "lon" in columns else t.OBSERVED)
    meeting = shapes.where(
        columns.west <= east,
        columns.south <= north,
        columns.east >= west,
        columns.north >= south,
    )
    unknown = shapes.where(columns.west.is_(None), columns[column].is_not(None))
    made = [(Statement(meeting), True), (Statement(unknown), False)]
    if "lon" in columns:
        inside = columns.lon.between(west, east) & columns.lat.between(south, north)
        made.append((Statement(every.where(inside)), True))
    return made


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
