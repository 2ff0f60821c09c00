"""What a list of the search shows of resources, encoded once for each revision of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from yiwang.kernel.text import render
from yiwang.registry import cache
from yiwang.security.actions import Context
from yiwang.sharing.catalogue import classes, model, store, views
from yiwang.sharing.catalogue.search import documents
from yiwang.sharing.catalogue.search.index import Found
from yiwang.sharing.catalogue.search.kept import Kept

_BYTES = 1 << 24
"""Of what is kept in one language for one kind of reader."""
_HITS = 5
_encode = msgspec.json.encode


class _Piece(NamedTuple):
    """A resource as JSON without its end, and the names of its items, with what of each is
    searched, and of all together."""

    revision: int
    start: bytes
    names: tuple[str, ...]
    said: tuple[str, ...]
    all: str


class Shown:
    """In one language, as departments see resources or as the public does (``opened``), as long
    as classes and organisations have these names."""

    def __init__(
        self, held: Mapping[str, classes.Class], units: list[Any], lang: str, opened: bool
    ) -> None:
        self.classes, self.units = held, units
        self._names: dict[int, str] = {one.id: one.name(lang) for one in units}
        self._lang, self._opened = lang, opened
        self._kept: Kept[int, _Piece] = Kept(_BYTES)

    def resources(
        self, connection: Connection, ids: Sequence[int], terms: Sequence[str], keep: bool
    ) -> list[msgspec.Raw]:
        """Those of them that are in force, in this order, with the names of items in which a
        term stands. ``keep``: what is read is committed."""
        kept = {id: piece for id in ids if (piece := self._kept.get(id)) is not None}
        revisions = store.in_force(connection, list(kept), self._opened)
        pieces = {id: one for id, one in kept.items() if revisions.get(id) == one.revision}
        gone = kept.keys() - revisions.keys()
        missing = [id for id in ids if id not in pieces and id not in gone]
        if missing:
            made = self._made(connection, missing)
            pieces |= made
            for id, piece in made.items() if keep else ():
                said = 2 * len(piece.all) + 100 * len(piece.said)
                self._kept.put(id, piece, len(piece.start) + 2 * said)
        return [_whole(pieces[id], terms) for id in ids if id in pieces]

    def _made(self, connection: Connection, ids: Sequence[int]) -> dict[int, _Piece]:
        """Of those that are in force. The items are read behind the rows: what another changes in
        between is at worst too new for the revision under which it is kept, and made anew for the
        next."""
        held = [one for one in store.some(connection, ids) if self._shows(one)]
        items = documents.item_names(connection, [one.id for one in held])
        found = {}
        for one in held:
            seen = [each for each in items[one.id] if each[2] or not self._opened]
            names = tuple(name for name, _, _ in seen)
            said = tuple(f"{name} {column}".lower() for name, column, _ in seen)
            shown = views.short(one, self.classes, self._names, self._lang, len(seen))
            start = _encode(shown)[:-1]
            found[one.id] = _Piece(one.revision, start, names, said, "\n".join(said))
        return found

    def _shows(self, one: model.Resource) -> bool:
        return one.in_force and (one.open_type != "none" or not self._opened)

    def facets(self, found: Found) -> msgspec.Raw:
        """Facets with titles, the most frequent value first; classes by 类 and 项."""
        kept: tuple[Shown, msgspec.Raw] | None = found.kept.get((self._lang, self._opened))
        if kept is None or kept[0] is not self:
            kept = self, msgspec.Raw(_encode(self._facets(found.facets)))
            found.kept[self._lang, self._opened] = kept
        return kept[1]

    def _facets(self, given: Mapping[str, dict[str, int]]) -> dict[str, list[dict[str, Any]]]:
        shown: dict[str, list[dict[str, Any]]] = {}
        for name, counts in given.items():
            if name == "class_code":
                counts = _above(counts)
            shown[name] = [
                {"value": value, "title": self._title(name, value), "count": count}
                for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
            ]
        return shown

    def _title(self, name: str, value: str) -> str:
        if name == "organisation":
            return self._names.get(int(value), value)
        if name == "class_code":
            return self.classes[value].name(self._lang) if value in self.classes else value
        return render(f"sharing.catalogue.{name}.{value}", self._lang, {})


class Showing:
    """The ``Shown`` of each language and kind of reader, made anew where names have changed."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, bool], Shown] = {}

    def of(self, ctx: Context, lang: str, opened: bool) -> Shown:
        known = classes.known(ctx.connection)
        units = cache.records(ctx.connection, "organisations")
        held = self._held.get((lang, opened))
        if held is None or held.classes is not known or held.units != units:
            held = self._held[lang, opened] = Shown(known, units, lang, opened)
        return held


def _whole(piece: _Piece, terms: Sequence[str]) -> msgspec.Raw:
    """A term has neither spaces nor line feeds, and stands in one item or in none."""
    hits: list[str] = []
    if any(term in piece.all for term in terms):
        said = zip(piece.names, piece.said, strict=True)
        hits += islice((name for name, text in said if _one_in(terms, text)), _HITS)
    return msgspec.Raw(b'%b,"hits":%b}' % (piece.start, _encode(hits)))


def _one_in(terms: Sequence[str], text: str) -> bool:
    return any(term in text for term in terms)


def _above(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts of classes added up to the two widest levels."""
    found: dict[str, int] = {}
    for code, count in counts.items():
        while code:
            if len(code) <= 3:
                found[code] = found.get(code, 0) + count
            code = model.parent(code)
    return found
