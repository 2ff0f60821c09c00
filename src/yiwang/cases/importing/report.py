"""What an import found, reconciled with what the other system says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yiwang.cases import catalogue, city
from yiwang.cases.importing import store
from yiwang.registry import service as registry
from yiwang.security.actions import Context

MISSING_LISTED = 1000


def punctuality(ctx: Context, source: str, keys: Mapping[str, object]) -> dict[str, Any]:
    """Compare the on-time status that follows from each case's own deadline and closing with
    the one that the source gives, for the cases of these keys.

    ``on_time_missing`` counts closed cases with a deadline of which the source says nothing;
    they are listed. Closed cases without a deadline are on time by nobody's measure and are
    counted apart. Rates are shares of the closed cases with a deadline.
    """
    rows = [row for row in store.outcomes(ctx.connection, source) if row.key in keys]
    closed = [row for row in rows if row.kind == "done"]
    timed = [row for row in closed if row.limit_minutes is not None]
    said = [row for row in timed if row.on_time is not None]
    agree = [row for row in said if row.on_time != row.overdue]
    silent = [row for row in timed if row.on_time is None]
    differing = [row.key for row in said if row.on_time == row.overdue]
    return {
        "cases": len(rows),
        "closed": len(closed),
        "closed_without_deadline": len(closed) - len(timed),
        "open": sum(row.kind in ("new", "working", "waiting") for row in rows),
        "on_time_agree": len(agree),
        "on_time_disagree": len(differing),
        "on_time_missing": len(silent),
        "on_time_disagree_keys": differing[:MISSING_LISTED],
        "on_time_missing_cases": [
            {"key": row.key, "case": row.no, "overdue": row.overdue}
            for row in silent[:MISSING_LISTED]
        ],
        "by_department": _rates(rows, _departments(ctx, rows)),
        "by_type": _rates(rows, _types(ctx, rows)),
    }


def _rates(rows: Sequence[Any], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row, name in zip(rows, names, strict=True):
        one = found.setdefault(
            name, {"cases": 0, "closed": 0, "with_deadline": 0, "on_time": 0, "overdue": 0}
        )
        one["cases"] += 1
        one["closed"] += row.kind == "done"
        if row.kind == "done" and row.limit_minutes is not None:
            one["with_deadline"] += 1
            one["overdue" if row.overdue else "on_time"] += 1
    for one in found.values():
        one["closing_rate"] = round(one["closed"] / one["cases"], 4)
        timed = one["with_deadline"]
        one["on_time_rate"] = round(one["on_time"] / timed, 4) if timed else None
    return dict(sorted(found.items()))


def _departments(ctx: Context, rows: Sequence[Any]) -> list[str]:
    """The name of each case's department: the organisation at the top of its own."""
    held: dict[int, int] = {}
    for number in {row.organisation for row in rows if row.organisation is not None}:
        top = registry.organisation(ctx, number)
        while top.parent is not None:
            top = registry.organisation(ctx, top.parent)
        held[number] = top.id
    names = city.organisation_names(ctx, set(held.values()), "en")
    return [names[held[row.organisation]] if row.organisation else "" for row in rows]


def _types(ctx: Context, rows: Sequence[Any]) -> list[str]:
    classes = catalogue.newest(ctx, sorted({row.class_code for row in rows}))
    titles = {code: next(iter(one.title.values()), code) for code, (_, one) in classes.items()}
    return [titles.get(row.class_code, row.class_code) for row in rows]
