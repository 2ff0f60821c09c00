"""Silences (静默): announced maintenance, during which findings and device troubles open no
case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, insert, not_, select, update

from yiwang.cases import catalogue, city
from yiwang.cases.city import City
from yiwang.cases.errors import BadTarget
from yiwang.cases.model.classes import named
from yiwang.cases.storms import hush, model, store
from yiwang.cases.storms.errors import (
    NoSuchSilence,
    ReasonMissing,
    SilenceOfAll,
    SilenceOver,
    SilenceTimes,
)
from yiwang.cases.storms.tables import case_silences
from yiwang.kernel import clock
from yiwang.security.actions import Context, action, query

MOST_DAYS = 31
_MOST_REASON = 1000


@dataclass(frozen=True)
class Wanted:
    """What is to be silent: a class, what lies in an area, a place, a thing, or what is all
    of those that are named. ``things``, any of which is meant, come from announced works of
    devices alone. Instants are microseconds; from now where none is given."""

    until_at: int
    reason: str
    from_at: int | None = None
    case_class: str = ""
    area: int | None = None
    place: int | None = None
    thing: int | None = None
    things: tuple[int, ...] = ()


@action("cases.add_silence", permission="cases.dispatch", audit_verb="silence_announced")
def add_silence(ctx: Context, wanted: Wanted) -> int:
    """Announce maintenance; returns the number of the silence. Findings that wait in another
    silence wait for this one too; cases that are open are left as they are. Raises
    SilenceTimes, SilenceOfAll, ReasonMissing, NoSuchClass, BadTarget."""
    from_at = ctx.now if wanted.from_at is None else wanted.from_at
    if (
        not from_at < wanted.until_at <= from_at + MOST_DAYS * clock.DAY
        or wanted.until_at <= ctx.now
    ):
        raise SilenceTimes("until", most=MOST_DAYS)
    reason = wanted.reason.strip()
    if not reason or len(reason) > _MOST_REASON:
        raise ReasonMissing("reason", most=_MOST_REASON)
    _narrowed(ctx, wanted)
    number = put(ctx, wanted, from_at, ctx.identity.label)
    ctx.note(f"silence:{number}", case_class=wanted.case_class, until=wanted.until_at)
    return number


def put(ctx: Context, wanted: Wanted, from_at: int, actor: str, work: int | None = None) -> int:
    """Write a silence as it is given, and have what waits elsewhere wait for it too."""
    values = {
        "case_class": wanted.case_class,
        "area": wanted.area,
        "place": wanted.place,
        "thing": wanted.thing,
        "things": sorted(set(wanted.things)),
        "work": work,
        "from_at": from_at,
        "until_at": wanted.until_at,
        "reason": wanted.reason.strip(),
        "made_at": ctx.now,
        "actor": actor,
        "ended_at": None,
        "ended_by": "",
    }
    made = insert(case_silences).values(values).returning(case_silences.c.id)
    number: int = ctx.connection.execute(made).scalar_one()
    _wait_anew(ctx)
    return number


@action("cases.end_silence", permission="cases.dispatch", audit_verb="silence_ended")
def end_silence(ctx: Context, number: int) -> None:
    """End a silence before its time: what waits in it and lasts opens its case now. Raises
    NoSuchSilence, SilenceOver."""
    row = _row(ctx, number)
    if _state(row, ctx.now) == "over":
        raise SilenceOver(f"silence:{number}", silence=number)
    end(ctx, row, ctx.now, ctx.identity.label)
    ctx.note(f"silence:{number}")


def end(ctx: Context, row: Any, at: int, by: str) -> None:
    """End a silence that is not over at an instant."""
    values = {"until_at": max(row.from_at, at), "ended_at": at, "ended_by": by}
    mine = case_silences.c.id == row.id
    ctx.connection.execute(update(case_silences).where(mine).values(values))
    _wait_anew(ctx)


@query("cases.list_silences", permission="cases.read")
def list_silences(
    ctx: Context, state: str, limit: int, after: int | None, lang: str
) -> list[dict[str, Any]]:
    """Silences, newest first, each with how many findings it held by what became of them.
    ``state``: current (going on or to come), over, or empty for all."""
    own = case_silences.c
    asked = select(case_silences)
    if state:
        current = and_(own.until_at > ctx.now, own.ended_at.is_(None))
        asked = asked.where(current if state == "current" else not_(current))
    if after is not None:
        asked = asked.where(own.id < after)
    rows = list(ctx.connection.execute(asked.order_by(own.id.desc()).limit(limit)))
    return _shown(ctx, rows, lang)


@query("cases.show_silence", permission="cases.read")
def show_silence(ctx: Context, number: int, lang: str) -> dict[str, Any]:
    """One silence with the newest findings and troubles that it held. Raises NoSuchSilence."""
    held = {
        sort: [_held(sort, row) for row in store.found(ctx.connection, number, sort, 200)]
        for sort in ("finding", "trouble")
    }
    more = {"findings": held["finding"], "troubles": held["trouble"]}
    return _shown(ctx, [_row(ctx, number)], lang)[0] | more


def _held(sort: str, row: Any) -> dict[str, Any]:
    return {
        sort: row.number,
        "raised_at": clock.render(row.raised_at),
        "state": row.state,
        "held_until": _instant(row.held_until),
        "ended_at": _instant(row.ended_at),
        "case": row.case,
        "case_class": row.body["classes"][0],
        "severity": row.body.get("severity", ""),
        "place": row.body["place"],
        "thing": row.body["thing"],
    }


def _narrowed(ctx: Context, wanted: Wanted) -> None:
    """Raises SilenceOfAll, NoSuchClass, BadTarget."""
    if not wanted.case_class and (wanted.area, wanted.place, wanted.thing) == (None, None, None):
        raise SilenceOfAll("case_class")
    if wanted.case_class:
        catalogue.one(ctx, wanted.case_class)
    if wanted.area is not None and City(ctx).area(wanted.area) is None:
        raise BadTarget("area", what="area", value=wanted.area)
    if wanted.place is not None and not city.sites(ctx, [wanted.place], "zh-CN"):
        raise BadTarget("place", what="place", value=wanted.place)


def _wait_anew(ctx: Context) -> None:
    """Silences have changed: until when everything waits that waits. Those whose own silence
    is gone from their time come out at once."""
    rows = store.all_waiting(ctx.connection, 1_000_000)
    if not rows:
        return
    since = min(row.raised_at for row in rows)
    silences = store.after(ctx.connection, since)
    registry = City(ctx)
    changed = []
    for row in rows:
        kept = model.held(hush.again(row, registry.chain(row.grid)), silences)
        until = kept[1] if kept is not None else max(row.raised_at, ctx.now)
        if until != row.held_until:
            changed.append(row._asdict() | {"held_until": until})
    store.change_held(ctx.connection, changed)


def _row(ctx: Context, number: int) -> Any:
    query_ = select(case_silences).where(case_silences.c.id == number)
    row = ctx.connection.execute(query_).first()
    if row is None:
        raise NoSuchSilence(silence=number)
    return row


def _shown(ctx: Context, rows: Collection[Any], lang: str) -> list[dict[str, Any]]:
    counts = store.tally(ctx.connection, [row.id for row in rows])
    areas = city.area_names(ctx, {row.area for row in rows if row.area is not None}, lang)
    sites = city.sites(ctx, {row.place for row in rows if row.place is not None}, lang)
    classes = {one.code: one for one in catalogue.list_classes(ctx)} if rows else {}
    found = []
    for row in rows:
        held = classes.get(row.case_class)
        found.append(
            {
                "silence": row.id,
                "case_class": row.case_class,
                "class_title": named(held.title, lang, row.case_class) if held else row.case_class,
                "area": row.area,
                "area_name": areas.get(row.area or 0, ""),
                "place": row.place,
                "place_name": sites[row.place].name if row.place in sites else "",
                "thing": row.thing,
                "things": row.things,
                "work": row.work,
                "from": clock.render(row.from_at),
                "until": clock.render(row.until_at),
                "reason": row.reason,
                "by": row.actor,
                "made_at": clock.render(row.made_at),
                "ended_at": _instant(row.ended_at),
                "ended_by": row.ended_by,
                "state": _state(row, ctx.now),
                "held": sum(counts[row.id].values()),
                "counts": counts[row.id],
            }
        )
    return found


def _state(row: Any, now: int) -> str:
    if now >= row.until_at or row.ended_at is not None:
        return "over"
    return "to_come" if now < row.from_at else "going_on"


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
