"""Counts hour by hour or day by day, and how things stand now beside yesterday."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select

from yiwang.cases.scoring import rates, schemes
from yiwang.cases.scoring.counts import COUNTS, Asked
from yiwang.cases.scoring.sight import sees_all, sight
from yiwang.cases.scoring.tables import case_results
from yiwang.cases.scoring.titles import titles
from yiwang.kernel import clock as time
from yiwang.kernel.periods import midnight
from yiwang.security.actions import Context, query

COUNTED = ("filed", "closed", "judged", "in_time", "late")
_SHOWN = (*COUNTED, "open_now", "overdue_now", "excused")
HOURS, DAYS, WORST = 24, 30, 10


def trend(
    ctx: Context, edges: Sequence[int], said: Asked, condition: ColumnElement[bool]
) -> list[dict[str, Any]]:
    """COUNTED in each span from one edge to before the next."""
    found: list[dict[str, Any]] = [
        {"at": time.render(edge)} | dict.fromkeys(COUNTED, 0) for edge in edges[:-1]
    ]
    by_instant: dict[str, list[str]] = defaultdict(list)
    for name in COUNTED:
        by_instant[COUNTS[name].instant.key].append(name)
    for column, names in by_instant.items():
        instant = case_results.c[column]
        columns = [func.count().filter(COUNTS[name].condition(said)).label(name) for name in names]
        place = _place(instant, edges, 0, len(edges) - 1)
        query_ = (
            select(place.label("place"), *columns)
            .where(instant >= edges[0], instant < edges[-1], condition)
            .group_by("place")
        )
        for row in ctx.connection.execute(query_):
            for name in names:
                found[row.place][name] = int(getattr(row, name))
    return found


def _place(instant: Any, edges: Sequence[int], low: int, high: int) -> ColumnElement[int]:
    """The number of the span that an instant lies in, by halves."""
    if high - low == 1:
        return literal(low)
    middle = (low + high) // 2
    below, above = _place(instant, edges, low, middle), _place(instant, edges, middle, high)
    return case((instant < edges[middle], below), else_=above)


@query("cases.operations", permission="cases.assess")
def operations(ctx: Context) -> dict[str, Any]:
    """How the city runs now: today until now beside yesterday until the same time of day and the
    whole of yesterday, by department, the last 24 hours and 30 days, the classes with most late
    cases. ``own`` says whether the figures are only the caller's own."""
    zone, day = ctx.caller.calendar.zone, rates.today(ctx)
    terms = schemes.terms(ctx, day)
    now = ctx.now + 1
    own = sight(ctx.identity, ())
    start, before = midnight(day, zone), midnight(day - timedelta(days=1), zone)
    so_far = min(before + now - start, start)
    said = rates.asked(ctx, terms, now)
    departments = rates.grouped(ctx, "organisation", start, said, own)
    last_30 = rates.days(ctx, day - timedelta(days=DAYS - 1), day + timedelta(days=1))
    hour = now - now % time.HOUR
    hours = [hour - (HOURS - 1 - i) * time.HOUR for i in range(HOURS)] + [hour + time.HOUR]
    edges = [midnight(last_30.first + timedelta(days=i), zone) for i in range(DAYS + 1)]
    return {
        "at": time.render(ctx.now),
        "day": day.isoformat(),
        "own": not sees_all(ctx.identity),
        "today": departments.all,
        "yesterday_so_far": rates.total(ctx, before, rates.asked(ctx, terms, so_far), own),
        "yesterday": rates.total(ctx, before, rates.asked(ctx, terms, start), own),
        "departments": _named(
            ctx,
            "organisation",
            {key: one["counts"] for key, one in departments.groups.items()},
        ),
        "hours": trend(ctx, hours, said, own),
        "days": trend(ctx, edges, said, own),
        "worst_classes": _worst(ctx, last_30.start, rates.asked(ctx, terms, now), own),
    }


def _worst(ctx: Context, start: int, said: Asked, own: ColumnElement[bool]) -> list[dict[str, Any]]:
    """The classes with most late cases in the last days."""
    groups = rates.summed(ctx, "class", start, said, own, _SHOWN)
    late = {key: counts for key, counts in groups.items() if counts["late"]}
    chosen = sorted(late, key=lambda key: (-late[key]["late"], str(key)))[:WORST]
    return _named(ctx, "class", {key: late[key] for key in chosen})


def _named(ctx: Context, by: str, groups: rates.Keyed) -> list[dict[str, Any]]:
    called = titles(ctx, by, groups)
    return [
        {"key": key, "title": called[key]} | {name: counts[name] for name in _SHOWN}
        for key, counts in groups.items()
    ]
