"""Observations as Arrow tables (``segments.SCHEMA``) and as batches of NumPy columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from yiwang.contracts.observations import Ints, ObservationBatch
from yiwang.sensing.hot import Chunk
from yiwang.sensing.log import texts
from yiwang.sensing.segments import INSTANT, SCHEMA

FEW = 200
"""Datastreams up to which their rows are looked up and not filtered out."""
ORDER = [(name, "ascending") for name in ("datastream", "time", "number")]


def instants(values: Ints) -> Any:
    return pa.array(values, pa.int64()).cast(INSTANT)


def times(column: Any) -> Ints:
    values: Ints
    if column.num_chunks == 1:
        values = column.chunk(0).view(pa.int64()).to_numpy()
    else:
        values = column.cast(pa.int64()).to_numpy()
    return values


def table(chunk: Chunk, count: int, rows: Ints | None = None) -> pa.Table:
    """The first ``count`` rows of a chunk, or those of them that ``rows`` names."""
    picked: Any = slice(0, count) if rows is None else rows
    index = np.arange(count) if rows is None else rows
    columns = [
        pa.array(index + chunk.first),
        pa.array(chunk.datastream[picked].astype(np.int32)),
        instants(chunk.time[picked]),
        pa.array(chunk.result[picked]),
        _text_column(chunk.exact, index),
        _text_column(chunk.extra, index),
        instants(chunk.received[picked]),
        _sources(chunk, index),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _text_column(values: Sequence[str | None] | None, index: Ints) -> Any:
    """Of texts that may end before the rows do: what is missing is None."""
    found = picked(values, index)
    return pa.nulls(len(index), pa.string()) if found is None else pa.array(found, pa.string())


def picked(values: Sequence[str | None] | None, rows: Ints) -> list[str | None] | None:
    """Some rows of texts that may end before the rows do; None where none of them has one."""
    if values is None:
        return None
    size = len(values)
    found = [values[row] if row < size else None for row in rows.tolist()]
    return found if any(text is not None for text in found) else None


def _sources(chunk: Chunk, index: Ints) -> Any:
    if len(index) < len(chunk.bounds):
        return pa.array([chunk.source_of(row) for row in index.tolist()], pa.string())
    frames = np.searchsorted(np.array(chunk.bounds), index, "right")
    source = pa.DictionaryArray.from_arrays(pa.array(frames, pa.int32()), list(chunk.sources))
    return source.cast(pa.string())


def matching(
    chunk: Chunk, count: int, datastreams: Ints | None, start: int, end: int
) -> pa.Table | None:
    """Rows of a chunk that belong to the sorted ``datastreams`` (None: all) in start … end."""
    if datastreams is not None and len(datastreams) <= FEW:
        rows = chunk.rows_of(datastreams, count)
        time = chunk.time[rows]
        rows = rows[(time >= start) & (time <= end)]
    else:
        time = chunk.time[:count]
        keep = (time >= start) & (time <= end)
        if datastreams is not None:
            keep &= np.isin(chunk.datastream[:count], datastreams)
        rows = np.flatnonzero(keep)
    return table(chunk, count, rows) if len(rows) else None


def cut(rows: pa.Table, datastreams: Ints | None, start: int, end: int) -> pa.Table:
    """As ``within``, of rows in the order of datastream and time."""
    if datastreams is None or len(datastreams) > FEW:
        return within(rows, datastreams, start, end)
    streams, time = rows.column("datastream").to_numpy(), times(rows.column("time"))
    wanted = datastreams.astype(np.int32)
    low = np.searchsorted(streams, wanted, "left").tolist()
    high = np.searchsorted(streams, wanted, "right").tolist()
    parts = []
    for first, last in zip(low, high, strict=True):
        begin, behind = np.searchsorted(time[first:last], (start, end + 1))
        if begin < behind:
            parts.append(rows.slice(first + int(begin), int(behind - begin)))
    return parts[0] if len(parts) == 1 else pa.concat_tables(parts or [rows.slice(0, 0)])


def within(rows: pa.Table, datastreams: Ints | None, start: int, end: int) -> pa.Table:
    """The rows of the sorted ``datastreams`` (None: all) in start … end."""
    time = times(rows.column("time"))
    keep = (time >= start) & (time <= end)
    if datastreams is not None:
        keep &= np.isin(rows.column("datastream").to_numpy(), datastreams)
    return rows if keep.all() else rows.filter(pa.array(keep))


def versions(batch: ObservationBatch, numbers: Sequence[int], source: str) -> pa.Table:
    """New versions of the numbers as a table."""
    index = np.arange(len(batch))
    arrays = [
        pa.array(np.asarray(numbers, np.int64)),
        pa.array(batch.datastream.astype(np.int32)),
        instants(batch.time),
        pa.array(batch.result),
        _text_column(batch.exact, index),
        _text_column(batch.extra, index),
        instants(np.asarray(batch.received)),
        pa.array([source] * len(batch), pa.string()),
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def record(rows: pa.Table) -> dict[str, Any]:
    """The only row of a table, times as instants."""
    for name in ("time", "received"):
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, name, rows.column(name).cast(pa.int64()))
    row: dict[str, Any] = rows.to_pylist()[0]
    return row


def batch(rows: pa.Table, first: int, position: int) -> ObservationBatch:
    """A table as columns, in its order."""
    rows = rows.combine_chunks()
    return ObservationBatch(
        first=first,
        position=position,
        datastream=rows.column("datastream").to_numpy().astype(np.int64),
        time=times(rows.column("time")),
        result=rows.column("result").to_numpy(),
        received=times(rows.column("received")),
        exact=texts(rows.column("exact")),
        extra=texts(rows.column("extra")),
    )
