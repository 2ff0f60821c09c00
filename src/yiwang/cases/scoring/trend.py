"""Counts hour by hour or day by day, and how things stand now beside yesterday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from yiwang.cases.scoring import rates, schemes
from yiwang.cases.scoring.counts import COUNTS, Asked
from yiwang.cases.scoring.model.periods import midnight
from yiwang.cases.scoring.sight import sees_all, sight
from yiwang.cases.scoring.titles import titles
from yiwang.kernel import clock as time
from yiwang.security.actions import Context, query

COUNTED = ("filed", "closed", "judged", "in_time", "late")
HOURS, DAYS, WORST = 24, 30, 10


def trend(
    ctx: Context, edges: Sequence[int], said: Asked, condition: ColumnElement[bool]
) -> list[dict[str, Any]]:
    """COUNTED in each span from one edge to before the next."""
    found: list[dict[str, Any]] = [
        {"at": time.render(edge)} | dict.fromkeys(COUNTED, 0) for edge in edges[:-1]
    ]
    for name in COUNTED:
        count = COUNTS[name]
        place = case(*[(count.instant < edge, i) for i, edge in enumerate(edges[1:])])
        reach = and_(count.instant >= edges[0], count.instant < edges[-1])
        query_ = (
            select(place.label("place"), func.count())
            .where(reach, count.condition(said), condition)
            .group_by("place")
        )
        for at, number in ctx.connection.execute(query_):
            found[at][name] = int(number)
    return found


@query("cases.operations", permission="cases.assess")
def operations(ctx: Context) -> dict[str, Any]:
    """How the city runs now: today until now beside yesterday until the same time of day and the
    whole of yesterday, by department, the last 24 hours and 30 days, the classes with most late
    cases. ``own`` says whether the figures are only the caller's own."""
    zone, day = rates.of_city(ctx).zone, rates.today(ctx)
    terms = schemes.terms(ctx, day)
    now = ctx.now + 1
    own = sight(ctx.identity, ())
    start, before = midnight(day, zone), midnight(day - timedelta(days=1), zone)
    so_far = min(before + now - start, start)
    said = rates.asked(ctx, terms, now)
    by_department = rates.summed(ctx, "organisation", start, said, own)
    last_30 = rates.days(ctx, day - timedelta(days=DAYS - 1), day + timedelta(days=1))
    hour = now - now % time.HOUR
    hours = [hour - (HOURS - 1 - i) * time.HOUR for i in range(HOURS)] + [hour + time.HOUR]
    edges = [midnight(last_30.first + timedelta(days=i), zone) for i in range(DAYS + 1)]
    return {
        "at": time.render(ctx.now),
        "day": day.isoformat(),
        "own": not sees_all(ctx.identity),
        "today": rates.total(ctx, start, said, own),
        "yesterday_so_far": rates.total(ctx, before, rates.asked(ctx, terms, so_far), own),
        "yesterday": rates.total(ctx, before, rates.asked(ctx, terms, start), own),
        "departments": _named(ctx, "organisation", by_department),
        "hours": trend(ctx, hours, said, own),
        "days": trend(ctx, edges, said, own),
        "worst_classes": _worst(ctx, last_30.start, rates.asked(ctx, terms, now), own),
    }


def _worst(ctx: Context, start: int, said: Asked, own: ColumnElement[bool]) -> list[dict[str, Any]]:
    """The classes with most late cases in the last days."""
    groups = rates.summed(ctx, "class", start, said, own)
    late = {key: counts for key, counts in groups.items() if counts["late"]}
    chosen = sorted(late, key=lambda key: (-late[key]["late"], str(key)))[:WORST]
    return _named(ctx, "class", {key: late[key] for key in chosen})


def _named(ctx: Context, by: str, groups: rates.Keyed) -> list[dict[str, Any]]:
    called = titles(ctx, by, groups)
    return [
        {"key": key, "title": called[key]}
        | {name: counts[name] for name in (*COUNTED, "open_now", "overdue_now", "excused")}
        for key, counts in groups.items()
    ]
