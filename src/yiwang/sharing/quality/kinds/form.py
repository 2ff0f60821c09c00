"""What a kind of rule asks for: from this a form is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

FieldKind = Literal[
    "column",
    "columns",
    "expression",
    "pattern",
    "values",
    "end",
    "flag",
    "choice",
    "number",
    "whole",
    "share",
    "table",
    "tables",
    "conditions",
    "figure",
    "figures",
    "tolerance",
]
"""How a field is filled in. ``end``: a number or a date; ``share``: 5% or 0.05; ``table`` and
``tables``: by catalogue code; ``conditions``: columns with values, as ``where`` is."""

Shape = Literal["columns", "expression", "one_each", "each", "fields"]
"""The value of a rule's key: columns, an expression, one value or fields for each of some
columns, or fields."""


@dataclass(frozen=True)
class Field:
    """``table``: the field that names the table whose columns these are; the rule's own, where
    that is empty. ``words``: where the texts of the options stand."""

    name: str
    kind: FieldKind
    required: bool = False
    options: tuple[str, ...] = ()
    default: Any = None
    table: str = ""
    words: str = "sharing.quality.option"


@dataclass(frozen=True)
class Form:
    """``alternatives``: groups of fields of which one is filled in."""

    shape: Shape
    fields: tuple[Field, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()


COLUMNS = Form("columns")
EXPRESSION = Form("expression")
ALONG = (Field("along", "column"), Field("within", "columns"))
"""The column of time and what names a series."""
