"""A person's own notices, and how they want to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from yiwang.contracts.events import NoticesSent
from yiwang.kernel.text import LANGUAGES
from yiwang.notices import addresses, consent, store
from yiwang.notices.errors import BadChoice, BadQuietTime
from yiwang.notices.model import EMAIL, PERSONAL, SMS, Quiet
from yiwang.notices.service import policy
from yiwang.notices.store import Preferences
from yiwang.security.actions import Context, action, query

_DAY = 24 * 60


@query("notices.inbox", permission="notices.own")
def inbox(ctx: Context, before: int | None, limit: int) -> list[Row[Any]]:
    """The caller's own notices, the newest first."""
    return store.inbox(ctx.connection, ctx.identity.name, before, limit)


@query("notices.unread", permission="notices.own")
def unread(ctx: Context) -> int:
    """How many of the caller's notices they have not read."""
    return store.unread(ctx.connection, ctx.identity.name)


@action("notices.mark_read", permission="notices.own", audit_verb="notices_read")
def mark_read(ctx: Context, ids: Sequence[int] | None = None) -> int:
    """Mark some, or all, of the caller's notices as read; returns how many are left unread."""
    done = store.mark_read(ctx.connection, ctx.identity.name, ids, ctx.now)
    if done:
        ctx.emit(NoticesSent([ctx.identity.name]))
    ctx.note("notices", read=done)
    return store.unread(ctx.connection, ctx.identity.name)


@dataclass(frozen=True)
class Wish:
    """How somebody wants to be told. ``quiet`` is two minutes of the day; ``channels`` which of
    e-mail and SMS they take (in the console everything is shown)."""

    language: str = ""
    email: str = ""
    phone: str = ""
    channels: Sequence[str] = PERSONAL
    quiet: tuple[int, int] | None = None


@query("notices.preferences", permission="notices.own")
def preferences(ctx: Context) -> dict[str, Any]:
    """How the caller wants to be told, with what holds where they said nothing."""
    name = ctx.identity.name
    mine = store.preferences(ctx.connection, [name]).get(name, Preferences())
    return {
        "language": mine.language or policy(ctx).language,
        "email": mine.email,
        "phone": mine.phone,
        "channels": list(mine.channels),
        "quiet": [mine.quiet.starts, mine.quiet.ends] if mine.quiet else None,
        "pending": consent.pending(ctx),
    }


@action("notices.set_preferences", permission="notices.own", audit_verb="preferences_set")
def set_preferences(ctx: Context, given: Wish) -> None:
    """Keep how the caller wants to be told. A new address is asked first whether it is theirs:
    until it answers (``consent.confirm``) the former one counts. Raises BadAddress, BadChoice,
    BadQuietTime."""
    if given.language and given.language not in LANGUAGES:
        raise BadChoice("language", value=given.language, known=", ".join(LANGUAGES))
    if strange := sorted(set(given.channels) - set(PERSONAL)):
        raise BadChoice("channels", value=strange[0], known=", ".join(PERSONAL))
    quiet = None
    if given.quiet is not None:
        starts, ends = given.quiet
        if not (0 <= starts < _DAY and 0 <= ends <= _DAY) or starts == ends:
            raise BadQuietTime("quiet", starts=starts, ends=ends)
        quiet = Quiet(starts, ends)
    name = ctx.identity.name
    held = store.preferences(ctx.connection, [name]).get(name, Preferences())
    given_email, given_phone = addresses.email(given.email), addresses.phone(given.phone)
    wish = Preferences(
        given.language,
        held.email if given_email else "",
        held.phone if given_phone else "",
        tuple(given.channels),
        quiet,
    )
    store.set_preferences(ctx.connection, ctx.identity.name, wish, ctx.now)
    for channel, new, old in ((EMAIL, given_email, held.email), (SMS, given_phone, held.phone)):
        if new and new != old:
            consent.ask(ctx, channel, new, given.language)
        else:
            consent.forget(ctx, channel)
    ctx.note(f"user:{ctx.identity.name}", channels=list(given.channels))
