"""Columns of values of one kind, and where they are known: what expressions are made of when
they are evaluated outside the database.

Conditions follow SQL: what is unknown is neither true nor false, and is left out in the end.
"""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yiwang.kernel import clock
from yiwang.sensing.sta import temporal

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Vector:
    """``kind``: number (float64), time, date, clock, duration (int64), interval (int64: the
    starts; ``ends`` has the ends), text, json, geography (all object), boolean, null, or
    result: the results themselves, as doubles that are known where they are numbers."""

    kind: str
    values: NDArray[Any]
    known: Mask
    ends: NDArray[Any] | None = None

    @property
    def span(self) -> temporal.Ends:
        """Start and end of an instant or an interval."""
        return self.values, self.values if self.ends is None else self.ends


UNTYPED = frozenset({"json", "result"})
"""Kinds whose values are of the type that each row has."""

DTYPES: dict[str, Any] = {
    "number": np.float64,
    "boolean": np.bool_,
    **dict.fromkeys((*temporal.WHOLE, "interval"), np.int64),
}


def full(kind: str, value: Any, size: int) -> Vector:
    """The same value in every row."""
    known = np.ones(size, np.bool_)
    if kind == "null":
        return Vector(kind, np.zeros(size), np.zeros(size, np.bool_))
    if kind == "interval":
        return Vector(kind, np.full(size, value[0]), known, np.full(size, value[1]))
    if kind in DTYPES:
        return Vector(kind, np.full(size, value, DTYPES[kind]), known)
    values = np.empty(size, object)
    values[:] = value
    return Vector(kind, values, known)


def every(parts: Sequence[Vector]) -> Vector:
    false = np.logical_or.reduce([part.known & ~part.values.astype(np.bool_) for part in parts])
    known = false | np.logical_and.reduce([part.known for part in parts])
    return Vector("boolean", ~false, known)


def some(parts: Sequence[Vector]) -> Vector:
    true = np.logical_or.reduce([part.known & part.values.astype(np.bool_) for part in parts])
    known = true | np.logical_and.reduce([part.known for part in parts])
    return Vector("boolean", true, known)


def gathered(distinct: NDArray[Any], place_of: NDArray[Any], found: dict[int, Any]) -> Vector:
    """Values by id, spread over the rows."""
    values = np.empty(len(distinct), object)
    for index, id_ in enumerate(distinct.tolist()):
        values[index] = found.get(id_)
    known = np.array([value is not None for value in values], np.bool_)
    return Vector("json", values[place_of], known[place_of])


def compared(operator: str, left: Vector, right: Vector) -> Vector:
    """A comparison of two vectors of one kind, or of times with intervals. ``ne`` holds for
    what is missing on the left, unless it is a time: so the OGC's test suite asks."""
    known = left.known & right.known
    basic = "eq" if operator == "ne" else operator
    if left.kind == "text":
        compare = _OPERATORS[basic]
        values = np.zeros(len(known), np.bool_)
        for row in np.flatnonzero(known).tolist():
            values[row] = compare(left.values[row], right.values[row])
    elif "interval" in (left.kind, right.kind):
        values = temporal.COMPARE[basic](left.span, right.span)
    else:
        with np.errstate(invalid="ignore"):
            values = _OPERATORS[basic](left.values, right.values)
    if operator == "ne" and left.kind in temporal.TIMES:
        return Vector("boolean", ~values, known)
    if operator == "ne":
        return Vector("boolean", ~(values & known), right.known | ~left.known)
    return Vector("boolean", values, known)


def calculated(operator: str, kind: str, one: Vector, other: Vector) -> Vector:
    """The arithmetic of numbers and times; ``kind`` is that of the outcome."""
    known = one.known & other.known
    if operator in ("div", "mod"):
        known = known & (other.values != 0)
    with np.errstate(all="ignore"):
        values = _ARITHMETIC[operator](one.values, other.values)
        known = known & ~np.isnan(values)
        ends = None
        if kind in _LIMITS:
            values = _whole(values, known, *_LIMITS[kind])
        if kind == "date":
            values = values // clock.DAY * clock.DAY
        if kind == "interval":
            ends = _whole(_ARITHMETIC[operator](one.ends, other.values), known, *_LIMITS[kind])
    if kind == "number":
        known = known & np.isfinite(values)
    return Vector(kind, values, known, ends)


def _whole(values: NDArray[Any], known: Mask, least: int, most: int) -> NDArray[Any]:
    """Whole microseconds, rounded half up, inside what there can be."""
    values = np.clip(np.where(known, values, 0), least, most)
    return np.floor(values + 0.5).astype(np.int64) if values.dtype.kind == "f" else values


def as_kind(kind: str, vector: Vector) -> Vector | None:
    """The vector as another kind; None where that cannot be."""
    if vector.kind == kind:
        return vector
    if vector.kind == "interval" and kind == "time":
        return Vector("time", vector.values, vector.known)
    if vector.kind == "time" and kind == "interval":
        return Vector("interval", vector.values, vector.known, vector.values)
    if vector.kind == "json" and kind in _FROM_JSON:
        return _typed(vector, kind, _FROM_JSON[kind])
    return None


def _typed(vector: Vector, kind: str, read: Callable[[Any], Any]) -> Vector:
    size = len(vector.values)
    values = np.zeros(size, DTYPES.get(kind, object))
    known = np.zeros(size, np.bool_)
    ends = np.zeros(size, np.int64) if kind == "interval" else None
    for row in np.flatnonzero(vector.known).tolist():
        value = read(vector.values[row])
        if value is None:
            continue
        if ends is not None:
            value, ends[row] = value
        values[row], known[row] = value, True
    return Vector(kind, values, known, ends)


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _span(value: Any) -> temporal.Ends | None:
    if not isinstance(value, str):
        return None
    try:
        return temporal.span(value)
    except ValueError:
        return None


def _start(value: Any) -> int | None:
    found = _span(value)
    return None if found is None else found[0]


def _reader(kind: str) -> Callable[[Any], int | None]:
    read = temporal.READERS[kind]

    def reading(value: Any) -> int | None:
        try:
            return read(value) if isinstance(value, str) else None
        except ValueError:
            return None

    return reading


_FROM_JSON: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "text": lambda value: value if isinstance(value, str) else None,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "time": _start,
    "interval": _span,
    **{kind: _reader(kind) for kind in temporal.READERS},
}

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": op.eq,
    "gt": op.gt,
    "ge": op.ge,
    "lt": op.lt,
    "le": op.le,
}

_LIMITS: dict[str, tuple[int, int]] = {
    "time": (temporal.LEAST, temporal.MOST),
    "interval": (temporal.LEAST, temporal.MOST),
    "date": (temporal.LEAST, temporal.MOST),
    "duration": (-temporal.MOST_DURATION, temporal.MOST_DURATION),
}

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "mod": np.mod,
}
