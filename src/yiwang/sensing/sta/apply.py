"""$apply: text to transformations (OData Extension for Data Aggregation 4.0, clause 3).

``filter(…)``, ``compute(… as name)``, ``groupby((…),aggregate(…))`` and ``aggregate(…)``, joined
by slashes. A key of ``groupby`` is a property, a part of a time (``hour(phenomenonTime)``) or a
bucket of time (``bucket(phenomenonTime,duration'PT15M','Asia/Shanghai')``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from yiwang.kernel.text import phrase
from yiwang.sensing.history import buckets
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.errors import words
from yiwang.sensing.sta.expression import Reader, condition

NAMESPACE = "yiwang."
STANDARD = ("sum", "min", "max", "average", "countdistinct")
OWN = ("first", "last", "numbers", "others")
"""Methods of ours: the first and last result by time, and how many are numbers or not."""

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


@dataclass(frozen=True)
class Part:
    """``hour`` of a time, in a zone; ``date`` is the calendar's day."""

    name: str
    by: Node
    zone: str = ""


@dataclass(frozen=True)
class Bucket:
    by: Node
    width: str
    zone: str = ""


Value = Node | Part | Bucket


@dataclass(frozen=True)
class Key:
    """What is grouped by; ``names`` is where it stands in the answer."""

    value: Value
    names: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Measure:
    """``method`` is one of STANDARD or OWN, ``percentile`` (of ``share`` in 100) or ``count``,
    which has no ``of``."""

    method: str
    of: Node | None
    name: str
    share: float = 0.0
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Filter:
    condition: Node


