"""$filter and $orderby expressions: text to syntax tree, by precedence climbing.

From loosest to tightest: or; and; not; comparisons and ``in``; add, sub; mul, div, mod;
minus; values, properties, functions and parentheses (18-088, 9.3.3.5; OData 4.0 part 2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from difflib import get_close_matches

from yiwang.kernel import clock
from yiwang.kernel.text import Words
from yiwang.sensing.sta import tokens
from yiwang.sensing.sta.ast import (
    FUNCTIONS,
    Arithmetic,
    Call,
    Compare,
    Literal,
    Logic,
    Node,
    Not,
    OneOf,
    Path,
)
from yiwang.sensing.sta.errors import BadSyntax, UnknownFunction, position, words
from yiwang.sensing.sta.tokens import Token

COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_SUMS = frozenset({"add", "sub"})
_PRODUCTS = frozenset({"mul", "div", "mod"})
_WORDS = COMPARISONS | _SUMS | _PRODUCTS | {"and", "or", "in"}
MOST_DEPTH = 60


class Reader:
    """Walks over the tokens of one option's value."""

    def __init__(self, text: str, option: str) -> None:
        self.text = text
        self.option = option
        self._tokens = tokens.split(text, option)
        self._next = 0
        self._depth = 0
        self.token = self._tokens[0]

    def following(self) -> Token:
        return self._tokens[min(self._next + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        token = self.token
        if token.kind != "end":
            self._next += 1
            self.token = self._tokens[self._next]
        return token

    def is_sign(self, sign: str) -> bool:
        return self.token.kind == "sign" and self.token.text == sign

    def skip(self, sign: str) -> bool:
        """Take the sign if it comes next."""
        found = self.is_sign(sign)
        if found:
            self.take()
        return found

    def need(self, sign: str, expected: str = "") -> Token:
        """Take the sign; ``expected`` is the key of the words for what could have stood there."""
        if not self.is_sign(sign):
            raise self.wrong(words(expected) if expected else f'"{sign}"')
        return self.take()

    def is_word(self, words: frozenset[str]) -> bool:
        return self.token.kind == "name" and self.token.text in words

    def is_named(self, word: str) -> bool:
        return self.token.kind == "name" and self.token.text == word

    def end(self, expected: str) -> None:
        if self.token.kind != "end":
            raise self.wrong(words(expected))

    def wrong(self, expected: str | Words, at: int | None = None) -> BadSyntax:
        return tokens.wrong(self.text, at or self.token.at, self.option, expected)

    def deeper(self) -> None:
        """Count a level of nesting, so that no query can exhaust the stack."""
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self.wrong(words("levels_of_nesting", most=MOST_DEPTH))

    def higher(self, levels: int = 1) -> None:
        self._depth -= levels


Part = Callable[[Reader], Node]


def parse(text: str, option: str = "$filter") -> Node:
    """A whole expression. Raises BadSyntax, UnknownFunction."""
    reader = Reader(text, option)
    node = condition(reader)
    reader.end("end_of_expression")
    return node


def condition(reader: Reader) -> Node:
    """Anything: a condition of $filter or a value of $orderby."""
    reader.deeper()
    node = _logic(reader, "or", _conjunction)
    reader.higher()
    return node


def _conjunction(reader: Reader) -> Node:
    return _logic(reader, "and", _negation)


def _logic(reader: Reader, operator: str, part: Part) -> Node:
    first = part(reader)
    items = [first]
    at = reader.token.at
    while reader.is_named(operator):
        reader.take()
        items.append(part(reader))
    return first if len(items) == 1 else Logic(operator, tuple(items), at)


def _negation(reader: Reader) -> Node:
    if not (reader.is_named("not") and not _is_operator(reader.following())):
        return _comparison(reader)
    at = reader.take().at
    reader.deeper()
    item = _negation(reader)
    reader.higher()
    return Not(item, at)


def _is_operator(token: Token) -> bool:
    return token.kind == "name" and token.text in _WORDS


def _comparison(reader: Reader) -> Node:
    left = _sum(reader)
    if reader.is_word(COMPARISONS):
        operator = reader.take()
        return Compare(operator.text, left, _sum(reader), operator.at)
    if reader.is_named("in"):
        at = reader.take().at
        reader.need("(", "list_of_values")
        return OneOf(left, _arguments(reader), at)
    return left


def _sum(reader: Reader) -> Node:
    return _chain(reader, _SUMS, _product)


def _product(reader: Reader) -> Node:
    return _chain(reader, _PRODUCTS, _value)


def _chain(reader: Reader, operators: frozenset[str], part: Part) -> Node:
    node = part(reader)
    levels = 0
    while reader.is_word(operators):
        operator = reader.take()
        reader.deeper()
        levels += 1
        node = Arithmetic(operator.text, node, part(reader), operator.at)
    reader.higher(levels)
    return node


def _value(reader: Reader) -> Node:
    token = reader.token
    if reader.skip("("):
        node = condition(reader)
        reader.need(")", "operator_or_parenthesis")
        return node
    if reader.skip("-"):
        reader.deeper()
        node = Arithmetic("sub", Literal("number", 0, token.at), _value(reader), token.at)
        reader.higher()
        return node
    if token.kind == "name" and token.text != "*":
        return _named(reader)
    if token.kind in _LITERALS:
        return _literal(reader)
    raise reader.wrong(words("operand"))


_LITERALS = frozenset({"text", "number", "time", "interval", "date", "clock", "typed"})
_CONSTANTS: dict[str, tuple[str, float | bool | None]] = {
    "null": ("null", None),
    "true": ("boolean", True),
    "false": ("boolean", False),
}


def _named(reader: Reader) -> Node:
    token = reader.token
    after = reader.following()
    if after.kind == "sign" and after.text == "(":
        return _call(reader)
    if token.text in _CONSTANTS and not (after.kind == "sign" and after.text == "/"):
        reader.take()
        kind, value = _CONSTANTS[token.text]
        return Literal(kind, value, token.at)
    return Path(path(reader), token.at)


def path(reader: Reader) -> tuple[str, ...]:
    """Names joined by slashes; a later name may be a number (the place in a list)."""
    names: list[str] = []
    while True:
        token = reader.token
        if token.kind != "name" and not (names and token.kind in ("number", "text")):
            raise reader.wrong(words("property_name"))
        reader.take()
        name = token.text
        names.append(name[1:-1].replace("''", "'") if token.kind == "text" else name)
        if not reader.skip("/"):
            return tuple(names)


def _call(reader: Reader) -> Node:
    token = reader.take()
    name = token.text.lower()
    if name not in FUNCTIONS:
        near = get_close_matches(name, FUNCTIONS, 1)
        known = near[0] if near else ", ".join(sorted(FUNCTIONS))
        where = position(reader.option, token.at)
        raise UnknownFunction(where, function=token.text, near=known)
    reader.take()
    arguments = _arguments(reader)
    least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        key = "arguments" if least == most else "arguments_between"
        raise reader.wrong(words(key, function=name, least=least, most=most), token.at)
    return Call(name, arguments, token.at)


def _arguments(reader: Reader) -> tuple[Node, ...]:
    if reader.skip(")"):
        return ()
    items = [condition(reader)]
    while reader.skip(","):
        items.append(condition(reader))
    reader.need(")", "comma_or_parenthesis")
    return tuple(items)


def _literal(reader: Reader) -> Literal:
    token = reader.take()
    text = token.text
    match token.kind:
        case "text":
            return Literal("text", _unquote(text), token.at)
        case "typed":
            kind, _, rest = text.partition("'")
            kind = "geography" if kind == "geometry" else kind
            return Literal(kind, _unquote("'" + rest), token.at)
        case "number":
            return Literal("number", _number(reader, token), token.at)
        case "time":
            return Literal("time", _instant(reader, text, token.at), token.at)
        case "interval":
            start, end = (_instant(reader, part, token.at) for part in text.split("/"))
            return Literal("interval", (start, end), token.at)
        case _:
            return Literal(token.kind, text, token.at)


def _number(reader: Reader, token: Token) -> int | float:
    text = token.text
    if text.lstrip("-").isdecimal() and len(text) < 20 and abs(int(text)) < 2**63:
        return int(text)
    value = float(text)
    if not math.isfinite(value):
        raise reader.wrong(words("number_of_64_bits"), token.at)
    return value


def _instant(reader: Reader, text: str, at: int) -> int:
    # An unencoded plus of a zone arrives as a space.
    try:
        return clock.parse(text.replace(" ", "+"))
    except ValueError:
        raise reader.wrong(words("time_such_as"), at) from None


def _unquote(text: str) -> str:
    return text[1:-1].replace("''", "'")
