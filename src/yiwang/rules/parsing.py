"""Reading the text of an expression with ``sqlglot``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser as SqlParser

from yiwang.kernel.text import phrase
from yiwang.rules import errors

MOST_CHARACTERS = 8_000


class RuleLanguage(Dialect):
    """SQL without its functions, which ``functions`` defines, and without CAST and the like."""

    class Parser(SqlParser):
        FUNCTIONS: ClassVar[Any] = {}
        FUNCTION_PARSERS: ClassVar[Any] = {}
        NO_PAREN_FUNCTIONS: ClassVar[Any] = {}
        NO_PAREN_FUNCTION_PARSERS: ClassVar[Any] = {
            "CASE": SqlParser.NO_PAREN_FUNCTION_PARSERS["CASE"]
        }


def parse(text: str, where: str) -> Any:
    """The syntax tree of one expression. Raises BadExpression."""
    if len(text) > MOST_CHARACTERS:
        raise errors.BadExpression(where, text=text[:60] + "…", problem=phrase("too_long"))
    try:
        parsed = _parsed(text)
    except (SqlglotError, RecursionError) as error:
        problem = str(error).split("\n")[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
        raise errors.BadExpression(where, text=text, problem=problem) from None
    if len(parsed) != 1 or parsed[0] is None:
        raise errors.BadExpression(where, text=text, problem=errors.words("one_expression"))
    return parsed[0]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    """Syntax trees are read, never changed, so that equal texts share one."""
    return RuleLanguage().parse(text)
