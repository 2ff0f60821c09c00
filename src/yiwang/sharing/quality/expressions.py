"""SQL scalar expressions over the columns of one table, and nothing else of SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from yiwang.kernel.text import phrase
from yiwang.sharing.quality.errors import BadExpression, words

_MOST_CHARACTERS = 2_000
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Abs, exp.Round)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_PARTS = (
    *_ARITHMETIC,
    *_COMPARISONS,
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.Paren, exp.Null, exp.Boolean, exp.Literal),
    *(exp.Column, exp.Identifier, exp.Case, exp.If, exp.Coalesce, exp.Length, exp.Lower),
    *(exp.Upper, exp.Trim, exp.Greatest, exp.Least, exp.Like),
)


def parse(text: str, where: str) -> Any:
    """The syntax tree. Raises BadExpression for what is not in the language."""
    if len(text) > _MOST_CHARACTERS:
        raise BadExpression(where, text=text[:60] + "…", problem=phrase("too_long"))
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        problem = str(error).split("\n")[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
        raise BadExpression(where, text=text, problem=problem) from None
    for node in tree.walk():
        if not isinstance(node, _PARTS):
            written = node.sql(dialect="duckdb")[:60]
            unknown = words("not_in_language", part=written)
            raise BadExpression(where, text=text, problem=unknown)
        if isinstance(node, exp.Column) and node.table:
            raise BadExpression(where, text=text, problem=words("names_table", part=node.sql()))
    return tree


def columns(tree: Any) -> list[str]:
    """The columns that it speaks of, each once."""
    return list(dict.fromkeys(node.name for node in tree.find_all(exp.Column)))


def sql(tree: Any, kinds: Mapping[str, str], numeric: bool = False) -> str:
    """The expression in DuckDB's SQL. Texts that stand where numbers are wanted (everywhere,
    with ``numeric``) are read as numbers."""

    def quoted(node: Any) -> Any:
        if not isinstance(node, exp.Column):
            return node
        name = exp.column(exp.to_identifier(node.name, quoted=True))
        if kinds.get(node.name) == "VARCHAR" and (numeric or _wants_number(node)):
            return exp.TryCast(this=name, to=exp.DataType.build("DOUBLE"))
        return name

    found: str = tree.transform(quoted).sql(dialect="duckdb")
    return found


def _wants_number(node: Any) -> bool:
    above = node.parent
    while isinstance(above, exp.Paren):
        above = above.parent
    if isinstance(above, _ARITHMETIC):
        return True
    if not isinstance(above, _COMPARISONS):
        return False
    others = [each for each in above.iter_expressions() if each is not node]
    return any(
        isinstance(each, _ARITHMETIC) or (isinstance(each, exp.Literal) and not each.is_string)
        for each in others
    )
