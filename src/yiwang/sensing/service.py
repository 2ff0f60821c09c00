"""Actions of sensing: kinds of device, devices, and what is observed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, insert, select, update

from yiwang.contracts.events import DatastreamsChanged
from yiwang.contracts.ports import Channel
from yiwang.security import accounts
from yiwang.security.actions import Context, action, query
from yiwang.sensing import access
from yiwang.sensing import devices as stock
from yiwang.sensing import sight as sights
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.errors import CodeTaken, NoSuchObservation, NoSuchThing
from yiwang.sensing.observations import Observations
from yiwang.sensing.sight import Visibility
from yiwang.sensing.spec import Computed, DeviceKind, Devices, Property
from yiwang.sensing.store import take_ids
from yiwang.sensing.tables import (
    datastreams,
    device_kinds,
    observed_properties,
    sensors,
    things,
)
from yiwang.store.upsert import upsert

Titles = Mapping[str, Mapping[str, str]]
"""Title by name and language: ``{"water_level": {"zh-CN": …, "en": …}}``."""

MOST_STREAMS = 500
"""Datastreams of one place that are read for one page."""


@action("sensing.install_kinds", permission="packs.install", audit_verb="device_kinds_installed")
def install_kinds(
    ctx: Context,
    pack: str,
    devices: Devices,
    titles: Titles | None = None,
    property_titles: Titles | None = None,
    shared: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Make a pack's kinds of device known, or bring them up to date with their devices.
    ``shared``: the properties of each kind that the pack opens to everybody.

    A kind that the pack no longer has can no longer be registered; its devices stay.
    """
    added = 0
    opens = {f"{pack}.{kind}": names for kind, names in (shared or {}).items()}
    access.share_kinds(ctx, [f"{pack}.{kind.name}" for kind in devices], opens)
    for kind in devices:
        name = f"{pack}.{kind.name}"
        changed = _changed(ctx, name, kind)
        upsert(ctx.connection, device_kinds, _kind_row(ctx, pack, kind, titles or {}), ["kind"])
        _install_sensor(ctx, name, kind, titles or {})
        _install_properties(ctx, name, kind, property_titles or {})
        known = stock.kind_of(ctx.connection, name)
        added += stock.bring_up_to_date(ctx.connection, known, changed)
    gone = delete(device_kinds).where(
        device_kinds.c.pack == pack, device_kinds.c.name.not_in([kind.name for kind in devices])
    )
    ctx.connection.execute(gone)
    ctx.emit(DatastreamsChanged(added))
    ctx.note(f"pack:{pack}", kinds=sorted(devices.kinds))


@action("sensing.remove_kinds", permission="packs.install", audit_verb="device_kinds_removed")
def remove_kinds(ctx: Context, pack: str) -> None:
    """Take a pack's kinds of device out of use; their devices and observations stay, and what
    the pack opened is closed."""
    mine = select(device_kinds.c.kind).where(device_kinds.c.pack == pack)
    access.share_kinds(ctx, list(ctx.connection.execute(mine).scalars()), {})
    ctx.connection.execute(delete(device_kinds).where(device_kinds.c.pack == pack))
    ctx.emit(DatastreamsChanged(0))
    ctx.note(f"pack:{pack}")


def _changed(ctx: Context, name: str, kind: DeviceKind) -> set[str]:
    """The properties that are declared otherwise than when the kind was installed last."""
    chosen = select(device_kinds.c.declared).where(device_kinds.c.kind == name)
    old = ctx.connection.execute(chosen).scalar()
    names = {item.name for item in kind.properties} | {item.name for item in kind.computed}
    new = kind.declared()
    if old is None or any(old[key] != new[key] for key in ("period", "silent_after")):
        return names
    before = {item["name"]: item for item in (*old["properties"], *old["computed"])}
    now = {item["name"]: item for item in (*new["properties"], *new["computed"])}
    return {item for item in names if before.get(item) != now[item]}


def _kind_row(ctx: Context, pack: str, kind: DeviceKind, titles: Titles) -> dict[str, Any]:
    title = dict(titles.get(kind.name) or ({"en": kind.title} if kind.title else {}))
    return {
        "kind": f"{pack}.{kind.name}",
        "pack": pack,
        "name": kind.name,
        "title": title,
        "declared": kind.declared(),
        "period": kind.period,
        "silent_after": kind.silent_after,
        "installed_at": ctx.now,
    }


def _install_sensor(ctx: Context, name: str, kind: DeviceKind, titles: Titles) -> None:
    title = stock.title_of(titles.get(kind.name) or {}, kind.title or kind.name)
    own = sensors.c.kind == name
    if ctx.connection.execute(select(sensors.c.id).where(own)).first() is not None:
        ctx.connection.execute(update(sensors).where(own).values(name=title))
        return
    row = {"id": take_ids(ctx.connection, sensors), "name": title, "kind": name}
    ctx.connection.execute(insert(sensors).values(**row, metadata=name, encoding_type="text/plain"))


def _install_properties(ctx: Context, name: str, kind: DeviceKind, titles: Titles) -> None:
    items: list[Property | Computed] = [*kind.properties, *kind.computed]
    for item in items:
        code = f"{name}.{item.name}"
        values = {
            "name": stock.title_of(titles.get(item.name) or {}, item.title or item.name),
            "definition": getattr(item, "definition", ""),
        }
        own = observed_properties.c.code == code
        if ctx.connection.execute(select(observed_properties.c.id).where(own)).first():
            ctx.connection.execute(update(observed_properties).where(own).values(values))
        else:
            new = take_ids(ctx.connection, observed_properties)
            ctx.connection.execute(insert(observed_properties).values(id=new, code=code, **values))


