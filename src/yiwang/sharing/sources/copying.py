"""PostgreSQL's rows by COPY, parsed in bulk: five times as fast as row by row."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import csv as pa_csv
from sqlalchemy import Connection

from yiwang.sharing.sources import arrays
from yiwang.sharing.sources.model import Column


def batches(
    connection: Connection, query: Any, columns: Sequence[Column], size: int
) -> Iterator[Any]:
    """What a statement gives, ``size`` rows at a time, with its values bound by the driver."""
    compiled = query.compile(dialect=connection.dialect)
    statement, values = f"COPY ({compiled}) TO STDOUT (FORMAT csv)", compiled.params
    if not values:  # the driver leaves a statement without values as it is
        statement = statement.replace("%%", "%")
    cursor: Any = connection.connection.cursor()
    try:
        with cursor.copy(statement, values or None) as copy:
            held: list[bytes] = []
            while row := copy.read():
                held.append(bytes(row))
                if len(held) == size:
                    yield _batch(held, columns)
                    held = []
            if held:
                yield _batch(held, columns)
    finally:
        cursor.close()


def _batch(rows: Sequence[bytes], columns: Sequence[Column]) -> Any:
    """A column that is not wholly of its type comes as text."""
    content = b"".join(rows)
    try:
        table = _parsed(content, columns, exact=True)
    except pa.ArrowException:
        table = _parsed(content, columns, exact=False)
    made = [
        _finished(table.column(place).combine_chunks(), one) for place, one in enumerate(columns)
    ]
    return pa.RecordBatch.from_arrays(made, [one.name for one in columns])


def _parsed(content: bytes, columns: Sequence[Column], exact: bool) -> Any:
    names = [f"c{place}" for place in range(len(columns))]
    types = [_type(one) if exact else pa.string() for one in columns]
    return pa_csv.read_csv(
        io.BytesIO(content),
        pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(content) + 1),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(
            column_types=dict(zip(names, types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )


def _type(column: Column) -> Any:
    """Numbers and truths are parsed at once; of the others the text decides."""
    unknown = column.type == "N" and column.scale is None and column.length is None
    return arrays.type_of(column) if column.type in "NYL" and not unknown else pa.string()


def _finished(array: Any, column: Column) -> Any:
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if column.type == "G":
        values = array.to_pylist()
        return pa.array([None if one is None else bytes.fromhex(one[2:]) for one in values])
    return arrays.timed(array, column)
