"""Work that is announced on devices is a silence of theirs: the consumer of
``maintenance.announced`` and ``maintenance.ended``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yiwang.cases.storms import silences, store
from yiwang.cases.storms.silences import Wanted
from yiwang.contracts.events import MaintenanceAnnounced, MaintenanceEnded
from yiwang.security.actions import Context, action
from yiwang.store.outbox import Delivery

TOPICS = (MaintenanceAnnounced.topic, MaintenanceEnded.topic)


@action("cases.consume_works", permission="cases.consume", audit_verb="works_taken")
def consume(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Be silent about devices while somebody works on them; one silence for each work, however
    often it is told of."""
    for one in deliveries:
        if one.topic == MaintenanceAnnounced.topic:
            _announced(ctx, one.body)
        else:
            _ended(ctx, one.body)
    ctx.note("silences", works=[one.body["work"] for one in deliveries])


def _announced(ctx: Context, body: dict[str, Any]) -> None:
    if store.of_work(ctx.connection, body["work"]) is not None:
        return
    wanted = Wanted(body["until_at"], body["what"], things=tuple(body["things"]))
    silences.put(ctx, wanted, body["from_at"], body["by"], body["work"])


def _ended(ctx: Context, body: dict[str, Any]) -> None:
    row = store.of_work(ctx.connection, body["work"])
    if row is not None and row.until_at > body["at"]:
        silences.end(ctx, row, body["at"], body["by"])
