"""Offers as residents, firms and the centre see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from yiwang.cases import catalogue, choices, city
from yiwang.cases.desk import Desk
from yiwang.cases.model.merging import distance_m
from yiwang.cases.offers import model, service, store
from yiwang.cases.offers.errors import NoSuchOffer
from yiwang.cases.record import Record
from yiwang.kernel import clock
from yiwang.security.actions import Context, query

MOST = 200


@query("cases.list_offers", permission="cases.read_own")
def listing(
    ctx: Context, here: tuple[float, float] | None, lang: str = "zh-CN"
) -> list[dict[str, Any]]:
    """The newest offers that the caller may take, with rounded places and without what people
    wrote; ``here`` (lon, lat) leaves out those that are too far away and says how far."""
    desk = Desk(ctx)
    taker = service.taker_of(desk)
    rows = [
        row
        for row in store.listing(ctx.connection, "open", 0, MOST)
        if row.claim_by > ctx.now and model.for_whom(tuple(row.to), row.role, taker)
    ]
    records = _records(desk, rows)
    found = [_open(desk, row, records[row.case], here, lang) for row in rows]
    near = [one for one, row in zip(found, rows, strict=True) if _within(one, row.radius_m)]
    return sorted(near, key=lambda one: one["metres"] or 0) if here else near


@query("cases.running_offers", permission="cases.dispatch")
def running(
    ctx: Context, before: int | None, most: int, lang: str = "zh-CN"
) -> list[dict[str, Any]]:
    """What is offered now and what is claimed or waits to be verified, by whom, the newest
    first, before number ``before``."""
    rows = store.running(ctx.connection, before, most)
    desk = Desk(ctx)
    records = _records(desk, rows)
    return [
        _open(desk, row, records[row.case], None, lang)
        | {
            "case": row.case,
            "to": list(row.to),
            "claimer": row.claimer,
            "done_by": _instant(row.done_by),
        }
        for row in rows
    ]


@query("cases.my_offers", permission="cases.read_own")
def mine(ctx: Context, lang: str = "zh-CN") -> list[dict[str, Any]]:
    """What the caller has claimed, the newest first; while it is theirs to do, with the exact
    place and what was written, without telephone numbers."""
    desk = Desk(ctx)
    rows = store.of_taker(ctx.connection, _name(ctx), MOST)
    records = _records(desk, rows)
    return [_claimed(desk, row, records[row.case], lang) for row in rows]


@query("cases.show_offer", permission="cases.read_own")
def show(ctx: Context, id: int, lang: str = "zh-CN") -> dict[str, Any]:
    """One offer that the caller has claimed. Raises NoSuchOffer."""
    row = store.get(ctx.connection, id)
    if row is None or not _name(ctx) or row.claimer != _name(ctx):
        raise NoSuchOffer(id=id)
    desk = Desk(ctx)
    return _claimed(desk, row, desk.record(row.case), lang)


@query("cases.my_points", permission="cases.read_own")
def points(ctx: Context, after: int = 0, most: int = 50, lang: str = "zh-CN") -> dict[str, Any]:
    """The caller's points: the sum, open claims, and the ledger, the newest first."""
    held = store.taker(ctx.connection, _name(ctx))
    rows = store.ledger(ctx.connection, _name(ctx), after, most)
    desk = Desk(ctx)
    desk.load(row.case for row in rows)
    return {
        "balance": store.balance(ctx.connection, _name(ctx)),
        "claims": held.claims if held else 0,
        "blocked": held is not None and held.blocked_at is not None,
        "entries": [
            {
                "id": row.id,
                "at": clock.render(row.at),
                "offer": row.offer,
                "class_title": _title(desk.record(row.case), desk, lang),
                "points": row.points,
                "why": row.why,
            }
            for row in rows
        ],
        "next": rows[-1].id if len(rows) >= most else None,
    }


@query("cases.takers", permission="cases.dispatch")
def takers(ctx: Context) -> list[dict[str, Any]]:
    """Who takes offers on: points, open claims, whether blocked, by whom and why."""
    return [
        {
            "user": row.user,
            "points": row.points,
            "claims": row.claims,
            "blocked_at": None if row.blocked_at is None else clock.render(row.blocked_at),
            "blocked_by": row.blocked_by,
            "reason": row.reason,
        }
        for row in store.takers(ctx.connection, MOST)
    ]


def _records(desk: Desk, rows: Sequence[Row[Any]]) -> Mapping[int, Record]:
    desk.load(row.case for row in rows)
    return {row.case: desk.record(row.case) for row in rows}


def _within(one: Mapping[str, Any], radius: float | None) -> bool:
    return radius is None or one["metres"] is None or one["metres"] <= radius


def _open(
    desk: Desk, row: Row[Any], record: Record, here: tuple[float, float] | None, lang: str
) -> dict[str, Any]:
    lon, lat = round(row.lon, model.ROUND), round(row.lat, model.ROUND)
    grids = city.area_names(desk.ctx, {record.grid} if record.grid else set(), lang)
    return {
        "id": row.id,
        "state": row.state,
        "class_title": _title(record, desk, lang),
        "severity": record.severity,
        "points": row.points,
        "lon": lon,
        "lat": lat,
        "metres": None if here is None else round(distance_m(*here, lon, lat), -2),
        "grid_name": grids.get(record.grid or 0, ""),
        "claim_by": clock.render(row.claim_by),
        "hours": round(row.done_within / clock.HOUR, 1),
    }


def _claimed(desk: Desk, row: Row[Any], record: Record, lang: str) -> dict[str, Any]:
    found = _open(desk, row, record, None, lang) | {
        "claimed_at": _instant(row.claimed_at),
        "done_by": _instant(row.done_by),
        "ended_at": _instant(row.ended_at),
        "photos_needed": desk.class_of(record).evidence.photos,
        "text_needed": desk.class_of(record).evidence.text,
    }
    if row.state == "claimed":
        sites = city.sites(desk.ctx, {record.place} if record.place else set(), lang)
        site = sites.get(record.place or 0)
        found |= {
            "lon": row.lon,
            "lat": row.lat,
            "address": record.address or (site.address if site else ""),
            "text": model.without_numbers(record.description),
        }
    return found


def _title(record: Record, desk: Desk, lang: str) -> str:
    return choices.class_title(catalogue.by_id(desk.ctx, record.case_class), lang)


def _name(ctx: Context) -> str:
    return ctx.identity.name if ctx.identity.kind in ("user", "token") else ""


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
