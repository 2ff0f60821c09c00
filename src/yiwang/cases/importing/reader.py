"""A file of cases, read into memory column by column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from yiwang.cases.importing.errors import NoColumn, NoFile, NotATable
from yiwang.cases.importing.mapping import ImportMapping

_TEXT = (".csv", ".tsv", ".txt")
_AT_ONCE = 5000


class Reader:
    """The mapped columns of a Parquet or CSV file. Cells of CSV are texts, empty ones None.
    Raises NoFile, NotATable, NoColumn."""

    def __init__(self, file: Path, mapping: ImportMapping) -> None:
        if not file.is_file():
            raise NoFile(str(file), file=str(file))
        is_text = file.suffix.lower() in _TEXT
        scan = "read_csv($file, all_varchar = true)" if is_text else "read_parquet($file)"
        names = {"file": str(file)}
        try:
            with duckdb.connect() as connection:
                described = connection.execute(f"DESCRIBE SELECT * FROM {scan}", names).fetchall()
                known = [row[0] for row in described]
                for column in mapping.columns():
                    if column not in known:
                        raise NoColumn(str(file), column=column, known=", ".join(known))
                wanted = ", ".join(_quoted(column) for column in mapping.columns())
                found = connection.execute(f"SELECT {wanted} FROM {scan}", names)
                self._table = found.to_arrow_table()
        except duckdb.Error as error:
            raise NotATable(str(file), problem=str(error).splitlines()[0]) from error
        with file.open("rb") as content:
            self.digest = hashlib.file_digest(content, "sha256").hexdigest()

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row in the order of the file."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self._table.slice(start, _AT_ONCE).to_pylist()

    def take(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """Some rows by their place, counted from 0."""
        found: list[dict[str, Any]] = self._table.take(np.array(places, np.int64)).to_pylist()
        return found


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
