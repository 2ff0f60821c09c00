"""Uses that look wrong: many refusals, many wrong claims, much more than usual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from yiwang.kernel import clock
from yiwang.notices import service as notices
from yiwang.notices.model import EMAIL, IN_APP, Notice
from yiwang.notices.recipients import holding
from yiwang.security.actions import Context, query
from yiwang.sharing.gateway import store
from yiwang.sharing.grants import store as grants

USUAL_DAYS = 14
TIMES = 5
LEAST_ROWS = 1000
"""A day is unusual with so many rows, and so many times the mean of the days before."""


@dataclass(frozen=True)
class Alarm:
    kind: str
    at: int
    day: str
    organisation: int | None = None
    resource: int | None = None
    grant: int | None = None
    who: str = ""
    details: tuple[tuple[str, Any], ...] = ()


def volumes(ctx: Context, counts: Mapping[tuple[int, str], store.Counts]) -> list[Alarm]:
    """Grants of which much more is read today than on the days before."""
    found = []
    for grant, day in counts:
        today = store.rows_of(ctx.connection, grant, day, day)
        first = (date.fromisoformat(day) - timedelta(days=USUAL_DAYS)).isoformat()
        last = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
        usual = store.rows_of(ctx.connection, grant, first, last) / USUAL_DAYS
        if today < LEAST_ROWS or not usual or today < TIMES * usual:
            continue
        held = grants.grant(ctx.connection, grant)
        if held is not None:
            details = (("rows", today), ("usual", round(usual)))
            place = (held.organisation, held.resource, grant)
            found.append(Alarm("volume", ctx.now, day, *place, "", details))
    return found


def raise_all(ctx: Context, alarms: Iterable[Alarm]) -> None:
    """Store alarms that were not raised that day, and tell the data bureau and the provider."""
    for one in alarms:
        if store.raised(ctx.connection, one.kind, one.day, one.grant, one.who):
            continue
        number = store.add_alarm(ctx.connection, one)
        held = grants.grant(ctx.connection, one.grant) if one.grant else None
        to = holding(ctx, "data_bureau")
        to += holding(ctx, "data_steward", held.provider) if held else []
        fields = {"who": one.who or f"grant:{one.grant}", "day": one.day}
        event, about = f"sharing:alarm:{number}", f"alarm:{number}"
        template = f"sharing.gateway.notice.{one.kind}"
        if to:
            path = "/sharing/uses"
            channels = (IN_APP, EMAIL)
            notices.send(
                ctx,
                Notice(event, "sharing.alarm", about, template, fields, to, channels, path=path),
            )


@query("sharing.alarms", permission="sharing.audit")
def listing(ctx: Context, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Alarms, the newest first."""
    rows = store.alarms(ctx.connection, before, limit)
    return [dict(row._mapping) | {"at": clock.render(row.at)} for row in rows]
