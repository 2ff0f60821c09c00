"""Reading the stored entity types: pages of rows, for one parent or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Result,
    Select,
    Table,
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy.sql.selectable import FromClause

from yiwang.sensing import sight as sights
from yiwang.sensing.sight import EVERYTHING, Sight
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.errors import BadSyntax
from yiwang.sensing.sta.outside import Outside
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.scalars import NotInSql
from yiwang.sensing.sta.schema import TYPES, EntityType, Relation
from yiwang.sensing.sta.sql import Translator

DEFAULT_TOP = 100
MOST_TOP = 10_000
_AT_ONCE = 1000
"""Parents asked for in one statement."""

Row = dict[str, Any]


@dataclass
class Page:
    """Rows of one collection. ``more`` says that there are rows behind them; ``after`` is then
    the cursor of the next page, empty where only $skip can name it."""

    rows: list[Row] = field(default_factory=list)
    more: bool = False
    count: int | None = None
    after: str = ""

    @property
    def size(self) -> int:
        return len(self.rows)


def top(query: Query) -> int:
    return min(DEFAULT_TOP if query.top is None else query.top, MOST_TOP)


class Entities:
    """Stored entities through one connection, at one moment, as far as they are seen."""

    def __init__(self, connection: Connection, now: int, sight: Sight = EVERYTHING) -> None:
        self._connection = connection
        self._now = now
        self._sight = sight
        self.outside = Outside(connection, now)

    def one(self, type_: EntityType, id_: int) -> Row | None:
        rows = _rows(self._connection.execute(_by_id(type_.stored), {"id_": id_}))
        return rows[0] if rows else None

    def sees(self, type_: EntityType, id_: int) -> bool:
        """Whether the entity is there and is seen. What an entity that is seen refers to (a
        datastream to its thing) is always seen too, and need not be asked about."""
        if self._sight.everything:
            return self.one(type_, id_) is not None
        table = type_.stored
        chosen = select(table.c.id).where(table.c.id == id_)
        return self._connection.execute(self._seen(chosen, type_, table)).first() is not None

    def _seen(self, chosen: Select[Any], type_: EntityType, source: FromClause) -> Select[Any]:
        if self._sight.everything:
            return chosen
        return chosen.where(sights.condition(self._sight, type_.stored, source))

    def many(self, type_: EntityType, ids: Sequence[int]) -> dict[int, Row]:
        """Rows by id, whoever sees them: ask only for what ``sees`` found or what something
        seen refers to."""
        table = type_.stored
        found: dict[int, Row] = {}
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(table).where(table.c.id.in_(wanted[start : start + _AT_ONCE]))
            for row in _rows(self._connection.execute(query)):
                found[row["id"]] = row
        return found

    def ids(self, type_: EntityType, condition: Any) -> list[int]:
        """Ids of the entities for which a $filter expression holds."""
        source = type_.stored.alias()
        where = self._translator(type_, source, "$filter").condition(condition)
        chosen = self._seen(select(source.c.id).where(where), type_, source)
        return list(self._connection.execute(chosen).scalars())

    def values(self, type_: EntityType, ids: Sequence[int], node: ast.Path) -> dict[int, Any]:
        """The value of a path over to-one relations for each of some entities."""
        return self.outside.values(type_, ids, node, f"$filter, position {node.at}")

    def _translator(
        self,
        type_: EntityType,
        source: FromClause,
        option: str,
        chosen: Select[Any] | None = None,
    ) -> Translator:
        return Translator(type_, source, self._now, option, self.outside, chosen, self._sight)

    def related(self, relation: Relation, parent: int, id_: int | None = None) -> int | None:
        """Id of an entity to which ``parent`` is related (a given one, or the first)."""
        page = self._page(relation, [parent], Query(top=1), id_).get(parent)
        return page.rows[0]["id"] if page and page.rows else None

    def collection(self, type_: EntityType, query: Query) -> Page:
        """A page of all entities of a type."""
        source = type_.stored.alias()
        return self._single(type_, source, select(source), query)

    def of(self, relation: Relation, parents: Sequence[int], query: Query) -> dict[int, Page]:
        """For each parent a page of the entities to which a to-many relation leads."""
        pages: dict[int, Page] = {}
        for start in range(0, len(parents), _AT_ONCE):
            some = parents[start : start + _AT_ONCE]
            try:
                pages.update(self._page(relation, some, query))
            except NotInSql:
                for parent in some:
                    pages.update(self._page(relation, [parent], query))
        return pages

    def _page(
        self, relation: Relation, parents: Sequence[int], query: Query, id_: int | None = None
    ) -> dict[int, Page]:
        target = TYPES[relation.target]
        source = target.stored.alias()
        chosen, parent, place = _below(relation, source, parents)
        if id_ is not None:
            chosen = chosen.where(source.c.id == id_)
        if len(parents) == 1:
            return {parents[0]: self._single(target, source, chosen, query, place)}
        return self._several(target, source, chosen.add_columns(parent), query, parent, place)

    def _single(
        self,
        type_: EntityType,
        source: FromClause,
        chosen: Select[Any],
        query: Query,
        place: ColumnElement[Any] | None = None,
    ) -> Page:
        chosen = self._filtered(type_, source, chosen, query)
        try:
            order = self._order(type_, source, query, place)
        except NotInSql:
            return self._ordered_outside(type_, source, chosen, query)
        page = Page()
        if query.count:
            counted = select(func.count()).select_from(chosen.subquery())
            page.count = self._connection.execute(counted).scalar_one()
        if query.after:
            chosen = chosen.where(source.c.id > _last(query.after))
        most = top(query)
        statement = chosen.order_by(*order).limit(most + 1)
        if query.skip and not query.after:
            statement = statement.offset(query.skip)
        rows = _rows(self._connection.execute(statement))
        _cut(page, rows, most, len(order) == 1)
        return page

    def _several(
        self,
        type_: EntityType,
        source: FromClause,
        chosen: Select[Any],
        query: Query,
        parent: ColumnElement[Any],
        by: ColumnElement[Any] | None,
    ) -> dict[int, Page]:
        """The first rows of every parent in one statement, numbered by a window."""
        chosen = self._filtered(type_, source, chosen, query)
        order = self._order(type_, source, query, by)
        place = func.row_number().over(partition_by=parent, order_by=order).label("place_")
        total = func.count().over(partition_by=parent).label("total_")
        numbered = chosen.add_columns(place, total).subquery()
        most = top(query)
        # One row beyond the page tells that there is more; the first one carries the count.
        inside = and_(numbered.c.place_ > query.skip, numbered.c.place_ <= query.skip + most + 1)
        wanted = inside | (numbered.c.place_ == 1) if query.count else inside
        statement = select(numbered).where(wanted).order_by(numbered.c.parent_, numbered.c.place_)
        pages: dict[int, Page] = {}
        rows: dict[int, list[Row]] = {}
        for row in _rows(self._connection.execute(statement)):
            key = row.pop("parent_")
            page = pages.setdefault(key, Page())
            page.count = row.pop("total_") if query.count else None
            if row.pop("place_") > query.skip:
                rows.setdefault(key, []).append(row)
        for key, page in pages.items():
            _cut(page, rows.get(key, []), most, len(order) == 1)
        return pages

    def _ordered_outside(
        self, type_: EntityType, source: FromClause, chosen: Select[Any], query: Query
    ) -> Page:
        ids = chosen.with_only_columns(source.c.id)
        found = list(self._connection.execute(ids).scalars())
        page = Page(count=len(found) if query.count else None)
        most = top(query)
        behind = self.outside.in_order(type_, found, query.orderby)[query.skip :]
        rows = self.many(type_, behind[: most + 1])
        _cut(page, [rows[id_] for id_ in behind[: most + 1]], most, False)
        return page

    def _filtered(
        self, type_: EntityType, source: FromClause, chosen: Select[Any], query: Query
    ) -> Select[Any]:
        chosen = self._seen(chosen, type_, source)
        if query.filter is None:
            return chosen
        among = None if chosen.whereclause is None else chosen
        translator = self._translator(type_, source, "$filter", among)
        return chosen.where(translator.condition(query.filter))

    def _order(
        self,
        type_: EntityType,
        source: FromClause,
        query: Query,
        place: ColumnElement[Any] | None,
    ) -> list[ColumnElement[Any]]:
        """The order asked for, which always ends with the id; ``place`` is the order that the
        entities have by themselves. Raises NotInSql."""
        order: list[ColumnElement[Any]] = []
        translator = self._translator(type_, source, "$orderby")
        for item in query.orderby:
            for column in translator.values(item.by):
                way = column.desc() if item.descending else column.asc()
                order.append(way.nulls_last() if item.descending else way.nulls_first())
        if place is not None and not order:
            order.append(place)
        return [*order, source.c.id]


@lru_cache
def _by_id(table: Table) -> Select[Any]:
    return select(table).where(table.c.id == bindparam("id_"))


def _rows(result: Result[Any]) -> list[Row]:
    keys = tuple(result.keys())
    return [dict(zip(keys, row, strict=True)) for row in result]


def _below(
    relation: Relation, source: FromClause, parents: Sequence[int]
) -> tuple[Select[Any], ColumnElement[Any], ColumnElement[Any] | None]:
    """The targets of a to-many relation, with the parent each belongs to, and its place there
    where the relation is ordered."""
    place: ColumnElement[Any] | None = None
    if relation.theirs:
        parent = source.c[relation.theirs].label("parent_")
        chosen = select(source)
    elif relation.through is not None:
        through = relation.through
        between: FromClause = through.table.alias()
        if through.repeated:
            pairs = through.table.c[through.mine], through.table.c[through.theirs]
            between = select(*pairs).distinct().subquery()
        parent = between.c[through.mine].label("parent_")
        place = between.c[through.order] if through.order else None
        joined = source.join(between, between.c[through.theirs] == source.c.id)
        chosen = select(source).select_from(joined)
    else:
        mine = TYPES[TYPES[relation.target].find_relation(relation.inverse).target].stored.alias()  # type: ignore[union-attr]
        parent = mine.c.id.label("parent_")
        joined = source.join(mine, mine.c[relation.mine] == source.c.id)
        chosen = select(source).select_from(joined)
    chosen = chosen.where(parent.element.in_(list(parents)))
    return chosen, parent, place


def _cut(page: Page, rows: list[Row], most: int, by_id: bool) -> None:
    page.more = len(rows) > most > 0
    page.rows = rows[:most]
    if page.more and by_id:
        page.after = str(page.rows[-1]["id"])


def _last(cursor: str) -> int:
    text = cursor.strip("'")
    if not text.lstrip("-").isdecimal() or len(text) > 18:
        raise BadSyntax("$skiptoken", found=cursor, expected="the cursor of a next link")
    return int(text)
