"""$filter and $orderby over columns of observations, vectorised.

Every expression becomes a Vector: its values and where they are known. Conditions follow
SQL: what is unknown is neither true nor false, and is left out in the end.
"""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Floats, Ints
from yiwang.kernel import clock
from yiwang.sensing.sta import ast, functions
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.errors import NotSupported, WrongOperand
from yiwang.sensing.sta.render import place
from yiwang.sensing.sta.schema import IDS, OBSERVATION

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Observed:
    """Observations as columns of one length; ``number`` is the id."""

    number: Ints
    datastream: Ints
    time: Ints
    result: Floats
    exact: Sequence[str | None] | None = None
    extra: Sequence[str | None] | None = None

    def __len__(self) -> int:
        return len(self.number)

    def take(self, rows: NDArray[Any]) -> Observed:
        """The rows of an index array, in its order."""
        return Observed(
            self.number[rows],
            self.datastream[rows],
            self.time[rows],
            self.result[rows],
            None if self.exact is None else [self.exact[row] for row in rows.tolist()],
            None if self.extra is None else [self.extra[row] for row in rows.tolist()],
        )


@dataclass(frozen=True)
class Vector:
    """``kind``: number (float64), time (int64), text, json (both object), boolean, or result:
    the results themselves, as doubles that are known where they are numbers."""

    kind: str
    values: NDArray[Any]
    known: Mask


class Related:
    """What observations are related to; given to the evaluator by the one who can ask."""

    def datastream_values(self, datastreams: Ints, node: ast.Path) -> dict[int, Any]:
        """The value of a path of Datastream, for each of the datastreams."""
        raise NotImplementedError

    def feature_values(self, features: Ints, node: ast.Path) -> dict[int, Any]:
        raise NotImplementedError

    def features(self, observed: Observed, named: Sequence[int | None]) -> Ints:
        """The feature of interest of each observation, 0 where there is none; ``named`` are
        those that the observations name themselves."""
        raise NotImplementedError