@dataclass(frozen=True)
class Registered:
    """A device as it was registered. ``secret`` is shown once, where a credential was wanted."""

    thing: int
    kind: str
    code: str
    datastreams: dict[str, int]
    credential: str = ""
    secret: str = ""


@action("sensing.register_device", permission="sensing.devices", audit_verb="device_registered")
def register_device(
    ctx: Context, kind: str, device: NewDevice, credential: bool = False
) -> Registered:
    """Make a device of a pack's kind, with a credential of its own where wanted.

    Raises UnknownKind, CodeTaken, BadPosition.
    """
    known = stock.kind_of(ctx.connection, kind)
    taken = select(things.c.id).where(things.c.kind == kind, things.c.code == device.code)
    if ctx.connection.execute(taken).first() is not None:
        raise CodeTaken(kind=kind, code=device.code)
    thing = stock.add(ctx.connection, known, [device], ctx.now)[0]
    streams = _streams(ctx, thing)
    ctx.emit(DatastreamsChanged(len(streams)))
    ctx.note(f"thing:{thing}", kind=kind, code=device.code)
    if not credential:
        return Registered(thing, kind, device.code, streams)
    name = f"{kind}/{device.code}"
    topics = [f"v1.1/Datastreams({number})/Observations" for number in streams.values()]
    if known.mqtt_topic:
        topics.append(known.mqtt_topic.replace("{device}", device.code))
    secret = accounts.add_device(ctx, name, [thing], topics)
    return Registered(thing, kind, device.code, streams, name, secret)


@action("sensing.register_devices", permission="sensing.devices", audit_verb="devices_registered")
def register_devices(ctx: Context, kind: str, devices: Sequence[NewDevice]) -> dict[str, int]:
    """Make many devices of one kind; returns the thing of each code.

    Devices whose code is there already stay as they are, so that a list may be loaded again.
    Raises UnknownKind, BadPosition; then none is made.
    """
    known = stock.kind_of(ctx.connection, kind)
    there = stock.codes(ctx.connection, kind)
    new = list({device.code: device for device in devices if device.code not in there}.values())
    made = stock.add(ctx.connection, known, new, ctx.now)
    there.update(zip((device.code for device in new), made, strict=True))
    if new:
        ctx.emit(DatastreamsChanged(len(new) * len(known.streams)))
    ctx.note(f"kind:{kind}", registered=len(new), there=len(devices) - len(new))
    return {device.code: there[device.code] for device in devices}


@action("sensing.move_device", permission="sensing.devices", audit_verb="device_placed")
def place_device(ctx: Context, thing: int, place: int | None) -> None:
    """Say at which place of the registry a device stands. Raises NoSuchThing."""
    change = update(things).where(things.c.id == thing).values(place=place)
    if ctx.connection.execute(change).rowcount == 0:
        raise NoSuchThing(thing=thing)
    ctx.emit(DatastreamsChanged(0))
    ctx.note(f"thing:{thing}", place=place)


@query("sensing.channels", permission="sensing.read")
def channels(ctx: Context, kinds: Sequence[str] | None = None) -> list[Channel]:
    """The datastreams of the devices of some kinds, or of all things."""
    return stock.channels(ctx.connection, kinds)


@query("sensing.streams", permission="sensing.read_own")
def streams(ctx: Context, thing: int | None = None, place: int | None = None) -> list[Any]:
    """Rows of a thing's datastreams, or of those of all things at a place, as far as the caller
    sees them, for a person to read: thing, its name, code, kind, place and position, and the
    datastream's number, name, property and unit. A thing without datastreams has one row whose
    datastream is None."""
    sight = sights.mine(ctx)
    mine = and_(
        datastreams.c.thing == things.c.id, sights.condition(sight, datastreams, datastreams)
    )
    chosen = (
        select(
            things.c.id.label("thing"),
            things.c.name.label("thing_name"),
            things.c.code,
            things.c.kind,
            things.c.place,
            things.c.lon,
            things.c.lat,
            datastreams.c.id.label("datastream"),
            datastreams.c.name,
            datastreams.c.property,
            datastreams.c.unit,
        )
        .select_from(things.outerjoin(datastreams, mine))
        .where(things.c.id == thing if place is None else things.c.place == place)
        .where(sights.condition(sight, things, things))
        .order_by(things.c.id, datastreams.c.id)
        .limit(MOST_STREAMS)
    )
    return list(ctx.connection.execute(chosen))


@query("sensing.kinds", permission="sensing.read_own")
def kinds(ctx: Context) -> list[dict[str, Any]]:
    """The installed kinds of device, as declared."""
    chosen = select(device_kinds).order_by(device_kinds.c.kind)
    return [
        {"kind": row.kind, "pack": row.pack, "title": row.title, **_public(row.declared)}
        for row in ctx.connection.execute(chosen)
    ]


def _public(declared: Mapping[str, Any]) -> dict[str, Any]:
    hidden = ("name", "title", "where")
    return {key: value for key, value in declared.items() if key not in hidden}


@query("sensing.observation", permission="sensing.read_own")
def observation(ctx: Context, number: int) -> dict[str, Any]:
    """One stored observation as it came: source, received, time, result, extra.

    Raises NoSuchObservation, also where the caller does not see it.
    """
    found = ctx.port(Observations).raw(number)
    sight = sights.mine(ctx)
    if not sight.everything:
        mask = ctx.port(Visibility).mask(ctx.connection, sight)
        if not mask[found["datastream"]]:
            raise NoSuchObservation(observation=number)
    return found


def _streams(ctx: Context, thing: int) -> dict[str, int]:
    chosen = select(datastreams.c.property, datastreams.c.id).where(datastreams.c.thing == thing)
    return {row.property: row.id for row in ctx.connection.execute(chosen)}
