"""Expressions evaluated outside the database, vectorised: every one becomes a Vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from yiwang.kernel.text import Words
from yiwang.sensing.sta import ast, functions, spatial, temporal, vectors
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.errors import WrongOperand, position, words
from yiwang.sensing.sta.vectors import UNTYPED, Mask, Vector


class Evaluation:
    """Evaluates expressions about ``size`` rows; a subclass knows the properties."""

    def __init__(self, size: int, now: int, option: str) -> None:
        self._size = size
        self._now = now
        self._option = option

    def path(self, node: ast.Path) -> Vector:
        """The values of a property. Raises UnknownProperty, NotSupported."""
        raise NotImplementedError

    def converted(self, kind: str, vector: Vector) -> Vector | None:
        """The vector as another kind; None where that cannot be."""
        if kind == "geography" and vector.kind == "json":
            return _places(vector)
        return vectors.as_kind(kind, vector)

    def condition(self, node: Node) -> Mask:
        """Where the condition holds. Raises WrongOperand, UnknownProperty, NotSupported."""
        truth = self._truth(node)
        return truth.values.astype(np.bool_) & truth.known

    def sort(self, node: Node) -> list[Vector]:
        """What $orderby sorts by, most important first."""
        vector = self._vector(node)
        if vector.kind in UNTYPED:
            kinds = ("number", "text", "boolean")
            return [self._as(kind, vector, node.at) for kind in kinds]
        if vector.ends is not None:
            ends = Vector("time", vector.ends, vector.known)
            return [Vector("time", vector.values, vector.known), ends]
        if vector.kind == "geography":
            raise self._wrong(node.at, words("ordered_value"), words(vector.kind))
        return [vector]

    def _truth(self, node: Node) -> Vector:
        match node:
            case ast.Logic(operator, items):
                parts = [self._truth(item) for item in items]
                return vectors.every(parts) if operator == "and" else vectors.some(parts)
            case ast.Not(item):
                inner = self._truth(item)
                holds = inner.values.astype(np.bool_) & inner.known
                return Vector("boolean", ~holds, self._yes())
            case ast.Compare(operator, left, right, at):
                return self._compare(operator, self._vector(left), self._vector(right), at)
            case ast.OneOf(left, items, at):
                mine = self._vector(left)
                return vectors.some([self._compare("eq", mine, self._vector(i), at) for i in items])
        return self._as("boolean", self._vector(node), node.at, "condition")

    def _vector(self, node: Node) -> Vector:
        match node:
            case ast.Literal():
                return vectors.full(node.kind, self._value(node), self._size)
            case ast.Path():
                return self.path(node)
            case ast.Arithmetic(operator, left, right, at):
                return self._calculate(operator, self._vector(left), self._vector(right), at)
            case ast.Call():
                return self._call(node)
        return self._truth(node)

    def _value(self, node: ast.Literal) -> Any:
        return literal_value(node, self._option)

    def _compare(self, operator: str, left: Vector, right: Vector, at: int) -> Vector:
        if "null" in (left.kind, right.kind):
            return self._null(operator, left if right.kind == "null" else right, at)
        if left.kind in UNTYPED and right.kind in UNTYPED:
            pairs = [
                (self._as(kind, left, at), self._as(kind, right, at))
                for kind in ("number", "text", "boolean")
            ]
            return vectors.some([vectors.compared(operator, *pair) for pair in pairs])
        if left.kind in UNTYPED:
            left = self._as(right.kind, left, at)
        if right.kind in UNTYPED:
            right = self._as(left.kind, right, at)
        if left.kind != right.kind and not {left.kind, right.kind} <= temporal.TIMES:
            raise self._wrong(at, words(left.kind), words(right.kind))
        if left.kind == "geography":
            raise self._wrong(at, words("st_equals"), words(left.kind))
        return vectors.compared(operator, left, right)

    def _null(self, operator: str, item: Vector, at: int) -> Vector:
        if operator not in ("eq", "ne"):
            raise self._wrong(at, words("eq_or_ne"), operator)
        known = self.present(item)
        return Vector("boolean", ~known if operator == "eq" else known, self._yes())

    def present(self, item: Vector) -> Mask:
        """Where there is a value other than null."""
        if item.kind != "json":
            return item.known
        return item.known & np.array([value is not None for value in item.values], np.bool_)

    def _calculate(self, operator: str, one: Vector, other: Vector, at: int) -> Vector:
        if one.kind in UNTYPED:
            one = self._as(temporal.partner(operator, other.kind), one, at)
        if other.kind in UNTYPED:
            other = self._as(temporal.partner(operator, one.kind), other, at)
        if one.kind == other.kind == "number":
            return vectors.calculated(operator, "number", one, other)
        kind = temporal.SUMS.get((operator, one.kind, other.kind))
        if kind is None:
            raise self._wrong(at, words("numbers_or_times", operator=operator), words(other.kind))
        return vectors.calculated(operator, kind, one, other)

    def _call(self, node: ast.Call) -> Vector:
        name = node.function
        if name in functions.CONSTANTS:
            return vectors.full("time", functions.CONSTANTS[name](self._now), self._size)
        given = [self._vector(argument) for argument in node.arguments]
        if name in temporal.RELATIONS:
            one, other = (
                self._as("interval", v, a.at) for v, a in zip(given, node.arguments, strict=True)
            )
            values = temporal.RELATIONS[name](one.span, other.span)
            return Vector("boolean", values, one.known & other.known)
        kinds, result, function = (functions.CALLS | spatial.CALLS)[name]
        wanted = [
            self._as(kinds[min(index, len(kinds) - 1)], vector, argument.at)
            for index, (vector, argument) in enumerate(zip(given, node.arguments, strict=True))
        ]
        known = np.logical_and.reduce([vector.known for vector in wanted])
        columns = [vector.values[known] for vector in wanted]
        if name in spatial.CALLS:
            found = spatial.call(name, columns, self._where(node.at))
        else:
            rows = zip(*(column.tolist() for column in columns), strict=True)
            found = [function(*row) for row in rows]
        values = np.zeros(self._size, vectors.DTYPES.get(result, object))
        values[known] = found
        return Vector(result, values, known)

    def _as(self, kind: str, vector: Vector, at: int, wanted: str = "") -> Vector:
        """``wanted`` is the key of the words for it, where the kind does not say it."""
        found = self.converted(kind, vector)
        if found is None:
            raise self._wrong(at, words(wanted or kind), words(vector.kind))
        return found

    def _yes(self) -> Mask:
        return np.ones(self._size, np.bool_)

    def _where(self, at: int) -> Words:
        return position(self._option, at)

    def _wrong(self, at: int, wanted: Words, found: str | Words) -> WrongOperand:
        return WrongOperand(self._where(at), wanted=wanted, found=found)


def _places(vector: Vector) -> Vector:
    """GeoJSON as geometries; the same object in many rows is read once."""
    distinct: dict[int, int] = {}
    objects: list[Any] = []
    rows = np.zeros(len(vector.values), np.int64)
    for row, value in enumerate(vector.values.tolist()):
        place = distinct.setdefault(id(value), len(objects))
        if place == len(objects):
            objects.append(value)
        rows[row] = place
    values = spatial.from_json(objects)[rows] if objects else vector.values
    return Vector("geography", values, vector.known & ~shapely.is_missing(values))


def literal_value(node: ast.Literal, option: str) -> Any:
    """A literal as a vector or a column holds it. Raises WrongOperand."""
    if node.kind == "geography":
        return spatial.from_text(str(node.value), position(option, node.at))
    read = temporal.READERS.get(node.kind)
    if read is None:
        return node.value
    try:
        return read(str(node.value))
    except (ValueError, OverflowError):
        where, wanted = position(option, node.at), words(_EXAMPLES[node.kind])
        raise WrongOperand(where, wanted=wanted, found=str(node.value)) from None


_EXAMPLES = {
    "date": "date_such_as",
    "clock": "clock_such_as",
    "duration": "duration_such_as",
}
