"""GeoJSON and CSV results, laid out as FROST-Server's extensions of the same names have them.

Both flatten an entity: ``Datastream/name``, ``unitOfMeasurement/symbol``, ``Locations/0/id``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from yiwang.sensing.sta.errors import NotSupported, words
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.render import Json, plain
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
        if name in _GEOMETRIES:
            value = plain(value)
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


@dataclass(frozen=True)
class Column:
    """``place``: where its values are in an entity; ``kind``: that of the property, or id."""

    name: str
    place: tuple[str, ...]
    kind: str


class Table:
    """CSV (RFC 4180): a line of names, and one for each entity. Raises NotSupported for an
    expanded collection of more than one entity, which no line could hold."""

    def __init__(self, type_: EntityType, query: Query) -> None:
        self._columns = list(columns(type_, query, "", ()))

    def header(self) -> bytes:
        return _written([[column.name for column in self._columns]])

    def lines(self, entities: Sequence[Json]) -> bytes:
        places = [column.place for column in self._columns]
        return _written([text(value(entity, p)) or "" for p in places] for entity in entities)


def columns(
    type_: EntityType, query: Query, prefix: str, place: tuple[str, ...]
) -> Iterator[Column]:
    """The columns of a table of entities. Raises NotSupported."""
    chosen = {names[0] for names in query.select}
    everything = not chosen or "*" in chosen
    if everything or chosen & IDS:
        yield Column(f"{prefix}id", (*place, "@iot.id"), "id")
    for item in type_.properties:
        if everything or item.name in chosen:
            deeper = [names for names in query.select if names[0] == item.name]
            parts = [(item.name, part) for part in _PARTS.get(item.name, ())]
            for names in _whole(deeper) or parts or [(item.name,)]:
                kind = item.kind if len(names) == 1 else "json"
                yield Column(prefix + "/".join(names), (*place, *names), kind)
    for expand in query.expand:
        relation = type_.find_relation(expand.name)
        if relation is None:
            continue
        if relation.many and expand.query.top != 1:
            what = words("table_of_many", format=query.format, name=expand.name)
            raise NotSupported("$expand", what=what)
        inside = (*place, expand.name, *(("0",) if relation.many else ()))
        below = replace(expand.query, format=query.format)
        yield from columns(TYPES[relation.target], below, f"{prefix}{expand.name}/", inside)


def _whole(selected: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The deeper places of a property that are chosen; none where it is chosen whole."""
    return [] if any(len(names) == 1 for names in selected) else selected


def value(entity: Any, place: tuple[str, ...]) -> Any:
    """What is at a place in an entity; None where nothing is."""
    found = entity
    for name in place:
        found = plain(found)
        if isinstance(found, list):
            found = found[0] if found else None
            continue
        found = found.get(name) if isinstance(found, dict) else None
        if found is None:
            return None
    return found


def text(found: Any) -> str | None:
    """A text as it is, anything else as JSON."""
    if isinstance(found, msgspec.Raw) and bytes(found)[:1] == b'"':
        found = msgspec.json.decode(found)
    if found is None or isinstance(found, str):
        return found
    return msgspec.json.encode(found).decode()


def _written(rows: Any) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()
