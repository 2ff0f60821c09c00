"""On which days data was brought up to date: kept, so that what was up to date at the end of a
month can be told years later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from yiwang.contracts.events import DatasetChanged
from yiwang.kernel.periods import day_of
from yiwang.security.actions import Context, action
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.evaluation import tally
from yiwang.sharing.evaluation.tables import share_renewals
from yiwang.store.outbox import Delivery
from yiwang.store.upsert import upsert

TOPICS = (DatasetChanged.topic,)
KEPT_DAYS = 3 * 366
_held = share_renewals.c


@action("sharing.note_renewals", permission="sharing.operate", audit_verb="renewals_noted")
def note(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Note whose data was brought up to date on which day."""
    zone = tally.calendar(ctx).zone
    for one in deliveries:
        resource = catalogue.of_dataset(ctx.connection, one.body["dataset"])
        if resource is not None:
            at: int = one.body["at"]
            _add(ctx, resource.id, day_of(at, zone).isoformat(), at)


def _add(ctx: Context, resource: int, day: str, at: int) -> None:
    chosen = select(share_renewals).where(_held.resource == resource, _held.day == day)
    row = ctx.connection.execute(chosen).first()
    times, last = (row.times, row.at) if row else (0, at)
    values = {"resource": resource, "day": day, "times": times + 1, "at": max(last, at)}
    upsert(ctx.connection, share_renewals, values, ["resource", "day"])


def prune(ctx: Context) -> None:
    """Days of long ago go; the last ones of each resource are long behind them, or it is out of
    date anyway."""
    oldest = (tally.today(ctx) - timedelta(days=KEPT_DAYS)).isoformat()
    ctx.connection.execute(delete(share_renewals).where(_held.day < oldest))
