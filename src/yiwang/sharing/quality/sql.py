"""Pieces of SQL (DuckDB's), with every name and text quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def number(expression: str) -> str:
    """What is printed as a number, as one; anything else is missing."""
    return f"TRY_CAST({expression} AS DOUBLE)"


def struct(values: Mapping[str, str]) -> str:
    """A structure of expressions by name; NULL without any."""
    if not values:
        return "NULL"
    return "{" + ", ".join(f"{text(key)}: {value}" for key, value in values.items()) + "}"


def blank(column: str) -> str:
    """Whether a cell is missing: null, or nothing but spaces."""
    return f"({column} IS NULL OR trim(CAST({column} AS VARCHAR)) = '')"


@dataclass(frozen=True)
class Filter:
    """Rows whose columns have one of some values (``keep``) and none of others (``drop``)."""

    keep: tuple[tuple[str, tuple[str, ...]], ...] = ()
    drop: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def columns(self) -> list[str]:
        return [column for column, _ in (*self.keep, *self.drop)]

    def fixed(self) -> set[str]:
        """Columns that can have one value only."""
        return {column for column, values in self.keep if len(values) == 1}

    def sql(self) -> str:
        parts = [_among(column, values) for column, values in self.keep]
        parts += [f"NOT coalesce({_among(column, values)}, false)" for column, values in self.drop]
        return " AND ".join(parts) or "true"


EVERY = Filter()
"""Lets every row through."""


def _among(column: str, values: Sequence[str]) -> str:
    return f"CAST({name(column)} AS VARCHAR) IN ({', '.join(text(each) for each in values)})"


def relation(
    source: str,
    *,
    key: Mapping[str, str],
    column: str,
    value: str,
    bad: str,
    reason: str,
    expected: str = "NULL",
    sure: str = "true",
    row: str = "_row",
    fields: Mapping[str, str] | None = None,
) -> str:
    """What is judged, row by row, in the columns that ``Workbench.tally`` counts and shows."""
    return (
        f"SELECT {row} AS r, {struct(key)} AS k, {column} AS c, {value} AS v, {expected} AS e, "
        f"{bad} AS bad, {sure} AS sure, {reason} AS reason, {struct(fields or {})} AS f "
        f"FROM ({source})"
    )
