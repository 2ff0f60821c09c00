"""GeoJSON and CSV results, laid out as FROST-Server's extensions of the same names have them.

Both flatten an entity: ``Datastream/name``, ``unitOfMeasurement/symbol``, ``Locations/0/id``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from yiwang.sensing.sta.errors import NotSupported
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.render import Json
from yiwang.sensing.sta.schema import IDS, TYPES, EntityType

GEOJSON = "application/geo+json"
CSV = "text/csv; charset=utf-8; header=present"

_RELATIONS = frozenset(item.name for type_ in TYPES.values() for item in type_.relations)
_GEOMETRIES = frozenset({"location", "feature", "observedArea"})
_PARTS = {"unitOfMeasurement": ("name", "symbol", "definition")}
"""Objects whose members are known, which become columns of their own."""


def geojson(document: Json) -> bytes:
    """A FeatureCollection of a collection as JSON has it, or of one entity."""
    entities = document.get("value", [document])
    made: Json = {"type": "FeatureCollection"}
    for name in ("@iot.nextLink", "@iot.count"):
        if name in document:
            made[name] = document[name]
    made["features"] = [_feature(entity) for entity in entities]
    return msgspec.json.encode(made)


def _feature(entity: Json) -> Json:
    properties: Json = {}
    geometries: list[Any] = []
    _flatten("", entity, properties, geometries)
    feature: Json = {"type": "Feature"}
    if "@iot.id" in entity:
        feature["id"] = entity["@iot.id"]
    geometry = geometries[0] if geometries else None
    if isinstance(geometry, dict) and geometry.get("type") == "Feature":
        for name, value in (geometry.get("properties") or {}).items():
            _put(name, value, properties)
        geometry = geometry.get("geometry")
    return feature | {"properties": properties, "geometry": geometry}


def _flatten(prefix: str, entity: Json, properties: Json, geometries: list[Any]) -> None:
    """Put an entity and what is expanded below it into ``properties``."""
    for name, value in entity.items():
        if name == "@iot.id":
            properties[f"{prefix}id"] = value
        elif name in _RELATIONS and isinstance(value, dict):
            _flatten(f"{prefix}{name}/", value, properties, geometries)
        elif name in _RELATIONS:
            for index, item in enumerate(value or ()):
                _flatten(f"{prefix}{name}/{index}/", item, properties, geometries)
        elif name in _GEOMETRIES and isinstance(value, dict) and "type" in value:
            geometries.append(value)
        elif "@iot." not in name:
            _put(prefix + name, value, properties)


def _put(name: str, value: Any, properties: Json) -> None:
    if isinstance(value, msgspec.Raw) and bytes(value)[:1] in (b"{", b"["):
        value = msgspec.json.decode(value)
    if isinstance(value, dict):
        for key, item in value.items():
            _put(f"{name}/{key}", item, properties)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _put(f"{name}/{index}", item, properties)
    elif value is not None:
        properties[name] = value


Column = tuple[str, tuple[str, ...]]
"""The name of a column, and where its values are in an entity."""


class Table:
    """CSV (RFC 4180): a line of names, and one for each entity. Raises NotSupported for an
    expanded collection of more than one entity, which no line could hold."""

    def __init__(self, type_: EntityType, query: Query) -> None:
        self._columns = list(_columns(type_, query, "", ()))

    def header(self) -> bytes:
        return _written([[name for name, _ in self._columns]])

    def lines(self, entities: Sequence[Json]) -> bytes:
        return _written([_cell(entity, place) for _, place in self._columns] for entity in entities)


def _columns(
    type_: EntityType, query: Query, prefix: str, place: tuple[str, ...]
) -> Iterator[Column]:
    chosen = {names[0] for names in query.select}
    everything = not chosen or "*" in chosen
    if everything or chosen & IDS:
        yield f"{prefix}id", (*place, "@iot.id")
    for item in type_.properties:
        if everything or item.name in chosen:
            deeper = [names for names in query.select if names[0] == item.name]
            parts = [(item.name, part) for part in _PARTS.get(item.name, ())]
            for names in _whole(deeper) or parts or [(item.name,)]:
                yield prefix + "/".join(names), (*place, *names)
    for expand in query.expand:
        relation = type_.find_relation(expand.name)
        if relation is None:
            continue
        if relation.many and expand.query.top != 1:
            what = f"CSV with {expand.name} of more than one entity; write {expand.name}($top=1)"
            raise NotSupported("$expand", what=what)
        inside = (*place, expand.name, *(("0",) if relation.many else ()))
        yield from _columns(TYPES[relation.target], expand.query, f"{prefix}{expand.name}/", inside)


def _whole(selected: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The deeper places of a property that are chosen; none where it is chosen whole."""
    return [] if any(len(names) == 1 for names in selected) else selected


def _cell(entity: Any, place: tuple[str, ...]) -> str:
    value = entity
    for name in place:
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, msgspec.Raw):
            value = msgspec.json.decode(value)
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            return ""
    if isinstance(value, msgspec.Raw) and bytes(value)[:1] == b'"':
        value = msgspec.json.decode(value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _written(rows: Any) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()
