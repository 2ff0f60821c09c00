"""Statements kept by the shape of a question: two filters that differ in nothing but their
literals have one statement, with other parameters."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BigInteger, BindParameter, Select, Text, bindparam, literal

from yiwang.kernel.text import Words
from yiwang.sensing.sta import ast, functions, temporal
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.evaluation import literal_value
from yiwang.sensing.sta.schema import EntityType, Relation
from yiwang.sensing.store import array
from yiwang.store.statements import Statement

MOST_KEPT = 512
"""Statements, so that nobody can fill the memory with questions of ever new shapes."""
MOST_NODES = 64
"""Parts of a filter of which the statement is kept."""
_SMALL = 32
"""Bits of a number that the databases take for another type than larger ones."""


class Outside(Protocol):
    """Evaluates what SQL cannot express, and tells for which ids it holds."""

    def satisfying(self, type_: EntityType, node: Node, option: str) -> Sequence[int]: ...

    def owning(
        self, relation: Relation, node: Node, among: Select[Any] | None, where: str | Words
    ) -> Sequence[int]: ...


def shape(node: Node | None) -> Hashable:
    """What of an expression its statement depends on: everything but the values of literals."""
    match node:
        case ast.Literal(kind, value):
            large = isinstance(value, int) and value.bit_length() >= _SMALL
            return kind, type(value), large
        case ast.Path(names):
            return names
        case ast.Compare(operator, left, right) | ast.Arithmetic(operator, left, right):
            return type(node), operator, shape(left), shape(right)
        case ast.Logic(operator, items) | ast.Call(operator, items):
            return type(node), operator, *map(shape, items)
        case ast.OneOf(left, items):
            return "in", shape(left), *map(shape, items)
        case ast.Not(item):
            return "not", shape(item)
    return None


def parts(node: Node | None) -> list[Node]:
    """An expression and all below it; the same places in expressions of the same shape."""
    if node is None:
        return []
    found: list[Node] = [node]
    match node:
        case ast.Compare(_, left, right) | ast.Arithmetic(_, left, right):
            below: tuple[Node, ...] = (left, right)
        case ast.Logic(_, items) | ast.Call(_, items):
            below = items
        case ast.OneOf(left, items):
            below = (left, *items)
        case ast.Not(item):
            below = (item,)
        case _:
            below = ()
    for each in below:
        found += parts(each)
    return found


class _Source(NamedTuple):
    """Where a parameter's value comes from: a part of the expression, and what is made of it."""

    name: str
    place: int
    read: Callable[[Any, Outside, int], Any]


class Parameters:
    """What a translated expression depends on besides its shape. ``steady`` says whether that
    is all, so that its statement can be kept; without an expression (for $orderby, which is
    kept as it stands) literals are written into the statement."""

    def __init__(self, root: Node | None = None) -> None:
        listed = parts(root)
        self._places = {id(part): place for place, part in enumerate(listed)}
        self._fixed = root is None
        self.steady = len(self._places) == len(listed) <= MOST_NODES
        self.sources: list[_Source] = []
        self.values: dict[str, Any] = {}

    def literal(self, node: ast.Literal, option: str) -> Any:
        """The value of a literal; of an interval a pair. Raises WrongOperand."""
        value = literal_value(node, option)
        kind = BigInteger() if node.kind in temporal.WHOLE or node.kind == "interval" else None
        if node.kind == "interval":
            ends = (
                lambda n, *_: literal_value(n, option)[0],
                lambda n, *_: literal_value(n, option)[1],
            )
            return tuple(
                self._given(node, end, kind, read) for end, read in zip(value, ends, strict=True)
            )
        return self._given(node, value, kind, lambda n, *_: literal_value(n, option))

    def moment(self, node: ast.Call, now: int) -> Any:
        """now() and the ends of time."""
        moment = functions.CONSTANTS[node.function]
        self.steady = self.steady and not self._fixed
        return self._given(node, moment(now), BigInteger(), lambda n, _, at: moment(at))

    def ids(
        self, type_: EntityType, node: Node, steps: int, outside: Outside, option: str
    ) -> BindParameter[Any]:
        """The entities of a type, to which ``steps`` relations lead, for which a condition
        holds."""

        def read(part: Node, outside: Outside, _: int) -> str:
            return array(outside.satisfying(type_, ast.below(part, steps), option))

        made: BindParameter[Any] = self._given(node, read(node, outside, 0), Text(), read)
        return made

    def _given(self, node: Node, value: Any, kind: Any, read: Callable[..., Any]) -> Any:
        place = self._places.get(id(node))
        if place is None:
            self.steady = self.steady and self._fixed
            return literal(value, kind)
        name = f"given_{len(self.values)}"
        self.sources.append(_Source(name, place, read))
        self.values[name] = value
        return bindparam(name, value, kind)


class Plan(NamedTuple):
    """A statement, and where the values of its parameters come from."""

    statement: Statement
    sources: Sequence[_Source]

    def values(self, node: Node | None, outside: Outside, now: int) -> dict[str, Any]:
        """The parameters for an expression of the same shape. Raises WrongOperand."""
        if not self.sources:
            return {}
        listed = parts(node)
        return {name: read(listed[place], outside, now) for name, place, read in self.sources}


class Plans:
    """Plans by what they depend on, at most MOST_KEPT of them."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Plan] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> Plan | None:
        return self._kept.get(key)

    def keep(self, key: Hashable, plan: Plan) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = plan
