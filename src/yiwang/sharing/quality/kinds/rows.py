"""Rules between the rows of a table: unique, alike, sequence, order, depends, reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from yiwang.kernel.documents import Section
from yiwang.sharing.quality import reading, sql
from yiwang.sharing.quality.kinds.check import Check
from yiwang.sharing.quality.kinds.form import COLUMNS, Field, Form
from yiwang.sharing.quality.workbench import Subject, Tally, Workbench

_COLUMN = Field("column", "column", True)
_WITHIN = Field("within", "columns")


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(sql.name(one) for one in columns)


def _within(columns: tuple[str, ...]) -> str:
    return f"PARTITION BY {_listed(columns)}" if columns else ""


def _value(columns: tuple[str, ...]) -> str:
    return f"concat_ws(' · ', {_listed(columns)})"


@dataclass(frozen=True)
class Unique(Check):
    """No two rows have the same values in some columns. Rows in which all of them are missing
    are not judged."""

    dimension: ClassVar[str] = "accuracy"
    form: ClassVar[Form] = COLUMNS
    columns: tuple[str, ...]

    @classmethod
    def read(cls, section: Section, key: str) -> Unique:
        return cls(reading.names(section, key))

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, self.columns)
        there = " AND ".join(sql.blank(sql.name(one)) for one in self.columns)
        source = (
            f"SELECT *, min(_row) OVER (PARTITION BY {_listed(self.columns)}) AS _first "
            f"FROM ({bench.scan(subject.table, subject.where)}) WHERE NOT ({there})"
        )
        relation = sql.relation(
            source,
            key=bench.key(subject.table),
            column=sql.text(", ".join(self.columns)),
            value=_value(self.columns),
            bad="_row > _first",
            reason="'unique'",
            fields={"first": "_first"},
        )
        yield bench.tally(subject, relation)


_NAME = (
    "lower(regexp_replace(nfc_normalize(CAST({} AS VARCHAR)), '[\\s\\p{{P}}\\p{{S}}]', '', 'g'))"
)

_COMMON = (
    "coalesce(list_position([x[1] = x[2] for x in list_zip("
    "string_split({0}(a._name), ''), string_split({0}(b._name), ''))], false), "
    "least(length(a._name), length(b._name)) + 1) - 1"
)
_ONE_APART = (
    f"{_COMMON.format('')} + {_COMMON.format('reverse')} "
    ">= greatest(length(a._name), length(b._name)) - 1"
)
"""Two texts are one letter apart where what they begin with alike and what they end with alike
leaves at most one letter of the longer."""


@dataclass(frozen=True)
class Alike(Check):
    """Names that differ in spaces, signs or case alone, or, when ``letters`` says so, in one
    letter of a long name: probably one thing entered twice."""

    dimension: ClassVar[str] = "accuracy"
    form: ClassVar[Form] = Form("fields", (_COLUMN, _WITHIN, Field("letters", "flag")))
    column: str
    within: tuple[str, ...]
    letters: bool

    @classmethod
    def read(cls, section: Section, key: str) -> Alike:
        body = section.section(key)
        within = reading.names(body, "within", ())
        found = cls(body.text("column"), within, body.take("letters", bool, False))
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, [self.column, *self.within])
        column = sql.name(self.column)
        group = "".join(f", {sql.name(one)}" for one in self.within)
        named = (
            f"SELECT *, {_NAME.format(column)} AS _name "
            f"FROM ({bench.scan(subject.table, subject.where)}) WHERE NOT {sql.blank(column)}"
        )
        same = (
            f"SELECT *, first_value({column}) OVER (PARTITION BY _name{group} ORDER BY _row) "
            f"AS _other FROM ({named})"
        )
        relation = sql.relation(
            same,
            key=bench.key(subject.table),
            column=sql.text(self.column),
            value=column,
            bad=f"_other <> {column}",
            reason="'alike'",
            fields={"other": "_other"},
        )
        yield bench.tally(subject, relation)
        if self.letters:
            yield bench.tally(subject, self._one_letter(bench, subject, named))

    def _one_letter(self, bench: Workbench, subject: Subject, named: str) -> str:
        """Names of five letters or more that are one letter apart share their first or their
        last half, so that only those are compared."""
        column = sql.name(self.column)
        halves = " UNION ALL ".join(
            f"SELECT *, {place} || {part}(_name, length(_name) // 2) AS _half FROM _named"
            for place, part in (("'<'", "left"), ("'>'", "right"))
        )
        group = "".join(f" AND a.{sql.name(one)} = b.{sql.name(one)}" for one in self.within)
        apart = (
            f"WITH _named AS MATERIALIZED ({named}), _halves AS ({halves}), "
            "_near AS (SELECT a._row AS _at, min(b._row) AS _to FROM _halves a JOIN _halves b "
            f"ON a._half = b._half AND b._row < a._row{group} AND length(a._name) >= 5 "
            "AND abs(length(a._name) - length(b._name)) <= 1 AND a._name <> b._name "
            f"AND {_ONE_APART} GROUP BY a._row) "
            f"SELECT n.*, o.{column} AS _other FROM _named n LEFT JOIN _near ON _at = n._row "
            "LEFT JOIN _named o ON o._row = _to"
        )
        return sql.relation(
            apart,
            key=bench.key(subject.table),
            column=sql.text(self.column),
            value=column,
            bad="_other IS NOT NULL",
            sure="false",
            reason="'one_letter'",
            fields={"other": "_other"},
        )


@dataclass(frozen=True)
class Sequence(Check):
    """Numbers that count 1, 2, 3 … in the order of the rows, within groups."""

    dimension: ClassVar[str] = "completeness"
    form: ClassVar[Form] = Form("fields", (_COLUMN, _WITHIN))
    column: str
    within: tuple[str, ...]

    @classmethod
    def read(cls, section: Section, key: str) -> Sequence:
        body = section.section(key)
        found = cls(body.text("column"), reading.names(body, "within", ()))
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, [self.column, *self.within])
        number = sql.number(sql.name(self.column))
        before = f"lag({number}) OVER ({_within(self.within)} ORDER BY _row)"
        source = (
            f"SELECT *, {number} AS _n, coalesce({before}, 0) + 1 AS _next "
            f"FROM ({bench.scan(subject.table, subject.where)})"
        )
        relation = sql.relation(
            source,
            key=bench.key(subject.table),
            column=sql.text(self.column),
            value=sql.name(self.column),
            expected="_next",
            bad="_n IS DISTINCT FROM _next",
            reason="'sequence'",
        )
        yield bench.tally(subject, relation)


_TIES = {"shared": "rank()", "dense": "dense_rank()", "any": "rank()"}


@dataclass(frozen=True)
class Order(Check):
    """Ranks that follow from another column. Equal values: ``shared`` ranks (1, 2, 2, 4),
    ``dense`` (1, 2, 2, 3), or ``any`` order among themselves (1, 2, 3, 4)."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = Form(
        "fields",
        (
            _COLUMN,
            Field("by", "column", True),
            Field("rising", "flag"),
            Field("ties", "choice", False, tuple(_TIES), "shared"),
            _WITHIN,
        ),
    )
    column: str
    by: str
    rising: bool
    ties: str
    within: tuple[str, ...]

    @classmethod
    def read(cls, section: Section, key: str) -> Order:
        body = section.section(key)
        found = cls(
            body.text("column"),
            body.text("by"),
            body.take("rising", bool, False),
            body.choice("ties", tuple(_TIES), "shared"),
            reading.names(body, "within", ()),
        )
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, [self.column, self.by, *self.within])
        by, number = sql.number(sql.name(self.by)), sql.number(sql.name(self.column))
        group = "".join(f", {sql.name(one)}" for one in self.within)
        direction = "" if self.rising else " DESC"
        place = f"{_TIES[self.ties]} OVER ({_within(self.within)} ORDER BY _by{direction})"
        source = (
            f"SELECT *, {place} AS _place, count(*) OVER (PARTITION BY _by{group}) AS _ties FROM "
            f"(SELECT *, {by} AS _by, {number} AS _n "
            f"FROM ({bench.scan(subject.table, subject.where)})) "
            "WHERE _by IS NOT NULL AND _n IS NOT NULL"
        )
        last = "_place + _ties - 1" if self.ties == "any" else "_place"
        relation = sql.relation(
            source,
            key=bench.key(subject.table),
            column=sql.text(self.column),
            value="_n",
            expected="_place",
            bad=f"_n < _place OR _n > {last}",
            reason="'order'",
            fields={"by": sql.text(self.by), "figure": "_by", "beside": sql.text(self.by)},
        )
        yield bench.tally(subject, relation)


