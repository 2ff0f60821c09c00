"""What is at one point of the map: the devices and what each observed last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from yiwang.kernel import clock
from yiwang.registry import service as registry
from yiwang.registry.model import Place
from yiwang.security.actions import Context, query
from yiwang.sensing import service as sensing
from yiwang.sensing.errors import NoSuchThing
from yiwang.sensing.runtime import Sensing


@query("console.thing", permission="console.view")
def thing(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    """One thing with its place and the latest value of each datastream. Raises NoSuchThing."""
    rows = sensing.streams(ctx, thing=id)
    if not rows:
        raise NoSuchThing(thing=id)
    first = rows[0]
    site = None if first.place is None else registry.place(ctx, first.place)
    lon = first.lon if first.lon is not None or site is None else site.lon
    lat = first.lat if first.lat is not None or site is None else site.lat
    return {
        "name": first.thing_name,
        "kind": first.kind,
        "lon": lon,
        "lat": lat,
        **_situation(ctx, lon, lat, lang),
        "address": site.name(lang) if site else "",
        "attributes": {},
        "things": _devices(ctx, rows),
    }


@query("console.place", permission="console.view")
def place(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    """One place with the devices that stand there. Raises UnknownRecord."""
    site: Place = registry.place(ctx, id)
    return {
        "name": site.name(lang),
        "kind": site.kind,
        "lon": site.lon,
        "lat": site.lat,
        **_situation(ctx, site.lon, site.lat, lang),
        "address": site.address,
        "attributes": dict(site.attributes),
        "things": _devices(ctx, sensing.streams(ctx, place=id)),
    }


def _situation(ctx: Context, lon: float | None, lat: float | None, lang: str) -> dict[str, Any]:
    """The name of the grid, or of the smallest area, that holds a position."""
    if lon is None or lat is None:
        return {"grid_name": ""}
    found = registry.locate(ctx, lon, lat)
    number = found.grid or found.street or found.district
    return {"grid_name": registry.area(ctx, number).name(lang) if number else ""}


def _devices(ctx: Context, rows: Sequence[Any]) -> list[dict[str, Any]]:
    numbers = [row.datastream for row in rows if row.datastream is not None]
    latest = ctx.port(Sensing).observations.latest
    times, values = latest(numbers)
    seen = {
        number: (time, value)
        for number, time, value in zip(numbers, times.tolist(), values.tolist(), strict=True)
        if time
    }
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        device = found.setdefault(
            row.thing,
            {
                "id": row.thing,
                "name": row.thing_name,
                "code": row.code or "",
                "kind": row.kind,
                "place": row.place,
                "streams": [],
            },
        )
        if row.datastream is not None:
            device["streams"].append(_stream(row, seen.get(row.datastream), latest.exact))
    return list(found.values())


def _stream(row: Any, seen: tuple[int, float] | None, exact: dict[int, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": row.datastream,
        "property": row.property or row.name,
        "unit": row.unit,
        "time": None,
        "value": None,
    }
    if seen is not None:
        shown["time"] = clock.render(seen[0])
        shown["value"] = seen[1] if np.isfinite(seen[1]) else exact.get(row.datastream)
    return shown
