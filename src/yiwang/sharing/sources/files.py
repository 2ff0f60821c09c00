"""Sources that are folders of files: CSV, TSV, Excel, Parquet."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from yiwang.sharing.sources import model, narrowing, reading
from yiwang.sharing.sources.databases import _shown
from yiwang.sharing.sources.errors import ForbiddenPlace, NoSuchTable, UnreadableFile, words
from yiwang.sharing.sources.model import Column, Condition, Order, Shape
from yiwang.sharing.sources.reading import SIZE, Refused

_DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_SHEETS = (".xlsx", ".xlsm")
_SUFFIXES = (*_DELIMITERS, *_SHEETS, ".parquet")
_LOOKED_AT = 1000
"""Rows from which types are inferred."""
_LONGEST_FIELD = 16 * 1024 * 1024

csv.field_size_limit(min(_LONGEST_FIELD, sys.maxsize))


class FileReader:
    """The files of one folder and below it. A table is the path of its file; a sheet of a
    workbook is ``file.xlsx#sheet`` (the first one without). Values of texts are texts."""

    ordered = False

    def __init__(self, folder: Path, encoding: str = "", delimiter: str = "") -> None:
        self.folder = folder.resolve()
        self._encoding = encoding
        self._delimiter = delimiter

    def tables(self) -> list[str]:
        found = []
        for file in sorted(self.folder.rglob("*")):
            if file.suffix.lower() in _SUFFIXES and file.is_file() and not self._outside(file):
                found.append(file.relative_to(self.folder).as_posix())
        return found

    def shape(self, table: str, samples: int = 3) -> Shape:
        file, sheet = self._file(table)
        with _readable(table):
            if file.suffix.lower() == ".parquet":
                return _parquet_shape(table, file, samples)
            names, rows = self._open(file, sheet, table)
            some = [row for row in islice(rows, _LOOKED_AT) if len(row) == len(names)]
        across = list(zip(*some, strict=True)) if some else [()] * len(names)
        columns = tuple(
            model.inferred(name, values) for name, values in zip(names, across, strict=True)
        )
        few = {
            one.name: tuple(dict.fromkeys(_shown(value) for value in values if value))[:samples]
            for one, values in zip(columns, across, strict=True)
        }
        return Shape(table, columns, samples=few)

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        after: Sequence[Any] | None = None,
        size: int = SIZE,
        refused: Refused | None = None,
    ) -> Iterator[Any]:
        file, _ = self._file(table)
        shape = self.shape(table, 0)
        wanted = reading.chosen(shape, columns)
        narrowing.check_unordered(table, order, after)
        with _readable(table):
            for batch in self._whole(file, table, shape, size, refused):
                kept = narrowing.narrowed(batch, shape, where)
                yield kept.select([one.name for one in wanted])

    def close(self) -> None:
        """Nothing stays open."""

    def _whole(
        self, file: Path, table: str, shape: Shape, size: int, refused: Refused | None
    ) -> Iterator[Any]:
        if file.suffix.lower() == ".parquet":
            with pq.ParquetFile(file) as opened:
                yield from opened.iter_batches(size)
            return
        _, sheet = self._file(table)
        names, rows = self._open(file, sheet, table)
        even = _even(rows, len(names), table, refused)
        while part := list(islice(even, size)):
            across = zip(*part, strict=True)
            made = [pa.array(values, pa.string()) for values in across]
            yield pa.RecordBatch.from_arrays(made, names)

    def _open(self, file: Path, sheet: str, table: str) -> tuple[list[str], Iterator[list[Any]]]:
        """The names of the columns and the rows behind them, as texts."""
        if file.suffix.lower() in _SHEETS:
            rows: Iterator[list[Any]] = _sheet(file, sheet, table)
        else:
            delimiter = self._delimiter or _DELIMITERS[file.suffix.lower()]
            rows = _separated(file, delimiter, self._encoding or _encoding(file))
        names = [str(one or "").strip() for one in next(rows, [])]
        if not names or not all(names) or len(set(names)) != len(names):
            problem = words("first_row")
            raise UnreadableFile(table, file=table, problem=problem)
        return names, rows

    def _file(self, table: str) -> tuple[Path, str]:
        name, _, sheet = table.partition("#")
        file = self.folder / name
        if self._outside(file):
            raise ForbiddenPlace(table, place=name)
        if file.suffix.lower() not in _SUFFIXES or not file.is_file():
            raise NoSuchTable(table, table=table)
        return file, sheet

    def _outside(self, file: Path) -> bool:
        return not file.resolve().is_relative_to(self.folder)


