"""What people let be sent to them: an address is theirs when it has answered, and whoever has had
enough says so by the link of a letter, without signing in."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, select, update

from yiwang.kernel.clock import MINUTE
from yiwang.notices import limits, store
from yiwang.notices.errors import BadChoice, BadLink
from yiwang.notices.keys import Keys
from yiwang.notices.model import CONFIRM, EMAIL, PERSONAL, SMS, Notice, address
from yiwang.notices.policy import Policy
from yiwang.notices.service import policy, send
from yiwang.notices.store import Preferences
from yiwang.notices.tables import confirmations, refusals
from yiwang.security.actions import Context, action, query
from yiwang.store.upsert import upsert

GOOD_FOR = 30 * MINUTE
UNDER_WAY = MINUTE
MOST_TRIES = 5
_BY = {EMAIL: "email", SMS: "phone"}


def ask(ctx: Context, channel: str, to: str, language: str) -> None:
    """Send a code to an address that somebody says is theirs; the former one stays until it is
    typed in. Saved again within a minute, the code that is under way is enough. Raises
    TooManyCodes."""
    name, code = ctx.identity.name, f"{secrets.randbelow(1_000_000):06}"
    limits.check(ctx, limits.WRONG, name)
    own = confirmations.c
    same = (own.user == name) & (own.channel == channel) & (own.address == to)
    fresh = (own.asked_at > ctx.now - UNDER_WAY) & (own.tries == 0)
    if ctx.connection.execute(select(own.user).where(same, fresh)).first() is not None:
        return
    limits.count(ctx, limits.BY, name)
    limits.count(ctx, limits.TO, to)
    row = {
        "user": name,
        "channel": channel,
        "address": to,
        "code": _mark(policy(ctx).keys, name, channel, to, code),
        "tries": 0,
        "asked_at": ctx.now,
    }
    upsert(ctx.connection, confirmations, row, ["user", "channel"])
    known = {"email": to} if channel == EMAIL else {"phone": to}
    notice = Notice(
        event=f"confirm:{name}:{channel}:{ctx.now}",
        topic=CONFIRM,
        about=f"user:{name}",
        template="notices.notice.confirm",
        fields={"code": code, "minutes": GOOD_FOR // MINUTE},
        to=[address(**known, language=language)],
        channels=(channel,),
        urgent=True,
    )
    send(ctx, notice)


def forget(ctx: Context, channel: str) -> None:
    """Nothing is waited for any more."""
    own = confirmations.c
    mine = (own.user == ctx.identity.name) & (own.channel == channel)
    ctx.connection.execute(delete(confirmations).where(mine))


def pending(ctx: Context) -> dict[str, str]:
    """The caller's addresses that have not answered yet, by ``email`` and ``phone``."""
    own = confirmations.c
    query = select(confirmations).where(own.user == ctx.identity.name)
    fresh = query.where(own.asked_at > ctx.now - GOOD_FOR, own.tries < MOST_TRIES)
    return {_BY[row.channel]: row.address for row in ctx.connection.execute(fresh)}


@action("notices.confirm", permission="notices.own", audit_verb="address_confirmed")
def confirm(ctx: Context, channel: str, code: str) -> bool:
    """Type in the code that came to an address: from now on it is the caller's. Returns whether
    it was right; after five wrong ones, or half an hour, another must be asked for. Raises
    BadChoice, and TooManyCodes after ten wrong ones in a day."""
    if channel not in PERSONAL:
        raise BadChoice("channel", value=channel, known=", ".join(PERSONAL))
    own, name = confirmations.c, ctx.identity.name
    mine = (own.user == name) & (own.channel == channel)
    limits.check(ctx, limits.WRONG, name)
    row = ctx.connection.execute(select(confirmations).where(mine)).first()
    if row is None or row.tries >= MOST_TRIES or row.asked_at <= ctx.now - GOOD_FOR:
        return False
    given = _mark(policy(ctx).keys, name, channel, row.address, code.strip())
    if not secrets.compare_digest(given, row.code):
        limits.count(ctx, limits.WRONG, name)
        ctx.connection.execute(update(confirmations).where(mine).values(tries=own.tries + 1))
        return False
    held = store.preferences(ctx.connection, [name]).get(name, Preferences())
    values = vars(held) | {_BY[channel]: row.address}
    store.set_preferences(ctx.connection, name, Preferences(**values), ctx.now)
    forget(ctx, channel)
    again = delete(refusals).where(refusals.c.address == row.address.lower())
    ctx.connection.execute(again)
    ctx.note(f"user:{name}", channel=channel)
    return True


@action("notices.unsubscribe", permission="notices.answer", audit_verb="unsubscribed")
def unsubscribe(ctx: Context, channel: str, recipient: str, signature: str) -> None:
    """Send a recipient nothing by a channel any more, on the word of the link that stood in a
    letter to them. Raises BadLink."""
    if not _signed(policy(ctx), channel, recipient, signature):
        raise BadLink("signature")
    kind, _, name = recipient.partition(":")
    if kind == "user":
        held = store.preferences(ctx.connection, [name]).get(name, Preferences())
        left = tuple(one for one in held.channels if one != channel)
        values = vars(held) | {"channels": left}
        store.set_preferences(ctx.connection, name, Preferences(**values), ctx.now)
    else:
        row = {"address": name.lower(), "channel": channel, "at": ctx.now}
        upsert(ctx.connection, refusals, row, ["address", "channel"])
    ctx.note(recipient, channel=channel)


@query("notices.check_link", permission="notices.answer")
def check(ctx: Context, channel: str, recipient: str, signature: str) -> None:
    """Whether a link is one that stood in a letter. Raises BadLink."""
    if not _signed(policy(ctx), channel, recipient, signature):
        raise BadLink("signature")


def _signed(chosen: Policy, channel: str, recipient: str, signature: str) -> bool:
    right = chosen.signature(channel, recipient)
    return channel in PERSONAL and secrets.compare_digest(right.encode(), signature.encode())


def _mark(keys: Keys, user: str, channel: str, to: str, code: str) -> str:
    return keys.mark(f"confirm|{user}|{channel}|{to}|{code}")
