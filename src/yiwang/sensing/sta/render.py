"""Entities as the JSON of the standard (18-088, 9.2 and 9.3.3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from yiwang.kernel import clock
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.schema import (
    DATASTREAM,
    IDS,
    MULTI_DATASTREAM,
    OBSERVATION,
    EntityType,
    Property,
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Links:
    """Absolute addresses below the service root (which ends without a slash)."""

    root: str

    def set(self, type_: EntityType) -> str:
        return f"{self.root}/{type_.plural}"

    def entity(self, type_: EntityType, id_: int) -> str:
        return f"{self.root}/{type_.plural}({id_})"

    def address(self, path: str, query: str) -> str:
        """A path of this service with a query string that is not encoded yet."""
        encoded = quote(query, safe="$=&(),;'/:@!*")
        return f"{self.root}/{path}?{encoded}" if query else f"{self.root}/{path}"


def check_select(type_: EntityType, query: Query, option: str = "$select") -> None:
    """Raises UnknownProperty for a selected name that the type does not have."""
    known = {*type_.names, *IDS, "@iot.selfLink", "*"}
    for names in query.select:
        if names[0] not in known:
            raise type_.unknown(names[0], option)


def entity(type_: EntityType, row: Mapping[str, Any], query: Query, links: Links) -> Json:
    """One entity without its expanded relations. ``row`` has the columns of the type and, by
    property name, what is not a column."""
    self_link = links.entity(type_, row["id"])
    wanted = {names[0] for names in query.select}
    everything = not wanted or "*" in wanted
    made: Json = {}
    if everything or wanted & IDS:
        made["@iot.id"] = row["id"]
    if everything or "@iot.selfLink" in wanted:
        made["@iot.selfLink"] = self_link
    for item in type_.properties:
        if everything or item.name in wanted:
            put_property(made, item, row)
    if not everything:
        _narrow(made, query.select)
    expanded = {item.name for item in query.expand}
    missing = absent(type_, row)
    for relation in type_.relations:
        if relation.name == missing:
            continue
        if relation.name in wanted or (everything and relation.name not in expanded):
            made[f"{relation.name}@iot.navigationLink"] = f"{self_link}/{relation.name}"
    return made


def absent(type_: EntityType, row: Mapping[str, Any]) -> str:
    """The relation that one entity does not have: an observation belongs to a datastream or
    to a multi-datastream."""
    if type_ is not OBSERVATION:
        return ""
    return DATASTREAM.name if row.get("multi") else MULTI_DATASTREAM.name


def put_property(made: Json, item: Property, row: Mapping[str, Any]) -> None:
    value = row[item.column] if item.column else row.get(item.name)
    if item.kind == "instant":
        value = None if value is None else clock.render(value)
    elif item.kind == "interval":
        value = None if value is None else interval(*value)
    if value is not None or item.nullable:
        made[item.name] = value


def interval(start: int, end: int) -> str:
    return f"{clock.render(start)}/{clock.render(end)}"


def _narrow(made: Json, select: Sequence[tuple[str, ...]]) -> None:
    """Of a property chosen by deeper paths only (``properties/floor``), keep those."""
    whole = {names[0] for names in select if len(names) == 1}
    for name in {names[0] for names in select} - whole:
        kept: Json = {}
        for names in select:
            if names[0] == name:
                _copy(made.get(name), kept, names[1:])
        if kept:
            made[name] = kept
        else:
            made.pop(name, None)


def _copy(source: Any, kept: Json, names: tuple[str, ...]) -> None:
    value = source
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return
        value = value[name]
    for name in names[:-1]:
        kept = kept.setdefault(name, {})
    kept[names[-1]] = value


def place(value: Any, names: Sequence[str]) -> tuple[bool, Any]:
    """The value at a place in a JSON value, and whether there is one."""
    for name in names:
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return False, None
    return True, value


def root_document(links: Links, sets: Sequence[EntityType], conformance: Sequence[str]) -> Json:
    return {
        "value": [{"name": item.plural, "url": links.set(item)} for item in sets],
        "serverSettings": {"conformance": list(conformance)},
    }