def _even(
    rows: Iterable[list[Any]], width: int, table: str, refused: Refused | None
) -> Iterator[list[Any]]:
    """Rows that have as many fields as there are columns; an empty line is none."""
    for number, row in enumerate(rows, start=1):
        if len(row) == width:
            yield row
        elif any(row):
            if refused is None:
                problem = words("other_width", row=number, found=len(row), wanted=width)
                raise UnreadableFile(table, file=table, problem=problem)
            refused(number, "|".join(str(one or "") for one in row), "columns")


def _separated(file: Path, delimiter: str, encoding: str) -> Iterator[list[Any]]:
    """An empty field is no value."""
    with file.open(encoding=encoding, newline="") as lines:
        for row in csv.reader(lines, delimiter=delimiter):
            yield [one if one else None for one in row]


def _encoding(file: Path) -> str:
    """UTF-8 where the whole file is; else what Chinese Windows writes."""
    with file.open(encoding="utf-8-sig") as lines:
        try:
            while lines.read(1 << 20):
                pass
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8-sig"


def _sheet(file: Path, sheet: str, table: str) -> Iterator[list[Any]]:
    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        if sheet and sheet not in book.sheetnames:
            raise NoSuchTable(table, table=table)
        found = book[sheet] if sheet else book.worksheets[0]
        rows = found.iter_rows(values_only=True)
        first = list(next(rows, ()))
        while first and first[-1] is None:
            first.pop()
        width = len(first)
        for row in chain([first], rows):
            cut = [None if one is None or one == "" else model.shown(one) for one in row]
            if any(one is not None for one in cut):
                while len(cut) > width and cut[-1] is None:
                    cut.pop()
                yield cut + [None] * (width - len(cut))
    finally:
        book.close()


def _parquet_shape(table: str, file: Path, samples: int) -> Shape:
    with pq.ParquetFile(file) as opened:
        schema, rows = opened.schema_arrow, opened.metadata.num_rows
        first: Any = next(opened.iter_batches(max(samples, 1)), None) if samples else None
    columns = tuple(_parquet_column(field) for field in schema)
    few = {}
    for one in columns if first is not None else ():
        values = (value for value in first.column(one.name).to_pylist() if value is not None)
        few[one.name] = tuple(dict.fromkeys(_shown(value) for value in values))
    return Shape(table, columns, rows=rows, samples=few)


def _parquet_column(field: Any) -> Column:
    kinds, found, name = pa.types, field.type, field.name
    required = not field.nullable
    if kinds.is_boolean(found):
        return Column(name, "L", required=required)
    if kinds.is_integer(found):
        return Column(name, "N", 20 if found == pa.uint64() else None, 0, required)
    if kinds.is_floating(found):
        return Column(name, "N", 15, None, required)
    if kinds.is_decimal(found):
        return Column(name, "N", found.precision, found.scale, required)
    if kinds.is_date(found):
        return Column(name, "D", required=required)
    if kinds.is_timestamp(found):
        return Column(name, "T", required=required)
    binary = kinds.is_binary(found) or kinds.is_large_binary(found)
    return Column(name, "G" if binary else "C", required=required)


@contextmanager
def _readable(table: str) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeError, csv.Error, ValueError, KeyError, pa.ArrowException) as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile(table, file=table, problem=str(error)[:300]) from error
