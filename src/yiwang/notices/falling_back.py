"""Another way for what has failed: never for what was refused by the recipient."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from yiwang.notices import store
from yiwang.notices.model import Recipient, key, limited_by
from yiwang.notices.tables import notices


def instead(connection: Connection, ids: Sequence[int], now: int) -> None:
    """Send deliveries that have failed by the next way that each of them has, once."""
    query = select(notices).where(notices.c.id.in_(ids), notices.c.otherwise.is_not(None))
    rows = [row for row in connection.execute(query) if row.otherwise]
    given = {Recipient("address", email=to) for row in rows for _, to, _ in row.otherwise}
    refused = store.refused(connection, given) if given else set()
    made = []
    for row in rows:
        ways = [way for way in row.otherwise if (way[1].lower(), way[0]) not in refused]
        if not ways:
            continue
        channel, to, text = ways[0]
        kept = {name: value for name, value in row._mapping.items() if name != "id"}
        made.append(
            kept
            | store.blank(now)
            | {
                name: kept[name]
                for name in ("user", "language", "template", "fields", "path", "urgent")
            }
            | {
                "key": key(row.event, row.recipient, channel),
                "channel": channel,
                "address": to,
                "text": text,
                "limited": limited_by(channel, row.recipient) if row.limited else None,
                "otherwise": ways[1:] or None,
            }
        )
    store.add(connection, made)
