"""Reads of kept tables by statements that are kept by the shape of the question: two that differ
in nothing but the values they compare with share one, which was compiled once (decision 9)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Integer, bindparam

from yiwang.sharing.sources import reading
from yiwang.sharing.sources.model import Condition, Order
from yiwang.sharing.sources.questions import Questions
from yiwang.store.statements import Statement, listed

MOST_KEPT = 256
MOST_LISTED = 64
"""Values of one ``in`` for which a statement is kept."""
_COMPARED = frozenset({"=", "!=", "<", "<=", ">", ">="})
_ALONE = frozenset({"null", "present"})
_LIMIT: BindParameter[int] = bindparam("limit_", 0, Integer)


class Asked(NamedTuple):
    """A question whose statement can be kept: its shape and what it compares with."""

    shape: Hashable
    columns: Sequence[str] | None
    where: Sequence[Condition]
    order: Sequence[Order]


def asked(
    columns: Sequence[str] | None, where: Sequence[Condition], order: Sequence[Order]
) -> Asked | None:
    """None where the statement of a question cannot be kept."""
    padded: list[Condition] = []
    for one in where:
        if not _usual(one):
            return None
        if one.operator == "in":
            one = replace(one, value=list(listed("", one.value).values()))
        padded.append(one)
    parts = tuple(
        (one.column, one.operator, len(one.value) if one.operator == "in" else 0) for one in padded
    )
    named = None if columns is None else tuple(columns)
    return Asked((named, parts, tuple(order)), named, padded, order)


def _usual(one: Condition) -> bool:
    if one.operator == "in":
        return isinstance(one.value, list | tuple) and 0 < len(one.value) <= MOST_LISTED
    return one.operator in _ALONE or (one.operator in _COMPARED and one.value is not None)


class Lookups:
    """The statements about one table as it is."""

    def __init__(self, asking: Questions) -> None:
        self.asking = asking
        self._kept: dict[Hashable, Statement] = {}

    def rows(self, connection: Connection, question: Asked, limit: int) -> list[tuple[Any, ...]]:
        """Raises NoSuchColumn, BadCondition."""
        statement = self._kept.get(question.shape) or self._made(question)
        values: dict[str, Any] = {"limit_": limit}
        shape, plain = self.asking.shape, self.asking.plain
        for one in question.where:
            if one.operator == "in":
                given = reading.listed(shape, one)
            elif one.operator in _ALONE:
                continue
            else:
                given = [reading.value_of(shape, one.column, one.value)]
                if given[0] is None:
                    return []
            for value in given:
                values[f"given_{len(values) - 1}"] = plain(one.column, value)
        return statement.records(connection, values)

    def _made(self, question: Asked) -> Statement:
        places, table = count(), self.asking.table

        def bound(name: str, value: Any) -> Any:
            return bindparam(f"given_{next(places)}", None, table.c[name].type)

        args = (question.columns, question.where, question.order)
        made = Statement(self.asking.rows(*args, bound=bound)[1].limit(_LIMIT))
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[question.shape] = made
        return made
