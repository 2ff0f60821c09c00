"""Marked copies given out and found again: the numbers of receivers, and tracing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, func, select

from yiwang.security.actions import Context, action, query
from yiwang.security.protection import watermark
from yiwang.security.protection.city import Protection
from yiwang.security.protection.errors import BadMark, NotTraceable
from yiwang.security.protection.tables import watermarks
from yiwang.security.protection.watermark import Mark

MOST_FALSE = 1e-6
"""The chance that a trace names anybody who never had the copy, over all receivers together."""


@dataclass(frozen=True)
class Found:
    """Whose copy it is. ``bound``: the chance of a fit this good for anybody by accident."""

    resource: str
    receiver: str
    since: int
    fitting: int
    cells: int
    bound: float


@dataclass(frozen=True)
class Trace:
    """``cells`` of the copy that carry marks, ``receivers`` that were compared."""

    found: list[Found]
    cells: int
    receivers: int


def given(
    ctx: Context, table: pa.Table, resource: str, receiver: str, marks: Sequence[Mark]
) -> pa.Table:
    """The copy for one receiver, in the transaction of the action that gives it out. The same
    receiver always gets the same marks, so that two deliveries show nothing of them.

    Raises BadMark for a column that is not there, or that cannot carry such marks.
    """
    number = register_copy(ctx, table.schema, resource, receiver, list(marks))
    return watermark.marked(table, marks, _secret(ctx, resource), number)


@action("protection.register_copy", permission="sharing.provide", audit_verb="copy_marked")
def register_copy(
    ctx: Context, schema: pa.Schema, resource: str, receiver: str, marks: Sequence[Mark]
) -> int:
    """The number of a receiver's copy of a resource, from which its marks follow. Raises BadMark
    for a column that is not there, or that cannot carry such marks."""
    _check(schema, marks)
    ctx.note(f"watermark:{resource}", receiver=receiver, columns=[one.column for one in marks])
    return _number(ctx.connection, resource, receiver, marks, ctx.now)


@query("protection.trace", permission="sharing.audit")
def trace_leak(ctx: Context, table: pa.Table, resource: str) -> Trace:
    """Whose copy a table is: of one resource, or of any where ``resource`` is empty. Raises
    NotTraceable where nothing of that name was given out, or no marked column is left."""
    given_out = _receivers(ctx.connection, resource)
    found: list[Found] = []
    cells = compared = 0
    groups = [(name, marks, rows) for (name, marks), rows in given_out.items()]
    for name, marks, rows in groups:
        count = max(row["number"] for row in rows) + 1
        scored = watermark.scores(table, marks, _secret(ctx, name), count)
        cells, compared = max(cells, scored[0].cells), compared + len(rows)
        by_number = {row["number"]: row for row in rows}
        for one in watermark.named(scored, MOST_FALSE / len(groups)):
            if one.number in by_number:
                row = by_number[one.number]
                measures = (one.fitting, one.cells, one.bound)
                found.append(Found(name, row["receiver"], row["at"], *measures))
    if not cells:
        raise NotTraceable(resource=resource or "*", columns=_needed(given_out))
    return Trace(sorted(found, key=lambda one: one.bound), cells, compared)


@action("protection.record_trace", permission="sharing.audit", audit_verb="protection.trace")
def record_trace(ctx: Context, resource: str, file: str, trace: Trace) -> None:
    """Write down that somebody traced a copy, and whom it named."""
    named = [one.receiver for one in trace.found]
    ctx.note(f"watermark:{resource or '*'}", file=file[:100], cells=trace.cells, named=named)


def secret(protection: Protection, resource: str) -> bytes:
    """What the marks of a resource's copies follow from."""
    return protection.secret(f"watermark:{resource}")


def _secret(ctx: Context, resource: str) -> bytes:
    return secret(ctx.port(Protection), resource)


def _number(
    connection: Connection, resource: str, receiver: str, marks: Sequence[Mark], now: int
) -> int:
    """The number of a receiver among those of a resource; a new one where the marks are new."""
    written = [asdict(mark) for mark in marks]
    query = select(watermarks.c.number, watermarks.c.marks).where(
        watermarks.c.resource == resource, watermarks.c.receiver == receiver
    )
    for row in connection.execute(query):
        if _marks(row.marks) == tuple(marks):
            number: int = row.number
            return number
    last = select(func.max(watermarks.c.number)).where(watermarks.c.resource == resource)
    highest = connection.execute(last).scalar()
    number = 0 if highest is None else highest + 1
    values = {"resource": resource, "number": number, "receiver": receiver, "at": now}
    connection.execute(watermarks.insert().values(**values, marks=written))
    return number


_Given = dict[tuple[str, tuple[Mark, ...]], list[dict[str, Any]]]


def _receivers(connection: Connection, resource: str) -> _Given:
    query = select(watermarks).order_by(watermarks.c.resource, watermarks.c.number)
    if resource:
        query = query.where(watermarks.c.resource == resource)
    found: _Given = {}
    for row in connection.execute(query):
        found.setdefault((row.resource, _marks(row.marks)), []).append(dict(row._mapping))
    return found


def _marks(written: Sequence[Mapping[str, Any]]) -> tuple[Mark, ...]:
    return tuple(
        Mark(**{**one, "key": tuple(one["key"]), "spellings": tuple(one["spellings"])})
        for one in written
    )


def _needed(given_out: _Given) -> str:
    columns = {
        name for _, marks in given_out for mark in marks for name in (mark.column, *mark.key)
    }
    return ", ".join(sorted(columns))


def resources(connection: Connection, most: int) -> list[str]:
    """Of which resources marked copies were given out, those of the last ones first."""
    last = func.max(watermarks.c.id)
    query = select(watermarks.c.resource).group_by(watermarks.c.resource)
    return list(connection.execute(query.order_by(last.desc()).limit(most)).scalars())


def fault(schema: pa.Schema, mark: Mark, keys: set[str]) -> tuple[str, str] | None:
    """The column that cannot be as a mark wants it, and why; None where it can. ``keys``: columns
    that tell rows apart, which no mark changes."""
    missing = {mark.column, *mark.key} - set(schema.names)
    if missing:
        return ", ".join(sorted(missing)), "missing"
    if not mark.key or mark.column in keys:
        return mark.column, "key"
    if not 0 < mark.share <= 1:
        return mark.column, "share"
    kind = schema.field(mark.column).type
    if mark.spellings[0]:
        one, other = mark.spellings
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not text or not other or one in other or other in one:
            return mark.column, "spellings"
    elif not _countable(kind) or mark.unit <= 0 or not _divisible(kind, mark.unit):
        return mark.column, "unit"
    return None


def _check(schema: pa.Schema, marks: Sequence[Mark]) -> None:
    """Marks change what they are declared for, and never what tells rows apart."""
    keys = {name for mark in marks for name in mark.key}
    for mark in marks:
        found = fault(schema, mark, keys)
        if found is not None:
            raise BadMark(column=found[0], why=found[1])


def _divisible(kind: Any, unit: float) -> bool:
    """Whether values of a type can be moved by a unit."""
    if pa.types.is_decimal(kind):
        digits = Decimal(str(unit)).normalize().as_tuple().exponent
        return isinstance(digits, int) and -digits <= kind.scale
    return bool(pa.types.is_floating(kind)) or not unit % 1


def _countable(kind: Any) -> bool:
    types = pa.types
    times = types.is_date(kind) or types.is_timestamp(kind)
    numbers = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return bool(numbers or times)
