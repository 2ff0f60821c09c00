"""What one version of an entry says otherwise than another: pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from yiwang.kernel.text import find, render
from yiwang.sharing.catalogue.model import Entry, Item

_WORDS = ("share_type", "share_mode", "open_type", "update_cycle", "format", "type")
"""Fields whose values are codes with a name in every language."""


@dataclass(frozen=True)
class Difference:
    """``sort``: changed, item_added, item_removed, item_changed or items_moved. ``item`` names
    the information item by its column; ``field`` is empty where a whole item came or went."""

    sort: str
    field: str = ""
    item: str = ""
    before: Any = None
    after: Any = None

    def words(self, lang: str) -> str:
        given = {
            "field": title(self.field, lang) if self.field else "",
            "item": self.item,
            "before": value(self.field, self.before, lang),
            "after": value(self.field, self.after, lang),
        }
        return render(f"sharing.catalogue.difference.{self.sort}", lang, given)


def between(before: Entry, after: Entry) -> list[Difference]:
    """The differences, those of the resource first, then those of its items in their order.
    An item is the same if its column is."""
    return [*_fields(before, after), *_items(before.items, after.items)]


def _fields(before: Entry, after: Entry) -> Iterator[Difference]:
    for name in Entry.__struct_fields__:
        old, new = getattr(before, name), getattr(after, name)
        if name != "items" and old != new:
            yield Difference("changed", name, "", old, new)


def _items(before: tuple[Item, ...], after: tuple[Item, ...]) -> Iterator[Difference]:
    old = {item.column: item for item in before}
    new = {item.column: item for item in after}
    for column, item in old.items():
        if column not in new:
            yield Difference("item_removed", item=_called(item))
    for column, item in new.items():
        if column not in old:
            yield Difference("item_added", item=_called(item))
            continue
        for name in Item.__struct_fields__:
            was, is_ = getattr(old[column], name), getattr(item, name)
            if was != is_:
                yield Difference("item_changed", f"item.{name}", _called(item), was, is_)
    stayed = [column for column in old if column in new]
    if stayed != [column for column in new if column in old]:
        yield Difference("items_moved")


def _called(item: Item) -> str:
    return f"{item.name} ({item.column})"


def title(field: str, lang: str) -> str:
    """The name of a field, of an item's with ``item.`` before it."""
    of = "" if field.startswith("item.") else "field."
    return render(f"sharing.catalogue.{of}{field}", lang, {})


def value(field: str, given: Any, lang: str) -> str:
    """A value as people read it."""
    name = field.removeprefix("item.")
    if isinstance(given, bool):
        return render(f"sharing.catalogue.value.{'yes' if given else 'no'}", lang, {})
    if given is None or given == "" or given == ():
        return render("sharing.catalogue.value.nothing", lang, {})
    if name in _WORDS:
        return find(f"sharing.catalogue.{name}.{given}", lang) or str(given)
    if isinstance(given, tuple):
        return ", ".join(str(one) for one in given)
    return str(given)
