"""What a filter on observations demands in any case, so that little has to be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Ints
from yiwang.sensing.observations import FAR
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.schema import DATASTREAM, IDS, MULTI_DATASTREAM, EntityType

_TIME = ast.Path(("phenomenonTime",))


@dataclass
class Bounds:
    """What a filter demands in any case: a span of time, some datastreams (None: any), some
    numbers. ``rest``: what of the filter is to be evaluated on what is read."""

    start: int = -FAR
    end: int = FAR
    datastreams: Ints | None = None
    numbers: list[int] | None = None
    rest: list[Node] = field(default_factory=list)

    @property
    def condition(self) -> Node | None:
        """The rest as one condition."""
        return _together(self.rest)

    @cached_property
    def of_instants(self) -> Node | None:
        """What of the rest is to be evaluated where no phenomenonTime is an interval."""
        return _together([item for item in self.rest if not _is_span(item)])

    @property
    def only_time(self) -> bool:
        """Whether the rest says nothing but what start and end say."""
        return all(_is_span(item) for item in self.rest)

    def narrow(self, datastreams: Sequence[int]) -> None:
        wanted = np.asarray(datastreams, np.int64)
        wanted = np.unique(wanted) if len(wanted) > 1 else wanted
        mine = self.datastreams
        self.datastreams = wanted if mine is None else np.intersect1d(mine, wanted)

    def narrow_to(self, seen: NDArray[np.bool_]) -> None:
        """Leave the datastreams at whose number ``seen`` is true."""
        mine = self.datastreams
        if mine is None:
            self.datastreams = np.flatnonzero(seen)
        else:
            mine = mine[(mine > 0) & (mine < len(seen))]
            self.datastreams = mine[seen[mine]]


def _together(items: Sequence[Node]) -> Node | None:
    if len(items) < 2:
        return items[0] if items else None
    return ast.Logic("and", tuple(items))


def of(
    condition: Node | None,
    datastreams: Sequence[int] | None,
    satisfying: Callable[[EntityType, Node], Sequence[int]],
) -> Bounds:
    """The bounds of a filter. ``satisfying`` tells which datastreams (or multi-datastreams)
    satisfy a condition that speaks of nothing else."""
    bounds = Bounds()
    if datastreams is not None:
        bounds.narrow(datastreams)
    for item in _conjuncts(condition):
        _narrow(bounds, item)
        for type_ in (DATASTREAM, MULTI_DATASTREAM):
            inner = _about(type_, item)
            if inner is not None:
                bounds.narrow(satisfying(type_, inner))
                break
        else:
            bounds.rest.append(item)
    return bounds


def _narrow(bounds: Bounds, item: Node) -> None:
    if isinstance(item, ast.OneOf) and _is_id(item.left):
        numbers = [i.value for i in item.items if isinstance(i, ast.Literal)]
        whole = [number for number in numbers if isinstance(number, int)]
        if len(whole) == len(item.items):
            bounds.numbers = whole
    if not isinstance(item, ast.Compare):
        return
    item = _turned(item)
    if not isinstance(item.right, ast.Literal):
        return
    if item.left == _TIME:
        _narrow_time(bounds, item.operator, item.right.value)
    elif _is_id(item.left) and item.operator == "eq":
        bounds.numbers = [_whole(item.right.value)]


def _conjuncts(node: Node | None) -> list[Node]:
    if node is None:
        return []
    if isinstance(node, ast.Logic) and node.operator == "and":
        return [inner for item in node.items for inner in _conjuncts(item)]
    return [node]


def _is_span(item: Node) -> bool:
    turned = _turned(item) if isinstance(item, ast.Compare) else None
    return (
        turned is not None
        and turned.left == _TIME
        and isinstance(turned.right, ast.Literal)
        and turned.right.kind == "time"
        and turned.operator != "ne"
    )


_MIRRORED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge", "eq": "eq", "ne": "ne"}


def _turned(item: ast.Compare) -> ast.Compare:
    """The comparison with the value on the right."""
    if isinstance(item.left, ast.Literal) and isinstance(item.right, ast.Path):
        return ast.Compare(_MIRRORED[item.operator], item.right, item.left, item.at)
    return item


def _is_id(node: Node) -> bool:
    return isinstance(node, ast.Path) and len(node.names) == 1 and node.names[0] in IDS


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and abs(value) < 2**62 else -1


def _narrow_time(bounds: Bounds, operator: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        return
    if operator in ("ge", "gt", "eq"):
        bounds.start = max(bounds.start, value + (operator == "gt"))
    if operator in ("le", "lt", "eq"):
        bounds.end = min(bounds.end, value - (operator == "lt"))


def _about(type_: EntityType, node: Node) -> Node | None:
    """The same condition said of the (multi-)datastream, when it speaks of nothing else."""
    left = node.left if isinstance(node, ast.Compare) else None
    if isinstance(left, ast.Path) and left.names[0] != type_.name:
        return None
    found: list[str] = []
    inner = _lifted(node, found)
    return inner if set(found) == {type_.name} else None


def _lifted(node: Node, found: list[str]) -> Node | None:
    match node:
        case ast.Literal():
            return node
        case ast.Path(names, at):
            if names[0] not in (DATASTREAM.name, MULTI_DATASTREAM.name) or len(names) < 2:
                return None
            found.append(names[0])
            return ast.Path(names[1:], at)
        case ast.Not(item, at):
            inner = _lifted(item, found)
            return None if inner is None else ast.Not(inner, at)
        case ast.Compare(operator, left, right, at) | ast.Arithmetic(operator, left, right, at):
            one = _lifted(left, found)
            other = None if one is None else _lifted(right, found)
            return None if one is None or other is None else type(node)(operator, one, other, at)
        case ast.Logic(operator, items, at):
            lifted = [_lifted(item, found) for item in items]
            kept = tuple(item for item in lifted if item is not None)
            return ast.Logic(operator, kept, at) if len(kept) == len(items) else None
        case ast.OneOf(left, items, at):
            lifted = [_lifted(item, found) for item in (left, *items)]
            kept = tuple(item for item in lifted if item is not None)
            return ast.OneOf(kept[0], kept[1:], at) if len(kept) == len(lifted) else None
        case ast.Call(function, arguments, at):
            lifted = [_lifted(item, found) for item in arguments]
            kept = tuple(item for item in lifted if item is not None)
            return ast.Call(function, kept, at) if len(kept) == len(arguments) else None
    return None
