"""The expressions of $filter and $orderby as values; equal whatever their positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from yiwang.kernel import clock


@dataclass(frozen=True)
class Literal:
    """``kind``: text, number, boolean, null, time (an instant), interval (two instants),
    date (``2026-07-01``), clock (``08:30:00``), duration (``P1D``) or geography (WKT)."""

    kind: str
    value: str | int | float | bool | tuple[int, int] | None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Path:
    """A property, reached over relations: ``Datastream/Thing/properties/floor``."""

    names: tuple[str, ...]
    at: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        return "/".join(self.names)


@dataclass(frozen=True)
class Compare:
    operator: str
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Arithmetic:
    operator: str
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Logic:
    """``and`` or ``or`` over two or more conditions."""

    operator: str
    items: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Not:
    item: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class OneOf:
    """``left in (a, b, c)``."""

    left: Node
    items: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]
    at: int = field(default=0, compare=False)


Node = Literal | Path | Compare | Arithmetic | Logic | Not | OneOf | Call

FUNCTIONS: dict[str, tuple[int, int]] = {
    # name: (least, most arguments); 18-088 table 20
    "substringof": (2, 2),
    "contains": (2, 2),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "length": (1, 1),
    "indexof": (2, 2),
    "substring": (2, 3),
    "tolower": (1, 1),
    "toupper": (1, 1),
    "trim": (1, 1),
    "concat": (2, 2),
    "year": (1, 1),
    "month": (1, 1),
    "day": (1, 1),
    "hour": (1, 1),
    "minute": (1, 1),
    "second": (1, 1),
    "fractionalseconds": (1, 1),
    "date": (1, 1),
    "time": (1, 1),
    "totaloffsetminutes": (1, 1),
    "now": (0, 0),
    "mindatetime": (0, 0),
    "maxdatetime": (0, 0),
    "round": (1, 1),
    "floor": (1, 1),
    "ceiling": (1, 1),
    "geo.distance": (2, 2),
    "geo.length": (1, 1),
    "geo.intersects": (2, 2),
    "st_equals": (2, 2),
    "st_disjoint": (2, 2),
    "st_touches": (2, 2),
    "st_within": (2, 2),
    "st_overlaps": (2, 2),
    "st_crosses": (2, 2),
    "st_intersects": (2, 2),
    "st_contains": (2, 2),
    "st_relate": (3, 3),
    **dict.fromkeys(
        ("before", "after", "meets", "during", "overlaps", "starts", "finishes"), (2, 2)
    ),
}
"""Every function of the standard, and the relations between intervals that FROST-Server adds."""


def paths(node: Node) -> Iterator[Path]:
    """The properties that an expression speaks of."""
    match node:
        case Path():
            yield node
        case Compare(_, left, right) | Arithmetic(_, left, right):
            yield from paths(left)
            yield from paths(right)
        case OneOf(left, items):
            yield from (path for item in (left, *items) for path in paths(item))
        case Logic(_, items) | Call(_, items):
            yield from (path for item in items for path in paths(item))
        case Not(item):
            yield from paths(item)


def below(node: Node, steps: int) -> Node:
    """The same expression said of the entity to which the first ``steps`` names lead."""
    match node:
        case Path(names):
            return replace(node, names=names[steps:])
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return replace(node, left=below(left, steps), right=below(right, steps))
        case OneOf(left, items):
            lowered = tuple(below(item, steps) for item in items)
            return replace(node, left=below(left, steps), items=lowered)
        case Logic(_, items):
            return replace(node, items=tuple(below(item, steps) for item in items))
        case Call(_, items):
            return replace(node, arguments=tuple(below(item, steps) for item in items))
        case Not(item):
            return replace(node, item=below(item, steps))
    return node


def render(node: Node) -> str:
    """The expression as text that parses to an equal one."""
    match node:
        case Literal():
            return _literal(node)
        case Path():
            return node.text
        case Compare() | Arithmetic():
            return f"({render(node.left)} {node.operator} {render(node.right)})"
        case Logic():
            return "(" + f" {node.operator} ".join(render(item) for item in node.items) + ")"
        case Not():
            return f"(not ({render(node.item)}))"
        case OneOf():
            return f"({render(node.left)} in ({', '.join(map(render, node.items))}))"
        case Call():
            return f"{node.function}({','.join(map(render, node.arguments))})"


def _literal(node: Literal) -> str:
    match node.kind:
        case "text":
            return quote(str(node.value))
        case "null":
            return "null"
        case "boolean":
            return "true" if node.value else "false"
        case "time":
            assert isinstance(node.value, int)
            return clock.render(node.value)
        case "interval":
            assert isinstance(node.value, tuple)
            return "/".join(clock.render(end) for end in node.value)
        case "geography" | "duration":
            return node.kind + quote(str(node.value))
        case _:
            return str(node.value)


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
