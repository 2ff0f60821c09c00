"""What was sent, what would have been, and what was not taken: for those who look after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from yiwang.contracts.events import NoticesSent
from yiwang.notices import addresses, store
from yiwang.notices.errors import BadAddress, BadChoice, NoSuchNotice, NotRepeatable
from yiwang.notices.model import (
    EMAIL,
    FAILED,
    OUTSIDE,
    PERSONAL,
    REHEARSED,
    SMS,
    SUPPRESSED,
    Notice,
    address,
)
from yiwang.notices.policy import Policy
from yiwang.notices.service import policy, send
from yiwang.security.actions import Context, action, query

FIELDS = ("state", "channel", "topic", "about", "webhook")
"""By what the list can be narrowed."""


@query("notices.deliveries", permission="notices.read")
def deliveries(
    ctx: Context, where: Mapping[str, Any], before: int | None, limit: int
) -> list[Row[Any]]:
    """Deliveries of every channel, the newest first."""
    return store.deliveries(ctx.connection, where, before, limit)


@query("notices.delivery", permission="notices.read")
def delivery(ctx: Context, id: int) -> tuple[Row[Any], list[Row[Any]]]:
    """One delivery with its attempts. Raises NoSuchNotice."""
    return _one(ctx, id), store.attempts_of(ctx.connection, id)


@action("notices.send_again", permission="notices.manage", audit_verb="notice_sent_again")
def send_again(ctx: Context, id: int) -> None:
    """Try once more what has failed, was held back, or was only rehearsed. Raises NoSuchNotice,
    NotRepeatable."""
    row = _one(ctx, id)
    if row.state not in (FAILED, REHEARSED, SUPPRESSED):
        raise NotRepeatable(id=id, state=row.state)
    store.send_again(ctx.connection, id, ctx.now)
    ctx.emit(NoticesSent([]))
    ctx.note(f"notice:{id}", was=row.state)


@query("notices.channels", permission="notices.read")
def channels(ctx: Context) -> dict[str, str]:
    """How far each channel that leaves the system may go: off, rehearse or live."""
    chosen: Policy = policy(ctx)
    return {name: chosen.mode(name) for name in OUTSIDE}


@action("notices.try_channel", permission="notices.manage", audit_verb="channel_tested")
def try_channel(ctx: Context, channel: str, to: str) -> None:
    """Send a test by e-mail or SMS to an address. Raises BadChoice, BadAddress."""
    if channel not in PERSONAL:
        raise BadChoice("channel", value=channel, known=", ".join(PERSONAL))
    if channel == EMAIL:
        who = address(email=addresses.email(to))
    else:
        who = address(phone=addresses.phone(to))
    if not (who.email or who.phone):
        raise BadAddress("to", value=to, what="email" if channel != SMS else "phone")
    event = f"test:{channel}:{ctx.now}"
    notice = Notice(
        event, "notices.test", f"channel:{channel}", "test", {"by": ctx.identity.name}, [who],
        [channel], urgent=True,
    )  # fmt: skip
    send(ctx, notice)
    ctx.note(f"channel:{channel}")


def _one(ctx: Context, id: int) -> Row[Any]:
    found = store.notice(ctx.connection, id)
    if found is None:
        raise NoSuchNotice(id=id)
    return found
