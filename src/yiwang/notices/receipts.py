"""What an SMS gateway tells later of a message that it took: whether it has arrived."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from yiwang.kernel.settings import Settings
from yiwang.notices import falling_back
from yiwang.notices.errors import BadReceipt
from yiwang.notices.model import DELIVERED, FAILED, SMS
from yiwang.notices.receipt_forms import Receipt, field
from yiwang.notices.tables import notices
from yiwang.security.actions import Context, action

_SHOWN = 200


@action("notices.take_receipts", permission="notices.answer", audit_verb="sms_receipts_taken")
def take(ctx: Context, given: Sequence[Receipt]) -> int:
    """Note what a gateway says of messages by their id: one that did not arrive has failed after
    all, and may be sent again by hand. Returns how many were known; what is said twice changes
    nothing. Raises BadReceipt where one does not bring the gateway's key, and where no gateway
    has one."""
    settings: Settings = ctx.port(Settings)
    right = settings.sms_receipt_key.encode()
    keys = [field(one, settings.sms_receipt_secret).encode() for one in given]
    if not right or not all(secrets.compare_digest(key, right) for key in keys):
        raise BadReceipt("key")
    known = 0
    for one in given:
        known += _note(ctx, settings, one)
    ctx.note("sms", receipts=len(given), known=known)
    return known


def _note(ctx: Context, settings: Settings, one: Receipt) -> bool:
    id = field(one, settings.sms_receipt_id)
    said = field(one, settings.sms_receipt_state)
    if not id or not said:
        return False
    own = notices.c
    mine = (own.key == id) & (own.channel == SMS) & own.state.in_((DELIVERED, FAILED))
    row = ctx.connection.execute(select(own.id, own.state).where(mine)).first()
    if row is None:
        return False
    arrived = re.fullmatch(settings.sms_receipt_arrived, said) is not None
    values: dict[str, Any] = {"answer": f"receipt: {said}"[:_SHOWN]}
    values["state"] = DELIVERED if arrived else FAILED
    values["failed"] = None if arrived else True
    ctx.connection.execute(update(notices).where(own.id == row.id).values(**values))
    if not arrived:
        falling_back.instead(ctx.connection, [row.id], ctx.now)
    return True
