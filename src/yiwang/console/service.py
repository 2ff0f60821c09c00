"""What the screen asks for: its layers and panels, and what is on the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from yiwang.console import model
from yiwang.console.atlas import Atlas
from yiwang.console.marks import Marks
from yiwang.console.model import Box, Bytes, Points
from yiwang.packs import service as packs
from yiwang.packs.city import City
from yiwang.packs.console_spec import Layer
from yiwang.packs.library import Library
from yiwang.packs.model import Pack
from yiwang.security.actions import Context, query
from yiwang.sensing import sight as sights
from yiwang.sensing.history.keeping import Keeping
from yiwang.sensing.runtime import Sensing
from yiwang.sensing.spec import Computed, DeviceKind, Property


@query("console.layout", permission="console.view")
def layout(ctx: Context, lang: str) -> dict[str, Any]:
    """The city's time zone, and map layers, panels and titles of the packs that run, in one
    language."""
    library = ctx.caller.ports.get(Library)
    running = [] if library is None else packs.running(ctx, library)
    found: dict[str, Any] = {"layers": [], "panels": [], "packs": {}, "rules": {}, "kinds": {}}
    found["parameters"] = {}
    keeping = ctx.caller.ports.get(Keeping)
    found["zone"] = "UTC" if keeping is None else keeping.rollups.zone.key
    for pack, city in running:
        _add(found, pack, city, lang)
    return found


def _add(found: dict[str, Any], pack: Pack, city: City, lang: str) -> None:
    name = pack.name
    found["packs"][name] = pack.title(lang)
    for layer in pack.console.layers.values():
        found["layers"].append(_layer(pack, layer, lang))
    for panel in pack.console.panels.values():
        shown = {"id": f"{name}.{panel.name}", "pack": name, "type": panel.type}
        found["panels"].append(shown | {"title": _said(panel.title, lang), **panel.details})
    for rule in pack.rules.rules:
        title = pack.texts.find(("rules", rule.name, "title"), lang)
        found["rules"][f"{name}/{rule.name}"] = title or rule.name
    for parameter in pack.rules.parameters:
        words = pack.texts.find(("parameters", parameter.name), lang)
        found["parameters"][f"{name}/{parameter.name}"] = words or parameter.name
    for kind, declared in pack.devices.kinds.items():
        found["kinds"][f"{name}.{kind}"] = _kind(pack, declared, lang)


def _layer(pack: Pack, layer: Layer, lang: str) -> dict[str, Any]:
    colour = layer.colour_by
    units = {
        item.name: item.unit for kind in pack.devices.kinds.values() for item in _observed(kind)
    }
    return {
        "id": f"{pack.name}.{layer.name}",
        "pack": pack.name,
        "title": _said(layer.title, lang),
        "places": layer.places,
        "kind": f"{pack.name}.{layer.kind}" if layer.kind else "",
        "icon": layer.icon,
        "cluster": layer.cluster,
        "property": colour.property if colour else "",
        "unit": units.get(colour.property, "") if colour else "",
        "of": colour.of if colour else "",
        "steps": [list(step) for step in colour.steps] if colour else [],
    }


def _kind(pack: Pack, declared: DeviceKind, lang: str) -> dict[str, Any]:
    name, texts = declared.name, pack.texts
    properties = {
        item.name: {
            "title": texts.find(("properties", item.name), lang) or item.title or item.name,
            "unit": item.unit,
        }
        for item in _observed(declared)
    }
    title = texts.find(("kinds", name), lang) or declared.title or name
    return {"title": title, "properties": properties}


def _observed(kind: DeviceKind) -> list[Property | Computed]:
    return [*kind.properties, *kind.computed]


def _said(titles: Mapping[str, str], lang: str) -> str:
    return titles.get(lang) or next(iter(titles.values()), "")


@query("console.things", permission="console.view")
def things(ctx: Context, box: Box, kind: str = "", property_: str = "") -> dict[str, Any]:
    """Things in a view that the caller sees, as columns, or as cells where there are more than
    ``MOST_POINTS``."""
    points = ctx.port(Atlas).things(ctx, kind, property_)
    rows = points.inside(box)
    sight = sights.mine(ctx)
    if not sight.everything:
        seen = ctx.port(Sensing).visibility.things(ctx.connection, sight)
        rows = rows[np.isin(points.ids[rows], seen)]
    return _columns(ctx, points, rows, ctx.port(Marks).of_things(points.ids[rows]), box)


@query("console.places", permission="console.view")
def places(ctx: Context, box: Box, kind: str, property_: str = "", of: str = "") -> dict[str, Any]:
    """Places of a kind in a view, with the latest value of a property observed there."""
    points = ctx.port(Atlas).places(ctx, kind, property_, of)
    rows = points.inside(box)
    return _columns(ctx, points, rows, ctx.port(Marks).of_places(points.ids[rows]), box)


def _columns(ctx: Context, points: Points, rows: Any, levels: Bytes, box: Box) -> dict[str, Any]:
    lon, lat = points.lon[rows], points.lat[rows]
    if len(rows) > model.MOST_POINTS:
        cells = model.cells(lon, lat, levels, box)
        shown = {name: value.tolist() for name, value in asdict(cells).items()}
        shown["lon"], shown["lat"] = cells.lon.round(6).tolist(), cells.lat.round(6).tolist()
        return {"clustered": True, "total": len(rows), **shown}
    stream = _seen(ctx, points.stream[rows])
    times, values = ctx.port(Sensing).observations.latest(stream)
    seen = (stream > 0) & (times > 0)
    found = {
        "clustered": False,
        "total": len(rows),
        "kinds": list(points.kinds),
        "id": points.ids[rows].tolist(),
        "lon": lon.round(6).tolist(),
        "lat": lat.round(6).tolist(),
        "kind": points.kind[rows].tolist(),
        "stream": stream.tolist(),
        "value": _numbers(values, seen),
        "time": np.where(seen, times // 1000, 0).tolist(),
        "level": levels.tolist(),
    }
    if points.names is not None:
        found["name"] = [points.names[row] for row in rows.tolist()]
    if points.of is not None:
        found["of"] = _numbers(points.of[rows], np.ones(len(rows), np.bool_))
    return found


def _seen(ctx: Context, stream: Any) -> Any:
    """The datastreams, 0 in place of those that the caller does not see."""
    sight = sights.mine(ctx)
    if sight.everything:
        return stream
    mask = ctx.port(Sensing).visibility.mask(ctx.connection, sight)
    inside = np.where(stream < len(mask), stream, 0)
    return np.where(mask[inside], inside, 0)


def _numbers(values: Any, seen: Any) -> list[float | None]:
    """Numbers as JSON has them: null where there is none."""
    good = seen & np.isfinite(values)
    plain: list[float | None] = values.tolist()
    if good.all():
        return plain
    return [value if right else None for value, right in zip(plain, good.tolist(), strict=True)]
