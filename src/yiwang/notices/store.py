"""All SQL of notices but the sender's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from yiwang.notices.model import EMAIL, SMS, WAITING, WEBHOOK, Quiet, Recipient
from yiwang.notices.tables import attempts, followers, notices, refusals, webhooks
from yiwang.notices.tables import preferences as wanted
from yiwang.store.statements import Among, Statement, keeping
from yiwang.store.upsert import upsert

_PART = 500


@dataclass(frozen=True)
class Preferences:
    language: str = ""
    email: str = ""
    phone: str = ""
    channels: tuple[str, ...] = (EMAIL, SMS)
    quiet: Quiet | None = None


_preferences = Among(select(wanted), wanted.c.user)
_refused = Among(select(refusals.c.address, refusals.c.channel), refusals.c.address)


def preferences(connection: Connection, users: Collection[str]) -> dict[str, Preferences]:
    found: dict[str, Preferences] = {}
    for row in _preferences.named(connection, sorted(users)):
        quiet = None if row.quiet_starts is None else Quiet(row.quiet_starts, row.quiet_ends)
        found[row.user] = Preferences(
            row.language, row.email, row.phone, tuple(row.channels), quiet
        )
    return found


def refused(connection: Connection, recipients: Collection[Recipient]) -> set[tuple[str, str]]:
    """Address and channel of those without an account who want nothing more."""
    wanted = {one.lower() for to in recipients for one in (to.email, to.phone) if one}
    return {(to, channel) for to, channel in _refused.records(connection, sorted(wanted))}


def set_preferences(connection: Connection, user: str, given: Preferences, now: int) -> None:
    values = {
        "user": user,
        "language": given.language,
        "email": given.email,
        "phone": given.phone,
        "channels": list(given.channels),
        "quiet_starts": given.quiet.starts if given.quiet else None,
        "quiet_ends": given.quiet.ends if given.quiet else None,
        "changed_at": now,
    }
    upsert(connection, wanted, values, ["user"])


_add = keeping(notices, ["key"])


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert deliveries; one whose key is there already stays as it is."""
    if rows:
        _add.many(connection, rows)


def inbox(connection: Connection, user: str, before: int | None, limit: int) -> list[Row[Any]]:
    """The newest first."""
    query = select(notices).where(notices.c.inbox == user)
    if before is not None:
        query = query.where(notices.c.id < before)
    return list(connection.execute(query.order_by(notices.c.id.desc()).limit(limit)))


def unread(connection: Connection, user: str) -> int:
    query = select(func.count()).select_from(notices).where(notices.c.unread == user)
    return connection.execute(query).scalar() or 0


def mark_read(connection: Connection, user: str, ids: Collection[int] | None, now: int) -> int:
    """Returns how many were unread until now."""
    change = update(notices).where(notices.c.unread == user).values(unread=None, read_at=now)
    if ids is None:
        return connection.execute(change).rowcount
    return sum(
        connection.execute(change.where(notices.c.id.in_(part))).rowcount
        for part in _parts(sorted(ids))
    )


def deliveries(
    connection: Connection, where: Mapping[str, Any], before: int | None, limit: int
) -> list[Row[Any]]:
    """The newest first, with the name of the webhook."""
    query: Select[Any] = select(notices, webhooks.c.name.label("webhook_name")).outerjoin(
        webhooks, webhooks.c.id == notices.c.webhook
    )
    for name, value in where.items():
        query = query.where(notices.c[name] == value)
    if where.get("state") == "failed":
        query = query.where(notices.c.failed)
    if before is not None:
        query = query.where(notices.c.id < before)
    return list(connection.execute(query.order_by(notices.c.id.desc()).limit(limit)))


def attempts_of(connection: Connection, notice: int) -> list[Row[Any]]:
    query = select(attempts).where(attempts.c.notice == notice).order_by(attempts.c.no)
    return list(connection.execute(query))


_webhooks = Statement(
    select(webhooks).where(webhooks.c.removed_at.is_(None)).order_by(webhooks.c.id)
)


