"""Figures of the desk over a span: contacts, answered on the spot, time, repeated calls."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

from yiwang.cases.hotline import board, knowledge, store, views
from yiwang.kernel import clock
from yiwang.kernel.clock import SECOND
from yiwang.security.actions import Context, query

_MISSING = 20


@query("cases.hotline_figures", permission="cases.hotline")
def hotline_figures(ctx: Context, days: int, lang: str) -> dict[str, Any]:
    """The city's day until now, and ``days`` - 1 before it. Nobody is named."""
    start = _start(ctx, days)
    rows = store.in_span(ctx.connection, start, ctx.now + 1)
    rules = board.of(ctx)
    spent = [row.ended_at - row.at for row in rows if row.ended_at is not None]
    requests = store.outcomes(ctx.connection, start, ctx.now + 1)
    kinds, outcomes = Counter[str](), Counter[str]()
    for one in requests:
        kinds[one.kind] += one.number
        outcomes[one.outcome] += one.number
    by = {name: Counter(getattr(row, name) for row in rows) for name in ("channel", "line")}
    titles = {"channel": rules.channels, "line": rules.lines}
    count = len(rows)
    return {
        "from": clock.render(start),
        "until": clock.render(ctx.now),
        "contacts": count,
        "open": sum(row.ended_at is None for row in rows),
        "answered": sum(bool(row.answered) for row in rows),
        "answered_share": _share(sum(bool(row.answered) for row in rows), count),
        "repeated": sum(row.repeated for row in rows),
        "repeated_share": _share(sum(row.repeated for row in rows), count),
        "handling_s": round(sum(spent) / len(spent) / SECOND) if spent else None,
        **{
            f"by_{name}": [
                {"code": code, "title": views.title(titles[name].get(code), code, lang), "count": n}
                for code, n in sorted(found.items(), key=lambda one: (-one[1], one[0]))
            ]
            for name, found in by.items()
        },
        "by_kind": dict(sorted(kinds.items())),
        "by_outcome": dict(sorted(outcomes.items())),
        "missing": sum(one.missing for one in requests),
        "call_backs": len(store.call_backs(ctx.connection, 1000)),
    }


@query("cases.missing_articles", permission="cases.write_articles")
def missing_articles(ctx: Context) -> list[dict[str, Any]]:
    """What callers asked last and no article answered."""
    return [
        {"id": row.id, "at": clock.render(row.at), "text": row.text}
        for row in store.missing(ctx.connection, _MISSING)
    ]


def _start(ctx: Context, days: int) -> int:
    """Midnight, in the city."""
    calendar = ctx.caller.calendar
    day = datetime.fromisoformat(knowledge.today(ctx)).date() - timedelta(days=days - 1)
    return clock.from_datetime(datetime.combine(day, time(), calendar.zone))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
