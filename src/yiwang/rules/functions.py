"""The functions of the rule language: how each is written and what it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from sqlglot import expressions as sql

from yiwang.kernel.text import phrase
from yiwang.rules import durations, errors, scales, values
from yiwang.rules.terms import Frame, Node
from yiwang.rules.values import Value

Build = Callable[[Any, "Function", list[Any], Any], Node]
"""(compiler, function, arguments, the syntax tree of the call) → node."""


@dataclass(frozen=True)
class Function:
    """``least`` … ``most`` arguments; ``most`` None means any number."""

    usage: str
    least: int
    most: int | None
    build: Build

    @property
    def wanted(self) -> str:
        if self.most is None:
            return f"{self.least} or more"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


def call(compiler: Any, tree: sql.Anonymous) -> Node:
    """Compile one call. Raises UnknownFunction, WrongArity, WrongArgument."""
    name = str(tree.this).lower()
    function = FUNCTIONS.get(name)
    if function is None:
        known = ", ".join(sorted(FUNCTIONS))
        near = get_close_matches(name, list(FUNCTIONS), 1, 0.4)
        raise errors.UnknownFunction(
            compiler.where,
            name=name,
            near=near[0] if near else errors.words("one_of_these"),
            known=known,
        )
    arguments = list(tree.expressions)
    too_many = function.most is not None and len(arguments) > function.most
    if len(arguments) < function.least or too_many:
        raise errors.WrongArity(
            compiler.where,
            name=name,
            given=len(arguments),
            wanted=function.wanted,
            usage=function.usage,
        )
    return function.build(compiler, function, arguments, tree)


def _single(operation: Callable[[Any], Any], keeps_unit: bool = False) -> Build:
    def build(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
        inner = compiler.number(arguments[0])
        unit = inner.unit if keeps_unit else None
        return Node("number", lambda f: values.single(operation, inner.run(f)), tree, unit)

    return build


def _double(operation: Callable[[Any, Any], Any], combine: Callable[..., Value]) -> Build:
    def build(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
        a, b = (compiler.number(argument).run for argument in arguments)
        return Node("number", lambda f: combine(operation, a(f), b(f)), tree)

    return build


def _round(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
    inner = compiler.number(arguments[0])
    digits = 0
    if len(arguments) == 2:
        literal = arguments[1]
        if not isinstance(literal, sql.Literal) or not str(literal.this).isdigit():
            raise errors.WrongArgument(
                compiler.where,
                part=literal.sql(),
                given=errors.words("not"),
                wanted=phrase("whole_number"),
            )
        digits = int(literal.this)

    def run(frame: Frame) -> Value:
        return values.single(lambda x: values.round_half_away(x, digits), inner.run(frame))

    return Node("number", run, tree, inner.unit)


def _extreme(operation: Callable[[Any, Any], Any]) -> Build:
    def build(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
        nodes = _in_one_unit(compiler, [compiler.number(argument) for argument in arguments])
        parts = [node.run for node in nodes]

        def run(frame: Frame) -> Value:
            return values.extreme(operation, [part(frame) for part in parts])

        return Node("number", run, tree, scales.common(nodes))

    return build


def _coalesce(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
    nodes = [compiler.node(argument) for argument in arguments]
    kind = compiler.same_kind(nodes)
    nodes = _in_one_unit(compiler, [compiler.expect(node, kind) for node in nodes])
    parts = [node.run for node in nodes]

    def run(frame: Frame) -> Value:
        return values.first([part(frame) for part in parts])

    return Node(kind, run, tree, scales.common(nodes))


def _in_one_unit(compiler: Any, nodes: list[Node]) -> list[Node]:
    """Parameters among the nodes rescaled to the unit of the first that is none."""
    lead = next((node for node in nodes if not node.parameter and node.unit), nodes[0])
    return [node if node is lead else compiler.comparable(lead, node)[1] for node in nodes]


def _nullif(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
    a, b = compiler.comparable(compiler.number(arguments[0]), compiler.number(arguments[1]))

    def run(frame: Frame) -> Value:
        value = a.run(frame)
        same = values.compare(np.equal, value, b.run(frame)).true
        return Value(value.data, value.valid & ~same)

    return Node("number", run, tree, a.unit)


def _window(keeps_unit: bool) -> Build:
    def build(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
        name = function.usage.split("(")[0]
        prop = compiler.property(arguments[0], name)
        span = _span(compiler, name, arguments[1])
        compiler.uses.windows[prop] = max(span, compiler.uses.windows.get(prop, 0))
        unit = scales.usable(compiler.names.properties[prop]) if keeps_unit else None
        key = f"{name}|{prop}|{span}"

        def run(frame: Frame) -> Value:
            found = frame.cache.get(key)
            if found is None:
                found = frame.cache[key] = frame.window(name, prop, span)
            return found

        return Node("number", run, tree, unit)

    return build


def _span(compiler: Any, name: str, tree: Any) -> int:
    if not isinstance(tree, sql.Literal) or not tree.args.get("is_string"):
        raise errors.WrongArgument(
            compiler.where,
            part=errors.words("second_argument", function=name),
            given=tree.sql(),
            wanted=errors.words("duration_in_quotes"),
        )
    window = errors.words("window_of", function=name)
    span = durations.parse(str(tree.this), compiler.where, window)
    if span <= 0:
        raise errors.BadDuration(compiler.where, name=window, value=tree.this)
    return span


def _since(method: str) -> Build:
    def build(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
        prop = compiler.property(arguments[0], function.usage.split("(")[0])
        if method == "unchanged":
            compiler.uses.unchanged.add(prop)
            return Node("number", lambda f: f.unchanged(prop), tree, "s")
        return Node("number", lambda f: f.age(prop), tree, "s")

    return build


def _interpolate(compiler: Any, function: Function, arguments: list[Any], tree: Any) -> Node:
    inner = compiler.number(arguments[0])
    table = compiler.table(arguments[1])
    return Node("number", lambda f: f.interpolate(table, inner.run(f)), tree)


FUNCTIONS: dict[str, Function] = {
    "abs": Function("abs(x)", 1, 1, _single(np.abs, True)),
    "ceil": Function("ceil(x)", 1, 1, _single(np.ceil, True)),
    "ceiling": Function("ceiling(x)", 1, 1, _single(np.ceil, True)),
    "floor": Function("floor(x)", 1, 1, _single(np.floor, True)),
    "sign": Function("sign(x)", 1, 1, _single(np.sign)),
    "sqrt": Function("sqrt(x)", 1, 1, _single(np.sqrt)),
    "exp": Function("exp(x)", 1, 1, _single(np.exp)),
    "ln": Function("ln(x)", 1, 1, _single(np.log)),
    "power": Function("power(x, y)", 2, 2, _double(np.power, values.arithmetic)),
    "mod": Function("mod(x, y)", 2, 2, _double(np.fmod, values.divide)),
    "round": Function("round(x, 1)", 1, 2, _round),
    "least": Function("least(x, y)", 1, None, _extreme(np.minimum)),
    "greatest": Function("greatest(x, y)", 1, None, _extreme(np.maximum)),
    "coalesce": Function("coalesce(x, 0)", 1, None, _coalesce),
    "nullif": Function("nullif(x, 0)", 2, 2, _nullif),
    "avg_over": Function("avg_over(x, '10 min')", 2, 2, _window(True)),
    "min_over": Function("min_over(x, '10 min')", 2, 2, _window(True)),
    "max_over": Function("max_over(x, '10 min')", 2, 2, _window(True)),
    "sum_over": Function("sum_over(x, '10 min')", 2, 2, _window(True)),
    "count_over": Function("count_over(x, '10 min')", 2, 2, _window(False)),
    "change_over": Function("change_over(x, '10 min')", 2, 2, _window(True)),
    "rate_per_hour": Function("rate_per_hour(x, '10 min')", 2, 2, _window(False)),
    "unchanged_for_s": Function("unchanged_for_s(x)", 1, 1, _since("unchanged")),
    "age_s": Function("age_s(x)", 1, 1, _since("age")),
    "interpolate": Function("interpolate(x, :table)", 2, 2, _interpolate),
}
