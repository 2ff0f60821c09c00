"""Figures: numbers of a table, or sums of them, by what they are joined on, with their units
and with how exactly they were printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yiwang.kernel.documents import Section, WrongType
from yiwang.sharing.quality import reading, sql
from yiwang.sharing.quality.errors import BadValue, UnitsDiffer, words
from yiwang.sharing.quality.model import unit_of
from yiwang.sharing.quality.workbench import Subject, Workbench


@dataclass(frozen=True)
class Figure:
    """``column`` of ``table`` (of the rule's own, where that is empty). With ``columns`` each of
    several columns is a figure of its own, named in ``item``. ``by``: the rule's names of what
    figures are joined on, with this table's; None where they are the same."""

    column: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    item: str = ""
    table: str = ""
    where: sql.Filter = sql.EVERY
    by: Mapping[str, str] | None = None

    @property
    def in_row(self) -> bool:
        """Whether it is a column of the rule's own table, in every row."""
        return bool(self.column) and not self.table and self.by is None and self.where == sql.EVERY

    @property
    def terms(self) -> Mapping[str, str]:
        return self.columns or {self.column: ""}


def read(section: Section, key: str) -> Figure:
    """A column's name, or a mapping."""
    if isinstance(section.raw(key), str):
        return Figure(column=section.text(key))
    return _read(section.section(key))


def read_all(section: Section, key: str) -> tuple[Figure, ...]:
    """A list of names and mappings, or one mapping."""
    value = section.raw(key)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return tuple(Figure(column=one) for one in value)
    if isinstance(value, dict):
        return (read(section, key),)
    found = tuple(_read(one) for one in section.items(key))
    if not found:
        wanted = words("columns_or_figures")
        raise WrongType(section.place(key), key=key, value=value, wanted=wanted)
    return found


def _read(body: Section) -> Figure:
    raw: Any = body.raw("columns", {})
    columns = pairs_of(raw) if isinstance(raw, list) else reading.pairs(body, "columns")
    found = Figure(
        "" if columns else body.text("column"),
        columns,
        body.text("item", "item") if columns else "",
        body.text("table", ""),
        reading.filtered(body),
        reading.pairs(body, "by") if body.has("by") else None,
    )
    body.finish()
    return found


def pairs_of(columns: Sequence[Any]) -> dict[str, str]:
    return {str(one): str(one) for one in columns}


@dataclass(frozen=True)
class Tolerance:
    """How far two figures may lie apart. ``units``: of the last printed digit of the first;
    ``relative``: a share of it; ``absolute``: in its unit. Without any: as far as rounding of
    all that was printed can explain."""

    units: float | None = None
    relative: float | None = None
    absolute: float | None = None

    def sql(self, unit: str, figure: str, factor: str, rounding: str) -> str:
        parts = [f"{self.units!r} * {unit}"] if self.units is not None else []
        if self.relative is not None:
            parts.append(f"{self.relative!r} * abs({figure})")
        if self.absolute is not None:
            parts.append(f"{self.absolute!r} * {factor}")
        return f"greatest({', '.join(parts)}, 0)" if parts else rounding


def tolerance(section: Section) -> Tolerance:
    """The key ``tolerance`` of a rule: ``printed``, or a mapping."""
    if section.raw("tolerance", "printed") == "printed":
        return Tolerance()
    body = section.section("tolerance")
    found = Tolerance(
        body.take("units", float, None),
        reading.share(body, "relative", None),
        body.take("absolute", float, None),
    )
    if found == Tolerance() or min(found.units or 0, found.absolute or 0) < 0:
        wanted = words("tolerance")
        raise BadValue(body.where, key="tolerance", value=section.raw("tolerance"), wanted=wanted)
    body.finish()
    return found


@dataclass(frozen=True)
class Operand:
    """A query for figures: ``_r`` first row, ``_c`` column, ``_v`` value in whole units, ``_h``
    what rounding may hide in it, ``_u`` one unit of the last digit, ``_f`` the printed unit; and
    the columns ``by``. Whole numbers of a unit without a multiple (个, not 万个) are counts:
    exact. ``columns``: those of which the figures are."""

    query: str
    by: tuple[str, ...]
    unit: str | None
    columns: tuple[str, ...]


def operand(bench: Workbench, subject: Subject, figure: Figure, by: Sequence[str]) -> Operand:
    """The query for a figure, summed by the columns of ``by`` that its table has."""
    code = figure.table or subject.table
    there = bench.columns(code)
    if figure.by is not None:
        own = dict(figure.by)
    else:
        own = {one: one for one in by if one in there and one not in figure.where.fixed()}
    where = figure.where.columns()
    bench.known(code, [*figure.terms, *own.values(), *where])
    filters = [figure.where.sql()] + ([] if figure.table else [subject.where.sql()])
    parts, units = [], set()
    for column, item in figure.terms.items():
        factor, base = _factor(bench, code, column, figure.where)
        units.add(base)
        names = [f"{sql.name(mine)} AS {sql.name(one)}" for one, mine in own.items()]
        names += [f"{sql.text(item)} AS {sql.name(figure.item)}"] if figure.item else []
        halved = f"SELECT *, {bench.half(code, column)} AS _half FROM ({bench.scan(code)})"
        parts.append(
            f"SELECT _row, {''.join(f'{one}, ' for one in names)}{sql.text(column)} AS _c, "
            f"{sql.number(sql.name(column))} * ({factor}) AS _v, 2 * _half * ({factor}) AS _u, "
            f"{_rounding('_half', factor)} AS _h, ({factor}) AS _f "
            f"FROM ({halved}) WHERE {' AND '.join(filters)}"
        )
    joined = (*own, figure.item) if figure.item else tuple(own)
    listed = "".join(f"{sql.name(one)}, " for one in joined)
    grouped = f" GROUP BY {listed.rstrip(', ')}" if joined else ""
    query = (
        f"SELECT {listed}min(_row) AS _r, min(_c) AS _c, fsum(_v) AS _v, fsum(_h) "
        f"FILTER (WHERE _v IS NOT NULL) AS _h, max(_u) FILTER (WHERE _v IS NOT NULL) AS _u, "
        f"min(_f) AS _f FROM ({' UNION ALL '.join(parts)}){grouped}"
    )
    unit = units.pop() if len(units) == 1 else None
    return Operand(query, joined, unit, tuple(figure.terms))


def _factor(bench: Workbench, code: str, column: str, where: sql.Filter) -> tuple[str, str | None]:
    """What a column's figures are multiplied by to count whole units, and the unit."""
    about = bench.about(code)
    if column in about.units:
        multiple, base = unit_of(about.units[column])
        return repr(multiple), base
    if not about.unit_column or about.unit_column not in bench.columns(code):
        return "1.0", None
    unit = f"CAST({sql.name(about.unit_column)} AS VARCHAR)"
    found = bench.rows(f"SELECT DISTINCT {unit} FROM ({bench.scan(code, where)})")
    units = {row[0]: unit_of(row[0]) for row in found if row[0]}
    whens = "".join(f" WHEN {sql.text(text)} THEN {each[0]!r}" for text, each in units.items())
    bases = {each[1] for each in units.values()}
    factor = f"CASE {unit}{whens} ELSE 1.0 END" if whens else "1.0"
    return factor, bases.pop() if len(bases) == 1 else None


def together(
    bench: Workbench, subject: Subject, wanted: Sequence[Figure], by: tuple[str, ...] | None
) -> tuple[list[Operand], str]:
    """Figures, and the query that has those of each row, or those that belong together by some
    columns, side by side as ``p0``, ``p1`` …"""
    alone = all(each.in_row for each in wanted)
    if by is None and alone:
        return _of_rows(bench, subject, wanted)
    keys = tuple(bench.key(subject.table)) if by is None else by
    found = [operand(bench, subject, each, keys) for each in wanted]
    return found, _joined(found)


def _of_rows(
    bench: Workbench, subject: Subject, wanted: Sequence[Figure]
) -> tuple[list[Operand], str]:
    """Without joining anything: one pass over the rows."""
    code, key, found = subject.table, bench.key(subject.table), []
    halves = ", ".join(
        f"{bench.half(code, each.column)} AS _h{place}" for place, each in enumerate(wanted)
    )
    for place, each in enumerate(wanted):
        factor, base = _factor(bench, code, each.column, subject.where)
        members = {
            "_r": "_row",
            "_c": sql.text(each.column),
            "_v": f"{sql.number(sql.name(each.column))} * ({factor})",
            "_u": f"2 * _h{place} * ({factor})",
            "_h": _rounding(f"_h{place}", factor),
            "_f": f"({factor})",
        }
        named = f"{sql.struct({**key, **members})} AS p{place}"
        found.append(Operand(named, tuple(key), base, (each.column,)))
    source = f"SELECT *, {halves} FROM ({bench.scan(code)})"
    named = ", ".join(each.query for each in found)
    return found, f"(SELECT {named} FROM ({source}) WHERE {subject.where.sql()})"


def _rounding(half: str, factor: str) -> str:
    return f"CASE WHEN {half} = 0.5 AND ({factor}) = 1 THEN 0 ELSE {half} * ({factor}) END"


def same_unit(subject: Subject, operands: Sequence[Operand]) -> None:
    """Raises UnitsDiffer where two figures that are compared are known to count two things."""
    units = {each.unit for each in operands if each.unit}
    if len(units) > 1:
        raise UnitsDiffer(subject.rule, units=", ".join(sorted(units)))


def _joined(operands: Sequence[Operand]) -> str:
    """The first operand's figures (``p0``), each with those of the others that belong to it
    (``p1`` …): equal in all columns that both are given by."""
    text = f"({operands[0].query}) p0"
    for place, each in enumerate(operands[1:], 1):
        common = [one for one in each.by if one in operands[0].by]
        on = " AND ".join(
            f"CAST(p0.{sql.name(one)} AS VARCHAR) = CAST(p{place}.{sql.name(one)} AS VARCHAR)"
            for one in common
        )
        text += f" LEFT JOIN ({each.query}) p{place} ON {on or 'true'}"
    return text
