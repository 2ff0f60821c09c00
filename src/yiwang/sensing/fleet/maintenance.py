"""Plans of maintenance, what is due by them, and the record of what was done."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select, update

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock as time
from yiwang.kernel.text import phrase
from yiwang.security.actions import Context, action, query
from yiwang.sensing import sight as sights
from yiwang.sensing.fleet import listing, troubles
from yiwang.sensing.fleet.editing import device_of, own_device
from yiwang.sensing.fleet.errors import (
    BadValue,
    NoSuchGroup,
    NoSuchPlan,
    NotYourPlan,
    most_characters,
    words,
)
from yiwang.sensing.fleet.listing import Filter
from yiwang.sensing.fleet.tables import (
    device_details,
    device_groups,
    maintenance_plans,
    maintenance_records,
)
from yiwang.sensing.fleet.troubles import New
from yiwang.sensing.store import fetch
from yiwang.sensing.tables import things

UNITS = ("day", "month")
RESULTS = ("done", "partly", "failed")
MOST_EVERY = 3650


@dataclass(frozen=True)
class Plan:
    """What is to be done every ``every`` days or months: on the devices of a kind, of a group,
    or of a kind within a group. ``starts_on`` is ``YYYY-MM-DD``; a device that was installed
    later is first due one interval after that."""

    name: str
    every: int
    unit: str
    what: str
    starts_on: str
    kind: str | None = None
    group: int | None = None
    organisation: int | None = None
    active: bool = True


@action("sensing.add_plan", permission="sensing.maintain", audit_verb="maintenance_planned")
def add_plan(ctx: Context, plan: Plan) -> int:
    """Make a plan; returns its number. That of a department is for its own devices, whatever
    kind or group it names. Raises BadValue, NoSuchGroup."""
    _check(ctx, plan)
    owner = None
    if not sights.mine(ctx).everything:
        owner = ctx.identity.organisation
        if owner is None:
            wanted = words("of_an_organisation")
            raise BadValue("owner", name="owner", value=ctx.identity.label, wanted=wanted)
    values = vars(plan) | {"created_at": ctx.now, "owner": owner}
    made = ctx.connection.execute(
        insert(maintenance_plans).values(values).returning(maintenance_plans.c.id)
    )
    number: int = made.scalar_one()
    ctx.note(f"plan:{number}", name=plan.name)
    return number


@action("sensing.edit_plan", permission="sensing.maintain", audit_verb="maintenance_replanned")
def edit_plan(ctx: Context, number: int, plan: Plan) -> None:
    """Change a plan; one that is not ``active`` has nothing due. Raises NoSuchPlan, NotYourPlan,
    BadValue, NoSuchGroup."""
    row = _plan(ctx, number)
    sight = sights.mine(ctx)
    if not sight.everything and row.owner not in sight.owners:
        raise NotYourPlan(plan=number)
    _check(ctx, plan)
    mine = maintenance_plans.c.id == number
    ctx.connection.execute(update(maintenance_plans).where(mine).values(vars(plan)))
    ctx.note(f"plan:{number}", name=plan.name, active=plan.active)


def _check(ctx: Context, plan: Plan) -> None:
    if not 0 < len(plan.name.strip()) <= 128:
        raise BadValue("name", name="name", value=plan.name, wanted=most_characters(128))
    if plan.unit not in UNITS:
        raise BadValue("unit", name="unit", value=plan.unit, wanted=", ".join(UNITS))
    if not 1 <= plan.every <= MOST_EVERY:
        raise BadValue("every", name="every", value=plan.every, wanted=f"1 … {MOST_EVERY}")
    if not plan.what.strip():
        raise BadValue("what", name="what", value="", wanted=words("what_to_do"))
    if plan.kind is None and plan.group is None:
        raise BadValue("kind", name="kind", value="", wanted=words("kind_or_group"))
    on_day("starts_on", plan.starts_on)
    if plan.group is not None:
        there = select(device_groups.c.id).where(device_groups.c.id == plan.group)
        if ctx.connection.execute(there).first() is None:
            raise NoSuchGroup(group=plan.group)


def on_day(name: str, value: str) -> date:
    """Raises BadValue."""
    try:
        if len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise BadValue(name, name=name, value=value, wanted="YYYY-MM-DD")


def _plan(ctx: Context, number: int) -> Any:
    mine = maintenance_plans.c.id == number
    row = ctx.connection.execute(select(maintenance_plans).where(mine)).first()
    if row is None or not _sees(ctx, row):
        raise NoSuchPlan(plan=number)
    return row


def devices_of(ctx: Context, plan: int) -> list[int]:
    """The devices of a plan that the caller sees. Raises NoSuchPlan."""
    wanted: list[int] = _wanted(ctx, _plan(ctx, plan)).tolist()
    return wanted


def _sees(ctx: Context, row: Any) -> bool:
    """Whether a plan is the caller's own, or for one of the devices that the caller sees."""
    sight = sights.mine(ctx)
    return sight.everything or row.owner in sight.owners or len(_wanted(ctx, row)) > 0


