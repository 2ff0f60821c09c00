"""The table that a library keeps up to date in Datasets: a row for each entity, with the fields
that its declaration publishes. A resource of the catalogue that names this table shares it under
grants.

Rows go there first and are marked here afterwards: after a crash in between they go there again,
which changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import Row

from yiwang.contracts.events import DatasetChanged
from yiwang.kernel.clock import to_datetime
from yiwang.security.actions import Caller
from yiwang.sharing.libraries import pairs, store
from yiwang.sharing.libraries.desk import Desk
from yiwang.sharing.libraries.errors import TableTaken
from yiwang.sharing.libraries.importing import Watch, nothing
from yiwang.sharing.libraries.model import Library, Record
from yiwang.sharing.libraries.vault import Vault
from yiwang.sharing.sources import arrays, kept
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column
from yiwang.store import outbox

PART = 500
_KEY = "entity"


def columns(library: Library) -> tuple[Column, ...]:
    """The columns of a library's table; ``sources`` counts the feeds that an entity is in."""
    made = [Column(_KEY, "N", 18, 0)]
    for field in library.fields:
        if field.published:
            made.append(Column(field.name, field.type))
    return (*made, Column("sources", "N", 9, 0), Column("changed_at", "T"))


def prepare(datasets: Datasets, library: Library) -> None:
    """Make the table, or give it the columns of the declaration, sealed where it says so. A sealed
    column that is declared no more stays, and is empty. Raises BadDataset where a column would
    change its type, TableTaken for a table that is none of a library."""
    wanted = columns(library)
    if library.dataset not in datasets.names():
        datasets.create(library.dataset, wanted, (_KEY,))
    there = datasets.describe(library.dataset)
    if there.key != (_KEY,):
        raise TableTaken(library.dataset, dataset=library.dataset)
    declared = {one.name for one in wanted}
    left = (one for one in there.columns if one.name in there.sealed and one.name not in declared)
    whole = (*wanted, *left)
    if [one.name for one in there.columns] != [one.name for one in whole]:
        datasets.alter(library.dataset, whole)
    datasets.seal(library.dataset, [one.name for one in wanted if one.name in library.sealed])


def publish(caller: Caller, code: str, watch: Watch = nothing) -> int:
    """Bring the table up to date; how many rows were out of date."""
    datasets: Datasets = caller.ports[Datasets]
    done, ready = 0, False
    while True:
        with caller.database.read() as connection:
            library = store.library(connection, code)
            stale = pairs.stale(connection, library.id, PART)
            if not stale:
                return done
            desk = Desk(connection, library, Vault.of(caller), caller.clock.now())
            rows, gone = _rows(desk, stale, datasets)
        if not ready:
            prepare(datasets, desk.library)
            ready = True
        _written(datasets, desk.library, rows, gone)
        watch("written")
        done += len(stale)
        with caller.database.write() as connection:
            pairs.published(connection, stale)
            if not pairs.stale(connection, library.id, 1):
                now = caller.clock.now()
                told = DatasetChanged(desk.library.dataset, now, done, f"library/{code}")
                outbox.put(connection, [told], now)


def _written(
    datasets: Datasets, library: Library, rows: list[dict[str, Any]], gone: list[int]
) -> None:
    schema = arrays.schema_of(columns(library))
    if rows:
        batch = pa.RecordBatch.from_pylist([_typed(library, row, datasets.zone) for row in rows])
        datasets.upsert(library.dataset, batch.select(schema.names))
    if gone:
        datasets.remove(library.dataset, pa.RecordBatch.from_pydict({_KEY: gone}))


def _rows(
    desk: Desk, stale: list[Row[Any]], datasets: Datasets
) -> tuple[list[dict[str, Any]], list[int]]:
    """Rows of the table, and the entities that have none any more."""
    crowds = desk.of([row.id for row in stale])
    known = pairs.conflicts(desk.connection, [row.id for row in stale])
    rows, gone = [], []
    for row in stale:
        crowd = crowds.get(row.id, [])
        outcomes = desk.outcomes(crowd, known.get(row.id, {}))
        if not outcomes:
            gone.append(row.id)
            continue
        values = {name: one.value for name, one in outcomes.items()}
        local = to_datetime(row.changed_at).astimezone(datasets.zone).replace(tzinfo=None)
        values |= {_KEY: row.id, "sources": _sources(crowd), "changed_at": local}
        rows.append(values)
    return rows, gone


def _sources(crowd: list[Record]) -> int:
    return len({one.feed for one in crowd if one.ended is None})


def _typed(library: Library, row: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """All columns, numbers as floating ones, times as such: one type in a column of a batch."""
    made: dict[str, Any] = {}
    for column in columns(library):
        value = row.get(column.name)
        if column.type == "N" and column.scale is None and value is not None:
            value = float(value)
        elif column.type == "T" and isinstance(value, str):
            value = kept.local(datetime.fromisoformat(value), zone)
        made[column.name] = value
    return made
