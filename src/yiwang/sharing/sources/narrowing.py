"""Conditions over batches of sources that cannot evaluate them by themselves."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from yiwang.sharing.sources import model, reading
from yiwang.sharing.sources.errors import BadCondition, words
from yiwang.sharing.sources.model import BadValue, Column, Condition, Order, Shape

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda left, right: left in right,
    "starts": lambda left, right: str(left).startswith(right),
    "contains": lambda left, right: right in str(left),
}


def check_unordered(table: str, order: Sequence[Order], after: Sequence[Any] | None) -> None:
    """Raises BadCondition where an order is asked of what has none."""
    if order or after is not None:
        raise BadCondition(table, column="order", value="", wanted=words("database"))


def narrowed(batch: Any, shape: Shape, where: Sequence[Condition]) -> Any:
    """The rows that meet all conditions; a value that is not of its column's type meets none."""
    for one in where:
        column = reading.column(shape, one.column)
        if one.operator not in model.OPERATORS:
            known = ", ".join(model.OPERATORS)
            raise BadCondition(shape.table, column=one.column, value=one.operator, wanted=known)
        wanted = _wanted(shape, one)
        kept = [_meets(value, column, one, wanted) for value in _values(batch, one.column)]
        batch = batch.filter(pa.array(kept, pa.bool_()))
    return batch


def _values(batch: Any, name: str) -> list[Any]:
    values: list[Any] = batch.column(batch.schema.get_field_index(name)).to_pylist()
    return values


def _wanted(shape: Shape, one: Condition) -> Any:
    if one.operator in ("null", "present"):
        return None
    if one.operator == "in":
        return reading.listed(shape, one)
    if one.operator in ("starts", "contains"):
        return str(one.value)
    return reading.value_of(shape, one.column, one.value)


def _meets(value: Any, column: Column, one: Condition, wanted: Any) -> bool:
    try:
        found = model.parsed(value, column)
    except (BadValue, OverflowError):
        return one.operator == "present"
    if one.operator in ("null", "present") or found is None or wanted is None:
        return (found is None) == (one.operator == "null") and one.operator in ("null", "present")
    try:
        return _TESTS[one.operator](found, wanted)
    except TypeError:
        return False
