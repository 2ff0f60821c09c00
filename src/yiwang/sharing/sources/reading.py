"""What every kind of source offers, and what all that can order their rows do alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, func, or_, tuple_

from yiwang.sharing.sources import model
from yiwang.sharing.sources.errors import BadCondition, NoSuchColumn
from yiwang.sharing.sources.model import BadValue, Column, Condition, Order, Shape

SIZE = 10_000
"""Rows in one batch, unless another number is asked for."""
MOST_LISTED = 10_000
"""Values that one condition ``in`` may list."""

Refused = Callable[[int, str, str], None]
"""Told of a row that could not be read: its number, what stood there, and the reason's code."""


class Reader(Protocol):
    """An open source. ``ordered``: it can give rows in an order and those behind a row."""

    ordered: bool

    def tables(self) -> list[str]:
        """The names of what can be read, in their order."""
        ...

    def shape(self, table: str, samples: int = 3) -> Shape:
        """Raises NoSuchTable."""
        ...

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        after: Sequence[Any] | None = None,
        size: int = SIZE,
        refused: Refused | None = None,
    ) -> Iterator[Any]:
        """Arrow record batches of at most ``size`` rows, in bounded memory. ``after``: values of
        the columns of ``order`` behind which to begin. A column in which a value is not of its
        type comes as text in that batch.

        Raises NoSuchTable, NoSuchColumn, BadCondition, SourceUnreachable, UnreadableFile.
        """
        ...

    def close(self) -> None: ...


def chosen(shape: Shape, names: Sequence[str] | None) -> list[Column]:
    """The columns asked for, in that order. Raises NoSuchColumn."""
    if names is None:
        return list(shape.columns)
    return [column(shape, name) for name in names]


def column(shape: Shape, name: str) -> Column:
    try:
        return shape.column(name)
    except KeyError:
        known = ", ".join(one.name for one in shape.columns)
        raise NoSuchColumn(shape.table, column=name, table=shape.table, known=known) from None


def value_of(shape: Shape, name: str, value: Any) -> Any:
    """A value to compare a column with. Raises BadCondition, NoSuchColumn."""
    return value_in(shape.table, loose(column(shape, name)), value)


def loose(found: Column) -> Column:
    """The column with all that it may be compared with: texts of any length, and nothing."""
    return Column(found.name, found.type, None, found.scale)


def value_in(table: str, found: Column, value: Any) -> Any:
    """A value to compare a column (``loose``) with. Raises BadCondition."""
    try:
        return model.parsed(value, found)
    except (BadValue, OverflowError):
        wanted = model.TYPES[found.type]
        told = {"column": found.name, "value": str(value)[:80], "wanted": wanted}
        raise BadCondition(table, **told) from None


def listed(shape: Shape, one: Condition) -> list[Any]:
    """The values of a condition ``in``. Raises BadCondition."""
    if not isinstance(one.value, (list, tuple)) or len(one.value) > MOST_LISTED:
        wanted = f"1 … {MOST_LISTED}"
        raise BadCondition(shape.table, column=one.column, value="in", wanted=wanted)
    return [value_of(shape, one.column, value) for value in one.value]


Bound = Callable[[str, Any], Any]
"""How a value is bound to be compared with a column of this name."""


def clauses(
    shape: Shape, where: Sequence[Condition], columns: dict[str, Any], dialect: str, bound: Bound
) -> list[ColumnElement[bool]]:
    """Conditions as SQL over ``columns`` (by name), with every value bound."""
    return [_clause(shape, one, columns, dialect, bound) for one in where]


def _clause(
    shape: Shape, one: Condition, columns: dict[str, Any], dialect: str, bound: Bound
) -> ColumnElement[bool]:
    column(shape, one.column)
    left = columns[one.column]
    if one.operator in ("null", "present"):
        found = left.is_(None) if one.operator == "null" else left.is_not(None)
        return found  # type: ignore[no-any-return]
    if one.operator == "in":
        values = [bound(one.column, value) for value in listed(shape, one)]
        return left.in_(values) if values else false()
    if one.operator not in model.OPERATORS:
        known = ", ".join(model.OPERATORS)
        raise BadCondition(shape.table, column=one.column, value=one.operator, wanted=known)
    if one.operator in ("starts", "contains"):
        return _within(left, one.operator, str(one.value), dialect)
    right = bound(one.column, value_of(shape, one.column, one.value))
    if right is None:
        return false()
    return _compared(left, one.operator, right)


def _within(left: Any, operator: str, text: str, dialect: str) -> ColumnElement[bool]:
    if operator == "starts":
        return func.substr(left, 1, len(text)) == text
    found = func.strpos if dialect == "postgresql" else func.instr
    return found(left, text) > 0


def _compared(left: Any, operator: str, right: Any) -> ColumnElement[bool]:
    made: ColumnElement[bool] = {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]
    return made


def ordering(
    shape: Shape, order: Sequence[Order], columns: dict[str, Any], dialect: str
) -> list[Any]:
    """ORDER BY with nothing before everything, on every database."""
    made = []
    for one in order:
        known = column(shape, one.column)
        found = columns[one.column].desc() if one.descending else columns[one.column].asc()
        if dialect == "postgresql" and not known.required:
            found = found.nulls_last() if one.descending else found.nulls_first()
        made.append(found)
    return made


def behind(
    shape: Shape,
    order: Sequence[Order],
    after: Sequence[Any],
    columns: dict[str, Any],
    dialect: str,
    bound: Bound,
) -> ColumnElement[bool]:
    """The rows that come behind one, by its values of the columns of ``order``."""
    if len(after) != len(order):
        wanted = str(len(order))
        raise BadCondition(shape.table, column="after", value=str(len(after)), wanted=wanted)
    values = [
        None if value is None else bound(one.column, value_of(shape, one.column, value))
        for one, value in zip(order, after, strict=True)
    ]
    plain = all(column(shape, one.column).required and not one.descending for one in order)
    if plain and len(order) > 1 and dialect != "mysql" and not any(one is None for one in values):
        left = tuple_(*(columns[one.column] for one in order))
        return left > tuple_(*values)
    cases = []
    for place in range(len(order)):
        same = [
            columns[one.column].is_(None) if value is None else columns[one.column] == value
            for one, value in zip(order[:place], values[:place], strict=True)
        ]
        further = _further(columns[order[place].column], order[place], values[place])
        cases.append(and_(*same, further))
    return or_(*cases)


def _further(left: Any, order: Order, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false() if order.descending else left.is_not(None)
    if order.descending:
        return or_(left < value, left.is_(None))
    return left > value  # type: ignore[no-any-return]
