"""Subscriptions of other systems: who gets which events, where, and whether they take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from yiwang.contracts.events import NoticesSent
from yiwang.notices import addresses, store
from yiwang.notices.addresses import target
from yiwang.notices.errors import BadChoice, NoSuchWebhook
from yiwang.notices.model import FILTERS, WEBHOOK, Happened, key
from yiwang.notices.service import body, policy
from yiwang.notices.tables import webhooks
from yiwang.security.actions import Context, action, query

TEST_TOPIC = "webhook.test"


@dataclass(frozen=True)
class Wanted:
    """What a webhook is to be. ``topics`` are patterns such as ``case.*``; ``narrowed`` holds, by
    name of FILTERS, the values that count; ``purpose`` says for what the other system needs it."""

    name: str
    url: str
    purpose: str
    topics: Sequence[str]
    narrowed: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    active: bool = True


@query("notices.webhooks", permission="notices.read")
def list_webhooks(ctx: Context) -> list[dict[str, Any]]:
    """The webhooks, with what is known of their endpoints."""
    found = store.all_webhooks(ctx.connection)
    return [_shown(one) | {"waiting": store.waiting_for(ctx.connection, one.id)} for one in found]


@action("notices.add_webhook", permission="notices.manage", audit_verb="webhook_added")
def add_webhook(ctx: Context, given: Wanted) -> tuple[int, str]:
    """Make a webhook; returns its number and its secret, which is shown this once. Raises BadUrl,
    PrivateAddress, BadChoice."""
    values = _checked(ctx, given) | {
        "secret_no": 1,
        "renewed_at": None,
        "created_by": ctx.identity.label,
        "created_at": ctx.now,
        "removed_at": None,
        "failures": 0,
        "paused_until": None,
        "last_good_at": None,
        "last_bad_at": None,
        "last_answer": "",
    }
    id = store.add_webhook(ctx.connection, values)
    ctx.note(f"webhook:{id}", name=given.name, host=target(given.url).host, purpose=given.purpose)
    return id, policy(ctx).keys.secret(id, 1)


@action("notices.change_webhook", permission="notices.manage", audit_verb="webhook_changed")
def change_webhook(ctx: Context, id: int, given: Wanted) -> None:
    """Change a webhook; a changed one is tried anew at once. Raises NoSuchWebhook and what
    add_webhook raises."""
    _one(ctx, id)
    fresh = {"failures": 0, "paused_until": None}
    store.change_webhook(ctx.connection, id, _checked(ctx, given) | fresh)
    store.try_now(ctx.connection, id, ctx.now)
    ctx.emit(NoticesSent([]))
    ctx.note(f"webhook:{id}", name=given.name, host=target(given.url).host, active=given.active)


@action("notices.remove_webhook", permission="notices.manage", audit_verb="webhook_removed")
def remove_webhook(ctx: Context, id: int) -> None:
    """Take a webhook away; what waits for it is not sent any more. Raises NoSuchWebhook."""
    row = _one(ctx, id)
    store.change_webhook(ctx.connection, id, {"removed_at": ctx.now, "active": False})
    store.try_now(ctx.connection, id, ctx.now)
    ctx.note(f"webhook:{id}", name=row.name)


@action("notices.renew_secret", permission="notices.manage", audit_verb="webhook_secret_renewed")
def renew_secret(ctx: Context, id: int) -> str:
    """A new secret, shown this once. For a day messages are signed with the old one too. Raises
    NoSuchWebhook."""
    row = _one(ctx, id)
    number = row.secret_no + 1
    store.change_webhook(ctx.connection, id, {"secret_no": number, "renewed_at": ctx.now})
    ctx.note(f"webhook:{id}", name=row.name)
    return policy(ctx).keys.secret(id, number)


@action("notices.try_webhook", permission="notices.manage", audit_verb="webhook_tested")
def try_webhook(ctx: Context, id: int) -> int:
    """Send a test event; returns the number of its delivery, by which to see what came of it.
    Raises NoSuchWebhook."""
    row = _one(ctx, id)
    event = Happened(f"test:{id}:{ctx.now}", TEST_TOPIC, f"webhook:{id}", ctx.now, {"webhook": id})
    made = {
        "key": key(event.event, f"webhook:{id}", WEBHOOK),
        "event": event.event,
        "topic": event.topic,
        "about": event.about,
        "text": body(event.topic, event.at, event.data),
    }
    ctx.emit(NoticesSent([]))
    ctx.note(f"webhook:{id}", name=row.name)
    return store.add_one(ctx.connection, store.event_row(ctx.now, made, id, row.url))


def _one(ctx: Context, id: int) -> Row[Any]:
    found = store.webhook(ctx.connection, id)
    if found is None:
        raise NoSuchWebhook(id=id)
    return found


def _checked(ctx: Context, given: Wanted) -> dict[str, Any]:
    where = target(given.url)
    with suppress(OSError):  # what a name leads to is looked up and checked at every attempt
        addresses.resolved(where, policy(ctx).private, addresses.literal)
    for part, value in (("name", given.name), ("purpose", given.purpose)):
        if not value.strip():
            raise BadChoice(part, value=value, known="1 … 128")
    if not given.topics or not all(_pattern(one) for one in given.topics):
        raise BadChoice("topics", value=", ".join(given.topics), known="case.*, case.close, *")
    if strange := sorted(set(given.narrowed) - set(FILTERS)):
        raise BadChoice("narrowed", value=strange[0], known=", ".join(FILTERS))
    return {
        "name": given.name.strip()[:128],
        "url": given.url,
        "purpose": given.purpose.strip()[:300],
        "topics": list(given.topics),
        "narrowed": {name: list(values) for name, values in given.narrowed.items() if values},
        "active": given.active,
    }


def _pattern(text: str) -> bool:
    return 0 < len(text) <= 64 and all(part.isalnum() or part in "._*-" for part in text)


def _shown(row: Row[Any]) -> dict[str, Any]:
    names = [one.name for one in webhooks.columns if one.name not in ("secret_no", "removed_at")]
    return {name: getattr(row, name) for name in names}
