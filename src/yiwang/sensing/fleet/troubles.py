"""Troubles of devices: raised, gathered into outages, cleared. Each tells the other domains by
an event, from which a case of maintenance is opened; a device has one of each sort at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update

from yiwang.contracts.events import DeviceRecovered, DeviceTroubled
from yiwang.security.actions import Context, action, query
from yiwang.sensing import sight as sights
from yiwang.sensing.fleet.tables import device_troubles
from yiwang.sensing.tables import device_kinds, things

TROUBLES = ("silence", "clock", "drift", "stuck", "maintenance", "outage")
ORDINARY = "device.fault"
"""The city's class of event for a device in trouble, where its kind names none."""
MANY = "device.outage"
"""The city's class of event for many devices that fell silent together."""
_CLASSES = {"outage": MANY, "maintenance": "device.maintenance_due"}
"""Classes of event of troubles that no kind of device has an own class for."""
MOST_NAMED = 500
"""Devices of an outage whose codes are in its event."""
_PART = 1000


@dataclass(frozen=True)
class New:
    """A trouble to raise. ``subject`` says what it is about (``silence:7``); ``things`` are
    all devices of an outage, whose own troubles are then kept as parts of it."""

    thing: int
    trouble: str
    since: int
    subject: str
    values: Mapping[str, Any] = field(default_factory=dict)
    things: tuple[int, ...] = ()


@action("sensing.raise_troubles", permission="sensing.watch", audit_verb="device_troubles_raised")
def raise_troubles(ctx: Context, new: Sequence[New]) -> dict[str, int]:
    """Raise troubles that are not open yet; returns the number of each open one by subject.

    The parts of an outage are raised with it and lead to no case of their own; those that had
    one are told to have gone over into the outage.
    """
    asked = [one.subject for one in new]
    asked += [f"silence:{thing}" for one in new for thing in one.things]
    there = open_by_subject(ctx, asked)
    fresh = {one.subject: one for one in new if one.subject not in there}
    there.update(_insert(ctx, list(fresh.values()), None))
    _tell(ctx, list(fresh.values()), there)
    for one in new:
        _gather(ctx, one, there[one.subject], there)
    ctx.note("devices", raised=len(new), subjects=asked[:20])
    return there


def _gather(ctx: Context, one: New, outage: int, there: dict[str, int]) -> None:
    parts = [New(thing, "silence", one.since, f"silence:{thing}") for thing in one.things]
    known = [there[part.subject] for part in parts if part.subject in there]
    there.update(_insert(ctx, [part for part in parts if part.subject not in there], outage))
    for number in known:
        mine = (device_troubles.c.id == number) & device_troubles.c.outage.is_(None)
        moved = ctx.connection.execute(update(device_troubles).where(mine).values(outage=outage))
        if moved.rowcount:
            ctx.emit(DeviceRecovered(number, ctx.now, "outage"))


@action("sensing.clear_troubles", permission="sensing.watch", audit_verb="device_troubles_cleared")
def clear_troubles(ctx: Context, numbers: Sequence[int], why: str) -> int:
    """Clear troubles: ``heard`` again, ``steady`` again, ``done``, ``retired``. Returns how many
    were open. What is left of an outage becomes troubles of single devices."""
    cleared = 0
    for number in numbers:
        mine = (device_troubles.c.id == number) & device_troubles.c.cleared_at.is_(None)
        row = ctx.connection.execute(select(device_troubles).where(mine)).first()
        if row is None:
            continue
        values = {"cleared_at": ctx.now, "cleared_why": why}
        ctx.connection.execute(update(device_troubles).where(mine).values(values))
        cleared += 1
        if row.outage is None:
            ctx.emit(DeviceRecovered(number, ctx.now, why))
        if row.trouble == "outage":
            _release(ctx, number)
    ctx.note("devices", cleared=cleared, why=why)
    return cleared


def _release(ctx: Context, outage: int) -> None:
    parts = (device_troubles.c.outage == outage) & device_troubles.c.cleared_at.is_(None)
    left = list(ctx.connection.execute(select(device_troubles).where(parts)))
    over = {"cleared_at": ctx.now, "cleared_why": "outage"}
    ctx.connection.execute(update(device_troubles).where(parts).values(over))
    own = [New(row.thing, row.trouble, row.since, row.subject, row.values) for row in left]
    _tell(ctx, own, _insert(ctx, own, None))


