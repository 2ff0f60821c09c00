"""The catalogue is searched, and its index kept as the catalogue is."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Connection

from yiwang.security.actions import Caller, Context, query
from yiwang.sharing.catalogue import views
from yiwang.sharing.catalogue.search import documents, words
from yiwang.sharing.catalogue.search.index import Filters, Index
from yiwang.sharing.catalogue.search.shown import Showing


class Search:
    """The indexes of one database: as departments see the catalogue, and as the public does."""

    def __init__(self) -> None:
        self._indexes = {opened: Index() for opened in (False, True)}
        self._seen: int | None = None
        self._lock = threading.Lock()
        self.showing = Showing()

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
    of each value of the facets; without words the newest. Items and facets are JSON already."""
    search = ctx.port(Search)
    search.refresh(ctx.connection)
    opened = views.sight(ctx.identity)[2]
    found = search.index(opened).search(text, filters, limit, after)
    shown = search.showing.of(ctx, lang, opened)
    terms = words.terms(text)
    return {
        "items": shown.resources(ctx.connection, found.ids, terms, keep=not ctx.writes),
        "keys": found.keys,
        "total": found.total,
        "exact": found.exact,
        "facets": shown.facets(found),
    }