@dataclass(frozen=True)
class Depends(Check):
    """What has the same values in ``by`` has the same value in ``column``."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = Form("fields", (_COLUMN, Field("by", "columns", True)))
    column: str
    by: tuple[str, ...]

    @classmethod
    def read(cls, section: Section, key: str) -> Depends:
        body = section.section(key)
        found = cls(body.text("column"), reading.names(body, "by"))
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, [self.column, *self.by])
        column = sql.name(self.column)
        first = f"first_value({column}) OVER ({_within(self.by)} ORDER BY _row)"
        source = (
            f"SELECT *, {first} AS _first FROM ({bench.scan(subject.table, subject.where)}) "
            f"WHERE NOT {sql.blank(column)}"
        )
        relation = sql.relation(
            source,
            key=bench.key(subject.table),
            column=sql.text(self.column),
            value=column,
            expected="_first",
            bad=f"{column} <> _first",
            reason="'depends'",
            fields={"by": _value(self.by), "beside": sql.text(", ".join(self.by))},
        )
        yield bench.tally(subject, relation)


@dataclass(frozen=True)
class Reference(Check):
    """Values that stand in another table, or in a list."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = Form(
        "fields",
        (
            Field("columns", "columns", True),
            Field("values", "values"),
            Field("table", "table"),
            Field("in", "columns", table="table"),
            Field("where", "conditions", table="table"),
            Field("except", "conditions", table="table"),
        ),
        (("values",), ("table", "in", "where", "except")),
    )
    columns: tuple[str, ...]
    table: str
    there: tuple[str, ...]
    values: tuple[str, ...]
    filter: sql.Filter

    @classmethod
    def read(cls, section: Section, key: str) -> Reference:
        body = section.section(key)
        columns = reading.names(body, "columns")
        values = reading.names(body, "values", ())
        table = body.text("table", "") if values else body.text("table")
        there = reading.names(body, "in", columns)
        found = cls(columns, table, there, values, reading.filtered(body))
        body.finish()
        return found

    def others(self) -> tuple[str, ...]:
        return (self.table,)

    def alone(self) -> bool:
        return bool(self.values)

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        bench.known(subject.table, self.columns)
        own = [f"CAST({sql.name(one)} AS VARCHAR)" for one in self.columns]
        if self.values:
            listed = f"VALUES {', '.join(f'({sql.text(each)})' for each in self.values)}"
        else:
            bench.known(self.table, self.there)
            others = ", ".join(f"CAST({sql.name(one)} AS VARCHAR)" for one in self.there)
            full = " AND ".join(f"{sql.name(one)} IS NOT NULL" for one in self.there)
            listed = f"SELECT {others} FROM ({bench.scan(self.table, self.filter)}) WHERE {full}"
        there = " OR ".join(sql.blank(sql.name(one)) for one in self.columns)
        relation = sql.relation(
            f"SELECT * FROM ({bench.scan(subject.table, subject.where)}) WHERE NOT ({there})",
            key=bench.key(subject.table),
            column=sql.text(", ".join(self.columns)),
            value=_value(self.columns),
            bad=f"({', '.join(own)}) NOT IN ({listed})",
            reason="'reference'",
            fields={"table": sql.text(self.table), "values": sql.text(", ".join(self.values))},
        )
        yield bench.tally(subject, relation)
