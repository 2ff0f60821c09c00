"""Rules along time: complete, constant, jump, period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from yiwang.kernel.documents import Section
from yiwang.sharing.quality import expressions, reading, sql
from yiwang.sharing.quality.errors import BadValue, NoSeries, words
from yiwang.sharing.quality.kinds.check import Check
from yiwang.sharing.quality.kinds.form import ALONG, Field, Form
from yiwang.sharing.quality.model import Issue, years_of
from yiwang.sharing.quality.workbench import Subject, Tally, Workbench


@dataclass(frozen=True)
class Along:
    """The column of time and what names a series; both default to the table's own."""

    column: str
    within: tuple[str, ...] | None

    @classmethod
    def read(cls, body: Section) -> Along:
        within = reading.names(body, "within", None) if body.has("within") else None
        return cls(body.text("along", ""), within)

    def of(self, bench: Workbench, subject: Subject) -> tuple[str, tuple[str, ...]]:
        """Raises NoSeries, UnknownColumn."""
        about = bench.about(subject.table)
        column = self.column or about.along
        if not column:
            raise NoSeries(subject.rule, table=subject.table)
        named = tuple(one for one in about.key if one != column)
        within = named if self.within is None else self.within
        bench.known(subject.table, [column, *within])
        return column, within


def _listed(columns: tuple[str, ...], with_: str = "") -> str:
    return ", ".join([*(sql.name(one) for one in columns), *([with_] if with_ else [])]) or "1"


@dataclass(frozen=True)
class Complete(Check):
    """Of each series at least a share is there, counted from its first value on: what begins
    late is not incomplete. A series without any value always is."""

    dimension: ClassVar[str] = "completeness"
    form: ClassVar[Form] = Form(
        "fields",
        (Field("columns", "columns", True), Field("least", "share", default=1), *ALONG),
    )
    columns: tuple[str, ...]
    least: float
    along: Along

    @classmethod
    def read(cls, section: Section, key: str) -> Complete:
        body = section.section(key)
        columns = reading.names(body, "columns")
        found = cls(columns, reading.share(body, "least", 1.0), Along.read(body))
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        time, within = self.along.of(bench, subject)
        bench.known(subject.table, self.columns)
        for column in self.columns:
            cell, at = sql.name(column), sql.name(time)
            there = f"NOT {sql.blank(cell)}"
            source = (
                f"SELECT {_listed(within)}, min(_row) AS _row, min({at}) AS _from, "
                f"max({at}) AS _to, count(*) FILTER (WHERE {there} AND {at} >= _first) AS _there, "
                f"count(*) FILTER (WHERE _first IS NULL OR {at} >= _first) AS _all FROM (SELECT *, "
                f"min(CASE WHEN {there} THEN {at} END) OVER (PARTITION BY {_listed(within)}) "
                f"AS _first FROM ({bench.scan(subject.table, subject.where)})) "
                f"GROUP BY {_listed(within)}"
            )
            relation = sql.relation(
                source,
                key={one: sql.name(one) for one in within},
                column=sql.text(column),
                value="_there / _all",
                expected=repr(self.least),
                bad=f"_there < {self.least!r} * _all OR _there = 0",
                reason="'complete'",
                fields={"there": "_there", "all": "_all", "from": "_from", "to": "_to"},
            )
            yield bench.tally(subject, relation)


@dataclass(frozen=True)
class Constant(Check):
    """A series whose last ``least`` values are all the same was probably copied on."""

    dimension: ClassVar[str] = "timeliness"
    form: ClassVar[Form] = Form(
        "fields",
        (Field("columns", "columns", True), Field("least", "whole", True), *ALONG),
    )
    columns: tuple[str, ...]
    least: int
    along: Along

    @classmethod
    def read(cls, section: Section, key: str) -> Constant:
        body = section.section(key)
        found = cls(reading.names(body, "columns"), body.take("least", int), Along.read(body))
        if found.least < 2:
            raise BadValue(
                body.place("least"), key="least", value=found.least, wanted=words("two_or_more")
            )
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        time, within = self.along.of(bench, subject)
        bench.known(subject.table, self.columns)
        for column in self.columns:
            cell, at = sql.name(column), sql.name(time)
            last = f"row_number() OVER (PARTITION BY {_listed(within)} ORDER BY {at} DESC)"
            source = (
                f"SELECT {_listed(within)}, min(_row) AS _row, min({cell}) AS _low, "
                f"max({cell}) AS _high, count(*) AS _n FROM (SELECT *, {last} AS _place "
                f"FROM ({bench.scan(subject.table, subject.where)}) WHERE NOT {sql.blank(cell)}) "
                f"WHERE _place <= {self.least} GROUP BY {_listed(within)}"
            )
            relation = sql.relation(
                f"SELECT * FROM ({source}) WHERE _n = {self.least}",
                key={one: sql.name(one) for one in within},
                column=sql.text(column),
                value="_low",
                bad="_low = _high",
                reason="'constant'",
                sure="false",
                fields={"times": "_n"},
            )
            yield bench.tally(subject, relation)


