"""Observations as one file, for people and programs that know nothing of SensorThings.

A file is written part by part, so that its size does not matter to the memory; its rows are in
no order. It leaves only once the audit log has a line of who takes what, and how many rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv
from sqlalchemy import Connection, select

from yiwang.contracts.observations import Ints
from yiwang.security.actions import Context, action, query
from yiwang.sensing import sight as sights
from yiwang.sensing import tables as t
from yiwang.sensing.columns import instants
from yiwang.sensing.history import buckets
from yiwang.sensing.sta import service
from yiwang.sensing.sta.columns import Observed
from yiwang.sensing.sta.expression import parse

FORMATS = ("parquet", "csv")
BOM = b"\xef\xbb\xbf"
"""At the head of a CSV file it tells Excel that the text is UTF-8."""

_AT_ONCE = 1000
_ABOUT = pa.schema(
    [
        ("thing", pa.int64()),
        ("thing_name", pa.string()),
        ("datastream_name", pa.string()),
        ("property", pa.string()),
        ("unit", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
    ]
)
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("datastream", pa.int64()),
        ("time_utc", pa.timestamp("us", "UTC")),
        ("time_local", pa.timestamp("us")),
        ("result", pa.float64()),
        ("result_text", pa.string()),
        *_ABOUT,
    ]
)
"""``time_local`` is what the clocks of the city showed; ``result`` is empty where it is no
number; ``result_text`` the result as JSON, as exact as it came; the position is the thing's."""


@dataclass(frozen=True)
class Export:
    """``filter`` is a condition of ``$filter`` on observations, empty for all of them."""

    filter: str = ""
    format: str = "parquet"
    zone: str = "Asia/Shanghai"
    bom: bool = False


@query("sensing.export_observations", permission="sensing.read_own")
def write(ctx: Context, wanted: Export, file: Path) -> int:
    """Write the observations that the caller sees to a file; returns how many. ``record`` must
    follow before the file is handed out. Raises BadSyntax, WrongOperand, UnknownProperty."""
    condition = parse(wanted.filter) if wanted.filter else None
    reading = service.reading_of(ctx, sights.mine(ctx), "")
    about = _About(ctx.connection)
    zone = ZoneInfo(wanted.zone)
    count = 0
    with _writer(wanted, file) as writer:
        for part in reading.every(condition):
            for low in range(0, len(part), 100_000):
                piece = part.take(np.arange(low, min(low + 100_000, len(part))))
                writer.write_table(_table(piece, about, zone))
                count += len(piece)
    return count


@action("sensing.record_export", permission="sensing.read_own", audit_verb="observations_exported")
def record(ctx: Context, wanted: Export, rows: int) -> None:
    """Put down in the audit log that observations leave: what was asked for, and how many."""
    ctx.note("observations", filter=wanted.filter, format=wanted.format, rows=rows)


@action("sensing.record_query", permission="sensing.read_own", audit_verb="entities_exported")
def record_query(ctx: Context, path: str, query: str, form: str) -> None:
    """Put down in the audit log that all of a collection leaves as a table."""
    ctx.note(path[:160], query=query[:2000], format=form)


class _Writer(Protocol):
    def write_table(self, table: Any, /) -> None: ...


@contextmanager
def _writer(wanted: Export, file: Path) -> Iterator[_Writer]:
    if wanted.format == "parquet":
        with pq.ParquetWriter(file, SCHEMA, compression="zstd") as parquet:
            yield parquet
        return
    schema = SCHEMA.set(3, pa.field("time_local", pa.timestamp("s")))
    with file.open("wb") as raw:
        if wanted.bom:
            raw.write(BOM)
        with csv.CSVWriter(raw, schema) as lines:
            yield _Csv(lines, schema)


class _Csv:
    """Seconds are enough for the local time, which spreadsheets then know as a time."""

    def __init__(self, lines: Any, schema: Any) -> None:
        self._lines = lines
        self._schema = schema

    def write_table(self, table: Any, /) -> None:
        local = table.column("time_local").cast(pa.timestamp("s"), safe=False)
        self._lines.write_table(table.set_column(3, self._schema.field(3), local))


class _About:
    """What a row says of its datastream and thing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[int, tuple[Any, ...]] = {}

    def columns(self, datastreams: Ints) -> list[Any]:
        distinct, place = np.unique(datastreams, return_inverse=True)
        self._ask([one for one in distinct.tolist() if one not in self._known])
        nothing = (None,) * len(_ABOUT)
        rows = [self._known.get(one, nothing) for one in distinct.tolist()]
        index = pa.array(place)
        return [
            pa.array([row[column] for row in rows], field.type).take(index)
            for column, field in enumerate(_ABOUT)
        ]

    def _ask(self, unknown: Sequence[int]) -> None:
        streams, things = t.datastreams.c, t.things.c
        for low in range(0, len(unknown), _AT_ONCE):
            chosen = (
                select(
                    streams.id,
                    things.id,
                    things.name,
                    streams.name,
                    streams.property,
                    streams.unit,
                    things.lon,
                    things.lat,
                )
                .join(t.things, things.id == streams.thing)
                .where(streams.id.in_(list(unknown[low : low + _AT_ONCE])))
            )
            for id_, *about in self._connection.execute(chosen):
                self._known[id_] = tuple(about)


def _table(part: Observed, about: _About, zone: ZoneInfo) -> Any:
    number = pa.array(part.result, mask=~np.isfinite(part.result))
    shown = number.cast(pa.string())
    text = shown if part.exact is None else pc.coalesce(_texts(part.exact), shown)
    local = pa.array(buckets.to_local(part.time, zone)).cast(pa.timestamp("us"))
    columns = [
        pa.array(part.number),
        pa.array(part.datastream),
        instants(part.time),
        local,
        number,
        text,
        *about.columns(part.datastream),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _texts(exact: Iterable[str | None]) -> Any:
    return pa.array(list(exact), pa.string())
