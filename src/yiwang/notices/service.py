"""What other packages call: tell people, tell other systems, and let somebody follow.

``send(ctx, Notice(…))`` inside of an action or a consumer of the outbox stores what is to be
told in that transaction; the sender does the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from yiwang.contracts.events import NoticesSent
from yiwang.kernel import clock
from yiwang.notices import addresses, store, templates
from yiwang.notices.errors import BadChoice, UnknownTemplate
from yiwang.notices.model import (
    CHANNELS,
    DELIVERED,
    IN_APP,
    PERSONAL,
    SMS,
    WAITING,
    WEBHOOK,
    Happened,
    Notice,
    Recipient,
    address,
    key,
    limited_by,
    wanted,
)
from yiwang.notices.policy import Policy
from yiwang.notices.recipients import Directory, Reach
from yiwang.notices.rules import Book
from yiwang.notices.templates import Rendered
from yiwang.security.actions import Context, action

MOST_FIELDS = 500
"""Characters of one field in a notice; more is cut."""


def policy(ctx: Context) -> Policy:
    found: Policy = ctx.caller.ports.get(Policy) or Policy()
    return found


def book(ctx: Context) -> Book:
    """Who is told of what in this city."""
    return policy(ctx).book


@dataclass(frozen=True)
class Drafts:
    """Notices with everything that is read for them: a row for each delivery."""

    rows: list[dict[str, Any]]
    topics: list[str]


def draft(ctx: Context, notices: Sequence[Notice]) -> Drafts:
    """Whom ``send`` tells, by what channels and in which words; reads only. Raises
    UnknownTemplate, BadChoice."""
    for notice in notices:
        if strange := set(notice.channels) - set(CHANNELS) | set(notice.channels) & {WEBHOOK}:
            raise BadChoice("channels", value=sorted(strange)[0], known=", ".join(CHANNELS))
    chosen, known = policy(ctx), Directory(ctx, notices)
    blank = store.blank(ctx.now)
    rows: dict[str, dict[str, Any]] = {}
    for notice in notices:
        texts: dict[tuple[str, bool], Rendered] = {}
        for recipient in notice.to:
            for reach in known.reaches(notice, recipient):
                name = key(notice.event, reach.key, reach.channel)
                if name not in rows:
                    row = _row(ctx, chosen, notice, reach, texts)
                    rows[name] = {**blank, "key": name, **row}
    return Drafts(list(rows.values()), sorted({one.topic for one in notices}))


@action("notices.send", permission="notices.send", audit_verb="notice_sent")
def send(ctx: Context, *notices: Notice, drafts: Drafts | None = None) -> int:
    """Tell people something, as given or as drafted before. What was told before (same event,
    recipient and channel) is not told again. Returns how many deliveries there are for it.
    Raises UnknownTemplate, BadChoice."""
    found = drafts or draft(ctx, notices)
    store.add(ctx.connection, found.rows)
    if found.rows:
        users = sorted({row["inbox"] for row in found.rows if row["inbox"]})
        ctx.emit(NoticesSent(users))
    ctx.note("notices", sent=len(found.rows), topics=found.topics)
    return len(found.rows)


def _row(
    ctx: Context,
    chosen: Policy,
    notice: Notice,
    reach: Reach,
    texts: dict[tuple[str, bool], Rendered],
) -> dict[str, Any]:
    language = reach.language or chosen.language
    inside = reach.channel == IN_APP
    said = texts.get((language, inside))
    if said is None:
        said = texts[language, inside] = _words(chosen, notice, language, inside)
    next_at = ctx.now
    if reach.quiet is not None and not notice.urgent:
        next_at = reach.quiet.until(ctx.now, chosen.zone) or ctx.now
    limited = reach.channel in PERSONAL and not notice.urgent
    return {
        "event": notice.event,
        "topic": notice.topic,
        "about": notice.about,
        "channel": reach.channel,
        "recipient": reach.key[:200],
        "user": reach.user,
        "address": reach.address,
        "language": language,
        "template": notice.template,
        "fields": notice.fields,
        "subject": said.subject,
        "text": said.short if reach.channel == SMS else said.text,
        "path": notice.path,
        "urgent": notice.urgent,
        "state": DELIVERED if inside else WAITING,
        "next_at": None if inside else next_at,
        "ended_at": ctx.now if inside else None,
        "inbox": reach.user if inside else None,
        "unread": reach.user if inside else None,
        "limited": limited_by(reach.channel, reach.key) if limited else None,
        "otherwise": [
            [channel, to, said.short if channel == SMS else said.text]
            for channel, to in reach.otherwise
        ]
        or None,
    }


def _words(chosen: Policy, notice: Notice, language: str, inside: bool) -> Rendered:
    """Inside of the console a notice is a link itself."""
    words = chosen.book.words(notice.template)
    if not any(words.values()):
        raise UnknownTemplate("template", name=notice.template, language=language)
    given = notice.fields
    if notice.path and not inside and "link" not in given:
        given = {**given, "link": chosen.link(notice.path)}
    return templates.render(words, given, language, chosen.zone, MOST_FIELDS)


@action("notices.publish", permission="notices.send", audit_verb="event_published")
def publish(ctx: Context, *happened: Happened) -> int:
    """Tell other systems what has happened: one delivery for each webhook that takes it.
    Returns how many."""
    subscribers = [one for one in store.all_webhooks(ctx.connection) if one.active]
    rows = [
        store.event_row(
            ctx.now,
            {
                "key": key(one.event, f"webhook:{hook.id}", WEBHOOK),
                "event": one.event,
                "topic": one.topic,
                "about": one.about,
                "text": body(one.topic, one.at, one.data),
            },
            hook.id,
            hook.url,
        )
        for one in happened
        for hook in subscribers
        if wanted(hook.topics, hook.narrowed, one.topic, one.facets)
    ]
    store.add(ctx.connection, rows)
    if rows:
        ctx.emit(NoticesSent([]))
    ctx.note("webhooks", deliveries=len(rows))
    return len(rows)


def body(topic: str, at: int, data: Mapping[str, Any]) -> str:
    """What a webhook gets: type, timestamp and data, as Standard Webhooks names them."""
    event = {"type": topic, "timestamp": clock.render(at), "data": dict(data)}
    return msgspec.json.encode(event).decode()


@action("notices.follow", permission="notices.send", audit_verb="follower_added")
def follow(ctx: Context, about: str, email: str = "", phone: str = "", language: str = "") -> None:
    """Remember an address that wants to hear what becomes of something (``case:812``). Raises
    BadAddress."""
    who = address(addresses.email(email), addresses.phone(phone), language)
    if not who.email and not who.phone:
        return
    row = {"email": who.email, "phone": who.phone, "language": language, "since": ctx.now}
    store.follow(ctx.connection, row | {"about": about, "recipient": who.key})
    ctx.note(about)


@action("notices.unfollow", permission="notices.send", audit_verb="follower_removed")
def unfollow(ctx: Context, about: str, email: str = "", phone: str = "") -> bool:
    """Forget an address; returns whether it was there."""
    gone = store.unfollow(ctx.connection, about, address(email, phone).key)
    ctx.note(about)
    return gone > 0


def subscribed(ctx: Context) -> bool:
    """Whether any webhook takes events."""
    return any(one.active for one in store.all_webhooks(ctx.connection))


def followers(ctx: Context, about: Collection[str]) -> list[tuple[str, Recipient, int]]:
    """Who follows what, and since when; for those who compute recipients inside of an action."""
    return [
        (row.about, address(row.email, row.phone, row.language), row.since)
        for row in store.followers_of(ctx.connection, about)
    ]
