"""Conditions and orders that SQL cannot express: evaluated on columns read from the database,
and given back to SQL as the ids for which they hold.

These are geometries, the times of a datastream's observations, places in JSON that are read as
times, and whatever speaks of observations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import shapely
from sqlalchemy import Connection, Select, select

from yiwang.contracts.observations import Ints
from yiwang.kernel.text import Words
from yiwang.sensing.sta import ast, nearby, render
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.errors import NotSupported, words
from yiwang.sensing.sta.evaluation import Evaluation
from yiwang.sensing.sta.lookup import resolved, selection, shown
from yiwang.sensing.sta.query import Order
from yiwang.sensing.sta.schema import IDS, EntityType, Relation
from yiwang.sensing.sta.sorting import sorted_rows
from yiwang.sensing.sta.vectors import Vector, gathered
from yiwang.sensing.store import among

_AT_ONCE = 1000
"""Entities that are asked for by their numbers in one statement; of more all are read."""

Values = Callable[[EntityType, Sequence[int], ast.Path, str | Words], dict[int, Any]]


class Observing(Protocol):
    """What the store of observations knows."""

    def spans(self, datastreams: Sequence[int]) -> dict[int, tuple[int, int]]: ...

    def result_spans(self, datastreams: Sequence[int]) -> dict[int, tuple[int, int]]: ...

    def owners(
        self, condition: Node, inverse: str, datastreams: Sequence[int] | None
    ) -> list[int]: ...


class Outside:
    """Through one connection, at one moment. ``observing`` is set by whoever reads observations."""

    def __init__(self, connection: Connection, now: int) -> None:
        self._connection = connection
        self._now = now
        self.observing: Observing | None = None

    def satisfying(self, type_: EntityType, node: Node, option: str) -> list[int]:
        """Ids of the entities of a type for which a condition holds, sorted."""
        near = nearby.near(self._connection, type_, node, option)
        ids = self._every(type_) if near is None else near.ids
        if not len(ids):
            return []
        about = self._about(type_, ids, option)
        if near is not None:
            known = ~shapely.is_missing(near.geometries)
            about.given[near.name,] = Vector("geography", near.geometries, known)
        mask = about.condition(node)
        found: list[int] = ids[np.flatnonzero(mask)].tolist()
        return found

    def _every(self, type_: EntityType) -> Ints:
        found = self._connection.execute(select(type_.stored.c.id)).scalars().all()
        return np.sort(np.array(found, np.int64))  # PostgreSQL begins where another scan is

    def owning(
        self, relation: Relation, node: Node, among: Select[Any] | None, where: str | Words
    ) -> list[int]:
        """Ids of the entities of which some observation satisfies a condition; ``among``: the
        ids of those that matter."""
        if self.observing is None:
            raise NotSupported(where, what=words("condition_on_observations"))
        wanted = None
        if among is not None:
            wanted = list(self._connection.execute(among).scalars())
        return self.observing.owners(node, relation.inverse, wanted)

    def in_order(self, type_: EntityType, ids: Sequence[int], orders: Sequence[Order]) -> list[int]:
        """The ids in the order of $orderby; ties by id."""
        numbers = np.array(ids, np.int64)
        evaluation = self._about(type_, numbers, "$orderby")
        found: list[int] = numbers[sorted_rows(numbers, evaluation, orders)].tolist()
        return found

    def values(
        self, type_: EntityType, ids: Sequence[int], node: ast.Path, where: str | Words
    ) -> dict[int, Any]:
        """The value of a path over to-one relations for each of some entities, as JSON has it
        (of a datastream's times the text). Raises UnknownProperty, NotSupported."""
        _, item, rest = resolved(type_, node, where)
        found: dict[int, Any] = {}
        for rows in self._chosen(selection(type_, node, where), ids):
            found.update(rows)
        if item is not None and not item.column:
            return self._times(item.name, found)
        return {id_: shown(item, rest, value) for id_, value in found.items()}

    def _chosen(self, chosen: Select[Any], ids: Sequence[int]) -> Iterable[Any]:
        column = chosen.selected_columns[0]
        if len(ids) > _AT_ONCE * 4:
            wanted = set(ids)
            rows = self._connection.execute(chosen)
            yield [(id_, value) for id_, value in rows if id_ in wanted]
            return
        for start in range(0, len(ids), _AT_ONCE):
            some = [int(id_) for id_ in ids[start : start + _AT_ONCE]]
            yield [
                tuple(row) for row in self._connection.execute(chosen.where(among(column, some)))
            ]

    def _times(self, name: str, owners: dict[int, Any]) -> dict[int, Any]:
        """The spans of time of datastreams, by the entities that lead to them."""
        observing = self.observing
        if observing is None:
            return {}
        wanted = sorted({int(id_) for id_ in owners.values() if id_ is not None})
        spans = observing.spans if name == "phenomenonTime" else observing.result_spans
        found = spans(wanted)
        return {id_: render.interval(*found[one]) for id_, one in owners.items() if one in found}

    def _about(self, type_: EntityType, ids: Ints, option: str) -> EntityEvaluation:
        return EntityEvaluation(self.values, type_, ids, self._now, option)


class EntityEvaluation(Evaluation):
    """Evaluates expressions about stored entities of one type; ``given`` are paths whose
    values are known already."""

    def __init__(self, values: Values, type_: EntityType, ids: Ints, now: int, option: str) -> None:
        super().__init__(len(ids), now, option)
        self._values = values
        self._type = type_
        self._ids = ids
        self.given: dict[tuple[str, ...], Vector] = {}

    def path(self, node: ast.Path) -> Vector:
        if node.names in self.given:
            return self.given[node.names]
        if len(node.names) == 1 and node.names[0] in IDS:
            return Vector("number", self._ids.astype(np.float64), self._yes())
        where = self._where(node.at)
        item = resolved(self._type, node, where)[1]
        found = self._values(self._type, self._ids.tolist(), node, where)
        vector = gathered(self._ids, np.arange(len(self._ids)), found)
        kind = "number" if item is None else _KINDS.get(item.kind, "json")
        return self._as(kind, vector, node.at)


_KINDS = {"text": "text", "instant": "time", "interval": "interval"}
