"""A recording, read in event-time order in batches that are the same at every run."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yiwang.replay.errors import NoRecording, NoSuchColumn, NotARecording
from yiwang.replay.mapping import Places, Recording

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MISSING_TIME = -(2**62)


@dataclass(frozen=True)
class Rows:
    """Rows of a recording. ``code`` indexes ``codes`` (-1: none); ``time`` is MISSING_TIME where
    the cell holds none; ``values`` has a column for each mapped property, NaN where the cell is
    empty; ``unreadable`` marks cells that hold something that is not a number."""

    cursor: int
    code: Ints
    time: Ints
    values: list[Floats]
    unreadable: list[NDArray[np.bool_]]

    def __len__(self) -> int:
        return len(self.code)


class Reader:
    """Opens a Parquet or CSV file. Raises NoRecording, NotARecording, NoSuchColumn."""

    def __init__(self, file: Path, recording: Recording) -> None:
        if not file.is_file():
            raise NoRecording(str(file), file=str(file))
        self._recording = recording
        self._connection = duckdb.connect()
        scan = "read_csv" if file.suffix.lower() in (".csv", ".tsv", ".txt") else "read_parquet"
        try:
            self._connection.execute(
                f"CREATE VIEW recording AS SELECT * FROM {scan}(?)".replace("?", _quoted(str(file)))
            )
            described = self._connection.execute("DESCRIBE recording").fetchall()
        except duckdb.Error as error:
            raise NotARecording(str(file), problem=str(error).splitlines()[0]) from error
        self._types = {row[0]: row[1] for row in described}
        for column in (recording.time, recording.code, *(v.column for v in recording.values)):
            if column not in self._types:
                known = ", ".join(self._types)
                raise NoSuchColumn(str(file), column=column, known=known)
        self.identity = _identity(file)
        self.rows = self._count()
        self.codes = self._codes()

    def _count(self) -> int:
        found = self._connection.execute("SELECT count(*) FROM recording").fetchone()
        return int(found[0]) if found else 0

    def _codes(self) -> list[str]:
        code = _name(self._recording.code)
        query = (
            f"SELECT DISTINCT {code}::VARCHAR FROM recording WHERE {code} IS NOT NULL ORDER BY 1"
        )
        return [row[0] for row in self._connection.execute(query).fetchall()]

    def first_time(self) -> int | None:
        """The earliest time in the file, in microseconds; None for a file without times."""
        found = self._extreme("min")
        return None if found == MISSING_TIME else found

    def last_time(self) -> int:
        """The latest time in the file, in microseconds; 0 for a file without times."""
        found = self._extreme("max")
        return 0 if found == MISSING_TIME else found

    def _extreme(self, function: str) -> int:
        query = f"SELECT {function}({self._time()}) AS time FROM recording"
        table = self._connection.sql(query).to_arrow_table()
        return int(self._micros(table["time"])[0].as_py())

    def batches(self, cursor: int, size: int) -> Iterator[Rows]:
        """Batches of exactly ``size`` rows (the last one fewer) behind row ``cursor``, ordered
        by time, then code, then place in the file; rows without a time come first."""
        recording = self._recording
        cells = ", ".join(
            f"TRY_CAST({_name(v.column)} AS DOUBLE) AS v{i}, "
            f"{_name(v.column)} IS NOT NULL AND v{i} IS NULL AS u{i}"
            for i, v in enumerate(recording.values)
        )
        query = (
            f"SELECT {_name(recording.code)}::VARCHAR AS code, {self._time()} AS time, {cells} "
            "FROM (SELECT *, row_number() OVER () AS __row FROM recording) "
            f"ORDER BY time NULLS FIRST, code, __row OFFSET {int(cursor)}"
        )
        position = pa.array(self.codes, pa.string())
        for table in _exactly(self._connection.sql(query).to_arrow_reader(size), size):
            cursor += table.num_rows
            yield self._rows(table, position, cursor)

    def _time(self) -> str:
        column = _name(self._recording.time)
        kind = self._types[self._recording.time]
        return column if kind.startswith("TIMESTAMP") else f"TRY_CAST({column} AS TIMESTAMPTZ)"

    def _rows(self, table: pa.Table, position: pa.Array, cursor: int) -> Rows:
        code = pc.fill_null(pc.index_in(table["code"], position), -1)
        micros = self._micros(table["time"])
        values, unreadable = [], []
        for index, value in enumerate(self._recording.values):
            column = table[f"v{index}"].to_numpy().astype(np.float64, copy=True)
            values.append(column * value.scale if value.scale != 1.0 else column)
            unreadable.append(table[f"u{index}"].to_numpy().astype(bool))
        return Rows(cursor, code.to_numpy().astype(np.int64), micros.to_numpy(), values, unreadable)

    def _micros(self, time: Any) -> Any:
        """Times as microseconds; those without a zone are in the mapping's zone."""
        if time.type.tz is None and self._recording.zone != "UTC":
            time = pc.assume_timezone(
                time, self._recording.zone, ambiguous="earliest", nonexistent="earliest"
            )
        whole = time.cast(pa.timestamp("us", time.type.tz)).cast("int64")
        return pc.fill_null(whole, MISSING_TIME)


def _exactly(reader: pa.RecordBatchReader, size: int) -> Iterator[pa.Table]:
    """The same rows in tables of exactly ``size``."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in reader:
        held.append(batch)
        count += batch.num_rows
        while count >= size:
            table = pa.Table.from_batches(held)
            yield table.slice(0, size)
            held = table.slice(size).to_batches()
            count -= size
    if count:
        yield pa.Table.from_batches(held)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identity(file: Path) -> str:
    """A short name of the file's content, so that another file is another source."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:12]


@dataclass(frozen=True)
class PlaceRow:
    """A place as the places file has it; what a cell does not hold is None."""

    code: str
    name: str
    lon: float | None
    lat: float | None
    attributes: dict[str, float | str]


def places(file: Path | None, wanted: Places, codes: list[str]) -> list[PlaceRow]:
    """The places of a recording: from the file (rows without a code are no places), and one
    without a position for each code that the file lacks. Raises NoRecording, NoSuchColumn."""
    found: dict[str, PlaceRow] = {}
    if file is not None:
        if not file.is_file():
            raise NoRecording(str(file), file=str(file))
        with file.open(encoding="utf-8-sig", newline="") as content:
            rows = csv.DictReader(content)
            columns = [wanted.code, wanted.name, wanted.lon, wanted.lat]
            columns += list((wanted.attributes or {}).values())
            for column in filter(None, columns):
                if column not in (rows.fieldnames or []):
                    known = ", ".join(rows.fieldnames or [])
                    raise NoSuchColumn(str(file), column=column, known=known)
            for row in rows:
                if row[wanted.code]:
                    found[row[wanted.code]] = _place(row, wanted)
    for code in codes:
        found.setdefault(code, PlaceRow(code, code, None, None, {}))
    return list(found.values())


def _place(row: dict[str, str], wanted: Places) -> PlaceRow:
    attributes: dict[str, float | str] = {}
    for attribute, column in (wanted.attributes or {}).items():
        text = row[column].strip()
        if text:
            number = _number(text)
            attributes[attribute] = text if number is None else number
    code = row[wanted.code]
    name = row[wanted.name] if wanted.name else code
    lon = _number(row[wanted.lon]) if wanted.lon else None
    lat = _number(row[wanted.lat]) if wanted.lat else None
    return PlaceRow(code, name or code, lon, lat, attributes)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
