"""Reads of kept tables by statements that are kept by the shape of the question: two that differ
in nothing but the values they compare with share one, which was compiled once (decision 9)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import count
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import BindParameter, Connection, Integer, ScalarSelect, bindparam
from sqlalchemy.exc import DBAPIError

from yiwang.sharing.sources import reading
from yiwang.sharing.sources.errors import BadCondition, NoSuchColumn
from yiwang.sharing.sources.kept import Dataset
from yiwang.sharing.sources.model import Condition, Order
from yiwang.sharing.sources.questions import Questions
from yiwang.sharing.sources.sealed import Sealer
from yiwang.store.database import start_over
from yiwang.store.statements import Statement, listed

MOST_KEPT = 256
MOST_LISTED = 64
"""Values of one ``in`` for which a statement is kept."""
_COMPARED = frozenset({"=", "!=", "<", "<=", ">", ">="})
_ALONE = frozenset({"null", "present"})
_LIMIT: BindParameter[int] = bindparam("limit_", 0, Integer)


class Chosen(NamedTuple):
    """Columns of a table that are wanted, and those that are read for them."""

    of: Dataset
    wanted: list[str]
    names: list[str]
    sealer: Sealer | None

    def shown(self, rows: Sequence[Sequence[Any]], opened: Collection[str]) -> list[dict[str, Any]]:
        """Raises NoFieldKey, SealBroken."""
        if self.sealer is not None:
            rows = self.sealer.plain(self.names, self.wanted, rows, opened)
        return [dict(zip(self.wanted, row, strict=True)) for row in rows]


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
    parts: list[tuple[str, str, int]] = []
    for one in where:
        size = 0
        if one.operator != "=" or one.value is None:
            if not _usual(one):
                return None
            if one.operator == "in":
                one = replace(one, value=list(listed("", one.value).values()))
                size = len(one.value)
        padded.append(one)
        parts.append((one.column, one.operator, size))
    named = None if columns is None else tuple(columns)
    return Asked((named, tuple(parts), tuple(order)), named, padded, order)


def _usual(one: Condition) -> bool:
    if one.operator == "in":
        return isinstance(one.value, list | tuple) and 0 < len(one.value) <= MOST_LISTED
    return one.operator in _ALONE or (one.operator in _COMPARED and one.value is not None)


class Lookups:
    """The statements about one table as it is: as its ``text`` in the register says, which each
    statement reads beside the rows (``register``), so that both are of one moment."""

    def __init__(self, asking: Questions, text: str | None, register: ScalarSelect[Any]) -> None:
        self.asking = asking
        self._text = text
        self._register = register
        self._kept: dict[Hashable, Statement] = {}

    def rows(self, connection: Connection, question: Asked, limit: int) -> list[tuple[Any, ...]]:
        """Rows of the table, of which the register was read in this transaction. Raises
        NoSuchColumn, BadCondition."""
        statement = self._kept.get(question.shape) or self._made(question)
        values = self._values(question, limit)
        if values is None:
            return []
        return [row[:-1] for row in statement.records(connection, values)]

    def rows_as_known(
        self, connection: Connection, question: Asked, limit: int
    ) -> list[tuple[Any, ...]] | None:
        """The rows by one statement, which says as well that the table is as it is known here.
        None where it does not: there are no rows, or the table is another now."""
        statement = self._kept.get(question.shape)
        if statement is None:
            return None
        try:
            values = self._values(question, limit)
            found = [] if values is None else statement.alone(connection, values)
        except (BadCondition, NoSuchColumn):
            return None
        except DBAPIError:
            start_over(connection)
            return None
        if not found or found[0][-1] != self._text:
            return None
        return [row[:-1] for row in found]

    def _values(self, question: Asked, limit: int) -> dict[str, Any] | None:
        """The parameters; None where nothing is compared with, which no row meets."""
        values: dict[str, Any] = {"limit_": limit}
        given, plain = self.asking.given, self.asking.plain
        for one in question.where:
            if one.operator == "in":
                for value in reading.listed(self.asking.shape, one):
                    values[f"given_{len(values) - 1}"] = plain(one.column, value)
            elif one.operator not in _ALONE:
                value = given(one.column, one.value)
                if value is None:
                    return None
                values[f"given_{len(values) - 1}"] = plain(one.column, value)
        return values

    def _made(self, question: Asked) -> Statement:
        places, table = count(), self.asking.table

        def bound(name: str, value: Any) -> Any:
            return bindparam(f"given_{next(places)}", None, table.c[name].type)

        args = (question.columns, question.where, question.order)
        query = self.asking.rows(*args, bound=bound)[1].add_columns(self._register)
        made = Statement(query.limit(_LIMIT))
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[question.shape] = made
        return made
