"""Which firmware is on which device, and campaigns that bring a version to a kind. A record:
nothing here is sent to devices."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import func, insert, select

from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Context, action, query
from yiwang.sensing import devices as stock
from yiwang.sensing import sight as sights
from yiwang.sensing.fleet import errors as wrong
from yiwang.sensing.fleet.editing import device_of, own_device, set_details
from yiwang.sensing.fleet.maintenance import on_day
from yiwang.sensing.fleet.sheet import MOST_ERRORS
from yiwang.sensing.fleet.tables import device_details, firmware_campaigns, firmware_records
from yiwang.sensing.observations import Observations
from yiwang.sensing.tables import datastreams, device_kinds, things

OUTCOMES = ("done", "failed")
COLUMNS = ("code", "version", "outcome", "note")


@action("sensing.add_campaign", permission="sensing.maintain", audit_verb="firmware_planned")
def add_campaign(
    ctx: Context, kind: str, name: str, version: str, planned_on: str | None = None, note: str = ""
) -> int:
    """Plan to bring a version to the devices of a kind; returns the campaign's number. Raises
    UnknownKind, BadValue."""
    stock.kind_of(ctx.connection, kind)
    for key, value, most in (("name", name, 128), ("version", version, 64)):
        if not 0 < len(value.strip()) <= most:
            raise wrong.BadValue(key, name=key, value=value, wanted=wrong.most_characters(most))
    if planned_on is not None:
        on_day("planned_on", planned_on)
    values = {
        "kind": kind,
        "name": name.strip(),
        "version": version.strip(),
        "planned_on": planned_on,
        "note": note,
        "created_at": ctx.now,
    }
    made = ctx.connection.execute(
        insert(firmware_campaigns).values(values).returning(firmware_campaigns.c.id)
    )
    number: int = made.scalar_one()
    ctx.note(f"campaign:{number}", kind=kind, version=version)
    return number


@query("sensing.campaigns", permission="sensing.read_own")
def campaigns(ctx: Context) -> list[dict[str, Any]]:
    """All campaigns, newest first: how many devices of the kind that the caller sees are in
    use, how many have the version, and on how many it failed."""
    shown = []
    seen = sights.condition(sights.mine(ctx), things, things)
    chosen = select(firmware_campaigns).order_by(firmware_campaigns.c.id.desc())
    for row in list(ctx.connection.execute(chosen)):
        in_use = (things.c.kind == row.kind) & device_details.c.retired_at.is_(None)
        known = things.outerjoin(device_details, device_details.c.thing == things.c.id)
        has = func.count().filter(device_details.c.firmware == row.version)
        counts = ctx.connection.execute(
            select(func.count(), has).select_from(known).where(in_use, seen)
        ).one()
        failed = (
            select(func.count(func.distinct(firmware_records.c.thing)))
            .join(things, things.c.id == firmware_records.c.thing)
            .where(firmware_records.c.campaign == row.id, firmware_records.c.outcome == "failed")
            .where(seen)
        )
        shown.append(
            dict(row._mapping)
            | {
                "devices": counts[0],
                "done": counts[1],
                "failed": ctx.connection.execute(failed).scalar_one(),
            }
        )
    return shown


@dataclass(frozen=True)
class Put:
    """A version that was put on a device, or failed to be."""

    thing: int
    version: str
    outcome: str = "done"
    note: str = ""


@action("sensing.record_firmware", permission="sensing.maintain", audit_verb="firmware_recorded")
def record_firmware(
    ctx: Context, puts: Sequence[Put], campaign: int | None = None, source: str = "hand"
) -> int:
    """Write down which version is on devices; one that failed leaves the device's version as
    it was. Returns how many. Raises NoDevice, NotYourDevice, DeviceRetired, NoSuchCampaign,
    BadValue."""
    _check_campaign(ctx, campaign)
    for one in puts:
        row = own_device(ctx, one.thing)
        if one.outcome not in OUTCOMES:
            raise wrong.BadValue(
                "outcome", name="outcome", value=one.outcome, wanted=", ".join(OUTCOMES)
            )
        if not 0 < len(one.version.strip()) <= 64:
            wanted = wrong.most_characters(64)
            raise wrong.BadValue("version", name="version", value=one.version, wanted=wanted)
        if one.outcome == "done":
            set_details(ctx, row, {"firmware": one.version.strip()})
    rows = [
        vars(one)
        | {"version": one.version.strip(), "at": ctx.now, "source": source, "campaign": campaign}
        for one in puts
    ]
    if rows:
        ctx.connection.execute(insert(firmware_records), rows)
    ctx.note(f"campaign:{campaign}" if campaign else "things", count=len(rows), source=source)
    return len(rows)


def _check_campaign(ctx: Context, campaign: int | None) -> None:
    if campaign is None:
        return
    there = select(firmware_campaigns.c.id).where(firmware_campaigns.c.id == campaign)
    if ctx.connection.execute(there).first() is None:
        raise wrong.NoSuchCampaign(campaign=campaign)


@action("sensing.import_firmware", permission="sensing.maintain", audit_verb="firmware_imported")
def import_firmware(ctx: Context, kind: str, content: bytes, campaign: int | None = None) -> int:
    """Take versions from a list (CSV: code, version, and where wanted outcome and note), all of
    it or nothing. Raises UnknownKind, NotATable, ColumnMissing, ListRefused."""
    stock.kind_of(ctx.connection, kind)
    puts, errors = _read(content, stock.codes(ctx.connection, kind))
    if errors:
        raise wrong.ListRefused(errors[:MOST_ERRORS], len(errors))
    return record_firmware(ctx, puts, campaign, "csv")


def _read(content: bytes, codes: dict[str, int]) -> tuple[list[Put], list[YiwangError]]:
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise wrong.NotATable(problem=str(error)) from None
    header = rows[0].keys() if rows else ()
    for column in ("code", "version"):
        if column not in header:
            raise wrong.ColumnMissing(wrong.row_of(1), column=column)
    puts: list[Put] = []
    errors: list[YiwangError] = []
    for number, row in enumerate(rows, 2):
        code, version = (row["code"] or "").strip(), (row["version"] or "").strip()
        outcome = (row.get("outcome") or "done").strip()
        if code not in codes:
            errors.append(
                wrong.CellUnknown(
                    wrong.cell_of(number, "code"), column="code", value=code, near="–"
                )
            )
        elif not version:
            errors.append(wrong.CellMissing(wrong.cell_of(number, "version"), column="version"))
        elif outcome not in OUTCOMES:
            options = ", ".join(OUTCOMES)
            where = wrong.cell_of(number, "outcome")
            errors.append(wrong.CellNotAnOption(where, value=outcome, options=options))
        else:
            puts.append(Put(codes[code], version, outcome, (row.get("note") or "").strip()))
    return puts, errors


@action("sensing.take_reported", permission="sensing.watch", audit_verb="firmware_reported")
def take_reported(ctx: Context) -> int:
    """Take over the versions that devices report themselves, where their kind declares the
    property; returns how many have changed."""
    latest = ctx.port(Observations).latest
    puts: list[Put] = []
    for kind, name in _reporting(ctx):
        chosen = (
            select(datastreams.c.id, datastreams.c.thing, device_details.c.firmware)
            .join(things, things.c.id == datastreams.c.thing)
            .outerjoin(device_details, device_details.c.thing == things.c.id)
            .where(
                things.c.kind == kind,
                datastreams.c.property == name,
                device_details.c.retired_at.is_(None),
            )
        )
        for row in ctx.connection.execute(chosen):
            told = latest.exact.get(row.id)
            version = _text(told) if told is not None else ""
            if version and version != (row.firmware or ""):
                puts.append(Put(row.thing, version))
    if puts:
        record_firmware(ctx, puts, None, "reported")
    ctx.note("devices", changed=len(puts))
    return len(puts)


def _reporting(ctx: Context) -> list[tuple[str, str]]:
    rows = ctx.connection.execute(select(device_kinds.c.kind, device_kinds.c.declared))
    named = [(row.kind, (row.declared.get("care") or {}).get("firmware") or "") for row in rows]
    return [(kind, name) for kind, name in named if name]


def _text(told: str) -> str:
    """A result as it was sent: a JSON text, or what stands there."""
    try:
        value = msgspec.json.decode(told)
    except msgspec.DecodeError:
        value = told
    return str(value).strip()[:64]


@query("sensing.firmware_records", permission="sensing.read_own")
def firmware_of(ctx: Context, thing: int, limit: int = 200) -> list[dict[str, Any]]:
    """What was put on a device, newest first. Raises NoDevice."""
    device_of(ctx, thing, in_use=False)
    mine = firmware_records.c.thing == thing
    chosen = select(firmware_records).where(mine).order_by(firmware_records.c.id.desc())
    return [dict(row._mapping) for row in ctx.connection.execute(chosen.limit(limit))]
