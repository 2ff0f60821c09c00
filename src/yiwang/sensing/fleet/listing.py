"""Lists of devices by what they are and how they are, and one device with all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, or_, select

from yiwang.contracts.observations import Ints
from yiwang.registry import service as registry
from yiwang.security.actions import Context, query
from yiwang.sensing.fleet import groups, roster
from yiwang.sensing.fleet.credentials import credentials
from yiwang.sensing.fleet.editing import device_of
from yiwang.sensing.fleet.roster import Flags
from yiwang.sensing.fleet.tables import device_details
from yiwang.sensing.health import STATES, Health
from yiwang.sensing.latest import Latest
from yiwang.sensing.observations import Observations
from yiwang.sensing.store import fetch
from yiwang.sensing.tables import datastreams, things

STATE_NAMES = (*STATES, "skewed", "retired")
_DETAILS = ("supplier", "model", "serial", "gateway", "network", "installed_on", "firmware")


@dataclass(frozen=True)
class Filter:
    """Which devices: each that is given must hold. ``q`` is looked for in code, name and serial
    number; ``area`` is a district, street or grid; ``state`` one of STATE_NAMES. Retired devices
    are in no list but their own."""

    kind: str | None = None
    q: str = ""
    area: int | None = None
    supplier: str | None = None
    group: int | None = None
    gateway: str | None = None
    network: str | None = None
    state: str | None = None


def chosen(ctx: Context, wanted: Filter) -> Ints:
    """The things of the devices that a filter means and the caller sees, rising. Raises
    NoSuchGroup."""
    devices = roster.devices(ctx)
    mask: Flags = (devices.retired > 0) == (wanted.state == "retired")
    for word, column in (
        (wanted.kind, devices.kind),
        (wanted.supplier, devices.supplier),
        (wanted.gateway, devices.gateway),
        (wanted.network, devices.network),
    ):
        if word is not None:
            mask &= column.mask(word)
    if wanted.area is not None:
        mask &= devices.in_area(wanted.area)
    visible = roster.seen(ctx)
    if visible is not None:
        mask &= np.isin(devices.thing, visible)
    if wanted.group is not None:
        mask &= np.isin(devices.thing, groups.members(ctx, wanted.group))
    if wanted.q.strip():
        mask &= np.isin(devices.thing, _named(ctx, wanted.q.strip()))
    if wanted.state is not None and wanted.state != "retired":
        mask &= np.isin(devices.thing, _in_state(ctx, wanted.state))
    found: Ints = devices.thing[mask]
    return found


def _named(ctx: Context, text: str) -> Ints:
    known = things.outerjoin(device_details, device_details.c.thing == things.c.id)
    looked = (things.c.code, things.c.name, device_details.c.serial)
    words = text.lower()
    alike = or_(*(func.lower(column).contains(words, autoescape=True) for column in looked))
    found = fetch(ctx.connection, select(things.c.id).select_from(known).where(alike))
    return np.array([row[0] for row in found], np.int64)


def _in_state(ctx: Context, state: str) -> Ints:
    index, found = ctx.port(Health).examine(ctx.now)
    mask = found.skewed if state == "skewed" else found.state == STATES.index(state)
    things_of: Ints = index.thing[mask]
    return things_of


@query("sensing.devices", permission="sensing.read_own")
def devices(
    ctx: Context, wanted: Filter = Filter(), after: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    """Devices that a filter means, by thing behind ``after``. Times are instants. Raises
    NoSuchGroup."""
    all_of = chosen(ctx, wanted)
    ids = all_of[np.searchsorted(all_of, after, "right") :][:limit].tolist()
    return lines(ctx, ids)


@query("sensing.count_devices", permission="sensing.read_own")
def count_devices(ctx: Context, wanted: Filter = Filter()) -> int:
    """How many devices a filter means. Raises NoSuchGroup."""
    return len(chosen(ctx, wanted))


def lines(ctx: Context, ids: Sequence[int]) -> list[dict[str, Any]]:
    """A line for each device, in the order asked for."""
    known = things.outerjoin(device_details, device_details.c.thing == things.c.id)
    columns = [column for column in device_details.c if column.name != "thing"]
    query_ = select(things, *columns).select_from(known).where(things.c.id.in_(list(ids)))
    rows = {row.id: row for row in ctx.connection.execute(query_)}
    states = _states(ctx, ids)
    found = roster.devices(ctx)
    street = dict(
        zip(found.thing[(at := found.places(ids))].tolist(), found.street[at].tolist(), strict=True)
    )
    return [
        _line(rows[thing]) | states.get(thing, {}) | {"street": street.get(thing) or None}
        for thing in ids
        if thing in rows
    ]


def _line(row: Any) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in ("kind", "code", "name", "place", "lon", "lat")}
    details = {name: getattr(row, name) for name in _DETAILS}
    texts = {name: value or "" for name, value in details.items() if name != "installed_on"}
    retired = {"retired_at": row.retired_at, "retired_why": row.retired_why or ""}
    unknown = {"state": "retired" if row.retired_at else None, "last_seen": None, "skewed": False}
    return {"thing": row.id} | shown | details | texts | retired | unknown


def _states(ctx: Context, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Health by thing; empty where nothing is running, as in a command."""
    health = ctx.caller.ports.get(Health)
    if health is None:
        return {}
    index, found = health.examine(ctx.now)
    place = np.searchsorted(index.thing, np.asarray(ids, np.int64))
    return {
        thing: {
            "state": STATES[int(found.state[at])],
            "last_seen": int(found.seen[at]) or None,
            "skewed": bool(found.skewed[at]),
        }
        for thing, at in zip(ids, place.tolist(), strict=True)
        if at < len(index.thing) and index.thing[at] == thing
    }


@query("sensing.show_device", permission="sensing.read_own")
def show_device(ctx: Context, thing: int, lang: str = "zh-CN") -> dict[str, Any]:
    """One device: what it is, its health, its credential's state, its groups, its street by its
    name in a language, and datastreams with their latest values. Raises NoDevice."""
    row = device_of(ctx, thing, in_use=False)
    line = lines(ctx, [thing])[0]
    state = credentials(ctx, [thing])[thing]
    street = registry.area(ctx, line["street"]).name(lang) if line["street"] else ""
    return line | {
        "description": row.description,
        "properties": row.properties or {},
        "created_at": row.created_at,
        "street_name": street,
        "groups": groups.groups_of(ctx, thing),
        "credential": None if state is None else vars(state),
        "datastreams": _streams(ctx, thing),
    }


def _streams(ctx: Context, thing: int) -> list[dict[str, Any]]:
    mine = datastreams.c.thing == thing
    rows = list(ctx.connection.execute(select(datastreams).where(mine).order_by(datastreams.c.id)))
    observations = ctx.caller.ports.get(Observations)
    latest = observations.latest if observations is not None else Latest()
    time, result = latest([row.id for row in rows])
    return [
        {
            "datastream": row.id,
            "name": row.name,
            "property": row.property,
            "unit": row.unit,
            "time": int(at) or None,
            "result": latest.exact.get(row.id) if np.isnan(value) else float(value),
        }
        for row, at, value in zip(rows, time, result, strict=True)
    ]
