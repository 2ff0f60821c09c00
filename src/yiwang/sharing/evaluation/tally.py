"""Figures by department, the rows behind one of them, and digests of all that was counted."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.sql.selectable import CTE

from yiwang.kernel.periods import Period, day_of, period
from yiwang.security.actions import Context
from yiwang.sharing.evaluation import model
from yiwang.sharing.evaluation.errors import BadDays, BadQuestion
from yiwang.sharing.evaluation.figures import FIGURES, PROVIDER, USER, Figure
from yiwang.sharing.evaluation.model import RATES, TIMES, Terms, WorkedDays
from yiwang.sharing.evaluation.sources import SOURCES, Asked

MOST_DAYS = 5 * 366
_SIDES = (PROVIDER, USER)
_BEGUN = {"answer": ("answered", "asked_at"), "complaint": ("complaints_answered", "filed_at")}
"""Of each of TIMES, the figure of what was answered and since when it waited."""


@dataclass
class Tally:
    """Counts of one department, and the working days that each of its answers took."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIGURES, 0))
    days: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, other: Tally) -> None:
        for name, value in other.counts.items():
            self.counts[name] += value
        for name, taken in other.days.items():
            self.days[name] += taken

    def figures(self) -> dict[str, Any]:
        """``{counts, rates, times}``, as they are shown and kept."""
        rates, times = model.shares(self.counts), model.times(self.days)
        return {"counts": dict(self.counts), "rates": rates, "times": times}


def days(ctx: Context, first: date, until: date) -> Period:
    """A period of whole days of the city. Raises BadDays."""
    if not first < until or (until - first).days > MOST_DAYS:
        raise BadDays("from, until", first=str(first), until=str(until), most=MOST_DAYS)
    return period(first, until, ctx.caller.calendar.zone)


def today(ctx: Context) -> date:
    return day_of(ctx.now, ctx.caller.calendar.zone)


def asked(ctx: Context, span: Period, terms: Terms, only: int | None = None) -> Asked:
    """Of days that are not over, what is so until now; of one department alone."""
    end = min(span.end, ctx.now + 1)
    return Asked(span.first.isoformat(), span.until.isoformat(), span.start, end, terms, only)


def tallied(ctx: Context, of: Asked) -> dict[int, Tally]:
    """By department that has anything (0: none is named)."""
    found: dict[int, Tally] = defaultdict(Tally)
    for source in SOURCES:
        _sum(ctx, source, of, found)
    worked = WorkedDays(ctx.caller.calendar)
    for name, (figure, begun) in _BEGUN.items():
        table = _table(FIGURES[figure].source, of)
        query = select(table.c.provider, table.c[begun], table.c.answered_at)
        query = query.where(_of(FIGURES[figure], table, of))
        for provider, start, end in ctx.connection.execute(query.order_by(table.c.id)):
            found[provider or 0].days[name].append(worked.between(start, end))
    return dict(found)


def _sum(ctx: Context, source: str, of: Asked, found: dict[int, Tally]) -> None:
    """By provider and user together: what either of them has is read at once."""
    names = [name for name, one in FIGURES.items() if one.source == source]
    table = _table(source, of)
    sums = [func.coalesce(func.sum(_added(FIGURES[name], table, of)), 0) for name in names]
    keys = [table.c[side] for side in _SIDES]
    for row in ctx.connection.execute(select(*keys, *sums).group_by(*keys)):
        whose = dict(zip(_SIDES, row, strict=False))
        for name, value in zip(names, row[len(_SIDES) :], strict=True):
            key = whose[FIGURES[name].side]
            if value and of.only in (None, key):
                found[key or 0].counts[name] += int(value)


def whole(found: Mapping[int, Tally]) -> Tally:
    """All departments together."""
    total = Tally()
    for one in found.values():
        total.add(one)
    return total


def behind(ctx: Context, name: str, of: Asked, limit: int, after: int) -> list[dict[str, Any]]:
    """The rows that one figure counts, by number: of a rate those of its denominator, each with
    whether the numerator counts it (``counts``) and what it adds there (``adds``). Raises
    BadQuestion."""
    above, below = _parts(name)
    table = _table(below.source, of)
    met = above.condition(table.c, of)
    adds = case((met, above.measure(table.c)), else_=0)
    query = (
        select(table, met.label("counts"), adds.label("adds"))
        .where(_of(below, table, of), table.c.id > after)
        .order_by(table.c.id)
        .limit(limit)
    )
    worked = WorkedDays(ctx.caller.calendar)
    return [_row(row, worked) for row in ctx.connection.execute(query)]


def _parts(name: str) -> tuple[Figure, Figure]:
    for time, counted in TIMES.items():
        if name.startswith(f"{time}_days_"):
            name = counted
    if name in RATES:
        above, below = RATES[name]
        return FIGURES[above], FIGURES[below]
    if name not in FIGURES:
        known = ", ".join([*RATES, *FIGURES])
        raise BadQuestion("figure", name="figure", value=name[:80], known=known)
    return FIGURES[name], FIGURES[name]


def _row(row: Any, worked: WorkedDays) -> dict[str, Any]:
    shown = dict(row._mapping)
    begun = shown.get("asked_at", shown.get("filed_at"))
    if begun is not None:
        end = shown["answered_at"]
        shown["working_days"] = None if end is None else worked.between(begun, end)
    shown["counts"] = bool(shown["counts"])
    return shown


def digests(ctx: Context, of: Asked) -> dict[str, dict[str, Any]]:
    """Of every source, how many rows count in any figure, and the SHA-256 of what each adds to
    which: the same rows, read again later, give the same digest."""
    return {source: _digest(ctx, source, of) for source in SOURCES}


def _digest(ctx: Context, source: str, of: Asked) -> dict[str, Any]:
    names = [name for name, one in FIGURES.items() if one.source == source]
    table = _table(source, of)
    counted = [FIGURES[name].condition(table.c, of) for name in names]
    query = select(
        table.c.id,
        table.c.provider,
        table.c.organisation,
        *(
            case((met, FIGURES[name].measure(table.c)))
            for met, name in zip(counted, names, strict=True)
        ),
    )
    hashed, count = hashlib.sha256(), 0
    for line in _lines(ctx, query.where(or_(*counted)).order_by(table.c.id), names):
        hashed.update(line)
        count += 1
    return {"rows": count, "digest": hashed.hexdigest()}


def _lines(ctx: Context, query: Select[Any], names: list[str]) -> Iterator[bytes]:
    """A row a line: whose it is, and by the names of figures what it adds."""
    rows = ctx.connection.execute(query.execution_options(yield_per=1000))
    for id, provider, organisation, *added in rows:
        adds = {
            name: int(value) for name, value in zip(names, added, strict=True) if value is not None
        }
        plain = [id, provider, organisation, adds]
        yield msgspec.json.encode(plain, order="deterministic") + b"\n"


def _table(source: str, of: Asked) -> CTE:
    """Worked out once, however many figures look at it."""
    return SOURCES[source](of).cte(source).prefix_with("MATERIALIZED")


def _of(figure: Figure, table: CTE, of: Asked) -> ColumnElement[bool]:
    mine = true() if of.only is None else table.c[figure.side] == of.only
    return and_(mine, figure.condition(table.c, of))


def _added(figure: Figure, table: CTE, of: Asked) -> ColumnElement[int]:
    return case((figure.condition(table.c, of), figure.measure(table.c)), else_=0)
