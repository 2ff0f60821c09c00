"""The catalogue is searched, and its index kept as the catalogue is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from yiwang.kernel.text import render
from yiwang.security.actions import Caller, Context, query
from yiwang.sharing.catalogue import classes, model, store, views
from yiwang.sharing.catalogue.search import documents, words
from yiwang.sharing.catalogue.search.index import Filters, Found, Index

_SHOWN = 5


class Search:
    """The indexes of one database: as departments see the catalogue, and as the public does."""

    def __init__(self) -> None:
        self._indexes = {opened: Index() for opened in (False, True)}
        self._seen: int | None = None
        self._lock = threading.Lock()

    def index(self, opened: bool) -> Index:
        return self._indexes[opened]

    def refresh(self, connection: Connection, tidy: bool = False) -> None:
        """Take up what has changed. Who finds another at it goes on with what is there, unless
        there is nothing yet. ``tidy``: make all anew where that is worth while."""
        if not self._lock.acquire(blocking=self._seen is None):
            return
        try:
            self._refresh(connection, tidy)
        finally:
            self._lock.release()

    def _refresh(self, connection: Connection, tidy: bool) -> None:
        newest = documents.latest_step(connection)
        scattered = tidy and any(index.scattered for index in self._indexes.values())
        if self._seen is None or scattered:
            for opened, index in self._indexes.items():
                index.rebuild(documents.read(connection, opened))
        elif newest != self._seen:
            ids = documents.changed(connection, self._seen)
            for opened, index in self._indexes.items():
                found = documents.read(connection, opened, ids) if ids else []
                index.change(found, sorted(set(ids) - {one.id for one in found}))
        self._seen = newest


def refresh(caller: Caller) -> None:
    """Take up what has changed, before somebody searches."""
    search = caller.ports.get(Search)
    if isinstance(search, Search):
        with caller.database.read() as connection:
            search.refresh(connection, tidy=True)


@query("sharing.search_resources", permission="sharing.read_opened")
def find(
    ctx: Context, text: str, filters: Filters, limit: int, after: int | None, lang: str
) -> dict[str, Any]:
    """Resources in force by words, pinyin or initials, the best first, with how many there are
    of each value of the facets; without words the newest."""
    search = ctx.port(Search)
    search.refresh(ctx.connection)
    opened = views.sight(ctx.identity)[2]
    found = search.index(opened).search(text, filters, limit, after)
    terms = words.terms(text)
    items = store.item_names(ctx.connection, found.ids)
    known, named = classes.known(ctx.connection), views.names(ctx, lang)
    held = views.some(ctx, found.ids, known, named, lang)
    shown = []
    for id in found.ids:
        if id in held:
            seen = [one for one in items[id] if one[2] or not opened]
            more = {"hits": _hits(seen, terms), "item_count": len(seen)}
            shown.append(held[id] | more)
    return {
        "items": shown,
        "keys": found.keys,
        "total": found.total,
        "exact": found.exact,
        "facets": _facets(found, known, named, lang),
    }


def _hits(items: Sequence[tuple[str, str, bool]], terms: Sequence[str]) -> list[str]:
    """Names of items in which a term stands."""
    found: list[str] = []
    if not terms:
        return found
    for name, column, _ in items:
        said = f"{name} {column.replace('_', ' ')}".lower()
        if any(term in said for term in terms):
            found.append(name)
    return found[:_SHOWN]


def _facets(
    found: Found, held: dict[str, classes.Class], named: dict[int, str], lang: str
) -> dict[str, list[dict[str, Any]]]:
    """Facets with titles, the most frequent value first; classes by 类 and 项."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for name, counts in found.facets.items():
        if name == "class_code":
            counts = _above(counts)
        rows = []
        for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
            if name == "organisation":
                title = named.get(int(value), value)
            elif name == "class_code":
                title = held[value].name(lang) if value in held else value
            else:
                title = render(f"sharing.catalogue.{name}.{value}", lang, {})
            rows.append({"value": value, "title": title, "count": count})
        shown[name] = rows
    return shown


def _above(counts: dict[str, int]) -> dict[str, int]:
    """Counts of classes added up to the two widest levels."""
    found: dict[str, int] = {}
    for code, count in counts.items():
        while code:
            if len(code) <= 3:
                found[code] = found.get(code, 0) + count
            code = model.parent(code)
    return found