class Evaluator:
    def __init__(self, observed: Observed, now: int, related: Related, option: str) -> None:
        self._of = observed
        self._now = now
        self._related = related
        self._option = option
        self._extras: list[dict[str, Any]] | None = None

    def condition(self, node: Node) -> Mask:
        """Where the condition holds. Raises WrongOperand, UnknownProperty, NotSupported."""
        truth = self._truth(node)
        return truth.values.astype(np.bool_) & truth.known

    def sort(self, node: Node) -> list[Vector]:
        """What $orderby sorts by, most important first."""
        vector = self._vector(node)
        if vector.kind in _UNTYPED:
            return [self._as("number", vector, node.at), self._as("text", vector, node.at)]
        return [vector]

    def _truth(self, node: Node) -> Vector:
        match node:
            case ast.Logic(operator, items):
                parts = [self._truth(item) for item in items]
                return _all(parts) if operator == "and" else _any(parts)
            case ast.Not(item):
                inner = self._truth(item)
                return Vector(
                    "boolean", ~(inner.values.astype(np.bool_) & inner.known), self._yes()
                )
            case ast.Compare(operator, left, right, at):
                return self._compare(operator, self._vector(left), self._vector(right), at)
            case ast.OneOf(left, items, at):
                mine = self._vector(left)
                return _any([self._compare("eq", mine, self._vector(i), at) for i in items])
        vector = self._vector(node)
        if vector.kind in _UNTYPED:
            vector = self._as("boolean", vector, node.at)
        if vector.kind != "boolean":
            raise self._wrong(node.at, "a condition that is true or false", vector.kind)
        return vector

    def _vector(self, node: Node) -> Vector:
        match node:
            case ast.Literal():
                return self._literal(node)
            case ast.Path():
                return self._path(node)
            case ast.Arithmetic(operator, left, right, at):
                one, other = (self._as("number", self._vector(s), at) for s in (left, right))
                return _calculate(operator, one, other)
            case ast.Call():
                return self._call(node)
        return self._truth(node)

    def _literal(self, node: ast.Literal) -> Vector:
        size = len(self._of)
        match node.kind:
            case "null":
                return Vector("null", np.zeros(size), np.zeros(size, np.bool_))
            case "number":
                return Vector("number", np.full(size, float(node.value)), self._yes())  # type: ignore[arg-type]
            case "boolean":
                return Vector("boolean", np.full(size, node.value), self._yes())
            case "time":
                return Vector("time", np.full(size, node.value, np.int64), self._yes())
            case "text":
                values = np.empty(size, object)
                values[:] = node.value
                return Vector("text", values, self._yes())
        raise NotSupported(self._where(node.at), what=f"a {node.kind} here")

    def _path(self, node: ast.Path) -> Vector:
        first, rest = node.names[0], node.names[1:]
        if first in IDS and not rest:
            return Vector("number", self._of.number.astype(np.float64), self._yes())
        if first == "phenomenonTime" and not rest:
            return Vector("time", self._of.time, self._yes())
        if first == "result":
            return self._result(rest)
        if first in ("resultTime", "validTime") and not rest:
            return _as_time(self._extra(first, ()))
        if first in ("parameters", "resultQuality"):
            return self._extra(first, rest)
        if first == "Datastream" and rest:
            return self._datastream(ast.Path(rest, node.at))
        if first == "FeatureOfInterest" and rest:
            return self._feature(ast.Path(rest, node.at))
        raise OBSERVATION.unknown(first, self._where(node.at))

    def _result(self, rest: tuple[str, ...]) -> Vector:
        if rest:
            return self._texts(rest)
        return Vector("result", self._of.result, np.isfinite(self._of.result))

    def _texts(self, names: tuple[str, ...] = ()) -> Vector:
        """A place in the results that are kept as JSON text; the plain numbers are unknown."""
        values = np.empty(len(self._of), object)
        known = np.zeros(len(self._of), np.bool_)
        for row, text in enumerate(self._of.exact or ()):
            if text is not None:
                known[row], values[row] = place(msgspec.json.decode(text), names)
        return Vector("json", values, known)

    def _extra(self, name: str, rest: tuple[str, ...]) -> Vector:
        values = np.empty(len(self._of), object)
        known = np.zeros(len(self._of), np.bool_)
        for row, extra in enumerate(self.extras()):
            if name in extra:
                known[row], values[row] = place(extra[name], rest)
        return Vector("json", values, known)

    def extras(self) -> list[dict[str, Any]]:
        """The extra of every observation as a mapping; empty list where there is none."""
        if self._extras is None:
            decode = msgspec.json.decode
            texts = self._of.extra or ()
            self._extras = [{} if text is None else decode(text) for text in texts]
        return self._extras

    def _datastream(self, path: ast.Path) -> Vector:
        streams = self._of.datastream
        if path.names[0] in IDS and len(path.names) == 1:
            return Vector("number", streams.astype(np.float64), self._yes())
        distinct, place_of = np.unique(streams, return_inverse=True)
        found = self._related.datastream_values(distinct, path)
        return _gathered(distinct, place_of, found)

    def _feature(self, path: ast.Path) -> Vector:
        extras = self.extras() or [{}] * len(self._of)
        named = [extra.get("FeatureOfInterest") for extra in extras]
        features = self._related.features(self._of, named)
        if path.names[0] in IDS and len(path.names) == 1:
            return Vector("number", features.astype(np.float64), features > 0)
        distinct, place_of = np.unique(features, return_inverse=True)
        return _gathered(distinct, place_of, self._related.feature_values(distinct, path))

    def _compare(self, operator: str, left: Vector, right: Vector, at: int) -> Vector:
        if "null" in (left.kind, right.kind):
            return self._null(operator, left if right.kind == "null" else right, at)
        if left.kind in _UNTYPED and right.kind in _UNTYPED:
            kinds = ("number", "text")
            pairs = [(self._as(kind, left, at), self._as(kind, right, at)) for kind in kinds]
            return _any([self._compare(operator, one, other, at) for one, other in pairs])
        if left.kind in _UNTYPED:
            left = self._as(right.kind, left, at)
        if right.kind in _UNTYPED:
            right = self._as(left.kind, right, at)
        if left.kind != right.kind:
            raise self._wrong(at, left.kind, right.kind)
        known = left.known & right.known
        if left.kind == "text":
            values = np.zeros(len(known), np.bool_)
            compare = _OPERATORS[operator]
            for row in np.flatnonzero(known).tolist():
                values[row] = compare(left.values[row], right.values[row])
        else:
            with np.errstate(invalid="ignore"):
                values = _OPERATORS[operator](left.values, right.values)
        if operator == "ne":
            return Vector("boolean", values | ~left.known, right.known)
        return Vector("boolean", values, known)

    def _null(self, operator: str, item: Vector, at: int) -> Vector:
        if operator not in ("eq", "ne"):
            raise self._wrong(at, "eq or ne with null", operator)
        known = item.known
        if item.kind == "result":
            item = self._texts()
            known = known | item.known
        if item.kind == "json":
            present = np.array([value is not None for value in item.values], np.bool_)
            known = known & (present | ~item.known)
        return Vector("boolean", ~known if operator == "eq" else known, self._yes())

    def _call(self, node: ast.Call) -> Vector:
        if node.function == "now":
            return Vector("time", np.full(len(self._of), self._now, np.int64), self._yes())
        if node.function not in functions.CALLS:
            raise NotSupported(self._where(node.at), what=f"{node.function} here")
        kinds, result, function = functions.CALLS[node.function]
        given = [
            self._as(kinds[min(index, len(kinds) - 1)], self._vector(argument), argument.at)
            for index, argument in enumerate(node.arguments)
        ]
        known = np.logical_and.reduce([vector.known for vector in given])
        values = np.zeros(len(known), object if result == "text" else _DTYPES[result])
        for row in np.flatnonzero(known).tolist():
            values[row] = function(*(vector.values[row] for vector in given))
        return Vector(result, values, known)

    def _as(self, kind: str, vector: Vector, at: int) -> Vector:
        if vector.kind == kind:
            return vector
        if vector.kind == "result" and kind == "number":
            return Vector("number", vector.values, vector.known)
        if vector.kind == "result":
            vector = self._texts()
        if vector.kind == "json" and kind in _FROM_JSON:
            return _FROM_JSON[kind](vector)
        raise self._wrong(at, kind, vector.kind)

    def _yes(self) -> Mask:
        return np.ones(len(self._of), np.bool_)

    def _where(self, at: int) -> str:
        return f"{self._option}, position {at}"

    def _wrong(self, at: int, wanted: str, found: str) -> WrongOperand:
        return WrongOperand(self._where(at), wanted=wanted, found=found)


