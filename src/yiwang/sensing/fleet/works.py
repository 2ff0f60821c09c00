"""Work announced on devices: from when until when, on which. Meanwhile what they say opens no
case; the other domains are told by an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from yiwang.contracts.events import MaintenanceAnnounced, MaintenanceEnded
from yiwang.kernel.clock import DAY
from yiwang.security.actions import Context, action, query
from yiwang.sensing import sight as sights
from yiwang.sensing.fleet import maintenance
from yiwang.sensing.fleet.errors import (
    BadValue,
    NoDevice,
    NoSuchWork,
    NotYourDevice,
    WorkOnNothing,
    WorkOver,
    WorkTimes,
    most_characters,
)
from yiwang.sensing.fleet.tables import maintenance_plans, maintenance_works
from yiwang.sensing.tables import things

MOST_DAYS = 31
MOST_DEVICES = 5000
_PART = 1000


@dataclass(frozen=True)
class Work:
    """Instants are microseconds. Without ``things`` all devices of the plan."""

    from_at: int
    until_at: int
    what: str
    plan: int | None = None
    things: tuple[int, ...] = ()


@action("sensing.announce_work", permission="sensing.maintain", audit_verb="work_announced")
def announce(ctx: Context, work: Work) -> int:
    """Announce work on one's own devices; returns its number. Raises WorkTimes, WorkOnNothing,
    BadValue, NoSuchPlan, NoDevice, NotYourDevice; then nothing is announced."""
    long = work.until_at - work.from_at
    if not 0 < long <= MOST_DAYS * DAY or work.until_at <= ctx.now:
        raise WorkTimes("until", most=MOST_DAYS)
    what = work.what.strip()
    if not 0 < len(what) <= 1000:
        raise BadValue("what", name="what", value=work.what[:40], wanted=most_characters(1000))
    wanted = sorted(set(work.things))
    if work.plan is not None:
        of_plan = maintenance.devices_of(ctx, work.plan)
        wanted = wanted or of_plan
    if not 0 < len(wanted) <= MOST_DEVICES:
        raise WorkOnNothing("things", count=len(wanted), most=MOST_DEVICES)
    _own(ctx, wanted)
    values = {
        "plan": work.plan,
        "what": what,
        "things": wanted,
        "from_at": work.from_at,
        "until_at": work.until_at,
        "announced_at": ctx.now,
        "announced_by": ctx.identity.label,
        "ended_at": None,
        "ended_by": "",
    }
    made = insert(maintenance_works).values(values).returning(maintenance_works.c.id)
    number: int = ctx.connection.execute(made).scalar_one()
    by = ctx.identity.label
    ctx.emit(MaintenanceAnnounced(number, wanted, work.from_at, work.until_at, what, by))
    ctx.note(f"work:{number}", devices=len(wanted), until=work.until_at)
    return number


@action("sensing.end_work", permission="sensing.maintain", audit_verb="work_ended")
def end(ctx: Context, number: int) -> None:
    """Say that a work is over, or will not be, before its time. Raises NoSuchWork, WorkOver,
    NotYourDevice."""
    row = _work(ctx, number)
    if _state(row, ctx.now) == "over":
        raise WorkOver(work=number)
    _own(ctx, row.things, retired=True)
    by = ctx.identity.label
    values = {"until_at": max(row.from_at, ctx.now), "ended_at": ctx.now, "ended_by": by}
    mine = maintenance_works.c.id == number
    ctx.connection.execute(update(maintenance_works).where(mine).values(values))
    ctx.emit(MaintenanceEnded(number, ctx.now, by))
    ctx.note(f"work:{number}")


@query("sensing.works", permission="sensing.read_own")
def works(ctx: Context, current: bool, limit: int = 200) -> list[dict[str, Any]]:
    """Works on devices that the caller sees, newest first; ``current``: going on or to come.
    Of the devices of others only their number is told."""
    own, plan = maintenance_works.c, maintenance_plans.c
    chosen = select(maintenance_works, plan.name.label("plan_name")).join_from(
        maintenance_works, maintenance_plans, own.plan == plan.id, isouter=True
    )
    if current:
        chosen = chosen.where(own.until_at > ctx.now, own.ended_at.is_(None))
    sight, behind = sights.mine(ctx), None
    found: list[dict[str, Any]] = []
    while len(found) < limit:
        page = chosen if behind is None else chosen.where(own.id < behind)
        rows = list(ctx.connection.execute(page.order_by(own.id.desc()).limit(limit)))
        named = sorted({thing for row in rows for thing in row.things})
        known = sights.owned(sight, ctx.connection, named)
        found += [_shown(row, known, ctx.now) for row in rows if known.intersection(row.things)]
        if len(rows) < limit:
            break
        behind = rows[-1].id
    return found[:limit]


def _shown(row: Any, known: set[int], now: int) -> dict[str, Any]:
    """``known``: devices of the caller's, these and others."""
    mine = sorted(known.intersection(row.things))
    more = {"devices": len(row.things), "things": mine, "mine": len(mine) == len(row.things)}
    return dict(row._mapping) | more | {"state": _state(row, now)}


def _work(ctx: Context, number: int) -> Any:
    mine = maintenance_works.c.id == number
    row = ctx.connection.execute(select(maintenance_works).where(mine)).first()
    if row is None:
        raise NoSuchWork(work=number)
    return row


def _own(ctx: Context, wanted: list[int], retired: bool = False) -> None:
    """Raises NoDevice, NotYourDevice."""
    known = set(sights.owned(sights.mine(ctx), ctx.connection, wanted))
    there: set[int] = set()
    for low in range(0, len(wanted), _PART):
        chosen = select(things.c.id).where(things.c.id.in_(wanted[low : low + _PART]))
        there.update(ctx.connection.execute(chosen).scalars())
    for thing in wanted:
        if thing not in there and not retired:
            raise NoDevice(thing=thing)
        if thing in there and thing not in known:
            raise NotYourDevice(thing=thing)


def _state(row: Any, now: int) -> str:
    if now >= row.until_at or row.ended_at is not None:
        return "over"
    return "to_come" if now < row.from_at else "going_on"
