"""Rows of a resource's table as the fields of a library. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from yiwang.kernel import clock, identifiers
from yiwang.kernel.identifiers import people
from yiwang.sharing.libraries.model import Feed, Field, Library
from yiwang.sharing.sources import model as tables
from yiwang.sharing.sources.model import BadValue, Column

MOST_SIGNS = 2000


def taken(library: Library, feed: Feed, row: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values of a row by field, and the fields whose value is none of their type: these count
    as missing, the row is taken all the same."""
    values: dict[str, Any] = {}
    faults = []
    for name, column in feed.columns.items():
        field = library.by_name.get(name)
        if field is None:
            continue
        try:
            value = _value(field, row.get(column))
        except BadValue:
            faults.append(name)
            continue
        if value is not None:
            values[name] = value
    for field in library.fields:
        if field.derive is not None and field.name not in values:
            value = _derived(library, field, values)
            if value is not None:
                values[field.name] = value
    faults += [name for name, value in values.items() if not library.by_name[name].sound(value)]
    return values, faults


def _value(field: Field, given: Any) -> Any:
    """As JSON keeps it. Raises BadValue."""
    if isinstance(given, str):
        given = given.strip() or None
    if given is None:
        return None
    if field.identifier:
        return identifier(field.identifier, tables.shown(given))
    value = tables.parsed(given, Column(field.name, field.type))
    if isinstance(value, str) and len(value) > MOST_SIGNS:
        raise BadValue("too_long")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def identifier(kind: str, text: str) -> str:
    """An identifier without what people write around it; a resident number of 15 digits as the one
    of 18 that it became."""
    tidy = identifiers.tidied(kind, text)
    if kind == "resident_id" and identifiers.valid("resident_id_15", tidy):
        return people.upgraded(tidy)
    return tidy


def _derived(library: Library, field: Field, values: Mapping[str, Any]) -> Any:
    source, part = field.derive or ("", "")
    value = values.get(source)
    if value is None or not library.by_name[source].sound(value):
        return None
    if part == "organisation_code":
        found = value[8:17]
        return found if identifiers.valid("organisation_code", found) else None
    person = people.person(value)
    if part == "born":
        return person.birth.isoformat()
    return {"M": "男", "F": "女"}[person.sex]


def since(feed: Feed, row: Mapping[str, Any], zone: ZoneInfo) -> int | None:
    """From when the row says that it is valid: a local date or time as an instant."""
    value = row.get(feed.since) if feed.since else None
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return clock.from_datetime(value if value.tzinfo is not None else value.replace(tzinfo=zone))
