"""Rates of cases by class, grid, street, department, person and channel over any period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from yiwang.cases.scoring.counts import BY, COUNTS, SUMS, Asked, within
from yiwang.cases.scoring.errors import BadAssessment, BadDays
from yiwang.cases.scoring.model.figures import figures
from yiwang.cases.scoring.model.periods import Period, WorkedTime, day_of, period
from yiwang.cases.scoring.model.schemes import Terms
from yiwang.cases.scoring.sight import sees_all
from yiwang.cases.scoring.tables import case_results
from yiwang.kernel import clock as time
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.security.actions import Context

MOST_DAYS = 5 * 366
Keyed = dict[Any, dict[str, int]]
_c = case_results.c


@dataclass(frozen=True)
class Wanted:
    """Which cases: equal to each of these that is given (names of BY)."""

    equal: Mapping[str, Any] = field(default_factory=dict)

    def condition(self) -> ColumnElement[bool]:
        return and_(literal(True), *[same(by, key) for by, key in sorted(self.equal.items())])


def same(by: str, key: Any) -> ColumnElement[bool]:
    """The cases of one group."""
    column = BY[by]
    found: ColumnElement[bool] = column.is_(None) if key in (0, None) else column == key
    return found


def of_city(ctx: Context) -> WorkingCalendar:
    return ctx.caller.ports.get(WorkingCalendar) or WorkingCalendar()


def days(ctx: Context, first: date, until: date) -> Period:
    """A period of whole days. Raises BadDays."""
    if not first < until or (until - first).days > MOST_DAYS:
        raise BadDays("from, until", first=str(first), until=str(until), most=MOST_DAYS)
    return period(first, until, of_city(ctx).zone)


def today(ctx: Context) -> date:
    return day_of(ctx.now, of_city(ctx).zone)


def asked(ctx: Context, terms: Terms, end: int) -> Asked:
    """What the conditions depend on, as it is now."""
    minutes = terms.accept_minutes
    if terms.accept_counting == "working":
        accept_by = WorkedTime(of_city(ctx)).back(ctx.now, minutes)
    else:
        accept_by = ctx.now - minutes * time.MINUTE
    return Asked(terms, end, accept_by)


def grouped(
    ctx: Context, by: str, start: int, said: Asked, condition: ColumnElement[bool]
) -> dict[Any, dict[str, Any]]:
    """Figures of each group of BY that has anything to count."""
    if by not in BY:
        raise BadAssessment("by", name="by", value=by, known=", ".join(BY))
    found = _counted(ctx, BY[by], start, said, condition)
    middles = _medians(ctx, BY[by], start, said, condition)
    return {key: figures(counts, middles[key]) for key, counts in found.items()}


def summed(ctx: Context, by: str, start: int, said: Asked, condition: ColumnElement[bool]) -> Keyed:
    """Counts and sums of each group of BY."""
    return _counted(ctx, BY[by], start, said, condition)


def visible(ctx: Context, by: str, own: ColumnElement[bool]) -> set[Any] | None:
    """The groups in which somebody has cases that are their own; None: all."""
    if sees_all(ctx.identity):
        return None
    column = BY[by]
    if by == "organisation" and ctx.identity.organisation is not None:
        return {ctx.identity.organisation}
    return {_plain(row[0]) for row in ctx.connection.execute(select(column).where(own).distinct())}


def total(ctx: Context, start: int, said: Asked, condition: ColumnElement[bool]) -> dict[str, Any]:
    """Figures of all cases of a condition together."""
    everything = literal(1)
    found = _counted(ctx, everything, start, said, condition)
    counts = found.get(1) or _blank()
    return figures(counts, _medians(ctx, everything, start, said, condition)[1])


def _blank() -> dict[str, int]:
    return dict.fromkeys([*COUNTS, *SUMS], 0)


def _counted(
    ctx: Context, key: Any, start: int, said: Asked, condition: ColumnElement[bool]
) -> Keyed:
    """Counts and sums by key: one walk of an index for each instant that decides."""
    found: Keyed = defaultdict(_blank)
    for reach, names in _walks(start, said):
        columns = [
            func.sum(case((COUNTS[name].condition(said), 1), else_=0)).label(name) for name in names
        ]
        for name, (of, column) in SUMS.items():
            if of in names:
                mine = COUNTS[of].condition(said)
                columns.append(func.sum(case((mine, column), else_=0)).label(name))
        query = select(key.label("key"), *columns).where(reach, condition).group_by("key")
        for row in ctx.connection.execute(query):
            values: dict[str, Any] = row._asdict()
            key_of = _plain(values.pop("key"))
            some = {name: int(value) for name, value in values.items() if value}
            if some:
                found[key_of].update(some)
    return found


def _walks(start: int, said: Asked) -> Iterator[tuple[ColumnElement[bool], list[str]]]:
    """Counts with the same instant are counted together."""
    by_instant: dict[str, list[str]] = defaultdict(list)
    for name, count in COUNTS.items():
        if count.instant is not None:
            by_instant[count.instant.key].append(name)
    for column, names in by_instant.items():
        yield and_(_c[column] >= start, _c[column] < said.end), names
    standing = [name for name, count in COUNTS.items() if count.instant is None]
    yield or_(_c.ended_at.is_(None), _c.ended_at >= said.end), standing


def _medians(
    ctx: Context, key: Any, start: int, said: Asked, condition: ColumnElement[bool]
) -> dict[Any, dict[str, float | None]]:
    """The middle handling times of the closed cases, minutes: exact, by rank."""
    none: dict[str, float | None] = {"median_minutes": None, "median_working_minutes": None}
    found: dict[Any, dict[str, float | None]] = defaultdict(lambda: dict(none))
    for name, column in (
        ("median_minutes", _c.close_clock),
        ("median_working_minutes", _c.close_work),
    ):
        place = func.row_number().over(partition_by=key, order_by=column)
        count = func.count().over(partition_by=key)
        ranked = (
            select(
                key.label("key"),
                column.label("value"),
                place.label("place"),
                count.label("count"),
            )
            .where(within(COUNTS["closed"], said, start), condition)
            .subquery()
        )
        twice = ranked.c.place * 2
        middle = (
            select(ranked.c.key, func.min(ranked.c.value), func.max(ranked.c.value))
            .where(twice >= ranked.c.count, twice <= ranked.c.count + 2)
            .group_by(ranked.c.key)
        )
        for group, low, high in ctx.connection.execute(middle):
            found[_plain(group)][name] = (int(low) + int(high)) / 2 / time.MINUTE
    return found


def _plain(key: Any) -> Any:
    return 0 if key is None else key
