"""How often codes may be asked for and guessed, counted in the database: it holds for every
process, and two requests at once are counted one after the other."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from yiwang.kernel.clock import DAY, HOUR, MINUTE
from yiwang.notices.errors import TooManyCodes
from yiwang.notices.model import wait_for
from yiwang.notices.tables import code_counts
from yiwang.security.actions import Context
from yiwang.store.upsert import upsert

BY, TO, WRONG = "by", "to", "wrong"
LIMITS = {BY: ((5, HOUR), (20, DAY)), TO: ((3, HOUR), (10, DAY)), WRONG: ((10, DAY),)}
"""Codes that an account asks for, codes to an address, and wrong ones of an account: how often
within how long."""
_AT_ONCE = 100


def count(ctx: Context, what: str, whom: str) -> None:
    """Once more. Raises TooManyCodes where it is once too often, and then it does not count."""
    past = _past(ctx, what, whom)
    _refuse(ctx, what, past)
    own, subject = code_counts.c, _subject(what, whom)
    kept = {"instants": [*past, ctx.now], "last_at": ctx.now}
    ctx.connection.execute(update(code_counts).where(own.subject == subject).values(**kept))
    old = select(own.subject).where(own.last_at <= ctx.now - DAY).limit(_AT_ONCE)
    gone = list(ctx.connection.scalars(old.with_for_update(skip_locked=True)))
    if gone:
        ctx.connection.execute(delete(code_counts).where(own.subject.in_(gone)))


def check(ctx: Context, what: str, whom: str) -> None:
    """Raises TooManyCodes where once more would be once too often. Whoever asks at the same time
    waits until this transaction has ended."""
    _refuse(ctx, what, _past(ctx, what, whom))


def _refuse(ctx: Context, what: str, past: list[int]) -> None:
    wait = wait_for(LIMITS[what], past, ctx.now)
    if wait > 0:
        raise TooManyCodes(what, minutes=-(-wait // MINUTE))


def _past(ctx: Context, what: str, whom: str) -> list[int]:
    """The instants of the last day. Writing the row first holds it for this transaction."""
    subject = _subject(what, whom)
    fresh = {"subject": subject, "instants": [], "last_at": ctx.now}
    upsert(ctx.connection, code_counts, fresh, ["subject"], ["last_at"])
    query = select(code_counts.c.instants).where(code_counts.c.subject == subject)
    instants: list[int] = ctx.connection.execute(query).scalar_one()
    return [at for at in instants if at > ctx.now - DAY]


def _subject(what: str, whom: str) -> str:
    return f"{what}:{whom.lower()}"[:300]
