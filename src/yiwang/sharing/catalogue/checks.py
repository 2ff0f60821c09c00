"""What an entry of the catalogue must and must not say: pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from yiwang.kernel.identifiers.organisations import credit_fault
from yiwang.sharing.catalogue import model
from yiwang.sharing.catalogue.errors import Fault
from yiwang.sharing.catalogue.model import Entry, Item

_LABEL = re.compile(r"[\w.:-]{0,64}")
_LONGEST = {"name": 200, "provider_code": 18, "dataset": 128, "source": 128, "table": 256}
_CHOICES = {
    "share_type": model.SHARE_TYPES,
    "share_mode": model.SHARE_MODES,
    "open_type": model.OPEN_TYPES,
    "update_cycle": model.CYCLES,
    "format": model.FORMATS,
}


def shape(entry: Entry, classes: Collection[str]) -> list[Fault]:
    """What is wrong whatever is still to come: a draft with such faults is not kept."""
    return [*_shape(entry, classes), *_items(entry.items)]


def gaps(entry: Entry) -> list[Fault]:
    """What is missing, or does not fit together, before an entry may be reviewed."""
    return list(_gaps(entry))


def _shape(entry: Entry, classes: Collection[str]) -> Iterator[Fault]:
    if not entry.name.strip():
        yield Fault(0, "name", "missing")
    for field, most in _LONGEST.items():
        value = getattr(entry, field)
        if value is not None and len(value) > most:
            yield Fault(0, field, "too_long", value[:40], {"most": most})
    for field, known in _CHOICES.items():
        if getattr(entry, field) not in known:
            wanted = {"wanted": ", ".join(known)}
            yield Fault(0, field, "unknown_choice", getattr(entry, field), wanted)
    if entry.class_code and entry.class_code not in classes:
        yield Fault(0, "class_code", "unknown_class", entry.class_code)
    elif len(entry.class_code) == 1:
        yield Fault(0, "class_code", "class_too_wide", entry.class_code)
    if entry.provider_code and credit_fault(entry.provider_code) is not None:
        yield Fault(0, "provider_code", "bad_credit_code", entry.provider_code)
    if len(entry.items) > model.MOST_ITEMS:
        yield Fault(0, "items", "too_many", str(len(entry.items)), {"most": model.MOST_ITEMS})


def _items(items: tuple[Item, ...]) -> Iterator[Fault]:
    names: set[str] = set()
    columns: set[str] = set()
    for place, item in enumerate(items, 1):
        if not item.name.strip():
            yield Fault(place, "item_name", "missing")
        elif len(item.name) > 200:
            yield Fault(place, "item_name", "too_long", item.name[:40], {"most": 200})
        elif item.name in names:
            yield Fault(place, "item_name", "twice", item.name)
        if not model.COLUMN.fullmatch(item.column):
            yield Fault(place, "column", "bad_column", item.column)
        elif item.column.lower() in columns:
            yield Fault(place, "column", "twice", item.column)
        if item.type not in model.ITEM_TYPES:
            wanted = {"wanted": ", ".join(model.ITEM_TYPES)}
            yield Fault(place, "type", "unknown_choice", item.type, wanted)
        if item.length is not None and not 0 < item.length < 2**31:
            yield Fault(place, "length", "not_positive", str(item.length))
        for field in ("label", "grade"):
            if not _LABEL.fullmatch(getattr(item, field)):
                yield Fault(place, field, "bad_label", getattr(item, field)[:40])
        names.add(item.name)
        columns.add(item.column.lower())


_Wanted = Callable[[Entry], bool]
_NEEDED: tuple[tuple[str, _Wanted], ...] = (
    ("class_code", lambda entry: True),
    ("provider_code", lambda entry: True),
    ("summary", lambda entry: True),
    ("share_condition", lambda entry: entry.share_type == "conditional"),
    ("share_basis", lambda entry: entry.share_type == "none"),
    ("open_condition", lambda entry: entry.open_type == "conditional"),
)


def _gaps(entry: Entry) -> Iterator[Fault]:
    for field, wanted in _NEEDED:
        if wanted(entry) and not getattr(entry, field).strip():
            why = "basis_missing" if field == "share_basis" else "missing"
            yield Fault(0, field, why)
    if not entry.items:
        yield Fault(0, "items", "missing")
    if entry.share_type == "none" and entry.open_type != "none":
        yield Fault(0, "open_type", "opened_unshared")
    if entry.source and not entry.table:
        yield Fault(0, "table", "missing")
    for place, item in enumerate(entry.items, 1):
        if item.opened and entry.open_type == "none":
            yield Fault(place, "opened", "resource_not_opened", item.name)
    if entry.open_type != "none" and not any(item.opened for item in entry.items):
        yield Fault(0, "open_type", "no_item_opened")
