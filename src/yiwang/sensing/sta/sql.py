"""$filter and $orderby over the entity tables: syntax trees to SQLAlchemy expressions.

A condition on related entities becomes EXISTS: it holds when some related entity satisfies
it. Conditions joined by ``and`` speak of the same related entity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, select
from sqlalchemy.sql.selectable import FromClause

from yiwang.kernel import clock
from yiwang.sensing.sta import ast, dialects
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.errors import NotSupported, WrongOperand
from yiwang.sensing.sta.schema import IDS, TYPES, EntityType, Property, Relation

Column = ColumnElement[Any]


@dataclass(frozen=True)
class Typed:
    """An SQL expression and what it is: text, number, boolean, time, date, null, or json (a
    place in a JSON column, whose type only the row knows)."""

    kind: str
    value: Any


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


@dataclass
class Scope:
    """The entity a condition speaks of, and the related ones it has reached so far."""

    type: EntityType
    source: FromClause
    joined: dict[tuple[str, ...], tuple[EntityType, FromClause]] = field(default_factory=dict)
    links: list[Column] = field(default_factory=list)

    def reach(self, names: tuple[str, ...], where: str) -> tuple[EntityType, FromClause]:
        """The table at the end of the relations ``names``, joined once."""
        if not names:
            return self.type, self.source
        if names not in self.joined:
            type_, source = self.reach(names[:-1], where)
            relation = type_.find_relation(names[-1])
            if relation is None:
                raise type_.unknown(names[-1], where)
            target = TYPES[relation.target]
            if target.table is None:
                raise NotSupported(where, what=f"a condition on {'/'.join(names)} here")
            alias = target.table.alias()
            self.links.append(link(relation, source, alias))
            self.joined[names] = (target, alias)
        return self.joined[names]

    def closed(self, condition: Column) -> Column:
        """The condition, under EXISTS when it reached related entities."""
        if not self.links:
            return condition
        return exists(select(literal(1)).where(*self.links, condition).correlate(self.source))


def link(relation: Relation, mine: FromClause, theirs: FromClause) -> Column:
    """The join condition of a relation between two stored types."""
    if relation.mine:
        return theirs.c.id == mine.c[relation.mine]
    if relation.theirs:
        return theirs.c[relation.theirs] == mine.c.id
    through = relation.through
    assert through is not None
    between = through.table.alias()
    return and_(between.c[through.mine] == mine.c.id, between.c[through.theirs] == theirs.c.id)


class Translator:
    """Translates expressions about one entity type."""

    def __init__(self, type_: EntityType, source: FromClause, now: int, option: str) -> None:
        self._type = type_
        self._source = source
        self._now = now
        self._option = option

    def condition(self, node: Node) -> Column:
        """A boolean expression. Raises WrongOperand, UnknownProperty, NotSupported."""
        match node:
            case ast.Logic("and", items):
                return self._all(items)
            case ast.Logic(_, items):
                return or_(*(self.condition(item) for item in items))
            case ast.Not(item):
                return not_(func.coalesce(self.condition(item), false()))
        scope = Scope(self._type, self._source)
        return scope.closed(self._leaf(node, scope))

    def _all(self, items: tuple[Node, ...]) -> Column:
        scope = Scope(self._type, self._source)
        related: list[Column] = []
        own: list[Column] = []
        for item in items:
            if isinstance(item, ast.Logic | ast.Not):
                own.append(self.condition(item))
                continue
            reached = len(scope.links)
            leaf = self._leaf(item, scope)
            (related if reached < len(scope.links) or _relates(item, scope) else own).append(leaf)
        if related:
            own.append(scope.closed(and_(*related)))
        return and_(*own)

    def values(self, node: Node) -> list[Column]:
        """The value of an expression; to-one relations may be followed. A place in JSON gives
        three columns, of which one at most is not NULL: number, text, truth."""
        scope = Scope(self._type, self._source)
        typed = self._typed(node, scope)
        columns: list[Column] = [typed.value]
        if typed.kind == "json":
            builders = (dialects.JsonNumber, dialects.JsonText, dialects.JsonTruth)
            columns = [typed.value.of(build) for build in builders]
            columns[1] = dialects.Bytewise(columns[1])
        elif typed.kind == "text":
            columns = [dialects.Bytewise(typed.value)]
        if not scope.links:
            return columns
        source = self._source
        queries = (select(column).where(*scope.links).correlate(source) for column in columns)
        return [query.limit(1).scalar_subquery() for query in queries]

    def _leaf(self, node: Node, scope: Scope) -> Column:
        match node:
            case ast.Compare(operator, left, right, at):
                return self._compare(
                    operator, self._typed(left, scope), self._typed(right, scope), at
                )
            case ast.OneOf(left, items, at):
                mine = self._typed(left, scope)
                others = (self._compare("eq", mine, self._typed(i, scope), at) for i in items)
                return or_(false(), *others)
            case ast.Logic() | ast.Not():
                return self.condition(node)
        typed = self._typed(node, scope)
        if typed.kind == "json":
            typed = self._as(typed, "boolean", node.at)
        if typed.kind != "boolean":
            raise self._wrong(node.at, "a condition that is true or false", typed.kind)
        condition: Column = typed.value
        return condition

    def _typed(self, node: Node, scope: Scope) -> Typed:
        match node:
            case ast.Literal("time", value):
                return Typed("time", literal(value))
            case ast.Literal("text" | "number" | "boolean" as kind, value):
                return Typed(kind, literal(value))
            case ast.Literal("null"):
                return Typed("null", None)
            case ast.Literal("date", value, at):
                return Typed("date", literal(self._day(str(value), at)))
            case ast.Literal(kind, _, at):
                raise NotSupported(self._where(at), what=f"a {kind} here")
            case ast.Path():
                return self._path(node, scope)
            case ast.Arithmetic(operator, left, right, at):
                numbers = [self._as(self._typed(s, scope), "number", at) for s in (left, right)]
                return self._calculate(operator, numbers[0].value, numbers[1].value)
            case ast.Call():
                return self._call(node, scope)
        return Typed("boolean", self._leaf(node, scope))

    def _path(self, node: ast.Path, scope: Scope) -> Typed:
        where = self._where(node.at)
        type_, source = scope.type, scope.source
        for index, name in enumerate(node.names):
            if type_.find_relation(name) is not None:
                type_, source = scope.reach(node.names[: index + 1], where)
                continue
            rest = node.names[index + 1 :]
            if name in IDS and not rest:
                return Typed("number", source.c.id)
            property_ = type_.find_property(name)
            if property_ is None:
                raise type_.unknown(name, where)
            return self._property(property_, source, rest, where)
        raise WrongOperand(where, wanted=f"a property of {node.text}", found="a relation")

    def _property(
        self, item: Property, source: FromClause, rest: tuple[str, ...], where: str
    ) -> Typed:
        if not item.column:
            raise NotSupported(where, what=f"a condition on {item.name}")
        column = source.c[item.column]
        if item.kind == "json":
            return Typed("json", JsonPlace(column, rest))
        if rest:
            raise WrongOperand(where, wanted="a property that is an object", found=item.name)
        return Typed("time" if item.kind == "instant" else "text", column)

    def _compare(self, operator: str, left: Typed, right: Typed, at: int) -> Column:
        if "null" in (left.kind, right.kind):
            return self._null(operator, left if right.kind == "null" else right, at)
        if left.kind == right.kind == "json":
            left, right = self._as(left, "text", at), self._as(right, "text", at)
        elif left.kind == "json":
            left = self._as(left, right.kind, at)
        elif right.kind == "json":
            right = self._as(right, left.kind, at)
        if left.kind != right.kind:
            raise self._wrong(at, left.kind, right.kind)
        one, other = left.value, right.value
        if left.kind == "text":
            one, other = dialects.Bytewise(one), dialects.Bytewise(other)
        return _OPERATORS[operator](one, other)

    def _null(self, operator: str, item: Typed, at: int) -> Column:
        if operator not in ("eq", "ne"):
            raise self._wrong(at, "eq or ne with null", operator)
        if item.kind == "null":
            return literal(operator == "eq")
        if item.kind == "json":
            there: Column = item.value.of(dialects.JsonThere)
        else:
            there = item.value.is_not(None)
        return not_(there) if operator == "eq" else there

    def _as(self, item: Typed, kind: str, at: int) -> Typed:
        """The value as ``kind``; a place in JSON that holds something else is NULL."""
        if item.kind == kind:
            return item
        if item.kind == "json" and kind in _FROM_JSON:
            return Typed(kind, item.value.of(_FROM_JSON[kind]))
        raise self._wrong(at, kind, item.kind)

    def _calculate(self, operator: str, left: Any, right: Any) -> Typed:
        one, other = dialects.Double(left), dialects.Double(right)
        divisor = func.nullif(other, 0)
        match operator:
            case "add":
                return Typed("number", one + other)
            case "sub":
                return Typed("number", one - other)
            case "mul":
                return Typed("number", one * other)
            case "div":
                return Typed("number", one / divisor)
            case _:
                return Typed("number", one - other * dialects.Floor(one / divisor))

    def _call(self, node: ast.Call, scope: Scope) -> Typed:
        if node.function == "now":
            return Typed("time", literal(self._now))
        if node.function not in _CALLS:
            raise NotSupported(self._where(node.at), what=f"{node.function} here")
        kinds, result, build = _CALLS[node.function]
        given = []
        for index, argument in enumerate(node.arguments):
            kind = kinds[min(index, len(kinds) - 1)]
            given.append(self._as(self._typed(argument, scope), kind, argument.at).value)
        return Typed(result, build(*given))

    def _day(self, text: str, at: int) -> int:
        try:
            return clock.parse(text + "T00:00:00Z") // clock.DAY
        except ValueError:
            raise self._wrong(at, "a date such as 2026-07-01", text) from None

    def _where(self, at: int) -> str:
        return f"{self._option}, position {at}"

    def _wrong(self, at: int, wanted: str, found: str) -> WrongOperand:
        return WrongOperand(self._where(at), wanted=wanted, found=found)


def _relates(node: Node, scope: Scope) -> bool:
    """Whether the condition speaks of related entities."""
    match node:
        case ast.Path(names):
            return scope.type.find_relation(names[0]) is not None
        case ast.Compare(_, left, right) | ast.Arithmetic(_, left, right):
            return _relates(left, scope) or _relates(right, scope)
        case ast.OneOf(left, items):
            return any(_relates(item, scope) for item in (left, *items))
        case ast.Call(_, arguments):
            return any(_relates(item, scope) for item in arguments)
    return False


_OPERATORS: dict[str, Callable[[Any, Any], Column]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: or_(a != b, a.is_(None)),
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}

_FROM_JSON: dict[str, Callable[..., Any]] = {
    "text": dialects.JsonText,
    "number": dialects.JsonNumber,
    "boolean": dialects.JsonTruth,
}


def _part(code: str, name: str) -> Callable[[Any], Any]:
    return lambda instant: dialects.TimePart(instant, literal(code), literal(name))


def _ends(text: Any, end: Any) -> Any:
    start = func.length(text) - func.length(end) + 1
    return and_(start > 0, func.substr(text, start) == end)


def _cut(text: Any, start: Any, length: Any = None) -> Any:
    return func.substr(text, start + 1) if length is None else func.substr(text, start + 1, length)


_TEXT, _NUMBER, _TIME = ("text",), ("number",), ("time",)

_CALLS: dict[str, tuple[tuple[str, ...], str, Callable[..., Any]]] = {
    # function: (kinds of the arguments, kind of the result, how it is written)
    "substringof": (_TEXT, "boolean", lambda part, text: dialects.Find(text, part) > 0),
    "contains": (_TEXT, "boolean", lambda text, part: dialects.Find(text, part) > 0),
    "startswith": (_TEXT, "boolean", lambda t, s: func.substr(t, 1, func.length(s)) == s),
    "endswith": (_TEXT, "boolean", _ends),
    "length": (_TEXT, "number", func.length),
    "indexof": (_TEXT, "number", lambda text, part: dialects.Find(text, part) - 1),
    "substring": (("text", "number"), "text", _cut),
    "tolower": (_TEXT, "text", func.lower),
    "toupper": (_TEXT, "text", func.upper),
    "trim": (_TEXT, "text", func.trim),
    "concat": (_TEXT, "text", lambda one, other: one + other),
    "year": (_TIME, "number", _part("%Y", "year")),
    "month": (_TIME, "number", _part("%m", "month")),
    "day": (_TIME, "number", _part("%d", "day")),
    "hour": (_TIME, "number", _part("%H", "hour")),
    "minute": (_TIME, "number", _part("%M", "minute")),
    "second": (_TIME, "number", _part("%S", "second")),
    "date": (_TIME, "date", lambda instant: instant / clock.DAY),
    "round": (_NUMBER, "number", lambda number: dialects.Floor(number + 0.5)),
    "floor": (_NUMBER, "number", dialects.Floor),
    "ceiling": (_NUMBER, "number", lambda number: -dialects.Floor(-number)),
}