def all_webhooks(connection: Connection) -> list[Any]:
    return _webhooks.named(connection, {})


def add_webhook(connection: Connection, values: Mapping[str, Any]) -> int:
    made = connection.execute(insert(webhooks).values(**values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def change_webhook(connection: Connection, id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(webhooks).where(webhooks.c.id == id).values(**values))


def webhook(connection: Connection, id: int) -> Row[Any] | None:
    query = select(webhooks).where(webhooks.c.id == id, webhooks.c.removed_at.is_(None))
    return connection.execute(query).first()


def try_now(connection: Connection, webhook: int, now: int) -> None:
    """What waits for a webhook is due."""
    mine = update(notices).where(notices.c.webhook == webhook, notices.c.next_at > now)
    connection.execute(mine.where(notices.c.state == WAITING).values(next_at=now))


def blank(now: int) -> dict[str, Any]:
    """A delivery that waits, with what most have in common."""
    return {
        "webhook": None,
        "user": "",
        "language": "",
        "template": "",
        "fields": {},
        "path": "",
        "urgent": False,
        "state": WAITING,
        "attempts": 0,
        "next_at": now,
        "created_at": now,
        "ended_at": None,
        "read_at": None,
        "answer": "",
        "inbox": None,
        "unread": None,
        "limited": None,
        "failed": None,
        "otherwise": None,
    }


def event_row(now: int, event: Mapping[str, Any], webhook: int, url: str) -> dict[str, Any]:
    """A delivery of an event (key, event, topic, about, text) to a webhook."""
    to = {"channel": WEBHOOK, "recipient": f"webhook:{webhook}", "address": url}
    return blank(now) | dict(event) | to | {"webhook": webhook, "subject": event["topic"]}


def add_one(connection: Connection, row: Mapping[str, Any]) -> int:
    made = connection.execute(insert(notices).values(**row)).inserted_primary_key
    assert made is not None
    return int(made[0])


def notice(connection: Connection, id: int) -> Row[Any] | None:
    query = select(notices, webhooks.c.name.label("webhook_name")).outerjoin(
        webhooks, webhooks.c.id == notices.c.webhook
    )
    return connection.execute(query.where(notices.c.id == id)).first()


def send_again(connection: Connection, id: int, now: int) -> None:
    """What ended waits as if it were new."""
    fresh = {"state": WAITING, "next_at": now, "created_at": now, "ended_at": None}
    change = update(notices).where(notices.c.id == id)
    connection.execute(change.values(**fresh, failed=None, answer=""))


def waiting_for(connection: Connection, webhook: int) -> int:
    query = (
        select(func.count())
        .select_from(notices)
        .where(notices.c.next_at.is_not(None), notices.c.webhook == webhook)
    )
    return connection.execute(query).scalar() or 0


def follow(connection: Connection, row: Mapping[str, Any]) -> None:
    upsert(connection, followers, row, ["about", "recipient"])


def unfollow(connection: Connection, about: str, recipient: str) -> int:
    gone = delete(followers).where(followers.c.about == about, followers.c.recipient == recipient)
    return connection.execute(gone).rowcount


_followers = Among(select(followers), followers.c.about)


def followers_of(connection: Connection, about: Collection[str]) -> Iterator[Any]:
    return _followers.named(connection, sorted(about))


def prune(connection: Connection, before: int, most: int = 1000) -> int:
    """Delete ended deliveries that were made before an instant, the oldest first."""
    oldest = select(notices.c.id, notices.c.created_at, notices.c.next_at)
    rows = connection.execute(oldest.order_by(notices.c.id).limit(most))
    gone = [row.id for row in rows if row.created_at < before and row.next_at is None]
    for part in _parts(gone):
        connection.execute(delete(attempts).where(attempts.c.notice.in_(part)))
        connection.execute(delete(notices).where(notices.c.id.in_(part)))
    return len(gone)


def _parts(values: Iterable[Any]) -> Iterable[list[Any]]:
    listed = list(values)
    return (listed[low : low + _PART] for low in range(0, len(listed), _PART))
