"""$apply as an answer: transformations one after the other, then $filter, $orderby and a page."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from csv import writer
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Ints
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.aggregation import Aggregation, Exact
from yiwang.sensing.sta.apply import Apply, Filter, Group
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.columns import Evaluator, Observed, Related
from yiwang.sensing.sta.entities import top
from yiwang.sensing.sta.errors import NotSupported, UnknownProperty, position, words
from yiwang.sensing.sta.grouping import Result, Rows
from yiwang.sensing.sta.past import Past
from yiwang.sensing.sta.query import Order, Query
from yiwang.sensing.sta.render import Json, Links
from yiwang.sensing.sta.schema import nearest
from yiwang.sensing.sta.vectors import Vector

OPTION = "$apply"


def leading(apply: Apply) -> Node | None:
    """The condition of the filters that stand before the first grouping."""
    found: list[Node] = []
    for step in apply.steps:
        if not isinstance(step, Filter):
            break
        found.append(step.condition)
    if len(found) < 2:
        return found[0] if found else None
    return ast.Logic("and", tuple(found))


class Table:
    """The columns of an answer in the making."""

    def __init__(self, columns: Sequence[Result], now: int) -> None:
        self.columns = list(columns)
        self._now = now

    def __len__(self) -> int:
        return len(self.columns[0].shown)

    def take(self, rows: Ints) -> Table:
        index = rows.tolist()
        columns = [
            Result(
                column.names,
                Vector(column.vector.kind, column.vector.values[rows], column.vector.known[rows]),
                [column.shown[row] for row in index],
            )
            for column in self.columns
        ]
        return Table(columns, self._now)

    def evaluator(self, option: str) -> Evaluator:
        return _Computed(self.columns, len(self), self._now, option)

    def filtered(self, condition: Node, option: str) -> Table:
        holds = self.evaluator(option).condition(condition)
        return self.take(np.flatnonzero(holds))

    def ordered(self, orders: Sequence[Order]) -> Table:
        evaluator = self.evaluator("$orderby")
        keys: list[Any] = [np.arange(len(self))]
        for item in reversed(orders):
            for vector in reversed(evaluator.sort(item.by)):
                keys += _ranks(vector, item.descending)
        return self.take(np.lexsort(keys))

    def rows(self) -> Iterator[dict[str, Any]]:
        """One mapping a row; a key that is a path stands nested."""
        for index in range(len(self)):
            row: dict[str, Any] = {}
            for column in self.columns:
                place = row
                for name in column.names[:-1]:
                    place = place.setdefault(name, {})
                value = column.shown[index]
                shown = msgspec.Raw(value.encode()) if isinstance(value, Exact) else value
                place[_named(column.names)] = shown
            yield row


def _named(names: tuple[str, ...]) -> str:
    """The name of a value; an entity's id is called as everywhere in SensorThings."""
    return "@iot.id" if len(names) > 1 and names[-1] == "id" else names[-1]


def _ranks(vector: Vector, descending: bool) -> list[NDArray[Any]]:
    """Sorting keys of a vector, least important first; the unknown come first ascending."""
    values = vector.values
    if vector.kind == "text":
        texts = [value if there else "" for value, there in zip(values, vector.known, strict=True)]
        values = np.unique(np.array(texts, object), return_inverse=True)[1]
    values = np.where(vector.known, values, 0)
    values = values.astype(np.int64 if vector.kind in ("time", "text") else np.float64)
    if descending:
        return [-values, ~vector.known]
    return [values, vector.known]


class _Computed(Evaluator):
    """Conditions over the columns of an answer."""

    def __init__(self, columns: Sequence[Result], size: int, now: int, option: str) -> None:
        index = np.arange(size)
        super().__init__(Observed(index, index, index, np.zeros(size)), now, Related(), option)
        self._columns = {column.names: column.vector for column in columns}
        self._named = option

    def path(self, node: ast.Path) -> Vector:
        found = self._columns.get(node.names)
        if found is not None:
            return found
        known = ["/".join(names) for names in self._columns]
        where = position(self._named, node.at)
        near = nearest(node.text, known)
        raise UnknownProperty(where, name=node.text, entity=OPTION, near=near)


def carried_out(
    apply: Apply,
    parts: Iterator[Observed],
    asking: Callable[[Observed], Evaluator],
    now: int,
    past: Past | None = None,
) -> Table:
    """The transformations over parts that satisfy ``leading``, and over what is left of the
    past. Raises WrongOperand, UnknownProperty, TooMuch."""
    steps = iter(apply.steps)
    aggregation = Aggregation(next(step for step in steps if isinstance(step, Group)))
    if past is not None:
        past.there(parts, asking, aggregation)
    else:
        for part in parts:
            aggregation.add(Rows(asking(part), part.time, part.number, part, asking))
    table = Table(aggregation.results(), now)
    for step in steps:
        if isinstance(step, Filter):
            table = table.filtered(step.condition, OPTION)
        else:
            table = _grouped(table, step, now)
    return table


def first_group(apply: Apply) -> Group:
    return next(step for step in apply.steps if isinstance(step, Group))


def _grouped(table: Table, group: Group, now: int) -> Table:
    again = Aggregation(group)
    index = np.arange(len(table))
    again.add(Rows(table.evaluator(OPTION), index, index))
    return Table(again.results(), now)


@dataclass(frozen=True)
class Groups:
    """A page of an answer; ``after`` is what $skip would be on the next one, 0 on the last."""

    table: Table
    count: int
    after: int = 0


def page(table: Table, query: Query) -> Groups:
    if query.filter is not None:
        table = table.filtered(query.filter, "$filter")
    if query.orderby:
        table = table.ordered(query.orderby)
    count, most = len(table), top(query)
    end = min(query.skip + most, count)
    shown = table.take(np.arange(min(query.skip, count), end))
    return Groups(shown, count, end if most and end < count else 0)


def check(query: Query) -> None:
    """Raises NotSupported for options that mean nothing beside $apply."""
    if query.select or query.expand or query.after:
        option = "$select" if query.select else "$expand" if query.expand else "$skiptoken"
        raise NotSupported(option, what=words("option_beside_apply", option=option))
    if query.format not in ("", "CSV", "Parquet"):
        raise NotSupported("$resultFormat", what=words("format_beside_apply", format=query.format))


def json(groups: Groups, query: Query, path: str, links: Links, notes: Mapping[str, Any]) -> bytes:
    """The page as JSON; ``path`` is its address for the next link, ``notes``
    what is said of where it comes from."""
    made: Json = dict(notes)
    if query.count:
        made["@iot.count"] = groups.count
    if groups.after:
        following = replace(query, skip=groups.after, top=top(query))
        made["@iot.nextLink"] = links.address(path, following.render())
    made["value"] = list(groups.table.rows())
    return msgspec.json.encode(made)


def csv(groups: Groups) -> bytes:
    """The page as CSV (RFC 4180) with a line of names."""
    written = io.StringIO()
    lines = writer(written)
    lines.writerow(["/".join(column.names) for column in groups.table.columns])
    lines.writerows(zip(*(column.shown for column in groups.table.columns), strict=True))
    return written.getvalue().encode()