@dataclass(frozen=True)
class Jump(Check):
    """A series breaks where a step is larger than ``most`` (a share of the smaller value), or
    lies more than ``unusual`` robust deviations beside the steps of the other series at the same
    time. Where the value fits the neighbouring row, rows have slipped."""

    dimension: ClassVar[str] = "accuracy"
    form: ClassVar[Form] = Form(
        "fields",
        (
            Field("of", "expression", True),
            Field("most", "share"),
            Field("unusual", "number"),
            *ALONG,
        ),
    )
    of: str
    most: float | None
    unusual: float | None
    along: Along

    @classmethod
    def read(cls, section: Section, key: str) -> Jump:
        body = section.section(key)
        text = body.text("of")
        expressions.parse(text, body.place("of"))
        most = reading.share(body, "most", None)
        unusual = body.take("unusual", float, None)
        found = cls(text, most, unusual, Along.read(body))
        if most is None and unusual is None:
            raise BadValue(body.where, key="most", value="", wanted=words("most_or_unusual"))
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        time, within = self.along.of(bench, subject)
        tree = expressions.parse(self.of, subject.rule)
        columns = expressions.columns(tree)
        bench.known(subject.table, columns)
        value = expressions.sql(tree, bench.columns(subject.table), numeric=True)
        at = sql.name(time)
        figures = (
            f"SELECT *, CAST({value} AS DOUBLE) AS _v, dense_rank() OVER (ORDER BY {at}) AS _t "
            f"FROM ({bench.scan(subject.table, subject.where)})"
        )
        before = f"OVER (PARTITION BY {_listed(within)} ORDER BY _t)"
        steps = (
            f"SELECT *, lag(_v) {before} AS _old, lag({at}) {before} AS _from FROM ({figures}) "
            "WHERE _v > 0 AND isfinite(_v)"
        )
        near = "(PARTITION BY _t ORDER BY _row)"
        judged = (
            f"SELECT *, ln(_v / _old) AS _step, lag(_old) OVER {near} AS _above, "
            f"lead(_old) OVER {near} AS _below FROM ({steps})"
        )
        usual = (
            f"SELECT *, median(_step) OVER (PARTITION BY _t) AS _usual FROM ({judged}) "
            "WHERE _step IS NOT NULL"
        )
        spread = (
            "SELECT *, 1.4826 * median(abs(_step - _usual)) OVER (PARTITION BY _t) AS _spread, "
            "abs(_step) > 0.2 AND least(abs(ln(_v / _above)), abs(ln(_v / _below))) "
            f"< 0.1 * abs(_step) AS _slipped FROM ({usual})"
        )
        tests = []
        if self.most is not None:
            tests.append(f"exp(abs(_step)) - 1 > {self.most!r}")
        if self.unusual is not None:
            tests.append(f"abs(_step - _usual) > {self.unusual!r} * greatest(_spread, 1e-9)")
        relation = sql.relation(
            spread,
            key={one: sql.name(one) for one in (*within, time)},
            column=sql.text(", ".join(columns)),
            value="_v",
            expected="_old",
            bad=" OR ".join(tests),
            reason="CASE WHEN _slipped THEN 'slipped' ELSE 'jump' END",
            sure="false",
            fields={
                "of": sql.text(self.of),
                "from": "_from",
                "to": at,
                "percent": "round(100 * (_v / _old - 1), 1)",
            },
        )
        yield bench.tally(subject, relation)


@dataclass(frozen=True)
class Period(Check):
    """The years that the title names are those of the columns."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = Form("fields", ALONG)
    along: Along

    @classmethod
    def read(cls, section: Section, key: str) -> Period:
        body = section.section(key)
        found = cls(Along.read(body))
        body.finish()
        return found

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        time, _ = self.along.of(bench, subject)
        title = bench.about(subject.table).title
        named = years_of(title)
        year = f"TRY_CAST(left(CAST({sql.name(time)} AS VARCHAR), 4) AS INTEGER)"
        scan = bench.scan(subject.table, subject.where)
        first, last = bench.rows(f"SELECT min({year}), max({year}) FROM ({scan})")[0]
        if named is None or first is None:
            return
        if named == (first, last):
            yield Tally(1, 0, ())
            return
        held, said = f"{first}—{last}", f"{named[0]}—{named[1]}"
        fields = {"title": title}
        issue = Issue(
            subject.rule, subject.table, "period", None, {}, time, held, said, True, fields
        )
        yield Tally(1, 1, (issue,))