@dataclass(frozen=True)
class Group:
    keys: tuple[Key, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Apply:
    """``text`` is what was asked for, as it came."""

    text: str
    steps: tuple[Filter | Group, ...]


def read(reader: Reader) -> Apply:
    """The whole of an $apply. Raises BadSyntax, UnknownFunction."""
    steps: list[Filter | Group] = []
    computed: dict[str, Value] = {}
    while True:
        step = _transformation(reader, computed)
        if step is not None:
            steps.append(step)
        if isinstance(step, Group):
            computed = {}
        if not reader.skip("/"):
            break
    if not any(isinstance(step, Group) for step in steps):
        raise reader.wrong(words("group_or_aggregate"))
    return Apply(reader.text, tuple(steps))


def _transformation(reader: Reader, computed: dict[str, Value]) -> Filter | Group | None:
    token = reader.token
    name = token.text
    if token.kind != "name" or name not in _TRANSFORMATIONS:
        near = get_close_matches(name, _TRANSFORMATIONS, 1)
        raise reader.wrong(near[0] if near else ", ".join(_TRANSFORMATIONS))
    reader.take()
    reader.need("(")
    step = _TRANSFORMATIONS[name](reader, computed)
    reader.need(")", "comma_or_parenthesis")
    return step


def _filter(reader: Reader, computed: dict[str, Value]) -> Filter:
    return Filter(_resolved(reader, condition(reader), computed))


def _compute(reader: Reader, computed: dict[str, Value]) -> None:
    while True:
        at = reader.token.at
        value = _value(reader, computed)
        name = _name(reader)
        if name in computed:
            raise reader.wrong(words("another_name", name=name), at)
        computed[name] = value
        if not reader.skip(","):
            return


def _groupby(reader: Reader, computed: dict[str, Value]) -> Group:
    reader.need("(", "group_keys")
    keys = [_key(reader, computed)]
    while reader.skip(","):
        keys.append(_key(reader, computed))
    reader.need(")", "comma_or_parenthesis")
    measures: tuple[Measure, ...] = ()
    if reader.skip(","):
        if reader.token.text != "aggregate":
            raise reader.wrong("aggregate(…)")
        reader.take()
        reader.need("(")
        measures = _measures(reader, computed)
        reader.need(")", "comma_or_parenthesis")
    return _distinct(reader, Group(tuple(keys), measures))


def _aggregate(reader: Reader, computed: dict[str, Value]) -> Group:
    return _distinct(reader, Group((), _measures(reader, computed)))


def _distinct(reader: Reader, group: Group) -> Group:
    taken: set[str] = set()
    for names, at in (
        *((key.names, key.at) for key in group.keys),
        *(((measure.name,), measure.at) for measure in group.measures),
    ):
        name = "/".join(names)
        if name in taken or (len(names) == 1 and any(one.startswith(f"{name}/") for one in taken)):
            raise reader.wrong(words("name_taken", name=name), at)
        taken.add(name)
    return group


def _key(reader: Reader, computed: Mapping[str, Value]) -> Key:
    token = reader.token
    value = _value(reader, computed)
    if reader.is_word(frozenset({"as"})):
        return Key(value, (_name(reader),), token.at)
    if token.text in computed:
        return Key(value, (token.text,), token.at)
    if isinstance(value, Part | Bucket):
        return Key(value, (value.name if isinstance(value, Part) else "bucket",), token.at)
    if not isinstance(value, ast.Path):
        raise reader.wrong(words("name_for_this"))
    return Key(value, value.names, token.at)


def _value(reader: Reader, computed: Mapping[str, Value]) -> Value:
    """A property, an expression, a part of a time or a bucket of time."""
    token = reader.token
    called = reader.following().text == "("
    if called and token.text in ("date", *buckets.PARTS):
        return _part(reader, computed)
    if called and token.text in ("bucket", f"{NAMESPACE}bucket"):
        return _bucket(reader, computed)
    node = condition(reader)
    if isinstance(node, ast.Path) and len(node.names) == 1 and node.names[0] in computed:
        return computed[node.names[0]]
    return _resolved(reader, node, computed)


def _part(reader: Reader, computed: Mapping[str, Value]) -> Part:
    name = reader.take().text
    reader.need("(")
    by = _resolved(reader, condition(reader), computed)
    zone = _zone(reader) if reader.skip(",") else ""
    reader.need(")", "comma_or_parenthesis")
    return Part(name, by, zone)


def _bucket(reader: Reader, computed: Mapping[str, Value]) -> Bucket:
    reader.take()
    reader.need("(")
    by = _resolved(reader, condition(reader), computed)
    reader.need(",", "comma_and_width")
    token = reader.token
    width = token.text[len("duration'") : -1]
    if token.kind != "typed" or not token.text.startswith("duration'") or not buckets.width(width):
        raise reader.wrong(words("width"))
    reader.take()
    zone = _zone(reader) if reader.skip(",") else ""
    reader.need(")", "comma_or_parenthesis")
    return Bucket(by, width, zone)


def _zone(reader: Reader) -> str:
    token = reader.token
    name = token.text[1:-1]
    if token.kind != "text":
        raise reader.wrong(words("time_zone"))
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise reader.wrong(words("time_zone")) from None
    reader.take()
    return name


def _measures(reader: Reader, computed: Mapping[str, Value]) -> tuple[Measure, ...]:
    found = [_measure(reader, computed)]
    while reader.skip(","):
        found.append(_measure(reader, computed))
    return tuple(found)


def _measure(reader: Reader, computed: Mapping[str, Value]) -> Measure:
    token = reader.token
    if token.kind == "option" and token.text == "$count":
        reader.take()
        return Measure("count", None, _name(reader), 0.0, token.at)
    if token.text == "percentile" and reader.following().text == "(":
        return _percentile(reader, computed)
    of = _resolved(reader, condition(reader), computed)
    if not reader.is_word(frozenset({"with"})):
        raise reader.wrong(words("with_method"))
    reader.take()
    method, share = _method(reader)
    return Measure(method, of, _name(reader), share, token.at)


def _percentile(reader: Reader, computed: Mapping[str, Value]) -> Measure:
    at = reader.take().at
    reader.take()
    of = _resolved(reader, condition(reader), computed)
    reader.need(",", "comma_and_percent")
    token = reader.token
    if token.kind != "number" or not 0 <= float(token.text) <= 100:
        raise reader.wrong(words("percent"))
    reader.take()
    reader.need(")")
    return Measure("percentile", of, _name(reader), float(token.text), at)


def _method(reader: Reader) -> tuple[str, float]:
    token = reader.token
    name = token.text.removeprefix(NAMESPACE)
    own = _PERCENTILE.fullmatch(name)
    if token.kind != "name" or not (name in STANDARD or name in OWN or own):
        raise reader.wrong(words("method", methods=", ".join((*STANDARD, *OWN))))
    reader.take()
    return (name, 0.0) if own is None else ("percentile", float(own.group(1)))


def _name(reader: Reader) -> str:
    if not reader.is_word(frozenset({"as"})):
        raise reader.wrong(words("as_name"))
    reader.take()
    token = reader.token
    if token.kind != "name" or token.text == "*" or token.text.startswith("@"):
        raise reader.wrong(phrase("name"))
    reader.take()
    return token.text


def _resolved(reader: Reader, node: Node, computed: Mapping[str, Value]) -> Node:
    """The expression with the names of ``compute`` replaced by what they stand for."""
    if not computed:
        return node
    match node:
        case ast.Path(names, at) if len(names) == 1 and names[0] in computed:
            value = computed[names[0]]
            if isinstance(value, Part | Bucket):
                raise reader.wrong(words("only_as_key", name=names[0]), at)
            return value
        case ast.Compare(_, left, right) | ast.Arithmetic(_, left, right):
            return replace(
                node,
                left=_resolved(reader, left, computed),
                right=_resolved(reader, right, computed),
            )
        case ast.Logic(_, items):
            return replace(node, items=tuple(_resolved(reader, i, computed) for i in items))
        case ast.Not(item):
            return replace(node, item=_resolved(reader, item, computed))
        case ast.OneOf(left):
            return replace(node, left=_resolved(reader, left, computed))
        case ast.Call(_, arguments):
            some = tuple(_resolved(reader, item, computed) for item in arguments)
            return replace(node, arguments=some)
    return node


_TRANSFORMATIONS: dict[str, Callable[[Reader, dict[str, Value]], Filter | Group | None]] = {
    "filter": _filter,
    "compute": _compute,
    "groupby": _groupby,
    "aggregate": _aggregate,
}
