"""Columns of SQL values: data beside a validity mask, and SQL's three-valued logic over them.

``data`` and ``valid`` are arrays of one length or NumPy scalars, which broadcast. Where
``valid`` is false the value is NULL and ``data`` means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

YES = np.bool_(True)
NO = np.bool_(False)


@dataclass(frozen=True, slots=True)
class Value:
    data: Any
    valid: Any

    @property
    def true(self) -> Any:
        return self.data & self.valid

    @property
    def false(self) -> Any:
        return ~self.data & self.valid


NULL = Value(np.float64("nan"), NO)
UNKNOWN = Value(NO, NO)


def number(data: Any) -> Value:
    """Numbers in which NaN stands for NULL."""
    return Value(data, ~np.isnan(data))


def arithmetic(operation: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
    """A sum, difference, product or power; what is not a finite number is NULL."""
    with np.errstate(all="ignore"):
        data = operation(left.data, right.data)
    return Value(data, left.valid & right.valid & np.isfinite(data))


def divide(operation: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
    """Division or remainder; by zero it is NULL."""
    nonzero = right.data != 0
    with np.errstate(all="ignore"):
        data = operation(left.data, np.where(nonzero, right.data, 1.0))
    return Value(data, left.valid & right.valid & nonzero & np.isfinite(data))


def single(operation: Callable[[Any], Any], value: Value) -> Value:
    """A function of one number; outside its domain it is NULL."""
    with np.errstate(all="ignore"):
        data = operation(value.data)
    return Value(data, value.valid & np.isfinite(data))


def compare(operation: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
    return Value(operation(left.data, right.data), left.valid & right.valid)


def both(left: Value, right: Value) -> Value:
    valid = (left.valid & right.valid) | left.false | right.false
    return Value(left.true & right.true, valid)


def either(left: Value, right: Value) -> Value:
    valid = (left.valid & right.valid) | left.true | right.true
    return Value(left.true | right.true, valid)


def negate(value: Value) -> Value:
    return Value(~value.data, value.valid)


def first(values: Sequence[Value]) -> Value:
    """coalesce: the first that is not NULL."""
    result = values[-1]
    for value in reversed(values[:-1]):
        result = choose(value.valid, value, result)
    return result


def choose(condition: Any, then: Value, otherwise: Value) -> Value:
    """``then`` where the plain mask ``condition`` is true."""
    return Value(
        np.where(condition, then.data, otherwise.data),
        np.where(condition, then.valid, otherwise.valid),
    )


def extreme(operation: Callable[[Any, Any], Any], values: Sequence[Value]) -> Value:
    """least or greatest of those that are not NULL, as PostgreSQL defines them."""
    result = values[0]
    for value in values[1:]:
        merged = operation(result.data, value.data)
        data = np.where(result.valid, np.where(value.valid, merged, result.data), value.data)
        result = Value(data, result.valid | value.valid)
    return result


def round_half_away(value: Any, digits: int) -> Any:
    """Rounds halves away from zero, as SQL does (NumPy rounds them to even)."""
    scale = 10.0**digits
    return np.sign(value) * np.floor(np.abs(value) * scale + 0.5) / scale
