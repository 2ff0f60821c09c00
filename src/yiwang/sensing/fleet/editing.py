"""A device through its life: changed, replaced by other hardware, taken out of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update

from yiwang.contracts.events import DatastreamsChanged, DevicesChanged, EntitiesChanged
from yiwang.kernel.text import Words, phrase
from yiwang.security import accounts
from yiwang.security.actions import Context, action, query
from yiwang.sensing import devices as stock
from yiwang.sensing import sight as sights
from yiwang.sensing.devices import Details, NewDevice
from yiwang.sensing.errors import BadPosition, CodeTaken
from yiwang.sensing.fleet import credentials, roster
from yiwang.sensing.fleet.errors import (
    BadReplacement,
    BadValue,
    DeviceRetired,
    NoDevice,
    NotYourDevice,
    words,
)
from yiwang.sensing.fleet.tables import device_details, device_group_members, device_hardware
from yiwang.sensing.observations import Observations
from yiwang.sensing.tables import datastreams, thing_locations, things
from yiwang.store.upsert import upsert

_DETAILS = tuple(item.name for item in fields(Details))
_OF_THING = ("name", "description", "place", "properties")
_LONGEST = {"name": 400, "description": 2000, "firmware": 64}


def device_of(ctx: Context, thing: int, in_use: bool = True) -> Any:
    """The row of a device that the caller sees, with its details. Raises NoDevice,
    DeviceRetired."""
    known = things.outerjoin(device_details, device_details.c.thing == things.c.id)
    columns = [column for column in device_details.c if column.name != "thing"]
    chosen = select(things, *columns).select_from(known)
    row = ctx.connection.execute(chosen.where(things.c.id == thing, things.c.kind != "")).first()
    visible = roster.seen(ctx)
    if row is None or (visible is not None and thing not in visible):
        raise NoDevice(thing=thing)
    if in_use and row.retired_at is not None:
        raise DeviceRetired(thing=thing, name=row.name)
    return row


def own_device(ctx: Context, thing: int) -> Any:
    """The row of a device that the caller answers for; a department does for its own. Raises
    NoDevice, NotYourDevice, DeviceRetired."""
    row = device_of(ctx, thing)
    if not sights.owned(sights.mine(ctx), ctx.connection, [thing]):
        raise NotYourDevice(thing=thing)
    return row


@action("sensing.edit_device", permission="sensing.devices", audit_verb="device_edited")
def edit_device(ctx: Context, thing: int, changes: Mapping[str, Any]) -> None:
    """Change what is known of a device: name, description, place, properties, lon and lat, and
    the fields of Details. A device that is moved keeps where it stood (HistoricalLocation).

    Raises NoDevice, DeviceRetired, BadValue, BadPosition; then nothing changes.
    """
    row = device_of(ctx, thing)
    for name, value in changes.items():
        _check(name, value)
    _move(ctx, row, changes)
    own = {name: value for name, value in changes.items() if name in _OF_THING}
    if own:
        ctx.connection.execute(update(things).where(things.c.id == thing).values(own))
    set_details(ctx, row, {name: changes[name] for name in _DETAILS if name in changes})
    ctx.emit(DatastreamsChanged(0))
    ctx.note(f"thing:{thing}", changes=sorted(changes))


def set_details(ctx: Context, row: Any, changes: Mapping[str, Any]) -> None:
    """Write some details of a device (a row of ``device_of``), keeping the others."""
    if not changes:
        return
    kept = {name: getattr(row, name) for name in _DETAILS}
    blank = {name: value for name, value in vars(Details()).items() if kept[name] is None}
    values = {"retired_at": row.retired_at, "retired_why": row.retired_why or ""}
    written = {"thing": row.id} | kept | blank | values | dict(changes)
    upsert(ctx.connection, device_details, written, ["thing"])


def _check(name: str, value: Any) -> None:
    """Raises BadValue."""
    known = (*_OF_THING, *_DETAILS, "lon", "lat")
    if name not in known:
        raise BadValue(name, name=name, value=value, wanted=", ".join(known))
    wanted: str | Words = ""
    if name == "installed_on":
        wanted = "" if value is None or _is_date(value) else "YYYY-MM-DD"
    elif name in ("lon", "lat"):
        wanted = "" if value is None or _is(value, (int, float)) else phrase("number")
    elif name == "place":
        wanted = "" if value is None or _is(value, (int,)) else words("place")
    elif name == "properties":
        wanted = "" if isinstance(value, dict) else phrase("json_object")
    else:
        most = _LONGEST.get(name, 128)
        fits = isinstance(value, str) and len(value) <= most
        wanted = "" if fits else words("text", most=most)
    if wanted:
        raise BadValue(name, name=name, value=value, wanted=wanted)


def _is(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value)) and len(value) == 10
    except ValueError:
        return False


def _move(ctx: Context, row: Any, changes: Mapping[str, Any]) -> None:
    if "lon" not in changes and "lat" not in changes:
        return
    lon, lat = changes.get("lon", row.lon), changes.get("lat", row.lat)
    if (lon, lat) == (row.lon, row.lat):
        return
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadPosition(row.code, lon=lon, lat=lat)
    mine = things.c.id == row.id
    ctx.connection.execute(update(things).where(mine).values(lon=lon, lat=lat))
    ctx.connection.execute(delete(thing_locations).where(thing_locations.c.thing == row.id))
    moved = NewDevice(row.code, changes.get("name", row.name), float(lon), float(lat))
    stock.locate(ctx.connection, [(row.id, moved)], ctx.now)
    ctx.emit(EntitiesChanged("Thing", [row.id], ["Locations"]))


@action("sensing.retire_device", permission="sensing.devices", audit_verb="device_retired")
def retire_device(ctx: Context, thing: int, why: str) -> None:
    """Take a device out of use: its credential is revoked, it is judged and counted no more,
    and what it observed stays. Raises NoDevice, DeviceRetired, BadValue (no reason given)."""
    if not why.strip():
        raise BadValue("why", name="why", value="", wanted=words("reason"))
    row = device_of(ctx, thing)
    set_details(ctx, row, {"retired_at": ctx.now, "retired_why": why.strip()})
    ctx.connection.execute(
        delete(device_group_members).where(device_group_members.c.thing == thing)
    )
    accounts.revoke_devices(ctx, [f"{row.kind}/{row.code}"])
    ctx.emit(DatastreamsChanged(0))
    ctx.emit(DevicesChanged([thing]))
    ctx.note(f"thing:{thing}", why=why.strip())


@dataclass(frozen=True)
class Replacement:
    """The hardware that comes in a device's place. ``code`` empty: the code stays. ``at`` is
    when it was mounted (None: now)."""

    why: str
    code: str = ""
    serial: str = ""
    model: str | None = None
    supplier: str | None = None
    firmware: str = ""
    at: int | None = None


@action("sensing.replace_device", permission="sensing.devices", audit_verb="device_replaced")
def replace_device(
    ctx: Context, thing: int, new: Replacement, credential: bool = True
) -> tuple[str, str] | None:
    """Put other hardware in the place of a device: its Thing, its datastreams and all that they
    observed stay; which hardware stood there when is kept.

    The old credential is revoked; returns the new one's name and secret, told once, where one
    is wanted. Raises NoDevice, DeviceRetired, CodeTaken, BadReplacement.
    """
    row = device_of(ctx, thing)
    at = ctx.now if new.at is None else new.at
    if not new.why.strip():
        raise BadReplacement("why", problem=words("no_reason"))
    code = new.code.strip() or row.code
    _check_code(ctx, row, code)
    _close_hardware(ctx, row, at)
    model = row.model if new.model is None else new.model
    supplier = row.supplier if new.supplier is None else new.supplier
    arrived = {
        "serial": new.serial,
        "model": model or "",
        "supplier": supplier or "",
        "firmware": new.firmware,
    }
    for name, value in arrived.items():
        _check(name, value)
    _put_hardware(ctx, thing, at, None, {"code": code} | arrived, new.why.strip())
    set_details(ctx, row, arrived)
    ctx.connection.execute(update(things).where(things.c.id == thing).values(code=code))
    accounts.revoke_devices(ctx, [f"{row.kind}/{row.code}"])
    ctx.emit(DatastreamsChanged(0))
    ctx.emit(DevicesChanged([thing]))
    ctx.note(f"thing:{thing}", old=row.code, new=code, why=new.why.strip())
    if not credential:
        return None
    _, name, secret = credentials.rotate_credentials(ctx, [thing])[0]
    return name, secret


def _check_code(ctx: Context, row: Any, code: str) -> None:
    if len(code) > 128:
        raise BadReplacement("code", problem=words("long_code", most=128))
    taken = select(things.c.id).where(
        things.c.kind == row.kind, things.c.code == code, things.c.id != row.id
    )
    if ctx.connection.execute(taken).first() is not None:
        raise CodeTaken(kind=row.kind, code=code)


def _close_hardware(ctx: Context, row: Any, at: int) -> None:
    """End what stands there now; before the first replacement it has stood from the start."""
    current = and_(device_hardware.c.thing == row.id, device_hardware.c.until.is_(None))
    found = ctx.connection.execute(select(device_hardware.c.since).where(current)).first()
    since = row.created_at if found is None else found.since
    if not since <= at <= ctx.now:
        raise BadReplacement("at", problem=words("no_time_of_replacement"))
    if found is None:
        before = {"code": row.code}
        for name in ("serial", "model", "supplier", "firmware"):
            before[name] = getattr(row, name) or ""
        _put_hardware(ctx, row.id, since, at, before, "")
    else:
        ctx.connection.execute(update(device_hardware).where(current).values(until=at))


def _put_hardware(
    ctx: Context, thing: int, since: int, until: int | None, what: Mapping[str, str], why: str
) -> None:
    row = {"thing": thing, "since": since, "until": until, "why": why}
    ctx.connection.execute(insert(device_hardware).values(**row, **what, who=ctx.identity.label))


_HARDWARE = ("code", "serial", "model", "supplier", "firmware")


@query("sensing.device_hardware", permission="sensing.read_own")
def hardware(ctx: Context, thing: int, at: int | None = None) -> list[dict[str, Any]]:
    """Which hardware stood at a device when, newest first; ``at``: only what stood there at an
    instant. Times are instants; ``until`` None: it stands there now. Raises NoDevice."""
    row = device_of(ctx, thing, in_use=False)
    chosen = select(device_hardware).where(device_hardware.c.thing == thing)
    if at is not None:
        ends = or_(device_hardware.c.until.is_(None), device_hardware.c.until > at)
        chosen = chosen.where(device_hardware.c.since <= at, ends)
    kept = list(ctx.connection.execute(chosen.order_by(device_hardware.c.id.desc())))
    if not kept and not _replaced(ctx, thing):
        only = {name: getattr(row, name) or "" for name in _HARDWARE}
        return [{"since": row.created_at, "until": row.retired_at, "why": "", "who": "", **only}]
    names = ("since", "until", "why", "who", *_HARDWARE)
    return [{name: getattr(item, name) for name in names} for item in kept]


def _replaced(ctx: Context, thing: int) -> bool:
    chosen = select(device_hardware.c.id).where(device_hardware.c.thing == thing)
    return ctx.connection.execute(chosen.limit(1)).first() is not None


@query("sensing.observing_hardware", permission="sensing.read_own")
def observing_hardware(ctx: Context, observation: int) -> dict[str, Any]:
    """The device and the hardware that made a stored observation, by the time it was made at.

    ``hardware`` is None for an observation that is older than what stood there first. Raises
    NoSuchObservation, NoDevice.
    """
    found = ctx.port(Observations).raw(observation)
    stream = datastreams.c.id == found["datastream"]
    thing = ctx.connection.execute(select(datastreams.c.thing).where(stream)).scalar()
    stood = hardware(ctx, thing or 0, found["time"])
    return {
        "observation": observation,
        "datastream": found["datastream"],
        "time": found["time"],
        "thing": thing,
        "hardware": stood[0] if stood else None,
    }
