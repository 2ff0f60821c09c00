"""The rule language: SQL scalar expressions over declared names, compiled to NumPy closures.

What is not listed here is refused by name. Compiled, it works on a Frame (many instants of many
subjects at once) in SQL's three-valued logic."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from sqlglot import expressions as sql

from yiwang.kernel.text import Words
from yiwang.rules import errors, functions, parsing, scales
from yiwang.rules.errors import words
from yiwang.rules.terms import Expression, Frame, Names, Node, Run, Uses, null
from yiwang.rules.values import (
    UNKNOWN,
    YES,
    Value,
    arithmetic,
    both,
    choose,
    compare,
    divide,
    either,
    negate,
)


def compile_condition(text: str, names: Names, where: str = "") -> Expression:
    """Compile a text that must be true or false. Raises a RuleError."""
    return _compile(text, names, where, "boolean")


def compile_value(text: str, names: Names, where: str = "") -> Expression:
    """Compile a text that must be a number. Raises a RuleError."""
    return _compile(text, names, where, "number")


def compile_any(text: str, names: Names, where: str = "") -> Expression:
    """Compile a text of any kind, such as a let. Raises a RuleError."""
    return _compile(text, names, where, "")


_KEPT = 4096
_compiled: dict[Hashable, Expression] = {}
"""What was compiled before: a pack is checked, installed and run with the same expressions."""


def _compile(text: str, names: Names, where: str, wanted: str) -> Expression:
    key = (text, wanted, names.key())
    found = _compiled.get(key)
    if found is None:
        found = _fresh(text, names, where, wanted)
        if len(_compiled) >= _KEPT:
            _compiled.clear()
        _compiled[key] = found
    return found


def _fresh(text: str, names: Names, where: str, wanted: str) -> Expression:
    compiler = _Compiler(names, where)
    try:
        node = compiler.source(text)
    except RecursionError:
        raise errors.BadExpression(where, text=text[:60], problem=words("nested")) from None
    if wanted:
        node = compiler.expect(node, wanted)
    return Expression(text, node.kind, node.unit, node.run, compiler.uses)


_KINDS = {"number": "a_number", "boolean": "a_boolean", "text": "a_text", "null": "a_null"}
_KINDS_OF_PARTS = _KINDS | {"boolean": "a_condition"}


class _Compiler:
    def __init__(self, names: Names, where: str) -> None:
        self.names = names
        self.where = where
        self.uses = Uses()
        self._chain: list[str] = []
        self._known: dict[str, Node] = {}

    def source(self, text: str) -> Node:
        return self.node(parsing.parse(text, self.where))

    def node(self, tree: sql.Expression) -> Node:
        handler = _HANDLERS.get(type(tree))
        if handler is not None:
            return handler(self, tree)
        operation = _ARITHMETIC.get(type(tree)) or _COMPARISONS.get(type(tree))
        if operation is not None:
            return self._binary(tree, operation)
        if isinstance(tree, sql.Anonymous):
            return functions.call(self, tree)
        raise errors.NotInLanguage(self.where, part=tree.sql())

    def expect(self, node: Node, kind: str) -> Node:
        if node.kind == "null":
            return null(kind)
        if node.kind != kind:
            given, wanted = (words(_KINDS_OF_PARTS[one]) for one in (node.kind, kind))
            raise errors.WrongArgument(self.where, part=node.text, given=given, wanted=wanted)
        return node

    def number(self, tree: sql.Expression) -> Node:
        return self.expect(self.node(tree), "number")

    def condition(self, tree: sql.Expression) -> Node:
        return self.expect(self.node(tree), "boolean")

    def property(self, tree: sql.Expression, function: str) -> str:
        """The name of an observed property, as window functions take it."""
        if isinstance(tree, sql.Column) and not tree.table and tree.name in self.names.properties:
            self.uses.properties.add(tree.name)
            return tree.name
        if isinstance(tree, sql.Column) and tree.name not in self.names.expressions:
            raise self._unknown(words("property"), tree.name, self.names.properties)
        raise errors.WrongArgument(
            self.where,
            part=words("first_argument", function=function),
            given=tree.sql(),
            wanted=words("property_name"),
        )

    def table(self, tree: sql.Expression) -> str:
        name = str(tree.name)
        if isinstance(tree, sql.Placeholder) and self.names.parameters.get(name) == "table":
            self.uses.parameters.add(name)
            return name
        given, wanted = words("no_table"), words("table_parameter")
        raise errors.WrongArgument(self.where, part=tree.sql(), given=given, wanted=wanted)

    def same_kind(self, nodes: Sequence[Node]) -> str:
        kinds = {node.kind for node in nodes} - {"null"}
        if len(kinds) > 1:
            odd = next(node for node in nodes if node.kind != nodes[0].kind)
            given, wanted = (words(_KINDS[one.kind]) for one in (odd, nodes[0]))
            raise errors.WrongArgument(self.where, part=odd.text, given=given, wanted=wanted)
        return kinds.pop() if kinds else "null"

    def comparable(self, left: Node, right: Node) -> tuple[Node, Node]:
        """Both sides in one unit: a parameter is rescaled, anything else must fit already."""
        if left.unit is None or right.unit is None or left.unit == right.unit:
            return left, right
        if right.parameter:
            return left, self._rescaled(right, left)
        if left.parameter:
            return self._rescaled(left, right), right
        if scales.conversion(right.unit, left.unit) != (1.0, 0.0):
            raise self._units(left, right)
        return left, right

    def _rescaled(self, node: Node, other: Node) -> Node:
        assert node.unit is not None and other.unit is not None
        conversion = scales.conversion(node.unit, other.unit)
        if conversion is None:
            raise self._units(node, other)
        factor, offset = conversion

        def run(frame: Frame) -> Value:
            value = node.run(frame)
            return Value(value.data * factor + offset, value.valid)

        return Node("number", run, node.text, other.unit, True)

    def _units(self, left: Node, right: Node) -> errors.UnitsDiffer:
        return errors.UnitsDiffer(
            self.where,
            left=left.text,
            right=right.text,
            left_unit=left.unit,
            right_unit=right.unit,
        )

    def _unknown(self, kind: Words, name: str, known: Mapping[str, Any]) -> errors.UnknownName:
        listed = ", ".join(sorted(known)) or words("nothing")
        near, *_ = (*get_close_matches(name, list(known), 1, 0.5), listed)
        return errors.UnknownName(self.where, kind=kind, name=name, near=near, known=listed)

    def column(self, tree: sql.Expression) -> Node:
        name, table = tree.name, str(tree.args.get("table") or "")
        if tree.args.get("db"):
            raise errors.NotInLanguage(self.where, part=tree.sql())
        if table:
            return self._attribute(tree, table, name)
        if name in self.names.expressions:
            return self._named(name)
        if name not in self.names.properties:
            known = {**self.names.properties, **self.names.expressions}
            raise self._unknown(words("property_or_let"), name, known)
        self.uses.properties.add(name)
        unit = scales.usable(self.names.properties[name])
        return Node("number", lambda frame: frame.column(name), name, unit)

    def _attribute(self, tree: sql.Expression, table: str, name: str) -> Node:
        if table != "site":
            raise self._unknown(words("prefix"), table, {"site": ""})
        attributes = self.names.attributes
        if attributes is not None and name not in attributes:
            raise self._unknown(words("place_attribute"), name, attributes)
        self.uses.attributes.add(name)
        kind = "number" if attributes is None else attributes[name]
        return Node(kind, lambda frame: frame.attribute(name), f"site.{name}")

    def _named(self, name: str) -> Node:
        """A let name or computed property; its value is worked out once a frame."""
        if name in self._known:
            return self._known[name]
        if name in self._chain:
            chain = " → ".join([*self._chain, name])
            raise errors.CircularName(self.where, name=name, chain=chain)
        self._chain.append(name)
        inner = self.source(self.names.expressions[name])
        self._chain.pop()

        def run(frame: Frame) -> Value:
            found = frame.cache.get(name)
            if found is None:
                found = frame.cache[name] = inner.run(frame)
            return found

        node = self._known[name] = Node(inner.kind, run, name, inner.unit)
        return node

    def placeholder(self, tree: sql.Expression) -> Node:
        name = str(tree.name)
        if name not in self.names.parameters:
            raise self._unknown(words("a_parameter"), name, self.names.parameters)
        self.uses.parameters.add(name)
        unit = self.names.parameters[name]
        if unit == "table":
            given, wanted = words("a_table"), words("a_number")
            raise errors.WrongArgument(self.where, part=f":{name}", given=given, wanted=wanted)
        usable = scales.usable(unit)
        return Node("number", lambda frame: frame.parameter(name), f":{name}", usable, True)

    def _binary(self, tree: sql.Expression, operation: Callable[[Any, Any], Any]) -> Node:
        left, right = self.node(tree.this), self.node(tree.expression)
        if type(tree) in _COMPARISONS:
            return self.comparison(tree, left, right, operation)
        self.expect(left, "number")
        self.expect(right, "number")
        combine = divide if isinstance(tree, (sql.Div, sql.Mod)) else arithmetic
        unit = None
        if isinstance(tree, (sql.Add, sql.Sub)):
            left, right = self.comparable(left, right)
            unit = left.unit or right.unit
        a, b = left.run, right.run
        return Node("number", lambda f: combine(operation, a(f), b(f)), tree, unit)

    def comparison(
        self, tree: sql.Expression, left: Node, right: Node, operation: Callable[[Any, Any], Any]
    ) -> Node:
        kind = self.same_kind([left, right])
        if kind != "number" and type(tree) not in (sql.EQ, sql.NEQ, sql.In):
            self.expect(left, "number")
            self.expect(right, "number")
        left, right = self.comparable(left, right)
        a, b = left.run, right.run
        if "null" in (left.kind, right.kind):
            return Node("boolean", lambda f: UNKNOWN, tree)
        return Node("boolean", lambda f: compare(operation, a(f), b(f)), tree)

    def logical(self, tree: sql.Expression) -> Node:
        a, b = self.condition(tree.this).run, self.condition(tree.expression).run
        combine = both if isinstance(tree, sql.And) else either
        return Node("boolean", lambda f: combine(a(f), b(f)), tree)

    def negation(self, tree: sql.Expression) -> Node:
        inner = self.condition(tree.this).run
        return Node("boolean", lambda f: negate(inner(f)), tree)

    def minus(self, tree: sql.Expression) -> Node:
        inner = self.number(tree.this)

        def run(frame: Frame) -> Value:
            value = inner.run(frame)
            return Value(-value.data, value.valid)

        return Node("number", run, tree, inner.unit)

    def between(self, tree: sql.Expression) -> Node:
        value = self.number(tree.this)
        low_of, low = self.comparable(value, self.number(tree.args["low"]))
        high_of, high = self.comparable(value, self.number(tree.args["high"]))

        def run(frame: Frame) -> Value:
            above = compare(np.greater_equal, low_of.run(frame), low.run(frame))
            return both(above, compare(np.less_equal, high_of.run(frame), high.run(frame)))

        return Node("boolean", run, tree)

    def membership(self, tree: sql.Expression) -> Node:
        if tree.args.get("query") or tree.args.get("unnest") or not tree.args.get("expressions"):
            raise errors.NotInLanguage(self.where, part=tree.sql())
        value = self.node(tree.this)
        tests = [
            self.comparison(tree, value, self.node(item), np.equal)
            for item in tree.args["expressions"]
        ]

        def run(frame: Frame) -> Value:
            result = tests[0].run(frame)
            for test in tests[1:]:
                result = either(result, test.run(frame))
            return result

        return Node("boolean", run, tree)

    def test(self, tree: sql.Expression) -> Node:
        """IS NULL, IS TRUE, IS FALSE."""
        inner = self.node(tree.this).run
        if isinstance(tree.expression, sql.Null):
            return Node("boolean", lambda f: Value(~inner(f).valid, YES), tree)
        if not isinstance(tree.expression, sql.Boolean):
            raise errors.NotInLanguage(self.where, part=tree.sql())
        self.condition(tree.this)
        if tree.expression.this:
            return Node("boolean", lambda f: Value(inner(f).true, YES), tree)
        return Node("boolean", lambda f: Value(inner(f).false, YES), tree)

    def case(self, tree: sql.Expression) -> Node:
        subject = tree.args.get("this")
        branches: list[tuple[Run, Node]] = []
        for branch in tree.args["ifs"]:
            if subject is None:
                when = self.condition(branch.this)
            else:
                pair = (self.node(subject), self.node(branch.this))
                when = self.comparison(sql.EQ(), pair[0], pair[1], np.equal)
            branches.append((when.run, self.node(branch.args["true"])))
        default = tree.args.get("default")
        last = self.node(default) if default is not None else null("null")
        results = [result for _, result in branches] + [last]
        kind = self.same_kind(results)
        last = self.expect(last, kind)
        steps = [(when, self.expect(result, kind).run) for when, result in reversed(branches)]

        def run(frame: Frame) -> Value:
            value = last.run(frame)
            for when, result in steps:
                value = choose(when(frame).true, result(frame), value)
            return value

        return Node(kind, run, tree, scales.common(results))

    def literal(self, tree: sql.Expression) -> Node:
        if tree.args.get("is_string"):
            text = Value(np.str_(tree.this), YES)
            return Node("text", lambda f: text, tree)
        value = Value(np.float64(tree.this), YES)
        return Node("number", lambda f: value, tree)

    def boolean(self, tree: sql.Expression) -> Node:
        value = Value(np.bool_(tree.this), YES)
        return Node("boolean", lambda f: value, tree)

    def nothing(self, tree: sql.Expression) -> Node:
        return null("null")

    def paren(self, tree: sql.Expression) -> Node:
        return self.node(tree.this)


_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    sql.Add: np.add,
    sql.Sub: np.subtract,
    sql.Mul: np.multiply,
    sql.Div: np.divide,
    sql.Mod: np.fmod,
}
_COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    sql.EQ: np.equal,
    sql.NEQ: np.not_equal,
    sql.GT: np.greater,
    sql.GTE: np.greater_equal,
    sql.LT: np.less,
    sql.LTE: np.less_equal,
}
_HANDLERS: dict[type, Callable[[_Compiler, Any], Node]] = {
    sql.Paren: _Compiler.paren,
    sql.Neg: _Compiler.minus,
    sql.Not: _Compiler.negation,
    sql.And: _Compiler.logical,
    sql.Or: _Compiler.logical,
    sql.Between: _Compiler.between,
    sql.In: _Compiler.membership,
    sql.Is: _Compiler.test,
    sql.Case: _Compiler.case,
    sql.Literal: _Compiler.literal,
    sql.Boolean: _Compiler.boolean,
    sql.Null: _Compiler.nothing,
    sql.Column: _Compiler.column,
    sql.Placeholder: _Compiler.placeholder,
}
