"""What of the catalogue is searched, read from the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from yiwang.registry.tables import organisations
from yiwang.sharing.catalogue import classes, model
from yiwang.sharing.catalogue.search.segment import FACETS, Document
from yiwang.sharing.catalogue.tables import share_items, share_resource_steps, share_resources
from yiwang.store.database import Key
from yiwang.store.statements import Statement, listed

_BEHIND = 200
"""Steps that another process took may be seen after later ones: so many are read again."""
_AT_ONCE = 256
_held = share_resources.c
_latest = Statement(select(func.max(share_resource_steps.c.id)))


def latest_step(connection: Connection) -> int:
    """The number of the last step that was taken with any resource."""
    found: int = _latest.value(connection, {}) or 0
    return found


def changed(connection: Connection, since: int) -> list[int]:
    """Resources that came into force or went out of it behind a step."""
    steps = share_resource_steps.c
    query = select(steps.resource).where(
        steps.id > since - _BEHIND, steps.step.in_(("publish", "retire"))
    )
    return list(connection.execute(query.distinct()).scalars())


def read(
    connection: Connection, opened: bool, ids: Collection[int] | None = None
) -> list[Document]:
    """What is in force, all or of these numbers; ``opened``: only what the public sees of it."""
    chosen: list[ColumnElement[bool]] = [_held.state == "published"]
    if opened:
        chosen.append(_held.open_type != "none")
    if ids is not None:
        chosen.append(_held.id.in_(ids))
    items = _items(connection, opened, ids)
    above = _Classes(connection)
    names = {
        row.id: f"{row.name_zh} {row.name_en}"
        for row in connection.execute(
            select(organisations.c.id, organisations.c.name_zh, organisations.c.name_en)
        )
    }
    columns = [_held.id, _held.revision, _held.code, _held.name, _held.keywords, _held.summary]
    query = select(*columns, *(_held[name] for name in FACETS)).where(*chosen).order_by(_held.id)
    found = []
    for id, revision, code, name, keywords, summary, *facets in connection.execute(query):
        owner, class_code = facets[0], facets[1]
        other = f"{summary} {names.get(owner, '')} {above(class_code)} {code}"
        values = tuple(str(value) for value in facets)
        words = " ".join(keywords)
        found.append(Document(id, revision, code, name, words, items.get(id, ""), other, values))
    return found


def _items(connection: Connection, opened: bool, ids: Collection[int] | None) -> dict[int, str]:
    """The names and columns of items by resource."""
    held = share_items.c
    chosen: list[Any] = [held.opened] if opened else []
    if ids is not None:
        chosen.append(held.resource.in_(ids))
    text = func.aggregate_strings(held.name + " " + held.column, " ")
    query = select(held.resource, text).where(*chosen).group_by(held.resource)
    return {resource: said for resource, said in connection.execute(query)}


@cache
def _names_among(count: int) -> Statement:
    held = share_items.c
    given = [bindparam(f"id_{place}", 0, Key) for place in range(count)]
    query = select(held.resource, held.name, held.column, held.opened)
    return Statement(query.where(held.resource.in_(given)).order_by(held.resource, held.place))


def item_names(
    connection: Connection, ids: Sequence[int]
) -> dict[int, list[tuple[str, str, bool]]]:
    """Name, column and whether it is opened of the items of resources, in their order."""
    found: dict[int, list[tuple[str, str, bool]]] = {id: [] for id in ids}
    for start in range(0, len(ids), _AT_ONCE):
        given = listed("id_", ids[start : start + _AT_ONCE])
        for id, name, column, opened in _names_among(len(given)).rows(connection, given):
            found[id].append((name, column, bool(opened)))
    return found


class _Classes:
    """The names of a class and those above it, each made up once."""

    def __init__(self, connection: Connection) -> None:
        self._known = classes.known(connection)
        self._held: dict[str, str] = {}

    def __call__(self, code: str) -> str:
        if code not in self._held:
            above = self(model.parent(code)) if code else ""
            own = self._known.get(code)
            self._held[code] = f"{own.name_zh} {own.name_en} {above}" if own else above
        return self._held[code]
