"""$filter evaluated for one entity at a time, slowly and obviously; None is what is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from yiwang.kernel import clock
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.ast import Node

Row = dict[str, Any]


def holds(node: Node, row: Row, now: int) -> bool:
    return value(node, row, now) is True


def value(node: Node, row: Row, now: int) -> Any:
    match node:
        case ast.Literal("duration", text):
            return {"P1D": clock.DAY, "PT90S": 90 * clock.SECOND}[str(text)]
        case ast.Literal(_, plain):
            return plain
        case ast.Path():
            return row[node.text]
        case ast.Logic("and", items):
            return all(holds(item, row, now) for item in items)
        case ast.Logic(_, items):
            return any(holds(item, row, now) for item in items)
        case ast.Not(item):
            return not holds(item, row, now)
        case ast.Compare(operator, left, right):
            return compared(operator, value(left, row, now), value(right, row, now), node)
        case ast.OneOf(left, items):
            mine = value(left, row, now)
            return mine is not None and any(mine == value(item, row, now) for item in items)
        case ast.Arithmetic(operator, left, right):
            one, other = value(left, row, now), value(right, row, now)
            return None if one is None or other is None else calculated(operator, one, other)
        case ast.Call("now"):
            return now
        case ast.Call(name, arguments):
            given = [value(item, row, now) for item in arguments]
            return None if None in given else FUNCTIONS[name](*given)
    raise AssertionError(node)


def compared(operator: str, left: Any, right: Any, node: ast.Compare) -> bool | None:
    if isinstance(node.right, ast.Literal) and node.right.kind == "null":
        return (left is None) == (operator == "eq")
    if left is None:
        return True if operator == "ne" else None
    if right is None:
        return None
    return {
        "eq": left == right,
        "ne": left != right,
        "gt": left > right,
        "ge": left >= right,
        "lt": left < right,
        "le": left <= right,
    }[operator]


def calculated(operator: str, one: Any, other: Any) -> Any:
    if operator in ("div", "mod") and other == 0:
        return None
    match operator:
        case "add":
            return one + other
        case "sub":
            return one - other
        case "mul":
            return one * other
        case "div":
            return one / other
    return one - other * math.floor(one / other)


def rounded(number: float) -> int:
    return math.floor(number + 0.5) if number >= 0 else -math.floor(-number + 0.5)


def cut(text: str, start: float, length: float = math.inf) -> str:
    first = max(math.floor(start), 0)
    return text[first:] if length == math.inf else text[first : first + max(math.floor(length), 0)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": lambda text, part: part in text,
    "substringof": lambda part, text: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "length": len,
    "indexof": lambda text, part: text.find(part),
    "substring": cut,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(" "),
    "concat": lambda one, other: one + other,
    "round": rounded,
    "floor": math.floor,
    "ceiling": math.ceil,
    "year": lambda time: clock.to_datetime(time).year,
    "month": lambda time: clock.to_datetime(time).month,
    "day": lambda time: clock.to_datetime(time).day,
    "hour": lambda time: clock.to_datetime(time).hour,
    "minute": lambda time: clock.to_datetime(time).minute,
    "second": lambda time: clock.to_datetime(time).second,
    "fractionalseconds": lambda time: time % clock.SECOND / 1e6,
    "totaloffsetminutes": lambda time: 0,
}
