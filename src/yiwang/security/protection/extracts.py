"""Found copies as tables: CSV, TSV, Excel and Parquet, every value as it stands there."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.utils.exceptions import InvalidFileException

from yiwang.security.protection.errors import BadExtract
from yiwang.security.protection.watermark import whole

_UNREADABLE = (
    *(InvalidFileException, BadZipFile, OSError, ValueError, KeyError, csv.Error),
    pa.ArrowException,
)
_ENCODINGS = ("utf-8-sig", "gb18030")
_MOST_BYTES = 1 << 30
"""What a compressed copy may unpack to."""


def read(name: str, content: bytes) -> pa.Table:
    """A table whose first row names its columns. Raises BadExtract."""
    suffix = Path(name).suffix.lower()
    try:
        if suffix == ".parquet":
            return _parquet(content)
        rows = _sheet(content) if suffix in (".xlsx", ".xlsm") else _lines(content, suffix)
    except _UNREADABLE as error:
        raise BadExtract(name, reason=str(error)) from error
    if not rows:
        raise BadExtract(name, reason="0 rows")
    head = [str(one if one is not None else "").strip() for one in rows[0]]
    columns: dict[str, Any] = {}
    for place, title in enumerate(head):
        if title and title not in columns:
            cells = [row[place] if place < len(row) else None for row in rows[1:]]
            columns[title] = pa.array([_text(one) for one in cells], pa.string())
    return pa.table(columns)


def _lines(content: bytes, suffix: str) -> list[list[Any]]:
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        first = text.partition("\n")[0]
        tab = suffix == ".tsv" or first.count("\t") > first.count(",")
        return [list(row) for row in csv.reader(io.StringIO(text), delimiter="\t" if tab else ",")]
    raise ValueError("neither UTF-8 nor GB 18030")


def _parquet(content: bytes) -> pa.Table:
    file = pq.ParquetFile(pa.BufferReader(content))
    groups = range(file.metadata.num_row_groups)
    if sum(file.metadata.row_group(one).total_byte_size for one in groups) > _MOST_BYTES:
        raise ValueError(f"> {_MOST_BYTES} B")
    return file.read()


def _sheet(content: bytes) -> list[list[Any]]:
    with ZipFile(io.BytesIO(content)) as packed:
        if sum(one.file_size for one in packed.infolist()) > _MOST_BYTES:
            raise ValueError(f"> {_MOST_BYTES} B")
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def _text(value: Any) -> str | None:
    """Numbers as digits: a spreadsheet gives back whole ones with a point, or as powers of ten."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return whole(value)
    return str(value)


def renamed(table: pa.Table, pairs: Sequence[str]) -> pa.Table:
    """With the names that columns had, each pair ``name there=name here``. Raises BadExtract."""
    names = dict.fromkeys(table.column_names, "")
    for pair in pairs:
        there, _, here = pair.partition("=")
        if there not in names or not here:
            raise BadExtract(reason=pair)
        names[there] = here
    return table.rename_columns([new or old for old, new in names.items()])
