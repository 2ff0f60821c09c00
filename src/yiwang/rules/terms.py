"""What the rule language works with: the names an expression may use, its compiled parts,
and the Frame they are evaluated over."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from yiwang.rules.values import NO, NULL, UNKNOWN, Value


class Frame(Protocol):
    """Many instants of many subjects: what an expression is evaluated over."""

    cache: dict[str, Value]

    def column(self, name: str) -> Value: ...
    def age(self, name: str) -> Value: ...
    def unchanged(self, name: str) -> Value: ...
    def window(self, function: str, name: str, span: int) -> Value: ...
    def parameter(self, name: str) -> Value: ...
    def interpolate(self, name: str, value: Value) -> Value: ...
    def attribute(self, name: str) -> Value: ...


Run = Callable[[Any], Value]


@dataclass(frozen=True)
class Names:
    """What an expression may speak of.

    ``properties``: observed properties and their units; ``expressions``: let names and
    computed properties with their texts; ``parameters``: name → unit, or ``table``;
    ``attributes``: of the place, name → number, text or boolean, None where nothing is known.
    """

    properties: Mapping[str, str]
    expressions: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] | None = None

    def key(self) -> Hashable:
        """Equal for names that mean the same."""
        parts = (self.properties, self.expressions, self.parameters, self.attributes)
        return tuple(None if part is None else frozenset(part.items()) for part in parts)


@dataclass
class Uses:
    """What an expression reads: decides which state and which history is kept for it."""

    properties: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    unchanged: set[str] = field(default_factory=set)
    windows: dict[str, int] = field(default_factory=dict)
    """Property → longest window over it, in microseconds."""


@dataclass(frozen=True)
class Node:
    """A compiled part: ``kind`` is number, boolean, text or null; ``unit`` where it is known;
    ``source`` its text or its syntax tree, which only messages turn into text."""

    kind: str
    run: Run
    source: Any
    unit: str | None = None
    parameter: bool = False

    @property
    def text(self) -> str:
        return str(self.source)


@dataclass(frozen=True)
class Expression:
    text: str
    kind: str
    unit: str | None
    evaluate: Run
    uses: Uses


_NULLS = {"number": NULL, "boolean": UNKNOWN, "text": Value(np.str_(""), NO), "null": NULL}


def null(kind: str) -> Node:
    """NULL as a number, a condition or a text."""
    value = _NULLS[kind]
    return Node(kind, lambda frame: value, "NULL")
