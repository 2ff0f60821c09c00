"""Tables laid out in DuckDB, where rules are run over whole columns at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from yiwang.sharing.quality import sql
from yiwang.sharing.quality.errors import BadData, UnknownColumn, UnknownTable
from yiwang.sharing.quality.model import About, Issue, Profile, shown

ISSUES_SHOWN = 200
"""Of one rule on one table, where nobody asks for more; the rest is counted."""


@dataclass(frozen=True)
class Batches:
    """Rows in Arrow record batches. A column in which a batch has a value that is not of its type
    comes as text there, and is laid out as text."""

    schema: Any
    batches: Iterator[Any]


Rows = Batches | Any
"""Rows in Arrow: batches, or a table."""

Tables = Callable[[str], tuple[About, Rows] | None]
"""A table by its catalogue code; None where there is none."""


@dataclass(frozen=True)
class Subject:
    """One rule looking at one table, or at the rows of it that ``where`` lets through."""

    rule: str
    table: str
    where: sql.Filter = sql.EVERY
    now: int = 0


@dataclass(frozen=True)
class Tally:
    checked: int
    failed: int
    issues: tuple[Issue, ...]


class Workbench:
    """Takes tables from ``tables`` as rules ask for them. What does not fit into ``memory`` goes
    to ``folder``. Of one rule on one table ``shown`` findings are shown. Not to be shared by
    threads."""

    def __init__(
        self,
        tables: Tables,
        folder: Path | None = None,
        memory: str = "1GB",
        shown: int = ISSUES_SHOWN,
    ) -> None:
        settings: dict[str, Any] = {"memory_limit": memory, "threads": 2}
        if folder is not None:
            settings["temp_directory"] = str(folder)
        self._connection = duckdb.connect(config=settings)
        self._connection.execute("SET enable_external_access = false")
        self._tables, self._shown = tables, shown
        self._laid: dict[str, tuple[str, About, dict[str, str]]] = {}

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def about(self, code: str) -> About:
        return self._lay(code)[1]

    def columns(self, code: str) -> Mapping[str, str]:
        """The columns of a table with DuckDB's types."""
        return self._lay(code)[2]

    def scan(self, code: str, where: sql.Filter = sql.EVERY) -> str:
        """A query for the rows of a table, numbered from 1 in ``_row``."""
        self.known(code, where.columns())
        return f"SELECT * FROM {self._lay(code)[0]} WHERE {where.sql()}"

    def known(self, code: str, columns: Sequence[str]) -> None:
        """Raises UnknownColumn."""
        there = self.columns(code)
        for column in columns:
            if column not in there:
                near = get_close_matches(column, there, 1)
                known = near[0] if near else ", ".join(there)
                raise UnknownColumn(code, table=code, column=column, near=known)

    def key(self, code: str) -> dict[str, str]:
        """The key of a row as a structure's members."""
        there = self.columns(code)
        return {one: sql.name(one) for one in self.about(code).key if one in there}

    def half(self, code: str, column: str) -> str:
        """Half a unit of the last printed digit of each cell, as an expression.

        A text shows its digits. A number has lost its trailing zeros, so it is taken to be as
        exact as most of its series (of its column, where all rows are in one unit).
        """
        self.known(code, [column])
        kind, about = self.columns(code)[column], self.about(code)
        if kind in _WHOLE:
            return "0.5"
        printed = f"CAST({sql.name(column)} AS VARCHAR)"
        if kind == "VARCHAR" or kind.startswith("DECIMAL"):
            return f"0.5 / pow(10, length(regexp_extract({printed}, '\\.(\\d+)$', 1)))"
        digits = f"length(regexp_extract({printed}, '\\.(\\d*[1-9])0*$', 1))"
        if about.unit_column and about.series:
            within = ", ".join(sql.name(one) for one in about.series)
            usual = f"mode({digits}) OVER (PARTITION BY {within})"
        else:
            [(most,)] = self.rows(f"SELECT mode({digits}) FROM ({self.scan(code)})")
            usual = str(most or 0)
        return f"0.5 / pow(10, greatest({digits}, {usual}))"

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._understood():
            return self._connection.execute(query, list(values)).fetchall()

    def lay(self, table: str, rows: pa.Table) -> None:
        """A helping table, for example values that a checksum refuses."""
        self._connection.register("given", rows)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {sql.name(table)} AS FROM given")
        self._connection.unregister("given")

    def tally(self, subject: Subject, relation: str) -> Tally:
        """Count what a relation (``sql.relation``) judged; show its first bad rows."""
        shape = "{'r': r, 'k': k, 'c': c, 'v': v, 'e': e, 'sure': sure, 'why': reason, 'f': f}"
        query = (
            "SELECT count(*), count(*) FILTER (WHERE bad), "
            f"min_by({shape}, coalesce(r, 0), {self._shown}) FILTER (WHERE bad) FROM ({relation})"
        )
        checked, failed, found = self.rows(query)[0]
        return Tally(checked, failed, tuple(_issue(subject, each) for each in found or ()))

    def profile(self, code: str) -> Profile:
        """Rows, share of missing cells and means of numbers, by column."""
        columns = self.columns(code)
        parts = ["count(*)"]
        for column, kind in columns.items():
            parts.append(f"avg(CAST({sql.blank(sql.name(column))} AS INTEGER))")
            numeric = kind in _NUMBERS or kind.startswith("DECIMAL")
            parts.append(f"avg({sql.number(sql.name(column))})" if numeric else "NULL")
        rows, *found = self.rows(f"SELECT {', '.join(parts)} FROM ({self.scan(code)})")[0]
        missing = {column: found[2 * at] or 0.0 for at, column in enumerate(columns)}
        means = {column: found[2 * at + 1] for at, column in enumerate(columns)}
        return Profile(rows, missing, {name: v for name, v in means.items() if v is not None})

    def _lay(self, code: str) -> tuple[str, About, dict[str, str]]:
        if code not in self._laid:
            given = self._tables(code)
            if given is None:
                raise UnknownTable(code, table=code)
            table = sql.name(f"t{len(self._laid) + 1}")
            with self._understood():
                self._fill(table, given[1])
                described = self._connection.execute(f"DESCRIBE {table}").fetchall()
            kinds = {row[0]: row[1] for row in described if row[0] != "_row"}
            self._laid[code] = (table, given[0], kinds)
        return self._laid[code]

    def _fill(self, table: str, rows: Rows) -> None:
        first = rows.schema.empty_table() if isinstance(rows, Batches) else rows
        self._put(f"CREATE TABLE {table} AS SELECT row_number() OVER () AS _row, *", first)
        if not isinstance(rows, Batches):
            return
        done, texts = 0, set[str]()
        for batch in rows.batches:
            for field in batch.schema:
                if field.type == pa.string() and field.type != rows.schema.field(field.name).type:
                    texts.add(field.name)
            for column in texts:
                named = f"{table} ALTER {sql.name(column)}"
                self._connection.execute(f"ALTER TABLE {named} TYPE VARCHAR")
            self._put(
                f"INSERT INTO {table} BY NAME SELECT {done} + row_number() OVER () AS _row, *",
                batch,
            )
            done += batch.num_rows

    def _put(self, query: str, rows: Any) -> None:
        given = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        self._connection.register("given", given)
        self._connection.execute(f"{query} FROM given")
        self._connection.unregister("given")

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise BadData(problem=str(error).splitlines()[0]) from error


_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
_WHOLE |= {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_NUMBERS = _WHOLE | {"FLOAT", "DOUBLE"}


def _issue(subject: Subject, found: dict[str, Any]) -> Issue:
    def texts(values: dict[str, Any] | None) -> dict[str, str]:
        return {name: shown(value) for name, value in (values or {}).items()}

    return Issue(
        subject.rule,
        subject.table,
        found["why"],
        found["r"],
        texts(found["k"]),
        found["c"] or "",
        shown(found["v"]),
        shown(found["e"]),
        bool(found["sure"]),
        texts(found["f"]),
    )