def _wanted(ctx: Context, row: Any) -> Ints:
    """The devices of a plan that the caller sees."""
    wanted = listing.chosen(ctx, Filter(kind=row.kind, group=row.group))
    if row.owner is None:
        return wanted
    of_owner = sights.Sight(owners=sights.below(ctx.connection, row.owner))
    mine = sights.owned(of_owner, ctx.connection, wanted.tolist())
    return wanted[np.isin(wanted, np.fromiter(mine, np.int64, len(mine)))]


@query("sensing.plans", permission="sensing.read_own")
def plans(ctx: Context) -> list[dict[str, Any]]:
    """The plans that are the caller's or for devices that the caller sees, with how many of
    these each is for and how many of them are overdue; ``mine``: whether the caller may change
    it."""
    rows = list(ctx.connection.execute(select(maintenance_plans).order_by(maintenance_plans.c.id)))
    today = today_of(ctx)
    sight = sights.mine(ctx)
    shown = []
    for row in rows:
        if not _sees(ctx, row):
            continue
        wanted, due = _due(ctx, row) if row.active else (np.zeros(0, np.int64), [])
        late = sum(1 for one in due if one < today)
        mine = sight.everything or row.owner in sight.owners
        more = {"devices": len(wanted), "overdue": late, "mine": mine}
        shown.append(dict(row._mapping) | more)
    return shown


@query("sensing.due_maintenance", permission="sensing.read_own")
def due(
    ctx: Context, plan: int | None = None, within_days: int = 30, limit: int = 1000
) -> list[dict[str, Any]]:
    """What is due within some days or overdue, the longest overdue first: the plan, the device
    and the day. Raises NoSuchPlan."""
    rows: list[Any] = [] if plan is None else [_plan(ctx, plan)]
    if plan is None:
        rows += ctx.connection.execute(select(maintenance_plans))
    today = today_of(ctx)
    last = today + timedelta(days=within_days)
    found: list[tuple[date, int, Any]] = []
    for row in rows:
        if row.active:
            wanted, days = _due(ctx, row)
            found += [
                (day, thing, row)
                for thing, day in zip(wanted.tolist(), days, strict=True)
                if day <= last
            ]
    found.sort(key=lambda entry: (entry[0], entry[2].id, entry[1]))
    found = found[:limit]
    lines = {line["thing"]: line for line in _named(ctx, [entry[1] for entry in found])}
    return [
        {
            "plan": row.id,
            "plan_name": row.name,
            "what": row.what,
            "organisation": row.organisation,
            "due_on": day.isoformat(),
            "overdue": day < today,
            **lines[thing],
        }
        for day, thing, row in found
    ]


def _named(ctx: Context, wanted: Sequence[int]) -> list[dict[str, Any]]:
    found = []
    for low in range(0, len(wanted), 1000):
        mine = things.c.id.in_(list(wanted[low : low + 1000]))
        chosen = select(things.c.id.label("thing"), things.c.kind, things.c.code, things.c.name)
        found += [dict(row._mapping) for row in ctx.connection.execute(chosen.where(mine))]
    return found


def _due(ctx: Context, plan: Any) -> tuple[Ints, list[date]]:
    """The devices of a plan and the day on which each is due: as its last record says, else an
    interval after that or after it was installed, else when the plan begins."""
    wanted = _wanted(ctx, plan)
    installed = _installed(ctx, wanted)
    last = _last(ctx, plan.id)
    begins = date.fromisoformat(plan.starts_on)
    days = []
    for thing in wanted.tolist():
        if thing in last:
            days.append(last[thing])
        elif thing in installed and (after := later(installed[thing], plan)) > begins:
            days.append(after)
        else:
            days.append(begins)
    return wanted, days


def _installed(ctx: Context, wanted: Ints) -> dict[int, date]:
    columns = (device_details.c.thing, device_details.c.installed_on)
    rows = fetch(ctx.connection, select(*columns).where(columns[1].is_not(None)))
    known = dict(rows)
    return {thing: date.fromisoformat(known[thing]) for thing in wanted.tolist() if thing in known}