def _all(parts: Sequence[Vector]) -> Vector:
    false = np.logical_or.reduce([part.known & ~part.values.astype(np.bool_) for part in parts])
    known = false | np.logical_and.reduce([part.known for part in parts])
    return Vector("boolean", ~false, known)


def _any(parts: Sequence[Vector]) -> Vector:
    true = np.logical_or.reduce([part.known & part.values.astype(np.bool_) for part in parts])
    known = true | np.logical_and.reduce([part.known for part in parts])
    return Vector("boolean", true, known)


def _gathered(distinct: Ints, place_of: Ints, found: dict[int, Any]) -> Vector:
    """Values by id, spread over the rows."""
    values = np.empty(len(distinct), object)
    for index, id_ in enumerate(distinct.tolist()):
        values[index] = found.get(id_)
    known = np.array([value is not None for value in values], np.bool_)
    return Vector("json", values[place_of], known[place_of])


def _typed(vector: Vector, kind: str, fits: Callable[[Any], bool]) -> Vector:
    values = np.zeros(len(vector.values), object if kind == "text" else _DTYPES[kind])
    known = np.zeros(len(vector.values), np.bool_)
    for row in np.flatnonzero(vector.known).tolist():
        value = vector.values[row]
        if fits(value):
            values[row], known[row] = value, True
    return Vector(kind, values, known)


def _as_number(vector: Vector) -> Vector:
    return _typed(
        vector, "number", lambda v: isinstance(v, int | float) and not isinstance(v, bool)
    )


def _as_text(vector: Vector) -> Vector:
    return _typed(vector, "text", lambda v: isinstance(v, str))


def _as_boolean(vector: Vector) -> Vector:
    return _typed(vector, "boolean", lambda v: isinstance(v, bool))


def _as_time(vector: Vector) -> Vector:
    """Instants, or the starts of intervals, that stand as text."""
    values = np.zeros(len(vector.values), np.int64)
    known = np.zeros(len(vector.values), np.bool_)
    for row in np.flatnonzero(vector.known).tolist():
        value = vector.values[row]
        if isinstance(value, str):
            values[row], known[row] = clock.parse(value.split("/")[0]), True
    return Vector("time", values, known)


_UNTYPED = frozenset({"json", "result"})
"""Kinds whose values are of the type that each row has."""

_DTYPES: dict[str, Any] = {"number": np.float64, "time": np.int64, "boolean": np.bool_}

_FROM_JSON: dict[str, Callable[[Vector], Vector]] = {
    "number": _as_number,
    "text": _as_text,
    "boolean": _as_boolean,
    "time": _as_time,
}

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": op.eq,
    "ne": op.ne,
    "gt": op.gt,
    "ge": op.ge,
    "lt": op.lt,
    "le": op.le,
}


def _calculate(operator: str, one: Vector, other: Vector) -> Vector:
    known = one.known & other.known
    if operator in ("div", "mod"):
        known = known & (other.values != 0)
    with np.errstate(all="ignore"):
        values = _ARITHMETIC[operator](one.values, other.values)
    return Vector("number", values, known)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "mod": np.mod,
}
