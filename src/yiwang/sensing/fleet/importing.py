"""Many devices at once, from a list: looked over whole before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from sqlalchemy import select

from yiwang.contracts.events import DatastreamsChanged
from yiwang.kernel.errors import YiwangError
from yiwang.registry import service as registry
from yiwang.security import accounts
from yiwang.security.accounts import NewCredential
from yiwang.security.actions import Context, action, query
from yiwang.sensing import devices as stock
from yiwang.sensing.devices import Details, Kind, NewDevice
from yiwang.sensing.errors import CodeTaken
from yiwang.sensing.fleet import credentials, sheet
from yiwang.sensing.fleet.errors import CellUnknown, ListRefused
from yiwang.sensing.fleet.sheet import Row, Sheet
from yiwang.sensing.fleet.tables import device_group_members, device_groups
from yiwang.sensing.store import insert_many

SHOWN = 20
"""Devices of a list that are shown before it is written."""
_DETAILS = ("supplier", "model", "serial", "gateway", "network", "installed_on", "firmware")


@dataclass(frozen=True)
class Outlook:
    """What writing a list would do: how many devices, the first of them, and all that is
    wrong (``wrong`` counts it, ``errors`` tell at most 1,000)."""

    rows: int
    first: list[dict[str, Any]]
    errors: list[YiwangError]
    wrong: int


@dataclass(frozen=True)
class Imported:
    """``credentials`` are (code, name, secret), told once."""

    registered: int
    credentials: list[tuple[str, str, str]] = field(default_factory=list)


@query("sensing.device_template", permission="sensing.read")
def device_template(ctx: Context, kind: str, lang: str = "zh-CN") -> str:
    """An empty list for devices of a kind, as CSV. Raises UnknownKind."""
    return sheet.template(stock.kind_of(ctx.connection, kind).declared, lang)


@query("sensing.check_device_list", permission="sensing.devices")
def check_device_list(ctx: Context, kind: str, content: bytes) -> Outlook:
    """Look a list over and write nothing.

    Raises UnknownKind, NotATable, ColumnUnknown, ColumnMissing.
    """
    read, devices, _ = _read(ctx, stock.kind_of(ctx.connection, kind), content)
    first = [
        {"row": row.number, **_shown(device)}
        for row, device in zip(read.rows[:SHOWN], devices, strict=False)
    ]
    return Outlook(len(read.rows), first, read.errors, read.wrong)


@action("sensing.import_devices", permission="sensing.devices", audit_verb="devices_imported")
def import_devices(
    ctx: Context, kind: str, content: bytes, with_credentials: bool = False
) -> Imported:
    """Register all devices of a list, or none of them.

    Raises UnknownKind, NotATable, ColumnUnknown, ColumnMissing, and ListRefused with
    everything that is wrong in rows.
    """
    known = stock.kind_of(ctx.connection, kind)
    read, devices, groups = _read(ctx, known, content)
    if read.errors:
        raise ListRefused(read.errors, read.wrong)
    made = stock.add(ctx.connection, known, devices, ctx.now)
    members = [
        {"group": group, "thing": thing}
        for thing, group in zip(made, groups, strict=True)
        if group is not None
    ]
    if members:
        insert_many(ctx.connection, device_group_members, members)
    told = _credentials(ctx, known, devices, made) if with_credentials else []
    ctx.emit(DatastreamsChanged(len(made) * len(known.streams)))
    ctx.note(f"kind:{kind}", registered=len(made), credentials=len(told))
    return Imported(len(made), told)


def _credentials(
    ctx: Context, kind: Kind, devices: Sequence[NewDevice], made: Sequence[int]
) -> list[tuple[str, str, str]]:
    streams = credentials.streams_of(ctx, made)
    wanted = [
        credentials.wanted(kind.kind, device.code, thing, kind.mqtt_topic, streams[thing])
        for device, thing in zip(devices, made, strict=True)
    ]
    return _told(devices, wanted, accounts.add_devices(ctx, wanted))


def _told(
    devices: Sequence[NewDevice], wanted: Sequence[NewCredential], secrets: Sequence[str]
) -> list[tuple[str, str, str]]:
    return [
        (device.code, one.name, secret)
        for device, one, secret in zip(devices, wanted, secrets, strict=True)
    ]


def _read(
    ctx: Context, kind: Kind, content: bytes
) -> tuple[Sheet, list[NewDevice], list[int | None]]:
    """The sheet with what the registry and the database say about it, its devices, and the
    group of each."""
    read = sheet.read(content, kind.declared)
    there = stock.codes(ctx.connection, kind.kind)
    places = _Places(ctx)
    groups = _groups(ctx)
    devices: list[NewDevice] = []
    members: list[int | None] = []
    for row in read.rows:
        try:
            if row.values["code"] in there:
                where = row.where("code")
                raise CodeTaken(where, kind=kind.kind, code=row.values["code"])
            members.append(_group(row, groups))
            devices.append(_device(row, places))
        except YiwangError as error:
            read.refuse(error)
    return read, devices, members


def _device(row: Row, places: _Places) -> NewDevice:
    values = row.values
    lon, lat, place = values.get("lon"), values.get("lat"), None
    if "place" in values:
        place, where = places.find(row, values["place"])
        if lon is None:
            lon, lat = where
    details = Details(**{name: values[name] for name in _DETAILS if name in values})
    return NewDevice(
        values["code"],
        values.get("name", ""),
        lon,
        lat,
        place,
        values.get("description", ""),
        row.properties,
        details,
    )


def _shown(device: NewDevice) -> dict[str, Any]:
    details = vars(device.details) if device.details is not None else {}
    shown = {name: getattr(device, name) for name in ("code", "name", "lon", "lat", "place")}
    return shown | details | {"properties": dict(device.properties)}


class _Places:
    """Places of the registry by what stands in a cell: ``kind/code``."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._by_kind: dict[str, Mapping[str, Any]] = {}

    def find(self, row: Row, cell: str) -> tuple[int, tuple[float | None, float | None]]:
        kind, slash, code = cell.partition("/")
        if slash and kind not in self._by_kind:
            found = registry.places(self._ctx, kind)
            self._by_kind[kind] = {item.code: item for item in found}
        known = self._by_kind.get(kind, {}) if slash else {}
        if code not in known:
            near = [f"{kind}/{one}" for one in get_close_matches(code, list(known), 3)]
            hint = ", ".join(near) or "kind/code"
            raise CellUnknown(row.where("place"), column="place", value=cell, near=hint)
        item = known[code]
        return item.id, (item.lon, item.lat)


def _groups(ctx: Context) -> dict[str, int]:
    chosen = select(device_groups.c.name, device_groups.c.id).where(device_groups.c.rule.is_(None))
    return {row.name: row.id for row in ctx.connection.execute(chosen)}


def _group(row: Row, groups: Mapping[str, int]) -> int | None:
    name = row.values.get("group")
    if name is None:
        return None
    if name not in groups:
        near = ", ".join(get_close_matches(name, list(groups), 3) or list(groups)[:5]) or "–"
        raise CellUnknown(row.where("group"), column="group", value=name, near=near)
    return groups[name]
