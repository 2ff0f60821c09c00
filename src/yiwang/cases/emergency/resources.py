"""Emergency resources (应急资源) near a place: pumps, vehicles, shelters, teams."""

from __future__ import annotations

from typing import Any

from yiwang.cases.emergency.plans import Plan
from yiwang.cases.model.merging import distance_m
from yiwang.registry import cache
from yiwang.security.actions import Context

MOST = 20
"""How many of each kind are listed."""


def near(
    ctx: Context, plan: Plan, lon: float | None, lat: float | None, lang: str
) -> list[dict[str, Any]]:
    """For each kind that a plan needs: the registry's places of it, nearest first, those within
    the plan's distance; how many there are together, and how many are short.

    The attributes ``number``, ``contact`` and ``phone`` of a place say how many it has (one
    without it) and whom to call.
    """
    return [_kind(ctx, wanted, lon, lat, lang) for wanted in plan.resources]


def _kind(
    ctx: Context, wanted: Any, lon: float | None, lat: float | None, lang: str
) -> dict[str, Any]:
    found = []
    for place in cache.places(ctx.connection, wanted.kind) if lon is not None else ():
        if place.lon is None or place.lat is None or lon is None or lat is None:
            continue
        away = distance_m(lon, lat, place.lon, place.lat)
        if away <= wanted.within_m:
            found.append((away, place))
    found.sort(key=lambda entry: (entry[0], entry[1].id))
    total = sum(_number(place.attributes.get("number", 1)) for _, place in found)
    title = wanted.title.get(lang) or next(iter(wanted.title.values()), wanted.kind)
    return {
        "kind": wanted.kind,
        "title": title,
        "needed": wanted.number,
        "within_m": wanted.within_m,
        "found": total,
        "short": max(0, wanted.number - total),
        "places": [_shown(place, away, lang) for away, place in found[:MOST]],
    }


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) and value >= 0 else 1


def _shown(place: Any, away: float, lang: str) -> dict[str, Any]:
    return {
        "id": place.id,
        "name": place.name(lang),
        "lon": place.lon,
        "lat": place.lat,
        "address": place.address,
        "metres": round(away),
        "number": _number(place.attributes.get("number", 1)),
        "contact": str(place.attributes.get("contact", "")),
        "phone": str(place.attributes.get("phone", "")),
    }
