"""The words of a SensorThings query: strings, numbers, times, names, signs."""

from __future__ import annotations

import re
from typing import NamedTuple

from yiwang.kernel.text import Words
from yiwang.sensing.sta.errors import BadSyntax, position, words

MOST_TOKENS = 20_000

_DATE = r"\d{4}-\d\d-\d\d"
_TIME = _DATE + r"T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+\- ]\d\d:?\d\d)"
_WORDS = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<interval>{_TIME}/{_TIME})
  | (?P<time>{_TIME})
  | (?P<date>{_DATE}(?![\d:T]))
  | (?P<clock>\d\d:\d\d(?::\d\d(?:\.\d+)?)?)
  | (?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
  | (?P<typed>(?:geography|geometry|duration)'(?:[^']|'')*')
  | (?P<text>'(?:[^']|'')*')
  | (?P<option>\$[A-Za-z]+)
  | (?P<name>(?:@iot\.)?[^\W\d][\w]*(?:[.\-][\w]+)*(?:@iot\.\w+)?|\*)
  | (?P<sign>[()/,;=\-:])
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    kind: str
    text: str
    at: int
    """Position in the value of the option, from 1."""


def split(text: str, option: str) -> list[Token]:
    """The tokens of one option's value, with an ``end`` token last. Raises BadSyntax."""
    found: list[Token] = []
    place = 0
    if "\0" in text:
        raise wrong(text, text.index("\0") + 1, option, words("sign"))
    for match in _WORDS.finditer(text):
        if match.start() != place:
            break
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token(kind, match.group(), place + 1))
        place = match.end()
        if len(found) > MOST_TOKENS:
            raise wrong(text, place, option, words("most_words", most=MOST_TOKENS))
    if place < len(text):
        raise wrong(text, place + 1, option, _suggestion(text[place]))
    found.append(Token("end", "", len(text) + 1))
    return found


def wrong(text: str, at: int, option: str, expected: str | Words) -> BadSyntax:
    """The error for position ``at`` (from 1), showing the text around it."""
    rest = text[at - 1 : at + 19]
    found = f'"{rest}"' if rest else words("the_end")
    return BadSyntax(position(option, at), found=found, expected=expected)


def _suggestion(sign: str) -> str | Words:
    if sign == "'":
        return words("closing_quote")
    if sign == '"':
        return words("single_quotes")
    if sign in "<>=!":
        return words("operator_in_letters", operators="eq, ne, gt, ge, lt, le")
    if sign in "+*%":
        return words("operator_in_letters", operators="add, sub, mul, div, mod")
    if sign in "&|":
        return "and, or"
    return words("operand_or_operator")