def _last(ctx: Context, plan: int) -> dict[int, date]:
    """When each device of a plan is next due by its newest record."""
    newest = (
        select(maintenance_records.c.thing, func.max(maintenance_records.c.id).label("id"))
        .where(maintenance_records.c.plan == plan)
        .group_by(maintenance_records.c.thing)
        .subquery()
    )
    columns = (maintenance_records.c.thing, maintenance_records.c.next_due)
    chosen = select(*columns).join(newest, maintenance_records.c.id == newest.c.id)
    return {thing: date.fromisoformat(day) for thing, day in fetch(ctx.connection, chosen) if day}


def later(day: date, plan: Any) -> date:
    """One interval after a day; the 31st plus a month is the last day of the next one."""
    if plan.unit == "day":
        return day + timedelta(days=plan.every)
    months = day.year * 12 + day.month - 1 + plan.every
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def today_of(ctx: Context) -> date:
    """The day that it is in the city."""
    return time.to_datetime(ctx.now).astimezone(ctx.caller.calendar.zone).date()


@dataclass(frozen=True)
class Record:
    """What was done on a device: on which day, by whom, with which result and parts.
    ``next_due`` None: an interval of the plan later, or never where there is no plan."""

    done_on: str
    who: str
    what: str
    result: str = "done"
    parts: str = ""
    next_due: str | None = None
    plan: int | None = None


@action("sensing.record_maintenance", permission="sensing.maintain", audit_verb="maintenance_done")
def record_maintenance(ctx: Context, wanted: Sequence[int], done: Record) -> int:
    """Write down what was done on devices; returns how many. What was overdue by the plan and
    was not a failure is in trouble no more. Raises NoDevice, NotYourDevice, DeviceRetired,
    NoSuchPlan, BadValue; then nothing is written."""
    plan = None if done.plan is None else _plan(ctx, done.plan)
    day = on_day("done_on", done.done_on)
    if day > today_of(ctx):
        raise BadValue(
            "done_on", name="done_on", value=done.done_on, wanted=words("no_day_to_come")
        )
    if done.result not in RESULTS:
        raise BadValue("result", name="result", value=done.result, wanted=", ".join(RESULTS))
    for name in ("who", "what"):
        if not getattr(done, name).strip():
            raise BadValue(name, name=name, value="", wanted=phrase("text"))
    next_due = done.next_due
    if next_due is not None:
        on_day("next_due", next_due)
    elif plan is not None and done.result != "failed":
        next_due = later(day, plan).isoformat()
    for thing in wanted:
        own_device(ctx, thing)
    values = vars(done) | {"next_due": next_due}
    values |= {"recorded_at": ctx.now, "recorded_by": ctx.identity.label}
    if wanted:
        rows = [values | {"thing": thing} for thing in wanted]
        ctx.connection.execute(insert(maintenance_records), rows)
    if done.plan is not None and done.result != "failed":
        subjects = [f"maintenance:{done.plan}:{thing}" for thing in wanted]
        opened = troubles.open_by_subject(ctx, subjects)
        troubles.clear_troubles(ctx, list(opened.values()), "done")
    ctx.note(f"plan:{done.plan}" if done.plan else "things", count=len(wanted), result=done.result)
    return len(wanted)


@query("sensing.maintenance_records", permission="sensing.read_own")
def records(ctx: Context, thing: int, limit: int = 200) -> list[dict[str, Any]]:
    """What was done on a device, newest first. Raises NoDevice."""
    device_of(ctx, thing, in_use=False)
    mine = maintenance_records.c.thing == thing
    chosen = select(maintenance_records).where(mine).order_by(maintenance_records.c.id.desc())
    return [dict(row._mapping) for row in ctx.connection.execute(chosen.limit(limit))]


@action("sensing.watch_maintenance", permission="sensing.watch", audit_verb="maintenance_watched")
def watch_maintenance(ctx: Context, most: int = 500) -> int:
    """Raise a trouble for each device that is overdue by a plan, at most so many at once;
    returns how many are new."""
    late = [one for one in due(ctx, None, 0, 1_000_000) if one["overdue"]]
    new = [_overdue(one) for one in late]
    there = troubles.open_by_subject(ctx, [one.subject for one in new])
    fresh = [one for one in new if one.subject not in there][:most]
    if fresh:
        troubles.raise_troubles(ctx, fresh)
    ctx.note("devices", overdue=len(late), raised=len(fresh))
    return len(fresh)


def _overdue(one: Mapping[str, Any]) -> New:
    day = date.fromisoformat(one["due_on"])
    since = (day - date(1970, 1, 1)).days * time.DAY
    values = {name: one[name] for name in ("plan", "plan_name", "what", "due_on")}
    return New(
        one["thing"], "maintenance", since, f"maintenance:{one['plan']}:{one['thing']}", values
    )
