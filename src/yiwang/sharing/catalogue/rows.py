"""Rows of the template as entries, and entries as rows. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from yiwang.kernel.text import LANGUAGES
from yiwang.sharing.catalogue import checks, differences, model
from yiwang.sharing.catalogue.errors import RowFault
from yiwang.sharing.catalogue.model import Entry, Item, Resource
from yiwang.sharing.catalogue.sheets import ITEM_COLUMNS, RESOURCE_COLUMNS, Row, Sheets

_CHOICES = {
    "format": model.FORMATS,
    "share_type": model.SHARE_TYPES,
    "share_mode": model.SHARE_MODES,
    "open_type": model.OPEN_TYPES,
    "update_cycle": model.CYCLES,
    "type": model.ITEM_TYPES,
}
_ALSO = {"type": {"整型": "N", "整数型": "N", "双精度型": "N", "浮点型": "N", "文本型": "C"}}
"""Other words for types that templates in use have."""
_LIST = re.compile(r"[,，、;；]")
_YES, _NO = ("是", "yes", "true", "1", "y", "√"), ("否", "no", "false", "0", "n", "")


@dataclass(frozen=True)
class Given:
    """An entry as a row gives it. ``code`` is empty for a new one; ``items`` are the rows of its
    items."""

    row: int
    code: str
    entry: Entry
    items: tuple[int, ...]


def parse(
    sheets: Sheets, organisations: Mapping[str, int], classes: Collection[str]
) -> tuple[list[Given], list[RowFault]]:
    """Entries from the rows, and every fault. ``organisations`` are numbers by name and by
    code. Items belong to the resource of the name, or the code, that they say."""
    faults: list[RowFault] = []
    items = _items(sheets, faults)
    found: list[Given] = []
    for number, row in sheets.resources:
        keys = [key for key in (row.get("code"), row.get("name")) if key]
        own = [one for key in keys for one in items.pop(key, [])]
        given = _entry(number, row, [item for _, item in own], organisations, faults)
        places = tuple(place for place, _ in own)
        if given is not None:
            found.append(Given(number, row.get("code", ""), given, places))
            faults += _placed(number, places, given, classes)
    faults += [
        RowFault("items", place, "item.resource", "no_such_row", key)
        for key, left in items.items()
        for place, _ in left
    ]
    faults += _twice(sheets)
    return found, sorted(faults, key=lambda one: (one.sheet != "resources", one.row))


def of(resources: Sequence[Resource], names: Mapping[int, str], lang: str) -> dict[str, Any]:
    """The rows of both sheets for resources."""
    return {
        "resources": [_resource_row(one, names[one.organisation], lang) for one in resources],
        "items": [_item_row(one, item, lang) for one in resources for item in one.items],
    }


def _placed(
    number: int, places: Sequence[int], entry: Entry, classes: Collection[str]
) -> list[RowFault]:
    """The faults of an entry where they stand in the file."""
    found = []
    for fault in checks.shape(entry, classes):
        if fault.item:
            column = f"item.{fault.column.removeprefix('item_')}"
            at = RowFault("items", places[fault.item - 1], column, fault.why, fault.value)
        else:
            at = RowFault("resources", number, fault.column, fault.why, fault.value)
        at.fields.update(fault.fields)
        found.append(at)
    return found


def _entry(
    number: int,
    row: Row,
    items: Sequence[Item],
    organisations: Mapping[str, int],
    faults: list[RowFault],
) -> Entry | None:
    told = row.get("organisation", "")
    organisation = organisations.get(told)
    if organisation is None:
        faults.append(RowFault("resources", number, "organisation", "unknown_unit", told))
        return None
    values: dict[str, Any] = {}
    for column, text in row.items():
        if column in _CHOICES:
            values[column] = _choice("resources", number, column, text, faults)
        elif column in ("keywords", "related"):
            values[column] = tuple(one.strip() for one in _LIST.split(text) if one.strip())
        elif column not in ("code", "organisation"):
            values[column] = text
    values.setdefault("name", "")
    return Entry(**values, organisation=organisation, items=tuple(items))


def _items(sheets: Sheets, faults: list[RowFault]) -> dict[str, list[tuple[int, Item]]]:
    """Items with their rows, by what they say of their resource."""
    found: dict[str, list[tuple[int, Item]]] = {}
    for number, row in sheets.items:
        values: dict[str, Any] = {"name": "", "column": ""}
        for column, text in row.items():
            name = column.removeprefix("item.")
            if name == "type":
                values[name] = _choice("items", number, column, text, faults)
            elif name in ("key", "shared", "opened"):
                values[name] = _flag(number, column, text, faults)
            elif name == "length":
                values[name] = _length(number, column, text, faults)
            elif name != "resource":
                values[name] = text
        found.setdefault(row.get("item.resource", ""), []).append((number, Item(**values)))
    return found


def _twice(sheets: Sheets) -> list[RowFault]:
    """Resources that stand in the file more than once."""
    seen: set[tuple[str, str]] = set()
    found = []
    for number, row in sheets.resources:
        for column in ("code", "name"):
            key = (column, row.get(column, ""))
            if key[1] and key in seen:
                found.append(RowFault("resources", number, column, "twice", key[1]))
            seen.add(key)
    return found


@cache
def _known(field: str) -> dict[str, str]:
    """The codes of a field by every word for them."""
    words = {
        differences.value(field, code, lang).lower(): code
        for code in _CHOICES[field]
        for lang in LANGUAGES
    }
    codes = {code.lower(): code for code in _CHOICES[field]}
    joined = {f"{word}{code.lower()}": code for word, code in words.items()}
    return _ALSO.get(field, {}) | joined | words | codes


def _choice(sheet: str, row: int, column: str, text: str, faults: list[RowFault]) -> str:
    field = column.removeprefix("item.")
    found = _known(field).get(text.lower())
    if found is None:
        wanted = ", ".join(differences.value(field, code, "zh-CN") for code in _CHOICES[field])
        faults.append(RowFault(sheet, row, column, "unknown_choice", text, {"wanted": wanted}))
        return _CHOICES[field][0]
    return found


def _flag(row: int, column: str, text: str, faults: list[RowFault]) -> bool:
    if text.lower() not in _YES + _NO:
        faults.append(RowFault("items", row, column, "unknown_choice", text, {"wanted": "是, 否"}))
    return text.lower() in _YES


def _length(row: int, column: str, text: str, faults: list[RowFault]) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    faults.append(RowFault("items", row, column, "not_positive", text))
    return None


def _resource_row(one: Resource, organisation: str, lang: str) -> list[Any]:
    row: list[Any] = []
    for column in RESOURCE_COLUMNS:
        value = organisation if column == "organisation" else getattr(one, column)
        if column in _CHOICES:
            value = differences.value(column, value, lang)
        row.append("、".join(value) if isinstance(value, tuple) else value or "")
    return row


def _item_row(one: Resource, item: Item, lang: str) -> list[Any]:
    row: list[Any] = []
    for column in ITEM_COLUMNS:
        name = column.removeprefix("item.")
        value = (one.code or one.name) if name == "resource" else getattr(item, name)
        if isinstance(value, bool) or name == "type":
            value = differences.value(f"item.{name}", value, lang)
        row.append("" if value is None else value)
    return row
