"""Tables as files, written a page at a time: CSV, Excel, Parquet.

CSV and Parquet are for programs: their columns are called as in the database, and every value
stands as it is. Excel is for people: its columns have the names of the catalogue.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.escape import escape

from yiwang.sharing.files.errors import NotInASheet
from yiwang.sharing.files.orders import SHEET_ROWS
from yiwang.sharing.sources.model import shown

_EXACT = 10**15
"""Above it a spreadsheet rounds."""
_LONGEST = 32_767
"""Signs of a cell."""


class Writer(Protocol):
    def write(self, table: pa.Table) -> None: ...

    def close(self) -> None:
        """The file is whole when this returns."""
        ...


class Csv:
    """UTF-8 with a mark, by which Excel knows it; lines as RFC 4180 has them."""

    def __init__(self, file: Path, schema: pa.Schema, titles: Sequence[str]) -> None:
        self._file = file.open("w", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(schema.names)

    def write(self, table: pa.Table) -> None:
        columns = [column.to_pylist() for column in table.columns]
        self._rows.writerows(
            ["" if one is None else shown(one) for one in row] for row in zip(*columns, strict=True)
        )

    def close(self) -> None:
        self._file.close()


class Parquet:
    def __init__(self, file: Path, schema: pa.Schema, titles: Sequence[str]) -> None:
        self._made = pq.ParquetWriter(file, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        self._made.write_table(table)

    def close(self) -> None:
        self._made.close()


class Sheet:
    """One sheet of Excel. Nothing in it is a formula, whatever a value begins with."""

    def __init__(self, file: Path, schema: pa.Schema, titles: Sequence[str]) -> None:
        self._file = file
        self._book = Workbook(write_only=True)
        self._page = self._book.create_sheet()
        self._page.freeze_panes = "A2"
        self._page.append([self._cell(one) for one in titles])
        self._count = 0

    def write(self, table: pa.Table) -> None:
        self._count += table.num_rows
        if self._count > SHEET_ROWS:
            raise NotInASheet(most=SHEET_ROWS, longest=_LONGEST)
        columns = [column.to_pylist() for column in table.columns]
        for row in zip(*columns, strict=True):
            self._page.append([self._cell(one) for one in row])

    def close(self) -> None:
        self._book.save(self._file)

    def _cell(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | date | datetime):
            return value
        if isinstance(value, int | float | Decimal) and -_EXACT < value < _EXACT:
            return value
        text = escape(shown(value))
        if len(text) > _LONGEST:
            raise NotInASheet(most=SHEET_ROWS, longest=_LONGEST)
        if not text.startswith("="):
            return text
        cell = WriteOnlyCell(self._page, text)
        cell.data_type = "s"
        return cell


WRITERS: dict[str, type[Csv] | type[Parquet] | type[Sheet]] = {
    "csv": Csv,
    "parquet": Parquet,
    "xlsx": Sheet,
}
