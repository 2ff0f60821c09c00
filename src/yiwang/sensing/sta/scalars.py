"""Values of $filter and $orderby in SQL: kinds, comparisons, arithmetic and functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    type_coerce,
)
from sqlalchemy.sql.elements import ColumnClause

from yiwang.kernel import clock
from yiwang.sensing.sta import dialects, temporal

Column = ColumnElement[Any]


class NotInSql(Exception):
    """The expression cannot be said in SQL; it is evaluated outside the database."""


@dataclass(frozen=True)
class Typed:
    """An SQL expression and what it is: text, number, boolean, time, date, clock, duration,
    interval (a pair of expressions), null, or json (a JsonPlace, whose type only the row
    knows)."""

    kind: str
    value: Any

    @property
    def span(self) -> temporal.Ends:
        return self.value if self.kind == "interval" else (self.value, self.value)


@dataclass(frozen=True)
class JsonPlace:
    column: Column
    names: tuple[str, ...]

    def of(self, build: Callable[..., Any]) -> Any:
        keys = "".join(
            f"[{name}]" if name.isdecimal() else '."' + name.replace('"', "") + '"'
            for name in self.names
        )
        quoted = ",".join(
            '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in self.names
        )
        return build(self.column, literal("$" + keys), literal("{" + quoted + "}"))


def whole(value: int) -> Column:
    return literal(value, BigInteger)


def object_text(column: Column) -> Column:
    """The JSON text of a column that holds an object or a list, else NULL."""
    text = type_coerce(column, Text)
    return case((func.substr(text, 1, 1).in_(["{", "["]), text))


def converted(kind: str, item: Typed) -> Typed | None:
    """The value as ``kind``, a place in JSON that holds something else as NULL; None where
    that cannot be. Raises NotInSql."""
    if item.kind == kind:
        return item
    if item.kind == "json":
        if kind not in FROM_JSON:
            raise NotInSql
        return Typed(kind, item.value.of(FROM_JSON[kind]))
    if item.kind == "interval" and kind == "time":
        return Typed(kind, item.value[0])
    if item.kind == "time" and kind == "interval":
        return Typed(kind, item.span)
    return None


def compared(operator: str, left: Typed, right: Typed) -> Column:
    """A comparison of two values of one kind, or of times with intervals."""
    if left.kind in UNTYPED and right.kind in UNTYPED:
        raise NotInSql
    basic = "eq" if operator == "ne" else operator
    if "interval" in (left.kind, right.kind):
        holds: Column = temporal.COMPARE[basic](left.span, right.span)
    else:
        one, other = left.value, right.value
        if left.kind == "text":
            one, other = dialects.Bytewise(one), dialects.Bytewise(other)
        holds = _OPERATORS[basic](one, other)
    if operator != "ne":
        return holds
    if left.kind in temporal.TIMES:
        return not_(holds)
    missing: Column = left.span[0].is_(None)
    return or_(not_(holds), missing)


def calculated(operator: str, kind: str, one: Any, other: Any) -> Typed:
    """The arithmetic of numbers and times; ``kind`` is that of the outcome."""
    if kind == "interval":
        ends = (calculated(operator, "time", end, other).value for end in one)
        return Typed(kind, tuple(ends))
    if kind == "number" or operator in ("mul", "div"):
        value = _number(operator, dialects.Double(one), dialects.Double(other))
        if kind == "number":
            return Typed(kind, value)
        most = temporal.MOST_DURATION
        return Typed(kind, dialects.Whole(_between(value, -most, most) + 0.5))
    value = one + other if operator == "add" else one - other
    most = temporal.MOST_DURATION if kind == "duration" else temporal.MOST
    value = _between(value, -most if kind == "duration" else temporal.LEAST, most)
    return Typed(kind, _midnight(value) if kind == "date" else value)


def _number(operator: str, one: Any, other: Any) -> Any:
    match operator:
        case "add":
            return one + other
        case "sub":
            return one - other
        case "mul":
            return one * other
        case "div":
            return one / func.nullif(other, 0)
        case _:
            return one - other * dialects.Floor(one / func.nullif(other, 0))


def _between(value: Any, least: int, most: int) -> Any:
    low, high = whole(least), whole(most)
    return case((value < low, low), (value > high, high), else_=value)


def _midnight(instant: Any) -> Any:
    return dialects.Quotient(instant, _DAY) * _DAY


def _constant(value: int) -> Column:
    """A number written into the statement: the drivers give every parameter a type of its own."""
    made: ColumnClause[int] = ColumnClause(str(value), BigInteger, is_literal=True)
    return made


_DAY, _HOUR, _MINUTE, _SECOND = (
    _constant(size) for size in (clock.DAY, clock.HOUR, clock.MINUTE, clock.SECOND)
)


def _date_part(code: str, name: str) -> Callable[[Any], Any]:
    return lambda instant: dialects.TimePart(
        dialects.Quotient(instant, _SECOND), literal(code), literal(name)
    )


def _clock_part(size: Column, most: int) -> Callable[[Any], Any]:
    return lambda instant: _rest(dialects.Quotient(instant, size), _constant(most))


def _rest(value: Any, by: Column) -> Any:
    return value - dialects.Quotient(value, by) * by


def _ends(text: Any, end: Any) -> Any:
    start = func.length(text) - func.length(end) + 1
    return and_(start > 0, func.substr(text, start) == end)


def _cut(text: Any, start: Any, length: Any = None) -> Any:
    first = _place(start) + 1
    if length is None:
        return func.substr(text, first)
    return func.substr(text, first, _place(length))


def _place(number: Any) -> Any:
    """A number of letters: the whole part, at least 0."""
    return cast(dialects.Whole(_between(dialects.Double(number), 0, 2**31 - 2)), Integer)


def _rounded(number: Any) -> Any:
    return case((number < 0, -dialects.Floor(-number + 0.5)), else_=dialects.Floor(number + 0.5))


UNTYPED = frozenset({"json"})

FROM_JSON: dict[str, Callable[..., Any]] = {
    "text": dialects.JsonText,
    "number": dialects.JsonNumber,
    "boolean": dialects.JsonTruth,
}

_OPERATORS: dict[str, Callable[[Any, Any], Column]] = {
    "eq": lambda a, b: a == b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}

_TEXT, _NUMBER, _TIME = ("text",), ("number",), ("time",)

CALLS: dict[str, tuple[tuple[str, ...], str, Callable[..., Any]]] = {
    # function: (kinds of the arguments, kind of the result, how it is written)
    "substringof": (_TEXT, "boolean", lambda part, text: dialects.Find(text, part) > 0),
    "contains": (_TEXT, "boolean", lambda text, part: dialects.Find(text, part) > 0),
    "startswith": (_TEXT, "boolean", lambda t, s: func.substr(t, 1, func.length(s)) == s),
    "endswith": (_TEXT, "boolean", _ends),
    "length": (_TEXT, "number", func.length),
    "indexof": (_TEXT, "number", lambda text, part: dialects.Find(text, part) - 1),
    "substring": (("text", "number"), "text", _cut),
    "tolower": (_TEXT, "text", dialects.Lower),
    "toupper": (_TEXT, "text", dialects.Upper),
    "trim": (_TEXT, "text", func.trim),
    "concat": (_TEXT, "text", lambda one, other: one.concat(other)),
    "year": (_TIME, "number", _date_part("%Y", "year")),
    "month": (_TIME, "number", _date_part("%m", "month")),
    "day": (_TIME, "number", _date_part("%d", "day")),
    "hour": (_TIME, "number", _clock_part(_HOUR, 24)),
    "minute": (_TIME, "number", _clock_part(_MINUTE, 60)),
    "second": (_TIME, "number", _clock_part(_SECOND, 60)),
    "fractionalseconds": (
        _TIME,
        "number",
        lambda instant: dialects.Double(_rest(instant, _SECOND)) / 1e6,
    ),
    "date": (_TIME, "date", _midnight),
    "time": (_TIME, "clock", lambda instant: _rest(instant, _DAY)),
    "totaloffsetminutes": (
        _TIME,
        "number",
        lambda instant: case((instant.is_not(None), literal(0.0))),
    ),
    "round": (_NUMBER, "number", lambda number: _rounded(dialects.Double(number))),
    "floor": (_NUMBER, "number", lambda number: dialects.Floor(dialects.Double(number))),
    "ceiling": (_NUMBER, "number", lambda number: -dialects.Floor(-dialects.Double(number))),
}
