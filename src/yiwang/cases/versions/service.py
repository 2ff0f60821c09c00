"""Moves: as previewed, in batches that can be interrupted, and back again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Row

from yiwang.cases.desk import Desk
from yiwang.cases.errors import ChangedMeanwhile
from yiwang.cases.model.guards import Refusal
from yiwang.cases.versions import bringing, store
from yiwang.cases.versions.bringing import Target
from yiwang.cases.versions.errors import NoSuchMove, NotPreviewed, ReasonMissing
from yiwang.cases.versions.preview import Move, check, chosen, digest, read_mark
from yiwang.security.actions import Caller, Context, action

BATCH = 250
_AT_ONCE = 8
"""Batches that one call works off; what is left goes on by itself."""
_TRIES = 5
MOVED, BACK = "version_moved", "version_moved_back"
"""Steps of the timeline."""


@action("cases.move", permission="cases.move", audit_verb="cases_moved")
def begin(ctx: Context, asked: Move, agreed: str, reason: str) -> int:
    """Write down that running cases are to follow another version of their class, as the
    preview with the digest ``agreed`` showed it; returns the number of the move. ``work`` does
    it, and ``sweep`` what is left. Asked again with the same digest it is the same move. Raises
    NotPreviewed, ReasonMissing and what the preview raises.
    """
    if not reason.strip():
        raise ReasonMissing("reason")
    to = check(ctx, asked)
    if digest(asked, read_mark(agreed)) != agreed:
        raise NotPreviewed("digest")
    store.version(ctx.connection, to.number, lock=True)
    known = store.by_digest(ctx.connection, agreed)
    if known is not None:
        return int(known.id)
    values = {
        "class_code": to.case_class.code,
        "to": to.number,
        "asked": msgspec.to_builtins(asked),
        "digest": agreed,
        "reason": reason.strip(),
        "state": "moving",
        "begun_at": ctx.now,
        "begun_by": ctx.identity.label,
        "undo_reason": "",
        "undone_by": "",
    }
    id = store.begin(ctx.connection, values, chosen(ctx, asked, to))
    ctx.note(f"move:{id}", case_class=to.case_class.code, to=to.number)
    return id


@action("cases.undo_move", permission="cases.move", audit_verb="cases_moved_back")
def begin_undo(ctx: Context, id: int, reason: str) -> None:
    """Write down that those cases of a move are to be put back that nobody has changed since;
    what it has not reached yet stays. Raises NoSuchMove, ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing("reason")
    row = _move(ctx, id)
    if row.state in ("undoing", "undone"):
        return
    store.give_up(ctx.connection, id)
    by = {"undo_reason": reason.strip(), "undone_by": ctx.identity.label}
    store.change(ctx.connection, id, state="undoing", ended_at=None, **by)
    ctx.note(f"move:{id}")


def sweep(caller: Caller) -> int:
    """Go on with what was begun, also before a crash; how many batches there were."""
    with caller.database.read() as connection:
        ids = store.under_way(connection)
    return sum(work(caller, id) for id in ids)


def work(caller: Caller, id: int, most: int = _AT_ONCE) -> int:
    """Work off batches of a move that is under way; how many there were."""
    for done in range(most):
        if not _patiently(lambda: batch(caller, id)):
            return done + 1
    return most


def _patiently(do: Callable[[], bool]) -> bool:
    """A batch in which somebody else was quicker with a case is looked at again."""
    for _ in range(_TRIES):
        try:
            return do()
        except ChangedMeanwhile:
            continue
    return do()


@action("cases.move_batch", permission="cases.move", audit_verb="cases_move_batch")
def batch(ctx: Context, id: int) -> bool:
    """The next cases of a move that is under way; whether more are left. Movers of one move
    wait for each other."""
    row = _move(ctx, id)
    if row.state not in ("moving", "undoing"):
        return False
    forward = row.state == "moving"
    waiting = "pending" if forward else "moved"
    members = store.members(ctx.connection, id, waiting, BATCH)
    if members:
        settled = (_bring if forward else _put_back)(ctx, row, members)
        store.settle(ctx.connection, id, settled)
    more = len(members) == BATCH
    if not more:
        store.change(ctx.connection, id, state="moved" if forward else "undone", ended_at=ctx.now)
    ctx.note(f"move:{id}", cases=len(members), undoing=not forward)
    return more


def _bring(ctx: Context, row: Row[Any], members: list[Row[Any]]) -> list[dict[str, Any]]:
    asked, to = msgspec.convert(row.asked, Move), bringing.target(ctx, row.to)
    numbers = [one.case for one in members]
    changed = store.changed_since(ctx.connection, numbers, read_mark(row.digest))
    desk = Desk(ctx)
    desk.load(numbers)
    settled = []
    for number in numbers:
        why = Refusal("changed_since", {"step": ""}) if number in changed else None
        found = why or _bring_one(desk, row, number, to, asked)
        if isinstance(found, Refusal):
            stays = {"code": found.code, "fields": dict(found.fields)}
            settled.append({"case": number, "outcome": "stayed", "why": stays})
        else:
            settled.append({"case": number, "outcome": "moved", "why": {}, "was": found})
    desk.flush()
    return settled


def _bring_one(
    desk: Desk, row: Row[Any], number: int, to: Target, asked: Move
) -> bringing.Values | Refusal:
    record = desk.record(number)
    found = bringing.bring(desk, record, to, asked.chosen, desk.ctx.now)
    if isinstance(found, Refusal):
        return found
    details = {"move": row.id, "from": bringing.shown(found)}
    details["to"] = bringing.shown(bringing.touched(record))
    by, now = row.begun_by, desk.ctx.now
    desk.line(record, MOVED, now, reason=row.reason, actor=by, details=details)
    return found


def _put_back(ctx: Context, row: Row[Any], members: list[Row[Any]]) -> list[dict[str, Any]]:
    numbers = [one.case for one in members]
    lines = store.since_step(ctx.connection, numbers, MOVED, row.id)
    desk = Desk(ctx)
    desk.load(numbers)
    settled = []
    for member in members:
        since = lines.get(member.case, [])
        others = [one for one in since if one.step not in bringing.WATCHED]
        if others:
            last = others[-1]
            fields = {"step": last.step, "actor": last.actor, "at": last.at}
            why = {"code": "changed_since", "fields": fields}
            settled.append({"case": member.case, "outcome": "kept", "why": why})
            continue
        record = desk.record(member.case)
        before = bringing.shown(bringing.touched(record))
        bringing.put_back(desk, record, member.was, {one.step for one in since})
        details = {"move": row.id, "from": before}
        details["to"] = bringing.shown(bringing.touched(record))
        by, now = row.undone_by, ctx.now
        desk.line(record, BACK, now, reason=row.undo_reason, actor=by, details=details)
        settled.append({"case": member.case, "outcome": "undone", "why": {}})
    desk.flush()
    return settled


def _move(ctx: Context, id: int) -> Row[Any]:
    row = store.get(ctx.connection, id, lock=True)
    if row is None:
        raise NoSuchMove(id=id)
    return row
