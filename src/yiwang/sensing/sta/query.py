"""The query options of one request or of one $expand item."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from yiwang.kernel.text import phrase
from yiwang.sensing.sta import apply, ast
from yiwang.sensing.sta.apply import Apply
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.errors import BadSyntax, UnknownOption, words
from yiwang.sensing.sta.expression import Reader, condition, path

MOST_TOP = 1_000_000_000
_MOST_KEPT = 2000
"""Length of a query that is remembered with its meaning."""
_MOST_KEPT_ALONE = 200
"""Length of one option that is; most options say the same beside filters that never do."""
_ONCE = "option_once"


@dataclass(frozen=True)
class Order:
    by: Node
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """``select`` and ``orderby`` are empty, ``filter`` and ``top`` None where not given.
    ``after`` is the cursor of a next link, ``rows_only`` asks for a table to go on with."""

    apply: Apply | None = None
    filter: Node | None = None
    orderby: tuple[Order, ...] = ()
    select: tuple[tuple[str, ...], ...] = ()
    expand: tuple[Expand, ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool | None = None
    format: str = ""
    after: str = ""
    rows_only: bool = False

    def render(self, separator: str = "&") -> str:
        """The options as text, unencoded, that parses to an equal query."""
        parts = []
        if self.apply is not None:
            parts.append(f"$apply={self.apply.text}")
        if self.filter is not None:
            parts.append(f"$filter={ast.render(self.filter)}")
        if self.orderby:
            ways = (ast.render(o.by) + (" desc" if o.descending else "") for o in self.orderby)
            parts.append("$orderby=" + ",".join(ways))
        if self.select:
            parts.append("$select=" + ",".join("/".join(names) for names in self.select))
        if self.expand:
            parts.append("$expand=" + ",".join(item.render() for item in self.expand))
        if self.top is not None:
            parts.append(f"$top={self.top}")
        if self.skip:
            parts.append(f"$skip={self.skip}")
        if self.count is not None:
            parts.append("$count=" + ("true" if self.count else "false"))
        if self.format:
            parts.append(f"$resultFormat={self.format}")
        if self.after:
            parts.append(f"$skiptoken={self.after}")
        return separator.join(parts)


@dataclass(frozen=True)
class Expand:
    name: str
    query: Query = field(default_factory=Query)
    at: int = field(default=0, compare=False)

    def render(self) -> str:
        inner = self.query.render(";")
        return f"{self.name}({inner})" if inner else self.name


def parse(text: str) -> Query:
    """A query string as it came (still percent-encoded). Raises BadSyntax, UnknownOption,
    UnknownFunction."""
    return _parsed(text) if len(text) < _MOST_KEPT else _parsed.__wrapped__(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Query:
    pairs = []
    for part in text.split("&"):
        name, sign, value = part.partition("=")
        if not part:
            continue
        pairs.append((unquote_plus(name), unquote_plus(value) if sign else ""))
    return parse_pairs(pairs)


def parse_pairs(pairs: Iterable[tuple[str, str]]) -> Query:
    """Options already split and decoded."""
    given: dict[str, Any] = {}
    for name, value in pairs:
        option = _option(name)
        if option is None:
            continue
        attribute = _OPTIONS[option][0]
        if attribute in given:
            raise BadSyntax(option, found=f'"{option}"', expected=words(_ONCE))
        given[attribute] = (_kept if len(value) < _MOST_KEPT_ALONE else _value)(option, value)
    return Query(**given)


def _value(option: str, text: str) -> Any:
    reader = Reader(text, option)
    value = _OPTIONS[option][1](reader)
    reader.end("end_of_option")
    return value


_kept = lru_cache(maxsize=4096)(_value)


def _option(name: str) -> str | None:
    """The option of a name; None for a parameter that is none of ours."""
    known = _NAMES.get(name.lower())
    if known is not None:
        return known
    if name.startswith("$") or f"${name.lower()}" in _OPTIONS:
        raise unknown_option(name)
    return None


def unknown_option(name: str) -> UnknownOption:
    near = get_close_matches(f"${name.lstrip('$')}", _OPTIONS, 1, 0.5)
    return UnknownOption(name, option=name, near=near[0] if near else ", ".join(_OPTIONS))


_DESCENDING = frozenset({"desc", "DESC"})
_ASCENDING = frozenset({"asc", "ASC"})
"""In capitals too: frost-sta-client sends DESC unless it is told otherwise."""


def _orders(reader: Reader) -> tuple[Order, ...]:
    orders = [_order(reader)]
    while reader.skip(","):
        orders.append(_order(reader))
    return tuple(orders)


def _order(reader: Reader) -> Order:
    by = condition(reader)
    descending = reader.is_word(_DESCENDING)
    if descending or reader.is_word(_ASCENDING):
        reader.take()
    return Order(by, descending)


def _select(reader: Reader) -> tuple[tuple[str, ...], ...]:
    names = [path(reader)]
    while reader.skip(","):
        names.append(path(reader))
    return tuple(names)


def _expand(reader: Reader) -> tuple[Expand, ...]:
    reader.deeper()
    items = [_expand_item(reader)]
    while reader.skip(","):
        items.append(_expand_item(reader))
    reader.higher()
    merged: dict[str, Expand] = {}
    for item in items:
        merged[item.name] = _merge(merged[item.name], item) if item.name in merged else item
    return tuple(merged.values())


def _merge(one: Expand, other: Expand) -> Expand:
    """``A/B,A/C`` expands A once, with B and C below it."""
    if not other.query.expand:
        return one if other.query == Query() else replace(other, query=other.query)
    below = {item.name: item for item in one.query.expand}
    for item in other.query.expand:
        below[item.name] = _merge(below[item.name], item) if item.name in below else item
    return replace(one, query=replace(one.query, expand=tuple(below.values())))


def _expand_item(reader: Reader) -> Expand:
    at = reader.token.at
    names = path(reader)
    if len(names) > 20:
        raise reader.wrong(words("most_steps", most=20), at)
    query = _inner(reader) if reader.skip("(") else Query()
    item = Expand(names[-1], query, at)
    for name in reversed(names[:-1]):
        item = Expand(name, Query(expand=(item,)), at)
    return item


def _inner(reader: Reader) -> Query:
    given: dict[str, Any] = {}
    while not reader.skip(")"):
        token = reader.token
        if token.kind != "option":
            raise reader.wrong(words("option_or_parenthesis"))
        reader.take()
        option = _option(token.text)
        assert option is not None
        reader.need("=")
        attribute, read = _OPTIONS[option]
        if attribute in given or attribute == "apply":
            wanted = "no_apply_inside" if attribute == "apply" else _ONCE
            raise reader.wrong(words(wanted), token.at)
        given[attribute] = read(reader)
        if not reader.skip(";") and not reader.is_sign(")"):
            raise reader.wrong(words("semicolon_or_parenthesis"))
    return Query(**given)


def _whole(reader: Reader) -> int:
    token = reader.token
    if token.kind != "number" or not token.text.isdecimal() or len(token.text) > 10:
        raise reader.wrong(words("whole_from_0"))
    reader.take()
    return min(int(token.text), MOST_TOP)


def _truth(reader: Reader) -> bool:
    token = reader.token
    if token.kind != "name" or token.text.lower() not in ("true", "false"):
        raise reader.wrong(phrase("true_or_false"))
    reader.take()
    return token.text.lower() == "true"


def _format(reader: Reader) -> str:
    for known in ("dataArray", "GeoJSON", "CSV", "Parquet"):
        if reader.token.text.lower() == known.lower():
            reader.take()
            return known
    raise reader.wrong(words("formats"))


def _cursor(reader: Reader) -> str:
    token = reader.token
    if token.kind != "text":
        raise reader.wrong(words("cursor"))
    reader.take()
    return token.text


_OPTIONS: dict[str, tuple[str, Callable[[Reader], Any]]] = {
    "$apply": ("apply", apply.read),
    "$filter": ("filter", condition),
    "$orderby": ("orderby", _orders),
    "$select": ("select", _select),
    "$expand": ("expand", _expand),
    "$top": ("top", _whole),
    "$skip": ("skip", _whole),
    "$count": ("count", _truth),
    "$resultFormat": ("format", _format),
    "$skiptoken": ("after", _cursor),
}
_NAMES = {name.lower(): name for name in _OPTIONS}
