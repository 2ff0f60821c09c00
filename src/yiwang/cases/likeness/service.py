"""Possible duplicates: asked before reporting, shown to the centre, dismissed by it."""

from __future__ import annotations

from typing import Any

from yiwang.cases import catalogue, choices, views
from yiwang.cases import store as case_store
from yiwang.cases.actions import steps
from yiwang.cases.desk import Desk
from yiwang.cases.errors import NoSuchCase, PlaceMissing, TextMissing
from yiwang.cases.likeness import proposing, store
from yiwang.cases.likeness.model import Alike
from yiwang.cases.model import forms, guards
from yiwang.cases.model.classes import LikenessRule
from yiwang.cases.model.merging import distance_m
from yiwang.cases.record import Record
from yiwang.cases.tables import cases
from yiwang.kernel import clock
from yiwang.security.actions import Context, action, query

_MOST_TEXT = 10_000
_SHOWN = 5


@query("cases.similar", permission="cases.report")
def similar(
    ctx: Context, case_class: str, text: str, lon: float, lat: float, lang: str
) -> list[dict[str, Any]]:
    """Open cases that a report in these words at this place may be about, the most alike
    first: of those that the caller may see the whole summary, of the others only what their
    class shows to everybody, and where it shows nothing, nothing. Raises
    TextMissing, PlaceMissing."""
    if not text.strip() or len(text) > _MOST_TEXT:
        raise TextMissing("text", most=_MOST_TEXT)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise PlaceMissing("lon, lat")
    installed = catalogue.list_classes(ctx)
    chosen = next((one for one in installed if case_class in (one.code, one.event_class)), None)
    rule = LikenessRule() if chosen is None else chosen.likeness
    code = case_class if chosen is None else chosen.code
    desk = Desk(ctx)
    found = []
    for alike in proposing.like(ctx, rule, code, text, lon, lat):
        record = desk.record(alike.case)
        shown = _seen(ctx, desk, record, alike, (lon, lat), lang)
        found += [shown] if shown else []
    return found[:_SHOWN]


@query("cases.duplicates", permission="cases.dispatch")
def duplicates(ctx: Context, no: int, lang: str) -> list[dict[str, Any]]:
    """What a case may be a duplicate of, or which may be duplicates of it, that are open
    still; each with score and reasons. Raises NoSuchCase."""
    steps.seen(ctx, Desk(ctx), no)
    rows = {
        row.other if row.case == no else row.case: row for row in store.of_case(ctx.connection, no)
    }
    records = [one for one in case_store.many(ctx.connection, cases.c.no, list(rows)) if one.open]
    shown = {one["no"]: one for one in views.summaries(ctx, records, lang)}
    return [
        {
            "case": shown[other] | {"description": _text(records, other)},
            "score": row.score,
            "alike": row.alike,
            "picture": row.picture,
            "metres": row.metres,
            "minutes": row.minutes,
            "words": row.words,
        }
        for other, row in rows.items()
        if other in shown
    ]


@action("cases.dismiss_duplicate", permission="cases.dispatch", audit_verb="duplicate_dismissed")
def dismiss_duplicate(ctx: Context, no: int, other: int) -> None:
    """Two cases are not about the same: they are proposed no more. Raises NoSuchCase."""
    if not store.dismiss(ctx.connection, no, other, ctx.now, ctx.identity.label):
        raise NoSuchCase(no=other)
    ctx.note(f"case:{no}", other=other)


def _seen(
    ctx: Context, desk: Desk, record: Record, alike: Alike, here: tuple[float, float], lang: str
) -> dict[str, Any] | None:
    case_class = desk.class_of(record)
    base: dict[str, Any] = {
        "no": record.no,
        "class_title": choices.class_title(case_class, lang),
        "state_title": choices.state_title(case_class, record.state, lang),
        "kind": record.kind,
        "opened_at": clock.render(record.opened_at),
        "score": alike.score,
        "metres": alike.metres,
    }
    own = guards.may_see(desk.facts(record), ctx.identity)
    if own or case_store.has_reporter(ctx.connection, record.no, ctx.identity.name):
        title = views.summaries(ctx, [record], lang)[0]["title"]
        return base | {"title": title, "visible": True}
    if case_class.public is None or record.lon is None or record.lat is None:
        return None
    place = forms.rounded(record.lon, record.lat, case_class.public.round_m)
    metres = round(distance_m(*here, *place))
    return base | {
        "title": base["class_title"],
        "visible": False,
        "metres": metres,
        "score": None,
    }


def _text(records: list[Record], no: int) -> str:
    return next((one.description[:500] for one in records if one.no == no), "")
