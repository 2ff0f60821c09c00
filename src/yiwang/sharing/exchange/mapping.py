"""From the columns of a source to those of a target: names, constants, codes, and checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yiwang.kernel import identifiers
from yiwang.sharing.exchange.model import Check, Rule
from yiwang.sharing.sources import model
from yiwang.sharing.sources.model import BadValue, Column, Refusal, Shape

NO_CODE = "no_code"
REASONS = ("required", "pattern", "least", "most", "identifier")


def usual(source: Shape, target: Shape) -> tuple[Rule, ...]:
    """Without a mapping: the columns that both have, by their names."""
    given = {one.name for one in source.columns}
    return tuple(Rule(one.name, one.name) for one in target.columns if one.name in given)


def mapped(batch: Any, rules: Sequence[Rule]) -> tuple[Any, list[Refusal]]:
    """A batch of the target's columns, and the values that have no code."""
    arrays, refused = [], []
    for rule in rules:
        array = _taken(batch, rule)
        if rule.codes is not None:
            array, bad = _translated(array, rule)
            refused += bad
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, [one.to for one in rules]), refused


def _taken(batch: Any, rule: Rule) -> Any:
    if rule.join:
        parts = [pc.fill_null(_text(batch.column(name)), "") for name in rule.join]
        return pc.binary_join_element_wise(*parts, rule.between)
    if not rule.from_:
        return pa.array([rule.constant] * batch.num_rows)
    array = batch.column(rule.from_)
    return pc.utf8_trim_whitespace(_text(array)) if rule.trim else array


def _text(array: Any) -> Any:
    if pa.types.is_string(array.type):
        return array
    values = array.to_pylist()
    return pa.array([None if one is None else model.shown(one) for one in values], pa.string())


def _translated(array: Any, rule: Rule) -> tuple[Any, list[Refusal]]:
    codes = rule.codes or {}
    values, refused = [], []
    for row, value in enumerate(_text(array).to_pylist()):
        if value is None or value in codes:
            values.append(None if value is None else codes[value])
            continue
        if rule.otherwise == "reject":
            refused.append(Refusal(row, rule.to, value[:200], NO_CODE))
        values.append(value if rule.otherwise == "keep" else None)
    return pa.array(values, pa.string()), refused


Checker = Callable[[Any], list[Refusal]]
"""Finds the rows of a batch that must not go into the target."""


def checker(checks: Sequence[Check], columns: Sequence[Column]) -> Checker:
    """The checks of a job as one."""
    tests = [(one, model.next_of(columns, one.column)) for one in checks]

    def found(batch: Any) -> list[Refusal]:
        told: dict[int, Refusal] = {}
        for check, column in tests:
            for row, value in enumerate(batch.column(check.column).to_pylist()):
                reason = _reason(check, column, value)
                if reason and row not in told:
                    shown = "" if value is None else model.shown(value)[:200]
                    told[row] = Refusal(row, check.column, shown, reason)
        return [told[row] for row in sorted(told)]

    return found


def _reason(check: Check, column: Column, value: Any) -> str:
    if value is None or value == "":
        return "required" if check.required else ""
    if check.pattern and not _fits(check.pattern, model.shown(value)):
        return "pattern"
    for reason, bound in (("least", check.least), ("most", check.most)):
        if bound is not None:
            limit = _bound(bound, column)
            if value < limit if reason == "least" else value > limit:
                return reason
    if check.identifier and not identifiers.valid(check.identifier, model.shown(value)):
        return "identifier"
    return ""


def _fits(pattern: str, text: str) -> bool:
    """Whole, by RE2, which takes no longer than the text is long."""
    whole = f"^(?:{pattern})$"
    return bool(pc.match_substring_regex(pa.scalar(text), whole).as_py())


def _bound(value: Any, column: Column) -> Any:
    return model.parsed(value, Column(column.name, column.type, None, column.scale))


def wrong_check(checks: Sequence[Check], columns: Sequence[Column]) -> str:
    """The first check that cannot be made of these columns, in a few words; empty for none."""
    for one in checks:
        try:
            column = model.next_of(columns, one.column)
            pc.match_substring_regex(pa.scalar(""), one.pattern or "x")
            for bound in (one.least, one.most):
                if bound is not None:
                    _bound(bound, column)
        except (KeyError, BadValue, pa.ArrowException) as error:
            return f"{one.column}: {error}"
    return ""
