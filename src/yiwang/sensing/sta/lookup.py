"""Where a path over to-one relations leads, and the statement that reads its values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from yiwang.kernel import clock
from yiwang.kernel.text import Words
from yiwang.sensing.sta import ast, render
from yiwang.sensing.sta.errors import NotSupported, WrongOperand, words
from yiwang.sensing.sta.schema import IDS, TYPES, EntityType, Property
from yiwang.sensing.sta.scope import link


def resolved(
    type_: EntityType, node: ast.Path, where: str | Words
) -> tuple[EntityType, Property | None, tuple[str, ...]]:
    """The type at the end of a path over to-one relations, its property (None: the id) and the
    place inside of it. Raises UnknownProperty, NotSupported."""
    for index, name in enumerate(node.names):
        rest = node.names[index + 1 :]
        if name in IDS and not rest:
            return type_, None, ()
        item = type_.find_property(name)
        if item is not None:
            return type_, item, rest
        relation = type_.find_relation(name)
        if relation is None:
            raise type_.unknown(name, where)
        if relation.many:
            raise NotSupported(where, what=words("mixed_condition", path=node.text))
        type_ = TYPES[relation.target]
    raise WrongOperand(where, wanted=words("property_of", path=node.text), found=words("relation"))


def selection(type_: EntityType, node: ast.Path, where: str | Words) -> Select[Any]:
    """Id and value of a path over to-one relations; of what is no column the id twice."""
    source = type_.stored.alias()
    _, item, _ = resolved(type_, node, where)
    links: list[ColumnElement[bool]] = []
    at, here = type_, source
    for name in node.names:
        relation = at.find_relation(name)
        if relation is None:
            break
        there = TYPES[relation.target].stored.alias()
        links.append(link(relation, here, there))
        at, here = TYPES[relation.target], there
    column = here.c[item.column] if item is not None and item.column else here.c.id
    return select(source.c.id, column).where(*links)


def shown(item: Property | None, rest: tuple[str, ...], value: Any) -> Any:
    """A value as JSON has it."""
    if item is None or value is None:
        return value
    if item.kind == "json":
        return render.place(value, rest)[1]
    return clock.render(value) if item.kind == "instant" else value
