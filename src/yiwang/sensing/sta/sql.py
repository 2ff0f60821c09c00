"""$filter and $orderby over the entity tables: syntax trees to SQLAlchemy expressions.

A condition on related entities becomes EXISTS: it holds when some related entity satisfies
it. Conditions joined by ``and`` speak of the same related entity.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from sqlalchemy import Select, and_, false, func, literal, not_, or_, select
from sqlalchemy.sql.selectable import FromClause

from yiwang.kernel.text import Words
from yiwang.sensing.sight import EVERYTHING, Sight
from yiwang.sensing.sta import ast, dialects, functions, scalars, temporal
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.errors import NotSupported, WrongOperand, position, words
from yiwang.sensing.sta.plans import Outside, Parameters
from yiwang.sensing.sta.scalars import Column, JsonPlace, NotInSql, Typed
from yiwang.sensing.sta.schema import IDS, TYPES, EntityType, Property
from yiwang.sensing.sta.scope import Scope
from yiwang.sensing.store import among


class Translator:
    """Translates expressions about one entity type; ``parameters`` takes what they depend on,
    ``chosen`` are the entities among which those that satisfy it are looked for."""

    def __init__(
        self,
        type_: EntityType,
        source: FromClause,
        now: int,
        option: str,
        outside: Outside,
        parameters: Parameters,
        chosen: Select[Any] | None = None,
        sight: Sight = EVERYTHING,
    ) -> None:
        self._type = type_
        self._parameters = parameters
        self._sight = sight
        self._source = source
        self._now = now
        self._option = option
        self._outside = outside
        self._chosen = chosen

    def condition(self, node: Node) -> Column:
        """A boolean expression. Raises WrongOperand, UnknownProperty, NotSupported."""
        match node:
            case ast.Logic("and", items):
                return self._all(items)
            case ast.Logic(_, items):
                return or_(*(self.condition(item) for item in items))
            case ast.Not(item):
                return not_(func.coalesce(self.condition(item), false()))
        return self._all((node,))

    def _all(self, items: tuple[Node, ...]) -> Column:
        """What related entities have to satisfy is said of one and the same of them."""
        scope = Scope(self._type, self._source, sight=self._sight)
        own: list[Column] = []
        related: list[Column] = []
        observed: dict[tuple[str, ...], list[Node]] = {}
        for item in items:
            if isinstance(item, ast.Logic | ast.Not):
                own.append(self.condition(item))
                continue
            prefix = self._observations(item)
            if prefix:
                observed.setdefault(prefix, []).append(item)
                continue
            reached = len(scope.links)
            leaf = self._leaf(item, scope)
            (related if reached < len(scope.links) or _relates(item, scope) else own).append(leaf)
        for prefix, about in observed.items():
            leaf = self._observed(prefix, about, scope, own, related)
            (related if len(prefix) > 1 else own).append(leaf)
        if related:
            own.append(scope.closed(and_(*related)))
        return and_(*own)

    def _leaf(self, node: Node, scope: Scope) -> Column:
        """In SQL, or else by the ids of the entities at the end of the relations it follows."""
        try:
            return self._in_sql(node, scope)
        except NotInSql:
            pass
        shared = self._relations(node)
        type_, source = scope.reach(shared, self._where(node.at))
        steps = len(shared)
        ids = self._parameters.ids(type_, node, steps, self._outside, self._option)
        scope.selective = scope.selective or bool(shared)
        return among(source.c.id, ids)

    def _relations(self, node: Node) -> tuple[str, ...]:
        """The relations with which every path of an expression begins."""
        found: tuple[str, ...] | None = None
        for path in ast.paths(node):
            names: list[str] = []
            type_ = self._type
            while (relation := type_.find_relation(path.names[len(names)])) is not None:
                names.append(relation.name)
                type_ = TYPES[relation.target]
                if len(names) == len(path.names):
                    break
            pairs = zip(names, names if found is None else found, strict=False)
            found = tuple(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return found or ()

    def _observations(self, node: Node) -> tuple[str, ...]:
        """The relations over which a condition comes to observations; empty where it does not."""
        for path in ast.paths(node):
            type_ = self._type
            for index, name in enumerate(path.names):
                relation = type_.find_relation(name)
                if relation is None:
                    break
                type_ = TYPES[relation.target]
                if type_.table is None:
                    return path.names[: index + 1]
        return ()

    def _observed(
        self,
        prefix: tuple[str, ...],
        items: Sequence[Node],
        scope: Scope,
        own: Sequence[Column],
        related: Sequence[Column],
    ) -> Column:
        """Entities with an observation for which all the conditions hold."""
        where = self._where(items[0].at)
        for path in (path for item in items for path in ast.paths(item)):
            if path.names[: len(prefix)] != prefix:
                raise NotSupported(
                    where, what=words("comparison_with_observations", path=path.text)
                )
        type_, source = scope.reach(prefix[:-1], where)
        relation = type_.find_relation(prefix[-1])
        assert relation is not None
        lowered = tuple(ast.below(item, len(prefix)) for item in items)
        condition = lowered[0] if len(lowered) == 1 else ast.Logic("and", lowered)
        wanted = None
        if own or related or self._chosen is not None:
            mine = [*scope.links, *own, *related]
            wanted = select(source.c.id).where(*mine).distinct().correlate(None)
            if self._chosen is not None:
                ids = self._chosen.with_only_columns(self._source.c.id)
                wanted = wanted.where(self._source.c.id.in_(ids.correlate(None)))
        self._parameters.steady = False
        owners = self._outside.owning(relation, condition, wanted, where)
        scope.selective = scope.selective or len(prefix) > 1
        return among(source.c.id, owners)

    def values(self, node: Node) -> list[Column]:
        """The value of an expression; to-one relations may be followed. A place in JSON gives
        three columns, of which one at most is not NULL: number, text, truth; a whole property
        a fourth, the text of an object or a list. Raises NotInSql."""
        scope = Scope(self._type, self._source, sight=self._sight)
        typed = self._typed(node, scope)
        if any(relation.many for relation in scope.followed()):
            raise self._wrong(node.at, words("path_to_one"), words("one_to_many"))
        columns: list[Column] = list(typed.span) if typed.kind == "interval" else [typed.value]
        if typed.kind == "json":
            builders = (dialects.JsonNumber, dialects.JsonText, dialects.JsonTruth)
            columns = [typed.value.of(build) for build in builders]
            columns[1] = dialects.Bytewise(columns[1])
            if not typed.value.names:
                columns.append(dialects.Bytewise(scalars.object_text(typed.value.column)))
        elif typed.kind == "text":
            columns = [dialects.Bytewise(typed.value)]
        if not scope.links:
            return columns
        source = self._source
        queries = (select(column).where(*scope.links).correlate(source) for column in columns)
        return [query.limit(1).scalar_subquery() for query in queries]

    def _in_sql(self, node: Node, scope: Scope) -> Column:
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
        truth = self._as(self._typed(node, scope), "boolean", node.at, "condition")
        condition: Column = truth.value
        return condition

    def _typed(self, node: Node, scope: Scope) -> Typed:
        match node:
            case ast.Literal():
                return self._literal(node)
            case ast.Path():
                return self._path(node, scope)
            case ast.Arithmetic(operator, left, right, at):
                one, other = self._typed(left, scope), self._typed(right, scope)
                return self._calculate(operator, one, other, at)
            case ast.Call():
                return self._call(node, scope)
        return Typed("boolean", self._in_sql(node, scope))

    def _literal(self, node: ast.Literal) -> Typed:
        if node.kind == "geography":
            raise NotInSql
        if node.kind == "null":
            return Typed(node.kind, None)
        return Typed(node.kind, self._parameters.literal(node, self._option))

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
        raise WrongOperand(
            where, wanted=words("property_of", path=node.text), found=words("relation")
        )

    def _property(
        self, item: Property, source: FromClause, rest: tuple[str, ...], where: str | Words
    ) -> Typed:
        if item.kind == "json":
            return Typed("json", JsonPlace(source.c[item.column], rest))
        if rest:
            raise WrongOperand(where, wanted=words("property_object"), found=item.name)
        if not item.column:
            raise NotInSql
        return Typed("time" if item.kind == "instant" else "text", source.c[item.column])

    def _compare(self, operator: str, left: Typed, right: Typed, at: int) -> Column:
        if "null" in (left.kind, right.kind):
            return self._null(operator, left if right.kind == "null" else right, at)
        if left.kind == "json" and right.kind != "json":
            left = self._as(left, right.kind, at)
        if right.kind == "json" and left.kind != "json":
            right = self._as(right, left.kind, at)
        if left.kind != right.kind and not {left.kind, right.kind} <= temporal.TIMES:
            raise self._wrong(at, words(left.kind), words(right.kind))
        return scalars.compared(operator, left, right)

    def _null(self, operator: str, item: Typed, at: int) -> Column:
        if operator not in ("eq", "ne"):
            raise self._wrong(at, words("eq_or_ne"), operator)
        if item.kind == "null":
            return literal(operator == "eq")
        if item.kind == "json":
            there: Column = item.value.of(dialects.JsonThere)
        else:
            there = item.span[0].is_not(None)
        return not_(there) if operator == "eq" else there

    def _as(self, item: Typed, kind: str, at: int, wanted: str = "") -> Typed:
        """``wanted`` is the key of the words for it, where the kind does not say it."""
        found = scalars.converted(kind, item)
        if found is None:
            raise self._wrong(at, words(wanted or kind), words(item.kind))
        return found

    def _calculate(self, operator: str, one: Typed, other: Typed, at: int) -> Typed:
        if one.kind == "json":
            one = self._as(one, temporal.partner(operator, other.kind), at)
        if other.kind == "json":
            other = self._as(other, temporal.partner(operator, one.kind), at)
        if one.kind == other.kind == "number":
            return scalars.calculated(operator, "number", one.value, other.value)
        kind = temporal.SUMS.get((operator, one.kind, other.kind))
        if kind is None:
            raise self._wrong(at, words("numbers_or_times", operator=operator), words(other.kind))
        if kind != "interval":
            one, other = (
                self._as(item, "time", at) if item.kind == "interval" else item
                for item in (one, other)
            )
        return scalars.calculated(operator, kind, one.value, other.value)

    def _call(self, node: ast.Call, scope: Scope) -> Typed:
        name = node.function
        if name in functions.CONSTANTS:
            return Typed("time", self._parameters.moment(node, self._now))
        typed = [self._typed(argument, scope) for argument in node.arguments]
        if name in temporal.RELATIONS:
            spans = [
                self._as(item, "interval", argument.at).span
                for item, argument in zip(typed, node.arguments, strict=True)
            ]
            return Typed("boolean", temporal.RELATIONS[name](spans[0], spans[1]))
        if name not in scalars.CALLS:
            raise NotInSql
        kinds, result, build = scalars.CALLS[name]
        given = [
            self._as(item, kinds[min(index, len(kinds) - 1)], argument.at).value
            for index, (item, argument) in enumerate(zip(typed, node.arguments, strict=True))
        ]
        return Typed(result, build(*given))

    def _where(self, at: int) -> Words:
        return position(self._option, at)

    def _wrong(self, at: int, wanted: Words, found: str | Words) -> WrongOperand:
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
