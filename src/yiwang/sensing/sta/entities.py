"""Reading the stored entity types: pages of rows, for one parent or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select
from sqlalchemy.sql.selectable import FromClause

from yiwang.sensing import sight as sights
from yiwang.sensing.sight import EVERYTHING, Sight
from yiwang.sensing.sta import ast, selects
from yiwang.sensing.sta.errors import BadSyntax, position, words
from yiwang.sensing.sta.outside import Outside
from yiwang.sensing.sta.plans import MOST_NODES, Parameters, Plan, Plans, parts, shape
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.scalars import NotInSql
from yiwang.sensing.sta.schema import TYPES, EntityType, Relation
from yiwang.sensing.sta.selects import Chosen, Values, Wanted
from yiwang.sensing.sta.sql import Translator
from yiwang.sensing.store import array, fetch
from yiwang.store.statements import Rows, Statement

DEFAULT_TOP = 100
MOST_TOP = 10_000
_AT_ONCE = 1000
"""Parents asked for in one statement."""
_FEW, _FEW_EACH = 100, 4
"""Rows of some parents, and of each of them, that are read before it is asked which of them are
on the page."""

Row = dict[str, Any]
"""A row by the names of its columns; JSON is text as it is stored."""

_ALL = Query()
_PLANS = Plans()


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
        """Whoever sees it."""
        rows = self._asked("rows", type_, None, _ALL, {"id_": id_}, EVERYTHING)
        return _row(type_, rows[0]) if rows else None

    def seen(self, type_: EntityType, id_: int) -> Row | None:
        """The entity where it is there and is seen. What it refers to (a datastream to its
        thing) is always seen too, and need not be asked about."""
        rows = self._asked("rows", type_, None, _ALL, {"id_": id_})
        return _row(type_, rows[0]) if rows else None

    def decoded(self, type_: EntityType, id_: int) -> Row:
        """The entity with its JSON as values, whoever sees it; empty where it is not there."""
        row = self.one(type_, id_) or {}
        for item in type_.properties:
            if item.kind == "json" and row.get(item.column) is not None:
                row[item.column] = msgspec.json.decode(row[item.column])
        return row

    def many(self, type_: EntityType, ids: Sequence[int]) -> dict[int, Row]:
        """Rows by id, whoever sees them: ask only for what ``seen`` found or what something
        seen refers to."""
        found: dict[int, Row] = {}
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), _AT_ONCE):
            values = {"ids_": array(wanted[start : start + _AT_ONCE])}
            for row in self._asked("rows", type_, None, _ALL, values, EVERYTHING):
                found[row[0]] = _row(type_, row)
        return found

    def ids(self, type_: EntityType, condition: Any) -> list[int]:
        """Ids of the entities for which a $filter expression holds."""
        rows = self._asked("ids", type_, None, Query(filter=condition), {})
        return [row[0] for row in rows]

    def values(self, type_: EntityType, ids: Sequence[int], node: ast.Path) -> dict[int, Any]:
        """The value of a path over to-one relations for each of some entities."""
        return self.outside.values(type_, ids, node, position("$filter", node.at))

    def related(self, relation: Relation, parent: int, id_: int | None = None) -> int | None:
        """Id of an entity to which ``parent`` is related (a given one, or the first)."""
        values = {"parent_": parent} if id_ is None else {"parent_": parent, "id_": id_}
        page = self._page(TYPES[relation.target], relation, Query(top=1), values)
        return page.rows[0]["id"] if page.rows else None

    def collection(self, type_: EntityType, query: Query) -> Page:
        """A page of all entities of a type."""
        return self._page(type_, None, query, {})

    def of(self, relation: Relation, parents: Sequence[int], query: Query) -> dict[int, Page]:
        """For each parent a page of the entities to which a to-many relation leads."""
        pages: dict[int, Page] = {}
        for start in range(0, len(parents), _AT_ONCE):
            some = parents[start : start + _AT_ONCE]
            try:
                pages.update(self._several(relation, some, query))
            except NotInSql:
                pages |= {parent: self._below(relation, parent, query) for parent in some}
        return pages

    def _below(self, relation: Relation, parent: int, query: Query) -> Page:
        return self._page(TYPES[relation.target], relation, query, {"parent_": parent})

    def _page(
        self, type_: EntityType, relation: Relation | None, query: Query, scope: Values
    ) -> Page:
        """``scope``: the parameters that say among what."""
        page = Page()
        most = top(query)
        values = {**scope, "most_": most + 1}
        if query.after:
            values["after_"] = _last(query.after)
        else:
            values["skip_"] = query.skip
        try:
            rows = self._asked("page", type_, relation, query, values)
        except NotInSql:
            return self._ordered_outside(type_, relation, query, scope)
        if query.count:
            page.count = self._asked("count", type_, relation, query, scope)[0][0]
        _cut(page, [_row(type_, row) for row in rows], most, _by_id(relation, query))
        return page

    def _several(self, relation: Relation, parents: Sequence[int], query: Query) -> dict[int, Page]:
        """The first rows of every parent. Raises NotInSql."""
        if len(parents) == 1:
            return {parents[0]: self._below(relation, parents[0], query)}
        type_, scope = TYPES[relation.target], {"parents_": array(parents)}
        found: dict[int, list[Row]] = {}
        counts: dict[int, int] = {}
        most, skip = top(query), query.skip
        rows = self._few(type_, relation, query, scope, len(parents))
        if rows is not None:
            rows.sort(key=_PLACE_AND_ID)
            for row in rows:
                found.setdefault(row[-1], []).append(_row(type_, row))
            counts = {parent: len(mine) for parent, mine in found.items()}
            found = {parent: mine[skip : skip + most + 1] for parent, mine in found.items()}
        else:
            # One row beyond the page tells that there is more.
            values = {**scope, "skip_": skip, "last_": skip + most + 1}
            for row in self._asked("numbered", type_, relation, query, values):
                count, place, parent = row[-3:]
                counts[parent] = count
                if place > skip:
                    found.setdefault(parent, []).append(_row(type_, row))
        pages: dict[int, Page] = {}
        for parent, count in counts.items():
            page = pages[parent] = Page(count=count if query.count else None)
            _cut(page, found.get(parent, []), most, _by_id(relation, query))
        return pages

    def _few(
        self, type_: EntityType, relation: Relation, query: Query, scope: Values, parents: int
    ) -> Rows | None:
        """All rows of some parents, in no order, where they are few; to number them costs the
        database more than all the rest."""
        if query.filter is not None or query.orderby:
            return None
        most = _FEW + _FEW_EACH * parents
        rows = self._asked("few", type_, relation, query, {**scope, "most_": most + 1})
        return rows if len(rows) <= most else None

    def _ordered_outside(
        self, type_: EntityType, relation: Relation | None, query: Query, scope: Values
    ) -> Page:
        found = [row[0] for row in self._asked("ids", type_, relation, query, scope)]
        page = Page(count=len(found) if query.count else None)
        most = top(query)
        behind = self.outside.in_order(type_, found, query.orderby)[query.skip :]
        rows = self.many(type_, behind[: most + 1])
        _cut(page, [rows[id_] for id_ in behind[: most + 1]], most, False)
        return page

    def _asked(
        self,
        part: str,
        type_: EntityType,
        relation: Relation | None,
        query: Query,
        values: Values,
        sight: Sight | None = None,
    ) -> Rows:
        """The rows of a part of a question; its statement is kept. Raises NotInSql where
        $orderby cannot be said in SQL."""
        sight = self._sight if sight is None else sight
        wanted = Wanted(part, type_, relation, tuple(values))
        ordered = query.orderby if part in ("page", "numbered") else ()
        key = (wanted, sights.pattern(sight), shape(query.filter), ordered)
        plan = _PLANS.get(key)
        if plan is not None:
            more = plan.values(query.filter, self.outside, self._now)
        else:
            parameters = Parameters(query.filter)
            made = self._select(wanted, query, values, sight, parameters)
            if not parameters.steady:
                return fetch(self._connection, made)
            plan, more = Plan(Statement(made), parameters.sources), parameters.values
            _PLANS.keep(key, plan)
        return plan.statement.rows(self._connection, {**sights.values(sight), **more, **values})

    def _select(
        self, wanted: Wanted, query: Query, values: Values, sight: Sight, parameters: Parameters
    ) -> Select[Any]:
        among = selects.chosen(wanted, values)
        order: list[ColumnElement[Any]] = []
        if wanted.part in ("page", "numbered"):
            order = self._order(wanted.type, among, query, parameters)
        among = among._replace(select=self._filtered(wanted.type, among, query, sight, parameters))
        match wanted.part:
            case "page":
                return selects.page(among, order, values)
            case "numbered":
                return selects.numbered(among, order, values)
            case "few":
                return selects.few(among, values)
            case "count":
                return selects.counted(among)
            case "ids":
                return selects.ids(among)
        return among.select

    def _filtered(
        self, type_: EntityType, among: Chosen, query: Query, sight: Sight, parameters: Parameters
    ) -> Select[Any]:
        made = among.select
        if not sight.everything:
            made = made.where(sights.condition(sight, type_.stored, among.source))
        if query.filter is None:
            return made
        inside = None if made.whereclause is None else made
        translator = self._translator(type_, among.source, "$filter", parameters, inside)
        return made.where(translator.condition(query.filter))

    def _order(
        self, type_: EntityType, among: Chosen, query: Query, parameters: Parameters
    ) -> list[ColumnElement[Any]]:
        """The order asked for, else the one that the entities have by themselves; it always
        ends with the id. Raises NotInSql."""
        order: list[ColumnElement[Any]] = []
        id_ = among.source.c.id
        written = Parameters()
        translator = self._translator(type_, among.source, "$orderby", written)
        for item in query.orderby:
            for column in translator.values(item.by):
                way = column.desc() if item.descending else column.asc()
                if column is not id_:
                    way = way.nulls_last() if item.descending else way.nulls_first()
                # To say of the id where NULLs stand would keep PostgreSQL from its index.
                order.append(way)
        size = sum(len(parts(item.by)) for item in query.orderby)
        parameters.steady = parameters.steady and written.steady and size <= MOST_NODES
        if among.place is not None and not order:
            order.append(among.place)
        return [*order, id_]

    def _translator(
        self,
        type_: EntityType,
        source: FromClause,
        option: str,
        parameters: Parameters,
        chosen: Select[Any] | None = None,
    ) -> Translator:
        outside, sight = self.outside, self._sight
        return Translator(type_, source, self._now, option, outside, parameters, chosen, sight)


_PLACE_AND_ID = itemgetter(-2, 0)


def _row(type_: EntityType, values: tuple[Any, ...]) -> Row:
    """Of what a statement gives beyond the columns of the type nothing."""
    return dict(zip(type_.columns, values, strict=False))


def _by_id(relation: Relation | None, query: Query) -> bool:
    """Whether the order is that of the ids alone."""
    own = relation is None or relation.through is None or not relation.through.order
    return own and not query.orderby


def _cut(page: Page, rows: list[Row], most: int, by_id: bool) -> None:
    page.more = len(rows) > most > 0
    page.rows = rows[:most]
    if page.more and by_id:
        page.after = str(page.rows[-1]["id"])


def _last(cursor: str) -> int:
    text = cursor.strip("'")
    if not text.lstrip("-").isdecimal() or len(text) > 18:
        raise BadSyntax("$skiptoken", found=cursor, expected=words("cursor"))
    return int(text)
