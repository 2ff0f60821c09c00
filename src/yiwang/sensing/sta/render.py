"""Entities as the JSON of the standard (18-088, 9.2 and 9.3.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

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
        encoded = _quoted(query)
        return f"{self.root}/{path}?{encoded}" if query else f"{self.root}/{path}"


@lru_cache(maxsize=256)
def _quoted(query: str) -> str:
    return quote(query, safe="$=&(),;'/:@!*")


def check_select(type_: EntityType, query: Query, option: str = "$select") -> None:
    """Raises UnknownProperty for a selected name that the type does not have."""
    if not query.select:
        return
    known = {*type_.names, *IDS, "@iot.selfLink", "*"}
    for names in query.select:
        if names[0] not in known:
            raise type_.unknown(names[0], option)


class Shape:
    """How the entities of one answer are shown, without their expanded relations."""

    def __init__(
        self,
        type_: EntityType,
        select: tuple[tuple[str, ...], ...],
        expanded: frozenset[str],
        links: Links,
    ) -> None:
        wanted = {names[0] for names in select}
        everything = not wanted or "*" in wanted
        self._observation = type_ is OBSERVATION
        self._set = f"{links.set(type_)}("
        self._id = everything or bool(wanted & IDS)
        self._self_link = everything or "@iot.selfLink" in wanted
        self._properties = [
            (item.name, item.column or item.name, _shown(item), item.nullable)
            for item in type_.properties
            if everything or item.name in wanted
        ]
        self._relations = [
            (relation.name, f"{relation.name}@iot.navigationLink", f"/{relation.name}")
            for relation in type_.relations
            if relation.name in wanted or (everything and relation.name not in expanded)
        ]
        self._narrowed = () if everything else select

    def of(self, rows: Sequence[Mapping[str, Any]]) -> list[Json]:
        """Entities. A row has the columns of the type, JSON as text, and by property name what
        is not a column."""
        return [self._one(row) for row in rows]

    def _one(self, row: Mapping[str, Any]) -> Json:
        self_link = f"{self._set}{row['id']})"
        made: Json = {}
        if self._id:
            made["@iot.id"] = row["id"]
        if self._self_link:
            made["@iot.selfLink"] = self_link
        for name, key, shown, nullable in self._properties:
            value = row.get(key)
            if value is not None:
                made[name] = value if shown is None else shown(value)
            elif nullable:
                made[name] = None
        if self._narrowed:
            _narrow(made, self._narrowed)
        missing = _absent(row) if self._observation else ""
        for name, link, end in self._relations:
            if name != missing:
                made[link] = self_link + end
        return made


def shape(type_: EntityType, query: Query, links: Links) -> Shape:
    expanded = frozenset([item.name for item in query.expand])
    return _shape(type_, query.select, expanded, links)


_shape = lru_cache(maxsize=256)(Shape)


def absent(type_: EntityType, row: Mapping[str, Any]) -> str:
    """The relation that one entity does not have: an observation belongs to a datastream or
    to a multi-datastream."""
    return _absent(row) if type_ is OBSERVATION else ""


def _absent(row: Mapping[str, Any]) -> str:
    return DATASTREAM.name if row.get("multi") else MULTI_DATASTREAM.name


def interval(start: int, end: int) -> str:
    return f"{_instant(start)}/{_instant(end)}"


_instant = lru_cache(maxsize=4096)(clock.render)
"""The datastreams of a page mostly begin and end at the same few moments."""


def _shown(item: Property) -> Callable[[Any], Any] | None:
    """How a value is shown; None: as it is. JSON from a column stays the text it is."""
    if item.kind == "json":
        return msgspec.Raw if item.column else None
    return _SHOWN.get(item.kind)


_SHOWN: dict[str, Callable[[Any], str]] = {
    "instant": clock.render,
    "interval": lambda ends: interval(*ends),
}


def _narrow(made: Json, select: Sequence[tuple[str, ...]]) -> None:
    """Of a property chosen by deeper paths only (``properties/floor``), keep those."""
    whole = {names[0] for names in select if len(names) == 1}
    for name in {names[0] for names in select} - whole:
        kept: Json = {}
        for names in select:
            if names[0] == name:
                _copy(plain(made.get(name)), kept, names[1:])
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


def plain(value: Any) -> Any:
    """A value that may be JSON text, as what it says."""
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def place(value: Any, names: Sequence[str]) -> tuple[bool, Any]:
    """The value at a place in a JSON value, and whether there is one."""
    value = plain(value) if names else value
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
