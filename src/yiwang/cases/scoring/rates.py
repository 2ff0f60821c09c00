"""Rates of cases by class, grid, street, department, person and channel over any period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, select

from yiwang.cases.scoring.counts import BY, Asked
from yiwang.cases.scoring.errors import BadAssessment, BadDays
from yiwang.cases.scoring.model.schemes import Terms
from yiwang.cases.scoring.sight import sees_all
from yiwang.cases.scoring.tally import ALL, NAMES, Tally, walk
from yiwang.kernel import clock as time
from yiwang.kernel.periods import Period, WorkedTime, day_of, period
from yiwang.security.actions import Context

MOST_DAYS = 5 * 366
Keyed = dict[Any, dict[str, int]]


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


def days(ctx: Context, first: date, until: date) -> Period:
    """A period of whole days. Raises BadDays."""
    if not first < until or (until - first).days > MOST_DAYS:
        raise BadDays("from, until", first=str(first), until=str(until), most=MOST_DAYS)
    return period(first, until, ctx.caller.calendar.zone)


def today(ctx: Context) -> date:
    return day_of(ctx.now, ctx.caller.calendar.zone)


def asked(ctx: Context, terms: Terms, end: int) -> Asked:
    """What the conditions depend on, as it is now."""
    minutes = terms.accept_minutes
    if terms.accept_counting == "working":
        accept_by = WorkedTime(ctx.caller.calendar).back(ctx.now, minutes)
    else:
        accept_by = ctx.now - minutes * time.MINUTE
    return Asked(terms, end, accept_by)


@dataclass(frozen=True)
class Figures:
    """Of each group, of those that are somebody's own, and of all."""

    groups: dict[Any, dict[str, Any]]
    own: dict[str, Any]
    all: dict[str, Any]


def grouped(
    ctx: Context,
    by: str,
    start: int,
    said: Asked,
    reach: ColumnElement[bool] = ALL,
    own: ColumnElement[bool] = ALL,
) -> Figures:
    """Figures of the groups of BY: of what is within ``reach``, each group only of what is
    somebody's ``own``. One that has only cases which are open now is left out: it had nothing
    in the period. Raises BadAssessment."""
    if by not in BY:
        raise BadAssessment("by", name="by", value=by, known=", ".join(BY))
    everything, mine = Tally(), Tally()
    groups: dict[Any, Tally] = defaultdict(Tally)
    for key, is_own, part in walk(ctx, BY[by], start, said, reach, own):
        everything.add(part)
        if is_own:
            mine.add(part)
            groups[key].add(part)
    found = {key: one.figures() for key, one in groups.items() if one.had_any()}
    return Figures(found, mine.figures(), everything.figures())


def summed(
    ctx: Context,
    by: str,
    start: int,
    said: Asked,
    reach: ColumnElement[bool],
    names: Collection[str] = NAMES,
) -> Keyed:
    """Some counts and sums of each group of BY, the others 0."""
    groups: dict[Any, Tally] = defaultdict(Tally)
    for key, _, part in walk(ctx, BY[by], start, said, reach, ALL, names):
        groups[key].add(part)
    return {key: one.counts for key, one in groups.items() if one.had_any()}


def visible(ctx: Context, by: str, own: ColumnElement[bool]) -> set[Any] | None:
    """The groups in which somebody has cases that are their own; None: all."""
    if sees_all(ctx.identity):
        return None
    column = BY[by]
    if by == "organisation" and ctx.identity.organisation is not None:
        return {ctx.identity.organisation}
    return {_plain(row[0]) for row in ctx.connection.execute(select(column).where(own).distinct())}


def total(ctx: Context, start: int, said: Asked, reach: ColumnElement[bool]) -> dict[str, Any]:
    """Figures of all cases within ``reach`` together."""
    found = Tally()
    for _, _, part in walk(ctx, literal(0), start, said, reach, ALL):
        found.add(part)
    return found.figures()


def _plain(key: Any) -> Any:
    return 0 if key is None else key
