"""Rules between figures: sum, ratio, match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from yiwang.kernel.documents import Section
from yiwang.sharing.quality import reading, sql
from yiwang.sharing.quality.kinds import figures
from yiwang.sharing.quality.kinds.check import Check
from yiwang.sharing.quality.kinds.figures import Figure, Operand, Tolerance
from yiwang.sharing.quality.kinds.form import Field, Form
from yiwang.sharing.quality.workbench import Subject, Tally, Workbench

_BY = Field("by", "columns")
_TOLERANCE = Field("tolerance", "tolerance")


@dataclass(frozen=True)
class Sum(Check):
    """A total is the sum of its parts: of other rows, of other columns, or of another table.
    A part that is missing leaves the total unjudged, or counts as zero (``missing: zero``);
    rows of a part in which nothing is printed are passed over."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = Form(
        "fields",
        (
            Field("total", "figure", True),
            Field("parts", "figures", True),
            _BY,
            Field("missing", "choice", False, ("skip", "zero"), "skip"),
            _TOLERANCE,
        ),
    )
    total: Figure
    parts: tuple[Figure, ...]
    by: tuple[str, ...] | None
    missing: str
    tolerance: Tolerance

    @classmethod
    def read(cls, section: Section, key: str) -> Sum:
        body = section.section(key)
        found = cls(
            figures.read(body, "total"),
            figures.read_all(body, "parts"),
            reading.names(body, "by", None) if body.has("by") else None,
            body.choice("missing", ("skip", "zero"), "skip"),
            figures.tolerance(body),
        )
        body.finish()
        return found

    def others(self) -> tuple[str, ...]:
        return tuple(each.table for each in (self.total, *self.parts))

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        operands, beside = figures.together(bench, subject, (self.total, *self.parts), self.by)
        figures.same_unit(subject, operands)
        places = [f"p{place}" for place in range(1, len(operands))]
        values = [f"{each}._v" for each in places]
        some = f"coalesce({', '.join(values)}) IS NOT NULL"
        if self.missing == "zero":
            values = [f"coalesce({each}, 0)" for each in values]
        expected = " + ".join(values)
        rounding = " + ".join(["p0._h", *(f"coalesce({each}._h, 0)" for each in places)])
        source = _compared(operands, beside, expected, rounding, self.tolerance, some)
        yield bench.tally(subject, _relation(operands, source, "'sum'"))


@dataclass(frozen=True)
class Ratio(Check):
    """``is`` = ``of`` / ``to`` × ``times``."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = Form(
        "fields",
        (
            Field("is", "figure", True),
            Field("of", "figure", True),
            Field("to", "figure", True),
            Field("times", "number", default=1),
            _BY,
            _TOLERANCE,
        ),
    )
    ratio: Figure
    of: Figure
    to: Figure
    times: float
    by: tuple[str, ...] | None
    tolerance: Tolerance

    @classmethod
    def read(cls, section: Section, key: str) -> Ratio:
        body = section.section(key)
        found = cls(
            figures.read(body, "is"),
            figures.read(body, "of"),
            figures.read(body, "to"),
            body.take("times", float, 1.0),
            reading.names(body, "by", None) if body.has("by") else None,
            figures.tolerance(body),
        )
        body.finish()
        return found

    def others(self) -> tuple[str, ...]:
        return tuple(each.table for each in (self.ratio, self.of, self.to))

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        operands, beside = figures.together(bench, subject, (self.ratio, self.of, self.to), self.by)
        expected = f"(p1._v / nullif(p2._v, 0) * {self.times!r} * p0._f)"
        rounding = (
            f"p0._u / 2 + abs({expected}) * (p1._h / nullif(abs(p1._v), 0) + p2._h / abs(p2._v))"
        )
        source = _compared(
            operands, beside, expected, f"coalesce({rounding}, p0._u / 2)", self.tolerance
        )
        yield bench.tally(subject, _relation(operands, source, "'ratio'"))


_COMPARE = {"equal": "abs(p0._v - {e}) > {t}", "at_most": "p0._v - {e} > {t}"}
_COMPARE["at_least"] = "{e} - p0._v > {t}"


@dataclass(frozen=True)
class Match(Check):
    """The same figure in two places, or one that is at most (at least) the other."""

    dimension: ClassVar[str] = "consistency"
    form: ClassVar[Form] = Form(
        "fields",
        (
            Field("figure", "figure", True),
            Field("with", "figures", True),
            Field("compare", "choice", False, tuple(_COMPARE), "equal"),
            _BY,
            _TOLERANCE,
        ),
    )
    figure: Figure
    against: tuple[Figure, ...]
    compare: str
    by: tuple[str, ...] | None
    tolerance: Tolerance

    @classmethod
    def read(cls, section: Section, key: str) -> Match:
        body = section.section(key)
        found = cls(
            figures.read(body, "figure"),
            figures.read_all(body, "with"),
            body.choice("compare", tuple(_COMPARE), "equal"),
            reading.names(body, "by", None) if body.has("by") else None,
            figures.tolerance(body),
        )
        body.finish()
        return found

    def others(self) -> tuple[str, ...]:
        return tuple(each.table for each in (self.figure, *self.against))

    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        for other in self.against:
            operands, beside = figures.together(bench, subject, (self.figure, other), self.by)
            figures.same_unit(subject, operands)
            rounding = "p0._h + coalesce(p1._h, 0)"
            bad = _COMPARE[self.compare]
            source = _compared(operands, beside, "p1._v", rounding, self.tolerance, bad=bad)
            reason = sql.text("match" if self.compare == "equal" else self.compare)
            yield bench.tally(subject, _relation(operands, source, reason))


def _compared(
    operands: Sequence[Operand],
    beside: str,
    expected: str,
    rounding: str,
    tolerance: Tolerance,
    where: str = "true",
    bad: str = _COMPARE["equal"],
) -> str:
    """Figures beside what they should be. A difference below a billionth is arithmetic's own."""
    by = "".join(f"p0.{sql.name(one)}, " for one in operands[0].by)
    allowed = f"({tolerance.sql('p0._u', 'p0._v', 'p0._f', rounding)} + 1e-9 * abs(p0._v))"
    sure = f"abs(p0._v - ({expected})) > {rounding} + 1e-9 * abs(p0._v)"
    return (
        f"SELECT {by}p0._r, p0._c, p0._v / p0._f AS _value, ({expected}) / p0._f AS _expected, "
        f"{bad.format(e=f'({expected})', t=allowed)} AS _bad, {sure} AS _sure, "
        f"({rounding}) / p0._f AS _rounding FROM {beside} "
        f"WHERE p0._v IS NOT NULL AND ({expected}) IS NOT NULL AND {where}"
    )


def _relation(operands: Sequence[Operand], source: str, reason: str) -> str:
    beside = dict.fromkeys(column for each in operands[1:] for column in each.columns)
    return sql.relation(
        source,
        key={one: sql.name(one) for one in operands[0].by},
        column="_c",
        value="_value",
        expected="_expected",
        bad="_bad",
        sure="_sure",
        reason=reason,
        row="_r",
        fields={
            "difference": "round(_value - _expected, 6)",
            "rounding": "round(_rounding, 6)",
            "beside": sql.text(", ".join(beside)),
        },
    )