def open_by_subject(ctx: Context, subjects: Sequence[str]) -> dict[str, int]:
    """The numbers of the open troubles of some subjects."""
    found: dict[str, int] = {}
    chosen = select(device_troubles.c.subject, device_troubles.c.id)
    for low in range(0, len(subjects), _PART):
        mine = device_troubles.c.subject.in_(list(subjects[low : low + _PART]))
        rows = ctx.connection.execute(chosen.where(mine, device_troubles.c.cleared_at.is_(None)))
        found.update({row.subject: row.id for row in rows})
    return found


def _insert(ctx: Context, new: Sequence[New], outage: int | None) -> dict[str, int]:
    """Put troubles on record; their numbers by subject."""
    if not new:
        return {}
    rows = [
        {
            "thing": one.thing,
            "trouble": one.trouble,
            "since": one.since,
            "raised_at": ctx.now,
            "subject": one.subject,
            "outage": outage,
            "values": dict(one.values),
        }
        for one in new
    ]
    wanted = insert(device_troubles).returning(device_troubles.c.subject, device_troubles.c.id)
    return {row.subject: row.id for row in ctx.connection.execute(wanted, rows)}


def _tell(ctx: Context, new: Sequence[New], numbers: Mapping[str, int]) -> None:
    """Emit the events of troubles that are on record; of thousands at once when a network that
    nobody named goes down."""
    rows: dict[int, Any] = {}
    wanted = sorted({one.thing for one in new})
    for low in range(0, len(wanted), _PART):
        chosen = select(things).where(things.c.id.in_(wanted[low : low + _PART]))
        rows.update({row.id: row for row in ctx.connection.execute(chosen)})
    own = _own_classes(ctx, {row.kind for row in rows.values()})
    for one in new:
        ctx.emit(_event(ctx, numbers[one.subject], one, rows[one.thing], own))


def _event(ctx: Context, number: int, one: New, row: Any, own: Mapping[str, str]) -> DeviceTroubled:
    if one.trouble in _CLASSES:
        classes = [_CLASSES[one.trouble]]
    else:
        classes = [*([own[row.kind]] if row.kind in own else []), ORDINARY]
    named = _codes(ctx, one.things[:MOST_NAMED]) if one.things else []
    told = {"devices": named, "count": len(one.things)} if one.things else {"device": row.code}
    return DeviceTroubled(
        trouble=number,
        sort=one.trouble,
        thing=one.thing,
        place=None if one.things else row.place,
        lon=row.lon,
        lat=row.lat,
        since=one.since,
        raised_at=ctx.now,
        case_classes=classes,
        one_per=f"thing:{one.thing}" if not one.things else one.subject,
        values=dict(one.values) | told,
    )


def _own_classes(ctx: Context, kinds: set[str]) -> dict[str, str]:
    """The class of case that each kind of device names, with its pack, where it names one."""
    chosen = select(device_kinds.c.kind, device_kinds.c.pack, device_kinds.c.declared)
    rows = ctx.connection.execute(chosen.where(device_kinds.c.kind.in_(sorted(kinds))))
    found = {row.kind: (row.pack, (row.declared.get("care") or {})) for row in rows}
    return {
        kind: f"{pack}.{care['trouble_opens']}"
        for kind, (pack, care) in found.items()
        if care.get("trouble_opens")
    }


def _codes(ctx: Context, wanted: Sequence[int]) -> list[str]:
    chosen = select(things.c.code).where(things.c.id.in_(list(wanted))).order_by(things.c.id)
    return [code for code in ctx.connection.execute(chosen).scalars() if code is not None]


@query("sensing.device_troubles", permission="sensing.read_own")
def device_troubles_of(
    ctx: Context,
    thing: int | None = None,
    trouble: str | None = None,
    only_open: bool = True,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Troubles, newest first: open ones or all, of one device, of one sort. Times are
    instants; only of devices that the caller sees. ``outage`` is the number of the outage that
    a trouble is a part of."""
    chosen = select(device_troubles, things.c.name, things.c.code, things.c.kind).join(
        things, things.c.id == device_troubles.c.thing
    )
    chosen = chosen.where(sights.condition(sights.mine(ctx), things, things))
    if thing is not None:
        chosen = chosen.where(device_troubles.c.thing == thing)
    if trouble is not None:
        chosen = chosen.where(device_troubles.c.trouble == trouble)
    if only_open:
        chosen = chosen.where(device_troubles.c.cleared_at.is_(None))
    if before is not None:
        chosen = chosen.where(device_troubles.c.id < before)
    rows = ctx.connection.execute(chosen.order_by(device_troubles.c.id.desc()).limit(limit))
    hidden = ("subject",)
    return [
        {key: value for key, value in row._mapping.items() if key not in hidden} for row in rows
    ]
