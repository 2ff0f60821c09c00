"""Where the rows of resources lie, and what is known of them besides: read for the workbench."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yiwang.kernel.clock import DAY
from yiwang.security.actions import Caller
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.catalogue.scores import CYCLE
from yiwang.sharing.quality.model import About, Profile, label_of
from yiwang.sharing.quality.workbench import Batches, Rows, Tables
from yiwang.sharing.sources import arrays
from yiwang.sharing.sources import store as sources
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.reading import Reader

_TIME = re.compile(r"年份|年度|统计年|月份|季度|日期|year|month|quarter|date|period", re.IGNORECASE)
_UNIT = re.compile(r"(计量)?单位|unit", re.IGNORECASE)


def has_data(resource: Resource) -> bool:
    return bool(resource.dataset or (resource.source and resource.table))


def about(resource: Resource, data_at: int | None = None, before: Profile | None = None) -> About:
    """What the catalogue knows of a resource's table: units stand in the names of items, as
    ``电信业务总量（亿元）``; time is the column of the key that is of a date or is named so."""
    keys = [item for item in resource.items if item.key]
    along = [one.column for one in keys if one.type in "DT" or _TIME.search(one.name)]
    units = {item.column: label_of(item.name)[1] for item in resource.items}
    naming = [item.column for item in resource.items if _UNIT.fullmatch(item.name)]
    return About(
        resource.code,
        resource.name,
        resource.keys,
        along[-1] if along else "",
        {column: unit for column, unit in units.items() if unit},
        naming[0] if naming else "",
        data_at,
        days_of(resource.update_cycle),
        before,
    )


def days_of(update_cycle: str) -> float | None:
    """Days within which data of a cycle is brought up to date; not less than one, for checks run
    once a day. None for irregular."""
    cycle = CYCLE.get(update_cycle)
    return None if cycle is None else max(1.0, cycle / DAY)


def tables(caller: Caller, data_at: int | None, before: Profile | None) -> Tables:
    """The tables of resources by their codes. ``data_at`` and ``before`` are of the one that is
    judged, which is asked for first."""
    asked: list[str] = []

    def one(code: str) -> tuple[About, Rows] | None:
        with caller.database.read() as connection:
            resource = catalogue.find(connection, code)
        if resource is None or not has_data(resource):
            return None
        known = (data_at, before) if not asked else (None, None)
        asked.append(code)
        return about(resource, *known), rows(caller, resource)

    return one


def rows(caller: Caller, resource: Resource) -> Rows:
    """The rows of a resource, batch by batch. Raises NoSuchDataset, NoSuchSource, NoSuchTable,
    SourceUnreachable."""
    if resource.dataset:
        datasets: Datasets = caller.ports[Datasets]
        kept = datasets.describe(resource.dataset)
        batches = datasets.batches(kept.name, opened=kept.sealed)
        return Batches(arrays.schema_of(kept.columns), batches)
    with caller.database.read() as connection:
        source = sources.source(connection, resource.source or "")
    reader = caller.ports[Sources].open(source)
    try:
        shape = reader.shape(resource.table or "", 0)
    except BaseException:
        reader.close()
        raise
    return Batches(arrays.schema_of(shape.columns), _read(reader, shape.table))


def _read(reader: Reader, table: str) -> Iterator[Any]:
    try:
        yield from reader.batches(table)
    finally:
        reader.close()
