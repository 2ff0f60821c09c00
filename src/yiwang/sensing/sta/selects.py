"""The selects of stored entities. Ids, cursors and limits are parameters, whose names end with
an underscore; what they are given here is what stands where a select is run but once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.sql.selectable import FromClause

from yiwang.sensing.sta.schema import TYPES, EntityType, Relation
from yiwang.sensing.store import among

Values = dict[str, Any]


class Wanted(NamedTuple):
    """Which select: of what ``type``, all of them or those that ``relation`` leads to, and what
    of them. ``limits``: the parameters that narrow it."""

    part: str
    type: EntityType
    relation: Relation | None
    limits: tuple[str, ...]


class Chosen(NamedTuple):
    """Entities of a type from ``source``. Of those of a relation the ``parent`` of each, and the
    ``place`` it has there where the relation is ordered."""

    select: Select[Any]
    source: FromClause
    parent: ColumnElement[Any] | None = None
    place: ColumnElement[Any] | None = None


def given(values: Values, name: str) -> BindParameter[Any]:
    return bindparam(name, values[name], _KINDS.get(name, _NUMBER))


_NUMBER = BigInteger()
_KINDS = {"parents_": Text(), "ids_": Text()}


def chosen(wanted: Wanted, values: Values) -> Chosen:
    """The entities that are wanted, whoever sees them."""
    source = wanted.type.stored.alias()
    columns = [source.c[name] for name in wanted.type.columns]
    made = Chosen(select(*columns), source)
    if wanted.relation is not None:
        made = _below(wanted.relation, source, columns)
        assert made.parent is not None
        mine = made.parent.element
        if "parent_" in values:
            own = mine == given(values, "parent_")
        else:
            own = among(mine, given(values, "parents_"))
        made = made._replace(select=made.select.where(own))
    if "id_" in values:
        narrowed = made.select.where(source.c.id == given(values, "id_"))
        made = made._replace(select=narrowed)
    if "ids_" in values:
        narrowed = made.select.where(among(source.c.id, given(values, "ids_")))
        made = made._replace(select=narrowed)
    return made


def _below(relation: Relation, source: FromClause, columns: Sequence[Any]) -> Chosen:
    if relation.theirs:
        return Chosen(select(*columns), source, source.c[relation.theirs].label("parent_"))
    if relation.through is None:
        inverse = TYPES[relation.target].find_relation(relation.inverse)
        assert inverse is not None
        mine = TYPES[inverse.target].stored.alias()
        joined = source.join(mine, mine.c[relation.mine] == source.c.id)
        return Chosen(select(*columns).select_from(joined), source, mine.c.id.label("parent_"))
    through = relation.through
    between: FromClause = through.table.alias()
    if through.repeated:
        pairs = through.table.c[through.mine], through.table.c[through.theirs]
        between = select(*pairs).distinct().subquery()
    joined = source.join(between, between.c[through.theirs] == source.c.id)
    return Chosen(
        select(*columns).select_from(joined),
        source,
        between.c[through.mine].label("parent_"),
        between.c[through.order] if through.order else None,
    )


def page(among: Chosen, order: Sequence[ColumnElement[Any]], values: Values) -> Select[Any]:
    """The rows from ``skip_`` on, or behind the id ``after_``, at most ``most_``."""
    made = among.select
    if "after_" in values:
        made = made.where(among.source.c.id > given(values, "after_"))
    else:
        made = made.offset(given(values, "skip_"))
    return made.order_by(*order).limit(given(values, "most_"))


def few(among: Chosen, values: Values) -> Select[Any]:
    """Rows of several parents in no order, at most ``most_``, with their place and parent."""
    assert among.parent is not None
    place = among.source.c.id if among.place is None else among.place
    made = among.select.add_columns(place.label("place_"), among.parent)
    return made.limit(given(values, "most_"))


def numbered(among: Chosen, order: Sequence[ColumnElement[Any]], values: Values) -> Select[Any]:
    """The rows of every parent behind ``skip_`` and up to ``last_``, and the first, which
    carries the count; with their count, place and parent."""
    assert among.parent is not None
    parent = among.parent
    place = func.row_number().over(partition_by=parent, order_by=order).label("place_")
    total = func.count().over(partition_by=parent).label("total_")
    every = among.select.add_columns(total, place, parent).subquery()
    inside = and_(every.c.place_ > given(values, "skip_"), every.c.place_ <= given(values, "last_"))
    wanted = or_(inside, every.c.place_ == 1)
    return select(every).where(wanted).order_by(every.c.parent_, every.c.place_)


def counted(among: Chosen) -> Select[Any]:
    return select(func.count()).select_from(among.select.subquery())


def ids(among: Chosen) -> Select[Any]:
    return among.select.with_only_columns(among.source.c.id)
