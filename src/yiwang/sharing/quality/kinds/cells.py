"""Rules that look at one row at a time: required, type, range, format, holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import duckdb
import pyarrow as pa

from yiwang.kernel import identifiers
from yiwang.kernel.documents import Section
from yiwang.sharing.quality import expressions, reading, sql
from yiwang.sharing.quality.errors import BadValue, words
from yiwang.sharing.quality.kinds.check import Check
from yiwang.sharing.quality.kinds.form import COLUMNS, EXPRESSION, Field, Form
from yiwang.sharing.quality.workbench import Subject, Tally, Workbench


class OfRows(Check):
    """A rule that looks at one row at a time."""

    def alone(self) -> bool:
        return True


@dataclass(frozen=True)
class Required(OfRows):
    """Cells that must not be missing."""

    dimension: ClassVar[str] = "completeness"
    form: ClassVar[Form] = COLUMNS
    columns: tuple[str, ...]

    @classmethod
    def read(cls, section: Section, key: str) -> Required:
        return cls(reading.names(section, key))

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, self.columns)
        for column in self.columns:
            yield _cells(bench, subject, column, sql.blank(sql.name(column)), "missing", all_=True)


_TYPES = {
    "integer": "TRY_CAST({0} AS DOUBLE) = floor(TRY_CAST({0} AS DOUBLE))",
    "number": "TRY_CAST({0} AS DOUBLE) IS NOT NULL",
    "date": "TRY_CAST({0} AS DATE) IS NOT NULL",
    "instant": "TRY_CAST({0} AS TIMESTAMP) IS NOT NULL",
    "boolean": "TRY_CAST({0} AS BOOLEAN) IS NOT NULL",
}


@dataclass(frozen=True)
class Typed(OfRows):
    """Cells that must read as a type, whatever the column is stored as."""

    dimension: ClassVar[str] = "conformity"
    form: ClassVar[Form] = Form("one_each", (Field("type", "choice", True, tuple(_TYPES)),))
    columns: Mapping[str, str]

    @classmethod
    def read(cls, section: Section, key: str) -> Typed:
        body = section.section(key)
        columns = body.keys()
        return cls({column: body.choice(column, tuple(_TYPES)) for column in columns})

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, list(self.columns))
        for column, wanted in self.columns.items():
            good = _TYPES[wanted].format(sql.name(column))
            bad = f"NOT coalesce({good}, false)"
            yield _cells(bench, subject, column, bad, f"type_{wanted}")


@dataclass(frozen=True)
class Range(OfRows):
    """Numbers or dates between two ends, both included."""

    dimension: ClassVar[str] = "accuracy"
    form: ClassVar[Form] = Form("each", (Field("least", "end"), Field("most", "end")))
    columns: Mapping[str, tuple[Any, Any]]

    @classmethod
    def read(cls, section: Section, key: str) -> Range:
        found = {}
        for column, ends in section.section(key).sections():
            found[column] = (ends.raw("least", None), ends.raw("most", None))
            ends.finish()
            if found[column] == (None, None):
                raise BadValue(ends.where, key=column, value="", wanted=words("least_or_most"))
        return cls(found)

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, list(self.columns))
        for column, (least, most) in self.columns.items():
            low, value = _end(sql.name(column), least)
            high, value = _end(value, most) if least is None else (_end(value, most)[0], value)
            tests = [f"{value} < {low}"] if least is not None else []
            tests += [f"{value} > {high}"] if most is not None else []
            expected = f"{'' if least is None else least} … {'' if most is None else most}"
            yield _cells(bench, subject, column, " OR ".join(tests), "range", sql.text(expected))


def _end(column: str, end: Any) -> tuple[str, str]:
    """An end of a range and the column, as expressions that can be compared."""
    if isinstance(end, (int, float)) and not isinstance(end, bool):
        number = column if column.startswith("TRY_CAST") else sql.number(column)
        return repr(end), number
    if end is None:
        return "NULL", column
    return f"CAST({sql.text(str(end))} AS DATE)", f"TRY_CAST({column} AS DATE)"


@dataclass(frozen=True)
class Format(OfRows):
    """Texts of a form: a regular expression that the whole cell matches, or an identifier whose
    check digits are right."""

    dimension: ClassVar[str] = "conformity"
    form: ClassVar[Form] = Form(
        "each",
        (
            Field("pattern", "pattern"),
            Field(
                "identifier",
                "choice",
                options=tuple(identifiers.KINDS),
                words="kernel.identifier_kind",
            ),
        ),
        (("pattern",), ("identifier",)),
    )
    patterns: Mapping[str, str]
    identifiers: Mapping[str, str]

    @classmethod
    def read(cls, section: Section, key: str) -> Format:
        patterns, kinds = {}, {}
        for column, wanted in section.section(key).sections():
            if wanted.has("identifier"):
                kinds[column] = wanted.choice("identifier", tuple(identifiers.KINDS))
            else:
                patterns[column] = _pattern(wanted)
            wanted.finish()
        return cls(patterns, kinds)

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, [*self.patterns, *self.identifiers])
        for column, pattern in self.patterns.items():
            cell = f"CAST({sql.name(column)} AS VARCHAR)"
            bad = f"NOT regexp_full_match({cell}, {sql.text(pattern)})"
            yield _cells(bench, subject, column, bad, "format", sql.text(pattern))
        for column, identifier in self.identifiers.items():
            cell = f"CAST({sql.name(column)} AS VARCHAR)"
            query = f"SELECT DISTINCT {cell} FROM ({bench.scan(subject.table, subject.where)})"
            found = (row[0] for row in bench.rows(query) if row[0])
            refused = [one for one in found if not identifiers.valid(identifier, one)]
            bench.lay("refused", pa.table({"cell": pa.array(refused, pa.string())}))
            bad = f"{cell} IN (SELECT cell FROM refused)"
            yield _cells(bench, subject, column, bad, f"identifier_{identifier}")


def _pattern(wanted: Section) -> str:
    pattern = wanted.text("pattern")
    try:
        duckdb.execute("SELECT regexp_full_match('', ?)", [pattern])
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        raise BadValue(
            wanted.place("pattern"), key="pattern", value=pattern, wanted=problem
        ) from error
    return pattern


@dataclass(frozen=True)
class Holds(OfRows):
    """A condition between the columns of a row; where it is unknown, the row is not judged."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = EXPRESSION
    condition: str

    @classmethod
    def read(cls, section: Section, key: str) -> Holds:
        text = section.text(key)
        expressions.parse(text, section.place(key))
        return cls(text)

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        tree = expressions.parse(self.condition, subject.rule)
        columns = expressions.columns(tree)
        bench.known(subject.table, columns)
        holds = expressions.sql(tree, bench.columns(subject.table))
        source = bench.scan(subject.table, subject.where)
        relation = sql.relation(
            f"SELECT *, ({holds}) AS _holds FROM ({source}) WHERE ({holds}) IS NOT NULL",
            key=bench.key(subject.table),
            column=sql.text(", ".join(columns)),
            value=f"concat_ws(', ', {', '.join(sql.name(one) for one in columns) or 'NULL'})",
            expected=sql.text(self.condition),
            bad="NOT _holds",
            reason="'holds'",
        )
        yield bench.tally(subject, relation)


def _cells(
    bench: Workbench,
    subject: Subject,
    column: str,
    bad: str,
    reason: str,
    expected: str = "NULL",
    all_: bool = False,
) -> Tally:
    """Judge the cells of one column: all of them, or those that are not missing."""
    source = bench.scan(subject.table, subject.where)
    if not all_:
        source = f"SELECT * FROM ({source}) WHERE NOT {sql.blank(sql.name(column))}"
    relation = sql.relation(
        source,
        key=bench.key(subject.table),
        column=sql.text(column),
        value=sql.name(column),
        expected=expected,
        bad=bad,
        reason=sql.text(reason),
    )
    return bench.tally(subject, relation)
