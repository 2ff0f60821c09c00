"""Rows of a resource, wherever its data lies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from yiwang.security.actions import Context
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.gateway.errors import NoData
from yiwang.sharing.sources import store as sources
from yiwang.sharing.sources.databases import SqlReader
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.errors import NoSuchDataset, NoSuchSource
from yiwang.sharing.sources.model import Column, Condition, Order
from yiwang.sharing.sources.opening import Sources


def rows(
    ctx: Context,
    resource: Resource,
    columns: Sequence[str],
    where: Sequence[Condition],
    order: Sequence[Order],
    limit: int,
    after: Sequence[Any] | None,
    opened: Collection[str],
) -> list[dict[str, Any]]:
    """Rows of the resource's table, in an order that its key completes. ``opened``: the columns
    that a grant gives, of which sealed ones have values. Raises NoData where the data is no table
    of ours and of no declared database, NoSuchColumn and BadCondition."""
    if not resource.keys:
        raise NoData(resource=resource.id)
    if resource.dataset:
        try:
            kept = ctx.port(Datasets)
            asked = (columns, where, order, limit, after)
            return kept.read(resource.dataset, *asked, opened=opened)
        except NoSuchDataset as error:
            raise NoData(resource=resource.id) from error
    if not resource.source or not resource.table:
        raise NoData(resource=resource.id)
    return _declared(ctx, resource, columns, where, _whole(resource, order), limit, after)


def columns(ctx: Context, resource: Resource) -> list[Column]:
    """The columns of the resource's table, with their types. Raises NoData."""
    if resource.dataset:
        try:
            return list(ctx.port(Datasets).describe(resource.dataset).columns)
        except NoSuchDataset as error:
            raise NoData(resource=resource.id) from error
    if not resource.source or not resource.table:
        raise NoData(resource=resource.id)
    reader = _opened(ctx, resource)
    try:
        return list(reader.shape(resource.table, samples=0).columns)
    finally:
        reader.close()


def _whole(resource: Resource, order: Sequence[Order]) -> list[Order]:
    named = {one.column for one in order}
    return [*order, *(Order(name) for name in resource.keys if name not in named)]


def _declared(
    ctx: Context,
    resource: Resource,
    columns: Sequence[str],
    where: Sequence[Condition],
    order: Sequence[Order],
    limit: int,
    after: Sequence[Any] | None,
) -> list[dict[str, Any]]:
    reader = _opened(ctx, resource)
    found: list[dict[str, Any]] = []
    try:
        batches = reader.batches(resource.table or "", columns, where, order, after, limit)
        for batch in batches:
            found += batch.to_pylist()
            if len(found) >= limit:
                break
    finally:
        reader.close()
    return found[:limit]


def _opened(ctx: Context, resource: Resource) -> SqlReader:
    try:
        source = sources.source(ctx.connection, resource.source or "")
    except NoSuchSource as error:
        raise NoData(resource=resource.id) from error
    reader = ctx.port(Sources).open(source)
    if not isinstance(reader, SqlReader):
        reader.close()
        raise NoData(resource=resource.id)
    return reader
