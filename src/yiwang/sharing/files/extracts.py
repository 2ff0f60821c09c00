"""Rows of a grant as typed tables, a page at a time: masked as the gateway gives them, and marked
for their receiver where their labels say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from yiwang.security.actions import Caller, Context, query
from yiwang.security.protection import leaks, watermark
from yiwang.security.protection.city import Protection
from yiwang.security.protection.masks import Mask
from yiwang.security.protection.watermark import Mark
from yiwang.sharing.gateway import access, locating, reading
from yiwang.sharing.gateway.access import Access
from yiwang.sharing.gateway.errors import NoData
from yiwang.sharing.gateway.usage import Usage
from yiwang.sharing.grants.model import Grant
from yiwang.sharing.sources import arrays
from yiwang.sharing.sources.model import shown

ROWS = 5000
"""Rows of a page."""
_UNIQUE = ("plain", "format", "hash")
"""Masks under which keys still tell rows apart."""

Place = list[Any] | None


@dataclass(frozen=True)
class Plan:
    """What an extract under a grant looks like. ``titles``: what people call the columns;
    ``number``: the receiver's, from which the marks follow."""

    held: Grant
    resource: str
    title: str
    schema: pa.Schema
    titles: tuple[str, ...]
    marks: tuple[Mark, ...]
    number: int = 0


def planned(caller: Caller, grant: int) -> Plan:
    """Raises NoGrant, NoData."""
    plan = plan_extract(caller, grant)
    if not plan.marks:
        return plan
    receiver = receiver_of(plan.held.organisation)
    args = (plan.schema, plan.resource, receiver, plan.marks)
    return replace(plan, number=leaks.register_copy(caller, *args))


def pages(caller: Caller, plan: Plan) -> Iterator[pa.Table]:
    """The rows, each page under the grant as it stands then and counted against its day. Raises
    NoGrant, NoData, TooManyCalls."""
    protection: Protection = caller.ports[Protection]
    secret = leaks.secret(protection, plan.resource)
    after: Place = None
    while True:
        items, after = read_page(caller, plan.held.id, after)
        table = _table(plan.schema, items)
        if plan.marks:
            table = watermark.marked(table, plan.marks, secret, plan.number)
        if table.num_rows:
            yield table
        if after is None:
            return


@query("sharing.plan_extract", permission="sharing.operate")
def plan_extract(ctx: Context, grant: int) -> Plan:
    """What an extract of all that a grant gives looks like. Raises NoGrant, NoData."""
    held = access.under(ctx, grant, "file")
    columns = {one.name: one for one in locating.columns(ctx, held.resource)}
    protection = ctx.port(Protection)
    masks = {name: protection.mask(held.items[name].label) for name in held.masked}
    fields = [
        pa.field(name, _kind(arrays.type_of(columns[name]), masks.get(name)))
        for name in held.items
        if name in columns
    ]
    if len(fields) != len(held.items) or not fields:
        raise NoData(resource=held.resource.id)
    schema = pa.schema(fields)
    titles = tuple(held.items[name].name for name in schema.names)
    if len(set(titles)) != len(titles):
        titles = tuple(schema.names)
    marks = _marks(protection, held, masks, schema)
    names = (resource_of(held.resource.id), held.resource.name)
    return Plan(held.grant, *names, schema, titles, marks)


@query("sharing.read_extract", permission="sharing.operate")
def read_page(ctx: Context, grant: int, after: Place) -> tuple[list[dict[str, Any]], Place]:
    """Rows behind a place, as the grant gives them now. Raises NoGrant, NoData, TooManyCalls."""
    held = access.under(ctx, grant, "file")
    items, place = reading.page(ctx, held, after, ROWS)
    ctx.port(Usage).take(ctx, held.grant, len(items))
    return items, place


def resource_of(id: int) -> str:
    """What a resource is called among the marked copies."""
    return f"resource:{id}"


def receiver_of(organisation: int) -> str:
    return f"organisation:{organisation}"


def _marks(
    protection: Protection, held: Access, masks: Mapping[str, Mask], schema: pa.Schema
) -> tuple[Mark, ...]:
    """Marks of the columns whose labels ask for them, where the copy can carry them: the key goes
    with it and tells its rows apart, and the values are of a kind that can be moved."""
    keys = held.resource.keys
    if any(name in masks and masks[name].method not in _UNIQUE for name in keys):
        return ()
    found = []
    for name, item in held.items.items():
        label = protection.labels.get(item.label)
        if label is None or label.mark is None:
            continue
        mark = replace(label.mark, column=name, key=keys)
        if leaks.fault(schema, mark, set(keys)) is None:
            found.append(mark)
    return tuple(found)


def _kind(plain: Any, mask: Mask | None) -> Any:
    """The Arrow type of what a mask shows of values of a type."""
    if mask is None or mask.method in ("plain", "suppress"):
        return plain
    if mask.method == "noise":
        stays = pa.types.is_integer(plain) or pa.types.is_temporal(plain)
        return plain if stays else pa.float64()
    if mask.method == "generalise" and mask.to == "decimals":
        return pa.float64()
    return pa.string()


def _table(schema: pa.Schema, items: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = [
        pa.array([_fitting(one[field.name], field.type) for one in items], field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _fitting(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if pa.types.is_string(kind):
        return shown(value)
    return float(value) if pa.types.is_floating(kind) else value
