"""$resultFormat=Parquet: the columns of CSV with their types, written page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from yiwang.kernel import clock
from yiwang.sensing.sta import formats
from yiwang.sensing.sta.aggregation import Exact
from yiwang.sensing.sta.applied import Groups
from yiwang.sensing.sta.formats import Column
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.render import Json
from yiwang.sensing.sta.schema import EntityType

MEDIA = "application/vnd.apache.parquet"
_ROW_GROUP = 100_000
_INSTANT = pa.timestamp("us", "UTC")


class Table:
    """Entities as an Arrow table. A time is a timestamp, with ``…/end`` beside it where it can
    be an interval; a result a double (null where it is no number), with ``result/json`` beside
    it as exact as it came; other objects are JSON. Raises NotSupported as CSV does."""

    def __init__(self, type_: EntityType, query: Query) -> None:
        self._columns = list(formats.columns(type_, query, "", ()))

    def of(self, entities: Sequence[Json]) -> Any:
        names: list[str] = []
        arrays: list[Any] = []
        for column in self._columns:
            values = [formats.value(entity, column.place) for entity in entities]
            for suffix, array in _arrays(column, values):
                names.append(column.name + suffix)
                arrays.append(array)
        return pa.Table.from_arrays(arrays, names)


def _arrays(column: Column, values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    if column.kind == "id":
        yield "", pa.array(values, pa.int64())
    elif column.kind == "instant":
        yield "", pa.array([_ends(value)[0] for value in values], _INSTANT)
    elif column.kind in ("interval", "time"):
        ends = [_ends(value) for value in values]
        yield "", pa.array([start for start, _ in ends], _INSTANT)
        yield "/end", pa.array([end for _, end in ends], _INSTANT)
    elif column.kind == "result":
        yield "", pa.array([_number(value) for value in values], pa.float64())
        yield "/json", pa.array([_json(value) for value in values], pa.string())
    else:
        yield "", pa.array([formats.text(value) for value in values], pa.string())


def _ends(value: Any) -> tuple[int | None, int | None]:
    """Start and end of a time as it is shown; an instant has no end."""
    text = formats.text(value)
    if text is None:
        return None, None
    start, _, end = text.partition("/")
    return clock.parse(start), clock.parse(end) if end else None


def _number(value: Any) -> float | None:
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    return float(value) if type(value) in (int, float) else None


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def groups(found: Groups) -> Any:
    """What $apply came to as an Arrow table: doubles, timestamps, truths and texts. First and
    last results that are not all numbers are JSON."""
    columns = found.table.columns
    names = ["/".join(column.names) for column in columns]
    return pa.Table.from_arrays([_group(c.vector.kind, c.shown) for c in columns], names)


def _group(kind: str, shown: Sequence[Any]) -> Any:
    if kind == "time":
        return pa.array([_ends(value)[0] for value in shown], _INSTANT)
    if kind == "boolean":
        return pa.array(shown, pa.bool_())
    values = [msgspec.Raw(value.encode()) if isinstance(value, Exact) else value for value in shown]
    if kind in ("number", "result"):
        numbers = [_number(value) for value in values]
        if all((n is None) == (value is None) for n, value in zip(numbers, values, strict=True)):
            return pa.array(numbers, pa.float64())
        return pa.array([_json(value) for value in values], pa.string())
    return pa.array([formats.text(value) for value in values], pa.string())


class _Sink:
    """Where a file is written to that leaves as it grows."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        return None

    def close(self) -> None:
        return None

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


class File:
    """A Parquet file in the making, of tables of one schema; rows wait for their row group."""

    def __init__(self, schema: Any) -> None:
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, schema, compression="zstd")
        self._waiting: list[Any] = []

    def add(self, table: Any) -> bytes:
        """What can leave now."""
        self._waiting.append(table)
        if sum(len(one) for one in self._waiting) >= _ROW_GROUP:
            self._write()
        return self._sink.take()

    def end(self) -> bytes:
        """The rest, with the footer that says what is in the file."""
        self._write()
        self._writer.close()
        return self._sink.take()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
            self._waiting = []


async def stream(
    tables: AsyncIterator[Any], run: Callable[..., Awaitable[Any]]
) -> AsyncIterator[bytes]:
    """Tables as one file, part by part. A file that breaks off has no footer, and no reader
    takes it for a whole one. ``run`` calls a function outside of the event loop."""
    file: File | None = None
    async for table in tables:
        file = file or File(table.schema)
        part = await run(file.add, table)
        if part:
            yield part
    if file is not None:
        yield await run(file.end)
