"""Marked copies of files: a provider gives a table, and each receiver gets its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from yiwang.security.actions import Caller
from yiwang.security.protection import leaks, watermark
from yiwang.security.protection.city import Protection
from yiwang.security.protection.errors import BadMark
from yiwang.security.protection.watermark import Mark


def marks(
    units: Sequence[str], spellings: Sequence[str], key: Sequence[str], share: float
) -> tuple[Mark, ...]:
    """Marks as people write them: ``income:1`` and ``address:（|(``. Raises BadMark."""
    found = []
    for one in units:
        column, _, unit = one.rpartition(":")
        try:
            found.append(Mark(column, tuple(key), unit=float(unit), share=share))
        except ValueError:
            raise BadMark(column=one, why="unit") from None
    for one in spellings:
        column, _, pair = one.partition(":")
        first, bar, second = pair.partition("|")
        if not bar:
            raise BadMark(column=one, why="spellings")
        found.append(Mark(column, tuple(key), spellings=(first, second), share=share))
    if not found:
        raise BadMark(column="", why="missing")
    return tuple(found)


def made(
    caller: Caller, table: pa.Table, resource: str, receiver: str, wanted: Sequence[Mark]
) -> bytes:
    """The copy of a table of texts for one receiver, as CSV in UTF-8. Cells without a mark are as
    they were, to the letter. Raises BadMark."""
    typed = table
    for mark in wanted:
        if mark.column in table.column_names and not mark.spellings[0]:
            place = table.column_names.index(mark.column)
            typed = typed.set_column(place, mark.column, _typed(table[mark.column]))
    number = leaks.register_copy(caller, typed.schema, resource, receiver, list(wanted))
    secret = caller.ports[Protection].secret(f"watermark:{resource}")
    return _csv(table, typed, watermark.marked(typed, wanted, secret, number), wanted)


def _typed(column: Any) -> Any:
    """Texts as the numbers or dates that all of them are; as they are where some are neither."""
    plain = column.to_pylist()
    for kind, read in ((pa.int64(), int), (pa.float64(), float), (pa.date32(), _date)):
        try:
            values = [None if one is None else read(one) for one in plain]
            return pa.array(values, kind)
        except (ValueError, OverflowError, pa.ArrowInvalid):
            continue
    return column


def _date(text: str) -> date:
    return date.fromisoformat(text.replace("/", "-"))


def _csv(given: pa.Table, before: pa.Table, after: pa.Table, wanted: Sequence[Mark]) -> bytes:
    columns = {name: given[name].to_pylist() for name in given.column_names}
    for name in {mark.column for mark in wanted}:
        cells = zip(*(one[name].to_pylist() for one in (given, before, after)), strict=True)
        columns[name] = [text if old == new else _shown(new, text) for text, old, new in cells]
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(columns)
    lines.writerows(zip(*columns.values(), strict=True))
    return out.getvalue().encode("utf-8-sig")


def _shown(value: Any, before: str) -> str:
    """A moved value as the one before it was written: with as many decimals, and such dates."""
    if isinstance(value, date):
        return value.isoformat().replace("-", "/") if "/" in before else value.isoformat()
    if not isinstance(value, float):
        return str(value)
    try:
        exponent = Decimal(before).as_tuple().exponent
    except InvalidOperation:
        return str(value)
    exact = Decimal(repr(value))
    places = max(-int(exponent), -int(exact.as_tuple().exponent), 0)
    return f"{exact:.{places}f}"
